//! What the stories share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use testkit::api::Api;
use testkit::files;
use testkit::program::{Program, Setup};

/// How long a story waits for a fact that should come at once, on a slow and busy machine.
pub const SOON: Duration = Duration::from_secs(30);

/// Makes one test a database of each story.
macro_rules! on_both_databases {
    ($($story:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(testkit::program::Setup::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story($crate::support::on_postgres(stringify!($story))).await;
            })*
        }
    };
}
pub(crate) use on_both_databases;

/// An installation on a fresh database of the shared cluster.
pub fn on_postgres(name: &str) -> Setup {
    let name: String = name.chars().take(40).collect();
    Setup::postgres(&testkit::postgres::Cluster::shared().database(&name))
}

/// A node and a company on it.
pub async fn running(setup: &Setup) -> (Program, Api) {
    let program = setup.start().await;
    let api = program.tenant("acme");
    (program, api)
}

/// The text of a file of `tests/fixtures/meta`.
pub fn fixture(name: &str) -> String {
    let path = files::root().join("tests/fixtures/meta").join(name);
    std::fs::read_to_string(&path).expect("the fixture is there")
}

/// An endpoint that picks everything.
pub fn endpoint(url: &str) -> Value {
    json!({"url": url, "event_types": ["*"]})
}

/// An event with a number in its data.
pub fn event(number: u64) -> Value {
    json!({"type": "message.received", "data": {"number": number}})
}

/// A field that must be text.
#[track_caller]
pub fn text<'value>(value: &'value Value, field: &str) -> &'value str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

/// Switches an endpoint: `enabled`, `paused`, `disabled`.
pub async fn switch(api: &Api, made: &Value, status: &str) -> Value {
    let path = format!("/endpoints/{}", text(made, "id"));
    api.patch(&path, &json!({"status": status})).await.expect(200)
}

/// Waits until the only delivery of an event is in this state, and gives it with its attempts.
pub async fn wait_state(api: &Api, accepted: &Value, state: &str) -> Value {
    let path = format!("/deliveries?event_id={}", text(accepted, "id"));
    api.wait_for(&path, SOON, |page| page["data"][0]["state"] == state).await;
    api.delivery_of(accepted).await
}

/// With so many requests in flight at most, and a short wait before a retry.
pub fn narrow(setup: &Setup, in_flight_max: usize) -> Setup {
    setup
        .clone()
        .set("HOOKFERRY_MAX_IN_FLIGHT", &in_flight_max.to_string())
        .set("HOOKFERRY_RETRY_INTERVAL", "200ms")
}

/// The time, for whoever must write one into a request.
#[expect(clippy::disallowed_methods, reason = "a customer has no other clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// What a poster has been told.
#[derive(Debug, Default)]
pub struct Posted {
    /// Ids of events that were answered with 202.
    pub acknowledged: Vec<String>,
    /// Answers other than 202, and connections that failed.
    pub refused: Vec<String>,
}

/// What a poster notes that is given no node.
pub const NO_NODE: &str = "no node is ready";

/// Posts single events and small batches until it is stopped; `next` says to whom.
pub async fn post_on(
    next: impl Fn(u64) -> Option<Api>,
    stop: Arc<AtomicBool>,
    told: impl Fn(usize),
) -> Posted {
    let mut posted = Posted::default();
    for round in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let Some(api) = next(round) else {
            posted.refused.push(NO_NODE.to_owned());
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let before = posted.acknowledged.len();
        if round % 4 == 3 {
            let events: Vec<Value> = (0..10).map(|place| event(round * 10 + place)).collect();
            let body = json!({"events": events}).to_string().into_bytes();
            note(&mut posted, api.send("POST", "/events/batch", &[], Some(body)).await);
        } else {
            let body = event(round).to_string().into_bytes();
            note(&mut posted, api.send("POST", "/events", &[], Some(body)).await);
        }
        told(posted.acknowledged.len() - before);
    }
    posted
}

fn note<E: std::fmt::Debug>(posted: &mut Posted, sent: Result<testkit::api::Answer, E>) {
    let answer = match sent {
        Ok(answer) if answer.status == 202 => answer.json(),
        Ok(answer) => {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            return posted.refused.push(format!("{} {body}", answer.status));
        }
        Err(error) => return posted.refused.push(format!("{error:?}")),
    };
    let one = std::slice::from_ref(&answer);
    let results = answer["results"].as_array().map_or(one, Vec::as_slice);
    posted.acknowledged.extend(results.iter().map(|result| text(result, "id").to_owned()));
}
