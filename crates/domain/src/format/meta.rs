//! The `meta` format: Meta's envelope around one update, put together again from an event's data.
//!
//! What Meta wrote is copied as it stands: numbers, order of members, escapes; white space between tokens
//! is left out, as Meta leaves it out. Then everything that is not ASCII is escaped, in lower case and with
//! surrogate pairs, and those bytes are what is signed. So a receiver that hashes the bytes it got accepts
//! them, and so does one that escapes first, because there is nothing left to escape.
//!
//! `/`, `<`, `%` and `@` stay as they came, though an older text of Meta's has them escaped too. In what
//! Meta sent they already are as Meta wants them, and those bytes are kept; a receiver that escapes them in
//! the bytes it got fails on Meta's own (`\/` becomes `\\/`), so there is none.

use std::fmt::Write;

use super::json::{Json, Object, compact, write_text};
use crate::event::Event;

/// Where an update stands in `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form<'a> {
    /// In a list beside the number and the contacts; in the event's data as `member`.
    Listed { field: &'static str, list: &'static str, member: &'static str },
    /// It is the value, about a template, an account or a number.
    Managed { field: &'static str },
    /// It is the value, of a field that has no type of its own.
    Whole { field: &'a str },
}

impl<'a> Form<'a> {
    /// The form of events of that type. Only what comes from Meta has one. What the business sent is
    /// told as an echo, the one way in which Meta tells such a thing, wherever the event came from.
    pub(super) fn of(event_type: &'a str) -> Option<Self> {
        let listed = |field, list, member| Some(Self::Listed { field, list, member });
        let field = match event_type {
            "message.received" | "message.edited" | "message.revoked" => {
                return listed("messages", "messages", "message");
            }
            "message.sent" | "message.delivered" | "message.read" | "message.played"
            | "message.failed" => return listed("messages", "statuses", "status"),
            "message.template_sent" | "message.session_sent" => {
                return listed("smb_message_echoes", "message_echoes", "message");
            }
            "template.status_updated" => "message_template_status_update",
            "template.quality_updated" => "message_template_quality_update",
            "template.category_updated" => "template_category_update",
            "template.components_updated" => "message_template_components_update",
            "account.updated" => "account_update",
            "account.review_updated" => "account_review_update",
            "account.alert" => "account_alerts",
            "phone_number.quality_updated" => "phone_number_quality_update",
            "phone_number.name_updated" => "phone_number_name_update",
            "business.capability_updated" => "business_capability_update",
            "security.updated" => "security",
            "flow.updated" => "flows",
            other => {
                let field = other.strip_prefix("whatsapp.")?;
                return (!field.contains('.')).then_some(Self::Whole { field });
            }
        };
        Some(Self::Managed { field })
    }
}

/// Writes the envelope. `data` may hold, beside what the catalogue says, how things were written that it
/// says in its own way or not at all: `field`, `entry_time`, and the members that had no place of their own,
/// level by level, in `value_rest`, `change_rest`, `entry_rest` and `notification_rest`.
pub(super) fn render(form: Form<'_>, event: &Event) -> Vec<u8> {
    let data = Json::read(&event.data).members();
    let rest = |name| data.get(name).members();
    let (notification, entry, change) =
        (rest("notification_rest"), rest("entry_rest"), rest("change_rest"));
    let mut out = String::with_capacity(event.data.len() + 256);
    let object = notification.get("object").or(Json::read(b"\"whatsapp_business_account\""));
    out.extend([r#"{"object":"#, object.as_str(), r#","entry":[{"id":"#]);
    write_string(&mut out, as_written(entry.get("id"), data.get("waba_id")));
    write_time(&mut out, form, &data, &entry);
    out.push_str(r#","changes":[{"value":"#);
    match form {
        Form::Listed { list, member, .. } => write_value(&mut out, &data, list, member),
        Form::Managed { .. } | Form::Whole { .. } => {
            out.push_str(data.get("value").or(Json::EMPTY).as_str());
        }
    }
    out.push_str(r#","field":"#);
    write_field(&mut out, form, data.get("field"), change.get("field"));
    write_rest(&mut out, &change, &["value", "field"]);
    out.push_str("}]");
    write_rest(&mut out, &entry, &["id", "time", "changes"]);
    out.push_str("}]");
    write_rest(&mut out, &notification, &["object", "entry"]);
    out.push('}');
    escaped(&out)
}

/// The time of the entry. Meta writes one around what is about templates, accounts and numbers, and there
/// an event's `timestamp` is that time.
fn write_time(out: &mut String, form: Form<'_>, data: &Object<'_>, entry: &Object<'_>) {
    let time = data.get("entry_time").or(entry.get("time"));
    let told = match form {
        Form::Managed { .. } => data.get("timestamp").text().and_then(|text| text.parse().ok()),
        Form::Listed { .. } | Form::Whole { .. } => None::<u64>,
    };
    if !time.is_null() {
        out.extend([r#","time":"#, time.as_str()]);
    } else if let Some(told) = told {
        write!(out, r#","time":{told}"#).expect("a String takes all");
    }
}

/// The name that the data has; `written` where that says nothing; else what the type tells.
fn write_field(out: &mut String, form: Form<'_>, own: Json<'_>, written: Json<'_>) {
    let told = match form {
        Form::Listed { field, .. } | Form::Managed { field } => field,
        Form::Whole { field } => field,
    };
    match (own.is_string(), own.text()) {
        (true, None) if !written.is_null() => out.push_str(written.as_str()),
        (true, _) => out.push_str(own.as_str()),
        (false, _) => write_text(out, told),
    }
}

fn write_value(out: &mut String, data: &Object<'_>, list: &str, member: &str) {
    let rest = data.get("value_rest").members();
    let product = rest.get("messaging_product").or(Json::read(b"\"whatsapp\""));
    out.extend([r#"{"messaging_product":"#, product.as_str(), r#","metadata":"#]);
    let (number, display) = (data.get("phone_number_id"), data.get("display_phone_number"));
    let metadata = rest.get("metadata");
    let same = metadata.members().get("phone_number_id").text() == number.text();
    if !metadata.is_null() && (same || number.is_null()) {
        out.push_str(metadata.as_str());
    } else {
        out.push('{');
        if !display.is_null() {
            out.push_str(r#""display_phone_number":"#);
            write_string(out, display);
            out.push(',');
        }
        out.push_str(r#""phone_number_id":"#);
        write_string(out, number);
        out.push('}');
    }
    let contacts = data.get("contacts").or(rest.get("contacts"));
    if !contacts.is_null() {
        out.extend([r#","contacts":"#, contacts.as_str()]);
    }
    let update = data.get(member);
    let update = if update.is_null() { "" } else { update.as_str() };
    out.extend([",\"", list, "\":[", update, "]"]);
    write_rest(out, &rest, &["messaging_product", "metadata", "contacts", list]);
    out.push('}');
}

fn write_rest(out: &mut String, rest: &Object<'_>, but: &[&str]) {
    for (name, value) in rest.without(but) {
        out.extend([",", name, ":", value.as_str()]);
    }
}

/// What is known, in the form in which it was written, where a rest has it: a number, say, where we have
/// the text of its digits. What says something else is an earlier member of the same name.
fn as_written<'a>(written: Json<'a>, known: Json<'a>) -> Json<'a> {
    if written.text() == known.text() { written } else { known.or(written) }
}

/// A value as it stands: an empty string where nothing is known, since Meta has always one.
fn write_string(out: &mut String, value: Json<'_>) {
    out.push_str(value.or(Json::read(b"\"\"")).as_str());
}

/// ASCII alone, without white space between tokens. Outside of strings JSON has nothing else, so no parsing
/// is needed. DEL is escaped with the rest, since receivers differ on whether it counts.
fn escaped(json: &str) -> Vec<u8> {
    let mut out = String::with_capacity(json.len() + json.len() / 8);
    for c in compact(json) {
        if c < '\u{7f}' {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("a String takes all");
            }
        }
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::test_updates::{FromMeta, from_meta, meta_fixtures};
    use crate::format::tests::event;
    use proptest::prelude::*;
    use serde_json::Value;

    fn rendered(event_type: &str, data: &str) -> String {
        let body = render(Form::of(event_type).unwrap(), &event(event_type, data));
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn what_came_in_goes_out() {
        let mut seen = 0;
        for (name, notification) in meta_fixtures() {
            for FromMeta { event_type, data, alone } in from_meta(&notification) {
                let body: Value = serde_json::from_str(&rendered(&event_type, &data)).unwrap();
                assert_eq!(body, alone, "{name}, {event_type}");
                seen += 1;
            }
        }
        assert!(seen > 65, "only {seen} updates were read");
    }

    #[test]
    fn kept_text_is_not_touched_but_for_what_is_not_ascii() {
        let message =
            r#"{ "b" : 1.50, "a":"\u00E9 é 🙏 \/ / < % @ \ud83d", "b":12345678901234567890}"#;
        let data = format!(
            r#"{{"value_rest":{{"é":1,"messages":2,"metadata":{{"x":"ü"}}}},"message":{message}}}"#
        );
        let kept = r#"{"b":1.50,"a":"\u00E9 \u00e9 \ud83d\ude4f \/ / < % @ \ud83d","b":12345678901234567890}"#;
        let expected = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"x":"\u00fc"}},"messages":[{kept}],"\u00e9":1}},"field":"messages"}}]}}]}}"#
        );
        assert_eq!(rendered("message.received", &data), expected);
    }

    #[test]
    fn escapes_are_lower_case_with_surrogate_pairs() {
        let check = |text: &str, expected: &str| {
            assert_eq!(String::from_utf8(escaped(text)).unwrap(), expected);
        };
        check("äöå", r"\u00e4\u00f6\u00e5");
        check("नमस्ते", r"\u0928\u092e\u0938\u094d\u0924\u0947");
        check("👋🏽", r"\ud83d\udc4b\ud83c\udffd");
        check("\u{ffff}\u{10000}\u{10ffff}", r"\uffff\ud800\udc00\udbff\udfff");
        check("~\u{7f}\u{80}", r"~\u007f\u0080");
        check("/<%@&'\\/", "/<%@&'\\/");
    }

    #[test]
    fn what_has_no_place_of_its_own_is_where_it_was() {
        let data = r#"{"waba_id":"117","phone_number_id":"2","message":{},"entry_time":5,"value_rest":{"metadata":{"phone_number_id":2},"errors":[1],"contacts":0},"change_rest":{"c":3,"field":"no"},"entry_rest":{"id":117,"time":"6","uid":2},"notification_rest":{"v":1,"object":"x"}}"#;
        assert_eq!(
            rendered("message.received", data),
            r#"{"object":"x","entry":[{"id":117,"time":5,"changes":[{"value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":2},"contacts":0,"messages":[{}],"errors":[1]},"field":"messages","c":3}],"uid":2}],"v":1}"#
        );
        let earlier = r#"{"waba_id":"117","phone_number_id":"2","message":{},"value_rest":{"metadata":{"phone_number_id":3}},"entry_rest":{"id":118}}"#;
        assert_eq!(
            rendered("message.received", earlier),
            r#"{"object":"whatsapp_business_account","entry":[{"id":"117","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"2"},"messages":[{}]},"field":"messages"}]}]}"#
        );
        let unnamed = r#"{"field":"","value":null,"change_rest":{"field":7}}"#;
        assert!(rendered("whatsapp.x_unnamed", unnamed).ends_with(r#""value":{},"field":7}]}]}"#));
    }

    #[test]
    fn the_field_and_the_time_are_what_the_data_says() {
        let body =
            rendered("whatsapp.calls", r#"{"waba_id":7,"entry_time":1789632200,"value":[1]}"#);
        assert_eq!(
            body,
            r#"{"object":"whatsapp_business_account","entry":[{"id":7,"time":1789632200,"changes":[{"value":[1],"field":"calls"}]}]}"#
        );
        for (timestamp, time) in [
            (r#""1789632200""#, r#","time":1789632200"#),
            ("1789632200", r#","time":1789632200"#),
            (r#""007""#, r#","time":7"#),
            (r#""soon""#, ""),
            ("-1", ""),
        ] {
            let body = rendered("account.alert", &format!(r#"{{"timestamp":{timestamp}}}"#));
            assert!(body.contains(&format!(r#"{{"id":""{time},"changes""#)), "{body}");
        }
        let body = rendered("message.session_sent", r#"{"field":"hist\u006fry","message":{}}"#);
        assert!(body.contains(r#""message_echoes":[{}]"#), "{body}");
        assert!(body.ends_with(r#""field":"hist\u006fry"}]}]}"#), "{body}");
    }

    proptest! {
        #[test]
        fn a_receiver_that_escapes_first_hashes_the_same(text in "\\PC{0,40}") {
            let data = serde_json::json!({ "message": { "text": { "body": text } } }).to_string();
            let body = rendered("message.received", &data);
            prop_assert!(body.is_ascii());
            let parsed: Value = serde_json::from_str(&body).unwrap();
            let message = &parsed["entry"][0]["changes"][0]["value"]["messages"][0];
            prop_assert_eq!(message["text"]["body"].as_str(), Some(text.as_str()));
            prop_assert_eq!(escaped(&body), body.into_bytes());
        }
    }
}
