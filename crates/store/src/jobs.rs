//! Jobs as people ask for them, see them and stop them. How they are worked off is in `jobs_slice`,
//! which rows they are for in `jobs_scan`.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::delivery::Finish;
use domain::id::{CompanyId, EndpointId, EventId, JobId};
use domain::job::{CheckedJob, JobRequest, JobState, RUNNING_JOBS_MAX};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::endpoints::live_endpoint;
use crate::entity::{company, event, job};
use crate::jobs_scan::{Scope, WINDOW_ROWS, first_position};
use crate::rows::audit::actor_text;
use crate::rows::endpoint::state_of;
use crate::rows::job::{record, request_facts, request_text};
use crate::rows::page::{before_of, cut, limit_of};
use crate::time::{from_micros, micros};
use crate::{Actor, Error, Page, PageRequest, Store};

/// Up to how many deliveries are counted before a job begins.
pub const JOB_COUNT_MAX: u64 = 100_000;
/// How long is counted at most.
const COUNT_WITHIN: Duration = Duration::from_secs(2);
/// How many matches one step of counting takes.
const COUNT_STEP: usize = 10_000;

/// A job as it is shown.
#[derive(Debug, Clone)]
pub struct JobRecord {
    /// Its id.
    pub id: JobId,
    /// Whose it is.
    pub company: CompanyId,
    /// What it is to do.
    pub request: JobRequest,
    /// What has become of it.
    pub state: JobState,
    /// How many deliveries were counted before it began.
    pub total: u64,
    /// Whether counting stopped there, and there may be more.
    pub total_is_open: bool,
    /// How many it has made, put back, hastened or ended.
    pub done: u64,
    /// How many it has passed over: their state had changed, or their endpoint was held or deleted.
    pub skipped: u64,
    /// Who asked for it: `usr_…`, `tok_…` or `cli`.
    pub created_by: String,
    /// Why it failed.
    pub last_error: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// How many deliveries a job would be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobCount {
    /// How many were counted.
    pub rows: u64,
    /// Whether counting stopped there, at the cap or out of time, and there may be more.
    pub more: bool,
}

impl Store {
    /// Counts what a job would be for, up to `cap` and for 2 seconds at most.
    pub async fn count_job(
        &self,
        company: CompanyId,
        request: &CheckedJob,
        cap: u64,
        now: DateTime<Utc>,
    ) -> Result<JobCount, Error> {
        self.check_job(company, request.request(), now).await?;
        let below = domain::id::floor_at(now + chrono::TimeDelta::milliseconds(1));
        let scope = Scope::new(company, request.request(), below, now, now);
        self.count_in(&scope, cap).await
    }

    async fn count_in(&self, scope: &Scope<'_>, cap: u64) -> Result<JobCount, Error> {
        let begun = Instant::now();
        let (mut rows, mut from) = (0, first_position(scope.request));
        loop {
            let scan = self.scan_window(scope, from, COUNT_STEP, WINDOW_ROWS).await?;
            rows += scan.ids.len() as u64;
            if rows > cap || (rows == cap && !scan.over) {
                return Ok(JobCount { rows: cap, more: true });
            }
            if scan.over || begun.elapsed() > COUNT_WITHIN {
                return Ok(JobCount { rows, more: !scan.over });
            }
            from = scan.position;
        }
    }

    /// Asks for a job; some node begins it within a second. More than
    /// [`domain::job::RUNNING_JOBS_MAX`] at once are a conflict, and so is an endpoint that is paused
    /// or disabled, or an event that has expired.
    pub async fn create_job(
        &self,
        company: CompanyId,
        request: CheckedJob,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<JobRecord, Error> {
        let request = request.request();
        self.check_job(company, request, now).await?;
        let id = self.new_id(now);
        let scope = Scope::new(company, request, id, now, now);
        let JobCount { rows, more } = self.count_in(&scope, JOB_COUNT_MAX).await?;
        let row = job::Model {
            id,
            company_id: company.raw(),
            kind: request.kind().as_str().to_owned(),
            request: request_text(request),
            state: JobState::Running.as_str().to_owned(),
            total: rows.cast_signed(),
            total_open: i64::from(more),
            done: 0,
            skipped: 0,
            position: first_position(request),
            claimed_by: 0,
            taken_at: 0,
            created_by: actor_text(actor),
            last_error: None,
            created_at: micros(now),
            finished_at: None,
        };
        let tx = self.begin().await?;
        lock_company(&tx, company).await?;
        check_running(&tx, company).await?;
        let inserted: job::ActiveModel = row.clone().into();
        job::Entity::insert(inserted).exec_without_returning(&tx).await?;
        let (subject, facts) = (JobId::from_raw(id), request_facts(request));
        self.audit(&tx, company, actor, "job.created", subject, facts, now).await?;
        tx.commit().await?;
        let record = record(row)?;
        self.tell_job(&record, now);
        Ok(record)
    }

    /// The company's jobs.
    pub async fn jobs(
        &self,
        company: CompanyId,
        page: PageRequest,
    ) -> Result<Page<JobRecord>, Error> {
        let limit = limit_of(page);
        let rows = job::Entity::find()
            .filter(job::Column::CompanyId.eq(company.raw()))
            .filter(job::Column::Id.lt(before_of(page)))
            .order_by_desc(job::Column::Id)
            .limit(limit + 1)
            .all(self.reader())
            .await?;
        let records = rows.into_iter().map(record).collect::<Result<Vec<_>, _>>()?;
        Ok(cut(records, limit, None, |record| record.id.raw()))
    }

    /// One job.
    pub async fn job(&self, company: CompanyId, id: JobId) -> Result<JobRecord, Error> {
        let row = job::Entity::find_by_id(id.raw())
            .filter(job::Column::CompanyId.eq(company.raw()))
            .one(self.reader())
            .await?;
        record(row.ok_or(Error::NotFound)?)
    }

    /// Stops a job before its next slice; what it has done stays done. One that is over is a conflict.
    pub async fn cancel_job(
        &self,
        company: CompanyId,
        id: JobId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<JobRecord, Error> {
        let tx = self.begin().await?;
        let row = job::Entity::find_by_id(id.raw())
            .filter(job::Column::CompanyId.eq(company.raw()))
            .lock_exclusive()
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;
        if row.state != JobState::Running.as_str() {
            let detail = format!("the job is {}", row.state);
            return Err(Error::Conflict { code: "job_finished", detail });
        }
        end_job(&tx, id.raw(), JobState::Canceled, None, now).await?;
        let facts = serde_json::json!({ "kind": row.kind, "done": row.done });
        self.audit(&tx, company, actor, "job.canceled", id, facts, now).await?;
        tx.commit().await?;
        let record = record(job::Model {
            state: JobState::Canceled.as_str().to_owned(),
            finished_at: Some(micros(now)),
            ..row
        })?;
        self.tell_job(&record, now);
        Ok(record)
    }

    /// Whether what a job is for is there, and can be sent to.
    async fn check_job(
        &self,
        company: CompanyId,
        request: &JobRequest,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        match request {
            JobRequest::Replay { event, endpoints } => {
                self.check_event(company, *event, now).await?;
                for endpoint in endpoints.iter().flatten() {
                    let row = live_endpoint(self.reader(), company, *endpoint).await?;
                    if !state_of(&row)?.takes_events() {
                        return Err(held(*endpoint));
                    }
                }
                Ok(())
            }
            JobRequest::Recover { endpoint, .. } => {
                let row = live_endpoint(self.reader(), company, *endpoint).await?;
                if state_of(&row)?.is_held() { Err(held(*endpoint)) } else { Ok(()) }
            }
            JobRequest::Retry(pick) | JobRequest::Cancel(pick) => match pick.endpoint {
                Some(endpoint) => live_endpoint(self.reader(), company, endpoint).await.map(|_| ()),
                None => Ok(()),
            },
        }
    }

    async fn check_event(
        &self,
        company: CompanyId,
        id: EventId,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let expires_at: Option<Option<i64>> = event::Entity::find_by_id(id.raw())
            .filter(event::Column::CompanyId.eq(company.raw()))
            .select_only()
            .column(event::Column::ExpiresAt)
            .into_tuple()
            .one(self.reader())
            .await?;
        let expires_at = expires_at.ok_or(Error::NotFound)?;
        if expires_at.is_some_and(|at| from_micros(at) <= now) {
            let detail = "the event's expires_at has passed".to_owned();
            return Err(Error::Conflict { code: "event_expired", detail });
        }
        Ok(())
    }
}

fn held(endpoint: EndpointId) -> Error {
    let detail = format!("the endpoint {endpoint} is paused or disabled; enable it first");
    Error::Conflict { code: "endpoint_held", detail }
}

/// Puts what concerns the company's jobs in a row.
pub(crate) async fn lock_company(
    tx: &impl ConnectionTrait,
    company: CompanyId,
) -> Result<(), Error> {
    let found: Option<i64> = company::Entity::find_by_id(company.raw())
        .select_only()
        .column(company::Column::Id)
        .lock_exclusive()
        .into_tuple()
        .one(tx)
        .await?;
    found.map(|_| ()).ok_or(Error::NotFound)
}

async fn check_running(tx: &impl ConnectionTrait, company: CompanyId) -> Result<(), Error> {
    let running: Vec<i64> = job::Entity::find()
        .select_only()
        .column(job::Column::Id)
        .filter(job::Column::CompanyId.eq(company.raw()))
        .filter(Expr::cust("state = 'running'"))
        .limit(RUNNING_JOBS_MAX as u64)
        .into_tuple()
        .all(tx)
        .await?;
    if running.len() < RUNNING_JOBS_MAX {
        return Ok(());
    }
    let detail =
        format!("{RUNNING_JOBS_MAX} jobs are running already; wait for one, or cancel one");
    Err(Error::Conflict { code: "too_many_jobs", detail })
}

/// Ends a job that runs.
pub(crate) async fn end_job(
    tx: &impl ConnectionTrait,
    id: i64,
    state: JobState,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(state.as_str()))
        .col_expr(job::Column::ClaimedBy, Expr::value(0_i64))
        .col_expr(job::Column::LastError, Expr::value(error.map(str::to_owned)))
        .col_expr(job::Column::FinishedAt, Expr::value(micros(now)))
        .filter(job::Column::Id.eq(id))
        .filter(Expr::cust("state = 'running'"))
        .exec(tx)
        .await?;
    Ok(())
}

/// How a delivery of history ended.
pub(crate) fn finish_of(code: i64) -> Option<Finish> {
    [Finish::Delivered, Finish::Exhausted, Finish::Expired, Finish::Canceled]
        .into_iter()
        .find(|finish| crate::settle_rows::finish_code(*finish) == code)
}
