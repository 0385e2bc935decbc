//! Which events an endpoint takes by what stands in their data: a small closed language in JSON,
//! `{"and": [{"field": "message.type", "eq": "text"}, {"not": {"field": "contact.wa_id", "prefix": "49"}}]}`.
//!
//! What it means is told to people in `docs/filters.md`, whose examples are tested. In short:
//!
//! - An object either joins conditions (`and`, `or`, `not`, alone in it) or asks **one** thing about
//!   one `field`. One thing, because of `*`: with two it would be open whether the same element must
//!   hold both; and because each is one row of a form.
//! - A path sees the event's `data` and nothing beside it: type, number and session have settings of
//!   their own. A number is the element of an array, `*` any of them, and a backslash takes the next
//!   character into the name. Where a name stands twice in an object, the last counts.
//! - Over `*` a condition holds where one element holds it; `ne` and `exists: false` are exactly the
//!   contrary of `eq` and `exists: true`, so they hold where none does, and where nothing is there.
//! - Nothing is converted: a number never equals text, nor is one less than the other. Numbers are
//!   compared to the last digit, texts by their characters' numbers, as RFC 3339 times sort.
//! - **What cannot be judged is taken.** An event too many is seen; one that silently got no delivery
//!   is not. It happens where data is no JSON, and where an evaluation would be more than
//!   [`EVALUATION_STEPS_MAX`] steps: counted, not timed, so the same event is always judged alike.

mod condition;
mod explain;
mod json;
mod number;
mod path;
mod sentence;
mod steps;
mod syntax;
mod words;

use std::fmt;
use std::sync::Arc;

use condition::Condition;
use json::{Json, SyntaxError, Value, View};
use steps::{Spent, Steps};

pub use explain::{Explanation, Finding, Outcome};

/// The largest filter, in bytes.
pub const FILTER_BYTES_MAX: usize = 16 * 1024;
/// How many conditions may stand inside each other.
pub const FILTER_DEPTH_MAX: usize = 16;
/// How many conditions a filter may have, `and`, `or` and `not` not counted.
pub const CONDITIONS_MAX: usize = 100;
/// How many values `in` may have.
pub const IN_VALUES_MAX: usize = 1_000;
/// The longest path, in bytes.
pub const PATH_BYTES_MAX: usize = 512;
/// How many names, numbers and `*` a path may have.
pub const PATH_SEGMENTS_MAX: usize = 16;
/// How many regexes a filter may have.
pub const REGEXES_MAX: usize = 10;
/// The longest regex, in bytes.
pub const REGEX_BYTES_MAX: usize = 1_000;
/// How large a compiled regex may be.
pub const REGEX_COMPILED_BYTES_MAX: usize = 256 * 1024;
/// How many regexes the filters of a company may have together: every node keeps them compiled.
pub const COMPANY_REGEXES_MAX: usize = 200;
/// What a regex may remember while it runs.
const REGEX_CACHE_BYTES_MAX: usize = 128 * 1024;
/// How many faults are told.
pub const FAULTS_MAX: usize = 20;
/// The most steps of one evaluation: a step is a member or an element that is looked at, 32 bytes of
/// text, or 8 bytes of text for each state of a regex. An event that would take more is taken.
///
/// So many take 5 to 20 ms, as the worst filters were measured; two conditions on a usual event take
/// less than a microsecond.
pub const EVALUATION_STEPS_MAX: u64 = 500_000;
/// How much of a value an explanation shows, in characters.
pub const SHOWN_CHARS_MAX: usize = 80;

/// What is wrong at one place of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The place, as a JSON pointer into the filter.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// A filter that was checked. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Filter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: String,
    condition: Condition,
    regexes: usize,
}

impl Filter {
    /// Reads a filter; gives up to [`FAULTS_MAX`] faults.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let wrong = |message| vec![Fault { pointer: String::new(), message }];
        if text.len() > FILTER_BYTES_MAX {
            return Err(wrong(format!("must have at most {FILTER_BYTES_MAX} bytes")));
        }
        let json = Json::read(text).map_err(|error| wrong(format!("is not JSON: {error}")))?;
        let syntax::Compiled { condition, regexes } = syntax::compile(json.root())?;
        let mut text = String::new();
        write_compact(json.root(), &mut text);
        Ok(Self(Arc::new(Inner { text, condition, regexes })))
    }

    /// The same JSON without white space, for storage: reading it gives an equal filter.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Whether the endpoint takes an event with this data.
    pub fn matches(&self, document: &Document<'_>) -> bool {
        self.judge(document).takes()
    }

    /// The same, with the case in which it cannot be told.
    pub fn judge(&self, document: &Document<'_>) -> Verdict {
        self.judge_within(document, EVALUATION_STEPS_MAX)
    }

    fn judge_within(&self, document: &Document<'_>, steps: u64) -> Verdict {
        let Content::Read(json) = &document.0 else {
            return Verdict::Undecided(Undecided::NotJson);
        };
        match self.0.condition.holds(json, &mut Steps::new(steps)) {
            Ok(true) => Verdict::Matches,
            Ok(false) => Verdict::Differs,
            Err(Spent) => Verdict::Undecided(Undecided::TooMuchWork),
        }
    }

    /// The verdict with what each condition has to do with it, for the company's own people: values
    /// of the data stand in it.
    pub fn explain(&self, document: &Document<'_>) -> Explanation {
        explain::explain(self, document)
    }

    /// How many regexes a filter has that was written by [`Self::as_str`], without compiling it.
    pub fn regexes_in(stored: &str) -> usize {
        // In a text a quote has a backslash before it, so that these are the names of members alone.
        stored.matches("\"regex\":").count()
    }

    /// About how many bytes of memory it takes at most.
    pub fn weight(&self) -> usize {
        let regexes = self.0.regexes * (REGEX_COMPILED_BYTES_MAX + REGEX_CACHE_BYTES_MAX);
        16 * self.0.text.len() + regexes
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Filter {}

/// An event's data, read once for all filters that are asked about it.
#[derive(Debug, Clone)]
pub struct Document<'a>(Content<'a>);

#[derive(Debug, Clone)]
enum Content<'a> {
    Read(Json<'a>),
    NotJson(Option<SyntaxError>),
}

impl<'a> Document<'a> {
    /// Reads data. Never fails: what is no JSON is a document that every filter takes.
    pub fn parse(data: &'a [u8]) -> Self {
        let Ok(text) = std::str::from_utf8(data) else { return Self(Content::NotJson(None)) };
        Self(match Json::read(text) {
            Ok(json) => Content::Read(json),
            Err(error) => Content::NotJson(Some(error)),
        })
    }

    /// The text that stands under a name in the data itself; the last one where the name stands twice.
    pub fn text(&self, name: &str) -> Option<String> {
        let Content::Read(json) = &self.0 else { return None };
        let View::Object(members) = json.root().view() else { return None };
        let (_, value) = members.filter(|(member, _)| member.is(name)).last()?;
        match value.view() {
            View::Text(text) => Some(text.decoded().into_owned()),
            View::Null | View::Bool(_) | View::Number(_) | View::Array(_) | View::Object(_) => None,
        }
    }
}

/// What came of asking a filter about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The data is what the filter asks for.
    Matches,
    /// It is not.
    Differs,
    /// It cannot be told: the event is taken.
    Undecided(Undecided),
}

/// Why a filter could not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecided {
    /// The data is no JSON.
    NotJson,
    /// It would be more than [`EVALUATION_STEPS_MAX`] steps.
    TooMuchWork,
}

impl Verdict {
    /// Whether the endpoint takes the event.
    pub const fn takes(self) -> bool {
        match self {
            Self::Matches | Self::Undecided(_) => true,
            Self::Differs => false,
        }
    }

    /// The name in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Matches => "matches",
            Self::Differs => "differs",
            Self::Undecided(Undecided::NotJson) => "not_json",
            Self::Undecided(Undecided::TooMuchWork) => "too_much_work",
        }
    }
}

/// Writes a value without white space; texts and names are escaped anew, numbers as they were.
fn write_compact(value: Value<'_>, to: &mut String) {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    match value.view() {
        View::Null | View::Bool(_) | View::Number(_) => to.push_str(value.written()),
        View::Text(text) => to.push_str(&quoted(&text.decoded())),
        View::Array(items) => {
            to.push('[');
            for (index, item) in items.enumerate() {
                to.push_str(if index > 0 { "," } else { "" });
                write_compact(item, to);
            }
            to.push(']');
        }
        View::Object(members) => {
            to.push('{');
            for (index, (name, value)) in members.enumerate() {
                to.push_str(if index > 0 { "," } else { "" });
                to.push_str(&quoted(&name.decoded()));
                to.push(':');
                write_compact(value, to);
            }
            to.push('}');
        }
    }
}

#[cfg(test)]
mod tests;
