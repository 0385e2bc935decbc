//! Addresses that get mails about endpoints and are nobody's account: each is proved by a link that
//! is mailed to it before any other mail is, and whoever reads it can stop its mails.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{AddressId, CompanyId};
use domain::notification::{ADDRESSES_MAX, PerKind};
use domain::person::{AccountMailKind, EmailAddress};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};

use crate::entity::{company, mail, notification_address};
use crate::people::{inviter, locked_company};
use crate::rows::audit::{actor_text, changed};
use crate::rows::notification::{kind_names, kinds_of};
use crate::rows::person::{new_token, token_hash};
use crate::time::{from_micros, micros};
use crate::{AccountFacts, AccountMail, Actor, Error, MailState, Store};

/// How long a link that proves an address is good for.
const PROOF_LASTS: TimeDelta = TimeDelta::days(3);

/// Whether mails go to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressState {
    /// Not yet: a link was mailed that proves it.
    Unproved,
    /// They do.
    Proved,
    /// No longer: whoever reads it wants none.
    Stopped,
}

impl AddressState {
    /// The name in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unproved => "unproved",
            Self::Proved => "proved",
            Self::Stopped => "stopped",
        }
    }
}

/// An address as it is shown.
#[derive(Debug, Clone)]
pub struct AddressRecord {
    /// Its id.
    pub id: AddressId,
    /// The address.
    pub email: String,
    /// Which kinds of mail it gets.
    pub kinds: PerKind<bool>,
    /// Whether they go there.
    pub state: AddressState,
    /// Who added it: `usr_…` or `tok_…`.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// What whoever reads an address is told by the links that were mailed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedAddress {
    /// The address.
    pub email: String,
    /// Whose mails it is about.
    pub company_name: String,
}

impl Store {
    /// Adds an address, and mails it a link that proves it; `proved` where no mail can be sent. One
    /// that is there and not proved gets another link. The conflicts `already_verified` and
    /// `too_many_addresses`.
    pub async fn add_address(
        &self,
        company: CompanyId,
        (email, kinds, proved): (&EmailAddress, PerKind<bool>, bool),
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<AddressRecord, Error> {
        let tx = self.begin().await?;
        let company_row = locked_company(&tx, company).await?;
        let there = rows_of(&tx, company).await?;
        let count = there.len();
        let known = there.into_iter().find(|row| row.email_key == email.key());
        let is_new = known.is_none();
        let row = match known {
            Some(row) if row.proved_at.is_some() && row.stopped_at.is_none() => {
                return Err(Error::Conflict {
                    code: "already_verified",
                    detail: "the address gets mails already".to_owned(),
                });
            }
            None if count >= ADDRESSES_MAX => return Err(too_many()),
            Some(row) => row,
            None => self.new_address(company, email, actor, now),
        };
        let (token, hash) = new_token();
        let expires_at = now + PROOF_LASTS;
        let row = notification_address::Model {
            kinds: serde_json::json!(kind_names(&kinds)).to_string(),
            proof_hash: (!proved).then_some(hash),
            proof_expires_at: (!proved).then(|| micros(expires_at)),
            proved_at: if proved { Some(micros(now)) } else { row.proved_at },
            stopped_at: if proved { None } else { row.stopped_at },
            ..row
        };
        write(&tx, &row, is_new).await?;
        if !proved {
            let facts = AccountFacts {
                person: String::new(),
                company_name: Some(company_row.name),
                role: None,
                invited_by: inviter(&tx, actor).await?,
                new_email: None,
                happened_at: from_micros(micros(now)),
                expires_at: Some(from_micros(micros(expires_at))),
            };
            let kind = AccountMailKind::ProveAddress;
            let mail = AccountMail { kind, facts, token: Some(token) };
            self.write_account_mail(&tx, email.as_str(), mail, now).await?;
        }
        let action = if is_new { "address.added" } else { "address.link_sent" };
        let facts = serde_json::json!({ "email": row.email, "kinds": kind_names(&kinds) });
        let id = AddressId::from_raw(row.id);
        self.audit(&tx, company, actor, action, id, facts, now).await?;
        tx.commit().await?;
        record(row)
    }

    fn new_address(
        &self,
        company: CompanyId,
        email: &EmailAddress,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> notification_address::Model {
        let id = self.new_id(now);
        let (stop, stop_hash) = new_token();
        let table = "notification_addresses";
        notification_address::Model {
            id,
            company_id: company.raw(),
            email: email.as_str().to_owned(),
            email_key: email.key().to_owned(),
            kinds: String::new(),
            proof_hash: None,
            proof_expires_at: None,
            stop_hash,
            sealed_stop: self.sealer().seal(company, table, id, "sealed_stop", stop.as_bytes()),
            proved_at: None,
            stopped_at: None,
            created_by: actor_text(actor),
            created_at: micros(now),
        }
    }

    /// Gives an address other kinds of mail.
    pub async fn update_address(
        &self,
        company: CompanyId,
        id: AddressId,
        kinds: PerKind<bool>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<AddressRecord, Error> {
        let tx = self.begin().await?;
        locked_company(&tx, company).await?;
        let mut row = find(&tx, company, id).await?;
        let shown = |kinds: &PerKind<bool>| {
            [("kinds".to_owned(), serde_json::json!(kind_names(kinds)))].into_iter().collect()
        };
        if let Some(facts) = changed(shown(&kinds_of(row.id, &row.kinds)?), shown(&kinds)) {
            row.kinds = serde_json::json!(kind_names(&kinds)).to_string();
            write(&tx, &row, false).await?;
            self.audit(&tx, company, actor, "address.updated", id, facts, now).await?;
        }
        tx.commit().await?;
        record(row)
    }

    /// Takes an address out; mails that wait for it are not sent.
    pub async fn remove_address(
        &self,
        company: CompanyId,
        id: AddressId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        locked_company(&tx, company).await?;
        let row = find(&tx, company, id).await?;
        notification_address::Entity::delete_by_id(row.id).exec(&tx).await?;
        undo_mails(&tx, company, mail::Column::AddressId.eq(row.id)).await?;
        let facts = serde_json::json!({ "email": row.email });
        self.audit(&tx, company, actor, "address.removed", id, facts, now).await?;
        Ok(tx.commit().await?)
    }

    /// What a link that proves an address is about, without using it.
    pub async fn address_to_prove(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<ProvedAddress, Error> {
        let row = by_proof(self.reader(), token, now).await?;
        told(self.reader(), row).await
    }

    /// Uses a link that proves an address: mails go there from now on.
    pub async fn prove_address(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<ProvedAddress, Error> {
        let tx = self.begin().await?;
        let company = CompanyId::from_raw(by_proof(&tx, token, now).await?.company_id);
        locked_company(&tx, company).await?;
        let row = by_proof(&tx, token, now).await?;
        let row = notification_address::Model {
            proof_hash: None,
            proof_expires_at: None,
            proved_at: Some(micros(now)),
            stopped_at: None,
            ..row
        };
        write(&tx, &row, false).await?;
        self.audit_reader(&tx, &row, "address.proved", now).await?;
        let told = told(&tx, row).await?;
        tx.commit().await?;
        Ok(told)
    }

    /// What a link that stops the mails to an address is about, without using it.
    pub async fn address_to_stop(&self, token: &str) -> Result<ProvedAddress, Error> {
        let row = by_stop(self.reader(), token).await?;
        told(self.reader(), row).await
    }

    /// Uses a link that stops the mails to an address; twice is once.
    pub async fn stop_address(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<ProvedAddress, Error> {
        let tx = self.begin().await?;
        let company = CompanyId::from_raw(by_stop(&tx, token).await?.company_id);
        locked_company(&tx, company).await?;
        let mut row = by_stop(&tx, token).await?;
        if row.stopped_at.is_none() {
            row.stopped_at = Some(micros(now));
            (row.proof_hash, row.proof_expires_at) = (None, None);
            write(&tx, &row, false).await?;
            undo_mails(&tx, company, mail::Column::AddressId.eq(row.id)).await?;
            self.audit_reader(&tx, &row, "address.stopped", now).await?;
        }
        let told = told(&tx, row).await?;
        tx.commit().await?;
        Ok(told)
    }

    /// A line about what whoever reads an address has done.
    async fn audit_reader(
        &self,
        tx: &impl ConnectionTrait,
        row: &notification_address::Model,
        action: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (company, id) = (CompanyId::from_raw(row.company_id), AddressId::from_raw(row.id));
        let facts = serde_json::json!({ "email": row.email });
        self.audit(tx, company, Actor::Address(id), action, id, facts, now).await
    }

    /// What the mails to these addresses carry to stop them, of those that are to get mails.
    pub(crate) async fn stop_tokens(
        &self,
        tx: &impl ConnectionTrait,
        ids: Vec<i64>,
    ) -> Result<Vec<(i64, String)>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = notification_address::Entity::find()
            .filter(notification_address::Column::Id.is_in(ids))
            .filter(notification_address::Column::ProvedAt.is_not_null())
            .filter(notification_address::Column::StoppedAt.is_null())
            .all(tx)
            .await?;
        let open = |row: notification_address::Model| {
            let (company, table) = (CompanyId::from_raw(row.company_id), "notification_addresses");
            let plain =
                self.sealer().open(company, table, row.id, "sealed_stop", &row.sealed_stop)?;
            Ok((row.id, String::from_utf8_lossy(&plain).into_owned()))
        };
        rows.into_iter().map(open).collect()
    }
}

/// The company's addresses, the oldest first.
pub(crate) async fn addresses_of(
    tx: &impl ConnectionTrait,
    company: CompanyId,
) -> Result<Vec<AddressRecord>, Error> {
    rows_of(tx, company).await?.into_iter().map(record).collect()
}

/// Queued mails of a company that nobody is to get any more.
pub(crate) async fn undo_mails(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    which: sea_orm::sea_query::SimpleExpr,
) -> Result<(), Error> {
    mail::Entity::update_many()
        .col_expr(mail::Column::State, Expr::value(MailState::Undone.as_str()))
        .filter(mail::Column::CompanyId.eq(company.raw()))
        .filter(mail::Column::State.eq(MailState::Queued.as_str()))
        .filter(which)
        .exec(tx)
        .await?;
    Ok(())
}

async fn rows_of(
    tx: &impl ConnectionTrait,
    company: CompanyId,
) -> Result<Vec<notification_address::Model>, Error> {
    let rows = notification_address::Entity::find()
        .filter(notification_address::Column::CompanyId.eq(company.raw()))
        .order_by_asc(notification_address::Column::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

async fn find(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    id: AddressId,
) -> Result<notification_address::Model, Error> {
    let row = notification_address::Entity::find_by_id(id.raw())
        .filter(notification_address::Column::CompanyId.eq(company.raw()))
        .one(tx)
        .await?;
    row.ok_or(Error::NotFound)
}

async fn by_proof(
    tx: &impl ConnectionTrait,
    token: &str,
    now: DateTime<Utc>,
) -> Result<notification_address::Model, Error> {
    let hash = token_hash(token).ok_or(Error::NotFound)?;
    let row = notification_address::Entity::find()
        .filter(notification_address::Column::ProofHash.eq(hash))
        .filter(notification_address::Column::ProofExpiresAt.gt(micros(now)))
        .one(tx)
        .await?;
    row.ok_or(Error::NotFound)
}

async fn by_stop(
    tx: &impl ConnectionTrait,
    token: &str,
) -> Result<notification_address::Model, Error> {
    let hash = token_hash(token).ok_or(Error::NotFound)?;
    let row = notification_address::Entity::find()
        .filter(notification_address::Column::StopHash.eq(hash))
        .one(tx)
        .await?;
    row.ok_or(Error::NotFound)
}

async fn told(
    tx: &impl ConnectionTrait,
    row: notification_address::Model,
) -> Result<ProvedAddress, Error> {
    let company = company::Entity::find_by_id(row.company_id).one(tx).await?;
    Ok(ProvedAddress { email: row.email, company_name: company.ok_or(Error::NotFound)?.name })
}

async fn write(
    tx: &impl ConnectionTrait,
    row: &notification_address::Model,
    is_new: bool,
) -> Result<(), Error> {
    if is_new {
        let inserted: notification_address::ActiveModel = row.clone().into();
        notification_address::Entity::insert(inserted).exec_without_returning(tx).await?;
        return Ok(());
    }
    let changed = notification_address::ActiveModel {
        kinds: Set(row.kinds.clone()),
        proof_hash: Set(row.proof_hash.clone()),
        proof_expires_at: Set(row.proof_expires_at),
        proved_at: Set(row.proved_at),
        stopped_at: Set(row.stopped_at),
        ..Default::default()
    };
    notification_address::Entity::update_many()
        .set(changed)
        .filter(notification_address::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(())
}

fn record(row: notification_address::Model) -> Result<AddressRecord, Error> {
    let notification_address::Model {
        id,
        company_id: _,
        email,
        email_key: _,
        kinds,
        proof_hash: _,
        proof_expires_at: _,
        stop_hash: _,
        sealed_stop: _,
        proved_at,
        stopped_at,
        created_by,
        created_at,
    } = row;
    let state = match (stopped_at, proved_at) {
        (Some(_), _) => AddressState::Stopped,
        (None, Some(_)) => AddressState::Proved,
        (None, None) => AddressState::Unproved,
    };
    Ok(AddressRecord {
        id: AddressId::from_raw(id),
        email,
        kinds: kinds_of(id, &kinds)?,
        state,
        created_by,
        created_at: from_micros(created_at),
    })
}

fn too_many() -> Error {
    Error::Conflict {
        code: "too_many_addresses",
        detail: format!("a company can have {ADDRESSES_MAX} addresses; remove one first"),
    }
}
