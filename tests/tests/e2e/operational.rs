//! Operational events through the real binary: one receiver fails, another one hears of it.

use domain::secret::{EndpointSecret, SigningKeys};
use serde_json::{Value, json};
use testkit::api::Api;
use testkit::program::Setup;
use testkit::receiver::{Received, Receiver};
use testkit::sql;

use crate::support::{SOON, endpoint, event, on_both_databases, running, text};

on_both_databases! {
    all_four_arrive_in_order_signed_and_once
    a_receiver_that_fails_on_them_too_gets_no_more_of_them
    a_kill_between_cause_and_news_neither_loses_nor_repeats
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Two retries a delivery, warned at the second failure, Defective at the fourth.
fn impatient(setup: &Setup) -> Setup {
    setup
        .clone()
        .set("HOOKFERRY_RETRIES", "2")
        .set("HOOKFERRY_RETRY_INTERVAL", "500ms")
        .set("HOOKFERRY_WARN_AFTER", "2")
        .set("HOOKFERRY_DEFECTIVE_AFTER", "4")
}

async fn hears(api: &Api, receiver: &Receiver) -> Value {
    let wanted = json!({
        "url": receiver.url("/news"),
        "event_types": ["endpoint.*", "delivery.*"],
        "secret": SECRET,
    });
    api.create_endpoint(wanted).await
}

fn types(received: &[Received]) -> Vec<String> {
    received.iter().map(|got| text(&got.json(), "type").to_owned()).collect()
}

fn is_signed(got: &Received) -> bool {
    let header = |name: &str| got.header(name).unwrap();
    let secret = EndpointSecret::parse(SECRET).unwrap();
    let seconds: i64 = header("webhook-timestamp").parse().unwrap();
    let at = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
    let keys = SigningKeys::new(&secret, &[]);
    keys.sign(got.event_id(), at, &got.body).standard == header("webhook-signature")
}

/// How many operational events there are in the database.
async fn written(setup: &Setup) -> i64 {
    let query = "SELECT count(*) FROM events WHERE event_type LIKE 'endpoint.%' \
        OR event_type LIKE 'delivery.%'";
    sql::number(&setup.database_url(), query).await.unwrap()
}

async fn wait_streak(api: &Api, made: &Value, streak: u64) {
    let path = format!("/endpoints/{}", text(made, "id"));
    api.wait_for(&path, SOON, |shown| shown["streak"].as_u64() >= Some(streak)).await;
}

async fn all_four_arrive_in_order_signed_and_once(setup: Setup) {
    let (dead, news) = (Receiver::start(), Receiver::start());
    let (program, api) = running(&impatient(&setup)).await;
    hears(&api, &news).await;
    dead.answers(503);
    let made = api.create_endpoint(endpoint(&dead.url("/orders?token=hush"))).await;
    let first = api.post_event(event(1)).await;
    let got = news.wait_for(2, SOON).await;
    assert_eq!(types(&got), ["endpoint.warning", "delivery.exhausted"]);
    let second = api.post_event(event(2)).await;
    news.wait_for(4, SOON).await;
    dead.answers(200);
    api.post_event(event(3)).await;
    let got = news.wait_for(5, SOON).await;
    let mut expected = ["endpoint.warning", "delivery.exhausted", "endpoint.defective"].to_vec();
    expected.extend(["delivery.exhausted", "endpoint.recovered"]);
    assert_eq!(types(&got), expected);
    for one in &got {
        assert!(is_signed(one), "{:?}", one.headers);
        assert_eq!(one.attempt(), 1);
        let body = one.json();
        assert!(!body.to_string().contains("hush"), "{body}");
        assert_eq!(body["data"]["endpoint_id"], made["id"]);
        let shown = api.get(&format!("/events/{}", one.event_id())).await.expect(200);
        assert_eq!((&shown["type"], &shown["subject"]), (&body["type"], &made["id"]));
        assert_eq!(shown["data"], body["data"]);
    }
    let data = |place: usize| got[place].json()["data"].clone();
    assert_eq!((&data(0)["streak"], &data(2)["streak"]), (&2.into(), &4.into()));
    assert_eq!((&data(1)["event_id"], &data(3)["event_id"]), (&first["id"], &second["id"]));
    assert_eq!((&data(1)["tries"], &data(1)["last_status_code"]), (&3.into(), &503.into()));
    assert_eq!(data(4)["streak"], 6);
    assert_eq!(written(program.setup()).await, 5);
    assert!(news.arrivals().values().all(|times| *times == 1));
    // A person's replay of one is that person's wish, and makes no event.
    let path = format!("/events/{}/replay", got[0].event_id());
    api.post(&path, &json!({})).await.expect(202);
    let again = news.wait_for(6, SOON).await;
    assert_eq!(again[5].event_id(), got[0].event_id());
    assert_eq!(written(program.setup()).await, 5);
}

/// Everything fails, also the one who would hear of it: the events are as many as the causes that
/// are no such events themselves.
async fn a_receiver_that_fails_on_them_too_gets_no_more_of_them(setup: Setup) {
    const EVENTS: u64 = 4;
    let (dead, news) = (Receiver::start(), Receiver::start());
    let (program, api) = running(&impatient(&setup)).await;
    let made = api.create_endpoint(endpoint(&dead.url("/"))).await;
    dead.answers(500);
    news.answers(500);
    let deaf = hears(&api, &news).await;
    for number in 0..EVENTS {
        api.post_event(event(number)).await;
    }
    wait_streak(&api, &made, 3 * EVENTS).await;
    let path = format!("/deliveries?endpoint_id={}&limit=100", text(&deaf, "id"));
    // Six events, three tries each: warned, Defective, and four that are given up.
    api.wait_for(&path, SOON * 3, |page| {
        let all = page["data"].as_array().map_or(&[][..], Vec::as_slice);
        all.len() == 6 && all.iter().all(|delivery| delivery["state"] == "exhausted")
    })
    .await;
    wait_streak(&api, &deaf, 18).await;
    assert_eq!(api.get_endpoint(text(&deaf, "id")).await["status"], "defective");
    assert_eq!(written(program.setup()).await, 6);
    assert_eq!(news.count(), 18);
}

async fn a_kill_between_cause_and_news_neither_loses_nor_repeats(setup: Setup) {
    let (dead, news) = (Receiver::start(), Receiver::start());
    let (program, api) = running(&impatient(&setup)).await;
    dead.answers(503);
    let made = api.create_endpoint(endpoint(&dead.url("/"))).await;
    let wanted = hears(&api, &news).await;
    // The news are written down and wait while their endpoint is paused.
    let path = format!("/endpoints/{}", text(&wanted, "id"));
    api.patch(&path, &json!({"status": "paused"})).await.expect(200);
    api.post_event(event(1)).await;
    api.post_event(event(2)).await;
    wait_streak(&api, &made, 6).await;
    let program = program.kill9().start().await;
    let api = api.at(program.base());
    assert_eq!((written(program.setup()).await, news.count()), (4, 0));
    api.patch(&path, &json!({"status": "enabled"})).await.expect(200);
    let got = news.wait_for(4, SOON).await;
    let mut came = types(&got);
    came.sort_unstable();
    let exhausted = "delivery.exhausted";
    assert_eq!(came, [exhausted, exhausted, "endpoint.defective", "endpoint.warning"]);
    let deliveries = format!("/deliveries?endpoint_id={}", text(&wanted, "id"));
    api.wait_for(&deliveries, SOON, |page| {
        page["data"].as_array().unwrap().iter().all(|one| one["state"] == "delivered")
    })
    .await;
    let program = program.kill9().start().await;
    assert_eq!(written(program.setup()).await, 4);
    assert_eq!(news.arrivals().len(), 4);
    assert!(news.arrivals().values().all(|times| *times == 1), "{:?}", news.arrivals());
}
