//! Watching live: what happens to a company is told while somebody watches it, and only then. What is
//! told waits in memory for [`Store::run_live`], which writes it down after the transaction that it is
//! about; a crash between the two loses it, as it would lose a live stream.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, EndpointId};
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use crate::live_feed::Feed;
use crate::{Error, Store};

/// How long after it was last asked for a company is watched: longer than a client takes to come back.
pub(crate) const WATCHED_FOR: TimeDelta = TimeDelta::seconds(120);
/// How many changes of one company one write takes; of the rest it says how many there were.
pub const LIVE_ROWS_PER_WRITE: usize = 400;
/// How many changes wait in memory to be written down, over all companies.
const WAITING_MAX: usize = 8_192;
/// How many streams one company may have open on a node.
pub const LIVE_STREAMS_PER_COMPANY: usize = 20;
/// How many streams a node has open.
pub const LIVE_STREAMS_PER_NODE: usize = 1_000;

/// What a live event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveKind {
    /// An attempt is over.
    Attempt,
    /// A delivery has another state, or is due at another time.
    Delivery,
    /// An endpoint was changed, by a person or by what came of attempts.
    Endpoint,
    /// A job began, went on or ended.
    Job,
    /// More happened at once than is told.
    Skipped,
}

impl LiveKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Attempt, Self::Delivery, Self::Endpoint, Self::Job, Self::Skipped];

    /// The name of the event in the stream.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Delivery => "delivery",
            Self::Endpoint => "endpoint",
            Self::Job => "job",
            Self::Skipped => "skipped",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Something that happened, as streams send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveEvent {
    /// Grows within a company, in the order in which streams see events.
    pub id: i64,
    /// The endpoint that it is about, if any.
    pub endpoint: Option<EndpointId>,
    /// What it is about.
    pub kind: LiveKind,
    /// JSON on one line: never a payload, never a secret.
    pub data: String,
}

/// Something that happened and has no id yet.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) endpoint: Option<EndpointId>,
    pub(crate) kind: LiveKind,
    pub(crate) data: String,
}

/// What happened to one company since the last write.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) told: Vec<Told>,
    pub(crate) skipped: u64,
}

/// What waits to be written down.
#[derive(Debug, Default)]
struct Waiting {
    by_company: BTreeMap<CompanyId, Batch>,
    told: usize,
}

/// The feeds of a node, each with how many streams it has.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    pub(crate) by_company: HashMap<CompanyId, (Option<Arc<Feed>>, usize)>,
    streams: usize,
    is_closed: bool,
}

/// What a node knows of who is watched, and what it has to tell them.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Whether anybody is: all that the hot path asks where nobody is.
    any: AtomicBool,
    watched: RwLock<HashMap<CompanyId, DateTime<Utc>>>,
    waiting: Mutex<Waiting>,
    pub(crate) feeds: Mutex<Feeds>,
    /// Companies with something new in the database.
    news: Mutex<HashSet<CompanyId>>,
    pub(crate) write: Notify,
    pub(crate) read: Notify,
    /// Another node watches somebody who was not watched before.
    pub(crate) watches_changed: AtomicBool,
}

impl Live {
    /// Whether anybody at all is watched.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    pub(crate) fn is_watched(&self, company: CompanyId, now: DateTime<Utc>) -> bool {
        self.any() && self.watched.read().get(&company).is_some_and(|until| *until > now)
    }

    pub(crate) fn watch(&self, company: CompanyId, until: DateTime<Utc>) {
        let mut watched = self.watched.write();
        let known = watched.entry(company).or_insert(until);
        *known = until.max(*known);
        self.any.store(true, Ordering::Relaxed);
    }

    pub(crate) fn watched_until(&self, company: CompanyId) -> Option<DateTime<Utc>> {
        self.watched.read().get(&company).copied()
    }

    /// Takes over what the database says, and forgets whom nobody watches any more.
    pub(crate) fn learn(&self, found: Vec<(CompanyId, DateTime<Utc>)>, now: DateTime<Utc>) {
        let mut watched = self.watched.write();
        for (company, until) in found {
            let known = watched.entry(company).or_insert(until);
            *known = until.max(*known);
        }
        watched.retain(|_, until| *until > now);
        self.any.store(!watched.is_empty(), Ordering::Relaxed);
    }

    /// Puts aside what happened to a company; what is too much is only counted.
    pub(crate) fn tell(&self, company: CompanyId, told: Vec<Told>) {
        if told.is_empty() {
            return;
        }
        let mut waiting = self.waiting.lock();
        let Waiting { by_company, told: count } = &mut *waiting;
        let batch = by_company.entry(company).or_default();
        let room = LIVE_ROWS_PER_WRITE.saturating_sub(batch.told.len());
        let room = room.min(WAITING_MAX.saturating_sub(*count));
        // Once something was left out, what follows is too: the count then stands at its place.
        let room = if batch.skipped > 0 { 0 } else { room.min(told.len()) };
        batch.skipped += (told.len() - room) as u64;
        batch.told.extend(told.into_iter().take(room));
        *count += room;
        drop(waiting);
        self.write.notify_one();
    }

    /// What is to be written down now.
    pub(crate) fn take_waiting(&self) -> BTreeMap<CompanyId, Batch> {
        let mut waiting = self.waiting.lock();
        waiting.told = 0;
        std::mem::take(&mut waiting.by_company)
    }

    /// What could not be written down: from all of it only the count is kept.
    pub(crate) fn count_as_skipped(&self, batches: BTreeMap<CompanyId, Batch>) {
        let mut waiting = self.waiting.lock();
        for (company, lost) in batches {
            let batch = waiting.by_company.entry(company).or_default();
            batch.skipped += lost.skipped + lost.told.len() as u64;
        }
    }

    /// There is something new of these companies.
    pub(crate) fn has_news(&self, companies: impl IntoIterator<Item = CompanyId>) {
        self.news.lock().extend(companies);
        self.read.notify_one();
    }

    /// There may be something new of everybody.
    pub(crate) fn may_have_news(&self) {
        let all: Vec<CompanyId> = self.feeds.lock().by_company.keys().copied().collect();
        self.has_news(all);
    }

    pub(crate) fn take_news(&self) -> HashSet<CompanyId> {
        std::mem::take(&mut *self.news.lock())
    }

    /// Makes room for one more stream of a company.
    pub(crate) fn take_slot(&self, company: CompanyId) -> Result<(), Error> {
        let mut feeds = self.feeds.lock();
        if feeds.is_closed {
            return Err(Error::Overloaded);
        }
        if feeds.streams >= LIVE_STREAMS_PER_NODE {
            return Err(too_many(format!("{LIVE_STREAMS_PER_NODE} streams are open on this node")));
        }
        let (feed, streams) = feeds.by_company.entry(company).or_default();
        if *streams >= LIVE_STREAMS_PER_COMPANY {
            // A client that has gone is only found out when something is sent to it.
            feed.iter().for_each(|feed| feed.probe());
            return Err(too_many(format!(
                "the company has {LIVE_STREAMS_PER_COMPANY} streams open; close one"
            )));
        }
        *streams += 1;
        feeds.streams += 1;
        Ok(())
    }

    /// The company's feed on this node, beginning after `last` where there is none.
    pub(crate) fn feed(&self, company: CompanyId, last: i64) -> Result<Arc<Feed>, Error> {
        let mut feeds = self.feeds.lock();
        if feeds.is_closed {
            return Err(Error::Overloaded);
        }
        let (feed, _) = feeds.by_company.entry(company).or_default();
        Ok(Arc::clone(feed.get_or_insert_with(|| Feed::starting_at(last))))
    }

    pub(crate) fn give_slot_back(&self, company: CompanyId) {
        let mut feeds = self.feeds.lock();
        feeds.streams = feeds.streams.saturating_sub(1);
        if let Some((_, streams)) = feeds.by_company.get_mut(&company) {
            *streams = streams.saturating_sub(1);
            if *streams == 0 {
                feeds.by_company.remove(&company);
            }
        }
    }

    fn close(&self) {
        let mut feeds = self.feeds.lock();
        feeds.is_closed = true;
        for feed in feeds.by_company.values().filter_map(|(feed, _)| feed.as_ref()) {
            feed.close();
        }
    }

    /// How many streams are open on this node.
    fn streams(&self) -> usize {
        self.feeds.lock().streams
    }
}

fn too_many(detail: String) -> Error {
    Error::Conflict { code: "too_many_streams", detail }
}

impl Store {
    pub(crate) fn live(&self) -> &Live {
        &self.inner.live
    }

    /// Ends every live stream of this node, and begins no more: it is stopping.
    pub fn end_live_streams(&self) {
        self.live().close();
    }

    /// How many live streams are open on this node.
    pub fn live_streams(&self) -> usize {
        self.live().streams()
    }

    /// Tells whoever watches the company; `what` is not asked where nobody does.
    pub(crate) fn tell(
        &self,
        company: CompanyId,
        now: DateTime<Utc>,
        what: impl FnOnce() -> Vec<Told>,
    ) {
        if self.live().is_watched(company, now) {
            self.live().tell(company, what());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPANY: CompanyId = CompanyId::from_raw(1);

    fn told(count: usize) -> Vec<Told> {
        let one = Told { endpoint: None, kind: LiveKind::Job, data: "{}".into() };
        vec![one; count]
    }

    fn sizes(live: &Live) -> Vec<(usize, u64)> {
        live.take_waiting().values().map(|batch| (batch.told.len(), batch.skipped)).collect()
    }

    #[test]
    fn what_waits_is_bounded_for_each_and_for_all() {
        let live = Live::default();
        live.tell(COMPANY, told(LIVE_ROWS_PER_WRITE - 1));
        live.tell(COMPANY, told(3));
        live.tell(COMPANY, told(1));
        assert_eq!(sizes(&live), [(LIVE_ROWS_PER_WRITE, 3)]);
        live.tell(COMPANY, told(1));
        assert_eq!(sizes(&live), [(1, 0)]);
        for number in 1..=30 {
            live.tell(CompanyId::from_raw(number), told(LIVE_ROWS_PER_WRITE));
        }
        let sizes = sizes(&live);
        assert_eq!(sizes.iter().map(|(told, _)| told).sum::<usize>(), WAITING_MAX);
        let all: u64 = sizes.iter().map(|(told, skipped)| *told as u64 + skipped).sum();
        assert_eq!(all, 30 * LIVE_ROWS_PER_WRITE as u64);
    }

    #[test]
    fn watches_end_when_their_time_is_over() {
        let live = Live::default();
        let at = |s| DateTime::UNIX_EPOCH + TimeDelta::seconds(s);
        assert!(!live.any() && !live.is_watched(COMPANY, at(0)));
        live.watch(COMPANY, at(10));
        assert!(live.is_watched(COMPANY, at(9)) && !live.is_watched(COMPANY, at(10)));
        live.learn(vec![(COMPANY, at(5))], at(9));
        assert_eq!(live.watched_until(COMPANY), Some(at(10)));
        live.learn(Vec::new(), at(10));
        assert!(!live.any());
    }

    #[test]
    fn streams_are_bounded_and_none_begins_after_the_end() {
        let live = Live::default();
        for _ in 0..LIVE_STREAMS_PER_COMPANY {
            live.take_slot(COMPANY).unwrap();
        }
        assert!(matches!(live.take_slot(COMPANY), Err(Error::Conflict { .. })));
        live.give_slot_back(COMPANY);
        live.take_slot(COMPANY).unwrap();
        let others = (LIVE_STREAMS_PER_NODE - LIVE_STREAMS_PER_COMPANY) as i64;
        for other in 0..others {
            live.take_slot(CompanyId::from_raw(100 + other)).unwrap();
        }
        assert!(live.take_slot(CompanyId::from_raw(5)).is_err());
        assert_eq!(live.streams(), LIVE_STREAMS_PER_NODE);
        live.give_slot_back(COMPANY);
        live.close();
        assert!(matches!(live.take_slot(CompanyId::from_raw(5)), Err(Error::Overloaded)));
    }
}
