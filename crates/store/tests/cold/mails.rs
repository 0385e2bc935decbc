//! The mail outbox.

use chrono::TimeDelta;
use domain::id::{EndpointId, MailId};
use store::{EndpointPatch, Error, MailState, Store, SwitchWanted};

use crate::setup::{ACTOR, Setup, now, on_both, page};

on_both!(
    a_mail_is_claimed_by_one_node_and_sent_once,
    a_mail_that_failed_comes_back_after_its_wait,
    enabling_undoes_what_was_held_back,
    mails_belong_to_their_company,
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

async fn claimed(store: &Store, minutes: i64) -> Vec<i64> {
    let at = now() + TimeDelta::minutes(minutes);
    store.claim_mails(2, at).await.unwrap().iter().map(|mail| mail.id.raw()).collect()
}

async fn a_mail_is_claimed_by_one_node_and_sent_once(s: Setup) {
    let endpoint = s.endpoint().await.id;
    for (id, minutes) in [(1, 3), (2, 1), (3, 2), (4, 60)] {
        mail(&s, id, endpoint, false, minutes).await;
    }
    let other = Store::open(s.config.clone()).await.unwrap();
    assert_eq!(claimed(&s.store, 0).await, [0_i64; 0]);
    assert_eq!(claimed(&s.store, 5).await, [2, 3]);
    assert_eq!(claimed(&other, 5).await, [1]);
    let id = MailId::from_raw(2);
    let foreign = other.mail_sent(id, now()).await;
    assert!(matches!(foreign, Err(Error::Conflict { code: "claim_lost", .. })));
    s.store.mail_sent(id, now()).await.unwrap();
    let twice = s.store.mail_sent(id, now()).await;
    assert!(matches!(twice, Err(Error::Conflict { code: "claim_lost", .. })));
    let record = s.store.mail(s.company, id).await.unwrap();
    assert_eq!((record.state, record.tries, record.sent_at), (MailState::Sent, 1, Some(now())));
    assert_eq!((record.facts.waiting, record.endpoint), (3, Some(endpoint)));
    assert_eq!(claimed(&s.store, 5).await, [0_i64; 0]);
}

async fn a_mail_that_failed_comes_back_after_its_wait(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let id = mail(&s, 1, endpoint, false, 0).await;
    assert_eq!(claimed(&s.store, 0).await, [1]);
    let wait = Some(TimeDelta::minutes(5));
    s.store.mail_failed(id, "greylisted\0", wait, now()).await.unwrap();
    let record = s.store.mail(s.company, id).await.unwrap();
    assert_eq!((record.state, record.tries), (MailState::Queued, 1));
    assert_eq!(record.last_error.as_deref(), Some("greylisted\u{fffd}"));
    assert_eq!(claimed(&s.store, 4).await, [0_i64; 0]);
    assert_eq!(claimed(&s.store, 5).await, [1]);
    s.store.mail_failed(id, "refused", None, now()).await.unwrap();
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
