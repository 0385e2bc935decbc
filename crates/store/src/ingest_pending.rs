//! Fresh deliveries that say more than others (they stand in a line, or are not written in the usual
//! format): by statements of their own, so that nobody else pays for their columns.

use chrono::{DateTime, Utc};
use sea_orm::sqlx;

use crate::Error;
use crate::hot::{HotConnection, HotTx};
use crate::ingest_items::{Fate, Item};
use crate::ingest_rows::{PendingRow, bind_fresh, events_insert, insert_fresh};
use crate::lines::remember;
use crate::script::{RowsInsert, Script};

/// Writes the new events and all their deliveries, and the last places given in lines. Gives the
/// deliveries, each endpoint's in the order in which they came.
pub(crate) async fn insert_all(
    tx: &mut HotTx,
    items: &[Item<'_>],
    rows: Vec<PendingRow>,
    last_places: &[(i64, i64)],
    now: DateTime<Utc>,
) -> Result<Vec<PendingRow>, Error> {
    if last_places.is_empty() && rows.iter().all(PendingRow::is_plain) {
        insert_fresh(tx, items, &rows, now).await?;
        return Ok(rows);
    }
    if let HotConnection::Postgres(connection) = &mut tx.connection {
        insert_whole_postgres(connection, items, &rows, last_places, now).await?;
        return Ok(rows);
    }
    remember(tx, last_places).await?;
    let (mut plain, others): (Vec<PendingRow>, Vec<PendingRow>) =
        rows.into_iter().partition(PendingRow::is_plain);
    insert_fresh(tx, items, &plain, now).await?;
    tx.insert_sqlite(&INSERT_WHOLE, &others, bind_whole).await?;
    plain.extend(others);
    Ok(plain)
}

static INSERT_WHOLE: RowsInsert = RowsInsert::new(
    "INSERT OR FAIL INTO pending (id, company_id, endpoint_id, event_id, due_at, claimed_by, \
     schedule_began, expires_at, line_key, line_place, format, render_version)",
    12,
    "",
);

fn bind_whole(marks: &mut Script, row: &PendingRow) {
    let (format, version) = row.rendering.numbers();
    marks
        .bind(row.id)
        .bind(row.company)
        .bind(row.endpoint)
        .bind(row.event)
        .bind(row.due_at)
        .bind(row.claimed_by)
        .bind(row.schedule_began)
        .bind(row.expires_at)
        .bind(row.line)
        .bind(row.place)
        .bind(format)
        .bind(version);
}

/// On PostgreSQL all of it in one statement, since whoever adds to the same lines waits for each trip. The
/// lock on `order_lines` is held already.
pub(crate) const WHOLE_POSTGRES: &str = concat!(
    "WITH e AS (",
    events_insert!(),
    "), o AS (UPDATE order_lines o SET last_place = t.place \
     FROM unnest((SELECT $26::bigint[]),$27::bigint[]) AS t(endpoint, place) WHERE o.endpoint_id = t.endpoint) \
     INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, claimed_by, schedule_began, expires_at, \
     line_key, line_place, format, render_version) \
     SELECT * FROM unnest((SELECT $12::bigint[]),$13::bigint[],$14::bigint[],$15::bigint[],$16::bigint[],$17::bigint[],\
     $18::bigint[],$19::bigint[],$22::bigint[],$23::bigint[],$24::bigint[],$25::bigint[])"
);
/// How many parameters it has.
pub(crate) const WHOLE_PARAMETERS: usize = 27;

async fn insert_whole_postgres(
    connection: &mut sqlx::PgConnection,
    items: &[Item<'_>],
    rows: &[PendingRow],
    last_places: &[(i64, i64)],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let new: Vec<&Item<'_>> = items.iter().filter(|item| item.fate == Fate::New).collect();
    let (endpoints, places): (Vec<i64>, Vec<i64>) = last_places.iter().copied().unzip();
    let number = |pick: fn((i64, i64)) -> i64| {
        rows.iter().map(|row| pick(row.rendering.numbers())).collect::<Vec<_>>()
    };
    bind_fresh(sqlx::query(WHOLE_POSTGRES), &new, rows, now)
        .bind(rows.iter().map(|row| row.line).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.place).collect::<Vec<_>>())
        .bind(number(|(format, _)| format))
        .bind(number(|(_, version)| version))
        .bind(endpoints)
        .bind(places)
        .execute(connection)
        .await?;
    Ok(())
}
