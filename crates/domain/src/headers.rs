//! The headers of one request, put together for sending.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};
use std::ops::Range;

/// Headers in the order in which they are sent. Their values stand in one text, one behind the other,
/// so that a request takes two allocations for all that it has by itself and not two for each. Debug shows names
/// alone: values hold tokens and signatures.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    values: String,
    fields: Vec<Field>,
}

/// A name, and where its value stands in the text.
pub type Field = (Cow<'static, str>, Range<usize>);

impl Headers {
    /// None yet, with room for so many, and for values of so many bytes.
    pub fn with_capacity(fields: usize, bytes: usize) -> Self {
        Self { values: String::with_capacity(bytes), fields: Vec::with_capacity(fields) }
    }

    /// Adds one at the end; one of the same name stays as it is.
    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, value: impl Display) {
        let begins = self.values.len();
        write!(self.values, "{value}").expect("a text takes whatever is written");
        self.fields.push((name.into(), begins..self.values.len()));
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, place)| (name.as_ref(), &self.values[place.clone()]))
    }

    /// The text of all values, and each name with its place in it.
    pub fn into_parts(self) -> (String, Vec<Field>) {
        (self.values, self.fields)
    }
}

impl FromIterator<(String, String)> for Headers {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(all: T) -> Self {
        let mut headers = Self::default();
        for (name, value) in all {
            headers.push(name, value);
        }
        headers
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> Headers {
        let mut headers = Headers::with_capacity(3, 16);
        headers.push("Hookferry-Attempt", 12);
        headers.push("x-empty".to_owned(), "");
        headers.push("authorization".to_owned(), "Bearer hunter2");
        headers
    }

    #[test]
    fn what_was_put_in_comes_out_in_order() {
        let expected =
            [("Hookferry-Attempt", "12"), ("x-empty", ""), ("authorization", "Bearer hunter2")];
        assert_eq!(headers().iter().collect::<Vec<_>>(), expected);
        let owned = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(owned.into_iter().collect::<Headers>(), headers());
        let (values, fields) = headers().into_parts();
        assert_eq!((values.as_str(), fields.len()), ("12Bearer hunter2", 3));
    }

    #[test]
    fn debug_keeps_values_for_itself() {
        let shown = format!("{:?}", headers());
        assert_eq!(shown, "[\"Hookferry-Attempt\", \"x-empty\", \"authorization\"]");
    }
}
