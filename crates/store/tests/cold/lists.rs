//! Lists of events and deliveries: filters, cursors, and the limit on what one page looks at.

use chrono::TimeDelta;
use domain::delivery::DeliveryState;
use domain::event_type::Selector;
use domain::id::EventId;
use store::{DeliveryFilter, EventFilter};

use crate::setup::{ACTOR, Pending, Setup, now, on_both, page};

on_both!(
    cursors_are_stable_while_rows_arrive,
    deliveries_merge_what_waits_and_what_is_over,
    deliveries_are_filtered,
    events_are_filtered,
);

/// All ids, page by page, with something done between the pages.
async fn all_deliveries(s: &Setup, filter: &DeliveryFilter, limit: u32) -> Vec<i64> {
    let (mut ids, mut before) = (Vec::new(), None);
    loop {
        let found =
            s.store.deliveries(s.company, filter.clone(), page(limit, before)).await.unwrap();
        assert!(found.data.len() <= limit as usize);
        ids.extend(found.data.iter().map(|record| record.id.raw()));
        match found.next {
            Some(next) => before = Some(next),
            None => return ids,
        }
    }
}

async fn cursors_are_stable_while_rows_arrive(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let mut expected = Vec::new();
    for n in 1..=7 {
        s.event(n, "message.received", "34600", None).await;
        let id = match n % 2 {
            0 => s.pending(n, endpoint, Pending::default()).await,
            _ => s.delivered(n, endpoint).await,
        };
        expected.insert(0, id);
    }
    let (mut seen, mut before, mut arriving) = (Vec::new(), None, 8);
    loop {
        let filter = DeliveryFilter::default();
        let found = s.store.deliveries(s.company, filter, page(2, before)).await.unwrap();
        seen.extend(found.data.iter().map(|record| record.id.raw()));
        // New ones arrive above, and one that is still to be listed moves to history.
        s.event(arriving, "message.received", "34600", None).await;
        s.pending(arriving, endpoint, Pending::default()).await;
        arriving += 1;
        s.sql("DELETE FROM pending WHERE id = $1", vec![(Setup::event_id(2) + 1).into()]).await;
        if s.count(&format!("FROM deliveries WHERE id = {}", Setup::event_id(2) + 1)).await == 0 {
            s.delivered(2, endpoint).await;
        }
        let Some(next) = found.next else { break };
        before = Some(next);
    }
    assert_eq!(seen, expected);
    let filter = EventFilter::default();
    let events =
        s.store.events(s.company, filter, page(3, Some(Setup::event_id(4)))).await.unwrap();
    let ids: Vec<i64> = events.data.iter().map(|event| event.id.raw()).collect();
    assert_eq!((ids, events.next), ([3, 2, 1].map(Setup::event_id).to_vec(), None));
}

async fn deliveries_merge_what_waits_and_what_is_over(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let mut expected = Vec::new();
    for n in 1..=30 {
        s.event(n, "message.received", "34600", None).await;
        // A run of one kind, so that pages end inside runs of both.
        let id = if (n / 10) % 2 == 0 {
            s.pending(n, endpoint, Pending::default()).await
        } else {
            s.delivered(n, endpoint).await
        };
        expected.insert(0, id);
    }
    // Retried by hand: in history and pending, listed once, as pending.
    let retried = Setup::event_id(12) + 1;
    s.store
        .retry_delivery(s.company, domain::id::DeliveryId::from_raw(retried), ACTOR, now())
        .await
        .unwrap();
    for limit in [1, 3, 7, 30, 100] {
        assert_eq!(
            all_deliveries(&s, &DeliveryFilter::default(), limit).await,
            expected,
            "{limit}"
        );
    }
    let filter = |state| DeliveryFilter { state: Some(state), ..DeliveryFilter::default() };
    let pending = all_deliveries(&s, &filter(DeliveryState::Pending), 4).await;
    let delivered = all_deliveries(&s, &filter(DeliveryState::Delivered), 4).await;
    assert!(pending.contains(&retried) && !delivered.contains(&retried));
    assert_eq!((pending.len(), delivered.len()), (9 + 10 + 1, 10));
    let nobody = s.store.deliveries(s.other, DeliveryFilter::default(), page(9, None)).await;
    assert!(nobody.unwrap().data.is_empty());
}

async fn deliveries_are_filtered(s: Setup) {
    let (endpoint, other) = (s.endpoint().await.id, s.endpoint().await.id);
    s.event(1, "message.received", "34600", None).await;
    s.event(2, "message.delivered", "34601", None).await;
    s.event(3, "message.received", "34601", None).await;
    s.event(4, "message.received", "34602", None).await;
    let one = s.pending(1, endpoint, Pending::default()).await;
    let two = s.delivered(2, endpoint).await;
    let three = s.finished(3, other, 2, 145, None).await;
    let four = s.pending(4, other, Pending::default()).await;
    s.store.delete_endpoint(s.company, other, ACTOR, now()).await.unwrap();
    let none = DeliveryFilter::default;
    let typed = |name| Some(Selector::parse(name).unwrap());
    let event = |n| Some(EventId::from_raw(Setup::event_id(n)));
    let state = |state| DeliveryFilter { state: Some(state), ..none() };
    for (filter, expected) in [
        (DeliveryFilter { endpoint: Some(other), ..none() }, vec![four, three]),
        (DeliveryFilter { event: event(2), ..none() }, vec![two]),
        (DeliveryFilter { event: event(99), ..none() }, vec![]),
        (
            DeliveryFilter { event_type: typed("message.received"), ..none() },
            vec![four, three, one],
        ),
        (DeliveryFilter { subject: Some("34601".into()), ..none() }, vec![three, two]),
        (DeliveryFilter { since: Some(now()), ..none() }, vec![four, three, two, one]),
        (DeliveryFilter { until: Some(now()), ..none() }, vec![]),
        (DeliveryFilter { since: Some(now() + TimeDelta::milliseconds(1)), ..none() }, vec![]),
        (state(DeliveryState::Pending), vec![one]),
        (state(DeliveryState::Canceled), vec![four]),
        (state(DeliveryState::Exhausted), vec![three]),
        (state(DeliveryState::Held), vec![]),
        (state(DeliveryState::Expired), vec![]),
    ] {
        assert_eq!(all_deliveries(&s, &filter, 10).await, expected, "{filter:?}");
    }
}

async fn events_are_filtered(s: Setup) {
    s.event(1, "message.received", "34600", None).await;
    s.event(2, "message.delivered", "34601", None).await;
    s.event(3, "message.received", "34601", None).await;
    s.sql("UPDATE events SET source_id = 5 WHERE subject = '34600'", vec![]).await;
    let none = EventFilter::default;
    for (filter, expected) in [
        (none(), vec![3, 2, 1]),
        (
            EventFilter {
                event_type: Some(Selector::parse("message.received").unwrap()),
                ..none()
            },
            vec![3, 1],
        ),
        (EventFilter { subject: Some("34601".into()), ..none() }, vec![3, 2]),
        (EventFilter { external_id: Some("wamid.2".into()), ..none() }, vec![2]),
        (EventFilter { source: Some(domain::id::SourceId::from_raw(5)), ..none() }, vec![1]),
        (EventFilter { since: Some(now() + TimeDelta::milliseconds(1)), ..none() }, vec![]),
        (EventFilter { until: Some(now()), ..none() }, vec![]),
    ] {
        let found = s.store.events(s.company, filter.clone(), page(10, None)).await.unwrap();
        let ids: Vec<i64> = found.data.iter().map(|event| event.id.raw()).collect();
        let expected: Vec<i64> = expected.into_iter().map(Setup::event_id).collect();
        assert_eq!((ids, found.next), (expected, None), "{filter:?}");
    }
}
