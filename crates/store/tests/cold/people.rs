//! People: signing up, who somebody is, passwords and addresses.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, UserId};
use domain::person::{AccountMailKind, EmailAddress, LINKS_MAX, LinkKind, PersonName};
use domain::role::Role;
use store::{AccountMail, Error, LoginFrom, MailContent, SignUp, SignedUp, Store, UserRecord};

use crate::setup::{Setup, now, on_both, page};

on_both!(
    signing_up_makes_a_company_and_its_owner,
    two_sign_up_with_one_address_at_once,
    an_unproved_address_gets_a_link_first_and_no_notice,
    a_link_works_once_and_until_its_very_microsecond,
    two_use_one_link_at_once,
    a_reset_ends_logins_and_links_and_tells,
    the_answer_never_tells_whether_an_address_exists,
    links_are_bounded,
    account_mails_are_in_no_list_and_their_links_sealed,
    a_mail_that_cannot_be_read_is_in_nobodys_way,
    a_changed_password_keeps_one_login,
    an_address_is_changed_by_a_link_to_the_new_one,
    the_operator_makes_links_and_vouches,
    a_person_is_renamed_and_every_company_can_read_it,
    old_traces_of_people_are_forgotten,
);

pub(crate) const FROM: LoginFrom<'static> =
    LoginFrom { address: "192.0.2.7", user_agent: "Browser/1" };

pub(crate) fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub(crate) fn is_conflict<T>(result: &Result<T, Error>, wanted: &str) -> bool {
    matches!(result, Err(Error::Conflict { code, .. }) if *code == wanted)
}

pub(crate) fn is_missing<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::NotFound))
}

pub(crate) fn later(span: TimeDelta) -> DateTime<Utc> {
    now() + span
}

pub(crate) const fn tick() -> TimeDelta {
    TimeDelta::microseconds(1)
}

pub(crate) async fn sign_up(s: &Setup, address: &str, verified: bool) -> SignedUp {
    s.store.sign_up(new(address, verified), now()).await.unwrap()
}

pub(crate) async fn person(s: &Setup, address: &str) -> UserRecord {
    sign_up(s, address, true).await.user
}

/// The owner of the first company.
pub(crate) async fn owner(s: &Setup) -> UserId {
    s.store.person_for_login(&email("ann@example.com")).await.unwrap().unwrap().user.id
}

pub(crate) async fn join(s: &Setup, company: CompanyId, user: UserId, role: Role) {
    s.sql(
        "INSERT INTO members (company_id, user_id, role, created_at) VALUES ($1, $2, $3, 1)",
        vec![company.raw().into(), user.raw().into(), role.as_str().into()],
    )
    .await;
}

fn new(address: &str, verified: bool) -> SignUp {
    SignUp {
        company_name: "Shop".into(),
        email: email(address),
        name: Some(PersonName::parse("Cleo").unwrap()),
        password_hash: "$argon2id$one".into(),
        verified,
    }
}

/// The mails about accounts that have not been seen yet, with whom they are for.
pub(crate) async fn account_mails(s: &Setup, at: DateTime<Utc>) -> Vec<(String, AccountMail)> {
    let sql = "INSERT INTO nodes (incarnation, name, slot, started_at, heartbeat_at) \
        VALUES ($1, 'n', $1, 1, 1) ON CONFLICT (incarnation) DO NOTHING";
    s.sql(sql, vec![s.store.incarnation().into()]).await;
    let claimed = s.store.claim_mails(100, at).await.unwrap();
    let account = claimed.into_iter().filter_map(|claimed| match claimed.mail.content {
        MailContent::Account(mail) => Some((claimed.mail.recipient, mail)),
        MailContent::Company(_) => None,
    });
    account.collect()
}

/// The token in the only new mail, which is of a kind and for somebody.
pub(crate) async fn token_of(s: &Setup, kind: AccountMailKind, recipient: &str) -> String {
    let mut mails = account_mails(s, now()).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let (to, mail) = mails.remove(0);
    assert_eq!((mail.kind, to.as_str()), (kind, recipient));
    mail.token.unwrap()
}

async fn kinds(s: &Setup, at: DateTime<Utc>) -> Vec<(String, AccountMailKind)> {
    account_mails(s, at).await.into_iter().map(|(to, mail)| (to, mail.kind)).collect()
}

async fn hash_of(store: &Store, address: &str) -> Option<String> {
    store.person_for_login(&email(address)).await.unwrap().unwrap().password_hash
}

async fn signing_up_makes_a_company_and_its_owner(s: Setup) {
    let made = sign_up(&s, " Cleo@Example.com", true).await;
    assert_eq!((made.user.email.as_str(), made.user.name.as_str()), ("Cleo@Example.com", "Cleo"));
    assert_eq!((made.user.verified_at, made.user.has_password), (Some(now()), true));
    let mine = s.store.memberships(made.user.id).await.unwrap();
    assert_eq!(mine.len(), 1);
    assert_eq!(
        (mine[0].company, mine[0].role, mine[0].company_name.as_str()),
        (made.company.id, Role::Owner, "Shop")
    );
    let found = s.store.person_for_login(&email("CLEO@example.com")).await.unwrap().unwrap();
    assert_eq!(found.user, made.user);
    assert_eq!(found.password_hash.as_deref(), Some("$argon2id$one"));
    assert!(s.store.person_for_login(&email("x@example.com")).await.unwrap().is_none());
    let taken = s.store.sign_up(new("cleo@EXAMPLE.com", true), now()).await;
    assert!(is_conflict(&taken, "email_taken"));
    // The address of somebody whom the operator brought is taken as well.
    assert!(is_conflict(
        &s.store.sign_up(new("ann@example.com", true), now()).await,
        "email_taken"
    ));
    assert_eq!(s.count("FROM companies").await, 3, "a refused one leaves no company");
    assert_eq!(s.count("FROM audit_log WHERE action = 'company.created'").await, 3);
    assert_eq!(account_mails(&s, now()).await.len(), 0);
}

async fn two_sign_up_with_one_address_at_once(s: Setup) {
    let (a, b) = tokio::join!(
        s.store.sign_up(new("cleo@example.com", false), now()),
        s.store.sign_up(new("Cleo@example.com", false), now()),
    );
    assert!(a.is_ok() != b.is_ok());
    assert!(is_conflict(&a, "email_taken") || is_conflict(&b, "email_taken"));
    assert_eq!((s.count("FROM companies").await, s.count("FROM users").await), (3, 3));
}

async fn an_unproved_address_gets_a_link_first_and_no_notice(s: Setup) {
    let made = sign_up(&s, "Cleo@example.com", false).await;
    assert_eq!(made.user.verified_at, None);
    let token = token_of(&s, AccountMailKind::VerifyEmail, "Cleo@example.com").await;
    // What is told about endpoints goes to those whose address is proved; see hot/mails.rs.
    let sql = "FROM members m JOIN users u ON u.id = m.user_id WHERE u.email_verified_at IS NULL";
    assert_eq!(s.count(sql).await, 1);
    let verified = s.store.verify_email(&token, now()).await.unwrap();
    assert_eq!((verified.id, verified.verified_at), (made.user.id, Some(now())));
    assert_eq!(s.count("FROM audit_log WHERE action = 'user.email_verified'").await, 1);
    let again = s.store.send_verification(made.user.id, now()).await;
    assert!(is_conflict(&again, "already_verified"));
}

async fn a_link_works_once_and_until_its_very_microsecond(s: Setup) {
    for (kind, lasts) in [
        (LinkKind::VerifyEmail, TimeDelta::days(3)),
        (LinkKind::ResetPassword, TimeDelta::hours(1)),
    ] {
        let address = format!("{}@example.com", kind.as_str());
        sign_up(&s, &address, true).await;
        let token = s.store.operator_link(kind, &email(&address), now()).await.unwrap();
        let link = s.store.link(kind, &token, later(lasts - tick())).await.unwrap();
        assert_eq!((link.email.as_str(), link.expires_at), (address.as_str(), later(lasts)));
        assert!(is_missing(&s.store.link(kind, &token, later(lasts)).await));
        let use_it = async |at: DateTime<Utc>| match kind {
            LinkKind::VerifyEmail => s.store.verify_email(&token, at).await,
            LinkKind::ResetPassword => s.store.reset_password(&token, "h".into(), at).await,
            LinkKind::ChangeEmail => s.store.confirm_email_change(&token, at).await,
        };
        assert!(is_missing(&use_it(later(lasts)).await));
        assert!(is_missing(&s.store.confirm_email_change(&token, now()).await), "another kind");
        assert!(use_it(later(lasts - tick())).await.is_ok());
        assert!(is_missing(&use_it(now()).await), "used twice");
        assert!(is_missing(&s.store.link(kind, &token, now()).await));
    }
    for bad in ["", "x", "ä", &"A".repeat(43), &"A".repeat(4_000)] {
        assert!(is_missing(&s.store.verify_email(bad, now()).await), "{bad}");
    }
}

async fn two_use_one_link_at_once(s: Setup) {
    sign_up(&s, "cleo@example.com", true).await;
    let address = email("cleo@example.com");
    let token = s.store.operator_link(LinkKind::ResetPassword, &address, now()).await.unwrap();
    let (a, b) = tokio::join!(
        s.store.reset_password(&token, "a".into(), now()),
        s.store.reset_password(&token, "b".into(), now()),
    );
    assert!(a.is_ok() != b.is_ok());
    assert!(is_missing(&a) || is_missing(&b));
    let winner = if a.is_ok() { "a" } else { "b" };
    assert_eq!(hash_of(&s.store, "cleo@example.com").await.as_deref(), Some(winner));
}

async fn a_reset_ends_logins_and_links_and_tells(s: Setup) {
    let cleo = sign_up(&s, "cleo@example.com", false).await.user;
    let verify = token_of(&s, AccountMailKind::VerifyEmail, "cleo@example.com").await;
    let (_, login) = s.store.make_login(cleo.id, None, FROM, now()).await.unwrap();
    s.store.request_email_change(cleo.id, &email("evil@example.com"), now()).await.unwrap();
    let change = token_of(&s, AccountMailKind::ChangeEmail, "evil@example.com").await;
    s.store.request_password_reset(&email("Cleo@example.com"), now()).await.unwrap();
    let token = token_of(&s, AccountMailKind::ResetPassword, "cleo@example.com").await;

    let reset = s.store.reset_password(&token, "two".into(), later(tick())).await.unwrap();
    assert_eq!(reset.verified_at, Some(later(tick())), "the mail reached the address");
    assert_eq!(reset.password_changed_at, Some(later(tick())));
    assert_eq!(hash_of(&s.store, "cleo@example.com").await.as_deref(), Some("two"));
    assert!(is_missing(&s.store.find_login(&login, now()).await));
    assert!(is_missing(&s.store.verify_email(&verify, now()).await));
    assert!(is_missing(&s.store.confirm_email_change(&change, now()).await));
    let told = [("cleo@example.com".to_owned(), AccountMailKind::PasswordChanged)];
    assert_eq!(kinds(&s, later(tick())).await, told);
    assert_eq!(s.count("FROM audit_log WHERE action = 'user.password_changed'").await, 1);
    // Whoever had the old password checked before the reset is too late after it.
    let late = s.store.make_login(cleo.id, Some("$argon2id$one"), FROM, now()).await;
    assert!(matches!(late, Err(Error::Unauthorized)));
    assert!(s.store.make_login(cleo.id, Some("two"), FROM, now()).await.is_ok());
}

async fn the_answer_never_tells_whether_an_address_exists(s: Setup) {
    s.store.request_password_reset(&email("nobody@example.com"), now()).await.unwrap();
    assert_eq!(s.count("FROM mail_outbox").await, 0);
    let cleo = person(&s, "cleo@example.com").await;
    s.store.request_email_change(cleo.id, &email("Ann@Example.com"), now()).await.unwrap();
    assert_eq!(s.count("FROM mail_outbox").await, 0, "somebody else's address gets no mail");
}

async fn links_are_bounded(s: Setup) {
    let cleo = sign_up(&s, "cleo@example.com", false).await.user;
    for _ in 1..LINKS_MAX {
        s.store.send_verification(cleo.id, now()).await.unwrap();
    }
    assert!(is_conflict(&s.store.send_verification(cleo.id, now()).await, "too_many_links"));
    for _ in 0..LINKS_MAX + 2 {
        s.store.request_password_reset(&email("cleo@example.com"), now()).await.unwrap();
    }
    let mails = kinds(&s, now()).await;
    let resets = mails.iter().filter(|(_, kind)| *kind == AccountMailKind::ResetPassword).count();
    assert_eq!((mails.len() as u64, resets as u64), (2 * LINKS_MAX, LINKS_MAX));
    let room = later(LinkKind::VerifyEmail.lasts());
    s.store.send_verification(cleo.id, room).await.unwrap();
}

async fn account_mails_are_in_no_list_and_their_links_sealed(s: Setup) {
    let made = sign_up(&s, "cleo@example.com", false).await;
    for company in [s.company, made.company.id] {
        assert!(s.store.mails(company, page(10, None)).await.unwrap().data.is_empty());
    }
    let row = s.row("SELECT facts FROM mail_outbox").await;
    let stored: String = row.try_get("", "facts").unwrap();
    s.store.request_password_reset(&email("cleo@example.com"), now()).await.unwrap();
    // An hour later the reset's link no longer works, so that it is not sent; the other's does.
    let late = account_mails(&s, later(TimeDelta::hours(1))).await;
    assert_eq!((late.len(), late[0].1.kind), (1, AccountMailKind::VerifyEmail));
    let token = late[0].1.token.clone().unwrap();
    assert!(!stored.contains(&token) && stored.contains("sealed_token"), "{stored}");
    assert!(!format!("{late:?}").contains(&token));
    assert_eq!(late[0].1.facts.expires_at, Some(later(TimeDelta::days(3))));
    assert_eq!(s.count("FROM mail_outbox WHERE state = 'undone' AND claimed_by = 0").await, 1);
    for table in ["audit_log", "account_links", "mail_outbox"] {
        let column = if table == "account_links" { "email" } else { "facts" };
        let sql = format!("FROM {table} WHERE {column} LIKE '%{token}%'");
        assert_eq!(s.count(&sql).await, 0, "{table}");
    }
}

async fn a_mail_that_cannot_be_read_is_in_nobodys_way(s: Setup) {
    for address in ["cleo@example.com", "dora@example.com", "emil@example.com"] {
        sign_up(&s, address, false).await;
    }
    let garble = "UPDATE mail_outbox SET kind = 'account_of_later' WHERE recipient LIKE 'cleo%'";
    s.sql(garble, vec![]).await;
    // A link that was put into another row does not open there.
    let copy = "UPDATE mail_outbox SET facts = (SELECT facts FROM mail_outbox WHERE recipient LIKE \
        'cleo%') WHERE recipient LIKE 'dora%'";
    s.sql(copy, vec![]).await;
    let read = kinds(&s, now()).await;
    assert_eq!(read, [("emil@example.com".to_owned(), AccountMailKind::VerifyEmail)]);
    assert_eq!(s.count("FROM mail_outbox WHERE state = 'queued'").await, 3, "nothing is lost");
}

async fn a_changed_password_keeps_one_login(s: Setup) {
    let cleo = person(&s, "cleo@example.com").await;
    let (kept, kept_token) = s.store.make_login(cleo.id, None, FROM, now()).await.unwrap();
    let (_, other_token) = s.store.make_login(cleo.id, None, FROM, now()).await.unwrap();
    s.store.change_password(cleo.id, "two".into(), kept.id, now()).await.unwrap();
    assert_eq!(s.store.find_login(&kept_token, now()).await.unwrap().login.id, kept.id);
    assert!(is_missing(&s.store.find_login(&other_token, now()).await));
    assert_eq!(hash_of(&s.store, "cleo@example.com").await.as_deref(), Some("two"));
    let told = [("cleo@example.com".to_owned(), AccountMailKind::PasswordChanged)];
    assert_eq!(kinds(&s, now()).await, told);
    // By a login that has ended, or is another person's, nothing changes.
    let ann = s.store.make_login(owner(&s).await, None, FROM, now()).await.unwrap().0;
    s.store.log_out(&kept_token, now()).await.unwrap();
    for login in [kept.id, ann.id] {
        let refused = s.store.change_password(cleo.id, "three".into(), login, now()).await;
        assert!(matches!(refused, Err(Error::Unauthorized)));
    }
    assert_eq!(hash_of(&s.store, "cleo@example.com").await.as_deref(), Some("two"));
}

async fn an_address_is_changed_by_a_link_to_the_new_one(s: Setup) {
    let cleo = person(&s, "cleo@example.com").await;
    s.store.request_email_change(cleo.id, &email("Cleo@new.example"), now()).await.unwrap();
    let token = token_of(&s, AccountMailKind::ChangeEmail, "Cleo@new.example").await;
    assert_eq!(s.store.user(cleo.id).await.unwrap().email, "cleo@example.com");
    let changed = s.store.confirm_email_change(&token, later(tick())).await.unwrap();
    assert_eq!((changed.email.as_str(), changed.id), ("Cleo@new.example", cleo.id));
    let told = [("cleo@example.com".to_owned(), AccountMailKind::EmailChanged)];
    assert_eq!(kinds(&s, later(tick())).await, told);
    assert!(s.store.person_for_login(&email("cleo@example.com")).await.unwrap().is_none());
    assert_eq!(s.count("FROM audit_log WHERE action = 'user.email_changed'").await, 1);

    // Taken by somebody else between the request and the click.
    s.store.request_email_change(cleo.id, &email("dora@example.com"), now()).await.unwrap();
    let token = token_of(&s, AccountMailKind::ChangeEmail, "dora@example.com").await;
    let dora = person(&s, "Dora@example.com").await;
    assert!(is_conflict(&s.store.confirm_email_change(&token, now()).await, "email_taken"));
    assert!(is_conflict(
        &s.store.set_email(dora.id, &email("CLEO@new.example"), now()).await,
        "email_taken"
    ));
    // Where no mail can be sent nothing is asked.
    let moved = s.store.set_email(dora.id, &email("dora@new.example"), now()).await.unwrap();
    assert_eq!((moved.email.as_str(), moved.verified_at), ("dora@new.example", Some(now())));
}

async fn the_operator_makes_links_and_vouches(s: Setup) {
    let ann = s.store.person_for_login(&email("ann@example.com")).await.unwrap().unwrap();
    assert!(ann.password_hash.is_none() && ann.user.verified_at == Some(now()));
    let reset = LinkKind::ResetPassword;
    let token = s.store.operator_link(reset, &email("ANN@example.com"), now()).await.unwrap();
    s.store.reset_password(&token, "one".into(), now()).await.unwrap();
    assert_eq!(hash_of(&s.store, "ann@example.com").await.as_deref(), Some("one"));
    let nobody = s.store.operator_link(reset, &email("x@example.com"), now()).await;
    assert!(is_missing(&nobody));
    let change =
        s.store.operator_link(LinkKind::ChangeEmail, &email("ann@example.com"), now()).await;
    assert!(is_missing(&change));
    assert_eq!(s.count("FROM audit_log WHERE action = 'user.link_made'").await, 1);
    assert_eq!(s.count("FROM mail_outbox WHERE kind = 'account_reset_password'").await, 0);

    // Somebody signed up with an address that is not theirs; the operator makes its real person an
    // owner: the one who only claimed it does not get in by that.
    let squatter = sign_up(&s, "boss@example.com", false).await.user;
    let (_, login) = s.store.make_login(squatter.id, None, FROM, now()).await.unwrap();
    s.store.create_company("Big", "Boss@example.com", now()).await.unwrap();
    let boss = s.store.person_for_login(&email("boss@example.com")).await.unwrap().unwrap();
    assert_eq!((boss.user.id, boss.user.verified_at), (squatter.id, Some(now())));
    assert_eq!(boss.password_hash, None);
    assert!(is_missing(&s.store.find_login(&login, now()).await));
    // One who is proved keeps everything.
    let (_, login) = s.store.make_login(ann.user.id, None, FROM, now()).await.unwrap();
    s.store.create_company("Bigger", "ann@example.com", now()).await.unwrap();
    assert!(s.store.find_login(&login, now()).await.is_ok());
    assert_eq!(hash_of(&s.store, "ann@example.com").await.as_deref(), Some("one"));
}

async fn a_person_is_renamed_and_every_company_can_read_it(s: Setup) {
    let cleo = sign_up(&s, "cleo@example.com", true).await;
    join(&s, s.company, cleo.user.id, Role::Viewer).await;
    let name = PersonName::parse("Cleopatra").unwrap();
    let renamed = s.store.update_person(cleo.user.id, &name, now()).await.unwrap();
    assert_eq!(renamed.name, "Cleopatra");
    for company in [s.company, cleo.company.id] {
        let sql = format!(
            "FROM audit_log WHERE action = 'user.updated' AND company_id = {}",
            company.raw()
        );
        assert_eq!(s.count(&sql).await, 1);
    }
    assert!(is_missing(&s.store.update_person(UserId::from_raw(7), &name, now()).await));
    assert!(is_missing(&s.store.user(UserId::from_raw(7)).await));
}

async fn old_traces_of_people_are_forgotten(s: Setup) {
    let cleo = sign_up(&s, "cleo@example.com", false).await.user;
    s.store.make_login(cleo.id, None, FROM, now()).await.unwrap();
    s.store.count_failure(&[[1; 32]], now()).await.unwrap();
    let rows = async |s: &Setup| {
        let mut counts = Vec::new();
        for table in ["logins", "account_links", "throttles", "mail_outbox"] {
            counts.push(s.count(&format!("FROM {table}")).await);
        }
        counts
    };
    s.store.forget_people(later(TimeDelta::hours(24) - tick())).await.unwrap();
    assert_eq!(rows(&s).await, [1, 1, 1, 1]);
    s.store.forget_people(later(TimeDelta::hours(24))).await.unwrap();
    assert_eq!(rows(&s).await, [1, 1, 0, 1]);
    s.store.forget_people(later(TimeDelta::days(3))).await.unwrap();
    assert_eq!(rows(&s).await, [1, 0, 0, 1]);
    s.store.forget_people(later(TimeDelta::days(31))).await.unwrap();
    assert_eq!(rows(&s).await, [1, 0, 0, 0]);
    s.store.forget_people(later(TimeDelta::days(120) - tick())).await.unwrap();
    assert_eq!(rows(&s).await, [1, 0, 0, 0]);
    assert_eq!(s.store.forget_people(later(TimeDelta::days(120))).await.unwrap(), 1);
    assert_eq!(s.store.forget_people(later(TimeDelta::days(120))).await.unwrap(), 0);
}
