//! The keys by which updates are deduplicated. The same update has the same key in whatever
//! notification it comes, and keys of different kinds never meet: a message's own id has no colon in
//! it, and what stands behind the first colon of the others differs by kind.
//!
//! | kind | key |
//! | --- | --- |
//! | message | `{wamid}` |
//! | message that the business sent with the app | `{wamid}:echo` |
//! | status | `{wamid}:{status}`, in a group `{wamid}:{status}:{participant}` |
//! | any of these, where a part is too long or has other characters than wamids | `{kind}:{sha-256}` |
//! | everything else | `{kind}:{sha-256}` of account, field, time of the entry and the value |

use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::event::EXTERNAL_ID_BYTES_MAX;
use crate::whatsapp::StatusKind;

/// A message that a contact sent.
pub(super) fn message(id: &str) -> Arc<str> {
    if is_plain(id) && id.len() <= EXTERNAL_ID_BYTES_MAX {
        return id.into();
    }
    hashed("message", &[id])
}

/// A message that the business sent, told by the app it was sent with.
pub(super) fn echo(id: &str) -> Arc<str> {
    let key = format!("{id}:echo");
    if is_plain(id) && key.len() <= EXTERNAL_ID_BYTES_MAX {
        return key.into();
    }
    hashed("echo", &[id])
}

/// A status of a message, in a group one of each participant.
pub(super) fn status(id: &str, status: &str, participant: Option<&str>) -> Arc<str> {
    let known = StatusKind::ALL.iter().any(|kind| kind.as_str() == status);
    let key = match participant {
        Some(participant) => format!("{id}:{status}:{participant}"),
        None => format!("{id}:{status}"),
    };
    let plain = known && is_plain(id) && participant.is_none_or(is_plain);
    if plain && key.len() <= EXTERNAL_ID_BYTES_MAX {
        return key.into();
    }
    match participant {
        Some(participant) => hashed("status", &[id, status, participant]),
        None => hashed("status", &[id, status]),
    }
}

/// What has no id of its own: a whole value, or one element of it.
pub(super) fn content(kind: &'static str, parts: &[&str]) -> Arc<str> {
    hashed(kind, parts)
}

/// Whether a text has only the characters that Meta's ids are made of.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-=+/".contains(&b))
}

fn hashed(kind: &str, parts: &[&str]) -> Arc<str> {
    let mut hash = Sha256::new();
    for part in parts {
        // With its length in front: parts cannot run into each other.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut key = String::with_capacity(kind.len() + 1 + 64);
    key.push_str(kind);
    key.push(':');
    for byte in hash.finalize() {
        write!(key, "{byte:02x}").expect("a String takes all that is written");
    }
    key.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_readable_where_ids_are_metas() {
        assert_eq!(&*message("wamid.HBgL+/=="), "wamid.HBgL+/==");
        assert_eq!(&*echo("wamid.A"), "wamid.A:echo");
        assert_eq!(&*status("wamid.A", "read", None), "wamid.A:read");
        assert_eq!(&*status("wamid.A", "read", Some("919")), "wamid.A:read:919");
    }

    #[test]
    fn what_is_long_or_strange_is_hashed() {
        assert_eq!(message(&"a".repeat(255)).len(), 255);
        assert!(message(&"a".repeat(256)).starts_with("message:"));
        assert!(message("a:read").starts_with("message:"));
        assert_eq!(echo(&"a".repeat(250)).len(), 255);
        assert!(echo(&"a".repeat(251)).starts_with("echo:"));
        assert_eq!(status(&"a".repeat(250), "read", None).len(), 255);
        assert!(status(&"a".repeat(251), "read", None).starts_with("status:"));
        assert!(status("a", "deleted", None).starts_with("status:"));
        assert!(status("a", "read", Some("x:y")).starts_with("status:"));
        assert!(status("a", "read", Some("")).starts_with("status:"));
        // Where the hash begins and how it is made is stored for 8 days: it must not change.
        assert_eq!(
            &*content("change", &["1", "flows"]),
            "change:9b592b1c907432ef55fa828c18e6ade94e48d5467ff1562e4c43bb80a83a2ed7"
        );
    }

    #[derive(Debug, Clone, PartialEq)]
    enum Of {
        Message(String),
        Echo(String),
        Status(String, String, Option<String>),
        Content(Vec<String>),
    }

    impl Of {
        fn key(&self) -> Arc<str> {
            match self {
                Self::Message(id) => message(id),
                Self::Echo(id) => echo(id),
                Self::Status(id, word, participant) => status(id, word, participant.as_deref()),
                Self::Content(parts) => {
                    content("change", &parts.iter().map(String::as_str).collect::<Vec<_>>())
                }
            }
        }
    }

    /// Few texts, such as could be taken for parts of keys, so that they meet often.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a:]{0,3}",
            Just("read".to_owned()),
            Just("echo".to_owned()),
            Just("a:read".to_owned()),
            Just("message".to_owned()),
            Just(format!("message:{}", "0".repeat(64))),
            Just("0".repeat(64)),
            Just("a".repeat(251)),
        ]
    }

    fn of() -> impl Strategy<Value = Of> {
        prop_oneof![
            text().prop_map(Of::Message),
            text().prop_map(Of::Echo),
            (text(), text(), prop::option::of(text())).prop_map(|(a, b, c)| Of::Status(a, b, c)),
            prop::collection::vec(text(), 0..3).prop_map(Of::Content),
        ]
    }

    proptest! {
        #[test]
        fn two_keys_are_one_only_for_the_same_update(a in of(), b in of()) {
            prop_assert_eq!(a == b, a.key() == b.key());
            prop_assert!((1..=EXTERNAL_ID_BYTES_MAX).contains(&a.key().len()));
        }
    }
}
