//! What is told to whoever watches, as JSON: ids, states and numbers, never a payload or a secret.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::delivery::{DeliveryState, Finish};
use domain::endpoint::{EndpointState, Transition};
use domain::id::{CompanyId, EndpointId};
use serde_json::{Value, json};

use crate::live::{LiveKind, Told};
use crate::settle::{Attempted, Changes};
use crate::{Claimed, DeliveryRecord, JobRecord, Store};

/// How many characters of an error's message are told.
const MESSAGE_CHARS_MAX: usize = 300;

/// What a delivery is like after something happened to it.
struct Stands {
    state: DeliveryState,
    tries: u32,
    next_attempt_at: Option<DateTime<Utc>>,
}

impl Stands {
    fn finished(finish: Finish, tries: u32) -> Self {
        Self { state: finish.state(), tries, next_attempt_at: None }
    }
}

impl Store {
    /// Puts aside what a settlement that was committed has changed.
    pub(crate) fn tell_settled(&self, told: Vec<(CompanyId, Vec<Told>)>) {
        for (company, told) in told {
            self.live().tell(company, told);
        }
    }

    /// What a settlement changes, for those companies that are watched.
    pub(crate) fn told_of(
        &self,
        changes: &Changes<'_>,
        now: DateTime<Utc>,
    ) -> Vec<(CompanyId, Vec<Told>)> {
        let mut all: Vec<(CompanyId, Vec<Told>)> = Vec::new();
        if !self.live().any() {
            return all;
        }
        let mut add = |company: CompanyId, told: Vec<Told>| match all.last_mut() {
            Some((last, before)) if *last == company => before.extend(told),
            Some(_) | None => all.push((company, told)),
        };
        let is_watched = |company: CompanyId| self.live().is_watched(company, now);
        for row in &changes.finished {
            let company = row.delivery.event.company;
            if is_watched(company) {
                let tries = row.delivery.progress.tries + u32::from(row.attempt.is_some());
                let stands = Stands::finished(row.finish, tries);
                let at = row.finished_at;
                add(company, told_of_delivery(row.delivery, row.attempt, &stands, at));
            }
        }
        for row in &changes.retried {
            let delivery = &row.attempted.delivery;
            if is_watched(delivery.event.company) {
                let stands = Stands {
                    state: DeliveryState::Pending,
                    tries: delivery.progress.next_number(),
                    next_attempt_at: Some(crate::time::from_micros(row.due_at)),
                };
                let at = row.attempted.ended_at;
                let told = told_of_delivery(delivery, Some(row.attempted), &stands, at);
                add(delivery.event.company, told);
            }
        }
        for telling in &changes.told {
            let row = &telling.row;
            if is_watched(row.company) {
                let after = changes.endpoints.iter().find(|(changed, ..)| changed.id == row.id);
                let state = after.map_or(row.state, |(_, state, _)| *state);
                let change = transition_name(telling.transition);
                add(row.company, vec![endpoint(row.id, change, &state, telling.at)]);
            }
        }
        all
    }

    /// Tells of an endpoint that a person has changed.
    pub(crate) fn tell_endpoint(
        &self,
        (company, id): (CompanyId, EndpointId),
        change: &'static str,
        state: &EndpointState,
        now: DateTime<Utc>,
    ) {
        self.tell(company, now, || vec![endpoint(id, change, state, now)]);
    }

    /// Tells of a delivery that a person, or its age, has changed.
    pub(crate) fn tell_delivery(
        &self,
        company: CompanyId,
        record: &DeliveryRecord,
        now: DateTime<Utc>,
    ) {
        self.tell(company, now, || {
            let stands = Stands {
                state: record.state,
                tries: record.tries,
                next_attempt_at: record.next_attempt_at,
            };
            let event_type = record.event_type.as_str();
            let ids = (record.id, record.event, record.endpoint);
            vec![delivery(ids, Some(event_type), &stands, now)]
        });
    }

    /// Tells of a delivery that ended without another attempt while nobody had claimed it.
    pub(crate) fn tell_ended(&self, ended: &crate::upkeep::Ended, now: DateTime<Utc>) {
        self.tell(ended.company, now, || {
            let stands = Stands::finished(ended.finish, ended.tries);
            vec![delivery((ended.id, ended.event, ended.endpoint), None, &stands, now)]
        });
    }

    /// Tells how far a job has come.
    pub(crate) fn tell_job(&self, record: &JobRecord, now: DateTime<Utc>) {
        let JobRecord { id, company, request, state, total, total_is_open, done, skipped, .. } =
            record;
        self.tell(*company, now, || {
            let data = json!({
                "id": id.to_string(),
                "kind": request.kind().as_str(),
                "state": state.as_str(),
                "total": total,
                "total_is_open": total_is_open,
                "done": done,
                "skipped": skipped,
                "at": time(now),
            });
            vec![Told { endpoint: None, kind: LiveKind::Job, data: data.to_string() }]
        });
    }

    /// The same, read from its row; only asked where somebody watches.
    pub(crate) async fn tell_job_of(
        &self,
        company: CompanyId,
        id: domain::id::JobId,
        now: DateTime<Utc>,
    ) {
        if self.live().is_watched(company, now)
            && let Ok(record) = self.job(company, id).await
        {
            self.tell_job(&record, now);
        }
    }
}

fn told_of_delivery(
    row: &Claimed,
    attempt: Option<&Attempted>,
    stands: &Stands,
    at: DateTime<Utc>,
) -> Vec<Told> {
    let ids = (row.id, row.event.id, row.endpoint);
    let event_type = row.event.event_type.as_str();
    let mut told: Vec<Told> = Vec::with_capacity(2);
    told.extend(attempt.map(|attempted| one_attempt(attempted, stands)));
    told.push(delivery(ids, Some(event_type), stands, at));
    told
}

fn one_attempt(attempted: &Attempted, stands: &Stands) -> Told {
    let Attempted { delivery, outcome, started_at, duration, .. } = attempted;
    let error = outcome.failure.as_ref().map(|failure| {
        let message: String = failure.message.chars().take(MESSAGE_CHARS_MAX).collect();
        json!({ "kind": failure.kind.as_str(), "message": message })
    });
    let data = json!({
        "delivery_id": delivery.id.to_string(),
        "event_id": delivery.event.id.to_string(),
        "endpoint_id": delivery.endpoint.to_string(),
        "event_type": delivery.event.event_type.as_str(),
        "number": delivery.progress.next_number(),
        "started_at": time(*started_at),
        "duration_ms": u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        "status_code": outcome.status_code,
        "error": error,
        "state": stands.state.as_str(),
        "next_attempt_at": stands.next_attempt_at.map(time),
    });
    Told { endpoint: Some(delivery.endpoint), kind: LiveKind::Attempt, data: data.to_string() }
}

fn delivery(
    (id, event, endpoint): (domain::id::DeliveryId, domain::id::EventId, EndpointId),
    event_type: Option<&str>,
    stands: &Stands,
    at: DateTime<Utc>,
) -> Told {
    let data = json!({
        "id": id.to_string(),
        "event_id": event.to_string(),
        "endpoint_id": endpoint.to_string(),
        "event_type": event_type,
        "state": stands.state.as_str(),
        "tries": stands.tries,
        "next_attempt_at": stands.next_attempt_at.map(time),
        "at": time(at),
    });
    Told { endpoint: Some(endpoint), kind: LiveKind::Delivery, data: data.to_string() }
}

fn endpoint(
    id: EndpointId,
    change: &'static str,
    state: &EndpointState,
    at: DateTime<Utc>,
) -> Told {
    let data = json!({
        "id": id.to_string(),
        "change": change,
        "status": if change == DELETED { Value::Null } else { state.status().as_str().into() },
        "streak": state.streak(),
        "at": time(at),
    });
    Told { endpoint: Some(id), kind: LiveKind::Endpoint, data: data.to_string() }
}

/// The change of an endpoint that is gone.
pub(crate) const DELETED: &str = "deleted";

/// What a person has changed of an endpoint: how it is switched, or anything else.
pub(crate) fn change_name(before: &EndpointState, after: &EndpointState) -> &'static str {
    if before.switch == after.switch { "updated" } else { after.status().as_str() }
}

fn transition_name(transition: Transition) -> &'static str {
    match transition {
        Transition::Warned => "warning",
        Transition::FoundDefective => "defective",
        Transition::StreakEnded => "streak_ended",
        Transition::Recovered => "recovered",
        Transition::DisabledByGone => "disabled",
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
