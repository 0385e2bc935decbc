//! Working jobs off beside everything else: slices of a few milliseconds with rests between them, so
//! that fresh events do not notice.

use std::time::{Duration, Instant};

use store::{ClaimedJob, JobSlice, JobStep, Pace};
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;

/// How often a node looks for a job.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a node keeps one job while others may be waiting.
const TURN: Duration = Duration::from_secs(2);
/// How many rows a slice has at first and at least, and how many more the next one has.
const SLICE_ROWS_MIN: usize = 20;
const SLICE_ROWS_MORE: usize = 10;
/// How long the rest after a slice is at least and at most.
const REST_MIN: Duration = Duration::from_millis(5);
const REST_MAX: Duration = Duration::from_secs(1);
/// How long to wait where the database does not answer.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How many rows the next slice has, after one that wrote for so long.
fn rows_after(rows: usize, wrote_for: Duration, pace: Pace) -> usize {
    if wrote_for > pace.slice {
        (rows / 2).max(SLICE_ROWS_MIN)
    } else {
        (rows + SLICE_ROWS_MORE).min(pace.rows_max)
    }
}

impl Dispatcher {
    /// Takes jobs and works on them, one at a time, until `stop`.
    pub(crate) async fn jobs_loop(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if !self.may_work() {
                self.pause(LOOK_EVERY, &stop).await;
                continue;
            }
            match self.store.claim_job(self.clock.now()).await {
                Ok(Some(job)) => self.job_turn(job, &stop).await,
                Ok(None) => self.pause(LOOK_EVERY, &stop).await,
                Err(error) => {
                    tracing::warn!(error = %error, "Jobs wait for the database: {error}");
                    self.pause(RETRY_AFTER, &stop).await;
                }
            }
        }
    }

    /// One turn of a job; then whichever has waited longest comes next, which may be the same.
    async fn job_turn(&self, job: ClaimedJob, stop: &CancellationToken) {
        let begun = Instant::now();
        let (mut rows, pace) = (SLICE_ROWS_MIN, self.store.pace());
        while !stop.is_cancelled() && self.may_work() && begun.elapsed() < TURN {
            let slice = Instant::now();
            match self.store.run_job_slice(job, rows, self.clock.now()).await {
                Ok(JobSlice { step: JobStep::More { .. }, wrote_for }) => {
                    rows = rows_after(rows, wrote_for, pace);
                    let rest = slice.elapsed().saturating_mul(pace.rest_factor);
                    self.pause(rest.clamp(REST_MIN, REST_MAX), stop).await;
                }
                Ok(JobSlice { step: JobStep::Over, .. }) => {
                    tracing::info!(job = %job.id, company = %job.company, "Job {} is finished", job.id);
                    return;
                }
                Ok(JobSlice { step: JobStep::Lost, .. }) => return,
                Err(error) => {
                    self.job_error(job, &error).await;
                    self.pause(RETRY_AFTER, stop).await;
                    break;
                }
            }
        }
        if let Err(error) = self.store.release_job(job).await {
            tracing::warn!(error = %error, "Job {} is taken up again later: {error}", job.id);
        }
    }

    /// What may pass is tried again at the next turn; the rest ends the job.
    async fn job_error(&self, job: ClaimedJob, error: &store::Error) {
        if error.is_passing() {
            tracing::warn!(error = %error, job = %job.id, "Job {} waits for the database: {error}", job.id);
            return;
        }
        tracing::error!(error = error.chain(), job = %job.id, company = %job.company, "Job {} failed: {error}", job.id);
        if let Err(error) = self.store.fail_job(job, &error.to_string(), self.clock.now()).await {
            tracing::warn!(error = %error, "The end of job {} was not written down: {error}", job.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_grow_while_they_are_short_and_never_beyond_their_bounds() {
        let may = Duration::from_millis(3);
        let pace = Pace { slice: may, rows_max: 95, rest_factor: 1 };
        let mut rows = SLICE_ROWS_MIN;
        for _ in 0..pace.rows_max {
            rows = rows_after(rows, may, pace);
        }
        assert_eq!(rows, 95);
        rows = rows_after(rows, may * 2, pace);
        assert_eq!(rows, 47);
        for _ in 0..pace.rows_max {
            rows = rows_after(rows, may * 2, pace);
        }
        assert_eq!(rows, SLICE_ROWS_MIN);
    }
}
