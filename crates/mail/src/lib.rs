//! Sends rows of the mail outbox over SMTP, and nothing else: what is mailed, to whom and when was
//! decided and written down by others.

mod account;
mod config;
mod message;
mod outbox;
mod smtp;
mod text;

pub use config::{Config, ConfigError};
pub use outbox::{Mailer, run, run_once, wait_after};
pub use text::{Rendered, Writer, render};
