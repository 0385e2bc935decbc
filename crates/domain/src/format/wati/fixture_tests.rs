//! What is written is held to Wati's own payloads: names and order of members, kinds, values.

use chrono::DateTime;
use serde_json::Value;

use crate::format::json::{Json, Object};
use crate::format::test_updates::fixtures;
use crate::format::tests::event_at;
use crate::format::{
    Format, PhoneNumberQualityName, RenderVersion, TemplateSentName, WatiNames, of_wati_name,
    render,
};

/// Ids that are derived: only their kind is compared.
const DERIVED: [&str; 5] = ["id", "conversationId", "ticketId", "localMessageId", "watiTemplateId"];
/// What only the sending platform knows. Where it says nothing, `null`.
const THEIRS: [&str; 4] = ["assignedId", "assigneeId", "operatorName", "operatorEmail"];

const NUMBER: &str = r#""waba_id":"117204559812340","phone_number_id":"208845331907714","display_phone_number":"919820011223""#;
const CONTACT: &str = r#""contact":{"wa_id":"919876543210","name":"Priya Mehta"}"#;
const IN_WAMID: &str = "wamid.HBgMOTE5ODc2NTQzMjEwFQIAERgSM0JGQkU0MUJDMTI1MDAwQTRCAA==";
const OUT_WAMID: &str = "wamid.HBgMOTE5ODc2NTQzMjEwFQIAERgSQ0M5QTRFMUQ3QjY2MjA5RjFEAA==";
const BSUID: &str = r#""contact":{"wa_id":"919876543210","user_id":"IN.73918264501927364","name":"Priya Mehta"},"contacts":[{"profile":{"name":"Priya Mehta","username":"@priya.m"},"wa_id":"919876543210","user_id":"IN.73918264501927364","parent_user_id":"IN.ENT.55019283746501928"}]"#;

/// Writes an event with and without what the platform knows, and compares both with the fixture.
fn check(fixture: &str, data: &str, theirs: &str) {
    let text = fixtures("wati").into_iter().find(|(name, _)| name == fixture).unwrap().1;
    let fixture_text = Json::read(text.as_bytes());
    let expected = fixture_text.members();
    let name = expected.get("eventType").text().unwrap();
    let (event_type, version) = of_wati_name(&name).unwrap();
    let format = Format::Wati { version, names: names(&name) };
    for theirs in [theirs, ""] {
        let data = format!("{{{data},\"wati\":{{{theirs}}}}}");
        let at = expected.get("created").text().unwrap_or("2026-09-17T08:00:16Z".into());
        let at = DateTime::parse_from_rfc3339(&at).unwrap().to_utc();
        let event = event_at(event_type, &data, at);
        let body = render(format, RenderVersion::V1, &event);
        let written = Json::read(&body).members();
        assert_eq!(written.names(), expected.names(), "{fixture}");
        let given = Json::read(data.as_bytes()).members().get("wati").members();
        for member in expected.names() {
            let place = format!("{fixture}, {member}, given: {theirs}");
            compare(&place, member, &given, written.get(member), expected.get(member));
        }
    }
}

fn compare(place: &str, member: &str, given: &Object<'_>, written: Json<'_>, expected: Json<'_>) {
    let derived = DERIVED.contains(&member) && written != expected;
    let value = |json: Json<'_>| serde_json::from_str::<Value>(json.as_str()).unwrap();
    if derived {
        let shape = |json: Json<'_>| -> String {
            let hexadecimal = |c: char| if c.is_ascii_hexdigit() { 'x' } else { c };
            json.as_str().chars().map(hexadecimal).collect()
        };
        assert_eq!(shape(written), shape(expected), "{place}");
    } else if given.find(member).is_none() && is_theirs(place, member) {
        assert!(written.is_null() || written.is_string(), "{place}: {written:?}");
    } else {
        assert_eq!(value(written), value(expected), "{place}");
    }
}

/// Beside [`THEIRS`], what a few payloads have that WhatsApp does not tell.
fn is_theirs(place: &str, member: &str) -> bool {
    THEIRS.contains(&member)
        || match member {
            "templateId" | "sourceType" => place.starts_with("templateMessageSent"),
            "text" => {
                place.starts_with("templateMessageSent")
                    || place.starts_with("sessionMessageFailed")
            }
            _ => false,
        }
}

fn names(name: &str) -> WatiNames {
    WatiNames {
        phone_number_quality: match name {
            "PhoneNumberQualityUpdatedEvent" => PhoneNumberQualityName::UpdatedEvent,
            _ => PhoneNumberQualityName::Update,
        },
        template_sent: match name {
            "templateMessageSent_v2_bsuid" => TemplateSentName::V2Bsuid,
            _ => TemplateSentName::V2,
        },
    }
}

fn check_received(fixture: &str, contact: &str, message: &str) {
    let data = format!(
        r#"{NUMBER},{contact},"message_id":"{IN_WAMID}","timestamp":"1789632015","message":{{{message}}}"#
    );
    let theirs = r#""assignedId":"682b27727d7094c8b13ed038","operatorName":"Asha Rao","operatorEmail":"support@acme.example""#;
    check(fixture, &data, theirs);
}

#[test]
fn messages() {
    let text = r#""type":"text","text":{"body":"Where is my order #4471? 🙏"}"#;
    check_received("message", CONTACT, text);
    check_received("message.with_bsuid", BSUID, text);
    let context = format!(r#""context":{{"from":"919820011223","id":"{OUT_WAMID}"}}"#);
    let files = "https://live-mt-server.wati.io/100138/api/file/showFile?fileName=data";
    for (fixture, message) in [
        (
            "message.image",
            format!(
                r#""type":"image","image":{{"caption":"Broken part","id":"1","url":"{files}/images/02668ae1-f910-4acc-86af-023b10ed550e.jpg"}}"#
            ),
        ),
        (
            "message.document",
            format!(
                r#""type":"document","document":{{"filename":"invoice-4471.pdf","id":"1","url":"{files}/documents/7a1c0b52-4f7e-4c0e-9a7b-0d4c1f7f0e11.pdf"}}"#
            ),
        ),
        (
            "message.button_quick_reply",
            format!(
                r#"{context},"type":"button","button":{{"payload":"{{\"ButtonIndex\":0,\"CarouselCardIndex\":null,\"BroadcastLinkId\":\"676a9b2e57150cedccdb7a17\"}}","text":"Confirm"}}"#
            ),
        ),
        (
            "message.interactive_button",
            format!(
                r#"{context},"type":"interactive","interactive":{{"type":"button_reply","button_reply":{{"id":"1","title":"📊 My Progress"}}}}"#
            ),
        ),
        (
            "message.interactive_list",
            format!(
                r#"{context},"type":"interactive","interactive":{{"type":"list_reply","list_reply":{{"id":"1_2","title":"Priority Mail Express","description":"Next Day to 2 Days"}}}}"#
            ),
        ),
        (
            "message.referral_ad",
            r#""type":"text","text":{"body":"Can I get more info on this?"},"referral":{"source_id":"120226305854810726","source_url":"https://fb.me/3cr4Wqqkv"}"#.to_owned(),
        ),
    ] {
        check_received(fixture, CONTACT, &message);
    }
    let data = format!(r#"{NUMBER},{BSUID},"message_id":"{IN_WAMID}","timestamp":"1789632015""#);
    check("newContactMessageReceived", &data, "");
}

#[test]
fn sent_messages() {
    let sent = format!(r#"{NUMBER},{CONTACT},"message_id":"{OUT_WAMID}","timestamp":"1789632060""#);
    let session = format!(
        r#"{sent},"message":{{"type":"text","text":{{"body":"Your order left Pune today."}}}}"#
    );
    let theirs = r#""assigneeId":"6343c17682538bf08459f5ed","operatorEmail":"support@acme.example","operatorName":"Asha Rao""#;
    check("sessionMessageSent", &session, theirs);
    check("sessionMessageSent_v2", &session, theirs);

    let message = r#""message":{"type":"template","template":{"name":"order_update"}}"#;
    let template = format!("{sent},{message}");
    let theirs = r#""templateId":"63766ae83b2e064905789c63","text":"Hi Priya! Your order 4471 is out for delivery","operatorEmail":"support@acme.example""#;
    check("templateMessageSent", &template, &format!("{theirs},\"sourceType\":\"WEB\""));
    check("templateMessageSent_v2", &template, theirs);
    let template = format!(r#"{NUMBER},{BSUID},"message_id":"{OUT_WAMID}",{message}"#);
    check("templateMessageSent_v2_bsuid", &template, theirs);
}

#[test]
fn statuses() {
    let operator = r#""operatorEmail":"support@acme.example""#;
    let of = |contact: &str, at: &str, status: &str| {
        format!(
            r#"{NUMBER},{contact},"message_id":"{OUT_WAMID}","timestamp":"{at}","status":{{{status}}}"#
        )
    };
    let status = of(CONTACT, "1789632062", r#""pricing":{"category":"utility"}"#);
    for fixture in
        ["sentMessageDELIVERED", "sentMessageDELIVERED_v2", "sentMessageREAD", "sentMessageREAD_v2"]
    {
        check(fixture, &status, operator);
    }
    let status = of(BSUID, "1789632062", "");
    check("sentMessageREAD_v2.with_bsuid", &status, operator);

    let replied = format!(
        r#"{NUMBER},{CONTACT},"message_id":"{IN_WAMID}","timestamp":"1789632062","message":{{"context":{{"id":"{OUT_WAMID}"}}}}"#
    );
    check("sentMessageREPLIED", &replied, operator);
    check("sentMessageREPLIED_v2", &replied, operator);

    let errors = r#""errors":[{"code":131026,"title":"Message undeliverable","error_data":{"details":"Message Undeliverable."}}]"#;
    check("templateMessageFailed", &of(CONTACT, "1789632061", errors), operator);
    let errors = r#""errors":[{"code":131047,"title":"Re-engagement message"}]"#;
    let theirs = format!(r#"{operator},"text":"Your order left Pune today.""#);
    check("sessionMessageFailed", &of(CONTACT, "1789632061", errors), &theirs);
}

#[test]
fn management() {
    let of = |value: &str| format!(r#"{NUMBER},"timestamp":"1789632200","value":{{{value}}}"#);
    let template =
        r#""message_template_id":1982737699205572,"message_template_name":"order_update""#;
    for (fixture, value) in [
        ("templateReviewed", format!(r#""event":"APPROVED",{template}"#)),
        ("templateReviewed.paused", format!(r#""event":"PAUSED",{template}"#)),
        (
            "templateQualityUpdated",
            format!(r#""previous_quality_score":"GREEN","new_quality_score":"YELLOW",{template}"#),
        ),
        (
            "templateCategoryUpdated",
            format!(r#""previous_category":"UTILITY","new_category":"MARKETING",{template}"#),
        ),
        ("wabaStatusReviewUpdate", r#""decision":"APPROVED""#.to_owned()),
        ("accountDeleted", r#""event":"ACCOUNT_DELETED""#.to_owned()),
        (
            "accountUpdated",
            r#""event":"ACCOUNT_VIOLATION","violation_info":{"violation_type":"SPAM"},"ban_info":{"waba_ban_state":"SCHEDULE_FOR_DISABLE","waba_ban_date":"2026-10-01"}"#.to_owned(),
        ),
        (
            "phoneNumberQualityUpdated",
            r#""display_phone_number":"+91 98200 11223","event":"DOWNGRADE","current_limit":"TIER_1K","old_limit":"TIER_10K""#.to_owned(),
        ),
        (
            "businessCapabilityUpdated",
            r#""max_daily_conversation_per_phone":1000,"max_phone_numbers_per_business":2,"max_phone_numbers_per_waba":2,"max_daily_conversations_per_business":"1000""#.to_owned(),
        ),
    ] {
        check(fixture, &of(&value), "");
    }
}

/// Which fixtures nothing is held to, and why: WhatsApp does not tell us of such things.
#[test]
fn every_other_fixture_is_of_an_event_that_we_never_send() {
    let ours = include_str!("fixture_tests.rs");
    for (name, text) in fixtures("wati") {
        let Some(event_type) = Json::read(text.as_bytes()).members().get("eventType").text() else {
            assert!(name.starts_with("_rest."), "{name}");
            continue;
        };
        let held = ours.contains(&format!("\"{name}\""));
        assert_eq!(held, of_wati_name(&event_type).is_some(), "{name}");
    }
}
