//! Messages that came in or were sent.

use super::facts::Facts;
use super::flat::Flat;
use crate::format::json::{Json, Object};
use crate::format::{TemplateSentName, WatiVersion};

/// `sourceType` of a message that came by itself, and of one that an advertisement led to.
const SOURCE_ORGANIC: i64 = 0;
const SOURCE_AD: i64 = 1;

/// `message`, the same in both versions.
pub(super) fn received(facts: &Facts<'_>) -> Vec<u8> {
    let mut out = facts.begin();
    let content = Content::of(&facts.message);
    let (wamid, context) = (facts.wamid(), facts.context());
    out.text("id", &facts.id(wamid));
    out.text("created", &facts.created());
    out.string("whatsappMessageId", wamid);
    conversation(&mut out, facts);
    out.string("text", content.text);
    out.string("type", content.kind);
    out.json("data", content.data);
    let referral = facts.message.get("referral");
    source(&mut out, &referral.members());
    out.text("timestamp", &facts.timestamp());
    out.flag("owner", false);
    out.event_type("message");
    out.text("statusString", "SENT");
    out.null("avatarUrl");
    out.null("assignedId");
    out.null("operatorName");
    out.null("operatorEmail");
    out.string("waId", facts.wa_id());
    out.json("messageContact", content.contacts);
    out.string("senderName", facts.name());
    out.json("listReply", content.list_reply);
    out.json("interactiveButtonReply", content.interactive_button_reply);
    out.json("buttonReply", content.button_reply);
    out.string_or_empty("replyContextId", context.get("id").or(content.reacts_to));
    out.integer("sourceType", if referral.is_null() { SOURCE_ORGANIC } else { SOURCE_AD });
    out.flag("frequentlyForwarded", context.get("frequently_forwarded").is_true());
    out.flag("forwarded", context.get("forwarded").is_true());
    out.channel(facts);
    out.user(facts);
    out.end()
}

/// `newContactMessageReceived`, the same in both versions; what was written comes as `message`.
pub(super) fn new_contact(facts: &Facts<'_>) -> Vec<u8> {
    let mut out = facts.begin();
    let referral = facts.message.get("referral");
    out.event_type("newContactMessageReceived");
    out.text("id", &facts.contact_id());
    out.text("created", &facts.created());
    out.string("waId", facts.wa_id());
    out.string("senderName", facts.name());
    source(&mut out, &referral.members());
    out.integer("sourceType", if referral.is_null() { SOURCE_ORGANIC } else { SOURCE_AD });
    out.user(facts);
    out.end()
}

pub(super) fn session_sent(facts: &Facts<'_>, version: WatiVersion) -> Vec<u8> {
    let mut out = facts.begin();
    let content = Content::of(&facts.message);
    let wamid = facts.wamid();
    out.event_type(match version {
        WatiVersion::V1 => "sessionMessageSent",
        WatiVersion::V2 => "sessionMessageSent_v2",
    });
    out.text("id", &facts.id(wamid));
    out.string("whatsappMessageId", wamid);
    conversation(&mut out, facts);
    out.string("text", content.text);
    out.string("type", content.kind);
    out.json("data", content.data);
    out.text("timestamp", &facts.timestamp());
    out.flag("owner", true);
    out.text("statusString", "SENT");
    out.null("assigneeId");
    out.null("operatorEmail");
    out.null("operatorName");
    out.string("waId", facts.wa_id());
    match version {
        WatiVersion::V1 => {}
        WatiVersion::V2 => {
            out.text("localMessageId", &facts.local_message_id(wamid));
            out.null("chatbotTriggeredEventId");
            out.string_or_empty("replyContextId", facts.context().get("id").or(content.reacts_to));
        }
    }
    out.end()
}

pub(super) fn template_sent(
    facts: &Facts<'_>,
    version: WatiVersion,
    name: TemplateSentName,
) -> Vec<u8> {
    let mut out = facts.begin();
    let wamid = facts.wamid();
    let template = facts.message.get("template").members().get("name");
    out.event_type(match version {
        WatiVersion::V1 => "templateMessageSent",
        WatiVersion::V2 => name.as_str(),
    });
    match version {
        WatiVersion::V1 => {}
        WatiVersion::V2 => out.text("localMessageId", &facts.local_message_id(wamid)),
    }
    out.text("id", &facts.id(wamid));
    out.string("whatsappMessageId", wamid);
    out.text_or_null("templateId", facts.template_id(template).as_deref());
    out.string("templateName", template);
    out.text("created", &facts.created());
    conversation(&mut out, facts);
    out.string("text", facts.message.get("text").members().get("body"));
    out.null("operatorEmail");
    out.string("waId", facts.wa_id());
    out.text("type", "template");
    out.text("statusString", "SENT");
    out.text("sourceType", "API");
    match (version, name) {
        (WatiVersion::V1, TemplateSentName::V2 | TemplateSentName::V2Bsuid) => {}
        (WatiVersion::V2, name) => {
            out.null("headerLink");
            out.null("headerType");
            out.channel(facts);
            match name {
                TemplateSentName::V2 => {}
                TemplateSentName::V2Bsuid => out.user(facts),
            }
        }
    }
    out.end()
}

pub(super) fn conversation(out: &mut Flat<'_>, facts: &Facts<'_>) {
    out.text_or_null("conversationId", facts.conversation_id().as_deref());
    out.text_or_null("ticketId", facts.ticket_id().as_deref());
}

fn source(out: &mut Flat<'_>, referral: &Object<'_>) {
    out.string("sourceId", referral.get("source_id"));
    out.string("sourceUrl", referral.get("source_url"));
}

impl Flat<'_> {
    /// The channel is the account's first one (`null`) as far as we know; its number is what tells.
    pub(super) fn channel(&mut self, facts: &Facts<'_>) {
        self.null("channelId");
        self.text_or_null("channelPhoneNumber", facts.channel_phone_number().as_deref());
    }

    /// The members that are only there where they are known.
    pub(super) fn user(&mut self, facts: &Facts<'_>) {
        self.if_known("bsuid", facts.user_id());
        self.if_known("parentBsuid", facts.parent_user_id());
        self.if_known("username", facts.username());
    }
}

/// What a message says, in Wati's members.
struct Content<'a> {
    kind: Json<'a>,
    text: Json<'a>,
    data: Json<'a>,
    contacts: Json<'a>,
    list_reply: Json<'a>,
    interactive_button_reply: Json<'a>,
    button_reply: Json<'a>,
    reacts_to: Json<'a>,
}

impl<'a> Content<'a> {
    /// Of Meta's own message. A type that has no rule here keeps its object in `data`, so nothing is lost.
    fn of(message: &Object<'a>) -> Self {
        let kind = message.get("type");
        let name = kind.text().unwrap_or_default();
        let body = message.get(&name);
        let members = body.members();
        let said = |text: Json<'a>| Self { text, ..Self::nothing(kind) };
        match name.as_ref() {
            "text" => said(members.get("body")),
            "image" | "video" | "sticker" => {
                Self { data: media(&members), ..said(members.get("caption")) }
            }
            "document" => {
                let text = members.get("caption").or(members.get("filename"));
                Self { data: media(&members), ..said(text) }
            }
            "audio" => {
                let voice = members.get("voice").is_true();
                let kind = if voice { Json::read(b"\"voice\"") } else { kind };
                Self { data: media(&members), ..Self::nothing(kind) }
            }
            "button" => Self { button_reply: body, ..said(members.get("text")) },
            "interactive" => Self::interactive(kind, &members),
            "contacts" => Self { contacts: body, ..Self::nothing(kind) },
            "reaction" => Self {
                reacts_to: members.get("message_id"),
                ..said(members.get("emoji").or(Json::read(b"\"\"")))
            },
            "location" => {
                Self { data: body, ..said(members.get("name").or(members.get("address"))) }
            }
            "order" => Self { data: body, ..said(members.get("text")) },
            "system" => Self { data: body, ..said(members.get("body")) },
            _ => Self { data: body, ..Self::nothing(kind) },
        }
    }

    fn interactive(kind: Json<'a>, interactive: &Object<'a>) -> Self {
        let nothing = Self::nothing(kind);
        let (button, list) = (interactive.get("button_reply"), interactive.get("list_reply"));
        let flow = interactive.get("nfm_reply");
        if !button.is_null() {
            let text = button.members().get("title");
            Self { text, interactive_button_reply: button, ..nothing }
        } else if !list.is_null() {
            Self { text: list.members().get("title"), list_reply: list, ..nothing }
        } else {
            Self { text: flow.members().get("body"), data: flow, ..nothing }
        }
    }

    fn nothing(kind: Json<'a>) -> Self {
        let null = Json::NULL;
        Self {
            kind,
            text: null,
            data: null,
            contacts: null,
            list_reply: null,
            interactive_button_reply: null,
            button_reply: null,
            reacts_to: null,
        }
    }
}

/// Wati gives the address of a file that it keeps. We keep none, so this is Meta's address where there is
/// one, else the id by which Meta is asked for it: a string either way, as receivers expect.
fn media<'a>(media: &Object<'a>) -> Json<'a> {
    media.get("url").or(media.get("id"))
}
