//! The cold half of the store, one suite on both databases: what people do with companies, tokens,
//! endpoints, events, deliveries and mails.

#[path = "cold/deliveries.rs"]
mod deliveries;
#[path = "cold/endpoints.rs"]
mod endpoints;
#[path = "cold/lists.rs"]
mod lists;
#[path = "cold/mails.rs"]
mod mails;
#[path = "cold/setup.rs"]
mod setup;
#[path = "cold/tokens.rs"]
mod tokens;
