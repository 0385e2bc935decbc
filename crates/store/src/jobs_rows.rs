//! The rows that jobs read, from whichever tables, and keep to themselves while they write.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::endpoint::EndpointState;
use domain::event_type::Selector;
use domain::format::Format;
use domain::id::{CompanyId, EndpointId};
use domain::job::Found;
use domain::selection::Narrowing;
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, EntityTrait,
    FromQueryResult, QueryFilter, QueryOrder, QueryResult, QuerySelect,
};

use crate::Error;
use crate::deliveries::Past;
use crate::entity::pending;
use crate::jobs::finish_of;
use crate::lines::WAITS;
use crate::rows::choice::ChoiceColumns;
use crate::rows::endpoint::selectors_of;
use crate::rows::endpoint_state::StateColumns;
use crate::rows::sql::Sql;
use crate::time::from_micros;

/// The columns of an [`EventLine`].
pub(crate) const EVENT_COLUMNS: &str = "id, company_id, event_type, expires_at, deliveries, \
    phone_number_id, session";

/// An endpoint as a job needs it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) state: EndpointState,
    pub(crate) selectors: Vec<Selector>,
    pub(crate) format: Format,
    pub(crate) narrowing: Narrowing,
}

/// An event as a job needs it.
#[derive(Debug, FromQueryResult)]
pub(crate) struct EventLine {
    pub(crate) id: i64,
    pub(crate) company_id: i64,
    pub(crate) event_type: String,
    pub(crate) expires_at: Option<i64>,
    pub(crate) deliveries: i64,
    pub(crate) phone_number_id: Option<String>,
    pub(crate) session: Option<Vec<u8>>,
}

/// A delivery, from whichever table.
#[derive(Debug)]
pub(crate) enum Line {
    Pending(pending::Model),
    Past(Past),
}

impl Line {
    pub(crate) const fn id(&self) -> i64 {
        match self {
            Self::Pending(row) => row.id,
            Self::Past(row) => row.id,
        }
    }

    pub(crate) const fn event(&self) -> i64 {
        match self {
            Self::Pending(row) => row.event_id,
            Self::Past(row) => row.event_id,
        }
    }

    pub(crate) const fn endpoint(&self) -> i64 {
        match self {
            Self::Pending(row) => row.endpoint_id,
            Self::Past(row) => row.endpoint_id,
        }
    }

    pub(crate) fn found(&self) -> Result<Found, Error> {
        match self {
            Self::Pending(row) => Ok(found_pending(row.claimed_by, row.canceled, row.due_at)),
            Self::Past(row) => found_past(row.id, row.state, row.finished_at),
        }
    }
}

pub(crate) fn found_pending(claimed_by: i64, canceled: i64, due_at: i64) -> Found {
    Found::Pending {
        claimed: claimed_by != 0,
        canceled: canceled != 0,
        due_at: (due_at != WAITS).then(|| from_micros(due_at)),
    }
}

pub(crate) fn found_past(id: i64, state: i64, finished_at: i64) -> Result<Found, Error> {
    let corrupt = || Error::Corrupt { table: "deliveries", id, what: format!("state is {state}") };
    let finish = finish_of(state).ok_or_else(corrupt)?;
    Ok(Found::Finished { finish, at: from_micros(finished_at) })
}

/// Some of the company's events.
pub(crate) async fn events_by_id(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    ids: &[i64],
) -> Result<Vec<EventLine>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("SELECT ");
    sql.text(EVENT_COLUMNS).text(" FROM events WHERE company_id = ").bind(company.raw());
    sql.text(" AND id IN (").list(ids.iter().copied()).text(") ORDER BY id");
    let statement = sql.build(connection.get_database_backend());
    Ok(EventLine::find_by_statement(statement).all(connection).await?)
}

/// Every delivery of these events to the endpoint, by event, the oldest first: those whose ids are
/// beside the event's, and those made later. Of one that was put back, the pending row; else the newest.
pub(crate) async fn lines_of(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    endpoint: EndpointId,
    events: &[EventLine],
) -> Result<HashMap<i64, Vec<Line>>, Error> {
    let mut by_event: HashMap<i64, BTreeMap<i64, Line>> = HashMap::new();
    if events.is_empty() {
        return Ok(HashMap::new());
    }
    let backend = connection.get_database_backend();
    let statement = lines_sql(backend, Past::COLUMNS, "deliveries", company, endpoint, events);
    let mut past = Past::find_by_statement(statement.build(backend)).all(connection).await?;
    past.sort_unstable_by_key(|row| (row.id, row.generation));
    for row in past {
        by_event.entry(row.event_id).or_default().insert(row.id, Line::Past(row));
    }
    let statement = lines_sql(backend, "d.*", "pending", company, endpoint, events);
    let waiting = pending::Model::find_by_statement(statement.build(backend));
    for row in waiting.all(connection).await? {
        by_event.entry(row.event_id).or_default().insert(row.id, Line::Pending(row));
    }
    Ok(by_event.into_iter().map(|(event, lines)| (event, lines.into_values().collect())).collect())
}

/// CROSS JOIN: SQLite keeps to this order of the tables, and so to ranges of the key. The first and the
/// last event bound what PostgreSQL reads of the later ones, whatever its plan.
fn lines_sql(
    backend: DatabaseBackend,
    columns: &str,
    table: &str,
    company: CompanyId,
    endpoint: EndpointId,
    events: &[EventLine],
) -> Sql {
    let (first, last) = (events.first(), events.last());
    let mut sql = Sql::new("WITH t(id, deliveries) AS (VALUES ");
    for (place, event) in events.iter().enumerate() {
        sql.text(if place == 0 { "(" } else { ", (" });
        sql.bind(event.id).text(", ").bind(event.deliveries).text(")");
    }
    sql.text(") SELECT ").text(columns).text(" FROM t CROSS JOIN ").text(table);
    sql.text(" d WHERE ").text(company_of(backend, table)).bind(company.raw());
    sql.text(" AND d.id > t.id AND d.id <= t.id + t.deliveries AND d.endpoint_id = ");
    sql.bind(endpoint.raw()).text(" UNION ALL SELECT ").text(columns);
    sql.text(" FROM t CROSS JOIN later_deliveries l CROSS JOIN ").text(table);
    sql.text(" d WHERE l.company_id = ").bind(company.raw());
    sql.text(" AND l.event_id >= ").bind(first.map_or(0, |event| event.id));
    sql.text(" AND l.event_id <= ").bind(last.map_or(0, |event| event.id));
    sql.text(" AND l.event_id = t.id AND l.endpoint_id = ").bind(endpoint.raw());
    sql.text(" AND ").text(company_of(backend, table)).bind(company.raw());
    sql.text(" AND d.id = l.id");
    sql
}

/// The company of a delivery `d`. SQLite's key of `pending` does not begin with it; the plus keeps it
/// from making an index of its own of the whole table.
pub(crate) fn company_of(backend: DatabaseBackend, table: &str) -> &'static str {
    if backend != DatabaseBackend::Postgres && table == "pending" {
        "+d.company_id = "
    } else {
        "d.company_id = "
    }
}

const STATE: &str = "SELECT id, switch, held_since, held_total_us, failures, failing_since, defective_at, epoch \
    FROM endpoints WHERE deleted_at IS NULL AND company_id = ";
const ENDPOINT: &str = "SELECT id, switch, held_since, held_total_us, failures, failing_since, defective_at, epoch, \
    event_types, format, wati_version, wati_names, filter, phone_number_ids, session \
    FROM endpoints WHERE deleted_at IS NULL AND company_id = ";

/// The states of some of the company's endpoints, deleted ones left out: filters are not compiled where
/// nobody asks for them.
pub(crate) async fn endpoint_states(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    ids: &BTreeSet<i64>,
) -> Result<HashMap<i64, EndpointState>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = Sql::new(STATE);
    sql.bind(company.raw()).text(" AND id IN (").list(ids.iter().copied()).text(")");
    let rows = connection.query_all_raw(sql.build(connection.get_database_backend())).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, state_of(row)?))).collect()
}

fn state_of(row: &QueryResult) -> Result<EndpointState, Error> {
    let columns = StateColumns {
        switch: row.try_get("", "switch")?,
        held_since: row.try_get("", "held_since")?,
        held_total_us: row.try_get("", "held_total_us")?,
        failures: row.try_get("", "failures")?,
        failing_since: row.try_get("", "failing_since")?,
        defective_at: row.try_get("", "defective_at")?,
        epoch: row.try_get("", "epoch")?,
    };
    columns.read(row.try_get("", "id")?)
}

/// Some of the company's endpoints, deleted ones left out.
pub(crate) async fn known_endpoints(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    ids: &BTreeSet<i64>,
) -> Result<HashMap<i64, Known>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = Sql::new(ENDPOINT);
    sql.bind(company.raw()).text(" AND id IN (").list(ids.iter().copied()).text(")");
    read_endpoints(connection, sql).await
}

/// All of them.
pub(crate) async fn company_endpoints(
    connection: &impl ConnectionTrait,
    company: CompanyId,
) -> Result<HashMap<i64, Known>, Error> {
    let mut sql = Sql::new(ENDPOINT);
    sql.bind(company.raw());
    read_endpoints(connection, sql).await
}

async fn read_endpoints(
    connection: &impl ConnectionTrait,
    sql: Sql,
) -> Result<HashMap<i64, Known>, Error> {
    let rows = connection.query_all_raw(sql.build(connection.get_database_backend())).await?;
    let read = |row: &QueryResult| -> Result<(i64, Known), Error> {
        let id = row.try_get("", "id")?;
        let corrupt = |what| Error::Corrupt { table: "endpoints", id, what };
        let event_types: String = row.try_get("", "event_types")?;
        let choice = ChoiceColumns {
            format: row.try_get("", "format")?,
            wati_version: row.try_get("", "wati_version")?,
            wati_names: row.try_get("", "wati_names")?,
            filter: row.try_get("", "filter")?,
            phone_number_ids: row.try_get("", "phone_number_ids")?,
            session: row.try_get("", "session")?,
        };
        let selectors = selectors_of(&event_types).map_err(corrupt)?;
        let (format, narrowing) = choice.read().map_err(corrupt)?;
        Ok((id, Known { state: state_of(row)?, selectors, format, narrowing }))
    };
    rows.iter().map(read).collect()
}

/// Keeps unfinished deliveries from everybody else until the transaction ends, without waiting for
/// anybody: whoever has one locked may be waiting for us. Gives the first that was not to be had.
pub(crate) async fn lock_pending(
    tx: &DatabaseTransaction,
    company: CompanyId,
    ids: &[i64],
) -> Result<(Vec<pending::Model>, Option<i64>), Error> {
    if ids.is_empty() {
        return Ok((Vec::new(), None));
    }
    let these = || {
        pending::Entity::find()
            .filter(pending::Column::CompanyId.eq(company.raw()))
            .filter(pending::Column::Id.is_in(ids.iter().copied()))
    };
    let locked = these()
        .order_by_asc(pending::Column::Id)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(tx)
        .await?;
    if tx.get_database_backend() != DatabaseBackend::Postgres || locked.len() == ids.len() {
        return Ok((locked, None));
    }
    let ours: HashSet<i64> = locked.iter().map(|row| row.id).collect();
    let seen: Vec<i64> =
        these().select_only().column(pending::Column::Id).into_tuple().all(tx).await?;
    Ok((locked, seen.into_iter().filter(|id| !ours.contains(id)).min()))
}

/// The same for what a recovery has read; gives the first event with a delivery that was not to be had.
pub(crate) async fn lock_lines(
    tx: &DatabaseTransaction,
    company: CompanyId,
    events: &[EventLine],
    lines: &mut HashMap<i64, Vec<Line>>,
) -> Result<Option<i64>, Error> {
    let waiting: Vec<i64> = lines
        .values()
        .flatten()
        .filter(|line| matches!(line, Line::Pending(_)))
        .map(Line::id)
        .collect();
    let (locked, _) = lock_pending(tx, company, &waiting).await?;
    let mut locked: HashMap<i64, pending::Model> =
        locked.into_iter().map(|row| (row.id, row)).collect();
    for event in events {
        for line in lines.get_mut(&event.id).into_iter().flatten() {
            let Line::Pending(row) = line else { continue };
            match locked.remove(&row.id) {
                Some(fresh) => *row = fresh,
                // Locked by somebody, or finished since it was read.
                None => return Ok(Some(event.id)),
            }
        }
    }
    Ok(None)
}

/// The newest generation of finished deliveries.
pub(crate) async fn newest_past(
    tx: &DatabaseTransaction,
    company: CompanyId,
    ids: &[i64],
) -> Result<Vec<Past>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("SELECT ");
    sql.text(Past::COLUMNS).text(" FROM deliveries d WHERE d.company_id = ").bind(company.raw());
    sql.text(" AND d.id IN (").list(ids.iter().copied()).text(") ORDER BY d.id, d.generation");
    let rows = Past::find_by_statement(sql.build(tx.get_database_backend())).all(tx).await?;
    let newest: BTreeMap<i64, Past> = rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(newest.into_values().collect())
}

/// When the events of these deliveries expire; those that are gone are not in the answer.
pub(crate) async fn expiries(
    tx: &DatabaseTransaction,
    company: CompanyId,
    lines: impl Iterator<Item = &Line>,
) -> Result<HashMap<i64, Option<i64>>, Error> {
    let events: BTreeSet<i64> = lines.map(|line| line.event()).collect();
    let events: Vec<i64> = events.into_iter().collect();
    let events = events_by_id(tx, company, &events).await?;
    Ok(events.into_iter().map(|event| (event.id, event.expires_at)).collect())
}
