//! Turns: whose delivery goes next, and whether it goes at all.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::delivery::Finish;
use domain::settle::{Turn, take_turn};
use store::{Claimed, ToSettle};
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;
use crate::lanes::Mode;
use crate::targets::{Known, mode_of};

/// How long to wait before an endpoint that could not be read is read again.
const READ_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// How long reading an endpoint may take before a request under a rate waits for another turn.
const READING_WITHIN: TimeDelta = TimeDelta::milliseconds(20);

impl Dispatcher {
    pub(crate) async fn send_loop(self: &Arc<Self>, stop: CancellationToken) {
        loop {
            let woken = self.send_wake.notified();
            if stop.is_cancelled() {
                return;
            }
            let wait = loop {
                match self.next_turn() {
                    Ok(row) => self.begin(row),
                    Err(wait) => break wait,
                }
            };
            let timer = async {
                match wait {
                    Some(wait) => self.clock.sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = woken => {}
                () = timer => {}
            }
        }
    }

    /// What has the next turn, or after what time there may be something. Both are asked at once: what makes
    /// room in between would be waited for by nobody.
    fn next_turn(&self) -> Result<Claimed, Option<TimeDelta>> {
        if !self.may_work() {
            // The next sign of life wakes.
            return Err(None);
        }
        let now = self.clock.now();
        let mut lanes = self.lanes.lock();
        lanes.next(now).ok_or_else(|| lanes.next_wake(now).map(|at| at - now))
    }

    /// Begins what a turn brought, without waiting for anything.
    fn begin(self: &Arc<Self>, row: Claimed) {
        if row.claimed_by != self.store.incarnation() {
            // What this node was before had claimed it: it has been given to others.
            let mut lanes = self.lanes.lock();
            lanes.unsent(row.endpoint, self.clock.now());
            lanes.settled(row.endpoint, 1, row.bytes());
            return;
        }
        let dispatcher = Arc::clone(self);
        match self.targets.trusted(row.endpoint) {
            Some(known) if !self.is_ours(&row, &known) => {
                self.spawn(async move { dispatcher.refuse(row, &known).await });
            }
            Some(known) => match self.judge(&row, &known) {
                Turn::Send => {
                    self.spawn(dispatcher.send_on(row, known));
                }
                turn @ (Turn::Hold | Turn::End(_)) => {
                    self.spawn(async move { dispatcher.turn_away(row, turn).await });
                }
            },
            None => {
                self.spawn(dispatcher.begin_after_reading(row));
            }
        }
    }

    /// Runs an attempt of its own. Boxed: the future of a request has five kilobytes, and a task is moved
    /// half a dozen times.
    fn spawn(&self, attempt: impl Future<Output = ()> + Send + 'static) {
        self.attempts.spawn(Box::pin(attempt));
    }

    /// Sends a delivery, and then whatever has the next turn, so that a busy node neither makes a task
    /// for each request nor wakes the loop for it.
    async fn send_on(self: Arc<Self>, row: Claimed, known: Known) {
        // The process may have been frozen since its turn.
        if !self.may_work() {
            return self.turn_away(row, Turn::Hold).await;
        }
        let mut next = Some((row, known));
        while let Some((row, known)) = next {
            self.attempt(row, known).await;
            next = self.next_to_send();
        }
        self.send_wake.notify_one();
    }

    /// What has the next turn and can be sent at once; what cannot is begun on its own.
    fn next_to_send(self: &Arc<Self>) -> Option<(Claimed, Known)> {
        let now = self.clock.now();
        while self.may_work() {
            let row = self.lanes.lock().next(now)?;
            let known = self.targets.trusted(row.endpoint);
            match known.filter(|known| self.is_ours_to_send(&row, known)) {
                Some(known) => return Some((row, known)),
                None => self.begin(row),
            }
        }
        None
    }

    fn is_ours_to_send(&self, row: &Claimed, known: &Known) -> bool {
        row.claimed_by == self.store.incarnation()
            && self.is_ours(row, known)
            && self.judge(row, known) == Turn::Send
    }

    /// Whether this node may send to the endpoint: where it is restrained, only once it has been let in,
    /// and where it is ordered, only what has its place.
    fn is_ours(&self, row: &Claimed, known: &Known) -> bool {
        let traffic = known.target.traffic;
        !traffic.is_exclusive()
            || (self.lanes.lock().restraint(row.endpoint).is_some() && !is_misplaced(row, known))
    }

    fn judge(&self, row: &Claimed, known: &Known) -> Turn {
        take_turn(&row.progress, &known.state, self.store.policy(), self.clock.now())
    }

    /// Reads the endpoint first. The row keeps its slot meanwhile.
    async fn begin_after_reading(self: Arc<Self>, row: Claimed) {
        let begun = self.clock.now();
        loop {
            if !self.may_work() {
                return self.turn_away(row, Turn::Hold).await;
            }
            match self.load_target(row.event.company, row.endpoint).await {
                // It turned Slow since its turn: newest and oldest are to take turns.
                Ok(Some(known)) if mode_of(&known.state) == Mode::Slow => {
                    return self.turn_away(row, Turn::Hold).await;
                }
                Ok(Some(known)) if !self.is_ours(&row, &known) => {
                    return self.refuse(row, &known).await;
                }
                // Those that waited together would begin together, whatever the rate.
                Ok(Some(known))
                    if known.target.traffic.per_second.is_some()
                        && self.clock.now() - begun > READING_WITHIN =>
                {
                    return self.turn_away(row, Turn::Hold).await;
                }
                Ok(Some(known)) => {
                    return match self.judge(&row, &known) {
                        Turn::Send => self.send_on(row, known).await,
                        turn @ (Turn::Hold | Turn::End(_)) => self.turn_away(row, turn).await,
                    };
                }
                Ok(None) => return self.turn_away(row, Turn::End(Finish::Canceled)).await,
                Err(error) if error.is_passing() => tokio::time::sleep(READ_AGAIN_AFTER).await,
                Err(error) => {
                    tracing::error!(endpoint.id = %row.endpoint, error = error.chain(), "Endpoint {} cannot be read: {error}", row.endpoint);
                    return self.turn_away(row, Turn::Hold).await;
                }
            }
        }
    }

    /// Gives back what this node may not send. A delivery without a place at an ordered endpoint was
    /// written by a node that did not know yet: the endpoint is looked through again before anything more
    /// is sent.
    async fn refuse(&self, row: Claimed, known: &Known) {
        if is_misplaced(&row, known) {
            let rows = self.lanes.lock().close(row.endpoint, row.event.company);
            self.give_back_later(rows);
            if let Err(error) = self.store.arrange_again(row.endpoint).await {
                tracing::warn!(endpoint.id = %row.endpoint, error = %error, "Endpoint {} is brought into order later: {error}", row.endpoint);
            }
        }
        self.turn_away(row, Turn::Hold).await;
    }

    /// Ends a delivery without a request, or gives it back.
    pub(crate) async fn turn_away(&self, row: Claimed, turn: Turn) {
        let endpoint = row.endpoint;
        self.lanes.lock().unsent(endpoint, self.clock.now());
        match turn {
            Turn::End(finish) => self.settle_later(ToSettle::Ended(row, finish)).await,
            Turn::Hold | Turn::Send => {
                let bytes = row.bytes();
                self.give_back(vec![row]).await;
                self.lanes.lock().settled(endpoint, 1, bytes);
            }
        }
        self.send_wake.notify_one();
    }

    /// Ends a delivery that takes no place in a lane.
    pub(crate) async fn end_now(&self, row: Claimed, finish: Finish) {
        let held = (row.event.company, row.id, row.endpoint);
        if let Err(error) =
            self.store.settle(&[ToSettle::Ended(row, finish)], self.clock.now()).await
        {
            tracing::warn!(error = %error, delivery.id = %held.1, "Delivery {} is ended later: {error}", held.1);
            self.store.doubt(std::iter::once(held));
        }
    }

    pub(crate) async fn settle_later(&self, item: ToSettle) {
        if self.settle.send(item).await.is_err() {
            tracing::warn!("An outcome came after settlement had ended; it is sent again");
        }
    }
}

/// Whether the endpoint is ordered and the delivery was never given its place.
fn is_misplaced(row: &Claimed, known: &Known) -> bool {
    known.target.traffic.ordered && row.place.is_none() && !row.event.event_type.is_operational()
}
