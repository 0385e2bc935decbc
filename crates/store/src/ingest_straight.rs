//! The short way of ingest on PostgreSQL: one statement instead of a transaction of four trips.
//!
//! What a transaction reads before it writes is nearly always what this node knows already: that nobody
//! has changed its companies' endpoints, that no key came before, that no lane is another node's to send. So a
//! batch is decided on what is known, and the statement that writes it checks that all of it is so, and
//! changes nothing where it is not: then the batch is written the long way, which reads first.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::event::Verdict;
use domain::id::{CompanyId, EndpointId};
use sea_orm::sqlx;

use crate::compiled::CompiledCompany;
use crate::event_key::{KeyRow, bind_keys};
use crate::hot::within;
use crate::ingest::HandOver;
use crate::ingest_batch::status_id;
use crate::ingest_fan_out::{choose_by_session, fan_out};
use crate::ingest_items::{Batch, Item};
use crate::ingest_keys::{has_twins, key_rows};
use crate::ingest_rows::{PendingRow, Rooms, bind_fresh, events_insert, pending_insert};
use crate::ingest_straight_said::SaidRows;
use crate::kept_connection::KeptConnection;
use crate::lane_rows::is_passed;
use crate::pools::Pools;
use crate::short_way::{has_changed_nothing, not_so};
use crate::{Error, Store};

/// What has to be as it is known: the versions of the batch's companies, the lanes that are sent to.
macro_rules! checks {
    () => {
        concat!(
            "v AS (SELECT count(*) AS same FROM companies c \
         JOIN unnest((SELECT $22::bigint[]),$23::bigint[]) AS t(id, version) ON c.id = t.id AND c.config_version = t.version), \
         l AS (SELECT count(*) AS others FROM lanes l \
         WHERE l.endpoint_id = ANY(ARRAY(SELECT t.endpoint FROM unnest((SELECT $14::bigint[]),$17::bigint[]) AS t(endpoint, claimed_by) \
         WHERE t.claimed_by <> 0)) AND (l.hold_until > $10 OR (l.owner <> $24::bigint AND NOT ",
            is_passed!("$24::bigint", "$10"),
            ")))"
        )
    };
}
/// Writes the keys, as far as they are new.
macro_rules! keys_insert {
    () => {
        "k AS (INSERT INTO event_keys (company_id, source_id, key_hash, key_check, body_hash, event_id, deliveries, created_at) \
         SELECT t.*, $10::bigint FROM unnest((SELECT $25::bigint[]),$26::bigint[],$27::bigint[],$28::bigint[],$29::bigint[],$30::bigint[],$31::bigint[]) AS t \
         WHERE (SELECT same FROM v) = cardinality($22::bigint[]) AND (SELECT others FROM l) = 0 \
         ON CONFLICT (company_id, source_id, key_hash) DO NOTHING RETURNING 1)"
    };
}
/// Whether all of that is so.
macro_rules! as_known {
    () => {
        "(SELECT same FROM v) = cardinality($22::bigint[]) AND (SELECT others FROM l) = 0 \
         AND (SELECT count(*) FROM k) = cardinality($25::bigint[])"
    };
}
/// What every short way of ingest writes: events, deliveries by `$pending`, keys; and its checks.
macro_rules! writes {
    ($pending:expr) => {
        concat!(
            "WITH e AS (",
            events_insert!(),
            "), p AS (",
            $pending,
            "), ",
            checks!(),
            ", ",
            keys_insert!()
        )
    };
}
pub(crate) use {as_known, checks, keys_insert, writes};

/// Writes events, deliveries and keys where companies stand at the versions that are given, no lane of
/// an endpoint that is sent to is another node's to send or on hold, and every key is new. Else it fails by
/// [`not_so`], and nothing has changed.
pub(crate) const STRAIGHT_POSTGRES: &str = concat!(
    writes!(pending_insert!()),
    " SELECT CASE WHEN ",
    as_known!(),
    " THEN 1 ELSE ",
    not_so!("(SELECT count(*) FROM k)"),
    " END"
);

/// What one statement has written.
pub(crate) struct Written<'a> {
    pub(crate) rows: Vec<PendingRow>,
    pub(crate) rooms: Rooms<'a>,
    pub(crate) took: Duration,
}

type Companies = HashMap<CompanyId, Arc<CompiledCompany>>;

impl Store {
    /// Writes a batch by one statement, where that can be; `None`: it is to go the long way, and nothing
    /// has changed.
    pub(crate) async fn write_straight<'a>(
        &self,
        batch: &mut Batch<'_>,
        hand_over: &'a dyn HandOver,
        now: DateTime<Utc>,
    ) -> Result<Option<Written<'a>>, Error> {
        let companies = self.known_companies(batch);
        let says = batch.items.iter().any(|item| item.said.is_some());
        let way = if says { &self.inner.said_way } else { &self.inner.ingest_way };
        if !is_plain(batch, &companies, now) || !way.is_tried() {
            return Ok(None);
        }
        let written = self.try_straight(batch, &companies, hand_over, now).await?;
        if written.is_some() {
            way.hit();
        } else {
            // What was like this is likely to be so again, and has been decided on in vain.
            way.missed();
            batch.forget_observed();
        }
        Ok(written)
    }

    async fn try_straight<'a>(
        &self,
        batch: &mut Batch<'_>,
        companies: &Companies,
        hand_over: &'a dyn HandOver,
        now: DateTime<Utc>,
    ) -> Result<Option<Written<'a>>, Error> {
        let Pools::Postgres { pool } = &self.inner.pools else { return Ok(None) };
        if has_twins(&batch.items) {
            return Ok(None);
        }
        // Before the ids are made: whoever walks behind them waits only so long for their transaction.
        let asked = Instant::now();
        let pool = pool.get_postgres_connection_pool();
        let mut connection = self.inner.keeper.take(pool).await?;
        self.inner.metrics.connection_wait.observe(asked.elapsed());
        let seen = batch.seen();
        let mut observed = None;
        if !seen.is_empty() {
            let glance = self.glance(&mut connection, &seen, companies, status_id, now);
            observed = match within(glance).await {
                Ok(None) => {
                    connection.keep();
                    return Ok(None);
                }
                Ok(observed) => observed,
                // Its answer may come yet.
                Err(error) => return Err(error),
            };
        }
        drop(seen);
        for item in &mut batch.items {
            self.number(item, companies, now);
        }
        let foreseen = observed.map(|(observed, foreseen)| {
            self.carry(batch, observed, companies, now);
            foreseen
        });
        choose_by_session(&mut batch.items, companies);
        let mut rows = fan_out(&batch.items, companies, now);
        let mut rooms = Rooms::new(hand_over);
        let Some(keys) = key_rows(&batch.items) else {
            connection.keep();
            return Ok(None);
        };
        if !rows.iter().all(PendingRow::is_free) || !self.claim_all(&mut rows, &mut rooms) {
            connection.keep();
            return Ok(None);
        }
        let begun = Instant::now();
        let is_usual = foreseen.is_none() && rows.iter().all(PendingRow::is_plain);
        let said = (!is_usual).then(|| foreseen.as_ref().map(SaidRows::of).unwrap_or_default());
        let statement = Straight { items: &batch.items, rows: &rows, keys: &keys, said };
        let run = statement.run(&mut connection, companies, self.incarnation(), now);
        match within(async { Ok(run.await) }).await {
            Ok(Ok(())) => {
                connection.keep();
                self.inner.metrics.ingest_straight.add(1);
                Ok(Some(Written { rows, rooms, took: begun.elapsed() }))
            }
            // The long way tells what is wrong with it, if anything is.
            Ok(Err(error)) if has_changed_nothing(&error) => {
                connection.keep();
                self.inner.metrics.ingest_missed.add(1);
                Ok(None)
            }
            Ok(Err(error)) => Err(self.in_doubt(connection, &rows, error.into())),
            Err(error) => Err(self.in_doubt(connection, &rows, error)),
        }
    }

    /// Nobody can tell whether it is written down.
    fn in_doubt(&self, connection: KeptConnection, rows: &[PendingRow], error: Error) -> Error {
        drop(connection);
        self.doubt(rows.iter().filter(|row| row.claimed_by != 0).map(PendingRow::held_by_us));
        error
    }

    /// The batch's companies as they were at the last batch, as far as they are known.
    pub(crate) fn known_companies(&self, batch: &Batch<'_>) -> Companies {
        let companies = batch.companies().into_iter().map(CompanyId::from_raw);
        let known = self.inner.compiled.lock();
        companies.filter_map(|id| Some((id, Arc::clone(known.get(&id)?)))).collect()
    }

    /// Claims all deliveries that may be sent; `false` where there is no room for them.
    fn claim_all(&self, rows: &mut [PendingRow], rooms: &mut Rooms<'_>) -> bool {
        let mut wanted: BTreeMap<i64, (i64, Vec<usize>)> = BTreeMap::new();
        for row in rows.iter_mut().filter(|row| !row.held) {
            row.claimed_by = self.incarnation();
            wanted.entry(row.endpoint).or_insert((row.company, Vec::new())).1.push(row.bytes);
        }
        wanted.into_iter().all(|(endpoint, (company, sizes))| {
            let (company, endpoint) =
                (CompanyId::from_raw(company), EndpointId::from_raw(endpoint));
            rooms.reserve(company, endpoint, &sizes) == sizes.len()
        })
    }
}

/// Whether a batch asks for nothing that has to be read first: callers who were let in at the newest
/// version that is known, and events that are to be written down.
fn is_plain(batch: &Batch<'_>, companies: &Companies, now: DateTime<Utc>) -> bool {
    let is_let_in = batch.jobs.iter().all(|job| {
        let version = job.caller.config_version;
        let is_own = job.events.iter().all(|event| event.company == job.caller.company);
        let known = companies.get(&job.caller.company);
        is_own && known.is_some_and(|known| known.version == version && !known.is_suspended)
    });
    let is_taken = |item: &Item<'_>| {
        let judged = item.event.judged.is_none_or(|judged| {
            let version = companies.get(&item.event.company).map(|company| company.version);
            judged.verdict != Verdict::Refused
                && judged.version.is_none_or(|judged| version == Some(judged))
        });
        judged && item.event.expires_at.is_none_or(|at| at > now)
    };
    is_let_in && batch.items.iter().all(is_taken)
}

/// What is bound to [`STRAIGHT_POSTGRES`], with [`SaidRows`] where there is more of it.
struct Straight<'a, 'b> {
    items: &'a [Item<'b>],
    rows: &'a [PendingRow],
    keys: &'a [KeyRow],
    said: Option<SaidRows<'a>>,
}

impl Straight<'_, '_> {
    async fn run(
        &self,
        connection: &mut sqlx::PgConnection,
        companies: &Companies,
        me: i64,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let new: Vec<&Item<'_>> = self.items.iter().collect();
        let (ids, versions): (Vec<i64>, Vec<i64>) =
            companies.iter().map(|(id, company)| (id.raw(), company.version)).unzip();
        let sql = self.said.as_ref().map_or(STRAIGHT_POSTGRES, SaidRows::sql);
        let query = bind_fresh(sqlx::query(sql), &new, self.rows, now);
        let query = query.bind(ids).bind(versions).bind(me);
        let mut query = bind_keys(query, self.keys);
        if let Some(said) = &self.said {
            query = said.bind(query, self.rows);
        }
        query.execute(connection).await?;
        Ok(())
    }
}
