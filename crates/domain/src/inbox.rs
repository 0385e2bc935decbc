//! Inboxes: built-in receivers to try things with. What bounds them, how long they live, how fast
//! they take requests.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};

/// How many inboxes a company has at most.
pub const INBOXES_MAX: usize = 5;
/// How long an inbox lives after it was made, changed or last used; its requests live no longer.
pub const LIFE: TimeDelta = TimeDelta::days(7);
/// How exact that is: a request makes the life longer where it gains this much.
pub const LIFE_STEP: TimeDelta = TimeDelta::hours(1);
/// How many requests an inbox keeps: the newest.
pub const REQUESTS_KEPT_MAX: u32 = 200;
/// How much of a body is kept.
pub const BODY_KEPT_BYTES_MAX: usize = 256 * 1024;
/// How large a body may be: an event with the most data fits, and is checked to its end.
pub const BODY_TAKEN_BYTES_MAX: usize = 512 * 1024;
/// How much of the headers is kept, names and values.
pub const HEADERS_KEPT_BYTES_MAX: usize = 16 * 1024;
/// How much of the path and the query behind the key is kept.
pub const PATH_KEPT_BYTES_MAX: usize = 2_048;
/// Which statuses an inbox can answer with.
pub const ANSWER_STATUS: RangeInclusive<u16> = 200..=599;
/// How long an inbox can wait before it answers.
pub const ANSWER_DELAY_MS_MAX: u32 = 30_000;
/// How many requests an inbox takes in a second, on each node.
pub const REQUESTS_PER_SECOND_MAX: u32 = 100;
/// How many it takes at once after a quiet time.
pub const REQUESTS_AT_ONCE_MAX: u32 = 100;
/// How long a request may wait for its turn; one that would wait longer is refused (429). What one
/// endpoint has in flight passes within it: an event too many is late, not a failure.
pub const TURN_WAIT_MAX: TimeDelta = TimeDelta::seconds(3);

/// How an inbox answers: the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxAnswer {
    /// The status, within [`ANSWER_STATUS`].
    pub status: u16,
    /// How long after the request came, in milliseconds, up to [`ANSWER_DELAY_MS_MAX`].
    pub delay_ms: u32,
}

impl Default for InboxAnswer {
    fn default() -> Self {
        Self { status: 200, delay_ms: 0 }
    }
}

const KEY_CHARACTERS: usize = 22;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What stands in the URL of an inbox: 128 random bits in base 62. Whoever knows it can write into
/// the inbox, so Debug does not show it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PathKey(String);

impl PathKey {
    /// A key from random bits.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut rest = u128::from_be_bytes(bytes);
        let mut text = [0; KEY_CHARACTERS];
        for place in text.iter_mut().rev() {
            *place = ALPHABET[(rest % 62) as usize];
            rest /= 62;
        }
        Self(text.map(char::from).iter().collect())
    }

    /// A text that can be a key.
    pub fn parse(text: &str) -> Option<Self> {
        let can_be =
            text.len() == KEY_CHARACTERS && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        can_be.then(|| Self(text.to_owned()))
    }

    /// As it stands in the URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PathKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PathKey(…)")
    }
}

/// Until when an inbox that is used at `now` lives; `None` where that is hardly later than before.
pub fn longer_life(expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let longer = now + LIFE;
    (longer - expires_at >= LIFE_STEP).then_some(longer)
}

/// Who goes when: turns come at an even pace, and some at once after a quiet time.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    step: TimeDelta,
    at_once: TimeDelta,
    /// When the next turn would be, were there none at once.
    next: DateTime<Utc>,
}

/// What became of somebody who asked for a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Theirs comes after so long, maybe at once.
    After(TimeDelta),
    /// It would come too late.
    Refused,
}

impl Pace {
    /// So many a second, so many at once.
    pub fn new(per_second: u32, at_once: u32) -> Self {
        let step = TimeDelta::nanoseconds(1_000_000_000 / i64::from(per_second.max(1)));
        let at_once = step * i32::try_from(at_once.max(1) - 1).unwrap_or(i32::MAX);
        Self { step, at_once, next: DateTime::<Utc>::MIN_UTC }
    }

    /// The pace of one inbox on one node.
    pub fn of_inbox() -> Self {
        Self::new(REQUESTS_PER_SECOND_MAX, REQUESTS_AT_ONCE_MAX)
    }

    /// Takes a turn, if it comes within `wait_max`.
    pub fn take(&mut self, now: DateTime<Utc>, wait_max: TimeDelta) -> Turn {
        // A clock that was set back leaves no debt behind.
        let owed_max = self.at_once + wait_max + self.step;
        let next = self.next.clamp(now, now + owed_max);
        let wait = (next - now - self.at_once).max(TimeDelta::zero());
        if wait > wait_max {
            return Turn::Refused;
        }
        self.next = next + self.step;
        Turn::After(wait)
    }

    /// Whether all turns that were taken are over.
    pub fn is_quiet(&self, now: DateTime<Utc>) -> bool {
        self.next <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use proptest::prelude::*;

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap()
    }

    proptest! {
        #[test]
        fn a_key_reads_back_and_no_two_are_alike(a: [u8; 16], b: [u8; 16]) {
            let (one, other) = (PathKey::from_random(a), PathKey::from_random(b));
            prop_assert_eq!(PathKey::parse(one.as_str()), Some(one.clone()));
            prop_assert_eq!(one == other, a == b);
        }

        #[test]
        fn no_more_turns_than_the_pace_allows(gaps in prop::collection::vec(0i64..30, 1..600)) {
            let mut pace = Pace::new(100, 10);
            let (mut now, mut turns) = (noon(), Vec::new());
            for gap in gaps {
                now += TimeDelta::milliseconds(gap);
                if let Turn::After(wait) = pace.take(now, TimeDelta::milliseconds(200)) {
                    prop_assert!(wait <= TimeDelta::milliseconds(200));
                    turns.push(now + wait);
                }
            }
            for (place, at) in turns.iter().enumerate() {
                let within = turns[place..].iter().filter(|t| **t - *at < TimeDelta::seconds(1));
                prop_assert!(within.count() <= 110);
            }
        }
    }

    #[test]
    fn a_key_is_22_characters_and_debug_does_not_show_it() {
        assert_eq!(PathKey::from_random([0; 16]).as_str(), "0".repeat(22));
        let last = PathKey::from_random([255; 16]);
        assert_eq!(last.as_str(), "7n42DGM5Tflk9n8mt7Fhc7");
        assert_eq!(format!("{last:?}"), "PathKey(…)");
        for bad in ["", "short", &"0".repeat(21), &"0".repeat(23), &"-".repeat(22), &"é".repeat(11)]
        {
            assert_eq!(PathKey::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn life_grows_with_use_an_hour_at_a_time() {
        let until = noon() + LIFE;
        assert_eq!(longer_life(until, noon()), None);
        assert_eq!(longer_life(until, noon() + LIFE_STEP - TimeDelta::microseconds(1)), None);
        assert_eq!(longer_life(until, noon() + LIFE_STEP), Some(until + LIFE_STEP));
    }

    #[test]
    fn some_go_at_once_then_in_turn_then_none() {
        let mut pace = Pace::new(10, 3);
        let wait_max = TimeDelta::milliseconds(200);
        let ms = |ms| Turn::After(TimeDelta::milliseconds(ms));
        let mut take = |now| pace.take(now, wait_max);
        for expected in [ms(0), ms(0), ms(0), ms(100), ms(200), Turn::Refused, Turn::Refused] {
            assert_eq!(take(noon()), expected);
        }
        assert_eq!(take(noon() + TimeDelta::milliseconds(100)), ms(200));
        assert_eq!(take(noon() + TimeDelta::milliseconds(100)), Turn::Refused);
        // A clock set back by a day does not close it for a day.
        assert_eq!(take(noon() - TimeDelta::days(1)), Turn::Refused);
        assert_eq!(take(noon() - TimeDelta::days(1) + TimeDelta::seconds(1)), Turn::Refused);
        assert!(!pace.is_quiet(noon()) && pace.is_quiet(noon() + TimeDelta::seconds(1)));
    }
}
