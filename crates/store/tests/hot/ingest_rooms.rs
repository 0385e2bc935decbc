//! Who sends what came in: this node as far as it has room, else the owner of the lane.

use chrono::{DateTime, TimeDelta, Utc};
use store::SwitchWanted;

use crate::engine::{Door, caller, endpoint, lane, micros, new_event, of_lane, together, waits};
use crate::setup::{Setup, now, on_both};

on_both!(
    what_has_no_room_waits_for_the_lanes_owner,
    a_lane_of_another_node_keeps_its_rows,
    a_free_lane_gets_an_owner,
    a_held_lane_takes_nothing_fresh_in_memory,
    a_batch_that_fails_gives_its_room_back,
    a_node_that_has_not_joined_owns_no_lane,
);

async fn five_events(s: &Setup, door: &std::sync::Arc<Door>) -> Vec<bool> {
    let me = caller(s, s.company).await;
    let job = (me, vec![new_event(s.company, "message.received")]);
    let answers = together(&s.store, door, vec![job; 5]).await;
    answers.iter().map(Result::is_ok).collect()
}

async fn claims(s: &Setup, owner: i64) -> i64 {
    s.count(&format!("FROM pending WHERE claimed_by = {owner}")).await
}

async fn what_has_no_room_waits_for_the_lanes_owner(s: Setup) {
    let id = endpoint(&s, "*", SwitchWanted::Enabled).await.id;
    let door = Door::with_room(3);
    assert_eq!(five_events(&s, &door).await, [true; 5]);
    let me = s.store.incarnation();
    assert_eq!((claims(&s, me).await, claims(&s, 0).await), (3, 2));
    let handed = door.ids();
    assert!(handed.len() == 3 && handed.is_sorted(), "{handed:?}");
    let oldest = format!("FROM pending WHERE claimed_by = 0 AND id < {}", handed[2]);
    assert_eq!(s.count(&oldest).await, 0, "the oldest go first");
    assert_eq!((of_lane(&s, id, "owner").await, of_lane(&s, id, "version").await), (me, 0));
    assert_eq!(of_lane(&s, id, "next_due").await, micros(now()));
    assert_eq!(door.outstanding(), 0);
    let fresh = door.handed.lock()[0].clone();
    assert_eq!((fresh.event.id.raw() + 1, fresh.generation), (fresh.id.raw(), 0));
    assert_eq!((&fresh.event.data[..], fresh.due_at), (&b"{\"a\":1}"[..], now()));
    assert_eq!((fresh.progress.tries, fresh.progress.schedule_began), (0, now()));
}

async fn a_lane_of_another_node_keeps_its_rows(s: Setup) {
    let id = endpoint(&s, "*", SwitchWanted::Enabled).await.id;
    lane(&s, id, 777).await;
    waits(&s, id, now() - TimeDelta::minutes(1)).await;
    let door = Door::with_room(9);
    five_events(&s, &door).await;
    assert_eq!((claims(&s, 0).await, door.ids().len()), (6, 0));
    assert_eq!((of_lane(&s, id, "owner").await, of_lane(&s, id, "version").await), (777, 1));
    five_events(&s, &door).await;
    assert_eq!(of_lane(&s, id, "version").await, 2);
}

async fn a_free_lane_gets_an_owner(s: Setup) {
    let id = endpoint(&s, "*", SwitchWanted::Enabled).await.id;
    lane(&s, id, 0).await;
    waits(&s, id, now() - TimeDelta::minutes(1)).await;
    let door = Door::with_room(9);
    five_events(&s, &door).await;
    assert_eq!((claims(&s, 0).await, door.ids().len()), (6, 0));
    assert_eq!(of_lane(&s, id, "owner").await, s.store.incarnation());
    five_events(&s, &door).await;
    assert_eq!((claims(&s, 0).await, door.ids().len()), (6, 5));
}

async fn a_held_lane_takes_nothing_fresh_in_memory(s: Setup) {
    let id = endpoint(&s, "*", SwitchWanted::Enabled).await.id;
    lane(&s, id, s.store.incarnation()).await;
    let hold = |until: DateTime<Utc>| vec![micros(until).into(), id.raw().into()];
    let sql = "UPDATE lanes SET hold_until = $1 WHERE endpoint_id = $2";
    s.sql(sql, hold(now() + TimeDelta::seconds(1))).await;
    let door = Door::with_room(9);
    five_events(&s, &door).await;
    assert_eq!((claims(&s, 0).await, door.ids().len()), (5, 0));
    s.sql(sql, hold(now())).await;
    five_events(&s, &door).await;
    assert_eq!((claims(&s, 0).await, door.ids().len()), (5, 5));
}

async fn a_batch_that_fails_gives_its_room_back(s: Setup) {
    endpoint(&s, "*", SwitchWanted::Enabled).await;
    s.sql("ALTER TABLE pending RENAME TO elsewhere", vec![]).await;
    let door = Door::with_room(3);
    assert_eq!(five_events(&s, &door).await, [false; 5]);
    assert_eq!((door.outstanding(), door.ids().len()), (0, 0));
    assert_eq!(door.reserved.lock().len(), 1, "room was reserved");
    assert_eq!(s.count("FROM events").await, 0);
    s.sql("ALTER TABLE elsewhere RENAME TO pending", vec![]).await;
    assert_eq!(five_events(&s, &door).await, [true; 5]);
}

async fn a_node_that_has_not_joined_owns_no_lane(s: Setup) {
    let id = endpoint(&s, "*", SwitchWanted::Enabled).await.id;
    let door = std::sync::Arc::new(Door { is_no_member: true, ..Door::default() });
    assert_eq!(five_events(&s, &door).await, [true; 5]);
    assert_eq!((claims(&s, 0).await, of_lane(&s, id, "owner").await), (5, 0));
}
