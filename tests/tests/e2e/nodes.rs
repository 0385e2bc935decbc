//! Several nodes on one PostgreSQL: they share the lanes, lanes move when nodes come and go, and without
//! a crash nothing is sent twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::Mutex;
use serde_json::{Value, json};
use testkit::api::Api;
use testkit::program::{Program, Setup};
use testkit::receiver::{Receiver, Reply};
use testkit::wait;

use crate::support::{SOON, endpoint, event, on_postgres, post_on, text};

const OPERATOR: &str = "the-operators-own-token";
/// Endpoints that all fail, each with a lane of its own.
const LANES: i64 = 40;

/// A node and what the operator sees of it.
struct Node {
    program: Program,
    operator: Api,
}

impl Node {
    async fn start(setup: &Setup, name: &str) -> Self {
        let program = setup.clone().set("HOOKFERRY_NODE_NAME", name).start().await;
        let operator = program.anonymous().with_token(Some(OPERATOR));
        Self { program, operator }
    }

    /// How many attempts it has made.
    async fn attempts(&self) -> f64 {
        let answer = self.operator.get("/metrics").await;
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("hookferry_attempts_total"));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    }

    /// How many lanes each node has, by name.
    async fn lanes(&self) -> HashMap<String, i64> {
        let page = self.operator.get("/admin/nodes").await.expect(200);
        let nodes = page["data"].as_array().unwrap().iter();
        let of = |node: &Value| {
            (node["name"].as_str().unwrap().to_owned(), node["lanes"].as_i64().unwrap())
        };
        nodes.map(of).collect()
    }
}

/// Waits until these nodes, and no others, have all lanes, and each about its share.
async fn wait_shared(nodes: &[Node]) {
    let count = i64::try_from(nodes.len()).unwrap();
    let fair = LANES / count..=(LANES + count - 1) / count;
    let (least, most) = (fair.start() * 3 / 4, fair.end() * 5 / 4);
    let mut seen = HashMap::new();
    let shared = wait::found(SOON, async || {
        seen = nodes[0].lanes().await;
        let fair = seen.values().all(|lanes| (least..=most).contains(lanes));
        (seen.len() == nodes.len() && fair && seen.values().sum::<i64>() == LANES).then_some(())
    });
    assert!(shared.await.is_some(), "{count} nodes share {LANES} lanes so: {seen:?}");
}

/// Each of them sends about its share of what is sent from now on.
async fn check_all_send(nodes: &[Node]) {
    const ATTEMPTS: f64 = 400.0;
    let attempts = async || join_all(nodes.iter().map(Node::attempts)).await;
    let before = attempts().await;
    let made = wait::until("attempts are made", SOON, async || {
        let made: Vec<f64> =
            attempts().await.iter().zip(&before).map(|(now, before)| now - before).collect();
        (made.iter().sum::<f64>() >= ATTEMPTS).then_some(made)
    })
    .await;
    let fair = made.iter().sum::<f64>() / made.len() as f64;
    assert!(made.iter().all(|one| *one >= fair / 2.0), "{made:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_are_shared_by_all_nodes_and_move_when_nodes_come_and_go() {
    let receiver = Receiver::counting();
    receiver.answers(503);
    let setup = on_postgres("shared_lanes")
        .set("HOOKFERRY_ADMIN_TOKEN", OPERATOR)
        .set("HOOKFERRY_RETRY_INTERVAL", "300ms")
        .set("HOOKFERRY_RETRIES", "10000")
        .set("HOOKFERRY_WARN_AFTER", "0")
        .set("HOOKFERRY_DEFECTIVE_AFTER", "1000000")
        .set("HOOKFERRY_DRAIN_DELAY", "0s");
    let mut nodes = vec![Node::start(&setup, "node-0").await];
    let api = nodes[0].program.tenant("acme");
    for place in 0..LANES {
        api.create_endpoint(endpoint(&receiver.url(&format!("/{place}")))).await;
    }
    api.post_event(event(1)).await;
    wait_shared(&nodes).await;
    for count in 2..=4 {
        nodes.push(Node::start(&setup, &format!("node-{}", count - 1)).await);
        wait_shared(&nodes).await;
        if count != 3 {
            check_all_send(&nodes).await;
        }
    }
    drop(nodes.remove(3).program.kill9());
    wait_shared(&nodes).await;
    let mut leaving = nodes.remove(2);
    leaving.program.signal("TERM");
    assert!(leaving.program.wait_exit(SOON * 2).await.success());
    wait_shared(&nodes).await;
    check_all_send(&nodes).await;
    // None was lost on the way: each still has its delivery, and each was asked again.
    let deliveries = api.deliveries("state=pending").await;
    assert_eq!(deliveries.len(), 40);
    assert!(deliveries.iter().all(|one| one["tries"].as_u64() > Some(3)), "{deliveries:?}");
}

/// Else one failed request would make all that others take in wait for the owner of the lane to find it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_takes_in_it_sends_though_another_has_the_lane() {
    const EVENTS: u64 = 30;
    let receiver = Receiver::counting();
    // The first at either node fails; its next try is minutes away.
    receiver.answers_with(|got| {
        let body: Value = serde_json::from_slice(&got.body).unwrap();
        let fails = matches!(body["data"]["number"].as_u64(), Some(1 | 10));
        Reply::status(if fails { 503 } else { 200 })
    });
    let setup = on_postgres("passed_lanes")
        .set("HOOKFERRY_ADMIN_TOKEN", OPERATOR)
        .set("HOOKFERRY_RETRY_INTERVAL", "10m");
    let nodes = [Node::start(&setup, "owner").await, Node::start(&setup, "other").await];
    let api = nodes[0].program.tenant("acme");
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    api.post_event(event(1)).await;
    wait::until("the first node has the lane", SOON, async || {
        (nodes[0].lanes().await.get("owner") == Some(&1)).then_some(())
    })
    .await;
    let other = api.at(nodes[1].program.base());
    for number in 2..=EVENTS {
        other.post_event(event(number)).await;
        let arrived = usize::try_from(number).unwrap();
        let all = async || (receiver.count() >= arrived).then_some(());
        wait::until("an event arrives", SOON, all).await;
    }
    let attempts = join_all(nodes.iter().map(Node::attempts)).await;
    assert_eq!(attempts, [1.0, (EVENTS - 1) as f64]);
}

/// One request at a time, over all nodes; and a node that has left it to the owner hears of the recovery.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_a_defective_endpoint_the_owner_alone_sends_until_it_has_recovered() {
    let (receiver, is_down) = (Receiver::counting(), Arc::new(AtomicBool::new(false)));
    let down = is_down.clone();
    receiver
        .answers_with(move |_| Reply::status(if down.load(Ordering::Relaxed) { 503 } else { 200 }));
    let setup = on_postgres("slow_lanes")
        .set("HOOKFERRY_ADMIN_TOKEN", OPERATOR)
        .set("HOOKFERRY_WARN_AFTER", "0")
        .set("HOOKFERRY_DEFECTIVE_AFTER", "3")
        .set("HOOKFERRY_RETRY_INTERVAL", "10m");
    let nodes = [Node::start(&setup, "owner").await, Node::start(&setup, "other").await];
    let api = nodes[0].program.tenant("acme");
    let other = api.at(nodes[1].program.base());
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let path = format!("/endpoints/{}", text(&made, "id"));
    let arrived = async |count| {
        let all = async || (receiver.count() >= count).then_some(());
        wait::until("what was posted arrives", SOON, all).await;
    };
    // The other node knows the endpoint, as one that is fine.
    other.post_event(event(1)).await;
    arrived(1).await;
    is_down.store(true, Ordering::Relaxed);
    for number in 2..=4 {
        api.post_event(event(number)).await;
    }
    api.wait_for(&path, SOON, |endpoint| endpoint["status"] == "defective").await;
    // A change that makes the other node read it again.
    api.patch(&path, &json!({ "description": "it is being repaired" })).await.expect(200);
    for number in 5..=8 {
        other.post_event(event(number)).await;
    }
    arrived(8).await;
    assert_eq!(nodes[1].attempts().await, 1.0, "the owner has sent all that came since");
    is_down.store(false, Ordering::Relaxed);
    other.post_event(event(9)).await;
    api.wait_for(&path, SOON, |endpoint| endpoint["status"] == "enabled").await;
    let mut number = 10;
    wait::until("the other node sends again what it takes in", SOON * 3, async || {
        other.post_event(event(number)).await;
        number += 1;
        (nodes[1].attempts().await > 1.0).then_some(())
    })
    .await;
}

/// What a receiver has told one node holds for the others, too, whatever they have in memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_receiver_asks_of_one_node_holds_for_all() {
    let receiver = Receiver::counting();
    let slow = Duration::from_millis(2_500);
    receiver.answers_with(move |got| {
        let body: Value = serde_json::from_slice(&got.body).unwrap();
        // What the other node sends takes long, so that more of it waits there.
        if body["data"]["number"] == 0 {
            Reply::status(503).header("retry-after", "3600")
        } else {
            Reply::status(200).after(slow)
        }
    });
    let setup = on_postgres("holds").set("HOOKFERRY_RETRY_INTERVAL", "10m");
    let nodes = [setup.start().await, setup.start().await];
    let api = nodes[0].tenant("acme");
    let other = api.at(nodes[1].base());
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let events: Vec<Value> = (1..=100).map(event).collect();
    other.post("/events/batch", &json!({ "events": events })).await.expect(202);
    wait::until("the first of them arrive", SOON, async || (receiver.count() > 0).then_some(()))
        .await;
    api.post_event(event(0)).await;
    // The other node learns of it while its first requests are under way; once these have ended, nothing is.
    let sent = wait::until("nothing is under way any more", SOON * 2, async || {
        let delivered = api.deliveries("state=delivered&limit=100").await.len();
        (delivered > 0 && receiver.count() == delivered + 1).then_some(delivered + 1)
    })
    .await;
    assert!(sent <= 50, "{sent} of 101 were sent");
    assert_eq!(api.deliveries("state=pending&limit=100").await.len(), 101 - sent + 1);
}

/// Where to post: nodes that are about to leave are taken out first.
type Open = Arc<Mutex<Vec<Api>>>;

async fn wait_accepted(acknowledged: &AtomicUsize, enough: usize) {
    wait::until("events are accepted", SOON * 2, async || {
        (acknowledged.load(Ordering::Relaxed) >= enough).then_some(())
    })
    .await;
}

/// The companies and the nodes take turns.
fn next(open: &Open, tokens: &[String], round: u64) -> Option<Api> {
    let (open, round) = (open.lock(), usize::try_from(round).unwrap());
    let api = open.get(round % open.len().max(1))?;
    Some(api.with_token(tokens.get(round % tokens.len()).map(String::as_str)))
}

/// A receiver that refuses one first try in so many, and how often it said yes to each event.
fn failing_one_in(count: usize) -> (Receiver, Arc<Mutex<HashMap<String, u32>>>) {
    let (receiver, successes) = (Receiver::counting(), Arc::new(Mutex::new(HashMap::new())));
    let (first_tries, succeeded) = (AtomicUsize::new(0), successes.clone());
    receiver.answers_with(move |got| {
        let place =
            if got.attempt() == 1 { first_tries.fetch_add(1, Ordering::Relaxed) } else { 1 };
        if place.is_multiple_of(count) {
            return Reply::status(503);
        }
        *succeeded.lock().entry(got.event_id().to_owned()).or_insert(0_u32) += 1;
        // Retries take so long that a node that leaves has some in flight.
        Reply::status(200).after(Duration::from_millis(if got.attempt() > 1 { 200 } else { 0 }))
    });
    (receiver, successes)
}

/// A node that stops waits for a receiver that hangs. An ordered endpoint's lane is left to the other one as soon
/// as its own request has been answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_keeps_no_lane_for_somebody_elses_request() {
    let (hanging, quick) = (Receiver::counting(), Receiver::start());
    hanging.answers_with(|_| Reply::hang());
    quick.answers_with(|_| Reply::status(200).held());
    let setup =
        on_postgres("stops").set("HOOKFERRY_ADMIN_TOKEN", OPERATOR).set("HOOKFERRY_TIMEOUT", "30s");
    let setup = setup.set("HOOKFERRY_DRAIN_DELAY", "0s");
    let leaving = setup.start().await;
    let api = leaving.tenant("acme");
    api.create_endpoint(json!({"url": hanging.url("/"), "event_types": ["message.sent"]})).await;
    api.create_endpoint(
        json!({"url": quick.url("/"), "event_types": ["message.received"], "ordered": true}),
    )
    .await;
    let of_contact = |number: u64| json!({"subject": "a", "type": "message.received", "data": {"number": number}});
    api.post_event(json!({"type": "message.sent", "data": {}})).await;
    api.post_event(of_contact(1)).await;
    hanging.wait_for(1, SOON).await;
    quick.wait_for(1, SOON).await;
    let staying = Node::start(&setup, "staying").await;
    leaving.signal("TERM");
    wait::until("it has said that it stops", SOON, async || {
        let page = staying.operator.get("/admin/nodes").await.expect(200);
        let nodes = page["data"].as_array().unwrap();
        nodes.iter().any(|node| node["stopping"] == true).then_some(())
    })
    .await;
    // Whoever still posts to it is answered, and it leaves what it takes in to others.
    api.post_event(of_contact(2)).await;
    quick.answers_with(|_| Reply::status(200));
    quick.release();
    quick.wait_for(2, SOON).await;
    assert!(!leaving.log().contains("Stopped"), "its other request hangs");
    hanging.release();
}

/// Longer than a sign of life is relied upon, and not so long that others take it for dead.
const FROZEN_FOR: Duration = Duration::from_secs(18);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_frozen_goes_on_where_it_was() {
    const EVENTS: usize = 300;
    let receiver = Receiver::counting();
    receiver.answers_with(|_| Reply::status(200).after(Duration::from_millis(100)));
    let node = on_postgres("frozen").set("HOOKFERRY_MAX_IN_FLIGHT", "16").start().await;
    let api = node.tenant("acme");
    let mut wanted = endpoint(&receiver.url("/"));
    // What is on the wire has been answered when the node wakes.
    wanted["timeout_ms"] = 30_000.into();
    api.create_endpoint(wanted).await;
    for number in 0..EVENTS as u64 {
        api.post_event(event(number)).await;
    }
    node.signal("STOP");
    let sent = receiver.arrivals().len();
    assert!(sent < EVENTS, "something is left to send");
    tokio::time::sleep(FROZEN_FOR).await;
    node.signal("CONT");
    wait::until("all has arrived", SOON, async || {
        (receiver.arrivals().len() == EVENTS).then_some(())
    })
    .await;
    assert!(receiver.arrivals().into_values().all(|times| times == 1), "none twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_crash_nothing_is_sent_twice() {
    const EVENTS: usize = 4_000;
    const COMPANIES: usize = 5;
    let (receiver, successes) = failing_one_in(8);
    let setup = on_postgres("never_twice")
        .set("HOOKFERRY_RETRY_INTERVAL", "500ms")
        .set("HOOKFERRY_MAX_IN_FLIGHT", "64")
        .set("HOOKFERRY_DRAIN_DELAY", "3s");
    let mut nodes: Vec<Program> =
        join_all((0..4).map(|_| setup.start())).await.into_iter().collect();
    let api = nodes[0].anonymous();
    let mut tokens = Vec::new();
    for place in 0..COMPANIES {
        let tenant = nodes[0].tenant(&format!("company{place}"));
        tenant.create_endpoint(endpoint(&receiver.url(&format!("/{place}")))).await;
        tokens.push(tenant.token().to_owned());
    }
    let open: Open = Arc::new(Mutex::new(nodes.iter().map(|node| api.at(node.base())).collect()));
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let posters = (0..4).map(|_| {
        let (open, acknowledged, tokens) = (open.clone(), &acknowledged, &tokens[..]);
        let told = move |more| {
            acknowledged.fetch_add(more, Ordering::Relaxed);
        };
        post_on(move |round| next(&open, tokens, round), stop.clone(), told)
    });
    let coming_and_going = async {
        for step in 1..=3 {
            wait_accepted(&acknowledged, EVENTS * step / 4).await;
            let joined = setup.start().await;
            let mut leaving = nodes.remove(0);
            {
                let mut open = open.lock();
                open.remove(0);
                open.push(api.at(joined.base()));
            }
            nodes.push(joined);
            leaving.signal("TERM");
            assert!(leaving.wait_exit(SOON * 2).await.success());
        }
        wait_accepted(&acknowledged, EVENTS).await;
        stop.store(true, Ordering::Relaxed);
        nodes
    };
    let (posted, nodes) = futures_util::join!(join_all(posters), coming_and_going);
    let refused: Vec<&String> = posted.iter().flat_map(|posted| &posted.refused).collect();
    assert!(refused.is_empty(), "{} refused: {:?}", refused.len(), refused.first());
    let accepted: usize = posted.iter().map(|posted| posted.acknowledged.len()).sum();
    let api = api.at(nodes[0].base());
    let none = |page: &Value| page["data"].as_array().is_some_and(Vec::is_empty);
    let mut deliveries = Vec::new();
    for token in &tokens {
        let api = api.with_token(Some(token));
        api.wait_for("/deliveries?state=pending", SOON * 2, none).await;
        deliveries.extend(api.deliveries("limit=100").await);
    }
    let (arrivals, successes) = (receiver.arrivals(), successes.lock().clone());
    assert_eq!((deliveries.len(), arrivals.len(), successes.len()), (accepted, accepted, accepted));
    let mut retried = 0;
    for delivery in &deliveries {
        let id = delivery["event_id"].as_str().unwrap();
        let requests = (u64::from(arrivals[id]), successes[id]);
        assert_eq!(requests, (delivery["tries"].as_u64().unwrap(), 1), "{delivery}");
        retried += usize::from(arrivals[id] > 1);
    }
    assert!(retried >= accepted / 16, "{retried} of {accepted} were retried");
}
