//! The built-in event types: name, description, JSON Schema and sample of each. Schemas and samples
//! are the files beside this one.
//!
//! `data` of the WhatsApp types names the number and the contact, and keeps what Meta wrote whole, in
//! one member of its own: `message`, `status` or `value`. Not side by side with the rest, since a
//! message can have members of the same names (one of type `contacts` has `contacts`).

use std::sync::LazyLock;

use crate::event_type::{EventTypeName, NAME_BYTES_MAX};

/// A built-in event type.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// What it tells, in a sentence.
    pub description: &'static str,
    /// A JSON Schema (2020-12) of its data, as text.
    pub schema: &'static str,
    /// Sample data, as text.
    pub sample: &'static str,
}

macro_rules! built_in {
    ($($name:literal: $description:literal;)*) => {
        static BUILT_IN: LazyLock<Vec<BuiltIn>> = LazyLock::new(|| vec![$(BuiltIn {
            name: $name,
            description: $description,
            schema: compact(include_str!(concat!("catalogue/", $name, ".schema.json"))),
            sample: compact(include_str!(concat!("catalogue/", $name, ".sample.json"))),
        }),*]);
    };
}

built_in! {
    "message.received": "A contact has sent a message, of any type.";
    "contact.created": "A contact has written to this company for the first time.";
    "message.template_sent": "A template message was sent to a contact.";
    "message.session_sent": "A message other than a template was sent to a contact.";
    "message.sent": "WhatsApp has accepted a message and sent it on.";
    "message.delivered": "A message has reached the contact's device.";
    "message.read": "The contact has read a message.";
    "message.played": "The contact has played a voice message.";
    "message.replied": "A contact has answered one of the company's messages.";
    "message.failed": "A message could not be delivered; `status.errors` says why.";
    "message.edited": "A contact has changed a message.";
    "message.revoked": "A contact has taken a message back.";
    "template.status_updated": "A template was approved, rejected, paused, disabled or the like.";
    "template.quality_updated": "The quality score of a template has changed.";
    "template.category_updated": "The category of a template has changed, or is about to.";
    "template.components_updated": "The text, header, footer or buttons of a template have changed.";
    "account.updated": "Something about the WhatsApp Business account has changed: a restriction, a violation, a partner.";
    "account.review_updated": "The review of the WhatsApp Business account has come to a decision.";
    "account.alert": "WhatsApp warns about the account or one of its numbers.";
    "phone_number.quality_updated": "The quality or the messaging limit of a phone number has changed.";
    "phone_number.name_updated": "The review of a phone number's display name has come to a decision.";
    "business.capability_updated": "The limits of the business have changed.";
    "security.updated": "The two-step verification of a phone number was changed or asked to be.";
    "flow.updated": "A flow has changed its status, or its endpoint is in trouble.";
    "session.started": "A 24-hour session with a contact has begun.";
    "session.activated": "Both sides have written within a session.";
    "session.expired": "The 24 hours of a session are over.";
    "endpoint.warning": "An endpoint has failed many times in a row: the early warning. Picked by name only; cannot be posted.";
    "endpoint.defective": "An endpoint has failed so often that it was marked Defective. Picked by name only; cannot be posted.";
    "endpoint.recovered": "A Defective endpoint works again. Picked by name only; cannot be posted.";
    "delivery.exhausted": "A delivery has used up its tries, or was given up because of its age. Picked by name only; cannot be posted.";
    "whatsapp.messages": "Messages, statuses and errors of a kind that has no type of its own; any other field that has none comes as `whatsapp.<field>`, of the same shape.";
    "webhook.sample": "The sample callback, where no other type was chosen.";
}

/// The same JSON without the white space between its tokens. Made once and kept for ever.
fn compact(text: &str) -> &'static str {
    let (mut in_string, mut escaped) = (false, false);
    let mut compact = String::with_capacity(text.len());
    for c in text.chars() {
        if in_string || !c.is_ascii_whitespace() {
            compact.push(c);
        }
        if c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = c == '\\' && !escaped;
    }
    compact.leak()
}

/// Every built-in event type, in the order of the documentation.
pub fn built_in() -> &'static [BuiltIn] {
    &BUILT_IN
}

/// The built-in type of that name.
pub fn find(name: &str) -> Option<&'static BuiltIn> {
    built_in().iter().find(|known| known.name == name)
}

/// Whether events of type `name` may be posted: a built-in one that is not operational, or
/// `whatsapp.<field>`.
pub fn is_known(name: &str) -> bool {
    let Ok(parsed) = EventTypeName::parse(name) else { return false };
    let field = name.strip_prefix("whatsapp.");
    field.is_some_and(|field| !field.contains('.'))
        || (find(name).is_some() && !parsed.is_operational())
}

/// Whether there is a type whose name begins with `prefix`, which ends with a full stop.
pub fn is_known_prefix(prefix: &str) -> bool {
    built_in().iter().any(|known| known.name.starts_with(prefix))
}

/// How alike two names must be, from 0 to 1, for one to be what was meant by the other.
const LIKENESS_MIN: f64 = 0.6;

/// Up to three built-in names or names of `own` that look like `name`, the nearest first.
pub fn nearest<'a>(name: &str, own: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    if name.len() > NAME_BYTES_MAX {
        return Vec::new();
    }
    let name = name.to_lowercase();
    let mut near: Vec<(f64, &'a str)> = built_in()
        .iter()
        .map(|known| known.name)
        .chain(own)
        .map(|known| (likeness(&name, known), known))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .collect();
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    near.into_iter().take(3).map(|(_, known)| known).collect()
}

/// How alike the names are as a whole, or, counting a little less, the given one and the last word.
fn likeness(name: &str, known: &str) -> f64 {
    let last_word = known.rsplit('.').next().unwrap_or(known);
    let whole = strsim::normalized_damerau_levenshtein(name, known);
    whole.max(0.8 * strsim::normalized_damerau_levenshtein(name, last_word))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::id::{DeliveryId, EndpointId, EventId};
    use serde_json::Value;
    use std::collections::HashSet;

    fn parsed(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn names_are_valid_and_unique() {
        let names: HashSet<_> = built_in().iter().map(|known| known.name).collect();
        assert_eq!((names.len(), built_in().len()), (33, 33));
        for known in built_in() {
            assert!(EventTypeName::parse(known.name).is_ok(), "{}", known.name);
            assert!(known.description.ends_with('.'), "{}", known.name);
            assert_eq!(find(known.name).map(|found| found.name), Some(known.name));
        }
        let files =
            std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalogue")).unwrap();
        assert_eq!(files.count(), 66, "every file belongs to a type");
    }

    /// Checks as much of JSON Schema as the schemas here use.
    pub(crate) fn fits(schema: &Value, value: &Value) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{what}: {value} against {schema}"));
        let is = |name: &Value| match name.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            "null" => value.is_null(),
            other => panic!("unknown type {other}"),
        };
        for (keyword, rule) in schema.as_object().unwrap() {
            match keyword.as_str() {
                "type" if rule.is_string() && !is(rule) => return wrong("type"),
                "type" if rule.is_array() && !rule.as_array().unwrap().iter().any(is) => {
                    return wrong("type");
                }
                "const" if rule != value => return wrong("const"),
                "enum" if !rule.as_array().unwrap().contains(value) => return wrong("enum"),
                "required" => {
                    for member in rule.as_array().unwrap() {
                        if value.get(member.as_str().unwrap()).is_none() {
                            return wrong("required");
                        }
                    }
                }
                "properties" => {
                    for (name, member) in rule.as_object().unwrap() {
                        value.get(name).map_or(Ok(()), |value| fits(member, value))?;
                    }
                }
                "items" => {
                    value.as_array().unwrap().iter().try_for_each(|item| fits(rule, item))?
                }
                "type"
                | "const"
                | "enum"
                | "$schema"
                | "description"
                | "additionalProperties"
                | "pattern"
                | "format"
                | "minimum"
                | "minItems"
                | "minProperties" => {}
                other => panic!("unknown keyword {other}"),
            }
        }
        Ok(())
    }

    #[test]
    fn samples_are_objects_that_fit_their_schemas() {
        for known in built_in() {
            let (schema, sample) = (parsed(known.schema), parsed(known.sample));
            assert!(sample.is_object(), "{}", known.name);
            assert_eq!(schema["type"], "object", "{}", known.name);
            assert_eq!(schema["additionalProperties"], true, "{}", known.name);
            assert!(!schema["required"].as_array().unwrap().is_empty(), "{}", known.name);
            assert_eq!(fits(&schema, &sample), Ok(()), "{}", known.name);
        }
        let failed = find("message.failed").unwrap();
        let mut sample = parsed(failed.sample);
        sample["status"].as_object_mut().unwrap().remove("errors");
        assert!(fits(&parsed(failed.schema), &sample).is_err());
    }

    #[test]
    fn texts_are_compact_and_keep_their_strings() {
        assert_eq!(
            compact("{ \"a b\\\" c\\\\\" :\n [ 1 , \" \" ] }\n"),
            r#"{"a b\" c\\":[1," "]}"#
        );
        for known in built_in() {
            assert!(!known.sample.contains(['\n', '\r', '\t']) && !known.schema.contains('\n'));
        }
    }

    #[test]
    fn ids_in_the_samples_are_ours() {
        let exhausted = parsed(find("delivery.exhausted").unwrap().sample);
        let text = |member: &str| exhausted[member].as_str().unwrap().to_owned();
        assert!(text("delivery_id").parse::<DeliveryId>().is_ok());
        assert!(text("event_id").parse::<EventId>().is_ok());
        assert!(text("endpoint_id").parse::<EndpointId>().is_ok());
    }

    #[test]
    fn what_may_be_posted() {
        for name in ["message.received", "webhook.sample", "session.started", "whatsapp.calls"] {
            assert!(is_known(name), "{name}");
        }
        for name in [
            "",
            "message",
            "message.*",
            "*",
            "endpoint.defective",
            "delivery.exhausted",
            "whatsapp.",
            "whatsapp",
            "whatsapp.a.b",
            "whatsapp.Calls",
            "whatsapp.<field>",
            "message.Received",
        ] {
            assert!(!is_known(name), "{name}");
        }
    }

    #[test]
    fn typing_errors_find_their_names() {
        for (typed, meant) in [
            ("message.recieved", "message.received"),
            ("messageReceived", "message.received"),
            ("Message.Read", "message.read"),
            ("message_failed", "message.failed"),
            ("delivered", "message.delivered"),
            ("template.status_update", "template.status_updated"),
            ("phone_number_quality_updated", "phone_number.quality_updated"),
            ("endpoint.defect", "endpoint.defective"),
        ] {
            assert_eq!(nearest(typed, [].into_iter()).first(), Some(&meant), "{typed}");
        }
        assert!(nearest("message.re", [].into_iter()).len() <= 3);
        let own = ["order.created", "message.recieve"];
        assert_eq!(nearest("order.craeted", own.into_iter()), ["order.created"]);
        assert!(nearest("message.recieved", own.into_iter()).contains(&"message.recieve"));
        for typed in ["", "invoice.paid", "xyzzy", "*", &"message.received".repeat(9)] {
            assert_eq!(nearest(typed, [].into_iter()), Vec::<&str>::new(), "{typed}");
        }
    }
}
