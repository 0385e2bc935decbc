//! What becomes of deliveries.

use chrono::TimeDelta;
use domain::delivery::{DeliveryState, Finish};
use domain::outcome::{ErrorKind, Outcome};
use store::{Attempted, Claimed, ToSettle};

use crate::engine::{
    at, attempted, held, lane, micros, of_lane, of_pending, over, refused, settle_one, status,
};
use crate::setup::{ACTOR, Setup, now, on_both};

on_both!(
    a_first_success_is_one_row_of_history,
    a_failure_comes_back_in_ten_minutes,
    a_success_after_failures_has_its_attempts_apart,
    a_claim_that_was_lost_counts_for_nothing,
    canceled_while_claimed_ends_unless_it_succeeded,
    a_deleted_endpoints_deliveries_end,
    what_ends_without_a_request_has_no_attempt,
    any_bytes_are_kept,
    the_same_batch_twice_changes_nothing,
    a_settlement_that_fails_leaves_nothing,
);

async fn a_first_success_is_one_row_of_history(s: Setup) {
    let id = s.endpoint().await.id;
    let delivery = held(&s, 1, id, 0).await;
    settle_one(&s, &delivery, status(204), 1).await;
    assert_eq!((s.count("FROM pending").await, s.count("FROM attempts").await), (0, 0));
    assert_eq!(s.count("FROM lanes").await, 0);
    let row = s.row("SELECT * FROM deliveries").await;
    let number = |name: &str| row.try_get::<i64>("", name).unwrap();
    assert_eq!((number("id"), number("state"), number("tries")), (delivery.id.raw(), 1, 1));
    assert_eq!((number("status_code"), number("duration_us")), (204, 1_000_000));
    assert_eq!(number("started_at"), micros(at(1)) - 1_000_000);
    assert_eq!((number("finished_at"), number("generation")), (micros(at(1)), 0));
}

async fn a_failure_comes_back_in_ten_minutes(s: Setup) {
    let id = s.endpoint().await.id;
    let delivery = held(&s, 1, id, 0).await;
    let settled = s.store.settle(&[over(&delivery, refused(), at(1))], at(1)).await.unwrap();
    assert_eq!(settled.endpoints.len(), 1);
    let me = s.store.incarnation();
    let after = &settled.endpoints[0];
    assert_eq!((after.endpoint, after.lane_owner, after.hold_lane_until), (id, Some(me), None));
    assert_eq!(after.state.unwrap().streak(), 1);
    assert_eq!(of_pending(&s, delivery.id, "due_at").await, micros(at(11)));
    assert_eq!(of_pending(&s, delivery.id, "tries").await, 1);
    assert_eq!(of_pending(&s, delivery.id, "claimed_by").await, 0);
    assert_eq!(of_lane(&s, id, "owner").await, me);
    assert_eq!(of_lane(&s, id, "next_due").await, micros(at(11)));
    let row = s.row("SELECT * FROM attempts").await;
    assert_eq!(row.try_get::<i64>("", "number").unwrap(), 1);
    assert_eq!(row.try_get::<String>("", "error_kind").unwrap(), "connect");
    assert_eq!(row.try_get::<Option<Vec<u8>>>("", "response_body").unwrap(), None);
    assert_eq!(s.count("FROM deliveries").await, 0);
}

async fn a_success_after_failures_has_its_attempts_apart(s: Setup) {
    let id = s.endpoint().await.id;
    let delivery = held(&s, 1, id, 0).await;
    settle_one(&s, &delivery, status(500), 1).await;
    s.sql("UPDATE pending SET claimed_by = $1", vec![s.store.incarnation().into()]).await;
    let mut second = delivery.clone();
    second.progress.tries = 1;
    settle_one(&s, &second, status(200), 11).await;
    assert_eq!((s.count("FROM pending").await, s.count("FROM attempts").await), (0, 2));
    let row = s.row("SELECT started_at, tries FROM deliveries").await;
    assert_eq!(row.try_get::<Option<i64>>("", "started_at").unwrap(), None);
    assert_eq!(row.try_get::<i64>("", "tries").unwrap(), 2);
    let endpoint = s.store.endpoint(s.company, id).await.unwrap();
    assert_eq!((endpoint.state.streak(), endpoint.last_status), (0, None));
}

async fn a_claim_that_was_lost_counts_for_nothing(s: Setup) {
    let id = s.endpoint().await.id;
    let (mine, lost) = (held(&s, 1, id, 0).await, held(&s, 2, id, 0).await);
    s.sql("UPDATE pending SET claimed_by = 777 WHERE id = $1", vec![lost.id.raw().into()]).await;
    // Claimed by an earlier incarnation of this node, and again by this one.
    let before = held(&s, 3, id, 0).await;
    let before = Claimed { claimed_by: before.claimed_by - 1, ..before };
    let batch = [&lost, &before].map(|delivery| over(delivery, refused(), at(1)));
    let settled = s.store.settle(&batch, at(1)).await.unwrap();
    assert_eq!(settled.lost, [lost.id, before.id]);
    assert_eq!(of_pending(&s, before.id, "tries").await, 0);
    settle_one(&s, &mine, status(200), 1).await;
    assert_eq!(of_pending(&s, lost.id, "claimed_by").await, 777);
    assert_eq!(of_pending(&s, lost.id, "tries").await, 0);
    assert_eq!((s.count("FROM deliveries").await, s.count("FROM attempts").await), (1, 0));
    assert_eq!(s.store.endpoint(s.company, id).await.unwrap().state.streak(), 0);
}

async fn canceled_while_claimed_ends_unless_it_succeeded(s: Setup) {
    let id = s.endpoint().await.id;
    let mut all = Vec::new();
    for n in 1..=3 {
        let delivery = held(&s, n, id, 0).await;
        s.store.cancel_delivery(s.company, delivery.id, ACTOR, now()).await.unwrap();
        all.push(delivery);
    }
    let batch = [
        over(&all[0], refused(), at(1)),
        over(&all[1], status(200), at(1)),
        ToSettle::Ended(all[2].clone(), Finish::Exhausted),
    ];
    // Each alone: what one has found out must not be what the next goes by.
    for item in &batch {
        s.store.settle(std::slice::from_ref(item), at(1)).await.unwrap();
    }
    for (delivery, state, attempts) in [
        (&all[0], DeliveryState::Canceled, 1),
        (&all[1], DeliveryState::Delivered, 1),
        (&all[2], DeliveryState::Canceled, 0),
    ] {
        let detail = s.store.delivery(s.company, delivery.id).await.unwrap();
        assert_eq!((detail.delivery.state, detail.attempts.len()), (state, attempts));
    }
    assert_eq!(s.count("FROM pending").await, 0);
}

async fn a_deleted_endpoints_deliveries_end(s: Setup) {
    let id = s.endpoint().await.id;
    let (failed, arrived) = (held(&s, 1, id, 0).await, held(&s, 2, id, 0).await);
    s.store.delete_endpoint(s.company, id, ACTOR, now()).await.unwrap();
    let batch = [over(&failed, refused(), at(1)), over(&arrived, status(200), at(1))];
    let settled = s.store.settle(&batch, at(1)).await.unwrap();
    assert!(settled.endpoints[0].endpoint == id && settled.endpoints[0].state.is_none());
    assert_eq!(s.count("FROM pending").await, 0);
    for (delivery, state) in [(&failed, 4), (&arrived, 1)] {
        let sql = format!("FROM deliveries WHERE id = {} AND state = {state}", delivery.id.raw());
        assert_eq!(s.count(&sql).await, 1);
    }
    assert_eq!((s.count("FROM lanes").await, s.count("FROM mail_outbox").await), (0, 0));
}

async fn what_ends_without_a_request_has_no_attempt(s: Setup) {
    let id = s.endpoint().await.id;
    let delivery = held(&s, 1, id, 3).await;
    let batch = [ToSettle::Ended(delivery.clone(), Finish::Expired)];
    s.store.settle(&batch, at(5)).await.unwrap();
    let sql = format!(
        "FROM deliveries WHERE state = 3 AND tries = 3 AND started_at IS NULL AND finished_at = {}",
        micros(at(5))
    );
    assert_eq!((s.count(&sql).await, s.count("FROM attempts").await), (1, 0));
    assert_eq!(s.store.endpoint(s.company, id).await.unwrap().state.streak(), 0);
}

/// Faults seen elsewhere: a NUL or a stray byte in an answer keeps its outcome from being written.
async fn any_bytes_are_kept(s: Setup) {
    let id = s.endpoint().await.id;
    let bytes = vec![0, 255, b'a', 0xc3];
    for (n, minute) in [(1, 1), (2, 2)] {
        let delivery = held(&s, n, id, 0).await;
        let message = "broke off at \0 in the body".to_owned();
        let outcome = Outcome::of_error(ErrorKind::Body, message, Some(200));
        let kept = Attempted {
            response_headers: vec![("x-any".into(), bytes.clone())],
            response_body: bytes.clone(),
            truncated: true,
            ..attempted(&delivery, outcome, at(minute))
        };
        s.store.settle(&[ToSettle::Attempted(Box::new(kept))], at(minute)).await.unwrap();
        let sql = format!("SELECT * FROM attempts WHERE delivery_id = {}", delivery.id.raw());
        let row = s.row(&sql).await;
        assert_eq!(row.try_get::<Vec<u8>>("", "response_body").unwrap(), bytes);
        let head = row.try_get::<Vec<u8>>("", "response_head").unwrap();
        assert!(head.windows(4).any(|window| window == bytes));
        assert_eq!(row.try_get::<i64>("", "truncated").unwrap(), 1);
        let message: String = row.try_get("", "error_message").unwrap();
        assert!(message.starts_with("broke off at "), "{message}");
    }
    let endpoint = s.store.endpoint(s.company, id).await.unwrap();
    assert!(endpoint.last_error.unwrap().contains("in the body"));
    let delivery = held(&s, 3, id, 0).await;
    let kept =
        Attempted { response_body: bytes.clone(), ..attempted(&delivery, status(200), at(3)) };
    s.store.settle(&[ToSettle::Attempted(Box::new(kept))], at(3)).await.unwrap();
    let row = s.row("SELECT response_body FROM deliveries").await;
    assert_eq!(row.try_get::<Vec<u8>>("", "response_body").unwrap(), bytes);
}

async fn the_same_batch_twice_changes_nothing(s: Setup) {
    let id = s.endpoint().await.id;
    let (failed, arrived) = (held(&s, 1, id, 0).await, held(&s, 2, id, 0).await);
    let batch = [over(&arrived, status(200), at(1)), over(&failed, refused(), at(1))];
    s.store.settle(&batch, at(1)).await.unwrap();
    let version = of_lane(&s, id, "version").await;
    let settled = s.store.settle(&batch, at(2)).await.unwrap();
    assert_eq!((settled.lost.len(), settled.endpoints.len()), (2, 0));
    assert_eq!((s.count("FROM deliveries").await, s.count("FROM attempts").await), (1, 1));
    assert_eq!(of_pending(&s, failed.id, "tries").await, 1);
    assert_eq!(of_pending(&s, failed.id, "due_at").await, micros(at(11)));
    assert_eq!(of_lane(&s, id, "version").await, version);
    assert_eq!(s.store.endpoint(s.company, id).await.unwrap().state.streak(), 1);
}

async fn a_settlement_that_fails_leaves_nothing(s: Setup) {
    let id = s.endpoint().await.id;
    let (failed, arrived) = (held(&s, 1, id, 0).await, held(&s, 2, id, 0).await);
    lane(&s, id, 0).await;
    let batch = [over(&arrived, status(200), at(1)), over(&failed, refused(), at(1))];
    // Lanes are written last.
    s.sql("ALTER TABLE lanes RENAME TO elsewhere", vec![]).await;
    s.store.settle(&batch, at(1)).await.unwrap_err();
    assert_eq!((s.count("FROM deliveries").await, s.count("FROM attempts").await), (0, 0));
    assert_eq!(s.count("FROM pending WHERE claimed_by <> 0 AND tries = 0").await, 2);
    assert_eq!(s.store.endpoint(s.company, id).await.unwrap().state.streak(), 0);
    s.sql("ALTER TABLE elsewhere RENAME TO lanes", vec![]).await;
    assert_eq!(s.store.settle(&batch, at(1)).await.unwrap().lost, []);
    assert_eq!((s.count("FROM deliveries").await, s.count("FROM pending").await), (1, 1));
    assert_eq!(of_lane(&s, id, "next_due").await, micros(now()));
    assert_eq!(of_pending(&s, failed.id, "due_at").await, micros(at(1) + TimeDelta::minutes(10)));
}
