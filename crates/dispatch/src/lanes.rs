//! The lanes of this node, in memory: what is queued for which endpoint, and whose turn it is.
//!
//! Pure and synchronous: time is an argument, nothing here sends, waits or reads the database. A
//! lane is first in, first out, behind a window of requests in flight. Only lanes that can send
//! take turns; one that cannot is out of them and comes back by an event (a row, an answer, a
//! settlement, a mode) or by a time, so that ten thousand dead endpoints cost a turn nothing.

mod admission;
mod holds;
mod id_hash;
mod lane;
mod pace;
mod placing;
mod turns;
mod young;

#[cfg(test)]
mod fairness_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod restraint_tests;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod window_tests;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, DeliveryId, EndpointId};
use domain::traffic::Traffic;
use store::Claimed;

use id_hash::IdMap;
use lane::Lane;
use lane::ROW_BYTES_GUESSED;
use placing::Load;
use turns::Turns;
use young::Young;

use crate::metrics::InHand;

/// At most so many rows are wanted of one lane at a time: how large they are is known only then.
const CLAIM_ROWS_MAX: usize = 1_024;

/// A clock that goes back by more than this was set: what lanes remember of later is forgotten.
const TURNED_BACK_AFTER: TimeDelta = TimeDelta::seconds(1);

/// What the lanes are bounded by.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Requests in flight over all lanes, those included that are answered and not settled: a crash
    /// sends no more than these twice, and a database that does not settle stops the sending.
    pub in_flight_max: usize,
    /// Requests that began within the last milliseconds and have no answer, to endpoints that answer at once.
    pub young_max: usize,
    /// Bytes of rows in memory over all lanes, from their reservation until their outcome is
    /// committed. One company has at most three quarters of it.
    pub memory_max: usize,
    /// Rows waiting in one lane, those that are promised included.
    pub lane_queued_max: usize,
    /// The window of a lane that nothing is known of.
    pub window_start: u32,
    /// The widest window.
    pub window_max: u32,
}

/// How a lane is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As fast as its window allows.
    Open,
    /// Defective: one request at a time, the next when the last is settled, at most one a second.
    Slow,
    /// Nothing is sent: paused, disabled, deleted, or another node's.
    Held,
}

/// A company that has no more than one in so many parts of the memory has little, whatever the others have.
const FEW_SHARE: usize = 256;

/// All lanes of this node.
#[derive(Debug)]
pub struct Lanes {
    limits: Limits,
    lanes: IdMap<EndpointId, Lane>,
    /// Restrained endpoints that this node has been let in to.
    let_in: IdMap<EndpointId, Traffic>,
    turns: Turns,
    wakes: BTreeSet<(DateTime<Utc>, EndpointId)>,
    load: Load,
    young: Young,
    now: DateTime<Utc>,
}

impl Lanes {
    /// No lanes yet. Limits that would let nothing through are raised to one.
    pub fn new(limits: Limits) -> Self {
        let window_start = limits.window_start.max(1);
        let limits = Limits {
            in_flight_max: limits.in_flight_max.max(1),
            window_start,
            window_max: limits.window_max.max(window_start),
            ..limits
        };
        Self {
            limits,
            lanes: IdMap::default(),
            let_in: IdMap::default(),
            turns: Turns::default(),
            wakes: BTreeSet::new(),
            load: Load::default(),
            young: Young::new(limits.young_max),
            now: DateTime::UNIX_EPOCH,
        }
    }

    /// Promises room for fresh deliveries of an endpoint with so many bytes each, and says for how
    /// many of them, the first ones. None where the lane is not open, on hold, or has a backlog that
    /// must go first.
    pub fn reserve(&mut self, company: CompanyId, endpoint: EndpointId, sizes: &[usize]) -> usize {
        let (limits, now) = (self.limits, self.now);
        self.attach(endpoint, company);
        let Some(lane) = self.lanes.get(&endpoint) else { return 0 };
        let room = lane.room_for_fresh(&limits, now);
        let free = self.room_in_bytes(endpoint);
        let (mut rows, mut bytes) = (0, 0);
        for size in sizes.iter().take(room) {
            if bytes + size > free {
                break;
            }
            rows += 1;
            bytes += size;
        }
        self.update(endpoint, |lane, _| {
            lane.reserved += rows;
            lane.bytes += bytes;
        });
        rows
    }

    /// Gives back room that was promised and is not used.
    pub fn release(&mut self, endpoint: EndpointId, rows: usize, bytes: usize) {
        self.update(endpoint, |lane, _| {
            lane.reserved = lane.reserved.saturating_sub(rows);
            lane.bytes = lane.bytes.saturating_sub(bytes);
        });
        self.refresh(endpoint);
    }

    /// Takes fresh deliveries, each on a promise that it uses up, in order. Where the lane has been
    /// slowed since the promise they wait in it; those of a lane that has been held, or closed to this node,
    /// are given back.
    #[must_use]
    pub fn push_fresh(&mut self, rows: Vec<Claimed>) -> Vec<Claimed> {
        let mut refused = Vec::new();
        for row in rows {
            let endpoint = row.endpoint;
            self.attach(endpoint, row.event.company);
            let pushed = self.update(endpoint, |lane, _| {
                lane.reserved = lane.reserved.saturating_sub(1);
                // Its bytes were counted with the promise.
                lane.bytes = lane.bytes.saturating_sub(row.bytes());
                lane.push_unless_closed(row)
            });
            refused.extend(pushed.flatten());
            self.refresh(endpoint);
        }
        refused
    }

    /// How many rows claimed from the database a lane can take now, if they are as large as its last
    /// ones.
    pub fn room(&self, endpoint: EndpointId) -> usize {
        let own = match self.lanes.get(&endpoint) {
            Some(lane) => lane.room_for_claimed(&self.limits, self.now),
            None => self.limits.lane_queued_max,
        };
        let row_bytes = self.row_bytes(endpoint).unwrap_or(ROW_BYTES_GUESSED);
        // However large the next row is, alone it goes through.
        let alone = usize::from(self.load.bytes == 0);
        own.min((self.room_in_bytes(endpoint) / row_bytes).max(alone)).min(CLAIM_ROWS_MAX)
    }

    /// About how large the last rows of a lane were; `None` where it has had none.
    pub fn row_bytes(&self, endpoint: EndpointId) -> Option<usize> {
        self.lanes.get(&endpoint).and_then(Lane::row_bytes)
    }

    /// A row of the lane that was too large for a claim: the lane is judged by it from now on.
    pub fn expect(&mut self, endpoint: EndpointId, bytes: usize) {
        self.update(endpoint, |lane, _| lane.expect(bytes));
    }

    /// How many rows the endpoint's lane would take at a time if it were empty and nothing else were here.
    pub fn capacity(&self, endpoint: EndpointId) -> usize {
        let fresh = self.limits.window_start as usize;
        let own = self.lanes.get(&endpoint).map_or(fresh, |lane| lane.capacity(&self.limits));
        let by_bytes = self.row_bytes(endpoint).map(|row| (self.whole_own_room() / row).max(1));
        own.min(by_bytes.unwrap_or(usize::MAX)).min(CLAIM_ROWS_MAX)
    }

    /// Takes rows claimed from the database: behind what is queued, but first those whose due time
    /// is the Unix epoch, which a person asked for. Those of a lane that has been held, or closed to this
    /// node, are given back.
    #[must_use]
    pub fn push_claimed(&mut self, rows: Vec<Claimed>) -> Vec<Claimed> {
        let mut refused = Vec::new();
        for row in rows {
            let endpoint = row.endpoint;
            self.attach(endpoint, row.event.company);
            let pushed = self.update(endpoint, |lane, _| lane.push_unless_closed(row));
            refused.extend(pushed.flatten());
            self.refresh(endpoint);
        }
        refused
    }

    /// The row whose turn it is, counted as in flight from now on. After `None` nothing can be sent
    /// before something happens or [`Self::next_wake`] comes.
    pub fn next(&mut self, now: DateTime<Utc>) -> Option<Claimed> {
        if now + TURNED_BACK_AFTER < self.now {
            self.turn_back(now);
        }
        self.now = now;
        self.young.pass(now);
        self.wake_due();
        loop {
            let free_slots = self.free_slots();
            let is_full = free_slots == 0 || self.load.unsettled >= self.limits.in_flight_max;
            if is_full || (self.load.queued > 0 && self.young.holds_back()) {
                return None;
            }
            self.unpark();
            let company = self.turns.next_company(free_slots)?;
            let row = self.turn_of(company);
            self.turns.resume(company);
            if let Some(row) = row {
                if self.counts_as_young(row.endpoint, now) {
                    self.young.begin();
                }
                return Some(row);
            }
        }
    }

    /// The next moment at which time alone makes something sendable.
    pub fn next_wake(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let first = self.wakes.first().map(|(at, _)| *at);
        let fewer_young = self.young.fewer_at().filter(|_| self.load.queued > 0);
        first.into_iter().chain(fewer_young).min().map(|at| now.max(at))
    }

    /// For which share of its time the processor was busy of late, in thousandths: to be told every few
    /// milliseconds. Says whether more can be sent from now on.
    pub fn beat(&mut self, busy: u64) -> bool {
        self.young.beat(busy)
    }

    /// Whether the endpoint's requests are bounded as long as they are young. Those of failing ones have a bound
    /// of their own, and may not take the places of the others.
    fn counts_as_young(&self, endpoint: EndpointId, now: DateTime<Utc>) -> bool {
        self.lanes.get(&endpoint).is_some_and(|lane| {
            !lane.is_failing() && !lane.quickest.is_slow(now).unwrap_or(self.young.is_slow())
        })
    }

    /// An exchange is over: its slot is free, and the lane's window learns from it. A failure of a
    /// request that began before the window was last halved does not halve it again.
    pub fn answered(
        &mut self,
        endpoint: EndpointId,
        success: bool,
        began: DateTime<Utc>,
        now: DateTime<Utc>,
    ) {
        if self.counts_as_young(endpoint, now) {
            self.young.end(began);
        }
        let is_slow = self.update(endpoint, |lane, limits| {
            lane.judge(limits, success, began, now);
            lane.end(now);
            if !success {
                return None;
            }
            lane.quickest.learn(now - began, now);
            lane.quickest.is_slow(now)
        });
        if let Some(Some(is_slow)) = is_slow {
            self.young.learn(is_slow);
        }
        self.refresh_with_company(endpoint);
    }

    /// A row that [`Self::next`] gave was not sent after all: its slot is free, the endpoint is not
    /// judged, and a slow lane need not wait because of it. The row stays in memory's count until [`Self::settled`].
    pub fn unsent(&mut self, endpoint: EndpointId, now: DateTime<Utc>) {
        if self.counts_as_young(endpoint, now) {
            self.young.take_back();
        }
        self.update(endpoint, |lane, _| lane.unsend(now));
        self.refresh_with_company(endpoint);
    }

    /// Outcomes are committed, or rows given back to the database: their memory is free, and a slow
    /// lane may go on.
    pub fn settled(&mut self, endpoint: EndpointId, rows: usize, bytes: usize) {
        self.update(endpoint, |lane, _| {
            lane.unsettled = lane.unsettled.saturating_sub(rows);
            lane.bytes = lane.bytes.saturating_sub(bytes);
        });
        self.refresh(endpoint);
    }

    /// Says how an endpoint is sent to from now on. What is queued stays.
    pub fn set_mode(&mut self, endpoint: EndpointId, company: CompanyId, mode: Mode) {
        self.attach(endpoint, company);
        self.update(endpoint, |lane, limits| lane.set_mode(mode, limits));
        self.refresh(endpoint);
    }

    /// How an endpoint is sent to; `None` where there is no lane for it, which is as good as open.
    pub fn mode(&self, endpoint: EndpointId) -> Option<Mode> {
        self.lanes.get(&endpoint).map(|lane| lane.mode)
    }

    /// Whose endpoint it is, where there is a lane for it.
    pub fn company(&self, endpoint: EndpointId) -> Option<CompanyId> {
        self.lanes.get(&endpoint).and_then(|lane| lane.company)
    }

    /// The endpoint is known to fail, from before its lane was made.
    pub fn presume_failing(&mut self, endpoint: EndpointId) {
        self.update(endpoint, |lane, _| lane.presume_failing());
        self.refresh(endpoint);
    }

    /// Says whether more is due in the database, behind which fresh deliveries must queue.
    pub fn set_backlog(&mut self, endpoint: EndpointId, company: CompanyId, backlog: bool) {
        if backlog {
            self.attach(endpoint, company);
        }
        self.update(endpoint, |lane, _| lane.backlog = backlog);
    }

    /// Whoever would have said when nothing more is due in the database does not look any more.
    pub fn forget_backlog(&mut self, endpoint: EndpointId) {
        self.update(endpoint, |lane, _| lane.backlog = false);
    }

    /// Takes out everything of an endpoint that is queued and not in flight, to be released in the
    /// database.
    pub fn take_queued(&mut self, endpoint: EndpointId) -> Vec<Claimed> {
        let rows = self.update(endpoint, |lane, _| lane.take_queued()).unwrap_or_default();
        self.refresh(endpoint);
        rows
    }

    /// Takes out one delivery that is queued; `None` where it is in flight or not here.
    pub fn remove(&mut self, endpoint: EndpointId, delivery: DeliveryId) -> Option<Claimed> {
        let row = self.update(endpoint, |lane, _| lane.remove(delivery)).flatten();
        self.refresh(endpoint);
        row
    }

    /// Puts a delivery that waits before those that nobody asked for.
    pub fn promote(&mut self, endpoint: EndpointId, delivery: DeliveryId) {
        self.update(endpoint, |lane, _| lane.promote(delivery));
    }

    /// Drops lanes that are open, have nothing to do and have learned nothing worth keeping. To be
    /// called every few seconds.
    pub fn forget_idle(&mut self) {
        let (limits, now) = (self.limits, self.now);
        let wakes = &mut self.wakes;
        self.lanes.retain(|endpoint, lane| {
            lane.shrink();
            lane.date(now);
            let keep = !lane.can_be_forgotten(&limits, now);
            if !keep && let Some(at) = lane.wake {
                wakes.remove(&(at, *endpoint));
            }
            keep
        });
        self.turns.forget_idle();
    }

    /// What all of them hold. Looks at the head of each lane.
    pub fn in_hand(&self, now: DateTime<Utc>) -> InHand {
        let oldest = |mode: Mode| {
            let lanes = self.lanes.values().filter(|lane| lane.mode == mode && !lane.on_hold(now));
            lanes.filter_map(Lane::oldest_due).min().filter(|due| *due <= now)
        };
        InHand {
            lanes: self.lanes.len(),
            in_flight: self.load.in_flight,
            unsettled: self.load.unsettled,
            in_flight_max: self.limits.in_flight_max,
            queued: self.load.queued,
            bytes: self.load.bytes,
            bytes_max: self.limits.memory_max,
            oldest_due: oldest(Mode::Open),
            oldest_due_defective: oldest(Mode::Slow),
        }
    }

    /// Requests that are answered and not settled.
    pub fn unwritten(&self) -> usize {
        self.load.unsettled.saturating_sub(self.load.in_flight)
    }

    /// Whether their rows take more than one part in so many of the memory for them.
    pub fn fills_more_than_one_in(&self, parts: usize) -> bool {
        self.load.bytes > self.limits.memory_max / parts.max(1)
    }

    /// Whether the company's rows take as much memory as those of companies do on average, and more than a few
    /// events do.
    pub fn has_much_of(&self, company: CompanyId) -> bool {
        let bytes = self.turns.bytes(company);
        let is_average = bytes.saturating_mul(self.turns.companies()) >= self.load.bytes;
        is_average && bytes > self.limits.memory_max / FEW_SHARE
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> usize {
        self.load.in_flight
    }

    /// Rows that wait for their turn.
    pub fn queued(&self) -> usize {
        self.load.queued
    }

    /// Rows queued in lanes that take turns: the next of each could be sent at once.
    pub fn ready(&self) -> usize {
        self.load.ready
    }

    /// Whether it is the processor that they wait for, as far as can be seen, and not for a place.
    pub fn is_processor_short(&self) -> bool {
        self.free_slots() > 0 && self.young.is_short()
    }

    /// Rows that are queued, promised, in flight or unsettled.
    pub fn rows(&self) -> usize {
        self.load.rows
    }

    /// Whether there are none.
    pub fn is_idle(&self) -> bool {
        self.load.rows == 0 && self.load.in_flight == 0
    }

    /// The same for one endpoint.
    pub fn lane_idle(&self, endpoint: EndpointId) -> bool {
        self.lanes.get(&endpoint).is_none_or(|lane| lane.rows() == 0 && lane.in_flight == 0)
    }

    /// The endpoints that have a lane, in no order.
    pub fn endpoints(&self) -> impl Iterator<Item = EndpointId> + '_ {
        self.lanes.keys().copied()
    }
}
