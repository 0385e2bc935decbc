//! Working jobs off: a node takes one, does a slice of it after the other, and leaves it again. Where
//! it stands is committed with each slice, so that nothing is done twice whoever goes on with it.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::delivery::Finish;
use domain::id::{CompanyId, EndpointId, JobId};
use domain::job::{JobKind, JobState};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, EntityTrait, ExprTrait,
    QueryFilter, QuerySelect, Value,
};

use crate::again::{TRIES, one_restart_at_a_time};
use crate::entity::job;
use crate::jobs::{end_job, lock_company};
use crate::jobs_scan::{Scan, Scope};
use crate::lines::{By, lock_company as lock_company_lines};
use crate::retention::kept::Removal;
use crate::rows::job::request_of;
use crate::time::{from_micros, micros};
use crate::{Error, Hint, Store};

/// How many rows one slice touches at most.
pub const SLICE_ROWS_MAX: usize = 200;

/// A job that this node has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimedJob {
    /// Which.
    pub id: JobId,
    /// Whose.
    pub company: CompanyId,
    claimed_by: i64,
}

/// What a slice of a job brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStep {
    /// There is more to do.
    More {
        /// How many rows it touched.
        touched: u64,
    },
    /// It has come to its end.
    Over,
    /// It is not this node's any more: canceled, or another node has it.
    Lost,
}

/// One slice of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobSlice {
    /// What it brought.
    pub step: JobStep,
    /// How long its transaction was open. What came before that is in nobody's way.
    pub wrote_for: Duration,
}

/// How work that nobody waits for keeps out of the way of what somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long a transaction of it may be open.
    pub slice: Duration,
    /// How many rows it has at most: what a slice wakes is sent at once, before what comes meanwhile.
    pub rows_max: usize,
    /// The rest after it is so many times as long as it took.
    pub rest_factor: u32,
}

/// On SQLite whoever writes waits for it, and the deliveries that a slice wakes take the processors for about as long
/// as a fresh event may wait for them, two milliseconds.
const PACE_SQLITE: Pace = Pace { slice: Duration::from_millis(2), rows_max: 20, rest_factor: 4 };
/// On PostgreSQL only who needs the same rows, and the processors. Shorter slices take twice the time for the job, and
/// others notice them no less.
const PACE_POSTGRES: Pace = Pace { slice: Duration::from_millis(10), rows_max: 60, rest_factor: 3 };

impl Store {
    /// How jobs are to be paced.
    pub fn pace(&self) -> Pace {
        if self.backend() == DatabaseBackend::Postgres { PACE_POSTGRES } else { PACE_SQLITE }
    }

    /// Takes the running job that has waited longest for a turn, or goes on with one that this node
    /// has left half taken. Jobs of one company come one after the other, the oldest first, and those
    /// of a suspended one wait. To be called by one loop of a node only.
    pub async fn claim_job(&self, now: DateTime<Utc>) -> Result<Option<ClaimedJob>, Error> {
        let me = self.incarnation();
        let sql = "SELECT j.id, j.company_id FROM jobs j WHERE j.state = 'running' AND j.claimed_by IN (0, $1) \
            AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.company_id = j.company_id AND o.state = 'running' \
            AND (o.id < j.id OR o.claimed_by NOT IN (0, $1))) \
            AND NOT EXISTS (SELECT 1 FROM companies c WHERE c.id = j.company_id AND c.suspended_at IS NOT NULL) ORDER BY j.taken_at, j.id LIMIT 1";
        let statement = self.statement(sql, [Value::from(me)]);
        let Some(row) = self.reader().query_one_raw(statement).await? else { return Ok(None) };
        let (id, company): (i64, i64) = (row.try_get("", "id")?, row.try_get("", "company_id")?);
        let (job, company) = (JobId::from_raw(id), CompanyId::from_raw(company));
        let tx = self.begin().await?;
        if let Err(error) = lock_company(&tx, company).await {
            if !matches!(error, Error::NotFound) {
                return Err(error);
            }
            end_job(&tx, id, JobState::Failed, Some("the company is gone"), now).await?;
            tx.commit().await?;
            return Ok(None);
        }
        let sql = "UPDATE jobs SET claimed_by = $1, taken_at = $2 WHERE id = $3 AND state = 'running' \
            AND claimed_by IN (0, $1) AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.company_id = $4 \
            AND o.state = 'running' AND o.claimed_by NOT IN (0, $1))";
        let values: [Value; 4] = [me.into(), micros(now).into(), id.into(), company.raw().into()];
        let taken = tx.execute_raw(self.statement(sql, values)).await?.rows_affected() > 0;
        tx.commit().await?;
        Ok(taken.then_some(ClaimedJob { id: job, company, claimed_by: me }))
    }

    /// Leaves a job to whoever takes it next.
    pub async fn release_job(&self, job: ClaimedJob) -> Result<(), Error> {
        let sql = "UPDATE jobs SET claimed_by = 0 WHERE id = $1 AND claimed_by = $2";
        let values: [Value; 2] = [job.id.raw().into(), job.claimed_by.into()];
        self.inner.pools.write().execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Does the next slice of a job: it looks for what the job is for, touches at most `rows` of them
    /// and at most [`SLICE_ROWS_MAX`], and writes down how far it came, all of it or nothing.
    pub async fn run_job_slice(
        &self,
        job: ClaimedJob,
        rows: usize,
        now: DateTime<Utc>,
    ) -> Result<JobSlice, Error> {
        let found = job::Entity::find_by_id(job.id.raw()).one(self.reader()).await?;
        let Some(row) = found.filter(|row| is_held(row, job)) else {
            return Ok(JobSlice { step: JobStep::Lost, wrote_for: Duration::ZERO });
        };
        let corrupt = || Error::Corrupt { table: "jobs", id: row.id, what: "its request".into() };
        let kind = JobKind::parse(&row.kind).ok_or_else(corrupt)?;
        let request = request_of(kind, &row.request).ok_or_else(corrupt)?;
        let made_at = from_micros(row.created_at);
        let scope = Scope::new(job.company, &request, row.id, made_at, now);
        let scan = self.scan_slice(&scope, row.position, rows.clamp(1, SLICE_ROWS_MAX)).await?;
        for _ in 1..TRIES {
            match self.write_slice(job, &scope, row.position, scan.clone()).await {
                Err(error) if error.is_of_a_neighbour() => {}
                done => return done,
            }
        }
        self.write_slice(job, &scope, row.position, scan).await
    }

    /// Gives a job up for good; what it has done stays done.
    pub async fn fail_job(
        &self,
        job: ClaimedJob,
        error: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        let row = job::Entity::find_by_id(job.id.raw()).lock_exclusive().one(&tx).await?;
        if row.is_some_and(|row| is_held(&row, job)) {
            let error = crate::settle_rows::storable(error);
            end_job(&tx, job.id.raw(), JobState::Failed, Some(&error), now).await?;
        }
        tx.commit().await?;
        self.tell_job_of(job.company, job.id, now).await;
        Ok(())
    }

    async fn write_slice(
        &self,
        job: ClaimedJob,
        scope: &Scope<'_>,
        from: i64,
        scan: Scan,
    ) -> Result<JobSlice, Error> {
        let tx = self.begin().await?;
        let begun = Instant::now();
        let step = self.write_slice_in(tx, job, scope, from, scan).await?;
        Ok(JobSlice { step, wrote_for: begun.elapsed() })
    }

    async fn write_slice_in(
        &self,
        tx: DatabaseTransaction,
        job: ClaimedJob,
        scope: &Scope<'_>,
        from: i64,
        scan: Scan,
    ) -> Result<JobStep, Error> {
        let now = scope.moment.now;
        let row = job::Entity::find_by_id(job.id.raw()).lock_exclusive().one(&tx).await?;
        let Some(row) = row.filter(|row| is_held(row, job)) else { return Ok(JobStep::Lost) };
        if row.position != from {
            return Ok(JobStep::More { touched: 0 });
        }
        one_restart_at_a_time(&tx, scope.company).await?;
        // Before any delivery is locked: nobody knows yet which lines the slice touches.
        let locked = lock_company_lines(&mut By(&tx), scope.company).await?;
        let removal = Removal::look(&tx).await?;
        let changes = self.decide_job(&tx, scope, &scan.ids).await?;
        let due = self.write_job(&tx, scope.company, &changes, &locked, now).await?;
        removal.keep(&tx, scope.company, changes.put()).await?;
        let position = changes.stop_before.map_or(scan.position, |stop| stop - 1);
        let (touched, skipped) = (changes.done(), changes.skipped());
        job::Entity::update_many()
            .col_expr(job::Column::Position, Expr::value(position))
            .col_expr(job::Column::Done, Expr::col(job::Column::Done).add(touched.cast_signed()))
            .col_expr(
                job::Column::Skipped,
                Expr::col(job::Column::Skipped).add(skipped.cast_signed()),
            )
            .filter(job::Column::Id.eq(job.id.raw()))
            .exec(&tx)
            .await?;
        let over = scan.over && changes.stop_before.is_none();
        if over {
            end_job(&tx, job.id.raw(), JobState::Finished, None, now).await?;
        }
        tx.commit().await?;
        self.count_ended(Finish::Canceled, changes.ended_rows());
        if changes.has_wishes() {
            self.hint(Hint::Wish);
        }
        for (endpoint, _) in due {
            self.hint(Hint::LaneDue(EndpointId::from_raw(endpoint)));
        }
        self.tell_job_of(job.company, job.id, now).await;
        Ok(if over { JobStep::Over } else { JobStep::More { touched } })
    }
}

/// Whether the job is still the one that this node has taken.
fn is_held(row: &job::Model, job: ClaimedJob) -> bool {
    row.company_id == job.company.raw()
        && row.claimed_by == job.claimed_by
        && row.state == JobState::Running.as_str()
}
