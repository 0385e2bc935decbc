//! The server: its configuration, what it shares with the rest of the process, how it is started.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use domain::address::AddressPolicy;
use domain::operator::OperatorTokens;
use store::{Clock, Store};

use crate::inbox_door::InboxDoor;
use crate::operator::Guesses;
use crate::password::Passwords;
use crate::sample::SampleSender;
use crate::{request_id, routes};

/// Longer than the idle time of common balancers, so that they close first.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long the head of a request may take to arrive.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 2_048;

/// What the API needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where people reach this installation.
    pub public_url: Option<url::Url>,
    /// Whether endpoints may use plain http.
    pub allow_http: bool,
    /// Whether people can sign up by themselves.
    pub sign_ups: SignUps,
    /// Whether there is a mail server: else addresses count as proved.
    pub can_mail: bool,
    /// The operator's tokens; where there is none the operator's routes do not exist.
    pub operator: OperatorTokens,
    /// Proxies that are believed when they say from where a request comes.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Which addresses endpoints may name.
    pub policy: AddressPolicy,
    /// The time limit of an endpoint that does not choose one.
    pub default_timeout: Duration,
    /// How many threads answer.
    pub workers: usize,
    /// How long requests under way may take once the server is stopped.
    pub shutdown_timeout: Duration,
}

/// Whether people can sign up by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUps {
    /// Everybody can.
    Open,
    /// The operator makes companies.
    Closed,
}

/// Whether this node takes requests; a balancer asks `/readyz`. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Says whether this node takes requests.
    pub fn set_ready(&self, ready: bool) {
        self.0.store(ready, Ordering::Release);
    }

    /// Whether this node takes requests.
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What the API shares with the rest of the process.
#[derive(Debug, Clone)]
pub struct State {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Sends samples on the main runtime.
    pub samples: SampleSender,
    /// Whether this node takes requests.
    pub readiness: Readiness,
}

/// What every handler sees.
#[derive(Debug)]
pub struct Shared {
    /// The configuration.
    pub config: Config,
    /// What is shared with the rest of the process.
    pub state: State,
    /// Where passwords are hashed.
    pub passwords: Passwords,
    /// Wrong operator's tokens, counted.
    pub guesses: Guesses,
    /// How fast inboxes take requests.
    pub inboxes: InboxDoor,
}

/// Listens with a queue that is long enough for a burst. Called inside a tokio runtime.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        tokio::net::TcpSocket::new_v4()?
    } else {
        tokio::net::TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Starts to answer on `listener`. The server runs while it is awaited and stops by its handle.
pub fn serve(listener: TcpListener, config: Config, state: State) -> io::Result<Server> {
    let (workers, shutdown_timeout) = (config.workers.max(1), config.shutdown_timeout);
    let shared = web::Data::new(Shared {
        config,
        state,
        passwords: Passwords::default(),
        guesses: Guesses::default(),
        inboxes: InboxDoor::default(),
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .wrap(from_fn(request_id::name_and_log))
            .configure(routes::configure)
    })
    .workers(workers)
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEAD_TIME_MAX)
    .tcp_nodelay(true)
    .disable_signals()
    .shutdown_timeout(shutdown_timeout.as_secs())
    .listen(listener)?
    .run();
    Ok(server)
}
