//! Waiting for a fact, bounded.

use std::time::Duration;

use tokio::time::Instant;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until `look` finds something.
///
/// # Panics
/// When it has found nothing `within` the time given, with `what` was waited for.
pub async fn until<T, F>(what: &str, within: Duration, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let end = Instant::now() + within;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited {within:?} in vain: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
