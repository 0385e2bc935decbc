//! The real clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// The system's time when the program started, carried on by the monotonic clock, so that it does not
/// jump with the system's; plus what the database's clock was found to be ahead.
#[derive(Debug)]
pub struct SystemClock {
    started_at: DateTime<Utc>,
    started: Instant,
    database_ahead_us: AtomicI64,
}

impl SystemClock {
    /// Asks the system for the time, once.
    #[expect(clippy::disallowed_methods, reason = "the one place that may ask the wall clock")]
    pub fn start() -> Self {
        Self {
            started_at: Utc::now(),
            started: Instant::now(),
            database_ahead_us: AtomicI64::new(0),
        }
    }
}

#[async_trait::async_trait]
impl store::Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        let run = TimeDelta::from_std(self.started.elapsed()).unwrap_or(TimeDelta::MAX);
        let ahead = TimeDelta::microseconds(self.database_ahead_us.load(Ordering::Relaxed));
        self.started_at + run + ahead
    }

    async fn sleep(&self, span: TimeDelta) {
        tokio::time::sleep(span.to_std().unwrap_or_default()).await;
    }

    fn correct(&self, database_ahead: TimeDelta) {
        let us = database_ahead.num_microseconds().unwrap_or(0);
        // Measured against `now`, which has the corrections before it in it.
        self.database_ahead_us.fetch_add(us, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use store::Clock;

    use super::*;

    #[test]
    fn it_does_not_go_back_and_corrections_add_up() {
        let clock = SystemClock::start();
        let first = clock.now();
        let second = clock.now();
        assert!(second >= first);
        clock.correct(TimeDelta::hours(1));
        clock.correct(TimeDelta::zero());
        assert!(clock.now() >= second + TimeDelta::hours(1), "found right, it stays corrected");
        clock.correct(-TimeDelta::hours(1));
        assert!(clock.now() < second + TimeDelta::hours(1));
    }
}
