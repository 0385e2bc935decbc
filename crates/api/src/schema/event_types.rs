//! Bodies and parameters of a company's own event types.

use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// A new event type of the company's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEventTypeBody {
    /// Words joined by full stops. The first word of a built-in type is not taken.
    #[schema(min_length = 1, max_length = 128, pattern = "^[a-z0-9_]+([.][a-z0-9_]+)*$")]
    name: String,
    /// What it tells, in a sentence.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Sample data, at most 64 KiB; it fits the schema.
    #[schema(value_type = Option<Object>)]
    sample: Option<Value>,
    /// A JSON Schema (2020-12, 2019-09, draft 7 or 6), at most 64 KiB; `$ref` points only into itself
    /// and never in a circle, and formats are checked.
    #[schema(value_type = Option<Object>)]
    schema: Option<Value>,
    validation: Option<ValidationSchema>,
}

/// What changes of an event type; what is left out stays, null is the default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventTypePatchBody {
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Sample data; it fits the schema.
    #[schema(value_type = Option<Object>)]
    sample: Option<Value>,
    /// A JSON Schema of its data; null removes it.
    #[schema(value_type = Option<Object>)]
    schema: Option<Value>,
    validation: Option<ValidationSchema>,
    /// Whether new events of it are refused.
    #[schema(nullable = false)]
    archived: Option<bool>,
}

/// What happens to posted data that does not fit the schema: nothing is checked (`off`), the event is
/// taken and the answer says what does not fit (`warn`), or the event is refused.
#[derive(Deserialize, ToSchema)]
#[schema(as = Validation)]
#[serde(rename_all = "snake_case")]
pub enum ValidationSchema {
    Off,
    Warn,
    Refuse,
}

/// Which event types are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventTypeListParams {
    /// The archived ones as well.
    include_archived: Option<bool>,
}
