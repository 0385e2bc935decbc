//! Fresh deliveries that say more than others (they stand in a line, or are not written in the usual
//! format): by statements of their own, so that nobody else pays for their columns.

use chrono::{DateTime, Utc};
use sea_orm::sqlx;

use crate::Error;
use crate::hot::{HotConnection, HotTx};
use crate::ingest_items::Item;
use crate::ingest_rows::{PendingRow, insert_fresh};
use crate::script::{RowsInsert, Script};

/// Writes the new events and all their deliveries. Gives the deliveries, each endpoint's in the order in
/// which they came.
pub(crate) async fn insert_all(
    tx: &mut HotTx,
    items: &[Item<'_>],
    rows: Vec<PendingRow>,
    now: DateTime<Utc>,
) -> Result<Vec<PendingRow>, Error> {
    if rows.iter().all(PendingRow::is_plain) {
        insert_fresh(tx, items, &rows, now).await?;
        return Ok(rows);
    }
    let (mut plain, others): (Vec<PendingRow>, Vec<PendingRow>) =
        rows.into_iter().partition(PendingRow::is_plain);
    insert_fresh(tx, items, &plain, now).await?;
    insert_whole(tx, &others).await?;
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

async fn insert_whole(tx: &mut HotTx, rows: &[PendingRow]) -> Result<(), Error> {
    match &mut tx.connection {
        HotConnection::Sqlite(_) => tx.insert_sqlite(&INSERT_WHOLE, rows, bind_whole).await,
        HotConnection::Postgres(connection) => {
            const SQL: &str = "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, \
                claimed_by, schedule_began, expires_at, line_key, line_place, format, render_version) \
                SELECT * FROM unnest((SELECT $1::bigint[]),$2::bigint[],$3::bigint[],$4::bigint[],$5::bigint[],\
                $6::bigint[],$7::bigint[],$8::bigint[],$9::bigint[],$10::bigint[],$11::bigint[],$12::bigint[])";
            let column = |pick: fn(&PendingRow) -> i64| rows.iter().map(pick).collect::<Vec<_>>();
            sqlx::query(SQL)
                .bind(column(|row| row.id))
                .bind(column(|row| row.company))
                .bind(column(|row| row.endpoint))
                .bind(column(|row| row.event))
                .bind(column(|row| row.due_at))
                .bind(column(|row| row.claimed_by))
                .bind(column(|row| row.schedule_began))
                .bind(rows.iter().map(|row| row.expires_at).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.line).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.place).collect::<Vec<_>>())
                .bind(column(|row| row.rendering.numbers().0))
                .bind(column(|row| row.rendering.numbers().1))
                .execute(&mut **connection)
                .await?;
            Ok(())
        }
    }
}
