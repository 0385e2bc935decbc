//! The caller's own key for an endpoint. It stands wherever the endpoint's id can stand, so it must
//! never look like one, and must survive being part of a URL.

use std::fmt;
use std::str::FromStr;

use crate::id::{EndpointId, IdError};

/// The longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 255;
/// What an endpoint's id begins with, and so no key.
const ID_BEGINS: &str = "ep_";

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is empty or too long.
    #[error("must have 1 to 255 bytes")]
    Length,
    /// A line break, a NUL and the like.
    #[error("must not contain control characters")]
    Control,
    /// It would be taken for an id.
    #[error("must not begin with `ep_`, as the ids of endpoints do")]
    LooksLikeAnId,
    /// Whoever puts it into a URL would ask for another page.
    #[error("must be more than `.` or `..`, which URLs lose")]
    Dots,
}

/// Checks a key that an endpoint is to have.
pub fn check(key: &str) -> Result<(), KeyError> {
    if !(1..=KEY_BYTES_MAX).contains(&key.len()) {
        return Err(KeyError::Length);
    }
    if key.chars().any(char::is_control) {
        return Err(KeyError::Control);
    }
    if key.starts_with(ID_BEGINS) {
        return Err(KeyError::LooksLikeAnId);
    }
    if key == "." || key == ".." {
        return Err(KeyError::Dots);
    }
    Ok(())
}

/// How a caller names an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointName {
    /// By its id.
    Id(EndpointId),
    /// By their own key.
    Key(String),
}

impl FromStr for EndpointName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.starts_with(ID_BEGINS) {
            return Ok(Self::Id(text.parse()?));
        }
        // Keys of earlier releases may have control characters; they still name their endpoints.
        if (1..=KEY_BYTES_MAX).contains(&text.len()) && !text.contains('\0') {
            return Ok(Self::Key(text.to_owned()));
        }
        Err(NameError::Key)
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Key(key) => f.write_str(key),
        }
    }
}

/// Why a text names no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It begins like an id and is none.
    #[error(transparent)]
    Id(#[from] IdError),
    /// It is neither.
    #[error("must be the id of an endpoint, or an external_key of 1 to 255 bytes")]
    Key,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_an_id_and_everything_else_a_key() {
        let id = EndpointId::from_raw(7 << 22);
        assert_eq!(id.to_string().parse(), Ok(EndpointName::Id(id)));
        assert_eq!("ep_".parse::<EndpointName>(), Err(NameError::Id(IdError::Malformed)));
        assert!("ep_crm".parse::<EndpointName>().is_err());
        for key in ["crm", "a/b c?d#e%2F", "日本", "EP_1", "ep", "evt_1"] {
            assert_eq!(key.parse(), Ok(EndpointName::Key(key.to_owned())));
            assert_eq!(check(key), Ok(()));
        }
        for wrong in ["", "a\0b", &"x".repeat(256)] {
            assert_eq!(wrong.parse::<EndpointName>(), Err(NameError::Key));
        }
    }

    #[test]
    fn a_key_never_looks_like_an_id_and_survives_a_url() {
        assert_eq!(check("ep_crm"), Err(KeyError::LooksLikeAnId));
        assert_eq!(check(".."), Err(KeyError::Dots));
        assert_eq!(check("."), Err(KeyError::Dots));
        assert_eq!(check("..."), Ok(()));
        assert_eq!(check(""), Err(KeyError::Length));
        assert_eq!(check(&"x".repeat(255)), Ok(()));
        assert_eq!(check(&"x".repeat(256)), Err(KeyError::Length));
        assert_eq!(check("a\nb"), Err(KeyError::Control));
        assert_eq!(check("a\0b"), Err(KeyError::Control));
    }
}
