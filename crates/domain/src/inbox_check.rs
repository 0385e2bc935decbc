//! Whether a request that came into an inbox is signed as it should be, header by header, so that a
//! person sees what is wrong.

use chrono::{DateTime, TimeDelta, Utc};

use crate::secret::SigningKeys;

/// How far a timestamp may be off, as the official libraries of Standard Webhooks have it.
pub const TIMESTAMP_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// The headers that a signature is checked with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signed<'a> {
    /// `webhook-id`.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`.
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub standard: Option<&'a str>,
    /// `X-Hub-Signature-256`.
    pub hub: Option<&'a str>,
}

/// The keys that may have signed: of the company's endpoints whose URL is the inbox's.
#[derive(Debug)]
pub struct InboxKeys {
    /// The keys of each endpoint.
    pub keys: Vec<SigningKeys>,
    /// Whether these are all; where there are too many endpoints, some are left out.
    pub complete: bool,
}

/// What was found about one header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// It is the signature of a live secret.
    Verified,
    /// It is the signature of none.
    Wrong,
    /// It is not there.
    Missing,
    /// It verifies, but `webhook-timestamp` is more than [`TIMESTAMP_TOLERANCE`] off.
    TimestampOff,
    /// There is no `webhook-id`.
    NoId,
    /// There is no `webhook-timestamp`, or it is no number of seconds.
    NoTimestamp,
    /// There is nothing to check it with: no endpoint has this URL, or the body is not all there.
    Unknown,
}

impl Finding {
    /// Every one of them.
    pub const ALL: [Self; 7] = [
        Self::Verified,
        Self::Wrong,
        Self::Missing,
        Self::TimestampOff,
        Self::NoId,
        Self::NoTimestamp,
        Self::Unknown,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Wrong => "wrong",
            Self::Missing => "missing",
            Self::TimestampOff => "timestamp_off",
            Self::NoId => "no_id",
            Self::NoTimestamp => "no_timestamp",
            Self::Unknown => "unknown",
        }
    }

    /// Reads its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|finding| finding.as_str() == text)
    }
}

/// What was found about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// About `webhook-signature`.
    pub standard: Finding,
    /// About `X-Hub-Signature-256`.
    pub hub: Finding,
}

impl Checked {
    /// About the whole: verified, wrong, missing or unknown. It is verified where
    /// `webhook-signature` is, and `X-Hub-Signature-256` too if it is there.
    pub const fn verdict(self) -> Finding {
        match (self.standard, self.hub) {
            (Finding::Wrong | Finding::TimestampOff | Finding::NoId | Finding::NoTimestamp, _)
            | (_, Finding::Wrong | Finding::TimestampOff | Finding::NoId | Finding::NoTimestamp) => {
                Finding::Wrong
            }
            (Finding::Unknown, _) | (_, Finding::Unknown) => Finding::Unknown,
            (Finding::Missing, Finding::Missing | Finding::Verified) => Finding::Missing,
            (Finding::Verified, Finding::Missing | Finding::Verified) => Finding::Verified,
        }
    }
}

/// Checks both signatures of a request; `body` is `None` where it is not all there.
pub fn check(
    keys: &InboxKeys,
    signed: Signed<'_>,
    body: Option<&[u8]>,
    now: DateTime<Utc>,
) -> Checked {
    let Some(body) = body.filter(|_| !keys.keys.is_empty()) else {
        let found = |given: Option<&str>| given.map_or(Finding::Missing, |_| Finding::Unknown);
        return Checked { standard: found(signed.standard), hub: found(signed.hub) };
    };
    let by_none = if keys.complete { Finding::Wrong } else { Finding::Unknown };
    let hub = match signed.hub {
        None => Finding::Missing,
        Some(given) if keys.keys.iter().any(|keys| keys.verifies_hub(now, body, given)) => {
            Finding::Verified
        }
        Some(_) => by_none,
    };
    let at = signed.timestamp.and_then(|text| DateTime::from_timestamp(text.parse().ok()?, 0));
    let standard = match (signed.standard, signed.id, at) {
        (None, _, _) => Finding::Missing,
        (Some(_), None, _) => Finding::NoId,
        (Some(_), Some(_), None) => Finding::NoTimestamp,
        (Some(given), Some(id), Some(at)) => {
            let verifies = |keys: &SigningKeys| keys.verifies_standard(id, at, body, given);
            if !keys.keys.iter().any(verifies) {
                by_none
            } else if (now - at).abs() > TIMESTAMP_TOLERANCE {
                Finding::TimestampOff
            } else {
                Finding::Verified
            }
        }
    };
    Checked { standard, hub }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{EndpointSecret, Signatures};
    use chrono::TimeZone;

    const BODY: &[u8] = "{\"text\":\"नमस्ते\"}".as_bytes();

    fn at(seconds: i64) -> DateTime<Utc> {
        Utc.timestamp_opt(1_800_000_000 + seconds, 0).unwrap()
    }

    fn secret(number: u8) -> EndpointSecret {
        EndpointSecret::from_random([number; 32])
    }

    fn keys(numbers: &[u8]) -> InboxKeys {
        let keys = numbers.iter().map(|number| SigningKeys::new(&secret(*number), &[])).collect();
        InboxKeys { keys, complete: true }
    }

    fn made(number: u8) -> Signatures {
        SigningKeys::new(&secret(number), &[]).sign("evt_1", at(0), BODY)
    }

    fn signed(made: &Signatures) -> Signed<'_> {
        Signed {
            id: Some("evt_1"),
            timestamp: Some("1800000000"),
            standard: Some(&made.standard),
            hub: Some(&made.hub),
        }
    }

    fn found(
        keys: &InboxKeys,
        signed: Signed<'_>,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> [&'static str; 3] {
        let checked = check(keys, signed, Some(body), now);
        [checked.verdict().as_str(), checked.standard.as_str(), checked.hub.as_str()]
    }

    #[test]
    fn every_part_of_a_signed_request_counts() {
        let (all, made) = (keys(&[1, 2]), made(2));
        let good = signed(&made);
        let wrong = ["wrong", "wrong", "wrong"];
        assert_eq!(found(&all, good, BODY, at(0)), ["verified", "verified", "verified"]);
        assert_eq!(found(&keys(&[1]), good, BODY, at(0)), wrong);
        assert_eq!(found(&all, good, b"{}", at(0)), wrong);
        let renamed = Signed { id: Some("evt_2"), ..good };
        assert_eq!(found(&all, renamed, BODY, at(0)), ["wrong", "wrong", "verified"]);
        let nameless = Signed { id: None, ..good };
        assert_eq!(found(&all, nameless, BODY, at(0)), ["wrong", "no_id", "verified"]);
        for timestamp in [None, Some("soon"), Some(""), Some("99999999999999999999")] {
            let timeless = Signed { timestamp, ..good };
            assert_eq!(found(&all, timeless, BODY, at(0)), ["wrong", "no_timestamp", "verified"]);
        }
        let mistyped = made.hub.replace(['0', '1', '2', '3'], "4");
        let bad_hub = Signed { hub: Some(&mistyped), ..good };
        assert_eq!(found(&all, bad_hub, BODY, at(0)), ["wrong", "verified", "wrong"]);
    }

    #[test]
    fn a_timestamp_may_be_five_minutes_off() {
        let (all, made) = (keys(&[1]), made(1));
        for off in [-300, 300] {
            assert_eq!(found(&all, signed(&made), BODY, at(off))[1], "verified");
        }
        for off in [-301, 301] {
            let found = found(&all, signed(&made), BODY, at(off));
            assert_eq!(found, ["wrong", "timestamp_off", "verified"]);
        }
    }

    #[test]
    fn what_is_not_there_is_missing_and_what_cannot_be_checked_unknown() {
        let (all, made) = (keys(&[1]), made(1));
        let good = signed(&made);
        let without_hub = Signed { hub: None, ..good };
        assert_eq!(found(&all, without_hub, BODY, at(0)), ["verified", "verified", "missing"]);
        let only_hub = Signed { hub: Some(&made.hub), ..Signed::default() };
        assert_eq!(found(&all, only_hub, BODY, at(0)), ["missing", "missing", "verified"]);
        let none = ["missing", "missing", "missing"];
        assert_eq!(found(&all, Signed::default(), BODY, at(0)), none);
        assert_eq!(found(&keys(&[]), Signed::default(), BODY, at(0)), none);
        let unknown = ["unknown", "unknown", "unknown"];
        assert_eq!(found(&keys(&[]), good, BODY, at(0)), unknown);
        assert_eq!(check(&all, good, None, at(0)).verdict(), Finding::Unknown);
        let some = InboxKeys { complete: false, ..keys(&[2]) };
        assert_eq!(found(&some, good, BODY, at(0)), unknown);
    }

    #[test]
    fn both_secrets_of_a_rotation_verify_until_it_ends() {
        let rotated = SigningKeys::new(&secret(2), &[(secret(1), at(60))]);
        let keys_of = |keys| InboxKeys { keys: vec![keys], complete: true };
        let both = rotated.sign("evt_1", at(0), BODY);
        assert_eq!(both.standard.split(' ').count(), 2);
        let all = keys_of(rotated);
        for made in [&both, &made(1), &made(2)] {
            assert_eq!(found(&all, signed(made), BODY, at(59))[0], "verified");
        }
        // What the older one has signed in time counts; the hub's signature has no time.
        assert_eq!(found(&all, signed(&made(1)), BODY, at(60)), ["wrong", "verified", "wrong"]);
        assert_eq!(found(&keys(&[2]), signed(&made(1)), BODY, at(0))[0], "wrong");
    }

    #[test]
    fn names_read_back() {
        for finding in Finding::ALL {
            assert_eq!(Finding::parse(finding.as_str()), Some(finding));
        }
    }
}
