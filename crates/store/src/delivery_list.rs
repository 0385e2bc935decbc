//! Lists of deliveries: what is pending and what is history, merged by id, newest first.

use std::collections::{BTreeMap, HashMap};

use domain::id::{CompanyId, EventId, floor_at};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    FromQueryResult, QueryFilter, QuerySelect,
};

use crate::entity::{attempt, history};
use crate::jobs_rows::company_of;
use crate::rows::attempt::{failure_of, status_of};
use crate::rows::delivery::{
    HISTORY_COLUMNS, JOINS, LastAttempt, Listed, PENDING_COLUMNS, history_code, pending_condition,
};
use crate::rows::page::{SCAN_ROWS_MAX, before_of, cut, limit_of, snapshot};
use crate::rows::sql::Sql;
use crate::{DeliveryFilter, DeliveryRecord, Error, Page, PageRequest, Store};

/// The ids among which to look: at or above `from`, below `below`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) from: i64,
    pub(crate) below: i64,
}

/// What was found in one table.
struct Found {
    rows: Vec<Listed>,
    /// Everything at or above this id was looked at; `None`: everything there is.
    looked_down_to: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
enum Table {
    Pending,
    History,
}

impl Store {
    /// The company's deliveries, finished or not.
    pub async fn deliveries(
        &self,
        company: CompanyId,
        filter: DeliveryFilter,
        page: PageRequest,
    ) -> Result<Page<DeliveryRecord>, Error> {
        let tx = snapshot(self.reader()).await?;
        let range = range_of(&filter, page);
        let limit = limit_of(page);
        let pending = find(&tx, Table::Pending, company, &filter, range, limit).await?;
        let finished = find(&tx, Table::History, company, &filter, range, limit).await?;
        let looked_down_to = pending.looked_down_to.max(finished.looked_down_to);
        // What lies below was not looked at in both tables: it belongs to the next page.
        let merged: BTreeMap<i64, Listed> = finished
            .rows
            .into_iter()
            .chain(pending.rows)
            .filter(|row| looked_down_to.is_none_or(|floor| row.id >= floor))
            .map(|row| (row.id, row))
            .collect();
        let rows: Vec<Listed> = merged.into_values().rev().collect();
        let Page { data, next } = cut(rows, limit, looked_down_to, |row| row.id);
        let data = self.delivery_records(&tx, company, data).await?;
        Ok(Page { data, next })
    }

    /// The rows as they are shown, each with how its last attempt ended.
    pub(crate) async fn delivery_records(
        &self,
        connection: &impl ConnectionTrait,
        company: CompanyId,
        rows: Vec<Listed>,
    ) -> Result<Vec<DeliveryRecord>, Error> {
        let mut last = last_attempts(connection, company, &rows).await?;
        rows.into_iter()
            .map(|row| {
                let last = row.inline_attempt().or_else(|| last.remove(&row.id));
                row.record(last.unwrap_or_default(), &self.rules().standard_schedule)
            })
            .collect()
    }
}

/// One delivery as it stands now; the newest of its rows.
pub(crate) async fn find_one(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    id: i64,
) -> Result<Listed, Error> {
    let filter = DeliveryFilter::default();
    let range = Range { from: id, below: id.saturating_add(1) };
    let pending = select(connection, Table::Pending, company, &filter, range, 1).await?;
    if let Some(row) = pending.into_iter().next() {
        return Ok(row);
    }
    let finished = select(connection, Table::History, company, &filter, range, 1).await?;
    finished.into_iter().next().ok_or(Error::NotFound)
}

fn range_of(filter: &DeliveryFilter, page: PageRequest) -> Range {
    Range {
        from: filter.since.map_or(0, floor_at),
        below: filter.until.map_or(i64::MAX, floor_at).min(before_of(page)),
    }
}

async fn find(
    tx: &DatabaseTransaction,
    table: Table,
    company: CompanyId,
    filter: &DeliveryFilter,
    range: Range,
    limit: u64,
) -> Result<Found, Error> {
    let rows = select(tx, table, company, filter, range, limit + 1).await?;
    let is_full = rows.len() as u64 > limit;
    let looked_down_to = if is_full {
        rows.last().map(|row| row.id)
    } else if filter.event.is_some() {
        None
    } else {
        let name = match table {
            Table::Pending => "pending",
            Table::History => "deliveries",
        };
        end_of_scan(tx, name, company, range).await?
    };
    Ok(Found { rows, looked_down_to })
}

/// The last id that a scan of a table looks at where it ends before the table does.
pub(crate) async fn end_of_scan(
    tx: &DatabaseTransaction,
    table: &str,
    company: CompanyId,
    range: Range,
) -> Result<Option<i64>, Error> {
    let mut sql = Sql::new("SELECT id FROM ");
    sql.text(table).text(" WHERE company_id = ").bind(company.raw());
    sql.text(" AND id >= ").bind(range.from).text(" AND id < ").bind(range.below);
    sql.text(" ORDER BY id DESC LIMIT 1 OFFSET ").bind(SCAN_ROWS_MAX - 1);
    let row = tx.query_one_raw(sql.build(tx.get_database_backend())).await?;
    Ok(row.map(|row| row.try_get("", "id")).transpose()?)
}

async fn select(
    connection: &impl ConnectionTrait,
    table: Table,
    company: CompanyId,
    filter: &DeliveryFilter,
    range: Range,
    limit: u64,
) -> Result<Vec<Listed>, Error> {
    let Some(condition) = condition_of(table, filter) else { return Ok(Vec::new()) };
    let (columns, name, order) = match table {
        Table::Pending => (PENDING_COLUMNS, "pending", "id DESC"),
        Table::History => (HISTORY_COLUMNS, "deliveries", "id DESC, generation DESC"),
    };
    let mut sql = Sql::new("SELECT ");
    sql.text(columns).text(" FROM (");
    match filter.event {
        Some(event) => {
            of_event(&mut sql, connection.get_database_backend(), name, company, event, range)
        }
        None => {
            sql.text("SELECT * FROM ").text(name).text(" WHERE company_id = ");
            sql.bind(company.raw()).text(" AND id >= ").bind(range.from);
            sql.text(" AND id < ").bind(range.below);
            sql.text(" ORDER BY ").text(order).text(" LIMIT ").bind(SCAN_ROWS_MAX);
        }
    }
    sql.text(") p");
    sql.text(JOINS).text("WHERE ").text(condition);
    if let Some(endpoint) = filter.endpoint {
        sql.text(" AND p.endpoint_id = ").bind(endpoint.raw());
    }
    if let Some(event_type) = &filter.event_type {
        sql.text(" AND ev.event_type = ").bind(event_type.as_str());
    }
    if let Some(subject) = &filter.subject {
        sql.text(" AND ev.subject = ").bind(subject.as_str());
    }
    if let (Table::History, Some(code)) = (table, filter.state.and_then(history_code)) {
        sql.text(" AND p.state = ").bind(code);
    }
    sql.text(" ORDER BY p.id DESC LIMIT ").bind(limit as i64);
    let statement = sql.build(connection.get_database_backend());
    Ok(Listed::find_by_statement(statement).all(connection).await?)
}

/// An event's first deliveries have the ids after its own; those that jobs made later stand in a list.
fn of_event(
    sql: &mut Sql,
    backend: DbBackend,
    table: &str,
    company: CompanyId,
    event: EventId,
    range: Range,
) {
    let company_is = company_of(backend, table);
    sql.text("SELECT d.* FROM events x CROSS JOIN ").text(table);
    sql.text(" d WHERE x.company_id = ").bind(company.raw()).text(" AND x.id = ");
    sql.bind(event.raw()).text(" AND ").text(company_is).bind(company.raw());
    sql.text(" AND d.id > x.id AND d.id <= x.id + x.deliveries");
    sql.text(" AND d.id >= ").bind(range.from).text(" AND d.id < ").bind(range.below);
    sql.text(" UNION ALL SELECT d.* FROM later_deliveries l CROSS JOIN ").text(table);
    sql.text(" d WHERE l.company_id = ").bind(company.raw()).text(" AND l.event_id = ");
    sql.bind(event.raw()).text(" AND ").text(company_is).bind(company.raw());
    sql.text(" AND d.id = l.id AND l.id >= ").bind(range.from);
    sql.text(" AND l.id < ").bind(range.below);
}

/// Which rows of the table can be shown at all; `None`: none of them.
fn condition_of(table: Table, filter: &DeliveryFilter) -> Option<&'static str> {
    match (table, filter.state) {
        (Table::Pending, Some(state)) => pending_condition(state),
        (Table::Pending, None) => Some("1 = 1"),
        (Table::History, Some(state)) => history_code(state).map(|_| NEWEST),
        (Table::History, None) => Some(NEWEST),
    }
}

/// A row of history is shown unless the delivery was put back, and then its newest.
const NEWEST: &str = "NOT EXISTS (SELECT 1 FROM pending w \
    WHERE w.company_id = p.company_id AND w.id = p.id) \
    AND NOT EXISTS (SELECT 1 FROM deliveries w WHERE w.company_id = p.company_id \
    AND w.id = p.id AND w.generation > p.generation)";

/// How the last attempts ended that do not stand in the rows themselves: in `attempts`, or inside
/// the history of an earlier schedule.
async fn last_attempts(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    rows: &[Listed],
) -> Result<HashMap<i64, LastAttempt>, Error> {
    let (mut in_attempts, mut in_history) = (Condition::any(), Condition::any());
    for row in rows.iter().filter(|row| row.started_at.is_none() && row.tries > 0) {
        in_attempts = in_attempts.add(
            Condition::all()
                .add(attempt::Column::DeliveryId.eq(row.id))
                .add(attempt::Column::Number.eq(row.tries)),
        );
        if row.generation > 0 {
            in_history = in_history.add(
                Condition::all()
                    .add(history::Column::Id.eq(row.id))
                    .add(history::Column::Tries.eq(row.tries)),
            );
        }
    }
    let mut found: Vec<Ended> = Vec::new();
    if !in_history.is_empty() {
        let rows = history::Entity::find()
            .select_only()
            .column(history::Column::Id)
            .column(history::Column::StatusCode)
            .column(history::Column::ErrorKind)
            .column(history::Column::ErrorMessage)
            .filter(history::Column::CompanyId.eq(company.raw()))
            .filter(history::Column::StartedAt.is_not_null())
            .filter(in_history);
        found.extend(rows.into_model::<Ended>().all(connection).await?);
    }
    if !in_attempts.is_empty() {
        let rows = attempt::Entity::find()
            .select_only()
            .column_as(attempt::Column::DeliveryId, "id")
            .column(attempt::Column::StatusCode)
            .column(attempt::Column::ErrorKind)
            .column(attempt::Column::ErrorMessage)
            .filter(attempt::Column::CompanyId.eq(company.raw()))
            .filter(in_attempts);
        found.extend(rows.into_model::<Ended>().all(connection).await?);
    }
    Ok(found
        .into_iter()
        .map(|Ended { id, status_code, error_kind, error_message }| {
            let failure = failure_of(error_kind, error_message);
            (id, LastAttempt { status: status_of(status_code), failure })
        })
        .collect())
}

#[derive(FromQueryResult)]
struct Ended {
    id: i64,
    status_code: Option<i64>,
    error_kind: Option<String>,
    error_message: Option<String>,
}
