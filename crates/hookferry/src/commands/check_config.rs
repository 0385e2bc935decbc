//! `hookferry check-config`.

use std::path::Path;

use anyhow::Context;

use crate::settings::Settings;
use crate::settings::database::Database;

/// Prints the settings in effect and checks what can be checked without starting.
pub fn run(settings: &Settings, warnings: &[String]) -> anyhow::Result<()> {
    for shown in &settings.shown {
        let value = shown.value.as_deref().unwrap_or("-");
        println!("{}={value}  ({})", shown.name, shown.origin);
    }
    match &settings.database {
        Database::Sqlite { path } => {
            println!("database: SQLite in {}", path.display());
            let beside = path.parent().filter(|dir| !dir.as_os_str().is_empty());
            for dir in beside.into_iter().chain([settings.data_dir.as_path()]) {
                check_writable(dir)?;
            }
        }
        Database::Postgres { .. } => {
            println!("database: PostgreSQL");
            if settings.master_key.is_none() {
                crate::master_key::load(settings)?;
            }
        }
    }
    for warning in warnings {
        println!("warning: {warning}");
    }
    println!("the settings are fine{}", if warnings.is_empty() { "" } else { ", but see above" });
    Ok(())
}

/// Whether a file can be made in a folder, or the folder itself where there is none yet.
fn check_writable(dir: &Path) -> anyhow::Result<()> {
    let context = || format!("HOOKFERRY_DATA_DIR: {} cannot be written", dir.display());
    let mut existing = dir;
    while !existing.exists() {
        existing =
            existing.parent().filter(|up| !up.as_os_str().is_empty()).unwrap_or(Path::new("."));
    }
    let probe = existing.join(format!(".hookferry-check-{}", std::process::id()));
    std::fs::File::create_new(&probe).with_context(context)?;
    std::fs::remove_file(&probe).with_context(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_checked_without_being_made() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        check_writable(&inner).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let refused = check_writable(&file.join("x")).unwrap_err().to_string();
        assert!(refused.contains("cannot be written"), "{refused}");
    }
}
