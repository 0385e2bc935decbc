//! A filter as it is written, made into conditions; everything that is wrong with it, each with its
//! place.

use regex::RegexBuilder;

use super::condition::{Condition, FieldTest, Pattern, Scalar, Test};
use super::json::{Members, Text, Value, View};
use super::path::Path;
use super::words::{self, Operator, Word};
use super::{
    CONDITIONS_MAX, FAULTS_MAX, FILTER_DEPTH_MAX, Fault, IN_VALUES_MAX, REGEX_BYTES_MAX,
    REGEX_CACHE_BYTES_MAX, REGEX_COMPILED_BYTES_MAX, REGEXES_MAX,
};
use crate::pattern;

const EXAMPLE: &str = r#"`{"field": "message.type", "eq": "text"}`"#;

/// What was read.
pub struct Compiled {
    pub condition: Condition,
    pub regexes: usize,
}

/// Makes conditions of a filter.
pub fn compile(filter: Value<'_>) -> Result<Compiled, Vec<Fault>> {
    let mut compiler = Compiler::default();
    match compiler.condition(filter, "", 1) {
        Some(condition) if compiler.faults.is_empty() => {
            Ok(Compiled { condition, regexes: compiler.regexes })
        }
        Some(_) | None => Err(compiler.faults),
    }
}

#[derive(Default)]
struct Compiler {
    faults: Vec<Fault>,
    conditions: usize,
    regexes: usize,
}

/// The members of an object.
struct Read<'a> {
    known: Vec<Known<'a>>,
    /// Whether there are others, so that what is missing may be what was meant by them.
    has_unknown: bool,
}

/// A member whose name is a word of the language.
struct Known<'a> {
    word: Word,
    value: Value<'a>,
    pointer: String,
}

/// Each of these gives nothing where it has told a fault.
impl Compiler {
    fn fault(&mut self, pointer: &str, message: impl Into<String>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { pointer: pointer.to_owned(), message: message.into() });
        }
    }

    fn condition(&mut self, value: Value<'_>, pointer: &str, depth: usize) -> Option<Condition> {
        if depth > FILTER_DEPTH_MAX {
            self.fault(pointer, format!(
                "is nested too deeply: at most {FILTER_DEPTH_MAX} conditions may stand inside each \
                 other; write fewer `and`, `or` and `not`"
            ));
            return None;
        }
        let View::Object(members) = value.view() else {
            let message = match value.view() {
                View::Array(_) => r#"must be an object: put the list into `{"and": […]}`"#.into(),
                View::Null | View::Bool(_) | View::Number(_) | View::Text(_) | View::Object(_) => {
                    format!("must be an object, such as {EXAMPLE}")
                }
            };
            self.fault(pointer, message);
            return None;
        };
        let read = self.members(members, pointer);
        let joined = read.known.iter().find(|member| member.word.is_join());
        match joined {
            Some(join) if read.known.len() > 1 => {
                let message = "must stand alone in its object: put everything else that is to hold \
                    beside it into `{\"and\": […]}` with it";
                self.fault(&join.pointer, message);
                None
            }
            Some(join) => self.join(join, depth),
            None => self.field_test(&read, pointer),
        }
    }

    /// The members whose names are known; tells of the others, and of those that stand twice.
    fn members<'a>(&mut self, members: Members<'a>, pointer: &str) -> Read<'a> {
        let mut known: Vec<Known<'a>> = Vec::new();
        let mut has_unknown = false;
        let beside_field = members.clone().any(|(name, _)| name.is("field"));
        for (name, value) in members {
            let name = name.decoded();
            let pointer = format!("{pointer}/{}", escaped(&name));
            match Word::of(&name) {
                Some(word) if known.iter().any(|before| before.word == word) => {
                    self.fault(&pointer, format!("stands twice: leave one `{name}` out"));
                }
                Some(word) => known.push(Known { word, value, pointer }),
                None => {
                    has_unknown = true;
                    self.fault(&pointer, words::unknown(&name, beside_field));
                }
            }
        }
        Read { known, has_unknown }
    }

    fn join(&mut self, join: &Known<'_>, depth: usize) -> Option<Condition> {
        let Known { word, value, pointer } = join;
        if *word == Word::Not {
            let View::Array(_) = value.view() else {
                let inner = self.condition(*value, pointer, depth + 1)?;
                return Some(Condition::Not(inner.into()));
            };
            self.fault(
                pointer,
                r#"must hold one condition: put the list into `{"or": […]}` or `{"and": […]}`"#,
            );
            return None;
        }
        let name = word.as_str();
        let View::Array(items) = value.view() else {
            self.fault(
                pointer,
                format!("must be a list of conditions: `{{\"{name}\": [{{…}}, {{…}}]}}`"),
            );
            return None;
        };
        let mut conditions = Vec::new();
        let mut count = 0;
        for (index, item) in items.enumerate() {
            // Nothing more would be told.
            if self.faults.len() >= FAULTS_MAX || self.conditions > CONDITIONS_MAX {
                return None;
            }
            conditions.extend(self.condition(item, &format!("{pointer}/{index}"), depth + 1));
            count += 1;
        }
        if count == 0 {
            self.fault(
                pointer,
                "must hold at least one condition; a filter that takes every event is left out",
            );
        }
        if conditions.len() < count {
            return None;
        }
        Some(match word {
            Word::Or => Condition::Or(conditions.into()),
            Word::And | Word::Not | Word::Field | Word::Operator(_) => {
                Condition::And(conditions.into())
            }
        })
    }

    fn field_test(&mut self, read: &Read<'_>, pointer: &str) -> Option<Condition> {
        self.conditions += 1;
        if self.conditions > CONDITIONS_MAX {
            if self.conditions == CONDITIONS_MAX + 1 {
                self.fault(pointer, format!(
                    "is one condition too many: a filter has at most {CONDITIONS_MAX}; `in` and \
                     `regex` can stand for several"
                ));
            }
            return None;
        }
        let Read { known, has_unknown } = read;
        if known.is_empty() && !has_unknown {
            self.fault(pointer, format!(
                "must hold a condition, such as {EXAMPLE}; a filter that takes every event is left out"
            ));
            return None;
        }
        let field = known.iter().find(|member| member.word == Word::Field);
        let path = field.and_then(|field| self.path(field.value, &field.pointer));
        if field.is_none() && !has_unknown {
            self.fault(
                pointer,
                "must say which field it asks about: add `\"field\": \
                                 \"message.type\"` or the like",
            );
        }
        let test = self.asked(read, pointer);
        Some(Condition::Field(FieldTest { path: path?, test: test? }.into()))
    }

    /// The one operator of a condition.
    fn asked(&mut self, read: &Read<'_>, pointer: &str) -> Option<Test> {
        let operators = read.known.iter().filter_map(|member| match member.word {
            Word::Operator(operator) => Some((operator, member)),
            Word::And | Word::Or | Word::Not | Word::Field => None,
        });
        let operators: Vec<(Operator, &Known<'_>)> = operators.collect();
        match operators.as_slice() {
            [(operator, member)] => self.test(*operator, member.value, &member.pointer),
            [] if read.has_unknown => None,
            [] => {
                let list = Operator::LIST;
                self.fault(
                    pointer,
                    format!("must say what is asked about the field: add one of {list}"),
                );
                None
            }
            [(first, _), (second, member), ..] => {
                let (first, second) = (first.as_str(), second.as_str());
                self.fault(&member.pointer, format!(
                    "is one too many: a condition asks one thing; write two, one with `{first}` and \
                     one with `{second}`, both inside `and`"
                ));
                None
            }
        }
    }

    fn path(&mut self, value: Value<'_>, pointer: &str) -> Option<Path> {
        let View::Text(text) = value.view() else {
            self.fault(
                pointer,
                "must be text: the path of a field in the event's data, such as \
                                 `message.type`",
            );
            return None;
        };
        Path::parse(&text.decoded()).map_err(|message| self.fault(pointer, message)).ok()
    }

    fn test(&mut self, operator: Operator, value: Value<'_>, pointer: &str) -> Option<Test> {
        let name = operator.as_str();
        match operator {
            Operator::Eq => self.scalar(value, pointer).map(Test::Eq),
            Operator::Ne => self.scalar(value, pointer).map(Test::Ne),
            Operator::Gt => self.bound(name, value, pointer).map(Test::Gt),
            Operator::Lt => self.bound(name, value, pointer).map(Test::Lt),
            Operator::In => self.list(value, pointer),
            Operator::Exists => match value.view() {
                View::Bool(wanted) => Some(Test::Exists(wanted)),
                View::Null | View::Number(_) | View::Text(_) | View::Array(_) | View::Object(_) => {
                    self.fault(
                        pointer,
                        "must be true (the field is there) or false (it is not), \
                                         without quotes",
                    );
                    None
                }
            },
            Operator::Prefix => {
                self.text(name, value, pointer).map(|text| Test::Prefix(text.into()))
            }
            Operator::Contains => match value.view() {
                View::Text(text) if text.len() == 0 => {
                    self.fault(
                        pointer,
                        "must not be empty; `exists` asks whether a field is there",
                    );
                    None
                }
                View::Null
                | View::Bool(_)
                | View::Number(_)
                | View::Text(_)
                | View::Array(_)
                | View::Object(_) => self.scalar(value, pointer).map(Test::Contains),
            },
            Operator::Regex => {
                let text = self.text(name, value, pointer)?;
                self.regex(&text, pointer).map(Test::Regex)
            }
        }
    }

    fn scalar(&mut self, value: Value<'_>, pointer: &str) -> Option<Scalar<'static>> {
        let scalar = Scalar::from_view(value.view()).map(Scalar::into_owned);
        if scalar.is_none() {
            let message = if let View::Array(_) = value.view() {
                "must be one value: text, a number, true, false or null; `in` takes a list"
            } else {
                "must be one value: text, a number, true, false or null; of an object ask about each \
                 member by its own path"
            };
            self.fault(pointer, message);
        }
        scalar
    }

    fn bound(&mut self, name: &str, value: Value<'_>, pointer: &str) -> Option<Scalar<'static>> {
        match value.view() {
            View::Number(_) | View::Text(_) => self.scalar(value, pointer),
            View::Null | View::Bool(_) | View::Array(_) | View::Object(_) => {
                self.fault(pointer, format!(
                    "must be a number, or text in quotes such as a time: `{name}` compares nothing else"
                ));
                None
            }
        }
    }

    fn list(&mut self, value: Value<'_>, pointer: &str) -> Option<Test> {
        let View::Array(items) = value.view() else {
            self.fault(
                pointer,
                "must be a list of values: `[\"text\", \"image\"]`; `eq` takes a single one",
            );
            return None;
        };
        let faults = self.faults.len();
        let mut wanted = Vec::new();
        for (index, item) in items.enumerate() {
            if index == IN_VALUES_MAX {
                self.fault(pointer, format!("must have at most {IN_VALUES_MAX} values; put two conditions with `in` inside `or`"));
                return None;
            }
            if self.faults.len() >= FAULTS_MAX {
                return None;
            }
            wanted.extend(self.scalar(item, &format!("{pointer}/{index}")));
        }
        if self.faults.len() > faults {
            return None;
        }
        if wanted.is_empty() {
            self.fault(pointer, "must have at least one value: nothing is in an empty list");
            return None;
        }
        wanted.sort_unstable();
        wanted.dedup();
        Some(Test::In(wanted.into()))
    }

    fn text(&mut self, name: &str, value: Value<'_>, pointer: &str) -> Option<String> {
        let text = match value.view() {
            View::Text(text) => Some(text).filter(|text| text.len() > 0).map(Text::decoded),
            View::Null | View::Bool(_) | View::Number(_) | View::Array(_) | View::Object(_) => {
                self.fault(pointer, format!("must be text in quotes: `{name}` looks at text only"));
                return None;
            }
        };
        if text.is_none() {
            self.fault(pointer, "must not be empty; `exists` asks whether a field is there");
        }
        text.map(Into::into)
    }

    fn regex(&mut self, text: &str, pointer: &str) -> Option<Pattern> {
        self.regexes += 1;
        if self.regexes > REGEXES_MAX {
            if self.regexes == REGEXES_MAX + 1 {
                self.fault(pointer, format!(
                    "is one regex too many: a filter has at most {REGEXES_MAX}; join them with `|`, \
                     or use `prefix`, `contains` or `in`"
                ));
            }
            return None;
        }
        if text.len() > REGEX_BYTES_MAX {
            self.fault(
                pointer,
                format!("must have at most {REGEX_BYTES_MAX} bytes; `in` takes many values"),
            );
            return None;
        }
        let parsed = regex_syntax::parse(text).map_err(|error| regex_fault(&error));
        let compiled = parsed.and_then(|parsed| {
            let regex = RegexBuilder::new(text)
                .size_limit(REGEX_COMPILED_BYTES_MAX)
                .dfa_size_limit(REGEX_CACHE_BYTES_MAX)
                .build()
                .map_err(|_| {
                    "is too large once compiled: repeat less (`{1,100}`), or write `[0-9]` and \
                     `[A-Za-z]` for `\\d` and `\\w`, which know every script"
                        .to_owned()
                })?;
            Ok(Pattern { regex, states: pattern::states(&parsed) })
        });
        compiled.map_err(|message| self.fault(pointer, message)).ok()
    }
}

/// What is wrong with a regex and where.
fn regex_fault(error: &regex_syntax::Error) -> String {
    use regex_syntax::ast::ErrorKind::{UnsupportedBackreference, UnsupportedLookAround};
    let (what, at) = match error {
        regex_syntax::Error::Parse(error) => {
            let at = error.span().start.column;
            if let UnsupportedBackreference | UnsupportedLookAround = error.kind() {
                return format!(
                    "cannot look around or back, as it does at character {at}: ask for the parts in \
                     conditions of their own, inside `and`, `or` and `not`"
                );
            }
            (error.kind().to_string(), at)
        }
        regex_syntax::Error::Translate(error) => {
            (error.kind().to_string(), error.span().start.column)
        }
        _ => ("it cannot be read".into(), 1),
    };
    format!(
        "is not a regex, at character {at}: {what}; a backslash in front of a special character takes \
         it as it is, and is written `\\\\` in JSON"
    )
}

/// A name as a JSON pointer has it.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
