//! What a company may have and do: named limits with defaults that suit nearly everybody, and how
//! far a company's own differ. What is counted is refused beyond its limit; what comes at a rate
//! waits.

use crate::event::DATA_BYTES_MAX;

/// One thing that is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Endpoints that are not deleted.
    Endpoints,
    /// Events taken in, on each node.
    EventsPerSecond,
    /// Samples sent, on each node.
    SamplesPerMinute,
    /// The data of one event.
    EventBytes,
    /// Invitations made within 24 hours, revoked ones too: each was a mail.
    InvitationsPerDay,
    /// API tokens that are neither revoked nor expired.
    Tokens,
    /// People in the company.
    Members,
}

impl Limit {
    /// Every limit, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::Endpoints,
        Self::EventsPerSecond,
        Self::SamplesPerMinute,
        Self::EventBytes,
        Self::InvitationsPerDay,
        Self::Tokens,
        Self::Members,
    ];

    /// Its name in the REST API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Endpoints => "endpoints",
            Self::EventsPerSecond => "events_per_second",
            Self::SamplesPerMinute => "samples_per_minute",
            Self::EventBytes => "event_bytes",
            Self::InvitationsPerDay => "invitations_per_day",
            Self::Tokens => "tokens",
            Self::Members => "members",
        }
    }

    /// The limit of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.as_str() == name)
    }

    /// Where neither the deployment nor the company says otherwise.
    pub const fn default_max(self) -> u32 {
        match self {
            Self::Endpoints => 1_000,
            // A guard against what has gone wild, and no brake.
            Self::EventsPerSecond => 100_000,
            Self::SamplesPerMinute => 60,
            Self::EventBytes => EVENT_BYTES_MAX,
            Self::InvitationsPerDay => 100,
            Self::Tokens => 1_000,
            Self::Members => 1_000,
        }
    }

    /// The least and the most that it can be set to. A rate of nothing would never let its caller
    /// in again; whoever wants that suspends the company.
    pub const fn range(self) -> (u32, u32) {
        match self {
            Self::Endpoints | Self::Tokens => (0, 100_000),
            Self::EventsPerSecond => (1, 10_000_000),
            Self::SamplesPerMinute => (1, 100_000),
            Self::EventBytes => (1, EVENT_BYTES_MAX),
            Self::InvitationsPerDay => (0, 100_000),
            Self::Members => (1, 100_000),
        }
    }

    const fn place(self) -> usize {
        self as usize
    }
}

#[expect(clippy::cast_possible_truncation, reason = "256 KiB")]
const EVENT_BYTES_MAX: u32 = DATA_BYTES_MAX as u32;

/// A number that a limit cannot be set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from {low} to {high}, or null for the default")]
pub struct LimitError {
    low: u32,
    high: u32,
}

/// Limits as far as a company's own differ from the deployment's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnLimits([Option<u32>; Limit::ALL.len()]);

impl OwnLimits {
    /// What the company's own limit is, where it has one.
    pub const fn get(&self, limit: Limit) -> Option<u32> {
        self.0[limit.place()]
    }

    /// The same with another limit; `None` goes back to the deployment's.
    pub fn with(mut self, limit: Limit, max: Option<i64>) -> Result<Self, LimitError> {
        let (low, high) = limit.range();
        let checked = max.map(|max| u32::try_from(max).map_err(|_| LimitError { low, high }));
        let checked = checked.transpose()?;
        if checked.is_some_and(|max| !(low..=high).contains(&max)) {
            return Err(LimitError { low, high });
        }
        self.0[limit.place()] = checked;
        Ok(self)
    }

    /// As it is stored: a JSON object of those that differ.
    pub fn to_json(&self) -> serde_json::Value {
        let own = Limit::ALL.into_iter().filter_map(|limit| {
            self.get(limit).map(|max| (limit.as_str().to_owned(), serde_json::Value::from(max)))
        });
        serde_json::Value::Object(own.collect())
    }

    /// Reads what is stored. What another release knows, or what is no longer in range, is as if it
    /// were not there: a limit must never keep a company from being read.
    pub fn from_json(value: &serde_json::Value) -> Self {
        let mut own = Self::default();
        for limit in Limit::ALL {
            let max = value.get(limit.as_str()).and_then(serde_json::Value::as_i64);
            own = own.with(limit, max).unwrap_or(own);
        }
        own
    }
}

/// Every limit of one company, or of a deployment where a company says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits([u32; Limit::ALL.len()]);

impl Default for Limits {
    fn default() -> Self {
        Self(Limit::ALL.map(Limit::default_max))
    }
}

impl Limits {
    /// How much there may be.
    pub const fn get(&self, limit: Limit) -> u32 {
        self.0[limit.place()]
    }

    /// The same with another number of events per second, as a deployment may choose it.
    #[must_use]
    pub const fn with_events_per_second(mut self, max: u32) -> Self {
        self.0[Limit::EventsPerSecond.place()] = max;
        self
    }

    /// What a company with limits of its own may.
    #[must_use]
    pub fn of_company(&self, own: &OwnLimits) -> Self {
        Self(Limit::ALL.map(|limit| own.get(limit).unwrap_or_else(|| self.get(limit))))
    }

    /// Whether one more fits beside `used`.
    pub const fn has_room(&self, limit: Limit, used: u64) -> bool {
        used < self.get(limit) as u64
    }
}

/// So many in a time, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how long.
    pub per_ns: i64,
}

const SECOND_NS: i64 = 1_000_000_000;

/// A clock that is further back than this was set back.
const SET_BACK_NS: i64 = SECOND_NS;

/// No request takes more at once; a wait is never longer than what it would have to pay back.
const AT_ONCE_MAX: i64 = 1_000;

impl Rate {
    /// So many a second.
    pub const fn per_second(count: u32) -> Self {
        Self { count, per_ns: SECOND_NS }
    }

    /// So many a minute.
    pub const fn per_minute(count: u32) -> Self {
        Self { count, per_ns: 60 * SECOND_NS }
    }

    /// Takes `wanted` at once at `now_ns`, where `paid_until_ns` is what was taken before, as the
    /// moment up to which it is paid for (GCRA). As much as comes in one period may come at once.
    /// What takes more than is left is let in where anything is left, and paid for afterwards: a
    /// batch is never too large for a small rate. Gives the new moment, or how many nanoseconds to
    /// wait.
    pub fn take(self, paid_until_ns: i64, wanted: u32, now_ns: i64) -> Result<i64, i64> {
        let each = self.per_ns / i64::from(self.count.max(1));
        // Nobody can have paid for more. What is much later is from before the clock was set back, and it begins
        // anew, because whoever is refused leaves that moment as it is; what is somewhat later is of requests that
        // came here in another order than they read the clock.
        let latest = now_ns.saturating_add(self.per_ns + AT_ONCE_MAX * each);
        let is_set_back = paid_until_ns > latest.saturating_add(SET_BACK_NS);
        let paid_until = if is_set_back { now_ns } else { paid_until_ns.clamp(now_ns, latest) };
        let wait = paid_until + each - self.per_ns - now_ns;
        if wait > 0 {
            return Err(wait);
        }
        Ok(paid_until.saturating_add(each.saturating_mul(i64::from(wanted))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_760_000_000 * SECOND_NS;

    #[test]
    fn a_companys_own_limits_count_before_the_deployments() {
        let deployment = Limits::default().with_events_per_second(500);
        let own = OwnLimits::default().with(Limit::Endpoints, Some(3)).unwrap();
        let limits = deployment.of_company(&own);
        assert_eq!(limits.get(Limit::Endpoints), 3);
        assert_eq!(limits.get(Limit::EventsPerSecond), 500);
        assert_eq!(limits.get(Limit::EventBytes), 262_144);
        assert!(limits.has_room(Limit::Endpoints, 2) && !limits.has_room(Limit::Endpoints, 3));
        let back = own.with(Limit::Endpoints, None).unwrap();
        assert_eq!(deployment.of_company(&back), deployment);
    }

    #[test]
    fn every_limit_has_a_name_a_place_and_a_default_within_its_range() {
        for (place, limit) in Limit::ALL.into_iter().enumerate() {
            assert_eq!(limit.place(), place);
            assert_eq!(Limit::parse(limit.as_str()), Some(limit));
            let (low, high) = limit.range();
            assert!((low..=high).contains(&limit.default_max()), "{limit:?}");
            let set =
                |max: i64| OwnLimits::default().with(limit, Some(max)).map(|own| own.get(limit));
            assert_eq!(set(i64::from(low)), Ok(Some(low)));
            assert_eq!(set(i64::from(high)), Ok(Some(high)));
            for wrong in [i64::from(low) - 1, i64::from(high) + 1, i64::MAX, i64::MIN] {
                assert!(set(wrong).is_err(), "{limit:?} {wrong}");
            }
        }
        assert_eq!(Limit::parse("nothing"), None);
    }

    #[test]
    fn what_is_stored_reads_back_and_nonsense_is_as_if_it_were_not_there() {
        let own = OwnLimits::default().with(Limit::Tokens, Some(7)).unwrap();
        let own = own.with(Limit::Members, Some(9)).unwrap();
        assert_eq!(own.to_json(), serde_json::json!({"tokens": 7, "members": 9}));
        assert_eq!(OwnLimits::from_json(&own.to_json()), own);
        let odd =
            serde_json::json!({"tokens": -1, "members": "x", "unheard_of": 3, "endpoints": 2});
        let read = OwnLimits::from_json(&odd);
        assert_eq!(read.to_json(), serde_json::json!({"endpoints": 2}));
        for nothing in [serde_json::json!([]), serde_json::json!(null), serde_json::json!(5)] {
            assert_eq!(OwnLimits::from_json(&nothing), OwnLimits::default());
        }
    }

    #[test]
    fn a_period_s_worth_comes_at_once_and_the_rest_as_fast_as_the_rate() {
        let rate = Rate::per_second(10);
        let mut paid = 0;
        for _ in 0..10 {
            paid = rate.take(paid, 1, NOW).unwrap();
        }
        assert_eq!(rate.take(paid, 1, NOW), Err(SECOND_NS / 10));
        assert!(rate.take(paid, 1, NOW + SECOND_NS / 10 - 1).is_err());
        let paid = rate.take(paid, 1, NOW + SECOND_NS / 10).unwrap();
        assert!(rate.take(paid, 1, NOW + SECOND_NS / 10).is_err());
        assert!(rate.take(paid, 1, NOW + 2 * SECOND_NS).is_ok());
    }

    #[test]
    fn a_large_batch_is_let_in_and_paid_for_afterwards() {
        let rate = Rate::per_second(10);
        let paid = rate.take(0, 1_000, NOW).unwrap();
        assert_eq!(rate.take(paid, 1, NOW), Err(99 * SECOND_NS + SECOND_NS / 10));
        assert!(rate.take(paid, 1, NOW + 99 * SECOND_NS + SECOND_NS / 10).is_ok());
    }

    #[test]
    fn a_clock_that_ran_back_does_not_shut_anybody_out() {
        let rate = Rate::per_second(10);
        let paid = rate.take(0, 1_000, NOW).unwrap();
        let (ahead, wait) = (99 * SECOND_NS, rate.take(paid, 1, NOW).unwrap_err());
        assert!(wait > ahead, "what was let in is paid for");
        let in_another_order = rate.take(paid, 1, NOW - SECOND_NS / 2);
        assert!(in_another_order.unwrap_err() > ahead, "nor is it forgiven who comes late");
        for back in [3 * SECOND_NS, 3_600 * SECOND_NS] {
            let mut paid = paid;
            for _ in 0..10 {
                paid = rate.take(paid, 1, NOW - back).unwrap();
            }
            assert!(rate.take(paid, 1, NOW - back).is_err(), "from then on as ever");
        }
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate_over_a_long_time(
            count in 1u32..1_000_000,
            steps in proptest::collection::vec((0i64..SECOND_NS, 1u32..50), 1..200),
        ) {
            let rate = Rate::per_second(count);
            let (mut now, mut paid, mut taken, mut largest) = (NOW, 0, 0u64, 0u64);
            for (step, wanted) in steps {
                now += step;
                if let Ok(next) = rate.take(paid, wanted, now) {
                    prop_assert!(next > now);
                    paid = next;
                    taken += u64::from(wanted);
                    largest = largest.max(u64::from(wanted));
                }
            }
            let each = u64::try_from(SECOND_NS / i64::from(count)).unwrap();
            let time = u64::try_from(now - NOW + SECOND_NS).unwrap();
            prop_assert!(taken <= time / each + largest + 1, "{taken}");
        }

        #[test]
        fn nothing_overflows(paid in any::<i64>(), wanted in any::<u32>(), now in any::<i64>(), count in any::<u32>()) {
            let now = now.clamp(0, i64::MAX / 2);
            let _ = Rate::per_minute(count).take(paid, wanted, now);
        }
    }
}
