//! A name for each request, in the answer's `x-request-id` and in what is logged about it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;

use domain::inbox_url::PATH_PREFIX;

use crate::error::ApiError;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long an answer may take; then the caller is told to come back.
const ANSWER_WITHIN: Duration = Duration::from_secs(25);
/// The same for a sample, which waits for a receiver up to 30 s, and for an inbox, which is told to
/// wait so long.
const SLOW_WITHIN: Duration = Duration::from_secs(45);
/// Keeps the requests of one process apart from those of all others.
static PROCESS: LazyLock<u64> = LazyLock::new(|| getrandom::u64().unwrap_or_default());
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Names the request, answers it, and logs its failure if there is something to log.
pub async fn name_and_log<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let is_slow = req.path().ends_with("/sample") || req.path().starts_with(PATH_PREFIX);
    let limit = if is_slow { SLOW_WITHIN } else { ANSWER_WITHIN };
    let mut res = match tokio::time::timeout(limit, next.call(req)).await {
        Ok(answered) => answered?,
        // What a request waits for is the database; its own deadlines are shorter than this one.
        Err(_) => return Err(ApiError::DatabaseUnavailable(store::Error::no_answer()).into()),
    };
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let id = format!("{:016x}{count:08x}", *PROCESS);
    if let Some(error) = res.response().error().and_then(|error| error.as_error::<ApiError>()) {
        let route = res.request().match_pattern().unwrap_or_default();
        error.log(&id, res.request().method().as_str(), &route);
    }
    if let Ok(value) = HeaderValue::try_from(id) {
        res.headers_mut().insert(X_REQUEST_ID.clone(), value);
    }
    Ok(res)
}
