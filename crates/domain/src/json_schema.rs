//! JSON Schemas that strangers write, and data checked against them, with a bound on the work.
//!
//! The crate `jsonschema` compiles and checks. What it does not bound is bounded here before it is
//! asked: a schema points only into itself and never in a circle, so that it unfolds into a finite
//! tree; the parts of that tree and the states of its patterns are counted, and what they would cost
//! on given data is known before the check begins. Patterns run on an engine that never goes back.

mod walk;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

/// The largest schema, in bytes.
pub const SCHEMA_BYTES_MAX: usize = 64 * 1024;
/// How deep a schema may be nested, references followed.
pub const SCHEMA_DEPTH_MAX: usize = 64;
/// How many parts a schema may have, references unfolded.
pub const SCHEMA_PARTS_MAX: u64 = 4_096;
/// How many patterns a schema may have.
pub const PATTERNS_MAX: usize = 50;
/// The longest pattern, in bytes.
pub const PATTERN_BYTES_MAX: usize = 1_000;
/// How large a compiled pattern may be.
pub const PATTERN_COMPILED_BYTES_MAX: usize = 512 * 1024;
/// What a pattern may remember while it runs.
const PATTERN_CACHE_BYTES_MAX: usize = 128 * 1024;
/// How many misfits are told.
pub const MISFITS_MAX: usize = 20;
/// How much work a check may be; what would be more does not fit.
pub const CHECK_WORK_MAX: u64 = 200_000_000;
/// Up to how much work every misfit is looked for; beyond it only whether there is one, since each
/// takes memory.
const MISFITS_WORK_MAX: u64 = 200_000;
/// The longest sentence about a misfit, in bytes.
const DETAIL_BYTES_MAX: usize = 300;
/// The longest pointer that is told, in bytes.
const POINTER_BYTES_MAX: usize = 512;

/// What is wrong at one place of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaError {
    /// The place, as a JSON pointer into the schema.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// What does not fit at one place of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The place, as a JSON pointer into the data.
    pub pointer: String,
    /// What would fit. Never says what stands there.
    pub detail: String,
}

impl Misfit {
    fn whole(detail: impl Into<String>) -> Self {
        Self { pointer: String::new(), detail: detail.into() }
    }
}

/// A schema that data can be checked against.
#[derive(Debug)]
pub struct JsonSchema {
    validator: Validator,
    size: walk::Size,
    patterns: usize,
    bytes: usize,
}

impl JsonSchema {
    /// Reads and compiles a schema: an object of JSON Schema 2020-12, 2019-09, draft 7 or draft 6.
    pub fn parse(text: &str) -> Result<Self, Vec<SchemaError>> {
        let wrong = |detail: String| vec![SchemaError { pointer: String::new(), detail }];
        if text.len() > SCHEMA_BYTES_MAX {
            return Err(wrong(format!("must have at most {SCHEMA_BYTES_MAX} bytes")));
        }
        let mut schema: Value = serde_json::from_str(text)
            .map_err(|_| wrong("holds text that is not Unicode, or is nested too deeply".into()))?;
        let Value::Object(root) = &mut schema else {
            return Err(wrong("must be a JSON object: a JSON Schema".into()));
        };
        let draft = draft_of(root.get("$schema"))
            .map_err(|detail| vec![SchemaError { pointer: "/$schema".into(), detail }])?;
        // Its own address: nothing may point at it, and nothing is to be looked up under it.
        root.remove("$id");
        let walked = walk::walk(&schema)?;
        let patterns = PatternOptions::regex()
            .size_limit(PATTERN_COMPILED_BYTES_MAX)
            .dfa_size_limit(PATTERN_CACHE_BYTES_MAX);
        let validator = jsonschema::options()
            .with_draft(draft)
            .offline()
            .with_pattern_options(patterns)
            .should_validate_formats(true)
            .build(&schema)
            .map_err(|error| {
                let pointer = told_pointer(error.instance_path().as_str());
                let detail = told_detail(&error.masked_with("this").to_string());
                vec![SchemaError { pointer, detail }]
            })?;
        let walk::Walked { size, patterns } = walked;
        Ok(Self { validator, size, patterns, bytes: text.len() })
    }

    /// About how many bytes of memory it takes at most.
    pub fn weight(&self) -> usize {
        let states = usize::try_from(self.size.states()).unwrap_or(usize::MAX);
        let compiled = states.saturating_mul(128).min(self.patterns * PATTERN_COMPILED_BYTES_MAX);
        32 * self.bytes + compiled + self.patterns * PATTERN_CACHE_BYTES_MAX
    }

    /// How much work it would be at most to check so many bytes of data; for whoever must decide
    /// where to do it before the data is read.
    pub fn work(&self, data_bytes: usize) -> u64 {
        let bytes = data_bytes as u64;
        // The shortest value and what parts it from the next take two bytes.
        self.size.work(bytes / 2 + 1, bytes)
    }

    /// Checks data; gives at most [`MISFITS_MAX`] misfits.
    pub fn check(&self, data: &[u8]) -> Result<(), Vec<Misfit>> {
        let Ok(value) = serde_json::from_slice::<Value>(data) else {
            let why = "cannot be checked: it holds text that is not Unicode, a number out of range, \
                or is nested more than 127 deep";
            return Err(vec![Misfit::whole(why)]);
        };
        let work = self.size.work(values(&value), data.len() as u64);
        if work > CHECK_WORK_MAX {
            return Err(vec![Misfit::whole("is too large to be checked against this schema")]);
        }
        if self.validator.is_valid(&value) {
            return Ok(());
        }
        if work > MISFITS_WORK_MAX {
            return Err(vec![Misfit::whole(
                "does not fit the schema; it is too large to say where",
            )]);
        }
        let misfits = self.validator.iter_errors(&value).take(MISFITS_MAX).map(|error| Misfit {
            pointer: told_pointer(error.instance_path().as_str()),
            detail: told_detail(&error.masked_with("this").to_string()),
        });
        let mut misfits: Vec<Misfit> = misfits.collect();
        if misfits.is_empty() {
            misfits.push(Misfit::whole("does not fit the schema"));
        }
        Err(misfits)
    }
}

fn draft_of(named: Option<&Value>) -> Result<Draft, String> {
    let Some(named) = named else { return Ok(Draft::Draft202012) };
    let name = named.as_str().unwrap_or_default();
    let name = name.trim_end_matches('#');
    let name = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://"));
    match name {
        Some("json-schema.org/draft/2020-12/schema") => Ok(Draft::Draft202012),
        Some("json-schema.org/draft/2019-09/schema") => Ok(Draft::Draft201909),
        Some("json-schema.org/draft-07/schema") => Ok(Draft::Draft7),
        Some("json-schema.org/draft-06/schema") => Ok(Draft::Draft6),
        Some(_) | None => Err("must be left out, or be \
            `https://json-schema.org/draft/2020-12/schema` or the address of 2019-09, draft-07 or \
            draft-06"
            .into()),
    }
}

/// How many values there are, the inner ones included.
fn values(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
        Value::Array(items) => 1 + items.iter().map(values).sum::<u64>(),
        Value::Object(members) => 1 + members.values().map(values).sum::<u64>(),
    }
}

fn told_pointer(pointer: &str) -> String {
    if pointer.len() > POINTER_BYTES_MAX { String::new() } else { pointer.to_owned() }
}

fn told_detail(detail: &str) -> String {
    if detail.len() <= DETAIL_BYTES_MAX {
        return detail.to_owned();
    }
    let end = (0..=DETAIL_BYTES_MAX).rev().find(|at| detail.is_char_boundary(*at)).unwrap_or(0);
    format!("{} …", &detail[..end])
}

#[cfg(test)]
mod tests;
