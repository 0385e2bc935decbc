//! What became of a message that the business sent.

use super::facts::{Facts, SentAs};
use super::flat::Flat;
use super::messages::conversation;
use crate::format::WatiVersion;
use crate::format::json::Json;

pub(super) fn delivered(facts: &Facts<'_>, version: WatiVersion) -> Vec<u8> {
    let name = match version {
        WatiVersion::V1 => "sentMessageDELIVERED",
        WatiVersion::V2 => "sentMessageDELIVERED_v2",
    };
    status(facts, version, name, "Delivered", facts.wamid())
}

pub(super) fn read(facts: &Facts<'_>, version: WatiVersion) -> Vec<u8> {
    let name = match version {
        WatiVersion::V1 => "sentMessageREAD",
        WatiVersion::V2 => "sentMessageREAD_v2",
    };
    status(facts, version, name, "Read", facts.wamid())
}

/// The event is about the answer, Wati's about what was answered.
pub(super) fn replied(facts: &Facts<'_>, version: WatiVersion) -> Vec<u8> {
    let name = match version {
        WatiVersion::V1 => "sentMessageREPLIED",
        WatiVersion::V2 => "sentMessageREPLIED_v2",
    };
    status(facts, version, name, "Replied", facts.context().get("id"))
}

/// The same in both versions.
pub(super) fn failed(facts: &Facts<'_>) -> Vec<u8> {
    let mut out = facts.begin();
    let (wamid, error) = (facts.wamid(), facts.error());
    out.event_type(match facts.sent_as() {
        SentAs::Template => "templateMessageFailed",
        SentAs::Session => "sessionMessageFailed",
    });
    out.text("statusString", "Failed");
    out.text("localMessageId", &facts.local_message_id(wamid));
    out.string("failedCode", error.get("code"));
    out.string("failedDetail", error.get("title").or(error.get("message")));
    message(&mut out, facts, wamid);
    out.end()
}

/// Without `waId`, as at Wati.
fn status(
    facts: &Facts<'_>,
    version: WatiVersion,
    name: &str,
    said: &str,
    wamid: Json<'_>,
) -> Vec<u8> {
    let mut out = facts.begin();
    out.event_type(name);
    out.text("statusString", said);
    match version {
        WatiVersion::V1 => {}
        WatiVersion::V2 => out.text("localMessageId", &facts.local_message_id(wamid)),
    }
    message(&mut out, facts, wamid);
    match version {
        WatiVersion::V1 => {}
        WatiVersion::V2 => {
            out.channel(facts);
            out.user(facts);
        }
    }
    out.end()
}

/// A status does not say what the message said, nor of which type it was but for a template.
fn message(out: &mut Flat<'_>, facts: &Facts<'_>, wamid: Json<'_>) {
    out.text("id", &facts.id(wamid));
    out.string("whatsappMessageId", wamid);
    conversation(out, facts);
    out.null("text");
    out.text(
        "type",
        match facts.sent_as() {
            SentAs::Template => "template",
            SentAs::Session => "text",
        },
    );
    out.text("timestamp", &facts.timestamp());
    out.null("assigneeId");
    out.null("operatorEmail");
}
