//! Endpoints that become ordered, or cease to be, while deliveries wait: their lines are arranged in slices.

use domain::id::{DeliveryId, EndpointId};
use store::{EndpointPatch, EndpointRecord, LineStep, LineWalk};

use crate::engine::{Door, at, lane, micros, of_lane, of_pending, over, status};
use crate::lines::{WAITS, check, claim, ids, inside, ordered, post};
use crate::setup::{ACTOR, Setup, now, on_both};

on_both!(
    an_endpoint_is_arranged_and_set_free_in_slices,
    what_is_put_in_line_behind_a_walk_is_set_free_too,
    nothing_gets_a_head_while_something_is_under_way,
    lines_of_a_deleted_endpoint_go,
    a_node_that_starts_finds_lines_without_heads,
);

async fn patch(s: &Setup, endpoint: EndpointId, ordered: bool) -> EndpointRecord {
    let patch = EndpointPatch { ordered: Some(ordered), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, endpoint, patch, ACTOR, at(2)).await.unwrap()
}

/// Works on an endpoint's lines until there is nothing to do, or it must be waited for.
async fn arrange(s: &Setup, endpoint: EndpointId, is_idle: bool) -> (LineStep, usize) {
    let (mut walk, mut slices) = (LineWalk::default(), 0);
    loop {
        slices += 1;
        match s.store.work_on_lines(endpoint, walk, is_idle, at(3)).await.unwrap() {
            LineStep::More(next) => walk = next,
            step @ (LineStep::Waits | LineStep::Done) => return (step, slices),
        }
    }
}

async fn an_endpoint_is_arranged_and_set_free_in_slices(s: Setup) {
    let endpoint = s.endpoint().await.id;
    let contacts: String = ('a'..='z').cycle().take(1_300).collect();
    let mut posted = post(&s, &Door::with_room(0), &contacts[..700]).await;
    posted.extend(post(&s, &Door::with_room(0), &contacts[700..]).await);
    assert!(patch(&s, endpoint, true).await.traffic.ordered);
    assert_eq!(s.store.lines_at_work().await.unwrap(), [endpoint]);
    assert!(!s.store.may_begin(endpoint, true).await.unwrap());
    assert!(of_lane(&s, endpoint, "rest_until").await > micros(at(2)));
    // What comes meanwhile waits too.
    let door = inside();
    let new = post(&s, &door, "aA").await;
    assert_eq!(door.ids().len() + door.outstanding(), 0);
    let (step, slices) = arrange(&s, endpoint, true).await;
    assert!(step == LineStep::Done && slices > 4, "{step:?} after {slices}");
    assert_eq!(s.store.lines_at_work().await.unwrap(), []);
    assert!(s.store.may_begin(endpoint, true).await.unwrap());
    check(&s).await;
    s.store.adopt_lanes(9).await.unwrap();
    let mut heads = ids(&claim(&s, endpoint, 4).await);
    heads.sort_unstable();
    let mut expected: Vec<DeliveryId> = posted[..26].to_vec();
    expected.push(new[1]);
    expected.sort_unstable();
    assert_eq!(heads, expected);
    // And back: all that waited is due, and what is claimed stays so.
    patch(&s, endpoint, false).await;
    let (step, slices) = arrange(&s, endpoint, true).await;
    assert!(step == LineStep::Done && slices > 2);
    assert_eq!(
        s.count("FROM pending WHERE line_key IS NOT NULL OR line_place IS NOT NULL").await,
        0
    );
    assert_eq!(s.count(&format!("FROM pending WHERE due_at = {WAITS}")).await, 0);
    assert_eq!(s.count("FROM pending WHERE claimed_by <> 0").await, 27);
    assert_eq!((s.count("FROM pending").await, s.count("FROM order_lines").await), (1_302, 0));
}

async fn what_is_put_in_line_behind_a_walk_is_set_free_too(s: Setup) {
    let endpoint = ordered(&s).await;
    // Two lines, the second longer than a slice: a slice ends in the middle of it.
    let contacts = format!("{}{}", "a".repeat(20), "b".repeat(1_000));
    post(&s, &Door::with_room(0), &contacts).await;
    patch(&s, endpoint, false).await;
    let step = s.store.work_on_lines(endpoint, LineWalk::default(), true, at(3)).await.unwrap();
    let LineStep::More(mut walk) = step else { panic!("{step:?}") };
    assert_eq!(s.count("FROM pending WHERE line_key IS NULL").await, 500);
    patch(&s, endpoint, true).await;
    assert_eq!(arrange(&s, endpoint, true).await.0, LineStep::Done);
    check(&s).await;
    assert_eq!(s.count("FROM pending WHERE line_key IS NULL").await, 0);
    // A node that has not looked meanwhile goes on where it was.
    patch(&s, endpoint, false).await;
    let mut freed = Vec::new();
    loop {
        let step = s.store.work_on_lines(endpoint, walk, true, at(4)).await.unwrap();
        freed.push(s.count("FROM pending WHERE line_key IS NULL").await);
        match step {
            LineStep::More(next) => walk = next,
            LineStep::Waits | LineStep::Done => break,
        }
    }
    assert!(freed.len() <= 5 && freed.last() == Some(&1_020), "{freed:?}");
    assert_eq!(s.count(&format!("FROM pending WHERE due_at = {WAITS}")).await, 0);
    assert_eq!(s.count("FROM order_lines").await, 0);
}

async fn nothing_gets_a_head_while_something_is_under_way(s: Setup) {
    let endpoint = s.endpoint().await.id;
    lane(&s, endpoint, s.store.incarnation()).await;
    let posted = post(&s, &Door::with_room(0), "aab").await;
    let claimed = claim(&s, endpoint, 1).await;
    patch(&s, endpoint, true).await;
    assert_eq!(arrange(&s, endpoint, false).await.0, LineStep::Waits);
    let (last, rest) = claimed.split_last().unwrap();
    let back: Vec<_> = rest.iter().map(|row| (s.company, row.id, endpoint)).collect();
    s.store.release(&back, at(2)).await.unwrap();
    assert_eq!(arrange(&s, endpoint, false).await.0, LineStep::Waits);
    assert_eq!(s.count("FROM pending WHERE line_place IS NULL").await, 1);
    // It fails, and is arranged with the others.
    s.store.settle(&[over(last, status(500), at(3))], at(3)).await.unwrap();
    assert_eq!(arrange(&s, endpoint, true).await.0, LineStep::Done);
    check(&s).await;
    assert_eq!(ids(&claim(&s, endpoint, 40).await), [posted[0], posted[2]]);
    // One that was written by a node that did not know yet has the endpoint looked through again.
    s.event(77, "message.received", "a", None).await;
    let stray =
        s.pending(77, endpoint, crate::setup::Pending { due_at: 1, ..Default::default() }).await;
    s.store.arrange_again(endpoint).await.unwrap();
    assert!(!s.store.may_begin(endpoint, true).await.unwrap());
    assert_eq!(arrange(&s, endpoint, true).await.0, LineStep::Done);
    assert_eq!(of_pending(&s, DeliveryId::from_raw(stray), "due_at").await, WAITS);
    check(&s).await;
}

async fn a_node_that_starts_finds_lines_without_heads(s: Setup) {
    let endpoint = ordered(&s).await;
    let posted = post(&s, &Door::with_room(0), "aabb").await;
    // As a node of an earlier release would end it.
    s.sql("DELETE FROM pending WHERE id = $1", vec![posted[0].raw().into()]).await;
    drop(s.store.join("n", at(1)).await.unwrap());
    assert_eq!(arrange(&s, endpoint, false).await.0, LineStep::Done);
    check(&s).await;
    assert_eq!(of_pending(&s, posted[1], "due_at").await, micros(at(3)));
    assert_eq!(of_pending(&s, posted[2], "due_at").await, micros(now()));
}

async fn lines_of_a_deleted_endpoint_go(s: Setup) {
    let endpoint = ordered(&s).await;
    post(&s, &Door::with_room(0), "aab").await;
    s.store.delete_endpoint(s.company, endpoint, ACTOR, at(1)).await.unwrap();
    assert_eq!(arrange(&s, endpoint, true).await.0, LineStep::Done);
    assert_eq!(s.count("FROM order_lines").await, 0);
    assert_eq!(s.store.end_deleted(at(2)).await.unwrap(), 3);
    assert_eq!(s.count("FROM pending").await, 0);
}
