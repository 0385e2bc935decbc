//! What is read from the database for a scrape: each reading cheap, none more often than every two
//! seconds, all within one second. What cannot be had in that time is left out.

use std::time::Duration;

use chrono::{DateTime, Utc};
use dispatch::InHand;
use domain::endpoint::Status;
use prometheus_client::registry::Unit;
use store::{OldestDue, Store, WaitingMails};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::families::{Family, Value};

/// How long all readings of a scrape may take.
const READ_WITHIN: Duration = Duration::from_secs(1);
/// How long readings serve scrapes.
const FRESH_FOR: Duration = Duration::from_secs(2);
/// The same for the count of endpoints, which takes the longer the more there are.
const ENDPOINTS_FRESH_FOR: Duration = Duration::from_secs(10);

/// What was read; `None` where it could not be had, or does not exist on this database.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    oldest: Option<OldestDue>,
    endpoints: Option<Vec<(Status, i64)>>,
    mails: Option<WaitingMails>,
    jobs: Option<i64>,
    nodes: Option<u32>,
    stray_rows: Option<i64>,
}

/// What was read last, and when.
#[derive(Debug, Default)]
struct Last {
    at: Option<Instant>,
    readings: Readings,
    endpoints_at: Option<Instant>,
}

/// Reads for one scrape at a time; scrapes that come together share what was read.
#[derive(Debug)]
pub struct Reader {
    store: Store,
    can_mail: bool,
    last: Mutex<Last>,
}

impl Reader {
    /// Without a mail server mails wait for ever, and their age says nothing.
    pub fn new(store: Store, can_mail: bool) -> Self {
        Self { store, can_mail, last: Mutex::default() }
    }

    /// What there is to read, or was read a moment ago.
    pub async fn read(&self, now: DateTime<Utc>) -> Readings {
        let mut last = self.last.lock().await;
        let is_fresh =
            |at: Option<Instant>, time| at.is_some_and(|at: Instant| at.elapsed() < time);
        if is_fresh(last.at, FRESH_FOR) {
            return last.readings.clone();
        }
        let (store, until) = (&self.store, Instant::now() + READ_WITHIN);
        let mut readings = Readings {
            oldest: within(until, "what is due", store.oldest_due(now)).await,
            jobs: within(until, "jobs", store.running_jobs()).await,
            nodes: within(until, "nodes", store.live_nodes()).await,
            ..Readings::default()
        };
        if self.can_mail {
            readings.mails = within(until, "mails", store.waiting_mails(now)).await;
        }
        if store.is_partitioned() {
            let rows = store.rows_in_default_partitions();
            readings.stray_rows = within(until, "default partitions", rows).await;
        }
        readings.endpoints = last.readings.endpoints.take();
        if readings.endpoints.is_none() || !is_fresh(last.endpoints_at, ENDPOINTS_FRESH_FOR) {
            readings.endpoints = within(until, "endpoints", store.endpoints_by_status()).await;
            last.endpoints_at = Some(Instant::now());
        }
        last.at = Some(Instant::now());
        last.readings = readings.clone();
        readings
    }
}

async fn within<T>(
    until: Instant,
    what: &str,
    reading: impl Future<Output = Result<T, store::Error>>,
) -> Option<T> {
    match tokio::time::timeout_at(until, reading).await {
        Ok(Ok(read)) => Some(read),
        Ok(Err(error)) => {
            tracing::debug!(error = error.chain(), "Metrics go without {what}: {error}");
            None
        }
        Err(_) => {
            tracing::debug!("Metrics go without {what}: the database did not answer in time");
            None
        }
    }
}

fn age(since: DateTime<Utc>, now: DateTime<Utc>) -> f64 {
    (now - since).to_std().unwrap_or_default().as_secs_f64()
}

/// The metrics that matter most: how long the oldest due delivery has been waiting, in the database or
/// in this node's memory.
pub fn oldest_due(readings: &Readings, in_hand: &InHand, now: DateTime<Utc>) -> Vec<Family> {
    let older = |one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>| {
        let oldest = [one, other].into_iter().flatten().min();
        oldest.map_or(0.0, |since| age(since, now))
    };
    let seconds = || Some(Unit::Seconds);
    let oldest = readings.oldest;
    vec![
        Family::gauge(
            "oldest_due_delivery_age",
            seconds(),
            "How long the oldest due delivery to an Enabled endpoint has waited for its turn",
        )
        .maybe(oldest.map(|oldest| older(oldest.enabled, in_hand.oldest_due))),
        Family::gauge(
            "oldest_due_delivery_defective_age",
            seconds(),
            "The same for Defective endpoints, which get one request at a time",
        )
        .maybe(oldest.map(|oldest| older(oldest.defective, in_hand.oldest_due_defective))),
        Family::gauge("database_up", None, "Whether the database told what is due")
            .with(Value::Gauge(f64::from(u8::from(oldest.is_some())))),
    ]
}

/// What else was read.
pub fn others(readings: &Readings, now: DateTime<Utc>) -> Vec<Family> {
    let endpoints = Family::gauge("endpoints", None, "Endpoints, by status");
    let counts = readings.endpoints.iter().flatten();
    let endpoints = counts.fold(endpoints, |family, (status, count)| {
        family.labelled(vec![("status", status.as_str())], Value::Gauge(*count as f64))
    });
    let mails = readings.mails;
    let mail_age = mails.map(|mails| mails.oldest_due.map_or(0.0, |since| age(since, now)));
    vec![
        endpoints,
        Family::gauge("mails_queued", None, "Mails that wait to be sent, 10000 at most")
            .maybe(mails.map(|mails| mails.count as f64)),
        Family::gauge(
            "oldest_due_mail_age",
            Some(Unit::Seconds),
            "How long the oldest due mail waits",
        )
        .maybe(mail_age),
        Family::gauge("jobs_running", None, "Jobs that run, 10000 at most")
            .maybe(readings.jobs.map(|jobs| jobs as f64)),
        Family::gauge("nodes", None, "Nodes that take part, this one included")
            .maybe(readings.nodes.map(f64::from)),
        Family::gauge("default_partition_rows", None, "Rows in partitions that should stay empty")
            .maybe(readings.stray_rows.map(|rows| rows as f64)),
    ]
}
