//! Cases that no fixture has: what is missing, doubled, absurd, of the wrong type or too much.

mod carried;
mod contacts;
mod documents;
mod elements;
mod fields;

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
