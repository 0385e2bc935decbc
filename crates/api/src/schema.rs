//! What the OpenAPI document says of bodies and parameters that are read by hand. Nothing is made of
//! these types: that they tell the truth is tested against the running server.
#![expect(dead_code, reason = "they are only described")]

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

pub mod event_types;
pub mod filter;
pub mod ids;
pub mod inbox;
pub mod settings;
pub mod source;

use ids::{EndpointIdText, EventIdText, SourceIdText};

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

/// A new company and its owner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpBody {
    #[schema(min_length = 1, max_length = 100)]
    company_name: String,
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// What the person is called.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Neither common nor the address.
    #[schema(format = Password, min_length = 10, max_length = 256)]
    password: String,
}

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginBody {
    #[schema(format = Email, max_length = 254)]
    email: String,
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    password: String,
}

/// What changes about a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonPatchBody {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// What the link that was mailed carries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenBody {
    #[schema(min_length = 1, max_length = 128)]
    token: String,
}

/// Whose password is to be chosen anew.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailBody {
    #[schema(format = Email, max_length = 254)]
    email: String,
}

/// A new password, by the link that was mailed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    #[schema(min_length = 1, max_length = 128)]
    token: String,
    #[schema(format = Password, min_length = 10, max_length = 256)]
    password: String,
}

/// Another password of one's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChangeBody {
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    current_password: String,
    #[schema(format = Password, min_length = 10, max_length = 256)]
    new_password: String,
}

/// Another address of one's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailChangeBody {
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// The present password.
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    password: String,
}

/// What a member is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleBody {
    role: RoleSchema,
}

/// What a person may; each may what the ones before it may.
#[derive(Deserialize, ToSchema)]
#[schema(as = Role)]
#[serde(rename_all = "snake_case")]
pub enum RoleSchema {
    Viewer,
    Developer,
    Admin,
    Owner,
}

/// Whom to ask into the company.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationBody {
    #[schema(format = Email, max_length = 254)]
    email: String,
    role: RoleSchema,
}

/// Who accepts an invitation: somebody new with a password, or whoever is logged in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitationBody {
    #[schema(min_length = 1, max_length = 128)]
    token: String,
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[schema(format = Password, min_length = 10, max_length = 256)]
    password: Option<String>,
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

/// What the text of a mail is made of: of one about an endpoint, or of a test mail.
#[derive(Deserialize, ToSchema)]
#[schema(as = AnyMailFacts)]
#[serde(untagged)]
pub enum AnyMailFactsSchema {
    Endpoint(MailFactsSchema),
    Test(TestMailFactsSchema),
}

/// What the text of a test mail is made of.
#[derive(Deserialize, ToSchema)]
#[schema(as = TestMailFacts)]
pub struct TestMailFactsSchema {
    company_name: String,
    /// Who asked for it, where that is a person.
    asked_by: Option<String>,
    asked_at: DateTime<Utc>,
}

/// What the text of a mail about an endpoint is made of.
#[derive(Deserialize, ToSchema)]
#[schema(as = MailFacts)]
pub struct MailFactsSchema {
    company_name: String,
    #[schema(value_type = EndpointIdText)]
    endpoint_id: String,
    endpoint_url: String,
    endpoint_description: String,
    failures: u32,
    failing_since: Option<DateTime<Utc>>,
    last_status: Option<u16>,
    last_error: Option<String>,
    waiting: u32,
    happened_at: DateTime<Utc>,
    give_up_after_s: i64,
    defective_after: u32,
}

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

/// Which companies the operator looks at.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CompanyListParams {
    /// Only the company with this id, those with this in their name, and those that somebody with this
    /// mail address owns.
    #[param(min_length = 1, max_length = 254)]
    q: Option<String>,
    /// Only those that are suspended, or that are not.
    suspended: Option<bool>,
}

/// A new company.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCompanyBody {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(format = Email, max_length = 254)]
    owner_email: String,
}

/// What changes of a company.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompanyPatchBody {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Whether it is suspended.
    suspended: Option<bool>,
    /// Limits of its own; null goes back to the deployment's.
    limits: Option<OwnLimitsBody>,
}

/// Limits that a company has of its own; what is null is the deployment's.
#[derive(Deserialize, ToSchema)]
#[schema(as = OwnLimits)]
#[serde(deny_unknown_fields)]
pub struct OwnLimitsBody {
    #[schema(minimum = 0, maximum = 100_000)]
    endpoints: Option<u32>,
    #[schema(minimum = 1, maximum = 10_000_000)]
    events_per_second: Option<u32>,
    #[schema(minimum = 1, maximum = 100_000)]
    samples_per_minute: Option<u32>,
    #[schema(minimum = 1, maximum = 262_144)]
    event_bytes: Option<u32>,
    #[schema(minimum = 0, maximum = 100_000)]
    invitations_per_day: Option<u32>,
    #[schema(minimum = 0, maximum = 100_000)]
    tokens: Option<u32>,
    #[schema(minimum = 1, maximum = 100_000)]
    members: Option<u32>,
}
