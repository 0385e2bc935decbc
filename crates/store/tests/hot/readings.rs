//! What operators watch: what waits, and since when.

use chrono::{DateTime, TimeDelta, Utc};
use domain::endpoint::Status;
use domain::id::EndpointId;
use store::{OldestDue, SwitchWanted};

use crate::engine::{endpoint, micros};
use crate::setup::{ACTOR, Pending, Setup, now, on_both};

on_both!(
    the_oldest_due_is_the_longest_waiting_of_those_that_may_go,
    endpoints_are_counted_by_status_without_deleted_ones,
    pools_and_queues_tell_their_use,
);

fn ago(minutes: i64) -> DateTime<Utc> {
    now() - TimeDelta::minutes(minutes)
}

async fn lane(s: &Setup, endpoint: EndpointId, hold_until: DateTime<Utc>) {
    let sql =
        "INSERT INTO lanes (endpoint_id, company_id, next_due, hold_until) VALUES ($1, $2, 0, $3)";
    let values = [endpoint.raw(), s.company.raw(), micros(hold_until)];
    s.sql(sql, values.map(Into::into).to_vec()).await;
}

async fn waiting(s: &Setup, n: i64, endpoint: EndpointId, due: DateTime<Utc>) {
    s.pending(n, endpoint, Pending { due_at: micros(due), ..Pending::default() }).await;
}

async fn set(s: &Setup, table: &str, change: &str, id: i64) {
    s.sql(&format!("UPDATE {table} SET {change} WHERE id = {id}"), Vec::new()).await;
}

async fn the_oldest_due_is_the_longest_waiting_of_those_that_may_go(s: Setup) {
    let oldest = async || s.store.oldest_due(now()).await.unwrap();
    assert_eq!(oldest().await, OldestDue::default());
    let (one, other) = (s.endpoint().await.id, s.endpoint().await.id);
    lane(&s, one, ago(1)).await;
    lane(&s, other, ago(1)).await;
    waiting(&s, 1, one, now() + TimeDelta::minutes(1)).await;
    assert_eq!(oldest().await, OldestDue::default(), "nothing is due");
    // A person's wish has no due time.
    s.pending(2, one, Pending { due_at: 0, ..Pending::default() }).await;
    assert_eq!(oldest().await, OldestDue::default());
    waiting(&s, 3, one, ago(3)).await;
    waiting(&s, 4, other, ago(5)).await;
    s.pending(5, one, Pending { due_at: 1, claimed_by: 7, ..Pending::default() }).await;
    assert_eq!(oldest().await, OldestDue { enabled: Some(ago(5)), defective: None });

    set(&s, "endpoints", "failures = 100, defective_at = 1", other.raw()).await;
    let both = OldestDue { enabled: Some(ago(3)), defective: Some(ago(5)) };
    assert_eq!(oldest().await, both);
    set(&s, "endpoints", "switch = 'paused'", other.raw()).await;
    let healthy = OldestDue { defective: None, ..both };
    assert_eq!(oldest().await, healthy, "a paused one does not count");

    let held = s.endpoint().await.id;
    lane(&s, held, now() + TimeDelta::seconds(1)).await;
    waiting(&s, 6, held, ago(60)).await;
    assert_eq!(oldest().await, healthy, "one that a Retry-After holds does not count");
    set(&s, "companies", "suspended_at = 1", s.company.raw()).await;
    assert_eq!(oldest().await, OldestDue::default(), "nor one of a suspended company");
}

async fn endpoints_are_counted_by_status_without_deleted_ones(s: Setup) {
    s.endpoint().await;
    let bad = s.endpoint().await.id;
    set(&s, "endpoints", "failures = 100, defective_at = 1", bad.raw()).await;
    endpoint(&s, "*", SwitchWanted::Paused).await;
    endpoint(&s, "*", SwitchWanted::Disabled).await;
    let gone = s.endpoint().await.id;
    set(&s, "endpoints", "switch = 'gone'", gone.raw()).await;
    let deleted = s.endpoint().await.id;
    s.store.delete_endpoint(s.company, deleted, ACTOR, now()).await.unwrap();
    let counts = s.store.endpoints_by_status().await.unwrap();
    let wanted =
        [(Status::Enabled, 1), (Status::Paused, 1), (Status::Disabled, 2), (Status::Defective, 1)];
    assert_eq!(counts, wanted);
}

async fn pools_and_queues_tell_their_use(s: Setup) {
    let pools = s.store.pool_use();
    assert!(pools.iter().all(|pool| pool.max >= pool.in_use + pool.idle), "{pools:?}");
    assert!(pools.iter().map(|pool| pool.idle).sum::<usize>() > 0, "{pools:?}");
    let queue = s.store.ingest_queue();
    assert_eq!((queue.requests, queue.bytes), (0, 0));
    assert!(queue.requests_max > 0 && queue.bytes_max > 0);
    assert_eq!((s.store.running_jobs().await.unwrap(), s.store.doubtful_rows()), (0, 0));
    let mails = s.store.waiting_mails(now()).await.unwrap();
    assert_eq!((mails.count, mails.oldest_due), (0, None));
}
