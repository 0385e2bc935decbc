//! Where metrics are served: on a listener of their own, or by the API.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::anyhow;
use api::Exposition;
use futures_util::future::BoxFuture;
use tokio_util::task::TaskTracker;

/// The listener that is for metrics alone. It answers until the very end.
pub struct MetricsDoor {
    address: SocketAddr,
    stop: Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>,
    serving: TaskTracker,
}

impl std::fmt::Debug for MetricsDoor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetricsDoor").field("address", &self.address).finish_non_exhaustive()
    }
}

impl MetricsDoor {
    /// Binds the address and begins to answer.
    pub fn open(address: SocketAddr, exposition: Arc<dyn Exposition>) -> anyhow::Result<Self> {
        // Not as a cause: whoever explains a taken address speaks of the other listener.
        let listener = api::bind(address).map_err(|error| {
            anyhow!(
                "cannot listen on {address} for metrics: {error}; take another address with \
                 HOOKFERRY_METRICS_LISTEN"
            )
        })?;
        let address = listener.local_addr()?;
        let server = api::serve_metrics(listener, exposition)?;
        let (handle, serving) = (server.handle(), TaskTracker::new());
        serving.spawn(async move {
            if let Err(error) = server.await {
                tracing::error!("The HTTP server for metrics failed: {error}");
            }
        });
        let stop = Box::new(move || {
            let stopped: BoxFuture<'static, ()> = Box::pin(async move { handle.stop(true).await });
            stopped
        });
        Ok(Self { address, stop, serving })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Finishes the scrapes under way and ends.
    pub async fn close(self) {
        let Self { address: _, stop, serving } = self;
        stop().await;
        serving.close();
        serving.wait().await;
    }
}
