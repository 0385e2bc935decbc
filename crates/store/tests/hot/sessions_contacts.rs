//! Contacts: who is one, by a number, a person's id, or both, and what happens where that is found late.

use sea_orm::ConnectionTrait;
use serde_json::Value;
use store::SwitchWanted;

use crate::sessions::{DAY, event_at, names, picker, rows, second, see, with};
use crate::setup::{Setup, on_both};

on_both!(
    a_contact_is_created_by_its_first_message_only,
    a_contact_learns_its_other_name,
    two_that_turn_out_to_be_one_go_on_as_one,
    a_number_passes_to_another_person,
    a_batch_that_says_all_at_once_makes_one,
    what_was_sent_to_nobody_makes_no_contact,
    a_name_passes_to_a_new_contact_in_one_batch,
    two_go_into_one_in_one_batch,
    one_who_is_another_takes_all_its_windows_along,
);

type Who<'a> = (Option<&'a str>, Option<&'a str>);

const NUMBER: Who<'_> = (Some("49"), None);
const PERSON: Who<'_> = (None, Some("DE.1"));
const BOTH: Who<'_> = (Some("49"), Some("DE.1"));

/// The contacts as `number/person`.
async fn contacts(s: &Setup) -> Vec<String> {
    let sql = "SELECT coalesce(wa_id, '') AS wa_id, coalesce(user_id, '') AS user_id FROM contacts \
        ORDER BY wa_id, user_id";
    let rows = rows(s, sql).await;
    let text = |row: &sea_orm::QueryResult, column| row.try_get::<String>("", column).unwrap();
    rows.iter().map(|row| format!("{}/{}", text(row, "wa_id"), text(row, "user_id"))).collect()
}

async fn message(s: &Setup, kind: &str, who: Who<'_>, at: i64) -> Value {
    let event = event_at(s.company, kind, &format!("wamid.{at}"), who, at);
    see(s, &[event], at).await.remove(0)
}

const IN: &str = "message.received";
const OUT: &str = "message.delivered";

async fn a_contact_is_created_by_its_first_message_only(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    message(&s, OUT, BOTH, 1).await;
    assert_eq!(names(&s).await, ["session.started"]);
    for at in [2, 3] {
        message(&s, IN, BOTH, at).await;
    }
    assert_eq!(names(&s).await, ["session.started", "contact.created", "session.activated"]);
}

async fn a_contact_learns_its_other_name(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    message(&s, IN, NUMBER, 1).await;
    message(&s, IN, BOTH, 2).await;
    message(&s, IN, PERSON, 3).await;
    // The person takes another number, and comes back without any.
    message(&s, IN, (Some("50"), Some("DE.1")), 4).await;
    message(&s, IN, PERSON, 5).await;
    assert_eq!(contacts(&s).await, ["50/DE.1"]);
    assert_eq!(names(&s).await, ["contact.created"]);
}

async fn two_that_turn_out_to_be_one_go_on_as_one(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    let first = message(&s, OUT, NUMBER, 1).await;
    let second_one = message(&s, OUT, PERSON, 2).await;
    assert_ne!(first["id"], second_one["id"]);
    assert_eq!(contacts(&s).await, ["/DE.1", "49/"]);
    let seen = message(&s, IN, BOTH, 3).await;
    assert_eq!((&seen["id"], &seen["state"]), (&first["id"], &Value::from("active")));
    assert_eq!(contacts(&s).await, ["49/DE.1"]);
    for who in [NUMBER, PERSON] {
        assert_eq!(message(&s, IN, who, 4).await["id"], first["id"]);
    }
    // The end of the other one is told all the same.
    assert_eq!(s.store.expire_sessions(second(DAY + 2)).await.unwrap(), 2);
    let expected = [
        "session.started",
        "session.started",
        "contact.created",
        "session.activated",
        "session.expired",
        "session.expired",
    ];
    assert_eq!(names(&s).await, expected);
    // One that has ended is put away.
    message(&s, OUT, (Some("51"), None), 2 * DAY).await;
    s.store.expire_sessions(second(3 * DAY)).await.unwrap();
    message(&s, IN, (Some("51"), Some("DE.1")), 3 * DAY).await;
    assert_eq!(contacts(&s).await, ["51/DE.1"]);
}

async fn a_number_passes_to_another_person(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    message(&s, IN, BOTH, 1).await;
    message(&s, IN, (Some("49"), Some("DE.2")), 2).await;
    assert_eq!(contacts(&s).await, ["/DE.1", "49/DE.2"]);
    message(&s, IN, (Some("49"), Some("DE.1")), 3).await;
    assert_eq!(contacts(&s).await, ["/DE.2", "49/DE.1"]);
    assert_eq!(names(&s).await, ["contact.created", "contact.created"]);
    // A new one, two who are known, all in one batch, each with the number that another one had.
    let batch = [
        event_at(s.company, IN, "wamid.5", (Some("49"), Some("DE.3")), 5),
        event_at(s.company, IN, "wamid.6", (Some("50"), Some("DE.1")), 6),
        event_at(s.company, IN, "wamid.7", (Some("49"), Some("DE.2")), 7),
        event_at(s.company, IN, "wamid.8", (Some("50"), Some("DE.3")), 8),
    ];
    see(&s, &batch, 9).await;
    assert_eq!(contacts(&s).await, ["/DE.1", "49/DE.2", "50/DE.3"]);
    assert_eq!(names(&s).await, ["contact.created"; 3]);
}

async fn a_batch_that_says_all_at_once_makes_one(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    let batch: Vec<_> = (1..)
        .zip([(OUT, NUMBER), (OUT, PERSON), (IN, BOTH), (IN, PERSON)])
        .map(|(at, (kind, who))| event_at(s.company, kind, &format!("wamid.{at}"), who, at))
        .collect();
    let seen = see(&s, &batch, 9).await;
    assert_eq!(contacts(&s).await, ["49/DE.1"]);
    assert!(seen.iter().all(|session| session["id"] == seen[0]["id"]));
    assert_eq!(names(&s).await, ["session.started", "contact.created", "session.activated"]);
}

async fn what_was_sent_to_nobody_makes_no_contact(s: Setup) {
    for kind in ["message.sent", "message.failed"] {
        assert_eq!(message(&s, kind, NUMBER, 1).await, Value::Null);
    }
    assert_eq!((s.count("FROM contacts").await, s.count("FROM sessions").await), (0, 0));
}

async fn a_name_passes_to_a_new_contact_in_one_batch(s: Setup) {
    let known: [Who<'_>; 4] = [
        (Some("49"), Some("DE.1")),
        (Some("51"), None),
        (Some("52"), Some("DE.2")),
        (Some("54"), Some("DE.3")),
    ];
    for (at, who) in (1..).zip(known) {
        message(&s, IN, who, at).await;
    }
    // One moves on and another one comes after it; two are one, which leaves a number behind; one is met
    // without the number that it took.
    let batch: Vec<_> = (10..)
        .zip([
            (IN, (Some("50"), Some("DE.1"))),
            (OUT, (Some("49"), None)),
            (IN, (Some("51"), Some("DE.2"))),
            (OUT, (Some("52"), None)),
            (IN, (None, Some("DE.4"))),
            (IN, (Some("54"), Some("DE.4"))),
        ])
        .map(|(at, (kind, who))| event_at(s.company, kind, &format!("wamid.{at}"), who, at))
        .collect();
    see(&s, &batch, 20).await;
    let expected = ["/DE.3", "49/", "50/DE.1", "51/DE.2", "52/", "54/DE.4"];
    assert_eq!(contacts(&s).await, expected);
    // They are found by them.
    for (at, who) in (30..).zip([(Some("49"), None), (Some("52"), None), (None, Some("DE.4"))]) {
        message(&s, IN, who, at).await;
    }
    assert_eq!(contacts(&s).await, expected);
}

async fn two_go_into_one_in_one_batch(s: Setup) {
    picker(&s, SwitchWanted::Enabled).await;
    let first = message(&s, OUT, NUMBER, 1).await;
    message(&s, OUT, PERSON, 2).await;
    message(&s, OUT, (Some("50"), None), 3).await;
    let batch = [
        event_at(s.company, IN, "wamid.4", BOTH, 4),
        event_at(s.company, IN, "wamid.5", (Some("50"), Some("DE.1")), 5),
    ];
    let seen = see(&s, &batch, 6).await;
    assert_eq!(contacts(&s).await, ["50/DE.1"]);
    assert_eq!((&seen[0]["id"], &seen[1]["id"]), (&first["id"], &first["id"]));
    assert_eq!(message(&s, IN, PERSON, 7).await["id"], first["id"]);
    assert_eq!(s.store.expire_sessions(second(DAY + 3)).await.unwrap(), 3);
    let ended = names(&s).await.iter().filter(|name| *name == "session.expired").count();
    assert_eq!(ended, 3);
}

async fn one_who_is_another_takes_all_its_windows_along(s: Setup) {
    let on = |event, number: &str| with(event, "phone_number_id", Value::from(number));
    message(&s, OUT, NUMBER, 1).await;
    let delivered = event_at(s.company, OUT, "wamid.2", PERSON, 2);
    let session = see(&s, &[on(delivered, "3099")], 2).await.remove(0);
    // Nothing here is about that number.
    message(&s, IN, BOTH, 3).await;
    for who in [NUMBER, PERSON] {
        let sent = on(event_at(s.company, "message.sent", "wamid.4", who, 4), "3099");
        assert_eq!(see(&s, &[sent], 4).await[0]["id"], session["id"]);
    }
    let astray = "FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM contacts c \
        WHERE c.company_id = s.company_id AND c.id = s.contact_id)";
    assert_eq!((s.count(astray).await, s.count("FROM sessions").await), (0, 2));
}

/// Where another node makes a contact at the same moment, all are read again, and none is left over.
#[tokio::test]
async fn what_is_read_again_leaves_no_contact_behind() {
    let s = Setup::postgres().await;
    message(&s, IN, BOTH, 1).await;
    let sql = "CREATE SEQUENCE failures; \
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        IF NEW.wa_id = '51' AND nextval('failures') <= 2 THEN RETURN NULL; END IF; RETURN NEW; END $$; \
        CREATE TRIGGER fail BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION fail()";
    s.raw.execute_unprepared(sql).await.unwrap();
    let batch = [
        event_at(s.company, IN, "wamid.2", (Some("50"), Some("DE.1")), 2),
        event_at(s.company, OUT, "wamid.3", NUMBER, 3),
        event_at(s.company, IN, "wamid.4", (Some("51"), None), 4),
    ];
    see(&s, &batch, 5).await;
    assert_eq!(contacts(&s).await, ["49/", "50/DE.1", "51/"]);
}
