//! The tables as the ORM sees them. They change where a migration changes them, and no type of these
//! leaves the crate.

pub mod account_link;
pub mod api_token;
pub mod attempt;
pub mod audit;
pub mod company;
pub mod endpoint;
pub mod event;
pub mod event_type;
pub mod history;
pub mod inbox;
pub mod inbox_request;
pub mod invitation;
pub mod job;
pub mod later_delivery;
pub mod login;
pub mod mail;
pub mod member;
pub mod notification_address;
pub mod pending;
pub mod source;
pub mod throttle;
pub mod user;
