//! Ids as they stand in the OpenAPI document.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// 128 bits in Crockford's base 32, as TypeID writes them.
const SUFFIX_PATTERN: &str = "[0-7][0-9a-hjkmnp-tv-z]{25}";
const SUFFIX_EXAMPLE: &str = "01m7y3yvqsfw88028n6rw9xe2b";

fn id_schema(prefix: &str, description: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .pattern(Some(format!("^{prefix}_{SUFFIX_PATTERN}$")))
        .examples([serde_json::json!(format!("{prefix}_{SUFFIX_EXAMPLE}"))])
        .into()
}

macro_rules! ids {
    ($($kind:ident $name:literal $prefix:literal $what:literal;)*) => {
        $(
            #[doc = $what]
            #[derive(Debug, serde::Deserialize)]
            pub struct $kind;

            impl PartialSchema for $kind {
                fn schema() -> RefOr<Schema> {
                    id_schema($prefix, $what)
                }
            }

            impl ToSchema for $kind {
                fn name() -> Cow<'static, str> {
                    $name.into()
                }
            }
        )*
    };
}

ids! {
    CompanyIdText "CompanyId" "cmp" "The id of a company.";
    TokenIdText "TokenId" "tok" "The id of an API token.";
    EventIdText "EventId" "evt" "The id of an event; ids sort by time.";
    EndpointIdText "EndpointId" "ep" "The id of an endpoint.";
    DeliveryIdText "DeliveryId" "dlv" "The id of a delivery.";
    AttemptIdText "AttemptId" "att" "The id of an attempt.";
    SourceIdText "SourceId" "src" "The id of a source.";
    RefusedNotificationIdText "RefusedNotificationId" "rfn" "The id of a notification that a source refused.";
    AuditIdText "AuditId" "aud" "The id of a line of the audit log.";
    JobIdText "JobId" "job" "The id of a job.";
    UserIdText "UserId" "usr" "The id of a person.";
    LoginIdText "LoginId" "lgn" "The id of a login.";
    InvitationIdText "InvitationId" "inv" "The id of an invitation.";
    InboxIdText "InboxId" "inb" "The id of an inbox.";
    InboxRequestIdText "InboxRequestId" "ireq" "The id of a request that came into an inbox.";
    AddressIdText "AddressId" "addr" "The id of an address that gets mails beside the members'.";
    MailIdText "MailId" "mail" "The id of a mail.";
}
