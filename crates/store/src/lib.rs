//! Every SQL statement, on SQLite and on PostgreSQL. No entity and no row leaves this crate, each
//! public method is one transaction, and no other crate knows which database runs.

mod claim;
mod clock;
mod company;
mod compiled;
mod deliveries;
mod delivery_list;
mod endpoint_update;
mod endpoints;
mod entity;
mod error;
mod events;
mod hot;
mod ingest;
mod ingest_batch;
mod ingest_keys;
mod ingest_rows;
mod lane_rows;
mod mails;
mod model;
mod nodes;
mod notices;
mod open;
mod ownership;
#[doc(hidden)]
pub mod plans;
mod pools;
mod rows;
mod sample;
mod seal;
mod secrets;
mod settle;
mod settle_history;
mod settle_rows;
mod time;
mod tokens;
mod upkeep;
mod upkeep_age;

pub use claim::{ClaimedRows, DueLane, LaneWant};
pub use clock::Clock;
pub use error::Error;
pub use ingest::{HandOver, INGEST_BYTES_MAX};
pub use mails::ClaimedMail;
pub use model::*;
pub use nodes::{Membership, STALE_AFTER};
pub use open::{Config, Store};
pub use ownership::Held;
pub use seal::MasterKey;
pub use settle::{Attempted, EndpointAfter, Settled, ToSettle};
pub use upkeep::{KEYS_KEPT, KeyWalk};
pub use upkeep_age::{AgeWalk, AgedOut};
