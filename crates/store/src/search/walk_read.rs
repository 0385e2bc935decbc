//! What the walk reads of a slice: its events, their deliveries, and how those have ended.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::floor_at;
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult, QueryResult};

use crate::Error;
use crate::rows::sql::Sql;
use crate::search::finished::{Finished, history_sql};
use crate::search::slice::{DeliveryRow, EventRow, aligned};
use crate::search::terms::EventFacts;
use crate::search::walk::SLICE_EVENTS;
use crate::time::micros;

/// How many rows of a table a slice reads for one company; more than one event can have deliveries.
const SLICE_ROWS_MAX: usize = 20_000;
/// A slice that is not full is written when its oldest row is so old.
const SLICE_AGE_MAX: TimeDelta = TimeDelta::hours(1);

/// What a slice is made of.
pub(super) struct Slice {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) events: Vec<EventRow>,
    pub(super) deliveries: Vec<DeliveryRow>,
}
/// Where a shelf is a company.
fn of_shelf(sql: &mut Sql, shelf: i64) {
    if shelf != 0 {
        sql.text("company_id = ").bind(shelf).text(" AND ");
    }
}

pub(super) async fn events_of(
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

const EVENT: &str = "SELECT id, company_id, event_type, source_id, external_id, subject, phone_number_id, \
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
pub(super) async fn is_old(
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
pub(super) async fn fill(
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
    for row in tx.query_all_raw(jobs_sql((from, below)).build(tx.get_database_backend())).await? {
        companies.insert(row.try_get("", "company_id")?);
    }
    Ok(companies)
}

/// The companies of jobs that made deliveries while these ids were made. By when a job ended, which is seldom
/// before the walk has come so far; `+id`: by their ids all those before would be read.
pub(crate) fn jobs_sql((from, below): (i64, i64)) -> Sql {
    const OF_KINDS: &str =
        "SELECT company_id FROM jobs WHERE kind IN ('replay', 'recover') AND +id < ";
    let mut sql = Sql::new(OF_KINDS);
    sql.bind(below).text(" AND finished_at IS NULL UNION ").text(OF_KINDS).bind(below);
    sql.text(" AND finished_at >= ").bind(micros(domain::id::made_at(from)));
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
