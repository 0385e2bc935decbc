//! Log lines: to stderr, as text or as JSON.

use std::io::IsTerminal;

use anyhow::anyhow;
use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

/// Libraries that tell at `info` what ours tell too; a filter that names them wins.
const QUIET: &str = "sea_orm_migration=warn,actix_server=warn";

/// Begins to write log lines. Called once, by the binary; tests have their own subscriber or none.
pub fn start(settings: &Settings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", settings.log))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    .map_err(|error| anyhow!("log lines cannot be written: {error}"))
}
