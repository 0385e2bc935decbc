//! Log lines: to stderr, as text or as JSON.

use std::io::IsTerminal;

use anyhow::anyhow;
use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

/// Libraries that tell at `info` what ours tell too, and one that calls every request of a port scan
/// an error; a filter that names them wins.
const QUIET: &str = "sea_orm_migration=warn,actix_server=warn,actix_http=off";

/// Begins to write log lines. Called once, by the binary; tests have their own subscriber or none.
pub fn start(settings: &Settings) -> anyhow::Result<()> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter(&settings.log)?)
        .with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    .map_err(|error| anyhow!("log lines cannot be written: {error}"))
}

fn filter(wanted: &str) -> anyhow::Result<EnvFilter> {
    Ok(EnvFilter::try_new(format!("{QUIET},{wanted}"))?)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(wanted: &str) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter(wanted).unwrap())
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!(target: "actix_http::h1::dispatcher", "stream error: scanned");
            tracing::info!(target: "dispatch", "ours");
        });
        let bytes = lines.0.lock().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_port_scan_is_not_logged_unless_it_is_asked_for() {
        let text = logged("info");
        assert!(text.contains("ours") && !text.contains("scanned"), "{text}");
        assert!(logged("info,actix_http=error").contains("scanned"));
    }
}
