//! How guessing is slowed down: failures are counted by address, by account, and by both together,
//! and each count makes the next try wait. Nobody can lock another out: a person who comes from an
//! address that the account has been logged in from before waits for failures of that account from
//! that very address only.

use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

/// When failures are forgotten, after the last one.
pub const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(24);

/// Failures of one account from one address.
pub const LOGINS_HERE: BackOff =
    BackOff { free: 5, first: TimeDelta::seconds(10), longest: TimeDelta::minutes(15) };
/// Failures of one account from anywhere.
pub const LOGINS_OF_ACCOUNT: BackOff =
    BackOff { free: 20, first: TimeDelta::seconds(10), longest: TimeDelta::minutes(5) };
/// Failures from one address, whatever the account: many people may share it.
pub const LOGINS_FROM_ADDRESS: BackOff =
    BackOff { free: 50, first: TimeDelta::seconds(10), longest: TimeDelta::hours(1) };
/// Sign-ups from one address.
pub const SIGN_UPS: BackOff =
    BackOff { free: 20, first: TimeDelta::minutes(1), longest: TimeDelta::hours(1) };
/// Password resets asked for from one address, and links that did not work.
pub const LINKS: BackOff =
    BackOff { free: 20, first: TimeDelta::minutes(1), longest: TimeDelta::hours(1) };

/// Wrong operator's tokens from one address: the right one is long, so what this slows down is noise
/// rather than a search, and a person who mistyped soon tries again.
pub const OPERATOR: BackOff =
    BackOff { free: 10, first: TimeDelta::seconds(1), longest: TimeDelta::minutes(5) };
/// Links that prove an address, asked for by one company.
pub const ADDRESS_PROOFS: BackOff =
    BackOff { free: 20, first: TimeDelta::minutes(1), longest: TimeDelta::hours(1) };
/// The same to one address, whoever asks: it may be a stranger's.
pub const PROOFS_OF_ADDRESS: BackOff =
    BackOff { free: 3, first: TimeDelta::minutes(10), longest: TimeDelta::hours(12) };

/// What is counted about one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// How many failures.
    pub failures: u32,
    /// When the last one was.
    pub last_at: DateTime<Utc>,
}

/// How long a subject waits: not at all for the first `free` failures, then `first` after the next
/// one, twice as long after each further one, up to `longest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    /// How many failures cost nothing.
    pub free: u32,
    /// The first wait.
    pub first: TimeDelta,
    /// The longest wait.
    pub longest: TimeDelta,
}

impl BackOff {
    /// How long to wait after the last of `failures`.
    pub fn after(&self, failures: u32) -> TimeDelta {
        let Some(over) = failures.checked_sub(self.free).filter(|over| *over > 0) else {
            return TimeDelta::zero();
        };
        let doubled = 2_i32.checked_pow(over - 1).and_then(|times| self.first.checked_mul(times));
        doubled.map_or(self.longest, |wait| wait.min(self.longest))
    }

    /// How long a subject still waits at `now`; never longer than `longest`, whatever the clocks say.
    pub fn left(&self, counted: Option<Counted>, now: DateTime<Utc>) -> Option<TimeDelta> {
        let counted = counted.filter(|counted| now - counted.last_at < FORGOTTEN_AFTER)?;
        let wait = self.after(counted.failures);
        let left = wait - (now - counted.last_at);
        (left > TimeDelta::zero() && wait > TimeDelta::zero()).then(|| left.min(wait))
    }
}

/// What is known when somebody tries to log in.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoginTry {
    /// Failures of this account from this address.
    pub here: Option<Counted>,
    /// Failures of this account from anywhere.
    pub account: Option<Counted>,
    /// Failures from this address.
    pub address: Option<Counted>,
    /// Whether this account has been logged in from this address before.
    pub known_address: bool,
}

/// How long whoever tries to log in has to wait; `None` lets them try.
pub fn login_wait(attempt: &LoginTry, now: DateTime<Utc>) -> Option<TimeDelta> {
    let here = LOGINS_HERE.left(attempt.here, now);
    if attempt.known_address {
        return here;
    }
    let account = LOGINS_OF_ACCOUNT.left(attempt.account, now);
    let address = LOGINS_FROM_ADDRESS.left(attempt.address, now);
    here.max(account).max(address)
}

/// What the failures of a login are counted by, in this order: here, account, address.
pub fn login_subjects(address: IpAddr, email_key: &str) -> [[u8; 32]; 3] {
    let place = place(address);
    [
        subject("login_here", &format!("{place} {email_key}")),
        subject("login_account", email_key),
        subject("login_address", &place),
    ]
}

/// What failures are counted by: a hash, so that the counts name nobody.
pub fn subject(kind: &str, value: &str) -> [u8; 32] {
    Sha256::new().chain_update(kind).chain_update([0]).chain_update(value).finalize().into()
}

/// The address as far as it tells who somebody is: of IPv6 its network, within which a machine
/// changes its address as it likes.
pub fn place(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
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

    fn failed(failures: u32) -> Option<Counted> {
        Some(Counted { failures, last_at: noon() })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn waits_double_after_the_free_ones_up_to_the_longest() {
        let seconds = |failures| LOGINS_HERE.after(failures).num_seconds();
        let waits: Vec<i64> = [0, 5, 6, 7, 8, 12, 13, 40, u32::MAX].map(seconds).to_vec();
        assert_eq!(waits, [0, 0, 10, 20, 40, 640, 900, 900, 900]);
    }

    #[test]
    fn a_wait_ends_at_its_very_microsecond() {
        let left = |after: TimeDelta| LOGINS_HERE.left(failed(6), noon() + after);
        assert_eq!(left(TimeDelta::zero()), Some(TimeDelta::seconds(10)));
        let almost = TimeDelta::seconds(10) - TimeDelta::microseconds(1);
        assert_eq!(left(almost), Some(TimeDelta::microseconds(1)));
        assert_eq!(left(TimeDelta::seconds(10)), None);
        assert_eq!(
            left(TimeDelta::seconds(-3_600)),
            Some(TimeDelta::seconds(10)),
            "a clock ran back"
        );
        assert_eq!(LOGINS_HERE.left(None, noon()), None);
    }

    #[test]
    fn nothing_is_held_against_anybody_for_longer_than_a_day() {
        let long = BackOff { free: 0, first: TimeDelta::days(2), longest: TimeDelta::days(9) };
        let almost = FORGOTTEN_AFTER - TimeDelta::microseconds(1);
        assert!(long.left(failed(9), noon() + almost).is_some());
        assert_eq!(long.left(failed(9), noon() + FORGOTTEN_AFTER), None);
    }

    #[test]
    fn failures_elsewhere_never_block_a_known_address() {
        let attack = LoginTry {
            here: failed(LOGINS_HERE.free),
            account: failed(1_000_000),
            address: failed(1_000_000),
            known_address: true,
        };
        assert_eq!(login_wait(&attack, noon()), None);
        let stranger = LoginTry { known_address: false, ..attack };
        assert_eq!(login_wait(&stranger, noon()), Some(TimeDelta::hours(1)));
        let guessing_here = LoginTry { here: failed(6), ..attack };
        assert_eq!(login_wait(&guessing_here, noon()), Some(TimeDelta::seconds(10)));
    }

    #[test]
    fn the_longest_of_the_waits_counts() {
        let nobody = LoginTry::default();
        assert_eq!(login_wait(&nobody, noon()), None);
        let of_account = LoginTry { account: failed(21), here: failed(7), ..nobody };
        assert_eq!(login_wait(&of_account, noon()), Some(TimeDelta::seconds(20)));
        let at_the_edge =
            LoginTry { here: failed(5), account: failed(20), address: failed(50), ..nobody };
        assert_eq!(login_wait(&at_the_edge, noon()), None);
        let over = LoginTry { address: failed(51), ..at_the_edge };
        assert_eq!(login_wait(&over, noon()), Some(TimeDelta::seconds(10)));
    }

    #[test]
    fn subjects_differ_and_name_nobody() {
        let [here, account, address] = login_subjects(ip("192.0.2.1"), "ann@example.com");
        assert!(here != account && account != address);
        let [other_here, same_account, other] = login_subjects(ip("192.0.2.2"), "ann@example.com");
        assert!(here != other_here && account == same_account && address != other);
        let [_, _, mapped] = login_subjects(ip("::ffff:192.0.2.1"), "bob@example.com");
        assert_eq!(address, mapped);
        assert_eq!(place(ip("2001:db8:1:2:3:4:5:6")), place(ip("2001:db8:1:2::9")));
        assert_ne!(place(ip("2001:db8:1:2::9")), place(ip("2001:db8:1:3::9")));
        assert_ne!(subject("a", "bc"), subject("ab", "c"));
    }

    proptest! {
        #[test]
        fn more_failures_never_wait_less(failures in 0u32..100, more in 0u32..100) {
            let all = [LOGINS_HERE, LOGINS_OF_ACCOUNT, LOGINS_FROM_ADDRESS, SIGN_UPS, LINKS, OPERATOR];
            for back_off in all.into_iter().chain([ADDRESS_PROOFS, PROOFS_OF_ADDRESS]) {
                prop_assert!(back_off.after(failures) <= back_off.after(failures + more));
                prop_assert!(back_off.after(failures + more) <= back_off.longest);
            }
        }
    }
}
