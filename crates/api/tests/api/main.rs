//! The API over HTTP, on a real store.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod audit;
mod bad_input;
mod dashboard;
mod event_types;
mod formats;
mod harness;
mod inboxes;
mod limits;
mod live;
mod matrix;
mod metrics;
mod operator;
mod people;
mod resources;
mod search;
mod settings;
mod sources;
