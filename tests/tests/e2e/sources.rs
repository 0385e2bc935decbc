//! WhatsApp sources: what Meta sends arrives at endpoints, once, and nothing else does.

use domain::source::{AppSecret, NOTIFICATION_BYTES_MAX};
use serde_json::{Value, json};
use testkit::api::{Answer, Api};
use testkit::postgres::Cluster;
use testkit::program::Setup;
use testkit::proxy::Proxy;
use testkit::receiver::Receiver;

use crate::support::{SOON, fixture, on_both_databases, on_postgres, running, text};

/// The app secret of [`source`].
pub const SECRET: &str = "8f2b1c9e4d7a60535b6f0e1d2c3a4958";
const NEXT: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

on_both_databases! {
    a_signed_notification_arrives_once
    what_is_forged_is_visible_and_nothing_more
    the_command_line_sends_as_meta_would
    a_source_that_is_deleted_takes_nothing_in
}

/// A WhatsApp source.
pub async fn source(api: &Api) -> Value {
    let body = json!({"kind": "whatsapp", "name": "shop", "app_secret": SECRET});
    api.post("/sources", &body).await.expect(201)
}

/// Where the API shows it.
pub fn path(source: &Value) -> String {
    format!("/sources/{}", text(source, "id"))
}

/// Posts a notification to it as Meta would who knows this secret.
pub async fn post(api: &Api, source: &Value, secret: &str, body: &[u8]) -> Answer {
    let signature = AppSecret::parse(secret).unwrap().sign(body);
    let headers = [("x-hub-signature-256", signature.as_str())];
    let url = text(source, "callback_url");
    api.send_to(url, "POST", &headers, body.to_vec()).await.unwrap()
}

async fn handshake(api: &Api, source: &Value, token: &str) -> Answer {
    let url = text(source, "callback_url");
    let query = format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
    api.send_to(&format!("{url}?{query}"), "GET", &[], Vec::new()).await.unwrap()
}

async fn events(api: &Api, source: &Value) -> Vec<Value> {
    let path = format!("/events?source_id={}", text(source, "id"));
    let page = api.get(&path).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

async fn a_signed_notification_arrives_once(setup: Setup) {
    let receiver = Receiver::start();
    let (_program, api) = running(&setup).await;
    // Without what follows from a message: a new contact, say.
    let picks = json!({"url": receiver.url("/"), "event_types": ["message.received"]});
    api.create_endpoint(picks).await;
    let source = source(&api).await;
    assert_eq!(handshake(&api, &source, "wrong-token").await.status, 403);
    let right = handshake(&api, &source, text(&source, "verify_token")).await;
    assert_eq!((right.status, &right.body[..]), (200, &b"1158201444"[..]));
    let body = fixture("message_text.json");
    for _ in 0..3 {
        assert_eq!(post(&api, &source, SECRET, body.as_bytes()).await.status, 200);
    }
    let all = receiver.wait_until(SOON, |all| !all.is_empty()).await;
    let arrived: Value = serde_json::from_slice(&all[0].body).unwrap();
    let sent: Value = serde_json::from_str(&body).unwrap();
    let message = &sent["entry"][0]["changes"][0]["value"]["messages"][0];
    assert_eq!(
        (&arrived["type"], &arrived["data"]["message"]),
        (&json!("message.received"), message)
    );
    let kept = events(&api, &source).await;
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(kept[0]["external_id"], message["id"]);
    let number = &sent["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"];
    assert_eq!(&kept[0]["phone_number_id"], number);
    let found = format!("/events?phone_number_id={}", number.as_str().unwrap());
    assert_eq!(api.get(&found).await.expect(200)["data"].as_array().unwrap().len(), 1);
    let counted = |shown: &Value| shown["notifications"]["accepted"] == 3;
    let shown = api.wait_for(&path(&source), SOON, counted).await;
    assert_eq!(shown["state"], "receiving");
    assert!(shown["handshake_at"].is_string() && shown["last_notification_at"].is_string());
}

async fn what_is_forged_is_visible_and_nothing_more(setup: Setup) {
    let (_program, api) = running(&setup).await;
    let source = source(&api).await;
    let body = fixture("message_text.json");
    assert_eq!(post(&api, &source, NEXT, body.as_bytes()).await.status, 401);
    let url = text(&source, "callback_url");
    let bare = api.send_to(url, "POST", &[], body.into_bytes()).await.unwrap();
    assert_eq!(bare.status, 401);
    let mut large = fixture("message_text.json").into_bytes();
    large.resize(NOTIFICATION_BYTES_MAX + 1, b' ');
    assert_eq!(post(&api, &source, SECRET, &large).await.status, 413);
    large.pop();
    assert_eq!(post(&api, &source, SECRET, &large).await.status, 200);
    assert_eq!(post(&api, &source, SECRET, b"{\"object\":1}").await.status, 400);
    let counted = |shown: &Value| shown["notifications"]["refused"] == 4;
    api.wait_for(&path(&source), SOON, counted).await;
    let refused = api.get(&format!("{}/refused", path(&source))).await.expect(200);
    let reasons: Vec<&str> =
        refused["data"].as_array().unwrap().iter().map(|one| text(one, "reason")).collect();
    assert_eq!(reasons, ["malformed", "too_large", "signature_missing", "signature_wrong"]);
    assert_eq!(events(&api, &source).await.len(), 1);
}

async fn the_command_line_sends_as_meta_would(setup: Setup) {
    let (_program, api) = running(&setup).await;
    let source = source(&api).await;
    let url = text(&source, "callback_url");
    let names = setup.run(&["send", "--list"]);
    assert!(names.lines().count() > 60 && names.contains("status_read\n"), "{names}");
    let said = setup.run(&["send", "--fixture", "message_text", "--to", url, "--secret", SECRET]);
    assert!(said.starts_with("taken in: "), "{said}");
    let file = setup.folder().join("notification.json");
    std::fs::write(&file, fixture("status_read.json")).unwrap();
    let file = file.to_str().unwrap();
    setup.run(&["send", "--file", file, "--to", url, "--secret", SECRET]);
    let types: Vec<Value> =
        events(&api, &source).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["message.read", "message.received"]);
}

async fn a_source_that_is_deleted_takes_nothing_in(setup: Setup) {
    let (_program, api) = running(&setup).await;
    let source = source(&api).await;
    let body = fixture("message_text.json");
    assert_eq!(post(&api, &source, SECRET, body.as_bytes()).await.status, 200);
    api.delete(&path(&source)).await.expect(204);
    assert_eq!(post(&api, &source, SECRET, body.as_bytes()).await.status, 404);
    assert_eq!(handshake(&api, &source, text(&source, "verify_token")).await.status, 404);
    assert_eq!(events(&api, &source).await.len(), 1, "its events stay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_counts_on_every_node_within_two_seconds() {
    let setup = on_postgres("source_rotation");
    let (_program, api) = running(&setup).await;
    let second = setup.start().await;
    let mut source = source(&api).await;
    let there = text(&source, "callback_url")
        .replace(text(&source, "callback_url").split("/in/").next().unwrap(), second.base());
    let body = fixture("message_text.json");
    let here = source.clone();
    source["callback_url"] = there.into();
    assert_eq!(post(&api, &source, SECRET, body.as_bytes()).await.status, 200);
    let rotate = format!("{}/app-secret/rotate", path(&source));
    api.post(&rotate, &json!({"app_secret": NEXT, "overlap_seconds": 0})).await.expect(200);
    assert_eq!(post(&api, &here, SECRET, body.as_bytes()).await.status, 401, "at once, here");
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(post(&api, &source, SECRET, body.as_bytes()).await.status, 401);
    assert_eq!(post(&api, &source, NEXT, body.as_bytes()).await.status, 200);
    assert_eq!(events(&api, &source).await.len(), 1, "one event over all nodes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_makes_meta_send_it_again() {
    let cluster = Cluster::shared();
    let proxy = Proxy::to(([127, 0, 0, 1], cluster.port()).into());
    let url = cluster.database("sources_gone");
    let url = url.replace(&cluster.port().to_string(), &proxy.address().port().to_string());
    let (_program, api) = running(&Setup::postgres(&url)).await;
    let source = source(&api).await;
    let body = fixture("message_text.json");
    assert_eq!(post(&api, &source, SECRET, body.as_bytes()).await.status, 200);
    proxy.cut();
    let status = fixture("status_read.json");
    for _ in 0..3 {
        let answer = post(&api, &source, SECRET, status.as_bytes()).await;
        assert_eq!(answer.status, 503, "{:?}", answer.body);
        assert!(answer.header("retry-after").parse::<u32>().is_ok());
    }
    proxy.heal();
    testkit::wait::until("it is taken in again", SOON, async || {
        let answer = post(&api, &source, SECRET, status.as_bytes()).await;
        (answer.status == 200).then_some(())
    })
    .await;
    assert_eq!(events(&api, &source).await.len(), 2);
}
