//! The door of the inboxes: how many requests they take, so that a flood on one hurts neither the
//! others nor what the installation is for.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::inbox::{BODY_TAKEN_BYTES_MAX, Pace, PathKey, TURN_WAIT_MAX, Turn};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many requests of one inbox may be under way: waiting, being read, being answered late.
const UNDER_WAY_PER_INBOX_MAX: u32 = 512;
/// How many of all inboxes of a node.
const UNDER_WAY_MAX: u32 = 2_048;
/// Of how many inboxes a node knows the pace. More take turns with those that nobody knows.
const KNOWN_MAX: usize = 1_024;
/// How many looks a second the database is asked for inboxes that this node does not know.
const UNKNOWN_PER_SECOND_MAX: u32 = 100;
/// How much memory bodies may take while they are read and written down.
const BODIES_KIB_MAX: usize = 64 * 1024;
const KIB: usize = 1024;

/// Why a request does not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Too many of this inbox in a second, or under way.
    TooFast,
    /// Too many of all inboxes.
    Full,
}

/// The door; one for a node.
#[derive(Debug)]
pub struct InboxDoor {
    inside: Mutex<Inside>,
    bodies: Semaphore,
    /// One request is written at a time: between two of them, whoever else writes has a turn.
    writing: Semaphore,
}

#[derive(Debug)]
struct Inside {
    known: HashMap<PathKey, Known>,
    unknown: Pace,
    under_way: u32,
}

#[derive(Debug)]
struct Known {
    pace: Pace,
    under_way: u32,
}

impl Default for InboxDoor {
    fn default() -> Self {
        Self {
            inside: Mutex::new(Inside {
                known: HashMap::new(),
                unknown: Pace::new(UNKNOWN_PER_SECOND_MAX, UNKNOWN_PER_SECOND_MAX),
                under_way: 0,
            }),
            bodies: Semaphore::new(BODIES_KIB_MAX),
            writing: Semaphore::new(1),
        }
    }
}

/// A request that is under way, until it is dropped.
#[derive(Debug)]
pub struct Admitted<'door> {
    door: &'door InboxDoor,
    key: PathKey,
    /// Whether it counts among those of its inbox, not only of all.
    is_known: bool,
}

impl InboxDoor {
    /// Lets a request in, and says how long it waits for its turn.
    pub fn admit(
        &self,
        key: &PathKey,
        now: DateTime<Utc>,
    ) -> Result<(Admitted<'_>, TimeDelta), Refusal> {
        let mut inside = self.lock();
        if inside.under_way >= UNDER_WAY_MAX {
            return Err(Refusal::Full);
        }
        let (turn, is_known) = match inside.known.get_mut(key) {
            Some(known) if known.under_way >= UNDER_WAY_PER_INBOX_MAX => (Turn::Refused, true),
            Some(known) => {
                let turn = known.pace.take(now, TURN_WAIT_MAX);
                known.under_way += u32::from(turn != Turn::Refused);
                (turn, true)
            }
            None => (inside.unknown.take(now, TimeDelta::zero()), false),
        };
        match turn {
            Turn::Refused => Err(Refusal::TooFast),
            Turn::After(wait) => {
                inside.under_way += 1;
                Ok((Admitted { door: self, key: key.clone(), is_known }, wait))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for a body of which so many bytes were announced.
    pub async fn room(&self, announced: Option<usize>) -> Option<SemaphorePermit<'_>> {
        let bytes = announced.unwrap_or(BODY_TAKEN_BYTES_MAX).clamp(1, BODY_TAKEN_BYTES_MAX);
        let kib = u32::try_from(bytes.div_ceil(KIB)).ok()?;
        self.bodies.acquire_many(kib).await.ok()
    }

    /// The turn to write.
    pub async fn pen(&self) -> Option<SemaphorePermit<'_>> {
        self.writing.acquire().await.ok()
    }
}

impl Admitted<'_> {
    /// There is such an inbox: from now on it has a pace of its own.
    pub fn learn(&mut self, now: DateTime<Utc>) {
        if self.is_known {
            return;
        }
        let mut inside = self.door.lock();
        if inside.known.len() >= KNOWN_MAX && !inside.known.contains_key(&self.key) {
            inside.known.retain(|_, known| known.under_way > 0 || !known.pace.is_quiet(now));
            if inside.known.len() >= KNOWN_MAX {
                return;
            }
        }
        let known = inside
            .known
            .entry(self.key.clone())
            .or_insert_with(|| Known { pace: Pace::of_inbox(), under_way: 0 });
        // It has come in; whether its turn counts for the pace or not changes little.
        let _ = known.pace.take(now, TURN_WAIT_MAX);
        known.under_way += 1;
        self.is_known = true;
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        let mut inside = self.door.lock();
        inside.under_way -= 1;
        if self.is_known
            && let Some(known) = inside.known.get_mut(&self.key)
        {
            known.under_way -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use domain::inbox::{REQUESTS_AT_ONCE_MAX, REQUESTS_PER_SECOND_MAX};

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap()
    }

    fn key(number: u16) -> PathKey {
        let [high, low] = number.to_be_bytes();
        PathKey::from_random([high, low, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    fn is_refused(door: &InboxDoor, number: u16, now: DateTime<Utc>, why: Refusal) -> bool {
        matches!(door.admit(&key(number), now), Err(refusal) if refusal == why)
    }

    #[test]
    fn an_inbox_that_is_flooded_waits_then_refuses_and_leaves_others_alone() {
        let door = InboxDoor::default();
        let first = |number| {
            let (mut admitted, wait) = door.admit(&key(number), noon()).unwrap();
            assert_eq!(wait, TimeDelta::zero());
            admitted.learn(noon());
            admitted
        };
        let mut under_way = vec![first(1)];
        let waiting = TURN_WAIT_MAX.num_seconds() as u32 * REQUESTS_PER_SECOND_MAX;
        for _ in 1..REQUESTS_AT_ONCE_MAX + waiting {
            let (admitted, wait) = door.admit(&key(1), noon()).unwrap();
            assert!(wait <= TURN_WAIT_MAX);
            under_way.push(admitted);
        }
        assert!(is_refused(&door, 1, noon(), Refusal::TooFast));
        drop(first(2));
        let later = noon() + TURN_WAIT_MAX * 2;
        while (under_way.len() as u32) < UNDER_WAY_PER_INBOX_MAX {
            under_way.push(door.admit(&key(1), later).unwrap().0);
        }
        assert!(is_refused(&door, 1, later + TURN_WAIT_MAX, Refusal::TooFast), "all are under way");
        under_way.pop();
        assert!(door.admit(&key(1), later + TURN_WAIT_MAX).is_ok());
    }

    #[test]
    fn guesses_do_not_reach_the_database_faster_than_a_pace_and_leave_nothing_behind() {
        let door = InboxDoor::default();
        for number in 0..UNKNOWN_PER_SECOND_MAX as u16 {
            drop(door.admit(&key(number), noon()).unwrap());
        }
        assert!(is_refused(&door, 9_999, noon(), Refusal::TooFast));
        assert!(door.admit(&key(9_999), noon() + TimeDelta::seconds(1)).is_ok());
        let inside = door.lock();
        assert_eq!((inside.known.len(), inside.under_way), (0, 0));
    }

    #[test]
    fn there_is_an_end_to_all_of_them_and_to_what_is_remembered() {
        let door = InboxDoor::default();
        let mut under_way = Vec::new();
        let mut now = noon();
        for number in 0..UNDER_WAY_MAX {
            now += TimeDelta::milliseconds(20);
            let mut admitted = door.admit(&key(number as u16), now).unwrap().0;
            admitted.learn(now);
            under_way.push(admitted);
        }
        assert!(is_refused(&door, 60_000, now, Refusal::Full));
        assert_eq!(door.lock().known.len(), KNOWN_MAX);
        drop(under_way);
        let later = now + TimeDelta::minutes(1);
        let mut fresh = door.admit(&key(60_000), later).unwrap().0;
        fresh.learn(later);
        let inside = door.lock();
        assert_eq!((inside.known.len(), inside.under_way), (1, 1), "the quiet ones are forgotten");
    }

    #[tokio::test]
    async fn bodies_have_so_much_room_together() {
        let door = InboxDoor::default();
        let whole = BODIES_KIB_MAX * KIB / BODY_TAKEN_BYTES_MAX;
        let mut rooms = Vec::new();
        for announced in [None, Some(usize::MAX)].into_iter().cycle().take(whole) {
            rooms.push(door.room(announced).await);
        }
        assert!(door.bodies.try_acquire().is_err());
        rooms.pop();
        assert!(door.room(Some(0)).await.is_some());
    }
}
