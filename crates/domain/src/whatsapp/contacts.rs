//! The contacts of a value, and which of them a message or status is about.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::whatsapp::raw::{Elements, Members, id, text};
use crate::whatsapp::write::Shared;
use crate::whatsapp::{Contact, NAME_BYTES_MAX};

/// The ids by which a message or a status names its contact. Any of them may be absent, since 2026
/// the phone number too.
#[derive(Debug, Default)]
pub(super) struct Whom<'a> {
    wa_id: Option<Cow<'a, str>>,
    user_id: Option<Cow<'a, str>>,
    parent_user_id: Option<Cow<'a, str>>,
}

impl<'a> Whom<'a> {
    /// Reads the ids under their three names.
    pub(super) fn read(members: &Members<'a>, [wa_id, user_id, parent_user_id]: [&str; 3]) -> Self {
        Self {
            wa_id: members.id(wa_id),
            user_id: members.id(user_id),
            parent_user_id: members.id(parent_user_id),
        }
    }

    /// Whether it names nobody.
    pub(super) fn is_empty(&self) -> bool {
        self.wa_id.is_none() && self.user_id.is_none()
    }

    /// The ids, and what the list says of their owner.
    pub(super) fn contact(&self, listed: Option<&Listed<'_>>) -> Option<Contact> {
        fn own(id: &Option<Cow<'_, str>>) -> Option<Arc<str>> {
            id.as_deref().map(Into::into)
        }
        let Some(listed) = listed else {
            let mut contact = Contact::of(own(&self.wa_id), own(&self.user_id))?;
            contact.parent_user_id = own(&self.parent_user_id);
            return Some(contact);
        };
        let wa_id = listed.wa_id.clone().or_else(|| own(&self.wa_id));
        let user_id = listed.user_id.clone().or_else(|| own(&self.user_id));
        let mut contact = Contact::of(wa_id, user_id)?;
        contact.parent_user_id =
            listed.parent_user_id.clone().or_else(|| own(&self.parent_user_id));
        contact.name = listed.name.clone();
        contact.username = listed.username.clone();
        Some(contact)
    }
}

/// One of `contacts`.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    written: Shared<&'a str>,
    claimed: bool,
    wa_id: Option<Arc<str>>,
    user_id: Option<Arc<str>>,
    parent_user_id: Option<Arc<str>>,
    name: Option<Arc<str>>,
    username: Option<Arc<str>>,
}

impl<'a> Listed<'a> {
    fn read(written: &'a RawValue) -> Option<Self> {
        let members = Members::read(written)?;
        let profile = members.get("profile").and_then(Members::read);
        let name = |members: &Members<'a>, name: &str| {
            let text = members.get(name).and_then(text)?;
            let fits = (1..=NAME_BYTES_MAX).contains(&text.len()) && !text.contains('\0');
            fits.then(|| Arc::from(&*text))
        };
        let own = |name: &str| members.get(name).and_then(id).map(|id| Arc::from(&*id));
        Some(Self {
            written: Shared::new(written.get()),
            claimed: false,
            wa_id: own("wa_id"),
            user_id: own("user_id"),
            parent_user_id: own("parent_user_id"),
            name: profile.as_ref().and_then(|profile| name(profile, "name")),
            username: profile
                .as_ref()
                .and_then(|profile| name(profile, "username"))
                .or_else(|| name(&members, "username")),
        })
    }
}

/// The contacts of one value.
#[derive(Debug, Default)]
pub(super) struct Contacts<'a> {
    listed: Vec<Listed<'a>>,
    by_wa_id: HashMap<Arc<str>, usize>,
    by_user_id: HashMap<Arc<str>, usize>,
}

impl<'a> Contacts<'a> {
    /// Reads a list of objects, not an empty one; nothing where it is something else.
    pub(super) fn read(contacts: &'a RawValue) -> Option<Self> {
        let elements = Elements::read(contacts)?;
        if elements.more || elements.first.is_empty() {
            return None;
        }
        let listed: Vec<Listed<'a>> =
            elements.first.into_iter().map(Listed::read).collect::<Option<_>>()?;
        let mut contacts = Self { listed, ..Self::default() };
        for (place, listed) in contacts.listed.iter().enumerate() {
            if let Some(id) = &listed.wa_id {
                contacts.by_wa_id.entry(id.clone()).or_insert(place);
            }
            if let Some(id) = &listed.user_id {
                contacts.by_user_id.entry(id.clone()).or_insert(place);
            }
        }
        Some(contacts)
    }

    /// Finds the one whom a message or status is about, and remembers that it is somebody's. The only
    /// contact beside the only message (`alone`), or beside one that names nobody, is its own also
    /// under another number: WhatsApp's number of a person is not always the one they write from.
    pub(super) fn claim(&mut self, whom: &Whom<'_>, alone: bool) -> Option<usize> {
        let by = |ids: &HashMap<Arc<str>, usize>, id: &Option<Cow<'_, str>>| {
            id.as_deref().and_then(|id| ids.get(id).copied())
        };
        let found = by(&self.by_user_id, &whom.user_id)
            .or_else(|| by(&self.by_wa_id, &whom.wa_id))
            .or_else(|| {
                let [only] = &self.listed[..] else { return None };
                let others = only.user_id.is_some() && whom.user_id.is_some();
                ((alone || whom.is_empty()) && !others).then_some(0)
            })?;
        self.listed[found].claimed = true;
        Some(found)
    }

    /// The contact at that place.
    pub(super) fn at(&self, place: Option<usize>) -> Option<&Listed<'a>> {
        place.map(|place| &self.listed[place])
    }

    /// The only contact there is.
    pub(super) fn only(&self) -> Option<Contact> {
        match &self.listed[..] {
            [only] => Whom::default().contact(Some(only)),
            _ => None,
        }
    }

    /// What the next update gets of the list: its own contact, as Meta wrote it, and with the first
    /// update of the value those that are nobody's.
    pub(super) fn give(&mut self, own: Option<usize>, first: bool) -> Vec<&str> {
        if first {
            let theirs =
                |(place, listed): &(usize, &mut Listed<'a>)| Some(*place) == own || !listed.claimed;
            let listed = self.listed.iter_mut().enumerate().filter(theirs);
            return listed.filter_map(|(_, listed)| listed.written.give()).collect();
        }
        own.and_then(|place| self.listed[place].written.give()).into_iter().collect()
    }
}
