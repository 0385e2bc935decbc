//! The mail outbox as the mailer and the API see it; its rows are written by settlement.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, MailId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseBackend, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::entity::mail;
use crate::rows::mail::record;
use crate::rows::page::{before_of, cut, limit_of};
use crate::rows::sql::Sql;
use crate::time::micros;
use crate::{Error, MailRecord, MailState, Page, PageRequest, Store};

impl Store {
    /// Claims mails that are due, at most `limit`, for the node that opened this store. A claim ends
    /// with [`Store::mail_sent`] or [`Store::mail_failed`]; those of a dead node are taken over.
    pub async fn claim_mails(
        &self,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<MailRecord>, Error> {
        let due = "SELECT id FROM mail_outbox \
            WHERE state = 'queued' AND claimed_by = 0 AND due_at <= ";
        let mut sql = Sql::default();
        if self.backend() == DatabaseBackend::Postgres {
            // The rows are chosen first: an UPDATE over a subselect may take more than its limit.
            sql.text("WITH due AS MATERIALIZED (").text(due).bind(micros(now));
            sql.text(" ORDER BY due_at, id LIMIT ").bind(i64::from(limit));
            sql.text(" FOR UPDATE SKIP LOCKED) UPDATE mail_outbox SET claimed_by = ");
            sql.bind(self.incarnation()).text(" FROM due WHERE mail_outbox.id = due.id");
            sql.text(" RETURNING mail_outbox.*");
        } else {
            sql.text("UPDATE mail_outbox SET claimed_by = ").bind(self.incarnation());
            sql.text(" WHERE id IN (").text(due).bind(micros(now));
            sql.text(" ORDER BY due_at, id LIMIT ").bind(i64::from(limit)).text(") RETURNING *");
        }
        let tx = self.begin().await?;
        let statement = sql.build(self.backend());
        let mut rows = mail::Entity::find().from_raw_sql(statement).all(&tx).await?;
        tx.commit().await?;
        rows.sort_unstable_by_key(|row| (row.due_at, row.id));
        rows.into_iter().map(record).collect()
    }

    /// The mail server took it.
    pub async fn mail_sent(&self, id: MailId, now: DateTime<Utc>) -> Result<(), Error> {
        let tx = self.begin().await?;
        let row = self.own_mail(&tx, id).await?;
        let changed = mail::ActiveModel {
            state: Set(MailState::Sent.as_str().to_owned()),
            claimed_by: Set(0),
            tries: Set(row.tries + 1),
            last_error: Set(None),
            sent_at: Set(Some(micros(now))),
            ..Default::default()
        };
        write_mail(&tx, id, changed).await?;
        Ok(tx.commit().await?)
    }

    /// Sending failed: tried again after `wait`, or given up where that is `None`.
    pub async fn mail_failed(
        &self,
        id: MailId,
        error: &str,
        wait: Option<TimeDelta>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        let row = self.own_mail(&tx, id).await?;
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
        Ok(tx.commit().await?)
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

    /// A mail that this node has claimed; another may have taken it over.
    async fn own_mail(&self, tx: &DatabaseTransaction, id: MailId) -> Result<mail::Model, Error> {
        mail::Entity::find_by_id(id.raw())
            .filter(mail::Column::ClaimedBy.eq(self.incarnation()))
            .lock_exclusive()
            .one(tx)
            .await?
            .ok_or_else(|| Error::Conflict {
                code: "claim_lost",
                detail: format!("the mail {id} is no longer claimed by this node"),
            })
    }
}

async fn write_mail(
    tx: &DatabaseTransaction,
    id: MailId,
    changed: mail::ActiveModel,
) -> Result<(), Error> {
    mail::Entity::update_many().set(changed).filter(mail::Column::Id.eq(id.raw())).exec(tx).await?;
    Ok(())
}
