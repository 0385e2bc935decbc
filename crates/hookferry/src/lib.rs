//! The binary: command line, configuration, wiring, telemetry, start and shutdown. The only crate
//! that reads files, the environment and signals. A library with a thin main, so that tests start
//! the real program in their own process.

pub mod cli;
pub mod clock;
mod commands;
mod database;
pub mod duration;
mod health;
mod hints;
pub mod lock;
pub mod master_key;
mod memory;
mod metrics;
mod metrics_door;
mod name;
mod notifications;
mod open_files;
pub mod program;
mod serve;
pub mod settings;
mod signature;
mod supervise;
pub mod telemetry;
