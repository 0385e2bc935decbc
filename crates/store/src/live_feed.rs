//! Streams of what happens to a company. All streams of one company on a node share a feed, which
//! reads the rows once and keeps the newest; a stream that is behind it reads the rows itself, so that
//! a slow client costs no memory.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, EndpointId};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::live::LiveEvent;
use crate::live_rows::Watch;
use crate::{Error, Store};

/// How many of the newest events a feed keeps in memory.
const FEED_EVENTS_MAX: usize = 512;
/// How many events are read, or taken from a feed, at a time.
const PAGE_EVENTS: usize = 128;

/// The newest events of a company, on this node.
#[derive(Debug)]
pub(crate) struct Feed {
    ring: Mutex<Ring>,
    news: watch::Sender<News>,
}

/// What wakes the streams of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct News {
    /// The newest id.
    last: i64,
    /// How often streams were asked whether somebody still reads them.
    probes: u64,
    /// There is nothing more to come.
    is_over: bool,
}

#[derive(Debug)]
struct Ring {
    /// Every event after it and up to `last` is in `events`.
    after: i64,
    last: i64,
    events: VecDeque<Arc<LiveEvent>>,
}

/// What a feed has for a stream.
enum Found {
    Events(Vec<Arc<LiveEvent>>),
    /// The stream is too far behind.
    Gone,
}

impl Feed {
    pub(crate) fn starting_at(last: i64) -> Arc<Self> {
        let ring = Ring { after: last, last, events: VecDeque::new() };
        let news = News { last, probes: 0, is_over: false };
        Arc::new(Self { ring: Mutex::new(ring), news: watch::Sender::new(news) })
    }

    /// Ends the streams.
    pub(crate) fn close(&self) {
        self.news.send_modify(|news| news.is_over = true);
    }

    /// Lets every stream say something: only by that a connection whose client is gone is found.
    pub(crate) fn probe(&self) {
        self.news.send_modify(|news| news.probes += 1);
    }

    fn last(&self) -> i64 {
        self.ring.lock().last
    }

    fn after(&self, position: i64) -> Found {
        let ring = self.ring.lock();
        if position < ring.after {
            return Found::Gone;
        }
        let begin = ring.events.partition_point(|event| event.id <= position);
        Found::Events(ring.events.range(begin..).take(PAGE_EVENTS).cloned().collect())
    }

    /// Takes over what was read; `since`: what is older was removed, maybe unread.
    fn push(&self, events: Vec<LiveEvent>, since: i64) {
        let mut ring = self.ring.lock();
        if ring.last < since {
            ring.events.clear();
            (ring.after, ring.last) = (since, since);
        }
        for event in events {
            if event.id <= ring.last {
                continue;
            }
            ring.last = event.id;
            ring.events.push_back(Arc::new(event));
            if ring.events.len() > FEED_EVENTS_MAX
                && let Some(oldest) = ring.events.pop_front()
            {
                ring.after = oldest.id;
            }
        }
        let last = ring.last;
        drop(ring);
        self.news.send_if_modified(|known| {
            let is_news = known.last < last;
            known.last = last;
            is_news
        });
    }
}

/// What a stream brings next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveNext {
    /// Something happened.
    Event(Arc<LiveEvent>),
    /// What happened before this id is not there any more: whoever watches should read everything anew.
    Reset(i64),
    /// Nothing happened, but something should be sent: others wait for the room of those who are gone.
    Probe,
}

/// What happens to a company, in the order of its ids, each once.
#[derive(Debug)]
pub struct LiveStream {
    store: Store,
    company: CompanyId,
    endpoint: Option<EndpointId>,
    feed: Arc<Feed>,
    news: watch::Receiver<News>,
    probes: u64,
    position: i64,
    is_reset: bool,
    ready: VecDeque<Arc<LiveEvent>>,
    _slot: Slot,
}

/// One of the streams that a node may have open.
#[derive(Debug)]
struct Slot {
    store: Store,
    company: CompanyId,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.store.live().give_slot_back(self.company);
    }
}

impl Store {
    /// Begins to watch a company, all of it or one endpoint: from now on, or after `resume`, the id of
    /// the last event that was seen. More than [`crate::LIVE_STREAMS_PER_COMPANY`] streams are a conflict.
    pub async fn watch_live(
        &self,
        company: CompanyId,
        endpoint: Option<EndpointId>,
        resume: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<LiveStream, Error> {
        self.live().take_slot(company)?;
        let slot = Slot { store: self.clone(), company };
        let Watch { since, last } = self.watch_company(company, now).await?;
        let feed = self.live().feed(company, last)?;
        let (newest, news) = (feed.last(), feed.news.subscribe());
        let probes = news.borrow().probes;
        let known = resume.filter(|id| (since..=last.max(newest)).contains(id));
        Ok(LiveStream {
            store: self.clone(),
            company,
            endpoint,
            probes,
            news,
            feed,
            position: known.unwrap_or(newest),
            is_reset: resume.is_some() && known.is_none(),
            ready: VecDeque::new(),
            _slot: slot,
        })
    }

    /// Reads what is new of a company into its feed, if it has one here.
    pub(crate) async fn read_news(&self, company: CompanyId) -> Result<(), Error> {
        let feed = {
            let feeds = self.live().feeds.lock();
            feeds.by_company.get(&company).and_then(|(feed, _)| feed.clone())
        };
        let Some(feed) = feed else { return Ok(()) };
        loop {
            let (events, watch) =
                self.live_after(company, feed.last(), FEED_EVENTS_MAX / 2).await?;
            let is_all = events.len() < FEED_EVENTS_MAX / 2;
            feed.push(events, watch.since);
            if is_all {
                return Ok(());
            }
        }
    }
}

impl LiveStream {
    /// The id up to which it has brought everything: where another stream can go on.
    pub const fn position(&self) -> i64 {
        self.position
    }

    /// Waits for what comes next; `None` once the node stops. Nothing is lost where it is dropped.
    pub async fn next(&mut self) -> Result<Option<LiveNext>, Error> {
        loop {
            let news = *self.news.borrow_and_update();
            if news.is_over {
                return Ok(None);
            }
            if news.probes > self.probes {
                self.probes = news.probes;
                return Ok(Some(LiveNext::Probe));
            }
            if self.is_reset {
                self.is_reset = false;
                return Ok(Some(LiveNext::Reset(self.position)));
            }
            while let Some(event) = self.ready.pop_front() {
                self.position = event.id;
                if self.endpoint.is_none_or(|wanted| event.endpoint == Some(wanted)) {
                    return Ok(Some(LiveNext::Event(event)));
                }
            }
            match self.feed.after(self.position) {
                Found::Events(events) => self.ready.extend(events),
                Found::Gone => self.catch_up().await?,
            }
            if self.ready.is_empty() && !self.is_reset && self.news.changed().await.is_err() {
                return Ok(None);
            }
        }
    }

    /// Reads rows that the feed does not have any more.
    async fn catch_up(&mut self) -> Result<(), Error> {
        let (events, watch) =
            self.store.live_after(self.company, self.position, PAGE_EVENTS).await?;
        if self.position < watch.since {
            self.position = self.feed.last().max(watch.since);
            self.is_reset = true;
        } else if events.is_empty() {
            // The rows end before where the feed begins: it knows of later ones.
            self.position = self.feed.ring.lock().after.max(self.position);
        } else {
            self.ready.extend(events.into_iter().map(Arc::new));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::LiveKind;

    fn event(id: i64) -> LiveEvent {
        LiveEvent { id, endpoint: None, kind: LiveKind::Job, data: String::new() }
    }

    fn ids(feed: &Feed, after: i64) -> Option<Vec<i64>> {
        match feed.after(after) {
            Found::Events(events) => Some(events.iter().map(|event| event.id).collect()),
            Found::Gone => None,
        }
    }

    #[test]
    fn a_feed_brings_each_event_once_and_says_what_it_has_forgotten() {
        let feed = Feed::starting_at(10);
        feed.push(vec![event(11), event(12)], 0);
        feed.push(vec![event(12), event(13)], 0);
        assert_eq!(ids(&feed, 10), Some(vec![11, 12, 13]));
        assert_eq!(ids(&feed, 12), Some(vec![13]));
        assert_eq!(ids(&feed, 9), None);
        let many = FEED_EVENTS_MAX as i64;
        feed.push((14..14 + many).map(event).collect(), 0);
        assert_eq!(ids(&feed, 12), None);
        assert_eq!(ids(&feed, 13).map(|ids| ids.len()), Some(PAGE_EVENTS));
        assert_eq!((feed.last(), feed.ring.lock().events.len()), (13 + many, FEED_EVENTS_MAX));
    }

    #[test]
    fn what_was_removed_before_it_was_read_is_a_gap_and_not_skipped_in_silence() {
        let feed = Feed::starting_at(10);
        feed.push(vec![event(31)], 30);
        assert_eq!((ids(&feed, 10), ids(&feed, 30)), (None, Some(vec![31])));
    }

    #[test]
    fn a_closed_feed_stays_closed() {
        let feed = Feed::starting_at(10);
        feed.close();
        feed.push(vec![event(11)], 0);
        assert!(feed.news.borrow().is_over);
    }
}
