//! What is done in bulk behind the hot path: the index of the lists is fed, SQLite's keys are moved to their
//! places, old ones are forgotten, hours of counts are made and old counts go. Slices of a few milliseconds with rests between them, so that each
//! takes a quarter of the writer at most, and lags where that is not enough.

use std::time::{Duration, Instant};

use store::{KeyMove, KeyWalk, SearchStep, SearchWalk, StatsStep, StatsWalk};
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;

/// How often a node looks for something to index.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// And while it waits for others' transactions to end.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How often a node looks for keys to move.
const LOOK_FOR_KEYS_EVERY: Duration = Duration::from_secs(1);
/// How long to rest between two walks over all keys, and between two slices of one.
const KEY_WALK_EVERY: Duration = Duration::from_secs(3_600);
const KEY_SLICE_EVERY: Duration = Duration::from_millis(50);
/// How often a node looks for an hour of counts to make, or for old ones.
const LOOK_FOR_HOURS_EVERY: Duration = Duration::from_secs(30);
/// The rest after a step is so many times as long as the step was.
const REST_FACTOR: u32 = 3;
/// And at least and at most so long.
const REST_MIN: Duration = Duration::from_millis(2);
const REST_MAX: Duration = Duration::from_secs(1);

impl Dispatcher {
    /// Walks until `stop`.
    pub(crate) async fn search_loop(&self, stop: CancellationToken) {
        let mut walk = SearchWalk::default();
        while !stop.is_cancelled() {
            if !self.may_work() {
                self.pause(LOOK_EVERY, &stop).await;
                continue;
            }
            let begun = Instant::now();
            let rest = match self.store.walk_search(&mut walk, self.clock.now()).await {
                Ok(SearchStep::Walked(_) | SearchStep::Next) => rest_after(begun.elapsed()),
                Ok(SearchStep::Rest) if walk.is_waiting() => LOOK_AGAIN,
                Ok(SearchStep::Rest) => LOOK_EVERY,
                Err(error) => {
                    tracing::warn!(error = %error, "The index of the lists waits for the database: {error}");
                    LOOK_EVERY
                }
            };
            self.pause(rest, &stop).await;
        }
    }

    /// Moves fresh keys until `stop`.
    pub(crate) async fn keys_loop(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let begun = Instant::now();
            let rest = match self.store.move_keys(self.clock.now()).await {
                Ok(KeyMove::Moved) => rest_after(begun.elapsed()),
                Ok(KeyMove::Rest) => LOOK_FOR_KEYS_EVERY,
                Ok(KeyMove::Never) => return,
                Err(error) => {
                    tracing::warn!(error = %error, "New keys wait for the database to be moved: {error}");
                    LOOK_EVERY
                }
            };
            self.pause(rest, &stop).await;
        }
    }
}

impl Dispatcher {
    /// Walks over all keys and forgets the old ones, until `stop`: ten thousand a second at most, in statements
    /// of milliseconds.
    pub(crate) async fn old_keys_loop(&self, stop: CancellationToken) {
        let mut walk = KeyWalk::default();
        while !stop.is_cancelled() {
            if !self.may_work() {
                self.pause(LOOK_EVERY, &stop).await;
                continue;
            }
            let begun = Instant::now();
            let rest = match self.store.forget_keys(walk, self.clock.now()).await {
                Ok(next) => {
                    walk = next.unwrap_or_default();
                    next.map_or(KEY_WALK_EVERY, |_| {
                        rest_after(begun.elapsed()).max(KEY_SLICE_EVERY)
                    })
                }
                Err(error) => {
                    tracing::warn!(error = %error, "Old keys wait for the database to be forgotten: {error}");
                    LOOK_EVERY
                }
            };
            self.pause(rest, &stop).await;
        }
    }
}

impl Dispatcher {
    /// Makes hours of counts and removes old ones, until `stop`.
    pub(crate) async fn stats_loop(&self, stop: CancellationToken) {
        let mut walk = StatsWalk::default();
        while !stop.is_cancelled() {
            if !self.may_work() {
                self.pause(LOOK_EVERY, &stop).await;
                continue;
            }
            let begun = Instant::now();
            let rest = match self.store.work_on_stats(&mut walk, self.clock.now()).await {
                Ok(StatsStep::Worked) => rest_after(begun.elapsed()),
                Ok(StatsStep::Rest) => LOOK_FOR_HOURS_EVERY,
                Err(error) => {
                    tracing::warn!(error = %error, "Hours of counts wait for the database: {error}");
                    LOOK_EVERY
                }
            };
            self.pause(rest, &stop).await;
        }
    }
}

/// How long to leave the writer to others after a step that took so long.
fn rest_after(step: Duration) -> Duration {
    step.saturating_mul(REST_FACTOR).clamp(REST_MIN, REST_MAX)
}
