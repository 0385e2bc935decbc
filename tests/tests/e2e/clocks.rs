//! Nodes whose machines' clocks differ: the database's counts, from the first moment on.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use hookferry::clock::SystemClock;
use hookferry::program::Program as InProcess;
use hookferry::settings::Settings;
use parking_lot::Mutex;
use serde_json::json;
use store::Clock;
use testkit::api::Api;
use testkit::program::Setup;
use testkit::receiver::{Receiver, Reply};
use testkit::wait;

use crate::support::{SOON, endpoint, event, now, on_postgres, text, wait_state};

const OPERATOR: &str = "the-operators-own-token";
const RETRY_INTERVAL: TimeDelta = TimeDelta::seconds(2);
/// What a busy machine may add.
const NEAR: TimeDelta = TimeDelta::seconds(5);

/// A node in this process whose clock begins so far ahead of the others'.
struct Node {
    program: InProcess,
    clock: Arc<SystemClock>,
    _folder: tempfile::TempDir,
}

impl Node {
    async fn start(setup: &Setup, ahead: TimeDelta) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data_dir, url) = (folder.path().display().to_string(), setup.database_url());
        let pairs = [
            ("listen", "127.0.0.1:0"),
            ("database_url", url.as_str()),
            ("master_key", "aG9va2ZlcnJ5IHRlc3RzOiBhIGtleSBvZiAzMiBieXQ="),
            ("data_dir", data_dir.as_str()),
            ("allow_networks", "127.0.0.0/8"),
            ("allow_http", "true"),
            ("admin_token", OPERATOR),
            ("retry_interval", "2s"),
            ("drain_delay", "0s"),
        ];
        let clock = Arc::new(SystemClock::start());
        clock.correct(ahead);
        let settings = Settings::from_pairs(&pairs).unwrap();
        let program = InProcess::start(settings, clock.clone()).await.unwrap();
        Self { program, clock, _folder: folder }
    }

    fn base(&self) -> String {
        format!("http://{}", self.program.address())
    }
}

/// When a request came, and how far its timestamp was from that.
type Told = (DateTime<Utc>, TimeDelta);

/// A receiver that refuses first tries, and what times it was told and had itself.
fn refusing_first() -> (Receiver, Arc<Mutex<Vec<Told>>>) {
    let receiver = Receiver::start();
    let times = Arc::new(Mutex::new(Vec::new()));
    let noted = times.clone();
    receiver.answers_with(move |got| {
        let (told, real) = (got.header("webhook-timestamp").unwrap().parse().unwrap(), now());
        let told: DateTime<Utc> = DateTime::from_timestamp(told, 0).unwrap();
        noted.lock().push((real, (told - real).abs()));
        Reply::status(if got.attempt() == 1 { 503 } else { 200 })
    });
    (receiver, times)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_differ_by_half_a_minute_do_no_harm() {
    let setup = on_postgres("clocks");
    let (receiver, times) = refusing_first();
    // Migrates, with a right clock.
    let company = setup.company("acme");
    let token = setup.token(&company, &[]);
    for (name, ahead) in [("late", -30), ("early", 30), ("right", 0), ("a day off", 86_400)] {
        let node = Node::start(&setup, TimeDelta::seconds(ahead)).await;
        let api = Api::new(&node.base(), Some(&token));
        // Nobody else is there: what this node does in its first moments counts.
        let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
        let mut wanted = event(1);
        // A node whose clock is early would take it for expired, one whose clock is late send it for
        // half a minute after.
        wanted["expires_at"] = json!((now() + TimeDelta::seconds(20)).to_rfc3339());
        let accepted = api.post_event(wanted).await;
        let delivery = wait_state(&api, &accepted, "delivered").await;
        assert_eq!(delivery["tries"], 2, "{name}: {delivery}");
        let began: DateTime<Utc> = text(&delivery["attempts"][0], "started_at").parse().unwrap();
        assert!((now() - began).abs() < NEAR * 2, "{name}: {delivery}");
        let seen = std::mem::take(&mut *times.lock());
        assert!(seen.iter().all(|(_, off)| *off < NEAR), "{name}: {seen:?}");
        let waited = seen[1].0 - seen[0].0;
        // A heartbeat that was measured while the machine stood still moves the clock a little.
        let least = RETRY_INTERVAL - TimeDelta::milliseconds(500);
        assert!((least..RETRY_INTERVAL + NEAR).contains(&waited), "{name}: {waited}");
        api.delete(&format!("/endpoints/{}", text(&made, "id"))).await;
        node.program.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_with_different_clocks_work_together_and_one_that_jumps_is_put_right() {
    let setup = on_postgres("clocks_together");
    let (receiver, times) = refusing_first();
    let company = setup.company("acme");
    let token = setup.token(&company, &[]);
    let late = Node::start(&setup, TimeDelta::seconds(-30)).await;
    let early = Node::start(&setup, TimeDelta::seconds(30)).await;
    let api = Api::new(&late.base(), Some(&token));
    let other = api.at(&early.base());
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let post = async |count: u64| {
        let mut accepted = Vec::new();
        for number in 0..count {
            let api = if number % 2 == 0 { &api } else { &other };
            accepted.push(api.post_event(event(number)).await);
        }
        for accepted in &accepted {
            assert_eq!(wait_state(&other, accepted, "delivered").await["tries"], 2);
        }
    };
    post(10).await;
    let check = |seen: &[Told]| {
        assert_eq!(seen.len(), 20, "each went twice");
        assert!(seen.iter().all(|(_, off)| *off < NEAR), "{seen:?}");
    };
    check(&std::mem::take(&mut *times.lock()));
    for seconds in [30, -30] {
        early.clock.correct(TimeDelta::seconds(seconds));
        wait::until("the clock is put right", SOON, async || {
            ((early.clock.now() - now()).abs() < TimeDelta::seconds(1)).then_some(())
        })
        .await;
        post(10).await;
        check(&std::mem::take(&mut *times.lock()));
    }
    let operator = api.with_token(Some(OPERATOR));
    let nodes = operator.get("/admin/nodes").await.expect(200);
    let nodes = nodes["data"].as_array().unwrap();
    assert_eq!(nodes.len(), 2, "nobody was taken for dead: {nodes:?}");
    let ages = nodes.iter().map(|node| node["heartbeat_age_seconds"].as_f64().unwrap());
    assert!(ages.into_iter().all(|age| age < 10.0), "{nodes:?}");
    for node in [late, early] {
        node.program.shutdown().await;
    }
}
