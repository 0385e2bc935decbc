//! Waiting for a fact, bounded.

use std::time::Duration;

use tokio::time::Instant;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until `look` finds something.
///
/// # Panics
/// When it has found nothing `within` the time given, with `what` was waited for.
pub async fn until<T>(what: &str, within: Duration, look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = found(within, look).await;
    found.unwrap_or_else(|| panic!("waited {within:?} in vain: {what}"))
}

/// The same, for callers that say themselves what is wrong.
pub async fn found<T>(within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + within;
    loop {
        let found = look().await;
        if found.is_some() || Instant::now() >= end {
            return found;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
