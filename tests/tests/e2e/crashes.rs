//! SIGKILL again and again under load: every acknowledged event arrives, and what arrives twice was
//! in flight.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use testkit::api::Api;
use testkit::postgres::{Cluster, Durability};
use testkit::program::{Program, Setup};
use testkit::receiver::{Receiver, Reply};
use testkit::wait;

use crate::support::{Posted, endpoint, post_on};

const KILLS: usize = 6;
/// Events acknowledged, and requests received, between two kills.
const BETWEEN: usize = 150;
const IN_FLIGHT_MAX: usize = 64;
const POSTERS: usize = 6;
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
        // Slow enough that a kill finds requests in flight.
        receiver.answers_with(|_| Reply::status(200).after(Duration::from_millis(20)));
    }
    receivers
}

fn requests(receivers: &[Receiver; 2]) -> usize {
    receivers.iter().map(Receiver::count).sum()
}

async fn story(name: &str, setup: &Setup, count: usize) {
    let in_flight = IN_FLIGHT_MAX.to_string();
    let setup = setup
        .clone()
        .set("HOOKFERRY_MAX_IN_FLIGHT", &in_flight)
        .set("HOOKFERRY_RETRY_INTERVAL", "1s");
    let receivers = receivers();
    let mut nodes: Vec<Program> = Vec::new();
    for _ in 0..count {
        nodes.push(setup.start().await);
    }
    let api = nodes[0].tenant("acme");
    for receiver in &receivers {
        api.create_endpoint(endpoint(&receiver.url("/"))).await;
    }
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
    let posting = join_all(posters);
    let killing = async {
        for _ in 0..KILLS {
            let enough = acknowledged.load(Ordering::Relaxed) + BETWEEN;
            let arriving = requests(&receivers) + BETWEEN;
            wait::until("posters are answered and receivers asked", ARRIVAL_MAX, async || {
                let answered = acknowledged.load(Ordering::Relaxed) >= enough;
                let fact = answered && requests(&receivers) >= arriving;
                fact.then_some(())
            })
            .await;
            let victim = nodes.remove(0);
            let setup = victim.kill9();
            nodes.push(setup.start().await);
        }
        stop.store(true, Ordering::Relaxed);
    };
    let (posted, ()) = futures_util::join!(posting, killing);
    let figures = settle(&receivers, &posted, &api.at(nodes[0].base())).await;
    report(name, &posted, figures);
    let bound = KILLS * IN_FLIGHT_MAX;
    assert!(
        figures.repeated <= bound,
        "{} repeated, at most {bound} were in flight",
        figures.repeated
    );
}

#[derive(Debug, Clone, Copy)]
struct Figures {
    arrived: usize,
    repeated: usize,
}

/// Waits until all that was acknowledged is there, and nothing is pending any more.
async fn settle(receivers: &[Receiver; 2], posted: &[Posted], api: &Api) -> Figures {
    let acknowledged: HashSet<&String> =
        posted.iter().flat_map(|posted| &posted.acknowledged).collect();
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
    let counts = |receiver: &Receiver| receiver.arrivals().into_values().collect::<Vec<u32>>();
    let counts: Vec<u32> = receivers.iter().flat_map(counts).collect();
    let requests: u32 = counts.iter().sum();
    let arrived = counts.len();
    Figures { arrived, repeated: requests as usize - arrived }
}

fn report(name: &str, posted: &[Posted], figures: Figures) {
    let acknowledged: usize = posted.iter().map(|posted| posted.acknowledged.len()).sum();
    let refused: usize = posted.iter().map(|posted| posted.refused.len()).sum();
    let Figures { arrived, repeated } = figures;
    println!(
        "| database | kills | acknowledged | refused | deliveries arrived | lost | repeated |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    println!("| {name} | {KILLS} | {acknowledged} | {refused} | {arrived} | 0 | {repeated} |");
}
