//! What people want of deliveries that wait in this node's memory, through whichever node they asked:
//! a canceled one is not sent any more, one that was asked for goes next.

use std::time::Duration;

use domain::delivery::Finish;
use store::{Claimed, ToSettle};
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;

/// How often the database is asked; wishes that come through this node are seen at once.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How many canceled deliveries are ended in one transaction.
const CANCEL_ROWS: usize = 512;

impl Dispatcher {
    pub(crate) async fn wish_loop(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if self.may_work()
                && let Err(error) = self.follow_wishes().await
            {
                tracing::warn!(error = %error, "What people want of deliveries could not be read: {error}");
            }
            tokio::select! {
                () = self.wish_wake.notified() => {}
                () = self.pause(LOOK_EVERY, &stop) => {}
            }
        }
    }

    /// Those whose request is under way stay as they are: settlement looks at their rows.
    async fn follow_wishes(&self) -> Result<(), store::Error> {
        let wishes = self.store.wishes().await?;
        let mut canceled: Vec<Claimed> = Vec::new();
        {
            let mut lanes = self.lanes.lock();
            for wish in wishes {
                if wish.cancel {
                    canceled.extend(lanes.remove(wish.endpoint, wish.delivery));
                } else {
                    lanes.promote(wish.endpoint, wish.delivery);
                }
            }
        }
        self.send_wake.notify_one();
        let mut canceled = canceled.into_iter().peekable();
        while canceled.peek().is_some() {
            let batch: Vec<ToSettle> = canceled
                .by_ref()
                .take(CANCEL_ROWS)
                .map(|row| ToSettle::Ended(row, Finish::Canceled))
                .collect();
            if let Err(error) = self.store.settle(&batch, self.clock.now()).await {
                tracing::warn!(error = %error, "Canceled deliveries are ended later: {error}");
                let rows = batch.iter().map(ToSettle::delivery);
                self.store.doubt(rows.map(|row| (row.event.company, row.id, row.endpoint)));
            }
        }
        Ok(())
    }
}
