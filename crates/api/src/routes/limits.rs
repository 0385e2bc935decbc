//! `/limits`: what a company may, and how much of it is used.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::{LimitUse, LimitsRecord};
use utoipa::ToSchema;

use crate::auth;
use crate::error::ApiError;
use crate::query::Query;
use crate::respond::json;
use crate::serve::Shared;

/// What the company may, and how much of it is used.
#[derive(Debug, Serialize, ToSchema)]
struct LimitsView {
    /// Since when the operator has suspended the company; null where it is not.
    suspended_since: Option<DateTime<Utc>>,
    limits: LimitListView,
}

/// Every limit by its name.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitListView {
    /// Endpoints that are not deleted.
    endpoints: LimitView,
    /// Events taken in, on each node; as many as a second's worth come at once.
    events_per_second: LimitView,
    /// Samples sent, on each node.
    samples_per_minute: LimitView,
    /// The data of one event, in bytes.
    event_bytes: LimitView,
    /// Invitations made within 24 hours.
    invitations_per_day: LimitView,
    /// API tokens that are neither revoked nor expired.
    tokens: LimitView,
    /// People in the company.
    members: LimitView,
}

/// One limit.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct LimitView {
    /// How much there may be.
    max: u32,
    /// How much there is; null for what comes at a rate, and for sizes.
    used: Option<u64>,
}

impl LimitListView {
    fn of(limits: &[LimitUse]) -> Self {
        use domain::limits::Limit;
        let view = |wanted: Limit| {
            let found = limits.iter().find(|limit| limit.limit == wanted);
            LimitView {
                max: found.map_or(wanted.default_max(), |limit| limit.max),
                used: found.and_then(|limit| limit.used),
            }
        };
        Self {
            endpoints: view(Limit::Endpoints),
            events_per_second: view(Limit::EventsPerSecond),
            samples_per_minute: view(Limit::SamplesPerMinute),
            event_bytes: view(Limit::EventBytes),
            invitations_per_day: view(Limit::InvitationsPerDay),
            tokens: view(Limit::Tokens),
            members: view(Limit::Members),
        }
    }
}

/// The company's limits, and how much of each is used.
#[utoipa::path(get, path = "/api/v1/limits", tag = "Account", responses((status = 200, description = "Every limit.", body = LimitsView)))]
pub async fn get_limits(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let (company, now) = (authorized.caller.company, authorized.now);
    let LimitsRecord { suspended_since, limits } = shared.state.store.limits(company, now).await?;
    json(StatusCode::OK, &LimitsView { suspended_since, limits: LimitListView::of(&limits) })
}
