//! To which endpoints events of ingest go, and who sends each delivery.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::derived::DerivedEvent;
use domain::event_type::EventTypeName;
use domain::id::{CompanyId, EndpointId};

use crate::Store;
use crate::compiled::{Chosen, CompiledCompany};
use crate::ingest_items::{Fate, Item};
use crate::ingest_rows::{LaneWish, PendingRow, Rooms};
use crate::lane_rows::LaneSeen;

impl Store {
    /// Who owns the lanes that this transaction makes.
    pub(crate) fn lane_owner(&self, rooms: &Rooms<'_>) -> i64 {
        if rooms.may_own_lanes() { self.incarnation() } else { 0 }
    }

    /// Decides who sends each fresh delivery: this node at once as far as it has room and the lane lets it,
    /// else the owner of the endpoint's lane. Gives the lanes that must be there.
    pub(crate) fn assign(
        &self,
        owners: &HashMap<i64, LaneSeen>,
        rows: &mut [PendingRow],
        rooms: &mut Rooms<'_>,
        now: DateTime<Utc>,
    ) -> Vec<LaneWish> {
        let incarnation = self.incarnation();
        let mut wanted: BTreeMap<i64, (i64, bool, Vec<usize>)> = BTreeMap::new();
        for row in rows.iter().filter(|row| !row.held) {
            let restrained = row.traffic.is_exclusive();
            let of_endpoint = wanted.entry(row.endpoint);
            let of_endpoint = of_endpoint.or_insert((row.company, restrained, Vec::new()));
            of_endpoint.2.push(row.bytes);
        }
        let mut granted: HashMap<i64, usize> = HashMap::with_capacity(wanted.len());
        for (endpoint, (company, restrained, sizes)) in wanted {
            let lane = owners.get(&endpoint);
            let takes = |lane: &LaneSeen| lane.takes_fresh_of(incarnation, now);
            let ours = if restrained {
                lane.is_some_and(|lane| lane.owner == incarnation && takes(lane))
                    && rooms.is_let_in(EndpointId::from_raw(endpoint))
            } else {
                lane.is_none_or(takes)
            };
            let room = if ours {
                rooms.reserve(CompanyId::from_raw(company), EndpointId::from_raw(endpoint), &sizes)
            } else {
                0
            };
            granted.insert(endpoint, room);
        }
        let owner = self.lane_owner(rooms);
        let mut wishes: BTreeMap<i64, LaneWish> = BTreeMap::new();
        for row in rows.iter_mut().filter(|row| !row.held) {
            match granted.get_mut(&row.endpoint) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    row.claimed_by = incarnation;
                }
                // Whether it is a head turns out later.
                _ if row.is_ordered() => {}
                _ => {
                    wishes
                        .entry(row.endpoint)
                        .or_insert_with(|| LaneWish::due(row.endpoint, row.company, owner, now));
                }
            }
        }
        wishes.into_values().collect()
    }
}

/// The endpoints that these events may go to, sorted, as far as their companies are known.
pub(crate) fn owners_to_read(
    items: &[Item<'_>],
    companies: &HashMap<CompanyId, Arc<CompiledCompany>>,
) -> Vec<i64> {
    let new = || items.iter().filter(|item| item.fate == Fate::New);
    let mut pairs: Vec<(CompanyId, &EventTypeName)> =
        new().map(|item| (item.event.company, &item.event.event_type)).collect();
    for item in new().filter(|item| item.said.is_some()) {
        let derived = DerivedEvent::ALL.iter().map(|derived| derived.event_type());
        pairs.extend(derived.map(|event_type| (item.event.company, event_type)));
    }
    pairs.sort_unstable();
    pairs.dedup();
    let mut endpoints: Vec<i64> = Vec::new();
    for (company, event_type) in pairs {
        let Some(company) = companies.get(&company) else { continue };
        endpoints.extend(company.at(&company.of_type(event_type)).map(|e| e.id.raw()));
    }
    endpoints.sort_unstable();
    endpoints.dedup();
    endpoints
}

/// Leaves out the endpoints that ask for another session than an event's, once that is known.
pub(crate) fn choose_by_session<'a, 'b: 'a>(
    items: impl IntoIterator<Item = &'a mut Item<'b>>,
    companies: &HashMap<CompanyId, Arc<CompiledCompany>>,
) {
    let asks = |item: &&mut Item<'_>| item.fate == Fate::New && item.chosen.asks_for_sessions();
    for item in items.into_iter().filter(asks) {
        let company = &companies[&item.event.company];
        item.chosen = company.in_session(&item.chosen, item.session_state);
        item.deliveries = count(&item.chosen);
    }
}

/// How many endpoints are chosen.
pub(crate) fn count(chosen: &Chosen) -> u32 {
    u32::try_from(chosen.len()).unwrap_or(domain::id::BLOCK_MAX)
}

/// One row for each endpoint that an event goes to.
pub(crate) fn fan_out(
    items: &[Item<'_>],
    companies: &HashMap<CompanyId, Arc<CompiledCompany>>,
    now: DateTime<Utc>,
) -> Vec<PendingRow> {
    let mut rows = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate().filter(|(_, item)| item.fate == Fate::New) {
        let company = &companies[&item.event.company];
        let ids = item.id + 1..;
        for (id, endpoint) in ids.zip(company.at(&item.chosen)).take(item.deliveries as usize) {
            rows.push(PendingRow::fresh(id, place, item, endpoint, now));
        }
    }
    rows
}
