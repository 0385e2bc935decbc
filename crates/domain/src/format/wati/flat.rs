//! A flat object being written, member by member.

use crate::format::json::{Json, Object, compact, write_text};

/// The object. A member that the poster gave is written as given, in its place.
pub(super) struct Flat<'a> {
    out: String,
    given: Object<'a>,
}

impl<'a> Flat<'a> {
    pub(super) fn begin(given: Object<'a>) -> Self {
        Self { out: String::with_capacity(1024), given }
    }

    /// The body; what was copied loses the white space between its tokens.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.out.push('}');
        compact(&self.out).collect::<String>().into_bytes()
    }

    /// The name of the event, which nobody else gives.
    pub(super) fn event_type(&mut self, name: &str) {
        self.name("eventType");
        write_text(&mut self.out, name);
    }

    /// A member as it stands, or `null`.
    pub(super) fn json(&mut self, name: &str, value: Json<'_>) {
        self.member(name, |out| out.push_str(value.as_str()));
    }

    /// A string; numbers become one, all else `null`.
    pub(super) fn string(&mut self, name: &str, value: Json<'_>) {
        self.member(name, |out| value.write_string(out));
    }

    /// A string, an empty one where there is none.
    pub(super) fn string_or_empty(&mut self, name: &str, value: Json<'_>) {
        self.string(name, value.or(Json::read(b"\"\"")));
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.member(name, |out| write_text(out, value));
    }

    pub(super) fn text_or_null(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.null(name),
        }
    }

    pub(super) fn integer(&mut self, name: &str, value: i64) {
        self.member(name, |out| out.push_str(&value.to_string()));
    }

    pub(super) fn flag(&mut self, name: &str, value: bool) {
        self.member(name, |out| out.push_str(if value { "true" } else { "false" }));
    }

    pub(super) fn null(&mut self, name: &str) {
        self.json(name, Json::NULL);
    }

    /// A member that is left out where it is not known, unlike all others.
    pub(super) fn if_known(&mut self, name: &str, value: Json<'_>) {
        if !value.is_null() || self.given.find(name).is_some() {
            self.string(name, value);
        }
    }

    fn member(&mut self, name: &str, write: impl FnOnce(&mut String)) {
        self.name(name);
        match self.given.find(name) {
            Some(given) => self.out.push_str(given.as_str()),
            None => write(&mut self.out),
        }
    }

    fn name(&mut self, name: &str) {
        self.out.push(if self.out.is_empty() { '{' } else { ',' });
        self.out.extend(["\"", name, "\":"]);
    }
}
