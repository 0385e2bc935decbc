//! Rows of `mail_outbox`.

use domain::id::{EndpointId, MailId};
use domain::notice::NoticeKind;

use crate::entity::mail;
use crate::time::from_micros;
use crate::{Error, MailRecord, MailState};

/// The mail as it is shown.
pub fn record(row: mail::Model) -> Result<MailRecord, Error> {
    let mail::Model {
        id,
        company_id: _,
        endpoint_id,
        kind,
        recipient,
        facts,
        state,
        held_back: _,
        due_at,
        first_due_at: _,
        claimed_by: _,
        tries,
        last_error,
        created_at,
        sent_at,
    } = row;
    let corrupt = |what: String| Error::Corrupt { table: "mail_outbox", id, what };
    Ok(MailRecord {
        id: MailId::from_raw(id),
        endpoint: endpoint_id.map(EndpointId::from_raw),
        kind: NoticeKind::parse(&kind).ok_or_else(|| corrupt(format!("kind is {kind:?}")))?,
        recipient,
        facts: serde_json::from_str(&facts).map_err(|error| corrupt(format!("facts: {error}")))?,
        state: state_of(&state).ok_or_else(|| corrupt(format!("state is {state:?}")))?,
        tries: u32::try_from(tries).unwrap_or(u32::MAX),
        last_error,
        due_at: from_micros(due_at),
        created_at: from_micros(created_at),
        sent_at: sent_at.map(from_micros),
    })
}

fn state_of(text: &str) -> Option<MailState> {
    [MailState::Queued, MailState::Sent, MailState::Undone, MailState::Failed]
        .into_iter()
        .find(|state| state.as_str() == text)
}
