//! Templates, accounts, numbers. Nothing here has a second version.

use super::facts::{Facts, digits};
use super::flat::Flat;
use crate::format::PhoneNumberQualityName;
use crate::format::json::Json;

/// Wati's numbers of a template's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Pending = 1,
    Approved = 2,
    Rejected = 3,
    Deleted = 4,
    Disabled = 6,
    Paused = 7,
}

impl Status {
    /// The status before and the one after one of Meta's events. Meta tells only the latter; the former
    /// is what it usually is.
    fn change(event: &str) -> Option<(Self, Self)> {
        Some(match event {
            "APPROVED" => (Self::Pending, Self::Approved),
            "REJECTED" => (Self::Pending, Self::Rejected),
            "PENDING" => (Self::Approved, Self::Pending),
            "IN_APPEAL" => (Self::Rejected, Self::Pending),
            "PAUSED" => (Self::Approved, Self::Paused),
            "REINSTATED" => (Self::Paused, Self::Approved),
            "FLAGGED" => (Self::Approved, Self::Approved),
            "UNARCHIVED" => (Self::Disabled, Self::Approved),
            "DISABLED" | "LOCKED" | "LIMIT_EXCEEDED" | "ARCHIVED" => {
                (Self::Approved, Self::Disabled)
            }
            "PENDING_DELETION" | "DELETED" => (Self::Approved, Self::Deleted),
            _ => return None,
        })
    }
}

pub(super) fn template_reviewed(facts: &Facts<'_>) -> Vec<u8> {
    let mut out = facts.begin();
    let name = facts.value.get("message_template_name");
    out.event_type("templateReviewed");
    out.string("wabaId", facts.data.get("waba_id"));
    out.string("templateName", name);
    out.string("templateId", facts.value.get("message_template_id"));
    out.text_or_null("watiTemplateId", facts.template_id(name).as_deref());
    match Status::change(&facts.value.get("event").text().unwrap_or_default()) {
        Some((old, new)) => {
            out.integer("oldTemplateStatus", old as i64);
            out.integer("newTemplateStatus", new as i64);
        }
        None => {
            out.null("oldTemplateStatus");
            out.null("newTemplateStatus");
        }
    }
    out.channel(facts);
    out.end()
}

pub(super) fn template_quality(facts: &Facts<'_>) -> Vec<u8> {
    let mut out = facts.begin();
    let quality = |score: &str| match facts.value.get(score).text().unwrap_or_default().as_ref() {
        "GREEN" => 1,
        "RED" => 2,
        "YELLOW" => 3,
        _ => 0,
    };
    template(&mut out, facts, "templateQualityUpdated");
    out.integer("oldTemplateQuality", quality("previous_quality_score"));
    out.integer("newTemplateQuality", quality("new_quality_score"));
    out.channel(facts);
    out.end()
}

/// Where a change is only announced, Meta writes what the category is as the new one and what it will be
/// as the correct one.
pub(super) fn template_category(facts: &Facts<'_>) -> Vec<u8> {
    let mut out = facts.begin();
    let new = facts.value.get("new_category");
    template(&mut out, facts, "templateCategoryUpdated");
    out.string("oldTemplateCategory", facts.value.get("previous_category").or(new));
    out.string("newTemplateCategory", facts.value.get("correct_category").or(new));
    out.channel(facts);
    out.end()
}

fn template(out: &mut Flat<'_>, facts: &Facts<'_>, event_type: &str) {
    let name = facts.value.get("message_template_name");
    out.event_type(event_type);
    out.string("templateId", facts.value.get("message_template_id"));
    out.string("wabaId", facts.data.get("waba_id"));
    out.string("templateName", name);
    out.text_or_null("watiTemplateId", facts.template_id(name).as_deref());
}

/// `accountDeleted`, or `accountUpdated` for everything else.
pub(super) fn account(facts: &Facts<'_>) -> Vec<u8> {
    let mut out = facts.begin();
    let event = facts.value.get("event");
    let deleted = event.text().as_deref() == Some("ACCOUNT_DELETED");
    out.event_type(if deleted { "accountDeleted" } else { "accountUpdated" });
    out.string("wabaId", facts.data.get("waba_id"));
    if !deleted {
        out.string("event", event);
        out.json("violationInfo", facts.value.get("violation_info"));
        out.json("banInfo", facts.value.get("ban_info"));
    }
    out.end()
}

pub(super) fn account_review(facts: &Facts<'_>) -> Vec<u8> {
    let mut out = facts.begin();
    out.event_type("wabaStatusReviewUpdate");
    out.string("accountReviewStatus", facts.value.get("decision"));
    out.string("wabaId", facts.data.get("waba_id"));
    out.end()
}

pub(super) fn phone_number_quality(facts: &Facts<'_>, name: PhoneNumberQualityName) -> Vec<u8> {
    let mut out = facts.begin();
    let number: Json<'_> = facts.value.get("display_phone_number");
    let number = number.text().and_then(|number| digits(&number));
    out.event_type(name.as_str());
    out.text_or_null("phoneNumber", number.as_deref());
    out.string("event", facts.value.get("event"));
    out.string("currentLimit", facts.value.get("current_limit"));
    out.string("oldLimit", facts.value.get("old_limit"));
    out.channel(facts);
    out.end()
}

/// The limits are strings at Wati, numbers or names of tiers at Meta.
pub(super) fn business_capability(facts: &Facts<'_>) -> Vec<u8> {
    let mut out = facts.begin();
    out.event_type("businessCapabilityUpdated");
    out.string("wabaId", facts.data.get("waba_id"));
    for (name, meta) in [
        ("maxDailyConversationPerPhone", "max_daily_conversation_per_phone"),
        ("maxPhoneNumbersPerBusiness", "max_phone_numbers_per_business"),
        ("maxPhoneNumbersPerWaba", "max_phone_numbers_per_waba"),
        ("maxDailyConversationsPerBusiness", "max_daily_conversations_per_business"),
    ] {
        out.string(name, facts.value.get(meta));
    }
    out.end()
}
