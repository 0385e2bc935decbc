//! What waits for the writer of ingest: each company's requests in the order in which they came, and the
//! companies by turns. Whoever posts as much as it can waits for itself, and those who post little do not
//! wait for its share of a transaction either.

use std::collections::{HashMap, VecDeque};

use domain::id::CompanyId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::ingest::IngestJob;

/// How many requests may wait; past it callers are told to come back.
pub(crate) const INGEST_QUEUE_MAX: usize = 8_192;
/// How many events one transaction takes, and how many while companies share the writer: who comes
/// meanwhile waits for all of them.
const BATCH_EVENTS_MAX: usize = 1_024;
const SHARED_EVENTS_MAX: usize = 128;
/// Where somebody has more than this waiting, those who have no more get every other transaction for
/// themselves: one of few events is over in a fraction of the time.
const FEW_EVENTS: usize = 16;
const FEW_BYTES: usize = 64 * 1024;
/// How many bytes of data one transaction takes, unless one request alone has more.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
const SHARED_BYTES_MAX: usize = 1024 * 1024;
/// For so many transactions after one that was shared, or in whose time another company came, the next
/// one counts as shared, too: nobody can see who is about to come.
const SHARED_FOR_BATCHES: u32 = 256;

/// The queue before the writer.
#[derive(Debug, Default)]
pub(crate) struct IngestQueue {
    waiting: Mutex<Waiting>,
    came: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Every company of which something waits, once.
    turns: VecDeque<CompanyId>,
    of_company: HashMap<CompanyId, Line>,
    requests: usize,
    is_closed: bool,
    /// How many more transactions count as shared.
    shared_for: u32,
    last: Option<CompanyId>,
    /// Whether the last transaction was for those who have little.
    was_of_few: bool,
}

/// What waits of one company.
#[derive(Debug, Default)]
struct Line {
    jobs: VecDeque<IngestJob>,
    events: usize,
    bytes: usize,
}

impl Line {
    fn push(&mut self, job: IngestJob) {
        self.events += job.events.len();
        self.bytes += job.bytes();
        self.jobs.push_back(job);
    }

    fn pop(&mut self) -> Option<IngestJob> {
        let job = self.jobs.pop_front()?;
        self.events -= job.events.len();
        self.bytes -= job.bytes();
        Some(job)
    }

    const fn is_short(&self) -> bool {
        self.events <= FEW_EVENTS && self.bytes <= FEW_BYTES
    }
}

impl IngestQueue {
    /// Puts a request at the end of its company's; `false` where the queue is full or closed, and then
    /// the request is gone.
    pub(crate) fn push(&self, job: IngestJob) -> bool {
        let mut waiting = self.waiting.lock();
        if waiting.is_closed || waiting.requests >= INGEST_QUEUE_MAX {
            return false;
        }
        waiting.push(job);
        drop(waiting);
        self.came.notify_one();
        true
    }

    /// Takes no more requests; those that wait stay.
    pub(crate) fn close(&self) {
        self.waiting.lock().is_closed = true;
        self.came.notify_one();
    }

    /// Waits until there is something to write. `false`: the queue is closed and empty.
    pub(crate) async fn filled(&self) -> bool {
        loop {
            let came = self.came.notified();
            {
                let waiting = self.waiting.lock();
                if waiting.requests > 0 || waiting.is_closed {
                    return waiting.requests > 0;
                }
            }
            came.await;
        }
    }

    /// What one transaction writes of the companies that `may`, a request of each by turns.
    pub(crate) fn take(&self, may: impl Fn(CompanyId) -> bool) -> Vec<IngestJob> {
        self.waiting.lock().take(may)
    }

    /// The same of all companies, also of those who have much where the next transaction is for the others.
    pub(crate) fn take_of_everybody(&self) -> Vec<IngestJob> {
        let mut waiting = self.waiting.lock();
        waiting.was_of_few = true;
        waiting.take(|_| true)
    }

    /// All that waits.
    pub(crate) fn take_all(&self) -> Vec<IngestJob> {
        let mut waiting = self.waiting.lock();
        waiting.requests = 0;
        waiting.turns.clear();
        waiting.of_company.drain().flat_map(|(_, line)| line.jobs).collect()
    }

    /// How many requests wait.
    pub(crate) fn requests(&self) -> usize {
        self.waiting.lock().requests
    }
}

impl Waiting {
    fn push(&mut self, job: IngestJob) {
        let company = job.caller.company;
        let line = self.of_company.entry(company).or_default();
        if line.jobs.is_empty() {
            self.turns.push_back(company);
        }
        line.push(job);
        self.requests += 1;
    }

    fn take(&mut self, may: impl Fn(CompanyId) -> bool) -> Vec<IngestJob> {
        let (events_max, bytes_max) = self.bounds();
        let of_few = self.is_turn_of_few();
        let (mut jobs, mut passed_over) = (Vec::new(), VecDeque::new());
        let (mut events, mut bytes) = (0, 0);
        while events < events_max
            && bytes < bytes_max
            && let Some(company) = self.turns.pop_front()
        {
            let is_passed_over = of_few && !self.is_short(company) || !may(company);
            if is_passed_over {
                passed_over.push_back(company);
                continue;
            }
            let Some(job) = self.next_of(company) else { continue };
            events += job.events.len();
            bytes += job.bytes();
            jobs.push(job);
        }
        self.requests -= jobs.len();
        // Who was passed over is the first to be asked again.
        passed_over.append(&mut self.turns);
        self.turns = passed_over;
        jobs
    }

    /// The company's first request; where it has more it takes another turn.
    fn next_of(&mut self, company: CompanyId) -> Option<IngestJob> {
        let line = self.of_company.get_mut(&company)?;
        let job = line.pop()?;
        if line.jobs.is_empty() {
            self.of_company.remove(&company);
        } else {
            self.turns.push_back(company);
        }
        Some(job)
    }

    fn is_short(&self, company: CompanyId) -> bool {
        self.of_company.get(&company).is_none_or(Line::is_short)
    }

    /// Whether the next transaction is for those who have little: where they are with somebody who has more,
    /// and the last one was not for them.
    fn is_turn_of_few(&mut self) -> bool {
        let is_short = |line: &&Line| line.is_short();
        let short = self.of_company.values().filter(is_short).count();
        let is_mixed = short > 0 && short < self.of_company.len();
        self.was_of_few = is_mixed && !self.was_of_few;
        self.was_of_few
    }

    /// How many events and bytes the next transaction takes.
    fn bounds(&mut self) -> (usize, usize) {
        let first = self.turns.front().copied();
        let is_another = first.is_some() && self.last.is_some() && first != self.last;
        if self.turns.len() > 1 || is_another {
            self.shared_for = SHARED_FOR_BATCHES;
        } else {
            self.shared_for = self.shared_for.saturating_sub(1);
        }
        self.last = first.or(self.last);
        if self.shared_for > 0 {
            (SHARED_EVENTS_MAX, SHARED_BYTES_MAX)
        } else {
            (BATCH_EVENTS_MAX, BATCH_BYTES_MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::event::NewEvent;
    use domain::event_type::EventTypeName;
    use domain::id::TokenId;
    use domain::limits::Limits;
    use tokio::sync::{Semaphore, oneshot};

    use super::*;
    use crate::{Bearer, Caller, Gate};

    fn company(n: i64) -> CompanyId {
        CompanyId::from_raw(n << 40)
    }

    fn job(of: i64, events: usize, bytes: usize) -> IngestJob {
        let event = NewEvent {
            company: company(of),
            event_type: EventTypeName::parse("message.received").unwrap(),
            data: vec![b' '; bytes].into(),
            source: None,
            external_id: None,
            subject: None,
            phone_number_id: None,
            occurred_at: None,
            expires_at: None,
            judged: None,
        };
        let bearer = Bearer::Token(TokenId::from_raw(1));
        let caller = Caller {
            company: company(of),
            bearer,
            scopes: Vec::new(),
            expires_at: None,
            config_version: 1,
            suspended_since: None,
            gate: Arc::new(Gate::of(&Limits::default(), 1)),
        };
        let room = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        IngestJob::new(caller, vec![event; events], oneshot::channel().0, room)
    }

    fn queue(jobs: impl IntoIterator<Item = (i64, usize)>) -> IngestQueue {
        let queue = IngestQueue::default();
        for (of, events) in jobs {
            assert!(queue.push(job(of, events, 1)));
        }
        queue
    }

    /// Company and events of each request that the next transaction takes.
    fn next(queue: &IngestQueue) -> Vec<(i64, usize)> {
        let jobs = queue.take(|_| true);
        jobs.iter().map(|job| (job.caller.company.raw() >> 40, job.events.len())).collect()
    }

    #[test]
    fn companies_take_turns_and_each_ones_requests_keep_their_order() {
        let queue = queue([(1, 10), (1, 11), (1, 12), (2, 20), (1, 13), (3, 30), (2, 21)]);
        let expected = [(1, 10), (2, 20), (3, 30), (1, 11), (2, 21), (1, 12), (1, 13)];
        assert_eq!(next(&queue), expected);
        assert_eq!((next(&queue).len(), queue.requests()), (0, 0));
    }

    #[test]
    fn whoever_has_little_does_not_wait_for_a_bursts_share_of_a_transaction() {
        let queue = queue(std::iter::repeat_n((1, 100), 80).chain([(2, 1), (3, FEW_EVENTS)]));
        assert_eq!(next(&queue), [(2, 1), (3, FEW_EVENTS)]);
        assert_eq!(next(&queue), [(1, 100), (1, 100)]);
    }

    #[test]
    fn those_who_always_have_little_leave_every_other_transaction_to_a_burst() {
        let queue = queue(std::iter::repeat_n((1, 100), 80));
        for _ in 0..3 {
            assert!(queue.push(job(2, 1, 1)));
            assert_eq!(next(&queue), [(2, 1)]);
            assert!(queue.push(job(2, 1, 1)));
            assert_eq!(next(&queue), [(1, 100), (2, 1), (1, 100)]);
        }
    }

    #[test]
    fn everybody_is_taken_from_whosever_turn_it_is() {
        let queue = queue([(1, 100), (2, 1), (1, 100)]);
        assert_eq!(queue.take(|who| who == company(3)).len(), 0);
        for _ in 0..2 {
            let jobs = queue.take_of_everybody();
            assert!(jobs.iter().any(|job| job.events.len() == 100), "whose turn it was not");
            assert!(queue.push(job(1, 100, 1)) && queue.push(job(2, 1, 1)));
        }
    }

    #[test]
    fn more_than_little_waits_for_its_turn() {
        let of_two = [(1, FEW_EVENTS + 1), (2, FEW_EVENTS + 1)];
        assert_eq!(next(&queue(of_two)), of_two, "by events");
        let queue = queue([(1, FEW_EVENTS + 1)]);
        assert!(queue.push(job(2, 1, FEW_BYTES + 1)));
        assert_eq!(next(&queue).len(), 2, "by bytes");
    }

    #[test]
    fn a_company_alone_fills_a_transaction_and_one_that_was_joined_a_shorter_one() {
        let alone = queue((0..3).map(|_| (1, BATCH_EVENTS_MAX / 2)));
        assert_eq!(next(&alone).len(), 2, "full at its edge");
        let joined = queue((0..600).map(|_| (1, SHARED_EVENTS_MAX)));
        assert_eq!(next(&joined).len(), BATCH_EVENTS_MAX / SHARED_EVENTS_MAX);
        assert!(joined.push(job(2, 1, 1)));
        assert_eq!(next(&joined), [(2, 1)]);
        for _ in 1..SHARED_FOR_BATCHES {
            assert_eq!(next(&joined).len(), 1);
        }
        assert_eq!(next(&joined).len(), BATCH_EVENTS_MAX / SHARED_EVENTS_MAX, "alone again");
    }

    #[test]
    fn another_one_that_comes_between_counts_as_sharing() {
        let queue = queue([(1, 1)]);
        assert_eq!(next(&queue), [(1, 1)]);
        assert!(queue.push(job(2, 1, 1)));
        assert_eq!(next(&queue), [(2, 1)]);
        for _ in 0..3 {
            assert!(queue.push(job(2, SHARED_EVENTS_MAX, 1)));
        }
        assert_eq!(next(&queue).len(), 1);
    }

    #[test]
    fn bytes_fill_a_transaction_too_and_a_large_request_goes_alone() {
        let queue = IngestQueue::default();
        for _ in 0..2 {
            assert!(queue.push(job(1, 1, BATCH_BYTES_MAX)));
        }
        assert_eq!((next(&queue).len(), next(&queue).len()), (1, 1));
    }

    #[test]
    fn who_may_not_keeps_its_turn() {
        let queue = queue([(1, 1), (2, 2), (1, 3)]);
        let calm = queue.take(|asked| asked == company(2));
        assert_eq!((calm.len(), calm[0].events.len(), queue.requests()), (1, 2, 2));
        assert!(queue.push(job(2, 4, 1)));
        assert_eq!(next(&queue), [(1, 1), (2, 4), (1, 3)]);
    }

    #[test]
    fn all_of_it_can_be_taken_at_once() {
        let queue = queue([(1, 10), (2, 20), (1, 11)]);
        assert_eq!((queue.take_all().len(), queue.requests(), queue.take_all().len()), (3, 0, 0));
        assert!(queue.push(job(2, 4, 1)));
        assert_eq!(next(&queue), [(2, 4)]);
    }

    #[tokio::test]
    async fn a_full_or_closed_queue_takes_nothing_more() {
        let queue = queue((0..INGEST_QUEUE_MAX).map(|_| (1, 1)));
        assert!(!queue.push(job(2, 1, 1)));
        assert!(queue.filled().await);
        queue.take(|_| true);
        assert!(queue.push(job(2, 1, 1)));
        queue.close();
        assert!(!queue.push(job(2, 1, 1)));
        assert!(queue.filled().await, "what waits is still written");
        while !queue.take(|_| true).is_empty() {}
        assert!(!queue.filled().await);
    }
}
