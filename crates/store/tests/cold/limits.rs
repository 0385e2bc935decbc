//! What a company may, under concurrency; companies as the operator sees them; keys for endpoints.

use chrono::TimeDelta;
use domain::external_key::EndpointName;
use domain::limits::Limit;
use domain::person::EmailAddress;
use domain::role::Role;
use domain::scope::Scope;
use futures_util::future::join_all;
use store::{
    Actor, CompanyFilter, CompanyPatch, EndpointPatch, Error, NewEndpoint, NewToken, Store,
    SwitchWanted,
};

use crate::setup::{ACTOR, Setup, new_endpoint, now, on_both, page};

on_both!(
    two_nodes_at_once_have_no_more_endpoints_than_there_may_be,
    only_tokens_that_work_count,
    invitations_count_for_a_day,
    a_company_sees_what_it_uses,
    companies_are_found_by_id_name_and_owner,
    a_suspended_company_is_read_and_not_changed,
    the_time_of_a_suspension_counts_as_held,
    a_key_names_an_endpoint_that_is_there,
);

async fn limit(s: &Setup, limit: Limit, max: u32) {
    let patch = CompanyPatch { limits: vec![(limit, Some(max))], ..CompanyPatch::default() };
    s.store.update_company(s.company, patch, Actor::Operator, now()).await.unwrap();
}

async fn suspend(s: &Setup, suspended: bool, minutes: i64) {
    let patch = CompanyPatch { suspended: Some(suspended), ..CompanyPatch::default() };
    let at = now() + TimeDelta::minutes(minutes);
    s.store.update_company(s.company, patch, Actor::Operator, at).await.unwrap();
}

async fn two_nodes_at_once_have_no_more_endpoints_than_there_may_be(s: Setup) {
    limit(&s, Limit::Endpoints, 3).await;
    let second = Store::open(s.config.clone()).await.unwrap();
    let make =
        async |store: &Store| store.create_endpoint(s.company, new_endpoint(), ACTOR, now()).await;
    let made =
        join_all((0..10).map(|number| make(if number % 2 == 0 { &s.store } else { &second })));
    let (made, refused): (Vec<_>, Vec<_>) = made.await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (3, 7));
    for refused in refused {
        let refused = refused.unwrap_err();
        let named = matches!(refused, Error::LimitReached { limit: Limit::Endpoints, max: 3 });
        assert!(named, "{refused:?}");
    }
    assert_eq!(s.count("FROM endpoints").await, 3);
    // A deleted one makes room, and another company has its own.
    let gone = made.into_iter().next().unwrap().unwrap().id;
    s.store.delete_endpoint(s.company, gone, ACTOR, now()).await.unwrap();
    make(&second).await.unwrap();
    assert!(make(&s.store).await.is_err());
    s.store.create_endpoint(s.other, new_endpoint(), ACTOR, now()).await.unwrap();
}

async fn only_tokens_that_work_count(s: Setup) {
    limit(&s, Limit::Tokens, 2).await;
    let make = async |expires_at| {
        let token = NewToken { name: "t".into(), scopes: vec![Scope::Admin], expires_at };
        s.store.create_token(s.company, token, ACTOR, now()).await
    };
    let first = make(None).await.unwrap().0;
    make(Some(now())).await.unwrap();
    make(None).await.unwrap();
    let refused = make(None).await.unwrap_err();
    assert!(matches!(refused, Error::LimitReached { limit: Limit::Tokens, max: 2 }), "{refused:?}");
    s.store.revoke_token(s.company, first.id, ACTOR, now()).await.unwrap();
    make(None).await.unwrap();
}

async fn invitations_count_for_a_day(s: Setup) {
    limit(&s, Limit::InvitationsPerDay, 2).await;
    let invite = async |name: &str, hours: i64| {
        let email = EmailAddress::parse(&format!("{name}@example.com")).unwrap();
        let at = now() + TimeDelta::hours(hours);
        s.store.invite(s.company, &email, Role::Viewer, ACTOR, at).await
    };
    let first = invite("a", 0).await.unwrap().0;
    s.store.revoke_invitation(s.company, first.id, ACTOR, now()).await.unwrap();
    invite("b", 1).await.unwrap();
    let refused = invite("c", 2).await.unwrap_err();
    let Error::RateLimited { limit: Limit::InvitationsPerDay, max: 2, wait } = refused else {
        panic!("{refused:?}")
    };
    assert!((wait - TimeDelta::hours(22)).abs() < TimeDelta::seconds(1), "{wait}");
    invite("c", 25).await.unwrap();
    assert!(invite("d", 24).await.is_err());
}

async fn a_company_sees_what_it_uses(s: Setup) {
    s.endpoint().await;
    limit(&s, Limit::Endpoints, 7).await;
    let record = s.store.limits(s.company, now()).await.unwrap();
    assert_eq!(record.suspended_since, None);
    let of = |wanted: Limit| *record.limits.iter().find(|used| used.limit == wanted).unwrap();
    let endpoints = of(Limit::Endpoints);
    assert_eq!((endpoints.max, endpoints.is_own, endpoints.used), (7, true, Some(1)));
    let members = of(Limit::Members);
    assert_eq!((members.max, members.is_own, members.used), (1_000, false, Some(1)));
    assert_eq!(of(Limit::EventsPerSecond).used, None);
    assert_eq!(record.limits.len(), Limit::ALL.len());
}

async fn companies_are_found_by_id_name_and_owner(s: Setup) {
    s.endpoint().await;
    s.sql("UPDATE endpoints SET defective_at = 1, failures = 100, failing_since = 1", Vec::new())
        .await;
    s.store.create_endpoint(s.company, new_endpoint(), ACTOR, now()).await.unwrap();
    let odd = s.store.create_company("100%_odd", "Ann@Example.com", now()).await.unwrap().id;
    let find = async |text: &str| -> Vec<_> {
        let filter = CompanyFilter { text: Some(text.to_owned()), suspended: None };
        let found = s.store.company_standings(filter, page(50, None)).await.unwrap();
        found.data.into_iter().map(|company| company.id).collect()
    };
    assert_eq!(find("ACM").await, [s.company]);
    assert_eq!(find("%_").await, [odd]);
    assert_eq!(find("%").await, [odd]);
    assert_eq!(find("ann@example.com").await, [odd, s.company]);
    assert_eq!(find("ann@example").await, []);
    assert_eq!(find(&s.other.to_string()).await, [s.other]);
    assert_eq!(find("nobody").await, []);

    let all = CompanyFilter::default;
    let first = s.store.company_standings(all(), page(2, None)).await.unwrap();
    let rest = s.store.company_standings(all(), page(2, first.next)).await.unwrap();
    assert_eq!((first.data.len(), rest.data.len(), rest.next), (2, 1, None));
    let acme = &rest.data[0];
    assert_eq!((acme.name.as_str(), acme.endpoints, acme.defective), ("Acme", 2, 1));
    assert_eq!(acme.owners, ["Ann@Example.com"]);
    suspend(&s, true, 0).await;
    let filter = CompanyFilter { suspended: Some(true), ..all() };
    let suspended = s.store.company_standings(filter, page(9, None)).await.unwrap().data;
    assert_eq!(suspended.len(), 1);
    assert_eq!(suspended[0].suspended_since, Some(now()));
}

async fn a_suspended_company_is_read_and_not_changed(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let version = s.config_version().await;
    suspend(&s, true, 0).await;
    assert!(s.config_version().await > version);
    let made = s.store.create_endpoint(s.company, new_endpoint(), ACTOR, now()).await;
    assert!(matches!(made, Err(Error::Suspended)));
    let patch = EndpointPatch { description: Some("x".into()), ..EndpointPatch::default() };
    let changed = s.store.update_endpoint(s.company, endpoint, patch, ACTOR, now()).await;
    assert!(matches!(changed, Err(Error::Suspended)));
    s.store.endpoint(s.company, endpoint).await.unwrap();
    s.store.create_endpoint(s.other, new_endpoint(), ACTOR, now()).await.unwrap();
    suspend(&s, true, 5).await;
    let standing = s.store.company_standing(s.company).await.unwrap();
    assert_eq!(standing.suspended_since, Some(now()), "the first time counts");
    suspend(&s, false, 6).await;
    suspend(&s, false, 7).await;
    s.store.create_endpoint(s.company, new_endpoint(), ACTOR, now()).await.unwrap();
    for action in ["company.suspended", "company.resumed"] {
        let told = format!("FROM audit_log WHERE action = '{action}' AND actor = 'operator'");
        assert_eq!(s.count(&told).await, 1, "{action}");
    }
}

async fn the_time_of_a_suspension_counts_as_held(s: Setup) {
    let on = s.endpoint().await.id;
    let with = async |switch| {
        let wanted = NewEndpoint { switch, ..new_endpoint() };
        s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap().id
    };
    let paused = with(SwitchWanted::Paused).await;
    let idle = with(SwitchWanted::Enabled).await;
    s.pending(1, on, crate::setup::Pending::default()).await;
    s.pending(2, paused, crate::setup::Pending::default()).await;
    suspend(&s, true, 10).await;
    let target = s.store.target(s.company, on, now()).await.unwrap();
    let later = now() + TimeDelta::days(30);
    assert!(target.state.is_held());
    assert_eq!(target.state.running_time(later), now() + TimeDelta::minutes(10));
    let walk = s.store.end_given_up(store::AgeWalk::default(), later).await.unwrap();
    assert_eq!(walk.ended, 0, "nobody is given up meanwhile");
    assert_eq!(s.count("FROM lanes").await, 0);

    let days = 30 * 24 * 60;
    suspend(&s, false, 10 + days).await;
    let target = s.store.target(s.company, on, now()).await.unwrap();
    assert!(!target.state.is_held());
    let after = later + TimeDelta::minutes(15);
    assert_eq!(target.state.running_time(after), now() + TimeDelta::minutes(15));
    let paused_state = s.store.endpoint(s.company, paused).await.unwrap().state;
    assert_eq!(paused_state.held_since(), Some(now()), "it was held before, and still is");
    let walk = s.store.end_given_up(store::AgeWalk::default(), after).await.unwrap();
    assert_eq!(walk.ended, 0);
    let lane = format!("FROM lanes WHERE endpoint_id = {}", on.raw());
    assert_eq!((s.count(&lane).await, s.count("FROM lanes").await), (1, 1));
    assert_eq!(s.store.endpoint(s.company, idle).await.unwrap().state.streak(), 0);
}

async fn a_key_names_an_endpoint_that_is_there(s: Setup) {
    let keyed = |key: &str| NewEndpoint { external_key: Some(key.into()), ..new_endpoint() };
    let key = "a/b %2F 日本";
    let made = s.store.create_endpoint(s.company, keyed(key), ACTOR, now()).await.unwrap().id;
    let name = || EndpointName::Key(key.to_owned());
    assert_eq!(s.store.endpoint_named(s.company, name()).await.unwrap(), made);
    assert!(matches!(s.store.endpoint_named(s.other, name()).await, Err(Error::NotFound)));
    s.store.delete_endpoint(s.company, made, ACTOR, now()).await.unwrap();
    assert!(matches!(s.store.endpoint_named(s.company, name()).await, Err(Error::NotFound)));
    let again = s.store.create_endpoint(s.company, keyed(key), ACTOR, now()).await.unwrap().id;
    assert_eq!(s.store.endpoint_named(s.company, name()).await.unwrap(), again);
}
