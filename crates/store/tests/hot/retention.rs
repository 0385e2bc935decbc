//! Removing history by age: what goes, what stays because something of it is needed, and what is put back
//! while it goes.

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{DeliveryId, EndpointId, floor_at};
use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait, Value};
use store::{DAY_KEPT_MAX, Error, RetentionStep, RetentionWalk, SwitchWanted};

use crate::engine::endpoint;
use crate::search::walk_all;
use crate::setup::{ACTOR, Pending, Setup, now, on_both};

on_both!(
    old_history_goes_with_all_that_belongs_to_it,
    what_waits_keeps_its_event_however_old_it_is,
    what_has_ended_lately_stays,
    what_was_made_later_keeps_its_event,
    an_event_without_deliveries_goes,
    an_event_with_many_attempts_goes_piece_by_piece,
    the_index_follows,
    nothing_goes_before_its_time,
    a_delivery_whose_event_is_gone_cannot_be_sent_again,
);

/// The day after the last that may go.
fn before() -> DateTime<Utc> {
    now() + TimeDelta::days(2)
}

/// Removes all there is to remove; gives the steps that did something.
async fn remove(s: &Setup, before: DateTime<Utc>) -> Vec<RetentionStep> {
    go_on(s, &mut RetentionWalk::default(), before).await
}

/// What waits for a time is tried at that time.
async fn go_on(s: &Setup, walk: &mut RetentionWalk, before: DateTime<Utc>) -> Vec<RetentionStep> {
    let (mut steps, mut at) = (Vec::new(), before);
    for _ in 0..5 {
        loop {
            let step = s.store.remove_history(walk, before, at).await.unwrap();
            if step == RetentionStep::Rest {
                break;
            }
            steps.push(step);
        }
        at += TimeDelta::seconds(10);
    }
    steps
}

async fn rows(s: &Setup) -> [i64; 4] {
    let mut rows = [0; 4];
    let tables = ["events", "deliveries", "attempts", "later_deliveries"];
    for (table, rows) in tables.into_iter().zip(&mut rows) {
        *rows = s.count(&format!("FROM {table}")).await;
    }
    rows
}

/// Without the database's own vacuum, which may have a table for longer than these tests wait.
async fn partitions_made(s: &Setup) {
    s.store.make_partitions(now()).await.unwrap();
    if s.config.database_url.starts_with("postgres") {
        let sql = "DO $$ DECLARE name regclass; BEGIN \
            FOR name IN SELECT inhrelid FROM pg_inherits WHERE inhparent IN \
            ('events'::regclass, 'deliveries'::regclass, 'attempts'::regclass) LOOP \
            EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', name); \
            END LOOP; END $$";
        s.raw.execute_unprepared(sql).await.unwrap();
    }
}

/// An event with a delivery that took two attempts.
async fn failed_once(s: &Setup, n: i64, to: EndpointId) -> i64 {
    s.event(n, "message.received", "+491", None).await;
    let id = s.finished(n, to, 1, 2, None).await;
    s.failed_attempt(id, 1, 500).await;
    s.failed_attempt(id, 2, 200).await;
    id
}

async fn finished_at(s: &Setup, delivery: i64, at: DateTime<Utc>) {
    let values: Vec<Value> = vec![at.timestamp_micros().into(), delivery.into()];
    s.sql("UPDATE deliveries SET finished_at = $1 WHERE id = $2", values).await;
}

async fn old_history_goes_with_all_that_belongs_to_it(s: Setup) {
    partitions_made(&s).await;
    let to = s.endpoint().await.id;
    for n in 1..=700 {
        failed_once(&s, n, to).await;
    }
    assert_eq!(rows(&s).await, [700, 700, 1_400, 0]);
    assert!(!remove(&s, before()).await.is_empty());
    assert_eq!(rows(&s).await, [0; 4]);
    assert!(remove(&s, before()).await.is_empty());
    // The day is not made again, and nobody is told of rows that stand nowhere.
    partitions_made(&s).await;
    assert_eq!(s.store.rows_in_default_partitions().await.unwrap(), 0);
}

async fn nothing_goes_before_its_time(s: Setup) {
    partitions_made(&s).await;
    let to = s.endpoint().await.id;
    failed_once(&s, 1, to).await;
    remove(&s, now() - TimeDelta::seconds(1)).await;
    assert_eq!(rows(&s).await, [1, 1, 2, 0]);
}

async fn what_waits_keeps_its_event_however_old_it_is(s: Setup) {
    partitions_made(&s).await;
    let on = s.endpoint().await.id;
    let paused = endpoint(&s, "*", SwitchWanted::Paused).await.id;
    failed_once(&s, 1, on).await;
    let waits = Pending { due_at: 1, tries: 2, ..Pending::default() };
    s.event(2, "message.received", "+491", None).await;
    let waiting = s.pending(2, paused, waits).await;
    // It has been tried before, and another endpoint got the same event.
    s.failed_attempt(waiting, 1, 500).await;
    let other = waiting + 1;
    s.sql(
        "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, \
         tries_before, finished_at, format, render_version) VALUES ($1, $2, 0, $3, $4, 1, 1, 0, $5, 0, 1)",
        vec![
            other.into(),
            s.company.raw().into(),
            on.raw().into(),
            Setup::event_id(2).into(),
            now().timestamp_micros().into(),
        ],
    )
    .await;
    remove(&s, before()).await;
    assert_eq!(rows(&s).await, [1, 1, 1, 0]);
    assert_eq!(s.count(&format!("FROM events WHERE id = {}", Setup::event_id(2))).await, 1);
    assert_eq!(s.count(&format!("FROM attempts WHERE delivery_id = {waiting}")).await, 1);
    assert_eq!(s.store.rows_in_default_partitions().await.unwrap(), 0);
    // It can be looked at and canceled as before; then it has ended lately.
    let id = DeliveryId::from_raw(waiting);
    s.store.cancel_delivery(s.company, id, ACTOR, before()).await.unwrap();
    remove(&s, before()).await;
    assert_eq!(rows(&s).await, [1, 2, 1, 0]);
    remove(&s, before() + TimeDelta::seconds(1)).await;
    assert_eq!(rows(&s).await, [0; 4]);
}

async fn what_has_ended_lately_stays(s: Setup) {
    partitions_made(&s).await;
    let to = s.endpoint().await.id;
    failed_once(&s, 1, to).await;
    let lately = failed_once(&s, 2, to).await;
    finished_at(&s, lately, before()).await;
    remove(&s, before()).await;
    assert_eq!(rows(&s).await, [1, 1, 2, 0]);
    // It can be tried again.
    let id = DeliveryId::from_raw(lately);
    s.store.retry_delivery(s.company, id, ACTOR, before()).await.unwrap();
    remove(&s, before() + TimeDelta::days(1)).await;
    assert_eq!(rows(&s).await, [1, 1, 2, 0]);
    s.sql("DELETE FROM pending", vec![]).await;
    remove(&s, before() + TimeDelta::days(1)).await;
    assert_eq!(rows(&s).await, [0; 4]);
}

/// A delivery made so much later for the event number `n`.
async fn later(s: &Setup, n: i64, to: EndpointId, made: DateTime<Utc>) -> i64 {
    let id = floor_at(made) + n;
    let values: Vec<Value> =
        vec![s.company.raw().into(), Setup::event_id(n).into(), id.into(), to.raw().into()];
    let sql = "INSERT INTO later_deliveries (company_id, event_id, id, endpoint_id) VALUES ($1, $2, $3, $4)";
    s.sql(sql, values).await;
    id
}

async fn what_was_made_later_keeps_its_event(s: Setup) {
    partitions_made(&s).await;
    let to = s.endpoint().await.id;
    let made = now() + TimeDelta::hours(1);
    for n in 1..=3 {
        s.event(n, "message.received", "+491", None).await;
    }
    // One of the first event waits, one of the second has ended lately, one of the third long ago.
    let pending = later(&s, 1, to, made).await;
    let pending_sql = "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
        VALUES ($1, $2, $3, $4, 1, 1)";
    let (company, to_raw) = (s.company.raw(), to.raw());
    let values: Vec<Value> =
        vec![pending.into(), company.into(), to_raw.into(), Setup::event_id(1).into()];
    s.sql(pending_sql, values).await;
    for (n, ended) in [(2, before()), (3, now())] {
        let id = later(&s, n, to, made).await;
        let sql = "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, \
            tries_before, finished_at, format, render_version) VALUES ($1, $2, 0, $3, $4, 1, 1, 0, $5, 0, 1)";
        let values: Vec<Value> = vec![
            id.into(),
            company.into(),
            to_raw.into(),
            Setup::event_id(n).into(),
            ended.timestamp_micros().into(),
        ];
        s.sql(sql, values).await;
    }
    remove(&s, before()).await;
    assert_eq!(rows(&s).await, [2, 1, 0, 2]);
    let third = format!("FROM events WHERE id = {}", Setup::event_id(3));
    assert_eq!(s.count(&third).await, 0);
}

async fn an_event_without_deliveries_goes(s: Setup) {
    partitions_made(&s).await;
    s.event(1, "message.received", "+491", None).await;
    remove(&s, before()).await;
    assert_eq!(rows(&s).await, [0; 4]);
}

/// More than goes at once on SQLite, and of deliveries made later as well.
async fn an_event_with_many_attempts_goes_piece_by_piece(s: Setup) {
    partitions_made(&s).await;
    let to = s.endpoint().await.id;
    let own = failed_once(&s, 1, to).await;
    let later = later(&s, 1, to, now() + TimeDelta::hours(1)).await;
    for delivery in [own, later] {
        for number in 3..=500 {
            s.failed_attempt(delivery, number, 500).await;
        }
    }
    let steps = remove(&s, before()).await;
    assert_eq!(rows(&s).await, [0; 4]);
    if s.config.database_url.starts_with("sqlite") {
        let removed = |step: &RetentionStep| match step {
            RetentionStep::Removed(rows) => *rows,
            RetentionStep::Dropped { .. } | RetentionStep::Stays { .. } | RetentionStep::Rest => 0,
        };
        assert!(steps.iter().map(removed).max() < Some(300), "{steps:?}");
    }
}

async fn the_index_follows(s: Setup) {
    partitions_made(&s).await;
    let to = s.endpoint().await.id;
    let paused = endpoint(&s, "*", SwitchWanted::Paused).await.id;
    for n in 1..=1_000 {
        failed_once(&s, n, to).await;
    }
    // The first slice holds one that waits, and the second does not.
    s.sql(&format!("DELETE FROM deliveries WHERE event_id = {}", Setup::event_id(7)), vec![]).await;
    s.pending(7, paused, Pending { due_at: 1, ..Pending::default() }).await;
    walk_all(&s).await;
    let slices = s.count("FROM search_slices").await;
    assert!(slices > 2, "{slices}");
    let late = format!(
        "INSERT INTO search_late (shelf, term, id) SELECT shelf, 5, {} FROM search_shelves WHERE slices > 0",
        Setup::event_id(9) + 1
    );
    s.sql(&late, vec![]).await;
    remove(&s, before()).await;
    assert_eq!(s.count("FROM search_slices").await, 1);
    assert_eq!(s.count("FROM search_terms WHERE slice > 1").await, 0);
    assert!(s.count("FROM search_terms").await > 0);
    assert_eq!(s.count("FROM search_late").await, 0);
}

async fn a_delivery_whose_event_is_gone_cannot_be_sent_again(s: Setup) {
    let to = s.endpoint().await.id;
    let id = s.delivered(1, to).await;
    let gone = s.store.retry_delivery(s.company, DeliveryId::from_raw(id), ACTOR, now()).await;
    let is_told = matches!(&gone, Err(Error::Conflict { code: "event_gone", .. }));
    assert!(is_told, "{gone:?}");
}

#[tokio::test]
async fn a_day_of_which_too_much_is_needed_stays() {
    let s = Setup::postgres().await;
    partitions_made(&s).await;
    let paused = endpoint(&s, "*", SwitchWanted::Paused).await.id;
    let insert = "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
        SELECT $1 + 2 * i + 1, $2, $3, $1 + 2 * i, 1, 1 FROM generate_series(1, $4) AS i";
    let values = |count: i64| -> Vec<Value> {
        let (company, paused) = (s.company.raw(), paused.raw());
        vec![floor_at(now()).into(), company.into(), paused.into(), count.into()]
    };
    s.sql(insert, values(DAY_KEPT_MAX + 1)).await;
    s.event(1, "message.received", "+491", None).await;
    let steps = remove(&s, before()).await;
    let stays = |step: &RetentionStep| matches!(step, RetentionStep::Stays { day } if *day == now().date_naive());
    assert!(steps.iter().any(stays), "{steps:?}");
    assert_eq!(rows(&s).await[0], 1);
    s.sql("DELETE FROM pending WHERE id = (SELECT min(id) FROM pending)", vec![]).await;
    remove(&s, before()).await;
    // Event 1 has ids that nothing waits for, and a partition of its day there is no more.
    assert_eq!(s.count("FROM pg_class WHERE relname = 'events_20261120'").await, 0);
}

/// While one day is being removed somebody puts a delivery of it back: whoever drops the day waits for him,
/// and keeps the event, though he looked at what waits before that.
#[tokio::test]
async fn what_is_put_back_while_its_day_is_dropped_keeps_its_event() {
    let s = Setup::postgres().await;
    partitions_made(&s).await;
    let to = s.endpoint().await.id;
    let put_back = failed_once(&s, 1, to).await;
    failed_once(&s, 2, to).await;
    // As it stands after the day was announced, and what is needed of it was found: nothing.
    let (low, high) = (floor_at(now()), floor_at(now() + TimeDelta::days(1)));
    let announced = format!("UPDATE retention SET low = {low}, high = {high}");
    s.sql(&announced, vec![]).await;
    s.store.retry_delivery(s.company, DeliveryId::from_raw(put_back), ACTOR, now()).await.unwrap();
    assert_eq!(s.count(&format!("FROM retention_kept WHERE delivery_id = {put_back}")).await, 1);
    // Outside of what is being removed nobody is told.
    s.sql("UPDATE retention SET low = 1, high = 2", vec![]).await;
    s.sql("DELETE FROM pending", vec![]).await;
    s.sql("DELETE FROM retention_kept", vec![]).await;
    s.store.retry_delivery(s.company, DeliveryId::from_raw(put_back), ACTOR, now()).await.unwrap();
    assert_eq!(s.count("FROM retention_kept").await, 0);
}

/// A transaction that has run a statement, and goes on.
async fn held_by(s: &Setup, sql: &str) -> DatabaseTransaction {
    let holder = s.raw.begin().await.unwrap();
    holder.execute_unprepared(sql).await.unwrap();
    holder
}

/// Retries by hand against days that are dropped, over and over: what was accepted to be sent again has its
/// event.
#[tokio::test]
async fn retries_race_with_the_removal_of_their_day() {
    let s = Setup::postgres().await;
    partitions_made(&s).await;
    let to = s.endpoint().await.id;
    let mut ids = Vec::new();
    for n in 1..=200 {
        ids.push(failed_once(&s, n, to).await);
    }
    let are_over = AtomicBool::new(false);
    let retries = async {
        let mut accepted = Vec::new();
        for id in ids {
            let id = DeliveryId::from_raw(id);
            let retried = s.store.retry_delivery(s.company, id, ACTOR, before()).await;
            accepted.extend(retried.is_ok().then_some(id.raw()));
        }
        are_over.store(true, Ordering::Relaxed);
        accepted
    };
    let removal = async {
        let (mut walk, mut at) = (RetentionWalk::default(), before());
        while !are_over.load(Ordering::Relaxed) {
            s.store.remove_history(&mut walk, before(), at).await.unwrap();
            // What could not be had is tried again ten seconds later.
            at += TimeDelta::minutes(1);
        }
    };
    let (accepted, ()) = tokio::join!(retries, removal);
    assert!(!accepted.is_empty());
    remove(&s, before()).await;
    assert_eq!(s.count("FROM pg_class WHERE relname = 'events_20261120'").await, 0);
    let without = "FROM pending p WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.company_id = p.company_id \
        AND e.id = p.event_id)";
    assert_eq!(s.count(without).await, 0);
    assert_eq!(s.count("FROM pending").await, accepted.len() as i64);
}

#[tokio::test]
async fn one_node_at_a_time_drops_days() {
    let s = Setup::postgres().await;
    partitions_made(&s).await;
    let to = s.endpoint().await.id;
    failed_once(&s, 1, to).await;
    let holder = held_by(&s, "SELECT pg_advisory_xact_lock(7103462)").await;
    remove(&s, before()).await;
    assert_eq!(rows(&s).await, [1, 1, 2, 0]);
    holder.rollback().await.unwrap();
    remove(&s, before()).await;
    assert_eq!(rows(&s).await, [0; 4]);
}

/// Who holds something of a day is not waited for; the day goes once it is free.
async fn goes_once_free_of(sql: &str) {
    let s = Setup::postgres().await;
    partitions_made(&s).await;
    let to = s.endpoint().await.id;
    failed_once(&s, 1, to).await;
    let holder = held_by(&s, sql).await;
    let mut walk = RetentionWalk::default();
    let step = s.store.remove_history(&mut walk, before(), before()).await.unwrap();
    assert_eq!(step, RetentionStep::Rest);
    holder.rollback().await.unwrap();
    go_on(&s, &mut walk, before()).await;
    assert_eq!(rows(&s).await, [0; 4]);
}

/// A reader that takes long holds nobody up for longer than a tenth of a second, and the day goes later.
#[tokio::test]
async fn a_long_reader_is_not_waited_for() {
    goes_once_free_of("SELECT count(*) FROM deliveries").await;
}

/// Whoever puts something back holds the row of what is being removed until that is written.
#[tokio::test]
async fn who_puts_something_back_is_not_waited_for() {
    goes_once_free_of("SELECT 1 FROM retention FOR SHARE").await;
}
