//! Which mails settlement writes, when they are due, and what undoes them.

use domain::endpoint::Status;
use domain::id::{EndpointId, UserId};
use domain::notification::{PerKind, Roles};
use domain::person::EmailAddress;
use domain::quiet::QuietHours;
use sea_orm::{ConnectionTrait, Statement};
use store::{MailChoicesPatch, MailFacts, SettingsPatch, WAITING_COUNT_MAX};

use crate::engine::{at, attempted, fail, held, micros, over, refused, status};
use crate::setup::{ACTOR, Setup, now, on_both};
use store::{Attempted, ToSettle};

on_both!(
    the_fiftieth_warns_and_the_hundredth_tells_once,
    only_owners_and_admins_are_told,
    a_second_defective_within_a_day_is_held_back_and_undone_by_recovery,
    a_second_defective_that_lasts_is_told_when_the_day_is_over,
    a_warning_held_back_is_undone_when_the_streak_ends,
    a_good_sample_undoes_a_warning_held_back,
    a_success_amid_a_batch_undoes_a_warning_held_back,
    a_warning_held_back_in_the_batch_that_ends_its_streak_is_undone,
    a_batch_that_holds_the_hundredth_and_a_success_tells_both,
    a_recovery_tells_what_it_recovered_from,
    a_good_sample_tells_what_it_recovered_from,
    what_waits_is_counted_up_to_the_edge,
    in_quiet_hours_mails_wait_and_defective_does_not,
    what_waits_in_quiet_hours_is_undone_by_what_happens_then,
    quiet_hours_that_change_plan_what_waits_anew,
    roles_choices_and_addresses_say_who_is_told,
);

/// Kind, state, whether held back, and the minute at which it is due.
async fn mails(s: &Setup) -> Vec<(String, String, i64, i64)> {
    let sql = "SELECT kind, state, held_back, due_at FROM mail_outbox ORDER BY id";
    let statement = Statement::from_string(s.raw.get_database_backend(), sql);
    let rows = s.raw.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| {
            let due: i64 = row.try_get("", "due_at").unwrap();
            (
                row.try_get("", "kind").unwrap(),
                row.try_get("", "state").unwrap(),
                row.try_get("", "held_back").unwrap(),
                (due - micros(now())) / 60_000_000,
            )
        })
        .collect()
}

fn mail(kind: &str, state: &str, held_back: i64, minute: i64) -> (String, String, i64, i64) {
    (format!("endpoint_{kind}"), state.into(), held_back, minute)
}

/// The facts of the newest mail of a kind.
async fn facts(s: &Setup, kind: &str) -> MailFacts {
    let sql = "SELECT facts FROM mail_outbox WHERE kind = 'endpoint_{}' ORDER BY id DESC LIMIT 1";
    let facts: String = s.row(&sql.replace("{}", kind)).await.try_get("", "facts").unwrap();
    serde_json::from_str(&facts).unwrap()
}

/// What a mail says of a streak: failures, since which minute, and how the last one ended.
async fn told(s: &Setup, kind: &str) -> (u32, Option<i64>, Option<u16>, Option<String>) {
    let facts = facts(s, kind).await;
    let since = facts.failing_since.map(|since| (since - now()).num_minutes());
    (facts.failures, since, facts.last_status, facts.last_error)
}

/// An endpoint with a second warning that waits for the end of the day.
async fn warned_twice(s: &Setup) -> EndpointId {
    let id = s.endpoint().await.id;
    fail(s, id, 1, 50, 0).await;
    succeed(s, id, 100, 10).await;
    fail(s, id, 200, 50, 20).await;
    let day = 24 * 60;
    let both = [mail("warning", "queued", 0, 0), mail("warning", "queued", 1, day)];
    assert_eq!(mails(s).await, both);
    id
}

async fn succeed(s: &Setup, endpoint: EndpointId, n: i64, minute: i64) {
    let epoch = s.store.endpoint(s.company, endpoint).await.unwrap().state.epoch;
    let delivery = held(s, n, endpoint, 0).await;
    let good = attempted(&delivery, status(200), at(minute));
    let good = Attempted { began_in_epoch: epoch, ..good };
    s.store.settle(&[ToSettle::Attempted(Box::new(good))], at(minute)).await.unwrap();
}

async fn the_fiftieth_warns_and_the_hundredth_tells_once(s: Setup) {
    let id = s.endpoint().await.id;
    fail(&s, id, 1, 49, 1).await;
    assert_eq!(mails(&s).await, []);
    fail(&s, id, 50, 1, 2).await;
    assert_eq!(mails(&s).await, [mail("warning", "queued", 0, 2)]);
    fail(&s, id, 51, 49, 3).await;
    let status = async || s.store.endpoint(s.company, id).await.unwrap().state.status();
    assert_eq!((mails(&s).await.len(), status().await), (1, Status::Enabled));
    fail(&s, id, 100, 1, 4).await;
    assert_eq!(status().await, Status::Defective);
    fail(&s, id, 101, 30, 5).await;
    let told = [mail("warning", "queued", 0, 2), mail("defective", "queued", 0, 4)];
    assert_eq!(mails(&s).await, told);
    let facts = facts(&s, "defective").await;
    assert_eq!(
        (facts.company_name.as_str(), facts.failures, facts.last_status),
        ("Acme", 100, Some(500))
    );
    assert_eq!((facts.failing_since, facts.happened_at), (Some(at(1)), at(4)));
    assert_eq!((facts.waiting, facts.endpoint_id), (100, id.to_string()));
    succeed(&s, id, 200, 6).await;
    assert_eq!(status().await, Status::Enabled);
    assert_eq!(mails(&s).await[2..], [mail("recovered", "queued", 0, 6)]);
    succeed(&s, id, 201, 7).await;
    assert_eq!(mails(&s).await.len(), 3);
}

async fn only_owners_and_admins_are_told(s: Setup) {
    for (n, role) in [(1, "admin"), (2, "developer"), (3, "viewer")] {
        let email = format!("{role}@example.com");
        s.sql(
            "INSERT INTO users (id, email, email_key, email_verified_at, created_at) \
             VALUES ($1, $2, $2, 1, 1)",
            vec![i64::from(n).into(), email.into()],
        )
        .await;
        s.sql(
            "INSERT INTO members (company_id, user_id, role, created_at) VALUES ($1, $2, $3, 1)",
            vec![s.company.raw().into(), i64::from(n).into(), role.into()],
        )
        .await;
    }
    // One whose address is not proved hears of nothing else before it is.
    s.sql(
        "INSERT INTO users (id, email, email_key, created_at) VALUES (4, 'x@y', 'x@y', 1)",
        vec![],
    )
    .await;
    s.sql(
        "INSERT INTO members (company_id, user_id, role, created_at) VALUES ($1, 4, 'owner', 1)",
        vec![s.company.raw().into()],
    )
    .await;
    let id = s.endpoint().await.id;
    fail(&s, id, 1, 50, 1).await;
    let sql = "FROM mail_outbox WHERE recipient IN ('Ann@Example.com', 'admin@example.com')";
    assert_eq!((s.count(sql).await, s.count("FROM mail_outbox").await), (2, 2));
}

async fn a_second_defective_within_a_day_is_held_back_and_undone_by_recovery(s: Setup) {
    let id = s.endpoint().await.id;
    fail(&s, id, 1, 100, 0).await;
    succeed(&s, id, 200, 10).await;
    fail(&s, id, 300, 100, 60).await;
    let day = 24 * 60;
    let first = [
        mail("warning", "queued", 0, 0),
        mail("defective", "queued", 0, 0),
        mail("recovered", "queued", 0, 10),
    ];
    let all = mails(&s).await;
    assert_eq!(all[..3], first);
    // The second warning waited for the end of the day and is no longer true.
    assert_eq!(all[3..], [mail("warning", "undone", 1, day), mail("defective", "queued", 1, day)]);
    succeed(&s, id, 500, 70).await;
    let all = mails(&s).await;
    assert_eq!(all[..3], first);
    assert_eq!(all[3..], [mail("warning", "undone", 1, day), mail("defective", "undone", 1, day)]);
}

async fn a_second_defective_that_lasts_is_told_when_the_day_is_over(s: Setup) {
    let id = s.endpoint().await.id;
    fail(&s, id, 1, 100, 0).await;
    succeed(&s, id, 200, 10).await;
    fail(&s, id, 300, 100, 60).await;
    let day = 24 * 60;
    let _membership = s.store.join("a", now()).await.unwrap();
    let due = async |minute| s.store.claim_mails(99, at(minute)).await.unwrap().len();
    assert_eq!(due(day - 1).await, 3);
    assert_eq!(due(day).await, 1);
    succeed(&s, id, 500, day + 10).await;
    let recovered = mails(&s).await.pop().unwrap();
    assert_eq!(recovered, mail("recovered", "queued", 0, day + 10), "they were told");
}

async fn a_warning_held_back_is_undone_when_the_streak_ends(s: Setup) {
    let id = warned_twice(&s).await;
    succeed(&s, id, 300, 30).await;
    assert_eq!(mails(&s).await[1..], [mail("warning", "undone", 1, 24 * 60)]);
}

async fn a_good_sample_undoes_a_warning_held_back(s: Setup) {
    let id = warned_twice(&s).await;
    s.store.record_sample(s.company, id, false, ACTOR, at(30)).await.unwrap();
    assert_eq!(mails(&s).await[1..], [mail("warning", "queued", 1, 24 * 60)]);
    s.store.record_sample(s.company, id, true, ACTOR, at(30)).await.unwrap();
    assert_eq!(mails(&s).await[1..], [mail("warning", "undone", 1, 24 * 60)]);
}

async fn a_success_amid_a_batch_undoes_a_warning_held_back(s: Setup) {
    let id = warned_twice(&s).await;
    let (good, bad) = (held(&s, 300, id, 0).await, held(&s, 301, id, 0).await);
    let batch = [over(&good, status(200), at(30)), over(&bad, status(500), at(31))];
    s.store.settle(&batch, at(31)).await.unwrap();
    assert_eq!(s.store.endpoint(s.company, id).await.unwrap().state.streak(), 1);
    assert_eq!(mails(&s).await[1..], [mail("warning", "undone", 1, 24 * 60)]);
}

async fn a_warning_held_back_in_the_batch_that_ends_its_streak_is_undone(s: Setup) {
    let id = s.endpoint().await.id;
    fail(&s, id, 1, 50, 0).await;
    succeed(&s, id, 100, 10).await;
    let mut batch = Vec::new();
    for n in 200..250 {
        batch.push(over(&held(&s, n, id, 0).await, status(500), at(20)));
    }
    batch.push(over(&held(&s, 250, id, 0).await, status(200), at(21)));
    s.store.settle(&batch, at(21)).await.unwrap();
    assert_eq!(mails(&s).await[1..], [mail("warning", "undone", 1, 24 * 60)]);
}

async fn a_batch_that_holds_the_hundredth_and_a_success_tells_both(s: Setup) {
    let id = s.endpoint().await.id;
    fail(&s, id, 1, 99, 1).await;
    let mut batch = Vec::new();
    for (n, outcome) in
        [(100, status(503)), (101, refused()), (102, status(200)), (103, status(502))]
    {
        batch.push(over(&held(&s, n, id, 0).await, outcome, at(n)));
    }
    s.store.settle(&batch, at(103)).await.unwrap();
    assert_eq!(told(&s, "warning").await.0, 50);
    let (failures, since, last_status, last_error) = told(&s, "defective").await;
    assert_eq!((failures, since, last_status), (100, Some(1), Some(503)));
    assert!(last_error.is_some_and(|error| error.contains("503")));
    let recovered = (101, Some(1), None, Some("connection refused".to_owned()));
    assert_eq!(told(&s, "recovered").await, recovered);
    assert_eq!(facts(&s, "recovered").await.happened_at, at(102));
    let after = s.store.endpoint(s.company, id).await.unwrap();
    assert_eq!((after.state.streak(), after.last_status), (1, Some(502)));
}

async fn a_recovery_tells_what_it_recovered_from(s: Setup) {
    let id = s.endpoint().await.id;
    fail(&s, id, 1, 119, 1).await;
    succeed(&s, id, 200, 6).await;
    let (failures, since, last_status, last_error) = told(&s, "recovered").await;
    assert_eq!((failures, since, last_status), (119, Some(1), Some(500)));
    assert!(last_error.is_some_and(|error| error.contains("500")));
}

async fn a_good_sample_tells_what_it_recovered_from(s: Setup) {
    let id = s.endpoint().await.id;
    fail(&s, id, 1, 119, 1).await;
    s.store.record_sample(s.company, id, true, ACTOR, at(6)).await.unwrap();
    let (failures, since, last_status, last_error) = told(&s, "recovered").await;
    assert_eq!((failures, since, last_status), (119, Some(1), Some(500)));
    assert!(last_error.is_some_and(|error| error.contains("500")));
}

async fn what_waits_is_counted_up_to_the_edge(s: Setup) {
    let id = s.endpoint().await.id;
    let most = i64::from(WAITING_COUNT_MAX);
    // With the one that fails at last they are as many as are counted.
    let numbers = if s.config.database_url.starts_with("sqlite") {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $3) "
    } else {
        "WITH n(i) AS (SELECT generate_series(1::bigint, $3)) "
    };
    let rows = "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
        SELECT 900000000 + i, $1, $2, 1, 1, 1 FROM n";
    let values = vec![s.company.raw().into(), id.raw().into(), (most - 50).into()];
    s.sql(&format!("{numbers}{rows}"), values).await;
    fail(&s, id, 1, 50, 1).await;
    assert_eq!(facts(&s, "warning").await.waiting, WAITING_COUNT_MAX);
    fail(&s, id, 51, 50, 2).await;
    assert_eq!(facts(&s, "defective").await.waiting, WAITING_COUNT_MAX + 1);
}

/// Quiet hours around noon, which is the minute 0, up to the minute 60.
async fn quiet_until_one(s: &Setup, defective_breaks_through: bool) {
    let hours = QuietHours::parse("11:00".parse().unwrap(), "13:00".parse().unwrap()).unwrap();
    let quiet_hours = Some(Some((hours, defective_breaks_through)));
    set(s, SettingsPatch { quiet_hours, ..SettingsPatch::default() }, 0).await;
}

async fn set(s: &Setup, patch: SettingsPatch, minute: i64) {
    s.store.update_settings(s.company, patch, ACTOR, at(minute)).await.unwrap();
}

async fn in_quiet_hours_mails_wait_and_defective_does_not(s: Setup) {
    quiet_until_one(&s, true).await;
    let id = s.endpoint().await.id;
    fail(&s, id, 1, 50, 1).await;
    assert_eq!(mails(&s).await, [mail("warning", "queued", 1, 60)]);
    fail(&s, id, 51, 50, 2).await;
    // The warning has become untrue: it is more than failing.
    let told = [mail("warning", "undone", 1, 60), mail("defective", "queued", 0, 2)];
    assert_eq!(mails(&s).await, told);
    succeed(&s, id, 200, 3).await;
    assert_eq!(mails(&s).await[2..], [mail("recovered", "queued", 1, 60)]);
}

async fn what_waits_in_quiet_hours_is_undone_by_what_happens_then(s: Setup) {
    quiet_until_one(&s, false).await;
    let id = s.endpoint().await.id;
    fail(&s, id, 1, 50, 1).await;
    succeed(&s, id, 100, 2).await;
    assert_eq!(mails(&s).await, [mail("warning", "undone", 1, 60)]);
    fail(&s, id, 200, 100, 3).await;
    assert_eq!(mails(&s).await.last(), Some(&mail("defective", "queued", 1, 60)));
    succeed(&s, id, 400, 4).await;
    // Nobody was told that it was Defective, and nobody is told that it no longer is.
    let all = mails(&s).await;
    assert!(all.iter().all(|(_, state, ..)| state == "undone"), "{all:?}");
    // After them it is as ever.
    fail(&s, id, 500, 50, 60).await;
    assert_eq!(mails(&s).await.last(), Some(&mail("warning", "queued", 0, 60)));
}

async fn quiet_hours_that_change_plan_what_waits_anew(s: Setup) {
    quiet_until_one(&s, true).await;
    let id = s.endpoint().await.id;
    fail(&s, id, 1, 50, 1).await;
    assert_eq!(mails(&s).await, [mail("warning", "queued", 1, 60)]);
    let zone = Some("Europe/Berlin".parse().unwrap());
    // 11:00 to 13:00 there is 10:00 to 12:00 UTC, and over.
    set(&s, SettingsPatch { time_zone: zone, ..SettingsPatch::default() }, 5).await;
    assert_eq!(mails(&s).await, [mail("warning", "queued", 0, 5)]);
    // One that waits for the end of a day waits for that all the same.
    let other = warned_twice_at(&s).await;
    let none = SettingsPatch { quiet_hours: Some(None), ..SettingsPatch::default() };
    set(&s, none, 30).await;
    assert_eq!(mails(&s).await.last(), Some(&mail("warning", "queued", 1, 24 * 60 + 6)), "{other}");
}

/// Warned at the minute 6, and once more: that waits for the end of the day.
async fn warned_twice_at(s: &Setup) -> EndpointId {
    let id = s.endpoint().await.id;
    fail(s, id, 600, 50, 6).await;
    succeed(s, id, 700, 10).await;
    fail(s, id, 800, 50, 20).await;
    id
}

async fn recipients(s: &Setup, kind: &str) -> Vec<String> {
    let sql =
        format!("SELECT recipient FROM mail_outbox WHERE kind = 'endpoint_{kind}' ORDER BY id");
    let statement = Statement::from_string(s.raw.get_database_backend(), sql);
    let rows = s.raw.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get("", "recipient").unwrap()).collect()
}

async fn roles_choices_and_addresses_say_who_is_told(s: Setup) {
    let member = async |email: &str, role: &str| {
        s.store.create_company("Elsewhere", email, now()).await.unwrap();
        let id: i64 = s
            .row(&format!("SELECT id FROM users WHERE email_key = '{email}'"))
            .await
            .try_get("", "id")
            .unwrap();
        let sql =
            "INSERT INTO members (company_id, user_id, role, created_at) VALUES ($1, $2, $3, 1)";
        s.sql(sql, vec![s.company.raw().into(), id.into(), role.into()]).await;
        UserId::from_raw(id)
    };
    let dev = member("dev@example.com", "developer").await;
    member("viewer@example.com", "viewer").await;
    let choices = MailChoicesPatch { defective: Some(Some(true)), ..MailChoicesPatch::default() };
    s.store.set_mail_choices(s.company, dev, choices, ACTOR, now()).await.unwrap();
    let roles = PerKind::all(Some(Roles::NONE));
    let mut patch = SettingsPatch { roles, ..SettingsPatch::default() };
    patch.roles.warning = Some(Roles::of(&[domain::role::Role::Viewer]));
    set(&s, patch, 0).await;
    let ops = EmailAddress::parse("ops@example.com").unwrap();
    let kinds = PerKind { recovered: true, ..PerKind::default() };
    s.store.add_address(s.company, (&ops, kinds, true), ACTOR, now()).await.unwrap();
    let unproved = EmailAddress::parse("unproved@example.com").unwrap();
    let added = (&unproved, PerKind::all(true), false);
    s.store.add_address(s.company, added, ACTOR, now()).await.unwrap();
    let id = s.endpoint().await.id;
    fail(&s, id, 1, 100, 1).await;
    succeed(&s, id, 200, 2).await;
    assert_eq!(recipients(&s, "warning").await, ["viewer@example.com"]);
    assert_eq!(recipients(&s, "defective").await, ["dev@example.com"]);
    assert_eq!(recipients(&s, "recovered").await, ["ops@example.com"]);
    // Where nobody would know, the owner does.
    let none = MailChoicesPatch { defective: Some(None), ..MailChoicesPatch::default() };
    s.store.set_mail_choices(s.company, dev, none, ACTOR, now()).await.unwrap();
    let other = s.endpoint().await.id;
    fail(&s, other, 600, 100, 3).await;
    assert_eq!(recipients(&s, "defective").await[1..], ["Ann@Example.com"]);
}
