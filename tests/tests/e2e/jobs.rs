//! A recovery that is killed again and again: it goes on where it was, on the same node or another,
//! leaves nothing out, repeats nothing that had succeeded, and fresh events do not wait for it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::api::Api;
use testkit::postgres::{Cluster, Durability};
use testkit::program::{Program, Setup};
use testkit::receiver::{Receiver, Reply};
use testkit::wait;

use crate::support::{SOON, endpoint, event, text};

const KILLS: usize = 3;
const IN_FLIGHT_MAX: usize = 64;
/// Events that had succeeded before the receiver broke.
const SUCCEEDED: u64 = 300;
/// Events that were exhausted while it was broken.
const EXHAUSTED: u64 = 3_000;
const BATCH: u64 = 1_000;
/// How long the whole recovery may take.
const RECOVERY_MAX: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_survives_kills_on_sqlite() {
    story("SQLite, 1 node", &Setup::sqlite(), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_survives_kills_on_postgres() {
    let cluster = Cluster::start(Durability::On);
    story("PostgreSQL, 1 node", &Setup::postgres(&cluster.database("jobs")), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_moves_to_the_other_node_when_its_own_dies() {
    let cluster = Cluster::start(Durability::On);
    story("PostgreSQL, 2 nodes", &Setup::postgres(&cluster.database("jobs")), 2).await;
}

/// One try for each delivery, and an endpoint that never goes Defective.
fn unforgiving(setup: &Setup) -> Setup {
    setup
        .clone()
        .set("HOOKFERRY_RETRIES", "0")
        .set("HOOKFERRY_TIMEOUT", "20s")
        .set("HOOKFERRY_WARN_AFTER", "0")
        .set("HOOKFERRY_DEFECTIVE_AFTER", "1000000")
        .set("HOOKFERRY_MAX_IN_FLIGHT", &IN_FLIGHT_MAX.to_string())
}

async fn post_all(api: &Api, numbers: std::ops::Range<u64>) -> HashSet<String> {
    let mut ids = HashSet::new();
    let numbers: Vec<u64> = numbers.collect();
    for run in numbers.chunks(BATCH as usize) {
        let events: Vec<Value> = run.iter().copied().map(event).collect();
        let answer = api.post("/events/batch", &json!({"events": events})).await.expect(202);
        let results = answer["results"].as_array().unwrap();
        ids.extend(results.iter().map(|result| text(result, "id").to_owned()));
    }
    assert_eq!(ids.len(), numbers.len());
    ids
}

async fn nothing_pends(api: &Api) {
    api.wait_for("/deliveries?state=pending", RECOVERY_MAX, |page| {
        page["data"].as_array().is_some_and(Vec::is_empty) && page["next_cursor"].is_null()
    })
    .await;
}

/// How often each event was answered with success.
fn successes(receiver: &Receiver, began: usize) -> HashMap<String, usize> {
    let mut counted = HashMap::new();
    for got in &receiver.received()[began..] {
        *counted.entry(got.event_id().to_owned()).or_default() += 1;
    }
    counted
}

async fn story(name: &str, setup: &Setup, count: usize) {
    let setup = unforgiving(setup);
    let receiver = Receiver::start();
    let mut nodes: Vec<Program> = Vec::new();
    for _ in 0..count {
        nodes.push(setup.start().await);
    }
    let api = nodes[0].tenant("acme");
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let succeeded = post_all(&api, 0..SUCCEEDED).await;
    nothing_pends(&api).await;
    receiver.answers(503);
    let exhausted = post_all(&api, SUCCEEDED..SUCCEEDED + EXHAUSTED).await;
    nothing_pends(&api).await;
    let began = receiver.count();
    assert_eq!(began as u64, SUCCEEDED + EXHAUSTED, "each was sent once");

    // Slow enough that the job is still at work when it is killed.
    receiver.answers_with(|_| Reply::status(200).after(Duration::from_millis(5)));
    let since = text(&made, "created_at");
    let recover = format!("/endpoints/{}/recover", text(&made, "id"));
    let preview = json!({"since": since, "preview": true});
    assert_eq!(api.post(&recover, &preview).await.expect(200)["count"], EXHAUSTED);
    let job = api.post(&recover, &json!({"since": since})).await.expect(202);
    let mut fresh = HashSet::new();
    let mut seen = Vec::new();
    for _ in 0..KILLS {
        seen.push(wait_progress(&api.at(nodes[0].base()), &job, seen.last().copied()).await);
        let victim = nodes.remove(0);
        nodes.push(victim.kill9().start().await);
        fresh.insert(fresh_event(&api.at(nodes[0].base()), &receiver).await);
    }
    let api = api.at(nodes[0].base());
    let path = format!("/jobs/{}", text(&job, "id"));
    let done = api.wait_for(&path, RECOVERY_MAX, |job| job["state"] != "running").await;
    assert_eq!((&done["state"], &done["total"]), (&"finished".into(), &EXHAUSTED.into()));
    nothing_pends(&api).await;
    let counted = successes(&receiver, began);
    let lost = exhausted.union(&fresh).filter(|id| !counted.contains_key(*id)).count();
    let again = succeeded.iter().filter(|id| counted.contains_key(*id)).count();
    let repeated: usize = counted.values().map(|times| times - 1).sum();
    println!(
        "| {name} | kills {KILLS} at {seen:?} of {EXHAUSTED} | lost {lost} | repeated {repeated} |"
    );
    assert_eq!((lost, again), (0, 0), "nothing left out, nothing that had succeeded repeated");
    assert!(repeated <= KILLS * IN_FLIGHT_MAX, "{repeated} were sent twice");
    let left = api.deliveries("state=exhausted").await;
    assert_eq!(left.len(), 0, "{:?}", left.first());
    assert_eq!(done["done"], EXHAUSTED, "{done}");
}

/// Waits until the job has come further than before and is not at its end.
async fn wait_progress(api: &Api, job: &Value, before: Option<u64>) -> u64 {
    let path = format!("/jobs/{}", text(job, "id"));
    let shown = api
        .wait_for(&path, RECOVERY_MAX, |job| job["done"].as_u64() > Some(before.unwrap_or(0)))
        .await;
    assert_eq!(shown["state"], "running", "killed too late: {shown}");
    shown["done"].as_u64().unwrap()
}

/// An event that is posted while the job runs arrives at once.
async fn fresh_event(api: &Api, receiver: &Receiver) -> String {
    let accepted = api.post_event(event(0)).await;
    let id = text(&accepted, "id").to_owned();
    wait::until("the fresh event arrives", SOON, async || {
        receiver.arrivals().contains_key(&id).then_some(())
    })
    .await;
    id
}
