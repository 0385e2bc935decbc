//! The tables as the ORM sees them. They change where a migration changes them, and no type of these
//! leaves the crate.

pub mod api_token;
pub mod attempt;
pub mod audit;
pub mod company;
pub mod endpoint;
pub mod event;
pub mod history;
pub mod mail;
pub mod member;
pub mod pending;
pub mod user;
