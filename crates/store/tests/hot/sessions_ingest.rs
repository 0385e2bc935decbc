//! Sessions by way of ingest: events come in with their contacts' sessions, and what they give rise to goes
//! out beside them.

use std::sync::Arc;

use domain::event::NewEvent;
use domain::event_type::Selector;
use domain::id::EndpointId;
use domain::selection::{SessionState, SessionWanted};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use store::{Accepted, Error, NewEndpoint};

use crate::engine::{Door, caller, one, together_at};
use crate::sessions::{DAY, PRIYA, event_at, rows, second, with};
use crate::setup::{ACTOR, Setup, new_endpoint, now, on_both};

on_both!(
    what_an_event_gives_rise_to_is_handed_over_with_it,
    an_endpoint_gets_the_sessions_that_it_asks_for,
    a_duplicate_and_a_refused_event_change_nothing,
    events_of_other_kinds_ask_for_no_contact,
    what_cannot_be_stored_is_nobody,
    templates_and_session_messages_carry_their_session,
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

async fn what_cannot_be_stored_is_nobody(s: Setup) {
    endpoint(&s, &["*"], SessionWanted::Any).await;
    let door = Door::with_room(100);
    let read =
        || NewEvent { subject: None, ..event_at(s.company, "message.read", "wamid.1", PRIYA, 0) };
    let events = vec![
        with(read(), "contact", json!({"wa_id": "4\u{0}9"})),
        with(read(), "contact", json!({"user_id": "DE.\u{0}"})),
        with(read(), "phone_number_id", json!("20\u{0}88")),
        with(read(), "message_id", json!("wamid.\u{0}")),
    ];
    let accepted = ingest(&s, &door, events, 1).await;
    assert!(accepted.iter().all(|one| matches!(one, Accepted::New { deliveries: 1, .. })));
    assert_eq!((s.count("FROM contacts").await, s.count("FROM sessions").await), (0, 0));
    // What is large is not kept with the session, and its events are told without it.
    let large = json!({"wa_id": "49", "name": "\u{0}".repeat(5_000)});
    let delivered = event_at(s.company, "message.delivered", "wamid.2", PRIYA, 0);
    ingest(&s, &door, vec![with(delivered, "contact", large)], 1).await;
    let kept = rows(&s, "SELECT about FROM sessions").await.remove(0);
    let kept: Value = serde_json::from_str(&kept.try_get::<String>("", "about").unwrap()).unwrap();
    assert_eq!((&kept["contact"], &kept["waba_id"]), (&json!({"wa_id": "49"}), &json!("1172")));
}

async fn templates_and_session_messages_carry_their_session(s: Setup) {
    endpoint(&s, &["message.*"], SessionWanted::Any).await;
    let door = Door::with_room(100);
    let names = ["message.delivered", "message.template_sent", "message.session_sent"];
    for (at, name) in (0..).zip(names) {
        let event = event_at(s.company, name, &format!("wamid.{at}"), PRIYA, at);
        ingest(&s, &door, vec![NewEvent { subject: None, ..event }], at).await;
    }
    let all = written(&s).await;
    assert_eq!(named(&all), names.map(|name| (name, Some("inactive"))));
}

/// Makes so many of the next contacts on PostgreSQL fail, as a neighbour's transaction makes them.
async fn fail_contacts(s: &Setup, times: u32, raise: &str) {
    let sql = format!(
        "CREATE SEQUENCE failures; \
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        IF nextval('failures') <= {times} THEN RAISE EXCEPTION 'no' USING {raise}; END IF; RETURN NEW; END $$; \
        CREATE TRIGGER fail BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION fail()"
    );
    s.raw.execute_unprepared(&sql).await.unwrap();
}

/// A deadlock, and a contact that another node made at the same moment, are nothing that a caller hears of.
#[tokio::test]
async fn a_batch_is_tried_again_where_a_neighbour_was_in_its_way() {
    for raise in [
        "ERRCODE = '40P01'",
        "ERRCODE = '40001'",
        "ERRCODE = '23505', CONSTRAINT = 'contacts_number'",
        "ERRCODE = '23505', CONSTRAINT = 'contacts_person'",
    ] {
        let s = Setup::postgres().await;
        fail_contacts(&s, 4, raise).await;
        let door = Door::with_room(100);
        let event = event_at(s.company, "message.received", "wamid.1", PRIYA, 0);
        let accepted = ingest(&s, &door, vec![event], 1).await;
        assert!(matches!(accepted[0], Accepted::New { .. }), "{raise}: {accepted:?}");
        assert_eq!((s.count("FROM contacts").await, s.count("FROM events").await), (1, 1));
    }
}

/// What goes wrong with one job for ever is no fault of the others in its batch.
#[tokio::test]
async fn a_contact_that_is_never_made_fails_its_own_job_alone() {
    for instead in ["RETURN NULL", "RAISE EXCEPTION 'no' USING ERRCODE = '40P01'"] {
        let s = Setup::postgres().await;
        let sql = format!(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
            IF NEW.wa_id = '666' THEN {instead}; END IF; RETURN NEW; END $$; \
            CREATE TRIGGER fail BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION fail()"
        );
        s.raw.execute_unprepared(&sql).await.unwrap();
        let door = Door::with_room(100);
        let caller = caller(&s, s.company).await;
        let of = |message: &str, who| {
            let event = event_at(s.company, "message.received", message, who, 0);
            (caller.clone(), vec![event])
        };
        let jobs =
            vec![of("wamid.1", PRIYA), of("wamid.2", (Some("666"), None)), of("wamid.3", PRIYA)];
        let answers = together_at(&s.store, &door, jobs, second(1)).await;
        assert!(answers[0].is_ok() && answers[2].is_ok(), "{instead}: {answers:?}");
        assert!(matches!(answers[1], Err(Error::Unavailable(_))), "{instead}: {answers:?}");
    }
}
