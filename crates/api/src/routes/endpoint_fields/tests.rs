//! What is taken of an endpoint's fields, and what is refused.

use chrono::TimeDelta;
use domain::format::{WatiNames, WatiVersion};
use domain::selection::SessionState;
use domain::traffic::{InFlight, PerSecond};

use super::*;
use crate::error::Place;

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
    assert_eq!((made.timeout, made.schedule), (Duration::from_secs(5), ScheduleChoice::Standard));
    assert!(made.secret.as_str().starts_with("whsec_"));
    let ApiError::Invalid(mistakes) = read_new("{}", &config(), &[], [7; 32]).unwrap_err() else {
        panic!()
    };
    assert_eq!(mistakes.len(), 2);
}

#[test]
fn what_this_version_cannot_do_is_said_and_its_default_is_taken() {
    let error = new(r#","request":{"method":"PUT"}"#).unwrap_err();
    assert_eq!(error.code(), Code::NotSupported);
    let defaults = r#","request":null,"filter":null,"session":null,"phone_number_ids":null,
        "ordered":false,"rate_limit":null,"max_in_flight":null,"format":null,"wati_version":null,
        "wati_names":null"#;
    let made = new(defaults).unwrap();
    assert!(made.narrowing.is_none());
    assert_eq!(made.format, Format::Hookferry);
}

#[test]
fn formats_are_read_and_changed() {
    let bsuid = WatiNames::default()
        .choose("message.template_sent", "templateMessageSent_v2_bsuid")
        .unwrap();
    let wati = |version, names| Format::Wati { version, names };
    let made = |fields: &str| new(&format!(",{fields}")).unwrap().format;
    assert_eq!(made(r#""format":"meta""#), Format::Meta);
    let usual = WatiNames::default();
    assert_eq!(made(r#""format":"wati""#), wati(WatiVersion::V1, usual));
    assert_eq!(made(r#""format":"wati","wati_version":2"#), Format::WATI_V2);
    let both = r#""format":"wati","wati_version":2,
        "wati_names":{"message.template_sent":"templateMessageSent_v2_bsuid"}"#;
    assert_eq!(made(both), wati(WatiVersion::V2, bsuid));

    let check = |current, body: &str, expected: Option<Format>| {
        let patch = read_patch(body, &config(), OWN, current).unwrap();
        assert_eq!(patch.format, expected, "{body}");
    };
    let now = wati(WatiVersion::V2, bsuid);
    check(now, "{}", None);
    check(now, r#"{"wati_version":1}"#, Some(wati(WatiVersion::V1, bsuid)));
    check(now, r#"{"wati_version":null}"#, Some(wati(WatiVersion::V1, bsuid)));
    check(now, r#"{"wati_names":null}"#, Some(Format::WATI_V2));
    check(now, r#"{"format":"wati"}"#, Some(now));
    check(now, r#"{"format":"meta"}"#, Some(Format::Meta));
    check(now, r#"{"format":null}"#, Some(Format::Hookferry));
    check(Format::Meta, r#"{"format":"wati","wati_version":2}"#, Some(Format::WATI_V2));
    check(Format::Meta, r#"{"wati_version":null}"#, Some(Format::Meta));
    for (body, pointer) in [
        (r#"{"wati_version":2}"#, "/wati_version"),
        (
            r#"{"wati_names":{"message.template_sent":"templateMessageSent_v2_bsuid"}}"#,
            "/wati_names",
        ),
        (r#"{"format":"xml"}"#, "/format"),
        (r#"{"format":7}"#, "/format"),
        (r#"{"format":"wati","wati_version":3}"#, "/wati_version"),
        (r#"{"format":"wati","wati_names":{"message.read":"x"}}"#, "/wati_names/message.read"),
        (
            r#"{"format":"wati","wati_names":{"message.template_sent":"x"}}"#,
            "/wati_names/message.template_sent",
        ),
    ] {
        assert_eq!(pointers(read_patch(body, &config(), OWN, Format::Meta)), [pointer], "{body}");
    }
}

#[test]
fn faults_of_a_filter_are_told_with_their_place() {
    let body =
        r#"{"filter":{"and":[{"field":"message.type","equals":"text"},{"field":"a..b","eq":1}]}}"#;
    let found = pointers(read_patch(body, &config(), OWN, Format::Hookferry));
    assert_eq!(found, ["/filter/and/0/equals", "/filter/and/1/field"]);
    let found = pointers(read_patch(r#"{"filter":{}}"#, &config(), OWN, Format::Hookferry));
    assert_eq!(found, ["/filter"]);
    let taken = new(r#","filter": {"field": "n", "eq": 1.50}"#).unwrap().narrowing.filter.unwrap();
    assert_eq!(taken.as_str(), r#"{"field":"n","eq":1.50}"#);
}

#[test]
fn numbers_and_sessions_are_read_and_cleared() {
    let made = new(r#","phone_number_ids":["1","2","1"],"session":"active""#).unwrap().narrowing;
    assert_eq!(made.phone_number_ids.unwrap().as_slice(), ["1", "2"]);
    assert_eq!(made.session, SessionWanted::Only(SessionState::Active));
    let body = r#"{"phone_number_ids":null,"session":null,"filter":null}"#;
    let patch = read_patch(body, &config(), OWN, Format::Hookferry).unwrap();
    assert_eq!(patch.phone_number_ids, Some(None));
    assert_eq!((patch.session, patch.filter), (Some(SessionWanted::Any), Some(None)));
    for (field, pointer) in [
        (r#""phone_number_ids":[]"#, "/phone_number_ids"),
        (r#""phone_number_ids":[5]"#, "/phone_number_ids"),
        (r#""phone_number_ids":["1",""]"#, "/phone_number_ids/1"),
        (r#""session":"open""#, "/session"),
    ] {
        assert_eq!(pointers(new(&format!(",{field}"))), [pointer], "{field}");
    }
}

fn pointers<T: std::fmt::Debug>(read: Result<T, ApiError>) -> Vec<String> {
    let ApiError::Invalid(mistakes) = read.unwrap_err() else { panic!() };
    mistakes
        .into_iter()
        .map(|mistake| match mistake.place {
            Place::Pointer(pointer) => pointer,
            place @ (Place::Parameter(_) | Place::Header(_)) => panic!("{place:?}"),
        })
        .collect()
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
    let patch =
        read_patch(r#"{"rate_limit":null,"ordered":null}"#, &config(), OWN, Format::Hookferry)
            .unwrap();
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
    assert!(detail.contains("10.1.2.3") && detail.contains("HOOKFERRY_ALLOW_NETWORKS"), "{detail}");
}

#[test]
fn an_unknown_event_type_names_its_neighbours() {
    let patch = |types: &str| {
        read_patch(&format!(r#"{{"event_types":{types}}}"#), &config(), OWN, Format::Hookferry)
    };
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
    let error =
        read_patch(r#"{"secret":"whsec_x"}"#, &config(), OWN, Format::Hookferry).unwrap_err();
    assert!(error.detail().contains("rotate"), "{}", error.detail());
    let patch = read_patch("{}", &config(), OWN, Format::Hookferry).unwrap();
    assert!(patch.url.is_none() && patch.headers.is_none() && patch.external_key.is_none());
    let body = r#"{"external_key":null,"description":null,"schedule":null,"timeout_ms":null,
        "headers":{"X-New":"1","X-Old":"••••••••"}}"#;
    let patch = read_patch(body, &config(), OWN, Format::Hookferry).unwrap();
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
