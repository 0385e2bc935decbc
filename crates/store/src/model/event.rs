//! Events, deliveries and attempts, as they are looked for and shown.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::delivery::DeliveryState;
use domain::event_type::{EventTypeName, Selector};
use domain::format::Rendering;
use domain::id::{DeliveryId, EndpointId, EventId, SourceId};
use domain::outcome::{ErrorKind, Failure};
use domain::search::Needle;
use domain::selection::{Selection, SessionState};

use crate::search::terms::StatusWanted;

/// An event as it is shown.
#[derive(Debug, Clone)]
pub struct EventRecord {
    /// Its id.
    pub id: EventId,
    /// Its type.
    pub event_type: EventTypeName,
    /// Where it came from; `None` is the REST API.
    pub source: Option<SourceId>,
    /// The source's own id for it.
    pub external_id: Option<String>,
    /// Whom it is about.
    pub subject: Option<String>,
    /// Which of the company's numbers it came by.
    pub phone_number_id: Option<String>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was accepted.
    pub accepted_at: DateTime<Utc>,
    /// When it stops being worth delivering.
    pub expires_at: Option<DateTime<Utc>>,
    /// The session that it carries, as JSON; not in lists.
    pub session: Option<Arc<[u8]>>,
    /// Its data, the caller's own bytes; empty in lists.
    pub data: Arc<[u8]>,
    /// How many endpoints it matched.
    pub deliveries: u32,
}

impl EventRecord {
    /// The event, as endpoints choose by it.
    pub fn selection(&self) -> Selection<'_> {
        let session = self.session.as_deref().and_then(SessionState::of_json);
        let number = self.phone_number_id.as_deref();
        Selection::new(&self.event_type, &self.data, number, session)
    }
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Of this type, or of types with this prefix.
    pub event_type: Option<Selector>,
    /// About this contact.
    pub subject: Option<String>,
    /// From this source.
    pub source: Option<SourceId>,
    /// By this number of the company's.
    pub phone_number_id: Option<String>,
    /// With this id of the source's own.
    pub external_id: Option<String>,
    /// With what was typed into the one box.
    pub needle: Option<Needle>,
    /// Accepted at or after.
    pub since: Option<DateTime<Utc>>,
    /// Accepted before.
    pub until: Option<DateTime<Utc>>,
}

/// Which deliveries are wanted.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// To this endpoint.
    pub endpoint: Option<EndpointId>,
    /// Of this event.
    pub event: Option<EventId>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Whose last attempt was answered so.
    pub status: Option<StatusWanted>,
    /// Whose last attempt failed so.
    pub error: Option<ErrorKind>,
    /// Of events of this type, or of types with this prefix.
    pub event_type: Option<Selector>,
    /// Of events about this contact.
    pub subject: Option<String>,
    /// Of events with this id of the source's own.
    pub external_id: Option<String>,
    /// With what was typed into the one box.
    pub needle: Option<Needle>,
    /// Made at or after.
    pub since: Option<DateTime<Utc>>,
    /// Made before.
    pub until: Option<DateTime<Utc>>,
}

/// A delivery as it is shown in a list.
#[derive(Debug, Clone)]
pub struct DeliveryRecord {
    /// Its id.
    pub id: DeliveryId,
    /// The event on its way.
    pub event: EventId,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// The event's type.
    pub event_type: EventTypeName,
    /// The state shown.
    pub state: DeliveryState,
    /// Attempts made.
    pub tries: u32,
    /// Attempts there can be in all, over its present schedule and those before.
    pub tries_max: u32,
    /// When the next attempt is due; in the past for one that waits its turn.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Which delivery of the same contact goes first, at an ordered endpoint.
    pub waiting_for: Option<DeliveryId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// The status of its last attempt.
    pub last_status: Option<u16>,
    /// The error of its last attempt.
    pub last_error: Option<Failure>,
}

/// A delivery with all its attempts, the first one first.
#[derive(Debug, Clone)]
pub struct DeliveryDetail {
    /// The delivery.
    pub delivery: DeliveryRecord,
    /// Its event, for the body that was sent; `None` once retention has removed it.
    pub event: Option<EventRecord>,
    /// How that body was written; `None` where a later release did.
    pub rendering: Option<Rendering>,
    /// Every attempt.
    pub attempts: Vec<AttemptRecord>,
}

/// One HTTP request and what came back.
#[derive(Debug, Clone)]
pub struct AttemptRecord {
    /// Its number within the delivery, from 1.
    pub number: u32,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took.
    pub duration: Duration,
    /// The answer's status.
    pub status_code: Option<u16>,
    /// Why it failed.
    pub error: Option<(ErrorKind, String)>,
    /// URL and headers as they were sent; values of custom headers are not kept.
    pub request: domain::wire::SentHead,
    /// The answer's headers: names, and values as whatever bytes came.
    pub response_headers: Vec<(String, Vec<u8>)>,
    /// The answer's body, any bytes, cut at the limit.
    pub response_body: Vec<u8>,
    /// Whether the body was cut.
    pub truncated: bool,
}
