//! Deliveries as they are listed: rows of `pending` and of history under one set of columns, with
//! what their endpoint and event say about them.

use domain::delivery::DeliveryState;
use domain::event_type::EventTypeName;
use domain::id::{DeliveryId, EndpointId, EventId};
use domain::outcome::Failure;
use domain::schedule::RetrySchedule;
use sea_orm::FromQueryResult;

use crate::lines::WAITS;
use crate::rows::attempt::{failure_of, status_of};
use crate::rows::endpoint::resolve_schedule;
use crate::rows::schedule::schedule_from_text;
use crate::time::from_micros;
use crate::{DeliveryRecord, Error};

/// What stands in `state` for a row of `pending`.
pub const STATE_PENDING: i64 = 0;
/// What stands in `state` for a delivered one.
pub const STATE_DELIVERED: i64 = 1;
const STATE_EXHAUSTED: i64 = 2;
const STATE_EXPIRED: i64 = 3;
/// What stands in `state` for a canceled delivery.
pub const STATE_CANCELED: i64 = 4;

/// The columns of a delivery of `pending`, for `p`, `e` and `c`; [`EVENT_TYPE`] or [`NO_EVENT_TYPE`] follows.
pub const PENDING_COLUMNS: &str = "p.id, p.endpoint_id, p.event_id, p.generation, \
    CAST(0 AS BIGINT) AS state, p.tries, p.tries_before, p.due_at, p.canceled, \
    CASE WHEN p.line_key IS NULL OR p.due_at < 9000000000000000 THEN NULL ELSE (SELECT f.id FROM pending f \
    WHERE f.endpoint_id = p.endpoint_id AND f.line_key = p.line_key AND f.line_key IS NOT NULL AND f.id <> p.id \
    ORDER BY f.line_place, f.id LIMIT 1) END AS waiting_for, CAST(NULL AS BIGINT) AS finished_at, CAST(NULL AS BIGINT) AS started_at, \
    CAST(NULL AS BIGINT) AS status_code, CAST(NULL AS TEXT) AS error_kind, \
    CAST(NULL AS TEXT) AS error_message, \
    CASE WHEN c.suspended_at IS NULL THEN e.switch ELSE 'suspended' END AS switch, \
    e.deleted_at, e.schedule";

/// The same columns of a delivery of history.
pub const HISTORY_COLUMNS: &str = "p.id, p.endpoint_id, p.event_id, p.generation, \
    p.state, p.tries, p.tries_before, CAST(0 AS BIGINT) AS due_at, CAST(0 AS BIGINT) AS canceled, \
    CAST(NULL AS BIGINT) AS waiting_for, p.finished_at, p.started_at, p.status_code, p.error_kind, p.error_message, \
    e.switch, e.deleted_at, e.schedule";

/// The last column, where the event is joined.
pub const EVENT_TYPE: &str = ", ev.event_type";
/// The last column, where it is read afterwards.
pub const NO_EVENT_TYPE: &str = ", CAST(NULL AS TEXT) AS event_type";

/// Endpoint and company of a delivery; the endpoint may be gone.
pub const JOINS: &str = " LEFT JOIN endpoints e ON e.id = p.endpoint_id \
    LEFT JOIN companies c ON c.id = p.company_id ";
/// Its event, which may be gone.
pub const EVENT_JOIN: &str =
    "LEFT JOIN events ev ON ev.company_id = p.company_id AND ev.id = p.event_id ";

/// A delivery as it is read for a list.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Listed {
    pub id: i64,
    pub endpoint_id: i64,
    pub event_id: i64,
    pub generation: i64,
    pub state: i64,
    pub tries: i64,
    pub tries_before: i64,
    pub due_at: i64,
    pub canceled: i64,
    pub waiting_for: Option<i64>,
    pub finished_at: Option<i64>,
    pub started_at: Option<i64>,
    pub status_code: Option<i64>,
    pub error_kind: Option<String>,
    pub error_message: Option<String>,
    pub event_type: Option<String>,
    pub switch: Option<String>,
    pub deleted_at: Option<i64>,
    pub schedule: Option<String>,
}

/// How the last attempt of a delivery ended.
#[derive(Debug, Clone, Default)]
pub struct LastAttempt {
    /// The answer's status.
    pub status: Option<u16>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

impl Listed {
    /// Whether it is not finished yet.
    pub const fn is_pending(&self) -> bool {
        self.state == STATE_PENDING
    }

    /// The attempt that stands in the row itself.
    pub fn inline_attempt(&self) -> Option<LastAttempt> {
        self.started_at.map(|_| LastAttempt {
            status: status_of(self.status_code),
            failure: failure_of(self.error_kind.clone(), self.error_message.clone()),
        })
    }

    /// The delivery as it is shown.
    pub fn record(
        self,
        last: LastAttempt,
        standard: &RetrySchedule,
    ) -> Result<DeliveryRecord, Error> {
        let corrupt = |what: String| Error::Corrupt { table: "deliveries", id: self.id, what };
        let count = |count: i64| {
            u32::try_from(count).map_err(|_| corrupt(format!("a count of tries is {count}")))
        };
        let id = DeliveryId::from_raw(self.id);
        // Retention may have removed the event; nothing else is called so.
        let event_type = self.event_type.as_deref().unwrap_or("unknown");
        let schedule = match &self.schedule {
            Some(text) => resolve_schedule(&schedule_from_text(self.endpoint_id, text)?, standard),
            None => standard.clone(),
        };
        let state =
            self.shown_state().ok_or_else(|| corrupt(format!("state is {}", self.state)))?;
        let is_due_once = self.is_pending() && self.due_at != WAITS;
        let due_at = is_due_once.then(|| from_micros(self.due_at).max(id.made_at()));
        Ok(DeliveryRecord {
            id,
            event: EventId::from_raw(self.event_id),
            endpoint: EndpointId::from_raw(self.endpoint_id),
            event_type: EventTypeName::parse(event_type)
                .map_err(|error| corrupt(format!("event_type {error}")))?,
            state,
            tries: count(self.tries)?,
            tries_max: count(self.tries_before)?.saturating_add(schedule.tries_max()),
            next_attempt_at: due_at.filter(|_| state == DeliveryState::Pending),
            waiting_for: self.waiting_for.map(DeliveryId::from_raw),
            created_at: id.made_at(),
            finished_at: self.finished_at.map(from_micros),
            last_status: last.status,
            last_error: last.failure,
        })
    }

    /// The state shown: what is pending is held or canceled by what its endpoint is.
    pub fn shown_state(&self) -> Option<DeliveryState> {
        match self.state {
            STATE_PENDING if self.canceled != 0 || self.is_endpoint_gone() => {
                Some(DeliveryState::Canceled)
            }
            STATE_PENDING if self.switch.as_deref() != Some("enabled") => Some(DeliveryState::Held),
            STATE_PENDING => Some(DeliveryState::Pending),
            STATE_DELIVERED => Some(DeliveryState::Delivered),
            STATE_EXHAUSTED => Some(DeliveryState::Exhausted),
            STATE_EXPIRED => Some(DeliveryState::Expired),
            STATE_CANCELED => Some(DeliveryState::Canceled),
            _ => None,
        }
    }

    /// Whether its endpoint was deleted.
    pub const fn is_endpoint_gone(&self) -> bool {
        self.schedule.is_none() || self.deleted_at.is_some()
    }
}

/// Which rows of `pending` are shown in a state; `None`: none of them.
pub const fn pending_condition(state: DeliveryState) -> Option<&'static str> {
    match state {
        DeliveryState::Pending => Some(
            "p.canceled = 0 AND e.deleted_at IS NULL AND e.switch = 'enabled' AND c.suspended_at IS NULL",
        ),
        DeliveryState::Held => Some(
            "p.canceled = 0 AND e.deleted_at IS NULL AND (e.switch <> 'enabled' OR c.suspended_at IS NOT NULL)",
        ),
        DeliveryState::Canceled => {
            Some("(p.canceled <> 0 OR e.deleted_at IS NOT NULL OR e.id IS NULL)")
        }
        DeliveryState::Delivered | DeliveryState::Exhausted | DeliveryState::Expired => None,
    }
}

/// Which rows of history are shown in a state; `None`: none of them.
pub const fn history_code(state: DeliveryState) -> Option<i64> {
    match state {
        DeliveryState::Delivered => Some(STATE_DELIVERED),
        DeliveryState::Exhausted => Some(STATE_EXHAUSTED),
        DeliveryState::Expired => Some(STATE_EXPIRED),
        DeliveryState::Canceled => Some(STATE_CANCELED),
        DeliveryState::Pending | DeliveryState::Held => None,
    }
}
