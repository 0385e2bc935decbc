//! Notifications as Meta sends them, with invented people and numbers, to try a source with.

/// The names, each with its file.
macro_rules! built_in {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../testkit/fixtures/meta/", $name, ".json")))),*]
    };
}

/// Every built-in notification: its name and its body.
pub const ALL: &[(&str, &str)] = built_in![
    "account_alerts",
    "account_review_update",
    "account_update_deleted",
    "account_update_disabled",
    "account_update_partner_added",
    "account_update_pricing_tier",
    "account_update_restriction",
    "account_update_verified_legacy",
    "account_update_violation",
    "batch_mixed_two_entries",
    "business_capability_update",
    "calls_connect",
    "flows_status_change",
    "message_audio",
    "message_button",
    "message_contacts",
    "message_document",
    "message_edit",
    "message_group_text",
    "message_image",
    "message_interactive_button_reply",
    "message_interactive_list_reply",
    "message_interactive_nfm_reply",
    "message_location",
    "message_order",
    "message_reaction",
    "message_reaction_removed",
    "message_revoke",
    "message_sticker",
    "message_system_customer_identity_changed",
    "message_system_user_changed_number",
    "message_text",
    "message_text_bsuid_only",
    "message_text_forwarded",
    "message_text_frequently_forwarded",
    "message_text_legacy_no_bsuid",
    "message_text_product_inquiry",
    "message_text_referral_ad",
    "message_text_reply",
    "message_unsupported",
    "message_video",
    "message_voice_note",
    "phone_number_name_update",
    "phone_number_quality_update",
    "phone_number_quality_update_flagged_legacy",
    "security",
    "smb_message_echoes",
    "status_delivered",
    "status_failed_131026",
    "status_failed_131047",
    "status_failed_131049",
    "status_failed_131050",
    "status_played",
    "status_read",
    "status_read_minimal",
    "status_sent",
    "status_sent_legacy_cbp_no_bsuid",
    "template_category_update",
    "template_category_update_impending",
    "template_components_update",
    "template_quality_update",
    "template_status_approved",
    "template_status_disabled",
    "template_status_flagged_legacy_date_string",
    "template_status_paused",
    "template_status_rejected",
    "user_preferences_stop",
    "value_level_errors",
];

/// The body of the notification of that name.
pub fn find(name: &str) -> Option<&'static str> {
    ALL.iter().find(|(known, _)| *known == name).map(|(_, body)| *body)
}

/// The names that are most like this one.
pub fn like(name: &str) -> Option<&'static str> {
    let distance = |known: &str| strsim::jaro_winkler(name, known);
    let names = ALL.iter().map(|(known, _)| *known);
    let best = names.max_by(|a, b| distance(a).total_cmp(&distance(b)));
    best.filter(|known| distance(known) > 0.8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_built_in_but_the_one_that_is_no_notification() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/fixtures/meta");
        let files = std::fs::read_dir(folder).unwrap();
        let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> =
            files.filter_map(|name| Some(name.strip_suffix(".json")?.to_owned())).collect();
        names.retain(|name| name != "verification_handshake");
        names.sort_unstable();
        assert_eq!(names, ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for (name, body) in ALL {
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["object"], "whatsapp_business_account", "{name}");
        }
    }

    #[test]
    fn a_name_is_found_and_a_typing_error_is_helped() {
        assert!(find("message_text").unwrap().contains("wamid."));
        assert_eq!(find("message_txt"), None);
        assert_eq!(like("message_txt"), Some("message_text"));
        assert_eq!(like("qqqq"), None);
    }
}
