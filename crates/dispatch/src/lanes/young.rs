//! How many requests may begin at once: those that want this machine's processor, not their receivers' time.
//!
//! Where receivers answer at once the processor is what is short, and more requests at once make nothing faster:
//! each has its task, its connection and its buffers, a thousand of them do not fit into the caches, and with them
//! a delivery costs a quarter more than with a few dozen. Where receivers take their time, as many may be under way
//! as there are places. How long a request takes says little of which it is, since with too many of them all
//! wait for the processor; how long the quickest one of its endpoint has taken of late does. And where the processor
//! has time while others wait, receivers are what is waited for, however quick some of their answers are.

use chrono::{DateTime, TimeDelta, Utc};

/// Requests count by when they began, in slots of so many milliseconds: so each is young for twenty to twenty-five
/// of them, and one that hangs is in nobody's way for longer.
const SLOT_MS: i64 = 5;
const SLOTS: usize = 5;
/// An endpoint takes its time if even the quickest of its last successes took so long: as many as may begin at once
/// are more in so much time than the processor can send.
const SLOW_FROM: TimeDelta = TimeDelta::milliseconds(3);
/// The last ones are those of one to two periods of this length.
const QUICKEST_OF: TimeDelta = TimeDelta::seconds(1);
/// Where more than this share of successes is of such endpoints, one of which nothing is known is taken for one as
/// well. In thousandths, of so many successes, about.
const SLOW_SHARE: usize = 200;
const ALL: usize = 1_000;
const ANSWERS: usize = 64;
/// The processor has time below this share of it, and is short from the other on, in thousandths: at the top rate it
/// rests for a moment while a commit is waited for (600 to 900 were seen), at a tenth of it 100, where receivers are
/// waited for 150 to 200.
const SPARE_BELOW: u64 = 250;
const SHORT_FROM: u64 = 500;
/// So many beats more of one kind than of the other decide.
const BEATS: u32 = 8;
/// Over so many beats it is averaged, about.
const BUSY_BEATS: u64 = 4;

/// How long the quickest of an endpoint's last successes took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quickest {
    began: DateTime<Utc>,
    now: TimeDelta,
    before: TimeDelta,
}

impl Default for Quickest {
    fn default() -> Self {
        Self { began: DateTime::UNIX_EPOCH, now: TimeDelta::MAX, before: TimeDelta::MAX }
    }
}

impl Quickest {
    /// Whether the endpoint takes its time, where that is known.
    pub(super) fn is_slow(&self, now: DateTime<Utc>) -> Option<bool> {
        let age = now - self.began;
        let quickest = if age < TimeDelta::zero() || age >= QUICKEST_OF * 2 {
            return None;
        } else if age >= QUICKEST_OF {
            self.now
        } else {
            self.now.min(self.before)
        };
        (quickest < TimeDelta::MAX).then_some(quickest >= SLOW_FROM)
    }

    /// One more success.
    pub(super) fn learn(&mut self, took: TimeDelta, now: DateTime<Utc>) {
        let age = now - self.began;
        if age >= QUICKEST_OF || age < TimeDelta::zero() {
            let is_next = age >= TimeDelta::zero() && age < QUICKEST_OF * 2;
            self.before = if is_next { self.now } else { TimeDelta::MAX };
            (self.began, self.now) = (now, TimeDelta::MAX);
        }
        self.now = self.now.min(took);
    }
}

/// How many there are, and may be.
#[derive(Debug)]
pub(super) struct Young {
    /// By the number of the slot, round and round.
    slots: [usize; SLOTS],
    newest: i64,
    max: usize,
    /// Which share of the last successes was of endpoints that take their time, in thousandths of a thousandth.
    slow: usize,
    /// Nothing is bounded, because the processor has time.
    is_lifted: bool,
    /// Whether others had to wait since the last beat.
    was_in_the_way: bool,
    /// Beats that speak for a change of it.
    beats: u32,
    /// For which share of its time the processor was busy in the last beats, in thousandths of a thousandth.
    busy: u64,
}

impl Young {
    /// At most so many may be young at once, where receivers answer at once.
    pub(super) fn new(max: usize) -> Self {
        Self {
            slots: [0; SLOTS],
            newest: 0,
            max: max.max(1),
            slow: 0,
            is_lifted: false,
            was_in_the_way: false,
            beats: 0,
            busy: 0,
        }
    }

    /// A success of an endpoint that takes its time, or does not.
    pub(super) fn learn(&mut self, is_slow: bool) {
        let next = if is_slow { ALL * ALL } else { 0 };
        self.slow = (self.slow * (ANSWERS - 1) + next) / ANSWERS;
    }

    /// For which share of its time the processor was busy since the last beat, in thousandths. Says whether
    /// more may begin from now on.
    pub(super) fn beat(&mut self, busy: u64) -> bool {
        let all = ALL as u64;
        self.busy = (self.busy * (BUSY_BEATS - 1) + busy.min(all) * all) / BUSY_BEATS;
        let was_in_the_way = std::mem::take(&mut self.was_in_the_way);
        let speaks_for_change =
            if self.is_lifted { busy >= SHORT_FROM } else { was_in_the_way && busy < SPARE_BELOW };
        self.beats = if speaks_for_change { self.beats + 1 } else { self.beats.saturating_sub(1) };
        if self.beats < BEATS {
            return false;
        }
        (self.is_lifted, self.beats) = (!self.is_lifted, 0);
        self.is_lifted
    }

    /// Whether no more may begin now. To be asked where something is queued.
    pub(super) fn holds_back(&mut self) -> bool {
        let is_full = self.is_full();
        self.was_in_the_way |= is_full;
        is_full
    }

    /// Whether the processor is what is short: it was busy of late, or as many have begun as it can do and it has
    /// no time to spare.
    pub(super) fn is_short(&self) -> bool {
        let busy = self.busy / ALL as u64;
        busy >= SHORT_FROM || self.is_full() && busy >= SPARE_BELOW
    }

    fn is_full(&self) -> bool {
        !self.is_lifted && self.count() >= self.max
    }

    /// Whether most endpoints take their time, as far as is known.
    pub(super) fn is_slow(&self) -> bool {
        self.slow > SLOW_SHARE * ALL
    }

    /// Lets those that are not young any more go. A clock that was set back by more than a moment makes all of
    /// them old; whoever asked for the time before somebody else changes nothing.
    pub(super) fn pass(&mut self, now: DateTime<Utc>) {
        let slot = slot_of(now);
        if (1..SLOTS as i64).contains(&(self.newest - slot)) {
            return;
        }
        let passed = if slot < self.newest { SLOTS as i64 } else { slot - self.newest };
        for ahead in 0..passed.min(SLOTS as i64) {
            self.slots[place_of(slot - ahead)] = 0;
        }
        self.newest = slot;
    }

    /// One begins, at the time that has passed.
    pub(super) fn begin(&mut self) {
        self.slots[place_of(self.newest)] += 1;
    }

    /// One that began then is over. It may have had its turn some time before.
    pub(super) fn end(&mut self, began: DateTime<Utc>) {
        let slot = slot_of(began);
        let live = |slot: &i64| (0..SLOTS as i64).contains(&(self.newest - slot));
        let mut before = (0..SLOTS as i64).map(|age| slot - age).filter(live).map(place_of);
        if let Some(place) = before.find(|place| self.slots[*place] > 0) {
            self.slots[place] -= 1;
        }
    }

    /// One of the last that began has not begun after all.
    pub(super) fn take_back(&mut self) {
        let newest_first = (0..SLOTS as i64).map(|age| place_of(self.newest - age));
        if let Some(place) = newest_first.into_iter().find(|place| self.slots[*place] > 0) {
            self.slots[place] -= 1;
        }
    }

    fn count(&self) -> usize {
        self.slots.iter().sum()
    }

    /// When there are fewer, if no more may begin before.
    pub(super) fn fewer_at(&self) -> Option<DateTime<Utc>> {
        if !self.is_full() {
            return None;
        }
        let mut oldest_first = self.newest - SLOTS as i64 + 1..=self.newest;
        let oldest = oldest_first.find(|slot| self.slots[place_of(*slot)] > 0)?;
        let over = (oldest + SLOTS as i64) * SLOT_MS;
        Some(DateTime::UNIX_EPOCH + TimeDelta::milliseconds(over))
    }
}

fn slot_of(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis().div_euclid(SLOT_MS)
}

fn place_of(slot: i64) -> usize {
    slot.rem_euclid(SLOTS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(count: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::milliseconds(count)
    }

    fn at(young: &mut Young, now: i64) -> usize {
        young.pass(ms(now));
        young.count()
    }

    /// Begins as many as may.
    fn fill(young: &mut Young, now: i64) -> usize {
        young.pass(ms(now));
        std::iter::from_fn(|| (!young.holds_back()).then(|| young.begin())).count()
    }

    #[test]
    fn a_request_is_young_for_twenty_milliseconds_and_some_or_until_it_is_over() {
        let mut young = Young::new(8);
        young.pass(ms(4));
        (0..3).for_each(|_| young.begin());
        young.pass(ms(5));
        young.begin();
        young.end(ms(4));
        assert_eq!(at(&mut young, 24), 3);
        assert_eq!(at(&mut young, 25), 1);
        young.end(ms(4));
        assert_eq!(young.count(), 1, "the other one was not young any more");
        assert_eq!(at(&mut young, 22), 1, "whoever asked for the time before");
        young.end(ms(9));
        assert_eq!(young.count(), 0);
        young.end(ms(9));
        assert_eq!(young.count(), 0);
        // Its turn was some time before.
        young.begin();
        young.pass(ms(40));
        young.end(ms(41));
        assert_eq!(young.count(), 0);
    }

    #[test]
    fn one_that_was_not_begun_is_taken_back_from_the_last() {
        let mut young = Young::new(8);
        young.pass(ms(0));
        young.begin();
        young.pass(ms(10));
        young.begin();
        young.pass(ms(15));
        young.take_back();
        assert_eq!(at(&mut young, 24), 1);
        assert_eq!(at(&mut young, 25), 0, "the first one was left");
        young.take_back();
        assert_eq!(young.count(), 0);
    }

    #[test]
    fn where_no_more_may_begin_the_oldest_make_room() {
        let mut young = Young::new(2);
        assert_eq!((fill(&mut young, 1), young.fewer_at()), (2, Some(ms(25))));
        young.end(ms(1));
        assert_eq!((fill(&mut young, 10), young.fewer_at()), (1, Some(ms(25))));
        young.end(ms(0));
        assert_eq!(young.fewer_at(), None);
        assert_eq!((fill(&mut young, 12), young.fewer_at()), (1, Some(ms(35))));
    }

    #[test]
    fn where_the_processor_has_time_while_others_wait_nothing_is_bounded_until_it_is_short() {
        let mut young = Young::new(2);
        young.pass(ms(0));
        (0..2).for_each(|_| young.begin());
        let mut beats = |count: u32, busy, is_wanted: bool| {
            let is_more = (0..count).any(|_| {
                let _ = is_wanted && young.holds_back();
                young.beat(busy)
            });
            (is_more, young.is_full())
        };
        assert_eq!(beats(100, 0, false), (false, true), "nobody asked");
        assert_eq!(beats(100, 250, true), (false, true), "it has no time");
        assert_eq!(beats(7, 249, true), (false, true), "not for long enough");
        assert_eq!(beats(2, 900, true), (false, true));
        assert_eq!(beats(3, 249, true), (true, false));
        assert_eq!(beats(100, 499, true), (false, false));
        assert_eq!(beats(7, 500, true), (false, false));
        assert_eq!(beats(1, 500, true), (false, true));
    }

    #[test]
    fn a_processor_that_was_busy_of_late_is_short() {
        let mut young = Young::new(2);
        let mut after = |count: u32, busy| {
            (0..count).for_each(|_| _ = young.beat(busy));
            young.is_short()
        };
        assert!(!after(1, 1_000), "once is chance");
        assert!(!after(40, 499));
        assert!(after(40, 501));
        assert!(!after(1, 400));
        fill(&mut young, 0);
        assert!(young.is_short(), "as many as may have just begun");
        (0..40).for_each(|_| _ = young.beat(249));
        assert!(!young.is_short(), "the processor has time");
    }

    #[test]
    fn a_clock_that_is_set_back_or_jumps_leaves_nobody_young() {
        let mut young = Young::new(8);
        for later in [5_000, 0, -7_000_000, 10] {
            young.pass(ms(later - 1));
            young.begin();
            assert_eq!(young.count(), 1);
            assert_eq!(at(&mut young, later + 25), 0, "{later}");
        }
        young.begin();
        young.end(ms(5_000));
        assert_eq!(young.count(), 1, "one that began long after now is none of these");
    }

    #[test]
    fn most_endpoints_take_their_time_where_more_than_a_fifth_of_the_successes_says_so() {
        let mut young = Young::new(8);
        (0..1_000).for_each(|_| young.learn(false));
        (0..14).for_each(|_| young.learn(true));
        assert!(!young.is_slow());
        young.learn(true);
        assert!(young.is_slow());
        (0..1_000).for_each(|_| young.learn(true));
        (0..102).for_each(|_| young.learn(false));
        assert!(young.is_slow());
        young.learn(false);
        assert!(!young.is_slow());
        (0..3_000).for_each(|number| young.learn(number % 6 == 0));
        assert!(!young.is_slow());
        (0..3_000).for_each(|number| young.learn(number % 4 == 0));
        assert!(young.is_slow());
    }

    #[test]
    fn the_quickest_of_one_to_two_seconds_says_how_an_endpoint_is() {
        let mut quickest = Quickest::default();
        assert_eq!(quickest.is_slow(ms(0)), None);
        let mut after = |took, now| {
            quickest.learn(TimeDelta::milliseconds(took), ms(now));
            quickest.is_slow(ms(now))
        };
        assert_eq!(after(3, 0), Some(true));
        assert_eq!(after(2, 10), Some(false));
        assert_eq!(after(70, 999), Some(false));
        assert_eq!(after(70, 1_000), Some(false), "a second before it was quick");
        assert_eq!(after(70, 1_999), Some(false));
        assert_eq!(after(70, 2_000), Some(true));
        assert_eq!(after(0, 2_001), Some(false));
        assert_eq!(after(70, 9_000), Some(true), "nothing is known of the seconds before");
        assert_eq!(after(1, 9_001), Some(false));
        assert_eq!(after(70, 100), Some(true), "the clock was set back");
        let at = |now| quickest.is_slow(ms(now));
        assert_eq!((at(1_100), at(2_099), at(2_100)), (Some(true), Some(true), None));
        assert_eq!(at(99), None);
    }

    #[test]
    fn one_is_enough_to_go_on() {
        let mut young = Young::new(0);
        assert_eq!((fill(&mut young, 0), fill(&mut young, 25)), (1, 1));
    }
}
