//! Whether this node takes in more than it can send. A receiver that is slow costs no time of the
//! processor and leaves nothing to write: where deliveries wait for their turn while outcomes wait to be
//! written, or timers come late, it is the node, and events that are taken in faster only make every
//! delivery late. It is the node as well where lanes that could be sent to wait and the processor has no
//! time: what finds no room in memory is written down to be claimed later, and the time that takes is
//! what sending lacks. Where it is the receiver after all, timers are on time again and the processor has
//! time as soon as ingest rests, and it goes on.
//!
//! It rests only for what it adds itself. While a backlog flows there is always more than can be sent, and
//! nothing would be won by keeping the few waiting that post meanwhile: ingest may add half of what is sent.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::RuntimeMetrics;
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;

/// How often it is felt while there is something to do, and while there is not.
const BEAT: Duration = Duration::from_millis(10);
const REST: Duration = Duration::from_millis(100);
/// How late timers are on average where there is too much to do; a millisecond is their own.
const LATE: Duration = Duration::from_millis(3);
/// Of so many beats the average is taken, about.
const BEATS: u64 = 8;
/// The part of the requests that may be unsettled which may be answered and wait to be written down.
/// That alone says little, since outcomes are written in batches of hundreds: an ingest that waited for
/// it would come in bursts, and after each there would be as many again. So as many deliveries as may be
/// unsettled have to wait for their turn, too, or memory has to fill.
const UNWRITTEN_PART: usize = 4;
/// The part of the memory for deliveries that may fill before ingest is asked to wait.
const MEMORY_PART: usize = 4;

/// What a delivery that is taken in costs of the credit, of which each that is sent gives one.
const COST: i64 = 2;
/// What may be saved, and owed, of it: what a burst has taken is not made up for by more than so many being sent.
const CREDIT_MAX: i64 = 1_024;
const DEBT_MAX: i64 = 32 * 1_024;

/// How late timers have been of late, and what ingest may add while more is taken in than can be sent.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    late_us: AtomicU64,
    credit: AtomicI64,
}

impl Pulse {
    /// Ingest has written so many deliveries that are to be sent.
    pub(crate) fn took_in(&self, deliveries: usize) {
        self.add(count(deliveries).saturating_mul(-COST));
    }

    /// So many have ended, or wait for another try.
    pub(crate) fn settled(&self, deliveries: usize) {
        self.add(count(deliveries));
    }

    fn add(&self, more: i64) {
        let sum = |credit: i64| Some(credit.saturating_add(more).clamp(-DEBT_MAX, CREDIT_MAX));
        // It always gives something.
        let _ = self.credit.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum);
    }

    /// Whether ingest has added all that it may. Where it is not too much, the count begins anew, so that only
    /// ingest may ask, before each batch.
    fn is_used_up(&self, is_too_much: bool) -> bool {
        if !is_too_much {
            self.credit.store(0, Ordering::Relaxed);
        }
        is_too_much && self.credit.load(Ordering::Relaxed) <= 0
    }

    fn felt(&self, late: Duration) {
        let late = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        let before = self.late_us.load(Ordering::Relaxed);
        self.late_us.store((before * (BEATS - 1)).saturating_add(late) / BEATS, Ordering::Relaxed);
    }

    fn is_slow(&self) -> bool {
        Duration::from_micros(self.late_us.load(Ordering::Relaxed)) > LATE
    }
}

/// For how long the runtime's threads have not rested, in all. What is not over yet may be missing.
fn busy_time(runtime: &RuntimeMetrics) -> Duration {
    (0..runtime.num_workers()).map(|worker| runtime.worker_total_busy_duration(worker)).sum()
}

/// In thousandths; of no time nothing.
fn share(part: Duration, all: Duration) -> u64 {
    let share = part.as_micros().saturating_mul(1_000).checked_div(all.as_micros());
    share.and_then(|share| u64::try_from(share).ok()).unwrap_or_default()
}

/// What a node has to do at one moment.
#[derive(Debug, Clone, Copy)]
struct Felt {
    unwritten: usize,
    queued: usize,
    /// What of it is in lanes that take turns.
    ready: usize,
    is_full: bool,
    is_slow: bool,
    /// The processor is what is short.
    is_short: bool,
}

impl Felt {
    fn is_too_much(self, in_flight_max: usize) -> bool {
        let waits = self.queued > in_flight_max || self.is_full;
        let falls_behind = self.is_slow || self.unwritten > in_flight_max / UNWRITTEN_PART;
        waits && falls_behind || self.ready > in_flight_max && self.is_short
    }
}

impl Dispatcher {
    /// Feels the pulse until `stop`, and tells the lanes how busy the processor is.
    pub(crate) async fn pulse_loop(&self, stop: CancellationToken) {
        let runtime = tokio::runtime::Handle::current().metrics();
        let threads = u32::try_from(runtime.num_workers()).unwrap_or(u32::MAX);
        while !stop.is_cancelled() {
            let beat = if self.is_idle() { REST } else { BEAT };
            let (begun, busy_before) = (Instant::now(), busy_time(&runtime));
            self.pause(beat, &stop).await;
            let took = begun.elapsed();
            self.pulse.felt(took.saturating_sub(beat));
            let busy = busy_time(&runtime).saturating_sub(busy_before);
            if self.lanes.lock().beat(share(busy, took * threads)) {
                self.send_wake.notify_one();
            }
        }
    }

    /// Whether more is taken in than this node can send: outcomes wait for the database, which ingest
    /// shares with them, or the processor is what is short.
    pub(crate) fn is_overrun(&self) -> bool {
        if self.standing.is_closed() {
            // What is taken in now is not this node's to send, and nobody feels its pulse any more.
            return false;
        }
        let lanes = self.lanes.lock();
        let felt = Felt {
            unwritten: lanes.unwritten(),
            queued: lanes.queued(),
            ready: lanes.ready(),
            is_full: lanes.fills_more_than_one_in(MEMORY_PART),
            is_slow: self.pulse.is_slow(),
            is_short: lanes.is_processor_short(),
        };
        drop(lanes);
        self.pulse.is_used_up(felt.is_too_much(self.config.in_flight_max))
    }
}

fn count(deliveries: usize) -> i64 {
    i64::try_from(deliveries).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_alone_do_not_hold_ingest_back() {
        let calm = Felt {
            unwritten: 256,
            queued: 1_024,
            ready: 1_024,
            is_full: false,
            is_slow: false,
            is_short: false,
        };
        let cases = [
            (calm, false),
            (Felt { unwritten: 1_024, ..calm }, false),
            (Felt { is_slow: true, ..calm }, false),
            (Felt { is_short: true, queued: 9_999, ..calm }, false),
            (Felt { ready: 9_999, queued: 9_999, ..calm }, false),
            (Felt { ready: 1_025, queued: 1_025, is_short: true, ..calm }, true),
            (Felt { queued: 1_025, is_slow: true, ..calm }, true),
            (Felt { queued: 9_999, ..calm }, false),
            (Felt { unwritten: 257, queued: 1_025, ..calm }, true),
            (Felt { unwritten: 257, is_full: true, ..calm }, true),
            (Felt { is_full: true, ..calm }, false),
            (Felt { is_full: true, is_slow: true, ..calm }, true),
        ];
        for (felt, too_much) in cases {
            assert_eq!(felt.is_too_much(1_024), too_much, "{felt:?}");
        }
    }

    #[test]
    fn ingest_may_add_half_of_what_is_sent_while_it_is_too_much() {
        let pulse = Pulse::default();
        assert!(!pulse.is_used_up(false));
        assert!(pulse.is_used_up(true));
        pulse.settled(1);
        assert!(!pulse.is_used_up(true));
        pulse.took_in(10);
        pulse.settled(19);
        assert!(pulse.is_used_up(true));
        pulse.settled(1);
        assert!(!pulse.is_used_up(true), "twenty-one for ten");
        pulse.took_in(usize::MAX);
        pulse.settled(32 * 1_024);
        assert!(pulse.is_used_up(true));
        pulse.settled(1);
        assert!(!pulse.is_used_up(true), "no more is owed than that");
        pulse.settled(usize::MAX);
        pulse.took_in(511);
        assert!(!pulse.is_used_up(true));
        pulse.took_in(1);
        assert!(pulse.is_used_up(true), "no more is saved than that");
        pulse.took_in(512);
        assert!(!pulse.is_used_up(false));
        pulse.settled(1);
        assert!(!pulse.is_used_up(true), "a debt ends with its cause");
    }

    #[test]
    fn one_late_timer_is_chance_and_many_are_a_fact() {
        let pulse = Pulse::default();
        pulse.felt(LATE * 4);
        assert!(!pulse.is_slow());
        for _ in 0..BEATS {
            pulse.felt(LATE * 2);
        }
        assert!(pulse.is_slow());
        for _ in 0..BEATS * 2 {
            pulse.felt(Duration::from_millis(1));
        }
        assert!(!pulse.is_slow());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_a_thread_works_is_counted_once_it_rests() {
        const WORK: Duration = Duration::from_millis(20);
        let runtime = tokio::runtime::Handle::current().metrics();
        let before = busy_time(&runtime);
        let work = async {
            let begun = Instant::now();
            while begun.elapsed() < WORK {}
        };
        tokio_util::task::TaskTracker::new().spawn(work).await.unwrap();
        let counted = async {
            while busy_time(&runtime).saturating_sub(before) < WORK {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), counted).await.unwrap();
    }

    #[test]
    fn a_share_is_in_thousandths_and_of_no_time_nothing() {
        let ms = Duration::from_millis;
        assert_eq!(share(ms(3), ms(4)), 750);
        assert_eq!(share(ms(4), ms(4)), 1_000);
        assert_eq!(share(ms(3), Duration::ZERO), 0);
    }
}
