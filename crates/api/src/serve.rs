//! The server: its configuration, what it shares with the rest of the process, how it is started.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_http::{HttpService, Protocol};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::{AppConfig, Server};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use domain::address::AddressPolicy;
use domain::operator::OperatorTokens;
use domain::schedule::RetrySchedule;
use domain::settle::Policy;
use store::{Clock, MailWriter, Store};
use tokio::runtime::Handle;

use crate::body::{Arriving, Notifications};
use crate::checks::Checks;
use crate::dashboard::Dashboard;
use crate::inbox_door::InboxDoor;
use crate::metrics::{Exposition, Metrics};
use crate::operator::Guesses;
use crate::password::Passwords;
use crate::request_id::SLOW_WITHIN;
use crate::sample::SampleSender;
use crate::silence::Answering;
use crate::{request_id, routes};

/// Longer than the idle time of common balancers, so that they close first.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Where there may be few connections, those that say nothing must not keep others out for long.
const KEEP_ALIVE_OF_FEW: Duration = Duration::from_secs(5);
const FEW_CONNECTIONS: usize = 1_000;
/// How long the head of a request may take to arrive.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a connection may take to close once it shall.
const DISCONNECT_TIME_MAX: Duration = Duration::from_secs(1);
/// How long what is sent may stay unread before the connection is cut.
const UNREAD_TIME_MAX: Duration = Duration::from_secs(20);
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 2_048;

/// What notifications that are being read may take together: ten of the largest.
const NOTIFICATIONS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// What those of one source may take of it.
const NOTIFICATIONS_OF_SOURCE_BYTES_MAX: usize = NOTIFICATIONS_BYTES_MAX / 4;

/// How long a scrape under way may take once the process ends.
const METRICS_SHUTDOWN: Duration = Duration::from_secs(2);

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
    /// What is decided for every endpoint; told to people, applied elsewhere.
    pub rules: DeliveryRules,
    /// The pages that people see.
    pub dashboard: Dashboard,
    /// How many threads answer.
    pub workers: usize,
    /// How many connections they take together; whoever comes later waits to be accepted.
    pub connections_max: usize,
    /// How long requests under way may take once the server is stopped.
    pub shutdown_timeout: Duration,
}

/// What an installation has decided for every endpoint that does not choose for itself.
#[derive(Debug, Clone)]
pub struct DeliveryRules {
    /// The standard schedule.
    pub standard: RetrySchedule,
    /// When streaks matter, and when a delivery is given up.
    pub policy: Policy,
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
    /// What is counted here.
    pub metrics: Arc<Metrics>,
    /// Where `/metrics` comes from, unless it has a listener of its own.
    pub exposition: Option<Arc<dyn Exposition>>,
    /// Writes the words of mails, for whoever reads them here.
    pub texts: Arc<dyn MailWriter>,
}

/// What every handler sees.
#[derive(Debug)]
pub struct Shared {
    /// The runtime that what handlers open belongs to.
    pub main: Handle,
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
    /// Where data is checked against schemas.
    pub checks: Checks,
    /// Room for bodies on their way in.
    pub arriving: Arriving,
    /// The same for notifications: whoever sends them has shown nothing before, and must not take the
    /// room of those who have.
    pub notifications: Notifications,
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

/// Starts to answer on `listener`. The server runs while it is awaited and stops by its handle. To be
/// called on the runtime that the store is used on.
pub fn serve(listener: TcpListener, config: Config, state: State) -> io::Result<Server> {
    let (workers, shutdown_timeout) = (config.workers.max(1), config.shutdown_timeout);
    let connections_each = (config.connections_max / workers).max(1);
    let is_few = config.connections_max < FEW_CONNECTIONS;
    let keep_alive = if is_few { KEEP_ALIVE_OF_FEW } else { KEEP_ALIVE };
    let shared = web::Data::new(Shared {
        main: Handle::current(),
        config,
        state,
        passwords: Passwords::default(),
        checks: Checks::default(),
        arriving: Arriving::default(),
        notifications: Notifications::of(
            NOTIFICATIONS_BYTES_MAX,
            NOTIFICATIONS_OF_SOURCE_BYTES_MAX,
        ),
        guesses: Guesses::default(),
        inboxes: InboxDoor::default(),
    });
    let silence_max = keep_alive.max(SLOW_WITHIN) + HEAD_TIME_MAX;
    let builder = actix_server::Server::build()
        .workers(workers)
        .max_concurrent_connections(connections_each)
        .disable_signals()
        .shutdown_timeout(shutdown_timeout.as_secs());
    let stopping = builder.graceful_shutdown_signal();
    // As `HttpServer` would do it, whose connections cannot be bounded further.
    let serve = move || {
        let app = App::new()
            .app_data(shared.clone())
            .wrap(from_fn(request_id::name_and_log))
            .configure(routes::configure);
        let app = app.into_factory().map_err(|error| error.error_response());
        let stopping = stopping.clone();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(keep_alive)
            .client_request_timeout(HEAD_TIME_MAX)
            .client_disconnect_timeout(DISCONNECT_TIME_MAX)
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(move |stream: TcpStream| async move {
            prepare(&stream);
            let peer = stream.peer_addr().ok();
            Ok((Answering::new(stream, silence_max), Protocol::Http1, peer))
        })
        .and_then(http)
    };
    Ok(builder.listen("api", listener, serve)?.run())
}

/// Starts to answer `/metrics` and `/healthz` on a listener of their own, and nothing else.
pub fn serve_metrics(listener: TcpListener, exposition: Arc<dyn Exposition>) -> io::Result<Server> {
    let exposition: web::Data<dyn Exposition> = web::Data::from(exposition);
    let server = HttpServer::new(move || {
        App::new().app_data(exposition.clone()).configure(routes::configure_metrics)
    })
    .workers(1)
    .client_request_timeout(HEAD_TIME_MAX)
    .tcp_nodelay(true)
    .disable_signals()
    .shutdown_timeout(METRICS_SHUTDOWN.as_secs())
    .listen(listener)?
    .run();
    Ok(server)
}

/// Whoever does not read holds a connection, and its stream, only for a while: the kernel cuts it. Without either of
/// these the connection works all the same.
fn prepare(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_TIME_MAX));
}
