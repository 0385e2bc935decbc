//! `/events/{id}/why`: endpoint by endpoint, what became of an event, and why nothing did.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::delivery::DeliveryState;
use domain::id::{DeliveryId, EndpointId};
use serde::Serialize;
use store::WhyRecord;
use utoipa::ToSchema;

use super::path_id;
use crate::auth;
use crate::error::ApiError;
use crate::query::Query;
use crate::respond::json;
use crate::schema::ids;
use crate::serve::Shared;

#[derive(Debug, Serialize, ToSchema)]
struct WhyView {
    data: Vec<EndpointWhyView>,
}

/// What became of the event at one endpoint.
#[derive(Debug, Serialize, ToSchema)]
struct EndpointWhyView {
    #[schema(value_type = ids::EndpointIdText)]
    endpoint_id: EndpointId,
    url: String,
    description: String,
    /// The endpoint's status now.
    status: &'static str,
    /// Whether there is a delivery to it.
    matched: bool,
    deliveries: Vec<DeliveryWhyView>,
    /// `made_later`, `type_not_picked`, `no_form`, `other_phone_number`, `other_session`,
    /// `filter_differs`, `disabled` or `changed_since`; null where it matched.
    reason: Option<&'static str>,
    /// The reason as a sentence; of a filter with what it found.
    detail: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct DeliveryWhyView {
    #[schema(value_type = ids::DeliveryIdText)]
    id: DeliveryId,
    state: &'static str,
}

impl EndpointWhyView {
    fn of(record: WhyRecord) -> Self {
        let WhyRecord { endpoint, deliveries, why_not, finding } = record;
        let shown = |(id, state): (DeliveryId, DeliveryState)| DeliveryWhyView {
            id,
            state: state.as_str(),
        };
        Self {
            endpoint_id: endpoint.id,
            url: endpoint.url,
            description: endpoint.description,
            status: endpoint.state.status().as_str(),
            matched: why_not.is_none(),
            deliveries: deliveries.into_iter().map(shown).collect(),
            reason: why_not.map(domain::why::WhyNot::as_str),
            detail: why_not.map(|why| match finding {
                Some(finding) => format!("{} {finding}.", why.text()),
                None => why.text().to_owned(),
            }),
        }
    }
}

/// Endpoint by endpoint, whether an event became a delivery to it, and if not why. Endpoints that
/// are deleted are left out.
#[utoipa::path(get, path = "/api/v1/events/{id}/why", tag = "Events", responses((status = 200, description = "Every endpoint, the newest first.", body = WhyView)))]
pub async fn get_event_why(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let records = shared.state.store.why(authorized.caller.company, path_id(&req)?).await?;
    json(StatusCode::OK, &WhyView { data: records.into_iter().map(EndpointWhyView::of).collect() })
}
