//! People: their address, name and password, and how long what lets them in is good for.

use std::fmt;

use chrono::TimeDelta;

/// How long a login lasts after it was last used.
pub const LOGIN_LASTS: TimeDelta = TimeDelta::days(30);
/// How exactly a login's last use is known.
pub const LOGIN_SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How long a login that has ended is remembered, so that its address is still a known one.
pub const LOGIN_KEPT: TimeDelta = TimeDelta::days(90);
/// How long an invitation is good for.
pub const INVITATION_LASTS: TimeDelta = TimeDelta::days(7);
/// How many links of one kind a person can have at a time; then no further one is mailed until the
/// oldest has expired.
pub const LINKS_MAX: u64 = 5;

/// The longest mail address, in bytes.
pub const EMAIL_BYTES_MAX: usize = 254;
/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 100;
/// The shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// The longest password, in characters.
pub const PASSWORD_CHARS_MAX: usize = 256;

/// Why a text is not a mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing but spaces.
    #[error("must be a mail address, as in `ann@example.com`")]
    Empty,
    /// Longer than [`EMAIL_BYTES_MAX`].
    #[error("must have at most {EMAIL_BYTES_MAX} bytes")]
    Length,
    /// Spaces or control characters, no `@` or two, nothing before or after it.
    #[error("is not a mail address, as in `ann@example.com`")]
    Malformed,
}

/// A mail address. Two that differ in upper and lower case only are one person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress {
    text: String,
    key: String,
}

impl EmailAddress {
    /// Reads an address; spaces around it are dropped.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        let key = text.to_lowercase();
        if text.len() > EMAIL_BYTES_MAX || key.len() > EMAIL_BYTES_MAX {
            return Err(EmailError::Length);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::Malformed)?;
        let refused = |c: char| {
            c.is_control() || c.is_whitespace() || matches!(c, '@' | '<' | '>' | ',' | ';' | '"')
        };
        let labels = domain.split('.').all(|label| !label.is_empty());
        if local.is_empty() || local.contains(refused) || domain.contains(refused) || !labels {
            return Err(EmailError::Malformed);
        }
        Ok(Self { text: text.to_owned(), key })
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it is looked up by: the same for all spellings of one address.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a text is not a person's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, or longer than [`NAME_CHARS_MAX`].
    #[error("must have 1 to {NAME_CHARS_MAX} characters")]
    Length,
    /// Control characters.
    #[error("must not have control characters")]
    Characters,
}

/// A person's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// Reads a name; spaces around it are dropped.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > NAME_CHARS_MAX {
            return Err(NameError::Length);
        }
        if text.chars().any(char::is_control) {
            return Err(NameError::Characters);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a password cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("must have {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters")]
    Length,
    /// The address, or the part of it before the `@`.
    #[error("must not be the mail address")]
    IsAddress,
    /// One that is tried first.
    #[error("is one of the most common passwords; choose another")]
    Common,
}

/// Whether a person with this address can choose this password.
pub fn check_password(password: &str, email: &EmailAddress) -> Result<(), PasswordError> {
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&password.chars().count()) {
        return Err(PasswordError::Length);
    }
    let lower = password.trim().to_lowercase();
    let local = email.key().split('@').next().unwrap_or_default();
    if lower == email.key() || lower == local {
        return Err(PasswordError::IsAddress);
    }
    if is_one_letter(&lower) || COMMON.contains(&lower.as_str()) {
        return Err(PasswordError::Common);
    }
    Ok(())
}

fn is_one_letter(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_none_or(|first| letters.all(|letter| letter == first))
}

/// The most common passwords that are long enough, in lower case.
const COMMON: [&str; 40] = [
    "0123456789",
    "0987654321",
    "1234512345",
    "123456789a",
    "1234567890",
    "12345678910",
    "123456789012",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "9876543210",
    "a123456789",
    "abc1234567",
    "abcd123456",
    "abcdefghij",
    "administrator",
    "asdfghjkl1",
    "asdfghjkl;",
    "basketball",
    "changeme123",
    "football123",
    "helloworld",
    "hookferry1",
    "hookferry123",
    "iloveyou123",
    "letmein123",
    "password01",
    "password12",
    "password123",
    "password1234",
    "passwordpassword",
    "princess123",
    "q1w2e3r4t5",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "qwertyuiop",
    "qwertyuiop123",
    "sunshine123",
    "welcome123",
];

/// What a link to an account does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// Proves that a person's address is theirs.
    VerifyEmail,
    /// Lets a person choose a new password.
    ResetPassword,
    /// Proves a new address, which then is the person's.
    ChangeEmail,
}

impl LinkKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::VerifyEmail, Self::ResetPassword, Self::ChangeEmail];

    /// The name in rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::ChangeEmail => "change_email",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// How long a link of this kind is good for.
    pub const fn lasts(self) -> TimeDelta {
        match self {
            Self::VerifyEmail => TimeDelta::days(3),
            Self::ResetPassword => TimeDelta::hours(1),
            Self::ChangeEmail => TimeDelta::days(1),
        }
    }

    /// The mail that carries it.
    pub const fn mail(self) -> AccountMailKind {
        match self {
            Self::VerifyEmail => AccountMailKind::VerifyEmail,
            Self::ResetPassword => AccountMailKind::ResetPassword,
            Self::ChangeEmail => AccountMailKind::ChangeEmail,
        }
    }
}

/// The kinds of mail about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountMailKind {
    /// With a link: is this address yours?
    VerifyEmail,
    /// With a link: choose a new password.
    ResetPassword,
    /// With a link, to the new address: shall this be your address?
    ChangeEmail,
    /// With a link: come into a company.
    Invitation,
    /// Tells that the password has changed.
    PasswordChanged,
    /// Tells the old address that another one has taken its place.
    EmailChanged,
    /// With a link, to somebody who may have no account: shall mails about endpoints come here?
    ProveAddress,
}

impl AccountMailKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::ChangeEmail,
        Self::Invitation,
        Self::PasswordChanged,
        Self::EmailChanged,
        Self::ProveAddress,
    ];

    /// The name in rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "account_verify_email",
            Self::ResetPassword => "account_reset_password",
            Self::ChangeEmail => "account_change_email",
            Self::Invitation => "account_invitation",
            Self::PasswordChanged => "account_password_changed",
            Self::EmailChanged => "account_email_changed",
            Self::ProveAddress => "account_prove_address",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationState {
    /// It can be accepted.
    Open,
    /// It was.
    Accepted,
    /// Taken back, or replaced by a newer one.
    Revoked,
    /// Nobody came in time.
    Expired,
}

impl InvitationState {
    /// The name in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn email(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    #[test]
    fn an_address_is_trimmed_and_compared_in_lower_case() {
        let ann = email("  Ann@Example.COM\n");
        assert_eq!((ann.as_str(), ann.key()), ("Ann@Example.COM", "ann@example.com"));
        assert_eq!(email("a@b").to_string(), "a@b");
        assert_eq!(email("jörg+x@exämple.de").key(), "jörg+x@exämple.de");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert_eq!(EmailAddress::parse(" \t"), Err(EmailError::Empty));
        for bad in [
            "ann",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b c",
            "a@b\0",
            "a\r\n@b",
            "a@b.",
            "a@.b",
            "a@b..c",
            "<a@b>",
            "a@b,c@d",
            "a@b;c",
            "a\u{2003}b@c",
            "\"a\"@b",
        ] {
            assert_eq!(EmailAddress::parse(bad), Err(EmailError::Malformed), "{bad:?}");
        }
        let of = |bytes: usize| format!("{}@b.example", "a".repeat(bytes - 10));
        assert!(EmailAddress::parse(&of(EMAIL_BYTES_MAX)).is_ok());
        assert_eq!(EmailAddress::parse(&of(EMAIL_BYTES_MAX + 1)), Err(EmailError::Length));
        // Lower case can be longer.
        let grows = format!("{}@b", "İ".repeat(120));
        assert_eq!(EmailAddress::parse(&grows), Err(EmailError::Length));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_an_address_reads_back(text in ".{0,60}", at in "[a-zA-Z]{1,9}@[a-z]{1,9}") {
            let _ = EmailAddress::parse(&text);
            let _ = PersonName::parse(&text);
            let _ = check_password(&text, &email(&at));
            prop_assert_eq!(email(email(&at).as_str()), email(&at));
        }
    }

    #[test]
    fn names_have_1_to_100_characters() {
        assert_eq!(PersonName::parse("  Ann  ").unwrap().as_str(), "Ann");
        assert!(PersonName::parse(&"ä".repeat(NAME_CHARS_MAX)).is_ok());
        for bad in ["", "  ", &"ä".repeat(NAME_CHARS_MAX + 1)] {
            assert_eq!(PersonName::parse(bad), Err(NameError::Length));
        }
        assert_eq!(PersonName::parse("A\u{7}n"), Err(NameError::Characters));
    }

    #[test]
    fn passwords_have_bounds_and_are_not_what_is_tried_first() {
        let ann = email("Ann.Accountant@example.com");
        let check = |password: &str| check_password(password, &ann);
        assert_eq!(check(&"a1".repeat(5)), Ok(()));
        assert_eq!(check("correct horse"), Ok(()));
        assert_eq!(check("a1a1a1a1a"), Err(PasswordError::Length));
        assert_eq!(check(&"a1".repeat(128)), Ok(()));
        assert_eq!(check(&format!("{}x", "a1".repeat(128))), Err(PasswordError::Length));
        assert_eq!(check(&"ä🦀".repeat(5)), Ok(()), "characters are counted, not their bytes");
        assert_eq!(check(&"🦀ä🦀".repeat(3)), Err(PasswordError::Length));
        assert_eq!(check(&"ä🦀".repeat(128)), Ok(()));
        assert_eq!(check(&format!("{}x", "ä🦀".repeat(128))), Err(PasswordError::Length));
        assert_eq!(check("ann.accountant@EXAMPLE.com"), Err(PasswordError::IsAddress));
        assert_eq!(check("Ann.Accountant"), Err(PasswordError::IsAddress));
        for common in ["Password123", "qwertyuiop", "1234567890", "zzzzzzzzzzzz", "          "] {
            assert_eq!(check(common), Err(PasswordError::Common), "{common}");
        }
    }

    #[test]
    fn the_list_holds_what_could_be_chosen() {
        for common in COMMON {
            assert!(common.len() >= PASSWORD_CHARS_MIN && common == common.to_lowercase());
        }
    }

    #[test]
    fn names_of_kinds_read_back() {
        for kind in LinkKind::ALL {
            assert_eq!(LinkKind::parse(kind.as_str()), Some(kind));
            assert_eq!(AccountMailKind::parse(kind.mail().as_str()), Some(kind.mail()));
        }
        for kind in AccountMailKind::ALL {
            assert_eq!(AccountMailKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(LinkKind::parse("account_reset_password"), None);
    }
}
