//! Between rows and values: each column's text or number is written and read in one place.

pub mod attempt;
pub mod audit;
pub mod choice;
pub mod delivery;
pub mod endpoint;
pub mod endpoint_state;
pub mod event;
pub mod head;
pub mod inbox;
pub mod job;
pub mod lane;
pub mod mail;
pub mod notification;
pub mod page;
pub mod person;
pub mod schedule;
pub mod sql;
pub mod token;
pub mod traffic;
