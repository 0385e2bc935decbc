//! Plans: on PostgreSQL of the hot statements by an index, whatever the statistics say, and of lists and
//! stats on tables with planted rows; on SQLite of what is asked often; on both of a company's endpoints.

use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement, TransactionTrait};
use store::plans::{
    HOT, audit_log, jobs_on_sqlite, list_settings, lists, live_endpoints, often_on_sqlite,
    settings, settle_straight,
};

use crate::setup::{Setup, on_both};

on_both!(
    a_companys_endpoints_are_found_without_what_it_has_deleted,
    the_audit_log_is_read_by_what_is_asked_for,
);

/// The plan that PostgreSQL makes without knowing the parameters.
async fn generic_plan(s: &Setup, sql: &str, parameters: usize) -> String {
    let tx = s.raw.begin().await.unwrap();
    let generic = format!("{} SET LOCAL plan_cache_mode = force_generic_plan", settings());
    tx.execute_unprepared(&generic).await.unwrap();
    tx.execute_unprepared(&format!("PREPARE hot AS {sql}")).await.unwrap();
    let nulls = vec!["NULL"; parameters].join(", ");
    let explain = format!("EXPLAIN (COSTS OFF) EXECUTE hot({nulls})");
    let statement = Statement::from_string(tx.get_database_backend(), explain);
    let rows = tx.query_all_raw(statement).await.unwrap();
    let plan: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    tx.execute_unprepared("DEALLOCATE hot").await.unwrap();
    tx.rollback().await.unwrap();
    plan.join("\n")
}

#[tokio::test]
async fn hot_statements_go_by_an_index() {
    let s = Setup::postgres().await;
    for (name, sql, parameters) in HOT.into_iter().chain([settle_straight()]) {
        let plan = generic_plan(&s, sql, parameters).await;
        assert!(!plan.contains("Seq Scan"), "{name}:\n{plan}");
        assert!(plan.contains("Index") || plan.contains("Tid Range Scan"), "{name}:\n{plan}");
        insta::assert_snapshot!(name, plan);
    }
}

/// Asked once a second, and planned for the limit that it is given.
const OF_BULK: [&str; 1] = ["of_deleted"];

/// Planning one of the others takes longer than to run it for a single event.
#[tokio::test]
async fn what_a_single_event_is_written_with_is_not_planned_anew_each_time() {
    let s = Setup::postgres().await;
    const ALL_AFTER_THE_FIRST_FIVE: i64 = 3;
    let mut anew = Vec::new();
    let hot = HOT.into_iter().chain([settle_straight()]);
    for (name, sql, _) in hot.filter(|(name, ..)| !OF_BULK.contains(name)) {
        let tx = s.raw.begin().await.unwrap();
        tx.execute_unprepared(&settings()).await.unwrap();
        tx.execute_unprepared(&format!("PREPARE hot AS {sql}")).await.unwrap();
        let one = |sql: &str| Statement::from_string(tx.get_database_backend(), sql);
        let types = "SELECT parameter_types::text[] AS types FROM pg_prepared_statements WHERE name = 'hot'";
        let row = tx.query_one_raw(one(types)).await.unwrap().unwrap();
        let types: Vec<String> = row.try_get("", "types").unwrap();
        let value = |of: &String| match of.as_str() {
            "boolean[]" => "'{t}'",
            of if of.ends_with("[]") => "'{1}'",
            _ => "'0'",
        };
        let values: Vec<&str> = types.iter().map(value).collect();
        for _ in 0..5 + ALL_AFTER_THE_FIRST_FIVE {
            let execute = format!("EXPLAIN EXECUTE hot({})", values.join(","));
            tx.query_all_raw(one(&execute)).await.unwrap();
        }
        let plans = "SELECT generic_plans FROM pg_prepared_statements WHERE name = 'hot'";
        let row = tx.query_one_raw(one(plans)).await.unwrap().unwrap();
        if row.try_get::<i64>("", "generic_plans").unwrap() != ALL_AFTER_THE_FIRST_FIVE {
            anew.push(name);
        }
        tx.execute_unprepared("DEALLOCATE hot").await.unwrap();
        tx.rollback().await.unwrap();
    }
    assert_eq!(anew, Vec::<&str>::new());
}

#[tokio::test]
async fn what_is_asked_often_on_sqlite_does_not_go_through_all_that_waits() {
    let s = Setup::sqlite().await;
    for (name, sql) in often_on_sqlite() {
        let statement = Statement::from_string(
            s.raw.get_database_backend(),
            format!("EXPLAIN QUERY PLAN {sql}"),
        );
        let rows = s.raw.query_all_raw(statement).await.unwrap();
        let steps: Vec<String> =
            rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap()).collect();
        let by_when = steps.iter().any(|step| step.contains("endpoints_deleted (deleted_at>?)"));
        assert!(name != "of_deleted" || by_when, "{steps:?}");
        let of_pending = |step: &&String| step.split_whitespace().nth(1) == Some("p");
        let of_pending: Vec<&String> = steps.iter().filter(of_pending).collect();
        assert!(!of_pending.is_empty(), "{name}: {steps:?}");
        for step in of_pending {
            assert!(
                step.starts_with("SEARCH p USING") && step.contains("INDEX pending_"),
                "{name}: {step}"
            );
        }
    }
}

/// How the database goes about a statement, as its connections do.
async fn plan(s: &Setup, statement: &Statement) -> String {
    let tx = s.raw.begin().await.unwrap();
    let (explain, column) = if tx.get_database_backend() == DatabaseBackend::Postgres {
        tx.execute_unprepared(&settings()).await.unwrap();
        ("EXPLAIN (COSTS OFF)", 0)
    } else {
        ("EXPLAIN QUERY PLAN", 3)
    };
    let explain =
        Statement::from_string(tx.get_database_backend(), format!("{explain} {statement}"));
    let rows = tx.query_all_raw(explain).await.unwrap();
    tx.rollback().await.unwrap();
    let lines = rows.iter().map(|row| row.try_get_by_index::<String>(column).unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

async fn a_companys_endpoints_are_found_without_what_it_has_deleted(s: Setup) {
    // Most of what company 1 had is deleted, nothing of company 2.
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) \
        INSERT INTO endpoints (id, company_id, url, event_types, sealed_secrets, timeout_ms, schedule, \
        created_at, updated_at, deleted_at) SELECT i, 1 + i % 2, '', '', '', 1, '', i, i, \
        CASE WHEN i % 2 = 0 AND i > 10 THEN i END FROM n";
    s.sql(rows, vec![]).await;
    let backend = s.raw.get_database_backend();
    if backend == DatabaseBackend::Postgres {
        s.raw.execute_unprepared("VACUUM (ANALYZE) endpoints").await.unwrap();
    }
    for (name, statement) in live_endpoints(backend) {
        let plan = plan(&s, &statement).await;
        assert!(plan.contains("endpoints_live"), "{name}:\n{plan}");
    }
}

async fn the_audit_log_is_read_by_what_is_asked_for(s: Setup) {
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) \
        INSERT INTO audit_log (id, company_id, actor, action, subject, facts, created_at) \
        SELECT i, 1 + i % 2, 'a' || i % 3, 'b' || i % 20, 'c' || i % 500, '', i FROM n";
    s.sql(rows, vec![]).await;
    let backend = s.raw.get_database_backend();
    for when in ["nothing is known of the rows", "statistics were made"] {
        for (index, statement) in audit_log(backend) {
            let plan = plan(&s, &statement).await;
            assert!(plan.contains(index), "{index}, {when}:\n{plan}");
        }
        if backend == DatabaseBackend::Postgres {
            s.raw.execute_unprepared("VACUUM (ANALYZE) audit_log").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_slice_of_the_index_reads_no_jobs_that_ended_before_it() {
    let s = Setup::sqlite().await;
    let plan = plan(&s, &jobs_on_sqlite()).await;
    for by in ["(finished_at=?", "(finished_at>?"] {
        let wanted = format!("SEARCH jobs USING COVERING INDEX jobs_finished {by}");
        assert!(plan.contains(&wanted), "{plan}");
    }
}

/// A day long ago, so that ids are the same whenever the test runs: the first of 2025 and the next.
const DAY_FIRST: i64 = 0;
const DAY_END: i64 = 86_400_000 << 22;
const EVENTS: i64 = 4_000;
/// Between the ids of two events.
const STEP: i64 = 1_000_000;

/// Rows that are always the same, with statistics of all of them.
async fn plant(raw: &DatabaseConnection) {
    for table in ["events", "deliveries", "attempts"] {
        let partition = format!(
            "CREATE TABLE {table}_planted PARTITION OF {table} FOR VALUES FROM ({DAY_FIRST}) TO ({DAY_END})"
        );
        raw.execute_unprepared(&partition).await.unwrap();
    }
    let events = format!("generate_series(1::bigint, {EVENTS}) AS i");
    let statements = [
        format!(
            "INSERT INTO events (id, company_id, event_type, subject, occurred_at, accepted_at, data, deliveries) \
             SELECT i * {STEP}, 1 + i % 4, 'message.received', 'c' || i % 100, i, i, ''::bytea, 2 FROM {events}"
        ),
        format!(
            "INSERT INTO deliveries (id, company_id, generation, endpoint_id, event_id, state, tries, tries_before, \
             finished_at, format, render_version, started_at) \
             SELECT i * {STEP} + 1, 1 + i % 4, 0, 2 + i % 3, i * {STEP}, CASE WHEN i % 50 = 0 THEN 2 ELSE 1 END, \
             1, 0, i, 0, 1, i FROM {events}"
        ),
        format!(
            "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, schedule_began) \
             SELECT i * {STEP} + 2, 1 + i % 4, 2 + i % 3, i * {STEP}, i, i FROM {events}"
        ),
        format!(
            "INSERT INTO search_slices (shelf, slice, first_id, last_id) \
             SELECT 1, i, i * {STEP}, i * {STEP} + 2 FROM {events}"
        ),
        format!(
            "INSERT INTO search_terms (shelf, slice, term, last_id, span) \
             SELECT 1, i, i % 9, i * {STEP} + 2, 2 FROM {events}"
        ),
        format!(
            "INSERT INTO stats SELECT 1 + i % 4, 2 + i % 3, 60, i * 60000000, 200, 1, 0, 1, \
             1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM {events}"
        ),
        "VACUUM (ANALYZE)".to_owned(),
    ];
    for statement in statements {
        raw.execute_unprepared(&statement).await.unwrap();
    }
}

#[tokio::test]
async fn lists_and_stats_go_by_an_index() {
    let s = Setup::postgres().await;
    plant(&s.raw).await;
    let mut kept = String::new();
    for (name, statement) in lists((STEP, EVENTS * STEP + 2)) {
        let tx = s.raw.begin().await.unwrap();
        tx.execute_unprepared(&format!("{} {}", settings(), list_settings())).await.unwrap();
        let explain = format!("EXPLAIN (COSTS OFF) {statement}");
        let explain = Statement::from_string(tx.get_database_backend(), explain);
        let rows = tx.query_all_raw(explain).await.unwrap();
        let lines = rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap());
        let plan = lines.collect::<Vec<_>>().join("\n");
        tx.rollback().await.unwrap();
        assert!(!plan.contains("Seq Scan"), "{name}:\n{plan}");
        assert!(plan.contains("Index") || plan.contains("Tid Range Scan"), "{name}:\n{plan}");
        for slow in ["Hash Join", "Merge Join", "Gather"] {
            assert!(!plan.contains(slow), "{name}:\n{plan}");
        }
        kept.push_str(&format!("{name}: {}\n", indexes_of(&plan).join(", ")));
    }
    insta::assert_snapshot!("lists", kept);
}

/// The indexes of large tables that a plan goes by: in which order it joins, and whether it reads an
/// index through a bitmap, follows from samples and differs from run to run.
fn indexes_of(plan: &str) -> Vec<String> {
    let words: Vec<&str> = plan.split_whitespace().collect();
    let named = words.windows(4).filter_map(|four| match four {
        ["using", index, "on", _] | ["Index", "Scan", "on", index] => Some(*index),
        _ => None,
    });
    let is_large = |name: &&str| !name.starts_with("endpoints") && !name.starts_with("companies");
    let mut indexes: Vec<String> = named.filter(is_large).map(str::to_owned).collect();
    indexes.sort_unstable();
    indexes.dedup();
    indexes
}

/// What vacuum writes down where it comes at a moment at which hardly anything of a large table is alive:
/// then going through all of it seems to cost nothing.
#[tokio::test]
async fn hot_statements_look_up_rows_where_a_vacuum_has_found_nothing_alive() {
    let s = Setup::postgres().await;
    for claimed_by in [0, 777] {
        let rows = "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, claimed_by, schedule_began) \
            SELECT $2 + i, 1, 2, i, i, $1, i FROM generate_series(1::bigint, 5000) i";
        s.sql(rows, vec![i64::from(claimed_by).into(), (i64::from(claimed_by) * 10_000).into()])
            .await;
    }
    let starve = "UPDATE pg_class SET reltuples = 0, relpages = pg_relation_size(oid) / 8192 \
        WHERE relkind = 'r' AND relname LIKE 'pending%'";
    s.sql(starve, vec![]).await;
    let mut walked = Vec::new();
    for (name, sql, parameters) in HOT.into_iter().chain([settle_straight()]) {
        let plan = generic_plan(&s, sql, parameters).await;
        let lines: Vec<&str> = plan.lines().map(str::trim_start).collect();
        let of_pending = |line: &str| line.contains("Scan") && line.contains(" on pending");
        // By the whole key, or by another index.
        let looks_up = |line: &str| {
            line.contains("Cond:") && (!line.contains("(company_id =") || line.contains("(id ="))
        };
        let is_walked = lines.windows(2).any(|pair| of_pending(pair[0]) && !looks_up(pair[1]));
        if is_walked {
            walked.push(format!("{name}:\n{plan}"));
        }
    }
    assert!(walked.is_empty(), "{}", walked.join("\n\n"));
}

/// How the last attempt ended stands in nearly all finished deliveries: the index behind the lists looks at
/// no attempt for those, of which there would be one in each partition.
#[tokio::test]
async fn no_attempt_is_looked_at_where_the_delivery_says_how_it_ended() {
    let s = Setup::postgres().await;
    plant(&s.raw).await;
    let statements = lists((STEP, EVENTS * STEP + 2));
    let (_, statement) = statements.iter().find(|(name, _)| name == "history_to_index").unwrap();
    let explain = format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {statement}");
    let explain = Statement::from_string(s.raw.get_database_backend(), explain);
    let rows = s.raw.query_all_raw(explain).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    let of_attempts: Vec<&String> =
        lines.iter().filter(|line| line.contains(" on attempts")).collect();
    assert!(!of_attempts.is_empty(), "{lines:#?}");
    assert!(of_attempts.iter().all(|line| line.contains("never executed")), "{of_attempts:#?}");
}
