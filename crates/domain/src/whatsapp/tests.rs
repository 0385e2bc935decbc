//! Cases that no fixture has: what is missing, doubled, absurd, of the wrong type or too much.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::fixtures::received_at;
use super::*;

const NUMBER: &str =
    r#""metadata":{"display_phone_number":"+91 98200-11223","phone_number_id":"208"}"#;

fn whole(entries: &str) -> String {
    format!(r#"{{"object":"whatsapp_business_account","entry":{entries}}}"#)
}

fn of_field(field: &str, value: &str) -> String {
    whole(&format!(r#"[{{"id":"117","changes":[{{"value":{value},"field":"{field}"}}]}}]"#))
}

fn messages(more: &str) -> String {
    of_field("messages", &format!(r#"{{"messaging_product":"whatsapp",{NUMBER},{more}}}"#))
}

fn read(body: &str) -> Notification {
    parse(body.as_bytes(), received_at()).unwrap()
}

/// The only update of a body.
fn only(body: &str) -> Update {
    let Notification { updates, refused } = read(body);
    assert_eq!(refused, [], "{body}");
    assert_eq!(updates.len(), 1, "{body}");
    updates.into_iter().next().unwrap()
}

fn data(update: &Update) -> Value {
    serde_json::from_slice(&update.data).unwrap()
}

fn text(update: &Update) -> &str {
    std::str::from_utf8(&update.data).unwrap()
}

/// A text message with `more` members.
fn message(more: &str) -> String {
    messages(&format!(
        r#""messages":[{{"id":"wamid.A","type":"text","from":"91","timestamp":"1789632001"{more}}}]"#
    ))
}

fn status(members: &str) -> String {
    messages(&format!(r#""statuses":[{{{members}}}]"#))
}

mod documents {
    use super::*;

    fn check(body: &[u8], expected: Malformed, pointer: &str) {
        let wrong = parse(body, received_at()).unwrap_err();
        assert_eq!(wrong, expected);
        assert_eq!(wrong.pointer(), pointer);
    }

    #[test]
    fn what_is_no_notification_is_malformed_as_a_whole() {
        check(b"", Malformed::NotJson { line: 1, column: 0 }, "");
        check(b"{}x", Malformed::NotJson { line: 1, column: 3 }, "");
        check(b"{\"a\":\xff}", Malformed::NotUtf8 { offset: 5 }, "");
        check(b"\xef\xbb\xbf{}", Malformed::NotJson { line: 1, column: 1 }, "");
        for (body, found) in [
            ("[]", Kind::Array),
            ("null", Kind::Null),
            (" 1 ", Kind::Number),
            ("\"a\"", Kind::Text),
            ("false", Kind::Boolean),
        ] {
            check(body.as_bytes(), Malformed::NotAnObject { found }, "");
        }
        for body in [
            "{}",
            r#"{"entry":[]}"#,
            r#"{"object":"page","entry":[]}"#,
            r#"{"object":["whatsapp_business_account"],"entry":[]}"#,
        ] {
            check(body.as_bytes(), Malformed::OtherProduct, "/object");
        }
        let body = r#"{"object":"whatsapp_business_account"}"#;
        check(body.as_bytes(), Malformed::NoEntries { found: Kind::Missing }, "/entry");
        let found = Kind::Object;
        check(whole("{}").as_bytes(), Malformed::NoEntries { found }, "/entry");
    }

    #[test]
    fn the_largest_body() {
        let body = whole("[]");
        let padded = |bytes: usize| body.clone() + &" ".repeat(bytes - body.len());
        assert_eq!(read(&padded(BODY_BYTES_MAX)), Notification::default());
        check(padded(BODY_BYTES_MAX + 1).as_bytes(), Malformed::TooLarge, "");
    }

    #[test]
    fn one_update_may_be_as_large_as_a_notification() {
        let empty = message(r#","text":{"body":""}"#);
        let long = "x".repeat(BODY_BYTES_MAX - empty.len());
        let update = only(&message(&format!(r#","text":{{"body":"{long}"}}"#)));
        assert!(update.data.len() > long.len() && update.data.len() <= UPDATE_DATA_BYTES_MAX);
    }

    #[test]
    fn the_most_updates() {
        let many = |one: &str, count: usize| vec![one; count].join(",");
        let too_many = |body: String| check(body.as_bytes(), Malformed::TooManyUpdates, "/entry");
        let of = |body: String| read(&body).updates.len() + read(&body).refused.len();
        for one in ["0", r#"{"id":"1","changes":[{"field":"calls","value":{}}]}"#] {
            assert_eq!(of(whole(&format!("[{}]", many(one, 1000)))), 1000);
            too_many(whole(&format!("[{}]", many(one, 1001))));
        }
        let changes = |count| whole(&format!(r#"[{{"changes":[{}]}}]"#, many("{}", count)));
        assert_eq!(of(changes(1000)), 1000);
        too_many(changes(1001));
        let elements = |messages, statuses| {
            let (messages, statuses) = (many("{}", messages), many("{}", statuses));
            self::messages(&format!(r#""messages":[{messages}],"statuses":[{statuses}]"#))
        };
        assert_eq!(of(elements(1000, 0)), 1000);
        assert_eq!(of(elements(999, 1)), 1000);
        too_many(elements(1001, 0));
        too_many(elements(999, 2));
        let two = whole(&format!(r#"[{},0]"#, r#"{"id":"1","changes":[{}]}"#));
        assert_eq!(of(two), 2);
    }

    #[test]
    fn what_is_bad_is_refused_by_itself() {
        let good =
            r#"{"id":"1","changes":[{"field":"calls","value":{}},7,{"field":"flows","value":{}}]}"#;
        let entries = format!(
            r#"[null,{good},{{"id":"2"}},{{"changes":{{}}}},{{"changes":[]}},{{"messaging":[]}}]"#
        );
        let Notification { updates, refused } = read(&whole(&entries));
        let types: Vec<_> = updates.iter().map(|update| update.event_type.as_str()).collect();
        assert_eq!(types, ["whatsapp.calls", "flow.updated"]);
        let refused: Vec<_> =
            refused.iter().map(|one| (one.pointer.as_str(), one.reason.as_str())).collect();
        assert_eq!(
            refused,
            [
                ("/entry/0", "it is null where an object with `id` and `changes` is expected"),
                (
                    "/entry/1/changes/1",
                    "it is a number where an object with `field` and `value` is expected"
                ),
                ("/entry/2", "`changes` is missing where an array of changes is expected"),
                (
                    "/entry/3/changes",
                    "`changes` is an object where an array of changes is expected"
                ),
                ("/entry/4/changes", "there is no change in it"),
                ("/entry/5", "`changes` is missing where an array of changes is expected"),
            ]
        );
    }

    #[test]
    fn a_depth_that_no_tree_can_have_is_carried() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let update = only(&of_field("deep", &deep));
        assert!(text(&update).contains(&deep));
    }
}

mod fields {
    use super::*;

    #[test]
    fn a_value_of_any_kind_is_kept() {
        for field in ["messages", "flows", "calls", "smb_message_echoes"] {
            for value in ["null", "1.50", "[]", r#""a""#, r#"{"messages":{}}"#, "{}"] {
                let update = only(&of_field(field, value));
                assert_eq!(data(&update)["field"], field);
                assert!(text(&update).ends_with(&format!(r#""value":{value}}}"#)));
                let typed = field == "flows" && value.starts_with('{');
                let expected =
                    if typed { "flow.updated".into() } else { format!("whatsapp.{field}") };
                assert_eq!(update.event_type.as_str(), expected, "{value}");
                assert_eq!(update.fact, Fact::Other);
            }
        }
    }

    #[test]
    fn a_change_without_a_field_or_a_value_is_kept() {
        for (change, event_type, field, value) in [
            (r#"{"value":{"a":1}}"#, "whatsapp.x_unnamed", "", json!({ "a": 1 })),
            (r#"{"field":7,"value":{}}"#, "whatsapp.x_unnamed", "", json!({})),
            (r#"{"field":"a B"}"#, "whatsapp.x_a_b", "a B", Value::Null),
            (r#"{"field":"messages"}"#, "whatsapp.messages", "messages", Value::Null),
            (r#"{}"#, "whatsapp.x_unnamed", "", Value::Null),
        ] {
            let update = only(&whole(&format!(r#"[{{"id":"1","changes":[{change}]}}]"#)));
            assert_eq!(update.event_type.as_str(), event_type);
            assert_eq!(data(&update)["field"], field);
            assert_eq!(data(&update)["value"], value);
        }
        let update = only(&whole(r#"[{"id":"1","changes":[{"field":7,"value":{}}]}]"#));
        assert_eq!(data(&update)["change_rest"], json!({ "field": 7 }));
    }

    #[test]
    fn an_account_is_named_by_its_entry() {
        let of = |entry: &str| {
            let change = r#""changes":[{"field":"account_update","value":{"event":"X"}}]"#;
            only(&whole(&format!("[{{{entry}{change}}}]")))
        };
        let update = of(r#""id":"0","time":1789632200,"#);
        assert_eq!(update.event_type.as_str(), "account.updated");
        assert_eq!(update.waba_id.as_deref(), Some("0"));
        assert_eq!(update.occurred_at, DateTime::from_timestamp(1_789_632_200, 0));
        assert_eq!(data(&update)["entry_rest"], Value::Null);
        let update = of(r#""id":117,"time":"1789632200","#);
        assert_eq!(data(&update)["waba_id"], "117");
        assert_eq!(data(&update)["timestamp"], "1789632200");
        assert_eq!(data(&update)["entry_rest"], json!({ "id": 117, "time": "1789632200" }));
        let update = of("");
        assert_eq!(update.event_type.as_str(), "whatsapp.account_update");
        assert_eq!((update.waba_id, update.occurred_at), (None, None));
    }

    #[test]
    fn the_only_contact_is_the_subject() {
        let one = r#""contacts":[{"wa_id":"91"}]"#;
        let two = r#""contacts":[{"wa_id":"91"},{"wa_id":"92"}]"#;
        for (contacts, subject) in [(one, Some("91")), (two, None)] {
            let update = only(&of_field("calls", &format!("{{{NUMBER},{contacts}}}")));
            assert_eq!(update.subject.as_deref(), subject);
            assert_eq!(update.phone_number_id.as_deref(), Some("208"));
        }
    }
}

mod elements {
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
}

mod contacts {
    use super::*;

    fn each(contacts: &str, from: &[&str]) -> Vec<Update> {
        let list: Vec<String> = from
            .iter()
            .enumerate()
            .map(|(index, from)| format!(r#"{{"id":"wamid.{index}","type":"text",{from}}}"#))
            .collect();
        let list = list.join(",");
        read(&messages(&format!(r#""contacts":{contacts},"messages":[{list}]"#))).updates
    }

    #[test]
    fn each_message_has_its_own() {
        let a = r#"{"wa_id":"91","profile":{"name":"A"}}"#;
        let b = r#"{ "wa_id":"92","user_id":"IN.2","parent_user_id":"P.2","profile":{"name":"B","username":"@b"} }"#;
        let c = r#"{"wa_id":"93"}"#;
        let updates = each(
            &format!("[{a},{b},{c}]"),
            &[r#""from":"92""#, r#""from":"91""#, r#""from_user_id":"IN.2""#, r#""from":"99""#],
        );
        let whom = |update: &Update| data(update)["contact"].clone();
        let named = json!({ "wa_id": "92", "user_id": "IN.2", "parent_user_id": "P.2", "name": "B", "username": "@b" });
        assert_eq!(whom(&updates[0]), named);
        assert_eq!(whom(&updates[1]), json!({ "wa_id": "91", "name": "A" }));
        assert_eq!(whom(&updates[2]), named);
        assert_eq!(whom(&updates[3]), json!({ "wa_id": "99" }));
        assert!(text(&updates[0]).contains(&format!(r#""contacts":[{b},{c}]"#)), "nobody's too");
        assert!(text(&updates[1]).contains(&format!(r#""contacts":[{a}]"#)));
        assert!(text(&updates[2]).contains(&format!(r#""contacts":[{b}]"#)));
        assert_eq!(data(&updates[3])["contacts"], Value::Null);
    }

    #[test]
    fn the_only_one_beside_the_only_message_is_its_own() {
        let mexican = r#"[{"wa_id":"5215512345678","profile":{"name":"A"}}]"#;
        let updates = each(mexican, &[r#""from":"525512345678""#]);
        assert_eq!(data(&updates[0])["contact"], json!({ "wa_id": "5215512345678", "name": "A" }));
        let updates = each(mexican, &[r#""from":"525512345678""#, r#""from":"1""#]);
        assert_eq!(data(&updates[0])["contact"], json!({ "wa_id": "525512345678" }));
        let updates = each(mexican, &["\"a\":1", "\"a\":2"]);
        assert_eq!(updates[1].subject.as_deref(), Some("5215512345678"), "who else");
        let other = r#"[{"user_id":"IN.1","profile":{"name":"A"}}]"#;
        let updates = each(other, &[r#""from":"91","from_user_id":"IN.2""#]);
        assert_eq!(data(&updates[0])["contact"], json!({ "wa_id": "91", "user_id": "IN.2" }));
    }

    #[test]
    fn ids_come_from_both_sides() {
        let updates = each(
            r#"[{"wa_id":"91","profile":{"name":"A"}}]"#,
            &[r#""from":"91","from_user_id":"IN.1","from_parent_user_id":"P.1""#],
        );
        let expected =
            json!({ "wa_id": "91", "user_id": "IN.1", "parent_user_id": "P.1", "name": "A" });
        assert_eq!(data(&updates[0])["contact"], expected);
    }

    #[test]
    fn a_list_that_is_none_is_kept_as_rest() {
        for contacts in ["null", "[]", "{}", r#"[1,{"wa_id":"91"}]"#, "7"] {
            let updates = each(contacts, &[r#""from":"91""#]);
            assert_eq!(updates[0].event_type.as_str(), "message.received");
            assert_eq!(data(&updates[0])["contacts"], Value::Null);
            let rest = format!(r#""value_rest":{{"contacts":{contacts}}}"#);
            assert!(text(&updates[0]).contains(&rest), "{contacts}");
        }
    }

    #[test]
    fn names_and_ids_that_are_none_are_left_where_they_are() {
        let of = |contact: &str| {
            let updates = each(&format!("[{contact}]"), &[r#""from":"91""#]);
            data(&updates[0])["contact"].clone()
        };
        let name = |name: &str| format!(r#"{{"wa_id":"91","profile":{{"name":{name}}}}}"#);
        let bare = json!({ "wa_id": "91" });
        for wrong in ["7", "null", r#""""#, r#""a\u0000""#] {
            assert_eq!(of(&name(wrong)), bare, "{wrong}");
        }
        let half = &each(&format!("[{}]", name(r#""\ud83d""#)), &[r#""from":"91""#])[0];
        assert!(text(half).contains(r#""contact":{"wa_id":"91"},"#), "half a character is none");
        let long = "n".repeat(NAME_BYTES_MAX);
        assert_eq!(of(&name(&format!(r#""{long}""#)))["name"], long);
        assert_eq!(of(&name(&format!(r#""{long}n""#))), bare);
        assert_eq!(of(r#"{"wa_id":"91","profile":[]}"#), bare);
        let id = "9".repeat(ID_BYTES_MAX);
        assert_eq!(of(&format!(r#"{{"wa_id":"{id}"}}"#))["wa_id"], id);
        assert_eq!(of(&format!(r#"{{"wa_id":"{id}9"}}"#)), bare);
    }
}

mod carried {
    use super::*;

    #[test]
    fn metas_own_objects_are_kept_byte_for_byte() {
        let inner = r#" "n" : 1689556908129832123456, "f":1.50e+03,"a":1,"a":2,"s":"\u20b9\/\ud83d\ude4f₹","e":"\ud83d" "#;
        let written = format!(r#"{{"id":"wamid.A","type":"text","from":"91",{inner}}}"#);
        let update = only(&messages(&format!(r#""messages":[ {written} ]"#)));
        assert_eq!(update.event_type.as_str(), "message.received");
        assert!(text(&update).ends_with(&format!(r#""message":{written}}}"#)));
        let value = format!("{{{inner}}}");
        let update = only(&of_field("flows", &value));
        assert!(text(&update).ends_with(&format!(r#""value":{value}}}"#)));
    }

    #[test]
    fn escaped_names_of_members_are_read() {
        let body = message("").replace(r#""messages":["#, r#""mess\u0061ges":["#);
        assert_eq!(only(&body).event_type.as_str(), "message.received");
        let body = message("").replace(r#""messages":["#, r#""\ud83d":1,"messages":["#);
        assert_eq!(data_rest(&only(&body)), r#"{"\ud83d":1}"#);
    }

    /// The rest of the value, as it is written.
    fn data_rest(update: &Update) -> String {
        let (_, rest) = text(update).split_once(r#""value_rest":"#).unwrap();
        rest.strip_suffix('}').unwrap().to_owned()
    }

    #[test]
    fn nothing_around_them_is_left_out() {
        let list = r#"[{"id":"wamid.A","type":"text","from":"91"}]"#;
        let body = format!(
            r#"{{"v":1,"object":"x","object":"whatsapp_business_account","entry":[
              {{"uid":2,"id":"117","time":1789632200,"changes":[
                {{"c":3,"field":"messages","value":{{"messaging_product":"other","messages":0,
                  "metadata":{{"phone_number_id":"208","more":4}},"errors":[{{"code":5}}],"statuses":[],
                  "messages":{list}}}}}]}}]}}"#
        );
        let update = only(&body);
        assert_eq!(update.event_type.as_str(), "message.received");
        let rest = text(&update).split_once(r#","value_rest":"#).unwrap().1;
        assert_eq!(
            rest,
            concat!(
                r#"{"messaging_product":"other","messages":0,"metadata":{"phone_number_id":"208","more":4},"#,
                r#""errors":[{"code":5}],"statuses":[]},"entry_time":1789632200,"#,
                r#""change_rest":{"c":3},"entry_rest":{"uid":2},"notification_rest":{"v":1,"object":"x"}}"#
            )
        );
    }

    #[test]
    fn what_is_long_goes_with_the_first_only() {
        let two = r#""messages":[{"id":"a","type":"text","from":"91"},{"id":"b","type":"text","from":"91"},7]"#;
        let has = |bytes: usize, more: &dyn Fn(&str) -> String| {
            let long = "x".repeat(bytes);
            let updates = read(&more(&long)).updates;
            let has: Vec<bool> =
                updates.iter().map(|update| text(update).contains(&long)).collect();
            <[bool; 3]>::try_from(has).unwrap()
        };
        let value = |long: &str| messages(&format!(r#""x":"{long}",{two}"#));
        let contact =
            |long: &str| messages(&format!(r#""contacts":[{{"wa_id":"91","x":"{long}"}}],{two}"#));
        let entry = |long: &str| {
            let changes = r#"{"field":"a","value":1}"#;
            whole(&format!(r#"[{{"x":"{long}","changes":[{changes},{changes},{changes}]}}]"#))
        };
        assert_eq!(has(SHARED_BYTES_MAX - 6, &value), [true; 3]);
        assert_eq!(has(SHARED_BYTES_MAX - 5, &value), [true, false, false]);
        assert_eq!(has(SHARED_BYTES_MAX - 6, &entry), [true; 3]);
        assert_eq!(has(SHARED_BYTES_MAX - 5, &entry), [true, false, false]);
        assert_eq!(has(SHARED_BYTES_MAX - 21, &contact), [true, true, false]);
        assert_eq!(has(SHARED_BYTES_MAX - 20, &contact), [true, false, false]);
    }

    /// A thousand updates cannot make much more of a notification than it was.
    #[test]
    fn data_are_not_many_times_what_came() {
        let element = r#"{"id":"a","type":"text","from":"91"}"#;
        let list = vec![element; UPDATES_MAX].join(",");
        let room = (BODY_BYTES_MAX - list.len() - 1000) / 3;
        let long = "x".repeat(room);
        let body = format!(
            r#"{{"object":"whatsapp_business_account","n":"{long}","entry":[{{"e":"{long}","changes":[
              {{"field":"messages","value":{{{NUMBER},"v":"{long}","messages":[{list}]}}}}]}}]}}"#
        );
        let updates = read(&body).updates;
        let bytes: usize = updates.iter().map(|update| update.data.len()).sum();
        assert_eq!(updates.len(), UPDATES_MAX);
        assert!(bytes < 2 * BODY_BYTES_MAX, "{bytes}");
    }
}
