//! Inboxes: made, switched, filled, pruned, ended.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::InboxId;
use domain::inbox::{INBOXES_MAX, InboxAnswer, LIFE, LIFE_STEP, PathKey, REQUESTS_KEPT_MAX};
use domain::inbox_check::{Checked, Finding};
use store::{
    ArrivedRequest, EndpointPatch, Error, InboxPatch, InboxRecord, NewEndpoint, OpenInbox,
};

use crate::setup::{ACTOR, Setup, new_endpoint, now, on_both, page, secret};

on_both!(
    an_inbox_is_made_switched_listed_and_deleted,
    there_are_so_many_and_no_more,
    requests_are_kept_newest_first_and_any_bytes,
    only_the_newest_are_kept_of_each,
    it_lives_on_while_it_is_used_and_ends_in_slices,
    another_company_finds_nothing,
    the_keys_are_those_of_the_endpoints_that_have_its_url,
);

async fn made(s: &Setup) -> InboxRecord {
    s.store.create_inbox(s.company, InboxAnswer::default(), ACTOR, now()).await.unwrap()
}

async fn open(s: &Setup, inbox: &InboxRecord) -> OpenInbox {
    s.store.open_inbox(&inbox.key, now()).await.unwrap()
}

fn arrived(path: &str) -> ArrivedRequest {
    ArrivedRequest {
        method: "POST".into(),
        path: path.into(),
        headers: vec![("x-é".into(), "1\u{0}".into()), ("x-é".into(), "2".into())],
        body: vec![0, 255, b'\'', 10],
        body_bytes: 4,
        truncated: false,
        checked: Checked { standard: Finding::NoId, hub: Finding::Verified },
        event_type: Some("message.received".into()),
        answered_status: 503,
        duration_ms: 1_500,
    }
}

async fn fill(s: &Setup, inbox: &OpenInbox, count: u32, at: DateTime<Utc>) {
    for number in 0..count {
        s.store.record_inbox_request(inbox, &arrived(&format!("/{number}")), at).await.unwrap();
    }
}

fn is_not_found<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::NotFound))
}

async fn an_inbox_is_made_switched_listed_and_deleted(s: Setup) {
    let (first, second) = (made(&s).await, made(&s).await);
    assert_eq!((first.answer.status, first.answer.delay_ms), (200, 0));
    assert_eq!((first.created_at, first.expires_at), (now(), now() + LIFE));
    assert_ne!(first.key, second.key);
    let later = now() + TimeDelta::hours(3);
    let patch = InboxPatch { status: Some(599), delay_ms: None };
    s.store.update_inbox(s.company, first.id, patch, ACTOR, later).await.unwrap();
    let patch = InboxPatch { status: None, delay_ms: Some(30_000) };
    s.store.update_inbox(s.company, first.id, patch, ACTOR, later).await.unwrap();
    let shown = s.store.inbox(s.company, first.id, later).await.unwrap();
    assert_eq!(shown.answer, InboxAnswer { status: 599, delay_ms: 30_000 });
    assert_eq!(shown.expires_at, later + LIFE);
    let inbox = open(&s, &first).await;
    assert_eq!((inbox.id, inbox.company, inbox.answer), (first.id, s.company, shown.answer));
    fill(&s, &inbox, 3, now()).await;
    fill(&s, &open(&s, &second).await, 1, now()).await;

    let newest = s.store.inboxes(s.company, page(1, None), now()).await.unwrap();
    let oldest = s.store.inboxes(s.company, page(1, newest.next), now()).await.unwrap();
    assert_eq!((newest.data[0].id, newest.data[0].requests_kept), (second.id, 1));
    assert_eq!((oldest.data[0].id, oldest.data[0].requests_kept), (first.id, 3));
    assert_eq!(oldest.next, None);

    s.store.empty_inbox(s.company, first.id, ACTOR, now()).await.unwrap();
    assert_eq!(s.store.inbox(s.company, first.id, now()).await.unwrap().requests_kept, 0);
    s.store.delete_inbox(s.company, second.id, ACTOR, now()).await.unwrap();
    assert_eq!(s.count("FROM inbox_requests").await, 0);
    assert!(is_not_found(s.store.inbox(s.company, second.id, now()).await));
    assert!(is_not_found(s.store.open_inbox(&second.key, now()).await));
    // Who had found it before it went writes nothing any more.
    let gone = OpenInbox { id: second.id, ..inbox };
    assert!(is_not_found(s.store.record_inbox_request(&gone, &arrived("/"), now()).await));
    assert_eq!(s.count("FROM inbox_requests").await, 0);
    for (action, times) in
        [("inbox.created", 2), ("inbox.updated", 2), ("inbox.emptied", 1), ("inbox.deleted", 1)]
    {
        assert_eq!(s.count(&format!("FROM audit_log WHERE action = '{action}'")).await, times);
    }
    let told = format!("FROM audit_log WHERE facts LIKE '%{}%'", first.key.as_str());
    assert_eq!(s.count(&told).await, 0, "the key is nobody's business");
}

async fn there_are_so_many_and_no_more(s: Setup) {
    let mut all = Vec::new();
    let asked = (0..INBOXES_MAX + 3)
        .map(|_| s.store.create_inbox(s.company, InboxAnswer::default(), ACTOR, now()));
    for made in futures_util::future::join_all(asked).await {
        match made {
            Ok(inbox) => all.push(inbox),
            Err(Error::Conflict { code, .. }) => assert_eq!(code, "too_many_inboxes"),
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(all.len(), INBOXES_MAX);
    s.store.create_inbox(s.other, InboxAnswer::default(), ACTOR, now()).await.unwrap();
    s.store.delete_inbox(s.company, all[0].id, ACTOR, now()).await.unwrap();
    made(&s).await;
    // What has ended takes no place, removed or not.
    let later = now() + LIFE;
    s.store.create_inbox(s.company, InboxAnswer::default(), ACTOR, later).await.unwrap();
}

async fn requests_are_kept_newest_first_and_any_bytes(s: Setup) {
    let record = made(&s).await;
    let inbox = open(&s, &record).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let arrived = arrived(&format!("/{number}?a=%00"));
        ids.insert(0, s.store.record_inbox_request(&inbox, &arrived, now()).await.unwrap());
    }
    let first = s.store.inbox_requests(s.company, record.id, page(2, None), now()).await.unwrap();
    let next = page(2, first.next);
    let rest = s.store.inbox_requests(s.company, record.id, next, now()).await.unwrap();
    let listed: Vec<_> = first.data.iter().chain(&rest.data).collect();
    assert_eq!(listed.iter().map(|request| request.id).collect::<Vec<_>>(), ids);
    assert_eq!(rest.next, None);
    let without_body = ArrivedRequest { body: Vec::new(), ..arrived("/2?a=%00") };
    assert_eq!((&listed[0].request, listed[0].received_at), (&without_body, now()));
    let one = s.store.inbox_request(s.company, record.id, ids[0], now()).await.unwrap();
    assert_eq!((one.request, one.inbox), (arrived("/2?a=%00"), record.id));
    assert_eq!(s.count("FROM inbox_requests WHERE signature = 'wrong'").await, 3);
    let elsewhere = made(&s).await;
    assert!(is_not_found(s.store.inbox_request(s.company, elsewhere.id, ids[0], now()).await));
}

async fn only_the_newest_are_kept_of_each(s: Setup) {
    let (full, other) = (made(&s).await, made(&s).await);
    fill(&s, &open(&s, &other).await, 2, now()).await;
    fill(&s, &open(&s, &full).await, REQUESTS_KEPT_MAX, now()).await;
    let kept = async || s.store.inbox(s.company, full.id, now()).await.unwrap().requests_kept;
    assert_eq!(kept().await, u64::from(REQUESTS_KEPT_MAX));
    fill(&s, &open(&s, &full).await, 3, now()).await;
    assert_eq!(kept().await, u64::from(REQUESTS_KEPT_MAX));
    assert_eq!(s.count("FROM inbox_requests WHERE path = '/0'").await, 2);
    assert_eq!(s.count("FROM inbox_requests WHERE path = '/3'").await, 1);
    assert_eq!(s.store.inbox(s.company, other.id, now()).await.unwrap().requests_kept, 2);
}

async fn it_lives_on_while_it_is_used_and_ends_in_slices(s: Setup) {
    let (used, idle) = (made(&s).await, made(&s).await);
    fill(&s, &open(&s, &idle).await, 120, now()).await;
    fill(&s, &open(&s, &used).await, 1, now() + LIFE_STEP - TimeDelta::microseconds(1)).await;
    let expires_at = async |inbox: InboxId, at| {
        s.store.inbox(s.company, inbox, at).await.map(|record| record.expires_at)
    };
    assert_eq!(expires_at(used.id, now()).await.unwrap(), now() + LIFE);
    fill(&s, &open(&s, &used).await, 1, now() + LIFE_STEP).await;
    assert_eq!(expires_at(used.id, now()).await.unwrap(), now() + LIFE_STEP + LIFE);
    assert_eq!(s.store.end_inboxes(now() + LIFE - TimeDelta::seconds(1)).await.unwrap(), 0);

    let end = now() + LIFE;
    assert!(is_not_found(expires_at(idle.id, end).await));
    assert!(is_not_found(s.store.open_inbox(&idle.key, end).await));
    assert!(is_not_found(s.store.inbox_requests(s.company, idle.id, page(1, None), end).await));
    let listed = s.store.inboxes(s.company, page(10, None), end).await.unwrap();
    assert_eq!(listed.data.iter().map(|inbox| inbox.id).collect::<Vec<_>>(), [used.id]);
    let mut slices = 0;
    while s.store.end_inboxes(end).await.unwrap() > 0 {
        slices += 1;
        assert!(slices < 10);
    }
    assert!(slices >= 2, "120 rows are more than one slice");
    assert_eq!(s.count("FROM inboxes").await, 1);
    assert_eq!(s.count("FROM inbox_requests").await, 2, "of the one that lives");
    // Of one that lives on, what is as old as that goes too.
    s.store.open_inbox(&used.key, end).await.unwrap();
    while s.store.end_inboxes(now() + LIFE + TimeDelta::minutes(59)).await.unwrap() > 0 {}
    assert_eq!(s.count("FROM inbox_requests").await, 2, "ids know the time they were made at");
    while s.store.end_inboxes(now() + LIFE + LIFE_STEP).await.unwrap() > 0 {}
    assert_eq!(s.count("FROM inboxes").await, 0);
}

async fn another_company_finds_nothing(s: Setup) {
    let record = made(&s).await;
    let inbox = open(&s, &record).await;
    let request = s.store.record_inbox_request(&inbox, &arrived("/"), now()).await.unwrap();
    let (id, patch) = (record.id, InboxPatch::default());
    assert!(is_not_found(s.store.inbox(s.other, id, now()).await));
    assert!(is_not_found(s.store.update_inbox(s.other, id, patch, ACTOR, now()).await));
    assert!(is_not_found(s.store.empty_inbox(s.other, id, ACTOR, now()).await));
    assert!(is_not_found(s.store.delete_inbox(s.other, id, ACTOR, now()).await));
    assert!(is_not_found(s.store.inbox_requests(s.other, id, page(1, None), now()).await));
    assert!(is_not_found(s.store.inbox_request(s.other, id, request, now()).await));
    assert!(s.store.inboxes(s.other, page(1, None), now()).await.unwrap().data.is_empty());
    let made_up = PathKey::from_random([7; 16]);
    assert!(is_not_found(s.store.open_inbox(&made_up, now()).await));
    assert_eq!(s.store.inbox(s.company, id, now()).await.unwrap().requests_kept, 1);
}

async fn the_keys_are_those_of_the_endpoints_that_have_its_url(s: Setup) {
    let record = made(&s).await;
    let url = |base: &str| format!("{base}/inbox/{}", record.key.as_str());
    let at = |url: String| NewEndpoint { url, ..new_endpoint() };
    let keys = async || open(&s, &record).await.senders.keys.keys.len();
    assert_eq!(keys().await, 0);
    let own = at(url("HTTP://127.0.0.1:8080"));
    let own = s.store.create_endpoint(s.company, own, ACTOR, now()).await.unwrap();
    for other in [
        url("https://example.com/x"),
        format!("https://example.com/?u={}", url("http://127.0.0.1:8080")),
        url("http://127.0.0.1:8080").replace("/inbox/", "/INBOX/"),
        url("http://127.0.0.1:8080").to_lowercase(),
    ] {
        s.store.create_endpoint(s.company, at(other), ACTOR, now()).await.unwrap();
    }
    let foreign = at(url("http://127.0.0.1:8080"));
    s.store.create_endpoint(s.other, foreign, ACTOR, now()).await.unwrap();
    // Each change shows at once: what is remembered stands under a version.
    assert_eq!(keys().await, 1);
    let deeper = at(url("http://127.0.0.1:8080") + "/orders?x=1");
    let deeper = s.store.create_endpoint(s.company, deeper, ACTOR, now()).await.unwrap();
    assert_eq!(keys().await, 2);
    let elsewhere = EndpointPatch { url: Some("https://example.com".into()), ..Default::default() };
    s.store.update_endpoint(s.company, deeper.id, elsewhere, ACTOR, now()).await.unwrap();
    assert_eq!(keys().await, 1);

    let new = secret("another-secret-of-some-length");
    let overlap = TimeDelta::hours(1);
    s.store.rotate_secret(s.company, own.id, new.clone(), overlap, ACTOR, now()).await.unwrap();
    let inbox = open(&s, &record).await;
    for signed_by in [&new, &secret("a-secret-of-some-length")] {
        let keys = domain::secret::SigningKeys::new(signed_by, &[]);
        let made = keys.sign("evt_1", now(), b"{}");
        let one = &inbox.senders.keys.keys[0];
        assert!(one.verifies_standard("evt_1", now(), b"{}", &made.standard));
        assert!(one.verifies_hub(now(), b"{}", &made.hub));
        assert!(!one.verifies_hub(now(), b"{} ", &made.hub));
    }
    s.store.delete_endpoint(s.company, own.id, ACTOR, now()).await.unwrap();
    assert_eq!(keys().await, 0);
    for _ in 0..11 {
        let own = at(url("http://127.0.0.1:8080"));
        s.store.create_endpoint(s.company, own, ACTOR, now()).await.unwrap();
    }
    let inbox = open(&s, &record).await;
    let keys = &inbox.senders.keys;
    assert_eq!((keys.keys.len(), keys.complete), (10, false));
    assert_eq!(inbox.senders.custom_headers[0], "Authorization");
}
