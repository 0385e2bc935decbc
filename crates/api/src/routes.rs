//! Every route, one module a resource.

use actix_web::guard;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, web};

use crate::error::ApiError;

mod deliveries;
mod endpoint_fields;
mod endpoint_view;
mod endpoints;
mod event_batch;
mod event_types;
mod events;
mod health;
mod mails;
mod me;
mod samples;
mod secrets;
mod tokens;

const READ: &str = "GET, HEAD";
const WRITE: &str = "POST";
const READ_WRITE: &str = "GET, HEAD, POST";

/// Puts every route into an application.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            at("/api/v1/events", READ_WRITE)
                .route(web::post().to(events::create_event))
                .route(get(events::list_events)),
        )
        .service(
            at("/api/v1/events/batch", WRITE).route(web::post().to(event_batch::create_events)),
        )
        .service(at("/api/v1/events/{id}", READ).route(get(events::get_event)))
        .service(at("/api/v1/event-types", READ).route(get(event_types::list_event_types)))
        .service(at("/api/v1/event-types/{name}", READ).route(get(event_types::get_event_type)))
        .service(at("/api/v1/deliveries", READ).route(get(deliveries::list_deliveries)))
        .service(at("/api/v1/deliveries/{id}", READ).route(get(deliveries::get_delivery)))
        .service(
            at("/api/v1/deliveries/{id}/retry", WRITE)
                .route(web::post().to(deliveries::retry_delivery)),
        )
        .service(
            at("/api/v1/deliveries/{id}/cancel", WRITE)
                .route(web::post().to(deliveries::cancel_delivery)),
        )
        .service(at("/api/v1/mails", READ).route(get(mails::list_mails)))
        .service(at("/api/v1/mails/{id}", READ).route(get(mails::get_mail)))
        .service(at("/api/v1/auth/me", READ).route(get(me::get_me)))
        .configure(configure_endpoints)
        .service(at("/healthz", READ).route(get(health::get_health)))
        .service(at("/readyz", READ).route(get(health::get_readiness)))
        .service(at("/", READ).route(get(welcome)))
        .default_service(web::route().to(|| async { ApiError::NotFound.into_answer() }));
}

fn configure_endpoints(config: &mut web::ServiceConfig) {
    config
        .service(
            at("/api/v1/tokens", READ_WRITE)
                .route(get(tokens::list_tokens))
                .route(web::post().to(tokens::create_token)),
        )
        .service(at("/api/v1/tokens/{id}", "DELETE").route(web::delete().to(tokens::revoke_token)))
        .service(
            at("/api/v1/endpoints", READ_WRITE)
                .route(get(endpoints::list_endpoints))
                .route(web::post().to(endpoints::create_endpoint)),
        )
        .service(
            at("/api/v1/endpoints/{id}", "GET, HEAD, PATCH, DELETE")
                .route(get(endpoints::get_endpoint))
                .route(web::patch().to(endpoints::update_endpoint))
                .route(web::delete().to(endpoints::delete_endpoint)),
        )
        .service(at("/api/v1/endpoints/{id}/secret", READ).route(get(secrets::get_secret)))
        .service(
            at("/api/v1/endpoints/{id}/secret/rotate", WRITE)
                .route(web::post().to(secrets::rotate_secret)),
        )
        .service(
            at("/api/v1/endpoints/{id}/sample", WRITE).route(web::post().to(samples::send_sample)),
        );
}

/// A resource that names its methods to whoever uses another one.
fn at(path: &str, allow: &'static str) -> Resource {
    web::resource(path).default_service(
        web::route().to(move || async move { ApiError::MethodNotAllowed { allow }.into_answer() }),
    )
}

/// A route for GET, and HEAD beside it.
fn get<F, Args>(handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let reads = guard::Any(guard::Get()).or(guard::Head());
    web::route().guard(reads).to(handler)
}

/// The id in the path; one that cannot be is not found.
fn path_id<T: std::str::FromStr>(req: &HttpRequest) -> Result<T, ApiError> {
    req.match_info().get("id").and_then(|text| text.parse().ok()).ok_or(ApiError::NotFound)
}

async fn welcome() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")))
        .body(include_str!("welcome.html"))
}
