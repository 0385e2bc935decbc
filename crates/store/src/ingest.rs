//! Group commit of ingest: callers hand validated events to one writer, which commits whatever
//! gathered while the previous commit was running, never waiting for more, the companies by turns.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use domain::derived::Statement;
use domain::event::NewEvent;
use domain::id::{CompanyId, EndpointId};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio_util::sync::CancellationToken;

use crate::again::TRIES;
use crate::choosing::Ahead;
use crate::{Accepted, Caller, Claimed, Clock, Error, Store};

/// How many bytes the requests may have together that are not answered yet, the one being written
/// included; past it callers are told to come back. One that is larger gets in when it is alone.
pub const INGEST_BYTES_MAX: u32 = 64 * 1024 * 1024;
/// What an event takes beside its data and texts.
const EVENT_OVERHEAD_BYTES: usize = 256;

/// A database that cannot be reached for so long is gone for whoever waits behind that, too: they are told to come
/// back, instead of each after the other.
const GONE_AFTER: Duration = Duration::from_secs(2);

/// How long ingest waits at a time where more is taken in than can be sent, and for how long at most
/// until it takes from everybody once.
const BREATH: Duration = Duration::from_millis(2);
const REST_MAX: Duration = Duration::from_millis(200);

/// Where fresh deliveries go without being read back: the lanes of this node.
pub trait HandOver: Send + Sync + std::fmt::Debug {
    /// Reserves room for deliveries of one endpoint that take `sizes` bytes of memory; gives how many
    /// of them, the first ones, fit.
    fn reserve(&self, company: CompanyId, endpoint: EndpointId, sizes: &[usize]) -> usize;
    /// Whether this node has been let in to a restrained endpoint: it owns the lane, and nobody else
    /// has anything under way.
    fn is_let_in(&self, endpoint: EndpointId) -> bool;
    /// Whether this node may own lanes: not before it has joined the others.
    fn may_own_lanes(&self) -> bool;
    /// So many deliveries have been written that this node is to send, handed over or to be claimed.
    fn took_in(&self, _deliveries: usize) {}
    /// Whether more is taken in than this node can send: then the next batch is better written a
    /// little later.
    fn is_overrun(&self) -> bool {
        false
    }
    /// Whether that is for this company to wait for, among others: it has at least as much in memory as
    /// companies have on average.
    fn is_overrun_by(&self, _company: CompanyId) -> bool {
        true
    }
    /// How many deliveries this node holds, with those for which room is reserved; without those that are just
    /// being claimed or given back.
    fn held(&self) -> usize {
        usize::MAX
    }
    /// Gives back room for so many deliveries and bytes that was reserved and is not used.
    fn release(&self, endpoint: EndpointId, rows: usize, bytes: usize);
    /// Takes deliveries that are committed and claimed by this node, in order.
    fn hand_over(&self, fresh: Vec<Claimed>);
}

/// One request's events and where its answer goes.
#[derive(Debug)]
pub(crate) struct IngestJob {
    pub(crate) caller: Caller,
    pub(crate) events: Vec<NewEvent>,
    /// What each of them says of a contact and their session; read before the writer has it.
    pub(crate) said: Vec<Option<Statement>>,
    /// Which endpoints they go to, where their data had to be looked into for it.
    pub(crate) ahead: Ahead,
    pub(crate) answer: oneshot::Sender<Result<Vec<Accepted>, Error>>,
    /// Its share of [`INGEST_BYTES_MAX`], held until it is answered.
    room: OwnedSemaphorePermit,
}

impl IngestJob {
    #[cfg(test)]
    pub(crate) fn new(
        caller: Caller,
        events: Vec<NewEvent>,
        answer: oneshot::Sender<Result<Vec<Accepted>, Error>>,
        room: OwnedSemaphorePermit,
    ) -> Self {
        let said = vec![None; events.len()];
        Self { caller, events, said, ahead: Ahead::default(), answer, room }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.data.len()).sum()
    }

    /// Gives back its memory and its room before the caller hears of it.
    fn answer(self, answer: Result<Vec<Accepted>, Error>) {
        let Self { caller: _, events, said, ahead, answer: caller, room } = self;
        drop((events, said, ahead));
        drop(room);
        // The caller may have hung up; its events stay.
        let _ = caller.send(answer);
    }
}

/// What events weigh while they wait.
fn weight(events: &[NewEvent]) -> u32 {
    let text = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len());
    let bytes: usize = events
        .iter()
        .map(|event| {
            let texts = [&event.external_id, &event.subject, &event.phone_number_id];
            let texts: usize = texts.into_iter().map(text).sum();
            event.data.len() + texts + EVENT_OVERHEAD_BYTES
        })
        .sum();
    u32::try_from(bytes).unwrap_or(INGEST_BYTES_MAX).min(INGEST_BYTES_MAX)
}

impl Store {
    /// Writes events down with their deliveries, durably, together with whatever else is waiting.
    /// The answers are in the order of the events; each event stands for itself.
    pub async fn ingest(
        &self,
        caller: &Caller,
        events: Vec<NewEvent>,
    ) -> Result<Vec<Accepted>, Error> {
        let room = Arc::clone(&self.inner.ingest_room)
            .try_acquire_many_owned(weight(&events))
            .map_err(|_| Error::Overloaded)?;
        let (events, ahead) = self.choose_ahead(caller.company, events).await?;
        let (answer, answered) = oneshot::channel();
        let of_event = |event: &NewEvent| Statement::of_event(&event.event_type, &event.data);
        let said = events.iter().map(of_event).collect();
        let job = IngestJob { caller: caller.clone(), events, said, ahead, answer, room };
        if !self.inner.ingest.push(job) {
            return Err(Error::Overloaded);
        }
        answered.await.map_err(|_| Error::Overloaded)?
    }

    /// Runs the writer until `stop`, then writes what is still waiting and ends. One at a time.
    pub async fn run_ingest(
        &self,
        hand_over: Arc<dyn HandOver>,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) {
        let Ok(_only) = self.inner.ingest_writer.try_lock() else { return };
        *self.inner.hands.lock() = Some(Arc::downgrade(&hand_over));
        let queue = &self.inner.ingest;
        let mut resting = None;
        loop {
            let is_filled = tokio::select! {
                biased;
                is_filled = queue.filled() => is_filled,
                () = stop.cancelled() => {
                    queue.close();
                    queue.filled().await
                }
            };
            if !is_filled {
                return;
            }
            let jobs = if stop.is_cancelled() {
                queue.take(|_| true)
            } else {
                self.next_jobs(hand_over.as_ref(), &mut resting).await
            };
            let _batch = self.inner.ingest_batch.lock().await;
            self.write_jobs(jobs, hand_over.as_ref(), clock.as_ref()).await;
        }
    }

    /// Waits until what is being written now has been written, and handed over.
    pub async fn batch_written(&self) {
        drop(self.inner.ingest_batch.lock().await);
    }

    /// How many deliveries this node holds at most.
    pub(crate) fn held(&self) -> usize {
        let hands = self.inner.hands.lock().as_ref().and_then(Weak::upgrade);
        hands.map_or(usize::MAX, |hands| hands.held())
    }

    /// What is written next. Where more is taken in than can be sent, that is sent first, and only those
    /// are let in who have little of it; but nobody waits for long: who posts faster than that fills the
    /// queue and is told to come back.
    async fn next_jobs(
        &self,
        hand_over: &dyn HandOver,
        resting: &mut Option<Instant>,
    ) -> Vec<IngestJob> {
        let queue = &self.inner.ingest;
        while hand_over.is_overrun() {
            if resting.get_or_insert_with(Instant::now).elapsed() >= REST_MAX {
                *resting = None;
                return queue.take_of_everybody();
            }
            let calm = queue.take(|company| !hand_over.is_overrun_by(company));
            if !calm.is_empty() {
                return calm;
            }
            tokio::time::sleep(BREATH).await;
        }
        *resting = None;
        queue.take(|_| true)
    }

    /// Writes jobs in one transaction; a batch that fails is bisected, so that one bad row never
    /// fails its neighbours.
    async fn write_jobs(&self, jobs: Vec<IngestJob>, hand_over: &dyn HandOver, clock: &dyn Clock) {
        let mut waiting = vec![jobs];
        while let Some(jobs) = waiting.pop() {
            let begun = Instant::now();
            match self.write_batch_again(&jobs, hand_over, clock).await {
                Ok(answers) => answer_all(jobs, answers),
                Err(error) if jobs.len() > 1 && error.is_of_the_batch() => {
                    let mut first = jobs;
                    let second = first.split_off(first.len() / 2);
                    waiting.push(second);
                    waiting.push(first);
                }
                Err(error) => {
                    if matches!(error, Error::Unavailable(_)) && begun.elapsed() >= GONE_AFTER {
                        // Each batch of what waits would find that out by itself, one after the other.
                        waiting.drain(..).for_each(|jobs| fail_all(jobs, error.copy()));
                        fail_all(self.inner.ingest.take_all(), error.copy());
                    }
                    fail_all(jobs, error);
                }
            }
        }
    }

    /// Writes a batch, again where another node's transaction was in its way: that one is over now, and this
    /// one has changed nothing.
    async fn write_batch_again(
        &self,
        jobs: &[IngestJob],
        hand_over: &dyn HandOver,
        clock: &dyn Clock,
    ) -> Result<Vec<Result<Vec<Accepted>, Error>>, Error> {
        // Not by `again`: the compiler cannot see that such a future may move between threads.
        for _ in 1..TRIES {
            match self.write_batch(jobs, hand_over, clock.now()).await {
                Err(error) if error.is_of_a_batch_beside() => {}
                done => return done,
            }
        }
        self.write_batch(jobs, hand_over, clock.now()).await
    }
}

fn answer_all(jobs: Vec<IngestJob>, answers: Vec<Result<Vec<Accepted>, Error>>) {
    for (job, answer) in jobs.into_iter().zip(answers) {
        job.answer(answer);
    }
}

fn fail_all(jobs: Vec<IngestJob>, error: Error) {
    if jobs.is_empty() {
        return;
    }
    let cause = error.chain();
    if error.is_passing() {
        tracing::warn!(error = cause, jobs = jobs.len(), "Ingest could not write: {cause}");
    } else {
        tracing::error!(error = cause, "Ingest failed: {cause}");
    }
    for job in jobs {
        job.answer(Err(error.copy()));
    }
}
