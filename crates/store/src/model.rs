//! What the store takes and gives: plain values, none of them a row.

mod endpoint;
mod event;
mod mail;
mod sending;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::id::{AddressId, CompanyId, EventId, LoginId, SourceId, TokenId, UserId};
use domain::role::Role;

pub use self::endpoint::*;
pub use self::event::*;
pub use self::mail::*;
pub use self::sending::*;

/// The most rows of one page.
pub const PAGE_ROWS_MAX: u32 = 100;

/// Which page of a list is wanted: newest first, below `before`.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest {
    /// How many rows at most, 1 to [`PAGE_ROWS_MAX`].
    pub limit: u32,
    /// The inside of the last id of the page before.
    pub before: Option<i64>,
}

/// A page of a list. It may be shorter than asked and still not the last one.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, newest first.
    pub data: Vec<T>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<i64>,
}

/// A page of a list that is searched: the search may have been cut.
#[derive(Debug, Clone)]
pub struct CutPage<T> {
    /// The rows, newest first.
    pub data: Vec<T>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<i64>,
    /// Whether the search took too long and goes on with the next page: this one is short, or empty.
    pub cut: bool,
}

/// A company and the person who owns it.
#[derive(Debug, Clone)]
pub struct CompanyRecord {
    /// Its id.
    pub id: CompanyId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What a new API token is to be.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// What it may do; checked against `domain::scope` by the caller.
    pub scopes: Vec<domain::scope::Scope>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
}

/// An API token as it is listed, without the token.
#[derive(Debug, Clone)]
pub struct TokenRecord {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub company: CompanyId,
    /// What it is for.
    pub name: String,
    /// Its last characters, to tell tokens apart.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<domain::scope::Scope>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// By what a caller was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    /// A program's API token.
    Token(TokenId),
    /// A person's login.
    Login {
        /// Which login.
        login: LoginId,
        /// Whose.
        user: UserId,
        /// What the person is in the company.
        role: Role,
    },
    /// A source: its notifications are signed.
    Source(SourceId),
}

/// Who is calling.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The company whose data it sees.
    pub company: CompanyId,
    /// By what it was let in.
    pub bearer: Bearer,
    /// What it may do.
    pub scopes: Vec<domain::scope::Scope>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// The company's configuration version when the token was read; ingest reads the token again
    /// where this is no longer the newest.
    pub config_version: i64,
    /// Since when the operator has suspended the company, when the token was read.
    pub suspended_since: Option<DateTime<Utc>>,
    /// What its company may do in a time.
    pub gate: Arc<crate::Gate>,
}

impl Caller {
    /// The caller, for the audit log.
    pub const fn actor(&self) -> Actor {
        match self.bearer {
            Bearer::Token(token) => Actor::Token(token),
            Bearer::Login { user, .. } => Actor::User(user),
            Bearer::Source(source) => Actor::Source(source),
        }
    }
}

/// Who did something, for the audit log.
#[derive(Debug, Clone, Copy)]
pub enum Actor {
    /// A program with an API token.
    Token(TokenId),
    /// A person.
    User(UserId),
    /// A source.
    Source(SourceId),
    /// Whoever reads an address that gets mails, by a link that was mailed to it.
    Address(AddressId),
    /// The operator's command line.
    Cli,
    /// The operator over REST.
    Operator,
}

/// What became of an event at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// Written down, with that many deliveries.
    New {
        /// The event's id.
        event: EventId,
        /// How many endpoints it matched.
        deliveries: u32,
    },
    /// The same key and body had come before.
    Duplicate {
        /// The first event's id.
        event: EventId,
        /// How many endpoints the first one matched.
        deliveries: u32,
    },
    /// The same key had come before with another body.
    KeyReused {
        /// The first event's id.
        event: EventId,
    },
    /// It had not come before, and its `expires_at` has passed: it was not written down.
    Expired,
    /// It had not come before, and its own type does not take it: it was not written down.
    Unfit,
}
