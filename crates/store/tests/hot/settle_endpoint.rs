//! What becomes of endpoints and their lanes.

use chrono::TimeDelta;
use domain::endpoint::{DisabledReason, Status, Switch};
use domain::outcome::{Acknowledge, Outcome};
use store::{Attempted, EndpointPatch, SwitchWanted, ToSettle};

use crate::engine::{
    at, attempted, fail, held, micros, of_lane, of_pending, over, refused, settle_one, status,
};
use crate::setup::{ACTOR, Setup, now, on_both};

on_both!(
    outcomes_fold_in_their_order,
    disabled_while_a_request_is_under_way_stays_disabled,
    enabled_while_a_request_is_under_way_forgets_it,
    gone_disables_and_everybody_sees_it,
    retry_after_holds_the_lane,
    streaks_of_several_endpoints_are_apart,
);

async fn outcomes_fold_in_their_order(s: Setup) {
    let id = s.endpoint().await.id;
    let mut batch = Vec::new();
    for (n, outcome) in [(1, refused()), (2, status(200)), (3, status(500)), (4, status(502))] {
        batch.push(over(&held(&s, n, id, 0).await, outcome, at(n)));
    }
    let settled = s.store.settle(&batch, at(5)).await.unwrap();
    assert_eq!(settled.endpoints.len(), 1);
    let endpoint = s.store.endpoint(s.company, id).await.unwrap();
    assert_eq!((endpoint.state.streak(), endpoint.last_status), (2, Some(502)));
    assert_eq!(settled.endpoints[0].state, Some(endpoint.state));
    assert_eq!(of_lane(&s, id, "next_due").await, micros(at(11)), "the earliest of three");
}

async fn switch(s: &Setup, id: domain::id::EndpointId, to: SwitchWanted) {
    let patch = EndpointPatch { switch: Some(to), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, id, patch, ACTOR, now()).await.unwrap();
}

async fn disabled_while_a_request_is_under_way_stays_disabled(s: Setup) {
    let id = s.endpoint().await.id;
    let (first, second) = (held(&s, 1, id, 0).await, held(&s, 2, id, 0).await);
    switch(&s, id, SwitchWanted::Disabled).await;
    settle_one(&s, &first, refused(), 1).await;
    settle_one(&s, &second, status(200), 2).await;
    let state = s.store.endpoint(s.company, id).await.unwrap().state;
    assert_eq!((state.status(), state.streak()), (Status::Disabled, 0));
    assert_eq!(of_pending(&s, first.id, "claimed_by").await, 0, "it waits");
    assert_eq!(s.count("FROM deliveries WHERE state = 1").await, 1);
}

async fn enabled_while_a_request_is_under_way_forgets_it(s: Setup) {
    let id = s.endpoint().await.id;
    fail(&s, id, 10, 99, 0).await;
    let (first, second) = (held(&s, 1, id, 0).await, held(&s, 2, id, 0).await);
    switch(&s, id, SwitchWanted::Enabled).await;
    let before = s.store.endpoint(s.company, id).await.unwrap().state;
    assert_eq!((before.epoch, before.streak()), (1, 0));
    settle_one(&s, &first, refused(), 1).await;
    settle_one(&s, &second, status(410), 1).await;
    assert_eq!(s.store.endpoint(s.company, id).await.unwrap().state, before);
    assert_eq!(of_pending(&s, first.id, "due_at").await, micros(at(11)));
    let third = held(&s, 3, id, 0).await;
    let counted = Attempted { began_in_epoch: 1, ..attempted(&third, refused(), at(2)) };
    s.store.settle(&[ToSettle::Attempted(Box::new(counted))], at(2)).await.unwrap();
    assert_eq!(s.store.endpoint(s.company, id).await.unwrap().state.streak(), 1);
}

async fn gone_disables_and_everybody_sees_it(s: Setup) {
    let id = s.endpoint().await.id;
    let before = s.config_version().await;
    let mut hints = s.store.hints();
    let (first, second) = (held(&s, 1, id, 0).await, held(&s, 2, id, 0).await);
    let batch = [over(&first, status(410), at(1)), over(&second, status(410), at(1))];
    s.store.settle(&batch, at(1)).await.unwrap();
    let state = s.store.endpoint(s.company, id).await.unwrap().state;
    let gone = Switch::Disabled { held_since: at(1), reason: DisabledReason::Gone };
    assert_eq!(state.switch, gone);
    assert_eq!(s.config_version().await, before + 1);
    assert!(matches!(hints.try_recv(), Ok(store::Hint::ConfigChanged(c)) if c == s.company));
    assert_eq!(s.count("FROM mail_outbox WHERE kind = 'endpoint_disabled'").await, 1);
    assert_eq!(s.count("FROM pending WHERE claimed_by = 0").await, 2);
}

async fn retry_after_holds_the_lane(s: Setup) {
    let id = s.endpoint().await.id;
    let busy =
        |seconds| Outcome::of_status(503, Acknowledge::Any2xx, Some(TimeDelta::seconds(seconds)));
    let short = held(&s, 1, id, 0).await;
    settle_one(&s, &short, busy(600), 0).await;
    assert_eq!(of_lane(&s, id, "hold_until").await, 0);
    let long = held(&s, 2, id, 0).await;
    let settled = s.store.settle(&[over(&long, busy(601), at(1))], at(1)).await.unwrap();
    let until = at(1) + TimeDelta::seconds(601);
    assert_eq!(settled.endpoints[0].hold_lane_until, Some(until));
    assert_eq!(of_lane(&s, id, "hold_until").await, micros(until));
    let shorter = held(&s, 3, id, 0).await;
    settle_one(&s, &shorter, refused(), 2).await;
    assert_eq!(of_lane(&s, id, "hold_until").await, micros(until), "it stays");
    let due = s.store.due_lanes(9, at(60)).await.unwrap();
    assert_eq!((due[0].endpoint, due[0].hold_until), (id, until));
}

async fn streaks_of_several_endpoints_are_apart(s: Setup) {
    let (a, b, c) = (s.endpoint().await.id, s.endpoint().await.id, s.endpoint().await.id);
    let mut batch = Vec::new();
    for (n, endpoint, outcome) in [
        (1, c, status(500)),
        (2, a, status(200)),
        (3, b, refused()),
        (4, c, status(503)),
        (5, b, status(200)),
    ] {
        batch.push(over(&held(&s, n, endpoint, 0).await, outcome, at(1)));
    }
    let settled = s.store.settle(&batch, at(1)).await.unwrap();
    assert_eq!(settled.endpoints.len(), 3);
    for (endpoint, streak) in [(a, 0), (b, 0), (c, 2)] {
        let record = s.store.endpoint(s.company, endpoint).await.unwrap();
        assert_eq!(record.state.streak(), streak);
    }
    assert_eq!(s.count("FROM deliveries").await, 2);
    assert_eq!(s.count("FROM lanes").await, 2, "a has none");
}
