//! The schema of Hookferry: one file a migration, forward only. A migration never imports an entity,
//! and every step works while nodes of the previous release are running.

use sea_orm_migration::prelude::*;

mod m20261121_000001_engine;
mod m20261121_000002_wishes;
mod m20261121_000003_product;
mod m20261121_000004_search;
mod m20261121_000005_live;
mod m20261121_000007_notify;
mod m20261121_000008_traffic;
mod m20261121_000009_fresh_keys;

/// Runs the migrations in order; the store takes a lock first, so that two nodes do not race.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_engine::Migration),
            Box::new(m20261121_000002_wishes::Migration),
            Box::new(m20261121_000003_product::Migration),
            Box::new(m20261121_000004_search::Migration),
            Box::new(m20261121_000005_live::Migration),
            Box::new(m20261121_000007_notify::Migration),
            Box::new(m20261121_000008_traffic::Migration),
            Box::new(m20261121_000009_fresh_keys::Migration),
        ]
    }
}
