//! A signal: readiness off, serving on, then finishing what was begun. And a rolling restart.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use testkit::api::Api;
use testkit::mailbox::Mailbox;
use testkit::program::{Program, Setup};
use testkit::receiver::{Receiver, Reply};
use testkit::wait;

use crate::support::{
    NO_NODE, SOON, endpoint, event, on_both_databases, on_postgres, post_on, running, text,
};

on_both_databases! {
    a_signal_finishes_what_is_in_flight_and_loses_nothing
    a_mail_in_the_middle_of_smtp_arrives_once
}

async fn is_ready(api: &Api) -> bool {
    api.send("GET", "/readyz", &[], None).await.is_ok_and(|answer| answer.status == 200)
}

async fn wait_unready(api: &Api) {
    wait::until("readiness is off", SOON, async || {
        let answer = api.send("GET", "/readyz", &[], None).await.expect("it goes on serving");
        (answer.status == 503).then_some(())
    })
    .await;
}

async fn a_signal_finishes_what_is_in_flight_and_loses_nothing(setup: Setup) {
    let receiver = Receiver::start();
    receiver.answers_with(|_| Reply::hang());
    // However long a receiver takes, callers are served meanwhile.
    let setup = setup.set("HOOKFERRY_DRAIN_DELAY", "0s");
    let (mut program, api) = running(&setup).await;
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["timeout_ms"] = 30_000.into();
    api.create_endpoint(wanted).await;
    let first = api.post_event(event(1)).await;
    receiver.wait_for(1, SOON).await;

    program.signal("TERM");
    wait_unready(&api).await;
    wait::until("it sends nothing more", SOON, async || {
        program.log().contains("Stopping: nothing more is sent").then_some(())
    })
    .await;
    let late = api.post_event(event(2)).await;
    let health = api.send("GET", "/healthz", &[], None).await.expect("it goes on serving");
    assert_eq!(health.status, 200);
    receiver.release();
    let ended = program.wait_exit(SOON * 2).await;
    assert_eq!(ended.code(), Some(0), "{ended}");
    assert_eq!(receiver.count(), 1, "what came late waits");

    let again = program.setup().start().await;
    let ids = [text(&first, "id"), text(&late, "id")];
    receiver
        .wait_until(SOON, |all| ids.iter().all(|id| all.iter().any(|one| one.event_id() == *id)))
        .await;
    for accepted in [&first, &late] {
        let path = format!("/deliveries?event_id={}", text(accepted, "id"));
        let api = api.at(again.base());
        api.wait_for(&path, SOON, |page| page["data"][0]["state"] == "delivered").await;
        assert_eq!(api.delivery_of(accepted).await["tries"], 1, "no try was wasted");
    }
    assert_eq!(receiver.count(), 2, "nothing was sent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_aborts() {
    let receiver = Receiver::start();
    receiver.answers_with(|_| Reply::hang());
    let setup = Setup::sqlite().set("HOOKFERRY_DRAIN_DELAY", "10m");
    let (mut program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let accepted = api.post_event(event(1)).await;
    receiver.wait_for(1, SOON).await;
    program.signal("TERM");
    wait_unready(&api).await;
    program.signal("TERM");
    program.wait_exit(SOON).await;

    receiver.release();
    let again = program.setup().start().await;
    let path = format!("/deliveries?event_id={}", text(&accepted, "id"));
    let delivered = |page: &serde_json::Value| page["data"][0]["state"] == "delivered";
    api.at(again.base()).wait_for(&path, SOON, delivered).await;
}

/// An endpoint that fails once, which is worth a mail.
async fn fail_once(api: &Api, receiver: &Receiver) {
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["schedule"] = serde_json::json!({"custom_seconds": [604_800]});
    api.create_endpoint(wanted).await;
    api.post_event(event(1)).await;
}

async fn a_mail_in_the_middle_of_smtp_arrives_once(setup: Setup) {
    let (receiver, mailbox) = (Receiver::start(), Mailbox::start());
    receiver.answers(503);
    mailbox.hold();
    let setup = setup
        .set("HOOKFERRY_DRAIN_DELAY", "0s")
        .set("HOOKFERRY_WARN_AFTER", "1")
        .set("HOOKFERRY_SMTP_URL", &mailbox.url())
        .set("HOOKFERRY_MAIL_FROM", "hooks@acme.example");
    let (mut program, api) = running(&setup).await;
    fail_once(&api, &receiver).await;
    mailbox.wait_begun(1, SOON).await;
    program.signal("TERM");
    wait::until("it sends nothing more", SOON, async || {
        program.log().contains("Stopping: nothing more is sent").then_some(())
    })
    .await;
    mailbox.release();
    let ended = program.wait_exit(SOON * 2).await;
    assert_eq!(ended.code(), Some(0), "{ended}");
    mailbox.wait_for(1, SOON).await;

    let again = program.setup().start().await;
    let other = again.tenant("other");
    fail_once(&other, &receiver).await;
    // Its mail is due later than the first: one that was sent again would come before it.
    let mails = mailbox.wait_for(2, SOON).await;
    let to: Vec<&str> = mails.iter().map(|mail| mail.to[0].as_str()).collect();
    assert_eq!(to, ["owner@acme.example", "owner@other.example"]);
    for api in [&api, &other] {
        let sent = |page: &serde_json::Value| page["data"][0]["state"] == "sent";
        api.wait_for("/mails", SOON, sent).await;
    }
    assert_eq!(mailbox.mails().len(), 2, "each is sent once");
}

/// Sends each request to a node that said it is ready when it was last asked.
struct Balancer {
    nodes: Vec<Api>,
    ready: Vec<AtomicBool>,
}

impl Balancer {
    fn over(nodes: Vec<Api>) -> Self {
        let ready = nodes.iter().map(|_| AtomicBool::new(false)).collect();
        Self { nodes, ready }
    }

    async fn ask(&self) {
        for (node, ready) in self.nodes.iter().zip(&self.ready) {
            ready.store(is_ready(node).await, Ordering::SeqCst);
        }
    }

    async fn ask_until(&self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            self.ask().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn next(&self, round: u64) -> Option<Api> {
        let count = self.nodes.len();
        let order = (0..count).map(|place| (place + round as usize) % count);
        let mut ready = order.filter(|node| self.ready[*node].load(Ordering::SeqCst));
        ready.next().map(|node| self.nodes[node].clone())
    }
}

/// Restarts every node in turn, each time with load on the other.
async fn roll(
    mut nodes: Vec<Program>,
    balancer: &Balancer,
    acknowledged: &AtomicUsize,
) -> Vec<Program> {
    for (place, node) in nodes.iter_mut().enumerate() {
        let enough = acknowledged.load(Ordering::Relaxed) + 100;
        wait::until("posters are answered", SOON, async || {
            let now = acknowledged.load(Ordering::Relaxed);
            (now >= enough).then_some(())
        })
        .await;
        node.signal("TERM");
        let ended = node.wait_exit(SOON * 2).await;
        assert_eq!(ended.code(), Some(0), "{ended}");
        *node = node.setup().start().await;
        wait::until("the balancer has seen it", SOON, async || {
            let seen = balancer.ready[place].load(Ordering::SeqCst);
            seen.then_some(())
        })
        .await;
    }
    nodes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_loses_nothing_and_refuses_nobody() {
    let receiver = Receiver::counting();
    let setup = on_postgres("rolling").set("HOOKFERRY_DRAIN_DELAY", "6s");
    let nodes = vec![setup.start().await, setup.start().await];
    let api = nodes[0].tenant("acme");
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let balancer = Balancer::over(nodes.iter().map(|node| api.at(node.base())).collect());
    balancer.ask().await;
    let stop = Arc::new(AtomicBool::new(false));
    let acknowledged = AtomicUsize::new(0);
    let posters = (0..4).map(|_| {
        let (balancer, acknowledged) = (&balancer, &acknowledged);
        let told = move |more| {
            acknowledged.fetch_add(more, Ordering::Relaxed);
        };
        post_on(move |round| balancer.next(round), stop.clone(), told)
    });
    let rolling = async {
        let nodes = roll(nodes, &balancer, &acknowledged).await;
        stop.store(true, Ordering::Relaxed);
        nodes
    };
    let asking = balancer.ask_until(&stop);
    let (posted, nodes, ()) = futures_util::join!(join_all(posters), rolling, asking);

    // A balancer that sees nobody ready for a moment has refused nobody either.
    let refused = posted.iter().flat_map(|posted| &posted.refused);
    let refused: Vec<&String> = refused.filter(|said| *said != NO_NODE).collect();
    assert!(refused.is_empty(), "{} refused: {:?}", refused.len(), refused.first());
    let all: HashSet<&String> = posted.iter().flat_map(|posted| &posted.acknowledged).collect();
    wait::until("all that was acknowledged has arrived", SOON * 2, async || {
        let arrivals = receiver.arrivals();
        let lost = all.iter().filter(|id| !arrivals.contains_key(**id)).count();
        (lost == 0).then_some(())
    })
    .await;
    let repeated = receiver.arrivals().into_values().filter(|times| *times > 1).count();
    assert_eq!(repeated, 0, "of {} events", all.len());
    println!("rolling restart: {} acknowledged, 0 refused, 0 lost, 0 repeated", all.len());
    drop(nodes);
}
