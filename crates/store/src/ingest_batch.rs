//! One transaction of ingest: who may write, what came before, which endpoints match, what is made.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::event::Verdict;
use domain::id::{CompanyId, EndpointId};
use domain::session::Kind;
use domain::whatsapp::{StatusKind, status_external_id};

use crate::compiled::CompiledCompany;
use crate::fresh_keys::Written;
use crate::hot::{Failed, HotTx, within};
use crate::ingest::{HandOver, IngestJob};
use crate::ingest_begin::Read;
use crate::ingest_fan_out::{choose_by_session, count, fan_out, owners_to_read};
use crate::ingest_items::{Batch, DERIVED, EventRef, Fate, Item};
use crate::ingest_keys::{KeysSettled, settle_keys};
use crate::ingest_pending::insert_all;
use crate::ingest_rows::{LaneWish, PendingRow, Rooms};
use crate::sessions::{Derived, Observations};
use crate::{Accepted, Bearer, Error, Hint, Store};

impl Store {
    /// Writes a batch in one transaction and hands fresh deliveries over once it is committed.
    pub(crate) async fn write_batch(
        &self,
        jobs: &[IngestJob],
        hand_over: &dyn HandOver,
        now: DateTime<Utc>,
    ) -> Result<Vec<Result<Vec<Accepted>, Error>>, Error> {
        let mut batch = Batch::new(jobs);
        if let Some(straight) = self.write_straight(&mut batch, hand_over, now).await? {
            self.count_batch(&batch, straight.took);
            hand_fresh(&batch, &straight.rows, straight.rooms, now);
            return Ok(batch.answers());
        }
        let mut rooms = Rooms::new(hand_over);
        let (mut tx, read) = self.begin_batch(&batch, now).await?;
        let filled = within(self.fill(&mut tx, &mut batch, read, &mut rooms, now)).await;
        let pending = match tx.end_timed(filled).await {
            Ok(((pending, keys), commit)) => {
                self.remember_fresh_keys(keys, now);
                self.count_batch(&batch, commit);
                self.hint_restrained(&pending);
                pending
            }
            Err(Failed::Unchanged(error)) => return Err(error),
            Err(Failed::Doubtful((pending, _), error)) => {
                let claimed = pending.iter().filter(|row| row.claimed_by != 0);
                self.doubt(claimed.map(PendingRow::held_by_us));
                return Err(error);
            }
        };
        hand_fresh(&batch, &pending, rooms, now);
        Ok(batch.answers())
    }

    /// What restrained endpoints got unclaimed is looked at at once: nothing reaches them otherwise.
    fn hint_restrained(&self, rows: &[PendingRow]) {
        let unclaimed = |row: &&PendingRow| row.is_for_the_owner() && row.traffic.is_exclusive();
        let endpoints: HashSet<i64> =
            rows.iter().filter(unclaimed).map(|row| row.endpoint).collect();
        for endpoint in endpoints {
            self.hint(Hint::LaneDue(EndpointId::from_raw(endpoint)));
        }
    }

    fn count_batch(&self, batch: &Batch<'_>, commit: Duration) {
        let metrics = &self.inner.metrics;
        let fate = |wanted: fn(&Fate) -> bool| {
            let of_callers = batch.items.iter().filter(|item| item.job != DERIVED);
            of_callers.filter(|item| wanted(&item.fate)).count()
        };
        metrics.accepted.add(fate(|fate| matches!(fate, Fate::New)));
        metrics
            .duplicates
            .add(fate(|fate| matches!(fate, Fate::Known(Accepted::Duplicate { .. }))));
        metrics.ingest_events.observe_count(batch.items.len());
        metrics.ingest_commit.observe(commit);
    }

    async fn fill(
        &self,
        tx: &mut HotTx,
        batch: &mut Batch<'_>,
        read: Read,
        rooms: &mut Rooms<'_>,
        now: DateTime<Utc>,
    ) -> Result<(Vec<PendingRow>, Written), Error> {
        let Read { versions, looked } = read;
        let companies = self.compiled_companies(tx, versions).await?;
        self.refuse_callers(tx, batch, &companies, now).await?;
        refuse_stale(batch, &companies);
        for item in batch.items.iter_mut().filter(|item| item.fate == Fate::New) {
            if item.event.judged.is_some_and(|judged| judged.verdict == Verdict::Refused) {
                item.fate = Fate::Unfit;
                continue;
            }
            if item.event.expires_at.is_some_and(|at| at <= now) {
                item.fate = Fate::Expired;
                continue;
            }
            self.number(item, &companies, now);
        }
        // Those of contacts get theirs later; what is written down of a key is what is answered.
        choose_by_session(batch.items.iter_mut().filter(|item| item.said.is_none()), &companies);
        let owners = owners_to_read(&batch.items, &companies);
        let settled = settle_keys(self, tx, &mut batch.items, owners, looked, now).await?;
        let KeysSettled { owners, written, looked } = settled;
        crate::ingest_keys::recognise_untaken(self, tx, &mut batch.items, &looked).await?;
        self.observe(tx, batch, &companies, now).await?;
        choose_by_session(&mut batch.items, &companies);
        let mut rows = fan_out(&batch.items, &companies, now);
        let mut wishes = self.assign(&owners, &mut rows, rooms, now);
        let placed = crate::lines::place(tx, &mut rows).await?;
        for (endpoint, bytes) in placed.unused {
            rooms.give_back(endpoint, bytes);
        }
        let owner = self.lane_owner(rooms);
        let heads = rows.iter().filter(|row| row.is_ordered() && row.is_for_the_owner());
        wishes.extend(heads.map(|row| LaneWish::due(row.endpoint, row.company, owner, now)));
        let rows = insert_all(tx, &batch.items, rows, &placed.last, now).await?;
        crate::lane_rows::wish_lanes(tx, &wishes).await?;
        Ok((rows, written))
    }

    /// Records what new events say of contacts and sessions, gives them their sessions, and adds the events
    /// that they give rise to.
    async fn observe(
        &self,
        tx: &mut HotTx,
        batch: &mut Batch<'_>,
        companies: &HashMap<CompanyId, Arc<CompiledCompany>>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let seen = batch.seen();
        if seen.is_empty() {
            return Ok(());
        }
        let observed = self.observe_batch(tx, &seen, companies, status_id, now).await?;
        drop(seen);
        self.carry(batch, observed, companies, now);
        Ok(())
    }

    /// Gives the events of [`Batch::seen`] their sessions, and adds those that they give rise to.
    pub(crate) fn carry(
        &self,
        batch: &mut Batch<'_>,
        observed: Observations,
        companies: &HashMap<CompanyId, Arc<CompiledCompany>>,
        now: DateTime<Utc>,
    ) {
        let Observations { sessions, derived } = observed;
        let is_seen = |item: &&mut Item<'_>| item.fate == Fate::New && item.said.is_some();
        for (item, session) in batch.items.iter_mut().filter(is_seen).zip(sessions) {
            item.carry(session);
        }
        for Derived { event, session } in derived {
            let mut item = Item::of(DERIVED, EventRef::Derived(Box::new(event)));
            item.carry(session);
            self.number(&mut item, companies, now);
            batch.items.push(item);
        }
    }

    /// Chooses the endpoints that an event goes to, whatever its session is, and gives it its id, with room
    /// after it for its deliveries.
    pub(crate) fn number(
        &self,
        item: &mut Item<'_>,
        companies: &HashMap<CompanyId, Arc<CompiledCompany>>,
        now: DateTime<Utc>,
    ) {
        let company = &companies[&item.event.company];
        let ahead = item.ahead.and_then(|(place, ahead)| ahead.at(place, company.version));
        item.chosen = ahead.unwrap_or_else(|| company.chosen(&item.event));
        item.deliveries = count(&item.chosen);
        item.id = self.inner.ids.block(now, 1 + item.deliveries);
    }

    /// The companies' endpoints at the versions that this transaction has read. A company that is
    /// gone is not in the answer.
    pub(crate) async fn compiled_companies(
        &self,
        tx: &mut HotTx,
        versions: Vec<(i64, i64)>,
    ) -> Result<HashMap<CompanyId, Arc<CompiledCompany>>, Error> {
        let mut compiled = HashMap::with_capacity(versions.len());
        for (company, version) in versions {
            let id = CompanyId::from_raw(company);
            let known = self.inner.compiled.lock().get(&id).map(Arc::clone);
            let current = match known {
                Some(known) if known.version == version => known,
                known => {
                    let endpoints =
                        crate::compiled_rows::endpoints(tx, company, known.as_deref()).await?;
                    let (suspended_at, own) = crate::ingest_rows::rules(tx, company).await?;
                    self.learn_limits(id, &own, version);
                    let suspended = suspended_at.is_some();
                    let fresh = Arc::new(CompiledCompany::new(version, suspended, endpoints));
                    self.inner.compiled.lock().insert(id, Arc::clone(&fresh));
                    fresh
                }
            };
            compiled.insert(id, current);
        }
        Ok(compiled)
    }

    /// Refuses the events of callers whose bearer has lost its right since they were let in.
    async fn refuse_callers(
        &self,
        tx: &mut HotTx,
        batch: &mut Batch<'_>,
        companies: &HashMap<CompanyId, Arc<CompiledCompany>>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut verdicts: HashMap<(CompanyId, i64), bool> = HashMap::new();
        let mut refused: HashSet<usize> = HashSet::new();
        for (place, job) in batch.jobs.iter().enumerate() {
            let Some(company) = companies.get(&job.caller.company) else {
                refused.insert(place);
                continue;
            };
            if company.version == job.caller.config_version {
                continue;
            }
            let bearer = match job.caller.bearer {
                Bearer::Token(token) => token.raw(),
                Bearer::Login { login, .. } => login.raw(),
                Bearer::Source(source) => source.raw(),
            };
            let key = (job.caller.company, bearer);
            let valid = match verdicts.get(&key) {
                Some(valid) => *valid,
                None => {
                    self.forget_tokens(job.caller.company);
                    self.forget_sources(job.caller.company);
                    let valid = crate::ingest_bearer::is_live(tx, &job.caller, now).await?;
                    verdicts.insert(key, valid);
                    valid
                }
            };
            if !valid {
                refused.insert(place);
            }
        }
        for item in &mut batch.items {
            let foreign = item.event.company != batch.jobs[item.job].caller.company;
            if refused.contains(&item.job) || foreign {
                item.fate = Fate::Refused;
            } else if companies[&item.event.company].is_suspended {
                item.fate = Fate::Suspended;
            }
        }
        Ok(())
    }
}

/// Tells how much there is to send, and hands over what this node has claimed.
fn hand_fresh(batch: &Batch<'_>, rows: &[PendingRow], rooms: Rooms<'_>, now: DateTime<Utc>) {
    rooms.took_in(rows.iter().filter(|row| row.is_to_be_sent_soon()).count());
    let claimed = rows.iter().filter(|row| row.claimed_by != 0);
    rooms.fill(claimed.map(|row| row.claimed(&batch.items, now)).collect());
}

/// By what the status of that kind of a message is known; only statuses are asked for.
pub(crate) fn status_id(message: &str, kind: Kind) -> String {
    let status = match kind {
        Kind::Played => StatusKind::Played,
        Kind::Read => StatusKind::Read,
        Kind::Delivered | Kind::Received | Kind::Aside => StatusKind::Delivered,
    };
    status_external_id(message, status).to_string()
}

/// Refuses whole jobs with an event whose own type was read before it came, at another version of its
/// company's configuration: the type may have come, changed or gone since. Nothing of them is written
/// down, and the caller reads the types again.
fn refuse_stale(batch: &mut Batch<'_>, companies: &HashMap<CompanyId, Arc<CompiledCompany>>) {
    let is_stale = |item: &&Item<'_>| {
        let read_at = item.event.judged.and_then(|judged| judged.version);
        read_at.is_some_and(|version| {
            companies.get(&item.event.company).is_some_and(|now| now.version != version)
        })
    };
    let stale: HashSet<usize> = batch.items.iter().filter(is_stale).map(|item| item.job).collect();
    if stale.is_empty() {
        return;
    }
    for item in batch.items.iter_mut().filter(|item| stale.contains(&item.job)) {
        if item.fate == Fate::New {
            item.fate = Fate::Stale;
        }
    }
}
