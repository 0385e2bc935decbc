//! Endpoints: sealing, rotation, switches.

use chrono::TimeDelta;
use domain::endpoint::{Health, Status};
use domain::event_type::Selector;
use domain::id::EndpointId;
use store::{
    Actor, EndpointPatch, Error, Hint, MasterKey, NewEndpoint, ScheduleChoice, Store, SwitchWanted,
};

use crate::setup::{ACTOR, Pending, Setup, new_endpoint, now, on_both, page, secret};

on_both!(
    an_endpoint_reads_back_as_it_was_made,
    secrets_and_headers_are_sealed,
    another_master_key_is_refused_with_a_sentence,
    rotation_keeps_what_still_signs,
    a_patch_changes_what_it_names,
    own_names_are_unique_until_deleted,
    another_companys_endpoint_is_not_found,
    enabling_starts_afresh_and_wakes_what_waits,
    a_good_sample_heals_and_a_bad_one_counts_nothing,
    a_deleted_endpoint_is_gone,
);

async fn an_endpoint_reads_back_as_it_was_made(s: Setup) {
    let version = s.config_version().await;
    let waits = vec![TimeDelta::seconds(5), TimeDelta::days(7)];
    let schedule = ScheduleChoice::Custom(waits);
    let new = NewEndpoint { schedule: schedule.clone(), ..new_endpoint() };
    let made = s.store.create_endpoint(s.company, new, ACTOR, now()).await.unwrap();
    assert_eq!(s.config_version().await, version + 1);
    let read = s.store.endpoint(s.company, made.id).await.unwrap();
    assert_eq!(read.url, "https://example.com/hooks");
    assert_eq!(read.event_types, [Selector::parse("message.*").unwrap()]);
    assert_eq!((read.schedule, read.header_names), (schedule, vec!["Authorization".to_owned()]));
    assert_eq!((read.created_at, read.updated_at), (now(), now()));
    assert_eq!((read.state.status(), read.last_status), (Status::Enabled, None));
    let target = s.store.target(s.company, made.id, now()).await.unwrap();
    assert_eq!(target.headers, [("Authorization".to_owned(), "Bearer open-sesame".to_owned())]);
    assert_eq!((target.schedule.tries_max(), target.url.path()), (3, "/hooks"));
}

async fn secrets_and_headers_are_sealed(s: Setup) {
    let endpoint = s.endpoint().await;
    let row = s.row("SELECT sealed_secrets, sealed_headers FROM endpoints").await;
    for (column, plain) in
        [("sealed_secrets", "a-secret-of-some-length"), ("sealed_headers", "open-sesame")]
    {
        let sealed: Vec<u8> = row.try_get("", column).unwrap();
        let plain = plain.as_bytes();
        assert!(sealed.len() > plain.len());
        assert!(!sealed.windows(plain.len()).any(|bytes| bytes == plain), "{column}");
    }
    let shown = s.store.endpoint_secrets(s.company, endpoint.id, ACTOR, now()).await.unwrap();
    assert_eq!(shown.current.as_str(), "a-secret-of-some-length");
    assert_eq!(shown.headers[0].1, "Bearer open-sesame");
    assert_eq!(s.count("FROM audit_log WHERE action = 'endpoint.secret_shown'").await, 1);
    let facts = s.count("FROM audit_log WHERE facts LIKE '%sesame%' OR facts LIKE '%a-secret%'");
    assert_eq!(facts.await, 0);
    // Moved to another row, what is sealed does not open.
    let other = s.endpoint().await;
    s.sql(
        "UPDATE endpoints SET sealed_secrets = (SELECT sealed_secrets FROM endpoints WHERE id = $1) \
         WHERE id = $2",
        vec![endpoint.id.raw().into(), other.id.raw().into()],
    )
    .await;
    let refused = s.store.target(s.company, other.id, now()).await.unwrap_err();
    assert!(matches!(refused, Error::MasterKey(_)), "{refused:?}");
}

async fn another_master_key_is_refused_with_a_sentence(s: Setup) {
    s.endpoint().await;
    let mut config = s.config.clone();
    config.master_key = MasterKey::from_bytes([6; 32]);
    let refused = Store::open(config).await.unwrap_err();
    assert!(matches!(refused, Error::MasterKey(_)), "{refused:?}");
    assert!(refused.to_string().contains("HOOKFERRY_MASTER_KEY"), "{refused}");
    Store::open(s.config.clone()).await.unwrap();
}

async fn rotation_keeps_what_still_signs(s: Setup) {
    let id = s.endpoint().await.id;
    let hour = TimeDelta::hours(1);
    let rotate = |number: i32, overlap, at| {
        let new = secret(&format!("secret-number-{number:03}"));
        s.store.rotate_secret(s.company, id, new, overlap, ACTOR, at)
    };
    let version = s.config_version().await;
    let secrets = rotate(1, hour, now()).await.unwrap();
    assert_eq!(s.config_version().await, version + 1);
    let (old, until) = &secrets.previous[0];
    assert_eq!((old.as_str(), *until), ("a-secret-of-some-length", now() + hour));

    // The first has passed when the second comes.
    let secrets = rotate(2, hour, now() + hour).await.unwrap();
    let names: Vec<&str> = secrets.previous.iter().map(|(old, _)| old.as_str()).collect();
    assert_eq!(names, ["secret-number-001"]);

    let at = now() + hour;
    for number in 3..6 {
        rotate(number, hour, at).await.unwrap();
    }
    let half = at + hour / 2;
    rotate(6, hour, half).await.unwrap();
    let refused = rotate(7, hour, half).await;
    let Err(Error::Conflict { code: "too_many_secrets", detail }) = refused else {
        panic!("{refused:?}")
    };
    assert!(detail.contains("wait until 2026-11-20T14:00:00"), "{detail}");
    let version = s.config_version().await;
    let shown = s.store.endpoint_secrets(s.company, id, ACTOR, at).await.unwrap();
    let names: Vec<&str> = shown.previous.iter().map(|(old, _)| old.as_str()).collect();
    let expected: Vec<String> = (1..6).rev().map(|n| format!("secret-number-{n:03}")).collect();
    assert_eq!(
        (shown.current.as_str(), names),
        ("secret-number-006", expected.iter().map(String::as_str).collect())
    );
    let later = s.store.endpoint_secrets(s.company, id, ACTOR, at + hour).await.unwrap();
    assert_eq!(later.previous.len(), 1);
    assert_eq!(s.config_version().await, version, "what was refused changed nothing");
    let secrets = rotate(7, hour, at + hour).await.unwrap();
    assert_eq!(secrets.previous.len(), 2, "the others' overlap has ended");

    let secrets = rotate(10, TimeDelta::zero(), at).await.unwrap();
    assert!(secrets.previous.is_empty());
}

async fn a_patch_changes_what_it_names(s: Setup) {
    let made = s.endpoint().await;
    let later = now() + TimeDelta::minutes(1);
    let patch = EndpointPatch {
        description: Some("the other shop".into()),
        headers: Some(vec![("X-New".into(), Some("1".into())), ("authorization".into(), None)]),
        ..EndpointPatch::default()
    };
    let update = |patch| s.store.update_endpoint(s.company, made.id, patch, ACTOR, later);
    let changed = update(patch).await.unwrap();
    assert_eq!((changed.url, changed.updated_at), (made.url, later));
    assert_eq!((changed.description.as_str(), changed.state), ("the other shop", made.state));
    let secrets = s.store.endpoint_secrets(s.company, made.id, ACTOR, later).await.unwrap();
    let kept = ("authorization".to_owned(), "Bearer open-sesame".to_owned());
    assert_eq!(secrets.headers, [("X-New".to_owned(), "1".to_owned()), kept]);

    let unknown = Some(vec![("X-Unknown".to_owned(), None)]);
    let refused = update(EndpointPatch { headers: unknown, ..EndpointPatch::default() }).await;
    assert!(matches!(refused, Err(Error::Conflict { code: "header_has_no_value", .. })));
    let none = update(EndpointPatch { headers: Some(vec![]), ..EndpointPatch::default() }).await;
    assert!(none.unwrap().header_names.is_empty());
}

async fn own_names_are_unique_until_deleted(s: Setup) {
    let named = || NewEndpoint { external_key: Some("shop".into()), ..new_endpoint() };
    let first = s.store.create_endpoint(s.company, named(), ACTOR, now()).await.unwrap();
    let twice = s.store.create_endpoint(s.company, named(), ACTOR, now()).await;
    assert!(matches!(twice, Err(Error::Conflict { code: "external_key_taken", .. })));
    s.store.create_endpoint(s.other, named(), ACTOR, now()).await.unwrap();
    let second = s.endpoint().await;
    let rename =
        || EndpointPatch { external_key: Some(Some("shop".into())), ..EndpointPatch::default() };
    let taken = s.store.update_endpoint(s.company, second.id, rename(), ACTOR, now()).await;
    assert!(matches!(taken, Err(Error::Conflict { code: "external_key_taken", .. })));
    s.store.update_endpoint(s.company, first.id, rename(), ACTOR, now()).await.unwrap();
    assert_eq!(s.store.endpoint_by_key(s.company, "shop").await.unwrap().id, first.id);
    s.store.delete_endpoint(s.company, first.id, ACTOR, now()).await.unwrap();
    let gone = s.store.endpoint_by_key(s.company, "shop").await;
    assert!(matches!(gone, Err(Error::NotFound)));
    s.store.update_endpoint(s.company, second.id, rename(), ACTOR, now()).await.unwrap();
}

async fn another_companys_endpoint_is_not_found(s: Setup) {
    let id = s.endpoint().await.id;
    let (store, other) = (&s.store, s.other);
    let hour = TimeDelta::hours(1);
    let new = secret("secret-number-001");
    for refused in [
        store.endpoint(other, id).await.err(),
        store.target(other, id, now()).await.err(),
        store.endpoint_secrets(other, id, ACTOR, now()).await.err(),
        store.rotate_secret(other, id, new, hour, ACTOR, now()).await.err(),
        store.update_endpoint(other, id, EndpointPatch::default(), ACTOR, now()).await.err(),
        store.delete_endpoint(other, id, ACTOR, now()).await.err(),
        store.record_sample(other, id, true, ACTOR, now()).await.err(),
        store.endpoint(s.company, EndpointId::from_raw(1)).await.err(),
    ] {
        assert!(matches!(refused, Some(Error::NotFound)), "{refused:?}");
    }
    assert!(store.endpoints(other, page(9, None)).await.unwrap().data.is_empty());
    assert_eq!(store.endpoints(s.company, page(9, None)).await.unwrap().data.len(), 1);
}

async fn make_defective(s: &Setup, id: EndpointId) {
    let since = now().timestamp_micros();
    s.sql(
        "UPDATE endpoints SET failures = 100, failing_since = $1, defective_at = $1, \
         last_status = 500, last_error = 'it said 500' WHERE id = $2",
        vec![since.into(), id.raw().into()],
    )
    .await;
    s.sql(
        "INSERT INTO lanes (endpoint_id, company_id, next_due, hold_until) \
         VALUES ($1, $2, $3, $3)",
        vec![id.raw().into(), s.company.raw().into(), (since + 1_000_000_000).into()],
    )
    .await;
}

async fn switch(
    s: &Setup,
    id: EndpointId,
    switch: SwitchWanted,
    minute: i64,
) -> store::EndpointRecord {
    let patch = EndpointPatch { switch: Some(switch), ..EndpointPatch::default() };
    let at = now() + TimeDelta::minutes(minute);
    s.store.update_endpoint(s.company, id, patch, ACTOR, at).await.unwrap()
}

async fn enabling_starts_afresh_and_wakes_what_waits(s: Setup) {
    let id = s.endpoint().await.id;
    make_defective(&s, id).await;
    let record = s.store.endpoint(s.company, id).await.unwrap();
    assert_eq!((record.state.status(), record.last_status), (Status::Defective, Some(500)));
    s.event(1, "message.received", "34600", None).await;
    s.pending(1, id, Pending::default()).await;

    switch(&s, id, SwitchWanted::Paused, 1).await;
    let held = switch(&s, id, SwitchWanted::Disabled, 2).await;
    assert_eq!(held.state.held_since(), Some(now() + TimeDelta::minutes(1)));
    let mut hints = s.store.hints();
    let record = switch(&s, id, SwitchWanted::Enabled, 3).await;
    assert_eq!((record.state.health, record.state.epoch), (Health::Healthy, 1));
    assert_eq!(record.state.held_total, TimeDelta::minutes(2));
    assert_eq!((record.last_status, record.last_error), (None, None));
    let lane = s.row("SELECT next_due, hold_until, version FROM lanes").await;
    let due: i64 = lane.try_get("", "next_due").unwrap();
    assert_eq!(due, (now() + TimeDelta::minutes(3)).timestamp_micros());
    assert_eq!(lane.try_get::<i64>("", "hold_until").unwrap(), 0);
    assert!(lane.try_get::<i64>("", "version").unwrap() > 0);
    let told = [hints.try_recv().unwrap(), hints.try_recv().unwrap()];
    assert!(matches!(told, [Hint::ConfigChanged(_), Hint::LaneDue(_)]), "{told:?}");

    // The same URL again is no change; another one starts afresh.
    for (url, epoch) in [("https://example.com/hooks", 1), ("https://example.com/new", 2)] {
        let patch = EndpointPatch { url: Some(url.into()), ..EndpointPatch::default() };
        let record = s.store.update_endpoint(s.company, id, patch, ACTOR, now()).await.unwrap();
        assert_eq!(record.state.epoch, epoch);
    }
}

async fn a_good_sample_heals_and_a_bad_one_counts_nothing(s: Setup) {
    let id = s.endpoint().await.id;
    make_defective(&s, id).await;
    let actor = Actor::Token(domain::id::TokenId::from_raw(77));
    s.store.record_sample(s.company, id, false, actor, now()).await.unwrap();
    assert_eq!(s.store.endpoint(s.company, id).await.unwrap().state.streak(), 100);
    s.store.record_sample(s.company, id, true, actor, now()).await.unwrap();
    let record = s.store.endpoint(s.company, id).await.unwrap();
    assert_eq!((record.state.status(), record.state.epoch), (Status::Enabled, 0));
    assert_eq!(s.count("FROM lanes WHERE hold_until = 0 AND version = 1").await, 1);
    let kind = "kind = 'endpoint_recovered' AND recipient = 'Ann@Example.com'";
    assert_eq!(s.count(&format!("FROM mail_outbox WHERE {kind}")).await, 1);
    let lines = format!(
        "FROM audit_log WHERE action = 'endpoint.sample_sent' AND actor = '{}'",
        domain::id::TokenId::from_raw(77)
    );
    assert_eq!(s.count(&lines).await, 2);
    // A sample does not touch the switch.
    switch(&s, id, SwitchWanted::Disabled, 1).await;
    s.store.record_sample(s.company, id, true, actor, now()).await.unwrap();
    let record = s.store.endpoint(s.company, id).await.unwrap();
    assert_eq!(record.state.status(), Status::Disabled);
}

async fn a_deleted_endpoint_is_gone(s: Setup) {
    let id = s.endpoint().await.id;
    let version = s.config_version().await;
    s.store.delete_endpoint(s.company, id, ACTOR, now()).await.unwrap();
    assert_eq!(s.config_version().await, version + 1);
    assert!(matches!(s.store.endpoint(s.company, id).await, Err(Error::NotFound)));
    assert!(matches!(s.store.target(s.company, id, now()).await, Err(Error::NotFound)));
    let twice = s.store.delete_endpoint(s.company, id, ACTOR, now()).await;
    assert!(matches!(twice, Err(Error::NotFound)));
    assert_eq!(s.config_version().await, version + 1);
}
