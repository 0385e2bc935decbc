//! Counters and histograms: atomic adds, without a lock and without an allocation. They have no
//! names and no labels, so that nothing that grows can become one; the binary names them and writes
//! them out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Something that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// None yet.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds one.
    pub fn one(&self) {
        self.add(1);
    }

    /// Adds so many.
    pub fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// How many there were.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What values of a histogram are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds inside; shown in seconds.
    Time,
    /// Pieces.
    Count,
}

/// Edges for waits inside one machine or to a database, in microseconds.
pub const SHORT_TIMES_US: &[u64] = &[
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000,
];
/// Edges for what another machine takes to answer: up to the longest time limit of an endpoint.
pub const EXCHANGE_TIMES_US: &[u64] = &[
    5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 15_000_000, 30_000_000,
];
/// Edges for waits that can become long.
pub const LONG_TIMES_US: &[u64] = &[
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    300_000_000,
    1_800_000_000,
    3_600_000_000,
    21_600_000_000,
    86_400_000_000,
];
/// Edges for how much a batch holds.
pub const BATCH_COUNTS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];

/// How often values fell into which range.
#[derive(Debug)]
pub struct Histogram {
    unit: Unit,
    edges: &'static [u64],
    /// One for each edge, and one for what is beyond them.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// What a histogram holds at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The upper edge of each range, and how many values are not beyond it.
    pub up_to: Vec<(f64, u64)>,
    /// All values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
}

impl Histogram {
    /// One for times, with edges in microseconds that grow.
    pub fn times(edges_us: &'static [u64]) -> Self {
        Self::new(Unit::Time, edges_us)
    }

    /// One for pieces, with edges that grow.
    pub fn counts(edges: &'static [u64]) -> Self {
        Self::new(Unit::Count, edges)
    }

    fn new(unit: Unit, edges: &'static [u64]) -> Self {
        let counts = (0..=edges.len()).map(|_| AtomicU64::new(0)).collect();
        Self { unit, edges, counts, sum: AtomicU64::new(0) }
    }

    /// What it counts in.
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// Counts a time.
    pub fn observe(&self, time: Duration) {
        self.put(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Counts so many pieces.
    pub fn observe_count(&self, pieces: usize) {
        self.put(pieces as u64);
    }

    fn put(&self, value: u64) {
        let range = self.edges.partition_point(|edge| *edge < value);
        self.counts[range].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// What it holds now. Values that come meanwhile are in it whole, in part or not at all, but
    /// ranges and count always agree.
    pub fn read(&self) -> Reading {
        let per = match self.unit {
            Unit::Time => 1e6,
            Unit::Count => 1.0,
        };
        let mut count = 0;
        let mut up_to = Vec::with_capacity(self.edges.len());
        for (edge, here) in self.edges.iter().zip(&self.counts) {
            count += here.load(Ordering::Relaxed);
            up_to.push((*edge as f64 / per, count));
        }
        count += self.counts[self.edges.len()].load(Ordering::Relaxed);
        Reading { up_to, count, sum: self.sum.load(Ordering::Relaxed) as f64 / per }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_an_edge_is_not_beyond_it() {
        let sizes = Histogram::counts(&[1, 4]);
        for pieces in [1, 2, 4, 5] {
            sizes.observe_count(pieces);
        }
        let reading = sizes.read();
        assert_eq!(reading.up_to, [(1.0, 1), (4.0, 3)]);
        assert_eq!((reading.count, reading.sum), (4, 12.0));
    }

    #[test]
    fn times_are_shown_in_seconds() {
        let waits = Histogram::times(SHORT_TIMES_US);
        waits.observe(Duration::from_millis(250));
        waits.observe(Duration::from_secs(100));
        let reading = waits.read();
        let within = |edge: f64| reading.up_to.iter().find(|(up_to, _)| *up_to == edge).unwrap().1;
        assert_eq!((within(0.1), within(0.25), within(10.0)), (0, 1, 1));
        assert_eq!((reading.count, reading.sum), (2, 100.25));
    }

    #[test]
    fn edges_grow() {
        for edges in [SHORT_TIMES_US, EXCHANGE_TIMES_US, LONG_TIMES_US, BATCH_COUNTS] {
            assert!(edges.is_sorted_by(|one, next| one < next));
        }
    }
}
