//! Load generator, receiver and reports: the real program, measured beside the bare client.
//!
//! Load generator and receiver are this process, one thread each, so that a time at the one and a
//! time at the other are of the same clock. The program and PostgreSQL are processes of their own;
//! all share the machine's cores. Nothing here is shipped.

mod backlog;
mod bare;
mod client;
mod dead;
mod jobs;
mod kill;
mod load;
mod loader;
mod loader_sql;
mod meta;
mod nodes;
mod ordered;
mod overload;
mod paced;
mod receiver;
mod report;
mod retention;
mod rows;
mod soak;
mod stage;
mod table;
mod tally;
mod throughput;
mod usage;
mod wire;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::runtime::Runtime;

use crate::loader::Load;
use crate::report::{Machine, Report};
use crate::stage::Stage;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Which program is measured; the test kit reads it too.
const BINARY_ENV: &str = "HOOKFERRY_BIN";

/// The name of the thread that makes the load.
pub(crate) const LOAD_THREAD: &str = "load";

/// Connections of the load at twice the top rate, the receiver's with them, and what there is anyhow.
const FILES_WANTED: u64 = 8_192;

/// How often each row is measured where nothing else is said, and in the short form.
const RUNS: u32 = 3;
const RUNS_SHORT: u32 = 1;

/// Measures the release build of hookferry and prints the table of its speed.
#[derive(Debug, Clone, Parser)]
struct Arguments {
    #[command(subcommand)]
    other: Option<Other>,
    /// The main rows, once and for a short time: to see that all works, not to compare
    #[arg(long)]
    short: bool,
    /// On which database
    #[arg(long, value_enum, default_value_t = Databases::Both)]
    database: Databases,
    /// How often each row is measured; its median counts [default: 3, short: 1]
    #[arg(long)]
    runs: Option<u32>,
    /// Fail also where a row misses its floor, not only where a delivery is lost
    #[arg(long)]
    check_floors: bool,
    /// Only rows whose name contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// The program to measure [default: hookferry beside this program]
    #[arg(long, value_name = "FILE", global = true)]
    binary: Option<PathBuf>,
    /// Where the reports go
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    out: PathBuf,
}

/// What else there is to do.
#[derive(Debug, Clone, Subcommand)]
enum Other {
    /// Runs for long at a share of the top rate; fails where memory or latency grow, or something is
    /// lost
    Soak {
        /// How long at least
        #[arg(long, default_value_t = 30)]
        minutes: u32,
        /// Which share of the top rate; that is measured again between stretches of minutes
        #[arg(long, default_value_t = 0.8)]
        share: f64,
        /// On which database
        #[arg(long, value_enum, default_value_t = Databases::Both)]
        database: Databases,
    },
    /// Fills a database that the program has made, while no program runs on it. Each company with
    /// endpoints gets the same share
    Load {
        /// sqlite://FILE or postgres://…
        #[arg(long, value_name = "URL")]
        database: String,
        /// Deliveries that wait
        #[arg(long, default_value_t = 0)]
        pending: u64,
        /// How many of them are due
        #[arg(long, default_value_t = 0)]
        due: u64,
        /// Deliveries that have ended
        #[arg(long, default_value_t = 0)]
        finished: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Databases {
    Sqlite,
    Postgres,
    Both,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let loads = matches!(arguments.other, Some(Other::Load { .. }));
    let done = if loads || std::env::var_os(BINARY_ENV).is_some() {
        // Its CPU time is found by the thread's name.
        let load = std::thread::Builder::new().name(LOAD_THREAD.into());
        match load.spawn(move || work(&arguments)).map(std::thread::JoinHandle::join) {
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

fn work(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match &arguments.other {
        None => measure(arguments, &runtime),
        Some(Other::Soak { minutes, share, database }) => {
            let receiver = receiver::start()?;
            let mut fine = true;
            for database in database.each() {
                let stage = Stage::new(database, false, receiver.clone());
                for blame in runtime.block_on(soak::run(&stage, *minutes, *share))? {
                    eprintln!("bench: {}: {blame}", stage.database_name());
                    fine = false;
                }
            }
            Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Some(Other::Load { database, pending, due, finished }) => {
            let (pending, due, finished) = (*pending, *due, *finished);
            let wanted = Load { pending, due, finished, exhausted_every: 100 };
            let loaded = runtime.block_on(loader::load(database, wanted))?;
            println!(
                "{} pending and {} finished deliveries in {:.0} s",
                loaded.pending,
                loaded.finished,
                loaded.took.as_secs_f64()
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl Databases {
    fn each(self) -> Vec<Self> {
        match self {
            Self::Both => vec![Self::Sqlite, Self::Postgres],
            Self::Sqlite | Self::Postgres => vec![self],
        }
    }
}

/// Load and receiver have thousands of connections, each on a file of this process.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let raised = setrlimit(Resource::Nofile, limit);
    let now = getrlimit(Resource::Nofile).current;
    if raised.is_err() || now.is_some_and(|now| now < FILES_WANTED) {
        eprintln!(
            "bench: this process may open {now:?} files and may need {FILES_WANTED} (ulimit -n)"
        );
    }
}

fn measure(arguments: &Arguments, runtime: &Runtime) -> anyhow::Result<ExitCode> {
    if let Some(part) = &arguments.only {
        anyhow::ensure!(table::has(part), "no row has {part:?} in its name");
    }
    raise_open_files();
    let receiver = receiver::start()?;
    let mut report = Report::new(Machine::look(), arguments.short);
    let runs = arguments.runs.unwrap_or(if arguments.short { RUNS_SHORT } else { RUNS }).max(1);
    println!("{}", report.machine);
    // All of them first: that one is not there shows at once.
    let stage = |database| Stage::new(database, arguments.short, receiver.clone());
    let stages: Vec<Stage> = arguments.database.each().into_iter().map(stage).collect();
    report.write(&arguments.out)?;
    for stage in stages {
        report.machine.add(runtime.block_on(stage.version())?);
        for run in 1..=runs {
            println!("\n{}, run {run} of {runs}", stage.database_name());
            let rows = runtime.block_on(table::measure(&stage, arguments.only.as_deref(), run))?;
            report.add(stage.database_name(), rows);
            // What was measured is kept when a later row fails.
            report.write(&arguments.out)?;
        }
    }
    report.end();
    report.write(&arguments.out)?;
    println!("\n{}", report.text());
    println!("Reports: bench.txt, bench.md and bench.json in {}", arguments.out.display());
    let lost = report.lost();
    if lost > 0 {
        eprintln!("bench: {lost} acknowledged deliveries did not arrive");
    }
    let wrong = report.wrong();
    if !wrong.is_empty() {
        eprintln!("bench: something is wrong in: {}", wrong.join("; "));
        return Ok(ExitCode::FAILURE);
    }
    let failed = arguments.check_floors && report.misses_a_floor();
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
