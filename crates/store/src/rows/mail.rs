//! Rows of `mail_outbox`.

use domain::id::{EndpointId, MailId};
use domain::notice::NoticeKind;

use crate::entity::mail;
use crate::time::from_micros;
use crate::{CompanyMail, Error, MailRecord, MailState, TEST_MAIL};

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
        user_id: _,
        address_id,
        wanted_at: _,
    } = row;
    let corrupt = |what: String| Error::Corrupt { table: "mail_outbox", id, what };
    Ok(MailRecord {
        id: MailId::from_raw(id),
        endpoint: endpoint_id.map(EndpointId::from_raw),
        recipient,
        is_to_member: address_id.is_none(),
        content: content(&kind, &facts).map_err(corrupt)?,
        state: state_of(&state).ok_or_else(|| corrupt(format!("state is {state:?}")))?,
        tries: u32::try_from(tries).unwrap_or(u32::MAX),
        last_error,
        due_at: from_micros(due_at),
        created_at: from_micros(created_at),
        sent_at: sent_at.map(from_micros),
    })
}

fn content(kind: &str, facts: &str) -> Result<CompanyMail, String> {
    let unreadable = |error: serde_json::Error| format!("facts: {error}");
    if kind == TEST_MAIL {
        return serde_json::from_str(facts).map(CompanyMail::Test).map_err(unreadable);
    }
    let kind = NoticeKind::parse(kind).ok_or_else(|| format!("kind is {kind:?}"))?;
    let facts = serde_json::from_str(facts).map_err(unreadable)?;
    Ok(CompanyMail::Endpoint { kind, facts: Box::new(facts) })
}

fn state_of(text: &str) -> Option<MailState> {
    [MailState::Queued, MailState::Sent, MailState::Undone, MailState::Failed]
        .into_iter()
        .find(|state| state.as_str() == text)
}
