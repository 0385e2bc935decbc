//! The load: raw HTTP connections that post events, as fast as they can or at set times.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::receiver::NUMBER_KEY;
use crate::scenarios::AtomicStop;
use crate::tally::Tally;

/// How long one event is tried, over refusals and closed connections.
const POST_MAX: Duration = Duration::from_secs(60);
/// Before a refused or broken request is sent again.
const PAUSE: Duration = Duration::from_millis(20);
/// What makes an event about as large as a message event is.
const TEXT: &str = "Your order has left our warehouse in Rotterdam and will be with you tomorrow \
    between nine and twelve. Answer 1 to change the time, 2 to name a neighbour who may take it, 3 \
    to talk to one of us. You can follow the parcel at any time under the link that we sent you.";

/// Whose events, and where they go.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) address: SocketAddr,
    pub(crate) token: Arc<str>,
    pub(crate) tally: Arc<Tally>,
}

/// One event as the API takes it. Its id makes it the same event however often it is posted.
pub(crate) fn event(phase: u32, number: usize) -> String {
    format!(
        "{{\"type\":\"message.received\",\"id\":\"bench-{phase}-{number}\",\
         \"subject\":\"31612345678\",\"data\":{{{NUMBER_KEY}{number},\"from\":\"31612345678\",\
         \"type\":\"text\",\"text\":{{\"body\":\"{TEXT}\"}}}}}}"
    )
}

/// A connection that opens again when it was closed.
struct Connection {
    sender: Sender,
    bearer: String,
    open: Option<SendRequest<Full<Bytes>>>,
    tasks: TaskTracker,
}

impl Connection {
    fn new(sender: Sender, tasks: TaskTracker) -> Self {
        let bearer = format!("Bearer {}", sender.token);
        Self { sender, bearer, open: None, tasks }
    }

    async fn exchange(&mut self, path: &str, body: &Bytes) -> anyhow::Result<(StatusCode, Bytes)> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => {
                let stream = TcpStream::connect(self.sender.address).await?;
                stream.set_nodelay(true)?;
                let (open, connection) = handshake(TokioIo::new(stream)).await?;
                // How it ends shows at the next request.
                self.tasks.spawn(async move { drop(connection.await) });
                open
            }
        };
        open.ready().await?;
        let request = Request::post(path)
            .header(HOST, "localhost")
            .header(AUTHORIZATION, &self.bearer)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body.clone()))?;
        let response = open.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        self.open = Some(open);
        Ok((status, body))
    }

    /// Posts until it is acknowledged. The connection may be closed and the program may be away or
    /// too busy; any other answer than "accepted" is an error.
    async fn post(&mut self, path: &str, body: Bytes) -> anyhow::Result<Bytes> {
        let end = Instant::now() + POST_MAX;
        loop {
            let trouble = match self.exchange(path, &body).await {
                Ok((StatusCode::ACCEPTED, answer)) => return Ok(answer),
                Ok((StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, answer)) => {
                    String::from_utf8_lossy(&answer).into_owned()
                }
                Ok((status, answer)) => {
                    bail!("{path} was answered {status}: {}", String::from_utf8_lossy(&answer))
                }
                Err(error) => error.to_string(),
            };
            if Instant::now() > end {
                bail!("{path} was not acknowledged within {POST_MAX:?}: {trouble}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn post_event(&mut self, number: usize) -> anyhow::Result<()> {
        let body = event(self.sender.tally.phase, number);
        self.post("/api/v1/events", body.into()).await?;
        self.sender.tally.acknowledge(number);
        Ok(())
    }

    async fn post_batch(&mut self, numbers: std::ops::Range<usize>) -> anyhow::Result<()> {
        let phase = self.sender.tally.phase;
        let events: Vec<_> = numbers.clone().map(|number| event(phase, number)).collect();
        let body = format!("{{\"events\":[{}]}}", events.join(","));
        let answer = self.post("/api/v1/events/batch", body.into()).await?;
        if answer.windows(7).any(|window| window == b"\"error\"") {
            bail!("a valid event was refused: {}", String::from_utf8_lossy(&answer));
        }
        numbers.for_each(|number| self.sender.tally.acknowledge(number));
        Ok(())
    }
}

/// How a closed loop posts: each connection again as soon as it has its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closed {
    pub(crate) connections: usize,
    /// Events in one request; one goes to `/events`, more to `/events/batch`.
    pub(crate) batch: usize,
    /// At the latest; the tally being full ends it too.
    pub(crate) until: Instant,
}

/// Posts as fast as it can.
pub(crate) async fn closed_loop(sender: &Sender, closed: Closed) -> anyhow::Result<()> {
    let tasks = TaskTracker::new();
    let next = Arc::new(AtomicUsize::new(0));
    let workers: Vec<_> = (0..closed.connections)
        .map(|_| {
            let (next, mut connection) =
                (next.clone(), Connection::new(sender.clone(), tasks.clone()));
            tasks.spawn(async move {
                let tally = connection.sender.tally.clone();
                loop {
                    let first = next.fetch_add(closed.batch, Ordering::Relaxed);
                    let (numbers, now) = (first..first + closed.batch, Instant::now());
                    if numbers.end > tally.capacity() || now >= closed.until {
                        return anyhow::Ok(());
                    }
                    numbers.clone().for_each(|number| tally.intend(number, now));
                    match closed.batch {
                        1 => connection.post_event(first).await?,
                        _ => connection.post_batch(numbers).await?,
                    }
                }
            })
        })
        .collect();
    join(workers).await
}

/// How an open loop posts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open {
    pub(crate) per_second: u32,
    pub(crate) connections: usize,
    pub(crate) count: usize,
}

/// Posts each event at its own time, whether or not the ones before are answered. Times are kept by
/// a thread that sleeps: a runtime's timer would add up to a millisecond to each.
pub(crate) async fn open_loop(
    sender: &Sender,
    open: Open,
    stop: &AtomicStop,
) -> anyhow::Result<()> {
    let tasks = TaskTracker::new();
    let (mut queues, mut workers) = (Vec::new(), Vec::new());
    for _ in 0..open.connections {
        let (queue, mut due) = mpsc::unbounded_channel();
        let mut connection = Connection::new(sender.clone(), tasks.clone());
        queues.push(queue);
        workers.push(tasks.spawn(async move {
            while let Some(number) = due.recv().await {
                connection.post_event(number).await?;
            }
            anyhow::Ok(())
        }));
    }
    let (tally, stop) = (sender.tally.clone(), stop.clone());
    let count = open.count.min(tally.capacity());
    let pacer = std::thread::Builder::new().name("pacer".into()).spawn(move || {
        let (start, gap) = (Instant::now() + PAUSE, Duration::from_secs(1) / open.per_second);
        for (number, queue) in (0..count).zip(queues.iter().cycle()) {
            let at = start + gap * u32::try_from(number).unwrap_or(u32::MAX);
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            if stop.is_stopped() {
                return;
            }
            tally.intend(number, at);
            // A worker that has ended reports its own error.
            let _ = queue.send(number);
        }
    })?;
    let done = join(workers).await;
    pacer.join().ok().context("the pacer ended well")?;
    done
}

async fn join(workers: Vec<tokio::task::JoinHandle<anyhow::Result<()>>>) -> anyhow::Result<()> {
    for worker in workers {
        worker.await??;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_json_with_its_number() {
        let event: serde_json::Value = serde_json::from_str(&event(3, 17)).unwrap();
        assert_eq!(event["id"], "bench-3-17");
        assert_eq!(event["data"]["bench_number"], 17);
    }
}
