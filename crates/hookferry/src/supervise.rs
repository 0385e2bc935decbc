//! A loop that ends or panics although nobody told it to begins again, and the node is not ready
//! while it is down.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::health::Health;

const WAIT_MIN: Duration = Duration::from_millis(500);
const WAIT_MAX: Duration = Duration::from_secs(30);
/// A loop that ran this long begins with the shortest wait again.
const STEADY: Duration = Duration::from_secs(60);

/// Runs a loop until `stop`, beginning it again with ever longer waits.
pub async fn supervise<F, Running>(
    name: &'static str,
    health: Arc<Health>,
    stop: CancellationToken,
    begin: F,
) where
    F: FnMut() -> Running + Send,
    Running: Future<Output = ()> + Send,
{
    supervise_waiting(WAIT_MIN, name, health, stop, begin).await;
}

async fn supervise_waiting<F, Running>(
    wait_min: Duration,
    name: &'static str,
    health: Arc<Health>,
    stop: CancellationToken,
    mut begin: F,
) where
    F: FnMut() -> Running + Send,
    Running: Future<Output = ()> + Send,
{
    let mut wait = wait_min;
    loop {
        let began = Instant::now();
        let ended = AssertUnwindSafe(async { begin().await }).catch_unwind().await;
        if stop.is_cancelled() {
            if ended.is_err() {
                tracing::error!(name, "The {name} loop panicked while it was stopping");
            }
            return;
        }
        let how = if ended.is_ok() { "ended" } else { "panicked" };
        if began.elapsed() >= STEADY {
            wait = wait_min;
        }
        health.loop_down();
        tracing::error!(name, ?wait, "The {name} loop {how}; it begins again after {wait:?}");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        health.loop_up();
        wait = (wait * 2).min(WAIT_MAX);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use api::Readiness;

    use super::*;

    #[tokio::test]
    async fn consumers_that_exit_or_panic_begin_again_and_readiness_is_red_meanwhile() {
        let readiness = Readiness::default();
        let health = Arc::new(Health::new(readiness.clone()));
        health.set_serving(true);
        let stop = CancellationToken::new();
        let runs = AtomicU32::new(0);
        let wait = Duration::from_millis(1);
        let ours = supervise_waiting(wait, "test", health, stop.clone(), || async {
            match runs.fetch_add(1, Ordering::Relaxed) {
                0 => {}
                1..=3 => panic!("run {}", runs.load(Ordering::Relaxed)),
                _ => stop.cancelled().await,
            }
        });
        let watch = async {
            let mut red = false;
            while runs.load(Ordering::Relaxed) < 5 {
                red |= !readiness.is_ready();
                tokio::task::yield_now().await;
            }
            assert!(red, "never red");
            assert!(readiness.is_ready(), "green again once it runs");
            stop.cancel();
        };
        let both = futures_util::future::join(ours, watch);
        tokio::time::timeout(Duration::from_secs(60), both).await.expect("it never ran again");
        assert_eq!(runs.load(Ordering::Relaxed), 5);
    }
}
