//! What the dispatcher and the API would hold: a hand-over that counts, callers, claimed deliveries,
//! attempts.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::Progress;
use domain::event::{Event, NewEvent};
use domain::event_type::{EventTypeName, Selector};
use domain::format::Rendering;
use domain::id::{CompanyId, DeliveryId, EndpointId, EventId, TokenId};
use domain::outcome::{Acknowledge, ErrorKind, Outcome};
use futures_util::future::join_all;
use parking_lot::Mutex;
use store::{
    Accepted, Attempted, Bearer, Caller, Claimed, EndpointRecord, Error, HandOver, NewEndpoint,
    Store, SwitchWanted, ToSettle,
};
use testkit::clock::ManualClock;
use tokio_util::sync::CancellationToken;

use crate::setup::{ACTOR, Pending, Setup, new_endpoint, now, sent_head};

/// A hand-over with so much room for each endpoint, and what came.
#[derive(Debug, Default)]
pub(crate) struct Door {
    pub(crate) room: usize,
    pub(crate) is_no_member: bool,
    /// Whether this node has been let in to restrained endpoints.
    pub(crate) is_let_in: bool,
    /// How many deliveries it says it holds, where it knows.
    pub(crate) holds: Option<usize>,
    /// More is taken in than can be sent, and this company has much of it.
    pub(crate) overrun_by: Option<CompanyId>,
    /// What it was told there is to send.
    pub(crate) took_in: Mutex<usize>,
    pub(crate) reserved: Mutex<HashMap<EndpointId, usize>>,
    pub(crate) handed: Mutex<Vec<Claimed>>,
}

impl Door {
    pub(crate) fn with_room(room: usize) -> Arc<Self> {
        Arc::new(Self { room, ..Self::default() })
    }

    /// How much is reserved and neither filled nor given back.
    pub(crate) fn outstanding(&self) -> usize {
        self.reserved.lock().values().sum()
    }

    pub(crate) fn ids(&self) -> Vec<i64> {
        self.handed.lock().iter().map(|row| row.id.raw()).collect()
    }
}

impl HandOver for Door {
    fn is_let_in(&self, _endpoint: EndpointId) -> bool {
        self.is_let_in
    }

    fn may_own_lanes(&self) -> bool {
        !self.is_no_member
    }

    fn reserve(&self, _company: CompanyId, endpoint: EndpointId, sizes: &[usize]) -> usize {
        let granted = sizes.len().min(self.room);
        *self.reserved.lock().entry(endpoint).or_default() += granted;
        granted
    }

    fn took_in(&self, deliveries: usize) {
        *self.took_in.lock() += deliveries;
    }

    fn is_overrun(&self) -> bool {
        self.overrun_by.is_some()
    }

    fn is_overrun_by(&self, company: CompanyId) -> bool {
        self.overrun_by == Some(company)
    }

    fn held(&self) -> usize {
        self.holds.unwrap_or(usize::MAX)
    }

    fn release(&self, endpoint: EndpointId, rows: usize, bytes: usize) {
        assert!(bytes > rows);
        *self.reserved.lock().get_mut(&endpoint).unwrap() -= rows;
    }

    fn hand_over(&self, fresh: Vec<Claimed>) {
        for row in &fresh {
            *self.reserved.lock().get_mut(&row.endpoint).unwrap() -= 1;
        }
        self.handed.lock().extend(fresh);
    }
}

pub(crate) type Answer = Result<Vec<Accepted>, Error>;

/// Lets jobs come in together, so that they stand in one batch, and gives their answers.
pub(crate) async fn together(
    store: &Store,
    door: &Arc<Door>,
    jobs: Vec<(Caller, Vec<NewEvent>)>,
) -> Vec<Answer> {
    together_at(store, door, jobs, now()).await
}

/// The same at another time.
pub(crate) async fn together_at(
    store: &Store,
    door: &Arc<Door>,
    jobs: Vec<(Caller, Vec<NewEvent>)>,
    at: DateTime<Utc>,
) -> Vec<Answer> {
    let hand_over: Arc<dyn HandOver> = Arc::<Door>::clone(door);
    let writer =
        store.run_ingest(hand_over, Arc::new(ManualClock::at(at)), CancellationToken::new());
    let asked = join_all(jobs.iter().map(|(caller, events)| store.ingest(caller, events.clone())));
    tokio::select! {
        biased;
        answers = asked => answers,
        () = writer => panic!("the writer ended"),
    }
}

/// One event from a caller whose token is fine.
pub(crate) async fn one(s: &Setup, door: &Arc<Door>, event: NewEvent) -> Accepted {
    let job = (caller(s, event.company).await, vec![event]);
    together(&s.store, door, vec![job]).await.remove(0).unwrap()[0]
}

/// A caller whom nobody has reason to look up again.
pub(crate) async fn caller(s: &Setup, company: CompanyId) -> Caller {
    let sql = format!("SELECT config_version FROM companies WHERE id = {}", company.raw());
    Caller {
        company,
        bearer: Bearer::Token(TokenId::from_raw(1)),
        scopes: Vec::new(),
        expires_at: None,
        suspended_since: None,
        gate: Default::default(),
        config_version: s.row(&sql).await.try_get("", "config_version").unwrap(),
    }
}

/// How many keys of events are remembered, wherever they stand.
pub(crate) async fn keys(s: &Setup) -> i64 {
    let is_sqlite = s.config.database_url.starts_with("sqlite");
    let fresh = if is_sqlite { s.count("FROM fresh_keys").await } else { 0 };
    fresh + s.count("FROM event_keys").await
}

pub(crate) fn new_event(company: CompanyId, event_type: &str) -> NewEvent {
    NewEvent {
        company,
        event_type: EventTypeName::parse(event_type).unwrap(),
        data: Arc::from(&b"{\"a\":1}"[..]),
        source: None,
        external_id: None,
        subject: None,
        phone_number_id: None,
        occurred_at: None,
        expires_at: None,
        judged: None,
    }
}

pub(crate) fn keyed(company: CompanyId, key: &str, data: &str) -> NewEvent {
    NewEvent {
        external_id: Some(key.into()),
        data: Arc::from(data.as_bytes()),
        ..new_event(company, "message.received")
    }
}

pub(crate) async fn endpoint(s: &Setup, selector: &str, switch: SwitchWanted) -> EndpointRecord {
    let event_types = vec![Selector::parse(selector).unwrap()];
    let wanted = NewEndpoint { event_types, switch, ..new_endpoint() };
    s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap()
}

/// A lane with this owner, due now.
pub(crate) async fn lane(s: &Setup, endpoint: EndpointId, owner: i64) {
    s.sql(
        "INSERT INTO lanes (endpoint_id, company_id, owner, next_due) VALUES ($1, $2, $3, $4)",
        vec![endpoint.raw().into(), s.company.raw().into(), owner.into(), micros(now()).into()],
    )
    .await;
}

/// A delivery that waits, due then.
pub(crate) async fn waits(s: &Setup, endpoint: EndpointId, due_at: DateTime<Utc>) {
    s.event(900, "message.received", "c", None).await;
    let row = Pending { due_at: micros(due_at), ..Pending::default() };
    s.pending(900, endpoint, row).await;
}

/// A column of an endpoint's lane.
pub(crate) async fn of_lane(s: &Setup, endpoint: EndpointId, column: &str) -> i64 {
    let sql = format!("SELECT {column} AS n FROM lanes WHERE endpoint_id = {}", endpoint.raw());
    s.row(&sql).await.try_get("", "n").unwrap()
}

/// A column of a pending delivery.
pub(crate) async fn of_pending(s: &Setup, id: DeliveryId, column: &str) -> i64 {
    let sql = format!("SELECT {column} AS n FROM pending WHERE id = {}", id.raw());
    s.row(&sql).await.try_get("", "n").unwrap()
}

/// A delivery of event `n` that this node holds, after so many tries, in the database and in memory.
pub(crate) async fn held(s: &Setup, n: i64, endpoint: EndpointId, tries: u32) -> Claimed {
    s.event(n, "message.received", "c", None).await;
    let claimed_by = s.store.incarnation();
    let row = Pending { due_at: 1, claimed_by, tries: i64::from(tries), ..Pending::default() };
    let id = s.pending(n, endpoint, row).await;
    Claimed {
        id: DeliveryId::from_raw(id),
        endpoint,
        event: Event {
            id: EventId::from_raw(Setup::event_id(n)),
            company: s.company,
            event_type: EventTypeName::parse("message.received").unwrap(),
            data: Arc::from(&b"{}"[..]),
            occurred_at: now(),
            session: None,
        },
        rendering: Rendering::USUAL,
        progress: Progress { tries, ..Progress::new(now(), None) },
        generation: 0,
        due_at: now(),
        claimed_by,
        place: None,
    }
}

pub(crate) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

pub(crate) fn at(minute: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minute)
}

pub(crate) fn status(code: u16) -> Outcome {
    Outcome::of_status(code, Acknowledge::Any2xx, None)
}

pub(crate) fn refused() -> Outcome {
    Outcome::of_error(ErrorKind::Connect, "connection refused".into(), None)
}

/// An attempt in epoch 0 that ended at `ended_at`.
pub(crate) fn attempted(
    delivery: &Claimed,
    outcome: Outcome,
    ended_at: DateTime<Utc>,
) -> Attempted {
    Attempted {
        delivery: delivery.clone(),
        began_in_epoch: 0,
        outcome,
        started_at: ended_at - TimeDelta::seconds(1),
        ended_at,
        duration: Duration::from_millis(1_000),
        request: sent_head(),
        response_headers: vec![("x-a".into(), b"b".to_vec())],
        response_body: b"body".to_vec(),
        truncated: false,
    }
}

pub(crate) fn over(delivery: &Claimed, outcome: Outcome, ended_at: DateTime<Utc>) -> ToSettle {
    ToSettle::Attempted(Box::new(attempted(delivery, outcome, ended_at)))
}

/// Settles one attempt that ended at `minute`.
pub(crate) async fn settle_one(s: &Setup, delivery: &Claimed, outcome: Outcome, minute: i64) {
    let settled = s.store.settle(&[over(delivery, outcome, at(minute))], at(minute)).await.unwrap();
    assert_eq!(settled.lost, []);
}

/// Settles `count` failed first tries of fresh deliveries from event `n` on, all at `minute`.
pub(crate) async fn fail(s: &Setup, endpoint: EndpointId, n: i64, count: i64, minute: i64) {
    let epoch = s.store.endpoint(s.company, endpoint).await.unwrap().state.epoch;
    let mut batch = Vec::new();
    for n in n..n + count {
        let delivery = held(s, n, endpoint, 0).await;
        let failed = attempted(&delivery, status(500), at(minute));
        batch.push(ToSettle::Attempted(Box::new(Attempted { began_in_epoch: epoch, ..failed })));
    }
    s.store.settle(&batch, at(minute)).await.unwrap();
}
