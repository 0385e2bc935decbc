//! The body of an event as it is posted: read fast where it is right, read slowly for good
//! messages where it is not.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::catalogue;
use domain::event::{
    EXTERNAL_ID_BYTES_MAX, NewEvent, PHONE_NUMBER_ID_BYTES_MAX, SUBJECT_BYTES_MAX,
};
use domain::event_type::EventTypeName;
use domain::id::CompanyId;
use domain::own_type;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde_json::value::RawValue;

use crate::code::Code;
use crate::error::{ApiError, Mistake, Place};
use crate::fields::{self, Fields};

/// A text of the body, copied only where it has escapes.
#[derive(Debug)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: serde::de::Error>(
                self,
                text: &'de str,
            ) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

/// An event as it is written in a request.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    #[serde(borrow, rename = "type")]
    event_type: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    subject: Option<Text<'a>>,
    #[serde(borrow)]
    occurred_at: Option<Text<'a>>,
    #[serde(borrow)]
    expires_at: Option<Text<'a>>,
}

/// Without this, serde would look into the value for a null before it takes it raw.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some).map_err(D::Error::custom)
}

/// What is looked for in the data of a built-in type.
#[derive(Debug, serde::Deserialize)]
struct Numbered<'a> {
    #[serde(borrow)]
    phone_number_id: Option<Text<'a>>,
}

/// The number that the data of a built-in type tells, if it can be one: data is never refused for it.
fn phone_number_id(data: &[u8]) -> Option<Arc<str>> {
    let numbered: Numbered<'_> = serde_json::from_slice(data).ok()?;
    let Text(number) = numbered.phone_number_id?;
    fields::check_text(&number, 1..=PHONE_NUMBER_ID_BYTES_MAX).ok()?;
    (!number.chars().any(char::is_control)).then(|| Arc::from(number))
}

/// From where and for whom an event comes.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Whose event it is.
    pub company: CompanyId,
    /// The `Idempotency-Key` of the request.
    pub key: Option<&'a str>,
    /// The time of the request.
    pub now: DateTime<Utc>,
    /// How large its data may be.
    pub data_bytes_max: usize,
}

const EXPIRED: &str = "must be in the future";

/// The event at `base` came too late, and had not been accepted before.
pub fn expired(base: &str) -> ApiError {
    ApiError::field(format!("{base}/expires_at"), Code::InvalidField, EXPIRED)
}

/// An event that was read well.
#[derive(Debug)]
pub struct Read {
    /// The event.
    pub event: NewEvent,
    /// Whether its type is one of the company's own, if it exists at all: nobody has looked.
    pub is_own: bool,
}

/// Why an event was not read well.
#[derive(Debug)]
pub enum Refusal {
    /// This is all there is to say.
    Final(ApiError),
    /// It has mistakes, and its type is one of the company's own, if it exists at all.
    Own {
        /// What is wrong beside that.
        mistakes: Vec<Mistake>,
        /// The type.
        name: EventTypeName,
    },
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Final(error)
    }
}

/// Reads and checks one event but for a type of the company's own; `base` is its JSON pointer.
pub fn parse(text: &str, base: &str, context: Context<'_>) -> Result<Read, Refusal> {
    match serde_json::from_str::<Written<'_>>(text) {
        Ok(written) => Checked { base, mistakes: Vec::new() }.event(written, context),
        Err(_) => {
            let (written, mistakes) = read_slowly(text, base)?;
            Checked { base, mistakes }.event(written, context)
        }
    }
}

/// Reads with every mistake named; what could be read comes beside them.
fn read_slowly<'a>(text: &'a str, base: &str) -> Result<(Written<'a>, Vec<Mistake>), ApiError> {
    let mut fields = Fields::parse_at(text, base.to_owned())?;
    let mut take = |name| {
        let text = fields.text(name, 0..=usize::MAX).value();
        text.map(|text| Text(Cow::Owned(text)))
    };
    let written = Written {
        event_type: take("type"),
        id: take("id"),
        subject: take("subject"),
        occurred_at: take("occurred_at"),
        expires_at: take("expires_at"),
        data: fields.raw("data").value(),
    };
    match fields.finish() {
        Ok(()) => Ok((written, Vec::new())),
        Err(ApiError::Invalid(mistakes)) => Ok((written, mistakes)),
        Err(other) => Err(other),
    }
}

/// The mistakes found so far in one event.
struct Checked<'a> {
    base: &'a str,
    mistakes: Vec<Mistake>,
}

impl Checked<'_> {
    fn mistake(&mut self, name: &str, code: Code, detail: String) {
        let pointer = format!("{}/{name}", self.base);
        let place = Place::Pointer(pointer);
        if !self.mistakes.iter().any(|mistake| mistake.place == place) {
            self.mistakes.push(Mistake { place, code, detail });
        }
    }

    fn event(mut self, written: Written<'_>, context: Context<'_>) -> Result<Read, Refusal> {
        let Written { event_type, data, id, subject, occurred_at, expires_at } = written;
        let bytes_max = context.data_bytes_max;
        if data.is_some_and(|data| data.get().len() > bytes_max) {
            let error = ApiError::TooLarge { what: "an event's data", bytes_max };
            return Err(Refusal::Final(error));
        }
        let event_type = self.event_type(event_type);
        let data = self.data(data);
        if id.is_some() && context.key.is_some() {
            let detail = "give either `id` or the header Idempotency-Key".to_owned();
            self.mistake("id", Code::BothKeys, detail);
        }
        let id = self.text("id", id, EXTERNAL_ID_BYTES_MAX);
        let subject = self.text("subject", subject, SUBJECT_BYTES_MAX);
        let occurred_at = self.time("occurred_at", occurred_at);
        let expires_at = self.time("expires_at", expires_at);
        // Of an event that is right the store decides: it may have been accepted while it was in time.
        if !self.mistakes.is_empty() && expires_at.is_some_and(|at| at <= context.now) {
            self.mistake("expires_at", Code::InvalidField, EXPIRED.into());
        }
        match (event_type, data) {
            (Some((event_type, is_own)), Some(data)) if self.mistakes.is_empty() => {
                let phone_number_id = if is_own { None } else { phone_number_id(&data) };
                let event = NewEvent {
                    company: context.company,
                    event_type,
                    data,
                    source: None,
                    external_id: id.or_else(|| context.key.map(Arc::from)),
                    subject,
                    phone_number_id,
                    occurred_at,
                    expires_at,
                    judged: None,
                };
                Ok(Read { event, is_own })
            }
            (Some((name, true)), _) => Err(Refusal::Own { mistakes: self.mistakes, name }),
            (Some((_, false)) | None, _) => Err(ApiError::Invalid(self.mistakes).into()),
        }
    }

    /// The type, and whether it is one of the company's own, if it exists at all.
    fn event_type(&mut self, text: Option<Text<'_>>) -> Option<(EventTypeName, bool)> {
        let Some(Text(text)) = text else {
            self.mistake("type", Code::MissingField, "`type` is needed".into());
            return None;
        };
        match known_type(&text) {
            Ok(known) => Some(known),
            Err((code, detail)) => {
                self.mistake("type", code, detail);
                None
            }
        }
    }

    fn data(&mut self, data: Option<&RawValue>) -> Option<Arc<[u8]>> {
        match data.map(RawValue::get) {
            None | Some("null") => {
                self.mistake("data", Code::MissingField, "`data` is needed".into());
                None
            }
            Some(text) if text.starts_with('{') => Some(text.as_bytes().into()),
            Some(_) => {
                self.mistake("data", Code::InvalidField, "must be a JSON object".into());
                None
            }
        }
    }

    fn text(&mut self, name: &str, text: Option<Text<'_>>, bytes_max: usize) -> Option<Arc<str>> {
        let Text(text) = text?;
        match fields::check_text(&text, 1..=bytes_max) {
            Ok(()) => Some(Arc::from(text)),
            Err(detail) => {
                self.mistake(name, Code::InvalidField, detail);
                None
            }
        }
    }

    fn time(&mut self, name: &str, text: Option<Text<'_>>) -> Option<DateTime<Utc>> {
        let Text(text) = text?;
        match fields::parse_time(&text) {
            Ok(time) => Some(time),
            Err(detail) => {
                self.mistake(name, Code::InvalidField, detail);
                None
            }
        }
    }
}

/// A type that events may be posted with, or what is wrong with it; true where only the company's own
/// types tell whether there is one of that name.
fn known_type(text: &str) -> Result<(EventTypeName, bool), (Code, String)> {
    let unknown = |detail| (Code::UnknownEventType, detail);
    let name = EventTypeName::parse(text)
        .map_err(|error| unknown(format!("{error}{}", did_you_mean(text, [].into_iter()))))?;
    if name.is_operational() {
        return Err(unknown(format!("`{name}` tells about Hookferry itself and cannot be posted")));
    }
    if catalogue::is_known(name.as_str()) {
        return Ok((name, false));
    }
    if own_type::is_reserved(&name) {
        return Err(unknown(unknown_type(name.as_str(), [].into_iter())));
    }
    Ok((name, true))
}

/// The sentence for a type that nobody knows, with the nearest built-in names and those of `own`.
pub fn unknown_type<'a>(name: &str, own: impl Iterator<Item = &'a str>) -> String {
    format!("there is no event type `{name}`{}", did_you_mean(name, own))
}

fn did_you_mean<'a>(name: &str, own: impl Iterator<Item = &'a str>) -> String {
    let near = catalogue::nearest(name, own);
    if near.is_empty() {
        return "; GET /api/v1/event-types lists them, POST makes one".into();
    }
    let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    format!("; did you mean {}?", near.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use domain::event::DATA_BYTES_MAX;

    fn read(text: &str, key: Option<&str>) -> Result<NewEvent, ApiError> {
        let now = Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap();
        let company = CompanyId::from_raw(1);
        match parse(text, "", Context { company, key, now, data_bytes_max: DATA_BYTES_MAX }) {
            Ok(read) => Ok(read.event),
            Err(Refusal::Final(error)) => Err(error),
            Err(Refusal::Own { mistakes, .. }) => Err(ApiError::Invalid(mistakes)),
        }
    }

    fn mistakes(text: &str) -> Vec<(String, Code)> {
        match read(text, None) {
            Err(ApiError::Invalid(mistakes)) => mistakes
                .into_iter()
                .map(|mistake| match mistake.place {
                    Place::Pointer(pointer) => (pointer, mistake.code),
                    place @ (Place::Parameter(_) | Place::Header(_)) => panic!("{place:?}"),
                })
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn data_keeps_the_callers_own_bytes() {
        let data = r#"{ "b":1.0e2, "a":"\u0000\ud800\u00e9é" , "b":2}"#;
        let event =
            read(&format!(r#"{{"type":"message.received","data": {data} }}"#), None).unwrap();
        assert_eq!(std::str::from_utf8(&event.data).unwrap(), data);
    }

    #[test]
    fn the_number_in_the_data_of_a_built_in_type_is_the_events() {
        let longest = "1".repeat(PHONE_NUMBER_ID_BYTES_MAX);
        let check = |name: &str, written: &str, expected: Option<&str>| {
            let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
            let data = format!(r#"{{"deep":{deep},"phone_number_id":{written}}}"#);
            let event = read(&format!(r#"{{"type":"{name}","data":{data}}}"#), None).unwrap();
            assert_eq!(event.phone_number_id.as_deref(), expected, "{name} {written:.20}");
        };
        check("message.received", r#""2088\u00345331""#, Some("208845331"));
        check("message.read", &format!("\"{longest}\""), Some(&longest));
        check("message.read", &format!("\"{longest}1\""), None);
        for written in
            [r#""""#, r#""1\n2""#, r#""1\u0000""#, r#""\ud800""#, "5", "null", "{}", "[\"1\"]"]
        {
            check("message.received", written, None);
        }
        check("shop.order_paid", r#""208845331""#, None);
        let none =
            read(r#"{"type":"message.received","data":{"a":{"phone_number_id":"1"}}}"#, None);
        assert_eq!(none.unwrap().phone_number_id, None);
    }

    #[test]
    fn deep_data_is_taken_as_it_is() {
        let data = format!("{{\"a\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000));
        let event = read(&format!(r#"{{"type":"message.received","data":{data}}}"#), None);
        assert_eq!(event.unwrap().data.len(), data.len());
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let found = mistakes(
            r#"{"type":"message.recieved","data":[],"id":5,"subject":"","occurred_at":"x",
                "expires_at":"2026-11-20T11:00:00Z","extra":1}"#,
        );
        let expected = [
            ("/id", Code::InvalidField),
            ("/extra", Code::UnknownField),
            ("/type", Code::UnknownEventType),
            ("/data", Code::InvalidField),
            ("/subject", Code::InvalidField),
            ("/occurred_at", Code::InvalidField),
            ("/expires_at", Code::InvalidField),
        ];
        assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
        assert_eq!(
            mistakes("{}"),
            [("/type".into(), Code::MissingField), ("/data".into(), Code::MissingField)]
        );
        let null = r#"{"type":null,"data":null,"id":null}"#;
        assert_eq!(mistakes(null).len(), 2);
    }

    #[test]
    fn nearest_names_are_told() {
        let error = read(r#"{"type":"message.recieved","data":{}}"#, None).unwrap_err();
        assert!(error.detail().contains("`message.received`"), "{}", error.detail());
        let error = read(r#"{"type":"endpoint.defective","data":{}}"#, None).unwrap_err();
        assert_eq!(error.code(), Code::UnknownEventType);
    }

    #[test]
    fn text_that_postgresql_cannot_hold_is_refused_outside_data() {
        for field in ["id", "subject"] {
            for text in [r"a\u0000", r"\ud800"] {
                let body =
                    format!(r#"{{"type":"message.received","data":{{}},"{field}":"{text}"}}"#);
                assert_eq!(mistakes(&body), [(format!("/{field}"), Code::InvalidField)], "{text}");
            }
        }
        let nul = r#"{"type":"message\u0000.received","data":{}}"#;
        assert_eq!(mistakes(nul), [("/type".into(), Code::UnknownEventType)]);
    }

    #[test]
    fn a_key_and_an_id_at_once_are_refused_and_either_is_kept() {
        let both = read(r#"{"type":"message.received","data":{},"id":"a"}"#, Some("b"));
        assert_eq!(both.unwrap_err().code(), Code::BothKeys);
        let key = read(r#"{"type":"message.received","data":{}}"#, Some("b")).unwrap();
        assert_eq!(key.external_id.as_deref(), Some("b"));
        let id = read(r#"{"type":"message.received","data":{},"id":"a\u0041"}"#, None).unwrap();
        assert_eq!(id.external_id.as_deref(), Some("aA"));
    }

    #[test]
    fn what_is_not_one_json_object_is_not_an_event() {
        for body in [
            "",
            "{",
            "{}x",
            r#"{"type":"message.received","data":{}} {}"#,
            r#"{"type":"message.received","type":"message.read","data":{}}"#,
            r#"{"type":"message.received","data":{,}}"#,
            "{\"type\":\"message.received\",\"data\":{\"a\":\"\0\"}}",
        ] {
            let error = read(body, None).unwrap_err();
            assert_eq!(error.code(), Code::InvalidJson, "{body}");
        }
        assert_eq!(read("[]", None).unwrap_err().code(), Code::InvalidField);
    }

    #[test]
    fn data_past_its_limit_is_too_large() {
        let fill = "x".repeat(DATA_BYTES_MAX - r#"{"a":""}"#.len());
        let body = |extra: &str| {
            format!(r#"{{"type":"message.received","data":{{"a":"{fill}{extra}"}}}}"#)
        };
        assert!(read(&body(""), None).is_ok());
        assert_eq!(read(&body("x"), None).unwrap_err().code(), Code::TooLarge);
    }
}
