//! What the dispatcher counts, and what it has in hand.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use domain::outcome::{ErrorKind, Outcome};
use meter::{Counter, EXCHANGE_TIMES_US, Histogram, LONG_TIMES_US};
use store::Claimed;

use crate::dispatcher::Dispatcher;

/// What has become of requests, and how long they and their way here took.
#[derive(Debug)]
pub struct Metrics {
    /// Attempts that succeeded.
    pub succeeded: Counter,
    /// Attempts that failed, in the order of [`ErrorKind::ALL`].
    failed: [Counter; ErrorKind::ALL.len()],
    /// How long an attempt took.
    pub attempt: Histogram,
    /// From when a delivery was due for the first time, which is when its event was accepted unless
    /// it was held, until its first attempt began.
    pub lag: Histogram,
    clock_measured: AtomicBool,
    database_ahead_us: AtomicI64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            succeeded: Counter::default(),
            failed: Default::default(),
            attempt: Histogram::times(EXCHANGE_TIMES_US),
            lag: Histogram::times(LONG_TIMES_US),
            clock_measured: AtomicBool::new(false),
            database_ahead_us: AtomicI64::new(0),
        }
    }
}

impl Metrics {
    /// Attempts that failed so.
    pub const fn failed(&self, kind: ErrorKind) -> &Counter {
        let [dns, connect, tls, timeout, address_forbidden, status, body, redirect, other] =
            &self.failed;
        match kind {
            ErrorKind::Dns => dns,
            ErrorKind::Connect => connect,
            ErrorKind::Tls => tls,
            ErrorKind::Timeout => timeout,
            ErrorKind::AddressForbidden => address_forbidden,
            ErrorKind::Status => status,
            ErrorKind::Body => body,
            ErrorKind::Redirect => redirect,
            ErrorKind::Other => other,
        }
    }

    pub(crate) fn began(&self, delivery: &Claimed, now: DateTime<Utc>) {
        // A person's wish has no time at which it was due.
        let has_due_time = delivery.due_at > DateTime::UNIX_EPOCH;
        if delivery.progress.next_number() == 1 && has_due_time {
            self.lag.observe((now - delivery.due_at).to_std().unwrap_or_default());
        }
    }

    pub(crate) fn ended(&self, outcome: &Outcome, took: std::time::Duration) {
        match &outcome.failure {
            Some(failure) => self.failed(failure.kind).one(),
            None => self.succeeded.one(),
        }
        self.attempt.observe(took);
    }

    /// Each measurement is against a clock that the ones before have corrected.
    pub(crate) fn clock_corrected(&self, ahead: TimeDelta) {
        let ahead_us = ahead.num_microseconds().unwrap_or(0);
        self.database_ahead_us.fetch_add(ahead_us, Ordering::Relaxed);
        self.clock_measured.store(true, Ordering::Release);
    }

    /// How far the database's clock is ahead of this machine's; `None` until it has been measured.
    pub fn database_ahead(&self) -> Option<TimeDelta> {
        let measured = self.clock_measured.load(Ordering::Acquire);
        measured.then(|| TimeDelta::microseconds(self.database_ahead_us.load(Ordering::Relaxed)))
    }
}

/// What the lanes in memory hold at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InHand {
    /// Lanes.
    pub lanes: usize,
    /// Requests that have no answer yet.
    pub in_flight: usize,
    /// Requests begun whose outcome is not committed, those in flight included.
    pub unsettled: usize,
    /// How many there may be.
    pub in_flight_max: usize,
    /// Deliveries that wait for their turn.
    pub queued: usize,
    /// Bytes of all deliveries in memory.
    pub bytes: usize,
    /// How many there may be.
    pub bytes_max: usize,
    /// Since when the oldest is due that waits for its turn at an endpoint that is Enabled.
    pub oldest_due: Option<DateTime<Utc>>,
    /// The same for Defective ones.
    pub oldest_due_defective: Option<DateTime<Utc>>,
}

impl Dispatcher {
    /// What this process has counted.
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What the lanes hold now.
    pub fn in_hand(&self) -> InHand {
        let now = self.clock.now();
        self.lanes.lock().in_hand(now)
    }

    /// Lanes in the database that this node owns, as far as it has seen.
    pub fn owned_lanes(&self) -> usize {
        self.owned.lock().len()
    }

    /// Whether this node is a member and known to be alive.
    pub fn is_member(&self) -> bool {
        self.standing.is_member()
    }
}
