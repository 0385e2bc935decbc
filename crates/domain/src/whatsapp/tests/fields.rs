//! Changes that are one update as a whole.

use super::*;

#[test]
fn a_value_of_any_kind_is_kept() {
    for field in ["messages", "flows", "calls", "smb_message_echoes"] {
        for value in ["null", "1.50", "[]", r#""a""#, r#"{"messages":{}}"#, "{}"] {
            let update = only(&of_field(field, value));
            assert_eq!(data(&update)["field"], field);
            assert!(text(&update).ends_with(&format!(r#""value":{value}}}"#)));
            let typed = field == "flows" && value.starts_with('{');
            let expected = if typed { "flow.updated".into() } else { format!("whatsapp.{field}") };
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
