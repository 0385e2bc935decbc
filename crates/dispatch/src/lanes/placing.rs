//! Where a lane stands, and the counts that follow from it.

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, EndpointId};
use store::Claimed;

use super::lane::{Lane, Place, Sendable};
use super::turns::share;
use super::{Lanes, Limits};
use crate::round::{Asked, Room};

/// Failing endpoints together have at most one in so many of all requests in flight, and of the memory.
const FAILING_SHARE: usize = 4;
/// One in so many parts of the memory is spare: companies that have little use it when the others have the rest.
const SPARE_SHARE: usize = 8;
/// Such a company has at most one in so many of what is free.
const LITTLE_SHARE: usize = 64;
/// One endpoint leaves one in so many of what its company may have to the company's others.
const OWN_SHARE: usize = 4;

/// What a lane, or all of them, has in hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) rows: usize,
    pub(super) bytes: usize,
    pub(super) failing_bytes: usize,
    pub(super) queued: usize,
    /// What of it is in lanes that take turns, so that the next row could be sent.
    pub(super) ready: usize,
    pub(super) in_flight: usize,
    /// Given out, in flight or not, and not settled: what a crash would send twice.
    pub(super) unsettled: usize,
    pub(super) failing_in_flight: usize,
    /// Failing lanes that take turns, each of which will want a place of the failing.
    pub(super) failing_ready: usize,
}

impl Load {
    fn of(lane: &Lane) -> Self {
        Self {
            rows: lane.rows(),
            bytes: lane.bytes,
            failing_bytes: if lane.is_failing() { lane.bytes } else { 0 },
            queued: lane.queued(),
            ready: if lane.place == Place::Ready { lane.queued() } else { 0 },
            in_flight: lane.in_flight,
            unsettled: lane.unsettled,
            failing_in_flight: if lane.is_failing() { lane.in_flight } else { 0 },
            failing_ready: usize::from(lane.is_failing() && lane.place == Place::Ready),
        }
    }

    fn replace(&mut self, before: Self, after: Self) {
        self.rows = self.rows + after.rows - before.rows;
        self.bytes = self.bytes + after.bytes - before.bytes;
        self.failing_bytes = self.failing_bytes + after.failing_bytes - before.failing_bytes;
        self.queued = self.queued + after.queued - before.queued;
        self.ready = self.ready + after.ready - before.ready;
        self.in_flight = self.in_flight + after.in_flight - before.in_flight;
        self.unsettled = self.unsettled + after.unsettled - before.unsettled;
        self.failing_in_flight =
            self.failing_in_flight + after.failing_in_flight - before.failing_in_flight;
        self.failing_ready = self.failing_ready + after.failing_ready - before.failing_ready;
    }
}

impl Lanes {
    pub(super) fn free_slots(&self) -> usize {
        self.limits.in_flight_max.saturating_sub(self.load.in_flight)
    }

    fn failing_max(&self) -> usize {
        (self.limits.in_flight_max / FAILING_SHARE).max(1)
    }

    /// Lets lanes that were set aside take turns again, as many as can get a place.
    pub(super) fn unpark(&mut self) {
        while self.load.failing_in_flight + self.load.failing_ready < self.failing_max() {
            let Some(endpoint) = self.turns.unpark() else { return };
            let sendable_from = match self.lanes.get_mut(&endpoint) {
                // One that was healed meanwhile has left its trace behind here.
                Some(lane) if lane.place == Place::Parked => self.sendable(endpoint),
                Some(_) | None => continue,
            };
            match sendable_from {
                Sendable::From(at) if at <= self.now => self.enter(endpoint),
                Sendable::From(_) | Sendable::No => {
                    self.place(endpoint, Place::Out);
                    self.refresh(endpoint);
                }
            }
        }
    }

    /// What failing endpoints may still have of the memory, so that many of them leave it to the others.
    fn failing_room(&self) -> usize {
        (self.limits.memory_max / FAILING_SHARE).saturating_sub(self.load.failing_bytes)
    }

    /// Room in memory for rows of this endpoint, in bytes.
    pub(super) fn room_in_bytes(&self, endpoint: EndpointId) -> usize {
        let lane = self.lanes.get(&endpoint);
        let mut room = self.company_room(lane).min(self.own_room(lane));
        if lane.is_some_and(Lane::is_failing) {
            room = room.min(self.failing_room());
        }
        room.max(self.little_room(lane))
    }

    /// What there is for a round of claims, of so many rows at most.
    pub(crate) fn round_room(&self, rows: usize) -> Room {
        // Alone, a row goes through however large it is.
        let alone = usize::from(self.load.bytes == 0);
        Room {
            rows,
            bytes: self.main_free().max(alone),
            failing_bytes: self.failing_room().max(alone),
            spare_bytes: self.free().saturating_sub(self.main_free()),
        }
    }

    /// What a lane would take in a round.
    pub(crate) fn asked(&self, endpoint: EndpointId, rows: usize) -> Asked {
        let lane = self.lanes.get(&endpoint);
        let alone = usize::from(self.load.bytes == 0);
        Asked {
            rows,
            row_bytes: lane.and_then(Lane::row_bytes),
            company: lane.and_then(|lane| lane.company),
            company_bytes: self.company_room(lane).max(alone),
            own_bytes: self.own_room(lane).max(alone),
            little_bytes: self.little_room(lane),
            is_failing: lane.is_some_and(Lane::is_failing),
        }
    }

    /// What is queued of a failing endpoint beyond what it would be given now, where failing ones have all that they
    /// may have: it came in before the endpoint was found out, and others wait for its room.
    #[must_use]
    pub fn take_excess(&mut self, endpoint: EndpointId) -> Vec<Claimed> {
        let is_failing = self.lanes.get(&endpoint).is_some_and(Lane::is_failing);
        if !is_failing || self.failing_room() > 0 {
            return Vec::new();
        }
        let excess = self.update(endpoint, |lane, limits| lane.take_excess(limits));
        self.refresh(endpoint);
        excess.unwrap_or_default()
    }

    /// Memory that nothing takes.
    fn free(&self) -> usize {
        self.limits.memory_max.saturating_sub(self.load.bytes)
    }

    /// The same without what is spare, for those who have little.
    fn main_free(&self) -> usize {
        self.free().saturating_sub(self.limits.memory_max / SPARE_SHARE)
    }

    fn company_bytes(&self, lane: Option<&Lane>) -> usize {
        lane.and_then(|lane| lane.company).map_or(0, |company| self.turns.bytes(company))
    }

    /// Room over all lanes of a company, in bytes: no company takes all that there is.
    fn company_room(&self, lane: Option<&Lane>) -> usize {
        let free = self.main_free();
        // What it may hold when `more` is taken: held + more <= share(free - more).
        let own = share(free).saturating_sub(self.company_bytes(lane)).div_ceil(share(1) + 1);
        own.min(free)
    }

    /// Room of one lane: none takes all that its company may have.
    fn own_room(&self, lane: Option<&Lane>) -> usize {
        let of_company = self.company_bytes(lane) + self.company_room(lane);
        let held = lane.map_or(0, |lane| lane.bytes);
        (of_company - of_company / OWN_SHARE).saturating_sub(held)
    }

    /// What a lane could have if nothing were here.
    pub(super) fn whole_own_room(&self) -> usize {
        let all = self.limits.memory_max - self.limits.memory_max / SPARE_SHARE;
        let of_company = share(all).div_ceil(share(1) + 1);
        of_company - of_company / OWN_SHARE
    }

    /// Room for a company that has little, however much others have: a small part of what is left, so that some is
    /// left for however many come like it.
    fn little_room(&self, lane: Option<&Lane>) -> usize {
        (self.free() / LITTLE_SHARE).saturating_sub(self.company_bytes(lane))
    }

    /// Makes sure that the endpoint has a lane, and that the lane counts for its company.
    pub(super) fn attach(&mut self, endpoint: EndpointId, company: CompanyId) {
        let (limits, now) = (self.limits, self.now);
        let let_in = &self.let_in;
        let lane = self.lanes.entry(endpoint).or_insert_with(|| {
            let mut lane = Lane::new(&limits, now);
            if let Some(traffic) = let_in.get(&endpoint) {
                lane.restrain(*traffic);
            }
            lane
        });
        if lane.company.is_none() {
            lane.company = Some(company);
            let load = Load::of(lane);
            let company = self.turns.company(company);
            company.bytes += load.bytes;
            company.in_flight += load.in_flight;
        }
    }

    /// Changes a lane and every count that the change touches.
    pub(super) fn update<R>(
        &mut self,
        endpoint: EndpointId,
        change: impl FnOnce(&mut Lane, &Limits) -> R,
    ) -> Option<R> {
        let lane = self.lanes.get_mut(&endpoint)?;
        let before = Load::of(lane);
        let result = change(lane, &self.limits);
        let after = Load::of(lane);
        if before != after {
            self.load.replace(before, after);
            if let Some(company) = lane.company {
                let company = self.turns.company(company);
                company.bytes = company.bytes + after.bytes - before.bytes;
                company.in_flight = company.in_flight + after.in_flight - before.in_flight;
            }
        }
        Some(result)
    }

    fn place(&mut self, endpoint: EndpointId, place: Place) {
        self.update(endpoint, |lane, _| lane.place = place);
    }

    /// How many more requests of this company could be in flight if nobody else's were begun.
    fn room_of(&self, company: Option<CompanyId>) -> usize {
        self.turns.room(company, self.free_slots())
    }

    fn sendable(&self, endpoint: EndpointId) -> Sendable {
        self.lanes
            .get(&endpoint)
            .map_or(Sendable::No, |lane| lane.sendable(&self.limits, self.room_of(lane.company)))
    }

    /// Puts a lane among the turns.
    fn enter(&mut self, endpoint: EndpointId) {
        if let Some(company) = self.lanes.get(&endpoint).and_then(|lane| lane.company) {
            self.place(endpoint, Place::Ready);
            self.turns.enter(company, endpoint);
        }
    }

    /// Puts a lane where it belongs after it has changed: among the turns, among the wakes, or
    /// nowhere. One that takes turns already is looked at again when its turn comes, and a failing
    /// one goes behind those that were set aside before it.
    pub(super) fn refresh(&mut self, endpoint: EndpointId) {
        let free_slots = self.free_slots();
        let Some(lane) = self.lanes.get_mut(&endpoint) else { return };
        let Some(company) = lane.company else { return };
        let room = self.turns.room(Some(company), free_slots);
        match lane.place {
            Place::Ready => return,
            Place::Parked if lane.is_failing() => return,
            Place::Parked | Place::Out => lane.place = Place::Out,
        }
        let sendable = lane.sendable(&self.limits, room);
        let wake = match sendable {
            Sendable::From(at) if at > self.now => Some(at),
            Sendable::From(_) | Sendable::No => None,
        };
        if lane.wake != wake {
            if let Some(at) = lane.wake {
                self.wakes.remove(&(at, endpoint));
            }
            if let Some(at) = wake {
                self.wakes.insert((at, endpoint));
            }
            lane.wake = wake;
        }
        if wake.is_some() || sendable == Sendable::No {
            return;
        }
        if lane.is_failing() {
            lane.place = Place::Parked;
            self.turns.park(company, endpoint);
        } else {
            self.enter(endpoint);
        }
    }

    /// The same after a slot of the lane, and so of its company, has become free.
    pub(super) fn refresh_with_company(&mut self, endpoint: EndpointId) {
        self.refresh(endpoint);
        if let Some(company) = self.lanes.get(&endpoint).and_then(|lane| lane.company) {
            self.turns.resume(company);
        }
    }

    /// The clock was set back: nothing was done later than now, and whoever waited waits anew.
    pub(super) fn turn_back(&mut self, now: DateTime<Utc>) {
        self.now = now;
        self.wakes.clear();
        for lane in self.lanes.values_mut() {
            lane.turn_back(now);
            lane.wake = None;
        }
        let endpoints: Vec<EndpointId> = self.lanes.keys().copied().collect();
        for endpoint in endpoints {
            self.refresh(endpoint);
        }
    }

    pub(super) fn wake_due(&mut self) {
        while let Some((at, endpoint)) = self.wakes.first().copied() {
            if at > self.now {
                return;
            }
            self.wakes.pop_first();
            if let Some(lane) = self.lanes.get_mut(&endpoint) {
                lane.wake = None;
            }
            self.refresh(endpoint);
        }
    }

    /// One row of a company's, from the first of its lanes in turn that can send.
    pub(super) fn turn_of(&mut self, company: CompanyId) -> Option<Claimed> {
        let now = self.now;
        while let Some(endpoint) = self.turns.next_lane(company) {
            self.place(endpoint, Place::Out);
            let can_send = match self.sendable(endpoint) {
                Sendable::From(at) => at <= now,
                Sendable::No => false,
            };
            let failing_max = self.failing_max();
            let failing_is_full = self.load.failing_in_flight >= failing_max;
            let row = self.update(endpoint, |lane, limits| {
                let may_send = can_send && !(lane.is_failing() && failing_is_full);
                if may_send { lane.begin(limits, now) } else { None }
            });
            self.refresh(endpoint);
            if let Some(Some(row)) = row {
                return Some(row);
            }
        }
        None
    }
}
