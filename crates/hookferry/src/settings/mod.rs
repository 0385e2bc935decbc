//! Configuration: flags, environment, an optional TOML file, defaults; checked once, at start.

pub mod database;
pub mod flags;
pub mod parse;
mod resolve;
pub mod sources;
pub mod table;

pub use resolve::{LogFormat, Settings, Shown};
