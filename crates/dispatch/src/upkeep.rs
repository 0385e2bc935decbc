//! What is done every so often: lanes that are no longer needed, deliveries that expire while nobody
//! looks, what deletions leave, old keys, partitions.

use std::time::{Duration, Instant};

use domain::endpoint::Health;
use domain::id::EndpointId;
use store::KeyWalk;
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;

/// How often lanes are looked through and slices of long work are done.
const ROUND_EVERY: Duration = Duration::from_secs(1);
/// How often lanes are mended and partitions are made.
const SELDOM_EVERY: Duration = Duration::from_secs(30);
/// How long to rest between two walks over all keys.
const KEY_WALK_EVERY: Duration = Duration::from_secs(600);
/// How many lanes are retired in one round.
const RETIRE_PER_ROUND: usize = 200;

/// When what was last done.
struct Rounds {
    seldom_at: Option<Instant>,
    keys: Option<KeyWalk>,
    keys_rested_at: Option<Instant>,
}

impl Dispatcher {
    pub(crate) async fn upkeep_loop(&self, stop: CancellationToken) {
        let mut rounds = Rounds { seldom_at: None, keys: None, keys_rested_at: None };
        while !stop.is_cancelled() {
            if self.may_work()
                && let Err(error) = self.upkeep_round(&mut rounds).await
            {
                tracing::warn!(error = %error, "Upkeep waits for the database: {error}");
            }
            self.pause(ROUND_EVERY, &stop).await;
        }
    }

    async fn upkeep_round(&self, rounds: &mut Rounds) -> Result<(), store::Error> {
        let now = self.clock.now();
        self.lanes.lock().forget_idle();
        self.targets.forget_unused();
        self.store.release_doubtful(now).await?;
        self.store.end_expired(now).await?;
        self.store.end_deleted(now).await?;
        self.retire_lanes().await?;
        if rounds.seldom_at.is_none_or(|at| at.elapsed() >= SELDOM_EVERY) {
            rounds.seldom_at = Some(Instant::now());
            self.store.make_partitions(now).await?;
            let mended = self.store.mend_lanes(now).await?;
            if mended > 0 {
                tracing::info!(lanes = mended, "Made {mended} lanes that were missing");
            }
            let strays = self.store.rows_in_default_partitions().await?;
            if strays > 0 {
                tracing::warn!(rows = strays, "{strays} rows stand in default partitions");
            }
        }
        self.walk_keys(rounds).await
    }

    async fn walk_keys(&self, rounds: &mut Rounds) -> Result<(), store::Error> {
        let resting = rounds.keys_rested_at.is_some_and(|at| at.elapsed() < KEY_WALK_EVERY);
        if rounds.keys.is_none() && resting {
            return Ok(());
        }
        let walk = rounds.keys.unwrap_or_default();
        rounds.keys = self.store.forget_keys(walk, self.clock.now()).await?;
        if rounds.keys.is_none() {
            rounds.keys_rested_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Removes the lane rows of endpoints with nothing wrong and nothing waiting.
    async fn retire_lanes(&self) -> Result<(), store::Error> {
        let candidates: Vec<EndpointId> = {
            let (owned, lanes, hungry) = (self.owned.lock(), self.lanes.lock(), self.hungry.lock());
            let idle = owned.iter().filter(|id| !hungry.contains(id) && lanes.lane_idle(**id));
            idle.copied().take(RETIRE_PER_ROUND).collect()
        };
        for endpoint in candidates {
            let healthy = match self.targets.trusted(endpoint) {
                Some(known) => matches!(known.state.health, Health::Healthy),
                None => true,
            };
            if healthy && self.store.retire_lane(endpoint).await? {
                self.owned.lock().remove(&endpoint);
            }
        }
        Ok(())
    }
}
