//! `hookferry serve`: start, wait for a signal, end in order.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use anyhow::{Context, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::clock::SystemClock;
use crate::hints;
use crate::program::Program;
use crate::settings::Settings;

/// The exit code after a second signal.
const ABORTED: i32 = 130;

/// Runs until a signal or until the server fails.
pub async fn run(settings: Settings, hints_wanted: bool) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let told = settings.clone();
    let program = tokio::select! {
        started = Program::start(settings, Arc::new(SystemClock::start())) => started?,
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

fn announce(settings: &Settings, program: &Program, hints_wanted: bool) -> anyhow::Result<()> {
    let address = program.address();
    tracing::info!(node = settings.node_name, "Listening on http://{address}");
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening on http://{address}")?;
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
