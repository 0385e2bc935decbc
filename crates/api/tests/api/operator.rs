//! The operator's doors: who gets in, who is told what, and what guessing costs.

use chrono::TimeDelta;
use domain::operator::OperatorTokens;
use serde_json::json;

use crate::harness::{App, problem};
use crate::people::signed_up;

#[tokio::test(flavor = "multi_thread")]
async fn only_the_operators_token_opens_and_guessing_waits() {
    let app = App::start().await;
    let path = "/admin/nodes";
    app.operator().get(path).await.expect(200);
    let nobody = app.api.with_token(None).get(path).await;
    problem(&nobody, 401, "unauthorized", None);
    assert!(nobody.header("www-authenticate").starts_with("Bearer"));
    problem(&app.api.get(path).await, 403, "operator_needed", None);
    let (browser, _) = signed_up(&app, "ann@example.com").await;
    let cookie = [("cookie", browser.cookie.as_str())];
    let person = browser.api.send("GET", path, &cookie, None).await.unwrap();
    problem(&person, 403, "operator_needed", None);

    let guesser = app.api.with_token(Some("the-operators-own-tokeN"));
    for _ in 0..=domain::throttle::OPERATOR.free {
        problem(&guesser.get(path).await, 401, "unauthorized", None);
    }
    let waits = guesser.get(path).await;
    problem(&waits, 429, "too_many_tries", None);
    assert_eq!(waits.header("retry-after"), "2");
    problem(&app.operator().get(path).await, 429, "too_many_tries", None);
    // From elsewhere the operator gets in all the same, and here once the wait is over.
    let from = [("x-forwarded-for", "203.0.113.9")];
    app.operator().send("GET", path, &from, None).await.unwrap().expect(200);
    app.clock.advance(TimeDelta::seconds(2));
    app.operator().get(path).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_token_is_no_companys() {
    let app = App::start().await;
    let operator = app.operator();
    problem(&operator.get("/endpoints").await, 401, "unauthorized", None);
    let event = crate::harness::event();
    problem(&operator.post("/events", &event).await, 401, "unauthorized", None);
    problem(&operator.get("/auth/me").await, 401, "unauthorized", None);
    let nodes = operator.get("/admin/nodes").await.expect(200);
    // There is no engine here, and so no node.
    assert_eq!(nodes, json!({"data": [], "next_cursor": null}));
    problem(&operator.get("/admin/nodes?x=1").await, 422, "invalid_parameter", Some("x"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_in_the_settings_there_is_nothing() {
    let app = App::start_for(OperatorTokens::default()).await;
    for api in [app.api.clone(), app.operator(), app.api.with_token(None)] {
        problem(&api.get("/admin/nodes").await, 404, "not_found", None);
    }
}
