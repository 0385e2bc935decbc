//! SIGKILL again and again under load, while some first tries fail and one company's endpoint never
//! works: every acknowledged event arrives, what arrives twice was in flight, each failure counts
//! once, and each mail is written once.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use testkit::api::Api;
use testkit::postgres::{Cluster, Durability};
use testkit::program::{Program, Setup};
use testkit::receiver::{Receiver, Reply};
use testkit::wait;

use crate::support::{Posted, SOON, endpoint, event, post_on, switch, text};

const KILLS: usize = 6;
/// Events acknowledged, and requests received, between two kills.
const BETWEEN: usize = 150;
/// Requests to the endpoint that never works between two kills.
const FAILURES_BETWEEN: usize = 3;
const IN_FLIGHT_MAX: usize = 64;
const POSTERS: usize = 6;
/// One first try in so many fails.
const FAILS_ONE_IN: usize = 5;
const WARN_AFTER: u64 = 8;
const DEFECTIVE_AFTER: u64 = 16;
/// Deliveries to the endpoint that never works.
const HOPELESS: u64 = 4;
/// How many deliveries that were retried are looked at one by one.
const LOOKED_AT: usize = 40;
/// How long everything acknowledged may take to arrive after the last kill.
const ARRIVAL_MAX: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    story("SQLite, 1 node", &Setup::sqlite(), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_postgres() {
    let cluster = Cluster::start(Durability::On);
    story("PostgreSQL, 1 node", &Setup::postgres(&cluster.database("crash")), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_two_nodes() {
    let cluster = Cluster::start(Durability::On);
    story("PostgreSQL, 2 nodes", &Setup::postgres(&cluster.database("crash")), 2).await;
}

/// Two receivers, so that a delivery lost here cannot hide behind one repeated there.
fn receivers() -> [Receiver; 2] {
    let receivers = [Receiver::counting(), Receiver::counting()];
    for receiver in &receivers {
        let first_tries = AtomicUsize::new(0);
        // Slow enough that a kill finds requests in flight.
        receiver.answers_with(move |got| {
            let is_first = got.attempt() == 1;
            let place = if is_first { first_tries.fetch_add(1, Ordering::Relaxed) } else { 1 };
            let fails = place.is_multiple_of(FAILS_ONE_IN);
            let status = if fails { 503 } else { 200 };
            Reply::status(status).after(Duration::from_millis(20))
        });
    }
    receivers
}

fn requests(receivers: &[Receiver; 2]) -> usize {
    receivers.iter().map(Receiver::count).sum()
}

fn hardened(setup: &Setup) -> Setup {
    setup
        .clone()
        .set("HOOKFERRY_MAX_IN_FLIGHT", &IN_FLIGHT_MAX.to_string())
        .set("HOOKFERRY_RETRY_INTERVAL", "500ms")
        .set("HOOKFERRY_TIMEOUT", "20s")
        .set("HOOKFERRY_WARN_AFTER", &WARN_AFTER.to_string())
        .set("HOOKFERRY_DEFECTIVE_AFTER", &DEFECTIVE_AFTER.to_string())
}

/// A company whose only endpoint fails whatever it is asked.
struct Unlucky {
    api: Api,
    endpoint: Value,
    receiver: Receiver,
}

impl Unlucky {
    async fn begin(node: &Program) -> Self {
        let (api, receiver) = (node.tenant("unlucky"), Receiver::counting());
        receiver.answers(500);
        let endpoint = api.create_endpoint(endpoint(&receiver.url("/"))).await;
        for number in 0..HOPELESS {
            api.post_event(event(number)).await;
        }
        Self { api, endpoint, receiver }
    }

    /// Each recorded failure counts once, and the mails are written with their causes.
    async fn check(&self, base: &str, kills: usize) {
        let (api, id) = (self.api.at(base), text(&self.endpoint, "id"));
        let path = format!("/endpoints/{id}");
        api.wait_for(&path, ARRIVAL_MAX, |shown| shown["status"] == "defective").await;
        switch(&api, &self.endpoint, "disabled").await;
        let mut seen = (0, 0);
        wait::found(SOON, async || {
            let streak = api.get_endpoint(id).await["streak"].as_u64().unwrap();
            seen = (streak, tries(&deliveries_to(&api, id).await));
            (seen.0 == seen.1 && seen.0 >= DEFECTIVE_AFTER).then_some(())
        })
        .await
        .unwrap_or_else(|| panic!("streak {} after {} recorded failures", seen.0, seen.1));
        let sent = self.receiver.count() as u64;
        let unrecorded = sent.checked_sub(seen.1);
        // Once it is Defective one request is in flight, before that at most its four deliveries.
        let bound = HOPELESS * kills as u64;
        let fine = unrecorded.is_some_and(|count| count <= bound);
        assert!(fine, "{sent} requests, {} recorded, {kills} kills", seen.1);
        let page = api.get("/mails").await.expect(200);
        let mails = page["data"].as_array().unwrap();
        let mut kinds: Vec<&str> = mails.iter().map(|mail| text(mail, "kind")).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["endpoint_defective", "endpoint_warning"], "{page}");
        assert!(mails.iter().all(|mail| text(mail, "endpoint_id") == id), "{page}");
    }
}

async fn deliveries_to(api: &Api, endpoint: &str) -> Vec<Value> {
    api.deliveries(&format!("endpoint_id={endpoint}&limit=100")).await
}

fn tries(deliveries: &[Value]) -> u64 {
    deliveries.iter().map(|delivery| delivery["tries"].as_u64().unwrap()).sum()
}

async fn story(name: &str, setup: &Setup, count: usize) {
    let setup = hardened(setup);
    let receivers = receivers();
    let mut nodes: Vec<Program> = Vec::new();
    for _ in 0..count {
        nodes.push(setup.start().await);
    }
    let api = nodes[0].tenant("acme");
    let mut endpoints = Vec::new();
    for receiver in &receivers {
        let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
        endpoints.push(text(&made, "id").to_owned());
    }
    let unlucky = Unlucky::begin(&nodes[0]).await;
    let bases: Vec<String> = nodes.iter().map(|node| node.base().to_owned()).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let acknowledged = AtomicUsize::new(0);
    let posters = (0..POSTERS).map(|poster| {
        let (api, bases, acknowledged) = (&api, &bases, &acknowledged);
        let next = move |round: u64| Some(api.at(&bases[(poster + round as usize) % bases.len()]));
        let told = move |more| {
            acknowledged.fetch_add(more, Ordering::Relaxed);
        };
        post_on(next, stop.clone(), told)
    });
    let killing = async {
        for _ in 0..KILLS {
            wait_progress(&acknowledged, &receivers, &unlucky).await;
            let victim = nodes.remove(0);
            let setup = victim.kill9();
            nodes.push(setup.start().await);
        }
        stop.store(true, Ordering::Relaxed);
    };
    let (posted, ()) = futures_util::join!(join_all(posters), killing);
    let base = nodes[0].base();
    let figures = settle(&receivers, &endpoints, &posted, &api.at(base)).await;
    report(name, &posted, figures);
    let bound = KILLS * IN_FLIGHT_MAX;
    assert!(figures.repeated <= bound, "{figures:?}, at most {bound} were in flight");
    unlucky.check(base, KILLS).await;
    for endpoint in &endpoints {
        let shown = api.at(base).get_endpoint(endpoint).await;
        assert_eq!((&shown["status"], &shown["streak"]), (&"enabled".into(), &0.into()));
    }
    assert_eq!(api.at(base).get("/mails").await.expect(200)["data"], serde_json::json!([]));
}

/// Waits until posters have been answered, receivers asked, and the endpoint that fails has failed.
async fn wait_progress(acknowledged: &AtomicUsize, receivers: &[Receiver; 2], unlucky: &Unlucky) {
    let enough = acknowledged.load(Ordering::Relaxed) + BETWEEN;
    let arriving = requests(receivers) + BETWEEN;
    let failing = unlucky.receiver.count() + FAILURES_BETWEEN;
    wait::until("posters are answered and receivers asked", ARRIVAL_MAX, async || {
        let answered = acknowledged.load(Ordering::Relaxed) >= enough;
        let asked = requests(receivers) >= arriving && unlucky.receiver.count() >= failing;
        (answered && asked).then_some(())
    })
    .await;
}

#[derive(Debug, Clone, Copy)]
struct Figures {
    arrived: usize,
    retried: usize,
    repeated: usize,
}

/// Waits until all that was acknowledged is there and nothing is pending any more, and compares what
/// is recorded with what came.
async fn settle(
    receivers: &[Receiver; 2],
    endpoints: &[String],
    posted: &[Posted],
    api: &Api,
) -> Figures {
    let acknowledged: HashSet<&str> =
        posted.iter().flat_map(|posted| &posted.acknowledged).map(String::as_str).collect();
    wait::until("all that was acknowledged has arrived", ARRIVAL_MAX, async || {
        let lost = receivers.iter().map(|receiver| {
            let arrivals = receiver.arrivals();
            acknowledged.iter().filter(|id| !arrivals.contains_key(**id)).count()
        });
        let lost: usize = lost.sum();
        (lost == 0).then_some(())
    })
    .await;
    api.wait_for("/deliveries?state=pending", ARRIVAL_MAX, |page| {
        page["data"].as_array().is_some_and(Vec::is_empty)
    })
    .await;
    let mut figures = Figures { arrived: 0, retried: 0, repeated: 0 };
    let mut recorded = 0;
    for endpoint in endpoints {
        let all = deliveries_to(api, endpoint).await;
        let delivered = all.iter().filter(|delivery| delivery["state"] == "delivered");
        let delivered: HashSet<&str> =
            delivered.map(|delivery| text(delivery, "event_id")).collect();
        let lost = acknowledged.difference(&delivered).count();
        assert_eq!(lost, 0, "acknowledged and not delivered to {endpoint}");
        let retried: Vec<&Value> = all.iter().filter(|one| one["tries"] != 1).collect();
        check_attempts(api, &retried).await;
        recorded += tries(&all) as usize;
        figures.arrived += delivered.len();
        figures.retried += retried.len();
    }
    assert!(figures.retried > 0, "kills are to meet retries: {figures:?}");
    let sent = requests(receivers);
    figures.repeated =
        sent.checked_sub(recorded).unwrap_or_else(|| panic!("{recorded} recorded, {sent} sent"));
    figures
}

/// A kill burns no retry and loses no attempt: the first failed, the second succeeded.
async fn check_attempts(api: &Api, retried: &[&Value]) {
    for delivery in retried.iter().take(LOOKED_AT) {
        let shown = api.get_delivery(text(delivery, "id")).await;
        let attempts = shown["attempts"].as_array().unwrap();
        let told: Vec<(u64, u64)> = attempts
            .iter()
            .map(|one| (one["number"].as_u64().unwrap(), one["status_code"].as_u64().unwrap()))
            .collect();
        assert_eq!(told, [(1, 503), (2, 200)], "{shown}");
    }
}

fn report(name: &str, posted: &[Posted], figures: Figures) {
    let acknowledged: usize = posted.iter().map(|posted| posted.acknowledged.len()).sum();
    let refused: usize = posted.iter().map(|posted| posted.refused.len()).sum();
    let Figures { arrived, retried, repeated } = figures;
    println!(
        "| database | kills | acknowledged | refused | deliveries arrived | retried | lost | repeated |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    println!(
        "| {name} | {KILLS} | {acknowledged} | {refused} | {arrived} | {retried} | 0 | {repeated} |"
    );
}
