//! `/admin/health`: how everything stands, over all companies.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, EndpointId};
use serde::Serialize;
use store::{LongestDue, Overall};
use utoipa::ToSchema;

use crate::auth;
use crate::error::ApiError;
use crate::query::Query;
use crate::respond::{json, to_microseconds};
use crate::schema::ids;
use crate::serve::Shared;

/// How everything stands, over all companies.
#[derive(Debug, Serialize, ToSchema)]
struct OverallView {
    /// The version that answers.
    version: &'static str,
    now: DateTime<Utc>,
    /// Whether the node that answers takes requests.
    ready: bool,
    /// What has waited longest for its turn; null where nothing is due.
    oldest_due_delivery: Option<OldestDueView>,
    pending_deliveries: CountView,
    /// Endpoints that are switched on and Defective.
    defective_endpoints: u64,
    suspended_companies: u64,
    mails: MailsView,
    running_jobs: u64,
    /// Nodes that have not said goodbye.
    nodes: u64,
}

/// The delivery that has waited longest for its turn.
#[derive(Debug, Serialize, ToSchema)]
struct OldestDueView {
    age_seconds: f64,
    #[schema(value_type = ids::CompanyIdText)]
    company_id: CompanyId,
    #[schema(value_type = ids::EndpointIdText)]
    endpoint_id: EndpointId,
}

/// A count that ends somewhere.
#[derive(Debug, Serialize, ToSchema)]
struct CountView {
    count: u64,
    /// Whether there are more than were counted.
    more: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct MailsView {
    queued: u64,
    /// How long the first of them has been due; null where none waits.
    oldest_due_seconds: Option<f64>,
}

fn seconds(span: TimeDelta) -> f64 {
    span.as_seconds_f64().max(0.0)
}

/// How everything stands. What it costs does not grow with what waits or is finished.
#[utoipa::path(get, path = "/api/v1/admin/health", tag = "Operator", responses((status = 200, description = "How everything stands.", body = OverallView)))]
pub async fn get_overall_health(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let now = auth::operator(&req, &shared)?.now;
    Query::of(&req).finish()?;
    let store = &shared.state.store;
    let nodes = store.nodes().await?.iter().filter(|node| !node.stopping).count();
    let Overall {
        oldest_due,
        pending,
        pending_is_more,
        defective,
        suspended,
        mails_queued,
        mail_age,
        jobs_running,
    } = store.overall(now).await?;
    let oldest = |LongestDue { company, endpoint, age }| OldestDueView {
        age_seconds: seconds(age),
        company_id: company,
        endpoint_id: endpoint,
    };
    let view = OverallView {
        version: env!("CARGO_PKG_VERSION"),
        now: to_microseconds(now),
        ready: shared.state.readiness.is_ready(),
        oldest_due_delivery: oldest_due.map(oldest),
        pending_deliveries: CountView { count: pending, more: pending_is_more },
        defective_endpoints: defective,
        suspended_companies: suspended,
        mails: MailsView { queued: mails_queued, oldest_due_seconds: mail_age.map(seconds) },
        running_jobs: jobs_running,
        nodes: nodes as u64,
    };
    json(StatusCode::OK, &view)
}
