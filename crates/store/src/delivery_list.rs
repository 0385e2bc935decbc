//! Lists of deliveries: what is pending and what is history, merged by id, newest first.

use std::collections::{BTreeSet, HashMap};

use domain::id::{CompanyId, floor_at};
use domain::search::Needle;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, DatabaseTransaction, EntityTrait,
    FromQueryResult, QueryFilter, QuerySelect,
};

use crate::entity::{attempt, history};
use crate::events::event_conditions;
use crate::rows::attempt::{failure_of, status_of};
use crate::rows::delivery::{
    EVENT_JOIN, EVENT_TYPE, HISTORY_COLUMNS, JOINS, LastAttempt, Listed, PENDING_COLUMNS,
    history_code, pending_condition,
};
use crate::rows::page::{before_of, limit_of, snapshot};
use crate::rows::sql::Sql;
use crate::search::blocks::Blocks;
use crate::search::look::{Look, Table, Target, look};
use crate::search::terms::{EventParts, StatusWanted, endpoint_of, finished, lasting, of_company};
use crate::search::walk::done_of;
use crate::{CutPage, DeliveryFilter, DeliveryRecord, Error, PageRequest, Store};

/// How many rows of `pending` are scanned before the index is asked: it is small as a rule. Where it is not,
/// each costs more than ten microseconds, and the index some dozen probes.
const PENDING_ROWS_SCANNED: i64 = 256;

impl Store {
    /// The company's deliveries, finished or not.
    pub async fn deliveries(
        &self,
        company: CompanyId,
        filter: DeliveryFilter,
        page: PageRequest,
    ) -> Result<CutPage<DeliveryRecord>, Error> {
        let patience = self.patience();
        let tx = snapshot(self.reader()).await?;
        let limit = usize::try_from(limit_of(page)).unwrap_or(usize::MAX);
        let looks = self.delivery_looks(&tx, company.raw(), &filter, page).await?;
        let found = look(&tx, looks, limit, patience).await?;
        let rows = found.rows.iter().map(|(_, row)| Listed::from_query_result(row, ""));
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        if !self.joins_events(&filter) {
            name_event_types(&tx, company.raw(), &mut rows).await?;
        }
        let data = self.delivery_records(&tx, company, rows).await?;
        Ok(CutPage { data, next: found.next, cut: found.cut })
    }

    /// Where to look for a page.
    async fn delivery_looks(
        &self,
        tx: &DatabaseTransaction,
        company: i64,
        filter: &DeliveryFilter,
        page: PageRequest,
    ) -> Result<Vec<Look>, Error> {
        let limit = usize::try_from(limit_of(page)).unwrap_or(usize::MAX);
        let mut ids = (
            filter.since.map_or(0, floor_at),
            filter.until.map_or(i64::MAX, floor_at).min(before_of(page)),
        );
        if let Some(Needle::Delivery(id)) = filter.needle {
            ids = (ids.0.max(id.raw()), ids.1.min(id.raw().saturating_add(1)));
        }
        let event = filter.event.or(match filter.needle {
            Some(Needle::Event(event)) => Some(event),
            Some(Needle::Delivery(_) | Needle::Endpoint(_) | Needle::Text { .. }) | None => None,
        });
        let last = match event {
            Some(event) => last_of(tx, company, event.raw()).await?,
            None => 0,
        };
        let shelf = self.shelf_of(company);
        let done = done_of(tx, shelf).await?;
        let mut looks = Vec::with_capacity(2);
        for table in [Table::Pending, Table::History] {
            let Some(conditions) = conditions(table, filter) else { continue };
            let joins_events = self.joins_events(filter);
            let target = Target { table, company, conditions, joins_events };
            let wanted = match table {
                Table::History => finished(company, filter),
                Table::Pending | Table::Events => lasting(company, filter),
            };
            let by_company = table.is_by_company(self.backend());
            let wanted = wanted.or_else(|| (!by_company).then(|| of_company(company)));
            looks.push(match (event, wanted) {
                (Some(event), _) => {
                    let blocks = Blocks::of_event(company, ids, event.raw(), last);
                    Look::by_blocks(target, ids, limit, blocks)
                }
                (None, Some(wanted)) if table == Table::Pending => {
                    Look::by_terms(target, ids, limit, (shelf, done, wanted))
                        .scanning_first(PENDING_ROWS_SCANNED, done)
                }
                (None, Some(wanted)) => Look::by_terms(target, ids, limit, (shelf, done, wanted)),
                (None, None) => Look::scan(target, ids, limit),
            });
        }
        Ok(looks)
    }

    /// Whether events are joined, or read afterwards: on SQLite that would be one trip more for nothing.
    fn joins_events(&self, filter: &DeliveryFilter) -> bool {
        self.backend() != DatabaseBackend::Postgres || asks_for_events(filter)
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

/// The last id of an event's first deliveries.
async fn last_of(tx: &DatabaseTransaction, company: i64, event: i64) -> Result<i64, Error> {
    let mut sql = Sql::new("SELECT id + deliveries AS last_id FROM events WHERE company_id = ");
    sql.bind(company).text(" AND id = ").bind(event);
    let row = tx.query_one_raw(sql.build(tx.get_database_backend())).await?;
    Ok(row.map(|row| row.try_get("", "last_id")).transpose()?.unwrap_or(0))
}

/// One delivery as it stands now; the newest of its rows.
pub(crate) async fn find_one(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    id: i64,
) -> Result<Listed, Error> {
    let backend = connection.get_database_backend();
    for (table, columns, tail) in [
        ("pending", PENDING_COLUMNS, ""),
        ("deliveries", HISTORY_COLUMNS, " ORDER BY p.generation DESC LIMIT 1"),
    ] {
        let mut sql = Sql::new("SELECT ");
        sql.text(columns).text(EVENT_TYPE).text(" FROM ").text(table).text(" p").text(JOINS);
        sql.text(EVENT_JOIN)
            .text("WHERE p.company_id = ")
            .bind(company.raw())
            .text(" AND p.id = ")
            .bind(id)
            .text(tail);
        if let Some(row) = Listed::find_by_statement(sql.build(backend)).one(connection).await? {
            return Ok(row);
        }
    }
    Err(Error::NotFound)
}

/// Reads the types of these deliveries' events, as far as retention has left them.
async fn name_event_types(
    connection: &impl ConnectionTrait,
    company: i64,
    rows: &mut [Listed],
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let events: BTreeSet<i64> = rows.iter().map(|row| row.event_id).collect();
    let mut sql = Sql::new("SELECT id, event_type FROM events WHERE company_id = ");
    sql.bind(company).text(" AND id IN (").list(events).text(")");
    let found = connection.query_all_raw(sql.build(connection.get_database_backend())).await?;
    let types = found
        .iter()
        .map(|row| Ok((row.try_get("", "id")?, row.try_get("", "event_type")?)))
        .collect::<Result<HashMap<i64, String>, Error>>()?;
    for row in rows {
        row.event_type = types.get(&row.event_id).cloned();
    }
    Ok(())
}

/// Whether a filter asks for anything of the events.
pub(crate) fn asks_for_events(filter: &DeliveryFilter) -> bool {
    !event_conditions("ev", EventParts::of_deliveries(filter)).is_empty()
}

/// Which rows of the table are wanted; `None`: none of them.
pub(crate) fn conditions(table: Table, filter: &DeliveryFilter) -> Option<Vec<Sql>> {
    let mut conditions = Vec::new();
    match (table, filter.state) {
        (Table::Pending, Some(state)) => conditions.push(Sql::new(pending_condition(state)?)),
        (Table::Pending | Table::Events, None) => {}
        (Table::History | Table::Events, state) => {
            if let Some(state) = state {
                let mut sql = Sql::new("p.state = ");
                sql.bind(history_code(state)?);
                conditions.push(sql);
            }
        }
    }
    let mut is = |text: &str, value: sea_orm::Value| {
        let mut sql = Sql::new(text);
        sql.bind(value);
        conditions.push(sql);
    };
    if let Some(endpoint) = endpoint_of(filter) {
        is("p.endpoint_id = ", endpoint.into());
    }
    if let (Some(_), Some(Needle::Endpoint(endpoint))) = (filter.endpoint, &filter.needle) {
        is("p.endpoint_id = ", endpoint.raw().into());
    }
    if let Some(Needle::Event(event)) = filter.needle {
        is("p.event_id = ", event.raw().into());
    }
    conditions.extend(filter.status.map(|wanted| status_condition(table, wanted)));
    if let Some(kind) = filter.error {
        let mut sql = Sql::new(last_attempt(table, "error_kind").as_str());
        sql.text(" = ").bind(kind.as_str());
        conditions.push(sql);
    }
    conditions.extend(event_conditions("ev", EventParts::of_deliveries(filter)));
    Some(conditions)
}

fn status_condition(table: Table, wanted: StatusWanted) -> Sql {
    let mut sql = Sql::new(last_attempt(table, "status_code").as_str());
    match wanted {
        StatusWanted::Code(code) => sql.text(" = ").bind(i64::from(code)),
        StatusWanted::Class(class) => {
            let first = i64::from(class) * 100;
            sql.text(" BETWEEN ").bind(first).text(" AND ").bind(first + 99)
        }
    };
    sql
}

/// A column of the last attempt of `p`: in its row, in `attempts`, or in the row of an earlier schedule.
fn last_attempt(table: Table, column: &str) -> String {
    let elsewhere = format!(
        "COALESCE((SELECT a.{column} FROM attempts a WHERE a.company_id = p.company_id \
         AND a.delivery_id = p.id AND a.number = p.tries), (SELECT h.{column} FROM deliveries h \
         WHERE h.company_id = p.company_id AND h.id = p.id AND h.tries = p.tries \
         AND h.started_at IS NOT NULL ORDER BY h.generation DESC LIMIT 1))"
    );
    match table {
        Table::History => {
            format!("CASE WHEN p.started_at IS NULL THEN {elsewhere} ELSE p.{column} END")
        }
        // Most of what waits was never tried.
        Table::Pending | Table::Events => {
            format!("CASE WHEN p.tries = 0 THEN NULL ELSE {elsewhere} END")
        }
    }
}

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
