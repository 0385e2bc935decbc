//! `/metrics` of the real program: what it tells is well formed, right and bounded, and goes on to the
//! end.

use std::sync::Arc;

use domain::scope::Scope;
use hookferry::clock::SystemClock;
use hookferry::program::Program as InProcess;
use hookferry::settings::Settings;
use serde_json::json;
use store::{Actor, Clock, NewToken};
use testkit::api::Api;
use testkit::postgres::Cluster;
use testkit::program::{Program, Setup};
use testkit::proxy::Proxy;
use testkit::receiver::{Receiver, Reply};
use testkit::wait;

use crate::exposition::Scrape;
use crate::support::{
    SOON, endpoint, event, narrow, on_both_databases, running, switch, text, wait_state,
};

on_both_databases! {
    numbers_match_what_was_done
    the_oldest_due_delivery_is_told_and_held_ones_are_not
    defective_endpoints_are_counted
}

const OLDEST: &str = "hookferry_oldest_due_delivery_age_seconds";
/// What is left out where the database does not answer in time.
const OF_THE_DATABASE: [&str; 3] = [OLDEST, "hookferry_jobs_running", "hookferry_nodes"];

fn measured(setup: &Setup) -> Setup {
    setup.clone().set("HOOKFERRY_METRICS_LISTEN", "127.0.0.1:0")
}

/// The origin of the listener that is for metrics alone.
pub(crate) async fn door(program: &Program) -> String {
    wait::until("the program says where its metrics are", SOON, async || {
        let said = program.said();
        let (_, rest) = said.rsplit_once("metrics on ")?;
        Some(rest.split_once("/metrics")?.0.to_owned())
    })
    .await
}

/// Scrapes until it shows what is wanted, and all that the database tells in time.
async fn wait_scrape(base: &str, what: &str, wanted: impl Fn(&Scrape) -> bool) -> Scrape {
    wait::until(what, SOON, async || {
        let scrape = Scrape::of(base).await;
        (is_whole(&scrape) && wanted(&scrape)).then_some(scrape)
    })
    .await
}

/// Whether nothing is left out, as it is where the database takes its time.
fn is_whole(scrape: &Scrape) -> bool {
    OF_THE_DATABASE.iter().all(|name| scrape.find(name).is_some())
}

async fn numbers_match_what_was_done(setup: Setup) {
    let (good, bad) = (Receiver::start(), Receiver::start());
    bad.answers(503);
    let (program, api) = running(&measured(&setup)).await;
    let metrics = door(&program).await;
    let first = wait_scrape(&metrics, "all is told", |_| true).await;
    assert_eq!(first.names[0], OLDEST);
    assert_eq!((first.get(OLDEST), first.get("hookferry_ready")), (0.0, 1.0));
    assert_eq!(first.get("hookferry_events_accepted_total"), 0.0);
    assert!(first.get("process_resident_memory_bytes") > 1e6);
    assert!(first.get("process_start_time_seconds") > 1.7e9);

    api.create_endpoint(json!({"url": good.url("/"), "event_types": ["message.received"]})).await;
    api.create_endpoint(json!({"url": bad.url("/"), "event_types": ["message.sent"]})).await;
    let keyed = json!({"type": "message.received", "id": "one", "data": {"number": 1}});
    let accepted = api.post_event(keyed.clone()).await;
    api.post("/events", &keyed).await.expect(202);
    let batch = json!({"events": [event(2), event(3), {"type": "none", "data": {}}]});
    api.post("/events/batch", &batch).await.expect(202);
    api.post_event(json!({"type": "message.sent", "data": {}})).await;
    wait_state(&api, &accepted, "delivered").await;
    let scrape = wait_scrape(&metrics, "four attempts are settled", |scrape| {
        scrape.get("hookferry_settle_batch_outcomes_sum") == 4.0
    })
    .await;
    for (series, value) in [
        ("hookferry_events_accepted_total", 4.0),
        ("hookferry_events_duplicate_total", 1.0),
        ("hookferry_events_refused_total{reason=\"unknown_event_type\"}", 1.0),
        ("hookferry_deliveries_total{state=\"delivered\"}", 3.0),
        ("hookferry_deliveries_total{state=\"exhausted\"}", 0.0),
        ("hookferry_attempts_total{kind=\"success\"}", 3.0),
        ("hookferry_attempts_total{kind=\"status\"}", 1.0),
        ("hookferry_attempts_total{kind=\"timeout\"}", 0.0),
        ("hookferry_attempt_duration_seconds_count", 4.0),
        ("hookferry_delivery_lag_seconds_count", 4.0),
        ("hookferry_ingest_batch_events_sum", 5.0),
        ("hookferry_in_flight", 0.0),
        ("hookferry_queued_deliveries", 0.0),
        ("hookferry_nodes", 1.0),
        ("hookferry_jobs_running", 0.0),
        ("hookferry_database_up", 1.0),
    ] {
        assert_eq!(scrape.get(series), value, "{series}");
    }
    let posts = "{method=\"POST\",route=\"/api/v1/events\",status=\"2xx\"}";
    assert_eq!(scrape.get(&format!("hookferry_http_requests_total{posts}")), 3.0);
    // Without a mail server mails are kept, and nobody waits for them.
    assert_eq!(scrape.find("hookferry_mails_queued"), None);
    let on_postgres = setup.database_url().starts_with("postgres");
    assert_eq!(on_postgres, scrape.find("hookferry_default_partition_rows").is_some());
    wait_scrape(&metrics, "the clocks are compared, where there are two", |scrape| {
        on_postgres == scrape.find("hookferry_clock_offset_seconds").is_some()
    })
    .await;

    let readme = std::fs::read_to_string(testkit::files::root().join("README.md")).unwrap();
    for name in scrape.names.iter().filter_map(|name| name.strip_prefix("hookferry_")) {
        let limit = name.contains("_max");
        assert!(limit || readme.contains(&format!("`{name}")), "README tells nothing of {name}");
    }

    // Nothing else is on either listener.
    api.get("/metrics").await.expect(404);
    let alone = Api::new(&metrics, None);
    alone.get("/healthz").await.expect(200);
    for path in ["/readyz", "/openapi.json", "/events"] {
        alone.get(path).await.expect(404);
    }
}

async fn the_oldest_due_delivery_is_told_and_held_ones_are_not(setup: Setup) {
    let (slow, held) = (Receiver::start(), Receiver::start());
    slow.answers_with(|_| Reply::hang());
    let (program, api) =
        running(&measured(&narrow(&setup, 1)).set("HOOKFERRY_TIMEOUT", "30s")).await;
    let metrics = door(&program).await;
    let paused = json!({"url": held.url("/"), "event_types": ["message.sent"]});
    let paused = api.create_endpoint(paused).await;
    switch(&api, &paused, "paused").await;
    api.post_event(json!({"type": "message.sent", "data": {}})).await;
    let one = json!({"url": slow.url("/"), "event_types": ["message.received"]});
    api.create_endpoint(one).await;
    api.post_event(event(1)).await;
    slow.wait_for(1, SOON).await;
    let told = wait_scrape(&metrics, "all is told", |_| true).await;
    assert_eq!(told.get(OLDEST), 0.0, "a paused one does not count");
    for number in 2..40 {
        api.post_event(event(number)).await;
    }
    let waiting = wait_scrape(&metrics, "the oldest has waited for a second", |scrape| {
        scrape.get(OLDEST) >= 1.0
    })
    .await;
    assert!(waiting.get(OLDEST) < SOON.as_secs_f64(), "{}", waiting.get(OLDEST));
    assert_eq!(waiting.get("hookferry_in_flight"), 1.0);
    slow.release();
    wait_scrape(&metrics, "nothing is due", |scrape| scrape.get(OLDEST) == 0.0).await;
}

async fn defective_endpoints_are_counted(setup: Setup) {
    let dead = Receiver::start();
    dead.answers(500);
    let setup = measured(&narrow(&setup, 16))
        .set("HOOKFERRY_WARN_AFTER", "1")
        .set("HOOKFERRY_DEFECTIVE_AFTER", "2");
    let (program, api) = running(&setup).await;
    let metrics = door(&program).await;
    api.create_endpoint(endpoint(&dead.url("/"))).await;
    api.create_endpoint(json!({"url": dead.url("/"), "event_types": ["message.sent"]})).await;
    api.post_event(event(1)).await;
    let of = |scrape: &Scrape, status: &str| {
        scrape.find(&format!("hookferry_endpoints{{status=\"{status}\"}}"))
    };
    wait_scrape(&metrics, "one is Defective", |scrape| {
        of(scrape, "defective") == Some(1.0) && of(scrape, "enabled") == Some(1.0)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_had_is_left_out() {
    let cluster = Cluster::shared();
    let proxy = Proxy::to(([127, 0, 0, 1], cluster.port()).into());
    let url = cluster.database("metrics_gone");
    let url = url.replace(&cluster.port().to_string(), &proxy.address().port().to_string());
    let (program, _api) = running(&measured(&Setup::postgres(&url))).await;
    let metrics = door(&program).await;
    let told = wait_scrape(&metrics, "all is told", |_| true).await;
    assert_eq!(told.get(OLDEST), 0.0);
    proxy.stall();
    let scrape = wait::until("the database is missed", SOON, async || {
        let scrape = Scrape::of(&metrics).await;
        (scrape.get("hookferry_database_up") == 0.0).then_some(scrape)
    })
    .await;
    for gone in OF_THE_DATABASE {
        assert_eq!(scrape.find(gone), None, "{gone}");
    }
    assert_eq!(scrape.get("hookferry_in_flight"), 0.0, "what is known is told");
    proxy.heal();
    wait_scrape(&metrics, "the database is back", |scrape| scrape.find(OLDEST).is_some()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_can_be_had_while_it_stops() {
    let receiver = Receiver::start();
    receiver.answers_with(|_| Reply::hang());
    let setup = measured(&Setup::sqlite())
        .set("HOOKFERRY_DRAIN_DELAY", "0s")
        .set("HOOKFERRY_TIMEOUT", "30s");
    let (mut program, api) = running(&setup).await;
    let metrics = door(&program).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    api.post_event(event(1)).await;
    receiver.wait_for(1, SOON).await;
    program.signal("TERM");
    wait::until("it stops", SOON, async || {
        let answer = api.send("GET", "/readyz", &[], None).await.unwrap();
        (answer.status == 503).then_some(())
    })
    .await;
    let scrape = Scrape::of(&metrics).await;
    assert_eq!((scrape.get("hookferry_ready"), scrape.get("hookferry_in_flight")), (0.0, 1.0));
    receiver.release();
    assert!(program.wait_exit(SOON).await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn series_do_not_grow_with_companies_and_endpoints() {
    const COMPANIES: usize = 50;
    const ENDPOINTS_EACH: usize = 4;
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::counting());
    let data_dir = folder.path().display().to_string();
    let pairs = [
        ("listen", "127.0.0.1:0"),
        ("metrics_listen", "127.0.0.1:0"),
        ("data_dir", data_dir.as_str()),
        ("allow_networks", "127.0.0.0/8"),
        ("drain_delay", "0s"),
    ];
    let clock = Arc::new(SystemClock::start());
    let program =
        InProcess::start(Settings::from_pairs(&pairs).unwrap(), clock.clone()).await.unwrap();
    let base = format!("http://{}", program.metrics_address().unwrap());
    let mut before = Vec::new();
    for number in 0..COMPANIES {
        let store = program.store();
        let owner = format!("o{number}@c.example");
        let company = store.create_company("C", &owner, clock.now());
        let wanted = NewToken { name: "t".into(), scopes: vec![Scope::Admin], expires_at: None };
        let company = company.await.unwrap().id;
        let token = store.create_token(company, wanted, Actor::Cli, clock.now()).await.unwrap().1;
        let api = Api::new(&format!("http://{}", program.address()), Some(&token));
        for place in 0..ENDPOINTS_EACH {
            api.create_endpoint(endpoint(&receiver.url(&format!("/{number}/{place}")))).await;
        }
        let accepted = api.post_event(event(1)).await;
        api.get(&format!("/events/{}", text(&accepted, "id"))).await.expect(200);
        api.get(&format!("/endpoints/made-up-{number}")).await.expect(404);
        let delivered = (COMPANIES.min(number + 1) * ENDPOINTS_EACH) as f64;
        if number == 0 || number + 1 == COMPANIES {
            let scrape = wait_scrape(&base, "all are delivered", |scrape| {
                scrape.find("hookferry_endpoints{status=\"enabled\"}").is_some()
                    && scrape.get("hookferry_deliveries_total{state=\"delivered\"}") == delivered
            })
            .await;
            before.push(scrape.series().into_iter().map(str::to_owned).collect::<Vec<_>>());
        }
    }
    assert_eq!(before[0], before[1]);
    program.shutdown().await;
}
