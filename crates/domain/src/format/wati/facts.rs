//! What an event says, and what is derived where Wati has an id that WhatsApp does not.
//!
//! Derived ids are hashes of the company and of what the id stands for, so they are the same on every
//! try, on every endpoint, and for every event about the same thing: all statuses of a message share its
//! `id` and `localMessageId`, as at Wati, and all messages with a contact share `conversationId`.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, Timelike, Utc};
use sha2::{Digest, Sha256};

use super::Form;
use super::flat::Flat;
use crate::event::Event;
use crate::format::json::{Json, Object};

/// An event, taken apart. Each part is read once.
pub(super) struct Facts<'a> {
    event: &'a Event,
    pub(super) data: Object<'a>,
    pub(super) message: Object<'a>,
    pub(super) status: Object<'a>,
    pub(super) value: Object<'a>,
    contact: Object<'a>,
    /// The contact as Meta wrote it.
    card: Object<'a>,
    /// The member of a message that names the contact.
    peer: &'static str,
    peer_user: &'static str,
}

/// Whether a message that the business sent was a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SentAs {
    Template,
    Session,
}

/// What a derived id stands for.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Message,
    LocalMessage,
    Event,
    LocalEvent,
    Contact,
    Conversation,
    Ticket,
    Template,
}

impl Kind {
    /// Part of what is hashed: never changed.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::LocalMessage => "local message",
            Self::Event => "event",
            Self::LocalEvent => "local event",
            Self::Contact => "contact",
            Self::Conversation => "conversation",
            Self::Ticket => "ticket",
            Self::Template => "template",
        }
    }
}

/// WhatsApp's code for a message outside of a template, sent after the 24 hours.
const RE_ENGAGEMENT: &str = "131047";

impl<'a> Facts<'a> {
    pub(super) fn of(event: &'a Event, form: Form) -> Self {
        let data = Json::read(&event.data).members();
        let contact = data.get("contact").members();
        let (peer, peer_user) = match form {
            Form::TemplateSent | Form::SessionSent => ("to", "to_user_id"),
            Form::Received
            | Form::NewContact
            | Form::Delivered
            | Form::Read
            | Form::Replied
            | Form::Failed
            | Form::TemplateReviewed
            | Form::TemplateQuality
            | Form::TemplateCategory
            | Form::Account
            | Form::AccountReview
            | Form::PhoneNumberQuality
            | Form::BusinessCapability => ("from", "from_user_id"),
        };
        Self {
            event,
            message: data.get("message").members(),
            status: data.get("status").members(),
            value: data.get("value").members(),
            card: card(&data, &contact),
            contact,
            data,
            peer,
            peer_user,
        }
    }

    /// An object to write, with what the poster gave.
    pub(super) fn begin(&self) -> Flat<'a> {
        Flat::begin(self.data.get("wati").members())
    }

    pub(super) fn wamid(&self) -> Json<'a> {
        let id = self.data.get("message_id");
        id.or(self.message.get("id")).or(self.status.get("id"))
    }

    /// The context of a message: what it answers, whether it was forwarded.
    pub(super) fn context(&self) -> Object<'a> {
        self.message.get("context").members()
    }

    pub(super) fn wa_id(&self) -> Json<'a> {
        let told = self.contact.get("wa_id").or(self.card.get("wa_id"));
        told.or(self.status.get("recipient_id")).or(self.message.get(self.peer))
    }

    pub(super) fn user_id(&self) -> Json<'a> {
        let told = self.contact.get("user_id").or(self.card.get("user_id"));
        told.or(self.status.get("recipient_user_id")).or(self.message.get(self.peer_user))
    }

    pub(super) fn parent_user_id(&self) -> Json<'a> {
        self.contact.get("parent_user_id").or(self.card.get("parent_user_id"))
    }

    pub(super) fn username(&self) -> Json<'a> {
        self.contact.get("username").or(self.profile().get("username"))
    }

    pub(super) fn name(&self) -> Json<'a> {
        self.contact.get("name").or(self.profile().get("name"))
    }

    fn profile(&self) -> Object<'a> {
        self.card.get("profile").members()
    }

    /// Seconds since 1970, as Meta wrote them, else those of the event.
    pub(super) fn timestamp(&self) -> Cow<'a, str> {
        let told = self.data.get("timestamp");
        let told = told.or(self.message.get("timestamp")).or(self.status.get("timestamp"));
        told.text().unwrap_or_else(|| self.event.occurred_at.timestamp().to_string().into())
    }

    /// When it happened, with seven digits of the second as .NET writes them.
    pub(super) fn created(&self) -> String {
        written(self.event.occurred_at)
    }

    /// The business's number in digits, of the channel that the event is about.
    pub(super) fn channel_phone_number(&self) -> Option<String> {
        let told = self.data.get("display_phone_number");
        digits(&told.or(self.value.get("display_phone_number")).text()?)
    }

    /// How the message was sent. The first that is known: what the poster says, what kind of message it
    /// is, what it costs, why it failed. A template else: what the documentation has in every example.
    pub(super) fn sent_as(&self) -> SentAs {
        let text = |json: Json<'a>| json.text().unwrap_or_default();
        match text(self.data.get("sent_as")).as_ref() {
            "template" => return SentAs::Template,
            "session" => return SentAs::Session,
            _ => {}
        }
        let pricing = self.status.get("pricing").members().get("category");
        let origin = self.status.get("conversation").members().get("origin").members();
        match text(pricing.or(origin.get("type"))).as_ref() {
            "service" | "referral_conversion" | "user_initiated" => return SentAs::Session,
            "" => {}
            _ => return SentAs::Template,
        }
        match text(self.error().get("code")).as_ref() {
            RE_ENGAGEMENT => SentAs::Session,
            _ => SentAs::Template,
        }
    }

    /// The first error of a status.
    pub(super) fn error(&self) -> Object<'a> {
        self.status.get("errors").items().first().map(|error| error.members()).unwrap_or_default()
    }

    /// The id of a message of that wamid; of the event where there is none.
    pub(super) fn id(&self, wamid: Json<'_>) -> String {
        match wamid.text() {
            Some(wamid) => self.derived_id(Kind::Message, &[&wamid]),
            None => self.derived_id(Kind::Event, &[&self.event.id.to_string()]),
        }
    }

    /// A UUID for a message of that wamid.
    pub(super) fn local_message_id(&self, wamid: Json<'_>) -> String {
        let hash = match wamid.text() {
            Some(wamid) => self.hash(Kind::LocalMessage, &[&wamid]),
            None => self.hash(Kind::LocalEvent, &[&self.event.id.to_string()]),
        };
        let bytes = hash.first_chunk().copied().unwrap_or_default();
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    pub(super) fn contact_id(&self) -> String {
        match self.parties() {
            Some([_, contact]) => self.derived_id(Kind::Contact, &[&contact]),
            None => self.id(self.wamid()),
        }
    }

    pub(super) fn conversation_id(&self) -> Option<String> {
        self.parties().map(|parties| self.derived_id(Kind::Conversation, &parts(&parties)))
    }

    pub(super) fn ticket_id(&self) -> Option<String> {
        self.parties().map(|parties| self.derived_id(Kind::Ticket, &parts(&parties)))
    }

    /// The id of a template of that name.
    pub(super) fn template_id(&self, name: Json<'_>) -> Option<String> {
        let account = self.data.get("waba_id").text().unwrap_or_default();
        Some(self.derived_id(Kind::Template, &[&account, &name.text()?]))
    }

    /// The business's number and the contact, where it is known who the contact is.
    fn parties(&self) -> Option<[Cow<'a, str>; 2]> {
        let number = self.data.get("phone_number_id").text().unwrap_or_default();
        Some([number, self.wa_id().text().or_else(|| self.user_id().text())?])
    }

    /// 24 hexadecimal digits.
    fn derived_id(&self, kind: Kind, parts: &[&str]) -> String {
        self.hash(kind, parts).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
    }

    fn hash(&self, kind: Kind, parts: &[&str]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.event.company.to_string());
        for part in [kind.as_str()].iter().chain(parts) {
            hash.update([0]);
            hash.update(part);
        }
        hash.finalize().into()
    }
}

fn parts<'b>(parties: &'b [Cow<'_, str>; 2]) -> [&'b str; 2] {
    [&parties[0], &parties[1]]
}

/// The entry of `contacts` that is the contact; the first where none says so.
fn card<'a>(data: &Object<'a>, contact: &Object<'a>) -> Object<'a> {
    let cards: Vec<_> = data.get("contacts").items().iter().map(|card| card.members()).collect();
    let is_contact = |card: &&Object<'a>| {
        ["wa_id", "user_id"].into_iter().any(|id| {
            let id = (card.get(id).text(), contact.get(id).text());
            id.0.is_some() && id.0 == id.1
        })
    };
    cards.iter().find(is_contact).or(cards.first()).cloned().unwrap_or_default()
}

/// A phone number without `+`, spaces and the like; `None` where nothing is left.
pub(super) fn digits(number: &str) -> Option<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

/// `2026-09-17T08:00:16.6268572Z`; years that RFC 3339 cannot write become the nearest that it can.
fn written(at: DateTime<Utc>) -> String {
    const FIRST_S: i64 = -62_167_219_200;
    const LAST_S: i64 = 253_402_300_799;
    let bound = |seconds, nanos| DateTime::from_timestamp(seconds, nanos).unwrap_or(at);
    let at = at.clamp(bound(FIRST_S, 0), bound(LAST_S, 999_999_999));
    let (date, time) = (at.date_naive(), at.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        at.timestamp_subsec_nanos().min(999_999_999) / 100,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::event;

    #[test]
    fn times_have_seven_digits() {
        let check = |seconds, nanos, expected: &str| {
            assert_eq!(written(DateTime::from_timestamp(seconds, nanos).unwrap()), expected);
        };
        check(1_789_632_016, 626_857_299, "2026-09-17T08:00:16.6268572Z");
        check(1_789_632_016, 0, "2026-09-17T08:00:16.0000000Z");
        check(-62_167_219_201, 0, "0000-01-01T00:00:00.0000000Z");
        check(253_402_300_800, 0, "9999-12-31T23:59:59.9999999Z");
        check(1_789_631_999, 1_999_999_999, "2026-09-17T07:59:59.9999999Z");
        assert_eq!(written(DateTime::<Utc>::MIN_UTC), "0000-01-01T00:00:00.0000000Z");
    }

    #[test]
    fn phone_numbers_are_digits() {
        assert_eq!(digits("+91 98200-11223").as_deref(), Some("919820011223"));
        assert_eq!(digits("n/a"), None);
    }

    #[test]
    fn how_a_message_was_sent_is_the_first_thing_known() {
        let check = |data: &str, expected: SentAs| {
            let event = event("message.failed", data);
            assert_eq!(Facts::of(&event, Form::Failed).sent_as(), expected, "{data}");
        };
        let (template, session) = (SentAs::Template, SentAs::Session);
        check("{}", template);
        check(r#"{"sent_as":"session","status":{"pricing":{"category":"utility"}}}"#, session);
        check(r#"{"sent_as":"template","status":{"errors":[{"code":131047}]}}"#, template);
        check(r#"{"sent_as":7,"status":{"pricing":{"category":"service"}}}"#, session);
        check(r#"{"status":{"conversation":{"origin":{"type":"user_initiated"}}}}"#, session);
        check(r#"{"status":{"conversation":{"origin":{"type":"marketing"}}}}"#, template);
        check(r#"{"status":{"errors":[{"code":131047}]}}"#, session);
        check(r#"{"status":{"errors":[{"code":"131047"}]}}"#, session);
        check(r#"{"status":{"errors":[{"code":131026},{"code":131047}]}}"#, template);
    }

    #[test]
    fn ids_are_of_what_they_stand_for() {
        let ids = |data: &str| {
            let event = event("message.read", data);
            let facts = Facts::of(&event, Form::Read);
            (facts.id(facts.wamid()), facts.conversation_id(), facts.ticket_id())
        };
        let one = ids(r#"{"phone_number_id":"1","message_id":"w","contact":{"wa_id":"9"}}"#);
        assert!(one.0.len() == 24 && one.0.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(
            one,
            ids(r#"{"phone_number_id":"1","message_id":"w","status":{"recipient_id":"9"}}"#)
        );
        let other = ids(r#"{"phone_number_id":"1","message_id":"x","contact":{"wa_id":"9"}}"#);
        assert_ne!(one.0, other.0);
        assert_eq!((&one.1, &one.2), (&other.1, &other.2));
        assert_ne!(one.1, one.2);
        let elsewhere = ids(r#"{"phone_number_id":"2","message_id":"w","contact":{"wa_id":"9"}}"#);
        assert_ne!(one.1, elsewhere.1);
        let by_user = ids(r#"{"phone_number_id":"1","contact":{"user_id":"IN.1"}}"#);
        assert!(by_user.1.is_some());
        assert_eq!(ids("{}").1, None);
    }

    #[test]
    fn the_card_is_the_contacts() {
        let event = event(
            "message.received",
            r#"{"contact":{"user_id":"b"},"contacts":[{"user_id":"a","profile":{"name":"A"}},{"user_id":"b","parent_user_id":"p","profile":{"name":"B","username":"@b"}}]}"#,
        );
        let facts = Facts::of(&event, Form::Received);
        assert_eq!(facts.name().as_str(), "\"B\"");
        assert_eq!(facts.username().as_str(), "\"@b\"");
        assert_eq!(facts.parent_user_id().as_str(), "\"p\"");
    }
}
