//! Faults of the peers, one by one, where they are best seen from outside; a test is named after its
//! fault. More of them are in `peers_database` and `restarts`, the others in the crates.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::program::Setup;
use testkit::receiver::{Receiver, Reply};
use testkit::wait;

use crate::support::{SOON, endpoint, event, on_both_databases, running, switch, text, wait_state};

on_both_databases! {
    new_endpoint_misses_messages_silently
    events_that_match_nothing_never_existed
    hanging_endpoint_delays_the_others
    attempts_are_invisible_past_ten
    disabling_drops_the_pending_retries
    disabled_while_in_flight_comes_back_enabled
    disable_counter_is_not_reset_on_enable
    nul_in_the_response_breaks_the_insert
    idempotency_key_without_the_tenant
}

/// An endpoint with a short schedule of its own waits.
fn impatient(setup: &Setup) -> Setup {
    setup.clone().set("HOOKFERRY_RETRY_INTERVAL", "100ms")
}

async fn new_endpoint_misses_messages_silently(setup: Setup) {
    let receiver = Receiver::start();
    let (_program, api) = running(&setup).await;
    for number in 0..10 {
        api.create_endpoint(endpoint(&receiver.url(&format!("/{number}")))).await;
        let accepted = api.post_event(event(number)).await;
        assert_eq!(accepted["deliveries"], number + 1, "the newest is seen at once");
    }
    receiver.wait_for(55, SOON).await;
}

async fn events_that_match_nothing_never_existed(setup: Setup) {
    let receiver = Receiver::start();
    let (_program, api) = running(&setup).await;
    let nobody = api.post_event(event(1)).await;
    assert_eq!(nobody["deliveries"], 0);
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["event_types"] = json!(["template.*"]);
    api.create_endpoint(wanted).await;
    let disabled = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    switch(&api, &disabled, "disabled").await;
    let unmatched = api.post_event(event(2)).await;
    assert_eq!(unmatched["deliveries"], 0);
    for accepted in [&nobody, &unmatched] {
        let shown = api.get(&format!("/events/{}", text(accepted, "id"))).await.expect(200);
        assert_eq!(shown["deliveries"], 0);
        assert_eq!(shown["type"], "message.received");
    }
    let list = api.get("/events").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    assert_eq!(receiver.count(), 0);
}

async fn hanging_endpoint_delays_the_others(setup: Setup) {
    let (hanging, healthy) = (Receiver::start(), Receiver::start());
    hanging.answers_with(|_| Reply::hang());
    let setup = setup.set("HOOKFERRY_MAX_IN_FLIGHT", "32");
    let (_program, api) = running(&setup).await;
    for number in 0..4 {
        let mut wanted = endpoint(&hanging.url(&format!("/{number}")));
        wanted["timeout_ms"] = 30_000.into();
        api.create_endpoint(wanted).await;
    }
    api.create_endpoint(endpoint(&healthy.url("/"))).await;
    let events: Vec<Value> = (0..200).map(event).collect();
    api.post("/events/batch", &json!({"events": events})).await.expect(202);
    // Before one of the 800 requests to the others has been answered.
    let within = Duration::from_secs(20);
    let came = wait::found(within, async || (healthy.count() >= 200).then_some(())).await;
    let (healthy, hung) = (healthy.count(), hanging.count());
    assert!(came.is_some(), "{healthy} of 200 came while {hung} hung");
    assert!(hung >= 4, "they were tried: {hung}");
    hanging.release();
}

async fn attempts_are_invisible_past_ten(setup: Setup) {
    let receiver = Receiver::start();
    receiver.answers_with(|got| Reply::status(if got.attempt() < 25 { 500 } else { 204 }));
    let (_program, api) = running(&impatient(&setup)).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let accepted = api.post_event(event(1)).await;
    let delivery = wait_state(&api, &accepted, "delivered").await;
    let attempts = delivery["attempts"].as_array().unwrap();
    let numbers: Vec<u64> = attempts.iter().filter_map(|one| one["number"].as_u64()).collect();
    assert_eq!(numbers, (1..=25).collect::<Vec<u64>>());
    assert!(attempts[..24].iter().all(|one| one["error"]["kind"] == "status"));
    assert_eq!(attempts[24]["status_code"], 204);
    let sent: Vec<u32> = receiver.received().iter().map(|got| got.attempt()).collect();
    assert_eq!(sent, (1..=25).collect::<Vec<u32>>());
}

async fn disabling_drops_the_pending_retries(setup: Setup) {
    let receiver = Receiver::start();
    receiver.answers(500);
    let (_program, api) = running(&impatient(&setup)).await;
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let accepted = api.post_event(event(1)).await;
    receiver.wait_for(2, SOON).await;
    switch(&api, &made, "disabled").await;
    let held = wait_state(&api, &accepted, "held").await;
    let retry = format!("/deliveries/{}/retry", text(&held, "id"));
    let answer = api.post(&retry, &json!({})).await.expect(409);
    assert_eq!(answer["code"], "endpoint_held");
    receiver.answers(200);
    switch(&api, &made, "enabled").await;
    let delivery = wait_state(&api, &accepted, "delivered").await;
    assert!(delivery["tries"].as_u64().unwrap() >= 3, "{delivery}");
}

async fn disabled_while_in_flight_comes_back_enabled(setup: Setup) {
    let receiver = Receiver::start();
    receiver.answers_with(|_| Reply::hang());
    let (_program, api) = running(&setup).await;
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["timeout_ms"] = 30_000.into();
    let made = api.create_endpoint(wanted).await;
    let accepted = api.post_event(event(1)).await;
    receiver.wait_for(1, SOON).await;
    switch(&api, &made, "disabled").await;
    receiver.release();
    wait_state(&api, &accepted, "delivered").await;
    let shown = api.get_endpoint(text(&made, "id")).await;
    assert_eq!(
        (&shown["status"], &shown["status_reason"]),
        (&"disabled".into(), &"by_person".into())
    );
}

async fn disable_counter_is_not_reset_on_enable(setup: Setup) {
    let receiver = Receiver::start();
    receiver.answers(500);
    let setup =
        impatient(&setup).set("HOOKFERRY_DEFECTIVE_AFTER", "5").set("HOOKFERRY_WARN_AFTER", "3");
    let (_program, api) = running(&setup).await;
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    api.post_event(event(1)).await;
    let path = format!("/endpoints/{}", text(&made, "id"));
    api.wait_for(&path, SOON, |shown| shown["status"] == "defective").await;
    let enabled = switch(&api, &made, "enabled").await;
    assert_eq!((&enabled["status"], &enabled["streak"]), (&"enabled".into(), &0.into()));
    let healthy = Receiver::start();
    let moved = api.patch(&path, &json!({"url": healthy.url("/")})).await.expect(200);
    assert_eq!(moved["streak"], 0, "a new URL begins anew");
    healthy.wait_for(1, SOON).await;
    api.wait_for(&path, SOON, |shown| shown["status"] == "enabled" && shown["streak"] == 0).await;
}

async fn nul_in_the_response_breaks_the_insert(setup: Setup) {
    let receiver = Receiver::start();
    receiver.answers_with(|_| {
        let odd = Reply::status(200).header("x-odd", b"caf\xe9".to_vec());
        odd.body(&b"before\0after\xff"[..])
    });
    let (_program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let accepted = api.post_event(event(1)).await;
    let delivery = wait_state(&api, &accepted, "delivered").await;
    let response = &delivery["attempts"][0]["response"];
    assert_eq!(response["encoding"], "base64");
    assert_eq!(response["body"], "YmVmb3JlAGFmdGVy/w==");
    assert_eq!(response["headers"]["x-odd"], "caf\u{fffd}");
}

async fn idempotency_key_without_the_tenant(setup: Setup) {
    let receiver = Receiver::start();
    let (program, api) = running(&setup).await;
    let other = program.tenant("other");
    for (api, path) in [(&api, "/acme"), (&other, "/other")] {
        api.create_endpoint(endpoint(&receiver.url(path))).await;
    }
    let mut wanted = event(1);
    wanted["id"] = "shared".into();
    let ours = api.post_event(wanted.clone()).await;
    let theirs = other.post_event(wanted).await;
    assert_eq!(theirs["duplicate"], false);
    assert_ne!(ours["id"], theirs["id"]);
    let mut paths: Vec<String> =
        receiver.wait_for(2, SOON).await.into_iter().map(|got| got.path).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/acme", "/other"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sample_obeys_the_filter_and_hides_what_came_back() {
    let receiver = Receiver::start();
    receiver.answers_with(|_| Reply::status(418).header("x-kettle", "short").body("no coffee"));
    let (_program, api) = running(&Setup::sqlite()).await;
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["event_types"] = json!(["template.*"]);
    let made = api.create_endpoint(wanted).await;
    switch(&api, &made, "disabled").await;
    let path = format!("/endpoints/{}/sample", text(&made, "id"));
    let wanted = json!({"event_type": "message.received"});
    let shown = api.post(&path, &wanted).await.expect(200);
    assert_eq!((&shown["ok"], &shown["status_code"]), (&false.into(), &418.into()));
    assert_eq!(
        (&shown["body"], &shown["headers"]["x-kettle"]),
        (&"no coffee".into(), &"short".into())
    );
    assert_eq!(shown["error"]["kind"], "status");
    let got = receiver.wait_for(1, SOON).await;
    assert_eq!((got.len(), got[0].method.as_str()), (1, "POST"));
    assert_eq!(got[0].json()["type"], "message.received");
    assert_eq!(text(&shown["request"], "body").as_bytes(), &got[0].body[..]);
    assert!(got[0].header("webhook-signature").is_some());
    let after = api.get_endpoint(text(&made, "id")).await;
    assert_eq!((&after["status"], &after["streak"]), (&"disabled".into(), &0.into()));
    assert_eq!(api.get("/events").await.expect(200)["data"], json!([]));
    assert_eq!(api.deliveries("limit=10").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_are_followed_and_below_400_is_success() {
    let (receiver, elsewhere) = (Receiver::start(), Receiver::start());
    let target = elsewhere.url("/");
    receiver.answers_with(move |got| {
        let reply = Reply::status(if got.attempt() == 1 { 307 } else { 200 });
        reply.header("location", target.as_bytes())
    });
    let (_program, api) = running(&impatient(&Setup::sqlite())).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let accepted = api.post_event(event(1)).await;
    let delivery = wait_state(&api, &accepted, "delivered").await;
    assert_eq!(delivery["attempts"][0]["error"]["kind"], "redirect");
    assert_eq!(delivery["attempts"][0]["status_code"], 307);
    assert_eq!((delivery["tries"].as_u64(), elsewhere.count()), (Some(2), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn response_is_read_without_a_limit() {
    let (endless, long) = (Receiver::start(), Receiver::start());
    endless.answers_with(|_| Reply::endless());
    long.answers_with(|_| Reply::status(200).body(vec![b'y'; 100_000]));
    let (_program, api) = running(&Setup::sqlite().set("HOOKFERRY_TIMEOUT", "2s")).await;
    let bottomless = api.create_endpoint(endpoint(&endless.url("/"))).await;
    let mut wanted = endpoint(&long.url("/"));
    wanted["timeout_ms"] = 30_000.into();
    let talkative = api.create_endpoint(wanted).await;
    api.post_event(event(1)).await;
    let of = |made: &Value| format!("/deliveries?endpoint_id={}", text(made, "id"));
    api.wait_for(&of(&bottomless), SOON, |page| page["data"][0]["tries"] == 1).await;
    let page = api.wait_for(&of(&talkative), SOON, |page| page["data"][0]["tries"] == 1).await;
    let shown = api.get_delivery(text(&page["data"][0], "id")).await;
    let response = &shown["attempts"][0]["response"];
    assert_eq!(shown["state"], "delivered", "a long answer is an answer");
    assert_eq!((text(response, "body").len(), &response["truncated"]), (16 * 1024, &true.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_to_connect_are_not_retried_and_their_causes_thrown_away() {
    let setup = impatient(&Setup::sqlite()).set("HOOKFERRY_RETRIES", "2");
    let (_program, api) = running(&setup).await;
    let nobody = format!("http://127.0.0.1:{}/", testkit::postgres::free_port());
    api.create_endpoint(endpoint(&nobody)).await;
    let accepted = api.post_event(event(1)).await;
    let delivery = wait_state(&api, &accepted, "exhausted").await;
    let attempts = delivery["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 3);
    for attempt in attempts {
        assert_eq!(attempt["error"]["kind"], "connect", "{attempt}");
        assert!(!text(&attempt["error"], "message").is_empty());
    }
    let retry = format!("/deliveries/{}/retry", text(&delivery, "id"));
    let again = api.post(&retry, &json!({})).await.expect(200);
    assert_eq!(again["state"], "pending");
    let path = format!("/deliveries/{}", text(&delivery, "id"));
    let shown =
        api.wait_for(&path, SOON, |shown| shown["state"] == "exhausted" && shown["tries"] == 6);
    assert_eq!(shown.await["attempts"].as_array().unwrap().len(), 6, "numbers go on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_in_every_answer() {
    let (_program, api) = running(&Setup::sqlite()).await;
    let mut wanted = endpoint("https://example.com/hooks");
    wanted["headers"] = json!({"X-Api-Key": "the-receivers-own-key"});
    let made = api.create_endpoint(wanted).await;
    let secret = text(&made, "secret").to_owned();
    for path in ["/endpoints".to_owned(), format!("/endpoints/{}", text(&made, "id"))] {
        let answer = api.get(&path).await;
        let shown = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!shown.contains(&secret) && !shown.contains("the-receivers-own-key"), "{shown}");
    }
    let path = format!("/endpoints/{}/secret", text(&made, "id"));
    let asked = api.get(&path).await.expect(200);
    assert_eq!(asked["headers"], json!({"X-Api-Key": "the-receivers-own-key"}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_check_has_side_effects() {
    let (_program, api) = running(&Setup::sqlite()).await;
    for path in ["/healthz", "/readyz"].repeat(5) {
        api.get(path).await.expect(200);
    }
    assert_eq!(api.get("/events").await.expect(200)["data"], json!([]));
    assert_eq!(api.deliveries("limit=10").await, Vec::<Value>::new());
}
