//! Giving up by age what no turn reaches: an endpoint that takes one request a second and gets ten
//! events would keep deliveries for ever (product.md, delivery rule 4).

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::delivery::{Finish, Progress};
use domain::endpoint::EndpointState;
use domain::id::{CompanyId, DeliveryId, EndpointId, EventId, floor_at};
use domain::settle::{Turn, take_turn};
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryResult, Value};

use crate::exhausted::Exhausted;
use crate::hot::{Durability, Failed, HotTx, within};
use crate::lane_rows::{LaneWish, wish_lanes};
use crate::operational::Causes;
use crate::rows::endpoint_state::StateColumns;
use crate::rows::sql::Sql;
use crate::time::from_micros;
use crate::upkeep_age_rows::{Taken, Unclaimed, end_unclaimed};
use crate::{Error, Store};

/// How many rows one slice looks at, and so how many it ends at most.
const SLICE_ROWS: usize = 500;

/// Where the walk over old deliveries stands: companies one after the other on PostgreSQL, all of them
/// together on SQLite, as their primary keys have it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgeWalk {
    company: i64,
    id: i64,
}

/// What a slice of the walk brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgedOut {
    /// How many deliveries it ended.
    pub ended: u64,
    /// Where the next slice begins; `None` once all old ones were looked at.
    pub next: Option<AgeWalk>,
}

/// An unclaimed delivery as the walk sees it.
struct Old {
    company: i64,
    id: i64,
    endpoint: i64,
    began: i64,
    progress: Progress,
}

impl Store {
    /// Ends as exhausted what nobody has claimed and is given up by age, one slice at a time. Ids sort
    /// by time, and no running time is longer than the time on the wall: only what was made so long
    /// ago is looked at. What is held is older than it counts, and stays.
    pub async fn end_given_up(&self, walk: AgeWalk, now: DateTime<Utc>) -> Result<AgedOut, Error> {
        let (old, next) = self.old_ones(walk, now).await?;
        let states = self.states_of(&old).await?;
        let policy = self.policy();
        let given_up: Vec<&Old> = old
            .iter()
            .filter(|row| {
                states.get(&row.endpoint).is_some_and(|state| {
                    take_turn(&row.progress, state, policy, now) == Turn::End(Finish::Exhausted)
                })
            })
            .collect();
        let rows: Vec<Unclaimed> =
            given_up.iter().map(|row| (row.company, row.id, row.began)).collect();
        if rows.is_empty() {
            return Ok(AgedOut { ended: 0, next });
        }
        let mut tx = self.begin_hot(Durability::Acknowledged).await?;
        let endpoints = given_up.iter().map(|row| row.endpoint).collect();
        let done = within(self.give_up(&mut tx, &rows, &endpoints, now)).await;
        let (taken, lanes) = tx.end(done).await.map_err(Failed::into_error)?;
        let ended = self.tell_all_ended(&taken, &lanes, Finish::Exhausted, now);
        Ok(AgedOut { ended, next })
    }

    /// Ends deliveries and tells whoever wants to hear of it.
    async fn give_up(
        &self,
        tx: &mut HotTx,
        rows: &[Unclaimed],
        endpoints: &BTreeSet<i64>,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Taken>, Vec<LaneWish>), Error> {
        let (taken, advanced) = end_unclaimed(tx, rows, endpoints, Finish::Exhausted, now).await?;
        let exhausted = taken.iter().map(|row| Exhausted {
            company: CompanyId::from_raw(row.company_id),
            endpoint: EndpointId::from_raw(row.endpoint_id),
            delivery: DeliveryId::from_raw(row.id),
            event: EventId::from_raw(row.event_id),
            tries: u32::try_from(row.tries).unwrap_or(0),
            finished_at: now,
            words: None,
        });
        let causes = Causes {
            told: &[],
            exhausted: exhausted.collect(),
            reconfigured: &[],
            lane_owner: self.incarnation(),
        };
        let mut lanes = self.write_operational(tx, causes, now).await?;
        lanes.extend(advanced.wishes(self.incarnation(), now));
        wish_lanes(tx, &lanes).await?;
        Ok((taken, lanes))
    }

    /// A slice of what is old enough by its id, in the order of the primary key.
    async fn old_ones(
        &self,
        walk: AgeWalk,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Old>, Option<AgeWalk>), Error> {
        let by_company = self.backend() == DatabaseBackend::Postgres;
        let mut sql = Sql::new(
            "SELECT id, company_id, endpoint_id, tries, tries_before, schedule_began, expires_at, \
             claimed_by, canceled FROM pending WHERE id > ",
        );
        sql.bind(walk.id).text(" AND id < ").bind(floor_at(now - self.policy().give_up_after));
        if by_company {
            sql.text(" AND company_id = ").bind(walk.company);
        }
        sql.text(" ORDER BY id LIMIT ").bind(SLICE_ROWS as i64);
        let rows = self.reader().query_all_raw(sql.build(self.backend())).await?;
        let next = match rows.last() {
            Some(last) if rows.len() == SLICE_ROWS => {
                Some(AgeWalk { id: last.try_get("", "id")?, ..walk })
            }
            Some(_) | None if by_company => self.company_after(walk.company).await?,
            Some(_) | None => None,
        };
        let mut old = Vec::with_capacity(rows.len());
        for row in &rows {
            let free = row.try_get::<i64>("", "claimed_by")? == 0;
            if free && row.try_get::<i64>("", "canceled")? == 0 {
                old.push(Old::read(row)?);
            }
        }
        Ok((old, next))
    }

    async fn company_after(&self, company: i64) -> Result<Option<AgeWalk>, Error> {
        let sql =
            "SELECT company_id FROM pending WHERE company_id > $1 ORDER BY company_id LIMIT 1";
        let values: [Value; 1] = [company.into()];
        let row = self.reader().query_one_raw(self.statement(sql, values)).await?;
        row.map(|row| Ok(AgeWalk { company: row.try_get("", "company_id")?, id: 0 })).transpose()
    }

    /// The states of the endpoints of these deliveries, deleted ones left out.
    async fn states_of(&self, old: &[Old]) -> Result<HashMap<i64, EndpointState>, Error> {
        let endpoints: BTreeSet<i64> = old.iter().map(|row| row.endpoint).collect();
        if endpoints.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = Sql::new(
            "SELECT e.id, e.switch, e.held_since, e.held_total_us, e.failures, e.failing_since, \
             e.defective_at, e.epoch, c.suspended_at FROM endpoints e \
             JOIN companies c ON c.id = e.company_id WHERE e.deleted_at IS NULL AND e.id IN (0",
        );
        for endpoint in endpoints {
            sql.text(", ").bind(endpoint);
        }
        sql.text(")");
        let rows = self.reader().query_all_raw(sql.build(self.backend())).await?;
        let read = |row: &QueryResult| -> Result<(i64, EndpointState), Error> {
            let id = row.try_get("", "id")?;
            let columns = StateColumns {
                switch: row.try_get("", "switch")?,
                held_since: row.try_get("", "held_since")?,
                held_total_us: row.try_get("", "held_total_us")?,
                failures: row.try_get("", "failures")?,
                failing_since: row.try_get("", "failing_since")?,
                defective_at: row.try_get("", "defective_at")?,
                epoch: row.try_get("", "epoch")?,
            };
            let suspended_since = row.try_get::<Option<i64>>("", "suspended_at")?.map(from_micros);
            Ok((id, EndpointState { suspended_since, ..columns.read(id)? }))
        };
        rows.iter().map(read).collect()
    }
}

impl Old {
    fn read(row: &QueryResult) -> Result<Self, Error> {
        let id = row.try_get("", "id")?;
        let count = |column: &str| -> Result<u32, Error> {
            u32::try_from(row.try_get::<i64>("", column)?).map_err(|_| Error::Corrupt {
                table: "pending",
                id,
                what: "a count is negative".into(),
            })
        };
        let began = row.try_get("", "schedule_began")?;
        let expires_at: Option<i64> = row.try_get("", "expires_at")?;
        Ok(Self {
            company: row.try_get("", "company_id")?,
            id,
            endpoint: row.try_get("", "endpoint_id")?,
            began,
            progress: Progress {
                tries: count("tries")?,
                tries_before: count("tries_before")?,
                schedule_began: from_micros(began),
                expires_at: expires_at.map(from_micros),
            },
        })
    }
}
