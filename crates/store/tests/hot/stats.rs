//! Counts of attempts: written with their settlement, folded into hours, read over time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::endpoint::Status;
use domain::outcome::{ErrorKind, Outcome};
use store::ToSettle;

use crate::engine::{held, over, status};
use crate::setup::{Pending, Setup, now, on_both};

on_both!(
    attempts_are_counted_once_by_minute_and_answer,
    hours_are_made_of_minutes_and_made_again_they_are_the_same,
    nothing_counted_is_no_rate_and_no_latency,
    no_oldest_is_told_where_not_all_was_counted,
    another_companys_counts_are_not_seen,
    old_counts_go,
);

/// Settles one attempt that ended then, and took so long.
async fn settle(s: &Setup, n: i64, outcome: Outcome, ended_at: DateTime<Utc>, took: Duration) {
    let id = endpoint(s).await;
    let row = held(s, n, id, 0).await;
    let ToSettle::Attempted(mut done) = over(&row, outcome, ended_at) else { unreachable!() };
    done.duration = took;
    s.store.settle(&[ToSettle::Attempted(done)], ended_at).await.unwrap();
}

async fn endpoint(s: &Setup) -> domain::id::EndpointId {
    let page = store::PageRequest { limit: 1, before: None };
    match s.store.endpoints(s.company, page).await.unwrap().data.first() {
        Some(endpoint) => endpoint.id,
        None => s.endpoint().await.id,
    }
}

fn ok() -> Outcome {
    status(200)
}

/// So many seconds after noon.
fn at(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

async fn attempts_are_counted_once_by_minute_and_answer(s: Setup) {
    let ms = Duration::from_millis;
    settle(&s, 1, ok(), at(1), ms(7)).await;
    settle(&s, 2, ok(), at(2), ms(30)).await;
    settle(&s, 3, Outcome::of_error(ErrorKind::Timeout, "late".into(), None), at(70), ms(5_000))
        .await;
    let stats = s.store.stats(s.company, None, now(), at(120)).await.unwrap();
    assert_eq!((stats.attempts(), stats.succeeded(), stats.step.num_seconds()), (3, 2, 60));
    let points: Vec<_> = stats.points.iter().map(|p| (p.succeeded, p.failed)).collect();
    assert_eq!(points, [(2, 0), (0, 1)]);
    let answers: Vec<_> =
        stats.answers.iter().map(|a| (a.answered.as_number(), a.success, a.attempts)).collect();
    assert_eq!(answers, [(200, true, 2), (-4, false, 1)]);
    assert_eq!(stats.latencies.0[1], 1);
    let id = endpoint(&s).await;
    let one = s.store.stats(s.company, Some(id), now(), at(120)).await.unwrap();
    assert_eq!((one.attempts(), one.latencies), (3, stats.latencies));
    assert_eq!(s.count("FROM stats WHERE grain = 60").await, 4, "of the endpoint and of all");
}

async fn hours_are_made_of_minutes_and_made_again_they_are_the_same(s: Setup) {
    for n in 1..=5 {
        settle(&s, n, ok(), at(n * 61), Duration::from_millis(3)).await;
    }
    let later = now() + TimeDelta::hours(3);
    for _ in 0..2 {
        s.store.fold_stats(None, later).await.unwrap();
        assert_eq!(s.count("FROM stats WHERE grain = 3600 AND attempts = 5").await, 2);
    }
    let since = now() - TimeDelta::days(20);
    let stats = s.store.stats(s.company, None, since, later).await.unwrap();
    assert_eq!((stats.attempts(), stats.succeeded()), (5, 5));
    assert!(stats.step >= TimeDelta::hours(1) && stats.points.len() == 1);
}

async fn nothing_counted_is_no_rate_and_no_latency(s: Setup) {
    let id = s.endpoint().await.id;
    let stats = s.store.stats(s.company, Some(id), now(), at(60)).await.unwrap();
    assert_eq!((stats.attempts(), stats.latencies.quantile_ms(0.5)), (0, None));
    let waiting = s.store.waiting(s.company, Some(id)).await.unwrap();
    assert_eq!((waiting.count, waiting.oldest), (0, None));
    held(&s, 7, id, 0).await;
    let waiting = s.store.waiting(s.company, None).await.unwrap();
    assert_eq!((waiting.count, waiting.oldest.is_some()), (1, true), "it waits for its answer");
    let ids =
        [s.pending(3, id, Pending::default()).await, s.pending(2, id, Pending::default()).await];
    let oldest = Some(domain::id::DeliveryId::from_raw(ids[1]).made_at());
    for endpoint in [None, Some(id)] {
        let waiting = s.store.waiting(s.company, endpoint).await.unwrap();
        assert_eq!((waiting.count, waiting.oldest), (3, oldest));
    }
    let other = s.endpoint().await.id;
    assert_eq!(s.store.waiting(s.company, Some(other)).await.unwrap().count, 0);
    let statuses = s.store.endpoint_statuses(s.company).await.unwrap();
    assert!(statuses.contains(&(Status::Enabled, 2)) && statuses.contains(&(Status::Defective, 0)));
}

async fn no_oldest_is_told_where_not_all_was_counted(s: Setup) {
    let id = s.endpoint().await.id;
    s.pending(1, id, Pending::default()).await;
    let counted = i64::from(store::WAITING_COUNT_MAX);
    let more = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
        INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
        SELECT p.id + $2 + i, p.company_id, p.endpoint_id, p.event_id, p.due_at, p.schedule_began \
        FROM n CROSS JOIN (SELECT * FROM pending ORDER BY id LIMIT 1) p";
    s.sql(more, vec![(counted - 1).into(), 1_000_i64.into()]).await;
    let waiting = s.store.waiting(s.company, Some(id)).await.unwrap();
    assert_eq!((i64::from(waiting.count), waiting.oldest.is_some()), (counted, true));
    s.sql(more, vec![1_i64.into(), 1_000_000_i64.into()]).await;
    for endpoint in [None, Some(id)] {
        let waiting = s.store.waiting(s.company, endpoint).await.unwrap();
        assert_eq!((i64::from(waiting.count), waiting.oldest), (counted + 1, None));
    }
}

async fn another_companys_counts_are_not_seen(s: Setup) {
    settle(&s, 1, ok(), at(1), Duration::from_millis(7)).await;
    let other = s.store.create_company("Other", "o@example.com", now()).await.unwrap().id;
    let id = endpoint(&s).await;
    for endpoint in [None, Some(id)] {
        assert_eq!(s.store.stats(other, endpoint, now(), at(60)).await.unwrap().attempts(), 0);
        assert_eq!(s.store.waiting(other, endpoint).await.unwrap().count, 0);
    }
}

async fn old_counts_go(s: Setup) {
    settle(&s, 1, ok(), at(1), Duration::from_millis(7)).await;
    s.store.fold_stats(Some(at(60) - TimeDelta::hours(1)), at(60)).await.unwrap();
    s.store.forget_stats(now() + TimeDelta::hours(47)).await.unwrap();
    assert_eq!(s.count("FROM stats").await, 4);
    s.store.forget_stats(now() + TimeDelta::hours(49)).await.unwrap();
    assert_eq!(s.count("FROM stats WHERE grain = 3600").await, 2);
    assert_eq!(s.count("FROM stats").await, 2);
    // The hour that has lost its minutes is not made anew out of nothing.
    s.store.fold_stats(None, now() + TimeDelta::hours(49)).await.unwrap();
    assert_eq!(s.count("FROM stats WHERE grain = 3600 AND attempts = 1").await, 2);
}
