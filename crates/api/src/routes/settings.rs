//! `/settings`: what a company has set, and a mail to see that mails arrive.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::{CompanyId, MailId};
use domain::notice::NoticeKind;
use domain::notification::{Notifications, PerKind, Roles};
use domain::quiet::{QuietHours, WallTime};
use domain::role::Role;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use store::{
    Bearer, CompanyRecord, CompanySettings, EndpointDefaults, SettingsPatch, TestMail, TestMailTo,
};
use utoipa::ToSchema;

use super::account::{COMPANY_NAME_BYTES_MAX, read_email};
use super::addresses::AddressView;
use super::endpoint_fields::TIMEOUT_MS;
use super::endpoint_fields::sending::read_schedule_or_null;
use super::endpoint_view::ScheduleView;
use crate::auth::{self, Authorized};
use crate::body;
use crate::code::Code;
use crate::error::ApiError;
use crate::fields::{Fields, Given};
use crate::query::Query;
use crate::respond::json;
use crate::schema::ScheduleSchema;
use crate::schema::ids;
use crate::schema::settings::{RolesSchema, SettingsPatchBody, TestMailBody};
use crate::serve::Shared;

/// Something of each kind of mail, under the names of the kinds.
#[derive(Debug)]
pub struct PerKindView<T>(pub PerKind<T>);

impl<T: Serialize> Serialize for PerKindView<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(NoticeKind::ALL.len()))?;
        for kind in NoticeKind::ALL {
            map.serialize_entry(kind.as_str(), self.0.of(kind))?;
        }
        map.end()
    }
}

/// What the company has set.
#[derive(Debug, Serialize, ToSchema)]
struct SettingsView {
    company: CompanyView,
    /// By whose clock quiet hours are told.
    time_zone: &'static str,
    notifications: NotificationsView,
    endpoint_defaults: EndpointDefaultsView,
}

/// The company.
#[derive(Debug, Serialize, ToSchema)]
struct CompanyView {
    #[schema(value_type = ids::CompanyIdText)]
    id: CompanyId,
    name: String,
    created_at: DateTime<Utc>,
}

/// Who gets which mail about endpoints, and when.
#[derive(Debug, Serialize, ToSchema)]
struct NotificationsView {
    /// Whether this installation has a mail server; else mails are kept and shown.
    mails_are_sent: bool,
    /// Which roles get each kind; each member can choose otherwise for themselves.
    #[schema(value_type = RolesSchema)]
    roles: PerKindView<Vec<&'static str>>,
    /// When mails wait; null: never.
    quiet_hours: Option<QuietHoursView>,
    /// Addresses that get mails beside the members', the oldest first.
    addresses: Vec<AddressView>,
}

/// From when to when mails wait, every day.
#[derive(Debug, Serialize, ToSchema)]
struct QuietHoursView {
    from: String,
    to: String,
    /// Whether a Defective mail goes out all the same.
    defective_breaks_through: bool,
}

/// What new endpoints begin with; null is what the installation has.
#[derive(Debug, Serialize, ToSchema)]
struct EndpointDefaultsView {
    timeout_ms: Option<u64>,
    #[schema(value_type = Option<ScheduleSchema>)]
    schedule: Option<ScheduleView>,
}

impl SettingsView {
    fn of(settings: CompanySettings, shared: &Shared) -> Self {
        let CompanySettings { company, notifications, addresses, endpoint_defaults } = settings;
        let CompanyRecord { id, name, created_at } = company;
        let Notifications { roles, quiet_hours, defective_breaks_through, time_zone } =
            notifications;
        let mut names = PerKind::all(Vec::new());
        for kind in NoticeKind::ALL {
            let list = roles.of(kind).list();
            *names.of_mut(kind) = list.into_iter().map(Role::as_str).collect();
        }
        let hours = |hours: QuietHours| QuietHoursView {
            from: hours.from().to_string(),
            to: hours.to().to_string(),
            defective_breaks_through,
        };
        let EndpointDefaults { timeout, schedule } = endpoint_defaults;
        let timeout = timeout.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        Self {
            company: CompanyView { id, name, created_at },
            time_zone: time_zone.as_str(),
            notifications: NotificationsView {
                mails_are_sent: shared.config.can_mail,
                roles: PerKindView(names),
                quiet_hours: quiet_hours.map(hours),
                addresses: addresses.into_iter().map(AddressView::of).collect(),
            },
            endpoint_defaults: EndpointDefaultsView {
                timeout_ms: timeout,
                schedule: schedule.map(ScheduleView::of),
            },
        }
    }
}

/// What the company has set: its name, who gets which mail and when, what new endpoints begin with.
#[utoipa::path(get, path = "/api/v1/settings", tag = "Settings", responses((status = 200, description = "The settings.", body = SettingsView)))]
pub async fn get_settings(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let settings = shared.state.store.settings(authorized.caller.company).await?;
    json(StatusCode::OK, &SettingsView::of(settings, &shared))
}

/// Changes what the body names, at any depth; null is the default. Mails that wait for the end of
/// quiet hours are planned anew.
#[utoipa::path(patch, path = "/api/v1/settings", tag = "Settings", request_body = SettingsPatchBody, responses((status = 200, description = "The settings as they are now.", body = SettingsView)))]
pub async fn update_settings(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let patch = read_patch(body::text(&body)?)?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let settings = store.update_settings(company, patch, actor, authorized.now).await?;
    json(StatusCode::OK, &SettingsView::of(settings, &shared))
}

fn read_patch(text: &str) -> Result<SettingsPatch, ApiError> {
    let default = Notifications::default();
    let mut fields = Fields::parse(text)?;
    let mut patch = SettingsPatch::default();
    fields.nested("company", |company| {
        for name in ["id", "created_at"] {
            company.read_only(name, "");
        }
        patch.name = match company.line("name", 1..=COMPANY_NAME_BYTES_MAX) {
            Given::Value(name) => Some(name),
            Given::Null => {
                company.mistake("name", Code::InvalidField, "cannot be null");
                None
            }
            Given::Absent => None,
        };
    });
    patch.time_zone = or_null(fields.parsed("time_zone"), default.time_zone);
    fields.nested("notifications", |notifications| {
        notifications.read_only("mails_are_sent", "");
        notifications.read_only("addresses", "; POST /api/v1/settings/addresses adds one");
        notifications.nested("roles", |roles| {
            for kind in NoticeKind::ALL {
                let default = *default.roles.of(kind);
                *patch.roles.of_mut(kind) = or_null(read_roles(roles, kind.as_str()), default);
            }
        });
        patch.quiet_hours = read_quiet_hours(notifications);
    });
    fields.nested("endpoint_defaults", |defaults| {
        let timeout = defaults.integer("timeout_ms", TIMEOUT_MS);
        patch.timeout = nullable(timeout, |ms| Duration::from_millis(ms.unsigned_abs()));
        patch.schedule = nullable(read_schedule_or_null(defaults), |schedule| schedule);
    });
    fields.finish()?;
    Ok(patch)
}

fn or_null<T>(given: Given<T>, default: T) -> Option<T> {
    match given {
        Given::Absent => None,
        Given::Null => Some(default),
        Given::Value(value) => Some(value),
    }
}

fn nullable<T, U>(given: Given<T>, map: impl FnOnce(T) -> U) -> Option<Option<U>> {
    match given {
        Given::Absent => None,
        Given::Null => Some(None),
        Given::Value(value) => Some(Some(map(value))),
    }
}

fn read_roles(fields: &mut Fields<'_>, name: &str) -> Given<Roles> {
    fields.read(name, |value| {
        let all = Role::ALL.map(Role::as_str).join(", ");
        let wrong = || format!("must be a list of roles, each one of {all}");
        let items = value.as_array().filter(|items| items.len() <= Role::ALL.len());
        let role = |item: &serde_json::Value| item.as_str().and_then(Role::parse).ok_or_else(wrong);
        let roles = items.ok_or_else(wrong)?.iter().map(role).collect::<Result<Vec<_>, _>>()?;
        Ok(Roles::of(&roles))
    })
}

fn read_quiet_hours(fields: &mut Fields<'_>) -> Option<Option<(QuietHours, bool)>> {
    let mut read = None;
    let given = fields.nested("quiet_hours", |hours| {
        hours.require("from");
        hours.require("to");
        let from: Option<WallTime> = hours.parsed("from").value();
        let to: Option<WallTime> = hours.parsed("to").value();
        let breaks_through = hours.boolean("defective_breaks_through").value().unwrap_or(true);
        if let (Some(from), Some(to)) = (from, to) {
            match QuietHours::parse(from, to) {
                Ok(quiet) => read = Some((quiet, breaks_through)),
                Err(error) => hours.mistake("to", Code::InvalidField, error.to_string()),
            }
        }
    });
    nullable(given, |()| read).map(Option::flatten)
}

/// A mail that was asked for.
#[derive(Debug, Serialize, ToSchema)]
struct TestMailView {
    /// `GET /api/v1/mails/{id}` tells what becomes of it.
    #[schema(value_type = ids::MailIdText)]
    id: MailId,
}

/// Sends a test mail, to the caller or to another proved address of the company; what becomes of it
/// is told by `GET /mails/{id}`. It is tried once; ten an hour can be asked for.
#[utoipa::path(post, path = "/api/v1/settings/test-mail", tag = "Settings", request_body = TestMailBody, responses((status = 202, description = "It is queued.", body = TestMailView)))]
pub async fn send_test_mail(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let to = read_recipient(body::text(&body)?, &authorized)?;
    if !shared.config.can_mail {
        return Err(ApiError::Conflict {
            code: Code::MailNotConfigured,
            detail: "no mail server is set; the operator sets HOOKFERRY_SMTP_URL and HOOKFERRY_MAIL_FROM"
                .to_owned(),
        });
    }
    let (company, actor, now) = (authorized.caller.company, authorized.actor(), authorized.now);
    match authorized.store(&shared).queue_test_mail(company, to, actor, now).await? {
        TestMail::Queued(id) => json(StatusCode::ACCEPTED, &TestMailView { id }),
        TestMail::TooMany(free_at) => {
            Err(ApiError::TooManyTries { seconds: (free_at - now).num_seconds().max(0) + 1 })
        }
        TestMail::NoSuchAddress => Err(ApiError::field(
            "/to",
            Code::InvalidField,
            "is no proved address of a member, nor a proved one of GET /api/v1/settings",
        )),
    }
}

fn read_recipient(text: &str, authorized: &Authorized) -> Result<TestMailTo, ApiError> {
    let mut fields = Fields::parse_optional(text)?;
    if matches!(authorized.caller.bearer, Bearer::Token(_)) {
        fields.require("to");
    }
    let email = read_email(&mut fields, "to");
    fields.finish()?;
    match (email, authorized.caller.bearer) {
        (Some(email), _) => Ok(TestMailTo::Address(email)),
        (None, Bearer::Login { user, .. }) => Ok(TestMailTo::Themselves(user)),
        (None, Bearer::Token(_) | Bearer::Source(_)) => {
            Err(ApiError::Internal("a test mail to nobody was taken".into()))
        }
    }
}
