//! The operator suspends a company with a backlog, and resumes it: nothing goes out meanwhile, and
//! nothing is lost, given up or counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::api::Api;
use testkit::program::{Program, Setup};
use testkit::receiver::{Receiver, Reply};
use testkit::wait;

use crate::support::{SOON, endpoint, event, on_both_databases, on_postgres, text};

const OPERATOR: &str = "the-operators-own-token";
/// How long it is watched that nothing comes.
const QUIET: Duration = Duration::from_secs(4);
/// As if all of it had happened an hour ago, the suspension too.
const AN_HOUR_AGO: &str = "UPDATE pending SET schedule_began = schedule_began - 3600000000; \
    UPDATE companies SET suspended_at = suspended_at - 3600000000 WHERE suspended_at IS NOT NULL;";
/// After so long no request begins, on any node.
const WITHIN: Duration = Duration::from_secs(2);

on_both_databases! {
    a_suspended_company_sends_nothing_and_loses_nothing
}

fn with_operator(setup: Setup) -> Setup {
    setup
        .set("HOOKFERRY_ADMIN_TOKEN", &format!("an-older-operators-token,{OPERATOR}"))
        .set("HOOKFERRY_RETRY_INTERVAL", "300ms")
        // Few at a time: when it is suspended something must be left, however fast the machine.
        .set("HOOKFERRY_MAX_IN_FLIGHT", "8")
        // Far shorter than the suspension is made to seem: its time must not count.
        .set("HOOKFERRY_GIVE_UP_AFTER", "2m")
}

struct Story {
    operator: Api,
    api: Api,
    company: String,
    database: String,
}

impl Story {
    fn begin(program: &Program) -> Self {
        let operator = program.anonymous().with_token(Some(OPERATOR));
        let company = program.setup().company("acme");
        let token = program.setup().token(&company, &[]);
        let api = program.anonymous().with_token(Some(&token));
        Self { operator, api, company, database: program.setup().database_url() }
    }

    async fn suspend(&self, suspended: bool) {
        let path = format!("/admin/companies/{}", self.company);
        self.operator.patch(&path, &json!({"suspended": suspended})).await.expect(200);
    }
}

/// Suspends with a backlog at a slow receiver, retries at a failing one and fresh events on `nodes`;
/// then everything arrives.
async fn suspend_and_resume(story: &Story, nodes: &[Api]) {
    let (slow, failing) = (Receiver::start(), Receiver::start());
    let failing_now = Arc::new(AtomicBool::new(true));
    slow.answers_with(|_| Reply::status(200).after(Duration::from_millis(50)));
    let fails = Arc::clone(&failing_now);
    failing.answers_with(move |_| {
        Reply::status(if fails.load(Ordering::Relaxed) { 500 } else { 200 })
    });
    for receiver in [&slow, &failing] {
        story.api.create_endpoint(endpoint(&receiver.url("/"))).await;
    }
    const EVENTS: u64 = 400;
    for (round, node) in (0..4_u64).zip(nodes.iter().cycle()) {
        let events: Vec<Value> = (0..EVENTS / 4).map(|place| event(round * 100 + place)).collect();
        node.post("/events/batch", &json!({"events": events})).await.expect(202);
    }
    slow.wait_for(5, SOON).await;
    failing.wait_for(5, SOON).await;

    story.suspend(true).await;
    tokio::time::sleep(WITHIN).await;
    let before = (slow.count(), failing.count());
    assert!(before.0 < EVENTS as usize, "something must be left: {before:?}");
    for node in nodes {
        let refused = node.post("/events", &event(1)).await.expect(403);
        assert_eq!(refused["code"], "company_suspended");
    }
    let sent =
        wait::found(QUIET, async || ((slow.count(), failing.count()) != before).then_some(()));
    assert!(sent.await.is_none(), "{before:?} became {:?}", (slow.count(), failing.count()));
    let shown = story.api.get("/deliveries?state=held&limit=1").await.expect(200);
    assert_eq!(shown["data"].as_array().unwrap().len(), 1);

    testkit::sql::execute(&story.database, AN_HOUR_AGO).await.unwrap();
    failing_now.store(false, Ordering::Relaxed);
    story.suspend(false).await;
    for (name, receiver) in [("slow", &slow), ("failing", &failing)] {
        let all = wait::found(SOON, async || {
            (receiver.arrivals().len() == EVENTS as usize).then_some(())
        });
        let came = receiver.arrivals().len();
        assert!(all.await.is_some(), "{name}: {came} and at last {}", receiver.arrivals().len());
    }
    for state in ["pending", "held", "exhausted", "expired", "canceled"] {
        let path = format!("/deliveries?state={state}&limit=1");
        story.api.wait_for(&path, SOON, |page| page["data"] == json!([])).await;
    }
    story.api.post_event(event(1)).await;
}

async fn a_suspended_company_sends_nothing_and_loses_nothing(setup: Setup) {
    let program = with_operator(setup).start().await;
    let story = Story::begin(&program);
    suspend_and_resume(&story, std::slice::from_ref(&story.api)).await;
    let health = story.operator.get("/admin/health").await.expect(200);
    assert_eq!((&health["suspended_companies"], &health["nodes"]), (&0.into(), &1.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_both_stop_and_both_go_on() {
    let setup = with_operator(on_postgres("suspended_on_two"));
    let (first, second) = (setup.start().await, setup.start().await);
    let story = Story::begin(&first);
    let nodes = [story.api.clone(), story.api.at(second.base())];
    suspend_and_resume(&story, &nodes).await;
    let nodes = story.operator.get("/admin/nodes").await.expect(200);
    assert_eq!(nodes["data"].as_array().unwrap().len(), 2);
    let answering =
        nodes["data"].as_array().unwrap().iter().filter(|node| node["answering"] == true);
    assert_eq!(answering.count(), 1);
    for node in nodes["data"].as_array().unwrap() {
        assert!(node["heartbeat_age_seconds"].as_f64().unwrap() < 30.0, "{node}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_over_the_limit_are_refused_by_two_nodes_at_once() {
    let setup = with_operator(on_postgres("limited_on_two"));
    let (first, second) = (setup.start().await, setup.start().await);
    let story = Story::begin(&first);
    let path = format!("/admin/companies/{}", story.company);
    story.operator.patch(&path, &json!({"limits": {"endpoints": 5}})).await.expect(200);
    let other = story.api.at(second.base());
    let make = async |number: usize| {
        let node = if number.is_multiple_of(2) { &story.api } else { &other };
        node.post("/endpoints", &endpoint("https://example.com/hook")).await
    };
    let answers = futures_util::future::join_all((0..16).map(make)).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 5);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        let refused = refused.expect(422);
        assert_eq!(refused["code"], "limit_reached");
        assert!(text(&refused, "detail").contains("`endpoints`"), "{refused}");
    }
}
