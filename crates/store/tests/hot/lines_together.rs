//! Nodes, people and time work on the same lines at once, on PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};

use domain::delivery::Finish;
use domain::id::EndpointId;
use futures_util::future::join_all;
use store::{Claimed, Error, Store, ToSettle};

use crate::claim::want;
use crate::engine::{at, caller, of_pending, over, status, together_at};
use crate::lines::{WAITS, about, check, claim, inside, ordered};
use crate::setup::{ACTOR, Setup, page};

const ROUNDS: i64 = 60;

/// Numbers that are the same in every run, and whether anything fails.
struct Dice {
    last: u64,
    fails: Fails,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fails {
    Often,
    Never,
}

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.last = self
            .last
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.last >> 33) % sides
    }
}

async fn nodes_post(s: &Setup, store: &Store, seed: u64, fails: Fails) {
    let mut dice = Dice { last: seed, fails };
    let door = inside();
    for round in 0..ROUNDS {
        let count = 1 + dice.below(5);
        let contact = |dice: &mut Dice| format!("c{}", dice.below(5));
        let events = (0..count).map(|_| about(s, &contact(&mut dice))).collect();
        let job = (caller(s, s.company).await, events);
        together_at(store, &door, vec![job], at(round)).await.remove(0).unwrap();
        let handed = std::mem::take(&mut *door.handed.lock());
        settle_some(store, &mut dice, handed, round).await;
    }
}

async fn settle_some(store: &Store, dice: &mut Dice, rows: Vec<Claimed>, minute: i64) {
    for row in rows {
        let item = match dice.below(4) {
            _ if dice.fails == Fails::Never => over(&row, status(200), at(minute)),
            0 => over(&row, status(500), at(minute)),
            1 => ToSettle::Ended(row, Finish::Exhausted),
            _ => over(&row, status(200), at(minute)),
        };
        store.settle(&[item], at(minute)).await.unwrap();
    }
}

/// At no moment has a line two that do not wait.
async fn check_heads(s: &Setup) {
    let twice = format!(
        "FROM (SELECT 1 FROM pending WHERE line_key IS NOT NULL AND due_at < {WAITS} \
         GROUP BY endpoint_id, line_key HAVING count(*) > 1) x"
    );
    assert_eq!(s.count(&twice).await, 0);
}

async fn owner_claims(s: &Setup, endpoint: EndpointId, fails: Fails) {
    let store = &s.store;
    let mut dice = Dice { last: 9, fails };
    for round in 0..3 * ROUNDS {
        let rows = store.claim(&[want(endpoint, 3)], at(round)).await.unwrap().rows;
        check_heads(s).await;
        let mut lines = BTreeSet::new();
        assert!(rows.iter().all(|row| lines.insert(row.place.unwrap().line)), "two of a line");
        settle_some(store, &mut dice, rows, round).await;
    }
}

async fn people_meddle(s: &Setup) {
    let mut dice = Dice { last: 5, fails: Fails::Often };
    for round in 0..ROUNDS {
        let all = s.store.deliveries(s.company, Default::default(), page(20, None)).await.unwrap();
        for row in all.data {
            // Most of them are conflicts, and that is fine.
            let done = match dice.below(6) {
                0 => s.store.cancel_delivery(s.company, row.id, ACTOR, at(round)).await.map(|_| ()),
                1 => s.store.retry_delivery(s.company, row.id, ACTOR, at(round)).await.map(|_| ()),
                _ => Ok(()),
            };
            assert!(matches!(done, Ok(()) | Err(Error::Conflict { .. })), "{done:?}");
        }
        s.store.end_expired(at(round)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_have_one_head_each_whoever_works_on_them() {
    let settled_straight = all_work_on_lines(Fails::Often).await;
    assert!(settled_straight > 0);
}

/// Then nearly all of it goes the short way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_have_one_head_each_where_all_is_well() {
    let settled_straight = all_work_on_lines(Fails::Never).await;
    // People cancel heads meanwhile, and after each miss some batches go the long way.
    assert!(settled_straight > 20, "{settled_straight}");
}

/// Gives how many batches were settled the short way while everybody was at it.
async fn all_work_on_lines(fails: Fails) -> u64 {
    let s = Setup::postgres().await;
    let endpoint = ordered(&s).await;
    let others = [
        Store::open(s.config.clone()).await.unwrap(),
        Store::open(s.config.clone()).await.unwrap(),
    ];
    let posting = (0..).zip(&others).map(|(seed, store)| nodes_post(&s, store, seed, fails));
    futures_util::join!(join_all(posting), owner_claims(&s, endpoint, fails), people_meddle(&s));
    let stores = others.iter().chain([&s.store]);
    let settled_straight = stores.map(|store| store.metrics().settle_straight.get()).sum();
    check(&s).await;
    // And nothing is left behind: heads come until there is nothing.
    let mut seen: BTreeMap<i64, i64> = BTreeMap::new();
    loop {
        s.sql("UPDATE pending SET claimed_by = 0", vec![]).await;
        s.sql("UPDATE lanes SET next_due = 0", vec![]).await;
        let rows = claim(&s, endpoint, 10_000).await;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let place = of_pending(&s, row.id, "line_place").await;
            let line = row.place.unwrap().line.unwrap();
            assert!(seen.insert(line, place).is_none_or(|before| before <= place));
            s.store.settle(&[over(&row, status(200), at(10_000))], at(10_000)).await.unwrap();
        }
    }
    assert_eq!(s.count("FROM pending").await, 0);
    assert!(s.count("FROM deliveries").await > 100);
    settled_straight
}
