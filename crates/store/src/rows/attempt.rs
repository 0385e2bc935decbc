//! Attempts as they stand in `attempts`, or inside the row of the delivery that they finished.

use std::time::Duration;

use domain::id::EventId;
use domain::outcome::{ErrorKind, Failure};
use domain::wire::SentHead;

use crate::entity::{attempt, history};
use crate::rows::head::decode_head;
use crate::time::from_micros;
use crate::{AttemptRecord, Error};

/// The attempt of a row of `attempts`.
pub fn record(row: attempt::Model, event: EventId) -> Result<AttemptRecord, Error> {
    let attempt::Model {
        delivery_id,
        company_id: _,
        number,
        started_at,
        duration_us,
        status_code,
        error_kind,
        error_message,
        request,
        response_head,
        response_body,
        truncated,
    } = row;
    let corrupt = |what: String| Error::Corrupt { table: "attempts", id: delivery_id, what };
    let number = u32::try_from(number).map_err(|_| corrupt(format!("number is {number}")))?;
    let started_at = from_micros(started_at);
    let request = SentHead::decode(&request, event, number, started_at)
        .ok_or_else(|| corrupt(format!("the request of attempt {number} cannot be read")))?;
    let response_headers =
        response_head.map_or_else(|| Some(Vec::new()), |blob| decode_head(&blob));
    Ok(AttemptRecord {
        number,
        started_at,
        duration: Duration::from_micros(u64::try_from(duration_us).unwrap_or(0)),
        status_code: status_of(status_code),
        error: failure_of(error_kind, error_message)
            .map(|Failure { kind, message }| (kind, message)),
        request,
        response_headers: response_headers
            .ok_or_else(|| corrupt(format!("the answer of attempt {number} cannot be read")))?,
        response_body: response_body.unwrap_or_default(),
        truncated: truncated != 0,
    })
}

/// The attempt inside a row of history, if it holds one, as a row of `attempts`.
pub fn inline(row: history::Model) -> Option<attempt::Model> {
    let history::Model {
        id,
        company_id,
        generation: _,
        endpoint_id: _,
        event_id: _,
        state: _,
        tries,
        tries_before: _,
        finished_at: _,
        format: _,
        render_version: _,
        started_at,
        duration_us,
        status_code,
        error_kind,
        error_message,
        request,
        response_head,
        response_body,
        truncated,
    } = row;
    Some(attempt::Model {
        delivery_id: id,
        company_id,
        number: tries,
        started_at: started_at?,
        duration_us: duration_us.unwrap_or(0),
        status_code,
        error_kind,
        error_message,
        request: request.unwrap_or_default(),
        response_head,
        response_body,
        truncated,
    })
}

/// A status as it is shown.
pub fn status_of(code: Option<i64>) -> Option<u16> {
    code.and_then(|code| u16::try_from(code).ok())
}

/// Why an attempt failed. A kind that a later release wrote is shown as "other".
pub fn failure_of(kind: Option<String>, message: Option<String>) -> Option<Failure> {
    let kind = ErrorKind::parse(&kind?).unwrap_or(ErrorKind::Other);
    Some(Failure { kind, message: message.unwrap_or_default() })
}
