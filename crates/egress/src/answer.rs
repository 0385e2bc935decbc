//! What has arrived of an answer, kept within its limits.

use std::net::SocketAddr;

use chrono::{DateTime, TimeDelta, Utc};
use domain::outcome::{Acknowledge, Outcome};
use reqwest::Response;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

use crate::{RESPONSE_BODY_BYTES_MAX, RESPONSE_HEADERS_BYTES_MAX};

/// What has arrived so far.
#[derive(Debug, Default)]
pub struct Answer {
    at: DateTime<Utc>,
    pub status_code: Option<u16>,
    pub retry_after: Option<TimeDelta>,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    /// More came than is kept.
    pub truncated: bool,
    /// How much of the body came, kept or not.
    pub body_bytes: u64,
    pub peer: Option<SocketAddr>,
    /// There was nothing left on this machine to send it with.
    pub not_sent: bool,
}

impl Answer {
    /// Nothing yet of a request that was sent at `at`.
    pub fn sent(at: DateTime<Utc>) -> Self {
        Self { at, ..Self::default() }
    }

    /// Takes status and headers.
    pub fn take_head(&mut self, response: &Response) {
        self.status_code = Some(response.status().as_u16());
        self.peer = response.remote_addr();
        self.retry_after = retry_after(response.headers(), self.at);
        self.headers = kept_headers(response.headers());
    }

    /// Takes the whole body, to its end, and keeps the beginning: only a body that ended in time is
    /// an answer (product.md, delivery rule 2). What is not kept is thrown away as it comes.
    pub async fn take_body(&mut self, mut response: Response) -> Result<(), reqwest::Error> {
        while let Some(chunk) = response.chunk().await? {
            let room = RESPONSE_BODY_BYTES_MAX - self.body.len();
            self.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            self.truncated |= chunk.len() > room;
            self.body_bytes += chunk.len() as u64;
        }
        Ok(())
    }

    /// Judges an answer that is whole.
    pub fn outcome(&self, acknowledge: Acknowledge) -> Option<Outcome> {
        self.status_code.map(|status| Outcome::of_status(status, acknowledge, self.retry_after))
    }
}

/// Headers up to the limit; the value that goes beyond it is cut and is the last.
fn kept_headers(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let mut kept = Vec::with_capacity(headers.len());
    let mut room = RESPONSE_HEADERS_BYTES_MAX;
    for (name, value) in headers {
        let Some(room_for_value) = room.checked_sub(name.as_str().len()) else { break };
        let value = value.as_bytes();
        let value = &value[..value.len().min(room_for_value)];
        kept.push((name.as_str().to_owned(), value.to_vec()));
        room = room_for_value - value.len();
        if room == 0 {
            break;
        }
    }
    kept
}

/// No receiver is left alone for as long, whatever it asks for.
const SECONDS_MAX: i64 = 366 * 24 * 3_600;

/// Seconds, or a date, which counts from the answer's own `Date`, since the two clocks may differ; from when
/// the request was sent where it has none (RFC 9110, 6.6.1: who has no clock sends none).
fn retry_after(headers: &HeaderMap, sent_at: DateTime<Utc>) -> Option<TimeDelta> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let wanted = text(RETRY_AFTER)?;
    if !wanted.is_empty() && wanted.bytes().all(|byte| byte.is_ascii_digit()) {
        // What has more digits than a number has is for ever, too.
        let seconds = wanted.parse().unwrap_or(i64::MAX).min(SECONDS_MAX);
        return TimeDelta::try_seconds(seconds);
    }
    let date = |text| DateTime::parse_from_rfc2822(text).ok().map(|date| date.to_utc());
    let wait = date(wanted)? - text(DATE).and_then(date).unwrap_or(sent_at);
    (wait >= TimeDelta::zero()).then(|| wait.min(TimeDelta::seconds(SECONDS_MAX)))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn check(fields: &[(HeaderName, &'static str)], wait: Option<i64>) {
        let headers = fields.iter().map(|(n, v)| (n.clone(), HeaderValue::from_static(v)));
        let sent_at = DateTime::parse_from_rfc3339("1994-11-06T08:49:07Z").unwrap().to_utc();
        let found = retry_after(&headers.collect(), sent_at);
        assert_eq!(found, wait.map(TimeDelta::seconds), "{fields:?}");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        check(&[(RETRY_AFTER, "120")], Some(120));
        check(&[(RETRY_AFTER, "0")], Some(0));
        for far in ["31622401", "9223372036854775807", "999999999999999999999999"] {
            check(&[(RETRY_AFTER, far)], Some(SECONDS_MAX));
        }
        let date = (DATE, "Sun, 06 Nov 1994 08:49:37 GMT");
        check(&[date.clone(), (RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT")], Some(60));
        check(&[date.clone(), (RETRY_AFTER, "Sun, 06 Nov 1994 08:48:37 GMT")], None);
        check(&[date, (RETRY_AFTER, "Sat, 06 Nov 2094 08:49:37 GMT")], Some(SECONDS_MAX));
    }

    #[test]
    fn a_date_counts_from_the_request_where_the_answer_has_no_date_of_its_own() {
        let until = (RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT");
        check(std::slice::from_ref(&until), Some(90));
        check(&[(DATE, "today"), until], Some(90));
        check(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:48:37 GMT")], None);
    }

    #[test]
    fn a_retry_after_that_says_nothing_is_ignored() {
        check(&[], None);
        for text in ["", "-5", "+5", "1.5", "soon"] {
            check(&[(RETRY_AFTER, text)], None);
        }
    }
}
