//! `ordered: true`: one contact's events one at a time, in the order in which they were accepted, over
//! several nodes, through crashes, and whatever people do meanwhile.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use parking_lot::Mutex;
use serde_json::{Value, json};
use testkit::api::Api;
use testkit::postgres::{Cluster, Durability};
use testkit::program::{Program, Setup};
use testkit::receiver::{Receiver, Reply};
use testkit::wait;

use crate::support::{SOON, endpoint, on_both_databases, running, switch, text, wait_state};

const CONTACTS: u64 = 8;
/// The last contact's requests always fail.
const HOPELESS: u64 = CONTACTS;
const EVENTS: u64 = 25;
/// Events acknowledged between two kills.
const BETWEEN: usize = 45;
const KILLS: usize = 3;
const TIMEOUT: Duration = Duration::from_secs(1);
/// A request that hangs is given up before it has been here for its time limit: it may be read late.
const HANGS_FOR: Duration = Duration::from_millis(500);
const ARRIVAL_MAX: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, Copy)]
struct Came {
    number: u64,
    at: Instant,
    until: Instant,
    succeeded: bool,
}

/// What came for which contact, in the order in which it came.
type Log = Arc<Mutex<BTreeMap<u64, Vec<Came>>>>;

fn dice(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// A receiver that fails at random, hangs now and then, and always fails one contact.
fn moody() -> (Receiver, Log) {
    let (receiver, log) = (Receiver::counting(), Log::default());
    let its_log = log.clone();
    receiver.answers_with(move |got| {
        let data = &got.json()["data"];
        let (contact, number) =
            (data["contact"].as_u64().unwrap(), data["number"].as_u64().unwrap());
        let dice = dice((contact, number, got.attempt()));
        let delay = Duration::from_millis(2 + dice % 20);
        let hangs = dice % 50 == 7 && contact != HOPELESS;
        let fails = contact == HOPELESS || dice % 5 == 0;
        let lasts = if hangs { HANGS_FOR } else { delay };
        let came = Came { number, at: got.at, until: got.at + lasts, succeeded: !hangs && !fails };
        its_log.lock().entry(contact).or_default().push(came);
        if hangs {
            return Reply::hang();
        }
        Reply::status(if fails { 503 } else { 200 }).after(delay)
    });
    (receiver, log)
}

fn setup_for(setup: &Setup) -> Setup {
    setup
        .clone()
        .set("HOOKFERRY_RETRY_INTERVAL", "100ms")
        .set("HOOKFERRY_RETRIES", "5000")
        .set("HOOKFERRY_WARN_AFTER", "900000")
        .set("HOOKFERRY_DEFECTIVE_AFTER", "1000000")
}

fn about(contact: u64, number: u64) -> Value {
    json!({
        "type": "message.received",
        "subject": format!("49151{contact:05}"),
        "data": {"contact": contact, "number": number},
    })
}

/// Posts a contact's events one after the other, each to another node, until it is acknowledged.
async fn talk(api: &Api, bases: &[String], contact: u64, acknowledged: &AtomicUsize) {
    let mut number = 0;
    let mut tries = contact as usize;
    while number < EVENTS {
        let api = api.at(&bases[tries % bases.len()]);
        tries += 1;
        // Now and then a few in one request.
        let count = if number % 7 == 3 { 3.min(EVENTS - number) } else { 1 };
        let events: Vec<Value> = (number..number + count)
            .map(|number| {
                let mut event = about(contact, number);
                event["id"] = format!("{contact}-{number}").into();
                event
            })
            .collect();
        let body = json!({"events": events}).to_string().into_bytes();
        match api.send("POST", "/events/batch", &[], Some(body)).await {
            Ok(answer) if answer.status == 202 => {
                number += count;
                acknowledged.fetch_add(count as usize, Ordering::Relaxed);
            }
            Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// What the receiver must have seen of every contact, at any time.
fn check(log: &Log) -> HashMap<u64, Vec<u64>> {
    let mut delivered = HashMap::new();
    for (contact, came) in log.lock().iter() {
        for two in came.windows(2) {
            assert!(
                two[1].at >= two[0].until,
                "contact {contact} had two requests at a time: {two:?}"
            );
        }
        let mut first = HashSet::new();
        let successes = came.iter().filter(|came| came.succeeded);
        let order: Vec<u64> =
            successes.map(|came| came.number).filter(|number| first.insert(*number)).collect();
        let expected: Vec<u64> = (0..order.len() as u64).collect();
        assert_eq!(order, expected, "contact {contact} was told in another order");
        // Nothing is tried before what goes before it has succeeded.
        let mut done = 0;
        for came in came {
            assert!(came.number <= done, "contact {contact}: {} before {done}", came.number);
            done = done.max(if came.succeeded { came.number + 1 } else { 0 });
        }
        delivered.insert(*contact, order);
    }
    delivered
}

async fn story(setup: &Setup, count: usize) {
    let setup = setup_for(setup);
    let (receiver, log) = moody();
    let mut nodes: Vec<Program> = Vec::new();
    for _ in 0..count {
        nodes.push(setup.start().await);
    }
    let api = nodes[0].tenant("acme");
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["ordered"] = true.into();
    wanted["timeout_ms"] = (TIMEOUT.as_millis() as u64).into();
    let made = api.create_endpoint(wanted).await;
    assert_eq!(made["ordered"], true);
    let bases: Vec<String> = nodes.iter().map(|node| node.base().to_owned()).collect();
    let acknowledged = AtomicUsize::new(0);
    let talking = (0..=CONTACTS).map(|contact| talk(&api, &bases, contact, &acknowledged));
    let killing = async {
        for kill in 1..=KILLS {
            wait::until("events are accepted", ARRIVAL_MAX, async || {
                (acknowledged.load(Ordering::Relaxed) >= kill * BETWEEN).then_some(())
            })
            .await;
            let seen = receiver.count();
            wait::until("requests come", ARRIVAL_MAX, async || {
                (receiver.count() > seen + 20).then_some(())
            })
            .await;
            let victim = nodes.remove(0);
            let setup = victim.kill9();
            nodes.push(setup.start().await);
        }
    };
    let (_, ()) = futures_util::join!(join_all(talking), killing);
    wait::until("all contacts but one have been told everything", ARRIVAL_MAX, async || {
        let told = check(&log);
        let is_told = |contact| told.get(&contact).is_some_and(|all| all.len() as u64 == EVENTS);
        (0..CONTACTS).all(is_told).then_some(())
    })
    .await;
    let hopeless = log.lock()[&HOPELESS].clone();
    assert!(hopeless.iter().all(|came| came.number == 0), "{hopeless:?}");
    assert!(hopeless.len() > 10, "it was tried all the time: {}", hopeless.len());
    let requests = receiver.count();
    println!("{requests} requests for {} events, {KILLS} kills", (CONTACTS + 1) * EVENTS);
    receiver.release();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_keep_their_order_through_crashes_on_sqlite() {
    story(&Setup::sqlite(), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_keep_their_order_through_crashes_on_two_nodes() {
    let cluster = Cluster::start(Durability::On);
    story(&Setup::postgres(&cluster.database("ordered")), 2).await;
}

on_both_databases! {
    what_waits_is_shown_and_cannot_overtake
    an_endpoint_becomes_ordered_and_free_again_while_deliveries_wait
}

fn numbers(receiver: &Receiver, contact: u64) -> Vec<u64> {
    let came = receiver.received();
    let data = came.iter().map(|got| got.json()["data"].clone());
    let ours = data.filter(|data| data["contact"] == contact);
    ours.map(|data| data["number"].as_u64().unwrap()).collect()
}

async fn delivery_of(api: &Api, accepted: &Value) -> Value {
    api.deliveries(&format!("event_id={}", text(accepted, "id"))).await.remove(0)
}

async fn what_waits_is_shown_and_cannot_overtake(setup: Setup) {
    let receiver = Receiver::start();
    receiver.answers(503);
    let (_program, api) = running(&setup.set("HOOKFERRY_RETRY_INTERVAL", "1h")).await;
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["ordered"] = true.into();
    api.create_endpoint(wanted).await;
    let mut events = Vec::new();
    for number in 0..5 {
        events.push(api.post_event(about(1, number)).await);
    }
    receiver.wait_for(1, SOON).await;
    let first = delivery_of(&api, &events[0]).await;
    assert_eq!(first["waiting_for"], Value::Null);
    for event in &events[1..] {
        let waiting = delivery_of(&api, event).await;
        assert_eq!(
            (&waiting["state"], &waiting["next_attempt_at"]),
            (&json!("pending"), &Value::Null)
        );
        assert_eq!(waiting["waiting_for"], first["id"], "{waiting}");
        let path = format!("/deliveries/{}/retry", text(&waiting, "id"));
        let refused = api.post(&path, &json!({})).await.expect(409);
        assert_eq!(refused["code"], "delivery_waiting");
        assert!(text(&refused, "detail").contains(text(&first, "id")), "{refused}");
    }
    // One in the middle is canceled: nothing moves.
    let middle = delivery_of(&api, &events[2]).await;
    api.post(&format!("/deliveries/{}/cancel", text(&middle, "id")), &json!({})).await.expect(200);
    // Somebody else is not held back.
    let other = api.post_event(about(2, 0)).await;
    receiver.wait_for(2, SOON).await;
    assert_eq!(numbers(&receiver, 1), [0]);
    let of_other = format!("/deliveries?event_id={}", text(&other, "id"));
    api.wait_for(&of_other, SOON, |page| page["data"][0]["tries"] == 1).await;
    // The head is canceled: the next one comes.
    receiver.answers(200);
    api.post(&format!("/deliveries/{}/cancel", text(&first, "id")), &json!({})).await.expect(200);
    wait_state(&api, &events[4], "delivered").await;
    assert_eq!(numbers(&receiver, 1), [0, 1, 3, 4]);
    // What was canceled is tried again by hand, and goes at once: nobody is before it.
    api.post(&format!("/deliveries/{}/retry", text(&middle, "id")), &json!({})).await.expect(200);
    wait_state(&api, &events[2], "delivered").await;
    assert_eq!(numbers(&receiver, 1), [0, 1, 3, 4, 2]);
}

async fn an_endpoint_becomes_ordered_and_free_again_while_deliveries_wait(setup: Setup) {
    let receiver = Receiver::start();
    let (_program, api) = running(&setup.set("HOOKFERRY_RETRY_INTERVAL", "1h")).await;
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let path = format!("/endpoints/{}", text(&made, "id"));
    switch(&api, &made, "paused").await;
    let mut events = Vec::new();
    for number in 0..12 {
        for contact in 1..4 {
            events.push(api.post_event(about(contact, number)).await);
        }
    }
    let changed = api.patch(&path, &json!({"ordered": true})).await.expect(200);
    assert_eq!(changed["ordered"], true);
    // The third event of the second contact fails.
    receiver.answers_with(|got| {
        let data = &got.json()["data"];
        let fails = data["contact"] == 2 && data["number"] == 2;
        Reply::status(if fails { 503 } else { 200 }).after(Duration::from_millis(5))
    });
    switch(&api, &made, "enabled").await;
    let all: Vec<u64> = (0..12).collect();
    wait::until("the others have been told everything", SOON, async || {
        let counts = [1, 2, 3].map(|contact| numbers(&receiver, contact).len());
        (counts == [12, 3, 12]).then_some(())
    })
    .await;
    assert_eq!((numbers(&receiver, 1), numbers(&receiver, 3)), (all.clone(), all));
    assert_eq!(numbers(&receiver, 2), [0, 1, 2]);
    // No longer ordered: all that waited goes, and the one that failed waits for its retry.
    api.patch(&path, &json!({"ordered": false})).await.expect(200);
    wait::until("what waited has come", SOON, async || {
        (numbers(&receiver, 2).len() == 12).then_some(())
    })
    .await;
    let only_one = |page: &Value| page["data"].as_array().is_some_and(|left| left.len() == 1);
    let left = api.wait_for("/deliveries?state=pending", SOON, only_one).await["data"].clone();
    assert_eq!((&left[0]["tries"], &left[0]["waiting_for"]), (&json!(1), &Value::Null));
}
