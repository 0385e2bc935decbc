//! A notification as the events that it becomes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::event::{
    EXTERNAL_ID_BYTES_MAX, NewEvent, PHONE_NUMBER_ID_BYTES_MAX, SUBJECT_BYTES_MAX,
};
use domain::event_type::EventTypeName;
use serde_json::{Map, Value, json};
use store::OpenSource;

/// Why a document is no notification.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed(String);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The events of a notification, in its order.
pub fn updates_of(
    source: &OpenSource,
    body: &[u8],
    received_at: DateTime<Utc>,
) -> Result<Vec<NewEvent>, Malformed> {
    let document: Value = serde_json::from_slice(body)
        .map_err(|error| Malformed(format!("it is not JSON: {error}")))?;
    if document["object"] != "whatsapp_business_account" {
        let detail = "/object must be \"whatsapp_business_account\"";
        return Err(Malformed(detail.to_owned()));
    }
    let entries = document["entry"].as_array();
    let entries = entries.ok_or_else(|| Malformed("/entry must be a list".to_owned()))?;
    let mut events = Vec::new();
    for entry in entries {
        for change in entry["changes"].as_array().into_iter().flatten() {
            for update in updates(&entry["id"], change) {
                events.push(event(source, update, received_at));
            }
        }
    }
    Ok(events)
}

struct Update {
    event_type: String,
    key: Option<String>,
    data: Map<String, Value>,
}

fn updates(waba_id: &Value, change: &Value) -> Vec<Update> {
    let field = change["field"].as_str().unwrap_or("unknown");
    let value = &change["value"];
    if field != "messages" {
        let data = json!({"waba_id": waba_id, "value": value});
        return update(format!("whatsapp.{field}"), None, data).into_iter().collect();
    }
    let metadata = &value["metadata"];
    let contacts = value["contacts"].as_array().cloned().unwrap_or_default();
    let common = |item: &Value, name: &str| {
        let person = item["from"].as_str().or_else(|| item["recipient_id"].as_str());
        let mut contact = json!({});
        if let Some(person) = person {
            contact["wa_id"] = person.into();
        }
        json!({
            "waba_id": waba_id,
            "phone_number_id": metadata["phone_number_id"],
            "display_phone_number": metadata["display_phone_number"],
            "contact": contact,
            "contacts": contacts,
            "message_id": item["id"],
            "timestamp": item["timestamp"],
            name: item,
        })
    };
    let list = |name: &str| value[name].as_array().into_iter().flatten();
    let id = |item: &Value| item["id"].as_str().map(str::to_owned);
    let messages = list("messages").filter_map(|item| {
        update("message.received".to_owned(), id(item), common(item, "message"))
    });
    let statuses = list("statuses").filter_map(|item| {
        let status = item["status"].as_str().unwrap_or("unknown");
        let key = id(item).map(|id| format!("{id}:{status}"));
        update(format!("message.{status}"), key, common(item, "status"))
    });
    messages.chain(statuses).collect()
}

fn update(event_type: String, key: Option<String>, data: Value) -> Option<Update> {
    match data {
        Value::Object(data) => Some(Update { event_type, key, data }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    }
}

fn event(source: &OpenSource, update: Update, received_at: DateTime<Utc>) -> NewEvent {
    let Update { event_type, key, data } = update;
    let other = || EventTypeName::parse("whatsapp.messages").expect("these are two words");
    let short = |text: &str, bytes_max: usize| {
        let fits = (1..=bytes_max).contains(&text.len()) && !text.contains('\0');
        fits.then(|| Arc::<str>::from(text))
    };
    let subject = data.get("contact").and_then(|contact| contact["wa_id"].as_str());
    let number = data.get("phone_number_id").and_then(Value::as_str);
    let seconds = data.get("timestamp").and_then(|text| text.as_str()?.parse().ok());
    NewEvent {
        company: source.company,
        event_type: EventTypeName::parse(&event_type).unwrap_or_else(|_| other()),
        source: Some(source.id),
        external_id: key.and_then(|key| short(&key, EXTERNAL_ID_BYTES_MAX)),
        subject: subject.and_then(|subject| short(subject, SUBJECT_BYTES_MAX)),
        phone_number_id: number.and_then(|number| short(number, PHONE_NUMBER_ID_BYTES_MAX)),
        occurred_at: seconds
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .or(Some(received_at)),
        expires_at: None,
        judged: None,
        data: Value::Object(data).to_string().into_bytes().into(),
    }
}
