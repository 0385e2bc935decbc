//! Counts of attempts: written with their settlement, folded into hours, read over time.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::endpoint::Status;
use domain::id::EndpointId;
use domain::outcome::{ErrorKind, Outcome};
use domain::stats::BUCKETS;
use store::{
    Actor, CompanyPatch, EndpointPatch, EndpointStats, EndpointWaiting, PageRequest, StatsStep,
    StatsWalk, SwitchWanted, ToSettle, Waiting,
};

use crate::engine::{Door, held, one, over, status};
use crate::sessions::event_at;
use crate::setup::{Pending, Setup, now, on_both};

on_both!(
    attempts_are_counted_once_by_minute_and_answer,
    hours_are_made_of_minutes_and_made_again_they_are_the_same,
    nothing_counted_is_no_rate_and_no_latency,
    no_oldest_is_told_where_not_all_was_counted,
    every_endpoint_has_its_own_counts_and_what_waits_for_it,
    long_times_are_read_from_hours_and_from_the_minutes_since,
    endpoints_come_in_pages_and_deleted_ones_and_strangers_do_not,
    the_next_attempt_is_that_of_the_first_due_unless_something_holds_it,
    another_companys_counts_are_not_seen,
    old_counts_go,
    many_endpoints_are_done_in_steps_and_what_came_late_is_counted,
);

/// Settles one attempt that ended then, and took so long.
async fn settle(s: &Setup, n: i64, outcome: Outcome, ended_at: DateTime<Utc>, took: Duration) {
    let id = endpoint(s).await;
    settle_at(s, id, n, outcome, ended_at, took).await;
}

async fn settle_at(
    s: &Setup,
    id: EndpointId,
    n: i64,
    outcome: Outcome,
    ended_at: DateTime<Utc>,
    took: Duration,
) {
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
    let mut walk = StatsWalk::default();
    for minutes in [0, 10] {
        work(&s, &mut walk, later + TimeDelta::minutes(minutes)).await;
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
    assert_eq!(waiting_of(&s, Some(id)).await, Waiting::default());
    held(&s, 7, id, 0).await;
    let waiting = s.store.waiting(s.company).await.unwrap();
    assert_eq!((waiting.count, waiting.oldest.is_some()), (1, true), "it waits for its answer");
    let ids =
        [s.pending(3, id, Pending::default()).await, s.pending(2, id, Pending::default()).await];
    let oldest = Some(domain::id::DeliveryId::from_raw(ids[1]).made_at());
    for endpoint in [None, Some(id)] {
        let waiting = waiting_of(&s, endpoint).await;
        assert_eq!(waiting, Waiting { count: 3, more: false, oldest });
    }
    let other = s.endpoint().await.id;
    assert_eq!(waiting_of(&s, Some(other)).await.count, 0);
    let statuses = s.store.endpoint_statuses(s.company).await.unwrap();
    assert!(statuses.contains(&(Status::Enabled, 2)) && statuses.contains(&(Status::Defective, 0)));
}

/// On SQLite what is claimed has no index: the newest rows are looked through for as many as the node holds.
#[tokio::test]
async fn no_more_is_looked_for_than_the_node_holds() {
    let s = Setup::sqlite().await;
    let id = s.endpoint().await.id;
    held(&s, 7, id, 0).await;
    held(&s, 8, id, 0).await;
    for holds in [None, Some(3), Some(2), Some(1), Some(0)] {
        let door = Arc::new(Door { holds, ..Door::default() });
        // With its first event the writer knows who holds.
        one(&s, &door, event_at(s.other, "message.received", "m", (None, None), 0)).await;
        let found = u32::try_from(holds.unwrap_or(usize::MAX).min(2)).unwrap();
        for endpoint in [None, Some(id)] {
            assert_eq!(waiting_of(&s, endpoint).await.count, found, "{holds:?}");
        }
    }
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
    let waiting = waiting_of(&s, Some(id)).await;
    assert_eq!((i64::from(waiting.count), waiting.oldest.is_some()), (counted, true));
    s.sql(more, vec![1_i64.into(), 1_000_000_i64.into()]).await;
    for endpoint in [None, Some(id)] {
        let waiting = waiting_of(&s, endpoint).await;
        assert_eq!((i64::from(waiting.count), waiting.more, waiting.oldest), (counted, true, None));
    }
}

/// What waits for an endpoint, or for all.
async fn waiting_of(s: &Setup, endpoint: Option<EndpointId>) -> Waiting {
    match endpoint {
        Some(id) => s.store.waiting_for(s.company, id, now()).await.unwrap().waiting,
        None => s.store.waiting(s.company).await.unwrap(),
    }
}

async fn next_attempt(s: &Setup, id: EndpointId) -> Option<DateTime<Utc>> {
    s.store.waiting_for(s.company, id, now()).await.unwrap().next_attempt_at
}

async fn all_endpoints(s: &Setup, since: DateTime<Utc>, now: DateTime<Utc>) -> Vec<EndpointStats> {
    let page = PageRequest { limit: store::STATS_ENDPOINTS_MAX, before: None };
    let stats = s.store.endpoints_stats(s.company, page, since, now).await.unwrap();
    assert_eq!(stats.page.next, None);
    stats.page.data
}

async fn every_endpoint_has_its_own_counts_and_what_waits_for_it(s: Setup) {
    let ids = [s.endpoint().await.id, s.endpoint().await.id, s.endpoint().await.id];
    let ms = Duration::from_millis;
    settle_at(&s, ids[0], 1, ok(), at(1), ms(7)).await;
    settle_at(&s, ids[0], 2, status(503), at(70), ms(30)).await;
    settle_at(&s, ids[0], 3, status(503), at(130), ms(30)).await;
    settle_at(&s, ids[1], 4, ok(), at(3), ms(7)).await;
    let kept = s.pending(9, ids[2], Pending { due_at: 5, ..Pending::default() }).await;
    let found = all_endpoints(&s, now() - TimeDelta::minutes(58), at(120)).await;
    let found: Vec<&EndpointStats> =
        ids.iter().map(|id| found.iter().find(|one| one.endpoint == *id).unwrap()).collect();
    let sums: Vec<_> =
        found.iter().map(|one| (one.stats.attempts(), one.stats.succeeded())).collect();
    assert_eq!(sums, [(3, 1), (1, 1), (0, 0)]);
    let answers = &found[0].stats.answers;
    let answers: Vec<_> =
        answers.iter().map(|a| (a.answered.as_number(), a.success, a.attempts, a.last)).collect();
    assert_eq!(answers, [(503, false, 2, at(120)), (200, true, 1, at(0))]);
    let points: Vec<_> =
        found[0].stats.points.iter().map(|p| (p.began_at, p.succeeded, p.failed)).collect();
    assert_eq!(points, [(at(0), 1, 2)]);
    // As each of them is told alone.
    let alone = s.store.stats(s.company, Some(ids[0]), now(), at(120)).await.unwrap();
    assert_eq!(alone.latencies, found[0].stats.latencies);
    assert_eq!(alone.answers, found[0].stats.answers);
    for one in &found {
        let waiting = s.store.waiting_for(s.company, one.endpoint, at(120)).await.unwrap();
        assert_eq!(one.waiting, waiting);
    }
    let oldest = Some(domain::id::DeliveryId::from_raw(kept).made_at());
    let waiting = Waiting { count: 1, more: false, oldest };
    assert_eq!(found[2].waiting, EndpointWaiting { waiting, next_attempt_at: Some(at(120)) });
    assert_eq!(found[1].waiting, EndpointWaiting::default());
    assert_eq!(found[0].waiting.waiting.count, 2, "both are tried again");
}

async fn long_times_are_read_from_hours_and_from_the_minutes_since(s: Setup) {
    let id = s.endpoint().await.id;
    let hour = |n: i64| at(n * 3_600);
    let ms = Duration::from_millis(3);
    for (n, ended_at) in [(1, hour(0)), (2, hour(1)), (3, hour(4)), (4, hour(5)), (5, hour(5))] {
        settle_at(&s, id, n, ok(), ended_at + TimeDelta::seconds(90), ms).await;
    }
    // Of the last hour only the minutes count, whether its row was made or not.
    for made in [at(5 * 3_600 + 300), hour(7)] {
        work(&s, &mut StatsWalk::default(), made).await;
        let found = all_endpoints(&s, hour(-17), at(6 * 3_600 + 600)).await;
        let points: Vec<_> =
            found[0].stats.points.iter().map(|p| (p.began_at, p.succeeded)).collect();
        assert_eq!(points, [(hour(0), 1), (hour(1), 1), (hour(4), 1), (hour(5), 2)]);
        assert_eq!(found[0].stats.attempts(), 5);
        assert_eq!(found[0].stats.answers.len(), 1);
        assert_eq!(found[0].stats.answers[0].last, hour(5) + TimeDelta::seconds(60));
    }
    assert_eq!(all_endpoints(&s, hour(4), hour(6)).await[0].stats.attempts(), 3);
    let page = PageRequest { limit: store::STATS_ENDPOINTS_MAX, before: None };
    let month = s.store.endpoints_stats(s.company, page, hour(-700), hour(7)).await.unwrap();
    assert_eq!(month.page.data[0].stats.attempts(), 5);
}

async fn endpoints_come_in_pages_and_deleted_ones_and_strangers_do_not(s: Setup) {
    let mut ids = Vec::new();
    for n in 1..=4 {
        let id = s.endpoint().await.id;
        settle_at(&s, id, n, ok(), at(n), Duration::from_millis(3)).await;
        ids.push(id);
    }
    let gone = ids.remove(1);
    s.store.delete_endpoint(s.company, gone, Actor::Cli, at(9)).await.unwrap();
    ids.reverse();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = PageRequest { limit: 2, before };
        let stats = s.store.endpoints_stats(s.company, page, now(), at(60)).await.unwrap();
        assert!(stats.page.data.iter().all(|one| one.stats.attempts() == 1));
        seen.extend(stats.page.data.iter().map(|one| one.endpoint));
        before = stats.page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, ids);
    let other = s.store.create_company("Other", "o@example.com", now()).await.unwrap().id;
    let page = PageRequest { limit: 10, before: None };
    let none = s.store.endpoints_stats(other, page, now(), at(60)).await.unwrap();
    assert!(none.page.data.is_empty() && none.page.next.is_none());
}

async fn the_next_attempt_is_that_of_the_first_due_unless_something_holds_it(s: Setup) {
    let id = s.endpoint().await.id;
    assert_eq!(next_attempt(&s, id).await, None);
    for (n, seconds) in [(1, 90), (2, 41), (3, 60)] {
        let due_at = crate::engine::micros(at(seconds));
        s.pending(n, id, Pending { due_at, ..Pending::default() }).await;
    }
    assert_eq!(next_attempt(&s, id).await, Some(at(41)));
    let lane =
        "INSERT INTO lanes (endpoint_id, company_id, next_due, hold_until) VALUES ($1, $2, 0, $3)";
    let hold = crate::engine::micros(at(70));
    s.sql(lane, vec![id.raw().into(), s.company.raw().into(), hold.into()]).await;
    assert_eq!(next_attempt(&s, id).await, Some(at(70)));
    let other = s.endpoint().await.id;
    held(&s, 7, other, 0).await;
    assert_eq!(next_attempt(&s, other).await, Some(now()), "a node has it");
    let patch = EndpointPatch { switch: Some(SwitchWanted::Paused), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, id, patch, Actor::Cli, now()).await.unwrap();
    assert_eq!(next_attempt(&s, id).await, None);
    assert_eq!(waiting_of(&s, Some(id)).await.count, 3);
    let patch = CompanyPatch { suspended: Some(true), ..CompanyPatch::default() };
    s.store.update_company(s.company, patch, Actor::Operator, now()).await.unwrap();
    assert_eq!(next_attempt(&s, other).await, None);
}

async fn another_companys_counts_are_not_seen(s: Setup) {
    settle(&s, 1, ok(), at(1), Duration::from_millis(7)).await;
    let other = s.store.create_company("Other", "o@example.com", now()).await.unwrap().id;
    let id = endpoint(&s).await;
    for endpoint in [None, Some(id)] {
        assert_eq!(s.store.stats(other, endpoint, now(), at(60)).await.unwrap().attempts(), 0);
    }
    assert_eq!(s.store.waiting(other).await.unwrap().count, 0);
    assert!(s.store.waiting_for(other, id, now()).await.is_err());
}

async fn old_counts_go(s: Setup) {
    settle(&s, 1, ok(), at(1), Duration::from_millis(7)).await;
    let mut walk = StatsWalk::default();
    work(&s, &mut walk, now() + TimeDelta::hours(2)).await;
    work(&s, &mut walk, now() + TimeDelta::hours(49) - TimeDelta::microseconds(1)).await;
    assert_eq!(s.count("FROM stats").await, 4);
    work(&s, &mut walk, now() + TimeDelta::hours(49)).await;
    assert_eq!(s.count("FROM stats WHERE grain = 3600 AND attempts = 1").await, 2);
    assert_eq!(s.count("FROM stats").await, 2);
    let year = now() + TimeDelta::hours(1) + TimeDelta::days(400);
    work(&s, &mut walk, year - TimeDelta::microseconds(1)).await;
    assert_eq!(s.count("FROM stats").await, 2);
    work(&s, &mut walk, year).await;
    assert_eq!(s.count("FROM stats").await, 0);
}

async fn many_endpoints_are_done_in_steps_and_what_came_late_is_counted(s: Setup) {
    let latencies: Vec<String> = (0..BUCKETS).map(|bucket| format!("l{bucket}")).collect();
    let counts = ["0"; BUCKETS - 1].join(", ");
    let rows = format!(
        "INSERT INTO stats (company_id, endpoint_id, grain, began_at, code, success, slot, attempts, {}) \
         SELECT $1, i, 60, $2, 200, 1, 0, 1, 1, {counts} FROM n",
        latencies.join(", ")
    );
    let numbers = if s.config.database_url.starts_with("sqlite") {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) "
    } else {
        "WITH n(i) AS (SELECT generate_series(1::bigint, 60)) "
    };
    let insert = format!("{numbers}{rows}");
    let company = s.company.raw();
    let minute = |minutes: i64| crate::engine::micros(at(minutes * 60));
    s.sql(&insert, vec![company.into(), minute(3).into()]).await;
    let mut walk = StatsWalk::default();
    let first = at(3_600 + 300);
    assert_eq!(work(&s, &mut walk, first).await, 46 + 4, "47 hours, the last in steps of 25");
    assert_eq!(s.count("FROM stats WHERE grain = 3600 AND attempts = 1").await, 60);
    // Counted late: of the hour that is made already.
    s.sql(&insert, vec![company.into(), minute(4).into()]).await;
    work(&s, &mut walk, first).await;
    assert_eq!(s.count("FROM stats WHERE grain = 3600 AND attempts = 2").await, 0);
    let again = at(3 * 3_600);
    work(&s, &mut walk, again).await;
    assert_eq!(
        s.count("FROM stats WHERE grain = 3600 AND attempts = 2").await,
        0,
        "not yet steady"
    );
    for minutes in 0..=10 {
        work(&s, &mut walk, again + TimeDelta::minutes(minutes)).await;
    }
    assert_eq!(s.count("FROM stats WHERE grain = 3600 AND attempts = 2").await, 60);
    let mark = crate::engine::micros(at(3_600));
    assert_eq!(
        s.count(&format!("FROM search_state WHERE name = 'hours' AND next = {mark}")).await,
        1
    );
    // Another node goes on from there, once the work is free.
    s.sql("UPDATE search_state SET claimed_by = 777 WHERE name = 'hours'", vec![]).await;
    let then = again + TimeDelta::minutes(10);
    assert_eq!(work(&s, &mut StatsWalk::default(), then).await, 0);
    // Or at once, where its clock was ahead.
    let ahead = crate::engine::micros(then + TimeDelta::hours(1));
    let lease = "UPDATE search_state SET claimed_until = $1 WHERE name = 'hours'";
    s.sql(lease, vec![ahead.into()]).await;
    assert_eq!(work(&s, &mut StatsWalk::default(), then).await, 2, "the hours after it");
}

/// Works until there is nothing to do; gives in how many steps.
async fn work(s: &Setup, walk: &mut StatsWalk, now: DateTime<Utc>) -> usize {
    let mut steps = 0;
    while s.store.work_on_stats(walk, now).await.unwrap() == StatsStep::Worked {
        steps += 1;
    }
    steps
}
