//! The only way out: one HTTP request to an endpoint, which cannot reach an address that the policy
//! forbids. No other crate makes an outbound request.

mod answer;
mod client;
mod dial;
mod failure;
mod guard;
mod names;
mod own;

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::address::AddressPolicy;
use domain::headers::Headers;
use domain::outcome::{Acknowledge, Outcome};

pub use crate::client::Client;

/// The most bytes of an answer's body that are kept.
pub const RESPONSE_BODY_BYTES_MAX: usize = 16 * 1024;
/// The most bytes of an answer's headers that are kept, names and values.
pub const RESPONSE_HEADERS_BYTES_MAX: usize = 8 * 1024;

/// A bound for connections where requests take 30 s at most. Where a request gets a pooled connection meanwhile, the
/// one that was begun for it is made in the background, and has no other end.
pub const DIAL_MAX: Duration = Duration::from_secs(35);

/// What egress needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which addresses may be dialled.
    pub policy: AddressPolicy,
    /// Where this process listens: what the policy calls an inbox of our own is dialled here, over
    /// plain HTTP and without a look at names, whatever its URL says. A proxy before us is passed by:
    /// it is not ours, and an inbox behind it is the same inbox. `None`: there are no inboxes.
    pub own_listener: Option<SocketAddr>,
    /// Idle connections kept for each host.
    pub idle_per_host_max: usize,
    /// How long a connection may take to be made: longer than any request waits for it ([`DIAL_MAX`]).
    pub dial_max: Duration,
    /// Who resolves names; `None` is the system's resolver configuration.
    pub names: Option<Arc<dyn Names>>,
}

/// What [`Names::resolve`] gives.
pub type Resolving = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, Unresolvable>> + Send>>;

/// Why a name gives no address, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolvable {
    /// It has none, or its servers do not answer.
    NoAddress(String),
    /// Nobody was asked: this machine had no file descriptor or port left for it.
    NotAsked(String),
}

/// Resolves names to addresses; tests bring their own.
pub trait Names: Send + Sync + std::fmt::Debug {
    /// Every address of `host`, or why there is none.
    fn resolve(&self, host: String) -> Resolving;
}

/// One request.
#[derive(Debug)]
pub struct Request<'a> {
    /// Where to; checked when the endpoint was saved, and again here.
    pub url: &'a url::Url,
    /// All headers but `Host` and `Content-Length`.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
    /// The time at which it is sent: an answer's dates are reckoned from it.
    pub at: DateTime<Utc>,
    /// How long the whole exchange may take, from now.
    pub timeout: Duration,
    /// Which answers are success.
    pub acknowledge: Acknowledge,
}

/// What came of a request. There is always one: failing to send is an outcome too.
#[derive(Debug)]
pub struct Exchange {
    /// Success, or why not.
    pub outcome: Outcome,
    /// The answer's headers, any bytes, cut at [`RESPONSE_HEADERS_BYTES_MAX`].
    pub headers: Vec<(String, Vec<u8>)>,
    /// The answer's body, cut at [`RESPONSE_BODY_BYTES_MAX`].
    pub body: Vec<u8>,
    /// Whether the body was cut.
    pub truncated: bool,
    /// How long it took.
    pub duration: Duration,
    /// The address that was dialled, where known.
    pub peer: Option<SocketAddr>,
    /// Nothing was sent because this machine had no file descriptor, port or memory left for a
    /// connection. It says nothing about the receiver, and is no attempt.
    pub not_sent: bool,
}

/// The client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be built")]
pub struct BuildError(#[source] reqwest::Error);
