//! A stranger's first quarter of an hour: company, token, endpoint, event, arrival.

use testkit::program::Setup;
use testkit::receiver::{Received, Receiver};

use crate::support::{SOON, endpoint, fixture, now, on_both_databases, running, text};

const POSTED: &[(&str, &str)] = &[
    ("message_text.json", "message.received"),
    ("status_delivered.json", "message.delivered"),
    ("status_failed_131026.json", "message.failed"),
    ("status_failed_131047.json", "message.failed"),
    ("status_failed_131049.json", "message.failed"),
    ("status_failed_131050.json", "message.failed"),
];

on_both_databases! { an_event_arrives_signed_and_is_shown }

async fn an_event_arrives_signed_and_is_shown(setup: Setup) {
    let receiver = Receiver::start();
    let (program, api) = running(&setup).await;
    let company = text(&api.get("/auth/me").await.expect(200)["company"], "id").to_owned();
    let made = api.create_endpoint(endpoint(&receiver.url("/hooks?from=hookferry"))).await;
    assert!(text(&made, "secret").starts_with("whsec_"), "{made}");
    for (number, (file, event_type)) in POSTED.iter().enumerate() {
        let data = fixture(file);
        let body = format!(
            r#"{{"type":"{event_type}","data":{},"occurred_at":"2026-09-17T08:00:01.25Z"}}"#,
            data.trim()
        );
        let answer = api.send("POST", "/events", &[], Some(body.into_bytes())).await.unwrap();
        let accepted = answer.expect(202);
        assert_eq!((&accepted["duplicate"], &accepted["deliveries"]), (&false.into(), &1.into()));
        let arrived = receiver.wait_for(number + 1, SOON).await;
        let id = text(&accepted, "id");
        check_arrival(&arrived[number], id, event_type, &company, data.trim());
        check_shown(&api, &accepted, &arrived[number]).await;
    }
    assert_eq!(receiver.count(), POSTED.len());
    drop(program);
}

fn check_arrival(got: &Received, id: &str, event_type: &str, company: &str, data: &str) {
    assert_eq!((got.method.as_str(), got.path.as_str()), ("POST", "/hooks?from=hookferry"));
    let body = std::str::from_utf8(&got.body).unwrap();
    let head =
        format!(r#"{{"id":"{id}","type":"{event_type}","timestamp":"2026-09-17T08:00:01.25"#);
    assert!(body.starts_with(&head), "{body}");
    let tail = format!(r#"Z","company_id":"{company}","session":null,"data":{data}}}"#);
    assert!(body.ends_with(&tail), "{body}");
    assert_eq!(got.header("content-type"), Some("application/json"));
    assert!(got.header("user-agent").unwrap().starts_with("Hookferry/"));
    assert_eq!(got.event_id(), id);
    assert_eq!(got.attempt(), 1);
    assert!(got.header("webhook-signature").unwrap().starts_with("v1,"));
    assert!(got.header("x-hub-signature-256").unwrap().starts_with("sha256="));
    let sent: i64 = got.header("webhook-timestamp").unwrap().parse().unwrap();
    assert!((now().timestamp() - sent).abs() < 300, "{sent} is not about now");
}

async fn check_shown(api: &testkit::api::Api, accepted: &serde_json::Value, got: &Received) {
    let id = text(accepted, "id");
    let path = format!("/deliveries?event_id={id}");
    let delivered = |page: &serde_json::Value| page["data"][0]["state"] == "delivered";
    api.wait_for(&path, SOON, delivered).await;
    let delivery = api.delivery_of(accepted).await;
    assert_eq!(delivery["tries"], 1);
    assert_eq!(delivery["max_tries"], 145);
    let attempts = delivery["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0]["number"], 1);
    assert_eq!(attempts[0]["status_code"], 200);
    assert_eq!(text(&attempts[0]["request"], "body").as_bytes(), &got.body[..]);
    let shown = &attempts[0]["request"]["headers"];
    assert_eq!(shown["webhook-signature"].as_str(), got.header("webhook-signature"), "{shown}");
    let event = api.get(&format!("/events/{id}")).await.expect(200);
    assert_eq!(text(&event, "id"), id);
    assert_eq!(event["data"], got.json()["data"]);
}
