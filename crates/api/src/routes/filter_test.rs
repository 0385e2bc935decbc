//! `/endpoints/{id}/filter/test` and `/filters/test`: would this event have matched, and why not.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::event::{DATA_BYTES_MAX, PHONE_NUMBER_ID_BYTES_MAX};
use domain::event_type::EventTypeName;
use domain::filter::{Document, Explanation, Filter, Outcome};
use domain::id::EventId;
use domain::scope::Scope;
use domain::selection::{Narrowing, Selection, SessionState, by_type};
use serde::Serialize;
use store::EventRecord;
use utoipa::ToSchema;

use super::endpoint_fields::choice::read_filter;
use super::endpoint_of;
use crate::code::Code;
use crate::error::ApiError;
use crate::fields::{Fields, Given};
use crate::respond::json;
use crate::schema::filter::{EndpointFilterTestBody, FilterTestBody};
use crate::serve::Shared;
use crate::{auth, body};

/// What a filter has to do with an event.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FilterTestView {
    /// Whether the filter takes the event.
    matches: bool,
    /// `matches`, `differs`, or why it is taken unseen: `not_json`, `too_much_work`.
    verdict: &'static str,
    /// That in a sentence.
    summary: String,
    /// Every condition, in the order in which they stand in the filter.
    findings: Vec<FindingView>,
}

/// What an endpoint has to do with an event.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EndpointFilterTestView {
    /// Whether the endpoint takes the event, were it enabled.
    matches: bool,
    /// Whether its event types pick the event's.
    type_picked: bool,
    /// Whether its format has a form for the event's type.
    has_form: bool,
    /// Whether the event came by one of its numbers, or by none at all.
    phone_number: bool,
    /// Whether it asks for events in such a session.
    session: bool,
    /// What its filter says; null where it has none.
    filter: Option<FilterTestView>,
}

/// One condition, or `and`, `or` or `not` with what stands inside.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FindingView {
    /// Its place, as a JSON pointer into the filter.
    pointer: String,
    /// Whether it held; null where it is too much work to tell.
    held: Option<bool>,
    /// Whether it is why the whole came out as it did.
    decisive: bool,
    /// What was found. Values of the data stand in it.
    sentence: String,
}

impl FilterTestView {
    fn of(explanation: Explanation) -> Self {
        let Explanation { verdict, summary, findings } = explanation;
        let findings = findings.into_iter().map(|finding| FindingView {
            pointer: finding.pointer,
            held: match finding.outcome {
                Outcome::Holds => Some(true),
                Outcome::Fails => Some(false),
                Outcome::NotLookedAt => None,
            },
            decisive: finding.decisive,
            sentence: finding.sentence,
        });
        let verdict_name = verdict.as_str();
        Self {
            matches: verdict.takes(),
            verdict: verdict_name,
            summary,
            findings: findings.collect(),
        }
    }
}

/// The event that is asked about.
#[derive(Debug)]
enum About {
    /// A past one.
    Event(EventId),
    /// One that might come.
    Data(String),
}

/// Would an event have come to this endpoint, with its own filter or with another one, and why not.
#[utoipa::path(post, path = "/api/v1/endpoints/{id}/filter/test", tag = "Endpoints", request_body = EndpointFilterTestBody, responses((status = 200, description = "What the endpoint has to do with the event.", body = EndpointFilterTestView)))]
pub async fn test_endpoint_filter(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let company = authorized.caller.company;
    let id = endpoint_of(&req, &shared, company).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let asked = read_asked(body::text(&body)?)?;
    let endpoint = shared.state.store.endpoint(company, id).await?;
    let filter = match asked.filter {
        Given::Absent => endpoint.narrowing.filter,
        Given::Null => None,
        Given::Value(filter) => Some(filter),
    };
    let narrowing = Narrowing { filter, ..endpoint.narrowing };
    let types = endpoint.event_types;
    let view = |event_type: &EventTypeName, selection: &Selection<'_>, session| {
        let type_picked = types.iter().any(|selector| selector.picks(event_type));
        let filter = narrowing.filter.as_ref().map(|filter| selection.explain(filter));
        let filter = filter.map(FilterTestView::of);
        let phone_number = selection.has_number(&narrowing);
        let session = narrowing.session.takes(session);
        let matches = by_type(&types, endpoint.format, event_type).is_ok()
            && phone_number
            && session
            && filter.as_ref().is_none_or(|filter| filter.matches);
        let has_form = endpoint.format.has_form(event_type);
        EndpointFilterTestView { matches, type_picked, has_form, phone_number, session, filter }
    };
    let view = match asked.about {
        About::Event(id) => {
            let event = past_event(&shared, &authorized, id).await?;
            let session = event.session.as_deref().and_then(SessionState::of_json);
            view(&event.event_type, &event.selection(), session)
        }
        About::Data(data) => {
            let (number, session) = (asked.phone_number_id.as_deref(), asked.session);
            let event_type = asked.event_type.ok_or_else(type_is_needed)?;
            let selection = Selection::new(&event_type, data.as_bytes(), number, session);
            view(&event_type, &selection, session)
        }
    };
    json(StatusCode::OK, &view)
}

/// Would a filter that no endpoint has yet take an event, and why not.
#[utoipa::path(post, path = "/api/v1/filters/test", tag = "Endpoints", request_body = FilterTestBody, responses((status = 200, description = "What the filter has to do with the event.", body = FilterTestView)))]
pub async fn test_filter(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("filter");
    let filter = read_filter(&mut fields);
    let about = read_about(&mut fields);
    fields.finish()?;
    let (Given::Value(filter), Some(about)) = (filter, about) else {
        return Err(ApiError::Internal("a test without a filter or an event was taken".into()));
    };
    let explanation = match about {
        About::Event(id) => {
            let event = past_event(&shared, &authorized, id).await?;
            filter.explain(&Document::parse(&event.data))
        }
        About::Data(data) => filter.explain(&Document::parse(data.as_bytes())),
    };
    json(StatusCode::OK, &FilterTestView::of(explanation))
}

/// What a test of an endpoint is asked for with.
#[derive(Debug)]
struct Asked {
    about: About,
    filter: Given<Filter>,
    event_type: Option<EventTypeName>,
    phone_number_id: Option<String>,
    session: Option<SessionState>,
}

fn read_asked(text: &str) -> Result<Asked, ApiError> {
    let mut fields = Fields::parse(text)?;
    let filter = read_filter(&mut fields);
    let event_type = fields.read("event_type", |value| {
        let name = value.as_str().ok_or("must be a string")?;
        EventTypeName::parse(name).map_err(|error| error.to_string())
    });
    let event_type = event_type.value();
    let phone_number_id = fields.line("phone_number_id", 1..=PHONE_NUMBER_ID_BYTES_MAX).value();
    let session = fields.read("session", |value| {
        let state = value.as_str().and_then(SessionState::parse);
        state.ok_or_else(|| "must be `active` or `inactive`".to_owned())
    });
    let about = read_about(&mut fields);
    fields.finish()?;
    match about {
        Some(About::Data(_)) if event_type.is_none() => Err(type_is_needed()),
        Some(about) => {
            Ok(Asked { about, filter, event_type, phone_number_id, session: session.value() })
        }
        None => Err(ApiError::Internal("a test without an event was taken".into())),
    }
}

fn type_is_needed() -> ApiError {
    ApiError::field("/event_type", Code::MissingField, "`event_type` is needed beside `data`")
}

/// Either an event's id or data. `None` where that is a mistake.
fn read_about(fields: &mut Fields<'_>) -> Option<About> {
    let id = fields.parsed::<EventId>("event_id");
    match (id, fields.raw("data")) {
        (Given::Value(_), Given::Value(_)) => {
            fields.mistake("data", Code::InvalidField, "cannot stand beside `event_id`");
            None
        }
        (Given::Value(id), _) => Some(About::Event(id)),
        (_, Given::Value(data)) if data.get().len() > DATA_BYTES_MAX => {
            let detail = format!("must have at most {DATA_BYTES_MAX} bytes");
            fields.mistake("data", Code::InvalidField, detail);
            None
        }
        (_, Given::Value(data)) if !data.get().starts_with('{') => {
            fields.mistake("data", Code::InvalidField, "must be a JSON object");
            None
        }
        (_, Given::Value(data)) => Some(About::Data(data.get().to_owned())),
        (_, Given::Absent | Given::Null) => {
            fields.require("event_id");
            None
        }
    }
}

/// A past event, for whoever may see events.
async fn past_event(
    shared: &Shared,
    authorized: &auth::Authorized,
    id: EventId,
) -> Result<EventRecord, ApiError> {
    authorized.must_also(Scope::EventsRead)?;
    Ok(shared.state.store.event(authorized.caller.company, id).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_named_or_written_out() {
        let event = EventId::from_raw(1 << 30);
        let asked = read_asked(&format!(r#"{{"event_id":"{event}"}}"#)).unwrap();
        assert!(matches!(asked.about, About::Event(id) if id == event));
        assert_eq!(asked.filter, Given::Absent);
        let asked =
            read_asked(r#"{"data":{"a": 1.50},"event_type":"message.read","session":"active"}"#);
        let asked = asked.unwrap();
        assert!(matches!(asked.about, About::Data(data) if data == r#"{"a": 1.50}"#));
        assert_eq!(asked.session, Some(SessionState::Active));
        for (bad, code) in [
            ("{}".to_owned(), Code::MissingField),
            (r#"{"data":{}}"#.to_owned(), Code::MissingField),
            (format!(r#"{{"event_id":"{event}","data":{{}}}}"#), Code::InvalidField),
            (r#"{"data":[{}],"event_type":"a.b"}"#.to_owned(), Code::InvalidField),
            (r#"{"data":{},"event_type":"a.b","session":"any"}"#.to_owned(), Code::InvalidField),
            (r#"{"data":{},"event_type":"a.b","filter":{}}"#.to_owned(), Code::InvalidField),
            (r#"{"event_id":"evt_1"}"#.to_owned(), Code::InvalidRequest),
        ] {
            assert_eq!(read_asked(&bad).unwrap_err().code(), code, "{bad}");
        }
    }
}
