//! What a schema says before it is compiled: where it points, how deep it goes, how much it is.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::{
    PATTERN_BYTES_MAX, PATTERNS_MAX, SCHEMA_DEPTH_MAX, SCHEMA_PARTS_MAX, SchemaError, told_pointer,
};
use crate::pattern;

/// Keywords that would move the place from which a schema points, or let it point in a circle.
const REFUSED: [&str; 8] = [
    "$id",
    "$schema",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$recursiveAnchor",
    "$vocabulary",
];
/// Keywords whose value is a schema, or for `items` perhaps a list of them.
const ONE: [&str; 12] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is a list of schemas.
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value is an object of schemas that are applied, or for `dependencies` of names.
const MAPS: [&str; 4] = ["dependencies", "dependentSchemas", "patternProperties", "properties"];
/// Keywords whose value is an object of schemas that only references apply.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];
/// How many states a pattern counts that cannot be measured.
const STATES_UNKNOWN: u64 = 10_000;

/// How large a schema is when every reference is unfolded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Its parts.
    parts: u64,
    /// The states of its patterns.
    states: u64,
    /// How deep it is nested.
    depth: usize,
}

impl Size {
    /// How much work it makes on so many values that have so many bytes.
    pub fn work(self, values: u64, bytes: u64) -> u64 {
        let parts = self.parts.saturating_mul(values);
        parts.saturating_add(self.states.saturating_mul(bytes))
    }

    /// The states of its patterns.
    pub const fn states(self) -> u64 {
        self.states
    }

    fn add(&mut self, inner: Self) {
        self.parts = self.parts.saturating_add(inner.parts);
        self.states = self.states.saturating_add(inner.states);
        self.depth = self.depth.max(inner.depth);
    }

    fn add_parts(&mut self, parts: usize) {
        self.parts = self.parts.saturating_add(parts as u64);
    }
}

/// What was found.
pub struct Walked {
    pub size: Size,
    pub patterns: usize,
}

/// Walks a schema; gives everything that is wrong with it.
pub fn walk(schema: &Value) -> Result<Walked, Vec<SchemaError>> {
    let mut walk = Walk {
        root: schema,
        known: HashMap::new(),
        open: Vec::new(),
        errors: Vec::new(),
        patterns: 0,
    };
    let size = walk.schema(schema, "");
    if walk.errors.is_empty() && size.parts > SCHEMA_PARTS_MAX {
        walk.wrong("", format!(
            "has more than {SCHEMA_PARTS_MAX} parts, counting each reference as what it points at"
        ));
    }
    if walk.patterns > PATTERNS_MAX {
        walk.wrong("", format!("has more than {PATTERNS_MAX} patterns"));
    }
    if walk.errors.is_empty() {
        Ok(Walked { size, patterns: walk.patterns })
    } else {
        walk.errors.truncate(super::MISFITS_MAX);
        Err(walk.errors)
    }
}

struct Walk<'a> {
    root: &'a Value,
    /// What was walked, by pointer.
    known: HashMap<String, Size>,
    /// What is being walked: what points at one of these points in a circle.
    open: Vec<String>,
    errors: Vec<SchemaError>,
    patterns: usize,
}

impl<'a> Walk<'a> {
    fn wrong(&mut self, pointer: &str, detail: impl Into<String>) {
        let error = SchemaError { pointer: told_pointer(pointer), detail: detail.into() };
        if self.errors.len() <= super::MISFITS_MAX && !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    /// The schema at `pointer`.
    fn schema(&mut self, schema: &'a Value, pointer: &str) -> Size {
        let Value::Object(keywords) = schema else {
            return Size { parts: 1, states: 0, depth: 1 };
        };
        if let Some(known) = self.known.get(pointer) {
            return *known;
        }
        if self.open.len() >= SCHEMA_DEPTH_MAX {
            let detail =
                format!("is nested more than {SCHEMA_DEPTH_MAX} deep, references followed");
            self.wrong(pointer, detail);
            return Size::default();
        }
        self.open.push(pointer.to_owned());
        let size = self.keywords(keywords, pointer);
        self.open.pop();
        if size.depth > SCHEMA_DEPTH_MAX {
            let detail =
                format!("is nested more than {SCHEMA_DEPTH_MAX} deep, references followed");
            self.wrong(pointer, detail);
        }
        self.known.insert(pointer.to_owned(), size);
        size
    }

    fn keywords(&mut self, keywords: &'a Map<String, Value>, pointer: &str) -> Size {
        let mut size = Size { parts: 1, states: 0, depth: 0 };
        for (keyword, value) in keywords {
            let at = format!("{pointer}/{}", escaped(keyword));
            match (keyword.as_str(), value) {
                ("$schema", _) if pointer.is_empty() => {}
                (name, _) if REFUSED.contains(&name) => {
                    self.wrong(
                        &at,
                        format!("`{name}` cannot be used here; point with `$ref` to `#/$defs/…`"),
                    );
                }
                ("$ref", value) => size.add(self.reference(value, &at)),
                ("pattern", Value::String(pattern)) => size.states += self.pattern(pattern, &at),
                ("enum" | "required", Value::Array(items)) => size.add_parts(items.len()),
                ("dependentRequired", Value::Object(names)) => {
                    let lengths = names.values().map(|names| names.as_array().map_or(0, Vec::len));
                    size.add_parts(lengths.sum());
                }
                (name, Value::Array(schemas)) if ONE.contains(&name) || LISTS.contains(&name) => {
                    self.list(schemas, &at, &mut size);
                }
                (name, value) if ONE.contains(&name) => size.add(self.schema(value, &at)),
                (name, Value::Object(schemas)) if MAPS.contains(&name) => {
                    self.map(name, schemas, &at, &mut size);
                }
                (name, Value::Object(schemas)) if DEFINITIONS.contains(&name) => {
                    // Looked at, and counted where something points at it.
                    self.map(name, schemas, &at, &mut Size::default());
                }
                (_, _) => size.add_parts(1),
            }
        }
        if keywords.contains_key("unevaluatedItems")
            || keywords.contains_key("unevaluatedProperties")
        {
            // What was looked at is looked at again to know that it was.
            size.parts = size.parts.saturating_mul(3);
            size.states = size.states.saturating_mul(3);
        }
        size.depth += 1;
        size
    }

    fn list(&mut self, schemas: &'a [Value], at: &str, size: &mut Size) {
        for (index, schema) in schemas.iter().enumerate() {
            size.add(self.schema(schema, &format!("{at}/{index}")));
        }
    }

    fn map(&mut self, name: &str, schemas: &'a Map<String, Value>, at: &str, size: &mut Size) {
        for (key, schema) in schemas {
            let at = format!("{at}/{}", escaped(key));
            if name == "patternProperties" {
                size.states = size.states.saturating_add(self.pattern(key, &at));
            }
            match schema {
                Value::Array(names) => size.add_parts(names.len()),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Object(_) => size.add(self.schema(schema, &at)),
            }
        }
    }

    /// What a `$ref` points at.
    fn reference(&mut self, value: &Value, at: &str) -> Size {
        let Some(pointer) = value.as_str().and_then(|text| text.strip_prefix('#')) else {
            self.wrong(at, "must begin with `#`: a schema points only into itself");
            return Size::default();
        };
        let decoded = percent_decode_str(pointer).decode_utf8();
        let target = decoded.ok().and_then(|pointer| {
            let found = self.root.pointer(&pointer)?;
            Some((pointer.into_owned(), found))
        });
        let Some((pointer, target)) = target else {
            self.wrong(at, "points at nothing; write `#/$defs/…`");
            return Size::default();
        };
        if self.open.contains(&pointer) {
            self.wrong(
                at,
                "leads back to where it stands; schemas that contain themselves cannot be used",
            );
            return Size::default();
        }
        self.schema(target, &pointer)
    }

    /// Counts a pattern; gives its states.
    fn pattern(&mut self, pattern: &str, at: &str) -> u64 {
        self.patterns += 1;
        if pattern.len() > PATTERN_BYTES_MAX {
            self.wrong(at, format!("a pattern may have at most {PATTERN_BYTES_MAX} bytes"));
        }
        regex_syntax::parse(pattern).map_or(STATES_UNKNOWN, |parsed| pattern::states(&parsed))
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
