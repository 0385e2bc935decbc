//! Reading a JSON object field by field, collecting every mistake with its JSON pointer.

use std::collections::HashSet;
use std::fmt;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::code::Code;
use crate::error::{ApiError, Mistake, Place};

/// A field that may be absent, null or given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given<T> {
    /// It does not stand there, or was a mistake.
    Absent,
    /// It is null.
    Null,
    /// It has a value.
    Value(T),
}

impl<T> Given<T> {
    /// The value, null and absent being the same.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

/// The members of an object in their order, values unread.
#[derive(Debug)]
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

/// An object that is being read.
#[derive(Debug)]
pub struct Fields<'a> {
    members: Vec<(String, &'a RawValue)>,
    base: String,
    mistakes: Vec<Mistake>,
}

impl<'a> Fields<'a> {
    /// Reads a body.
    pub fn parse(text: &'a str) -> Result<Self, ApiError> {
        Self::parse_at(text, String::new())
    }

    /// Reads a body that may be left out, which is an empty object. White space alone was sent, and is no
    /// JSON: it is refused as such.
    pub fn parse_optional(text: &'a str) -> Result<Self, ApiError> {
        Self::parse(if text.is_empty() { "{}" } else { text })
    }

    /// Reads an object whose JSON pointer is `base`.
    pub fn parse_at(text: &'a str, base: String) -> Result<Self, ApiError> {
        let Members(members) = serde_json::from_str(text).map_err(|error| {
            if error.is_data() {
                ApiError::field(base.clone(), Code::InvalidField, "must be a JSON object")
            } else {
                ApiError::InvalidJson { detail: error.to_string() }
            }
        })?;
        let mut names = HashSet::new();
        if let Some((twice, _)) = members.iter().find(|(name, _)| !names.insert(name.as_str())) {
            let detail = format!("the field `{twice}` stands there twice");
            return Err(ApiError::InvalidJson { detail });
        }
        Ok(Self { members, base, mistakes: Vec::new() })
    }

    /// The JSON pointer of a field.
    pub fn pointer(&self, name: &str) -> String {
        format!("{}/{}", self.base, name.replace('~', "~0").replace('/', "~1"))
    }

    /// Notes a mistake in a field.
    pub fn mistake(&mut self, name: &str, code: Code, detail: impl Into<String>) {
        let place = Place::Pointer(self.pointer(name));
        self.mistakes.push(Mistake { place, code, detail: detail.into() });
    }

    /// Notes a mistake in an item of a list.
    pub fn mistake_in(&mut self, name: &str, index: usize, code: Code, detail: String) {
        let place = Place::Pointer(format!("{}/{index}", self.pointer(name)));
        self.mistakes.push(Mistake { place, code, detail });
    }

    /// Notes a mistake in a field at a JSON pointer within it.
    pub fn mistake_below(&mut self, name: &str, below: &str, detail: String) {
        let place = Place::Pointer(format!("{}{below}", self.pointer(name)));
        self.mistakes.push(Mistake { place, code: Code::InvalidField, detail });
    }

    /// Notes mistakes that were found elsewhere.
    pub fn add(&mut self, mistakes: Vec<Mistake>) {
        self.mistakes.extend(mistakes);
    }

    /// Notes it where a field that is needed is absent or null. Asked before the field is read.
    pub fn require(&mut self, name: &str) {
        let given = |(member, raw): &(String, &RawValue)| member == name && raw.get() != "null";
        if !self.members.iter().any(given) {
            self.members.retain(|(member, _)| member != name);
            self.mistake(name, Code::MissingField, format!("`{name}` is needed"));
        }
    }

    /// A field as it was written.
    pub fn raw(&mut self, name: &str) -> Given<&'a RawValue> {
        let Some(at) = self.members.iter().position(|(member, _)| member == name) else {
            return Given::Absent;
        };
        let (_, raw) = self.members.remove(at);
        if raw.get() == "null" { Given::Null } else { Given::Value(raw) }
    }

    /// Reads a field with `read`, whose error is the sentence that the caller is told.
    pub fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, String>,
    ) -> Given<T> {
        let raw = match self.raw(name) {
            Given::Absent => return Given::Absent,
            Given::Null => return Given::Null,
            Given::Value(raw) => raw,
        };
        let value = serde_json::from_str(raw.get())
            .map_err(|_| "holds text that is not Unicode, or is nested too deeply".to_owned());
        match value.and_then(read) {
            Ok(value) => Given::Value(value),
            Err(detail) => {
                self.mistake(name, Code::InvalidField, detail);
                Given::Absent
            }
        }
    }

    /// A text of so many bytes, without NUL.
    pub fn text(&mut self, name: &str, bytes: RangeInclusive<usize>) -> Given<String> {
        self.read(name, |value| {
            let text = as_text(value)?;
            check_text(&text, bytes).map(|()| text)
        })
    }

    /// A text of one line.
    pub fn line(&mut self, name: &str, bytes: RangeInclusive<usize>) -> Given<String> {
        self.read(name, |value| {
            let text = as_text(value)?.trim().to_owned();
            check_text(&text, bytes)?;
            if text.chars().any(char::is_control) {
                return Err("must be one line without control characters".into());
            }
            Ok(text)
        })
    }

    /// A whole number in a range.
    pub fn integer(&mut self, name: &str, range: RangeInclusive<i64>) -> Given<i64> {
        let (low, high) = (*range.start(), *range.end());
        self.read(name, |value| {
            value
                .as_i64()
                .filter(|number| range.contains(number))
                .ok_or_else(|| format!("must be a whole number from {low} to {high}"))
        })
    }

    /// True or false.
    pub fn boolean(&mut self, name: &str) -> Given<bool> {
        self.read(name, |value| value.as_bool().ok_or_else(|| "must be true or false".to_owned()))
    }

    /// A text whose type reads itself.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Given<T> {
        self.read(name, |value| as_text(value)?.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// A time.
    pub fn time(&mut self, name: &str) -> Given<DateTime<Utc>> {
        self.read(name, |value| parse_time(&as_text(value)?))
    }

    /// A list of texts.
    pub fn texts(&mut self, name: &str, count: RangeInclusive<usize>) -> Given<Vec<String>> {
        let (low, high) = (*count.start(), *count.end());
        self.read(name, |value| {
            let wrong = || format!("must be a list of {low} to {high} strings");
            let Value::Array(items) = value else { return Err(wrong()) };
            if items.is_empty() && low == 1 {
                return Err(format!("must name at least one, and {high} at most"));
            }
            if !count.contains(&items.len()) {
                return Err(wrong());
            }
            let text = |item: Value| item.as_str().map(str::to_owned).ok_or_else(wrong);
            items.into_iter().map(text).collect()
        })
    }

    /// An object of texts, in the order in which it is written.
    pub fn text_map(&mut self, name: &str) -> Given<Vec<(String, String)>> {
        let raw = match self.raw(name) {
            Given::Absent => return Given::Absent,
            Given::Null => return Given::Null,
            Given::Value(raw) => raw,
        };
        let inner = Self::parse_at(raw.get(), self.pointer(name));
        let mut inner = match inner {
            Ok(inner) => inner,
            Err(ApiError::Invalid(mistakes)) => {
                self.add(mistakes);
                return Given::Absent;
            }
            Err(other) => {
                self.mistake(name, Code::InvalidField, other.detail());
                return Given::Absent;
            }
        };
        let names: Vec<String> = inner.members.iter().map(|(name, _)| name.clone()).collect();
        let mut pairs = Vec::with_capacity(names.len());
        for name in names {
            inner.require(&name);
            if let Given::Value(value) = inner.text(&name, 0..=usize::MAX) {
                pairs.push((name, value));
            }
        }
        self.add(inner.mistakes);
        Given::Value(pairs)
    }

    /// An object within the object; every mistake in it is this one's.
    pub fn nested(&mut self, name: &str, read: impl FnOnce(&mut Fields<'a>)) -> Given<()> {
        let raw = match self.raw(name) {
            Given::Absent => return Given::Absent,
            Given::Null => return Given::Null,
            Given::Value(raw) => raw,
        };
        let done = Self::parse_at(raw.get(), self.pointer(name)).and_then(|mut inner| {
            read(&mut inner);
            inner.finish()
        });
        match done {
            Ok(()) => Given::Value(()),
            Err(ApiError::Invalid(mistakes)) => {
                self.add(mistakes);
                Given::Absent
            }
            Err(other) => {
                self.mistake(name, Code::InvalidField, other.detail());
                Given::Absent
            }
        }
    }

    /// A field that this version has no use for: null and its default are taken.
    pub fn not_supported(&mut self, name: &str, defaults: &[&str]) {
        if let Given::Value(raw) = self.raw(name)
            && !defaults.contains(&raw.get())
        {
            let detail = format!("`{name}` cannot be set yet; leave it out or null");
            self.mistake(name, Code::NotSupported, detail);
        }
    }

    /// Notes it where a field stands that is shown and cannot be set; `instead` says what can be done.
    pub fn read_only(&mut self, name: &str, instead: &str) {
        if !matches!(self.raw(name), Given::Absent) {
            let detail = format!("`{name}` is shown and cannot be set{instead}");
            self.mistake(name, Code::InvalidField, detail);
        }
    }

    /// Ends the reading: every field that nobody asked for is a mistake, and any mistake is an error.
    pub fn finish(mut self) -> Result<(), ApiError> {
        for (name, _) in std::mem::take(&mut self.members) {
            self.mistake(&name, Code::UnknownField, format!("there is no field `{name}`"));
        }
        if self.mistakes.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.mistakes)) }
    }
}

/// Checks the length of a text and that a database can hold it.
pub fn check_text(text: &str, bytes: RangeInclusive<usize>) -> Result<(), String> {
    if !bytes.contains(&text.len()) {
        let (low, high) = (bytes.start(), bytes.end());
        return Err(format!("must have {low} to {high} bytes"));
    }
    if text.contains('\0') {
        return Err("must not contain a NUL character".into());
    }
    Ok(())
}

/// Reads an RFC 3339 time.
pub fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| "must be a time as RFC 3339 has it, like 2026-11-20T12:00:00Z".into())
}

fn as_text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err("must be a string".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(error: ApiError) -> Vec<(String, Code)> {
        let ApiError::Invalid(mistakes) = error else { panic!("{error:?}") };
        mistakes
            .into_iter()
            .map(|mistake| match mistake.place {
                Place::Pointer(pointer) => (pointer, mistake.code),
                place @ (Place::Parameter(_) | Place::Header(_)) => panic!("{place:?}"),
            })
            .collect()
    }

    #[test]
    fn every_mistake_is_named_by_pointer() {
        let body = r#"{"name":5,"typo/x":1,"when":"noon","n":11,"h":{"A":1,"B":null,"C":"ok"}}"#;
        let mut fields = Fields::parse(body).unwrap();
        fields.require("missing");
        assert_eq!(fields.text("name", 1..=5), Given::Absent);
        assert_eq!(fields.time("when"), Given::Absent);
        assert_eq!(fields.integer("n", 1..=10), Given::Absent);
        assert_eq!(fields.text_map("h"), Given::Value(vec![("C".into(), "ok".into())]));
        let found = mistakes(fields.finish().unwrap_err());
        let expected = [
            ("/missing", Code::MissingField),
            ("/name", Code::InvalidField),
            ("/when", Code::InvalidField),
            ("/n", Code::InvalidField),
            ("/h/A", Code::InvalidField),
            ("/h/B", Code::MissingField),
            ("/typo~1x", Code::UnknownField),
        ];
        assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
    }

    #[test]
    fn what_is_not_json_names_line_and_column() {
        for body in ["", "{", "{\"a\":1,}", "{\"a\":1} x", "{'a':1}"] {
            let Err(ApiError::InvalidJson { detail }) = Fields::parse(body) else {
                panic!("{body}")
            };
            assert!(detail.contains("line 1 column"), "{detail}");
        }
        assert!(matches!(
            Fields::parse(r#"{"a":1,"a":2}"#),
            Err(ApiError::InvalidJson { detail }) if detail.contains("`a`")
        ));
        for body in ["[1]", "5", "null", "\"x\""] {
            assert_eq!(
                mistakes(Fields::parse(body).unwrap_err()),
                [(String::new(), Code::InvalidField)]
            );
        }
    }

    #[test]
    fn a_body_that_may_be_left_out_is_left_out_or_json() {
        assert!(Fields::parse_optional("").unwrap().finish().is_ok());
        assert!(Fields::parse_optional(" {} ").unwrap().finish().is_ok());
        for body in [" ", "\t", "\r\n", "\u{a0}"] {
            assert!(matches!(Fields::parse_optional(body), Err(ApiError::InvalidJson { .. })));
        }
    }

    #[test]
    fn nul_and_lone_surrogates_are_refused_where_text_is_stored_as_text() {
        let mut fields = Fields::parse(r#"{"a":"x\u0000","b":"\ud800","c":"é"}"#).unwrap();
        assert_eq!(fields.text("a", 1..=9), Given::Absent);
        assert_eq!(fields.text("b", 1..=9), Given::Absent);
        assert_eq!(fields.text("c", 1..=1), Given::Absent);
        assert_eq!(mistakes(fields.finish().unwrap_err()).len(), 3);
    }

    #[test]
    fn what_cannot_be_done_yet_may_be_null_or_its_default() {
        let mut fields = Fields::parse(r#"{"a":null,"b":"any","c":"active","d":true}"#).unwrap();
        for name in ["a", "b", "c", "d", "e"] {
            fields.not_supported(name, &["\"any\"", "false"]);
        }
        let found = mistakes(fields.finish().unwrap_err());
        assert_eq!(found, [("/c".into(), Code::NotSupported), ("/d".into(), Code::NotSupported)]);
    }

    #[test]
    fn nesting_without_end_is_a_mistake_and_not_a_crash() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let mut fields = Fields::parse(&deep).unwrap();
        assert_eq!(fields.text("a", 1..=9), Given::Absent);
        assert!(fields.finish().is_err());
    }
}
