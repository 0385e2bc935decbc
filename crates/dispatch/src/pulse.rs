//! Whether this node takes in more than it can send. A receiver that is slow costs no time of the
//! processor and leaves nothing to write: where deliveries wait for their turn while outcomes wait to be
//! written, or timers come late, it is the node, and events that are taken in faster only make every
//! delivery late. Where it is the receiver after all, timers are on time again as soon as ingest rests,
//! and it goes on.

use std::sync::atomic::{AtomicU64, Ordering};
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

/// How late timers have been of late.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    late_us: AtomicU64,
}

impl Pulse {
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
    is_full: bool,
    is_slow: bool,
}

impl Felt {
    fn is_too_much(self, in_flight_max: usize) -> bool {
        let waits = self.queued > in_flight_max || self.is_full;
        waits && (self.is_slow || self.unwritten > in_flight_max / UNWRITTEN_PART)
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
            is_full: lanes.fills_more_than_one_in(MEMORY_PART),
            is_slow: self.pulse.is_slow(),
        };
        felt.is_too_much(self.config.in_flight_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_alone_do_not_hold_ingest_back() {
        let calm = Felt { unwritten: 256, queued: 1_024, is_full: false, is_slow: false };
        let cases = [
            (calm, false),
            (Felt { unwritten: 1_024, ..calm }, false),
            (Felt { is_slow: true, ..calm }, false),
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
