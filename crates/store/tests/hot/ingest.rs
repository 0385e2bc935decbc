//! What comes in: fan-out, duplicates, callers, and neighbours in one batch.

use chrono::TimeDelta;
use domain::event::NewEvent;
use domain::id::TokenId;
use futures_util::FutureExt;
use store::{Accepted, Bearer, Caller, Error, NewToken, Store, SwitchWanted};

use crate::engine::{Door, caller, endpoint, keyed, keys, new_event, one, together, together_at};
use crate::setup::{ACTOR, Setup, now, on_both};

on_both!(
    fan_out_is_exact,
    an_event_that_nobody_wants_is_stored,
    the_same_key_is_known_again,
    the_same_key_twice_in_one_batch_is_one_event,
    keys_belong_to_their_company,
    keys_that_share_their_first_half_are_told_apart,
    what_has_expired_is_known_again_and_never_new,
    what_waits_is_bounded_in_bytes,
    what_a_request_that_waits_holds_is_small,
    a_token_revoked_on_the_way_is_refused_and_its_neighbours_are_written,
    one_bad_event_fails_alone,
    another_companys_event_is_refused,
);

fn new(accepted: Accepted) -> (i64, u32) {
    match accepted {
        Accepted::New { event, deliveries } => (event.raw(), deliveries),
        Accepted::Duplicate { .. }
        | Accepted::KeyReused { .. }
        | Accepted::Expired
        | Accepted::Unfit => {
            panic!("{accepted:?}")
        }
    }
}

async fn fan_out_is_exact(s: Setup) {
    let door = Door::with_room(9);
    let first = endpoint(&s, "message.*", SwitchWanted::Enabled).await.id;
    endpoint(&s, "message.*", SwitchWanted::Disabled).await;
    let paused = endpoint(&s, "message.received", SwitchWanted::Paused).await.id;
    let deleted = endpoint(&s, "message.*", SwitchWanted::Enabled).await.id;
    s.store.delete_endpoint(s.company, deleted, ACTOR, now()).await.unwrap();
    endpoint(&s, "message.sent", SwitchWanted::Enabled).await;
    let all = endpoint(&s, "*", SwitchWanted::Enabled).await.id;
    let (event, deliveries) = new(one(&s, &door, new_event(s.company, "message.received")).await);
    assert_eq!(deliveries, 3);
    for (id, endpoint, is_held) in [(1, first, false), (2, paused, true), (3, all, false)] {
        let row = s.row(&format!("SELECT * FROM pending WHERE id = {}", event + id)).await;
        assert_eq!(row.try_get::<i64>("", "endpoint_id").unwrap(), endpoint.raw());
        assert_eq!(row.try_get::<i64>("", "event_id").unwrap(), event);
        let claimed_by = if is_held { 0 } else { s.store.incarnation() };
        assert_eq!(row.try_get::<i64>("", "claimed_by").unwrap(), claimed_by);
    }
    assert_eq!(door.ids(), [event + 1, event + 3]);
    assert_eq!(s.count("FROM lanes").await, 0);
    let fresh = endpoint(&s, "message.received", SwitchWanted::Enabled).await.id;
    let (second, deliveries) = new(one(&s, &door, new_event(s.company, "message.received")).await);
    assert_eq!(deliveries, 4);
    assert!(second > event + 3);
    assert_eq!(door.handed.lock().last().unwrap().endpoint, fresh);
    assert_eq!(s.count("FROM pending").await, 7);
}

async fn an_event_that_nobody_wants_is_stored(s: Setup) {
    let door = Door::with_room(9);
    endpoint(&s, "*", SwitchWanted::Enabled).await;
    endpoint(&s, "message.*", SwitchWanted::Enabled).await;
    let (event, deliveries) = new(one(&s, &door, new_event(s.company, "endpoint.warning")).await);
    assert_eq!(deliveries, 0);
    let row = s.row(&format!("SELECT deliveries, data FROM events WHERE id = {event}")).await;
    assert_eq!(row.try_get::<i64>("", "deliveries").unwrap(), 0);
    assert_eq!(row.try_get::<Vec<u8>>("", "data").unwrap(), b"{\"a\":1}");
    assert_eq!(s.count("FROM pending").await, 0);
    assert_eq!(keys(&s).await, 0, "an event without an id leaves no key");
}

async fn the_same_key_is_known_again(s: Setup) {
    let door = Door::with_room(9);
    endpoint(&s, "*", SwitchWanted::Enabled).await;
    let (event, _) = new(one(&s, &door, keyed(s.company, "k", "1")).await);
    let again = one(&s, &door, keyed(s.company, "k", "1")).await;
    let first = domain::id::EventId::from_raw(event);
    assert_eq!(again, Accepted::Duplicate { event: first, deliveries: 1 });
    for other in [
        keyed(s.company, "k", "2"),
        NewEvent { subject: Some("x".into()), ..keyed(s.company, "k", "1") },
        NewEvent { expires_at: Some(now()), ..keyed(s.company, "k", "1") },
    ] {
        assert_eq!(one(&s, &door, other).await, Accepted::KeyReused { event: first });
    }
    new(one(&s, &door, keyed(s.company, "l", "1")).await);
    assert_eq!((s.count("FROM events").await, s.count("FROM pending").await), (2, 2));
    assert_eq!(door.ids().len(), 2);
    assert_eq!(door.outstanding(), 0);
}

async fn the_same_key_twice_in_one_batch_is_one_event(s: Setup) {
    let door = Door::with_room(9);
    endpoint(&s, "*", SwitchWanted::Enabled).await;
    let me = caller(&s, s.company).await;
    let events = |data: [&str; 3]| data.map(|data| keyed(s.company, "k", data)).to_vec();
    let jobs = vec![(me.clone(), events(["1", "1", "2"])), (me, events(["1", "2", "1"]))];
    let answers = together(&s.store, &door, jobs).await;
    let all: Vec<Accepted> = answers.into_iter().flat_map(Result::unwrap).collect();
    let event = domain::id::EventId::from_raw(new(all[0]).0);
    let (same, reused) =
        (Accepted::Duplicate { event, deliveries: 1 }, Accepted::KeyReused { event });
    assert_eq!(all[1..], [same, reused, same, reused, same]);
    assert_eq!((s.count("FROM events").await, s.count("FROM pending").await), (1, 1));
}

async fn keys_belong_to_their_company(s: Setup) {
    let door = Door::with_room(9);
    let (mine, theirs) = (caller(&s, s.company).await, caller(&s, s.other).await);
    let jobs =
        vec![(mine, vec![keyed(s.company, "k", "1")]), (theirs, vec![keyed(s.other, "k", "1")])];
    for answer in together(&s.store, &door, jobs).await {
        new(answer.unwrap()[0]);
    }
    assert_eq!(s.count("FROM events").await, 2);
}

async fn keys_that_share_their_first_half_are_told_apart(s: Setup) {
    let door = Door::with_room(9);
    let (first, _) = new(one(&s, &door, keyed(s.company, "k", "1")).await);
    let table = if s.count("FROM event_keys").await > 0 { "event_keys" } else { "fresh_keys" };
    // As if another key had come to stand where this one's first half points.
    s.sql(&format!("UPDATE {table} SET key_check = key_check + 1"), vec![]).await;
    let events = ["1", "1", "2"].map(|data| keyed(s.company, "k", data)).to_vec();
    let answers =
        together(&s.store, &door, vec![(caller(&s, s.company).await, events.clone())]).await;
    let answers = answers.into_iter().next().unwrap().unwrap();
    let (second, _) = new(answers[0]);
    assert_ne!(first, second);
    let event = domain::id::EventId::from_raw(second);
    let (same, reused) =
        (Accepted::Duplicate { event, deliveries: 0 }, Accepted::KeyReused { event });
    assert_eq!(answers[1..], [same, reused]);
    assert_eq!(one(&s, &door, events[0].clone()).await, same);
    assert_eq!((s.count("FROM events").await, keys(&s).await), (2, 2));
}

async fn what_has_expired_is_known_again_and_never_new(s: Setup) {
    let door = Door::with_room(9);
    endpoint(&s, "*", SwitchWanted::Enabled).await;
    let me = caller(&s, s.company).await;
    let until = now() + TimeDelta::seconds(2);
    let event =
        |key: &str, data: &str| NewEvent { expires_at: Some(until), ..keyed(s.company, key, data) };
    let (first, _) = new(one(&s, &door, event("k", "1")).await);
    let first = domain::id::EventId::from_raw(first);
    let unnamed = NewEvent { external_id: None, ..event("k", "1") };
    let events = vec![
        event("k", "1"),
        event("new", "1"),
        event("k", "2"),
        unnamed,
        NewEvent { expires_at: None, ..event("fresh", "1") },
    ];
    let answers = together_at(&s.store, &door, vec![(me.clone(), events)], until).await;
    let answers = answers.into_iter().next().unwrap().unwrap();
    let (same, reused) =
        (Accepted::Duplicate { event: first, deliveries: 1 }, Accepted::KeyReused { event: first });
    assert_eq!(answers[..4], [same, Accepted::Expired, reused, Accepted::Expired]);
    new(answers[4]);
    assert_eq!((s.count("FROM events").await, keys(&s).await), (2, 2));
    assert_eq!((s.count("FROM pending").await, door.outstanding()), (2, 0));
    // What was refused left no key behind: it can still come, with an expiry that is right.
    new(one(&s, &door, event("new", "2")).await);
}

async fn what_waits_is_bounded_in_bytes(s: Setup) {
    let door = Door::with_room(9);
    let me = caller(&s, s.company).await;
    let bytes_max = store::INGEST_BYTES_MAX as usize;
    let sized = |bytes: usize| {
        let event = new_event(s.company, "message.received");
        vec![NewEvent { data: vec![b' '; bytes].into(), ..event }]
    };
    let is_refused = |bytes: usize| {
        let answer = s.store.ingest(&me, sized(bytes)).now_or_never();
        matches!(answer, Some(Err(Error::Overloaded)))
    };
    // Nobody writes yet, so the first half stays; with the second it is too much.
    let mut first = Box::pin(s.store.ingest(&me, sized(bytes_max / 2)));
    assert!(futures_util::poll!(&mut first).is_pending());
    assert!(is_refused(bytes_max / 2));
    assert!(is_refused(bytes_max * 2));
    let mut small = Box::pin(s.store.ingest(&me, sized(1_000)));
    assert!(futures_util::poll!(&mut small).is_pending(), "there is room for a small one");
    drop((first, small)); // who hangs up leaves the events behind, and their weight
    assert!(is_refused(bytes_max / 2));
    // Jobs come one after the other here: each finds the room that the answered ones gave back.
    new(one(&s, &door, new_event(s.company, "message.received")).await);
    assert_eq!(s.count("FROM events").await, 3);
    let mut whole = Box::pin(s.store.ingest(&me, sized(bytes_max * 2)));
    assert!(futures_util::poll!(&mut whole).is_pending(), "a larger one gets in alone");
    assert!(is_refused(1));
}

/// Thousands of callers may wait at a time, each with these.
async fn what_a_request_that_waits_holds_is_small(s: Setup) {
    let me = caller(&s, s.company).await;
    let sizes = [
        ("ingest", size_of_val(&s.store.ingest(&me, Vec::new()))),
        ("own types", size_of_val(&s.store.own_types(s.company))),
        ("token", size_of_val(&s.store.authenticate_for_ingest("", now()))),
    ];
    assert!(sizes.iter().all(|(_, bytes)| *bytes <= 4 * 1024), "{sizes:?}");
}

async fn a_token_revoked_on_the_way_is_refused_and_its_neighbours_are_written(s: Setup) {
    let door = Door::with_room(9);
    endpoint(&s, "*", SwitchWanted::Enabled).await;
    let token = || NewToken { name: "t".into(), scopes: Vec::new(), expires_at: None };
    let (good, good_text) = s.store.create_token(s.company, token(), ACTOR, now()).await.unwrap();
    let (bad, bad_text) = s.store.create_token(s.company, token(), ACTOR, now()).await.unwrap();
    let good_caller = s.store.authenticate_for_ingest(&good_text, now()).await.unwrap();
    let bad_caller = s.store.authenticate_for_ingest(&bad_text, now()).await.unwrap();
    let bearers = (good_caller.bearer, bad_caller.bearer);
    assert_eq!(bearers, (Bearer::Token(good.id), Bearer::Token(bad.id)));
    s.store.revoke_token(s.company, bad.id, ACTOR, now()).await.unwrap();
    let event = || vec![new_event(s.company, "message.received")];
    let jobs = vec![(good_caller.clone(), event()), (bad_caller, event()), (good_caller, event())];
    let answers = together(&s.store, &door, jobs).await;
    assert!(matches!(answers[1], Err(Error::Unauthorized)));
    for place in [0, 2] {
        new(answers[place].as_ref().unwrap()[0]);
    }
    assert_eq!((s.count("FROM events").await, door.ids().len()), (2, 2));
    assert_eq!(door.outstanding(), 0);
}

async fn one_bad_event_fails_alone(s: Setup) {
    // What a database refuses differs; a trigger and a check stand for all of it.
    if s.config.database_url.starts_with("sqlite") {
        s.sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.subject = 'bad' \
             BEGIN SELECT RAISE(ABORT, 'refused'); END",
            vec![],
        )
        .await;
    }
    let bad = if s.config.database_url.starts_with("sqlite") { "bad" } else { "a\0b" };
    let door = Door::with_room(9);
    endpoint(&s, "*", SwitchWanted::Enabled).await;
    let me = caller(&s, s.company).await;
    let job = |subject: &str| {
        let event = new_event(s.company, "message.received");
        (me.clone(), vec![NewEvent { subject: Some(subject.into()), ..event }])
    };
    let answers = together(
        &s.store,
        &door,
        vec![job("1"), job("2"), job(bad), job("4"), job("5"), job(bad), job("7")],
    )
    .await;
    let written: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(written, [true, true, false, true, true, false, true]);
    assert!(matches!(answers[2], Err(Error::Database(_))), "{:?}", answers[2]);
    assert_eq!((s.count("FROM events").await, s.count("FROM pending").await), (5, 5));
    assert_eq!(door.ids().len(), 5);
    assert_eq!(door.outstanding(), 0);
    let ids: Vec<i64> = answers.into_iter().flatten().map(|a| new(a[0]).0).collect();
    assert!(ids.is_sorted());
}

async fn another_companys_event_is_refused(s: Setup) {
    let door = Door::with_room(9);
    let me = caller(&s, s.company).await;
    let nobody = Caller { company: domain::id::CompanyId::from_raw(7), ..me.clone() };
    let stranger = Caller {
        bearer: Bearer::Token(TokenId::from_raw(99)),
        config_version: 0,
        ..caller(&s, s.other).await
    };
    let jobs = vec![
        (me.clone(), vec![new_event(s.other, "message.received")]),
        (nobody, vec![new_event(domain::id::CompanyId::from_raw(7), "message.received")]),
        (stranger, vec![new_event(s.other, "message.received")]),
        (me, vec![new_event(s.company, "message.received")]),
    ];
    let answers = together(&s.store, &door, jobs).await;
    for refused in &answers[..3] {
        assert!(matches!(refused, Err(Error::Unauthorized)), "{refused:?}");
    }
    assert!(answers[3].is_ok());
    assert_eq!(s.count("FROM events").await, 1);
}

/// Two nodes take the same events at the same moment.
#[tokio::test]
async fn two_nodes_make_one_event_of_one_key() {
    let s = Setup::postgres().await;
    endpoint(&s, "*", SwitchWanted::Enabled).await;
    let other = Store::open(s.config.clone()).await.unwrap();
    let me = caller(&s, s.company).await;
    let doors = [Door::with_room(999), Door::with_room(999)];
    let jobs = |order: &dyn Fn(usize) -> usize| {
        (0..20)
            .map(|n| (me.clone(), vec![keyed(s.company, &format!("k{}", order(n)), "1")]))
            .collect::<Vec<_>>()
    };
    let (mut first, mut second) = tokio::join!(
        together(&s.store, &doors[0], jobs(&|n| n)),
        together(&other, &doors[1], jobs(&|n| 19 - n)),
    );
    second.reverse();
    for (first, second) in first.drain(..).zip(second) {
        let pair = [first.unwrap()[0], second.unwrap()[0]];
        let event = |accepted: Accepted| match accepted {
            Accepted::New { event, .. } => (event, 1),
            Accepted::Duplicate { event, .. } => (event, 0),
            Accepted::KeyReused { .. } | Accepted::Expired | Accepted::Unfit => {
                panic!("{accepted:?}")
            }
        };
        let [(a, new_a), (b, new_b)] = pair.map(event);
        assert_eq!((a, new_a + new_b), (b, 1));
    }
    assert_eq!((s.count("FROM events").await, s.count("FROM pending").await), (20, 20));
    assert_eq!(doors[0].ids().len() + doors[1].ids().len(), 20);
    assert_eq!(doors[0].outstanding() + doors[1].outstanding(), 0);
}
