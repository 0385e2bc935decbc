//! Settlement: outcomes gather while the previous commit runs, and are committed together.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use domain::id::EndpointId;
use store::{Claimed, EndpointAfter, Settled, ToSettle};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;
use crate::lanes::Mode;
use crate::targets::mode_here;

/// How many outcomes one transaction takes: on SQLite whoever posts meanwhile waits for all of them.
const BATCH_MAX: usize = 512;
/// A batch that is smaller than this gathers for a moment, looked at so often and up to so many times: a
/// transaction costs as much as some dozen outcomes, and nobody waits for one to be written down but the
/// next of its line and, where few requests may be under way, the requests behind them. So it is at most
/// one part in so many of those.
const BATCH_WORTHWHILE: usize = 64;
const WORTHWHILE_PART: usize = 8;
const GATHER_FOR: Duration = Duration::from_millis(2);
const GATHERINGS_MAX: u32 = 5;
/// How long to wait after the database refused, at first and at most.
const AGAIN_AFTER: Duration = Duration::from_millis(50);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(2);
/// How long a delivery rests whose outcome the database does not take.
const UNWRITABLE_FOR: TimeDelta = TimeDelta::minutes(10);

/// Adds what is there already.
fn fill(batch: &mut Vec<ToSettle>, queue: &mut mpsc::Receiver<ToSettle>) {
    while batch.len() < BATCH_MAX {
        let Ok(item) = queue.try_recv() else { return };
        batch.push(item);
    }
}

/// How many outcomes are written down without gathering, where so many requests may be under way.
fn worthwhile(in_flight_max: usize) -> usize {
    BATCH_WORTHWHILE.min(in_flight_max / WORTHWHILE_PART)
}

/// How often a batch is looked at again: where somebody waits behind one of it in line, once is enough.
fn gatherings_max(batch: &[ToSettle]) -> u32 {
    let is_waited_for = batch.iter().any(|item| item.delivery().stands_in_line());
    if is_waited_for { 1 } else { GATHERINGS_MAX }
}

impl Dispatcher {
    pub(crate) async fn settle_loop(
        &self,
        queue: &mut mpsc::Receiver<ToSettle>,
        drained: CancellationToken,
        abort: CancellationToken,
    ) {
        loop {
            let first = tokio::select! {
                biased;
                first = queue.recv() => first,
                () = drained.cancelled() => {
                    queue.close();
                    queue.recv().await
                }
                () = abort.cancelled() => return,
            };
            let Some(first) = first else { return };
            let mut batch = vec![first];
            fill(&mut batch, queue);
            let mut gatherings = 0;
            let worthwhile = worthwhile(self.config.in_flight_max);
            while batch.len() < worthwhile
                && gatherings < gatherings_max(&batch)
                && !drained.is_cancelled()
            {
                tokio::time::sleep(GATHER_FOR).await;
                gatherings += 1;
                fill(&mut batch, queue);
            }
            self.settle_batch(batch, &abort).await;
        }
    }

    /// Settles a batch, however long the database takes to come back; a batch that fails for itself
    /// is halved, so that one bad outcome never holds up its neighbours.
    async fn settle_batch(&self, batch: Vec<ToSettle>, abort: &CancellationToken) {
        let mut waiting = vec![batch];
        let mut again_after = AGAIN_AFTER;
        while let Some(mut batch) = waiting.pop() {
            match self.store.settle(&batch, self.clock.now()).await {
                Ok(settled) => {
                    again_after = AGAIN_AFTER;
                    self.after_settling(&batch, settled);
                }
                Err(error) if error.is_passing() => {
                    tracing::warn!(error = %error, outcomes = batch.len(), "Outcomes wait for the database: {error}");
                    // A batch may have been too much for its time.
                    let second = batch.split_off(batch.len() - batch.len() / 2);
                    waiting.extend([second, batch].into_iter().filter(|half| !half.is_empty()));
                    tokio::select! {
                        () = abort.cancelled() => return,
                        () = tokio::time::sleep(again_after) => {}
                    }
                    again_after = (again_after * 2).min(AGAIN_AFTER_MAX);
                }
                Err(error) if batch.len() > 1 => {
                    tracing::warn!(error = %error, outcomes = batch.len(), "A batch of outcomes is halved: {error}");
                    let second = batch.split_off(batch.len() / 2);
                    waiting.push(second);
                    waiting.push(batch);
                }
                Err(error) => {
                    let delivery = batch[0].delivery().id;
                    tracing::error!(delivery.id = %delivery, error = error.chain(), "The outcome of {delivery} cannot be written; it is tried again in {} minutes: {error}", UNWRITABLE_FOR.num_minutes());
                    let back = self.count_out(&batch);
                    self.give_back_later(back);
                    self.send_wake.notify_one();
                    self.put_off(batch[0].delivery()).await;
                }
            }
        }
    }

    /// A delivery whose outcome cannot be written is not sent again at once.
    async fn put_off(&self, row: &Claimed) {
        let (now, held) = (self.clock.now(), (row.event.company, row.id, row.endpoint));
        if let Err(error) = self.store.put_off(held, now + UNWRITABLE_FOR, now).await {
            tracing::warn!(error = %error, "Delivery {} is given back later: {error}", row.id);
            self.store.doubt(std::iter::once(held));
        }
    }

    fn after_settling(&self, batch: &[ToSettle], settled: Settled) {
        if !settled.lost.is_empty() {
            tracing::warn!(
                outcomes = settled.lost.len(),
                "{} outcomes count for nothing: they are written down already, or another node has their claims",
                settled.lost.len()
            );
        }
        let (mut not_ours, mut back) = (Vec::new(), Vec::new());
        let now = self.clock.now();
        {
            let mut lanes = self.lanes.lock();
            for after in &settled.endpoints {
                let EndpointAfter { endpoint, state, lane_owner, hold_lane_until } = after;
                let is_owned = match lane_owner {
                    Some(owner) if *owner == self.store.incarnation() => {
                        self.owned.lock().insert(*endpoint);
                        true
                    }
                    Some(_) => {
                        not_ours.push(*endpoint);
                        false
                    }
                    None => self.owned.lock().contains(endpoint),
                };
                if let Some(state) = state {
                    let mode_now = mode_here(&self.targets.learn(*endpoint, *state), is_owned);
                    if lanes.mode(*endpoint).is_some_and(|mode| mode != mode_now) {
                        let company = batch
                            .iter()
                            .find(|item| item.delivery().endpoint == *endpoint)
                            .map(|item| item.delivery().event.company);
                        if let Some(company) = company {
                            lanes.set_mode(*endpoint, company, mode_now);
                        }
                        if mode_now != Mode::Open {
                            // From now on newest and oldest take turns, as the database has them.
                            back.extend(lanes.take_queued(*endpoint));
                        }
                    }
                }
                if let Some(until) = hold_lane_until {
                    lanes.hold_until(*endpoint, *until, now);
                    back.extend(lanes.take_queued(*endpoint));
                }
            }
        }
        back.extend(self.count_out(batch));
        self.give_back_later(back);
        for endpoint in not_ours {
            self.leave_to_owner(endpoint, batch);
        }
        self.send_wake.notify_one();
    }

    /// Another node owns the lane: it sends from now on, where one alone does. To what is healthy enough and
    /// unrestrained each node sends what it took in; only what is tried again goes to the owner.
    fn leave_to_owner(&self, endpoint: EndpointId, batch: &[ToSettle]) {
        let Some(item) = batch.iter().find(|item| item.delivery().endpoint == endpoint) else {
            return;
        };
        let rows = {
            let mut lanes = self.lanes.lock();
            let is_open = lanes.mode(endpoint).is_none_or(|mode| mode == Mode::Open);
            if lanes.restraint(endpoint).is_none() && is_open {
                return;
            }
            let company = item.delivery().event.company;
            lanes.set_mode(endpoint, company, Mode::Held);
            if lanes.restraint(endpoint).is_some() {
                lanes.close(endpoint, company)
            } else {
                lanes.take_queued(endpoint)
            }
        };
        self.give_back_later(rows);
    }

    /// Frees the memory of settled rows, and asks for more where more is due. Gives what is to be given back,
    /// because it takes the room of others.
    #[must_use]
    fn count_out(&self, batch: &[ToSettle]) -> Vec<Claimed> {
        self.pulse.settled(batch.len());
        let mut counts: HashMap<EndpointId, (usize, usize)> = HashMap::new();
        for item in batch {
            let delivery = item.delivery();
            let (rows, bytes) = counts.entry(delivery.endpoint).or_default();
            *rows += 1;
            *bytes += delivery.bytes();
        }
        let mut lanes = self.lanes.lock();
        let hungry = self.hungry.lock();
        let (mut wake, mut back) = (false, Vec::new());
        for (endpoint, (rows, bytes)) in counts {
            lanes.settled(endpoint, rows, bytes);
            let excess = lanes.take_excess(endpoint);
            if let Some(row) = excess.first()
                && self.owned.lock().contains(&endpoint)
            {
                // What comes now does not overtake it.
                lanes.set_backlog(endpoint, row.event.company, true);
            }
            back.extend(excess);
            wake |= hungry.contains(&endpoint);
        }
        if wake {
            self.claim_wake.notify_one();
        }
        back
    }
}

#[cfg(test)]
mod tests {
    use domain::delivery::Finish;
    use store::Place;

    use super::*;
    use crate::lanes::tests::row;

    #[test]
    fn few_requests_under_way_do_not_wait_for_each_others_outcomes() {
        let cases = [(1, 0), (7, 0), (8, 1), (511, 63), (512, 64), (1_024, 64)];
        for (in_flight_max, expected) in cases {
            assert_eq!(worthwhile(in_flight_max), expected, "{in_flight_max}");
        }
    }

    #[test]
    fn whoever_waits_in_line_waits_a_moment() {
        let placed = |line| {
            let delivery = Claimed { place: Some(Place { line }), ..row(100, 1) };
            ToSettle::Ended(delivery, Finish::Canceled)
        };
        let free = ToSettle::Ended(row(100, 2), Finish::Canceled);
        assert_eq!(gatherings_max(&[free, placed(None)]), GATHERINGS_MAX);
        assert_eq!(gatherings_max(&[placed(None), placed(Some(7))]), 1);
    }
}
