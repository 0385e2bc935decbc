//! Contacts and sessions on PostgreSQL's short way: read without a lock in one trip, and decided on. The
//! statement that writes what was decided checks that all of it is still as it was read.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, ContactId};
use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{FromRow, Row as _};

use crate::contact_rows::{Columns as ContactColumns, Row};
use crate::contacts::{Book, ContactKey, Mention};
use crate::ingest_keys::events_now;
use crate::session_rows::{Columns, WindowKey, WindowRow};
use crate::sessions::{
    Companies, Earlier, Observations, Round, Seen, StatusId, Windows, asking_for_history, changed,
};
use crate::{Error, Store};

/// The contacts of names, each with its window at a business number, and the versions of both rows (`xmin`:
/// each change of a row is another one's). One probe of an index each: `LIMIT 1` keeps a planner from joining
/// all of them, and who is meant by both names is left out of the second question, since a `UNION` would sort for
/// each of them.
pub(crate) const GLANCE_POSTGRES: &str = "SELECT c.company_id, c.id, c.wa_id, c.user_id, c.wrote_at, \
    c.created_at, c.version, k.number, s.* \
    FROM unnest((SELECT $1::bigint[]),$2::text[],$3::text[],$4::text[]) AS k(company_id, wa_id, user_id, number) \
    CROSS JOIN LATERAL (\
    (SELECT x.company_id, x.id, x.wa_id, x.user_id, x.wrote_at, x.created_at, x.xmin::text::bigint AS version \
    FROM contacts x WHERE x.company_id = k.company_id AND x.wa_id = k.wa_id AND x.wa_id IS NOT NULL LIMIT 1) UNION ALL \
    (SELECT x.company_id, x.id, x.wa_id, x.user_id, x.wrote_at, x.created_at, x.xmin::text::bigint \
    FROM contacts x WHERE x.company_id = k.company_id AND x.user_id = k.user_id AND x.user_id IS NOT NULL \
    AND (k.wa_id IS NULL OR x.wa_id IS DISTINCT FROM k.wa_id) LIMIT 1)) c \
    LEFT JOIN LATERAL (SELECT s.xmin::text::bigint AS window_version, s.last_in_at, s.session_id, s.started_at, \
    s.activated_at, s.due_at, s.earlier_id, s.earlier_started_at, s.earlier_activated_at, s.source_id, s.about \
    FROM sessions s WHERE s.company_id = c.company_id AND s.phone_number_id = k.number AND s.contact_id = c.id \
    LIMIT 1) s ON true";

/// Which version of a row was read.
type Version = i64;
/// In the place of a version: there is no row.
const ABSENT: Version = -1;

/// A row of [`GLANCE_POSTGRES`].
struct Glimpse {
    contact: ContactColumns,
    version: Version,
    window: WindowKey,
    row: Option<(WindowRow, Version)>,
}

impl FromRow<'_, PgRow> for Glimpse {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let contact: ContactColumns = FromRow::from_row(row)?;
        let (company, id) = (CompanyId::from_raw(contact.0), ContactId::from_raw(contact.1));
        let number: String = row.try_get("number")?;
        let window = (company, Arc::from(number), id);
        let version: Option<Version> = row.try_get("window_version")?;
        let window_row = match version {
            None => None,
            Some(version) => Some((columns(row, &window)?.row().1, version)),
        };
        Ok(Self { contact, version: row.try_get("version")?, window, row: window_row })
    }
}

fn columns(row: &PgRow, key: &WindowKey) -> Result<Columns, sqlx::Error> {
    Ok(Columns {
        company_id: key.0.raw(),
        phone_number_id: key.1.to_string(),
        contact_id: key.2.raw(),
        last_in_at: row.try_get("last_in_at")?,
        session_id: row.try_get("session_id")?,
        started_at: row.try_get("started_at")?,
        activated_at: row.try_get("activated_at")?,
        due_at: row.try_get("due_at")?,
        earlier_id: row.try_get("earlier_id")?,
        earlier_started_at: row.try_get("earlier_started_at")?,
        earlier_activated_at: row.try_get("earlier_activated_at")?,
        source_id: row.try_get("source_id")?,
        about: row.try_get("about")?,
    })
}

/// What a batch makes of it.
pub(crate) struct Foreseen {
    book: Book,
    windows: Windows,
    contact_versions: BTreeMap<ContactKey, Version>,
    /// Also of those that are not there.
    window_versions: BTreeMap<WindowKey, Version>,
}

/// A row that was looked at: which one, its version, and whether it, or what hangs on it, is written.
pub(crate) type Known<K> = (K, Version, bool);

impl Store {
    /// Reads what these events speak of and decides what becomes of it, as [`Store::observe_batch`] does.
    /// `None`: it is more than the short way takes.
    pub(crate) async fn glance(
        &self,
        connection: &mut sqlx::PgConnection,
        seen: &[Seen<'_>],
        companies: &Companies,
        status_id: StatusId,
        now: DateTime<Utc>,
    ) -> Result<Option<(Observations, Foreseen)>, Error> {
        let glimpses = read(connection, seen).await?;
        let Looked { rows, windows, contact_versions, window_versions } = Looked::of(glimpses);
        let mut book = Book::of(rows, now);
        let mentions: Vec<Mention> = seen.iter().map(Mention::of).collect();
        let who = self.find_all(&mut book, &mentions, now);
        // Who got a name in this batch may be meant by it alone, and then its window was not asked for.
        let is_known = |key: &ContactKey| contact_versions.contains_key(key);
        let mut meant = seen.iter().zip(&who).filter_map(|(one, who)| Some((one, (*who)?)));
        let is_missed = |(one, who): (&Seen<'_>, ContactKey)| {
            is_known(&who) && !window_versions.contains_key(&one.key(who))
        };
        if book.is_tangled() || meant.any(is_missed) {
            return Ok(None);
        }
        let mut unheard = asking_for_history(seen, &who, &windows, now);
        if !unheard.is_empty() {
            let Earlier { of, keys } = Earlier::of(seen, &unheard, status_id);
            let events = events_now(connection, &keys).await?;
            let heard = of.into_iter().zip(events).filter(|(_, event)| event.is_some());
            let heard: HashSet<usize> = heard.map(|(place, _)| place).collect();
            unheard.retain(|place| !heard.contains(place));
        }
        let mut round = Round::new(companies, book, windows, unheard);
        let observed = self.go_through(&mut round, seen, &who, now);
        let Round { book, windows, .. } = round;
        Ok(Some((observed, Foreseen { book, windows, contact_versions, window_versions })))
    }
}

async fn read(
    connection: &mut sqlx::PgConnection,
    seen: &[Seen<'_>],
) -> Result<Vec<Glimpse>, Error> {
    let name = |name: Option<&Arc<str>>| name.map(ToString::to_string);
    let wanted: BTreeSet<(i64, Option<String>, Option<String>, String)> = seen
        .iter()
        .map(|one| {
            let names = &one.said.names;
            let (number, person) = (name(names.wa_id()), name(names.user_id()));
            (one.event.company.raw(), number, person, one.said.phone_number_id.to_string())
        })
        .collect();
    let glimpses = sqlx::query_as(GLANCE_POSTGRES)
        .bind(wanted.iter().map(|of| of.0).collect::<Vec<_>>())
        .bind(wanted.iter().map(|of| of.1.as_deref()).collect::<Vec<_>>())
        .bind(wanted.iter().map(|of| of.2.as_deref()).collect::<Vec<_>>())
        .bind(wanted.iter().map(|of| of.3.as_str()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    Ok(glimpses)
}

/// What was read, by its keys.
#[derive(Default)]
struct Looked {
    rows: Vec<ContactColumns>,
    windows: Windows,
    contact_versions: BTreeMap<ContactKey, Version>,
    window_versions: BTreeMap<WindowKey, Version>,
}

impl Looked {
    fn of(glimpses: Vec<Glimpse>) -> Self {
        let mut read = Self::default();
        for Glimpse { contact, version, window, row } in glimpses {
            if read.contact_versions.insert((window.0, window.2), version).is_none() {
                read.rows.push(contact);
            }
            let version = row.as_ref().map_or(ABSENT, |(_, version)| *version);
            read.window_versions.insert(window.clone(), version);
            if let Some((row, _)) = row {
                read.windows.insert(window, (Some(row.clone()), row));
            }
        }
        read
    }
}

impl Foreseen {
    /// The contacts that were there, in the order in which rows are locked. Whose window is written is
    /// locked, too: everybody decides about windows under that lock.
    pub(crate) fn known_contacts(&self) -> Vec<Known<ContactKey>> {
        let with_windows: BTreeSet<ContactKey> =
            changed(&self.windows).map(|(key, ..)| (key.0, key.2)).collect();
        let known = |(key, is_written)| {
            let version = *self.contact_versions.get(&key)?;
            Some((key, version, is_written || with_windows.contains(&key)))
        };
        self.book.known().filter_map(known).collect()
    }

    /// The windows that were looked at, in that order.
    pub(crate) fn known_windows(&self) -> Vec<Known<&WindowKey>> {
        let changed: BTreeSet<&WindowKey> = changed(&self.windows).map(|(key, ..)| key).collect();
        let known = self.window_versions.iter();
        known.map(|(key, version)| (key, *version, changed.contains(key))).collect()
    }

    /// The contacts that are to be written, and whether they are new.
    pub(crate) fn written_contacts(&self) -> Vec<(Row<'_>, bool)> {
        self.book.changes()
    }

    /// The windows that are to be written.
    pub(crate) fn written_windows(&self) -> Vec<Columns> {
        changed(&self.windows).map(|(key, _, after)| Columns::of((key, after))).collect()
    }
}
