//! Rows of `lanes` as ingest and settlement write them, in batches.

use std::collections::HashMap;

use sea_orm::sqlx;
use sea_orm::sqlx::FromRow;
use sea_orm::sqlx::sqlite::SqliteRow;

use crate::Error;
use crate::hot::{HotConnection, HotTx, runs, values};
pub(crate) use crate::ingest_rows::LaneWish;
use crate::script::{IdList, ROWS_MAX, Script};

/// Who owns the lanes of these endpoints, and until when they are held; an endpoint without a lane is
/// not in the answer.
pub(crate) async fn owners(
    tx: &mut HotTx,
    endpoints: &[i64],
) -> Result<HashMap<i64, (i64, i64)>, Error> {
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
            let sql =
                "SELECT endpoint_id, owner, hold_until FROM lanes WHERE endpoint_id = ANY($1)";
            let found: Vec<(i64, i64, i64)> =
                sqlx::query_as(sql).bind(endpoints).fetch_all(&mut **connection).await?;
            Ok(found.into_iter().map(|(endpoint, owner, hold)| (endpoint, (owner, hold))).collect())
        }
    }
}

static OWNERS: IdList =
    IdList::new("SELECT endpoint_id, owner, hold_until FROM lanes WHERE endpoint_id IN (", ")");

/// Adds the reading of at most [`ROWS_MAX`] lanes' owners to a script.
pub(crate) fn read_owners(script: &mut Script, endpoints: &[i64]) {
    script.list(&OWNERS, endpoints.iter().copied(), |_| {});
}

/// What that has brought.
pub(crate) fn owners_of(rows: &[SqliteRow]) -> Result<HashMap<i64, (i64, i64)>, Error> {
    rows.iter()
        .map(|row| {
            let (endpoint, owner, hold) = FromRow::from_row(row)?;
            Ok((endpoint, (owner, hold)))
        })
        .collect()
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
