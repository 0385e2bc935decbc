//! Reading a request's body: within a limit, within a time, gzip or not.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Decompress;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;

use crate::error::ApiError;

/// How long a body may take to arrive.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// The largest body of requests that do not carry events.
pub const SMALL_BODY_BYTES_MAX: usize = 512 * 1024;

/// Reads the whole body; `what` names it where it is too large.
pub async fn read(
    req: &HttpRequest,
    payload: Payload,
    what: &'static str,
    bytes_max: usize,
) -> Result<Bytes, ApiError> {
    let announced = req
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > bytes_max) {
        return Err(ApiError::TooLarge { what, bytes_max });
    }
    let chunks = Decompress::from_headers(payload.into_inner(), req.headers());
    actix_web::rt::time::timeout(BODY_TIME_MAX, collect(chunks, what, bytes_max))
        .await
        .map_err(|_| ApiError::RequestTimeout)?
}

async fn collect(
    mut chunks: Decompress<actix_web::dev::Payload>,
    what: &'static str,
    bytes_max: usize,
) -> Result<Bytes, ApiError> {
    let mut whole = Bytes::new();
    let mut parts = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        if whole.len() + parts.len() + chunk.len() > bytes_max {
            return Err(ApiError::TooLarge { what, bytes_max });
        }
        if whole.is_empty() && parts.is_empty() {
            whole = chunk; // most bodies come in one piece and are not copied
        } else {
            parts.extend_from_slice(&std::mem::take(&mut whole));
            parts.extend_from_slice(&chunk);
        }
    }
    Ok(if parts.is_empty() { whole } else { parts.freeze() })
}

fn broken(error: &PayloadError) -> ApiError {
    ApiError::InvalidJson { detail: format!("the body could not be read: {error}") }
}

/// The body as text: JSON is UTF-8.
pub fn text(body: &[u8]) -> Result<&str, ApiError> {
    std::str::from_utf8(body).map_err(|error| ApiError::InvalidJson {
        detail: format!("the body is not UTF-8 at byte {}", error.valid_up_to()),
    })
}
