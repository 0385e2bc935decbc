//! Answers: JSON, and the pieces that several resources show alike.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SubsecRound, Utc};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::error::ApiError;
use utoipa::ToSchema;

/// A time of the clock with as many digits as those that were written down have.
pub fn to_microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

/// A JSON answer.
pub fn json(status: StatusCode, value: &impl Serialize) -> Result<HttpResponse, ApiError> {
    let body = serde_json::to_vec(value).map_err(|error| ApiError::Internal(error.into()))?;
    Ok(HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/json")))
        .body(body))
}

/// A JSON answer with a secret in it, which nobody on the way may keep.
pub fn json_unkept(status: StatusCode, value: &impl Serialize) -> Result<HttpResponse, ApiError> {
    let mut answer = json(status, value)?;
    let no_store = HeaderValue::from_static("no-store");
    answer.headers_mut().insert(header::CACHE_CONTROL, no_store);
    Ok(answer)
}

/// Headers of an exchange: an object in the order in which they stood; what stands there several
/// times is joined by `, `.
#[derive(Debug)]
pub struct HeadersView(Vec<(String, String)>);

impl HeadersView {
    /// Headers whose values are text.
    pub fn of_text(headers: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut joined: Vec<(String, String)> = Vec::new();
        for (name, value) in headers {
            match joined.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(&name)) {
                Some((_, before)) => *before = format!("{before}, {value}"),
                None => joined.push((name, value)),
            }
        }
        Self(joined)
    }

    /// Headers whose values are whatever bytes came.
    pub fn of_bytes(headers: Vec<(String, Vec<u8>)>) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self::of_text(headers.into_iter().map(|(name, value)| (name, text(value))))
    }
}

impl Serialize for HeadersView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A body of an exchange as text, or as base64 where it is not text.
#[derive(Debug)]
pub struct BodyView {
    /// The text.
    pub body: String,
    /// `utf-8` or `base64`.
    pub encoding: &'static str,
}

impl BodyView {
    /// A body of any bytes.
    pub fn of(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(body) => Self { body, encoding: "utf-8" },
            Err(error) => Self { body: STANDARD.encode(error.as_bytes()), encoding: "base64" },
        }
    }
}

/// An answer as it is shown, of an attempt or of a sample.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResponseView {
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    headers: HeadersView,
    body: String,
    encoding: &'static str,
    truncated: bool,
}

impl ResponseView {
    /// An answer.
    pub fn of(headers: Vec<(String, Vec<u8>)>, body: Vec<u8>, truncated: bool) -> Self {
        let BodyView { body, encoding } = BodyView::of(body);
        Self { headers: HeadersView::of_bytes(headers), body, encoding, truncated }
    }
}

/// A request as it was sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestView {
    /// The method.
    pub method: String,
    /// The URL as it was then.
    pub url: String,
    /// The headers; values of custom ones are replaced.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub headers: HeadersView,
    /// The body; null once retention has removed the event.
    pub body: Option<String>,
}

/// Why an exchange failed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailureView {
    kind: &'static str,
    message: String,
}

impl FailureView {
    /// A failure.
    pub fn of(kind: domain::outcome::ErrorKind, message: String) -> Self {
        Self { kind: kind.as_str(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_can_be_shown() {
        assert_eq!(BodyView::of(b"ok\0".to_vec()).body, "ok\0");
        let bytes = BodyView::of(vec![0xff, 0xfe]);
        assert_eq!((bytes.body.as_str(), bytes.encoding), ("//4=", "base64"));
        let headers = HeadersView::of_bytes(vec![
            ("B".into(), vec![0xe9]),
            ("A".into(), b"1".to_vec()),
            ("a".into(), b"2".to_vec()),
        ]);
        let json = serde_json::to_string(&headers).unwrap();
        assert_eq!(json, "{\"B\":\"\u{fffd}\",\"A\":\"1, 2\"}");
    }
}
