//! `POST /{company}/api/v2/webhookEndpoints`: Wati's own call, so that a script which registers webhooks
//! there registers endpoints here. Requests and answers are Wati's; `docs/formats.md` tells what becomes of
//! a webhook.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::endpoint_url;
use domain::id::{CompanyId, EndpointId};
use domain::outcome::Acknowledge;
use domain::secret::EndpointSecret;
use domain::selection::Narrowing;
use domain::traffic::Traffic;
use domain::wati_webhook::{Subscription, digits, of_number, subscriptions};
use serde::{Deserialize, Serialize};
use store::{
    EndpointDefaults, EndpointRecord, NewEndpoint, ScheduleChoice, SwitchWanted, WEBHOOK_EXISTS,
};

use super::secrets::random_secret;
use crate::error::ApiError;
use crate::respond::json;
use crate::serve::{Config, Shared};
use crate::{auth, body};

/// How many webhooks one request may have.
const WEBHOOKS_MAX: usize = 100;
/// How many events one webhook may have.
const EVENT_TYPES_MAX: usize = 100;
/// Wati's number of a webhook that is switched on, and of one that is not.
const ENABLED: i64 = 1;
const DISABLED: i64 = 0;

/// A webhook as it is asked for. Whatever else a script sends is no business of ours.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    phone_number: Option<String>,
    status: Option<i64>,
    url: String,
    event_types: Vec<String>,
}

/// Wati's answer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Vec<Webhook>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_webhook_exist: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_over_webhook_limit: Option<bool>,
}

/// A webhook as Wati shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    id: EndpointId,
    tenant_id: CompanyId,
    channel_id: Option<String>,
    channel_phone_number: Option<String>,
    url: String,
    status: i64,
    created: String,
    last_updated: String,
    failed_iteration_count: u32,
    is_sent_notify: bool,
    event_types: Vec<String>,
}

/// An endpoint that is to be made, and what of it only the answer knows.
struct Planned {
    endpoint: NewEndpoint,
    phone_number: Option<String>,
    names: Vec<String>,
}

/// Makes endpoints of the format `wati`, all that the request asks for or none.
pub async fn create_webhooks(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    match make(&req, payload, &shared).await {
        Ok(answer) => json(StatusCode::OK, &answer),
        Err(error) => refused(error),
    }
}

async fn make(
    req: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<Answer, ApiError> {
    let authorized = auth::authorize(req, shared).await?;
    let company = authorized.caller.company;
    // A token of another company is a wrong one, whether or not that company is there.
    if req.match_info().get("company").and_then(|text| text.parse().ok()) != Some(company) {
        return Err(ApiError::Unauthorized);
    }
    let body = body::read(req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let wanted: Vec<Wanted> = serde_json::from_str(body::text(&body)?)
        .map_err(|error| ApiError::InvalidJson { detail: error.to_string() })?;
    let store = authorized.store(shared);
    let defaults = store.settings(company).await?.endpoint_defaults;
    let checked = match check_all(wanted, &shared.config) {
        Ok(checked) => checked,
        Err(why) => return Ok(Answer { error: Some(why), ..Answer::default() }),
    };
    if names_one_twice(&checked) {
        return Ok(exists());
    }
    let (mut endpoints, mut shown) = (Vec::new(), Vec::new());
    for checked in checked {
        for planned in plan(checked, &shared.config, &defaults)? {
            endpoints.push(planned.endpoint);
            shown.push((planned.phone_number, planned.names));
        }
    }
    let (actor, now) = (authorized.actor(), authorized.now);
    match store.create_wati_endpoints(company, endpoints, actor, now).await {
        Ok(records) => {
            let webhooks = records.into_iter().zip(shown);
            let webhooks = webhooks.map(|(record, (number, names))| webhook(record, number, names));
            Ok(Answer { ok: true, result: Some(webhooks.collect()), ..Answer::default() })
        }
        Err(store::Error::Conflict { code: WEBHOOK_EXISTS, .. }) => Ok(exists()),
        Err(store::Error::LimitReached { .. }) => Ok(Answer {
            error: Some("Number of Webhooks exceed limitation".into()),
            is_over_webhook_limit: Some(true),
            ..Answer::default()
        }),
        Err(error) => Err(error.into()),
    }
}

fn exists() -> Answer {
    Answer { is_webhook_exist: Some(true), ..Answer::default() }
}

/// Whether two webhooks of the request have the same URL and number. The store does not see that: one
/// webhook may become an endpoint of each version.
fn names_one_twice(checked: &[Checked]) -> bool {
    let mut seen = HashSet::with_capacity(checked.len());
    !checked.iter().all(|one| seen.insert((one.url.as_str(), one.phone_number.as_deref())))
}

/// A webhook whose parts are right.
#[derive(Debug)]
struct Checked {
    url: String,
    phone_number: Option<String>,
    switch: SwitchWanted,
    subscriptions: Vec<Subscription>,
}

/// Checks every webhook; a sentence of the first that cannot be.
fn check_all(wanted: Vec<Wanted>, config: &Config) -> Result<Vec<Checked>, String> {
    if wanted.is_empty() || wanted.len() > WEBHOOKS_MAX {
        return Err(format!("send 1 to {WEBHOOKS_MAX} webhooks"));
    }
    let checked = wanted.into_iter().enumerate();
    checked
        .map(|(index, wanted)| {
            check(wanted, config).map_err(|why| format!("webhook {index}: {why}"))
        })
        .collect()
}

fn check(wanted: Wanted, config: &Config) -> Result<Checked, String> {
    let Wanted { phone_number, status, url, event_types } = wanted;
    let given = phone_number.as_deref().filter(|number| !number.is_empty());
    let phone_number = given.map(digits).transpose().map_err(|error| error.to_string())?;
    let switch = match status.unwrap_or(ENABLED) {
        ENABLED => SwitchWanted::Enabled,
        DISABLED => SwitchWanted::Disabled,
        other => return Err(format!("status: is {other}; must be {ENABLED} or {DISABLED}")),
    };
    endpoint_url::check(&url, &config.policy, config.allow_http)
        .map_err(|error| format!("url: {error}"))?;
    if event_types.len() > EVENT_TYPES_MAX {
        return Err(format!("eventTypes: must be at most {EVENT_TYPES_MAX}"));
    }
    let subscriptions = subscriptions(&event_types).map_err(|error| error.to_string())?;
    Ok(Checked { url, phone_number, switch, subscriptions })
}

/// The endpoints of a webhook.
fn plan(
    checked: Checked,
    config: &Config,
    defaults: &EndpointDefaults,
) -> Result<Vec<Planned>, ApiError> {
    let Checked { url, phone_number, switch, subscriptions } = checked;
    let planned = subscriptions.into_iter().map(|subscription| {
        let filter = phone_number.as_deref().map(of_number);
        let endpoint = NewEndpoint {
            url: url.clone(),
            description: String::new(),
            event_types: subscription.event_types,
            format: subscription.format,
            narrowing: Narrowing { filter, ..Narrowing::default() },
            headers: Vec::new(),
            secret: EndpointSecret::from_random(random_secret()?),
            timeout: defaults.timeout.unwrap_or(config.default_timeout),
            acknowledge: Acknowledge::Any2xx,
            schedule: defaults.schedule.clone().unwrap_or(ScheduleChoice::Standard),
            external_key: None,
            traffic: Traffic::default(),
            switch,
        };
        let (phone_number, names) = (phone_number.clone(), subscription.names);
        Ok(Planned { endpoint, phone_number, names })
    });
    planned.collect()
}

fn webhook(record: EndpointRecord, number: Option<String>, names: Vec<String>) -> Webhook {
    Webhook {
        id: record.id,
        tenant_id: record.company,
        // Channels are Wati's own.
        channel_id: None,
        channel_phone_number: number,
        url: record.url,
        status: if record.state.is_held() { DISABLED } else { ENABLED },
        created: time(record.created_at),
        last_updated: time(record.updated_at),
        failed_iteration_count: record.state.streak(),
        is_sent_notify: false,
        event_types: names,
    }
}

/// With seven digits of the second, as Wati writes times.
fn time(at: DateTime<Utc>) -> String {
    format!("{}.{:07}Z", at.format("%Y-%m-%dT%H:%M:%S"), at.timestamp_subsec_nanos() / 100)
}

/// An error of ours in Wati's words; those of which the operator should know stay what they are.
fn refused(error: ApiError) -> Result<HttpResponse, ApiError> {
    match error {
        ApiError::Overloaded
        | ApiError::DatabaseUnavailable(_)
        | ApiError::NotReady { .. }
        | ApiError::SourceNotReady { .. }
        | ApiError::Internal(_)
        | ApiError::TooManyTries { .. }
        | ApiError::RateLimited { .. } => Err(error),
        ApiError::InvalidJson { .. }
        | ApiError::Invalid(_)
        | ApiError::Unauthorized
        | ApiError::MissingScope(_)
        | ApiError::NotFound
        | ApiError::MethodNotAllowed { .. }
        | ApiError::RequestTimeout
        | ApiError::Conflict { .. }
        | ApiError::Refused { .. }
        | ApiError::TooLarge { .. } => {
            let answer = Answer { error: Some(error.detail()), ..Answer::default() };
            json(error.code().status(), &answer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn what_is_wrong_with_a_webhook_is_said() {
        let check = |body: serde_json::Value, expected: &str| {
            let wanted: Vec<Wanted> = serde_json::from_value(body).unwrap();
            let config = crate::routes::test_config();
            let why = check_all(wanted, &config).unwrap_err();
            assert!(why.contains(expected), "{why}");
        };
        let one = |change: fn(&mut serde_json::Value)| {
            let mut one = serde_json::json!({
                "phoneNumber": "919820011223", "status": 1, "url": "https://hooks.acme.example/wati",
                "eventTypes": ["message"], "extra": true,
            });
            change(&mut one);
            serde_json::json!([one])
        };
        check(serde_json::json!([]), "1 to 100");
        check(one(|one| one["phoneNumber"] = "sales".into()), "phoneNumber");
        check(one(|one| one["status"] = 7.into()), "status");
        check(one(|one| one["url"] = "http://hooks.acme.example".into()), "webhook 0: url");
        check(one(|one| one["eventTypes"] = serde_json::json!(["Message"])), "\"Message\"");
        check(one(|one| one["eventTypes"] = serde_json::json!(["ctaUrlClicked"])), "ever");
    }

    #[test]
    fn times_have_seven_digits() {
        let at = Utc.timestamp_opt(1_788_936_028, 963_850_299).unwrap();
        assert_eq!(time(at), "2026-09-09T06:40:28.9638502Z");
    }
}
