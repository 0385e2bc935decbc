//! `rate_limit` and `max_in_flight`: exact over all nodes, also when they are set while requests go out,
//! when nodes die, and when lanes change hands.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::api::Api;
use testkit::program::Program;
use testkit::receiver::{Received, Receiver, Reply};
use testkit::{sql, wait};

use crate::support::{SOON, endpoint, event, on_postgres, text};

/// How long the slow receiver takes for each request.
const TAKES: Duration = Duration::from_millis(40);
/// From an answer to a change until it holds everywhere: 2 seconds to learn of it, and one more.
const HOLDS_AFTER: Duration = Duration::from_secs(4);
/// Two requests may come so much closer together than they were sent.
const JITTER: Duration = Duration::from_millis(50);

async fn post(api: &Api, nodes: &[Program], count: u64) {
    for number in 0..count {
        let node = &nodes[number as usize % nodes.len()];
        api.at(node.base()).post_event(event(number)).await;
    }
}

/// The most that were under way at one moment, of those that came after `since`.
fn most_at_a_time(came: &[Received], since: Instant) -> usize {
    let starts: Vec<Instant> = came.iter().map(|got| got.at).filter(|at| *at >= since).collect();
    let under_way = |at: &Instant| {
        starts.iter().filter(|other| **other <= *at && *at < **other + TAKES).count()
    };
    starts.iter().map(under_way).max().unwrap_or(0)
}

/// The most of these moments within one second.
fn busiest_of(moments: &[Duration]) -> usize {
    let window = Duration::from_secs(1) - JITTER;
    let within = |from: &Duration| {
        moments.iter().filter(|at| **at >= *from && **at < *from + window).count()
    };
    moments.iter().map(within).max().unwrap_or(0)
}

/// The most that came within one second, or began within one by what the nodes have written down,
/// whichever is less: where the receiver gets no processor for a moment several come at once, and too many
/// that were really sent show in both.
async fn busiest_second(url: &str, came: &[Received]) -> usize {
    let first = came[0].at;
    let came: Vec<Duration> =
        came.iter().map(|got| got.at.saturating_duration_since(first)).collect();
    busiest_of(&came).min(busiest_of(&begun_at(url, came.len()).await))
}

/// When the attempts that ended began, since the first, once as many as came have been written down.
async fn begun_at(url: &str, count: usize) -> Vec<Duration> {
    let pending =
        async || (sql::number(url, "SELECT count(*) FROM pending").await.ok()? == 0).then_some(());
    wait::until("nothing is pending", SOON, pending).await;
    let asked = "SELECT started_at, id FROM deliveries WHERE started_at IS NOT NULL ORDER BY 1";
    let begun = sql::pairs(url, asked).await.unwrap();
    assert!(begun.len() * 10 >= count * 9, "{} of {count} are written down", begun.len());
    let first = begun[0].0;
    begun.iter().map(|(at, _)| Duration::from_micros((at - first).unsigned_abs())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_are_in_flight_than_the_endpoint_takes() {
    const EVENTS: u64 = 90;
    const MOST: u64 = 3;
    let receiver = Receiver::start();
    receiver.answers_with(|_| Reply::status(200).after(TAKES));
    let setup = on_postgres("max_in_flight");
    let mut nodes = vec![setup.start().await, setup.start().await];
    let api = nodes[0].tenant("acme");
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["timeout_ms"] = 3_000.into();
    let made = api.create_endpoint(wanted).await;
    let path = format!("/endpoints/{}", text(&made, "id"));
    post(&api, &nodes, 40).await;
    receiver.wait_for(40, SOON).await;
    assert!(most_at_a_time(&receiver.received(), Instant::now() - SOON) >= 2, "both nodes send");
    let (body, change) = (json!({"max_in_flight": MOST}), async || {
        // While requests go out.
        api.patch(&path, &json!({"max_in_flight": MOST})).await.expect(200)
    });
    let (shown, ()) = futures_util::join!(change(), post(&api, &nodes, 60));
    assert_eq!(shown["max_in_flight"], body["max_in_flight"]);
    let changed = Instant::now();
    receiver.wait_for(100, SOON).await;
    tokio::time::sleep_until((changed + HOLDS_AFTER).into()).await;
    let since = Instant::now();
    post(&api, &nodes, EVENTS).await;
    receiver.wait_for(100 + EVENTS as usize, SOON * 4).await;
    assert_eq!(most_at_a_time(&receiver.received(), since), MOST as usize);
    // The owner may be either; both are killed, one after the other.
    for _ in 0..2 {
        // At once, so that there is something left to send when a node is killed.
        let before = receiver.count();
        let events: Vec<_> = (0..EVENTS).map(event).collect();
        api.at(nodes[0].base()).post("/events/batch", &json!({"events": events})).await.expect(202);
        receiver.wait_for(before + 10, SOON).await;
        let setup = nodes.remove(0).kill9();
        nodes.push(setup.start().await);
    }
    let all = 100 + 3 * EVENTS as usize;
    wait::until("everything arrives", SOON * 2, async || {
        (receiver.arrivals().len() == all).then_some(())
    })
    .await;
    let received = receiver.received();
    assert_eq!(most_at_a_time(&received, since), MOST as usize);
    println!("{} requests for {all} events", received.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_holds_over_nodes_and_through_handovers() {
    const RATE: usize = 25;
    const EVENTS: u64 = 300;
    let receiver = Receiver::start();
    let setup = on_postgres("rate_limit");
    let url = setup.database_url();
    let mut nodes = vec![setup.start().await, setup.start().await];
    let api = nodes[0].tenant("acme");
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["rate_limit"] = json!({"per_second": RATE});
    let made = api.create_endpoint(wanted).await;
    assert_eq!(made["rate_limit"], json!({"per_second": RATE}));
    let begun = Instant::now();
    for node in &nodes {
        let events: Vec<_> = (0..EVENTS / 2).map(event).collect();
        api.at(node.base()).post("/events/batch", &json!({"events": events})).await.expect(202);
    }
    // One leaves in good order, one dies; either may have been the owner.
    receiver.wait_for(50, SOON).await;
    let mut leaving = nodes.remove(0);
    leaving.signal("TERM");
    leaving.wait_exit(SOON).await;
    nodes.push(setup.start().await);
    let seen = receiver.count();
    receiver.wait_for(seen + 30, SOON).await;
    let setup = nodes.remove(0).kill9();
    nodes.push(setup.start().await);
    wait::until("everything arrives", SOON, async || {
        (receiver.arrivals().len() == EVENTS as usize).then_some(())
    })
    .await;
    let received = receiver.received();
    let busiest = busiest_second(&url, &received).await;
    assert!(busiest <= RATE, "{busiest} in a second");
    let at_least = Duration::from_secs(EVENTS / RATE as u64) - Duration::from_secs(1);
    let (took, last) = (begun.elapsed(), received.last().unwrap().at - received[0].at);
    assert!(last >= at_least, "{EVENTS} in {last:?}");
    println!("{} requests in {took:?}, busiest second {busiest}", received.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_is_reached_and_spread() {
    const RATE: usize = 200;
    const EVENTS: usize = 800;
    let receiver = Receiver::start();
    let setup = testkit::program::Setup::sqlite();
    let (_program, api) = crate::support::running(&setup).await;
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["rate_limit"] = json!({"per_second": RATE});
    api.create_endpoint(wanted).await;
    for _ in 0..EVENTS / 100 {
        let events: Vec<_> = (0..100).map(event).collect();
        api.post("/events/batch", &json!({"events": events})).await.expect(202);
    }
    receiver.wait_for(EVENTS, SOON).await;
    let received = receiver.received();
    let busiest = busiest_second(&setup.database_url(), &received).await;
    assert!(busiest <= RATE, "{busiest} in a second");
    let took = received.last().unwrap().at - received[0].at;
    // A machine that is busy with other tests may be slow; one that bursts is wrong.
    assert!(took >= Duration::from_millis(3_800), "{took:?}");
    let tenth = Duration::from_millis(100);
    let bursts = received.iter().map(|from| {
        received.iter().filter(|got| got.at >= from.at && got.at < from.at + tenth).count()
    });
    println!("{EVENTS} in {took:?}, at most {} in a tenth of a second", bursts.max().unwrap());
}
