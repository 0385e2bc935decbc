//! Inboxes: what people do with them, and what comes into them.

use chrono::TimeDelta;
use domain::inbox::{
    BODY_KEPT_BYTES_MAX, BODY_TAKEN_BYTES_MAX, INBOXES_MAX, LIFE, REQUESTS_AT_ONCE_MAX,
};
use domain::secret::{EndpointSecret, SigningKeys};
use serde_json::{Value, json};
use testkit::api::Answer;

use crate::harness::{App, noon, problem};

async fn inbox(app: &App) -> Value {
    app.api.post("/inboxes", &json!({})).await.expect(201)
}

fn text<'value>(value: &'value Value, field: &str) -> &'value str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

async fn send(app: &App, url: &str, method: &str, body: &[u8]) -> Answer {
    app.api.send_to(url, method, &[], body.to_vec()).await.unwrap()
}

/// What the inbox keeps, newest first, each with all of it.
async fn kept(app: &App, inbox: &Value) -> Vec<Value> {
    let path = format!("/inboxes/{}/requests", text(inbox, "id"));
    let page = app.api.get(&format!("{path}?limit=100")).await.expect(200);
    let mut whole = Vec::new();
    for summary in page["data"].as_array().unwrap() {
        assert!(summary.get("body").is_none() && summary.get("headers").is_none());
        let one = app.api.get(&format!("{path}/{}", text(summary, "id"))).await.expect(200);
        for (field, value) in summary.as_object().unwrap() {
            assert_eq!(&one[field], value, "{field}");
        }
        whole.push(one);
    }
    whole
}

#[tokio::test(flavor = "multi_thread")]
async fn any_request_is_kept_as_it_came() {
    let app = App::start().await;
    let inbox = inbox(&app).await;
    let url = text(&inbox, "url");
    assert!(url.starts_with(&format!("{}/inbox/", app.base())), "{url}");
    for (method, tail, body) in [
        ("POST", "", &b"{\"type\":\"message.read\"}"[..]),
        ("GET", "/a%2Fb/../c?d=%00", b""),
        ("PUT", "/", b"\xff\xfe\0"),
        ("DELETE", "?q", b""),
        ("OPTIONS", "/x", b""),
        ("PROPFIND", "/x", b"plain"),
    ] {
        // The client takes dots out by itself; the rest is sent as it stands.
        let answer = send(&app, &format!("{url}{tail}"), method, body).await;
        assert_eq!((answer.status, &answer.body[..]), (200, &b"Kept in the inbox.\n"[..]));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(send(&app, url, "HEAD", b"").await.status, 200);
    let kept = kept(&app, &inbox).await;
    let seen: Vec<_> = kept.iter().rev().map(|r| (text(r, "method"), text(r, "path"))).collect();
    let expected = [
        ("POST", ""),
        ("GET", "/c?d=%00"),
        ("PUT", "/"),
        ("DELETE", "?q"),
        ("OPTIONS", "/x"),
        ("PROPFIND", "/x"),
        ("HEAD", ""),
    ];
    assert_eq!(seen, expected);
    let [_, plain, _, _, bytes, _, typed] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!((text(plain, "body"), text(plain, "body_encoding")), ("plain", "utf-8"));
    assert_eq!((text(bytes, "body"), text(bytes, "body_encoding")), ("//4A", "base64"));
    assert_eq!((text(typed, "event_type"), &typed["event_id"]), ("message.read", &Value::Null));
    assert_eq!((&typed["answered_status"], &typed["truncated"]), (&200.into(), &false.into()));
    assert_eq!(typed["signature"]["verdict"], "missing");
    assert_eq!(text(typed, "received_at"), "2026-11-20T12:00:00Z");
    let shown = app.api.get(&format!("/inboxes/{}", text(&inbox, "id"))).await.expect(200);
    assert_eq!(shown["requests_kept"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_are_checked_with_the_secrets_of_its_endpoints() {
    let app = App::allowing(&[]).await;
    let inbox = inbox(&app).await;
    let url = text(&inbox, "url").to_owned();
    let secret = EndpointSecret::parse("a-secret-of-some-length").unwrap();
    let signed = async |body: &[u8], tail: &str| {
        let made = SigningKeys::new(&secret, &[]).sign("evt_1", noon(), body);
        let at = noon().timestamp().to_string();
        let headers = [
            ("webhook-id", "evt_1"),
            ("webhook-timestamp", at.as_str()),
            ("webhook-signature", made.standard.as_str()),
            ("x-hub-signature-256", made.hub.as_str()),
            ("hookferry-attempt", "7"),
            ("x-api-key", "hunter2"),
            ("cookie", "hookferry=hunter2"),
        ];
        app.api.send_to(&format!("{url}{tail}"), "POST", &headers, b"{}".to_vec()).await.unwrap();
        kept(&app, &inbox).await.remove(0)
    };
    assert_eq!(signed(b"{}", "").await["signature"]["verdict"], "unknown");
    let mut endpoint = json!({"url": url, "event_types": ["*"], "secret": secret.as_str()});
    endpoint["headers"] = json!({"X-Api-Key": "hunter2"});
    let endpoint = app.api.post("/endpoints", &endpoint).await.expect(201);
    let good = signed(b"{}", "").await;
    let verified = json!({"verdict": "verified", "webhook_signature": "verified",
        "x_hub_signature_256": "verified"});
    assert_eq!(good["signature"], verified);
    assert_eq!((text(&good, "event_id"), &good["attempt"]), ("evt_1", &7.into()));
    assert!(!good.to_string().contains("hunter2"), "{good}");
    assert_eq!(signed(b"other", "/deeper").await["signature"]["webhook_signature"], "wrong");
    // Redirects, private addresses: whatever else of ours is named is refused as before.
    for tail in ["/../x", "/%2e%2e/x", "/..%2fx"] {
        let other = json!({"url": format!("{url}{tail}"), "event_types": ["*"]});
        problem(&app.api.post("/endpoints", &other).await, 422, "address_forbidden", Some("/url"));
    }
    let path = format!("/endpoints/{}", text(&endpoint, "id"));
    let elsewhere = json!({"url": format!("{}/api/v1/tokens", app.base())});
    problem(&app.api.patch(&path, &elsewhere).await, 422, "address_forbidden", Some("/url"));
    let sample = app.api.post(&format!("{path}/sample"), &json!({})).await.expect(200);
    assert_eq!((&sample["ok"], &sample["status_code"]), (&true.into(), &200.into()), "{sample}");
    let newest = kept(&app, &inbox).await.remove(0);
    assert_eq!(newest["signature"], verified, "{newest}");
    assert_eq!(newest["event_type"], "webhook.sample");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_sets_status_and_delay() {
    let app = App::start().await;
    let inbox = inbox(&app).await;
    let (path, url) = (format!("/inboxes/{}", text(&inbox, "id")), text(&inbox, "url"));
    for status in [204, 302, 304, 410, 503, 599] {
        app.api.patch(&path, &json!({"answer_status": status})).await.expect(200);
        let answer = send(&app, url, "POST", b"{}").await;
        let is_bare = [204, 304].contains(&status);
        assert_eq!((answer.status, answer.body.is_empty()), (status, is_bare));
    }
    let slow = json!({"answer_status": null, "answer_delay_ms": 30_000});
    let shown = app.api.patch(&path, &slow).await.expect(200);
    assert_eq!((&shown["answer_status"], &shown["answer_delay_ms"]), (&200.into(), &30_000.into()));
    let client = app.api.clone();
    let later = url.to_owned();
    let mut waiting = tokio::task::JoinSet::from_iter([async move {
        client.send_to(&later, "POST", &[], vec![]).await
    }]);
    // It is there before it is answered.
    let requests = format!("{path}/requests");
    app.api
        .wait_for(&requests, std::time::Duration::from_secs(20), |page| {
            page["data"][0]["duration_ms"] == 30_000
        })
        .await;
    assert!(waiting.try_join_next().is_none());
    app.clock.advance(TimeDelta::milliseconds(30_000));
    assert_eq!(waiting.join_next().await.unwrap().unwrap().unwrap().status, 200);
    for bad in [
        json!({"answer_status": 199}),
        json!({"answer_delay_ms": 30_001}),
        json!({"url": "https://example.com"}),
    ] {
        assert_eq!(app.api.patch(&path, &bad).await.status, 422, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_kept_and_taken_up_to_a_limit() {
    let app = App::start().await;
    let inbox = inbox(&app).await;
    let url = text(&inbox, "url");
    for (bytes, status, kept_bytes, truncated) in [
        (BODY_KEPT_BYTES_MAX, 200, BODY_KEPT_BYTES_MAX, false),
        (BODY_KEPT_BYTES_MAX + 1, 200, BODY_KEPT_BYTES_MAX, true),
        (BODY_TAKEN_BYTES_MAX, 200, BODY_KEPT_BYTES_MAX, true),
        (BODY_TAKEN_BYTES_MAX + 1, 413, BODY_KEPT_BYTES_MAX, true),
    ] {
        let headers = [("webhook-signature", "v1,AAAA"), ("connection", "close")];
        let sent = app.api.send_to(url, "POST", &headers, vec![b'x'; bytes]).await;
        assert_eq!(sent.unwrap().status, status, "{bytes}");
        let newest = kept(&app, &inbox).await.remove(0);
        assert_eq!(text(&newest, "body").len(), kept_bytes);
        assert_eq!(newest["truncated"], truncated);
        assert_eq!(newest["answered_status"], status);
        assert_eq!(newest["body_bytes"], bytes.min(BODY_TAKEN_BYTES_MAX));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_inbox_and_what_has_ended_is_not_found() {
    let app = App::start().await;
    let one = inbox(&app).await;
    let url = text(&one, "url").to_owned();
    for path in ["/inbox", "/inbox/", "/inbox/short", &format!("/inbox/{}", "0".repeat(22))] {
        let answer = send(&app, &format!("{}{path}", app.base()), "POST", b"{}").await;
        problem(&answer, 404, "not_found", None);
    }
    app.clock.advance(LIFE - TimeDelta::seconds(1));
    assert_eq!(send(&app, &url, "POST", b"{}").await.status, 200, "used: it lives on");
    app.clock.advance(LIFE - TimeDelta::seconds(1));
    assert_eq!(send(&app, &url, "POST", b"{}").await.status, 200);
    app.clock.advance(LIFE);
    problem(&send(&app, &url, "POST", b"{}").await, 404, "not_found", None);
    let path = format!("/inboxes/{}", text(&one, "id"));
    problem(&app.api.get(&path).await, 404, "not_found", None);
    assert_eq!(app.api.get("/inboxes").await.expect(200)["data"], json!([]));

    for _ in 0..INBOXES_MAX {
        inbox(&app).await;
    }
    let refused = app.api.post("/inboxes", &json!({})).await;
    problem(&refused, 409, "too_many_inboxes", None);
    let mine = app.api.get("/inboxes?limit=1").await.expect(200)["data"][0].clone();
    send(&app, text(&mine, "url"), "POST", b"{}").await;
    let path = format!("/inboxes/{}", text(&mine, "id"));
    assert_eq!(app.api.delete(&format!("{path}/requests")).await.status, 204);
    assert_eq!(app.api.get(&path).await.expect(200)["requests_kept"], 0);
    assert_eq!(app.api.delete(&path).await.status, 204);
    problem(&send(&app, text(&mine, "url"), "POST", b"{}").await, 404, "not_found", None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_refused_and_leaves_the_newest() {
    let app = App::start().await;
    let inbox = inbox(&app).await;
    let url = text(&inbox, "url");
    // The clock stands still: as many as may come at once do, then they would wait for a turn.
    for _ in 0..REQUESTS_AT_ONCE_MAX {
        assert_eq!(send(&app, url, "POST", b"{}").await.status, 200);
    }
    let mut rest = tokio::task::JoinSet::new();
    for _ in 0..450 {
        let (client, url) = (app.api.clone(), url.to_owned());
        rest.spawn(async move { client.send_to(&url, "POST", &[], b"{}".to_vec()).await });
    }
    // 300 wait for their turn, and those beyond are told at once.
    let mut refused = 0;
    while refused < 150 {
        let answer = rest.join_next().await.unwrap().unwrap().unwrap();
        assert_eq!((answer.status, answer.header("retry-after")), (429, "1"));
        refused += 1;
    }
    app.clock.advance(TimeDelta::seconds(3));
    while let Some(answer) = rest.join_next().await {
        assert_eq!(answer.unwrap().unwrap().status, 200);
    }
    let shown = app.api.get(&format!("/inboxes/{}", text(&inbox, "id"))).await.expect(200);
    assert_eq!(shown["requests_kept"], 200);
}
