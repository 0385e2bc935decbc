//! Limits, suspension and companies over REST.

use chrono::TimeDelta;
use domain::schedule::RetrySchedule;
use domain::scope::Scope;
use serde_json::{Value, json};
use testkit::api::{Answer, Api};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{App, event, problem};
use crate::people::signed_up;

async fn patch(app: &App, change: Value) -> Value {
    app.operator().patch(&format!("/admin/companies/{}", app.company), &change).await.expect(200)
}

fn batch(count: usize) -> Value {
    json!({"events": vec![event(); count]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_named_where_it_is_reached() {
    let app = App::start().await;
    patch(&app, json!({"limits": {"endpoints": 1, "tokens": 1, "invitations_per_day": 1}})).await;
    let first = app.endpoint().await;
    let body = json!({"url": "https://example.com/2", "event_types": ["*"]});
    let refused = problem(&app.api.post("/endpoints", &body).await, 422, "limit_reached", None);
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("`endpoints`") && detail.contains(" 1,"), "{detail}");
    let token = json!({"name": "x", "scopes": ["admin"]});
    problem(&app.api.post("/tokens", &token).await, 422, "limit_reached", None);
    let invite = |name: &str| json!({"email": format!("{name}@example.com"), "role": "viewer"});
    app.api.post("/invitations", &invite("a")).await.expect(201);
    let waits = app.api.post("/invitations", &invite("b")).await;
    problem(&waits, 429, "rate_limited", None);
    assert!(waits.header("retry-after").parse::<i64>().unwrap() > 86_000);

    let shown = app.api.get("/limits").await.expect(200);
    assert_eq!(shown["limits"]["endpoints"], json!({"max": 1, "used": 1}));
    assert_eq!(shown["limits"]["events_per_second"], json!({"max": 100_000, "used": null}));
    assert_eq!(shown["suspended_since"], Value::Null);
    let path = format!("/endpoints/{}", first["id"].as_str().unwrap());
    assert_eq!(app.api.delete(&path).await.status, 204);
    app.endpoint().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_at_their_rate_and_a_raised_limit_counts_at_once() {
    let app = App::start().await;
    // The token is remembered before: what it may follows the version of the configuration.
    app.api.post("/events", &event()).await.expect(202);
    patch(&app, json!({"limits": {"events_per_second": 2}})).await;
    app.clock.advance(TimeDelta::seconds(60));
    for _ in 0..2 {
        app.api.post("/events", &event()).await.expect(202);
    }
    let waits = app.api.post("/events", &event()).await;
    let refused = problem(&waits, 429, "rate_limited", None);
    assert!(refused["detail"].as_str().unwrap().contains("`events_per_second`"), "{refused}");
    assert_eq!(waits.header("retry-after"), "1");
    app.clock.advance(TimeDelta::seconds(1));
    // A batch larger than the limit is let in and paid for afterwards, all of its events.
    app.api.post("/events/batch", &batch(20)).await.expect(202);
    app.clock.advance(TimeDelta::seconds(8));
    problem(&app.api.post("/events/batch", &batch(1)).await, 429, "rate_limited", None);
    problem(&app.api.post("/events", &event()).await, 429, "rate_limited", None);
    // With another rate it begins anew.
    patch(&app, json!({"limits": {"events_per_second": null}})).await;
    app.api.post("/events", &event()).await.expect(202);
    // Another company has its own.
    patch(&app, json!({"limits": {"events_per_second": 1}})).await;
    app.api.post("/events", &event()).await;
    problem(&app.api.post("/events", &event()).await, 429, "rate_limited", None);
    app.stranger().await.post("/events", &event()).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_was_long_on_its_way_is_not_taken_for_too_many() {
    let app = App::start().await;
    let api = app.with_scopes(&[Scope::EventsWrite]).await;
    let to = app.base().trim_start_matches("http://").to_owned();
    let mut slow = TcpStream::connect(to).await.unwrap();
    let body = event().to_string();
    let (first, rest) = body.split_at(1);
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{first}",
        api.token(),
        body.len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    // One worker answers: it has let the slow one in before it answers these.
    api.post_event(event()).await;
    app.clock.advance(TimeDelta::seconds(5));
    api.post_event(event()).await;
    slow.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_as_large_as_the_company_may() {
    let app = App::start().await;
    patch(&app, json!({"limits": {"event_bytes": 20}})).await;
    let of = |text: &str| json!({"type": "message.received", "data": {"text": text}});
    app.api.post("/events", &of("123456789")).await.expect(202);
    let refused =
        problem(&app.api.post("/events", &of("1234567890")).await, 413, "too_large", None);
    assert!(refused["detail"].as_str().unwrap().contains("20 bytes"), "{refused}");
    let both = json!({"events": [of("1"), of("1234567890")]});
    let results = app.api.post("/events/batch", &both).await.expect(202);
    assert_eq!(results["results"][1]["error"]["code"], "too_large");
    assert_eq!(results["results"][0]["duplicate"], false);
    let path = format!("/admin/companies/{}", app.company);
    let raised = json!({"limits": {"event_bytes": 262_145}});
    let refused = app.operator().patch(&path, &raised).await;
    problem(&refused, 422, "invalid_field", Some("/limits/event_bytes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_wait_for_their_minute() {
    let app = App::start().await;
    patch(&app, json!({"limits": {"samples_per_minute": 2}})).await;
    let body = json!({"url": "https://127.0.0.1:9/hook", "event_types": ["*"]});
    let made = app.api.post("/endpoints", &body).await.expect(201);
    let path = format!("/endpoints/{}/sample", made["id"].as_str().unwrap());
    for _ in 0..2 {
        app.api.post(&path, &json!({})).await.expect(200);
    }
    let waits = app.api.post(&path, &json!({})).await;
    problem(&waits, 429, "rate_limited", None);
    assert_eq!(waits.header("retry-after"), "31");
    app.clock.advance(TimeDelta::seconds(30));
    app.api.post(&path, &json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_company_is_read_only() {
    let app = App::start().await;
    let (browser, company) = signed_up(&app, "ann@example.com").await;
    let id = company["company"]["id"].as_str().unwrap().to_owned();
    let cookie = [("cookie", browser.cookie.as_str()), ("sec-fetch-site", "same-origin")];
    let made = app.endpoint().await;
    app.api.post("/events", &event()).await.expect(202);
    let delivery = app.api.get("/deliveries").await.expect(200)["data"][0].clone();
    assert_eq!(delivery["state"], "pending");
    for company in [app.company.to_string(), id] {
        let path = format!("/admin/companies/{company}");
        let shown = app.operator().patch(&path, &json!({"suspended": true})).await.expect(200);
        assert!(shown["suspended_since"].is_string(), "{shown}");
    }
    let refused = |answer: &Answer| problem(answer, 403, "company_suspended", None);
    refused(&app.api.post("/events", &event()).await);
    refused(&app.api.post("/events/batch", &batch(3)).await);
    let endpoint = format!("/endpoints/{}", made["id"].as_str().unwrap());
    refused(&app.api.patch(&endpoint, &json!({"description": "x"})).await);
    refused(&app.api.delete(&endpoint).await);
    refused(&app.api.post(&format!("{endpoint}/sample"), &json!({})).await);
    refused(&app.api.post("/deliveries/retry", &json!({"state": "held"})).await);
    let body = json!({"email": "b@example.com", "role": "viewer"}).to_string().into_bytes();
    let invited = browser.api.send("POST", "/invitations", &cookie, Some(body)).await.unwrap();
    refused(&invited);
    // Nobody is shut out: they log in, and read.
    let login = json!({"email": "ann@example.com", "password": "a long password 1"});
    let _ = app.api.with_token(None).post("/auth/login", &login).await;
    for path in ["/endpoints", "/auth/me", "/events", "/audit-log", "/limits"] {
        app.api.get(path).await.expect(200);
        browser.api.send("GET", path, &cookie, None).await.unwrap().expect(200);
    }
    let held = app.api.get("/deliveries?state=held").await.expect(200);
    assert_eq!(held["data"][0]["id"], delivery["id"]);
    assert_eq!(held["data"][0]["next_attempt_at"], Value::Null);
    let pending = app.api.get("/deliveries?state=pending").await.expect(200);
    assert_eq!(pending["data"], json!([]));
    assert!(app.api.get("/limits").await.expect(200)["suspended_since"].is_string());

    patch(&app, json!({"suspended": false})).await;
    app.api.post("/events", &event()).await.expect(202);
    app.api.patch(&endpoint, &json!({"description": "x"})).await.expect(200);
    let pending = app.api.get("/deliveries?state=pending").await.expect(200);
    assert_eq!(pending["data"].as_array().unwrap().len(), 2);
    let told = app.api.get("/audit-log?actor=operator").await.expect(200);
    let actions: Vec<&str> = told["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["company.resumed", "company.suspended"]);
    assert_eq!(told["data"][0]["address"], "127.0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_makes_finds_and_changes_companies() {
    let app = App::start().await;
    let operator = app.operator();
    let new = json!({"name": "Bakery", "owner_email": "bea@example.com"});
    let made = operator.post("/admin/companies", &new).await.expect(201);
    assert_eq!((&made["name"], &made["owners"]), (&"Bakery".into(), &json!(["bea@example.com"])));
    assert_eq!(made["endpoints"], json!({"total": 0, "defective": 0}));
    assert_eq!(made["limits"]["tokens"], json!({"max": 1_000, "is_default": true}));
    let bad = json!({"name": "", "owner_email": "nobody"});
    assert_eq!(operator.post("/admin/companies", &bad).await.expect(422)["code"], "invalid_field");
    for q in ["bak", "bea@example.com", made["id"].as_str().unwrap()] {
        let found = operator.get(&format!("/admin/companies?q={q}")).await.expect(200);
        assert_eq!(found["data"], json!([made]), "{q}");
    }
    let path = format!("/admin/companies/{}", made["id"].as_str().unwrap());
    let changed = operator.patch(&path, &json!({"name": "Baker", "limits": {"tokens": 5}})).await;
    let changed = changed.expect(200);
    assert_eq!(changed["limits"]["tokens"], json!({"max": 5, "is_default": false}));
    assert_eq!(operator.get(&path).await.expect(200), changed);
    let gone = "/admin/companies/cmp_01m7y3yvqsfw88028n6rw9xe2b";
    problem(&operator.get(gone).await, 404, "not_found", None);
    problem(&operator.patch(gone, &json!({"suspended": true})).await, 404, "not_found", None);
    problem(&operator.get("/admin/companies/acme").await, 404, "not_found", None);
    let wrong = operator.get("/admin/companies?suspended=maybe").await;
    problem(&wrong, 422, "invalid_parameter", Some("suspended"));
    let health = operator.get("/admin/health").await.expect(200);
    assert_eq!((&health["suspended_companies"], &health["ready"]), (&0.into(), &true.into()));
    assert_eq!(health["oldest_due_delivery"], Value::Null);
}

/// Calls each route below an endpoint under this name for it.
async fn every_route(api: &Api, name: &str, event: &str) -> Vec<(String, u16)> {
    let mut answers = Vec::new();
    for row in
        ["GET ", "PATCH ", "GET /secret", "POST /secret/rotate", "GET /stats", "POST /sample"]
    {
        let (method, rest) = row.split_once(' ').unwrap();
        let body = (method != "GET").then(|| b"{}".to_vec());
        let answer = api.send(method, &format!("/endpoints/{name}{rest}"), &[], body).await;
        answers.push((row.to_owned(), answer.unwrap().status));
    }
    let recover = json!({"since": "2026-11-20T00:00:00Z", "preview": true});
    let answer = api.post(&format!("/endpoints/{name}/recover"), &recover).await;
    answers.push(("recover".to_owned(), answer.status));
    let list = api.get(&format!("/deliveries?endpoint_id={name}")).await;
    answers.push(("list".to_owned(), list.status));
    let stream = api.get(&format!("/stream?seconds=0&endpoint_id={name}")).await;
    answers.push(("stream".to_owned(), stream.status));
    let pair = format!("k={name}");
    let plain = url::form_urlencoded::parse(pair.as_bytes()).next().unwrap().1;
    for path in ["/deliveries/retry", "/deliveries/cancel"] {
        let body = json!({"endpoint_id": plain, "preview": true});
        answers.push((path.to_owned(), api.post(path, &body).await.status));
    }
    let body = json!({"endpoint_ids": [plain], "preview": true});
    let replay = api.post(&format!("/events/{event}/replay"), &body).await;
    answers.push(("replay".to_owned(), replay.status));
    answers.push(("DELETE".to_owned(), api.delete(&format!("/endpoints/{name}")).await.status));
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stands_wherever_the_id_can() {
    let app = App::start().await;
    let posted = app.api.post("/events", &event()).await.expect(202);
    let posted = posted["id"].as_str().unwrap();
    let stranger = app.stranger().await;
    for (key, escaped) in [
        ("crm", "crm"),
        ("a/b", "a%2Fb"),
        ("100% + more?#&=", "100%25%20%2B%20more%3F%23%26%3D"),
        ("%2F", "%252F"),
        ("日本", "%E6%97%A5%E6%9C%AC"),
        ("a:b;c,d@e$f'(g)*!", "a:b;c,d@e$f'(g)*!"),
    ] {
        let body =
            json!({"url": "https://127.0.0.1:9/", "event_types": ["*"], "external_key": key});
        let made = app.api.post("/endpoints", &body).await.expect(201);
        let found = app.api.get(&format!("/endpoints/{escaped}")).await.expect(200);
        assert_eq!((&found["id"], &found["external_key"]), (&made["id"], &key.into()));
        for (route, status) in every_route(&stranger, escaped, posted).await {
            assert_eq!(status, 404, "{route} of {key} by another company");
        }
        for (route, status) in every_route(&app.api, escaped, posted).await {
            assert!(status < 300, "{route} of {key}: {status}");
        }
        // Deleted, the key is free.
        for (route, status) in every_route(&app.api, escaped, posted).await {
            assert_eq!(status, 404, "{route} of {key} after it was deleted");
        }
        app.api.post("/endpoints", &body).await.expect(201);
    }
    let taken =
        json!({"url": "https://example.com/", "event_types": ["*"], "external_key": "ep_x"});
    let refused = app.api.post("/endpoints", &taken).await;
    problem(&refused, 422, "invalid_field", Some("/external_key"));
    let made = app.endpoint().await;
    let id = made["id"].as_str().unwrap();
    assert!(every_route(&app.api, id, posted).await.iter().all(|(_, status)| *status < 300));
    let wrong = app.api.get("/deliveries?endpoint_id=ep_wrong").await;
    problem(&wrong, 422, "invalid_parameter", Some("endpoint_id"));
}

#[tokio::test]
async fn the_rules_of_the_installation_are_told_to_everybody() {
    let app = App::changed(|config| {
        config.sign_ups = api::SignUps::Closed;
        config.rules.policy.streak.defective_after = 7;
        config.rules.standard = RetrySchedule::even(3, TimeDelta::seconds(90)).unwrap();
    })
    .await;
    let told = Api::new(app.base(), None).get("/installation").await.expect(200);
    assert_eq!(
        told,
        json!({
            "sign_up": false, "mail": false, "allow_http": false, "default_timeout_ms": 5_000,
            "standard_tries": 4, "standard_interval_ms": 90_000, "give_up_after_seconds": 604_800,
            "warn_after": 50, "defective_after": 7, "defective_min_duration_seconds": 0,
        })
    );
}
