//! A webhook as Wati's own REST API registers it, and the endpoints that serve it here.
//!
//! At Wati one webhook may have both sets of events ticked, and then gets both of each. An endpoint has one
//! version, so such a webhook becomes two endpoints; what is in both sets alike stays with the first
//! version, because Wati sends it once.

use crate::event_type::{EventTypeName, Selector};
use crate::filter::Filter;
use crate::format::{Format, WatiNames, WatiVersion, of_wati_name, wati_name};

/// What one endpoint of a webhook is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Wati's format, in a version, with names as they were asked for.
    pub format: Format,
    /// Our types of the events.
    pub event_types: Vec<Selector>,
    /// The names that were asked for, also those of events that never come.
    pub names: Vec<String>,
}

/// Why a webhook cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WatiWebhookError {
    /// Wati has no such event.
    #[error("eventTypes: Wati has no event {0:?}")]
    UnknownName(String),
    /// Nothing would ever be sent.
    #[error(
        "eventTypes: nothing would ever be sent; name at least one event that WhatsApp tells of"
    )]
    Nothing,
    /// It is no phone number.
    #[error("phoneNumber: must be the digits of a phone number with its country code")]
    PhoneNumber,
}

/// The endpoints for a webhook with these events: one, or one of each version.
pub fn subscriptions(names: &[String]) -> Result<Vec<Subscription>, WatiWebhookError> {
    let known =
        |name: &String| wati_name(name).ok_or_else(|| WatiWebhookError::UnknownName(name.clone()));
    let known = names.iter().map(known).collect::<Result<Vec<_>, _>>()?;
    let has = |version| known.iter().any(|name| name.version == Some(version));
    let first = match (has(WatiVersion::V1), has(WatiVersion::V2)) {
        (false, true) => WatiVersion::V2,
        (true | false, false) | (true, true) => WatiVersion::V1,
    };
    let of_version = |version: WatiVersion| {
        let own: Vec<&str> = known
            .iter()
            .filter(|name| name.version.unwrap_or(first) == version)
            .map(|name| name.name)
            .collect();
        subscription(version, &own)
    };
    let found: Vec<Subscription> = [WatiVersion::V1, WatiVersion::V2]
        .into_iter()
        .map(of_version)
        .filter(|subscription| !subscription.event_types.is_empty())
        .collect();
    if found.is_empty() { Err(WatiWebhookError::Nothing) } else { Ok(found) }
}

fn subscription(version: WatiVersion, names: &[&str]) -> Subscription {
    let mut event_types: Vec<Selector> = Vec::new();
    for (event_type, _) in names.iter().filter_map(|name| of_wati_name(name)) {
        let selector = EventTypeName::parse(event_type).map(Selector::Exact);
        event_types.extend(selector.ok().filter(|new| !event_types.contains(new)));
    }
    let asked_for = WatiNames::asked_for(names.iter().copied());
    let mut shown: Vec<String> = Vec::new();
    for name in names {
        if !shown.iter().any(|other| other == name) {
            shown.push((*name).to_owned());
        }
    }
    Subscription { format: Format::Wati { version, names: asked_for }, event_types, names: shown }
}

/// The digits of a number, however it is written: `+91 98200 11223`.
pub fn digits(phone_number: &str) -> Result<String, WatiWebhookError> {
    const DIGITS_MAX: usize = 15;
    let is_between = |letter: &char| !matches!(letter, '+' | ' ' | '-' | '(' | ')');
    let digits: String = phone_number.chars().filter(is_between).collect();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && (1..=DIGITS_MAX).contains(&digits.len()) {
        Ok(digits)
    } else {
        Err(WatiWebhookError::PhoneNumber)
    }
}

/// Only what came by that number of the company's, and what came by none, as of templates. Wati knows
/// numbers by their digits, `phone_number_ids` by Meta's ids.
pub fn of_number(digits: &str) -> Filter {
    let text = format!(
        "{{\"or\":[{{\"field\":\"display_phone_number\",\"eq\":\"{digits}\"}},\
         {{\"field\":\"display_phone_number\",\"exists\":false}}]}}"
    );
    Filter::parse(&text).expect("digits make a filter")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Document;

    fn check(names: &[&str], expected: &[(i64, &[&str], &[&str])]) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let found = subscriptions(&names).unwrap();
        let found: Vec<(i64, Vec<String>, Vec<&str>)> = found
            .iter()
            .map(|subscription| {
                let Format::Wati { version, .. } = subscription.format else { panic!() };
                let types = subscription.event_types.iter().map(ToString::to_string).collect();
                let names = subscription.names.iter().map(String::as_str).collect();
                (version.number(), types, names)
            })
            .collect();
        let expected: Vec<(i64, Vec<String>, Vec<&str>)> = expected
            .iter()
            .map(|(version, types, names)| {
                (*version, types.iter().map(ToString::to_string).collect(), names.to_vec())
            })
            .collect();
        assert_eq!(found, expected, "{names:?}");
    }

    #[test]
    fn a_webhook_is_one_endpoint_or_one_of_each_version() {
        check(&["message"], &[(1, &["message.received"], &["message"])]);
        check(
            &["message", "templateMessageSent_v2", "sentMessageDELIVERED_v2"],
            &[(
                2,
                &["message.received", "message.template_sent", "message.delivered"],
                &["message", "templateMessageSent_v2", "sentMessageDELIVERED_v2"],
            )],
        );
        check(
            &["sentMessageREAD_v2", "message", "sentMessageREAD", "chatbotTriggered", "message"],
            &[
                (
                    1,
                    &["message.received", "message.read"],
                    &["message", "sentMessageREAD", "chatbotTriggered"],
                ),
                (2, &["message.read"], &["sentMessageREAD_v2"]),
            ],
        );
        check(
            &["templateMessageFailed", "sessionMessageFailed"],
            &[(1, &["message.failed"], &["templateMessageFailed", "sessionMessageFailed"])],
        );
    }

    #[test]
    fn names_are_sent_as_they_were_asked_for() {
        let names =
            ["templateMessageSent_v2_bsuid", "PhoneNumberQualityUpdatedEvent"].map(str::to_owned);
        let found = subscriptions(&names).unwrap();
        let Format::Wati { version, names } = found[0].format else { panic!() };
        assert_eq!((found.len(), version), (1, WatiVersion::V2));
        assert_eq!(names.chosen().len(), 2);
    }

    #[test]
    fn what_cannot_be_served_is_refused() {
        let error = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            subscriptions(&names).unwrap_err()
        };
        assert_eq!(error(&[]), WatiWebhookError::Nothing);
        assert_eq!(error(&["ctaUrlClicked"]), WatiWebhookError::Nothing);
        let unknown = WatiWebhookError::UnknownName("Message".into());
        assert_eq!(error(&["message", "Message"]), unknown);
    }

    #[test]
    fn numbers_are_digits_and_make_a_filter() {
        assert_eq!(digits("+91 (982) 001-1223").as_deref(), Ok("919820011223"));
        assert_eq!(digits("9".repeat(15).as_str()).map(|digits| digits.len()), Ok(15));
        for wrong in ["", "+", "91a", "9\"", "９１", "9".repeat(16).as_str()] {
            assert_eq!(digits(wrong), Err(WatiWebhookError::PhoneNumber), "{wrong}");
        }
        let filter = of_number("91");
        for (data, takes) in [
            (r#"{"display_phone_number":"91"}"#, true),
            (r#"{"display_phone_number":"92"}"#, false),
            (r#"{"waba_id":"1"}"#, true),
        ] {
            assert_eq!(filter.matches(&Document::parse(data.as_bytes())), takes, "{data}");
        }
    }
}
