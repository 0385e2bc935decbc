use super::*;
use crate::catalogue;
use crate::id::SessionId;
use crate::session::Session;
use chrono::{TimeDelta, TimeZone};
use serde_json::{Value, json};

fn sample(name: &str) -> &'static str {
    catalogue::find(name).unwrap().sample
}

fn name(text: &str) -> EventTypeName {
    EventTypeName::parse(text).unwrap()
}

fn statement(event_type: &str, data: &str) -> Option<Statement> {
    Statement::of_event(&name(event_type), data.as_bytes())
}

/// The data as JSON, once it is known to fit its schema.
fn checked(event: DerivedEvent, data: &[u8]) -> Value {
    let data = serde_json::from_slice(data).unwrap();
    let known = catalogue::find(event.as_str()).unwrap();
    let schema = serde_json::from_str(known.schema).unwrap();
    assert_eq!(catalogue::tests::fits(&schema, &data), Ok(()));
    data
}

#[test]
fn each_has_its_place_in_the_catalogue() {
    for event in DerivedEvent::ALL {
        assert!(catalogue::find(event.as_str()).is_some());
        assert_eq!(event.event_type().as_str(), event.as_str());
        assert!(!event.event_type().is_operational());
    }
}

#[test]
fn every_sample_says_what_it_is() {
    for (event_type, kind) in [
        ("message.received", Kind::Received),
        ("message.delivered", Kind::Delivered),
        ("message.read", Kind::Read),
        ("message.played", Kind::Played),
        ("message.sent", Kind::Aside),
        ("message.template_sent", Kind::Aside),
        ("message.session_sent", Kind::Aside),
        ("message.failed", Kind::Aside),
        ("message.edited", Kind::Aside),
        ("message.revoked", Kind::Aside),
    ] {
        let data: Value = serde_json::from_str(sample(event_type)).unwrap();
        let said = statement(event_type, sample(event_type)).unwrap();
        assert_eq!(said.kind, kind, "{event_type}");
        assert_eq!(said.message_id.as_ref(), data["message_id"]);
        assert_eq!(said.at.timestamp().to_string(), data["timestamp"]);
        assert_eq!(said.names.wa_id().unwrap().as_ref(), data["contact"]["wa_id"]);
        assert_eq!(said.about.subject().unwrap().as_ref(), data["contact"]["wa_id"]);
        assert!(!said.is_reply, "{event_type}");
    }
    assert_eq!(statement("contact.created", sample("contact.created")), None);
    assert_eq!(statement("message.received", sample("account.updated")), None);
    assert!(statement("message.received", sample("message.replied")).unwrap().is_reply);
}

/// The sample of a message, changed in one place.
fn changed(event_type: &str, pointer: &str, value: Value) -> Option<Statement> {
    let mut data: Value = serde_json::from_str(sample("message.replied")).unwrap();
    data["status"] = json!({});
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    data.pointer_mut(parent).unwrap()[member] = value;
    statement(event_type, &data.to_string())
}

#[test]
fn what_a_message_answers() {
    let is_reply = |value| changed("message.received", "/message/context", value).unwrap().is_reply;
    assert!(is_reply(json!({"id": "wamid.1", "from": "919820011223"})));
    assert!(is_reply(json!({"id": "wamid.1", "from": "+91 98200-11223"})));
    assert!(is_reply(json!({"id": "wamid.1"})));
    assert!(!is_reply(json!({"id": "wamid.1", "from": "919876543210"})), "their own message");
    assert!(!is_reply(json!({"id": "wamid.1", "from_user_id": "IN.1"})), "theirs, too");
    assert!(!is_reply(json!({"forwarded": true})));
    assert!(!is_reply(Value::Null));
    let edited = changed("message.edited", "/message/context", json!({"id": "wamid.1"}));
    assert!(!edited.unwrap().is_reply);
}

#[test]
fn what_is_of_another_kind_than_it_should_be_is_no_reason_to_forget_a_message() {
    for (pointer, value, is_reply) in [
        ("/message/context", json!({"id": 7, "from": 919_820_011_223_u64}), true),
        ("/message/context", json!("wamid.1"), false),
        ("/message/context", json!([1]), false),
        ("/message/type", json!(5), true),
        ("/message", json!("text"), false),
        ("/status", json!([]), true),
    ] {
        let said = changed("message.received", pointer, value).unwrap();
        assert_eq!((said.kind, said.is_reply), (Kind::Received, is_reply), "{pointer}");
    }
    let replied = sample("message.replied");
    let about = statement("message.received", replied).unwrap().about;
    assert_eq!(About::of_data(replied.as_bytes()), Some(about));
    assert_eq!(About::of_data(b"{}"), None);
}

#[test]
fn groups_and_what_is_half_filled_belong_to_no_session() {
    let received = |pointer, value| changed("message.received", pointer, value);
    assert_eq!(received("/message/group_id", json!("120363")), None);
    assert_eq!(changed("message.delivered", "/status/recipient_type", json!("group")), None);
    assert_eq!(received("/contact", json!({"name": "Priya"})), None);
    assert_eq!(received("/timestamp", json!("soon")), None);
    assert_eq!(received("/timestamp", json!("99999999999999999")), None);
    assert_eq!(received("/phone_number_id", json!("")), None);
    let longest = "1".repeat(PHONE_NUMBER_ID_BYTES_MAX);
    assert!(received("/phone_number_id", json!(longest)).is_some());
    assert_eq!(received("/phone_number_id", json!(format!("{longest}1"))), None);
    let longest = "1".repeat(MESSAGE_ID_BYTES_MAX);
    assert!(received("/message_id", json!(longest)).is_some());
    assert_eq!(received("/message_id", json!(format!("{longest}1"))), None);
    for place in ["/phone_number_id", "/message_id"] {
        assert_eq!(received(place, json!("1\u{0}")), None, "{place}");
    }
    assert_eq!(received("/message/type", json!("system")).unwrap().kind, Kind::Aside);
    let person = received("/contact", json!({"user_id": "IN.1"})).unwrap();
    assert_eq!((person.names.wa_id(), person.about.subject().unwrap().as_ref()), (None, "IN.1"));
    for text in ["", "null", "[]", "{}", "{\"phone_number_id\":1}"] {
        assert_eq!(statement("message.received", text), None);
    }
}

/// With what a session begins where its contact's name is that long, and of that much else.
fn about(name_bytes: usize, waba_id: &str) -> Value {
    let mut data: Value = serde_json::from_str(sample("message.delivered")).unwrap();
    data["contact"] = json!({"wa_id": "49", "user_id": "\"", "name": "n".repeat(name_bytes)});
    data["waba_id"] = waba_id.into();
    let about = About::of_data(data.to_string().as_bytes()).unwrap();
    assert!(about.as_str().len() <= ABOUT_BYTES_MAX && about.subject().is_some());
    serde_json::from_str(about.as_str()).unwrap()
}

#[test]
fn what_a_session_begins_with_at_its_limit() {
    let room = ABOUT_BYTES_MAX - about(0, "1").to_string().len();
    assert_eq!(about(room, "1")["contact"]["name"], "n".repeat(room));
    let bare = json!({"wa_id": "49", "user_id": "\""});
    let over = about(room + 1, "1");
    assert_eq!((&over["contact"], &over["waba_id"]), (&bare, &json!("1")));
    let over = about(1, &"1".repeat(ABOUT_BYTES_MAX));
    assert_eq!((&over["contact"], over.get("waba_id")), (&bare, None));
    let number = about(0, "1")["phone_number_id"].clone();
    assert_eq!(over["phone_number_id"], number);
}

#[test]
fn data_of_sessions_is_as_in_the_samples() {
    let began = Utc.with_ymd_and_hms(2026, 9, 17, 8, 0, 0).unwrap();
    let active = began + TimeDelta::seconds(200);
    let id = SessionId::from_raw(7);
    let quiet = Session { id, started_at: began, activated_at: None };
    let busy = Session { activated_at: Some(active), ..quiet };
    let about = statement("message.received", sample("message.received")).unwrap().about;
    for told in [Told::Started(quiet), Told::Activated(busy, active), Told::Expired(busy)] {
        let event = DerivedEvent::of_told(&told);
        let expected: Value = serde_json::from_str(sample(event.as_str())).unwrap();
        let message = expected["message_id"].as_str().unwrap_or("wamid.of.nobody");
        let kept = About::from_stored(about.as_str());
        let data = session_data(&told, &kept, message).unwrap();
        assert_eq!(checked(event, &data), expected);
    }
    let ended = session_data(&Told::Expired(quiet), &about, "").unwrap();
    assert_eq!(checked(DerivedEvent::SessionExpired, &ended)["state"], "inactive");
    assert_eq!(session_data(&Told::Expired(quiet), &About::from_stored("{"), ""), None);
}

#[test]
fn data_of_a_new_contact_is_as_in_the_sample() {
    let data = contact_created_data(sample("message.received").as_bytes()).unwrap();
    let expected: Value = serde_json::from_str(sample("contact.created")).unwrap();
    assert_eq!(checked(DerivedEvent::ContactCreated, &data), expected);
    assert_eq!(contact_created_data(b"{}"), None);
}
