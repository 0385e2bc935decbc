//! Sources: made, named, rotated, deleted, found by the callback, and what comes to them counted.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, SourceId};
use domain::source::{
    AppSecret, PREVIOUS_SECRETS_MAX, REFUSED_KEPT_PER_REASON_MAX, REFUSED_LIFE, RefusalReason,
    SOURCES_MAX, SignatureCheck, SourceKind, VerifyToken,
};
use store::{Error, NewSource, OpenSource, Refused, SourceRecord, Store};

use crate::setup::{ACTOR, Setup, now, on_both, page};

on_both!(
    a_source_is_made_named_listed_and_deleted,
    there_are_so_many_and_no_more,
    app_secrets_rotate_with_an_overlap,
    the_verify_token_ends_at_once,
    another_node_learns_of_it_within_two_seconds,
    another_company_finds_nothing,
    what_comes_is_counted_and_the_newest_refusals_are_kept,
    a_deleted_source_counts_nothing,
    nothing_secret_is_written_in_the_clear,
);

fn secret(number: usize) -> AppSecret {
    AppSecret::parse(&format!("{number:032x}")).unwrap()
}

fn token(text: &str) -> VerifyToken {
    VerifyToken::parse(text).unwrap()
}

fn new(name: &str, app_secret: Option<AppSecret>) -> NewSource {
    NewSource {
        kind: SourceKind::WhatsApp,
        name: name.into(),
        app_secret,
        verify_token: token("the-first-token"),
    }
}

async fn made(s: &Setup) -> SourceRecord {
    s.store.create_source(s.company, new("shop", Some(secret(1))), ACTOR, now()).await.unwrap()
}

async fn open(store: &Store, company: CompanyId, id: SourceId, at: DateTime<Utc>) -> OpenState {
    OpenState::of(store.open_source(company, id, None, at).await.unwrap().as_deref(), at)
}

/// Which of the numbered secrets are accepted, and what the verify token is.
#[derive(Debug, PartialEq, Eq)]
struct OpenState(Option<(Vec<usize>, String)>);

impl OpenState {
    fn of(source: Option<&OpenSource>, at: DateTime<Utc>) -> Self {
        let accepts = |source: &OpenSource, number: usize| {
            let signed = secret(number).sign(b"{}");
            let keys = source.keys.as_ref();
            keys.is_some_and(|keys| {
                keys.check(at, b"{}", Some(signed.as_bytes())) == SignatureCheck::Right
            })
        };
        Self(source.map(|source| {
            let accepted = (0..9).filter(|number| accepts(source, *number)).collect();
            (accepted, source.verify_token.as_str().to_owned())
        }))
    }
}

fn state(accepted: &[usize], token: &str) -> OpenState {
    OpenState(Some((accepted.to_vec(), token.to_owned())))
}

fn is_not_found<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::NotFound))
}

fn conflict<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    match result {
        Err(Error::Conflict { code, .. }) => code,
        Err(error) => panic!("{error:?}"),
        Ok(made) => panic!("{made:?}"),
    }
}

async fn a_source_is_made_named_listed_and_deleted(s: Setup) {
    let version = s.config_version().await;
    let first = s.store.create_source(s.company, new("shop", None), ACTOR, now()).await.unwrap();
    assert_eq!((first.name.as_str(), first.has_app_secret), ("shop", false));
    assert_eq!((first.accepted, first.refused, first.handshake_at), (0, 0, None));
    assert_eq!((first.created_at, first.updated_at), (now(), now()));
    assert_eq!(open(&s.store, s.company, first.id, now()).await, state(&[], "the-first-token"));
    let second = made(&s).await;
    let later = now() + TimeDelta::hours(1);
    let renamed = s.store.rename_source(s.company, first.id, "bar".into(), ACTOR, later).await;
    assert_eq!(renamed.unwrap().name, "bar");
    let shown = s.store.source(s.company, first.id).await.unwrap();
    assert_eq!((shown.name.as_str(), shown.updated_at), ("bar", later));
    let newest = s.store.sources(s.company, page(1, None)).await.unwrap();
    let oldest = s.store.sources(s.company, page(1, newest.next)).await.unwrap();
    assert_eq!((newest.data[0].id, oldest.data[0].id, oldest.next), (second.id, first.id, None));
    s.store.delete_source(s.company, first.id, ACTOR, later).await.unwrap();
    assert!(is_not_found(s.store.source(s.company, first.id).await));
    assert!(is_not_found(s.store.delete_source(s.company, first.id, ACTOR, later).await));
    assert_eq!(open(&s.store, s.company, first.id, now()).await, OpenState(None), "at once, here");
    assert!(s.config_version().await >= version + 3, "ingest checks whose sources are there");
    for (action, times) in [("source.created", 2), ("source.updated", 1), ("source.deleted", 1)] {
        assert_eq!(s.count(&format!("FROM audit_log WHERE action = '{action}'")).await, times);
    }
}

async fn there_are_so_many_and_no_more(s: Setup) {
    for _ in 1..SOURCES_MAX {
        made(&s).await;
    }
    let asked = (0..3)
        .map(|_| s.store.create_source(s.company, new("x", None), ACTOR, now()))
        .collect::<Vec<_>>();
    let answers = futures_util::future::join_all(asked).await;
    let last = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(last, 1);
    for refused in answers.into_iter().filter(Result::is_err) {
        assert_eq!(conflict(refused), "too_many_sources");
    }
    s.store.create_source(s.other, new("x", None), ACTOR, now()).await.unwrap();
}

async fn app_secrets_rotate_with_an_overlap(s: Setup) {
    let id = s.store.create_source(s.company, new("shop", None), ACTOR, now()).await.unwrap().id;
    let (hour, store) = (TimeDelta::hours(1), &s.store);
    let rotate = async |number, overlap, at| {
        store.rotate_app_secret(s.company, id, secret(number), overlap, ACTOR, at).await
    };
    let first = rotate(1, hour, now()).await.unwrap();
    assert_eq!((first.has_app_secret, first.previous_secret_until), (true, None));
    let second = rotate(2, hour, now()).await.unwrap();
    assert_eq!(second.previous_secret_until, Some(now() + hour));
    let at = async |time| open(store, s.company, id, time).await;
    assert_eq!(at(now()).await, state(&[1, 2], "the-first-token"));
    assert_eq!(
        at(now() + hour - TimeDelta::microseconds(1)).await,
        state(&[1, 2], "the-first-token")
    );
    assert_eq!(at(now() + hour).await, state(&[2], "the-first-token"));
    rotate(3, TimeDelta::zero(), now()).await.unwrap();
    assert_eq!(at(now()).await, state(&[3], "the-first-token"), "a lost secret ends at once");
    for number in 0..PREVIOUS_SECRETS_MAX {
        rotate(10 + number, hour, now()).await.unwrap();
    }
    assert_eq!(conflict(rotate(8, hour, now()).await), "too_many_secrets");
    let action = "FROM audit_log WHERE action = 'source.app_secret_rotated'";
    assert_eq!(s.count(action).await, 3 + PREVIOUS_SECRETS_MAX as i64);
}

async fn the_verify_token_ends_at_once(s: Setup) {
    let id = made(&s).await.id;
    assert_eq!(open(&s.store, s.company, id, now()).await, state(&[1], "the-first-token"));
    let next = token("the-second-token");
    let rotated = s.store.rotate_verify_token(s.company, id, next, ACTOR, now()).await.unwrap();
    assert_eq!(rotated.verify_token.as_str(), "the-second-token");
    assert_eq!(open(&s.store, s.company, id, now()).await, state(&[1], "the-second-token"));
}

async fn another_node_learns_of_it_within_two_seconds(s: Setup) {
    let other = Store::open(s.config.clone()).await.unwrap();
    let id = made(&s).await.id;
    let there =
        async |seconds| open(&other, s.company, id, now() + TimeDelta::milliseconds(seconds)).await;
    assert_eq!(there(0).await, state(&[1], "the-first-token"));
    let rotated =
        s.store.rotate_app_secret(s.company, id, secret(2), TimeDelta::zero(), ACTOR, now());
    rotated.await.unwrap();
    assert_eq!(there(900).await, state(&[1], "the-first-token"), "it costs no look");
    assert_eq!(there(1_000).await, state(&[2], "the-first-token"));
    s.store.delete_source(s.company, id, ACTOR, now()).await.unwrap();
    assert_eq!(there(1_900).await, state(&[2], "the-first-token"));
    assert_eq!(there(3_000).await, OpenState(None));
    assert_eq!(open(&s.store, s.company, id, now()).await, OpenState(None));
}

async fn another_company_finds_nothing(s: Setup) {
    let id = made(&s).await.id;
    let (other, store) = (s.other, &s.store);
    assert_eq!(open(store, other, id, now()).await, OpenState(None));
    assert!(is_not_found(store.source(other, id).await));
    assert!(is_not_found(store.rename_source(other, id, "x".into(), ACTOR, now()).await));
    let overlap = TimeDelta::hours(1);
    let rotated = store.rotate_app_secret(other, id, secret(2), overlap, ACTOR, now()).await;
    assert!(is_not_found(rotated));
    let rotated = store.rotate_verify_token(other, id, token("another-token"), ACTOR, now()).await;
    assert!(is_not_found(rotated));
    assert!(is_not_found(store.delete_source(other, id, ACTOR, now()).await));
    assert!(is_not_found(store.refused_notifications(other, id, page(9, None), now()).await));
    assert!(store.sources(other, page(9, None)).await.unwrap().data.is_empty());
    let gone = CompanyId::from_raw(5);
    assert_eq!(open(store, gone, id, now()).await, OpenState(None));
    assert_eq!(open(store, s.company, id, now()).await, state(&[1], "the-first-token"));
}

fn refused(reason: RefusalReason, bytes: u64, at: DateTime<Utc>) -> Refused {
    let detail = reason.sentence().to_owned();
    Refused { reason, detail, bytes, address: "203.0.113.9".parse().ok(), received_at: at }
}

async fn what_comes_is_counted_and_the_newest_refusals_are_kept(s: Setup) {
    let (source, other) = (made(&s).await, made(&s).await);
    let (id, store) = (source.id, &s.store);
    assert_eq!(store.write_source_counts(now()).await.unwrap(), 0);
    store.count_refused(s.company, id, refused(RefusalReason::Malformed, 7, now()));
    store.count_notification(other.id, now());
    let rounds = u64::from(REFUSED_KEPT_PER_REASON_MAX) / 5 + 2;
    for round in 0..rounds {
        let at = now() + TimeDelta::seconds(i64::try_from(round).unwrap());
        for number in 0..9 {
            let wrong = refused(RefusalReason::SignatureWrong, 100 * round + number, at);
            store.count_refused(s.company, id, wrong);
            store.count_notification(id, at);
        }
        store.count_handshake(id, now());
        store.write_source_counts(at).await.unwrap();
    }
    // Late: what came before it is not the last.
    store.count_notification(id, now());
    store.write_source_counts(now()).await.unwrap();
    let shown = store.source(s.company, id).await.unwrap();
    assert_eq!((shown.accepted, shown.refused), (9 * rounds + 1, 9 * rounds + 1));
    let last = now() + TimeDelta::seconds(i64::try_from(rounds - 1).unwrap());
    assert_eq!((shown.handshake_at, shown.last_notification_at), (Some(now()), Some(last)));
    let kept = usize::try_from(REFUSED_KEPT_PER_REASON_MAX).unwrap();
    let all = store.refused_notifications(s.company, id, page(100, None), last).await.unwrap();
    assert_eq!(all.data.len(), kept + 1);
    let newest = &all.data[0];
    assert_eq!(
        (newest.reason, newest.bytes),
        (RefusalReason::SignatureWrong, 100 * (rounds - 1) + 4)
    );
    assert_eq!((newest.received_at, newest.address), (last, "203.0.113.9".parse().ok()));
    let oldest = &all.data[kept];
    assert_eq!((oldest.reason, oldest.bytes), (RefusalReason::Malformed, 7), "a flood leaves it");
    assert_eq!(oldest.detail, RefusalReason::Malformed.sentence());
    let one = store.refused_notifications(s.company, id, page(1, None), last).await.unwrap();
    let next = store.refused_notifications(s.company, id, page(1, one.next), last).await.unwrap();
    assert_eq!(next.data[0].id, all.data[1].id);
    let over = last + REFUSED_LIFE + TimeDelta::seconds(1);
    let later = store.refused_notifications(s.company, id, page(9, None), over).await.unwrap();
    assert!(later.data.is_empty());
    assert_eq!(store.forget_refused(over).await.unwrap(), kept as u64 + 1);
    assert_eq!(store.source(s.company, other.id).await.unwrap().accepted, 1);
}

async fn a_deleted_source_counts_nothing(s: Setup) {
    let (id, store) = (made(&s).await.id, &s.store);
    store.count_refused(s.company, id, refused(RefusalReason::TooLarge, 7, now()));
    store.write_source_counts(now()).await.unwrap();
    assert_eq!(s.count("FROM refused_notifications").await, 1);
    store.delete_source(s.company, id, ACTOR, now()).await.unwrap();
    assert_eq!(s.count("FROM refused_notifications").await, 0);
    store.count_refused(s.company, id, refused(RefusalReason::TooLarge, 7, now()));
    store.write_source_counts(now()).await.unwrap();
    assert_eq!(s.count("FROM refused_notifications").await, 0);
}

async fn nothing_secret_is_written_in_the_clear(s: Setup) {
    let id = made(&s).await.id;
    let overlap = TimeDelta::hours(1);
    s.store.rotate_app_secret(s.company, id, secret(2), overlap, ACTOR, now()).await.unwrap();
    let row = s.row("SELECT sealed_secrets FROM sources").await;
    let sealed: Vec<u8> = row.try_get("", "sealed_secrets").unwrap();
    for text in [secret(1).as_str(), secret(2).as_str(), "the-first-token"] {
        assert!(!sealed.windows(text.len()).any(|bytes| bytes == text.as_bytes()), "{text}");
        assert_eq!(s.count(&format!("FROM audit_log WHERE facts LIKE '%{text}%'")).await, 0);
    }
}
