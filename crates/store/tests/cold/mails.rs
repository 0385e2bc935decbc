//! The mail outbox.

use chrono::TimeDelta;
use domain::id::{EndpointId, MailId};
use store::{ClaimedMail, CompanyMail, EndpointPatch, Error, MailState, Store, SwitchWanted};

use crate::setup::{ACTOR, Setup, now, on_both, page};

on_both!(
    a_mail_is_claimed_by_one_node_and_sent_once,
    a_mail_that_failed_comes_back_after_its_wait,
    enabling_undoes_what_was_held_back,
    mails_belong_to_their_company,
    only_a_node_claims_mails,
    a_mail_in_hand_is_recorded_after_its_claim_was_freed,
    a_mail_that_another_has_taken_over_is_left_to_it,
    a_mail_in_hand_is_recorded_after_the_node_came_back_as_another,
);

async fn mail(s: &Setup, id: i64, endpoint: EndpointId, held_back: bool, minutes: i64) -> MailId {
    let facts = serde_json::json!({
        "company_name": "Acme", "endpoint_id": "ep_x", "endpoint_url": "https://example.com/",
        "endpoint_description": "", "failures": 100, "failing_since": null, "last_status": 500,
        "last_error": null, "waiting": 3, "happened_at": now(), "give_up_after_s": 604_800,
        "defective_after": 100,
    });
    s.sql(
        "INSERT INTO mail_outbox (id, company_id, endpoint_id, kind, recipient, facts, held_back, \
         due_at, first_due_at, created_at) VALUES ($1, $2, $3, 'endpoint_defective', 'ann@example.com', $4, $5, \
         $6, $6, $6)",
        vec![
            id.into(),
            s.company.raw().into(),
            endpoint.raw().into(),
            facts.to_string().into(),
            i64::from(held_back).into(),
            (now() + TimeDelta::minutes(minutes)).timestamp_micros().into(),
        ],
    )
    .await;
    MailId::from_raw(id)
}

async fn claim(store: &Store, minutes: i64) -> Vec<ClaimedMail> {
    store.claim_mails(2, now() + TimeDelta::minutes(minutes)).await.unwrap()
}

fn ids(claimed: &[ClaimedMail]) -> Vec<i64> {
    claimed.iter().map(|claimed| claimed.mail.id.raw()).collect()
}

async fn claimed(store: &Store, minutes: i64) -> Vec<i64> {
    ids(&claim(store, minutes).await)
}

/// Makes a store one of the nodes; also on SQLite, where a second one could not join.
async fn node(s: &Setup, store: &Store) {
    let sql = "INSERT INTO nodes (incarnation, name, slot, started_at, heartbeat_at) \
        VALUES ($1, 'n', $1, 1, 1)";
    s.sql(sql, vec![store.incarnation().into()]).await;
}

fn is_lost(result: Result<(), Error>) -> bool {
    matches!(result, Err(Error::Conflict { code: "claim_lost", .. }))
}

async fn a_mail_is_claimed_by_one_node_and_sent_once(s: Setup) {
    let endpoint = s.endpoint().await.id;
    for (id, minutes) in [(1, 3), (2, 1), (3, 2), (4, 60)] {
        mail(&s, id, endpoint, false, minutes).await;
    }
    let other = Store::open(s.config.clone()).await.unwrap();
    node(&s, &s.store).await;
    node(&s, &other).await;
    assert_eq!(claimed(&s.store, 0).await, [0_i64; 0]);
    let ours = claim(&s.store, 5).await;
    assert_eq!(ids(&ours), [2, 3]);
    assert_eq!(claimed(&other, 5).await, [1]);
    let id = MailId::from_raw(2);
    let foreign = ClaimedMail { claimed_by: other.incarnation(), ..ours[0].clone() };
    assert!(is_lost(other.mail_sent(&foreign, now()).await));
    s.store.mail_sent(&ours[0], now()).await.unwrap();
    assert!(is_lost(s.store.mail_sent(&ours[0], now()).await));
    let record = s.store.mail(s.company, id).await.unwrap();
    assert_eq!((record.state, record.tries, record.sent_at), (MailState::Sent, 1, Some(now())));
    let CompanyMail::Endpoint { facts, .. } = record.content else { panic!() };
    assert_eq!((facts.waiting, record.endpoint), (3, Some(endpoint)));
    assert_eq!(claimed(&s.store, 5).await, [0_i64; 0]);
}

async fn a_mail_that_failed_comes_back_after_its_wait(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let id = mail(&s, 1, endpoint, false, 0).await;
    node(&s, &s.store).await;
    let first = claim(&s.store, 0).await;
    assert_eq!(ids(&first), [1]);
    let wait = Some(TimeDelta::minutes(5));
    s.store.mail_failed(&first[0], "greylisted\0", wait, now()).await.unwrap();
    let record = s.store.mail(s.company, id).await.unwrap();
    assert_eq!((record.state, record.tries), (MailState::Queued, 1));
    assert_eq!(record.last_error.as_deref(), Some("greylisted\u{fffd}"));
    assert_eq!(claimed(&s.store, 4).await, [0_i64; 0]);
    let second = claim(&s.store, 5).await;
    assert_eq!(ids(&second), [1]);
    s.store.mail_failed(&second[0], "refused", None, now()).await.unwrap();
    let record = s.store.mail(s.company, id).await.unwrap();
    assert_eq!((record.state, record.tries), (MailState::Failed, 2));
    assert_eq!(claimed(&s.store, 500).await, [0_i64; 0]);
}

async fn enabling_undoes_what_was_held_back(s: Setup) {
    let (endpoint, other) = (s.endpoint().await.id, s.endpoint().await.id);
    let held = mail(&s, 1, endpoint, true, 60).await;
    let plain = mail(&s, 2, endpoint, false, 0).await;
    let others = mail(&s, 3, other, true, 60).await;
    let patch = EndpointPatch { switch: Some(SwitchWanted::Enabled), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, endpoint, patch, ACTOR, now()).await.unwrap();
    for (id, state) in
        [(held, MailState::Undone), (plain, MailState::Queued), (others, MailState::Queued)]
    {
        assert_eq!(s.store.mail(s.company, id).await.unwrap().state, state);
    }
    let patch = EndpointPatch { url: Some("https://a.example".into()), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, other, patch, ACTOR, now()).await.unwrap();
    assert_eq!(s.store.mail(s.company, others).await.unwrap().state, MailState::Undone);
}

async fn mails_belong_to_their_company(s: Setup) {
    let endpoint = s.endpoint().await.id;
    for id in 1..=3 {
        mail(&s, id, endpoint, false, 0).await;
    }
    let foreign = s.store.mail(s.other, MailId::from_raw(1)).await;
    assert!(matches!(foreign, Err(Error::NotFound)));
    assert!(s.store.mails(s.other, page(9, None)).await.unwrap().data.is_empty());
    let first = s.store.mails(s.company, page(2, None)).await.unwrap();
    let ids: Vec<i64> = first.data.iter().map(|mail| mail.id.raw()).collect();
    assert_eq!((ids, first.next), (vec![3, 2], Some(2)));
    let rest = s.store.mails(s.company, page(2, first.next)).await.unwrap();
    assert_eq!((rest.data.len(), rest.next), (1, None));
}

async fn only_a_node_claims_mails(s: Setup) {
    let endpoint = s.endpoint().await.id;
    mail(&s, 1, endpoint, false, 0).await;
    assert_eq!(claimed(&s.store, 0).await, [0_i64; 0], "it has not joined");
    let _membership = s.store.join("a", now()).await.unwrap();
    let held = claim(&s.store, 0).await;
    assert_eq!(ids(&held), [1]);
    assert!(s.store.still_to_send(&held[0]).await.unwrap());
    s.store.leave(false, now()).await.unwrap();
    assert!(!s.store.still_to_send(&held[0]).await.unwrap());
    assert_eq!(claimed(&s.store, 0).await, [0_i64; 0], "it has left");
}

async fn a_mail_in_hand_is_recorded_after_its_claim_was_freed(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let id = mail(&s, 1, endpoint, false, 0).await;
    let membership = s.store.join("a", now()).await.unwrap();
    let held = claim(&s.store, 0).await;
    s.store.leave(false, now()).await.unwrap();
    drop(membership);
    s.store.mail_sent(&held[0], now()).await.unwrap();
    assert_eq!(s.store.mail(s.company, id).await.unwrap().state, MailState::Sent);
    let other = Store::open(s.config.clone()).await.unwrap();
    node(&s, &other).await;
    assert_eq!(claimed(&other, 0).await, [0_i64; 0]);
}

async fn a_mail_that_another_has_taken_over_is_left_to_it(s: Setup) {
    let endpoint = s.endpoint().await.id;
    mail(&s, 1, endpoint, false, 0).await;
    node(&s, &s.store).await;
    let held = claim(&s.store, 0).await;
    let other = Store::open(s.config.clone()).await.unwrap();
    while other.free_claims_of(s.store.incarnation(), now()).await.unwrap() {}
    node(&s, &other).await;
    let theirs = claim(&other, 0).await;
    assert_eq!(ids(&theirs), [1]);
    assert!(!s.store.still_to_send(&held[0]).await.unwrap());
    assert!(is_lost(s.store.mail_sent(&held[0], now()).await));
    assert!(is_lost(s.store.mail_failed(&held[0], "refused", None, now()).await));
    other.mail_sent(&theirs[0], now()).await.unwrap();
}

async fn a_mail_in_hand_is_recorded_after_the_node_came_back_as_another(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let id = mail(&s, 1, endpoint, false, 0).await;
    let _old = s.store.join("a", now()).await.unwrap();
    let held = claim(&s.store, 0).await;
    let _new = s.store.rejoin("a", now()).await.unwrap();
    s.store.mail_sent(&held[0], now()).await.unwrap();
    assert_eq!(s.store.mail(s.company, id).await.unwrap().state, MailState::Sent);
}

#[tokio::test]
async fn mails_of_a_node_that_nobody_knows_are_freed() {
    let s = Setup::postgres().await;
    let endpoint = s.endpoint().await.id;
    for (id, by) in [(1, 777), (2, s.store.incarnation()), (3, 778)] {
        let id = mail(&s, id, endpoint, false, 0).await;
        let sql = "UPDATE mail_outbox SET claimed_by = $1 WHERE id = $2";
        s.sql(sql, vec![by.into(), id.raw().into()]).await;
    }
    s.sql("UPDATE mail_outbox SET state = 'undone' WHERE id = 3", vec![]).await;
    let _membership = s.store.join("a", now()).await.unwrap();
    assert_eq!(s.store.stray_incarnations().await.unwrap(), [777]);
    while s.store.free_claims_of(777, now()).await.unwrap() {}
    assert_eq!(claimed(&s.store, 0).await, [1]);
}
