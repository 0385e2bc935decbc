//! Long work in slices: what expires while nobody looks, and what a deletion leaves.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::Finish;
use domain::id::{CompanyId, DeliveryId, EndpointId, EventId};
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryResult, Statement};

use crate::hot::{Durability, Failed, HotTx, within};
use crate::lane_rows::{LaneWish, wish_lanes};
use crate::lines_sql::Question;
use crate::time::{NEVER, micros};
use crate::upkeep_age_rows::{Taken, Unclaimed, WHENEVER_IT_BEGAN, end_unclaimed};
use crate::{Error, Store};

/// How many rows are looked for at once, and how many of them one transaction ends: SQLite's one writer is
/// held for two milliseconds. On PostgreSQL each look goes over what was ended before and is not vacuumed
/// yet, so that one brings much.
struct Portions {
    look: i64,
    slice: usize,
}

const ON_SQLITE: Portions = Portions { look: 512, slice: 64 };
const ON_POSTGRES: Portions = Portions { look: 5_000, slice: 500 };

/// What waits for an endpoint that was deleted ends soon afterwards; later only what comes back from a node.
const LATELY: TimeDelta = TimeDelta::days(1);

/// Unclaimed deliveries whose event has expired.
pub(crate) const EXPIRED: &str = "SELECT p.company_id, p.id, p.endpoint_id FROM pending p \
    WHERE p.expires_at <= $1 AND p.claimed_by = 0 ORDER BY p.expires_at LIMIT $2";
/// Unclaimed deliveries to endpoints that have been deleted since. By way of these endpoints: the other way round
/// each look would go through all that waits, and the planner takes it where it hopes to find enough soon.
pub(crate) const OF_DELETED: Question = Question {
    postgres: "SELECT p.company_id, p.id, p.endpoint_id FROM endpoints e CROSS JOIN LATERAL \
        (SELECT w.company_id, w.id, w.endpoint_id FROM pending w WHERE w.endpoint_id = e.id AND w.claimed_by = 0 \
        AND w.due_at <= $1 LIMIT $2) p WHERE e.deleted_at > $3 LIMIT $2",
    sqlite: "SELECT p.company_id, p.id, p.endpoint_id FROM endpoints e CROSS JOIN pending p \
        WHERE e.deleted_at > $3 AND p.endpoint_id = e.id AND p.claimed_by = 0 AND p.due_at <= $1 LIMIT $2",
};

/// A delivery that ended without another attempt.
pub(crate) struct Ended {
    pub(crate) company: CompanyId,
    pub(crate) id: DeliveryId,
    pub(crate) event: EventId,
    pub(crate) endpoint: EndpointId,
    pub(crate) tries: u32,
    pub(crate) finish: Finish,
}

/// An unclaimed delivery that is to end.
struct Found {
    company: i64,
    id: i64,
    endpoint: i64,
}

impl Store {
    /// Ends some unclaimed deliveries whose event has expired, held ones too. Gives how many.
    pub async fn end_expired(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let find = |look: i64| self.statement(EXPIRED, [micros(now).into(), look.into()]);
        self.end_found(find, Finish::Expired, now).await
    }

    /// Ends some of what is still pending for endpoints that were deleted within a day. Gives how many.
    pub async fn end_deleted(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        self.end_deleted_since(micros(now - LATELY), now).await
    }

    /// The same of all endpoints that were ever deleted: what a node held for one of them may come back late.
    pub async fn end_long_deleted(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        self.end_deleted_since(i64::MIN, now).await
    }

    async fn end_deleted_since(&self, since: i64, now: DateTime<Utc>) -> Result<u64, Error> {
        let sql = OF_DELETED.on(self.backend());
        let find = |look: i64| self.statement(sql, [NEVER.into(), look.into(), since.into()]);
        self.end_found(find, Finish::Canceled, now).await
    }

    async fn end_found(
        &self,
        find: impl FnOnce(i64) -> Statement,
        finish: Finish,
        now: DateTime<Utc>,
    ) -> Result<u64, Error> {
        let is_postgres = self.backend() == DatabaseBackend::Postgres;
        let Portions { look, slice } = if is_postgres { ON_POSTGRES } else { ON_SQLITE };
        let rows = self.reader().query_all_raw(find(look)).await?;
        let mut found = rows.iter().map(Found::read).collect::<Result<Vec<_>, _>>()?;
        // Neighbours stand on the same pages.
        found.sort_unstable_by_key(|row| (row.company, row.id));
        let mut ended = 0;
        for some in found.chunks(slice) {
            match self.end_slice(some, finish, now).await {
                Ok(count) => ended += count,
                // One of them is being claimed: the next look finds the others.
                Err(error) if error.is_of_a_neighbour() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ended)
    }

    /// Ends what of it nobody has claimed meanwhile. Were that lost, the next look would find it again.
    async fn end_slice(
        &self,
        some: &[Found],
        finish: Finish,
        now: DateTime<Utc>,
    ) -> Result<u64, Error> {
        let mut tx = self.begin_hot(Durability::Repeatable).await?;
        let done = within(self.end_in(&mut tx, some, finish, now)).await;
        let (taken, lanes) = tx.end(done).await.map_err(Failed::into_error)?;
        Ok(self.tell_all_ended(&taken, &lanes, finish, now))
    }

    async fn end_in(
        &self,
        tx: &mut HotTx,
        some: &[Found],
        finish: Finish,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Taken>, Vec<LaneWish>), Error> {
        let rows: Vec<Unclaimed> =
            some.iter().map(|row| (row.company, row.id, WHENEVER_IT_BEGAN)).collect();
        let endpoints: BTreeSet<i64> = some.iter().map(|row| row.endpoint).collect();
        let (taken, advanced) = end_unclaimed(tx, &rows, &endpoints, finish, now).await?;
        let lanes: Vec<LaneWish> = advanced.wishes(self.incarnation(), now).collect();
        wish_lanes(tx, &lanes).await?;
        Ok((taken, lanes))
    }

    /// Tells of deliveries that have ended, and of the lanes in which others are due now. Gives how many
    /// have ended.
    pub(crate) fn tell_all_ended(
        &self,
        taken: &[Taken],
        lanes: &[LaneWish],
        finish: Finish,
        now: DateTime<Utc>,
    ) -> u64 {
        lanes.iter().for_each(|lane| self.hint(lane.hint()));
        self.count_ended(finish, taken.len() as u64);
        taken.iter().for_each(|row| self.tell_ended(&Ended::of(row, finish), now));
        taken.len() as u64
    }

    pub(crate) fn count_ended(&self, finish: Finish, ended: u64) {
        self.inner.metrics.finished(finish).add(usize::try_from(ended).unwrap_or(usize::MAX));
    }
}

impl Found {
    fn read(row: &QueryResult) -> Result<Self, Error> {
        let number = |name: &str| row.try_get("", name);
        Ok(Self {
            company: number("company_id")?,
            id: number("id")?,
            endpoint: number("endpoint_id")?,
        })
    }
}

impl Ended {
    fn of(row: &Taken, finish: Finish) -> Self {
        Self {
            company: CompanyId::from_raw(row.company_id),
            id: DeliveryId::from_raw(row.id),
            event: EventId::from_raw(row.event_id),
            endpoint: EndpointId::from_raw(row.endpoint_id),
            tries: u32::try_from(row.tries).unwrap_or(0),
            finish,
        }
    }
}
