//! Rows of `inboxes` and `inbox_requests`.

use domain::id::{CompanyId, InboxId, InboxRequestId};
use domain::inbox::{InboxAnswer, PathKey};
use domain::inbox_check::{Checked, Finding};
use sea_orm::QueryResult;
use serde::{Deserialize, Serialize};

use crate::entity::inbox;
use crate::inboxes::{ArrivedRequest, InboxRecord, InboxRequestRecord};
use crate::time::from_micros;
use crate::{Error, Page};

const TABLE: &str = "inbox_requests";

/// What stands in the column `headers`, as JSON: one text that grows without a migration.
#[derive(Debug, Serialize, Deserialize)]
struct StoredHead {
    headers: Vec<(String, String)>,
    standard: String,
    hub: String,
    event_type: Option<String>,
    answered_status: u16,
    duration_ms: u64,
    body_bytes: u64,
}

/// The head of a request in its column.
pub fn head_blob(arrived: &ArrivedRequest) -> Vec<u8> {
    let head = StoredHead {
        headers: arrived.headers.clone(),
        standard: arrived.checked.standard.as_str().to_owned(),
        hub: arrived.checked.hub.as_str().to_owned(),
        event_type: arrived.event_type.clone(),
        answered_status: arrived.answered_status,
        duration_ms: arrived.duration_ms,
        body_bytes: arrived.body_bytes,
    };
    serde_json::to_vec(&head).expect("texts and numbers are always JSON")
}

/// An inbox as it is shown.
pub fn record(row: inbox::Model, requests_kept: u64) -> Result<InboxRecord, Error> {
    let inbox::Model {
        id,
        company_id,
        path_key,
        answer_status,
        answer_delay_ms,
        created_at,
        expires_at,
    } = row;
    Ok(InboxRecord {
        id: InboxId::from_raw(id),
        company: CompanyId::from_raw(company_id),
        key: PathKey::parse(&path_key).ok_or_else(|| corrupt_inbox(id, "path_key"))?,
        answer: answer_of(id, answer_status, answer_delay_ms)?,
        created_at: from_micros(created_at),
        expires_at: from_micros(expires_at),
        requests_kept,
    })
}

/// How an inbox answers, from its columns.
pub fn answer_of(id: i64, status: i64, delay_ms: i64) -> Result<InboxAnswer, Error> {
    Ok(InboxAnswer {
        status: u16::try_from(status).map_err(|_| corrupt_inbox(id, "answer_status"))?,
        delay_ms: u32::try_from(delay_ms).map_err(|_| corrupt_inbox(id, "answer_delay_ms"))?,
    })
}

fn corrupt_inbox(id: i64, column: &str) -> Error {
    Error::Corrupt { table: "inboxes", id, what: format!("{column} is not what it can be") }
}

/// A request from the columns `id, inbox_id, method, path, headers, truncated, received_at`; `body`
/// where it was asked for.
pub fn request_record(
    row: &QueryResult,
    body: Option<Vec<u8>>,
) -> Result<InboxRequestRecord, Error> {
    let id: i64 = row.try_get("", "id")?;
    let corrupt = |what: String| Error::Corrupt { table: TABLE, id, what };
    let head: Vec<u8> = row.try_get("", "headers")?;
    let head: StoredHead =
        serde_json::from_slice(&head).map_err(|error| corrupt(format!("headers: {error}")))?;
    let finding =
        |text: &str| Finding::parse(text).ok_or_else(|| corrupt(format!("a finding is {text:?}")));
    Ok(InboxRequestRecord {
        id: InboxRequestId::from_raw(id),
        inbox: InboxId::from_raw(row.try_get("", "inbox_id")?),
        received_at: from_micros(row.try_get("", "received_at")?),
        request: ArrivedRequest {
            method: row.try_get("", "method")?,
            path: row.try_get("", "path")?,
            checked: Checked { standard: finding(&head.standard)?, hub: finding(&head.hub)? },
            headers: head.headers,
            body: body.unwrap_or_default(),
            body_bytes: head.body_bytes,
            truncated: row.try_get::<i64>("", "truncated")? != 0,
            event_type: head.event_type,
            answered_status: head.answered_status,
            duration_ms: head.duration_ms,
        },
    })
}

/// A page of requests without their bodies.
pub fn request_page(
    rows: &[QueryResult],
    cut: impl FnOnce(Vec<InboxRequestRecord>) -> Page<InboxRequestRecord>,
) -> Result<Page<InboxRequestRecord>, Error> {
    let records = rows.iter().map(|row| request_record(row, None)).collect::<Result<_, _>>()?;
    Ok(cut(records))
}
