//! Bodies about sources.

use serde::Deserialize;
use utoipa::ToSchema;

/// What a source takes in.
#[derive(Deserialize, ToSchema)]
#[schema(as = SourceKind)]
pub enum SourceKindSchema {
    #[serde(rename = "whatsapp")]
    WhatsApp,
}

/// A new source.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSourceBody {
    kind: SourceKindSchema,
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// The app secret of the Meta app, printable ASCII. Until there is one, notifications are answered
    /// 503, and Meta sends them again for a week.
    #[schema(min_length = 16, max_length = 256)]
    app_secret: Option<String>,
    /// What is pasted into the App Dashboard, printable ASCII; made where it is left out.
    #[schema(min_length = 8, max_length = 128)]
    verify_token: Option<String>,
}

/// What changes of a source; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourcePatchBody {
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    name: Option<String>,
}

/// Another app secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateAppSecretBody {
    /// The app secret that the App Dashboard shows.
    #[schema(min_length = 16, max_length = 256)]
    app_secret: String,
    /// For how long the one before is accepted beside it; a day where it is left out, 0 not at all.
    #[schema(minimum = 0, maximum = 604_800)]
    overlap_seconds: Option<u32>,
}

/// Another verify token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateVerifyTokenBody {
    /// Printable ASCII; made where it is left out.
    #[schema(min_length = 8, max_length = 128)]
    verify_token: Option<String>,
}

/// How far a source has come.
#[derive(Deserialize, ToSchema)]
#[schema(as = SourceState)]
#[serde(rename_all = "snake_case")]
pub enum SourceStateSchema {
    /// It has no app secret: every notification is refused until it has.
    NeedsAppSecret,
    /// Meta has not asked yet whether its callback URL is ours.
    NeedsHandshake,
    /// Meta has asked; nothing has come yet.
    WaitsForNotifications,
    /// Notifications have come.
    Receiving,
}

/// Why a notification was refused.
#[derive(Deserialize, ToSchema)]
#[schema(as = RefusalReason)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReasonSchema {
    SignatureMissing,
    SignatureWrong,
    NoAppSecret,
    TooLarge,
    Malformed,
    WrongVerifyToken,
}
