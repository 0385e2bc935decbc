//! The dispatcher: one for each node, a few loops around the lanes in memory.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, EndpointId};
use parking_lot::Mutex;
use store::{Claimed, Clock, HandOver, Held, Hint, Membership, Store, ToSettle};
use tokio::sync::{Notify, broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::lanes::{Lanes, Limits};
use crate::metrics::Metrics;
use crate::pulse::Pulse;
use crate::round;
use crate::standing::Standing;
use crate::targets::Targets;

/// How many deliveries may wait in one lane for each request that may be in flight over all.
const LANE_ROWS_PER_IN_FLIGHT: usize = 16;
/// Where receivers answer at once, so many requests may begin at once for each core: enough that there is always
/// something to do.
const YOUNG_PER_CORE: usize = 32;
/// How often a node that stops looks which lanes it can leave to others.
const LOOK_AT_BUSY_EVERY: Duration = Duration::from_millis(100);
/// After how many such looks it leaves all that are not busy again.
const LEAVE_AGAIN_EVERY: u32 = 10;
/// How long the database may take to answer a question of a loop: longer than a statement may take there.
const ANSWER_WITHIN: Duration = Duration::from_secs(35);
/// An endpoint has at most one in so many of all requests in flight.
const WINDOW_SHARE: usize = 4;
/// The window of a lane that nothing is known of.
const WINDOW_START: u32 = 2;

/// What the dispatcher needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Requests in flight over all endpoints, until their outcome is committed.
    pub in_flight_max: usize,
    /// Bytes of deliveries in memory over all endpoints, until their outcome is committed.
    pub memory_max: usize,
    /// What operators call this node.
    pub node_name: String,
    /// How long events, and deliveries that have ended, are kept.
    pub retention: TimeDelta,
}

/// Sends what is due, one lane for each endpoint, and settles what came of it.
#[derive(Debug)]
pub struct Dispatcher {
    pub(crate) store: Store,
    pub(crate) egress: egress::Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Config,
    pub(crate) lanes: Mutex<Lanes>,
    pub(crate) targets: Targets,
    /// Endpoints with more due in the database than memory had room for.
    pub(crate) hungry: Mutex<HashSet<EndpointId>>,
    /// The last of them that a round of claims has looked at.
    pub(crate) hungry_until: Mutex<EndpointId>,
    /// How many rows a round of claims brings at most: fewer after one that was too much for its time.
    pub(crate) round_rows: AtomicUsize,
    /// Endpoints whose lane row this node owns, as far as it has seen.
    pub(crate) owned: Mutex<HashSet<EndpointId>>,
    /// Endpoints in the slow lane whose next turn goes to the newest.
    pub(crate) newest_next: Mutex<HashSet<EndpointId>>,
    /// Lanes that are being handed over: nothing of them is claimed any more.
    pub(crate) leaving: Mutex<HashSet<EndpointId>>,
    /// Rows on their way back to the database: nobody who sends or settles waits for that.
    pub(crate) returning: Mutex<Vec<Claimed>>,
    pub(crate) return_wake: Notify,
    pub(crate) wish_wake: Notify,
    pub(crate) send_wake: Notify,
    pub(crate) claim_wake: Notify,
    pub(crate) settle: mpsc::Sender<ToSettle>,
    /// Held by the running settlement; a run that follows a crashed one goes on with it.
    pub(crate) settle_queue: tokio::sync::Mutex<mpsc::Receiver<ToSettle>>,
    pub(crate) attempts: TaskTracker,
    pub(crate) metrics: Metrics,
    pub(crate) pulse: Pulse,
    /// Since when there are lanes that nobody owns, as far as this node has seen.
    pub(crate) free_lanes_since: Mutex<Option<Instant>>,
    /// When it was last told that nothing can be sent for want of files or ports.
    pub(crate) not_sent_told_at: Mutex<Option<DateTime<Utc>>>,
    pub(crate) standing: Standing,
    settled: CancellationToken,
    let_go: CancellationToken,
}

impl Dispatcher {
    /// A dispatcher that does nothing until it is run.
    pub fn new(
        store: Store,
        egress: egress::Client,
        clock: Arc<dyn Clock>,
        config: Config,
    ) -> Arc<Self> {
        let window_max =
            u32::try_from((config.in_flight_max / WINDOW_SHARE).max(2)).unwrap_or(u32::MAX);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let lanes = Lanes::new(Limits {
            in_flight_max: config.in_flight_max,
            young_max: cores.saturating_mul(YOUNG_PER_CORE),
            memory_max: config.memory_max,
            lane_queued_max: config.in_flight_max.saturating_mul(LANE_ROWS_PER_IN_FLIGHT),
            window_start: WINDOW_START,
            window_max,
        });
        let (settle, settle_queue) = mpsc::channel(config.in_flight_max.max(1));
        let standing = Standing::new(store.can_be_taken_for_dead());
        Arc::new(Self {
            store,
            egress,
            clock,
            config,
            lanes: Mutex::new(lanes),
            targets: Targets::default(),
            hungry: Mutex::default(),
            hungry_until: Mutex::new(EndpointId::from_raw(0)),
            round_rows: AtomicUsize::new(round::ROWS_MAX),
            owned: Mutex::default(),
            newest_next: Mutex::default(),
            leaving: Mutex::default(),
            returning: Mutex::default(),
            return_wake: Notify::new(),
            wish_wake: Notify::new(),
            send_wake: Notify::new(),
            claim_wake: Notify::new(),
            settle,
            settle_queue: tokio::sync::Mutex::new(settle_queue),
            attempts: TaskTracker::new(),
            metrics: Metrics::default(),
            pulse: Pulse::default(),
            free_lanes_since: Mutex::default(),
            not_sent_told_at: Mutex::default(),
            standing,
            settled: CancellationToken::new(),
            let_go: CancellationToken::new(),
        })
    }

    /// Runs until `stop`; then claims and begins nothing more, finishes and settles what is in
    /// flight, gives the rest back and says goodbye: where it [takes no more](Self::take_no_more), only once it is let
    /// go. `abort` leaves what is in flight as it is.
    pub async fn run(self: Arc<Self>, stop: CancellationToken, abort: CancellationToken) {
        let Ok(mut queue) = self.settle_queue.try_lock() else { return };
        self.fall_silent();
        // However this run ends, the node is no member any more.
        let _silence = Silence(&self);
        let drained = CancellationToken::new();
        let settling = self.settle_loop(&mut queue, drained.clone(), abort.clone());
        let working = async {
            // Each on the heap: together they would be copied over the stack of whoever begins them.
            let (mut membership, ..) = tokio::join!(
                Box::pin(self.membership_loop(stop.clone())),
                Box::pin(self.neighbours_loop(stop.clone())),
                Box::pin(self.send_loop(stop.clone())),
                Box::pin(self.claim_loop(stop.clone())),
                Box::pin(self.hint_loop(stop.clone())),
                Box::pin(self.wish_loop(stop.clone())),
                Box::pin(self.return_loop(stop.clone())),
                Box::pin(self.freshness_loop(stop.clone())),
                Box::pin(self.upkeep_loop(stop.clone())),
                Box::pin(self.vacuum_loop(stop.clone())),
                Box::pin(self.jobs_loop(stop.clone())),
                Box::pin(self.search_loop(stop.clone())),
                Box::pin(self.keys_loop(stop.clone())),
                Box::pin(self.log_loop(stop.clone())),
                Box::pin(self.old_keys_loop(stop.clone())),
                Box::pin(self.stats_loop(stop.clone())),
                Box::pin(self.retention_loop(stop.clone())),
                Box::pin(self.pulse_loop(stop.clone())),
                Box::pin(self.lines_loop(stop.clone())),
            );
            self.standing.stop();
            let busy = self.leave_the_rest_to_others().await;
            self.attempts.close();
            tokio::select! {
                () = self.attempts.wait() => {}
                () = abort.cancelled() => {}
                () = self.leave_as_they_end(busy) => {}
                () = self.live_on(&mut membership) => {}
            }
            drained.cancel();
            membership
        };
        // The proof of life is held until everything has been given back.
        let (mut membership, ()) = tokio::join!(working, settling);
        self.settled.cancel();
        if self.standing.is_closed() {
            self.stay(&mut membership).await;
        }
        self.say_goodbye().await;
    }

    /// Until this node is let go: events are still taken in, and their ids are made of its number.
    async fn stay(&self, membership: &mut Option<Membership>) {
        if self.attempts.is_empty() {
            // What the last outcomes have left in its hands.
            if let Err(error) = self.store.release_doubtful(self.clock.now()).await {
                tracing::warn!(error = %error, "Doubtful claims come free with the goodbye: {error}");
            }
            self.leave_lanes_but(&[]).await;
        }
        tokio::select! {
            () = self.let_go.cancelled() => {}
            () = self.live_on(membership) => {}
        }
    }

    /// Leaves fresh deliveries to others, and waits until those that were promised to this node are here: what is
    /// taken in from now on waits in the database. For a node that goes on taking events in after it has sent the
    /// last; its dispatcher says goodbye only once it is [let go](Self::let_go).
    pub async fn take_no_more(&self) {
        self.standing.close();
        self.store.batch_written().await;
    }

    /// Waits until nothing is under way any more after it was stopped.
    pub async fn settled(&self) {
        self.settled.cancelled().await;
    }

    /// This node takes nothing in any more, and may say goodbye.
    pub fn let_go(&self) {
        self.let_go.cancel();
    }

    /// Whether nothing is queued, in flight or unsettled in memory.
    pub fn is_idle(&self) -> bool {
        self.lanes.lock().is_idle()
    }

    /// Requests in flight now.
    pub fn in_flight(&self) -> usize {
        self.lanes.lock().in_flight()
    }

    /// Looks for due work now instead of at the next round.
    pub fn wake(&self) {
        self.claim_wake.notify_one();
        self.send_wake.notify_one();
    }

    pub(crate) fn may_work(&self) -> bool {
        self.standing.may_work()
    }

    /// Asks the database, but does not wait for ever for one that has gone without a word: the connection is
    /// given up then.
    pub(crate) async fn ask<T>(
        &self,
        question: impl Future<Output = Result<T, store::Error>>,
    ) -> Result<T, store::Error> {
        let answer = tokio::time::timeout(ANSWER_WITHIN, question).await;
        answer.unwrap_or_else(|_| Err(store::Error::no_answer()))
    }

    /// Waits `period` by the real clock: how often the database is asked does not depend on a clock
    /// that tests turn.
    pub(crate) async fn pause(&self, period: Duration, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(period) => {}
        }
    }

    /// Gives rows back to the database; where it refuses, upkeep goes on trying.
    pub(crate) async fn give_back(&self, rows: Vec<Claimed>) {
        if rows.is_empty() {
            return;
        }
        let held: Vec<Held> =
            rows.iter().map(|row| (row.event.company, row.id, row.endpoint)).collect();
        if let Err(error) = self.store.release(&held, self.clock.now()).await {
            self.store.doubt(held.iter().copied());
            tracing::warn!(error = %error, rows = held.len(), "Rows are given back later: {error}");
        }
    }

    /// The same, without waiting for it.
    pub(crate) fn give_back_later(&self, rows: Vec<Claimed>) {
        if !rows.is_empty() {
            self.returning.lock().extend(rows);
            self.return_wake.notify_one();
        }
    }

    async fn return_loop(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let rows = std::mem::take(&mut *self.returning.lock());
            if !rows.is_empty() {
                self.give_back(rows).await;
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.return_wake.notified() => {}
            }
        }
    }

    /// At once when this node stops: what is queued, and the lanes to which nothing is in flight, so
    /// that nobody waits for this node's slowest request. Gives the others.
    async fn leave_the_rest_to_others(&self) -> Vec<EndpointId> {
        let (rows, busy) = {
            let mut lanes = self.lanes.lock();
            let endpoints: Vec<EndpointId> = lanes.endpoints().collect();
            let queued = endpoints.iter().flat_map(|endpoint| lanes.take_queued(*endpoint));
            let mut rows = std::mem::take(&mut *self.returning.lock());
            rows.extend(queued);
            let busy: Vec<EndpointId> =
                endpoints.into_iter().filter(|endpoint| !lanes.lane_idle(*endpoint)).collect();
            (rows, busy)
        };
        self.give_back(rows).await;
        self.leave_lanes_but(&busy).await;
        busy
    }

    async fn leave_lanes_but(&self, busy: &[EndpointId]) {
        if let Err(error) = self.store.begin_leaving(busy, self.clock.now()).await {
            tracing::warn!(error = %error, "This node could not say that it stops: {error}");
        }
    }

    fn busy_lanes(&self) -> Vec<EndpointId> {
        let lanes = self.lanes.lock();
        lanes.endpoints().filter(|endpoint| !lanes.lane_idle(*endpoint)).collect()
    }

    /// Each of these lanes as soon as nothing of it is under way, and now and then those that an outcome has taken
    /// since. Does not end by itself: others may still be.
    async fn leave_as_they_end(&self, mut busy: Vec<EndpointId>) {
        for round in 1_u32.. {
            tokio::time::sleep(LOOK_AT_BUSY_EVERY).await;
            if round.is_multiple_of(LEAVE_AGAIN_EVERY) {
                self.leave_lanes_but(&self.busy_lanes()).await;
            }
            for endpoint in &busy {
                if let Err(error) = self.hand_over_if_idle(*endpoint).await {
                    tracing::warn!(error = %error, "A lane is left to others later: {error}");
                    break;
                }
            }
            let owned = self.owned.lock();
            busy.retain(|endpoint| owned.contains(endpoint));
        }
    }

    async fn say_goodbye(&self) {
        let is_under_way = !self.attempts.is_empty();
        if let Err(error) = self.store.leave(is_under_way, self.clock.now()).await {
            tracing::warn!(error = %error, "This node could not say goodbye; others will find out: {error}");
        }
    }

    async fn hint_loop(&self, stop: CancellationToken) {
        let mut hints = self.store.hints();
        loop {
            let hint = tokio::select! {
                () = stop.cancelled() => return,
                hint = hints.recv() => hint,
            };
            match hint {
                Ok(Hint::ConfigChanged(company)) => self.refresh_company(company).await,
                Ok(Hint::Wish) => self.wish_wake.notify_one(),
                Ok(Hint::LaneDue(_)) => self.claim_wake.notify_one(),
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    self.claim_wake.notify_one();
                    self.wish_wake.notify_one();
                }
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }
}

/// Ends membership when a run ends, also by a panic.
struct Silence<'a>(&'a Dispatcher);

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        self.0.standing.fall_silent();
    }
}

impl HandOver for Dispatcher {
    fn reserve(&self, company: CompanyId, endpoint: EndpointId, sizes: &[usize]) -> usize {
        if !self.standing.takes_fresh() {
            return 0;
        }
        self.lanes.lock().reserve(company, endpoint, sizes)
    }

    fn is_let_in(&self, endpoint: EndpointId) -> bool {
        self.standing.takes_fresh() && self.lanes.lock().restraint(endpoint).is_some()
    }

    fn may_own_lanes(&self) -> bool {
        self.standing.takes_fresh()
    }

    fn took_in(&self, deliveries: usize) {
        self.pulse.took_in(deliveries);
    }

    fn is_overrun(&self) -> bool {
        Dispatcher::is_overrun(self)
    }

    fn is_overrun_by(&self, company: CompanyId) -> bool {
        self.lanes.lock().has_much_of(company)
    }

    fn held(&self) -> usize {
        self.lanes.lock().rows()
    }

    fn release(&self, endpoint: EndpointId, rows: usize, bytes: usize) {
        self.lanes.lock().release(endpoint, rows, bytes);
    }

    fn hand_over(&self, fresh: Vec<Claimed>) {
        let me = self.store.incarnation();
        let (ours, old): (Vec<Claimed>, Vec<Claimed>) =
            fresh.into_iter().partition(|row| row.claimed_by == me);
        let mut lanes = self.lanes.lock();
        // Asked under the lock: whoever falls silent empties the lanes after it.
        let (queued, unsent) =
            if self.may_work() { (ours, Vec::new()) } else { (Vec::new(), ours) };
        let refused = lanes.push_fresh(queued);
        for row in unsent.iter().chain(&old) {
            // Those that this node was before had claimed are freed with it.
            lanes.release(row.endpoint, 1, row.bytes());
        }
        drop(lanes);
        self.give_back_later(refused);
        self.store.doubt(unsent.iter().map(|row| (row.event.company, row.id, row.endpoint)));
        self.send_wake.notify_one();
    }
}
