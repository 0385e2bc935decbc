//! Members, roles and invitations.

use chrono::TimeDelta;
use domain::id::UserId;
use domain::person::{AccountMailKind, InvitationState, PersonName};
use domain::role::Role;
use store::{Accepting, Actor, Error};

use crate::people::{
    FROM, account_mails, email, is_conflict, is_missing, join, later, owner, person, sign_up, tick,
    token_of,
};
use crate::setup::{ACTOR, Setup, now, on_both, page};

on_both!(
    members_are_listed_in_their_company,
    nobody_gives_or_takes_more_than_they_are,
    the_last_owner_stays,
    two_owners_leave_at_once,
    ownership_is_handed_over,
    an_invitation_brings_somebody_new,
    an_invitation_brings_a_person_who_is_there,
    an_invitation_ends,
    two_accept_one_invitation_at_once,
    nobody_invites_above_themselves,
    what_a_removed_member_invited_is_void,
);

struct Team {
    owner: UserId,
    admin: UserId,
    developer: UserId,
    viewer: UserId,
}

async fn team(s: &Setup) -> Team {
    let mut ids = Vec::new();
    for role in [Role::Admin, Role::Developer, Role::Viewer] {
        let user = person(s, &format!("{}@example.com", role.as_str())).await.id;
        join(s, s.company, user, role).await;
        ids.push(user);
    }
    Team { owner: owner(s).await, admin: ids[0], developer: ids[1], viewer: ids[2] }
}

fn newcomer() -> Accepting {
    Accepting::New {
        name: Some(PersonName::parse("Dora").unwrap()),
        password_hash: "$argon2id$dora".into(),
    }
}

async fn role_of(s: &Setup, user: UserId) -> Option<Role> {
    s.store.member(s.company, user).await.ok().map(|member| member.role)
}

async fn members_are_listed_in_their_company(s: Setup) {
    let team = team(&s).await;
    let first = s.store.members(s.company, page(3, None)).await.unwrap();
    let rest = s.store.members(s.company, page(3, first.next)).await.unwrap();
    let listed: Vec<(UserId, Role)> =
        first.data.iter().chain(&rest.data).map(|member| (member.user, member.role)).collect();
    assert_eq!(
        listed,
        [
            (team.viewer, Role::Viewer),
            (team.developer, Role::Developer),
            (team.admin, Role::Admin),
            (team.owner, Role::Owner),
        ]
    );
    assert_eq!(rest.next, None);
    assert_eq!(rest.data[0].email, "Ann@Example.com");
    assert!(rest.data[0].verified);
    assert_eq!(s.store.members(s.other, page(9, None)).await.unwrap().data.len(), 1);
    assert!(is_missing(&s.store.member(s.other, team.viewer).await));
}

async fn nobody_gives_or_takes_more_than_they_are(s: Setup) {
    let team = team(&s).await;
    let set = async |actor, user, role| s.store.set_role(s.company, user, role, actor, now()).await;
    let by = Actor::User;
    for (actor, user, role) in [
        (team.admin, team.viewer, Role::Owner),
        (team.admin, team.admin, Role::Owner),
        (team.admin, team.owner, Role::Viewer),
        (team.developer, team.viewer, Role::Viewer),
        (team.viewer, team.viewer, Role::Developer),
    ] {
        assert!(is_conflict(&set(by(actor), user, role).await, "role_too_low"));
    }
    for (actor, user) in [(team.admin, team.owner), (team.developer, team.viewer)] {
        let removed = s.store.remove_member(s.company, user, by(actor), now()).await;
        assert!(is_conflict(&removed, "role_too_low"));
    }
    let version = s.config_version().await;
    let made = set(by(team.admin), team.viewer, Role::Developer).await.unwrap();
    assert_eq!((made.user, made.role), (team.viewer, Role::Developer));
    assert!(s.config_version().await > version, "whoever is let in is looked up again");
    assert_eq!(s.count("FROM audit_log WHERE action = 'member.updated'").await, 1);
    set(by(team.owner), team.developer, Role::Owner).await.unwrap();
    set(by(team.developer), team.owner, Role::Viewer).await.unwrap();
    // Another company's people, and people of nowhere.
    let bob = s.store.person_for_login(&email("bob@example.com")).await.unwrap().unwrap().user.id;
    assert!(is_missing(&set(by(bob), team.viewer, Role::Viewer).await));
    assert!(is_missing(&set(ACTOR, bob, Role::Viewer).await));
    assert!(is_missing(&s.store.remove_member(s.company, bob, ACTOR, now()).await));
    assert!(is_missing(&s.store.remove_member(s.other, team.viewer, ACTOR, now()).await));
    // Leaving is everybody's own.
    let version = s.config_version().await;
    s.store.remove_member(s.company, team.viewer, by(team.viewer), now()).await.unwrap();
    assert!(s.config_version().await > version);
    assert_eq!(role_of(&s, team.viewer).await, None);
    assert_eq!(s.count("FROM audit_log WHERE action = 'member.left'").await, 1);
    s.store.remove_member(s.company, team.admin, by(team.developer), now()).await.unwrap();
    assert_eq!(s.count("FROM audit_log WHERE action = 'member.removed'").await, 1);
}

async fn the_last_owner_stays(s: Setup) {
    let team = team(&s).await;
    for actor in [Actor::User(team.owner), Actor::Cli] {
        let lowered = s.store.set_role(s.company, team.owner, Role::Admin, actor, now()).await;
        assert!(is_conflict(&lowered, "last_owner"));
        let left = s.store.remove_member(s.company, team.owner, actor, now()).await;
        assert!(is_conflict(&left, "last_owner"));
    }
    assert_eq!(role_of(&s, team.owner).await, Some(Role::Owner));
    let by = Actor::User(team.owner);
    s.store.set_role(s.company, team.owner, Role::Owner, by, now()).await.unwrap();
}

async fn two_owners_leave_at_once(s: Setup) {
    let ann = owner(&s).await;
    let cleo = person(&s, "cleo@example.com").await.id;
    join(&s, s.company, cleo, Role::Owner).await;
    let (a, b) = tokio::join!(
        s.store.remove_member(s.company, ann, Actor::User(ann), now()),
        s.store.remove_member(s.company, cleo, Actor::User(cleo), now()),
    );
    assert!(a.is_ok() != b.is_ok());
    assert!(is_conflict(&a, "last_owner") || is_conflict(&b, "last_owner"));
    assert_eq!(s.store.members(s.company, page(9, None)).await.unwrap().data.len(), 1);
}

async fn ownership_is_handed_over(s: Setup) {
    let team = team(&s).await;
    let hand = async |from, to| s.store.hand_over_ownership(s.company, from, to, now()).await;
    assert!(is_conflict(&hand(team.admin, team.viewer).await, "role_too_low"));
    assert!(is_missing(&hand(team.owner, UserId::from_raw(7)).await));
    hand(team.owner, team.owner).await.unwrap();
    assert_eq!(role_of(&s, team.owner).await, Some(Role::Owner));
    hand(team.owner, team.viewer).await.unwrap();
    assert_eq!(role_of(&s, team.owner).await, Some(Role::Admin));
    assert_eq!(role_of(&s, team.viewer).await, Some(Role::Owner));
    assert!(is_conflict(&hand(team.owner, team.admin).await, "role_too_low"));
    let sql = "FROM audit_log WHERE action = 'company.ownership_handed_over'";
    assert_eq!(s.count(sql).await, 1);
}

async fn an_invitation_brings_somebody_new(s: Setup) {
    let ann = Actor::User(owner(&s).await);
    let (made, shown) = s
        .store
        .invite(s.company, &email("Dora@example.com"), Role::Developer, ann, now())
        .await
        .unwrap();
    assert_eq!((made.state, made.role), (InvitationState::Open, Role::Developer));
    let token = token_of(&s, AccountMailKind::Invitation, "Dora@example.com").await;
    assert_eq!(token, shown);
    let by_token = s.store.invitation_by_token(&token, now()).await.unwrap();
    assert_eq!((by_token.company_name.as_str(), by_token.has_account), ("Acme", false));
    assert_eq!(by_token.invitation, made);
    let version = s.config_version().await;
    let (company, dora) = s.store.accept_invitation(&token, newcomer(), now()).await.unwrap();
    assert_eq!((company, dora.email.as_str()), (s.company, "Dora@example.com"));
    assert_eq!((dora.verified_at, dora.name.as_str()), (Some(now()), "Dora"));
    assert_eq!(role_of(&s, dora.id).await, Some(Role::Developer));
    assert!(s.config_version().await > version);
    assert!(is_missing(&s.store.accept_invitation(&token, newcomer(), now()).await));
    assert!(is_missing(&s.store.invitation_by_token(&token, now()).await));
    let listed = s.store.invitations(s.company, page(9, None), now()).await.unwrap().data;
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].state, listed[0].accepted_at), (InvitationState::Accepted, Some(now())));
    assert!(s.store.invitations(s.other, page(9, None), now()).await.unwrap().data.is_empty());
    let revoked = s.store.revoke_invitation(s.company, made.id, ann, now()).await;
    assert!(is_conflict(&revoked, "invitation_accepted"));
    let again =
        s.store.invite(s.company, &email("dora@example.com"), Role::Viewer, ann, now()).await;
    assert!(is_conflict(&again, "already_member"));
    assert_eq!(s.count("FROM audit_log WHERE action = 'member.joined'").await, 1);
    assert!(s.store.make_login(dora.id, Some("$argon2id$dora"), FROM, now()).await.is_ok());
}

async fn an_invitation_brings_a_person_who_is_there(s: Setup) {
    let cleo = sign_up(&s, "cleo@example.com", false).await.user;
    account_mails(&s, now()).await;
    let ann = Actor::User(owner(&s).await);
    let invite = async || {
        s.store.invite(s.company, &email("Cleo@example.com"), Role::Admin, ann, now()).await
    };
    let (_, token) = invite().await.unwrap();
    assert!(s.store.invitation_by_token(&token, now()).await.unwrap().has_account);
    // Whoever has the link has not thereby the account.
    let new = s.store.accept_invitation(&token, newcomer(), now()).await;
    assert!(is_conflict(&new, "email_taken"));
    let other = person(&s, "dora@example.com").await.id;
    let other = s.store.accept_invitation(&token, Accepting::Person(other), now()).await;
    assert!(is_conflict(&other, "invitation_for_another"));
    // Refusals leave it open.
    let (_, came) =
        s.store.accept_invitation(&token, Accepting::Person(cleo.id), now()).await.unwrap();
    assert_eq!((came.id, came.verified_at), (cleo.id, Some(now())));
    assert_eq!(role_of(&s, cleo.id).await, Some(Role::Admin));
    assert!(is_conflict(&invite().await, "already_member"));
}

async fn an_invitation_ends(s: Setup) {
    let ann = Actor::User(owner(&s).await);
    let dora = email("dora@example.com");
    let (first, old) = s.store.invite(s.company, &dora, Role::Viewer, ann, now()).await.unwrap();
    let (second, token) = s
        .store
        .invite(s.company, &email("DORA@example.com"), Role::Admin, ann, now())
        .await
        .unwrap();
    assert!(
        is_missing(&s.store.invitation_by_token(&old, now()).await),
        "a fresh link replaces it"
    );
    let end = later(TimeDelta::days(7));
    assert_eq!(second.expires_at, end);
    assert!(s.store.invitation_by_token(&token, end - tick()).await.is_ok());
    assert!(is_missing(&s.store.invitation_by_token(&token, end).await));
    assert!(is_missing(&s.store.accept_invitation(&token, newcomer(), end).await));
    let states = async |at| -> Vec<InvitationState> {
        let listed = s.store.invitations(s.company, page(9, None), at).await.unwrap().data;
        listed.iter().map(|invitation| invitation.state).collect()
    };
    assert_eq!(states(end).await, [InvitationState::Expired, InvitationState::Revoked]);
    assert!(is_missing(&s.store.revoke_invitation(s.other, second.id, ACTOR, now()).await));
    s.store.revoke_invitation(s.company, second.id, ann, now()).await.unwrap();
    s.store.revoke_invitation(s.company, second.id, ann, now()).await.unwrap();
    s.store.revoke_invitation(s.company, first.id, ann, now()).await.unwrap();
    assert!(is_missing(&s.store.accept_invitation(&token, newcomer(), now()).await));
    assert_eq!(states(now()).await, [InvitationState::Revoked; 2]);
    assert_eq!(s.count("FROM audit_log WHERE action = 'invitation.revoked'").await, 1);
    // One that has expired is replaced as well.
    s.store.invite(s.company, &dora, Role::Viewer, ann, now()).await.unwrap();
    let fresh = s.store.invite(s.company, &dora, Role::Viewer, ann, end).await.unwrap().1;
    s.store.accept_invitation(&fresh, newcomer(), end).await.unwrap();
}

async fn two_accept_one_invitation_at_once(s: Setup) {
    let dora = email("dora@example.com");
    let invited = s.store.invite(s.company, &dora, Role::Viewer, ACTOR, now());
    let token = invited.await.unwrap().1;
    let (a, b) = tokio::join!(
        s.store.accept_invitation(&token, newcomer(), now()),
        s.store.accept_invitation(&token, newcomer(), now()),
    );
    assert!(a.is_ok() != b.is_ok());
    assert!(is_missing(&a) || is_missing(&b));
    assert_eq!(s.store.members(s.company, page(9, None)).await.unwrap().data.len(), 2);
}

async fn nobody_invites_above_themselves(s: Setup) {
    let team = team(&s).await;
    let dora = email("dora@example.com");
    let invite = async |actor, role| s.store.invite(s.company, &dora, role, actor, now()).await;
    for (actor, role) in
        [(team.admin, Role::Owner), (team.developer, Role::Viewer), (team.viewer, Role::Viewer)]
    {
        assert!(is_conflict(&invite(Actor::User(actor), role).await, "role_too_low"));
    }
    let (as_owner, _) = invite(Actor::User(team.owner), Role::Owner).await.unwrap();
    for actor in [team.admin, team.developer] {
        let revoked = s.store.revoke_invitation(s.company, as_owner.id, Actor::User(actor), now());
        assert!(is_conflict(&revoked.await, "role_too_low"));
    }
    invite(Actor::User(team.admin), Role::Admin).await.unwrap();
    let bob = s.store.person_for_login(&email("bob@example.com")).await.unwrap().unwrap().user.id;
    assert!(is_missing(&invite(Actor::User(bob), Role::Viewer).await));
    let nowhere = domain::id::CompanyId::from_raw(7);
    let refused = s.store.invite(nowhere, &dora, Role::Viewer, ACTOR, now()).await;
    assert!(matches!(refused, Err(Error::NotFound)));
}

async fn what_a_removed_member_invited_is_void(s: Setup) {
    let team = team(&s).await;
    let invite = async |actor, address: &str, role| {
        let address = email(address);
        let invited = s.store.invite(s.company, &address, role, Actor::User(actor), now());
        invited.await.unwrap().1
    };
    s.store.set_role(s.company, team.viewer, Role::Owner, ACTOR, now()).await.unwrap();
    let by_admin = invite(team.admin, "one@example.com", Role::Admin).await;
    let by_owner = invite(team.viewer, "two@example.com", Role::Owner).await;
    let lower = invite(team.viewer, "three@example.com", Role::Admin).await;
    let by_other = invite(team.owner, "four@example.com", Role::Admin).await;
    let works = async |token: &str| s.store.invitation_by_token(token, now()).await.is_ok();
    s.store.remove_member(s.company, team.admin, ACTOR, now()).await.unwrap();
    assert!(!works(&by_admin).await);
    // One who has become less has invited as what they are now.
    s.store.set_role(s.company, team.viewer, Role::Admin, ACTOR, now()).await.unwrap();
    assert!(!works(&by_owner).await && works(&lower).await);
    s.store.set_role(s.company, team.viewer, Role::Developer, ACTOR, now()).await.unwrap();
    assert!(!works(&lower).await && works(&by_other).await);
}
