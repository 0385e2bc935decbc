//! Fills a database that the program has made, past the program and in bulk: history of days, and
//! deliveries that wait.
//!
//! It stands on what is there: every company with endpoints gets the same share, and each event goes
//! to all endpoints of its company. Bodies are as the load makes them; what an attempt sent and got is
//! left out, which is what makes real history wider. Keys, stats and the index behind the lists are
//! filled as the program would have done.

use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::{StreamExt, TryStreamExt};
use store::plans::terms;
use testkit::sql;

use crate::loader_sql::{Dialect, Span};

/// Deliveries that one statement adds: one transaction of all would slow SQLite down until a
/// checkpoint, and fill the disk with PostgreSQL's log.
const ROWS_PER_STATEMENT: u64 = 200_000;
/// Statements that run beside each other on PostgreSQL.
const LOADERS: usize = 2;
/// Over how long history was made, and when what waits was.
const HISTORY: Duration = Duration::from_secs(10 * 86_400);
const HISTORY_ENDED: Duration = Duration::from_secs(7_200);
const WAITING_SINCE: Duration = Duration::from_secs(3_600);
const WAITING_UNTIL: Duration = Duration::from_secs(600);
/// Contacts of each company.
pub(crate) const CONTACTS: u64 = 10_000;
/// Ids of one slice of the index, as the program cuts them.
const SLICE_IDS: u64 = 2_000;

/// What is to be there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Deliveries that wait.
    pub(crate) pending: u64,
    /// How many of them are due: those of the events with the lowest numbers.
    pub(crate) due: u64,
    /// Deliveries that have ended.
    pub(crate) finished: u64,
    /// Of every so manieth finished event the delivery to the first endpoint is exhausted.
    pub(crate) exhausted_every: u64,
}

/// What was loaded.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Loaded {
    pub(crate) pending: u64,
    pub(crate) finished: u64,
    pub(crate) took: Duration,
}

/// A company and its endpoints.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) company: i64,
    /// Its place among them all, which keeps ids apart.
    pub(crate) place: u64,
    pub(crate) endpoints: Vec<i64>,
}

/// Loads, while no program runs on the database.
pub(crate) async fn load(url: &str, load: Load) -> anyhow::Result<Loaded> {
    let began = Instant::now();
    let dialect = Dialect::of(url)?;
    let now_us = sql::number(url, dialect.now_us()).await? as u64;
    let parties = parties(url).await?;
    let mut loaded = Loaded::default();
    let at = |ago: Duration| now_us - ago.as_micros() as u64;
    let history = (at(HISTORY), at(HISTORY_ENDED));
    let waiting = (at(WAITING_SINCE), at(WAITING_UNTIL));
    for statement in dialect.partitions(history.0, history.1) {
        sql::execute(url, &statement).await.context("a partition of history")?;
    }
    contact_terms(url, &parties).await?;
    let shared = parties.len() as u64;
    let (mut statements, mut after) = (Vec::new(), Vec::new());
    for party in &parties {
        let each = party.endpoints.len() as u64;
        for (deliveries, (from, to), finished) in
            [(load.finished, history, true), (load.pending, waiting, false)]
        {
            let span = Span::over(from, to, deliveries / shared / each, &parties)?;
            let (due, every) = (load.due / shared / each, load.exhausted_every.max(1));
            for events in span.chunks(ROWS_PER_STATEMENT / each) {
                let mut text = dialect.events(party, &span, events.clone());
                let rows = (events.end - events.start) * each;
                if finished {
                    text.push_str(&dialect.finished(party, &span, events.clone(), every));
                    loaded.finished += rows;
                } else {
                    text.push_str(&dialect.pending(party, &span, events.clone(), (due, now_us)));
                    loaded.pending += rows;
                }
                text.push_str(&dialect.subject_terms(
                    party,
                    &span,
                    events,
                    (SLICE_IDS, finished.then_some(every)),
                ));
                statements.push(text);
            }
            after.push(dialect.slices(party, &span, SLICE_IDS));
        }
        after.push(dialect.lanes(party));
        after.push(dialect.stats(party, now_us));
    }
    run(url, dialect, statements).await?;
    // One after the other: they number the slices of a shelf.
    after.push(dialect.index_reaches(at(WAITING_UNTIL / 2)));
    for statement in &after {
        sql::execute(url, statement).await.context("the index, lanes and stats")?;
    }
    for statement in dialect.tidy() {
        sql::execute(url, statement).await.context("tidying up")?;
    }
    loaded.took = began.elapsed();
    Ok(loaded)
}

async fn run(url: &str, dialect: Dialect, statements: Vec<String>) -> anyhow::Result<()> {
    let beside = match dialect {
        Dialect::Sqlite => 1,
        Dialect::Postgres => LOADERS,
    };
    futures_util::stream::iter(statements)
        .map(|text| async move { sql::execute(url, &text).await.context("rows cannot be loaded") })
        .buffer_unordered(beside)
        .try_for_each(|_| async { Ok(()) })
        .await
}

async fn parties(url: &str) -> anyhow::Result<Vec<Party>> {
    let query = "SELECT company_id, id FROM endpoints WHERE deleted_at IS NULL ORDER BY 1, 2";
    let mut parties: Vec<Party> = Vec::new();
    for (company, endpoint) in sql::pairs(url, query).await? {
        match parties.last_mut() {
            Some(party) if party.company == company => party.endpoints.push(endpoint),
            Some(_) | None => {
                let place = parties.len() as u64;
                parties.push(Party { company, place, endpoints: vec![endpoint] });
            }
        }
    }
    ensure!(!parties.is_empty(), "the database has no endpoint: make some with the program first");
    Ok(parties)
}

/// The terms of contacts, in a table of its own until all is loaded: a hash that SQL cannot make.
async fn contact_terms(url: &str, parties: &[Party]) -> anyhow::Result<()> {
    let table = "DROP TABLE IF EXISTS bench_terms; CREATE TABLE bench_terms \
        (company BIGINT NOT NULL, contact BIGINT NOT NULL, term BIGINT NOT NULL, PRIMARY KEY (company, contact))";
    sql::execute(url, table).await?;
    for party in parties {
        let mut text = String::from("INSERT INTO bench_terms VALUES ");
        for contact in 0..CONTACTS {
            let subject = (31_600_000_000 + contact).to_string();
            let of_event = terms::of_event(party.company, "message.received", &subject);
            let term = of_event.last().context("a subject has a term")?;
            let comma = if contact == 0 { "" } else { "," };
            write!(text, "{comma}({},{contact},{term})", party.company)?;
        }
        sql::execute(url, &text).await.context("the terms of contacts")?;
    }
    Ok(())
}
