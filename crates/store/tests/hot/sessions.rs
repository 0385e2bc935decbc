//! Sessions under the events of a batch: what is recorded, what events carry, what they give rise to.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::catalogue;
use domain::event::NewEvent;
use domain::event_type::{EventTypeName, Selector};
use domain::id::{CompanyId, EndpointId, SourceId};
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use serde_json::{Value, json};
use store::{NewEndpoint, Store, SwitchWanted};

use crate::engine::{Door, caller, micros, together};
use crate::setup::{ACTOR, Setup, new_endpoint, now, on_both};

on_both!(
    a_message_and_a_delivery_are_told_in_their_order,
    what_is_read_the_other_day_begins_nothing,
    where_nobody_picks_it_nothing_is_written_and_all_is_recorded,
    a_picker_that_is_off_gets_none_and_the_event_is_kept,
    one_batch_tells_of_many_contacts,
    numbers_and_companies_are_apart,
    two_nodes_tell_each_thing_once,
);

/// Who writes: a number, a person's id, or both.
pub(crate) const PRIYA: (Option<&str>, Option<&str>) = (Some("919876543210"), Some("IN.1"));

/// A message or a status, `seconds` after the beginning of the test's time.
pub(crate) fn event_at(
    company: CompanyId,
    event_type: &str,
    message: &str,
    contact: (Option<&str>, Option<&str>),
    seconds: i64,
) -> NewEvent {
    let at = now() + TimeDelta::seconds(seconds);
    let mut who = json!({});
    for (name, value) in [("wa_id", contact.0), ("user_id", contact.1)] {
        if let Some(value) = value {
            who[name] = value.into();
        }
    }
    let mut data = json!({
        "waba_id": "1172", "phone_number_id": "2088", "display_phone_number": "919820011223",
        "contact": who, "message_id": message, "timestamp": at.timestamp().to_string(),
    });
    if event_type == "message.received" {
        data["message"] = json!({"id": message, "type": "text", "text": {"body": "Hi"}});
    } else {
        data["status"] = json!({"id": message});
    }
    NewEvent {
        company,
        event_type: EventTypeName::parse(event_type).unwrap(),
        data: Arc::from(data.to_string().as_bytes()),
        source: Some(SourceId::from_raw(77)),
        external_id: None,
        subject: contact.0.or(contact.1).map(Arc::from),
        phone_number_id: None,
        occurred_at: Some(at),
        expires_at: None,
        judged: None,
    }
}

/// The same, with something else in its data.
pub(crate) fn with(event: NewEvent, member: &str, value: Value) -> NewEvent {
    let mut data: Value = serde_json::from_slice(&event.data).unwrap();
    data[member] = value;
    NewEvent { data: Arc::from(data.to_string().as_bytes()), ..event }
}

pub(crate) fn second(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

pub(crate) const DAY: i64 = 24 * 3_600;

/// An endpoint that picks what is derived.
pub(crate) async fn picker(s: &Setup, switch: SwitchWanted) -> EndpointId {
    let names = ["session.*", "contact.created", "message.replied"];
    let event_types = names.map(|name| Selector::parse(name).unwrap()).to_vec();
    let wanted = NewEndpoint { event_types, switch, ..new_endpoint() };
    s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap().id
}

pub(crate) async fn rows(s: &Setup, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(s.raw.get_database_backend(), sql);
    s.raw.query_all_raw(statement).await.unwrap()
}

/// A derived event as it stands in the database.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) event_type: String,
    pub(crate) subject: String,
    pub(crate) occurred_at: i64,
    pub(crate) deliveries: i64,
    pub(crate) data: Value,
    /// The session that it carries.
    pub(crate) session: Value,
}

/// All that has been derived, oldest first, each checked to have the members that its schema requires and no
/// key; its deliveries wait, unclaimed and due.
pub(crate) async fn told(s: &Setup) -> Vec<Told> {
    let sql = "SELECT id, event_type, source_id, external_id, subject, occurred_at, deliveries, data, session \
        FROM events ORDER BY id";
    let mut all = Vec::new();
    for row in rows(s, sql).await {
        assert_eq!(row.try_get::<i64>("", "source_id").unwrap(), 77);
        assert_eq!(row.try_get::<Option<String>>("", "external_id").unwrap(), None);
        let event_type: String = row.try_get("", "event_type").unwrap();
        let json = |column| row.try_get::<Option<Vec<u8>>>("", column).unwrap();
        let read = |column| {
            json(column).map_or(Value::Null, |json| serde_json::from_slice(&json).unwrap())
        };
        let (data, session): (Value, Value) = (read("data"), read("session"));
        let schema: Value =
            serde_json::from_str(catalogue::find(&event_type).unwrap().schema).unwrap();
        for name in schema["required"].as_array().unwrap() {
            assert!(data.get(name.as_str().unwrap()).is_some(), "{event_type}: {name} in {data}");
        }
        let id: i64 = row.try_get("", "id").unwrap();
        let deliveries = row.try_get("", "deliveries").unwrap();
        let pending =
            format!("FROM pending WHERE event_id = {id} AND claimed_by = 0 AND due_at > 0");
        assert_eq!(s.count(&pending).await, deliveries);
        all.push(Told {
            subject: row.try_get("", "subject").unwrap(),
            occurred_at: row.try_get("", "occurred_at").unwrap(),
            event_type,
            deliveries,
            data,
            session,
        });
    }
    all
}

pub(crate) async fn names(s: &Setup) -> Vec<String> {
    told(s).await.into_iter().map(|told| told.event_type).collect()
}

pub(crate) async fn see(s: &Setup, events: &[NewEvent], seconds: i64) -> Vec<Value> {
    see_by(&s.store, events, seconds).await
}

async fn see_by(store: &Store, events: &[NewEvent], seconds: i64) -> Vec<Value> {
    let sessions = store.observe_alone(events, second(seconds)).await.unwrap();
    sessions
        .into_iter()
        .map(|session| session.map_or(Value::Null, |json| serde_json::from_str(&json).unwrap()))
        .collect()
}

async fn a_message_and_a_delivery_are_told_in_their_order(s: Setup) {
    let hears = picker(&s, SwitchWanted::Enabled).await;
    let reply = json!({"id": "wamid.1", "type": "text", "context": {"id": "wamid.0", "from": "919820011223"}});
    let batch = [
        with(event_at(s.company, "message.received", "wamid.1", PRIYA, 1), "message", reply),
        event_at(s.company, "message.sent", "wamid.2", PRIYA, 2),
        event_at(s.company, "message.delivered", "wamid.2", PRIYA, 3),
        event_at(s.company, "message.read", "wamid.2", PRIYA, 4),
    ];
    let seen = see(&s, &batch, 10).await;
    assert_eq!((&seen[0], &seen[1]), (&Value::Null, &Value::Null));
    assert_eq!((&seen[2]["state"], &seen[3]), (&json!("active"), &seen[2]));
    assert_eq!(seen[2]["started_at"], "2026-11-20T12:00:03.000Z");
    assert_eq!(seen[2]["expires_at"], "2026-11-21T12:00:03.000Z");

    let all = told(&s).await;
    let types: Vec<&str> = all.iter().map(|told| told.event_type.as_str()).collect();
    let expected = ["contact.created", "message.replied", "session.started", "session.activated"];
    assert_eq!(types, expected);
    for (one, at) in all.iter().zip([1, 1, 3, 3]) {
        assert_eq!((one.subject.as_str(), one.deliveries), ("919876543210", 1));
        assert_eq!(one.occurred_at, micros(second(at)));
    }
    assert_eq!((&all[0].session, &all[1].session), (&Value::Null, &Value::Null));
    assert_eq!((&all[2].session, &all[3].session), (&seen[2], &seen[2]));
    assert_eq!(
        (&all[2].data["state"], &all[2].data["message_id"]),
        (&json!("active"), &json!("wamid.2"))
    );
    let lane = format!("FROM lanes WHERE endpoint_id = {}", hears.raw());
    assert_eq!(s.count(&lane).await, 1);

    // Nothing of it is told again.
    see(&s, &batch, 11).await;
    assert_eq!(names(&s).await.len(), 5, "the reply alone; its key would have stopped it");
}

async fn what_is_read_the_other_day_begins_nothing(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    see(&s, &[event_at(s.company, "message.delivered", "wamid.1", PRIYA, 0)], 0).await;
    // As the tests of this part name the statuses of a message.
    let mut accepted = event_at(s.company, "message.delivered", "wamid.1", PRIYA, 0);
    accepted.external_id = Some("wamid.1 Delivered".into());
    let job = (caller(&s, s.company).await, vec![accepted]);
    together(&s.store, &Door::with_room(9), vec![job]).await.remove(0).unwrap();
    s.sql("DELETE FROM events WHERE external_id IS NOT NULL", Vec::new()).await;
    let statuses = |message: &str, at| {
        ["message.read", "message.played"].map(|kind| event_at(s.company, kind, message, PRIYA, at))
    };
    assert_eq!(see(&s, &statuses("wamid.1", DAY), DAY).await, [Value::Null, Value::Null]);
    assert_eq!(s.store.expire_sessions(second(DAY)).await.unwrap(), 1);
    assert_eq!(names(&s).await, ["session.started", "session.expired"]);
    // Another company's key, or another message's, says nothing.
    let other = see(&s, &statuses("wamid.2", 2 * DAY), 2 * DAY).await;
    assert_eq!(other[0]["started_at"], "2026-11-22T12:00:00.000Z");
    // A delivery and its read in one batch, a day apart.
    let both = [
        event_at(s.company, "message.delivered", "wamid.3", PRIYA, 3 * DAY),
        event_at(s.company, "message.read", "wamid.3", PRIYA, 4 * DAY),
    ];
    let seen = see(&s, &both, 4 * DAY).await;
    assert_eq!((&seen[0]["state"], &seen[1]), (&json!("inactive"), &Value::Null));
}

async fn where_nobody_picks_it_nothing_is_written_and_all_is_recorded(s: Setup) {
    s.endpoint().await;
    let sql = "UPDATE endpoints SET event_types = '[\"message.received\"]'";
    s.sql(sql, Vec::new()).await;
    let batch = ["message.received", "message.delivered"]
        .map(|kind| event_at(s.company, kind, "wamid.1", PRIYA, 1));
    assert_eq!(see(&s, &batch, 1).await[1]["state"], "active");
    assert_eq!(s.store.expire_sessions(second(DAY + 1)).await.unwrap(), 1);
    assert_eq!((s.count("FROM events").await, s.count("FROM pending").await), (0, 0));
    let recorded =
        "FROM sessions WHERE due_at IS NULL AND activated_at IS NOT NULL AND source_id = 77";
    assert_eq!(s.count(recorded).await, 1);
    assert_eq!(s.count("FROM contacts WHERE wrote_at IS NOT NULL").await, 1);
}

async fn a_picker_that_is_off_gets_none_and_the_event_is_kept(s: Setup) {
    picker(&s, SwitchWanted::Disabled).await;
    see(&s, &[event_at(s.company, "message.delivered", "wamid.1", PRIYA, 1)], 1).await;
    assert_eq!(s.store.expire_sessions(second(DAY + 1)).await.unwrap(), 1);
    let all = told(&s).await;
    assert_eq!(all.iter().map(|told| told.deliveries).collect::<Vec<_>>(), [0, 0]);
}

/// More contacts than one statement's rows, in one transaction, and again.
async fn one_batch_tells_of_many_contacts(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    let batch = |kind: &str, at| -> Vec<NewEvent> {
        let one = |n: i64| {
            let (number, person) = (format!("4915{n:07}"), format!("DE.{n}"));
            let contact = match n % 3 {
                0 => (Some(number.as_str()), None),
                1 => (None, Some(person.as_str())),
                _ => (Some(number.as_str()), Some(person.as_str())),
            };
            event_at(s.company, kind, &format!("wamid.{n}"), contact, at)
        };
        (0..600).map(one).collect()
    };
    for kind in ["message.sent", "message.delivered", "message.received", "message.read"] {
        see(&s, &batch(kind, 1), 1).await;
        see(&s, &batch(kind, 1), 1).await;
    }
    for (kind, count) in
        [("session.started", 600), ("session.activated", 600), ("contact.created", 600)]
    {
        assert_eq!(s.count(&format!("FROM events WHERE event_type = '{kind}'")).await, count);
    }
    assert_eq!((s.count("FROM contacts").await, s.count("FROM sessions").await), (600, 600));
}

async fn numbers_and_companies_are_apart(s: Setup) {
    let delivered = event_at(s.company, "message.delivered", "wamid.1", PRIYA, 1);
    let second_number = with(delivered.clone(), "phone_number_id", json!("2089"));
    let theirs = NewEvent { company: s.other, ..delivered.clone() };
    let seen = see(&s, &[delivered, second_number, theirs], 5).await;
    let mut ids: Vec<&str> = seen.iter().map(|session| session["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    assert_eq!((s.count("FROM contacts").await, s.count("FROM sessions").await), (2, 3));
}

/// Two nodes meet the same contacts at the same moment, in opposite orders.
async fn two_nodes_tell_each_thing_once(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    let other = Store::open(s.config.clone()).await.unwrap();
    for round in 0..8 {
        let of = |n: i64, kind: &str| {
            let (number, person) = (format!("49{round}{n:04}"), format!("DE.{round}.{n}"));
            let contact = (Some(number.as_str()), (n % 2 == 0).then_some(person.as_str()));
            event_at(s.company, kind, &format!("wamid.{round}.{n}"), contact, 1)
        };
        let batch = |kind: &str| (0..40).map(|n| of(n, kind)).collect::<Vec<_>>();
        let (first, mut second) = (batch("message.delivered"), batch("message.received"));
        second.extend(batch("message.read"));
        second.reverse();
        let (one, two) = tokio::join!(see_by(&s.store, &first, 2), see_by(&other, &second, 2));
        assert_eq!((one.len(), two.len()), (40, 80));
    }
    assert_eq!(s.count("FROM contacts").await, 320);
    for kind in ["contact.created", "session.started", "session.activated"] {
        assert_eq!(
            s.count(&format!("FROM events WHERE event_type = '{kind}'")).await,
            320,
            "{kind}"
        );
    }
}
