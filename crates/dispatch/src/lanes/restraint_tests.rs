//! What restrained lanes promise: so many at a time, so many a second, nothing while they are closed.

use chrono::TimeDelta;
use domain::traffic::{InFlight, PerSecond, Traffic};
use store::Claimed;

use super::tests::{company_of, drain, endpoint, finish, limits, noon, row};
use super::{Lanes, Mode};

fn few(in_flight: i64) -> Traffic {
    Traffic { max_in_flight: InFlight::parse(in_flight), ..Traffic::default() }
}

fn slowly(per_second: i64) -> Traffic {
    Traffic { per_second: PerSecond::parse(per_second), ..Traffic::default() }
}

fn lanes(traffic: Traffic) -> Lanes {
    let mut lanes = Lanes::new(limits());
    lanes.let_in(endpoint(100), company_of(100), traffic);
    lanes
}

fn push(lanes: &mut Lanes, at: i64, deliveries: std::ops::Range<i64>) {
    let rows = deliveries.map(|delivery| row(at, delivery)).collect();
    assert!(lanes.push_claimed(rows).is_empty());
}

/// All that can be sent now.
fn send(lanes: &mut Lanes, at: TimeDelta) -> Vec<Claimed> {
    std::iter::from_fn(|| lanes.next(noon() + at)).collect()
}

#[test]
fn no_more_than_its_number_is_in_flight_however_well_it_does() {
    let mut lanes = lanes(few(3));
    push(&mut lanes, 100, 1..200);
    push(&mut lanes, 101, 500..520);
    let mut under_way = send(&mut lanes, TimeDelta::zero());
    for round in 1..100 {
        let at = TimeDelta::milliseconds(round);
        let ours = under_way.iter().filter(|row| row.endpoint == endpoint(100)).count();
        assert!(ours <= 3, "{ours} in round {round}");
        assert!(round < 4 || ours == 3, "{ours} in round {round}");
        let done = under_way.iter().position(|row| row.endpoint == endpoint(100)).unwrap();
        let done = under_way.remove(done);
        lanes.answered(done.endpoint, true, noon(), noon() + at);
        lanes.settled(done.endpoint, 1, done.bytes());
        under_way.extend(send(&mut lanes, at));
    }
}

#[test]
fn a_lower_number_lets_what_is_in_flight_end_first() {
    let mut lanes = lanes(few(2));
    push(&mut lanes, 100, 1..10);
    let under_way = send(&mut lanes, TimeDelta::zero());
    assert_eq!(under_way.len(), 2);
    lanes.let_in(endpoint(100), company_of(100), few(1));
    for (answered, more) in [(0, 0), (1, 1)] {
        lanes.answered(endpoint(100), true, noon(), noon());
        lanes.settled(endpoint(100), 1, under_way[answered].bytes());
        assert_eq!(send(&mut lanes, TimeDelta::zero()).len(), more);
    }
    lanes.let_in(endpoint(100), company_of(100), few(2));
    assert_eq!(send(&mut lanes, TimeDelta::zero()).len(), 1);
}

#[test]
fn a_rate_is_kept_by_the_next_wake() {
    let mut lanes = lanes(slowly(4));
    push(&mut lanes, 100, 1..9);
    let (mut at, mut starts) = (noon(), Vec::new());
    while starts.len() < 8 {
        while let Some(row) = lanes.next(at) {
            starts.push(at);
            lanes.answered(row.endpoint, true, at, at);
            lanes.settled(row.endpoint, 1, row.bytes());
        }
        at = lanes.next_wake(at).unwrap_or(at);
    }
    let took = (starts[7] - starts[0]).num_milliseconds();
    assert!((1_730..=1_760).contains(&took), "{took} ms for seven gaps of 250");
}

#[test]
fn a_rate_holds_few_rows_in_memory() {
    let lanes = lanes(slowly(1));
    assert_eq!(lanes.room(endpoint(100)), 2);
    assert!(lanes.room(endpoint(101)) > 2);
}

#[test]
fn a_lane_that_is_forgotten_is_restrained_when_it_comes_back() {
    let mut lanes = lanes(few(1));
    assert!(lanes.next(noon() + TimeDelta::hours(2)).is_none());
    lanes.forget_idle();
    assert_eq!(lanes.endpoints().count(), 0);
    let sizes = vec![row(100, 1).bytes(); 3];
    assert_eq!(lanes.reserve(company_of(100), endpoint(100), &sizes), 3);
    assert!(lanes.push_fresh((1..4).map(|delivery| row(100, delivery)).collect()).is_empty());
    assert_eq!(send(&mut lanes, TimeDelta::hours(2)).len(), 1);
}

#[test]
fn a_closed_lane_takes_and_sends_nothing_and_gives_all_back() {
    let mut lanes = lanes(few(1));
    push(&mut lanes, 100, 1..5);
    let under_way = send(&mut lanes, TimeDelta::zero());
    let sizes = vec![row(100, 1).bytes(); 2];
    assert_eq!(lanes.reserve(company_of(100), endpoint(100), &sizes), 2);
    assert_eq!(lanes.close(endpoint(100), company_of(100)).len(), 3);
    assert_eq!(lanes.restraint(endpoint(100)), None);
    // What was promised before comes all the same.
    let refused = lanes.push_fresh(vec![row(100, 7), row(100, 8)]);
    assert_eq!(refused.len(), 2);
    assert_eq!(lanes.push_claimed(vec![row(100, 9)]).len(), 1);
    assert_eq!(lanes.room(endpoint(100)), 0);
    assert_eq!(lanes.reserve(company_of(100), endpoint(100), &sizes), 0);
    assert!(!lanes.lane_idle(endpoint(100)), "one is in flight");
    lanes.answered(endpoint(100), true, noon(), noon());
    lanes.settled(endpoint(100), 1, under_way[0].bytes());
    assert!(lanes.lane_idle(endpoint(100)) && lanes.is_idle());
    lanes.set_mode(endpoint(100), company_of(100), Mode::Open);
    assert_eq!(lanes.room(endpoint(100)), 0, "open for others");
    lanes.set_free(endpoint(100));
    assert!(lanes.room(endpoint(100)) > 2);
}

#[test]
fn a_lane_with_something_under_way_is_left_where_others_send_as_well() {
    let mut lanes = Lanes::new(limits());
    lanes.let_in(endpoint(101), company_of(101), slowly(5));
    for raw in [100, 101, 102] {
        super::tests::push(&mut lanes, raw, raw..raw + 1);
    }
    let under_way = drain(&mut lanes, noon());
    lanes.set_mode(endpoint(102), company_of(102), Mode::Slow);
    let left = |lanes: &Lanes| [100, 101, 102, 103].map(|raw| lanes.may_be_left(endpoint(raw)));
    assert_eq!(left(&lanes), [true, false, false, true]);
    for row in &under_way {
        finish(&mut lanes, row, true, noon());
    }
    assert_eq!(left(&lanes), [true; 4]);
    lanes.leave(endpoint(102));
    assert_eq!(lanes.mode(endpoint(102)), Some(Mode::Held), "its next owner sends");
}
