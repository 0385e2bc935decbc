//! The GET request by which Meta checks a callback URL when it is set up: it names the token that
//! was agreed, and wants its challenge back.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The longest challenge that is sent back, in bytes. Meta's are ten digits.
pub const CHALLENGE_BYTES_MAX: usize = 256;

/// What the request asks, percent-decoded, as far as it does.
#[derive(Clone, Copy, Default)]
pub struct Question<'q> {
    /// `hub.mode`
    pub mode: Option<&'q str>,
    /// `hub.challenge`
    pub challenge: Option<&'q str>,
    /// `hub.verify_token`
    pub verify_token: Option<&'q str>,
}

/// Why the challenge is not sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another mode, or none.
    #[error("hub.mode must be `subscribe`")]
    Mode,
    /// Not the token that was agreed.
    #[error("hub.verify_token is not this source's; paste it again into the App Dashboard")]
    Token,
    /// A challenge that could be something else than text to whoever reads the answer.
    #[error(
        "hub.challenge must have 1 to {CHALLENGE_BYTES_MAX} characters of a-z, A-Z, 0-9, `-`, `.`, `_` and `~`"
    )]
    Challenge,
}

/// The body of the answer, which is safe as `text/plain`. How long it takes says nothing of `expected`
/// beyond whether it was named.
pub fn answer<'q>(question: Question<'q>, expected: &str) -> Result<&'q str, Refusal> {
    if question.mode != Some("subscribe") {
        return Err(Refusal::Mode);
    }
    if !is_token(question.verify_token.unwrap_or_default(), expected) {
        return Err(Refusal::Token);
    }
    question.challenge.filter(|challenge| is_safe(challenge)).ok_or(Refusal::Challenge)
}

/// Compares digests, which are of one length whatever was named. A source without a token has none
/// that could be named.
fn is_token(named: &str, expected: &str) -> bool {
    let same: bool = Sha256::digest(named).ct_eq(&Sha256::digest(expected)).into();
    same && !expected.is_empty()
}

fn is_safe(challenge: &str) -> bool {
    (1..=CHALLENGE_BYTES_MAX).contains(&challenge.len())
        && challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "vibecoding-9f1c";

    fn check(
        mode: Option<&str>,
        challenge: Option<&str>,
        verify_token: Option<&str>,
        expected: Result<&str, Refusal>,
    ) {
        let question = Question { mode, challenge, verify_token };
        assert_eq!(answer(question, TOKEN), expected, "{mode:?} {challenge:?} {verify_token:?}");
    }

    #[test]
    fn metas_own_request_is_answered_with_its_challenge() {
        let fixture = crate::whatsapp::fixtures::read("verification_handshake");
        let fixture: serde_json::Value = serde_json::from_slice(&fixture).unwrap();
        let asked = |name: &str| fixture["request"]["query"][name].as_str();
        let question = Question {
            mode: asked("hub.mode"),
            challenge: asked("hub.challenge"),
            verify_token: asked("hub.verify_token"),
        };
        let body = fixture["expect_ok"]["body"].as_str().unwrap();
        assert_eq!(answer(question, TOKEN), Ok(body));
        assert_eq!(answer(question, "another"), Err(Refusal::Token));
    }

    #[test]
    fn all_three_have_to_be_there_and_right() {
        let (mode, token) = (Some("subscribe"), Some(TOKEN));
        check(mode, Some("1158201444"), token, Ok("1158201444"));
        check(None, Some("1"), token, Err(Refusal::Mode));
        check(Some("Subscribe"), Some("1"), token, Err(Refusal::Mode));
        check(Some("unsubscribe"), Some("1"), token, Err(Refusal::Mode));
        check(mode, Some("1"), None, Err(Refusal::Token));
        check(mode, Some("1"), Some(""), Err(Refusal::Token));
        check(mode, Some("1"), Some("vibecoding-9f1"), Err(Refusal::Token));
        check(mode, Some("1"), Some("vibecoding-9f1c "), Err(Refusal::Token));
        check(mode, Some("1"), Some("Vibecoding-9f1c"), Err(Refusal::Token));
        check(mode, None, token, Err(Refusal::Challenge));
        check(mode, Some(""), token, Err(Refusal::Challenge));
        check(mode, Some("<script>"), token, Err(Refusal::Challenge));
        check(mode, Some("1\r\nSet-Cookie: a=b"), token, Err(Refusal::Challenge));
        check(mode, Some("é"), token, Err(Refusal::Challenge));
        let long = "9".repeat(CHALLENGE_BYTES_MAX);
        check(mode, Some(&long), token, Ok(&long));
        check(mode, Some(&format!("{long}9")), token, Err(Refusal::Challenge));
    }

    #[test]
    fn who_has_no_token_cannot_be_asked() {
        let question =
            Question { mode: Some("subscribe"), challenge: Some("1"), verify_token: Some("") };
        assert_eq!(answer(question, ""), Err(Refusal::Token));
    }
}
