//! Bodies about settings and notifications.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{RoleSchema, ScheduleSchema};

/// What changes of the settings, at any depth; what is left out stays, null is the default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsPatchBody {
    company: Option<CompanyNameBody>,
    /// A name of the IANA database.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    time_zone: Option<String>,
    notifications: Option<NotificationsPatchBody>,
    endpoint_defaults: Option<EndpointDefaultsBody>,
}

/// What changes of the company.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompanyNameBody {
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    name: Option<String>,
}

/// What changes of who gets which mail, and when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationsPatchBody {
    roles: Option<RolesPatchBody>,
    /// Replaced as a whole; null for none.
    quiet_hours: Option<QuietHoursBody>,
}

/// Which roles get each kind; null is owners and admins.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RolesPatchBody {
    #[schema(max_items = 4)]
    endpoint_warning: Option<Vec<RoleSchema>>,
    #[schema(max_items = 4)]
    endpoint_defective: Option<Vec<RoleSchema>>,
    #[schema(max_items = 4)]
    endpoint_recovered: Option<Vec<RoleSchema>>,
    #[schema(max_items = 4)]
    endpoint_disabled: Option<Vec<RoleSchema>>,
}

/// Which roles get each kind.
#[derive(Deserialize, ToSchema)]
#[schema(as = NotifiedRoles)]
pub struct RolesSchema {
    endpoint_warning: Vec<RoleSchema>,
    endpoint_defective: Vec<RoleSchema>,
    endpoint_recovered: Vec<RoleSchema>,
    endpoint_disabled: Vec<RoleSchema>,
}

/// From when to when mails wait, every day, by the clock of the time zone; over midnight where `to` is
/// the earlier one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHoursBody {
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "22:00")]
    from: String,
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "07:00")]
    to: String,
    /// Whether a Defective mail goes out all the same; true where it is left out.
    defective_breaks_through: Option<bool>,
}

/// What new endpoints begin with; null is what the installation has.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointDefaultsBody {
    #[schema(minimum = 1000, maximum = 30000)]
    timeout_ms: Option<u32>,
    schedule: Option<ScheduleSchema>,
}

/// Whom to send a test mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestMailBody {
    /// A member's proved address, or a proved one of the settings; one's own where it is left out. A
    /// token has none.
    #[schema(format = Email, max_length = 254)]
    to: Option<String>,
}

/// A kind of mail about endpoints.
#[derive(Deserialize, ToSchema)]
#[schema(as = NoticeKind)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the names are those of the API")]
pub enum NoticeKindSchema {
    EndpointWarning,
    EndpointDefective,
    EndpointRecovered,
    EndpointDisabled,
}

/// An address that is to get mails.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAddressBody {
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// All of them where it is left out.
    #[schema(max_items = 4)]
    kinds: Option<Vec<NoticeKindSchema>>,
}

/// Which kinds of mail an address is to get.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressPatchBody {
    #[schema(max_items = 4)]
    kinds: Vec<NoticeKindSchema>,
}

/// Which kinds a member wants: true to get it, false not to, null as the company has it.
#[derive(Deserialize, ToSchema)]
#[schema(as = MailChoices)]
#[serde(deny_unknown_fields)]
pub struct ChoicesBody {
    endpoint_warning: Option<bool>,
    endpoint_defective: Option<bool>,
    endpoint_recovered: Option<bool>,
    endpoint_disabled: Option<bool>,
}

/// Which kinds a member gets.
#[derive(Deserialize, ToSchema)]
#[schema(as = MailsGot)]
pub struct GetsSchema {
    endpoint_warning: bool,
    endpoint_defective: bool,
    endpoint_recovered: bool,
    endpoint_disabled: bool,
}
