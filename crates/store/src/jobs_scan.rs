//! Which rows a job is for: found window by window along the primary key, without a lock, so that no
//! writer waits for the search. What is found is read again, and decided, where it is written.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, EndpointId, floor_at};
use domain::job::{Found, JobKind, JobRequest, Missed, Moment, Pick, missed};
use sea_orm::{ConnectionTrait, DatabaseBackend, FromQueryResult, QueryResult};

use crate::jobs_choose::{data_for, is_wanted, taken};
use crate::jobs_rows::{
    EVENT_COLUMNS, EventLine, Line, company_endpoints, endpoint_states, events_by_id, found_past,
    found_pending, known_endpoints, lines_of,
};
use crate::rows::sql::Sql;
use crate::{Error, Store};

/// How many deliveries of one table a window looks at, at most.
pub(crate) const WINDOW_ROWS: usize = 1_000;
/// And at first, unless more are wanted: where a job is for nearly all there is, what lies beyond is read again
/// by the next slice.
const WINDOW_ROWS_MIN: usize = 64;
/// Where less was found than is wanted, the next window is so many times as wide.
const WIDER: usize = 4;
/// How many windows are looked through for one slice.
const WINDOWS: usize = 8;
/// How many events a window looks at, at most, and how many deliveries they may have had together.
const WINDOW_EVENTS: usize = 200;
const WINDOW_EVENT_DELIVERIES: i64 = 2_000;

/// What a job is for.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) company: CompanyId,
    pub(crate) request: &'a JobRequest,
    /// Ids at or above it are none of its business.
    pub(crate) below: i64,
    pub(crate) moment: Moment,
}

/// What a window brought.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    /// What the job is for, by id: deliveries, events of a recovery, endpoints of a replay.
    pub(crate) ids: Vec<i64>,
    /// Up to which id everything was looked at.
    pub(crate) position: i64,
    /// Whether there is nothing beyond.
    pub(crate) over: bool,
}

impl Scan {
    /// What was found up to `reach` (`None`: to the end), cut to `rows`.
    fn of(mut ids: Vec<i64>, reach: Option<i64>, from: i64, rows: usize) -> Self {
        if ids.len() > rows {
            ids.truncate(rows);
            let position = ids.last().copied().unwrap_or(from);
            return Self { ids, position, over: false };
        }
        let last = ids.last().copied().unwrap_or(from);
        Self { ids, position: reach.unwrap_or(last).max(from), over: reach.is_none() }
    }
}

impl<'a> Scope<'a> {
    pub(crate) fn new(
        company: CompanyId,
        request: &'a JobRequest,
        job: i64,
        made_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        let below = request.span().1.map_or(job, |until| floor_at(until).min(job));
        Self { company, request, below, moment: Moment { made_at, now } }
    }

    /// The next rows of a table above `from`, in the order of its key. On SQLite the keys of events and
    /// of pending deliveries do not begin with the company: others' rows come too.
    fn window(&self, backend: DatabaseBackend, of: &Table, from: i64, width: usize) -> Sql {
        let mut sql = Sql::new("SELECT ");
        sql.text(of.columns).text(" FROM ").text(of.name).text(" WHERE ");
        if backend == DatabaseBackend::Postgres || of.by_company {
            sql.text("company_id = ").bind(self.company.raw()).text(" AND ");
        }
        sql.text("id > ").bind(from).text(" AND id < ").bind(self.below);
        sql.text(" ORDER BY ").text(of.order).text(" LIMIT ").bind(width as i64);
        sql
    }
}

/// A table that a walk goes along.
struct Table {
    name: &'static str,
    columns: &'static str,
    order: &'static str,
    by_company: bool,
}

const PENDING: Table = Table {
    name: "pending",
    columns: "id, company_id, endpoint_id, due_at, claimed_by, canceled",
    order: "id",
    by_company: false,
};
const HISTORY: Table = Table {
    name: "deliveries",
    columns: "id, endpoint_id, state, finished_at",
    order: "id, generation",
    by_company: true,
};
const EVENTS: Table =
    Table { name: "events", columns: EVENT_COLUMNS, order: "id", by_company: false };
/// Where a walk begins.
pub(crate) fn first_position(request: &JobRequest) -> i64 {
    request.span().0.map_or(0, |since| floor_at(since).saturating_sub(1).max(0))
}

/// One delivery as a window sees it.
#[derive(Debug)]
struct Glimpse {
    id: i64,
    endpoint: i64,
    found: Found,
}

/// What a window over one table saw, up to `reach`; `None`: to the end.
struct Window {
    rows: Vec<Glimpse>,
    reach: Option<i64>,
}

impl Store {
    /// What a job is for above `from`, at most `rows` of it, as far as some windows reach.
    pub(crate) async fn scan_slice(
        &self,
        scope: &Scope<'_>,
        from: i64,
        rows: usize,
    ) -> Result<Scan, Error> {
        let mut scan = Scan { ids: Vec::new(), position: from, over: false };
        let mut width = rows.saturating_mul(2);
        for _ in 0..WINDOWS {
            let left = rows.saturating_sub(scan.ids.len());
            // Events are read again with all their deliveries: those of one window are enough.
            let enough = matches!(scope.request, JobRequest::Recover { .. }) && left < rows;
            if scan.over || left == 0 || enough {
                break;
            }
            width = width.clamp(WINDOW_ROWS_MIN, WINDOW_ROWS);
            let window = self.scan_window(scope, scan.position, left, width).await?;
            scan.ids.extend(window.ids);
            (scan.position, scan.over) = (window.position, window.over);
            width *= WIDER;
        }
        Ok(scan)
    }

    /// What a job is for in the next window above `from`; at most `rows` of it.
    /// It looks at `width` deliveries of each table, or at as many events, but no more than an own bound.
    pub(crate) async fn scan_window(
        &self,
        scope: &Scope<'_>,
        from: i64,
        rows: usize,
        width: usize,
    ) -> Result<Scan, Error> {
        match scope.request {
            JobRequest::Replay { event, endpoints } => {
                let named = endpoints.as_deref();
                self.scan_endpoints(scope, event.raw(), named, from, rows).await
            }
            JobRequest::Recover { endpoint, include_delivered, .. } => {
                let (all, width) = (*include_delivered, width.min(WINDOW_EVENTS));
                self.scan_events(scope, *endpoint, all, (from, width), rows).await
            }
            JobRequest::Retry(pick) | JobRequest::Cancel(pick) => {
                self.scan_deliveries(scope, pick, (from, width), rows).await
            }
        }
    }

    async fn scan_deliveries(
        &self,
        scope: &Scope<'_>,
        pick: &Pick,
        (from, width): (i64, usize),
        rows: usize,
    ) -> Result<Scan, Error> {
        let kind = scope.request.kind();
        // A finished one may have been put back: then it is pending.
        let pending = self.pending_window(scope, from, width).await?;
        let finished = if kind == JobKind::Retry && pick.takes_finished() {
            self.history_window(scope, from, width).await?
        } else {
            Window { rows: Vec::new(), reach: None }
        };
        let reach = match (pending.reach, finished.reach) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        };
        let merged: BTreeMap<i64, Glimpse> = finished
            .rows
            .into_iter()
            .chain(pending.rows)
            .filter(|row| reach.is_none_or(|reach| row.id <= reach))
            .map(|row| (row.id, row))
            .collect();
        let endpoints: BTreeSet<i64> = merged.values().map(|row| row.endpoint).collect();
        let states = endpoint_states(self.reader(), scope.company, &endpoints).await?;
        let wanted = |row: &Glimpse| {
            let state = states.get(&row.endpoint);
            pick.wants(kind, EndpointId::from_raw(row.endpoint), &row.found, state)
        };
        let ids = merged.into_values().filter(wanted).map(|row| row.id).collect();
        Ok(Scan::of(ids, reach, from, rows))
    }

    async fn pending_window(
        &self,
        scope: &Scope<'_>,
        from: i64,
        width: usize,
    ) -> Result<Window, Error> {
        let sql = scope.window(self.backend(), &PENDING, from, width);
        let found = self.reader().query_all_raw(sql.build(self.backend())).await?;
        let mut rows = Vec::with_capacity(found.len());
        for row in &found {
            if row.try_get::<i64>("", "company_id")? == scope.company.raw() {
                rows.push(Glimpse {
                    id: row.try_get("", "id")?,
                    endpoint: row.try_get("", "endpoint_id")?,
                    found: found_pending(
                        row.try_get("", "claimed_by")?,
                        row.try_get("", "canceled")?,
                        row.try_get("", "due_at")?,
                    ),
                });
            }
        }
        Ok(Window { rows, reach: last_of(&found, width)? })
    }

    /// Of several generations the last counts; those of the last id may not be complete.
    async fn history_window(
        &self,
        scope: &Scope<'_>,
        from: i64,
        width: usize,
    ) -> Result<Window, Error> {
        let window = self.read_history(scope, from, width).await?;
        let is_of_one = window.rows.first().map(|row| row.id) == window.reach;
        if is_of_one && window.reach.is_some() && width < WINDOW_ROWS {
            return self.read_history(scope, from, WINDOW_ROWS).await;
        }
        Ok(window)
    }

    async fn read_history(
        &self,
        scope: &Scope<'_>,
        from: i64,
        width: usize,
    ) -> Result<Window, Error> {
        let sql = scope.window(self.backend(), &HISTORY, from, width);
        let found = self.reader().query_all_raw(sql.build(self.backend())).await?;
        let glimpse = |row: &QueryResult| -> Result<Glimpse, Error> {
            let id = row.try_get("", "id")?;
            let found = found_past(id, row.try_get("", "state")?, row.try_get("", "finished_at")?)?;
            Ok(Glimpse { id, endpoint: row.try_get("", "endpoint_id")?, found })
        };
        let rows = found.iter().map(glimpse).collect::<Result<Vec<_>, _>>()?;
        let last = last_of(&found, width)?;
        let reach = last.map(|last| {
            let before = rows.iter().rev().map(|row| row.id).find(|id| *id < last);
            before.unwrap_or(last)
        });
        Ok(Window { rows, reach })
    }

    async fn scan_events(
        &self,
        scope: &Scope<'_>,
        endpoint: EndpointId,
        include_delivered: bool,
        (from, width): (i64, usize),
        rows: usize,
    ) -> Result<Scan, Error> {
        let sql = scope.window(self.backend(), &EVENTS, from, width).build(self.backend());
        let mut events = EventLine::find_by_statement(sql).all(self.reader()).await?;
        let is_full = events.len() == width;
        let mut cost = 0;
        let affordable = events
            .iter()
            .position(|event| {
                cost += event.deliveries;
                cost > WINDOW_EVENT_DELIVERIES
            })
            .map_or(events.len(), |place| place.max(1));
        let reach = match events.get(affordable - usize::from(affordable > 0)) {
            Some(last) if is_full || affordable < events.len() => Some(last.id),
            Some(_) | None => None,
        };
        events.truncate(affordable);
        events.retain(|event| event.company_id == scope.company.raw());
        let lines = lines_of(self.reader(), scope.company, endpoint, &events).await?;
        let endpoints = BTreeSet::from([endpoint.raw()]);
        let known = known_endpoints(self.reader(), scope.company, &endpoints).await?;
        let never_sent: Vec<&EventLine> =
            events.iter().filter(|event| !lines.contains_key(&event.id)).collect();
        let known = known.get(&endpoint.raw());
        let taken = taken(self.reader(), scope.company, known, &never_sent).await?;
        let mut ids = Vec::new();
        for event in &events {
            let lines = lines.get(&event.id).map_or(&[][..], Vec::as_slice);
            let found = lines.iter().map(Line::found).collect::<Result<Vec<_>, _>>()?;
            let takes = taken.contains(&event.id);
            if missed(&found, takes, include_delivered, scope.moment) != Missed::Nothing {
                ids.push(event.id);
            }
        }
        Ok(Scan::of(ids, reach, from, rows))
    }

    async fn scan_endpoints(
        &self,
        scope: &Scope<'_>,
        event: i64,
        named: Option<&[EndpointId]>,
        from: i64,
        rows: usize,
    ) -> Result<Scan, Error> {
        let events = events_by_id(self.reader(), scope.company, &[event]).await?;
        let Some(event) = events.first() else {
            return Ok(Scan { ids: Vec::new(), position: from, over: true });
        };
        let known = match named {
            Some(named) => {
                let named = named.iter().map(|id| id.raw()).collect();
                known_endpoints(self.reader(), scope.company, &named).await?
            }
            None => company_endpoints(self.reader(), scope.company).await?,
        };
        let data = data_for(self.reader(), scope.company, event, known.values()).await?;
        let mut ids: Vec<i64> = known
            .into_iter()
            .filter(|(id, known)| {
                let wanted = is_wanted(known, event, &data, named.is_some());
                *id > from && *id < scope.below && wanted && known.state.takes_events()
            })
            .map(|(id, _)| id)
            .collect();
        ids.sort_unstable();
        Ok(Scan::of(ids, None, from, rows))
    }
}

/// The id of the last row, where there may be more.
fn last_of(rows: &[QueryResult], limit: usize) -> Result<Option<i64>, Error> {
    match rows.last() {
        Some(last) if rows.len() == limit => Ok(Some(last.try_get("", "id")?)),
        Some(_) | None => Ok(None),
    }
}
