//! What is measured, row by row. Each on a database of its own.

use std::time::{Duration, Instant};

use crate::client::Sender;
use crate::load::{Closed, Open, Stop, closed_loop, open_loop};
use crate::rows::{Bound, PACED, Row, THROUGHPUT, Throughput};
use crate::stage::{Stage, arrived};
use crate::tally::{Manner, Outcome, Tally};
use crate::{Databases, bare, dead, kill, usage};

/// Deliveries that one phase can make.
const DELIVERIES_MAX: usize = 2_000_000;

const HANG: &str = "3 of 10 hang, 100/s";
const BURST: &str = "burst of 50,000, another company's 10/s";
pub(crate) const DEAD: &str = "a dead endpoint with 1,000,000 due retries";
pub(crate) const KILL: &str = "kill -9 under load";

/// All rows, or those whose name contains `only`. B is measured before and after.
pub(crate) async fn all(stage: &Stage, only: Option<&str>) -> anyhow::Result<Vec<Row>> {
    let wanted = |name: &str| only.is_none_or(|part| name.contains(part));
    let lasts = stage.lasts(3, 1);
    let before = bare::measure(&stage.receiver, lasts).await?;
    let mut rows = Vec::new();
    for throughput in THROUGHPUT.into_iter().filter(|row| wanted(row.name)) {
        show(&mut rows, throughput_rows(stage, throughput, before).await?);
    }
    for (name, per_second, floor, goal) in PACED.into_iter().filter(|row| wanted(row.0)) {
        let outcome = paced(stage, per_second).await?;
        let bounds = (floor.map(Bound::AtMost), Some(Bound::AtMost(goal)));
        let row = Row::new(name, latency_text(&outcome), outcome.latency_ms(0.99), "ms p99");
        show(&mut rows, vec![row.bounds(bounds.0, bounds.1).losses(&outcome)]);
    }
    if wanted(HANG) {
        show(&mut rows, vec![hang(stage).await?]);
    }
    if wanted(BURST) {
        show(&mut rows, vec![burst(stage).await?]);
    }
    if wanted(DEAD) {
        show(&mut rows, dead::rows(stage).await?);
    }
    if wanted(KILL) {
        show(&mut rows, kill::rows(stage).await?);
    }
    let after = bare::measure(&stage.receiver, lasts).await?;
    // On a shared machine B drifts: what counts is its mean over the run.
    let mean = f64::midpoint(before, after);
    for row in rows.iter_mut().filter(|row| row.unit == "B") {
        row.measure *= before / mean;
    }
    let drift = format!("{before:.0}/s before, {after:.0}/s after");
    show(&mut rows, vec![Row::new("B: bare client, 64 connections", drift, mean, "requests/s")]);
    Ok(rows)
}

fn show(rows: &mut Vec<Row>, new: Vec<Row>) {
    for row in &new {
        println!("  {}: {} [{}]", row.name, row.figure, row.verdict());
    }
    rows.extend(new);
}

pub(crate) fn latency_text(outcome: &Outcome) -> String {
    let (p50, p99) = (outcome.latency_ms(0.5), outcome.latency_ms(0.99));
    format!("p50 {p50:.1} ms, p99 {p99:.1} ms of {}", outcome.latencies_us.len())
}

async fn throughput_rows(stage: &Stage, wanted: Throughput, bare: f64) -> anyhow::Result<Vec<Row>> {
    let program = stage.program_that_retries_soon().await;
    let (idle_mib, _) = usage::resident_mib(program.id());
    stage.warm_up(&program).await?;
    let events = DELIVERIES_MAX / wanted.endpoints;
    let sender = stage.company(&program, events, wanted.endpoints).await?;
    stage.receiver.count_for(vec![sender.tally.clone()]);
    let (cpu_before, until) = (stage.cpu(&program), Instant::now() + stage.lasts(6, 2));
    let ours_before = usage::Ours::now();
    let Throughput { connections, batch, .. } = wanted;
    closed_loop(&sender, Closed { connections, batch, until }).await?;
    arrived(&[&sender.tally]).await;
    let cpu = stage.cpu(&program).since(cpu_before);
    let ours = usage::Ours::now().since(ours_before);
    let (_, highest_mib) = usage::resident_mib(program.id());
    let outcome = sender.tally.outcome();
    let rate = outcome.per_second();
    let (floor, goal) = wanted.bounds(stage.database);
    let figure = format!("{rate:.0} deliveries/s");
    let row = Row::new(wanted.name, figure, rate / bare, "B");
    let mut rows = vec![row.bounds(floor, goal).losses(&outcome)];
    if wanted.name == THROUGHPUT[0].name {
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / outcome.wanted.max(1) as f64;
        let (program, database) = (micros(cpu.program), micros(cpu.database));
        let figure = format!("{program:.0} + {database:.0} us");
        let goal = if stage.database == Databases::Postgres { 75.0 } else { 60.0 };
        let row = Row::new("CPU a delivery, program + database", figure, program + database, "us");
        rows.push(row.bounds(Some(Bound::AtMost(150.0)), Some(Bound::AtMost(goal))));
        let (load, receiver) = (micros(ours.load), micros(ours.receiver));
        let figure = format!("load {load:.1} us, receiver {receiver:.1} us");
        rows.push(Row::new("CPU a delivery, load and receiver", figure, load + receiver, "us"));
        let row = Row::new("RSS idle", format!("{idle_mib:.0} MiB"), idle_mib, "MiB");
        rows.push(row.bounds(None, Some(Bound::AtMost(30.0))));
        let row = Row::new("RSS under load", format!("{highest_mib:.0} MiB"), highest_mib, "MiB");
        rows.push(row.bounds(Some(Bound::AtMost(150.0)), Some(Bound::AtMost(80.0))));
    }
    Ok(rows)
}

async fn paced(stage: &Stage, per_second: u32) -> anyhow::Result<Outcome> {
    let program = stage.program_that_retries_soon().await;
    stage.warm_up(&program).await?;
    let count = per_second as usize * stage.lasts(10, 3).as_secs() as usize;
    let sender = stage.company(&program, count, 1).await?;
    stage.receiver.count_for(vec![sender.tally.clone()]);
    open_loop(&sender, Open { per_second, connections: 64, count }, &Stop::never()).await?;
    arrived(&[&sender.tally]).await;
    Ok(sender.tally.outcome())
}

/// Ten endpoints that get every event, without and with three that never answer.
async fn hang(stage: &Stage) -> anyhow::Result<Row> {
    let healthy = with_hanging(stage, 0).await?;
    let outcome = with_hanging(stage, 3).await?;
    let ratio = outcome.latency_ms(0.99) / healthy.latency_ms(0.99);
    let figure = format!(
        "the healthy ones {}, none hanging p99 {:.1} ms",
        latency_text(&outcome),
        healthy.latency_ms(0.99)
    );
    let row = Row::new(HANG, figure, ratio, "x");
    Ok(row.bounds(Some(Bound::AtMost(3.0)), Some(Bound::AtMost(1.3))).losses(&outcome))
}

async fn with_hanging(stage: &Stage, hanging: usize) -> anyhow::Result<Outcome> {
    let program = stage.program().await;
    stage.warm_up(&program).await?;
    let count = 100 * stage.lasts(20, 8).as_secs() as usize;
    let sender = stage
        .company_of(
            &program,
            Tally::new(stage.next_phase(), count, 10).with_bad(hanging, Manner::Hangs),
        )
        .await?;
    stage.receiver.count_for(vec![sender.tally.clone()]);
    let open = Open { per_second: 100, connections: 32, count };
    open_loop(&sender, open, &Stop::never()).await?;
    arrived(&[&sender.tally]).await;
    Ok(sender.tally.outcome())
}

/// What one company's burst does to another's few events, for as long as it lasts.
async fn burst(stage: &Stage) -> anyhow::Result<Row> {
    let program = stage.program_that_retries_soon().await;
    stage.warm_up(&program).await?;
    let events = if stage.short { 10_000 } else { 50_000 };
    let busy = stage.company(&program, events, 1).await?;
    let quiet = stage.company(&program, 3_000, 1).await?;
    stage.receiver.count_for(vec![busy.tally.clone(), quiet.tally.clone()]);
    let stop = Stop::default();
    let open = Open { per_second: 10, connections: 4, count: 3_000 };
    let (sent, flooded) =
        tokio::join!(open_loop(&quiet, open, &stop), flood(&busy, &stop, stage.lasts(5, 2)));
    sent?;
    let flooded = flooded?;
    arrived(&[&busy.tally, &quiet.tally]).await;
    let outcome = quiet.tally.outcome();
    let took = flooded.as_secs_f64();
    let figure = format!("{} while {events} arrived in {took:.1} s", latency_text(&outcome));
    let row = Row::new(BURST, figure, outcome.latency_ms(0.99), "ms p99");
    let mut row = row.bounds(Some(Bound::AtMost(250.0)), Some(Bound::AtMost(25.0)));
    row.lost = outcome.lost + busy.tally.owed();
    row.again = outcome.again;
    Ok(row)
}

/// Posts all the tally has room for, waits until it has arrived, and stops the other company's
/// sending. Says how long it took.
async fn flood(busy: &Sender, stop: &Stop, lead: Duration) -> anyhow::Result<Duration> {
    // The other company is on its way by then.
    tokio::time::sleep(lead / 10).await;
    let began = Instant::now();
    let until = began + Duration::from_secs(120);
    let posted = closed_loop(busy, Closed { connections: 16, batch: 100, until }).await;
    if posted.is_ok() {
        arrived(&[&busy.tally]).await;
    }
    stop.stop();
    posted?;
    Ok(began.elapsed())
}
