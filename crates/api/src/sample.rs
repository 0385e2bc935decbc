//! Samples are sent on the main runtime: a pooled connection belongs to the runtime that opened it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::headers::Headers;
use domain::outcome::Acknowledge;
use egress::{Client, Exchange, Request};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use crate::error::ApiError;

/// How many samples may be under way.
const IN_FLIGHT_MAX: usize = 32;
/// How many samples may wait.
const WAITING_MAX: usize = 64;

/// One signed request, ready to be sent.
#[derive(Debug)]
pub struct SampleRequest {
    /// Where to.
    pub url: Url,
    /// All headers.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
    /// When it is sent.
    pub at: DateTime<Utc>,
    /// How long the exchange may take.
    pub timeout: Duration,
    /// Which answers are success.
    pub acknowledge: Acknowledge,
}

#[derive(Debug)]
struct Sample {
    request: SampleRequest,
    reply: oneshot::Sender<Exchange>,
}

/// Hands samples to the main runtime. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SampleSender(mpsc::Sender<Sample>);

/// Where samples wait for the main runtime.
#[derive(Debug)]
pub struct SampleQueue(mpsc::Receiver<Sample>);

/// A bounded queue and its two ends.
pub fn sample_channel() -> (SampleSender, SampleQueue) {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    (SampleSender(sender), SampleQueue(receiver))
}

impl SampleSender {
    /// Sends a sample and waits for what comes back.
    pub async fn send(&self, request: SampleRequest) -> Result<Exchange, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send(Sample { request, reply }).map_err(|_| ApiError::Overloaded)?;
        answer.await.map_err(|_| ApiError::Overloaded)
    }
}

/// Sends samples as they come, some at a time, until every sender is gone.
pub async fn run_samples(mut queue: SampleQueue, client: Client) {
    let mut in_flight = FuturesUnordered::new();
    loop {
        tokio::select! {
            sample = queue.0.recv(), if in_flight.len() < IN_FLIGHT_MAX => match sample {
                Some(sample) => in_flight.push(send(&client, sample)),
                None => break,
            },
            Some(()) = in_flight.next(), if !in_flight.is_empty() => {}
        }
    }
    while in_flight.next().await.is_some() {}
}

async fn send(client: &Client, sample: Sample) {
    let Sample { request, mut reply } = sample;
    let SampleRequest { url, headers, body, at, timeout, acknowledge } = request;
    let request = Request { url: &url, headers, body, at, timeout, acknowledge };
    tokio::select! {
        exchange = client.send(request) => drop(reply.send(exchange)),
        () = reply.closed() => {} // nobody waits for it any more
    }
}
