//! Who owns what, who lives, and what the dead leave.

use chrono::TimeDelta;
use domain::id::{DeliveryId, EndpointId};
use store::{Actor, EndpointPatch, STALE_AFTER, Store, SwitchWanted};

use crate::claim::want;
use crate::engine::{at, held, lane, micros, of_lane, of_pending};
use crate::setup::{ACTOR, Pending, Setup, now, on_both};

on_both!(
    a_lane_goes_only_when_nothing_waits,
    a_dead_nodes_claims_come_back_slice_by_slice,
    what_is_released_is_due_at_once,
    lanes_that_are_missing_are_made,
    lanes_that_are_put_off_on_purpose_stay,
    what_waits_is_found_whoever_has_claimed_other_rows,
    lanes_are_taken_once,
    a_lane_is_given_only_by_its_owner,
    doubtful_claims_are_given_back_once_they_are_seen,
    what_is_claimed_again_is_in_doubt_no_more,
    what_is_put_off_waits,
    wishes_are_seen_by_the_node_that_holds_the_row,
);

async fn waiting(s: &Setup, n: i64, endpoint: EndpointId, claimed_by: i64) -> i64 {
    s.pending(n, endpoint, Pending { due_at: micros(now()), claimed_by, ..Pending::default() })
        .await
}

async fn a_lane_goes_only_when_nothing_waits(s: Setup) {
    let (id, theirs) = (s.endpoint().await.id, s.endpoint().await.id);
    let me = s.store.incarnation();
    lane(&s, id, me).await;
    lane(&s, theirs, 777).await;
    let row = waiting(&s, 1, id, 0).await;
    assert!(!s.store.retire_lane(id).await.unwrap());
    // In flight: it makes the lane anew where it fails.
    s.sql("UPDATE pending SET claimed_by = $1 WHERE id = $2", vec![me.into(), row.into()]).await;
    assert!(s.store.retire_lane(id).await.unwrap());
    assert!(s.store.retire_lane(id).await.unwrap(), "it is gone");
    assert!(s.store.retire_lane(theirs).await.unwrap(), "it is not ours");
    assert_eq!(of_lane(&s, theirs, "owner").await, 777);
    assert_eq!(s.count("FROM lanes").await, 1);
}

async fn a_dead_nodes_claims_come_back_slice_by_slice(s: Setup) {
    let (id, other) = (s.endpoint().await.id, s.endpoint().await.id);
    let me = s.store.incarnation();
    lane(&s, id, 777).await;
    let numbers = if s.config.database_url.starts_with("sqlite") {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4500) "
    } else {
        "WITH n(i) AS (SELECT generate_series(1::bigint, 4500)) "
    };
    let rows = "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, claimed_by, \
        schedule_began) SELECT i, $1, $2, 1, 1, 777, 1 FROM n";
    let values = vec![s.company.raw().into(), id.raw().into()];
    s.sql(&format!("{numbers}{rows}"), values).await;
    let mine = held(&s, 1, other, 0).await;
    s.sql(
        "INSERT INTO nodes (incarnation, name, slot, started_at, heartbeat_at) VALUES (777, 'd', 9, 1, 1)",
        vec![],
    )
    .await;
    let mut slices = 1;
    while s.store.free_claims_of(777, at(1)).await.unwrap() {
        slices += 1;
        assert_eq!(s.count("FROM nodes").await, 1, "it is dead until all is free");
    }
    assert!(slices > 2, "{slices}");
    assert_eq!(s.count("FROM pending WHERE claimed_by = 777").await, 0);
    assert_eq!(s.count("FROM nodes").await, 0);
    assert_eq!(of_pending(&s, mine.id, "claimed_by").await, me);
    assert_eq!(of_lane(&s, id, "owner").await, 0);
    assert!(s.store.has_free_lanes().await.unwrap());
    assert_eq!(s.store.adopt_lanes(9).await.unwrap(), [id]);
    assert_eq!(s.store.due_lanes(9, at(1)).await.unwrap()[0].endpoint, id);
}

async fn what_is_released_is_due_at_once(s: Setup) {
    let id = s.endpoint().await.id;
    let (mine, theirs) = (held(&s, 1, id, 0).await, held(&s, 2, id, 0).await);
    let values = vec![theirs.id.raw().into()];
    s.sql("UPDATE pending SET claimed_by = 777 WHERE id = $1", values).await;
    let rows = [&mine, &theirs].map(|row| (row.event.company, row.id, row.endpoint));
    s.store.release(&rows, at(1)).await.unwrap();
    assert_eq!(of_pending(&s, mine.id, "claimed_by").await, 0);
    assert_eq!(of_pending(&s, theirs.id, "claimed_by").await, 777);
    assert_eq!(of_pending(&s, mine.id, "tries").await, 0);
    assert_eq!(of_lane(&s, id, "next_due").await, micros(at(1)));
}

async fn lanes_that_are_missing_are_made(s: Setup) {
    let (a, b, c) = (s.endpoint().await.id, s.endpoint().await.id, s.endpoint().await.id);
    lane(&s, b, 777).await;
    for (n, endpoint) in [(1, a), (2, a), (3, b), (4, c)] {
        waiting(&s, n, endpoint, 0).await;
    }
    let d = s.endpoint().await.id;
    held(&s, 5, d, 0).await;
    assert_eq!(s.store.mend_lanes(now()).await.unwrap(), 2);
    assert_eq!(s.count("FROM lanes WHERE owner = 0").await, 2);
    assert_eq!(of_lane(&s, b, "owner").await, 777);
    assert_eq!(of_lane(&s, a, "next_due").await, micros(now()));
    assert_eq!(s.store.mend_lanes(now()).await.unwrap(), 0);
}

async fn lanes_that_are_put_off_on_purpose_stay(s: Setup) {
    let ids = [s.endpoint().await.id, s.endpoint().await.id, s.endpoint().await.id];
    for (n, id) in (1..).zip(ids) {
        waiting(&s, n, id, 0).await;
        lane(&s, id, 777).await;
    }
    let late = micros(at(10));
    s.sql("UPDATE lanes SET next_due = $1", vec![late.into()]).await;
    // One is paused, one held by what it answered, and one by who had its rate before.
    let patch = EndpointPatch { switch: Some(SwitchWanted::Paused), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, ids[0], patch, ACTOR, now()).await.unwrap();
    for (column, id) in [("hold_until", ids[1]), ("rest_until", ids[2])] {
        let sql = format!("UPDATE lanes SET {column} = $1 WHERE endpoint_id = $2");
        s.sql(&sql, vec![late.into(), id.raw().into()]).await;
    }
    assert_eq!(s.store.mend_lanes(now()).await.unwrap(), 0);
    // A moment is not too late: there was no room, or the receiver is slow.
    s.sql(
        "UPDATE lanes SET next_due = $1, hold_until = 0, rest_until = 0",
        vec![micros(now() + TimeDelta::seconds(2)).into()],
    )
    .await;
    assert_eq!(s.store.mend_lanes(now()).await.unwrap(), 0);
    s.sql("UPDATE lanes SET next_due = next_due + 1", vec![]).await;
    assert_eq!(s.store.mend_lanes(now()).await.unwrap(), 2, "but for the one that is paused");
    assert_eq!(of_lane(&s, ids[1], "next_due").await, micros(now()));
}

async fn what_waits_is_found_whoever_has_claimed_other_rows(s: Setup) {
    let (a, b, c) = (s.endpoint().await.id, s.endpoint().await.id, s.endpoint().await.id);
    waiting(&s, 1, a, 0).await;
    held(&s, 2, b, 0).await;
    let found = s.store.have_waiting(&[a, b, c]).await.unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [a]);
}

async fn lanes_are_taken_once(s: Setup) {
    for n in 1..=50 {
        lane(&s, EndpointId::from_raw(n), 0).await;
    }
    let other = Store::open(s.config.clone()).await.unwrap();
    let (a, b, c) =
        tokio::join!(s.store.adopt_lanes(20), other.adopt_lanes(20), s.store.adopt_lanes(20));
    let (mine, theirs) = (a.unwrap().len() + c.unwrap().len(), b.unwrap().len());
    assert!(mine <= 40 && theirs <= 20 && mine + theirs <= 50);
    s.store.adopt_lanes(50).await.unwrap();
    let counts = s.store.lane_counts().await.unwrap();
    assert_eq!(counts.iter().map(|(_, lanes)| lanes).sum::<i64>(), 50);
    let count_of = |node: &Store| {
        counts.iter().find(|(owner, _)| *owner == node.incarnation()).map_or(0, |(_, n)| *n)
    };
    assert_eq!(count_of(&other), i64::try_from(theirs).unwrap());
    assert_eq!(count_of(&s.store), 50 - count_of(&other));
    assert_eq!(s.count("FROM lanes WHERE version = 1").await, 50);
}

async fn a_lane_is_given_only_by_its_owner(s: Setup) {
    let (mine, theirs) = (s.endpoint().await.id, s.endpoint().await.id);
    lane(&s, mine, s.store.incarnation()).await;
    lane(&s, theirs, 777).await;
    assert_eq!(s.store.own_lanes(9).await.unwrap(), [mine]);
    for endpoint in [mine, theirs] {
        s.store.give_lane(endpoint, now()).await.unwrap();
    }
    assert_eq!((of_lane(&s, mine, "owner").await, of_lane(&s, mine, "version").await), (0, 1));
    assert_eq!(
        (of_lane(&s, theirs, "owner").await, of_lane(&s, theirs, "version").await),
        (777, 0)
    );
}

/// A row that is added between the look at `pending` and the removal keeps the lane.
#[tokio::test]
async fn a_lane_to_which_something_was_added_stays() {
    use sea_orm::{ConnectionTrait, TransactionTrait};
    let s = Setup::postgres().await;
    let id = s.endpoint().await.id;
    lane(&s, id, s.store.incarnation()).await;
    let tx = s.raw.begin().await.unwrap();
    let (row, company) = (Setup::event_id(1), s.company.raw());
    let sql = format!(
        "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
         VALUES ({row} + 1, {company}, {0}, {row}, 1, 1); \
         UPDATE lanes SET version = version + 1 WHERE endpoint_id = {0}",
        id.raw()
    );
    tx.execute_unprepared(&sql).await.unwrap();
    let (retired, ()) = tokio::join!(s.store.retire_lane(id), async {
        crate::races::somebody_waits(&s).await;
        tx.commit().await.unwrap();
    });
    assert!(!retired.unwrap());
    assert_eq!(s.count("FROM lanes").await, 1);
}

#[tokio::test]
async fn joining_on_sqlite_frees_what_was_held_before() {
    let s = Setup::sqlite().await;
    let id = s.endpoint().await.id;
    let delivery = held(&s, 1, id, 0).await;
    lane(&s, id, s.store.incarnation()).await;
    let next = Store::open(s.config.clone()).await.unwrap();
    let mut membership = next.join("next", now()).await.unwrap();
    assert_eq!(of_pending(&s, delivery.id, "claimed_by").await, 0);
    assert_eq!(of_lane(&s, id, "owner").await, 0);
    assert_eq!(next.heartbeat(&mut membership, at(1)).await.unwrap(), TimeDelta::zero());
    assert_eq!((next.live_nodes().await.unwrap(), next.can_be_taken_for_dead()), (1, false));
    assert_eq!(next.dead_nodes().await.unwrap(), [0_i64; 0]);
}

#[tokio::test]
async fn a_node_is_dead_when_its_lock_is_free_or_its_heart_has_stopped() {
    let s = Setup::postgres().await;
    let other = Store::open(s.config.clone()).await.unwrap();
    let third = Store::open(s.config.clone()).await.unwrap();
    let mine = s.store.join("a", now()).await.unwrap();
    let alive = other.join("b", now()).await.unwrap();
    let dying = third.join("c", now()).await.unwrap();
    assert_eq!(s.store.live_nodes().await.unwrap(), 3);
    assert_eq!(s.store.dead_nodes().await.unwrap(), [0_i64; 0]);
    drop(dying);
    // PostgreSQL sees the closed connection when it reads from it.
    let mut dead = Vec::new();
    for _ in 0..10_000 {
        dead = s.store.dead_nodes().await.unwrap();
        if !dead.is_empty() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(dead, [third.incarnation()]);
    // A heart that has stopped, with the lock still held: a node that hangs.
    let stale = "UPDATE nodes SET heartbeat_at = heartbeat_at - $1 WHERE incarnation = $2";
    let span = |more: i64| STALE_AFTER.num_microseconds().unwrap() + more;
    s.sql(stale, vec![span(-30_000_000).into(), other.incarnation().into()]).await;
    assert_eq!(s.store.dead_nodes().await.unwrap(), [third.incarnation()]);
    s.sql(stale, vec![30_000_000_i64.into(), other.incarnation().into()]).await;
    let mut dead = s.store.dead_nodes().await.unwrap();
    dead.sort_unstable();
    assert_eq!(dead, [other.incarnation(), third.incarnation()]);
    drop((mine, alive));
}

#[tokio::test]
async fn a_node_that_was_taken_for_dead_comes_back_as_another() {
    let s = Setup::postgres().await;
    let mut membership = s.store.join("a", now()).await.unwrap();
    let before = s.store.incarnation();
    s.store.heartbeat(&mut membership, now()).await.unwrap();
    let other = Store::open(s.config.clone()).await.unwrap();
    while other.free_claims_of(before, now()).await.unwrap() {}
    s.store.heartbeat(&mut membership, now()).await.unwrap_err();
    let mut membership = s.store.rejoin("a", now()).await.unwrap();
    assert!(s.store.incarnation() > other.incarnation());
    s.store.heartbeat(&mut membership, now()).await.unwrap();
    let id = s.endpoint().await.id;
    held(&s, 1, id, 0).await;
    s.store.leave(false, now()).await.unwrap();
    assert_eq!(
        (s.count("FROM nodes").await, s.count("FROM pending WHERE claimed_by = 0").await),
        (0, 1)
    );
}

async fn doubtful_claims_are_given_back_once_they_are_seen(s: Setup) {
    let id = s.endpoint().await.id;
    let late = held(&s, 1, id, 0).await;
    // A commit that is doubtful and becomes visible later.
    s.sql("UPDATE pending SET claimed_by = 777", vec![]).await;
    s.store.doubt([(s.company, late.id, id)].into_iter());
    s.store.release_doubtful(at(1)).await.unwrap();
    assert_eq!(of_pending(&s, late.id, "claimed_by").await, 777);
    s.sql("UPDATE pending SET claimed_by = $1", vec![s.store.incarnation().into()]).await;
    s.store.release_doubtful(at(2)).await.unwrap();
    assert_eq!(of_pending(&s, late.id, "claimed_by").await, 0);
    assert_eq!(of_lane(&s, id, "next_due").await, micros(at(2)));
    s.sql("UPDATE pending SET claimed_by = $1", vec![s.store.incarnation().into()]).await;
    s.store.release_doubtful(at(3)).await.unwrap();
    assert_eq!(of_pending(&s, late.id, "claimed_by").await, s.store.incarnation());
}

#[tokio::test]
async fn what_nobody_among_the_nodes_holds_is_stray() {
    let s = Setup::postgres().await;
    let id = s.endpoint().await.id;
    let _membership = s.store.join("a", now()).await.unwrap();
    held(&s, 1, id, 0).await;
    lane(&s, EndpointId::from_raw(1), s.store.incarnation()).await;
    assert_eq!(s.store.stray_incarnations().await.unwrap(), [0_i64; 0]);
    for (n, claimed_by) in [(2, 777), (3, 777), (4, 778), (5, 0)] {
        waiting(&s, n, id, claimed_by).await;
    }
    lane(&s, id, 779).await;
    let mut stray = s.store.stray_incarnations().await.unwrap();
    stray.sort_unstable();
    assert_eq!(stray, [777, 778, 779]);
}

async fn what_is_claimed_again_is_in_doubt_no_more(s: Setup) {
    let id = s.endpoint().await.id;
    lane(&s, id, s.store.incarnation()).await;
    let row = waiting(&s, 1, id, 0).await;
    let doubted = (s.company, DeliveryId::from_raw(row), id);
    s.store.doubt([doubted].into_iter());
    let claimed = s.store.claim(&[want(id, 1)], at(1)).await.unwrap();
    assert_eq!(claimed.rows.len() + claimed.orphans.len(), 1);
    s.store.release_doubtful(at(2)).await.unwrap();
    assert_eq!(
        of_pending(&s, DeliveryId::from_raw(row), "claimed_by").await,
        s.store.incarnation()
    );
}

async fn what_is_put_off_waits(s: Setup) {
    let id = s.endpoint().await.id;
    let row = held(&s, 1, id, 0).await;
    s.store.put_off((row.event.company, row.id, id), at(600), at(1)).await.unwrap();
    assert_eq!(of_pending(&s, row.id, "claimed_by").await, 0);
    assert_eq!(of_pending(&s, row.id, "due_at").await, micros(at(600)));
    assert_eq!(of_lane(&s, id, "next_due").await, micros(at(600)));
}

async fn wishes_are_seen_by_the_node_that_holds_the_row(s: Setup) {
    let id = s.endpoint().await.id;
    let rows = [held(&s, 1, id, 0).await, held(&s, 2, id, 0).await, held(&s, 3, id, 0).await];
    let theirs = held(&s, 4, id, 0).await.id;
    let values = vec![theirs.raw().into()];
    s.sql("UPDATE pending SET claimed_by = 777 WHERE id = $1", values).await;
    assert_eq!(s.store.wishes().await.unwrap(), []);
    s.store.cancel_delivery(s.company, rows[0].id, Actor::Cli, at(1)).await.unwrap();
    s.store.retry_delivery(s.company, rows[1].id, Actor::Cli, at(1)).await.unwrap();
    s.store.cancel_delivery(s.company, theirs, Actor::Cli, at(1)).await.unwrap();
    let mut wishes = s.store.wishes().await.unwrap();
    wishes.sort_by_key(|wish| wish.delivery);
    let seen: Vec<_> =
        wishes.iter().map(|wish| (wish.delivery, wish.endpoint, wish.cancel)).collect();
    assert_eq!(seen, [(rows[0].id, id, true), (rows[1].id, id, false)]);
}
