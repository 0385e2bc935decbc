//! Claims: what is due in the database comes into memory, lane by lane, as far as there is room.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::Finish;
use domain::id::{CompanyId, EndpointId};
use store::{DueLane, LaneWant};
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;
use crate::lanes::Mode;
use crate::round::{self, Asked, Given, ROWS_MAX};
use crate::targets::{Known, mode_of};

/// How often the database is asked what is due.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The same after a round with as many lanes as it looks at, of which nothing was taken: many stand in line that have no
/// room, and others behind them.
const LOOK_ON_AFTER: Duration = Duration::from_millis(20);
/// How many lanes one round looks at: of those that are due, and as many of those that had more than there was
/// room for.
const LANES_PER_ROUND: usize = 250;
/// However little a round may bring, it is so many rows.
const ROUND_ROWS_MIN: usize = 16;
/// How long a lane without room is left alone; room that comes earlier is noticed in memory. Longer would be
/// taken for a mistake.
const NO_ROOM_FOR: TimeDelta = TimeDelta::milliseconds(1_500);
/// How long a lane that is being handed over is left alone.
const LEAVING_FOR: TimeDelta = TimeDelta::milliseconds(500);
/// How long a held lane is left alone; enabling it wakes it at once.
const HELD_FOR: TimeDelta = TimeDelta::minutes(10);
/// A lane is claimed for when one part in so many of what it can take is free, or nothing of it is
/// here: a claim costs the same for one row and for many.
const ROOM_WORTHWHILE: usize = 4;
/// How long a lane whose endpoint cannot be read is left alone.
const UNREADABLE_FOR: TimeDelta = TimeDelta::minutes(1);
/// How long to wait before looking again whether others still have something of a restrained endpoint.
const LET_IN_AGAIN_AFTER: TimeDelta = TimeDelta::milliseconds(100);
/// A lane that nobody has taken for so long is left: who has its share already takes it.
const LEFT_AFTER: Duration = Duration::from_secs(1);
/// In the place of a version: nobody has looked at the lane's row.
const NOT_LOOKED_AT: i64 = -1;
/// How many lanes that nobody owns are taken in one round.
const ADOPT_PER_ROUND: u32 = 1_000;

impl Dispatcher {
    pub(crate) async fn claim_loop(&self, stop: CancellationToken) {
        loop {
            let woken = self.claim_wake.notified();
            if stop.is_cancelled() {
                return;
            }
            let rest = if self.may_work() { self.claim_round_or_log().await } else { LOOK_EVERY };
            if rest.is_zero() {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = woken => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    async fn claim_round_or_log(&self) -> Duration {
        let rows = self.round_rows.load(Ordering::Relaxed);
        match self.claim_round(rows).await {
            Ok(rest) => {
                self.round_rows.store((rows * 2).min(ROWS_MAX), Ordering::Relaxed);
                rest
            }
            Err(error) => {
                // It may have been too much for the time that a transaction has.
                self.round_rows.store((rows / 2).max(ROUND_ROWS_MIN), Ordering::Relaxed);
                tracing::warn!(error = %error, "What is due could not be claimed: {error}");
                LOOK_EVERY
            }
        }
    }

    /// One round of so many rows at most. Gives how long to rest before the next one.
    async fn claim_round(&self, rows: usize) -> Result<Duration, store::Error> {
        self.ask(self.adopt_free_lanes()).await?;
        let now = self.clock.now();
        let lanes_max = LANES_PER_ROUND.min(rows);
        let due = self.ask(self.store.due_lanes(lanes_max as u32, now)).await?;
        let is_full = due.len() >= lanes_max;
        let mut wants = Vec::with_capacity(due.len());
        let mut seen = HashSet::with_capacity(due.len());
        for lane in due {
            seen.insert(lane.endpoint);
            wants.push(self.want_or_put_off(&lane, now).await?);
        }
        wants.extend(self.hungry_wants(&seen, lanes_max, now));
        if wants.is_empty() {
            return Ok(LOOK_EVERY);
        }
        let is_cut = self.share_out(&mut wants, rows);
        let claimed = self.store.claim(&wants, now).await?;
        let brought = claimed.rows.len();
        let me = self.store.incarnation();
        if !self.may_work() || claimed.rows.iter().any(|row| row.claimed_by != me) {
            let rows = claimed.rows.into_iter().chain(claimed.orphans).collect();
            self.give_back(rows).await;
            return Ok(LOOK_EVERY);
        }
        self.note_backlogs(&wants, &claimed.more);
        let refused = {
            let mut lanes = self.lanes.lock();
            let refused = lanes.push_claimed(claimed.rows);
            for (endpoint, bytes) in claimed.too_large {
                lanes.expect(endpoint, bytes);
            }
            for LaneWant { endpoint, .. } in wants.iter().filter(|want| want.rows > 0) {
                if let Some(company) = lanes.company(*endpoint) {
                    lanes.set_backlog(*endpoint, company, claimed.more.contains(endpoint));
                }
            }
            refused
        };
        self.give_back_later(refused);
        self.send_wake.notify_one();
        for orphan in claimed.orphans {
            self.end_now(orphan, Finish::Exhausted).await;
        }
        Ok(match (is_full || is_cut, brought) {
            (true, 1..) => Duration::ZERO,
            (true, 0) if is_full => LOOK_ON_AFTER,
            (true | false, _) => LOOK_EVERY,
        })
    }

    /// Leaves each lane as much of what it wants as there is room for all of them. Says whether one of them
    /// goes short of what it alone would have got.
    fn share_out(&self, wants: &mut Vec<LaneWant>, rows: usize) -> bool {
        let (mut lanes, mut is_cut) = (self.lanes.lock(), false);
        let asked: Vec<Asked> =
            wants.iter().map(|want| lanes.asked(want.endpoint, want.rows)).collect();
        let given = round::share_out(&asked, lanes.round_room(rows));
        let mut hungry = self.hungry.lock();
        for ((want, asked), given) in wants.iter_mut().zip(&asked).zip(given) {
            if given.rows < want.rows {
                is_cut = true;
                hungry.insert(want.endpoint);
                if let (0, Some(company)) = (given.rows, asked.company) {
                    lanes.set_backlog(want.endpoint, company, true);
                }
            }
            let Given { rows, bytes, may_exceed } = given;
            *want = LaneWant { rows, bytes, may_exceed, ..*want };
        }
        // Of those that were not due nothing is put off either.
        wants.retain(|want| want.rows > 0 || want.version != NOT_LOOKED_AT);
        is_cut
    }

    /// Takes lanes that nobody owns, up to this node's share, and somewhat more of those that are left.
    async fn adopt_free_lanes(&self) -> Result<(), store::Error> {
        if !self.store.has_free_lanes().await? {
            *self.free_lanes_since.lock() = None;
            return Ok(());
        }
        let since = *self.free_lanes_since.lock().get_or_insert_with(Instant::now);
        let room = self.share_left(since.elapsed() >= LEFT_AFTER).await?;
        let adopted = self.store.adopt_lanes(room.min(ADOPT_PER_ROUND)).await?;
        self.owned.lock().extend(adopted);
        Ok(())
    }

    /// What is wanted of a lane that is due. One whose endpoint cannot be read is put off, so that it
    /// does not stand in the way of the others.
    async fn want_or_put_off(
        &self,
        lane: &DueLane,
        now: DateTime<Utc>,
    ) -> Result<LaneWant, store::Error> {
        if self.leaving.lock().contains(&lane.endpoint) {
            return Ok(LaneWant::none(lane, now + LEAVING_FOR));
        }
        match self.want_of(lane, now).await {
            Err(error) if !error.is_passing() => {
                tracing::error!(endpoint.id = %lane.endpoint, error = error.chain(), "Endpoint {} cannot be read: {error}", lane.endpoint);
                Ok(LaneWant::none(lane, now + UNREADABLE_FOR))
            }
            wanted => wanted,
        }
    }

    /// What is wanted of a lane that is due; its endpoint is read first where it is not known.
    async fn want_of(&self, lane: &DueLane, now: DateTime<Utc>) -> Result<LaneWant, store::Error> {
        self.owned.lock().insert(lane.endpoint);
        let known = match self.targets.trusted(lane.endpoint) {
            Some(known) => Some(known),
            None => self.ask(self.load_target(lane.company, lane.endpoint)).await?,
        };
        let Some(known) = known else {
            return Ok(LaneWant::none(lane, now + HELD_FOR));
        };
        let mode = mode_of(&known.state);
        {
            let mut lanes = self.lanes.lock();
            if lanes.mode(lane.endpoint) != Some(mode) {
                lanes.set_mode(lane.endpoint, lane.company, mode);
            }
            if known.state.is_failing() {
                lanes.presume_failing(lane.endpoint);
            }
            let hold = (lane.hold_until > now).then_some(lane.hold_until);
            lanes.take_over_hold(lane.endpoint, hold, now);
        }
        if lane.hold_until > now {
            return Ok(LaneWant::none(lane, lane.hold_until));
        }
        if let Some(later) = self.let_in_later(lane, &known, now).await? {
            return Ok(LaneWant::none(lane, later));
        }
        Ok(match mode {
            Mode::Held => LaneWant::none(lane, now + HELD_FOR),
            Mode::Open | Mode::Slow => {
                let want = self.want_by_room(lane, mode, now);
                if want.rows == 0 {
                    // What comes now queues behind it: it would take the room that this waits for, as
                    // long as more comes than the receiver takes.
                    self.lanes.lock().set_backlog(lane.endpoint, lane.company, true);
                }
                want
            }
        })
    }

    /// Lets this node in to a restrained endpoint whose lane it owns, once nobody else can have anything
    /// under way; else gives when to look again.
    async fn let_in_later(
        &self,
        lane: &DueLane,
        known: &Known,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, store::Error> {
        let (endpoint, traffic) = (lane.endpoint, known.target.traffic);
        let is_idle = {
            let lanes = self.lanes.lock();
            if !traffic.is_exclusive() || lanes.restraint(endpoint).is_some() {
                return Ok(None);
            }
            lanes.lane_idle(endpoint)
        };
        if lane.rest_until > now {
            return Ok(Some(lane.rest_until));
        }
        if !is_idle || !self.ask(self.store.may_begin(endpoint, traffic.ordered)).await? {
            return Ok(Some(now + LET_IN_AGAIN_AFTER));
        }
        // The lane is ours as long as we live: nobody takes it away.
        let mut lanes = self.lanes.lock();
        // Asked under the lock: whoever learns of a change from now on finds us in, and follows it.
        let is_current = self.targets.traffic(endpoint) == Some(traffic);
        if !is_current || !self.may_work() {
            return Ok(Some(now + LET_IN_AGAIN_AFTER));
        }
        lanes.let_in(endpoint, lane.company, traffic);
        Ok(None)
    }

    fn want_by_room(&self, lane: &DueLane, mode: Mode, now: DateTime<Utc>) -> LaneWant {
        let endpoint = lane.endpoint;
        let (room, capacity, idle) = {
            let lanes = self.lanes.lock();
            (lanes.room(endpoint), lanes.capacity(endpoint), lanes.lane_idle(endpoint))
        };
        let worthwhile = room * ROOM_WORTHWHILE >= capacity || mode == Mode::Slow || idle;
        let rows = if worthwhile { room } else { 0 };
        if rows == 0 {
            self.hungry.lock().insert(endpoint);
        }
        let newest_first = mode == Mode::Slow && self.newest_next.lock().contains(&endpoint);
        LaneWant { rows, newest_first, ..LaneWant::none(lane, now + NO_ROOM_FOR) }
    }

    /// Lanes with more due than there was room for, that have room now: so many at most, by turns.
    fn hungry_wants(
        &self,
        seen: &HashSet<EndpointId>,
        lanes_max: usize,
        now: DateTime<Utc>,
    ) -> Vec<LaneWant> {
        let mut hungry: Vec<EndpointId> = {
            let hungry = self.hungry.lock();
            hungry.iter().copied().filter(|endpoint| !seen.contains(endpoint)).collect()
        };
        hungry.sort_unstable();
        let mut until = self.hungry_until.lock();
        let first = hungry.partition_point(|endpoint| *endpoint <= *until);
        hungry.rotate_left(first);
        let mut wants = Vec::new();
        for endpoint in hungry {
            if wants.len() >= lanes_max {
                break;
            }
            *until = endpoint;
            let mode = self.lanes.lock().mode(endpoint).unwrap_or(Mode::Open);
            let leaving = self.leaving.lock().contains(&endpoint);
            if mode == Mode::Held || leaving || !self.owned.lock().contains(&endpoint) {
                self.hungry.lock().remove(&endpoint);
                self.lanes.lock().forget_backlog(endpoint);
                continue;
            }
            // Only what has room is asked for, and that is never put off.
            let company = CompanyId::from_raw(0);
            let lane = DueLane {
                endpoint,
                company,
                hold_until: now,
                rest_until: now,
                version: NOT_LOOKED_AT,
            };
            let want = self.want_by_room(&lane, mode, now);
            if want.rows > 0 {
                wants.push(want);
            }
        }
        wants
    }

    /// Remembers where more is due, and whose turn is next in slow lanes.
    fn note_backlogs(&self, wants: &[LaneWant], more: &[EndpointId]) {
        let mut hungry = self.hungry.lock();
        let mut newest_next = self.newest_next.lock();
        for want in wants.iter().filter(|want| want.rows > 0) {
            if more.contains(&want.endpoint) {
                hungry.insert(want.endpoint);
            } else {
                hungry.remove(&want.endpoint);
            }
            if want.newest_first || !more.contains(&want.endpoint) {
                newest_next.remove(&want.endpoint);
            } else {
                newest_next.insert(want.endpoint);
            }
        }
    }
}
