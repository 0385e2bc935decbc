//! What is measured, row by row. Each on a database of its own, which is gone before the next.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::rows::{PACED, Paced, Row, THROUGHPUT, Throughput};
use crate::stage::Stage;
use crate::{
    backlog, bare, dead, jobs, kill, meta, nodes, ordered, overload, paced, retention, throughput,
};

pub(crate) const HANG: &str = "3 of 10 hang, 100/s";
pub(crate) const BURST: &str = "burst of 50,000, another company's 10/s";
pub(crate) const DEAD: &str = "a dead endpoint with 1,000,000 due retries";
pub(crate) const BACKLOG: &str = "10,000,000 pending and 50,000,000 finished (SQLite: a tenth)";
pub(crate) const NODES: &str = "1, 2, 4 nodes on one PostgreSQL";
pub(crate) const ORDERED: &str = "ordered endpoint";
pub(crate) const META: &str = "Meta notifications";
pub(crate) const JOBS: &str = "a job over 100,000 exhausted deliveries";
pub(crate) const OVERLOAD: &str = "twice the top rate";
pub(crate) const RETENTION: &str = "retention running: p99 against not";
pub(crate) const KILL: &str = "kill -9 under load";

/// What makes one or more rows.
#[derive(Debug, Clone, Copy)]
enum Line {
    Throughput(Throughput),
    Paced(Paced),
    Hang,
    Burst,
    Dead,
    Ordered,
    Meta,
    Jobs,
    Retention,
    Overload,
    Nodes,
    Kill,
    Backlog,
}

impl Line {
    fn all() -> Vec<Self> {
        let mut all: Vec<Self> = THROUGHPUT.into_iter().map(Self::Throughput).collect();
        all.extend(PACED.into_iter().map(Self::Paced));
        all.extend([Self::Hang, Self::Burst, Self::Dead, Self::Ordered, Self::Meta, Self::Jobs]);
        all.extend([Self::Retention, Self::Overload, Self::Nodes, Self::Kill, Self::Backlog]);
        all
    }

    fn name(self) -> &'static str {
        match self {
            Self::Throughput(wanted) => wanted.name,
            Self::Paced(wanted) => wanted.name,
            Self::Hang => HANG,
            Self::Burst => BURST,
            Self::Dead => DEAD,
            Self::Ordered => ORDERED,
            Self::Meta => META,
            Self::Jobs => JOBS,
            Self::Retention => RETENTION,
            Self::Overload => OVERLOAD,
            Self::Nodes => NODES,
            Self::Kill => KILL,
            Self::Backlog => BACKLOG,
        }
    }

    /// Whether it belongs to the short form as well.
    fn is_main(self) -> bool {
        match self {
            Self::Throughput(wanted) => wanted.connections != 32 && wanted.answers_after.is_zero(),
            Self::Paced(wanted) => wanted.per_second == 300,
            Self::Kill => true,
            Self::Hang
            | Self::Burst
            | Self::Dead
            | Self::Ordered
            | Self::Meta
            | Self::Jobs
            | Self::Retention
            | Self::Overload
            | Self::Nodes
            | Self::Backlog => false,
        }
    }

    /// Whether one run of it is enough: it takes minutes to load.
    fn is_once(self) -> bool {
        matches!(self, Self::Backlog)
    }

    /// Its rows, or one that says why there are none: the others are measured all the same. Whatever was lost on
    /// the way is theirs, also where it stands beside what they measure.
    async fn measured(self, stage: &Stage, bare: f64) -> Vec<Row> {
        let failed = |fault: String| vec![Row::failed(self.name(), fault)];
        let mut rows = match AssertUnwindSafe(self.rows(stage, bare)).catch_unwind().await {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) => failed(format!("{error:#}")),
            Err(_) => failed("it has panicked, as said above".into()),
        };
        let told = rows.iter().map(|row| row.lost).sum();
        if let Some(first) = rows.first_mut() {
            first.lost += stage.take_lost().saturating_sub(told);
        }
        rows
    }

    async fn rows(self, stage: &Stage, bare: f64) -> anyhow::Result<Vec<Row>> {
        match self {
            Self::Throughput(wanted) => throughput::rows(stage, wanted, bare).await,
            Self::Paced(wanted) => paced::rows(stage, wanted).await,
            Self::Hang => paced::hang(stage).await,
            Self::Burst => paced::burst(stage).await,
            Self::Dead => dead::rows(stage).await,
            Self::Ordered => ordered::rows(stage).await,
            Self::Meta => meta::rows(stage, bare).await,
            Self::Jobs => jobs::rows(stage).await,
            Self::Retention => retention::rows(stage).await,
            Self::Overload => overload::rows(stage).await,
            Self::Nodes => nodes::rows(stage).await,
            Self::Kill => kill::rows(stage).await,
            Self::Backlog => backlog::rows(stage).await,
        }
    }
}

/// Whether any row has this in its name.
pub(crate) fn has(part: &str) -> bool {
    Line::all().into_iter().any(|line| line.name().contains(part))
}

/// All rows of a run, or those whose name contains `only`; of the short form the main ones. B is
/// measured before and after.
pub(crate) async fn measure(
    stage: &Stage,
    only: Option<&str>,
    run: u32,
) -> anyhow::Result<Vec<Row>> {
    let wanted = |line: &Line| match only {
        Some(part) => line.name().contains(part),
        None => !stage.short || line.is_main(),
    };
    let lasts = stage.lasts(3, 1);
    let before = bare::measure(&stage.receiver, lasts).await?;
    let mut rows = Vec::new();
    for line in Line::all().into_iter().filter(wanted) {
        if run == 1 || !line.is_once() {
            show(&mut rows, line.measured(stage, before.per_second).await);
            stage.clear();
        }
    }
    let after = bare::measure(&stage.receiver, lasts).await?;
    // On a shared machine B drifts: what counts is its mean over the run.
    let mean = f64::midpoint(before.per_second, after.per_second);
    for row in rows.iter_mut().filter(|row| row.unit == "B") {
        row.measure *= before.per_second / mean;
    }
    let figure = format!(
        "{:.0}/s before, {:.0}/s after; receiver {:.1} us a request",
        before.per_second, after.per_second, after.receiver_us
    );
    show(&mut rows, vec![Row::new("B: bare client, 64 connections", figure, mean, "requests/s")]);
    Ok(rows)
}

fn show(rows: &mut Vec<Row>, new: Vec<Row>) {
    for row in &new {
        println!("  {}: {} [{}]", row.name, row.figure, row.verdict());
    }
    rows.extend(new);
}
