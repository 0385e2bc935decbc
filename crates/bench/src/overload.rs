//! Twice as much as it can take: what is accepted has to keep its latency, the rest to be told when to
//! come again, and memory and sockets to stay bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use testkit::program::Program;

use crate::load::{Answers, Open, Stop, open_loop_once};
use crate::rows::{Bound, Row};
use crate::stage::Stage;
use crate::table::OVERLOAD;
use crate::tally::{Tally, share_ms};
use crate::throughput::rate;
use crate::usage;

/// Enough that a slow answer does not slow the load down.
const CONNECTIONS: usize = 4_096;
const EVENTS_MAX: usize = 1_000_000;
/// Sockets of connections, of requests to the receiver, and what the program has anyhow.
const FILES_MAX: f64 = (CONNECTIONS + 1_024 + 256) as f64;
/// Between two looks at open files and memory.
const LOOK: Duration = Duration::from_millis(100);

/// An open loop at twice the rate that was measured just before.
pub(crate) async fn rows(stage: &Stage) -> anyhow::Result<Vec<Row>> {
    let program = stage.program_that_retries_soon().await;
    stage.warm_up(&program).await?;
    let sender = stage.company(&program, EVENTS_MAX, 1).await?;
    let top = rate(stage, &[&program], &sender, (256, 1), stage.lasts(4, 2)).await?.per_second();
    let (_, calm_mib) = usage::resident_mib(program.id());
    let seconds = stage.lasts(15, 4).as_secs();
    let per_second = (2.0 * top) as u32;
    let count = per_second as usize * seconds as usize;
    let sender = stage.company(&program, count, 1).await?;
    stage.receiver.count_for(vec![sender.tally.clone()]);
    let (files, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let watch = watch_files(program.id(), files.clone(), done.clone())?;
    let open = Open { per_second, connections: CONNECTIONS, count };
    let began = Instant::now();
    let answers = open_loop_once(&sender, open, &Stop::never()).await;
    let took = began.elapsed().as_secs_f64();
    done.store(true, Ordering::Relaxed);
    // It only counts.
    let _ = watch.join();
    let answers = answers?;
    stage.arrived(&[&sender.tally]).await;
    let (_, highest_mib) = usage::resident_mib(program.id());
    Ok(report(&program, (top, took), &answers, &sender.tally, (calm_mib, highest_mib), &files))
}

fn report(
    program: &Program,
    (top, took): (f64, f64),
    answers: &Answers,
    tally: &Tally,
    (calm_mib, highest_mib): (f64, f64),
    files: &AtomicUsize,
) -> Vec<Row> {
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let (accepted, refused) = (count(&answers.accepted), count(&answers.too_many));
    let (rude, broken) = (count(&answers.too_many_without), count(&answers.broken));
    let fifth = tally.capacity() / 5;
    let (early, late) =
        (tally.stretches_of(fifth..2 * fifth), tally.stretches_of(4 * fifth..5 * fifth));
    let all = tally.stretches_of(0..tally.capacity());
    let (answered, arrived) = (share_ms(&all.0, 0.99), share_ms(&all.1, 0.99));
    let figure = format!(
        "p99 {arrived:.0} ms from acceptance to arrival; second fifth {:.0} ms, last {:.0} ms; \
         answers p99 {answered:.0} ms",
        share_ms(&early.1, 0.99),
        share_ms(&late.1, 0.99)
    );
    let latency =
        Row::new(&format!("{OVERLOAD}: latency of what is accepted"), figure, arrived, "ms");
    let figure = format!(
        "{accepted} accepted in {took:.1} s, {refused} told to come again, {rude} refused without a \
         time, {broken} broken; top {top:.0}/s"
    );
    let bad = Row::new(&format!("{OVERLOAD}: the rest"), figure, (rude + broken) as f64, "unsaid");
    let panicked = program.log().contains("panicked").then(|| "a panic in the log".into());
    let figure = format!("{highest_mib:.0} MiB, {calm_mib:.0} at the top rate");
    let memory = Row {
        fault: panicked,
        ..Row::new(&format!("{OVERLOAD}: RSS"), figure, highest_mib, "MiB")
    };
    let open = files.load(Ordering::Relaxed);
    let figure = format!("{open} with {CONNECTIONS} connections of the load");
    let files = Row::new(&format!("{OVERLOAD}: open files"), figure, open as f64, "files");
    vec![
        latency.bounds(None, Some(Bound::AtMost(1_000.0))).losses(&tally.outcome()),
        bad.bounds(None, Some(Bound::AtMost(0.0))),
        memory.bounds(None, Some(Bound::AtMost(300.0))),
        files.bounds(None, Some(Bound::AtMost(FILES_MAX))),
    ]
}

/// Keeps the highest number of open files until it is done.
fn watch_files(
    process: u32,
    highest: Arc<AtomicUsize>,
    done: Arc<AtomicBool>,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new().name("watch".into()).spawn(move || {
        while !done.load(Ordering::Relaxed) {
            highest.fetch_max(usage::open_files(process), Ordering::Relaxed);
            std::thread::sleep(LOOK);
        }
    })
}
