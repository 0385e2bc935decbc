//! What happens next, decided on values alone: ids, event types, endpoints and their streak, retry
//! schedules, settlement, signatures, formats, the address policy.
//!
//! Nothing here does I/O, awaits, asks a clock or knows a database, so nothing here can fail for a
//! reason outside its arguments. The shapes of the REST API are not here either.

pub mod address;
pub mod catalogue;
pub mod claim;
pub mod contact;
pub mod delivery;
pub mod derived;
pub mod endpoint;
pub mod endpoint_url;
pub mod event;
pub mod event_type;
pub mod external_key;
pub mod filter;
pub mod format;
pub mod headers;
pub mod id;
pub mod inbox;
pub mod inbox_check;
pub mod inbox_url;
pub mod job;
pub mod json_schema;
pub mod limits;
pub mod notice;
pub mod notification;
pub mod operational;
pub mod operator;
pub mod outcome;
pub mod own_type;
mod pattern;
pub mod person;
pub mod quiet;
pub mod role;
pub mod schedule;
pub mod scope;
pub mod search;
pub mod secret;
pub mod selection;
pub mod session;
pub mod settle;
pub mod source;
pub mod stats;
pub mod throttle;
pub mod traffic;
pub mod wati_webhook;
pub mod whatsapp;
pub mod why;
pub mod wire;
