//! Bad input over the wire: refused with what is wrong, and nothing that was valid beside it is lost.

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::api::{Answer, Api};
use testkit::program::Setup;
use testkit::receiver::Receiver;
use testkit::wait;

use crate::support::{SOON, endpoint, event, fixture, now, on_both_databases, running, text};

on_both_databases! {
    bad_events_are_refused_by_name_and_good_ones_arrive
    a_batch_stores_what_is_valid_and_names_the_rest
    the_same_id_is_one_event
    nul_and_lone_surrogates_arrive_as_they_were_sent
    tokens_say_who_may_what
}

/// One of the problem's errors, or the problem itself, has this code and says this.
#[track_caller]
fn problem(answer: &Answer, status: u16, code: &str, says: &str) {
    let problem = answer.expect(status);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{problem}");
    assert_eq!(problem["status"], status);
    for field in ["type", "title", "detail", "code"] {
        assert!(problem[field].is_string(), "no {field}: {problem}");
    }
    let mut all = problem["errors"].as_array().cloned().unwrap_or_default();
    all.push(problem.clone());
    let found = all.iter().any(|one| one["code"] == code && (one.to_string().contains(says)));
    assert!(found, "no {code} with {says:?}: {problem}");
}

async fn bad_events_are_refused_by_name_and_good_ones_arrive(setup: Setup) {
    let receiver = Receiver::start();
    let (_program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let large =
        format!(r#"{{"type":"message.received","data":{{"a":"{}"}}}}"#, "x".repeat(262_144));
    let refused: &[(&str, u16, &str, &str)] = &[
        (
            r#"{"type":"message.received","data":{},"subjekt":"x"}"#,
            422,
            "unknown_field",
            "/subjekt",
        ),
        (r#"{"type":"message.received","data":"text"}"#, 422, "invalid_field", "/data"),
        (r#"{"type":7,"data":{}}"#, 422, "invalid_field", "/type"),
        (r#"{"type":"message.received"}"#, 422, "missing_field", "/data"),
        (r#"{"type":"message.received","data":{}"#, 400, "invalid_json", "line"),
        ("", 400, "invalid_json", ""),
        (r#"{"type":"message.recieved","data":{}}"#, 422, "unknown_event_type", "message.received"),
        (r#"{"type":"endpoint.defective","data":{}}"#, 422, "unknown_event_type", ""),
        (&large, 413, "too_large", "262144"),
    ];
    for (body, status, code, says) in refused {
        let answer =
            api.send("POST", "/events", &[], Some(body.as_bytes().to_vec())).await.unwrap();
        problem(&answer, *status, code, says);
        let good = api.post_event(event(1)).await;
        assert_eq!(good["deliveries"], 1);
    }
    let all = receiver.wait_for(refused.len(), SOON).await;
    assert_eq!(all.len(), refused.len(), "what was refused is not sent");
    let both = br#"{"type":"message.received","data":{},"id":"a"}"#.to_vec();
    let answer =
        api.send("POST", "/events", &[("Idempotency-Key", "b")], Some(both)).await.unwrap();
    problem(&answer, 422, "both_keys", "Idempotency-Key");
}

async fn a_batch_stores_what_is_valid_and_names_the_rest(setup: Setup) {
    let receiver = Receiver::start();
    let (_program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let keyed =
        |number: u64| json!({"type": "message.received", "data": {"number": number}, "id": "same"});
    let events = json!({"events": [
        event(1),
        {"type": "message.recieved", "data": {}},
        keyed(2),
        {"type": "message.received", "data": {}, "colour": "red"},
        keyed(2),
        keyed(3),
        event(4),
    ]});
    let answer = api.post("/events/batch", &events).await.expect(202);
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 7);
    assert_eq!(results[1]["error"]["errors"][0]["pointer"], "/events/1/type");
    assert_eq!(results[3]["error"]["errors"][0]["pointer"], "/events/3/colour");
    assert_eq!(results[2]["duplicate"], false);
    assert_eq!(results[4]["duplicate"], true, "the same id twice inside one batch");
    assert_eq!(results[4]["id"], results[2]["id"]);
    assert_eq!(results[5]["error"]["code"], "key_reused");
    let valid = [&results[0], &results[2], &results[6]];
    let arrived = |id: &Value, all: &[testkit::receiver::Received]| {
        all.iter().any(|one| Some(one.event_id()) == id.as_str())
    };
    receiver.wait_until(SOON, |all| valid.iter().all(|one| arrived(&one["id"], all))).await;
    assert_eq!(receiver.count(), 3);

    let many: Vec<Value> = (0..1001).map(event).collect();
    let answer = api.post("/events/batch", &json!({"events": many})).await;
    problem(&answer, 422, "invalid_field", "1000");
    let full: Vec<Value> = (0..1000).map(event).collect();
    let answer = api.post("/events/batch", &json!({"events": full})).await.expect(202);
    assert_eq!(answer["results"].as_array().unwrap().len(), 1000);
    receiver.wait_for(1003, SOON * 2).await;
}

async fn the_same_id_is_one_event(setup: Setup) {
    let receiver = Receiver::start();
    let (_program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let mut wanted = event(1);
    wanted["id"] = "wamid.HBgM".into();
    let first = api.post_event(wanted.clone()).await;
    let second = api.post_event(wanted.clone()).await;
    assert_eq!((&second["id"], &second["duplicate"]), (&first["id"], &true.into()));
    assert_eq!(second["deliveries"], first["deliveries"]);
    wanted["data"]["number"] = 2.into();
    problem(&api.post("/events", &wanted).await, 409, "key_reused", text(&first, "id"));
    let last = api.post_event(event(9)).await;
    let is_last = |one: &testkit::receiver::Received| one.event_id() == text(&last, "id");
    let all = receiver.wait_until(SOON, |all| all.iter().any(is_last)).await;
    assert!(all.iter().filter(|one| one.event_id() == text(&first, "id")).count() <= 1);
    receiver.wait_for(2, SOON).await;
}

async fn nul_and_lone_surrogates_arrive_as_they_were_sent(setup: Setup) {
    let receiver = Receiver::start();
    let (_program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let data = r#"{"nul":"a\u0000b","lone":"\ud83d","big":1e400, "twice":1,"twice":2}"#;
    let body = format!(r#"{{"type":"message.received","data":{data}}}"#).into_bytes();
    let accepted = api.send("POST", "/events", &[], Some(body)).await.unwrap().expect(202);
    let all = receiver.wait_for(1, SOON).await;
    let tail = format!(r#""data":{data}}}"#);
    assert!(all[0].body.ends_with(tail.as_bytes()), "{:?}", all[0].body);
    let path = format!("/events/{}", text(&accepted, "id"));
    let shown = api.send("GET", &path, &[], None).await.unwrap();
    assert_eq!(shown.status, 200);
    assert!(String::from_utf8_lossy(&shown.body).contains(data));
    for field in ["subject", "id"] {
        let body = format!(r#"{{"type":"message.received","data":{{}},"{field}":"a\u0000"}}"#);
        let answer = api.send("POST", "/events", &[], Some(body.into_bytes())).await.unwrap();
        problem(&answer, 422, "invalid_field", field);
    }
}

async fn tokens_say_who_may_what(setup: Setup) {
    let (program, api) = running(&setup).await;
    problem(&program.anonymous().get("/events").await, 401, "unauthorized", "Bearer");
    let other = program.tenant("other");
    let accepted = api.post_event(event(1)).await;
    let path = format!("/events/{}", text(&accepted, "id"));
    problem(&other.get(&path).await, 404, "not_found", "");
    api.get(&path).await.expect(200);

    let reader = make_token(&api, json!({"name": "r", "scopes": ["events:read"]})).await;
    let reader = api.with_token(Some(text(&reader, "token")));
    reader.get(&path).await.expect(200);
    problem(&reader.post("/events", &event(1)).await, 403, "missing_scope", "events:write");

    let revoked = make_token(&api, json!({"name": "x", "scopes": ["events:write"]})).await;
    let poster = api.with_token(Some(text(&revoked, "token")));
    poster.post("/events", &event(1)).await.expect(202);
    let answer = api.delete(&format!("/tokens/{}", text(&revoked, "id"))).await;
    assert!([200, 204].contains(&answer.status));
    problem(&poster.post("/events", &event(1)).await, 401, "unauthorized", "");

    let soon = (now() + TimeDelta::seconds(10)).to_rfc3339();
    let short = json!({"name": "x", "scopes": ["events:write"], "expires_at": soon});
    let short = make_token(&api, short).await;
    let poster = &api.with_token(Some(text(&short, "token")));
    poster.post("/events", &event(1)).await.expect(202);
    let refused = wait::until("the token expires", SOON, async || {
        let answer = poster.post("/events", &event(1)).await;
        (answer.status != 202).then_some(answer)
    })
    .await;
    problem(&refused, 401, "unauthorized", "");
}

async fn make_token(api: &Api, wanted: Value) -> Value {
    api.post("/tokens", &wanted).await.expect(201)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_that_cannot_be_are_refused_by_name() {
    let setup =
        Setup::sqlite().set("HOOKFERRY_ALLOW_HTTP", "false").set("HOOKFERRY_ALLOW_NETWORKS", "");
    let (_program, api) = running(&setup).await;
    let refused = [
        ("https://user:secret@example.com/", "url_refused", "/url"),
        ("http://example.com/", "url_refused", "https"),
        ("https://127.0.0.1/", "address_forbidden", "HOOKFERRY_ALLOW_NETWORKS"),
        ("https://127.0.0.1/", "address_forbidden", "127.0.0.1"),
        ("https://10.1.2.3/hooks", "address_forbidden", "10.1.2.3"),
        ("https://0x7f000001/", "address_forbidden", "127.0.0.1"),
        ("https://[::ffff:169.254.169.254]/", "address_forbidden", "169.254.169.254"),
        ("ftp://example.com/", "url_refused", "/url"),
        ("nonsense", "url_refused", "/url"),
    ];
    for (url, code, says) in refused {
        problem(&api.post("/endpoints", &endpoint(url)).await, 422, code, says);
    }
    let mut wanted = endpoint("https://example.com/");
    wanted["event_types"] = json!(["message.recieved"]);
    let answer = api.post("/endpoints", &wanted).await;
    problem(&answer, 422, "unknown_event_type", "message.received");
    for (field, value) in [
        ("format", json!("Wati")),
        ("wati_version", json!(2)),
        ("filter", json!({"field": "message.type", "is": "text"})),
        ("session", json!("open")),
        ("phone_number_ids", json!([])),
        ("ordered", json!("yes")),
        ("rate_limit", json!({"per_second": 0})),
        ("rate_limit", json!({"per_second": 10_001})),
        ("max_in_flight", json!(0)),
        ("max_in_flight", json!(1_001)),
    ] {
        let mut wanted = endpoint("https://example.com/");
        wanted[field] = value;
        problem(&api.post("/endpoints", &wanted).await, 422, "invalid_field", field);
    }
    let mut wanted = endpoint("https://example.com/");
    wanted["request"] = json!({"method": "GET"});
    problem(&api.post("/endpoints", &wanted).await, 422, "not_supported", "request");
    let all = api.get("/endpoints").await.expect(200);
    assert_eq!(all["data"], json!([]), "nothing was made");
    let fine = api.create_endpoint(endpoint("https://example.com/hooks")).await;
    api.get_endpoint(text(&fine, "id")).await;
    let body = format!(r#"{{"type":"message.received","data":{}}}"#, fixture("message_text.json"));
    api.send("POST", "/events", &[], Some(body.into_bytes())).await.unwrap().expect(202);
}
