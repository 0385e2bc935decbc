//! `/events/batch`: many events in one request; each stands for itself.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::value::RawValue;
use store::Caller;

use super::events::{AcceptedView, idempotency_key, key_refused};
use super::intake;
use crate::auth::{self, Authorized};
use crate::body;
use crate::code::Code;
use crate::error::{ApiError, Problem};
use crate::event_body::{self, Context, Read, Refusal};
use crate::fields::{Fields, Given};
use crate::respond::json;
use crate::schema::BatchBody;
use crate::serve::Shared;
use utoipa::ToSchema;

/// The largest batch, in bytes.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most events of a batch.
const BATCH_EVENTS_MAX: usize = 1_000;

#[derive(Debug, Serialize, ToSchema)]
struct BatchView {
    #[schema(value_type = Vec<BatchResultSchema>)]
    results: Vec<ResultView>,
}

/// What became of one event of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchResult)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is only described")]
enum BatchResultSchema {
    Accepted(AcceptedView),
    Refused(RefusedSchema),
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefusedEvent)]
struct RefusedSchema {
    error: Problem,
}

/// What became of one event of a batch: `{id,duplicate,deliveries}` or `{error}`.
#[derive(Debug)]
enum ResultView {
    Accepted(AcceptedView),
    Refused(Problem),
}

impl Serialize for ResultView {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Refused<'a> {
            error: &'a Problem,
        }
        match self {
            Self::Accepted(view) => view.serialize(serializer),
            Self::Refused(error) => Refused { error }.serialize(serializer),
        }
    }
}

/// Takes many events in; those that are right are stored where others are refused.
#[utoipa::path(post, path = "/api/v1/events/batch", tag = "Events", request_body = BatchBody, responses((status = 202, description = "What became of each event, in order.", body = BatchView)))]
pub async fn create_events(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (caller, read) = read_request(&req, payload, &shared)
        .await
        .inspect_err(|error| shared.state.metrics.refuse(error.code(), 1))?;
    let sent = read.len();
    let taken = intake::take_in(&shared, &caller, read, pointer)
        .await
        .inspect_err(|error| shared.state.metrics.refuse(error.code(), sent))?;
    let results = taken.into_iter().map(|taken| match taken {
        Ok(view) => ResultView::Accepted(view),
        Err(error) => {
            shared.state.metrics.refuse(error.code(), 1);
            ResultView::Refused(error.problem())
        }
    });
    let results = results.collect();
    json(StatusCode::ACCEPTED, &BatchView { results })
}

/// Who posts a batch, and its events as far as they could be read.
async fn read_request(
    req: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<(Caller, Vec<Result<Read, Refusal>>), ApiError> {
    let Authorized { caller, .. } = auth::authorize_ingest(req, shared).await?;
    if idempotency_key(req)?.is_some() {
        let detail = "does not fit a batch; give each event an `id`".to_owned();
        return Err(key_refused(detail));
    }
    let body = body::read(req, payload, "a batch", BATCH_BYTES_MAX).await?;
    // Not when it was let in: a body may take long, and others have come meanwhile.
    let now = shared.state.clock.now();
    let data_bytes_max = caller.gate.event_bytes_max();
    let context = Context { company: caller.company, key: None, now, data_bytes_max };
    let events = read_batch(body::text(&body)?)?;
    // Every event counts, also one that is refused: it was looked at.
    caller.gate.take_events(u32::try_from(events.len()).unwrap_or(u32::MAX), now)?;
    let read = events
        .into_iter()
        .enumerate()
        .map(|(index, text)| event_body::parse(text.get(), &pointer(index), context))
        .collect();
    Ok((caller, read))
}

/// The JSON pointer of an event.
fn pointer(index: usize) -> String {
    format!("/events/{index}")
}

fn read_batch(text: &str) -> Result<Vec<&RawValue>, ApiError> {
    let mut fields = Fields::parse(text)?;
    fields.require("events");
    let events = match fields.raw("events") {
        Given::Value(raw) => serde_json::from_str::<Vec<&RawValue>>(raw.get()).unwrap_or_default(),
        Given::Null | Given::Absent => {
            fields.finish()?;
            return Ok(Vec::new());
        }
    };
    if events.is_empty() || events.len() > BATCH_EVENTS_MAX {
        let detail = format!("must be a list of 1 to {BATCH_EVENTS_MAX} events");
        fields.mistake("events", Code::InvalidField, detail);
    }
    fields.finish()?;
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_1_to_1000_events() {
        let batch = |count: usize| format!("{{\"events\":[{}]}}", vec!["{}"; count].join(","));
        assert_eq!(read_batch(&batch(1_000)).unwrap().len(), 1_000);
        for bad in [
            batch(0),
            batch(1_001),
            r#"{"events":{}}"#.into(),
            r#"{"events":[],"x":1}"#.into(),
            "{}".into(),
        ] {
            assert_eq!(read_batch(&bad).unwrap_err().code().status(), 422);
        }
        assert_eq!(read_batch(r#"{"events":[{]}"#).unwrap_err().code(), Code::InvalidJson);
    }
}
