//! What the text of a mail is made of.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ids::EndpointIdText;

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
