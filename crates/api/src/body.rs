//! Reading a request's body: within a limit, within a time, gzip or not. The limit holds for what
//! comes out of gzip, and no step inflates more than a little.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Decompress;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, Bytes, BytesMut, Payload};
use domain::id::SourceId;
use futures_util::{Stream, StreamExt, stream};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ApiError;
use crate::serve::Shared;

/// How long a body may take to arrive.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// The largest body of requests that do not carry events.
pub const SMALL_BODY_BYTES_MAX: usize = 512 * 1024;
/// How much is inflated in one step. Deflate makes at most 1,032 bytes of one, so a step makes about
/// 1 MiB at most; what the network brings in one piece could make a hundred.
const INFLATE_STEP_BYTES: usize = 1024;

/// What bodies that are on their way in may take together; past it callers are told to come back.
const ARRIVING_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A body up to this size is let in all the same: its connection takes as much.
const UNCOUNTED_BYTES: usize = 4 * 1024;
/// How many sources' shares are kept before those that nobody sends to are dropped.
const SHARES_KEPT: usize = 1_024;

/// Room for bodies on their way in, one for all threads.
#[derive(Debug)]
pub struct Arriving(Arc<Semaphore>);

impl Default for Arriving {
    fn default() -> Self {
        Self::of(ARRIVING_BYTES_MAX)
    }
}

impl Arriving {
    /// Room for so many bytes.
    pub fn of(bytes_max: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes_max)))
    }

    /// Room for one body.
    pub fn room(&self) -> Room {
        Room { share: None, all: Held { of: Arc::clone(&self.0), permit: None } }
    }
}

/// Room for notifications on their way in. A source's URL is no secret: whoever knows one takes a share of
/// the room at most, and the other sources have the rest.
#[derive(Debug)]
pub struct Notifications {
    all: Arriving,
    share_bytes: usize,
    shares: Mutex<HashMap<SourceId, Weak<Semaphore>>>,
}

impl Notifications {
    /// Room for so many bytes, of which one source takes so many at most.
    pub fn of(bytes_max: usize, share_bytes: usize) -> Self {
        Self { all: Arriving::of(bytes_max), share_bytes, shares: Mutex::default() }
    }

    /// Room for one notification to a source that there is.
    pub fn room(&self, source: SourceId) -> Room {
        let of = self.share_of(source);
        Room { share: Some(Held { of, permit: None }), ..self.all.room() }
    }

    fn share_of(&self, source: SourceId) -> Arc<Semaphore> {
        let mut shares = self.shares.lock();
        if let Some(share) = shares.get(&source).and_then(Weak::upgrade) {
            return share;
        }
        if shares.len() >= SHARES_KEPT {
            shares.retain(|_, share| share.strong_count() > 0);
        }
        let share = Arc::new(Semaphore::new(self.share_bytes));
        shares.insert(source, Arc::downgrade(&share));
        share
    }
}

/// What one body takes of it, as much as has come: who announces much and sends little takes little.
#[derive(Debug)]
pub struct Room {
    share: Option<Held>,
    all: Held,
}

#[derive(Debug)]
struct Held {
    of: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Takes room for a body that is so large by now.
    fn grow(&mut self, bytes: usize) -> Result<(), ApiError> {
        let counted = bytes.saturating_sub(UNCOUNTED_BYTES);
        if let Some(share) = &mut self.share {
            share.grow(counted)?;
        }
        self.all.grow(counted)
    }
}

impl Held {
    fn grow(&mut self, bytes: usize) -> Result<(), ApiError> {
        let held = self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let wanted = bytes.saturating_sub(held);
        if wanted == 0 {
            return Ok(());
        }
        let wanted = u32::try_from(wanted).map_err(|_| ApiError::Overloaded)?;
        let more = Arc::clone(&self.of).try_acquire_many_owned(wanted);
        let more = more.map_err(|_| ApiError::Overloaded)?;
        match &mut self.permit {
            Some(held) => held.merge(more),
            None => self.permit = Some(more),
        }
        Ok(())
    }
}

/// Reads the whole body; `what` names it where it is too large.
pub async fn read(
    req: &HttpRequest,
    payload: Payload,
    what: &'static str,
    bytes_max: usize,
) -> Result<Bytes, ApiError> {
    if announced(req).is_some_and(|length| length > bytes_max) {
        return Err(ApiError::TooLarge { what, bytes_max });
    }
    let payload = payload.into_inner();
    let shared = req.app_data::<web::Data<Shared>>();
    let shared = shared.ok_or_else(|| ApiError::Internal("nothing is shared".into()))?;
    let room = shared.arriving.room();
    let whole = async {
        if req.headers().contains_key(header::CONTENT_ENCODING) {
            collect(inflated(payload, req.headers()), what, bytes_max, room).await
        } else {
            collect(payload, what, bytes_max, room).await
        }
    };
    let (body, _) = actix_web::rt::time::timeout(BODY_TIME_MAX, whole)
        .await
        .map_err(|_| ApiError::RequestTimeout)??;
    Ok(body)
}

/// Reads the whole body as it comes, compressed or not, into a room that is not everybody's. What it
/// takes of that is given back when the second part is dropped.
pub async fn read_raw(
    req: &HttpRequest,
    payload: Payload,
    what: &'static str,
    bytes_max: usize,
    room: Room,
) -> Result<(Bytes, Room), ApiError> {
    if announced(req).is_some_and(|length| length > bytes_max) {
        return Err(ApiError::TooLarge { what, bytes_max });
    }
    let whole = collect(payload.into_inner(), what, bytes_max, room);
    actix_web::rt::time::timeout(BODY_TIME_MAX, whole)
        .await
        .map_err(|_| ApiError::RequestTimeout)?
}

/// How large the body is said to be.
pub fn announced(req: &HttpRequest) -> Option<usize> {
    req.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
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
    mut room: Room,
) -> Result<(Bytes, Room), ApiError> {
    let mut whole = Bytes::new();
    let mut parts = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        let bytes = whole.len() + parts.len() + chunk.len();
        if bytes > bytes_max {
            return Err(ApiError::TooLarge { what, bytes_max });
        }
        room.grow(bytes)?;
        if whole.is_empty() && parts.is_empty() {
            whole = chunk; // most bodies come in one piece and are not copied
        } else {
            parts.extend_from_slice(&std::mem::take(&mut whole));
            parts.extend_from_slice(&chunk);
        }
    }
    Ok((if parts.is_empty() { whole } else { parts.freeze() }, room))
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
        let room = Arriving::default().room();
        let refused = collect(chunks, "an event", 300_000, room).await.unwrap_err();
        assert!(matches!(refused, ApiError::TooLarge { bytes_max: 300_000, .. }), "{refused:?}");
        assert!(taken <= 3, "{taken} pieces of a kibibyte were taken");
    }

    #[actix_web::test]
    async fn bodies_on_their_way_in_take_no_more_than_there_is_and_small_ones_nothing() {
        let arriving = Arriving::of(10_000);
        let (mut first, mut second) = (arriving.room(), arriving.room());
        for bytes in [UNCOUNTED_BYTES, UNCOUNTED_BYTES + 1, UNCOUNTED_BYTES + 6_000] {
            first.grow(bytes).unwrap();
        }
        assert_eq!(arriving.0.available_permits(), 4_000);
        second.grow(UNCOUNTED_BYTES + 4_000).unwrap();
        assert!(matches!(second.grow(UNCOUNTED_BYTES + 4_001), Err(ApiError::Overloaded)));
        arriving.room().grow(UNCOUNTED_BYTES).unwrap();
        drop(first);
        second.grow(UNCOUNTED_BYTES + 10_000).unwrap();
        let chunks = stream::iter([Ok(Bytes::from(vec![b' '; 5_000]))]);
        let refused = collect(chunks, "an event", 300_000, arriving.room()).await.unwrap_err();
        assert!(matches!(refused, ApiError::Overloaded), "{refused:?}");
        drop(second);
        assert_eq!(arriving.0.available_permits(), 10_000);
    }

    #[test]
    fn one_source_takes_its_share_and_leaves_the_rest_to_the_others() {
        let notifications = Notifications::of(10_000, 2_500);
        let [one, other] = [1, 2].map(SourceId::from_raw);
        let (mut first, mut second) = (notifications.room(one), notifications.room(one));
        first.grow(UNCOUNTED_BYTES + 2_000).unwrap();
        second.grow(UNCOUNTED_BYTES + 500).unwrap();
        assert!(matches!(second.grow(UNCOUNTED_BYTES + 501), Err(ApiError::Overloaded)));
        notifications.room(other).grow(UNCOUNTED_BYTES + 2_500).unwrap();
        drop(first);
        second.grow(UNCOUNTED_BYTES + 2_500).unwrap();
        drop(second);
        for number in 0..SHARES_KEPT as i64 + 50 {
            notifications.room(SourceId::from_raw(number));
        }
        assert!(notifications.shares.lock().len() <= SHARES_KEPT);
        assert_eq!(notifications.all.0.available_permits(), 10_000);
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
        let arriving = Arriving::default();
        let (whole, room) = collect(chunks, "an event", text.len(), arriving.room()).await.unwrap();
        assert_eq!(whole, text);
        drop(room);
        let chunks = inflated(stream::iter([Ok(sent.slice(..sent.len() / 2))]), &headers);
        let broken = collect(chunks, "an event", text.len(), arriving.room()).await.unwrap_err();
        assert!(matches!(broken, ApiError::InvalidJson { .. }), "{broken:?}");
    }
}
