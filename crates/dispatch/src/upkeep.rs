//! What is done every so often: lanes that are no longer needed, deliveries and sessions that end while
//! nobody looks, what deletions leave, old keys, partitions.

use std::time::{Duration, Instant};

use domain::endpoint::Health;
use domain::id::EndpointId;
use store::AgeWalk;
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;
use crate::lanes::Mode;

/// How often lanes are looked through and slices of long work are done.
const ROUND_EVERY: Duration = Duration::from_secs(1);
/// How long to rest between two steps of a round: all of them at once would be felt by whoever comes then.
const STEP_EVERY: Duration = Duration::from_millis(50);
/// How often lanes are mended and partitions are made.
const SELDOM_EVERY: Duration = Duration::from_secs(30);
/// How often default partitions are gone through, because no row should stand there that was not left there.
const STRAYS_EVERY: Duration = Duration::from_secs(600);
/// How often all endpoints are gone through that were ever deleted.
const ALL_DELETED_EVERY: Duration = Duration::from_secs(600);
/// How often one round looks for deliveries that nobody will send, and after how many it leaves the others to
/// the next.
const LOOKS_PER_ROUND: usize = 10;
const ENDED_PER_ROUND: u64 = 5_000;
/// How long to rest between two walks over old deliveries.
const AGE_WALK_EVERY: Duration = Duration::from_secs(10);
/// How many slices of that walk are done in one round, and after how many deliveries it rests.
const AGE_SLICES_PER_ROUND: usize = 20;
const AGED_OUT_PER_ROUND: u64 = 2_000;
/// How many lanes are looked at in one round for being retired.
const RETIRE_PER_ROUND: usize = 200;
/// How many slices of sessions that are over are told in one round.
const SESSION_SLICES_PER_ROUND: usize = 20;

/// When what was last done.
#[derive(Default)]
struct Rounds {
    seldom_at: Option<Instant>,
    strays_at: Option<Instant>,
    /// When nothing was found for any endpoint that was ever deleted.
    all_deleted_at: Option<Instant>,
    /// The last of the lanes that were looked at for being retired.
    retired_up_to: Option<EndpointId>,
    ages: Option<AgeWalk>,
    ages_rested_at: Option<Instant>,
}

impl Dispatcher {
    pub(crate) async fn upkeep_loop(&self, stop: CancellationToken) {
        let mut rounds = Rounds::default();
        while !stop.is_cancelled() {
            if self.may_work() {
                let begun = Instant::now();
                self.upkeep_round(&mut rounds, &stop).await;
                self.pause(ROUND_EVERY.saturating_sub(begun.elapsed()), &stop).await;
            } else {
                self.pause(ROUND_EVERY, &stop).await;
            }
        }
    }

    /// Beside the rounds, because it takes its time.
    pub(crate) async fn vacuum_loop(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if self.may_work() {
                let vacuumed = stop.run_until_cancelled(self.store.vacuum_hot()).await;
                vacuumed.and_then(|vacuumed| log("dead rows", vacuumed));
            }
            self.pause(ROUND_EVERY, &stop).await;
        }
    }

    /// Each step stands for itself: one that fails does not keep the others from their work.
    async fn upkeep_round(&self, rounds: &mut Rounds, stop: &CancellationToken) {
        let now = self.clock.now();
        self.lanes.lock().forget_idle();
        self.targets.forget_unused();
        log("what has come to sources", self.store.write_source_counts(now).await);
        self.pause(STEP_EVERY, stop).await;
        log("doubtful claims", self.store.release_doubtful(now).await);
        self.pause(STEP_EVERY, stop).await;
        log("expired deliveries", self.end_expired(stop).await);
        self.pause(STEP_EVERY, stop).await;
        log("deliveries of deleted endpoints", self.end_deleted(rounds, stop).await);
        self.pause(STEP_EVERY, stop).await;
        log("sessions that are over", self.end_sessions().await);
        self.pause(STEP_EVERY, stop).await;
        log("deliveries given up by age", self.walk_ages(rounds).await);
        self.pause(STEP_EVERY, stop).await;
        log("inboxes that have ended", self.store.end_inboxes(now).await);
        self.pause(STEP_EVERY, stop).await;
        log("idle lanes", self.retire_lanes(rounds).await);
        if rounds.seldom_at.is_none_or(|at| at.elapsed() >= SELDOM_EVERY) {
            rounds.seldom_at = Some(Instant::now());
            log("partitions", self.store.make_partitions(now).await);
            log("stray claims", self.free_strays().await);
            log("traces of people", self.store.forget_people(now).await);
            log("refused notifications", self.store.forget_refused(now).await);
            if let Some(mended) = log("missing lanes", self.store.mend_lanes(now).await)
                && mended > 0
            {
                tracing::debug!(lanes = mended, "Woke {mended} lanes");
            }
            if rounds.strays_at.is_none_or(|at| at.elapsed() >= STRAYS_EVERY) {
                rounds.strays_at = Some(Instant::now());
                let strays = self.store.rows_in_default_partitions().await;
                let strays = log("default partitions", strays);
                if let Some(strays) = strays.filter(|rows| *rows > 0) {
                    tracing::warn!(rows = strays, "{strays} rows stand in default partitions");
                }
            }
        }
    }

    /// Ends what has expired.
    async fn end_expired(&self, stop: &CancellationToken) -> Result<(), store::Error> {
        let mut share = Share::default();
        while share.goes_on(self.store.end_expired(self.clock.now()).await?) {
            self.pause(STEP_EVERY, stop).await;
        }
        Ok(())
    }

    /// Ends what waits for endpoints that were deleted lately, and seldom for all: these become ever more.
    async fn end_deleted(
        &self,
        rounds: &mut Rounds,
        stop: &CancellationToken,
    ) -> Result<(), store::Error> {
        let mut share = Share::default();
        if rounds.all_deleted_at.is_some_and(|at| at.elapsed() < ALL_DELETED_EVERY) {
            while share.goes_on(self.store.end_deleted(self.clock.now()).await?) {
                self.pause(STEP_EVERY, stop).await;
            }
            return Ok(());
        }
        while share.goes_on(self.store.end_long_deleted(self.clock.now()).await?) {
            self.pause(STEP_EVERY, stop).await;
        }
        if share.is_all_done {
            rounds.all_deleted_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Tells the ends of sessions.
    async fn end_sessions(&self) -> Result<(), store::Error> {
        for _ in 0..SESSION_SLICES_PER_ROUND {
            if self.store.expire_sessions(self.clock.now()).await? < store::SESSIONS_PER_SLICE {
                break;
            }
        }
        Ok(())
    }

    /// Frees what is held by incarnations that nobody knows.
    async fn free_strays(&self) -> Result<(), store::Error> {
        for stray in self.store.stray_incarnations().await? {
            while self.store.free_claims_of(stray, self.clock.now()).await? {}
        }
        Ok(())
    }

    /// Ends what has become too old and no turn reaches.
    async fn walk_ages(&self, rounds: &mut Rounds) -> Result<(), store::Error> {
        let resting = rounds.ages_rested_at.is_some_and(|at| at.elapsed() < AGE_WALK_EVERY);
        if rounds.ages.is_none() && resting {
            return Ok(());
        }
        let mut ended = 0;
        for _ in 0..AGE_SLICES_PER_ROUND {
            let walk = rounds.ages.unwrap_or_default();
            let slice = self.store.end_given_up(walk, self.clock.now()).await?;
            rounds.ages = slice.next;
            ended += slice.ended;
            if slice.next.is_none() {
                rounds.ages_rested_at = Some(Instant::now());
                break;
            }
            if ended >= AGED_OUT_PER_ROUND {
                break;
            }
        }
        if ended > 0 {
            tracing::info!(deliveries = ended, "Gave {ended} deliveries up because of their age");
        }
        Ok(())
    }

    /// Removes the lane rows of endpoints with nothing wrong and nothing waiting, or to which nothing
    /// is sent: deleted, disabled. Some in each round, the next ones in the next.
    async fn retire_lanes(&self, rounds: &mut Rounds) -> Result<(), store::Error> {
        let next = self.next_owned(rounds.retired_up_to);
        rounds.retired_up_to = next.last().copied().filter(|_| next.len() == RETIRE_PER_ROUND);
        let candidates = self.unneeded_of(&next);
        if candidates.is_empty() {
            return Ok(());
        }
        let waits = self.store.have_waiting(&candidates).await?;
        for endpoint in candidates.into_iter().filter(|id| !waits.contains(id)) {
            if self.store.retire_lane(endpoint).await? {
                self.owned.lock().remove(&endpoint);
            }
        }
        Ok(())
    }

    /// The next lanes that this node owns, in the order of their endpoints.
    fn next_owned(&self, after: Option<EndpointId>) -> Vec<EndpointId> {
        let mut next: Vec<EndpointId> = {
            let owned = self.owned.lock();
            owned.iter().copied().filter(|id| after.is_none_or(|after| *id > after)).collect()
        };
        next.sort_unstable();
        next.truncate(RETIRE_PER_ROUND);
        next
    }

    /// Those of them that may not be needed.
    fn unneeded_of(&self, owned: &[EndpointId]) -> Vec<EndpointId> {
        // In the order in which everybody takes them: lanes, hungry.
        let lanes = self.lanes.lock();
        let hungry = self.hungry.lock();
        let quiet = owned.iter().filter(|id| !hungry.contains(id) && lanes.lane_idle(**id));
        let unneeded =
            |id: &EndpointId| self.is_known_healthy(*id) || lanes.mode(*id) == Some(Mode::Held);
        let keeps_its_lane =
            |id: &EndpointId| self.targets.traffic(*id).is_some_and(|t| t.is_exclusive());
        quiet.filter(|id| unneeded(id) && !keeps_its_lane(id)).copied().collect()
    }

    fn is_known_healthy(&self, endpoint: EndpointId) -> bool {
        let known = self.targets.trusted(endpoint);
        known.is_some_and(|known| matches!(known.state.health, Health::Healthy))
    }
}

/// What a round has done of its share in ending deliveries.
#[derive(Default)]
struct Share {
    looks: usize,
    ended: u64,
    /// Whether the last look found nothing.
    is_all_done: bool,
}

impl Share {
    /// Adds what a look has ended; whether there is another one in this round.
    const fn goes_on(&mut self, ended: u64) -> bool {
        self.looks += 1;
        self.ended += ended;
        self.is_all_done = ended == 0;
        !self.is_all_done && self.looks < LOOKS_PER_ROUND && self.ended < ENDED_PER_ROUND
    }
}

/// Logs a step that failed.
fn log<T>(what: &str, step: Result<T, store::Error>) -> Option<T> {
    match step {
        Ok(done) => Some(done),
        Err(error) => {
            tracing::warn!(error = %error, "Upkeep of {what} waits for the database: {error}");
            None
        }
    }
}
