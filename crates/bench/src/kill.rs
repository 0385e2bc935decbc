//! SIGKILL under load: what is lost, what comes twice, and how soon the backlog flows again.

use std::time::{Duration, Instant};

use testkit::program::Program;

use crate::load::{Closed, closed_loop};
use crate::rows::{Bound, Row};
use crate::stage::Stage;
use crate::table::KILL;

/// Between the death and the new start: what the dead one had put on the wire arrives in it.
const WAKE: Duration = Duration::from_millis(100);
/// The default of the setting: more cannot have been in flight.
const IN_FLIGHT_MAX: f64 = 1_024.0;

/// Kills it in the middle, starts it again, and goes on posting all the while.
pub(crate) async fn rows(stage: &Stage) -> anyhow::Result<Vec<Row>> {
    let program = stage.program_that_retries_soon().await;
    stage.warm_up(&program).await?;
    let sender = stage.company(&program, 500_000, 2).await?;
    stage.receiver.count_for(vec![sender.tally.clone()]);
    let (lasts, kill_after) = (stage.lasts(8, 5), stage.lasts(3, 2));
    let until = Instant::now() + lasts;
    let load = closed_loop(&sender, Closed { connections: 32, batch: 20, until });
    let (posted, (died, undelivered, program)) =
        tokio::join!(load, killed(program, kill_after, || sender.tally.owed()));
    posted?;
    stage.arrived(&[&sender.tally]).await;
    drop(program);
    let outcome = sender.tally.outcome();
    let (flows, all, backlog) = match sender.tally.backlog_after(died + WAKE) {
        Some((first, last, count)) => (WAKE + first, WAKE + last, count),
        None => (Duration::ZERO, Duration::ZERO, 0),
    };
    let nothing =
        (undelivered == 0 || backlog == 0).then(|| "nothing waited when it was killed".into());
    let (flows, all) = (flows.as_secs_f64(), all.as_secs_f64());
    let figure = format!(
        "{} of {} lost, {} twice; {undelivered} undelivered when killed",
        outcome.lost, outcome.wanted, outcome.again
    );
    let twice = Row::new(&format!("{KILL}: sent twice"), figure, outcome.again as f64, "twice");
    let bound = Some(Bound::AtMost(IN_FLIGHT_MAX));
    let figure = format!("{flows:.2} s; all {backlog} that had waited after {all:.1} s");
    let flows = Row::new(&format!("{KILL}: until the backlog flows"), figure, flows, "s");
    let flows = Row { fault: nothing, ..flows };
    Ok(vec![
        twice.bounds(bound, bound).losses(&outcome),
        flows.bounds(Some(Bound::AtMost(10.0)), Some(Bound::AtMost(2.0))),
    ])
}

async fn killed(
    program: Program,
    after: Duration,
    owed: impl Fn() -> u64,
) -> (Instant, u64, Program) {
    tokio::time::sleep(after).await;
    let died = Instant::now();
    let setup = program.kill9();
    let undelivered = owed();
    tokio::time::sleep(WAKE.saturating_sub(died.elapsed())).await;
    // It is awaited for readiness by nobody: the load finds it as soon as it listens.
    (died, undelivered, setup.launch())
}
