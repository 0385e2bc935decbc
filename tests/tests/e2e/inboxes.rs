//! The built-in receiver: everything can be tried without a server, on an installation that calls no
//! private address.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::api::{Answer, Api};
use testkit::program::Setup;
use testkit::{sql, wait};

use crate::support::{SOON, endpoint, event, on_both_databases, running, text, wait_state};

on_both_databases! {
    an_inbox_takes_what_its_endpoint_sends_and_nothing_else_of_ours_is_called
    the_switch_makes_deliveries_fail_and_come_again
    an_inbox_behind_a_public_url_is_reached_without_names
    a_flood_on_an_inbox_does_not_keep_events_from_being_taken_in
    an_inbox_ends
}

/// As it comes: no private network, no plain http.
fn strict(setup: &Setup) -> Setup {
    setup
        .clone()
        .set("HOOKFERRY_ALLOW_NETWORKS", "192.0.2.0/24")
        .set("HOOKFERRY_ALLOW_HTTP", "false")
        .set("HOOKFERRY_RETRY_INTERVAL", "300ms")
}

async fn inbox(api: &Api) -> Value {
    api.post("/inboxes", &json!({})).await.expect(201)
}

fn requests(inbox: &Value) -> String {
    format!("/inboxes/{}/requests", text(inbox, "id"))
}

/// What an event left in the inbox, newest first.
async fn left_by(api: &Api, inbox: &Value, accepted: &Value) -> Vec<Value> {
    let page = api.get(&format!("{}?limit=100", requests(inbox))).await.expect(200);
    let all = page["data"].as_array().unwrap().iter();
    all.filter(|request| request["event_id"] == accepted["id"]).cloned().collect()
}

async fn an_inbox_takes_what_its_endpoint_sends_and_nothing_else_of_ours_is_called(setup: Setup) {
    let (program, api) = running(&strict(&setup)).await;
    let inbox = inbox(&api).await;
    let url = text(&inbox, "url").to_owned();
    assert!(url.starts_with(&format!("{}/inbox/", program.base())), "{url}");
    let made = api.create_endpoint(endpoint(&url)).await;
    let path = format!("/endpoints/{}", text(&made, "id"));

    let sample = api.post(&format!("{path}/sample"), &json!({})).await.expect(200);
    assert_eq!((&sample["ok"], &sample["status_code"]), (&true.into(), &200.into()), "{sample}");
    let accepted = api.post_event(event(1)).await;
    let delivery = wait_state(&api, &accepted, "delivered").await;
    assert_eq!(delivery["tries"], 1);
    let left = left_by(&api, &inbox, &accepted).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["signature"]["verdict"], "verified", "{left:?}");
    assert_eq!(
        (&left[0]["attempt"], &left[0]["event_type"]),
        (&1.into(), &"message.received".into())
    );
    let shown = format!("{}/{}", requests(&inbox), text(&left[0], "id"));
    let shown = api.get(&shown).await.expect(200);
    assert_eq!(shown["body"], delivery["attempts"][0]["request"]["body"]);

    let overlap = json!({"overlap_seconds": 3600});
    api.post(&format!("{path}/secret/rotate"), &overlap).await.expect(200);
    for number in 2..4 {
        let accepted = api.post_event(event(number)).await;
        wait_state(&api, &accepted, "delivered").await;
        let left = left_by(&api, &inbox, &accepted).await;
        assert_eq!(left[0]["signature"]["verdict"], "verified", "{left:?}");
    }
    let forged = [
        ("webhook-id", "evt_1"),
        ("webhook-timestamp", "1800000000"),
        ("webhook-signature", "v1,AAAA"),
    ];
    assert_eq!(api.send_to(&url, "POST", &forged, b"{}".to_vec()).await.unwrap().status, 200);
    let newest = api.get(&format!("{}?limit=1", requests(&inbox))).await.expect(200);
    assert_eq!(newest["data"][0]["signature"]["webhook_signature"], "wrong", "{newest}");

    let base = program.base();
    for other in [
        format!("{base}/api/v1/endpoints"),
        format!("{base}/api/v1/admin"),
        format!("{base}/readyz"),
        format!("{base}/inbox/../readyz"),
        format!("{base}/inbox/%2e%2e/readyz"),
        format!("{url}/../../readyz"),
        format!("{url}/..%2f..%2freadyz"),
        format!("{base}/inbox/short"),
        url.replace("http://", "http://x:y@"),
        url.replace("127.0.0.1", "localhost"),
    ] {
        let refused = api.post("/endpoints", &endpoint(&other)).await.expect(422);
        let code = text(&refused, "code");
        assert!(["address_forbidden", "url_refused"].contains(&code), "{other}: {refused}");
    }
}

async fn the_switch_makes_deliveries_fail_and_come_again(setup: Setup) {
    let (_program, api) = running(&strict(&setup)).await;
    let inbox = inbox(&api).await;
    let mut wanted = endpoint(text(&inbox, "url"));
    wanted["timeout_ms"] = 10_000.into();
    let made = api.create_endpoint(wanted).await;
    let switch = format!("/inboxes/{}", text(&inbox, "id"));
    api.patch(&switch, &json!({"answer_status": 503})).await.expect(200);
    let accepted = api.post_event(event(1)).await;
    let path = format!("/endpoints/{}", text(&made, "id"));
    api.wait_for(&path, SOON, |shown| shown["streak"].as_u64() >= Some(2)).await;
    let slow = json!({"answer_status": 200, "answer_delay_ms": 20_000});
    api.patch(&switch, &slow).await.expect(200);
    api.patch(&path, &json!({"timeout_ms": 2_000})).await.expect(200);
    let timed_out = |page: &Value| {
        let attempts = page["attempts"].as_array().unwrap();
        attempts.iter().any(|attempt| attempt["error"]["kind"] == "timeout")
    };
    let id = text(&api.delivery_of(&accepted).await, "id").to_owned();
    api.wait_for(&format!("/deliveries/{id}"), SOON, timed_out).await;
    api.patch(&path, &json!({"timeout_ms": 10_000})).await.expect(200);
    api.patch(&switch, &json!({"answer_delay_ms": 0})).await.expect(200);
    let delivery = wait_state(&api, &accepted, "delivered").await;
    let attempts = delivery["attempts"].as_array().unwrap();
    assert_eq!(
        (&attempts[0]["status_code"], &attempts[1]["status_code"]),
        (&503.into(), &503.into())
    );
    let left = left_by(&api, &inbox, &accepted).await;
    assert_eq!(left.len(), attempts.len(), "each try has come: {left:?}");
    let statuses: Vec<u64> = left.iter().map(|r| r["answered_status"].as_u64().unwrap()).collect();
    assert_eq!((statuses[0], statuses[statuses.len() - 1]), (200, 503));
    assert!(left.iter().any(|request| request["duration_ms"] == 20_000), "{left:?}");
}

async fn an_inbox_behind_a_public_url_is_reached_without_names(setup: Setup) {
    let setup = strict(&setup).set("HOOKFERRY_PUBLIC_URL", "https://hooks.invalid");
    let (program, api) = running(&setup).await;
    let inbox = inbox(&api).await;
    let url = text(&inbox, "url").to_owned();
    assert!(url.starts_with("https://hooks.invalid/inbox/"), "{url}");
    api.create_endpoint(endpoint(&format!("{url}/orders?x=1"))).await;
    let accepted = api.post_event(event(1)).await;
    wait_state(&api, &accepted, "delivered").await;
    let left = left_by(&api, &inbox, &accepted).await;
    assert_eq!((text(&left[0], "path"), &left[0]["attempt"]), ("/orders?x=1", &1.into()));
    let shown = format!("{}/{}", requests(&inbox), text(&left[0], "id"));
    let headers = api.get(&shown).await.expect(200)["headers"].clone();
    let host = json!({"name": "host", "value": "hooks.invalid"});
    assert!(headers.as_array().unwrap().contains(&host), "{headers}");
    // Where it listens is not what it is called: that is guarded.
    let local = url.replace("https://hooks.invalid", program.base());
    api.post("/endpoints", &endpoint(&local)).await.expect(422);
}

async fn a_flood_on_an_inbox_does_not_keep_events_from_being_taken_in(setup: Setup) {
    const EVENTS: u64 = 300;
    let (_program, api) = running(&strict(&setup)).await;
    let (flooded, quiet) = (inbox(&api).await, inbox(&api).await);
    let made = api.create_endpoint(endpoint(text(&quiet, "url"))).await;
    let mut flood = tokio::task::JoinSet::new();
    for _ in 0..400 {
        let (client, url) = (api.clone(), text(&flooded, "url").to_owned());
        flood.spawn(async move {
            let mut answers: Vec<Answer> = Vec::new();
            for _ in 0..3 {
                answers.extend(client.send_to(&url, "POST", &[], vec![b'x'; 20_000]).await);
            }
            answers
        });
    }
    for round in 0..EVENTS / 10 {
        let events: Vec<Value> = (0..10).map(|place| event(round * 10 + place)).collect();
        let answer = api.post("/events/batch", &json!({"events": events})).await.expect(202);
        assert!(answer["results"].as_array().unwrap().iter().all(|one| one["id"].is_string()));
    }
    // All of them arrive, and none of them fails for want of speed.
    let query = format!("state=delivered&limit=100&endpoint_id={}", text(&made, "id"));
    wait::until("all events are delivered", SOON, async || {
        (api.deliveries(&query).await.len() as u64 == EVENTS).then_some(())
    })
    .await;
    let shown = api.get_endpoint(text(&made, "id")).await;
    assert_eq!((&shown["streak"], &shown["status"]), (&0.into(), &"enabled".into()));
    for answer in flood.join_all().await.iter().flatten() {
        assert!([200, 429].contains(&answer.status), "{}", answer.status);
    }
    let page = api.get("/inboxes").await.expect(200);
    for inbox in page["data"].as_array().unwrap() {
        assert_eq!(inbox["requests_kept"], 200, "the newest are kept: {inbox}");
    }
}

async fn an_inbox_ends(setup: Setup) {
    let setup = strict(&setup);
    let (_program, api) = running(&setup).await;
    let inbox = inbox(&api).await;
    let url = text(&inbox, "url").to_owned();
    let made = api.create_endpoint(endpoint(&url)).await;
    let accepted = api.post_event(event(1)).await;
    wait_state(&api, &accepted, "delivered").await;
    let end = "UPDATE inboxes SET expires_at = 1";
    assert_eq!(sql::execute(&setup.database_url(), end).await.unwrap(), 1);
    assert_eq!(api.send_to(&url, "POST", &[], b"{}".to_vec()).await.unwrap().status, 404);
    api.get(&format!("/inboxes/{}", text(&inbox, "id"))).await.expect(404);
    let late = api.post_event(event(2)).await;
    let path = format!("/endpoints/{}", text(&made, "id"));
    let failing = api.wait_for(&path, SOON, |shown| shown["streak"].as_u64() >= Some(1)).await;
    assert_eq!(failing["status"], "enabled", "404 fails it, 410 would switch it off");
    assert_eq!(api.delivery_of(&late).await["attempts"][0]["status_code"], 404);
    for table in ["inboxes", "inbox_requests"] {
        let sql = format!("SELECT count(*) FROM {table}");
        wait::until("upkeep has removed it", SOON + Duration::from_secs(5), async || {
            (sql::number(&setup.database_url(), &sql).await.unwrap() == 0).then_some(())
        })
        .await;
    }
}
