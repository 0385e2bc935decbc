//! A receiver that does to its connections what a test tells it, and names that a test makes up.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::address::AddressPolicy;
use domain::headers::Headers;
use domain::outcome::{Acknowledge, ErrorKind};
use egress::{Client, Config, Exchange, Names, Request, Resolving, Unresolvable};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

/// Long enough for whatever is expected to happen.
pub const PLENTY: Duration = Duration::from_secs(20);

/// Serves until it is dropped.
pub struct Receiver {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

/// One connection of a receiver.
pub struct Connection {
    pub stream: TcpStream,
    /// Which connection it is, from 0.
    pub number: usize,
    requests: Arc<AtomicUsize>,
}

impl Receiver {
    /// Runs `serve` for each connection.
    pub async fn start<F, S>(serve: S) -> Self
    where
        S: Fn(Connection) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), serve).await
    }

    /// The same at an address of choice.
    pub async fn start_at<F, S>(address: SocketAddr, serve: S) -> Self
    where
        S: Fn(Connection) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(AtomicUsize::new(0));
        let mut serving = JoinSet::new();
        let (counted, answered) = (Arc::clone(&connections), Arc::clone(&requests));
        serving.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = counted.fetch_add(1, Ordering::SeqCst);
                let requests = Arc::clone(&answered);
                open.spawn(serve(Connection { stream, number, requests }));
            }
        });
        Self { address, connections, requests, _serving: serving }
    }

    /// Answers each request with `answer` and keeps the connection open.
    pub async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<[u8]> = answer.into().into();
        Self::start(move |mut connection| {
            let answer = Arc::clone(&answer);
            async move {
                while connection.request().await.is_some() {
                    connection.answer(&answer).await;
                }
            }
        })
        .await
    }

    /// Answers one request with `answer` and closes.
    pub async fn answering_and_closing(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<[u8]> = answer.into().into();
        Self::start(move |mut connection| {
            let answer = Arc::clone(&answer);
            async move {
                connection.request().await.unwrap();
                connection.answer(&answer).await;
            }
        })
        .await
    }

    pub fn url(&self) -> Url {
        self.url_of("127.0.0.1")
    }

    pub fn url_of(&self, host: &str) -> Url {
        Url::parse(&format!("http://{host}:{}/hook?token=secret", self.address.port())).unwrap()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Connection {
    /// Reads one whole request; `None` where the client has closed.
    pub async fn request(&mut self) -> Option<Vec<u8>> {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            read.push(self.stream.read_u8().await.ok()?);
        }
        let head = String::from_utf8_lossy(&read).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.ok()?;
        read.extend(body);
        self.requests.fetch_add(1, Ordering::SeqCst);
        Some(read)
    }

    pub async fn answer(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }
}

/// Gives one answer after the other, the last one for ever.
#[derive(Debug)]
pub struct Script {
    answers: Mutex<VecDeque<Result<Vec<IpAddr>, Unresolvable>>>,
    asked: AtomicUsize,
}

impl Script {
    pub fn new(answers: impl IntoIterator<Item = Result<Vec<IpAddr>, String>>) -> Arc<Self> {
        let read = |answer: Result<_, String>| answer.map_err(Unresolvable::NoAddress);
        Self::of(answers.into_iter().map(read).collect())
    }

    /// Nobody can be asked, for want of something on this machine.
    pub fn not_asked() -> Arc<Self> {
        Self::of([Err(Unresolvable::NotAsked("no file is left".to_owned()))].into())
    }

    fn of(answers: VecDeque<Result<Vec<IpAddr>, Unresolvable>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers), asked: AtomicUsize::new(0) })
    }

    pub fn addresses<const N: usize>(answers: [&[&str]; N]) -> Arc<Self> {
        let parse = |address: &&str| address.parse().unwrap();
        Self::new(answers.map(|addresses| Ok(addresses.iter().map(parse).collect())))
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Names for Script {
    fn resolve(&self, _: String) -> Resolving {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async move { answer.unwrap() })
    }
}

/// A client that may dial `networks` although the deny list has them.
pub fn client_allowing(networks: &[&str], names: Option<Arc<dyn Names>>) -> Client {
    Client::new(config(networks, names)).unwrap()
}

pub fn config(networks: &[&str], names: Option<Arc<dyn Names>>) -> Config {
    let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
    let policy = AddressPolicy::new(networks);
    let dial_max = egress::DIAL_MAX;
    Config { policy, own_listener: None, idle_per_host_max: 32, dial_max, names }
}

/// A client that may dial the loopback network and knows no names.
pub fn client() -> Client {
    client_allowing(&["127.0.0.0/8"], Some(Script::new([Err("no names in this test".into())])))
}

/// The beginning of 1970.
pub const SENT_AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

pub fn request(url: &Url) -> Request<'_> {
    Request {
        url,
        headers: Headers::from_iter([("webhook-id".to_owned(), "evt_1".to_owned())]),
        body: b"{\"a\":1}".to_vec(),
        at: SENT_AT,
        timeout: PLENTY,
        acknowledge: Acknowledge::Any2xx,
    }
}

pub async fn send(client: &Client, url: &Url) -> Exchange {
    client.send(request(url)).await
}

/// Asserts the kind and gives the sentence, which never holds the URL's query.
pub fn failed(exchange: &Exchange, kind: ErrorKind) -> &str {
    let failure = exchange.outcome.failure.as_ref().expect("this should have failed");
    assert_eq!(failure.kind, kind, "{}", failure.message);
    assert!(!failure.message.contains("secret"), "{}", failure.message);
    &failure.message
}
