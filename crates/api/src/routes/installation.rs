//! `/installation`: what the operator has decided for everybody, as far as people have to know it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::settle::Policy;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::query::Query;
use crate::respond::json;
use crate::serve::{Config, DeliveryRules, Shared, SignUps};

/// The delivery rules of this installation, and what people can do in it by themselves.
#[derive(Debug, Serialize, ToSchema)]
struct InstallationView {
    /// Whether people can sign up by themselves; else the operator makes companies.
    sign_up: bool,
    /// Whether mails are sent; else they are kept and shown, and addresses count as proved.
    mail: bool,
    /// Whether endpoints may use plain http.
    allow_http: bool,
    /// The time limit of an endpoint that does not choose one.
    default_timeout_ms: u64,
    /// How often the standard schedule tries, the first time included.
    standard_tries: u32,
    /// How long the standard schedule waits after a failed attempt; null where it never tries again.
    standard_interval_ms: Option<u64>,
    /// How long after the beginning of its schedule a delivery is given up, in seconds.
    give_up_after_seconds: i64,
    /// The failures in a row at which the owners get a warning; 0 is never.
    warn_after: u32,
    /// The failures in a row at which an endpoint becomes Defective.
    defective_after: u32,
    /// How long they must have lasted by then, in seconds.
    defective_min_duration_seconds: i64,
}

impl InstallationView {
    fn of(config: &Config) -> Self {
        let DeliveryRules { standard, policy: Policy { streak, give_up_after } } = &config.rules;
        Self {
            sign_up: config.sign_ups == SignUps::Open,
            mail: config.can_mail,
            allow_http: config.allow_http,
            default_timeout_ms: u64::try_from(config.default_timeout.as_millis())
                .unwrap_or(u64::MAX),
            standard_tries: standard.tries_max(),
            standard_interval_ms: standard
                .wait_after(0)
                .map(|wait| wait.num_milliseconds().unsigned_abs()),
            give_up_after_seconds: give_up_after.num_seconds(),
            warn_after: streak.warn_after,
            defective_after: streak.defective_after,
            defective_min_duration_seconds: streak.defective_min_duration.num_seconds(),
        }
    }
}

/// What this installation's operator has decided for everybody. Nobody has to be logged in.
#[utoipa::path(get, path = "/api/v1/installation", tag = "Account", responses((status = 200, description = "The rules.", body = InstallationView)))]
pub async fn get_installation(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    Query::of(&req).finish()?;
    json(StatusCode::OK, &InstallationView::of(&shared.config))
}
