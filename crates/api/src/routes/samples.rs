//! `/endpoints/{id}/sample`: one request now, and what came back.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::event::{DATA_BYTES_MAX, Event};
use domain::event_type::EventTypeName;
use domain::format::{Format, Rendering};
use domain::headers::Headers;
use domain::id::{CompanyId, EventId, floor_at};
use domain::own_type;
use domain::wire::REDACTED;
use domain::{catalogue, wire};
use egress::Exchange;
use serde::Serialize;
use store::Target;

use super::endpoint_of;
use crate::code::Code;
use crate::error::ApiError;
use crate::event_body::unknown_type;
use crate::fields::{Fields, Given};
use crate::respond::{BodyView, FailureView, HeadersView, RequestView, json};
use crate::sample::SampleRequest;
use crate::schema::SampleBody;
use crate::serve::Shared;
use crate::{auth, body};
use utoipa::ToSchema;

/// The type of a sample where no other is chosen.
const SAMPLE_TYPE: &str = "webhook.sample";
/// The same where the format has no form for that one.
const MESSAGE_TYPE: &str = "message.received";

#[derive(Debug, Serialize, ToSchema)]
struct SampleView {
    ok: bool,
    status_code: Option<u16>,
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    headers: HeadersView,
    body: String,
    encoding: &'static str,
    truncated: bool,
    duration_ms: u64,
    error: Option<FailureView>,
    request: RequestView,
}

/// Sends a sample now, whatever the endpoint's filter and status; no event and no delivery is left.
#[utoipa::path(post, path = "/api/v1/endpoints/{id}/sample", tag = "Endpoints", request_body = SampleBody, responses((status = 200, description = "What the receiver answered, or why there is no answer.", body = SampleView)))]
pub async fn send_sample(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = endpoint_of(&req, &shared, authorized.caller.company).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let (company, actor, store) =
        (authorized.caller.company, authorized.actor(), authorized.store(&shared));
    let target = store.target(company, id, authorized.now).await?;
    let asked = read_sample(body::text(&body)?, target.format)?;
    let (event_type, data) = with_sample(&shared, company, asked).await?;
    check_form(target.format, &event_type)?;
    authorized.caller.gate.take_sample(authorized.now)?;
    let event = sample_event(company, event_type, data, authorized.now)?;
    let rendering = Rendering::of(target.format);
    let (headers, sent_body) =
        wire::request(&event, rendering, 1, authorized.now, &target.keys, &target.headers);
    let shown = shown_request(&target, &headers, &sent_body);
    let request = SampleRequest {
        url: target.url.clone(),
        headers,
        body: sent_body,
        at: authorized.now,
        timeout: target.timeout,
        acknowledge: target.acknowledge,
    };
    let exchange = shared.state.samples.send(request).await?;
    if exchange.not_sent {
        return Err(ApiError::Overloaded);
    }
    let delivered = exchange.outcome.is_success();
    let metrics = &shared.state.metrics;
    if delivered {
        metrics.samples_succeeded.one()
    } else {
        metrics.samples_failed.one()
    }
    store.record_sample(company, id, delivered, actor, shared.state.clock.now()).await?;
    json(StatusCode::OK, &view(exchange, shown))
}

/// What is sent where no type is chosen: `webhook.sample` is no event of Wati's or Meta's.
const fn default_type(format: Format) -> &'static str {
    match format {
        Format::Hookferry => SAMPLE_TYPE,
        Format::Wati { .. } | Format::Meta => MESSAGE_TYPE,
    }
}

fn check_form(format: Format, event_type: &EventTypeName) -> Result<(), ApiError> {
    if format.has_form(event_type) {
        return Ok(());
    }
    let detail = format!(
        "the endpoint's format `{}` has no form for `{event_type}`, so it never gets such events; \
         choose another type, such as `{MESSAGE_TYPE}`",
        format.name()
    );
    Err(ApiError::field("/event_type", Code::InvalidField, detail))
}

/// What a sample is asked for with.
#[derive(Debug)]
struct Asked {
    event_type: EventTypeName,
    /// The data, or where it is not given the built-in type's own.
    data: Option<Arc<[u8]>>,
    /// Whether the type is one of the company's own, if it exists at all.
    is_own: bool,
}

fn read_sample(text: &str, format: Format) -> Result<Asked, ApiError> {
    let mut fields = Fields::parse_optional(text)?;
    let name = fields.text("event_type", 0..=usize::MAX).value();
    let data = match fields.raw("data") {
        Given::Value(raw) if raw.get().len() > DATA_BYTES_MAX => {
            return Err(ApiError::TooLarge { what: "an event's data", bytes_max: DATA_BYTES_MAX });
        }
        Given::Value(raw) if raw.get().starts_with('{') => Some(raw.get()),
        Given::Value(_) => {
            fields.mistake("data", Code::InvalidField, "must be a JSON object");
            None
        }
        Given::Absent | Given::Null => None,
    };
    let name = name.as_deref().unwrap_or(default_type(format));
    let built_in = catalogue::find(name);
    let is_built_in = built_in.is_some() || catalogue::is_known(name);
    let event_type = EventTypeName::parse(name)
        .ok()
        .filter(|event_type| is_built_in || !own_type::is_reserved(event_type));
    if event_type.is_none() {
        let detail = unknown_type(name, [].into_iter());
        fields.mistake("event_type", Code::UnknownEventType, detail);
    }
    fields.finish()?;
    let is_own = !is_built_in;
    let fallback = if is_own { None } else { Some(built_in.map_or("{}", |known| known.sample)) };
    let data = data.or(fallback).map(|data| data.as_bytes().into());
    let event_type =
        event_type.ok_or_else(|| ApiError::Internal("a sample without a type was taken".into()))?;
    Ok(Asked { event_type, data, is_own })
}

/// The type and the data, which where it is not given is that of the company's own type.
async fn with_sample(
    shared: &Shared,
    company: CompanyId,
    asked: Asked,
) -> Result<(EventTypeName, Arc<[u8]>), ApiError> {
    let Asked { event_type, data, is_own } = asked;
    if !is_own {
        return Ok((event_type, data.unwrap_or_else(|| b"{}".as_slice().into())));
    }
    match shared.state.store.event_type(company, &event_type).await {
        Ok(own) => {
            let data = data.unwrap_or_else(|| own.content.sample.into_bytes().into());
            Ok((event_type, data))
        }
        Err(store::Error::NotFound) => {
            let own = shared.state.store.current_own_types(company).await?;
            let detail = unknown_type(event_type.as_str(), own.names());
            Err(ApiError::field("/event_type", Code::UnknownEventType, detail))
        }
        Err(error) => Err(error.into()),
    }
}

/// An event that is never written down; its id has the time of the sample and is otherwise random.
fn sample_event(
    company: CompanyId,
    event_type: EventTypeName,
    data: Arc<[u8]>,
    now: DateTime<Utc>,
) -> Result<Event, ApiError> {
    let random = getrandom::u32().map_err(|error| ApiError::Internal(error.into()))?;
    let id = EventId::from_raw(floor_at(now) | i64::from(random & 0x3f_ffff));
    Ok(Event { id, company, event_type, data, occurred_at: now, session: None })
}

fn shown_request(target: &Target, headers: &Headers, body: &[u8]) -> RequestView {
    let is_custom =
        |name: &str| target.headers.iter().any(|(custom, _)| custom.eq_ignore_ascii_case(name));
    let shown = headers.iter().map(|(name, value)| {
        let value = if is_custom(name) { REDACTED } else { value };
        (name.to_owned(), value.to_owned())
    });
    RequestView {
        method: "POST".into(),
        url: target.url.to_string(),
        headers: HeadersView::of_text(shown),
        body: Some(String::from_utf8_lossy(body).into_owned()),
    }
}

fn view(exchange: Exchange, request: RequestView) -> SampleView {
    let Exchange { outcome, headers, body, truncated, duration, peer: _, not_sent: _ } = exchange;
    let BodyView { body, encoding } = BodyView::of(body);
    SampleView {
        ok: outcome.is_success(),
        status_code: outcome.status_code,
        headers: HeadersView::of_bytes(headers),
        body,
        encoding,
        truncated,
        duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        error: outcome.failure.map(|failure| FailureView::of(failure.kind, failure.message)),
        request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_needs_nothing_and_takes_a_type_and_data() {
        let read_sample = |text: &str| read_sample(text, Format::Hookferry);
        let asked = read_sample("").unwrap();
        assert_eq!((asked.event_type.as_str(), asked.is_own), (SAMPLE_TYPE, false));
        let asked = read_sample(r#"{"event_type":"endpoint.defective","data":{"a": 1}}"#).unwrap();
        assert_eq!(asked.event_type.as_str(), "endpoint.defective");
        assert_eq!(asked.data.as_deref(), Some(&br#"{"a": 1}"#[..]));
        let asked = read_sample(r#"{"event_type":"order.created"}"#).unwrap();
        assert!(asked.is_own && asked.data.is_none());
        for bad in
            [r#"{"event_type":"message.none"}"#, r#"{"data":[]}"#, r#"{"type":"message.read"}"#]
        {
            assert_eq!(read_sample(bad).unwrap_err().code().status(), 422, "{bad}");
        }
    }

    #[test]
    fn what_a_format_cannot_say_is_refused_and_the_default_is_something_that_it_can() {
        for format in [Format::Hookferry, Format::WATI_V2, Format::Meta] {
            let asked = read_sample("", format).unwrap();
            assert!(check_form(format, &asked.event_type).is_ok(), "{format:?}");
        }
        let own = EventTypeName::parse("session.started").unwrap();
        let error = check_form(Format::Meta, &own).unwrap_err();
        assert_eq!(error.code(), Code::InvalidField);
        assert!(error.detail().contains("`meta`"), "{}", error.detail());
    }
}
