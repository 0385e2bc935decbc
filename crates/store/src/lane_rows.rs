//! Rows of `lanes` as ingest and settlement write them, in batches.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sqlx;
use sea_orm::sqlx::FromRow;
use sea_orm::sqlx::sqlite::SqliteRow;

use crate::Error;
use crate::hot::{HotConnection, HotTx, runs, values};
pub(crate) use crate::ingest_rows::LaneWish;
use crate::script::{IdList, ROWS_MAX, Script};
use crate::time::micros;

/// For how long something may have been due in a lane that other nodes pass, in microseconds: a second. What
/// came a moment ago is claimed at the owner's next look.
macro_rules! passed_for_us {
    () => {
        "1000000"
    };
}
/// On PostgreSQL, whether a lane `l` of another node than `$me` is passed, so that this one sends what it takes
/// in. Not where its owner alone sends to the endpoint, be it unrestrained: it is Defective, and gets one request
/// at a time over all nodes; or something has been due there for longer than [`passed_for_us`], or is due at zero
/// because a person asked for it, and goes first. Else one failed request or one burst would make all that other
/// nodes take in go by way of the database, for as long as they take something in.
macro_rules! is_passed {
    ($me:literal, $now:literal) => {
        concat!(
            "(l.owner <> ",
            $me,
            " AND NOT EXISTS (SELECT 1 FROM endpoints e WHERE e.id = l.endpoint_id AND e.defective_at IS NOT NULL) \
             AND NOT EXISTS (SELECT 1 FROM pending w WHERE w.company_id = ANY(ARRAY[l.company_id]) \
             AND w.endpoint_id = l.endpoint_id AND w.claimed_by = 0 AND w.due_at < ",
            $now,
            " - ",
            crate::lane_rows::passed_for_us!(),
            "))"
        )
    };
}
pub(crate) use {is_passed, passed_for_us};

/// A lane as ingest sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneSeen {
    pub(crate) owner: i64,
    pub(crate) hold_until: i64,
    /// Whether this node sends although another one owns it; see [`is_passed`].
    pub(crate) is_passed: bool,
}

impl LaneSeen {
    pub(crate) fn of(
        (endpoint, owner, hold_until, is_passed): (i64, i64, i64, bool),
    ) -> (i64, Self) {
        (endpoint, Self { owner, hold_until, is_passed })
    }

    /// Whether node `me` may send what is fresh.
    pub(crate) fn takes_fresh_of(&self, me: i64, now: DateTime<Utc>) -> bool {
        self.hold_until <= micros(now) && (self.owner == me || self.is_passed)
    }
}

/// The lanes of these endpoints; an endpoint without one is not in the answer.
pub(crate) async fn owners(
    tx: &mut HotTx,
    endpoints: &[i64],
    me: i64,
    now: DateTime<Utc>,
) -> Result<HashMap<i64, LaneSeen>, Error> {
    if endpoints.is_empty() {
        return Ok(HashMap::new());
    }
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let mut found = HashMap::with_capacity(endpoints.len());
            for chunk in endpoints.chunks(ROWS_MAX) {
                let mut script = Script::default();
                read_owners(&mut script, chunk);
                found.extend(owners_of(&script.run(connection).await?.rows)?);
            }
            Ok(found)
        }
        HotConnection::Postgres(connection) => {
            const SEEN: &str = concat!(
                "SELECT l.endpoint_id, l.owner, l.hold_until, ",
                is_passed!("$3", "$2"),
                " FROM lanes l WHERE l.endpoint_id = ANY($1)"
            );
            let query = sqlx::query_as(SEEN).bind(endpoints).bind(micros(now)).bind(me);
            let found: Vec<(i64, i64, i64, bool)> = query.fetch_all(&mut **connection).await?;
            Ok(found.into_iter().map(LaneSeen::of).collect())
        }
    }
}

/// There is one node, and nobody who passes: what waits in a lane without an owner waits for one.
static OWNERS: IdList =
    IdList::new("SELECT endpoint_id, owner, hold_until, 0 FROM lanes WHERE endpoint_id IN (", ")");
/// How many columns that has.
pub(crate) const OWNERS_COLUMNS: usize = 4;

/// Adds the reading of at most [`ROWS_MAX`] lanes' owners to a script.
pub(crate) fn read_owners(script: &mut Script, endpoints: &[i64]) {
    script.list(&OWNERS, endpoints.iter().copied(), |_| {});
}

/// What that has brought.
pub(crate) fn owners_of(rows: &[SqliteRow]) -> Result<HashMap<i64, LaneSeen>, Error> {
    rows.iter().map(|row| Ok(LaneSeen::of(FromRow::from_row(row)?))).collect()
}

const CONFLICT: &str = " ON CONFLICT (endpoint_id) DO UPDATE SET version = lanes.version + 1, \
    owner = CASE WHEN lanes.owner = 0 THEN excluded.owner ELSE lanes.owner END, \
    next_due = CASE WHEN lanes.next_due < excluded.next_due THEN lanes.next_due ELSE excluded.next_due END, \
    hold_until = CASE WHEN lanes.hold_until > excluded.hold_until THEN lanes.hold_until ELSE excluded.hold_until END \
    RETURNING endpoint_id, owner";

/// Makes the lanes that must be there, or tells those that are there that something was added.
/// Sorted by endpoint, so that two nodes cannot lock each other out; several wishes for one lane are
/// one. Gives their owners.
pub(crate) async fn wish_lanes(
    tx: &mut HotTx,
    wishes: &[LaneWish],
) -> Result<HashMap<i64, i64>, Error> {
    if wishes.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sorted = wishes.to_vec();
    sorted.sort_by_key(|wish| wish.endpoint);
    sorted.dedup_by(|more, wish| more.endpoint == wish.endpoint && wish.absorb(more));
    let mut found: Vec<(i64, i64)> = Vec::with_capacity(sorted.len());
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let head =
                "INSERT INTO lanes (endpoint_id, company_id, owner, next_due, hold_until) VALUES ";
            for run in runs(&sorted) {
                let mut query =
                    sqlx::query_as::<_, (i64, i64)>(values(head, 5, run.len(), CONFLICT));
                for wish in run {
                    query = query
                        .bind(wish.endpoint)
                        .bind(wish.company)
                        .bind(wish.owner)
                        .bind(wish.next_due)
                        .bind(wish.hold_until);
                }
                found.extend(query.fetch_all(&mut **connection).await?);
            }
        }
        HotConnection::Postgres(connection) => {
            let sql = format!(
                "INSERT INTO lanes (endpoint_id, company_id, owner, next_due, hold_until) \
                 SELECT * FROM unnest((SELECT $1::bigint[]),$2::bigint[],$3::bigint[],$4::bigint[],$5::bigint[]) {CONFLICT}"
            );
            let column = |pick: fn(&LaneWish) -> i64| sorted.iter().map(pick).collect::<Vec<_>>();
            found = sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(column(|wish| wish.endpoint))
                .bind(column(|wish| wish.company))
                .bind(column(|wish| wish.owner))
                .bind(column(|wish| wish.next_due))
                .bind(column(|wish| wish.hold_until))
                .fetch_all(&mut **connection)
                .await?;
        }
    }
    Ok(found.into_iter().collect())
}
