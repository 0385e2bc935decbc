//! What a restart must not forget: retries, holds, what was acknowledged a moment before.

use serde_json::Value;
use testkit::program::{Program, Setup};
use testkit::receiver::{Receiver, Reply};

use crate::support::{
    SOON, endpoint, event, on_both_databases, on_postgres, running, text, wait_state,
};

on_both_databases! {
    in_memory_retries_lost_at_restart
    event_committed_and_job_not_queued
    a_hold_by_retry_after_outlives_a_restart
}

async fn in_memory_retries_lost_at_restart(setup: Setup) {
    const EVENTS: u64 = 20;
    let receiver = Receiver::start();
    receiver.answers(503);
    let setup = setup.set("HOOKFERRY_RETRY_INTERVAL", "4s");
    let (program, api) = running(&setup).await;
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let mut accepted: Vec<Value> = Vec::new();
    for number in 0..EVENTS {
        accepted.push(api.post_event(event(number)).await);
    }
    let path = format!("/endpoints/{}", text(&made, "id"));
    api.wait_for(&path, SOON, |shown| shown["streak"].as_u64() >= Some(EVENTS)).await;
    let all_failed = |page: &Value| {
        page["data"].as_array().unwrap().iter().all(|one| one["tries"].as_u64() >= Some(1))
    };
    api.wait_for("/deliveries?limit=100", SOON, all_failed).await;
    receiver.answers(200);
    let _program = program.kill9().start().await;
    for one in &accepted {
        let shown = wait_state(&api, one, "delivered").await;
        let attempts = shown["attempts"].as_array().unwrap();
        assert_eq!(shown["tries"], attempts.len());
        assert!(attempts.len() >= 2, "the first failed: {shown}");
        let sent = receiver.received();
        let sent = sent.iter().filter(|got| got.event_id() == text(one, "id"));
        let sent: Vec<u64> = sent.map(|got| got.attempt().into()).collect();
        let recorded: Vec<u64> = attempts.iter().map(|a| a["number"].as_u64().unwrap()).collect();
        assert_eq!(sent.last(), recorded.last(), "numbers go on: {sent:?}, {recorded:?}");
    }
}

async fn event_committed_and_job_not_queued(setup: Setup) {
    let receiver = Receiver::start();
    let (mut program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    for number in 0..5 {
        let mut wanted = event(number);
        wanted["id"] = format!("order-{number}").into();
        let first = api.post_event(wanted.clone()).await;
        program = program.kill9().start().await;
        let again = api.post_event(wanted).await;
        assert_eq!((&again["id"], &again["duplicate"]), (&first["id"], &true.into()));
        assert_eq!(again["deliveries"], 1);
        wait_state(&api, &first, "delivered").await;
    }
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), 5, "{arrivals:?}");
    drop(program);
}

/// A receiver that wants to be left alone for an hour, and one that is always there.
struct Held {
    asked: Receiver,
    fence: Receiver,
    first: Value,
}

impl Held {
    async fn begin(program: &Program) -> (Self, testkit::api::Api) {
        let (asked, fence) = (Receiver::start(), Receiver::start());
        asked.answers_with(|_| Reply::status(503).header("retry-after", "3600"));
        let api = program.tenant("acme");
        let made = api.create_endpoint(endpoint(&asked.url("/"))).await;
        let first = api.post_event(event(1)).await;
        let path = format!("/endpoints/{}", text(&made, "id"));
        api.wait_for(&path, SOON, |shown| shown["streak"] == 1).await;
        api.create_endpoint(endpoint(&fence.url("/"))).await;
        (Self { asked, fence, first }, api)
    }

    /// Each event arrives at the one and does not at the other.
    async fn check(&self, api: &testkit::api::Api, count: u64) {
        for number in 0..count {
            let came = self.fence.count() + 1;
            let accepted = api.post_event(event(number)).await;
            assert_eq!(accepted["deliveries"], 2);
            self.fence.wait_for(came, SOON).await;
        }
        assert_eq!(self.asked.count(), 1, "nothing is sent before the hold ends");
        let shown = api.delivery_of(&self.first).await;
        assert_eq!((&shown["state"], &shown["tries"]), (&"pending".into(), &1.into()));
    }
}

async fn a_hold_by_retry_after_outlives_a_restart(setup: Setup) {
    let setup = setup.set("HOOKFERRY_RETRY_INTERVAL", "100ms");
    let mut program = setup.start().await;
    let (held, api) = Held::begin(&program).await;
    held.check(&api, 3).await;
    program = program.kill9().start().await;
    held.check(&api, 10).await;
    program.signal("TERM");
    program.wait_exit(SOON * 2).await;
    let _program = program.setup().start().await;
    held.check(&api, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_by_retry_after_is_seen_by_every_node() {
    let setup = on_postgres("held_for_all").set("HOOKFERRY_RETRY_INTERVAL", "100ms");
    let (first, second) = (setup.start().await, setup.start().await);
    let (held, api) = Held::begin(&first).await;
    let other = api.at(second.base());
    for _ in 0..3 {
        held.check(&api, 2).await;
        held.check(&other, 2).await;
    }
    drop(first.kill9());
    held.check(&other, 10).await;
}
