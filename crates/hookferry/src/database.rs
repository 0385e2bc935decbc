//! Opening the database as the settings say.

use anyhow::Context;
use store::{Config, Store};

use crate::master_key;
use crate::settings::Settings;
use crate::settings::database::Database;

/// What the store needs to know, out of the settings.
pub fn store_config(settings: &Settings) -> anyhow::Result<Config> {
    if let Database::Sqlite { path } = &settings.database {
        let beside = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        for dir in beside.into_iter().chain([settings.data_dir.as_path()]) {
            std::fs::create_dir_all(dir)
                .with_context(|| format!("cannot make the folder {}", dir.display()))?;
        }
    }
    Ok(Config {
        database_url: settings.database.url(),
        master_key: master_key::load(settings)?,
        policy: settings.policy,
        standard_schedule: settings.standard_schedule.clone(),
        connections_max: settings.connections_max,
    })
}

/// Opens the database; migrates it first where the settings say so.
pub async fn open(settings: &Settings) -> anyhow::Result<Store> {
    let config = store_config(settings)?;
    if settings.auto_migrate {
        let applied = Store::migrate(&config).await.context("the migrations failed")?;
        if !applied.is_empty() {
            tracing::info!(migrations = ?applied, "Applied {} migration(s)", applied.len());
        }
    }
    Store::open(config).await.context("the database cannot be opened")
}
