//! Whether this node works: whether it is a member, others believe that it lives, and it is not about to end.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a sign of life is relied upon: longer than the next may take, and much less than a process may be frozen
/// until others take it for dead. One that was frozen for longer learns only at its next one whether they have.
const PROOF_LASTS: Duration = Duration::from_secs(15);
const _: () = assert!(PROOF_LASTS.as_secs() as i64 * 2 <= store::STALE_AFTER.num_seconds());

/// Where there are no others, nobody asks for signs of life.
const FOR_EVER: u64 = u64::MAX;

/// What a node is among the others, as far as it knows.
#[derive(Debug)]
pub(crate) struct Standing {
    since: Instant,
    needs_proof: bool,
    /// Until when the last sign of life counts, in milliseconds from `since`.
    proved_until_ms: AtomicU64,
    /// Whether this node is a member and known to be alive: else it neither claims nor sends.
    is_member: AtomicBool,
    /// Whether this process has been a member before: then it comes back as a new incarnation.
    was_member: AtomicBool,
    /// Whether fresh deliveries are for others: this node is about to stop.
    is_closed: AtomicBool,
    is_stopping: AtomicBool,
}

impl Standing {
    /// No member yet. `needs_proof`: others could take it for dead.
    pub(crate) fn new(needs_proof: bool) -> Self {
        Self {
            since: Instant::now(),
            needs_proof,
            proved_until_ms: AtomicU64::new(if needs_proof { 0 } else { FOR_EVER }),
            is_member: AtomicBool::new(false),
            was_member: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            is_stopping: AtomicBool::new(false),
        }
    }

    /// A sign of life that was given at `at` has been taken down.
    pub(crate) fn prove(&self, at: Instant) {
        if self.needs_proof {
            self.proved_until_ms.store(self.ms(at + PROOF_LASTS), Ordering::Release);
        }
    }

    /// Others can see this process, so that it will need another name if it falls silent.
    pub(crate) fn has_name(&self) {
        self.was_member.store(true, Ordering::Release);
    }

    pub(crate) fn join(&self) {
        self.is_member.store(true, Ordering::Release);
    }

    pub(crate) fn fall_silent(&self) {
        self.is_member.store(false, Ordering::Release);
    }

    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
    }

    pub(crate) fn is_member(&self) -> bool {
        self.is_member.load(Ordering::Acquire)
    }

    pub(crate) fn was_member(&self) -> bool {
        self.was_member.load(Ordering::Acquire)
    }

    /// Whether this node may claim and send.
    pub(crate) fn may_work(&self) -> bool {
        self.may_work_at(Instant::now())
    }

    /// Whether fresh deliveries may go straight to this node's lanes.
    pub(crate) fn takes_fresh(&self) -> bool {
        !self.is_closed() && self.may_work()
    }

    fn may_work_at(&self, now: Instant) -> bool {
        self.is_member()
            && !self.is_stopping.load(Ordering::Acquire)
            && self.ms(now) < self.proved_until_ms.load(Ordering::Acquire)
    }

    fn ms(&self, at: Instant) -> u64 {
        let ms = at.saturating_duration_since(self.since).as_millis();
        u64::try_from(ms).unwrap_or(FOR_EVER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_member_works_until_it_falls_silent_or_stops() {
        let standing = Standing::new(false);
        assert!(!standing.may_work() && !standing.was_member());
        standing.has_name();
        standing.join();
        assert!(standing.may_work() && standing.takes_fresh());
        standing.fall_silent();
        assert!(!standing.may_work() && standing.was_member());
        standing.join();
        standing.close();
        assert!(standing.may_work() && !standing.takes_fresh());
        standing.stop();
        assert!(!standing.may_work());
    }

    #[test]
    fn who_was_frozen_does_not_work_before_its_next_sign_of_life() {
        let standing = Standing::new(true);
        let beat = standing.since + Duration::from_secs(60);
        standing.join();
        standing.prove(beat);
        assert!(standing.may_work_at(beat + PROOF_LASTS - MS));
        let late = beat + PROOF_LASTS;
        assert!(!standing.may_work_at(late));
        standing.prove(late);
        assert!(standing.may_work_at(late));
    }

    #[test]
    fn where_there_are_no_others_nobody_asks_for_signs_of_life() {
        let standing = Standing::new(false);
        standing.join();
        standing.prove(standing.since);
        assert!(standing.may_work_at(standing.since + PROOF_LASTS * 1_000_000));
    }
}
