//! Logins and throttles.

use chrono::TimeDelta;
use domain::id::{CompanyId, LoginId};
use domain::role::Role;
use domain::throttle::Counted;
use store::{Bearer, Error, LoginFrom};

use crate::people::{FROM, is_missing, join, later, owner, person, sign_up, tick};
use crate::setup::{ACTOR, Setup, now, on_both};

on_both!(
    a_login_lasts_thirty_days_after_its_last_use,
    a_login_is_ended_by_its_person_only,
    logging_out_leaves_a_known_address,
    a_login_is_rotated,
    a_person_calls_in_each_of_their_companies,
    failures_are_counted_and_forgotten,
    failures_counted_at_once_are_all_counted,
);

async fn a_login_lasts_thirty_days_after_its_last_use(s: Setup) {
    let cleo = sign_up(&s, "cleo@example.com", true).await;
    let from = LoginFrom { address: "2001:db8::7", user_agent: "Mozilla\u{0}/5.0\n" };
    let (record, token) = s.store.make_login(cleo.user.id, None, from, now()).await.unwrap();
    assert_eq!(
        (record.user_agent.as_str(), record.expires_at),
        ("Mozilla/5.0", later(TimeDelta::days(30)))
    );
    let found = s.store.find_login(&token, later(TimeDelta::minutes(1) - tick())).await.unwrap();
    assert_eq!((found.login, found.user), (record.clone(), cleo.user.clone()));
    assert_eq!(found.memberships.len(), 1);
    assert_eq!(found.memberships[0].company, cleo.company.id);
    // Seen at most once a minute.
    let at = later(TimeDelta::minutes(1));
    assert_eq!(s.store.find_login(&token, at).await.unwrap().login.seen_at, at);
    assert_eq!(s.store.logins(cleo.user.id, at).await.unwrap()[0].seen_at, at);
    let end = at + TimeDelta::days(30);
    let nearly = s.store.find_login(&token, end - tick()).await.unwrap();
    assert_eq!(nearly.login.expires_at, end - tick() + TimeDelta::days(30));
    let end = nearly.login.expires_at;
    assert!(is_missing(&s.store.find_login(&token, end).await));
    assert!(s.store.logins(cleo.user.id, end).await.unwrap().is_empty());
    let late = s.store.caller_of_login(record.id, cleo.user.id, cleo.company.id, end).await;
    assert!(matches!(late, Err(Error::Unauthorized)));
    for bad in ["", "a", &token[1..], &format!("{token}A")] {
        assert!(is_missing(&s.store.find_login(bad, now()).await));
    }
    assert_eq!(s.count("FROM logins WHERE token_hash IS NOT NULL").await, 1);
    assert_eq!(s.count("FROM audit_log WHERE action = 'login.created'").await, 1);
}

async fn a_login_is_ended_by_its_person_only(s: Setup) {
    let (cleo, ann) = (person(&s, "cleo@example.com").await.id, owner(&s).await);
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(s.store.make_login(cleo, None, FROM, now()).await.unwrap());
    }
    let (anns, anns_token) = s.store.make_login(ann, None, FROM, now()).await.unwrap();
    assert!(is_missing(&s.store.revoke_login(ann, made[0].0.id, now()).await));
    s.store.revoke_login(cleo, made[0].0.id, now()).await.unwrap();
    assert!(is_missing(&s.store.revoke_login(cleo, made[0].0.id, now()).await));
    assert!(is_missing(&s.store.find_login(&made[0].1, now()).await));
    let ids: Vec<LoginId> =
        s.store.logins(cleo, now()).await.unwrap().iter().map(|login| login.id).collect();
    assert_eq!(ids, [made[2].0.id, made[1].0.id]);
    assert_eq!(s.store.revoke_other_logins(cleo, made[1].0.id, now()).await.unwrap(), 1);
    assert_eq!(s.store.revoke_other_logins(cleo, made[1].0.id, now()).await.unwrap(), 0);
    assert!(is_missing(&s.store.find_login(&made[2].1, now()).await));
    assert!(s.store.find_login(&made[1].1, now()).await.is_ok());
    assert_eq!(s.store.find_login(&anns_token, now()).await.unwrap().login.id, anns.id);
}

async fn logging_out_leaves_a_known_address(s: Setup) {
    let cleo = person(&s, "cleo@example.com").await.id;
    let is_known = async |address: &str| {
        s.store.is_known_address(cleo, address.parse().unwrap()).await.unwrap()
    };
    assert!(!is_known("192.0.2.7").await);
    let (_, token) = s.store.make_login(cleo, None, FROM, now()).await.unwrap();
    s.store.log_out(&token, now()).await.unwrap();
    s.store.log_out(&token, now()).await.unwrap();
    s.store.log_out("nonsense", now()).await.unwrap();
    assert_eq!(s.count("FROM audit_log WHERE action = 'login.ended'").await, 1);
    assert!(is_missing(&s.store.find_login(&token, now()).await));
    assert!(s.store.logins(cleo, now()).await.unwrap().is_empty());
    assert!(is_known("192.0.2.7").await && is_known("::ffff:192.0.2.7").await);
    assert!(!is_known("192.0.2.8").await);
    let ann = owner(&s).await;
    assert!(!s.store.is_known_address(ann, "192.0.2.7".parse().unwrap()).await.unwrap());
    // Of IPv6 the network counts; a login that its person has revoked does not.
    let from = LoginFrom { address: "2001:db8:1:2:3::4", ..FROM };
    let (login, _) = s.store.make_login(cleo, None, from, now()).await.unwrap();
    assert!(is_known("2001:db8:1:2::9").await && !is_known("2001:db8:1:3::9").await);
    s.store.revoke_login(cleo, login.id, now()).await.unwrap();
    assert!(!is_known("2001:db8:1:2::9").await);
}

async fn a_login_is_rotated(s: Setup) {
    let cleo = person(&s, "cleo@example.com").await.id;
    let (login, old) = s.store.make_login(cleo, None, FROM, now()).await.unwrap();
    assert!(is_missing(&s.store.rotate_login(owner(&s).await, login.id, now()).await));
    let fresh = s.store.rotate_login(cleo, login.id, now()).await.unwrap();
    assert!(is_missing(&s.store.find_login(&old, now()).await));
    assert_eq!(s.store.find_login(&fresh, now()).await.unwrap().login, login);
    assert!(is_missing(&s.store.rotate_login(cleo, login.id, login.expires_at).await));
}

async fn a_person_calls_in_each_of_their_companies(s: Setup) {
    let cleo = sign_up(&s, "cleo@example.com", true).await;
    join(&s, s.company, cleo.user.id, Role::Developer).await;
    let (login, token) = s.store.make_login(cleo.user.id, None, FROM, now()).await.unwrap();
    let caller_in =
        async |company| s.store.caller_of_login(login.id, cleo.user.id, company, now()).await;
    for (company, role) in [(s.company, Role::Developer), (cleo.company.id, Role::Owner)] {
        let caller = caller_in(company).await.unwrap();
        let bearer = Bearer::Login { login: login.id, user: cleo.user.id, role };
        assert_eq!((caller.company, caller.bearer), (company, bearer));
        assert_eq!(caller.scopes, role.scopes());
        assert_eq!(caller.expires_at, Some(login.expires_at));
    }
    assert!(is_missing(&caller_in(s.other).await));
    assert!(is_missing(&caller_in(CompanyId::from_raw(7)).await));
    let foreign = s.store.caller_of_login(login.id, owner(&s).await, s.company, now()).await;
    assert!(matches!(foreign, Err(Error::Unauthorized)), "somebody else's login");
    let found = s.store.find_login(&token, now()).await.unwrap();
    assert_eq!(found.memberships.len(), 2);
    s.store.remove_member(s.company, cleo.user.id, ACTOR, now()).await.unwrap();
    assert!(is_missing(&caller_in(s.company).await));
    assert!(caller_in(cleo.company.id).await.is_ok());
}

async fn failures_are_counted_and_forgotten(s: Setup) {
    let (a, b, c) = ([1; 32], [2; 32], [3; 32]);
    s.store.count_failure(&[a, b], now()).await.unwrap();
    let at = later(TimeDelta::hours(1));
    s.store.count_failure(&[b, b], at).await.unwrap();
    let counted = |failures, last_at| Some(Counted { failures, last_at });
    let found = s.store.failures(&[b, c, a]).await.unwrap();
    assert_eq!(found, [counted(2, at), None, counted(1, now())]);
    // Long after the last one it begins anew, at the very microsecond.
    let day = TimeDelta::hours(24);
    s.store.count_failure(&[a], later(day)).await.unwrap();
    s.store.count_failure(&[b], at + day - tick()).await.unwrap();
    let found = s.store.failures(&[a, b]).await.unwrap();
    assert_eq!(found, [counted(1, later(day)), counted(3, at + day - tick())]);
    // A clock that runs back takes nothing away.
    s.store.count_failure(&[a], now()).await.unwrap();
    assert_eq!(s.store.failures(&[a]).await.unwrap(), [counted(2, later(day))]);
    s.store.clear_failures(a).await.unwrap();
    s.store.clear_failures(a).await.unwrap();
    assert_eq!(s.store.failures(&[a]).await.unwrap(), [None]);
}

async fn failures_counted_at_once_are_all_counted(s: Setup) {
    let (a, b) = ([1; 32], [2; 32]);
    let (one, other) = ([a, b], [b, a]);
    let both = futures_util::future::join_all((0..20).map(|n| {
        let subjects = if n % 2 == 0 { &one } else { &other };
        s.store.count_failure(subjects, now())
    }));
    for counted in both.await {
        counted.unwrap();
    }
    let found = s.store.failures(&[a, b]).await.unwrap();
    assert_eq!(found.map(|counted| counted.unwrap().failures), [20, 20]);
}
