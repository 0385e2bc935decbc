//! Events as they are read.

use domain::event_type::{EventTypeName, Selector};
use domain::id::{CompanyId, EventId, SourceId, floor_at};
use domain::search::Needle;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryResult};

use crate::delivery_list::find_one;
use crate::entity::event;
use crate::rows::event::record;
use crate::rows::page::{before_of, limit_of, snapshot};
use crate::rows::sql::Sql;
use crate::search::look::{Look, Table, Target, look};
use crate::search::terms::{EventParts, of_company};
use crate::search::walk::done_of;
use crate::time::from_micros;
use crate::{CutPage, Error, EventFilter, EventRecord, PageRequest, Store};

impl Store {
    /// One event.
    pub async fn event(&self, company: CompanyId, id: EventId) -> Result<EventRecord, Error> {
        let row = event::Entity::find_by_id(id.raw())
            .filter(event::Column::CompanyId.eq(company.raw()))
            .one(self.reader())
            .await?;
        record(row.ok_or(Error::NotFound)?)
    }

    /// The company's events, without their data.
    pub async fn events(
        &self,
        company: CompanyId,
        filter: EventFilter,
        page: PageRequest,
    ) -> Result<CutPage<EventRecord>, Error> {
        let patience = self.patience();
        let limit = usize::try_from(limit_of(page)).unwrap_or(usize::MAX);
        let tx = snapshot(self.reader()).await?;
        let look_at = self.event_look(&tx, company, &filter, page).await?;
        let found = look(&tx, vec![look_at], limit, patience).await?;
        let data = found.rows.iter().map(|(_, row)| listed(row)).collect::<Result<_, _>>()?;
        Ok(CutPage { data, next: found.next, cut: found.cut })
    }

    async fn event_look(
        &self,
        tx: &DatabaseTransaction,
        company: CompanyId,
        filter: &EventFilter,
        page: PageRequest,
    ) -> Result<Look, Error> {
        let limit = usize::try_from(limit_of(page)).unwrap_or(usize::MAX);
        let ids = (
            filter.since.map_or(0, floor_at),
            filter.until.map_or(i64::MAX, floor_at).min(before_of(page)),
        );
        let parts = EventParts::of_events(filter);
        let conditions = event_conditions("p", parts);
        let target = Target::of_events(company.raw(), conditions);
        let id = match filter.needle {
            Some(Needle::Event(id)) => Some(id.raw()),
            Some(Needle::Delivery(id)) => match find_one(tx, company, id.raw()).await {
                Ok(row) => Some(row.event_id),
                Err(Error::NotFound) => return Ok(Look::nowhere(target, ids, limit)),
                Err(error) => return Err(error),
            },
            Some(Needle::Endpoint(_)) => return Ok(Look::nowhere(target, ids, limit)),
            Some(Needle::Text { .. }) | None => None,
        };
        if let Some(id) = id {
            let ids = (ids.0.max(id), ids.1.min(id.saturating_add(1)));
            return Ok(Look::scan(target, ids, limit));
        }
        let by_company = Table::Events.is_by_company(self.backend());
        let everything = || (!by_company).then(|| of_company(company.raw()));
        let Some(wanted) = parts.wanted(company.raw()).or_else(everything) else {
            return Ok(Look::scan(target, ids, limit));
        };
        let shelf = self.shelf_of(company.raw());
        let done = done_of(tx, shelf).await?;
        Ok(Look::by_terms(target, ids, limit, (shelf, done, wanted)))
    }
}

/// What is wanted of the events `alias`.
pub(crate) fn event_conditions(alias: &str, parts: EventParts<'_>) -> Vec<Sql> {
    let column = |name: &str| Sql::new(&format!("{alias}.{name}"));
    let is = |name: &str, value: sea_orm::Value| {
        let mut sql = column(name);
        sql.text(" = ").bind(value);
        sql
    };
    let mut conditions = Vec::new();
    conditions.extend(parts.event_type.and_then(|selector| type_condition(alias, selector)));
    conditions.extend(parts.subject.map(|subject| is("subject", subject.into())));
    conditions.extend(parts.external_id.map(|id| is("external_id", id.into())));
    conditions.extend(parts.source.map(|source| is("source_id", source.into())));
    conditions.extend(parts.phone_number_id.map(|id| is("phone_number_id", id.into())));
    if let Some(Needle::Text { subjects, external_id, event_type }) = parts.needle {
        let mut any = Sql::new("(");
        any.append(&is("external_id", external_id.as_str().into()));
        for subject in subjects {
            any.text(" OR ").append(&is("subject", subject.as_str().into()));
        }
        if let Some(of_type) = event_type.as_ref().and_then(|of| type_condition(alias, of)) {
            any.text(" OR ").append(&of_type);
        }
        any.text(")");
        conditions.push(any);
    }
    conditions
}

fn type_condition(alias: &str, selector: &Selector) -> Option<Sql> {
    let mut sql = Sql::new("");
    match selector {
        Selector::All => return None,
        Selector::Exact(name) => sql.text(alias).text(".event_type = ").bind(name.as_str()),
        Selector::Prefix(prefix) => {
            sql.text("substr(").text(alias).text(".event_type, 1, ");
            sql.bind(i32::try_from(prefix.len()).unwrap_or(i32::MAX))
                .text(") = ")
                .bind(prefix.as_ref())
        }
    };
    Some(sql)
}

/// An event of a list.
fn listed(row: &QueryResult) -> Result<EventRecord, Error> {
    let id: i64 = row.try_get("", "id")?;
    let corrupt = |what: String| Error::Corrupt { table: "events", id, what };
    let event_type: String = row.try_get("", "event_type")?;
    let source: i64 = row.try_get("", "source_id")?;
    let deliveries: i64 = row.try_get("", "deliveries")?;
    Ok(EventRecord {
        id: EventId::from_raw(id),
        event_type: EventTypeName::parse(&event_type)
            .map_err(|error| corrupt(format!("event_type {error}")))?,
        source: (source != 0).then(|| SourceId::from_raw(source)),
        external_id: row.try_get("", "external_id")?,
        subject: row.try_get("", "subject")?,
        phone_number_id: row.try_get("", "phone_number_id")?,
        occurred_at: from_micros(row.try_get("", "occurred_at")?),
        accepted_at: from_micros(row.try_get("", "accepted_at")?),
        expires_at: row.try_get::<Option<i64>>("", "expires_at")?.map(from_micros),
        session: None,
        data: Vec::new().into(),
        deliveries: u32::try_from(deliveries)
            .map_err(|_| corrupt(format!("deliveries is {deliveries}")))?,
    })
}
