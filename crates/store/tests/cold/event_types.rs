//! A company's own event types: made, changed, bounded, and known on another node at once.

use chrono::TimeDelta;
use domain::event_type::EventTypeName;
use domain::own_type::{OWN_TYPES_BYTES_MAX, OWN_TYPES_MAX, OwnTypeContent, Validation};
use store::{Error, Store};

use crate::setup::{ACTOR, Setup, now, on_both};

on_both!(
    a_type_reads_back_as_it_was_made,
    a_change_says_what_it_saw,
    names_stay_taken,
    another_companys_type_is_not_found,
    types_are_bounded_in_number_and_bytes,
    another_node_knows_at_once,
);

fn name(text: &str) -> EventTypeName {
    EventTypeName::parse(text).unwrap()
}

fn content() -> OwnTypeContent {
    OwnTypeContent {
        description: "An order.".into(),
        sample: r#"{"total": 1}"#.into(),
        schema: Some(r#"{"type":"object"}"#.into()),
        validation: Validation::Refuse,
    }
}

async fn made(s: &Setup, text: &str) -> store::OwnTypeRecord {
    s.store.create_event_type(s.company, &name(text), content(), ACTOR, now()).await.unwrap()
}

#[track_caller]
fn conflict<T: std::fmt::Debug>(result: Result<T, Error>, expected: &str) -> String {
    match result {
        Err(Error::Conflict { code, detail }) if code == expected => detail,
        other => panic!("{other:?}"),
    }
}

async fn a_type_reads_back_as_it_was_made(s: Setup) {
    let version = s.config_version().await;
    made(&s, "order.created").await;
    made(&s, "invoice.paid").await;
    assert_eq!(s.config_version().await, version + 2);
    let read = s.store.event_type(s.company, &name("order.created")).await.unwrap();
    assert_eq!((&read.content, read.archived_at), (&content(), None));
    assert_eq!((read.created_at, read.updated_at), (now(), now()));
    let listed = s.store.event_types(s.company).await.unwrap();
    let names: Vec<&str> = listed.iter().map(|record| record.name.as_str()).collect();
    assert_eq!(names, ["invoice.paid", "order.created"]);
    assert_eq!(s.count("FROM audit_log WHERE action = 'event_type.created'").await, 2);
    assert_eq!(s.count("FROM audit_log WHERE facts LIKE '%total%'").await, 0);
}

async fn a_change_says_what_it_saw(s: Setup) {
    let seen = made(&s, "order.created").await;
    let wanted = OwnTypeContent { validation: Validation::Warn, ..content() };
    let update = |seen: &store::OwnTypeRecord, archived: bool| {
        let (seen, wanted) = (seen.clone(), wanted.clone());
        let store = s.store.clone();
        async move {
            let at = now() + TimeDelta::hours(1);
            store.update_event_type(s.company, &seen, wanted, archived, ACTOR, at).await
        }
    };
    let version = s.config_version().await;
    let changed = update(&seen, true).await.unwrap();
    assert_eq!(s.config_version().await, version + 1);
    assert_eq!(changed.content, wanted);
    assert_eq!(changed.archived_at, Some(now() + TimeDelta::hours(1)));
    assert_eq!(changed.created_at, now());
    // Who has seen the type of before writes nothing.
    conflict(update(&seen, false).await, "event_type_changed");
    assert_eq!(s.config_version().await, version + 1);
    let read = s.store.event_type(s.company, &name("order.created")).await.unwrap();
    assert_eq!((read.archived_at, read.updated_at), (changed.archived_at, changed.updated_at));
    let again = update(&changed, true).await.unwrap();
    assert_eq!(again.archived_at, changed.archived_at, "it is archived since it was");
    assert!(again.updated_at > changed.updated_at, "in the same microsecond as well");
    let back = update(&again, false).await.unwrap();
    assert_eq!(back.archived_at, None);
}

async fn names_stay_taken(s: Setup) {
    let seen = made(&s, "order.created").await;
    let again = || s.store.create_event_type(s.company, &seen.name, content(), ACTOR, now());
    assert!(conflict(again().await, "event_type_exists").contains("already"));
    let version = s.config_version().await;
    s.store.update_event_type(s.company, &seen, content(), true, ACTOR, now()).await.unwrap();
    assert!(conflict(again().await, "event_type_exists").contains("archived"));
    assert_eq!(s.config_version().await, version + 1);
    assert_eq!(s.count("FROM event_types").await, 1);
}

async fn another_companys_type_is_not_found(s: Setup) {
    let seen = made(&s, "order.created").await;
    let found = s.store.event_type(s.other, &seen.name).await;
    assert!(matches!(found, Err(Error::NotFound)), "{found:?}");
    let changed = s.store.update_event_type(s.other, &seen, content(), true, ACTOR, now()).await;
    assert!(matches!(changed, Err(Error::NotFound)), "{changed:?}");
    assert!(s.store.event_types(s.other).await.unwrap().is_empty());
    assert!(s.store.own_types(s.other).await.unwrap().find(&seen.name).is_none());
    s.store.create_event_type(s.other, &seen.name, content(), ACTOR, now()).await.unwrap();
}

async fn types_are_bounded_in_number_and_bytes(s: Setup) {
    let insert = |from: i64, to: i64, sample_bytes: usize| {
        let of = s.company.raw();
        let sample = format!(r#"{{"a":"{}"}}"#, "x".repeat(sample_bytes));
        let values: Vec<String> = (from..to)
            .map(|n| format!("({of}, 'fill.t{n}', '', '{sample}', 'off', 1, 1)"))
            .collect();
        let columns = "company_id, name, description, sample, validation, created_at, updated_at";
        format!("INSERT INTO event_types ({columns}) VALUES {}", values.join(","))
    };
    s.sql(&insert(0, OWN_TYPES_MAX - 1, 0), vec![]).await;
    let last = made(&s, "order.last").await;
    let (more_name, over_name) = (name("a.more"), name("a.over"));
    let more = || s.store.create_event_type(s.company, &more_name, content(), ACTOR, now());
    let version = s.config_version().await;
    assert!(conflict(more().await, "too_many_event_types").contains("500"));
    assert_eq!(s.config_version().await, version, "what was refused changed nothing");
    let archive = |archived: bool| {
        let (store, name) = (s.store.clone(), last.name.clone());
        async move {
            let seen = store.event_type(s.company, &name).await.unwrap();
            store.update_event_type(s.company, &seen, content(), archived, ACTOR, now()).await
        }
    };
    archive(true).await.unwrap();
    more().await.unwrap();
    conflict(archive(false).await, "too_many_event_types");

    s.sql("DELETE FROM event_types", vec![]).await;
    let large = usize::try_from(OWN_TYPES_BYTES_MAX).unwrap() / 70;
    s.sql(&insert(0, 69, large), vec![]).await;
    let filled =
        OwnTypeContent { sample: format!(r#"{{"a":"{}"}}"#, "é".repeat(30_000)), ..content() };
    let over = s.store.create_event_type(s.company, &over_name, filled, ACTOR, now());
    assert!(conflict(over.await, "too_many_event_types").contains("bytes"));
    made(&s, "order.fits").await;
}

async fn another_node_knows_at_once(s: Setup) {
    let other = Store::open(s.config.clone()).await.unwrap();
    let find = async |store: &Store| {
        let types = store.current_own_types(s.company).await.unwrap();
        types.find(&name("order.created")).cloned()
    };
    assert!(find(&other).await.is_none());
    let seen = made(&s, "order.created").await;
    let own = find(&other).await.unwrap();
    assert_eq!((own.is_archived, own.validation), (false, Validation::Refuse));
    assert_eq!(own.schema.as_deref(), Some(r#"{"type":"object"}"#));
    let off = OwnTypeContent { validation: Validation::Off, ..content() };
    s.store.update_event_type(s.company, &seen, off, true, ACTOR, now()).await.unwrap();
    // What is only remembered may be old.
    let kept = other.own_types(s.company).await.unwrap();
    assert!(!kept.find(&seen.name).unwrap().is_archived);
    let own = find(&other).await.unwrap();
    assert!(own.is_archived && own.schema.is_none(), "{own:?}");
    let current = other.own_types(s.company).await.unwrap();
    assert_eq!(current.version, s.config_version().await);
}
