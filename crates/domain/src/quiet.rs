//! Quiet hours: when mails about endpoints wait. They are told by the clock on the wall of a named
//! time zone, so that they stay where people put them when the clocks change.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

/// How many minutes a day has on the clock.
const DAY_MINUTES: u16 = 24 * 60;
/// Quiet hours end within a day on the clock, and a change of the clocks moves that by a day at most
/// (Samoa left one out).
const END_WITHIN_MINUTES: i64 = 3 * 24 * 60;

/// A time zone of the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeZone(Tz);

/// A text that names no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must name a time zone of the IANA database, as in `Europe/Berlin`, or be `UTC`")]
pub struct TimeZoneError;

impl TimeZone {
    /// Where nobody has chosen one.
    pub const UTC: Self = Self(Tz::UTC);

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        self.0.name()
    }
}

impl FromStr for TimeZone {
    type Err = TimeZoneError;

    fn from_str(text: &str) -> Result<Self, TimeZoneError> {
        text.parse().map(Self).map_err(|_| TimeZoneError)
    }
}

/// A time on the clock, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallTime {
    minute: u16,
}

/// A text that is no time on the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a time from `00:00` to `23:59`")]
pub struct WallTimeError;

impl FromStr for WallTime {
    type Err = WallTimeError;

    fn from_str(text: &str) -> Result<Self, WallTimeError> {
        let number = |digits: &str| {
            let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if plain {
                digits.parse::<u16>().map_err(|_| WallTimeError)
            } else {
                Err(WallTimeError)
            }
        };
        let (hour, minute) = text.split_once(':').ok_or(WallTimeError)?;
        let (hour, minute) = (number(hour)?, number(minute)?);
        let in_range = hour < 24 && minute < 60;
        if in_range { Ok(Self { minute: hour * 60 + minute }) } else { Err(WallTimeError) }
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

/// From when to when it is quiet, every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: WallTime,
    to: WallTime,
}

/// Hours that begin when they end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`from` and `to` must differ; leave quiet hours out (null) to have none")]
pub struct QuietHoursError;

impl QuietHours {
    /// From `from` up to, but not at, `to`, over midnight where `to` is the earlier one.
    pub fn parse(from: WallTime, to: WallTime) -> Result<Self, QuietHoursError> {
        if from == to { Err(QuietHoursError) } else { Ok(Self { from, to }) }
    }

    /// When they begin.
    pub const fn from(self) -> WallTime {
        self.from
    }

    /// When they end.
    pub const fn to(self) -> WallTime {
        self.to
    }

    /// The first moment, at or after `at`, that is not within them.
    pub fn end_after(self, at: DateTime<Utc>, zone: TimeZone) -> DateTime<Utc> {
        if !self.holds(at, zone) {
            return at;
        }
        // Clocks change by whole minutes: it is enough to look at each one.
        let whole = at - TimeDelta::nanoseconds(nanos_of_minute(at));
        (1..=END_WITHIN_MINUTES)
            .map(|minutes| whole + TimeDelta::minutes(minutes))
            .find(|moment| !self.holds(*moment, zone))
            .unwrap_or(at)
    }

    fn holds(self, at: DateTime<Utc>, zone: TimeZone) -> bool {
        let local = at.with_timezone(&zone.0);
        let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(0);
        let since = |then: u16| (minute + DAY_MINUTES - then) % DAY_MINUTES;
        let lasts = (self.to.minute + DAY_MINUTES - self.from.minute) % DAY_MINUTES;
        since(self.from.minute) < lasts
    }
}

fn nanos_of_minute(at: DateTime<Utc>) -> i64 {
    i64::from(at.second()) * 1_000_000_000 + i64::from(at.nanosecond() % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hours(from: &str, to: &str) -> QuietHours {
        QuietHours::parse(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    /// The end of quiet hours, both times in UTC.
    fn end(from_to: (&str, &str), zone: &str, at: &str) -> String {
        let at: DateTime<Utc> = at.parse().unwrap();
        let end = hours(from_to.0, from_to.1).end_after(at, zone.parse().unwrap());
        end.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
    }

    #[test]
    fn they_go_over_midnight_and_end_to_the_microsecond() {
        let night = ("22:00", "07:00");
        for (at, expected) in [
            ("2026-11-20T21:59:59.999999Z", "2026-11-20T21:59:59.999999Z"),
            ("2026-11-20T22:00:00Z", "2026-11-21T07:00:00Z"),
            ("2026-11-20T23:59:59.999999Z", "2026-11-21T07:00:00Z"),
            ("2026-11-21T00:00:00Z", "2026-11-21T07:00:00Z"),
            ("2026-11-21T06:59:59.999999Z", "2026-11-21T07:00:00Z"),
            ("2026-11-21T07:00:00Z", "2026-11-21T07:00:00Z"),
        ] {
            assert_eq!(end(night, "UTC", at), expected, "{at}");
        }
        let noon = ("12:00", "13:30");
        assert_eq!(end(noon, "UTC", "2026-11-20T13:29:30Z"), "2026-11-20T13:30:00Z");
        assert_eq!(end(noon, "UTC", "2026-11-20T11:59:00Z"), "2026-11-20T11:59:00Z");
    }

    #[test]
    fn the_clock_is_the_one_on_the_wall_there() {
        let night = ("22:00", "07:00");
        // 21:30 in London, 22:30 in Berlin, 03:00 in Kolkata.
        let at = "2026-11-20T21:30:00Z";
        assert_eq!(end(night, "Europe/London", at), at);
        assert_eq!(end(night, "Europe/Berlin", at), "2026-11-21T06:00:00Z");
        assert_eq!(end(night, "Asia/Kolkata", at), "2026-11-21T01:30:00Z");
    }

    #[test]
    fn a_night_in_which_the_clocks_change_ends_when_the_clock_says_so() {
        let night = ("22:00", "07:00");
        // Berlin: 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00.
        assert_eq!(end(night, "Europe/Berlin", "2026-03-28T22:00:00Z"), "2026-03-29T05:00:00Z");
        assert_eq!(end(night, "Europe/Berlin", "2026-10-24T22:00:00Z"), "2026-10-25T06:00:00Z");
        assert_eq!(end(night, "Europe/Berlin", "2026-10-23T22:00:00Z"), "2026-10-24T05:00:00Z");
    }

    #[test]
    fn an_end_that_the_clock_leaves_out_is_the_moment_of_the_change() {
        let short = ("01:00", "02:30");
        assert_eq!(end(short, "Europe/Berlin", "2026-03-29T00:30:00Z"), "2026-03-29T01:00:00Z");
        // Hours that are left out altogether are not quiet.
        let missing = ("02:15", "02:45");
        assert_eq!(end(missing, "Europe/Berlin", "2026-03-29T01:00:00Z"), "2026-03-29T01:00:00Z");
    }

    #[test]
    fn an_end_that_the_clock_shows_twice_comes_with_the_first() {
        let short = ("01:00", "02:30");
        assert_eq!(end(short, "Europe/Berlin", "2026-10-25T00:15:00Z"), "2026-10-25T00:30:00Z");
        // The second time around it is quiet again.
        assert_eq!(end(short, "Europe/Berlin", "2026-10-25T01:15:00Z"), "2026-10-25T01:30:00Z");
        // Ends that come after the change are not shown twice.
        let night = ("23:00", "03:00");
        assert_eq!(end(night, "Europe/Berlin", "2026-10-25T00:45:00Z"), "2026-10-25T02:00:00Z");
    }

    #[test]
    fn half_hours_and_a_day_that_never_was() {
        // Lord Howe's clocks change by half an hour: 2026-10-04 02:00 becomes 02:30.
        let short = ("01:00", "02:15");
        let lord_howe = "Australia/Lord_Howe";
        assert_eq!(end(short, lord_howe, "2026-10-03T15:00:00Z"), "2026-10-03T15:30:00Z");
        // Samoa went from 29 to 31 December 2011.
        let night = ("22:00", "07:00");
        assert_eq!(end(night, "Pacific/Apia", "2011-12-30T09:00:00Z"), "2011-12-30T17:00:00Z");
    }

    #[test]
    fn texts_that_are_no_hours_or_zones() {
        for bad in ["", "24:00", "7:00", "07:0", "07:60", "+7:00", "07:00:00", "0700", "٠٧:٠٠"]
        {
            assert_eq!(bad.parse::<WallTime>(), Err(WallTimeError), "{bad}");
        }
        for good in ["00:00", "07:05", "23:59"] {
            assert_eq!(good.parse::<WallTime>().unwrap().to_string(), good);
        }
        for bad in ["", "Berlin", "Europe/Nowhere", "+01:00", "utc+1", "Europe/Berlin "] {
            assert_eq!(bad.parse::<TimeZone>(), Err(TimeZoneError), "{bad}");
        }
        for good in ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5"] {
            assert_eq!(good.parse::<TimeZone>().unwrap().as_str(), good);
        }
        let seven: WallTime = "07:00".parse().unwrap();
        assert_eq!(QuietHours::parse(seven, seven), Err(QuietHoursError));
    }

    proptest! {
        #[test]
        fn what_comes_out_is_never_quiet_and_never_earlier(
            from in 0u16..DAY_MINUTES, to in 0u16..DAY_MINUTES, second in 0i64..400 * 86_400,
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York",
                "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham", "Africa/Casablanca"]),
        ) {
            prop_assume!(from != to);
            let hours = QuietHours { from: WallTime { minute: from }, to: WallTime { minute: to } };
            let zone = zone.parse().unwrap();
            let at = DateTime::from_timestamp(1_760_000_000 + second, 0).unwrap();
            let end = hours.end_after(at, zone);
            prop_assert!(!hours.holds(end, zone));
            prop_assert!(end >= at && end - at <= TimeDelta::hours(25));
            prop_assert!(end == at || hours.holds(end - TimeDelta::microseconds(1), zone));
            prop_assert_eq!(hours.end_after(end, zone), end);
        }
    }
}
