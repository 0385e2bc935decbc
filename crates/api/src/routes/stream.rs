//! The live stream: server-sent events of what happens to a company, from every node.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use chrono::TimeDelta;
use domain::external_key::EndpointName;
use domain::id::CompanyId;
use futures_util::stream;
use serde_json::json;
use store::{Clock, LiveEvent, LiveNext, LiveStream};
use utoipa::IntoParams;

use crate::auth;
use crate::error::ApiError;
use crate::on_main::on_main;
use crate::query::Query;
use crate::serve::Shared;

/// How soon a client comes back after its connection has ended.
const RETRY: Duration = Duration::from_secs(2);
/// How often a quiet stream says that it is there.
const HEARTBEAT_EVERY: TimeDelta = TimeDelta::seconds(15);
/// How often it is checked that the caller may still watch.
const CHECK_EVERY: TimeDelta = TimeDelta::seconds(30);
/// The longest time that a caller can ask for.
const SECONDS_MAX: u32 = 86_400;
/// Proxies that know it pass events on as they come.
const NO_BUFFERING: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
const LAST_EVENT_ID: &str = "last-event-id";

/// What a stream is asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "described here, read by name")]
struct StreamParams {
    /// The company, for a person in several: `EventSource` sends no headers.
    #[param(value_type = Option<crate::schema::ids::CompanyIdText>)]
    company: Option<String>,
    /// Only what is about this endpoint.
    #[param(value_type = Option<crate::schema::EndpointNameSchema>)]
    endpoint_id: Option<String>,
    /// The id of the last event that was seen, where the header `Last-Event-ID` cannot be sent.
    #[param(pattern = "^[0-9]{1,19}$")]
    last_event_id: Option<String>,
    /// End after so many seconds; without it the stream goes on.
    #[param(minimum = 0, maximum = 86_400)]
    seconds: Option<u32>,
}

/// What happens, as it happens: server-sent events from every node. `hello` comes first and names the
/// company. `attempt`: a request is over. `delivery`: a delivery has another state or is due at another
/// time. `endpoint`: an endpoint was changed (`change`: created, updated, enabled, paused, disabled,
/// deleted, warning, defective, recovered, streak_ended). `job`: a job began, went on or ended.
/// `skipped`: so many more changes (`count`) happened at once. `reset`: what happened since
/// `Last-Event-ID` is not there any more (it is kept for 10 minutes while somebody watches); read what
/// you show anew. Ids grow, and a client that comes back with `Last-Event-ID` misses nothing and sees
/// nothing twice. New fields and events may come: pass over what you do not know.
#[utoipa::path(get, path = "/api/v1/stream", tag = "Live", params(StreamParams), responses((status = 200, description = "Events until the connection, the token or the login ends.", content_type = "text/event-stream", body = String)))]
pub async fn get_stream(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let company = authorized.caller.company;
    let mut query = Query::of(&req);
    let named: Option<CompanyId> = query.parsed("company");
    let endpoint: Option<EndpointName> = query.parsed("endpoint_id");
    let parameter = query.read("last_event_id", |text| {
        read_id(text).ok_or_else(|| "must be the id of an event of a stream".to_owned())
    });
    let seconds: Option<u32> = query.read("seconds", |text| {
        let seconds = text.parse().ok().filter(|seconds| *seconds <= SECONDS_MAX);
        seconds.ok_or_else(|| format!("must be a whole number from 0 to {SECONDS_MAX}"))
    });
    query.finish()?;
    if named.is_some_and(|named| named != company) {
        return Err(ApiError::NotFound);
    }
    let store = &shared.state.store;
    let endpoint = match endpoint {
        Some(name) => {
            let id = store.endpoint_named(company, name).await?;
            store.endpoint(company, id).await?;
            Some(id)
        }
        None => None,
    };
    let mut answer = answer();
    if req.method() == Method::HEAD {
        return Ok(answer.finish());
    }
    // A browser that comes back names the newest there, and still the old one in the address.
    let resume = last_event_id(&req).or(parameter);
    let live = store.watch_live(company, endpoint, resume, authorized.now).await?;
    let hello = json!({
        "company_id": company.to_string(),
        "endpoint_id": endpoint.map(|id| id.to_string()),
    });
    let hello =
        format!("retry: {}\n{}", RETRY.as_millis(), block(live.position(), "hello", &hello));
    let clock = Arc::clone(&shared.state.clock);
    let open = Open {
        first: Some(hello),
        company,
        heartbeat: timer(&clock, HEARTBEAT_EVERY),
        check: timer(&clock, CHECK_EVERY),
        end: seconds.map(|seconds| timer(&clock, TimeDelta::seconds(i64::from(seconds)))),
        clock,
        live,
        req,
        shared,
    };
    let chunks = stream::unfold(open, async |mut open| {
        let main = open.shared.main.clone();
        let text = on_main(&main, open.next()).await?;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(text)), open))
    });
    Ok(answer.streaming(Box::pin(chunks)))
}

fn answer() -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")));
    answer.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
    answer.insert_header(NO_BUFFERING);
    answer
}

fn read_id(text: &str) -> Option<i64> {
    text.parse().ok().filter(|id| *id >= 0 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What a client says that it has seen; something that is no id of ours was seen elsewhere.
fn last_event_id(req: &HttpRequest) -> Option<i64> {
    let value = req.headers().get(LAST_EVENT_ID)?;
    Some(value.to_str().ok().and_then(read_id).unwrap_or(0))
}

type Timer = Pin<Box<dyn Future<Output = ()>>>;

fn timer(clock: &Arc<dyn Clock>, span: TimeDelta) -> Timer {
    let clock = Arc::clone(clock);
    Box::pin(async move { clock.sleep(span).await })
}

/// An open stream.
struct Open {
    first: Option<String>,
    company: CompanyId,
    clock: Arc<dyn Clock>,
    heartbeat: Timer,
    check: Timer,
    end: Option<Timer>,
    live: LiveStream,
    req: HttpRequest,
    shared: web::Data<Shared>,
}

/// Why a stream goes on.
enum Woken {
    Next(Result<Option<LiveNext>, store::Error>),
    Heartbeat,
    Check,
    End,
}

impl Open {
    /// The next piece of text; `None` ends the stream.
    async fn next(&mut self) -> Option<String> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            match self.woken().await {
                Woken::Next(Ok(Some(LiveNext::Event(event)))) => {
                    self.heartbeat = timer(&self.clock, HEARTBEAT_EVERY);
                    return Some(event_block(&event));
                }
                Woken::Next(Ok(Some(LiveNext::Reset(id)))) => {
                    return Some(block(id, "reset", &json!({})));
                }
                Woken::Next(Ok(Some(LiveNext::Probe))) => return Some(":\n\n".to_owned()),
                Woken::Next(Ok(None)) | Woken::End => return None,
                Woken::Next(Err(error)) => {
                    tracing::debug!(error = %error, "A live stream ends: {error}");
                    return None;
                }
                Woken::Heartbeat => {
                    self.heartbeat = timer(&self.clock, HEARTBEAT_EVERY);
                    // The id alone moves on what a client names when it comes back.
                    return Some(format!(": still here\nid: {}\n\n", self.live.position()));
                }
                Woken::Check if !self.may_go_on().await => return None,
                Woken::Check => self.check = timer(&self.clock, CHECK_EVERY),
            }
        }
    }

    async fn woken(&mut self) -> Woken {
        let Self { end, check, live, heartbeat, .. } = self;
        let end = async {
            match end {
                Some(end) => end.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = check => Woken::Check,
            next = live.next() => Woken::Next(next),
            () = end => Woken::End,
            () = heartbeat => Woken::Heartbeat,
        }
    }

    /// Whether the token or the login still works and still may. While the database does not answer,
    /// nothing is known to have ended.
    async fn may_go_on(&self) -> bool {
        match auth::authorize(&self.req, &self.shared).await {
            Ok(authorized) => authorized.caller.company == self.company,
            Err(ApiError::DatabaseUnavailable(_) | ApiError::Overloaded) => true,
            Err(_) => false,
        }
    }
}

fn event_block(event: &LiveEvent) -> String {
    format!("id: {}\nevent: {}\ndata: {}\n\n", event.id, event.kind.as_str(), event.data)
}

fn block(id: i64, name: &str, data: &serde_json::Value) -> String {
    format!("id: {id}\nevent: {name}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_whole_numbers_are_ids_and_what_is_none_was_seen_elsewhere() {
        assert_eq!(read_id("1763726400000001"), Some(1_763_726_400_000_001));
        for text in ["", "-1", "+1", " 1", "1.0", "9223372036854775808", "evt_1"] {
            assert_eq!(read_id(text), None, "{text}");
        }
        let req = TestRequest::get().insert_header((LAST_EVENT_ID, "nonsense")).to_http_request();
        assert_eq!(last_event_id(&req), Some(0));
        assert_eq!(last_event_id(&TestRequest::get().to_http_request()), None);
    }

    #[test]
    fn a_block_is_one_event_on_lines_of_its_own() {
        let text = block(7, "hello", &json!({"a": "line\nbreak"}));
        assert_eq!(text, "id: 7\nevent: hello\ndata: {\"a\":\"line\\nbreak\"}\n\n");
    }
}
