//! The client against real servers on the loopback network.

#![expect(clippy::unwrap_used, reason = "a helper of a test that fails fails the test")]

mod answers;
mod connections;
mod guard;
mod own_inbox;
mod proxies;
mod receiver;
