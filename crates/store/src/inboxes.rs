//! Inboxes as people see them: made, switched, read, emptied, deleted. What comes into them is in
//! `inbox_arrivals`.

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, InboxId, InboxRequestId};
use domain::inbox::{INBOXES_MAX, InboxAnswer, LIFE, PathKey};
use domain::inbox_check::Checked;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Value,
};

use crate::entity::{inbox, inbox_request};
use crate::rows::inbox::{record, request_page, request_record};
use crate::rows::page::{before_of, cut, limit_of};
use crate::time::micros;
use crate::tokens::bump_config_version;
use crate::{Actor, Error, Page, PageRequest, Store};

/// An inbox.
#[derive(Debug, Clone)]
pub struct InboxRecord {
    /// Its id.
    pub id: InboxId,
    /// Its company.
    pub company: CompanyId,
    /// What stands in its URL.
    pub key: PathKey,
    /// How it answers.
    pub answer: InboxAnswer,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends, unless it is used before.
    pub expires_at: DateTime<Utc>,
    /// How many requests it keeps now.
    pub requests_kept: u64,
}

/// What is to change about an inbox.
#[derive(Debug, Clone, Copy, Default)]
pub struct InboxPatch {
    /// The status it answers with.
    pub status: Option<u16>,
    /// How long after a request came, in milliseconds.
    pub delay_ms: Option<u32>,
}

/// A request as it came, already cut to what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivedRequest {
    /// The method.
    pub method: String,
    /// The path and the query behind the key.
    pub path: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body; empty in lists.
    pub body: Vec<u8>,
    /// How many bytes of the body came.
    pub body_bytes: u64,
    /// Whether something of path, headers or body is not kept.
    pub truncated: bool,
    /// What was found about its signatures.
    pub checked: Checked,
    /// The `type` in its body, where there is one.
    pub event_type: Option<String>,
    /// The status it is answered with.
    pub answered_status: u16,
    /// How long after it came that is, in milliseconds.
    pub duration_ms: u64,
}

/// A request that an inbox keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRequestRecord {
    /// Its id.
    pub id: InboxRequestId,
    /// Its inbox.
    pub inbox: InboxId,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// What came.
    pub request: ArrivedRequest,
}

impl Store {
    /// Makes an inbox; the conflict `too_many_inboxes` where the company has as many as it may.
    pub async fn create_inbox(
        &self,
        company: CompanyId,
        answer: InboxAnswer,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<InboxRecord, Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).expect("the operating system has random bytes");
        let row = inbox::Model {
            id: self.new_id(now),
            company_id: company.raw(),
            path_key: PathKey::from_random(random).as_str().to_owned(),
            answer_status: answer.status.into(),
            answer_delay_ms: answer.delay_ms.into(),
            created_at: micros(now),
            expires_at: micros(now + LIFE),
        };
        let id = InboxId::from_raw(row.id);
        let tx = self.begin().await?;
        // Puts those who make one in a row, so that none is made too many.
        bump_config_version(&tx, company).await?;
        let living = inbox::Entity::find()
            .filter(inbox::Column::CompanyId.eq(company.raw()))
            .filter(inbox::Column::ExpiresAt.gt(micros(now)));
        if living.count(&tx).await? >= INBOXES_MAX as u64 {
            return Err(too_many());
        }
        let inserted: inbox::ActiveModel = row.clone().into();
        inbox::Entity::insert(inserted).exec_without_returning(&tx).await?;
        self.audit(&tx, company, actor, "inbox.created", id, facts(answer), now).await?;
        tx.commit().await?;
        record(row, 0)
    }

    /// The company's inboxes.
    pub async fn inboxes(
        &self,
        company: CompanyId,
        page: PageRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<InboxRecord>, Error> {
        let limit = limit_of(page);
        let rows = inbox::Entity::find()
            .filter(inbox::Column::CompanyId.eq(company.raw()))
            .filter(inbox::Column::ExpiresAt.gt(micros(now)))
            .filter(inbox::Column::Id.lt(before_of(page)))
            .order_by_desc(inbox::Column::Id)
            .limit(limit + 1)
            .all(self.reader())
            .await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            let kept = kept(self.reader(), row.id).await?;
            records.push(record(row, kept)?);
        }
        Ok(cut(records, limit, None, |record| record.id.raw()))
    }

    /// One inbox.
    pub async fn inbox(
        &self,
        company: CompanyId,
        id: InboxId,
        now: DateTime<Utc>,
    ) -> Result<InboxRecord, Error> {
        let row = living(self.reader(), company, id, now).await?;
        let kept = kept(self.reader(), row.id).await?;
        record(row, kept)
    }

    /// Changes how an inbox answers; it lives longer by it.
    pub async fn update_inbox(
        &self,
        company: CompanyId,
        id: InboxId,
        patch: InboxPatch,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<InboxRecord, Error> {
        let tx = self.begin().await?;
        let before = locked(&tx, company, id, now).await?;
        let row = inbox::Model {
            answer_status: patch.status.map_or(before.answer_status, i64::from),
            answer_delay_ms: patch.delay_ms.map_or(before.answer_delay_ms, i64::from),
            expires_at: before.expires_at.max(micros(now + LIFE)),
            ..before
        };
        let changed = inbox::ActiveModel {
            answer_status: Set(row.answer_status),
            answer_delay_ms: Set(row.answer_delay_ms),
            expires_at: Set(row.expires_at),
            ..Default::default()
        };
        inbox::Entity::update_many()
            .set(changed)
            .filter(inbox::Column::Id.eq(id.raw()))
            .exec(&tx)
            .await?;
        let kept = kept(&tx, id.raw()).await?;
        let record = record(row, kept)?;
        self.audit(&tx, company, actor, "inbox.updated", id, facts(record.answer), now).await?;
        tx.commit().await?;
        Ok(record)
    }

    /// Deletes an inbox with all that it keeps.
    pub async fn delete_inbox(
        &self,
        company: CompanyId,
        id: InboxId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        locked(&tx, company, id, now).await?;
        inbox::Entity::delete_by_id(id.raw()).exec(&tx).await?;
        let gone = empty(&tx, id).await?;
        let facts = serde_json::json!({ "requests": gone });
        self.audit(&tx, company, actor, "inbox.deleted", id, facts, now).await?;
        Ok(tx.commit().await?)
    }

    /// Removes every request that an inbox keeps.
    pub async fn empty_inbox(
        &self,
        company: CompanyId,
        id: InboxId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        locked(&tx, company, id, now).await?;
        let gone = empty(&tx, id).await?;
        let facts = serde_json::json!({ "requests": gone });
        self.audit(&tx, company, actor, "inbox.emptied", id, facts, now).await?;
        Ok(tx.commit().await?)
    }

    /// The requests that an inbox keeps, without their bodies.
    pub async fn inbox_requests(
        &self,
        company: CompanyId,
        id: InboxId,
        page: PageRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<InboxRequestRecord>, Error> {
        living(self.reader(), company, id, now).await?;
        let limit = limit_of(page);
        let sql = "SELECT id, inbox_id, method, path, headers, truncated, received_at \
            FROM inbox_requests WHERE inbox_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let rows_max = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let values: [Value; 3] = [id.raw().into(), before_of(page).into(), rows_max.into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        request_page(&rows, |records| cut(records, limit, None, |record| record.id.raw()))
    }

    /// One request, with its body.
    pub async fn inbox_request(
        &self,
        company: CompanyId,
        inbox: InboxId,
        id: InboxRequestId,
        now: DateTime<Utc>,
    ) -> Result<InboxRequestRecord, Error> {
        living(self.reader(), company, inbox, now).await?;
        let sql = "SELECT id, inbox_id, method, path, headers, body, truncated, received_at \
            FROM inbox_requests WHERE id = $1 AND inbox_id = $2";
        let values: [Value; 2] = [id.raw().into(), inbox.raw().into()];
        let row = self.reader().query_one_raw(self.statement(sql, values)).await?;
        let row = row.ok_or(Error::NotFound)?;
        let body = row.try_get("", "body")?;
        request_record(&row, Some(body))
    }
}

fn facts(answer: InboxAnswer) -> serde_json::Value {
    let InboxAnswer { status, delay_ms } = answer;
    serde_json::json!({ "answer_status": status, "answer_delay_ms": delay_ms })
}

fn too_many() -> Error {
    let detail = format!("a company has at most {INBOXES_MAX} inboxes; delete one");
    Error::Conflict { code: "too_many_inboxes", detail }
}

/// The company's inbox, unless it has ended.
async fn living(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    id: InboxId,
    now: DateTime<Utc>,
) -> Result<inbox::Model, Error> {
    let found = inbox::Entity::find_by_id(id.raw())
        .filter(inbox::Column::CompanyId.eq(company.raw()))
        .filter(inbox::Column::ExpiresAt.gt(micros(now)));
    found.one(connection).await?.ok_or(Error::NotFound)
}

/// The same, kept from arriving requests until the transaction ends.
async fn locked(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    id: InboxId,
    now: DateTime<Utc>,
) -> Result<inbox::Model, Error> {
    let found = inbox::Entity::find_by_id(id.raw())
        .filter(inbox::Column::CompanyId.eq(company.raw()))
        .filter(inbox::Column::ExpiresAt.gt(micros(now)))
        .lock_exclusive();
    found.one(tx).await?.ok_or(Error::NotFound)
}

async fn kept(connection: &impl ConnectionTrait, inbox: i64) -> Result<u64, Error> {
    let requests = inbox_request::Entity::find().filter(inbox_request::Column::InboxId.eq(inbox));
    Ok(requests.count(connection).await?)
}

async fn empty(tx: &impl ConnectionTrait, inbox: InboxId) -> Result<u64, Error> {
    let gone = inbox_request::Entity::delete_many()
        .filter(inbox_request::Column::InboxId.eq(inbox.raw()))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected)
}
