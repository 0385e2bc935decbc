//! People who post events by their login.

use chrono::TimeDelta;
use domain::id::UserId;
use domain::person::{EmailAddress, LOGIN_LASTS};
use domain::role::Role;
use store::{Bearer, Caller, Error, LoginFrom, SwitchWanted};

use crate::engine::{Answer, Door, endpoint, new_event, together_at};
use crate::setup::{ACTOR, Setup, now, on_both};

on_both!(
    a_login_posts_events_until_its_person_is_removed,
    a_login_posts_events_as_long_as_its_role_may,
    a_login_that_has_ended_posts_no_events,
);

async fn owner(s: &Setup) -> UserId {
    let ann = EmailAddress::parse("ann@example.com").unwrap();
    s.store.person_for_login(&ann).await.unwrap().unwrap().user.id
}

/// A developer of the first company who is logged in, let in before whatever happens next.
async fn developer(s: &Setup) -> (UserId, Caller, String) {
    let user = UserId::from_raw(7);
    let sql = "INSERT INTO users (id, email, email_key, created_at) VALUES (7, 'd@x', 'd@x', 1)";
    s.sql(sql, vec![]).await;
    s.sql(
        "INSERT INTO members (company_id, user_id, role, created_at) VALUES ($1, 7, 'developer', 1)",
        vec![s.company.raw().into()],
    )
    .await;
    let from = LoginFrom { address: "192.0.2.1", user_agent: "" };
    let (login, token) = s.store.make_login(user, None, from, now()).await.unwrap();
    let caller = s.store.caller_of_login(login.id, user, s.company, now()).await.unwrap();
    (user, caller, token)
}

async fn post(s: &Setup, caller: &Caller, after: TimeDelta) -> Answer {
    let event = new_event(caller.company, "message.received");
    let jobs = vec![(caller.clone(), vec![event])];
    together_at(&s.store, &Door::with_room(9), jobs, now() + after).await.remove(0)
}

/// Something changes in the company, so that whoever was let in before is looked up again.
async fn change(s: &Setup) {
    endpoint(s, "*", SwitchWanted::Enabled).await;
}

fn is_refused(answer: &Answer) -> bool {
    matches!(answer, Err(Error::Unauthorized))
}

async fn a_login_posts_events_until_its_person_is_removed(s: Setup) {
    let (user, caller, _) = developer(&s).await;
    assert!(post(&s, &caller, TimeDelta::zero()).await.is_ok());
    change(&s).await;
    assert!(post(&s, &caller, TimeDelta::zero()).await.is_ok());
    s.store.remove_member(s.company, user, ACTOR, now()).await.unwrap();
    assert!(is_refused(&post(&s, &caller, TimeDelta::zero()).await));
    assert_eq!(s.count("FROM events").await, 2);
}

async fn a_login_posts_events_as_long_as_its_role_may(s: Setup) {
    let (user, caller, _) = developer(&s).await;
    let set = async |role| s.store.set_role(s.company, user, role, ACTOR, now()).await.unwrap();
    set(Role::Admin).await;
    assert!(post(&s, &caller, TimeDelta::zero()).await.is_ok());
    set(Role::Viewer).await;
    assert!(is_refused(&post(&s, &caller, TimeDelta::zero()).await));
    // One let in by another's login, or into another company, never is.
    set(Role::Developer).await;
    assert!(post(&s, &caller, TimeDelta::zero()).await.is_ok());
    let Bearer::Login { login, role, .. } = caller.bearer else { panic!("{caller:?}") };
    let bearer = Bearer::Login { login, user: owner(&s).await, role };
    assert!(is_refused(&post(&s, &Caller { bearer, ..caller.clone() }, TimeDelta::zero()).await));
    let elsewhere = Caller { company: s.other, config_version: 0, ..caller };
    assert!(is_refused(&post(&s, &elsewhere, TimeDelta::zero()).await));
}

async fn a_login_that_has_ended_posts_no_events(s: Setup) {
    let (_, caller, token) = developer(&s).await;
    change(&s).await;
    assert!(post(&s, &caller, LOGIN_LASTS - TimeDelta::microseconds(1)).await.is_ok());
    assert!(is_refused(&post(&s, &caller, LOGIN_LASTS).await));
    s.store.log_out(&token, now()).await.unwrap();
    assert!(is_refused(&post(&s, &caller, TimeDelta::zero()).await));
}
