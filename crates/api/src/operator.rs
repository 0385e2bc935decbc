//! Wrong operator's tokens are counted by address, in memory: the operator's doors must open while
//! the database is away, and the token is too long to be found by guessing on several nodes.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::throttle::{Counted, FORGOTTEN_AFTER, OPERATOR};
use parking_lot::Mutex;

/// How many addresses are remembered; beyond it the one that was quiet for longest is forgotten.
const PLACES_MAX: usize = 4_096;

/// Who has guessed how often.
#[derive(Debug, Default)]
pub struct Guesses(Mutex<HashMap<String, Counted>>);

impl Guesses {
    /// How long this address has to wait before its next try is looked at.
    pub fn wait(&self, from: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
        OPERATOR.left(self.0.lock().get(from).copied(), now)
    }

    /// One more wrong token.
    pub fn count(&self, from: String, now: DateTime<Utc>) {
        let mut places = self.0.lock();
        if places.len() >= PLACES_MAX && !places.contains_key(&from) {
            places.retain(|_, counted| now - counted.last_at < FORGOTTEN_AFTER);
            let quietest = places.iter().min_by_key(|(_, counted)| counted.last_at);
            let quietest = quietest.map(|(place, _)| place.clone());
            if let Some(place) = quietest.filter(|_| places.len() >= PLACES_MAX) {
                places.remove(&place);
            }
        }
        let counted = places.entry(from).or_insert(Counted { failures: 0, last_at: now });
        let failures = if now - counted.last_at < FORGOTTEN_AFTER { counted.failures } else { 0 };
        *counted = Counted { failures: failures.saturating_add(1), last_at: now };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap()
    }

    #[test]
    fn one_address_waits_and_others_do_not() {
        let guesses = Guesses::default();
        for _ in 0..OPERATOR.free {
            guesses.count("a".into(), noon());
            assert_eq!(guesses.wait("a", noon()), None);
        }
        guesses.count("a".into(), noon());
        assert_eq!(guesses.wait("a", noon()), Some(OPERATOR.first));
        assert_eq!(guesses.wait("a", noon() + OPERATOR.first), None);
        assert_eq!(guesses.wait("b", noon()), None);
        guesses.count("a".into(), noon() + FORGOTTEN_AFTER);
        assert_eq!(guesses.wait("a", noon() + FORGOTTEN_AFTER), None, "counted anew");
    }

    #[test]
    fn it_remembers_so_many_and_no_more() {
        let guesses = Guesses::default();
        for number in 0..=PLACES_MAX {
            let at = noon() + TimeDelta::milliseconds(i64::try_from(number).unwrap());
            guesses.count(number.to_string(), at);
        }
        let places = guesses.0.lock();
        assert_eq!(places.len(), PLACES_MAX);
        assert!(!places.contains_key("0") && places.contains_key("1"));
    }
}
