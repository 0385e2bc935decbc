//! Where requests go, with what, how long they may take, when they are tried again and what restrains them.

use chrono::TimeDelta;
use domain::endpoint_url::{self, UrlError};
use domain::schedule::RetrySchedule;
use domain::traffic::{IN_FLIGHT_MAX, InFlight, PER_SECOND_MAX, PerSecond};
use domain::wire::REDACTED;
use serde_json::Value;
use store::ScheduleChoice;

use super::{not_null, or_default};
use crate::code::Code;
use crate::fields::{Fields, Given};
use crate::serve::Config;

/// `url`.
pub fn read_url(fields: &mut Fields<'_>, config: &Config) -> Option<String> {
    let text = fields.text("url", 0..=usize::MAX);
    let text = not_null(fields, "url", text)?;
    match endpoint_url::check(&text, &config.policy, config.allow_http) {
        Ok(_) => Some(text),
        Err(error) => {
            fields.mistake("url", url_code(&error), error.to_string());
            None
        }
    }
}

const fn url_code(error: &UrlError) -> Code {
    match error {
        UrlError::Forbidden(_) => Code::AddressForbidden,
        UrlError::Malformed
        | UrlError::Length
        | UrlError::Scheme
        | UrlError::PlainHttp
        | UrlError::Credentials
        | UrlError::Fragment => Code::UrlRefused,
    }
}

/// `headers`; `None` for a value that is kept.
pub fn read_headers(fields: &mut Fields<'_>) -> Option<Vec<(String, Option<String>)>> {
    let headers = match fields.text_map("headers") {
        Given::Absent => return None,
        Given::Null => return Some(Vec::new()),
        Given::Value(headers) => headers,
    };
    // A kept value was checked when it was given; its name is checked with a stand-in.
    let checked: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| {
            (name.clone(), if value == REDACTED { "kept".into() } else { value.clone() })
        })
        .collect();
    if let Err(error) = endpoint_url::check_headers(&checked) {
        fields.mistake("headers", Code::InvalidField, error.to_string());
    }
    let kept = |value: String| (value != REDACTED).then_some(value);
    Some(headers.into_iter().map(|(name, value)| (name, kept(value))).collect())
}

/// `schedule`, whose default is the deployment's.
pub fn read_schedule(fields: &mut Fields<'_>) -> Option<ScheduleChoice> {
    or_default(read_schedule_or_null(fields), |schedule| schedule, ScheduleChoice::Standard)
}

/// `schedule`.
pub fn read_schedule_or_null(fields: &mut Fields<'_>) -> Given<ScheduleChoice> {
    fields.read("schedule", |value| match value {
        Value::String(name) if name == "standard" => Ok(ScheduleChoice::Standard),
        Value::String(name) if name == "meta" => Ok(ScheduleChoice::Meta),
        Value::Object(object) if object.len() == 1 => custom_schedule(object.get("custom_seconds")),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => Err(SCHEDULE_FORMS.into()),
    })
}

const SCHEDULE_FORMS: &str =
    "must be `standard`, `meta` or an object {\"custom_seconds\":[…]} of whole seconds";

fn custom_schedule(seconds: Option<&Value>) -> Result<ScheduleChoice, String> {
    let items = seconds.and_then(Value::as_array).ok_or(SCHEDULE_FORMS)?;
    let wait = |item: &Value| item.as_i64().and_then(TimeDelta::try_seconds).ok_or(SCHEDULE_FORMS);
    let waits = items.iter().map(wait).collect::<Result<Vec<_>, _>>()?;
    RetrySchedule::custom(waits.clone()).map_err(|error| error.to_string())?;
    Ok(ScheduleChoice::Custom(waits))
}

/// `rate_limit`: an object, so that other rates than one of seconds have room beside it.
pub fn read_rate(fields: &mut Fields<'_>) -> Given<PerSecond> {
    let mut rate = None;
    let given = fields.nested("rate_limit", |inner| {
        inner.require("per_second");
        rate = inner
            .read("per_second", |value| {
                let number = value.as_i64().and_then(PerSecond::parse);
                number.ok_or_else(|| format!("must be a whole number from 1 to {PER_SECOND_MAX}"))
            })
            .value();
    });
    match (given, rate) {
        (Given::Value(()), Some(rate)) => Given::Value(rate),
        (Given::Null, _) => Given::Null,
        (Given::Absent | Given::Value(()), _) => Given::Absent,
    }
}

/// `max_in_flight`.
pub fn read_in_flight(fields: &mut Fields<'_>) -> Given<InFlight> {
    fields.read("max_in_flight", |value| {
        let number = value.as_i64().and_then(InFlight::parse);
        number.ok_or_else(|| format!("must be a whole number from 1 to {IN_FLIGHT_MAX}"))
    })
}
