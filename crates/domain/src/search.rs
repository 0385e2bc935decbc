//! What a person types into the one box of a search, and what it can be.

use crate::event::{EXTERNAL_ID_BYTES_MAX, SUBJECT_BYTES_MAX};
use crate::event_type::Selector;
use crate::id::{DeliveryId, EndpointId, EventId};

/// How few and how many digits a phone number has (E.164 has 15 at most).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;

/// Why nothing can be searched by a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// Free text, or something without a value.
    #[error(
        "can be an id (evt_…, dlv_…, ep_…), a wamid or another id of the caller's, a phone number or \
         another subject, or an event type such as message.received or message.*, whole and exact; \
         texts inside events are not searched"
    )]
    Unsearchable,
    /// Begins as an id of ours and is none.
    #[error("begins like an id, but is not one that this service made")]
    Id,
}

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needle {
    /// An event of ours.
    Event(EventId),
    /// A delivery of ours.
    Delivery(DeliveryId),
    /// An endpoint of ours.
    Endpoint(EndpointId),
    /// Whatever carries the text in one of these places.
    Text {
        /// As the event's subject: as it was typed, and as phone numbers are written.
        subjects: Vec<String>,
        /// As the event's external id.
        external_id: String,
        /// As the event's type.
        event_type: Option<Selector>,
    },
}

impl Needle {
    /// Reads what was typed.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        let text = text.trim();
        match text.split_once('_').map(|(prefix, _)| prefix) {
            Some(EventId::PREFIX) => return id(text, Self::Event),
            Some(DeliveryId::PREFIX) => return id(text, Self::Delivery),
            Some(EndpointId::PREFIX) => return id(text, Self::Endpoint),
            Some(_) | None => {}
        }
        let fits = (1..=EXTERNAL_ID_BYTES_MAX.min(SUBJECT_BYTES_MAX)).contains(&text.len());
        if !fits || text.chars().any(char::is_control) {
            return Err(SearchError::Unsearchable);
        }
        let phone = phone_digits(text);
        if phone.is_none() && text.contains(char::is_whitespace) {
            return Err(SearchError::Unsearchable);
        }
        let mut subjects = vec![text.to_owned()];
        if let Some(digits) = phone {
            subjects.extend([format!("+{digits}"), digits]);
            subjects.sort_unstable();
            subjects.dedup();
        }
        let event_type = match Selector::parse(text) {
            Ok(selector @ (Selector::Prefix(_) | Selector::Exact(_))) if text.contains('.') => {
                Some(selector)
            }
            Ok(_) | Err(_) => None,
        };
        Ok(Self::Text { subjects, external_id: text.to_owned(), event_type })
    }
}

fn id<T: std::str::FromStr>(
    text: &str,
    needle: impl FnOnce(T) -> Needle,
) -> Result<Needle, SearchError> {
    text.parse().map(needle).map_err(|_| SearchError::Id)
}

/// The digits of a phone number, however people write it.
fn phone_digits(text: &str) -> Option<String> {
    let rest = text.strip_prefix('+').unwrap_or(text);
    let written =
        rest.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '/' | '.'));
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    (written && PHONE_DIGITS.contains(&digits.len())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(typed: &str) -> (Vec<String>, String, Option<String>) {
        match Needle::parse(typed).unwrap() {
            Needle::Text { subjects, external_id, event_type } => {
                (subjects, external_id, event_type.map(|selector| selector.to_string()))
            }
            needle @ (Needle::Event(_) | Needle::Delivery(_) | Needle::Endpoint(_)) => {
                panic!("{needle:?}")
            }
        }
    }

    #[test]
    fn ids_of_ours_are_read_and_broken_ones_refused() {
        let (event, delivery) = (EventId::from_raw(7), DeliveryId::from_raw(8));
        let endpoint = EndpointId::from_raw(9);
        assert_eq!(Needle::parse(&format!(" {event} ")), Ok(Needle::Event(event)));
        assert_eq!(Needle::parse(&delivery.to_string()), Ok(Needle::Delivery(delivery)));
        assert_eq!(Needle::parse(&endpoint.to_string()), Ok(Needle::Endpoint(endpoint)));
        for broken in ["evt_", "dlv_x", "ep_00000000000000000000000000"] {
            assert_eq!(Needle::parse(broken), Err(SearchError::Id), "{broken}");
        }
    }

    #[test]
    fn a_phone_number_is_found_however_it_is_written() {
        for typed in ["+49 170 1234567", "491701234567", "+49 (170) 123-4567", " 49170/1234567"] {
            let (subjects, external_id, event_type) = text(typed);
            assert!(subjects.contains(&"491701234567".to_owned()), "{subjects:?}");
            assert!(subjects.contains(&"+491701234567".to_owned()), "{subjects:?}");
            assert!(subjects.contains(&typed.trim().to_owned()), "{subjects:?}");
            assert_eq!((external_id.as_str(), event_type), (typed.trim(), None));
        }
        assert_eq!(text("1234").0, ["1234"]);
        assert_eq!(text("1234567890123456").0, ["1234567890123456"]);
    }

    #[test]
    fn other_texts_are_subjects_external_ids_and_types() {
        let (subjects, external_id, event_type) = text("message.*");
        assert_eq!((subjects, external_id.as_str()), (vec!["message.*".to_owned()], "message.*"));
        assert_eq!(event_type.as_deref(), Some("message.*"));
        assert_eq!(text("message.received").2.as_deref(), Some("message.received"));
        let wamid = "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI0N0E=";
        assert_eq!(text(wamid), (vec![wamid.into()], wamid.into(), None));
        assert_eq!(text("order_77").1, "order_77");
    }

    #[test]
    fn free_text_is_refused() {
        let long = "a".repeat(256);
        for bad in ["", "   ", "hello world", "a\u{7}b", long.as_str(), "+49 170 abc"] {
            assert_eq!(Needle::parse(bad), Err(SearchError::Unsearchable), "{bad}");
        }
    }
}
