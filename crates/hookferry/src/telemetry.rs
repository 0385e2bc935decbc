//! Log lines: to stderr, as text or as JSON.

use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use anyhow::anyhow;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::settings::{LogFormat, Settings};

/// Whose lines follow a level that names nobody. Libraries do not know what they must not tell: below
/// a warning they print statements, headers and names that pass through them. They tell more only
/// where the filter names them.
const OURS: [&str; 8] =
    ["api", "dispatch", "domain", "egress", "hookferry", "mail", "migrations", "store"];
/// The most that libraries tell unless they are named.
const THEIRS: LevelFilter = LevelFilter::WARN;
/// A library that calls every request of a port scan an error.
const QUIET: &str = "actix_http=off";

/// Begins to write log lines. Called once, by the binary; tests have their own subscriber or none.
pub fn start(settings: &Settings) -> anyhow::Result<()> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter(&settings.log)?)
        .with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).try_init(),
    }
    .map_err(|error| anyhow!("log lines cannot be written: {error}"))?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn filter(wanted: &str) -> anyhow::Result<EnvFilter> {
    let mut theirs = THEIRS;
    let mut parts = Vec::new();
    for part in wanted.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.parse::<LevelFilter>() {
            Ok(level) => {
                theirs = level.min(THEIRS);
                parts.extend(OURS.map(|name| format!("{name}={level}")));
            }
            Err(_) => parts.push(part.to_owned()),
        }
    }
    Ok(EnvFilter::try_new(format!("{theirs},{QUIET},{}", parts.join(",")))?)
}

/// A panic as a log line. A message that was put together can hold what was being worked on, a
/// customer's data among it: then its place must do.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let what = panic.payload().downcast_ref::<&'static str>().unwrap_or(&"see the code there");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    tracing::error!(place, thread, "Panicked at {place}: {what}");
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
            tracing::debug!(target: "dispatch::lanes", "ours in detail");
            tracing::debug!(target: "sqlx::query", "theirs in detail");
            tracing::warn!(target: "sqlx::pool", "theirs of weight");
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

    #[test]
    fn libraries_tell_no_details_unless_they_are_named() {
        let text = logged("trace");
        assert!(text.contains("ours in detail") && text.contains("theirs of weight"), "{text}");
        assert!(!text.contains("theirs in detail"), "{text}");
        assert!(logged("info,sqlx=debug").contains("theirs in detail"));
        let text = logged("dispatch=debug");
        assert!(text.contains("ours in detail") && text.contains("theirs of weight"), "{text}");
        let text = logged("error");
        assert!(!text.contains("ours") && !text.contains("theirs"), "{text}");
        assert_eq!(logged("off"), "");
    }
}
