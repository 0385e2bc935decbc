//! What settlement changes in the lines of ordered endpoints.

use chrono::{DateTime, Utc};

use crate::hot::HotTx;
use crate::lane_rows::LaneWish;
use crate::lines::{self, Line, Locked};
use crate::settle::Changes;
use crate::{Claimed, Error, Hint};

impl Changes<'_> {
    /// Locks the lines in which these deliveries stand.
    pub(crate) async fn lock_lines(&self, tx: &mut HotTx) -> Result<Locked, Error> {
        let finished = self.finished.iter().map(|row| row.delivery);
        let retried = self.retried.iter().map(|row| &row.attempted.delivery);
        let endpoints = finished.chain(retried).filter_map(line_of).map(|line| line.0);
        lines::lock(tx, &endpoints.collect()).await
    }

    /// Lets the next ones of their lines come, and gives who should look at them.
    pub(crate) async fn advance_lines(
        &mut self,
        tx: &mut HotTx,
        locked: &Locked,
        incarnation: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<Hint>, Error> {
        if locked.is_empty() {
            return Ok(Vec::new());
        }
        let ended = self.finished.iter().filter_map(|row| line_of(row.delivery)).collect();
        let again = self.retried.iter().filter_map(|row| line_of(&row.attempted.delivery));
        let mut advanced = lines::advance(tx, &ended, locked, now).await?;
        // Something may have been put before the one that is tried again.
        let put_before = lines::rearrange(tx, &again.collect(), locked, now).await?;
        advanced.lanes.extend(put_before.lanes);
        let wishes: Vec<LaneWish> = advanced.wishes(incarnation, now).collect();
        let hints = wishes.iter().map(LaneWish::hint).collect();
        self.lanes.extend(wishes);
        Ok(hints)
    }
}

/// In which line a delivery stands.
pub(crate) fn line_of(delivery: &Claimed) -> Option<Line> {
    Some((delivery.endpoint.raw(), delivery.place?.line?))
}
