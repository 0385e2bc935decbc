//! JSON that is read without being changed: a value is the text that it came as.
//!
//! So numbers keep their digits, objects their order, and text its escapes, also those that no
//! `String` can hold (half a surrogate pair). Reading cannot fail: what is not there is `null`.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// One value, as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// What stands for everything that is not there.
    pub(super) const NULL: Json<'static> = Json("null");
    /// An empty object.
    pub(super) const EMPTY: Json<'static> = Json("{}");

    /// The value that `bytes` are; `null` where they are none.
    pub(super) fn read(bytes: &'a [u8]) -> Self {
        serde_json::from_slice::<&RawValue>(bytes).map_or(Json::NULL, |raw| Self(raw.get()))
    }

    /// The text that it came as.
    pub(super) fn as_str(self) -> &'a str {
        self.0
    }

    pub(super) fn is_null(self) -> bool {
        self.0 == "null"
    }

    pub(super) fn is_true(self) -> bool {
        self.0 == "true"
    }

    pub(super) fn is_string(self) -> bool {
        self.0.starts_with('"')
    }

    /// Itself, or `other` where it is `null`.
    pub(super) fn or(self, other: Self) -> Self {
        if self.is_null() { other } else { self }
    }

    /// Its members; none where it is no object.
    pub(super) fn members(self) -> Object<'a> {
        serde_json::from_str(self.0).unwrap_or_default()
    }

    /// Its items; none where it is no array.
    pub(super) fn items(self) -> Vec<Self> {
        let items: Vec<&'a RawValue> = serde_json::from_str(self.0).unwrap_or_default();
        items.into_iter().map(|item| Self(item.get())).collect()
    }

    /// What a string says, or a number as it was written; `None` for all else, and for an empty string.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        let text = match self.0.as_bytes().first()? {
            b'"' if !self.0.contains('\\') => Cow::Borrowed(self.0.trim_matches('"')),
            b'"' => Cow::Owned(serde_json::from_str(self.0).ok()?),
            b'-' | b'0'..=b'9' => Cow::Borrowed(self.0),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// Writes it as a string: a string as it is, a number or a boolean in quotes, all else as `null`.
    pub(super) fn write_string(self, out: &mut String) {
        match self.0.as_bytes().first() {
            Some(b'"') => out.push_str(self.0),
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
                out.extend(["\"", self.0, "\""]);
            }
            _ => out.push_str("null"),
        }
    }
}

/// Writes a text as a JSON string.
pub(super) fn write_text(out: &mut String, text: &str) {
    out.push_str(&serde_json::to_string(text).expect("any text is a JSON string"));
}

/// A JSON text without the white space between its tokens.
pub(super) fn compact(json: &str) -> impl Iterator<Item = char> {
    let (mut in_string, mut escaped) = (false, false);
    json.chars().filter(move |c| {
        let kept = in_string || !c.is_ascii_whitespace();
        if *c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = *c == '\\' && !escaped;
        kept
    })
}

/// The members of an object, in the order in which they were written.
#[derive(Debug, Clone, Default)]
pub(super) struct Object<'a>(Vec<(&'a str, Json<'a>)>);

impl<'a> Object<'a> {
    /// The member of that name, the last one where there are several, as most readers have it.
    pub(super) fn find(&self, name: &str) -> Option<Json<'a>> {
        self.0.iter().rev().find(|(key, _)| is_name(key, name)).map(|(_, value)| *value)
    }

    /// The member of that name, or `null`.
    pub(super) fn get(&self, name: &str) -> Json<'a> {
        self.find(name).unwrap_or(Json::NULL)
    }

    /// All but those of these names: the name with its quotes, as it was written, and the value.
    pub(super) fn without<'b>(
        &'b self,
        names: &'b [&str],
    ) -> impl Iterator<Item = (&'a str, Json<'a>)> + 'b {
        let other = |key: &str| !names.iter().any(|name| is_name(key, name));
        self.0.iter().copied().filter(move |(key, _)| other(key))
    }
}

fn is_name(key: &str, name: &str) -> bool {
    if key.contains('\\') {
        return serde_json::from_str::<String>(key).is_ok_and(|key| key == name);
    }
    key.strip_prefix('"').and_then(|key| key.strip_suffix('"')) == Some(name)
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
                    members.push((key.get(), Json(value.get())));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
impl<'a> Object<'a> {
    /// The names, without their quotes.
    pub(super) fn names(&self) -> Vec<&'a str> {
        self.0.iter().map(|(key, _)| key.trim_matches('"')).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_text_they_came_as() {
        let text =
            br#" { "a" : 1.00 , "b":"\ud83d", "n\u0061me":[1, {"x":"y"}], "a":1e400, "c":{} } "#;
        let object = Json::read(text).members();
        assert_eq!(object.get("a").as_str(), "1e400");
        assert_eq!(object.get("b").as_str(), r#""\ud83d""#);
        assert_eq!(object.get("name").items()[1].members().get("x").as_str(), r#""y""#);
        assert_eq!(object.get("none"), Json::NULL);
        assert_eq!(object.find("none"), None);
        let rest: Vec<_> = object.without(&["a", "c"]).map(|(key, _)| key).collect();
        assert_eq!(rest, [r#""b""#, r#""n\u0061me""#]);
    }

    #[test]
    fn reading_never_fails() {
        for text in ["", "{", "nul", "{\"a\":}", "\u{1}"] {
            assert_eq!(Json::read(text.as_bytes()), Json::NULL, "{text}");
        }
        assert_eq!(Json::read(b"\"\xff\""), Json::NULL);
        for text in ["1", "[]", "[1]", "null", "\"a\"", "true"] {
            assert!(Json::read(text.as_bytes()).members().get("a").is_null(), "{text}");
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(Json::read(deep.as_bytes()).items().len(), 1);
    }

    #[test]
    fn white_space_goes_where_it_says_nothing() {
        let text = "{ \"a b\\\" c\\\\\" :\r\n\t[ 1.50 , \" \\\\\", \"\u{a0}\" ] }\n";
        let compact: String = compact(text).collect();
        assert_eq!(compact, "{\"a b\\\" c\\\\\":[1.50,\" \\\\\",\"\u{a0}\"]}");
    }

    #[test]
    fn texts_and_strings() {
        let check = |json: &str, text: Option<&str>, string: &str| {
            let value = Json::read(json.as_bytes());
            assert_eq!(value.text().as_deref(), text, "{json}");
            let mut out = String::new();
            value.write_string(&mut out);
            assert_eq!(out, string, "{json}");
        };
        check(r#""a""#, Some("a"), r#""a""#);
        check(r#""\u00e4\"""#, Some("ä\""), r#""\u00e4\"""#);
        check(r#""\ud83d""#, None, r#""\ud83d""#);
        check(r#""""#, None, r#""""#);
        check("12.50", Some("12.50"), r#""12.50""#);
        check("-1", Some("-1"), r#""-1""#);
        check("true", None, r#""true""#);
        check("null", None, "null");
        check("{}", None, "null");
        check("[1]", None, "null");
    }
}
