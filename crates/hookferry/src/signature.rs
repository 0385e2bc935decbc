//! Whether a request's signatures verify, as a receiver sees it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::secret::{EndpointSecret, SigningKeys};

/// How old a timestamp may be, as the official libraries have it.
const AGE_MAX: TimeDelta = TimeDelta::minutes(5);

/// The headers that a signature is checked with.
#[derive(Debug, Clone, Copy)]
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

/// What was found, one sentence for each signature.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// About `webhook-signature`.
    pub standard: &'static str,
    /// About `X-Hub-Signature-256`.
    pub hub: &'static str,
}

/// Checks both signatures of a request.
pub fn verify(
    secret: &EndpointSecret,
    signed: Signed<'_>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Verdict {
    let keys = SigningKeys::new(secret, &[]);
    let at = signed.timestamp.and_then(|text| DateTime::from_timestamp(text.parse().ok()?, 0));
    let expected = keys.sign(signed.id.unwrap_or_default(), at.unwrap_or_default(), body);
    let standard = match (signed.standard, signed.id, at) {
        (None, _, _) => "missing",
        (Some(_), None, _) => "does not verify: no webhook-id",
        (Some(_), _, None) => "does not verify: no webhook-timestamp",
        (Some(given), Some(_), Some(at)) => {
            if !given.split(' ').any(|one| one == expected.standard) {
                "DOES NOT VERIFY"
            } else if (now - at).abs() > AGE_MAX {
                "verifies, but its timestamp is more than 5 minutes off"
            } else {
                "verifies"
            }
        }
    };
    let hub = match signed.hub {
        None => "missing",
        Some(given) if given == expected.hub => "verifies",
        Some(_) => "DOES NOT VERIFY",
    };
    Verdict { standard, hub }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_signatures_are_checked_over_id_time_and_body() {
        let secret = EndpointSecret::from_random([7; 32]);
        let other = EndpointSecret::from_random([8; 32]);
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let made = SigningKeys::new(&secret, &[]).sign("evt_1", at, "नमस्ते".as_bytes());
        let two = format!("v1,AAAA {}", made.standard);
        let signed = Signed {
            id: Some("evt_1"),
            timestamp: Some("1800000000"),
            standard: Some(&two),
            hub: Some(&made.hub),
        };
        let check = |secret, signed, body: &str, now| {
            let verdict = verify(secret, signed, body.as_bytes(), now);
            (verdict.standard, verdict.hub)
        };
        assert_eq!(check(&secret, signed, "नमस्ते", at), ("verifies", "verifies"));
        assert_eq!(check(&secret, signed, "नमस्ते!", at), ("DOES NOT VERIFY", "DOES NOT VERIFY"));
        assert_eq!(check(&other, signed, "नमस्ते", at).0, "DOES NOT VERIFY");
        let renamed = Signed { id: Some("evt_2"), ..signed };
        assert_eq!(check(&secret, renamed, "नमस्ते", at), ("DOES NOT VERIFY", "verifies"));
        let late = at + AGE_MAX + TimeDelta::seconds(1);
        assert!(check(&secret, signed, "नमस्ते", late).0.contains("5 minutes off"));
        let bare = Signed { id: None, timestamp: None, standard: None, hub: None };
        assert_eq!(check(&secret, bare, "", at), ("missing", "missing"));
    }
}
