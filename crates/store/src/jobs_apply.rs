//! What a slice of a job writes: its rows are read again inside the transaction, `domain` decides
//! about each of them, and all that it decided is written with a few statements.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::endpoint::EndpointState;
use domain::format::Rendering;
use domain::id::{CompanyId, EndpointId};
use domain::job::{self, Found, JobKind, JobRequest, Missed, Moment, Pick, Touch, missed};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use crate::deliveries::canceled_row;
use crate::entity::{history, later_delivery, pending};
use crate::jobs_choose::{data_for, is_wanted, taken};
use crate::jobs_rows::{
    EventLine, Known, Line, endpoint_states, events_by_id, expiries, known_endpoints, lines_of,
    lock_lines, lock_pending, newest_past,
};
use crate::jobs_scan::Scope;
use crate::lines::{By, Locked, advance, rearrange};
use crate::lines_people::{line, stand, wake_all};
use crate::search::feed;
use crate::time::{from_micros, micros};
use crate::{Error, Store};

/// All that a slice changes.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    created: Vec<pending::Model>,
    restarted: Vec<pending::Model>,
    hastened: Vec<i64>,
    ended: Vec<pending::Model>,
    marked: Vec<i64>,
    /// Endpoints for which something is due now.
    lanes: BTreeSet<i64>,
    skipped: u64,
    /// Somebody else is writing this one at this moment: the slice ends before it.
    pub(crate) stop_before: Option<i64>,
}

impl Changes {
    pub(crate) fn done(&self) -> u64 {
        let Self { created, restarted, hastened, ended, marked, .. } = self;
        let lists = [created.len(), restarted.len(), hastened.len(), ended.len(), marked.len()];
        lists.into_iter().sum::<usize>() as u64
    }

    pub(crate) const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Endpoints for which something is due now.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = EndpointId> {
        self.lanes.iter().map(|id| EndpointId::from_raw(*id))
    }

    /// The deliveries that it puts into `pending`, by event and id.
    pub(crate) fn put(&self) -> impl Iterator<Item = (i64, i64)> {
        self.created.iter().chain(&self.restarted).map(|row| (row.event_id, row.id))
    }

    /// How many deliveries it has canceled that nobody holds.
    pub(crate) fn ended_rows(&self) -> u64 {
        self.ended.len() as u64
    }

    /// Whether something that a node holds was canceled.
    pub(crate) const fn has_wishes(&self) -> bool {
        !self.marked.is_empty()
    }

    /// Adds what was decided about a delivery that is there.
    fn touch(&mut self, touch: Touch, line: Line, context: &Context<'_>) {
        let endpoint = line.endpoint();
        let state = context.states.get(&endpoint);
        let now = context.moment.now;
        match (touch, line, state) {
            (Touch::Hasten, Line::Pending(row), _) => {
                self.hastened.push(row.id);
                self.lanes.insert(endpoint);
            }
            (Touch::Restart, Line::Past(row), Some(state)) => {
                let expires_at = context.expires.get(&row.event_id).copied().flatten();
                self.restarted.push(row.restarted(expires_at, state, micros(now), now));
                self.lanes.insert(endpoint);
            }
            (Touch::End, Line::Pending(row), _) => self.ended.push(row),
            (Touch::MarkCanceled, Line::Pending(row), _) => self.marked.push(row.id),
            (
                Touch::Leave
                | Touch::Create
                | Touch::Hasten
                | Touch::Restart
                | Touch::End
                | Touch::MarkCanceled,
                _,
                _,
            ) => self.skipped += 1,
        }
    }

    /// Adds a new delivery.
    fn create(
        &mut self,
        id: i64,
        event: &EventLine,
        endpoint: i64,
        known: &Known,
        now: DateTime<Utc>,
    ) {
        let Known { state, format, .. } = known;
        let (format, render_version) = Rendering::of(*format).numbers();
        self.created.push(pending::Model {
            id,
            company_id: event.company_id,
            endpoint_id: endpoint,
            event_id: event.id,
            due_at: micros(now),
            claimed_by: 0,
            tries: 0,
            tries_before: 0,
            schedule_began: micros(state.running_time(now)),
            expires_at: event.expires_at,
            generation: 0,
            canceled: 0,
            format,
            render_version,
            line_key: None,
            line_place: None,
        });
        // A paused one gets its lane when it is enabled.
        if !state.is_held() {
            self.lanes.insert(endpoint);
        }
    }
}

/// What deliveries are decided on beside themselves.
struct Context<'a> {
    states: &'a HashMap<i64, EndpointState>,
    /// When events expire; an event that is gone is not in it.
    expires: HashMap<i64, Option<i64>>,
    moment: Moment,
}

impl Store {
    /// Decides about the rows of a slice on what this transaction reads.
    pub(crate) async fn decide_job(
        &self,
        tx: &DatabaseTransaction,
        scope: &Scope<'_>,
        ids: &[i64],
    ) -> Result<Changes, Error> {
        match scope.request {
            JobRequest::Replay { event, endpoints } => {
                let named = endpoints.is_some();
                self.decide_replay(tx, scope, event.raw(), named, ids).await
            }
            JobRequest::Recover { endpoint, include_delivered, .. } => {
                self.decide_recovery(tx, scope, *endpoint, *include_delivered, ids).await
            }
            JobRequest::Retry(pick) | JobRequest::Cancel(pick) => {
                decide_bulk(tx, scope, pick, ids).await
            }
        }
    }

    async fn decide_replay(
        &self,
        tx: &DatabaseTransaction,
        scope: &Scope<'_>,
        event: i64,
        named: bool,
        ids: &[i64],
    ) -> Result<Changes, Error> {
        let (mut changes, now) = (Changes::default(), scope.moment.now);
        let events = events_by_id(tx, scope.company, &[event]).await?;
        let known = known_endpoints(tx, scope.company, &ids.iter().copied().collect()).await?;
        let data = match events.first() {
            Some(event) => data_for(tx, scope.company, event, known.values()).await?,
            None => Vec::new(),
        };
        for endpoint in ids {
            let wanted = events.first().and_then(|event| {
                let known = known.get(endpoint)?;
                let expires_at = event.expires_at.map(from_micros);
                let touch = job::replay(Some(&known.state), expires_at, now);
                let wanted = is_wanted(known, event, &data, named);
                (wanted && touch == Touch::Create).then_some((event, known))
            });
            match wanted {
                Some((event, known)) => {
                    changes.create(self.new_id(now), event, *endpoint, known, now);
                }
                None => changes.skipped += 1,
            }
        }
        Ok(changes)
    }

    async fn decide_recovery(
        &self,
        tx: &DatabaseTransaction,
        scope: &Scope<'_>,
        endpoint: EndpointId,
        include_delivered: bool,
        ids: &[i64],
    ) -> Result<Changes, Error> {
        let mut changes = Changes::default();
        let events = events_by_id(tx, scope.company, ids).await?;
        let known = known_endpoints(tx, scope.company, &BTreeSet::from([endpoint.raw()])).await?;
        let to = known.get(&endpoint.raw());
        let state = to.map(|known| &known.state);
        let mut lines = lines_of(tx, scope.company, endpoint, &events).await?;
        changes.stop_before = lock_lines(tx, scope.company, &events, &mut lines).await?;
        let expires = events.iter().map(|event| (event.id, event.expires_at)).collect();
        let states = known.iter().map(|(id, known)| (*id, known.state)).collect();
        let context = Context { states: &states, expires, moment: scope.moment };
        let reached = |event: &&EventLine| changes.stop_before.is_none_or(|stop| event.id < stop);
        let reached: Vec<&EventLine> = events.iter().filter(reached).collect();
        let is_new = |event: &&EventLine| !lines.contains_key(&event.id);
        let never_sent: Vec<&EventLine> = reached.iter().copied().filter(is_new).collect();
        let taken = taken(tx, scope.company, to, &never_sent).await?;
        for event in reached {
            let mut lines = lines.remove(&event.id).unwrap_or_default();
            let found = lines.iter().map(Line::found).collect::<Result<Vec<Found>, _>>()?;
            let what = missed(&found, taken.contains(&event.id), include_delivered, scope.moment);
            let expires_at = event.expires_at.map(from_micros);
            let touch = job::recover(what, &found, state, expires_at, scope.moment);
            match (touch, what, to) {
                (Touch::Create, _, Some(to)) => {
                    let (id, now) = (self.new_id(scope.moment.now), scope.moment.now);
                    changes.create(id, event, endpoint.raw(), to, now);
                }
                (_, Missed::This(place), _) => {
                    changes.touch(touch, lines.swap_remove(place), &context);
                }
                (_, Missed::Nothing | Missed::Never, _) => changes.skipped += 1,
            }
        }
        Ok(changes)
    }

    /// Writes what was decided. Gives the lanes that are due, by endpoint and company.
    pub(crate) async fn write_job(
        &self,
        tx: &DatabaseTransaction,
        company: CompanyId,
        changes: &Changes,
        locked: &Locked,
        now: DateTime<Utc>,
    ) -> Result<BTreeSet<(i64, i64)>, Error> {
        let later = changes.created.iter().map(|row| {
            later_delivery::ActiveModel::from(later_delivery::Model {
                company_id: row.company_id,
                event_id: row.event_id,
                id: row.id,
                endpoint_id: row.endpoint_id,
            })
        });
        later_delivery::Entity::insert_many(later).exec_without_returning(tx).await?;
        let mut put: Vec<pending::Model> =
            changes.created.iter().chain(&changes.restarted).cloned().collect();
        let joined = stand(tx, company, &mut put, locked).await?;
        pending::Entity::insert_many(put.into_iter().map(pending::ActiveModel::from))
            // A person may have put the same one back at this moment.
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
        hasten(tx, company, &changes.hastened, now).await?;
        end(tx, company, &changes.ended, now).await?;
        mark_canceled(tx, company, &changes.marked).await?;
        let left = changes.ended.iter().filter_map(line).collect();
        let mut advanced = advance(&mut By(tx), &left, locked, now).await?;
        advanced.lanes.extend(rearrange(&mut By(tx), &joined, locked, now).await?.lanes);
        let woken = changes.lanes().map(|endpoint| (endpoint.raw(), company.raw()));
        advanced.lanes.extend(woken);
        wake_all(tx, &advanced, now).await?;
        Ok(advanced.lanes)
    }
}

/// Retry and cancel in bulk.
async fn decide_bulk(
    tx: &DatabaseTransaction,
    scope: &Scope<'_>,
    pick: &Pick,
    ids: &[i64],
) -> Result<Changes, Error> {
    let (company, kind) = (scope.company, scope.request.kind());
    let mut changes = Changes::default();
    let (locked, busy) = lock_pending(tx, company, ids).await?;
    changes.stop_before = busy;
    let mut lines: BTreeMap<i64, Line> =
        locked.into_iter().map(|row| (row.id, Line::Pending(row))).collect();
    if kind == JobKind::Retry {
        let gone: Vec<i64> = ids.iter().copied().filter(|id| !lines.contains_key(id)).collect();
        for row in newest_past(tx, company, &gone).await? {
            lines.insert(row.id, Line::Past(row));
        }
    }
    let endpoints: BTreeSet<i64> = lines.values().map(Line::endpoint).collect();
    let states = endpoint_states(tx, company, &endpoints).await?;
    let expires = expiries(tx, company, lines.values()).await?;
    let context = Context { states: &states, expires, moment: scope.moment };
    for id in ids.iter().filter(|id| busy.is_none_or(|busy| **id < busy)) {
        let Some(line) = lines.remove(id) else {
            changes.skipped += 1;
            continue;
        };
        let (found, to) = (line.found()?, line.endpoint());
        let state = states.get(&to);
        let event_is_there = context.expires.contains_key(&line.event());
        let expires_at = context.expires.get(&line.event()).copied().flatten();
        let touch = if !pick.wants(kind, EndpointId::from_raw(to), &found, state) {
            Touch::Leave
        } else if kind == JobKind::Cancel {
            job::cancel(&found, state)
        } else if event_is_there {
            job::retry(&found, state, expires_at.map(from_micros), scope.moment)
        } else {
            Touch::Leave
        };
        changes.touch(touch, line, &context);
    }
    Ok(changes)
}

async fn hasten(
    tx: &DatabaseTransaction,
    company: CompanyId,
    ids: &[i64],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    set_pending(tx, company, ids, pending::Column::DueAt, micros(now)).await
}

async fn mark_canceled(
    tx: &DatabaseTransaction,
    company: CompanyId,
    ids: &[i64],
) -> Result<(), Error> {
    set_pending(tx, company, ids, pending::Column::Canceled, 1).await
}

async fn set_pending(
    tx: &DatabaseTransaction,
    company: CompanyId,
    ids: &[i64],
    column: pending::Column,
    value: i64,
) -> Result<(), Error> {
    if !ids.is_empty() {
        pending::Entity::update_many()
            .col_expr(column, Expr::value(value))
            .filter(pending::Column::CompanyId.eq(company.raw()))
            .filter(pending::Column::Id.is_in(ids.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// To history as canceled.
async fn end(
    tx: &DatabaseTransaction,
    company: CompanyId,
    rows: &[pending::Model],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    pending::Entity::delete_many()
        .filter(pending::Column::CompanyId.eq(company.raw()))
        .filter(pending::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(tx)
        .await?;
    let finished =
        rows.iter().map(|row| history::ActiveModel::from(canceled_row(row.clone(), now)));
    history::Entity::insert_many(finished).exec_without_returning(tx).await?;
    let fed: Vec<feed::Fed> =
        rows.iter().map(|row| (row.company_id, row.id, row.generation)).collect();
    feed::tell(tx, &fed).await
}
