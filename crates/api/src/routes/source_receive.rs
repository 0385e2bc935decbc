//! `/in/{company}/{source}`: Meta's question whether the URL is ours, and its notifications. Nobody shows
//! a token here: a notification is signed, and until that is checked nothing of it is looked at.
//!
//! Whatever Meta sent and cannot be stored now is answered 503, also where the company may take in no
//! more or is suspended, or its source has no app secret yet: Meta sends it again for a week.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::event::NewEvent;
use domain::id::{CompanyId, SourceId};
use domain::source::{Handshake, NOTIFICATION_BYTES_MAX, RefusalReason, SignatureCheck, handshake};
use store::{OpenSource, Refused};

use super::source_updates::{Updates, updates_of};
use crate::code::Code;
use crate::error::ApiError;
use crate::serve::Shared;
use crate::{body, origin, request_id};

const SIGNATURE: &str = "x-hub-signature-256";

/// Answers Meta's question with its challenge, where it shows the source's verify token.
pub async fn answer_handshake(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (company, id) = callback(&req)?;
    let source = find(&req, &shared, (company, id)).await?;
    request_id::note_company(company);
    let now = shared.state.clock.now();
    match handshake(req.query_string(), &source.verify_token) {
        Handshake::Challenge(challenge) => {
            shared.state.store.count_handshake(id, now);
            Ok(HttpResponse::build(StatusCode::OK)
                .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("text/plain")))
                .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
                .insert_header((
                    header::X_CONTENT_TYPE_OPTIONS,
                    HeaderValue::from_static("nosniff"),
                ))
                .body(challenge))
        }
        Handshake::WrongToken => {
            refuse(&req, &shared, &source, RefusalReason::WrongVerifyToken, 0, now);
            Err(wrong_verify_token("hub.verify_token is not the source's"))
        }
        Handshake::NoQuestion => Err(wrong_verify_token(
            "this is a callback URL for Meta's App Dashboard: it wants hub.mode=subscribe, \
             hub.challenge and hub.verify_token",
        )),
    }
}

fn wrong_verify_token(detail: &str) -> ApiError {
    ApiError::Refused { code: Code::WrongVerifyToken, detail: detail.to_owned() }
}

/// Takes a notification in: 200 once its events are written down, all of them or none.
pub async fn receive_notification(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (company, id) = callback(&req)?;
    let source = find(&req, &shared, (company, id)).await?;
    request_id::note_company(company);
    // Only now: whoever knows of no source takes no room from those who do.
    let room = shared.notifications.room(id);
    let (what, bytes_max) = ("a notification", NOTIFICATION_BYTES_MAX);
    let read = body::read_raw(&req, payload, what, bytes_max, room).await;
    let (body, _room) = read.inspect_err(|error| {
        if matches!(error, ApiError::TooLarge { .. }) {
            let bytes = body::announced(&req).unwrap_or(NOTIFICATION_BYTES_MAX + 1);
            let now = shared.state.clock.now();
            refuse(&req, &shared, &source, RefusalReason::TooLarge, bytes, now);
        }
    })?;
    // Not what it was when the body began to come in: that may take long.
    let source = find(&req, &shared, (company, id)).await?;
    let now = shared.state.clock.now();
    check_signature(&req, &shared, &source, &body, now)?;
    take_in(&req, &shared, &source, body, now).await?;
    shared.state.store.count_notification(id, now);
    Ok(HttpResponse::Ok().finish())
}

/// The company and the source in the path; what cannot be one is not found.
fn callback(req: &HttpRequest) -> Result<(CompanyId, SourceId), ApiError> {
    let part = |name: &str| req.match_info().get(name).ok_or(ApiError::NotFound);
    let company = part("company")?.parse().map_err(|_| ApiError::NotFound)?;
    let source = part("source")?.parse().map_err(|_| ApiError::NotFound)?;
    Ok((company, source))
}

/// The source, as it is now.
async fn find(
    req: &HttpRequest,
    shared: &Shared,
    (company, id): (CompanyId, SourceId),
) -> Result<Arc<OpenSource>, ApiError> {
    let from = origin::of(req, &shared.config.trusted_proxies);
    let now = shared.state.clock.now();
    let found = shared.state.store.open_source(company, id, from, now).await?;
    found.ok_or(ApiError::NotFound)
}

/// The one signature that a request carries; several are as bad as a wrong one.
fn signature(req: &HttpRequest) -> Option<&[u8]> {
    let mut values = req.headers().get_all(SIGNATURE).map(HeaderValue::as_bytes);
    let first = values.next()?;
    Some(if values.next().is_some() { &[] } else { first })
}

fn check_signature(
    req: &HttpRequest,
    shared: &Shared,
    source: &OpenSource,
    body: &Bytes,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let Some(keys) = &source.keys else {
        refuse(req, shared, source, RefusalReason::NoAppSecret, body.len(), now);
        let reason = RefusalReason::NoAppSecret.sentence();
        return Err(ApiError::SourceNotReady { reason });
    };
    let reason = match keys.check(now, body, signature(req)) {
        SignatureCheck::Right => return Ok(()),
        SignatureCheck::Missing => RefusalReason::SignatureMissing,
        SignatureCheck::Wrong => RefusalReason::SignatureWrong,
    };
    refuse(req, shared, source, reason, body.len(), now);
    let detail = reason.sentence().to_owned();
    Err(ApiError::Refused { code: Code::BadSignature, detail })
}

async fn take_in(
    req: &HttpRequest,
    shared: &Shared,
    source: &OpenSource,
    body: Bytes,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let Updates { events, misfits } = match updates_of(source, &body, now) {
        Ok(updates) => updates,
        Err(detail) => {
            let malformed = (RefusalReason::Malformed, detail.clone());
            refuse_as(req, shared, source, malformed, body.len(), now);
            return Err(ApiError::Refused { code: Code::MalformedNotification, detail });
        }
    };
    let bytes = body.len();
    drop(body); // the events have their own copies, and may wait for a commit
    store_events(shared, source, events, now).await?;
    // Once the others are safe: Meta sends them again if they are not, and these with them.
    for misfit in misfits {
        refuse_as(req, shared, source, (RefusalReason::PartMalformed, misfit), bytes, now);
    }
    Ok(())
}

async fn store_events(
    shared: &Shared,
    source: &OpenSource,
    events: Vec<NewEvent>,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    if count == 0 {
        return Ok(());
    }
    source.caller.gate.take_events(count, now).map_err(|_| ApiError::Overloaded)?;
    match shared.state.store.ingest(&source.caller, events).await {
        // What came before is no news, and nothing that Meta should send again.
        Ok(_) => Ok(()),
        Err(store::Error::Unauthorized) => Err(ApiError::NotFound),
        Err(store::Error::Suspended) => Err(ApiError::SourceNotReady {
            reason: "the operator has suspended this company: send it again",
        }),
        Err(error) => Err(error.into()),
    }
}

fn refuse(
    req: &HttpRequest,
    shared: &Shared,
    source: &OpenSource,
    reason: RefusalReason,
    bytes: usize,
    now: DateTime<Utc>,
) {
    refuse_as(req, shared, source, (reason, reason.sentence().to_owned()), bytes, now);
}

/// Counts what is refused; the company sees it.
fn refuse_as(
    req: &HttpRequest,
    shared: &Shared,
    source: &OpenSource,
    (reason, detail): (RefusalReason, String),
    bytes: usize,
    now: DateTime<Utc>,
) {
    let address = origin::of(req, &shared.config.trusted_proxies);
    let refused = Refused { reason, detail, bytes: bytes as u64, address, received_at: now };
    shared.state.store.count_refused(source.company, source.id, refused);
}
