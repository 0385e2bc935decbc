//! A company's own event types: what may be one, beside those of the catalogue.

use serde_json::Value;

use crate::catalogue;
use crate::event_type::{EventTypeError, EventTypeName};
use crate::json_schema::{JsonSchema, Misfit, SchemaError};

/// How many own types a company may have that are not archived.
pub const OWN_TYPES_MAX: i64 = 500;
/// How many own types a company may have with the archived ones: their names stay taken.
pub const OWN_TYPES_WITH_ARCHIVED_MAX: i64 = 2_000;
/// The most that descriptions, samples and schemas of one company may have together, in bytes: they
/// are listed in one answer.
pub const OWN_TYPES_BYTES_MAX: i64 = 4 * 1024 * 1024;
/// The longest description of an own type, in bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 500;
/// The largest sample of an own type, in bytes.
pub const SAMPLE_BYTES_MAX: usize = 64 * 1024;

/// First words that no own type may have beside those of the catalogue, for types that tell about
/// Hookferry itself.
const RESERVED: [&str; 1] = ["hookferry"];

/// Why a text cannot be the name of an own type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is no name at all.
    #[error(transparent)]
    Malformed(#[from] EventTypeError),
    /// Its first word is one of the built-in types'.
    #[error(
        "names that begin with `{0}` are kept for built-in types; put a word of your own in front, as in `shop.{0}`"
    )]
    Reserved(String),
}

/// Checks the name that a company gives a type of its own.
pub fn parse_name(text: &str) -> Result<EventTypeName, NameError> {
    let name = EventTypeName::parse(text)?;
    if is_reserved(&name) {
        return Err(NameError::Reserved(first_word(name.as_str()).to_owned()));
    }
    Ok(name)
}

/// Whether a type of that name is built in or may become so: its first word is a built-in type's.
/// A later release adds types under these words without asking whose names they are.
pub fn is_reserved(name: &EventTypeName) -> bool {
    let word = first_word(name.as_str());
    RESERVED.contains(&word)
        || catalogue::built_in().iter().any(|known| first_word(known.name) == word)
}

fn first_word(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Whether the data of posted events is checked against a type's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validation {
    /// It is not.
    Off,
    /// It is accepted, and the answer says what does not fit.
    Warn,
    /// What does not fit is refused.
    Refuse,
}

impl Validation {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Off, Self::Warn, Self::Refuse];

    /// The name in rows and in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warn => "warn",
            Self::Refuse => "refuse",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What an own type says, checked as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnTypeContent {
    /// What it tells, in a sentence.
    pub description: String,
    /// Sample data: a JSON object, as it was written.
    pub sample: String,
    /// A JSON Schema of its data, as it was written.
    pub schema: Option<String>,
    /// Whether posted data is checked against it.
    pub validation: Validation,
}

/// Why a type cannot be as it is wanted; each about one of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentError {
    /// The schema cannot be used.
    Schema(Vec<SchemaError>),
    /// The sample has more than [`SAMPLE_BYTES_MAX`].
    SampleTooLarge,
    /// The sample is no JSON object that can be kept.
    Sample(&'static str),
    /// The sample does not fit the schema.
    SampleMisfit(Vec<Misfit>),
    /// There is no schema to check against.
    NothingToCheck,
}

impl OwnTypeContent {
    /// Checks that the parts go together: the schema can be used, and the sample fits it.
    pub fn check(&self) -> Result<(), ContentError> {
        if self.sample.len() > SAMPLE_BYTES_MAX {
            return Err(ContentError::SampleTooLarge);
        }
        match serde_json::from_str::<Value>(&self.sample) {
            Ok(Value::Object(_)) => {}
            Ok(
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_),
            ) => return Err(ContentError::Sample("must be a JSON object")),
            Err(_) => {
                let what = "holds text that is not Unicode, or is nested too deeply";
                return Err(ContentError::Sample(what));
            }
        }
        let Some(schema) = &self.schema else {
            return match self.validation {
                Validation::Off => Ok(()),
                Validation::Warn | Validation::Refuse => Err(ContentError::NothingToCheck),
            };
        };
        let schema = JsonSchema::parse(schema).map_err(ContentError::Schema)?;
        schema.check(self.sample.as_bytes()).map_err(ContentError::SampleMisfit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_keep_away_from_built_in_ones() {
        for good in ["order.created", "order", "a.b.c", "shop.message.received", "messages.sent"] {
            assert_eq!(parse_name(good).unwrap().as_str(), good);
        }
        for reserved in [
            "message.received",
            "message.mine",
            "message",
            "endpoint.made",
            "delivery.late",
            "whatsapp.calls",
            "webhook.sample",
            "hookferry.anything",
        ] {
            assert!(matches!(parse_name(reserved), Err(NameError::Reserved(_))), "{reserved}");
        }
        for bad in ["", "Order.created", "order created", "order.", "order.*", "*", "é"] {
            assert!(matches!(parse_name(bad), Err(NameError::Malformed(_))), "{bad}");
        }
        assert!(parse_name(&"a".repeat(128)).is_ok());
        assert!(parse_name(&"a".repeat(129)).is_err());
    }

    fn content(sample: &str, schema: Option<&str>, validation: Validation) -> OwnTypeContent {
        let (sample, schema) = (sample.to_owned(), schema.map(str::to_owned));
        OwnTypeContent { description: String::new(), sample, schema, validation }
    }

    #[test]
    fn sample_schema_and_validation_go_together() {
        let schema = r#"{"type":"object","required":["total"]}"#;
        assert_eq!(content(r#"{"total":1}"#, Some(schema), Validation::Refuse).check(), Ok(()));
        assert_eq!(content("{}", None, Validation::Off).check(), Ok(()));
        let misfit = content("{}", Some(schema), Validation::Off).check();
        assert!(matches!(misfit, Err(ContentError::SampleMisfit(_))), "{misfit:?}");
        for validation in [Validation::Warn, Validation::Refuse] {
            let nothing = content("{}", None, validation).check();
            assert_eq!(nothing, Err(ContentError::NothingToCheck));
        }
        for sample in ["[]", "1", "{", r#"{"a":"\ud800"}"#, &"[".repeat(500)] {
            let refused = content(sample, None, Validation::Off).check();
            assert!(matches!(refused, Err(ContentError::Sample(_))), "{sample}");
        }
        let filled = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
        assert!(content(&filled(SAMPLE_BYTES_MAX), None, Validation::Off).check().is_ok());
        assert!(content(&filled(SAMPLE_BYTES_MAX + 1), None, Validation::Off).check().is_err());
    }
}
