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

    /// The statement for `backend`.
    pub fn build(self, backend: DbBackend) -> Statement {
        Statement::from_sql_and_values(backend, self.text, self.values)
    }
}
