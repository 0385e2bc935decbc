//! Mails about accounts: rows of the outbox that belong to no company, so that no list shows them.
//! What a link carries is sealed in the row until the mailer takes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use domain::id::{CompanyId, MailId};
use domain::person::AccountMailKind;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};

use crate::entity::mail;
use crate::time::{from_micros, micros};
use crate::{AccountFacts, AccountMail, Error, MailContent, MailState, OutgoingMail, Store};

/// Whose mails about accounts are: nobody's.
pub(crate) const NO_COMPANY: CompanyId = CompanyId::from_raw(0);

/// The facts as they stand in a row.
#[derive(serde::Serialize, serde::Deserialize)]
struct StoredFacts {
    facts: AccountFacts,
    sealed_token: Option<String>,
}

impl Store {
    /// Writes a mail about an account in the transaction of its cause.
    pub(crate) async fn write_account_mail(
        &self,
        tx: &impl ConnectionTrait,
        recipient: &str,
        mail: AccountMail,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let AccountMail { kind, facts, token } = mail;
        let id = self.new_id(now);
        let seal = |token: String| {
            let sealer = self.sealer();
            STANDARD.encode(sealer.seal(NO_COMPANY, "mail_outbox", id, "token", token.as_bytes()))
        };
        let stored = StoredFacts { facts, sealed_token: token.map(seal) };
        let row = mail::ActiveModel {
            id: Set(id),
            company_id: Set(NO_COMPANY.raw()),
            endpoint_id: Set(None),
            kind: Set(kind.as_str().to_owned()),
            recipient: Set(recipient.to_owned()),
            facts: Set(serde_json::to_string(&stored).expect("texts and times are always JSON")),
            state: Set(MailState::Queued.as_str().to_owned()),
            held_back: Set(0),
            due_at: Set(micros(now)),
            first_due_at: Set(micros(now)),
            claimed_by: Set(0),
            tries: Set(0),
            last_error: Set(None),
            created_at: Set(micros(now)),
            sent_at: Set(None),
            user_id: Set(None),
            address_id: Set(None),
            wanted_at: Set(None),
        };
        mail::Entity::insert(row).exec_without_returning(tx).await?;
        Ok(())
    }

    fn read_account_mail(&self, row: &mail::Model) -> Result<AccountMail, Error> {
        let corrupt = |what: String| Error::Corrupt { table: "mail_outbox", id: row.id, what };
        let kind = AccountMailKind::parse(&row.kind)
            .ok_or_else(|| corrupt(format!("kind is {:?}", row.kind)))?;
        let StoredFacts { facts, sealed_token } =
            serde_json::from_str(&row.facts).map_err(|error| corrupt(format!("facts: {error}")))?;
        let token = match sealed_token {
            Some(text) => {
                let blob = STANDARD.decode(text).map_err(|error| corrupt(error.to_string()))?;
                let plain =
                    self.sealer().open(NO_COMPANY, "mail_outbox", row.id, "token", &blob)?;
                let text = String::from_utf8(plain.to_vec());
                Some(text.map_err(|error| corrupt(error.to_string()))?)
            }
            None => None,
        };
        Ok(AccountMail { kind, facts, token })
    }
}

/// What is to become of a mail that was claimed.
pub(crate) enum Outgoing {
    /// It is sent.
    Send(Box<OutgoingMail>),
    /// Its link no longer works, or nobody is to get it any more.
    TooLate,
    /// It cannot be read here; a later release may have written it.
    Unreadable(Error),
}

/// A row of the outbox as whoever sends it needs it.
pub(crate) fn outgoing(
    store: &Store,
    row: mail::Model,
    stops: &[(i64, String)],
    now: DateTime<Utc>,
) -> Outgoing {
    let mut stop = None;
    if let Some(address) = row.address_id {
        match stops.iter().find(|(id, _)| *id == address) {
            Some((_, token)) => stop = Some(token.clone()),
            None => return Outgoing::TooLate,
        }
    }
    let (id, tries, created_at) = (row.id, row.tries, from_micros(row.created_at));
    let (recipient, content) = if row.company_id == NO_COMPANY.raw() {
        let account = match store.read_account_mail(&row) {
            Ok(account) => account,
            Err(error) => return Outgoing::Unreadable(error),
        };
        if account.facts.expires_at.is_some_and(|at| at <= now) {
            return Outgoing::TooLate;
        }
        (row.recipient, MailContent::Account(account))
    } else {
        let record = match crate::rows::mail::record(row) {
            Ok(record) => record,
            Err(error) => return Outgoing::Unreadable(error),
        };
        (record.recipient, MailContent::Company(record.content))
    };
    let tries = u32::try_from(tries).unwrap_or(u32::MAX);
    let id = MailId::from_raw(id);
    let mail = OutgoingMail { id, recipient, tries, created_at, content, stop };
    Outgoing::Send(Box::new(mail))
}
