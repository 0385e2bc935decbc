//! Two transactions at one moment, on PostgreSQL: each test holds one of them open by hand until the
//! other stands before its lock.

use domain::id::DeliveryId;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, TransactionTrait};
use store::{LaneWant, Store};

use crate::engine::{at, held, lane, micros, of_lane, over, refused, status};
use crate::setup::{ACTOR, Pending, Setup, now};

async fn run(tx: &DatabaseTransaction, sql: &str) {
    tx.execute_unprepared(sql).await.unwrap();
}

/// Waits until somebody waits for a lock in this database.
pub(crate) async fn somebody_waits(s: &Setup) {
    let sql = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
        AND datname = current_database()";
    for _ in 0..10_000 {
        let statement = Statement::from_string(s.raw.get_database_backend(), sql);
        let row = s.raw.query_one_raw(statement).await.unwrap().unwrap();
        if row.try_get::<i64>("", "n").unwrap() > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("nobody waits");
}

/// Ingest adds a row while a claim finds the lane empty: the lane stays due.
#[tokio::test]
async fn a_row_added_while_its_lane_is_claimed_is_not_forgotten() {
    let s = Setup::postgres().await;
    let id = s.endpoint().await.id;
    lane(&s, id, s.store.incarnation()).await;
    let tx = s.raw.begin().await.unwrap();
    let (row, company, due) = (Setup::event_id(1), s.company.raw(), micros(at(1)));
    run(
        &tx,
        &format!(
            "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
             VALUES ({row} + 1, {company}, {}, {row}, {due}, 1)",
            id.raw()
        ),
    )
    .await;
    run(&tx, &format!("UPDATE lanes SET version = version + 1 WHERE endpoint_id = {}", id.raw()))
        .await;
    let wants = [LaneWant {
        endpoint: id,
        rows: 5,
        bytes: usize::MAX,
        may_exceed: true,
        newest_first: false,
        put_off: now(),
        version: 0,
    }];
    let (claimed, ()) = tokio::join!(s.store.claim(&wants, at(2)), async {
        somebody_waits(&s).await;
        tx.commit().await.unwrap();
    });
    assert_eq!(claimed.unwrap().more, [id]);
    assert_eq!(of_lane(&s, id, "next_due").await, due);
}

/// A claim is lost between the moment it is read and the moment it is used: the delivery must not
/// stand in history and in `pending` at once.
#[tokio::test]
async fn a_claim_lost_while_it_is_settled_counts_for_nothing() {
    let s = Setup::postgres().await;
    let id = s.endpoint().await.id;
    let (delivered, failed) = (held(&s, 1, id, 0).await, held(&s, 2, id, 0).await);
    let tx = s.raw.begin().await.unwrap();
    run(&tx, "UPDATE pending SET claimed_by = 777").await;
    let batch = [over(&delivered, status(200), at(1)), over(&failed, refused(), at(1))];
    let (settled, ()) = tokio::join!(s.store.settle(&batch, at(1)), async {
        somebody_waits(&s).await;
        tx.commit().await.unwrap();
    });
    assert_eq!(settled.unwrap().lost, [delivered.id, failed.id]);
    assert_eq!(s.count("FROM pending WHERE claimed_by = 777 AND tries = 0").await, 2);
    assert_eq!((s.count("FROM deliveries").await, s.count("FROM attempts").await), (0, 0));
    let streak = s.store.endpoint(s.company, id).await.unwrap().state.streak();
    assert_eq!(streak, 0);
}

/// A person cancels between the moment a claim is read and the moment the row is put back.
#[tokio::test]
async fn a_delivery_canceled_while_it_is_settled_is_canceled() {
    let s = Setup::postgres().await;
    let id = s.endpoint().await.id;
    let delivery = held(&s, 1, id, 0).await;
    let tx = s.raw.begin().await.unwrap();
    run(&tx, "UPDATE pending SET canceled = 1").await;
    let batch = [over(&delivery, refused(), at(1))];
    let (settled, ()) = tokio::join!(s.store.settle(&batch, at(1)), async {
        somebody_waits(&s).await;
        tx.commit().await.unwrap();
    });
    assert_eq!(settled.unwrap().lost, []);
    assert_eq!(s.count("FROM pending").await, 0);
    assert_eq!(s.count("FROM deliveries WHERE state = 4 AND tries = 1").await, 1);
}

/// A dead node's row that is locked at this moment is left for the next slice, not forgotten.
#[tokio::test]
async fn a_locked_claim_of_a_dead_node_is_freed_later() {
    let s = Setup::postgres().await;
    let id = s.endpoint().await.id;
    let dead = Store::open(s.config.clone()).await.unwrap();
    drop(dead.join("dead", now()).await.unwrap());
    let claimed_by = dead.incarnation();
    for n in 1..=3 {
        s.event(n, "message.received", "c", None).await;
        s.pending(n, id, Pending { due_at: 1, claimed_by, ..Pending::default() }).await;
    }
    let tx = s.raw.begin().await.unwrap();
    run(&tx, &format!("SELECT 1 FROM pending WHERE id = {} FOR UPDATE", Setup::event_id(2) + 1))
        .await;
    assert!(s.store.free_claims_of(claimed_by, now()).await.unwrap());
    assert_eq!(s.count("FROM pending WHERE claimed_by <> 0").await, 1);
    assert_eq!(s.store.dead_nodes().await.unwrap(), [claimed_by]);
    tx.rollback().await.unwrap();
    assert!(!s.store.free_claims_of(claimed_by, now()).await.unwrap());
    assert_eq!(s.count("FROM pending WHERE claimed_by <> 0").await, 0);
    assert_eq!(s.store.dead_nodes().await.unwrap(), [0_i64; 0]);
}

/// What waits is claimed, and so moves to the other part of `pending`, while a person asks for it.
#[tokio::test]
async fn a_persons_wish_finds_the_row_that_a_claim_moves() {
    let s = Setup::postgres().await;
    let id = s.endpoint().await.id;
    let row = s.pending(1, id, Pending { due_at: micros(at(60)), ..Pending::default() }).await;
    let delivery = DeliveryId::from_raw(row);
    for (claimed_by, canceled) in [(777, false), (0, false), (777, true)] {
        let tx = s.raw.begin().await.unwrap();
        run(&tx, &format!("UPDATE pending SET claimed_by = {claimed_by}")).await;
        let wish = async {
            if canceled {
                s.store.cancel_delivery(s.company, delivery, ACTOR, at(1)).await
            } else {
                s.store.retry_delivery(s.company, delivery, ACTOR, at(1)).await
            }
        };
        let (wished, ()) = tokio::join!(wish, async {
            somebody_waits(&s).await;
            tx.commit().await.unwrap();
        });
        wished.unwrap();
    }
    assert_eq!(
        s.count("FROM pending WHERE claimed_by = 777 AND due_at = 0 AND canceled = 1").await,
        1
    );
}

/// A claim is freed, and its row moves, while its outcome is settled: the outcome counts for nothing.
#[tokio::test]
async fn a_claim_freed_while_it_is_settled_counts_for_nothing() {
    let s = Setup::postgres().await;
    let id = s.endpoint().await.id;
    let batch = [over(&held(&s, 1, id, 0).await, status(200), at(1))];
    let tx = s.raw.begin().await.unwrap();
    run(&tx, "UPDATE pending SET claimed_by = 0").await;
    let (settled, ()) = tokio::join!(s.store.settle(&batch, at(1)), async {
        somebody_waits(&s).await;
        tx.commit().await.unwrap();
    });
    if let Err(error) = settled {
        assert!(error.is_passing(), "{error}");
        s.store.settle(&batch, at(1)).await.unwrap();
    }
    assert_eq!(s.count("FROM pending WHERE claimed_by = 0").await, 1);
    assert_eq!(s.count("FROM deliveries").await, 0);
}

/// Somebody else has put a finished delivery back, and it is claimed already: it is not put back twice.
#[tokio::test]
async fn a_delivery_put_back_and_claimed_meanwhile_is_not_put_back_again() {
    let s = Setup::postgres().await;
    let id = s.endpoint().await.id;
    let delivery = DeliveryId::from_raw(s.delivered(1, id).await);
    let tx = s.raw.begin().await.unwrap();
    let lock =
        format!("SELECT pg_advisory_xact_lock(1751872101, {})", s.company.raw() & 0x7fff_ffff);
    run(&tx, &lock).await;
    run(
        &tx,
        &format!(
            "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began, claimed_by, generation) \
             SELECT id, company_id, endpoint_id, event_id, 1, 1, 777, 1 FROM deliveries WHERE id = {}",
            delivery.raw()
        ),
    )
    .await;
    let (wished, ()) =
        tokio::join!(s.store.retry_delivery(s.company, delivery, ACTOR, at(1)), async {
            somebody_waits(&s).await;
            tx.commit().await.unwrap();
        });
    wished.unwrap();
    assert_eq!(s.count("FROM pending").await, 1);
}
