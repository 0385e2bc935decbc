//! What comes into inboxes: finding the inbox and who is expected to write into it, writing requests
//! down, forgetting what is over.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, InboxId, InboxRequestId, floor_at};
use domain::inbox::{InboxAnswer, LIFE, PathKey, REQUESTS_KEPT_MAX, longer_life};
use domain::inbox_check::InboxKeys;
use domain::inbox_url;
use domain::secret::SigningKeys;
use parking_lot::Mutex;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value,
};

use crate::entity::endpoint;
use crate::hot::{Durability, Failed, HotTx, run, within};
use crate::inboxes::ArrivedRequest;
use crate::rows::inbox::{answer_of, head_blob};
use crate::secrets::Secrets;
use crate::time::{from_micros, micros};
use crate::{Error, Store};

/// How many endpoints' secrets a signature is checked with.
const ENDPOINTS_CHECKED_MAX: usize = 10;
/// Of how many inboxes a node remembers who writes into them.
const REMEMBERED_MAX: usize = 256;
/// How many requests one slice of forgetting removes: they can be large.
const SLICE_ROWS: i64 = 50;

/// An inbox that takes requests.
#[derive(Debug, Clone)]
pub struct OpenInbox {
    /// Its id.
    pub id: InboxId,
    /// Its company.
    pub company: CompanyId,
    /// How it answers.
    pub answer: InboxAnswer,
    /// When it ends, unless it is used before.
    pub expires_at: DateTime<Utc>,
    /// Who is expected to write into it.
    pub senders: Arc<InboxSenders>,
}

/// The company's endpoints whose URL is the inbox's.
#[derive(Debug)]
pub struct InboxSenders {
    /// What they sign with.
    pub keys: InboxKeys,
    /// The names of their custom headers, whose values are sealed.
    pub custom_headers: Vec<String>,
}

/// Who writes into inboxes, under the version of the company's configuration that it was read at.
#[derive(Debug, Default)]
pub(crate) struct InboxSenderCache(Mutex<Vec<(InboxId, i64, Arc<InboxSenders>)>>);

impl InboxSenderCache {
    fn get(&self, id: InboxId, version: i64) -> Option<Arc<InboxSenders>> {
        let cached = self.0.lock();
        let found = cached.iter().find(|(other, at, _)| *other == id && *at == version);
        found.map(|(_, _, senders)| Arc::clone(senders))
    }

    fn put(&self, id: InboxId, version: i64, senders: &Arc<InboxSenders>) {
        let mut cached = self.0.lock();
        cached.retain(|(other, _, _)| *other != id);
        if cached.len() >= REMEMBERED_MAX {
            cached.remove(0);
        }
        cached.push((id, version, Arc::clone(senders)));
    }
}

impl Store {
    /// The inbox with this key, with the company's endpoints whose URL it is.
    pub async fn open_inbox(&self, key: &PathKey, now: DateTime<Utc>) -> Result<OpenInbox, Error> {
        let sql = "SELECT i.id, i.company_id, i.answer_status, i.answer_delay_ms, i.expires_at, c.config_version \
            FROM inboxes i JOIN companies c ON c.id = i.company_id \
            WHERE i.path_key = $1 AND i.expires_at > $2";
        let values: [Value; 2] = [key.as_str().into(), micros(now).into()];
        let row = self.reader().query_one_raw(self.statement(sql, values)).await?;
        let row = row.ok_or(Error::NotFound)?;
        let raw: i64 = row.try_get("", "id")?;
        let id = InboxId::from_raw(raw);
        let company = CompanyId::from_raw(row.try_get("", "company_id")?);
        let (status, delay_ms) =
            (row.try_get("", "answer_status")?, row.try_get("", "answer_delay_ms")?);
        let answer = answer_of(raw, status, delay_ms)?;
        let expires_at = from_micros(row.try_get("", "expires_at")?);
        // Read first: what is read after it is at least as new.
        let version = row.try_get("", "config_version")?;
        let senders = match self.inner.inbox_senders.get(id, version) {
            Some(senders) => senders,
            None => {
                let senders = Arc::new(self.read_inbox_senders(company, key).await?);
                self.inner.inbox_senders.put(id, version, &senders);
                senders
            }
        };
        Ok(OpenInbox { id, company, answer, expires_at, senders })
    }

    async fn read_inbox_senders(
        &self,
        company: CompanyId,
        key: &PathKey,
    ) -> Result<InboxSenders, Error> {
        let path = format!("%{}{}%", inbox_url::PATH_PREFIX, key.as_str());
        let rows = endpoint::Entity::find()
            .filter(endpoint::Column::CompanyId.eq(company.raw()))
            .filter(endpoint::Column::DeletedAt.is_null())
            .filter(endpoint::Column::Url.like(path))
            .order_by_desc(endpoint::Column::Id)
            .limit(ENDPOINTS_CHECKED_MAX as u64 + 1)
            .all(self.reader())
            .await?;
        let complete = rows.len() <= ENDPOINTS_CHECKED_MAX;
        let (mut keys, mut custom_headers) = (Vec::new(), Vec::new());
        for row in rows.iter().take(ENDPOINTS_CHECKED_MAX) {
            let url = url::Url::parse(&row.url).ok();
            if url.is_some_and(|url| inbox_url::key_of(&url).as_ref() == Some(key)) {
                let Secrets { current, previous } = self.open_secrets(row)?;
                keys.push(SigningKeys::new(&current, &previous));
                custom_headers.extend(self.open_headers(row)?.into_iter().map(|(name, _)| name));
            }
        }
        Ok(InboxSenders { keys: InboxKeys { keys, complete }, custom_headers })
    }

    /// Writes a request down and forgets the oldest beyond what is kept. It need not survive a power
    /// cut, and does not hold up what must. Not found where the inbox has gone meanwhile.
    pub async fn record_inbox_request(
        &self,
        inbox: &OpenInbox,
        arrived: &ArrivedRequest,
        now: DateTime<Utc>,
    ) -> Result<InboxRequestId, Error> {
        let id = self.new_id(now);
        let mut tx = self.begin_hot(Durability::Repeatable).await?;
        let done = within(write(&mut tx, id, inbox, arrived, now)).await;
        match tx.end(done).await {
            Ok(()) => Ok(InboxRequestId::from_raw(id)),
            Err(Failed::Unchanged(error) | Failed::Doubtful((), error)) => Err(error),
        }
    }

    /// Removes inboxes that have ended and requests that are too old: one slice. Gives how many rows;
    /// 0 when there is no more.
    pub async fn end_inboxes(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let old = "SELECT id FROM inbox_requests WHERE id < $1 ORDER BY id LIMIT $2";
        let of_ended = "SELECT r.id FROM inboxes i JOIN inbox_requests r ON r.inbox_id = i.id \
            WHERE i.expires_at <= $1 LIMIT $2";
        let ended = "SELECT id FROM inboxes WHERE expires_at <= $1 AND NOT EXISTS \
            (SELECT 1 FROM inbox_requests r WHERE r.inbox_id = inboxes.id) LIMIT $2";
        let mut gone = 0;
        for (table, choose, oldest) in [
            ("inbox_requests", old, floor_at(now - LIFE)),
            ("inbox_requests", of_ended, micros(now)),
            ("inboxes", ended, micros(now)),
        ] {
            let values: [Value; 2] = [oldest.into(), SLICE_ROWS.into()];
            let found = self.statement(choose, values.clone());
            if self.reader().query_one_raw(found).await?.is_none() {
                continue;
            }
            let sql = format!("DELETE FROM {table} WHERE id IN ({choose})");
            let delete = sea_orm::Statement::from_sql_and_values(self.backend(), sql, values);
            let tx = self.begin().await?;
            gone += tx.execute_raw(delete).await?.rows_affected();
            tx.commit().await?;
        }
        Ok(gone)
    }
}

async fn write(
    tx: &mut HotTx,
    id: i64,
    inbox: &OpenInbox,
    arrived: &ArrivedRequest,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    // Keeps the row, too: what arrives in one inbox is written one after the other.
    let live_on = "UPDATE inboxes SET expires_at = CASE WHEN expires_at < $3 THEN $3 \
        ELSE expires_at END WHERE id = $1 AND expires_at > $2";
    let until = longer_life(inbox.expires_at, now).unwrap_or(inbox.expires_at);
    if run!(tx, live_on, inbox.id.raw(), micros(now), micros(until)) == 0 {
        return Err(Error::NotFound);
    }
    let insert = "INSERT INTO inbox_requests (id, inbox_id, company_id, method, path, headers, body, \
        truncated, signature, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    run!(
        tx,
        insert,
        id,
        inbox.id.raw(),
        inbox.company.raw(),
        arrived.method.as_str(),
        arrived.path.as_str(),
        head_blob(arrived),
        arrived.body.as_slice(),
        i64::from(arrived.truncated),
        arrived.checked.verdict().as_str(),
        micros(now),
    );
    let prune = "DELETE FROM inbox_requests WHERE inbox_id = $1 AND id <= (SELECT id FROM \
        inbox_requests WHERE inbox_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
    run!(tx, prune, inbox.id.raw(), i64::from(REQUESTS_KEPT_MAX));
    Ok(())
}
