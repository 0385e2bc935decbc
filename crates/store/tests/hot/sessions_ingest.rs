//! Sessions by way of ingest: events come in with their contacts' sessions, and what they give rise to goes
//! out beside them.

use std::sync::Arc;

use domain::event::NewEvent;
use domain::event_type::Selector;
use domain::id::EndpointId;
use domain::selection::{SessionState, SessionWanted};
use serde_json::Value;
use store::{Accepted, NewEndpoint};

use crate::engine::{Door, caller, one, together_at};
use crate::sessions::{DAY, PRIYA, event_at, rows, second};
use crate::setup::{ACTOR, Setup, new_endpoint, now, on_both};

on_both!(
    what_an_event_gives_rise_to_is_handed_over_with_it,
    an_endpoint_gets_the_sessions_that_it_asks_for,
    a_duplicate_and_a_refused_event_change_nothing,
    events_of_other_kinds_ask_for_no_contact,
);

async fn endpoint(s: &Setup, names: &[&str], session: SessionWanted) -> EndpointId {
    let event_types = names.iter().map(|name| Selector::parse(name).unwrap()).collect();
    let mut wanted = NewEndpoint { event_types, ..new_endpoint() };
    wanted.narrowing.session = session;
    s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap().id
}

async fn ingest(s: &Setup, door: &Arc<Door>, events: Vec<NewEvent>, seconds: i64) -> Vec<Accepted> {
    let jobs = vec![(caller(s, s.company).await, events)];
    together_at(&s.store, door, jobs, second(seconds)).await.remove(0).unwrap()
}

/// Type and session state of all events that there are.
async fn written(s: &Setup) -> Vec<(String, Option<String>)> {
    let all = rows(s, "SELECT event_type, session FROM events ORDER BY id").await;
    let state = |json: Vec<u8>| {
        serde_json::from_slice::<Value>(&json).unwrap()["state"].as_str().unwrap().to_owned()
    };
    all.iter()
        .map(|row| {
            let session: Option<Vec<u8>> = row.try_get("", "session").unwrap();
            (row.try_get("", "event_type").unwrap(), session.map(state))
        })
        .collect()
}

fn named(all: &[(String, Option<String>)]) -> Vec<(&str, Option<&str>)> {
    all.iter().map(|(name, state)| (name.as_str(), state.as_deref())).collect()
}

async fn what_an_event_gives_rise_to_is_handed_over_with_it(s: Setup) {
    endpoint(&s, &["*"], SessionWanted::Any).await;
    let door = Door::with_room(100);
    let delivered = event_at(s.company, "message.delivered", "wamid.1", PRIYA, 0);
    let received = event_at(s.company, "message.received", "wamid.2", PRIYA, 5);
    let accepted = ingest(&s, &door, vec![delivered, received], 10).await;
    assert_eq!(accepted.len(), 2, "callers hear of their own events alone");
    let all = written(&s).await;
    let mut all = named(&all);
    all.sort_unstable();
    let expected = [
        ("contact.created", Some("active")),
        ("message.delivered", Some("inactive")),
        ("message.received", Some("active")),
        ("session.activated", Some("active")),
        ("session.started", Some("inactive")),
    ];
    assert_eq!(all, expected);
    assert_eq!((door.ids().len(), door.outstanding()), (5, 0));
    for row in door.handed.lock().iter() {
        assert!(row.event.session.is_some(), "{}", row.event.event_type.as_str());
    }
    assert_eq!(s.count("FROM pending WHERE claimed_by <> 0").await, 5);
}

async fn an_endpoint_gets_the_sessions_that_it_asks_for(s: Setup) {
    let only = SessionWanted::Only;
    let active = endpoint(&s, &["message.*"], only(SessionState::Active)).await;
    let inactive = endpoint(&s, &["message.*"], only(SessionState::Inactive)).await;
    let any = endpoint(&s, &["message.*"], SessionWanted::Any).await;
    let door = Door::with_room(100);
    let event = |kind, message, at| event_at(s.company, kind, message, PRIYA, at);
    for (kind, message, at, expected) in [
        ("message.sent", "wamid.1", 0, vec![any]),
        ("message.delivered", "wamid.1", 1, vec![inactive, any]),
        ("message.received", "wamid.2", 2, vec![active, any]),
        ("message.sent", "wamid.3", 3, vec![active, any]),
        ("message.sent", "wamid.4", 1 + DAY, vec![any]),
    ] {
        let before = door.handed.lock().len();
        let accepted = ingest(&s, &door, vec![event(kind, message, at)], at).await.remove(0);
        let Accepted::New { deliveries, .. } = accepted else { panic!("{accepted:?}") };
        let mut got: Vec<_> = door.handed.lock()[before..].iter().map(|row| row.endpoint).collect();
        got.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!((got, deliveries as usize), (expected.clone(), expected.len()), "{message}");
    }
}

async fn a_duplicate_and_a_refused_event_change_nothing(s: Setup) {
    let door = Door::with_room(100);
    let delivered = |seconds| NewEvent {
        external_id: Some("wamid.1:delivered".into()),
        ..event_at(s.company, "message.delivered", "wamid.1", PRIYA, seconds)
    };
    ingest(&s, &door, vec![delivered(0)], 0).await;
    let windows = rows(&s, "SELECT started_at FROM sessions").await;
    let began: i64 = windows[0].try_get("", "started_at").unwrap();
    // The same status again a day later would begin another session.
    let again = one(&s, &door, delivered(DAY + 5)).await;
    assert!(matches!(again, Accepted::Duplicate { .. }), "{again:?}");
    let expired = NewEvent {
        expires_at: Some(now()),
        ..event_at(s.company, "message.delivered", "wamid.9", PRIYA, 0)
    };
    assert_eq!(one(&s, &door, expired).await, Accepted::Expired);
    let windows = rows(&s, "SELECT started_at FROM sessions").await;
    assert_eq!(windows.len(), 1);
    assert_eq!(windows[0].try_get::<i64>("", "started_at").unwrap(), began);
}

async fn events_of_other_kinds_ask_for_no_contact(s: Setup) {
    endpoint(&s, &["*"], SessionWanted::Any).await;
    let door = Door::with_room(100);
    let approved = event_at(s.company, "template.status_updated", "wamid.1", PRIYA, 0);
    let half_filled = NewEvent {
        data: Arc::from(&b"{\"a\":1}"[..]),
        ..event_at(s.company, "message.received", "wamid.2", PRIYA, 0)
    };
    ingest(&s, &door, vec![approved, half_filled], 1).await;
    assert_eq!(s.count("FROM contacts").await, 0);
    let all = written(&s).await;
    assert_eq!(named(&all), [("template.status_updated", None), ("message.received", None)]);
}
