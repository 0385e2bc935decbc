//! What is known of the endpoints that are being sent to: kept in memory, and checked against the
//! version of their company's configuration at least every second, so that no request to a disabled
//! endpoint begins later than two seconds after.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::endpoint::{EndpointState, Status};
use domain::id::{CompanyId, EndpointId};
use domain::traffic::Traffic;
use parking_lot::RwLock;
use store::{Claimed, Target};
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;
use crate::lanes::{Lanes, Mode};

/// How often versions are compared.
const CHECK_EVERY: Duration = Duration::from_millis(500);
/// How long what is known may be used without having been compared.
const TRUSTED_FOR: Duration = Duration::from_millis(1_500);
/// Of how many endpoints it is asked at a time whether another node holds them back.
const HOLDS_MAX: usize = 1_000;
/// How long an endpoint that nothing is sent to is remembered.
const KEPT_FOR: Duration = Duration::from_secs(300);

/// One endpoint's target with its newest known state.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) target: Arc<Target>,
    /// As of the last settlement or reading.
    pub(crate) state: EndpointState,
    used_at: Instant,
}

#[derive(Debug, Default)]
pub(crate) struct Targets {
    known: RwLock<HashMap<EndpointId, Known>>,
    checked_at: RwLock<Option<Instant>>,
}

impl Targets {
    /// What is known, if it was compared a moment ago.
    pub(crate) fn trusted(&self, endpoint: EndpointId) -> Option<Known> {
        let checked_at = (*self.checked_at.read())?;
        if checked_at.elapsed() > TRUSTED_FOR {
            return None;
        }
        self.known.read().get(&endpoint).cloned()
    }

    /// Takes over what was read, unless something newer has been read meanwhile.
    fn put(&self, target: Arc<Target>) -> Known {
        let mut all = self.known.write();
        if let Some(known) = all.get(&target.endpoint)
            && known.target.config_version > target.config_version
        {
            return known.clone();
        }
        let known = Known { state: target.state, target, used_at: Instant::now() };
        all.insert(known.target.endpoint, known.clone());
        known
    }

    /// Companies of which something is known that was read under another version than theirs.
    fn stale(&self, versions: &HashMap<CompanyId, i64>) -> HashSet<CompanyId> {
        let known = self.known.read();
        let targets = known.values().map(|known| &known.target);
        targets
            .filter(|target| versions.get(&target.company) != Some(&target.config_version))
            .map(|target| target.company)
            .collect()
    }

    fn epoch(&self, endpoint: EndpointId) -> Option<i64> {
        self.known.read().get(&endpoint).map(|known| known.state.epoch)
    }

    /// What restrains the endpoint, as far as is known.
    pub(crate) fn traffic(&self, endpoint: EndpointId) -> Option<Traffic> {
        self.known.read().get(&endpoint).map(|known| known.target.traffic)
    }

    fn forget(&self, endpoint: EndpointId) {
        self.known.write().remove(&endpoint);
    }

    /// Takes over the health that settlement wrote. Gives what is known then: settlement does not
    /// know whether the company is suspended.
    pub(crate) fn learn(&self, endpoint: EndpointId, state: EndpointState) -> EndpointState {
        if let Some(known) = self.known.write().get_mut(&endpoint) {
            known.used_at = Instant::now();
            // A switch is learnt by reading alone: settlement may have read an older one.
            if known.state.epoch == state.epoch && known.state.switch == state.switch {
                known.state.health = state.health;
            }
            return EndpointState { suspended_since: known.state.suspended_since, ..state };
        }
        state
    }

    fn companies(&self) -> Vec<CompanyId> {
        let mut companies: Vec<CompanyId> =
            self.known.read().values().map(|known| known.target.company).collect();
        companies.sort_unstable();
        companies.dedup();
        companies
    }

    fn endpoints_of(&self, company: CompanyId) -> Vec<EndpointId> {
        let known = self.known.read();
        known.iter().filter(|(_, k)| k.target.company == company).map(|(id, _)| *id).collect()
    }

    /// Forgets what was not used for long.
    pub(crate) fn forget_unused(&self) {
        self.known.write().retain(|_, known| known.used_at.elapsed() < KEPT_FOR);
    }

    /// Nothing is trusted until it has been read again.
    pub(crate) fn distrust(&self) {
        *self.checked_at.write() = None;
    }
}

/// How an endpoint in this state is sent to.
pub(crate) const fn mode_of(state: &EndpointState) -> Mode {
    if state.is_held() {
        return Mode::Held;
    }
    match state.status() {
        Status::Enabled => Mode::Open,
        Status::Defective => Mode::Slow,
        Status::Paused | Status::Disabled => Mode::Held,
    }
}

/// The same on a node that owns the endpoint's lane, or does not: a Defective one gets one request at a time
/// over all nodes, and they are made by the owner.
pub(crate) const fn mode_here(state: &EndpointState, is_owned: bool) -> Mode {
    match mode_of(state) {
        Mode::Slow if !is_owned => Mode::Held,
        mode @ (Mode::Open | Mode::Slow | Mode::Held) => mode,
    }
}

/// Follows what restrains the endpoint. What had been unrestrained is closed until the owner of its
/// lane has been let in, and so is what gets an order. Gives rows that must go back.
fn follow_traffic(lanes: &mut Lanes, target: &Target) -> Vec<Claimed> {
    let Target { endpoint, company, traffic, .. } = target;
    if !traffic.is_exclusive() {
        lanes.set_free(*endpoint);
        return Vec::new();
    }
    match lanes.restraint(*endpoint) {
        Some(known) if known.ordered || !traffic.ordered => {
            if known != *traffic {
                lanes.let_in(*endpoint, *company, *traffic);
            }
            Vec::new()
        }
        Some(_) | None => lanes.close(*endpoint, *company),
    }
}

impl Dispatcher {
    /// The target of an endpoint, read from the database, and its lane switched accordingly. `None`
    /// where the endpoint has been deleted.
    pub(crate) async fn load_target(
        &self,
        company: CompanyId,
        endpoint: EndpointId,
    ) -> Result<Option<Known>, store::Error> {
        match self.store.target(company, endpoint, self.clock.now()).await {
            Ok(target) => {
                let before = self.targets.epoch(endpoint);
                let known = self.targets.put(target);
                let mut lanes = self.lanes.lock();
                let is_owned = self.owned.lock().contains(&endpoint);
                let mode = mode_here(&known.state, is_owned);
                let was_held = lanes.mode(endpoint) == Some(Mode::Held);
                lanes.set_mode(endpoint, company, mode);
                if known.state.is_failing() {
                    lanes.presume_failing(endpoint);
                }
                let mut back = follow_traffic(&mut lanes, &known.target);
                if mode == Mode::Held {
                    back.extend(lanes.take_queued(endpoint));
                }
                if before.is_some_and(|epoch| epoch != known.state.epoch) {
                    // Enabled anew, or another URL: what the old one asked for is over.
                    lanes.set_hold(endpoint, None);
                }
                drop(lanes);
                self.give_back_later(back);
                if was_held && mode != Mode::Held && is_owned {
                    // Its lane may have been put off on what was known before: it is looked at once.
                    self.hungry.lock().insert(endpoint);
                }
                Ok(Some(known))
            }
            Err(store::Error::NotFound) => {
                self.targets.forget(endpoint);
                self.lanes.lock().set_mode(endpoint, company, Mode::Held);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a company's endpoints again, as far as they are in use here.
    pub(crate) async fn refresh_company(&self, company: CompanyId) {
        for endpoint in self.targets.endpoints_of(company) {
            match self.ask(self.load_target(company, endpoint)).await {
                Ok(Some(_)) => {}
                Ok(None) => {
                    let rows = self.lanes.lock().take_queued(endpoint);
                    self.give_back_later(rows);
                }
                Err(error) => {
                    self.targets.forget(endpoint);
                    tracing::warn!(endpoint.id = %endpoint, error = %error, "Endpoint {endpoint} could not be read again: {error}");
                }
            }
        }
        self.wake();
    }

    /// Follows the holds of lanes that other nodes own: what a receiver has asked another node for holds for
    /// what is queued here, too, and what a person has lifted is lifted here. `lifted` are those that were not
    /// held the last time: one may have been written down since it was asked for.
    async fn follow_holds(&self, lifted: &mut HashSet<EndpointId>) -> Result<(), store::Error> {
        let known: HashMap<EndpointId, Option<DateTime<Utc>>> = {
            let lanes = self.lanes.lock();
            let owned = self.owned.lock();
            let others = lanes.holds().filter(|(endpoint, _)| !owned.contains(endpoint));
            others.take(HOLDS_MAX).collect()
        };
        let endpoints: Vec<EndpointId> = known.keys().copied().collect();
        let holds = self.store.holds(&endpoints, self.clock.now()).await?;
        let mut back = Vec::new();
        {
            let mut lanes = self.lanes.lock();
            for (endpoint, until) in &holds {
                if known.get(endpoint) != Some(&Some(*until)) {
                    lanes.set_hold(*endpoint, Some(*until));
                }
                back.extend(lanes.take_queued(*endpoint));
            }
            let is_free = |(endpoint, hold): &(&EndpointId, &Option<DateTime<Utc>>)| {
                hold.is_some() && !holds.contains_key(*endpoint)
            };
            let free: HashSet<EndpointId> =
                known.iter().filter(is_free).map(|(endpoint, _)| *endpoint).collect();
            free.intersection(lifted).for_each(|endpoint| lanes.set_hold(*endpoint, None));
            *lifted = free;
        }
        self.give_back_later(back);
        Ok(())
    }

    pub(crate) async fn freshness_loop(&self, stop: CancellationToken) {
        let mut lifted = HashSet::new();
        while !stop.is_cancelled() {
            let companies = self.targets.companies();
            let begun = Instant::now();
            match self.ask(self.store.config_versions(&companies)).await {
                Ok(versions) => {
                    for company in self.targets.stale(&versions) {
                        self.refresh_company(company).await;
                    }
                    *self.targets.checked_at.write() = Some(begun);
                    if let Err(error) = self.ask(self.follow_holds(&mut lifted)).await {
                        tracing::warn!(error = %error, "What other nodes hold back could not be read: {error}");
                    }
                }
                Err(error) => {
                    tracing::warn!(error = %error, "Configuration could not be compared: {error}");
                }
            }
            self.pause(CHECK_EVERY, &stop).await;
        }
    }
}
