//! Every name of Wati's events, and which of ours it is.

use crate::format::WatiVersion;

/// A name of an event at Wati.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatiName {
    /// The name.
    pub name: &'static str,
    /// Our type of event; `None` where nothing that WhatsApp tells us makes such an event.
    pub event_type: Option<&'static str>,
    /// Which set it belongs to; `None` where it is in both.
    pub version: Option<WatiVersion>,
}

/// Every name, also spellings that are only said to be so.
pub const WATI_NAMES: &[WatiName] = &[
    both("message", "message.received"),
    both("messageReceived", "message.received"),
    both("newContactMessageReceived", "contact.created"),
    v1("sessionMessageSent", "message.session_sent"),
    v2("sessionMessageSent_v2", "message.session_sent"),
    v1("templateMessageSent", "message.template_sent"),
    v2("templateMessageSent_v2", "message.template_sent"),
    v2("templateMessageSent_v2_bsuid", "message.template_sent"),
    v1("sentMessageDELIVERED", "message.delivered"),
    v2("sentMessageDELIVERED_v2", "message.delivered"),
    v1("sentMessageREAD", "message.read"),
    v2("sentMessageREAD_v2", "message.read"),
    v1("sentMessageREPLIED", "message.replied"),
    v2("sentMessageREPLIED_v2", "message.replied"),
    both("templateMessageFailed", "message.failed"),
    both("sessionMessageFailed", "message.failed"),
    v2("sessionMessageFailed_v2", "message.failed"),
    both("templateReviewed", "template.status_updated"),
    both("templateQualityUpdated", "template.quality_updated"),
    both("templateCategoryUpdated", "template.category_updated"),
    both("wabaStatusReviewUpdate", "account.review_updated"),
    both("accountUpdated", "account.updated"),
    both("accountDeleted", "account.updated"),
    both("phoneNumberQualityUpdate", "phone_number.quality_updated"),
    both("PhoneNumberQualityUpdatedEvent", "phone_number.quality_updated"),
    both("businessCapabilityUpdated", "business.capability_updated"),
    never("phoneNumberDeleted"),
    never("ctaUrlClicked"),
    never("ctaUrlClicked_bsuid"),
    never("ctaButtonClicked"),
    never("contactRequestTyping"),
    never("chatbotTriggered"),
    never("paymentCaptured"),
];

const fn both(name: &'static str, event_type: &'static str) -> WatiName {
    WatiName { name, event_type: Some(event_type), version: None }
}

const fn v1(name: &'static str, event_type: &'static str) -> WatiName {
    WatiName { name, event_type: Some(event_type), version: Some(WatiVersion::V1) }
}

const fn v2(name: &'static str, event_type: &'static str) -> WatiName {
    WatiName { name, event_type: Some(event_type), version: Some(WatiVersion::V2) }
}

const fn never(name: &'static str) -> WatiName {
    WatiName { name, event_type: None, version: None }
}

/// What is known of a name; `None` where Wati has no such event.
pub fn wati_name(name: &str) -> Option<&'static WatiName> {
    WATI_NAMES.iter().find(|known| known.name == name)
}

/// Our type of event and the version by which a receiver of that name is served; V1 where both would do.
/// `None` also for events of Wati's that we never send: [`wati_name`] tells them apart.
pub fn of_wati_name(name: &str) -> Option<(&'static str, WatiVersion)> {
    let known = wati_name(name)?;
    Some((known.event_type?, known.version.unwrap_or(WatiVersion::V1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use crate::event_type::EventTypeName;
    use crate::format::tests::{event, name_on_the_wire};
    use crate::format::{Format, WatiNames};
    use std::collections::HashSet;

    #[test]
    fn every_name_is_of_a_type_that_has_a_form() {
        let names: HashSet<_> = WATI_NAMES.iter().map(|known| known.name).collect();
        assert_eq!(names.len(), WATI_NAMES.len());
        for known in WATI_NAMES {
            if let Some(event_type) = known.event_type {
                assert!(catalogue::find(event_type).is_some(), "{event_type}");
                let event_type = EventTypeName::parse(event_type).unwrap();
                assert!(Format::WATI_V2.has_form(&event_type), "{event_type}");
            }
        }
    }

    #[test]
    fn what_is_sent_is_subscribed_to_by_its_name() {
        for known in catalogue::built_in() {
            for version in [WatiVersion::V1, WatiVersion::V2] {
                let format = Format::Wati { version, names: WatiNames::default() };
                if !format.has_form(&EventTypeName::parse(known.name).unwrap()) {
                    continue;
                }
                let sent = name_on_the_wire(format, &event(known.name, known.sample));
                let found = wati_name(&sent).unwrap();
                assert_eq!(found.event_type, Some(known.name), "{sent}");
                assert!(found.version.is_none_or(|of_name| of_name == version), "{sent}");
            }
        }
    }

    #[test]
    fn names_lead_to_types() {
        let check = |name: &str, expected| assert_eq!(of_wati_name(name), expected, "{name}");
        check("message", Some(("message.received", WatiVersion::V1)));
        check("sentMessageREAD", Some(("message.read", WatiVersion::V1)));
        check("sentMessageREAD_v2", Some(("message.read", WatiVersion::V2)));
        check("templateMessageSent_v2_bsuid", Some(("message.template_sent", WatiVersion::V2)));
        check(
            "PhoneNumberQualityUpdatedEvent",
            Some(("phone_number.quality_updated", WatiVersion::V1)),
        );
        check("ctaUrlClicked", None);
        check("Message", None);
        check("", None);
        assert!(wati_name("ctaUrlClicked").is_some());
        assert!(wati_name("Message").is_none());
    }
}
