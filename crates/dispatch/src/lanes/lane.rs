//! One endpoint's lane: its queue, its window and what stands in its way.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, DeliveryId};
use domain::traffic::{InFlight, PerSecond, Traffic};
use store::Claimed;

use super::pace::Pace;
use super::young::Quickest;
use super::{Limits, Mode};

/// Between two starts of a lane that goes slowly.
const SLOW_PACE: TimeDelta = TimeDelta::seconds(1);
/// A window that was not used for so long says nothing any more and starts anew.
const WINDOW_STALE_AFTER: TimeDelta = TimeDelta::seconds(1);
/// How long a lane that last succeeded is remembered with nothing to do.
const HEALTHY_KEPT_FOR: TimeDelta = TimeDelta::seconds(10);
/// How long a lane that last failed, or is closed to this node, is remembered with nothing to do. One that
/// is held is not: whoever holds an endpoint for another node does not hear that it has recovered.
const FAILING_KEPT_FOR: TimeDelta = TimeDelta::hours(1);
/// How many rows a failing lane may have claimed for each place of its window.
const FAILING_ROWS_PER_SLOT: usize = 4;
/// A lane of which nothing is known may have one in so many of the rows waiting that any lane may.
const UNPROVED_SHARE: usize = 32;
/// How many rows any other lane may have waiting for each place of its window.
const ROWS_PER_SLOT: usize = 64;
/// Less than one in so many of all memory is not worth giving back.
const EXCESS_SHARE: usize = 256;
/// How large a row is taken to be where none has been seen.
pub(super) const ROW_BYTES_GUESSED: usize = 4 * 1024;
/// How many rows back the size of a lane's rows is remembered, about.
const ROWS_REMEMBERED: usize = 8;
/// A lane with a rate has so many seconds' worth of rows waiting here.
const SECONDS_QUEUED: usize = 2;
/// Room for so many rows is kept by an empty queue.
const QUEUE_ROWS_KEPT: usize = 8;

/// Where a lane stands in the turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere: it cannot send, or waits for a time.
    Out,
    /// Among the lanes of its company that take turns.
    Ready,
    /// Could send, and waits until fewer requests of failing lanes are in flight.
    Parked,
}

/// When a lane could send its next row, as far as the lane itself is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sendable {
    /// Not before something happens to it.
    No,
    /// From this moment on.
    From(DateTime<Utc>),
}

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) company: Option<CompanyId>,
    pub(super) mode: Mode,
    pub(super) place: Place,
    /// Under which time it stands among the wakes.
    pub(super) wake: Option<DateTime<Utc>>,
    pub(super) reserved: usize,
    /// What its rows in memory take of it, those that are promised included.
    pub(super) bytes: usize,
    /// About how large its last rows were; `None` where it has had none.
    row_bytes: Option<usize>,
    pub(super) in_flight: usize,
    /// Rows given out whose outcome is not committed, in flight or not.
    pub(super) unsettled: usize,
    pub(super) backlog: bool,
    pub(super) hold_until: Option<DateTime<Utc>>,
    /// When a receiver has last asked for that.
    held_at: Option<DateTime<Utc>>,
    pub(super) quickest: Quickest,
    /// Restrained, and this node has not been let in.
    pub(super) is_closed: bool,
    in_flight_max: Option<u32>,
    pace: Option<Pace>,
    asked: VecDeque<Claimed>,
    queue: VecDeque<Claimed>,
    window: u32,
    last_failed: bool,
    /// Whether a request has shown how its endpoint does.
    is_judged: bool,
    /// It gave back what others waited for, and has not shown since that it can take more.
    was_cut: bool,
    halved_at: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    /// The start before the last one.
    started_before: Option<DateTime<Utc>>,
    active_at: DateTime<Utc>,
}

impl Lane {
    pub(super) fn new(limits: &Limits, now: DateTime<Utc>) -> Self {
        Self {
            company: None,
            mode: Mode::Open,
            place: Place::Out,
            wake: None,
            reserved: 0,
            bytes: 0,
            row_bytes: None,
            in_flight: 0,
            unsettled: 0,
            backlog: false,
            hold_until: None,
            held_at: None,
            quickest: Quickest::default(),
            is_closed: false,
            in_flight_max: None,
            pace: None,
            asked: VecDeque::new(),
            queue: VecDeque::new(),
            window: limits.window_start,
            last_failed: false,
            is_judged: false,
            was_cut: false,
            halved_at: None,
            started_at: None,
            started_before: None,
            active_at: now,
        }
    }

    pub(super) fn queued(&self) -> usize {
        self.asked.len() + self.queue.len()
    }

    /// Rows in memory, those that are promised included.
    pub(super) fn rows(&self) -> usize {
        self.queued() + self.reserved + self.unsettled
    }

    pub(super) fn is_failing(&self) -> bool {
        self.last_failed || self.mode == Mode::Slow
    }

    /// The endpoint failed before this lane was made: until a request has shown otherwise it still does.
    pub(super) fn presume_failing(&mut self) {
        if !self.is_judged && !self.last_failed {
            self.last_failed = true;
            self.window = 1;
        }
    }

    /// Changes the mode. A lane that is no longer slow begins as a new one.
    pub(super) fn set_mode(&mut self, mode: Mode, limits: &Limits) {
        if self.mode == Mode::Slow && mode != Mode::Slow {
            self.window = limits.window_start;
            self.last_failed = false;
            self.is_judged = true;
            self.was_cut = false;
            self.halved_at = None;
        }
        self.mode = mode;
    }

    /// `room`: how many more requests can be in flight, over all lanes and of its company. Beyond the
    /// window it starts with, a lane takes no more than it leaves to others, so that a few busy
    /// endpoints that begin to hang together do not take every slot, nor their company's share.
    pub(super) fn sendable(&self, limits: &Limits, room: usize) -> Sendable {
        if self.queued() == 0 || self.is_closed {
            return Sendable::No;
        }
        let held = self.hold_until.unwrap_or(DateTime::UNIX_EPOCH);
        let held = self.pace.as_ref().map_or(held, |pace| held.max(pace.opens_at()));
        match self.mode {
            Mode::Open => {
                let share = room.max(limits.window_start as usize);
                let window = self.window.min(self.in_flight_max.unwrap_or(u32::MAX));
                if self.in_flight < (window as usize).min(share) {
                    Sendable::From(held)
                } else {
                    Sendable::No
                }
            }
            Mode::Slow if self.unsettled > 0 => Sendable::No,
            Mode::Slow => match self.started_at {
                Some(started) => Sendable::From(held.max(started + SLOW_PACE)),
                None => Sendable::From(held),
            },
            Mode::Held => Sendable::No,
        }
    }

    /// The next row, now in flight.
    pub(super) fn begin(&mut self, limits: &Limits, now: DateTime<Utc>) -> Option<Claimed> {
        let row = self.asked.pop_front().or_else(|| self.queue.pop_front())?;
        if self.in_flight == 0 && now - self.active_at > WINDOW_STALE_AFTER {
            self.window = self.window.min(limits.window_start);
        }
        self.in_flight += 1;
        self.unsettled += 1;
        self.started_before = self.started_at.replace(now);
        if let Some(pace) = &mut self.pace {
            pace.start(now);
        }
        self.active_at = now;
        Some(row)
    }

    /// What the end of an exchange says about the window. It grows while it is used, and halves
    /// once for all requests that were under way together.
    pub(super) fn judge(
        &mut self,
        limits: &Limits,
        success: bool,
        began: DateTime<Utc>,
        now: DateTime<Utc>,
    ) {
        self.last_failed = !success;
        self.is_judged = true;
        if success {
            self.was_cut &= self.window <= limits.window_start;
            // As many slots as answers that came in one go are free at once: half is "used".
            if self.in_flight * 2 > self.window as usize {
                self.window = (self.window + 1).min(limits.window_max);
            }
        } else if self.halved_at.is_none_or(|halved| began >= halved) {
            self.window = (self.window / 2).max(1);
            self.halved_at = Some(now);
        }
    }

    /// Frees the slot of an exchange that is over; false if there was none.
    pub(super) fn end(&mut self, now: DateTime<Utc>) -> bool {
        let under_way = self.in_flight > 0;
        self.in_flight = self.in_flight.saturating_sub(1);
        self.active_at = self.active_at.max(now);
        under_way
    }

    /// The same for one that was not sent: alone, it has not been the lane's turn.
    pub(super) fn unsend(&mut self, now: DateTime<Utc>) {
        if self.unsettled == 1 {
            self.started_at = self.started_before;
            if let Some(pace) = &mut self.pace {
                pace.take_back();
            }
        }
        self.end(now);
    }

    /// Since when the first row in line is due. What a person asked for goes before it and has no
    /// such time.
    pub(super) fn oldest_due(&self) -> Option<DateTime<Utc>> {
        let rows = self.queue.iter().find(|row| row.due_at > DateTime::UNIX_EPOCH);
        rows.map(|row| row.due_at)
    }

    /// Changes what restrains the requests; what has been started counts.
    pub(super) fn restrain(&mut self, traffic: Traffic) {
        self.in_flight_max = traffic.max_in_flight.map(InFlight::get);
        self.pace = match (self.pace.take(), traffic.per_second.map(PerSecond::get)) {
            (Some(mut pace), Some(rate)) => {
                pace.change(rate);
                Some(pace)
            }
            (None, Some(rate)) => Some(Pace::new(rate)),
            (Some(_) | None, None) => None,
        };
    }

    /// Rows that a person asked for, whose due time is the Unix epoch, go before the others. Gives the
    /// row back where the lane is closed to this node, or held: whoever paused its endpoint has taken out
    /// what was queued before.
    pub(super) fn push_unless_closed(&mut self, row: Claimed) -> Option<Claimed> {
        if self.is_closed || self.mode == Mode::Held {
            return Some(row);
        }
        self.weigh(&row);
        if row.due_at == DateTime::UNIX_EPOCH {
            self.asked.push_back(row);
        } else {
            self.queue.push_back(row);
        }
        None
    }

    fn weigh(&mut self, row: &Claimed) {
        let bytes = row.bytes();
        self.bytes += bytes;
        // The first one says more than any guess.
        let before = self.row_bytes.unwrap_or(bytes);
        self.row_bytes = Some((before * (ROWS_REMEMBERED - 1) + bytes).div_ceil(ROWS_REMEMBERED));
    }

    /// About how large its last rows were; never nothing.
    pub(super) fn row_bytes(&self) -> Option<usize> {
        self.row_bytes.map(|bytes| bytes.max(1))
    }

    /// The next row is at least so large.
    pub(super) fn expect(&mut self, bytes: usize) {
        self.row_bytes = self.row_bytes.max(Some(bytes));
    }

    pub(super) fn take_queued(&mut self) -> Vec<Claimed> {
        let rows: Vec<Claimed> = self.asked.drain(..).chain(self.queue.drain(..)).collect();
        self.bytes = self.bytes.saturating_sub(rows.iter().map(Claimed::bytes).sum());
        rows
    }

    /// Takes out what is queued beyond what it may hold, the last rows first; what a person asked for stays.
    pub(super) fn take_excess(&mut self, limits: &Limits) -> Vec<Claimed> {
        let kept = self.capacity(limits).saturating_sub(self.asked.len()).min(self.queue.len());
        let bytes: usize = self.queue.range(kept..).map(Claimed::bytes).sum();
        if bytes < limits.memory_max / EXCESS_SHARE {
            return Vec::new();
        }
        self.was_cut = true;
        self.bytes = self.bytes.saturating_sub(bytes);
        self.queue.drain(kept..).collect()
    }

    /// Puts a row of the queue among those that a person asked for.
    pub(super) fn promote(&mut self, delivery: DeliveryId) {
        let index = self.queue.iter().position(|row| row.id == delivery);
        if let Some(row) = index.and_then(|index| self.queue.remove(index)) {
            self.asked.push_back(row);
        }
    }

    pub(super) fn remove(&mut self, delivery: DeliveryId) -> Option<Claimed> {
        let removed = [&mut self.asked, &mut self.queue].into_iter().find_map(|queue| {
            let index = queue.iter().position(|row| row.id == delivery)?;
            queue.remove(index)
        })?;
        self.bytes = self.bytes.saturating_sub(removed.bytes());
        Some(removed)
    }

    /// A receiver has asked at `now` that nothing comes before `until`. An earlier wish that reaches further
    /// stays.
    pub(super) fn hold(&mut self, until: DateTime<Utc>, now: DateTime<Utc>) {
        self.hold_until = self.hold_until.max(Some(until));
        self.held_at = Some(now);
    }

    /// What was read at `seen_at` says nothing about a wish that has come since.
    pub(super) fn take_over_hold(&mut self, hold: Option<DateTime<Utc>>, seen_at: DateTime<Utc>) {
        if self.held_at.is_none_or(|at| at < seen_at) || hold > self.hold_until {
            self.hold_until = hold;
        }
    }

    pub(super) fn on_hold(&self, now: DateTime<Utc>) -> bool {
        self.hold_until.is_some_and(|until| until > now)
    }

    /// How many rows from the database the lane itself would take.
    pub(super) fn room_for_claimed(&self, limits: &Limits, now: DateTime<Utc>) -> usize {
        let waiting = self.queued() + self.reserved;
        match self.mode {
            Mode::Held => 0,
            Mode::Open | Mode::Slow if self.is_closed || self.on_hold(now) => 0,
            Mode::Slow => usize::from(self.rows() == 0),
            Mode::Open => self.capacity(limits).saturating_sub(waiting),
        }
    }

    /// How many rows may wait: more the faster the receiver has proved to be, so that one that hangs
    /// does not fill the memory with its rows before it is found out.
    pub(super) fn capacity(&self, limits: &Limits) -> usize {
        let by_rate = self.pace.as_ref().map_or(usize::MAX, |pace| {
            (pace.per_second() as usize).saturating_mul(SECONDS_QUEUED).max(2)
        });
        self.capacity_by_window(limits).min(by_rate)
    }

    fn capacity_by_window(&self, limits: &Limits) -> usize {
        let window = self.window as usize;
        if self.last_failed || self.was_cut {
            return (window * FAILING_ROWS_PER_SLOT).min(limits.lane_queued_max);
        }
        let unproved = limits.lane_queued_max / UNPROVED_SHARE;
        (window * ROWS_PER_SLOT).max(unproved).min(limits.lane_queued_max)
    }

    /// How many fresh deliveries the lane itself would take.
    pub(super) fn room_for_fresh(&self, limits: &Limits, now: DateTime<Utc>) -> usize {
        match self.mode {
            Mode::Held | Mode::Slow => 0,
            Mode::Open if self.is_closed || self.backlog || self.on_hold(now) => 0,
            Mode::Open => self.capacity(limits).saturating_sub(self.queued() + self.reserved),
        }
    }

    /// Whether a lane made anew would do as well.
    pub(super) fn can_be_forgotten(&self, limits: &Limits, now: DateTime<Utc>) -> bool {
        let is_held = self.mode == Mode::Held;
        let kept_for = if self.is_closed || (self.last_failed && !is_held) {
            FAILING_KEPT_FOR
        } else if is_held {
            HEALTHY_KEPT_FOR
        } else if self.window == limits.window_start {
            SLOW_PACE
        } else {
            HEALTHY_KEPT_FOR
        };
        self.rows() == 0
            && self.in_flight == 0
            && self.mode != Mode::Slow
            && self.place == Place::Out
            && !self.backlog
            && !self.on_hold(now)
            && now - self.active_at >= kept_for
    }

    /// A held or closed lane made before the time was known counts as new when it is first looked at.
    pub(super) fn date(&mut self, now: DateTime<Utc>) {
        let is_kept = self.mode == Mode::Held || self.is_closed;
        if is_kept && self.active_at == DateTime::UNIX_EPOCH {
            self.active_at = now;
        }
    }

    /// Nothing was done later than `now`; what a receiver asked for stays.
    pub(super) fn turn_back(&mut self, now: DateTime<Utc>) {
        self.active_at = self.active_at.min(now);
        self.held_at = self.held_at.map(|at| at.min(now));
        self.halved_at = self.halved_at.map(|at| at.min(now));
        self.started_at = self.started_at.map(|at| at.min(now));
        self.started_before = self.started_before.map(|at| at.min(now));
        if let Some(pace) = &mut self.pace {
            pace.turn_back(now);
        }
    }

    /// Gives memory back that a burst has left behind.
    pub(super) fn shrink(&mut self) {
        for queue in [&mut self.asked, &mut self.queue] {
            if queue.is_empty() && queue.capacity() > QUEUE_ROWS_KEPT {
                queue.shrink_to(0);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn window(&self) -> u32 {
        self.window
    }
}
