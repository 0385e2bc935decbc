//! Finished deliveries as the index is made of them.

use sea_orm::{DatabaseBackend, FromQueryResult};

use crate::rows::sql::Sql;
use crate::search::terms::EndFacts;

/// A finished delivery with how its last attempt ended.
#[derive(FromQueryResult)]
pub(crate) struct Finished {
    pub(crate) id: i64,
    pub(crate) company_id: i64,
    pub(crate) endpoint_id: i64,
    pub(crate) event_id: i64,
    pub(crate) state: i64,
    pub(crate) status: Option<i64>,
    pub(crate) error: Option<String>,
}

impl Finished {
    /// Its columns for `d`, with the attempt that does not stand in the row. One that stands in an
    /// older row of the same delivery is that row's.
    pub(crate) const SELECT: &str = "SELECT d.id, d.company_id, d.endpoint_id, d.event_id, d.state, \
        COALESCE(d.status_code, a.status_code) AS status, COALESCE(d.error_kind, a.error_kind) AS error";
    /// Nearly all have it in their row: PostgreSQL is to look at no attempt for those. It would at one in each
    /// partition, and where it expects few rows at all of the company's.
    pub(crate) const fn join(backend: DatabaseBackend) -> &'static str {
        if matches!(backend, DatabaseBackend::Postgres) {
            " LEFT JOIN LATERAL (SELECT x.status_code, x.error_kind FROM attempts x \
             WHERE d.started_at IS NULL AND x.company_id = d.company_id AND x.delivery_id = d.id \
             AND x.number = d.tries OFFSET 0) a ON true "
        } else {
            " LEFT JOIN attempts a ON a.company_id = d.company_id AND a.delivery_id = d.id \
             AND a.number = d.tries AND d.started_at IS NULL "
        }
    }

    pub(crate) fn facts(&self) -> EndFacts {
        EndFacts {
            company: self.company_id,
            endpoint: self.endpoint_id,
            state: self.state,
            status: self.status,
            error: self.error.clone(),
        }
    }
}

/// The finished deliveries of some ids, from the lowest up.
pub(crate) fn history_sql(
    backend: DatabaseBackend,
    company: i64,
    (from, below): (i64, i64),
    rows_max: usize,
) -> Sql {
    let mut sql = Sql::new(Finished::SELECT);
    sql.text(" FROM deliveries d").text(Finished::join(backend));
    sql.text("WHERE d.company_id = ").bind(company);
    sql.text(" AND d.id >= ").bind(from).text(" AND d.id < ").bind(below);
    sql.text(" ORDER BY d.id, d.generation LIMIT ").bind(rows_max as i64);
    sql
}
