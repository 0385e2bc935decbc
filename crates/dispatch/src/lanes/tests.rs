//! What the lanes promise, one promise a test.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use domain::delivery::Progress;
use domain::event::Event;
use domain::event_type::EventTypeName;
use domain::format::Rendering;
use domain::id::{CompanyId, DeliveryId, EndpointId, EventId};
use store::Claimed;

use super::{Lanes, Limits, Mode};

pub(super) fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap()
}

pub(super) fn limits() -> Limits {
    Limits {
        in_flight_max: 64,
        young_max: 64,
        memory_max: rows(4_096),
        lane_queued_max: 1_024,
        window_start: 2,
        window_max: 32,
    }
}

/// Endpoint 103 is the fourth of company 1.
pub(super) fn endpoint(raw: i64) -> EndpointId {
    EndpointId::from_raw(raw)
}

pub(super) fn company_of(endpoint: i64) -> CompanyId {
    CompanyId::from_raw(endpoint / 100)
}

pub(crate) fn row(endpoint: i64, delivery: i64) -> Claimed {
    let at = noon();
    Claimed {
        id: DeliveryId::from_raw(delivery),
        endpoint: EndpointId::from_raw(endpoint),
        event: Event {
            id: EventId::from_raw(delivery),
            company: company_of(endpoint),
            event_type: EventTypeName::parse("message.received").unwrap(),
            data: std::sync::Arc::from(&b"{}"[..]),
            occurred_at: at,
            session: None,
        },
        rendering: Rendering::USUAL,
        progress: Progress::new(at, None),
        claimed_by: 1,
        generation: 0,
        due_at: at,
        place: None,
    }
}

/// So many of these rows in bytes.
pub(super) fn rows(count: usize) -> usize {
    count * row(100, 1).bytes()
}

fn reserve(lanes: &mut Lanes, raw: i64, wanted: usize) -> usize {
    lanes.reserve(company_of(raw), endpoint(raw), &vec![rows(1); wanted])
}

pub(super) fn push(lanes: &mut Lanes, at: i64, deliveries: std::ops::Range<i64>) {
    let refused = lanes.push_claimed(deliveries.map(|delivery| row(at, delivery)).collect());
    assert!(refused.is_empty());
}

pub(super) fn finish(lanes: &mut Lanes, row: &Claimed, success: bool, began: DateTime<Utc>) {
    lanes.answered(row.endpoint, success, began, began);
    lanes.settled(row.endpoint, 1, row.bytes());
}

pub(super) fn seconds(count: i64) -> DateTime<Utc> {
    noon() + TimeDelta::seconds(count)
}

pub(super) fn ids(rows: &[Claimed]) -> Vec<i64> {
    rows.iter().map(|row| row.id.raw()).collect()
}

pub(super) fn drain(lanes: &mut Lanes, now: DateTime<Utc>) -> Vec<Claimed> {
    std::iter::from_fn(|| lanes.next(now)).collect()
}

#[test]
fn fresh_rows_use_up_their_promise_and_memory_is_free_when_they_are_settled() {
    let mut lanes = Lanes::new(Limits { memory_max: rows(9), lane_queued_max: 4, ..limits() });
    assert_eq!(reserve(&mut lanes, 100, 10), 4);
    assert_eq!(reserve(&mut lanes, 100, 10), 0);
    lanes.release(endpoint(100), 1, rows(1));
    let _ = lanes.push_fresh((1..=3).map(|delivery| row(100, delivery)).collect());
    assert_eq!((lanes.queued(), lanes.in_flight(), lanes.is_idle()), (3, 0, false));
    assert_eq!(
        reserve(&mut lanes, 101, 10),
        2,
        "three quarters of what is not spare are the most for one company"
    );
    lanes.release(endpoint(101), 2, rows(2));
    let given = drain(&mut lanes, noon());
    assert_eq!(ids(&given), [1, 2]);
    assert!(!lanes.lane_idle(endpoint(100)));
    for row in &given {
        finish(&mut lanes, row, true, noon());
    }
    let last = lanes.next(noon()).unwrap();
    lanes.unsent(endpoint(100), noon());
    lanes.settled(last.endpoint, 1, last.bytes());
    assert!(lanes.is_idle() && lanes.lane_idle(endpoint(100)));
    assert_eq!(reserve(&mut lanes, 100, 10), 4);
}

#[test]
fn one_company_never_takes_all_memory() {
    let mut lanes = Lanes::new(Limits {
        memory_max: rows(400),
        lane_queued_max: 100,
        window_start: 13,
        ..limits()
    });
    let greedy: usize = (100..150).map(|raw| reserve(&mut lanes, raw, 100)).sum();
    assert_eq!(greedy, 262, "three quarters of what is not spare");
    assert_eq!(reserve(&mut lanes, 200, 100), 49, "three quarters of three quarters of the rest");
}

#[test]
fn large_rows_fill_the_memory_sooner() {
    let mut lanes = Lanes::new(Limits { memory_max: 4_000_000, ..limits() });
    let sizes = [400_000; 10];
    assert_eq!(lanes.reserve(company_of(100), endpoint(100), &sizes), 4, "three quarters twice");
    assert_eq!(lanes.reserve(company_of(100), endpoint(100), &sizes), 0);
    lanes.release(endpoint(100), 4, 4 * 400_000);
    let large = |id| row_of(100, id, 400_000);
    assert!(lanes.room(endpoint(100)) > 7, "nothing is known yet");
    let _ = lanes.push_claimed((1..=40).map(large).collect());
    assert_eq!(lanes.room(endpoint(100)), 0);
    assert_eq!(lanes.take_queued(endpoint(100)).len(), 40);
    let room = lanes.room(endpoint(100));
    assert!((4..=5).contains(&room), "{room}: as large as the last ones");
    assert_eq!(reserve(&mut lanes, 200, 1), 1);
}

/// A row with so many bytes of data.
pub(super) fn row_of(raw: i64, delivery: i64, bytes: usize) -> Claimed {
    let mut row = row(raw, delivery);
    row.event.data = std::sync::Arc::from(vec![b' '; bytes]);
    row
}

/// Companies, each with one endpoint that takes in as much as it may of large rows.
fn fill_with_large_rows(lanes: &mut Lanes, companies: std::ops::Range<i64>) {
    for raw in companies.map(|company| company * 100) {
        let sizes = vec![200_000; lanes.room(endpoint(raw)).min(40)];
        let count = lanes.reserve(company_of(raw), endpoint(raw), &sizes);
        let sized = (0..count).map(|place| row_of(raw, raw + place as i64, 200_000 - rows(1)));
        let _ = lanes.push_fresh(sized.collect());
    }
}

#[test]
fn companies_with_large_rows_leave_something_to_however_many_that_have_little() {
    const MEMORY: usize = 4_000_000;
    let mut lanes = Lanes::new(Limits { memory_max: MEMORY, ..limits() });
    fill_with_large_rows(&mut lanes, 1_000..1_100);
    // And whatever is left of the main part with small ones, of those that have more than little.
    for raw in (1_000..1_100).map(|company| company * 100) {
        if lanes.turns.bytes(company_of(raw)) < MEMORY / 64 {
            continue;
        }
        lanes.reserve(company_of(raw), endpoint(raw + 1), &[20_000; 40]);
        lanes.reserve(company_of(raw), endpoint(raw + 2), &[1_000; 400]);
    }
    let taken = lanes.load.bytes;
    assert!((MEMORY / 8 * 6..=MEMORY / 8 * 7).contains(&taken), "{taken}: an eighth is spare");
    for raw in (2_000..2_064).map(|company| company * 100) {
        assert!(lanes.reserve(company_of(raw), endpoint(raw), &[1_000, 1_000]) >= 1, "{raw}");
    }
    assert!(lanes.load.bytes <= MEMORY);
}

#[test]
fn an_endpoint_leaves_something_to_the_others_of_its_company() {
    let mut lanes = Lanes::new(Limits { memory_max: 4_000_000, ..limits() });
    let sizes = vec![100_000; 40];
    assert!(lanes.reserve(company_of(100), endpoint(100), &sizes) > 10);
    assert!(lanes.reserve(company_of(100), endpoint(101), &sizes) > 3);
    assert!(lanes.reserve(company_of(100), endpoint(102), &[10_000]) == 1);
}

#[test]
fn a_row_larger_than_the_memory_goes_through_alone() {
    let mut lanes = Lanes::new(Limits { memory_max: 10, ..limits() });
    assert_eq!((reserve(&mut lanes, 100, 1), lanes.room(endpoint(100))), (0, 1));
    push(&mut lanes, 100, 1..2);
    assert_eq!((lanes.room(endpoint(100)), lanes.room(endpoint(200))), (0, 0));
    let row = lanes.next(noon()).unwrap();
    finish(&mut lanes, &row, true, noon());
    assert_eq!((lanes.room(endpoint(100)), lanes.room(endpoint(200))), (1, 1));
}

#[test]
fn what_may_wait_grows_with_what_a_receiver_has_proved() {
    let mut lanes = Lanes::new(limits());
    assert_eq!(lanes.capacity(endpoint(100)), 2);
    lanes.set_mode(endpoint(100), company_of(100), Mode::Open);
    assert_eq!(reserve(&mut lanes, 100, 1_000), 128);
    lanes.release(endpoint(100), 128, rows(128));
    push(&mut lanes, 100, 1..200);
    let mut under_way = drain(&mut lanes, noon());
    while let Some(row) = under_way.pop() {
        finish(&mut lanes, &row, true, noon());
        under_way.extend(drain(&mut lanes, noon()));
    }
    assert!(lanes.is_idle(), "all were given");
    assert_eq!(lanes.capacity(endpoint(100)), 1_024);
}

/// Else what waits in the database of a busy endpoint is never found worth a claim: a part of all that its
/// lane may hold is more than one claim brings.
#[test]
fn the_room_of_a_lane_is_reckoned_by_what_one_claim_brings() {
    let wide =
        Limits { window_max: 256, lane_queued_max: 16_384, in_flight_max: 1_024, ..limits() };
    let mut lanes = Lanes::new(wide);
    push(&mut lanes, 100, 1..2_000);
    let mut under_way = drain(&mut lanes, noon());
    while let Some(row) = under_way.pop() {
        finish(&mut lanes, &row, true, noon());
        under_way.extend(drain(&mut lanes, noon()));
    }
    let room = lanes.room(endpoint(100));
    assert_eq!(
        (room, lanes.capacity(endpoint(100))),
        (super::CLAIM_ROWS_MAX, super::CLAIM_ROWS_MAX)
    );
}

#[test]
fn no_promise_is_made_for_a_lane_with_something_in_its_way() {
    let mut lanes = Lanes::new(limits());
    for (raw, mode) in [(100, Mode::Slow), (101, Mode::Held)] {
        lanes.set_mode(endpoint(raw), company_of(raw), mode);
        assert_eq!(reserve(&mut lanes, raw, 1), 0);
    }
    lanes.set_backlog(endpoint(102), company_of(102), true);
    assert_eq!((reserve(&mut lanes, 102, 1), lanes.room(endpoint(102))), (0, 128));
    push(&mut lanes, 103, 1..2);
    let sent = lanes.next(noon()).unwrap();
    lanes.hold_until(endpoint(103), seconds(60), seconds(0));
    finish(&mut lanes, &sent, false, noon());
    assert_eq!((reserve(&mut lanes, 103, 1), lanes.room(endpoint(103))), (0, 0));
    assert!(lanes.next(seconds(60)).is_none());
    assert_eq!(reserve(&mut lanes, 103, 1), 1);
}

#[test]
fn what_a_person_asked_for_goes_first() {
    let mut lanes = Lanes::new(limits());
    push(&mut lanes, 100, 1..4);
    let asked = |delivery| Claimed { due_at: DateTime::UNIX_EPOCH, ..row(100, delivery) };
    let _ = lanes.push_claimed(vec![asked(8), asked(9)]);
    let mut given = Vec::new();
    while let Some(row) = lanes.next(noon()) {
        finish(&mut lanes, &row, true, noon());
        given.push(row);
    }
    assert_eq!(ids(&given), [8, 9, 1, 2, 3]);
}

#[test]
fn a_held_lane_sends_nothing_and_gives_its_rows_back() {
    let mut lanes = Lanes::new(limits());
    push(&mut lanes, 100, 1..6);
    assert_eq!(lanes.remove(endpoint(100), DeliveryId::from_raw(3)).unwrap().id.raw(), 3);
    assert!(lanes.remove(endpoint(100), DeliveryId::from_raw(3)).is_none());
    lanes.set_mode(endpoint(100), company_of(100), Mode::Held);
    assert!(lanes.next(noon()).is_none());
    lanes.set_mode(endpoint(100), company_of(100), Mode::Open);
    let sent = lanes.next(noon()).unwrap();
    lanes.set_mode(endpoint(100), company_of(100), Mode::Held);
    assert_eq!(ids(&lanes.take_queued(endpoint(100))), [2, 4, 5]);
    assert!(!lanes.lane_idle(endpoint(100)));
    finish(&mut lanes, &sent, true, noon());
    assert!(lanes.is_idle() && lanes.next(noon()).is_none());
}

#[test]
fn failing_endpoints_together_have_a_quarter_and_take_turns_in_it() {
    let mut lanes = Lanes::new(limits());
    for raw in (100..150).chain(200..201) {
        push(&mut lanes, raw, raw * 1_000..raw * 1_000 + 100);
    }
    let mut failed = std::collections::HashSet::new();
    while failed.len() < 51 {
        let row = lanes.next(noon()).unwrap();
        finish(&mut lanes, &row, false, noon());
        failed.insert(row.endpoint);
    }
    for row in drain(&mut lanes, noon()) {
        finish(&mut lanes, &row, false, noon());
    }
    let failing = drain(&mut lanes, noon());
    assert_eq!(failing.len(), 16);
    assert!(failing.iter().any(|row| row.endpoint == endpoint(200)));
    push(&mut lanes, 300, 1..3);
    assert_eq!(ids(&drain(&mut lanes, noon())), [1, 2], "a healthy one finds its way");
    for row in &failing {
        finish(&mut lanes, row, false, seconds(5));
    }
    let next = drain(&mut lanes, seconds(5));
    assert_eq!(next.len(), 16);
    let again = |row: &&Claimed| failing.iter().any(|before| before.endpoint == row.endpoint);
    let again: Vec<_> = next.iter().filter(again).map(|row| row.endpoint).collect();
    assert_eq!(again, [endpoint(200)], "the others of company 1 come first");
}

#[test]
fn what_is_promoted_goes_next_and_what_is_sent_already_stays() {
    let mut lanes = Lanes::new(Limits { window_start: 1, ..limits() });
    push(&mut lanes, 100, 1..5);
    let first = lanes.next(noon()).unwrap();
    for delivery in [1, 3, 3, 77] {
        lanes.promote(endpoint(100), DeliveryId::from_raw(delivery));
    }
    finish(&mut lanes, &first, true, noon());
    let mut given = vec![first];
    while let Some(row) = lanes.next(noon()) {
        finish(&mut lanes, &row, true, noon());
        given.push(row);
    }
    assert_eq!(ids(&given), [1, 3, 2, 4]);
}

#[test]
fn a_turn_that_sent_nothing_costs_a_slow_lane_no_second() {
    let mut lanes = Lanes::new(limits());
    lanes.set_mode(endpoint(100), company_of(100), Mode::Slow);
    push(&mut lanes, 100, 1..4);
    let ended = lanes.next(noon()).unwrap();
    lanes.unsent(ended.endpoint, noon());
    lanes.settled(ended.endpoint, 1, ended.bytes());
    let sent = lanes.next(noon()).unwrap();
    finish(&mut lanes, &sent, false, noon());
    assert!(lanes.next(noon()).is_none(), "one a second");
    assert_eq!(lanes.next(seconds(1)).unwrap().id.raw(), 3);
}

#[test]
fn endpoints_that_hang_together_leave_slots_to_others() {
    let mut lanes = Lanes::new(limits());
    for raw in [100, 200, 300] {
        push(&mut lanes, raw, raw * 1_000..raw * 1_000 + 900);
    }
    for _ in 0..200 {
        for row in drain(&mut lanes, noon()) {
            finish(&mut lanes, &row, true, noon());
        }
    }
    drain(&mut lanes, noon());
    assert!(lanes.in_flight() <= 48, "{} of 64 hang", lanes.in_flight());
    push(&mut lanes, 400, 1..3);
    assert_eq!(drain(&mut lanes, noon()).len(), 2);
}

/// A pause may come between the writing of a delivery and its coming into memory, and whoever pauses takes
/// out what is there.
#[test]
fn nothing_comes_into_a_lane_that_is_held() {
    let mut lanes = Lanes::new(limits());
    assert_eq!(reserve(&mut lanes, 100, 2), 2);
    lanes.set_mode(endpoint(100), company_of(100), Mode::Held);
    assert!(lanes.take_queued(endpoint(100)).is_empty());
    assert_eq!(ids(&lanes.push_fresh(vec![row(100, 1), row(100, 2)])), [1, 2]);
    assert_eq!(ids(&lanes.push_claimed(vec![row(100, 3)])), [3]);
    assert!(lanes.is_idle());
}

#[test]
fn a_backlog_is_forgotten_where_nobody_looks_for_it_any_more() {
    let mut lanes = Lanes::new(limits());
    lanes.set_backlog(endpoint(100), company_of(100), true);
    assert_eq!(reserve(&mut lanes, 100, 1), 0);
    lanes.forget_backlog(endpoint(100));
    lanes.forget_backlog(endpoint(101));
    assert_eq!(reserve(&mut lanes, 100, 1), 1);
}

#[test]
fn idle_lanes_are_forgotten_and_those_that_matter_are_not() {
    let mut lanes = Lanes::new(limits());
    reserve(&mut lanes, 100, 1);
    lanes.release(endpoint(100), 1, rows(1));
    assert!(lanes.next(noon()).is_none());
    lanes.set_mode(endpoint(101), company_of(101), Mode::Slow);
    lanes.set_backlog(endpoint(102), company_of(102), true);
    reserve(&mut lanes, 103, 1);
    for (raw, success) in [(104, false), (105, true)] {
        push(&mut lanes, raw, raw..raw + 2);
        for row in drain(&mut lanes, noon()) {
            finish(&mut lanes, &row, success, noon());
        }
    }
    lanes.forget_idle();
    let mut left: Vec<_> = lanes.endpoints().collect();
    left.sort();
    assert_eq!(left, [101, 102, 103, 104, 105].map(endpoint));
    assert!(lanes.next(seconds(11)).is_none());
    lanes.forget_idle();
    assert!(!lanes.endpoints().any(|left| left == endpoint(105)));
    lanes.release(endpoint(103), 1, rows(1));
    lanes.set_mode(endpoint(101), company_of(101), Mode::Open);
    lanes.set_backlog(endpoint(102), company_of(102), false);
    assert!(lanes.next(seconds(3_700)).is_none());
    lanes.forget_idle();
    assert!(lanes.endpoints().next().is_none() && lanes.turns.is_empty());
}

#[test]
fn a_lane_is_small() {
    assert!(size_of::<super::Lane>() <= 512, "{}", size_of::<super::Lane>());
}
