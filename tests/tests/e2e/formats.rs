//! Receivers written for Hookferry, for Wati and for Meta side by side: each gets what it understands,
//! signed, and only what its endpoint asks for.

use serde_json::{Value, json};
use testkit::api::Api;
use testkit::files;
use testkit::program::Setup;
use testkit::receiver::{Received, Receiver, Reply};

use crate::signatures::{ESCAPING_JUDGE, HUB_JUDGE, accepts, all_accept};
use crate::support::{SOON, endpoint, fixture, on_both_databases, running, text, wait_state};

on_both_databases!(
    one_event_is_seen_by_three_receivers_in_three_formats
    filters_and_numbers_keep_events_away_and_why_says_so
    a_format_changed_between_two_tries_changes_no_byte
);

/// An endpoint that picks messages alone, and not what they give rise to.
fn of_messages(receiver: &Receiver) -> Value {
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["event_types"] = json!(["message.received"]);
    wanted
}

/// An endpoint of a format, with its secret.
async fn of_format(api: &Api, receiver: &Receiver, format: Value) -> Value {
    let mut wanted = of_messages(receiver);
    for (name, value) in format.as_object().unwrap() {
        wanted[name] = value.clone();
    }
    api.create_endpoint(wanted).await
}

/// The data of a text message with a rupee sign and an emoji, as a source would make it of the fixture.
fn message() -> Value {
    let notification: Value = serde_json::from_str(&fixture("message_text.json")).unwrap();
    let value = &notification["entry"][0]["changes"][0]["value"];
    let (message, contact) = (&value["messages"][0], &value["contacts"][0]);
    json!({
        "waba_id": notification["entry"][0]["id"],
        "phone_number_id": value["metadata"]["phone_number_id"],
        "display_phone_number": value["metadata"]["display_phone_number"],
        "contact": {
            "wa_id": contact["wa_id"], "user_id": contact["user_id"],
            "name": contact["profile"]["name"],
        },
        "contacts": value["contacts"],
        "message_id": message["id"], "timestamp": message["timestamp"], "message": message,
    })
}

async fn arrived(receiver: &Receiver) -> Received {
    receiver.wait_for(1, SOON).await.remove(0)
}

async fn one_event_is_seen_by_three_receivers_in_three_formats(setup: Setup) {
    let (_program, api) = running(&setup).await;
    let (ours, wati, meta) = (Receiver::start(), Receiver::start(), Receiver::start());
    let formats = [
        (&ours, json!({"format": "hookferry"})),
        (&wati, json!({"format": "wati", "wati_version": 2})),
        (&meta, json!({"format": "meta"})),
    ];
    let mut secrets = Vec::new();
    for (receiver, format) in formats {
        let made = of_format(&api, receiver, format).await;
        secrets.push(text(&made, "secret").to_owned());
    }
    let data = message();
    let accepted = api.post_event(json!({"type": "message.received", "data": data})).await;
    assert_eq!(accepted["deliveries"], 3);
    let [ours, wati, meta] = [arrived(&ours).await, arrived(&wati).await, arrived(&meta).await];
    for (request, secret) in [&ours, &wati, &meta].into_iter().zip(&secrets) {
        assert_eq!(request.event_id(), text(&accepted, "id"));
        all_accept(request, secret, secret);
    }
    assert!(accepts(ESCAPING_JUDGE, &meta, &secrets[2]));
    assert!(!accepts(ESCAPING_JUDGE, &ours, &secrets[0]), "it is not escaped");
    assert!(!accepts(HUB_JUDGE, &meta, &secrets[0]));

    let body = ours.json();
    assert_eq!((&body["type"], &body["data"]), (&json!("message.received"), &data));
    let body = wati.json();
    assert_eq!((&body["eventType"], &body["waId"]), (&json!("message"), &data["contact"]["wa_id"]));
    assert_eq!(body["text"], data["message"]["text"]["body"]);
    assert!(meta.body.is_ascii() && !wati.body.is_ascii());
    let text = String::from_utf8_lossy(&meta.body).into_owned();
    assert!(text.contains("\\ud83d\\ude4f"), "{text}");
    let body = meta.json();
    let value = &body["entry"][0]["changes"][0]["value"];
    assert_eq!(body["object"], "whatsapp_business_account");
    assert_eq!(value["messages"], json!([data["message"]]));
    // What is shown of a delivery is what was sent.
    let page = api.deliveries(&format!("event_id={}", accepted["id"].as_str().unwrap())).await;
    let mut shown = Vec::new();
    for delivery in page {
        let path = format!("/deliveries/{}", delivery["id"].as_str().unwrap());
        let one = api.wait_for(&path, SOON, |one| one["state"] == "delivered").await;
        shown.push(one["attempts"][0]["request"]["body"].as_str().unwrap().to_owned());
    }
    for sent in [&ours, &wati, &meta] {
        let sent = String::from_utf8_lossy(&sent.body).into_owned();
        assert!(shown.contains(&sent), "{sent}");
    }
}

async fn filters_and_numbers_keep_events_away_and_why_says_so(setup: Setup) {
    let (_program, api) = running(&setup).await;
    let (all, picky) = (Receiver::start(), Receiver::start());
    api.create_endpoint(of_messages(&all)).await;
    let chosen = json!({
        "phone_number_ids": ["208845331907714"],
        "filter": {"field": "message.text.body", "contains": "order"},
    });
    let made = of_format(&api, &picky, chosen).await;
    let post = async |change: fn(&mut Value)| {
        let mut data = message();
        change(&mut data);
        api.post_event(json!({"type": "message.received", "data": data})).await
    };
    let other_text = post(|data| data["message"]["text"]["body"] = json!("hello")).await;
    let other_number = post(|data| data["phone_number_id"] = json!("1")).await;
    let fits = post(|_| ()).await;
    all.wait_for(3, SOON).await;
    assert_eq!(arrived(&picky).await.event_id(), text(&fits, "id"));
    assert_eq!(picky.count(), 1);
    for (event, reason) in [(&other_text, "filter_differs"), (&other_number, "other_phone_number")]
    {
        let why = api.get(&format!("/events/{}/why", text(event, "id"))).await.expect(200);
        let told = &why["data"][0];
        assert_eq!((&told["endpoint_id"], &told["reason"]), (&made["id"], &json!(reason)));
    }
    // What was not sent is sent by hand once the filter is another one.
    let path = format!("/endpoints/{}", text(&made, "id"));
    api.patch(&path, &json!({"filter": null})).await.expect(200);
    let since = json!({"since": "2020-01-01T00:00:00Z"});
    api.post(&format!("{path}/recover"), &since).await.expect(202);
    let requests = picky.wait_for(2, SOON).await;
    assert_eq!(requests[1].event_id(), text(&other_text, "id"));
}

async fn a_format_changed_between_two_tries_changes_no_byte(setup: Setup) {
    let setup = setup.set("HOOKFERRY_RETRY_INTERVAL", "1s").set("HOOKFERRY_TIMEOUT", "30s");
    let (_program, api) = running(&setup).await;
    let receiver = Receiver::start();
    receiver.answers_with(|got| match got.attempt() {
        1 => Reply::status(503).held(),
        _ => Reply::status(200),
    });
    let made = of_format(&api, &receiver, json!({"format": "meta"})).await;
    let accepted = api.post_event(json!({"type": "message.received", "data": message()})).await;
    arrived(&receiver).await;
    let path = format!("/endpoints/{}", text(&made, "id"));
    let change = json!({"format": "wati", "headers": {"X-New": "1"}});
    api.patch(&path, &change).await.expect(200);
    receiver.release();
    let requests = receiver.wait_for(2, SOON).await;
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(requests[1].header("x-new"), Some("1"), "headers are the current ones");
    let delivery = wait_state(&api, &accepted, "delivered").await;
    let sent = String::from_utf8_lossy(&requests[0].body).into_owned();
    assert_eq!(delivery["attempts"][0]["request"]["body"], sent);
    // By hand it keeps its format once more; the next event has the new one.
    let again = format!("/deliveries/{}/retry", text(&delivery, "id"));
    api.post(&again, &json!({})).await.expect(200);
    assert_eq!(receiver.wait_for(3, SOON).await[2].body, requests[0].body);
    api.post_event(json!({"type": "message.received", "data": message()})).await;
    assert_eq!(receiver.wait_for(4, SOON).await[3].json()["eventType"], "message");
}

/// A script that registers webhooks at Wati: only its address and its token are other ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_made_for_wati_registers_its_webhook_here() {
    let (program, api) = running(&Setup::sqlite()).await;
    let receiver = Receiver::start();
    let me = api.get("/auth/me").await.expect(200);
    let tenant = text(&me["company"], "id");
    let file = "crates/testkit/fixtures/wati/_rest.create_webhookEndpoints.request.json";
    let request = std::fs::read_to_string(files::root().join(file)).unwrap();
    let mut request: Value = serde_json::from_str(&request).unwrap();
    request[0]["url"] = json!(receiver.url("/wati"));
    let url = format!("{}/{tenant}/api/v2/webhookEndpoints", program.base());
    let bearer = format!("Bearer {}", api.token());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = request.to_string().into_bytes();
    let answer = api.send_to(&url, "POST", &headers, body.clone()).await.unwrap().expect(200);
    assert_eq!((&answer["ok"], &answer["result"][0]["tenantId"]), (&json!(true), &json!(tenant)));
    let again = api.send_to(&url, "POST", &headers, body).await.unwrap().expect(200);
    assert_eq!(again, json!({"ok": false, "isWebhookExist": true}));
    api.post_event(json!({"type": "message.received", "data": message()})).await;
    let request = arrived(&receiver).await;
    assert_eq!((request.path.as_str(), &request.json()["eventType"]), ("/wati", &json!("message")));
    assert_eq!(request.json()["channelPhoneNumber"], "919820011223");
}
