//! Bad input, each kind by name: refused with its code and its place, and nothing valid is lost
//! beside it.

use std::io::Write;

use chrono::TimeDelta;
use domain::scope::Scope;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::harness::{App, event, noon, problem};

#[tokio::test]
async fn unknown_field_wrong_type_and_missing_field() {
    let app = App::start().await;
    for (path, body) in [("/events", event()), ("/endpoints", endpoint()), ("/tokens", token())] {
        let mut typo = body.clone();
        typo["typo"] = json!(1);
        problem(&app.api.post(path, &typo).await, 422, "unknown_field", Some("/typo"));
    }
    let wrong = json!({"type": "message.received", "data": {}, "subject": 5});
    problem(&app.api.post("/events", &wrong).await, 422, "invalid_field", Some("/subject"));
    let missing = json!({"type": "message.received"});
    problem(&app.api.post("/events", &missing).await, 422, "missing_field", Some("/data"));
    let mut wrong = endpoint();
    wrong["timeout_ms"] = json!("5s");
    problem(&app.api.post("/endpoints", &wrong).await, 422, "invalid_field", Some("/timeout_ms"));
    let wrong = json!({"type": "message.received", "data": [1]});
    problem(&app.api.post("/events", &wrong).await, 422, "invalid_field", Some("/data"));
}

fn endpoint() -> Value {
    json!({"url": "https://example.com/hook", "event_types": ["*"]})
}

fn token() -> Value {
    json!({"name": "ci", "scopes": ["events:write"]})
}

#[tokio::test]
async fn invalid_json_trailing_garbage_and_invalid_utf8() {
    let app = App::start().await;
    for body in [&b"{"[..], b"", b"{\"a\":1} x", b"\"\xff\"", b"{\"type\":1,\"type\":2}"] {
        for path in ["/events", "/events/batch", "/endpoints", "/tokens"] {
            problem(&app.raw("POST", path, body).await, 400, "invalid_json", None);
        }
    }
    let told = problem(&app.raw("POST", "/events", "{\n  x").await, 400, "invalid_json", None);
    assert!(told["detail"].as_str().unwrap().contains("line 2 column 3"), "{told}");
}

#[tokio::test]
async fn oversized_data_body_and_batch_name_the_limit() {
    let app = App::start().await;
    let large = |bytes: usize| {
        json!({"type": "message.received", "data": {"a": "x".repeat(bytes)}}).to_string()
    };
    for bytes in [256 * 1024, 300 * 1024, 2 * 1024 * 1024] {
        let told = problem(&app.raw("POST", "/events", large(bytes)).await, 413, "too_large", None);
        assert!(told["detail"].as_str().unwrap().contains("bytes"), "{told}");
    }
    let fits = 256 * 1024 - r#"{"a":""}"#.len();
    app.raw("POST", "/events", large(fits)).await.expect(202);
    let batch = format!("{{\"events\":[{}]}}", vec![large(200_000); 43].join(","));
    let told = problem(&app.raw("POST", "/events/batch", batch).await, 413, "too_large", None);
    assert!(told["detail"].as_str().unwrap().contains("8388608"), "{told}");
    let beside = format!("{{\"events\":[{},{}]}}", event(), large(256 * 1024));
    let answer = app.raw("POST", "/events/batch", beside).await.expect(202);
    assert_eq!(answer["results"][0]["duplicate"], false);
    assert_eq!(answer["results"][1]["error"]["status"], 413);
}

#[tokio::test]
async fn unknown_event_type_names_the_nearest() {
    let app = App::start().await;
    let body = json!({"type": "message.recieved", "data": {}});
    let told =
        problem(&app.api.post("/events", &body).await, 422, "unknown_event_type", Some("/type"));
    assert!(told["detail"].as_str().unwrap().contains("`message.received`"), "{told}");
    let body = json!({"url": "https://example.com", "event_types": ["*", "mesage.read"]});
    let answer = app.api.post("/endpoints", &body).await;
    problem(&answer, 422, "unknown_event_type", Some("/event_types/1"));
    let operational = json!({"type": "endpoint.defective", "data": {}});
    let answer = app.api.post("/events", &operational).await;
    problem(&answer, 422, "unknown_event_type", Some("/type"));
}

#[tokio::test]
async fn url_with_credentials_plain_http_and_private_addresses() {
    let app = App::start().await;
    let post = async |url: &str| {
        app.api.post("/endpoints", &json!({"url": url, "event_types": ["*"]})).await
    };
    for url in ["https://u:p@example.com/", "http://example.com/", "example.com", "ftp://x.org"] {
        problem(&post(url).await, 422, "url_refused", Some("/url"));
    }
    for address in ["10.0.0.8", "169.254.169.254", "192.168.1.1", "[::ffff:10.0.0.8]"] {
        let answer = post(&format!("https://{address}/")).await;
        let told = problem(&answer, 422, "address_forbidden", Some("/url"));
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.contains("HOOKFERRY_ALLOW_NETWORKS"), "{detail}");
        assert!(detail.contains(address.trim_matches(['[', ']'])), "{detail}");
    }
    post("http://127.0.0.1:9/").await.expect(201);
}

#[tokio::test]
async fn a_batch_of_1001_is_refused_and_of_1000_is_not() {
    let app = App::start().await;
    let batch = |count: usize| json!({"events": vec![event(); count]});
    let answer = app.api.post("/events/batch", &batch(1_001)).await;
    problem(&answer, 422, "invalid_field", Some("/events"));
    assert_eq!(app.api.get("/events?limit=1").await.expect(200)["data"], json!([]));
    let answer = app.api.post("/events/batch", &batch(1_000)).await.expect(202);
    assert_eq!(answer["results"].as_array().unwrap().len(), 1_000);
}

#[tokio::test]
async fn the_same_id_twice_inside_one_batch() {
    let app = App::start().await;
    let with =
        |id: &str, text: &str| json!({"type": "message.received", "data": {"t": text}, "id": id});
    let events =
        [with("a", "1"), with("a", "1"), with("a", "2"), json!({"type": "x"}), with("b", "1")];
    let answer = app.api.post("/events/batch", &json!({"events": events})).await.expect(202);
    let results = &answer["results"];
    assert_eq!(results[0]["duplicate"], false);
    assert_eq!(results[1], json!({"id": results[0]["id"], "duplicate": true, "deliveries": 0}));
    assert_eq!(results[2]["error"]["status"], 409);
    assert_eq!(results[2]["error"]["code"], "key_reused");
    assert_eq!(results[3]["error"]["errors"][0]["pointer"], "/events/3/type");
    assert_eq!(results[4]["duplicate"], false);
    let kept = app.api.get("/events").await.expect(200);
    assert_eq!(kept["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_same_id_with_another_body_and_both_keys_at_once() {
    let app = App::start().await;
    let mut body = event();
    body["id"] = json!("order-1");
    let first = app.api.post("/events", &body).await.expect(202);
    let again = app.api.post("/events", &body).await.expect(202);
    assert_eq!(again, json!({"id": first["id"], "duplicate": true, "deliveries": 0}));
    let key = [("Idempotency-Key", "order-1")];
    let by_header = app.api.send("POST", "/events", &key, Some(event().to_string().into())).await;
    assert_eq!(by_header.unwrap().expect(202)["id"], first["id"]);
    let both = app.api.send("POST", "/events", &key, Some(body.to_string().into())).await.unwrap();
    problem(&both, 422, "both_keys", Some("/id"));
    body["data"] = json!({"other": true});
    problem(&app.api.post("/events", &body).await, 409, "key_reused", None);
    let stranger = app.stranger().await;
    let theirs = stranger.post("/events", &body).await.expect(202);
    assert_eq!(theirs["duplicate"], false);
    let batch = json!({"events": [event()]}).to_string();
    let answer = app.api.send("POST", "/events/batch", &key, Some(batch.into())).await.unwrap();
    problem(&answer, 422, "invalid_field", Some("Idempotency-Key"));
}

#[tokio::test]
async fn another_companys_id_a_made_up_one_and_a_malformed_one_are_the_same_404() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let event = app.api.post("/events", &event()).await.expect(202);
    let (endpoint, event) = (endpoint["id"].as_str().unwrap(), event["id"].as_str().unwrap());
    let delivery = app.api.get("/deliveries").await.expect(200);
    let delivery = delivery["data"][0]["id"].as_str().unwrap();
    let token = app.api.get("/tokens").await.expect(200);
    let token = token["data"][0]["id"].as_str().unwrap();
    let stranger = app.stranger().await;
    let mut bodies = std::collections::HashSet::new();
    for id in [endpoint, "ep_01h455vb4pex5vsknk084sn02q", "ep_x", "5", "%00", "%ff"] {
        let path = format!("/endpoints/{id}");
        bodies.insert(problem(&stranger.get(&path).await, 404, "not_found", None).to_string());
        problem(&stranger.delete(&path).await, 404, "not_found", None);
        problem(&stranger.patch(&path, &json!({})).await, 404, "not_found", None);
        let secret = format!("{path}/secret");
        problem(&stranger.get(&secret).await, 404, "not_found", None);
        problem(
            &stranger.post(&format!("{secret}/rotate"), &json!({})).await,
            404,
            "not_found",
            None,
        );
        problem(
            &stranger.post(&format!("{path}/sample"), &json!({})).await,
            404,
            "not_found",
            None,
        );
    }
    for path in
        [format!("/events/{event}"), format!("/deliveries/{delivery}"), "/mails/mail_1".into()]
    {
        bodies.insert(problem(&stranger.get(&path).await, 404, "not_found", None).to_string());
    }
    for action in ["retry", "cancel"] {
        let path = format!("/deliveries/{delivery}/{action}");
        problem(&stranger.post(&path, &json!({})).await, 404, "not_found", None);
    }
    problem(&stranger.delete(&format!("/tokens/{token}")).await, 404, "not_found", None);
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(stranger.get("/events").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn expired_revoked_and_malformed_tokens() {
    let app = App::start().await;
    let later = noon() + chrono::TimeDelta::minutes(5);
    let expiring = app.token(app.company, &[Scope::Admin], Some(later)).await;
    let expiring = app.api.with_token(Some(&expiring));
    let made =
        app.api.post("/tokens", &json!({"name": "x", "scopes": ["admin"]})).await.expect(201);
    let revoked = app.api.with_token(made["token"].as_str());
    let calls = async |api: &testkit::api::Api| {
        [api.get("/auth/me").await, api.post("/events", &event()).await]
    };
    for client in [&expiring, &revoked] {
        let [me, posted] = calls(client).await;
        me.expect(200);
        posted.expect(202);
    }
    app.clock.advance(chrono::TimeDelta::minutes(5));
    let id = made["id"].as_str().unwrap();
    assert_eq!(app.api.delete(&format!("/tokens/{id}")).await.status, 204);
    assert_eq!(app.api.delete(&format!("/tokens/{id}")).await.status, 204);
    let none = app.api.with_token(None);
    let malformed = app.api.with_token(Some("hkf_nothing"));
    for client in [&expiring, &revoked, &none, &malformed] {
        for answer in calls(client).await {
            problem(&answer, 401, "unauthorized", None);
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
    }
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let app = App::start().await;
    let reader = app.with_scopes(&[Scope::EventsRead]).await;
    reader.get("/events").await.expect(200);
    reader.get("/auth/me").await.expect(200);
    let told = problem(&reader.post("/events", &event()).await, 403, "missing_scope", None);
    assert!(told["detail"].as_str().unwrap().contains("`events:write`"), "{told}");
    for (path, scope) in [
        ("/tokens", "admin"),
        ("/endpoints", "endpoints:read"),
        ("/deliveries", "deliveries:read"),
        ("/mails", "deliveries:read"),
    ] {
        let told = problem(&reader.get(path).await, 403, "missing_scope", None);
        assert!(told["detail"].as_str().unwrap().contains(scope), "{told}");
    }
    let looker = app.with_scopes(&[Scope::EndpointsRead]).await;
    let id = app.endpoint().await["id"].as_str().unwrap().to_owned();
    problem(&looker.get(&format!("/endpoints/{id}/secret")).await, 403, "missing_scope", None);
}

#[tokio::test]
async fn nul_bytes_and_lone_surrogates() {
    let app = App::start().await;
    let data = r#"{"a":"\u0000\ud800","b":1.50}"#;
    let body = format!(r#"{{"type":"message.received","data":{data}}}"#);
    let made = app.raw("POST", "/events", body).await.expect(202);
    let path = format!("/events/{}", made["id"].as_str().unwrap());
    let shown = app.api.send("GET", &path, &[], None).await.unwrap();
    let text = String::from_utf8(shown.body.to_vec()).unwrap();
    assert!(text.contains(data), "{text}");
    for field in ["id", "subject"] {
        for text in ["\\u0000", "\\ud800"] {
            let body = format!(r#"{{"type":"message.received","data":{{}},"{field}":"{text}"}}"#);
            let place = format!("/{field}");
            problem(&app.raw("POST", "/events", body).await, 422, "invalid_field", Some(&place));
        }
    }
    let raw = b"{\"type\":\"message.received\",\"data\":{\"a\":\"\0\"}}";
    problem(&app.raw("POST", "/events", raw).await, 400, "invalid_json", None);
}

#[tokio::test]
async fn wrong_method_unknown_address_and_bad_parameters() {
    let app = App::start().await;
    let answer = app.raw("PUT", "/events", "{}").await;
    problem(&answer, 405, "method_not_allowed", None);
    assert_eq!(answer.header("allow"), "GET, HEAD, POST");
    problem(&app.api.get("/nothing").await, 404, "not_found", None);
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=zzz", "cursor"),
        ("typ=message.read", "typ"),
        ("since=yesterday", "since"),
        ("subject=%00", "subject"),
    ] {
        let answer = app.api.get(&format!("/events?{query}")).await;
        problem(&answer, 422, "invalid_parameter", Some(name));
    }
    let answer = app.api.get("/deliveries?state=lost").await;
    problem(&answer, 422, "invalid_parameter", Some("state"));
}

#[tokio::test]
async fn an_expiry_in_the_past_and_a_time_that_is_none() {
    let app = App::start().await;
    for (field, value) in [("expires_at", "2026-11-20T11:59:59Z"), ("occurred_at", "yesterday")] {
        let mut body = event();
        body[field] = json!(value);
        let place = format!("/{field}");
        problem(&app.api.post("/events", &body).await, 422, "invalid_field", Some(&place));
    }
}

#[tokio::test]
async fn what_was_accepted_in_time_gets_its_answer_again_after_its_expiry() {
    let app = App::start().await;
    app.endpoint().await;
    let timed = |id: &str| {
        let mut body = event();
        body["id"] = json!(id);
        body["expires_at"] = json!("2026-11-20T12:00:02Z");
        body
    };
    let first = app.api.post("/events", &timed("x")).await.expect(202);
    app.clock.advance(TimeDelta::seconds(3));
    let again = app.api.post("/events", &timed("x")).await.expect(202);
    assert_eq!(again, json!({"id": first["id"], "duplicate": true, "deliveries": 1}));
    let late = app.api.post("/events", &timed("y")).await;
    problem(&late, 422, "invalid_field", Some("/expires_at"));
    let batch = json!({"events": [timed("x"), timed("z"), event()]});
    let results = app.api.post("/events/batch", &batch).await.expect(202)["results"].take();
    assert_eq!(results[0], again);
    assert_eq!(results[1]["error"]["errors"][0]["pointer"], "/events/1/expires_at");
    assert_eq!((&results[2]["duplicate"], results.as_array().unwrap().len()), (&json!(false), 3));
    let listed = app.api.get("/events").await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_small_body_that_inflates_to_a_large_one_is_too_large() {
    let app = App::start().await;
    let gzip = |bytes: usize| {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..bytes / 1_000 {
            encoder.write_all(&[b' '; 1_000]).unwrap();
        }
        encoder.write_all(event().to_string().as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    for (bytes, status) in [(100_000_000, 413), (200_000, 202)] {
        let headers = [("content-encoding", "gzip")];
        let answer = app.api.send("POST", "/events", &headers, Some(gzip(bytes))).await.unwrap();
        answer.expect(status);
    }
}

#[tokio::test]
async fn a_rotation_that_would_drop_a_secret_which_still_signs_is_a_conflict() {
    let app = App::start().await;
    let made = app.endpoint().await;
    let path = format!("/endpoints/{}/secret/rotate", made["id"].as_str().unwrap());
    for _ in 0..5 {
        app.api.post(&path, &json!({})).await.expect(200);
    }
    let refused = problem(&app.api.post(&path, &json!({})).await, 409, "too_many_secrets", None);
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("2026-11-21T12:00:00"), "{detail}");
    app.clock.advance(TimeDelta::days(1));
    app.api.post(&path, &json!({})).await.expect(200);
}
