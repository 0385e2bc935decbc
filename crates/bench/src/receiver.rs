//! The receiver: a bare HTTP server on a thread of its own that counts what arrives.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use memchr::memmem;
use parking_lot::RwLock;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio_util::task::TaskTracker;

use crate::tally::{Manner, Tally, Verdict};
use crate::wire::{self, Inbox, Parsed};

/// What stands before an event's number in its data.
pub(crate) const NUMBER_KEY: &str = "\"bench_number\":";
/// The name of its thread, by which its CPU time is found.
pub(crate) const THREAD: &str = "receiver";
/// How long an endpoint that hangs holds a request.
const HANG: Duration = Duration::from_secs(60);
/// Connections that wait to be accepted.
const BACKLOG: u32 = 4_096;

/// Where it listens, and what it counts for now.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    tallies: Tallies,
}

type Tallies = Arc<RwLock<Vec<Arc<Tally>>>>;

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
    let tallies = Tallies::default();
    let receiver = Receiver { address: listener.local_addr()?, tallies: tallies.clone() };
    std::thread::Builder::new().name(THREAD.into()).spawn(move || {
        runtime.block_on(async move {
            let connections = TaskTracker::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                // Without it answers would only be slower.
                let _ = stream.set_nodelay(true);
                // A connection that breaks is the program's to notice.
                let connection = serve(stream, tallies.clone());
                connections.spawn(async move { drop(connection.await) });
            }
        });
    })?;
    Ok(receiver)
}

/// Answers what comes over a connection, until that ends or speaks no HTTP.
async fn serve(mut stream: TcpStream, tallies: Tallies) -> anyhow::Result<()> {
    let (mut inbox, numbers) = (Inbox::new(), memmem::Finder::new(NUMBER_KEY));
    loop {
        let request = match wire::request(inbox.unread())? {
            Parsed::Whole(request) => request,
            Parsed::Partial { bytes_min } => {
                if !inbox.fill(&mut stream, bytes_min).await? {
                    return Ok(());
                }
                continue;
            }
        };
        let number = number(&request.message.body.bytes(inbox.unread()), &numbers);
        let (answer, closes) =
            (answer(request.path, number, &inbox, &tallies), request.message.closes);
        let length = request.message.length;
        inbox.consume(length);
        if !answer.after.is_zero() {
            tokio::time::sleep(answer.after).await;
        }
        stream.write_all(answer.text).await?;
        if closes {
            return Ok(());
        }
    }
}

struct Answer {
    text: &'static [u8],
    after: Duration,
}

impl Answer {
    fn at_once(text: &'static [u8]) -> Self {
        Self { text, after: Duration::ZERO }
    }
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
const FAILURE: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

/// What a request is answered, counted where it is for somebody who counts.
fn answer(path: &str, number: Option<usize>, inbox: &Inbox, tallies: &Tallies) -> Answer {
    let Some((phase, endpoint)) = target(path) else { return Answer::at_once(OK) };
    let tallies = tallies.read();
    let mut of_phase = tallies.iter().filter(|tally| tally.phase == phase);
    let covers = |tally: &&Arc<Tally>| number.is_some_and(|number| tally.covers(number));
    let Some(tally) = of_phase.clone().find(covers).or_else(|| of_phase.next()) else {
        return Answer::at_once(OK);
    };
    let verdict =
        number.map_or(Verdict::Unknown, |number| tally.arrive(number, endpoint, inbox.began()));
    match (tally.manner(endpoint), verdict) {
        (Manner::Hangs, _) => Answer { text: OK, after: HANG },
        (Manner::Fails, _) => Answer::at_once(FAILURE),
        (Manner::Takes, Verdict::Arrived) => Answer { text: OK, after: tally.answers_after },
        (Manner::Takes, Verdict::Refused) => Answer::at_once(UNAVAILABLE),
        (Manner::Takes, Verdict::Unknown) => Answer::at_once(BAD_REQUEST),
    }
}

fn target(path: &str) -> Option<(u32, usize)> {
    let (phase, endpoint) = path.strip_prefix('/')?.split_once('/')?;
    Some((phase.parse().ok()?, endpoint.parse().ok()?))
}

/// The number of the event in a body.
fn number(body: &[u8], finder: &memmem::Finder<'_>) -> Option<usize> {
    let start = finder.find(body)? + NUMBER_KEY.len();
    let digits = body[start..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.map(|digit| usize::from(digit - b'0')).reduce(|number, digit| number * 10 + digit)
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[test]
    fn a_number_is_found_in_the_body_of_a_delivery() {
        let finder = memmem::Finder::new(NUMBER_KEY);
        let body = br#"{"id":"evt_1","data":{"bench_number":1042,"text":"x"}}"#;
        assert_eq!(number(body, &finder), Some(1_042));
        assert_eq!(number(br#"{"bench_number":"#, &finder), None);
        assert_eq!(number(b"{}", &finder), None);
        assert_eq!((target("/7/3"), target("/7")), (Some((7, 3)), None));
    }

    #[tokio::test]
    async fn requests_in_pieces_and_large_ones_are_counted_over_one_connection() {
        let receiver = start().unwrap();
        let tally = Arc::new(Tally::new(7, 10, 1));
        receiver.count_for(vec![tally.clone()]);
        let mut stream = TcpStream::connect(receiver.address).await.unwrap();
        for (number, padding) in [(1, 0), (2, 100_000), (2, 0)] {
            let body = format!("{{{NUMBER_KEY}{number},\"x\":\"{}\"}}", "x".repeat(padding));
            let request =
                format!("POST /7/0 HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            for piece in request.as_bytes().chunks(request.len() / 3) {
                stream.write_all(piece).await.unwrap();
                stream.flush().await.unwrap();
            }
            let mut answer = vec![0; OK.len()];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, OK);
        }
        assert_eq!(tally.arrivals(), 2);
        stream.write_all(b"POST /7/0 HTTP/1.1\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, BAD_REQUEST);
    }
}
