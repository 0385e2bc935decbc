//! The short ways on PostgreSQL: that they are gone, and that nothing they take for granted is believed
//! where it is not so.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, TransactionTrait};
use store::{Accepted, Store, SwitchWanted};

use crate::engine::{
    Door, at, caller, endpoint, held, keyed, lane, micros, of_lane, of_pending, one, over, refused,
    settle_one, status, together, waits,
};
use crate::lines;
use crate::setup::{ACTOR, Setup, now};

/// How many batches of ingest one statement has written, and how often something was not so.
fn ingest(s: &Setup) -> (u64, u64) {
    let metrics = s.store.metrics();
    (metrics.ingest_straight.get(), metrics.ingest_missed.get())
}

fn settlement(s: &Setup) -> (u64, u64) {
    let metrics = s.store.metrics();
    (metrics.settle_straight.get(), metrics.settle_missed.get())
}

/// A company with an endpoint for everything, which this node knows since its first event.
async fn known() -> (Setup, domain::id::EndpointId) {
    let s = Setup::postgres().await;
    let id = endpoint(&s, "*", SwitchWanted::Enabled).await.id;
    one(&s, &Door::with_room(9), keyed(s.company, "first", "1")).await;
    assert_eq!(ingest(&s), (0, 0), "nothing is known at first");
    (s, id)
}

#[tokio::test]
async fn events_of_a_known_company_are_written_as_on_the_long_way() {
    let (s, _) = known().await;
    let paused = endpoint(&s, "*", SwitchWanted::Paused).await.id;
    let door = Door::with_room(9);
    one(&s, &door, keyed(s.company, "second", "2")).await;
    assert_eq!(ingest(&s), (0, 0), "the second endpoint is not known yet");
    // Whose lane that is does not matter: nothing is sent to it.
    lane(&s, paused, 777).await;
    for key in ["a", "b"] {
        one(&s, &door, keyed(s.company, key, "3")).await;
    }
    assert_eq!(ingest(&s), (2, 0));
    // All that two events have written is the same but for their ids, times and keys.
    let alike = |of: &str, but: &str| {
        format!(
            "FROM (SELECT DISTINCT to_jsonb(t) - '{{{but}}}'::text[] FROM (SELECT * FROM {of} ORDER BY 1 DESC LIMIT 4) t) d"
        )
    };
    assert_eq!(s.count("FROM events").await, 4);
    let texts = "id,external_id,data,deliveries,occurred_at,accepted_at";
    assert_eq!(s.count(&alike("events", texts)).await, 1);
    let of_pending = "id,event_id,endpoint_id,due_at,schedule_began";
    assert_eq!(s.count(&alike("pending", of_pending)).await, 2, "held, and not");
    assert_eq!(s.count("FROM event_keys").await, 4);
    let unclaimed = format!("FROM pending WHERE claimed_by = 0 AND endpoint_id = {}", paused.raw());
    assert_eq!((s.count(&unclaimed).await, s.count("FROM lanes").await), (3, 1));
    assert_eq!((door.ids().len(), door.outstanding()), (3, 0));
}

#[tokio::test]
async fn a_known_key_is_known_and_its_neighbours_are_written() {
    let (s, _) = known().await;
    let (door, me) = (Door::with_room(9), caller(&s, s.company).await);
    let events = ["new", "first", "newer"].map(|key| keyed(s.company, key, "1")).to_vec();
    let answers = together(&s.store, &door, vec![(me, events)]).await.remove(0).unwrap();
    assert!(matches!(answers[0], Accepted::New { deliveries: 1, .. }), "{answers:?}");
    assert!(matches!(answers[1], Accepted::Duplicate { deliveries: 1, .. }), "{answers:?}");
    assert!(matches!(answers[2], Accepted::New { deliveries: 1, .. }), "{answers:?}");
    assert_eq!(ingest(&s), (0, 1));
    assert_eq!((s.count("FROM events").await, s.count("FROM pending").await), (3, 3));
    assert_eq!((s.count("FROM event_keys").await, door.ids().len(), door.outstanding()), (3, 2, 0));
    one(&s, &door, keyed(s.company, "rests", "1")).await;
    one(&s, &door, keyed(s.company, "again", "1")).await;
    assert_eq!(ingest(&s), (1, 1), "one batch goes the long way after a miss");
}

#[tokio::test]
async fn an_endpoint_that_another_node_has_made_is_not_missed() {
    let (s, id) = known().await;
    let me = caller(&s, s.company).await;
    let twin = "INSERT INTO endpoints SELECT (jsonb_populate_record(e, jsonb_build_object('id', e.id + 1, 'external_key', NULL))).* \
        FROM endpoints e WHERE id = $1";
    s.sql(twin, vec![id.raw().into()]).await;
    let raise = "UPDATE companies SET config_version = config_version + 1 WHERE id = $1";
    s.sql(raise, vec![s.company.raw().into()]).await;
    let job = (me, vec![keyed(s.company, "k", "1")]);
    // The caller was let in at the version before: a token that nobody has made is refused then.
    let answer = together(&s.store, &Door::with_room(9), vec![job]).await.remove(0);
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!((ingest(&s), s.count("FROM events").await), ((0, 1), 1));
    let fresh = caller(&s, s.company).await;
    for key in ["rests", "l"] {
        let job = (fresh.clone(), vec![keyed(s.company, key, "1")]);
        let answer = together(&s.store, &Door::with_room(9), vec![job]).await.remove(0).unwrap();
        assert!(matches!(answer[0], Accepted::New { deliveries: 2, .. }), "{answer:?}");
    }
    assert_eq!(ingest(&s), (1, 1));
}

#[tokio::test]
async fn whose_lane_it_is_sends_it_and_a_lane_on_hold_waits() {
    for (owner, hold_until) in [(777, 0), (0, micros(at(5)))] {
        let (s, id) = known().await;
        let owner = if owner == 0 { s.store.incarnation() } else { owner };
        lane(&s, id, owner).await;
        waits(&s, id, now() - TimeDelta::minutes(1)).await;
        s.sql("UPDATE lanes SET hold_until = $1", vec![hold_until.into()]).await;
        let door = Door::with_room(9);
        one(&s, &door, keyed(s.company, "k", "1")).await;
        assert_eq!(ingest(&s), (0, 1));
        assert_eq!((door.ids().len(), door.outstanding()), (0, 0));
        assert_eq!(s.count("FROM pending WHERE claimed_by = 0").await, 2);
    }
}

/// Else one failed request would make all that other nodes take in go by way of the database.
#[tokio::test]
async fn a_lane_of_another_node_is_passed_unless_something_has_been_due_there_for_a_second() {
    let later = TimeDelta::minutes(5);
    let just = -TimeDelta::seconds(1);
    let cases = [
        (None, true),
        (Some(later), true),
        (Some(just), true),
        (Some(just - TimeDelta::microseconds(1)), false),
    ];
    for (due_in, is_passed) in cases {
        for is_known in [true, false] {
            let (s, id) = known().await;
            lane(&s, id, 777).await;
            if let Some(due_in) = due_in {
                waits(&s, id, now() + due_in).await;
            }
            let door = Door::with_room(9);
            // What nobody knows yet goes the long way, by the same rule.
            let fresh = Store::open(s.config.clone()).await.unwrap();
            let node = if is_known { &s.store } else { &fresh };
            let job = (caller(&s, s.company).await, vec![keyed(s.company, "k", "1")]);
            together(node, &door, vec![job]).await.remove(0).unwrap();
            let case = format!("{due_in:?}, known: {is_known}");
            assert_eq!(door.ids().len(), usize::from(is_passed), "{case}");
            assert_eq!(ingest(&s).0, u64::from(is_known && is_passed), "{case}");
            let is_woken = of_lane(&s, id, "version").await == 1;
            assert_eq!(is_woken, !is_passed, "its owner is to look: {case}");
        }
    }
}

/// It gets one request at a time, over all nodes.
#[tokio::test]
async fn to_a_defective_endpoint_the_owner_of_its_lane_alone_sends() {
    let (s, id) = known().await;
    lane(&s, id, 777).await;
    let sql = "UPDATE endpoints SET failures = 100, failing_since = 1, defective_at = 2";
    s.sql(sql, vec![]).await;
    let door = Door::with_room(9);
    one(&s, &door, keyed(s.company, "k", "1")).await;
    assert_eq!((ingest(&s), door.ids().len()), ((0, 1), 0));
}

#[tokio::test]
async fn what_there_is_no_room_for_waits_in_the_database() {
    let (s, _) = known().await;
    let door = Door::with_room(0);
    one(&s, &door, keyed(s.company, "k", "1")).await;
    assert_eq!((ingest(&s), door.outstanding()), ((0, 0), 0));
    assert_eq!(s.count("FROM pending WHERE claimed_by = 0").await, 1);
    assert_eq!(s.count("FROM lanes").await, 1, "its owner will look for it");
}

#[tokio::test]
async fn successes_are_settled_beside_failures_and_each_endpoint_goes_one_way() {
    let s = Setup::postgres().await;
    let (well, ill) = (s.endpoint().await.id, s.endpoint().await.id);
    let mut all = Vec::new();
    for (n, id) in [(1, well), (2, ill), (3, ill), (4, well)] {
        all.push(held(&s, n, id, 0).await);
    }
    let batch = [
        over(&all[0], status(200), at(0)),
        over(&all[1], status(200), at(0)),
        over(&all[2], refused(), at(0)),
        over(&all[3], status(200), at(0)),
    ];
    let settled = s.store.settle(&batch, at(0)).await.unwrap();
    assert_eq!((settled.lost.len(), settlement(&s)), (0, (1, 0)));
    let mut streaks: Vec<_> = settled
        .endpoints
        .iter()
        .map(|after| (after.endpoint, after.state.map(|state| state.streak())))
        .collect();
    streaks.sort_unstable();
    assert_eq!(streaks, [(well, Some(0)), (ill, Some(1))]);
    assert_eq!((s.count("FROM deliveries").await, s.count("FROM pending").await), (3, 1));
    let counted = "FROM stats WHERE endpoint_id = 0 AND attempts = 2 AND success = 1";
    assert_eq!(s.count(counted).await, 0, "three successes, in one row of the company's minute");
    let minute = s.row("SELECT sum(attempts)::bigint AS n FROM stats WHERE endpoint_id = 0").await;
    assert_eq!(minute.try_get::<i64>("", "n").unwrap(), 4);
    // It has a streak: its next success is not tried the short way, and ends the streak.
    let next = held(&s, 5, ill, 0).await;
    settle_one(&s, &next, status(200), 0).await;
    assert_eq!(s.store.endpoint(s.company, ill).await.unwrap().state.streak(), 0);
    assert_eq!(settlement(&s), (1, 0));
    let last = held(&s, 6, ill, 0).await;
    settle_one(&s, &last, status(200), 0).await;
    assert_eq!(settlement(&s), (2, 0), "it is healthy again");
}

#[tokio::test]
async fn a_streak_that_another_node_has_counted_ends_with_a_success() {
    let s = Setup::postgres().await;
    let id = s.endpoint().await.id;
    let streak = "UPDATE endpoints SET failures = 3, failing_since = $1 WHERE id = $2";
    s.sql(streak, vec![micros(now()).into(), id.raw().into()]).await;
    let delivery = held(&s, 1, id, 0).await;
    settle_one(&s, &delivery, status(200), 0).await;
    assert_eq!(settlement(&s), (0, 1));
    assert_eq!(s.store.endpoint(s.company, id).await.unwrap().state.streak(), 0);
    assert_eq!((s.count("FROM deliveries").await, s.count("FROM pending").await), (1, 0));
}

#[tokio::test]
async fn what_is_paused_deleted_canceled_or_lost_goes_the_long_way() {
    let s = Setup::postgres().await;
    let (id, paused, deleted) =
        (s.endpoint().await.id, s.endpoint().await.id, s.endpoint().await.id);
    let (lost, canceled) = (held(&s, 1, id, 0).await, held(&s, 2, id, 0).await);
    let (of_paused, of_deleted) = (held(&s, 3, paused, 0).await, held(&s, 4, deleted, 0).await);
    s.sql("UPDATE pending SET claimed_by = 777 WHERE id = $1", vec![lost.id.raw().into()]).await;
    s.store.cancel_delivery(s.company, canceled.id, ACTOR, now()).await.unwrap();
    let held_since = vec![micros(now()).into(), paused.raw().into()];
    s.sql("UPDATE endpoints SET switch = 'paused', held_since = $1 WHERE id = $2", held_since)
        .await;
    s.store.delete_endpoint(s.company, deleted, ACTOR, now()).await.unwrap();
    for (n, (delivery, expected)) in
        [(&lost, 1), (&canceled, 0), (&of_paused, 0), (&of_deleted, 0)].into_iter().enumerate()
    {
        let settled = s.store.settle(&[over(delivery, status(200), at(0))], at(0)).await.unwrap();
        assert_eq!(settled.lost.len(), expected, "{n}");
        // As many rests as this many misses ask for.
        for extra in 0..(1_i64 << (n + 1)) - 1 {
            let fine = held(&s, 100 * (n as i64 + 1) + extra, id, 0).await;
            settle_one(&s, &fine, status(200), 0).await;
        }
    }
    assert_eq!(settlement(&s).1, 4);
    assert_eq!(of_pending(&s, lost.id, "claimed_by").await, 777);
    assert_eq!(s.count("FROM pending").await, 1);
    assert_eq!(s.count("FROM deliveries WHERE state <> 1").await, 0, "a success is delivered");
}

#[tokio::test]
async fn what_stands_in_line_lets_the_next_one_come() {
    let s = Setup::postgres().await;
    let ordered = lines::ordered(&s).await;
    let door = lines::inside();
    let posted = lines::post(&s, &door, "aab").await;
    let heads = door.handed.lock().clone();
    assert_eq!((heads[0].id, heads[1].id, heads.len()), (posted[0], posted[2], 2));
    let free = s.endpoint().await.id;
    let loose = held(&s, 50, free, 0).await;
    let batch = [&heads[0], &heads[1], &loose].map(|row| over(row, status(200), at(0)));
    let settled = s.store.settle(&batch, at(0)).await.unwrap();
    assert_eq!((settled.lost.len(), settled.endpoints.len()), (0, 2));
    assert_eq!(settlement(&s), (2, 0), "one for each kind of endpoint");
    let me = s.store.incarnation();
    let owner = settled.endpoints.iter().find(|after| after.endpoint == ordered).unwrap();
    assert_eq!(owner.lane_owner, Some(me), "something is due there now");
    lines::check(&s).await;
    let next = lines::claim(&s, ordered, 1).await;
    assert_eq!((next[0].id, next.len()), (posted[1], 1));
    settle_one(&s, &next[0], status(200), 1).await;
    assert_eq!((settlement(&s), s.count("FROM deliveries").await), ((3, 0), 4));
}

/// Whoever adds to a line at this moment looks for its head under the same lock.
#[tokio::test]
async fn what_stands_in_line_waits_for_whoever_works_on_its_line() {
    let s = Setup::postgres().await;
    lines::ordered(&s).await;
    let door = lines::inside();
    lines::post(&s, &door, "aa").await;
    let head = door.handed.lock()[0].clone();
    let adding = s.raw.begin().await.unwrap();
    adding.execute_unprepared("SELECT 1 FROM order_lines FOR UPDATE").await.unwrap();
    let batch = [over(&head, status(200), at(0))];
    let mut settling = std::pin::pin!(s.store.settle(&batch, at(0)));
    let early = tokio::time::timeout(Duration::from_millis(300), &mut settling).await;
    assert!(early.is_err(), "it did not wait");
    adding.rollback().await.unwrap();
    settling.await.unwrap();
    assert_eq!(settlement(&s), (1, 0));
    lines::check(&s).await;
}

#[tokio::test]
async fn a_line_whose_head_was_canceled_or_lost_goes_the_long_way() {
    let s = Setup::postgres().await;
    let ordered = lines::ordered(&s).await;
    let door = lines::inside();
    let posted = lines::post(&s, &door, "aabb").await;
    let heads = door.handed.lock().clone();
    s.store.cancel_delivery(s.company, heads[0].id, ACTOR, now()).await.unwrap();
    settle_one(&s, &heads[0], status(200), 0).await;
    assert_eq!((settlement(&s), s.count("FROM deliveries WHERE state = 1").await), ((0, 1), 1));
    lines::check(&s).await;
    s.sql("UPDATE pending SET claimed_by = 0 WHERE id = $1", vec![heads[1].id.raw().into()]).await;
    for lost in [0, 1] {
        let settled = s.store.settle(&[over(&heads[1], status(200), at(0))], at(0)).await.unwrap();
        assert_eq!(settled.lost.len(), 1, "{lost}");
    }
    assert_eq!(settlement(&s), (0, 2), "once not tried, once in vain");
    lines::check(&s).await;
    let mut due: Vec<_> = lines::claim(&s, ordered, 1).await.iter().map(|row| row.id).collect();
    due.sort_unstable();
    assert_eq!(due, [posted[1], posted[2]]);
}

#[tokio::test]
async fn an_answer_that_lists_look_for_is_told_to_their_index_where_it_may_have_passed() {
    let s = Setup::postgres().await;
    let id = s.endpoint().await.id;
    let late = held(&s, 1, id, 0).await;
    settle_one(&s, &late, status(204), 1).await;
    assert_eq!(settlement(&s), (0, 0), "not even tried");
    for (n, code, minute) in [(2, 204, 0), (3, 200, 1)] {
        let usual = held(&s, n, id, 0).await;
        settle_one(&s, &usual, status(code), minute).await;
    }
    assert_eq!(settlement(&s), (2, 0));
}
