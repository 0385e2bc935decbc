//! The plans of the hot statements on PostgreSQL: by an index, whatever the statistics say.

use sea_orm::{ConnectionTrait, TransactionTrait};
use store::plans::HOT;

use crate::setup::Setup;

#[tokio::test]
async fn hot_statements_go_by_an_index() {
    let s = Setup::postgres().await;
    for (name, sql, parameters) in HOT {
        let tx = s.raw.begin().await.unwrap();
        tx.execute_unprepared(
            "SET LOCAL enable_seqscan = off; SET LOCAL jit = off; \
             SET LOCAL plan_cache_mode = force_generic_plan",
        )
        .await
        .unwrap();
        tx.execute_unprepared(&format!("PREPARE hot AS {sql}")).await.unwrap();
        let nulls = vec!["NULL"; parameters].join(", ");
        let explain = format!("EXPLAIN (COSTS OFF) EXECUTE hot({nulls})");
        let statement = sea_orm::Statement::from_string(tx.get_database_backend(), explain);
        let plan: Vec<String> = tx
            .query_all_raw(statement)
            .await
            .unwrap()
            .iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect();
        let plan = plan.join("\n");
        tx.execute_unprepared("DEALLOCATE hot").await.unwrap();
        tx.rollback().await.unwrap();
        assert!(!plan.contains("Seq Scan"), "{name}:\n{plan}");
        assert!(plan.contains("Index"), "{name}:\n{plan}");
        insta::assert_snapshot!(name, plan);
    }
}
