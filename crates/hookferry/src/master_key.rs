//! Where the master key comes from.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use store::MasterKey;

use crate::settings::Settings;
use crate::settings::database::Database;
use crate::settings::sources::Refused;

/// The key file's name in the data directory.
pub const FILE: &str = "master.key";

/// The key that was given; on SQLite else the one in the data directory, made if neither it nor the
/// database exists yet.
pub fn load(settings: &Settings) -> anyhow::Result<MasterKey> {
    if let Some(key) = &settings.master_key {
        return Ok(key.clone());
    }
    match &settings.database {
        Database::Postgres { .. } => Err(Refused::of(
            "HOOKFERRY_MASTER_KEY is required on PostgreSQL, or each node would invent its own; make \
             one with `openssl rand -base64 32`, give the same to every node, and keep a copy apart \
             from the database",
        )
        .into()),
        Database::Sqlite { path } => from_file(&settings.data_dir.join(FILE), path),
    }
}

fn from_file(file: &Path, database: &Path) -> anyhow::Result<MasterKey> {
    if let Some(key) = read(file)? {
        return Ok(key);
    }
    let is_used = database.metadata().is_ok_and(|found| found.len() > 0);
    if is_used {
        bail!(
            "the database {} exists, but its master key {} is gone: restore master.key from the \
             backup, or give the key as HOOKFERRY_MASTER_KEY; without it the stored secrets cannot \
             be read",
            database.display(),
            file.display()
        );
    }
    make(file)?;
    read(file)?.with_context(|| format!("{} is gone again", file.display()))
}

fn read(file: &Path) -> anyhow::Result<Option<MasterKey>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context(format!("cannot read {}", file.display())),
    };
    let key = MasterKey::parse(text.trim()).with_context(|| {
        format!(
            "{} does not hold a key (32 bytes in base64 or hex): restore it from the backup",
            file.display()
        )
    })?;
    Ok(Some(key))
}

/// Writes a new key, whole or not at all; where another process was faster, its key stays.
fn make(file: &Path) -> anyhow::Result<()> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    let draft = file.with_extension(format!("key.{}", std::process::id()));
    let written = write_draft(&draft, &MasterKey::from_bytes(bytes).to_text())
        .and_then(|()| match std::fs::hard_link(&draft, file) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        })
        .and_then(|()| file.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all()));
    std::fs::remove_file(&draft).ok();
    written.with_context(|| format!("cannot write {}", file.display()))
}

fn write_draft(draft: &Path, text: &str) -> std::io::Result<()> {
    std::fs::remove_file(draft).ok();
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    writeln!(out, "{text}")?;
    out.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn settings(dir: &Path, more: &[(&'static str, &str)]) -> Settings {
        let mut pairs = vec![("data_dir", dir.to_str().unwrap())];
        pairs.extend_from_slice(more);
        Settings::from_pairs(&pairs).unwrap()
    }

    #[test]
    fn the_first_start_makes_a_key_that_only_its_owner_reads_and_later_ones_keep_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = load(&settings(dir.path(), &[])).unwrap();
        let file = dir.path().join(FILE);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(dir.path().join("hookferry.db"), "not empty").unwrap();
        let second = load(&settings(dir.path(), &[])).unwrap();
        assert_eq!(first.to_text(), second.to_text());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "no draft is left");
    }

    #[test]
    fn a_lost_key_is_a_sentence_that_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("hookferry.db"), "not empty").unwrap();
        let refused = load(&settings(dir.path(), &[])).unwrap_err().to_string();
        assert!(refused.contains("restore master.key from the backup"), "{refused}");
        assert!(refused.contains("the stored secrets cannot be read"), "{refused}");
        assert!(!dir.path().join(FILE).exists(), "no new key over a used database");
    }

    #[test]
    fn a_broken_key_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "short").unwrap();
        let refused = load(&settings(dir.path(), &[])).unwrap_err().to_string();
        assert!(refused.contains("does not hold a key"), "{refused}");
        assert_eq!(std::fs::read_to_string(dir.path().join(FILE)).unwrap(), "short");
    }

    #[test]
    fn postgresql_needs_a_key_and_a_given_key_wins_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let postgres = ("database_url", "postgres://u@h/d");
        let refused = load(&settings(dir.path(), &[postgres])).unwrap_err();
        assert!(refused.is::<Refused>(), "a setting is wrong: {refused}");
        let refused = refused.to_string();
        assert!(refused.contains("HOOKFERRY_MASTER_KEY is required on PostgreSQL"), "{refused}");
        let hex = "07".repeat(32);
        let given = ("master_key", hex.as_str());
        let expected = MasterKey::from_bytes([7; 32]).to_text();
        assert_eq!(load(&settings(dir.path(), &[postgres, given])).unwrap().to_text(), expected);
        assert_eq!(load(&settings(dir.path(), &[given])).unwrap().to_text(), expected);
        assert!(!dir.path().join(FILE).exists());
    }
}
