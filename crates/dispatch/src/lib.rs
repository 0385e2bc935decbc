//! Lanes, claims and attempts: which delivery goes next, and what came of it. Never holds a
//! transaction while it waits for a receiver.

pub mod lanes;
mod lines;

mod attempt;
mod claiming;
mod dispatcher;
mod feeding;
mod jobs;
mod membership;
mod metrics;
mod pulse;
mod retention;
mod round;
mod sending;
mod settling;
mod standing;
mod targets;
mod upkeep;
mod wishes;

pub use dispatcher::{Config, Dispatcher};
pub use metrics::{InHand, Metrics};
