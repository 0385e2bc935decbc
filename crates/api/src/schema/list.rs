//! What is looked for in lists and figures.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::EndpointNameSchema;
use super::ids::{EventIdText, SourceIdText};

/// Filters of the list of events.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventListParams {
    /// Only this event type, or all under a prefix such as `message.*`.
    #[param(min_length = 1, max_length = 130, pattern = "^[a-z0-9_]+([.][a-z0-9_]+)*([.][*])?$")]
    r#type: Option<String>,
    /// Only events about this contact.
    #[param(min_length = 1, max_length = 255)]
    subject: Option<String>,
    /// Only from this source.
    source_id: Option<SourceIdText>,
    /// Only those that came by this number of the company's, as Meta calls it.
    #[param(min_length = 1, max_length = 255)]
    phone_number_id: Option<String>,
    /// Only the event with this id of the caller's, or wamid.
    #[param(min_length = 1, max_length = 255)]
    external_id: Option<String>,
    /// Only accepted at or after this time.
    since: Option<DateTime<Utc>>,
    /// Only accepted before this time.
    until: Option<DateTime<Utc>>,
    /// One box for all: an id (`evt_…`, `dlv_…`), a wamid or another id of the caller's, a phone
    /// number or another subject, an event type. Whole and exact.
    #[param(min_length = 1, max_length = 255)]
    q: Option<String>,
}

/// Filters of the list of deliveries.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryListParams {
    /// Only to this endpoint.
    endpoint_id: Option<EndpointNameSchema>,
    /// Only of this event.
    event_id: Option<EventIdText>,
    /// Only in this state.
    state: Option<DeliveryStateSchema>,
    /// Only where the last attempt was answered so: a status, or a class such as `5xx`.
    #[param(pattern = "^([1-5][0-9][0-9]|[1-5]xx)$")]
    status_code: Option<String>,
    /// Only where the last attempt failed so.
    error: Option<ErrorKindSchema>,
    /// Only of this event type, or of all under a prefix such as `message.*`.
    #[param(min_length = 1, max_length = 130, pattern = "^[a-z0-9_]+([.][a-z0-9_]+)*([.][*])?$")]
    r#type: Option<String>,
    /// Only of events about this contact.
    #[param(min_length = 1, max_length = 255)]
    subject: Option<String>,
    /// Only of the event with this id of the caller's, or wamid.
    #[param(min_length = 1, max_length = 255)]
    external_id: Option<String>,
    /// Only made at or after this time.
    since: Option<DateTime<Utc>>,
    /// Only made before this time.
    until: Option<DateTime<Utc>>,
    /// One box for all: an id (`evt_…`, `dlv_…`, `ep_…`), a wamid or another id of the caller's, a phone
    /// number or another subject, an event type. Whole and exact.
    #[param(min_length = 1, max_length = 255)]
    q: Option<String>,
}

/// Where a delivery stands.
#[derive(Deserialize, ToSchema)]
#[schema(as = DeliveryState)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStateSchema {
    Pending,
    Delivered,
    Exhausted,
    Expired,
    Held,
    Canceled,
}

/// How an attempt failed.
#[derive(Deserialize, ToSchema)]
#[schema(as = ErrorKind)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKindSchema {
    Dns,
    Connect,
    Tls,
    Timeout,
    AddressForbidden,
    Status,
    Body,
    Redirect,
    Other,
}

/// Filters of the audit log.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditLogParams {
    /// Only by this person or token.
    #[param(min_length = 1, max_length = 100)]
    actor: Option<String>,
    /// Only this action, such as `endpoint.updated`.
    #[param(min_length = 1, max_length = 100)]
    action: Option<String>,
    /// Only about the thing with this id.
    #[param(min_length = 1, max_length = 100)]
    subject: Option<String>,
    /// At or after this time.
    since: Option<DateTime<Utc>>,
    /// Before this time.
    until: Option<DateTime<Utc>>,
}

/// Which time is looked at.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StatsParams {
    /// From when on; 24 hours ago where it is left out.
    since: Option<DateTime<Utc>>,
}

/// Which time is looked at, and which of the endpoints.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EndpointsStatsParams {
    /// From when on; 24 hours ago where it is left out, 31 days at most.
    since: Option<DateTime<Utc>>,
    /// How many endpoints at most.
    #[param(minimum = 1, maximum = 1000, default = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]{12}$")]
    cursor: Option<String>,
}
