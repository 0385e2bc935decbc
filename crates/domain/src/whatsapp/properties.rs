//! What holds for any notification: the fixtures with something dropped, swapped, doubled or put in
//! the wrong place, and any JSON in the places where updates stand.

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

use super::counted;
use super::fixtures::{names, read, received_at, schema};
use super::*;
use crate::catalogue::tests::fits;

fn trees() -> Vec<Value> {
    names().iter().map(|name| serde_json::from_slice(&read(name)).unwrap()).collect()
}

/// Any JSON, made of names and texts that mean something.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "messages",
        "statuses",
        "contacts",
        "errors",
        "metadata",
        "context",
        "from",
        "to",
        "id",
        "wa_id",
        "user_id",
        "profile",
        "name",
        "type",
        "timestamp",
        "status",
        "recipient_id",
        "recipient_type",
        "recipient_participant_id",
        "message_echoes",
        "smb_message_echoes",
        "phone_number_id",
        "display_phone_number",
        "changes",
        "field",
        "value",
        "time",
        "object",
        "entry",
        "read",
        "edit",
        "text",
        "button",
        "group",
        "wamid.A",
        "91",
        "1789632001",
        "",
        "a\u{0}b",
        "₹🙏\"\\",
        "flows",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..5).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, v)| (name.to_owned(), v)).collect())
            }),
        ]
    })
}

/// A notification with any JSON somewhere inside.
fn around_any_json() -> impl Strategy<Value = Value> {
    (any_json(), 0..6u8).prop_map(|(any, level)| {
        let metadata = json!({ "phone_number_id": "208", "display_phone_number": "919" });
        let change = |field: &str, value: Value| json!({ "field": field, "value": value });
        let entry = |changes: Value| json!({ "id": "117", "changes": changes });
        let entries = match level {
            0 => any,
            1 => json!([any]),
            2 => json!([entry(any)]),
            3 => json!([entry(json!([any, change("messages", Value::Null)]))]),
            4 => json!([entry(json!([change("messages", any)]))]),
            _ => json!([entry(json!([
                change(
                    "messages",
                    json!({ "metadata": metadata, "messages": [any], "statuses": [any] })
                ),
                change(
                    "smb_message_echoes",
                    json!({ "metadata": metadata, "message_echoes": [any] })
                ),
            ]))]),
        };
        json!({ "object": "whatsapp_business_account", "entry": entries })
    })
}

#[derive(Debug, Clone)]
enum Mutation {
    Drop,
    Put(Value),
    /// A string becomes the number in it, a number its text.
    Swap,
    Double,
    Wrap,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        3 => Just(Mutation::Drop),
        2 => any_json().prop_map(Mutation::Put),
        3 => Just(Mutation::Swap),
        1 => Just(Mutation::Double),
        1 => Just(Mutation::Wrap),
    ]
}

/// How many places a tree has.
fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(elements) => elements.iter().map(places).sum(),
        Value::Object(members) => members.values().map(places).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Changes the place that is `left` places on; `None` where it is to be gone.
fn mutate(value: Value, left: &mut usize, mutation: &Mutation) -> Vec<Value> {
    if *left == 0 {
        *left = usize::MAX;
        return match (mutation, value) {
            (Mutation::Drop, _) => vec![],
            (Mutation::Put(other), _) => vec![other.clone()],
            (Mutation::Swap, Value::String(text)) => {
                vec![text.parse::<u64>().map_or_else(|_| Value::Null, Value::from)]
            }
            (Mutation::Swap, other) => vec![Value::String(other.to_string())],
            (Mutation::Double, value) => vec![value.clone(), value],
            (Mutation::Wrap, value) => vec![json!([value])],
        };
    }
    *left -= 1;
    vec![match value {
        Value::Array(elements) => elements
            .into_iter()
            .flat_map(|element| mutate(element, left, mutation))
            .collect::<Vec<_>>()
            .into(),
        Value::Object(members) => {
            let changed = members.into_iter().filter_map(|(name, member)| {
                Some((name, mutate(member, left, mutation).into_iter().next()?))
            });
            Value::Object(changed.collect::<Map<_, _>>())
        }
        leaf @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => leaf,
    }]
}

fn mutated_fixture() -> impl Strategy<Value = Value> {
    let trees = trees();
    let steps = prop::collection::vec((any::<Index>(), mutation()), 1..4);
    (prop::sample::select(trees), steps).prop_map(|(mut tree, steps)| {
        for (place, mutation) in steps {
            let mut left = place.index(places(&tree));
            tree = mutate(tree, &mut left, &mutation).into_iter().next().unwrap_or(Value::Null);
        }
        tree
    })
}

/// What makes an update the one that it is, read from its data and not from its key.
fn identity(update: &Update) -> Value {
    let data: Value = serde_json::from_slice(&update.data).unwrap();
    let list = |name: &str| data["value"][name][0].clone();
    let id = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let odd = update.event_type.as_str().starts_with("whatsapp.");
    let of_status = |status: &Value| {
        json!(["status", id(&status["id"]), status["status"], status["recipient_participant_id"]])
    };
    if data["status"].is_object() && !odd {
        return of_status(&data["status"]);
    }
    if data["message"].is_object() && !odd {
        let kind = if update.external_id.ends_with(":echo") { "echo" } else { "message" };
        return json!([kind, data["message_id"]]);
    }
    for (name, kind) in [("messages", "message"), ("message_echoes", "echo")] {
        if update.external_id.starts_with("change:") {
            break;
        }
        let element = list(name);
        if element["id"].is_string() || element["id"].is_u64() {
            return json!([kind, id(&element["id"])]);
        }
        if !element.is_null() {
            return json!([name, element, data["waba_id"]]);
        }
    }
    let element = list("statuses");
    if !update.external_id.starts_with("change:") && element["id"].is_string() {
        return of_status(&element);
    }
    json!([data["field"], data["value"], data["waba_id"], data["timestamp"]])
}

/// What holds for any notification.
fn check(document: &Value) -> Result<(), TestCaseError> {
    let body = serde_json::to_vec(document).unwrap();
    let parsed = parse(&body, received_at());
    let Some(count) = counted::updates(document) else {
        prop_assert!(parsed.is_err());
        return Ok(());
    };
    let Notification { updates, refused } =
        parsed.map_err(|e| TestCaseError::fail(e.to_string()))?;
    prop_assert_eq!(updates.len() + refused.len(), count);
    let mut keys: HashMap<&str, Value> = HashMap::new();
    for update in &updates {
        let mut data: Value = serde_json::from_slice(&update.data).unwrap();
        prop_assert!((1..=255).contains(&update.external_id.len()));
        prop_assert!(update.data.len() <= UPDATE_DATA_BYTES_MAX);
        let identity = identity(update);
        if let Some(other) = keys.insert(&update.external_id, identity.clone()) {
            prop_assert_eq!(other, identity, "one key for two updates");
        }
        // All but what Meta wrote itself keeps what the schema promises.
        let mut schema = schema(&update.event_type);
        let odd = update.event_type.as_str().starts_with("whatsapp.");
        for own in ["message", "status", "value"] {
            if data.get(own).is_some() {
                schema["properties"][own] = json!({});
                data[own] = json!({});
            }
        }
        if odd {
            schema["required"] = json!(["timestamp", "field", "value"]);
        }
        prop_assert_eq!(fits(&schema, &data), Ok(()));
        let digits = data["timestamp"].as_str().unwrap();
        prop_assert!(digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty());
        prop_assert!(data.get("contact") != Some(&json!({})), "a contact without ids");
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_json_panics_and_no_update_is_lost(document in around_any_json()) {
        check(&document)?;
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, text in ".{0,64}") {
        let _ = parse(&bytes, received_at());
        let _ = parse(text.as_bytes(), received_at());
    }

    #[test]
    fn of_mutated_fixtures_no_update_is_lost(document in mutated_fixture()) {
        check(&document)?;
    }

    /// Keys do not depend on what came with an update, nor on when.
    #[test]
    fn an_update_has_the_same_key_in_another_notification(
        one in mutated_fixture(),
        other in mutated_fixture(),
        later in 0i64..86_400,
    ) {
        let entries = |document: &Value| {
            counted::updates(document).map(|_| document["entry"].as_array().unwrap().clone())
        };
        let (Some(one_entries), Some(other_entries)) = (entries(&one), entries(&other)) else {
            return Ok(());
        };
        let together = [other_entries, one_entries].concat();
        let together = json!({ "object": "whatsapp_business_account", "entry": together });
        let keys = |document: &Value, at| -> Vec<Arc<str>> {
            let body = serde_json::to_vec(document).unwrap();
            parse(&body, at).unwrap().updates.into_iter().map(|u| u.external_id).collect()
        };
        let at = received_at() + chrono::TimeDelta::seconds(later);
        let parts = [keys(&other, received_at()), keys(&one, received_at())].concat();
        prop_assert_eq!(keys(&together, at), parts);
    }
}

/// Nothing that Meta wrote is missing from the data: every text of a fixture is in one of them.
#[test]
fn every_text_and_number_of_a_fixture_is_in_its_data() {
    fn leaves(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Array(elements) => elements.iter().for_each(|value| leaves(value, found)),
            Value::Object(members) => members.iter().for_each(|(name, value)| {
                if !matches!(value, Value::Array(_) | Value::Object(_)) {
                    found.push(format!("{name} {value}"));
                }
                leaves(value, found);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    for name in names() {
        let document: Value = serde_json::from_slice(&read(&name)).unwrap();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        leaves(&document["entry"], &mut before);
        for update in parse(&read(&name), received_at()).unwrap().updates {
            leaves(&serde_json::from_slice(&update.data).unwrap(), &mut after);
        }
        for leaf in before {
            let is_said = after.contains(&leaf)
                || leaf == r#"messaging_product "whatsapp""#
                || leaf == r#"field "messages""#
                || leaf == r#"field "smb_message_echoes""#
                || (leaf.starts_with("id ") && after.contains(&format!("waba_{leaf}")))
                || leaf == "time 1789632200" && after.contains(&r#"timestamp "1789632200""#.into());
            assert!(is_said, "{name}: {leaf}");
        }
    }
}
