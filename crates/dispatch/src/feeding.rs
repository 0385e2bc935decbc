//! What is done in bulk behind the hot path: the index of the lists is fed, SQLite's keys are moved to their
//! places and its log is copied back, old keys are forgotten, hours of counts are made and old counts go. Slices
//! of a few milliseconds with rests between them, so that each takes a quarter of the writer at most, and lags
//! where that is not enough.

use std::time::{Duration, Instant};

use store::{KeyMove, KeyWalk, LogCopy, SearchStep, SearchWalk, StatsStep, StatsWalk};
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
/// How often it is looked how long SQLite's log is, while deliveries are under way and while none is; and after
/// it could only be copied in part.
const LOOK_AT_LOG_EVERY: Duration = Duration::from_millis(25);
const LOOK_AT_LOG_IDLY_EVERY: Duration = Duration::from_millis(250);
const LOOK_AT_PART_AGAIN: Duration = Duration::from_millis(100);
/// The rest after a step is so many times as long as the step was.
const REST_FACTOR: u32 = 3;
/// And at least and at most so long.
const REST_MIN: Duration = Duration::from_millis(2);
const REST_MAX: Duration = Duration::from_secs(1);

/// How long a loop rests after a step.
enum Rest {
    /// So that a step takes a quarter of the writer.
    Share,
    /// There is nothing to do, or it is waited for something.
    For(Duration),
}

impl Dispatcher {
    /// Feeds the index of the lists until `stop`.
    pub(crate) async fn search_loop(&self, stop: CancellationToken) {
        let mut walk = SearchWalk::default();
        while self.may_go_on(&stop).await {
            let begun = Instant::now();
            let done = self.store.walk_search(&mut walk, self.clock.now()).await;
            let rest = done.map(|step| match step {
                SearchStep::Walked(_) | SearchStep::Next => Rest::Share,
                SearchStep::Rest if walk.is_waiting() => Rest::For(LOOK_AGAIN),
                SearchStep::Rest => Rest::For(LOOK_EVERY),
            });
            self.rest("The index of the lists", begun, rest, &stop).await;
        }
    }

    /// Moves fresh keys until `stop`.
    pub(crate) async fn keys_loop(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let begun = Instant::now();
            let rest = match self.store.move_keys(self.clock.now()).await {
                Ok(KeyMove::Moved) => Ok(Rest::Share),
                Ok(KeyMove::Rest) => Ok(Rest::For(LOOK_FOR_KEYS_EVERY)),
                Ok(KeyMove::Never) => return,
                Err(error) => Err(error),
            };
            self.rest("The moving of new keys", begun, rest, &stop).await;
        }
    }

    /// Copies SQLite's log back until `stop`.
    pub(crate) async fn log_loop(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let begun = Instant::now();
            let rest = match self.store.copy_log().await {
                Ok(LogCopy::Short) if self.is_idle() => Ok(Rest::For(LOOK_AT_LOG_IDLY_EVERY)),
                Ok(LogCopy::Short | LogCopy::Copied) => Ok(Rest::For(LOOK_AT_LOG_EVERY)),
                Ok(LogCopy::Part) => Ok(Rest::For(LOOK_AT_PART_AGAIN)),
                Ok(LogCopy::Never) => return,
                Err(error) => Err(error),
            };
            self.rest("The copying of SQLite's log", begun, rest, &stop).await;
        }
    }

    /// Walks over all keys and forgets the old ones, until `stop`: twenty slices a second at most, of
    /// milliseconds each.
    pub(crate) async fn old_keys_loop(&self, stop: CancellationToken) {
        let mut walk = KeyWalk::default();
        while self.may_go_on(&stop).await {
            let begun = Instant::now();
            let done = self.store.forget_keys(walk, self.clock.now()).await;
            let rest = done.map(|next| {
                walk = next.unwrap_or_default();
                let between = rest_after(begun.elapsed()).max(KEY_SLICE_EVERY);
                Rest::For(next.map_or(KEY_WALK_EVERY, |_| between))
            });
            self.rest("The forgetting of old keys", begun, rest, &stop).await;
        }
    }

    /// Makes hours of counts and removes old ones, until `stop`.
    pub(crate) async fn stats_loop(&self, stop: CancellationToken) {
        let mut walk = StatsWalk::default();
        while self.may_go_on(&stop).await {
            let begun = Instant::now();
            let done = self.store.work_on_stats(&mut walk, self.clock.now()).await;
            let rest = done.map(|step| match step {
                StatsStep::Worked => Rest::Share,
                StatsStep::Rest => Rest::For(LOOK_FOR_HOURS_EVERY),
            });
            self.rest("The making of hours of counts", begun, rest, &stop).await;
        }
    }

    /// Waits until this node may work; `false` at the stop.
    async fn may_go_on(&self, stop: &CancellationToken) -> bool {
        while !self.may_work() && !stop.is_cancelled() {
            self.pause(LOOK_EVERY, stop).await;
        }
        !stop.is_cancelled()
    }

    /// Rests after a step.
    async fn rest(
        &self,
        what: &str,
        begun: Instant,
        rest: Result<Rest, store::Error>,
        stop: &CancellationToken,
    ) {
        let rest = match rest {
            Ok(Rest::Share) => rest_after(begun.elapsed()),
            Ok(Rest::For(time)) => time,
            Err(error) => {
                tracing::warn!(error = %error, "{what} waits for the database: {error}");
                LOOK_EVERY
            }
        };
        self.pause(rest, stop).await;
    }
}

/// How long to leave the writer to others after a step that took so long.
fn rest_after(step: Duration) -> Duration {
    step.saturating_mul(REST_FACTOR).clamp(REST_MIN, REST_MAX)
}
