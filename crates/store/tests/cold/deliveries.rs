//! Deliveries as they are shown, retried and canceled.

use chrono::TimeDelta;
use domain::delivery::DeliveryState;
use domain::id::{DeliveryId, EndpointId, EventId};
use store::{DeliveryRecord, EndpointPatch, Error, Hint, SwitchWanted};

use crate::setup::{ACTOR, Pending, Setup, now, on_both};

on_both!(
    a_delivery_has_all_its_attempts_in_order,
    states_of_pending_ones_follow_their_endpoint,
    a_pending_one_is_retried_at_once,
    a_finished_one_starts_a_fresh_schedule,
    what_cannot_be_retried_is_a_conflict,
    canceling_moves_or_marks,
    another_companys_delivery_is_not_found,
);

async fn read(s: &Setup, id: i64) -> DeliveryRecord {
    s.store.delivery(s.company, DeliveryId::from_raw(id)).await.unwrap().delivery
}

async fn retry(s: &Setup, id: i64) -> Result<DeliveryRecord, Error> {
    s.store.retry_delivery(s.company, DeliveryId::from_raw(id), ACTOR, now()).await
}

async fn cancel(s: &Setup, id: i64) -> Result<DeliveryRecord, Error> {
    s.store.cancel_delivery(s.company, DeliveryId::from_raw(id), ACTOR, now()).await
}

async fn switch(s: &Setup, endpoint: EndpointId, switch: SwitchWanted) {
    let patch = EndpointPatch { switch: Some(switch), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, endpoint, patch, ACTOR, now()).await.unwrap();
}

fn code(result: Result<DeliveryRecord, Error>) -> &'static str {
    match result {
        Err(Error::Conflict { code, detail }) => {
            assert!(!detail.is_empty());
            code
        }
        other => panic!("{other:?}"),
    }
}

async fn a_delivery_has_all_its_attempts_in_order(s: Setup) {
    let endpoint = s.endpoint().await.id;
    s.event(1, "message.received", "34600", None).await;
    // The first schedule failed 145 times, the second delivered at its first try.
    let id = s.finished(1, endpoint, 2, 145, None).await;
    for number in (1..=145).rev() {
        s.failed_attempt(id, number, 500).await;
    }
    s.sql(
        "INSERT INTO deliveries SELECT id, company_id, 1, endpoint_id, event_id, 1, 146, 145, \
         finished_at, format, render_version, finished_at, 1500, 204, NULL, NULL, request, NULL, \
         response_body, 1 FROM deliveries",
        vec![],
    )
    .await;
    let detail = s.store.delivery(s.company, DeliveryId::from_raw(id)).await.unwrap();
    let numbers: Vec<u32> = detail.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, (1..=146).collect::<Vec<u32>>());
    let last = &detail.attempts[145];
    assert_eq!((last.status_code, last.error.is_none(), last.truncated), (Some(204), true, true));
    assert_eq!((last.response_body.as_slice(), last.duration.as_micros()), (&[0, 255][..], 1500));
    assert_eq!(detail.attempts[0].error.as_ref().unwrap().1, "the receiver answered");
    assert_eq!(detail.attempts[0].request.url, "https://example.com/hooks");
    assert_eq!(&*detail.event.unwrap().data, b"{\"a\":1}");
    let record = detail.delivery;
    assert_eq!(
        (record.state, record.tries, record.tries_max),
        (DeliveryState::Delivered, 146, 290)
    );
    assert_eq!((record.last_status, record.last_error), (Some(204), None));
    assert_eq!(record.event, EventId::from_raw(Setup::event_id(1)));
    assert_eq!((record.next_attempt_at, record.finished_at), (None, Some(now())));
}

async fn states_of_pending_ones_follow_their_endpoint(s: Setup) {
    let endpoint = s.endpoint().await.id;
    s.event(1, "message.received", "34600", None).await;
    let due = now() + TimeDelta::minutes(10);
    let row = Pending { due_at: due.timestamp_micros(), tries: 2, ..Pending::default() };
    let id = s.pending(1, endpoint, row).await;
    s.failed_attempt(id, 1, 500).await;
    s.failed_attempt(id, 2, 503).await;
    let record = read(&s, id).await;
    assert_eq!((record.state, record.next_attempt_at), (DeliveryState::Pending, Some(due)));
    assert_eq!((record.tries, record.tries_max, record.last_status), (2, 145, Some(503)));
    assert_eq!(record.event_type.as_str(), "message.received");
    switch(&s, endpoint, SwitchWanted::Paused).await;
    assert_eq!(read(&s, id).await.state, DeliveryState::Held);
    switch(&s, endpoint, SwitchWanted::Disabled).await;
    assert_eq!(read(&s, id).await.state, DeliveryState::Held);
    s.store.delete_endpoint(s.company, endpoint, ACTOR, now()).await.unwrap();
    let record = read(&s, id).await;
    assert_eq!((record.state, record.next_attempt_at), (DeliveryState::Canceled, None));
}

async fn a_pending_one_is_retried_at_once(s: Setup) {
    let endpoint = s.endpoint().await.id;
    s.event(1, "message.received", "34600", None).await;
    let later = (now() + TimeDelta::minutes(10)).timestamp_micros();
    let row = Pending { due_at: later, tries: 7, ..Pending::default() };
    let id = s.pending(1, endpoint, row).await;
    let mut hints = s.store.hints();
    let hold =
        "INSERT INTO lanes (endpoint_id, company_id, next_due, hold_until) VALUES ($1, $2, 9, 9)";
    s.sql(hold, vec![endpoint.raw().into(), s.company.raw().into()]).await;
    let record = retry(&s, id).await.unwrap();
    assert_eq!(s.count("FROM lanes WHERE hold_until = 0 AND next_due = 0").await, 1);
    assert_eq!((record.state, record.tries, record.tries_max), (DeliveryState::Pending, 7, 145));
    assert!(record.next_attempt_at.unwrap() <= now());
    assert_eq!(s.count("FROM pending WHERE due_at = 0 AND tries = 7 AND generation = 0").await, 1);
    assert_eq!(s.count("FROM lanes WHERE next_due = 0 AND version = 2").await, 1);
    assert!(matches!(hints.try_recv(), Ok(Hint::LaneDue(told)) if told == endpoint));

    // One that a node holds stays with it, and is told apart.
    s.event(2, "message.received", "34600", None).await;
    let claimed = Pending { due_at: later, claimed_by: 3, ..Pending::default() };
    let id = s.pending(2, endpoint, claimed).await;
    assert_eq!(retry(&s, id).await.unwrap().state, DeliveryState::Pending);
    assert_eq!(s.count("FROM pending WHERE claimed_by = 3 AND due_at = 0").await, 1);
}

async fn a_finished_one_starts_a_fresh_schedule(s: Setup) {
    let endpoint = s.endpoint().await.id;
    s.event(1, "message.received", "34600", None).await;
    let id = s.finished(1, endpoint, 2, 1, Some(500)).await;
    let held = TimeDelta::hours(3).num_microseconds().unwrap();
    s.sql("UPDATE endpoints SET held_total_us = $1", vec![held.into()]).await;
    let record = retry(&s, id).await.unwrap();
    assert_eq!((record.state, record.tries, record.tries_max), (DeliveryState::Pending, 1, 146));
    // Its last attempt stands inside the history of the schedule before.
    assert_eq!((record.last_status, record.finished_at), (Some(500), None));
    let began = now().timestamp_micros() - held;
    let row = format!(
        "FROM pending WHERE due_at = 0 AND generation = 1 AND tries = 1 AND tries_before = 1 \
         AND schedule_began = {began}"
    );
    assert_eq!(s.count(&row).await, 1);
    // Again: it is pending now, and nothing is doubled.
    retry(&s, id).await.unwrap();
    assert_eq!((s.count("FROM pending").await, s.count("FROM deliveries").await), (1, 1));
    let canceled = cancel(&s, id).await.unwrap();
    assert_eq!((canceled.state, canceled.last_status), (DeliveryState::Canceled, Some(500)));
    assert_eq!(
        s.count("FROM deliveries WHERE generation = 1 AND state = 4 AND tries = 1").await,
        1
    );
    let detail = s.store.delivery(s.company, DeliveryId::from_raw(id)).await.unwrap();
    assert_eq!((detail.delivery.state, detail.attempts.len()), (DeliveryState::Canceled, 1));
}

async fn what_cannot_be_retried_is_a_conflict(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let passed = Some(now().timestamp_micros());
    s.event(1, "message.received", "34600", None).await;
    s.event(2, "message.received", "34600", None).await;
    s.event(3, "message.received", "34600", passed).await;
    s.event(4, "message.received", "34600", passed).await;
    let waiting = s.pending(1, endpoint, Pending::default()).await;
    let finished = s.finished(2, endpoint, 2, 145, None).await;
    let expired = s.finished(3, endpoint, 3, 0, None).await;
    let late = Pending { expires_at: passed, ..Pending::default() };
    let late = s.pending(4, endpoint, late).await;
    let eventless = s.finished(5, endpoint, 2, 145, None).await;
    assert_eq!(code(retry(&s, expired).await), "event_expired");
    assert_eq!(code(retry(&s, late).await), "event_expired");
    assert_eq!(code(retry(&s, eventless).await), "event_gone");
    assert_eq!(read(&s, eventless).await.event_type.as_str(), "unknown");
    for wanted in [SwitchWanted::Paused, SwitchWanted::Disabled] {
        switch(&s, endpoint, wanted).await;
        assert_eq!(code(retry(&s, waiting).await), "endpoint_held");
        assert_eq!(code(retry(&s, finished).await), "endpoint_held");
    }
    s.store.delete_endpoint(s.company, endpoint, ACTOR, now()).await.unwrap();
    assert_eq!(code(retry(&s, waiting).await), "endpoint_deleted");
    assert_eq!(code(retry(&s, finished).await), "endpoint_deleted");
    assert_eq!(s.count("FROM pending").await, 2);
    assert_eq!(s.count("FROM audit_log WHERE action = 'delivery.retried'").await, 0);
}

async fn canceling_moves_or_marks(s: Setup) {
    let endpoint = s.endpoint().await.id;
    for n in 1..=4 {
        s.event(n, "message.received", "34600", None).await;
    }
    let waiting = s.pending(1, endpoint, Pending { tries: 2, ..Pending::default() }).await;
    let claimed = s.pending(2, endpoint, Pending { claimed_by: 3, ..Pending::default() }).await;
    let delivered = s.delivered(3, endpoint).await;
    let held = s.pending(4, endpoint, Pending::default()).await;

    let mut hints = s.store.hints();
    let record = cancel(&s, waiting).await.unwrap();
    assert_eq!((record.state, record.finished_at), (DeliveryState::Canceled, Some(now())));
    assert_eq!(
        s.count("FROM deliveries WHERE state = 4 AND tries = 2 AND generation = 0").await,
        1
    );
    assert!(hints.try_recv().is_err());
    assert_eq!(code(cancel(&s, waiting).await), "delivery_finished");

    assert_eq!(cancel(&s, claimed).await.unwrap().state, DeliveryState::Canceled);
    assert!(matches!(hints.try_recv(), Ok(Hint::Wish)));
    assert_eq!(s.count("FROM pending WHERE canceled = 1 AND claimed_by = 3").await, 1);
    assert_eq!(code(retry(&s, claimed).await), "delivery_canceled");

    assert_eq!(code(cancel(&s, delivered).await), "delivery_finished");
    switch(&s, endpoint, SwitchWanted::Paused).await;
    assert_eq!(cancel(&s, held).await.unwrap().state, DeliveryState::Canceled);
    s.store.delete_endpoint(s.company, endpoint, ACTOR, now()).await.unwrap();
    assert_eq!(code(cancel(&s, claimed).await), "delivery_finished");
}

async fn another_companys_delivery_is_not_found(s: Setup) {
    let endpoint = s.endpoint().await.id;
    s.event(1, "message.received", "34600", None).await;
    s.event(2, "message.received", "34600", None).await;
    let waiting = s.pending(1, endpoint, Pending::default()).await;
    let delivered = s.delivered(2, endpoint).await;
    for (company, id) in [(s.other, waiting), (s.other, delivered), (s.company, 17)] {
        let id = DeliveryId::from_raw(id);
        for refused in [
            s.store.delivery(company, id).await.err(),
            s.store.retry_delivery(company, id, ACTOR, now()).await.err(),
            s.store.cancel_delivery(company, id, ACTOR, now()).await.err(),
        ] {
            assert!(matches!(refused, Some(Error::NotFound)), "{refused:?}");
        }
    }
    let event = EventId::from_raw(Setup::event_id(1));
    assert!(matches!(s.store.event(s.other, event).await, Err(Error::NotFound)));
    assert_eq!(s.store.event(s.company, event).await.unwrap().id, event);
}
