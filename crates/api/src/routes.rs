//! Every route, one module a resource.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Resource, web};

use crate::error::ApiError;

mod account;
mod admin_nodes;
mod audit;
mod credentials;
mod deliveries;
mod docs;
mod endpoint_fields;
mod endpoint_view;
mod endpoints;
mod event_batch;
mod event_types;
mod events;
mod health;
mod inbox_receive;
mod inbox_requests;
mod inboxes;
mod invitations;
mod jobs;
mod logins;
mod mails;
mod me;
mod members;
mod openapi;
mod samples;
mod secrets;
mod stats;
mod table;
mod tokens;
mod why;

pub use account::wait;
pub use table::{ROUTES, Row};

/// Puts every route of the table into an application.
pub fn configure(config: &mut web::ServiceConfig) {
    let mut rest = ROUTES;
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|row| row.path == first.path).count();
        let (rows, others) = rest.split_at(same);
        config.service(resource(first.path, rows));
        rest = others;
    }
    config.default_service(web::route().to(|| async { ApiError::NotFound.into_answer() }));
}

/// One path, which names its methods to whoever uses another one.
fn resource(path: &'static str, rows: &[Row]) -> Resource {
    let methods = rows.iter().map(|row| if row.method == "GET" { "GET, HEAD" } else { row.method });
    let allow = methods.collect::<Vec<_>>().join(", ");
    let none_of_them = web::route().to(move || {
        let allow = allow.clone();
        async move { ApiError::MethodNotAllowed { allow }.into_answer() }
    });
    rows.iter()
        .fold(web::resource(path), |resource, row| resource.route((row.route)()))
        .default_service(none_of_them)
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

/// A configuration for tests.
#[cfg(test)]
pub fn test_config() -> crate::serve::Config {
    crate::serve::Config {
        public_url: None,
        allow_http: false,
        sign_ups: crate::serve::SignUps::Open,
        can_mail: false,
        operator: domain::operator::OperatorTokens::default(),
        trusted_proxies: Vec::new(),
        policy: domain::address::AddressPolicy::new(Vec::new()),
        default_timeout: std::time::Duration::from_secs(5),
        workers: 1,
        shutdown_timeout: std::time::Duration::ZERO,
    }
}
