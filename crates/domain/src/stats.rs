//! How attempts went, counted: by minute, endpoint and what came back, with a histogram of how long
//! it took.

use chrono::{DateTime, TimeDelta, Utc};

use crate::outcome::{ErrorKind, Outcome};

/// The upper edges of the buckets, in milliseconds; what took longer is in the last one.
pub const BUCKET_EDGES_MS: [u64; 11] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
/// How many buckets there are.
pub const BUCKETS: usize = BUCKET_EDGES_MS.len() + 1;

/// How many attempts took how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latencies(pub [u64; BUCKETS]);

impl Latencies {
    /// Counts one more.
    pub fn count(&mut self, took: TimeDelta) {
        let took_us = took.num_microseconds().unwrap_or(i64::MAX).max(0).unsigned_abs();
        let edge = |edge: &u64| took_us <= edge * 1_000;
        let bucket = BUCKET_EDGES_MS.iter().position(edge).unwrap_or(BUCKETS - 1);
        self.0[bucket] += 1;
    }

    /// Adds what others have counted.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The milliseconds below which this share of the attempts stayed, taken to be spread evenly
    /// within a bucket, to a hundredth. `None` where there are none. In the last bucket it is that
    /// bucket's edge.
    pub fn quantile_ms(&self, share: f64) -> Option<f64> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let wanted = share.clamp(0.0, 1.0) * total as f64;
        let mut below = 0.0;
        for (bucket, count) in self.0.iter().enumerate() {
            let here = *count as f64;
            if *count > 0 && below + here >= wanted {
                let from = bucket.checked_sub(1).map_or(0, |before| BUCKET_EDGES_MS[before]) as f64;
                let Some(to) = BUCKET_EDGES_MS.get(bucket) else { return Some(from) };
                let part = ((wanted - below) / here).clamp(0.0, 1.0);
                return Some(to_hundredths(from + (*to as f64 - from) * part));
            }
            below += here;
        }
        None
    }
}

/// What came back: a status, or the kind of error where there was none. As a number it is the
/// status, or below zero the place of the kind in [`ErrorKind::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Answered(i16);

impl Answered {
    /// What came of an attempt.
    pub fn of(outcome: &Outcome) -> Self {
        let kind = || outcome.failure.as_ref().map_or(ErrorKind::Other, |failure| failure.kind);
        match outcome.status_code {
            Some(status) => Self(i16::try_from(status).unwrap_or(i16::MAX)),
            None => Self::of_kind(kind()),
        }
    }

    /// No answer, for this reason.
    pub fn of_kind(kind: ErrorKind) -> Self {
        let place = ErrorKind::ALL.iter().position(|known| *known == kind).unwrap_or_default();
        Self(-1 - i16::try_from(place).unwrap_or_default())
    }

    /// The number that stands for it.
    pub const fn as_number(self) -> i64 {
        self.0 as i64
    }

    /// Reads the number back.
    pub fn from_number(number: i64) -> Option<Self> {
        let answered = Self(i16::try_from(number).ok()?);
        (answered.status().is_some() || answered.kind().is_some()).then_some(answered)
    }

    /// The status, where there was one.
    pub fn status(self) -> Option<u16> {
        u16::try_from(self.0).ok().filter(|status| *status > 0)
    }

    /// Why there was none.
    pub fn kind(self) -> Option<ErrorKind> {
        let place = usize::try_from(-1 - self.0).ok()?;
        ErrorKind::ALL.get(place).copied()
    }
}

/// What decides when an endpoint is tried next.
#[derive(Debug, Clone, Copy, Default)]
pub struct Upcoming {
    /// A person has switched it off or paused it, or its company is suspended.
    pub is_held: bool,
    /// A node holds deliveries for it, which go as soon as it is their turn.
    pub is_in_hands: bool,
    /// When the first of the others is due.
    pub first_due: Option<DateTime<Utc>>,
    /// Until when a Retry-After holds it.
    pub hold_until: Option<DateTime<Utc>>,
}

impl Upcoming {
    /// When the next attempt begins, `now` where nothing is in its way; `None` where none will.
    pub fn begins_at(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let Self { is_held, is_in_hands, first_due, hold_until } = self;
        let due = if is_in_hands { Some(now) } else { first_due };
        let due = due.filter(|_| !is_held)?;
        Some(due.max(now).max(hold_until.unwrap_or(now)))
    }
}

/// More digits than a histogram knows would only look like knowledge.
fn to_hundredths(milliseconds: f64) -> f64 {
    (milliseconds * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bucket_holds_its_upper_edge() {
        let mut latencies = Latencies::default();
        for ms in [0, 5, 6, 10_000, 10_001, 60_000] {
            latencies.count(TimeDelta::milliseconds(ms));
        }
        assert_eq!(latencies.0, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(latencies.total(), 6);
    }

    #[test]
    fn quantiles_are_read_off_the_buckets() {
        assert_eq!(Latencies::default().quantile_ms(0.5), None);
        let mut latencies = Latencies::default();
        for _ in 0..100 {
            latencies.count(TimeDelta::milliseconds(7));
        }
        assert_eq!(latencies.quantile_ms(0.5), Some(7.5));
        assert_eq!(latencies.quantile_ms(0.333), Some(6.67));
        assert_eq!(latencies.quantile_ms(1.0), Some(10.0));
        latencies.count(TimeDelta::seconds(29));
        assert_eq!(latencies.quantile_ms(1.0), Some(10_000.0));
    }

    #[test]
    fn what_came_back_reads_back() {
        for kind in ErrorKind::ALL {
            let answered = Answered::of_kind(kind);
            assert_eq!((answered.kind(), answered.status()), (Some(kind), None));
            assert_eq!(Answered::from_number(answered.as_number()), Some(answered));
        }
        let ok = Answered::from_number(204).unwrap();
        assert_eq!((ok.kind(), ok.status()), (None, Some(204)));
        assert_eq!((Answered::from_number(0), Answered::from_number(-10)), (None, None));
        let refused = Outcome::of_error(ErrorKind::Connect, "refused".into(), None);
        assert_eq!(Answered::of(&refused).kind(), Some(ErrorKind::Connect));
    }

    #[test]
    fn the_next_attempt_is_now_when_due_or_when_the_hold_ends() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let at = |seconds: i64| Some(now + TimeDelta::seconds(seconds));
        let upcoming = |is_in_hands, first_due, hold_until| {
            let upcoming = Upcoming { is_held: false, is_in_hands, first_due, hold_until };
            let held = Upcoming { is_held: true, ..upcoming };
            assert_eq!(held.begins_at(now), None);
            upcoming.begins_at(now)
        };
        assert_eq!(upcoming(false, None, at(60)), None);
        assert_eq!(upcoming(false, at(41), None), at(41));
        assert_eq!(upcoming(false, at(-41), at(-60)), at(0));
        assert_eq!(upcoming(false, at(-41), at(60)), at(60));
        assert_eq!(upcoming(false, at(90), at(60)), at(90));
        assert_eq!(upcoming(true, at(90), None), at(0));
        assert_eq!(upcoming(true, None, at(60)), at(60));
    }

    proptest! {
        #[test]
        fn a_quantile_lies_in_the_bucket_of_its_attempt(
            times in proptest::collection::vec(0u64..10_000, 1..50),
            share in 0.0f64..1.0,
        ) {
            let mut latencies = Latencies::default();
            for ms in &times {
                latencies.count(TimeDelta::milliseconds((*ms).cast_signed()));
            }
            let quantile = latencies.quantile_ms(share).unwrap();
            let (low, high) = (latencies.quantile_ms(0.0).unwrap(), latencies.quantile_ms(1.0).unwrap());
            prop_assert!(low <= quantile && quantile <= high);
            let most = *times.iter().max().unwrap();
            let edge = BUCKET_EDGES_MS.iter().find(|edge| **edge >= most).unwrap();
            prop_assert!(high <= *edge as f64);
        }
    }
}
