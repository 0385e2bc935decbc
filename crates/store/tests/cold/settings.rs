//! What a company sets, added addresses, what members choose, test mails.

use chrono::TimeDelta;
use domain::id::UserId;
use domain::notification::{ADDRESSES_MAX, PerKind, Roles, TEST_MAILS_PER_HOUR_MAX};
use domain::person::EmailAddress;
use domain::quiet::QuietHours;
use domain::role::Role;
use store::{
    Actor, AddressState, AuditFilter, Error, MailChoicesPatch, MailContent, MailState,
    SettingsPatch, TestMail, TestMailTo,
};

use crate::setup::{ACTOR, Setup, now, on_both, page};

on_both!(
    settings_change_and_are_audited_with_before_and_after,
    an_address_gets_mails_between_its_proof_and_its_stop,
    as_many_addresses_as_there_may_be,
    a_member_chooses_and_nobody_above_is_chosen_for,
    test_mails_are_counted_by_the_hour_and_go_to_known_addresses_only,
    a_mail_that_waits_for_somebody_who_left_is_not_sent,
    the_audit_log_is_filtered_by_time,
);

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

async fn newest_facts(s: &Setup, action: &str) -> serde_json::Value {
    let filter = AuditFilter { action: Some(action.into()), ..AuditFilter::default() };
    let lines = s.store.audit_log(s.company, filter, page(1, None)).await.unwrap();
    lines.data[0].facts.clone()
}

async fn owner(s: &Setup) -> UserId {
    let row = s.row("SELECT id FROM users WHERE email_key = 'ann@example.com'").await;
    UserId::from_raw(row.try_get("", "id").unwrap())
}

async fn settings_change_and_are_audited_with_before_and_after(s: Setup) {
    let before = s.store.settings(s.company).await.unwrap();
    assert_eq!(before.notifications, domain::notification::Notifications::default());
    let night = QuietHours::parse("22:00".parse().unwrap(), "07:00".parse().unwrap()).unwrap();
    let mut patch = SettingsPatch {
        name: Some("Acme & Sons".into()),
        time_zone: Some("Europe/Berlin".parse().unwrap()),
        quiet_hours: Some(Some((night, false))),
        ..SettingsPatch::default()
    };
    patch.roles.warning = Some(Roles::of(&[Role::Developer]));
    s.store.update_settings(s.company, patch, ACTOR, now()).await.unwrap();
    let after = s.store.settings(s.company).await.unwrap();
    assert_eq!(after.company.name, "Acme & Sons");
    assert_eq!(after.notifications.quiet_hours, Some(night));
    assert_eq!(after.notifications.roles.warning.list(), [Role::Developer]);
    assert_eq!(after.notifications.roles.defective.list(), [Role::Admin, Role::Owner]);
    let facts = newest_facts(&s, "settings.updated").await;
    let expected = serde_json::json!({"changed": {
        "name": ["Acme", "Acme & Sons"],
        "time_zone": ["UTC", "Europe/Berlin"],
        "quiet_hours": [null, {"from": "22:00", "to": "07:00", "defective_breaks_through": false}],
        "roles.endpoint_warning": [["admin", "owner"], ["developer"]],
    }});
    assert_eq!(facts, expected);
    // Nothing changes: no line.
    let lines = s.count("FROM audit_log WHERE action = 'settings.updated'").await;
    s.store.update_settings(s.company, SettingsPatch::default(), ACTOR, now()).await.unwrap();
    assert_eq!(s.count("FROM audit_log WHERE action = 'settings.updated'").await, lines);
    let other = s.store.settings(s.other).await.unwrap();
    assert_eq!(other.company.name, "Other");
}

/// What the newest mail that proves an address carries.
async fn proof(s: &Setup) -> String {
    let claimed = s.store.claim_mails(100, now() + TimeDelta::minutes(1)).await.unwrap();
    let mut tokens = claimed.into_iter().filter_map(|claimed| match claimed.mail.content {
        MailContent::Account(mail) => mail.token,
        MailContent::Company(_) => None,
    });
    tokens.next_back().unwrap()
}

async fn an_address_gets_mails_between_its_proof_and_its_stop(s: Setup) {
    let _membership = s.store.join("a", now()).await.unwrap();
    let ops = email("Ops@Example.com");
    let all = PerKind::all(true);
    let made = s.store.add_address(s.company, (&ops, all, false), ACTOR, now()).await.unwrap();
    assert_eq!(made.state, AddressState::Unproved);
    let token = proof(&s).await;
    assert!(s.store.address_to_stop(&token).await.is_err(), "the one does not do for the other");
    let late = now() + TimeDelta::days(3);
    assert!(matches!(s.store.prove_address(&token, late).await, Err(Error::NotFound)));
    // Another link ends the first.
    s.store.add_address(s.company, (&ops, all, false), ACTOR, now()).await.unwrap();
    assert!(matches!(s.store.prove_address(&token, now()).await, Err(Error::NotFound)));
    let token = proof(&s).await;
    let told = s.store.address_to_prove(&token, now()).await.unwrap();
    assert_eq!((told.email.as_str(), told.company_name.as_str()), ("Ops@Example.com", "Acme"));
    assert_eq!(s.store.prove_address(&token, now()).await.unwrap(), told);
    assert!(matches!(s.store.prove_address(&token, now()).await, Err(Error::NotFound)), "once");
    let again = s.store.add_address(s.company, (&ops, all, false), ACTOR, now()).await;
    assert!(matches!(again, Err(Error::Conflict { code: "already_verified", .. })));

    let to = TestMailTo::Address(ops.clone());
    let TestMail::Queued(waiting) =
        s.store.queue_test_mail(s.company, to.clone(), ACTOR, now()).await.unwrap()
    else {
        panic!()
    };
    let claimed = s.store.claim_mails(100, now()).await.unwrap();
    let stop = claimed.iter().find(|claimed| claimed.mail.id == waiting).unwrap();
    let stop = stop.mail.stop.clone().unwrap();
    s.sql("UPDATE mail_outbox SET claimed_by = 0", vec![]).await;
    for _ in 0..2 {
        assert_eq!(s.store.stop_address(&stop, now()).await.unwrap(), told);
    }
    let settings = s.store.settings(s.company).await.unwrap();
    assert_eq!(settings.addresses[0].state, AddressState::Stopped);
    assert_eq!(s.store.mail(s.company, waiting).await.unwrap().state, MailState::Undone);
    let refused = s.store.queue_test_mail(s.company, to, ACTOR, now()).await.unwrap();
    assert_eq!(refused, TestMail::NoSuchAddress);
    let lines = s.count("FROM audit_log WHERE action = 'address.stopped'").await;
    assert_eq!(lines, 1);
    s.store.remove_address(s.company, made.id, ACTOR, now()).await.unwrap();
    assert!(s.store.settings(s.company).await.unwrap().addresses.is_empty());
    assert!(matches!(s.store.stop_address(&stop, now()).await, Err(Error::NotFound)));
}

async fn as_many_addresses_as_there_may_be(s: Setup) {
    let all = PerKind::all(true);
    let mut last = None;
    for number in 0..ADDRESSES_MAX {
        let one = email(&format!("a{number}@example.com"));
        let made = s.store.add_address(s.company, (&one, all, true), ACTOR, now()).await.unwrap();
        assert_eq!(made.state, AddressState::Proved);
        last = Some(made.id);
    }
    let more = email("more@example.com");
    let refused = s.store.add_address(s.company, (&more, all, true), ACTOR, now()).await;
    assert!(matches!(refused, Err(Error::Conflict { code: "too_many_addresses", .. })));
    let foreign = s.store.remove_address(s.other, last.unwrap(), ACTOR, now()).await;
    assert!(matches!(foreign, Err(Error::NotFound)));
    s.store.remove_address(s.company, last.unwrap(), ACTOR, now()).await.unwrap();
    s.store.add_address(s.company, (&more, all, true), ACTOR, now()).await.unwrap();
}

async fn a_member_chooses_and_nobody_above_is_chosen_for(s: Setup) {
    let ann = owner(&s).await;
    let quiet = MailChoicesPatch { warning: Some(Some(false)), ..MailChoicesPatch::default() };
    let set =
        async |actor, patch| s.store.set_mail_choices(s.company, ann, patch, actor, now()).await;
    let chosen = set(Actor::User(ann), quiet).await.unwrap();
    assert_eq!((chosen.choices.warning, chosen.gets.warning), (Some(false), false));
    assert_eq!((chosen.choices.defective, chosen.gets.defective), (None, true));
    assert_eq!(s.store.mail_choices(s.company, ann).await.unwrap(), chosen);
    let facts = newest_facts(&s, "member.notifications_updated").await;
    assert_eq!(facts, serde_json::json!({"changed": {"endpoint_warning": [null, false]}}));
    let token = Actor::Token(domain::id::TokenId::from_raw(1));
    let refused = set(token, quiet).await;
    assert!(matches!(refused, Err(Error::Conflict { code: "role_too_low", .. })));
    let reset = MailChoicesPatch { warning: Some(None), ..MailChoicesPatch::default() };
    let chosen = set(ACTOR, reset).await.unwrap();
    assert_eq!((chosen.choices.warning, chosen.gets.warning), (None, true));
    assert!(matches!(s.store.mail_choices(s.other, ann).await, Err(Error::NotFound)));
}

async fn test_mails_are_counted_by_the_hour_and_go_to_known_addresses_only(s: Setup) {
    let ask = async |to: &str, at| {
        let to = TestMailTo::Address(email(to));
        s.store.queue_test_mail(s.company, to, ACTOR, at).await.unwrap()
    };
    assert_eq!(ask("bob@example.com", now()).await, TestMail::NoSuchAddress, "another company's");
    for number in 0..TEST_MAILS_PER_HOUR_MAX {
        let at = now() + TimeDelta::minutes(i64::try_from(number).unwrap());
        assert!(matches!(ask("ANN@example.com", at).await, TestMail::Queued(_)), "{number}");
    }
    let hour = now() + TimeDelta::hours(1);
    let almost = hour - TimeDelta::milliseconds(1);
    assert_eq!(ask("ann@example.com", almost).await, TestMail::TooMany(hour));
    let after = hour + TimeDelta::milliseconds(1);
    assert!(matches!(ask("ann@example.com", after).await, TestMail::Queued(_)));
    let mails = s.store.mails(s.company, page(100, None)).await.unwrap();
    assert_eq!(mails.data.len(), TEST_MAILS_PER_HOUR_MAX + 1);
    assert_eq!(mails.data[0].content.kind(), "test_mail");
    assert_eq!(mails.data[0].recipient, "Ann@Example.com");
}

async fn a_mail_that_waits_for_somebody_who_left_is_not_sent(s: Setup) {
    let ann = owner(&s).await;
    let to = TestMailTo::Themselves(ann);
    let TestMail::Queued(id) = s.store.queue_test_mail(s.company, to, ACTOR, now()).await.unwrap()
    else {
        panic!()
    };
    let bob = s.row("SELECT id FROM users WHERE email_key = 'bob@example.com'").await;
    let bob: i64 = bob.try_get("", "id").unwrap();
    let sql =
        "INSERT INTO members (company_id, user_id, role, created_at) VALUES ($1, $2, 'owner', 1)";
    s.sql(sql, vec![s.company.raw().into(), bob.into()]).await;
    s.store.remove_member(s.company, ann, Actor::User(ann), now()).await.unwrap();
    assert_eq!(s.store.mail(s.company, id).await.unwrap().state, MailState::Undone);
}

async fn the_audit_log_is_filtered_by_time(s: Setup) {
    for minutes in [1, 2, 3] {
        let name = Some(format!("Acme {minutes}"));
        let patch = SettingsPatch { name, ..SettingsPatch::default() };
        let at = now() + TimeDelta::minutes(minutes);
        s.store.update_settings(s.company, patch, ACTOR, at).await.unwrap();
    }
    let (since, until) = (now() + TimeDelta::minutes(2), now() + TimeDelta::minutes(3));
    let filter = AuditFilter { since: Some(since), until: Some(until), ..AuditFilter::default() };
    let lines = s.store.audit_log(s.company, filter, page(10, None)).await.unwrap().data;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].facts["changed"]["name"][1], "Acme 2");
}
