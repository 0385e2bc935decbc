//! `/metrics` on the main listener: for the operator alone, in the form that is asked for; and what
//! requests leave in the counts.

use serde_json::json;

use crate::harness::{App, event, problem};

#[tokio::test]
async fn metrics_are_the_operators_and_come_in_the_form_that_is_asked_for() {
    let app = App::start().await;
    problem(&app.api.with_token(None).get("/metrics").await, 401, "unauthorized", None);
    problem(&app.api.with_token(Some("wrong")).get("/metrics").await, 401, "unauthorized", None);
    problem(&app.api.get("/metrics").await, 403, "operator_needed", None);
    let plain = app.operator().get("/metrics").await;
    assert_eq!(plain.status, 200);
    assert_eq!(plain.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert!(plain.body.starts_with(b"# Plain"), "{:?}", plain.body);
    let accept = [("accept", "application/openmetrics-text; version=1.0.0, text/plain;q=0.5")];
    let open = app.operator().send("GET", "/metrics", &accept, None).await.unwrap();
    let wanted = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(open.header("content-type"), wanted);
    assert!(open.body.ends_with(b"# EOF\n"), "{:?}", open.body);
    let post = app.operator().send("POST", "/metrics", &[], None).await.unwrap();
    problem(&post, 405, "method_not_allowed", None);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_refused_events_by_reason() {
    let app = App::start().await;
    for name in ["a", "b", "c"] {
        app.api.get(&format!("/endpoints/{name}")).await.expect(404);
        app.api.get(&format!("/nothing/{name}")).await.expect(404);
    }
    app.api.post("/events", &event()).await.expect(202);
    app.api.post("/events", &json!({"type": "message.received"})).await.expect(422);
    app.api.with_token(None).post("/events", &event()).await.expect(401);
    let mixed =
        json!({"events": [event(), {"type": "none", "data": {}}, {"type": "none", "data": {}}]});
    app.api.post("/events/batch", &mixed).await.expect(202);
    let count = |method: &str, route: &str, class: &str| {
        let routes = app.metrics.routes().iter();
        let mut found = routes.filter(|one| one.method == method && one.route == route);
        let answers = found.next().unwrap().answers().find(|(name, _)| *name == class);
        answers.unwrap().1.get()
    };
    assert_eq!(count("GET", "/api/v1/endpoints/{id}", "4xx"), 3);
    assert_eq!(count("other", "other", "4xx"), 3);
    assert_eq!(count("POST", "/api/v1/events", "2xx"), 1);
    assert_eq!(count("POST", "/api/v1/events", "4xx"), 2);
    assert_eq!(count("POST", "/api/v1/events/batch", "2xx"), 1);
    let refused: Vec<(&str, u64)> = app
        .metrics
        .refused()
        .map(|(reason, count)| (reason, count.get()))
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(refused, [("unauthorized", 1), ("missing_field", 1), ("unknown_event_type", 2)]);
    let stored = app.store.metrics();
    assert_eq!((stored.accepted.get(), stored.duplicates.get()), (2, 0));
    assert_eq!(stored.ingest_events.read().sum, 2.0);
}

#[tokio::test]
async fn only_a_trusted_proxy_names_a_request() {
    let app = App::start().await;
    let named = app.api.send("GET", "/endpoints", &[("x-request-id", "from-the-proxy")], None);
    assert_eq!(named.await.unwrap().header("x-request-id"), "from-the-proxy");
    let strange = app.api.send("GET", "/endpoints", &[("x-request-id", "not ours")], None);
    assert_eq!(strange.await.unwrap().header("x-request-id").len(), 24);
}
