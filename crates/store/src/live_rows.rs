//! The rows of watching live: who is watched, and what happened to them.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, EndpointId};
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryResult, Value, sqlx};

use crate::hot::{Durability, Failed, HotConnection, HotTx, runs, values, within};
use crate::live::{Batch, LiveEvent, LiveKind, WATCHED_FOR};
use crate::time::{from_micros, micros};
use crate::{Error, Store};

/// Where nodes tell each other that there is something new.
pub(crate) const CHANNEL: &str = "hookferry_live";
/// What is told where somebody is watched who was not before.
pub(crate) const WATCHES_CHANGED: &str = "watches";
/// What is told where more companies have news than a notification can name.
pub(crate) const EVERYBODY: &str = "*";
/// How many companies a notification names: PostgreSQL takes less than 8,000 bytes.
const NAMED_MAX: usize = 350;
/// How long what happened is kept, for clients that come back.
pub(crate) const KEPT_FOR: TimeDelta = TimeDelta::minutes(10);
/// How many rows of one company are kept.
const ROWS_KEPT_MAX: i64 = 10_000;
/// How many rows one slice removes.
const FORGET_ROWS: i64 = 2_000;

/// A row of `live_watches`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watch {
    /// Whatever has a higher id is still there.
    pub(crate) since: i64,
    /// The highest id given out.
    pub(crate) last: i64,
}

impl Watch {
    fn read(row: &QueryResult) -> Result<Self, Error> {
        Ok(Self { since: row.try_get("", "since")?, last: row.try_get("", "last")? })
    }
}

impl Store {
    /// Says that somebody watches a company for the next while. Where nobody did, what happened
    /// before is not there.
    pub(crate) async fn watch_company(
        &self,
        company: CompanyId,
        now: DateTime<Utc>,
    ) -> Result<Watch, Error> {
        let sql = "INSERT INTO live_watches (company_id, until, since, last) VALUES ($1, $2, $3, $3) \
            ON CONFLICT (company_id) DO UPDATE SET \
            since = CASE WHEN live_watches.until >= $3 THEN live_watches.since \
              WHEN live_watches.last > $3 THEN live_watches.last ELSE $3 END, \
            last = CASE WHEN live_watches.until >= $3 OR live_watches.last > $3 THEN live_watches.last ELSE $3 END, \
            until = CASE WHEN live_watches.until > $2 THEN live_watches.until ELSE $2 END \
            RETURNING since, last";
        let until = now + WATCHED_FOR;
        let values: [Value; 3] = [company.raw().into(), micros(until).into(), micros(now).into()];
        let row = self.inner.pools.write().query_one_raw(self.statement(sql, values)).await?;
        let watch = Watch::read(&row.ok_or(Error::NotFound)?)?;
        let is_new = self.live().watched_until(company).is_none_or(|until| until < now);
        self.live().watch(company, until);
        if is_new {
            self.notify_nodes(WATCHES_CHANGED.to_owned()).await?;
        }
        Ok(watch)
    }

    async fn notify_nodes(&self, payload: String) -> Result<(), Error> {
        if self.backend() == DatabaseBackend::Postgres {
            let values: [Value; 2] = [CHANNEL.into(), payload.into()];
            let sql = "SELECT pg_notify($1, $2)";
            self.inner.pools.write().execute_raw(self.statement(sql, values)).await?;
        }
        Ok(())
    }

    /// Who is watched, by whichever node.
    pub(crate) async fn watched_companies(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Vec<(CompanyId, DateTime<Utc>)>, Error> {
        let sql = "SELECT company_id, until FROM live_watches WHERE until > $1";
        let values: [Value; 1] = [micros(now).into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        let read = |row: &QueryResult| -> Result<_, Error> {
            let company = CompanyId::from_raw(row.try_get("", "company_id")?);
            Ok((company, from_micros(row.try_get("", "until")?)))
        };
        rows.iter().map(read).collect()
    }

    /// What happened to a company after `after`, the oldest first, and what was removed meanwhile.
    pub(crate) async fn live_after(
        &self,
        company: CompanyId,
        after: i64,
        limit: usize,
    ) -> Result<(Vec<LiveEvent>, Watch), Error> {
        let sql = "SELECT id, endpoint_id, kind, data FROM live_events \
            WHERE company_id = $1 AND id > $2 ORDER BY company_id, id LIMIT $3";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values: [Value; 3] = [company.raw().into(), after.into(), limit.into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        // Read after the rows: what was removed before them shows here.
        let sql = "SELECT since, last FROM live_watches WHERE company_id = $1";
        let values: [Value; 1] = [company.raw().into()];
        let watch = self.reader().query_one_raw(self.statement(sql, values)).await?;
        let watch = Watch::read(&watch.ok_or(Error::NotFound)?)?;
        Ok((rows.iter().map(event).collect::<Result<_, _>>()?, watch))
    }

    /// Writes down what happened, in one transaction of its own, and says so to the other nodes.
    pub(crate) async fn write_live(
        &self,
        batches: &BTreeMap<CompanyId, Batch>,
        now: DateTime<Utc>,
    ) -> Result<(), Failed<()>> {
        let begun = self.begin_hot(Durability::Repeatable).await;
        let mut tx = begun.map_err(Failed::Unchanged)?;
        let done = within(write(&mut tx, batches, now)).await;
        tx.end(done).await
    }

    /// Removes what is too old or too much, a slice of it for each company, and whom nobody has
    /// watched for long. Gives how many rows.
    pub async fn forget_live(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let sql = "SELECT company_id, until FROM live_watches";
        let rows = self.reader().query_all_raw(self.statement(sql, [])).await?;
        let mut removed = 0;
        for row in rows {
            let (company, until): (i64, i64) =
                (row.try_get("", "company_id")?, row.try_get("", "until")?);
            let slice = self.forget_live_of(company, now).await?;
            removed += slice;
            if slice == 0 && until < micros(now - KEPT_FOR) {
                let sql = "DELETE FROM live_watches WHERE company_id = $1 AND until = $2 \
                    AND NOT EXISTS (SELECT 1 FROM live_events e WHERE e.company_id = $1)";
                let values: [Value; 2] = [company.into(), until.into()];
                self.inner.pools.write().execute_raw(self.statement(sql, values)).await?;
            }
        }
        Ok(removed)
    }

    async fn forget_live_of(&self, company: i64, now: DateTime<Utc>) -> Result<u64, Error> {
        let number = async |sql: &'static str, values: Vec<Value>| -> Result<Option<i64>, Error> {
            let row = self.reader().query_one_raw(self.statement(sql, values)).await?;
            Ok(row.map(|row| row.try_get("", "id")).transpose()?)
        };
        let newest = "SELECT id FROM live_events WHERE company_id = $1 \
            ORDER BY company_id DESC, id DESC LIMIT 1 OFFSET $2";
        let too_many = number(newest, vec![company.into(), ROWS_KEPT_MAX.into()]).await?;
        let up_to = micros(now - KEPT_FOR).max(too_many.unwrap_or(0));
        let oldest = "SELECT id FROM (SELECT id FROM live_events WHERE company_id = $1 AND id <= $2 \
            ORDER BY company_id, id LIMIT $3) o ORDER BY id DESC LIMIT 1";
        let values = vec![company.into(), up_to.into(), FORGET_ROWS.into()];
        let Some(up_to) = number(oldest, values).await? else { return Ok(0) };
        let tx = self.begin().await?;
        let values: [Value; 2] = [company.into(), up_to.into()];
        let sql = "UPDATE live_watches SET since = $2 WHERE company_id = $1 AND since < $2";
        tx.execute_raw(self.statement(sql, values.clone())).await?;
        let sql = "DELETE FROM live_events WHERE company_id = $1 AND id <= $2";
        let removed = tx.execute_raw(self.statement(sql, values)).await?.rows_affected();
        tx.commit().await?;
        Ok(removed)
    }
}

fn event(row: &QueryResult) -> Result<LiveEvent, Error> {
    let id = row.try_get("", "id")?;
    let (endpoint, kind): (i64, String) =
        (row.try_get("", "endpoint_id")?, row.try_get("", "kind")?);
    let kind = LiveKind::parse(&kind).ok_or_else(|| Error::Corrupt {
        table: "live_events",
        id,
        what: format!("kind {kind}"),
    })?;
    let endpoint = (endpoint != 0).then(|| EndpointId::from_raw(endpoint));
    Ok(LiveEvent { id, endpoint, kind, data: row.try_get("", "data")? })
}

/// Gives ids under the lock of the company's row, so that they become visible in their order, and
/// writes the rows. Companies come in their order, so that two nodes cannot lock each other out.
async fn write(
    tx: &mut HotTx,
    batches: &BTreeMap<CompanyId, Batch>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut rows: Vec<Row> = Vec::new();
    let mut companies: Vec<CompanyId> = Vec::new();
    for (company, batch) in batches {
        let count = batch.told.len() + usize::from(batch.skipped > 0);
        let Some(last) = take_ids(tx, *company, count, now).await? else { continue };
        companies.push(*company);
        let first = last + 1 - count as i64;
        for (id, told) in (first..).zip(&batch.told) {
            let endpoint = told.endpoint.map_or(0, EndpointId::raw);
            let (kind, data) = (told.kind.as_str(), told.data.clone());
            rows.push(Row { company: company.raw(), id, endpoint, kind, data });
        }
        if batch.skipped > 0 {
            let data = serde_json::json!({ "count": batch.skipped }).to_string();
            let kind = LiveKind::Skipped.as_str();
            rows.push(Row { company: company.raw(), id: last, endpoint: 0, kind, data });
        }
    }
    insert(tx, &rows).await?;
    notify(tx, &companies).await
}

struct Row {
    company: i64,
    id: i64,
    endpoint: i64,
    kind: &'static str,
    data: String,
}

/// The last of so many new ids; `None` where nobody watches the company any more.
async fn take_ids(
    tx: &mut HotTx,
    company: CompanyId,
    count: usize,
    now: DateTime<Utc>,
) -> Result<Option<i64>, Error> {
    const SQL: &str = "UPDATE live_watches SET last = (CASE WHEN last > $2 THEN last ELSE $2 END) + $3 \
        WHERE company_id = $1 RETURNING last";
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let found: Option<(i64,)> = match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let query = sqlx::query_as(SQL).bind(company.raw()).bind(micros(now)).bind(count);
            query.fetch_optional(&mut **connection).await?
        }
        HotConnection::Postgres(connection) => {
            let query = sqlx::query_as(SQL).bind(company.raw()).bind(micros(now)).bind(count);
            query.fetch_optional(&mut **connection).await?
        }
    };
    Ok(found.map(|(last,)| last))
}

async fn insert(tx: &mut HotTx, rows: &[Row]) -> Result<(), Error> {
    const HEAD: &str = "INSERT INTO live_events (company_id, id, endpoint_id, kind, data) ";
    if rows.is_empty() {
        return Ok(());
    }
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            for run in runs(rows) {
                let mut query = sqlx::query(values(&format!("{HEAD} VALUES "), 5, run.len(), ""));
                for row in run {
                    query = query.bind(row.company).bind(row.id).bind(row.endpoint);
                    query = query.bind(row.kind).bind(row.data.clone());
                }
                query.execute(&mut **connection).await?;
            }
        }
        HotConnection::Postgres(connection) => {
            let column = |pick: fn(&Row) -> i64| rows.iter().map(pick).collect::<Vec<i64>>();
            let sql = format!(
                "{HEAD} SELECT * FROM unnest((SELECT $1::bigint[]), $2::bigint[], $3::bigint[], $4::text[], $5::text[])"
            );
            sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(column(|row| row.company))
                .bind(column(|row| row.id))
                .bind(column(|row| row.endpoint))
                .bind(rows.iter().map(|row| row.kind).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.data.as_str()).collect::<Vec<_>>())
                .execute(&mut **connection)
                .await?;
        }
    }
    Ok(())
}

async fn notify(tx: &mut HotTx, companies: &[CompanyId]) -> Result<(), Error> {
    let HotConnection::Postgres(connection) = &mut tx.connection else { return Ok(()) };
    if companies.is_empty() {
        return Ok(());
    }
    let payload = if companies.len() > NAMED_MAX {
        EVERYBODY.to_owned()
    } else {
        let names: Vec<String> = companies.iter().map(|id| id.raw().to_string()).collect();
        names.join(",")
    };
    let query = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(payload);
    query.execute(&mut **connection).await?;
    Ok(())
}
