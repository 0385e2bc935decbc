//! Cutting rows to pages.

use std::time::{Duration, Instant};

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend,
    IsolationLevel, TransactionTrait,
};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{Error, PAGE_ROWS_MAX, Page, PageRequest};

/// How long a list looks for rows, at most. A page that ends there says so, and where to go on.
pub const QUERY_TIME_MAX: Duration = Duration::from_secs(2);
/// A search that has taken so long goes on only while few others do: readers are few.
const QUICK: Duration = Duration::from_millis(100);

/// The time that a search may take.
#[derive(Debug)]
pub struct Patience<'a> {
    began: Instant,
    time_max: Duration,
    room: &'a Semaphore,
    permit: Option<SemaphorePermit<'a>>,
}

impl<'a> Patience<'a> {
    /// From now on; those that take long share `room`.
    pub fn new(time_max: Duration, room: &'a Semaphore) -> Self {
        Self { began: Instant::now(), time_max, room, permit: None }
    }

    /// Whether it is over.
    pub fn is_over(&mut self) -> bool {
        let taken = self.began.elapsed();
        if taken >= self.time_max {
            return true;
        }
        if taken > QUICK && self.permit.is_none() {
            self.permit = self.room.try_acquire().ok();
            return self.permit.is_none();
        }
        false
    }
}

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

/// What a list asks of PostgreSQL's planner: a few rows are followed by the keys of others, where a hash
/// would be made of all that a company has.
pub const LIST_PLANS: &str = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; \
    SET LOCAL max_parallel_workers_per_gather = 0";

/// A reading transaction in which several statements see one state of the database.
pub async fn snapshot(reader: &DatabaseConnection) -> Result<DatabaseTransaction, Error> {
    let transaction = if reader.get_database_backend() == DbBackend::Postgres {
        let (level, mode) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
        let transaction = reader.begin_with_config(Some(level), Some(mode)).await?;
        transaction.execute_unprepared(LIST_PLANS).await?;
        transaction
    } else {
        reader.begin().await?
    };
    Ok(transaction)
}
