//! As many deliveries a second as there can be, what they cost, and the memory it takes.

use std::time::{Duration, Instant};

use testkit::program::Program;

use crate::Databases;
use crate::client::Sender;
use crate::load::{Closed, closed_loop};
use crate::rows::{Bound, Row, THROUGHPUT, Throughput};
use crate::stage::Stage;
use crate::tally::{Outcome, Tally};
use crate::usage::{self, Cpu, Ours};

/// Deliveries that one phase can make.
const DELIVERIES_MAX: usize = 2_000_000;

/// What a closed loop came to.
pub(crate) struct Rate {
    pub(crate) outcome: Outcome,
    cpu: Cpu,
    ours: Ours,
}

impl Rate {
    pub(crate) fn per_second(&self) -> f64 {
        self.outcome.per_second()
    }

    /// Time of what is measured and of what measures, in microseconds a delivery.
    fn micros(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / self.outcome.wanted.max(1) as f64
    }

    /// What one costs the program and its database, in microseconds.
    pub(crate) fn cost_us(&self) -> f64 {
        self.micros(self.cpu.program) + self.micros(self.cpu.database)
    }

    pub(crate) fn cpu_text(&self) -> String {
        let (program, database) = (self.micros(self.cpu.program), self.micros(self.cpu.database));
        format!("CPU {program:.0} + {database:.0} us")
    }
}

/// Posts as fast as it can for so long, and waits until all has arrived.
pub(crate) async fn rate(
    stage: &Stage,
    programs: &[&Program],
    sender: &Sender,
    closed: (usize, usize),
    lasts: Duration,
) -> anyhow::Result<Rate> {
    stage.receiver.count_for(vec![sender.tally.clone()]);
    let (cpu_before, ours_before) = (stage.cpu(programs), Ours::now());
    let (connections, batch) = closed;
    let until = Instant::now() + lasts;
    closed_loop(sender, Closed { connections, batch, until }).await?;
    stage.arrived(&[&sender.tally]).await;
    let (cpu, ours) = (stage.cpu(programs).since(cpu_before), Ours::now().since(ours_before));
    Ok(Rate { outcome: sender.tally.outcome(), cpu, ours })
}

/// The same for a fresh company whose events go to so many endpoints.
pub(crate) async fn fresh_rate(
    stage: &Stage,
    program: &Program,
    wanted: Throughput,
) -> anyhow::Result<Rate> {
    let events = DELIVERIES_MAX / wanted.endpoints;
    let tally = Tally::new(stage.next_phase(), events, wanted.endpoints);
    let sender = stage.company_of(program, tally.answered_after(wanted.answers_after)).await?;
    let closed = (wanted.connections, wanted.batch);
    rate(stage, &[program], &sender, closed, stage.lasts(6, 2)).await
}

/// The row of a load, and with the first of them what a delivery costs.
pub(crate) async fn rows(stage: &Stage, wanted: Throughput, bare: f64) -> anyhow::Result<Vec<Row>> {
    let program = stage.program_that_retries_soon().await;
    let (idle_mib, _) = usage::resident_mib(program.id());
    stage.warm_up(&program).await?;
    let rate = fresh_rate(stage, &program, wanted).await?;
    let (_, highest_mib) = usage::resident_mib(program.id());
    let database_mib = stage.database_mib();
    let (floor, goal) = wanted.bounds(stage.database);
    let figure = format!(
        "{:.0} deliveries/s, {}, RSS {highest_mib:.0} MiB",
        rate.per_second(),
        rate.cpu_text()
    );
    let row = Row::new(wanted.name, figure, rate.per_second() / bare, "B");
    let mut rows = vec![row.bounds(floor, goal).losses(&rate.outcome)];
    if wanted.name == THROUGHPUT[0].name {
        rows.extend(cost(stage, &rate));
        let row = Row::new("RSS idle", format!("{idle_mib:.0} MiB"), idle_mib, "MiB");
        rows.push(row.bounds(None, Some(Bound::AtMost(30.0))));
        let figure = match database_mib {
            Some(database) => format!("{highest_mib:.0} MiB, PostgreSQL {database:.0} MiB"),
            None => format!("{highest_mib:.0} MiB, the database with it"),
        };
        let row = Row::new("RSS under load", figure, highest_mib, "MiB");
        rows.push(row.bounds(Some(Bound::AtMost(150.0)), Some(Bound::AtMost(80.0))));
    }
    Ok(rows)
}

fn cost(stage: &Stage, rate: &Rate) -> [Row; 2] {
    let (program, database) = (rate.micros(rate.cpu.program), rate.micros(rate.cpu.database));
    let figure = format!("{program:.0} + {database:.0} us");
    let goal = if stage.database == Databases::Postgres { 75.0 } else { 60.0 };
    let row = Row::new("CPU a delivery, program + database", figure, program + database, "us");
    let theirs = row.bounds(Some(Bound::AtMost(150.0)), Some(Bound::AtMost(goal)));
    let (load, receiver) = (rate.micros(rate.ours.load), rate.micros(rate.ours.receiver));
    let figure = format!("load {load:.1} us, receiver {receiver:.1} us");
    [theirs, Row::new("CPU a delivery, load and receiver", figure, load + receiver, "us")]
}
