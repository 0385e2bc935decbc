//! The fields of an endpoint in requests that make or change one.

use std::time::Duration;

use chrono::TimeDelta;
use domain::catalogue;
use domain::endpoint_url::{self, UrlError};
use domain::event_type::Selector;
use domain::external_key;
use domain::outcome::Acknowledge;
use domain::schedule::RetrySchedule;
use domain::secret::EndpointSecret;
use domain::traffic::{IN_FLIGHT_MAX, InFlight, PER_SECOND_MAX, PerSecond, Traffic};
use domain::wire::REDACTED;
use serde_json::Value;
use store::{EndpointDefaults, EndpointPatch, NewEndpoint, ScheduleChoice, SwitchWanted};

use crate::code::Code;
use crate::error::ApiError;
use crate::event_body::unknown_type;
use crate::fields::{Fields, Given};
use crate::serve::Config;

const DESCRIPTION_BYTES_MAX: usize = 500;
const SELECTORS_MAX: usize = 100;
/// Fields of an endpoint that are shown and cannot be set.
const SHOWN_ONLY: [&str; 8] = [
    "id",
    "status_reason",
    "streak",
    "streak_started_at",
    "last_status_code",
    "last_error",
    "created_at",
    "updated_at",
];
/// What a time limit can be.
pub const TIMEOUT_MS: std::ops::RangeInclusive<i64> = 1_000..=30_000;

/// Reads an endpoint that is to be made; `own` are the names of the company's own event types, `random`
/// is what its secret is made of where none is supplied.
pub fn read_new(
    text: &str,
    config: &Config,
    own: &[&str],
    random: [u8; 32],
) -> Result<NewEndpoint, ApiError> {
    let mut fields = Fields::parse(text)?;
    fields.require("url");
    fields.require("event_types");
    let secret = read_secret(&mut fields).unwrap_or_else(|| EndpointSecret::from_random(random));
    let patch = read_parts(&mut fields, config, own);
    let mut headers = Vec::new();
    for (name, value) in patch.headers.unwrap_or_default() {
        match value {
            Some(value) => headers.push((name, value)),
            None => {
                fields.mistake("headers", Code::InvalidField, format!("`{name}` has no value yet"))
            }
        }
    }
    fields.finish()?;
    Ok(NewEndpoint {
        url: patch.url.unwrap_or_default(),
        description: patch.description.unwrap_or_default(),
        event_types: patch.event_types.unwrap_or_default(),
        headers,
        secret,
        timeout: patch.timeout.unwrap_or(config.default_timeout),
        acknowledge: patch.acknowledge.unwrap_or(Acknowledge::Any2xx),
        schedule: patch.schedule.unwrap_or(ScheduleChoice::Standard),
        external_key: patch.external_key.flatten(),
        traffic: Traffic {
            per_second: patch.per_second.flatten(),
            max_in_flight: patch.max_in_flight.flatten(),
            ordered: patch.ordered.unwrap_or(false),
        },
        switch: patch.switch.unwrap_or(SwitchWanted::Enabled),
    })
}

/// Reads what is to change about an endpoint: absent is unchanged, null is the default.
pub fn read_patch(text: &str, config: &Config, own: &[&str]) -> Result<EndpointPatch, ApiError> {
    let mut fields = Fields::parse(text)?;
    for name in SHOWN_ONLY {
        fields.read_only(name, "");
    }
    fields.read_only("secret", "; POST .../secret/rotate changes it");
    let patch = read_parts(&mut fields, config, own);
    fields.finish()?;
    Ok(patch)
}

/// A secret that the caller supplies.
pub fn read_secret(fields: &mut Fields<'_>) -> Option<EndpointSecret> {
    fields
        .read("secret", |value| {
            let text = value.as_str().ok_or("must be a string")?;
            EndpointSecret::parse(text).map_err(|error| error.to_string())
        })
        .value()
}

fn read_parts(fields: &mut Fields<'_>, config: &Config, own: &[&str]) -> EndpointPatch {
    let always = ["request", "filter", "phone_number_ids", "wati_version"];
    for name in always {
        fields.not_supported(name, &[]);
    }
    fields.not_supported("session", &["\"any\""]);
    fields.not_supported("format", &["\"hookferry\""]);
    let ordered = fields.boolean("ordered");
    let description = fields.text("description", 0..=DESCRIPTION_BYTES_MAX);
    let timeout = fields.integer("timeout_ms", TIMEOUT_MS);
    let timeout =
        or_default(timeout, |ms| Duration::from_millis(ms.unsigned_abs()), config.default_timeout);
    let acknowledge = fields.read("acknowledge", |value| match value.as_str() {
        Some("any_2xx") => Ok(Acknowledge::Any2xx),
        Some("only_200") => Ok(Acknowledge::Only200),
        Some(_) | None => Err("must be `any_2xx` or `only_200`".into()),
    });
    EndpointPatch {
        url: read_url(fields, config),
        description: or_default(description, |text| text, String::new()),
        event_types: read_selectors(fields, own),
        headers: read_headers(fields),
        timeout,
        acknowledge: or_default(acknowledge, |acknowledge| acknowledge, Acknowledge::Any2xx),
        schedule: read_schedule(fields),
        external_key: or_none(read_key(fields)),
        per_second: or_none(read_rate(fields)),
        max_in_flight: or_none(read_in_flight(fields)),
        ordered: or_default(ordered, |ordered| ordered, false),
        switch: read_switch(fields),
    }
}

fn read_key(fields: &mut Fields<'_>) -> Given<String> {
    fields.read("external_key", |value| {
        let key = value.as_str().ok_or("must be a string")?;
        external_key::check(key).map_err(|error| error.to_string())?;
        Ok(key.to_owned())
    })
}

/// A field whose default is none.
fn or_none<T>(given: Given<T>) -> Option<Option<T>> {
    match given {
        Given::Absent => None,
        Given::Null => Some(None),
        Given::Value(value) => Some(Some(value)),
    }
}

/// `rate_limit`: an object, so that other rates than one of seconds have room beside it.
fn read_rate(fields: &mut Fields<'_>) -> Given<PerSecond> {
    let mut rate = None;
    let given = fields.nested("rate_limit", |inner| {
        inner.require("per_second");
        rate = inner
            .read("per_second", |value| {
                let number = value.as_i64().and_then(PerSecond::parse);
                number.ok_or_else(|| format!("must be a whole number from 1 to {PER_SECOND_MAX}"))
            })
            .value();
    });
    match (given, rate) {
        (Given::Value(()), Some(rate)) => Given::Value(rate),
        (Given::Null, _) => Given::Null,
        (Given::Absent | Given::Value(()), _) => Given::Absent,
    }
}

fn read_in_flight(fields: &mut Fields<'_>) -> Given<InFlight> {
    fields.read("max_in_flight", |value| {
        let number = value.as_i64().and_then(InFlight::parse);
        number.ok_or_else(|| format!("must be a whole number from 1 to {IN_FLIGHT_MAX}"))
    })
}

fn or_default<T, U>(given: Given<T>, map: impl FnOnce(T) -> U, default: U) -> Option<U> {
    match given {
        Given::Absent => None,
        Given::Null => Some(default),
        Given::Value(value) => Some(map(value)),
    }
}

/// A field for which there is no default: null is a mistake.
fn not_null<T>(fields: &mut Fields<'_>, name: &str, given: Given<T>) -> Option<T> {
    match given {
        Given::Absent => None,
        Given::Null => {
            fields.mistake(name, Code::InvalidField, "cannot be null");
            None
        }
        Given::Value(value) => Some(value),
    }
}

fn read_url(fields: &mut Fields<'_>, config: &Config) -> Option<String> {
    let text = fields.text("url", 0..=usize::MAX);
    let text = not_null(fields, "url", text)?;
    match endpoint_url::check(&text, &config.policy, config.allow_http) {
        Ok(_) => Some(text),
        Err(error) => {
            fields.mistake("url", url_code(&error), error.to_string());
            None
        }
    }
}

const fn url_code(error: &UrlError) -> Code {
    match error {
        UrlError::Forbidden(_) => Code::AddressForbidden,
        UrlError::Malformed
        | UrlError::Length
        | UrlError::Scheme
        | UrlError::PlainHttp
        | UrlError::Credentials
        | UrlError::Fragment => Code::UrlRefused,
    }
}

fn read_selectors(fields: &mut Fields<'_>, own: &[&str]) -> Option<Vec<Selector>> {
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

fn read_headers(fields: &mut Fields<'_>) -> Option<Vec<(String, Option<String>)>> {
    let headers = match fields.text_map("headers") {
        Given::Absent => return None,
        Given::Null => return Some(Vec::new()),
        Given::Value(headers) => headers,
    };
    // A kept value was checked when it was given; its name is checked with a stand-in.
    let checked: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| {
            (name.clone(), if value == REDACTED { "kept".into() } else { value.clone() })
        })
        .collect();
    if let Err(error) = endpoint_url::check_headers(&checked) {
        fields.mistake("headers", Code::InvalidField, error.to_string());
    }
    let kept = |value: String| (value != REDACTED).then_some(value);
    Some(headers.into_iter().map(|(name, value)| (name, kept(value))).collect())
}

fn read_schedule(fields: &mut Fields<'_>) -> Option<ScheduleChoice> {
    or_default(read_schedule_or_null(fields), |schedule| schedule, ScheduleChoice::Standard)
}

/// `schedule`.
pub fn read_schedule_or_null(fields: &mut Fields<'_>) -> Given<ScheduleChoice> {
    fields.read("schedule", |value| match value {
        Value::String(name) if name == "standard" => Ok(ScheduleChoice::Standard),
        Value::String(name) if name == "meta" => Ok(ScheduleChoice::Meta),
        Value::Object(object) if object.len() == 1 => custom_schedule(object.get("custom_seconds")),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => Err(SCHEDULE_FORMS.into()),
    })
}

/// What the body leaves out, or gives as null, is as the company has it for new endpoints.
pub fn begin_as_company_has_it(
    text: &str,
    defaults: EndpointDefaults,
    endpoint: &mut NewEndpoint,
) -> Result<(), ApiError> {
    let mut fields = Fields::parse(text)?;
    let is_left = |given| !matches!(given, Given::Value(_));
    if let Some(timeout) = defaults.timeout.filter(|_| is_left(fields.raw("timeout_ms"))) {
        endpoint.timeout = timeout;
    }
    if let Some(schedule) = defaults.schedule.filter(|_| is_left(fields.raw("schedule"))) {
        endpoint.schedule = schedule;
    }
    Ok(())
}

const SCHEDULE_FORMS: &str =
    "must be `standard`, `meta` or an object {\"custom_seconds\":[…]} of whole seconds";

fn custom_schedule(seconds: Option<&Value>) -> Result<ScheduleChoice, String> {
    let items = seconds.and_then(Value::as_array).ok_or(SCHEDULE_FORMS)?;
    let wait = |item: &Value| item.as_i64().and_then(TimeDelta::try_seconds).ok_or(SCHEDULE_FORMS);
    let waits = items.iter().map(wait).collect::<Result<Vec<_>, _>>()?;
    RetrySchedule::custom(waits.clone()).map_err(|error| error.to_string())?;
    Ok(ScheduleChoice::Custom(waits))
}

fn read_switch(fields: &mut Fields<'_>) -> Option<SwitchWanted> {
    let switch = fields.read("status", |value| match value.as_str() {
        Some("enabled") => Ok(SwitchWanted::Enabled),
        Some("disabled") => Ok(SwitchWanted::Disabled),
        Some("paused") => Ok(SwitchWanted::Paused),
        Some("defective") => Err("is found by the engine; write `enabled` to begin afresh".into()),
        Some(_) | None => Err("must be `enabled`, `disabled` or `paused`".into()),
    });
    not_null(fields, "status", switch)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &[&str] = &["order.created", "order.line.added"];

    fn config() -> Config {
        crate::routes::test_config()
    }

    fn new(extra: &str) -> Result<NewEndpoint, ApiError> {
        let body = format!(r#"{{"url":"https://example.com/h","event_types":["*"]{extra}}}"#);
        read_new(&body, &config(), &[], [7; 32])
    }

    #[test]
    fn an_endpoint_needs_a_url_and_event_types_and_the_rest_has_defaults() {
        let made = new("").unwrap();
        assert_eq!(made.url, "https://example.com/h");
        assert_eq!(
            (made.timeout, made.schedule),
            (Duration::from_secs(5), ScheduleChoice::Standard)
        );
        assert!(made.secret.as_str().starts_with("whsec_"));
        let ApiError::Invalid(mistakes) = read_new("{}", &config(), &[], [7; 32]).unwrap_err()
        else {
            panic!()
        };
        assert_eq!(mistakes.len(), 2);
    }

    #[test]
    fn what_this_version_cannot_do_is_said_and_its_default_is_taken() {
        for field in [
            r#""request":{"method":"PUT"}"#,
            r#""filter":{}"#,
            r#""session":"active""#,
            r#""phone_number_ids":["1"]"#,
            r#""wati_version":1"#,
            r#""format":"wati""#,
        ] {
            let error = new(&format!(",{field}")).unwrap_err();
            assert_eq!(error.code(), Code::NotSupported, "{field}");
        }
        let defaults = r#","request":null,"filter":null,"session":"any","phone_number_ids":null,
            "ordered":false,"rate_limit":null,"max_in_flight":null,"format":"hookferry""#;
        assert!(new(defaults).is_ok());
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for field in [
            r#""timeout_ms":999"#,
            r#""timeout_ms":30001"#,
            r#""timeout_ms":5000.5"#,
            r#""acknowledge":"yes""#,
            r#""ordered":1"#,
            r#""rate_limit":10"#,
            r#""rate_limit":{"per_second":0}"#,
            r#""rate_limit":{"per_second":10001}"#,
            r#""rate_limit":{"per_second":1.5}"#,
            r#""max_in_flight":0"#,
            r#""max_in_flight":1001"#,
            r#""max_in_flight":"1""#,
            r#""schedule":"never""#,
            r#""schedule":{"custom_seconds":[]}"#,
            r#""schedule":{"custom_seconds":[0]}"#,
            r#""schedule":{"custom_seconds":[9223372036854775807]}"#,
            r#""schedule":{"custom_seconds":[1],"x":1}"#,
            r#""status":"defective""#,
            r#""status":null"#,
            r#""secret":"short""#,
            r#""external_key":"""#,
            r#""external_key":"ep_crm""#,
            r#""external_key":"..""#,
            r#""external_key":"a\nb""#,
            r#""headers":{"Host":"x"}"#,
            r#""headers":{"X-A":"é"}"#,
            r#""headers":{"X-A":5}"#,
            r#""headers":["X-A"]"#,
            r#""headers":{"X-A":"1","X-A":"2"}"#,
        ] {
            let error = new(&format!(",{field}")).unwrap_err();
            assert_eq!(error.code(), Code::InvalidField, "{field}: {}", error.detail());
        }
        assert_eq!(
            new(r#","schedule":{"custom_seconds":[1,60]}"#).unwrap().schedule,
            ScheduleChoice::Custom(vec![TimeDelta::seconds(1), TimeDelta::seconds(60)])
        );
    }

    #[test]
    fn what_restrains_requests_is_taken_at_its_edges() {
        let traffic = |fields: &str| new(&format!(",{fields}")).unwrap().traffic;
        assert_eq!(traffic(r#""rate_limit":null,"max_in_flight":null"#), Traffic::default());
        let least = traffic(r#""rate_limit":{"per_second":1},"max_in_flight":1,"ordered":true"#);
        let most = traffic(r#""rate_limit":{"per_second":10000},"max_in_flight":1000"#);
        let numbers = |traffic: Traffic| {
            (traffic.per_second.map(PerSecond::get), traffic.max_in_flight.map(InFlight::get))
        };
        assert_eq!((numbers(least), least.ordered), ((Some(1), Some(1)), true));
        assert_eq!((numbers(most), most.ordered), ((Some(10_000), Some(1_000)), false));
        for (field, code) in [
            (r#""rate_limit":{}"#, Code::MissingField),
            (r#""rate_limit":{"per_second":null}"#, Code::MissingField),
            (r#""rate_limit":{"per_second":1,"per_minute":9}"#, Code::UnknownField),
        ] {
            assert_eq!(new(&format!(",{field}")).unwrap_err().code(), code, "{field}");
        }
        let patch = read_patch(r#"{"rate_limit":null,"ordered":null}"#, &config(), OWN).unwrap();
        assert_eq!((patch.per_second, patch.max_in_flight), (Some(None), None));
        assert_eq!(patch.ordered, Some(false));
    }

    #[test]
    fn urls_are_refused_with_their_reason() {
        let code = |url: &str| {
            let body = format!(r#"{{"url":"{url}","event_types":["*"]}}"#);
            read_new(&body, &config(), &[], [7; 32]).unwrap_err()
        };
        for url in ["http://example.com", "https://a:b@example.com", "ftp://example.com", "x", ""] {
            assert_eq!(code(url).code(), Code::UrlRefused, "{url}");
        }
        let private = code("https://10.1.2.3/hook");
        assert_eq!(private.code(), Code::AddressForbidden);
        let detail = private.detail();
        assert!(
            detail.contains("10.1.2.3") && detail.contains("HOOKFERRY_ALLOW_NETWORKS"),
            "{detail}"
        );
    }

    #[test]
    fn an_unknown_event_type_names_its_neighbours() {
        let patch =
            |types: &str| read_patch(&format!(r#"{{"event_types":{types}}}"#), &config(), OWN);
        for good in [
            r#"["message.*"]"#,
            r#"["order.created"]"#,
            r#"["order.*","order.line.*"]"#,
            r#"["endpoint.defective"]"#,
            r#"["message.received","*"]"#,
            r#"["whatsapp.*","endpoint.*"]"#,
        ] {
            assert!(patch(good).is_ok(), "{good}");
        }
        let error = patch(r#"["message.read","message.recieved"]"#).unwrap_err();
        assert_eq!(error.code(), Code::UnknownEventType);
        assert!(error.detail().contains("`message.received`"), "{}", error.detail());
        for bad in [
            "[]",
            "[5]",
            "null",
            r#"["Message"]"#,
            r#"["*.received"]"#,
            r#""message.read""#,
            r#"["mesage.*"]"#,
            r#"["order.created.*"]"#,
            r#"["order"]"#,
        ] {
            assert!(patch(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_patch_changes_what_it_names_and_null_clears() {
        let error = read_patch(r#"{"secret":"whsec_x"}"#, &config(), OWN).unwrap_err();
        assert!(error.detail().contains("rotate"), "{}", error.detail());
        let patch = read_patch("{}", &config(), OWN).unwrap();
        assert!(patch.url.is_none() && patch.headers.is_none() && patch.external_key.is_none());
        let body = r#"{"external_key":null,"description":null,"schedule":null,"timeout_ms":null,
            "headers":{"X-New":"1","X-Old":"••••••••"}}"#;
        let patch = read_patch(body, &config(), OWN).unwrap();
        assert_eq!(patch.external_key, Some(None));
        assert_eq!(patch.description.as_deref(), Some(""));
        assert_eq!(patch.timeout, Some(Duration::from_secs(5)));
        let headers = [("X-New".to_owned(), Some("1".to_owned())), ("X-Old".to_owned(), None)];
        assert_eq!(patch.headers.as_deref(), Some(&headers[..]));
    }

    #[test]
    fn a_new_endpoint_cannot_keep_a_value_it_does_not_have() {
        let error = new(r#","headers":{"X-Old":"••••••••"}"#).unwrap_err();
        assert_eq!(error.code(), Code::InvalidField);
    }
}
