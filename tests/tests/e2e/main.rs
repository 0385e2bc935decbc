//! The real binary, driven from outside.

mod arrows;
mod bad_input;
mod crashes;
mod database_gone;
mod day_story;
mod first_delivery;
mod mails;
mod peers;
mod shutdown;
mod signatures;
mod support;
