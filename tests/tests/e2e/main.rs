//! The real binary, driven from outside.

#![expect(clippy::unwrap_used, reason = "all of this is tests, helpers too")]

mod arrows;
mod bad_input;
mod by_hand;
mod crashes;
mod database_gone;
mod day_story;
mod first_delivery;
mod jobs;
mod mails;
mod openapi;
mod peers;
mod peers_database;
mod restarts;
mod shutdown;
mod signatures;
mod support;
mod suspension;
