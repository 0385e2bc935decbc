//! What a person asks for by hand while deliveries stand queued in a node's memory: canceling them,
//! through whichever node, and retrying one now.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Value, json};
use testkit::api::Api;
use testkit::program::Setup;
use testkit::receiver::{Receiver, Reply};
use testkit::sql;
use testkit::wait;

use crate::support::{
    SOON, endpoint, event, narrow, on_both_databases, on_postgres, running, text, wait_state,
};

on_both_databases! {
    more_cancels_than_hints_can_wait_for_are_all_heeded
    what_is_retried_now_goes_ahead_of_what_is_queued
}

/// An endpoint that waits long for its receiver.
async fn patient(api: &Api, url: &str) -> Value {
    let mut wanted = endpoint(url);
    wanted["timeout_ms"] = 30_000.into();
    api.create_endpoint(wanted).await
}

async fn post_many(api: &Api, count: u64) -> Vec<Value> {
    let events: Vec<Value> = (0..count).map(event).collect();
    let answer = api.post("/events/batch", &json!({"events": events})).await.expect(202);
    answer["results"].as_array().unwrap().clone()
}

async fn number(url: &str, query: &str) -> usize {
    usize::try_from(sql::number(url, query).await.unwrap()).unwrap()
}

/// Waits until this many deliveries are claimed, that is in flight or queued in memory.
async fn wait_claimed(url: &str, count: usize) {
    wait::until("the deliveries stand in memory", SOON, async || {
        let query = "SELECT count(*) FROM pending WHERE claimed_by <> 0";
        (number(url, query).await >= count).then_some(())
    })
    .await;
}

/// Waits until nothing is pending but what hangs at the receivers.
async fn wait_only_hanging(url: &str, receivers: &[&Receiver]) {
    let mut last = (0, 0);
    let found = wait::found(SOON, async || {
        let hanging: usize = receivers.iter().map(|receiver| receiver.count()).sum();
        last = (number(url, "SELECT count(*) FROM pending").await, hanging);
        (last.0 == last.1).then_some(())
    });
    let found = found.await;
    assert!(found.is_some(), "{} are pending while {} hang", last.0, last.1);
}

async fn cancel(api: &Api, id: &str) {
    let answer = api.post(&format!("/deliveries/{id}/cancel"), &json!({})).await;
    // A node that was quicker has written it down as canceled already: that is as good.
    assert!([200, 409].contains(&answer.status), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_queued_in_one_nodes_memory_is_canceled_through_another() {
    let receiver = Receiver::start();
    receiver.answers_with(|_| Reply::hang());
    let setup = narrow(&on_postgres("canceled_elsewhere"), 2);
    let (first, second) = (setup.start().await, setup.start().await);
    let through_first = first.tenant("acme");
    let through_second = through_first.at(second.base());
    patient(&through_first, &receiver.url("/")).await;
    let accepted = post_many(&through_second, 12).await;
    receiver.wait_for(1, SOON).await;
    let url = setup.database_url();
    wait_claimed(&url, 12).await;
    let owners = number(&url, "SELECT count(DISTINCT claimed_by) FROM pending").await;
    assert_eq!(owners, 1, "one node has all of them in its memory");

    // Whichever node that is, one of the two is another.
    let sent: HashSet<String> =
        receiver.wait_for(1, SOON).await.iter().map(|got| got.event_id().to_owned()).collect();
    let canceled: Vec<&Value> =
        accepted.iter().filter(|one| !sent.contains(text(one, "id"))).collect();
    for (place, one) in canceled.iter().enumerate() {
        let api = if place % 2 == 0 { &through_first } else { &through_second };
        let delivery = api.delivery_of(one).await;
        cancel(api, text(&delivery, "id")).await;
    }
    wait_only_hanging(&url, &[&receiver]).await;
    let hanging: HashSet<String> =
        receiver.received().iter().map(|got| got.event_id().to_owned()).collect();
    receiver.release();
    let fence = through_first.post_event(event(99)).await;
    wait_state(&through_first, &fence, "delivered").await;
    for one in canceled.iter().filter(|one| !hanging.contains(text(one, "id"))) {
        let shown = through_first.delivery_of(one).await;
        assert_eq!((&shown["state"], &shown["tries"]), (&"canceled".into(), &0.into()));
    }
    assert_eq!(receiver.count(), hanging.len() + 1, "what was canceled is never sent");
}

async fn more_cancels_than_hints_can_wait_for_are_all_heeded(setup: Setup) {
    const ENDPOINTS: usize = 4;
    const EVENTS: u64 = 270;
    let receivers: Vec<Receiver> = (0..ENDPOINTS).map(|_| Receiver::start()).collect();
    let (_program, api) = running(&setup).await;
    for receiver in &receivers {
        receiver.answers_with(|_| Reply::hang());
        patient(&api, &receiver.url("/")).await;
    }
    post_many(&api, EVENTS).await;
    let url = setup.database_url();
    let all = ENDPOINTS * EVENTS as usize;
    wait_claimed(&url, all).await;
    let deliveries = api.deliveries("limit=100").await;
    assert_eq!(deliveries.len(), all);
    let ids = deliveries.iter().map(|delivery| text(delivery, "id"));
    stream::iter(ids).for_each_concurrent(32, |id| cancel(&api, id)).await;
    let all: Vec<&Receiver> = receivers.iter().collect();
    wait_only_hanging(&url, &all).await;
    let hanging: usize = receivers.iter().map(Receiver::count).sum();
    for receiver in &receivers {
        receiver.release();
    }
    post_many(&api, 1).await;
    wait::until("nothing is pending", SOON, async || {
        (number(&url, "SELECT count(*) FROM pending").await == 0).then_some(())
    })
    .await;
    let sent: usize = receivers.iter().map(Receiver::count).sum();
    assert_eq!(sent, hanging + ENDPOINTS, "what was canceled is never sent");
}

async fn what_is_retried_now_goes_ahead_of_what_is_queued(setup: Setup) {
    const EVENTS: usize = 30;
    let receiver = Receiver::start();
    receiver.answers_with(|_| Reply::hang());
    let setup = narrow(&setup, 2);
    let (_program, api) = running(&setup).await;
    patient(&api, &receiver.url("/")).await;
    let accepted = post_many(&api, EVENTS as u64).await;
    receiver.wait_for(1, SOON).await;
    wait_claimed(&setup.database_url(), EVENTS).await;
    let last = accepted.last().unwrap();
    let delivery = api.delivery_of(last).await;
    let path = format!("/deliveries/{}/retry", text(&delivery, "id"));
    api.post(&path, &json!({})).await.expect(200);
    // Those behind it come slowly, so that its node has the time it may take to hear of the wish.
    receiver.answers_with(|_| Reply::status(200).after(Duration::from_millis(300)));
    receiver.release();
    let all = receiver.wait_for(EVENTS, SOON).await;
    let place = all.iter().position(|got| got.event_id() == text(last, "id")).unwrap();
    assert!(place < EVENTS - 8, "it came as number {} of {EVENTS}", place + 1);
    wait_state(&api, last, "delivered").await;
    assert_eq!(receiver.count(), EVENTS, "it is not sent twice");
}
