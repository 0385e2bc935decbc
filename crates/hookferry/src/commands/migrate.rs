//! `hookferry migrate`.

use crate::database;
use crate::settings::Settings;

/// Brings the schema up to date and says what was done.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let config = database::store_config(settings)?;
    let applied = database::migrate(settings, &config).await?;
    if applied.is_empty() {
        println!("the schema is up to date");
    }
    for name in applied {
        println!("applied {name}");
    }
    Ok(())
}
