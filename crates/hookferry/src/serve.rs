//! `hookferry serve`: start, wait for a signal, end in order.

use std::io::{ErrorKind, IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::clock::SystemClock;
use crate::program::Program;
use crate::settings::Settings;
use crate::{database, hints, open_files};

/// The exit code after a second signal.
const ABORTED: i32 = 130;

/// Runs until a signal or until the server fails.
pub async fn run(settings: Settings, hints_wanted: bool) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    open_files::raise_limit();
    let told = settings.clone();
    // Before the lock's file: the folder is nobody's but ours.
    database::make_files(&settings)?;
    let program = tokio::select! {
        started = Program::start(settings, Arc::new(SystemClock::start())) => started.map_err(|error| explain(error, &told))?,
        () = signals.next() => return Ok(()),
    };
    announce(&told, &program, hints_wanted).context("cannot write to standard output")?;
    let failed = tokio::select! {
        () = signals.next() => false,
        () = program.server_ended() => true,
    };
    tokio::select! {
        () = program.shutdown() => {}
        () = signals.next() => {
            tracing::warn!("Second signal: aborted");
            std::process::exit(ABORTED);
        }
    }
    if failed {
        bail!("the HTTP server ended by itself");
    }
    Ok(())
}

/// A port that is taken is told with the way to another one.
fn explain(error: anyhow::Error, settings: &Settings) -> anyhow::Error {
    let is_taken = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| matches!(cause.kind(), ErrorKind::AddrInUse | ErrorKind::AddrNotAvailable));
    if !is_taken {
        return error;
    }
    let (ip, port) = (settings.listen.ip(), settings.listen.port());
    let other = SocketAddr::new(ip, port.checked_add(1).unwrap_or(8080));
    anyhow::anyhow!(
        "{error:#}; take another address, for instance HOOKFERRY_LISTEN={other} make run, or \
         hookferry serve --listen {other}"
    )
}

fn announce(settings: &Settings, program: &Program, hints_wanted: bool) -> anyhow::Result<()> {
    let address = program.address();
    tracing::info!(node = settings.node_name, "Listening on http://{address}");
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening on http://{address}")?;
    if let Some(metrics) = program.metrics_address() {
        tracing::info!("Metrics on http://{metrics}/metrics");
        writeln!(out, "metrics on http://{metrics}/metrics")?;
    }
    if hints_wanted || out.is_terminal() {
        write!(out, "{}", hints::next_steps(settings, address)?)?;
    }
    out.flush()?;
    Ok(())
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_taken_port_is_told_with_the_setting() {
        let dir = tempfile::tempdir().unwrap();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let pairs = [("data_dir", dir.path().to_str().unwrap()), ("listen", address.as_str())];
        let refused = run(Settings::from_pairs(&pairs).unwrap(), false).await.unwrap_err();
        let text = refused.to_string();
        assert!(text.contains(&format!("cannot listen on {address}")), "{text}");
        assert!(text.contains("HOOKFERRY_LISTEN=127.0.0.1:"), "{text}");
    }
}
