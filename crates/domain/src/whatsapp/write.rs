//! Writing an event's data out of pieces of what Meta wrote.

use std::sync::Arc;

use crate::whatsapp::{Contact, SHARED_BYTES_MAX};

/// A JSON object that grows, member by member.
pub(super) struct Object(Vec<u8>);

impl Object {
    /// One that will have about `bytes`.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut text = Vec::with_capacity(bytes);
        text.push(b'{');
        Self(text)
    }

    /// Adds a string.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        serde_json::to_writer(&mut self.0, text).expect("a Vec takes all that is written");
    }

    /// Adds a string where there is one.
    pub(super) fn text_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// Adds a value that is JSON already.
    pub(super) fn json(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.extend_from_slice(json.as_bytes());
    }

    /// Adds an array of values that are JSON already, where there are any.
    pub(super) fn array_if(&mut self, name: &str, elements: &[&str]) {
        if elements.is_empty() {
            return;
        }
        self.name(name);
        self.0.push(b'[');
        for (place, element) in elements.iter().enumerate() {
            if place > 0 {
                self.0.push(b',');
            }
            self.0.extend_from_slice(element.as_bytes());
        }
        self.0.push(b']');
    }

    /// Adds an object of its own.
    pub(super) fn object(&mut self, name: &str, members: impl FnOnce(&mut Self)) {
        self.name(name);
        let mut inner = Self(std::mem::take(&mut self.0));
        inner.0.push(b'{');
        members(&mut inner);
        inner.0.push(b'}');
        self.0 = inner.0;
    }

    /// Adds members that are JSON already, joined by commas; none is fine.
    pub(super) fn members(&mut self, members: &str) {
        if !members.is_empty() {
            self.comma();
            self.0.extend_from_slice(members.as_bytes());
        }
    }

    /// Adds a contact.
    pub(super) fn contact(&mut self, contact: &Contact) {
        self.object("contact", |object| {
            object.text_if("wa_id", contact.wa_id().map(|id| &**id));
            object.text_if("user_id", contact.user_id().map(|id| &**id));
            object.text_if("parent_user_id", contact.parent_user_id.as_deref());
            object.text_if("name", contact.name.as_deref());
            object.text_if("username", contact.username.as_deref());
        });
    }

    /// The whole object.
    pub(super) fn finish(mut self) -> Arc<[u8]> {
        self.0.push(b'}');
        self.0.into()
    }

    /// Member names are ours, and need no escapes.
    fn name(&mut self, name: &str) {
        self.comma();
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn comma(&mut self) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
    }
}

/// Something that belongs to several updates: into each of them while it is short, into the first
/// one where it is long.
#[derive(Debug)]
pub(super) struct Shared<T> {
    what: T,
    given: bool,
}

impl<T: AsRef<str>> Shared<T> {
    pub(super) fn new(what: T) -> Self {
        Self { what, given: false }
    }

    /// What the next update gets of it.
    pub(super) fn give(&mut self) -> Option<&str> {
        let what = self.what.as_ref();
        let again = std::mem::replace(&mut self.given, true);
        (!what.is_empty() && (!again || what.len() <= SHARED_BYTES_MAX)).then_some(what)
    }
}

/// What an event's data says nowhere else, of each object around a message, a status or a value.
pub(super) type Rest = Shared<String>;
