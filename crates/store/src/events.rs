//! Events as they are read.

use domain::id::{CompanyId, EventId, floor_at};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::delivery_list::{Range, end_of_scan};
use crate::entity::event;
use crate::rows::event::record;
use crate::rows::page::{SCAN_ROWS_MAX, before_of, cut, limit_of, snapshot};
use crate::rows::sql::Sql;
use crate::{Error, EventFilter, EventRecord, Page, PageRequest, Store};

impl Store {
    /// One event.
    pub async fn event(&self, company: CompanyId, id: EventId) -> Result<EventRecord, Error> {
        let row = event::Entity::find_by_id(id.raw())
            .filter(event::Column::CompanyId.eq(company.raw()))
            .one(self.reader())
            .await?;
        record(row.ok_or(Error::NotFound)?)
    }

    /// The company's events.
    pub async fn events(
        &self,
        company: CompanyId,
        filter: EventFilter,
        page: PageRequest,
    ) -> Result<Page<EventRecord>, Error> {
        let range = Range {
            from: filter.since.map_or(0, floor_at),
            below: filter.until.map_or(i64::MAX, floor_at).min(before_of(page)),
        };
        let limit = limit_of(page);
        let tx = snapshot(self.reader()).await?;
        let statement = select(company, &filter, range, limit + 1).build(tx.get_database_backend());
        let rows = event::Entity::find().from_raw_sql(statement).all(&tx).await?;
        let is_full = rows.len() as u64 > limit;
        let looked_down_to =
            if is_full { None } else { end_of_scan(&tx, "events", company, range).await? };
        let records = rows.into_iter().map(record).collect::<Result<Vec<_>, _>>()?;
        Ok(cut(records, limit, looked_down_to, |record| record.id.raw()))
    }
}

/// Looks at a bounded number of the company's events.
fn select(company: CompanyId, filter: &EventFilter, range: Range, limit: u64) -> Sql {
    let mut sql = Sql::new("SELECT * FROM (SELECT * FROM events WHERE company_id = ");
    sql.bind(company.raw());
    sql.text(" AND id >= ").bind(range.from).text(" AND id < ").bind(range.below);
    sql.text(" ORDER BY id DESC LIMIT ").bind(SCAN_ROWS_MAX).text(") p WHERE 1 = 1");
    if let Some(event_type) = &filter.event_type {
        sql.text(" AND event_type = ").bind(event_type.as_str());
    }
    if let Some(subject) = &filter.subject {
        sql.text(" AND subject = ").bind(subject.as_str());
    }
    if let Some(source) = filter.source {
        sql.text(" AND source_id = ").bind(source.raw());
    }
    if let Some(external_id) = &filter.external_id {
        sql.text(" AND external_id = ").bind(external_id.as_str());
    }
    sql.text(" ORDER BY id DESC LIMIT ").bind(limit as i64);
    sql
}
