//! The fields of an endpoint in requests that make or change one.

use std::time::Duration;

use domain::external_key;
use domain::format::Format;
use domain::outcome::Acknowledge;
use domain::secret::EndpointSecret;
use domain::selection::{Narrowing, SessionWanted};
use domain::traffic::Traffic;
use store::{EndpointDefaults, EndpointPatch, NewEndpoint, ScheduleChoice, SwitchWanted};

use crate::code::Code;
use crate::error::ApiError;
use crate::fields::{Fields, Given};
use crate::serve::Config;

pub mod choice;
pub mod sending;
#[cfg(test)]
mod tests;

use choice::{read_filter, read_format, read_numbers, read_selectors, read_session};
use sending::{read_headers, read_in_flight, read_rate, read_schedule, read_url};

const DESCRIPTION_BYTES_MAX: usize = 500;
/// Fields of an endpoint that are shown and cannot be set.
const SHOWN_ONLY: [&str; 8] = [
    "id",
    "status_reason",
    "streak",
    "streak_started_at",
    "last_status_code",
    "last_error",
    "created_at",
    "updated_at",
];
/// What a time limit can be.
pub const TIMEOUT_MS: std::ops::RangeInclusive<i64> = 1_000..=30_000;

/// Reads an endpoint that is to be made; `own` are the names of the company's own event types, `random`
/// is what its secret is made of where none is supplied.
pub fn read_new(
    text: &str,
    config: &Config,
    own: &[&str],
    random: [u8; 32],
) -> Result<NewEndpoint, ApiError> {
    let mut fields = Fields::parse(text)?;
    fields.require("url");
    fields.require("event_types");
    let secret = read_secret(&mut fields).unwrap_or_else(|| EndpointSecret::from_random(random));
    let patch = read_parts(&mut fields, config, own, Format::default());
    let mut headers = Vec::new();
    for (name, value) in patch.headers.unwrap_or_default() {
        match value {
            Some(value) => headers.push((name, value)),
            None => {
                fields.mistake("headers", Code::InvalidField, format!("`{name}` has no value yet"))
            }
        }
    }
    fields.finish()?;
    Ok(NewEndpoint {
        url: patch.url.unwrap_or_default(),
        description: patch.description.unwrap_or_default(),
        event_types: patch.event_types.unwrap_or_default(),
        format: patch.format.unwrap_or_default(),
        narrowing: Narrowing {
            phone_number_ids: patch.phone_number_ids.flatten(),
            session: patch.session.unwrap_or_default(),
            filter: patch.filter.flatten(),
        },
        headers,
        secret,
        timeout: patch.timeout.unwrap_or(config.default_timeout),
        acknowledge: patch.acknowledge.unwrap_or(Acknowledge::Any2xx),
        schedule: patch.schedule.unwrap_or(ScheduleChoice::Standard),
        external_key: patch.external_key.flatten(),
        traffic: Traffic {
            per_second: patch.per_second.flatten(),
            max_in_flight: patch.max_in_flight.flatten(),
            ordered: patch.ordered.unwrap_or(false),
        },
        switch: patch.switch.unwrap_or(SwitchWanted::Enabled),
    })
}

/// Reads what is to change about an endpoint of this format: absent is unchanged, null is the default.
pub fn read_patch(
    text: &str,
    config: &Config,
    own: &[&str],
    format: Format,
) -> Result<EndpointPatch, ApiError> {
    let mut fields = Fields::parse(text)?;
    for name in SHOWN_ONLY {
        fields.read_only(name, "");
    }
    fields.read_only("secret", "; POST .../secret/rotate changes it");
    let patch = read_parts(&mut fields, config, own, format);
    fields.finish()?;
    Ok(patch)
}

/// A secret that the caller supplies.
pub fn read_secret(fields: &mut Fields<'_>) -> Option<EndpointSecret> {
    fields
        .read("secret", |value| {
            let text = value.as_str().ok_or("must be a string")?;
            EndpointSecret::parse(text).map_err(|error| error.to_string())
        })
        .value()
}

fn read_parts(
    fields: &mut Fields<'_>,
    config: &Config,
    own: &[&str],
    format: Format,
) -> EndpointPatch {
    fields.not_supported("request", &[]);
    let ordered = fields.boolean("ordered");
    let description = fields.text("description", 0..=DESCRIPTION_BYTES_MAX);
    let timeout = fields.integer("timeout_ms", TIMEOUT_MS);
    let timeout =
        or_default(timeout, |ms| Duration::from_millis(ms.unsigned_abs()), config.default_timeout);
    let acknowledge = fields.read("acknowledge", |value| match value.as_str() {
        Some("any_2xx") => Ok(Acknowledge::Any2xx),
        Some("only_200") => Ok(Acknowledge::Only200),
        Some(_) | None => Err("must be `any_2xx` or `only_200`".into()),
    });
    EndpointPatch {
        url: read_url(fields, config),
        description: or_default(description, |text| text, String::new()),
        event_types: read_selectors(fields, own),
        format: read_format(fields, format),
        phone_number_ids: or_none(read_numbers(fields)),
        session: or_default(read_session(fields), |session| session, SessionWanted::Any),
        filter: or_none(read_filter(fields)),
        headers: read_headers(fields),
        timeout,
        acknowledge: or_default(acknowledge, |acknowledge| acknowledge, Acknowledge::Any2xx),
        schedule: read_schedule(fields),
        external_key: or_none(read_key(fields)),
        per_second: or_none(read_rate(fields)),
        max_in_flight: or_none(read_in_flight(fields)),
        ordered: or_default(ordered, |ordered| ordered, false),
        switch: read_switch(fields),
    }
}

fn read_key(fields: &mut Fields<'_>) -> Given<String> {
    fields.read("external_key", |value| {
        let key = value.as_str().ok_or("must be a string")?;
        external_key::check(key).map_err(|error| error.to_string())?;
        Ok(key.to_owned())
    })
}

/// A field whose default is none.
fn or_none<T>(given: Given<T>) -> Option<Option<T>> {
    match given {
        Given::Absent => None,
        Given::Null => Some(None),
        Given::Value(value) => Some(Some(value)),
    }
}

fn or_default<T, U>(given: Given<T>, map: impl FnOnce(T) -> U, default: U) -> Option<U> {
    match given {
        Given::Absent => None,
        Given::Null => Some(default),
        Given::Value(value) => Some(map(value)),
    }
}

/// A field for which there is no default: null is a mistake.
fn not_null<T>(fields: &mut Fields<'_>, name: &str, given: Given<T>) -> Option<T> {
    match given {
        Given::Absent => None,
        Given::Null => {
            fields.mistake(name, Code::InvalidField, "cannot be null");
            None
        }
        Given::Value(value) => Some(value),
    }
}

/// What the body leaves out, or gives as null, is as the company has it for new endpoints.
pub fn begin_as_company_has_it(
    text: &str,
    defaults: EndpointDefaults,
    endpoint: &mut NewEndpoint,
) -> Result<(), ApiError> {
    let mut fields = Fields::parse(text)?;
    let is_left = |given| !matches!(given, Given::Value(_));
    if let Some(timeout) = defaults.timeout.filter(|_| is_left(fields.raw("timeout_ms"))) {
        endpoint.timeout = timeout;
    }
    if let Some(schedule) = defaults.schedule.filter(|_| is_left(fields.raw("schedule"))) {
        endpoint.schedule = schedule;
    }
    Ok(())
}

fn read_switch(fields: &mut Fields<'_>) -> Option<SwitchWanted> {
    let switch = fields.read("status", |value| match value.as_str() {
        Some("enabled") => Ok(SwitchWanted::Enabled),
        Some("disabled") => Ok(SwitchWanted::Disabled),
        Some("paused") => Ok(SwitchWanted::Paused),
        Some("defective") => Err("is found by the engine; write `enabled` to begin afresh".into()),
        Some(_) | None => Err("must be `enabled`, `disabled` or `paused`".into()),
    });
    not_null(fields, "status", switch)
}
