//! The live stream over HTTP: what it says, to whom, and when it ends.

use chrono::TimeDelta;
use domain::role::Role;
use domain::scope::Scope;
use serde_json::json;
use store::LIVE_STREAMS_PER_COMPANY;
use testkit::api::Api;
use testkit::events::EventStream;
use testkit::wait;

use crate::harness::{App, problem};
use crate::people::{Browser, member, signed_up};

const SOON: std::time::Duration = std::time::Duration::from_secs(20);

async fn opened(api: &Api, path: &str, headers: &[(&str, &str)]) -> EventStream {
    let mut stream = api.stream(path, headers).await;
    assert_eq!(stream.status(), 200, "{path}");
    assert_eq!(stream.next().await.unwrap().event, "hello");
    stream
}

/// Waits until so many timers of a stream are set, so that turning the clock wakes them.
async fn timers(app: &App, count: usize) {
    wait::until("the stream waits", SOON, async || (app.clock.sleepers() >= count).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_come_as_events_that_a_client_can_go_on_from() {
    let app = App::start().await;
    let mut stream = app.api.stream("/stream", &[]).await;
    assert_eq!(stream.header("content-type"), "text/event-stream");
    assert_eq!(stream.header("cache-control"), "no-store");
    assert_eq!(stream.header("x-accel-buffering"), "no");
    let hello = stream.next().await.unwrap();
    assert_eq!(
        (hello.event.as_str(), &hello.data["company_id"]),
        ("hello", &json!(app.company.to_string()))
    );
    let made = app.endpoint().await;
    let created = stream.next().await.unwrap();
    assert_eq!((created.event.as_str(), &created.data["change"]), ("endpoint", &json!("created")));
    assert_eq!((&created.data["id"], &created.data["status"]), (&made["id"], &json!("enabled")));
    drop(stream);

    let path = format!("/endpoints/{}", made["id"].as_str().unwrap());
    app.api.patch(&path, &json!({"status": "paused"})).await.expect(200);
    app.api.patch(&path, &json!({"description": "x"})).await.expect(200);
    let by_header = [("last-event-id", created.id.as_str())];
    let in_address = format!("/stream?last_event_id={}", created.id);
    for (path, headers) in [("/stream", &by_header[..]), (in_address.as_str(), &[])] {
        let mut again = opened(&app.api, path, headers).await;
        let changes = [again.next().await.unwrap(), again.next().await.unwrap()];
        let changes = changes.map(|event| event.data["change"].as_str().unwrap().to_owned());
        assert_eq!(changes, ["paused", "updated"], "{path}");
    }
    for unknown in ["nonsense", "1"] {
        let mut again = opened(&app.api, "/stream", &[("last-event-id", unknown)]).await;
        assert_eq!(again.next().await.unwrap().event, "reset", "{unknown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_of_one_company_and_of_one_endpoint_if_it_is_asked_for() {
    let app = App::start().await;
    let stranger = app.stranger().await;
    let mut theirs = opened(&stranger, "/stream", &[]).await;
    let one = app.endpoint().await["id"].as_str().unwrap().to_owned();
    let other = app.endpoint().await["id"].as_str().unwrap().to_owned();
    let mut only = opened(&app.api, &format!("/stream?endpoint_id={other}"), &[]).await;
    for id in [&one, &other] {
        app.api.patch(&format!("/endpoints/{id}"), &json!({"description": "x"})).await.expect(200);
    }
    assert_eq!(only.next().await.unwrap().data["id"], json!(other));
    stranger
        .post("/endpoints", &json!({"url": "https://example.com/theirs", "event_types": ["*"]}))
        .await
        .expect(201);
    let seen = theirs.next().await.unwrap();
    assert!(![&one, &other].contains(&&seen.data["id"].as_str().unwrap().to_owned()));
    let answer = stranger.get(&format!("/stream?endpoint_id={other}")).await;
    problem(&answer, 404, "not_found", None);
    let answer = stranger.get(&format!("/stream?company={}", app.company)).await;
    problem(&answer, 404, "not_found", None);
    for (query, parameter) in [
        ("seconds=-1", "seconds"),
        ("last_event_id=x", "last_event_id"),
        ("endpoint=1", "endpoint"),
    ] {
        let answer = app.api.get(&format!("/stream?{query}")).await;
        problem(&answer, 422, "invalid_parameter", Some(parameter));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_names_the_company_in_the_address() {
    let app = App::start().await;
    let (browser, theirs) = signed_up(&app, "two@example.com").await;
    let own = theirs["company"]["id"].as_str().unwrap().to_owned();
    let Browser { api, cookie, .. } = browser;
    let cookie = [("cookie", cookie.as_str())];
    let mut stream = api.stream(&format!("/stream?company={own}"), &cookie).await;
    assert_eq!(stream.next().await.unwrap().data["company_id"], json!(own));
    let foreign = api.stream(&format!("/stream?company={}", app.company), &cookie).await;
    assert_eq!(foreign.status(), 404);
    // The address names a company for streams only.
    let answer =
        api.send("GET", &format!("/endpoints?company={own}"), &cookie, None).await.unwrap();
    problem(&answer, 422, "invalid_parameter", Some("company"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_stream_shows_that_it_lives_and_ends_when_it_was_told_to() {
    let app = App::start().await;
    let mut stream = opened(&app.api, "/stream?seconds=20", &[]).await;
    timers(&app, 3).await;
    app.clock.advance(TimeDelta::seconds(15));
    let heartbeat = stream.next_block().await.unwrap();
    assert_eq!((heartbeat.event.as_str(), heartbeat.id.is_empty()), ("", false));
    app.clock.advance(TimeDelta::seconds(5));
    assert_eq!(stream.next().await, None);
    let head = app.api.send("HEAD", "/stream", &[], None).await.unwrap();
    assert_eq!((head.status, head.header("content-type")), (200, "text/event-stream"));
    wait::until("nothing is left", SOON, async || (app.store.live_streams() == 0).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_the_right_to_it() {
    let app = App::start().await;
    let token = json!({"name": "x", "scopes": ["deliveries:read"]});
    let made = app.api.post("/tokens", &token).await.expect(201);
    let reader = app.api.with_token(made["token"].as_str());
    let mut by_token = opened(&reader, "/stream", &[]).await;
    let watcher = member(&app, "watcher@example.com", Role::Viewer).await;
    let cookie = [("cookie", watcher.cookie.as_str())];
    let mut by_login =
        opened(&watcher.api, &format!("/stream?company={}", app.company), &cookie).await;
    let mut goes_on = opened(&app.api, "/stream", &[]).await;
    timers(&app, 6).await;

    let id = made["id"].as_str().unwrap();
    app.api.delete(&format!("/tokens/{id}")).await.expect(204);
    watcher.api.send("POST", "/auth/logout", &cookie, Some(b"{}".to_vec())).await.unwrap();
    app.clock.advance(TimeDelta::seconds(31));
    assert_eq!(by_token.next().await, None);
    assert_eq!(by_login.next().await, None);
    app.endpoint().await;
    assert_eq!(goes_on.next().await.unwrap().event, "endpoint");
    assert_eq!(reader.stream("/stream", &[]).await.status(), 401);
    let without = app.with_scopes(&[Scope::EventsWrite]).await;
    assert_eq!(without.stream("/stream", &[]).await.status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_bounded_and_a_closed_one_makes_room() {
    let app = App::start().await;
    let mut open = Vec::new();
    for _ in 0..LIVE_STREAMS_PER_COMPANY {
        open.push(opened(&app.api, "/stream", &[]).await);
    }
    let answer = app.api.get("/stream").await;
    problem(&answer, 429, "too_many_streams", None);
    assert_eq!(answer.header("retry-after"), "5");
    opened(&app.stranger().await, "/stream", &[]).await;
    open.pop();
    wait::until("there is room", SOON, async || {
        (app.api.stream("/stream?seconds=0", &[]).await.status() == 200).then_some(())
    })
    .await;
}
