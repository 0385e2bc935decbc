//! Load generator, receiver and reports: the real program, measured beside the bare client.
//!
//! Load generator and receiver are this process, one thread each, so that a time at the one and a
//! time at the other are of the same clock. The program and PostgreSQL are processes of their own;
//! all share the machine's cores. Nothing here is shipped.

mod bare;
mod client;
mod dead;
mod kill;
mod load;
mod receiver;
mod report;
mod rows;
mod scenarios;
mod stage;
mod tally;
mod usage;
mod wire;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Context;
use clap::{Parser, ValueEnum};

use crate::report::{Machine, Report};
use crate::stage::Stage;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Which program is measured; the test kit reads it too.
const BINARY_ENV: &str = "HOOKFERRY_BIN";

/// The name of the thread that makes the load.
pub(crate) const LOAD_THREAD: &str = "load";

/// Measures the release build of hookferry and prints the table of its speed.
#[derive(Debug, Clone, Parser)]
struct Arguments {
    /// Shorter phases: to see that all works, not to compare
    #[arg(long)]
    short: bool,
    /// On which database
    #[arg(long, value_enum, default_value_t = Databases::Both)]
    database: Databases,
    /// How often each row is measured; its median counts
    #[arg(long, default_value_t = 1)]
    runs: u32,
    /// Fail also where a row misses its floor, not only where a delivery is lost
    #[arg(long)]
    check_floors: bool,
    /// Only rows whose name contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// The program to measure [default: hookferry beside this program]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Where the reports go
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Databases {
    Sqlite,
    Postgres,
    Both,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = if std::env::var_os(BINARY_ENV).is_some() {
        // Its CPU time is found by the thread's name.
        let load = std::thread::Builder::new().name(LOAD_THREAD.into());
        match load.spawn(move || measure(&arguments)).map(std::thread::JoinHandle::join) {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(anyhow::anyhow!("the load has panicked")),
            Err(error) => Err(error.into()),
        }
    } else {
        with_binary(&arguments)
    };
    done.unwrap_or_else(|error| {
        eprintln!("bench: {error:#}");
        ExitCode::FAILURE
    })
}

/// Runs this program again, now with the path of the one to measure in its environment.
fn with_binary(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let own = std::env::current_exe().context("this program has a path")?;
    let binary = arguments.binary.clone().unwrap_or_else(|| own.with_file_name("hookferry"));
    let binary = binary.canonicalize().with_context(|| {
        format!("{} is missing: cargo build --release -p hookferry makes it", binary.display())
    })?;
    let status = Command::new(own)
        .args(std::env::args_os().skip(1))
        .env(BINARY_ENV, binary)
        .status()
        .context("this program can be run again")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let receiver = receiver::start()?;
    let mut report = Report::new(Machine::look());
    println!("{}", report.machine);
    for database in [Databases::Sqlite, Databases::Postgres] {
        if arguments.database != database && arguments.database != Databases::Both {
            continue;
        }
        let stage = Stage::new(database, arguments.short, receiver.clone());
        for run in 1..=arguments.runs.max(1) {
            println!("\n{}, run {run} of {}", stage.database_name(), arguments.runs.max(1));
            let rows = runtime.block_on(scenarios::all(&stage, arguments.only.as_deref()))?;
            report.add(stage.database_name(), rows);
        }
    }
    report.write(&arguments.out)?;
    println!("\n{}", report.markdown());
    println!("Reports: {0}/bench.md and {0}/bench.json", arguments.out.display());
    let lost = report.lost();
    if lost > 0 {
        eprintln!("bench: {lost} acknowledged deliveries did not arrive");
        return Ok(ExitCode::FAILURE);
    }
    let failed = arguments.check_floors && report.misses_a_floor();
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
