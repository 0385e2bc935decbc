//! One message, one status, or one echo of a message that the business sent with the app.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use crate::event_type::EventTypeName;
use crate::whatsapp::change::{Change, Number, Parts, own_or_empty};
use crate::whatsapp::contacts::{Contacts, Whom};
use crate::whatsapp::raw::{self, Members};
use crate::whatsapp::write::Object;
use crate::whatsapp::{Contact, Fact, StatusKind, Update, field, key, time};

/// Which kind of list an element stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// `messages`.
    Message,
    /// `statuses`.
    Status,
    /// `message_echoes`.
    Echo,
}

/// An element of a list.
pub(super) struct Element<'a> {
    of: Of,
    list: &'static str,
    written: &'a RawValue,
    /// `None` where it is no object.
    members: Option<Members<'a>>,
    /// `None` where it is about no person.
    whom: Option<Whom<'a>>,
}

/// What can be read of any element.
struct Seen<'e> {
    id: Option<Cow<'e, str>>,
    contact: Option<Contact>,
    timestamp: String,
    occurred_at: Option<DateTime<Utc>>,
    /// The same, else when it came.
    at: DateTime<Utc>,
}

impl<'a> Element<'a> {
    pub(super) fn read(of: Of, list: &'static str, written: &'a RawValue) -> Self {
        let members = Members::read(written);
        let whom = members.as_ref().and_then(|members| whom(of, members));
        Self { of, list, written, members, whom }
    }

    /// Finds its contact in the list.
    pub(super) fn claim(&self, contacts: &mut Contacts<'_>, alone: bool) -> Option<usize> {
        self.whom.as_ref().and_then(|whom| contacts.claim(whom, alone))
    }

    /// Makes its update. `place` is where its contact stands.
    pub(super) fn update(
        &self,
        change: &mut Change<'_, '_>,
        parts: &mut Parts<'_>,
        place: Option<usize>,
        first: bool,
    ) -> Update {
        let seen = self.see(change, parts, place);
        let meaning = self.meaning(&seen, &parts.number);
        let mut data = Object::with_capacity(self.written.get().len() + 640);
        data.text_if("waba_id", change.account.waba_id.as_deref());
        match meaning {
            Some(_) => self.write(&mut data, &seen, parts, place, first),
            None => self.write_odd(&mut data, &seen, parts, place, first),
        }
        if change.account.has_plain_time() {
            data.json("entry_time", change.account.time_as_written);
        }
        change.around.write(&mut data);
        let (event_type, fact) = match meaning {
            Some((name, fact)) => {
                (EventTypeName::parse(name).expect("one of the catalogue's"), fact)
            }
            None => (field::event_type(change.field.as_deref()), Fact::Other),
        };
        Update {
            event_type,
            data: data.finish(),
            external_id: self.key(&seen, change, parts),
            subject: seen.contact.map(|contact| contact.subject().clone()),
            phone_number_id: parts.number.id.as_deref().map(Arc::from),
            waba_id: change.account.waba_id.as_deref().map(Arc::from),
            occurred_at: seen.occurred_at,
            fact,
        }
    }

    fn see(&self, change: &Change<'_, '_>, parts: &Parts<'_>, place: Option<usize>) -> Seen<'a> {
        let listed = parts.contacts.at(place);
        let written = |name| self.members.as_ref().and_then(|members| members.get(name));
        let digits = written("timestamp").and_then(time::digits);
        let occurred_at =
            digits.as_deref().and_then(|digits| time::believed(digits, change.received_at));
        Seen {
            id: written("id").and_then(raw::id),
            contact: self.whom.as_ref().and_then(|whom| whom.contact(listed)),
            timestamp: change.timestamp(digits),
            occurred_at,
            at: occurred_at.unwrap_or(change.received_at),
        }
    }

    /// The type of its event and what it says; nothing where it lacks something that the type's
    /// schema promises, or is a status nobody knows.
    fn meaning(&self, seen: &Seen<'_>, number: &Number<'_>) -> Option<(&'static str, Fact)> {
        let members = self.members.as_ref()?;
        let message_id: Arc<str> = seen.id.as_deref()?.into();
        number.id.as_ref()?;
        match self.of {
            Of::Message => message(members, message_id, seen, number),
            Of::Echo => echo(members, message_id, seen),
            Of::Status => status(members, message_id, seen),
        }
    }

    /// Writes the data of an event of the element's own type.
    fn write(
        &self,
        data: &mut Object,
        seen: &Seen<'_>,
        parts: &mut Parts<'_>,
        place: Option<usize>,
        first: bool,
    ) {
        data.text_if("phone_number_id", parts.number.id.as_deref());
        data.text_if("display_phone_number", parts.number.display.as_deref());
        if let Some(contact) = &seen.contact {
            data.contact(contact);
        }
        data.array_if("contacts", &parts.contacts.give(place, first));
        data.text_if("message_id", seen.id.as_deref());
        data.text("timestamp", &seen.timestamp);
        let member = match self.of {
            Of::Message | Of::Echo => "message",
            Of::Status => "status",
        };
        data.json(member, self.written.get());
        if let Some(rest) = parts.rest.give() {
            data.object("value_rest", |value| value.members(rest));
        }
    }

    /// Writes the data of an event of its field: the value as it would be with this element alone.
    fn write_odd(
        &self,
        data: &mut Object,
        seen: &Seen<'_>,
        parts: &mut Parts<'_>,
        place: Option<usize>,
        first: bool,
    ) {
        data.text("timestamp", &seen.timestamp);
        data.text("field", self.field());
        data.object("value", |value| {
            value.members(&parts.head);
            value.array_if("contacts", &parts.contacts.give(place, first));
            value.members(parts.rest.give().unwrap_or_default());
            value.array_if(self.list, &[self.written.get()]);
        });
    }

    fn field(&self) -> &'static str {
        match self.of {
            Of::Message | Of::Status => field::MESSAGES,
            Of::Echo => field::ECHOES,
        }
    }

    fn key(&self, seen: &Seen<'_>, change: &Change<'_, '_>, parts: &Parts<'_>) -> Arc<str> {
        let word = self.members.as_ref().and_then(|members| members.text("status"));
        match (self.of, seen.id.as_deref(), word.as_deref()) {
            (Of::Message, Some(id), _) => key::message(id),
            (Of::Echo, Some(id), _) => key::echo(id),
            (Of::Status, Some(id), Some(word)) => {
                let participant = self.members.as_ref().and_then(participant);
                key::status(id, word, participant.as_deref())
            }
            (Of::Message | Of::Echo, None, _) | (Of::Status, _, _) => key::content(
                "update",
                &[
                    own_or_empty(&change.account.waba_id),
                    own_or_empty(&parts.number.id),
                    change.account.time_as_written,
                    self.list,
                    self.written.get(),
                ],
            ),
        }
    }
}

/// The ids under which an element names its contact.
fn whom<'a>(of: Of, members: &Members<'a>) -> Option<Whom<'a>> {
    let names = match of {
        Of::Message => ["from", "from_user_id", "from_parent_user_id"],
        Of::Echo => ["to", "to_user_id", "to_parent_user_id"],
        Of::Status if participant(members).is_some() => [
            "recipient_participant_id",
            "recipient_participant_user_id",
            "recipient_participant_parent_user_id",
        ],
        // A group is nobody, and its members may be many.
        Of::Status if is_to_group(members) => return None,
        Of::Status => ["recipient_id", "recipient_user_id", "recipient_parent_user_id"],
    };
    Some(Whom::read(members, names))
}

/// Whose status it is, of a message that went to a group.
fn participant<'a>(members: &Members<'a>) -> Option<Cow<'a, str>> {
    members.id("recipient_participant_id").or_else(|| members.id("recipient_participant_user_id"))
}

fn is_to_group(members: &Members<'_>) -> bool {
    members.text("recipient_type").as_deref() == Some("group")
}

fn message(
    members: &Members<'_>,
    message_id: Arc<str>,
    seen: &Seen<'_>,
    number: &Number<'_>,
) -> Option<(&'static str, Fact)> {
    let kind = members.text("type")?;
    let (contact, at) = (seen.contact.clone()?, seen.at);
    Some(match &*kind {
        "edit" => ("message.edited", Fact::About { contact, at }),
        "revoke" => ("message.revoked", Fact::About { contact, at }),
        // WhatsApp says something about the contact, who has written nothing.
        "system" => ("message.received", Fact::About { contact, at }),
        _ => {
            let group_id = members.id("group_id").as_deref().map(Arc::from);
            let replies_to_ours = quoted(members, &kind, number);
            let fact = Fact::Received { contact, message_id, group_id, replies_to_ours, at };
            ("message.received", fact)
        }
    })
}

/// The business's own message that this one answers. In a group another contact's may be quoted, and
/// a contact may quote themselves, so the quoted message must be from the business's number. Where
/// Meta does not say whose it is, it is ours if the contact has tapped something: only businesses
/// send buttons and lists.
fn quoted(members: &Members<'_>, kind: &str, number: &Number<'_>) -> Option<Arc<str>> {
    let context = members.get("context").and_then(Members::read)?;
    let id = context.id("id")?;
    let is_ours = match (context.id("from"), context.id("from_user_id")) {
        (Some(from), _) => number.display.as_deref().is_some_and(|ours| same_number(&from, ours)),
        (None, Some(_)) => false,
        (None, None) => matches!(kind, "button" | "interactive"),
    };
    is_ours.then(|| Arc::from(&*id))
}

/// Whether two ways of writing a phone number have the same digits, and any.
fn same_number(a: &str, b: &str) -> bool {
    fn digits(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(u8::is_ascii_digit)
    }
    digits(a).next().is_some() && digits(a).eq(digits(b))
}

fn echo(
    members: &Members<'_>,
    message_id: Arc<str>,
    seen: &Seen<'_>,
) -> Option<(&'static str, Fact)> {
    let event_type = match &*members.text("type")? {
        // The business has changed a message or taken it back, and sent none.
        "edit" | "revoke" => return None,
        "template" => "message.template_sent",
        _ => "message.session_sent",
    };
    Some((event_type, Fact::Sent { contact: seen.contact.clone()?, message_id, at: seen.at }))
}

fn status(
    members: &Members<'_>,
    message_id: Arc<str>,
    seen: &Seen<'_>,
) -> Option<(&'static str, Fact)> {
    let word = members.text("status")?;
    let kind = StatusKind::ALL.into_iter().find(|kind| kind.as_str() == word)?;
    let in_group = is_to_group(members) || participant(members).is_some();
    let group_id = members.id("recipient_id").filter(|_| in_group);
    let fact = Fact::Status {
        kind,
        contact: seen.contact.clone(),
        message_id,
        group_id: group_id.as_deref().map(Arc::from),
        at: seen.at,
    };
    Some((kind.event_type(), fact))
}
