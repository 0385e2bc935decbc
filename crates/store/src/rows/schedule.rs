//! An endpoint's choice of schedule as the text of its column.

use chrono::TimeDelta;

use crate::{Error, ScheduleChoice};

/// The column's text: `"standard"`, `"meta"` or `{"custom_seconds":[…]}`.
pub fn schedule_to_text(choice: &ScheduleChoice) -> String {
    match choice {
        ScheduleChoice::Standard => "\"standard\"".into(),
        ScheduleChoice::Meta => "\"meta\"".into(),
        ScheduleChoice::Custom(waits) => {
            let seconds: Vec<i64> = waits.iter().map(TimeDelta::num_seconds).collect();
            serde_json::json!({ "custom_seconds": seconds }).to_string()
        }
    }
}

/// Reads the column of endpoint `id` back.
pub fn schedule_from_text(id: i64, text: &str) -> Result<ScheduleChoice, Error> {
    let corrupt = || Error::Corrupt { table: "endpoints", id, what: "its schedule".into() };
    match serde_json::from_str(text).map_err(|_| corrupt())? {
        serde_json::Value::String(name) if name == "standard" => Ok(ScheduleChoice::Standard),
        serde_json::Value::String(name) if name == "meta" => Ok(ScheduleChoice::Meta),
        serde_json::Value::Object(custom) => {
            let waits = custom.get("custom_seconds").and_then(serde_json::Value::as_array);
            let waits = waits.ok_or_else(corrupt)?.iter();
            let waits = waits.map(|wait| wait.as_i64().map(TimeDelta::seconds));
            Ok(ScheduleChoice::Custom(waits.collect::<Option<_>>().ok_or_else(corrupt)?))
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_)
        | serde_json::Value::Array(_) => Err(corrupt()),
    }
}
