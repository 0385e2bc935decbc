//! A rate: at most so many starts in any second, evenly spread.
//!
//! Starts go by a timetable, one each `second / rate`. A timer is late now and then, and a lane may have
//! nothing to send for a while: at most [`CATCH_UP`] of the timetable is made up for, so that a rate
//! above the grain of timers is reached and nobody is met by a burst. Whatever the timetable says, a
//! start comes a whole second after the one that was `rate` starts before it.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

/// How far behind its timetable a lane may be and make up for it.
const CATCH_UP: TimeDelta = TimeDelta::milliseconds(10);
const SECOND: TimeDelta = TimeDelta::seconds(1);

#[derive(Debug)]
pub(super) struct Pace {
    per_second: u32,
    /// When the timetable has the next start.
    next: DateTime<Utc>,
    /// The last starts, one second's worth at most.
    starts: VecDeque<DateTime<Utc>>,
}

impl Pace {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.max(1), next: DateTime::UNIX_EPOCH, starts: VecDeque::new() }
    }

    pub(super) const fn per_second(&self) -> u32 {
        self.per_second
    }

    /// Another rate from now on; what has been started counts.
    pub(super) fn change(&mut self, per_second: u32) {
        self.per_second = per_second.max(1);
        if let Some(last) = self.starts.back() {
            self.next = self.next.min(*last + self.step());
        }
        self.trim();
    }

    /// From when on the next start may be.
    pub(super) fn opens_at(&self) -> DateTime<Utc> {
        let rate = usize::try_from(self.per_second).unwrap_or(usize::MAX);
        let a_second_ago = self.starts.len().checked_sub(rate).and_then(|at| self.starts.get(at));
        a_second_ago.map_or(self.next, |start| self.next.max(*start + SECOND))
    }

    /// The clock was set back: nothing was begun later than now.
    pub(super) fn turn_back(&mut self, now: DateTime<Utc>) {
        self.next = self.next.min(now + SECOND);
        self.starts.iter_mut().for_each(|start| *start = (*start).min(now));
    }

    /// A start.
    pub(super) fn start(&mut self, now: DateTime<Utc>) {
        self.next = self.next.max(now - CATCH_UP) + self.step();
        self.starts.push_back(now);
        self.trim();
    }

    /// The last start was none.
    pub(super) fn take_back(&mut self) {
        if self.starts.pop_back().is_some() {
            self.next -= self.step();
        }
    }

    /// Rounded up: a rate is never exceeded.
    fn step(&self) -> TimeDelta {
        TimeDelta::nanoseconds(i64::from(1_000_000_000_u32.div_ceil(self.per_second)))
    }

    fn trim(&mut self) {
        let rate = usize::try_from(self.per_second).unwrap_or(usize::MAX);
        while self.starts.len() > rate {
            self.starts.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::noon;
    use super::*;
    use proptest::prelude::*;

    /// Starts as soon as the pace allows, `late` microseconds after it says so each time.
    fn run(pace: &mut Pace, late: impl IntoIterator<Item = i64>) -> Vec<DateTime<Utc>> {
        let mut now = noon();
        let mut starts = Vec::new();
        for late in late {
            now = now.max(pace.opens_at()) + TimeDelta::microseconds(late);
            pace.start(now);
            starts.push(now);
        }
        starts
    }

    /// The most starts in any window of one second.
    fn busiest(starts: &[DateTime<Utc>]) -> usize {
        let within = |from: &DateTime<Utc>| {
            starts.iter().filter(|at| **at >= *from && **at < *from + SECOND).count()
        };
        starts.iter().map(within).max().unwrap_or(0)
    }

    #[test]
    fn starts_are_spread_over_the_second() {
        let mut pace = Pace::new(10);
        let starts = run(&mut pace, [0; 40]);
        let gaps: Vec<TimeDelta> = starts.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(gaps.iter().all(|gap| *gap >= TimeDelta::milliseconds(90)), "{gaps:?}");
        let took = starts[39] - starts[0];
        assert!(took >= TimeDelta::milliseconds(3_890) && took <= TimeDelta::milliseconds(3_910));
    }

    #[test]
    fn a_rate_above_the_grain_of_timers_is_reached() {
        let mut pace = Pace::new(10_000);
        // As a timer of 1 ms has it: whatever is open, then nothing for a millisecond.
        let (mut now, mut starts) = (noon(), 0);
        for _ in 0..2_000 {
            while pace.opens_at() <= now {
                pace.start(now);
                starts += 1;
            }
            now += TimeDelta::milliseconds(1);
        }
        assert!((19_900..=20_000 + 100).contains(&starts), "{starts}");
    }

    #[test]
    fn an_idle_lane_saves_nothing_up() {
        let mut pace = Pace::new(100);
        run(&mut pace, [0; 5]);
        let mut now = noon() + TimeDelta::minutes(5);
        let mut at_once = 0;
        while pace.opens_at() <= now {
            pace.start(now);
            at_once += 1;
        }
        assert_eq!(at_once, 2);
        now = pace.opens_at();
        assert!(now > noon() + TimeDelta::minutes(5));
    }

    #[test]
    fn one_that_was_not_sent_makes_room_again() {
        let mut pace = Pace::new(1);
        let now = noon();
        pace.start(now);
        assert!(pace.opens_at() > now);
        pace.take_back();
        assert!(pace.opens_at() <= now);
        pace.take_back();
    }

    #[test]
    fn a_change_counts_what_has_been_started() {
        let mut pace = Pace::new(100);
        let starts = run(&mut pace, [0; 100]);
        pace.change(10);
        assert_eq!(pace.opens_at(), starts[90] + SECOND);
        pace.change(1);
        assert_eq!(pace.opens_at(), starts[99] + SECOND);
        pace.change(1_000);
        assert!(pace.opens_at() <= starts[99] + TimeDelta::milliseconds(1));
    }

    proptest! {
        #[test]
        fn no_second_has_more(
            rate in 1u32..60,
            late in proptest::collection::vec(prop_oneof![3 => 0i64..3_000, 1 => 0i64..1_500_000], 1..300),
        ) {
            let starts = run(&mut Pace::new(rate), late);
            prop_assert!(busiest(&starts) <= rate as usize);
        }

        #[test]
        fn small_delays_cost_nothing(rate in 1u32..500, late in proptest::collection::vec(0i64..2_000, 600)) {
            let starts = run(&mut Pace::new(rate), late);
            let took = *starts.last().unwrap() - starts[0];
            let fair = TimeDelta::nanoseconds(1_000_000_000 / i64::from(rate) * 599);
            prop_assert!(took <= fair + TimeDelta::milliseconds(50) + fair / 50, "{took} {fair}");
        }
    }
}
