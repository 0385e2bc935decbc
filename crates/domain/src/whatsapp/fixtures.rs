//! The notifications of `crates/testkit/fixtures/meta`, and what becomes of each: snapshots.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeZone, Utc};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Fact, Update, parse};
use crate::catalogue;
use crate::event_type::EventTypeName;

/// A few minutes after what the fixtures tell of.
pub(super) fn received_at() -> DateTime<Utc> {
    Utc.timestamp_opt(1_789_632_600, 0).unwrap()
}

/// The fixture of that name.
pub(super) fn read(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.json"))).unwrap()
}

/// The name of each fixture that is a notification.
pub(super) fn names() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "verification_handshake")
        .collect();
    names.sort();
    names
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/fixtures/meta")
}

/// The text without the white space between its tokens.
pub(super) fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let mut compact = String::new();
    for c in json.chars() {
        if in_string || !c.is_ascii_whitespace() {
            compact.push(c);
        }
        in_string ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    compact
}

/// The schema of a type; those of `whatsapp.<field>` are all like that of `whatsapp.messages`.
pub(super) fn schema(event_type: &EventTypeName) -> Value {
    let known = catalogue::find(event_type.as_str());
    let schema = known.or_else(|| catalogue::find("whatsapp.messages")).unwrap().schema;
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    if known.is_none() {
        schema["properties"]["field"] = serde_json::json!({ "type": "string" });
    }
    schema
}

/// An update as a person reads it: a line for each of its parts and each member of its data.
fn shown(update: &Update) -> String {
    let mut text = format!("{}\n", update.event_type);
    let optional = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or("-").to_owned();
    writeln!(text, "  external_id {}", update.external_id).unwrap();
    writeln!(text, "  subject {}", optional(&update.subject)).unwrap();
    writeln!(text, "  phone_number_id {}", optional(&update.phone_number_id)).unwrap();
    writeln!(text, "  waba_id {}", optional(&update.waba_id)).unwrap();
    let at = update.occurred_at.map_or("-".to_owned(), |at| at.to_rfc3339());
    writeln!(text, "  occurred_at {at}").unwrap();
    text.push_str(&fact(&update.fact));
    let data: &RawValue = serde_json::from_slice(&update.data).unwrap();
    let data = super::raw::Members::read(data).unwrap();
    writeln!(text, "  data").unwrap();
    for (name, value) in data.each() {
        writeln!(text, "    {name} {}", compact(value)).unwrap();
    }
    text
}

fn fact(fact: &Fact) -> String {
    let mut text = String::new();
    match fact {
        Fact::Received { contact: _, message_id, group_id, replies_to_ours, at } => {
            write!(text, "  received {message_id} at {at}").unwrap();
            if let Some(group) = group_id {
                write!(text, " in group {group}").unwrap();
            }
            if let Some(ours) = replies_to_ours {
                write!(text, "\n    replies to ours {ours}").unwrap();
            }
        }
        Fact::Sent { contact: _, message_id, at } => {
            write!(text, "  sent {message_id} at {at}").unwrap();
        }
        Fact::Status { kind, contact: _, message_id, group_id, at } => {
            write!(text, "  {kind:?} {message_id} at {at}").unwrap();
            if let Some(group) = group_id {
                write!(text, " in group {group}").unwrap();
            }
        }
        Fact::About { contact: _, at } => write!(text, "  about at {at}").unwrap(),
        Fact::Other => text.push_str("  other"),
    }
    text.push('\n');
    if let Some(contact) = fact.contact() {
        let own = |text: Option<&std::sync::Arc<str>>| text.map_or("-", |id| id).to_owned();
        writeln!(
            text,
            "    contact {} {} {} {} {}",
            own(contact.wa_id()),
            own(contact.user_id()),
            own(contact.parent_user_id.as_ref()),
            own(contact.username.as_ref()),
            own(contact.name.as_ref()),
        )
        .unwrap();
    }
    text
}

#[test]
fn each_becomes_events_that_fit_the_catalogue() {
    let names = names();
    assert_eq!(names.len(), 68);
    for name in names {
        let notification = parse(&read(&name), received_at()).unwrap();
        assert_eq!(notification.refused, [], "{name}");
        for update in &notification.updates {
            let data: Value = serde_json::from_slice(&update.data).unwrap();
            let fits = catalogue::tests::fits(&schema(&update.event_type), &data);
            assert_eq!(fits, Ok(()), "{name}");
        }
        let shown: Vec<String> = notification.updates.iter().map(shown).collect();
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!(name.as_str(), shown.join("\n"));
        });
    }
}

/// What the catalogue shows as a sample is what the fixture of the same thing becomes.
#[test]
fn samples_of_the_catalogue_are_what_comes_out() {
    for (event_type, fixture) in [
        ("message.received", "message_text"),
        ("message.sent", "status_sent"),
        ("message.delivered", "status_delivered"),
        ("message.read", "status_read"),
        ("message.played", "status_played"),
        ("message.failed", "status_failed_131026"),
        ("message.edited", "message_edit"),
        ("message.revoked", "message_revoke"),
        ("message.session_sent", "smb_message_echoes"),
        ("template.status_updated", "template_status_paused"),
        ("account.updated", "account_update_restriction"),
        ("account.alert", "account_alerts"),
        ("security.updated", "security"),
        ("flow.updated", "flows_status_change"),
    ] {
        let notification = parse(&read(fixture), received_at()).unwrap();
        let [update] = &notification.updates[..] else { panic!("{fixture}") };
        assert_eq!(update.event_type.as_str(), event_type);
        let sample = catalogue::find(event_type).unwrap().sample;
        assert_eq!(compact(std::str::from_utf8(&update.data).unwrap()), sample, "{fixture}");
    }
}
