//! What came of one attempt.

use chrono::TimeDelta;

/// Why an attempt failed: the closed list of the REST API (`error.kind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The name does not exist, or its servers did not answer.
    Dns,
    /// No connection: refused, reset or unreachable.
    Connect,
    /// The certificate or the handshake is not acceptable.
    Tls,
    /// The exchange was not over in time.
    Timeout,
    /// The address is one that this installation does not call.
    AddressForbidden,
    /// The answer's status is not a success.
    Status,
    /// The answer broke off or could not be read.
    Body,
    /// The answer sends the request elsewhere.
    Redirect,
    /// Anything else.
    Other,
}

impl ErrorKind {
    /// Every kind, in the order of the REST API's documentation.
    pub const ALL: [Self; 9] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::AddressForbidden,
        Self::Status,
        Self::Body,
        Self::Redirect,
        Self::Other,
    ];

    /// The name in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::AddressForbidden => "address_forbidden",
            Self::Status => "status",
            Self::Body => "body",
            Self::Redirect => "redirect",
            Self::Other => "other",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Which answers an endpoint accepts as success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledge {
    /// Any 2xx.
    Any2xx,
    /// Only 200, as Wati and Meta have it.
    Only200,
}

/// Why an attempt failed, in kind and in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which kind of failure.
    pub kind: ErrorKind,
    /// A sentence that names what was tried and what happened.
    pub message: String,
}

/// What came of one attempt, as far as a decision needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The answer's status, if there was one.
    pub status_code: Option<u16>,
    /// Why it failed; `None` is success.
    pub failure: Option<Failure>,
    /// How long the receiver asked to be left alone (429 and 503 only).
    pub retry_after: Option<TimeDelta>,
}

impl Outcome {
    /// Judges an answer that arrived whole.
    pub fn of_status(
        status_code: u16,
        accept: Acknowledge,
        retry_after: Option<TimeDelta>,
    ) -> Self {
        let success = match accept {
            Acknowledge::Any2xx => (200..300).contains(&status_code),
            Acknowledge::Only200 => status_code == 200,
        };
        let kind = if (300..400).contains(&status_code) && status_code != 304 {
            ErrorKind::Redirect
        } else {
            ErrorKind::Status
        };
        let failure =
            (!success).then(|| Failure { kind, message: status_message(status_code, accept) });
        let retry_after = retry_after.filter(|_| matches!(status_code, 429 | 503));
        Self { status_code: Some(status_code), failure, retry_after }
    }

    /// An attempt that brought no whole answer. `status_code` is set where the head had arrived.
    pub fn of_error(kind: ErrorKind, message: String, status_code: Option<u16>) -> Self {
        Self { status_code, failure: Some(Failure { kind, message }), retry_after: None }
    }

    /// Whether the receiver said yes.
    pub fn is_success(&self) -> bool {
        self.failure.is_none()
    }

    /// Whether the receiver said that it is gone for good (410, Standard Webhooks).
    pub fn is_gone(&self) -> bool {
        self.status_code == Some(410)
            && self.failure.as_ref().is_some_and(|f| f.kind == ErrorKind::Status)
    }
}

fn status_message(status_code: u16, accept: Acknowledge) -> String {
    match status_code {
        200..300 if accept == Acknowledge::Only200 => {
            format!("the receiver answered {status_code}; this endpoint accepts only 200")
        }
        300..400 => format!("the receiver answered {status_code}; redirects are not followed"),
        _ => format!("the receiver answered {status_code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_2xx_or_only_200() {
        for (status, any, only) in [(200, true, true), (204, true, false), (199, false, false)] {
            assert_eq!(Outcome::of_status(status, Acknowledge::Any2xx, None).is_success(), any);
            assert_eq!(Outcome::of_status(status, Acknowledge::Only200, None).is_success(), only);
        }
    }

    #[test]
    fn redirects_are_failures_of_their_own_kind() {
        let outcome = Outcome::of_status(302, Acknowledge::Any2xx, None);
        assert_eq!(outcome.failure.unwrap().kind, ErrorKind::Redirect);
    }

    #[test]
    fn retry_after_counts_on_429_and_503_only() {
        let wait = Some(TimeDelta::seconds(7));
        assert_eq!(Outcome::of_status(503, Acknowledge::Any2xx, wait).retry_after, wait);
        assert_eq!(Outcome::of_status(429, Acknowledge::Any2xx, wait).retry_after, wait);
        assert_eq!(Outcome::of_status(500, Acknowledge::Any2xx, wait).retry_after, None);
        assert_eq!(Outcome::of_status(200, Acknowledge::Any2xx, wait).retry_after, None);
    }

    #[test]
    fn gone_is_a_whole_410() {
        assert!(Outcome::of_status(410, Acknowledge::Any2xx, None).is_gone());
        assert!(!Outcome::of_error(ErrorKind::Body, String::new(), Some(410)).is_gone());
    }
}
