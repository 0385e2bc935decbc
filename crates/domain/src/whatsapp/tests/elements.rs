//! Messages, statuses and echoes: what is missing, absurd or of the wrong type.

use super::*;

#[test]
fn what_lacks_something_is_kept_under_its_field() {
    for (element, subject) in [
        ("7", None),
        ("null", None),
        ("[]", None),
        (r#""wamid.A""#, None),
        ("{}", None),
        (r#"{"from":"91","type":"text","timestamp":"1789632001"}"#, Some("91")),
        (r#"{"id":"","from":"91","type":"text","timestamp":"1789632001"}"#, Some("91")),
        (r#"{"id":"a\u0000","from":"91","type":"text"}"#, Some("91")),
        (r#"{"id":"wamid.A","type":"text","timestamp":"1789632001"}"#, None),
        (r#"{"id":"wamid.A","from":"91","timestamp":"1789632001"}"#, Some("91")),
        (r#"{"id":"wamid.A","from":"91","type":7,"timestamp":"1789632001"}"#, Some("91")),
    ] {
        let update = only(&messages(&format!(r#""messages":[ {element} ]"#)));
        assert_eq!(update.event_type.as_str(), "whatsapp.messages", "{element}");
        assert_eq!(update.subject.as_deref(), subject, "{element}");
        assert_eq!(update.fact, Fact::Other);
        let value = format!(
            r#""value":{{"messaging_product":"whatsapp",{NUMBER},"messages":[{element}]}}}}"#
        );
        assert!(text(&update).ends_with(&value), "{}", text(&update));
    }
    let without_number = r#"{"messages":[{"id":"wamid.A","from":"91","type":"text"}]}"#;
    let update = only(&of_field("messages", without_number));
    assert_eq!(update.event_type.as_str(), "whatsapp.messages");
    assert_eq!(&*update.external_id, "wamid.A");
}

#[test]
fn one_that_is_odd_does_not_change_the_others() {
    let list = r#""messages":[{"id":"wamid.A","type":"text","from":"91"},3]"#;
    let statuses =
        r#""statuses":[{"id":"wamid.B","status":"warned"},{"id":"wamid.B","status":"read"}]"#;
    let Notification { updates, refused } = read(&messages(&format!("{list},{statuses}")));
    let types: Vec<_> = updates.iter().map(|update| update.event_type.as_str()).collect();
    assert_eq!(refused, []);
    assert_eq!(
        types,
        ["message.received", "whatsapp.messages", "whatsapp.messages", "message.read"]
    );
    assert_eq!(data(&updates[2])["value"]["statuses"][0]["status"], "warned");
    assert_eq!(data(&updates[2])["value"]["messages"], Value::Null);
}

#[test]
fn integers_are_taken_for_strings() {
    let update = only(&of_field(
        "messages",
        r#"{"metadata":{"display_phone_number":919820011223,"phone_number_id":208845331907714},
                "contacts":[{"wa_id":919876543210,"profile":{"name":"P"}}],
                "messages":[{"id":12345678901234567890,"from":919876543210,"timestamp":1789632001,"type":"text",
                  "context":{"from":919820011223,"id":55}}]}"#,
    ));
    assert_eq!(update.event_type.as_str(), "message.received");
    assert_eq!(&*update.external_id, "12345678901234567890");
    assert_eq!(update.occurred_at, DateTime::from_timestamp(1_789_632_001, 0));
    let data = data(&update);
    for (member, value) in [
        ("phone_number_id", "208845331907714"),
        ("display_phone_number", "919820011223"),
        ("message_id", "12345678901234567890"),
        ("timestamp", "1789632001"),
    ] {
        assert_eq!(data[member], value);
    }
    assert_eq!(data["contact"], json!({ "wa_id": "919876543210", "name": "P" }));
    assert!(text(&update).contains(r#""message":{"id":12345678901234567890,"#));
    assert!(text(&update).contains(r#""value_rest":{"metadata":{"display_phone_number":9198"#));
    let Fact::Received { replies_to_ours, .. } = update.fact else { panic!() };
    assert_eq!(replies_to_ours.as_deref(), Some("55"));
}

#[test]
fn times_are_believed_within_reason() {
    let now = received_at().timestamp();
    let is = |written: &str| {
        let update =
            only(&status(&format!(r#""id":"wamid.A","status":"read","timestamp":{written}"#)));
        assert!(text(&update).contains(&format!(r#""timestamp":{written}}}"#)));
        let Fact::Status { at, .. } = update.fact else { panic!() };
        assert_eq!(at, update.occurred_at.unwrap_or(received_at()));
        let timestamp = data(&update)["timestamp"].as_str().unwrap().to_owned();
        (update.occurred_at.map(|at| at.timestamp()), timestamp)
    };
    let ahead = now + time::AHEAD_SECONDS_MAX;
    for (seconds, believed) in [
        (now, true),
        (ahead, true),
        (ahead + 1, false),
        (time::SECONDS_MIN, true),
        (time::SECONDS_MIN - 1, false),
        (0, false),
        (now * 1000, false),
        (i64::MAX, false),
    ] {
        let text = seconds.to_string();
        for written in [text.clone(), format!(r#""{text}""#)] {
            assert_eq!(is(&written), (believed.then_some(seconds), text.clone()), "{written}");
        }
    }
    let ours = now.to_string();
    for written in [
        "-5",
        r#""-5""#,
        r#""+5""#,
        "1789632001.0",
        r#""2026-09-17""#,
        r#""""#,
        "null",
        "[1]",
        "123456789012345678901",
    ] {
        assert_eq!(is(written), (None, ours.clone()), "{written}");
    }
    let update = only(&status(r#""id":"wamid.A","status":"read""#));
    assert_eq!((update.occurred_at, &data(&update)["timestamp"]), (None, &json!(ours)));
}

#[test]
fn the_ends_of_time_panic_nowhere() {
    let body = status(r#""id":"wamid.A","status":"read","timestamp":"1789632001""#);
    for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert_eq!(parse(body.as_bytes(), at).unwrap().updates.len(), 1);
        assert_eq!(parse(of_field("a", "1").as_bytes(), at).unwrap().updates.len(), 1);
    }
}

#[test]
fn a_reply_quotes_a_message_of_the_business() {
    let ours = r#""from":"919820011223","id":"wamid.Q""#;
    for (kind, context, expected) in [
        ("text", ours, true),
        ("text", r#""from":"+91 (98200) 11223","id":"wamid.Q""#, true),
        ("text", r#""from":"919876543210","id":"wamid.Q""#, false),
        ("text", r#""from":"","id":"wamid.Q""#, false),
        ("text", r#""from":"none","id":"wamid.Q""#, false),
        ("text", r#""id":"wamid.Q""#, false),
        ("text", r#""from":"919820011223""#, false),
        ("text", r#""forwarded":true"#, false),
        ("button", r#""id":"wamid.Q""#, true),
        ("interactive", r#""id":"wamid.Q""#, true),
        ("button", r#""from_user_id":"IN.1","id":"wamid.Q""#, false),
        ("button", r#""from":"919876543210","id":"wamid.Q""#, false),
        ("reaction", ours, true),
    ] {
        let update = only(&messages(&format!(
            r#""messages":[{{"id":"wamid.A","type":"{kind}","from":"91","context":{{{context}}}}}]"#
        )));
        let Fact::Received { replies_to_ours, .. } = update.fact else { panic!("{kind}") };
        let expected = expected.then_some("wamid.Q");
        assert_eq!(replies_to_ours.as_deref(), expected, "{kind} {context}");
    }
    for context in ["null", "[]", r#""wamid.Q""#] {
        let update = only(&message(&format!(r#","context":{context}"#)));
        assert!(matches!(update.fact, Fact::Received { replies_to_ours: None, .. }));
    }
}

#[test]
fn a_status_is_told_apart_by_message_word_and_participant() {
    let of = |more: &str| only(&status(&format!(r#""id":"wamid.A",{more}"#)));
    for (members, key, contact, group) in [
        (r#""status":"sent","recipient_id":"91""#, "wamid.A:sent", Some("91"), None),
        (r#""status":"read","recipient_user_id":"IN.1""#, "wamid.A:read", Some("IN.1"), None),
        (r#""status":"read""#, "wamid.A:read", None, None),
        (
            r#""status":"read","recipient_type":"group","recipient_id":"G""#,
            "wamid.A:read",
            None,
            Some("G"),
        ),
        (
            r#""status":"read","recipient_type":"group","recipient_id":"G","recipient_participant_id":"92""#,
            "wamid.A:read:92",
            Some("92"),
            Some("G"),
        ),
        (
            r#""status":"read","recipient_id":"G","recipient_participant_user_id":"IN.2""#,
            "wamid.A:read:IN.2",
            Some("IN.2"),
            Some("G"),
        ),
    ] {
        let update = of(members);
        assert_eq!(&*update.external_id, key);
        assert_eq!(update.subject.as_deref(), contact, "{members}");
        assert_eq!(data(&update)["contact"].is_null(), contact.is_none());
        let Fact::Status { group_id, .. } = update.fact else { panic!() };
        assert_eq!(group_id.as_deref(), group, "{members}");
    }
    let unknown = of(r#""status":"deleted","recipient_id":"91""#);
    assert_eq!(unknown.event_type.as_str(), "whatsapp.messages");
    assert_eq!(unknown.subject.as_deref(), Some("91"));
    assert!(unknown.external_id.starts_with("status:"));
    assert_ne!(unknown.external_id, of(r#""status":"warning""#).external_id);
}

#[test]
fn what_the_business_sent_with_the_app() {
    let of = |kind: &str| {
        only(&of_field(
            "smb_message_echoes",
            &format!(
                r#"{{{NUMBER},"message_echoes":[{{"id":"wamid.A","to_user_id":"IN.1","type":"{kind}"}}]}}"#
            ),
        ))
    };
    for (kind, event_type) in [
        ("template", "message.template_sent"),
        ("text", "message.session_sent"),
        ("image", "message.session_sent"),
        ("edit", "whatsapp.smb_message_echoes"),
        ("revoke", "whatsapp.smb_message_echoes"),
    ] {
        let update = of(kind);
        assert_eq!(update.event_type.as_str(), event_type);
        assert_eq!(&*update.external_id, "wamid.A:echo");
        assert_eq!(update.subject.as_deref(), Some("IN.1"));
        let sent = matches!(update.fact, Fact::Sent { .. });
        assert_eq!(sent, event_type.starts_with("message."));
    }
}
