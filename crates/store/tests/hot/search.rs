//! Lists beside the walk: whatever finishes when and however, no row is missing from its lists, and
//! none stands in another's.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::delivery::{DeliveryState, Finish};
use domain::event_type::Selector;
use domain::id::{DeliveryId, EndpointId, EventId};
use domain::job::JobRequest;
use domain::outcome::ErrorKind;
use domain::search::Needle;
use sea_orm::{ConnectionTrait, TransactionTrait};
use store::{
    DeliveryFilter, DeliveryRecord, EventFilter, EventRecord, SearchStep, SearchWalk, StatusWanted,
    Store, ToSettle,
};

use crate::engine::{at, attempted, held, refused, status};
use crate::jobs::done;
use crate::setup::{ACTOR, Pending, Setup, now, on_both, page};

on_both!(
    lists_are_right_whatever_happens_beside_the_walk,
    what_finishes_while_the_walk_goes_on_is_not_left_out,
    another_node_goes_on_with_the_walk,
    a_rare_row_is_found_far_down,
    a_search_that_takes_too_long_is_cut_and_goes_on,
);

/// Walks until there is nothing to do; everything there is counts as old.
/// Brings the index up to what there is.
pub(crate) async fn walk_all(s: &Setup) {
    walk(&s.store, &mut SearchWalk::default()).await;
}

pub(crate) async fn walk(store: &Store, walk: &mut SearchWalk) -> usize {
    let mut rows = 0;
    loop {
        match store.walk_search(walk, at(180)).await.unwrap() {
            SearchStep::Walked(walked) => rows += walked,
            SearchStep::Next => {}
            SearchStep::Rest if walk.is_waiting() => tokio::task::yield_now().await,
            SearchStep::Rest => return rows,
        }
    }
}

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

const TYPES: [&str; 3] = ["message.received", "message.read", "order.made"];
const SUBJECTS: [&str; 4] = ["491701234567", "+34600", "c", "user@example.com"];

/// An event as it was made.
#[derive(Clone)]
struct Made {
    n: i64,
    event_type: &'static str,
    subject: &'static str,
}

struct Story {
    s: Setup,
    dice: Dice,
    endpoints: Vec<EndpointId>,
    events: Vec<Made>,
    deliveries: BTreeSet<i64>,
    walk: SearchWalk,
}

impl Story {
    async fn begin(s: Setup, seed: u64) -> Self {
        let mut endpoints = Vec::new();
        for _ in 0..3 {
            endpoints.push(s.endpoint().await.id);
        }
        let deliveries = BTreeSet::new();
        Self {
            s,
            dice: Dice(seed),
            endpoints,
            events: Vec::new(),
            deliveries,
            walk: SearchWalk::default(),
        }
    }

    async fn event(&mut self) {
        let n = self.events.len() as i64 + 1;
        let (event_type, subject) = (TYPES[self.dice.roll(3)], SUBJECTS[self.dice.roll(4)]);
        self.s.event(n, event_type, subject, None).await;
        let endpoint = self.endpoints[self.dice.roll(3)];
        let claimed_by = if self.dice.roll(2) == 0 { self.s.store.incarnation() } else { 0 };
        let row = Pending { due_at: 1, claimed_by, ..Pending::default() };
        self.deliveries.insert(self.s.pending(n, endpoint, row).await);
        self.events.push(Made { n, event_type, subject });
    }

    /// An attempt of something pending, or its end.
    async fn settle(&mut self) {
        let me = self.s.store.incarnation();
        let (skip, seed) = (self.dice.roll(5), self.dice.roll(9));
        let sql = format!(
            "SELECT COALESCE((SELECT id FROM pending WHERE canceled = 0 ORDER BY id LIMIT 1 OFFSET {skip}), 0) AS n"
        );
        let id: i64 = self.s.row(&sql).await.try_get("", "n").unwrap();
        if id == 0 {
            return;
        }
        self.s
            .sql("UPDATE pending SET claimed_by = $1 WHERE id = $2", vec![me.into(), id.into()])
            .await;
        let sql = format!(
            "SELECT endpoint_id, event_id, tries, tries_before, generation FROM pending WHERE id = {id}"
        );
        let row = self.s.row(&sql).await;
        let number = |name: &str| row.try_get::<i64>("", name).unwrap();
        let template = self.template().await;
        let mut delivery = template;
        delivery.id = DeliveryId::from_raw(id);
        delivery.endpoint = EndpointId::from_raw(number("endpoint_id"));
        delivery.event.id = EventId::from_raw(number("event_id"));
        delivery.generation = number("generation") as u32;
        delivery.progress.tries = number("tries") as u32;
        delivery.progress.tries_before = number("tries_before") as u32;
        let outcome = match seed {
            0..=2 => status(200),
            3 => status(204),
            4 => status(503),
            5 => refused(),
            6 => status(404),
            _ => {
                let finish = if seed == 7 { Finish::Exhausted } else { Finish::Expired };
                let settled =
                    self.s.store.settle(&[ToSettle::Ended(delivery, finish)], at(1)).await;
                assert_eq!(settled.unwrap().lost, []);
                return;
            }
        };
        let attempt = attempted(&delivery, outcome, at(1));
        let settled = self.s.store.settle(&[ToSettle::Attempted(Box::new(attempt))], at(1)).await;
        assert_eq!(settled.unwrap().lost, []);
    }

    /// Something claimed that can be changed to anything else.
    async fn template(&self) -> store::Claimed {
        let (n, endpoint) = (900_000_000, self.endpoints[0]);
        let claimed = held(&self.s, n, endpoint, 0).await;
        self.s.sql("DELETE FROM pending WHERE id = $1", vec![claimed.id.raw().into()]).await;
        self.s.sql("DELETE FROM events WHERE id = $1", vec![Setup::event_id(n).into()]).await;
        claimed
    }

    async fn by_hand(&mut self) {
        let place = self.dice.roll(self.deliveries.len().max(1));
        let Some(id) = self.deliveries.iter().nth(place).copied() else { return };
        let (id, company) = (DeliveryId::from_raw(id), self.s.company);
        // Either may be refused: it is pending, or it is not.
        if self.dice.roll(2) == 0 {
            let _ = self.s.store.retry_delivery(company, id, ACTOR, now()).await;
        } else {
            let _ = self.s.store.cancel_delivery(company, id, ACTOR, now()).await;
        }
    }

    async fn step(&mut self) {
        match self.dice.roll(12) {
            0..=3 => self.event().await,
            4..=7 => self.settle().await,
            8 | 9 => self.by_hand().await,
            10 => {
                walk(&self.s.store, &mut self.walk).await;
            }
            _ => {
                let _ = self.s.store.walk_search(&mut self.walk, at(180)).await.unwrap();
            }
        }
    }

    async fn check(&mut self) {
        let mut all = Vec::new();
        for id in self.deliveries.iter().rev() {
            let id = DeliveryId::from_raw(*id);
            let detail = self.s.store.delivery(self.s.company, id).await.unwrap();
            all.push((detail.delivery, detail.event.unwrap()));
        }
        let limit = [3, 7, 20, 100][self.dice.roll(4)];
        for filter in self.filters() {
            let expected = all.iter().filter(|(delivery, event)| wants(&filter, delivery, event));
            let expected: Vec<i64> = expected.map(|(delivery, _)| delivery.id.raw()).collect();
            assert_eq!(list(&self.s, &filter, limit).await, expected, "{filter:?}");
        }
        self.check_events(limit).await;
    }

    async fn check_events(&self, limit: u32) {
        let filter = |event_type, subject: Option<&str>| EventFilter {
            event_type,
            subject: subject.map(Into::into),
            ..EventFilter::default()
        };
        let prefix = Selector::parse("message.*").unwrap();
        type Wants = fn(&Made) -> bool;
        let wanted: [(EventFilter, Wants); 3] = [
            (filter(None, None), |_| true),
            (filter(Some(prefix), None), |made| made.event_type.starts_with("message.")),
            (filter(None, Some("c")), |made| made.subject == "c"),
        ];
        for (filter, wants) in wanted {
            let expected = self.events.iter().rev().filter(|made| wants(made));
            let expected: Vec<i64> = expected.map(|made| Setup::event_id(made.n)).collect();
            let (mut ids, mut before) = (Vec::new(), None);
            loop {
                let page = page(limit, before);
                let found =
                    self.s.store.events(self.s.company, filter.clone(), page).await.unwrap();
                ids.extend(found.data.iter().map(|event| event.id.raw()));
                match found.next {
                    Some(next) => before = Some(next),
                    None => break,
                }
            }
            assert_eq!(ids, expected, "{filter:?}");
        }
    }

    fn filters(&mut self) -> Vec<DeliveryFilter> {
        let none = DeliveryFilter::default;
        let endpoint = Some(self.endpoints[self.dice.roll(3)]);
        let picks = |text| Some(Selector::parse(text).unwrap());
        let event = self.events.get(self.dice.roll(self.events.len().max(1)));
        let n = event.map_or(1, |made| made.n);
        let mut filters = vec![
            none(),
            DeliveryFilter { endpoint, ..none() },
            DeliveryFilter { event: Some(EventId::from_raw(Setup::event_id(n))), ..none() },
            DeliveryFilter { external_id: Some(format!("wamid.{n}")), ..none() },
            DeliveryFilter { event_type: picks("message.*"), ..none() },
            DeliveryFilter { event_type: picks("order.made"), endpoint, ..none() },
            DeliveryFilter { needle: Some(Needle::parse("+49 170 1234567").unwrap()), ..none() },
        ];
        filters.extend(
            SUBJECTS.map(|subject| DeliveryFilter { subject: Some(subject.into()), ..none() }),
        );
        for state in DeliveryState::ALL {
            filters.push(DeliveryFilter { state: Some(state), ..none() });
            filters.push(DeliveryFilter { state: Some(state), endpoint, ..none() });
        }
        for code in [200, 204, 404, 503, 500] {
            filters.push(DeliveryFilter { status: Some(StatusWanted::Code(code)), ..none() });
        }
        for class in [2, 5] {
            filters.push(DeliveryFilter {
                status: Some(StatusWanted::Class(class)),
                endpoint,
                ..none()
            });
        }
        for error in [ErrorKind::Connect, ErrorKind::Status, ErrorKind::Dns] {
            filters.push(DeliveryFilter { error: Some(error), ..none() });
            filters.push(DeliveryFilter { error: Some(error), endpoint, ..none() });
        }
        filters
    }
}

/// What a filter means, said once more.
fn wants(filter: &DeliveryFilter, delivery: &DeliveryRecord, event: &EventRecord) -> bool {
    let (status, error) = (delivery.last_status, delivery.last_error.as_ref());
    filter.endpoint.is_none_or(|id| id == delivery.endpoint)
        && filter.state.is_none_or(|state| state == delivery.state)
        && filter.event.is_none_or(|id| id == delivery.event)
        && filter.event_type.as_ref().is_none_or(|picks| picks.picks(&event.event_type))
        && filter.subject.as_ref().is_none_or(|text| event.subject.as_ref() == Some(text))
        && filter.external_id.as_ref().is_none_or(|text| event.external_id.as_ref() == Some(text))
        && filter.error.is_none_or(|kind| error.map(|error| error.kind) == Some(kind))
        && match filter.status {
            None => true,
            Some(StatusWanted::Code(code)) => status == Some(code),
            Some(StatusWanted::Class(class)) => status.map(|code| code / 100) == Some(class),
        }
        && match &filter.needle {
            Some(Needle::Text { subjects, .. }) => {
                event.subject.as_ref().is_some_and(|subject| subjects.contains(subject))
            }
            Some(Needle::Event(_) | Needle::Delivery(_) | Needle::Endpoint(_)) | None => true,
        }
}

/// All ids of a list, page by page.
async fn list(s: &Setup, filter: &DeliveryFilter, limit: u32) -> Vec<i64> {
    let (mut ids, mut before) = (Vec::new(), None);
    loop {
        let found =
            s.store.deliveries(s.company, filter.clone(), page(limit, before)).await.unwrap();
        assert!(!found.cut && found.data.len() <= limit as usize);
        assert!(
            found.next.is_none_or(|next| before.is_none_or(|before| next < before)),
            "{filter:?}"
        );
        ids.extend(found.data.iter().map(|record| record.id.raw()));
        match found.next {
            Some(next) => before = Some(next),
            None => return ids,
        }
    }
}

async fn lists_are_right_whatever_happens_beside_the_walk(s: Setup) {
    s.store.set_query_time_max(Duration::from_secs(60));
    let mut story = Story::begin(s, 7).await;
    for round in 0..90 {
        story.step().await;
        if round % 15 == 14 {
            story.check().await;
        }
    }
    // Replayed long after: new ids, far from their events'.
    let n = story.events[story.events.len() / 2].n;
    let event = EventId::from_raw(Setup::event_id(n));
    let request = JobRequest::Replay { event, endpoints: Some(story.endpoints.clone()) };
    done(&story.s, request).await;
    let rows = story.s.count("FROM later_deliveries").await;
    assert_eq!(rows, 3);
    for place in 0..rows {
        let sql =
            format!("SELECT id AS n FROM later_deliveries ORDER BY id LIMIT 1 OFFSET {place}");
        story.deliveries.insert(story.s.row(&sql).await.try_get("", "n").unwrap());
    }
    story.check().await;
    walk(&story.s.store, &mut story.walk).await;
    story.check().await;
    for _ in 0..20 {
        story.settle().await;
        story.by_hand().await;
    }
    story.check().await;
    // A deleted endpoint: what is pending is canceled at once, and moves later.
    let gone = story.endpoints[1];
    story.s.store.delete_endpoint(story.s.company, gone, ACTOR, now()).await.unwrap();
    story.check().await;
    story.s.sql("UPDATE pending SET claimed_by = 0", vec![]).await;
    while story.s.store.end_deleted(at(170)).await.unwrap() > 0 {}
    story.check().await;
    walk(&story.s.store, &mut story.walk).await;
    story.check().await;
    assert_eq!(story.s.count("FROM search_feed").await, 0);
    assert!(story.s.count("FROM search_slices").await > 3);
    assert!(story.s.count("FROM search_late").await > 0);
}

async fn what_finishes_while_the_walk_goes_on_is_not_left_out(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let (early, late) = (held(&s, 1, endpoint, 0).await, held(&s, 2, endpoint, 0).await);
    let gone = |delivery| ToSettle::Ended(delivery, Finish::Expired);
    s.store.settle(&[gone(early.clone())], at(1)).await.unwrap();
    assert_eq!(s.count("FROM search_feed").await, 0, "nothing was announced");
    assert!(walk(&s.store, &mut SearchWalk::default()).await >= 4);
    s.store.settle(&[gone(late.clone())], at(1)).await.unwrap();
    assert_eq!(s.count("FROM search_feed").await, 1);
    let expired =
        DeliveryFilter { state: Some(DeliveryState::Expired), ..DeliveryFilter::default() };
    let both = vec![late.id.raw(), early.id.raw()];
    assert_eq!(list(&s, &expired, 10).await, both);
    walk(&s.store, &mut SearchWalk::default()).await;
    assert_eq!(s.count("FROM search_feed").await, 0);
    assert_eq!(list(&s, &expired, 1).await, both);
}

async fn another_node_goes_on_with_the_walk(s: Setup) {
    let endpoint = s.endpoint().await.id;
    for n in 1..=4 {
        s.event(n, "message.read", "c", None).await;
        s.pending(n, endpoint, Pending::default()).await;
    }
    let (mut mine, mut theirs) = (SearchWalk::default(), SearchWalk::default());
    let other = Store::open(s.config.clone()).await.unwrap();
    assert!(walk(&s.store, &mut mine).await > 0);
    assert_eq!(other.walk_search(&mut theirs, at(180)).await.unwrap(), SearchStep::Rest);
    s.event(5, "message.read", "c", None).await;
    // The lease of a node that is gone ends; both may even go on at once.
    s.sql("UPDATE search_state SET claimed_until = 0", vec![]).await;
    let slices = s.count("FROM search_slices").await;
    assert!(walk(&other, &mut theirs).await > 0);
    s.sql("UPDATE search_state SET claimed_until = 0", vec![]).await;
    walk(&s.store, &mut mine).await;
    assert_eq!(s.count("FROM search_slices").await, slices + 1);
    let filter = EventFilter { subject: Some("c".into()), ..EventFilter::default() };
    let found = s.store.events(s.company, filter, page(10, None)).await.unwrap();
    assert_eq!((found.data.len(), found.next, found.cut), (5, None, false));
}

/// `count` events of another subject with one delivery each, from number 10 on.
pub(crate) async fn crowd(s: &Setup, endpoint: EndpointId, count: i64) {
    let numbers = format!(
        "WITH RECURSIVE n(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < {})",
        count + 9
    );
    let (first, company) = (Setup::event_id(0), s.company.raw());
    s.sql(
        &format!(
            "INSERT INTO events (id, company_id, event_type, subject, occurred_at, accepted_at, data, \
             deliveries) {numbers} SELECT {first} + 10 * n, {company}, 'message.received', 'common', \
             0, 0, data, 1 FROM n, (SELECT data FROM events LIMIT 1) d"
        ),
        vec![],
    )
    .await;
    s.sql(
        &format!(
            "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, \
             tries_before, finished_at, format, render_version, started_at, duration_us, status_code) \
             {numbers} SELECT {first} + 10 * n + 1, {company}, 0, {}, {first} + 10 * n, 1, 1, 0, 0, 0, 1, \
             1, 1, 200 FROM n",
            endpoint.raw()
        ),
        vec![],
    )
    .await;
}

async fn a_rare_row_is_found_far_down(s: Setup) {
    let endpoint = s.endpoint().await.id;
    s.event(1, "message.received", "rare", None).await;
    let rare = s.finished(1, endpoint, 2, 1, Some(503)).await;
    crowd(&s, endpoint, 4_500).await;
    // Full slices are written at once, whatever their age.
    let (mut walking, soon) = (SearchWalk::default(), now() + chrono::TimeDelta::seconds(61));
    let mut slices = 0;
    loop {
        match s.store.walk_search(&mut walking, soon).await.unwrap() {
            SearchStep::Walked(_) => slices += 1,
            SearchStep::Next => {}
            SearchStep::Rest if walking.is_waiting() => tokio::task::yield_now().await,
            SearchStep::Rest => break,
        }
    }
    // 1 + 9 ids, then 2 each: a thousand events a slice.
    assert_eq!((slices, s.count("FROM search_slices").await), (4, 4));
    s.store.set_query_time_max(Duration::ZERO);
    let (mut pages, mut before) = (0, None);
    let filter = DeliveryFilter { subject: Some("rare".into()), ..DeliveryFilter::default() };
    let found = loop {
        let found = s.store.deliveries(s.company, filter.clone(), page(10, before)).await.unwrap();
        pages += 1;
        if !found.data.is_empty() {
            break found;
        }
        assert!(found.cut && found.next < before.or(Some(i64::MAX)));
        before = found.next;
    };
    assert_eq!(found.data[0].id.raw(), rare);
    assert!(pages < 12, "{pages}");
    s.store.set_query_time_max(Duration::from_secs(60));
    let state = |state| DeliveryFilter { state: Some(state), ..DeliveryFilter::default() };
    let code = DeliveryFilter { status: Some(StatusWanted::Class(5)), ..DeliveryFilter::default() };
    for filter in [filter, state(DeliveryState::Exhausted), code] {
        assert_eq!(list(&s, &filter, 10).await, [rare], "{filter:?}");
    }
    assert_eq!(list(&s, &state(DeliveryState::Delivered), 100).await.len(), 4_500);
}

async fn a_search_that_takes_too_long_is_cut_and_goes_on(s: Setup) {
    let endpoint = s.endpoint().await.id;
    s.event(1, "message.received", "rare", None).await;
    s.event(2, "message.received", "rare", None).await;
    crowd(&s, endpoint, 6_000).await;
    s.store.set_query_time_max(Duration::ZERO);
    let filter = EventFilter { subject: Some("rare".into()), ..EventFilter::default() };
    let (mut ids, mut before, mut cuts) = (Vec::new(), None, 0);
    loop {
        let found = s.store.events(s.company, filter.clone(), page(10, before)).await.unwrap();
        ids.extend(found.data.iter().map(|event| event.id.raw()));
        assert!(!found.cut || found.next.is_some());
        cuts += usize::from(found.cut);
        match found.next {
            Some(next) => {
                assert!(before.is_none_or(|before| next < before));
                before = Some(next);
            }
            None => break,
        }
    }
    assert_eq!(ids, [Setup::event_id(2), Setup::event_id(1)]);
    assert!(cuts > 3, "{cuts}");
    s.store.set_query_time_max(Duration::from_secs(60));
    let found = s.store.events(s.company, filter, page(10, None)).await.unwrap();
    assert_eq!((found.data.len(), found.next, found.cut), (2, None, false));
}

/// One pass over all shelves, to where it rests or waits for others' transactions.
async fn pass(s: &Setup, walk: &mut SearchWalk, minute: i64) {
    while s.store.walk_search(walk, at(minute)).await.unwrap() != SearchStep::Rest {}
}

async fn transaction_of_another(s: &Setup) -> sea_orm::DatabaseTransaction {
    let tx = s.raw.begin().await.unwrap();
    tx.execute_unprepared("SELECT pg_current_xact_id()").await.unwrap();
    tx
}

#[tokio::test]
async fn companies_that_were_quiet_do_not_wait_for_each_others_announcements() {
    let s = Setup::postgres().await;
    let mut companies = vec![s.company.raw()];
    for name in ["B", "C"] {
        let made = s.store.create_company(name, "o@example.com", now()).await.unwrap();
        companies.push(made.id.raw());
    }
    let mut walk = SearchWalk::default();
    // Nothing comes for a minute: they are left alone for another one.
    for minute in [180, 181] {
        pass(&s, &mut walk, minute).await;
    }
    s.event(1, "message.read", "c", None).await;
    for company in &companies[1..] {
        let copy = "INSERT INTO events (id, company_id, event_type, occurred_at, accepted_at, data, deliveries) \
            SELECT id, $1, event_type, occurred_at, accepted_at, data, 0 FROM events WHERE company_id = $2";
        s.sql(copy, vec![(*company).into(), companies[0].into()]).await;
    }
    let first = transaction_of_another(&s).await;
    pass(&s, &mut walk, 181).await;
    assert!(!walk.is_waiting(), "left alone");
    pass(&s, &mut walk, 183).await;
    assert!(walk.is_waiting());
    assert_eq!(s.count("FROM search_slices").await, 0);
    let second = transaction_of_another(&s).await;
    first.rollback().await.unwrap();
    // Time goes on, so that whoever cannot read what was announced announces anew. Transactions of other
    // tests are waited for, too.
    let all = async {
        while s.count("FROM search_slices").await < 3 {
            pass(&s, &mut walk, 184).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.unwrap();
    second.rollback().await.unwrap();
}
