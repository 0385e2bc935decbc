//! The fields of a company's own event type in requests that make or change one.

use domain::event_type::EventTypeName;
use domain::own_type::{
    self, ContentError, DESCRIPTION_BYTES_MAX, OwnTypeContent, SAMPLE_BYTES_MAX, Validation,
};
use serde_json::value::RawValue;

use crate::code::Code;
use crate::error::{ApiError, Mistake, Place};
use crate::fields::{Fields, Given};

/// Fields that are shown and cannot be set.
const SHOWN_ONLY: [&str; 4] = ["built_in", "archived_at", "created_at", "updated_at"];

/// What is to change about a type: absent is unchanged, null is the default.
#[derive(Debug, Default)]
pub struct TypePatch {
    description: Option<String>,
    sample: Option<String>,
    schema: Option<Option<String>>,
    validation: Option<Validation>,
    /// Whether events of it are refused from now on, or taken again.
    pub archived: Option<bool>,
}

impl TypePatch {
    /// The content with the changes in it.
    pub fn applied_to(&self, content: OwnTypeContent) -> OwnTypeContent {
        let kept = content;
        OwnTypeContent {
            description: self.description.clone().unwrap_or(kept.description),
            sample: self.sample.clone().unwrap_or(kept.sample),
            schema: self.schema.clone().unwrap_or(kept.schema),
            validation: self.validation.unwrap_or(kept.validation),
        }
    }
}

/// Reads a type that is to be made; that its parts go together is yet to be checked.
pub fn read_new(text: &str) -> Result<(EventTypeName, OwnTypeContent), ApiError> {
    let mut fields = Fields::parse(text)?;
    fields.require("name");
    let name = fields.text("name", 0..=usize::MAX).value();
    let name = name.and_then(|name| match own_type::parse_name(&name) {
        Ok(name) => Some(name),
        Err(error) => {
            fields.mistake("name", Code::InvalidField, error.to_string());
            None
        }
    });
    let patch = read_parts(&mut fields);
    fields.finish()?;
    let name = name.ok_or_else(|| ApiError::Internal("a type without a name was read".into()))?;
    Ok((name, patch.applied_to(plain())))
}

/// Reads what is to change about a type.
pub fn read_patch(text: &str) -> Result<TypePatch, ApiError> {
    let mut fields = Fields::parse(text)?;
    fields.read_only("name", ": endpoints and events go by it");
    for name in SHOWN_ONLY {
        fields.read_only(name, if name == "archived_at" { "; set `archived`" } else { "" });
    }
    let archived = match fields.boolean("archived") {
        Given::Value(archived) => Some(archived),
        Given::Absent => None,
        Given::Null => {
            fields.mistake("archived", Code::InvalidField, "must be true or false");
            None
        }
    };
    let patch = TypePatch { archived, ..read_parts(&mut fields) };
    fields.finish()?;
    Ok(patch)
}

/// A type of which nothing is said.
fn plain() -> OwnTypeContent {
    OwnTypeContent {
        description: String::new(),
        sample: "{}".to_owned(),
        schema: None,
        validation: Validation::Off,
    }
}

fn read_parts(fields: &mut Fields<'_>) -> TypePatch {
    let description = match fields.text("description", 0..=DESCRIPTION_BYTES_MAX) {
        Given::Absent => None,
        Given::Null => Some(String::new()),
        Given::Value(description) => Some(description),
    };
    let written = |raw: &RawValue| raw.get().to_owned();
    let sample = match fields.raw("sample") {
        Given::Absent => None,
        Given::Null => Some(plain().sample),
        Given::Value(raw) => Some(written(raw)),
    };
    let schema = match fields.raw("schema") {
        Given::Absent => None,
        Given::Null => Some(None),
        Given::Value(raw) => Some(Some(written(raw))),
    };
    let validation = fields.read("validation", |value| {
        value
            .as_str()
            .and_then(Validation::parse)
            .ok_or_else(|| "must be `off`, `warn` or `refuse`".to_owned())
    });
    let validation = match validation {
        Given::Absent => None,
        Given::Null => Some(Validation::Off),
        Given::Value(validation) => Some(validation),
    };
    TypePatch { description, sample, schema, validation, archived: None }
}

/// What is told of parts that do not go together.
pub fn refused(error: ContentError) -> ApiError {
    let mistake = |pointer, code, detail| Mistake { place: Place::Pointer(pointer), code, detail };
    let field = |pointer: &str, detail: &str| {
        vec![mistake(pointer.to_owned(), Code::InvalidField, detail.to_owned())]
    };
    ApiError::Invalid(match error {
        ContentError::Schema(errors) => errors
            .into_iter()
            .map(|error| {
                mistake(format!("/schema{}", error.pointer), Code::InvalidField, error.detail)
            })
            .collect(),
        ContentError::Sample(detail) => field("/sample", detail),
        ContentError::SampleTooLarge => {
            field("/sample", &format!("must have at most {SAMPLE_BYTES_MAX} bytes"))
        }
        ContentError::SampleMisfit(misfits) => misfits
            .into_iter()
            .map(|misfit| {
                let detail = format!("the sample must fit the schema: {}", misfit.detail);
                mistake(format!("/sample{}", misfit.pointer), Code::SchemaMismatch, detail)
            })
            .collect(),
        ContentError::NothingToCheck => {
            field("/validation", "there is no `schema` to check against")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(error: ApiError) -> Vec<(Place, Code)> {
        let ApiError::Invalid(mistakes) = error else { panic!("{error:?}") };
        mistakes.into_iter().map(|mistake| (mistake.place, mistake.code)).collect()
    }

    #[test]
    fn a_type_needs_a_name_and_the_rest_has_defaults() {
        let (name, content) = read_new(r#"{"name":"order.created"}"#).unwrap();
        assert_eq!((name.as_str(), content), ("order.created", plain()));
        let body = r#"{"name":"order.created","description":"d","sample":{"a": 1},
            "schema":{"type": "object"},"validation":"warn"}"#;
        let (_, content) = read_new(body).unwrap();
        assert_eq!(content.sample, r#"{"a": 1}"#, "as it was written");
        assert_eq!(content.schema.as_deref(), Some(r#"{"type": "object"}"#));
        assert_eq!(content.validation, Validation::Warn);
    }

    #[test]
    fn every_mistake_is_named() {
        let at = |name: &str| Place::Pointer(format!("/{name}"));
        let body =
            r#"{"name":"message.mine","description":5,"validation":"on","archived":true,"x":1}"#;
        let found = mistakes(read_new(body).unwrap_err());
        let expected = [
            (at("name"), Code::InvalidField),
            (at("description"), Code::InvalidField),
            (at("validation"), Code::InvalidField),
            (at("archived"), Code::UnknownField),
            (at("x"), Code::UnknownField),
        ];
        assert_eq!(found, expected);
        assert_eq!(mistakes(read_new("{}").unwrap_err()), [(at("name"), Code::MissingField)]);
        for field in ["name", "built_in", "archived_at", "created_at", "updated_at", "archived"] {
            let found = mistakes(read_patch(&format!("{{\"{field}\":null}}")).unwrap_err());
            assert_eq!(found, [(at(field), Code::InvalidField)]);
        }
        let long = format!(r#"{{"description":"{}"}}"#, "x".repeat(501));
        assert!(read_patch(&long).is_err());
    }

    #[test]
    fn a_patch_changes_what_it_names_and_null_clears() {
        let content = OwnTypeContent {
            description: "d".into(),
            sample: r#"{"a":1}"#.into(),
            schema: Some("{}".into()),
            validation: Validation::Refuse,
        };
        let patched = |body: &str| read_patch(body).unwrap().applied_to(content.clone());
        assert_eq!(patched("{}"), content);
        let cleared =
            patched(r#"{"description":null,"sample":null,"schema":null,"validation":null}"#);
        assert_eq!(cleared, plain());
        assert_eq!(read_patch(r#"{"archived":true}"#).unwrap().archived, Some(true));
    }
}
