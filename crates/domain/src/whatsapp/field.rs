//! The fields that an app subscribes to, and the event types they become.

use crate::event_type::{EventTypeName, NAME_BYTES_MAX};

/// What a field's values hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Messages from contacts, and statuses of the business's own.
    Messages,
    /// Messages that the business sent with the WhatsApp Business app.
    Echoes,
    /// One thing each, of this event type.
    Management(&'static str),
    /// Nobody here knows.
    Unknown,
}

/// The name of [`Field::Messages`].
pub(super) const MESSAGES: &str = "messages";
/// The name of [`Field::Echoes`].
pub(super) const ECHOES: &str = "smb_message_echoes";

impl Field {
    pub(super) fn of(name: &str) -> Self {
        match name {
            MESSAGES => Self::Messages,
            ECHOES => Self::Echoes,
            "message_template_status_update" => Self::Management("template.status_updated"),
            "message_template_quality_update" => Self::Management("template.quality_updated"),
            "template_category_update" => Self::Management("template.category_updated"),
            "message_template_components_update" => Self::Management("template.components_updated"),
            "account_update" => Self::Management("account.updated"),
            "account_review_update" => Self::Management("account.review_updated"),
            "account_alerts" => Self::Management("account.alert"),
            "phone_number_quality_update" => Self::Management("phone_number.quality_updated"),
            "phone_number_name_update" => Self::Management("phone_number.name_updated"),
            "business_capability_update" => Self::Management("business.capability_updated"),
            "security" => Self::Management("security.updated"),
            "flows" => Self::Management("flow.updated"),
            _ => Self::Unknown,
        }
    }
}

const PREFIX: &str = "whatsapp.";
/// Stands in front of a field's name that had to be changed, so that it is nobody else's.
const CHANGED: &str = "x_";
const UNNAMED: &str = "x_unnamed";

/// `whatsapp.<field>`. A field whose name is no word of `a-z`, `0-9` and `_` gets one: `x_` and the
/// name in lower case, with `_` for each other character, and its end cut off where it is too long.
/// One without any name is `x_unnamed`. In an event's data stands the name as Meta wrote it.
pub(super) fn event_type(field: Option<&str>) -> EventTypeName {
    let room = NAME_BYTES_MAX - PREFIX.len();
    let field = field.unwrap_or_default();
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let name = if field.is_empty() {
        format!("{PREFIX}{UNNAMED}")
    } else if field.len() <= room && field.chars().all(is_word) {
        format!("{PREFIX}{field}")
    } else {
        let word = field.chars().map(|c| c.to_ascii_lowercase());
        let word = word.map(|c| if is_word(c) { c } else { '_' });
        let word: String = word.take(room - CHANGED.len()).collect();
        format!("{PREFIX}{CHANGED}{word}")
    };
    EventTypeName::parse(&name).expect("one full stop between words, and no longer than a name")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use proptest::prelude::*;

    #[test]
    fn fields_have_the_types_whose_schemas_name_them() {
        for known in catalogue::built_in() {
            let schema: serde_json::Value = serde_json::from_str(known.schema).unwrap();
            let Some(field) = schema["properties"]["field"]["const"].as_str() else { continue };
            let expected =
                if field == MESSAGES { Field::Messages } else { Field::Management(known.name) };
            assert_eq!(Field::of(field), expected, "{field}");
        }
        for unknown in ["", "calls", "Messages", "account_updates"] {
            assert_eq!(Field::of(unknown), Field::Unknown);
        }
    }

    #[test]
    fn any_field_has_a_legal_name() {
        let long = "a".repeat(200);
        for (field, name) in [
            (Some("calls"), "whatsapp.calls".to_owned()),
            (Some("messages"), "whatsapp.messages".to_owned()),
            (Some("Messages"), "whatsapp.x_messages".to_owned()),
            (Some("group.update-2"), "whatsapp.x_group_update_2".to_owned()),
            (Some("größe"), "whatsapp.x_gr__e".to_owned()),
            (Some(""), "whatsapp.x_unnamed".to_owned()),
            (None, "whatsapp.x_unnamed".to_owned()),
            (Some(&long[..119]), format!("whatsapp.{}", &long[..119])),
            (Some(&long[..120]), format!("whatsapp.x_{}", &long[..117])),
        ] {
            assert_eq!(event_type(field).as_str(), name, "{field:?}");
        }
    }

    proptest! {
        #[test]
        fn no_field_is_without_one(field in ".{0,200}") {
            prop_assert!(catalogue::is_known(event_type(Some(&field)).as_str()));
        }
    }
}
