//! One connection to the API that posts events: bytes made beforehand over raw TCP.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::meta::Callback;
use crate::receiver::NUMBER_KEY;
use crate::tally::Tally;
use crate::wire::{self, Inbox, Parsed, Response};

/// How long one event is tried, over refusals and closed connections.
const POST_MAX: Duration = Duration::from_secs(60);
/// Before a refused or broken request is sent again.
const PAUSE: Duration = Duration::from_millis(20);
/// What makes an event about as large as a message event is.
pub(crate) const TEXT: &str = "Your order has left our warehouse in Rotterdam and will be with you tomorrow \
    between nine and twelve. Answer 1 to change the time, 2 to name a neighbour who may take it, 3 \
    to talk to one of us. You can follow the parcel at any time under the link that we sent you.";

/// Whose events, and where they go.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    /// The nodes; connections are shared out among them.
    pub(crate) addresses: Arc<[SocketAddr]>,
    pub(crate) token: Arc<str>,
    pub(crate) tally: Arc<Tally>,
    /// How many contacts the events are about, in turn.
    pub(crate) contacts: usize,
    /// Where the events come from Meta's notifications, one each.
    pub(crate) callback: Option<Arc<Callback>>,
}

/// Writes one event as the API takes it. Its id makes it the same event however often it is posted.
pub(crate) fn write_event(to: &mut Vec<u8>, phase: u32, number: usize, contacts: usize) {
    let contact = 31_600_000_000 + number % contacts;
    // A vector takes all.
    let _ = write!(
        to,
        "{{\"type\":\"message.received\",\"id\":\"bench-{phase}-{number}\",\
         \"subject\":\"{contact}\",\"data\":{{{NUMBER_KEY}{number},\"from\":\"{contact}\",\
         \"type\":\"text\",\"text\":{{\"body\":\"{TEXT}\"}}}}}}"
    );
}

/// How a single try came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    Accepted,
    /// Too many for now, and it said when to come again.
    TooMany,
    /// Too many for now, without a word of when.
    TooManyWithout,
}

/// A connection that opens again when it was closed.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: Sender,
    address: SocketAddr,
    /// All of a request's head but its length and what changes: to `/events`, to `/events/batch`, and to
    /// a callback.
    heads: [Vec<u8>; 3],
    open: Option<TcpStream>,
    body: Vec<u8>,
    /// What a notification is signed with; empty for the rest.
    signature: String,
    request: Vec<u8>,
    inbox: Inbox,
}

#[derive(Debug, Clone, Copy)]
enum Door {
    Single,
    Batch,
    Callback,
}

impl Door {
    /// The status with which the program takes responsibility.
    const fn taken(self) -> u16 {
        match self {
            Self::Single | Self::Batch => 202,
            Self::Callback => 200,
        }
    }
}

impl Connection {
    /// The connection of this place among all of them.
    pub(crate) fn new(sender: Sender, place: usize) -> Self {
        let address = sender.addresses[place % sender.addresses.len()];
        let head = |path: &str, headers: &str| {
            format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\
                 content-type: application/json\r\ncontent-length: "
            )
        };
        let bearer = format!("authorization: Bearer {}\r\n", sender.token);
        let callback = sender.callback.as_ref().map_or("", |callback| &callback.path);
        let heads = [
            head("/api/v1/events", &bearer),
            head("/api/v1/events/batch", &bearer),
            head(callback, ""),
        ];
        let heads = heads.map(String::into_bytes);
        let (body, signature, request) = (Vec::new(), String::new(), Vec::new());
        Self { sender, address, heads, open: None, body, signature, request, inbox: Inbox::new() }
    }

    pub(crate) fn tally(&self) -> &Arc<Tally> {
        &self.sender.tally
    }

    /// Sends what is in `body` once and reads the answer, which stays in the inbox.
    async fn exchange(&mut self, door: Door) -> anyhow::Result<Response> {
        self.request.clear();
        self.request.extend_from_slice(&self.heads[door as usize]);
        // A vector takes all.
        let _ = write!(self.request, "{}\r\n", self.body.len());
        if !self.signature.is_empty() {
            let _ = write!(self.request, "x-hub-signature-256: {}\r\n", self.signature);
        }
        self.request.extend_from_slice(b"\r\n");
        self.request.extend_from_slice(&self.body);
        if let Some(used) = self.open.take() {
            match self.send(used).await {
                Ok(response) => return Ok(response),
                // Closed while it was idle: that says nothing about the program.
                Err(_) if self.inbox.unread().is_empty() => {}
                Err(error) => return Err(error),
            }
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        self.send(stream).await
    }

    async fn send(&mut self, mut stream: TcpStream) -> anyhow::Result<Response> {
        self.inbox.clear();
        stream.write_all(&self.request).await?;
        let mut bytes_min = 1;
        loop {
            if !self.inbox.fill(&mut stream, bytes_min).await? {
                bail!("the connection was closed before an answer");
            }
            match wire::response(self.inbox.unread())? {
                Parsed::Whole(response) => {
                    if !response.message.closes {
                        self.open = Some(stream);
                    }
                    return Ok(response);
                }
                Parsed::Partial { bytes_min: more } => bytes_min = more,
            }
        }
    }

    fn answer(&self, response: &Response) -> String {
        let body = response.message.body.bytes(self.inbox.unread());
        format!("{} {}", response.status, String::from_utf8_lossy(&body))
    }

    /// Posts until it is acknowledged. The connection may be closed and the program may be away or
    /// too busy; any other answer than "accepted" is an error.
    async fn post(&mut self, door: Door) -> anyhow::Result<Response> {
        let end = Instant::now() + POST_MAX;
        loop {
            let trouble = match self.exchange(door).await {
                Ok(response) if response.status == door.taken() => return Ok(response),
                Ok(response) if matches!(response.status, 429 | 503) => self.answer(&response),
                Ok(response) => bail!("{door:?} was answered {}", self.answer(&response)),
                Err(error) => error.to_string(),
            };
            if Instant::now() > end {
                bail!("{door:?} was not acknowledged within {POST_MAX:?}: {trouble}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn write_event(&mut self, number: usize) {
        let Sender { tally, contacts, .. } = &self.sender;
        write_event(&mut self.body, tally.phase, tally.written(number), *contacts);
    }

    /// Writes what one event comes in, and says where it is posted to.
    fn write(&mut self, number: usize) -> Door {
        self.body.clear();
        let Sender { tally, contacts, callback, .. } = &self.sender;
        let Some(callback) = callback else {
            self.write_event(number);
            return Door::Single;
        };
        callback.write(&mut self.body, tally.phase, tally.written(number), *contacts);
        self.signature = callback.sign(&self.body);
        Door::Callback
    }

    /// Posts one event until it is acknowledged.
    pub(crate) async fn post_event(&mut self, number: usize) -> anyhow::Result<()> {
        let door = self.write(number);
        self.post(door).await?;
        self.sender.tally.acknowledge(number);
        Ok(())
    }

    /// Posts one event once. Its latency counts from now: what is measured is what the program does
    /// with what it takes in.
    pub(crate) async fn try_event(&mut self, number: usize) -> anyhow::Result<Answered> {
        self.body.clear();
        self.write_event(number);
        self.sender.tally.intend(number, Instant::now());
        let response = self.exchange(Door::Single).await.context("an event got no answer")?;
        match response.status {
            202 => self.sender.tally.acknowledge(number),
            429 | 503 => {
                let said_when = response.retry_after;
                return Ok(if said_when { Answered::TooMany } else { Answered::TooManyWithout });
            }
            _ => bail!("an event was answered {}", self.answer(&response)),
        }
        Ok(Answered::Accepted)
    }

    /// Posts several until they are acknowledged.
    pub(crate) async fn post_batch(
        &mut self,
        numbers: std::ops::Range<usize>,
    ) -> anyhow::Result<()> {
        self.body.clear();
        self.body.extend_from_slice(b"{\"events\":[");
        for number in numbers.clone() {
            if number > numbers.start {
                self.body.push(b',');
            }
            self.write_event(number);
        }
        self.body.extend_from_slice(b"]}");
        let response = self.post(Door::Batch).await?;
        let answer = response.message.body.bytes(self.inbox.unread());
        if memchr::memmem::find(&answer, b"\"error\"").is_some() {
            bail!("a valid event was refused: {}", String::from_utf8_lossy(&answer));
        }
        numbers.for_each(|number| self.sender.tally.acknowledge(number));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn an_event_is_json_with_its_number() {
        let mut event = Vec::new();
        write_event(&mut event, 3, 17, 10);
        let event: serde_json::Value = serde_json::from_slice(&event).unwrap();
        assert_eq!(event["id"], "bench-3-17");
        assert_eq!(
            (&event["data"]["bench_number"], &event["subject"]),
            (&17.into(), &"31600000007".into())
        );
    }

    /// Answers each connection with these bytes, one after the other, after each request.
    async fn served(listener: TcpListener, connections: Vec<Vec<&'static [u8]>>) {
        for answers in connections {
            let (mut stream, _) = listener.accept().await.unwrap();
            for answer in answers {
                let mut request = vec![0; 16_384];
                assert!(stream.read(&mut request).await.unwrap() > 0);
                for piece in answer.chunks(20) {
                    stream.write_all(piece).await.unwrap();
                    stream.flush().await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    #[tokio::test]
    async fn an_event_is_posted_until_it_is_taken_over_closed_connections_and_refusals() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sender = Sender {
            addresses: [listener.local_addr().unwrap()].into(),
            token: "hkf_1".into(),
            tally: Arc::new(Tally::new(1, 4, 1)),
            contacts: 1,
            callback: None,
        };
        let tally = sender.tally.clone();
        let load = async move {
            let mut connection = Connection::new(sender, 0);
            connection.post_event(0).await.unwrap();
            connection.post_event(1).await.unwrap();
            assert_eq!(connection.try_event(2).await.unwrap(), Answered::TooMany);
            assert_eq!(connection.try_event(2).await.unwrap(), Answered::TooManyWithout);
            connection.post_batch(2..4).await.unwrap();
            assert!(connection.post_event(3).await.is_err());
        };
        let taken: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}";
        let busy = b"HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
        let rude = b"HTTP/1.1 429 Busy\r\ncontent-length: 0\r\n\r\n";
        let chunked =
            b"HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        let wrong = b"HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n";
        let server = served(
            listener,
            vec![vec![taken], vec![busy, taken, busy, rude], vec![chunked, wrong]],
        );
        tokio::join!(load, server);
        assert_eq!(tally.owed(), 4);
    }
}
