//! What the OpenAPI document says of bodies and parameters that are read by hand. Nothing is made of
//! these types: that they tell the truth is tested against the running server.
#![expect(dead_code, reason = "they are only described")]

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

mod admin;
mod endpoint;
pub mod event_types;
pub mod filter;
pub mod ids;
pub mod inbox;
mod list;
mod mail;
mod people;
pub mod settings;
pub mod source;

pub use self::admin::*;
pub use self::endpoint::*;
pub use self::list::*;
pub use self::mail::*;
pub use self::people::*;

/// A new API token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it may do.
    #[schema(min_items = 1, max_items = 7)]
    scopes: Vec<ScopeSchema>,
    /// When it stops working; never where it is left out.
    expires_at: Option<DateTime<Utc>>,
}

/// What a token may do; `admin` is everything.
#[derive(Deserialize, ToSchema)]
#[schema(as = Scope)]
pub enum ScopeSchema {
    #[serde(rename = "events:write")]
    EventsWrite,
    #[serde(rename = "events:read")]
    EventsRead,
    #[serde(rename = "endpoints:write")]
    EndpointsWrite,
    #[serde(rename = "endpoints:read")]
    EndpointsRead,
    #[serde(rename = "deliveries:read")]
    DeliveriesRead,
    #[serde(rename = "deliveries:write")]
    DeliveriesWrite,
    #[serde(rename = "admin")]
    Admin,
}

/// A new event.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEventBody {
    /// One of `GET /api/v1/event-types`.
    #[schema(min_length = 1, max_length = 128)]
    r#type: String,
    /// What happened: an object of at most 256 KiB, kept byte for byte.
    #[schema(value_type = Object)]
    data: Value,
    /// The caller's own id, taken once; sent again, the first event's id comes back.
    #[schema(min_length = 1, max_length = 255)]
    id: Option<String>,
    /// The contact that it is about.
    #[schema(min_length = 1, max_length = 255)]
    subject: Option<String>,
    /// When it happened; now where it is left out.
    occurred_at: Option<DateTime<Utc>>,
    /// When it is not worth delivering any more.
    expires_at: Option<DateTime<Utc>>,
}

/// Many events; at most 8 MiB together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchBody {
    /// Each is read as the body of `POST /api/v1/events`; one that is wrong does not stop the others.
    #[schema(min_items = 1, max_items = 1000, value_type = Vec<Value>)]
    events: Vec<Value>,
}

/// An endpoint by its id, or by the caller's own `external_key` for it.
#[derive(Deserialize, ToSchema)]
#[schema(as = EndpointName, min_length = 1, max_length = 255, examples("ep_01m7y3yvqsfw88028n6rw9xe2b", "crm"))]
pub struct EndpointNameSchema(String);

/// To which endpoints an event goes once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayBody {
    /// To these, whether they pick its type or not; to all that do where it is left out.
    #[schema(min_items = 1, max_items = 100)]
    endpoint_ids: Option<Vec<EndpointNameSchema>>,
    /// Only counts what it would be for.
    preview: Option<bool>,
}

/// What an endpoint is to get that it missed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoverBody {
    /// Events accepted at or after this time.
    since: DateTime<Utc>,
    /// Events accepted before this time; up to now where it is left out.
    until: Option<DateTime<Utc>>,
    /// What had succeeded as well.
    include_delivered: Option<bool>,
    /// Only counts what it would be for.
    preview: Option<bool>,
}

/// Which deliveries; one field at least beside `preview`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PickBody {
    endpoint_id: Option<EndpointNameSchema>,
    state: Option<DeliveryStateSchema>,
    /// Made at or after this time.
    since: Option<DateTime<Utc>>,
    /// Made before this time.
    until: Option<DateTime<Utc>>,
    /// Only counts what it would be for.
    preview: Option<bool>,
}
