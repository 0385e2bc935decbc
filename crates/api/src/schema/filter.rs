//! The bodies of the testers of filters.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::ids::EventIdText;

/// Which filter, and which event: one that has come, or one that might.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterTestBody {
    /// The filter (docs/filters.md).
    #[schema(value_type = Object)]
    filter: Value,
    /// An event that has come; needs the scope `events:read` too.
    event_id: Option<EventIdText>,
    /// Else the data of one.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
}

/// Which event, one that has come or one that might, and with which filter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointFilterTestBody {
    /// An event that has come; needs the scope `events:read` too.
    event_id: Option<EventIdText>,
    /// Else the data of one.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
    /// Its type; needed beside `data`.
    event_type: Option<String>,
    /// The number that it came by, beside `data`.
    #[schema(min_length = 1, max_length = 255)]
    phone_number_id: Option<String>,
    /// The state of its session, beside `data`.
    session: Option<SessionStateSchema>,
    /// Another filter than the endpoint's own; null: none.
    #[schema(value_type = Option<Object>)]
    filter: Option<Value>,
}

/// Whether both sides have written in a session.
#[derive(Deserialize, ToSchema)]
#[schema(as = SessionState)]
#[serde(rename_all = "snake_case")]
pub enum SessionStateSchema {
    Active,
    Inactive,
}
