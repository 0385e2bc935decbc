//! Faults of the peers that have to do with how the database is used; a test is named after its fault.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::api::Api;
use testkit::postgres::Cluster;
use testkit::program::Setup;
use testkit::receiver::{Receiver, Reply};
use testkit::wait;

use crate::support::{
    SOON, endpoint, event, narrow, on_postgres, running, switch, text, wait_state,
};

/// Asks the setup's database on the shared cluster.
fn ask(setup: &Setup, sql: &str) -> String {
    let url = setup.database_url();
    let (_, name) = url.rsplit_once('/').unwrap();
    Cluster::shared().sql(name, sql).trim().to_owned()
}

fn ask_number(setup: &Setup, sql: &str) -> i64 {
    let said = ask(setup, sql);
    said.parse().unwrap_or_else(|_| panic!("no number: {said:?}"))
}

fn tries(deliveries: &[Value]) -> u64 {
    deliveries.iter().map(|delivery| delivery["tries"].as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failure_clock_in_a_process_where_workers_disagree() {
    let receiver = Receiver::start();
    receiver.answers_with(|_| Reply::status(503).held());
    let setup = narrow(&on_postgres("failure_clock"), 8)
        .set("HOOKFERRY_WARN_AFTER", "6")
        .set("HOOKFERRY_DEFECTIVE_AFTER", "12");
    let (first, second) = (setup.start().await, setup.start().await);
    wait::until("both have joined", SOON, async || {
        (ask_number(&setup, "SELECT count(*) FROM nodes") == 2).then_some(())
    })
    .await;
    let api = first.tenant("acme");
    let other = api.at(second.base());
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["timeout_ms"] = 30_000.into();
    let made = api.create_endpoint(wanted).await;
    for api in [&api, &other] {
        api.post_event(event(1)).await;
    }
    receiver.wait_for(2, SOON).await;
    let nodes = ask_number(&setup, "SELECT count(DISTINCT claimed_by) FROM pending");
    assert_eq!(nodes, 2, "each node has one of the two in flight");
    receiver.release();
    let path = format!("/endpoints/{}", text(&made, "id"));
    api.wait_for(&path, SOON, |shown| shown["streak"].as_u64() >= Some(4)).await;
    // Whichever node retries it, the other goes on from its count.
    drop(first.kill9());
    let api = other;
    api.wait_for(&path, SOON, |shown| shown["status"] == "defective").await;
    switch(&api, &made, "disabled").await;
    let query = format!("endpoint_id={}", text(&made, "id"));
    wait::until("the streak is the number of recorded failures", SOON, async || {
        let streak = api.get_endpoint(text(&made, "id")).await["streak"].as_u64();
        (streak == Some(tries(&api.deliveries(&query).await))).then_some(())
    })
    .await;
    let page = api.get("/mails").await.expect(200);
    let mut told: Vec<(&str, u64)> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mail| (text(mail, "kind"), mail["facts"]["failures"].as_u64().unwrap()))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("endpoint_defective", 12), ("endpoint_warning", 6)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_call_inside_an_open_transaction() {
    const HANGING: usize = 12;
    let (hanging, healthy) = (Receiver::start(), Receiver::start());
    hanging.answers_with(|_| Reply::hang());
    let setup = on_postgres("open_transaction").set("HOOKFERRY_CONNECTIONS", "4");
    let (_program, api) = running(&setup).await;
    for number in 0..HANGING {
        let mut wanted = endpoint(&hanging.url(&format!("/{number}")));
        wanted["timeout_ms"] = 30_000.into();
        api.create_endpoint(wanted).await;
    }
    api.post_event(event(1)).await;
    hanging.wait_for(HANGING, SOON).await;
    let moment = ask(&setup, "SELECT clock_timestamp()");
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND (state LIKE 'idle in transaction%' OR state = 'active') \
         AND xact_start < '{moment}' AND pid <> pg_backend_pid()"
    );
    // Before the first of them is given up.
    let free = wait::found(Duration::from_secs(10), async || {
        (ask_number(&setup, &open) == 0).then_some(())
    });
    assert!(free.await.is_some(), "transactions stay open while receivers hang");
    api.create_endpoint(endpoint(&healthy.url("/"))).await;
    api.post_event(event(2)).await;
    healthy.wait_for(1, Duration::from_secs(10)).await;
    assert!(hanging.count() >= HANGING);
    hanging.release();
}

/// The widest row that recorded an attempt of these deliveries, in characters of all its columns.
fn widest(setup: &Setup, delivery: &Value) -> i64 {
    let number = domain_id(delivery);
    ask_number(
        setup,
        &format!(
            "SELECT max(size) FROM (\
             SELECT octet_length(a::text) AS size FROM attempts a WHERE delivery_id = {number} \
             UNION ALL SELECT octet_length(p::text) FROM pending p WHERE id = {number} \
             UNION ALL SELECT octet_length(d::text) FROM deliveries d WHERE id = {number}) sizes"
        ),
    )
}

fn domain_id(delivery: &Value) -> i64 {
    let id: domain::id::DeliveryId = text(delivery, "id").parse().unwrap();
    id.raw()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payload_copied_into_each_attempt_row() {
    let receiver = Receiver::start();
    receiver.answers_with(|got| Reply::status(if got.attempt() < 6 { 500 } else { 200 }));
    let setup = narrow(&on_postgres("payload_copied"), 8);
    let (_program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let mut sizes = Vec::new();
    for length in [10, 200_000] {
        let data = json!({"filler": "x".repeat(length)});
        let accepted = api.post_event(json!({"type": "message.received", "data": data})).await;
        let delivery = wait_state(&api, &accepted, "delivered").await;
        assert_eq!(delivery["attempts"].as_array().unwrap().len(), 6);
        sizes.push(widest(&setup, &delivery));
    }
    // The number of its digits is in a header.
    assert!((sizes[1] - sizes[0]).abs() < 100, "rows of {sizes:?} characters");
    let once = ask_number(&setup, "SELECT max(octet_length(data)) FROM events");
    assert!(once > 200_000, "stored once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claim_walks_retries_that_are_not_due() {
    const NOT_DUE: i64 = 20_000;
    const CLAIMS: i64 = 10;
    let receiver = Receiver::start();
    receiver.answers(500);
    let setup = on_postgres("claim_walks").set("HOOKFERRY_RETRY_INTERVAL", "10m");
    let (_program, api) = running(&setup).await;
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let accepted = api.post_event(event(1)).await;
    let path = format!("/endpoints/{}", text(&made, "id"));
    api.wait_for(&path, SOON, |shown| shown["streak"] == 1).await;
    let delivery = api.delivery_of(&accepted).await;
    // 20,000 that failed too, due an hour from now; no later ids are made for these.
    let copies = format!(
        "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, tries, schedule_began) \
         SELECT id - number, company_id, endpoint_id, event_id, due_at + 3600000000, 1, \
         schedule_began FROM pending, generate_series(1, {NOT_DUE}) AS number"
    );
    ask(&setup, &copies);
    ask(&setup, "VACUUM ANALYZE pending");
    ask(&setup, "SELECT pg_stat_reset()");
    let retry = format!("/deliveries/{}/retry", text(&delivery, "id"));
    for round in 1..=CLAIMS {
        api.post(&retry, &json!({})).await.expect(200);
        let tries = round + 1;
        let path = format!("/deliveries/{}", text(&delivery, "id"));
        api.wait_for(&path, SOON, |shown| shown["tries"] == tries).await;
    }
    let scans = "SELECT coalesce(sum(idx_scan), 0) FROM pg_stat_user_indexes \
        WHERE indexrelname LIKE 'pending_waiting%due_at%'";
    wait::until("the statistics have come", SOON * 2, async || {
        (ask_number(&setup, scans) >= CLAIMS).then_some(())
    })
    .await;
    let read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables \
        WHERE relname = 'pending_waiting'";
    let read = ask_number(&setup, read);
    // Upkeep may have looked through all of them, twice say; ten claims that walk read 200,000.
    assert!(read < 3 * NOT_DUE, "{CLAIMS} claims read {read} rows");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slower_as_tables_grow_with_twenty_indexes() {
    let setup = on_postgres("indexes");
    let (_program, _api) = running(&setup).await;
    for (table, most) in [("pending", 6), ("events", 2), ("deliveries", 2), ("attempts", 2)] {
        // The indexes of lines hold nothing but what goes to ordered endpoints.
        let count = format!(
            "SELECT count(*) FROM pg_indexes WHERE tablename = '{table}' \
             AND indexdef NOT LIKE '%WHERE %line_key IS NOT NULL%'"
        );
        let count = ask_number(&setup, &count);
        assert!((1..=most).contains(&count), "{table} has {count} indexes");
    }
}

/// Makes every change of `pending` of this kind fail as on a full disk, counted by a sequence, which
/// no rollback takes back.
fn break_pending(setup: &Setup, change: &str) {
    ask(
        setup,
        &format!(
            "CREATE SEQUENCE failed; \
             CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             PERFORM nextval('failed'); \
             RAISE EXCEPTION 'the disk is full' USING ERRCODE = '53100'; END $$; \
             CREATE TRIGGER broken BEFORE {change} ON pending EXECUTE FUNCTION fail()"
        ),
    );
}

fn mend_pending(setup: &Setup) {
    ask(setup, "DROP TRIGGER broken ON pending");
}

async fn try_post(api: &Api, number: u64) -> testkit::api::Answer {
    let body = event(number).to_string().into_bytes();
    api.send("POST", "/events", &[], Some(body)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queue_write_fails_and_the_caller_is_told_it_worked() {
    let receiver = Receiver::start();
    let setup = on_postgres("queue_write");
    let (_program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    break_pending(&setup, "INSERT");
    let refused = try_post(&api, 1).await;
    assert_eq!(refused.status, 503, "{:?}", refused.body);
    assert!(refused.header("retry-after").parse::<u32>().is_ok());
    assert_eq!(api.get("/events").await.expect(200)["data"], json!([]), "nothing half done");
    mend_pending(&setup);
    let accepted = wait::until("events are taken again", SOON, async || {
        let answer = try_post(&api, 2).await;
        (answer.status == 202).then(|| answer.json())
    })
    .await;
    wait_state(&api, &accepted, "delivered").await;
    assert_eq!(receiver.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_exit_for_good_after_ten_errors() {
    let receiver = Receiver::start();
    let setup = narrow(&on_postgres("consumers_exit"), 8);
    let (_program, api) = running(&setup).await;
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    switch(&api, &made, "paused").await;
    let accepted = api.post_event(event(1)).await;
    break_pending(&setup, "UPDATE OR DELETE");
    switch(&api, &made, "enabled").await;
    wait::until("more than ten claims have failed", SOON * 4, async || {
        (ask_number(&setup, "SELECT last_value FROM failed") > 12).then_some(())
    })
    .await;
    mend_pending(&setup);
    wait_state(&api, &accepted, "delivered").await;
    let ready = api.send("GET", "/readyz", &[], None).await.unwrap();
    assert_eq!(ready.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pool_that_is_empty_answers_403() {
    let setup = on_postgres("pool_empty").set("HOOKFERRY_CONNECTIONS", "4");
    let (_program, api) = running(&setup).await;
    let accepted = api.post_event(event(1)).await;
    let path = format!("/events/{}", text(&accepted, "id"));
    let url = setup.database_url();
    let lock = "BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(15); COMMIT";
    let name = url.rsplit_once('/').unwrap().1.to_owned();
    let locking = tokio::task::spawn_blocking(move || Cluster::shared().sql(&name, lock));
    let locked = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted \
        AND relation = 'events'::regclass";
    wait::until("the table is locked", SOON, async || {
        (ask_number(&setup, locked) > 0).then_some(())
    })
    .await;
    let asking = (0..20).map(|_| api.get(&path));
    let answers = futures_util::future::join_all(asking).await;
    let told: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    // Who waited long enough may have been let in.
    assert!(told.iter().all(|status| [200, 503].contains(status)), "{told:?}");
    assert!(told.contains(&503), "{told:?}");
    for refused in answers.iter().filter(|answer| answer.status == 503) {
        assert!(refused.header("retry-after").parse::<u32>().is_ok(), "{refused:?}");
    }
    locking.await.unwrap();
    api.get(&path).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lease_shorter_than_the_batch_sends_everything_twice() {
    const EVENTS: u64 = 30;
    let receiver = Receiver::start();
    // What stands queued behind them waits for half a minute, longer than hearts may be silent.
    receiver.answers_with(|_| Reply::status(200).after(Duration::from_secs(2)));
    let setup = narrow(&on_postgres("lease"), 2).set("HOOKFERRY_TIMEOUT", "20s");
    let (first, _second) = (setup.start().await, setup.start().await);
    let api = first.tenant("acme");
    api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let events: Vec<Value> = (0..EVENTS).map(event).collect();
    api.post("/events/batch", &json!({"events": events})).await.expect(202);
    receiver.wait_until(SOON * 3, |all| all.len() >= EVENTS as usize).await;
    wait::until("nothing is pending", SOON, async || {
        (ask_number(&setup, "SELECT count(*) FROM pending") == 0).then_some(())
    })
    .await;
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), EVENTS as usize);
    assert!(arrivals.values().all(|times| *times == 1), "{arrivals:?}");
}
