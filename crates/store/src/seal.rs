//! Secrets at rest: XChaCha20-Poly1305 under the master key. What is sealed says in front which key
//! sealed it, and opens only in the row and column it was sealed for.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::id::CompanyId;
use zeroize::{Zeroize, Zeroizing};

use crate::Error;

/// Which key sealed: there is one so far; a rotation will count on.
const KEY_ID: u8 = 1;
const NONCE_BYTES: usize = 24;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The master key: 32 bytes.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl MasterKey {
    /// Reads 32 bytes in base64 or hex.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() == 64 {
            return from_hex(text).map(Self);
        }
        let bytes = Zeroizing::new(BASE64.decode(text).ok()?);
        bytes.as_slice().try_into().ok().map(Self)
    }

    /// A new key, from 32 random bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key as text that [`MasterKey::parse`] reads.
    pub fn to_text(&self) -> String {
        BASE64.encode(self.0)
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(digits[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(bytes)
}

/// Seals and opens under one master key.
pub(crate) struct Sealer {
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl Sealer {
    pub(crate) fn new(key: &MasterKey) -> Self {
        Self { cipher: XChaCha20Poly1305::new(&key.0.into()) }
    }

    /// Seals a value for one place: a key id byte, the nonce, the sealed bytes.
    pub(crate) fn seal(
        &self,
        company: CompanyId,
        table: &str,
        row: i64,
        column: &str,
        plain: &[u8],
    ) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).expect("the operating system has random bytes");
        let aad = place(company, table, row, column);
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &aad })
            .expect("a secret is far shorter than the cipher's limit of 256 GiB");
        let mut blob = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        blob.push(KEY_ID);
        blob.extend(nonce);
        blob.extend(sealed);
        blob
    }

    /// Opens what was sealed for the same place under the same key.
    pub(crate) fn open(
        &self,
        company: CompanyId,
        table: &str,
        row: i64,
        column: &str,
        blob: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let refused = || {
            Error::MasterKey(format!(
                "{column} of row {row} in {table} does not open under this master key; set \
                 HOOKFERRY_MASTER_KEY to the key that it was sealed with"
            ))
        };
        let (key_id, rest) = blob.split_first().ok_or_else(refused)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or_else(refused)?;
        if *key_id != KEY_ID {
            return Err(refused());
        }
        let aad = place(company, table, row, column);
        self.cipher
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| refused())
    }
}

/// What binds sealed bytes to their place.
fn place(company: CompanyId, table: &str, row: i64, column: &str) -> Vec<u8> {
    format!("{}|{table}|{row}|{column}", company.raw()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPANY: CompanyId = CompanyId::from_raw(7);

    fn sealer(first: u8) -> Sealer {
        let mut bytes = [9; 32];
        bytes[0] = first;
        Sealer::new(&MasterKey::from_bytes(bytes))
    }

    #[test]
    fn a_key_reads_back_from_base64_and_hex() {
        let key = MasterKey::from_bytes([0xab; 32]);
        let back = |text: &str| MasterKey::parse(text).map(|key| key.0);
        assert_eq!(back(&key.to_text()), Some(key.0));
        assert_eq!(back(key.to_text().trim_end_matches('=')), Some(key.0));
        assert_eq!(back(&format!("{}\n", "aB".repeat(32))), Some(key.0));
        for bad in ["", "abc", &"ab".repeat(31), &"ag".repeat(32), &"é".repeat(32)] {
            assert_eq!(back(bad), None, "{bad}");
        }
        assert_eq!(format!("{key:?}"), "MasterKey(…)");
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let sealed = sealer(1).seal(COMPANY, "endpoints", 5, "sealed_secrets", b"whsec");
        let open = |sealer: &Sealer, company, table, row, column, blob: &[u8]| {
            sealer.open(company, table, row, column, blob).map(|plain| plain.to_vec())
        };
        let there = open(&sealer(1), COMPANY, "endpoints", 5, "sealed_secrets", &sealed);
        assert_eq!(there.unwrap(), b"whsec");
        let other = CompanyId::from_raw(8);
        let mut broken = sealed.clone();
        *broken.last_mut().unwrap() ^= 1;
        for refused in [
            open(&sealer(2), COMPANY, "endpoints", 5, "sealed_secrets", &sealed),
            open(&sealer(1), other, "endpoints", 5, "sealed_secrets", &sealed),
            open(&sealer(1), COMPANY, "tokens", 5, "sealed_secrets", &sealed),
            open(&sealer(1), COMPANY, "endpoints", 6, "sealed_secrets", &sealed),
            open(&sealer(1), COMPANY, "endpoints", 5, "sealed_headers", &sealed),
            open(&sealer(1), COMPANY, "endpoints", 5, "sealed_secrets", &broken),
            open(&sealer(1), COMPANY, "endpoints", 5, "sealed_secrets", &sealed[..20]),
            open(&sealer(1), COMPANY, "endpoints", 5, "sealed_secrets", &[]),
        ] {
            assert!(refused.unwrap_err().to_string().contains("HOOKFERRY_MASTER_KEY"));
        }
    }

    #[test]
    fn the_same_secret_never_looks_the_same() {
        let seal = || sealer(1).seal(COMPANY, "endpoints", 5, "sealed_secrets", b"whsec");
        assert_ne!(seal(), seal());
        assert!(!seal().windows(5).any(|bytes| bytes == b"whsec"));
    }
}
