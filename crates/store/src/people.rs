//! People: accounts, logins, links, members, invitations, throttles.

mod account;
mod account_mail;
mod choices;
mod forget;
mod invite;
mod link;
mod login;
mod member;
mod password;
mod record;
mod throttle;

pub(crate) use account::{insert_member, vouch};
pub(crate) use account_mail::{Outgoing, outgoing};
pub use choices::{MailChoicesPatch, MailChoicesRecord};
pub(crate) use invite::{inviter, locked_company};
pub use record::*;
