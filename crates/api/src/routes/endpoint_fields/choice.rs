//! Which events an endpoint takes, and how they are written to it.

use domain::catalogue;
use domain::event_type::Selector;
use domain::filter::Filter;
use domain::format::{Format, FormatError, WatiNames};
use domain::selection::{PHONE_NUMBER_IDS_MAX, PhoneNumberIds, PhoneNumberIdsError, SessionWanted};

use super::{not_null, or_default, or_none};
use crate::code::Code;
use crate::event_body::unknown_type;
use crate::fields::{Fields, Given};

const SELECTORS_MAX: usize = 100;

/// `event_types`; `own` are the names of the company's own ones.
pub fn read_selectors(fields: &mut Fields<'_>, own: &[&str]) -> Option<Vec<Selector>> {
    let texts = fields.texts("event_types", 1..=SELECTORS_MAX);
    let texts = not_null(fields, "event_types", texts)?;
    let mut selectors = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        match known_selector(text, own) {
            Ok(selector) if selectors.contains(&selector) => {}
            Ok(selector) => selectors.push(selector),
            Err(detail) => fields.mistake_in("event_types", index, Code::UnknownEventType, detail),
        }
    }
    Some(selectors)
}

/// Archived types are picked as well: they may come back.
fn known_selector(text: &str, own: &[&str]) -> Result<Selector, String> {
    match Selector::parse(text) {
        Ok(Selector::Exact(name)) => {
            let text = name.as_str();
            let built_in = catalogue::is_known(text) || catalogue::find(text).is_some();
            if built_in || own.contains(&text) {
                Ok(Selector::Exact(name))
            } else {
                Err(unknown_type(text, own.iter().copied()))
            }
        }
        Ok(Selector::Prefix(prefix)) => {
            let is_own = own.iter().any(|name| name.starts_with(prefix.as_ref()));
            if is_own || catalogue::is_known_prefix(&prefix) {
                Ok(Selector::Prefix(prefix))
            } else {
                let lists = "GET /api/v1/event-types lists them";
                Err(format!("no event type begins with `{prefix}`; {lists}"))
            }
        }
        Ok(Selector::All) => Ok(Selector::All),
        Err(error) => Err(format!("{error}, or end with `.*`, or be `*`")),
    }
}

/// `format`, `wati_version` and `wati_names` on top of what the endpoint has; `None` where none of them is
/// given. Another format than Wati's leaves the other two behind.
pub fn read_format(fields: &mut Fields<'_>, current: Format) -> Option<Format> {
    let name = fields.text("format", 0..=usize::MAX);
    let version = fields.integer("wati_version", 1..=2);
    let names = read_wati_names(fields);
    if (&name, &version, &names) == (&Given::Absent, &Given::Absent, &Given::Absent) {
        return None;
    }
    let name = match name {
        Given::Absent => current.name().to_owned(),
        Given::Null => Format::default().name().to_owned(),
        Given::Value(name) => name,
    };
    let (old_version, old_names) = match current {
        Format::Wati { version, names } if name == current.name() => {
            (Some(version.number()), names)
        }
        Format::Wati { .. } | Format::Hookferry | Format::Meta => (None, WatiNames::default()),
    };
    let not_wati = if version.clone().value().is_some() { "wati_version" } else { "wati_names" };
    let version = or_none(version).unwrap_or(old_version);
    let names = or_default(names, |names| names, WatiNames::default()).unwrap_or(old_names);
    match Format::parse(&name, version, names) {
        Ok(format) => Some(format),
        Err(error) => {
            let place = match error {
                FormatError::Format => "format",
                FormatError::WatiVersion => "wati_version",
                FormatError::NotWati => not_wati,
                FormatError::NoChoice | FormatError::Name(_) => "wati_names",
            };
            fields.mistake(place, Code::InvalidField, error.to_string());
            None
        }
    }
}

/// An object of event types and what they are to be called.
fn read_wati_names(fields: &mut Fields<'_>) -> Given<WatiNames> {
    let chosen = match fields.text_map("wati_names") {
        Given::Absent => return Given::Absent,
        Given::Null => return Given::Null,
        Given::Value(chosen) => chosen,
    };
    let mut names = WatiNames::default();
    for (event_type, name) in chosen {
        match names.choose(&event_type, &name) {
            Ok(with) => names = with,
            Err(error) => {
                let below = format!("/{}", event_type.replace('~', "~0").replace('/', "~1"));
                fields.mistake_below("wati_names", &below, error.to_string());
            }
        }
    }
    Given::Value(names)
}

/// `filter`; each fault is told with its place.
pub fn read_filter(fields: &mut Fields<'_>) -> Given<Filter> {
    let raw = match fields.raw("filter") {
        Given::Absent => return Given::Absent,
        Given::Null => return Given::Null,
        Given::Value(raw) => raw,
    };
    match Filter::parse(raw.get()) {
        Ok(filter) => Given::Value(filter),
        Err(faults) => {
            for fault in faults {
                fields.mistake_below("filter", &fault.pointer, fault.message);
            }
            Given::Absent
        }
    }
}

/// `phone_number_ids`.
pub fn read_numbers(fields: &mut Fields<'_>) -> Given<PhoneNumberIds> {
    let texts = match fields.texts("phone_number_ids", 1..=PHONE_NUMBER_IDS_MAX) {
        Given::Absent => return Given::Absent,
        Given::Null => return Given::Null,
        Given::Value(texts) => texts,
    };
    match PhoneNumberIds::parse(texts) {
        Ok(ids) => Given::Value(ids),
        Err(error) => {
            let below = match error {
                PhoneNumberIdsError::Count => String::new(),
                PhoneNumberIdsError::Item { index } => format!("/{index}"),
            };
            fields.mistake_below("phone_number_ids", &below, error.to_string());
            Given::Absent
        }
    }
}

/// `session`.
pub fn read_session(fields: &mut Fields<'_>) -> Given<SessionWanted> {
    fields.read("session", |value| {
        let wanted = value.as_str().and_then(SessionWanted::parse);
        wanted.ok_or_else(|| "must be `any`, `active` or `inactive`".to_owned())
    })
}
