//! The schema of Hookferry: one folder a migration, forward only. A migration never imports an entity,
//! and every step works while nodes of the previous release are running. The two databases differ where
//! measurements of the hot path say so: the statements of each stand in a file of their own.

use sea_orm_migration::prelude::*;

use crate::statements::Statements;

mod statements;

/// Runs the migrations in order; the store takes a lock first, so that two nodes do not race.
#[derive(Debug)]
pub struct Migrator;

/// The statements of a folder, for both databases.
macro_rules! of_both {
    ($name:literal) => {
        Statements {
            name: $name,
            postgres: Some(include_str!(concat!($name, "/postgres.sql"))),
            sqlite: Some(include_str!(concat!($name, "/sqlite.sql"))),
        }
    };
}

const MIGRATIONS: [Statements; 17] = [
    // Who there is, what came in, what is pending, what has happened, what is to be mailed.
    of_both!("m20261121_000001_engine"),
    // What people ask for while a node holds a delivery in memory: that node finds it by these indexes.
    Statements {
        name: "m20261121_000002_wishes",
        postgres: Some(include_str!("m20261121_000002_wishes/both.sql")),
        sqlite: Some(include_str!("m20261121_000002_wishes/both.sql")),
    },
    // What stands around the engine: logins, links, invitations, own event types, jobs, stats, inboxes.
    of_both!("m20261121_000003_product"),
    // The index behind the lists of events and deliveries.
    of_both!("m20261121_000004_search"),
    // Watching live: who is watched, and what happened to them in the last minutes.
    of_both!("m20261121_000005_live"),
    // Who gets which mail: what members choose, addresses beside them, and whose each mail is.
    of_both!("m20261121_000007_notify"),
    // Endpoints with a rate, a bound of requests under way, or an order: when their lanes may begin, and
    // the lines of contacts.
    of_both!("m20261121_000008_traffic"),
    // A place for SQLite's newest keys, in the order in which they come; PostgreSQL does without.
    Statements {
        name: "m20261121_000009_fresh_keys",
        postgres: None,
        sqlite: Some(include_str!("m20261121_000009_fresh_keys/sqlite.sql")),
    },
    // PostgreSQL's deliveries that wait, apart from those that a node holds. Nodes wait while they are copied.
    Statements {
        name: "m20261121_000010_pending_parts",
        postgres: Some(include_str!("m20261121_000010_pending_parts/postgres.sql")),
        sqlite: None,
    },
    // Sources, what they refused, and which number an event came by.
    of_both!("m20261128_000011_sources"),
    // Contacts, and the 24-hour sessions with them.
    of_both!("m20261128_000012_sessions"),
    // What endpoints of Wati's format call some events.
    of_both!("m20261128_000013_formats"),
    // How far PostgreSQL's days of history have been removed; SQLite's rows are removed one by one.
    Statements {
        name: "m20261129_000014_retention",
        postgres: Some(include_str!("m20261129_000014_retention/postgres.sql")),
        sqlite: None,
    },
    // Slices of the index behind the lists are merged.
    Statements {
        name: "m20261129_000015_search_levels",
        postgres: Some(include_str!("m20261129_000015_search_levels/both.sql")),
        sqlite: Some(include_str!("m20261129_000015_search_levels/both.sql")),
    },
    // Endpoints that are not deleted, for whoever asks for a company's.
    of_both!("m20261130_000016_live_endpoints"),
    // How far hours of counts are made.
    Statements {
        name: "m20261130_000017_hours",
        postgres: Some(include_str!("m20261130_000017_hours/both.sql")),
        sqlite: Some(include_str!("m20261130_000017_hours/both.sql")),
    },
    // Lines of the audit log by what they are about, and jobs by when they ended, for whoever wants few of them.
    of_both!("m20261130_000018_few_rows"),
];

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        MIGRATIONS.into_iter().map(|one| Box::new(one) as Box<dyn MigrationTrait>).collect()
    }
}
