//! Operational events: which causes write them, in which transaction, and where none is written.

use domain::catalogue;
use domain::delivery::Finish;
use domain::event::Event;
use domain::event_type::{EventTypeName, Selector};
use domain::id::{DeliveryId, EndpointId, EventId};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;
use store::{AgeWalk, Claimed, Hint, NewEndpoint, SwitchWanted, ToSettle};

use crate::engine::{at, endpoint, fail, held, lane, micros, of_lane, over, refused, status};
use crate::races::somebody_waits;
use crate::setup::{ACTOR, Pending, Setup, new_endpoint, now, on_both};

on_both!(
    a_streak_tells_its_warning_its_defect_and_its_recovery,
    a_last_try_that_fails_is_told_and_nothing_else_is,
    what_is_given_up_by_age_is_told,
    what_is_given_up_at_its_turn_is_told_with_its_last_words,
    a_good_sample_tells_the_recovery,
    where_nobody_picks_it_nothing_is_written,
    a_picker_that_is_off_gets_none_and_the_event_is_kept,
    an_endpoint_hears_of_itself,
    an_operational_delivery_gives_rise_to_nothing,
    a_settlement_that_fails_tells_nothing_and_again_tells_once,
    an_endpoint_that_the_same_batch_switches_off_gets_none,
    a_lane_wished_for_twice_is_written_once,
    many_given_up_at_once_are_told_each,
);

/// An endpoint that picks these, and nothing else.
async fn picker(s: &Setup, selectors: &[&str], switch: SwitchWanted) -> EndpointId {
    let event_types = selectors.iter().map(|name| Selector::parse(name).unwrap()).collect();
    let wanted = NewEndpoint { event_types, switch, ..new_endpoint() };
    s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap().id
}

async fn hears_all(s: &Setup) -> EndpointId {
    picker(s, &["endpoint.*", "delivery.*"], SwitchWanted::Enabled).await
}

/// An operational event as it stands in the database.
#[derive(Debug)]
struct Told {
    id: i64,
    event_type: String,
    subject: String,
    occurred_at: i64,
    deliveries: i64,
    data: Value,
}

/// All that the store has written, oldest first, each checked to have the members that its schema requires.
async fn told(s: &Setup) -> Vec<Told> {
    let sql = "SELECT id, company_id, event_type, source_id, subject, occurred_at, deliveries, data \
        FROM events WHERE (event_type LIKE 'endpoint.%' OR event_type LIKE 'delivery.%') \
        AND subject LIKE 'ep_%' ORDER BY id";
    let statement = Statement::from_string(s.raw.get_database_backend(), sql);
    let rows = s.raw.query_all_raw(statement).await.unwrap();
    let read = |row: &sea_orm::QueryResult| {
        assert_eq!(row.try_get::<i64>("", "company_id").unwrap(), s.company.raw());
        assert_eq!(row.try_get::<i64>("", "source_id").unwrap(), 0);
        let data: Vec<u8> = row.try_get("", "data").unwrap();
        let event_type: String = row.try_get("", "event_type").unwrap();
        let data: Value = serde_json::from_slice(&data).unwrap();
        let known = catalogue::find(&event_type).unwrap();
        let schema: Value = serde_json::from_str(known.schema).unwrap();
        for name in schema["required"].as_array().unwrap() {
            assert!(data.get(name.as_str().unwrap()).is_some(), "{event_type}: {name} in {data}");
        }
        Told {
            id: row.try_get("", "id").unwrap(),
            subject: row.try_get("", "subject").unwrap(),
            occurred_at: row.try_get("", "occurred_at").unwrap(),
            deliveries: row.try_get("", "deliveries").unwrap(),
            event_type,
            data,
        }
    };
    rows.iter().map(read).collect()
}

async fn names(s: &Setup) -> Vec<String> {
    told(s).await.into_iter().map(|told| told.event_type).collect()
}

/// The pending deliveries of an event, by their endpoints.
async fn pending_of(s: &Setup, event: i64) -> Vec<i64> {
    let sql = format!(
        "SELECT id, endpoint_id FROM pending WHERE event_id = {event} AND claimed_by = 0 \
         AND due_at > 0 ORDER BY id"
    );
    let statement = Statement::from_string(s.raw.get_database_backend(), sql);
    let rows = s.raw.query_all_raw(statement).await.unwrap();
    for (place, row) in (1..).zip(&rows) {
        assert_eq!(row.try_get::<i64>("", "id").unwrap(), event + place);
    }
    rows.iter().map(|row| row.try_get("", "endpoint_id").unwrap()).collect()
}

async fn settle(s: &Setup, batch: &[ToSettle], minute: i64) {
    assert_eq!(s.store.settle(batch, at(minute)).await.unwrap().lost, []);
}

/// The same delivery, as one of an operational event.
fn operational(delivery: Claimed) -> Claimed {
    let event_type = EventTypeName::parse("endpoint.warning").unwrap();
    let event = Event { event_type, ..delivery.event };
    Claimed { event, ..delivery }
}

async fn a_streak_tells_its_warning_its_defect_and_its_recovery(s: Setup) {
    let (failing, hears) = (s.endpoint().await.id, hears_all(&s).await);
    s.sql(
        "UPDATE endpoints SET url = 'https://example.com/hooks?token=hush#x' WHERE id = $1",
        vec![failing.raw().into()],
    )
    .await;
    fail(&s, failing, 1, 49, 1).await;
    assert_eq!((names(&s).await.len(), s.count("FROM lanes").await), (0, 1));
    let mut hints = s.store.hints();
    fail(&s, failing, 50, 1, 2).await;
    assert!(matches!(hints.try_recv(), Ok(Hint::LaneDue(to)) if to == hears));
    assert_eq!(of_lane(&s, hears, "owner").await, s.store.incarnation());
    assert_eq!(of_lane(&s, hears, "next_due").await, micros(at(2)));
    fail(&s, failing, 51, 50, 3).await;
    let good = held(&s, 200, failing, 0).await;
    settle(&s, &[over(&good, status(200), at(4))], 4).await;

    let all = told(&s).await;
    let types: Vec<&str> = all.iter().map(|told| told.event_type.as_str()).collect();
    assert_eq!(types, ["endpoint.warning", "endpoint.defective", "endpoint.recovered"]);
    for (told, minute) in all.iter().zip([2, 3, 4]) {
        assert_eq!((&told.subject, told.deliveries), (&failing.to_string(), 1));
        assert_eq!(told.occurred_at, micros(at(minute)));
        assert_eq!(pending_of(&s, told.id).await, [hears.raw()]);
        assert_eq!(told.data["endpoint_id"], failing.to_string());
        assert_eq!(told.data["url"], "https://example.com/hooks");
        assert_eq!(told.data["description"], "the shop");
        assert_eq!(told.data["last_status_code"], 500);
    }
    let streaks: Vec<i64> = all.iter().map(|told| told.data["streak"].as_i64().unwrap()).collect();
    assert_eq!(streaks, [50, 100, 100]);
    assert_eq!(all[0].data["last_error"]["kind"], "status");
    assert_eq!(all[0].data["waiting"], 50);
    assert_eq!(
        (&all[0].data["status"], &all[1].data["status"]),
        (&"enabled".into(), &"defective".into())
    );
    assert_eq!(all[2].data["status"], "enabled");
    assert_eq!(all[1].data["defective_since"], all[2].data["defective_since"]);
}

async fn a_last_try_that_fails_is_told_and_nothing_else_is(s: Setup) {
    let (to, hears) = (s.endpoint().await.id, hears_all(&s).await);
    let (last, next_to_last) = (held(&s, 1, to, 144).await, held(&s, 2, to, 143).await);
    let (good, expired) = (held(&s, 3, to, 144).await, held(&s, 4, to, 144).await);
    let canceled = held(&s, 5, to, 144).await;
    s.store.cancel_delivery(s.company, canceled.id, ACTOR, now()).await.unwrap();
    let batch = [
        over(&last, refused(), at(1)),
        over(&next_to_last, refused(), at(1)),
        over(&good, status(200), at(1)),
        over(&canceled, refused(), at(1)),
        ToSettle::Ended(expired, Finish::Expired),
    ];
    settle(&s, &batch, 1).await;
    let all = told(&s).await;
    assert_eq!(all.len(), 1, "{all:?}");
    let data = &all[0].data;
    assert_eq!(all[0].event_type, "delivery.exhausted");
    assert_eq!(data["delivery_id"], last.id.to_string());
    assert_eq!(data["event_id"], last.event.id.to_string());
    assert_eq!((&data["event_type"], &data["tries"]), (&"message.received".into(), &145.into()));
    assert_eq!(data["endpoint_url"], "https://example.com/hooks");
    assert_eq!(data["last_error"]["kind"], "connect");
    assert!(data.get("last_status_code").is_none());
    assert_eq!((&all[0].subject, all[0].occurred_at), (&to.to_string(), micros(at(1))));
    assert_eq!(pending_of(&s, all[0].id).await, [hears.raw()]);
}

const WEEK_AND_A_BIT: i64 = 7 * 24 * 60 + 1;

async fn what_is_given_up_by_age_is_told(s: Setup) {
    let (to, hears) = (s.endpoint().await.id, hears_all(&s).await);
    let plain = ["message.received", "endpoint.warning", "delivery.exhausted"];
    for (n, event_type) in (1..).zip(plain) {
        s.event(n, event_type, "c", None).await;
        let row = Pending { due_at: n, tries: n - 1, ..Pending::default() };
        s.pending(n, to, row).await;
    }
    // One whose event is gone: nobody knows what it was.
    s.pending(4, to, Pending { due_at: 4, ..Pending::default() }).await;
    let late = at(WEEK_AND_A_BIT);
    let mut hints = s.store.hints();
    let ended = s.store.end_given_up(AgeWalk::default(), late).await.unwrap();
    let ended = match ended.next {
        // On PostgreSQL the first slice only finds the company.
        Some(walk) if ended.ended == 0 => s.store.end_given_up(walk, late).await.unwrap(),
        Some(_) | None => ended,
    };
    assert_eq!(ended.ended, 4);
    let all = told(&s).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        all[0].data["delivery_id"],
        DeliveryId::from_raw(Setup::event_id(1) + 1).to_string()
    );
    assert_eq!((&all[0].data["tries"], all[0].data.get("last_error")), (&0.into(), None));
    assert_eq!(all[0].occurred_at, micros(late));
    assert_eq!(pending_of(&s, all[0].id).await, [hears.raw()]);
    assert_eq!(of_lane(&s, hears, "next_due").await, micros(late));
    assert!(matches!(hints.try_recv(), Ok(Hint::LaneDue(to)) if to == hears));
}

async fn what_is_given_up_at_its_turn_is_told_with_its_last_words(s: Setup) {
    let to = s.endpoint().await.id;
    hears_all(&s).await;
    let (tried, untried) = (held(&s, 1, to, 2).await, held(&s, 2, to, 0).await);
    let own = operational(held(&s, 3, to, 0).await);
    s.failed_attempt(tried.id.raw(), 1, 500).await;
    s.failed_attempt(tried.id.raw(), 2, 503).await;
    let batch = [&tried, &untried, &own]
        .map(|delivery| ToSettle::Ended(delivery.clone(), Finish::Exhausted));
    settle(&s, &batch, 1).await;
    let all = told(&s).await;
    let found: Vec<(&Value, Option<i64>)> = all
        .iter()
        .map(|told| (&told.data["delivery_id"], told.data["last_status_code"].as_i64()))
        .collect();
    let ids = [tried.id.to_string().into(), untried.id.to_string().into()];
    assert_eq!(found, [(&ids[0], Some(503)), (&ids[1], None)]);
    assert_eq!(all[0].data["last_error"]["message"], "the receiver answered");
}

async fn a_good_sample_tells_the_recovery(s: Setup) {
    let early = hears_all(&s).await;
    let (id, late) = (s.endpoint().await.id, hears_all(&s).await);
    fail(&s, id, 1, 100, 0).await;
    s.sql("DELETE FROM events WHERE event_type LIKE 'endpoint.%'", vec![]).await;
    s.sql("DELETE FROM lanes", vec![]).await;
    lane(&s, id, s.store.incarnation()).await;
    let mut hints = s.store.hints();
    s.store.record_sample(s.company, id, false, ACTOR, at(1)).await.unwrap();
    assert_eq!(names(&s).await, [""; 0]);
    s.store.record_sample(s.company, id, true, ACTOR, at(2)).await.unwrap();
    s.store.record_sample(s.company, id, true, ACTOR, at(3)).await.unwrap();
    let all = told(&s).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (all[0].event_type.as_str(), all[0].occurred_at),
        ("endpoint.recovered", micros(at(2)))
    );
    assert_eq!((&all[0].data["streak"], &all[0].data["status"]), (&100.into(), &"enabled".into()));
    assert_eq!(pending_of(&s, all[0].id).await, [early.raw(), late.raw()]);
    for to in [early, late] {
        assert_eq!(
            (of_lane(&s, to, "owner").await, of_lane(&s, to, "next_due").await),
            (0, micros(at(2)))
        );
    }
    let mut woken = Vec::new();
    while let Ok(hint) = hints.try_recv() {
        if let Hint::LaneDue(endpoint) = hint {
            woken.push(endpoint);
        }
    }
    assert!(woken.contains(&early) && woken.contains(&late) && woken.contains(&id), "{woken:?}");
}

async fn where_nobody_picks_it_nothing_is_written(s: Setup) {
    let id = endpoint(&s, "*", SwitchWanted::Enabled).await.id;
    let hears_others = picker(&s, &["endpoint.recovered"], SwitchWanted::Enabled).await;
    let gone = hears_all(&s).await;
    s.store.delete_endpoint(s.company, gone, ACTOR, now()).await.unwrap();
    // Another company's endpoint hears nothing of it.
    let theirs =
        NewEndpoint { event_types: vec![Selector::parse("endpoint.*").unwrap()], ..new_endpoint() };
    s.store.create_endpoint(s.other, theirs, ACTOR, now()).await.unwrap();
    fail(&s, id, 1, 100, 1).await;
    let last = held(&s, 200, id, 144).await;
    settle(&s, &[over(&last, refused(), at(2))], 2).await;
    assert_eq!(names(&s).await, [""; 0]);
    let sql = format!("FROM pending WHERE endpoint_id <> {}", id.raw());
    assert_eq!(s.count(&sql).await, 0);
    let good = held(&s, 201, id, 0).await;
    settle(&s, &[over(&good, status(200), at(3))], 3).await;
    let all = told(&s).await;
    assert_eq!(all.len(), 1);
    assert_eq!(pending_of(&s, all[0].id).await, [hears_others.raw()]);
}

async fn a_picker_that_is_off_gets_none_and_the_event_is_kept(s: Setup) {
    let id = s.endpoint().await.id;
    let paused = picker(&s, &["endpoint.warning"], SwitchWanted::Paused).await;
    picker(&s, &["endpoint.defective"], SwitchWanted::Disabled).await;
    fail(&s, id, 1, 100, 1).await;
    let all = told(&s).await;
    assert_eq!((all.len(), all[0].deliveries, all[1].deliveries), (2, 1, 0));
    assert_eq!(pending_of(&s, all[0].id).await, [paused.raw()]);
    assert_eq!(pending_of(&s, all[1].id).await, [0_i64; 0]);
    assert_eq!(s.count("FROM lanes").await, 1, "what is paused needs none");
    let why = s.store.why(s.company, EventId::from_raw(all[1].id)).await.unwrap();
    assert_eq!(why.iter().filter(|line| line.why_not.is_some()).count(), 3);
}

async fn an_endpoint_hears_of_itself(s: Setup) {
    let id = picker(&s, &["message.*", "endpoint.*"], SwitchWanted::Enabled).await;
    fail(&s, id, 1, 100, 1).await;
    let all = told(&s).await;
    assert_eq!(all.len(), 2);
    for told in &all {
        assert_eq!(pending_of(&s, told.id).await, [id.raw()]);
    }
    // Due now, and not with the retries in ten minutes.
    assert_eq!(of_lane(&s, id, "next_due").await, micros(at(1)));
}

async fn an_operational_delivery_gives_rise_to_nothing(s: Setup) {
    let id = picker(&s, &["endpoint.*", "delivery.*"], SwitchWanted::Enabled).await;
    let mut batch = Vec::new();
    for n in 1..=100 {
        batch.push(over(&operational(held(&s, n, id, 144).await), refused(), at(1)));
    }
    batch.push(over(&operational(held(&s, 101, id, 0).await), status(200), at(2)));
    settle(&s, &batch, 2).await;
    assert_eq!(s.count("FROM deliveries WHERE state = 2").await, 100);
    assert_eq!(s.count("FROM mail_outbox").await, 3, "the mails are as ever");
    assert_eq!((names(&s).await, s.count("FROM pending").await), (vec![], 0));
    // What comes after is told again.
    fail(&s, id, 200, 50, 3).await;
    assert_eq!(names(&s).await, ["endpoint.warning"]);
}

async fn a_settlement_that_fails_tells_nothing_and_again_tells_once(s: Setup) {
    let (id, hears) = (s.endpoint().await.id, hears_all(&s).await);
    fail(&s, id, 1, 49, 1).await;
    let last = held(&s, 100, id, 144).await;
    let batch = [over(&last, refused(), at(2))];
    s.sql("ALTER TABLE lanes RENAME TO elsewhere", vec![]).await;
    s.store.settle(&batch, at(2)).await.unwrap_err();
    assert_eq!(names(&s).await, [""; 0]);
    assert_eq!(s.count(&format!("FROM pending WHERE endpoint_id = {}", hears.raw())).await, 0);
    s.sql("ALTER TABLE elsewhere RENAME TO lanes", vec![]).await;
    settle(&s, &batch, 2).await;
    assert_eq!(names(&s).await, ["endpoint.warning", "delivery.exhausted"]);
    let settled = s.store.settle(&batch, at(3)).await.unwrap();
    assert_eq!(settled.lost, [last.id]);
    assert_eq!(names(&s).await.len(), 2);
    assert_eq!(s.count(&format!("FROM pending WHERE endpoint_id = {}", hears.raw())).await, 2);
}

/// It is the configuration as this transaction leaves it that counts, and it is not kept: a cache
/// that holds what was rolled back would leave the endpoint out for ever.
async fn an_endpoint_that_the_same_batch_switches_off_gets_none(s: Setup) {
    let (id, gone) = (s.endpoint().await.id, hears_all(&s).await);
    fail(&s, id, 1, 49, 1).await;
    let (failed, said_gone) = (held(&s, 100, id, 0).await, held(&s, 101, gone, 0).await);
    let batch = [over(&failed, refused(), at(2)), over(&said_gone, status(410), at(2))];
    s.sql("ALTER TABLE lanes RENAME TO elsewhere", vec![]).await;
    s.store.settle(&batch, at(2)).await.unwrap_err();
    s.sql("ALTER TABLE elsewhere RENAME TO lanes", vec![]).await;
    let version = s.config_version().await;
    // Somebody else's change takes the number that was rolled back.
    s.sql("UPDATE companies SET config_version = config_version + 1", vec![]).await;
    fail(&s, id, 110, 1, 3).await;
    let all = told(&s).await;
    assert_eq!((all.len(), all[0].deliveries), (1, 1), "{all:?}");
    settle(&s, &batch[1..], 4).await;
    assert_eq!(s.config_version().await, version + 2);
    let both = [held(&s, 120, id, 0).await, held(&s, 121, id, 144).await];
    settle(&s, &both.map(|delivery| over(&delivery, refused(), at(5))), 5).await;
    let all = told(&s).await;
    assert_eq!((all.len(), all[1].deliveries), (2, 0), "{all:?}");
}

async fn a_lane_wished_for_twice_is_written_once(s: Setup) {
    let id = picker(&s, &["message.*", "endpoint.*", "delivery.*"], SwitchWanted::Enabled).await;
    let other = s.endpoint().await.id;
    fail(&s, other, 1, 49, 1).await;
    let batch = [
        over(&held(&s, 100, other, 144).await, refused(), at(2)),
        over(&held(&s, 101, id, 144).await, refused(), at(2)),
        over(&held(&s, 102, id, 0).await, refused(), at(2)),
    ];
    settle(&s, &batch, 2).await;
    let all = names(&s).await;
    assert_eq!(all, ["endpoint.warning", "delivery.exhausted", "delivery.exhausted"]);
    assert_eq!(s.count("FROM lanes").await, 2);
    assert_eq!(of_lane(&s, id, "next_due").await, micros(at(2)));
    assert_eq!(of_lane(&s, id, "version").await, 0, "written once");
}

async fn many_given_up_at_once_are_told_each(s: Setup) {
    let to = s.endpoint().await.id;
    let hear = [hears_all(&s).await, hears_all(&s).await];
    for n in 1..=700 {
        s.event(n, "message.received", "c", None).await;
        s.pending(n, to, Pending { due_at: n, ..Pending::default() }).await;
    }
    let (mut walk, mut ended) = (AgeWalk::default(), 0);
    loop {
        let slice = s.store.end_given_up(walk, at(WEEK_AND_A_BIT)).await.unwrap();
        ended += slice.ended;
        let Some(next) = slice.next else { break };
        walk = next;
    }
    assert_eq!((ended, names(&s).await.len()), (700, 700));
    assert_eq!(s.count("FROM pending WHERE due_at > 700").await, 1_400);
    assert_eq!(s.count("FROM lanes").await, 2);
    for to in hear {
        assert_eq!(s.count(&format!("FROM pending WHERE endpoint_id = {}", to.raw())).await, 700);
    }
}

/// A row that somebody else holds at this moment is left to him: two nodes that walk at once never
/// wait for each other, and tell nothing twice.
#[tokio::test]
async fn two_nodes_give_up_side_by_side() {
    let s = Setup::postgres().await;
    let to = s.endpoint().await.id;
    hears_all(&s).await;
    for n in 1..=400 {
        s.event(n, "message.received", "c", None).await;
        s.pending(n, to, Pending { due_at: n, ..Pending::default() }).await;
    }
    let other = store::Store::open(s.config.clone()).await.unwrap();
    drop(other.join("other", now()).await.unwrap());
    let late = at(WEEK_AND_A_BIT);
    let walk = s.store.end_given_up(AgeWalk::default(), late).await.unwrap().next.unwrap();
    let (one, two) = tokio::join!(s.store.end_given_up(walk, late), other.end_given_up(walk, late));
    let (one, two) = (one.unwrap().ended, two.unwrap().ended);
    assert_eq!((one + two, names(&s).await.len()), (400, 400), "{one} and {two}");
}

/// The batch is decided anew when somebody cancels meanwhile: what was written then is not there
/// twice.
#[tokio::test]
async fn a_batch_that_is_decided_anew_tells_once() {
    let s = Setup::postgres().await;
    let (id, hears) = (s.endpoint().await.id, hears_all(&s).await);
    fail(&s, id, 1, 49, 1).await;
    let (canceled, last) = (held(&s, 100, id, 0).await, held(&s, 101, id, 144).await);
    let tx = sea_orm::TransactionTrait::begin(&s.raw).await.unwrap();
    let sql = format!("UPDATE pending SET canceled = 1 WHERE id = {}", canceled.id.raw());
    tx.execute_unprepared(&sql).await.unwrap();
    let batch = [over(&last, refused(), at(2)), over(&canceled, refused(), at(2))];
    let (settled, ()) = tokio::join!(s.store.settle(&batch, at(2)), async {
        somebody_waits(&s).await;
        tx.commit().await.unwrap();
    });
    assert_eq!(settled.unwrap().lost, []);
    assert_eq!(names(&s).await, ["endpoint.warning", "delivery.exhausted"]);
    assert_eq!(s.count(&format!("FROM pending WHERE endpoint_id = {}", hears.raw())).await, 2);
}

/// A claim that a node has lost tells nothing: whoever has it now will.
#[tokio::test]
async fn what_another_node_has_is_not_told_here() {
    let s = Setup::sqlite().await;
    let id = s.endpoint().await.id;
    hears_all(&s).await;
    let lost = held(&s, 1, id, 144).await;
    s.sql("UPDATE pending SET claimed_by = 777", vec![]).await;
    let settled = s.store.settle(&[over(&lost, refused(), at(1))], at(1)).await.unwrap();
    assert_eq!((settled.lost, names(&s).await), (vec![lost.id], vec![]));
}
