//! Query parameters, pages and cursors.

use actix_web::HttpRequest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::event_type::Selector;
use domain::search::Needle;
use serde::Serialize;
use store::{CutPage, PAGE_ROWS_MAX, Page, PageRequest};

use crate::code::Code;
use crate::error::{ApiError, Mistake, Place};
use crate::fields;
use utoipa::ToSchema;

/// How many rows a page has where the caller does not say.
pub const PAGE_ROWS: u32 = 50;
const CURSOR_VERSION: u8 = 1;

/// Query parameters that are being read.
#[derive(Debug)]
pub struct Query {
    given: Vec<(String, String)>,
    mistakes: Vec<Mistake>,
}

impl Query {
    /// The parameters of a request.
    pub fn of(req: &HttpRequest) -> Self {
        Self::parse(req.query_string())
    }

    fn parse(text: &str) -> Self {
        let mut query = Self { given: Vec::new(), mistakes: Vec::new() };
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if query.given.iter().any(|(other, _)| *other == name) {
                query.mistake(&name, "may stand there only once");
            } else {
                query.given.push((name.into_owned(), value.into_owned()));
            }
        }
        query
    }

    fn mistake(&mut self, name: &str, detail: impl Into<String>) {
        self.mistakes.push(Mistake {
            place: Place::Parameter(name.to_owned()),
            code: Code::InvalidParameter,
            detail: detail.into(),
        });
    }

    /// Reads a parameter with `read`, whose error is the sentence that the caller is told.
    pub fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let at = self.given.iter().position(|(given, _)| given == name)?;
        let (_, value) = self.given.remove(at);
        match read(&value) {
            Ok(value) => Some(value),
            Err(detail) => {
                self.mistake(name, detail);
                None
            }
        }
    }

    /// A parameter whose type reads itself.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        name: &str,
    ) -> Option<T> {
        self.read(name, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// A text.
    pub fn text(&mut self, name: &str, bytes_max: usize) -> Option<String> {
        self.read(name, |text| fields::check_text(text, 1..=bytes_max).map(|()| text.to_owned()))
    }

    /// A name of an event type, or a prefix of names such as `message.*`.
    pub fn event_types(&mut self, name: &str) -> Option<Selector> {
        self.read(name, |text| match Selector::parse(text) {
            Ok(selector @ (Selector::Exact(_) | Selector::Prefix(_))) => Ok(selector),
            Ok(Selector::All) => Err("leave it out for all types".to_owned()),
            Err(error) => Err(error.to_string()),
        })
    }

    /// What was typed into the one box of a search.
    pub fn needle(&mut self) -> Option<Needle> {
        self.read("q", |text| Needle::parse(text).map_err(|error| error.to_string()))
    }

    /// A time.
    pub fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        self.read(name, fields::parse_time)
    }

    /// `limit` and `cursor`.
    pub fn page(&mut self) -> PageRequest {
        self.page_of(PAGE_ROWS, PAGE_ROWS_MAX)
    }

    /// The same where pages have another size.
    pub fn page_of(&mut self, rows: u32, rows_max: u32) -> PageRequest {
        let limit = self.read("limit", |text| {
            let limit = text.parse().ok().filter(|limit| (1..=rows_max).contains(limit));
            limit.ok_or_else(|| format!("must be a whole number from 1 to {rows_max}"))
        });
        let before = self.read("cursor", |text| {
            read_cursor(text).ok_or_else(|| "must be the next_cursor of a page before".to_owned())
        });
        PageRequest { limit: limit.unwrap_or(rows), before }
    }

    /// Ends the reading: every parameter that nobody asked for is a mistake.
    pub fn finish(mut self) -> Result<(), ApiError> {
        for (name, _) in std::mem::take(&mut self.given) {
            self.mistake(&name, "there is no such parameter");
        }
        if self.mistakes.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.mistakes)) }
    }
}

/// A page as it is sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageView<T> {
    data: Vec<T>,
    next_cursor: Option<String>,
}

impl<T> PageView<T> {
    /// A page whose rows are shown by `view`.
    pub fn of<R>(page: Page<R>, view: impl Fn(R) -> T) -> Self {
        let Page { data, next } = page;
        Self { data: data.into_iter().map(view).collect(), next_cursor: next.map(write_cursor) }
    }
}

/// A page of a list that is searched, as it is sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct CutPageView<T> {
    data: Vec<T>,
    next_cursor: Option<String>,
    /// The search took too long and goes on at `next_cursor`: this page is short, or empty.
    cut: bool,
}

impl<T> CutPageView<T> {
    /// A page whose rows are shown by `view`.
    pub fn of<R>(page: CutPage<R>, view: impl Fn(R) -> T) -> Self {
        let CutPage { data, next, cut } = page;
        let data = data.into_iter().map(view).collect();
        Self { data, next_cursor: next.map(write_cursor), cut }
    }
}

/// Where a list goes on behind the row with this id.
pub fn write_cursor(id: i64) -> String {
    let mut bytes = [CURSOR_VERSION; 9];
    bytes[1..].copy_from_slice(&id.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(text: &str) -> Option<i64> {
    let bytes: [u8; 9] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let [version, id @ ..] = bytes;
    (version == CURSOR_VERSION).then(|| i64::from_be_bytes(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Result<(u32, Option<i64>), Code> {
        let mut query = Query::parse(text);
        let page = query.page();
        query.finish().map(|()| (page.limit, page.before)).map_err(|error| error.code())
    }

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        for id in [0, 1, 5_000_000_000, i64::MAX] {
            assert_eq!(read_cursor(&write_cursor(id)), Some(id));
        }
        for text in ["", "x", "!!", "AAAAAAAAAAAB", &write_cursor(7)[1..]] {
            assert_eq!(read_cursor(text), None, "{text}");
        }
    }

    #[test]
    fn limits_typos_and_repeats_are_refused() {
        assert_eq!(page(""), Ok((50, None)));
        assert_eq!(page("limit=100"), Ok((100, None)));
        for bad in ["limit=0", "limit=101", "limit=x", "limit=1&limit=2", "cursor=zzz", "limt=5"] {
            assert_eq!(page(bad), Err(Code::InvalidParameter), "{bad}");
        }
    }
}
