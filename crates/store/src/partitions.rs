//! History on PostgreSQL stands in partitions, one for each day of ids in UTC; they are made ahead.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::id::floor_at;
use sea_orm::{ConnectionTrait, DatabaseBackend, Value};

use crate::{Error, Store};

/// How many days of partitions are made ahead, and how many back at the first start.
const DAYS_AHEAD: i64 = 7;
const DAYS_BACK: i64 = 1;
/// The tables of history, an event before what belongs to it.
pub(crate) const HISTORY: [&str; 3] = ["events", "deliveries", "attempts"];

/// How many rows of a default partition have ids of `$1` and above, 1,000 at most. One probe of its key for each
/// company, which the key begins with: a look past the companies reads all that retention has left there. The
/// inner limit keeps the planner from joining it in another way.
macro_rules! strays {
    ($table:literal, $id:literal) => {
        concat!(
            "(SELECT count(*) FROM (SELECT 1 FROM companies c CROSS JOIN LATERAL (SELECT 1 FROM ",
            $table,
            " r WHERE r.company_id = c.id AND r.",
            $id,
            " >= $1 LIMIT 1000) x LIMIT 1000) y)"
        )
    };
}
pub(crate) const STRAYS_POSTGRES: &str = concat!(
    "SELECT ",
    strays!("events_default", "id"),
    " + ",
    strays!("deliveries_default", "id"),
    " + ",
    strays!("attempts_default", "delivery_id"),
    " AS rows"
);

/// A day of history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day(pub(crate) NaiveDate);

impl Day {
    /// The day of a partition's name.
    pub(crate) fn of_partition(name: &str) -> Option<Self> {
        let (table, digits) = name.rsplit_once('_')?;
        let is_ours = HISTORY.contains(&table) && digits.len() == 8;
        let date = NaiveDate::parse_from_str(digits, "%Y%m%d").ok().filter(|_| is_ours)?;
        Some(Self(date))
    }

    pub(crate) fn partition(self, table: &str) -> String {
        format!("{table}_{}", self.0.format("%Y%m%d"))
    }

    /// Its first moment, and the next day's.
    fn span(self) -> (DateTime<Utc>, DateTime<Utc>) {
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        (
            midnight(self.0),
            midnight(self.0.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX)),
        )
    }

    /// Its ids: from the first one to below the second.
    pub(crate) fn ids(self) -> (i64, i64) {
        let (from, to) = self.span();
        (floor_at(from), floor_at(to))
    }

    /// Whether all of it lies before.
    pub(crate) fn is_before(self, moment: DateTime<Utc>) -> bool {
        self.span().1 <= moment
    }
}

impl Store {
    /// Makes the partitions of the coming days on PostgreSQL; elsewhere there is nothing to do.
    pub async fn make_partitions(&self, now: DateTime<Utc>) -> Result<(), Error> {
        if self.backend() != DatabaseBackend::Postgres {
            return Ok(());
        }
        let removed = self.removed_below().await?;
        for day in -DAYS_BACK..=DAYS_AHEAD {
            let day = Day((now + TimeDelta::days(day)).date_naive());
            if day.ids().1 <= removed {
                continue;
            }
            for table in HISTORY {
                self.make_partition(table, day).await?;
            }
        }
        Ok(())
    }

    async fn make_partition(&self, table: &str, day: Day) -> Result<(), Error> {
        let name = day.partition(table);
        let exists = "SELECT 1 AS one FROM pg_class WHERE relname = $1 AND relkind = 'r'";
        let values: [Value; 1] = [name.clone().into()];
        if self.reader().query_one_raw(self.statement(exists, values)).await?.is_some() {
            return Ok(());
        }
        let (low, high) = day.ids();
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES FROM ({low}) TO ({high})"
        );
        match self.inner.pools.write().execute_unprepared(&sql).await {
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::warn!(error = %error, partition = name, "Partition {name} could not be made: {error}");
                Ok(())
            }
        }
    }

    /// How many rows stand in the default partitions that retention has not left there, 1,000 of each at most.
    pub async fn rows_in_default_partitions(&self) -> Result<i64, Error> {
        if self.backend() != DatabaseBackend::Postgres {
            return Ok(0);
        }
        let values: [Value; 1] = [self.removed_below().await?.into()];
        let row = self.reader().query_one_raw(self.statement(STRAYS_POSTGRES, values)).await?;
        row.map_or(Ok(0), |row| Ok(row.try_get("", "rows")?))
    }

    /// Below which id days have been removed.
    pub(crate) async fn removed_below(&self) -> Result<i64, Error> {
        let sql = "SELECT removed FROM retention WHERE name = 'history'";
        let row = self.reader().query_one_raw(self.statement(sql, [])).await?;
        row.map_or(Ok(0), |row| Ok(row.try_get("", "removed")?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_named_by_its_day() {
        let day = Day(NaiveDate::from_ymd_opt(2026, 11, 9).unwrap());
        assert_eq!(day.partition("events"), "events_20261109");
        assert_eq!(Day::of_partition("attempts_20261109"), Some(day));
        for other in ["events_default", "events_2026110", "event_keys_20261109", "events_20261139"]
        {
            assert_eq!(Day::of_partition(other), None, "{other}");
        }
    }

    #[test]
    fn a_day_is_over_once_its_last_moment_is() {
        let day = Day(NaiveDate::from_ymd_opt(2026, 11, 9).unwrap());
        let end = NaiveDate::from_ymd_opt(2026, 11, 10).unwrap().and_time(NaiveTime::MIN).and_utc();
        assert!(day.is_before(end));
        assert!(!day.is_before(end - TimeDelta::microseconds(1)));
        assert_eq!(day.ids().1, Day(end.date_naive()).ids().0);
    }
}
