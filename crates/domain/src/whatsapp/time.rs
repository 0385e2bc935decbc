//! Times as Meta writes them: seconds since 1970, as a string or as an integer.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;

use crate::whatsapp::raw;

/// How far ahead of our clock a time may be and still be believed, in seconds: a day.
pub(super) const AHEAD_SECONDS_MAX: i64 = 24 * 60 * 60;
/// The earliest time that is believed, in seconds since 1970: 2009, when WhatsApp began.
pub(super) const SECONDS_MIN: i64 = 1_230_768_000;
/// The longest time that is carried as one, in digits: what 64 bits can hold.
const DIGITS_MAX: usize = 20;

/// The digits of a time.
pub(super) fn digits(value: &RawValue) -> Option<Cow<'_, str>> {
    raw::text(value)
        .or_else(|| raw::integer(value).map(Cow::Borrowed))
        .filter(|digits| raw::is_digits(digits) && digits.len() <= DIGITS_MAX)
}

/// The time that digits stand for, unless it is absurd.
pub(super) fn believed(digits: &str, received_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = DateTime::from_timestamp(digits.parse().ok()?, 0)?;
    let latest = received_at.checked_add_signed(TimeDelta::seconds(AHEAD_SECONDS_MAX))?;
    (at.timestamp() >= SECONDS_MIN && at <= latest).then_some(at)
}

/// Digits for where Meta wrote none: the time at which the notification came.
pub(super) fn received(received_at: DateTime<Utc>) -> String {
    received_at.timestamp().max(0).to_string()
}
