//! An event: an immutable fact that came in.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::event_type::EventTypeName;
use crate::id::{CompanyId, EventId, SourceId};

/// The largest `data` of one event, in bytes as the caller wrote them.
pub const DATA_BYTES_MAX: usize = 256 * 1024;
/// The longest id a caller may give an event, in bytes.
pub const EXTERNAL_ID_BYTES_MAX: usize = 255;
/// The longest subject, in bytes.
pub const SUBJECT_BYTES_MAX: usize = 255;
/// The longest id of a business phone number, in bytes.
pub const PHONE_NUMBER_ID_BYTES_MAX: usize = 255;

/// An event that has been checked and not yet been written down.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Whose event it is.
    pub company: CompanyId,
    /// Its type.
    pub event_type: EventTypeName,
    /// Its data: one JSON value, the caller's own bytes.
    pub data: Arc<[u8]>,
    /// The source it came from; `None` is the REST API.
    pub source: Option<SourceId>,
    /// The source's own id for it, by which it is deduplicated.
    pub external_id: Option<Arc<str>>,
    /// Whom it is about: a contact's `wa_id` or `user_id`.
    pub subject: Option<Arc<str>>,
    /// Which of the company's numbers it came by, as Meta calls it.
    pub phone_number_id: Option<Arc<str>>,
    /// When it happened; the time of acceptance where the caller does not say.
    pub occurred_at: Option<DateTime<Utc>>,
    /// When it stops being worth delivering.
    pub expires_at: Option<DateTime<Utc>>,
    /// What the company's own types say of it; `None` where its type is built in.
    pub judged: Option<Judged>,
}

/// What a company's own types say of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// The version of the company's configuration at which the types were read, where that was before
    /// the event came: it counts only while nothing has changed. `None` where they were read since: any
    /// change that they miss is no older than the event.
    pub version: Option<i64>,
    /// What they say.
    pub verdict: Verdict,
}

/// Whether an own type takes an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is written down.
    Taken,
    /// Its data does not fit, or its type is archived: it gets the answer it got before where it came
    /// before, and is not written down.
    Refused,
}

/// An event as it was written down; what a delivery carries in memory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id, `webhook-id` on the wire.
    pub id: EventId,
    /// Whose event it is.
    pub company: CompanyId,
    /// Its type.
    pub event_type: EventTypeName,
    /// Its data: one JSON value, the caller's own bytes.
    pub data: Arc<[u8]>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The session it belongs to, as JSON; `None` until sessions are recorded.
    pub session: Option<Arc<[u8]>>,
}
