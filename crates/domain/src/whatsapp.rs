//! What Meta's WhatsApp Cloud API sends: notifications read into updates, each of which becomes one
//! event. The handshake and the signatures of a callback URL stand in [`crate::source`].
//!
//! Nothing that Meta wrote is lost. Its own objects are carried byte for byte, so that integers of 16
//! digits, forms of numbers, escapes, doubled members and their order survive, and what no member of
//! an event's data says is kept beside them:
//!
//! - `message` or `status` with an event of one message or status; `value`, whole, with everything else.
//! - `value_rest`, `change_rest`, `entry_rest`, `notification_rest`: the members of the value, the
//!   change, the entry and the notification around it that nothing else in the data says exactly.
//!   They are there only where there are such members. `entry_time` is the time of an entry around a
//!   message or status, which has one of its own.
//! - Of several contacts each message or status gets its own; one that is nobody's goes with the first
//!   update of its value. So does what is longer than [`SHARED_BYTES_MAX`], or a thousand small
//!   messages in one notification could make a thousand copies of something large.
//!
//! Of members with the same name the last one counts, as everywhere in JSON, and the others are rest.
//! An integer where text belongs is read as the text of its digits.

mod change;
mod contacts;
mod element;
mod field;
mod key;
mod notification;
mod raw;
mod time;
mod write;

#[cfg(test)]
mod counted;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::event_type::EventTypeName;
use crate::source::NOTIFICATION_BYTES_MAX;

/// The largest data of one update, in bytes: all that a notification can hold, and the ids and names
/// that stand in it twice.
pub const UPDATE_DATA_BYTES_MAX: usize = NOTIFICATION_BYTES_MAX + 64 * 1024;
/// The most updates in one notification, with those that are refused: Meta's own limit.
pub const UPDATES_MAX: usize = 1_000;
/// What belongs to several updates is written into each of them up to this length, in bytes, and
/// only into the first one above.
pub const SHARED_BYTES_MAX: usize = 4 * 1024;
/// The longest text that can be an id of Meta's, in bytes. What is longer is carried like any other
/// text, and identifies nothing.
pub const ID_BYTES_MAX: usize = 255;
/// The longest name of a contact that is told beside the contact's own object, in bytes.
pub const NAME_BYTES_MAX: usize = 512;

/// What was in a notification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notification {
    /// Each of these becomes one event, in Meta's order.
    pub updates: Vec<Update>,
    /// What no event can be made of, while the rest goes on.
    pub refused: Vec<RefusedUpdate>,
}

/// One event to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Its type: a built-in one, or `whatsapp.<field>`.
    pub event_type: EventTypeName,
    /// Its data, in the shape that the catalogue gives its type.
    pub data: Arc<[u8]>,
    /// The same for the same update in whatever notification it comes again, and for no other.
    pub external_id: Arc<str>,
    /// The contact it is about: their `wa_id`, else their `user_id`.
    pub subject: Option<Arc<str>>,
    /// The business's number, where the value names one.
    pub phone_number_id: Option<Arc<str>>,
    /// The WhatsApp Business account, where the entry names one.
    pub waba_id: Option<Arc<str>>,
    /// When it happened, unless Meta does not say or says something absurd.
    pub occurred_at: Option<DateTime<Utc>>,
    /// What it says about contacts and sessions.
    pub fact: Fact,
}

/// Part of a notification of which no event can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedUpdate {
    /// Where it stands: a JSON pointer into the notification.
    pub pointer: String,
    /// What is wrong with it, in a sentence. Nothing of what Meta wrote is in it.
    pub reason: String,
}

/// What an update says about contacts and sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A contact has written to the business.
    Received {
        /// Who wrote.
        contact: Contact,
        /// The message.
        message_id: Arc<str>,
        /// The group it was written in.
        group_id: Option<Arc<str>>,
        /// The business's own message that it answers.
        replies_to_ours: Option<Arc<str>>,
        /// When, by Meta's clock; by ours where that says nothing usable.
        at: DateTime<Utc>,
    },
    /// The business has written to a contact, with the WhatsApp Business app.
    Sent {
        /// To whom.
        contact: Contact,
        /// The message.
        message_id: Arc<str>,
        /// When.
        at: DateTime<Utc>,
    },
    /// A message of the business's has got somewhere, or has failed to.
    Status {
        /// What became of it.
        kind: StatusKind,
        /// Whom it went to; in a group, the participant whose status it is.
        contact: Option<Contact>,
        /// The message.
        message_id: Arc<str>,
        /// The group it was sent to.
        group_id: Option<Arc<str>>,
        /// When.
        at: DateTime<Utc>,
    },
    /// Something else about a contact, who has not written: an edit, a message taken back, a new
    /// number. It belongs to the contact's session and neither begins one nor activates it.
    About {
        /// Whom.
        contact: Contact,
        /// When.
        at: DateTime<Utc>,
    },
    /// Nothing.
    Other,
}

impl Fact {
    /// Whom it is about.
    pub fn contact(&self) -> Option<&Contact> {
        match self {
            Self::Received { contact, .. }
            | Self::Sent { contact, .. }
            | Self::About { contact, .. } => Some(contact),
            Self::Status { contact, .. } => contact.as_ref(),
            Self::Other => None,
        }
    }
}

/// What became of a message of the business's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusKind {
    /// WhatsApp has taken it on.
    Sent,
    /// It is on the contact's device.
    Delivered,
    /// The contact has seen it.
    Read,
    /// The contact has heard it.
    Played,
    /// It could not be delivered.
    Failed,
}

impl StatusKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Sent, Self::Delivered, Self::Read, Self::Played, Self::Failed];

    /// Meta's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
        }
    }

    /// The type of its events.
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::Sent => "message.sent",
            Self::Delivered => "message.delivered",
            Self::Read => "message.read",
            Self::Played => "message.played",
            Self::Failed => "message.failed",
        }
    }
}

/// A person on WhatsApp, who has a phone number, a user id or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    wa_id: Option<Arc<str>>,
    user_id: Option<Arc<str>>,
    /// The id that the businesses of one portfolio share.
    pub parent_user_id: Option<Arc<str>>,
    /// The name in their profile.
    pub name: Option<Arc<str>>,
    /// Their user name, as Meta writes it.
    pub username: Option<Arc<str>>,
}

impl Contact {
    /// Somebody who has at least one of the two ids.
    pub fn of(wa_id: Option<Arc<str>>, user_id: Option<Arc<str>>) -> Option<Self> {
        (wa_id.is_some() || user_id.is_some()).then_some(Self {
            wa_id,
            user_id,
            parent_user_id: None,
            name: None,
            username: None,
        })
    }

    /// The phone number, in digits, as WhatsApp knows it.
    pub fn wa_id(&self) -> Option<&Arc<str>> {
        self.wa_id.as_ref()
    }

    /// The id that one business knows them by, also without a number.
    pub fn user_id(&self) -> Option<&Arc<str>> {
        self.user_id.as_ref()
    }

    /// The subject of events about them: `wa_id`, else `user_id`.
    pub fn subject(&self) -> &Arc<str> {
        self.wa_id.as_ref().or(self.user_id.as_ref()).expect("`of` has seen to one of them")
    }
}

/// Why a body is no notification at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Larger than anything Meta sends.
    #[error("the body has more than {NOTIFICATION_BYTES_MAX} bytes, the most that Meta sends")]
    TooLarge,
    /// Its bytes are no text.
    #[error("the body is not UTF-8 at byte {offset}; Meta sends JSON")]
    NotUtf8 {
        /// The first byte that is wrong, counted from 0.
        offset: usize,
    },
    /// Its text is no JSON.
    #[error("the body is not JSON at line {line}, column {column}")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// JSON, and something else than an object.
    #[error("the body is {found} where an object with `object` and `entry` is expected")]
    NotAnObject {
        /// What it is.
        found: Kind,
    },
    /// Of another product of Meta's, whose changes have other shapes: read as WhatsApp's they would
    /// become events of the wrong types, and nobody would notice that the app is set up wrongly.
    #[error(
        "`object` is not `whatsapp_business_account`: subscribe this callback URL to the WhatsApp \
         Business Account product only"
    )]
    OtherProduct,
    /// Without a list of entries.
    #[error("`entry` is {found} where an array is expected")]
    NoEntries {
        /// What it is.
        found: Kind,
    },
    /// More than Meta puts into one.
    #[error(
        "there are more than {UPDATES_MAX} updates, the most that Meta puts into one notification"
    )]
    TooManyUpdates,
}

impl Malformed {
    /// Where it is wrong: a JSON pointer into the body, `""` for the body as a whole.
    pub fn pointer(&self) -> &'static str {
        match self {
            Self::TooLarge
            | Self::NotUtf8 { .. }
            | Self::NotJson { .. }
            | Self::NotAnObject { .. } => "",
            Self::OtherProduct => "/object",
            Self::NoEntries { .. } | Self::TooManyUpdates => "/entry",
        }
    }
}

/// What a piece of JSON is, for a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is none.
    Missing,
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A text.
    Text,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

/// By what a status of one contact's message is known, wherever it comes again.
pub fn status_external_id(message_id: &str, kind: StatusKind) -> Arc<str> {
    key::status(message_id, kind.as_str(), None)
}

/// Reads a notification: the raw body, whose signature has been verified, and when it came, by which
/// times that Meta wrote are judged and those that it did not write are filled in.
pub fn parse(body: &[u8], received_at: DateTime<Utc>) -> Result<Notification, Malformed> {
    notification::read(body, received_at)
}
