//! Hours of counts are made of minutes, and old counts go, behind everything else: some endpoints a step, by
//! the key of their rows, which stand together. One node does it, and says how far it has come.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use domain::stats::BUCKETS;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, Value};

use crate::stats::{HOUR, MINUTE, MINUTES_KEPT, insert};
use crate::time::micros;
use crate::{Error, Store};

/// How long hours are kept.
const HOURS_KEPT: TimeDelta = TimeDelta::days(400);
/// Of how many endpoints, each of a company, one step makes an hour or removes what is old: some milliseconds.
const STEP_PARTS: usize = 25;
/// An hour is made so long after its end: what ended in it is counted by then.
const MADE_AFTER: TimeDelta = TimeDelta::minutes(5);
/// And made again so long after it, for what was counted late because the database was away.
const MADE_AGAIN_AFTER: TimeDelta = TimeDelta::hours(2);
/// Not before the node has worked for so long without a break: what it could not count is counted by then.
const STEADY_FOR: TimeDelta = TimeDelta::minutes(10);
/// A pause of more than this is a break.
const BREAK: TimeDelta = TimeDelta::minutes(2);
/// How long a node keeps the work to itself.
const LEASE: TimeDelta = TimeDelta::seconds(120);
/// The width of an hour, in microseconds.
const WIDTH: i64 = HOUR * 1_000_000;

/// Takes the work for a while; brings the hour before which all are made for good. A lease that lasts too long
/// is of a clock that was ahead.
const CLAIM: &str = "UPDATE search_state SET claimed_by = $1, claimed_until = $2 WHERE name = 'hours' \
    AND (claimed_by = $1 OR claimed_until <= $3 OR claimed_until > $4) RETURNING next";

/// How far one node has come; lost with it without harm.
#[derive(Debug, Clone, Default)]
pub struct StatsWalk {
    /// What is being done, and for which companies and endpoints it is still to be done.
    task: Option<Task>,
    parts: VecDeque<(i64, i64)>,
    /// Hours before this one have been made, the last of them perhaps not for good.
    made_before: i64,
    /// Since when it has worked without a break, and when last.
    steady_since: Option<DateTime<Utc>>,
    worked_at: Option<DateTime<Utc>>,
}

/// Whether an hour says how far hours were made: there is none yet, or a clock was ahead when it was written.
fn is_known(hour: i64, now: DateTime<Utc>) -> bool {
    hour > 0 && hour <= micros(now)
}

/// What is done with the counts of one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    /// It is made; for good where nothing will be counted in it any more.
    Make { hour: i64, for_good: bool },
    /// Its rows of this grain go.
    Forget { hour: i64, grain: i64 },
}

impl Task {
    /// The hour, and the grain of the rows that are looked for.
    const fn rows(self) -> (i64, i64) {
        match self {
            Self::Make { hour, .. } => (hour, MINUTE),
            Self::Forget { hour, grain } => (hour, grain),
        }
    }
}

/// What a step of the work on counts brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatsStep {
    /// Something was done; there may be more.
    Worked,
    /// There is nothing to do now, or another node does it.
    Rest,
}

impl StatsWalk {
    fn note(&mut self, now: DateTime<Utc>) {
        if self.worked_at.is_none_or(|at| now < at || now - at > BREAK) {
            self.steady_since = Some(now);
        }
        self.worked_at = Some(now);
    }

    /// Which hour is to be made next, where those before `marked` are made for good.
    fn hour_to_make(&self, marked: i64, now: DateTime<Utc>) -> Option<Task> {
        // The previous release made all hours, and removed minutes one by one: the hour that has lost some stays.
        let kept = micros(now - MINUTES_KEPT).div_euclid(WIDTH) * WIDTH + WIDTH;
        let again = if is_known(marked, now) { marked } else { kept };
        let made = if is_known(self.made_before, now) { self.made_before } else { again };
        let first = made.max(again);
        if first + WIDTH <= micros(now - MADE_AFTER) {
            return Some(Task::Make { hour: first, for_good: false });
        }
        let is_steady = self.steady_since.is_some_and(|since| now - since >= STEADY_FOR);
        (is_steady && again + WIDTH <= micros(now - MADE_AGAIN_AFTER))
            .then_some(Task::Make { hour: again, for_good: true })
    }
}

impl Store {
    /// Goes one step: makes an hour of some endpoints, or removes what is too old of some. Done again it
    /// changes nothing, so that it may be cut off and done late.
    pub async fn work_on_stats(
        &self,
        walk: &mut StatsWalk,
        now: DateTime<Utc>,
    ) -> Result<StatsStep, Error> {
        let Some(marked) = self.claim_stats(now).await? else {
            *walk = StatsWalk::default();
            return Ok(StatsStep::Rest);
        };
        walk.note(now);
        let Some(task) = walk.task else {
            let Some(task) = self.next_task(walk, marked, now).await? else {
                return Ok(StatsStep::Rest);
            };
            walk.parts = self.parts_of(task).await?;
            walk.task = Some(task);
            if walk.parts.is_empty() {
                self.end_task(walk, task, now).await?;
            }
            return Ok(StatsStep::Worked);
        };
        let count = walk.parts.len().min(STEP_PARTS);
        let parts: Vec<(i64, i64)> = walk.parts.iter().take(count).copied().collect();
        self.do_part(task, &parts).await?;
        walk.parts.drain(..count);
        if walk.parts.is_empty() {
            self.end_task(walk, task, now).await?;
        }
        Ok(StatsStep::Worked)
    }

    async fn claim_stats(&self, now: DateTime<Utc>) -> Result<Option<i64>, Error> {
        let (me, until) = (self.incarnation(), micros(now + LEASE));
        let too_late = micros(now + LEASE * 2);
        let values: [Value; 4] = [me.into(), until.into(), micros(now).into(), too_late.into()];
        let row = self.inner.pools.write().query_one_raw(self.statement(CLAIM, values)).await?;
        Ok(row.map(|row| row.try_get("", "next")).transpose()?)
    }

    async fn next_task(
        &self,
        walk: &StatsWalk,
        marked: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<Task>, Error> {
        if let Some(task) = walk.hour_to_make(marked, now) {
            return Ok(Some(task));
        }
        for (grain, kept) in [(MINUTE, MINUTES_KEPT), (HOUR, HOURS_KEPT)] {
            let sql = "SELECT began_at FROM stats WHERE grain = $1 ORDER BY began_at LIMIT 1";
            let row = self.reader().query_one_raw(self.statement(sql, [grain.into()])).await?;
            let Some(row) = row else { continue };
            let hour = row.try_get::<i64>("", "began_at")?.div_euclid(WIDTH) * WIDTH;
            if hour + WIDTH <= micros(now - kept) {
                return Ok(Some(Task::Forget { hour, grain }));
            }
        }
        Ok(None)
    }

    /// Whose counts of the hour there are, in the order of their keys.
    async fn parts_of(&self, task: Task) -> Result<VecDeque<(i64, i64)>, Error> {
        let (hour, grain) = task.rows();
        let sql = "SELECT DISTINCT company_id, endpoint_id FROM stats WHERE grain = $1 \
            AND began_at >= $2 AND began_at < $3 ORDER BY company_id, endpoint_id";
        let values: [Value; 3] = [grain.into(), hour.into(), (hour + WIDTH).into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        let part = |row: &sea_orm::QueryResult| {
            Ok((row.try_get("", "company_id")?, row.try_get("", "endpoint_id")?))
        };
        rows.iter().map(part).collect()
    }

    async fn do_part(&self, task: Task, parts: &[(i64, i64)]) -> Result<(), Error> {
        let tx = self.begin().await?;
        for (company, endpoint) in parts {
            match task {
                Task::Make { hour, .. } => make_hour(&tx, *company, *endpoint, hour).await?,
                Task::Forget { hour, grain } => {
                    let sql = "DELETE FROM stats WHERE company_id = $1 AND endpoint_id = $2 AND grain = $3 \
                        AND began_at < $4";
                    let values: [Value; 4] = [
                        (*company).into(),
                        (*endpoint).into(),
                        grain.into(),
                        (hour + WIDTH).into(),
                    ];
                    tx.execute_raw(self.statement(sql, values)).await?;
                }
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Remembers how far hours are made, for good also for whoever comes next.
    async fn end_task(
        &self,
        walk: &mut StatsWalk,
        task: Task,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        walk.task = None;
        let Task::Make { hour, for_good } = task else { return Ok(()) };
        let made = if is_known(walk.made_before, now) { walk.made_before } else { 0 };
        walk.made_before = made.max(hour + WIDTH);
        if for_good {
            let sql = "UPDATE search_state SET next = $1 WHERE name = 'hours' AND claimed_by = $2 \
                AND (next < $1 OR next > $3)";
            let values: [Value; 3] =
                [(hour + WIDTH).into(), self.incarnation().into(), micros(now).into()];
            self.inner.pools.write().execute_raw(self.statement(sql, values)).await?;
        }
        Ok(())
    }
}

async fn make_hour(
    tx: &DatabaseTransaction,
    company: i64,
    endpoint: i64,
    hour: i64,
) -> Result<(), Error> {
    let values: [Value; 4] = [company.into(), endpoint.into(), hour.into(), (hour + WIDTH).into()];
    let backend = tx.get_database_backend();
    tx.execute_raw(Statement::from_sql_and_values(backend, hour_sql(), values)).await?;
    Ok(())
}

/// Makes an endpoint's hour of its minutes, and writes what has come to it: counts only grow.
fn hour_sql() -> String {
    let sums: Vec<String> =
        (0..BUCKETS).map(|bucket| format!("CAST(sum(l{bucket}) AS BIGINT)")).collect();
    let sets: Vec<String> =
        (0..BUCKETS).map(|bucket| format!("l{bucket} = excluded.l{bucket}")).collect();
    insert(&format!(
        "SELECT company_id, endpoint_id, {HOUR}, CAST($3 AS BIGINT), code, success, 0, \
         CAST(sum(attempts) AS BIGINT), {} FROM stats WHERE company_id = $1 AND endpoint_id = $2 \
         AND grain = {MINUTE} AND began_at >= $3 AND began_at < $4 \
         GROUP BY company_id, endpoint_id, code, success ORDER BY code, success \
         ON CONFLICT (company_id, endpoint_id, grain, began_at, code, success, slot) DO UPDATE SET \
         attempts = excluded.attempts, {} WHERE stats.attempts < excluded.attempts",
        sums.join(", "),
        sets.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap()
    }

    fn hours(after_noon: i64) -> i64 {
        micros(noon()) + after_noon * WIDTH
    }

    fn make(after_noon: i64, for_good: bool) -> Option<Task> {
        Some(Task::Make { hour: hours(after_noon), for_good })
    }

    #[test]
    fn an_hour_is_made_after_its_end_and_again_where_all_has_been_well_for_long() {
        let mut walk = StatsWalk { made_before: hours(0), ..StatsWalk::default() };
        walk.note(noon());
        let end = noon() + TimeDelta::hours(1);
        let early = end + MADE_AFTER - TimeDelta::microseconds(1);
        assert_eq!(walk.hour_to_make(hours(0), early), None);
        assert_eq!(walk.hour_to_make(hours(0), end + MADE_AFTER), make(0, false));
        walk.made_before = hours(1);
        assert_eq!(walk.hour_to_make(hours(0), end + MADE_AFTER), None);
        let late = end + MADE_AGAIN_AFTER;
        walk.made_before = hours(2);
        assert_eq!(walk.hour_to_make(hours(0), late - TimeDelta::microseconds(1)), None);
        assert_eq!(walk.hour_to_make(hours(0), late), make(0, true));
        // Where a clock had been ahead, hours are made again from the first one that is there.
        walk.made_before = hours(99);
        assert_eq!(walk.hour_to_make(hours(99), late), make(-44, false));
        walk.made_before = hours(2);
        // After a break it is not known yet what was counted late.
        walk.note(late);
        assert_eq!(walk.hour_to_make(hours(0), late), None);
        walk.note(late + BREAK);
        walk.made_before = hours(3);
        assert_eq!(walk.hour_to_make(hours(0), late + STEADY_FOR), make(0, true));
    }

    #[test]
    fn after_a_long_stop_the_hours_before_it_are_made() {
        let mut walk = StatsWalk::default();
        walk.note(noon());
        assert_eq!(walk.hour_to_make(hours(-64), noon()), make(-64, false));
    }

    #[test]
    fn an_hour_that_has_lost_minutes_is_not_made() {
        let now = noon() + TimeDelta::minutes(1);
        let first = hours(-47);
        assert_eq!(
            StatsWalk::default().hour_to_make(0, now),
            Some(Task::Make { hour: first, for_good: false })
        );
        assert_eq!(
            StatsWalk::default().hour_to_make(0, noon()),
            Some(Task::Make { hour: first, for_good: false }),
            "at noon sharp the hour of 48 hours ago loses its first minute"
        );
    }
}
