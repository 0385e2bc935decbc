//! A fresh database with one company, and rows as the engine would have left them.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use domain::endpoint::StreakLimits;
use domain::event_type::Selector;
use domain::id::{CompanyId, EndpointId, floor_at};
use domain::outcome::Acknowledge;
use domain::schedule::RetrySchedule;
use domain::secret::{EndpointSecret, Signatures};
use domain::settle::Policy;
use domain::wire::SentHead;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, QueryResult, Statement, Value};
use store::{
    Actor, Config, EndpointRecord, MasterKey, NewEndpoint, PageRequest, ScheduleChoice, Store,
    SwitchWanted,
};

/// Runs each test on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::setup::Setup::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::setup::Setup::postgres().await).await;
            })*
        }
    };
}
pub(crate) use on_both;

pub(crate) const ACTOR: Actor = Actor::Cli;

pub(crate) struct Setup {
    pub(crate) store: Store,
    pub(crate) company: CompanyId,
    /// Another company, whose ids are nobody else's business.
    pub(crate) other: CompanyId,
    /// Past the store, for rows that the engine writes.
    pub(crate) raw: DatabaseConnection,
    pub(crate) config: Config,
    _folder: Option<tempfile::TempDir>,
}

pub(crate) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap()
}

pub(crate) fn secret(text: &str) -> EndpointSecret {
    EndpointSecret::parse(text).unwrap()
}

pub(crate) fn new_endpoint() -> NewEndpoint {
    NewEndpoint {
        url: "https://example.com/hooks".into(),
        description: "the shop".into(),
        event_types: vec![Selector::parse("message.*").unwrap()],
        format: domain::format::Format::Hookferry,
        narrowing: domain::selection::Narrowing::default(),
        headers: vec![("Authorization".into(), "Bearer open-sesame".into())],
        secret: secret("a-secret-of-some-length"),
        timeout: std::time::Duration::from_secs(5),
        acknowledge: Acknowledge::Any2xx,
        schedule: ScheduleChoice::Standard,
        external_key: None,
        traffic: domain::traffic::Traffic::default(),
        switch: SwitchWanted::Enabled,
    }
}

pub(crate) const fn page(limit: u32, before: Option<i64>) -> PageRequest {
    PageRequest { limit, before }
}

/// A row of `pending`; the defaults are a delivery that nobody has tried.
#[derive(Clone, Copy, Default)]
pub(crate) struct Pending {
    pub(crate) due_at: i64,
    pub(crate) claimed_by: i64,
    pub(crate) tries: i64,
    pub(crate) expires_at: Option<i64>,
}

impl Setup {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("hookferry.db").display());
        Self::open(url, Some(folder)).await
    }

    pub(crate) async fn postgres() -> Self {
        let url =
            tokio::task::spawn_blocking(|| testkit::postgres::Cluster::shared().database("cold"));
        Self::open(url.await.unwrap(), None).await
    }

    async fn open(url: String, folder: Option<tempfile::TempDir>) -> Self {
        let config = Config {
            database_url: url.clone(),
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
            connections_max: 4,
        };
        Store::migrate(&config).await.unwrap();
        let store = Store::open(config.clone()).await.unwrap();
        let raw = Database::connect(&url).await.unwrap();
        let company = store.create_company("Acme", "Ann@Example.com", now()).await.unwrap().id;
        let other = store.create_company("Other", "bob@example.com", now()).await.unwrap().id;
        Self { store, company, other, raw, config, _folder: folder }
    }

    pub(crate) async fn endpoint(&self) -> EndpointRecord {
        self.store.create_endpoint(self.company, new_endpoint(), ACTOR, now()).await.unwrap()
    }

    pub(crate) async fn sql(&self, sql: &str, values: Vec<Value>) -> u64 {
        let statement =
            Statement::from_sql_and_values(self.raw.get_database_backend(), sql, values);
        self.raw.execute_raw(statement).await.unwrap().rows_affected()
    }

    pub(crate) async fn row(&self, sql: &str) -> QueryResult {
        let statement = Statement::from_string(self.raw.get_database_backend(), sql);
        self.raw.query_one_raw(statement).await.unwrap().unwrap()
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.row(&format!("SELECT count(*) AS n {sql}")).await.try_get("", "n").unwrap()
    }

    pub(crate) async fn config_version(&self) -> i64 {
        let sql = format!("SELECT config_version FROM companies WHERE id = {}", self.company.raw());
        self.row(&sql).await.try_get("", "config_version").unwrap()
    }

    /// The id of the event number `n`; it leaves room for 9 deliveries.
    pub(crate) fn event_id(n: i64) -> i64 {
        floor_at(now()) + 10 * n
    }

    pub(crate) async fn event(
        &self,
        n: i64,
        event_type: &str,
        subject: &str,
        expires_at: Option<i64>,
    ) {
        self.sql(
            "INSERT INTO events (id, company_id, event_type, external_id, subject, occurred_at, \
             accepted_at, expires_at, data, deliveries) \
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, 9)",
            vec![
                Self::event_id(n).into(),
                self.company.raw().into(),
                event_type.into(),
                format!("wamid.{n}").into(),
                subject.into(),
                now().timestamp_micros().into(),
                expires_at.into(),
                b"{\"a\":1}".to_vec().into(),
            ],
        )
        .await;
    }

    /// A pending delivery of event `n`; its id.
    pub(crate) async fn pending(&self, n: i64, endpoint: EndpointId, row: Pending) -> i64 {
        let id = Self::event_id(n) + 1;
        self.sql(
            "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, claimed_by, tries, \
             schedule_began, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            vec![
                id.into(),
                self.company.raw().into(),
                endpoint.raw().into(),
                Self::event_id(n).into(),
                row.due_at.into(),
                row.claimed_by.into(),
                row.tries.into(),
                now().timestamp_micros().into(),
                row.expires_at.into(),
            ],
        )
        .await;
        id
    }

    /// A delivery of event `n` that its first try finished; its id.
    pub(crate) async fn delivered(&self, n: i64, endpoint: EndpointId) -> i64 {
        self.finished(n, endpoint, 1, 1, Some(204)).await
    }

    /// A finished delivery, with the attempt inside where a status is given.
    pub(crate) async fn finished(
        &self,
        n: i64,
        endpoint: EndpointId,
        state: i64,
        tries: i64,
        inline_status: Option<i64>,
    ) -> i64 {
        let id = Self::event_id(n) + 1;
        let inline = inline_status.map(|_| now().timestamp_micros());
        self.sql(
            "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, \
             tries_before, finished_at, format, render_version, started_at, duration_us, \
             status_code, request, response_body) \
             VALUES ($1, $2, 0, $3, $4, $5, $6, 0, $7, 0, 1, $8, 1500, $9, $10, $11)",
            vec![
                id.into(),
                self.company.raw().into(),
                endpoint.raw().into(),
                Self::event_id(n).into(),
                state.into(),
                tries.into(),
                now().timestamp_micros().into(),
                inline.into(),
                inline_status.into(),
                sent_head().into(),
                vec![0_u8, 255].into(),
            ],
        )
        .await;
        id
    }

    pub(crate) async fn failed_attempt(&self, delivery: i64, number: i64, status: i64) {
        self.sql(
            "INSERT INTO attempts (delivery_id, company_id, number, started_at, duration_us, \
             status_code, error_kind, error_message, request) \
             VALUES ($1, $2, $3, $4, 2500, $5, 'status', 'the receiver answered', $6)",
            vec![
                delivery.into(),
                self.company.raw().into(),
                number.into(),
                now().timestamp_micros().into(),
                status.into(),
                sent_head().into(),
            ],
        )
        .await;
    }
}

pub(crate) fn sent_head() -> Vec<u8> {
    let signatures = Signatures { standard: "v1,abc".into(), hub: "sha256=00".into() };
    SentHead::encode("https://example.com/hooks", &signatures, &[])
}
