//! Where more comes in than can be sent: who waits for that, and what counts.

use std::sync::Arc;

use store::{Accepted, SwitchWanted};

use crate::engine::{Door, caller, endpoint, new_event, one, together};
use crate::setup::{Setup, on_both};

on_both!(
    who_has_little_goes_before_who_has_much_and_nobody_is_left_out,
    what_is_to_be_sent_is_told_whether_there_is_room_or_not,
);

/// The ids of an event of each company that come in together, the first company's first.
async fn ids(s: &Setup, door: &Arc<Door>) -> [i64; 2] {
    let mut jobs = Vec::new();
    for company in [s.company, s.other] {
        jobs.push((caller(s, company).await, vec![new_event(company, "message.received")]));
    }
    let answers = together(&s.store, door, jobs).await;
    let mut ids = answers.into_iter().map(|answer| match answer.unwrap()[0] {
        Accepted::New { event, .. } => event.raw(),
        Accepted::Duplicate { .. }
        | Accepted::KeyReused { .. }
        | Accepted::Expired
        | Accepted::Unfit => panic!("both are new"),
    });
    [ids.next().unwrap(), ids.next().unwrap()]
}

async fn who_has_little_goes_before_who_has_much_and_nobody_is_left_out(s: Setup) {
    let [first, second] = ids(&s, &Door::with_room(9)).await;
    assert!(first < second, "in the order in which they came");
    let door = Arc::new(Door { overrun_by: Some(s.company), ..Door::default() });
    let [much, little] = ids(&s, &door).await;
    assert!(little < much);
}

async fn what_is_to_be_sent_is_told_whether_there_is_room_or_not(s: Setup) {
    for switch in [SwitchWanted::Enabled, SwitchWanted::Enabled, SwitchWanted::Paused] {
        endpoint(&s, "*", switch).await;
    }
    for room in [9, 0] {
        let door = Door::with_room(room);
        one(&s, &door, new_event(s.company, "message.received")).await;
        assert_eq!(*door.took_in.lock(), 2, "room for {room}, and one is paused");
    }
}
