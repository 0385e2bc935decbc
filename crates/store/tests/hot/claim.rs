//! Claims by lane.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{DeliveryId, EndpointId, floor_at};
use store::{LaneWant, Store};

use crate::engine::{at, held, lane, micros, of_lane, of_pending};
use crate::setup::{Pending, Setup, now, on_both};

on_both!(
    the_oldest_due_rows_of_the_lane_and_no_others,
    the_newest_row_goes_first_in_the_slow_lane_but_after_a_persons_wish,
    rows_that_are_larger_than_expected_stay_where_they_are,
    lanes_of_which_nothing_is_wanted_are_put_off,
    what_cannot_be_sent_comes_as_an_orphan,
    two_nodes_never_get_the_same_row,
    a_million_rows_of_one_endpoint_hold_nobody_up,
    ten_thousand_endpoints_are_claimed_in_forty_rounds,
);

pub(crate) fn want(endpoint: EndpointId, rows: usize) -> LaneWant {
    LaneWant {
        endpoint,
        rows,
        bytes: usize::MAX,
        may_exceed: true,
        newest_first: false,
        put_off: now(),
        version: 0,
    }
}

async fn due(s: &Setup, n: i64, endpoint: EndpointId, due_at: DateTime<Utc>) -> i64 {
    s.event(n, "message.received", "c", None).await;
    s.pending(n, endpoint, Pending { due_at: micros(due_at), ..Pending::default() }).await
}

async fn asked_for(s: &Setup, n: i64, endpoint: EndpointId) -> i64 {
    s.event(n, "message.received", "c", None).await;
    s.pending(n, endpoint, Pending { tries: 2, ..Pending::default() }).await
}

async fn claim(s: &Setup, want: LaneWant, minute: i64) -> Vec<i64> {
    let claimed = s.store.claim(&[want], at(minute)).await.unwrap();
    assert_eq!(claimed.orphans.len(), 0);
    claimed.rows.iter().map(|row| row.id.raw()).collect()
}

async fn the_oldest_due_rows_of_the_lane_and_no_others(s: Setup) {
    let (id, other) = (s.endpoint().await.id, s.endpoint().await.id);
    lane(&s, id, s.store.incarnation()).await;
    lane(&s, other, s.store.incarnation()).await;
    let third = due(&s, 1, id, at(3)).await;
    let second = due(&s, 2, id, at(2)).await;
    let later = due(&s, 3, id, at(60)).await;
    let first = asked_for(&s, 4, id).await;
    due(&s, 5, other, at(1)).await;
    held(&s, 6, id, 0).await;
    let claimed = s.store.claim(&[want(id, 2)], at(10)).await.unwrap();
    let ids: Vec<i64> = claimed.rows.iter().map(|row| row.id.raw()).collect();
    assert_eq!((ids, claimed.more), (vec![first, second], vec![id]));
    assert_eq!(of_lane(&s, id, "next_due").await, micros(at(3)));
    let row = &claimed.rows[0];
    assert_eq!((row.progress.tries, row.event.id.raw()), (2, first - 1));
    assert_eq!(
        (&row.event.data[..], row.event.event_type.as_str()),
        (&b"{\"a\":1}"[..], "message.received")
    );
    let claimed = s.store.claim(&[want(id, 9)], at(10)).await.unwrap();
    assert_eq!(
        (claimed.rows.len(), claimed.rows[0].id.raw(), claimed.more),
        (1, third, Vec::new())
    );
    assert_eq!(of_lane(&s, id, "next_due").await, micros(at(60)));
    assert_eq!(claim(&s, want(id, 9), 60).await, [later]);
    assert!(of_lane(&s, id, "next_due").await > micros(at(100_000)));
    assert_eq!(s.count("FROM pending WHERE claimed_by = 0").await, 1, "the other endpoint's");
    let due = s.store.due_lanes(9, at(10)).await.unwrap();
    assert_eq!(due.iter().map(|lane| lane.endpoint).collect::<Vec<_>>(), [other]);
}

async fn the_newest_row_goes_first_in_the_slow_lane_but_after_a_persons_wish(s: Setup) {
    let id = s.endpoint().await.id;
    lane(&s, id, s.store.incarnation()).await;
    let old = due(&s, 1, id, at(1)).await;
    let wish = asked_for(&s, 2, id).await;
    let new = due(&s, 3, id, at(3)).await;
    due(&s, 4, id, at(11)).await;
    let newest = |rows| LaneWant { newest_first: true, ..want(id, rows) };
    assert_eq!(claim(&s, newest(1), 10).await, [wish]);
    assert_eq!(claim(&s, newest(1), 10).await, [new]);
    assert_eq!(of_lane(&s, id, "next_due").await, micros(at(1)));
    assert_eq!(claim(&s, newest(5), 10).await, [old]);
}

async fn rows_that_are_larger_than_expected_stay_where_they_are(s: Setup) {
    /// What a row weighs beside its data.
    const AROUND: usize = 512;
    const ROW: usize = AROUND + 100;
    let (id, other) = (s.endpoint().await.id, s.endpoint().await.id);
    lane(&s, id, s.store.incarnation()).await;
    lane(&s, other, s.store.incarnation()).await;
    let mut ids = Vec::new();
    for n in 1..=5 {
        ids.push(due(&s, n, id, at(n)).await);
        let values = vec![vec![b' '; 90].into(), vec![b' '; 10].into(), Setup::event_id(n).into()];
        s.sql("UPDATE events SET data = $1, session = $2 WHERE id = $3", values).await;
    }
    let others = due(&s, 6, other, at(2)).await;
    let of = |bytes| LaneWant { bytes, ..want(id, 9) };
    let wants = [LaneWant { bytes: 1, ..want(other, 9) }, of(3 * ROW - 1)];
    let claimed = s.store.claim(&wants, at(10)).await.unwrap();
    let brought: Vec<i64> = claimed.rows.iter().map(|row| row.id.raw()).collect();
    assert_eq!(brought, [ids[0], ids[1], others], "one that is too large for its lane, too");
    assert!(claimed.orphans.is_empty() && claimed.too_large.is_empty());
    assert_eq!(claimed.more, [id]);
    assert_eq!(of_lane(&s, id, "next_due").await, micros(at(3)));
    let small = LaneWant { may_exceed: false, ..of(ROW - 1) };
    let nothing = s.store.claim(&[small], at(10)).await.unwrap();
    assert_eq!(
        (nothing.rows.len(), nothing.too_large, nothing.more),
        (0, vec![(id, ROW)], vec![id])
    );
    assert_eq!(of_pending(&s, DeliveryId::from_raw(ids[2]), "claimed_by").await, 0);
    assert_eq!(claim(&s, of(1), 10).await, [ids[2]], "however large, one comes");
    assert_eq!(claim(&s, of(2 * ROW - 1), 10).await, [ids[3]]);
    let back = (s.company, DeliveryId::from_raw(ids[3]), id);
    s.store.release(&[back], at(10)).await.unwrap();
    assert_eq!(claim(&s, of(2 * ROW), 10).await, ids[3..], "at the edge");
}

async fn lanes_of_which_nothing_is_wanted_are_put_off(s: Setup) {
    let (mine, theirs) = (s.endpoint().await.id, s.endpoint().await.id);
    let (busy, woken) = (s.endpoint().await.id, s.endpoint().await.id);
    let me = s.store.incarnation();
    for (endpoint, owner) in [(mine, me), (theirs, 777), (busy, me), (woken, me)] {
        lane(&s, endpoint, owner).await;
    }
    due(&s, 1, mine, at(1)).await;
    let taken = due(&s, 2, busy, at(1)).await;
    let none = |endpoint, minute| LaneWant { rows: 0, put_off: at(minute), ..want(endpoint, 0) };
    // Somebody asked for something after the lane was read.
    let values = vec![woken.raw().into()];
    s.sql("UPDATE lanes SET version = version + 1 WHERE endpoint_id = $1", values).await;
    let wants = [none(mine, 30), want(busy, 1), none(theirs, 30), none(woken, 30)];
    let claimed = s.store.claim(&wants, at(2)).await.unwrap();
    assert_eq!((claimed.rows.len(), claimed.rows[0].id.raw()), (1, taken));
    assert_eq!(of_lane(&s, mine, "next_due").await, micros(at(30)));
    assert_eq!(of_lane(&s, theirs, "next_due").await, micros(now()));
    assert_eq!(of_lane(&s, woken, "next_due").await, micros(now()));
    let due = s.store.due_lanes(9, at(29)).await.unwrap();
    assert_eq!((due.len(), due[0].endpoint, due[0].version), (1, woken, 1));
    s.store.claim(&[none(mine, 5)], at(2)).await.unwrap();
    assert_eq!(of_lane(&s, mine, "next_due").await, micros(at(30)), "it is never made earlier");
}

async fn what_cannot_be_sent_comes_as_an_orphan(s: Setup) {
    let id = s.endpoint().await.id;
    lane(&s, id, s.store.incarnation()).await;
    let without_event = s.pending(1, id, Pending { due_at: 1, ..Pending::default() }).await;
    // Canceled while a node held it that died afterwards.
    let canceled = due(&s, 2, id, at(1)).await;
    s.sql("UPDATE pending SET canceled = 1 WHERE id = $1", vec![canceled.into()]).await;
    let fine = due(&s, 3, id, at(1)).await;
    let claimed = s.store.claim(&[want(id, 9)], at(2)).await.unwrap();
    let orphans: Vec<i64> = claimed.orphans.iter().map(|row| row.id.raw()).collect();
    assert_eq!((orphans, claimed.rows.len()), (vec![without_event, canceled], 1));
    assert_eq!(claimed.rows[0].id.raw(), fine);
    let me = s.store.incarnation();
    assert_eq!(of_pending(&s, DeliveryId::from_raw(canceled), "claimed_by").await, me);
}

async fn two_nodes_never_get_the_same_row(s: Setup) {
    let id = s.endpoint().await.id;
    lane(&s, id, s.store.incarnation()).await;
    let other = Store::open(s.config.clone()).await.unwrap();
    // Many rounds: on PostgreSQL one node's claim moves rows just as the other's is about to lock them.
    for round in 0..20 {
        for n in 1..=60 {
            due(&s, round * 60 + n, id, at(1)).await;
        }
        let wants = [want(id, 25)];
        let (a, b, c) = tokio::join!(
            s.store.claim(&wants, at(2)),
            other.claim(&wants, at(2)),
            other.claim(&wants, at(2)),
        );
        let mut all: Vec<i64> = [a, b, c]
            .into_iter()
            .flat_map(|claimed| claimed.unwrap().rows)
            .map(|row| row.id.raw())
            .collect();
        assert!(all.len() >= 50, "{}", all.len());
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}

/// Rows that are due since long ago, made by the database itself.
async fn flood(s: &Setup, endpoint: EndpointId, rows: i64) {
    let numbers = if s.config.database_url.starts_with("sqlite") {
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
             INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
             SELECT $1 + i, $2, $3, $4, 1, 1 FROM n"
        )
    } else {
        format!(
            "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
             SELECT $1 + i, $2, $3, $4, 1, 1 FROM generate_series(1::bigint, {rows}) i"
        )
    };
    let values = vec![
        floor_at(now() + TimeDelta::hours(1)).into(),
        s.company.raw().into(),
        endpoint.raw().into(),
        Setup::event_id(0).into(),
    ];
    s.sql(&numbers, values).await;
}

async fn a_million_rows_of_one_endpoint_hold_nobody_up(s: Setup) {
    let flooded = s.endpoint().await.id;
    s.event(0, "message.received", "c", None).await;
    flood(&s, flooded, 1_000_000).await;
    let me = s.store.incarnation();
    lane(&s, flooded, me).await;
    let mut theirs = Vec::new();
    for n in 1..=100 {
        let endpoint = EndpointId::from_raw(floor_at(now()) - n);
        lane(&s, endpoint, me).await;
        theirs.push(due(&s, n, endpoint, at(1)).await);
    }
    let lanes = s.store.due_lanes(250, at(2)).await.unwrap();
    assert_eq!(lanes.len(), 101);
    let wants: Vec<LaneWant> = lanes.iter().map(|lane| want(lane.endpoint, 16)).collect();
    let claimed = s.store.claim(&wants, at(2)).await.unwrap();
    let mut others: Vec<i64> =
        claimed.rows.iter().filter(|row| row.endpoint != flooded).map(|row| row.id.raw()).collect();
    others.sort_unstable();
    assert_eq!((others, claimed.rows.len()), (theirs, 116));
    assert_eq!(claimed.more, [flooded]);
}

async fn ten_thousand_endpoints_are_claimed_in_forty_rounds(s: Setup) {
    const ENDPOINTS: i64 = 10_000;
    const PER_ROUND: u32 = 250;
    let me = s.store.incarnation();
    s.event(0, "message.received", "c", None).await;
    let numbers = if s.config.database_url.starts_with("sqlite") {
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ENDPOINTS})"
        )
    } else {
        format!("WITH n AS (SELECT generate_series(1::bigint, {ENDPOINTS}) AS i)")
    };
    let (company, base) = (s.company.raw(), floor_at(now()) - 2 * ENDPOINTS);
    let (event, first) = (Setup::event_id(0), floor_at(now() + TimeDelta::hours(1)));
    let pending = format!(
        "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
         {numbers} SELECT {first} + i, {company}, {base} + i, {event}, 1, 1 FROM n"
    );
    let lanes = format!(
        "INSERT INTO lanes (endpoint_id, company_id, owner, next_due) \
         {numbers} SELECT {base} + i, {company}, {me}, 1 FROM n"
    );
    s.sql(&pending, Vec::new()).await;
    s.sql(&lanes, Vec::new()).await;
    let mut claimed: HashSet<EndpointId> = HashSet::new();
    for round in 1.. {
        let due = s.store.due_lanes(PER_ROUND, at(2)).await.unwrap();
        if due.is_empty() {
            assert_eq!((round - 1, claimed.len()), (40, 10_000));
            break;
        }
        let wants: Vec<LaneWant> = due.iter().map(|lane| want(lane.endpoint, 16)).collect();
        let brought = s.store.claim(&wants, at(2)).await.unwrap();
        assert_eq!((brought.rows.len(), brought.more.len()), (250, 0), "round {round}");
        for row in brought.rows {
            assert!(claimed.insert(row.endpoint), "{} was claimed twice", row.endpoint);
        }
    }
}
