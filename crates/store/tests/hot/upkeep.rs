//! Long work in slices, and migrations.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::floor_at;
use sea_orm::{ConnectionTrait, TransactionTrait};
use store::{AgeWalk, Hint, KEYS_KEPT, KeyWalk, Store, SwitchWanted};

use crate::engine::{
    Door, at, endpoint, held, micros, new_event, of_lane, of_pending, one, settle_one, status,
};
use crate::lines::{check, ordered, post};
use crate::setup::{ACTOR, Pending, Setup, now, on_both};

on_both!(
    what_has_expired_ends_held_or_not,
    a_deleted_endpoints_rows_end,
    what_comes_back_long_after_a_deletion_ends_too,
    what_was_canceled_while_its_claim_was_lost_ends_too,
    a_line_of_which_much_expires_goes_on_with_the_first_that_does_not,
    what_no_turn_reaches_is_given_up_by_age,
    only_old_keys_are_forgotten,
    migrating_twice_changes_nothing,
    two_nodes_may_migrate_at_once,
);

async fn what_has_expired_ends_held_or_not(s: Setup) {
    let on = s.endpoint().await.id;
    let paused = endpoint(&s, "*", SwitchWanted::Paused).await.id;
    let expires = |minutes: i64| Some(micros(now() + TimeDelta::minutes(minutes)));
    let row = |expires_at| Pending { due_at: 1, expires_at, ..Pending::default() };
    let first = s.pending(1, on, row(expires(-1))).await;
    let second = s.pending(2, paused, Pending { tries: 3, ..row(expires(0)) }).await;
    s.pending(3, on, row(expires(1))).await;
    s.pending(4, on, row(None)).await;
    s.pending(5, on, Pending { claimed_by: 777, ..row(expires(-1)) }).await;
    assert_eq!(s.store.end_expired(now()).await.unwrap(), 2);
    assert_eq!(s.count("FROM pending").await, 3);
    for (id, tries) in [(first, 0), (second, 3)] {
        let sql = format!("FROM deliveries WHERE id = {id} AND state = 3 AND tries = {tries}");
        assert_eq!(s.count(&sql).await, 1);
    }
    assert_eq!(s.store.end_expired(now()).await.unwrap(), 0);
}

async fn a_deleted_endpoints_rows_end(s: Setup) {
    let (gone, stays) = (s.endpoint().await.id, s.endpoint().await.id);
    for n in 1..=600 {
        s.pending(n, gone, Pending { due_at: n, ..Pending::default() }).await;
    }
    s.pending(601, stays, Pending::default()).await;
    s.pending(602, gone, Pending { claimed_by: 777, ..Pending::default() }).await;
    s.store.delete_endpoint(s.company, gone, ACTOR, now()).await.unwrap();
    let mut ended = Vec::new();
    loop {
        match s.store.end_deleted(now()).await.unwrap() {
            0 => break,
            count => ended.push(count),
        }
    }
    // One look finds 512 on SQLite, and 5,000 on PostgreSQL.
    let looks = if s.config.database_url.starts_with("sqlite") { 2 } else { 1 };
    assert_eq!((ended.iter().sum::<u64>(), ended.len()), (600, looks));
    assert_eq!(s.count("FROM deliveries WHERE state = 4").await, 600);
    assert_eq!(s.count("FROM pending").await, 2);
}

async fn what_comes_back_long_after_a_deletion_ends_too(s: Setup) {
    let gone = s.endpoint().await.id;
    s.store.delete_endpoint(s.company, gone, ACTOR, now()).await.unwrap();
    let day_after = now() + TimeDelta::days(1);
    s.pending(1, gone, Pending::default()).await;
    assert_eq!(s.store.end_deleted(day_after).await.unwrap(), 0);
    assert_eq!(s.store.end_deleted(day_after - TimeDelta::microseconds(1)).await.unwrap(), 1);
    s.pending(2, gone, Pending::default()).await;
    assert_eq!(s.store.end_long_deleted(day_after).await.unwrap(), 1);
    assert_eq!(s.store.end_long_deleted(day_after).await.unwrap(), 0);
    assert_eq!(s.count("FROM deliveries WHERE state = 4").await, 2);
}

async fn what_was_canceled_while_its_claim_was_lost_ends_too(s: Setup) {
    let (on, gone) = (s.endpoint().await.id, s.endpoint().await.id);
    let expired = Pending { due_at: 1, expires_at: Some(micros(now())), ..Pending::default() };
    s.pending(1, on, expired).await;
    s.pending(2, gone, Pending::default()).await;
    s.pending(3, on, Pending::default()).await;
    s.sql("UPDATE pending SET canceled = 1", vec![]).await;
    s.store.delete_endpoint(s.company, gone, ACTOR, now()).await.unwrap();
    assert_eq!(s.store.end_expired(now()).await.unwrap(), 1);
    assert_eq!(s.store.end_deleted(now()).await.unwrap(), 1);
    assert_eq!(given_up(&s, now() + TimeDelta::days(8)).await, (0, 0), "whoever claims it ends it");
    assert_eq!(s.count("FROM pending").await, 1);
}

async fn a_line_of_which_much_expires_goes_on_with_the_first_that_does_not(s: Setup) {
    let endpoint = ordered(&s).await;
    let posted = post(&s, &Door::with_room(0), &"ab".repeat(350)).await;
    let last = posted[697].raw();
    s.sql(
        "UPDATE pending SET expires_at = $1 WHERE id <= $2",
        vec![micros(now()).into(), last.into()],
    )
    .await;
    let mut hints = s.store.hints();
    let mut ended = 0;
    loop {
        match s.store.end_expired(at(1)).await.unwrap() {
            0 => break,
            some => ended += some,
        }
    }
    assert_eq!(ended, 698);
    check(&s).await;
    for left in &posted[698..] {
        assert_eq!(of_pending(&s, *left, "due_at").await, micros(at(1)));
    }
    let hint = hints.recv().await.unwrap();
    assert!(matches!(hint, Hint::LaneDue(lane) if lane == endpoint), "{hint:?}");
    assert_eq!(of_lane(&s, endpoint, "owner").await, s.store.incarnation());
    // The walk of the index may have passed them.
    let passed = "UPDATE search_state SET next = $1 WHERE name = 'walk'";
    s.sql(passed, vec![i64::MAX.into()]).await;
    s.sql("UPDATE pending SET expires_at = 1", vec![]).await;
    assert_eq!(s.store.end_expired(at(1)).await.unwrap(), 2);
    assert_eq!(s.count("FROM search_feed").await, 2);
}

/// Walks over all old deliveries; gives how many ended, and in how many slices.
async fn given_up(s: &Setup, at: DateTime<Utc>) -> (u64, usize) {
    let (mut walk, mut ended, mut slices) = (AgeWalk::default(), 0, 0);
    loop {
        let slice = s.store.end_given_up(walk, at).await.unwrap();
        assert!(slice.ended <= 500);
        (ended, slices) = (ended + slice.ended, slices + usize::from(slice.ended > 0));
        match slice.next {
            Some(next) => walk = next,
            None => return (ended, slices),
        }
    }
}

async fn what_no_turn_reaches_is_given_up_by_age(s: Setup) {
    let (on, gone) = (s.endpoint().await.id, s.endpoint().await.id);
    let paused = endpoint(&s, "*", SwitchWanted::Paused).await.id;
    let was_held = s.endpoint().await.id;
    let hour = TimeDelta::hours(1);
    for n in 1..=700 {
        let row = Pending { due_at: n, tries: n % 3, ..Pending::default() };
        s.pending(n, on, row).await;
    }
    s.pending(701, on, Pending { claimed_by: 777, ..Pending::default() }).await;
    let retried = s.pending(702, on, Pending::default()).await;
    let began = micros(now() + hour);
    s.sql(
        "UPDATE pending SET schedule_began = $1 WHERE id = $2",
        vec![began.into(), retried.into()],
    )
    .await;
    s.pending(703, paused, Pending::default()).await;
    let held = s.pending(704, was_held, Pending::default()).await;
    s.sql(
        "UPDATE endpoints SET held_total_us = $1 WHERE id = $2",
        vec![(3_600_000_000_i64).into(), was_held.raw().into()],
    )
    .await;
    s.pending(705, gone, Pending::default()).await;
    s.store.delete_endpoint(s.company, gone, ACTOR, now()).await.unwrap();
    let expired = Pending { expires_at: Some(micros(now())), ..Pending::default() };
    s.pending(706, on, expired).await;
    s.sql(
        "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
         VALUES (7, $1, $2, 6, 1, $3)",
        vec![s.other.raw().into(), on.raw().into(), micros(now()).into()],
    )
    .await;

    let week = now() + TimeDelta::days(7);
    assert_eq!(given_up(&s, week).await, (0, 0), "just so old is not older");
    let (ended, slices) = given_up(&s, week + TimeDelta::seconds(1)).await;
    assert_eq!(ended, 701);
    assert!(slices >= 2, "{slices}");
    assert_eq!(s.count("FROM deliveries WHERE state = 2").await, 701);
    assert_eq!(s.count("FROM deliveries WHERE state = 2 AND tries = 2").await, 233);
    assert_eq!(s.count("FROM pending").await, 6);
    assert_eq!(given_up(&s, week + TimeDelta::seconds(2)).await, (0, 0));

    let (ended, _) = given_up(&s, week + hour + TimeDelta::seconds(1)).await;
    assert_eq!(ended, 2, "the retried one, and the one whose endpoint was held for an hour");
    let sql = format!("FROM deliveries WHERE state = 2 AND id IN ({retried}, {held})");
    assert_eq!(s.count(&sql).await, 2);
    assert_eq!(s.count("FROM pending").await, 4);
}

/// How large PostgreSQL's table of keys is.
async fn pages(s: &Setup) -> i64 {
    s.count("FROM generate_series(1, pg_relation_size('event_keys') / 8192)").await
}

async fn only_old_keys_are_forgotten(s: Setup) {
    let edge = micros(now() - KEYS_KEPT);
    let is_sqlite = s.config.database_url.starts_with("sqlite");
    let numbers = if is_sqlite {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) "
    } else {
        "WITH n(i) AS (SELECT generate_series(1::bigint, 12000)) "
    };
    // Negative and positive hashes; every third is too old by a microsecond.
    let rows = "INSERT INTO event_keys (company_id, source_id, key_hash, key_check, body_hash, \
        event_id, deliveries, created_at) SELECT 5 + i % 3, i % 2, (i - 6000) * 1000000000000000, 1, 1, 1, 0, \
        CASE WHEN i % 3 = 0 THEN $1 - 1 ELSE $1 END FROM n";
    s.sql(&format!("{numbers}{rows}"), vec![edge.into()]).await;
    let (mut walk, mut slices) = (KeyWalk::default(), 0);
    while let Some(next) = s.store.forget_keys(walk, now()).await.unwrap() {
        assert_ne!(next, walk);
        walk = next;
        slices += 1;
    }
    // Slices of 500 keys on SQLite, of 32 pages on PostgreSQL; the last one finds that there is no more.
    assert_eq!(slices, if is_sqlite { 24 } else { (pages(&s).await - 1) / 32 });
    assert!(slices >= 3, "{slices}");
    assert_eq!(s.count("FROM event_keys").await, 8_000);
    assert_eq!(s.count(&format!("FROM event_keys WHERE created_at < {edge}")).await, 0);
}

async fn migrating_twice_changes_nothing(s: Setup) {
    assert_eq!(Store::migrate(&s.config).await.unwrap(), Vec::<String>::new());
    s.store.ping().await.unwrap();
}

async fn two_nodes_may_migrate_at_once(s: Setup) {
    let mut config = s.config.clone();
    let folder = tempfile::tempdir().unwrap();
    config.database_url = if config.database_url.starts_with("sqlite") {
        format!("sqlite:{}", folder.path().join("fresh.db").display())
    } else {
        let fresh =
            tokio::task::spawn_blocking(|| testkit::postgres::Cluster::shared().database("fresh"));
        fresh.await.unwrap()
    };
    let (a, b, c) =
        tokio::join!(Store::migrate(&config), Store::migrate(&config), Store::migrate(&config));
    let mut applied: Vec<usize> = [a, b, c].map(|names| names.unwrap().len()).to_vec();
    applied.sort_unstable();
    assert_eq!(applied[..2], [0, 0]);
    assert!(applied[2] > 0);
    Store::open(config).await.unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn partitions_are_made_ahead_and_rows_land_in_them() {
    let s = Setup::postgres().await;
    s.store.make_partitions(now()).await.unwrap();
    s.store.make_partitions(now()).await.unwrap();
    for day in 0..=7 {
        let name = (now() + TimeDelta::days(day)).format("%Y%m%d");
        for table in ["events", "deliveries", "attempts"] {
            let sql = format!("FROM pg_class WHERE relname = '{table}_{name}' AND relispartition");
            assert_eq!(s.count(&sql).await, 1, "{table}_{name}");
        }
    }
    let id = endpoint(&s, "*", SwitchWanted::Enabled).await.id;
    one(&s, &Door::with_room(1), new_event(s.company, "message.received")).await;
    assert_eq!(s.count("FROM events_20261120").await, 1);
    let (arrived, failed) = (held(&s, 1, id, 0).await, held(&s, 2, id, 0).await);
    settle_one(&s, &arrived, status(200), 1).await;
    settle_one(&s, &failed, status(500), 1).await;
    assert_eq!(s.count("FROM deliveries_20261120").await, 1);
    assert_eq!(s.count("FROM attempts_20261120").await, 1);
    assert_eq!(s.store.rows_in_default_partitions().await.unwrap(), 0);
    let far = floor_at(now() + TimeDelta::days(30));
    s.sql(
        "INSERT INTO attempts (delivery_id, company_id, number, started_at, duration_us, request) \
         VALUES ($1, $2, 1, 1, 1, '')",
        vec![far.into(), s.company.raw().into()],
    )
    .await;
    assert_eq!(s.store.rows_in_default_partitions().await.unwrap(), 1);
    // Each table counts up to a thousand, of all companies together.
    let rows = "INSERT INTO events (id, company_id, event_type, occurred_at, accepted_at, data, deliveries) \
        SELECT $1 + i, $2, 'message.received', 1, 1, '', 0 FROM generate_series(1, 600) i";
    for (company, strays) in [(s.company, 601), (s.other, 1_001)] {
        s.sql(rows, vec![far.into(), company.raw().into()]).await;
        assert_eq!(s.store.rows_in_default_partitions().await.unwrap(), strays);
    }
}

#[tokio::test]
async fn what_somebody_has_locked_is_left_for_the_next_look() {
    let s = Setup::postgres().await;
    let on = s.endpoint().await.id;
    for n in 1..=3 {
        let expired = Pending { due_at: n, expires_at: Some(1), ..Pending::default() };
        s.pending(n, on, expired).await;
    }
    let tx = s.raw.begin().await.unwrap();
    let lock = format!("SELECT 1 FROM pending WHERE id = {} FOR UPDATE", Setup::event_id(2) + 1);
    tx.execute_unprepared(&lock).await.unwrap();
    assert_eq!(s.store.end_expired(now()).await.unwrap(), 2);
    assert_eq!(s.store.end_expired(now()).await.unwrap(), 0);
    tx.rollback().await.unwrap();
    assert_eq!(s.store.end_expired(now()).await.unwrap(), 1);
}

#[tokio::test]
async fn the_hot_tables_are_vacuumed_once_enough_of_their_rows_are_dead() {
    let s = Setup::postgres().await;
    // The database's own vacuum and analyze come whenever they like, and count anew.
    s.sql("ALTER TABLE pending_waiting SET (autovacuum_enabled = off)", vec![]).await;
    dead_rows(&s, 49_999).await;
    let counted =
        "FROM pg_stat_all_tables WHERE relname = 'pending_waiting' AND n_dead_tup = 49999";
    within_a_minute(async || s.count(counted).await == 1).await;
    assert_eq!(s.store.vacuum_hot().await.unwrap(), 0);
    dead_rows(&s, 1).await;
    within_a_minute(async || s.store.vacuum_hot().await.unwrap() == 1).await;
    let size = s.row("SELECT pg_relation_size('pending_waiting') AS size").await;
    assert_eq!(size.try_get::<i64>("", "size").unwrap(), 0);
}

async fn dead_rows(s: &Setup, count: i64) {
    let insert = format!(
        "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
         SELECT i, 1, 1, i, i, i FROM generate_series(1, {count}) AS i"
    );
    s.sql(&insert, vec![]).await;
    s.sql("DELETE FROM pending", vec![]).await;
}

/// The database counts dead rows a moment later.
async fn within_a_minute(so: impl AsyncFn() -> bool) {
    let look = async || so().await.then_some(());
    testkit::wait::until("dead rows are counted", std::time::Duration::from_secs(60), look).await;
}
