//! The `wati` format: one flat object, with the names, the order and the quirks of Wati's own.
//!
//! What only the sending platform knows (who wrote, what a template said) a poster may put into the
//! member `wati` of the event's data, under Wati's names; it is written in place of what is said here.
//! Without it such members are `null`, and ids are derived: see [`facts`].

mod facts;
#[cfg(test)]
mod fixture_tests;
mod flat;
mod management;
mod messages;
pub(super) mod names;
mod statuses;

use self::facts::Facts;
use super::{WatiNames, WatiVersion};
use crate::event::Event;

/// What an event is told as. The name and the members follow from it, the version and, for some, the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Received,
    NewContact,
    TemplateSent,
    SessionSent,
    Delivered,
    Read,
    Replied,
    Failed,
    TemplateReviewed,
    TemplateQuality,
    TemplateCategory,
    Account,
    AccountReview,
    PhoneNumberQuality,
    BusinessCapability,
}

impl Form {
    /// The form of events of that type.
    pub(super) fn of(event_type: &str) -> Option<Self> {
        Some(match event_type {
            "message.received" => Self::Received,
            "contact.created" => Self::NewContact,
            "message.template_sent" => Self::TemplateSent,
            "message.session_sent" => Self::SessionSent,
            "message.delivered" => Self::Delivered,
            "message.read" => Self::Read,
            "message.replied" => Self::Replied,
            "message.failed" => Self::Failed,
            "template.status_updated" => Self::TemplateReviewed,
            "template.quality_updated" => Self::TemplateQuality,
            "template.category_updated" => Self::TemplateCategory,
            "account.updated" => Self::Account,
            "account.review_updated" => Self::AccountReview,
            "phone_number.quality_updated" => Self::PhoneNumberQuality,
            "business.capability_updated" => Self::BusinessCapability,
            _ => return None,
        })
    }
}

/// Writes the object.
pub(super) fn render(form: Form, version: WatiVersion, names: WatiNames, event: &Event) -> Vec<u8> {
    let facts = Facts::of(event, form);
    match form {
        Form::Received => messages::received(&facts),
        Form::NewContact => messages::new_contact(&facts),
        Form::TemplateSent => messages::template_sent(&facts, version, names.template_sent),
        Form::SessionSent => messages::session_sent(&facts, version),
        Form::Delivered => statuses::delivered(&facts, version),
        Form::Read => statuses::read(&facts, version),
        Form::Replied => statuses::replied(&facts, version),
        Form::Failed => statuses::failed(&facts),
        Form::TemplateReviewed => management::template_reviewed(&facts),
        Form::TemplateQuality => management::template_quality(&facts),
        Form::TemplateCategory => management::template_category(&facts),
        Form::Account => management::account(&facts),
        Form::AccountReview => management::account_review(&facts),
        Form::PhoneNumberQuality => {
            management::phone_number_quality(&facts, names.phone_number_quality)
        }
        Form::BusinessCapability => management::business_capability(&facts),
    }
}
