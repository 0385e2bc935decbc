//! Random sequences of events against a model that is too simple to be wrong.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::DeliveryId;
use domain::traffic::{InFlight, PerSecond, Traffic};
use proptest::prelude::*;
use store::Claimed;

use super::lane::{Lane, Place, Sendable};
use super::tests::{company_of, endpoint, noon, row};
use super::{Lanes, Limits, Mode};

const ENDPOINTS: [i64; 7] = [100, 101, 102, 200, 201, 300, 400];

#[derive(Debug, Clone)]
enum Step {
    Fresh { endpoint: usize, wanted: usize, used: usize },
    Claim { endpoint: usize, count: usize, asked: bool },
    Next { count: usize },
    Answer { which: usize, success: bool },
    Unsent { which: usize },
    Settle { which: usize },
    SetMode { endpoint: usize, mode: usize },
    Hold { endpoint: usize, ms: i64 },
    Backlog { endpoint: usize, backlog: bool },
    LetIn { endpoint: usize, per_second: Option<i64>, max_in_flight: Option<i64> },
    Close { endpoint: usize },
    SetFree { endpoint: usize },
    TakeQueued { endpoint: usize },
    Remove { endpoint: usize, which: usize },
    ForgetIdle,
    Beat { busy: u64 },
    Pass { ms: i64 },
}

/// Some are small and some are large.
fn data_bytes(id: i64) -> usize {
    usize::try_from(id % 5).unwrap() * 150
}

fn row_bytes(id: i64) -> usize {
    row(100, id).bytes() + data_bytes(id) - b"{}".len()
}

fn step() -> impl Strategy<Value = Step> {
    let at = 0..ENDPOINTS.len();
    prop_oneof![
        6 => (at.clone(), 1usize..12, 0usize..12)
            .prop_map(|(endpoint, wanted, used)| Step::Fresh { endpoint, wanted, used }),
        3 => (at.clone(), 1usize..8, any::<bool>())
            .prop_map(|(endpoint, count, asked)| Step::Claim { endpoint, count, asked }),
        8 => (1usize..10).prop_map(|count| Step::Next { count }),
        12 => (any::<usize>(), prop::bool::weighted(0.6))
            .prop_map(|(which, success)| Step::Answer { which, success }),
        1 => any::<usize>().prop_map(|which| Step::Unsent { which }),
        12 => any::<usize>().prop_map(|which| Step::Settle { which }),
        2 => (at.clone(), 0usize..5).prop_map(|(endpoint, mode)| Step::SetMode { endpoint, mode }),
        1 => (at.clone(), 0i64..3_000).prop_map(|(endpoint, ms)| Step::Hold { endpoint, ms }),
        1 => (at.clone(), any::<bool>())
            .prop_map(|(endpoint, backlog)| Step::Backlog { endpoint, backlog }),
        2 => (at.clone(), prop::option::of(1i64..30), prop::option::of(1i64..6)).prop_map(
            |(endpoint, per_second, max_in_flight)| Step::LetIn { endpoint, per_second, max_in_flight }
        ),
        1 => at.clone().prop_map(|endpoint| Step::Close { endpoint }),
        1 => at.clone().prop_map(|endpoint| Step::SetFree { endpoint }),
        1 => at.clone().prop_map(|endpoint| Step::TakeQueued { endpoint }),
        1 => (at, any::<usize>()).prop_map(|(endpoint, which)| Step::Remove { endpoint, which }),
        1 => Just(Step::ForgetIdle),
        2 => (0u64..1_000).prop_map(|busy| Step::Beat { busy }),
        3 => (0i64..12).prop_map(|ms| Step::Pass { ms }),
        4 => (0i64..2_000).prop_map(|ms| Step::Pass { ms }),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    (1usize..24, 1usize..24, 1usize..120, 1usize..40, 1u32..4, 2u32..12).prop_map(
        |(in_flight_max, young_max, rows_max, lane_queued_max, window_start, window_max)| Limits {
            in_flight_max,
            young_max,
            memory_max: rows_max * row(100, 1).bytes(),
            lane_queued_max,
            window_start,
            window_max,
        },
    )
}

#[derive(Debug)]
struct ModelLane {
    asked: VecDeque<i64>,
    queue: VecDeque<i64>,
    mode: Mode,
    failing: bool,
    in_flight: usize,
    unsettled: usize,
    hold_until: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    started_before: Option<DateTime<Utc>>,
    closed: bool,
    traffic: Traffic,
    /// Every start since the present rate was set.
    starts: Vec<DateTime<Utc>>,
}

impl Default for ModelLane {
    fn default() -> Self {
        Self {
            asked: VecDeque::new(),
            queue: VecDeque::new(),
            mode: Mode::Open,
            failing: false,
            in_flight: 0,
            unsettled: 0,
            hold_until: DateTime::UNIX_EPOCH,
            started_at: None,
            started_before: None,
            closed: false,
            traffic: Traffic::default(),
            starts: Vec::new(),
        }
    }
}

impl ModelLane {
    fn is_failing(&self) -> bool {
        self.failing || self.mode == Mode::Slow
    }
}

struct Model {
    limits: Limits,
    lanes: Lanes,
    model: BTreeMap<i64, ModelLane>,
    under_way: Vec<(Claimed, DateTime<Utc>)>,
    answered: Vec<Claimed>,
    now: DateTime<Utc>,
    made: i64,
    gone: usize,
}

impl Model {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            lanes: Lanes::new(limits),
            model: ENDPOINTS.map(|raw| (raw, ModelLane::default())).into(),
            under_way: Vec::new(),
            answered: Vec::new(),
            now: noon(),
            made: 0,
            gone: 0,
        }
    }

    fn at(&mut self, raw: i64) -> &mut ModelLane {
        self.model.get_mut(&raw).unwrap()
    }

    fn make(&mut self, raw: i64, count: usize, asked: bool) -> Vec<Claimed> {
        (0..count)
            .map(|_| {
                self.made += 1;
                let id = self.made;
                let lane = self.at(raw);
                if asked {
                    lane.asked.push_back(id)
                } else {
                    lane.queue.push_back(id)
                }
                let due_at = if asked { DateTime::UNIX_EPOCH } else { noon() };
                let mut made = row(raw, id);
                made.event.data = Arc::from(vec![b' '; data_bytes(id)]);
                Claimed { due_at, ..made }
            })
            .collect()
    }

    fn failing_in_flight(&self) -> usize {
        self.model.values().filter(|lane| lane.is_failing()).map(|lane| lane.in_flight).sum()
    }

    /// Takes one row out and holds it against everything that was promised.
    fn next(&mut self) -> bool {
        let failing_before = self.failing_in_flight();
        let Some(row) = self.lanes.next(self.now) else { return false };
        let (now, failing_max) = (self.now, (self.limits.in_flight_max / 4).max(1));
        let lane = self.at(row.endpoint.raw());
        let expected = lane.asked.pop_front().or_else(|| lane.queue.pop_front());
        assert_eq!(expected, Some(row.id.raw()), "first in, first out");
        assert!(lane.hold_until <= now);
        assert!(!lane.closed, "sent for a lane that is closed");
        let in_flight_max = lane.traffic.max_in_flight.map_or(usize::MAX, |max| max.get() as usize);
        assert!(lane.in_flight < in_flight_max, "more in flight than the endpoint takes");
        if let Some(rate) = lane.traffic.per_second {
            lane.starts.push(now);
            let within = lane.starts.iter().filter(|at| **at > now - TimeDelta::seconds(1));
            assert!(
                within.count() <= rate.get() as usize,
                "more in a second than the endpoint takes"
            );
        }
        match lane.mode {
            Mode::Open => {}
            Mode::Slow => {
                assert_eq!(lane.unsettled, 0, "one at a time");
                let pace = TimeDelta::seconds(1);
                assert!(lane.started_at.is_none_or(|started| now >= started + pace));
            }
            Mode::Held => panic!("sent for a lane that is held"),
        }
        assert!(!lane.is_failing() || failing_before < failing_max);
        lane.in_flight += 1;
        lane.unsettled += 1;
        lane.started_before = lane.started_at.replace(now);
        self.under_way.push((row, now));
        assert!(self.under_way.len() + self.answered.len() <= self.limits.in_flight_max);
        true
    }

    fn answer(&mut self, which: usize, success: Option<bool>) {
        if self.under_way.is_empty() {
            return;
        }
        let (row, began) = self.under_way.swap_remove(which % self.under_way.len());
        let (endpoint, now) = (row.endpoint, self.now);
        let lane = self.at(endpoint.raw());
        lane.in_flight -= 1;
        match success {
            Some(success) => {
                lane.failing = !success;
                self.lanes.answered(endpoint, success, began, now);
            }
            None => {
                if lane.unsettled == 1 {
                    lane.started_at = lane.started_before;
                    lane.starts.pop();
                }
                self.lanes.unsent(endpoint, now);
            }
        }
        self.answered.push(row);
    }

    fn settle(&mut self, which: usize) {
        if self.answered.is_empty() {
            return;
        }
        let row = self.answered.swap_remove(which % self.answered.len());
        self.at(row.endpoint.raw()).unsettled -= 1;
        self.lanes.settled(row.endpoint, 1, row.bytes());
        self.gone += 1;
    }

    fn set_mode(&mut self, raw: i64, mode: Mode) {
        let lane = self.at(raw);
        if lane.mode == Mode::Slow && mode != Mode::Slow {
            lane.failing = false;
        }
        lane.mode = mode;
        self.lanes.set_mode(endpoint(raw), company_of(raw), mode);
    }

    /// A lane that is held with nothing to do is forgotten after a while, and made anew as an open one.
    fn forget_held(&mut self) {
        for (raw, lane) in &mut self.model {
            if lane.mode == Mode::Held && self.lanes.mode(endpoint(*raw)).is_none() {
                (lane.mode, lane.failing) = (Mode::Open, false);
            }
        }
    }

    fn apply(&mut self, step: Step) {
        self.forget_held();
        match step {
            Step::Fresh { endpoint: at, wanted, used } => {
                let raw = ENDPOINTS[at];
                let sizes: Vec<usize> =
                    (1..).take(wanted).map(|n| row_bytes(self.made + n)).collect();
                let before = self.lanes.load.bytes;
                let count = self.lanes.reserve(company_of(raw), endpoint(raw), &sizes);
                assert!(count == 0 || self.at(raw).mode == Mode::Open);
                assert!(count == 0 || !self.at(raw).closed);
                let reserved = self.lanes.load.bytes;
                assert!(reserved <= self.limits.memory_max.max(before));
                assert_eq!(reserved, before + sizes[..count].iter().sum::<usize>());
                let used = used.min(count);
                let rows = self.make(raw, used, false);
                assert!(self.lanes.push_fresh(rows).is_empty());
                let unused = sizes[used..count].iter().sum();
                self.lanes.release(endpoint(raw), count - used, unused);
            }
            Step::Claim { endpoint: at, count, asked } => {
                let raw = ENDPOINTS[at];
                let room = self.lanes.room(endpoint(raw));
                let rows = self.make(raw, count.min(room), asked);
                assert!(self.lanes.push_claimed(rows).is_empty());
            }
            Step::Next { count } => {
                let _ = (0..count).take_while(|_| self.next()).count();
            }
            Step::Answer { which, success } => self.answer(which, Some(success)),
            Step::Unsent { which } => self.answer(which, None),
            Step::Settle { which } => self.settle(which),
            Step::SetMode { endpoint: at, mode } => {
                let modes = [Mode::Open, Mode::Open, Mode::Open, Mode::Slow, Mode::Held];
                self.set_mode(ENDPOINTS[at], modes[mode]);
            }
            Step::Hold { endpoint: at, ms } => self.hold(ENDPOINTS[at], ms),
            Step::Backlog { endpoint: at, backlog } => {
                let raw = ENDPOINTS[at];
                self.lanes.set_backlog(endpoint(raw), company_of(raw), backlog);
            }
            Step::LetIn { endpoint: at, per_second, max_in_flight } => {
                let traffic = Traffic {
                    per_second: per_second.and_then(PerSecond::parse),
                    max_in_flight: max_in_flight.and_then(InFlight::parse),
                    ordered: false,
                };
                self.let_in(ENDPOINTS[at], traffic);
            }
            Step::Close { endpoint: at } => self.close(ENDPOINTS[at]),
            Step::SetFree { endpoint: at } => {
                let raw = ENDPOINTS[at];
                let lane = self.at(raw);
                (lane.closed, lane.traffic) = (false, Traffic::default());
                self.lanes.set_free(endpoint(raw));
            }
            Step::TakeQueued { endpoint: at } => {
                let lane = self.at(ENDPOINTS[at]);
                let expected: Vec<_> = lane.asked.drain(..).chain(lane.queue.drain(..)).collect();
                let rows = self.lanes.take_queued(endpoint(ENDPOINTS[at]));
                self.gone += rows.len();
                assert_eq!(rows.iter().map(|row| row.id.raw()).collect::<Vec<_>>(), expected);
            }
            Step::Remove { endpoint: at, which } => self.remove(ENDPOINTS[at], which),
            Step::ForgetIdle => self.lanes.forget_idle(),
            Step::Beat { busy } => {
                self.lanes.beat(busy);
            }
            Step::Pass { ms } => self.now += TimeDelta::milliseconds(ms),
        }
    }

    fn let_in(&mut self, raw: i64, traffic: Traffic) {
        let lane = self.at(raw);
        if lane.traffic.per_second.is_none() {
            lane.starts.clear();
        }
        (lane.closed, lane.traffic) = (false, traffic);
        self.lanes.let_in(endpoint(raw), company_of(raw), traffic);
    }

    fn close(&mut self, raw: i64) {
        let lane = self.at(raw);
        lane.closed = true;
        let expected: Vec<_> = lane.asked.drain(..).chain(lane.queue.drain(..)).collect();
        let rows = self.lanes.close(endpoint(raw), company_of(raw));
        self.gone += rows.len();
        assert_eq!(rows.iter().map(|row| row.id.raw()).collect::<Vec<_>>(), expected);
    }

    fn hold(&mut self, raw: i64, ms: i64) {
        // Only a lane that has just answered is told to wait, so it exists.
        if self.lanes.mode(endpoint(raw)).is_some() {
            let until = self.now + TimeDelta::milliseconds(ms);
            self.at(raw).hold_until = until;
            self.lanes.hold_until(endpoint(raw), until, self.now);
        }
    }

    fn remove(&mut self, raw: i64, which: usize) {
        let lane = self.at(raw);
        if lane.queue.is_empty() {
            return;
        }
        let index = which % lane.queue.len();
        let id = lane.queue.remove(index).unwrap();
        assert!(self.lanes.remove(endpoint(raw), DeliveryId::from_raw(id)).is_some());
        self.gone += 1;
    }

    fn check_counts(&self) {
        let queued: usize =
            self.model.values().map(|lane| lane.asked.len() + lane.queue.len()).sum();
        assert_eq!(self.lanes.queued(), queued);
        let in_turn = self.lanes.lanes.values().filter(|lane| lane.place == Place::Ready);
        assert_eq!(self.lanes.ready(), in_turn.map(Lane::queued).sum::<usize>());
        assert_eq!(self.lanes.in_flight(), self.under_way.len());
        let rows = queued + self.under_way.len() + self.answered.len();
        assert_eq!(self.lanes.load.rows, rows);
        let queued = self.model.values().flat_map(|lane| lane.asked.iter().chain(&lane.queue));
        let bytes = queued.map(|id| row_bytes(*id)).sum::<usize>()
            + self.under_way.iter().map(|(row, _)| row.bytes()).sum::<usize>()
            + self.answered.iter().map(Claimed::bytes).sum::<usize>();
        assert_eq!(self.lanes.load.bytes, bytes);
        assert_eq!(usize::try_from(self.made).unwrap(), rows + self.gone);
        assert_eq!(self.lanes.is_idle(), rows == 0);
        assert_eq!(self.lanes.load.failing_in_flight, self.failing_in_flight());
    }

    /// Nothing that could be sent has fallen out of the turns.
    fn check_nothing_is_forgotten(&mut self) {
        while self.next() {}
        let free_slots = self.limits.in_flight_max - self.under_way.len();
        let load = self.lanes.load;
        let failing_max = (self.limits.in_flight_max / 4).max(1);
        let soon = self.now + TimeDelta::milliseconds(25);
        let wakes_soon = self.lanes.next_wake(self.now).is_some_and(|at| at <= soon);
        let has_enough_young = self.lanes.young.fewer_at().is_some() && wakes_soon;
        let failing_has_room = load.failing_in_flight + load.failing_ready < failing_max;
        for (endpoint, lane) in &self.lanes.lanes {
            // Beyond what it starts with, a lane waits for an answer of its own.
            let room = self.lanes.turns.room(lane.company, free_slots);
            let sendable = lane.sendable(&self.limits, room);
            let waits_for_its_own = lane.in_flight >= self.limits.window_start as usize;
            let company = lane.company.unwrap_or(company_of(endpoint.raw()));
            let at_rest = lane.place == Place::Out;
            match sendable {
                Sendable::No => {}
                Sendable::From(at) if at > self.now => {
                    let woken = self.lanes.next_wake(self.now).is_some_and(|wake| wake <= at);
                    let will_wake = lane.wake == Some(at) && woken;
                    assert!(!at_rest || waits_for_its_own || will_wake, "{lane:?}");
                }
                Sendable::From(_) => {
                    assert!(!at_rest || waits_for_its_own, "{endpoint} is forgotten: {lane:?}");
                    assert!(
                        free_slots == 0
                            || has_enough_young
                            || load.unsettled == self.limits.in_flight_max
                            || waits_for_its_own
                            || self.lanes.turns.has_its_share(company, free_slots)
                            || (lane.is_failing() && !failing_has_room),
                        "{endpoint} could send and does not: {lane:?}"
                    );
                }
            }
        }
    }

    /// Lets everything be answered and settled: then every row must have been given.
    fn run_dry(&mut self) {
        for raw in ENDPOINTS {
            if self.at(raw).mode == Mode::Held {
                self.set_mode(raw, Mode::Open);
            }
        }
        for raw in ENDPOINTS {
            if self.at(raw).closed {
                let lane = self.at(raw);
                (lane.closed, lane.traffic) = (false, Traffic::default());
                self.lanes.set_free(endpoint(raw));
            }
        }
        for _ in 0..4 * self.made + 20 {
            while self.next() {}
            while !self.under_way.is_empty() {
                self.answer(0, Some(self.made % 2 == 0));
            }
            while !self.answered.is_empty() {
                self.settle(0);
            }
            if let Some(wake) = self.lanes.next_wake(self.now) {
                self.now = wake;
            }
        }
        assert!(self.lanes.is_idle(), "{:?}", self.lanes);
        assert_eq!(usize::try_from(self.made).unwrap(), self.gone);
        for raw in ENDPOINTS {
            self.lanes.set_free(endpoint(raw));
            self.set_mode(raw, Mode::Open);
            self.lanes.set_backlog(endpoint(raw), company_of(raw), false);
        }
        self.now += TimeDelta::days(1);
        assert!(!self.next());
        self.lanes.forget_idle();
        assert!(self.lanes.lanes.is_empty() && self.lanes.turns.is_empty());
        assert!(self.lanes.wakes.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn every_sequence_of_events_keeps_the_promises(
        limits in limits(),
        steps in proptest::collection::vec(step(), 1..300),
    ) {
        let mut model = Model::new(limits);
        for (index, step) in steps.into_iter().enumerate() {
            model.apply(step);
            model.check_counts();
            if index % 16 == 15 {
                model.check_nothing_is_forgotten();
            }
        }
        model.run_dry();
    }
}
