//! When the next try is: a value, not code in a loop.

use chrono::TimeDelta;

/// The most waits a custom schedule may have.
pub const WAITS_MAX: usize = 1_000;

/// Why a list of waits is not a schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// A wait of zero or less.
    #[error("wait {index} must be longer than zero")]
    NotPositive {
        /// Its place in the list, from 0.
        index: usize,
    },
    /// A wait longer than the time after which a delivery is given up.
    #[error("wait {index} is longer than {days} days, after which a delivery is given up")]
    TooLong {
        /// Its place in the list, from 0.
        index: usize,
        /// The longest wait, in days.
        days: i64,
    },
    /// No waits, or more than [`WAITS_MAX`].
    #[error("must have 1 to {WAITS_MAX} waits")]
    Length,
}

/// The waits between the tries of one delivery: the first retry comes `wait_after(0)` after the end
/// of the first try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySchedule {
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Even { retries: u32, interval: TimeDelta },
    List { waits: Box<[TimeDelta]> },
}

impl RetrySchedule {
    /// `standard`: `retries` retries at an even `interval` (144 times 10 minutes unless the
    /// deployment says otherwise).
    pub fn even(retries: u32, interval: TimeDelta) -> Result<Self, ScheduleError> {
        if interval <= TimeDelta::zero() {
            return Err(ScheduleError::NotPositive { index: 0 });
        }
        Ok(Self { shape: Shape::Even { retries, interval } })
    }

    /// `meta`: 1 min, 5 min, 15 min, 1 h, 3 h, 6 h, then every 12 h until 7 days are over
    /// (product.md, delivery rule 3).
    pub fn meta() -> Self {
        let head = [1, 5, 15, 60, 180, 360].map(TimeDelta::minutes);
        let mut waits = head.to_vec();
        let mut at: TimeDelta = head.into_iter().sum();
        while at + TimeDelta::hours(12) <= TimeDelta::days(7) {
            at += TimeDelta::hours(12);
            waits.push(TimeDelta::hours(12));
        }
        Self { shape: Shape::List { waits: waits.into() } }
    }

    /// `custom`: checks the waits once, so nobody checks them again.
    pub fn custom(waits: Vec<TimeDelta>) -> Result<Self, ScheduleError> {
        if waits.is_empty() || waits.len() > WAITS_MAX {
            return Err(ScheduleError::Length);
        }
        if let Some(index) = waits.iter().position(|wait| *wait <= TimeDelta::zero()) {
            return Err(ScheduleError::NotPositive { index });
        }
        if let Some(index) = waits.iter().position(|wait| *wait > TimeDelta::days(7)) {
            return Err(ScheduleError::TooLong { index, days: 7 });
        }
        Ok(Self { shape: Shape::List { waits: waits.into() } })
    }

    /// The wait after try number `index` of the schedule (0 is its first try) has failed; `None`
    /// when that was the last one.
    pub fn wait_after(&self, index: u32) -> Option<TimeDelta> {
        match &self.shape {
            Shape::Even { retries, interval } => (index < *retries).then_some(*interval),
            Shape::List { waits } => waits.get(index as usize).copied(),
        }
    }

    /// How many tries there are in all, the first included.
    pub fn tries_max(&self) -> u32 {
        1 + match &self.shape {
            Shape::Even { retries, .. } => *retries,
            Shape::List { waits } => u32::try_from(waits.len()).unwrap_or(u32::MAX - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_has_145_tries_in_24_hours() {
        let schedule = RetrySchedule::even(144, TimeDelta::minutes(10)).unwrap();
        assert_eq!(schedule.tries_max(), 145);
        let waits: Vec<_> = (0..).map_while(|index| schedule.wait_after(index)).collect();
        assert_eq!(waits.iter().sum::<TimeDelta>(), TimeDelta::hours(24));
        assert_eq!(waits.len(), 144);
    }

    #[test]
    fn meta_ends_within_seven_days() {
        let schedule = RetrySchedule::meta();
        let waits: Vec<_> = (0..).map_while(|index| schedule.wait_after(index)).collect();
        assert_eq!(waits[..7], [1, 5, 15, 60, 180, 360, 720].map(TimeDelta::minutes));
        let total: TimeDelta = waits.iter().sum();
        assert!(total <= TimeDelta::days(7) && total > TimeDelta::hours(7 * 24 - 12));
    }

    #[test]
    fn custom_waits_are_checked_at_the_edges() {
        assert_eq!(RetrySchedule::custom(vec![]), Err(ScheduleError::Length));
        let too_many = vec![TimeDelta::seconds(1); WAITS_MAX + 1];
        assert_eq!(RetrySchedule::custom(too_many), Err(ScheduleError::Length));
        assert!(RetrySchedule::custom(vec![TimeDelta::seconds(1); WAITS_MAX]).is_ok());
        let zero = vec![TimeDelta::seconds(1), TimeDelta::zero()];
        assert_eq!(RetrySchedule::custom(zero), Err(ScheduleError::NotPositive { index: 1 }));
        let long = vec![TimeDelta::days(7) + TimeDelta::seconds(1)];
        assert!(matches!(
            RetrySchedule::custom(long),
            Err(ScheduleError::TooLong { index: 0, .. })
        ));
    }
}
