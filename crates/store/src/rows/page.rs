//! Cutting rows to pages.

use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel,
    TransactionTrait,
};

use crate::{Error, PAGE_ROWS_MAX, Page, PageRequest};

/// How many rows a filter looks at for one page, at most. A page that ends there is short, and
/// says where the next one begins.
pub const SCAN_ROWS_MAX: i64 = 20_000;

/// How many rows a page has at most.
pub fn limit_of(page: PageRequest) -> u64 {
    u64::from(page.limit.clamp(1, PAGE_ROWS_MAX))
}

/// Below which id the page begins.
pub fn before_of(page: PageRequest) -> i64 {
    page.before.unwrap_or(i64::MAX)
}

/// Cuts rows, read one more than `limit`, to a page. `looked_down_to` is the last id that a filter
/// looked at, where it gave up before the end.
pub fn cut<T>(
    mut rows: Vec<T>,
    limit: u64,
    looked_down_to: Option<i64>,
    id: impl Fn(&T) -> i64,
) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(id) } else { looked_down_to };
    Page { data: rows, next }
}

/// A reading transaction in which several statements see one state of the database.
pub async fn snapshot(reader: &DatabaseConnection) -> Result<DatabaseTransaction, Error> {
    let transaction = if reader.get_database_backend() == DbBackend::Postgres {
        let (level, mode) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
        reader.begin_with_config(Some(level), Some(mode)).await?
    } else {
        reader.begin().await?
    };
    Ok(transaction)
}
