//! A clock that is turned by hand.

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use tokio::sync::watch;

/// Stands still until it is turned; sleepers wake when their time has come.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<DateTime<Utc>>,
    sleepers: Mutex<Vec<DateTime<Utc>>>,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn at(start: DateTime<Utc>) -> Self {
        Self { now: watch::Sender::new(start), sleepers: Mutex::new(Vec::new()) }
    }

    /// Turns it forward and wakes whose time has come.
    pub fn advance(&self, span: TimeDelta) {
        self.now.send_modify(|now| *now += span);
    }

    /// Turns it to `time`, which may lie in the past: clocks do jump.
    pub fn set(&self, time: DateTime<Utc>) {
        self.now.send_replace(time);
    }

    /// When the first sleeper wakes; none: nobody sleeps.
    pub fn next_wake(&self) -> Option<DateTime<Utc>> {
        self.sleepers.lock().iter().min().copied()
    }

    /// How many are asleep.
    pub fn sleepers(&self) -> usize {
        self.sleepers.lock().len()
    }
}

/// Takes a sleeper off the list, also when its future is dropped before it wakes.
struct Asleep<'clock>(&'clock ManualClock, DateTime<Utc>);

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        let mut sleepers = self.0.sleepers.lock();
        if let Some(place) = sleepers.iter().position(|until| *until == self.1) {
            sleepers.swap_remove(place);
        }
    }
}

#[async_trait::async_trait]
impl store::Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.borrow()
    }

    async fn sleep(&self, span: TimeDelta) {
        let mut turns = self.now.subscribe();
        let until = *turns.borrow_and_update() + span;
        self.sleepers.lock().push(until);
        let _asleep = Asleep(self, until);
        turns.wait_for(|now| *now >= until).await.expect("the clock outlives its sleepers");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::{DateTime, TimeDelta};
    use store::Clock;

    use super::ManualClock;

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_time_has_come_and_not_before() {
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
        let mut sleep = Box::pin(clock.sleep(TimeDelta::minutes(10)));
        assert!(futures_util::poll!(&mut sleep).is_pending());
        clock.advance(TimeDelta::minutes(9));
        assert!(futures_util::poll!(&mut sleep).is_pending());
        assert_eq!(clock.next_wake(), Some(DateTime::UNIX_EPOCH + TimeDelta::minutes(10)));
        clock.advance(TimeDelta::minutes(1));
        sleep.await;
        assert_eq!(clock.sleepers(), 0);
    }

    #[tokio::test]
    async fn a_dropped_sleep_is_forgotten() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let mut sleep = Box::pin(clock.sleep(TimeDelta::minutes(10)));
        assert!(futures_util::poll!(&mut sleep).is_pending());
        drop(sleep);
        assert_eq!(clock.next_wake(), None);
    }
}
