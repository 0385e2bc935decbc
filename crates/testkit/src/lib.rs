//! What tests stand on: databases, a receiver, a mailbox, a manual clock, a proxy and the real
//! program. Nothing here is shipped.

pub mod api;
pub mod clock;
pub mod events;
pub mod files;
pub mod mailbox;
pub mod postgres;
pub mod program;
pub mod proxy;
pub mod receiver;
pub mod sql;
pub mod wait;
