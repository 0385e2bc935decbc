//! History that is older than it is kept goes from the running program, and what still waits does not.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use hookferry::program::Program as InProcess;
use hookferry::settings::Settings;
use serde_json::json;
use testkit::api::Api;
use testkit::clock::ManualClock;
use testkit::program::Setup;
use testkit::receiver::Receiver;
use testkit::wait;

use crate::support::{SOON, endpoint, event, now, on_both_databases, switch, text, wait_state};

on_both_databases! {
    old_events_go_and_what_waits_for_a_paused_endpoint_is_still_sent
}

/// A node in this process, on the clock that is turned.
async fn start(setup: &Setup, clock: &Arc<ManualClock>) -> InProcess {
    let (url, data_dir) = (setup.database_url(), setup.folder().display().to_string());
    let mut pairs = vec![
        ("listen", "127.0.0.1:0"),
        ("database_url", url.as_str()),
        ("data_dir", data_dir.as_str()),
        ("allow_networks", "127.0.0.0/8"),
        ("drain_delay", "0s"),
        ("retention", "10d"),
    ];
    // On SQLite it stands in a file.
    if url.starts_with("postgres") {
        pairs.push(("master_key", "aG9va2ZlcnJ5IHRlc3RzOiBhIGtleSBvZiAzMiBieXQ="));
    }
    InProcess::start(Settings::from_pairs(&pairs).unwrap(), clock.clone()).await.unwrap()
}

fn api_of(program: &InProcess, token: &str) -> Api {
    Api::new(&format!("http://{}", program.address()), Some(token))
}

async fn is_there(api: &Api, path: &str) -> bool {
    api.get(path).await.status == 200
}

async fn old_events_go_and_what_waits_for_a_paused_endpoint_is_still_sent(setup: Setup) {
    let clock = Arc::new(ManualClock::at(now() + TimeDelta::minutes(1)));
    let (on, paused) = (Receiver::start(), Receiver::start());
    let program = start(&setup, &clock).await;
    let token = setup.token(&setup.company("acme"), &[]);
    let api = api_of(&program, &token);
    api.create_endpoint(endpoint(&on.url("/"))).await;
    let mut wanted = endpoint(&paused.url("/"));
    wanted["event_types"] = json!(["message.sent"]);
    wanted["status"] = json!("paused");
    let made = api.create_endpoint(wanted).await;
    let goes = api.post_event(event(1)).await;
    wait_state(&api, &goes, "delivered").await;
    let mut both = event(2);
    both["type"] = json!("message.sent");
    let stays = api.post_event(both).await;
    on.wait_for(2, SOON).await;
    program.shutdown().await;

    clock.advance(TimeDelta::days(12));
    let program = start(&setup, &clock).await;
    let api = api_of(&program, &token);
    let gone = format!("/events/{}", text(&goes, "id"));
    let kept = format!("/events/{}", text(&stays, "id"));
    wait::until("the old event goes", Duration::from_secs(60), async || {
        (!is_there(&api, &gone).await).then_some(())
    })
    .await;
    assert!(is_there(&api, &kept).await);
    let deliveries = api.deliveries("").await;
    assert!(deliveries.iter().all(|row| row["event_id"] == stays["id"]), "{deliveries:?}");
    assert_eq!(deliveries.iter().filter(|row| row["state"] == "held").count(), 1, "{deliveries:?}");
    // The program goes on, and so does what was held.
    wait_state(&api, &api.post_event(event(3)).await, "delivered").await;
    switch(&api, &made, "enabled").await;
    let got = paused.wait_for(1, SOON).await;
    assert_eq!(got[0].event_id(), text(&stays, "id"));
    assert_eq!(got[0].json(), on.received()[1].json());
    program.shutdown().await;
}
