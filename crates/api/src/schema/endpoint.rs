//! Endpoints: what they are to be, what changes of them, their secrets and samples.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A new endpoint.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEndpointBody {
    /// Where requests go: https, or plain http in allowed networks.
    #[schema(format = "uri", max_length = 2048)]
    url: String,
    /// Names, prefixes (`message.*`) or `*`.
    #[schema(min_items = 1, max_items = 100)]
    event_types: Vec<String>,
    format: Option<FormatSchema>,
    /// Which set of Wati's events, 1 where it is left out; of the format `wati` alone.
    #[schema(minimum = 1, maximum = 2)]
    wati_version: Option<u8>,
    /// Names for which Wati's own pages differ, by event type; of the format `wati` alone.
    #[schema(value_type = Option<BTreeMap<String, String>>, example = json!({"phone_number.quality_updated": "PhoneNumberQualityUpdatedEvent"}))]
    wati_names: Option<BTreeMap<String, String>>,
    /// Only events whose data this filter takes (docs/filters.md); null: all.
    #[schema(value_type = Option<Object>, example = json!({"field": "message.type", "eq": "text"}))]
    filter: Option<Value>,
    /// Only events that came by these numbers of the company's, as Meta calls them, and those that came by
    /// none, as of templates; null: all.
    #[schema(min_items = 1, max_items = 100, example = json!(["208845331907714"]))]
    phone_number_ids: Option<Vec<String>>,
    session: Option<SessionSchema>,
    #[schema(max_length = 500)]
    description: Option<String>,
    status: Option<SwitchSchema>,
    /// Headers that every request carries beside our own.
    headers: Option<BTreeMap<String, String>>,
    /// The secret to sign with; made where it is left out.
    #[schema(min_length = 16, max_length = 256)]
    secret: Option<String>,
    /// For the whole exchange, in milliseconds.
    #[schema(minimum = 1000, maximum = 30000)]
    timeout_ms: Option<u32>,
    acknowledge: Option<AcknowledgeSchema>,
    schedule: Option<ScheduleSchema>,
    /// The caller's own name for it, unique in the company.
    #[schema(min_length = 1, max_length = 255)]
    external_key: Option<String>,
    /// At most so many requests begin in any second, retries included, samples not, over all nodes.
    rate_limit: Option<RateLimitSchema>,
    /// At most so many requests are under way at a time, over all nodes.
    #[schema(minimum = 1, maximum = 1000)]
    max_in_flight: Option<u32>,
    /// The events of one `subject` go one at a time, in the order in which they were accepted; one that
    /// fails holds back its own subject alone.
    ordered: Option<bool>,
}

/// What changes of an endpoint; what is left out stays, null is the default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointPatchBody {
    #[schema(format = "uri", max_length = 2048, nullable = false)]
    url: Option<String>,
    #[schema(min_items = 1, max_items = 100, nullable = false)]
    event_types: Option<Vec<String>>,
    format: Option<FormatSchema>,
    /// Which set of Wati's events, 1 where it is left out; of the format `wati` alone.
    #[schema(minimum = 1, maximum = 2)]
    wati_version: Option<u8>,
    /// Names for which Wati's own pages differ, by event type; of the format `wati` alone.
    #[schema(value_type = Option<BTreeMap<String, String>>, example = json!({"phone_number.quality_updated": "PhoneNumberQualityUpdatedEvent"}))]
    wati_names: Option<BTreeMap<String, String>>,
    /// Only events whose data this filter takes (docs/filters.md); null: all.
    #[schema(value_type = Option<Object>, example = json!({"field": "message.type", "eq": "text"}))]
    filter: Option<Value>,
    /// Only events that came by these numbers of the company's, as Meta calls them, and those that came by
    /// none, as of templates; null: all.
    #[schema(min_items = 1, max_items = 100, example = json!(["208845331907714"]))]
    phone_number_ids: Option<Vec<String>>,
    session: Option<SessionSchema>,
    #[schema(max_length = 500)]
    description: Option<String>,
    status: Option<SwitchSchema>,
    headers: Option<BTreeMap<String, String>>,
    #[schema(minimum = 1000, maximum = 30000)]
    timeout_ms: Option<u32>,
    acknowledge: Option<AcknowledgeSchema>,
    schedule: Option<ScheduleSchema>,
    #[schema(min_length = 1, max_length = 255)]
    external_key: Option<String>,
    /// At most so many requests begin in any second, retries included, samples not, over all nodes.
    rate_limit: Option<RateLimitSchema>,
    /// At most so many requests are under way at a time, over all nodes.
    #[schema(minimum = 1, maximum = 1000)]
    max_in_flight: Option<u32>,
    /// The events of one `subject` go one at a time, in the order in which they were accepted; one that
    /// fails holds back its own subject alone.
    ordered: Option<bool>,
}

/// How events are written to an endpoint (docs/formats.md). Deliveries keep the format that they began with.
#[derive(Deserialize, ToSchema)]
#[schema(as = Format)]
#[serde(rename_all = "snake_case")]
pub enum FormatSchema {
    Hookferry,
    Wati,
    Meta,
}

/// Which sessions' events an endpoint gets. Events without a session, as all are that are not of messages,
/// come by `any` alone.
#[derive(Deserialize, ToSchema)]
#[schema(as = SessionWanted)]
#[serde(rename_all = "snake_case")]
pub enum SessionSchema {
    Any,
    Active,
    Inactive,
}

/// How a person switches an endpoint.
#[derive(Deserialize, ToSchema)]
#[schema(as = Switch)]
#[serde(rename_all = "snake_case")]
pub enum SwitchSchema {
    Enabled,
    Paused,
    Disabled,
}

/// Which answers are success.
#[derive(Deserialize, ToSchema)]
#[schema(as = Acknowledge)]
pub enum AcknowledgeSchema {
    #[serde(rename = "any_2xx")]
    Any2xx,
    #[serde(rename = "only_200")]
    Only200,
}

/// When retries come: a named schedule, or waits of one's own.
#[derive(Deserialize, ToSchema)]
#[schema(as = Schedule)]
#[serde(untagged)]
pub enum ScheduleSchema {
    Named(NamedSchedule),
    Custom(CustomSchedule),
}

/// `standard`: 144 retries 10 minutes apart; `meta`: growing waits over 7 days.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NamedSchedule {
    Standard,
    Meta,
}

/// How many requests may begin in any second.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = RateLimit)]
#[serde(deny_unknown_fields)]
pub struct RateLimitSchema {
    #[schema(minimum = 1, maximum = 10000)]
    pub per_second: u32,
}

/// The waits before each retry.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomSchedule {
    /// Seconds, 7 days each at most.
    #[schema(min_items = 1, max_items = 1000)]
    custom_seconds: Vec<u32>,
}

/// A new secret for an endpoint.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateSecretBody {
    /// For how long the old secret signs beside the new one; a day where it is left out.
    #[schema(minimum = 0, maximum = 604_800)]
    overlap_seconds: Option<u32>,
    /// The new secret; made where it is left out.
    #[schema(min_length = 16, max_length = 256)]
    secret: Option<String>,
}

/// What a sample carries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SampleBody {
    /// One of `GET /api/v1/event-types` that the endpoint's format has a form for. Where it is left out:
    /// `webhook.sample`, in the formats `wati` and `meta` `message.received`.
    event_type: Option<String>,
    /// The data; the type's own sample where it is left out.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
}
