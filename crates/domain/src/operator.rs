//! The operator's tokens: set by whoever runs the deployment, kept as hashes, compared in constant
//! time. They are no company's and open no company's door.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The shortest token: what a person makes up is short, and this one opens every company.
pub const TOKEN_BYTES_MIN: usize = 16;
/// The longest token.
pub const TOKEN_BYTES_MAX: usize = 256;
/// How many work at a time: the one in use, and those that replace it.
pub const TOKENS_MAX: usize = 8;
/// What the tokens of companies begin with; the operator's never do, so that nobody mixes them up.
pub const COMPANY_TOKEN_PREFIX: &str = "hkf_";

/// The tokens that work, as hashes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OperatorTokens(Vec<[u8; 32]>);

impl OperatorTokens {
    /// Reads tokens that are separated by commas; several work at once, for rotation.
    pub fn parse(text: &str) -> Result<Self, OperatorTokenError> {
        let tokens: Vec<&str> = text.split(',').map(str::trim).collect();
        if tokens.len() > TOKENS_MAX {
            return Err(OperatorTokenError::TooMany);
        }
        tokens.into_iter().map(check).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is any: without one the operator's routes do not exist.
    pub fn is_configured(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether it is one of them. It takes as long for a token that is nearly right as for any other.
    pub fn has(&self, token: &str) -> bool {
        let given = hash(token);
        let compare = |found: Choice, kept: &[u8; 32]| found | kept.ct_eq(&given);
        self.0.iter().fold(Choice::from(0), compare).into()
    }
}

impl fmt::Debug for OperatorTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OperatorTokens({})", self.0.len())
    }
}

fn check(token: &str) -> Result<[u8; 32], OperatorTokenError> {
    if !(TOKEN_BYTES_MIN..=TOKEN_BYTES_MAX).contains(&token.len()) {
        return Err(OperatorTokenError::Length);
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(OperatorTokenError::Characters);
    }
    if token.starts_with(COMPANY_TOKEN_PREFIX) {
        return Err(OperatorTokenError::OfACompany);
    }
    Ok(hash(token))
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Why a text holds no tokens; it goes on after "the operator's token".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OperatorTokenError {
    /// One is too short or too long.
    #[error(
        "is too short or too long; it accepts 16 to 256 characters, and several tokens separated by commas"
    )]
    Length,
    /// One could not stand in a header.
    #[error("has a character that no header takes; it accepts printable ASCII without spaces")]
    Characters,
    /// One looks like a company's.
    #[error("begins with hkf_ as the tokens of companies do; it accepts anything else")]
    OfACompany,
    /// There are too many.
    #[error("has too many tokens; it accepts up to 8, separated by commas")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0123456789abcdef";
    const B: &str = "another-long-token";

    #[test]
    fn each_of_several_works_and_nothing_else_does() {
        let tokens = OperatorTokens::parse(&format!("{A}, {B}")).unwrap();
        assert!(tokens.is_configured() && tokens.has(A) && tokens.has(B));
        for wrong in ["", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0", ","] {
            assert!(!tokens.has(wrong), "{wrong}");
        }
        assert!(!tokens.has(&format!("{A}, {B}")));
    }

    #[test]
    fn nothing_works_where_none_is_configured() {
        let none = OperatorTokens::default();
        assert!(!none.is_configured() && !none.has("") && !none.has(A));
    }

    #[test]
    fn what_is_refused_is_named() {
        let refused = |text: &str| OperatorTokens::parse(text).unwrap_err();
        assert_eq!(refused(""), OperatorTokenError::Length);
        assert_eq!(refused(&A[..15]), OperatorTokenError::Length);
        assert_eq!(refused(&format!("{A},")), OperatorTokenError::Length);
        assert_eq!(refused(&"a".repeat(257)), OperatorTokenError::Length);
        assert!(OperatorTokens::parse(&"a".repeat(256)).is_ok());
        assert_eq!(refused("0123456789abcde f"), OperatorTokenError::Characters);
        assert_eq!(refused("hkf_0123456789abcdef"), OperatorTokenError::OfACompany);
        assert_eq!(refused(&[A; 9].join(",")), OperatorTokenError::TooMany);
        assert!(OperatorTokens::parse(&[A; 8].join(",")).is_ok());
    }

    #[test]
    fn it_never_shows_a_token() {
        assert_eq!(format!("{:?}", OperatorTokens::parse(A).unwrap()), "OperatorTokens(1)");
    }
}
