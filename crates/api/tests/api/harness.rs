//! The API over HTTP on a real store on SQLite, without the engine behind it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use domain::address::AddressPolicy;
use domain::endpoint::StreakLimits;
use domain::id::{CompanyId, EndpointId};
use domain::inbox_url::OwnOrigin;
use domain::operator::OperatorTokens;
use domain::schedule::RetrySchedule;
use domain::scope::Scope;
use domain::settle::Policy;
use serde_json::{Value, json};
use store::{Actor, Claimed, HandOver, MasterKey, NewToken, Store};
use testkit::api::{Answer, Api};
use testkit::clock::ManualClock;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Takes nothing: what is committed stays pending.
#[derive(Debug)]
struct NoRoom;

impl HandOver for NoRoom {
    fn is_let_in(&self, _endpoint: EndpointId) -> bool {
        false
    }

    fn may_own_lanes(&self) -> bool {
        true
    }

    fn reserve(&self, _company: CompanyId, _endpoint: EndpointId, _sizes: &[usize]) -> usize {
        0
    }
    fn release(&self, _endpoint: EndpointId, _rows: usize, _bytes: usize) {}
    fn hand_over(&self, _fresh: Vec<Claimed>) {}
}

/// Metrics that say in which form they were asked for.
#[derive(Debug)]
struct Fixed;

impl api::Exposition for Fixed {
    fn write(&self, form: api::Form) -> futures_util::future::BoxFuture<'_, String> {
        Box::pin(async move { format!("# {form:?}\n# EOF\n") })
    }
}

/// The operator's token.
pub const OPERATOR_TOKEN: &str = "the-operators-own-token";

/// The running API.
pub struct App {
    pub api: Api,
    pub clock: Arc<ManualClock>,
    pub store: Store,
    pub company: CompanyId,
    pub readiness: api::Readiness,
    pub metrics: Arc<api::Metrics>,
    base: String,
    numbers: std::sync::atomic::AtomicU32,
    _folder: tempfile::TempDir,
}

pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap()
}

fn policy_of_streaks() -> Policy {
    let streak = StreakLimits {
        warn_after: 50,
        defective_after: 100,
        defective_min_duration: TimeDelta::zero(),
    };
    Policy { streak, give_up_after: TimeDelta::days(7) }
}

fn store_config(folder: &tempfile::TempDir) -> store::Config {
    store::Config {
        database_url: format!("sqlite:{}", folder.path().join("h.db").display()),
        master_key: MasterKey::from_bytes([1; 32]),
        policy: policy_of_streaks(),
        limits: domain::limits::Limits::default(),
        standard_schedule: RetrySchedule::even(144, TimeDelta::minutes(10)).unwrap(),
        connections_max: 4,
    }
}

/// What the API is told before a test changes it.
fn api_config(operator: OperatorTokens, policy: AddressPolicy) -> api::Config {
    api::Config {
        public_url: None,
        allow_http: false,
        sign_ups: api::SignUps::Open,
        can_mail: false,
        operator,
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        policy,
        default_timeout: Duration::from_secs(5),
        rules: api::DeliveryRules {
            standard: RetrySchedule::even(144, TimeDelta::minutes(10)).unwrap(),
            policy: policy_of_streaks(),
        },
        dashboard: api::Dashboard::embedded(),
        workers: 1,
        connections_max: 1_000,
        shutdown_timeout: Duration::ZERO,
    }
}

impl App {
    /// An API with one company and a token that may everything.
    pub async fn start() -> Self {
        Self::start_for(OperatorTokens::parse(OPERATOR_TOKEN).unwrap()).await
    }

    /// The same with these tokens of the operator's.
    pub async fn start_for(operator: OperatorTokens) -> Self {
        Self::start_with(operator, &["127.0.0.0/8"], |_| {}).await
    }

    /// The same where endpoints may have addresses of these networks.
    pub async fn allowing(networks: &[&str]) -> Self {
        Self::start_with(OperatorTokens::parse(OPERATOR_TOKEN).unwrap(), networks, |_| {}).await
    }

    /// The same with other settings.
    pub async fn changed(change: impl FnOnce(&mut api::Config)) -> Self {
        let operator = OperatorTokens::parse(OPERATOR_TOKEN).unwrap();
        Self::start_with(operator, &["127.0.0.0/8"], change).await
    }

    async fn start_with(
        operator: OperatorTokens,
        networks: &[&str],
        change: impl FnOnce(&mut api::Config),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = store_config(&folder);
        Store::migrate(&config).await.unwrap();
        let store = Store::open(config).await.unwrap();
        let clock = Arc::new(ManualClock::at(noon()));
        let tasks = TaskTracker::new();
        let writer = store.clone();
        let time: Arc<dyn store::Clock> = clock.clone();
        let ingest_time = time.clone();
        tasks.spawn(async move {
            writer.run_ingest(Arc::new(NoRoom), ingest_time, CancellationToken::new()).await;
        });
        let listener = api::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let base = format!("http://{address}");
        let own = OwnOrigin::of(&base.parse().unwrap()).unwrap();
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        let policy = AddressPolicy::new(networks).with_inboxes_at(own);
        let (samples, queue) = api::sample_channel();
        let egress = egress::Config {
            policy: policy.clone(),
            own_listener: Some(address),
            idle_per_host_max: 2,
            dial_max: egress::DIAL_MAX,
            names: None,
        };
        tasks.spawn(api::run_samples(queue, egress::Client::new(egress).unwrap()));
        let (live, live_clock) = (store.clone(), Arc::<ManualClock>::clone(&clock));
        tasks.spawn(async move { live.run_live(live_clock, CancellationToken::new()).await });
        let readiness = api::Readiness::default();
        readiness.set_ready(true);
        let mut config = api_config(operator, policy);
        let metrics: Arc<api::Metrics> = Arc::default();
        change(&mut config);
        let state = api::State {
            store: store.clone(),
            clock: time,
            samples,
            readiness: readiness.clone(),
            metrics: metrics.clone(),
            exposition: Some(Arc::new(Fixed)),
            texts: Arc::new(mail::Writer::new(None)),
        };
        let server = api::serve(listener, config, state).unwrap();
        tasks.spawn(server);
        let company = store.create_company("Acme", "owner@example.com", noon()).await.unwrap().id;
        let api = Api::new(&base, None);
        let app = Self {
            api,
            clock,
            store,
            company,
            readiness,
            metrics,
            base,
            numbers: Default::default(),
            _folder: folder,
        };
        let token = app.token(company, &[Scope::Admin], None).await;
        Self { api: app.api.with_token(Some(&token)), ..app }
    }

    pub async fn token(
        &self,
        company: CompanyId,
        scopes: &[Scope],
        expires_at: Option<DateTime<Utc>>,
    ) -> String {
        let token = NewToken { name: "test".into(), scopes: scopes.to_vec(), expires_at };
        self.store.create_token(company, token, Actor::Cli, noon()).await.unwrap().1
    }

    /// A number that nobody has had.
    pub fn next_number(&self) -> u32 {
        self.numbers.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    /// A client with a token of these scopes.
    pub async fn with_scopes(&self, scopes: &[Scope]) -> Api {
        let token = self.token(self.company, scopes, None).await;
        self.api.with_token(Some(&token))
    }

    /// The operator.
    pub fn operator(&self) -> Api {
        self.api.with_token(Some(OPERATOR_TOKEN))
    }

    /// A client of another company.
    pub async fn stranger(&self) -> Api {
        let other = self.store.create_company("Other", "other@example.com", noon()).await.unwrap();
        let token = self.token(other.id, &[Scope::Admin], None).await;
        self.api.with_token(Some(&token))
    }

    /// Sends a body as it is.
    pub async fn raw(&self, method: &str, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.api.send(method, path, &[], Some(body.into())).await.unwrap()
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub async fn endpoint(&self) -> Value {
        let endpoint = json!({"url": "https://example.com/hook", "event_types": ["*"]});
        self.api.post("/endpoints", &endpoint).await.expect(201)
    }
}

pub fn event() -> Value {
    json!({"type": "message.received", "data": {"text": "hi"}})
}

/// Checks a problem: status, code, and the pointer or parameter of its only mistake.
#[track_caller]
pub fn problem(answer: &Answer, status: u16, code: &str, place: Option<&str>) -> Value {
    let problem = answer.expect(status);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], format!("urn:hookferry:problem:{code}"));
    assert_eq!(answer.header("x-request-id").len(), 24);
    if let Some(place) = place {
        let error = &problem["errors"][0];
        let found =
            ["pointer", "parameter", "header"].iter().find_map(|kind| error[*kind].as_str());
        assert_eq!(found, Some(place), "{problem}");
    }
    problem
}
