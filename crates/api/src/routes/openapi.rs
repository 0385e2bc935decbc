//! The OpenAPI document: what the handlers say of themselves, and what the table of routes adds.

use std::sync::LazyLock;

use domain::role::Role;
use domain::scope::Scope;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::table::{ROUTES, Row};
use super::{
    account, addresses, admin_companies, admin_health, admin_nodes, audit, credentials, deliveries,
    endpoints, event_batch, event_types, events, filter_test, health, inbox_requests, inboxes,
    installation, invitations, jobs, limits, logins, mails, me, members, notifications, samples,
    secrets, settings, source_refused, source_secrets, sources, stats, stream, tokens, why,
};
use crate::access::Access;
use crate::code::Code;

#[derive(OpenApi)]
#[openapi(
    info(title = "Hookferry", description = "Webhooks that arrive: post events, register endpoints, see every attempt. Errors are `application/problem+json` (RFC 9457) with a `code` from a closed list. Lists are newest first; pass `next_cursor` as `cursor` for the next page, until it is null. Fields and parameters that do not exist are refused. Two kinds of addresses are not described here, since what is sent to them and answered is not ours: a source's callback URL `/in/{company}/{source}`, which Meta asks (GET) and notifies (POST) as its Cloud API documents, and Wati's call `POST /{company}/api/v2/webhookEndpoints`."),
    paths(
        account::sign_up, account::log_in, account::log_out, me::get_me, me::update_me,
        credentials::change_password, credentials::request_password_reset,
        credentials::confirm_password_reset, credentials::change_email,
        credentials::confirm_email_change, credentials::verify_email, credentials::send_verification,
        logins::list_logins, logins::revoke_login,
        members::list_members, members::update_member, members::remove_member,
        members::leave_company, members::make_owner,
        invitations::list_invitations, invitations::create_invitation,
        invitations::show_invitation, invitations::accept_invitation,
        invitations::revoke_invitation,
        tokens::list_tokens, tokens::create_token, tokens::revoke_token,
        event_types::list_event_types, event_types::create_event_type,
        event_types::get_event_type, event_types::update_event_type,
        events::list_events, events::create_event, events::get_event, event_batch::create_events,
        why::get_event_why,
        endpoints::list_endpoints, endpoints::create_endpoint, endpoints::get_endpoint,
        endpoints::update_endpoint, endpoints::delete_endpoint,
        secrets::get_secret, secrets::rotate_secret, samples::send_sample,
        filter_test::test_endpoint_filter, filter_test::test_filter,
        deliveries::list_deliveries, deliveries::get_delivery, deliveries::retry_delivery,
        deliveries::cancel_delivery,
        jobs::replay_event, jobs::recover_endpoint, jobs::retry_deliveries, jobs::cancel_deliveries,
        jobs::list_jobs, jobs::get_job, jobs::cancel_job,
        inboxes::list_inboxes, inboxes::create_inbox, inboxes::get_inbox, inboxes::update_inbox,
        inboxes::delete_inbox,
        inbox_requests::list_inbox_requests, inbox_requests::get_inbox_request,
        inbox_requests::empty_inbox,
        sources::list_sources, sources::create_source, sources::get_source, sources::update_source,
        sources::delete_source, source_secrets::rotate_app_secret,
        source_secrets::rotate_verify_token, source_refused::list_refused_notifications,
        stats::get_stats_overview, stats::get_endpoints_stats, stats::get_endpoint_stats,
        stream::get_stream,
        audit::list_audit_log,
        settings::get_settings, settings::update_settings, settings::send_test_mail,
        addresses::add_address, addresses::confirm_address, addresses::update_address,
        addresses::remove_address,
        notifications::get_my_notifications, notifications::update_my_notifications,
        notifications::get_member_notifications, notifications::update_member_notifications,
        mails::list_mails, mails::get_mail,
        limits::get_limits, installation::get_installation,
        admin_companies::list_companies, admin_companies::create_company,
        admin_companies::get_company, admin_companies::update_company,
        admin_health::get_overall_health, admin_nodes::get_nodes,
        health::get_health, health::get_readiness,
    ),
    components(schemas(crate::error::Problem, crate::schema::DeliveryStateSchema, crate::schema::ErrorKindSchema)),
    tags(
        (name = "Account", description = "Who is calling."),
        (name = "Members", description = "The people of a company, and who is asked in."),
        (name = "API tokens", description = "Secrets for programs: scoped, revocable, shown once."),
        (name = "Event types", description = "What events are called and what they carry."),
        (name = "Events", description = "What happened: taken in once, kept as it came."),
        (name = "Endpoints", description = "Where events go, and how."),
        (name = "Deliveries", description = "One event on its way to one endpoint, with every attempt."),
        (name = "Jobs", description = "Long work: replay, recovery, retry and cancel of many deliveries."),
        (name = "Inboxes", description = "Built-in receivers to try things with: short-lived, bounded, with every signature checked. Whatever method, whatever stands behind the URL, is taken; behind an inbox's delay and status stands no promise to anybody."),
        (name = "Sources", description = "Where events come from, beside this API: a WhatsApp source has a callback URL and a verify token for Meta's App Dashboard, and takes in what Meta's Cloud API notifies of. Many numbers and accounts may stand behind one."),
        (name = "Stats", description = "How attempts went, and what waits."),
        (name = "Live", description = "What happens, as it happens."),
        (name = "Audit log", description = "Who changed what, when, from where."),
        (name = "Settings", description = "What a company has set: its name, who gets which mail and when, what new endpoints begin with."),
        (name = "Mails", description = "Mails about endpoints, sent or kept."),
        (name = "Operator", description = "Over all companies, for whoever runs this installation: with the token of HOOKFERRY_ADMIN_TOKEN. Without that setting these addresses do not exist."),
        (name = "Health", description = "For balancers and supervisors."),
    )
)]
struct Described;

/// Requests and answers as they really are, by operation.
const EXAMPLES: &str = include_str!("openapi_examples.json");
/// The path whose answer does not end by itself.
const STREAM: &str = "/api/v1/stream";
/// Operations whose body may be left out.
const OPTIONAL_BODIES: [&str; 6] = [
    "rotate_verify_token",
    "rotate_secret",
    "send_sample",
    "replay_event",
    "create_inbox",
    "send_test_mail",
];
/// Paths that are no part of the API and not described.
#[cfg(test)]
const UNDESCRIBED: [&str; 12] = [
    "/in/{company}/{source}",
    "/notification-addresses/confirm/{token}",
    "/notification-addresses/stop/{token}",
    "/openapi.json",
    "/docs",
    "/docs/{file:.*}",
    "/metrics",
    "/inbox/{key}",
    "/inbox/{key}/{tail:.*}",
    "/{company}/api/v2/webhookEndpoints",
    "/assets/{file:.*}",
    "/",
];

/// The document as it is served and checked in.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
        text.push('\n');
        text
    });
    &TEXT
}

fn document() -> Value {
    let mut document = serde_json::to_value(Described::openapi()).unwrap_or_default();
    document["servers"] = json!([{"url": "/"}]);
    document["components"]["securitySchemes"] = json!({
        "login": {"type": "apiKey", "in": "cookie", "name": "hookferry", "description": "What logging in sets; over https it is called `__Host-hookferry`. A person in several companies names one in the header `Hookferry-Company`."},
        "operator": {"type": "http", "scheme": "bearer", "description": "The operator's token, set by HOOKFERRY_ADMIN_TOKEN."},
        "token": {"type": "http", "scheme": "bearer", "description": "An API token: `hkf_…`."},
    });
    let examples: Value = serde_json::from_str(EXAMPLES).unwrap_or_default();
    for row in ROUTES {
        let method = row.method.to_lowercase();
        let path = document["paths"].get_mut(row.path);
        if let Some(operation) = path.and_then(|path| path.get_mut(&method)?.as_object_mut()) {
            complete(operation, row, &examples);
        }
    }
    document
}

/// Adds to an operation what the table knows of it.
fn complete(operation: &mut Map<String, Value>, row: &Row, examples: &Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    describe(operation, row.access);
    operation.insert("security".into(), security(row.access));
    operation.insert("x-access".into(), Value::String(row.access.to_string()));
    let mut parameters =
        operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    parameters.splice(0..0, path_parameters(row.path));
    if id.starts_with("list_") {
        parameters.extend(page_parameters());
    }
    let has_parameters = !parameters.is_empty();
    if has_parameters {
        operation.insert("parameters".into(), Value::Array(parameters));
    }
    let has_body = operation.contains_key("requestBody");
    if OPTIONAL_BODIES.contains(&id.as_str()) {
        operation["requestBody"]["required"] = Value::Bool(false);
    }
    add_errors(operation, row, has_body, has_parameters);
    add_examples(operation, &examples[&id]);
}

fn describe(operation: &mut Map<String, Value>, access: Access) {
    let summary = operation.get("summary").and_then(Value::as_str).unwrap_or_default();
    let text = operation.get("description").and_then(Value::as_str).unwrap_or(summary);
    let needs = match access {
        Access::Public => "Needs nothing.".to_owned(),
        Access::Signed => "Needs any token that works.".to_owned(),
        Access::Scope(scope) => {
            let role = Role::ALL.into_iter().find(|role| Scope::allows(role.scopes(), scope));
            let role = role.map_or("owner", Role::as_str);
            format!(
                "Needs a token with the scope `{}`, or a member who is at least {role}.",
                scope.as_str()
            )
        }
        Access::Person => "Needs a person who is logged in.".to_owned(),
        Access::Role(role) => format!("Needs a member who is at least {}.", role.as_str()),
        Access::Operator => "Needs the operator's token.".to_owned(),
    };
    let text = format!("{text}\n\n{needs}");
    operation.insert("description".into(), Value::String(text));
}

fn security(access: Access) -> Value {
    match access {
        Access::Public => json!([]),
        Access::Signed | Access::Scope(_) => json!([{"token": []}, {"login": []}]),
        Access::Person | Access::Role(_) => json!([{"login": []}]),
        Access::Operator => json!([{"operator": []}]),
    }
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| {
            let schema = match (name, path.split('/').nth(3)) {
                ("id", Some("endpoints")) => json!({"$ref": "#/components/schemas/EndpointName"}),
                ("id", Some("admin")) => json!({"$ref": "#/components/schemas/CompanyId"}),
                ("id", Some("events")) => json!({"$ref": "#/components/schemas/EventId"}),
                ("id", Some("deliveries")) => json!({"$ref": "#/components/schemas/DeliveryId"}),
                ("id", Some("tokens")) => json!({"$ref": "#/components/schemas/TokenId"}),
                ("id", Some("members")) => json!({"$ref": "#/components/schemas/UserId"}),
                ("id", Some("invitations")) => json!({"$ref": "#/components/schemas/InvitationId"}),
                ("id", Some("auth")) => json!({"$ref": "#/components/schemas/LoginId"}),
                ("id", Some("sources")) => json!({"$ref": "#/components/schemas/SourceId"}),
                ("id", Some("jobs")) => json!({"$ref": "#/components/schemas/JobId"}),
                ("id", Some("inboxes")) => json!({"$ref": "#/components/schemas/InboxId"}),
                ("request_id", _) => json!({"$ref": "#/components/schemas/InboxRequestId"}),
                ("id", Some("settings")) => json!({"$ref": "#/components/schemas/AddressId"}),
                ("id", Some("mails")) => json!({"$ref": "#/components/schemas/MailId"}),
                _ => json!({"type": "string", "minLength": 1, "maxLength": 255}),
            };
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        })
        .collect()
}

fn page_parameters() -> [Value; 2] {
    let limit = json!({"type": "integer", "minimum": 1, "maximum": store::PAGE_ROWS_MAX, "default": crate::query::PAGE_ROWS});
    [
        json!({"name": "limit", "in": "query", "description": "How many rows a page has at most.", "schema": limit}),
        json!({"name": "cursor", "in": "query", "description": "`next_cursor` of the page before.", "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{12}$"}}),
    ]
}

fn add_errors(operation: &mut Map<String, Value>, row: &Row, has_body: bool, has_parameters: bool) {
    let signed = row.access != Access::Public;
    let writes = row.method != "GET";
    let one_thing = row.path.contains('{');
    let operators = row.access == Access::Operator;
    // By its external key: one that no endpoint has is not found.
    let names_endpoint = operation
        .get("parameters")
        .and_then(Value::as_array)
        .is_some_and(|all| all.iter().any(|parameter| parameter["name"] == "endpoint_id"));
    let wanted = [
        (400, has_body),
        (401, signed || has_body),
        (403, has_body || (signed && row.access != Access::Signed)),
        (404, one_thing || has_body || operators || names_endpoint),
        (408, has_body),
        (409, writes),
        (413, has_body),
        (422, has_body || has_parameters || signed),
        (429, has_body || operators || row.path == STREAM),
        (500, signed),
        (503, true),
    ];
    for (status, _) in wanted.into_iter().filter(|(_, wanted)| *wanted) {
        let codes = Code::ALL.iter().filter(|code| code.status().as_u16() == status);
        let codes: Vec<String> =
            codes.map(|code| format!("`{}`: {}", code.as_str(), code.title())).collect();
        operation["responses"][status.to_string()] = json!({
            "description": codes.join("; "),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        });
    }
}

fn add_examples(operation: &mut Map<String, Value>, examples: &Value) {
    if let Some(request) = examples.get("request") {
        operation["requestBody"]["content"]["application/json"]["example"] = request.clone();
    }
    let Some(response) = examples.get("response") else { return };
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, answer) in responses {
        let media = answer.get_mut("content").and_then(Value::as_object_mut);
        if status.starts_with('2')
            && let Some((_, media)) = media.and_then(|media| media.iter_mut().next())
        {
            media["example"] = response.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::path::Path;

    fn operations(document: &Value) -> Vec<(String, String, Value)> {
        let paths = document["paths"].as_object().unwrap();
        let of_path = |(path, methods): (&String, &Value)| {
            let methods = methods.as_object().unwrap().clone();
            let path = path.clone();
            methods.into_iter().map(move |(method, operation)| (path.clone(), method, operation))
        };
        paths.iter().flat_map(of_path).collect()
    }

    #[test]
    fn the_document_that_is_checked_in_is_the_one_that_is_served() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json");
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(&file, text()).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == text(), "UPDATE_OPENAPI=1 cargo test -p api openapi writes openapi.json");
    }

    #[test]
    fn every_route_is_described_and_nothing_else_is() {
        let document = document();
        let described: HashSet<(String, String)> =
            operations(&document).into_iter().map(|(path, method, _)| (method, path)).collect();
        let routes: HashSet<(String, String)> = ROUTES
            .iter()
            .filter(|row| !UNDESCRIBED.contains(&row.path))
            .map(|row| (row.method.to_lowercase(), row.path.to_owned()))
            .collect();
        assert_eq!(described, routes);
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_a_description_examples_and_errors() {
        let mut names = HashSet::new();
        for (path, method, operation) in operations(&document()) {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name.clone()), "{name} stands there twice");
            assert!(
                operation["description"].as_str().is_some_and(|text| text.len() > 20),
                "{name}"
            );
            assert!(operation["tags"][0].is_string(), "{name}");
            if let Some(body) = operation.get("requestBody") {
                let example = &body["content"]["application/json"]["example"];
                assert!(example.is_object(), "{method} {path} has no example of a request");
            }
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let content = answer.get("content");
                if status.starts_with('2')
                    && let Some(content) = content
                {
                    let media = content.as_object().unwrap().values().next().unwrap();
                    let example = &media["example"];
                    let is_there = example.is_object() || (path == STREAM && example.is_string());
                    assert!(is_there, "{method} {path} has no example of an answer");
                }
            }
            assert!(operation["responses"].get("503").is_some(), "{name}");
        }
    }
}
