//! What is set about mails: a company's settings, a member's choices and an address's kinds, each as
//! the JSON of its column.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::notice::NoticeKind;
use domain::notification::{Choices, Notifications, PerKind, Roles};
use domain::quiet::QuietHours;
use domain::role::Role;
use serde_json::{Map, Value, json};

use super::schedule::{schedule_from_text, schedule_to_text};
use crate::{EndpointDefaults, Error};

/// The settings of a company that has set nothing.
pub const NO_SETTINGS: &str = "{}";
/// The choices of a member who has none.
pub const NO_CHOICES: &str = "{}";

/// What of the column is about mails and endpoints; whatever else stands there is left alone.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Stored {
    time_zone: Option<String>,
    quiet_hours: Option<StoredHours>,
    /// Of each kind that is not as the default has it, by name.
    roles: BTreeMap<String, Vec<String>>,
    timeout_ms: Option<u64>,
    schedule: Option<Value>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct StoredHours {
    from: String,
    to: String,
    defective_breaks_through: bool,
}

fn corrupt(company: i64, what: impl std::fmt::Display) -> Error {
    Error::Corrupt { table: "companies", id: company, what: format!("settings: {what}") }
}

/// Reads a company's settings.
pub fn settings_of(company: i64, text: &str) -> Result<(Notifications, EndpointDefaults), Error> {
    // As an object: serde takes a list for a struct, too.
    let object: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| corrupt(company, error))?;
    let stored: Stored =
        serde_json::from_value(Value::Object(object)).map_err(|error| corrupt(company, error))?;
    let mut notifications = Notifications::default();
    if let Some(name) = stored.time_zone {
        notifications.time_zone = name.parse().map_err(|error| corrupt(company, error))?;
    }
    if let Some(StoredHours { from, to, defective_breaks_through }) = stored.quiet_hours {
        let time = |text: &str| text.parse().map_err(|error| corrupt(company, error));
        let hours = QuietHours::parse(time(&from)?, time(&to)?);
        notifications.quiet_hours = Some(hours.map_err(|error| corrupt(company, error))?);
        notifications.defective_breaks_through = defective_breaks_through;
    }
    for kind in NoticeKind::ALL {
        if let Some(names) = stored.roles.get(kind.as_str()) {
            let roles: Vec<Role> = names.iter().filter_map(|name| Role::parse(name)).collect();
            *notifications.roles.of_mut(kind) = Roles::of(&roles);
        }
    }
    let schedule = stored.schedule.map(|value| schedule_from_text(company, &value.to_string()));
    let defaults = EndpointDefaults {
        timeout: stored.timeout_ms.map(Duration::from_millis),
        schedule: schedule.transpose()?,
    };
    Ok((notifications, defaults))
}

/// The column's text with these settings in it; what else stands in `before` stays.
pub fn settings_text(
    company: i64,
    before: &str,
    notifications: &Notifications,
    defaults: &EndpointDefaults,
) -> Result<String, Error> {
    let mut text: Map<String, Value> =
        serde_json::from_str(before).map_err(|error| corrupt(company, error))?;
    let default = Notifications::default();
    let kinds = NoticeKind::ALL.into_iter();
    let kinds = kinds.filter(|kind| notifications.roles.of(*kind) != default.roles.of(*kind));
    let names = |roles: &Roles| roles.list().into_iter().map(|role| role.as_str().to_owned());
    let named = |kind: NoticeKind| {
        (kind.as_str().to_owned(), names(notifications.roles.of(kind)).collect())
    };
    let zone = notifications.time_zone;
    let stored = Stored {
        time_zone: (zone != default.time_zone).then(|| zone.as_str().to_owned()),
        quiet_hours: notifications.quiet_hours.map(|hours| StoredHours {
            from: hours.from().to_string(),
            to: hours.to().to_string(),
            defective_breaks_through: notifications.defective_breaks_through,
        }),
        roles: kinds.map(named).collect(),
        timeout_ms: defaults
            .timeout
            .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        schedule: defaults.schedule.as_ref().map(|choice| as_json(&schedule_to_text(choice))),
    };
    if let Ok(Value::Object(ours)) = serde_json::to_value(stored) {
        text.extend(ours);
    }
    Ok(Value::Object(text).to_string())
}

fn as_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Settings by name, as the audit log compares them.
pub fn settings_shown(
    notifications: &Notifications,
    defaults: &EndpointDefaults,
) -> Map<String, Value> {
    let hours = notifications.quiet_hours.map(|hours| {
        json!({
            "from": hours.from().to_string(), "to": hours.to().to_string(),
            "defective_breaks_through": notifications.defective_breaks_through,
        })
    });
    let timeout = defaults.timeout.map(|timeout| timeout.as_millis());
    let schedule = defaults.schedule.as_ref().map(|choice| as_json(&schedule_to_text(choice)));
    let mut shown = Map::new();
    shown.insert("time_zone".into(), json!(notifications.time_zone.as_str()));
    shown.insert("quiet_hours".into(), json!(hours));
    for kind in NoticeKind::ALL {
        let roles = notifications.roles.of(kind).list();
        let names: Vec<&str> = roles.into_iter().map(Role::as_str).collect();
        shown.insert(format!("roles.{}", kind.as_str()), json!(names));
    }
    shown.insert("endpoint_defaults.timeout_ms".into(), json!(timeout));
    shown.insert("endpoint_defaults.schedule".into(), json!(schedule));
    shown
}

/// Reads a member's choices.
pub fn choices_of(user: i64, text: &str) -> Result<Choices, Error> {
    let named: BTreeMap<String, bool> = serde_json::from_str(text).map_err(|error| {
        Error::Corrupt { table: "members", id: user, what: format!("notices: {error}") }
    })?;
    let mut choices = Choices::default();
    for kind in NoticeKind::ALL {
        *choices.of_mut(kind) = named.get(kind.as_str()).copied();
    }
    Ok(choices)
}

/// A member's choices as text.
pub fn choices_text(choices: &Choices) -> String {
    let named = NoticeKind::ALL.into_iter();
    let named = named.filter_map(|kind| Some((kind.as_str(), (*choices.of(kind))?)));
    json!(named.collect::<BTreeMap<_, _>>()).to_string()
}

/// Reads which kinds an address gets.
pub fn kinds_of(address: i64, text: &str) -> Result<PerKind<bool>, Error> {
    let names: Vec<String> = serde_json::from_str(text).map_err(|error| Error::Corrupt {
        table: "notification_addresses",
        id: address,
        what: format!("kinds: {error}"),
    })?;
    let mut kinds = PerKind::default();
    for kind in NoticeKind::ALL {
        *kinds.of_mut(kind) = names.iter().any(|name| name == kind.as_str());
    }
    Ok(kinds)
}

/// The names of the kinds that an address gets.
pub fn kind_names(kinds: &PerKind<bool>) -> Vec<&'static str> {
    let all = NoticeKind::ALL.into_iter();
    all.filter(|kind| *kinds.of(*kind)).map(NoticeKind::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_back_and_leave_others_alone() {
        let mut notifications = Notifications::default();
        assert_eq!(
            settings_of(1, NO_SETTINGS).unwrap(),
            (notifications, EndpointDefaults::default())
        );
        notifications.time_zone = "Europe/Berlin".parse().unwrap();
        let (from, to) = ("22:00".parse().unwrap(), "07:00".parse().unwrap());
        notifications.quiet_hours = Some(QuietHours::parse(from, to).unwrap());
        notifications.defective_breaks_through = false;
        notifications.roles.warning = Roles::NONE;
        let defaults = EndpointDefaults {
            timeout: Some(Duration::from_millis(7_500)),
            schedule: Some(crate::ScheduleChoice::Meta),
        };
        let text = settings_text(1, r#"{"other":{"a":1}}"#, &notifications, &defaults).unwrap();
        assert!(text.contains(r#""other":{"a":1}"#), "{text}");
        assert_eq!(settings_of(1, &text).unwrap(), (notifications, defaults));
        let default = Notifications::default();
        let text = settings_text(1, &text, &default, &EndpointDefaults::default()).unwrap();
        assert_eq!(settings_of(1, &text).unwrap(), (default, EndpointDefaults::default()));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for text in ["[]", "x", r#"{"time_zone":"Mars"}"#, r#"{"schedule":5}"#] {
            assert!(matches!(settings_of(1, text), Err(Error::Corrupt { .. })), "{text}");
        }
    }

    #[test]
    fn wishes_and_kinds_read_back() {
        let choices = Choices { warning: Some(false), recovered: Some(true), ..Choices::default() };
        assert_eq!(choices_of(1, &choices_text(&choices)).unwrap(), choices);
        assert_eq!(choices_of(1, NO_CHOICES).unwrap(), Choices::default());
        let kinds = PerKind { defective: true, ..PerKind::default() };
        let text = json!(kind_names(&kinds)).to_string();
        assert_eq!(
            (text.as_str(), kinds_of(1, &text).unwrap()),
            (r#"["endpoint_defective"]"#, kinds)
        );
    }
}
