//! The short way of what says something of contacts: that it comes to the same as the long way, and that a
//! contact or a window that another transaction changes after it was looked at is not taken for what it was.

use std::collections::HashMap;
use std::sync::Arc;

use domain::event::NewEvent;
use domain::event_type::Selector;
use domain::format::{Format, Rendering};
use domain::id::EndpointId;
use domain::selection::{SessionState, SessionWanted};
use domain::whatsapp::{StatusKind, status_external_id};
use sea_orm::{ConnectionTrait, QueryResult, TransactionTrait};
use serde_json::{Value, json};
use store::{Accepted, NewEndpoint};

use crate::engine::{Door, caller, micros, together_at};
use crate::races::somebody_waits;
use crate::sessions::{DAY, PRIYA, event_at, rows, second, with};
use crate::setup::{ACTOR, Setup, new_endpoint, now};

type Who = (Option<&'static str>, Option<&'static str>);

const OTHER: Who = (Some("447700900123"), None);

async fn endpoint(s: &Setup, format: Format) -> EndpointId {
    let event_types = vec![Selector::parse("*").unwrap()];
    let wanted = NewEndpoint { event_types, format, ..new_endpoint() };
    s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap().id
}

async fn in_session(s: &Setup, state: SessionState) {
    let mut wanted =
        NewEndpoint { event_types: vec![Selector::parse("*").unwrap()], ..new_endpoint() };
    wanted.narrowing.session = SessionWanted::Only(state);
    s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap();
}

fn event(s: &Setup, kind: &str, message: &str, who: Who, seconds: i64) -> NewEvent {
    let id = match kind {
        "message.delivered" => status_external_id(message, StatusKind::Delivered),
        "message.read" => status_external_id(message, StatusKind::Read),
        other => Arc::from(format!("{message}:{other}")),
    };
    NewEvent { external_id: Some(id), ..event_at(s.company, kind, message, who, seconds) }
}

async fn take(s: &Setup, door: &Arc<Door>, events: Vec<NewEvent>, seconds: i64) -> Vec<Accepted> {
    let jobs = vec![(caller(s, s.company).await, events)];
    together_at(&s.store, door, jobs, second(seconds)).await.remove(0).unwrap()
}

/// How many batches one statement has written, and how often something was not so.
fn gone(s: &Setup) -> (u64, u64) {
    let metrics = s.store.metrics();
    (metrics.ingest_straight.get(), metrics.ingest_missed.get())
}

/// A company with an endpoint for everything, whose `OTHER` has begun a session.
async fn known(s: &Setup) -> Arc<Door> {
    endpoint(s, Format::Hookferry).await;
    let door = Door::with_room(10_000);
    take(s, &door, vec![event(s, "message.delivered", "first", OTHER, 0)], 0).await;
    door
}

fn text(row: &QueryResult, column: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = row.try_get("", column).unwrap();
    bytes.map(|bytes| String::from_utf8(bytes).unwrap())
}

/// All that was written, in its order, ids told by when they first come.
async fn all_of(s: &Setup) -> Vec<String> {
    let mut ids: HashMap<String, usize> = HashMap::new();
    let mut place = |id: String| {
        let next = ids.len();
        *ids.entry(id).or_insert(next)
    };
    let mut all = Vec::new();
    let events = "SELECT e.event_type, e.subject, e.external_id, e.occurred_at, e.accepted_at, e.phone_number_id, \
        e.data, e.session, e.deliveries, p.claimed_by <> 0 AS claimed, p.endpoint_id \
        FROM events e JOIN pending p ON p.event_id = e.id ORDER BY e.id, p.id";
    for row in rows(s, events).await {
        let column = |name: &str| row.try_get::<Option<String>>("", name).unwrap();
        let number = |name: &str| row.try_get::<i64>("", name).unwrap();
        let mut jsons = ["data", "session"].map(|name| {
            text(&row, name).map_or(Value::Null, |json| serde_json::from_str(&json).unwrap())
        });
        for json in &mut jsons {
            for name in ["id", "session_id"] {
                if let Some(id) = json.get(name).and_then(Value::as_str) {
                    json[name] = place(id.to_owned()).into();
                }
            }
        }
        all.push(format!(
            "{:?} {:?} {:?} {:?} {} {} {} {jsons:?} {} {}",
            column("event_type"),
            column("subject"),
            column("external_id"),
            column("phone_number_id"),
            number("occurred_at"),
            number("accepted_at"),
            number("deliveries"),
            row.try_get::<bool>("", "claimed").unwrap(),
            place(format!("endpoint {}", number("endpoint_id"))),
        ));
    }
    let windows = "SELECT c.wa_id, c.user_id, c.wrote_at, c.created_at, s.phone_number_id, s.last_in_at, s.session_id, \
        s.started_at, s.activated_at, s.due_at, s.earlier_id, s.earlier_started_at, s.source_id, s.about \
        FROM contacts c LEFT JOIN sessions s ON s.company_id = c.company_id AND s.contact_id = c.id \
        ORDER BY c.wa_id, c.user_id, s.phone_number_id";
    for row in rows(s, windows).await {
        let text = |name: &str| row.try_get::<Option<String>>("", name).unwrap();
        let number = |name: &str| row.try_get::<Option<i64>>("", name).unwrap();
        let mut id = |name: &str| number(name).map(|id| place(format!("window {id}")));
        all.push(format!(
            "{:?} {:?}",
            ["wa_id", "user_id", "phone_number_id", "about"].map(text),
            (id("session_id"), id("earlier_id")),
        ));
        let times =
            ["wrote_at", "created_at", "last_in_at", "started_at", "activated_at", "due_at"];
        all.push(format!("{:?}", times.map(number)));
        all.push(format!("{:?}", ["earlier_started_at", "source_id"].map(number)));
    }
    all
}

/// Numbers that look like chance and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// Batches of messages and statuses of a few people, some known by one name at first.
fn script(s: &Setup, seed: u64, batches: usize) -> Vec<(i64, Vec<NewEvent>)> {
    const PEOPLE: [Who; 7] = [
        PRIYA,
        (PRIYA.0, None),
        (None, PRIYA.1),
        OTHER,
        (None, Some("DE.2")),
        (Some("4930"), None),
        (Some("4930"), Some("DE.2")),
    ];
    const KINDS: [&str; 6] = [
        "message.sent",
        "message.delivered",
        "message.delivered",
        "message.read",
        "message.read",
        "message.received",
    ];
    let (mut dice, mut at, mut made) = (Dice(seed), 10, Vec::new());
    for batch in 0..batches {
        at += [1, 7, 600, DAY / 3, DAY + 1][dice.roll(5)];
        let events = (0..=dice.roll(4)).map(|n| {
            let who = PEOPLE[dice.roll(PEOPLE.len())];
            // Some are about a message of a batch before.
            let message = format!("wamid.{}.{n}", batch - dice.roll(3).min(batch));
            let earlier = i64::try_from(dice.roll(5)).unwrap();
            let event = event(s, KINDS[dice.roll(KINDS.len())], &message, who, at - earlier);
            with(event, "phone_number_id", ["2088", "2099"][dice.roll(2)].into())
        });
        made.push((at, events.collect()));
    }
    made
}

#[tokio::test]
async fn what_is_said_comes_to_the_same_on_both_ways() {
    let mut straight = 0;
    for seed in 1..=6 {
        let mut came = Vec::new();
        for s in [Setup::sqlite().await, Setup::postgres().await] {
            let door = known(&s).await;
            for state in [SessionState::Active, SessionState::Inactive] {
                in_session(&s, state).await;
            }
            for (at, events) in script(&s, seed, 40) {
                take(&s, &door, events, at).await;
            }
            came.push(all_of(&s).await);
            straight += gone(&s).0;
        }
        let [long, short] = came.as_slice() else { panic!("{came:?}") };
        for (long, short) in long.iter().zip(short) {
            assert_eq!(short, long, "seed {seed}");
        }
        assert_eq!(short.len(), long.len(), "seed {seed}");
    }
    assert!(straight > 60, "{straight} of 240 batches by one statement");
}

#[tokio::test]
async fn each_thing_that_is_said_of_a_contact_goes_the_short_way() {
    let s = Setup::postgres().await;
    let door = known(&s).await;
    let reply = json!({"id": "c", "type": "text", "context": {"id": "a", "from": "919820011223"}});
    let steps = [
        event(&s, "message.sent", "a", PRIYA, 1),
        event(&s, "message.delivered", "a", (PRIYA.0, None), 2),
        event(&s, "message.read", "a", PRIYA, 3),
        event(&s, "message.received", "b", PRIYA, 4),
        with(event(&s, "message.received", "c", PRIYA, 5), "message", reply),
        event(&s, "message.read", "z", PRIYA, 2 * DAY),
        event(&s, "message.delivered", "d", PRIYA, 3 * DAY),
        event(&s, "message.read", "d", PRIYA, 5 * DAY),
    ];
    for (place, event) in steps.into_iter().enumerate() {
        let at = (event.occurred_at.unwrap() - now()).num_seconds();
        take(&s, &door, vec![event], at).await;
        assert_eq!(gone(&s), (place as u64 + 1, 0));
    }
    let derived =
        rows(&s, "SELECT event_type FROM events WHERE external_id IS NULL ORDER BY id").await;
    let derived: Vec<String> =
        derived.iter().map(|row| row.try_get("", "event_type").unwrap()).collect();
    let began = [
        "session.started",
        "session.started",
        "session.expired",
        "session.started",
        "session.expired",
        "session.started",
    ];
    let wrote = ["session.activated", "contact.created", "message.replied"];
    let mut expected: Vec<&str> =
        began[..2].iter().chain(&wrote).chain(&began[2..]).copied().collect();
    let mut derived: Vec<&str> = derived.iter().map(String::as_str).collect();
    expected.sort_unstable();
    derived.sort_unstable();
    assert_eq!(derived, expected, "the last was delivered in the session before, and begins none");
    assert_eq!((s.count("FROM contacts").await, s.count("FROM sessions").await), (2, 2));
    assert_eq!(s.count("FROM pending WHERE claimed_by = 0").await, 0);
    assert_eq!(door.outstanding(), 0);
}

#[tokio::test]
async fn formats_go_the_short_way() {
    let s = Setup::postgres().await;
    let wati = endpoint(&s, Format::WATI_V2).await;
    let door = known(&s).await;
    take(&s, &door, vec![event(&s, "message.read", "first", OTHER, 1)], 1).await;
    // One that says nothing of a contact that is to be known.
    let silent = with(event(&s, "message.read", "second", OTHER, 2), "contact", json!({}));
    take(&s, &door, vec![silent], 2).await;
    assert_eq!(gone(&s), (2, 0), "with something said, and without");
    let of = |sign: &str, rendering: Rendering| {
        let (format, version) = rendering.numbers();
        format!(
            "FROM pending WHERE endpoint_id {sign} {} AND format = {format} AND render_version = {version}",
            wati.raw()
        )
    };
    assert_eq!(s.count("FROM events WHERE event_type = 'message.read'").await, 2);
    let wanted = s.count(&format!("FROM pending WHERE endpoint_id = {}", wati.raw())).await;
    assert!(wanted >= 2, "{wanted}");
    assert_eq!(s.count(&of("=", Rendering::of(Format::WATI_V2))).await, wanted);
    assert_eq!(s.count(&of("<>", Rendering::USUAL)).await, s.count("FROM events").await);
}

/// Takes an event in while another transaction, which began before the event came and is over after it was
/// looked at, changes something: the statement waits where it meets what was changed.
async fn meanwhile(s: &Setup, door: &Arc<Door>, event: NewEvent, change: &str) -> Accepted {
    let at = (event.occurred_at.unwrap() - now()).num_seconds();
    let (straight, missed) = gone(s);
    let tx = s.raw.begin().await.unwrap();
    tx.execute_unprepared(change).await.unwrap();
    let (accepted, ()) = tokio::join!(take(s, door, vec![event], at), async {
        somebody_waits(s).await;
        tx.commit().await.unwrap();
    });
    assert_eq!(gone(s), (straight, missed + 1), "{change}");
    assert_eq!(door.outstanding(), 0);
    accepted[0]
}

/// The same, and the statement waits before it looks at anything.
async fn just_before(s: &Setup, door: &Arc<Door>, event: NewEvent, change: &str) -> Accepted {
    let change = format!("LOCK TABLE event_keys IN EXCLUSIVE MODE; {change}");
    meanwhile(s, door, event, &change).await
}

/// The session that the newest event of this type carries.
async fn session(s: &Setup, event_type: &str) -> Value {
    let sql = format!(
        "SELECT session FROM events WHERE event_type = '{event_type}' ORDER BY id DESC LIMIT 1"
    );
    text(&rows(s, &sql).await[0], "session")
        .map_or(Value::Null, |json| serde_json::from_str(&json).unwrap())
}

#[tokio::test]
async fn an_event_that_changes_nothing_carries_what_its_session_has_become() {
    let s = Setup::postgres().await;
    let door = known(&s).await;
    let activated =
        format!("UPDATE sessions SET last_in_at = {0}, activated_at = {0}", micros(second(5)));
    let read = event(&s, "message.read", "first", OTHER, 9);
    just_before(&s, &door, read, &activated).await;
    assert_eq!(session(&s, "message.read").await["state"], "active");
}

#[tokio::test]
async fn who_has_become_another_contact_is_not_taken_for_the_one_before() {
    for kind in ["message.read", "message.received"] {
        let s = Setup::postgres().await;
        let door = known(&s).await;
        // The number has passed to somebody else.
        let passed = "UPDATE contacts SET wa_id = NULL, user_id = 'GB.1'";
        let event = event(&s, kind, "second", OTHER, DAY * 2);
        if kind == "message.read" {
            just_before(&s, &door, event, passed).await;
        } else {
            meanwhile(&s, &door, event, passed).await;
        }
        assert_eq!(s.count("FROM contacts").await, 2, "{kind}");
        assert_eq!(s.count("FROM contacts WHERE wa_id IS NULL AND wrote_at IS NULL").await, 1);
    }
}

/// What begins a session at a number where there was none comes between what was looked at and what is
/// written.
#[tokio::test]
async fn a_window_that_was_not_there_is_not_taken_to_be_missing_still() {
    let s = Setup::postgres().await;
    let door = known(&s).await;
    let window = format!(
        "INSERT INTO sessions (company_id, phone_number_id, contact_id, session_id, started_at, due_at, source_id) \
         SELECT company_id, '2099', id, 555, {}, {}, 77 FROM contacts",
        micros(second(3)),
        micros(second(3 + DAY)),
    );
    let sent = with(event(&s, "message.sent", "m", OTHER, 9), "phone_number_id", "2099".into());
    just_before(&s, &door, sent, &window).await;
    assert_eq!(session(&s, "message.sent").await["started_at"], "2026-11-20T12:00:03.000Z");
}

/// The name by which somebody is meant may be one that an event before it in the batch has told.
#[tokio::test]
async fn who_is_meant_by_a_name_of_this_batch_has_their_window() {
    let s = Setup::postgres().await;
    let door = known(&s).await;
    let at_number = |event, number: &str| with(event, "phone_number_id", number.into());
    let began = event(&s, "message.delivered", "a", (PRIYA.0, None), 1);
    take(&s, &door, vec![at_number(began, "2099")], 1).await;
    let told = at_number(event(&s, "message.delivered", "b", PRIYA, 2), "2088");
    let meant = at_number(event(&s, "message.sent", "c", (None, PRIYA.1), 3), "2099");
    take(&s, &door, vec![told, meant], 3).await;
    assert_eq!(session(&s, "message.sent").await["started_at"], "2026-11-20T12:00:01.000Z");
}

#[tokio::test]
async fn a_window_is_changed_from_what_another_has_made_of_it() {
    let s = Setup::postgres().await;
    let door = known(&s).await;
    // A contact that has written already, so that its row stays as it is.
    take(&s, &door, vec![event(&s, "message.received", "m", OTHER, 10)], 10).await;
    let later = format!("UPDATE sessions SET last_in_at = {}", micros(second(500)));
    meanwhile(&s, &door, event(&s, "message.received", "n", OTHER, 100), &later).await;
    let kept = rows(&s, "SELECT last_in_at FROM sessions").await.remove(0);
    assert_eq!(kept.try_get::<i64>("", "last_in_at").unwrap(), micros(second(500)));
}

#[tokio::test]
async fn a_window_that_another_makes_under_the_contacts_lock_is_kept() {
    let s = Setup::postgres().await;
    let door = known(&s).await;
    let window = format!(
        "SELECT 1 FROM contacts FOR UPDATE; \
         INSERT INTO sessions (company_id, phone_number_id, contact_id, session_id, started_at, due_at, source_id) \
         SELECT company_id, '2099', id, 555, {}, {}, 77 FROM contacts",
        micros(second(3)),
        micros(second(3 + DAY)),
    );
    let delivered =
        with(event(&s, "message.delivered", "m", OTHER, 9), "phone_number_id", "2099".into());
    meanwhile(&s, &door, delivered, &window).await;
    assert_eq!(
        s.count("FROM sessions WHERE phone_number_id = '2099' AND session_id = 555").await,
        1
    );
    assert_eq!(
        s.count("FROM events WHERE event_type = 'session.started'").await,
        1,
        "the first one's"
    );
    assert_eq!(session(&s, "message.delivered").await["started_at"], "2026-11-20T12:00:03.000Z");
}

#[tokio::test]
async fn a_contact_that_another_makes_is_made_once() {
    let s = Setup::postgres().await;
    let door = known(&s).await;
    let twin = format!(
        "INSERT INTO contacts SELECT company_id, id + 1, '{}', NULL, 5, 5 FROM contacts",
        PRIYA.0.unwrap()
    );
    meanwhile(&s, &door, event(&s, "message.received", "m", PRIYA, 9), &twin).await;
    assert_eq!(s.count("FROM contacts").await, 2);
    assert_eq!(s.count("FROM contacts WHERE wrote_at = 5 AND user_id IS NOT NULL").await, 1);
    assert_eq!(s.count("FROM events WHERE event_type = 'contact.created'").await, 0);
    assert_eq!(s.count("FROM sessions").await, 2);
}

#[tokio::test]
async fn who_has_written_meanwhile_is_not_told_to_be_new() {
    let s = Setup::postgres().await;
    let door = known(&s).await;
    let wrote = "UPDATE contacts SET wrote_at = 5";
    meanwhile(&s, &door, event(&s, "message.received", "m", OTHER, 9), wrote).await;
    assert_eq!(s.count("FROM contacts WHERE wrote_at = 5").await, 1);
    assert_eq!(s.count("FROM events WHERE event_type = 'contact.created'").await, 0);
    assert_eq!(s.count("FROM events WHERE event_type = 'session.activated'").await, 1);
}
