//! The cold half of the store, one suite on both databases: what people do with companies, tokens,
//! endpoints, events, deliveries and mails.

#![expect(clippy::unwrap_used, reason = "a test; its helpers are not marked as such")]

#[path = "cold/deliveries.rs"]
mod deliveries;
#[path = "cold/endpoints.rs"]
mod endpoints;
#[path = "cold/event_types.rs"]
mod event_types;
#[path = "cold/inboxes.rs"]
mod inboxes;
#[path = "cold/limits.rs"]
mod limits;
#[path = "cold/lists.rs"]
mod lists;
#[path = "cold/mails.rs"]
mod mails;
#[path = "cold/people.rs"]
mod people;
#[path = "cold/people_logins.rs"]
mod people_logins;
#[path = "cold/people_members.rs"]
mod people_members;
#[path = "cold/settings.rs"]
mod settings;
#[path = "cold/setup.rs"]
mod setup;
#[path = "cold/sources.rs"]
mod sources;
#[path = "cold/tokens.rs"]
mod tokens;
