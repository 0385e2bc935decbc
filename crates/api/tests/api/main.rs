//! The API over HTTP, on a real store.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod bad_input;
mod harness;
mod limits;
mod matrix;
mod operator;
mod people;
mod resources;
