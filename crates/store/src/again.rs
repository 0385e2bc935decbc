//! What the two parts of `pending` on PostgreSQL ask of whoever locks rows there beside settlements.

use domain::id::CompanyId;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, Statement};

use crate::Error;

/// How often a step is tried where a claim or a settlement moves its rows under its hands.
pub(crate) const TRIES: usize = 5;
/// The first half of the advisory locks of [`one_restart_at_a_time`].
const RESTARTS: i32 = 0x686b_7265;

/// Does a step again that met a neighbour's transaction: it has changed nothing, and the neighbour is done.
pub(crate) async fn again<T>(mut step: impl AsyncFnMut() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..TRIES {
        match step().await {
            Err(error) if error.is_of_a_neighbour() => {}
            done => return done,
        }
    }
    step().await
}

/// Waits until nobody else puts finished deliveries of the company back into `pending`, and keeps others
/// from it until the transaction ends. To be asked for before it is read whether they stand there: no key
/// spans the two parts, and one put back by another hand may be claimed by now.
pub(crate) async fn one_restart_at_a_time(
    tx: &DatabaseTransaction,
    company: CompanyId,
) -> Result<(), Error> {
    let backend = tx.get_database_backend();
    if backend == DatabaseBackend::Postgres {
        // Two companies with the same lower half wait for each other, which does no harm.
        let company = company.raw() & i64::from(i32::MAX);
        let sql = "SELECT pg_advisory_xact_lock($1, CAST($2 AS INTEGER))";
        let values = [RESTARTS.into(), company.into()];
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    }
    Ok(())
}
