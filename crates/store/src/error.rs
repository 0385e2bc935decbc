//! What can go wrong in the store, cut by what a caller can do about it.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::limits::Limit;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing in this company.
    #[error("not found")]
    NotFound,
    /// What is asked does not fit the state of the thing.
    #[error("conflict: {code}")]
    Conflict {
        /// Which conflict: one of the API's published codes.
        code: &'static str,
        /// A sentence for the caller.
        detail: String,
    },
    /// As much is there as there may be.
    #[error("the limit {} is reached", limit.as_str())]
    LimitReached {
        /// Which limit.
        limit: Limit,
        /// How much there may be.
        max: u32,
    },
    /// More is asked for in a time than may be.
    #[error("the limit {} is reached for now", limit.as_str())]
    RateLimited {
        /// Which limit.
        limit: Limit,
        /// How much there may be in its time.
        max: u32,
        /// After which time there is room again.
        wait: TimeDelta,
    },
    /// The operator has suspended the company.
    #[error("the company is suspended")]
    Suspended,
    /// The API token was revoked, or its company is gone.
    #[error("the token is no longer valid")]
    Unauthorized,
    /// More work is waiting than the store takes on.
    #[error("too much work is waiting")]
    Overloaded,
    /// An event's own type was read before the event came and before the company's configuration
    /// changed: it is to be read again with [`crate::Store::current_own_types`], and the same events
    /// posted again.
    #[error("the company's configuration has changed since its types were read")]
    TypesChanged,
    /// The database cannot be reached, is locked, or cannot be written.
    #[error("the database is unavailable")]
    Unavailable(#[source] DbErr),
    /// A row is not what it can be.
    #[error("{table} {id} is corrupt: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row.
        id: i64,
        /// What is wrong with it.
        what: String,
    },
    /// The configuration does not fit this database.
    #[error("{0}")]
    Configuration(String),
    /// The master key does not open what was sealed with it.
    #[error("{0}")]
    MasterKey(String),
    /// The database refused a statement.
    #[error("the database failed")]
    Database(#[source] DbErr),
}

const CONTENDED: &str = "contacts are made by others faster than they can be read";

impl Error {
    /// The database did not answer in time.
    pub fn no_answer() -> Self {
        Self::Unavailable(DbErr::Custom("the database did not answer in time".into()))
    }

    /// Whether the same call may succeed later.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Overloaded | Self::TypesChanged | Self::Unavailable(_))
    }

    /// Whether another transaction was in the way and is over now: on PostgreSQL a row that it moved
    /// between the parts of `pending` while this one waited for it (SQLSTATE 40001), or a deadlock.
    pub(crate) fn is_of_a_neighbour(&self) -> bool {
        let Self::Unavailable(error) = self else { return false };
        let code = match cause(error) {
            Some(sqlx::Error::Database(cause)) => cause.code(),
            Some(_) | None => None,
        };
        matches!(code.as_deref(), Some("40001" | "40P01"))
    }

    /// Contacts come and go at the hands of other nodes faster than they can be read.
    pub(crate) fn contended() -> Self {
        Self::Unavailable(DbErr::Custom(CONTENDED.into()))
    }

    /// Whether a batch is better tried again at once: a neighbour was in the way, or made a contact at the
    /// same moment, and is done.
    pub(crate) fn is_of_a_batch_beside(&self) -> bool {
        let (Self::Unavailable(error) | Self::Database(error)) = self else { return false };
        let is_contact_made = match cause(error) {
            Some(sqlx::Error::Database(cause)) => cause
                .constraint()
                .is_some_and(|name| matches!(name, "contacts_number" | "contacts_person")),
            Some(_) | None => false,
        };
        self.is_of_a_neighbour() || is_contact_made
    }

    /// Whether it is due to what a batch says rather than to the database as a whole: then one half of it
    /// may well succeed where both fail together.
    pub(crate) fn is_of_the_batch(&self) -> bool {
        let is_contended =
            matches!(self, Self::Unavailable(DbErr::Custom(text)) if text == CONTENDED);
        !self.is_passing() || is_contended || self.is_of_a_batch_beside()
    }

    /// The error and its causes, for the log. `Debug` is not for it: it shows what the database tells
    /// beside its message, which can be a whole row.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text
    }

    /// The same error for another caller who waited for the same transaction.
    pub(crate) fn copy(&self) -> Self {
        match self {
            Self::NotFound => Self::NotFound,
            Self::Conflict { code, detail } => Self::Conflict { code, detail: detail.clone() },
            Self::LimitReached { limit, max } => Self::LimitReached { limit: *limit, max: *max },
            Self::RateLimited { limit, max, wait } => {
                Self::RateLimited { limit: *limit, max: *max, wait: *wait }
            }
            Self::Suspended => Self::Suspended,
            Self::Unauthorized => Self::Unauthorized,
            Self::Overloaded => Self::Overloaded,
            Self::TypesChanged => Self::TypesChanged,
            Self::Unavailable(cause) => Self::Unavailable(cause.clone()),
            Self::Corrupt { table, id, what } => {
                Self::Corrupt { table, id: *id, what: what.clone() }
            }
            Self::Configuration(text) => Self::Configuration(text.clone()),
            Self::MasterKey(text) => Self::MasterKey(text.clone()),
            Self::Database(cause) => Self::Database(cause.clone()),
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let is_connection = matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_));
        let passing = is_connection || cause(&error).is_some_and(is_passing);
        if passing { Self::Unavailable(error) } else { Self::Database(error) }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::from(DbErr::Query(RuntimeErr::SqlxError(Arc::new(error))))
    }
}

/// What the driver said.
fn cause(error: &DbErr) -> Option<&sqlx::Error> {
    if let DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) =
        error
    {
        return Some(cause);
    }
    None
}

/// What the driver says of a PostgreSQL, or a proxy before one, that closes a connection before it has
/// answered the first thing it is asked, which is for TLS.
const HUNG_UP_AT_THE_DOOR: &str = "unexpected response from SSLRequest: 0x00";

/// Locked, full, gone or going: the statement was right and may pass another time.
fn is_passing(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Database(cause) = error {
        return cause.code().is_some_and(|code| is_passing_code(&code));
    }
    if let sqlx::Error::Protocol(said) = error {
        // Other breaches are mistakes of ours: more parameters than the protocol has room for, say.
        // Behind it the driver says in which line of its own it was.
        return said.starts_with(HUNG_UP_AT_THE_DOOR);
    }
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed
    )
}

/// SQLite's primary result codes (busy, locked, read-only, I/O, full, cannot open) and PostgreSQL's
/// SQLSTATE (connection, resources, operator intervention, read-only, a transaction that rested too long while this
/// process was frozen, serialization, deadlock).
fn is_passing_code(code: &str) -> bool {
    if code.len() == 5 {
        let class = &code[..2];
        return matches!(class, "08" | "53" | "57" | "58")
            || matches!(code, "25006" | "25P03" | "40001" | "40P01" | "55P03");
    }
    code.parse::<i64>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::{is_passing, is_passing_code};
    use sea_orm::sqlx;

    #[test]
    fn locked_and_gone_databases_may_come_back() {
        for code in ["5", "517", "6", "13", "57P01", "40P01", "08006"] {
            assert!(is_passing_code(code), "{code}");
        }
        for code in ["1", "19", "2067", "23505", "42601"] {
            assert!(!is_passing_code(code), "{code}");
        }
    }

    #[test]
    fn who_hangs_up_before_the_first_answer_may_come_back() {
        let said = |text: &str| is_passing(&sqlx::Error::Protocol(text.into()));
        assert!(said("unexpected response from SSLRequest: 0x00"));
        assert!(said(
            "unexpected response from SSLRequest: 0x00 (sqlx_postgres::connection::tls:95)"
        ));
        assert!(!said("unexpected response from SSLRequest: 0x48"), "this is no PostgreSQL");
        assert!(!said("PgConnection::run(): too many arguments for query"));
    }
}
