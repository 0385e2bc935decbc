//! The receiver: a bare HTTP server on a thread of its own that counts what arrives.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use parking_lot::RwLock;
use tokio::net::TcpSocket;
use tokio_util::task::TaskTracker;

use crate::tally::Tally;

/// What stands before an event's number in its data.
pub(crate) const NUMBER_KEY: &str = "\"bench_number\":";
/// How long an endpoint that hangs holds a request.
const HANG: Duration = Duration::from_secs(60);
/// Connections that wait to be accepted.
const BACKLOG: u32 = 4_096;

/// Where it listens, and what it counts for now.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    tallies: Arc<RwLock<Vec<Arc<Tally>>>>,
}

impl Receiver {
    /// Counts for these from now on, and for no others.
    pub(crate) fn count_for(&self, tallies: Vec<Arc<Tally>>) {
        *self.tallies.write() = tallies;
    }

    /// The URL of a phase's endpoint.
    pub(crate) fn url(&self, phase: u32, endpoint: usize) -> String {
        format!("http://{}/{phase}/{endpoint}", self.address)
    }
}

/// Starts it on a thread that lives as long as the process.
pub(crate) fn start() -> anyhow::Result<Receiver> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let listener = {
        let _context = runtime.enter();
        socket.listen(BACKLOG)?
    };
    let tallies = Arc::new(RwLock::new(Vec::new()));
    let receiver = Receiver { address: listener.local_addr()?, tallies: tallies.clone() };
    std::thread::Builder::new().name("receiver".into()).spawn(move || {
        runtime.block_on(async move {
            let connections = TaskTracker::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                // Without it answers would only be slower.
                let _ = stream.set_nodelay(true);
                let tallies = tallies.clone();
                let service = service_fn(move |request| answer(request, tallies.clone()));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                // A connection that breaks is the program's to notice.
                connections.spawn(async move { drop(connection.await) });
            }
        });
    })?;
    Ok(receiver)
}

async fn answer(
    request: Request<Incoming>,
    tallies: Arc<RwLock<Vec<Arc<Tally>>>>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let target = target(request.uri().path());
    let tally = target
        .and_then(|(phase, _)| tallies.read().iter().find(|tally| tally.phase == phase).cloned());
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let mut status = StatusCode::OK;
    if let (Some(tally), Some((_, endpoint))) = (tally, target) {
        status =
            number(&body).map_or(StatusCode::BAD_REQUEST, |number| tally.arrive(number, endpoint));
        if endpoint < tally.hanging {
            tokio::time::sleep(HANG).await;
        }
    }
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    Ok(response)
}

fn target(path: &str) -> Option<(u32, usize)> {
    let (phase, endpoint) = path.strip_prefix('/')?.split_once('/')?;
    Some((phase.parse().ok()?, endpoint.parse().ok()?))
}

/// The number of the event in a body.
fn number(body: &[u8]) -> Option<usize> {
    let key = NUMBER_KEY.as_bytes();
    let start = body.windows(key.len()).rposition(|window| window == key)? + key.len();
    let digits = body[start..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.map(|digit| usize::from(digit - b'0')).reduce(|number, digit| number * 10 + digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_in_the_body_of_a_delivery() {
        let body = br#"{"id":"evt_1","data":{"bench_number":1042,"text":"x"}}"#;
        assert_eq!(number(body), Some(1_042));
        assert_eq!(number(br#"{"bench_number":"#), None);
        assert_eq!(number(b"{}"), None);
        assert_eq!((target("/7/3"), target("/7")), (Some((7, 3)), None));
    }
}
