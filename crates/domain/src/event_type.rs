//! Names of event types, and the selectors by which an endpoint picks them.

use std::fmt;
use std::sync::Arc;

/// The longest name of an event type, in bytes.
pub const NAME_BYTES_MAX: usize = 128;

/// Why a text is not the name of an event type, or not a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventTypeError {
    /// Empty, or longer than [`NAME_BYTES_MAX`].
    #[error("must have 1 to {NAME_BYTES_MAX} characters")]
    Length,
    /// Something else than words of `a-z 0-9 _` joined by full stops.
    #[error("must be words of a-z, 0-9 and _ joined by full stops, as in `message.received`")]
    Characters,
}

/// The checked name of an event type: `message.received`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventTypeName(Arc<str>);

impl EventTypeName {
    /// Checks a name once.
    pub fn parse(name: &str) -> Result<Self, EventTypeError> {
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Err(EventTypeError::Length);
        }
        let word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        if name.split('.').all(word) {
            Ok(Self(name.into()))
        } else {
            Err(EventTypeError::Characters)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this type tells about Hookferry itself. Such events are never picked by `*` and
    /// never give rise to further ones (product.md, delivery rule 11).
    pub fn is_operational(&self) -> bool {
        self.0.starts_with("endpoint.") || self.0.starts_with("delivery.")
    }
}

impl fmt::Display for EventTypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an endpoint picks: one type, all types under a prefix, or all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Selector {
    /// `*`: all but operational types.
    All,
    /// `message.*`: every type that begins with `message.`; the field keeps the full stop.
    Prefix(Box<str>),
    /// One type by name.
    Exact(EventTypeName),
}

impl Selector {
    /// Reads `*`, `message.*` or `message.received`.
    pub fn parse(text: &str) -> Result<Self, EventTypeError> {
        if text == "*" {
            return Ok(Self::All);
        }
        match text.strip_suffix(".*") {
            Some(stem) => {
                let stem = EventTypeName::parse(stem)?;
                Ok(Self::Prefix(format!("{stem}.").into()))
            }
            None => EventTypeName::parse(text).map(Self::Exact),
        }
    }

    /// Whether an event of type `name` is picked.
    pub fn picks(&self, name: &EventTypeName) -> bool {
        match self {
            Self::All => !name.is_operational(),
            Self::Prefix(prefix) => name.as_str().starts_with(prefix.as_ref()),
            Self::Exact(exact) => exact == name,
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Exact(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picks(selector: &str, name: &str) -> bool {
        Selector::parse(selector).unwrap().picks(&EventTypeName::parse(name).unwrap())
    }

    #[test]
    fn selectors_pick_by_name_prefix_and_star() {
        assert!(picks("*", "message.received"));
        assert!(picks("message.*", "message.received"));
        assert!(!picks("message.*", "messages.received"));
        assert!(!picks("message.*", "message"));
        assert!(picks("message.received", "message.received"));
        assert!(!picks("message.received", "message.received.twice"));
    }

    #[test]
    fn a_star_leaves_out_operational_events() {
        assert!(!picks("*", "endpoint.defective"));
        assert!(!picks("*", "delivery.exhausted"));
        assert!(picks("endpoint.*", "endpoint.defective"));
        assert!(picks("endpoint.defective", "endpoint.defective"));
    }

    #[test]
    fn names_are_checked() {
        for bad in ["", ".", "a.", ".a", "a..b", "Message", "a b", "é", "*.a", "a.*.b", "**"] {
            assert!(Selector::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(EventTypeName::parse(&"a".repeat(129)), Err(EventTypeError::Length));
        assert!(EventTypeName::parse(&"a".repeat(128)).is_ok());
        assert_eq!(Selector::parse("message.*").unwrap().to_string(), "message.*");
    }
}
