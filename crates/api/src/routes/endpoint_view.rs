//! An endpoint as it is shown: no secret, no value of a custom header.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::endpoint::{DisabledReason, EndpointState, Health, Switch};
use domain::format::Format;
use domain::id::EndpointId;
use domain::outcome::Acknowledge;
use domain::selection::Narrowing;
use domain::traffic::InFlight;
use domain::wire::REDACTED;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use store::{EndpointRecord, ScheduleChoice};

use crate::respond::HeadersView;
use crate::schema::{RateLimitSchema, ScheduleSchema, ids};
use utoipa::ToSchema;

/// An endpoint as it is shown. What this version cannot do stands there with its default.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndpointView {
    #[schema(value_type = ids::EndpointIdText)]
    id: EndpointId,
    url: String,
    description: String,
    status: &'static str,
    status_reason: Option<String>,
    event_types: Vec<String>,
    /// `hookferry`, `wati` or `meta`.
    format: &'static str,
    /// 1 or 2, of the format `wati` alone.
    wati_version: Option<i64>,
    /// What events are called there by choice, by event type; of the format `wati` alone.
    wati_names: Option<BTreeMap<&'static str, &'static str>>,
    #[schema(value_type = Option<Object>)]
    filter: Option<Box<RawValue>>,
    phone_number_ids: Option<Vec<String>>,
    external_key: Option<String>,
    /// `any`, `active` or `inactive`.
    session: &'static str,
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    headers: HeadersView,
    timeout_ms: u64,
    acknowledge: &'static str,
    #[schema(value_type = ScheduleSchema)]
    schedule: ScheduleView,
    rate_limit: Option<RateLimitSchema>,
    max_in_flight: Option<u32>,
    ordered: bool,
    #[schema(value_type = Option<Object>)]
    request: Option<()>,
    streak: u32,
    streak_started_at: Option<DateTime<Utc>>,
    last_status_code: Option<u16>,
    last_error: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl ScheduleView {
    /// A choice of schedule.
    pub const fn of(choice: ScheduleChoice) -> Self {
        Self(choice)
    }
}

impl EndpointView {
    /// An endpoint, with its secret where it has just been made.
    pub fn of(record: EndpointRecord, secret: Option<String>) -> Self {
        let EndpointRecord {
            id,
            company: _,
            url,
            description,
            event_types,
            format,
            narrowing,
            header_names,
            timeout,
            acknowledge,
            schedule,
            external_key,
            traffic,
            state,
            last_status,
            last_error,
            created_at,
            updated_at,
        } = record;
        let Narrowing { phone_number_ids, session, filter } = narrowing;
        let (wati_version, wati_names) = match format {
            Format::Wati { version, names } => {
                (Some(version.number()), Some(names.chosen().into_iter().collect()))
            }
            Format::Hookferry | Format::Meta => (None, None),
        };
        let redacted = |name: String| (name, REDACTED.to_owned());
        Self {
            id,
            url,
            description,
            status: state.status().as_str(),
            status_reason: status_reason(&state),
            event_types: event_types.iter().map(ToString::to_string).collect(),
            format: format.name(),
            wati_version,
            wati_names,
            filter: filter.and_then(|filter| RawValue::from_string(filter.to_string()).ok()),
            phone_number_ids: phone_number_ids.map(|ids| ids.as_slice().to_vec()),
            external_key,
            session: session.as_str(),
            headers: HeadersView::of_text(header_names.into_iter().map(redacted)),
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            acknowledge: acknowledge_name(acknowledge),
            schedule: ScheduleView(schedule),
            rate_limit: traffic.per_second.map(|rate| RateLimitSchema { per_second: rate.get() }),
            max_in_flight: traffic.max_in_flight.map(InFlight::get),
            ordered: traffic.ordered,
            request: None,
            streak: state.streak(),
            streak_started_at: streak_started_at(&state),
            last_status_code: last_status,
            last_error,
            created_at,
            updated_at,
            secret,
        }
    }
}

/// The name of a kind of success in the REST API.
const fn acknowledge_name(acknowledge: Acknowledge) -> &'static str {
    match acknowledge {
        Acknowledge::Any2xx => "any_2xx",
        Acknowledge::Only200 => "only_200",
    }
}

fn status_reason(state: &EndpointState) -> Option<String> {
    match (state.switch, state.health) {
        (Switch::Disabled { reason: DisabledReason::Gone, .. }, _) => Some("gone".into()),
        (Switch::Disabled { reason: DisabledReason::ByPerson, .. }, _) => Some("by_person".into()),
        (Switch::Paused { .. }, _) => None,
        (Switch::Enabled, Health::Defective { failures, since, .. }) => {
            let since = since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            Some(format!("{failures} attempts in a row have failed since {since}"))
        }
        (Switch::Enabled, Health::Healthy | Health::Failing { .. }) => None,
    }
}

const fn streak_started_at(state: &EndpointState) -> Option<DateTime<Utc>> {
    match state.health {
        Health::Healthy => None,
        Health::Failing { since, .. } | Health::Defective { since, .. } => Some(since),
    }
}

/// `"standard"`, `"meta"` or `{"custom_seconds":[…]}`.
#[derive(Debug)]
pub struct ScheduleView(ScheduleChoice);

impl Serialize for ScheduleView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            ScheduleChoice::Standard => serializer.serialize_str("standard"),
            ScheduleChoice::Meta => serializer.serialize_str("meta"),
            ScheduleChoice::Custom(waits) => {
                let seconds: Vec<i64> = waits.iter().map(chrono::TimeDelta::num_seconds).collect();
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("custom_seconds", &seconds)?;
                map.end()
            }
        }
    }
}
