//! The short way of what says something of contacts and their sessions, and of formats other than the
//! usual: the same statement with more in it, and a glance at the contacts before it.

use crate::contact_rows::{self, Row, contacts_insert, contacts_on_conflict};
use crate::contacts::ContactKey;
use crate::ingest_rows::{PendingRow, PgQuery, events_insert};
use crate::ingest_straight::{as_known, checks, keys_insert, writes};
use crate::lane_rows::is_passed;
use crate::session_rows::{self, Columns, WindowKey, sessions_insert, sessions_on_conflict};
use crate::sessions_glance::{Foreseen, Known};
use crate::short_way::not_so;

/// Writes fresh deliveries with their formats.
macro_rules! pending_with_format {
    () => {
        "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, claimed_by, schedule_began, expires_at, \
         format, render_version) SELECT * FROM unnest((SELECT $12::bigint[]),$13::bigint[],$14::bigint[],$15::bigint[],$16::bigint[],\
         $17::bigint[],$18::bigint[],$19::bigint[],$32::bigint[],$33::bigint[])"
    };
}
/// Which rows of `c` (contacts) and `w` (windows) are as they were read, when the statement begins; a window
/// that was not there has the version -1.
macro_rules! contact_is_as_read {
    () => {
        "c.version = (SELECT y.xmin::text::bigint FROM contacts y WHERE y.company_id = c.company AND y.id = c.id)"
    };
}
macro_rules! window_is_as_read {
    () => {
        "w.version = COALESCE((SELECT y.xmin::text::bigint FROM sessions y WHERE y.company_id = w.company \
         AND y.phone_number_id = w.number AND y.contact_id = w.contact), -1)"
    };
}

/// Like [`crate::ingest_straight::STRAIGHT_POSTGRES`], with the deliveries' formats, where contacts and
/// windows are as they were read when this statement begins: as if it had come before whoever changes them
/// meanwhile.
pub(crate) const SEEN_POSTGRES: &str = concat!(
    writes!(pending_with_format!()),
    " SELECT CASE WHEN ",
    as_known!(),
    " AND (SELECT count(*) FROM unnest((SELECT $34::bigint[]),$35::bigint[],$36::bigint[]) AS c(company, id, version) WHERE ",
    contact_is_as_read!(),
    ") = cardinality($35::bigint[]) AND (SELECT count(*) \
     FROM unnest((SELECT $37::bigint[]),$38::text[],$39::bigint[],$40::bigint[]) AS w(company, number, contact, version) WHERE ",
    window_is_as_read!(),
    ") = cardinality($39::bigint[]) THEN 1 ELSE ",
    not_so!("(SELECT count(*) FROM k)"),
    " END"
);
pub(crate) const SEEN_PARAMETERS: usize = 40;

/// The same, and writes contacts and windows. Those contacts are locked, also where only their window is
/// written, before their windows are, as on the long way. Who has a lock is waited for, and has made another
/// version of the row; what somebody has made meanwhile is met where it is written.
pub(crate) const SAID_POSTGRES: &str = concat!(
    writes!(pending_with_format!()),
    ", c AS (SELECT * FROM unnest((SELECT $34::bigint[]),$35::bigint[],$36::bigint[],$41::boolean[]) AS t(company, id, version, locked)), \
     w AS (SELECT * FROM unnest((SELECT $37::bigint[]),$38::text[],$39::bigint[],$40::bigint[],$42::boolean[]) \
     AS t(company, number, contact, version, locked)), \
     n AS (SELECT * FROM unnest((SELECT $43::bigint[]),$44::bigint[],$45::text[],$46::text[],$47::bigint[],$48::bigint[],$49::boolean[]) \
     AS t(company_id, id, wa_id, user_id, wrote_at, created_at, is_new)), \
     cl AS (SELECT x.id FROM c CROSS JOIN LATERAL (SELECT y.id FROM contacts y WHERE y.company_id = c.company AND y.id = c.id \
     AND y.xmin::text::bigint = c.version LIMIT 1 FOR UPDATE) x WHERE c.locked), \
     cn AS (",
    contacts_insert!(),
    " SELECT company_id, id, wa_id, user_id, wrote_at, created_at FROM n WHERE is_new \
     AND (SELECT count(*) FROM cl) = $63 ON CONFLICT DO NOTHING RETURNING 1), \
     cu AS (",
    contacts_insert!(),
    " SELECT company_id, id, wa_id, user_id, wrote_at, created_at FROM n WHERE NOT is_new \
     AND (SELECT count(*) FROM cl) = $63 AND (SELECT count(*) FROM cn) = $65 ",
    contacts_on_conflict!(),
    " RETURNING 1), \
     ww AS (",
    sessions_insert!(),
    " SELECT * FROM unnest((SELECT $50::bigint[]),$51::text[],$52::bigint[],$53::bigint[],$54::bigint[],$55::bigint[],$56::bigint[],\
     $57::bigint[],$58::bigint[],$59::bigint[],$60::bigint[],$61::bigint[],$62::text[]) AS t \
     WHERE (SELECT count(*) FROM cl) = $63 AND (SELECT count(*) FROM cn) + (SELECT count(*) FROM cu) = cardinality($44::bigint[]) ",
    sessions_on_conflict!(),
    " WHERE (sessions.company_id, sessions.phone_number_id, sessions.contact_id, sessions.xmin::text::bigint) \
     IN (SELECT company, number, contact, version FROM w) RETURNING 1) \
     SELECT CASE WHEN ",
    as_known!(),
    " AND (SELECT count(*) FROM cl) = $63 AND (SELECT count(*) FROM c WHERE NOT c.locked AND ",
    contact_is_as_read!(),
    ") = cardinality($35::bigint[]) - $63 AND (SELECT count(*) FROM w WHERE NOT w.locked AND ",
    window_is_as_read!(),
    ") = cardinality($39::bigint[]) - $64 \
     AND (SELECT count(*) FROM cn) + (SELECT count(*) FROM cu) = cardinality($44::bigint[]) \
     AND (SELECT count(*) FROM ww) = cardinality($52::bigint[]) THEN 1 ELSE ",
    not_so!("(SELECT count(*) FROM k)"),
    " END"
);
pub(crate) const SAID_PARAMETERS: usize = 65;

/// What is bound of contacts and windows; by default nothing is said of anybody.
#[derive(Default)]
pub(crate) struct SaidRows<'a> {
    contacts: Vec<Known<ContactKey>>,
    windows: Vec<Known<&'a WindowKey>>,
    written_contacts: Vec<(Row<'a>, bool)>,
    written_windows: Vec<Columns>,
}

impl<'a> SaidRows<'a> {
    pub(crate) fn of(outcome: &'a Foreseen) -> Self {
        Self {
            contacts: outcome.known_contacts(),
            windows: outcome.known_windows(),
            written_contacts: outcome.written_contacts(),
            written_windows: outcome.written_windows(),
        }
    }

    /// The statement for it.
    pub(crate) const fn sql(&self) -> &'static str {
        if self.is_as_read() { SEEN_POSTGRES } else { SAID_POSTGRES }
    }

    const fn is_as_read(&self) -> bool {
        self.written_contacts.is_empty() && self.written_windows.is_empty()
    }

    /// Binds it, after what the plain statement has.
    pub(crate) fn bind<'q>(&'q self, query: PgQuery<'q>, rows: &[PendingRow]) -> PgQuery<'q> {
        let (formats, versions): (Vec<i64>, Vec<i64>) =
            rows.iter().map(|row| row.rendering.numbers()).unzip();
        let query = self.bind_known(query.bind(formats).bind(versions));
        if self.is_as_read() {
            return query;
        }
        let (contacts, windows) = (locked(&self.contacts), locked(&self.windows));
        let new: Vec<bool> = self.written_contacts.iter().map(|(_, is_new)| *is_new).collect();
        let counts = [&contacts, &windows, &new].map(|which| count(which));
        let query = query.bind(contacts).bind(windows);
        let query =
            contact_rows::bind_rows(query, self.written_contacts.iter().map(|(row, _)| row));
        let query = session_rows::bind_rows(query.bind(new), &self.written_windows);
        counts.into_iter().fold(query, PgQuery::bind)
    }

    fn bind_known<'q>(&'q self, query: PgQuery<'q>) -> PgQuery<'q> {
        let (contacts, windows) = (self.contacts.iter(), self.windows.iter());
        query
            .bind(contacts.clone().map(|(key, ..)| key.0.raw()).collect::<Vec<_>>())
            .bind(contacts.clone().map(|(key, ..)| key.1.raw()).collect::<Vec<_>>())
            .bind(contacts.map(|(_, version, _)| *version).collect::<Vec<_>>())
            .bind(windows.clone().map(|(key, ..)| key.0.raw()).collect::<Vec<_>>())
            .bind(windows.clone().map(|(key, ..)| key.1.as_ref()).collect::<Vec<&str>>())
            .bind(windows.clone().map(|(key, ..)| key.2.raw()).collect::<Vec<_>>())
            .bind(windows.map(|(_, version, _)| *version).collect::<Vec<_>>())
    }
}

fn locked<K>(known: &[Known<K>]) -> Vec<bool> {
    known.iter().map(|(.., is_locked)| *is_locked).collect()
}

fn count(which: &[bool]) -> i64 {
    which.iter().map(|is| i64::from(*is)).sum()
}
