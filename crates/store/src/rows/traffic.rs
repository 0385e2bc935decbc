//! What restrains the requests to an endpoint, in its columns.

use domain::traffic::{InFlight, PerSecond, Traffic};

/// The column of a rate.
pub fn rate_text(rate: Option<PerSecond>) -> Option<String> {
    rate.map(|rate| serde_json::json!({ "per_second": rate.get() }).to_string())
}

/// The column of a number of requests at a time.
pub fn in_flight_number(in_flight: Option<InFlight>) -> Option<i64> {
    in_flight.map(|in_flight| i64::from(in_flight.get()))
}

/// Reads the three columns back.
pub fn traffic_of(
    rate_limit: Option<&str>,
    max_in_flight: Option<i64>,
    ordered: i64,
) -> Result<Traffic, String> {
    let rate = |text: &str| {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| format!("rate_limit: {error}"))?;
        let number = value.get("per_second").and_then(serde_json::Value::as_i64);
        number.and_then(PerSecond::parse).ok_or_else(|| format!("rate_limit is {text}"))
    };
    let in_flight =
        |number| InFlight::parse(number).ok_or_else(|| format!("max_in_flight is {number}"));
    Ok(Traffic {
        per_second: rate_limit.map(rate).transpose()?,
        max_in_flight: max_in_flight.map(in_flight).transpose()?,
        ordered: ordered != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let (rate, few) = (PerSecond::parse(10_000), InFlight::parse(1));
        let text = rate_text(rate);
        assert_eq!(text.as_deref(), Some("{\"per_second\":10000}"));
        let read = traffic_of(text.as_deref(), in_flight_number(few), 1);
        assert_eq!(read, Ok(Traffic { per_second: rate, max_in_flight: few, ordered: true }));
        assert_eq!(traffic_of(None, None, 0), Ok(Traffic::default()));
        assert!(traffic_of(Some("{\"per_second\":0}"), None, 0).is_err());
        assert!(traffic_of(Some("5"), None, 0).is_err() && traffic_of(None, Some(0), 0).is_err());
    }
}
