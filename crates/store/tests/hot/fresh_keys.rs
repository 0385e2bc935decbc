//! SQLite's newest keys: known in memory and in their own table, before, while and after they are moved.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::event::NewEvent;
use sea_orm::{ConnectionTrait, TransactionTrait};
use store::{Accepted, Error, KeyMove, Store, SwitchWanted};

use crate::engine::{Door, caller, endpoint, keyed, new_event, together};
use crate::setup::{Setup, now};

/// How long the writer may take to begin with a batch.
const WITHIN: Duration = Duration::from_secs(10);

/// When what came now is old enough to be moved.
fn later() -> DateTime<Utc> {
    now() + TimeDelta::minutes(10)
}

async fn post(store: &Store, s: &Setup, events: Vec<NewEvent>) -> Result<Vec<Accepted>, Error> {
    let job = (caller(s, s.company).await, events);
    together(store, &Door::with_room(9), vec![job]).await.remove(0)
}

fn numbered(s: &Setup, numbers: std::ops::Range<u32>, data: &str) -> Vec<NewEvent> {
    numbers.map(|number| keyed(s.company, &format!("key {number}"), data)).collect()
}

/// All of these are known, and a key with other data is told apart.
async fn are_known(store: &Store, s: &Setup, numbers: std::ops::Range<u32>) {
    let known = post(store, s, numbered(s, numbers.clone(), "1")).await.unwrap();
    for (number, accepted) in numbers.clone().zip(known) {
        assert!(matches!(accepted, Accepted::Duplicate { .. }), "{number} is {accepted:?}");
    }
    let other = post(store, s, numbered(s, numbers.start..numbers.start + 1, "2")).await.unwrap();
    assert!(matches!(other[..], [Accepted::KeyReused { .. }]), "{other:?}");
}

async fn are_new(store: &Store, s: &Setup, numbers: std::ops::Range<u32>) {
    let new = post(store, s, numbered(s, numbers, "1")).await.unwrap();
    assert!(new.iter().all(|accepted| matches!(accepted, Accepted::New { .. })), "{new:?}");
}

async fn fresh(s: &Setup) -> i64 {
    s.count("FROM fresh_keys").await
}

async fn moved(s: &Setup) -> i64 {
    s.count("FROM event_keys").await
}

#[tokio::test]
async fn keys_are_known_at_every_step_of_their_move() {
    let s = Setup::sqlite().await;
    endpoint(&s, "*", SwitchWanted::Enabled).await;
    are_new(&s.store, &s, 0..700).await;
    are_new(&s.store, &s, 700..1_300).await;
    assert_eq!((fresh(&s).await, moved(&s).await), (1_300, 0));
    assert_eq!(s.store.move_keys(now()).await.unwrap(), KeyMove::Rest, "few and young");
    let (mut come, mut halves) = (0, 0);
    while s.store.move_keys(later()).await.unwrap() == KeyMove::Moved {
        are_known(&s.store, &s, 0..1_300).await;
        if come < 6 {
            are_new(&s.store, &s, 2_000 + come..2_001 + come).await;
            come += 1;
        }
        let (fresh, moved) = (fresh(&s).await, moved(&s).await);
        halves += i64::from(fresh > 0 && (1..1_300).contains(&moved));
        assert!(fresh + moved >= 1_300 + i64::from(come), "none is nowhere");
    }
    assert!(halves >= 2, "slices were seen half done");
    // The last row stays, so that its place is not given again.
    assert_eq!((fresh(&s).await, moved(&s).await), (1, 1_306));
    are_known(&s.store, &s, 0..1_300).await;
    are_known(&s.store, &s, 2_000..2_006).await;
    assert_eq!(s.count("FROM events").await, 1_306);
}

#[tokio::test]
async fn a_start_in_the_middle_of_the_move_knows_all_keys_and_ends_it() {
    let s = Setup::sqlite().await;
    are_new(&s.store, &s, 0..1_300).await;
    for _ in 0..2 {
        assert_eq!(s.store.move_keys(later()).await.unwrap(), KeyMove::Moved);
    }
    assert_eq!((fresh(&s).await, moved(&s).await), (1_300, 512), "sorted, and one slice moved");
    let next = Store::open(s.config.clone()).await.unwrap();
    are_known(&next, &s, 0..1_300).await;
    are_new(&next, &s, 1_300..1_301).await;
    while next.move_keys(later()).await.unwrap() == KeyMove::Moved {}
    assert_eq!((fresh(&s).await, moved(&s).await), (1, 1_301));
    are_known(&next, &s, 0..1_301).await;
}

#[tokio::test]
async fn what_another_hand_wrote_is_known() {
    let s = Setup::sqlite().await;
    are_new(&s.store, &s, 0..3).await;
    let other = Store::open(s.config.clone()).await.unwrap();
    are_new(&other, &s, 3..6).await;
    are_known(&s.store, &s, 0..6).await;
    are_new(&s.store, &s, 6..9).await;
    are_known(&other, &s, 0..9).await;
}

#[tokio::test]
async fn what_was_rolled_back_is_new_again() {
    let s = Setup::sqlite().await;
    are_new(&s.store, &s, 0..2).await;
    s.sql(
        "CREATE TRIGGER no_events BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'not now'); END",
        vec![],
    )
    .await;
    post(&s.store, &s, numbered(&s, 2..300, "1")).await.unwrap_err();
    s.sql("DROP TRIGGER no_events", vec![]).await;
    are_new(&s.store, &s, 2..300).await;
    are_known(&s.store, &s, 0..300).await;
}

/// The store reads so many keys when it starts, and takes no more into memory.
#[tokio::test]
async fn where_the_move_lags_behind_keys_are_written_to_their_place() {
    const KEPT_MAX: i64 = 229_376;
    let s = Setup::sqlite().await;
    let fill = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {KEPT_MAX} - 2) \
         INSERT INTO fresh_keys SELECT i, 7, 0, i * 1000003, 1, 1, 1, 0, $1 FROM n"
    );
    s.sql(&fill, vec![now().timestamp_micros().into()]).await;
    are_new(&s.store, &s, 0..2).await;
    assert_eq!((fresh(&s).await, moved(&s).await), (KEPT_MAX, 0), "up to the edge");
    are_new(&s.store, &s, 2..3).await;
    assert_eq!((fresh(&s).await, moved(&s).await), (KEPT_MAX, 1));
    are_known(&s.store, &s, 0..3).await;
    for _ in 0..3 {
        assert_eq!(s.store.move_keys(now()).await.unwrap(), KeyMove::Moved, "there are many");
    }
    are_new(&s.store, &s, 3..4).await;
    let moved_by_now = 1 + 1_024 + 1;
    assert_eq!((fresh(&s).await, moved(&s).await), (KEPT_MAX, moved_by_now), "those count as well");
    are_known(&s.store, &s, 0..4).await;
}

#[tokio::test]
async fn an_event_without_a_key_asks_for_none() {
    let s = Setup::sqlite().await;
    are_new(&s.store, &s, 0..1).await;
    let unnamed = new_event(s.company, "message.received");
    post(&s.store, &s, vec![unnamed.clone(), unnamed]).await.unwrap();
    assert_eq!((fresh(&s).await, moved(&s).await), (1, 0));
    are_known(&s.store, &s, 0..1).await;
}

#[tokio::test]
async fn postgresql_moves_nothing() {
    let s = Setup::postgres().await;
    are_new(&s.store, &s, 0..3).await;
    assert_eq!(s.store.move_keys(later()).await.unwrap(), KeyMove::Never);
    assert_eq!(moved(&s).await, 3);
}

/// Waits until so many transactions have the writer's connection.
async fn writer_has(s: &Setup, wanted: usize) {
    let holds = async || {
        let writer = s.store.pool_use().into_iter().find(|pool| pool.name == "write");
        (writer.unwrap().in_use == wanted).then_some(())
    };
    testkit::wait::until("the writer is in use, or not", WITHIN, holds).await;
}

/// A batch has the writer, the deletion of what was moved has been decided and waits for it.
#[tokio::test]
async fn what_comes_between_the_decision_to_delete_and_the_deletion_stays() {
    let s = Setup::sqlite().await;
    are_new(&s.store, &s, 0..3).await;
    // Sorted, moved, deleted as far as there is something; what is next finds nothing more to delete.
    for _ in 0..3 {
        assert_eq!(s.store.move_keys(later()).await.unwrap(), KeyMove::Moved);
    }
    let (me, door) = (caller(&s, s.company).await, Door::with_room(9));
    writer_has(&s, 0).await;
    let other = s.raw.begin().await.unwrap();
    other.execute_unprepared("UPDATE counters SET value = value").await.unwrap();
    let coming = together(&s.store, &door, vec![(me, numbered(&s, 3..6, "1"))]);
    let moving = async {
        writer_has(&s, 1).await;
        let mut moving = Box::pin(s.store.move_keys(later()));
        assert!(futures_util::poll!(&mut moving).is_pending(), "it waits for the writer");
        other.rollback().await.unwrap();
        moving.await.unwrap()
    };
    let (answers, moved) = tokio::join!(coming, moving);
    assert_eq!((answers[0].as_ref().unwrap().len(), moved), (3, KeyMove::Moved));
    are_known(&s.store, &s, 0..6).await;
}

/// More than one statement takes, so that some rows are written before the transaction looks again.
#[tokio::test]
async fn an_expired_event_in_a_large_batch_does_not_undo_the_move() {
    let s = Setup::sqlite().await;
    are_new(&s.store, &s, 0..600).await;
    for _ in 0..2 {
        assert_eq!(s.store.move_keys(later()).await.unwrap(), KeyMove::Moved);
    }
    let mut events = numbered(&s, 600..1_000, "1");
    events.push(NewEvent { expires_at: Some(now()), ..keyed(s.company, "late", "1") });
    let answers = post(&s.store, &s, events).await.unwrap();
    assert_eq!(answers.last(), Some(&Accepted::Expired));
    assert_eq!(moved(&s).await, 512);
    assert_eq!(s.store.move_keys(later()).await.unwrap(), KeyMove::Moved);
    assert_eq!(moved(&s).await, 600, "it went on where it was");
    are_known(&s.store, &s, 0..1_000).await;
}
