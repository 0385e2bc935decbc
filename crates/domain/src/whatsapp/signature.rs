//! Whether a notification is Meta's: `X-Hub-Signature-256` over the raw bytes of its body, before
//! anything else is done with them. What Meta sends is escaped already, so nothing is to be escaped.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::secret::hub_text;

/// The name of the header.
pub const HEADER: &str = "x-hub-signature-256";

const SCHEME: &[u8] = b"sha256=";
const HEX_CHARACTERS: usize = 64;

/// Why a signature is not taken. All of them are one answer to the sender; what counts is for whoever
/// looks at the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// There is none.
    #[error("the request has no X-Hub-Signature-256")]
    Missing,
    /// It is not of the form that Meta writes.
    #[error("X-Hub-Signature-256 is not `sha256=` and 64 hexadecimal digits in lower case")]
    Form,
    /// It was made with another secret, or over other bytes.
    #[error(
        "X-Hub-Signature-256 was not made with this source's app secret over these bytes; compare \
         the secret with the App Dashboard's"
    )]
    Mismatch,
}

/// Checks the value of the header against the app secrets that are live: the current one, and during
/// a rotation the one before. Digits are taken in lower case only, as Meta writes them and as its own
/// and GitHub's samples compare them. An empty secret signs nothing.
pub fn check(header: Option<&[u8]>, body: &[u8], secrets: &[&[u8]]) -> Result<(), Wrong> {
    let given = header.ok_or(Wrong::Missing)?;
    let digits = given
        .strip_prefix(SCHEME)
        .filter(|digits| digits.len() == HEX_CHARACTERS)
        .ok_or(Wrong::Form)?;
    if !digits.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(Wrong::Form);
    }
    let is_made_with = |secret: &&[u8]| {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
        mac.update(body);
        let expected = hub_text(&mac.finalize().into_bytes().into());
        bool::from(given.ct_eq(expected.as_bytes()))
    };
    let made = secrets.iter().filter(|secret| !secret.is_empty()).any(is_made_with);
    if made { Ok(()) } else { Err(Wrong::Mismatch) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"Hello, World!";
    const SECRET: &[u8] = b"It's a Secret to Everybody";
    /// GitHub's own example of the same scheme.
    const SIGNED: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn check_text(header: &str, secrets: &[&[u8]]) -> Result<(), Wrong> {
        check(Some(header.as_bytes()), BODY, secrets)
    }

    #[test]
    fn any_live_secret_will_do() {
        assert_eq!(check_text(SIGNED, &[SECRET]), Ok(()));
        assert_eq!(check_text(SIGNED, &[b"new", SECRET]), Ok(()));
        assert_eq!(check_text(SIGNED, &[SECRET, b"old"]), Ok(()));
        assert_eq!(check_text(SIGNED, &[b"new", b"old"]), Err(Wrong::Mismatch));
        assert_eq!(check_text(SIGNED, &[]), Err(Wrong::Mismatch));
    }

    #[test]
    fn other_bytes_are_not_what_was_signed() {
        assert_eq!(
            check(Some(SIGNED.as_bytes()), b"Hello, World", &[SECRET]),
            Err(Wrong::Mismatch)
        );
        let last = format!("{}8", &SIGNED[..SIGNED.len() - 1]);
        assert_eq!(check_text(&last, &[SECRET]), Err(Wrong::Mismatch));
    }

    #[test]
    fn the_form_is_seen_to_first() {
        assert_eq!(check(None, BODY, &[SECRET]), Err(Wrong::Missing));
        for header in [
            "",
            "sha256=",
            "sha1=757107ea0eb2509fc211221cce984b8a37570b6d",
            &SIGNED[..SIGNED.len() - 1],
            &format!("{SIGNED}0"),
            &format!(" {SIGNED}"),
            &SIGNED.replace("sha256", "SHA256"),
            &format!("sha256={}", SIGNED[7..].to_uppercase()),
            &SIGNED.replace('7', "g"),
            &SIGNED[7..],
        ] {
            assert_eq!(check_text(header, &[SECRET]), Err(Wrong::Form), "{header}");
        }
        let no_text = [b"sha256=".as_slice(), &[0xff; 64]].concat();
        assert_eq!(check(Some(&no_text), BODY, &[SECRET]), Err(Wrong::Form));
    }

    #[test]
    fn an_empty_secret_signs_nothing() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"").unwrap();
        mac.update(BODY);
        let header = hub_text(&mac.finalize().into_bytes().into());
        assert_eq!(check_text(&header, &[b""]), Err(Wrong::Mismatch));
    }
}
