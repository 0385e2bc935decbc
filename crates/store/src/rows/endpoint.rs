//! Rows of `endpoints`: the columns that are texts of values, and the endpoint as it is shown.

use std::time::Duration;

use domain::endpoint::EndpointState;
use domain::event_type::Selector;
use domain::id::{CompanyId, EndpointId};
use domain::outcome::Acknowledge;
use domain::schedule::RetrySchedule;

use crate::entity::endpoint;
use crate::rows::choice::ChoiceColumns;
use crate::rows::endpoint_state::StateColumns;
use crate::rows::schedule::schedule_from_text;
use crate::rows::traffic::traffic_of;
use crate::time::from_micros;
use crate::{EndpointRecord, Error, ScheduleChoice};

/// What a choice means here; waits that are no longer acceptable fall back to the standard.
pub fn resolve_schedule(choice: &ScheduleChoice, standard: &RetrySchedule) -> RetrySchedule {
    match choice {
        ScheduleChoice::Standard => standard.clone(),
        ScheduleChoice::Meta => RetrySchedule::meta(),
        ScheduleChoice::Custom(waits) => {
            RetrySchedule::custom(waits.clone()).unwrap_or_else(|_| standard.clone())
        }
    }
}

/// The text of what counts as success.
pub const fn acknowledge_text(acknowledge: Acknowledge) -> &'static str {
    match acknowledge {
        Acknowledge::Any2xx => "any_2xx",
        Acknowledge::Only200 => "only_200",
    }
}

/// Reads back what counts as success.
pub fn acknowledge_of(text: &str) -> Result<Acknowledge, String> {
    [Acknowledge::Any2xx, Acknowledge::Only200]
        .into_iter()
        .find(|acknowledge| acknowledge_text(*acknowledge) == text)
        .ok_or_else(|| format!("acknowledge is {text:?}"))
}

/// The text of selectors.
pub fn selectors_text(selectors: &[Selector]) -> String {
    let names: Vec<String> = selectors.iter().map(Selector::to_string).collect();
    serde_json::json!(names).to_string()
}

/// Reads selectors back.
pub fn selectors_of(text: &str) -> Result<Vec<Selector>, String> {
    let names: Vec<String> =
        serde_json::from_str(text).map_err(|error| format!("event_types: {error}"))?;
    names
        .iter()
        .map(|name| Selector::parse(name).map_err(|error| format!("event_types {name:?} {error}")))
        .collect()
}

/// A time limit in its column.
pub fn timeout_ms(timeout: Duration) -> i64 {
    i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX)
}

/// Reads a time limit back.
pub fn timeout_of(ms: i64) -> Result<Duration, String> {
    u64::try_from(ms).map(Duration::from_millis).map_err(|_| format!("timeout_ms is {ms}"))
}

/// The state that the row's columns say.
pub fn state_of(row: &endpoint::Model) -> Result<EndpointState, Error> {
    let columns = StateColumns {
        switch: row.switch.clone(),
        held_since: row.held_since,
        held_total_us: row.held_total_us,
        failures: row.failures,
        failing_since: row.failing_since,
        defective_at: row.defective_at,
        epoch: row.epoch,
    };
    columns.read(row.id)
}

/// The columns of what it chooses.
pub fn choice_of(row: &endpoint::Model) -> ChoiceColumns {
    ChoiceColumns {
        format: row.format.clone(),
        wati_version: row.wati_version,
        wati_names: row.wati_names.clone(),
        filter: row.filter.clone(),
        phone_number_ids: row.phone_number_ids.clone(),
        session: row.session.clone(),
    }
}

/// Names the row in what is wrong with it.
pub fn corrupt(id: i64) -> impl Fn(String) -> Error {
    move |what| Error::Corrupt { table: "endpoints", id, what }
}

/// The endpoint as it is shown; the names of its headers come from what is sealed.
pub fn record(row: endpoint::Model, header_names: Vec<String>) -> Result<EndpointRecord, Error> {
    let state = state_of(&row)?;
    let endpoint::Model {
        id,
        company_id,
        external_key,
        url,
        description,
        event_types,
        format,
        wati_version,
        wati_names,
        filter,
        phone_number_ids,
        session,
        // What later releases use.
        request: _,
        rate_limit,
        max_in_flight,
        ordered,
        sealed_headers: _,
        sealed_secrets: _,
        timeout_ms,
        acknowledge,
        schedule,
        // Read into `state`.
        switch: _,
        held_since: _,
        held_total_us: _,
        failures: _,
        failing_since: _,
        defective_at: _,
        epoch: _,
        last_status,
        last_error,
        created_at,
        updated_at,
        deleted_at: _,
    } = row;
    let choice =
        ChoiceColumns { format, wati_version, wati_names, filter, phone_number_ids, session };
    let (format, narrowing) = choice.read().map_err(corrupt(id))?;
    let fails = state.streak() > 0;
    let last_status = last_status.filter(|_| fails).and_then(|code| u16::try_from(code).ok());
    Ok(EndpointRecord {
        id: EndpointId::from_raw(id),
        company: CompanyId::from_raw(company_id),
        url,
        description,
        event_types: selectors_of(&event_types).map_err(corrupt(id))?,
        format,
        narrowing,
        header_names,
        timeout: timeout_of(timeout_ms).map_err(corrupt(id))?,
        acknowledge: acknowledge_of(&acknowledge).map_err(corrupt(id))?,
        schedule: schedule_from_text(id, &schedule)?,
        external_key,
        traffic: traffic_of(rate_limit.as_deref(), max_in_flight, ordered).map_err(corrupt(id))?,
        state,
        last_status,
        last_error: last_error.filter(|_| fails),
        created_at: from_micros(created_at),
        updated_at: from_micros(updated_at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let selectors: Vec<_> =
            ["*", "message.*", "a.b"].map(|text| Selector::parse(text).unwrap()).into();
        assert_eq!(selectors_of(&selectors_text(&selectors)), Ok(selectors));
        for acknowledge in [Acknowledge::Any2xx, Acknowledge::Only200] {
            assert_eq!(acknowledge_of(acknowledge_text(acknowledge)), Ok(acknowledge));
        }
        assert!(acknowledge_of("all").is_err() && selectors_of("[\"A\"]").is_err());
    }
}
