//! What all formats have in common: numbers, totality, and the snapshots that pin their bytes.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::Value;

use super::json::Json;
use super::test_updates::{FromMeta, from_meta, meta_fixtures};
use super::*;
use crate::catalogue;
use crate::id::{CompanyId, EventId};

const V1: Format = Format::Wati {
    version: WatiVersion::V1,
    names: WatiNames {
        phone_number_quality: PhoneNumberQualityName::Update,
        template_sent: TemplateSentName::V2,
    },
};
const FORMATS: [(&str, Format); 4] = [
    ("hookferry", Format::Hookferry),
    ("wati_1", V1),
    ("wati_2", Format::WATI_V2),
    ("meta", Format::Meta),
];

pub(super) fn event(event_type: &str, data: &str) -> Event {
    event_at(event_type, data, DateTime::from_timestamp(1_789_632_016, 626_857_200).unwrap())
}

pub(super) fn event_at(event_type: &str, data: &str, occurred_at: DateTime<Utc>) -> Event {
    Event {
        id: EventId::from_raw(1 << 50),
        company: CompanyId::from_raw(2 << 50),
        event_type: EventTypeName::parse(event_type).unwrap(),
        data: data.as_bytes().into(),
        occurred_at,
        session: None,
    }
}

fn body(format: Format, event: &Event) -> String {
    String::from_utf8(render(format, RenderVersion::V1, event)).unwrap()
}

/// The member `eventType` of a body.
pub(super) fn name_on_the_wire(format: Format, event: &Event) -> String {
    let body = body(format, event);
    Json::read(body.as_bytes()).members().get("eventType").text().unwrap().into_owned()
}

#[test]
fn numbers_stay_what_they_are() {
    let wati = |version, phone_number_quality, template_sent| Format::Wati {
        version,
        names: WatiNames { phone_number_quality, template_sent },
    };
    use PhoneNumberQualityName::{Update, UpdatedEvent};
    use TemplateSentName::{V2, V2Bsuid};
    for (format, number) in [
        (Format::Hookferry, 0),
        (wati(WatiVersion::V1, Update, V2), 1),
        (wati(WatiVersion::V2, Update, V2), 2),
        (Format::Meta, 3),
        (wati(WatiVersion::V1, UpdatedEvent, V2), 17),
        (wati(WatiVersion::V2, UpdatedEvent, V2), 18),
        (wati(WatiVersion::V1, Update, V2Bsuid), 33),
        (wati(WatiVersion::V2, Update, V2Bsuid), 34),
        (wati(WatiVersion::V1, UpdatedEvent, V2Bsuid), 49),
        (wati(WatiVersion::V2, UpdatedEvent, V2Bsuid), 50),
    ] {
        assert_eq!(format.number(), number);
        assert_eq!(Format::from_number(number), Some(format));
    }
    let known = (-100..300).filter(|number| Format::from_number(*number).is_some());
    assert_eq!(known.collect::<Vec<_>>(), [0, 1, 2, 3, 17, 18, 33, 34, 49, 50]);
    for number in [i64::MIN, i64::MAX, 1 << 32, (1 << 32) | 1] {
        assert_eq!(Format::from_number(number), None);
    }
    assert_eq!((RenderVersion::V1.number(), RenderVersion::LATEST), (1, RenderVersion::V1));
    for (number, version) in [(0, None), (1, Some(RenderVersion::V1)), (2, None), (-1, None)] {
        assert_eq!(RenderVersion::from_number(number), version);
    }
}

#[test]
fn what_the_api_takes() {
    let usual = WatiNames::default();
    let event_name = usual.choose(PHONE_NUMBER_QUALITY, "PhoneNumberQualityUpdatedEvent").unwrap();
    assert_eq!(Format::parse("wati", None, usual), Ok(V1));
    assert_eq!(Format::parse("wati", Some(2), usual), Ok(Format::WATI_V2));
    for version in [0, 3, -1, i64::MAX] {
        assert_eq!(Format::parse("wati", Some(version), usual), Err(FormatError::WatiVersion));
    }
    for (name, format) in [("hookferry", Format::Hookferry), ("meta", Format::Meta)] {
        assert_eq!(Format::parse(name, None, usual), Ok(format));
        assert_eq!(Format::parse(name, Some(1), usual), Err(FormatError::NotWati));
        assert_eq!(Format::parse(name, None, event_name), Err(FormatError::NotWati));
    }
    for name in ["", "Wati", "wati_v2", "hookferry "] {
        assert_eq!(Format::parse(name, None, usual), Err(FormatError::Format));
    }
    for (_, format) in FORMATS {
        let version = match format {
            Format::Wati { version, .. } => Some(version.number()),
            Format::Hookferry | Format::Meta => None,
        };
        assert_eq!(Format::parse(format.name(), version, usual), Ok(format));
    }
}

#[test]
fn names_are_chosen() {
    let usual = WatiNames::default();
    let both = [
        (PHONE_NUMBER_QUALITY, "PhoneNumberQualityUpdatedEvent"),
        (TEMPLATE_SENT, "templateMessageSent_v2_bsuid"),
    ];
    let chosen = both.iter().fold(usual, |names, (of, name)| names.choose(of, name).unwrap());
    assert_eq!(chosen.chosen(), both);
    assert_eq!(usual.chosen(), []);
    assert_eq!(chosen.choose(TEMPLATE_SENT, "templateMessageSent_v2").unwrap().chosen(), both[..1]);
    let wrong = chosen.choose(TEMPLATE_SENT, "templateSent").unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "must be `templateMessageSent_v2` or `templateMessageSent_v2_bsuid`"
    );
    assert_eq!(usual.choose("message.read", "sentMessageREAD"), Err(FormatError::NoChoice));
    let asked = ["message", "PhoneNumberQualityUpdatedEvent", "templateMessageSent_v2_bsuid", "x"];
    assert_eq!(WatiNames::asked_for(asked), chosen);
    assert_eq!(WatiNames::asked_for(["message"]), usual);
}

/// Each name that can be chosen is the one on the wire.
#[test]
fn a_chosen_name_is_written() {
    let sample = |event_type: &str| event(event_type, catalogue::find(event_type).unwrap().sample);
    for event_type in [PHONE_NUMBER_QUALITY, TEMPLATE_SENT] {
        for name in WATI_NAMES.iter().filter(|known| known.event_type == Some(event_type)) {
            let Ok(names) = WatiNames::default().choose(event_type, name.name) else {
                assert_eq!(name.name, "templateMessageSent");
                continue;
            };
            let format = Format::Wati { version: WatiVersion::V2, names };
            assert_eq!(name_on_the_wire(format, &sample(event_type)), name.name);
        }
    }
}

#[test]
fn only_what_a_receiver_could_know_has_a_form() {
    let without = |format: Format| -> Vec<&str> {
        let all = catalogue::built_in().iter().map(|known| known.name);
        all.filter(|name| !format.has_form(&EventTypeName::parse(name).unwrap())).collect()
    };
    let ours = [
        "session.started",
        "session.activated",
        "session.expired",
        "endpoint.warning",
        "endpoint.defective",
        "endpoint.recovered",
        "delivery.exhausted",
    ];
    assert_eq!(without(Format::Hookferry), [""; 0]);
    let derived = ["contact.created", "message.replied"];
    assert_eq!(without(Format::Meta), [&derived, &ours[..], &["webhook.sample"]].concat());
    let first = [
        "message.sent",
        "message.played",
        "message.edited",
        "message.revoked",
        "template.components_updated",
        "account.alert",
        "phone_number.name_updated",
        "security.updated",
        "flow.updated",
    ];
    let last = ["whatsapp.messages", "webhook.sample"];
    for format in [V1, Format::WATI_V2] {
        assert_eq!(without(format), [&first, &ours[..], &last].concat());
    }
    for (name, in_meta) in [
        ("order.created", false),
        ("whatsapp.calls", true),
        ("whatsapp", false),
        ("whatsapp.a.b", false),
    ] {
        let name = EventTypeName::parse(name).unwrap();
        assert!(Format::Hookferry.has_form(&name));
        assert_eq!((Format::Meta.has_form(&name), V1.has_form(&name)), (in_meta, false), "{name}");
    }
}

/// An event that a format has no form for is written as Hookferry's own: of no use to the receiver's
/// code, but not wrong either.
#[test]
fn without_a_form_it_is_our_own() {
    for format in [V1, Format::WATI_V2, Format::Meta] {
        let sample = event("webhook.sample", "{\"a\":1}");
        assert_eq!(render(format, RenderVersion::V1, &sample), wire::render(&sample));
    }
}

/// Every sample in every format: the bytes of version 1, for ever.
#[test]
fn samples_in_every_format() {
    for (name, format) in FORMATS {
        let mut bodies = String::new();
        for known in catalogue::built_in() {
            let written = match format.has_form(&EventTypeName::parse(known.name).unwrap()) {
                true => body(format, &event(known.name, known.sample)),
                false => "–".to_owned(),
            };
            bodies += &format!("{}\n{written}\n\n", known.name);
        }
        insta::assert_snapshot!(format!("samples_{name}_version_1"), bodies);
    }
}

/// Every kind of update that Meta sends, in Wati's shape.
#[test]
fn updates_of_meta_as_wati() {
    let mut bodies = String::new();
    for (name, notification) in meta_fixtures() {
        for FromMeta { event_type, data, .. } in from_meta(&notification) {
            if V1.has_form(&EventTypeName::parse(&event_type).unwrap()) {
                let body = body(Format::WATI_V2, &event(&event_type, &data));
                bodies += &format!("{name} ({event_type})\n{body}\n\n");
            }
        }
    }
    insta::assert_snapshot!("updates_wati_2_version_1", bodies);
}

/// Data of no shape at all, as somebody may post it.
#[test]
fn data_of_any_shape() {
    for (name, format) in &FORMATS[1..] {
        let mut bodies = String::new();
        for known in catalogue::built_in() {
            if !format.has_form(&EventTypeName::parse(known.name).unwrap()) {
                continue;
            }
            let empty = body(*format, &event(known.name, "{}"));
            for data in ["[]", "null", "1", "\"a\"", "", "{", "[{}]"] {
                assert_eq!(body(*format, &event(known.name, data)), empty, "{}", known.name);
            }
            bodies += &format!("{}\n{empty}\n\n", known.name);
        }
        insta::assert_snapshot!(format!("empty_{name}_version_1"), bodies);
    }
}

/// `docs/formats.md` shows what is sent, and names what Wati's receivers know.
#[test]
fn the_page_is_true() {
    let page = include_str!("../../../../docs/formats.md");
    let mut shown = Vec::new();
    for block in page.split("```json\n").skip(1) {
        let block: String = json::compact(block.split("```").next().unwrap()).collect();
        let of = |name: &str, format: Format| {
            block == body(format, &event(name, catalogue::find(name).unwrap().sample))
        };
        let found = FORMATS.iter().find_map(|(name, format)| {
            let known = catalogue::built_in().iter().find(|known| of(known.name, *format))?;
            Some((*name, known.name))
        });
        shown.push(found.unwrap_or_else(|| panic!("no sample is written so: {block}")));
    }
    let expected = [
        ("hookferry", "message.received"),
        ("wati_1", "message.received"),
        ("wati_2", "message.delivered"),
        ("meta", "message.received"),
    ];
    assert_eq!(shown, expected);
    for known in catalogue::built_in() {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", known.name)));
        if !V1.has_form(&EventTypeName::parse(known.name).unwrap()) {
            assert_eq!(row, None, "{}", known.name);
            continue;
        }
        let sample = event(known.name, known.sample);
        for format in [V1, Format::WATI_V2] {
            let name = format!("`{}`", name_on_the_wire(format, &sample));
            assert!(row.unwrap().contains(&name), "{} is {name}", known.name);
        }
    }
    for name in WATI_NAMES {
        assert!(page.contains(&format!("`{}`", name.name)), "{}", name.name);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "waba_id",
        "phone_number_id",
        "display_phone_number",
        "contact",
        "contacts",
        "message_id",
        "timestamp",
        "message",
        "status",
        "value",
        "value_rest",
        "entry_time",
        "field",
        "wati",
        "sent_as",
        "type",
        "text",
        "image",
        "audio",
        "interactive",
        "button_reply",
        "context",
        "id",
        "url",
        "errors",
        "pricing",
        "event",
        "template",
        "name",
        "wa_id",
        "metadata",
        "referral",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["image", "audio", "interactive", "document", "session"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 60, 12, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..12).prop_map(|members| {
                Value::Object(
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn every_body_is_json(data in any_json(), at: i64, kind in 0..catalogue::built_in().len()) {
        let known = catalogue::built_in()[kind];
        let at = DateTime::from_timestamp_micros(at).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let event = event_at(known.name, &data.to_string(), at);
        for (_, format) in FORMATS {
            let body = render(format, RenderVersion::V1, &event);
            prop_assert!(serde_json::from_slice::<Value>(&body).is_ok(), "{format:?} {}", known.name);
            prop_assert_eq!(&body, &render(format, RenderVersion::V1, &event));
        }
    }

    #[test]
    fn no_data_panics(data: Vec<u8>, kind in 0..catalogue::built_in().len()) {
        let known = catalogue::built_in()[kind];
        let event = Event { data: data.into(), ..event(known.name, "") };
        for (_, format) in &FORMATS[1..] {
            if format.has_form(&event.event_type) {
                prop_assert!(serde_json::from_slice::<Value>(&render(*format, RenderVersion::V1, &event)).is_ok());
            }
        }
    }
}
