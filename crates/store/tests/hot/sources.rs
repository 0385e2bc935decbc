//! What comes in by a source: its keys, its number, and whether it is still there.

use domain::event::NewEvent;
use domain::id::{EventId, SourceId};
use domain::source::{AppSecret, SourceKind, VerifyToken};
use store::{Accepted, Caller, Error, EventFilter, NewSource, SwitchWanted};

use crate::engine::{Door, endpoint, keyed, one, together};
use crate::setup::{ACTOR, Setup, now, on_both, page};

on_both!(
    of_a_source_the_first_one_wins,
    keys_belong_to_their_source,
    a_thousand_events_of_one_notification_are_one_transaction,
    a_source_deleted_on_the_way_stores_nothing,
    a_suspended_company_takes_nothing_in,
    events_are_found_by_their_number,
);

async fn source(s: &Setup) -> (SourceId, Caller) {
    let new = NewSource {
        kind: SourceKind::WhatsApp,
        name: "shop".into(),
        app_secret: AppSecret::parse("0123456789abcdef").ok(),
        verify_token: VerifyToken::parse("a-verify-token").unwrap(),
    };
    let id = s.store.create_source(s.company, new, ACTOR, now()).await.unwrap().id;
    let open = s.store.open_source(s.company, id, None, now()).await.unwrap().unwrap();
    (id, open.caller.clone())
}

fn from(source: SourceId, event: NewEvent, number: &str) -> NewEvent {
    NewEvent { source: Some(source), phone_number_id: Some(number.into()), ..event }
}

fn id(accepted: Accepted) -> EventId {
    match accepted {
        Accepted::New { event, .. } => event,
        known @ (Accepted::Duplicate { .. }
        | Accepted::KeyReused { .. }
        | Accepted::Expired
        | Accepted::Unfit) => panic!("{known:?}"),
    }
}

async fn of_a_source_the_first_one_wins(s: Setup) {
    let door = Door::with_room(9);
    let (source, caller) = source(&s).await;
    let event = |data: &str| from(source, keyed(s.company, "wamid.1", data), "1");
    let jobs = vec![(caller.clone(), vec![event("1"), event("2")])];
    let answers = together(&s.store, &door, jobs).await.remove(0).unwrap();
    let first = id(answers[0]);
    let same = Accepted::Duplicate { event: first, deliveries: 0 };
    assert_eq!(answers[1], same, "another body under the key is no news");
    let again = together(&s.store, &door, vec![(caller, vec![event("3")])]).await.remove(0);
    assert_eq!(again.unwrap(), [same]);
    let shown = s.store.event(s.company, first).await.unwrap();
    assert_eq!((&*shown.data, shown.source), (&b"1"[..], Some(source)));
    assert_eq!(shown.phone_number_id.as_deref(), Some("1"));
    assert_eq!(s.count("FROM events").await, 1);
}

async fn keys_belong_to_their_source(s: Setup) {
    let door = Door::with_room(9);
    let ((first, one_caller), (second, other_caller)) = (source(&s).await, source(&s).await);
    let event = |source| from(source, keyed(s.company, "k", "1"), "1");
    let jobs = vec![(one_caller, vec![event(first)]), (other_caller, vec![event(second)])];
    for answer in together(&s.store, &door, jobs).await {
        id(answer.unwrap()[0]);
    }
    id(one(&s, &door, keyed(s.company, "k", "1")).await);
    assert_eq!(s.count("FROM events").await, 3);
}

async fn a_thousand_events_of_one_notification_are_one_transaction(s: Setup) {
    let door = Door::with_room(9);
    endpoint(&s, "message.*", SwitchWanted::Paused).await;
    let (source, caller) = source(&s).await;
    let events: Vec<NewEvent> =
        (0..1_000).map(|n| from(source, keyed(s.company, &format!("w{n}"), "1"), "1")).collect();
    let jobs = vec![(caller.clone(), events.clone()), (caller, events)];
    let answers = together(&s.store, &door, jobs).await;
    let all: Vec<Accepted> = answers.into_iter().flat_map(Result::unwrap).collect();
    let (new, known) = all.split_at(1_000);
    for (new, known) in new.iter().zip(known) {
        let same = Accepted::Duplicate { event: id(*new), deliveries: 1 };
        assert_eq!(*known, same);
    }
    assert_eq!((s.count("FROM events").await, s.count("FROM pending").await), (1_000, 1_000));
}

async fn a_source_deleted_on_the_way_stores_nothing(s: Setup) {
    let door = Door::with_room(9);
    let ((gone, gone_caller), (there, there_caller)) = (source(&s).await, source(&s).await);
    s.store.delete_source(s.company, gone, ACTOR, now()).await.unwrap();
    let event = |source| from(source, keyed(s.company, "k", "1"), "1");
    let jobs = vec![(gone_caller, vec![event(gone)]), (there_caller, vec![event(there)])];
    let answers = together(&s.store, &door, jobs).await;
    assert!(matches!(answers[0], Err(Error::Unauthorized)), "{answers:?}");
    assert!(answers[1].is_ok(), "{answers:?}");
    assert_eq!(s.count("FROM events").await, 1);
}

async fn a_suspended_company_takes_nothing_in(s: Setup) {
    let door = Door::with_room(9);
    let (source, caller) = source(&s).await;
    let patch = store::CompanyPatch { suspended: Some(true), ..Default::default() };
    s.store.update_company(s.company, patch, ACTOR, now()).await.unwrap();
    let event = from(source, keyed(s.company, "k", "1"), "1");
    let answer = together(&s.store, &door, vec![(caller, vec![event])]).await.remove(0);
    assert!(matches!(answer, Err(Error::Suspended)), "{answer:?}");
    assert_eq!(s.count("FROM events").await, 0);
}

async fn events_are_found_by_their_number(s: Setup) {
    let door = Door::with_room(9);
    let (source, caller) = source(&s).await;
    let event = |key: &str, number| from(source, keyed(s.company, key, "1"), number);
    let events =
        vec![event("a", "208845331907714"), event("b", "2"), event("c", "208845331907714")];
    let answers = together(&s.store, &door, vec![(caller, events)]).await.remove(0).unwrap();
    id(one(&s, &door, keyed(s.company, "d", "1")).await);
    let found = async |number: &str| {
        let filter = EventFilter { phone_number_id: Some(number.into()), ..Default::default() };
        let page = s.store.events(s.company, filter, page(9, None)).await.unwrap();
        page.data.into_iter().map(|event| event.id).collect::<Vec<_>>()
    };
    let expected = [id(answers[2]), id(answers[0])];
    assert_eq!(found("208845331907714").await, expected, "scanned");
    crate::search::walk_all(&s).await;
    assert_eq!(found("208845331907714").await, expected, "by the index");
    assert_eq!(found("2").await, [id(answers[1])]);
    assert!(found("3").await.is_empty());
}
