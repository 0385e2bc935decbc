//! What it costs to look at many endpoints: `cargo test … stats_cost -- --ignored --nocapture`.

use std::time::Instant;

use chrono::TimeDelta;
use store::PageRequest;

use crate::setup::{Setup, now};

/// More than are looked at together.
const ENDPOINTS: i64 = 1_500;
const SECOND: i64 = 1_000_000;

mod measured {
    #[tokio::test]
    #[ignore = "takes minutes, and only measures"]
    async fn sqlite() {
        super::cost(crate::setup::Setup::sqlite().await).await;
    }
    #[tokio::test]
    #[ignore = "takes minutes, and only measures"]
    async fn postgres() {
        super::cost(crate::setup::Setup::postgres().await).await;
    }
}

/// Every endpoint had attempts in every minute and hour, with two answers each, and deliveries wait for
/// every one.
async fn cost(s: Setup) {
    s.endpoint().await;
    let columns = "company_id, event_types, sealed_secrets, timeout_ms, schedule, url, created_at, updated_at";
    let more = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
         INSERT INTO endpoints (id, {columns}) SELECT e.id + i, {columns} FROM n CROSS JOIN endpoints e"
    );
    s.sql(&more, vec![(ENDPOINTS - 1).into()]).await;
    for (grain, rows) in [(60, 180), (3_600, 744)] {
        count_in(&s, grain, rows).await;
    }
    s.event(1, "message.received", "c", None).await;
    let waits = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) \
        INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
        SELECT $1 + e.id % 100000 * 1000 + i, e.company_id, e.id, $1, i, i FROM n CROSS JOIN endpoints e";
    s.sql(waits, vec![Setup::event_id(1).into()]).await;
    s.sql("ANALYZE", vec![]).await;
    println!("{} rows of stats", s.count("FROM stats").await);
    for limit in [1, 50, 200, 1_000] {
        for (name, since) in [
            ("3 hours", TimeDelta::hours(3)),
            ("24 hours", TimeDelta::hours(24)),
            ("31 days", TimeDelta::days(31)),
        ] {
            let mut took = Vec::new();
            for _ in 0..3 {
                let (began, page) = (Instant::now(), PageRequest { limit, before: None });
                let found = s.store.endpoints_stats(s.company, page, now() - since, now());
                found.await.unwrap();
                took.push(began.elapsed());
            }
            println!("{limit} endpoints, {name}: {took:?}");
        }
    }
}

/// Counts of so many minutes or hours before now, of every endpoint.
async fn count_in(s: &Setup, grain: i64, rows: i64) {
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
        INSERT INTO stats SELECT e.company_id, e.id, $2, ($3 / ($2 * 1000000) - i) * $2 * 1000000, c.code, \
        c.success, 0, 9, 1, 2, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0 FROM endpoints e CROSS JOIN n CROSS JOIN \
        (SELECT 200 AS code, 1 AS success UNION ALL SELECT 503, 0) c";
    let at = now().timestamp() * SECOND;
    s.sql(sql, vec![rows.into(), grain.into(), at.into()]).await;
}
