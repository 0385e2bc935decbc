//! A company's own event types, from the call that makes one to the receiver.

use serde_json::{Value, json};
use testkit::api::Api;
use testkit::program::Setup;
use testkit::receiver::Receiver;

use crate::support::{SOON, on_both_databases, on_postgres, running, text, wait_state};

on_both_databases! {
    an_own_type_reaches_its_receiver_and_outlives_a_restart
}

const PATH: &str = "/event-types/order.created";

fn order() -> Value {
    json!({
        "name": "order.created",
        "sample": {"total": 5},
        "schema": {"type": "object", "properties": {"total": {"type": "number"}}},
    })
}

fn posted(total: Value) -> Value {
    json!({"type": "order.created", "data": {"total": total}})
}

async fn is_refused(api: &Api) {
    let refused = api.post("/events", &posted(json!("much"))).await.expect(422);
    assert_eq!(refused["code"], "schema_mismatch");
    assert_eq!(refused["errors"][0]["pointer"], "/data/total");
}

async fn an_own_type_reaches_its_receiver_and_outlives_a_restart(setup: Setup) {
    let receiver = Receiver::start();
    let (program, api) = running(&setup).await;
    api.post("/event-types", &order()).await.expect(201);
    let picks = json!({"url": receiver.url("/"), "event_types": ["order.*"]});
    api.create_endpoint(picks).await;
    let first = api.post_event(posted(json!("much"))).await;
    wait_state(&api, &first, "delivered").await;
    let body: Value = serde_json::from_slice(&receiver.received()[0].body).unwrap();
    assert_eq!((&body["type"], &body["data"]["total"]), (&json!("order.created"), &json!("much")));
    api.patch(PATH, &json!({"validation": "refuse"})).await.expect(200);
    is_refused(&api).await;
    let _program = program.kill9().start().await;
    is_refused(&api).await;
    let second = api.post_event(posted(json!(1))).await;
    wait_state(&api, &second, "delivered").await;
    receiver.wait_for(2, SOON).await;
    assert_eq!(text(&api.get(PATH).await.expect(200), "validation"), "refuse");
}

/// What one node is told, the other knows with the next request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_knows_a_type_at_once() {
    let setup = on_postgres("own_types_of_all");
    let (first, second) = (setup.start().await, setup.start().await);
    let api = first.tenant("acme");
    let other = api.at(second.base());
    // Both have the types of before in memory.
    for node in [&api, &other] {
        let unknown = node.post("/events", &posted(json!(1))).await.expect(422);
        assert_eq!(unknown["code"], "unknown_event_type");
    }
    api.post("/event-types", &order()).await.expect(201);
    for _ in 0..20 {
        other.post_event(posted(json!("much"))).await;
        api.patch(PATH, &json!({"validation": "refuse"})).await.expect(200);
        is_refused(&other).await;
        other.patch(PATH, &json!({"validation": "warn"})).await.expect(200);
        let taken = api.post_event(posted(json!("much"))).await;
        assert_eq!(taken["warnings"][0]["pointer"], "/data/total");
        api.patch(PATH, &json!({"archived": true})).await.expect(200);
        let archived = other.post("/events", &posted(json!(1))).await.expect(422);
        assert_eq!(archived["code"], "event_type_archived");
        other.patch(PATH, &json!({"archived": false, "validation": "off"})).await.expect(200);
        let taken = api.post_event(posted(json!("much"))).await;
        assert_eq!(taken.get("warnings"), None);
    }
}
