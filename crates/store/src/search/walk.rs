//! The walk: announces how far it may go, reads what stands there, writes slices.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::floor_at;
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseTransaction, FromQueryResult, QueryResult, Value,
};

use crate::rows::page::snapshot;
use crate::rows::sql::Sql;
use crate::search::merge::Merges;
use crate::search::slice::{DeliveryRow, EventRow, aligned, term_rows};
use crate::search::terms::{EndFacts, EventFacts};
use crate::time::micros;
use crate::{Error, Store};

/// How many events a slice has, and how many ids they and their deliveries have together.
const SLICE_EVENTS: usize = 1_000;
const SLICE_IDS: i64 = 2_000;
/// How many rows of a table a slice reads for one company; more than one event can have deliveries.
const SLICE_ROWS_MAX: usize = 20_000;
/// A slice that is not full is written when its oldest row is so old.
const SLICE_AGE_MAX: TimeDelta = TimeDelta::hours(1);
/// How far the walk stays behind: longer than it takes a transaction from making an id to its first
/// write, and than the clocks of two nodes differ. One statement that waits for another node's key has
/// written nothing yet, and goes on for `pools::STATEMENT` though nobody waits for it any more.
const BEHIND: TimeDelta = TimeDelta::seconds(60);
/// How long a node keeps the walk to itself.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How often it is looked for slices to merge on shelves on which this node has written none.
const MERGES_EVERY: TimeDelta = TimeDelta::hours(1);
/// How many shelves one step looks through for a full slice.
const SHELVES_PER_STEP: usize = 50;

/// How far one node has come; lost with it without harm.
#[derive(Debug, Clone, Default)]
pub struct SearchWalk {
    /// Ids below it were announced, and every transaction that may not know it is over.
    walkable: i64,
    /// Announced, with the transaction id before which all have to be over.
    announced: Option<(i64, i64)>,
    /// The shelf that was looked at last.
    shelf: i64,
    merges: Merges,
    /// When merges were looked for on all shelves.
    merged_at: Option<DateTime<Utc>>,
}

impl SearchWalk {
    /// Whether it rests only until transactions of others are over.
    pub const fn is_waiting(&self) -> bool {
        self.announced.is_some()
    }
}

/// What a step of the walk brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchStep {
    /// So many rows were read and indexed; there may be more.
    Walked(usize),
    /// Other shelves come next.
    Next,
    /// There is nothing to do now, or another node does it.
    Rest,
}

/// What a slice is made of.
struct Slice {
    from: i64,
    to: i64,
    events: Vec<EventRow>,
    deliveries: Vec<DeliveryRow>,
}

impl Store {
    /// Goes one step: indexes late finished deliveries, or the next slice of a shelf.
    pub async fn walk_search(
        &self,
        walk: &mut SearchWalk,
        now: DateTime<Utc>,
    ) -> Result<SearchStep, Error> {
        if self.is_walked_by_another(now).await? {
            return Ok(SearchStep::Rest);
        }
        let fed = self.index_feed().await?;
        if fed > 0 {
            return Ok(SearchStep::Walked(fed));
        }
        if let Some(terms) = self.go_on_merging(&mut walk.merges).await? {
            return Ok(SearchStep::Walked(terms));
        }
        self.heed_announced(walk).await?;
        let shelves = self.shelves_after(walk.shelf).await?;
        for shelf in &shelves {
            walk.shelf = *shelf;
            if let Some(rows) = self.walk_shelf(walk, *shelf, now).await? {
                walk.merges.unsettle(*shelf);
                // It may have another one.
                walk.shelf = *shelf - 1;
                return Ok(SearchStep::Walked(rows));
            }
        }
        if shelves.len() < SHELVES_PER_STEP {
            walk.shelf = -1;
            if walk.merged_at.is_none_or(|at| at + MERGES_EVERY <= now) {
                walk.merges.unsettle_all();
                walk.merged_at = Some(now);
            }
            return self.begin_merging(walk, now).await;
        }
        Ok(SearchStep::Next)
    }

    async fn is_walked_by_another(&self, now: DateTime<Utc>) -> Result<bool, Error> {
        let sql = "SELECT claimed_by, claimed_until FROM search_state WHERE name = 'walk'";
        let row = self.reader().query_one_raw(self.statement(sql, [])).await?;
        let row = row.ok_or(Error::NotFound)?;
        let claimed_by: i64 = row.try_get("", "claimed_by")?;
        let until: i64 = row.try_get("", "claimed_until")?;
        Ok(claimed_by != self.incarnation() && until > micros(now))
    }

    /// All of SQLite is one shelf, because the keys of its events do not begin with the company.
    pub(super) async fn shelves_after(&self, shelf: i64) -> Result<Vec<i64>, Error> {
        if self.backend() != DatabaseBackend::Postgres {
            return Ok(vec![0]);
        }
        let sql = "SELECT id FROM companies WHERE id > $1 ORDER BY id LIMIT $2";
        let values: [Value; 2] = [shelf.into(), (SHELVES_PER_STEP as i64).into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
    }

    /// Nothing is to be written: merges come, unless another node has the walk. Whoever merges writes, so
    /// that the walk is his for a while.
    async fn begin_merging(
        &self,
        walk: &mut SearchWalk,
        now: DateTime<Utc>,
    ) -> Result<SearchStep, Error> {
        if !walk.merges.may_have_work() {
            return Ok(SearchStep::Rest);
        }
        let sql = "UPDATE search_state SET claimed_by = $1, claimed_until = $2 WHERE name = 'walk' \
            AND (claimed_by = $1 OR claimed_until <= $3)";
        let (me, until) = (self.incarnation(), micros(now + LEASE));
        let values: [Value; 3] = [me.into(), until.into(), micros(now).into()];
        let claimed = self.inner.pools.write().execute_raw(self.statement(sql, values)).await?;
        if claimed.rows_affected() == 0 {
            return Ok(SearchStep::Rest);
        }
        walk.merges.begin();
        match self.go_on_merging(&mut walk.merges).await? {
            Some(terms) => Ok(SearchStep::Walked(terms)),
            None => Ok(SearchStep::Rest),
        }
    }

    /// Writes the next slice of a shelf, where one is full. Gives how many rows it is made of.
    async fn walk_shelf(
        &self,
        walk: &mut SearchWalk,
        shelf: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<usize>, Error> {
        let mut slice = self.read_slice(shelf, walk.walkable, now).await?;
        let wanted = floor_at(now - BEHIND);
        // Nothing is announced that nobody needs.
        if slice.is_none()
            && walk.announced.is_none()
            && wanted > walk.walkable
            && self.read_slice(shelf, wanted, now).await?.is_some()
            && self.announce(walk, wanted, now).await?
        {
            self.heed_announced(walk).await?;
            slice = self.read_slice(shelf, walk.walkable, now).await?;
        }
        let Some(slice) = slice else { return Ok(None) };
        let rows = slice.events.len() + slice.deliveries.len();
        let range = (slice.from, slice.to);
        let terms = term_rows(range, &slice.events, &slice.deliveries);
        self.write_terms(shelf, range, &terms).await?;
        Ok(Some(rows))
    }

    /// Says how far the walk will go; `false` where another node has it.
    async fn announce(
        &self,
        walk: &mut SearchWalk,
        wanted: i64,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let sql = "UPDATE search_state SET next = CASE WHEN next > $1 THEN next ELSE $1 END, \
            claimed_by = $2, claimed_until = $3 WHERE name = 'walk' \
            AND (claimed_by = $2 OR claimed_until <= $4) RETURNING next";
        let (me, until) = (self.incarnation(), micros(now + LEASE));
        let values: [Value; 4] = [wanted.into(), me.into(), until.into(), micros(now).into()];
        let tx = self.begin().await?;
        let is_ours = tx.query_one_raw(self.statement(sql, values)).await?.is_some();
        tx.commit().await?;
        if is_ours {
            walk.announced = Some((wanted, self.first_transaction_to_come().await?));
        }
        Ok(is_ours)
    }

    /// Goes as far as was announced: on SQLite at once, on PostgreSQL when every transaction is over
    /// that may have read the number before, or made an id below it.
    async fn heed_announced(&self, walk: &mut SearchWalk) -> Result<(), Error> {
        if let Some((next, before)) = walk.announced
            && self.are_over_before(before).await?
        {
            walk.announced = None;
            walk.walkable = walk.walkable.max(next);
        }
        Ok(())
    }

    async fn first_transaction_to_come(&self) -> Result<i64, Error> {
        self.transaction_id("pg_snapshot_xmax").await
    }

    async fn are_over_before(&self, transaction: i64) -> Result<bool, Error> {
        Ok(self.transaction_id("pg_snapshot_xmin").await? >= transaction)
    }

    /// On SQLite writers come one after the other, and make their ids while they write.
    async fn transaction_id(&self, function: &str) -> Result<i64, Error> {
        if self.backend() != DatabaseBackend::Postgres {
            return Ok(0);
        }
        let mut sql = Sql::new("SELECT CAST(CAST(");
        sql.text(function).text("(pg_current_snapshot()) AS TEXT) AS BIGINT) AS id");
        let row = self.reader().query_one_raw(sql.build(self.backend())).await?;
        Ok(row.ok_or(Error::NotFound)?.try_get("", "id")?)
    }

    /// The next slice of a shelf below `below`, where it is full or old.
    async fn read_slice(
        &self,
        shelf: i64,
        below: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<Slice>, Error> {
        let tx = snapshot(self.reader()).await?;
        let from = done_of(&tx, shelf).await?;
        if from >= below {
            return Ok(None);
        }
        let mut events = events_of(&tx, shelf, from, below).await?;
        let mut ids = 0;
        let full = events.iter().position(|event| {
            ids += 1 + event.deliveries;
            ids >= SLICE_IDS
        });
        let full = full.or_else(|| (events.len() >= SLICE_EVENTS).then_some(SLICE_EVENTS - 1));
        // One whose deliveries reach beyond is not for this time.
        let end = match full.and_then(|place| events.get(place)) {
            Some(last) if last.last() < below => last.last() + 1,
            Some(_) | None => match aligned(&events, from, below) {
                Some(end) if is_old(&tx, shelf, (from, end), now).await? => end,
                Some(_) | None => return Ok(None),
            },
        };
        events.retain(|event| event.last() < end);
        let mut slice = fill(&tx, shelf, events, from, end).await?;
        // No further than what there is: were the clock set back, ids would go on from there.
        let last = slice
            .events
            .iter()
            .map(EventRow::last)
            .chain(slice.deliveries.last().map(|row| row.id));
        let Some(last) = last.max() else { return Ok(None) };
        slice.to = last;
        Ok(Some(slice))
    }
}

/// The mark of a shelf.
pub(crate) async fn done_of(connection: &impl ConnectionTrait, shelf: i64) -> Result<i64, Error> {
    let mut sql = Sql::new("SELECT done FROM search_shelves WHERE shelf = ");
    sql.bind(shelf);
    let row = connection.query_one_raw(sql.build(connection.get_database_backend())).await?;
    Ok(row.map(|row| row.try_get("", "done")).transpose()?.unwrap_or(0))
}

/// Where a shelf is a company.
fn of_shelf(sql: &mut Sql, shelf: i64) {
    if shelf != 0 {
        sql.text("company_id = ").bind(shelf).text(" AND ");
    }
}

async fn events_of(
    tx: &DatabaseTransaction,
    shelf: i64,
    from: i64,
    below: i64,
) -> Result<Vec<EventRow>, Error> {
    let mut sql = Sql::new(EVENT);
    sql.text(" WHERE ");
    of_shelf(&mut sql, shelf);
    sql.text("id >= ").bind(from).text(" AND id < ").bind(below);
    sql.text(" ORDER BY id LIMIT ").bind(SLICE_EVENTS as i64);
    let rows = tx.query_all_raw(sql.build(tx.get_database_backend())).await?;
    rows.iter().map(event_row).collect()
}

pub(crate) const EVENT: &str = "SELECT id, company_id, event_type, source_id, external_id, subject, phone_number_id, \
     deliveries FROM events";

fn event_row(row: &QueryResult) -> Result<EventRow, Error> {
    let facts = EventFacts {
        company: row.try_get("", "company_id")?,
        event_type: row.try_get("", "event_type")?,
        source: row.try_get("", "source_id")?,
        external_id: row.try_get("", "external_id")?,
        subject: row.try_get("", "subject")?,
        phone_number_id: row.try_get("", "phone_number_id")?,
    };
    Ok(EventRow { id: row.try_get("", "id")?, deliveries: row.try_get("", "deliveries")?, facts })
}

/// Whether the first row of these ids is so old that its slice is written although it is not full.
async fn is_old(
    tx: &DatabaseTransaction,
    shelf: i64,
    (from, below): (i64, i64),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let below = below.min(floor_at(now - SLICE_AGE_MAX));
    let tables: &[&str] =
        if shelf == 0 { &["events", "pending"] } else { &["events", "pending", "deliveries"] };
    for table in tables {
        let mut sql = Sql::new("SELECT id FROM ");
        sql.text(table).text(" WHERE ");
        of_shelf(&mut sql, shelf);
        sql.text("id >= ").bind(from).text(" AND id < ").bind(below).text(" LIMIT 1");
        if tx.query_one_raw(sql.build(tx.get_database_backend())).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Adds the deliveries; where there are too many of them, the slice ends earlier.
async fn fill(
    tx: &DatabaseTransaction,
    shelf: i64,
    mut events: Vec<EventRow>,
    from: i64,
    end: i64,
) -> Result<Slice, Error> {
    let (mut end, mut rows_max) = (end, SLICE_ROWS_MAX);
    let mut deliveries = loop {
        let read = deliveries_of(tx, shelf, &events, (from, end), rows_max).await?;
        let Some(full_at) = read.full_at else { break read.rows };
        match aligned(&events, from, full_at) {
            Some(earlier) if earlier < end => end = earlier,
            // One event alone has more of them: all are taken.
            Some(_) | None => rows_max = usize::MAX >> 1,
        }
        events.retain(|event| event.last() < end);
    };
    deliveries.sort_by_key(|row| row.id);
    find_later(tx, &events, &mut deliveries).await?;
    Ok(Slice { from, to: end - 1, events, deliveries })
}

/// The deliveries of a slice; `full_at`: not all from this id on.
struct Read {
    rows: Vec<DeliveryRow>,
    full_at: Option<i64>,
}

async fn deliveries_of(
    tx: &DatabaseTransaction,
    shelf: i64,
    events: &[EventRow],
    range: (i64, i64),
    rows_max: usize,
) -> Result<Read, Error> {
    let mut sql = Sql::new("SELECT id, company_id, endpoint_id, event_id FROM pending WHERE ");
    of_shelf(&mut sql, shelf);
    sql.text("id >= ").bind(range.0).text(" AND id < ").bind(range.1);
    sql.text(" ORDER BY id LIMIT ").bind(rows_max as i64);
    let found = tx.query_all_raw(sql.build(tx.get_database_backend())).await?;
    let mut rows = Vec::with_capacity(found.len());
    for row in &found {
        rows.push(DeliveryRow {
            id: row.try_get("", "id")?,
            company: row.try_get("", "company_id")?,
            endpoint: row.try_get("", "endpoint_id")?,
            event: row.try_get("", "event_id")?,
            end: None,
            later_than: None,
        });
    }
    let mut full_at = rows.get(rows_max - 1).map(|row| row.id);
    let companies = if shelf == 0 {
        companies_of(tx, events, &rows, range).await?
    } else {
        BTreeSet::from([shelf])
    };
    for company in companies {
        let history = history_of(tx, company, range, rows_max).await?;
        let last = history.get(rows_max - 1).map(|row| row.id);
        full_at = full_at.into_iter().chain(last).min();
        rows.extend(history);
    }
    Ok(Read { rows, full_at })
}

/// On SQLite history can be read company by company only: of those that had events, have something
/// pending, or had a job that makes deliveries while these ids were made.
async fn companies_of(
    tx: &DatabaseTransaction,
    events: &[EventRow],
    pending: &[DeliveryRow],
    (from, below): (i64, i64),
) -> Result<BTreeSet<i64>, Error> {
    let mut companies: BTreeSet<i64> = events.iter().map(|event| event.facts.company).collect();
    companies.extend(pending.iter().map(|row| row.company));
    let began = micros(domain::id::made_at(from));
    let mut sql = Sql::new(
        "SELECT DISTINCT company_id FROM jobs WHERE kind IN ('replay', 'recover') AND id < ",
    );
    sql.bind(below).text(" AND (finished_at IS NULL OR finished_at >= ").bind(began).text(")");
    for row in tx.query_all_raw(sql.build(tx.get_database_backend())).await? {
        companies.insert(row.try_get("", "company_id")?);
    }
    Ok(companies)
}

/// A finished delivery with how its last attempt ended.
#[derive(FromQueryResult)]
pub(crate) struct Finished {
    pub(crate) id: i64,
    pub(crate) company_id: i64,
    pub(crate) endpoint_id: i64,
    pub(crate) event_id: i64,
    pub(crate) state: i64,
    pub(crate) status: Option<i64>,
    pub(crate) error: Option<String>,
}

impl Finished {
    /// Its columns for `d`, with the attempt that does not stand in the row. One that stands in an
    /// older row of the same delivery is that row's.
    pub(crate) const SELECT: &str = "SELECT d.id, d.company_id, d.endpoint_id, d.event_id, d.state, \
        COALESCE(d.status_code, a.status_code) AS status, COALESCE(d.error_kind, a.error_kind) AS error";
    /// Nearly all have it in their row: PostgreSQL is to look at no attempt for those. It would at one in each
    /// partition, and where it expects few rows at all of the company's.
    pub(crate) const fn join(backend: DatabaseBackend) -> &'static str {
        if matches!(backend, DatabaseBackend::Postgres) {
            " LEFT JOIN LATERAL (SELECT x.status_code, x.error_kind FROM attempts x \
             WHERE d.started_at IS NULL AND x.company_id = d.company_id AND x.delivery_id = d.id \
             AND x.number = d.tries OFFSET 0) a ON true "
        } else {
            " LEFT JOIN attempts a ON a.company_id = d.company_id AND a.delivery_id = d.id \
             AND a.number = d.tries AND d.started_at IS NULL "
        }
    }

    pub(crate) fn facts(&self) -> EndFacts {
        EndFacts {
            company: self.company_id,
            endpoint: self.endpoint_id,
            state: self.state,
            status: self.status,
            error: self.error.clone(),
        }
    }
}

/// The finished deliveries of some ids, from the lowest up.
pub(crate) fn history_sql(
    backend: DatabaseBackend,
    company: i64,
    (from, below): (i64, i64),
    rows_max: usize,
) -> Sql {
    let mut sql = Sql::new(Finished::SELECT);
    sql.text(" FROM deliveries d").text(Finished::join(backend));
    sql.text("WHERE d.company_id = ").bind(company);
    sql.text(" AND d.id >= ").bind(from).text(" AND d.id < ").bind(below);
    sql.text(" ORDER BY d.id, d.generation LIMIT ").bind(rows_max as i64);
    sql
}

async fn history_of(
    tx: &DatabaseTransaction,
    company: i64,
    (from, below): (i64, i64),
    rows_max: usize,
) -> Result<Vec<DeliveryRow>, Error> {
    let backend = tx.get_database_backend();
    let statement = history_sql(backend, company, (from, below), rows_max).build(backend);
    let rows = Finished::find_by_statement(statement).all(tx).await?;
    Ok(rows
        .into_iter()
        .map(|row| DeliveryRow {
            id: row.id,
            company: row.company_id,
            endpoint: row.endpoint_id,
            event: row.event_id,
            end: Some(row.facts()),
            later_than: None,
        })
        .collect())
}

/// Finds the events of deliveries that were made later than those.
async fn find_later(
    tx: &DatabaseTransaction,
    events: &[EventRow],
    deliveries: &mut [DeliveryRow],
) -> Result<(), Error> {
    const AT_A_TIME: usize = 500;
    let own: HashMap<i64, i64> = events.iter().map(|event| (event.id, event.last())).collect();
    let is_later = |row: &DeliveryRow| own.get(&row.event).is_none_or(|last| row.id > *last);
    let mut wanted: BTreeSet<(i64, i64)> = BTreeSet::new();
    wanted
        .extend(deliveries.iter().filter(|row| is_later(row)).map(|row| (row.company, row.event)));
    let mut found: HashMap<i64, EventFacts> = HashMap::new();
    let wanted: Vec<(i64, i64)> = wanted.into_iter().collect();
    for same in wanted.chunk_by(|a, b| a.0 == b.0) {
        for some in same.chunks(AT_A_TIME) {
            let mut sql = Sql::new(EVENT);
            sql.text(" WHERE company_id = ").bind(some[0].0).text(" AND id IN (");
            sql.list(some.iter().map(|(_, event)| *event)).text(")");
            for row in tx.query_all_raw(sql.build(tx.get_database_backend())).await? {
                let event = event_row(&row)?;
                found.insert(event.id, event.facts);
            }
        }
    }
    for row in deliveries.iter_mut().filter(|row| is_later(row)) {
        row.later_than = found.get(&row.event).cloned();
    }
    Ok(())
}
