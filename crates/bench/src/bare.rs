//! B: what a bare reqwest client reaches against the same receiver, one thread, 64 connections.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio_util::task::TaskTracker;

use crate::client;
use crate::receiver::Receiver;
use crate::tally::Tally;
use crate::usage::Ours;

const CONNECTIONS: usize = 64;

/// What the bare client reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bare {
    pub(crate) per_second: f64,
    /// CPU time of the receiver, a request.
    pub(crate) receiver_us: f64,
}

/// Measures B.
pub(crate) async fn measure(receiver: &Receiver, lasts: Duration) -> anyhow::Result<Bare> {
    // A second measurement finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = receiver.url(0, 0);
    // On a thread and a runtime of its own, as the program's client has.
    let tally = Arc::new(Tally::new(0, 1, 1));
    receiver.count_for(vec![tally.clone()]);
    let before = Ours::now();
    let client = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(post(url, lasts))
    });
    let (sent, took) = client.await.context("the bare client ended well")??;
    anyhow::ensure!(tally.arrivals() > 0, "the receiver did not read what was sent");
    let ours = Ours::now().since(before);
    Ok(Bare {
        per_second: sent as f64 / took.as_secs_f64(),
        receiver_us: ours.receiver.as_secs_f64() * 1e6 / sent.max(1) as f64,
    })
}

async fn post(url: String, lasts: Duration) -> anyhow::Result<(u64, Duration)> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut body = Vec::new();
    client::write_event(&mut body, 0, 0, 1);
    let body = bytes::Bytes::from(body);
    let (tasks, began) = (TaskTracker::new(), Instant::now());
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (client, url) = (client.clone(), url.clone());
            let body = body.clone();
            tasks.spawn(async move {
                let mut sent = 0;
                while began.elapsed() < lasts {
                    let response = client
                        .post(&url)
                        .header("content-type", "application/json")
                        .body(body.clone())
                        .send()
                        .await?;
                    response.bytes().await?;
                    sent += 1;
                }
                anyhow::Ok(sent)
            })
        })
        .collect();
    let mut sent = 0;
    for worker in workers {
        sent += worker.await??;
    }
    Ok((sent, began.elapsed()))
}
