//! Live streams: what is told, to whom, in which order, and what of it is there for who comes back.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::id::EndpointId;
use store::{Error, LIVE_STREAMS_PER_COMPANY, LiveEvent, LiveKind, LiveNext, LiveStream, Store};
use testkit::clock::ManualClock;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::engine::{at, held, over, refused, settle_one, status};
use crate::setup::{ACTOR, Setup, now, on_both};

on_both!(
    nothing_is_written_while_nobody_watches,
    attempts_and_changes_come_in_order,
    who_comes_back_misses_nothing_and_sees_nothing_twice,
    what_is_not_kept_any_more_is_a_reset,
    one_endpoint_can_be_watched_alone,
    what_is_too_much_at_once_is_counted,
    another_node_sees_it_too,
    the_end_of_the_node_is_the_end_of_its_streams,
);

/// The loops of a node, until they are dropped.
struct Running {
    clock: Arc<ManualClock>,
    stop: CancellationToken,
    loops: TaskTracker,
}

impl Running {
    fn of(store: &Store) -> Self {
        let (clock, stop) = (Arc::new(ManualClock::at(now())), CancellationToken::new());
        let loops = TaskTracker::new();
        let (store, time, until) = (store.clone(), Arc::<ManualClock>::clone(&clock), stop.clone());
        loops.spawn(async move { store.run_live(time, until).await });
        Self { clock, stop, loops }
    }

    /// Ends the loops; what waited is written down.
    async fn end(self) {
        self.stop.cancel();
        self.loops.close();
        self.loops.wait().await;
    }
}

async fn watch(s: &Setup, resume: Option<i64>) -> LiveStream {
    s.store.watch_live(s.company, None, resume, now()).await.unwrap()
}

async fn next(stream: &mut LiveStream) -> LiveNext {
    let next = tokio::time::timeout(std::time::Duration::from_secs(20), stream.next()).await;
    next.expect("nothing came").unwrap().expect("the stream ended")
}

async fn event(stream: &mut LiveStream) -> Arc<LiveEvent> {
    match next(stream).await {
        LiveNext::Event(event) => event,
        other @ (LiveNext::Reset(_) | LiveNext::Probe) => panic!("{other:?}"),
    }
}

fn data(event: &LiveEvent) -> serde_json::Value {
    serde_json::from_str(&event.data).unwrap()
}

async fn nothing_is_written_while_nobody_watches(s: Setup) {
    let running = Running::of(&s.store);
    let id = s.endpoint().await.id;
    let delivery = held(&s, 1, id, 0).await;
    settle_one(&s, &delivery, status(200), 1).await;
    let other = s.store.watch_live(s.other, None, None, now()).await.unwrap();
    let delivery = held(&s, 2, id, 0).await;
    settle_one(&s, &delivery, status(200), 0).await;
    running.end().await;
    assert_eq!(s.count("FROM live_events").await, 0);
    assert_eq!((s.count("FROM live_watches").await, s.store.live_streams()), (1, 1));
    drop(other);
    assert_eq!(s.store.live_streams(), 0);
}

async fn attempts_and_changes_come_in_order(s: Setup) {
    let running = Running::of(&s.store);
    let id = s.endpoint().await.id;
    let mut stream = watch(&s, None).await;
    let began = stream.position();
    let delivery = held(&s, 1, id, 0).await;
    settle_one(&s, &delivery, refused(), 1).await;
    let attempt = event(&mut stream).await;
    assert_eq!((attempt.kind, attempt.endpoint), (LiveKind::Attempt, Some(id)));
    let told = data(&attempt);
    assert_eq!(told["delivery_id"], delivery.id.to_string());
    assert_eq!((&told["number"], &told["status_code"]), (&1.into(), &serde_json::Value::Null));
    assert_eq!(told["error"]["kind"], "connect");
    assert_eq!(told["next_attempt_at"], "2026-11-20T12:11:00Z");
    let after = event(&mut stream).await;
    assert_eq!((after.kind, data(&after)["state"].as_str()), (LiveKind::Delivery, Some("pending")));
    s.store.retry_delivery(s.company, delivery.id, ACTOR, now()).await.unwrap();
    s.store.cancel_delivery(s.company, delivery.id, ACTOR, now()).await.unwrap();
    s.store.delete_endpoint(s.company, id, ACTOR, now()).await.unwrap();
    let states = [event(&mut stream).await, event(&mut stream).await];
    let states = states.map(|event| data(&event)["state"].as_str().unwrap().to_owned());
    assert_eq!(states, ["pending", "canceled"]);
    let deleted = event(&mut stream).await;
    assert_eq!(data(&deleted)["change"], "deleted");
    assert!(began < attempt.id && attempt.id < after.id && after.id < deleted.id);
    assert_eq!(stream.position(), deleted.id);
    running.end().await;
}

/// Settles one attempt of each of these events.
async fn settle_each(s: &Setup, id: EndpointId, events: std::ops::Range<i64>) {
    for n in events {
        let delivery = held(s, n, id, 0).await;
        settle_one(s, &delivery, status(200), 0).await;
    }
}

async fn who_comes_back_misses_nothing_and_sees_nothing_twice(s: Setup) {
    let running = Running::of(&s.store);
    let id = s.endpoint().await.id;
    let mut first = watch(&s, None).await;
    settle_each(&s, id, 1..4).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(event(&mut first).await.id);
    }
    let position = first.position();
    drop(first);
    settle_each(&s, id, 4..6).await;
    let mut second = watch(&s, Some(position)).await;
    settle_each(&s, id, 6..7).await;
    for _ in 0..9 {
        seen.push(event(&mut second).await.id);
    }
    running.end().await;
    assert!(seen.is_sorted_by(|one, other| one < other), "{seen:?}");
    assert_eq!(s.count("FROM live_events").await, 12);
}

async fn what_is_not_kept_any_more_is_a_reset(s: Setup) {
    let running = Running::of(&s.store);
    let id = s.endpoint().await.id;
    let mut stream = watch(&s, None).await;
    let began = stream.position();
    settle_each(&s, id, 1..2).await;
    let last = [event(&mut stream).await, event(&mut stream).await][1].id;
    // Older than the watch, and of another database.
    for unknown in [0, began - 1, last + 1_000_000] {
        let mut again = watch(&s, Some(unknown)).await;
        assert_eq!(next(&mut again).await, LiveNext::Reset(last), "{unknown}");
    }
    let mut known = watch(&s, Some(began)).await;
    assert_eq!(event(&mut known).await.id, last - 1);
    drop((known, stream));
    let late = now() + TimeDelta::minutes(11);
    assert_eq!(s.store.forget_live(late).await.unwrap(), 2);
    assert_eq!(s.count("FROM live_events").await, 0);
    let mut again = watch(&s, Some(began)).await;
    assert_eq!(next(&mut again).await, LiveNext::Reset(last));
    drop(again);
    running.end().await;
    // Nobody watched in between: what happened then was not written down.
    let mut again = s.store.watch_live(s.company, None, Some(last), late).await.unwrap();
    assert!(matches!(next(&mut again).await, LiveNext::Reset(id) if id > last));
    drop(again);
    s.store.forget_live(late + TimeDelta::minutes(13)).await.unwrap();
    assert_eq!(s.count("FROM live_watches").await, 0);
}

async fn one_endpoint_can_be_watched_alone(s: Setup) {
    let running = Running::of(&s.store);
    let (one, other) = (s.endpoint().await.id, s.endpoint().await.id);
    let mut stream = s.store.watch_live(s.company, Some(other), None, now()).await.unwrap();
    settle_each(&s, one, 1..3).await;
    settle_each(&s, other, 3..4).await;
    let only = event(&mut stream).await;
    assert_eq!(only.endpoint, Some(other));
    assert_eq!(only.id - stream.position(), 0);
    running.end().await;
}

async fn what_is_too_much_at_once_is_counted(s: Setup) {
    let id = s.endpoint().await.id;
    let mut stream = watch(&s, None).await;
    let mut batch = Vec::new();
    for n in 1..=250 {
        batch.push(over(&held(&s, n, id, 0).await, status(200), at(0)));
    }
    s.store.settle(&batch, now()).await.unwrap();
    let running = Running::of(&s.store);
    for place in 0..store::LIVE_ROWS_PER_WRITE {
        assert_ne!(event(&mut stream).await.kind, LiveKind::Skipped, "{place}");
    }
    let skipped = event(&mut stream).await;
    assert_eq!((skipped.kind, data(&skipped)["count"].as_u64()), (LiveKind::Skipped, Some(100)));
    running.end().await;
}

async fn another_node_sees_it_too(s: Setup) {
    let other = Store::open(s.config.clone()).await.unwrap();
    let (running, there) = (Running::of(&s.store), Running::of(&other));
    let id = s.endpoint().await.id;
    let mut stream = other.watch_live(s.company, None, None, now()).await.unwrap();
    let mut n = 0;
    // The first node hears of the watch within a second.
    let seen = loop {
        n += 1;
        settle_each(&s, id, n..n + 1).await;
        let soon = std::time::Duration::from_millis(50);
        if let Ok(seen) = tokio::time::timeout(soon, stream.next()).await {
            break seen.unwrap().unwrap();
        }
        assert!(n < 1_000, "the watch was never heard of");
    };
    assert!(matches!(seen, LiveNext::Event(event) if event.kind == LiveKind::Attempt));
    there.clock.advance(TimeDelta::seconds(100));
    testkit::wait::until("the watch goes on", std::time::Duration::from_secs(20), async || {
        let until = s.row("SELECT until FROM live_watches").await;
        let until: i64 = until.try_get("", "until").unwrap();
        (until > crate::engine::micros(now() + TimeDelta::seconds(200))).then_some(())
    })
    .await;
    running.end().await;
    there.end().await;
}

async fn the_end_of_the_node_is_the_end_of_its_streams(s: Setup) {
    let mut stream = watch(&s, None).await;
    let others: Vec<LiveStream> = {
        let mut others = Vec::new();
        for _ in 1..LIVE_STREAMS_PER_COMPANY {
            others.push(watch(&s, None).await);
        }
        others
    };
    let refused = s.store.watch_live(s.company, None, None, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { code: "too_many_streams", .. }), "{refused:?}");
    assert_eq!(next(&mut stream).await, LiveNext::Probe);
    s.store.end_live_streams();
    assert_eq!(stream.next().await.unwrap(), None);
    drop((stream, others));
    assert_eq!(s.store.live_streams(), 0);
    let refused = s.store.watch_live(s.company, None, None, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Overloaded), "{refused:?}");
}
