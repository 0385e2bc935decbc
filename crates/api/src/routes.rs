//! Every route, one module a resource.

use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, Resource, web};

use domain::external_key::EndpointName;
use domain::id::{CompanyId, EndpointId};

use crate::error::ApiError;
use crate::metrics::Spot;
use crate::request_id::in_time;
use crate::serve::Shared;

mod account;
mod addresses;
mod admin_companies;
mod admin_health;
mod admin_nodes;
mod audit;
mod credentials;
mod deliveries;
mod docs;
mod endpoint_fields;
mod endpoint_view;
mod endpoints;
mod event_batch;
mod event_type_fields;
mod event_types;
mod events;
mod filter_test;
mod health;
mod inbox_receive;
mod inbox_requests;
mod inboxes;
mod installation;
mod intake;
mod invitations;
mod jobs;
mod limits;
mod logins;
mod mails;
mod me;
mod members;
mod metrics;
mod notifications;
mod openapi;
mod pages;
mod samples;
mod secrets;
mod settings;
mod source_receive;
mod source_refused;
mod source_secrets;
mod source_updates;
mod sources;
mod stats;
mod stream;
mod table;
mod tokens;
mod wati_webhooks;
mod why;

pub use account::wait;
pub use table::{ROUTES, Row};

/// Puts every route of the table into an application. Paths without anything that varies come first:
/// they are compared as text, and behind the others each event would be matched against a pattern of
/// every resource before its own. Of the others, those outside the API come first, for the same reason:
/// among them are the callback URLs of sources and inboxes, where much comes in.
pub fn configure(config: &mut web::ServiceConfig) {
    let mut begins = 0;
    let resources = ROUTES.chunk_by(|a, b| a.path == b.path).map(|rows| {
        let spot = Spot::new(begins, rows);
        begins += rows.len();
        (rows, spot)
    });
    let mut resources: Vec<_> = resources.collect();
    resources.sort_by_key(|(rows, _)| {
        let varies = rows[0].path.contains('{');
        (varies, varies && rows[0].path.starts_with("/api/"))
    });
    for (rows, spot) in resources {
        config.service(resource(rows[0].path, rows).app_data(spot).wrap(from_fn(in_time)));
    }
    config.default_service(web::route().to(pages::get_other));
}

/// The routes of the listener that is for metrics alone.
pub fn configure_metrics(config: &mut web::ServiceConfig) {
    config
        .route("/metrics", web::get().to(metrics::get_metrics_alone))
        .route("/healthz", web::get().to(health::get_health))
        .default_service(web::route().to(|| async { ApiError::NotFound.into_answer() }));
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

/// How the caller names the endpoint in the path: by its id, or by their own key for it.
fn path_endpoint(req: &HttpRequest) -> Result<EndpointName, ApiError> {
    let text = req.match_info().get("id").ok_or(ApiError::NotFound)?;
    unescaped(text).parse().map_err(|_| ApiError::NotFound)
}

/// The endpoint in the path of a company's request.
async fn endpoint_of(
    req: &HttpRequest,
    shared: &Shared,
    company: CompanyId,
) -> Result<EndpointId, ApiError> {
    Ok(shared.state.store.endpoint_named(company, path_endpoint(req)?).await?)
}

/// The router leaves `%`, `/` and `+` escaped, and nothing else, so that it can tell a slash of the
/// path from one in a part of it.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let known = [("25", '%'), ("2F", '/'), ("2f", '/'), ("2B", '+'), ("2b", '+')];
        let found = known.iter().find(|(code, _)| after.starts_with(code));
        plain.push(found.map_or('%', |(_, letter)| *letter));
        rest = found.map_or(after, |(code, _)| &after[code.len()..]);
    }
    plain.push_str(rest);
    plain
}

/// A configuration for tests.
#[cfg(test)]
pub fn test_config() -> crate::serve::Config {
    crate::serve::Config {
        connections_max: 1_000,
        public_url: None,
        allow_http: false,
        sign_ups: crate::serve::SignUps::Open,
        can_mail: false,
        operator: domain::operator::OperatorTokens::default(),
        trusted_proxies: Vec::new(),
        policy: domain::address::AddressPolicy::new(Vec::new()),
        default_timeout: std::time::Duration::from_secs(5),
        rules: crate::serve::DeliveryRules {
            standard: domain::schedule::RetrySchedule::even(144, chrono::TimeDelta::minutes(10))
                .expect("it waits"),
            policy: domain::settle::Policy {
                streak: domain::endpoint::StreakLimits {
                    warn_after: 50,
                    defective_after: 100,
                    defective_min_duration: chrono::TimeDelta::zero(),
                },
                give_up_after: chrono::TimeDelta::days(7),
            },
        },
        dashboard: crate::dashboard::Dashboard::embedded(),
        workers: 1,
        shutdown_timeout: std::time::Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn what_the_router_left_is_unescaped_once() {
        for (left, plain) in [
            ("crm", "crm"),
            ("a%2Fb%2fc", "a/b/c"),
            ("%252F", "%2F"),
            ("100%25", "100%"),
            ("a%2Bb+c", "a+b+c"),
            ("%zz%", "%zz%"),
            ("日%2F本", "日/本"),
            ("%%2F", "%/"),
            ("", ""),
        ] {
            assert_eq!(unescaped(left), plain, "{left}");
        }
    }
}
