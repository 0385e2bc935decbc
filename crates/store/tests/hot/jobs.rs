//! Jobs: what each kind touches and what it leaves alone.

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::DeliveryState;
use domain::id::{DeliveryId, EndpointId, EventId, JobId};
use domain::job::{JobRequest, JobState, Pick};
use store::{
    ClaimedJob, DeliveryFilter, EndpointPatch, Error, JobCount, JobRecord, JobStep, SLICE_ROWS_MAX,
    Store, SwitchWanted,
};

use crate::engine::{at, endpoint, micros, of_lane, of_pending};
use crate::setup::{ACTOR, Pending, Setup, now, on_both, page};

on_both!(
    a_replay_makes_deliveries_where_an_event_would,
    a_replay_goes_where_it_is_told,
    what_cannot_be_asked_for_is_refused,
    a_retry_puts_back_what_was_exhausted,
    a_retry_takes_the_state_it_is_told,
    a_cancel_ends_what_waits_and_marks_what_is_held,
    a_recovery_sends_what_was_missed_and_nothing_else,
    a_recovery_repeats_what_succeeded_only_when_asked,
    jobs_are_listed_and_audited,
);

/// When jobs are asked for and worked on here: all rows were made an hour before.
pub(crate) fn later() -> DateTime<Utc> {
    at(60)
}

pub(crate) fn to(endpoint: EndpointId) -> Pick {
    Pick { endpoint: Some(endpoint), ..Pick::default() }
}

pub(crate) async fn ask(s: &Setup, request: JobRequest) -> Result<JobRecord, Error> {
    s.store.create_job(s.company, request.check().unwrap(), ACTOR, later()).await
}

pub(crate) async fn count(s: &Setup, request: &JobRequest, cap: u64) -> JobCount {
    let checked = request.clone().check().unwrap();
    s.store.count_job(s.company, &checked, cap, later()).await.unwrap()
}

/// Works on a job until it is over. Gives how many rows each slice but the last touched.
pub(crate) async fn work(store: &Store, job: ClaimedJob) -> Vec<u64> {
    let mut slices = Vec::new();
    loop {
        match store.run_job_slice(job, SLICE_ROWS_MAX, later()).await.unwrap().step {
            JobStep::More { touched } => slices.push(touched),
            JobStep::Over => return slices,
            JobStep::Lost => panic!("the job was lost"),
        }
    }
}

/// Asks for a job and works it off.
pub(crate) async fn done(s: &Setup, request: JobRequest) -> JobRecord {
    let expected = count(s, &request, 100_000).await;
    let asked = ask(s, request).await.unwrap();
    assert_eq!((asked.total, asked.total_is_open), (expected.rows, false));
    let job = s.store.claim_job(later()).await.unwrap().unwrap();
    assert_eq!(job.id, asked.id);
    work(&s.store, job).await;
    let record = s.store.job(s.company, asked.id).await.unwrap();
    assert_eq!((record.state, record.finished_at), (JobState::Finished, Some(later())));
    record
}

pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    match result {
        Err(Error::Conflict { code, detail }) => {
            assert!(!detail.is_empty());
            code
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn switch(s: &Setup, endpoint: EndpointId, switch: SwitchWanted) {
    let patch = EndpointPatch { switch: Some(switch), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, endpoint, patch, ACTOR, at(30)).await.unwrap();
}

async fn received(s: &Setup, n: i64) {
    s.event(n, "message.received", "c", None).await;
}

/// A delivery of event `n` that waits for its retry.
async fn waiting(s: &Setup, n: i64, endpoint: EndpointId) -> DeliveryId {
    let row = Pending { due_at: micros(at(600)), tries: 3, ..Pending::default() };
    DeliveryId::from_raw(s.pending(n, endpoint, row).await)
}

async fn state(s: &Setup, id: DeliveryId) -> DeliveryState {
    s.store.delivery(s.company, id).await.unwrap().delivery.state
}

fn replay(n: i64, endpoints: Option<Vec<EndpointId>>) -> JobRequest {
    JobRequest::Replay { event: EventId::from_raw(Setup::event_id(n)), endpoints }
}

fn recover(endpoint: EndpointId, include_delivered: bool) -> JobRequest {
    JobRequest::Recover { endpoint, since: now(), until: None, include_delivered }
}

async fn a_replay_makes_deliveries_where_an_event_would(s: Setup) {
    let on = endpoint(&s, "message.*", SwitchWanted::Enabled).await.id;
    let paused = endpoint(&s, "*", SwitchWanted::Paused).await.id;
    endpoint(&s, "*", SwitchWanted::Disabled).await;
    endpoint(&s, "template.*", SwitchWanted::Enabled).await;
    let gone = endpoint(&s, "*", SwitchWanted::Enabled).await.id;
    s.store.delete_endpoint(s.company, gone, ACTOR, now()).await.unwrap();
    received(&s, 1).await;
    s.delivered(1, on).await;
    let job = done(&s, replay(1, None)).await;
    assert_eq!((job.total, job.done, job.skipped), (2, 2, 0));
    let sql = format!(
        "FROM pending WHERE event_id = {} AND claimed_by = 0 AND tries = 0 AND due_at = {} \
         AND id > {} AND endpoint_id IN ({}, {})",
        Setup::event_id(1),
        micros(later()),
        job.id.raw(),
        on.raw(),
        paused.raw()
    );
    assert_eq!(s.count(&sql).await, 2);
    assert_eq!(s.count("FROM later_deliveries").await, 2);
    assert_eq!(of_lane(&s, on, "next_due").await, micros(later()));
    assert_eq!(s.count("FROM lanes").await, 1, "what is held needs none");
    let again = done(&s, replay(1, None)).await;
    assert_eq!((again.done, s.count("FROM pending").await), (2, 4), "asked twice, made twice");
    let event = Some(EventId::from_raw(Setup::event_id(1)));
    let filter = DeliveryFilter { event, ..DeliveryFilter::default() };
    let mut listed = Vec::new();
    let mut before = None;
    loop {
        let page = s.store.deliveries(s.company, filter.clone(), page(2, before)).await.unwrap();
        listed.extend(page.data.iter().map(|row| row.id.raw()));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!((listed.len(), listed.last()), (5, Some(&(Setup::event_id(1) + 1))));
    assert!(listed.is_sorted_by(|a, b| a > b), "newest first: {listed:?}");
    let since = Some(later());
    let newer = DeliveryFilter { since, endpoint: Some(on), ..filter };
    assert_eq!(s.store.deliveries(s.company, newer, page(9, None)).await.unwrap().data.len(), 2);
}

async fn a_replay_goes_where_it_is_told(s: Setup) {
    let named = endpoint(&s, "template.*", SwitchWanted::Enabled).await.id;
    endpoint(&s, "*", SwitchWanted::Enabled).await;
    received(&s, 1).await;
    let job = done(&s, replay(1, Some(vec![named, named]))).await;
    assert_eq!((job.total, job.done), (1, 1));
    let sql = format!("FROM pending WHERE endpoint_id = {}", named.raw());
    assert_eq!((s.count(&sql).await, s.count("FROM pending").await), (1, 1));
}

async fn what_cannot_be_asked_for_is_refused(s: Setup) {
    let on = s.endpoint().await.id;
    let off = endpoint(&s, "*", SwitchWanted::Disabled).await.id;
    let paused = endpoint(&s, "*", SwitchWanted::Paused).await.id;
    let gone = s.endpoint().await.id;
    s.store.delete_endpoint(s.company, gone, ACTOR, now()).await.unwrap();
    received(&s, 1).await;
    s.event(2, "message.received", "c", Some(micros(later()))).await;
    assert!(matches!(ask(&s, replay(3, None)).await, Err(Error::NotFound)));
    assert!(matches!(ask(&s, replay(1, Some(vec![gone]))).await, Err(Error::NotFound)));
    assert_eq!(code(ask(&s, replay(1, Some(vec![on, off]))).await), "endpoint_held");
    assert_eq!(code(ask(&s, replay(2, None)).await), "event_expired");
    for held in [off, paused] {
        assert_eq!(code(ask(&s, recover(held, false)).await), "endpoint_held");
    }
    for request in [recover(gone, false), JobRequest::Retry(to(gone)), JobRequest::Cancel(to(gone))]
    {
        assert!(matches!(ask(&s, request).await, Err(Error::NotFound)));
    }
    let request = replay(1, None).check().unwrap();
    let foreign = s.store.create_job(s.other, request, ACTOR, later()).await;
    assert!(matches!(foreign, Err(Error::NotFound)));
    assert_eq!(s.count("FROM jobs").await, 0);
    for n in 0..3 {
        ask(&s, JobRequest::Retry(to(on))).await.unwrap_or_else(|error| panic!("{n}: {error}"));
    }
    assert_eq!(code(ask(&s, JobRequest::Cancel(to(on))).await), "too_many_jobs");
    let pick = Pick { since: Some(now()), ..Pick::default() };
    let theirs = JobRequest::Retry(pick).check().unwrap();
    s.store.create_job(s.other, theirs, ACTOR, later()).await.unwrap();
}

async fn a_retry_puts_back_what_was_exhausted(s: Setup) {
    let (on, other) = (s.endpoint().await.id, s.endpoint().await.id);
    for n in 1..=7 {
        received(&s, n).await;
    }
    let exhausted = DeliveryId::from_raw(s.finished(1, on, 2, 145, None).await);
    let waits = waiting(&s, 2, on).await;
    let ours = DeliveryId::from_raw(
        s.pending(3, on, Pending { claimed_by: 7, due_at: micros(at(600)), ..Pending::default() })
            .await,
    );
    s.delivered(4, on).await;
    s.finished(5, on, 4, 1, None).await;
    s.finished(6, other, 2, 145, None).await;
    let after = s.finished(7, on, 2, 145, None).await;
    let newer = micros(later() + TimeDelta::seconds(1));
    s.sql("UPDATE deliveries SET finished_at = $1 WHERE id = $2", vec![newer.into(), after.into()])
        .await;
    let job = done(&s, JobRequest::Retry(to(on))).await;
    assert_eq!((job.total, job.done, job.skipped), (4, 2, 2), "in flight, newer than the job");
    for (column, value) in [
        ("tries", 145),
        ("tries_before", 145),
        ("generation", 1),
        ("due_at", micros(later())),
        ("claimed_by", 0),
        ("schedule_began", micros(later())),
    ] {
        assert_eq!(of_pending(&s, exhausted, column).await, value, "{column}");
    }
    assert_eq!(of_pending(&s, waits, "due_at").await, micros(later()));
    assert_eq!(of_pending(&s, waits, "tries").await, 3);
    assert_eq!(of_pending(&s, ours, "due_at").await, micros(at(600)));
    assert_eq!(s.count("FROM pending").await, 3);
    assert_eq!(of_lane(&s, on, "next_due").await, micros(later()));
    let again = done(&s, JobRequest::Retry(to(on))).await;
    assert_eq!((again.done, s.count("FROM pending").await), (0, 3));
}

async fn a_retry_takes_the_state_it_is_told(s: Setup) {
    let on = s.endpoint().await.id;
    for n in 1..=4 {
        received(&s, n).await;
    }
    s.event(5, "message.received", "c", Some(micros(at(60)))).await;
    let (good, bad) = (s.delivered(1, on).await, s.finished(2, on, 2, 5, None).await);
    let canceled = s.finished(3, on, 4, 0, None).await;
    waiting(&s, 4, on).await;
    s.finished(5, on, 2, 5, None).await;
    let pick = |state| Pick { state: Some(state), ..Pick::default() };
    let job = done(&s, JobRequest::Retry(pick(DeliveryState::Delivered))).await;
    assert_eq!((job.total, job.done), (1, 1));
    assert_eq!(state(&s, DeliveryId::from_raw(good)).await, DeliveryState::Pending);
    let job = done(&s, JobRequest::Retry(pick(DeliveryState::Canceled))).await;
    assert_eq!((job.total, job.done), (1, 1));
    assert_eq!(state(&s, DeliveryId::from_raw(canceled)).await, DeliveryState::Pending);
    let job = done(&s, JobRequest::Retry(pick(DeliveryState::Exhausted))).await;
    assert_eq!((job.total, job.done, job.skipped), (2, 1, 1), "one event has expired");
    assert_eq!(state(&s, DeliveryId::from_raw(bad)).await, DeliveryState::Pending);
    let before = Pick { until: Some(now()), ..Pick::default() };
    assert_eq!(done(&s, JobRequest::Retry(before)).await.total, 0);
}

async fn a_cancel_ends_what_waits_and_marks_what_is_held(s: Setup) {
    let (on, paused) = (s.endpoint().await.id, s.endpoint().await.id);
    for n in 1..=4 {
        received(&s, n).await;
    }
    let waits = waiting(&s, 1, on).await;
    let claimed_by = s.store.incarnation();
    let ours = DeliveryId::from_raw(
        s.pending(2, on, Pending { claimed_by, due_at: 1, ..Pending::default() }).await,
    );
    let held = waiting(&s, 3, paused).await;
    switch(&s, paused, SwitchWanted::Paused).await;
    let good = DeliveryId::from_raw(s.delivered(4, on).await);
    let pending = Pick { state: Some(DeliveryState::Pending), ..Pick::default() };
    let job = done(&s, JobRequest::Cancel(pending)).await;
    assert_eq!((job.total, job.done, job.skipped), (2, 2, 0));
    assert_eq!(state(&s, waits).await, DeliveryState::Canceled);
    assert_eq!(s.count("FROM deliveries WHERE state = 4 AND tries = 3").await, 1);
    assert_eq!(of_pending(&s, ours, "canceled").await, 1);
    assert_eq!(s.store.wishes().await.unwrap()[0].delivery, ours);
    assert_eq!(state(&s, held).await, DeliveryState::Held);
    let job = done(&s, JobRequest::Cancel(Pick { since: Some(now()), ..Pick::default() })).await;
    assert_eq!((job.total, job.done), (1, 1));
    assert_eq!(state(&s, held).await, DeliveryState::Canceled);
    assert_eq!(state(&s, good).await, DeliveryState::Delivered);
}

/// An endpoint with a past: what of each event is to be sent when it recovers.
async fn missed(s: &Setup) -> (EndpointId, Vec<i64>) {
    let on = endpoint(s, "message.*", SwitchWanted::Enabled).await.id;
    let other = endpoint(s, "*", SwitchWanted::Enabled).await.id;
    for n in [1, 2, 3, 4, 5, 6, 7, 9] {
        received(s, n).await;
    }
    s.finished(1, on, 2, 145, None).await;
    waiting(s, 2, on).await;
    // The third and the fourth never came to it; of the fourth another endpoint has a delivery.
    s.delivered(4, other).await;
    s.delivered(5, on).await;
    s.finished(6, on, 4, 1, None).await;
    // The seventh was exhausted, replayed, and then delivered.
    s.finished(7, on, 2, 145, None).await;
    let replayed = Setup::event_id(1_000);
    s.sql(
        "INSERT INTO later_deliveries (company_id, event_id, id, endpoint_id) VALUES ($1, $2, $3, $4)",
        vec![
            s.company.raw().into(),
            Setup::event_id(7).into(),
            replayed.into(),
            on.raw().into(),
        ],
    )
    .await;
    s.sql(
        "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, \
         tries_before, finished_at, format, render_version) VALUES ($1, $2, 0, $3, $4, 1, 1, 0, $5, 0, 1)",
        vec![
            replayed.into(),
            s.company.raw().into(),
            on.raw().into(),
            Setup::event_id(7).into(),
            micros(now()).into(),
        ],
    )
    .await;
    s.event(8, "template.approved", "c", None).await;
    s.event(10, "message.received", "c", Some(micros(at(59)))).await;
    s.delivered(9, on).await;
    (on, [1, 2, 3, 4].map(Setup::event_id).into())
}

async fn on_the_way(s: &Setup, endpoint: EndpointId) -> Vec<i64> {
    let mut events = Vec::new();
    for n in 1..=10 {
        let event = Setup::event_id(n);
        let sql = format!(
            "FROM pending WHERE event_id = {event} AND endpoint_id = {} AND due_at = {} AND claimed_by = 0",
            endpoint.raw(),
            micros(later())
        );
        for _ in 0..s.count(&sql).await {
            events.push(event);
        }
    }
    events
}

async fn a_recovery_sends_what_was_missed_and_nothing_else(s: Setup) {
    let (on, expected) = missed(&s).await;
    let (until, since) = (Some(now()), now() - TimeDelta::hours(1));
    let before = JobRequest::Recover { endpoint: on, since, until, include_delivered: true };
    assert_eq!(done(&s, before).await.total, 0, "nothing was accepted then");
    let job = done(&s, recover(on, false)).await;
    assert_eq!((job.total, job.done, job.skipped), (5, 4, 1), "one event has expired");
    assert_eq!(on_the_way(&s, on).await, expected);
    assert_eq!(s.count("FROM later_deliveries").await, 3);
    let again = done(&s, recover(on, false)).await;
    assert_eq!((again.done, on_the_way(&s, on).await), (0, expected));
    // What was made later counts as well: delivered by now, it is not made again.
    s.sql(
        "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, \
         tries_before, finished_at, format, render_version) SELECT id, company_id, generation, \
         endpoint_id, event_id, 1, 1, 0, due_at, 0, 1 FROM pending",
        vec![],
    )
    .await;
    s.sql("DELETE FROM pending", vec![]).await;
    let third = done(&s, recover(on, false)).await;
    assert_eq!((third.done, s.count("FROM pending").await), (0, 0));
}

async fn a_recovery_repeats_what_succeeded_only_when_asked(s: Setup) {
    let (on, _) = missed(&s).await;
    let job = done(&s, recover(on, true)).await;
    assert_eq!((job.done, job.skipped), (7, 1));
    assert_eq!(on_the_way(&s, on).await, [1, 2, 3, 4, 5, 7, 9].map(Setup::event_id));
    assert_eq!(of_pending(&s, DeliveryId::from_raw(Setup::event_id(5) + 1), "generation").await, 1);
}

async fn jobs_are_listed_and_audited(s: Setup) {
    let on = s.endpoint().await.id;
    let first = done(&s, JobRequest::Retry(to(on))).await;
    let second = ask(&s, JobRequest::Cancel(to(on))).await.unwrap();
    assert_eq!(second.request, JobRequest::Cancel(to(on)));
    let listed = s.store.jobs(s.company, page(1, None)).await.unwrap();
    assert_eq!(listed.data[0].id, second.id);
    let listed = s.store.jobs(s.company, page(1, listed.next)).await.unwrap();
    assert_eq!((listed.data[0].id, listed.next), (first.id, None));
    assert!(s.store.jobs(s.other, page(9, None)).await.unwrap().data.is_empty());
    for company in [s.other, domain::id::CompanyId::from_raw(1)] {
        assert!(matches!(s.store.job(company, first.id).await, Err(Error::NotFound)));
        let canceled = s.store.cancel_job(company, second.id, ACTOR, later()).await;
        assert!(matches!(canceled, Err(Error::NotFound)));
    }
    let canceled = s.store.cancel_job(s.company, second.id, ACTOR, later()).await.unwrap();
    assert_eq!((canceled.state, canceled.finished_at), (JobState::Canceled, Some(later())));
    for over in [first.id, second.id] {
        assert_eq!(code(s.store.cancel_job(s.company, over, ACTOR, later()).await), "job_finished");
    }
    let unknown = s.store.job(s.company, JobId::from_raw(5)).await;
    assert!(matches!(unknown, Err(Error::NotFound)));
    let logged = |action: &str, id: JobId| {
        format!("FROM audit_log WHERE action = '{action}' AND subject = '{id}'")
    };
    assert_eq!(s.count(&logged("job.created", first.id)).await, 1);
    assert_eq!(s.count(&logged("job.canceled", second.id)).await, 1);
    assert_eq!(s.count("FROM audit_log WHERE action LIKE 'job.%'").await, 3);
}
