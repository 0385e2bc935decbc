//! `/inbox/{key}`: takes whatever comes, writes it down, answers as the inbox is switched.
//!
//! An inbox that has ended answers 404, as one that never was: 410 would switch endpoints off that
//! have its URL, for what may be a typing error, and once its row is gone nobody could tell the two
//! apart. An endpoint whose inbox has ended fails, is warned of and turns Defective like any other.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{StatusCode, Uri};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use domain::event_type::EventTypeName;
use domain::inbox::{
    BODY_KEPT_BYTES_MAX, BODY_TAKEN_BYTES_MAX, HEADERS_KEPT_BYTES_MAX, InboxAnswer,
    PATH_KEPT_BYTES_MAX, PathKey,
};
use domain::inbox_check::{self, Signed};
use domain::inbox_url::PATH_PREFIX;
use domain::wire::REDACTED;
use serde::Deserialize;
use serde::de::IgnoredAny;
use store::{ArrivedRequest, OpenInbox};

use crate::body;
use crate::error::ApiError;
use crate::inbox_door::Refusal;
use crate::serve::Shared;

/// How long a body may take to arrive.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);
/// The longest method that is kept.
const METHOD_BYTES_MAX: usize = 32;
/// Headers whose values are not kept. A browser sends our own login's cookie to our own origin: an
/// inbox must not be a way to it.
const SECRET_HEADERS: [&str; 3] = ["cookie", "authorization", "proxy-authorization"];

/// Takes a request of any method. Nobody is asked who they are: whoever knows the key may write.
pub async fn receive(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let clock = &shared.state.clock;
    let now = clock.now();
    let key = req.match_info().get("key").and_then(PathKey::parse).ok_or(ApiError::NotFound)?;
    let (mut admitted, wait) = match shared.inboxes.admit(&key, now) {
        Ok(admitted) => admitted,
        Err(Refusal::TooFast) => return Ok(too_fast()),
        Err(Refusal::Full) => return Err(ApiError::Overloaded),
    };
    if wait > TimeDelta::zero() {
        clock.sleep(wait).await;
    }
    let inbox = shared.state.store.open_inbox(&key, now).await?;
    admitted.learn(now);
    let answer = take(&req, payload, &shared, &inbox, now).await?;
    let left = now + TimeDelta::milliseconds(answer.delay_ms.into()) - clock.now();
    if left > TimeDelta::zero() {
        clock.sleep(left).await;
    }
    Ok(answered(answer.status))
}

/// Reads the request and writes it down. Gives how it is to be answered.
async fn take(
    req: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
    inbox: &OpenInbox,
    now: DateTime<Utc>,
) -> Result<InboxAnswer, ApiError> {
    let _room = shared.inboxes.room(body::announced(req)).await.ok_or(ApiError::Overloaded)?;
    let (body, is_whole) = body::read_start(payload, BODY_TAKEN_BYTES_MAX, BODY_TIME_MAX).await?;
    let answer = if is_whole {
        inbox.answer
    } else {
        InboxAnswer { status: StatusCode::PAYLOAD_TOO_LARGE.as_u16(), delay_ms: 0 }
    };
    let came = now_since(shared, now).max(answer.delay_ms.into());
    let arrived = arrived(req, inbox, body, is_whole, (answer.status, came), now);
    let _pen = shared.inboxes.pen().await.ok_or(ApiError::Overloaded)?;
    shared.state.store.record_inbox_request(inbox, &arrived, now).await?;
    Ok(answer)
}

/// How many milliseconds have passed.
fn now_since(shared: &Shared, then: DateTime<Utc>) -> u64 {
    u64::try_from((shared.state.clock.now() - then).num_milliseconds()).unwrap_or(0)
}

/// The request as it is kept.
fn arrived(
    req: &HttpRequest,
    inbox: &OpenInbox,
    body: Bytes,
    is_whole: bool,
    (answered_status, duration_ms): (u16, u64),
    now: DateTime<Utc>,
) -> ArrivedRequest {
    let value = |name: &str| req.headers().get(name).and_then(|value| value.to_str().ok());
    let signed = Signed {
        id: value("webhook-id"),
        timestamp: value("webhook-timestamp"),
        standard: value("webhook-signature"),
        hub: value("x-hub-signature-256"),
    };
    let whole = is_whole.then_some(&body[..]);
    let checked = inbox_check::check(&inbox.senders.keys, signed, whole, now);
    let (path, path_cut) = kept_path(req.uri());
    let (headers, headers_cut) = kept_headers(req.headers(), &inbox.senders.custom_headers);
    let body_cut = !is_whole || body.len() > BODY_KEPT_BYTES_MAX;
    ArrivedRequest {
        method: cut(req.method().as_str(), METHOD_BYTES_MAX).to_owned(),
        path,
        headers,
        body: body[..body.len().min(BODY_KEPT_BYTES_MAX)].to_vec(),
        body_bytes: body.len() as u64,
        truncated: path_cut || headers_cut || body_cut,
        checked,
        event_type: whole.and_then(event_type),
        answered_status,
        duration_ms,
    }
}

/// Path and query behind the key, as they came, and whether something was cut off.
fn kept_path(uri: &Uri) -> (String, bool) {
    let whole = uri.path_and_query().map_or("", |whole| whole.as_str());
    let behind = whole.strip_prefix(PATH_PREFIX).unwrap_or_default();
    let rest = behind.find(['/', '?']).map_or("", |at| &behind[at..]);
    let kept = cut(rest, PATH_KEPT_BYTES_MAX);
    (kept.to_owned(), kept.len() < rest.len())
}

/// The longest beginning of so many bytes that is text.
fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// The headers by name, without what is secret, and whether something was left out.
fn kept_headers(headers: &HeaderMap, custom: &[String]) -> (Vec<(String, String)>, bool) {
    let is_secret = |name: &str| {
        SECRET_HEADERS.contains(&name) || custom.iter().any(|own| own.eq_ignore_ascii_case(name))
    };
    let mut all: Vec<(&str, Cow<'_, str>)> = headers
        .iter()
        .map(|(name, value)| match name.as_str() {
            secret if is_secret(secret) => (secret, Cow::Borrowed(REDACTED)),
            name => (name, String::from_utf8_lossy(value.as_bytes())),
        })
        .collect();
    all.sort_by_key(|(name, _)| *name);
    let (count, mut bytes) = (all.len(), 0);
    let fits = |(name, value): &(&str, Cow<'_, str>)| {
        bytes += name.len() + value.len();
        bytes <= HEADERS_KEPT_BYTES_MAX
    };
    let kept: Vec<_> = all.into_iter().take_while(fits).collect();
    let is_cut = kept.len() < count;
    let owned = kept.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned()));
    (owned.collect(), is_cut)
}

/// The `type` that a JSON body carries. In Wati's format that is the kind of a message, such as `text`.
fn event_type(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(borrow)]
        r#type: Cow<'a, str>,
        #[serde(rename = "eventType")]
        wati: Option<IgnoredAny>,
    }
    let typed: Typed<'_> = serde_json::from_slice(body).ok()?;
    if typed.wati.is_some() {
        return None;
    }
    EventTypeName::parse(&typed.r#type).ok().map(|name| name.as_str().to_owned())
}

fn too_fast() -> HttpResponse {
    HttpResponse::TooManyRequests()
        .insert_header((header::RETRY_AFTER, HeaderValue::from_static("1")))
        .insert_header(no_store())
        .content_type("text/plain; charset=utf-8")
        .body("This inbox takes no more requests now; nothing was kept of this one.\n")
}

fn answered(status: u16) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header(no_store())
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
    match status {
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => {
            answer.finish()
        }
        StatusCode::PAYLOAD_TOO_LARGE => answer.body(format!(
            "An inbox takes bodies of at most {BODY_TAKEN_BYTES_MAX} bytes, unless it is set to \
             answer with this status.\n"
        )),
        _ => answer.content_type("text/plain; charset=utf-8").body("Kept in the inbox.\n"),
    }
}

fn no_store() -> (header::HeaderName, HeaderValue) {
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderName;

    #[test]
    fn what_stands_behind_the_key_is_kept_as_it_came() {
        let kept = |text: &str| kept_path(&text.parse().unwrap());
        assert_eq!(kept("/inbox/k"), (String::new(), false));
        assert_eq!(kept("/inbox/k/"), ("/".into(), false));
        assert_eq!(kept("/inbox/k?a=b/c"), ("?a=b/c".into(), false));
        assert_eq!(kept("/inbox/k/a%2Fb//c?d=%20"), ("/a%2Fb//c?d=%20".into(), false));
        assert_eq!(kept("http://h/inbox/k/x"), ("/x".into(), false));
        for (length, is_cut) in [(PATH_KEPT_BYTES_MAX, false), (PATH_KEPT_BYTES_MAX + 1, true)] {
            let path = format!("/inbox/k/{}", "x".repeat(length - 1));
            let (text, cut) = kept(&path);
            assert_eq!((text.len(), cut), (PATH_KEPT_BYTES_MAX, is_cut));
        }
        assert_eq!((cut("aé", 2), cut("aé", 3), cut("", 3)), ("a", "aé", ""));
    }

    #[test]
    fn headers_are_sorted_and_without_secrets_and_cut() {
        let mut headers = HeaderMap::new();
        let mut add = |name: &'static str, value: &[u8]| {
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        };
        add("x-b", b"2");
        add("cookie", b"hookferry=secret");
        add("authorization", b"Bearer secret");
        add("x-api-key", b"secret");
        add("x-b", b"\xff");
        let (kept, is_cut) = kept_headers(&headers, &["X-Api-Key".to_owned()]);
        let shown: Vec<String> =
            kept.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert!(!shown.concat().contains("secret"), "{shown:?}");
        assert_eq!(shown[3..], ["x-b: 2", "x-b: \u{fffd}"]);
        assert!(!is_cut);
        let large = "v".repeat(HEADERS_KEPT_BYTES_MAX - 1);
        let one = |value: &str| {
            let value = HeaderValue::from_str(value).unwrap();
            let map = HeaderMap::from_iter([(HeaderName::from_static("x"), value)]);
            let (kept, is_cut) = kept_headers(&map, &[]);
            (kept.len(), is_cut)
        };
        assert_eq!((one(&large), one(&format!("{large}v"))), ((1, false), (0, true)));
    }

    #[test]
    fn the_type_is_read_from_an_envelope_and_from_nothing_else() {
        let read = |text: &str| event_type(text.as_bytes());
        assert_eq!(read(r#"{"id":"x","type":"message.read"}"#).as_deref(), Some("message.read"));
        assert_eq!(read(r#"{"type":"mess\u0061ge.read"}"#).as_deref(), Some("message.read"));
        for none in ["", "{", "{}", "[]", r#"{"type":5}"#, r#"{"type":"<b>"}"#, "\u{0}"] {
            assert_eq!(read(none), None, "{none}");
        }
        assert_eq!(read(r#"{"type":"text","eventType":"message"}"#), None);
    }
}
