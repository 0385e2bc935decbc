use super::*;
use chrono::{TimeDelta, TimeZone as _};

fn member(number: i64, role: Role, choices: Choices) -> Member {
    let email = format!("{}{number}@example.com", role.as_str());
    Member { user: UserId::from_raw(number), role, email, choices }
}

fn company() -> Vec<Member> {
    let roles = [Role::Owner, Role::Admin, Role::Developer, Role::Viewer];
    (1..).zip(roles).map(|(number, role)| member(number, role, Choices::default())).collect()
}

fn address(email: &str, kinds: PerKind<bool>) -> Address {
    Address { id: AddressId::from_raw(9), email: email.into(), kinds }
}

fn emails(recipients: &[Recipient]) -> Vec<&str> {
    recipients.iter().map(|one| one.email.as_str()).collect()
}

fn at(hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, hour, 0, 0).unwrap()
}

fn quiet(from: &str, to: &str) -> Notifications {
    let hours = QuietHours::parse(from.parse().unwrap(), to.parse().unwrap()).unwrap();
    Notifications { quiet_hours: Some(hours), ..Notifications::default() }
}

#[test]
fn owners_and_admins_unless_others_are_chosen() {
    let default = Notifications::default();
    for kind in NoticeKind::ALL {
        let told = recipients(&default, kind, &company(), &[]);
        assert_eq!(emails(&told), ["owner1@example.com", "admin2@example.com"]);
    }
    let mut settings = default;
    *settings.roles.of_mut(NoticeKind::Warning) = Roles::of(&[Role::Viewer, Role::Developer]);
    let told = recipients(&settings, NoticeKind::Warning, &company(), &[]);
    assert_eq!(emails(&told), ["developer3@example.com", "viewer4@example.com"]);
    assert_eq!(recipients(&settings, NoticeKind::Recovered, &company(), &[]).len(), 2);
}

#[test]
fn a_member_s_own_choice_goes_before_that_of_the_role() {
    let mut company = company();
    company[0].choices.warning = Some(false);
    company[3].choices.warning = Some(true);
    let of = |kind| recipients(&Notifications::default(), kind, &company, &[]);
    assert_eq!(emails(&of(NoticeKind::Warning)), ["admin2@example.com", "viewer4@example.com"]);
    assert_eq!(emails(&of(NoticeKind::Defective)), ["owner1@example.com", "admin2@example.com"]);
}

#[test]
fn an_added_address_gets_its_kinds_and_nobody_gets_a_mail_twice() {
    let kinds = PerKind { defective: true, ..PerKind::default() };
    let ops = address("ops@example.com", kinds);
    let same = address("OWNER1@example.com", PerKind::all(true));
    let of = |kind| {
        recipients(&Notifications::default(), kind, &company(), &[same.clone(), ops.clone()])
    };
    assert_eq!(of(NoticeKind::Warning).len(), 2);
    let told = of(NoticeKind::Defective);
    assert_eq!(emails(&told), ["owner1@example.com", "admin2@example.com", "ops@example.com"]);
    assert_eq!(told[0].whose, Whose::Member(UserId::from_raw(1)));
    assert_eq!(told[2].whose, Whose::Address(AddressId::from_raw(9)));
}

#[test]
fn somebody_gets_to_know_that_an_endpoint_is_defective() {
    let settings = Notifications { roles: PerKind::all(Roles::NONE), ..Notifications::default() };
    let mut company = company();
    company[0].choices = PerKind::all(Some(false));
    let of = |kind, addresses: &[Address]| {
        let told = recipients(&settings, kind, &company, addresses);
        told.into_iter().map(|one| one.email).collect::<Vec<_>>()
    };
    assert_eq!(of(NoticeKind::Defective, &[]), ["owner1@example.com"]);
    for kind in [NoticeKind::Warning, NoticeKind::Recovered, NoticeKind::DisabledByGone] {
        assert_eq!(of(kind, &[]), Vec::<String>::new());
    }
    let ops = address("ops@example.com", PerKind::all(true));
    assert_eq!(of(NoticeKind::Defective, &[ops]), ["ops@example.com"]);
}

#[test]
fn mails_wait_for_the_end_of_quiet_hours_and_defective_does_if_it_must() {
    let mut settings = quiet("22:00", "07:00");
    let none = NoticeMemory::default();
    let night = at(23);
    let morning = at(7) + TimeDelta::days(1);
    let of = |settings: &Notifications, kind| due(settings, kind, none, night).unwrap();
    for kind in [NoticeKind::Warning, NoticeKind::Recovered, NoticeKind::DisabledByGone] {
        let due = of(&settings, kind);
        assert_eq!((due.at, due.without_quiet_hours), (morning, night), "{kind:?}");
    }
    assert_eq!(of(&settings, NoticeKind::Defective).at, night);
    settings.defective_breaks_through = false;
    assert_eq!(of(&settings, NoticeKind::Defective).at, morning);
    let by_day = due(&settings, NoticeKind::Warning, none, at(12)).unwrap();
    assert_eq!(by_day.at, at(12));
}

#[test]
fn the_day_between_two_mails_and_quiet_hours_add_up() {
    let settings = quiet("11:00", "13:00");
    let told_at = |hour| NoticeMemory { last_due: Some(at(hour)) };
    let of = |memory, hour| due(&settings, NoticeKind::Warning, memory, at(hour));
    // The day is over at noon, in the midst of quiet hours.
    let next = of(told_at(12), 14).unwrap();
    let noon = at(12) + TimeDelta::days(1);
    assert_eq!((next.at, next.without_quiet_hours), (noon + TimeDelta::hours(1), noon));
    // One waits for the end of the quiet hours already.
    assert_eq!(of(told_at(13), 12), None);
}

#[test]
fn roles_are_listed_once_and_in_order() {
    let roles = Roles::of(&[Role::Owner, Role::Viewer, Role::Owner]);
    assert_eq!(roles.list(), [Role::Viewer, Role::Owner]);
    assert!(roles.has(Role::Owner) && !roles.has(Role::Admin));
    assert_eq!(Roles::NONE.list(), []);
}
