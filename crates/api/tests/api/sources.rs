//! Sources over HTTP: what people see of them, Meta's question, and notifications at every edge.

use std::time::Duration;

use chrono::TimeDelta;
use domain::scope::Scope;
use domain::source::{AppSecret, NOTIFICATION_BYTES_MAX};
use serde_json::{Value, json};
use testkit::api::Answer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::harness::{App, OPERATOR_TOKEN, problem};

const SECRET: &str = "8f2b1c9e4d7a60535b6f0e1d2c3a4958";

async fn source(app: &App) -> Value {
    let body = json!({"kind": "whatsapp", "name": "shop", "app_secret": SECRET});
    app.api.post("/sources", &body).await.expect(201)
}

fn path(source: &Value) -> String {
    format!("/sources/{}", source["id"].as_str().unwrap())
}

fn callback(source: &Value) -> &str {
    source["callback_url"].as_str().unwrap()
}

/// A notification of one message.
fn message(wamid: &str) -> Vec<u8> {
    let message = json!({"from": "491701234567", "id": wamid, "timestamp": "1795175940",
        "type": "text", "text": {"body": "hé 🙂"}});
    let value = json!({"messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4930123456", "phone_number_id": "208845331907714"},
        "contacts": [], "messages": [message]});
    json!({"object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]})
    .to_string()
    .into_bytes()
}

async fn post(app: &App, url: &str, signature: Option<&str>, body: Vec<u8>) -> Answer {
    let headers: Vec<(&str, &str)> =
        signature.iter().map(|text| ("x-hub-signature-256", *text)).collect();
    app.api.send_to(url, "POST", &headers, body).await.unwrap()
}

async fn signed(app: &App, source: &Value, secret: &str, body: Vec<u8>) -> Answer {
    let signature = AppSecret::parse(secret).unwrap().sign(&body);
    post(app, callback(source), Some(&signature), body).await
}

async fn events(app: &App, query: &str) -> Vec<Value> {
    let page = app.api.get(&format!("/events{query}")).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

/// What the source shows once what has come is written down.
async fn shown(app: &App, source: &Value) -> Value {
    app.store.write_source_counts(crate::harness::noon()).await.unwrap();
    app.api.get(&path(source)).await.expect(200)
}

async fn refused(app: &App, source: &Value) -> Vec<Value> {
    app.store.write_source_counts(crate::harness::noon()).await.unwrap();
    let page = app.api.get(&format!("{}/refused", path(source))).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_source_is_made_shown_named_and_deleted() {
    let app = App::start().await;
    let answer = app.api.post("/sources", &json!({"kind": "whatsapp", "name": "shop"})).await;
    let made = answer.expect(201);
    assert_eq!(answer.header("location"), format!("/api/v1{}", path(&made)));
    let company = app.company;
    let url = format!("{}/in/{company}/{}", app.base(), made["id"].as_str().unwrap());
    assert_eq!(callback(&made), url);
    assert_eq!(made["state"], "needs_app_secret");
    assert_eq!(made["verify_token"].as_str().unwrap().len(), 32);
    assert_eq!(made["notifications"], json!({"accepted": 0, "refused": 0}));
    let named = app.api.patch(&path(&made), &json!({"name": "bar"})).await.expect(200);
    assert_eq!(named["name"], "bar");
    let again = app.api.patch(&path(&made), &json!({})).await.expect(200);
    assert_eq!(again, named);
    assert_eq!(app.api.get("/sources").await.expect(200)["data"], json!([named]));
    app.api.delete(&path(&made)).await.expect(204);
    problem(&app.api.get(&path(&made)).await, 404, "not_found", None);
    let handshake = format!("{url}?hub.mode=subscribe&hub.challenge=1&hub.verify_token=12345678");
    assert_eq!(app.api.send_to(&handshake, "GET", &[], Vec::new()).await.unwrap().status, 404);
    assert_eq!(post(&app, &url, None, message("w")).await.status, 404);
}

#[tokio::test]
async fn mistakes_are_named() {
    let app = App::start().await;
    let made = source(&app).await;
    for (body, code, place) in [
        (json!({"name": "x"}), "missing_field", "/kind"),
        (json!({"kind": "sms", "name": "x"}), "invalid_field", "/kind"),
        (json!({"kind": "whatsapp", "name": ""}), "invalid_field", "/name"),
        (
            json!({"kind": "whatsapp", "name": "x", "app_secret": "short"}),
            "invalid_field",
            "/app_secret",
        ),
        (
            json!({"kind": "whatsapp", "name": "x", "verify_token": 5}),
            "invalid_field",
            "/verify_token",
        ),
        (json!({"kind": "whatsapp", "name": "x", "url": "y"}), "unknown_field", "/url"),
        (
            json!({"kind": "whatsapp", "name": "x", "callback_url": "y"}),
            "invalid_field",
            "/callback_url",
        ),
    ] {
        problem(&app.api.post("/sources", &body).await, 422, code, Some(place));
    }
    let rotate = format!("{}/app-secret/rotate", path(&made));
    problem(&app.api.post(&rotate, &json!({})).await, 422, "missing_field", Some("/app_secret"));
    let rotate = format!("{}/verify-token/rotate", path(&made));
    let body = json!({"verify_token": "a b c d e f"});
    problem(&app.api.post(&rotate, &body).await, 422, "invalid_field", Some("/verify_token"));
    let reader = app.with_scopes(&[Scope::EndpointsRead]).await;
    problem(&reader.post("/sources", &body).await, 403, "missing_scope", None);
    reader.get(&path(&made)).await.expect(200);
}

#[tokio::test]
async fn the_question_of_meta_is_answered_by_its_token_alone() {
    let app = App::start().await;
    let made = source(&app).await;
    let ask = async |mode: &str, token: &str| {
        let query = format!("?hub.mode={mode}&hub.challenge=1158201444&hub.verify_token={token}");
        let url = format!("{}{query}", callback(&made));
        app.api.send_to(&url, "GET", &[], Vec::new()).await.unwrap()
    };
    let token = made["verify_token"].as_str().unwrap();
    problem(&ask("subscribe", "another-token").await, 403, "wrong_verify_token", None);
    problem(&ask("unsubscribe", token).await, 403, "wrong_verify_token", None);
    let bare = app.api.send_to(callback(&made), "GET", &[], Vec::new()).await.unwrap();
    problem(&bare, 403, "wrong_verify_token", None);
    assert_eq!(shown(&app, &made).await["state"], "needs_handshake");
    let answer = ask("subscribe", token).await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b"1158201444"[..]));
    assert_eq!(answer.header("content-type"), "text/plain");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let after = shown(&app, &made).await;
    assert_eq!(
        (&after["state"], &after["handshake_at"]),
        (&json!("waits_for_notifications"), &json!("2026-11-20T12:00:00Z"))
    );
    let all = refused(&app, &made).await;
    assert_eq!((all.len(), &all[0]["reason"]), (1, &json!("wrong_verify_token")));

    let rotate = format!("{}/verify-token/rotate", path(&made));
    let own = app.api.post(&rotate, &json!({"verify_token": "my-own-token"})).await.expect(200);
    assert_eq!(own["verify_token"], "my-own-token");
    assert_eq!(ask("subscribe", token).await.status, 403);
    assert_eq!(ask("subscribe", "my-own-token").await.status, 200);
    let random = app.api.send("POST", &rotate, &[], None).await.unwrap().expect(200);
    assert_ne!(random["verify_token"], "my-own-token");
}

#[tokio::test]
async fn a_notification_becomes_events_once() {
    let app = App::start().await;
    app.endpoint().await;
    let made = source(&app).await;
    for _ in 0..2 {
        let answer = signed(&app, &made, SECRET, message("wamid.1")).await;
        assert_eq!((answer.status, answer.body.len()), (200, 0));
    }
    let all = events(&app, "").await;
    let types: Vec<_> = all.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["contact.created", "message.received"], "the newest first");
    let event = &all[1];
    assert_eq!((&event["source_id"], &event["external_id"]), (&made["id"], &json!("wamid.1")));
    assert_eq!(
        (&event["subject"], &event["phone_number_id"]),
        (&json!("491701234567"), &json!("208845331907714"))
    );
    assert_eq!(
        (&event["occurred_at"], &event["deliveries"]),
        (&json!("2026-11-20T11:59:00Z"), &json!(1))
    );
    let one = app.api.get(&format!("/events/{}", event["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(one["data"]["message"]["text"]["body"], "hé 🙂");
    assert_eq!(one["phone_number_id"], "208845331907714");
    assert_eq!(events(&app, "?phone_number_id=208845331907714").await.len(), 2);
    assert_eq!(
        events(&app, &format!("?source_id={}", made["id"].as_str().unwrap())).await.len(),
        2
    );
    assert!(events(&app, "?phone_number_id=1").await.is_empty());
    let after = shown(&app, &made).await;
    assert_eq!(after["state"], "receiving");
    assert_eq!(after["notifications"], json!({"accepted": 2, "refused": 0}));
    assert_eq!(after["last_notification_at"], "2026-11-20T12:00:00Z");
}

#[tokio::test]
async fn what_is_forged_is_refused_counted_and_visible_and_nothing_is_stored() {
    let app = App::start().await;
    let made = source(&app).await;
    let body = message("wamid.1");
    let right = AppSecret::parse(SECRET).unwrap().sign(&body);
    problem(&post(&app, callback(&made), None, body.clone()).await, 401, "bad_signature", None);
    for wrong in
        ["", "sha256=", &right[..70], &format!("{right}0"), &right.replace("sha256=", "sha1=00")]
    {
        problem(
            &post(&app, callback(&made), Some(wrong), body.clone()).await,
            401,
            "bad_signature",
            None,
        );
    }
    let altered = [&body[..], b" "].concat();
    problem(&post(&app, callback(&made), Some(&right), altered).await, 401, "bad_signature", None);
    let twice = [("x-hub-signature-256", right.as_str()), ("x-hub-signature-256", right.as_str())];
    let answer = app.api.send_to(callback(&made), "POST", &twice, body.clone()).await.unwrap();
    problem(&answer, 401, "bad_signature", None);
    // What is compressed was signed as it is sent, or not by Meta.
    let packed = [("x-hub-signature-256", right.as_str()), ("content-encoding", "gzip")];
    let answer = app.api.send_to(callback(&made), "POST", &packed, body.clone()).await.unwrap();
    assert_eq!(answer.status, 200, "the bytes count, not what is said of them");
    assert_eq!(events(&app, "").await.len(), 1);
    let after = shown(&app, &made).await;
    assert_eq!(after["notifications"], json!({"accepted": 1, "refused": 8}));
    let all = refused(&app, &made).await;
    let count = |reason: &str| all.iter().filter(|one| one["reason"] == reason).count();
    assert_eq!((count("signature_missing"), count("signature_wrong")), (1, 5), "{all:?}");
    assert_eq!(all[0]["address"], "127.0.0.1");
    assert_eq!(all[0]["body_bytes"], body.len());
    assert!(all[0]["detail"].as_str().unwrap().contains("X-Hub-Signature-256"));
}

#[tokio::test]
async fn a_document_that_is_none_is_told_with_its_reason() {
    let app = App::start().await;
    let made = source(&app).await;
    for (body, said) in [
        ("{", "not JSON"),
        ("[]", "an array where an object"),
        (r#"{"object":"page","entry":[]}"#, "/object"),
        (r#"{"object":"whatsapp_business_account"}"#, "/entry"),
    ] {
        let answer = signed(&app, &made, SECRET, body.into()).await;
        let told = problem(&answer, 400, "malformed_notification", None);
        assert!(told["detail"].as_str().unwrap().contains(said), "{told}");
    }
    let all = refused(&app, &made).await;
    assert!(all.iter().all(|one| one["reason"] == "malformed"));
    assert!(all.iter().any(|one| one["detail"].as_str().unwrap().contains("/entry")), "{all:?}");
    let empty = r#"{"object":"whatsapp_business_account","entry":[]}"#;
    assert_eq!(signed(&app, &made, SECRET, empty.into()).await.status, 200);
}

#[tokio::test]
async fn a_source_without_an_app_secret_says_so_and_takes_in_later() {
    let app = App::start().await;
    let body = json!({"kind": "whatsapp", "name": "shop"});
    let made = app.api.post("/sources", &body).await.expect(201);
    let answer = signed(&app, &made, SECRET, message("wamid.1")).await;
    problem(&answer, 503, "source_not_ready", None);
    assert_eq!(answer.header("retry-after"), "60");
    assert_eq!(refused(&app, &made).await[0]["reason"], "no_app_secret");
    let rotate = format!("{}/app-secret/rotate", path(&made));
    let set = app.api.post(&rotate, &json!({"app_secret": SECRET})).await.expect(200);
    assert_eq!(
        (&set["app_secret_set"], &set["previous_app_secret_until"]),
        (&json!(true), &json!(null))
    );
    assert_eq!(signed(&app, &made, SECRET, message("wamid.1")).await.status, 200);
    assert_eq!(events(&app, "").await.len(), 1);
}

#[tokio::test]
async fn app_secrets_overlap_until_their_time() {
    const NEXT: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    let app = App::start().await;
    let made = source(&app).await;
    assert_eq!(signed(&app, &made, SECRET, message("1")).await.status, 200);
    let rotate = format!("{}/app-secret/rotate", path(&made));
    let body = json!({"app_secret": NEXT, "overlap_seconds": 60});
    let rotated = app.api.post(&rotate, &body).await.expect(200);
    assert_eq!(rotated["previous_app_secret_until"], "2026-11-20T12:01:00Z");
    assert!(!rotated.to_string().contains(NEXT) && !rotated.to_string().contains(SECRET));
    for secret in [SECRET, NEXT] {
        assert_eq!(signed(&app, &made, secret, message("2")).await.status, 200);
    }
    app.clock.advance(TimeDelta::seconds(60));
    assert_eq!(signed(&app, &made, SECRET, message("3")).await.status, 401);
    assert_eq!(signed(&app, &made, NEXT, message("3")).await.status, 200);
    assert_eq!(
        app.api.get(&path(&made)).await.expect(200)["previous_app_secret_until"],
        json!(null)
    );
    assert_eq!(events(&app, "").await.len(), 3);
}

#[tokio::test]
async fn three_megabytes_are_taken_and_a_byte_more_is_not() {
    let app = App::start().await;
    let made = source(&app).await;
    let of_size = |bytes: usize| {
        let mut body = message("wamid.large");
        body.resize(bytes, b' ');
        body
    };
    let answer = signed(&app, &made, SECRET, of_size(NOTIFICATION_BYTES_MAX)).await;
    assert_eq!(answer.status, 200);
    let answer = signed(&app, &made, SECRET, of_size(NOTIFICATION_BYTES_MAX + 1)).await;
    let told = problem(&answer, 413, "too_large", None);
    assert!(told["detail"].as_str().unwrap().contains("3145728"), "{told}");
    let all = refused(&app, &made).await;
    assert_eq!((all.len(), &all[0]["reason"]), (1, &json!("too_large")));
    assert_eq!(all[0]["body_bytes"], NOTIFICATION_BYTES_MAX + 1);
    assert_eq!(events(&app, "").await.len(), 1);
}

const SOON: Duration = Duration::from_secs(20);

/// Announces a notification to a source and sends the start of it.
async fn slow(app: &App, url: &str, body: &[u8], sent: usize) -> TcpStream {
    let address = app.base().strip_prefix("http://").unwrap();
    let path = url.strip_prefix(app.base()).unwrap();
    let signature = AppSecret::parse(SECRET).unwrap().sign(body);
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         x-hub-signature-256: {signature}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    // It may be refused meanwhile.
    let _ = connection.write_all(&body[..sent]).await;
    connection
}

/// The status of the answer.
async fn status(connection: &mut TcpStream) -> u16 {
    let mut start = [0; 12];
    timeout(SOON, connection.read_exact(&mut start)).await.unwrap().unwrap();
    std::str::from_utf8(&start[9..]).unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_counts_is_the_source_once_the_whole_body_is_there() {
    let app = App::start().await;
    let [kept, rotated, deleted] = [source(&app).await, source(&app).await, source(&app).await];
    let body = message("wamid.slow");
    let start = |made| slow(&app, callback(made), &body, 40);
    let mut connections = [start(&kept).await, start(&rotated).await, start(&deleted).await];
    // Their heads have been read: what is unknown is answered at once.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let rotate = format!("{}/app-secret/rotate", path(&rotated));
    let next = json!({"app_secret": "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "overlap_seconds": 0});
    app.api.post(&rotate, &next).await.expect(200);
    app.api.delete(&path(&deleted)).await.expect(204);
    for (connection, expected) in connections.iter_mut().zip([200, 401, 404]) {
        connection.write_all(&body[40..]).await.unwrap();
        assert_eq!(status(connection).await, expected);
    }
    assert_eq!(events(&app, "").await.len(), 1);
}

#[tokio::test]
async fn nobody_without_the_secret_shuts_the_door() {
    let app = App::start().await;
    let [flooded, other] = [source(&app).await, source(&app).await];
    let body = vec![b' '; NOTIFICATION_BYTES_MAX];
    let unknown =
        callback(&other).replace(other["id"].as_str().unwrap(), "src_01m7y3yvqsfw88028n6rw9xe2b");
    // Answered although its body never comes.
    assert_eq!(status(&mut slow(&app, &unknown, &body, 0).await).await, 404);
    // More than all that may be read at a time, and none of it ends.
    let mut uploads = JoinSet::new();
    const UPLOADS: usize = 12;
    const FIT: usize = 2;
    for _ in 0..UPLOADS {
        let mut upload = slow(&app, callback(&flooded), &body, body.len() - 1).await;
        uploads.spawn(async move { upload.read(&mut [0; 64]).await });
    }
    for _ in FIT..UPLOADS {
        let _ = timeout(SOON, uploads.join_next()).await.expect("the others are refused");
    }
    let mut large = message("wamid.large");
    large.resize(NOTIFICATION_BYTES_MAX, b' ');
    assert_eq!(signed(&app, &flooded, SECRET, large.clone()).await.status, 503);
    assert_eq!(signed(&app, &other, SECRET, large).await.status, 200);
    assert_eq!(uploads.len(), FIT, "they are still under way");
}

#[tokio::test]
async fn nobody_else_is_there() {
    let app = App::start().await;
    let made = source(&app).await;
    let other = app.endpoint().await["id"].as_str().unwrap().to_owned();
    let id = made["id"].as_str().unwrap();
    let url = callback(&made);
    let stranger = app.store.create_company("S", "s@example.com", crate::harness::noon()).await;
    let body = message("wamid.1");
    let right = AppSecret::parse(SECRET).unwrap().sign(&body);
    for url in [
        url.replace(id, "src_01m7y3yvqsfw88028n6rw9xe2b"),
        url.replace(id, &other),
        url.replace(&app.company.to_string(), &stranger.unwrap().id.to_string()),
        format!("{}/in/x/y", app.base()),
    ] {
        let answer = post(&app, &url, Some(&right), body.clone()).await;
        problem(&answer, 404, "not_found", None);
    }
    let answer = app.api.send_to(url, "PUT", &[], body).await.unwrap();
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, POST"));
    assert!(events(&app, "").await.is_empty());
}

#[tokio::test]
async fn what_may_not_be_taken_in_now_is_sent_again() {
    let app = App::start().await;
    let made = source(&app).await;
    let operator = app.api.with_token(Some(OPERATOR_TOKEN));
    let company = format!("/admin/companies/{}", app.company);
    let limits = json!({"limits": {"events_per_second": 1}});
    operator.patch(&company, &limits).await.expect(200);
    app.clock.advance(TimeDelta::seconds(3));
    assert_eq!(signed(&app, &made, SECRET, message("1")).await.status, 200);
    let answer = signed(&app, &made, SECRET, message("2")).await;
    problem(&answer, 503, "overloaded", None);
    assert!(!answer.header("retry-after").is_empty());
    app.clock.advance(TimeDelta::seconds(3));
    operator.patch(&company, &json!({"suspended": true})).await.expect(200);
    let answer = signed(&app, &made, SECRET, message("2")).await;
    problem(&answer, 503, "source_not_ready", None);
    operator.patch(&company, &json!({"suspended": false})).await.expect(200);
    app.clock.advance(TimeDelta::seconds(3));
    assert_eq!(signed(&app, &made, SECRET, message("2")).await.status, 200);
    assert_eq!(events(&app, "").await.len(), 2);
    assert_eq!(shown(&app, &made).await["notifications"]["refused"], 0, "it was not refused");
}
