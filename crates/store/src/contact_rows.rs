//! Rows of `contacts`: as they are read, locked and written, many at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::contact::Names;
use domain::id::{CompanyId, ContactId};
use sea_orm::sqlx;

use crate::Error;
use crate::contacts::Mention;
use crate::hot::{HotConnection, HotTx};
use crate::ingest_rows::PgQuery;
use crate::one_row;
use crate::script::{RowsInsert, Script};

/// A row as it is written.
pub(crate) struct Row<'a> {
    pub(crate) company: i64,
    pub(crate) id: i64,
    pub(crate) wa_id: Option<&'a str>,
    pub(crate) user_id: Option<&'a str>,
    pub(crate) wrote_at: Option<i64>,
    pub(crate) created_at: i64,
}

impl Row<'_> {
    pub(crate) fn bind(marks: &mut Script, row: &Self) {
        marks
            .bind(row.company)
            .bind(row.id)
            .bind(row.wa_id.map(str::to_owned))
            .bind(row.user_id.map(str::to_owned))
            .bind(row.wrote_at)
            .bind(row.created_at);
    }
}

/// Into which columns, and what becomes of a row that is there.
macro_rules! insert {
    () => {
        "INSERT INTO contacts (company_id, id, wa_id, user_id, wrote_at, created_at)"
    };
}
macro_rules! on_conflict {
    () => {
        "ON CONFLICT (company_id, id) DO UPDATE SET wa_id = excluded.wa_id, user_id = excluded.user_id, \
         wrote_at = excluded.wrote_at"
    };
}
pub(crate) use {insert as contacts_insert, on_conflict as contacts_on_conflict};

pub(crate) static UPSERT_SQLITE: RowsInsert = RowsInsert::new(insert!(), 6, on_conflict!());

/// Adds rows, of arrays.
macro_rules! insert_postgres {
    ($rest:expr) => {
        concat!(
            insert!(),
            " SELECT * FROM unnest((SELECT $1::bigint[]),$2::bigint[],$3::text[],$4::text[],$5::bigint[],$6::bigint[]) ",
            $rest
        )
    };
}

/// Those who are new, as far as nobody else has made them.
pub(crate) const MAKE_POSTGRES: &str = insert_postgres!("ON CONFLICT DO NOTHING");
pub(crate) const WRITE_POSTGRES: &str = insert_postgres!(on_conflict!());

pub(crate) async fn write_postgres(
    connection: &mut sqlx::PgConnection,
    sql: &'static str,
    rows: &[Row<'_>],
) -> Result<u64, Error> {
    let query = bind_rows(sqlx::query(sql), rows.iter());
    Ok(query.execute(connection).await?.rows_affected())
}

/// Binds the six columns of rows, as arrays.
pub(crate) fn bind_rows<'q, 'r: 'q>(
    query: PgQuery<'q>,
    rows: impl Iterator<Item = &'r Row<'r>> + Clone,
) -> PgQuery<'q> {
    query
        .bind(rows.clone().map(|row| row.company).collect::<Vec<_>>())
        .bind(rows.clone().map(|row| row.id).collect::<Vec<_>>())
        .bind(rows.clone().map(|row| row.wa_id).collect::<Vec<_>>())
        .bind(rows.clone().map(|row| row.user_id).collect::<Vec<_>>())
        .bind(rows.clone().map(|row| row.wrote_at).collect::<Vec<_>>())
        .bind(rows.map(|row| row.created_at).collect::<Vec<_>>())
}

/// Contacts by their numbers and persons, locked in their order. One probe of an index each (`LIMIT 1` keeps a
/// planner from joining all contacts).
pub(crate) const LOCK_CONTACTS_POSTGRES: &str = "SELECT company_id, id, wa_id, user_id, wrote_at, created_at \
    FROM contacts WHERE (company_id, id) IN (\
    SELECT x.company_id, x.id FROM unnest((SELECT $1::bigint[]), $2::text[]) AS k(company_id, name) CROSS JOIN LATERAL \
    (SELECT c.company_id, c.id FROM contacts c WHERE c.company_id = k.company_id AND c.wa_id = k.name \
    AND c.wa_id IS NOT NULL LIMIT 1) x UNION ALL \
    SELECT x.company_id, x.id FROM unnest((SELECT $3::bigint[]), $4::text[]) AS k(company_id, name) CROSS JOIN LATERAL \
    (SELECT c.company_id, c.id FROM contacts c WHERE c.company_id = k.company_id AND c.user_id = k.name \
    AND c.user_id IS NOT NULL LIMIT 1) x) \
    ORDER BY company_id, id FOR UPDATE";
/// The same, as [`one_row`] reads it; nobody else writes.
const READ_SQLITE: &str = "SELECT json_group_array(json_array(company_id, id, wa_id, user_id, wrote_at, created_at)) \
    FROM (SELECT c.company_id, c.id, c.wa_id, c.user_id, c.wrote_at, c.created_at \
    FROM json_each(?1) j CROSS JOIN contacts c ON c.company_id = j.value ->> 0 AND c.wa_id = j.value ->> 1 \
    AND c.wa_id IS NOT NULL UNION \
    SELECT c.company_id, c.id, c.wa_id, c.user_id, c.wrote_at, c.created_at \
    FROM json_each(?2) j CROSS JOIN contacts c ON c.company_id = j.value ->> 0 AND c.user_id = j.value ->> 1 \
    AND c.user_id IS NOT NULL)";

/// A row as it is read.
pub(crate) type Columns = (i64, i64, Option<String>, Option<String>, Option<i64>, i64);

pub(crate) async fn read(tx: &mut HotTx, mentions: &[Mention]) -> Result<Vec<Columns>, Error> {
    let names = |pick: fn(&Names) -> Option<&Arc<str>>| {
        let named =
            |mention: &Mention| Some((mention.company.raw(), Arc::clone(pick(&mention.names)?)));
        mentions.iter().filter_map(named).collect::<BTreeSet<(i64, Arc<str>)>>()
    };
    let (numbers, persons) = (names(Names::wa_id), names(Names::user_id));
    let rows: Vec<Columns> = match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let json = |names: &BTreeSet<(i64, Arc<str>)>| {
                let pairs: Vec<(i64, &str)> =
                    names.iter().map(|(company, name)| (*company, name.as_ref())).collect();
                serde_json::to_string(&pairs).expect("numbers and texts are JSON")
            };
            let query = sqlx::query_scalar(READ_SQLITE).bind(json(&numbers)).bind(json(&persons));
            one_row::rows(connection, query).await?
        }
        HotConnection::Postgres(connection) => {
            let companies = |names: &BTreeSet<(i64, Arc<str>)>| {
                names.iter().map(|(company, _)| *company).collect::<Vec<_>>()
            };
            let texts = |names: &BTreeSet<(i64, Arc<str>)>| {
                names.iter().map(|(_, name)| name.to_string()).collect::<Vec<_>>()
            };
            sqlx::query_as(LOCK_CONTACTS_POSTGRES)
                .bind(companies(&numbers))
                .bind(texts(&numbers))
                .bind(companies(&persons))
                .bind(texts(&persons))
                .fetch_all(&mut **connection)
                .await?
        }
    };
    Ok(rows)
}

/// Runs what is seldom needed, for one contact.
pub(crate) async fn run(
    tx: &mut HotTx,
    sql: &'static str,
    company: CompanyId,
    id: ContactId,
) -> Result<(), Error> {
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let query = sqlx::query(sql).bind(company.raw()).bind(id.raw());
            query.execute(&mut **connection).await?;
        }
        HotConnection::Postgres(connection) => {
            let query = sqlx::query(sql).bind(company.raw()).bind(id.raw());
            query.execute(&mut **connection).await?;
        }
    }
    Ok(())
}
