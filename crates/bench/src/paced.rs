//! At set times, whether or not what came before is answered: how long it takes from there to the
//! receiver, alone and beside others.

use std::time::{Duration, Instant};

use testkit::program::Program;

use crate::client::Sender;
use crate::load::{Closed, Open, Stop, closed_loop, open_loop};
use crate::rows::{Bound, Paced, Row};
use crate::stage::Stage;
use crate::table::{BURST, HANG};
use crate::tally::{Manner, Outcome, Tally};

pub(crate) fn latency_text(outcome: &Outcome) -> String {
    let (p50, p99) = (outcome.latency_ms(0.5), outcome.latency_ms(0.99));
    format!("p50 {p50:.1} ms, p99 {p99:.1} ms of {}", outcome.latencies_us.len())
}

/// So many a second, by one company to one endpoint.
pub(crate) async fn rows(stage: &Stage, wanted: Paced) -> anyhow::Result<Vec<Row>> {
    let program = stage.program_that_retries_soon().await;
    stage.warm_up(&program).await?;
    let seconds = stage.lasts(10, 3).as_secs();
    let outcome = steady(stage, &program, wanted.per_second, seconds).await?;
    let row = Row::new(wanted.name, latency_text(&outcome), outcome.latency_ms(0.99), "ms p99");
    let floor = wanted.floor_ms.map(Bound::AtMost);
    Ok(vec![row.bounds(floor, Some(Bound::AtMost(wanted.goal_ms))).losses(&outcome)])
}

/// A fresh company's events at so many a second, with nobody else there.
pub(crate) async fn steady(
    stage: &Stage,
    program: &Program,
    per_second: u32,
    seconds: u64,
) -> anyhow::Result<Outcome> {
    let sender = stage.company(program, per_second as usize * seconds as usize, 1).await?;
    stage.receiver.count_for(vec![sender.tally.clone()]);
    post_steadily(stage, &sender, per_second).await
}

/// All events that the tally has room for, and waits until they have arrived.
pub(crate) async fn post_steadily(
    stage: &Stage,
    sender: &Sender,
    per_second: u32,
) -> anyhow::Result<Outcome> {
    let open = Open { per_second, connections: 64, count: sender.tally.capacity() };
    open_loop(sender, open, &Stop::never()).await?;
    stage.arrived(&[&sender.tally]).await;
    Ok(sender.tally.outcome())
}

/// Ten endpoints that get every event, without and with three that never answer.
pub(crate) async fn hang(stage: &Stage) -> anyhow::Result<Vec<Row>> {
    let healthy = with_hanging(stage, 0).await?;
    let outcome = with_hanging(stage, 3).await?;
    let ratio = outcome.latency_ms(0.99) / healthy.latency_ms(0.99);
    let figure = format!(
        "the healthy ones {}, none hanging p99 {:.1} ms",
        latency_text(&outcome),
        healthy.latency_ms(0.99)
    );
    let row = Row::new(HANG, figure, ratio, "x");
    let bounds = (Some(Bound::AtMost(3.0)), Some(Bound::AtMost(1.3)));
    Ok(vec![row.bounds(bounds.0, bounds.1).losses(&outcome)])
}

async fn with_hanging(stage: &Stage, hanging: usize) -> anyhow::Result<Outcome> {
    let program = stage.program().await;
    stage.warm_up(&program).await?;
    let count = 100 * stage.lasts(20, 8).as_secs() as usize;
    let tally = Tally::new(stage.next_phase(), count, 10).with_bad(hanging, Manner::Hangs);
    let sender = stage.company_of(&program, tally).await?;
    stage.receiver.count_for(vec![sender.tally.clone()]);
    post_steadily(stage, &sender, 100).await
}

/// What one company's burst does to another's few events, for as long as it lasts.
pub(crate) async fn burst(stage: &Stage) -> anyhow::Result<Vec<Row>> {
    let program = stage.program_that_retries_soon().await;
    stage.warm_up(&program).await?;
    let events = if stage.short { 10_000 } else { 50_000 };
    let busy = stage.company(&program, events, 1).await?;
    let quiet = stage.company(&program, 3_000, 1).await?;
    stage.receiver.count_for(vec![busy.tally.clone(), quiet.tally.clone()]);
    let stop = Stop::default();
    let open = Open { per_second: 10, connections: 4, count: 3_000 };
    let (sent, flooded) = tokio::join!(open_loop(&quiet, open, &stop), flood(stage, &busy, &stop));
    sent?;
    let flooded = flooded?;
    stage.arrived(&[&busy.tally, &quiet.tally]).await;
    let outcome = quiet.tally.outcome();
    let took = flooded.as_secs_f64();
    let figure = format!("{} while {events} arrived in {took:.1} s", latency_text(&outcome));
    let row = Row::new(BURST, figure, outcome.latency_ms(0.99), "ms p99");
    let mut row = row.bounds(Some(Bound::AtMost(250.0)), Some(Bound::AtMost(25.0)));
    row.lost = outcome.lost + busy.tally.owed();
    row.again = outcome.again;
    Ok(vec![row])
}

/// Posts all the tally has room for, waits until it has arrived, and stops the other company's
/// sending. Says how long it took.
async fn flood(stage: &Stage, busy: &Sender, stop: &Stop) -> anyhow::Result<Duration> {
    // The other company is on its way by then.
    tokio::time::sleep(stage.lasts(5, 2) / 10).await;
    let began = Instant::now();
    let until = began + Duration::from_secs(120);
    let posted = closed_loop(busy, Closed { connections: 16, batch: 100, until }).await;
    if posted.is_ok() {
        stage.arrived(&[&busy.tally]).await;
    }
    stop.stop();
    posted?;
    Ok(began.elapsed())
}
