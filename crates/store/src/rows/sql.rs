//! A statement put together from text and bound values. Both databases read `$1`.

use sea_orm::{DbBackend, Statement, Value};

/// A statement under construction.
#[derive(Debug, Clone, Default)]
pub struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// Begins with `text`.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// Goes on with `text`: never with a value in it.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with a placeholder for `value`.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push_str(&format!("${}", self.values.len()));
        self
    }

    /// Goes on with a placeholder for each of `values`, between commas.
    pub fn list(&mut self, values: impl IntoIterator<Item = i64>) -> &mut Self {
        for (place, value) in values.into_iter().enumerate() {
            self.text(if place == 0 { "" } else { ", " }).bind(value);
        }
        self
    }

    /// Goes on with another one's text and values.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        let shift = self.values.len();
        let mut parts = other.text.split('$');
        self.text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            let number = number.parse::<usize>().map_or(0, |number| number + shift);
            self.text.push_str(&format!("${number}{rest}"));
        }
        self.values.extend(other.values.iter().cloned());
        self
    }

    /// The statement for `backend`.
    pub fn build(self, backend: DbBackend) -> Statement {
        Statement::from_sql_and_values(backend, self.text, self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_is_counted_on() {
        let mut tail = Sql::new("b = ");
        tail.bind(2_i64).text(" OR c = ").bind(3_i64);
        let mut sql = Sql::new("a = ");
        sql.bind(1_i64).text(" AND (").append(&tail).text(") AND d = ").bind(4_i64);
        assert_eq!(sql.text, "a = $1 AND (b = $2 OR c = $3) AND d = $4");
        assert_eq!(sql.values.len(), 4);
    }
}
