//! Fairness, counted in requests and not in time: nobody waits for what somebody else's endpoint does
//! or what somebody else posts.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::api::Api;
use testkit::program::Setup;
use testkit::receiver::{Received, Receiver, Reply};
use testkit::{sql, wait};

use crate::exposition::Scrape;
use crate::metrics::door;
use crate::support::{SOON, endpoint, event, on_both_databases, running, switch, text};

on_both_databases! {
    three_of_ten_hang_and_the_others_get_everything
    a_burst_of_one_company_lets_another_one_by
    a_dead_endpoint_with_a_heap_lets_others_by
    hundreds_of_endpoints_with_one_delivery_each_take_turns
    what_waits_in_the_database_is_not_overtaken_for_ever
    a_backlog_of_many_endpoints_leaves_room_to_others
    rows_that_become_larger_stay_within_the_memory
    companies_that_hang_with_large_events_leave_room_to_one_that_has_little
    an_endpoint_that_fails_with_large_events_keeps_no_other_from_recovering
}

async fn batch(api: &Api, numbers: std::ops::Range<u64>) -> Vec<Value> {
    let events: Vec<Value> = numbers.map(event).collect();
    let answer = api.post("/events/batch", &json!({"events": events})).await.expect(202);
    answer["results"].as_array().unwrap().clone()
}

/// The three have proved to be fast while nobody else was busy, so that each may have many requests in
/// flight when they begin to hang.
async fn three_of_ten_hang_and_the_others_get_everything(setup: Setup) {
    const IN_FLIGHT: usize = 32;
    const WARM: u64 = 60;
    let (hanging, healthy) = (Receiver::counting(), Receiver::counting());
    let setup = setup.set("HOOKFERRY_MAX_IN_FLIGHT", &IN_FLIGHT.to_string());
    let (_program, api) = running(&setup).await;
    for place in 0..10 {
        let receiver = if place < 3 { &hanging } else { &healthy };
        let mut wanted = endpoint(&receiver.url(&format!("/{place}")));
        if place >= 3 {
            wanted["event_types"] = json!(["message.sent"]);
        }
        // Longer than the test: none of them ends before it is let go.
        wanted["timeout_ms"] = 30_000.into();
        api.create_endpoint(wanted).await;
    }
    hanging.answers_with(|_| Reply::status(200).after(Duration::from_millis(20)));
    batch(&api, 0..WARM).await;
    let warmed = 3 * usize::try_from(WARM).unwrap();
    hanging.wait_for(warmed, SOON).await;
    hanging.answers_with(|_| Reply::hang());
    let events: Vec<Value> =
        (0..100).map(|n| json!({"type": "message.sent", "data": {"number": n}})).collect();
    api.post("/events/batch", &json!({"events": events})).await.expect(202);
    let within = Duration::from_secs(20);
    let came = wait::found(within, async || (healthy.count() >= 700).then_some(())).await;
    let (arrived, hung) = (healthy.count(), hanging.count() - warmed);
    assert!(came.is_some(), "{arrived} of 700 came while {hung} hung");
    assert!((3..IN_FLIGHT * 3 / 4).contains(&hung), "{hung} of {IN_FLIGHT} places hang");
    hanging.release();
    hanging.wait_for(warmed + 300, SOON).await;
    let once = |receiver: &Receiver, times| receiver.arrivals().into_values().all(|n| n == times);
    assert!(once(&hanging, 3) && once(&healthy, 7), "nothing went twice");
}

/// Between the acceptance of an event and its arrival no more of another company's burst arrives than
/// was in flight, and what followed it while that one went out.
async fn a_burst_of_one_company_lets_another_one_by(setup: Setup) {
    const IN_FLIGHT: usize = 64;
    const BURST: u64 = 50_000;
    const FAR: usize = 20_000;
    const FEW: usize = 20;
    let receiver = Receiver::start();
    // Else as much may go out as is taken in, and nothing is ever ahead.
    receiver.answers_with(|got| {
        let takes = if got.path == "/greedy" { 20 } else { 0 };
        Reply::status(200).after(Duration::from_millis(takes))
    });
    let setup = setup.set("HOOKFERRY_MAX_IN_FLIGHT", &IN_FLIGHT.to_string());
    let (program, greedy) = running(&setup).await;
    let modest = program.tenant("modest");
    greedy.create_endpoint(endpoint(&receiver.url("/greedy"))).await;
    modest.create_endpoint(endpoint(&receiver.url("/modest"))).await;
    let (stop, posted) = (AtomicBool::new(false), AtomicUsize::new(0));
    let burst = async {
        for first in (0..BURST).step_by(500) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            batch(&greedy, first..first + 500).await;
            posted.fetch_add(500, Ordering::Relaxed);
        }
    };
    let modestly = async {
        let mut before: Vec<usize> = Vec::new();
        // By far most of it waits in the database by then: much more than lanes have room for.
        wait::until("the burst is far ahead", SOON * 4, async || {
            let waiting = posted.load(Ordering::Relaxed).saturating_sub(receiver.count());
            (waiting >= FAR).then_some(())
        })
        .await;
        for number in 0..FEW {
            // There is always a backlog of the burst's that would have to go first.
            wait::until("the burst is ahead", SOON, async || {
                let waiting = posted.load(Ordering::Relaxed).saturating_sub(receiver.count());
                (waiting >= 1_000).then_some(())
            })
            .await;
            modest.post_event(event(number as u64)).await;
            before.push(receiver.count());
            let came = |all: &[Received]| count_to(all, "/modest") > number;
            receiver.wait_until(SOON, came).await;
        }
        stop.store(true, Ordering::Relaxed);
        before
    };
    let ((), before) = futures_util::join!(burst, modestly);
    let all = receiver.received();
    let arrived = all.iter().enumerate().filter(|(_, got)| got.path == "/modest");
    let mut between: Vec<usize> = arrived
        .zip(&before)
        .map(|((place, _), accepted_at)| place.saturating_sub(*accepted_at))
        .collect();
    between.sort_unstable();
    assert_eq!(between.len(), FEW);
    assert!(between[FEW / 2] <= 2 * IN_FLIGHT, "{between:?} of the burst came between");
    assert!(between[FEW - 1] <= 16 * IN_FLIGHT, "{between:?} of the burst came between");
}

fn count_to(all: &[Received], path: &str) -> usize {
    all.iter().filter(|got| got.path == path).count()
}

/// Makes a hundred thousand due retries out of the one that there is; the bench has the million.
async fn pile_up(setup: &Setup, rows: u64) {
    let numbers =
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})");
    // Between the ids of what is and of what is added: an hour.
    let gap = 3_600_000_u64 << 22;
    let sql = format!(
        "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, tries, schedule_began) \
         {numbers} SELECT p.id + {gap} + i, p.company_id, p.endpoint_id, p.event_id, p.due_at, 1, \
         p.schedule_began FROM n CROSS JOIN (SELECT * FROM pending WHERE tries = 1 ORDER BY due_at, id \
         LIMIT 1) p"
    );
    let url = setup.database_url();
    assert_eq!(sql::execute(&url, &sql).await.unwrap(), rows);
    sql::execute(&url, "UPDATE pending SET due_at = 2; UPDATE lanes SET next_due = 1")
        .await
        .unwrap();
}

/// Others' due retries and fresh deliveries go out between the attempts of an endpoint that is dead
/// and has a heap of due retries, one turn each.
async fn a_dead_endpoint_with_a_heap_lets_others_by(setup: Setup) {
    const HEAP: u64 = 100_000;
    const OTHERS: usize = 9;
    const RETRIES: u64 = 20;
    let (dead, others) = (Receiver::counting(), Receiver::counting());
    for receiver in [&dead, &others] {
        receiver.answers(503);
    }
    let setup = setup
        .set("HOOKFERRY_RETRY_INTERVAL", "1h")
        // Never slowed down: its turns are what is looked at.
        .set("HOOKFERRY_WARN_AFTER", "0")
        .set("HOOKFERRY_DEFECTIVE_AFTER", "1000000");
    let (program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&dead.url("/"))).await;
    api.post_event(event(0)).await;
    failed(&setup, 1).await;
    for place in 0..OTHERS {
        api.create_endpoint(endpoint(&others.url(&format!("/{place}")))).await;
    }
    batch(&api, 1..1 + RETRIES).await;
    let first_tries = (OTHERS as u64 + 1) * RETRIES + 1;
    failed(&setup, first_tries).await;
    let setup = program.kill9();
    pile_up(&setup, HEAP).await;
    let (came_before, dead_before) = (others.count(), dead.count());
    others.answers(200);
    let program = setup.start().await;
    let retries = OTHERS * RETRIES as usize;
    others.wait_for(came_before + retries, SOON).await;
    let turns = dead.count() - dead_before;
    assert!(turns <= retries, "{turns} turns of the dead one before {retries} retries of others");

    let came_before = others.count();
    batch(&api.at(program.base()), 100..120).await;
    // From here on it is a matter of turns; how long they took to be written down is not.
    let dead_before = dead.count();
    others.wait_for(came_before + OTHERS * 20, SOON).await;
    let turns = dead.count() - dead_before;
    assert!(turns <= 400, "{turns} turns of the dead one before 180 fresh deliveries of others");
    wait::until("the dead one is tried", SOON, async || {
        (dead.count() > dead_before + 20).then_some(())
    })
    .await;
}

/// Waits until so many deliveries have failed once, all that there are.
async fn failed(setup: &Setup, count: u64) {
    let (url, asked) = (setup.database_url(), "SELECT count(*) FROM pending WHERE tries = 1");
    wait::until("the first tries have failed", SOON, async || {
        let failed = sql::number(&url, asked).await.ok()?;
        (failed == i64::try_from(count).unwrap()).then_some(())
    })
    .await;
}

/// Two companies with many endpoints each, and few places: each delivery goes once, and the companies
/// go by turns although one of them was first.
async fn hundreds_of_endpoints_with_one_delivery_each_take_turns(setup: Setup) {
    const EACH: usize = 150;
    const IN_FLIGHT: usize = 4;
    let receiver = Receiver::start();
    // Nothing is answered before both have posted.
    receiver.answers_with(|_| Reply::status(200).held());
    let setup = setup
        .set("HOOKFERRY_MAX_IN_FLIGHT", &IN_FLIGHT.to_string())
        .set("HOOKFERRY_TIMEOUT", "30s");
    let (program, first) = running(&setup).await;
    let second = program.tenant("second");
    for (name, api) in [("first", &first), ("second", &second)] {
        for place in 0..EACH {
            api.create_endpoint(endpoint(&receiver.url(&format!("/{name}/{place}")))).await;
        }
    }
    let ids = [first.post_event(event(1)).await, second.post_event(event(1)).await];
    let behind = receiver.count();
    receiver.answers_with(|_| Reply::status(200).after(Duration::from_millis(5)));
    receiver.release();
    let all = receiver.wait_for(2 * EACH, SOON).await;
    let mut to: HashMap<&str, usize> = HashMap::new();
    for got in &all {
        *to.entry(got.path.as_str()).or_default() += 1;
    }
    assert_eq!((to.len(), to.values().copied().max()), (2 * EACH, Some(1)));
    // From when both had something waiting until one had nothing left.
    let (mut lead, mut widest) = (0_i64, 0);
    let rest = 2 * (EACH - behind - 2 * IN_FLIGHT);
    for got in all.iter().skip(behind + 2 * IN_FLIGHT).take(rest) {
        lead += if got.path.starts_with("/first") { 1 } else { -1 };
        widest = widest.max(lead.abs());
    }
    let most = i64::try_from(2 * IN_FLIGHT).unwrap();
    assert!(behind + 2 * IN_FLIGHT < EACH / 2, "{behind} were through before the second came");
    assert!(widest <= most, "one company was {widest} ahead of the other");
    for accepted in &ids {
        let path = format!("/deliveries?event_id={}&state=pending", text(accepted, "id"));
        let none = |page: &Value| page["data"].as_array().is_some_and(Vec::is_empty);
        first.wait_for(&path, SOON, none).await;
    }
    let once: HashSet<&str> = all.iter().map(|got| got.path.as_str()).collect();
    assert_eq!((once.len(), receiver.count()), (2 * EACH, 2 * EACH));
}

/// A receiver gets more than it can take for as long as the test likes. What had no room in memory, and
/// waits in the database, has arrived when two lanes full of what was accepted after it have: without a
/// place in the queue it would wait until nothing comes any more.
async fn what_waits_in_the_database_is_not_overtaken_for_ever(setup: Setup) {
    const IN_FLIGHT: usize = 16;
    const LANE: usize = 16 * IN_FLIGHT;
    const FLOOD: u64 = 1_000;
    const CALLERS: u64 = 4;
    let receiver = Receiver::counting();
    receiver.answers_with(|_| Reply::status(200).after(Duration::from_millis(20)));
    let setup = setup.set("HOOKFERRY_MAX_IN_FLIGHT", &IN_FLIGHT.to_string());
    let (_program, api) = running(&setup).await;
    api.create_endpoint(endpoint(&receiver.url("/slow"))).await;
    let flooded: HashSet<String> =
        batch(&api, 0..FLOOD).await.iter().map(|taken| text(taken, "id").to_owned()).collect();
    let waits = || {
        let arrived = receiver.arrivals();
        flooded.iter().filter(|id| !arrived.contains_key(*id)).count()
    };
    let stop = AtomicBool::new(false);
    let goes_on = async |caller: u64| {
        let mut number = FLOOD + caller;
        while !stop.load(Ordering::Relaxed) {
            api.post_event(event(number)).await;
            number += CALLERS;
        }
    };
    let watch = async {
        let enough = flooded.len() + 2 * LANE;
        let came = wait::found(SOON * 4, async || (receiver.count() >= enough).then_some(())).await;
        let left = waits();
        stop.store(true, Ordering::Relaxed);
        (came, left)
    };
    let callers = futures_util::future::join_all((0..CALLERS).map(goes_on));
    let (_, (came, left)) = futures_util::join!(callers, watch);
    assert!(came.is_some(), "{} came", receiver.count());
    assert_eq!(left, 0, "of {FLOOD} that came first, while {} came", receiver.count());
}

/// A node that starts finds a backlog of large events behind many endpoints, all of which hang: what it takes into
/// memory of them together is what there is for them, and another company's events go by.
async fn a_backlog_of_many_endpoints_leaves_room_to_others(setup: Setup) {
    const ENDPOINTS: usize = 100;
    const EVENTS: usize = 40;
    const EVENT_BYTES: usize = 100_000;
    const QUEUE_BYTES: f64 = 4.0 * 1024.0 * 1024.0;
    let (hanging, healthy) = (Receiver::counting(), Receiver::counting());
    hanging.answers_with(|_| Reply::hang());
    let setup = setup
        .set("HOOKFERRY_QUEUE_MIB", "4")
        .set("HOOKFERRY_TIMEOUT", "30s")
        .set("HOOKFERRY_METRICS_LISTEN", "127.0.0.1:0");
    let (program, many) = running(&setup).await;
    let modest = program.tenant("modest");
    for place in 0..ENDPOINTS {
        many.create_endpoint(endpoint(&hanging.url(&format!("/{place}")))).await;
    }
    modest.create_endpoint(endpoint(&healthy.url("/"))).await;
    let large = json!({"type": "message.received", "data": {"text": "x".repeat(EVENT_BYTES)}});
    for _ in 0..EVENTS {
        many.post_event(large.clone()).await;
    }
    let program = program.kill9().start().await;
    let (metrics, before) = (door(&program).await, hanging.count());
    wait::until("the backlog is being sent", SOON, async || {
        (hanging.count() > before).then_some(())
    })
    .await;
    let modest = modest.at(program.base());
    for number in 0..20 {
        modest.post_event(event(number)).await;
        healthy.wait_for(usize::try_from(number).unwrap() + 1, SOON).await;
        let queue = Scrape::of(&metrics).await.get("hookferry_queue_bytes");
        let one_more = QUEUE_BYTES + 2.0 * EVENT_BYTES as f64;
        assert!(queue <= one_more, "{queue} bytes of {QUEUE_BYTES} are in memory");
    }
}

fn large(bytes: usize) -> Value {
    json!({"type": "message.received", "data": {"text": "x".repeat(bytes)}})
}

/// What waits in the database begins with small events, by which the next ones are judged, and goes on with large
/// ones.
async fn rows_that_become_larger_stay_within_the_memory(setup: Setup) {
    const SMALL: u64 = 300;
    const LARGE: usize = 60;
    const LARGE_BYTES: usize = 200_000;
    const QUEUE_BYTES: f64 = 4.0 * 1024.0 * 1024.0;
    let receiver = Receiver::counting();
    receiver.answers_with(|request| match request.body.len() {
        0..LARGE_BYTES => Reply::status(200),
        _ => Reply::hang(),
    });
    let setup = setup
        .set("HOOKFERRY_QUEUE_MIB", "4")
        .set("HOOKFERRY_TIMEOUT", "30s")
        .set("HOOKFERRY_METRICS_LISTEN", "127.0.0.1:0");
    let (program, api) = running(&setup).await;
    let id = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    switch(&api, &id, "paused").await;
    batch(&api, 0..SMALL).await;
    for _ in 0..LARGE {
        api.post_event(large(LARGE_BYTES)).await;
    }
    switch(&api, &id, "enabled").await;
    let small = usize::try_from(SMALL).unwrap();
    receiver.wait_for(small + 1, SOON).await;
    let metrics = door(&program).await;
    for _ in 0..20 {
        let queue = Scrape::of(&metrics).await.get("hookferry_queue_bytes");
        let one_more = QUEUE_BYTES + LARGE_BYTES as f64 + 1_000.0;
        assert!(queue <= one_more, "{queue} bytes of {QUEUE_BYTES} are in memory");
    }
    receiver.release();
    receiver.wait_for(small + LARGE, SOON).await;
}

/// More than the memory takes, all of endpoints that nobody has found out yet. Nothing of it ends during the test.
async fn companies_that_hang_with_large_events_leave_room_to_one_that_has_little(setup: Setup) {
    const COMPANIES: usize = 40;
    let (hanging, healthy) = (Receiver::counting(), Receiver::counting());
    hanging.answers_with(|_| Reply::hang());
    let setup = setup.set("HOOKFERRY_QUEUE_MIB", "4").set("HOOKFERRY_TIMEOUT", "30s");
    let (program, modest) = running(&setup).await;
    let mut wanted = endpoint(&healthy.url("/"));
    wanted["timeout_ms"] = 5_000.into();
    modest.create_endpoint(wanted).await;
    for company in 0..COMPANIES {
        let api = program.tenant(&format!("greedy{company}"));
        api.create_endpoint(endpoint(&hanging.url(&format!("/{company}")))).await;
        for _ in 0..2 {
            api.post_event(large(200_000)).await;
        }
    }
    hanging.wait_for(5, SOON).await;
    for number in 0..10 {
        modest.post_event(event(number)).await;
        healthy.wait_for(usize::try_from(number).unwrap() + 1, Duration::from_secs(15)).await;
    }
    assert!(hanging.count() < 2 * COMPANIES, "all of it found room");
}

/// It took in what it could before it was found out, and each try of it takes its time.
async fn an_endpoint_that_fails_with_large_events_keeps_no_other_from_recovering(setup: Setup) {
    let (hanging, recovering) = (Receiver::counting(), Receiver::counting());
    hanging.answers_with(|_| Reply::hang());
    recovering.answers_with(|_| Reply::status(500));
    let setup = setup.set("HOOKFERRY_QUEUE_MIB", "4").set("HOOKFERRY_RETRY_INTERVAL", "1s");
    let (program, greedy) = running(&setup).await;
    let modest = program.tenant("modest");
    modest.create_endpoint(endpoint(&recovering.url("/"))).await;
    let mut wanted = endpoint(&hanging.url("/"));
    wanted["timeout_ms"] = 10_000.into();
    greedy.create_endpoint(wanted).await;
    for _ in 0..60 {
        greedy.post_event(large(100_000)).await;
    }
    modest.post_event(event(0)).await;
    recovering.wait_for(1, SOON).await;
    wait::until("the first requests of the other one have ended", SOON, async || {
        (hanging.count() > 2).then_some(())
    })
    .await;
    recovering.answers_with(|_| Reply::status(200));
    let before = recovering.count();
    recovering.wait_for(before + 1, Duration::from_secs(8)).await;
    modest.post_event(event(1)).await;
    recovering.wait_for(before + 2, Duration::from_secs(8)).await;
}
