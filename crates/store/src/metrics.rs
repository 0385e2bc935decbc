//! What the store counts. Nothing here waits, locks or allocates when it counts.

use domain::delivery::Finish;
use meter::{BATCH_COUNTS, Counter, Histogram, SHORT_TIMES_US};

/// What has become of events, deliveries and mails through this process, and how long its
/// transactions took.
#[derive(Debug)]
pub struct Metrics {
    /// Events written down.
    pub accepted: Counter,
    /// Events that had been written down before.
    pub duplicates: Counter,
    /// Deliveries that ended, by [`Metrics::FINISHES`].
    finished: [Counter; 4],
    /// Mails that the mail server took.
    pub mails_sent: Counter,
    /// Mails that it did not take and that are tried again.
    pub mails_retried: Counter,
    /// Mails that are not tried again.
    pub mails_given_up: Counter,
    /// Events in one transaction of ingest.
    pub ingest_events: Histogram,
    /// How long its commit took; where one statement wrote it, that statement.
    pub ingest_commit: Histogram,
    /// Batches of ingest that one statement has written, and those of which it found that something was not
    /// as it was thought to be.
    pub ingest_straight: Counter,
    /// See `ingest_straight`.
    pub ingest_missed: Counter,
    /// Batches of successes that were settled the short way, and those of which it found the same.
    pub settle_straight: Counter,
    /// See `settle_straight`.
    pub settle_missed: Counter,
    /// Outcomes in one transaction of settlement.
    pub settle_outcomes: Histogram,
    /// How long its commit took; where one statement settled it, that statement.
    pub settle_commit: Histogram,
    /// How long ingest, claims and settlement waited for a connection.
    pub connection_wait: Histogram,
}

impl Metrics {
    /// How a delivery can end.
    pub const FINISHES: [Finish; 4] =
        [Finish::Delivered, Finish::Exhausted, Finish::Expired, Finish::Canceled];

    /// Deliveries that ended so.
    pub const fn finished(&self, finish: Finish) -> &Counter {
        match finish {
            Finish::Delivered => &self.finished[0],
            Finish::Exhausted => &self.finished[1],
            Finish::Expired => &self.finished[2],
            Finish::Canceled => &self.finished[3],
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            accepted: Counter::default(),
            duplicates: Counter::default(),
            finished: Default::default(),
            mails_sent: Counter::default(),
            mails_retried: Counter::default(),
            mails_given_up: Counter::default(),
            ingest_events: Histogram::counts(BATCH_COUNTS),
            ingest_commit: Histogram::times(SHORT_TIMES_US),
            ingest_straight: Counter::default(),
            ingest_missed: Counter::default(),
            settle_straight: Counter::default(),
            settle_missed: Counter::default(),
            settle_outcomes: Histogram::counts(BATCH_COUNTS),
            settle_commit: Histogram::times(SHORT_TIMES_US),
            connection_wait: Histogram::times(SHORT_TIMES_US),
        }
    }
}
