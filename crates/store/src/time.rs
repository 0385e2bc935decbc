//! Times in rows: microseconds since 1970 UTC, the same order and the same bytes on both databases.

use chrono::{DateTime, TimeDelta, Utc};

/// Later than anything that is ever due; an index can still hold it.
pub(crate) const NEVER: i64 = 9_000_000_000_000_000;

pub(crate) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

pub(crate) fn from_micros(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

pub(crate) fn span_micros(span: TimeDelta) -> i64 {
    span.num_microseconds().unwrap_or(i64::MAX)
}
