//! Bodies about inboxes.

use serde::Deserialize;
use utoipa::ToSchema;

/// How an inbox answers. In a new inbox what is left out is the default; in a change it stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InboxBody {
    /// The status of every answer; 200 where it is null.
    #[schema(minimum = 200, maximum = 599)]
    answer_status: Option<u16>,
    /// How long after a request came it is answered; at once where it is null.
    #[schema(minimum = 0, maximum = 30000)]
    answer_delay_ms: Option<u32>,
}
