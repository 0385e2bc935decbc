//! Past what the machine can take: it says so and goes on. Nothing that was acknowledged is lost, nobody
//! else is held up, memory stays bounded, and no endpoint is blamed for what this machine lacks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::api::Api;
use testkit::postgres::{Cluster, Durability};
use testkit::program::{Program, Setup};
use testkit::receiver::{Receiver, Reply};
use testkit::wait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{SOON, endpoint, event, on_both_databases, running, text};

on_both_databases! {
    without_a_file_left_no_endpoint_is_blamed_and_nothing_is_lost
    a_process_that_may_open_few_files_does_what_it_can
    slow_clients_hold_nobody_up
    bodies_that_come_slowly_take_no_more_than_there_is_room_for
    more_than_there_is_room_for_is_told_to_come_back
    strange_answers_take_little_and_hold_nobody_up
}

/// What the server says, by the library that accepts for it, when it cannot.
const ACCEPT: &str = "Error accepting connection";

/// One connection that stays open, spoken by hand.
struct Line {
    stream: TcpStream,
    token: String,
}

impl Line {
    async fn open(program: &Program, api: &Api) -> Self {
        let stream = TcpStream::connect(address(program)).await.unwrap();
        let mut line = Self { stream, token: api.token().to_owned() };
        // It has been accepted.
        line.call("GET", "/endpoints", "").await;
        line
    }

    async fn call(&mut self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let Self { stream, token } = self;
        let length = body.len();
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let head_end = loop {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "the connection was closed");
            let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                break end + 4;
            }
        };
        let head = String::from_utf8_lossy(&answer[..head_end]).to_lowercase();
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
        while answer.len() < head_end + length {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "the answer broke off");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_slice(&answer[head_end..]).unwrap())
    }

    /// The same, again where it is told to come back: a request may want a file that it cannot have.
    async fn call_at_last(&mut self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let asked = Instant::now();
        loop {
            let (status, answer) = self.call(method, path, body).await;
            if status != 503 || asked.elapsed() > SOON {
                return (status, answer);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn post_event(&mut self, number: u64) -> Value {
        let body = event(number).to_string();
        let (status, answer) = self.call_at_last("POST", "/events", &body).await;
        assert_eq!(status, 202, "{answer}");
        answer
    }
}

fn address(program: &Program) -> SocketAddr {
    program.base().trim_start_matches("http://").parse().unwrap()
}

async fn wait_logged(program: &Program, what: &str) {
    wait::until(what, SOON, async || program.log().contains(what).then_some(())).await;
}

/// Waits until nothing is pending any more.
async fn wait_done(api: &Api) {
    let none = |page: &Value| page["data"].as_array().is_some_and(Vec::is_empty);
    api.wait_for("/deliveries?state=pending", SOON * 2, none).await;
}

async fn without_a_file_left_no_endpoint_is_blamed_and_nothing_is_lost(setup: Setup) {
    const EVENTS: usize = 5;
    let receiver = Receiver::start();
    let (program, api) = running(&setup).await;
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let mut line = Line::open(&program, &api).await;
    // No new file can be opened; what is open already works.
    program.limit("--nofile=3:");
    let mut accepted = Vec::new();
    for number in 0..EVENTS as u64 {
        accepted.push(line.post_event(number).await);
    }
    wait_logged(&program, "may open no more connections").await;
    // It waits in vain to be accepted, and so do others: the server must not ask without end.
    let (before, begun) = (program.cpu_time(), Instant::now());
    let waiting = TcpStream::connect(address(&program)).await.unwrap();
    wait_logged(&program, ACCEPT).await;
    let said = program.log().matches(ACCEPT).count();
    wait::until("it has tried to accept again", SOON, async || {
        let now = program.log().matches(ACCEPT).count();
        (now >= said + 4).then_some(())
    })
    .await;
    let used = program.cpu_time() - before;
    let elapsed = begun.elapsed();
    assert!(used < elapsed / 2, "{used:?} of {elapsed:?} in which nothing can be done");
    let path = format!("/endpoints/{}", text(&made, "id"));
    let (_, shown) = line.call_at_last("GET", &path, "").await;
    assert_eq!((&shown["streak"], &shown["status"]), (&0.into(), &"enabled".into()));
    assert_eq!(receiver.count(), 0);

    program.limit("--nofile=1024:");
    drop(waiting);
    receiver.wait_for(EVENTS, SOON).await;
    wait_done(&api).await;
    for accepted in &accepted {
        let delivery = api.delivery_of(accepted).await;
        assert_eq!((&delivery["state"], &delivery["tries"]), (&"delivered".into(), &1.into()));
    }
    let health = program.anonymous().get("/healthz").await;
    assert_eq!((health.status, receiver.count()), (200, EVENTS));
}

async fn a_process_that_may_open_few_files_does_what_it_can(setup: Setup) {
    const RECEIVERS: usize = 20;
    const CLIENTS: usize = 60;
    let receivers: Vec<Receiver> = (0..RECEIVERS).map(|_| Receiver::counting()).collect();
    let (program, api) = running(&setup.under("ulimit -n 128")).await;
    for receiver in &receivers {
        api.create_endpoint(endpoint(&receiver.url("/"))).await;
    }
    wait_logged(&program, "This process may open 128 files").await;
    // Whoever connects and says nothing, or says nothing more, gives way to the others.
    let mut idle = Vec::new();
    for _ in 0..CLIENTS {
        idle.push(TcpStream::connect(address(&program)).await.unwrap());
    }
    let post = |number: usize| {
        let api = Api::new(program.base(), Some(api.token()));
        async move {
            let body = event(number as u64).to_string().into_bytes();
            api.send("POST", "/events", &[], Some(body)).await
        }
    };
    drop(idle.split_off(CLIENTS / 8));
    let answers = join_all((0..CLIENTS).map(post)).await;
    let statuses: Vec<u16> = answers.iter().flatten().map(|answer| answer.status).collect();
    assert_eq!(statuses, [202; CLIENTS], "{answers:?}");
    for receiver in &receivers {
        receiver.wait_for(CLIENTS, SOON).await;
    }
    wait_done(&api).await;
    assert!(program.open_files() <= 128);
    for receiver in &receivers {
        let times = receiver.arrivals().into_values().max();
        assert_eq!((receiver.count(), times), (CLIENTS, Some(1)));
    }
    let endpoints = api.get("/endpoints").await.expect(200);
    let endpoints = endpoints["data"].as_array().unwrap();
    assert!(endpoints.iter().all(|one| one["streak"] == 0), "{endpoints:?}");
}

/// Reads until the other side closes, and says whether it did in time.
async fn is_cut(stream: &mut TcpStream, within: Duration) -> bool {
    let mut rest = Vec::new();
    tokio::time::timeout(within, stream.read_to_end(&mut rest)).await.is_ok()
}

async fn slow_clients_hold_nobody_up(setup: Setup) {
    const SLOW: usize = 200;
    let receiver = Receiver::counting();
    let (program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let mut heads = Vec::new();
    let mut bodies = Vec::new();
    for _ in 0..SLOW {
        let mut head = TcpStream::connect(address(&program)).await.unwrap();
        head.write_all(b"POST /api/v1/events HTTP/1.1\r\nhost: a\r\nx-slow: ").await.unwrap();
        heads.push(head);
        let mut body = TcpStream::connect(address(&program)).await.unwrap();
        let announced = format!(
            "POST /api/v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\
             content-length: 250000\r\n\r\n{{",
            api.token()
        );
        body.write_all(announced.as_bytes()).await.unwrap();
        bodies.push(body);
    }
    for number in 0..20 {
        api.post_event(event(number)).await;
    }
    receiver.wait_for(20, SOON).await;
    // What they announced took no room: others of that size are let in.
    let large = json!({"type": "message.received", "data": {"text": "x".repeat(200_000)}});
    api.post_event(large).await;
    receiver.wait_for(21, SOON).await;
    let cut = join_all(heads.iter_mut().map(|head| is_cut(head, SOON))).await;
    assert!(cut.iter().all(|cut| *cut), "heads that never end are cut");
    drop(bodies);
}

/// Clients that send nearly all of a large event, and then nothing.
async fn bodies_that_come_slowly_take_no_more_than_there_is_room_for(setup: Setup) {
    const SLOW: usize = 400;
    const BODY_BYTES: usize = 250_000;
    /// So many fit into the 64 MiB.
    const FIT: usize = 64 * 1024 * 1024 / (BODY_BYTES - 10 - 4 * 1024);
    let receiver = Receiver::counting();
    let (program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\
         content-length: {BODY_BYTES}\r\n\r\n",
        api.token()
    );
    let most = vec![b' '; BODY_BYTES - 10];
    let slow = async |_| {
        let mut stream = TcpStream::connect(address(&program)).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // Who is told to come back is not listened to any more.
        let _ = stream.write_all(&most).await;
        stream
    };
    let mut waiting = join_all((0..SLOW).map(slow)).await;
    let mut told = 0;
    wait::until("those for whom there is no room are told", SOON, async || {
        let mut still = Vec::new();
        for stream in waiting.drain(..) {
            let mut answer = [0; 4096];
            match stream.try_read(&mut answer) {
                Ok(length) => {
                    let answer = String::from_utf8_lossy(&answer[..length]).to_lowercase();
                    assert!(answer.starts_with("http/1.1 503 "), "{answer}");
                    assert!(answer.contains("\r\nretry-after: "), "{answer}");
                    told += 1;
                }
                Err(_) => still.push(stream),
            }
        }
        waiting = still;
        (told >= SLOW - FIT).then_some(())
    })
    .await;
    assert!(told < SLOW, "there was room for some");
    // What is small goes on, and what is large once they have gone.
    for number in 0..20 {
        api.post_event(event(number)).await;
    }
    drop(waiting);
    let large = json!({"type": "message.received", "data": {"text": "x".repeat(200_000)}});
    wait::until("there is room again", SOON, async || {
        let answer = api.post("/events", &large).await;
        (answer.status == 202).then_some(())
    })
    .await;
    receiver.wait_for(21, SOON).await;
}

/// Posts one event by hand and gives status and answer; the body is shared by all who post.
async fn post_by_hand(
    to: SocketAddr,
    token: &str,
    body: &Arc<[u8]>,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(to).await?;
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    let (mut read, mut write) = stream.split();
    let mut answer = Vec::new();
    // Who is told to come back need not have sent everything, and need not be hung up on.
    let sending = async {
        let _ = write.write_all(body).await;
        std::future::pending().await
    };
    let reading = async {
        while !is_whole(&answer) && read.read_buf(&mut answer).await? > 0 {}
        std::io::Result::Ok(())
    };
    tokio::select! { () = sending => {}, got = reading => got? }
    let text = String::from_utf8_lossy(&answer);
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    Ok((status.unwrap_or(0), text.into_owned()))
}

/// Whether all has come that an answer says it has.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    let length = |head: &str| -> Option<usize> {
        head.split_once("content-length: ")?.1.split("\r\n").next()?.parse().ok()
    };
    text.split_once("\r\n\r\n")
        .is_some_and(|(head, body)| length(head).is_some_and(|length| body.len() >= length))
}

async fn more_than_there_is_room_for_is_told_to_come_back(setup: Setup) {
    const POSTS: usize = 2_000;
    /// What it may have in use at most: room for bodies on their way in, for events that wait to be
    /// written, for deliveries on their way out, each in several copies (as it was read, parsed, bound
    /// to a statement, rendered, sent), what connections take, caches, and a debug build itself.
    const MEMORY_MAX_MIB: u64 = 800;
    let receiver = Receiver::counting();
    let (program, api) = running(&setup.set("HOOKFERRY_TIMEOUT", "20s")).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let event = json!({"type": "message.received", "data": {"text": "x".repeat(200 * 1024)}});
    let body: Arc<[u8]> = Arc::from(event.to_string().into_bytes());
    let (to, token) = (address(&program), api.token());
    let answers = join_all((0..POSTS).map(|_| post_by_hand(to, token, &body))).await;
    let of = |wanted: u16| {
        answers.iter().flatten().filter(move |(status, _)| *status == wanted).map(|(_, text)| text)
    };
    let (accepted, refused, memory) = (of(202).count(), of(503).count(), program.memory_max_mib());
    println!("{accepted} accepted, {refused} told to come back, {memory} MiB at most");
    let other = answers.iter().find(|got| !matches!(got, Ok((202 | 503, _))));
    assert!(accepted > 0 && other.is_none(), "{other:?}");
    for text in of(503) {
        assert!(text.to_lowercase().contains("\r\nretry-after: "), "{text}");
        assert!(text.contains("\"code\":\"overloaded\""), "{text}");
    }
    assert!(memory < MEMORY_MAX_MIB, "{memory} MiB");
    receiver.wait_for(accepted, SOON * 2).await;
    wait_done(&api).await;
    let arrivals = receiver.arrivals();
    assert!(arrivals.len() >= accepted && arrivals.values().all(|times| *times == 1));
    api.post_event(event).await;
}

/// A receiver that goes on with the head of its answer for ever.
async fn endless_head() -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = async move {
        let mut open = tokio::task::JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            open.spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
                let line = format!("x-more: {}\r\n", "y".repeat(4_000));
                while stream.write_all(line.as_bytes()).await.is_ok() {}
            });
        }
    };
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    let serving = tokio::spawn(serving);
    (address, serving)
}

async fn strange_answers_take_little_and_hold_nobody_up(setup: Setup) {
    const EVENTS: u64 = 100;
    const MEMORY_MAX_MIB: u64 = 400;
    let (endless, trickling, healthy) =
        (Receiver::counting(), Receiver::counting(), Receiver::counting());
    endless.answers_with(|_| Reply::endless());
    trickling
        .answers_with(|_| Reply::status(200).body(vec![b'z'; 600]).slowly(Duration::from_secs(1)));
    let (heads, serving) = endless_head().await;
    let setup = setup.set("HOOKFERRY_TIMEOUT", "2s").set("HOOKFERRY_RETRY_INTERVAL", "100ms");
    let (program, api) = running(&setup).await;
    let mut strange = Vec::new();
    for place in 0..3 {
        let path = format!("/{place}");
        let urls = [endless.url(&path), trickling.url(&path), format!("http://{heads}{path}")];
        for url in urls {
            strange.push(api.create_endpoint(endpoint(&url)).await);
        }
    }
    api.create_endpoint(endpoint(&healthy.url("/"))).await;
    for number in 0..EVENTS {
        api.post_event(event(number)).await;
    }
    healthy.wait_for(EVENTS as usize, SOON).await;
    for one in &strange {
        let path = format!("/endpoints/{}", text(one, "id"));
        api.wait_for(&path, SOON, |shown| shown["streak"].as_u64() > Some(2)).await;
    }
    let memory = program.memory_max_mib();
    assert!(memory < MEMORY_MAX_MIB, "{memory} MiB");
    api.get("/healthz").await.expect(200);
    serving.abort();
}

/// Posts large events until it is told to come back; gives what was accepted.
async fn fill(api: &Api) -> Vec<String> {
    let large = json!({"type": "message.received", "data": {"text": "x".repeat(200_000)}});
    let mut accepted = Vec::new();
    loop {
        let answer = api.post("/events", &large).await;
        if answer.status == 202 {
            accepted.push(text(&answer.json(), "id").to_owned());
            assert!(accepted.len() < 500, "it never is full");
            continue;
        }
        let problem = answer.expect(503);
        assert_eq!(problem["code"], "database_unavailable");
        assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        return accepted;
    }
}

async fn wait_accepted(api: &Api) -> String {
    wait::until("events are accepted again", SOON, async || {
        let body = event(1).to_string().into_bytes();
        let answer = api.send("POST", "/events", &[], Some(body)).await.ok()?;
        (answer.status == 202).then(|| text(&answer.json(), "id").to_owned())
    })
    .await
}

/// No file may grow any more, as on a disk that is full, and then they may.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_nothing_that_was_accepted_is_lost() {
    let receiver = Receiver::counting();
    let setup = Setup::sqlite().under("trap '' XFSZ");
    let (program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let mut accepted = vec![wait_accepted(&api).await];
    program.limit("--fsize=6000000:");
    accepted.extend(fill(&api).await);
    assert!(accepted.len() > 5, "{} were accepted", accepted.len());
    // It is told again, whatever a checkpoint has made room for meanwhile, and the process lives.
    accepted.extend(fill(&api).await);
    api.get("/healthz").await.expect(200);
    api.get("/endpoints").await.expect(200);
    program.limit("--fsize=unlimited:");
    accepted.push(wait_accepted(&api).await);
    wait_done(&api).await;
    let arrivals = receiver.arrivals();
    let lost: Vec<&String> = accepted.iter().filter(|id| !arrivals.contains_key(*id)).collect();
    assert!(lost.is_empty(), "{lost:?} of {}", accepted.len());
    assert!(arrivals.values().all(|times| *times == 1), "{arrivals:?}");
}

/// A PostgreSQL that takes no writes, as after a failover to a standby.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_takes_no_writes_is_told_and_deliveries_go_on_after() {
    let receiver = Receiver::counting();
    let cluster = Cluster::start(Durability::Off);
    let setup = Setup::postgres(&cluster.database("read_only"));
    let setup = setup.set("HOOKFERRY_RETRY_INTERVAL", "500ms");
    let (program, api) = running(&setup).await;
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    receiver.answers_with(|_| Reply::hang());
    let before = text(&api.post_event(event(1)).await, "id").to_owned();
    receiver.wait_for(1, SOON).await;
    for sql in ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"] {
        cluster.sql("postgres", sql);
    }
    let refused = wait::until("writes are refused", SOON, async || {
        let answer = api.post("/events", &event(2)).await;
        (answer.status != 202).then_some(answer)
    })
    .await;
    assert_eq!(refused.expect(503)["code"], "database_unavailable");
    assert!(refused.header("retry-after").parse::<u32>().is_ok());
    // Its outcome has to wait until it can be written down.
    receiver.release();
    api.get_endpoint(text(&made, "id")).await;
    for sql in ["ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"] {
        cluster.sql("postgres", sql);
    }
    let after = wait_accepted(&api).await;
    wait_done(&api).await;
    let arrivals = receiver.arrivals();
    assert!(arrivals.contains_key(&before) && arrivals.contains_key(&after), "{arrivals:?}");
    let path = format!("/deliveries?event_id={before}");
    api.wait_for(&path, SOON, |page| page["data"][0]["state"] == "delivered").await;
    drop(program);
}
