//! The load: connections that post events, as fast as they can or at set times.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::future::try_join_all;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::client::{Answered, Connection, Sender};

/// Before the first event of an open loop is due.
const LEAD: Duration = Duration::from_millis(20);
/// Between two looks at whether to stop.
const LOOK: Duration = Duration::from_millis(100);

/// How a closed loop posts: each connection again as soon as it has its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closed {
    pub(crate) connections: usize,
    /// Events in one request; one goes to `/events`, more to `/events/batch`.
    pub(crate) batch: usize,
    /// At the latest; the tally being full ends it too.
    pub(crate) until: Instant,
}

/// Posts as fast as it can.
pub(crate) async fn closed_loop(sender: &Sender, closed: Closed) -> anyhow::Result<()> {
    let (tasks, next) = (TaskTracker::new(), Arc::new(AtomicUsize::new(0)));
    let workers: Vec<_> = (0..closed.connections)
        .map(|place| {
            let (next, mut connection) = (next.clone(), Connection::new(sender.clone(), place));
            tasks.spawn(async move {
                let tally = connection.tally().clone();
                loop {
                    let first = next.fetch_add(closed.batch, Ordering::Relaxed);
                    let (numbers, now) = (first..first + closed.batch, Instant::now());
                    if numbers.end > tally.capacity() || now >= closed.until {
                        return anyhow::Ok(());
                    }
                    numbers.clone().for_each(|number| tally.intend(number, now));
                    match closed.batch {
                        1 => connection.post_event(first).await?,
                        _ => connection.post_batch(numbers).await?,
                    }
                }
            })
        })
        .collect();
    join(workers).await
}

/// Ends an open loop early.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn never() -> Self {
        Self::default()
    }

    pub(crate) fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How an open loop posts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open {
    pub(crate) per_second: u32,
    pub(crate) connections: usize,
    pub(crate) count: usize,
}

/// What became of the events of an open loop that posts each but once.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(crate) accepted: AtomicU64,
    pub(crate) too_many: AtomicU64,
    pub(crate) too_many_without: AtomicU64,
    /// Connections refused or broken.
    pub(crate) broken: AtomicU64,
}

/// Posts each event at its own time, whether or not the ones before are answered, until it is
/// taken. Its latency counts from its time.
pub(crate) async fn open_loop(sender: &Sender, open: Open, stop: &Stop) -> anyhow::Result<()> {
    let tally = sender.tally.clone();
    let due = move |number, at| tally.intend(number, at);
    paced(sender, open, stop, due, async |connection, number| connection.post_event(number).await)
        .await
}

/// The same, each but once, whatever the answer is.
pub(crate) async fn open_loop_once(
    sender: &Sender,
    open: Open,
    stop: &Stop,
) -> anyhow::Result<Arc<Answers>> {
    let answers = Arc::new(Answers::default());
    let counted = answers.clone();
    let once = async move |connection: &mut Connection, number| {
        let count = match connection.try_event(number).await {
            Ok(Answered::Accepted) => &counted.accepted,
            Ok(Answered::TooMany) => &counted.too_many,
            Ok(Answered::TooManyWithout) => &counted.too_many_without,
            Err(_) => &counted.broken,
        };
        count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    };
    paced(sender, open, stop, |_, _| {}, once).await?;
    Ok(answers)
}

/// Times are kept by a thread that sleeps: a runtime's timer would add up to a millisecond to each.
/// The first connection that is free takes what is due.
async fn paced(
    sender: &Sender,
    open: Open,
    stop: &Stop,
    due: impl Fn(usize, Instant) + Send + 'static,
    post: impl AsyncFn(&mut Connection, usize) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let pace = Arc::new(Pace {
        per_second: open.per_second,
        count: open.count.min(sender.tally.capacity()),
        connections: open.connections,
        stop: stop.clone(),
        ready: Semaphore::new(0),
        end: AtomicUsize::new(usize::MAX),
    });
    let next = AtomicUsize::new(0);
    let worker = async |place| {
        let mut connection = Connection::new(sender.clone(), place);
        while let Ok(permit) = pace.ready.acquire().await {
            permit.forget();
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= pace.end.load(Ordering::Acquire) {
                break;
            }
            post(&mut connection, number).await?;
        }
        anyhow::Ok(())
    };
    let keeper = pace.clone();
    let pacer = std::thread::Builder::new().name("pacer".into()).spawn(move || keeper.keep(due))?;
    let done = try_join_all((0..open.connections).map(worker)).await;
    if done.is_err() {
        stop.stop();
    }
    pacer.join().ok().context("the pacer ended well")?;
    done.map(drop)
}

/// When which event is due.
#[derive(Debug)]
struct Pace {
    per_second: u32,
    count: usize,
    connections: usize,
    stop: Stop,
    /// A permit for each event that is due and not taken.
    ready: Semaphore,
    /// Events from this number on are never due.
    end: AtomicUsize,
}

impl Pace {
    fn at(&self, number: usize) -> Duration {
        Duration::from_nanos(number as u64 * 1_000_000_000 / u64::from(self.per_second))
    }

    /// Lets every event be taken at its time, those that are late all at once.
    fn keep(&self, due: impl Fn(usize, Instant)) {
        let (start, mut number) = (Instant::now() + LEAD, 0);
        while number < self.count && !self.stop.is_stopped() {
            let first = number;
            while number < self.count && start + self.at(number) <= Instant::now() {
                due(number, start + self.at(number));
                number += 1;
            }
            self.ready.add_permits(number - first);
            let next = start + self.at(number);
            std::thread::sleep(next.saturating_duration_since(Instant::now()).min(LOOK));
        }
        self.end.store(number, Ordering::Release);
        self.ready.add_permits(self.connections);
    }
}

async fn join(workers: Vec<tokio::task::JoinHandle<anyhow::Result<()>>>) -> anyhow::Result<()> {
    for worker in workers {
        worker.await??;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    #[test]
    fn events_are_due_at_their_own_times_also_when_nobody_takes_them() {
        let pace = Pace {
            per_second: 1_000,
            count: 100,
            connections: 3,
            stop: Stop::never(),
            ready: Semaphore::new(0),
            end: AtomicUsize::new(usize::MAX),
        };
        let (times, began) = (Mutex::new(Vec::new()), Instant::now());
        pace.keep(|number, at| times.lock().push((number, at)));
        assert!(began.elapsed() >= Duration::from_millis(99));
        let times = times.into_inner();
        let first = times[0].1;
        for (index, (number, at)) in times.iter().enumerate() {
            assert_eq!((*number, *at - first), (index, Duration::from_millis(index as u64)));
        }
        assert_eq!((pace.ready.available_permits(), times.len()), (103, 100));
        assert_eq!(pace.end.into_inner(), 100);
    }

    #[test]
    fn a_stopped_pace_ends() {
        let pace = Pace {
            per_second: 1,
            count: 1_000,
            connections: 1,
            stop: Stop::default(),
            ready: Semaphore::new(0),
            end: AtomicUsize::new(usize::MAX),
        };
        pace.keep(|_, _| pace.stop.stop());
        assert_eq!((pace.end.load(Ordering::Relaxed), pace.ready.available_permits()), (1, 2));
    }
}
