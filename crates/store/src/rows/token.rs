//! API tokens: their text, and rows of `api_tokens`.
//!
//! A token is `hkf_` and 60 characters of base 62: the company's id (8 bytes), 32 random bytes, and
//! the first 4 bytes of SHA-256 over both. A token that was mistyped costs no look into the database.

use domain::id::{CompanyId, TokenId};
use domain::scope::Scope;
use sha2::{Digest, Sha256};

use crate::entity::api_token;
use crate::time::from_micros;
use crate::{Error, TokenRecord};

const PREFIX: &str = "hkf_";
const PLAIN_BYTES: usize = 8 + 32;
const BYTES: usize = PLAIN_BYTES + 4;
/// 62^60 is just above 2^352.
const DIGITS: usize = 60;
/// How much of a token is kept to tell tokens apart.
const HINT_CHARS: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A token for `company` from 32 random bytes.
pub fn write(company: CompanyId, random: &[u8; 32]) -> String {
    let mut bytes = [0; BYTES];
    bytes[..8].copy_from_slice(&company.raw().to_be_bytes());
    bytes[8..PLAIN_BYTES].copy_from_slice(random);
    let checksum = checksum(&bytes);
    bytes[PLAIN_BYTES..].copy_from_slice(&checksum);
    let mut digits = [0; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[usize::from(divide_by_62(&mut bytes))];
    }
    let mut text = PREFIX.to_owned();
    text.extend(digits.iter().map(|digit| char::from(*digit)));
    text
}

/// The company that a token names, if its checksum is right.
pub fn company_of(text: &str) -> Option<CompanyId> {
    let digits = text.strip_prefix(PREFIX).filter(|digits| digits.len() == DIGITS)?;
    let mut bytes = [0; BYTES];
    for digit in digits.bytes() {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        multiply_by_62_and_add(&mut bytes, u8::try_from(value).ok()?)?;
    }
    (bytes[PLAIN_BYTES..] == checksum(&bytes)).then(|| {
        let company: [u8; 8] = std::array::from_fn(|at| bytes[at]);
        CompanyId::from_raw(i64::from_be_bytes(company))
    })
}

/// What stands in the database for a token.
pub fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The last characters of a token, by which a person tells tokens apart: the first ones are its
/// company's, the same in all of them.
pub fn hint(text: &str) -> String {
    let tail = &text[text.len().saturating_sub(HINT_CHARS)..];
    format!("{PREFIX}…{tail}")
}

fn checksum(bytes: &[u8; BYTES]) -> [u8; 4] {
    let digest = Sha256::digest(&bytes[..PLAIN_BYTES]);
    std::array::from_fn(|at| digest[at])
}

fn divide_by_62(number: &mut [u8; BYTES]) -> u8 {
    let mut rest = 0u16;
    for byte in number {
        let part = (rest << 8) | u16::from(*byte);
        *byte = (part / 62).to_le_bytes()[0];
        rest = part % 62;
    }
    rest.to_le_bytes()[0]
}

fn multiply_by_62_and_add(number: &mut [u8; BYTES], digit: u8) -> Option<()> {
    let mut carry = u16::from(digit);
    for byte in number.iter_mut().rev() {
        let [low, high] = (u16::from(*byte) * 62 + carry).to_le_bytes();
        *byte = low;
        carry = u16::from(high);
    }
    (carry == 0).then_some(())
}

/// Scopes as they stand in a row.
pub fn scopes_text(scopes: &[Scope]) -> String {
    let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    serde_json::json!(names).to_string()
}

/// Scopes read back. A name that a later release wrote is left out: it grants nothing here.
pub fn scopes_of(id: i64, text: &str) -> Result<Vec<Scope>, Error> {
    let names: Vec<String> = serde_json::from_str(text).map_err(|error| Error::Corrupt {
        table: "api_tokens",
        id,
        what: format!("scopes: {error}"),
    })?;
    Ok(names.iter().filter_map(|name| Scope::parse(name)).collect())
}

/// The token as it is listed.
pub fn record(row: api_token::Model) -> Result<TokenRecord, Error> {
    let api_token::Model {
        id,
        company_id,
        name,
        token_hash: _,
        hint,
        scopes,
        expires_at,
        revoked_at,
        last_used_at,
        created_at,
    } = row;
    Ok(TokenRecord {
        id: TokenId::from_raw(id),
        company: CompanyId::from_raw(company_id),
        name,
        hint,
        scopes: scopes_of(id, &scopes)?,
        expires_at: expires_at.map(from_micros),
        revoked_at: revoked_at.map(from_micros),
        last_used_at: last_used_at.map(from_micros),
        created_at: from_micros(created_at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_company() {
        for (company, byte) in [(0, 0), (i64::MAX, 255), (123_456_789, 7)] {
            let company = CompanyId::from_raw(company);
            let text = write(company, &[byte; 32]);
            assert_eq!(text.len(), 64);
            assert_eq!(company_of(&text), Some(company));
        }
    }

    #[test]
    fn every_single_mistake_is_noticed() {
        let text = write(CompanyId::from_raw(1 << 50), &[42; 32]);
        for at in 0..text.len() {
            for wrong in ['0', 'z', '-', 'A'] {
                let mut mistyped: Vec<char> = text.chars().collect();
                if mistyped[at] != wrong {
                    mistyped[at] = wrong;
                    let mistyped: String = mistyped.into_iter().collect();
                    assert_eq!(company_of(&mistyped), None, "{mistyped}");
                }
            }
        }
        for bad in ["", "hkf_", &text[..63], &format!("{text}0"), &"z".repeat(64), "hkf_é"] {
            assert_eq!(company_of(bad), None);
        }
        assert_eq!(company_of(&format!("hkf_{}", "z".repeat(60))), None);
    }

    #[test]
    fn the_hint_is_a_small_part() {
        let text = write(CompanyId::from_raw(9), &[3; 32]);
        assert_eq!(hint(&text), format!("hkf_…{}", &text[58..]));
    }
}
