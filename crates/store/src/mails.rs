//! The mail outbox as the mailer and the API see it; its rows are written by settlement.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, MailId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseBackend,
    DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value,
};

use crate::entity::mail;
use crate::people::{Outgoing, outgoing};
use crate::rows::mail::record;
use crate::rows::page::{before_of, cut, limit_of};
use crate::rows::sql::Sql;
use crate::time::micros;
use crate::{Error, MailRecord, MailState, OutgoingMail, Page, PageRequest, Store};

/// A mail that this node has claimed.
#[derive(Debug, Clone)]
pub struct ClaimedMail {
    /// The mail.
    pub mail: OutgoingMail,
    /// The incarnation of this node that claimed it: it may have become another one since.
    pub claimed_by: i64,
}

impl Store {
    /// Claims mails that are due, at most `limit`, for the node that opened this store; none unless
    /// it is one of the nodes. A claim ends with [`Store::mail_sent`] or [`Store::mail_failed`];
    /// those of a dead node are taken over.
    pub async fn claim_mails(
        &self,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<ClaimedMail>, Error> {
        let me = self.incarnation();
        let due = "SELECT id FROM mail_outbox \
            WHERE state = 'queued' AND claimed_by = 0 AND due_at <= ";
        let mut sql = Sql::default();
        if self.backend() == DatabaseBackend::Postgres {
            // The rows are chosen first: an UPDATE over a subselect may take more than its limit.
            sql.text("WITH due AS MATERIALIZED (").text(due).bind(micros(now));
            sql.text(" ORDER BY due_at, id LIMIT ").bind(i64::from(limit));
            sql.text(" FOR UPDATE SKIP LOCKED) UPDATE mail_outbox SET claimed_by = ");
            sql.bind(me).text(" FROM due WHERE mail_outbox.id = due.id");
            sql.text(" RETURNING mail_outbox.*");
        } else {
            sql.text("UPDATE mail_outbox SET claimed_by = ").bind(me);
            sql.text(" WHERE id IN (").text(due).bind(micros(now));
            sql.text(" ORDER BY due_at, id LIMIT ").bind(i64::from(limit)).text(") RETURNING *");
        }
        let tx = self.begin().await?;
        if !self.is_node(&tx, me).await? {
            tx.rollback().await?;
            return Ok(Vec::new());
        }
        let statement = sql.build(self.backend());
        let mut rows = mail::Entity::find().from_raw_sql(statement).all(&tx).await?;
        rows.sort_unstable_by_key(|row| (row.due_at, row.id));
        let addresses = rows.iter().filter_map(|row| row.address_id).collect();
        let stops = self.stop_tokens(&tx, addresses).await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in rows {
            let id = MailId::from_raw(row.id);
            match outgoing(self, row, &stops, now) {
                Outgoing::Send(mail) => claimed.push(ClaimedMail { mail: *mail, claimed_by: me }),
                Outgoing::TooLate => {
                    let changed = mail::ActiveModel {
                        state: Set(MailState::Undone.as_str().to_owned()),
                        claimed_by: Set(0),
                        ..Default::default()
                    };
                    write_mail(&tx, id, changed).await?;
                }
                // Stays claimed until this node ends: in the way of no other, and not lost.
                Outgoing::Unreadable(error) => {
                    tracing::error!(error = %error, mail.id = %id, "Mail {id} cannot be read");
                }
            }
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// Whether an incarnation is one of the nodes. It stays one until `tx` ends: what is claimed in
    /// it is seen by whoever takes the node for dead.
    async fn is_node(&self, tx: &DatabaseTransaction, incarnation: i64) -> Result<bool, Error> {
        let sql = if self.backend() == DatabaseBackend::Postgres {
            "SELECT 1 AS one FROM nodes WHERE incarnation = $1 FOR KEY SHARE"
        } else {
            "SELECT 1 AS one FROM nodes WHERE incarnation = $1"
        };
        let values: [Value; 1] = [incarnation.into()];
        Ok(tx.query_one_raw(self.statement(sql, values)).await?.is_some())
    }

    /// Whether a mail is still claimed as it was, and still to be sent: to be asked right before it
    /// is sent, for others may have taken this node for dead meanwhile.
    pub async fn still_to_send(&self, claimed: &ClaimedMail) -> Result<bool, Error> {
        let row = mail::Entity::find_by_id(claimed.mail.id.raw())
            .filter(mail::Column::ClaimedBy.eq(claimed.claimed_by))
            .filter(mail::Column::State.eq(MailState::Queued.as_str()))
            .one(self.reader())
            .await?;
        Ok(row.is_some())
    }

    /// The mail server took it. Also written where the claim has been taken away and nobody else has
    /// claimed the mail yet, so that it is not sent again.
    pub async fn mail_sent(&self, claimed: &ClaimedMail, now: DateTime<Utc>) -> Result<(), Error> {
        let tx = self.begin().await?;
        let free = Condition::all()
            .add(mail::Column::ClaimedBy.eq(0))
            .add(mail::Column::State.eq(MailState::Queued.as_str()));
        let held = mail::Column::ClaimedBy.eq(claimed.claimed_by);
        let row = find_claimed(&tx, claimed, Condition::any().add(held).add(free)).await?;
        let id = claimed.mail.id;
        let changed = mail::ActiveModel {
            state: Set(MailState::Sent.as_str().to_owned()),
            claimed_by: Set(0),
            tries: Set(row.tries + 1),
            last_error: Set(None),
            sent_at: Set(Some(micros(now))),
            ..Default::default()
        };
        write_mail(&tx, id, changed).await?;
        tx.commit().await?;
        self.inner.metrics.mails_sent.one();
        Ok(())
    }

    /// Sending failed: tried again after `wait`, or given up where that is `None`.
    pub async fn mail_failed(
        &self,
        claimed: &ClaimedMail,
        error: &str,
        wait: Option<TimeDelta>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        let held = mail::Column::ClaimedBy.eq(claimed.claimed_by);
        let row = find_claimed(&tx, claimed, Condition::all().add(held)).await?;
        let id = claimed.mail.id;
        let mut changed = mail::ActiveModel {
            claimed_by: Set(0),
            tries: Set(row.tries + 1),
            last_error: Set(Some(error.replace('\0', "\u{fffd}"))),
            ..Default::default()
        };
        let is_queued = row.state == MailState::Queued.as_str();
        match wait {
            Some(wait) => changed.due_at = Set(micros(now + wait)),
            // One that was undone while it was being sent stays undone.
            None if is_queued => changed.state = Set(MailState::Failed.as_str().to_owned()),
            None => {}
        }
        write_mail(&tx, id, changed).await?;
        tx.commit().await?;
        let metrics = &self.inner.metrics;
        if wait.is_some() {
            metrics.mails_retried.one()
        } else {
            metrics.mails_given_up.one()
        }
        Ok(())
    }

    /// The company's mails, kept or sent.
    pub async fn mails(
        &self,
        company: CompanyId,
        page: PageRequest,
    ) -> Result<Page<MailRecord>, Error> {
        let limit = limit_of(page);
        let rows = mail::Entity::find()
            .filter(mail::Column::CompanyId.eq(company.raw()))
            .filter(mail::Column::Id.lt(before_of(page)))
            .order_by_desc(mail::Column::Id)
            .limit(limit + 1)
            .all(self.reader())
            .await?;
        let records = rows.into_iter().map(record).collect::<Result<Vec<_>, _>>()?;
        Ok(cut(records, limit, None, |record| record.id.raw()))
    }

    /// One mail.
    pub async fn mail(&self, company: CompanyId, id: MailId) -> Result<MailRecord, Error> {
        let row = mail::Entity::find_by_id(id.raw())
            .filter(mail::Column::CompanyId.eq(company.raw()))
            .one(self.reader())
            .await?;
        record(row.ok_or(Error::NotFound)?)
    }
}

/// A mail that this node has claimed; another may have taken it over.
async fn find_claimed(
    tx: &DatabaseTransaction,
    claimed: &ClaimedMail,
    held: Condition,
) -> Result<mail::Model, Error> {
    let id = claimed.mail.id;
    let row = mail::Entity::find_by_id(id.raw()).filter(held).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| Error::Conflict {
        code: "claim_lost",
        detail: format!("the mail {id} is no longer claimed by this node"),
    })
}

async fn write_mail(
    tx: &DatabaseTransaction,
    id: MailId,
    changed: mail::ActiveModel,
) -> Result<(), Error> {
    mail::Entity::update_many().set(changed).filter(mail::Column::Id.eq(id.raw())).exec(tx).await?;
    Ok(())
}
