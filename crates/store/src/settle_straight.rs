//! The short way of settlement on PostgreSQL: successes at healthy endpoints by one statement instead of
//! a transaction of six trips; where they stand in line, in a transaction of four.
//!
//! That is nearly all there is to settle, and it changes nothing of an endpoint. The statement checks that
//! it is so: that each endpoint is there, switched on and without a streak, and that this node still holds
//! every delivery, none of them canceled. Where it is not so it changes nothing, and they go the long way.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::Finish;
use domain::endpoint::{EndpointState, Health, Switch};
use domain::id::EndpointId;
use sea_orm::DatabaseBackend;
use sea_orm::sqlx;
use sea_orm::sqlx::Row;

use crate::hot::{Durability, Failed, HotConnection, HotTx, within};
use crate::lane_rows::{LaneWish, wish_lanes};
use crate::lines;
use crate::lines_sql::Numbers;
use crate::pools::Pools;
use crate::search::terms::EndFacts;
use crate::settle::{Changed, Changes, EndpointAfter, Settled, ToSettle, endpoints_of};
use crate::settle_history::{
    FINISH_PARAMETERS, bind_finish, finish_kept, finish_taken, is_inline, kept_inline,
};
use crate::settle_lines::line_of;
use crate::settle_rows::{FinishRow, finish_code};
use crate::short_way::{has_changed_nothing, not_so};
use crate::stats::{self, COLUMNS};
use crate::{Error, Hint, Store};

/// The most endpoints that are remembered as not healthy; then it is found out anew.
const UNWELL_MAX: usize = 65_536;

/// How long ago an event may have come of which something but 200 is told without looking how far the
/// index behind the lists has come: that stays behind by longer than this and a statement together.
const FRESH: TimeDelta = TimeDelta::seconds(10);

/// Moves deliveries to history, counts them and gives the endpoints, if all is as it was thought to be; else
/// it fails by [`not_so`]. What it commits need not outlive a power cut. The left join is there so that all is
/// checked where no endpoint is found.
pub(crate) static STRAIGHT_POSTGRES: LazyLock<String> = LazyLock::new(|| {
    let counted = FINISH_PARAMETERS + 1;
    let endpoints = counted + COLUMNS;
    let statement =
        concat!("WITH d AS (", finish_taken!(), "), i AS (", finish_kept!(), " RETURNING 1)");
    format!(
        "{statement}, s AS ({}), h AS MATERIALIZED (SELECT id, held_total_us, epoch FROM endpoints \
         WHERE id = ANY((SELECT ${endpoints}::bigint[])::bigint[]) AND deleted_at IS NULL AND switch = 'enabled' AND failing_since IS NULL) \
         SELECT h.id, h.held_total_us, h.epoch, g.so, g.lax FROM (SELECT set_config('synchronous_commit', 'off', true) AS lax, \
         CASE WHEN (SELECT count(*) FROM h) = cardinality(${endpoints}::bigint[]) \
         AND (SELECT count(*) FROM i) = cardinality($1::bigint[]) THEN 1 ELSE {} END AS so) g LEFT JOIN h ON true",
        stats::insert_sql(counted),
        not_so!("(SELECT count(*) FROM h)"),
    )
});

/// How many parameters it has.
pub(crate) const STRAIGHT_PARAMETERS: usize = FINISH_PARAMETERS + COLUMNS + 1;

/// A healthy endpoint as it is read: id, how long it was held in all, epoch; nothing of it where a batch
/// has none.
type Columns = (Option<i64>, Option<i64>, Option<i64>);

/// What goes the short way, what goes it with a lock on its lines, and what does not.
#[derive(Default)]
pub(crate) struct Ways<'a> {
    pub(crate) straight: Vec<&'a ToSettle>,
    pub(crate) in_line: Vec<&'a ToSettle>,
    pub(crate) long: Vec<&'a ToSettle>,
}

impl Store {
    /// Shares out a batch. All of one endpoint goes the same way, in its order.
    pub(crate) fn ways<'a>(&self, batch: &'a [ToSettle], now: DateTime<Utc>) -> Ways<'a> {
        if self.backend() != DatabaseBackend::Postgres {
            return Ways { long: batch.iter().collect(), ..Ways::default() };
        }
        let me = self.incarnation();
        let mut not_so: HashSet<EndpointId> = batch
            .iter()
            .filter(|item| !is_plain(item, me, now))
            .map(|item| item.delivery().endpoint)
            .collect();
        {
            let unwell = self.inner.unwell.lock();
            let endpoints = batch.iter().map(|item| item.delivery().endpoint);
            not_so.extend(endpoints.filter(|endpoint| unwell.contains(endpoint)));
        }
        let in_line: HashSet<EndpointId> = batch
            .iter()
            .filter(|item| item.delivery().stands_in_line())
            .map(|item| item.delivery().endpoint)
            .collect();
        let mut ways = Ways::default();
        for item in batch {
            let endpoint = item.delivery().endpoint;
            let way = match (not_so.contains(&endpoint), in_line.contains(&endpoint)) {
                (true, _) => &mut ways.long,
                (false, true) => &mut ways.in_line,
                (false, false) => &mut ways.straight,
            };
            way.push(item);
        }
        if !ways.straight.is_empty() && !self.inner.settle_way.is_tried() {
            ways.long.append(&mut ways.straight);
        }
        if !ways.in_line.is_empty() && !self.inner.line_way.is_tried() {
            ways.long.append(&mut ways.in_line);
        }
        ways
    }

    /// Remembers which endpoints are not healthy, of what the long way has found.
    pub(crate) fn learn_health(&self, endpoints: &[EndpointAfter]) {
        let mut unwell = self.inner.unwell.lock();
        for after in endpoints {
            let is_well = after.state.is_none_or(|state| {
                state.health == Health::Healthy && state.switch == Switch::Enabled
            });
            if is_well {
                unwell.remove(&after.endpoint);
            } else {
                // Some of them may have been mended or deleted by way of other nodes.
                if unwell.len() >= UNWELL_MAX {
                    unwell.clear();
                }
                unwell.insert(after.endpoint);
            }
        }
    }

    /// Settles successes by one statement; `None`: something is not as it was thought to be, and nothing has
    /// changed.
    pub(crate) async fn settle_straight(
        &self,
        batch: &[&ToSettle],
        now: DateTime<Utc>,
    ) -> Result<Option<Settled>, Error> {
        let Pools::Postgres { pool } = &self.inner.pools else { return Ok(None) };
        let finished = all_delivered(batch);
        let asked = Instant::now();
        let pool = pool.get_postgres_connection_pool();
        let mut connection = self.inner.keeper.take(pool).await?;
        self.inner.metrics.connection_wait.observe(asked.elapsed());
        let begun = Instant::now();
        let run = self.run_straight(&mut connection, batch, &finished);
        let rows = match within(async { Ok(run.await) }).await {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) if has_changed_nothing(&error) => {
                connection.keep();
                self.inner.settle_way.missed();
                self.inner.metrics.settle_missed.add(1);
                return Ok(None);
            }
            // Settled again although it had worked, the batch is found to have lost its claims.
            Ok(Err(error)) => return Err(error.into()),
            Err(error) => return Err(error),
        };
        connection.keep();
        self.inner.settle_way.hit();
        self.inner.metrics.settle_straight.add(1);
        Ok(Some(self.settled_straight(batch, finished, rows, begun.elapsed(), now)))
    }

    async fn run_straight(
        &self,
        connection: &mut sqlx::PgConnection,
        batch: &[&ToSettle],
        finished: &[FinishRow<'_>],
    ) -> Result<Vec<Columns>, sqlx::Error> {
        let kept = kept_inline(finished);
        let counted =
            stats::rows_of(self.inner.ids.slot(), finished.iter().filter_map(|row| row.attempt));
        let query = sqlx::query(STRAIGHT_POSTGRES.as_str());
        let mut query = bind_finish(query, finished, &kept, self.incarnation(), 0);
        for place in 0..COLUMNS {
            query = query.bind(stats::column(&counted, place));
        }
        let rows = query.bind(endpoints_of(batch)).fetch_all(connection).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
    }

    /// Counts and tells what was settled.
    fn settled_straight(
        &self,
        batch: &[&ToSettle],
        finished: Vec<FinishRow<'_>>,
        rows: Vec<Columns>,
        took: Duration,
        now: DateTime<Utc>,
    ) -> Settled {
        let changed = Changed::delivered(finished.len());
        let changes = Changes { finished, ..Changes::default() };
        self.count_settled(batch.len(), &changed, took);
        self.tell_settled(self.told_of(&changes, now));
        let endpoints = rows.into_iter().filter_map(healthy).collect();
        Settled { endpoints, ..Settled::default() }
    }

    /// The same for deliveries that stand in line, in a transaction that locks the lines first and lets the
    /// next ones come.
    pub(crate) async fn settle_in_line(
        &self,
        batch: &[&ToSettle],
        now: DateTime<Utc>,
    ) -> Result<Option<Settled>, Error> {
        let finished = all_delivered(batch);
        let sql = lines::lock_sql(&endpoints_of(batch));
        let (mut tx, rows) = self.begin_hot_reading(Durability::Repeatable, &sql).await?;
        let done = match within(self.advance_straight(&mut tx, batch, &finished, rows, now)).await {
            Ok(None) => {
                within(tx.roll_back()).await?;
                self.inner.line_way.missed();
                self.inner.metrics.settle_missed.add(1);
                return Ok(None);
            }
            Ok(Some(done)) => Ok(done),
            Err(error) => Err(error),
        };
        // Settled again although it had worked, the batch is found to have lost its claims.
        let ((rows, advanced), took) = tx.end_timed(done).await.map_err(Failed::into_error)?;
        self.inner.line_way.hit();
        self.inner.metrics.settle_straight.add(1);
        let mut settled = self.settled_straight(batch, finished, rows, took, now);
        for after in &mut settled.endpoints {
            after.lane_owner = advanced.owners.get(&after.endpoint.raw()).copied();
        }
        advanced.hints.into_iter().for_each(|hint| self.hint(hint));
        Ok(Some(settled))
    }

    async fn advance_straight(
        &self,
        tx: &mut HotTx,
        batch: &[&ToSettle],
        finished: &[FinishRow<'_>],
        locked: Vec<Numbers>,
        now: DateTime<Utc>,
    ) -> Result<Option<(Vec<Columns>, Due)>, Error> {
        let locked = lines::locked(locked)?;
        let HotConnection::Postgres(connection) = &mut tx.connection else { return Ok(None) };
        let rows = match self.run_straight(connection, batch, finished).await {
            Ok(rows) => rows,
            Err(error) if has_changed_nothing(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let ended = finished.iter().filter_map(|row| line_of(row.delivery)).collect();
        let advanced = lines::advance(tx, &ended, &locked, now).await?;
        let wishes: Vec<LaneWish> = advanced.wishes(self.incarnation(), now).collect();
        let hints = wishes.iter().map(LaneWish::hint).collect();
        let owners = wish_lanes(tx, &wishes).await?;
        Ok(Some((rows, Due { owners, hints })))
    }
}

/// What became due behind the deliveries that were settled.
struct Due {
    /// The owners of their lanes.
    owners: HashMap<i64, i64>,
    hints: Vec<Hint>,
}

/// Whether nothing but its line has to be read to settle it: a success of the first round.
fn is_plain(item: &ToSettle, incarnation: i64, now: DateTime<Utc>) -> bool {
    let ToSettle::Attempted(attempted) = item else { return false };
    let delivery = &attempted.delivery;
    let status = attempted.outcome.status_code.map(i64::from);
    let is_indexed = EndFacts::is_plain(finish_code(Finish::Delivered), status)
        || delivery.id.made_at() > now - FRESH;
    attempted.outcome.is_success()
        && attempted.outcome.retry_after.is_none()
        && is_indexed
        && delivery.claimed_by == incarnation
        && delivered(item).is_some_and(|row| is_inline(&row))
}

/// What a batch of successes becomes; all of them have passed [`is_plain`].
fn all_delivered<'a>(batch: &[&'a ToSettle]) -> Vec<FinishRow<'a>> {
    batch.iter().filter_map(|item| delivered(item)).collect()
}

/// What a success becomes, whatever else is so (see `domain::settle`).
fn delivered(item: &ToSettle) -> Option<FinishRow<'_>> {
    let ToSettle::Attempted(attempted) = item else { return None };
    Some(FinishRow {
        delivery: &attempted.delivery,
        finish: Finish::Delivered,
        attempt: Some(attempted),
        finished_at: attempted.ended_at,
    })
}

fn healthy(row: Columns) -> Option<EndpointAfter> {
    let (Some(id), Some(held_total_us), Some(epoch)) = row else { return None };
    let state = EndpointState {
        epoch,
        held_total: TimeDelta::microseconds(held_total_us),
        ..EndpointState::new()
    };
    Some(EndpointAfter {
        endpoint: EndpointId::from_raw(id),
        state: Some(state),
        lane_owner: None,
        hold_lane_until: None,
    })
}
