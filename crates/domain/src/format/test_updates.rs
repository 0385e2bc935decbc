//! The fixtures, and updates of Meta's as events, taken apart here only as far as the tests need it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::json::{Json, Object};
use super::meta;
use crate::catalogue;

pub(super) fn fixtures(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/fixtures").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

pub(super) fn meta_fixtures() -> Vec<(String, String)> {
    let mut fixtures = fixtures("meta");
    fixtures.retain(|(_, text)| text.contains("whatsapp_business_account"));
    fixtures
}

/// One update of a notification.
pub(super) struct FromMeta {
    pub(super) event_type: String,
    pub(super) data: String,
    /// A notification of this update alone.
    pub(super) alone: Value,
}

/// Takes a notification apart, as far as the tests here need it.
pub(super) fn from_meta(notification: &str) -> Vec<FromMeta> {
    let mut updates = Vec::new();
    for entry in Json::read(notification.as_bytes()).members().get("entry").items() {
        let entry = entry.members();
        let time = entry.find("time").map(Json::as_str);
        for change in entry.get("changes").items() {
            let change = change.members();
            let (field, value) = (change.get("field").text().unwrap(), change.get("value"));
            let alone = |value: Value| {
                let mut alone = json!({ "id": entry.get("id").text().unwrap(), "changes": [{ "field": *field, "value": value }] });
                if let Some(time) = time {
                    alone["time"] = serde_json::from_str(time).unwrap();
                }
                json!({ "object": "whatsapp_business_account", "entry": [alone] })
            };
            let listed = listed(entry.get("id"), value);
            if listed.is_empty() {
                let event_type = type_of_field(&field);
                updates.push(FromMeta {
                    data: format!(
                        "{{\"waba_id\":{},\"timestamp\":\"{}\",\"field\":\"{field}\",\"value\":{}}}",
                        entry.get("id").as_str(),
                        time.unwrap_or("1789632200"),
                        value.as_str()
                    ),
                    event_type,
                    alone: alone(serde_json::from_str(value.as_str()).unwrap()),
                });
            }
            updates.extend(listed.into_iter().map(|(event_type, data, value)| FromMeta {
                event_type,
                data,
                alone: alone(value),
            }));
        }
    }
    updates
}

/// Messages and statuses: type, data, and the value that holds nothing else.
fn listed(waba_id: Json<'_>, value: Json<'_>) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (list, member) in
        [("messages", "message"), ("statuses", "status"), ("message_echoes", "message")]
    {
        for update in value.members().get(list).items() {
            let mut alone: Value = serde_json::from_str(value.as_str()).unwrap();
            for other in ["messages", "statuses", "message_echoes"] {
                alone.as_object_mut().unwrap().remove(other);
            }
            alone[list] = json!([serde_json::from_str::<Value>(update.as_str()).unwrap()]);
            let data = data_of(waba_id, &value.members(), &update.members(), member, update);
            all.push((type_of(list, &update.members()), data, alone));
        }
    }
    all
}

fn data_of(
    waba_id: Json<'_>,
    value: &Object<'_>,
    members: &Object<'_>,
    member: &str,
    update: Json<'_>,
) -> String {
    let metadata = value.get("metadata").members();
    let card = value.get("contacts").items().first().map(|card| card.members()).unwrap_or_default();
    let profile = card.get("profile").members();
    let contact: Vec<String> = [
        ("wa_id", card.get("wa_id").or(members.get("from"))),
        ("user_id", card.get("user_id").or(members.get("from_user_id"))),
        ("name", profile.get("name")),
        ("username", profile.get("username")),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_null())
    .map(|(name, value)| format!("\"{name}\":{}", value.as_str()))
    .collect();
    let mut parts = vec![
        ("waba_id", waba_id.as_str().to_owned()),
        ("phone_number_id", metadata.get("phone_number_id").as_str().to_owned()),
        ("display_phone_number", metadata.get("display_phone_number").as_str().to_owned()),
        ("contact", format!("{{{}}}", contact.join(","))),
        ("contacts", value.get("contacts").as_str().to_owned()),
        ("message_id", members.get("id").as_str().to_owned()),
        ("timestamp", members.get("timestamp").as_str().to_owned()),
        (member, update.as_str().to_owned()),
    ];
    parts.retain(|(_, value)| value != "null");
    let parts: Vec<_> = parts.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", parts.join(","))
}

fn type_of(list: &str, update: &Object<'_>) -> String {
    let kind = update.get("type").text().unwrap_or_default();
    match (list, kind.as_ref()) {
        ("statuses", _) => format!("message.{}", update.get("status").text().unwrap()),
        ("messages", "edit") => "message.edited".to_owned(),
        ("messages", "revoke") => "message.revoked".to_owned(),
        ("messages", _) => "message.received".to_owned(),
        (_, "template") => "message.template_sent".to_owned(),
        (_, _) => "message.session_sent".to_owned(),
    }
}

fn type_of_field(field: &str) -> String {
    let known = catalogue::built_in().iter().find(|known| {
        meta::Form::of(known.name)
            .is_some_and(|form| matches!(form, meta::Form::Managed { field: own } if own == field))
    });
    known.map_or_else(|| format!("whatsapp.{field}"), |known| known.name.to_owned())
}
