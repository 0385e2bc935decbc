//! The short way of what says something of contacts and their sessions, and of formats other than the
//! usual: the same statement with more in it, and a glance at the contacts before it.

use crate::contacts::{self, ContactKey, Row, contacts_insert, contacts_on_conflict};
use crate::ingest_rows::{PendingRow, PgQuery, events_insert};
use crate::ingest_straight::{as_known, checks, keys_insert};
use crate::session_rows::{self, Columns, WindowKey, sessions_insert, sessions_on_conflict};
use crate::sessions_glance::{Known, Outcome};
use crate::short_way::not_so;

/// Like [`crate::ingest_straight::STRAIGHT_POSTGRES`], with the deliveries' formats, and with contacts and
/// windows. Those that are written, or whose windows are, are locked as on the long way: contacts before
/// windows, in the order of their keys. All others are as they were when this statement began, as if it had
/// come before whoever changes them meanwhile. A lock waits for whoever has it, and then the row has another
/// version; what another one has made meanwhile is met where it is written.
pub(crate) const SAID_POSTGRES: &str = concat!(
    "WITH e AS (",
    events_insert!(),
    "), p AS (INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, claimed_by, schedule_began, expires_at, \
     format, render_version) SELECT * FROM unnest($12::bigint[],$13::bigint[],$14::bigint[],$15::bigint[],$16::bigint[],\
     $17::bigint[],$18::bigint[],$19::bigint[],$32::bigint[],$33::bigint[])), ",
    checks!(),
    ", ",
    keys_insert!(),
    ", c AS (SELECT * FROM unnest($34::bigint[],$35::bigint[],$36::bigint[],$37::boolean[]) AS t(company, id, version, locked)), \
     w AS (SELECT * FROM unnest($38::bigint[],$39::text[],$40::bigint[],$41::bigint[],$42::boolean[]) \
     AS t(company, number, contact, version, locked)), \
     cl AS (SELECT x.id FROM c CROSS JOIN LATERAL (SELECT y.id FROM contacts y WHERE y.company_id = c.company AND y.id = c.id \
     AND y.xmin::text::bigint = c.version LIMIT 1 FOR UPDATE) x WHERE c.locked), \
     cs AS (SELECT x.id FROM c CROSS JOIN LATERAL (SELECT y.id FROM contacts y WHERE y.company_id = c.company AND y.id = c.id \
     AND y.xmin::text::bigint = c.version LIMIT 1) x WHERE NOT c.locked), \
     cn AS (",
    contacts_insert!(),
    " SELECT company, id, wa_id, user_id, wrote_at, created_at \
     FROM unnest($43::bigint[],$44::bigint[],$45::text[],$46::text[],$47::bigint[],$48::bigint[],$49::boolean[]) \
     AS t(company, id, wa_id, user_id, wrote_at, created_at, is_new) \
     WHERE is_new AND (SELECT count(*) FROM cl) = $64 ON CONFLICT DO NOTHING RETURNING 1), \
     cu AS (",
    contacts_insert!(),
    " SELECT company, id, wa_id, user_id, wrote_at, created_at \
     FROM unnest($43::bigint[],$44::bigint[],$45::text[],$46::text[],$47::bigint[],$48::bigint[],$49::boolean[]) \
     AS t(company, id, wa_id, user_id, wrote_at, created_at, is_new) \
     WHERE NOT is_new AND (SELECT count(*) FROM cl) = $64 ",
    contacts_on_conflict!(),
    " RETURNING 1), \
     wl AS (SELECT x.contact_id FROM w CROSS JOIN LATERAL (SELECT y.contact_id FROM sessions y WHERE y.company_id = w.company \
     AND y.phone_number_id = w.number AND y.contact_id = w.contact AND y.xmin::text::bigint = w.version LIMIT 1 FOR UPDATE) x \
     WHERE w.locked AND (SELECT count(*) FROM cl) = $64), \
     ws AS (SELECT x.contact_id FROM w CROSS JOIN LATERAL (SELECT y.contact_id FROM sessions y WHERE y.company_id = w.company \
     AND y.phone_number_id = w.number AND y.contact_id = w.contact AND y.xmin::text::bigint = w.version LIMIT 1) x \
     WHERE NOT w.locked), \
     n AS (SELECT * FROM unnest($50::bigint[],$51::text[],$52::bigint[],$53::bigint[],$54::bigint[],$55::bigint[],$56::bigint[],\
     $57::bigint[],$58::bigint[],$59::bigint[],$60::bigint[],$61::bigint[],$62::text[],$63::boolean[]) AS t(company_id, \
     phone_number_id, contact_id, last_in_at, session_id, started_at, activated_at, due_at, earlier_id, earlier_started_at, \
     earlier_activated_at, source_id, about, is_new)), \
     wn AS (",
    sessions_insert!(),
    " SELECT company_id, phone_number_id, contact_id, last_in_at, session_id, started_at, \
     activated_at, due_at, earlier_id, earlier_started_at, earlier_activated_at, source_id, about FROM n WHERE is_new \
     AND (SELECT count(*) FROM cl) = $64 AND (SELECT count(*) FROM cn) = $66 ON CONFLICT DO NOTHING RETURNING 1), \
     wu AS (",
    sessions_insert!(),
    " SELECT company_id, phone_number_id, contact_id, last_in_at, session_id, started_at, \
     activated_at, due_at, earlier_id, earlier_started_at, earlier_activated_at, source_id, about FROM n WHERE NOT is_new \
     AND (SELECT count(*) FROM wl) = $65 ",
    sessions_on_conflict!(),
    " RETURNING 1) \
     SELECT CASE WHEN ",
    as_known!(),
    " AND (SELECT count(*) FROM cl) = $64 AND (SELECT count(*) FROM cs) = cardinality($35::bigint[]) - $64 \
     AND (SELECT count(*) FROM wl) = $65 AND (SELECT count(*) FROM ws) = cardinality($40::bigint[]) - $65 \
     AND (SELECT count(*) FROM cn) = $66 AND (SELECT count(*) FROM wn) = $67 THEN 1 ELSE ",
    not_so!("(SELECT count(*) FROM k)"),
    " END"
);
pub(crate) const SAID_PARAMETERS: usize = 67;

/// What is bound to it of contacts and windows; by default nothing is said of anybody.
#[derive(Default)]
pub(crate) struct SaidRows<'a> {
    contacts: Vec<Known<ContactKey>>,
    windows: Vec<Known<&'a WindowKey>>,
    written_contacts: Vec<(Row<'a>, bool)>,
    written_windows: Vec<Columns>,
    new_windows: Vec<bool>,
}

impl<'a> SaidRows<'a> {
    pub(crate) fn of(outcome: &'a Outcome) -> Self {
        let (written_windows, new_windows) = outcome.written_windows();
        Self {
            contacts: outcome.known_contacts(),
            windows: outcome.known_windows(),
            written_contacts: outcome.written_contacts(),
            written_windows,
            new_windows,
        }
    }

    /// Binds it, after what the plain statement has.
    pub(crate) fn bind<'q>(&'q self, query: PgQuery<'q>, rows: &[PendingRow]) -> PgQuery<'q> {
        let (formats, versions): (Vec<i64>, Vec<i64>) =
            rows.iter().map(|row| row.rendering.numbers()).unzip();
        let query = self.bind_known(query.bind(formats).bind(versions));
        let query = contacts::bind_rows(query, self.written_contacts.iter().map(|(row, _)| row));
        let new_contacts: Vec<bool> = self.written_contacts.iter().map(|(_, new)| *new).collect();
        let (contacts, windows) = (count(&new_contacts), count(&self.new_windows));
        session_rows::bind_rows(query.bind(new_contacts), &self.written_windows)
            .bind(self.new_windows.as_slice())
            .bind(locked(&self.contacts))
            .bind(locked(&self.windows))
            .bind(contacts)
            .bind(windows)
    }

    fn bind_known<'q>(&'q self, query: PgQuery<'q>) -> PgQuery<'q> {
        let (contacts, windows) = (self.contacts.iter(), self.windows.iter());
        query
            .bind(contacts.clone().map(|(key, ..)| key.0.raw()).collect::<Vec<_>>())
            .bind(contacts.clone().map(|(key, ..)| key.1.raw()).collect::<Vec<_>>())
            .bind(contacts.clone().map(|(_, version, _)| *version).collect::<Vec<_>>())
            .bind(contacts.map(|(.., is_locked)| *is_locked).collect::<Vec<_>>())
            .bind(windows.clone().map(|(key, ..)| key.0.raw()).collect::<Vec<_>>())
            .bind(windows.clone().map(|(key, ..)| key.1.as_ref()).collect::<Vec<&str>>())
            .bind(windows.clone().map(|(key, ..)| key.2.raw()).collect::<Vec<_>>())
            .bind(windows.clone().map(|(_, version, _)| *version).collect::<Vec<_>>())
            .bind(windows.map(|(.., is_locked)| *is_locked).collect::<Vec<_>>())
    }
}

fn locked<K>(known: &[Known<K>]) -> i64 {
    count(&known.iter().map(|(.., is_locked)| *is_locked).collect::<Vec<_>>())
}

fn count(which: &[bool]) -> i64 {
    which.iter().map(|is| i64::from(*is)).sum()
}
