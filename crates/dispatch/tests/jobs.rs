//! Jobs through running dispatchers: a recovery over one node, and over two of which one dies.

#![expect(clippy::unwrap_used, reason = "a test; its helpers are not marked as such")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use dispatch::Dispatcher;
use domain::address::AddressPolicy;
use domain::endpoint::StreakLimits;
use domain::event::NewEvent;
use domain::event_type::{EventTypeName, Selector};
use domain::id::{CompanyId, EndpointId, TokenId};
use domain::job::{JobRequest, JobState};
use domain::outcome::Acknowledge;
use domain::schedule::RetrySchedule;
use domain::secret::EndpointSecret;
use domain::settle::Policy;
use store::{
    Actor, Bearer, Caller, EndpointPatch, JobRecord, MasterKey, NewEndpoint, ScheduleChoice, Store,
    SwitchWanted,
};
use testkit::clock::ManualClock;
use testkit::receiver::Receiver;
use testkit::wait::until;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long anything may take; a fact is waited for, and comes much sooner.
const PATIENCE: Duration = Duration::from_secs(60);
const EVENTS: usize = 1_500;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap()
}

fn later() -> DateTime<Utc> {
    now() + TimeDelta::hours(1)
}

fn config(database_url: String) -> store::Config {
    store::Config {
        database_url,
        master_key: MasterKey::from_bytes([5; 32]),
        policy: Policy {
            streak: StreakLimits {
                warn_after: 50,
                defective_after: 100,
                defective_min_duration: TimeDelta::zero(),
            },
            give_up_after: TimeDelta::days(7),
        },
        limits: domain::limits::Limits::default(),
        standard_schedule: RetrySchedule::even(144, TimeDelta::minutes(10)).unwrap(),
        connections_max: 8,
    }
}

/// A node at work, until it is dropped or stopped.
struct Node {
    store: Store,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Node {
    async fn start(config: &store::Config) -> Self {
        let store = Store::open(config.clone()).await.unwrap();
        let egress = egress::Client::new(egress::Config {
            policy: AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()]),
            own_listener: None,
            idle_per_host_max: 16,
            dial_max: egress::DIAL_MAX,
            names: None,
        });
        let wanted = dispatch::Config {
            in_flight_max: 64,
            memory_max: 16 * 1024 * 1024,
            node_name: "node".into(),
            retention: TimeDelta::days(30),
        };
        let clock = Arc::new(ManualClock::at(later()));
        let dispatcher = Dispatcher::new(store.clone(), egress.unwrap(), clock, wanted);
        let stop = CancellationToken::new();
        let run = dispatcher.run(stop.clone(), CancellationToken::new());
        let running = TaskTracker::new().spawn(run);
        Self { store, stop, running }
    }

    async fn finish(self) {
        self.stop.cancel();
        self.running.await.unwrap();
    }
}

async fn endpoint(store: &Store, company: CompanyId, url: String) -> EndpointId {
    let endpoint = NewEndpoint {
        url,
        description: String::new(),
        event_types: vec![Selector::All],
        format: domain::format::Format::Hookferry,
        narrowing: domain::selection::Narrowing::default(),
        headers: Vec::new(),
        secret: EndpointSecret::parse("a-secret-of-some-length").unwrap(),
        timeout: Duration::from_secs(5),
        acknowledge: Acknowledge::Any2xx,
        schedule: ScheduleChoice::Standard,
        external_key: None,
        traffic: domain::traffic::Traffic::default(),
        switch: SwitchWanted::Disabled,
    };
    store.create_endpoint(company, endpoint, Actor::Cli, now()).await.unwrap().id
}

/// Events that come while the endpoint is disabled.
async fn ingest(node: &Store, company: CompanyId) {
    let versions = node.config_versions(&[company]).await.unwrap();
    let caller = Caller {
        company,
        bearer: Bearer::Token(TokenId::from_raw(1)),
        scopes: Vec::new(),
        expires_at: None,
        suspended_since: None,
        gate: Default::default(),
        config_version: versions[&company],
    };
    let event = NewEvent {
        company,
        event_type: EventTypeName::parse("message.received").unwrap(),
        data: Arc::from(&b"{}"[..]),
        source: None,
        external_id: None,
        subject: None,
        phone_number_id: None,
        occurred_at: None,
        expires_at: None,
        judged: None,
    };
    let stop = CancellationToken::new();
    let clock = Arc::new(ManualClock::at(now()));
    let writer = node.run_ingest(Arc::new(NoRoom), clock, stop.clone());
    let asking = async {
        node.ingest(&caller, vec![event; EVENTS]).await.unwrap();
        stop.cancel();
    };
    tokio::join!(writer, asking);
}

/// No node of its own: nothing is handed over.
#[derive(Debug)]
struct NoRoom;

impl store::HandOver for NoRoom {
    fn reserve(&self, _company: CompanyId, _endpoint: EndpointId, _sizes: &[usize]) -> usize {
        0
    }

    fn is_let_in(&self, _endpoint: EndpointId) -> bool {
        false
    }

    fn may_own_lanes(&self) -> bool {
        false
    }

    fn release(&self, _endpoint: EndpointId, _rows: usize, _bytes: usize) {}

    fn hand_over(&self, _fresh: Vec<store::Claimed>) {}
}

/// A company whose endpoint has missed all its events, and asks for them.
async fn recovery(store: &Store, receiver: &Receiver, path: &str) -> (CompanyId, JobRecord) {
    let company = store.create_company(path, "ann@example.com", now()).await.unwrap().id;
    let endpoint = endpoint(store, company, receiver.url(path)).await;
    ingest(store, company).await;
    let patch = EndpointPatch { switch: Some(SwitchWanted::Enabled), ..EndpointPatch::default() };
    store.update_endpoint(company, endpoint, patch, Actor::Cli, later()).await.unwrap();
    let request =
        JobRequest::Recover { endpoint, since: now(), until: None, include_delivered: false };
    let job = store.create_job(company, request.check().unwrap(), Actor::Cli, later()).await;
    (company, job.unwrap())
}

async fn finished(store: &Store, company: CompanyId, job: &JobRecord) -> JobRecord {
    until("the job is over", PATIENCE, async || {
        let job = store.job(company, job.id).await.unwrap();
        (job.state != JobState::Running).then_some(job)
    })
    .await
}

fn events_of(receiver: &Receiver, path: &str) -> HashSet<String> {
    let received = receiver.received();
    let of_path = received.iter().filter(|request| request.path == path);
    of_path.map(|request| request.event_id().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_is_worked_off_and_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(format!("sqlite:{}", folder.path().join("hookferry.db").display()));
    Store::migrate(&config).await.unwrap();
    let node = Node::start(&config).await;
    let receiver = Receiver::start();
    let (company, job) = recovery(&node.store, &receiver, "/a").await;
    let job = finished(&node.store, company, &job).await;
    assert_eq!((job.state, job.done), (JobState::Finished, EVENTS as u64));
    receiver.wait_for(EVENTS, PATIENCE).await;
    assert_eq!(events_of(&receiver, "/a").len(), EVENTS);
    node.finish().await;
    assert_eq!(receiver.count(), EVENTS);
}

/// The node that has the job dies with it: the other takes it over, and makes nothing twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_outlives_its_node() {
    let url = tokio::task::spawn_blocking(|| testkit::postgres::Cluster::shared().database("jobs"));
    let config = config(url.await.unwrap());
    Store::migrate(&config).await.unwrap();
    let receiver = Receiver::start();
    let first = Node::start(&config).await;
    let (a, job_a) = recovery(&first.store, &receiver, "/a").await;
    let begun = until("the first node has begun", PATIENCE, async || {
        let job = first.store.job(a, job_a.id).await.unwrap();
        (job.done > 0).then_some(job.done)
    })
    .await;
    first.running.abort();
    let second = Node::start(&config).await;
    let (b, job_b) = recovery(&second.store, &receiver, "/b").await;
    for (company, job) in [(a, job_a), (b, job_b)] {
        let job = finished(&second.store, company, &job).await;
        assert_eq!((job.state, job.done), (JobState::Finished, EVENTS as u64), "after {begun}");
    }
    until("everything has arrived", PATIENCE, async || {
        let arrived = events_of(&receiver, "/a").len() + events_of(&receiver, "/b").len();
        (arrived == 2 * EVENTS).then_some(())
    })
    .await;
    for company in [a, b] {
        let mut made = 0;
        let mut before = None;
        loop {
            let page = store::PageRequest { limit: 100, before };
            let page = second.store.deliveries(company, Default::default(), page).await.unwrap();
            made += page.data.len();
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(made, EVENTS, "each once");
    }
    second.finish().await;
}
