//! A job that tries a heap of exhausted deliveries again: what others' fresh events notice of it.

use std::time::{Duration, Instant};

use anyhow::Context;
use testkit::api::Api;

use crate::load::{Open, Stop, open_loop};
use crate::loader::{Load, load};
use crate::paced::{latency_text, steady};
use crate::rows::{Bound, Row};
use crate::stage::Stage;
use crate::table::JOBS;

const PER_SECOND: u32 = 300;
/// Longer than any such job takes.
const JOB_MAX: Duration = Duration::from_secs(300);

/// Fresh events of one company without a job, and beside one of another company.
pub(crate) async fn rows(stage: &Stage) -> anyhow::Result<Vec<Row>> {
    let exhausted = if stage.short { 10_000 } else { 100_000 };
    let program = stage.program_that_retries_soon().await;
    let (busy, api) = stage.company_and_api(&program, exhausted, 1).await?;
    let setup = program.kill9();
    let wanted = Load { pending: 0, due: 0, finished: exhausted as u64, exhausted_every: 1 };
    load(&setup.database_url(), wanted).await?;
    let program = setup.start().await;
    stage.warm_up(&program).await?;
    let seconds = stage.lasts(20, 5).as_secs();
    let calm = steady(stage, &program, PER_SECOND, seconds).await?;
    let count = PER_SECOND as usize * JOB_MAX.as_secs() as usize;
    let fresh = stage.company(&program, count, 1).await?;
    stage.receiver.count_for(vec![fresh.tally.clone(), busy.tally.clone()]);
    for number in 0..exhausted {
        busy.tally.intend(number, Instant::now());
        busy.tally.acknowledge(number);
    }
    let stop = Stop::default();
    let open = Open { per_second: PER_SECOND, connections: 64, count };
    let job = async {
        let took = retry_all(&api).await;
        if took.is_ok() {
            stage.arrived(&[&busy.tally]).await;
        }
        stop.stop();
        took
    };
    let (sent, took) = tokio::join!(open_loop(&fresh, open, &stop), job);
    sent?;
    let (took, lost) = (took?, busy.tally.owed());
    stage.arrived(&[&fresh.tally]).await;
    let outcome = fresh.tally.outcome();
    let ratio = outcome.latency_ms(0.99) / calm.latency_ms(0.99);
    let figure = format!(
        "{} beside a job of {exhausted} in {:.1} s, p99 {:.1} ms without",
        latency_text(&outcome),
        took.as_secs_f64(),
        calm.latency_ms(0.99)
    );
    let row = Row::new(&format!("{JOBS}: others' fresh events"), figure, ratio, "x");
    let mut row = row.bounds(None, Some(Bound::AtMost(1.5))).losses(&outcome);
    row.lost += lost;
    Ok(vec![row])
}

/// Starts the job and waits until it has ended.
async fn retry_all(api: &Api) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let wanted = serde_json::json!({ "state": "exhausted" });
    let job = api.post("/deliveries/retry", &wanted).await.expect(202);
    let id = job["id"].as_str().context("a job has an id")?.to_owned();
    let path = format!("/jobs/{id}");
    let job = api.wait_for(&path, JOB_MAX, |job| job["state"] != "running").await;
    anyhow::ensure!(job["state"] == "finished", "the job ended otherwise: {job}");
    Ok(began.elapsed())
}
