//! How the attempts of all of a company's endpoints went, endpoint by endpoint, and what waits for each.
//!
//! For each endpoint it reads an hour's row for each hour and answer, and the minutes of the current hour
//! or so: the counts, never deliveries.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, EndpointId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::entity::endpoint;
use crate::rows::page::{before_of, cut, snapshot};
use crate::stats::{HOUR, MINUTE};
use crate::stats_read::{Stats, latency_sums};
use crate::time::{from_micros, micros};
use crate::waiting::{EndpointRange, EndpointWaiting};
use crate::{Error, Page, PageRequest, Store};

/// How many endpoints are looked at together.
pub const STATS_ENDPOINTS_MAX: u32 = 1_000;
/// How far back they are looked at together.
pub const STATS_ENDPOINTS_SPAN_MAX: TimeDelta = TimeDelta::days(31);
/// Further back than this, many hours of each are read: of fewer together.
const LONG_SPAN: TimeDelta = TimeDelta::days(7);
const LONG_SPAN_ENDPOINTS_MAX: u32 = 200;

/// Widths of the steps of a series that is made of minutes, in seconds.
const MINUTE_STEPS: [i64; 4] = [60, 120, 300, 600];
/// What is longer is made of hours; of every endpoint's minutes there would be too many.
const MINUTES_SPAN_MAX: TimeDelta = TimeDelta::hours(3);
const HOUR_STEPS: [i64; 7] = [3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800];
/// A series has about so many points.
const POINTS: i64 = 24;
/// So long after an hour its row is not yet trusted to be whole: `stats_work` makes it some minutes after its end.
const HOUR_IS_FRESH: TimeDelta = TimeDelta::minutes(15);
const SECOND: i64 = 1_000_000;

/// How the attempts of one endpoint went.
#[derive(Debug, Clone)]
pub struct EndpointStats {
    /// Which one.
    pub endpoint: EndpointId,
    /// Its attempts.
    pub stats: Stats,
    /// What waits for it.
    pub waiting: EndpointWaiting,
}

/// What a page of them is about.
#[derive(Debug, Clone)]
pub struct EndpointsStats {
    /// From when on, at the beginning of a step.
    pub since: DateTime<Utc>,
    /// The width of a step.
    pub step: TimeDelta,
    /// Endpoint by endpoint, newest first.
    pub page: Page<EndpointStats>,
}

/// Rows of `stats` that are read: of one grain, from a time on and before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) grain: i64,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Store {
    /// How the attempts of a company's endpoints went since then, a page of endpoints, and what waits for
    /// each.
    pub async fn endpoints_stats(
        &self,
        company: CompanyId,
        page: PageRequest,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<EndpointsStats, Error> {
        let is_suspended = self.standing(company).await?.suspended_since.is_some();
        let limit_max =
            if now - since > LONG_SPAN { LONG_SPAN_ENDPOINTS_MAX } else { STATS_ENDPOINTS_MAX };
        let limit = u64::from(page.limit.clamp(1, limit_max));
        let step = step_of(now - since);
        let since = micros(since).div_euclid(step * SECOND) * step * SECOND;
        let (began, width) = (from_micros(since), TimeDelta::seconds(step));
        let held = self.held_max();
        let tx = snapshot(self.reader()).await?;
        let ids: Vec<i64> = endpoint::Entity::find()
            .select_only()
            .column(endpoint::Column::Id)
            .filter(endpoint::Column::CompanyId.eq(company.raw()))
            .filter(endpoint::Column::DeletedAt.is_null())
            .filter(endpoint::Column::Id.lt(before_of(page)))
            .order_by_desc(endpoint::Column::Id)
            .limit(limit + 1)
            .into_tuple()
            .all(&tx)
            .await?;
        let Page { data: ids, next } = cut(ids, limit, None, |id| *id);
        let mut data = Vec::new();
        if let (Some(last), Some(first)) = (ids.first(), ids.last()) {
            let range = EndpointRange { company, first: *first, last: *last };
            let mut found = HashMap::new();
            for stretch in stretches(since, step, now) {
                let none = || Stats::new(began, width);
                add_stretch(&tx, range, stretch, step, &mut found, none).await?;
            }
            let mut waiting = self.waiting_in(&tx, range, is_suspended, held, now).await?;
            for id in ids {
                let mut stats = found.remove(&id).unwrap_or_else(|| Stats::new(began, width));
                stats.sort_answers();
                let waiting = waiting.remove(&id).unwrap_or_default();
                data.push(EndpointStats { endpoint: EndpointId::from_raw(id), stats, waiting });
            }
        }
        Ok(EndpointsStats { since: began, step: width, page: Page { data, next } })
    }
}

/// The width of the steps of a time, in seconds.
fn step_of(span: TimeDelta) -> i64 {
    let wide = span.num_seconds() / POINTS;
    let steps: &[i64] = if span <= MINUTES_SPAN_MAX { &MINUTE_STEPS } else { &HOUR_STEPS };
    let widest = steps.last().copied().unwrap_or(HOUR);
    steps.iter().copied().find(|step| *step >= wide).unwrap_or(widest)
}

/// Hours, where they are whole, and minutes from there on.
pub(crate) fn stretches(since: i64, step: i64, now: DateTime<Utc>) -> Vec<Stretch> {
    if step < HOUR {
        return vec![Stretch { grain: MINUTE, from: since, to: i64::MAX }];
    }
    let hour = HOUR * SECOND;
    let fresh = micros(now - HOUR_IS_FRESH).div_euclid(hour) * hour;
    let minutes = Stretch { grain: MINUTE, from: since.max(fresh), to: i64::MAX };
    let hours = Stretch { grain: HOUR, from: since, to: fresh };
    if since < fresh { vec![hours, minutes] } else { vec![minutes] }
}

async fn add_stretch(
    tx: &DatabaseTransaction,
    range: EndpointRange,
    stretch: Stretch,
    step: i64,
    found: &mut HashMap<i64, Stats>,
    none: impl Fn() -> Stats,
) -> Result<(), Error> {
    let Stretch { grain, from, to } = stretch;
    let (backend, bounds) = (tx.get_database_backend(), [grain, from, to]);
    let answers = range.statement(tx, &answers_sql(backend), &bounds);
    for row in tx.query_all_raw(answers).await? {
        found.entry(row.try_get("", "endpoint_id")?).or_insert_with(&none).add_answer(&row)?;
    }
    let points = range.statement(tx, &points_sql(backend, step * SECOND), &bounds);
    for row in tx.query_all_raw(points).await? {
        let attempts = row.try_get::<i64>("", "attempts")?.unsigned_abs();
        let stats = found.entry(row.try_get("", "endpoint_id")?).or_insert_with(&none);
        stats.add_point(&row, attempts)?;
    }
    Ok(())
}

/// Attempts of each endpoint by step.
pub(crate) fn points_sql(backend: DatabaseBackend, width: i64) -> String {
    let rows = rows_sql(backend);
    format!(
        "SELECT s.endpoint_id, s.began_at - s.began_at % {width} AS step, s.success, \
         CAST(sum(s.attempts) AS BIGINT) AS attempts FROM {rows} \
         GROUP BY s.endpoint_id, s.began_at - s.began_at % {width}, s.success ORDER BY 1, 2, 3"
    )
}

/// Attempts of each endpoint by what came back.
pub(crate) fn answers_sql(backend: DatabaseBackend) -> String {
    let (rows, sums) = (rows_sql(backend), latency_sums());
    format!(
        "SELECT s.endpoint_id, s.code, s.success, max(s.began_at) AS last, {sums} FROM {rows} \
         GROUP BY s.endpoint_id, s.code, s.success ORDER BY 1, 2, 3"
    )
}

/// The counts of each endpoint of a range. From the endpoints to their rows: the key of these begins with
/// the endpoint, and goes on with the time.
fn rows_sql(backend: DatabaseBackend) -> String {
    let of_endpoint = "s.company_id = e.company_id AND s.endpoint_id = e.id AND s.grain = $4 \
        AND s.began_at >= $5 AND s.began_at < $6";
    let range = "e.company_id = $1 AND e.id BETWEEN $2 AND $3 AND e.deleted_at IS NULL";
    if backend == DatabaseBackend::Postgres {
        // What has an OFFSET is asked for each endpoint and not turned round.
        let rows = format!("SELECT s.* FROM stats s WHERE {of_endpoint} OFFSET 0");
        format!("endpoints e CROSS JOIN LATERAL ({rows}) s WHERE {range}")
    } else {
        format!("endpoints e CROSS JOIN stats s WHERE {range} AND {of_endpoint}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn a_time_has_about_two_dozen_steps() {
        let steps = |span: TimeDelta| (step_of(span), span.num_seconds() / step_of(span));
        assert_eq!(steps(TimeDelta::minutes(10)), (60, 10));
        assert_eq!(steps(TimeDelta::hours(1)), (300, 12));
        assert_eq!(steps(TimeDelta::hours(3)), (600, 18));
        assert_eq!(steps(TimeDelta::hours(4)), (3_600, 4));
        assert_eq!(steps(TimeDelta::hours(24)), (3_600, 24));
        assert_eq!(steps(TimeDelta::days(7)), (43_200, 14));
        assert_eq!(steps(STATS_ENDPOINTS_SPAN_MAX), (172_800, 15));
    }

    #[test]
    fn hours_are_read_only_where_nothing_is_added_to_them() {
        let at = |hour, minute| Utc.with_ymd_and_hms(2026, 11, 20, hour, minute, 0).unwrap();
        let stretch = |grain, from, to| Stretch { grain, from, to };
        for (now, fresh) in
            [(at(13, 14), at(12, 0)), (at(13, 15), at(13, 0)), (at(13, 59), at(13, 0))]
        {
            let day = stretches(micros(at(2, 0)), HOUR, now);
            let minutes = stretch(MINUTE, micros(fresh), i64::MAX);
            assert_eq!(day, [stretch(HOUR, micros(at(2, 0)), micros(fresh)), minutes]);
            assert_eq!(stretches(micros(fresh), HOUR, now), [minutes]);
        }
        let few = stretches(micros(at(13, 0)), 300, at(13, 59));
        assert_eq!(few, [stretch(MINUTE, micros(at(13, 0)), i64::MAX)]);
    }
}
