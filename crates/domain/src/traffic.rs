//! How a person wants requests to go to an endpoint: how many a second, how many at a time, and
//! whether one contact's events go one after the other.

use sha2::{Digest, Sha256};

/// The highest rate that can be asked for; more than that is no limit.
pub const PER_SECOND_MAX: u32 = 10_000;
/// The highest number of requests at a time that can be asked for.
pub const IN_FLIGHT_MAX: u32 = 1_000;

/// What restrains the requests to one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// At most so many requests begin in any second.
    pub per_second: Option<PerSecond>,
    /// At most so many are under way.
    pub max_in_flight: Option<InFlight>,
    /// The events of one contact go one at a time, in the order in which they were accepted.
    pub ordered: bool,
}

impl Traffic {
    /// Whether requests may go out from one node alone: what restrains them holds over all nodes.
    pub const fn is_exclusive(&self) -> bool {
        self.per_second.is_some() || self.max_in_flight.is_some() || self.ordered
    }
}

/// A rate: 1 to [`PER_SECOND_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerSecond(u32);

impl PerSecond {
    /// Checks the range once.
    pub fn parse(number: i64) -> Option<Self> {
        in_range(number, PER_SECOND_MAX).map(Self)
    }

    /// How many a second.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A number of requests under way: 1 to [`IN_FLIGHT_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InFlight(u32);

impl InFlight {
    /// Checks the range once.
    pub fn parse(number: i64) -> Option<Self> {
        in_range(number, IN_FLIGHT_MAX).map(Self)
    }

    /// How many at a time.
    pub const fn get(self) -> u32 {
        self.0
    }
}

fn in_range(number: i64, max: u32) -> Option<u32> {
    u32::try_from(number).ok().filter(|number| (1..=max).contains(number))
}

/// What stands for a contact in rows, never 0: two contacts with the same number wait for each other, and
/// nothing worse.
pub fn contact_key(subject: &str) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&Sha256::digest(subject.as_bytes())[..8]);
    // Nothing stands for nobody.
    match i64::from_be_bytes(first) {
        0 => 1,
        key => key,
    }
}

/// The place of an event in the lines of an ordered endpoint, where `last` was the last place given:
/// its own id, which is made by a node's clock, unless something that was accepted before it has a
/// later one.
pub const fn place_after(last: i64, event: i64) -> i64 {
    if event > last { event } else { last + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_at_their_edges() {
        for (number, fits) in [(0, false), (1, true), (10_000, true), (10_001, false)] {
            assert_eq!(PerSecond::parse(number).is_some(), fits, "{number}");
        }
        for (number, fits) in [(-1, false), (0, false), (1, true), (1_000, true), (1_001, false)] {
            assert_eq!(InFlight::parse(number).is_some(), fits, "{number}");
        }
        assert_eq!(PerSecond::parse(i64::from(u32::MAX) + 2), None);
    }

    #[test]
    fn each_restraint_makes_exclusive() {
        assert!(!Traffic::default().is_exclusive());
        let rate = Traffic { per_second: PerSecond::parse(1), ..Traffic::default() };
        let few = Traffic { max_in_flight: InFlight::parse(1), ..Traffic::default() };
        let ordered = Traffic { ordered: true, ..Traffic::default() };
        assert!([rate, few, ordered].iter().all(Traffic::is_exclusive));
    }

    #[test]
    fn a_contact_has_one_key_for_ever() {
        assert_eq!(contact_key("4915112345678"), contact_key("4915112345678"));
        assert_ne!(contact_key("4915112345678"), contact_key("4915112345679"));
        // Rows of older releases are compared with it.
        assert_eq!(contact_key(""), -2_039_914_840_885_289_964);
    }

    #[test]
    fn places_go_up_whatever_the_clocks_say() {
        assert_eq!(place_after(0, 500), 500);
        assert_eq!(place_after(500, 400), 501);
        assert_eq!(place_after(501, 501), 502);
    }
}
