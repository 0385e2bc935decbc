//! Lines of ordered endpoints: only the head of a line is ever due, whatever happens to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::delivery::{DeliveryState, Finish};
use domain::event::NewEvent;
use domain::id::{DeliveryId, EndpointId};
use domain::job::{JobRequest, Pick};
use domain::traffic::Traffic;
use store::{
    Accepted, AgeWalk, Claimed, EndpointPatch, EndpointRecord, Error, LineStep, LineWalk,
    NewEndpoint, Store, ToSettle,
};

use crate::claim::want;
use crate::engine::{
    Door, at, attempted, caller, lane, micros, new_event, of_lane, of_pending, over, refused,
    status, together, together_at,
};
use crate::jobs::{ask, later, to, work};
use crate::setup::{ACTOR, Setup, new_endpoint, now, on_both, page};

on_both!(
    heads_are_handed_over_and_the_rest_waits,
    the_next_comes_when_a_head_ends_and_not_before,
    the_order_is_that_of_acceptance_whatever_the_clocks_say,
    what_people_end_or_take_up_again_keeps_the_order,
    what_waits_is_shown_with_whom_it_waits_for,
    what_expires_or_is_given_up_lets_the_next_one_come,
    a_job_leaves_what_waits_and_ends_what_it_is_told,
    an_endpoint_is_arranged_and_set_free_in_slices,
    nothing_gets_a_head_while_something_is_under_way,
    operational_events_stand_in_no_line,
    lines_of_a_deleted_endpoint_go,
    a_node_that_starts_finds_lines_without_heads,
);

/// When those that wait are due.
const WAITS: i64 = 9_000_000_000_000_000;

pub(crate) async fn ordered(s: &Setup) -> EndpointId {
    let traffic = Traffic { ordered: true, ..Traffic::default() };
    let wanted = NewEndpoint { traffic, ..new_endpoint() };
    let made = s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap();
    assert_eq!(s.store.adopt_lanes(9).await.unwrap(), [made.id]);
    made.id
}

pub(crate) fn about(s: &Setup, contact: &str) -> NewEvent {
    NewEvent { subject: Some(contact.into()), ..new_event(s.company, "message.received") }
}

pub(crate) fn inside() -> Arc<Door> {
    Arc::new(Door { room: 100, is_let_in: true, ..Door::default() })
}

/// Posts an event about each of these contacts in one batch; gives the deliveries.
async fn post_by(
    store: &Store,
    s: &Setup,
    door: &Arc<Door>,
    contacts: &str,
    at: DateTime<Utc>,
) -> Vec<DeliveryId> {
    let events = contacts.chars().map(|contact| about(s, &contact.to_string())).collect();
    let job = (caller(s, s.company).await, events);
    let accepted = together_at(store, door, vec![job], at).await.remove(0).unwrap();
    let id = |accepted: &Accepted| {
        let Accepted::New { event, deliveries: 1 } = accepted else { panic!("{accepted:?}") };
        DeliveryId::from_raw(event.raw() + 1)
    };
    accepted.iter().map(id).collect()
}

async fn post_at(
    s: &Setup,
    door: &Arc<Door>,
    contacts: &str,
    at: DateTime<Utc>,
) -> Vec<DeliveryId> {
    post_by(&s.store, s, door, contacts, at).await
}

pub(crate) async fn post(s: &Setup, door: &Arc<Door>, contacts: &str) -> Vec<DeliveryId> {
    post_at(s, door, contacts, now()).await
}

pub(crate) async fn claim(s: &Setup, endpoint: EndpointId, minute: i64) -> Vec<Claimed> {
    s.store.claim(&[want(endpoint, 100)], at(minute)).await.unwrap().rows
}

fn ids(rows: &[Claimed]) -> Vec<DeliveryId> {
    rows.iter().map(|row| row.id).collect()
}

/// Each line has exactly one that does not wait.
pub(crate) async fn check(s: &Setup) {
    let lines = "FROM pending WHERE line_key IS NOT NULL";
    let heads = format!("{lines} AND due_at < {WAITS}");
    let number = |sql: String| async move {
        s.row(&format!("SELECT count(*) AS n FROM ({sql}) x"))
            .await
            .try_get::<i64>("", "n")
            .unwrap()
    };
    let distinct = number(format!("SELECT DISTINCT endpoint_id, line_key {lines}")).await;
    let of_heads = number(format!("SELECT DISTINCT endpoint_id, line_key {heads}")).await;
    assert_eq!((number(format!("SELECT 1 {heads}")).await, of_heads), (distinct, distinct));
}

async fn heads_are_handed_over_and_the_rest_waits(s: Setup) {
    let endpoint = ordered(&s).await;
    let door = inside();
    let first = post(&s, &door, "aabab").await;
    let handed = ids(&door.handed.lock());
    assert_eq!((handed, door.outstanding()), (vec![first[0], first[2]], 0));
    let places: Vec<_> = door.handed.lock().iter().map(|row| row.place.unwrap().line).collect();
    assert!(places[0].is_some() && places[0] != places[1]);
    for waiting in [1, 3, 4] {
        assert_eq!(of_pending(&s, first[waiting], "due_at").await, WAITS);
        assert_eq!(of_pending(&s, first[waiting], "claimed_by").await, 0);
    }
    // A contact that is known waits, also in a later batch; what has no subject goes by itself.
    let loose = (caller(&s, s.company).await, vec![new_event(s.company, "message.received"); 2]);
    together(&s.store, &door, vec![loose]).await;
    let second = post(&s, &door, "ac").await;
    let handed = door.handed.lock().clone();
    assert_eq!((handed.len(), door.outstanding()), (5, 0));
    assert!(handed[2].place.unwrap().line.is_none() && handed[3].place.is_some());
    assert_eq!(handed[4].id, second[1]);
    check(&s).await;
    assert_eq!(claim(&s, endpoint, 5).await.len(), 0, "nothing that waits is ever claimed");
    // Whoever has not been let in hands nothing over.
    let outside = Door::with_room(100);
    let third = post(&s, &outside, "dd").await;
    assert_eq!(outside.ids().len() + outside.outstanding(), 0);
    assert_eq!(ids(&claim(&s, endpoint, 5).await), [third[0]]);
}

async fn the_next_comes_when_a_head_ends_and_not_before(s: Setup) {
    let endpoint = ordered(&s).await;
    let posted = post(&s, &Door::with_room(0), "aaabbb").await;
    let heads = claim(&s, endpoint, 1).await;
    assert_eq!(ids(&heads), [posted[0], posted[3]]);
    // The first succeeds, the other is to be tried again.
    let batch = [over(&heads[0], status(200), at(1)), over(&heads[1], status(500), at(1))];
    s.store.settle(&batch, at(1)).await.unwrap();
    check(&s).await;
    assert_eq!(of_lane(&s, endpoint, "next_due").await, micros(at(1)));
    let next = claim(&s, endpoint, 1).await;
    assert_eq!(ids(&next), [posted[1]]);
    assert_eq!(ids(&claim(&s, endpoint, 30).await), [posted[3]]);
    // Given up, expired and canceled let the next one come as well.
    let ended = [
        ToSettle::Ended(next[0].clone(), Finish::Expired),
        ToSettle::Ended(heads[1].clone(), Finish::Exhausted),
    ];
    s.store.settle(&ended, at(30)).await.unwrap();
    assert_eq!(ids(&claim(&s, endpoint, 30).await), [posted[2], posted[4]]);
    check(&s).await;
}

async fn the_order_is_that_of_acceptance_whatever_the_clocks_say(s: Setup) {
    let endpoint = ordered(&s).await;
    let door = Door::with_room(0);
    // A node whose clock is a minute ahead.
    let other = Store::open(s.config.clone()).await.unwrap();
    let ahead = post_by(&other, &s, &door, "aab", at(1)).await;
    let behind = post_at(&s, &door, "ab", now()).await;
    assert!(behind[0] < ahead[0], "by its id it would come first");
    let mut order = Vec::new();
    for minute in 2..10 {
        for row in claim(&s, endpoint, minute).await {
            order.push(row.id);
            s.store.settle(&[over(&row, status(200), at(minute))], at(minute)).await.unwrap();
        }
    }
    let of_a: Vec<_> = order.iter().filter(|id| **id != ahead[2] && **id != behind[1]).collect();
    assert_eq!(of_a, [&ahead[0], &ahead[1], &behind[0]]);
    assert!(
        order.iter().position(|id| *id == ahead[2]) < order.iter().position(|id| *id == behind[1])
    );
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    match result {
        Err(Error::Conflict { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

async fn what_people_end_or_take_up_again_keeps_the_order(s: Setup) {
    let endpoint = ordered(&s).await;
    let posted = post(&s, &Door::with_room(0), "aaaaa").await;
    let (store, company) = (&s.store, s.company);
    assert_eq!(
        code(store.retry_delivery(company, posted[1], ACTOR, at(1)).await),
        "delivery_waiting"
    );
    store.retry_delivery(company, posted[0], ACTOR, at(1)).await.unwrap();
    // One in the middle ends: nothing moves. The head ends: the next one comes.
    store.cancel_delivery(company, posted[1], ACTOR, at(1)).await.unwrap();
    assert_eq!(of_pending(&s, posted[2], "due_at").await, WAITS);
    store.cancel_delivery(company, posted[0], ACTOR, at(2)).await.unwrap();
    assert_eq!(of_pending(&s, posted[2], "due_at").await, micros(at(2)));
    check(&s).await;
    // What was canceled is taken up again: it was accepted before the one whose turn it is.
    store.retry_delivery(company, posted[1], ACTOR, at(3)).await.unwrap();
    check(&s).await;
    assert_eq!(of_pending(&s, posted[2], "due_at").await, WAITS);
    let claimed = claim(&s, endpoint, 3).await;
    assert_eq!(ids(&claimed), [posted[1]]);
    // While it is under way it stays the head, also when an earlier one comes.
    store.retry_delivery(company, posted[0], ACTOR, at(4)).await.unwrap();
    assert_eq!(claim(&s, endpoint, 5).await.len(), 0);
    check(&s).await;
    // It fails, and the earlier one goes first.
    store.settle(&[over(&claimed[0], refused(), at(5))], at(5)).await.unwrap();
    check(&s).await;
    for expected in [0, 1, 2, 3, 4] {
        let claimed = claim(&s, endpoint, 6).await;
        assert_eq!(ids(&claimed), [posted[expected]]);
        store.settle(&[over(&claimed[0], status(200), at(6))], at(6)).await.unwrap();
    }
    assert_eq!(s.count("FROM pending").await, 0);
}

async fn what_waits_is_shown_with_whom_it_waits_for(s: Setup) {
    ordered(&s).await;
    let posted = post(&s, &Door::with_room(0), "aaab").await;
    let shown =
        s.store.deliveries(s.company, Default::default(), page(10, None)).await.unwrap().data;
    let shown: BTreeMap<_, _> =
        shown.into_iter().map(|row| (row.id, (row.waiting_for, row.next_attempt_at))).collect();
    assert_eq!(shown[&posted[0]], (None, Some(now())));
    assert_eq!(shown[&posted[1]], (Some(posted[0]), None));
    assert_eq!(shown[&posted[2]], (Some(posted[0]), None));
    assert_eq!(shown[&posted[3]].0, None);
    let one = s.store.delivery(s.company, posted[2]).await.unwrap().delivery;
    assert_eq!(one.waiting_for, Some(posted[0]));
}

async fn what_expires_or_is_given_up_lets_the_next_one_come(s: Setup) {
    let endpoint = ordered(&s).await;
    let expiring = NewEvent { expires_at: Some(at(10)), ..about(&s, "a") };
    let job = (caller(&s, s.company).await, vec![expiring.clone(), expiring]);
    together(&s.store, &Door::with_room(0), vec![job]).await;
    let posted = post(&s, &Door::with_room(0), "ab").await;
    assert_eq!(s.store.end_expired(at(11)).await.unwrap(), 2);
    assert_eq!(of_pending(&s, posted[0], "due_at").await, micros(at(11)));
    check(&s).await;
    let week = at(8 * 24 * 60);
    let young = post_at(&s, &Door::with_room(0), "a", week).await;
    let (mut walk, mut ended) = (Some(AgeWalk::default()), 0);
    while let Some(next) = walk {
        let aged = s.store.end_given_up(next, week).await.unwrap();
        (walk, ended) = (aged.next, ended + aged.ended);
    }
    assert_eq!(ended, 2);
    assert_eq!(of_pending(&s, young[0], "due_at").await, micros(week));
    assert!(of_lane(&s, endpoint, "next_due").await <= micros(week));
    check(&s).await;
}

async fn a_job_leaves_what_waits_and_ends_what_it_is_told(s: Setup) {
    let endpoint = ordered(&s).await;
    let posted = post(&s, &Door::with_room(0), "aaab").await;
    let heads = claim(&s, endpoint, 1).await;
    let failed = heads.iter().map(|row| over(row, status(500), at(59)));
    s.store.settle(&failed.collect::<Vec<_>>(), at(59)).await.unwrap();
    let run = async |request: JobRequest| {
        ask(&s, request).await.unwrap();
        let job = s.store.claim_job(later()).await.unwrap().unwrap();
        work(&s.store, job).await;
        check(&s).await;
    };
    run(JobRequest::Retry(to(endpoint))).await;
    assert_eq!(of_pending(&s, posted[0], "due_at").await, micros(later()));
    assert_eq!(of_pending(&s, posted[1], "due_at").await, WAITS);
    run(JobRequest::Cancel(to(endpoint))).await;
    assert_eq!((s.count("FROM pending").await, s.count("FROM deliveries").await), (0, 4));
    // All of them are tried again, and stand in line as they were accepted.
    let canceled = Pick { state: Some(DeliveryState::Canceled), ..to(endpoint) };
    run(JobRequest::Retry(canceled)).await;
    let mut order = Vec::new();
    while let [first, ..] = &claim(&s, endpoint, 61).await[..] {
        order.push(first.id);
        s.store.settle(&[over(first, status(200), at(61))], at(61)).await.unwrap();
        let me = s.store.incarnation();
        s.sql("UPDATE pending SET claimed_by = 0 WHERE claimed_by = $1", vec![me.into()]).await;
    }
    order.retain(|id| *id != posted[3]);
    assert_eq!(order, posted[..3]);
}

async fn patch(s: &Setup, endpoint: EndpointId, ordered: bool) -> EndpointRecord {
    let patch = EndpointPatch { ordered: Some(ordered), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, endpoint, patch, ACTOR, at(2)).await.unwrap()
}

/// Works on an endpoint's lines until there is nothing to do, or it must be waited for.
async fn arrange(s: &Setup, endpoint: EndpointId, is_idle: bool) -> (LineStep, usize) {
    let (mut walk, mut slices) = (LineWalk::default(), 0);
    loop {
        slices += 1;
        match s.store.work_on_lines(endpoint, walk, is_idle, at(3)).await.unwrap() {
            LineStep::More(next) => walk = next,
            step @ (LineStep::Waits | LineStep::Done) => return (step, slices),
        }
    }
}

async fn an_endpoint_is_arranged_and_set_free_in_slices(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let contacts: String = ('a'..='z').cycle().take(1_300).collect();
    let mut posted = post(&s, &Door::with_room(0), &contacts[..700]).await;
    posted.extend(post(&s, &Door::with_room(0), &contacts[700..]).await);
    assert!(patch(&s, endpoint, true).await.traffic.ordered);
    assert_eq!(s.store.lines_at_work().await.unwrap(), [endpoint]);
    assert!(!s.store.may_begin(endpoint, true).await.unwrap());
    assert!(of_lane(&s, endpoint, "rest_until").await > micros(at(2)));
    // What comes meanwhile waits too.
    let door = inside();
    let new = post(&s, &door, "aA").await;
    assert_eq!(door.ids().len() + door.outstanding(), 0);
    let (step, slices) = arrange(&s, endpoint, true).await;
    assert!(step == LineStep::Done && slices > 4, "{step:?} after {slices}");
    assert_eq!(s.store.lines_at_work().await.unwrap(), []);
    assert!(s.store.may_begin(endpoint, true).await.unwrap());
    check(&s).await;
    s.store.adopt_lanes(9).await.unwrap();
    let mut heads = ids(&claim(&s, endpoint, 4).await);
    heads.sort_unstable();
    let mut expected: Vec<DeliveryId> = posted[..26].to_vec();
    expected.push(new[1]);
    expected.sort_unstable();
    assert_eq!(heads, expected);
    // And back: all that waited is due, and what is claimed stays so.
    patch(&s, endpoint, false).await;
    let (step, slices) = arrange(&s, endpoint, true).await;
    assert!(step == LineStep::Done && slices > 2);
    assert_eq!(
        s.count("FROM pending WHERE line_key IS NOT NULL OR line_place IS NOT NULL").await,
        0
    );
    assert_eq!(s.count(&format!("FROM pending WHERE due_at = {WAITS}")).await, 0);
    assert_eq!(s.count("FROM pending WHERE claimed_by <> 0").await, 27);
    assert_eq!((s.count("FROM pending").await, s.count("FROM order_lines").await), (1_302, 0));
}

async fn nothing_gets_a_head_while_something_is_under_way(s: Setup) {
    let endpoint = s.endpoint().await.id;
    lane(&s, endpoint, s.store.incarnation()).await;
    let posted = post(&s, &Door::with_room(0), "aab").await;
    let claimed = claim(&s, endpoint, 1).await;
    patch(&s, endpoint, true).await;
    assert_eq!(arrange(&s, endpoint, false).await.0, LineStep::Waits);
    let (last, rest) = claimed.split_last().unwrap();
    let back: Vec<_> = rest.iter().map(|row| (s.company, row.id, endpoint)).collect();
    s.store.release(&back, at(2)).await.unwrap();
    assert_eq!(arrange(&s, endpoint, false).await.0, LineStep::Waits);
    assert_eq!(s.count("FROM pending WHERE line_place IS NULL").await, 1);
    // It fails, and is arranged with the others.
    s.store.settle(&[over(last, status(500), at(3))], at(3)).await.unwrap();
    assert_eq!(arrange(&s, endpoint, true).await.0, LineStep::Done);
    check(&s).await;
    assert_eq!(ids(&claim(&s, endpoint, 40).await), [posted[0], posted[2]]);
    // One that was written by a node that did not know yet has the endpoint looked through again.
    s.event(77, "message.received", "a", None).await;
    let stray =
        s.pending(77, endpoint, crate::setup::Pending { due_at: 1, ..Default::default() }).await;
    s.store.arrange_again(endpoint).await.unwrap();
    assert!(!s.store.may_begin(endpoint, true).await.unwrap());
    assert_eq!(arrange(&s, endpoint, true).await.0, LineStep::Done);
    assert_eq!(of_pending(&s, DeliveryId::from_raw(stray), "due_at").await, WAITS);
    check(&s).await;
}

async fn operational_events_stand_in_no_line(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let selector = domain::event_type::Selector::parse("endpoint.*").unwrap();
    let traffic = Traffic { ordered: true, ..Traffic::default() };
    let wanted = NewEndpoint { event_types: vec![selector], traffic, ..new_endpoint() };
    s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap();
    let mut batch = Vec::new();
    for n in 1..=100 {
        let delivery = crate::engine::held(&s, n, endpoint, 0).await;
        batch.push(ToSettle::Attempted(Box::new(attempted(&delivery, status(500), at(1)))));
    }
    s.store.settle(&batch, at(1)).await.unwrap();
    let free = format!("FROM pending WHERE endpoint_id <> {} AND line_key IS NULL", endpoint.raw());
    assert_eq!(s.count(&format!("{free} AND due_at < {WAITS}")).await, 2, "warning and defective");
}

async fn a_node_that_starts_finds_lines_without_heads(s: Setup) {
    let endpoint = ordered(&s).await;
    let posted = post(&s, &Door::with_room(0), "aabb").await;
    // As a node of an earlier release would end it.
    s.sql("DELETE FROM pending WHERE id = $1", vec![posted[0].raw().into()]).await;
    drop(s.store.join("n", at(1)).await.unwrap());
    assert_eq!(arrange(&s, endpoint, false).await.0, LineStep::Done);
    check(&s).await;
    assert_eq!(of_pending(&s, posted[1], "due_at").await, micros(at(3)));
    assert_eq!(of_pending(&s, posted[2], "due_at").await, micros(now()));
}

async fn lines_of_a_deleted_endpoint_go(s: Setup) {
    let endpoint = ordered(&s).await;
    post(&s, &Door::with_room(0), "aab").await;
    s.store.delete_endpoint(s.company, endpoint, ACTOR, at(1)).await.unwrap();
    assert_eq!(arrange(&s, endpoint, true).await.0, LineStep::Done);
    assert_eq!(s.count("FROM order_lines").await, 0);
    assert_eq!(s.store.end_deleted(at(2)).await.unwrap(), 3);
    assert_eq!(s.count("FROM pending").await, 0);
}

/// Nodes, people and time work on the same lines at once.
mod together_on_postgres {
    use super::*;
    use futures_util::future::join_all;

    const ROUNDS: i64 = 60;

    /// Numbers that are the same in every run, and whether anything fails.
    struct Dice {
        last: u64,
        fails: Fails,
    }

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Fails {
        Often,
        Never,
    }

    impl Dice {
        fn below(&mut self, sides: u64) -> u64 {
            self.last = self
                .last
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.last >> 33) % sides
        }
    }

    async fn nodes_post(s: &Setup, store: &Store, seed: u64, fails: Fails) {
        let mut dice = Dice { last: seed, fails };
        let door = inside();
        for round in 0..ROUNDS {
            let count = 1 + dice.below(5);
            let contact = |dice: &mut Dice| format!("c{}", dice.below(5));
            let events = (0..count).map(|_| about(s, &contact(&mut dice))).collect();
            let job = (caller(s, s.company).await, events);
            together_at(store, &door, vec![job], at(round)).await.remove(0).unwrap();
            let handed = std::mem::take(&mut *door.handed.lock());
            settle_some(store, &mut dice, handed, round).await;
        }
    }

    async fn settle_some(store: &Store, dice: &mut Dice, rows: Vec<Claimed>, minute: i64) {
        for row in rows {
            let item = match dice.below(4) {
                _ if dice.fails == Fails::Never => over(&row, status(200), at(minute)),
                0 => over(&row, status(500), at(minute)),
                1 => ToSettle::Ended(row, Finish::Exhausted),
                _ => over(&row, status(200), at(minute)),
            };
            store.settle(&[item], at(minute)).await.unwrap();
        }
    }

    /// At no moment has a line two that do not wait.
    async fn check_heads(s: &Setup) {
        let twice = format!(
            "FROM (SELECT 1 FROM pending WHERE line_key IS NOT NULL AND due_at < {WAITS} \
             GROUP BY endpoint_id, line_key HAVING count(*) > 1) x"
        );
        assert_eq!(s.count(&twice).await, 0);
    }

    async fn owner_claims(s: &Setup, endpoint: EndpointId, fails: Fails) {
        let store = &s.store;
        let mut dice = Dice { last: 9, fails };
        for round in 0..3 * ROUNDS {
            let rows = store.claim(&[want(endpoint, 3)], at(round)).await.unwrap().rows;
            check_heads(s).await;
            let mut lines = BTreeSet::new();
            assert!(rows.iter().all(|row| lines.insert(row.place.unwrap().line)), "two of a line");
            settle_some(store, &mut dice, rows, round).await;
        }
    }

    async fn people_meddle(s: &Setup) {
        let mut dice = Dice { last: 5, fails: Fails::Often };
        for round in 0..ROUNDS {
            let all =
                s.store.deliveries(s.company, Default::default(), page(20, None)).await.unwrap();
            for row in all.data {
                // Most of them are conflicts, and that is fine.
                let done = match dice.below(6) {
                    0 => s
                        .store
                        .cancel_delivery(s.company, row.id, ACTOR, at(round))
                        .await
                        .map(|_| ()),
                    1 => s
                        .store
                        .retry_delivery(s.company, row.id, ACTOR, at(round))
                        .await
                        .map(|_| ()),
                    _ => Ok(()),
                };
                assert!(matches!(done, Ok(()) | Err(Error::Conflict { .. })), "{done:?}");
            }
            s.store.end_expired(at(round)).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn lines_have_one_head_each_whoever_works_on_them() {
        let settled_straight = all_work_on_lines(Fails::Often).await;
        assert!(settled_straight > 0);
    }

    /// Then nearly all of it goes the short way.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn lines_have_one_head_each_where_all_is_well() {
        let settled_straight = all_work_on_lines(Fails::Never).await;
        // People cancel heads meanwhile, and after each miss some batches go the long way.
        assert!(settled_straight > 20, "{settled_straight}");
    }

    /// Gives how many batches were settled the short way while everybody was at it.
    async fn all_work_on_lines(fails: Fails) -> u64 {
        let s = Setup::postgres().await;
        let endpoint = ordered(&s).await;
        let others = [
            Store::open(s.config.clone()).await.unwrap(),
            Store::open(s.config.clone()).await.unwrap(),
        ];
        let posting = (0..).zip(&others).map(|(seed, store)| nodes_post(&s, store, seed, fails));
        futures_util::join!(
            join_all(posting),
            owner_claims(&s, endpoint, fails),
            people_meddle(&s)
        );
        let stores = others.iter().chain([&s.store]);
        let settled_straight = stores.map(|store| store.metrics().settle_straight.get()).sum();
        check(&s).await;
        // And nothing is left behind: heads come until there is nothing.
        let mut seen: BTreeMap<i64, i64> = BTreeMap::new();
        loop {
            s.sql("UPDATE pending SET claimed_by = 0", vec![]).await;
            s.sql("UPDATE lanes SET next_due = 0", vec![]).await;
            let rows = claim(&s, endpoint, 10_000).await;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let place = of_pending(&s, row.id, "line_place").await;
                let line = row.place.unwrap().line.unwrap();
                assert!(seen.insert(line, place).is_none_or(|before| before <= place));
                s.store.settle(&[over(&row, status(200), at(10_000))], at(10_000)).await.unwrap();
            }
        }
        assert_eq!(s.count("FROM pending").await, 0);
        assert!(s.count("FROM deliveries").await > 100);
        settled_straight
    }
}
