//! The ends of sessions: told once, in slices, by whichever node comes first, with nobody looking.

use chrono::TimeDelta;
use domain::event::NewEvent;
use domain::selection::{SessionState, SessionWanted};
use domain::traffic::Traffic;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::json;
use store::{Hint, NewEndpoint, SESSIONS_PER_SLICE, Store, SwitchWanted};

use crate::engine::{micros, of_lane};
use crate::sessions::{DAY, PRIYA, event_at, names, picker, second, see, told};
use crate::setup::{ACTOR, Setup, new_endpoint, now, on_both};

on_both!(
    an_end_is_told_at_its_moment_and_once,
    a_session_that_follows_before_anybody_looked_tells_both,
    ends_are_told_in_slices,
    two_nodes_tell_each_end_once,
    an_end_stands_in_its_contacts_line,
    an_end_goes_to_those_who_ask_for_its_session,
    a_suspended_company_is_told_no_end,
);

async fn an_end_is_told_at_its_moment_and_once(s: Setup) {
    let hears = picker(&s, SwitchWanted::Enabled).await;
    let delivered = event_at(s.company, "message.delivered", "wamid.1", PRIYA, 0);
    let session = see(&s, &[delivered], 3).await.remove(0);
    s.sql("DELETE FROM lanes", Vec::new()).await;
    let mut hints = s.store.hints();
    let end = second(DAY);
    assert_eq!(s.store.expire_sessions(end - TimeDelta::microseconds(1)).await.unwrap(), 0);
    assert_eq!(s.store.expire_sessions(end).await.unwrap(), 1);
    assert_eq!(s.store.expire_sessions(end).await.unwrap(), 0);
    let all = told(&s).await;
    let ended = all.last().unwrap();
    assert_eq!((all.len(), ended.event_type.as_str()), (2, "session.expired"));
    assert_eq!((ended.subject.as_str(), ended.occurred_at), ("919876543210", micros(end)));
    assert_eq!(ended.session, session);
    let expected = json!({
        "waba_id": "1172", "phone_number_id": "2088", "display_phone_number": "919820011223",
        "contact": {"wa_id": "919876543210", "user_id": "IN.1"}, "state": "inactive",
        "started_at": session["started_at"], "expires_at": session["expires_at"],
    });
    assert_eq!(ended.data, expected);
    assert!(matches!(hints.try_recv(), Ok(Hint::LaneDue(to)) if to == hears));
    assert_eq!(of_lane(&s, hears, "next_due").await, micros(end));
    assert_eq!(of_lane(&s, hears, "owner").await, s.store.incarnation());
}

async fn a_session_that_follows_before_anybody_looked_tells_both(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    for (message, at) in [("wamid.1", 0), ("wamid.2", DAY)] {
        see(&s, &[event_at(s.company, "message.delivered", message, PRIYA, at)], at).await;
    }
    assert_eq!(s.store.expire_sessions(second(DAY)).await.unwrap(), 0);
    assert_eq!(names(&s).await, ["session.started", "session.expired", "session.started"]);
    let all = told(&s).await;
    assert_eq!(all[0].session["id"], all[1].session["id"]);
    assert_ne!(all[1].session["id"], all[2].session["id"]);
}

/// So many sessions that end at the same moment, half of them in another company.
async fn many(s: &Setup, count: i64) {
    let delivered = |n: i64| {
        let company = if n % 2 == 0 { s.company } else { s.other };
        let number = format!("49{n:06}");
        event_at(company, "message.delivered", &format!("wamid.{n}"), (Some(&number), None), 0)
    };
    see(s, &(0..count).map(delivered).collect::<Vec<NewEvent>>(), 0).await;
}

async fn ends_are_told_in_slices(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    let slice = SESSIONS_PER_SLICE;
    many(&s, slice.cast_signed() * 2 + 2).await;
    for expected in [slice, slice, 2, 0] {
        assert_eq!(s.store.expire_sessions(second(DAY)).await.unwrap(), expected);
    }
    let of_company = SESSIONS_PER_SLICE.cast_signed() + 1;
    let ended = "FROM events WHERE event_type = 'session.expired'";
    assert_eq!(s.count(ended).await, of_company, "the other company picks none");
    assert_eq!(s.count("FROM pending").await, 2 * of_company);
}

async fn two_nodes_tell_each_end_once(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    many(&s, 300).await;
    let other = Store::open(s.config.clone()).await.unwrap();
    let follows: Vec<NewEvent> = (0..300)
        .filter(|n| n % 2 == 0)
        .map(|n| {
            let number = format!("49{n:06}");
            let contact = (Some(number.as_str()), None);
            event_at(s.company, "message.delivered", &format!("wamid.a{n}"), contact, DAY)
        })
        .collect();
    let (one, two, _) = tokio::join!(
        s.store.expire_sessions(second(DAY)),
        other.expire_sessions(second(DAY)),
        other.observe_alone(&follows, second(DAY)),
    );
    assert!(one.unwrap() + two.unwrap() <= 300);
    while s.store.expire_sessions(second(DAY)).await.unwrap() > 0 {}
    let count = |kind: &str| format!("FROM events WHERE event_type = 'session.{kind}'");
    assert_eq!(s.count(&count("expired")).await, 150);
    assert_eq!(s.count(&count("started")).await, 300);
    assert_eq!(s.count("FROM sessions WHERE due_at IS NULL").await, 150);
}

async fn an_end_stands_in_its_contacts_line(s: Setup) {
    let event_types = vec![domain::event_type::Selector::parse("*").unwrap()];
    let traffic = Traffic { ordered: true, ..Traffic::default() };
    let wanted = NewEndpoint { event_types, traffic, ..new_endpoint() };
    s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap();
    see(&s, &[event_at(s.company, "message.delivered", "wamid.1", PRIYA, 0)], 0).await;
    s.store.expire_sessions(second(DAY)).await.unwrap();
    let line = "FROM pending WHERE line_key IS NOT NULL AND due_at";
    let heads = s.count(&format!("{line} < 9000000000000000")).await;
    let waiting = s.count(&format!("{line} = 9000000000000000")).await;
    assert_eq!((heads, waiting), (1, 1));
}

async fn an_end_goes_to_those_who_ask_for_its_session(s: Setup) {
    let mut made = Vec::new();
    for session in [
        SessionWanted::Only(SessionState::Active),
        SessionWanted::Only(SessionState::Inactive),
        SessionWanted::Any,
    ] {
        let event_types = vec![domain::event_type::Selector::parse("session.expired").unwrap()];
        let mut wanted = NewEndpoint { event_types, ..new_endpoint() };
        wanted.narrowing.session = session;
        made.push(s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap().id);
    }
    // One contact answers, the other one does not.
    let other = (Some("49"), None);
    for (kind, message, who, at) in [
        ("message.delivered", "wamid.1", PRIYA, 0),
        ("message.delivered", "wamid.2", other, 0),
        ("message.delivered", "wamid.3", (Some("50"), None), 0),
        ("message.received", "wamid.4", other, 1),
    ] {
        see(&s, &[event_at(s.company, kind, message, who, at)], at).await;
    }
    assert_eq!(s.store.expire_sessions(second(DAY)).await.unwrap(), 3);
    for (endpoint, expected) in made.into_iter().zip([1, 2, 3]) {
        let got = format!("FROM pending WHERE endpoint_id = {}", endpoint.raw());
        assert_eq!(s.count(&got).await, expected);
    }
    assert_eq!(s.count("FROM events WHERE deliveries = 2").await, 3);
}

async fn a_suspended_company_is_told_no_end(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    see(&s, &[event_at(s.company, "message.delivered", "wamid.1", PRIYA, 0)], 0).await;
    let patch =
        |suspended| store::CompanyPatch { suspended: Some(suspended), ..Default::default() };
    s.store.update_company(s.company, patch(true), ACTOR, second(1)).await.unwrap();
    assert_eq!(s.store.expire_sessions(second(DAY)).await.unwrap(), 1);
    assert_eq!(names(&s).await, ["session.started"]);
    // It is over all the same: the next one begins by itself.
    s.store.update_company(s.company, patch(false), ACTOR, second(DAY + 1)).await.unwrap();
    let delivered = event_at(s.company, "message.delivered", "wamid.2", PRIYA, DAY + 2);
    see(&s, &[delivered], DAY + 2).await;
    assert_eq!(names(&s).await, ["session.started", "session.started"]);
}

/// A window that somebody holds is left to them, and to the next round.
#[tokio::test]
async fn a_window_that_is_held_is_left_for_the_next_round() {
    let s = Setup::postgres().await;
    picker(&s, SwitchWanted::Enabled).await;
    many(&s, 4).await;
    let tx = s.raw.begin().await.unwrap();
    let hold = "SELECT 1 FROM sessions ORDER BY contact_id LIMIT 1 FOR UPDATE";
    tx.execute_unprepared(hold).await.unwrap();
    assert_eq!(s.store.expire_sessions(second(DAY)).await.unwrap(), 3);
    tx.rollback().await.unwrap();
    assert_eq!(s.store.expire_sessions(second(DAY)).await.unwrap(), 1);
}
