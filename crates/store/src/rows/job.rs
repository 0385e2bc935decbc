//! Rows of `jobs`: what was asked for as the text of its column, and the job as it is shown.

use domain::delivery::DeliveryState;
use domain::id::{CompanyId, EndpointId, EventId, JobId};
use domain::job::{JobKind, JobRequest, JobState, Pick};
use serde::{Deserialize, Serialize};

use crate::entity::job;
use crate::time::{from_micros, micros};
use crate::{Error, JobRecord};

/// What was asked for, of whatever kind.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Columns {
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoints: Option<Vec<i64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    include_delivered: bool,
}

/// The column's text.
pub fn request_text(request: &JobRequest) -> String {
    let columns = match request {
        JobRequest::Replay { event, endpoints } => Columns {
            event: Some(event.raw()),
            endpoints: endpoints.as_ref().map(|ids| ids.iter().map(|id| id.raw()).collect()),
            ..Columns::default()
        },
        JobRequest::Recover { endpoint, since, until, include_delivered } => Columns {
            endpoint: Some(endpoint.raw()),
            since: Some(micros(*since)),
            until: until.map(micros),
            include_delivered: *include_delivered,
            ..Columns::default()
        },
        JobRequest::Retry(pick) | JobRequest::Cancel(pick) => Columns {
            endpoint: pick.endpoint.map(EndpointId::raw),
            state: pick.state.map(|state| state.as_str().to_owned()),
            since: pick.since.map(micros),
            until: pick.until.map(micros),
            ..Columns::default()
        },
    };
    serde_json::to_string(&columns).unwrap_or_default()
}

/// Reads back what was asked for; `None`: nothing that makes sense.
pub fn request_of(kind: JobKind, text: &str) -> Option<JobRequest> {
    let columns: Columns = serde_json::from_str(text).ok()?;
    let endpoint = columns.endpoint.map(EndpointId::from_raw);
    let (since, until) = (columns.since.map(from_micros), columns.until.map(from_micros));
    let pick = || -> Option<Pick> {
        let state = match &columns.state {
            Some(name) => Some(DeliveryState::parse(name)?),
            None => None,
        };
        Some(Pick { endpoint, state, since, until })
    };
    Some(match kind {
        JobKind::Replay => JobRequest::Replay {
            event: EventId::from_raw(columns.event?),
            endpoints: columns
                .endpoints
                .map(|ids| ids.into_iter().map(EndpointId::from_raw).collect()),
        },
        JobKind::Recover => JobRequest::Recover {
            endpoint: endpoint?,
            since: since?,
            until,
            include_delivered: columns.include_delivered,
        },
        JobKind::Retry => JobRequest::Retry(pick()?),
        JobKind::Cancel => JobRequest::Cancel(pick()?),
    })
}

/// What the audit log says of it: ids as they are shown.
pub fn request_facts(request: &JobRequest) -> serde_json::Value {
    let kind = request.kind().as_str();
    let (since, until) = request.span();
    match request {
        JobRequest::Replay { event, endpoints } => {
            serde_json::json!({ "kind": kind, "event": event, "endpoints": endpoints })
        }
        JobRequest::Recover { endpoint, include_delivered, .. } => serde_json::json!({
            "kind": kind, "endpoint": endpoint, "since": since, "until": until,
            "include_delivered": include_delivered,
        }),
        JobRequest::Retry(pick) | JobRequest::Cancel(pick) => serde_json::json!({
            "kind": kind, "endpoint": pick.endpoint, "since": since, "until": until,
            "state": pick.state.map(DeliveryState::as_str),
        }),
    }
}

/// The job as it is shown.
pub fn record(row: job::Model) -> Result<JobRecord, Error> {
    let corrupt = |what: &str| Error::Corrupt { table: "jobs", id: row.id, what: what.into() };
    let count = |value: i64| u64::try_from(value).map_err(|_| corrupt("a count is negative"));
    let kind = JobKind::parse(&row.kind).ok_or_else(|| corrupt("its kind"))?;
    Ok(JobRecord {
        id: JobId::from_raw(row.id),
        company: CompanyId::from_raw(row.company_id),
        request: request_of(kind, &row.request).ok_or_else(|| corrupt("its request"))?,
        state: JobState::parse(&row.state).ok_or_else(|| corrupt("its state"))?,
        total: count(row.total)?,
        total_is_open: row.total_open != 0,
        done: count(row.done)?,
        skipped: count(row.skipped)?,
        created_by: row.created_by.clone(),
        last_error: row.last_error.clone(),
        created_at: from_micros(row.created_at),
        finished_at: row.finished_at.map(from_micros),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_reads_back() {
        let at = from_micros(1_763_683_200_000_001);
        let pick = Pick {
            endpoint: Some(EndpointId::from_raw(7)),
            state: Some(DeliveryState::Exhausted),
            since: Some(at),
            until: None,
        };
        let named = Some(vec![EndpointId::from_raw(1), EndpointId::from_raw(2)]);
        let event = EventId::from_raw(9);
        for request in [
            JobRequest::Replay { event, endpoints: None },
            JobRequest::Replay { event, endpoints: named },
            JobRequest::Recover {
                endpoint: EndpointId::from_raw(3),
                since: at,
                until: Some(at),
                include_delivered: true,
            },
            JobRequest::Retry(pick.clone()),
            JobRequest::Cancel(Pick { endpoint: None, ..pick }),
        ] {
            let text = request_text(&request);
            assert_eq!(request_of(request.kind(), &text), Some(request));
        }
        assert_eq!(request_of(JobKind::Recover, "{}"), None);
        assert_eq!(request_of(JobKind::Retry, "{\"state\":\"lost\"}"), None);
    }
}
