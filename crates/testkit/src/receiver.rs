//! A real HTTP receiver that answers what it is told and remembers what came.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use parking_lot::{Mutex, RwLock};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// When all of it was there.
    pub at: Instant,
    /// `POST`, mostly.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case, in the order in which they came; values as text, lossy.
    pub headers: Vec<(String, String)>,
    /// The bytes that were signed.
    pub body: Bytes,
}

impl Received {
    /// The first header of this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `webhook-id`, empty where there is none.
    pub fn event_id(&self) -> &str {
        self.header("webhook-id").unwrap_or_default()
    }

    /// `Hookferry-Attempt`, 0 where there is none.
    pub fn attempt(&self) -> u32 {
        self.header("hookferry-attempt").and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// Where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

/// What to answer.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
    delay: Duration,
    manner: Manner,
}

#[derive(Debug, Clone, Copy)]
enum Manner {
    Whole,
    Held,
    Reset,
    Slowly(Duration),
    Endless,
}

impl Reply {
    /// This status and an empty body, at once.
    pub fn status(status: u16) -> Self {
        let (headers, body, delay) = (Vec::new(), Bytes::new(), Duration::ZERO);
        Self { status, headers, body, delay, manner: Manner::Whole }
    }

    /// Nothing, until [`Receiver::release`]; then 200.
    pub fn hang() -> Self {
        Self { manner: Manner::Held, ..Self::status(200) }
    }

    /// Not before [`Receiver::release`].
    #[must_use]
    pub fn held(mut self) -> Self {
        self.manner = Manner::Held;
        self
    }

    /// No answer: the connection is reset.
    pub fn reset() -> Self {
        Self { manner: Manner::Reset, ..Self::status(200) }
    }

    /// A body that never ends, as fast as it is read.
    pub fn endless() -> Self {
        Self { manner: Manner::Endless, ..Self::status(200) }
    }

    /// With a header, any bytes.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With a body, any bytes.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Not before this has passed.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The head at once, then one byte of the body each time this has passed.
    #[must_use]
    pub fn slowly(mut self, each: Duration) -> Self {
        self.manner = Manner::Slowly(each);
        self
    }
}

type Answer = Arc<dyn Fn(&Received) -> Reply + Send + Sync>;

struct Shared {
    answer: RwLock<Answer>,
    memory: Mutex<Memory>,
    count: watch::Sender<usize>,
    released: watch::Sender<bool>,
}

enum Memory {
    All(Vec<Received>),
    EventIds(HashMap<String, u32>),
}

/// A receiver on 127.0.0.1, on threads of its own; gone on drop.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Receiver {
    /// Remembers every request; answers 200 until told otherwise.
    pub fn start() -> Self {
        Self::with(Memory::All(Vec::new()))
    }

    /// Remembers no more than how often each event id came, for load.
    pub fn counting() -> Self {
        Self::with(Memory::EventIds(HashMap::new()))
    }

    fn with(memory: Memory) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("a listener can be non-blocking");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            answer: RwLock::new(Arc::new(|_| Reply::status(200))),
            memory: Mutex::new(memory),
            count: watch::Sender::new(0),
            released: watch::Sender::new(false),
        });
        let stop = CancellationToken::new();
        let (its_shared, its_stop) = (shared.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("a runtime can be made");
            runtime.block_on(serve(listener, its_shared, its_stop));
            runtime.shutdown_background();
        });
        Self { address, shared, stop, thread: Some(thread) }
    }

    /// `http://127.0.0.1:PORT` and a path that begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on answers this status.
    pub fn answers(&self, status: u16) {
        self.answers_with(move |_| Reply::status(status));
    }

    /// From now on answers what `answer` says.
    pub fn answers_with(&self, answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        *self.shared.answer.write() = Arc::new(answer);
    }

    /// Lets every hanging request be answered, those to come too.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// How many requests came.
    pub fn count(&self) -> usize {
        *self.shared.count.borrow()
    }

    /// What came so far, in order of arrival; empty for one that only counts.
    pub fn received(&self) -> Vec<Received> {
        match &*self.shared.memory.lock() {
            Memory::All(all) => all.clone(),
            Memory::EventIds(_) => Vec::new(),
        }
    }

    /// How often each event id came.
    pub fn arrivals(&self) -> HashMap<String, u32> {
        match &*self.shared.memory.lock() {
            Memory::EventIds(ids) => ids.clone(),
            Memory::All(all) => {
                let mut ids = HashMap::new();
                for received in all {
                    *ids.entry(received.event_id().to_owned()).or_default() += 1;
                }
                ids
            }
        }
    }

    /// Waits until `n` requests have come, and gives all that came.
    ///
    /// # Panics
    /// When they have not come `within` the time given.
    pub async fn wait_for(&self, n: usize, within: Duration) -> Vec<Received> {
        let mut count = self.shared.count.subscribe();
        let enough = count.wait_for(|count| *count >= n);
        if tokio::time::timeout(within, enough).await.is_err() {
            panic!("{} of {n} requests came within {within:?}", self.count());
        }
        self.received()
    }

    /// Waits until what came satisfies `enough`, and gives all that came.
    ///
    /// # Panics
    /// When it does not `within` the time given.
    pub async fn wait_until(
        &self,
        within: Duration,
        enough: impl Fn(&[Received]) -> bool,
    ) -> Vec<Received> {
        let mut count = self.shared.count.subscribe();
        let found = async {
            loop {
                count.mark_unchanged();
                let received = self.received();
                if enough(&received) {
                    return received;
                }
                count.changed().await.expect("the receiver holds the sender");
            }
        };
        match tokio::time::timeout(within, found).await {
            Ok(received) => received,
            Err(_) => panic!("{} requests within {within:?}, not what was needed", self.count()),
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed; this one must not hide the test's own.
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("it is non-blocking");
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        if let Ok((stream, _)) = accepted {
            let (shared, stop) = (shared.clone(), stop.clone());
            connections.spawn(async move {
                tokio::select! { () = stop.cancelled() => {}, () = connection(stream, shared) => {} }
            });
        }
    }
}

/// Why a connection ends without an answer.
#[derive(Debug)]
struct Reset;

impl std::fmt::Display for Reset {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the test wants the connection reset")
    }
}

impl std::error::Error for Reset {}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // An answer must not wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| Box::pin(respond(request, shared.clone())));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let end = std::future::poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    if end.is_err_and(|error| error.is_user()) {
        // The peer may have gone already.
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}

async fn respond(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Reset> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Reset)?.to_bytes();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let received = Received {
        at: Instant::now(),
        method: head.method.to_string(),
        path: head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        headers: head.headers.iter().map(|(key, value)| (key.to_string(), text(value))).collect(),
        body,
    };
    let reply = shared.answer.read().clone()(&received);
    match &mut *shared.memory.lock() {
        Memory::All(all) => all.push(received),
        Memory::EventIds(ids) => *ids.entry(received.event_id().to_owned()).or_default() += 1,
    }
    shared.count.send_modify(|count| *count += 1);
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    let body = match reply.manner {
        Manner::Whole => Full::new(reply.body).boxed(),
        Manner::Held => {
            let mut released = shared.released.subscribe();
            released.wait_for(|released| *released).await.map_err(|_| Reset)?;
            Full::new(reply.body).boxed()
        }
        Manner::Reset => return Err(Reset),
        Manner::Slowly(each) => slow(reply.body, each),
        Manner::Endless => endless(),
    };
    Ok(answer(reply.status, reply.headers, body))
}

fn answer(
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: BoxBody<Bytes, Infallible>,
) -> Response<BoxBody<Bytes, Infallible>> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("the test names a status");
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("the test names a header");
        let value = HeaderValue::from_bytes(&value).expect("the test gives a header's value");
        response.headers_mut().append(name, value);
    }
    response
}

fn slow(body: Bytes, each: Duration) -> BoxBody<Bytes, Infallible> {
    let bytes = futures_util::stream::iter(0..body.len()).then(move |place| {
        let byte = body.slice(place..=place);
        async move {
            tokio::time::sleep(each).await;
            Ok(Frame::data(byte))
        }
    });
    BodyExt::boxed(StreamBody::new(Box::pin(bytes)))
}

fn endless() -> BoxBody<Bytes, Infallible> {
    let chunk = Bytes::from_static(&[b'x'; 16 * 1024]);
    let chunks = futures_util::stream::repeat_with(move || Ok(Frame::data(chunk.clone())));
    BodyExt::boxed(StreamBody::new(chunks))
}
