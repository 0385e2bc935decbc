//! Sources: where events come from, beside the REST API. A WhatsApp source has a callback URL for
//! Meta's App Dashboard, a verify token that is pasted there, and Meta's app secret, by which
//! notifications prove that they are Meta's.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::id::{CompanyId, SourceId};
use crate::inbox_url::OwnOrigin;
use crate::secret::hub_text;

/// How many sources a company has at most: one takes any number of numbers and accounts.
pub const SOURCES_MAX: usize = 100;
/// The longest name, in bytes.
pub const NAME_BYTES_MAX: usize = 100;
/// The largest notification. Meta says 3 MB and not which megabytes: these are the larger ones, for what
/// is refused here is sent again for a week and then lost.
pub const NOTIFICATION_BYTES_MAX: usize = 3 * 1024 * 1024;
/// The longest `hub.challenge` that is given back, in bytes; Meta's has ten digits.
pub const CHALLENGE_BYTES_MAX: usize = 512;
/// The shortest and the longest verify token, in characters: printable ASCII without spaces.
pub const VERIFY_TOKEN_CHARACTERS_MIN: usize = 8;
/// The longest verify token, in characters.
pub const VERIFY_TOKEN_CHARACTERS_MAX: usize = 128;
/// The shortest app secret, in characters. Meta's has 32 hexadecimal digits; others' tools have others.
pub const APP_SECRET_CHARACTERS_MIN: usize = 16;
/// The longest app secret, in characters.
pub const APP_SECRET_CHARACTERS_MAX: usize = 256;
/// How many older app secrets are accepted beside the current one.
pub const PREVIOUS_SECRETS_MAX: usize = 5;
/// How many refused notifications of each reason a source shows: the newest. By reason, so that a flood
/// of forged ones does not push out the one that tells why Meta's own are refused.
pub const REFUSED_KEPT_PER_REASON_MAX: u32 = 20;
/// How long a refused notification is shown.
pub const REFUSED_LIFE: TimeDelta = TimeDelta::days(7);
/// The longest sentence about a refused notification, in bytes.
pub const REFUSED_DETAIL_BYTES_MAX: usize = 500;

/// What the paths of callbacks begin with.
pub const CALLBACK_PREFIX: &str = "/in/";

/// What stands behind `sha256=` in a signature, and that.
const SIGNATURE_BYTES: usize = 7 + 64;
const RANDOM_TOKEN_CHARACTERS: usize = 32;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The path of a source's callback. The company stands in it, so that whoever spreads requests over
/// several databases needs to look nothing up.
pub fn callback_path(company: CompanyId, source: SourceId) -> String {
    format!("{CALLBACK_PREFIX}{company}/{source}")
}

/// The URL that is pasted into Meta's App Dashboard.
pub fn callback_url(public: &OwnOrigin, company: CompanyId, source: SourceId) -> String {
    public.url_of(&callback_path(company, source))
}

/// The company and the source that a path names: exactly what [`callback_path`] makes.
pub fn parse_callback(path: &str) -> Option<(CompanyId, SourceId)> {
    let (company, source) = path.strip_prefix(CALLBACK_PREFIX)?.split_once('/')?;
    Some((company.parse().ok()?, source.parse().ok()?))
}

/// What a source takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Notifications of Meta's WhatsApp Cloud API.
    WhatsApp,
}

impl SourceKind {
    /// Its name in the REST API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhatsApp => "whatsapp",
        }
    }
}

impl std::str::FromStr for SourceKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        if text == Self::WhatsApp.as_str() { Ok(Self::WhatsApp) } else { Err(UnknownKind) }
    }
}

/// There is no such kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be `whatsapp`")]
pub struct UnknownKind;

/// Why a verify token or an app secret is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Too short or too long.
    #[error("must have {min} to {max} characters")]
    Length {
        /// The fewest.
        min: usize,
        /// The most.
        max: usize,
    },
    /// Characters that cannot be pasted or typed.
    #[error("must be printable ASCII without spaces")]
    Characters,
}

fn check(text: &str, min: usize, max: usize) -> Result<(), TextError> {
    if !(min..=max).contains(&text.chars().count()) {
        return Err(TextError::Length { min, max });
    }
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(TextError::Characters)
    }
}

/// What Meta shows when it asks whether a callback URL is ours. It protects no data: whoever knows it
/// can have our URL accepted by an app of theirs, whose notifications are refused all the same. It is
/// shown whenever it is asked for, because it has to be pasted.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyToken(String);

impl VerifyToken {
    /// Checks a token that a person supplied.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        check(text, VERIFY_TOKEN_CHARACTERS_MIN, VERIFY_TOKEN_CHARACTERS_MAX)?;
        Ok(Self(text.to_owned()))
    }

    /// 32 letters and digits from random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        // A byte has 256 values: 62 does not divide them, and a token that is a little less than
        // even over its letters still has 190 bits.
        let letter = |byte: &u8| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]);
        Self(bytes.iter().take(RANDOM_TOKEN_CHARACTERS).map(letter).collect())
    }

    /// As it is pasted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for VerifyToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VerifyToken(…)")
    }
}

/// The app secret of a Meta app. Debug shows nothing of it, and its text is overwritten when it is
/// dropped.
#[derive(Clone)]
pub struct AppSecret(String);

impl AppSecret {
    /// Checks a secret that a person supplied.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        check(text, APP_SECRET_CHARACTERS_MIN, APP_SECRET_CHARACTERS_MAX)?;
        Ok(Self(text.to_owned()))
    }

    /// The whole secret: the key of `X-Hub-Signature-256`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What Meta writes into `X-Hub-Signature-256` over a body.
    pub fn sign(&self, body: &[u8]) -> String {
        hub_text(&digest(keyed(self), body))
    }
}

impl PartialEq for AppSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for AppSecret {}

impl Drop for AppSecret {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        std::hint::black_box(&bytes);
    }
}

impl std::fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppSecret(…)")
    }
}

/// The app secrets by which notifications may be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSecrets {
    /// The newest.
    pub current: AppSecret,
    /// Older ones, the newest first, each until its time.
    pub previous: Vec<(AppSecret, DateTime<Utc>)>,
}

/// As many older secrets are accepted as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManySecrets {
    /// When there is room again.
    pub until: DateTime<Utc>,
}

impl AppSecrets {
    /// `secret` is accepted from now on, and what was current before beside it for `overlap`. No
    /// overlap means that nothing else is accepted: whoever asks for that has lost a secret to
    /// somebody. One whose overlap has not ended is never dropped for want of room.
    pub fn rotated(
        before: Option<Self>,
        secret: AppSecret,
        overlap: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Self, TooManySecrets> {
        let Some(Self { current, mut previous }) = before.filter(|_| overlap > TimeDelta::zero())
        else {
            return Ok(Self { current: secret, previous: Vec::new() });
        };
        previous.retain(|(_, until)| *until > now);
        if current == secret {
            return Ok(Self { current, previous });
        }
        if previous.len() >= PREVIOUS_SECRETS_MAX {
            let until = previous.iter().map(|(_, until)| *until).min().unwrap_or(now);
            return Err(TooManySecrets { until });
        }
        previous.insert(0, (current, now + overlap));
        Ok(Self { current: secret, previous })
    }

    /// Until when the last of the older ones is accepted.
    pub fn previous_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.previous.iter().map(|(_, until)| *until).filter(|until| *until > now).max()
    }
}

/// What was found about the signature of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureCheck {
    /// It was made over these bytes by a secret that is accepted.
    Right,
    /// There is none.
    Missing,
    /// It was not, or it is no such signature at all.
    Wrong,
}

/// The app secrets of a source, prepared once for many notifications.
pub struct AppSecretKeys {
    current: Hmac<Sha256>,
    previous: Vec<(Hmac<Sha256>, DateTime<Utc>)>,
}

impl std::fmt::Debug for AppSecretKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppSecretKeys(…)")
    }
}

impl AppSecretKeys {
    /// Prepares the secrets.
    pub fn new(secrets: &AppSecrets) -> Self {
        let previous = secrets.previous.iter().map(|(secret, until)| (keyed(secret), *until));
        Self { current: keyed(&secrets.current), previous: previous.collect() }
    }

    /// Checks `given`, an `X-Hub-Signature-256`, over the bytes as they came. Its length is looked at
    /// first; the digests are compared in constant time, and all of them.
    pub fn check(&self, now: DateTime<Utc>, body: &[u8], given: Option<&[u8]>) -> SignatureCheck {
        let Some(given) = given else { return SignatureCheck::Missing };
        if given.len() != SIGNATURE_BYTES {
            return SignatureCheck::Wrong;
        }
        let live = self.previous.iter().filter(|(_, until)| now < *until).map(|(keys, _)| keys);
        let mut is_right = Choice::from(0);
        for keys in std::iter::once(&self.current).chain(live) {
            is_right |= hub_text(&digest(keys.clone(), body)).as_bytes().ct_eq(given);
        }
        if is_right.into() { SignatureCheck::Right } else { SignatureCheck::Wrong }
    }
}

fn keyed(secret: &AppSecret) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.0.as_bytes()).expect("HMAC takes a key of any length")
}

fn digest(mut mac: Hmac<Sha256>, body: &[u8]) -> [u8; 32] {
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// How Meta's question whether a callback URL is ours is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handshake {
    /// With its challenge.
    Challenge(String),
    /// Not at all: the verify token is another one.
    WrongToken,
    /// Not at all: it is no such question.
    NoQuestion,
}

/// Reads the query `hub.mode=subscribe&hub.challenge=…&hub.verify_token=…`.
pub fn handshake(query: &str, expected: &VerifyToken) -> Handshake {
    let value = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let (Some(mode), Some(challenge), Some(token)) =
        (value("hub.mode"), value("hub.challenge"), value("hub.verify_token"))
    else {
        return Handshake::NoQuestion;
    };
    if mode != "subscribe" || !(1..=CHALLENGE_BYTES_MAX).contains(&challenge.len()) {
        return Handshake::NoQuestion;
    }
    if token.as_bytes().ct_eq(expected.0.as_bytes()).into() {
        Handshake::Challenge(challenge)
    } else {
        Handshake::WrongToken
    }
}

/// How far a source has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceState {
    /// It has no app secret: every notification is refused until it has.
    NeedsAppSecret,
    /// Meta has not asked yet whether its callback URL is ours.
    NeedsHandshake,
    /// Meta has asked; nothing has come yet.
    WaitsForNotifications,
    /// Notifications have come.
    Receiving,
}

impl SourceState {
    /// Every state, in the order in which a source goes through them.
    pub const ALL: [Self; 4] =
        [Self::NeedsAppSecret, Self::NeedsHandshake, Self::WaitsForNotifications, Self::Receiving];

    /// What is true of a source. A notification that came tells more than a handshake that did not.
    pub const fn of(has_app_secret: bool, was_asked: bool, has_received: bool) -> Self {
        match (has_app_secret, was_asked, has_received) {
            (false, _, _) => Self::NeedsAppSecret,
            (true, _, true) => Self::Receiving,
            (true, true, false) => Self::WaitsForNotifications,
            (true, false, false) => Self::NeedsHandshake,
        }
    }

    /// Its name in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NeedsAppSecret => "needs_app_secret",
            Self::NeedsHandshake => "needs_handshake",
            Self::WaitsForNotifications => "waits_for_notifications",
            Self::Receiving => "receiving",
        }
    }
}

/// Why a notification, or a question whether a callback URL is ours, was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalReason {
    /// It carries no signature.
    SignatureMissing,
    /// Its signature was not made by a secret that is accepted.
    SignatureWrong,
    /// The source has no app secret to check it with.
    NoAppSecret,
    /// It is larger than a notification may be.
    TooLarge,
    /// It was signed rightly and is no notification.
    Malformed,
    /// Part of it could not be read; the rest was taken in.
    PartMalformed,
    /// The question carried another verify token.
    WrongVerifyToken,
}

impl RefusalReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::SignatureMissing,
        Self::SignatureWrong,
        Self::NoAppSecret,
        Self::TooLarge,
        Self::Malformed,
        Self::PartMalformed,
        Self::WrongVerifyToken,
    ];

    /// Its name in the REST API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignatureMissing => "signature_missing",
            Self::SignatureWrong => "signature_wrong",
            Self::NoAppSecret => "no_app_secret",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::PartMalformed => "part_malformed",
            Self::WrongVerifyToken => "wrong_verify_token",
        }
    }

    /// The reason of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// What is wrong and what to do, where nothing more is known.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::SignatureMissing => {
                "it carried no X-Hub-Signature-256; Meta's notifications carry one"
            }
            Self::SignatureWrong => {
                "its X-Hub-Signature-256 was not made with this source's app secret; if it came from \
                 Meta, rotate the app secret to the one that the App Dashboard shows"
            }
            Self::NoAppSecret => {
                "this source has no app secret yet; set the one that the App Dashboard shows, and \
                 Meta sends it again"
            }
            Self::TooLarge => "it was larger than 3145728 bytes",
            Self::Malformed => "it is no notification of the WhatsApp Cloud API",
            Self::PartMalformed => "part of it could not be read; the rest was taken in",
            Self::WrongVerifyToken => {
                "the question for this callback URL carried another verify token; paste this \
                 source's into the App Dashboard"
            }
        }
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
