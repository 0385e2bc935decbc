//! Secrets that endpoints' requests are signed with, and the signatures.

use std::io::Write;

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The shortest secret a person may supply, in characters.
pub const SECRET_CHARACTERS_MIN: usize = 16;
/// The longest secret a person may supply, in characters.
pub const SECRET_CHARACTERS_MAX: usize = 256;

const PREFIX: &str = "whsec_";

/// Reads base64 as the libraries of receivers do: padded or not, whatever the bits left over are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Why a supplied secret is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Too short or too long.
    #[error("must have {SECRET_CHARACTERS_MIN} to {SECRET_CHARACTERS_MAX} characters")]
    Length,
    /// Characters that cannot be pasted or typed.
    #[error("must be printable ASCII without spaces")]
    Characters,
    /// Begins with `whsec_` and goes on with something that is not base64.
    #[error("what follows `whsec_` must be base64")]
    Base64,
}

/// One secret of an endpoint, as the person sees it. Debug shows nothing of it, and its text is
/// overwritten when it is dropped.
#[derive(Clone)]
pub struct EndpointSecret(String);

impl EndpointSecret {
    /// Checks a secret that a person supplied.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        if !(SECRET_CHARACTERS_MIN..=SECRET_CHARACTERS_MAX).contains(&text.chars().count()) {
            return Err(SecretError::Length);
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SecretError::Characters);
        }
        if let Some(tail) = text.strip_prefix(PREFIX) {
            LENIENT.decode(tail).map_err(|_| SecretError::Base64)?;
        }
        Ok(Self(text.to_owned()))
    }

    /// `whsec_` and the base64 of 32 random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(with_prefix(&bytes))
    }

    /// The whole secret as shown; the key of `X-Hub-Signature-256`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the Standard Webhooks signature.
    pub fn standard_key(&self) -> Vec<u8> {
        match self.0.strip_prefix(PREFIX) {
            Some(tail) => LENIENT.decode(tail).expect("checked by both constructors"),
            None => self.0.as_bytes().to_vec(),
        }
    }

    /// The `whsec_…` form of the same key, for libraries that decode base64: padded, since some
    /// insist on it.
    pub fn standard_form(&self) -> String {
        with_prefix(&self.standard_key())
    }
}

fn with_prefix(key: &[u8]) -> String {
    let mut text = String::with_capacity(PREFIX.len() + key.len().div_ceil(3) * 4);
    text.push_str(PREFIX);
    STANDARD.encode_string(key, &mut text);
    text
}

impl PartialEq for EndpointSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for EndpointSecret {}

impl Drop for EndpointSecret {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        std::hint::black_box(&bytes);
    }
}

impl std::fmt::Debug for EndpointSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EndpointSecret(…)")
    }
}

/// The live secrets of an endpoint, prepared once for many signatures.
pub struct SigningKeys {
    current: Prepared,
    previous: Vec<(Prepared, DateTime<Utc>)>,
}

/// One secret as the states its two HMACs begin with.
struct Prepared {
    standard: Hmac<Sha256>,
    hub: Hmac<Sha256>,
}

impl Prepared {
    fn new(secret: &EndpointSecret) -> Self {
        Self { standard: keyed(&secret.standard_key()), hub: keyed(secret.as_str().as_bytes()) }
    }

    fn standard_digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.standard.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn hub_digest(&self, body: &[u8]) -> [u8; 32] {
        let mut mac = self.hub.clone();
        mac.update(body);
        mac.finalize().into_bytes().into()
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

impl SigningKeys {
    /// Prepares the current secret and the older ones that still sign, each until its time, the
    /// newest first.
    pub fn new(current: &EndpointSecret, previous: &[(EndpointSecret, DateTime<Utc>)]) -> Self {
        Self {
            current: Prepared::new(current),
            previous: previous
                .iter()
                .map(|(secret, until)| (Prepared::new(secret), *until))
                .collect(),
        }
    }

    /// Signs one attempt: `id` is the event's, `at` the attempt's time, `body` the exact bytes. An
    /// older secret signs while `at` is before its time.
    pub fn sign(&self, id: &str, at: DateTime<Utc>, body: &[u8]) -> Signatures {
        let mut head = [0u8; 24];
        let head = stamp(&mut head, at);
        let live = || self.live(at);
        let mut standard = String::with_capacity(live().count() * (STANDARD_SIGNATURE_BYTES + 1));
        for keys in live() {
            if !standard.is_empty() {
                standard.push(' ');
            }
            push_standard(&mut standard, &keys.standard_digest(&[id.as_bytes(), head, body]));
        }
        let hub = live().last().unwrap_or(&self.current).hub_digest(body);
        Signatures { standard, hub: hub_text(&hub) }
    }

    /// Whether one of the signatures in `given`, a `webhook-signature`, was made by a secret that
    /// was live at `at`, the time that is signed.
    pub fn verifies_standard(&self, id: &str, at: DateTime<Utc>, body: &[u8], given: &str) -> bool {
        let mut head = [0u8; 24];
        let head = stamp(&mut head, at);
        self.live(at).any(|keys| {
            let mut expected = String::with_capacity(STANDARD_SIGNATURE_BYTES);
            push_standard(&mut expected, &keys.standard_digest(&[id.as_bytes(), head, body]));
            given.split(' ').any(|one| one.as_bytes().ct_eq(expected.as_bytes()).into())
        })
    }

    /// Whether `given`, an `X-Hub-Signature-256`, was made by a secret that is live at `now`.
    pub fn verifies_hub(&self, now: DateTime<Utc>, body: &[u8], given: &str) -> bool {
        self.live(now).any(|keys| {
            let expected = hub_text(&keys.hub_digest(body));
            given.as_bytes().ct_eq(expected.as_bytes()).into()
        })
    }

    /// The secrets that sign at `at`, the current one first.
    fn live(&self, at: DateTime<Utc>) -> impl Iterator<Item = &Prepared> {
        let previous = self.previous.iter().filter(move |(_, until)| at < *until);
        std::iter::once(&self.current).chain(previous.map(|(keys, _)| keys))
    }
}

/// `.` and the seconds since 1970 and `.`, which stand between id and body.
fn stamp(buffer: &mut [u8; 24], at: DateTime<Utc>) -> &[u8] {
    let mut rest = &mut buffer[..];
    write!(rest, ".{}.", at.timestamp()).expect("an i64 has at most 20 characters");
    let left = rest.len();
    &buffer[..24 - left]
}

const STANDARD_SIGNATURE_BYTES: usize = 3 + 44;

/// Writes `v1,` and the base64 of a digest.
pub(crate) fn push_standard(text: &mut String, digest: &[u8; 32]) {
    text.push_str("v1,");
    STANDARD.encode_string(digest, text);
}

/// Writes `sha256=` and the hex of a digest.
pub(crate) fn hub_text(digest: &[u8; 32]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(7 + 64);
    text.push_str("sha256=");
    for byte in digest {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    text
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKeys(…)")
    }
}

/// The values of the signature headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatures {
    /// `webhook-signature`: `v1,…` for each live secret, the current one first, joined by spaces.
    pub standard: String,
    /// `X-Hub-Signature-256`: `sha256=…` with one secret, the oldest that is still live.
    pub hub: String,
}

impl Signatures {
    /// The digests inside, if every value is one that [`SigningKeys::sign`] could have made.
    pub(crate) fn digests(&self) -> Option<(Vec<[u8; 32]>, [u8; 32])> {
        let standard = self.standard.split(' ').map(|text| {
            // Base64 is decoded by groups of three bytes.
            let mut decoded = [0u8; 33];
            let length = STANDARD.decode_slice(text.strip_prefix("v1,")?, &mut decoded).ok()?;
            decoded[..length].try_into().ok()
        });
        let hex = self.hub.strip_prefix("sha256=")?.as_bytes();
        let mut hub = [0u8; 32];
        let (pairs, []) = hex.as_chunks::<2>() else { return None };
        if pairs.len() != hub.len() {
            return None;
        }
        for (byte, [high, low]) in hub.iter_mut().zip(pairs) {
            *byte = hex_digit(*high)? << 4 | hex_digit(*low)?;
        }
        Some((standard.collect::<Option<_>>()?, hub))
    }
}

/// The value of a digit as [`hub_text`] writes it, in lower case.
const fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone};
    use proptest::prelude::*;

    fn secret(text: &str) -> EndpointSecret {
        EndpointSecret::parse(text).unwrap()
    }

    fn at(second: i64) -> DateTime<Utc> {
        Utc.timestamp_opt(1_614_265_330 + second, 999_000_000).unwrap()
    }

    #[test]
    fn the_example_of_the_standard_webhooks_libraries() {
        let keys = SigningKeys::new(&secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &[]);
        let signed = keys.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at(0), br#"{"test": 2432232314}"#);
        assert_eq!(signed.standard, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_example_of_github() {
        let unchecked = EndpointSecret("It's a Secret to Everybody".into());
        let signed = SigningKeys::new(&unchecked, &[]).sign("evt_1", at(0), b"Hello, World!");
        assert_eq!(
            signed.hub,
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        );
    }

    #[test]
    fn supplied_secrets_are_checked() {
        for (text, error) in [
            ("a".repeat(15), SecretError::Length),
            ("a".repeat(257), SecretError::Length),
            ("é".repeat(20), SecretError::Characters),
            ("with spaces in between".into(), SecretError::Characters),
            ("control\u{7}characters".into(), SecretError::Characters),
            ("whsec_not-base64-at-all".into(), SecretError::Base64),
            ("whsec_abcdefghijklm".into(), SecretError::Base64),
            ("whsec_abcdefghijk=lmno".into(), SecretError::Base64),
        ] {
            assert_eq!(EndpointSecret::parse(&text), Err(error), "{text}");
        }
        assert!(EndpointSecret::parse(&"~".repeat(256)).is_ok());
        assert_eq!(EndpointSecret::parse("0123456789abcdef").unwrap().as_str(), "0123456789abcdef");
    }

    #[test]
    fn keys_and_forms_of_a_secret() {
        let own = secret("0f1e2d3c4b5a69788796a5b4c3d2e1f0");
        assert_eq!(own.standard_key(), b"0f1e2d3c4b5a69788796a5b4c3d2e1f0");
        assert_eq!(secret(&own.standard_form()).standard_key(), own.standard_key());
        for text in ["whsec_c2VjcmV0IGtleQ", "whsec_c2VjcmV0IGtleQ==", "whsec_c2VjcmV0IGtleR"] {
            assert_eq!(secret(text).standard_key(), b"secret key", "{text}");
            assert_eq!(secret(text).standard_form(), "whsec_c2VjcmV0IGtleQ==");
            assert_eq!(secret(text).as_str(), text);
        }
        let random = EndpointSecret::from_random([0xfb; 32]);
        assert_eq!(random, secret(random.as_str()));
        assert_eq!(random.standard_key(), [0xfb; 32]);
        assert_ne!(random, EndpointSecret::from_random([0xfc; 32]));
    }

    #[test]
    fn nothing_of_a_secret_is_in_debug_output() {
        let own = secret("hunter2hunter2hunter2");
        let shown = format!("{own:?} {:?}", SigningKeys::new(&own, &[(own.clone(), at(0))]));
        assert_eq!(shown, "EndpointSecret(…) SigningKeys(…)");
    }

    #[test]
    fn a_rotation_signs_with_all_live_secrets_and_the_hub_keeps_the_oldest() {
        let secrets = [1, 2, 3].map(|n| EndpointSecret::from_random([n; 32]));
        let [new, middle, old] = &secrets;
        let alone =
            |secret: &EndpointSecret, at| SigningKeys::new(secret, &[]).sign("evt_1", at, b"{}");
        let keys = SigningKeys::new(new, &[(middle.clone(), at(60)), (old.clone(), at(30))]);
        let expect = |live: &[&EndpointSecret], at| {
            let standard: Vec<_> = live.iter().map(|secret| alone(secret, at).standard).collect();
            let hub = alone(live[live.len() - 1], at).hub;
            assert_eq!(
                keys.sign("evt_1", at, b"{}"),
                Signatures { standard: standard.join(" "), hub }
            );
        };
        expect(&[new, middle, old], at(0));
        expect(&[new, middle, old], at(30) - TimeDelta::nanoseconds(1));
        expect(&[new, middle], at(30));
        expect(&[new], at(60));
    }

    proptest! {
        #[test]
        fn signatures_depend_on_every_part(body: Vec<u8>, other: Vec<u8>, second in 0i64..1 << 40) {
            let keys = SigningKeys::new(&EndpointSecret::from_random([7; 32]), &[]);
            let time = Utc.timestamp_opt(second, 0).unwrap();
            let signed = keys.sign("evt_1", time, &body);
            prop_assert_eq!(&signed, &keys.sign("evt_1", time, &body));
            prop_assert_ne!(&signed.standard, &keys.sign("evt_2", time, &body).standard);
            let later = time + TimeDelta::seconds(1);
            prop_assert_ne!(&signed.standard, &keys.sign("evt_1", later, &body).standard);
            prop_assert_eq!(signed == keys.sign("evt_1", time, &other), body == other);
            let mut mac = keyed(&[7; 32]);
            mac.update(format!("evt_1.{second}.").as_bytes());
            mac.update(&body);
            let mut expected = String::new();
            push_standard(&mut expected, &mac.finalize().into_bytes().into());
            prop_assert_eq!(signed.standard, expected);
        }
    }
}
