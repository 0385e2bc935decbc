//! Jobs over many rows, on several nodes, stopped and taken over.

use std::collections::HashSet;

use domain::id::DeliveryId;
use domain::job::{JobRequest, JobState, Pick};
use sea_orm::{ConnectionTrait, TransactionTrait};
use store::{JobStep, SLICE_ROWS_MAX, Store, SwitchWanted};

use crate::engine::{endpoint, micros, of_pending};
use crate::jobs::{ask, count, done, later, switch, to, work};
use crate::setup::{ACTOR, Pending, Setup, now, on_both};

on_both!(
    ten_thousand_rows_go_in_slices,
    a_recovery_of_thousands_of_events_goes_in_slices,
    another_incarnation_goes_on_and_repeats_nothing,
    a_canceled_job_stops_at_the_next_slice,
    an_endpoint_that_is_disabled_meanwhile_is_passed_over,
    jobs_of_one_company_come_one_after_the_other,
    a_job_that_cannot_go_on_says_why,
    other_companies_rows_between_are_left_alone,
    the_newest_generation_counts_however_many_there_are,
);

/// Exhausted deliveries of `count` events, for `endpoint`; their ids step by 10.
async fn exhausted(s: &Setup, endpoint: i64, count: i64) {
    let numbers = if s.config.database_url.starts_with("sqlite") {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $4) "
    } else {
        "WITH n(i) AS (SELECT generate_series(1::bigint, $4)) "
    };
    let (first, at) = (Setup::event_id(0), micros(now()));
    let events = "INSERT INTO events (id, company_id, event_type, occurred_at, accepted_at, data, \
        deliveries) SELECT $1 + 10 * i, $2, 'message.received', $3, $3, '', 9 FROM n";
    let values = vec![first.into(), s.company.raw().into(), at.into(), count.into()];
    // The parameters of `data` differ: bytes on one database, text on the other.
    let events = if s.config.database_url.starts_with("sqlite") {
        events.replace("''", "x''")
    } else {
        events.to_owned()
    };
    s.sql(&format!("{numbers}{events}"), values).await;
    let rows = "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, \
        tries_before, finished_at, format, render_version) \
        SELECT $1 + 10 * i + 1, $2, 0, $5, $1 + 10 * i, 2, 145, 0, $3, 0, 1 FROM n";
    let values =
        vec![first.into(), s.company.raw().into(), at.into(), count.into(), endpoint.into()];
    s.sql(&format!("{numbers}{rows}"), values).await;
}

async fn ten_thousand_rows_go_in_slices(s: Setup) {
    let on = s.endpoint().await.id;
    exhausted(&s, on.raw(), 10_000).await;
    let request = JobRequest::Retry(to(on));
    let counted = count(&s, &request, 100_000).await;
    assert_eq!((counted.rows, counted.more), (10_000, false));
    for (cap, more) in [(10_000, false), (9_999, true), (10, true)] {
        let counted = count(&s, &request, cap).await;
        assert_eq!((counted.rows, counted.more), (cap, more));
    }
    let asked = ask(&s, request).await.unwrap();
    let job = s.store.claim_job(later()).await.unwrap().unwrap();
    let slices = work(&s.store, job).await;
    assert!(slices.len() >= 49 && slices.iter().all(|touched| *touched <= 200), "{slices:?}");
    let record = s.store.job(s.company, asked.id).await.unwrap();
    assert_eq!((record.total, record.done, record.skipped), (10_000, 10_000, 0));
    assert_eq!(s.count("FROM pending WHERE generation = 1 AND claimed_by = 0").await, 10_000);
    assert_eq!(s.store.claim_job(later()).await.unwrap(), None);
}

/// More of them than a small slice looks at: only the newest has failed for good.
async fn the_newest_generation_counts_however_many_there_are(s: Setup) {
    let on = s.endpoint().await.id;
    exhausted(&s, on.raw(), 3).await;
    let first = Setup::event_id(0) + 11;
    let generations = "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, \
        tries_before, finished_at, format, render_version) SELECT d.id, d.company_id, $2, \
        d.endpoint_id, d.event_id, $3, d.tries, d.tries_before, d.finished_at, d.format, d.render_version \
        FROM deliveries d WHERE d.id = $1 AND d.generation = 0";
    for generation in 1..=150_i64 {
        let state = if generation == 150 { 2_i64 } else { 1 };
        s.sql(generations, vec![first.into(), generation.into(), state.into()]).await;
    }
    ask(&s, JobRequest::Retry(to(on))).await.unwrap();
    let job = s.store.claim_job(later()).await.unwrap().unwrap();
    while s.store.run_job_slice(job, 1, later()).await.unwrap().step != JobStep::Over {}
    let put_back = of_pending(&s, DeliveryId::from_raw(first), "generation").await;
    assert_eq!((put_back, s.count("FROM pending").await), (151, 3));
}

async fn a_recovery_of_thousands_of_events_goes_in_slices(s: Setup) {
    let on = s.endpoint().await.id;
    exhausted(&s, on.raw(), 2_500).await;
    s.sql("DELETE FROM deliveries WHERE id < $1", vec![Setup::event_id(1_000).into()]).await;
    let request =
        JobRequest::Recover { endpoint: on, since: now(), until: None, include_delivered: false };
    let job = done(&s, request).await;
    assert_eq!((job.total, job.done, job.skipped), (2_500, 2_500, 0));
    assert_eq!(s.count("FROM later_deliveries").await, 999);
    assert_eq!(s.count("FROM pending WHERE generation = 1").await, 1_501);
    assert_eq!(s.count("FROM pending WHERE generation = 0").await, 999);
    let sql = "FROM (SELECT event_id FROM pending GROUP BY event_id) x";
    assert_eq!(s.count(sql).await, 2_500, "each event once");
}

async fn another_incarnation_goes_on_and_repeats_nothing(s: Setup) {
    let on = s.endpoint().await.id;
    exhausted(&s, on.raw(), 450).await;
    let asked = ask(&s, JobRequest::Retry(to(on))).await.unwrap();
    let mine = s.store.claim_job(later()).await.unwrap().unwrap();
    let step = s.store.run_job_slice(mine, SLICE_ROWS_MAX, later()).await.unwrap().step;
    assert_eq!(step, JobStep::More { touched: 200 });
    let next = Store::open(s.config.clone()).await.unwrap();
    assert_eq!(next.claim_job(later()).await.unwrap(), None, "somebody works on it");
    // What the first slice put back is over before the second node comes.
    s.sql(
        "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, \
         tries_before, finished_at, format, render_version) SELECT id, company_id, generation, \
         endpoint_id, event_id, 2, 290, 145, due_at, 0, 1 FROM pending",
        vec![],
    )
    .await;
    s.sql("DELETE FROM pending", vec![]).await;
    while next.free_claims_of(s.store.incarnation(), later()).await.unwrap() {}
    let theirs = next.claim_job(later()).await.unwrap().unwrap();
    assert_eq!((theirs.id, theirs.company), (asked.id, s.company));
    assert_eq!(
        s.store.run_job_slice(mine, SLICE_ROWS_MAX, later()).await.unwrap().step,
        JobStep::Lost
    );
    work(&next, theirs).await;
    let record = s.store.job(s.company, asked.id).await.unwrap();
    assert_eq!((record.state, record.done), (JobState::Finished, 450));
    assert_eq!(s.count("FROM pending").await, 250);
    assert_eq!(s.count("FROM pending WHERE generation = 1").await, 250);
    assert_eq!(
        s.store.run_job_slice(mine, SLICE_ROWS_MAX, later()).await.unwrap().step,
        JobStep::Lost
    );
}

async fn a_canceled_job_stops_at_the_next_slice(s: Setup) {
    let on = s.endpoint().await.id;
    for n in 1..=300 {
        s.pending(n, on, Pending { due_at: 1, ..Pending::default() }).await;
    }
    let asked = ask(&s, JobRequest::Cancel(to(on))).await.unwrap();
    let job = s.store.claim_job(later()).await.unwrap().unwrap();
    s.store.run_job_slice(job, SLICE_ROWS_MAX, later()).await.unwrap();
    s.store.cancel_job(s.company, asked.id, ACTOR, later()).await.unwrap();
    assert_eq!(
        s.store.run_job_slice(job, SLICE_ROWS_MAX, later()).await.unwrap().step,
        JobStep::Lost
    );
    s.store.release_job(job).await.unwrap();
    assert_eq!(s.store.claim_job(later()).await.unwrap(), None);
    let record = s.store.job(s.company, asked.id).await.unwrap();
    assert_eq!((record.state, record.total, record.done), (JobState::Canceled, 300, 200));
    assert_eq!(s.count("FROM pending").await, 100);
    assert_eq!(s.count("FROM deliveries WHERE state = 4").await, 200);
}

async fn an_endpoint_that_is_disabled_meanwhile_is_passed_over(s: Setup) {
    let on = s.endpoint().await.id;
    exhausted(&s, on.raw(), 300).await;
    let recover =
        JobRequest::Recover { endpoint: on, since: now(), until: None, include_delivered: false };
    for request in [JobRequest::Retry(to(on)), recover] {
        let asked = ask(&s, request).await.unwrap();
        let job = s.store.claim_job(later()).await.unwrap().unwrap();
        let before = s.count("FROM pending").await;
        switch(&s, on, SwitchWanted::Disabled).await;
        work(&s.store, job).await;
        let record = s.store.job(s.company, asked.id).await.unwrap();
        assert_eq!((record.total, record.done, record.skipped), (300, 0, 300));
        assert_eq!(s.count("FROM pending").await, before);
        switch(&s, on, SwitchWanted::Enabled).await;
    }
}

async fn jobs_of_one_company_come_one_after_the_other(s: Setup) {
    let on = s.endpoint().await.id;
    let first = ask(&s, JobRequest::Retry(to(on))).await.unwrap();
    let second = ask(&s, JobRequest::Cancel(to(on))).await.unwrap();
    let pick = Pick { since: Some(now()), ..Pick::default() };
    let theirs = JobRequest::Retry(pick).check().unwrap();
    let theirs = s.store.create_job(s.other, theirs, ACTOR, later()).await.unwrap();
    let next = Store::open(s.config.clone()).await.unwrap();
    let third = Store::open(s.config.clone()).await.unwrap();
    let (a, b) = tokio::join!(s.store.claim_job(later()), next.claim_job(later()));
    let mut taken: Vec<_> = [a.unwrap(), b.unwrap()].into_iter().flatten().collect();
    // Two that look at the same moment may want the same one: then one of them looks again.
    for store in [&s.store, &next, &third] {
        taken.extend(store.claim_job(later()).await.unwrap());
    }
    let ids: HashSet<_> = taken.iter().map(|job| job.id).collect();
    assert_eq!(ids, HashSet::from([first.id, theirs.id]), "the second waits for the first");
    let job = *taken.iter().find(|job| job.id == first.id).unwrap();
    assert_eq!(third.claim_job(later()).await.unwrap(), None);
    work(&s.store, job).await;
    assert_eq!(third.claim_job(later()).await.unwrap().map(|job| job.id), Some(second.id));
}

async fn a_job_that_cannot_go_on_says_why(s: Setup) {
    let on = s.endpoint().await.id;
    let asked = ask(&s, JobRequest::Retry(to(on))).await.unwrap();
    let job = s.store.claim_job(later()).await.unwrap().unwrap();
    s.sql("UPDATE jobs SET request = 'nonsense'", vec![]).await;
    let error = s.store.run_job_slice(job, SLICE_ROWS_MAX, later()).await.unwrap_err();
    assert!(!error.is_passing());
    s.sql("UPDATE jobs SET request = $1", vec![format!("{{\"endpoint\":{}}}", on.raw()).into()])
        .await;
    s.store.fail_job(job, &error.to_string(), later()).await.unwrap();
    let record = s.store.job(s.company, asked.id).await.unwrap();
    assert_eq!(record.state, JobState::Failed);
    assert!(record.last_error.unwrap().contains("corrupt"));
    assert_eq!(s.store.claim_job(later()).await.unwrap(), None);
}

async fn other_companies_rows_between_are_left_alone(s: Setup) {
    let on = s.endpoint().await.id;
    exhausted(&s, on.raw(), 600).await;
    // Every other event and its delivery are somebody else's; so are many that are pending.
    for table in ["events", "deliveries"] {
        let sql = format!("UPDATE {table} SET company_id = $1 WHERE (id - $2) % 20 < 10");
        s.sql(&sql, vec![s.other.raw().into(), Setup::event_id(0).into()]).await;
    }
    for n in 700..1_900 {
        s.pending(n, on, Pending { due_at: 1, ..Pending::default() }).await;
    }
    s.sql("UPDATE pending SET company_id = $1", vec![s.other.raw().into()]).await;
    let mine = DeliveryId::from_raw(
        s.pending(1_901, on, Pending { due_at: micros(later()) + 1, ..Pending::default() }).await,
    );
    s.event(1_901, "message.received", "c", None).await;
    let job = done(&s, JobRequest::Retry(Pick { since: Some(now()), ..Pick::default() })).await;
    assert_eq!((job.total, job.done), (301, 301));
    assert_eq!(of_pending(&s, mine, "due_at").await, micros(later()));
    let theirs = format!("FROM pending WHERE company_id = {}", s.other.raw());
    assert_eq!(s.count(&format!("{theirs} AND due_at = 1")).await, 1_200);
    assert_eq!(s.count("FROM pending WHERE generation = 1").await, 300);
    assert_eq!(s.count(&format!("{theirs} AND generation = 1")).await, 0);
    let recover =
        JobRequest::Recover { endpoint: on, since: now(), until: None, include_delivered: true };
    assert_eq!(done(&s, recover).await.done, 0);
    let other = endpoint(&s, "*", SwitchWanted::Enabled).await.id;
    let recover = JobRequest::Recover {
        endpoint: other,
        since: now(),
        until: None,
        include_delivered: false,
    };
    assert_eq!(done(&s, recover).await.done, 301);
}

/// What somebody else is writing at this moment is neither waited for nor forgotten.
#[tokio::test]
async fn a_row_that_is_being_written_is_come_back_to() {
    let s = Setup::postgres().await;
    let on = s.endpoint().await.id;
    let mut ids = Vec::new();
    for n in 1..=3 {
        ids.push(s.pending(n, on, Pending { due_at: 1, ..Pending::default() }).await);
    }
    let asked = ask(&s, JobRequest::Cancel(to(on))).await.unwrap();
    let job = s.store.claim_job(later()).await.unwrap().unwrap();
    let tx = s.raw.begin().await.unwrap();
    let lock = format!("SELECT id FROM pending WHERE id = {} FOR UPDATE", ids[1]);
    tx.execute_unprepared(&lock).await.unwrap();
    for touched in [1, 0] {
        let step = s.store.run_job_slice(job, SLICE_ROWS_MAX, later()).await.unwrap().step;
        assert_eq!(step, JobStep::More { touched });
    }
    assert_eq!(s.count("FROM pending").await, 2);
    tx.rollback().await.unwrap();
    assert_eq!(work(&s.store, job).await, [0_u64; 0]);
    assert_eq!(s.count("FROM deliveries WHERE state = 4").await, 3);
    let record = s.store.job(s.company, asked.id).await.unwrap();
    assert_eq!((record.done, record.skipped), (3, 0));
}

#[tokio::test]
async fn the_job_of_a_company_that_is_gone_fails_and_does_not_stand_in_the_way() {
    let s = Setup::sqlite().await;
    let on = s.endpoint().await.id;
    let asked = ask(&s, JobRequest::Cancel(to(on))).await.unwrap();
    let pick = Pick { since: Some(now()), ..Pick::default() };
    let theirs = JobRequest::Retry(pick).check().unwrap();
    let theirs = s.store.create_job(s.other, theirs, ACTOR, later()).await.unwrap();
    s.sql("DELETE FROM companies WHERE id = $1", vec![s.company.raw().into()]).await;
    assert_eq!(s.store.claim_job(later()).await.unwrap(), None);
    let next = s.store.claim_job(later()).await.unwrap();
    assert_eq!(next.map(|job| job.id), Some(theirs.id));
    let record = s.store.job(s.company, asked.id).await.unwrap();
    assert_eq!(record.state, JobState::Failed);
}

/// Where a slice stands and what it did are one transaction: a slice that fails has done nothing.
#[tokio::test]
async fn a_slice_that_fails_has_done_nothing() {
    let s = Setup::sqlite().await;
    let on = s.endpoint().await.id;
    exhausted(&s, on.raw(), 300).await;
    let asked = ask(&s, JobRequest::Retry(to(on))).await.unwrap();
    let job = s.store.claim_job(later()).await.unwrap().unwrap();
    let trigger = "CREATE TRIGGER full BEFORE UPDATE OF position ON jobs \
        BEGIN SELECT RAISE(ABORT, 'no room'); END";
    s.raw.execute_unprepared(trigger).await.unwrap();
    s.store.run_job_slice(job, SLICE_ROWS_MAX, later()).await.unwrap_err();
    assert_eq!((s.count("FROM pending").await, s.count("FROM lanes").await), (0, 0));
    let record = s.store.job(s.company, asked.id).await.unwrap();
    assert_eq!((record.state, record.done), (JobState::Running, 0));
    s.raw.execute_unprepared("DROP TRIGGER full").await.unwrap();
    work(&s.store, job).await;
    assert_eq!(s.count("FROM pending WHERE generation = 1").await, 300);
    assert_eq!(s.store.job(s.company, asked.id).await.unwrap().done, 300);
}
