//! The statements of the loader, for both databases.

use std::fmt::Write;
use std::ops::Range;

use anyhow::{bail, ensure};
use store::plans::terms;

use crate::loader::{CONTACTS, Party};

/// Unix milliseconds at which ids begin, and how far their time is shifted: domain::id.
const ID_EPOCH_MS: u64 = 1_735_689_600_000;
const ID_TIME_SHIFT: u32 = 22;
const DAY_US: u64 = 86_400_000_000;
const HOUR_US: u64 = 3_600_000_000;
/// When what waits is due: from an hour on, for so many seconds.
const DUE_SPREAD_SECONDS: u64 = 72_000;
const EXHAUSTED: i64 = 2;
const STATUS: i64 = 503;
const TRIES: u64 = 8;
/// How many slices the program merges into one of the first level, and of the second.
const MERGED: u64 = 16;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// Events evenly over a time; the ids of companies are apart from each other.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    first_id: u64,
    step: u64,
    /// Ids of one event and its deliveries.
    width: u64,
    companies: u64,
    pub(crate) events: u64,
}

fn id_at(us: u64) -> u64 {
    (us / 1_000 - ID_EPOCH_MS) << ID_TIME_SHIFT
}

impl Span {
    /// So many events of each company between two times.
    pub(crate) fn over(from: u64, to: u64, events: u64, parties: &[Party]) -> anyhow::Result<Self> {
        let most = parties.iter().map(|party| party.endpoints.len() as u64).max().unwrap_or(1);
        let (width, first_id) = (most + 1, id_at(from));
        let step = (id_at(to) - first_id) / events.max(1);
        let companies = parties.len() as u64;
        ensure!(step >= width * companies, "so many events have no room in the time");
        Ok(Self { first_id, step, width, companies, events })
    }

    /// An event's id, as SQL over its number.
    fn id(&self, party: &Party, number: &str) -> String {
        format!("({} + {number} * {})", self.first_id + party.place * self.width, self.step)
    }

    pub(crate) fn chunks(&self, size: u64) -> impl Iterator<Item = Range<u64>> + use<> {
        let events = self.events;
        let size = size.max(1);
        (0..events).step_by(size as usize).map(move |from| from..events.min(from + size))
    }
}

impl Dialect {
    pub(crate) fn of(url: &str) -> anyhow::Result<Self> {
        match url.split_once(':') {
            Some(("sqlite", _)) => Ok(Self::Sqlite),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres),
            Some(_) | None => bail!("the database URL must begin with sqlite: or postgres://"),
        }
    }

    pub(crate) const fn now_us(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000000",
            Self::Postgres => "SELECT CAST(extract(epoch FROM now()) AS BIGINT) * 1000000",
        }
    }

    /// The numbers of a range, as `n(i)`.
    fn numbers(self, range: Range<u64>) -> String {
        let (from, last) = (range.start, range.end - 1);
        match self {
            Self::Sqlite => format!(
                "(WITH RECURSIVE s(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM s WHERE i < {last}) \
                 SELECT i FROM s) AS n"
            ),
            Self::Postgres => format!("generate_series({from}::bigint, {last}::bigint) AS n(i)"),
        }
    }

    fn bytes(self, text: &str) -> String {
        match self {
            Self::Sqlite => format!("CAST({text} AS BLOB)"),
            Self::Postgres => format!("convert_to({text}, 'UTF8')"),
        }
    }

    /// What an id says of its time, in microseconds.
    fn made_at(id: &str) -> String {
        format!("((({id}) >> {ID_TIME_SHIFT}) + {ID_EPOCH_MS}) * 1000")
    }

    /// The partitions of days that lie behind; those of now the program has made.
    pub(crate) fn partitions(self, from: u64, to: u64) -> Vec<String> {
        if self == Self::Sqlite {
            return Vec::new();
        }
        let mut made = Vec::new();
        for day in from / DAY_US..=to / DAY_US {
            let (low, high) = (id_at(day * DAY_US), id_at((day + 1) * DAY_US));
            for table in ["events", "deliveries", "attempts"] {
                made.push(format!(
                    "DO $$ BEGIN EXECUTE 'CREATE TABLE IF NOT EXISTS {table}_' || \
                     to_char(to_timestamp({}) AT TIME ZONE 'UTC', 'YYYYMMDD') || \
                     ' PARTITION OF {table} FOR VALUES FROM ({low}) TO ({high})'; END $$",
                    day * DAY_US / 1_000_000
                ));
            }
        }
        made
    }

    /// Events, and the keys by which they would be known again.
    pub(crate) fn events(self, party: &Party, span: &Span, events: Range<u64>) -> String {
        let (company, endpoints) = (party.company, party.endpoints.len());
        let (id, numbers) = (span.id(party, "i"), self.numbers(events));
        let contact = format!("CAST(31600000000 + i % {CONTACTS} AS TEXT)");
        let data = self.bytes(&format!(
            "'{{\"bench_number\":' || i || ',\"from\":\"' || {contact} || '\",\"type\":\"text\",\"text\":{{\"body\":\"{}\"}}}}'",
            crate::client::TEXT
        ));
        let at = Self::made_at("id");
        let hash = match self {
            Self::Sqlite => "random()",
            Self::Postgres => "hashint8extended(id, 0)",
        };
        let unsynced = match self {
            Self::Sqlite => "",
            Self::Postgres => "SET synchronous_commit = off; ",
        };
        format!(
            "{unsynced}INSERT INTO events (id, company_id, event_type, source_id, subject, occurred_at, accepted_at, data, deliveries) \
             SELECT id, {company}, 'message.received', 0, {contact}, {at}, {at}, {data}, {endpoints} \
             FROM (SELECT {id} AS id, i FROM {numbers}) e; \
             INSERT INTO event_keys (company_id, source_id, key_hash, key_check, body_hash, event_id, deliveries, created_at) \
             SELECT {company}, 0, {hash}, id, id, id, {endpoints}, {at} FROM (SELECT {id} AS id FROM {numbers}) e \
             WHERE true ON CONFLICT DO NOTHING; "
        )
    }

    /// The endpoints with their places from 1, as `t(place, endpoint)`.
    fn endpoints(party: &Party) -> String {
        let mut text = String::from("(");
        for (place, endpoint) in party.endpoints.iter().enumerate() {
            let all = if place == 0 { "" } else { " UNION ALL " };
            // A string takes all.
            let _ = write!(text, "{all}SELECT {} AS place, {endpoint} AS endpoint", place + 1);
        }
        text + ") AS t"
    }

    /// History; some of it exhausted, with the last of its attempts.
    pub(crate) fn finished(
        self,
        party: &Party,
        span: &Span,
        events: Range<u64>,
        exhausted_every: u64,
    ) -> String {
        let (company, endpoints) = (party.company, Self::endpoints(party));
        let (id, numbers) = (span.id(party, "i"), self.numbers(events));
        let at = Self::made_at("event");
        let failed = format!("(place = 1 AND i % {exhausted_every} = 0)");
        let rows = format!(
            "(SELECT {id} AS event, {id} + place AS id, endpoint, place, i FROM {numbers} CROSS JOIN {endpoints}) d"
        );
        let nothing = self.bytes("''");
        format!(
            "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, tries_before, \
             finished_at, format, render_version, started_at, duration_us, status_code, truncated) \
             SELECT id, {company}, 0, endpoint, event, CASE WHEN {failed} THEN {EXHAUSTED} ELSE 1 END, \
             CASE WHEN {failed} THEN {TRIES} ELSE 1 END, 0, {at} + 2000, 0, 1, \
             CASE WHEN {failed} THEN NULL ELSE {at} + 1000 END, CASE WHEN {failed} THEN NULL ELSE 1000 END, \
             CASE WHEN {failed} THEN NULL ELSE 200 END, 0 FROM {rows}; \
             INSERT INTO attempts (delivery_id, company_id, number, started_at, duration_us, status_code, request) \
             SELECT id, {company}, {TRIES}, {at} + 1000, 1000, {STATUS}, {nothing} FROM {rows} WHERE {failed}; "
        )
    }

    /// What waits, hours for the most part.
    pub(crate) fn pending(
        self,
        party: &Party,
        span: &Span,
        events: Range<u64>,
        (due, now_us): (u64, u64),
    ) -> String {
        let (company, endpoints) = (party.company, Self::endpoints(party));
        let (id, numbers) = (span.id(party, "i"), self.numbers(events));
        let at = Self::made_at("event");
        let later = now_us + HOUR_US;
        format!(
            "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, tries, schedule_began) \
             SELECT event + place, {company}, endpoint, event, CASE WHEN i < {due} THEN {at} \
             ELSE {later} + (i * 7919 + place * 104729) % {DUE_SPREAD_SECONDS} * 1000000 END, 0, {at} \
             FROM (SELECT {id} AS event, endpoint, place, i FROM {numbers} CROSS JOIN {endpoints}) d; "
        )
    }

    fn shelf(self, party: &Party) -> i64 {
        match self {
            Self::Sqlite => 0,
            Self::Postgres => party.company,
        }
    }

    /// How many events of each company are in a slice. On SQLite a slice is of all companies.
    fn slice_events(self, span: &Span, ids: u64) -> u64 {
        let companies = match self {
            Self::Sqlite => span.companies,
            Self::Postgres => 1,
        };
        (ids / span.width / companies).max(1)
    }

    /// How often the slices of a span have been merged, and how many are in one since then.
    fn merged(self, span: &Span, ids: u64) -> (u64, u64) {
        let slices = span.events / self.slice_events(span, ids);
        match slices {
            0..MERGED => (0, 1),
            _ if slices < MERGED * MERGED => (1, MERGED),
            _ => (2, MERGED * MERGED),
        }
    }

    /// The number of an event's slice: in the order of time over both spans.
    fn slice(self, span: &Span, number: &str, ids: u64) -> String {
        let each = self.slice_events(span, ids) * self.merged(span, ids).1;
        format!("({} + {number} / {each})", Self::first_slice(span))
    }

    /// Seconds since 2025: more than there are slices.
    fn first_slice(span: &Span) -> u64 {
        (span.first_id >> ID_TIME_SHIFT) / 1_000 * 10
    }

    /// Where events of a contact are, and which finished deliveries are exhausted.
    pub(crate) fn subject_terms(
        self,
        party: &Party,
        span: &Span,
        events: Range<u64>,
        (ids, exhausted_every): (u64, Option<u64>),
    ) -> String {
        let (company, shelf, endpoints) = (party.company, self.shelf(party), party.endpoints.len());
        let (id, numbers) = (span.id(party, "i"), self.numbers(events));
        let slice = self.slice(span, "i", ids);
        let mut text = format!(
            "INSERT INTO search_terms (shelf, slice, term, last_id, span) \
             SELECT {shelf}, {slice}, b.term, {id} + {endpoints}, {endpoints} FROM {numbers} \
             JOIN bench_terms b ON b.company = {company} AND b.contact = i % {CONTACTS} WHERE true ON CONFLICT DO NOTHING; "
        );
        let Some(every) = exhausted_every else { return text };
        let ends = terms::of_end(company, party.endpoints[0], EXHAUSTED, STATUS);
        let ends: Vec<String> = ends.iter().map(|term| format!("SELECT {term} AS term")).collect();
        // A string takes all.
        let _ = write!(
            text,
            "INSERT INTO search_terms (shelf, slice, term, last_id, span) \
             SELECT {shelf}, {slice}, t.term, {id} + 1, 0 FROM {numbers} CROSS JOIN ({}) AS t \
             WHERE i % {every} = 0 ON CONFLICT DO NOTHING; ",
            ends.join(" UNION ALL ")
        );
        text
    }

    /// The slices of a span, and what is everywhere in them: the company, the type, each endpoint.
    pub(crate) fn slices(self, party: &Party, span: &Span, ids: u64) -> String {
        if span.events == 0 {
            return String::from("SELECT 1");
        }
        let (company, shelf) = (party.company, self.shelf(party));
        let (level, merged) = self.merged(span, ids);
        let each = self.slice_events(span, ids);
        let parts = self.numbers(0..span.events.div_ceil(each));
        let numbers = self.numbers(0..span.events.div_ceil(each * merged));
        let reach = |events: u64| {
            let first = span.id(party, &format!("(i * {events})"));
            let last = format!("({first} + {})", (events - 1) * span.step + span.width - 1);
            (first, last)
        };
        let (first, last) = reach(each * merged);
        let (part_first, part_last) = reach(each);
        // On SQLite the first company writes the slices of all.
        let (wide, mine) = match self {
            Self::Sqlite => (span.width * (span.companies - 1), party.place == 0),
            Self::Postgres => (0, true),
        };
        let slice = format!("({} + i)", Self::first_slice(span));
        let slice_of_part = format!("({} + i / {merged})", Self::first_slice(span));
        let mut all = vec![terms::of_company(company)];
        all.extend(terms::of_event(company, "message.received", "").into_iter().take(2));
        all.extend(party.endpoints.iter().map(|id| terms::of_endpoint(company, *id)));
        let all: Vec<String> = all.iter().map(|term| format!("SELECT {term} AS term")).collect();
        format!(
            "INSERT INTO search_slices (shelf, slice, first_id, last_id, level) \
             SELECT {shelf}, {slice}, {first}, {last} + {wide}, {level} FROM {numbers} WHERE {mine} ON CONFLICT DO NOTHING; \
             INSERT INTO search_terms (shelf, slice, term, last_id, span) \
             SELECT {shelf}, {slice_of_part}, t.term, {part_last}, {part_last} - {part_first} FROM {parts} CROSS JOIN ({}) AS t \
             WHERE true ON CONFLICT DO NOTHING",
            all.join(" UNION ALL ")
        )
    }

    /// Owned by nobody, due with what is due first.
    pub(crate) fn lanes(self, party: &Party) -> String {
        format!(
            "INSERT INTO lanes (endpoint_id, company_id, next_due) \
             SELECT endpoint_id, company_id, min(due_at) FROM pending WHERE company_id = {0} \
             GROUP BY endpoint_id, company_id ON CONFLICT (endpoint_id) DO UPDATE SET next_due = excluded.next_due",
            party.company
        )
    }

    /// Counts of the attempts: minutes of two days, hours of ten.
    pub(crate) fn stats(self, party: &Party, now_us: u64) -> String {
        let mut of = vec![0];
        of.extend(&party.endpoints);
        let of: Vec<String> = of.iter().map(|id| format!("SELECT {id} AS endpoint")).collect();
        let of = of.join(" UNION ALL ");
        let mut text = String::new();
        for (grain, count) in [(60, 2_880 - 60), (3_600, 240)] {
            let began = format!("({} - i * {grain}) * 1000000", now_us / 1_000_000 / grain * grain);
            for (code, success, attempts) in [(200, 1, 1_000), (STATUS, 0, 10)] {
                // A string takes all.
                let _ = write!(
                    text,
                    "INSERT INTO stats SELECT {}, t.endpoint, {grain}, {began}, {code}, {success}, 0, {attempts}, \
                     {attempts}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM {} CROSS JOIN ({of}) AS t WHERE true ON CONFLICT DO NOTHING; ",
                    party.company,
                    self.numbers(2..count)
                );
            }
        }
        text
    }

    /// From here on the walk goes on by itself.
    pub(crate) fn index_reaches(self, until_us: u64) -> String {
        let next = id_at(until_us);
        let shelves = match self {
            Self::Sqlite => "SELECT 0 AS shelf".to_owned(),
            Self::Postgres => "SELECT id AS shelf FROM companies".to_owned(),
        };
        format!(
            "UPDATE search_state SET next = {next} WHERE name = 'walk' AND next < {next}; \
             INSERT INTO search_shelves (shelf, done, slices) SELECT shelf, {next}, {} FROM ({shelves}) s \
             WHERE true ON CONFLICT (shelf) DO UPDATE SET done = excluded.done, slices = excluded.slices",
            next >> ID_TIME_SHIFT
        )
    }

    /// Statistics, and what a vacuum would do later anyhow.
    pub(crate) const fn tidy(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["DROP TABLE bench_terms", "PRAGMA wal_checkpoint(TRUNCATE)"],
            Self::Postgres => &["DROP TABLE bench_terms", "VACUUM (ANALYZE)", "CHECKPOINT"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: u64 = 1_795_000_000_000_000;

    fn parties() -> Vec<Party> {
        let endpoints = |count: i64| (1..=count).collect();
        vec![
            Party { company: 5, place: 0, endpoints: endpoints(3) },
            Party { company: 6, place: 1, endpoints: endpoints(1) },
        ]
    }

    #[test]
    fn events_have_room_for_the_deliveries_of_all_companies() {
        let span = Span::over(FROM, FROM + 1_000_000, 1_000, &parties()).unwrap();
        assert_eq!((span.width, span.events, span.companies), (4, 1_000, 2));
        assert!(span.step >= 8);
        let last = span.first_id + 1_000 * span.step;
        assert!(id_at(FROM) == span.first_id && last <= id_at(FROM + 1_000_000));
        assert_eq!(
            span.id(&parties()[1], "i"),
            format!("({} + i * {})", span.first_id + 4, span.step)
        );
        assert!(Span::over(FROM, FROM + 1_000, 1_000_000, &parties()).is_err());
    }

    #[test]
    fn chunks_are_all_events_once() {
        let span = Span::over(FROM, FROM + 1_000_000, 25, &parties()).unwrap();
        assert_eq!(span.chunks(10).collect::<Vec<_>>(), [0..10, 10..20, 20..25]);
        let none = Span::over(FROM, FROM + 1_000_000, 0, &parties()).unwrap();
        assert_eq!(none.chunks(10).count(), 0);
    }

    #[test]
    fn slices_of_sqlite_are_of_all_companies_and_grow_with_time() {
        let early = Span::over(FROM, FROM + 1_000_000, 25, &parties()).unwrap();
        let late = Span::over(FROM + 2_000_000_000, FROM + 2_001_000_000, 25, &parties()).unwrap();
        assert_eq!(Dialect::Postgres.slice_events(&early, 2_000), 500);
        assert_eq!(Dialect::Sqlite.slice_events(&early, 2_000), 250);
        assert!(Dialect::first_slice(&early) < Dialect::first_slice(&late));
    }

    #[test]
    fn a_database_is_known_by_its_url() {
        assert_eq!(Dialect::of("sqlite://x.db").unwrap(), Dialect::Sqlite);
        assert_eq!(Dialect::of("postgres://u@h/d").unwrap(), Dialect::Postgres);
        assert!(Dialect::of("mysql://h").is_err());
        assert!(Dialect::Sqlite.partitions(FROM, FROM + DAY_US).is_empty());
        assert_eq!(Dialect::Postgres.partitions(FROM, FROM + DAY_US).len(), 6);
    }
}
