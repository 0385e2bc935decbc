//! One transaction of ingest: who may write, what came before, which endpoints match, what is made.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::derived::{DerivedEvent, Statement};
use domain::event::{NewEvent, Verdict};
use domain::event_type::EventTypeName;
use domain::id::{CompanyId, EndpointId, EventId};
use domain::selection::SessionState;
use domain::session::Kind;
use domain::whatsapp::{StatusKind, status_external_id};

use crate::choosing::Ahead;
use crate::compiled::{Chosen, CompiledCompany};
use crate::fresh_keys::Written;
use crate::hot::{Failed, HotTx, within};
use crate::ingest::{HandOver, IngestJob};
use crate::ingest_begin::Read;
use crate::ingest_keys::{Key, KeysSettled, settle_keys};
use crate::ingest_pending::insert_all;
use crate::ingest_rows::{LaneWish, PendingRow, Rooms};
use crate::sessions::{Derived, Observations, Seen, SessionJson};
use crate::time::micros;
use crate::{Accepted, Bearer, Error, Hint, Store};

/// The events of some jobs, on their way into one transaction.
pub(crate) struct Batch<'a> {
    jobs: &'a [IngestJob],
    pub(crate) items: Vec<Item<'a>>,
}

/// In the place of the number of an item's job: it is of none.
const DERIVED: usize = usize::MAX;

/// An event that is to be written down.
pub(crate) enum EventRef<'a> {
    /// A caller's.
    Given(&'a NewEvent),
    /// One that others have given rise to.
    Derived(Box<NewEvent>),
}

impl std::ops::Deref for EventRef<'_> {
    type Target = NewEvent;

    fn deref(&self) -> &NewEvent {
        match self {
            Self::Given(event) => event,
            Self::Derived(event) => event,
        }
    }
}

/// One event of the batch.
pub(crate) struct Item<'a> {
    /// Whose it is; what others have given rise to is nobody's.
    pub(crate) job: usize,
    pub(crate) event: EventRef<'a>,
    /// What it says of a contact and their session.
    pub(crate) said: Option<&'a Statement>,
    /// Its place among its job's events, and what was chosen for them ahead.
    pub(crate) ahead: Option<(usize, &'a Ahead)>,
    pub(crate) key: Option<Key>,
    pub(crate) fate: Fate,
    /// Its id; its deliveries have the ids after it.
    pub(crate) id: i64,
    pub(crate) deliveries: u32,
    /// The session that it carries, JSON.
    pub(crate) session: Option<Arc<[u8]>>,
    /// The endpoints that it goes to.
    pub(crate) chosen: Chosen,
    /// The state of its session, where it has one.
    pub(crate) session_state: Option<SessionState>,
}

impl<'a> Item<'a> {
    /// A new event without a key.
    pub(crate) fn new(job: usize, event: &'a NewEvent) -> Self {
        Self::of(job, EventRef::Given(event))
    }

    fn of(job: usize, event: EventRef<'a>) -> Self {
        Self {
            job,
            event,
            said: None,
            ahead: None,
            key: None,
            fate: Fate::New,
            id: 0,
            deliveries: 0,
            session: None,
            chosen: Chosen::default(),
            session_state: None,
        }
    }

    /// Gives it its session.
    pub(crate) fn carry(&mut self, session: Option<SessionJson>) {
        self.session_state = session.as_deref().and_then(SessionState::of_json);
        self.session = session;
    }
}

/// By what the status of that kind of a message is known; only statuses are asked for.
fn status_id(message: &str, kind: Kind) -> String {
    let status = match kind {
        Kind::Played => StatusKind::Played,
        Kind::Read => StatusKind::Read,
        Kind::Delivered | Kind::Received | Kind::Aside => StatusKind::Delivered,
    };
    status_external_id(message, status).to_string()
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Its caller may not write.
    Refused,
    /// Its company is suspended.
    Suspended,
    /// It is written down.
    New,
    /// It was there before, or earlier in this batch.
    Known(Accepted),
    /// Its `expires_at` has passed: it is not written down, unless it was before.
    Expired,
    /// Its own type does not take it: it is not written down, unless it was before.
    Unfit,
    /// Its own type was read before the company's configuration changed.
    Stale,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(jobs: &'a [IngestJob]) -> Self {
        let items = jobs
            .iter()
            .enumerate()
            .flat_map(|(job, content)| {
                let events = content.events.iter().zip(&content.said).enumerate();
                events.map(move |(place, (event, said))| Item {
                    key: Key::of(event),
                    said: said.as_ref(),
                    ahead: Some((place, &content.ahead)),
                    ..Item::new(job, event)
                })
            })
            .collect();
        Self { jobs, items }
    }

    /// Its companies, each once and sorted.
    pub(crate) fn companies(&self) -> Vec<i64> {
        let distinct: HashSet<i64> =
            self.items.iter().map(|item| item.event.company.raw()).collect();
        let mut companies: Vec<i64> = distinct.into_iter().collect();
        companies.sort_unstable();
        companies
    }

    fn answers(self) -> Vec<Result<Vec<Accepted>, Error>> {
        let mut answers: Vec<Result<Vec<Accepted>, Error>> =
            self.jobs.iter().map(|job| Ok(Vec::with_capacity(job.events.len()))).collect();
        for item in self.items.into_iter().filter(|item| item.job != DERIVED) {
            let event = EventId::from_raw(item.id);
            let accepted = match item.fate {
                Fate::Refused => {
                    answers[item.job] = Err(Error::Unauthorized);
                    continue;
                }
                Fate::Stale => {
                    answers[item.job] = Err(Error::TypesChanged);
                    continue;
                }
                Fate::Suspended => {
                    answers[item.job] = Err(Error::Suspended);
                    continue;
                }
                Fate::New => Accepted::New { event, deliveries: item.deliveries },
                Fate::Known(accepted) => accepted,
                Fate::Expired => Accepted::Expired,
                Fate::Unfit => Accepted::Unfit,
            };
            if let Ok(list) = &mut answers[item.job] {
                list.push(accepted);
            }
        }
        answers
    }
}

impl Store {
    /// Writes a batch in one transaction and hands fresh deliveries over once it is committed.
    pub(crate) async fn write_batch(
        &self,
        jobs: &[IngestJob],
        hand_over: &dyn HandOver,
        now: DateTime<Utc>,
    ) -> Result<Vec<Result<Vec<Accepted>, Error>>, Error> {
        let mut batch = Batch::new(jobs);
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
        let fresh = pending
            .iter()
            .filter(|row| row.claimed_by != 0)
            .map(|row| row.claimed(&batch.items, now))
            .collect();
        rooms.fill(fresh);
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
        for (endpoint, bytes) in crate::lines::place(tx, &mut rows).await? {
            rooms.give_back(endpoint, bytes);
        }
        let owner = self.lane_owner(rooms);
        let heads = rows.iter().filter(|row| row.is_ordered() && row.is_for_the_owner());
        wishes.extend(heads.map(|row| LaneWish::due(row.endpoint, row.company, owner, now)));
        let rows = insert_all(tx, &batch.items, rows, now).await?;
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
        let is_seen =
            |(_, item): &(usize, &Item<'_>)| item.fate == Fate::New && item.said.is_some();
        let places: Vec<usize> =
            batch.items.iter().enumerate().filter(is_seen).map(|(place, _)| place).collect();
        if places.is_empty() {
            return Ok(());
        }
        let seen: Vec<Seen<'_>> = places
            .iter()
            .filter_map(|place| {
                let Item { event, id, said, .. } = &batch.items[*place];
                Some(Seen { event, id: *id, said: (*said)? })
            })
            .collect();
        let Observations { sessions, derived } =
            self.observe_batch(tx, &seen, companies, status_id, now).await?;
        for (place, session) in places.into_iter().zip(sessions) {
            batch.items[place].carry(session);
        }
        for Derived { event, session } in derived {
            let mut item = Item::of(DERIVED, EventRef::Derived(Box::new(event)));
            item.carry(session);
            self.number(&mut item, companies, now);
            batch.items.push(item);
        }
        Ok(())
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

    /// Who owns the lanes that this transaction makes.
    fn lane_owner(&self, rooms: &Rooms<'_>) -> i64 {
        if rooms.may_own_lanes() { self.incarnation() } else { 0 }
    }

    /// Decides who sends each fresh delivery: this node at once as far as it has room, else the
    /// owner of the endpoint's lane. Gives the lanes that must be there.
    fn assign(
        &self,
        owners: &HashMap<i64, (i64, i64)>,
        rows: &mut [PendingRow],
        rooms: &mut Rooms<'_>,
        now: DateTime<Utc>,
    ) -> Vec<LaneWish> {
        let incarnation = self.incarnation();
        let mut wanted: BTreeMap<i64, (i64, bool, Vec<usize>)> = BTreeMap::new();
        for row in rows.iter().filter(|row| !row.held) {
            let restrained = row.traffic.is_exclusive();
            let of_endpoint = wanted.entry(row.endpoint);
            let of_endpoint = of_endpoint.or_insert((row.company, restrained, Vec::new()));
            of_endpoint.2.push(row.bytes);
        }
        let mut granted: HashMap<i64, usize> = HashMap::with_capacity(wanted.len());
        for (endpoint, (company, restrained, sizes)) in wanted {
            let free_now = |(owner, hold_until): &(i64, i64)| {
                *owner == incarnation && *hold_until <= micros(now)
            };
            let owner = owners.get(&endpoint);
            let ours = if restrained {
                owner.is_some_and(free_now) && rooms.is_let_in(EndpointId::from_raw(endpoint))
            } else {
                owner.is_none_or(free_now)
            };
            let room = if ours {
                rooms.reserve(CompanyId::from_raw(company), EndpointId::from_raw(endpoint), &sizes)
            } else {
                0
            };
            granted.insert(endpoint, room);
        }
        let owner = self.lane_owner(rooms);
        let mut wishes: BTreeMap<i64, LaneWish> = BTreeMap::new();
        for row in rows.iter_mut().filter(|row| !row.held) {
            match granted.get_mut(&row.endpoint) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    row.claimed_by = incarnation;
                }
                // Whether it is a head turns out later.
                _ if row.is_ordered() => {}
                _ => {
                    wishes
                        .entry(row.endpoint)
                        .or_insert_with(|| LaneWish::due(row.endpoint, row.company, owner, now));
                }
            }
        }
        wishes.into_values().collect()
    }
}

/// The endpoints that these events may go to, sorted, as far as their companies are known.
pub(crate) fn owners_to_read(
    items: &[Item<'_>],
    companies: &HashMap<CompanyId, Arc<CompiledCompany>>,
) -> Vec<i64> {
    let new = || items.iter().filter(|item| item.fate == Fate::New);
    let mut pairs: Vec<(CompanyId, &EventTypeName)> =
        new().map(|item| (item.event.company, &item.event.event_type)).collect();
    for item in new().filter(|item| item.said.is_some()) {
        let derived = DerivedEvent::ALL.iter().map(|derived| derived.event_type());
        pairs.extend(derived.map(|event_type| (item.event.company, event_type)));
    }
    pairs.sort_unstable();
    pairs.dedup();
    let mut endpoints: Vec<i64> = Vec::new();
    for (company, event_type) in pairs {
        let Some(company) = companies.get(&company) else { continue };
        endpoints.extend(company.at(&company.of_type(event_type)).map(|e| e.id.raw()));
    }
    endpoints.sort_unstable();
    endpoints.dedup();
    endpoints
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

/// Leaves out the endpoints that ask for another session than an event's, once that is known.
pub(crate) fn choose_by_session<'a, 'b: 'a>(
    items: impl IntoIterator<Item = &'a mut Item<'b>>,
    companies: &HashMap<CompanyId, Arc<CompiledCompany>>,
) {
    let asks = |item: &&mut Item<'_>| item.fate == Fate::New && item.chosen.asks_for_sessions();
    for item in items.into_iter().filter(asks) {
        let company = &companies[&item.event.company];
        item.chosen = company.in_session(&item.chosen, item.session_state);
        item.deliveries = count(&item.chosen);
    }
}

fn count(chosen: &Chosen) -> u32 {
    u32::try_from(chosen.len()).unwrap_or(domain::id::BLOCK_MAX)
}

/// One row for each endpoint that an event goes to.
pub(crate) fn fan_out(
    items: &[Item<'_>],
    companies: &HashMap<CompanyId, Arc<CompiledCompany>>,
    now: DateTime<Utc>,
) -> Vec<PendingRow> {
    let mut rows = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate().filter(|(_, item)| item.fate == Fate::New) {
        let company = &companies[&item.event.company];
        let ids = item.id + 1..;
        for (id, endpoint) in ids.zip(company.at(&item.chosen)).take(item.deliveries as usize) {
            rows.push(PendingRow::fresh(id, place, item, endpoint, now));
        }
    }
    rows
}
