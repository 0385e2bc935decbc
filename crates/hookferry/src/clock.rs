//! The real clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// How far it may be from the system's time, where that counts, before it follows.
const SYSTEM_OFF_MAX: TimeDelta = TimeDelta::milliseconds(200);

/// The system's time when the program started, carried on by the monotonic clock, so that it does not
/// jump with the system's; plus what the database's clock was found to be ahead. Where there is no
/// other clock it is put right by the system's, with which it agrees unless that was set or the machine
/// slept.
#[derive(Debug)]
pub struct SystemClock {
    started_at: DateTime<Utc>,
    started: Instant,
    ahead_us: AtomicI64,
    system: fn() -> DateTime<Utc>,
}

impl SystemClock {
    /// Asks the system for the time.
    pub fn start() -> Self {
        Self::of(system_time)
    }

    fn of(system: fn() -> DateTime<Utc>) -> Self {
        let (started_at, started) = (system(), Instant::now());
        Self { started_at, started, ahead_us: AtomicI64::new(0), system }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that may ask the wall clock")]
fn system_time() -> DateTime<Utc> {
    Utc::now()
}

#[async_trait::async_trait]
impl store::Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        let run = TimeDelta::from_std(self.started.elapsed()).unwrap_or(TimeDelta::MAX);
        let ahead = TimeDelta::microseconds(self.ahead_us.load(Ordering::Relaxed));
        self.started_at + run + ahead
    }

    async fn sleep(&self, span: TimeDelta) {
        tokio::time::sleep(span.to_std().unwrap_or_default()).await;
    }

    fn correct(&self, database_ahead: TimeDelta) {
        let us = database_ahead.num_microseconds().unwrap_or(0);
        // Measured against `now`, which has the corrections before it in it.
        self.ahead_us.fetch_add(us, Ordering::Relaxed);
    }

    fn follow_system(&self) {
        let off = (self.system)() - store::Clock::now(self);
        if off.abs() > SYSTEM_OFF_MAX {
            tracing::info!("The system's clock was set, or this machine slept: it is {off} later");
            self.correct(off);
        }
    }
}

#[cfg(test)]
mod tests {
    use store::Clock;

    use super::*;

    #[test]
    fn where_it_is_the_only_clock_it_follows_the_systems() {
        static SET_BY_SECONDS: AtomicI64 = AtomicI64::new(0);
        let clock = SystemClock::of(|| {
            system_time() + TimeDelta::seconds(SET_BY_SECONDS.load(Ordering::Relaxed))
        });
        let off = |seconds: i64| {
            let off = clock.now() - system_time() - TimeDelta::seconds(seconds);
            assert!(off.abs() < TimeDelta::milliseconds(900), "{off} off {seconds} s");
        };
        clock.follow_system();
        off(0);
        for seconds in [8 * 3_600, -30, 0] {
            SET_BY_SECONDS.store(seconds, Ordering::Relaxed);
            clock.follow_system();
            off(seconds);
        }
    }

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
