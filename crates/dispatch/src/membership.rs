//! Being a node among nodes: proof of life, taking over from the dead, sharing lanes.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use domain::id::EndpointId;
use store::{Claimed, Membership};
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;

/// How often a node says that it lives, by the real clock.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// How often a node that has just joined looks for dead ones, and for how many rounds: it may be the
/// one that was killed a moment ago, whose locks the database has not let go yet.
const LOOK_EVERY_AT_FIRST: Duration = Duration::from_millis(100);
const ROUNDS_AT_FIRST: u32 = 50;
/// How long one sign of life may take.
const BEAT_WITHIN: Duration = Duration::from_secs(5);
/// Between two slices of what a dead node has claimed.
const BETWEEN_SLICES: Duration = Duration::from_millis(5);
/// How long a node that was taken over from is looked at again: within seconds it hears that it counts as dead.
const BURIED_FOR: Duration = Duration::from_secs(15);
/// How many lanes are handed over in one round.
const HAND_OVER_PER_ROUND: u32 = 100;
/// A node keeps one part in so many of its fair share beyond it, and one lane, or lanes would go back and
/// forth.
const SHARE_SLACK: i64 = 8;

impl Dispatcher {
    /// Joins, and says every second that this node lives. What proves it is given back to the caller
    /// at the end, to be held until everything is settled.
    pub(crate) async fn membership_loop(&self, stop: CancellationToken) -> Option<Membership> {
        let mut membership: Option<Membership> = None;
        while !stop.is_cancelled() {
            membership = match membership.take() {
                Some(held) => self.beat(held).await,
                None if self.standing.was_member() => self.come_back().await,
                None => self.join_for_the_first_time().await,
            };
            self.pause(BEAT_EVERY, &stop).await;
        }
        membership
    }

    /// Takes over from the dead and shares lanes with the living; apart from the signs of life, which
    /// must not wait for long work.
    pub(crate) async fn neighbours_loop(&self, stop: CancellationToken) {
        let (mut rounds, mut buried) = (0, Vec::new());
        while !stop.is_cancelled() {
            if !self.may_work() {
                self.pause(LOOK_EVERY_AT_FIRST, &stop).await;
                continue;
            }
            if let Err(error) = self.look_after_others(&mut buried).await {
                tracing::warn!(error = %error, "Other nodes could not be looked after: {error}");
            }
            rounds += 1;
            let pause = if rounds < ROUNDS_AT_FIRST { LOOK_EVERY_AT_FIRST } else { BEAT_EVERY };
            self.pause(pause, &stop).await;
        }
    }

    async fn join_for_the_first_time(&self) -> Option<Membership> {
        let joined = self.store.join(&self.config.node_name, self.clock.now()).await;
        self.begin_membership(joined).await
    }

    /// A new incarnation, after others may have taken this node for dead.
    async fn come_back(&self) -> Option<Membership> {
        let joined = self.store.rejoin(&self.config.node_name, self.clock.now());
        let joined = self.ask(joined).await;
        self.begin_membership(joined).await
    }

    /// A member from now on, unless it could not join. Its clock is put right before it does anything:
    /// the machine may have slept since.
    async fn begin_membership(
        &self,
        joined: Result<Membership, store::Error>,
    ) -> Option<Membership> {
        match joined {
            Ok(membership) => {
                self.standing.has_name();
                let membership = self.beat(membership).await?;
                self.standing.join();
                self.wake();
                Some(membership)
            }
            Err(error) => {
                tracing::warn!(error = %error, "This node could not join: {error}");
                None
            }
        }
    }

    /// One sign of life. Where it fails nobody can tell whether this node still holds its claims: it
    /// forgets what is queued, and what is in flight will count for nothing.
    async fn beat(&self, mut membership: Membership) -> Option<Membership> {
        let begun = Instant::now();
        let beaten = tokio::time::timeout(
            BEAT_WITHIN,
            self.store.heartbeat(&mut membership, self.clock.now()),
        );
        match beaten.await {
            Ok(Ok(ahead)) => {
                self.put_clock_right(ahead);
                self.standing.prove(begun);
                // Who waits to send may have found the last one too old.
                self.send_wake.notify_one();
                Some(membership)
            }
            Ok(Err(error)) if !self.store.can_be_taken_for_dead() => {
                tracing::warn!(error = %error, "This node could not say that it lives: {error}");
                Some(membership)
            }
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "This node may be taken for dead; it stops sending until it is back: {error}");
                self.fall_silent();
                None
            }
            Err(_) if !self.store.can_be_taken_for_dead() => Some(membership),
            Err(_) => {
                tracing::warn!(
                    "The database did not answer in time; this node stops sending until it is back"
                );
                self.fall_silent();
                None
            }
        }
    }

    /// Goes on saying that this node lives after its loops have ended: as long as others believe that, nobody takes
    /// its number. Does not end by itself.
    pub(crate) async fn live_on(&self, membership: &mut Option<Membership>) {
        loop {
            tokio::time::sleep(BEAT_EVERY).await;
            let Some(membership) = membership else { continue };
            let beat = self.store.heartbeat(membership, self.clock.now());
            match tokio::time::timeout(BEAT_WITHIN, beat).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::debug!(error = %error, "No sign of life: {error}"),
                Err(_) => tracing::debug!("No sign of life: the database did not answer in time"),
            }
        }
    }

    /// Puts this node's clock right by the database's, before anything is dated by it.
    pub async fn measure_clock(&self) -> Result<(), store::Error> {
        let ahead = self.store.database_ahead(|| self.clock.now()).await?;
        self.put_clock_right(ahead);
        Ok(())
    }

    fn put_clock_right(&self, ahead: TimeDelta) {
        if self.store.can_be_taken_for_dead() {
            self.clock.correct(ahead);
            self.metrics.clock_corrected(ahead);
        } else {
            self.clock.follow_system();
        }
    }

    pub(crate) fn fall_silent(&self) {
        self.standing.fall_silent();
        self.targets.distrust();
        let mut lanes = self.lanes.lock();
        let endpoints: Vec<EndpointId> = lanes.endpoints().collect();
        for endpoint in endpoints {
            let _ = lanes.take_queued(endpoint);
            lanes.forget_backlog(endpoint);
        }
        let _ = lanes.close_all();
        self.owned.lock().clear();
        self.leaving.lock().clear();
        self.hungry.lock().clear();
    }

    /// `buried`: who was taken over from lately. One that lives, and has not heard yet that it counts as dead, may
    /// have taken lanes and rows since.
    async fn look_after_others(
        &self,
        buried: &mut Vec<(i64, Instant)>,
    ) -> Result<(), store::Error> {
        buried.retain(|(_, at)| at.elapsed() < BURIED_FOR);
        for (dead, _) in &*buried {
            if let Err(error) = self.take_over_from(*dead).await {
                tracing::debug!(error = %error, "What dead node {dead} took since waits: {error}");
            }
        }
        for dead in self.ask(self.store.dead_nodes()).await? {
            tracing::info!(node.incarnation = dead, "Taking over from dead node {dead}");
            buried.push((dead, Instant::now()));
            self.take_over_from(dead).await?;
            self.claim_wake.notify_one();
        }
        self.hand_surplus_over().await
    }

    async fn take_over_from(&self, dead: i64) -> Result<(), store::Error> {
        while self.ask(self.store.free_claims_of(dead, self.clock.now())).await? {
            // What others have locked comes free in its own time.
            tokio::time::sleep(BETWEEN_SLICES).await;
        }
        Ok(())
    }

    /// How many more lanes this node should take: up to its share, and where nobody else takes them
    /// somewhat more.
    pub(crate) async fn share_left(&self, are_left: bool) -> Result<u32, store::Error> {
        let (mine, share) = self.lane_share().await?;
        let most = if are_left { with_slack(share) } else { share };
        Ok(u32::try_from((most - mine).max(0)).unwrap_or(u32::MAX))
    }

    /// How many lanes this node has, and how many would be fair.
    async fn lane_share(&self) -> Result<(i64, i64), store::Error> {
        let nodes = i64::from(self.store.live_nodes().await?);
        let counts = self.store.lane_counts().await?;
        let total: i64 = counts.iter().map(|(_, lanes)| lanes).sum();
        let me = self.store.incarnation();
        let mine = counts.iter().find(|(owner, _)| *owner == me).map_or(0, |(_, lanes)| *lanes);
        Ok((mine, total / nodes + i64::from(total % nodes > 0)))
    }

    /// Hands lanes over that others should have: once there are clearly too many, all beyond the share.
    async fn hand_surplus_over(&self) -> Result<(), store::Error> {
        let (mine, share) = self.lane_share().await?;
        let leaving: Vec<EndpointId> = self.leaving.lock().iter().copied().collect();
        for endpoint in &leaving {
            self.hand_over_if_idle(*endpoint).await?;
        }
        let kept = mine - i64::try_from(leaving.len()).unwrap_or(i64::MAX);
        if kept <= with_slack(share) {
            return Ok(());
        }
        let surplus = kept - share;
        let limit = u32::try_from(surplus).unwrap_or(u32::MAX).min(HAND_OVER_PER_ROUND);
        for endpoint in self.store.own_lanes(limit).await? {
            // From now on nothing of it is claimed; what is in flight settles first.
            self.leaving.lock().insert(endpoint);
            let rows = self.close_or_empty(endpoint);
            self.give_back(rows).await;
            self.hand_over_if_idle(endpoint).await?;
        }
        Ok(())
    }

    /// Takes out what is queued of a lane that is leaving; a restrained one takes in nothing more.
    fn close_or_empty(&self, endpoint: EndpointId) -> Vec<Claimed> {
        let mut lanes = self.lanes.lock();
        match lanes.company(endpoint) {
            Some(company) if lanes.restraint(endpoint).is_some() => lanes.close(endpoint, company),
            Some(_) | None => lanes.take_queued(endpoint),
        }
    }

    pub(crate) async fn hand_over_if_idle(&self, endpoint: EndpointId) -> Result<(), store::Error> {
        {
            let mut lanes = self.lanes.lock();
            if !lanes.may_be_left(endpoint) {
                return Ok(());
            }
            lanes.leave(endpoint);
            lanes.forget_backlog(endpoint);
        }
        self.store.give_lane(endpoint, self.clock.now()).await?;
        self.owned.lock().remove(&endpoint);
        self.hungry.lock().remove(&endpoint);
        self.leaving.lock().remove(&endpoint);
        Ok(())
    }
}

/// How many lanes a node may have whose fair share is this.
const fn with_slack(share: i64) -> i64 {
    share + share / SHARE_SLACK + 1
}
