//! The whole program in one value: everything that `serve` starts, and its orderly end.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use dispatch::Dispatcher;
use domain::address::AddressPolicy;
use domain::inbox_url::OwnOrigin;
use futures_util::future::BoxFuture;
use mail::Mailer;
use store::{Clock, Store};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::database;
use crate::health::Health;
use crate::hints;
use crate::lock::DataDirLock;
use crate::metrics::Exporter;
use crate::metrics_door::MetricsDoor;
use crate::open_files;
use crate::settings::Settings;
use crate::settings::database::Database;
use crate::supervise::supervise;

const MIB: usize = 1024 * 1024;
/// How long the batch that is being written at the end may take.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(5);
/// How long aborted loops may take to give their claims back.
const ABORT_TIME_MAX: Duration = Duration::from_secs(5);

/// The running program.
pub struct Program {
    address: SocketAddr,
    store: Store,
    clock: Arc<dyn Clock>,
    dispatcher: Arc<Dispatcher>,
    health: Arc<Health>,
    drain_delay: Duration,
    shutdown_timeout: Duration,
    stop_server: Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>,
    server_ended: CancellationToken,
    loops: Loops,
    metrics: Option<MetricsDoor>,
    _lock: Option<DataDirLock>,
}

/// The loops, and how each of them is told to stop.
#[derive(Debug, Default)]
struct Loops {
    ingest: TaskTracker,
    stop_ingest: CancellationToken,
    dispatch: TaskTracker,
    stop_claiming: CancellationToken,
    abort: CancellationToken,
    mail: TaskTracker,
    stop_mail: CancellationToken,
    live: TaskTracker,
    stop_live: CancellationToken,
    others: TaskTracker,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Program {
    /// Opens the database, binds the address and starts everything; ready when it returns.
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        // A second installation is no error: it is the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let lock = take_lock(&settings)?;
        let store = database::open(&settings).await?;
        // Before anything is written: what comes first must not land in a default partition.
        store.make_partitions(clock.now()).await?;
        let listener = api::bind(settings.listen)
            .with_context(|| format!("cannot listen on {}", settings.listen))?;
        let address = listener.local_addr()?;
        let policy = policy(&settings, address);
        let shares = open_files::share_out(settings.connections_max, settings.in_flight_max);
        let client = egress::Client::new(egress::Config {
            policy: policy.clone(),
            own_listener: Some(hints::reachable(address)),
            // Fewer, and a busy host's connections would be closed and opened again all the time; idle
            // ones are closed after a few seconds.
            idle_per_host_max: shares.in_flight,
            dial_max: egress::DIAL_MAX,
            names: None,
        })?;
        let dispatcher = Dispatcher::new(
            store.clone(),
            client.clone(),
            Arc::clone(&clock),
            dispatch::Config {
                in_flight_max: shares.in_flight,
                memory_max: settings.queue_mib.saturating_mul(MIB),
                node_name: settings.node_name.clone(),
                retention: settings.retention,
            },
        );
        // Before anything is dated by it.
        dispatcher.measure_clock().await?;
        let (samples, sample_queue) = api::sample_channel();
        let readiness = api::Readiness::default();
        let health = Arc::new(Health::new(readiness.clone()));
        let loops = Loops::default();
        loops.start(&settings, &store, &clock, &dispatcher, &health);
        loops.others.spawn(api::run_samples(sample_queue, client.clone()));
        let mut state = api::State {
            store: store.clone(),
            clock: Arc::clone(&clock),
            samples,
            readiness,
            metrics: Arc::default(),
            exposition: None,
            texts: Arc::new(mail::Writer::new(settings.public_url.clone())),
        };
        let metrics = open_metrics(&settings, &dispatcher, &mut state)?;
        let config = api_config(&settings, policy, shares.server);
        let server = api::serve(listener, config, state)?;
        let handle = server.handle();
        let server_ended = CancellationToken::new();
        loops.others.spawn(run_server(server, server_ended.clone()));
        let ended = server_ended.clone();
        loops.others.spawn(async move {
            // Whom it is done for is gone with the server.
            let _ = ended.run_until_cancelled(open_files::watch(client)).await;
        });
        health.set_serving(true);
        Ok(Self {
            address,
            store,
            clock,
            dispatcher,
            health,
            drain_delay: settings.drain_delay,
            shutdown_timeout: settings.shutdown_timeout,
            stop_server: Box::new(move || Box::pin(async move { handle.stop(true).await })),
            server_ended,
            loops,
            metrics,
            _lock: lock,
        })
    }

    /// Where the HTTP server listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where metrics are served alone, if they are.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(MetricsDoor::address)
    }

    /// The database.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The engine.
    pub const fn dispatcher(&self) -> &Arc<Dispatcher> {
        &self.dispatcher
    }

    /// Waits until the HTTP server ends by itself, which it should never do.
    pub async fn server_ended(&self) {
        self.server_ended.cancelled().await;
    }

    /// Ends in order: says no to the balancer and goes on serving for the drain delay; finishes the mail in
    /// hand, claims no more, finishes what is under way to receivers within its time and gives the rest back, and
    /// goes on serving meanwhile, since a receiver may take long and callers need not wait for it: what they post
    /// waits in the database; finishes requests and takes no more; writes down what was taken in; says goodbye.
    /// Metrics with a listener of their own can be had until the end.
    pub async fn shutdown(self) {
        let Self {
            store,
            clock,
            dispatcher,
            health,
            drain_delay,
            shutdown_timeout,
            stop_server,
            loops,
            metrics,
            ..
        } = self;
        health.set_serving(false);
        loops.stop_mail.cancel();
        tracing::info!("Stopping: serving for another {drain_delay:?}, no longer ready");
        tokio::time::sleep(drain_delay).await;
        let (closed, settled) = (dispatcher.take_no_more(), dispatcher.settled());
        loops.end_sending(closed, settled, shutdown_timeout).await;
        // They would not end by themselves, and the server waits for whatever is under way.
        store.end_live_streams();
        stop_server().await;
        if let Err(error) = store.write_source_counts(clock.now()).await {
            tracing::warn!(error = %error, "What came last to sources is not counted: {error}");
        }
        loops.end_the_rest(|| dispatcher.let_go(), shutdown_timeout).await;
        if let Some(door) = metrics {
            door.close().await;
        }
        tracing::info!("Stopped");
    }
}

impl Loops {
    /// Nothing more is sent, and what is under way ends. `closed`: when fresh deliveries are for others; `settled`:
    /// when dispatch has nothing in hand.
    async fn end_sending(
        &self,
        closed: impl Future<Output = ()>,
        settled: impl Future<Output = ()>,
        within: Duration,
    ) {
        self.stop_mail.cancel();
        if tokio::time::timeout(CLOSE_TIME_MAX, closed).await.is_err() {
            tracing::warn!("What is being taken in was not written within {CLOSE_TIME_MAX:?}");
        }
        self.stop_claiming.cancel();
        tracing::info!("Stopping: nothing more is sent; what is under way may take {within:?}");
        self.dispatch.close();
        let mut settled = pin!(async {
            tokio::select! {
                () = settled => {}
                // It crashed, and would have begun again.
                () = self.dispatch.wait() => {}
            }
        });
        let sending = tokio::time::timeout(within, settled.as_mut());
        let (sent, _) = tokio::join!(sending, finish(&self.mail, "mail", within));
        if sent.is_err() {
            tracing::warn!("What was under way to receivers did not end within {within:?}");
            self.abort.cancel();
            let _ = tokio::time::timeout(ABORT_TIME_MAX, settled).await;
        }
    }

    /// Ends the others, once nobody is served any more. Dispatch is last of those that claim: with its goodbye this
    /// node is none any more, and whatever it still holds is free for others.
    async fn end_the_rest(&self, let_go: impl FnOnce(), within: Duration) {
        self.stop_ingest.cancel();
        finish(&self.ingest, "ingest", within).await;
        let_go();
        finish(&self.dispatch, "dispatch", within).await;
        self.stop_live.cancel();
        finish(&self.live, "live", within).await;
        finish(&self.others, "samples", within).await;
    }

    fn start(
        &self,
        settings: &Settings,
        store: &Store,
        clock: &Arc<dyn Clock>,
        dispatcher: &Arc<Dispatcher>,
        health: &Arc<Health>,
    ) {
        let (engine, stop, abort) =
            (Arc::clone(dispatcher), self.stop_claiming.clone(), self.abort.clone());
        let run = move || Arc::clone(&engine).run(stop.clone(), abort.clone());
        let stop = self.stop_claiming.clone();
        self.dispatch.spawn(supervise("dispatch", Arc::clone(health), stop, run));

        let (writer, engine, time, stop) =
            (store.clone(), Arc::clone(dispatcher), Arc::clone(clock), self.stop_ingest.clone());
        let run = move || {
            let (writer, hand_over) = (writer.clone(), Arc::clone(&engine));
            let (time, stop) = (Arc::clone(&time), stop.clone());
            async move { writer.run_ingest(hand_over, time, stop).await }
        };
        let stop = self.stop_ingest.clone();
        self.ingest.spawn(supervise("ingest", Arc::clone(health), stop, run));

        self.start_live(store, clock, health);

        let Some(config) = settings.mail.clone() else { return };
        let (store, clock, stop) = (store.clone(), Arc::clone(clock), self.stop_mail.clone());
        let run = move || {
            mail::run(Mailer::new(store.clone(), Arc::clone(&clock), config.clone()), stop.clone())
        };
        let stop = self.stop_mail.clone();
        self.mail.spawn(supervise("mail", Arc::clone(health), stop, run));
    }
}

/// On a listener of their own where the settings name one, else by the API.
fn open_metrics(
    settings: &Settings,
    dispatcher: &Arc<Dispatcher>,
    state: &mut api::State,
) -> anyhow::Result<Option<MetricsDoor>> {
    let (store, dispatcher) = (state.store.clone(), Arc::clone(dispatcher));
    let exporter = Exporter::new(store, dispatcher, state, settings.mail.is_some());
    let exposition: Arc<dyn api::Exposition> = Arc::new(exporter);
    match settings.metrics_listen {
        Some(address) => MetricsDoor::open(address, exposition).map(Some),
        None => {
            state.exposition = Some(exposition);
            Ok(None)
        }
    }
}

impl Loops {
    /// Ends after all that tells of something: what happened last is written down too.
    fn start_live(&self, store: &Store, clock: &Arc<dyn Clock>, health: &Arc<Health>) {
        let (store, clock, stop) = (store.clone(), Arc::clone(clock), self.stop_live.clone());
        let run = move || {
            let (store, clock, stop) = (store.clone(), Arc::clone(&clock), stop.clone());
            async move { store.run_live(clock, stop).await }
        };
        let stop = self.stop_live.clone();
        self.live.spawn(supervise("live", Arc::clone(health), stop, run));
    }
}

fn take_lock(settings: &Settings) -> anyhow::Result<Option<DataDirLock>> {
    match settings.database {
        Database::Postgres { .. } => Ok(None),
        Database::Sqlite { .. } => {
            let dir = &settings.data_dir;
            std::fs::create_dir_all(dir)
                .with_context(|| format!("cannot make the folder {}", dir.display()))?;
            DataDirLock::take(dir).map(Some)
        }
    }
}

/// Which addresses may be dialled, and our own inboxes: at the public URL, else where we listen.
fn policy(settings: &Settings, address: SocketAddr) -> AddressPolicy {
    let policy = AddressPolicy::new(settings.allow_networks.clone());
    let listening = || Url::parse(&format!("http://{}", hints::reachable(address))).ok();
    let own = settings.public_url.clone().or_else(listening);
    match own.as_ref().and_then(OwnOrigin::of) {
        Some(own) => policy.with_inboxes_at(own),
        None => policy,
    }
}

fn api_config(settings: &Settings, policy: AddressPolicy, connections_max: usize) -> api::Config {
    api::Config {
        public_url: settings.public_url.clone(),
        allow_http: settings.allow_http,
        sign_ups: settings.sign_ups,
        can_mail: settings.mail.is_some(),
        operator: settings.operator.clone(),
        trusted_proxies: settings.trusted_proxies.clone(),
        policy,
        default_timeout: settings.timeout,
        rules: api::DeliveryRules {
            standard: settings.standard_schedule.clone(),
            policy: settings.policy,
        },
        dashboard: api::Dashboard::embedded(),
        workers: std::thread::available_parallelism().map_or(1, usize::from),
        connections_max,
        shutdown_timeout: settings.shutdown_timeout,
    }
}

async fn run_server(server: impl Future<Output = std::io::Result<()>>, ended: CancellationToken) {
    if let Err(error) = server.await {
        tracing::error!("The HTTP server failed: {error}");
    }
    ended.cancel();
}

/// Waits for the loops of a tracker, and says whether they ended in time.
async fn finish(tracker: &TaskTracker, name: &str, within: Duration) -> bool {
    tracker.close();
    let ended = tokio::time::timeout(within, tracker.wait()).await.is_ok();
    if !ended {
        tracing::warn!(name, "The {name} loop did not end within {within:?}");
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    async fn start(data_dir: &str) -> anyhow::Result<Program> {
        let pairs = [("data_dir", data_dir), ("listen", "127.0.0.1:0"), ("drain_delay", "0s")];
        Program::start(Settings::from_pairs(&pairs)?, Arc::new(SystemClock::start())).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn it_starts_refuses_a_second_one_stops_in_order_and_starts_again() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().to_str().unwrap();
        let program = start(dir).await.unwrap();
        assert_ne!(program.address().port(), 0);
        let now = SystemClock::start().now();
        let company = program.store().create_company("Acme", "a@example.com", now).await.unwrap();
        let refused = start(dir).await.unwrap_err().to_string();
        assert!(refused.contains("another hookferry serves from"), "{refused}");
        program.shutdown().await;
        let again = start(dir).await.unwrap();
        assert_eq!(again.store().company(company.id).await.unwrap().name, "Acme");
        again.shutdown().await;
    }

    #[tokio::test]
    async fn the_mail_in_hand_ends_before_dispatch_says_goodbye() {
        let loops = Loops::default();
        let ended = Arc::new(parking_lot::Mutex::new(Vec::new()));
        let (mail_ended, stop) = (Arc::clone(&ended), loops.stop_mail.clone());
        let slow = async move {
            stop.cancelled().await;
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
            mail_ended.lock().push("mail");
        };
        loops.mail.spawn(slow);
        let (dispatch_ended, stop) = (Arc::clone(&ended), loops.stop_claiming.clone());
        let let_go = CancellationToken::new();
        let goodbye = let_go.clone();
        loops.dispatch.spawn(async move {
            stop.cancelled().await;
            goodbye.cancelled().await;
            dispatch_ended.lock().push("dispatch");
        });
        let (now, within) = (std::future::ready(()), Duration::from_secs(60));
        loops.end_sending(now.clone(), now, within).await;
        loops.end_the_rest(|| let_go.cancel(), within).await;
        assert_eq!(*ended.lock(), ["mail", "dispatch"]);
    }
}
