//! Companies that the operator has suspended: nothing comes in and nothing is sent, and the time does
//! not count for what waits. It is one fact of the company's, which whoever sends reads with the
//! version of its configuration; only the end of it touches endpoints.

use chrono::{DateTime, Utc};
use domain::id::CompanyId;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::entity::{company, endpoint};
use crate::rows::sql::Sql;
use crate::time::{from_micros, micros};
use crate::{Error, Store};

/// What of a company whoever sends for it must know.
pub(crate) struct Standing {
    pub(crate) config_version: i64,
    pub(crate) suspended_since: Option<DateTime<Utc>>,
}

impl Store {
    /// How a company stands.
    pub(crate) async fn standing(&self, company: CompanyId) -> Result<Standing, Error> {
        let found: Option<(i64, Option<i64>)> = company::Entity::find_by_id(company.raw())
            .select_only()
            .column(company::Column::ConfigVersion)
            .column(company::Column::SuspendedAt)
            .into_tuple()
            .one(self.reader())
            .await?;
        let (config_version, suspended_at) = found.ok_or(Error::NotFound)?;
        Ok(Standing { config_version, suspended_since: suspended_at.map(from_micros) })
    }
}

/// Refuses what would change a suspended company. Asked once the company's row is locked.
pub(crate) async fn check_active(
    tx: &impl ConnectionTrait,
    company: CompanyId,
) -> Result<(), Error> {
    let found: Option<Option<i64>> = company::Entity::find_by_id(company.raw())
        .select_only()
        .column(company::Column::SuspendedAt)
        .into_tuple()
        .one(tx)
        .await?;
    if found.ok_or(Error::NotFound)?.is_some() { Err(Error::Suspended) } else { Ok(()) }
}

/// Keeps the company's endpoints from settlement, in the order in which everybody locks them, and
/// before the company, as everybody does.
pub(crate) async fn lock_endpoints(
    tx: &DatabaseTransaction,
    company: CompanyId,
) -> Result<(), Error> {
    let _ids: Vec<i64> = endpoint::Entity::find()
        .select_only()
        .column(endpoint::Column::Id)
        .filter(endpoint::Column::CompanyId.eq(company.raw()))
        .filter(endpoint::Column::DeletedAt.is_null())
        .order_by_asc(endpoint::Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(tx)
        .await?;
    Ok(())
}

/// What the end of a suspension changes: the time since `suspended_at` counts as held for endpoints
/// that were switched on, and what waits for them has a lane that is due.
pub(crate) async fn resume(
    tx: &DatabaseTransaction,
    company: CompanyId,
    suspended_at: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let backend = tx.get_database_backend();
    let held = (micros(now) - suspended_at).max(0);
    let mut sql = Sql::new("UPDATE endpoints SET held_total_us = held_total_us + ");
    sql.bind(held).text(" WHERE company_id = ").bind(company.raw());
    sql.text(" AND deleted_at IS NULL AND switch = 'enabled'");
    tx.execute_raw(sql.build(backend)).await?;
    // What was in flight when it began may have been answered with 410.
    let mut sql = Sql::new("UPDATE endpoints SET held_since = ");
    sql.bind(suspended_at).text(" WHERE company_id = ").bind(company.raw());
    sql.text(" AND deleted_at IS NULL AND switch <> 'enabled' AND held_since > ")
        .bind(suspended_at);
    tx.execute_raw(sql.build(backend)).await?;
    let mut sql = Sql::new(
        "INSERT INTO lanes (endpoint_id, company_id, owner, next_due, hold_until, version) \
         SELECT e.id, e.company_id, 0, ",
    );
    sql.bind(micros(now)).text(", 0, 1 FROM endpoints e WHERE e.company_id = ").bind(company.raw());
    sql.text(
        " AND e.deleted_at IS NULL AND e.switch = 'enabled' AND EXISTS (SELECT 1 FROM pending p \
         WHERE p.endpoint_id = e.id AND p.claimed_by = 0) ORDER BY e.id \
         ON CONFLICT (endpoint_id) DO UPDATE SET version = lanes.version + 1, next_due = \
         CASE WHEN lanes.next_due < excluded.next_due THEN lanes.next_due \
         ELSE excluded.next_due END",
    );
    tx.execute_raw(sql.build(backend)).await?;
    Ok(())
}
