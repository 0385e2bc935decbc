//! Fairness counted in turns: who goes how often before whom.

use std::collections::{HashMap, HashSet};

use domain::id::{CompanyId, EndpointId};
use proptest::prelude::*;
use store::Claimed;

use super::tests::{company_of, drain, endpoint, finish, limits, noon, push, rows, seconds};
use super::{Lanes, Limits, Mode};

const DEAD: i64 = 100;

#[test]
fn ten_thousand_endpoints_go_once_each_before_one_goes_twice_and_companies_alternate() {
    const ENDPOINTS: i64 = 10_000;
    // A hundred endpoints a company.
    const COMPANIES: usize = 100;
    let mut lanes = Lanes::new(Limits { memory_max: rows(40_000), ..limits() });
    for raw in 100..100 + ENDPOINTS {
        push(&mut lanes, raw, raw * 10..raw * 10 + 2);
    }
    let mut given: Vec<Claimed> = Vec::new();
    while let Some(row) = lanes.next(noon()) {
        finish(&mut lanes, &row, true, noon());
        given.push(row);
    }
    assert_eq!((given.len(), lanes.is_idle()), (20_000, true));
    for round in given.chunks(10_000) {
        let once: HashSet<EndpointId> = round.iter().map(|row| row.endpoint).collect();
        assert_eq!(once.len(), 10_000);
    }
    for turn in given.chunks(COMPANIES) {
        let companies: HashSet<_> = turn.iter().map(|row| row.event.company).collect();
        assert_eq!(companies.len(), COMPANIES);
    }
}

#[test]
fn ten_thousand_endpoints_with_few_slots_go_in_the_same_order() {
    let mut lanes = Lanes::new(Limits { in_flight_max: 7, memory_max: rows(40_000), ..limits() });
    for raw in 100..10_100 {
        push(&mut lanes, raw, raw * 10..raw * 10 + 1);
    }
    let (mut once, mut order) = (HashSet::new(), Vec::new());
    let mut under_way: Vec<Claimed> = drain(&mut lanes, noon());
    while !under_way.is_empty() {
        assert!(under_way.len() <= 7);
        let row = under_way.remove(0);
        assert!(once.insert(row.endpoint), "{} went twice", row.endpoint);
        order.push(row.event.company);
        finish(&mut lanes, &row, true, noon());
        under_way.extend(drain(&mut lanes, noon()));
    }
    assert_eq!(once.len(), 10_000);
    for turn in order.chunks(100) {
        assert_eq!(turn.iter().collect::<HashSet<_>>().len(), 100);
    }
}

#[test]
fn a_dead_endpoint_with_a_heap_goes_once_in_a_round() {
    let mut lanes = Lanes::new(limits());
    push(&mut lanes, DEAD, 0..1_000);
    for raw in 101..110 {
        push(&mut lanes, raw, raw * 1_000..raw * 1_000 + 50);
    }
    let mut went: HashMap<EndpointId, usize> = HashMap::new();
    while lanes.queued() > 1_000 - went.get(&endpoint(DEAD)).copied().unwrap_or(0) {
        let row = lanes.next(noon()).unwrap();
        finish(&mut lanes, &row, row.endpoint != endpoint(DEAD), noon());
        *went.entry(row.endpoint).or_default() += 1;
    }
    let dead = went.remove(&endpoint(DEAD)).unwrap();
    assert!((40..=52).contains(&dead), "{dead} turns of the dead one");
    assert!(went.len() == 9 && went.values().all(|turns| *turns == 50), "{went:?}");
}

#[test]
fn what_hangs_after_it_had_worked_leaves_a_quarter_of_the_slots_to_the_others() {
    let mut lanes = Lanes::new(limits());
    let hang = [100, 101, 102].map(endpoint);
    for raw in 100..110 {
        push(&mut lanes, raw, raw * 1_000..raw * 1_000 + 400);
        let mut under_way = drain(&mut lanes, noon());
        while !under_way.is_empty() {
            under_way.iter().for_each(|row| finish(&mut lanes, row, true, noon()));
            under_way = drain(&mut lanes, noon());
        }
        assert_eq!(lanes.lanes[&endpoint(raw)].window(), 32);
    }
    for raw in 100..110 {
        push(&mut lanes, raw, raw * 1_000 + 500..raw * 1_000 + 600);
    }
    let (mut hung, mut arrived) = (0, 0);
    while let Some(row) = lanes.next(seconds(1)) {
        if hang.contains(&row.endpoint) {
            hung += 1;
        } else {
            arrived += 1;
            finish(&mut lanes, &row, true, seconds(1));
        }
    }
    assert_eq!(arrived, 700, "while {hung} hung");
    assert!((30..=40).contains(&hung), "{hung} of 64 hang");
}

#[test]
fn a_burst_delays_another_company_by_at_most_one_turn() {
    let burst = Limits { memory_max: rows(200_000), lane_queued_max: 50_000, ..limits() };
    let mut lanes = Lanes::new(burst);
    push(&mut lanes, 100, 0..50_000);
    for round in 0..100 {
        let row = lanes.next(noon()).unwrap();
        finish(&mut lanes, &row, true, noon());
        push(&mut lanes, 200, 60_000 + round..60_001 + round);
        let two = [lanes.next(noon()).unwrap(), lanes.next(noon()).unwrap()];
        assert!(two.iter().any(|row| row.id.raw() == 60_000 + round));
        for row in &two {
            finish(&mut lanes, row, true, noon());
        }
    }
}

#[test]
fn ten_thousand_blocked_lanes_are_not_looked_at() {
    let mut lanes = Lanes::new(Limits { memory_max: rows(1_000_000), ..limits() });
    for raw in 100_000..110_000 {
        lanes.set_mode(endpoint(raw), company_of(raw), Mode::Open);
        lanes.set_hold(endpoint(raw), Some(seconds(3_600)));
        push(&mut lanes, raw, raw..raw + 1);
    }
    push(&mut lanes, 100, 1..1_000);
    assert!(lanes.turns.is_at_rest_but_for(1));
    while let Some(row) = lanes.next(noon()) {
        finish(&mut lanes, &row, true, noon());
    }
    assert_eq!(lanes.queued(), 10_000);
    assert!(lanes.turns.is_at_rest_but_for(0));
}

proptest! {
    #[test]
    fn turns_go_round_companies_and_then_endpoints(
        endpoints_of in proptest::collection::vec(1i64..6, 1..8),
        rounds in 1usize..20,
    ) {
        let wide = Limits {
            young_max: 1_000_000,
            in_flight_max: 1_000_000, memory_max: rows(1_000_000), lane_queued_max: 10_000,
            window_start: 10_000, window_max: 10_000,
        };
        let mut lanes = Lanes::new(wide);
        for (company, endpoints) in (1i64..).zip(&endpoints_of) {
            for index in 0..*endpoints {
                push(&mut lanes, company * 100 + index, 0..200);
            }
        }
        let companies = endpoints_of.len();
        let picks: Vec<_> = (0..rounds * companies).map(|_| lanes.next(noon()).unwrap()).collect();
        for turn in picks.windows(companies) {
            let mut names: Vec<_> = turn.iter().map(|row| row.event.company).collect();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), companies);
        }
        for (company, endpoints) in (1i64..).zip(&endpoints_of) {
            let own: Vec<_> = picks.iter()
                .filter(|row| row.event.company == CompanyId::from_raw(company))
                .map(|row| row.endpoint)
                .collect();
            for turn in own.windows(usize::try_from(*endpoints).unwrap()) {
                let mut names = turn.to_vec();
                names.sort();
                names.dedup();
                prop_assert_eq!(names.len(), turn.len());
            }
        }
    }
}
