//! Durations as people write them in settings: a whole number and its unit.

use chrono::TimeDelta;

/// What the settings say they accept.
pub const ACCEPTED: &str = "250ms, 5s, 10m, 30d";

/// The longest duration that a setting takes, in days.
pub const DAYS_MAX: i64 = 36_500;

/// Reads `250ms`, `5s`, `10m`, `24h` or `30d`; `None` for anything else, a bare number included.
pub fn parse(text: &str) -> Option<TimeDelta> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().ok()?;
    let span = match unit {
        "ms" => TimeDelta::try_milliseconds(number),
        "s" => TimeDelta::try_seconds(number),
        "m" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        "d" => TimeDelta::try_days(number),
        _ => None,
    }?;
    (span <= TimeDelta::days(DAYS_MAX)).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read() {
        for (text, span) in [
            ("250ms", TimeDelta::milliseconds(250)),
            ("5s", TimeDelta::seconds(5)),
            ("10m", TimeDelta::minutes(10)),
            ("24h", TimeDelta::hours(24)),
            ("30d", TimeDelta::days(30)),
            ("0s", TimeDelta::zero()),
            ("007s", TimeDelta::seconds(7)),
        ] {
            assert_eq!(parse(text), Some(span), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "", "5", "s", "10x", "-5s", "+5s", "1.5s", "5 s", " 5s", "5s ", "5S", "5sec", "1h30m",
            "٣s", "5ｓ", "1e3s",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_longest_is_a_hundred_years() {
        assert_eq!(parse("36500d"), Some(TimeDelta::days(DAYS_MAX)));
        assert_eq!(parse("36501d"), None);
        assert_eq!(parse("9223372036854775807ms"), None);
        assert_eq!(parse("9223372036854775808ms"), None);
        assert_eq!(parse("9223372036854775807d"), None);
    }
}
