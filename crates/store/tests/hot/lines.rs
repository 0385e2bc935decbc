//! Lines of ordered endpoints: only the head of a line is ever due, whatever happens to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::delivery::{DeliveryState, Finish};
use domain::event::NewEvent;
use domain::id::{DeliveryId, EndpointId};
use domain::job::{JobRequest, Pick};
use domain::traffic::Traffic;
use store::{Accepted, AgeWalk, Claimed, Error, NewEndpoint, Store, ToSettle};

use crate::claim::want;
use crate::engine::{
    Door, at, attempted, caller, micros, new_event, of_lane, of_pending, over, refused, status,
    together, together_at,
};
use crate::jobs::{ask, later, to, work};
use crate::setup::{ACTOR, Setup, new_endpoint, now, on_both, page};

on_both!(
    heads_are_handed_over_and_the_rest_waits,
    the_next_comes_when_a_head_ends_and_not_before,
    the_order_is_that_of_acceptance_whatever_the_clocks_say,
    what_people_end_or_take_up_again_keeps_the_order,
    what_waits_is_shown_with_whom_it_waits_for,
    what_expires_or_is_given_up_lets_the_next_one_come,
    a_job_leaves_what_waits_and_ends_what_it_is_told,
    operational_events_stand_in_no_line,
);

/// When those that wait are due.
pub(crate) const WAITS: i64 = 9_000_000_000_000_000;

pub(crate) async fn ordered(s: &Setup) -> EndpointId {
    let traffic = Traffic { ordered: true, ..Traffic::default() };
    let wanted = NewEndpoint { traffic, ..new_endpoint() };
    let made = s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap();
    assert_eq!(s.store.adopt_lanes(9).await.unwrap(), [made.id]);
    made.id
}

pub(crate) fn about(s: &Setup, contact: &str) -> NewEvent {
    NewEvent { subject: Some(contact.into()), ..new_event(s.company, "message.received") }
}

pub(crate) fn inside() -> Arc<Door> {
    Arc::new(Door { room: 100, is_let_in: true, ..Door::default() })
}

/// Posts an event about each of these contacts in one batch; gives the deliveries.
async fn post_by(
    store: &Store,
    s: &Setup,
    door: &Arc<Door>,
    contacts: &str,
    at: DateTime<Utc>,
) -> Vec<DeliveryId> {
    let events = contacts.chars().map(|contact| about(s, &contact.to_string())).collect();
    let job = (caller(s, s.company).await, events);
    let accepted = together_at(store, door, vec![job], at).await.remove(0).unwrap();
    let id = |accepted: &Accepted| {
        let Accepted::New { event, deliveries: 1 } = accepted else { panic!("{accepted:?}") };
        DeliveryId::from_raw(event.raw() + 1)
    };
    accepted.iter().map(id).collect()
}

async fn post_at(
    s: &Setup,
    door: &Arc<Door>,
    contacts: &str,
    at: DateTime<Utc>,
) -> Vec<DeliveryId> {
    post_by(&s.store, s, door, contacts, at).await
}

pub(crate) async fn post(s: &Setup, door: &Arc<Door>, contacts: &str) -> Vec<DeliveryId> {
    post_at(s, door, contacts, now()).await
}

pub(crate) async fn claim(s: &Setup, endpoint: EndpointId, minute: i64) -> Vec<Claimed> {
    s.store.claim(&[want(endpoint, 100)], at(minute)).await.unwrap().rows
}

pub(crate) fn ids(rows: &[Claimed]) -> Vec<DeliveryId> {
    rows.iter().map(|row| row.id).collect()
}

/// Each line has exactly one that does not wait.
pub(crate) async fn check(s: &Setup) {
    let lines = "FROM pending WHERE line_key IS NOT NULL";
    let heads = format!("{lines} AND due_at < {WAITS}");
    let number = |sql: String| async move {
        s.row(&format!("SELECT count(*) AS n FROM ({sql}) x"))
            .await
            .try_get::<i64>("", "n")
            .unwrap()
    };
    let distinct = number(format!("SELECT DISTINCT endpoint_id, line_key {lines}")).await;
    let of_heads = number(format!("SELECT DISTINCT endpoint_id, line_key {heads}")).await;
    assert_eq!((number(format!("SELECT 1 {heads}")).await, of_heads), (distinct, distinct));
}

async fn heads_are_handed_over_and_the_rest_waits(s: Setup) {
    let endpoint = ordered(&s).await;
    let door = inside();
    let first = post(&s, &door, "aabab").await;
    let handed = ids(&door.handed.lock());
    assert_eq!((handed, door.outstanding()), (vec![first[0], first[2]], 0));
    let places: Vec<_> = door.handed.lock().iter().map(|row| row.place.unwrap().line).collect();
    assert!(places[0].is_some() && places[0] != places[1]);
    for waiting in [1, 3, 4] {
        assert_eq!(of_pending(&s, first[waiting], "due_at").await, WAITS);
        assert_eq!(of_pending(&s, first[waiting], "claimed_by").await, 0);
    }
    // A contact that is known waits, also in a later batch; what has no subject goes by itself.
    let loose = (caller(&s, s.company).await, vec![new_event(s.company, "message.received"); 2]);
    together(&s.store, &door, vec![loose]).await;
    let second = post(&s, &door, "ac").await;
    let handed = door.handed.lock().clone();
    assert_eq!((handed.len(), door.outstanding()), (5, 0));
    assert!(handed[2].place.unwrap().line.is_none() && handed[3].place.is_some());
    assert_eq!(handed[4].id, second[1]);
    check(&s).await;
    assert_eq!(claim(&s, endpoint, 5).await.len(), 0, "nothing that waits is ever claimed");
    // Whoever has not been let in hands nothing over.
    let outside = Door::with_room(100);
    let third = post(&s, &outside, "dd").await;
    assert_eq!(outside.ids().len() + outside.outstanding(), 0);
    assert_eq!(ids(&claim(&s, endpoint, 5).await), [third[0]]);
}

async fn the_next_comes_when_a_head_ends_and_not_before(s: Setup) {
    let endpoint = ordered(&s).await;
    let posted = post(&s, &Door::with_room(0), "aaabbb").await;
    let heads = claim(&s, endpoint, 1).await;
    assert_eq!(ids(&heads), [posted[0], posted[3]]);
    // The first succeeds, the other is to be tried again.
    let batch = [over(&heads[0], status(200), at(1)), over(&heads[1], status(500), at(1))];
    s.store.settle(&batch, at(1)).await.unwrap();
    check(&s).await;
    assert_eq!(of_lane(&s, endpoint, "next_due").await, micros(at(1)));
    let next = claim(&s, endpoint, 1).await;
    assert_eq!(ids(&next), [posted[1]]);
    assert_eq!(ids(&claim(&s, endpoint, 30).await), [posted[3]]);
    // Given up, expired and canceled let the next one come as well.
    let ended = [
        ToSettle::Ended(next[0].clone(), Finish::Expired),
        ToSettle::Ended(heads[1].clone(), Finish::Exhausted),
    ];
    s.store.settle(&ended, at(30)).await.unwrap();
    assert_eq!(ids(&claim(&s, endpoint, 30).await), [posted[2], posted[4]]);
    check(&s).await;
}

async fn the_order_is_that_of_acceptance_whatever_the_clocks_say(s: Setup) {
    let endpoint = ordered(&s).await;
    let door = Door::with_room(0);
    // A node whose clock is a minute ahead.
    let other = Store::open(s.config.clone()).await.unwrap();
    let ahead = post_by(&other, &s, &door, "aab", at(1)).await;
    let behind = post_at(&s, &door, "ab", now()).await;
    assert!(behind[0] < ahead[0], "by its id it would come first");
    let mut order = Vec::new();
    for minute in 2..10 {
        for row in claim(&s, endpoint, minute).await {
            order.push(row.id);
            s.store.settle(&[over(&row, status(200), at(minute))], at(minute)).await.unwrap();
        }
    }
    let of_a: Vec<_> = order.iter().filter(|id| **id != ahead[2] && **id != behind[1]).collect();
    assert_eq!(of_a, [&ahead[0], &ahead[1], &behind[0]]);
    assert!(
        order.iter().position(|id| *id == ahead[2]) < order.iter().position(|id| *id == behind[1])
    );
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    match result {
        Err(Error::Conflict { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

async fn what_people_end_or_take_up_again_keeps_the_order(s: Setup) {
    let endpoint = ordered(&s).await;
    let posted = post(&s, &Door::with_room(0), "aaaaa").await;
    let (store, company) = (&s.store, s.company);
    assert_eq!(
        code(store.retry_delivery(company, posted[1], ACTOR, at(1)).await),
        "delivery_waiting"
    );
    store.retry_delivery(company, posted[0], ACTOR, at(1)).await.unwrap();
    // One in the middle ends: nothing moves. The head ends: the next one comes.
    store.cancel_delivery(company, posted[1], ACTOR, at(1)).await.unwrap();
    assert_eq!(of_pending(&s, posted[2], "due_at").await, WAITS);
    store.cancel_delivery(company, posted[0], ACTOR, at(2)).await.unwrap();
    assert_eq!(of_pending(&s, posted[2], "due_at").await, micros(at(2)));
    check(&s).await;
    // What was canceled is taken up again: it was accepted before the one whose turn it is.
    store.retry_delivery(company, posted[1], ACTOR, at(3)).await.unwrap();
    check(&s).await;
    assert_eq!(of_pending(&s, posted[2], "due_at").await, WAITS);
    let claimed = claim(&s, endpoint, 3).await;
    assert_eq!(ids(&claimed), [posted[1]]);
    // While it is under way it stays the head, also when an earlier one comes.
    store.retry_delivery(company, posted[0], ACTOR, at(4)).await.unwrap();
    assert_eq!(claim(&s, endpoint, 5).await.len(), 0);
    check(&s).await;
    // It fails, and the earlier one goes first.
    store.settle(&[over(&claimed[0], refused(), at(5))], at(5)).await.unwrap();
    check(&s).await;
    for expected in [0, 1, 2, 3, 4] {
        let claimed = claim(&s, endpoint, 6).await;
        assert_eq!(ids(&claimed), [posted[expected]]);
        store.settle(&[over(&claimed[0], status(200), at(6))], at(6)).await.unwrap();
    }
    assert_eq!(s.count("FROM pending").await, 0);
}

async fn what_waits_is_shown_with_whom_it_waits_for(s: Setup) {
    ordered(&s).await;
    let posted = post(&s, &Door::with_room(0), "aaab").await;
    let shown =
        s.store.deliveries(s.company, Default::default(), page(10, None)).await.unwrap().data;
    let shown: BTreeMap<_, _> =
        shown.into_iter().map(|row| (row.id, (row.waiting_for, row.next_attempt_at))).collect();
    assert_eq!(shown[&posted[0]], (None, Some(now())));
    assert_eq!(shown[&posted[1]], (Some(posted[0]), None));
    assert_eq!(shown[&posted[2]], (Some(posted[0]), None));
    assert_eq!(shown[&posted[3]].0, None);
    let one = s.store.delivery(s.company, posted[2]).await.unwrap().delivery;
    assert_eq!(one.waiting_for, Some(posted[0]));
}

async fn what_expires_or_is_given_up_lets_the_next_one_come(s: Setup) {
    let endpoint = ordered(&s).await;
    let expiring = NewEvent { expires_at: Some(at(10)), ..about(&s, "a") };
    let job = (caller(&s, s.company).await, vec![expiring.clone(), expiring]);
    together(&s.store, &Door::with_room(0), vec![job]).await;
    let posted = post(&s, &Door::with_room(0), "ab").await;
    assert_eq!(s.store.end_expired(at(11)).await.unwrap(), 2);
    assert_eq!(of_pending(&s, posted[0], "due_at").await, micros(at(11)));
    check(&s).await;
    let week = at(8 * 24 * 60);
    let young = post_at(&s, &Door::with_room(0), "a", week).await;
    let (mut walk, mut ended) = (Some(AgeWalk::default()), 0);
    while let Some(next) = walk {
        let aged = s.store.end_given_up(next, week).await.unwrap();
        (walk, ended) = (aged.next, ended + aged.ended);
    }
    assert_eq!(ended, 2);
    assert_eq!(of_pending(&s, young[0], "due_at").await, micros(week));
    assert!(of_lane(&s, endpoint, "next_due").await <= micros(week));
    check(&s).await;
}

async fn a_job_leaves_what_waits_and_ends_what_it_is_told(s: Setup) {
    let endpoint = ordered(&s).await;
    let posted = post(&s, &Door::with_room(0), "aaab").await;
    let heads = claim(&s, endpoint, 1).await;
    let failed = heads.iter().map(|row| over(row, status(500), at(59)));
    s.store.settle(&failed.collect::<Vec<_>>(), at(59)).await.unwrap();
    let run = async |request: JobRequest| {
        ask(&s, request).await.unwrap();
        let job = s.store.claim_job(later()).await.unwrap().unwrap();
        work(&s.store, job).await;
        check(&s).await;
    };
    run(JobRequest::Retry(to(endpoint))).await;
    assert_eq!(of_pending(&s, posted[0], "due_at").await, micros(later()));
    assert_eq!(of_pending(&s, posted[1], "due_at").await, WAITS);
    run(JobRequest::Cancel(to(endpoint))).await;
    assert_eq!((s.count("FROM pending").await, s.count("FROM deliveries").await), (0, 4));
    // All of them are tried again, and stand in line as they were accepted.
    let canceled = Pick { state: Some(DeliveryState::Canceled), ..to(endpoint) };
    run(JobRequest::Retry(canceled)).await;
    let mut order = Vec::new();
    while let [first, ..] = &claim(&s, endpoint, 61).await[..] {
        order.push(first.id);
        s.store.settle(&[over(first, status(200), at(61))], at(61)).await.unwrap();
        let me = s.store.incarnation();
        s.sql("UPDATE pending SET claimed_by = 0 WHERE claimed_by = $1", vec![me.into()]).await;
    }
    order.retain(|id| *id != posted[3]);
    assert_eq!(order, posted[..3]);
}

async fn operational_events_stand_in_no_line(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let selector = domain::event_type::Selector::parse("endpoint.*").unwrap();
    let traffic = Traffic { ordered: true, ..Traffic::default() };
    let wanted = NewEndpoint { event_types: vec![selector], traffic, ..new_endpoint() };
    s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap();
    let mut batch = Vec::new();
    for n in 1..=100 {
        let delivery = crate::engine::held(&s, n, endpoint, 0).await;
        batch.push(ToSettle::Attempted(Box::new(attempted(&delivery, status(500), at(1)))));
    }
    s.store.settle(&batch, at(1)).await.unwrap();
    let free = format!("FROM pending WHERE endpoint_id <> {} AND line_key IS NULL", endpoint.raw());
    assert_eq!(s.count(&format!("{free} AND due_at < {WAITS}")).await, 2, "warning and defective");
}
