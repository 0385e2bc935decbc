//! Reading a request's body: within a limit, within a time, gzip or not. The limit holds for what
//! comes out of gzip, and no step inflates more than a little.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Decompress;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::{Stream, StreamExt, stream};

use crate::error::ApiError;

/// How long a body may take to arrive.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// The largest body of requests that do not carry events.
pub const SMALL_BODY_BYTES_MAX: usize = 512 * 1024;
/// How much is inflated in one step. Deflate makes at most 1,032 bytes of one, so a step makes about
/// 1 MiB at most; what the network brings in one piece could make a hundred.
const INFLATE_STEP_BYTES: usize = 1024;

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
    let payload = payload.into_inner();
    let whole = async {
        if req.headers().contains_key(header::CONTENT_ENCODING) {
            collect(inflated(payload, req.headers()), what, bytes_max).await
        } else {
            collect(payload, what, bytes_max).await
        }
    };
    actix_web::rt::time::timeout(BODY_TIME_MAX, whole)
        .await
        .map_err(|_| ApiError::RequestTimeout)?
}

/// Reads a body as it comes, compressed or not: at most `bytes_max` of it, and whether that was all.
pub async fn read_start(
    payload: Payload,
    bytes_max: usize,
    within: Duration,
) -> Result<(Bytes, bool), ApiError> {
    let mut chunks = payload.into_inner();
    let start = async {
        let mut start = BytesMut::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| broken(&error))?;
            let room = bytes_max - start.len();
            start.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                return Ok((start.freeze(), false));
            }
        }
        Ok((start.freeze(), true))
    };
    actix_web::rt::time::timeout(within, start).await.map_err(|_| ApiError::RequestTimeout)?
}

/// What comes out of a compressed body, in small steps.
fn inflated(
    payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    headers: &HeaderMap,
) -> impl Stream<Item = Result<Bytes, PayloadError>> + Unpin {
    let steps = payload.flat_map(|chunk| stream::iter(in_steps(chunk)));
    Decompress::from_headers(steps, headers)
}

fn in_steps(chunk: Result<Bytes, PayloadError>) -> Vec<Result<Bytes, PayloadError>> {
    let mut rest = match chunk {
        Ok(chunk) => chunk,
        Err(error) => return vec![Err(error)],
    };
    let mut steps = Vec::with_capacity(rest.len().div_ceil(INFLATE_STEP_BYTES));
    while !rest.is_empty() {
        steps.push(Ok(rest.split_to(rest.len().min(INFLATE_STEP_BYTES))));
    }
    steps
}

async fn collect(
    mut chunks: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    const BOMB_BYTES: usize = 100 * 1024 * 1024;

    /// A hundred megabytes of zeros, as one piece of some hundred kilobytes.
    fn bomb() -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![0; 1024 * 1024];
        for _ in 0..BOMB_BYTES / zeros.len() {
            encoder.write_all(&zeros).unwrap();
        }
        encoder.finish().unwrap().into()
    }

    fn gzip() -> HeaderMap {
        let field = (HeaderName::from_static("content-encoding"), HeaderValue::from_static("gzip"));
        HeaderMap::from_iter([field])
    }

    #[actix_web::test]
    async fn no_step_of_a_bomb_inflates_to_more_than_about_a_mebibyte() {
        let (bomb, headers) = (bomb(), gzip());
        assert!(bomb.len() < 200 * 1024, "{}", bomb.len());
        let mut steps = inflated(stream::iter([Ok(bomb)]), &headers);
        let (mut largest, mut sum) = (0, 0);
        while let Some(step) = steps.next().await {
            let step = step.unwrap();
            largest = largest.max(step.len());
            sum += step.len();
        }
        assert_eq!(sum, BOMB_BYTES);
        assert!(largest < 3 * 1024 * 1024 / 2, "one step made {largest} bytes");
    }

    #[actix_web::test]
    async fn a_bomb_is_too_large_and_is_not_inflated_to_its_end() {
        let headers = gzip();
        let mut taken = 0;
        let pieces = in_steps(Ok(bomb())).into_iter().inspect(|_| taken += 1);
        let chunks = inflated(stream::iter(pieces), &headers);
        let refused = collect(chunks, "an event", 300_000).await.unwrap_err();
        assert!(matches!(refused, ApiError::TooLarge { bytes_max: 300_000, .. }), "{refused:?}");
        assert!(taken <= 3, "{taken} pieces of a kibibyte were taken");
    }

    #[actix_web::test]
    async fn what_was_compressed_comes_out_as_it_was() {
        let headers = gzip();
        let text: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&text).unwrap();
        let sent = Bytes::from(encoder.finish().unwrap());
        let pieces: Vec<_> = sent.chunks(30_000).map(Bytes::copy_from_slice).map(Ok).collect();
        let chunks = inflated(stream::iter(pieces), &headers);
        assert_eq!(collect(chunks, "an event", text.len()).await.unwrap(), text);
        let chunks = inflated(stream::iter([Ok(sent.slice(..sent.len() / 2))]), &headers);
        let broken = collect(chunks, "an event", text.len()).await.unwrap_err();
        assert!(matches!(broken, ApiError::InvalidJson { .. }), "{broken:?}");
    }
}
