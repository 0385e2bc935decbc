//! Whose turn it is: round the companies, then round the endpoints of a company.
//!
//! Only lanes that could send when they were put here are here. One that no longer can is dropped
//! when its turn comes, which its being put here has paid for.

use std::collections::{BTreeSet, VecDeque};

use domain::id::{CompanyId, EndpointId};

use super::id_hash::IdMap;

/// For each free place, a company may hold so many: one alone gets three quarters of what there
/// is, and however many are greedy, there is room left for the next.
const SHARE_PER_FREE: usize = 3;

/// How much one company may hold of something when `free` of it is left.
pub(super) fn share(free: usize) -> usize {
    (free * SHARE_PER_FREE).max(1)
}

#[derive(Debug, Default)]
pub(super) struct Company {
    /// What its rows in memory take of it, those that are promised included.
    pub(super) bytes: usize,
    pub(super) in_flight: usize,
    ready: VecDeque<EndpointId>,
    parked: VecDeque<EndpointId>,
    in_rotation: bool,
    in_parking: bool,
    /// Under which number in flight it stands among those passed over.
    passed_over_with: Option<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Turns {
    companies: IdMap<CompanyId, Company>,
    rotation: VecDeque<CompanyId>,
    parking: VecDeque<CompanyId>,
    /// Companies that have their share in flight, by how much that is.
    passed_over: BTreeSet<(usize, CompanyId)>,
}

impl Turns {
    pub(super) fn company(&mut self, company: CompanyId) -> &mut Company {
        self.companies.entry(company).or_default()
    }

    /// What a company's rows take of the memory.
    pub(super) fn bytes(&self, company: CompanyId) -> usize {
        self.companies.get(&company).map_or(0, |entry| entry.bytes)
    }

    /// How many companies have something here, or had a moment ago.
    pub(super) fn companies(&self) -> usize {
        self.companies.len()
    }

    /// How many more requests a company may have in flight while each takes one of the free slots:
    /// in flight + n <= share(free - n).
    pub(super) fn room(&self, company: Option<CompanyId>, free_slots: usize) -> usize {
        let entry = company.and_then(|company| self.companies.get(&company));
        let in_flight = entry.map_or(0, |entry| entry.in_flight);
        share(free_slots).saturating_sub(in_flight).div_ceil(share(1) + 1).min(free_slots)
    }

    /// Puts a lane at the end of its company's turns, and the company at the end of all turns.
    pub(super) fn enter(&mut self, company: CompanyId, endpoint: EndpointId) {
        self.company(company).ready.push_back(endpoint);
        self.resume(company);
    }

    /// Lets a company take turns again that has something to send.
    pub(super) fn resume(&mut self, company: CompanyId) {
        let Some(entry) = self.companies.get_mut(&company) else { return };
        if let Some(in_flight) = entry.passed_over_with.take() {
            self.passed_over.remove(&(in_flight, company));
        }
        if !entry.in_rotation && !entry.ready.is_empty() {
            entry.in_rotation = true;
            self.rotation.push_back(company);
        }
    }

    /// Sets a lane aside until [`Self::unpark`].
    pub(super) fn park(&mut self, company: CompanyId, endpoint: EndpointId) {
        let entry = self.company(company);
        entry.parked.push_back(endpoint);
        if !entry.in_parking {
            entry.in_parking = true;
            self.parking.push_back(company);
        }
    }

    /// One of the lanes set aside; the companies take turns here too.
    pub(super) fn unpark(&mut self) -> Option<EndpointId> {
        let company = self.parking.pop_front()?;
        let entry = self.companies.get_mut(&company)?;
        let endpoint = entry.parked.pop_front();
        entry.in_parking = !entry.parked.is_empty();
        if entry.in_parking {
            self.parking.push_back(company);
        }
        endpoint
    }

    /// The company whose turn it is, taken out of the rotation until [`Self::resume`]. One that
    /// has its share in flight is passed over until it has less, or the share is larger.
    pub(super) fn next_company(&mut self, free_slots: usize) -> Option<CompanyId> {
        let share = share(free_slots);
        while let Some((in_flight, company)) = self.passed_over.first().copied()
            && in_flight < share
        {
            self.resume(company);
        }
        while let Some(company) = self.rotation.pop_front() {
            let Some(entry) = self.companies.get_mut(&company) else { continue };
            entry.in_rotation = false;
            if entry.in_flight == 0 || entry.in_flight < share {
                return Some(company);
            }
            entry.passed_over_with = Some(entry.in_flight);
            self.passed_over.insert((entry.in_flight, company));
        }
        None
    }

    /// The lane of a company whose turn it is, taken out.
    pub(super) fn next_lane(&mut self, company: CompanyId) -> Option<EndpointId> {
        self.companies.get_mut(&company)?.ready.pop_front()
    }

    pub(super) fn forget_idle(&mut self) {
        self.companies.retain(|_, entry| {
            entry.bytes > 0
                || entry.in_flight > 0
                || entry.in_rotation
                || entry.in_parking
                || !entry.ready.is_empty()
        });
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.companies.is_empty()
            && self.rotation.is_empty()
            && self.parking.is_empty()
            && self.passed_over.is_empty()
    }

    /// Whether no more than `companies` take turns, and nothing is set aside.
    #[cfg(test)]
    pub(super) fn is_at_rest_but_for(&self, companies: usize) -> bool {
        self.rotation.len() == companies && self.parking.is_empty()
    }

    #[cfg(test)]
    pub(super) fn has_its_share(&self, company: CompanyId, free_slots: usize) -> bool {
        self.companies
            .get(&company)
            .is_some_and(|entry| entry.in_flight > 0 && entry.in_flight >= share(free_slots))
    }
}
