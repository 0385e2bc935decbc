//! Derived events: what a WhatsApp message or status gives rise to beside its own event. They are made in
//! the transaction of their cause, once, and so carry no key of their own: a cause that comes again is
//! known by its own key, and derives nothing.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::contact::{Names, is_plain};
use crate::event::PHONE_NUMBER_ID_BYTES_MAX;
use crate::event_type::EventTypeName;
use crate::session::{Kind, Told, written};

/// The longest id of a message, in bytes; events of a longer one belong to no session.
pub const MESSAGE_ID_BYTES_MAX: usize = 512;
/// How long that may be with which the events of a session begin, in bytes; of what is longer only the
/// names are kept.
pub const ABOUT_BYTES_MAX: usize = 4 * 1024;

/// The derived events there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DerivedEvent {
    /// The first message ever from a contact.
    ContactCreated,
    /// A contact has answered a message of the business.
    MessageReplied,
    /// A session has begun.
    SessionStarted,
    /// Both sides have written in a session.
    SessionActivated,
    /// A session is over.
    SessionExpired,
}

impl DerivedEvent {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::ContactCreated,
        Self::MessageReplied,
        Self::SessionStarted,
        Self::SessionActivated,
        Self::SessionExpired,
    ];

    /// What tells this of a session.
    pub const fn of_told(told: &Told) -> Self {
        match told {
            Told::Started(_) => Self::SessionStarted,
            Told::Activated(..) => Self::SessionActivated,
            Told::Expired(_) => Self::SessionExpired,
        }
    }

    /// The name of its type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContactCreated => "contact.created",
            Self::MessageReplied => "message.replied",
            Self::SessionStarted => "session.started",
            Self::SessionActivated => "session.activated",
            Self::SessionExpired => "session.expired",
        }
    }

    /// Its type; cheap to clone.
    pub fn event_type(self) -> &'static EventTypeName {
        static TYPES: LazyLock<[EventTypeName; 5]> = LazyLock::new(|| {
            DerivedEvent::ALL.map(|event| {
                EventTypeName::parse(event.as_str()).expect("the catalogue has its name")
            })
        });
        &TYPES[self as usize]
    }
}

/// What an event of a WhatsApp source says of its contact and their session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it says.
    pub kind: Kind,
    /// When it happened, as Meta says.
    pub at: DateTime<Utc>,
    /// Of which message.
    pub message_id: Arc<str>,
    /// The business number.
    pub phone_number_id: Arc<str>,
    /// The contact.
    pub names: Names,
    /// Whether it answers a message of the business.
    pub is_reply: bool,
    /// With what the events of its session begin.
    pub about: About,
}

/// What every event of a session begins with: JSON, written by the event that began it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About(Arc<str>);

#[derive(Serialize, Deserialize)]
struct AboutData<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    waba_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    phone_number_id: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    display_phone_number: Option<Cow<'a, str>>,
    #[serde(borrow)]
    contact: &'a RawValue,
}

/// The data of a message's or a status' event, as far as anything is derived from it.
#[derive(Deserialize)]
struct CauseData<'a> {
    #[serde(borrow)]
    waba_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    phone_number_id: Cow<'a, str>,
    #[serde(borrow)]
    display_phone_number: Option<Cow<'a, str>>,
    #[serde(borrow)]
    contact: &'a RawValue,
    #[serde(borrow)]
    contacts: Option<&'a RawValue>,
    #[serde(borrow)]
    message_id: Cow<'a, str>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
}

#[derive(Serialize, Deserialize)]
struct ContactData<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    wa_id: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    user_id: Option<Cow<'a, str>>,
}

/// Of a message as Meta wrote it, where anything may be of another kind than it should.
#[derive(Default, Deserialize)]
#[serde(default)]
struct MessageData<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    group_id: Option<&'a RawValue>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
}

/// The same of what it answers.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ContextData<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    from: Option<&'a RawValue>,
    #[serde(borrow)]
    from_user_id: Option<&'a RawValue>,
}

/// The same of a status.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusData<'a> {
    #[serde(borrow)]
    recipient_type: Option<&'a RawValue>,
}

/// Reads part of what Meta wrote; nothing where it is something else.
fn part<'a, T: Default + Deserialize<'a>>(json: Option<&'a RawValue>) -> T {
    // An array would be read as the members in their order.
    let object = json.filter(|json| json.get().starts_with('{'));
    object.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default()
}

fn is_text(json: Option<&RawValue>, text: &str) -> bool {
    json.is_some_and(|json| json.get().trim_matches('"') == text)
}

impl Statement {
    /// What an event of a WhatsApp source says; `None` where it is not about a message between the
    /// business and one contact (a group, a management field, something half-filled).
    pub fn of_event(event_type: &EventTypeName, data: &[u8]) -> Option<Self> {
        let kind = match event_type.as_str() {
            "message.received" => Kind::Received,
            "message.delivered" => Kind::Delivered,
            "message.read" => Kind::Read,
            "message.played" => Kind::Played,
            "message.sent"
            | "message.template_sent"
            | "message.session_sent"
            | "message.failed"
            | "message.edited"
            | "message.revoked" => Kind::Aside,
            _ => return None,
        };
        let cause: CauseData<'_> = serde_json::from_slice(data).ok()?;
        let number = &cause.phone_number_id;
        let is_named = is_plain(number, PHONE_NUMBER_ID_BYTES_MAX)
            && is_plain(&cause.message_id, MESSAGE_ID_BYTES_MAX);
        if cause.is_of_group() || !is_named {
            return None;
        }
        let contact: ContactData<'_> = serde_json::from_str(cause.contact.get()).ok()?;
        let names = Names::of(contact.wa_id.as_deref(), contact.user_id.as_deref())?;
        // A change of a number, say: Meta writes, not the contact.
        let is_of_system = is_text(part::<MessageData<'_>>(cause.message).kind, "system");
        let kind = if is_of_system { Kind::Aside } else { kind };
        Some(Self {
            kind,
            at: DateTime::from_timestamp(cause.timestamp.parse().ok()?, 0)?,
            message_id: Arc::from(cause.message_id.as_ref()),
            phone_number_id: Arc::from(number.as_ref()),
            names,
            is_reply: kind == Kind::Received && cause.is_reply(),
            about: cause.about()?,
        })
    }
}

impl<'a> CauseData<'a> {
    fn is_of_group(&self) -> bool {
        let message: MessageData<'_> = part(self.message);
        let status: StatusData<'_> = part(self.status);
        message.group_id.is_some() || is_text(status.recipient_type, "group")
    }

    /// A context without a sender is the business': only one message of its own can be answered then. Whoever
    /// is known by a user's id alone is a contact.
    fn is_reply(&self) -> bool {
        let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>();
        let context: ContextData<'_> = part(part::<MessageData<'_>>(self.message).context);
        let is_ours = match (context.from, self.display_phone_number.as_deref()) {
            (Some(from), Some(ours)) => digits(from.get()) == digits(ours),
            (None, _) => context.from_user_id.is_none(),
            (Some(_), None) => true,
        };
        context.id.is_some() && is_ours
    }

    /// `None` where even the names are too long.
    fn about(&self) -> Option<About> {
        let data = AboutData {
            waba_id: self.waba_id.clone(),
            phone_number_id: self.phone_number_id.clone(),
            display_phone_number: self.display_phone_number.clone(),
            contact: self.contact,
        };
        let json = |data: &AboutData<'_>| {
            let json = serde_json::to_string(data).expect("texts under fixed names are JSON");
            (json.len() <= ABOUT_BYTES_MAX).then(|| About(json.into()))
        };
        if let Some(about) = json(&data) {
            return Some(about);
        }
        let contact: ContactData<'_> = serde_json::from_str(self.contact.get()).ok()?;
        let names = Names::of(contact.wa_id.as_deref(), contact.user_id.as_deref())?;
        let name = |name: Option<&'_ Arc<str>>| name.map(|name| Cow::Owned(name.to_string()));
        let contact = ContactData { wa_id: name(names.wa_id()), user_id: name(names.user_id()) };
        let contact = serde_json::value::to_raw_value(&contact).ok()?;
        let data = AboutData { contact: &contact, ..data };
        json(&data)
            .or_else(|| json(&AboutData { waba_id: None, display_phone_number: None, ..data }))
    }
}

impl About {
    /// From the data of an event about a contact; `None` where it names none.
    pub fn of_data(data: &[u8]) -> Option<Self> {
        serde_json::from_slice::<CauseData<'_>>(data).ok()?.about()
    }

    /// As it was written down.
    pub fn from_stored(json: &str) -> Self {
        Self(Arc::from(json))
    }

    /// To be written down.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn data(&self) -> Option<AboutData<'_>> {
        serde_json::from_str(&self.0).ok()
    }

    /// Whom events about the contact name.
    pub fn subject(&self) -> Option<Arc<str>> {
        let data = self.data()?;
        let contact: ContactData<'_> = serde_json::from_str(data.contact.get()).ok()?;
        Names::of(contact.wa_id.as_deref(), contact.user_id.as_deref())?.subject().cloned()
    }
}

#[derive(Serialize)]
struct SessionData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    waba_id: Option<Cow<'a, str>>,
    phone_number_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_phone_number: Option<Cow<'a, str>>,
    contact: &'a RawValue,
    state: &'static str,
    started_at: String,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
}

/// The data of an event of a session. `message_id` is that of its cause; nothing but time causes an end.
/// `None` where what it begins with is not what was written.
pub fn session_data(told: &Told, about: &About, message_id: &str) -> Option<Vec<u8>> {
    let AboutData { waba_id, phone_number_id, display_phone_number, contact } = about.data()?;
    let session = told.session();
    let (activated_at, message_id) = match told {
        Told::Started(_) => (None, Some(message_id)),
        Told::Activated(_, since) => (Some(written(*since)), Some(message_id)),
        Told::Expired(_) => (None, None),
    };
    let data = SessionData {
        waba_id,
        phone_number_id,
        display_phone_number,
        contact,
        state: told.snapshot().state(),
        started_at: written(session.started_at),
        expires_at: written(session.expires_at()),
        activated_at,
        message_id,
    };
    serde_json::to_vec(&data).ok()
}

#[derive(Serialize)]
struct ContactCreatedData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    waba_id: Option<Cow<'a, str>>,
    phone_number_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_phone_number: Option<Cow<'a, str>>,
    contact: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    contacts: Option<&'a RawValue>,
    message_id: Cow<'a, str>,
    timestamp: Cow<'a, str>,
}

/// The data of `contact.created`, from the data of the message that is the first one.
pub fn contact_created_data(cause: &[u8]) -> Option<Vec<u8>> {
    let cause: CauseData<'_> = serde_json::from_slice(cause).ok()?;
    let data = ContactCreatedData {
        waba_id: cause.waba_id,
        phone_number_id: cause.phone_number_id,
        display_phone_number: cause.display_phone_number,
        contact: cause.contact,
        contacts: cause.contacts,
        message_id: cause.message_id,
        timestamp: cause.timestamp,
    };
    serde_json::to_vec(&data).ok()
}

#[cfg(test)]
#[path = "derived_tests.rs"]
mod tests;
