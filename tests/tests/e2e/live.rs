//! Watching live, through the real binary: every node's attempts, coming back, and what goes wrong.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use store::LIVE_STREAMS_PER_COMPANY;
use testkit::api::Api;
use testkit::events::EventStream;
use testkit::program::Setup;
use testkit::receiver::Receiver;
use testkit::{sql, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{
    SOON, endpoint, event, on_both_databases, on_postgres, post_on, running, text,
};

on_both_databases! {
    an_attempt_is_seen_as_it_happens
    an_open_stream_does_not_hold_up_the_end
}

async fn opened(api: &Api, path: &str, headers: &[(&str, &str)]) -> EventStream {
    let stream = api.stream(path, headers).await;
    assert_eq!(stream.status(), 200);
    stream
}

async fn an_attempt_is_seen_as_it_happens(setup: Setup) {
    let receiver = Receiver::start();
    receiver.answers(503);
    let (_program, api) = running(&setup).await;
    let mut stream = opened(&api, "/stream", &[]).await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let created = stream.next().await.unwrap();
    assert_eq!((created.event.as_str(), &created.data["change"]), ("endpoint", &"created".into()));
    let accepted = api.post_event(event(1)).await;
    let attempt = stream.next().await.unwrap();
    assert_eq!(attempt.event, "attempt");
    assert_eq!(
        (&attempt.data["event_id"], &attempt.data["endpoint_id"]),
        (&accepted["id"], &made["id"])
    );
    assert_eq!((&attempt.data["status_code"], &attempt.data["number"]), (&503.into(), &1.into()));
    let delivery = stream.next().await.unwrap();
    assert_eq!((delivery.event.as_str(), &delivery.data["state"]), ("delivery", &"pending".into()));
    let shown = api.delivery_of(&accepted).await;
    assert_eq!(shown["next_attempt_at"], delivery.data["next_attempt_at"]);
    receiver.answers(204);
    api.post(&format!("/deliveries/{}/retry", text(&shown, "id")), &serde_json::json!({}))
        .await
        .expect(200);
    let again = stream.next_of("attempt").await;
    assert_eq!((&again.data["state"], &again.data["number"]), (&"delivered".into(), &2.into()));
}

async fn an_open_stream_does_not_hold_up_the_end(setup: Setup) {
    let (mut program, api) = running(&setup.set("HOOKFERRY_DRAIN_DELAY", "0s")).await;
    let mut stream = opened(&api, "/stream", &[]).await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    let begun = Instant::now();
    program.signal("TERM");
    assert_eq!(stream.next().await, None);
    let ended = program.wait_exit(SOON).await;
    assert_eq!(ended.code(), Some(0), "{ended}");
    // The server would wait for a request under way as long as its shutdown timeout, 30 s.
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}

/// What a watcher has seen of deliveries that ended well.
#[derive(Default)]
struct Seen {
    ids: Vec<i64>,
    delivered: HashSet<String>,
}

impl Seen {
    /// Reads `count` events, or until nothing more is `missing`, and gives the last id.
    async fn read(&mut self, stream: &mut EventStream, count: usize, until: &AtomicBool) -> String {
        for _ in 0..count {
            if until.load(Ordering::Relaxed) {
                break;
            }
            let event = stream.next().await.expect("the stream goes on");
            if event.event == "hello" {
                continue;
            }
            assert!(!["reset", "skipped"].contains(&event.event.as_str()), "{event:?}");
            self.ids.push(event.id.parse().unwrap());
            if event.event == "delivery" && event.data["state"] == "delivered" {
                self.delivered.insert(text(&event.data, "event_id").to_owned());
            }
        }
        stream.last_id().to_owned()
    }
}

/// Ends every connection that listens, as a restart of a proxy would.
async fn cut_listeners(url: &str) -> i64 {
    let query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
        WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    sql::number(url, query).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_nodes_attempts_are_seen_once_each_over_reconnects_and_a_cut_listener() {
    let receiver = Receiver::counting();
    let setup = on_postgres("live");
    let (here, there) = (setup.start().await, setup.start().await);
    let api = here.tenant("acme");
    let watcher = api.at(there.base());
    let mut stream = opened(&watcher, "/stream", &[]).await;
    assert_eq!(stream.next().await.unwrap().event, "hello");
    // Only once the first node has heard of the watch it tells what happens.
    let made = wait::until("the first node tells", SOON, async || {
        let made = api.create_endpoint(endpoint("http://127.0.0.1:9/")).await;
        api.delete(&format!("/endpoints/{}", text(&made, "id"))).await;
        let next = tokio::time::timeout(Duration::from_millis(300), stream.next()).await;
        next.ok().map(|event| event.unwrap().id)
    })
    .await;
    drop(stream);
    api.create_endpoint(endpoint(&receiver.url("/"))).await;

    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let posting = async {
        // With pauses: past some 2,000 deliveries a second of a company only their number is told.
        let paced = |round: u64| round.is_multiple_of(3).then(|| api.clone());
        let posted = post_on(paced, Arc::clone(&stop), |_| {}).await;
        HashSet::from_iter(posted.acknowledged)
    };
    let watching = async {
        let (mut seen, mut last) = (Seen::default(), made);
        for round in 0..6 {
            let mut stream = opened(&watcher, "/stream", &[("last-event-id", &last)]).await;
            last = seen.read(&mut stream, 150, &done).await;
            if round == 2 {
                assert!(cut_listeners(&setup.database_url()).await >= 1);
            }
        }
        stop.store(true, Ordering::Relaxed);
        (seen, last)
    };
    let (acknowledged, (mut seen, last)): (HashSet<String>, _) =
        futures_util::join!(posting, watching);
    let mut stream = opened(&watcher, "/stream", &[("last-event-id", &last)]).await;
    while !acknowledged.is_subset(&seen.delivered) {
        seen.read(&mut stream, 1, &done).await;
    }
    assert!(seen.ids.is_sorted_by(|one, other| one < other), "each once, in order");
    let skipped = "SELECT count(*) FROM live_events WHERE kind = 'skipped'";
    assert_eq!(sql::number(&setup.database_url(), skipped).await.unwrap(), 0);
    println!(
        "live: {} events, {} events seen over 7 connections",
        acknowledged.len(),
        seen.ids.len()
    );
    drop((here, there));
}

/// A client that opens a stream and does not read it.
async fn unread(program: &testkit::program::Program, api: &Api) -> tokio::net::TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let address = program.base().strip_prefix("http://").unwrap().parse().unwrap();
    let mut connection = socket.connect(address).await.unwrap();
    let request = format!(
        "GET /api/v1/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
        api.token()
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    connection.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    connection
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_is_cut_off_and_disturbs_nobody() {
    let receiver = Receiver::counting();
    let (program, api) = running(&Setup::sqlite()).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let slow = unread(&program, &api).await;
    let mut stream = opened(&api, "/stream", &[]).await;
    let events: Vec<serde_json::Value> = (0..100).map(event).collect();
    let batch = serde_json::json!({"events": events});
    api.post("/events/batch", &batch).await.expect(202);
    for _ in 0..200 {
        let seen = stream.next().await.expect("others go on");
        assert_ne!(seen.event, "skipped");
    }
    let mut others = Vec::new();
    for _ in 2..LIVE_STREAMS_PER_COMPANY {
        others.push(opened(&api, "/stream", &[]).await);
    }
    assert_eq!(api.stream("/stream", &[]).await.status(), 429, "it still holds its place");
    // What it does not read fills its window at once, and after 20 s the kernel gives the connection up.
    wait::until("its place is free", SOON * 2, async || {
        (api.stream("/stream?seconds=0", &[]).await.status() == 200).then_some(())
    })
    .await;
    api.post_event(event(1)).await;
    stream.next_of("delivery").await;
    for mut other in others {
        other.next_of("delivery").await;
    }
    drop(slow);
}
