//! Sessions from end to end, on the real clock: Meta's times are believed, so they may be long ago.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use testkit::api::Api;
use testkit::program::Setup;
use testkit::receiver::{Received, Receiver};

use crate::sources::{SECRET, post, source};
use crate::support::{SOON, endpoint, now, on_both_databases, running, text};

on_both_databases! {
    a_session_is_active_until_its_24_hours_are_over
    a_session_that_was_over_when_it_was_told_starts_and_expires
}

const OUR_NUMBER: &str = "919820011223";
const OUR_NUMBER_ID: &str = "208845331907714";
const PRIYA: &str = "919876543210";

/// What Meta would send with one message or status in it.
fn notification(list: &str, element: Value) -> String {
    let metadata = json!({"display_phone_number": OUR_NUMBER, "phone_number_id": OUR_NUMBER_ID});
    let mut value = json!({"messaging_product": "whatsapp", "metadata": metadata});
    value["contacts"] = json!([{"profile": {"name": "Priya Mehta"}, "wa_id": PRIYA}]);
    value[list] = json!([element]);
    let change = json!({"field": "messages", "value": value});
    let entry = json!({"id": "117204559812340", "changes": [change]});
    json!({"object": "whatsapp_business_account", "entry": [entry]}).to_string()
}

fn seconds(at: DateTime<Utc>) -> String {
    at.timestamp().to_string()
}

/// A message of ours that has reached Priya.
fn delivered(id: &str, at: DateTime<Utc>) -> String {
    let status =
        json!({"id": id, "status": "delivered", "timestamp": seconds(at), "recipient_id": PRIYA});
    notification("statuses", status)
}

/// A message of hers, which may answer one of ours.
fn received(id: &str, at: DateTime<Utc>, answers: Option<&str>) -> String {
    let mut message = json!({"id": id, "from": PRIYA, "timestamp": seconds(at), "type": "text"});
    message["text"] = json!({"body": "Thank you 🙏"});
    if let Some(ours) = answers {
        message["context"] = json!({"from": OUR_NUMBER, "id": ours});
    }
    notification("messages", message)
}

/// A receiver of all that happens in such sessions.
async fn of_session(api: &Api, session: &str) -> Receiver {
    let receiver = Receiver::start();
    let mut endpoint = endpoint(&receiver.url("/"));
    endpoint["session"] = session.into();
    api.create_endpoint(endpoint).await;
    receiver
}

/// Types and states of sessions, in the order of the alphabet.
fn told(requests: &[Received]) -> Vec<(String, Value)> {
    let mut all: Vec<(String, Value)> = requests
        .iter()
        .map(Received::json)
        .map(|event| (text(&event, "type").to_owned(), event["session"]["state"].clone()))
        .collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

fn pairs(expected: &[(&str, Value)]) -> Vec<(String, Value)> {
    expected.iter().map(|(name, state)| ((*name).to_owned(), state.clone())).collect()
}

async fn a_session_is_active_until_its_24_hours_are_over(setup: Setup) {
    let (_program, api) = running(&setup).await;
    let any = of_session(&api, "any").await;
    let active = of_session(&api, "active").await;
    let inactive = of_session(&api, "inactive").await;
    let source = source(&api).await;
    // A minute remains of the session.
    let now = now();
    let began = now - TimeDelta::hours(24) + TimeDelta::minutes(1);
    for body in [
        delivered("wamid.ours", began),
        received("wamid.first", now, Some("wamid.ours")),
        received("wamid.second", now, None),
    ] {
        assert_eq!(post(&api, &source, SECRET, body.as_bytes()).await.status, 200);
    }
    let (yes, no) = (json!("active"), json!("inactive"));
    // What a message gives rise to carries the session that the message does.
    let in_active = [
        ("contact.created", yes.clone()),
        ("message.received", yes.clone()),
        ("message.received", yes.clone()),
        ("message.replied", yes.clone()),
        ("session.activated", yes),
    ];
    let in_inactive = [("message.delivered", no.clone()), ("session.started", no)];
    let mut everything = [&in_active[..], &in_inactive[..]].concat();
    everything.sort_by_key(|(name, _)| *name);
    assert_eq!(told(&any.wait_for(7, SOON).await), pairs(&everything));
    assert_eq!(told(&active.wait_for(5, SOON).await), pairs(&in_active));
    assert_eq!(told(&inactive.wait_for(2, SOON).await), pairs(&in_inactive));

    // Each shows the session that it carried.
    let sent = any.received();
    let of_type = |name: &str| -> Value {
        sent.iter().map(Received::json).find(|event| event["type"] == name).unwrap()
    };
    let [first, started, replied] =
        ["message.received", "session.started", "message.replied"].map(of_type);
    for event in [&first, &started, &replied] {
        let shown = api.get(&format!("/events/{}", text(event, "id"))).await.expect(200);
        assert_eq!(shown["session"], event["session"]);
        assert_eq!(shown["session"]["id"], first["session"]["id"], "it is one session");
    }
    let expires = DateTime::parse_from_rfc3339(text(&first["session"], "expires_at")).unwrap();
    assert_eq!(expires.timestamp(), (began + TimeDelta::hours(24)).timestamp());
    assert_eq!(replied["data"]["message"]["context"]["id"], "wamid.ours");
}

async fn a_session_that_was_over_when_it_was_told_starts_and_expires(setup: Setup) {
    let (_program, api) = running(&setup).await;
    let any = of_session(&api, "any").await;
    let source = source(&api).await;
    let began = now() - TimeDelta::hours(24) - TimeDelta::minutes(1);
    let body = delivered("wamid.ours", began);
    assert_eq!(post(&api, &source, SECRET, body.as_bytes()).await.status, 200);
    let no = json!("inactive");
    let expected = [
        ("message.delivered", no.clone()),
        ("session.expired", no.clone()),
        ("session.started", no.clone()),
    ];
    assert_eq!(told(&any.wait_for(3, SOON).await), pairs(&expected));
    // What she writes now is in no session, and tells no end again.
    let body = received("wamid.late", now(), None);
    assert_eq!(post(&api, &source, SECRET, body.as_bytes()).await.status, 200);
    let late = any.wait_for(5, SOON).await;
    let late = pairs_of_two(&late[3..]);
    assert_eq!(late, [("contact.created".to_owned(), true), ("message.received".to_owned(), true)]);
}

/// Types, and whether there is no session.
fn pairs_of_two(requests: &[Received]) -> Vec<(String, bool)> {
    told(requests).into_iter().map(|(name, state)| (name, state.is_null())).collect()
}
