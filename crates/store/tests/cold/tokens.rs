//! Tokens and companies.

use chrono::TimeDelta;
use domain::id::{CompanyId, TokenId};
use domain::scope::Scope;
use store::{Bearer, Error, NewToken};

use crate::setup::{ACTOR, Setup, now, on_both, page};

on_both!(
    a_token_lets_in_until_it_is_revoked_or_expires,
    garbage_is_refused_without_the_database,
    last_use_is_noted_once_a_minute,
    ingest_remembers_until_told,
    tokens_are_listed_without_the_token,
    an_owner_is_one_person_in_many_companies,
);

fn new_token() -> NewToken {
    NewToken { name: "ci".into(), scopes: vec![Scope::EventsWrite], expires_at: None }
}

async fn a_token_lets_in_until_it_is_revoked_or_expires(s: Setup) {
    let version = s.config_version().await;
    let (record, text) = s.store.create_token(s.company, new_token(), ACTOR, now()).await.unwrap();
    assert_eq!(s.config_version().await, version + 1);
    let caller = s.store.authenticate(&text, now()).await.unwrap();
    assert_eq!((caller.company, caller.bearer), (s.company, Bearer::Token(record.id)));
    assert_eq!((caller.scopes, caller.config_version), (vec![Scope::EventsWrite], version + 1));

    let foreign = s.store.revoke_token(s.other, record.id, ACTOR, now()).await;
    assert!(matches!(foreign, Err(Error::NotFound)));
    s.store.revoke_token(s.company, record.id, ACTOR, now()).await.unwrap();
    s.store.revoke_token(s.company, record.id, ACTOR, now()).await.unwrap();
    assert_eq!(s.config_version().await, version + 2);
    assert!(matches!(s.store.authenticate(&text, now()).await, Err(Error::Unauthorized)));
    assert_eq!(s.count("FROM audit_log WHERE action = 'token.revoked'").await, 1);

    let end = now() + TimeDelta::hours(1);
    let token = NewToken { expires_at: Some(end), ..new_token() };
    let (_, text) = s.store.create_token(s.company, token, ACTOR, now()).await.unwrap();
    let just_before = end - TimeDelta::microseconds(1);
    assert!(s.store.authenticate_for_ingest(&text, just_before).await.is_ok());
    assert!(matches!(s.store.authenticate_for_ingest(&text, end).await, Err(Error::Unauthorized)));
    assert!(matches!(s.store.authenticate(&text, end).await, Err(Error::Unauthorized)));
}

async fn garbage_is_refused_without_the_database(s: Setup) {
    let (_, text) = s.store.create_token(s.company, new_token(), ACTOR, now()).await.unwrap();
    // Without its table, a look into the database would be another error.
    s.sql("DROP TABLE api_tokens", vec![]).await;
    for bad in ["", "hkf_", "Bearer x", &text[1..], &text.replace("hkf_", "hkf_0")] {
        let refused = s.store.authenticate(bad, now()).await;
        assert!(matches!(refused, Err(Error::Unauthorized)), "{bad}");
    }
    assert!(matches!(s.store.authenticate(&text, now()).await, Err(Error::Database(_))));
}

async fn last_use_is_noted_once_a_minute(s: Setup) {
    let (_, text) = s.store.create_token(s.company, new_token(), ACTOR, now()).await.unwrap();
    for (after, noted) in [(0, 0), (59, 0), (60, 60), (61, 60)] {
        s.store.authenticate(&text, now() + TimeDelta::seconds(after)).await.unwrap();
        let listed = s.store.tokens(s.company, page(10, None)).await.unwrap();
        let last_used_at = listed.data[0].last_used_at;
        assert_eq!(last_used_at, Some(now() + TimeDelta::seconds(noted)), "{after}");
    }
}

async fn ingest_remembers_until_told(s: Setup) {
    let (record, text) = s.store.create_token(s.company, new_token(), ACTOR, now()).await.unwrap();
    let remembered = s.store.authenticate_for_ingest(&text, now()).await.unwrap();
    // Another node revokes: this one does not hear of it, but the version has moved on.
    s.sql("UPDATE api_tokens SET revoked_at = 1", vec![]).await;
    s.sql("UPDATE companies SET config_version = config_version + 1", vec![]).await;
    let again = s.store.authenticate_for_ingest(&text, now()).await.unwrap();
    assert!(again.config_version == remembered.config_version);
    assert!(again.config_version < s.config_version().await);
    // This node revokes: it forgets at once.
    s.sql("UPDATE api_tokens SET revoked_at = NULL", vec![]).await;
    s.store.revoke_token(s.company, record.id, ACTOR, now()).await.unwrap();
    let refused = s.store.authenticate_for_ingest(&text, now()).await;
    assert!(matches!(refused, Err(Error::Unauthorized)));
}

async fn tokens_are_listed_without_the_token(s: Setup) {
    let mut made = Vec::new();
    for _ in 0..3 {
        let token = s.store.create_token(s.company, new_token(), ACTOR, now()).await.unwrap();
        made.insert(0, token);
    }
    let first = s.store.tokens(s.company, page(2, None)).await.unwrap();
    let rest = s.store.tokens(s.company, page(2, first.next)).await.unwrap();
    let ids: Vec<TokenId> = first.data.iter().chain(&rest.data).map(|token| token.id).collect();
    assert_eq!(ids, made.iter().map(|(record, _)| record.id).collect::<Vec<_>>());
    assert_eq!(rest.next, None);
    for (record, text) in &made {
        assert!(text.ends_with(record.hint.trim_start_matches("hkf_…")) && record.hint.len() < 16);
        assert_eq!(s.store.token_company(record.id).await.unwrap(), s.company);
    }
    assert!(s.store.tokens(s.other, page(2, None)).await.unwrap().data.is_empty());
    let nobody = CompanyId::from_raw(4);
    let refused = s.store.create_token(nobody, new_token(), ACTOR, now()).await;
    assert!(matches!(refused, Err(Error::NotFound)));
}

async fn an_owner_is_one_person_in_many_companies(s: Setup) {
    let second = s.store.create_company("Second", " ann@EXAMPLE.com", now()).await.unwrap();
    assert_eq!(s.count("FROM users").await, 2);
    assert_eq!(s.count("FROM members WHERE role = 'owner'").await, 3);
    assert_eq!(s.store.company(second.id).await.unwrap().name, "Second");
    let names: Vec<String> =
        s.store.companies().await.unwrap().into_iter().map(|company| company.name).collect();
    assert_eq!(names, ["Second", "Other", "Acme"]);
    let nobody = s.store.company(CompanyId::from_raw(4)).await;
    assert!(matches!(nobody, Err(Error::NotFound)));
}
