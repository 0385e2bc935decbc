//! `/admin/nodes`: the nodes that share this database.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::NodeRecord;
use utoipa::ToSchema;

use crate::auth;
use crate::error::ApiError;
use crate::query::Query;
use crate::respond::json;
use crate::serve::Shared;

/// Every node that is registered; there are never many.
#[derive(Debug, Serialize, ToSchema)]
struct NodesView {
    data: Vec<NodeView>,
    /// Always null: one page holds them all.
    #[schema(value_type = Option<String>)]
    next_cursor: Option<&'static str>,
}

#[derive(Debug, Serialize, ToSchema)]
struct NodeView {
    name: String,
    /// One life of the node; it grows with every start, and what a node has claimed carries it.
    incarnation: i64,
    /// Whether it is the node that answers.
    answering: bool,
    started_at: DateTime<Utc>,
    /// When it last said that it lives; it does every second.
    heartbeat_at: DateTime<Utc>,
    heartbeat_age_seconds: f64,
    /// Whether it is leaving: what it holds is given to others.
    stopping: bool,
    /// How many lanes (endpoints that fail, are limited or have a backlog) it sends for.
    lanes: i64,
    /// How many deliveries it has claimed, queued and in flight; null on SQLite, where counting them
    /// would go through all that is pending.
    claimed: Option<i64>,
}

impl NodeView {
    fn of(record: NodeRecord, now: DateTime<Utc>, answering: i64) -> Self {
        let NodeRecord { name, incarnation, started_at, heartbeat_at, stopping, lanes, claimed } =
            record;
        let age = (now - heartbeat_at).num_milliseconds().clamp(0, i64::from(u32::MAX));
        Self {
            name,
            incarnation,
            answering: incarnation == answering,
            started_at,
            heartbeat_at,
            heartbeat_age_seconds: age as f64 / 1_000.0,
            stopping,
            lanes,
            claimed,
        }
    }
}

/// The nodes: since when each runs, when it last said that it lives, and what it holds.
#[utoipa::path(get, path = "/api/v1/admin/nodes", tag = "Operator", responses((status = 200, description = "Every node, the newest first.", body = NodesView)))]
pub async fn get_nodes(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let operator = auth::operator(&req, &shared)?;
    Query::of(&req).finish()?;
    let store = &shared.state.store;
    let nodes = store.nodes().await?.into_iter();
    let view = |node| NodeView::of(node, operator.now, store.incarnation());
    json(StatusCode::OK, &NodesView { data: nodes.map(view).collect(), next_cursor: None })
}
