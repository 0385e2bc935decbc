//! Rows of `sessions`: windows as they are locked, read and written back, many at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::derived::About;
use domain::id::{CompanyId, ContactId, SessionId, SourceId};
use domain::session::{Last, Session, Window};
use sea_orm::sqlx;

use crate::Error;
use crate::hot::{HotConnection, HotTx};
use crate::ingest_rows::PgQuery;
use crate::one_row;
use crate::script::{RowsInsert, Script};
use crate::time::{from_micros, micros};

/// Company, business number, contact: the primary key, and the order in which windows are locked.
pub(crate) type WindowKey = (CompanyId, Arc<str>, ContactId);

/// A window with what its events need beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct WindowRow {
    pub(crate) window: Window,
    /// The source of the event that began the session.
    pub(crate) source: Option<SourceId>,
    /// With what the session's events begin; `None` where there is none.
    pub(crate) about: Option<About>,
}

impl WindowRow {
    /// Two windows of what turned out to be one contact: the one that goes on, and the other one where its
    /// end must still be told.
    pub(crate) fn merged(self, other: Self) -> (Self, Option<Self>) {
        let (window, rest) = self.window.merged(other.window);
        let is_ours = window.last == self.window.last;
        let (kept, left) = if is_ours { (self, other) } else { (other, self) };
        (Self { window, ..kept }, rest.map(|window| Self { window, ..left }))
    }
}

/// A row as it is read.
type Read = (
    i64,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    i64,
    Option<String>,
);

/// Its columns, by name.
pub(crate) struct Columns {
    pub(crate) company_id: i64,
    pub(crate) phone_number_id: String,
    pub(crate) contact_id: i64,
    pub(crate) last_in_at: Option<i64>,
    pub(crate) session_id: Option<i64>,
    pub(crate) started_at: Option<i64>,
    pub(crate) activated_at: Option<i64>,
    pub(crate) due_at: Option<i64>,
    pub(crate) earlier_id: Option<i64>,
    pub(crate) earlier_started_at: Option<i64>,
    pub(crate) earlier_activated_at: Option<i64>,
    pub(crate) source_id: i64,
    pub(crate) about: Option<String>,
}

fn session(id: Option<i64>, started_at: Option<i64>, activated_at: Option<i64>) -> Option<Session> {
    Some(Session {
        id: SessionId::from_raw(id?),
        started_at: from_micros(started_at?),
        activated_at: activated_at.map(from_micros),
    })
}

impl Columns {
    pub(crate) fn of((key, row): (&WindowKey, &WindowRow)) -> Self {
        let WindowRow { window, source, about } = row;
        let (last, earlier) = (window.last.session(), window.earlier);
        let started = |session: Option<Session>| session.map(|session| micros(session.started_at));
        let activated = |session: Option<Session>| session?.activated_at.map(micros);
        Self {
            company_id: key.0.raw(),
            phone_number_id: key.1.to_string(),
            contact_id: key.2.raw(),
            last_in_at: window.last_in.map(micros),
            session_id: last.map(|session| session.id.raw()),
            started_at: started(last),
            activated_at: activated(last),
            due_at: window.due_at().map(micros),
            earlier_id: earlier.map(|session| session.id.raw()),
            earlier_started_at: started(earlier),
            earlier_activated_at: activated(earlier),
            source_id: source.map_or(0, SourceId::raw),
            about: about.as_ref().map(|about| about.as_str().to_owned()),
        }
    }

    fn of_read(read: Read) -> Self {
        let (
            company_id,
            phone_number_id,
            contact_id,
            last_in_at,
            session_id,
            started_at,
            activated_at,
            due_at,
            earlier_id,
            earlier_started_at,
            earlier_activated_at,
            source_id,
            about,
        ) = read;
        Self {
            company_id,
            phone_number_id,
            contact_id,
            last_in_at,
            session_id,
            started_at,
            activated_at,
            due_at,
            earlier_id,
            earlier_started_at,
            earlier_activated_at,
            source_id,
            about,
        }
    }

    pub(crate) fn row(self) -> (WindowKey, WindowRow) {
        let last = match session(self.session_id, self.started_at, self.activated_at) {
            None => Last::None,
            Some(session) if self.due_at.is_some() => Last::Open(session),
            Some(session) => Last::Closed(session),
        };
        let earlier = session(self.earlier_id, self.earlier_started_at, self.earlier_activated_at);
        let window = Window { last_in: self.last_in_at.map(from_micros), last, earlier };
        let key = (
            CompanyId::from_raw(self.company_id),
            Arc::from(self.phone_number_id),
            ContactId::from_raw(self.contact_id),
        );
        let source = (self.source_id != 0).then(|| SourceId::from_raw(self.source_id));
        let about = self.about.as_deref().map(About::from_stored);
        (key, WindowRow { window, source, about })
    }

    fn bind(marks: &mut Script, row: &Self) {
        marks
            .bind(row.company_id)
            .bind(row.phone_number_id.clone())
            .bind(row.contact_id)
            .bind(row.last_in_at)
            .bind(row.session_id)
            .bind(row.started_at)
            .bind(row.activated_at)
            .bind(row.due_at)
            .bind(row.earlier_id)
            .bind(row.earlier_started_at)
            .bind(row.earlier_activated_at)
            .bind(row.source_id)
            .bind(row.about.clone());
    }
}

/// What is read of a row, in the order of [`Read`].
macro_rules! columns {
    () => {
        "s.company_id, s.phone_number_id, s.contact_id, s.last_in_at, s.session_id, s.started_at, s.activated_at, \
         s.due_at, s.earlier_id, s.earlier_started_at, s.earlier_activated_at, s.source_id, s.about"
    };
}
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", columns!(), " ", $rest)
    };
}

/// Windows by their keys, locked in their order.
pub(crate) const LOCK_WINDOWS_POSTGRES: &str = select!(
    "FROM unnest((SELECT $1::bigint[]), $2::text[], $3::bigint[]) AS k(company_id, number, contact_id) \
    JOIN sessions s ON s.company_id = k.company_id AND s.phone_number_id = k.number AND s.contact_id = k.contact_id \
    ORDER BY s.company_id, s.phone_number_id, s.contact_id FOR UPDATE OF s"
);
/// The same, as [`one_row`] reads it; nobody else writes.
const READ_SQLITE: &str = concat!(
    "SELECT json_group_array(json_array(",
    columns!(),
    ")) FROM json_each(?1) j CROSS JOIN sessions s \
     ON s.company_id = j.value ->> 0 AND s.phone_number_id = j.value ->> 1 AND s.contact_id = j.value ->> 2"
);

/// The keys of all windows of contacts. Nobody adds to them or takes from them while the contacts are locked.
pub(crate) const OF_CONTACTS_POSTGRES: &str = "SELECT x.company_id, x.phone_number_id, x.contact_id \
    FROM unnest((SELECT $1::bigint[]), $2::bigint[]) AS k(company_id, contact_id) CROSS JOIN LATERAL (\
    SELECT s.company_id, s.phone_number_id, s.contact_id FROM sessions s \
    WHERE s.company_id = k.company_id AND s.contact_id = k.contact_id) x";
const OF_CONTACTS_SQLITE: &str = "SELECT s.company_id, s.phone_number_id, s.contact_id \
    FROM json_each(?1) j CROSS JOIN sessions s INDEXED BY sessions_contact \
    ON s.company_id = j.value ->> 0 AND s.contact_id = j.value ->> 1";

/// The keys of all windows that these contacts have, whatever the number.
pub(crate) async fn of_contacts(
    tx: &mut HotTx,
    contacts: &[(CompanyId, ContactId)],
) -> Result<Vec<WindowKey>, Error> {
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    let (companies, ids): (Vec<i64>, Vec<i64>) =
        contacts.iter().map(|(company, id)| (company.raw(), id.raw())).unzip();
    let rows: Vec<(i64, String, i64)> = match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let pairs: Vec<(i64, i64)> = companies.into_iter().zip(ids).collect();
            let json = serde_json::to_string(&pairs).expect("numbers are JSON");
            sqlx::query_as(OF_CONTACTS_SQLITE).bind(json).fetch_all(&mut **connection).await?
        }
        HotConnection::Postgres(connection) => {
            let query = sqlx::query_as(OF_CONTACTS_POSTGRES).bind(companies).bind(ids);
            query.fetch_all(&mut **connection).await?
        }
    };
    let key = |(company, number, contact)| {
        (CompanyId::from_raw(company), Arc::from(number), ContactId::from_raw(contact))
    };
    Ok(rows.into_iter().map(key).collect())
}

/// The windows of these keys, as far as they are there.
pub(crate) async fn lock(
    tx: &mut HotTx,
    keys: &BTreeSet<WindowKey>,
) -> Result<BTreeMap<WindowKey, WindowRow>, Error> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<Read> = match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let keys: Vec<(i64, &str, i64)> = keys
                .iter()
                .map(|(company, number, contact)| (company.raw(), number.as_ref(), contact.raw()))
                .collect();
            let json = serde_json::to_string(&keys).expect("numbers and texts are JSON");
            one_row::rows(connection, sqlx::query_scalar(READ_SQLITE).bind(json)).await?
        }
        HotConnection::Postgres(connection) => {
            sqlx::query_as(LOCK_WINDOWS_POSTGRES)
                .bind(keys.iter().map(|key| key.0.raw()).collect::<Vec<_>>())
                .bind(keys.iter().map(|key| key.1.to_string()).collect::<Vec<_>>())
                .bind(keys.iter().map(|key| key.2.raw()).collect::<Vec<_>>())
                .fetch_all(&mut **connection)
                .await?
        }
    };
    Ok(rows.into_iter().map(|read| Columns::of_read(read).row()).collect())
}

/// Windows whose end is to be told; what another transaction holds is left to it, and to the next round.
pub(crate) const DUE_POSTGRES: &str = select!(
    "FROM sessions s WHERE s.due_at IS NOT NULL AND s.due_at <= $1 \
    ORDER BY s.due_at LIMIT $2 FOR UPDATE SKIP LOCKED"
);
const DUE_SQLITE: &str = select!(
    "FROM sessions s WHERE s.due_at IS NOT NULL AND s.due_at <= $1 ORDER BY s.due_at LIMIT $2"
);

/// A slice of those whose end is to be told by `now`, locked.
pub(crate) async fn lock_due(
    tx: &mut HotTx,
    now: i64,
    rows_max: i64,
) -> Result<BTreeMap<WindowKey, WindowRow>, Error> {
    let rows: Vec<Read> = match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let query = sqlx::query_as(DUE_SQLITE).bind(now).bind(rows_max);
            query.fetch_all(&mut **connection).await?
        }
        HotConnection::Postgres(connection) => {
            let query = sqlx::query_as(DUE_POSTGRES).bind(now).bind(rows_max);
            query.fetch_all(&mut **connection).await?
        }
    };
    Ok(rows.into_iter().map(|read| Columns::of_read(read).row()).collect())
}

/// Into which columns, and what becomes of a row that is there.
macro_rules! insert {
    () => {
        "INSERT INTO sessions (company_id, phone_number_id, contact_id, last_in_at, session_id, started_at, \
         activated_at, due_at, earlier_id, earlier_started_at, earlier_activated_at, source_id, about)"
    };
}
macro_rules! on_conflict {
    () => {
        "ON CONFLICT (company_id, phone_number_id, contact_id) DO UPDATE SET \
         last_in_at = excluded.last_in_at, session_id = excluded.session_id, started_at = excluded.started_at, \
         activated_at = excluded.activated_at, due_at = excluded.due_at, earlier_id = excluded.earlier_id, \
         earlier_started_at = excluded.earlier_started_at, earlier_activated_at = excluded.earlier_activated_at, \
         source_id = excluded.source_id, about = excluded.about"
    };
}
pub(crate) use {insert as sessions_insert, on_conflict as sessions_on_conflict};

static UPSERT_SQLITE: RowsInsert = RowsInsert::new(insert!(), 13, on_conflict!());

/// Writes windows down, new ones and those that were there.
pub(crate) async fn write(
    tx: &mut HotTx,
    rows: &BTreeMap<&WindowKey, &WindowRow>,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<Columns> = rows.iter().map(|(key, row)| Columns::of((key, row))).collect();
    let connection = match &mut tx.connection {
        HotConnection::Sqlite(_) => {
            return tx.insert_sqlite(&UPSERT_SQLITE, &rows, Columns::bind).await;
        }
        HotConnection::Postgres(connection) => connection,
    };
    const SQL: &str = concat!(
        insert!(),
        " SELECT * FROM unnest((SELECT $1::bigint[]),$2::text[],$3::bigint[],$4::bigint[],$5::bigint[],$6::bigint[],\
         $7::bigint[],$8::bigint[],$9::bigint[],$10::bigint[],$11::bigint[],$12::bigint[],$13::text[]) ",
        on_conflict!()
    );
    bind_rows(sqlx::query(SQL), &rows).execute(&mut **connection).await?;
    Ok(())
}

/// Binds the thirteen columns of rows, as arrays.
pub(crate) fn bind_rows<'q>(query: PgQuery<'q>, rows: &'q [Columns]) -> PgQuery<'q> {
    let numbers = |pick: fn(&Columns) -> i64| rows.iter().map(pick).collect::<Vec<_>>();
    let maybe = |pick: fn(&Columns) -> Option<i64>| rows.iter().map(pick).collect::<Vec<_>>();
    query
        .bind(numbers(|row| row.company_id))
        .bind(rows.iter().map(|row| row.phone_number_id.as_str()).collect::<Vec<_>>())
        .bind(numbers(|row| row.contact_id))
        .bind(maybe(|row| row.last_in_at))
        .bind(maybe(|row| row.session_id))
        .bind(maybe(|row| row.started_at))
        .bind(maybe(|row| row.activated_at))
        .bind(maybe(|row| row.due_at))
        .bind(maybe(|row| row.earlier_id))
        .bind(maybe(|row| row.earlier_started_at))
        .bind(maybe(|row| row.earlier_activated_at))
        .bind(numbers(|row| row.source_id))
        .bind(rows.iter().map(|row| row.about.as_deref()).collect::<Vec<_>>())
}

/// Removes windows of contacts that turned out to be another one.
pub(crate) async fn remove(tx: &mut HotTx, key: &WindowKey) -> Result<(), Error> {
    const SQL: &str =
        "DELETE FROM sessions WHERE company_id = $1 AND phone_number_id = $2 AND contact_id = $3";
    let (company, number, contact) = (key.0.raw(), key.1.to_string(), key.2.raw());
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let query = sqlx::query(SQL).bind(company).bind(number).bind(contact);
            query.execute(&mut **connection).await?;
        }
        HotConnection::Postgres(connection) => {
            let query = sqlx::query(SQL).bind(company).bind(number).bind(contact);
            query.execute(&mut **connection).await?;
        }
    }
    Ok(())
}
