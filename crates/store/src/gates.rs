//! Rates of companies, kept by each node in memory: a request costs one atomic and no lock. How fast
//! is learnt whenever a company is read, and so follows the version of its configuration.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::CompanyId;
use domain::limits::{Limit, Limits, Rate};
use parking_lot::Mutex;

use crate::Error;

/// How many companies' gates are kept; beyond it those that nobody holds are forgotten.
const GATES_MAX: usize = 10_000;

/// What one company may do in a time, on this node.
#[derive(Debug)]
pub struct Gate {
    events: Taken,
    samples: Taken,
    event_bytes_max: AtomicU32,
    /// The version of the configuration that these limits are of.
    version: AtomicI64,
}

#[derive(Debug)]
struct Taken {
    max: AtomicU32,
    paid_until_ns: AtomicI64,
}

impl Taken {
    fn new(max: u32) -> Self {
        Self { max: AtomicU32::new(max), paid_until_ns: AtomicI64::new(0) }
    }

    /// With another rate it begins anew: what was owed at the old one is forgiven.
    fn set(&self, max: u32) {
        if self.max.swap(max, Ordering::Relaxed) != max {
            self.paid_until_ns.store(0, Ordering::Relaxed);
        }
    }

    fn take(
        &self,
        limit: Limit,
        rate: fn(u32) -> Rate,
        wanted: u32,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let max = self.max.load(Ordering::Relaxed);
        let (rate, now_ns) = (rate(max), now.timestamp_nanos_opt().unwrap_or(0));
        let mut wait = 0;
        let take = |paid: i64| rate.take(paid, wanted, now_ns).map_err(|left| wait = left).ok();
        if self.paid_until_ns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            return Ok(());
        }
        Err(Error::RateLimited { limit, max, wait: TimeDelta::nanoseconds(wait) })
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::of(&Limits::default(), 0)
    }
}

impl Gate {
    pub(crate) fn of(limits: &Limits, version: i64) -> Self {
        Self {
            events: Taken::new(limits.get(Limit::EventsPerSecond)),
            samples: Taken::new(limits.get(Limit::SamplesPerMinute)),
            event_bytes_max: AtomicU32::new(limits.get(Limit::EventBytes)),
            version: AtomicI64::new(version),
        }
    }

    /// Lets so many events in, or says when to come back.
    pub fn take_events(&self, count: u32, now: DateTime<Utc>) -> Result<(), Error> {
        self.events.take(Limit::EventsPerSecond, Rate::per_second, count, now)
    }

    /// Lets one sample out, or says when to come back.
    pub fn take_sample(&self, now: DateTime<Utc>) -> Result<(), Error> {
        self.samples.take(Limit::SamplesPerMinute, Rate::per_minute, 1, now)
    }

    /// How large the data of one event may be.
    pub fn event_bytes_max(&self) -> usize {
        self.event_bytes_max.load(Ordering::Relaxed) as usize
    }

    fn learn(&self, limits: &Limits, version: i64) {
        if self.version.fetch_max(version, Ordering::Relaxed) > version {
            return;
        }
        self.events.set(limits.get(Limit::EventsPerSecond));
        self.samples.set(limits.get(Limit::SamplesPerMinute));
        self.event_bytes_max.store(limits.get(Limit::EventBytes), Ordering::Relaxed);
    }
}

/// The gates of the companies that this node has heard of.
#[derive(Debug, Default)]
pub(crate) struct Gates(Mutex<HashMap<CompanyId, Arc<Gate>>>);

impl Gates {
    /// The company's gate, with the limits that were read under `version`.
    pub(crate) fn learn(&self, company: CompanyId, limits: &Limits, version: i64) -> Arc<Gate> {
        let mut gates = self.0.lock();
        if let Some(gate) = gates.get(&company) {
            gate.learn(limits, version);
            return Arc::clone(gate);
        }
        if gates.len() >= GATES_MAX {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        let gate = Arc::new(Gate::of(limits, version));
        gates.insert(company, Arc::clone(&gate));
        gate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::from_micros;

    fn at(ms: i64) -> DateTime<Utc> {
        from_micros(1_763_683_200_000_000 + ms * 1_000)
    }

    #[test]
    fn a_gate_says_which_limit_it_is_and_when_to_come_back() {
        let gate = Gate::of(&Limits::default().with_events_per_second(2), 1);
        assert!(gate.take_events(1, at(0)).is_ok() && gate.take_events(1, at(0)).is_ok());
        let refused = gate.take_events(1, at(0)).unwrap_err();
        let Error::RateLimited { limit: Limit::EventsPerSecond, max: 2, wait } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(wait, TimeDelta::milliseconds(500));
        assert!(gate.take_events(1, at(500)).is_ok());
        for _ in 0..60 {
            gate.take_sample(at(0)).unwrap();
        }
        let refused = gate.take_sample(at(0)).unwrap_err();
        assert!(matches!(refused, Error::RateLimited { limit: Limit::SamplesPerMinute, .. }));
        assert!(gate.take_sample(at(1_000)).is_ok());
    }

    #[test]
    fn limits_are_learnt_by_version_and_an_older_reading_changes_nothing() {
        let gates = Gates::default();
        let company = CompanyId::from_raw(1);
        let limits = |max| Limits::default().with_events_per_second(max);
        let gate = gates.learn(company, &limits(10), 5);
        assert!(Arc::ptr_eq(&gate, &gates.learn(company, &limits(1), 6)));
        gates.learn(company, &limits(10), 5);
        assert!(gate.take_events(1, at(0)).is_ok());
        assert!(gate.take_events(1, at(0)).is_err());
    }

    #[test]
    fn many_threads_take_no_more_than_there_is() {
        let gate = Arc::new(Gate::of(&Limits::default().with_events_per_second(1_000), 1));
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let gate = Arc::clone(&gate);
                std::thread::spawn(move || {
                    (0..500).filter(|_| gate.take_events(1, at(0)).is_ok()).count()
                })
            })
            .collect();
        let taken: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert_eq!(taken, 1_000);
    }

    #[test]
    fn gates_that_nobody_holds_make_room() {
        let gates = Gates::default();
        let held = gates.learn(CompanyId::from_raw(0), &Limits::default(), 1);
        for company in 1..=i64::try_from(GATES_MAX).unwrap() {
            gates.learn(CompanyId::from_raw(company), &Limits::default(), 1);
        }
        assert!(gates.0.lock().len() <= GATES_MAX);
        assert!(Arc::ptr_eq(&held, &gates.learn(CompanyId::from_raw(0), &Limits::default(), 1)));
    }
}
