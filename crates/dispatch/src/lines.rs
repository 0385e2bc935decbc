//! Endpoints that become ordered, or are ordered no longer, while deliveries wait for them.

use std::collections::HashMap;
use std::time::Duration;

use domain::id::EndpointId;
use store::{LineStep, LineWalk};
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;

/// How often to look whether there is such an endpoint, or whether one can go on.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How many slices are done for one endpoint before it is another one's turn.
const SLICES_PER_TURN: usize = 20;

impl Dispatcher {
    pub(crate) async fn lines_loop(&self, stop: CancellationToken) {
        let mut walks: HashMap<EndpointId, LineWalk> = HashMap::new();
        while !stop.is_cancelled() {
            let busy = match self.lines_round(&mut walks, &stop).await {
                Ok(busy) => busy,
                Err(error) => {
                    tracing::warn!(error = %error, "Ordered endpoints wait for the database: {error}");
                    false
                }
            };
            if !busy {
                self.pause(LOOK_EVERY, &stop).await;
            }
        }
    }

    /// Gives whether there is more to do at once.
    async fn lines_round(
        &self,
        walks: &mut HashMap<EndpointId, LineWalk>,
        stop: &CancellationToken,
    ) -> Result<bool, store::Error> {
        if !self.may_work() {
            return Ok(false);
        }
        let endpoints = self.store.lines_at_work().await?;
        walks.retain(|endpoint, _| endpoints.contains(endpoint));
        let mut busy = false;
        for endpoint in endpoints {
            for _ in 0..SLICES_PER_TURN {
                if stop.is_cancelled() {
                    return Ok(false);
                }
                let walk = walks.remove(&endpoint).unwrap_or_default();
                let is_idle = self.lanes.lock().lane_idle(endpoint);
                let now = self.clock.now();
                match self.store.work_on_lines(endpoint, walk, is_idle, now).await? {
                    LineStep::More(walk) => {
                        walks.insert(endpoint, walk);
                    }
                    LineStep::Waits | LineStep::Done => break,
                }
            }
            busy |= walks.contains_key(&endpoint);
        }
        Ok(busy)
    }
}
