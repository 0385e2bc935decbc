//! What was sent and what has arrived, counted by number without a lock.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A time that has not been.
const NEVER: u64 = 0;

/// How an endpoint answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes what it is sent.
    Takes,
    /// Never answers. Nothing is owed to it.
    Hangs,
    /// Answers at once that it failed. Nothing is owed to it.
    Fails,
}

/// What a delivery was when it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Arrived,
    /// It shall come again.
    Refused,
    /// Of no event or endpoint that there is.
    Unknown,
}

/// One phase's events, by number, and their deliveries.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Which phase it is; arrivals of others do not count.
    pub(crate) phase: u32,
    /// What stands in events before its first: there may be several of a phase.
    base: usize,
    /// To how many endpoints each event goes.
    pub(crate) endpoints: usize,
    /// How many of them, the first ones, never take anything, and what they do instead.
    bad: usize,
    manner_of_bad: Manner,
    /// How long its receivers take.
    pub(crate) answers_after: Duration,
    /// Whether each delivery is refused the first time it comes.
    refuses_first: bool,
    /// When each delivery was refused.
    refused: Vec<AtomicU64>,
    began: Instant,
    intended: Vec<AtomicU64>,
    acknowledged: Vec<AtomicU64>,
    arrived: Vec<AtomicU64>,
    times: Vec<AtomicU8>,
    acknowledgements: AtomicU64,
    arrivals: AtomicU64,
    last_arrival: AtomicU64,
}

/// How a phase came out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// Acknowledged deliveries that were wanted.
    pub(crate) wanted: u64,
    /// Those of them that never arrived.
    pub(crate) lost: u64,
    /// Arrivals beyond the first of a delivery.
    pub(crate) again: u64,
    /// From the first intended sending to the last arrival.
    pub(crate) took: Duration,
    /// From the intended sending of an event to the arrival of a delivery, sorted, microseconds.
    pub(crate) latencies_us: Vec<u64>,
}

/// Below what this share of sorted microseconds stays, in milliseconds.
pub(crate) fn share_ms(sorted_us: &[u64], share: f64) -> f64 {
    let last = sorted_us.len().saturating_sub(1);
    let index = ((last as f64) * share).round() as usize;
    sorted_us.get(index).map_or(f64::NAN, |micros| *micros as f64 / 1_000.0)
}

impl Outcome {
    /// The latency below which this share of the deliveries stayed, in milliseconds.
    pub(crate) fn latency_ms(&self, share: f64) -> f64 {
        share_ms(&self.latencies_us, share)
    }

    /// Deliveries that arrived in a second.
    pub(crate) fn per_second(&self) -> f64 {
        (self.wanted - self.lost) as f64 / self.took.as_secs_f64().max(1e-9)
    }
}

impl Tally {
    /// Room for `events` events, each for `endpoints` endpoints that take them.
    pub(crate) fn new(phase: u32, events: usize, endpoints: usize) -> Self {
        let zeros = |count| std::iter::repeat_with(AtomicU64::default).take(count).collect();
        Self {
            phase,
            base: 0,
            endpoints,
            bad: 0,
            manner_of_bad: Manner::Takes,
            answers_after: Duration::ZERO,
            refuses_first: false,
            refused: Vec::new(),
            began: Instant::now(),
            intended: zeros(events),
            acknowledged: zeros(events),
            arrived: zeros(events * endpoints),
            times: std::iter::repeat_with(AtomicU8::default).take(events * endpoints).collect(),
            acknowledgements: AtomicU64::new(0),
            arrivals: AtomicU64::new(0),
            last_arrival: AtomicU64::new(NEVER),
        }
    }

    /// The same, for the events of its phase from this number on.
    pub(crate) fn starting_at(self, base: usize) -> Self {
        Self { base, ..self }
    }

    /// The same, answered after so long.
    pub(crate) fn answered_after(self, answers_after: Duration) -> Self {
        Self { answers_after, ..self }
    }

    /// The number in an event's body.
    pub(crate) fn written(&self, number: usize) -> usize {
        self.base + number
    }

    /// Whether the number in an event's body is one of these.
    pub(crate) fn covers(&self, written: usize) -> bool {
        (self.base..self.base + self.capacity()).contains(&written)
    }

    /// The same, of whose endpoints the first few are bad.
    pub(crate) fn with_bad(self, bad: usize, manner_of_bad: Manner) -> Self {
        Self { bad, manner_of_bad, ..self }
    }

    /// How an endpoint answers.
    pub(crate) fn manner(&self, endpoint: usize) -> Manner {
        if endpoint < self.bad { self.manner_of_bad } else { Manner::Takes }
    }

    /// The same, with each delivery refused the first time it comes.
    pub(crate) fn that_refuses_first(self) -> Self {
        let refused = std::iter::repeat_with(AtomicU64::default).take(self.times.len()).collect();
        Self { refuses_first: true, refused, ..self }
    }

    /// How many events fit.
    pub(crate) fn capacity(&self) -> usize {
        self.intended.len()
    }

    fn micros(&self, at: Instant) -> u64 {
        let micros = at.saturating_duration_since(self.began).as_micros();
        u64::try_from(micros).unwrap_or(u64::MAX).max(1)
    }

    /// An event is to be sent at this moment.
    pub(crate) fn intend(&self, number: usize, at: Instant) {
        self.intended[number].store(self.micros(at), Ordering::Relaxed);
    }

    /// The program has taken responsibility for an event.
    pub(crate) fn acknowledge(&self, number: usize) {
        let before = self.acknowledged[number].swap(self.micros(Instant::now()), Ordering::Relaxed);
        if before == NEVER {
            self.acknowledgements.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A delivery has come at this moment, with this number in its body.
    pub(crate) fn arrive(&self, written: usize, endpoint: usize, at: Instant) -> Verdict {
        if endpoint >= self.endpoints || !self.covers(written) {
            return Verdict::Unknown;
        }
        let index = (written - self.base) * self.endpoints + endpoint;
        let now = self.micros(at);
        if self.refuses_first && !Self::has_been(&self.refused[index]) {
            self.refused[index].store(now, Ordering::Relaxed);
            return Verdict::Refused;
        }
        if self.times[index].fetch_add(1, Ordering::Relaxed) == 0 {
            self.arrived[index].store(now, Ordering::Relaxed);
            if endpoint >= self.bad {
                self.arrivals.fetch_add(1, Ordering::Relaxed);
            }
            self.last_arrival.fetch_max(now, Ordering::Relaxed);
        }
        Verdict::Arrived
    }

    /// How much later than `wait` after they were refused deliveries came again, at the worst.
    pub(crate) fn lateness_max(&self, wait: Duration) -> Duration {
        let late = |(refused, arrived): (&AtomicU64, &AtomicU64)| {
            let (refused, arrived) =
                (refused.load(Ordering::Relaxed), arrived.load(Ordering::Relaxed));
            Duration::from_micros(arrived.saturating_sub(refused)).saturating_sub(wait)
        };
        self.refused.iter().zip(&self.arrived).map(late).max().unwrap_or_default()
    }

    /// Deliveries that are owed and have arrived, each once.
    pub(crate) fn arrivals(&self) -> u64 {
        self.arrivals.load(Ordering::Relaxed)
    }

    /// Whether anything is owed. While the counts alone show that something is, the deliveries are
    /// not gone through: that would take the processor from what is measured.
    pub(crate) fn is_owed(&self) -> bool {
        let wanted = (self.endpoints - self.bad) as u64;
        let acknowledged = self.acknowledgements.load(Ordering::Relaxed);
        self.arrivals() < acknowledged * wanted || self.owed() > 0
    }

    /// Deliveries that are owed and have not arrived.
    pub(crate) fn owed(&self) -> u64 {
        let acknowledged = |number: &usize| Self::has_been(&self.acknowledged[*number]);
        let missing = |number: usize| {
            let arrived = &self.arrived[number * self.endpoints..(number + 1) * self.endpoints];
            arrived[self.bad..].iter().filter(|at| !Self::has_been(at)).count() as u64
        };
        (0..self.capacity()).filter(acknowledged).map(missing).sum()
    }

    fn has_been(at: &AtomicU64) -> bool {
        at.load(Ordering::Relaxed) != NEVER
    }

    /// Among the deliveries acknowledged before this moment that arrived after it: how long until
    /// the first and until the last.
    pub(crate) fn backlog_after(&self, moment: Instant) -> Option<(Duration, Duration, u64)> {
        let moment = self.micros(moment);
        let mut arrivals = Vec::new();
        for (number, acknowledged) in self.acknowledged.iter().enumerate() {
            let acknowledged = acknowledged.load(Ordering::Relaxed);
            if acknowledged == NEVER || acknowledged >= moment {
                continue;
            }
            for endpoint in self.bad..self.endpoints {
                let index = number * self.endpoints + endpoint;
                let at = self.arrived[index].load(Ordering::Relaxed);
                if at > moment {
                    arrivals.push(at - moment);
                }
            }
        }
        let first = Duration::from_micros(*arrivals.iter().min()?);
        let last = Duration::from_micros(*arrivals.iter().max()?);
        Some((first, last, arrivals.len() as u64))
    }

    /// How long the answers to a range of events took, and how long it was from an answer to the first
    /// byte of a delivery: each sorted, in microseconds.
    pub(crate) fn stretches_of(&self, numbers: std::ops::Range<usize>) -> (Vec<u64>, Vec<u64>) {
        let (mut answers, mut ways) = (Vec::new(), Vec::new());
        for number in numbers.filter(|number| Self::has_been(&self.acknowledged[*number])) {
            let answered = self.acknowledged[number].load(Ordering::Relaxed);
            let intended = self.intended[number].load(Ordering::Relaxed);
            answers.push(answered.saturating_sub(intended));
            for endpoint in self.bad..self.endpoints {
                let at = self.arrived[number * self.endpoints + endpoint].load(Ordering::Relaxed);
                ways.push(at.saturating_sub(answered));
            }
        }
        answers.sort_unstable();
        ways.sort_unstable();
        (answers, ways)
    }

    /// Events acknowledged in a second, from the first intended sending to the last acknowledgement.
    pub(crate) fn answered_per_second(&self) -> f64 {
        let of = |at: &AtomicU64| at.load(Ordering::Relaxed);
        let answered = || self.acknowledged.iter().enumerate().filter(|(_, at)| Self::has_been(at));
        let first = answered().map(|(number, _)| of(&self.intended[number])).min().unwrap_or(NEVER);
        let last = answered().map(|(_, at)| of(at)).max().unwrap_or(NEVER);
        let took = Duration::from_micros(last.saturating_sub(first)).as_secs_f64();
        answered().count() as f64 / took.max(1e-9)
    }

    /// How all of it came out.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome_of(0..self.capacity())
    }

    /// How the events of a range came out.
    pub(crate) fn outcome_of(&self, numbers: std::ops::Range<usize>) -> Outcome {
        let mut outcome = Outcome::default();
        let mut first = u64::MAX;
        for number in numbers {
            if !Self::has_been(&self.acknowledged[number]) {
                continue;
            }
            let intended = self.intended[number].load(Ordering::Relaxed);
            first = first.min(intended);
            for endpoint in self.bad..self.endpoints {
                let index = number * self.endpoints + endpoint;
                outcome.wanted += 1;
                let times = u64::from(self.times[index].load(Ordering::Relaxed));
                match times.checked_sub(1) {
                    None => outcome.lost += 1,
                    Some(again) => {
                        outcome.again += again;
                        let at = self.arrived[index].load(Ordering::Relaxed);
                        outcome.latencies_us.push(at.saturating_sub(intended));
                    }
                }
            }
        }
        outcome.latencies_us.sort_unstable();
        let last = self.last_arrival.load(Ordering::Relaxed);
        outcome.took = Duration::from_micros(last.saturating_sub(first));
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_lost_and_twice_is_counted_by_delivery() {
        let tally = Tally::new(1, 10, 3).with_bad(1, Manner::Hangs);
        for number in 0..4 {
            tally.intend(number, Instant::now());
        }
        for number in 0..3 {
            tally.acknowledge(number);
        }
        assert_eq!((tally.owed(), tally.is_owed()), (6, true));
        for (number, endpoint) in [(0, 1), (0, 2), (1, 1), (1, 1), (1, 1), (0, 0), (3, 1)] {
            assert_eq!(tally.arrive(number, endpoint, Instant::now()), Verdict::Arrived);
        }
        for (number, endpoint) in [(0, 3), (10, 0)] {
            assert_eq!(tally.arrive(number, endpoint, Instant::now()), Verdict::Unknown);
        }
        let outcome = tally.outcome();
        assert_eq!((outcome.wanted, outcome.lost, outcome.again), (6, 3, 2));
        assert_eq!(outcome.latencies_us.len(), 3);
        assert_eq!(tally.arrivals(), 4);
    }

    #[test]
    fn several_tallies_of_a_phase_have_their_own_numbers() {
        let tally = Tally::new(1, 10, 1).starting_at(30);
        assert_eq!((tally.written(3), tally.covers(39), tally.covers(40)), (33, true, false));
        tally.intend(3, Instant::now());
        tally.acknowledge(3);
        assert_eq!(tally.arrive(29, 0, Instant::now()), Verdict::Unknown);
        assert_eq!(tally.arrive(33, 0, Instant::now()), Verdict::Arrived);
        assert_eq!((tally.outcome().wanted, tally.outcome().lost), (1, 0));
        let (answers, ways) = tally.stretches_of(0..10);
        assert_eq!((answers.len(), ways.len()), (1, 1));
        assert_eq!(tally.outcome_of(4..10).wanted, 0);
    }

    #[test]
    fn what_is_refused_first_arrives_the_second_time() {
        let tally = Tally::new(1, 1, 1).that_refuses_first();
        tally.intend(0, Instant::now());
        tally.acknowledge(0);
        assert_eq!(tally.arrive(0, 0, Instant::now()), Verdict::Refused);
        assert_eq!((tally.owed(), tally.lateness_max(Duration::ZERO)), (1, Duration::ZERO));
        let refused_at = Instant::now();
        while refused_at.elapsed() < Duration::from_millis(1) {}
        assert_eq!((tally.arrive(0, 0, Instant::now()), tally.owed()), (Verdict::Arrived, 0));
        let waited = tally.lateness_max(Duration::ZERO);
        assert!(waited > Duration::ZERO && waited < Duration::from_secs(60), "{waited:?}");
    }

    #[test]
    fn a_backlog_is_what_was_acknowledged_before_and_arrived_after() {
        let tally = Tally::new(1, 10, 1);
        for number in 0..3 {
            tally.intend(number, Instant::now());
            tally.acknowledge(number);
        }
        tally.arrive(0, 0, Instant::now());
        let moment = Instant::now() + Duration::from_millis(1);
        while Instant::now() < moment + Duration::from_millis(1) {}
        tally.acknowledge(4);
        for number in [1, 2, 4] {
            tally.arrive(number, 0, Instant::now());
        }
        let (first, last, count) = tally.backlog_after(moment).unwrap();
        assert_eq!(count, 2);
        assert!(first <= last && first > Duration::ZERO);
    }

    #[test]
    fn latencies_are_read_by_share() {
        let outcome =
            Outcome { latencies_us: (0..=100).map(|n| n * 1_000).collect(), ..Outcome::default() };
        assert_eq!((outcome.latency_ms(0.5), outcome.latency_ms(0.99)), (50.0, 99.0));
        assert!(Outcome::default().latency_ms(0.5).is_nan());
    }
}
