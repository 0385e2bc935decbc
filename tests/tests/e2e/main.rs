//! The real binary, driven from outside.

#![expect(clippy::unwrap_used, reason = "all of this is tests, helpers too")]

mod arrows;
mod bad_input;
mod by_hand;
mod canaries;
mod clocks;
mod crashes;
mod database_gone;
mod day_story;
mod exposition;
mod fairness;
mod first_delivery;
mod formats;
mod inboxes;
mod jobs;
mod live;
mod mails;
mod metrics;
mod nodes;
mod openapi;
mod operational;
mod ordered;
mod overload;
mod own_types;
mod peers;
mod peers_database;
mod restarts;
mod retention;
mod shutdown;
mod signatures;
mod sources;
mod support;
mod suspension;
mod traffic;
mod whatsapp;
mod whatsapp_sessions;
