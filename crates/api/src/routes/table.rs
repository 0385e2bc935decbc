//! The one table of routes: what there is, who may call it, and what answers.

use actix_web::guard;
use actix_web::{Route, web};
use domain::role::Role;
use domain::scope::Scope;

use super::{
    account, addresses, admin_companies, admin_health, admin_nodes, audit, credentials, deliveries,
    docs, endpoints, event_batch, event_types, events, filter_test, health, inbox_receive,
    inbox_requests, inboxes, installation, invitations, jobs, limits, logins, mails, me, members,
    metrics, notifications, pages, samples, secrets, settings, source_receive, source_refused,
    source_secrets, sources, stats, stream, tokens, wati_webhooks, why,
};
use crate::access::Access::{self, Person, Public, Signed};

/// One method of one path.
#[derive(Debug)]
pub struct Row {
    /// `GET` answers `HEAD` as well; `ANY` is every method.
    pub method: &'static str,
    /// The path, with `{name}` for what varies.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Makes the route.
    pub route: fn() -> Route,
}

/// A route for one method.
fn on(method: &'static str) -> Route {
    match method {
        "GET" => web::route().guard(guard::Any(guard::Get()).or(guard::Head())),
        "POST" => web::post(),
        "PATCH" => web::patch(),
        "PUT" => web::put(),
        "DELETE" => web::delete(),
        "ANY" => web::route(),
        other => unreachable!("{other} is no method of the table"),
    }
}

macro_rules! rows {
    ($($method:ident $path:literal $access:expr => $handler:path;)*) => {
        &[$(Row {
            method: stringify!($method),
            path: $path,
            access: $access,
            route: || on(stringify!($method)).to($handler),
        }),*]
    };
}

const fn scope(scope: Scope) -> Access {
    Access::Scope(scope)
}

const EVENTS_WRITE: Access = scope(Scope::EventsWrite);
const EVENTS_READ: Access = scope(Scope::EventsRead);
const ENDPOINTS_WRITE: Access = scope(Scope::EndpointsWrite);
const ENDPOINTS_READ: Access = scope(Scope::EndpointsRead);
const DELIVERIES_READ: Access = scope(Scope::DeliveriesRead);
const DELIVERIES_WRITE: Access = scope(Scope::DeliveriesWrite);
const ADMIN: Access = scope(Scope::Admin);
const MEMBER: Access = Access::Role(Role::Viewer);

/// Every route. A path with something that varies stands behind those that it would cover.
pub const ROUTES: &[Row] = rows! {
    GET "/api/v1/installation" Public => installation::get_installation;

    POST "/api/v1/auth/signup" Public => account::sign_up;
    POST "/api/v1/auth/login" Public => account::log_in;
    POST "/api/v1/auth/logout" Public => account::log_out;
    GET "/api/v1/auth/me" Signed => me::get_me;
    PATCH "/api/v1/auth/me" Person => me::update_me;
    GET "/api/v1/auth/me/notifications" MEMBER => notifications::get_my_notifications;
    PATCH "/api/v1/auth/me/notifications" MEMBER => notifications::update_my_notifications;
    POST "/api/v1/auth/password" Person => credentials::change_password;
    POST "/api/v1/auth/password-reset" Public => credentials::request_password_reset;
    POST "/api/v1/auth/password-reset/confirm" Public => credentials::confirm_password_reset;
    POST "/api/v1/auth/email" Person => credentials::change_email;
    POST "/api/v1/auth/email/confirm" Public => credentials::confirm_email_change;
    POST "/api/v1/auth/verify-email" Public => credentials::verify_email;
    POST "/api/v1/auth/verify-email/send" Person => credentials::send_verification;
    GET "/api/v1/auth/logins" Person => logins::list_logins;
    DELETE "/api/v1/auth/logins/{id}" Person => logins::revoke_login;

    GET "/api/v1/members" ADMIN => members::list_members;
    POST "/api/v1/members/leave" Access::Role(Role::Viewer) => members::leave_company;
    PATCH "/api/v1/members/{id}" ADMIN => members::update_member;
    DELETE "/api/v1/members/{id}" ADMIN => members::remove_member;
    POST "/api/v1/members/{id}/make-owner" Access::Role(Role::Owner) => members::make_owner;
    GET "/api/v1/members/{id}/notifications" ADMIN => notifications::get_member_notifications;
    PATCH "/api/v1/members/{id}/notifications" ADMIN => notifications::update_member_notifications;
    GET "/api/v1/invitations" ADMIN => invitations::list_invitations;
    POST "/api/v1/invitations" ADMIN => invitations::create_invitation;
    POST "/api/v1/invitations/show" Public => invitations::show_invitation;
    POST "/api/v1/invitations/accept" Public => invitations::accept_invitation;
    DELETE "/api/v1/invitations/{id}" ADMIN => invitations::revoke_invitation;

    GET "/api/v1/tokens" ADMIN => tokens::list_tokens;
    POST "/api/v1/tokens" ADMIN => tokens::create_token;
    DELETE "/api/v1/tokens/{id}" ADMIN => tokens::revoke_token;

    GET "/api/v1/event-types" EVENTS_READ => event_types::list_event_types;
    POST "/api/v1/event-types" ENDPOINTS_WRITE => event_types::create_event_type;
    GET "/api/v1/event-types/{name}" EVENTS_READ => event_types::get_event_type;
    PATCH "/api/v1/event-types/{name}" ENDPOINTS_WRITE => event_types::update_event_type;

    GET "/api/v1/events" EVENTS_READ => events::list_events;
    POST "/api/v1/events" EVENTS_WRITE => events::create_event;
    POST "/api/v1/events/batch" EVENTS_WRITE => event_batch::create_events;
    POST "/api/v1/events/{id}/replay" DELIVERIES_WRITE => jobs::replay_event;
    GET "/api/v1/events/{id}/why" DELIVERIES_READ => why::get_event_why;
    GET "/api/v1/events/{id}" EVENTS_READ => events::get_event;

    GET "/api/v1/endpoints" ENDPOINTS_READ => endpoints::list_endpoints;
    POST "/api/v1/endpoints" ENDPOINTS_WRITE => endpoints::create_endpoint;
    GET "/api/v1/endpoints/{id}" ENDPOINTS_READ => endpoints::get_endpoint;
    PATCH "/api/v1/endpoints/{id}" ENDPOINTS_WRITE => endpoints::update_endpoint;
    DELETE "/api/v1/endpoints/{id}" ENDPOINTS_WRITE => endpoints::delete_endpoint;
    GET "/api/v1/endpoints/{id}/secret" ENDPOINTS_WRITE => secrets::get_secret;
    POST "/api/v1/endpoints/{id}/secret/rotate" ENDPOINTS_WRITE => secrets::rotate_secret;
    POST "/api/v1/endpoints/{id}/recover" DELIVERIES_WRITE => jobs::recover_endpoint;
    GET "/api/v1/endpoints/{id}/stats" ENDPOINTS_READ => stats::get_endpoint_stats;
    POST "/api/v1/endpoints/{id}/sample" ENDPOINTS_WRITE => samples::send_sample;
    POST "/api/v1/endpoints/{id}/filter/test" ENDPOINTS_READ => filter_test::test_endpoint_filter;
    POST "/api/v1/filters/test" ENDPOINTS_READ => filter_test::test_filter;

    GET "/api/v1/deliveries" DELIVERIES_READ => deliveries::list_deliveries;
    POST "/api/v1/deliveries/retry" DELIVERIES_WRITE => jobs::retry_deliveries;
    POST "/api/v1/deliveries/cancel" DELIVERIES_WRITE => jobs::cancel_deliveries;
    GET "/api/v1/deliveries/{id}" DELIVERIES_READ => deliveries::get_delivery;
    POST "/api/v1/deliveries/{id}/retry" DELIVERIES_WRITE => deliveries::retry_delivery;
    POST "/api/v1/deliveries/{id}/cancel" DELIVERIES_WRITE => deliveries::cancel_delivery;

    GET "/api/v1/jobs" DELIVERIES_READ => jobs::list_jobs;
    GET "/api/v1/jobs/{id}" DELIVERIES_READ => jobs::get_job;
    POST "/api/v1/jobs/{id}/cancel" DELIVERIES_WRITE => jobs::cancel_job;

    GET "/api/v1/inboxes" ENDPOINTS_READ => inboxes::list_inboxes;
    POST "/api/v1/inboxes" ENDPOINTS_WRITE => inboxes::create_inbox;
    GET "/api/v1/inboxes/{id}" ENDPOINTS_READ => inboxes::get_inbox;
    PATCH "/api/v1/inboxes/{id}" ENDPOINTS_WRITE => inboxes::update_inbox;
    DELETE "/api/v1/inboxes/{id}" ENDPOINTS_WRITE => inboxes::delete_inbox;
    GET "/api/v1/inboxes/{id}/requests" DELIVERIES_READ => inbox_requests::list_inbox_requests;
    DELETE "/api/v1/inboxes/{id}/requests" ENDPOINTS_WRITE => inbox_requests::empty_inbox;
    GET "/api/v1/inboxes/{id}/requests/{request_id}" DELIVERIES_READ => inbox_requests::get_inbox_request;

    GET "/api/v1/sources" ENDPOINTS_READ => sources::list_sources;
    POST "/api/v1/sources" ENDPOINTS_WRITE => sources::create_source;
    GET "/api/v1/sources/{id}" ENDPOINTS_READ => sources::get_source;
    PATCH "/api/v1/sources/{id}" ENDPOINTS_WRITE => sources::update_source;
    DELETE "/api/v1/sources/{id}" ENDPOINTS_WRITE => sources::delete_source;
    POST "/api/v1/sources/{id}/app-secret/rotate" ENDPOINTS_WRITE => source_secrets::rotate_app_secret;
    POST "/api/v1/sources/{id}/verify-token/rotate" ENDPOINTS_WRITE => source_secrets::rotate_verify_token;
    GET "/api/v1/sources/{id}/refused" ENDPOINTS_READ => source_refused::list_refused_notifications;

    GET "/api/v1/stats/overview" ENDPOINTS_READ => stats::get_stats_overview;
    GET "/api/v1/stats/endpoints" ENDPOINTS_READ => stats::get_endpoints_stats;
    GET "/api/v1/stream" DELIVERIES_READ => stream::get_stream;
    GET "/api/v1/audit-log" ADMIN => audit::list_audit_log;

    GET "/api/v1/settings" ENDPOINTS_READ => settings::get_settings;
    PATCH "/api/v1/settings" ADMIN => settings::update_settings;
    POST "/api/v1/settings/test-mail" ADMIN => settings::send_test_mail;
    POST "/api/v1/settings/addresses" ADMIN => addresses::add_address;
    POST "/api/v1/settings/addresses/confirm" Public => addresses::confirm_address;
    PATCH "/api/v1/settings/addresses/{id}" ADMIN => addresses::update_address;
    DELETE "/api/v1/settings/addresses/{id}" ADMIN => addresses::remove_address;

    GET "/api/v1/mails" DELIVERIES_READ => mails::list_mails;
    GET "/api/v1/mails/{id}" DELIVERIES_READ => mails::get_mail;

    GET "/api/v1/limits" ENDPOINTS_READ => limits::get_limits;

    GET "/api/v1/admin/companies" Access::Operator => admin_companies::list_companies;
    POST "/api/v1/admin/companies" Access::Operator => admin_companies::create_company;
    GET "/api/v1/admin/companies/{id}" Access::Operator => admin_companies::get_company;
    PATCH "/api/v1/admin/companies/{id}" Access::Operator => admin_companies::update_company;
    GET "/api/v1/admin/health" Access::Operator => admin_health::get_overall_health;
    GET "/api/v1/admin/nodes" Access::Operator => admin_nodes::get_nodes;

    ANY "/inbox/{key}" Public => inbox_receive::receive;
    ANY "/inbox/{key}/{tail:.*}" Public => inbox_receive::receive;

    GET "/in/{company}/{source}" Public => source_receive::answer_handshake;
    POST "/in/{company}/{source}" Public => source_receive::receive_notification;
    POST "/{company}/api/v2/webhookEndpoints" ENDPOINTS_WRITE => wati_webhooks::create_webhooks;

    GET "/notification-addresses/confirm/{token}" Public => addresses::show_confirm_page;
    POST "/notification-addresses/confirm/{token}" Public => addresses::confirm_from_page;
    GET "/notification-addresses/stop/{token}" Public => addresses::show_stop_page;
    POST "/notification-addresses/stop/{token}" Public => addresses::stop_from_page;
    GET "/openapi.json" Public => docs::get_openapi;
    GET "/docs" Public => docs::redirect_to_docs;
    GET "/docs/{file:.*}" Public => docs::get_docs;
    GET "/metrics" Access::Operator => metrics::get_metrics;
    GET "/healthz" Public => health::get_health;
    GET "/readyz" Public => health::get_readiness;
    GET "/assets/{file:.*}" Public => pages::get_asset;
    GET "/" Public => pages::get_page;
};
