//! Restrained endpoints: their lane is always there, and its owner waits until nobody else can have
//! anything under way.

use chrono::TimeDelta;
use domain::id::EndpointId;
use domain::traffic::{InFlight, PerSecond, Traffic};
use store::{EndpointPatch, NewEndpoint, Store};

use crate::engine::{Door, at, held, lane, micros, new_event, of_lane, of_pending, one};
use crate::setup::{ACTOR, Setup, new_endpoint, now, on_both};

on_both!(
    a_restrained_endpoint_has_a_lane_from_its_beginning_and_for_ever,
    only_who_owns_the_lane_and_was_let_in_gets_fresh_deliveries,
    lanes_rest_for_what_may_be_under_way,
    what_others_have_claimed_is_waited_for,
);

fn few() -> Traffic {
    Traffic { max_in_flight: InFlight::parse(3), ..Traffic::default() }
}

fn slowly() -> Traffic {
    Traffic { per_second: PerSecond::parse(10), ..Traffic::default() }
}

async fn restrained(s: &Setup, traffic: Traffic) -> EndpointId {
    let wanted = NewEndpoint { traffic, ..new_endpoint() };
    s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap().id
}

async fn a_restrained_endpoint_has_a_lane_from_its_beginning_and_for_ever(s: Setup) {
    let endpoint = restrained(&s, few()).await;
    assert_eq!(
        (of_lane(&s, endpoint, "owner").await, of_lane(&s, endpoint, "rest_until").await),
        (0, 0)
    );
    assert_eq!(s.store.adopt_lanes(9).await.unwrap(), [endpoint]);
    assert!(!s.store.retire_lane(endpoint).await.unwrap());
    let free = EndpointPatch { max_in_flight: Some(None), ..EndpointPatch::default() };
    let shown = s.store.update_endpoint(s.company, endpoint, free, ACTOR, at(1)).await.unwrap();
    assert_eq!(shown.traffic, Traffic::default());
    assert!(s.store.retire_lane(endpoint).await.unwrap());
    // One that sends already rests until every node knows; a further restraint changes nothing.
    let rate = EndpointPatch { per_second: Some(slowly().per_second), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, endpoint, rate, ACTOR, at(2)).await.unwrap();
    let rest = micros(at(2) + TimeDelta::seconds(3));
    assert_eq!(of_lane(&s, endpoint, "rest_until").await, rest);
    let more =
        EndpointPatch { max_in_flight: Some(few().max_in_flight), ..EndpointPatch::default() };
    let shown = s.store.update_endpoint(s.company, endpoint, more, ACTOR, at(3)).await.unwrap();
    assert_eq!(shown.traffic, Traffic { max_in_flight: few().max_in_flight, ..slowly() });
    assert_eq!(of_lane(&s, endpoint, "rest_until").await, rest);
    let facts = "SELECT facts AS n FROM audit_log ORDER BY id DESC LIMIT 1";
    let facts: String = s.row(facts).await.try_get("", "n").unwrap();
    assert!(facts.contains("max_in_flight") && !facts.contains("rate_limit"), "{facts}");
}

async fn only_who_owns_the_lane_and_was_let_in_gets_fresh_deliveries(s: Setup) {
    let endpoint = restrained(&s, few()).await;
    let post = async |is_let_in: bool| {
        let door = std::sync::Arc::new(Door { room: 9, is_let_in, ..Door::default() });
        one(&s, &door, new_event(s.company, "message.received")).await;
        assert_eq!(door.outstanding(), 0);
        door.ids().len()
    };
    s.sql("UPDATE lanes SET owner = 777", vec![]).await;
    assert_eq!((post(true).await, post(false).await), (0, 0));
    s.sql("UPDATE lanes SET owner = $1", vec![s.store.incarnation().into()]).await;
    assert_eq!((post(true).await, post(false).await), (1, 0));
    assert_eq!(s.count("FROM pending WHERE claimed_by = 0").await, 3);
    assert_eq!(of_lane(&s, endpoint, "owner").await, s.store.incarnation());
    // Without a lane nobody may send, and one is made.
    s.sql("DELETE FROM lanes", vec![]).await;
    assert_eq!(post(true).await, 0);
    assert_eq!(of_lane(&s, endpoint, "next_due").await, micros(now()));
}

async fn lanes_rest_for_what_may_be_under_way(s: Setup) {
    let (bound, rate, free) =
        (restrained(&s, few()).await, restrained(&s, slowly()).await, s.endpoint().await.id);
    lane(&s, free, 777).await;
    s.sql("UPDATE lanes SET owner = 777", vec![]).await;
    while s.store.free_claims_of(777, at(1)).await.unwrap() {}
    let rests = async |endpoint| of_lane(&s, endpoint, "rest_until").await;
    let after = |seconds| micros(at(1) + TimeDelta::seconds(seconds));
    // 2 seconds without knowing of its death, 1 that a rate looks back, 5 for the time limit.
    assert_eq!((rests(bound).await, rests(rate).await, rests(free).await), (after(8), after(3), 0));
    assert_eq!(s.store.adopt_lanes(9).await.unwrap().len(), 3);
    s.sql("UPDATE lanes SET next_due = 0", vec![]).await;
    let due = s.store.due_lanes(9, at(1)).await.unwrap();
    let of_rate = due.iter().find(|lane| lane.endpoint == rate).unwrap();
    assert_eq!(micros(of_rate.rest_until), after(3));
    // Handed over in good order there is nothing under way.
    s.sql("UPDATE lanes SET rest_until = 0", vec![]).await;
    for endpoint in [bound, free] {
        s.store.give_lane(endpoint, at(1)).await.unwrap();
    }
    s.store.leave(false, at(1)).await.unwrap();
    assert_eq!((rests(bound).await, rests(rate).await, rests(free).await), (after(1), after(1), 0));
}

async fn what_others_have_claimed_is_waited_for(s: Setup) {
    let endpoint = restrained(&s, few()).await;
    let (mine, theirs) = (held(&s, 1, endpoint, 0).await, held(&s, 2, endpoint, 0).await);
    assert!(s.store.may_begin(endpoint, false).await.unwrap(), "what is ours is known");
    let other = Store::open(s.config.clone()).await.unwrap();
    let values = vec![theirs.id.raw().into(), other.incarnation().into()];
    s.sql("UPDATE pending SET claimed_by = $2 WHERE id = $1", values).await;
    let is_alone = matches!(s.raw.get_database_backend(), sea_orm::DatabaseBackend::Sqlite);
    // Whoever began before is another one as well as who began later.
    for node in [&s.store, &other] {
        assert_eq!(node.may_begin(endpoint, false).await.unwrap(), is_alone);
    }
    let elsewhere = restrained(&s, few()).await;
    assert!(s.store.may_begin(elsewhere, false).await.unwrap(), "it is held for another endpoint");
    other.release(&[(s.company, theirs.id, endpoint)], at(1)).await.unwrap();
    assert!(s.store.may_begin(endpoint, false).await.unwrap());
    assert!(!s.store.may_begin(endpoint, true).await.unwrap(), "it is not ordered");
    assert_eq!(of_pending(&s, mine.id, "claimed_by").await, s.store.incarnation());
}
