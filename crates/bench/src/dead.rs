//! One endpoint that is dead, with a heap of retries that are due: what others notice of it.

use std::time::Duration;

use testkit::postgres::free_port;
use testkit::program::{Program, Setup};
use testkit::{sql, wait};

use crate::client::Sender;
use crate::load::{Open, Stop, open_loop};
use crate::loader_sql::Dialect;
use crate::paced::{latency_text, steady};
use crate::rows::{Bound, Row};
use crate::stage::{RETRY_INTERVAL, Stage};
use crate::table::DEAD;
use crate::tally::Tally;
use crate::usage;

/// Rows that one statement adds: a transaction of all would slow SQLite down until a checkpoint.
const ROWS_PER_STATEMENT: u64 = 100_000;
/// Between the ids of what is added and of what is: it was accepted an hour ago.
const ID_GAP: u64 = 3_600_000 << 22;
/// Up to how long ago the index behind the lists has been fed: what has waited for so long is in it.
const INDEXED_US: u64 = 300_000_000;
/// How long the dead endpoint's first failure may take to be written down.
const FAILED_WITHIN: Duration = Duration::from_secs(30);
/// Others' fresh events.
const FRESH_PER_SECOND: u32 = 300;
/// Others' retries: few enough that their endpoint stays far from Defective.
const RETRIES_PER_SECOND: u32 = 5;

/// Fresh events and retries of others, beside a dead endpoint's heap.
pub(crate) async fn rows(stage: &Stage) -> anyhow::Result<Vec<Row>> {
    let heap = if stage.short { 100_000 } else { 1_000_000 };
    let program = stage.program_that_retries_soon().await;
    stage.warm_up(&program).await?;
    let seconds = stage.lasts(20, 8).as_secs();
    let calm = steady(stage, &program, FRESH_PER_SECOND, seconds).await?;
    let setup = die(stage, program).await?;
    pile_up(&setup, heap).await?;
    let program = setup.start().await;
    stage.warm_up(&program).await?;
    let fresh = fresh_company(stage, &program, seconds).await?;
    let retried = company_that_refuses_first(stage, &program, seconds).await?;
    stage.receiver.count_for(vec![fresh.tally.clone(), retried.tally.clone()]);
    let never = Stop::never();
    let (sent, retried_too) = tokio::join!(
        open_loop(&fresh, paced(FRESH_PER_SECOND, seconds), &never),
        open_loop(&retried, paced(RETRIES_PER_SECOND, seconds), &never),
    );
    sent?;
    retried_too?;
    stage.arrived(&[&fresh.tally, &retried.tally]).await;
    let (waiting_mib, _) = usage::resident_mib(program.id());
    let (outcome, others) = (fresh.tally.outcome(), retried.tally.outcome());
    let ratio = outcome.latency_ms(0.99) / calm.latency_ms(0.99);
    let figure = format!(
        "{} beside {heap} due, p99 {:.1} ms before",
        latency_text(&outcome),
        calm.latency_ms(0.99)
    );
    let slower = Row::new(&format!("{DEAD}: others' fresh events"), figure, ratio, "x");
    let late = retried.tally.lateness_max(RETRY_INTERVAL).as_secs_f64();
    let figure = format!("{:.0} ms at the worst of {}", late * 1e3, others.wanted);
    let lateness = Row::new(&format!("{DEAD}: lateness of others' retries"), figure, late, "s");
    let figure = format!("{waiting_mib:.0} MiB beside {heap} waiting");
    let waiting = Row::new("RSS with 1,000,000 waiting", figure, waiting_mib, "MiB");
    Ok(vec![
        slower.bounds(Some(Bound::AtMost(5.0)), Some(Bound::AtMost(1.3))).losses(&outcome),
        lateness.bounds(Some(Bound::AtMost(5.0)), Some(Bound::AtMost(1.0))).losses(&others),
        waiting.bounds(None, Some(Bound::AtMost(150.0))),
    ])
}

fn paced(per_second: u32, seconds: u64) -> Open {
    Open { per_second, connections: 32, count: per_second as usize * seconds as usize }
}

async fn fresh_company(stage: &Stage, program: &Program, seconds: u64) -> anyhow::Result<Sender> {
    stage.company(program, FRESH_PER_SECOND as usize * seconds as usize, 1).await
}

async fn company_that_refuses_first(
    stage: &Stage,
    program: &Program,
    seconds: u64,
) -> anyhow::Result<Sender> {
    let phase = stage.next_phase();
    let count = RETRIES_PER_SECOND as usize * seconds as usize;
    let tally = Tally::new(phase, count, 1).that_refuses_first();
    stage.company_with(program, vec![stage.receiver.url(phase, 0)], tally).await
}

/// A company whose endpoint refuses connections fails once; then the program stops.
async fn die(stage: &Stage, program: Program) -> anyhow::Result<Setup> {
    let url = format!("http://127.0.0.1:{}/", free_port());
    let tally = Tally::new(stage.next_phase(), 1, 1);
    let sender = stage.company_with(&program, vec![url], tally).await?;
    let one = Open { per_second: 1, connections: 1, count: 1 };
    open_loop(&sender, one, &Stop::never()).await?;
    let url = program.setup().database_url();
    let failed = async || {
        let retries =
            sql::number(&url, "SELECT count(*) FROM pending WHERE tries = 1").await.ok()?;
        (retries > 0).then_some(())
    };
    wait::until("the dead endpoint has failed", FAILED_WITHIN, failed).await;
    Ok(program.kill9())
}

/// Makes many due retries out of the one that there is.
async fn pile_up(setup: &Setup, heap: u64) -> anyhow::Result<()> {
    let url = setup.database_url();
    let numbers = |from: u64, to: u64| {
        format!(
            "WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to})"
        )
    };
    let mut first = 1;
    while first <= heap {
        let last = heap.min(first + ROWS_PER_STATEMENT - 1);
        let added = sql::execute(
            &url,
            &format!(
                "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, tries, schedule_began) \
                 {} SELECT p.id - {ID_GAP} + i, p.company_id, p.endpoint_id, p.event_id, p.due_at, 1, p.schedule_began \
                 FROM n CROSS JOIN (SELECT * FROM pending WHERE tries = 1 ORDER BY id LIMIT 1) p",
                numbers(first, last)
            ),
        )
        .await?;
        anyhow::ensure!(added == last - first + 1, "there is a retry to make {added} more out of");
        first = last + 1;
    }
    sql::execute(&url, "UPDATE lanes SET next_due = 1").await?;
    let dialect = Dialect::of(&url)?;
    let now_us = u64::try_from(sql::number(&url, dialect.now_us()).await?)?;
    sql::execute(&url, &dialect.index_reaches(now_us - INDEXED_US)).await?;
    // It has long been on the disk; what is measured does not share that with writing it there.
    let synced = tokio::process::Command::new("sync").status().await?;
    anyhow::ensure!(synced.success(), "`sync` ended with {synced}");
    Ok(())
}
