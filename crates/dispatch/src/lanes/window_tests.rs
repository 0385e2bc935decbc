//! How many requests an endpoint has under way at once, and when the next one may go.

use std::collections::HashSet;

use chrono::TimeDelta;
use domain::id::DeliveryId;
use store::Claimed;

use super::tests::{
    company_of, drain, endpoint, finish, ids, limits, noon, push, row_of, rows, seconds,
};
use super::{Lanes, Limits, Mode};

#[test]
fn a_window_doubles_with_each_round_trip_and_halves_once_for_all_that_was_under_way() {
    let mut lanes = Lanes::new(limits());
    push(&mut lanes, 100, 0..1_000);
    let mut under_way = drain(&mut lanes, noon());
    let mut widths = vec![under_way.len()];
    for second in 1..=5 {
        let mut next = Vec::new();
        for row in under_way {
            finish(&mut lanes, &row, true, seconds(second));
            next.extend(drain(&mut lanes, seconds(second)));
        }
        widths.push(next.len());
        under_way = next;
    }
    // Alone it takes half of what its company may have, and leaves the other half to the company's others.
    assert_eq!(widths, [2, 4, 8, 16, 24, 24]);
    for row in &under_way {
        lanes.answered(row.endpoint, false, seconds(5), seconds(6));
        lanes.settled(row.endpoint, 1, row.bytes());
    }
    assert_eq!(lanes.lanes[&endpoint(100)].window(), 16);
    let under_way = drain(&mut lanes, seconds(6));
    assert_eq!(under_way.len(), 16, "failing lanes have a quarter of 64");
    lanes.answered(endpoint(100), false, seconds(6), seconds(7));
    assert_eq!(lanes.lanes[&endpoint(100)].window(), 8);
    for began in [7, 8, 9, 10, 11, 12] {
        lanes.answered(endpoint(100), false, seconds(began), seconds(began));
    }
    assert_eq!(lanes.lanes[&endpoint(100)].window(), 1);
}

#[test]
fn a_window_that_is_not_used_does_not_grow_and_one_long_unused_starts_anew() {
    let mut lanes = Lanes::new(limits());
    for second in 0..20 {
        push(&mut lanes, 100, second..second + 1);
        let row = lanes.next(seconds(second)).unwrap();
        finish(&mut lanes, &row, true, seconds(second));
    }
    assert_eq!(lanes.lanes[&endpoint(100)].window(), 2);
    push(&mut lanes, 100, 100..200);
    while let Some(row) = lanes.next(seconds(20)) {
        let more = drain(&mut lanes, seconds(20));
        for row in more.iter().chain([&row]) {
            finish(&mut lanes, row, true, seconds(20));
        }
    }
    assert!(lanes.lanes[&endpoint(100)].window() > 4);
    push(&mut lanes, 100, 200..300);
    assert_eq!(drain(&mut lanes, seconds(30)).len(), 2);
}

#[test]
fn a_slow_lane_sends_one_settled_request_at_a_time_a_second_apart() {
    let mut lanes = Lanes::new(limits());
    lanes.set_mode(endpoint(100), company_of(100), Mode::Slow);
    assert_eq!(lanes.room(endpoint(100)), 1);
    push(&mut lanes, 100, 1..4);
    assert_eq!(lanes.room(endpoint(100)), 0);
    assert_eq!(ids(&drain(&mut lanes, noon())), [1]);
    lanes.answered(endpoint(100), false, noon(), noon());
    assert_eq!((lanes.next_wake(noon()), lanes.next(seconds(5)).is_none()), (None, true));
    lanes.settled(endpoint(100), 1, rows(1));
    assert_eq!(ids(&drain(&mut lanes, seconds(5))), [2]);
    lanes.answered(endpoint(100), false, seconds(5), seconds(5));
    lanes.settled(endpoint(100), 1, rows(1));
    assert!(lanes.next(seconds(5)).is_none());
    assert_eq!(lanes.next_wake(seconds(5)), Some(seconds(6)));
    lanes.set_mode(endpoint(100), company_of(100), Mode::Open);
    assert_eq!(ids(&drain(&mut lanes, seconds(5))), [3]);
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait_until_it_is_as_late_again() {
    let mut lanes = Lanes::new(limits());
    lanes.set_mode(endpoint(100), company_of(100), Mode::Slow);
    push(&mut lanes, 100, 1..4);
    push(&mut lanes, 200, 10..20);
    for row in drain(&mut lanes, seconds(30_000)) {
        finish(&mut lanes, &row, false, seconds(30_000));
    }
    assert_eq!(lanes.lanes[&endpoint(200)].window(), 1);
    assert_eq!(lanes.next_wake(seconds(30_000)), Some(seconds(30_001)));
    let given = drain(&mut lanes, seconds(60));
    assert_eq!(ids(&given), [12], "the slow one waits its second");
    assert_eq!(lanes.next_wake(seconds(60)), Some(seconds(61)));
    assert_eq!(ids(&drain(&mut lanes, seconds(61))), [2]);
}

#[test]
fn nothing_is_sent_before_the_receiver_wants_it() {
    let mut lanes = Lanes::new(limits());
    push(&mut lanes, 100, 1..9);
    push(&mut lanes, 200, 11..12);
    let first = lanes.next(noon()).unwrap();
    lanes.hold_until(endpoint(100), seconds(30), seconds(0));
    finish(&mut lanes, &first, false, noon());
    assert_eq!(ids(&drain(&mut lanes, noon())), [11]);
    assert_eq!(lanes.next_wake(noon()), Some(seconds(30)));
    assert!(lanes.next(seconds(29)).is_none());
    assert_eq!(ids(&drain(&mut lanes, seconds(30))), [2]);
}

#[test]
fn few_begin_at_once_but_where_receivers_take_their_time() {
    let ms = |count| noon() + TimeDelta::milliseconds(count);
    let mut lanes = Lanes::new(Limits { young_max: 3, ..limits() });
    for raw in [100, 101, 200, 300, 301, 400] {
        push(&mut lanes, raw, raw * 10..raw * 10 + 4);
    }
    let begun = drain(&mut lanes, ms(0));
    let companies: HashSet<_> = begun.iter().map(|row| row.event.company).collect();
    assert_eq!((begun.len(), companies.len()), (3, 3));
    finish(&mut lanes, &begun[0], true, ms(0));
    assert_eq!(ids(&drain(&mut lanes, ms(4))), [4_000], "the turns go on where they were");
    assert_eq!(lanes.next_wake(ms(4)), Some(ms(25)));
    assert!(lanes.next(ms(24)).is_none());
    assert_eq!(drain(&mut lanes, ms(25)).len(), 3);
    lanes.unsent(endpoint(400), ms(25));
    assert_eq!(drain(&mut lanes, ms(25)).len(), 1);
    assert!(lanes.next(ms(26)).is_none());
}

#[test]
fn whoever_takes_his_time_or_fails_takes_no_place_of_the_quick() {
    let ms = |count| noon() + TimeDelta::milliseconds(count);
    let mut lanes = Lanes::new(Limits { young_max: 2, ..limits() });
    let (slow, failing, quick) = (100, 200, 300);
    for (raw, success, took) in [(slow, true, 3), (failing, false, 0), (quick, true, 2)] {
        push(&mut lanes, raw, raw..raw + 1);
        let row = lanes.next(ms(0)).unwrap();
        lanes.answered(row.endpoint, success, ms(0), ms(took));
        lanes.settled(row.endpoint, 1, row.bytes());
    }
    for raw in [slow, failing] {
        push(&mut lanes, raw, raw * 10..raw * 10 + 20);
    }
    let of =
        |rows: &[Claimed], raw| rows.iter().filter(|row| row.endpoint == endpoint(raw)).count();
    let begun = drain(&mut lanes, ms(10));
    assert_eq!((of(&begun, slow), of(&begun, failing)), (2, 1), "as many as their windows have");
    push(&mut lanes, quick, 3_000..3_020);
    assert_eq!(of(&drain(&mut lanes, ms(10)), quick), 2);
    lanes.answered(endpoint(slow), true, ms(10), ms(20));
    lanes.answered(endpoint(failing), false, ms(10), ms(20));
    assert!(lanes.next(ms(20)).is_none(), "these made no room");
    lanes.answered(endpoint(quick), true, ms(10), ms(20));
    assert!(lanes.next(ms(20)).is_some());
}

#[test]
fn of_an_endpoint_of_which_nothing_is_known_the_others_say_how_it_is() {
    let mut lanes = Lanes::new(Limits { young_max: 3, ..limits() });
    for raw in [100, 200, 300, 400, 500] {
        push(&mut lanes, raw, raw..raw + 2);
    }
    assert_eq!(drain(&mut lanes, noon()).len(), 3);
    let at = noon() + TimeDelta::milliseconds(20);
    (0..15).for_each(|_| lanes.answered(endpoint(100), true, noon(), at));
    assert_eq!(drain(&mut lanes, at).len(), 7);
}

#[test]
fn quick_failures_make_nobody_quick() {
    let ms = |count| noon() + TimeDelta::milliseconds(count);
    let mut lanes = Lanes::new(Limits { young_max: 1, ..limits() });
    push(&mut lanes, 100, 0..10);
    for (success, took) in [(true, 3), (false, 0), (true, 3)] {
        let row = lanes.next(ms(0)).unwrap();
        lanes.answered(row.endpoint, success, ms(0), ms(took));
        lanes.settled(row.endpoint, 1, row.bytes());
    }
    assert_eq!(drain(&mut lanes, ms(3)).len(), 2, "its window");
}

#[test]
fn where_nothing_is_queued_nobody_is_in_the_way() {
    let mut lanes = Lanes::new(Limits { young_max: 1, ..limits() });
    let beats = |lanes: &mut Lanes| {
        (0..9)
            .any(|_| lanes.next(noon()).is_some_and(|_| panic!("nothing is free")) || lanes.beat(0))
    };
    push(&mut lanes, 100, 1..2);
    assert_eq!(drain(&mut lanes, noon()).len(), 1);
    assert!(!beats(&mut lanes));
    push(&mut lanes, 200, 2..3);
    assert!(beats(&mut lanes), "the processor has time, and one waits");
    assert_eq!(drain(&mut lanes, noon()).len(), 1);
}

#[test]
fn what_waits_for_this_node_is_told_from_what_waits_for_its_receivers() {
    let mut lanes = Lanes::new(Limits { young_max: 3, in_flight_max: 4, ..limits() });
    (0..20).for_each(|_| _ = lanes.beat(400));
    push(&mut lanes, 100, 0..10);
    assert_eq!((lanes.ready(), lanes.is_processor_short()), (10, false));
    assert_eq!(drain(&mut lanes, noon()).len(), 2, "its window");
    assert_eq!((lanes.queued(), lanes.ready(), lanes.is_processor_short()), (8, 0, false));
    push(&mut lanes, 200, 10..15);
    assert_eq!(drain(&mut lanes, noon()).len(), 1, "as many as may be young");
    assert_eq!((lanes.queued(), lanes.ready(), lanes.is_processor_short()), (12, 4, true));
    let later = noon() + TimeDelta::milliseconds(25);
    push(&mut lanes, 300, 15..20);
    assert_eq!(drain(&mut lanes, later).len(), 1, "the last place");
    (0..20).for_each(|_| _ = lanes.beat(1_000));
    assert!(!lanes.is_processor_short(), "a place is what is waited for");
}

#[test]
fn a_few_events_are_little_whatever_others_have() {
    let mut lanes = Lanes::new(limits());
    push(&mut lanes, 100, 0..17);
    for other in 2..60 {
        lanes.attach(endpoint(other * 100), company_of(other * 100));
    }
    assert!(lanes.has_much_of(company_of(100)));
    lanes.remove(endpoint(100), DeliveryId::from_raw(16));
    assert!(!lanes.has_much_of(company_of(100)), "one in 256 of 4,096 rows");
}

#[test]
fn nobody_waits_for_a_time_where_nothing_is_queued() {
    let mut lanes = Lanes::new(Limits { young_max: 1, ..limits() });
    push(&mut lanes, 100, 1..2);
    assert_eq!(drain(&mut lanes, noon()).len(), 1);
    assert_eq!(lanes.next_wake(noon()), None);
    push(&mut lanes, 100, 2..3);
    assert!(lanes.next_wake(noon()).is_some());
}

#[test]
fn an_endpoint_that_was_known_to_fail_begins_as_a_failing_one_until_it_succeeds() {
    let mut lanes = Lanes::new(limits());
    lanes.set_mode(endpoint(100), company_of(100), Mode::Open);
    lanes.presume_failing(endpoint(100));
    assert_eq!((lanes.room(endpoint(100)), lanes.lanes[&endpoint(100)].window()), (4, 1));
    push(&mut lanes, 100, 0..4);
    let first = lanes.next(noon()).unwrap();
    assert!(lanes.next(noon()).is_none(), "one at a time");
    finish(&mut lanes, &first, true, noon());
    // What is read late does not make it fail again.
    lanes.presume_failing(endpoint(100));
    assert!(lanes.lanes[&endpoint(100)].window() > 1 && lanes.room(endpoint(100)) > 4);
}

#[test]
fn endpoints_known_to_fail_leave_three_quarters_to_the_others() {
    let mut lanes = Lanes::new(limits());
    for raw in (10_000..10_100).map(|company| company * 100) {
        lanes.set_mode(endpoint(raw), company_of(raw), Mode::Open);
        lanes.presume_failing(endpoint(raw));
        push(&mut lanes, raw, raw..raw + 4);
    }
    push(&mut lanes, 200, 0..2);
    let given = drain(&mut lanes, noon());
    assert_eq!(given.len(), 16 + 2, "a quarter of 64, and what the healthy one may begin with");
}

#[test]
fn failing_endpoints_have_a_quarter_of_the_memory() {
    let mut lanes = Lanes::new(Limits { memory_max: rows(64), ..limits() });
    for raw in (1_000..1_008).map(|company| company * 100) {
        lanes.set_mode(endpoint(raw), company_of(raw), Mode::Open);
        lanes.presume_failing(endpoint(raw));
        let room = lanes.room(endpoint(raw));
        // About as large as they are; a lane's first rows are guessed to be larger.
        let room = if room == 0 { 0 } else { room.min(4) };
        push(&mut lanes, raw, raw..raw + i64::try_from(room).unwrap());
    }
    assert!(lanes.queued() <= 16 + 3, "{} rows of failing endpoints", lanes.queued());
    let healthy = vec![rows(1); 100];
    assert!(lanes.reserve(company_of(200), endpoint(200), &healthy) >= 20);
}

/// It took in many large rows before it was found out.
fn a_lane_that_fails_with_large_rows(lanes: &mut Lanes, raw: i64) {
    let _ = lanes.push_claimed((0..20).map(|id| row_of(raw, id, 100_000)).collect());
    let first = lanes.next(noon()).unwrap();
    finish(lanes, &first, false, seconds(5));
}

#[test]
fn one_failing_endpoint_does_not_keep_another_company_s_from_its_next_try() {
    let mut lanes = Lanes::new(Limits { memory_max: 4_000_000, ..limits() });
    a_lane_that_fails_with_large_rows(&mut lanes, 100);
    lanes.set_mode(endpoint(200), company_of(200), Mode::Open);
    lanes.presume_failing(endpoint(200));
    assert!(lanes.room(endpoint(200)) > 0, "it may have recovered");
    assert_eq!(lanes.reserve(company_of(200), endpoint(200), &[1_000]), 1);
}

#[test]
fn what_a_failing_endpoint_has_beyond_its_due_is_given_back_where_others_wait_for_its_room() {
    let mut lanes = Lanes::new(Limits { memory_max: 4_000_000, ..limits() });
    a_lane_that_fails_with_large_rows(&mut lanes, 100);
    let kept = lanes.capacity(endpoint(100));
    let excess = lanes.take_excess(endpoint(100));
    assert_eq!(ids(&excess), (1 + kept as i64..20).collect::<Vec<_>>(), "the last ones");
    assert!(lanes.take_excess(endpoint(100)).is_empty(), "nothing twice");
    // It fills up again once it has shown that it takes more, not after each success among failures.
    let row = lanes.next(seconds(6)).unwrap();
    finish(&mut lanes, &row, true, seconds(6));
    assert!(lanes.capacity(endpoint(100)) <= 2 * kept, "{} rows", lanes.capacity(endpoint(100)));
    // Where there is room, nobody gains by it.
    let mut lanes = Lanes::new(Limits { memory_max: 40_000_000, ..limits() });
    a_lane_that_fails_with_large_rows(&mut lanes, 100);
    assert!(lanes.take_excess(endpoint(100)).is_empty());
}

#[test]
fn a_row_that_was_read_before_a_receiver_asked_for_a_hold_does_not_lift_it() {
    let mut lanes = Lanes::new(limits());
    push(&mut lanes, 100, 0..2);
    let first = lanes.next(noon()).unwrap();
    lanes.hold_until(endpoint(100), seconds(60), seconds(5));
    finish(&mut lanes, &first, false, seconds(5));
    lanes.take_over_hold(endpoint(100), None, seconds(5));
    assert!(lanes.next(seconds(6)).is_none(), "read before");
    lanes.take_over_hold(endpoint(100), Some(seconds(90)), seconds(5));
    assert!(lanes.next(seconds(70)).is_none(), "another one's is longer");
    lanes.take_over_hold(endpoint(100), None, seconds(7));
    assert!(lanes.next(seconds(71)).is_some(), "lifted since");
}
