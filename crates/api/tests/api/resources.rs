//! What each resource answers when all is well.

use crate::harness::{App, event, problem};
use chrono::TimeDelta;
use serde_json::{Value, json};

#[tokio::test]
async fn an_endpoint_is_made_shown_changed_and_deleted() {
    let app = App::start().await;
    let body = json!({
        "url": "https://example.com/hook", "event_types": ["message.*", "endpoint.defective"],
        "headers": {"X-Key": "s3cret"}, "external_key": "crm", "schedule": {"custom_seconds": [5, 60]},
        "secret": "my-own-app-secret-1234",
    });
    let answer = app.api.post("/endpoints", &body).await;
    let made = answer.expect(201);
    let path = format!("/endpoints/{}", made["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), format!("/api/v1{path}"));
    assert_eq!(made["secret"], "my-own-app-secret-1234");
    assert_eq!(made["status"], "enabled");
    let shown = app.api.get(&path).await.expect(200);
    assert_eq!(shown["secret"], Value::Null);
    assert_eq!(shown["headers"], json!({"X-Key": "••••••••"}));
    assert_eq!(shown["schedule"], json!({"custom_seconds": [5, 60]}));
    assert_eq!(shown["timeout_ms"], 5_000);
    problem(&app.api.post("/endpoints", &body).await, 409, "external_key_taken", None);

    let patch = json!({"headers": {"X-Key": "••••••••", "X-New": "1"}, "status": "paused", "external_key": null});
    let changed = app.api.patch(&path, &patch).await.expect(200);
    assert_eq!((&changed["status"], &changed["external_key"]), (&json!("paused"), &Value::Null));
    let secrets = app.api.get(&format!("{path}/secret")).await;
    assert_eq!(secrets.header("cache-control"), "no-store");
    let secrets = secrets.expect(200);
    assert_eq!(secrets["headers"], json!({"X-Key": "s3cret", "X-New": "1"}));
    let patch = json!({"headers": {"X-Other": "••••••••"}});
    problem(&app.api.patch(&path, &patch).await, 409, "header_has_no_value", None);

    let listed = app.api.get("/endpoints").await.expect(200);
    assert_eq!(listed["data"], json!([changed]));
    assert_eq!(app.api.delete(&path).await.status, 204);
    problem(&app.api.get(&path).await, 404, "not_found", None);
}

#[tokio::test]
async fn what_restrains_requests_is_set_shown_changed_and_audited() {
    let app = App::start().await;
    let body = json!({
        "url": "https://example.com/hook", "event_types": ["*"],
        "rate_limit": {"per_second": 10}, "max_in_flight": 1, "ordered": true,
    });
    let made = app.api.post("/endpoints", &body).await.expect(201);
    let restraints =
        |shown: &Value| json!([shown["rate_limit"], shown["max_in_flight"], shown["ordered"]]);
    assert_eq!(restraints(&made), json!([{"per_second": 10}, 1, true]));
    let path = format!("/endpoints/{}", made["id"].as_str().unwrap());
    let patch = json!({"rate_limit": {"per_second": 20}, "max_in_flight": null});
    let changed = app.api.patch(&path, &patch).await.expect(200);
    assert_eq!(restraints(&changed), json!([{"per_second": 20}, null, true]));
    assert_eq!(restraints(&app.api.get(&path).await.expect(200)), restraints(&changed));
    let wrong = json!({"rate_limit": {"per_second": 10_001}});
    let told = problem(&app.api.patch(&path, &wrong).await, 422, "invalid_field", None);
    assert_eq!(told["errors"][0]["pointer"], "/rate_limit/per_second");
    let log = app.api.get("/audit-log?action=endpoint.updated").await.expect(200);
    let facts = &log["data"][0]["facts"]["changed"];
    assert_eq!(facts["max_in_flight"], json!([1, null]), "{log}");
    assert!(facts.get("ordered").is_none() && facts.get("rate_limit").is_some());
    let free = json!({"rate_limit": null, "ordered": null});
    let changed = app.api.patch(&path, &free).await.expect(200);
    assert_eq!(restraints(&changed), json!([null, null, false]));
}

#[tokio::test]
async fn a_secret_is_rotated_with_an_overlap() {
    let app = App::start().await;
    let made = app.endpoint().await;
    let path = format!("/endpoints/{}/secret", made["id"].as_str().unwrap());
    let rotated = app.api.post(&format!("{path}/rotate"), &json!({"overlap_seconds": 60})).await;
    let rotated = rotated.expect(200);
    assert_ne!(rotated["secret"], made["secret"]);
    assert_eq!(rotated["previous"][0]["secret"], made["secret"]);
    assert_eq!(rotated["previous"][0]["signs_until"], "2026-11-20T12:01:00Z");
    app.clock.advance(TimeDelta::seconds(61));
    assert_eq!(app.api.get(&path).await.expect(200)["previous"], json!([]));
}

#[tokio::test]
async fn an_event_is_taken_in_and_shown_with_its_delivery() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let mut body = event();
    body["subject"] = json!("491701234567");
    body["occurred_at"] = json!("2026-11-20T13:00:00+02:00");
    let made = app.api.post("/events", &body).await.expect(202);
    assert_eq!((&made["duplicate"], &made["deliveries"]), (&json!(false), &json!(1)));
    let shown = app.api.get(&format!("/events/{}", made["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(shown["data"], event()["data"]);
    assert_eq!(shown["occurred_at"], "2026-11-20T11:00:00Z");
    for query in
        ["", "?subject=491701234567", "?type=message.received", "?until=2026-11-20T12:00:01Z"]
    {
        let listed = app.api.get(&format!("/events{query}")).await.expect(200);
        assert_eq!(listed["data"][0]["id"], made["id"], "{query}");
        assert_eq!(listed["data"][0].get("data"), None);
    }
    let none = app.api.get("/events?subject=1").await.expect(200);
    assert_eq!(none["data"], json!([]));
    let query =
        format!("/deliveries?endpoint_id={}&state=pending", endpoint["id"].as_str().unwrap());
    let listed = app.api.get(&query).await.expect(200);
    let delivery = &listed["data"][0];
    assert_eq!(delivery["event_id"], made["id"]);
    let path = format!("/deliveries/{}", delivery["id"].as_str().unwrap());
    let shown = app.api.get(&path).await.expect(200);
    assert_eq!((&shown["attempts"], &shown["tries"]), (&json!([]), &json!(0)));
    assert_eq!(shown["max_tries"], 145);

    let canceled = app.api.post(&format!("{path}/cancel"), &json!({})).await.expect(200);
    assert_eq!(canceled["state"], "canceled");
    problem(
        &app.api.post(&format!("{path}/cancel"), &json!({})).await,
        409,
        "delivery_finished",
        None,
    );
    let again = app.api.post(&format!("{path}/retry"), &json!({})).await.expect(200);
    assert_eq!(again["state"], "pending");
    let pause = format!("/endpoints/{}", endpoint["id"].as_str().unwrap());
    app.api.patch(&pause, &json!({"status": "paused"})).await.expect(200);
    assert_eq!(app.api.get(&path).await.expect(200)["state"], "held");
    problem(&app.api.post(&format!("{path}/retry"), &json!({})).await, 409, "endpoint_held", None);
}

#[tokio::test]
async fn lists_are_stable_while_rows_arrive() {
    let app = App::start().await;
    for _ in 0..5 {
        app.api.post("/events", &event()).await.expect(202);
    }
    let first = app.api.get("/events?limit=2").await.expect(200);
    let mut seen: Vec<Value> = first["data"].as_array().unwrap().clone();
    let mut cursor = first["next_cursor"].clone();
    while let Some(next) = cursor.as_str() {
        app.api.post("/events", &event()).await.expect(202);
        let page = app.api.get(&format!("/events?limit=2&cursor={next}")).await.expect(200);
        seen.extend(page["data"].as_array().unwrap().clone());
        cursor = page["next_cursor"].clone();
    }
    let ids: std::collections::HashSet<_> = seen.iter().map(|row| row["id"].to_string()).collect();
    assert_eq!((seen.len(), ids.len()), (5, 5));
}

#[tokio::test]
async fn a_sample_shows_what_came_back_and_leaves_nothing() {
    let app = App::start().await;
    let receiver = testkit::receiver::Receiver::start();
    let body = json!({"url": receiver.url("/hook"), "event_types": ["message.read"],
        "headers": {"X-Key": "s3cret"}, "status": "disabled"});
    let made = app.api.post("/endpoints", &body).await.expect(201);
    let path = format!("/endpoints/{}/sample", made["id"].as_str().unwrap());
    let shown =
        app.api.post(&path, &json!({"event_type": "message.received", "data": {"n": 1}})).await;
    let shown = shown.expect(200);
    assert_eq!((&shown["ok"], &shown["error"]), (&json!(true), &Value::Null), "{shown}");
    assert_eq!(shown["request"]["headers"]["X-Key"], "••••••••");
    let sent: Value = serde_json::from_str(shown["request"]["body"].as_str().unwrap()).unwrap();
    assert_eq!((&sent["type"], &sent["data"]), (&json!("message.received"), &json!({"n": 1})));
    assert_eq!(app.api.get("/events").await.expect(200)["data"], json!([]));
    assert_eq!(app.api.get("/deliveries").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn tokens_are_shown_once() {
    let app = App::start().await;
    let body =
        json!({"name": "ci", "scopes": ["events:write"], "expires_at": "2027-01-01T00:00:00Z"});
    let made = app.api.post("/tokens", &body).await.expect(201);
    assert!(made["token"].as_str().unwrap().starts_with("hkf_"));
    let listed = app.api.get("/tokens").await.expect(200);
    let row =
        listed["data"].as_array().unwrap().iter().find(|row| row["id"] == made["id"]).unwrap();
    assert_eq!((row.get("token"), &row["scopes"]), (None, &json!(["events:write"])));
    let me = app.api.with_token(made["token"].as_str()).get("/auth/me").await.expect(200);
    assert_eq!(me["company"]["name"], "Acme");
    assert_eq!(me["token"]["id"], made["id"]);
}

#[tokio::test]
async fn event_types_come_with_schema_and_sample() {
    let app = App::start().await;
    let listed = app.api.get("/event-types").await.expect(200);
    let one = app.api.get("/event-types/message.received").await.expect(200);
    assert!(listed["data"].as_array().unwrap().contains(&one));
    assert!(one["schema"].is_object() && one["sample"].is_object());
    problem(&app.api.get("/event-types/message.nothing").await, 404, "not_found", None);
}

#[tokio::test]
async fn mails_are_an_empty_list_at_first() {
    let app = App::start().await;
    let empty = json!({"data": [], "next_cursor": null});
    assert_eq!(app.api.get("/mails").await.expect(200), empty);
}

#[tokio::test]
async fn health_asks_nothing_and_readiness_follows_the_switch() {
    let app = App::start().await;
    let anyone = app.api.with_token(None);
    anyone.get("/healthz").await.expect(200);
    anyone.get("/readyz").await.expect(200);
    app.readiness.set_ready(false);
    let answer = anyone.get("/readyz").await;
    problem(&answer, 503, "not_ready", None);
    assert_eq!(answer.header("retry-after"), "1");
    anyone.get("/healthz").await.expect(200);
    assert!(app.base().starts_with("http://127.0.0.1:"));
}

#[tokio::test]
async fn head_is_answered_where_get_is_and_the_front_page_says_what_this_is() {
    let app = App::start().await;
    let head = app.api.send("HEAD", "/events", &[], None).await.unwrap();
    assert_eq!((head.status, head.body.len()), (200, 0));
    let front = app.api.with_token(None).send("GET", "/../../", &[], None).await.unwrap();
    assert!(String::from_utf8_lossy(&front.body).contains("/api/v1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_says_who_did_what_from_where() {
    let app = App::start().await;
    let body = json!({"url": "https://example.com/hook", "event_types": ["*"]}).to_string();
    let from = [("x-forwarded-for", "203.0.113.9")];
    let made = app.api.send("POST", "/endpoints", &from, Some(body.into_bytes())).await.unwrap();
    let id = made.expect(201)["id"].as_str().unwrap().to_owned();
    app.api.get(&format!("/endpoints/{id}/secret")).await.expect(200);
    let log = app.api.get(&format!("/audit-log?subject={id}")).await.expect(200);
    let actions: Vec<_> =
        log["data"].as_array().unwrap().iter().map(|line| line["action"].clone()).collect();
    assert_eq!(actions.len(), 2, "{log}");
    assert_eq!(log["data"][1]["address"], "203.0.113.9");
    assert!(log["data"][1]["actor"].as_str().unwrap().starts_with("tok_"));
    assert!(!log.to_string().contains("whsec_"), "no secret: {log}");
    let none = app.api.get("/audit-log?action=nothing.done").await.expect(200);
    assert_eq!(none["data"], json!([]));
    assert_eq!(
        app.stranger().await.get("/audit-log").await.expect(200)["data"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stats_of_nothing_are_null_and_not_zero() {
    let app = App::start().await;
    let id = app.endpoint().await["id"].as_str().unwrap().to_owned();
    let stats = app.api.get(&format!("/endpoints/{id}/stats")).await.expect(200);
    assert_eq!((&stats["attempts"], &stats["success_rate"]), (&json!(0), &Value::Null));
    assert_eq!((&stats["p50_ms"], &stats["p95_ms"]), (&Value::Null, &Value::Null));
    app.api.post("/events", &event()).await.expect(202);
    let overview = app.api.get("/stats/overview").await.expect(200);
    assert_eq!(overview["endpoints"]["enabled"], 1);
    assert_eq!(overview["stats"]["waiting"]["count"], 1);
    let wrong = app.api.get("/stats/overview?since=yesterday").await;
    problem(&wrong, 422, "invalid_parameter", Some("since"));
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_tell_one_by_one_what_waits_and_when_they_are_tried_next() {
    let app = App::start().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(app.endpoint().await["id"].clone());
    }
    app.api.post("/events", &event()).await.expect(202);
    let paused = format!("/endpoints/{}", ids[0].as_str().unwrap());
    app.api.patch(&paused, &json!({"status": "paused"})).await.expect(200);
    let stats = app.api.get("/stats/endpoints").await.expect(200);
    assert_eq!((&stats["step_seconds"], &stats["next_cursor"]), (&json!(3600), &Value::Null));
    let found = stats["data"].as_array().unwrap();
    let wanted: Vec<&Value> = ids.iter().rev().collect();
    assert_eq!(found.iter().map(|one| &one["endpoint_id"]).collect::<Vec<_>>(), wanted);
    for one in found {
        assert_eq!((&one["attempts"], &one["success_rate"]), (&json!(0), &Value::Null), "{one}");
        assert_eq!((&one["answers"], &one["points"]), (&json!([]), &json!([])), "{one}");
        assert_eq!(one["waiting"]["count"], 1, "{one}");
        let alone = format!("/endpoints/{}/stats", one["endpoint_id"].as_str().unwrap());
        let alone = app.api.get(&alone).await.expect(200);
        assert_eq!(alone["waiting"], one["waiting"]);
        assert_eq!(alone["next_attempt_at"].is_null(), one["next_attempt_at"].is_null());
    }
    assert!(found[0]["next_attempt_at"].is_string() && found[2]["next_attempt_at"].is_null());
    let first = app.api.get("/stats/endpoints?limit=2").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = app.api.get(&format!("/stats/endpoints?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!(rest["data"].as_array().unwrap().len(), 1);
    assert_eq!((&rest["data"][0]["endpoint_id"], &rest["next_cursor"]), (&ids[0], &Value::Null));
    let far = app.api.get("/stats/endpoints?since=2026-01-01T00:00:00Z").await.expect(200);
    assert_eq!(far["since"], "2026-10-20T00:00:00Z");
    let none = app.stranger().await.get("/stats/endpoints").await.expect(200);
    assert_eq!(none["data"], json!([]));
    let wrong = app.api.get("/stats/endpoints?limit=1001").await;
    problem(&wrong, 422, "invalid_parameter", Some("limit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_went_nowhere_says_why() {
    let app = App::start().await;
    let make = async |types: &str, status: &str| {
        let body =
            json!({"url": "https://example.com/hook", "event_types": [types], "status": status});
        app.api.post("/endpoints", &body).await.expect(201)["id"].clone()
    };
    let matched = make("message.*", "enabled").await;
    let other_type = make("session.*", "enabled").await;
    let disabled = make("*", "disabled").await;
    let event = app.api.post("/events", &event()).await.expect(202);
    app.clock.advance(TimeDelta::seconds(1));
    let later = make("*", "enabled").await;
    let path = format!("/events/{}/why", event["id"].as_str().unwrap());
    let why = app.api.get(&path).await.expect(200);
    let of = |id: &Value| {
        let found = why["data"].as_array().unwrap().iter().find(|row| row["endpoint_id"] == *id);
        let row = found.unwrap();
        (row["matched"].clone(), row["deliveries"].as_array().unwrap().len(), row["reason"].clone())
    };
    assert_eq!(of(&matched), (json!(true), 1, Value::Null));
    assert_eq!(of(&other_type), (json!(false), 0, json!("type_not_picked")));
    assert_eq!(of(&disabled), (json!(false), 0, json!("disabled")));
    assert_eq!(of(&later), (json!(false), 0, json!("made_later")));
    let enable = json!({"status": "enabled"});
    app.api.patch(&format!("/endpoints/{}", disabled.as_str().unwrap()), &enable).await.expect(200);
    let why = app.api.get(&path).await.expect(200);
    assert!(why.to_string().contains("changed_since"), "{why}");
    assert_eq!(app.stranger().await.get(&path).await.status, 404);
}
