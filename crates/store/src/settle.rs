//! Settlement: outcomes of attempts are committed in batches. `domain` decides on state read in the
//! writing transaction; what it decided is written here.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::delivery::Finish;
use domain::endpoint::EndpointState;
use domain::id::{CompanyId, DeliveryId, EndpointId};
use domain::outcome::Outcome;
use domain::settle::{AttemptResult, Next, Settlement, Told as Transitioned};

use crate::exhausted::{Exhausted, storable_failure};
use crate::hot::{Durability, Failed, HotTx, within};
use crate::lane_rows::{LaneWish, wish_lanes};
use crate::live::Told;
use crate::notices::{Telling, write_notices};
use crate::operational::Causes;
use crate::settle_rows::{self, EndpointRow, FinishRow, RetryRow};
use crate::settle_straight::Ways;
use crate::time::micros;
use crate::{Claimed, Error, Hint, Metrics, Store};

/// How often a batch is decided anew because others changed its rows meanwhile.
const SETTLE_TURNS_MAX: u32 = 8;

/// One attempt that is over, with what is kept of it.
#[derive(Debug)]
pub struct Attempted {
    /// The delivery as it was claimed.
    pub delivery: Claimed,
    /// The endpoint's epoch when the attempt began.
    pub began_in_epoch: i64,
    /// What came of it.
    pub outcome: Outcome,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// How long it took, by a clock that is never set.
    pub duration: Duration,
    /// `domain::wire::SentHead` as a blob.
    pub request: Vec<u8>,
    /// The answer's headers.
    pub response_headers: Vec<(String, Vec<u8>)>,
    /// The answer's body, cut.
    pub response_body: Vec<u8>,
    /// Whether it was cut.
    pub truncated: bool,
}

/// What is to be settled.
#[derive(Debug)]
pub enum ToSettle {
    /// An attempt is over.
    Attempted(Box<Attempted>),
    /// A delivery ends without another request.
    Ended(Claimed, Finish),
}

impl ToSettle {
    /// The delivery that is settled.
    pub const fn delivery(&self) -> &Claimed {
        match self {
            Self::Attempted(attempted) => &attempted.delivery,
            Self::Ended(delivery, _) => delivery,
        }
    }
}

/// What an endpoint is like after a batch was settled.
#[derive(Debug, Clone)]
pub struct EndpointAfter {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Its state; `None` where it has been deleted.
    pub state: Option<EndpointState>,
    /// Who owns its lane, where it has one now.
    pub lane_owner: Option<i64>,
    /// Until when its lane is held.
    pub hold_lane_until: Option<DateTime<Utc>>,
}

/// What came of settling a batch.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// The endpoints that were touched.
    pub endpoints: Vec<EndpointAfter>,
    /// Deliveries whose claim this node had lost; their outcomes count for nothing.
    pub lost: Vec<DeliveryId>,
    /// What is told to whoever watches live, once it is committed.
    pub(crate) told: Vec<(CompanyId, Vec<Told>)>,
}

impl Settled {
    /// Adds what came of another part of the batch, which has other endpoints.
    fn add(&mut self, other: Self) {
        self.endpoints.extend(other.endpoints);
        self.lost.extend(other.lost);
        self.told.extend(other.told);
    }
}

/// All that a batch changes.
#[derive(Default)]
pub(crate) struct Changes<'a> {
    pub(crate) finished: Vec<FinishRow<'a>>,
    pub(crate) retried: Vec<RetryRow<'a>>,
    pub(crate) endpoints: Vec<(EndpointRow, EndpointState, Option<&'a Outcome>)>,
    pub(crate) told: Vec<Telling>,
    pub(crate) lanes: Vec<LaneWish>,
    pub(crate) gone: Vec<CompanyId>,
}

/// What remains to be told of what a batch has changed.
pub(crate) struct Changed {
    /// How many ended, by [`Metrics::FINISHES`].
    finished: [usize; 4],
    /// What others should act on at once.
    hints: Vec<Hint>,
}

impl Changed {
    /// So many were delivered, and that is all.
    pub(crate) fn delivered(count: usize) -> Self {
        let ended = |finish: Finish| if finish == Finish::Delivered { count } else { 0 };
        Self { finished: Metrics::FINISHES.map(ended), hints: Vec::new() }
    }
}

impl Store {
    /// Settles outcomes, those of each endpoint in their order and in one transaction. After an error the
    /// same batch can be settled again: what has changed nevertheless is found to be settled.
    pub async fn settle(&self, batch: &[ToSettle], now: DateTime<Utc>) -> Result<Settled, Error> {
        let Ways { straight, in_line, mut long } = self.ways(batch, now);
        let mut settled = Settled::default();
        if !straight.is_empty() {
            match self.settle_straight(&straight, now).await? {
                Some(done) => settled.add(done),
                None => long.extend(straight),
            }
        }
        if !in_line.is_empty() {
            match self.settle_in_line(&in_line, now).await? {
                Some(done) => settled.add(done),
                None => long.extend(in_line),
            }
        }
        if !long.is_empty() {
            let done = self.settle_long(&long, now).await?;
            self.learn_health(&done.endpoints);
            settled.add(done);
        }
        Ok(settled)
    }

    /// Settles outcomes in one transaction, in their order. On an error nothing has changed.
    async fn settle_long(&self, batch: &[&ToSettle], now: DateTime<Utc>) -> Result<Settled, Error> {
        let endpoints = endpoints_of(batch);
        for turn in 0..SETTLE_TURNS_MAX {
            let sql = settle_rows::endpoints_sql(&endpoints);
            let (mut tx, rows) = self.begin_hot_reading(Durability::Repeatable, &sql).await?;
            let trust = if turn == 0 { Trust::Claims } else { Trust::Nothing };
            let done = match within(self.settle_in(&mut tx, batch, rows, trust, now)).await {
                Ok(Some(done)) => Ok(done),
                Ok(None) => {
                    within(tx.roll_back()).await?;
                    continue;
                }
                Err(error) => Err(error),
            };
            return match tx.end_timed(done).await {
                Ok(((mut settled, changed), commit)) => {
                    self.count_settled(batch.len(), &changed, commit);
                    self.tell_settled(std::mem::take(&mut settled.told));
                    changed.hints.into_iter().for_each(|hint| self.hint(hint));
                    Ok(settled)
                }
                // Settled again although it had worked, the batch is found to have lost its claims.
                Err(Failed::Unchanged(error) | Failed::Doubtful(_, error)) => Err(error),
            };
        }
        Err(Error::Overloaded)
    }

    async fn settle_in(
        &self,
        tx: &mut HotTx,
        batch: &[&ToSettle],
        endpoints: Vec<settle_rows::Columns>,
        trust: Trust,
        now: DateTime<Utc>,
    ) -> Result<Option<(Settled, Changed)>, Error> {
        let incarnation = self.incarnation();
        let held = match trust {
            Trust::Claims => believed(batch, incarnation),
            Trust::Nothing => settle_rows::claims(tx, batch, incarnation).await?,
        };
        let endpoints = settle_rows::endpoint_rows(endpoints)?;
        let endpoints = lock_failing(tx, batch, endpoints).await?;
        let (mut settled, mut changes) = self.decide_all(batch, &held, &endpoints, now);
        let lines = changes.lock_lines(tx).await?;
        let even_canceled = trust == Trust::Nothing;
        let finished =
            settle_rows::finish(tx, &changes.finished, incarnation, even_canceled).await?;
        let retried = settle_rows::retry(tx, &changes.retried, incarnation).await?;
        if (finished, retried) != (changes.finished.len() as u64, changes.retried.len() as u64) {
            return Ok(None);
        }
        settle_rows::attempts(tx, &changes.finished, &changes.retried).await?;
        crate::search::feed::tell_settled(tx, &changes.finished).await?;
        let ended = changes.finished.iter().filter_map(|row| row.attempt);
        let again = changes.retried.iter().map(|row| row.attempted);
        crate::stats::count_attempts(tx, self.inner.ids.slot(), ended.chain(again)).await?;
        settle_rows::update_endpoints(tx, &changes.endpoints).await?;
        settle_rows::bump_companies(tx, &changes.gone).await?;
        write_notices(self, tx, &changes.told).await?;
        let causes = Causes {
            told: &changes.told,
            exhausted: changes.finished.iter().filter_map(Exhausted::of).collect(),
            reconfigured: &changes.gone,
            lane_owner: incarnation,
        };
        let operational = self.write_operational(tx, causes, now).await?;
        let hints = changes.gone.iter().map(|company| Hint::ConfigChanged(*company));
        let mut hints: Vec<Hint> = hints.chain(operational.iter().map(LaneWish::hint)).collect();
        changes.lanes.extend(operational);
        hints.extend(changes.advance_lines(tx, &lines, incarnation, now).await?);
        settled.told = self.told_of(&changes, now);
        let owners = wish_lanes(tx, &changes.lanes).await?;
        for after in &mut settled.endpoints {
            after.lane_owner = owners.get(&after.endpoint.raw()).copied();
        }
        let finished = Metrics::FINISHES
            .map(|finish| changes.finished.iter().filter(|row| row.finish == finish).count());
        Ok(Some((settled, Changed { finished, hints })))
    }

    pub(crate) fn count_settled(&self, outcomes: usize, changed: &Changed, commit: Duration) {
        let metrics = &self.inner.metrics;
        for (finish, count) in Metrics::FINISHES.into_iter().zip(changed.finished) {
            metrics.finished(finish).add(count);
        }
        metrics.settle_outcomes.observe_count(outcomes);
        metrics.settle_commit.observe(commit);
    }

    /// Decides on what this transaction reads, endpoint by endpoint.
    fn decide_all<'a>(
        &self,
        batch: &[&'a ToSettle],
        held: &HashMap<DeliveryId, bool>,
        endpoints: &Endpoints,
        now: DateTime<Utc>,
    ) -> (Settled, Changes<'a>) {
        let incarnation = self.incarnation();
        let mut changes = Changes::default();
        let mut settled = Settled::default();
        let mut by_endpoint: BTreeMap<EndpointId, Vec<&ToSettle>> = BTreeMap::new();
        for item in batch {
            let delivery = item.delivery();
            if delivery.claimed_by == incarnation && held.contains_key(&delivery.id) {
                by_endpoint.entry(item.delivery().endpoint).or_default().push(item);
            } else {
                settled.lost.push(item.delivery().id);
            }
        }
        for (endpoint, items) in by_endpoint {
            let row = endpoints.get(&endpoint);
            let after = self.decide(row, &items, held, incarnation, now, &mut changes);
            settled.endpoints.push(EndpointAfter { endpoint, ..after });
        }
        (settled, changes)
    }

    /// Adds what the items of one endpoint change.
    fn decide<'a>(
        &self,
        row: Option<&EndpointRow>,
        items: &[&'a ToSettle],
        held: &HashMap<DeliveryId, bool>,
        incarnation: i64,
        now: DateTime<Utc>,
        changes: &mut Changes<'a>,
    ) -> EndpointAfter {
        let mut attempts: Vec<&'a Attempted> = Vec::with_capacity(items.len());
        for item in items {
            match item {
                ToSettle::Attempted(attempted) => attempts.push(attempted),
                ToSettle::Ended(delivery, finish) => {
                    let canceled =
                        held.get(&delivery.id).copied().unwrap_or(false) || row.is_none();
                    let finish = if canceled { Finish::Canceled } else { *finish };
                    changes.finished.push(FinishRow {
                        delivery,
                        finish,
                        attempt: None,
                        finished_at: now,
                    });
                }
            }
        }
        let Some(row) = row else { return after_deletion(&attempts, changes) };
        let results: Vec<AttemptResult> = attempts
            .iter()
            .map(|attempted| AttemptResult {
                progress: attempted.delivery.progress,
                began_in_epoch: attempted.began_in_epoch,
                outcome: attempted.outcome.clone(),
                ended_at: attempted.ended_at,
                canceled: held.get(&attempted.delivery.id).copied().unwrap_or(false),
                operational: attempted.delivery.event.event_type.is_operational(),
            })
            .collect();
        let schedule = self.schedule_of(&row.schedule);
        let settlement = domain::settle::settle(row.state, &results, &schedule, self.policy());
        apply(row, &attempts, &settlement, incarnation, changes)
    }
}

/// What a turn takes for granted until its writes say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// That this node holds what it has claimed, and that nothing of it was canceled.
    Claims,
    Nothing,
}

type Endpoints = HashMap<EndpointId, EndpointRow>;

/// The endpoints of a batch, sorted.
pub(crate) fn endpoints_of(batch: &[&ToSettle]) -> Vec<i64> {
    let mut ids: Vec<i64> = batch.iter().map(|item| item.delivery().endpoint.raw()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// What this node holds if nobody took it and nobody canceled it.
fn believed(batch: &[&ToSettle], incarnation: i64) -> HashMap<DeliveryId, bool> {
    let ours = batch.iter().map(|item| item.delivery());
    ours.filter(|row| row.claimed_by == incarnation).map(|row| (row.id, false)).collect()
}

/// Locks the endpoints about which something may change: a batch of successes at healthy endpoints
/// locks nothing.
async fn lock_failing(
    tx: &mut HotTx,
    batch: &[&ToSettle],
    mut rows: Endpoints,
) -> Result<Endpoints, Error> {
    let failed = |item: &ToSettle| match item {
        ToSettle::Attempted(attempted) => !attempted.outcome.is_success(),
        ToSettle::Ended(..) => false,
    };
    let mut failing: Vec<i64> = batch
        .iter()
        .filter(|item| failed(item))
        .map(|item| item.delivery().endpoint.raw())
        .chain(rows.values().filter(|row| row.state.streak() > 0).map(|row| row.id.raw()))
        .collect();
    failing.sort_unstable();
    failing.dedup();
    if let Some(locked) = settle_rows::lock_endpoints(tx, &failing).await? {
        // One that was deleted between the two reads is not in the second.
        rows.retain(|id, _| !failing.contains(&id.raw()));
        rows.extend(locked);
    }
    Ok(rows)
}

/// An endpoint that was deleted meanwhile: what succeeded is delivered, the rest is canceled.
fn after_deletion<'a>(attempts: &[&'a Attempted], changes: &mut Changes<'a>) -> EndpointAfter {
    for attempted in attempts {
        let finish =
            if attempted.outcome.is_success() { Finish::Delivered } else { Finish::Canceled };
        changes.finished.push(FinishRow {
            delivery: &attempted.delivery,
            finish,
            attempt: Some(attempted),
            finished_at: attempted.ended_at,
        });
    }
    EndpointAfter {
        endpoint: EndpointId::from_raw(0),
        state: None,
        lane_owner: None,
        hold_lane_until: None,
    }
}

/// Turns what `domain` decided into rows.
fn apply<'a>(
    row: &EndpointRow,
    attempts: &[&'a Attempted],
    settlement: &Settlement,
    incarnation: i64,
    changes: &mut Changes<'a>,
) -> EndpointAfter {
    let mut next_due = None;
    for (attempted, next) in attempts.iter().zip(&settlement.next) {
        match next {
            Next::Finish(finish) => changes.finished.push(FinishRow {
                delivery: &attempted.delivery,
                finish: *finish,
                attempt: Some(attempted),
                finished_at: attempted.ended_at,
            }),
            Next::RetryAt(due) => {
                next_due = Some(next_due.map_or(*due, |earlier: DateTime<Utc>| earlier.min(*due)));
                changes.retried.push(RetryRow { attempted, due_at: micros(*due) });
            }
        }
    }
    if settlement.endpoint != row.state {
        let last = outcome_of(attempts, settlement.last_failure);
        changes.endpoints.push((row.clone(), settlement.endpoint, last));
        if settlement.endpoint.switch != row.state.switch {
            changes.gone.push(row.company);
        }
    }
    changes.told.extend(settlement.told.iter().map(|told| {
        let failed = outcome_of(attempts, told.last_failure);
        let (last_status, last_error) = settle_rows::failure_columns(row, failed);
        let row = row.clone();
        let failure = failed.and_then(|outcome| outcome.failure.as_ref()).map(storable_failure);
        let Transitioned { transition, health, last_failure: _, at, after, by: _, event } = *told;
        Telling { row, transition, health, last_status, last_error, failure, at, after, event }
    }));
    if next_due.is_some() || settlement.hold_lane_until.is_some() {
        changes.lanes.push(LaneWish {
            endpoint: row.id.raw(),
            company: row.company.raw(),
            owner: incarnation,
            next_due: next_due.map_or(crate::time::NEVER, micros),
            hold_until: settlement.hold_lane_until.map_or(0, micros),
        });
    }
    EndpointAfter {
        endpoint: row.id,
        state: Some(settlement.endpoint),
        lane_owner: None,
        hold_lane_until: settlement.hold_lane_until,
    }
}

fn outcome_of<'a>(attempts: &[&'a Attempted], index: Option<usize>) -> Option<&'a Outcome> {
    index.and_then(|index| attempts.get(index)).map(|attempted| &attempted.outcome)
}
