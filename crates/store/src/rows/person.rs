//! People, their logins, invitations and links: their texts and rows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::id::{CompanyId, InvitationId, LoginId, UserId};
use domain::person::InvitationState;
use domain::role::Role;
use sha2::{Digest, Sha256};

use crate::entity::{invitation, login, member, user};
use crate::time::{from_micros, micros};
use crate::{Error, InvitationRecord, LoginRecord, UserRecord};

/// The random bytes of what lets a person in.
const TOKEN_BYTES: usize = 32;
/// How many characters write them down.
const TOKEN_CHARS: usize = 43;
/// How much is kept of what a browser says of itself.
const USER_AGENT_CHARS: usize = 300;
/// How much is kept of an address.
const ADDRESS_CHARS: usize = 64;

/// What lets a person in, and what stands in the database for it.
pub fn new_token() -> (String, Vec<u8>) {
    let mut random = [0; TOKEN_BYTES];
    getrandom::fill(&mut random).expect("the operating system has random bytes");
    let text = URL_SAFE_NO_PAD.encode(random);
    let hash = Sha256::digest(text.as_bytes()).to_vec();
    (text, hash)
}

/// What stands in the database for a text that may be such a token.
pub fn token_hash(text: &str) -> Option<Vec<u8>> {
    let whole = text.len() == TOKEN_CHARS && URL_SAFE_NO_PAD.decode(text).is_ok();
    whole.then(|| Sha256::digest(text.as_bytes()).to_vec())
}

/// A role read back.
pub fn role_of(table: &'static str, id: i64, text: &str) -> Result<Role, Error> {
    let what = || format!("role is {text:?}");
    Role::parse(text).ok_or_else(|| Error::Corrupt { table, id, what: what() })
}

/// The role of a member.
pub fn member_role(row: &member::Model) -> Result<Role, Error> {
    role_of("members", row.user_id, &row.role)
}

/// The person as shown.
pub fn user(row: user::Model) -> UserRecord {
    let user::Model {
        id,
        email,
        email_key: _,
        name,
        password_hash,
        email_verified_at,
        created_at,
        password_changed_at,
    } = row;
    UserRecord {
        id: UserId::from_raw(id),
        email,
        name,
        has_password: password_hash.is_some(),
        verified_at: email_verified_at.map(from_micros),
        password_changed_at: password_changed_at.map(from_micros),
        created_at: from_micros(created_at),
    }
}

/// The login as shown.
pub fn login(row: login::Model) -> LoginRecord {
    let login::Model {
        id,
        user_id,
        token_hash: _,
        address,
        user_agent,
        created_at,
        seen_at,
        expires_at,
    } = row;
    LoginRecord {
        id: LoginId::from_raw(id),
        user: UserId::from_raw(user_id),
        address,
        user_agent,
        created_at: from_micros(created_at),
        seen_at: from_micros(seen_at),
        expires_at: from_micros(expires_at),
    }
}

/// The invitation as shown at `now`.
pub fn invitation(row: invitation::Model, now: DateTime<Utc>) -> Result<InvitationRecord, Error> {
    let state = invitation_state(&row, now);
    let invitation::Model {
        id,
        company_id,
        email,
        email_key: _,
        role,
        token_hash: _,
        invited_by,
        created_at,
        expires_at,
        accepted_at,
        revoked_at: _,
    } = row;
    Ok(InvitationRecord {
        id: InvitationId::from_raw(id),
        company: CompanyId::from_raw(company_id),
        email,
        role: role_of("invitations", id, &role)?,
        state,
        invited_by,
        created_at: from_micros(created_at),
        expires_at: from_micros(expires_at),
        accepted_at: accepted_at.map(from_micros),
    })
}

/// What has become of an invitation by `now`.
pub fn invitation_state(row: &invitation::Model, now: DateTime<Utc>) -> InvitationState {
    if row.accepted_at.is_some() {
        InvitationState::Accepted
    } else if row.revoked_at.is_some() {
        InvitationState::Revoked
    } else if row.expires_at <= micros(now) {
        InvitationState::Expired
    } else {
        InvitationState::Open
    }
}

/// What a browser says of itself, as it is kept.
pub fn user_agent(text: &str) -> String {
    kept(text, USER_AGENT_CHARS)
}

/// From where a request came, as it is kept.
pub fn address(text: &str) -> String {
    kept(text, ADDRESS_CHARS)
}

fn kept(text: &str, chars_max: usize) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_nothing_else_does() {
        let (text, hash) = new_token();
        assert_eq!(token_hash(&text), Some(hash));
        assert_ne!(new_token().0, text);
        for bad in ["", "a", &text[1..], &format!("{text}a"), &"é".repeat(22), &"+".repeat(43)] {
            assert_eq!(token_hash(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_a_browser_says_is_cut_and_cleaned() {
        assert_eq!(user_agent(&format!("a\0b\n{}", "ä".repeat(400))).chars().count(), 300);
        assert_eq!(address("192.0.2.1\0"), "192.0.2.1");
    }
}
