//! JSON that is looked into and carried as it was written. Everything here has been checked to be
//! JSON once, when the body was; nothing builds a tree.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::whatsapp::{ID_BYTES_MAX, Kind, UPDATES_MAX};

/// The members of an object as they were written: in their order, doubled ones too.
#[derive(Debug)]
pub(super) struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Looks into an object.
    pub(super) fn read(value: &'a RawValue) -> Option<Self> {
        match kind(Some(value)) {
            Kind::Object => serde_json::from_str(value.get()).ok(),
            Kind::Missing
            | Kind::Null
            | Kind::Boolean
            | Kind::Number
            | Kind::Text
            | Kind::Array => None,
        }
    }

    /// The member of that name; the last one where there are several.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.place(name).map(|place| self.0[place].1)
    }

    /// The text of the member of that name.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(text)
    }

    /// The id in the member of that name.
    pub(super) fn id(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(id)
    }

    /// All members but those that [`Members::get`] finds under the names in `said`, as they were
    /// written, joined by commas.
    pub(super) fn rest(&self, said: &[&str]) -> String {
        let said: Vec<Option<usize>> = said.iter().map(|name| self.place(name)).collect();
        let mut rest = String::new();
        for (place, (name, value)) in self.0.iter().enumerate() {
            if !said.contains(&Some(place)) {
                if !rest.is_empty() {
                    rest.push(',');
                }
                rest.push_str(name.get());
                rest.push(':');
                rest.push_str(value.get());
            }
        }
        rest
    }

    /// Whether there is no member under another name than these, and none twice.
    pub(super) fn are_only(&self, names: &[&str]) -> bool {
        self.0.len() == names.iter().filter(|name| self.get(name).is_some()).count()
    }

    /// Names, without their quotes, and values.
    #[cfg(test)]
    pub(super) fn each(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().map(|(name, value)| (name.get().trim_matches('"'), value.get()))
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().rposition(|(written, _)| is(written, name))
    }
}

/// Whether a member's name, as it was written, is `name`.
fn is(written: &RawValue, name: &str) -> bool {
    let written = written.get();
    if written.contains('\\') {
        // One that names no characters (half a surrogate pair) is no name that anybody asks for.
        return serde_json::from_str::<String>(written).is_ok_and(|read| read == name);
    }
    written.len() == name.len() + 2 && &written[1..=name.len()] == name
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Vec<(&'de RawValue, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Read).map(Self)
    }
}

/// The first elements of an array, as many as one notification may have of anything.
#[derive(Debug, Default)]
pub(super) struct Elements<'a> {
    /// At most [`UPDATES_MAX`] of them.
    pub(super) first: Vec<&'a RawValue>,
    /// Whether there are more.
    pub(super) more: bool,
}

impl<'a> Elements<'a> {
    /// Looks into an array.
    pub(super) fn read(value: &'a RawValue) -> Option<Self> {
        match kind(Some(value)) {
            Kind::Array => serde_json::from_str(value.get()).ok(),
            Kind::Missing
            | Kind::Null
            | Kind::Boolean
            | Kind::Number
            | Kind::Text
            | Kind::Object => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = (Vec<&'de RawValue>, bool);

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut first = Vec::new();
                while first.len() < UPDATES_MAX {
                    match seq.next_element()? {
                        Some(element) => first.push(element),
                        None => return Ok((first, false)),
                    }
                }
                let mut more = false;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    more = true;
                }
                Ok((first, more))
            }
        }
        let (first, more) = deserializer.deserialize_seq(Read)?;
        Ok(Self { first, more })
    }
}

/// What a piece of JSON is, which its first character says.
pub(super) fn kind(value: Option<&RawValue>) -> Kind {
    match value.and_then(|value| value.get().bytes().next()) {
        None => Kind::Missing,
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::Text,
        Some(b'n') => Kind::Null,
        Some(b't' | b'f') => Kind::Boolean,
        Some(_) => Kind::Number,
    }
}

/// The characters of a string; nothing where it is none, or names something that is no character.
pub(super) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let written = value.get();
    let within = written.strip_prefix('"')?.strip_suffix('"')?;
    if within.contains('\\') {
        serde_json::from_str(written).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(within))
    }
}

/// The digits of a number that is nothing but digits.
pub(super) fn integer(value: &RawValue) -> Option<&str> {
    Some(value.get()).filter(|written| is_digits(written))
}

/// Whether a text is digits and nothing else.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// What can be an id: a string, or an integer where Meta was to write a string. Not one with control
/// characters, which no database takes everywhere.
pub(super) fn id(value: &RawValue) -> Option<Cow<'_, str>> {
    text(value)
        .or_else(|| integer(value).map(Cow::Borrowed))
        .filter(|id| (1..=ID_BYTES_MAX).contains(&id.len()) && !id.chars().any(char::is_control))
}
