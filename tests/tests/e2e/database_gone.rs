//! A database that is locked or gone: 503 with Retry-After, and nothing lost.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use testkit::api::{Answer, Api};
use testkit::postgres::Cluster;
use testkit::program::{Program, Setup};
use testkit::proxy::Proxy;
use testkit::receiver::Receiver;
use testkit::wait;

use crate::support::{SOON, endpoint, event, running, text, wait_state};

/// Another process that holds SQLite's write lock.
struct Lock(Child);

impl Lock {
    fn hold(file: &Path) -> Self {
        let script = "import sqlite3, sys\n\
            database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)\n\
            database.execute('BEGIN EXCLUSIVE')\n\
            print('held', flush=True)\n\
            sys.stdin.readline()\n\
            database.execute('ROLLBACK')\n\
            database.close()\n\
            print('released', flush=True)\n";
        let mut child = Command::new(testkit::files::python())
            .args(["-c", script])
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "held\n");
        Self(child)
    }

    fn release(mut self) {
        writeln!(self.0.stdin.take().unwrap()).unwrap();
        assert!(self.0.wait().unwrap().success());
    }
}

#[track_caller]
fn told_to_come_back(answer: &Answer) {
    let problem = answer.expect(503);
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{:?}", answer);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(problem["status"], 503);
    assert!(["database_unavailable", "overloaded"].contains(&text(&problem, "code")), "{problem}");
}

/// Posts until it is accepted, then waits until everything accepted has arrived, once each.
async fn goes_on(api: &Api, receiver: &Receiver, before: &str) {
    let accepted = wait::until("events are accepted again", SOON, async || {
        let body = event(3).to_string().into_bytes();
        let answer = api.send("POST", "/events", &[], Some(body)).await.ok()?;
        (answer.status == 202).then(|| answer.json())
    })
    .await;
    let after = text(&accepted, "id");
    let arrived = |id: &str, all: &[testkit::receiver::Received]| {
        all.iter().filter(|one| one.event_id() == id).count() == 1
    };
    receiver.wait_until(SOON, |all| arrived(before, all) && arrived(after, all)).await;
    let path = format!("/deliveries?event_id={after}");
    api.wait_for(&path, SOON, |page| page["data"][0]["state"] == "delivered").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_locked_answers_503_and_goes_on_when_it_is_free() {
    let receiver = Receiver::start();
    let setup = Setup::sqlite();
    let (_program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let before = api.post_event(event(1)).await;
    let lock = Lock::hold(&setup.folder().join("hookferry.db"));
    told_to_come_back(&api.post("/events", &event(2)).await);
    lock.release();
    goes_on(&api, &receiver, text(&before, "id")).await;
}

/// A node on a PostgreSQL that is reached through a proxy.
async fn behind_a_proxy(database: &str) -> (Proxy, Program, Api) {
    let cluster = Cluster::shared();
    let proxy = Proxy::to(([127, 0, 0, 1], cluster.port()).into());
    let url = cluster.database(database);
    let url = url.replace(&cluster.port().to_string(), &proxy.address().port().to_string());
    let (program, api) = running(&Setup::postgres(&url)).await;
    (proxy, program, api)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_gone_answers_503_and_goes_on_when_it_is_back() {
    let receiver = Receiver::start();
    let (proxy, _program, api) = behind_a_proxy("gone").await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let before = api.post_event(event(1)).await;
    wait_state(&api, &before, "delivered").await;
    proxy.cut();
    told_to_come_back(&api.post("/events", &event(2)).await);
    let ready = api.send("GET", "/readyz", &[], None).await.unwrap();
    assert_eq!(ready.status, 503);
    let health = api.send("GET", "/healthz", &[], None).await.unwrap();
    assert_eq!(health.status, 200, "the process lives");
    proxy.heal();
    goes_on(&api, &receiver, text(&before, "id")).await;
}

/// How often connections break, and after how many more events.
const BREAKS: usize = 15;
const EVENTS_BETWEEN: usize = 25;
const CALLERS: u64 = 8;
const LONG: Duration = Duration::from_secs(60);

/// What came of posting so far, by all callers.
#[derive(Default)]
struct Posted {
    accepted: AtomicUsize,
    refused: AtomicUsize,
    stop: AtomicBool,
}

/// Posts one event of a contact's after the other until it is to stop; gives what was accepted, in its order.
async fn post_until(api: &Api, caller: u64, posted: &Posted) -> Vec<String> {
    let mut accepted = Vec::new();
    let mut number = 0;
    while !posted.stop.load(Ordering::SeqCst) {
        number += 1;
        let mut event = event(number);
        event["subject"] = format!("contact {caller}").into();
        let answer = api.send("POST", "/events", &[], Some(event.to_string().into_bytes())).await;
        // Where nobody can tell whether it is written down, it is not counted here.
        let Ok(answer) = answer else { continue };
        match answer.status {
            202 => {
                accepted.push(text(&answer.json(), "id").to_owned());
                posted.accepted.fetch_add(1, Ordering::SeqCst);
            }
            503 => {
                posted.refused.fetch_add(1, Ordering::SeqCst);
            }
            status => panic!("{status}: {answer:?}"),
        }
    }
    accepted
}

/// Waits until so many more are counted.
async fn more(of: &AtomicUsize, count: usize) {
    let wanted = of.load(Ordering::SeqCst) + count;
    wait::until("callers were answered", LONG, async || {
        (of.load(Ordering::SeqCst) >= wanted).then_some(())
    })
    .await;
}

/// Which of `wanted` came, each at its first arrival.
fn firsts(receiver: &Receiver, wanted: &[String]) -> Vec<String> {
    let wanted: HashSet<&str> = wanted.iter().map(String::as_str).collect();
    let mut seen = HashSet::new();
    let all = receiver.received();
    let ids = all.iter().map(|received| received.event_id().to_owned());
    ids.filter(|id| wanted.contains(id.as_str()) && seen.insert(id.clone())).collect()
}

/// Commits of which nobody can tell whether they came to be, in the middle of ingest and of settlement, at
/// an endpoint and at one that is ordered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_arrives_where_connections_break_again_and_again() {
    let (free, ordered) = (Receiver::start(), Receiver::start());
    let (proxy, _program, api) = behind_a_proxy("breaks").await;
    api.create_endpoint(endpoint(&free.url("/"))).await;
    let mut in_order = endpoint(&ordered.url("/"));
    in_order["ordered"] = true.into();
    api.create_endpoint(in_order).await;
    api.post_event(event(0)).await;
    let posted = Posted::default();
    let breaking = async {
        for _ in 0..BREAKS {
            more(&posted.accepted, EVENTS_BETWEEN).await;
            proxy.cut();
            more(&posted.refused, 1).await;
            proxy.heal();
        }
        more(&posted.accepted, EVENTS_BETWEEN).await;
        posted.stop.store(true, Ordering::SeqCst);
    };
    let posting = join_all((1..=CALLERS).map(|caller| post_until(&api, caller, &posted)));
    let (of_callers, ()) = tokio::join!(posting, breaking);
    let accepted: Vec<String> = of_callers.iter().flatten().cloned().collect();
    wait::until("all that was accepted has arrived at both", LONG, async || {
        let all = [&free, &ordered].map(|receiver| firsts(receiver, &accepted).len());
        (all == [accepted.len(); 2]).then_some(())
    })
    .await;
    for of_one in &of_callers {
        assert_eq!(firsts(&ordered, of_one), *of_one, "one contact's events come in their order");
    }
    // What was in doubt comes as well, and nothing is left behind.
    wait::until("nothing is on its way", LONG, async || {
        let page = api.send("GET", "/deliveries?state=pending", &[], None).await.ok()?;
        (page.status == 200 && page.json()["data"].as_array()?.is_empty()).then_some(())
    })
    .await;
    // A node that loses touch is another one afterwards, and sends again what was under way.
    for receiver in [&free, &ordered] {
        let twice = receiver.arrivals().into_values().filter(|times| *times > 1).count();
        assert!(twice <= BREAKS * CALLERS as usize, "{twice} came more than once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_that_hangs_answers_503_in_bounded_time() {
    let (proxy, _program, api) = behind_a_proxy("hangs").await;
    api.post_event(event(1)).await;
    proxy.stall();
    // The client gives up after 30 s, which fails the test.
    told_to_come_back(&api.post("/events", &event(2)).await);
    proxy.heal();
}
