//! The commands, a file each.

pub mod check_config;
pub mod company;
pub mod listen;
pub mod migrate;
pub mod send;
mod send_notification;
pub mod token;
pub mod user;
