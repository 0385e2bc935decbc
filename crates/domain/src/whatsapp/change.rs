//! One change: a field and its value, which is one update, or as many as it has messages and
//! statuses.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use crate::event_type::EventTypeName;
use crate::whatsapp::contacts::Contacts;
use crate::whatsapp::element::{Element, Of};
use crate::whatsapp::field::{self, Field};
use crate::whatsapp::raw::{self, Elements, Members};
use crate::whatsapp::write::{Object, Rest};
use crate::whatsapp::{Fact, Kind, Malformed, Update, key, time};

/// The account that an entry is about.
pub(super) struct Account<'a> {
    pub(super) waba_id: Option<Cow<'a, str>>,
    /// The digits of its time.
    pub(super) time: Option<Cow<'a, str>>,
    /// Its time as Meta wrote it, for keys; empty where there is none.
    pub(super) time_as_written: &'a str,
}

/// What stands around a value and is said nowhere else.
pub(super) struct Around<'r> {
    pub(super) change: Rest,
    pub(super) entry: &'r mut Rest,
    pub(super) notification: &'r mut Rest,
}

impl Around<'_> {
    pub(super) fn write(&mut self, data: &mut Object) {
        let levels = [
            ("change_rest", &mut self.change),
            ("entry_rest", &mut *self.entry),
            ("notification_rest", &mut *self.notification),
        ];
        for (name, rest) in levels {
            if let Some(rest) = rest.give() {
                data.object(name, |object| object.members(rest));
            }
        }
    }
}

/// A change, and where it stands.
pub(super) struct Change<'a, 'r> {
    pub(super) account: &'r Account<'a>,
    pub(super) field: Option<Cow<'a, str>>,
    pub(super) value: Option<&'a RawValue>,
    pub(super) around: Around<'r>,
    pub(super) received_at: DateTime<Utc>,
}

impl Change<'_, '_> {
    /// The digits of a time that Meta wrote, else those of the entry's time, else ours.
    pub(super) fn timestamp(&self, own: Option<Cow<'_, str>>) -> String {
        own.or_else(|| self.account.time.clone())
            .map_or_else(|| time::received(self.received_at), Cow::into_owned)
    }
}

/// The business's number.
#[derive(Debug, Default)]
pub(super) struct Number<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) display: Option<Cow<'a, str>>,
    /// Whether these two say all that `metadata` does.
    is_all: bool,
}

impl<'a> Number<'a> {
    fn read(value: &Members<'a>) -> Self {
        const NAMES: [&str; 2] = ["display_phone_number", "phone_number_id"];
        let Some(metadata) = value.get("metadata").and_then(Members::read) else {
            return Self::default();
        };
        let is_said = |name: &str| match metadata.get(name) {
            None => true,
            Some(written) => {
                matches!(raw::kind(Some(written)), Kind::Text) && raw::id(written).is_some()
            }
        };
        Self {
            display: metadata.id(NAMES[0]),
            id: metadata.id(NAMES[1]),
            is_all: metadata.are_only(&NAMES) && NAMES.into_iter().all(is_said),
        }
    }
}

/// What the messages and statuses of one value share.
pub(super) struct Parts<'a> {
    pub(super) number: Number<'a>,
    /// The members that number and event type say, as they were written; short, since ids are.
    pub(super) head: String,
    pub(super) contacts: Contacts<'a>,
    pub(super) rest: Rest,
}

/// Reads a change into its updates, of which there is room for so many.
pub(super) fn read(change: Change<'_, '_>, room: usize) -> Result<Vec<Update>, Malformed> {
    let field = change.field.as_deref().map_or(Field::Unknown, Field::of);
    let lists: &[(&str, Of)] = match field {
        Field::Messages => &[("messages", Of::Message), ("statuses", Of::Status)],
        Field::Echoes => &[("message_echoes", Of::Echo)],
        Field::Management(_) | Field::Unknown => &[],
    };
    let value = change.value.and_then(Members::read);
    let mut elements = Vec::new();
    let mut said = Vec::new();
    for (list, of) in lists {
        let written = value.as_ref().and_then(|value| value.get(list));
        let Some(found) = written.and_then(Elements::read).filter(|list| !list.first.is_empty())
        else {
            continue;
        };
        if found.more {
            return Err(Malformed::TooManyUpdates);
        }
        said.push(*list);
        elements.extend(found.first.into_iter().map(|written| Element::read(*of, list, written)));
    }
    if elements.len().max(1) > room {
        return Err(Malformed::TooManyUpdates);
    }
    match value {
        Some(value) if !elements.is_empty() => Ok(each(change, &value, elements, said)),
        value => Ok(vec![whole(change, field, value.as_ref())]),
    }
}

/// One update of each message and status.
fn each<'a>(
    mut change: Change<'a, '_>,
    value: &Members<'a>,
    elements: Vec<Element<'a>>,
    mut said: Vec<&str>,
) -> Vec<Update> {
    let number = Number::read(value);
    let product = value.get("messaging_product");
    let mut head = Vec::new();
    if let Some(product) = product.filter(|product| product.get() == r#""whatsapp""#) {
        said.push("messaging_product");
        head.push(format!(r#""messaging_product":{}"#, product.get()));
    }
    if let Some(metadata) = value.get("metadata").filter(|_| number.is_all) {
        said.push("metadata");
        head.push(format!(r#""metadata":{}"#, metadata.get()));
    }
    let contacts = value.get("contacts").and_then(Contacts::read);
    if contacts.is_some() {
        said.push("contacts");
    }
    let mut parts = Parts {
        number,
        head: head.join(","),
        contacts: contacts.unwrap_or_default(),
        rest: Rest::new(value.rest(&said)),
    };
    let alone = elements.len() == 1;
    let places: Vec<Option<usize>> =
        elements.iter().map(|element| element.claim(&mut parts.contacts, alone)).collect();
    let updates = elements.iter().zip(places).enumerate();
    updates
        .map(|(index, (element, place))| element.update(&mut change, &mut parts, place, index == 0))
        .collect()
}

/// One update of a value as a whole.
fn whole(mut change: Change<'_, '_>, field: Field, value: Option<&Members<'_>>) -> Update {
    let account = change.account;
    let name = change.field.as_deref();
    let event_type = match field {
        // Without an account or without members it is not what the type's schema promises.
        Field::Management(event_type) if value.is_some() && account.waba_id.is_some() => {
            EventTypeName::parse(event_type).expect("one of the catalogue's")
        }
        Field::Management(_) | Field::Messages | Field::Echoes | Field::Unknown => {
            field::event_type(name)
        }
    };
    let written = change.value.map_or("null", RawValue::get);
    let mut data = Object::with_capacity(written.len() + 256);
    data.text_if("waba_id", account.waba_id.as_deref());
    data.text("timestamp", &change.timestamp(None));
    data.text("field", name.unwrap_or_default());
    data.json("value", written);
    change.around.write(&mut data);
    let own = |id: Option<&str>| id.map(Into::into);
    let number = value.map(Number::read).unwrap_or_default();
    let contacts = value.and_then(|value| value.get("contacts")).and_then(Contacts::read);
    Update {
        event_type,
        data: data.finish(),
        external_id: key::content(
            "change",
            &[
                own_or_empty(&account.waba_id),
                name.unwrap_or_default(),
                account.time_as_written,
                written,
            ],
        ),
        subject: contacts
            .and_then(|contacts| contacts.only())
            .map(|contact| contact.subject().clone()),
        phone_number_id: own(number.id.as_deref()),
        waba_id: own(account.waba_id.as_deref()),
        occurred_at: account
            .time
            .as_deref()
            .and_then(|digits| time::believed(digits, change.received_at)),
        fact: Fact::Other,
    }
}

/// For keys, where nothing is as good as an empty text.
pub(super) fn own_or_empty<'t>(text: &'t Option<Cow<'_, str>>) -> &'t str {
    text.as_deref().unwrap_or_default()
}
