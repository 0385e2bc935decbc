//! Removing history that is older than it is kept, in steps with rests between them.

use std::time::{Duration, Instant};

use store::{RetentionStep, RetentionWalk};
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;

/// How often a node looks for history to remove.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How often it is looked whether this node may work by now.
const MEMBER_LOOK_EVERY: Duration = Duration::from_secs(1);
/// The rest after a slice is so many times as long as the slice was: nobody waits for what goes.
const REST_FACTOR: u32 = 7;
const REST_MIN: Duration = Duration::from_millis(5);
/// How long to leave the tables to others after a day of them was dropped: every connection plans its statements
/// anew then.
const DAY_EVERY: Duration = Duration::from_secs(10);

impl Dispatcher {
    /// Removes until `stop`.
    pub(crate) async fn retention_loop(&self, stop: CancellationToken) {
        let mut walk = RetentionWalk::default();
        while !stop.is_cancelled() {
            let rest = if self.may_work() {
                // A day takes as long as it takes to read it: dropped on its way, it is begun anew.
                let step = stop.run_until_cancelled(self.retention_step(&mut walk)).await;
                step.unwrap_or(LOOK_EVERY)
            } else {
                MEMBER_LOOK_EVERY
            };
            self.pause(rest, &stop).await;
        }
    }

    /// Goes one step; says how long to rest after it.
    async fn retention_step(&self, walk: &mut RetentionWalk) -> Duration {
        let (begun, now) = (Instant::now(), self.clock.now());
        let before = now.checked_sub_signed(self.config.retention).unwrap_or_default();
        match self.store.remove_history(walk, before, now).await {
            Ok(RetentionStep::Dropped { day, kept }) => {
                tracing::info!(%day, kept, "Removed the history of {day}, but for what {kept} deliveries need");
                DAY_EVERY
            }
            Ok(RetentionStep::Stays { day }) => {
                tracing::info!(%day, "The history of {day} stays: too much of it is still needed, as for a paused endpoint");
                DAY_EVERY
            }
            Ok(RetentionStep::Removed(_)) => (begun.elapsed() * REST_FACTOR).max(REST_MIN),
            Ok(RetentionStep::Rest) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(error = %error, "Old history waits for the database to be removed: {error}");
                LOOK_EVERY
            }
        }
    }
}
