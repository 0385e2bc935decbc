//! Endpoint by endpoint, what became of an event, and why nothing did.

use domain::delivery::DeliveryState;
use domain::id::{CompanyId, DeliveryId, EndpointId, EventId};
use domain::why::WhyNot;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::endpoint;
use crate::{
    DeliveryFilter, EndpointRecord, Error, EventRecord, PAGE_ROWS_MAX, PageRequest, Store,
};

/// How many endpoints are looked at, the newest.
const ENDPOINTS_MAX: u64 = 1_000;
/// How many deliveries of the event are looked at, in pages.
const DELIVERY_PAGES_MAX: usize = 50;

/// What became of an event at one endpoint.
#[derive(Debug, Clone)]
pub struct WhyRecord {
    /// The endpoint; those that are deleted are left out.
    pub endpoint: EndpointRecord,
    /// The event's deliveries to it: the newest first, more than one after a replay.
    pub deliveries: Vec<(DeliveryId, DeliveryState)>,
    /// Why there is none, where there is none.
    pub why_not: Option<WhyNot>,
    /// Where that is its filter, what the filter found.
    pub finding: Option<String>,
}

/// Why an event has no delivery to an endpoint, and what its filter found where it is that.
fn why_not(event: &EventRecord, endpoint: &EndpointRecord) -> (Option<WhyNot>, Option<String>) {
    let selection = event.selection();
    let mismatch = selection.mismatch(endpoint.picks());
    let (made_at, status) = (endpoint.created_at, endpoint.state.status());
    let why_not = WhyNot::of(made_at, event.accepted_at, mismatch, status);
    let filter = endpoint.narrowing.filter.as_ref();
    let finding = filter
        .filter(|_| why_not == WhyNot::FilterDiffers)
        .and_then(|filter| selection.explain(filter).reason().map(domain::filter::Finding::told));
    (Some(why_not), finding)
}

impl Store {
    /// What became of an event, endpoint by endpoint, newest first (at most 1,000 endpoints).
    pub async fn why(&self, company: CompanyId, id: EventId) -> Result<Vec<WhyRecord>, Error> {
        let event = self.event(company, id).await?;
        let deliveries = self.deliveries_of(company, id).await?;
        let rows = endpoint::Entity::find()
            .filter(endpoint::Column::CompanyId.eq(company.raw()))
            .filter(endpoint::Column::DeletedAt.is_null())
            .order_by_desc(endpoint::Column::Id)
            .limit(ENDPOINTS_MAX)
            .all(self.reader())
            .await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            let endpoint = self.endpoint_record(row)?;
            let own: Vec<(DeliveryId, DeliveryState)> = deliveries
                .iter()
                .filter(|(to, ..)| *to == endpoint.id)
                .map(|(_, delivery, state)| (*delivery, *state))
                .collect();
            let (why_not, finding) =
                if own.is_empty() { why_not(&event, &endpoint) } else { (None, None) };
            records.push(WhyRecord { endpoint, deliveries: own, why_not, finding });
        }
        Ok(records)
    }

    async fn deliveries_of(
        &self,
        company: CompanyId,
        event: EventId,
    ) -> Result<Vec<(EndpointId, DeliveryId, DeliveryState)>, Error> {
        let mut found = Vec::new();
        let mut page = PageRequest { limit: PAGE_ROWS_MAX, before: None };
        for _ in 0..DELIVERY_PAGES_MAX {
            let filter = DeliveryFilter { event: Some(event), ..DeliveryFilter::default() };
            let rows = self.deliveries(company, filter, page).await?;
            found.extend(rows.data.into_iter().map(|row| (row.endpoint, row.id, row.state)));
            match rows.next {
                Some(before) => page.before = Some(before),
                None => break,
            }
        }
        Ok(found)
    }
}
