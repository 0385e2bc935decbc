//! Lanes as people move them: by enabling, retrying, changing a URL.

use domain::id::{CompanyId, EndpointId};
use sea_orm::ConnectionTrait;

use crate::Error;
use crate::rows::sql::Sql;

/// Gives the endpoint a lane that is due at `due`, or at the earlier moment at which it is already;
/// a hold stays.
pub async fn wake(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    endpoint: EndpointId,
    due: i64,
) -> Result<(), Error> {
    let mut sql = Sql::new(
        "INSERT INTO lanes (endpoint_id, company_id, owner, next_due, hold_until, version) VALUES (",
    );
    sql.bind(endpoint.raw()).text(", ").bind(company.raw()).text(", 0, ").bind(due).text(
        ", 0, 1) ON CONFLICT (endpoint_id) DO UPDATE SET version = lanes.version + 1, next_due = \
         CASE WHEN lanes.next_due < excluded.next_due THEN lanes.next_due \
         ELSE excluded.next_due END",
    );
    tx.execute_raw(sql.build(tx.get_database_backend())).await?;
    Ok(())
}

/// Ends a receiver's Retry-After for the endpoint.
pub async fn clear_hold(tx: &impl ConnectionTrait, endpoint: EndpointId) -> Result<(), Error> {
    let mut sql =
        Sql::new("UPDATE lanes SET hold_until = 0, version = version + 1 WHERE endpoint_id = ");
    sql.bind(endpoint.raw());
    tx.execute_raw(sql.build(tx.get_database_backend())).await?;
    Ok(())
}

/// Ends the hold, and wakes the lane if anything waits for the endpoint. Tells whether it does.
pub async fn reopen(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    endpoint: EndpointId,
    due: i64,
) -> Result<bool, Error> {
    clear_hold(tx, endpoint).await?;
    let mut sql = Sql::new("SELECT id FROM pending WHERE claimed_by = 0 AND endpoint_id = ");
    sql.bind(endpoint.raw()).text(" LIMIT 1");
    let waiting = tx.query_one_raw(sql.build(tx.get_database_backend())).await?.is_some();
    if waiting {
        wake(tx, company, endpoint, due).await?;
    }
    Ok(waiting)
}
