//! Opening the database as the settings say.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::Context;
use store::{Config, Store};

use crate::master_key;
use crate::settings::Settings;
use crate::settings::database::Database;
use crate::settings::sources::Refused;

/// Makes the folders and the file of an SQLite database where they are missing, for nobody but
/// their owner: the file holds every payload. SQLite gives the files beside it the same mode.
pub fn make_files(settings: &Settings) -> anyhow::Result<()> {
    let Database::Sqlite { path } = &settings.database else { return Ok(()) };
    let beside = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    for dir in beside.into_iter().chain([settings.data_dir.as_path()]) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .with_context(|| format!("cannot make the folder {}", dir.display()))?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot make {}", path.display()))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// What the store needs to know, out of the settings; makes what is missing.
pub fn store_config(settings: &Settings) -> anyhow::Result<Config> {
    make_files(settings)?;
    read_config(settings)
}

/// Opens the database, made where there is none; migrates it first where the settings say so.
pub async fn open(settings: &Settings) -> anyhow::Result<Store> {
    open_with(settings, store_config(settings)?).await
}

/// Opens a database that a server has made: another folder's command line makes no second one,
/// whose tokens nobody would take.
pub async fn open_existing(settings: &Settings) -> anyhow::Result<Store> {
    if let Database::Sqlite { path } = &settings.database {
        check_exists(path)?;
    }
    open_with(settings, read_config(settings)?).await
}

/// The schema brought up to date; the names of what was done.
pub async fn migrate(settings: &Settings, config: &Config) -> anyhow::Result<Vec<String>> {
    let applied = Store::migrate(config).await;
    applied.map_err(|error| explain(error, settings, "the migrations failed"))
}

fn check_exists(path: &Path) -> Result<(), Refused> {
    if path.metadata().is_ok_and(|found| found.len() > 0) {
        return Ok(());
    }
    let path = path.display();
    Err(Refused::of(format!(
        "there is no database at {path}; where does the server run? Set --data-dir (or \
         HOOKFERRY_DATA_DIR) to the folder that it uses, or start it first: hookferry serve"
    )))
}

fn read_config(settings: &Settings) -> anyhow::Result<Config> {
    Ok(Config {
        database_url: settings.database.url(),
        master_key: master_key::load(settings)?,
        policy: settings.policy,
        standard_schedule: settings.standard_schedule.clone(),
        limits: settings.limits,
        connections_max: settings.connections_max,
    })
}

async fn open_with(settings: &Settings, config: Config) -> anyhow::Result<Store> {
    if settings.auto_migrate {
        let applied = migrate(settings, &config).await?;
        if !applied.is_empty() {
            tracing::info!(migrations = ?applied, "Applied {} migration(s)", applied.len());
        }
    }
    let opened = Store::open(config).await;
    opened.map_err(|error| explain(error, settings, "the database cannot be opened"))
}

/// An error with its place: who does not answer, or else what was tried.
fn explain(error: store::Error, settings: &Settings, tried: &'static str) -> anyhow::Error {
    let silent = settings.database.server().filter(|_| error.is_passing());
    let error = anyhow::Error::new(error);
    match silent {
        Some(server) => error.context(format!(
            "{tried}: nothing answers as PostgreSQL at {server} (HOOKFERRY_DATABASE_URL)"
        )),
        None => error.context(tried),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn settings(data_dir: &Path) -> Settings {
        Settings::from_pairs(&[("data_dir", data_dir.to_str().unwrap())]).unwrap()
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn only_the_owner_reads_what_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let store = open(&settings(&data)).await.unwrap();
        let now = crate::clock::SystemClock::start();
        store.create_company("A", "a@b", store::Clock::now(&now)).await.unwrap();
        assert_eq!(mode(&data), 0o700);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&data).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
        for name in ["hookferry.db", "hookferry.db-wal", "hookferry.db-shm", "master.key"] {
            assert!(names.iter().any(|found| found == name), "{name} is not among {names:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_missing_database_is_refused_and_nothing_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let refused = open_existing(&settings(&data)).await.unwrap_err();
        let Some(Refused(lines)) = refused.downcast_ref() else { panic!("{refused:#}") };
        assert!(lines[0].starts_with("there is no database at "), "{lines:?}");
        assert!(lines[0].contains("where does the server run? Set --data-dir"), "{lines:?}");
        assert!(!data.exists());
        drop(open(&settings(&data)).await.unwrap());
        open_existing(&settings(&data)).await.unwrap();
    }

    #[test]
    fn who_does_not_answer_is_named() {
        let pairs = [("database_url", "postgres://u:hush@db.example/hooks")];
        let settings = Settings::from_pairs(&pairs).unwrap();
        let text = format!("{:#}", explain(store::Error::no_answer(), &settings, "tried"));
        assert!(text.contains("nothing answers as PostgreSQL at db.example:5432"), "{text}");
        assert!(!text.contains("hush"), "{text}");
        let text = format!("{:#}", explain(store::Error::NotFound, &settings, "tried"));
        assert_eq!(text, "tried: not found");
    }
}
