//! Log lines: to stderr, as text or as JSON.

use std::fmt::{self, Write};
use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use anyhow::anyhow;
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, format};
use tracing_subscriber::registry::LookupSpan;

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
        LogFormat::Text => {
            let is_terminal = std::io::stderr().is_terminal();
            let plain = format().with_ansi(is_terminal);
            lines.with_ansi(is_terminal).event_format(OfRequest::as_text(plain)).try_init()
        }
        LogFormat::Json => {
            let plain = format().json().flatten_event(true).with_span_list(false);
            lines.json().event_format(OfRequest::as_json(plain)).try_init()
        }
    }
    .map_err(|error| anyhow!("log lines cannot be written: {error}"))?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Lines in another format, with the fields of the request on whose way they were written.
struct OfRequest<F> {
    plain: F,
    /// What a line ends with, before which the fields are put.
    end: &'static str,
    field: fn(&mut String, &str, &str) -> fmt::Result,
}

impl<F> OfRequest<F> {
    fn as_text(plain: F) -> Self {
        Self { plain, end: "\n", field: |line, name, value| write!(line, " {name}={value:?}") }
    }

    fn as_json(plain: F) -> Self {
        Self { plain, end: "}\n", field: |line, name, value| write!(line, ",{name:?}:{value:?}") }
    }
}

impl<S, N, F> FormatEvent<S, N> for OfRequest<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let fields = api::with_current_request(|request| request.fields().collect::<Vec<_>>());
        let Some(fields) = fields else { return self.plain.format_event(ctx, writer, event) };
        let mut line = String::new();
        self.plain.format_event(ctx, Writer::new(&mut line), event)?;
        line.truncate(line.strip_suffix(self.end).map_or(line.len(), str::len));
        for (name, value) in fields {
            (self.field)(&mut line, name, &value)?;
        }
        line.push_str(self.end);
        writer.write_str(&line)
    }
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

    fn on_the_way(format: LogFormat) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let plain = tracing_subscriber::fmt().with_writer(move || writer.clone());
        let subscriber: Box<dyn Subscriber + Send + Sync> = match format {
            LogFormat::Text => {
                let text = format::format().with_ansi(false).without_time();
                Box::new(plain.with_ansi(false).event_format(OfRequest::as_text(text)).finish())
            }
            LogFormat::Json => {
                let json = format::format().json().flatten_event(true).without_time();
                Box::new(plain.json().event_format(OfRequest::as_json(json)).finish())
            }
        };
        let _default = tracing::subscriber::set_default(subscriber);
        tracing::warn!(rows = 1, "before");
        let request = api::CurrentRequest::new("a-1".to_owned(), "POST");
        let answering = async { tracing::warn!(rows = 2, "on \"its\" way") };
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(request.scope(answering));
        tracing::warn!(rows = 3, "after");
        let bytes = lines.0.lock().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_on_the_way_of_a_request_names_it() {
        let target = "hookferry::telemetry::tests:";
        assert_eq!(
            on_the_way(LogFormat::Text),
            format!(
                " WARN {target} before rows=1\n \
                 WARN {target} on \"its\" way rows=2 request.id=\"a-1\" method=\"POST\"\n \
                 WARN {target} after rows=3\n"
            )
        );
        let told = on_the_way(LogFormat::Json);
        let told: Vec<serde_json::Value> =
            told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(told[1]["message"], "on \"its\" way");
        assert_eq!((&told[1]["request.id"], &told[1]["method"]), (&"a-1".into(), &"POST".into()));
        assert!(told[0].get("request.id").is_none() && told[2].get("method").is_none());
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
