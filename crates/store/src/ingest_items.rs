//! The events of one transaction of ingest, what becomes of each, and what their callers are told.

use std::collections::HashSet;
use std::sync::Arc;

use domain::derived::Statement;
use domain::event::NewEvent;
use domain::id::EventId;
use domain::selection::SessionState;

use crate::choosing::Ahead;
use crate::compiled::Chosen;
use crate::event_key::Key;
use crate::ingest::IngestJob;
use crate::sessions::{Seen, SessionJson};
use crate::{Accepted, Error};

/// The events of some jobs, on their way into one transaction.
pub(crate) struct Batch<'a> {
    pub(crate) jobs: &'a [IngestJob],
    pub(crate) items: Vec<Item<'a>>,
}

/// In the place of the number of an item's job: it is of none.
pub(crate) const DERIVED: usize = usize::MAX;

/// An event that is to be written down.
pub(crate) enum EventRef<'a> {
    /// A caller's.
    Given(&'a NewEvent),
    /// One that others have given rise to.
    Derived(Box<NewEvent>),
}

impl std::ops::Deref for EventRef<'_> {
    type Target = NewEvent;

    fn deref(&self) -> &NewEvent {
        match self {
            Self::Given(event) => event,
            Self::Derived(event) => event,
        }
    }
}

/// One event of the batch.
pub(crate) struct Item<'a> {
    /// Whose it is; what others have given rise to is nobody's.
    pub(crate) job: usize,
    pub(crate) event: EventRef<'a>,
    /// What it says of a contact and their session.
    pub(crate) said: Option<&'a Statement>,
    /// Its place among its job's events, and what was chosen for them ahead.
    pub(crate) ahead: Option<(usize, &'a Ahead)>,
    pub(crate) key: Option<Key>,
    pub(crate) fate: Fate,
    /// Its id; its deliveries have the ids after it.
    pub(crate) id: i64,
    pub(crate) deliveries: u32,
    /// The session that it carries, JSON.
    pub(crate) session: Option<Arc<[u8]>>,
    /// The endpoints that it goes to.
    pub(crate) chosen: Chosen,
    /// The state of its session, where it has one.
    pub(crate) session_state: Option<SessionState>,
}

impl<'a> Item<'a> {
    /// A new event without a key.
    pub(crate) fn new(job: usize, event: &'a NewEvent) -> Self {
        Self::of(job, EventRef::Given(event))
    }

    pub(crate) fn of(job: usize, event: EventRef<'a>) -> Self {
        Self {
            job,
            event,
            said: None,
            ahead: None,
            key: None,
            fate: Fate::New,
            id: 0,
            deliveries: 0,
            session: None,
            chosen: Chosen::default(),
            session_state: None,
        }
    }

    /// Gives it its session.
    pub(crate) fn carry(&mut self, session: Option<SessionJson>) {
        self.session_state = session.as_deref().and_then(SessionState::of_json);
        self.session = session;
    }
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Its caller may not write.
    Refused,
    /// Its company is suspended.
    Suspended,
    /// It is written down.
    New,
    /// It was there before, or earlier in this batch.
    Known(Accepted),
    /// Its `expires_at` has passed: it is not written down, unless it was before.
    Expired,
    /// Its own type does not take it: it is not written down, unless it was before.
    Unfit,
    /// Its own type was read before the company's configuration changed.
    Stale,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(jobs: &'a [IngestJob]) -> Self {
        let items = jobs
            .iter()
            .enumerate()
            .flat_map(|(job, content)| {
                let events = content.events.iter().zip(&content.said).enumerate();
                events.map(move |(place, (event, said))| Item {
                    key: Key::of(event),
                    said: said.as_ref(),
                    ahead: Some((place, &content.ahead)),
                    ..Item::new(job, event)
                })
            })
            .collect();
        Self { jobs, items }
    }

    /// The new events that say something of a contact.
    pub(crate) fn seen(&self) -> Vec<Seen<'_>> {
        let new = self.items.iter().filter(|item| item.fate == Fate::New);
        new.filter_map(|item| Some(Seen { event: &item.event, id: item.id, said: item.said? }))
            .collect()
    }

    /// Takes back what was observed, as if nothing had been looked at.
    pub(crate) fn forget_observed(&mut self) {
        self.items.retain(|item| item.job != DERIVED);
        self.items.iter_mut().for_each(|item| item.carry(None));
    }

    /// Its companies, each once and sorted.
    pub(crate) fn companies(&self) -> Vec<i64> {
        let distinct: HashSet<i64> =
            self.items.iter().map(|item| item.event.company.raw()).collect();
        let mut companies: Vec<i64> = distinct.into_iter().collect();
        companies.sort_unstable();
        companies
    }

    /// What each job is told.
    pub(crate) fn answers(self) -> Vec<Result<Vec<Accepted>, Error>> {
        let mut answers: Vec<Result<Vec<Accepted>, Error>> =
            self.jobs.iter().map(|job| Ok(Vec::with_capacity(job.events.len()))).collect();
        for item in self.items.into_iter().filter(|item| item.job != DERIVED) {
            let event = EventId::from_raw(item.id);
            let accepted = match item.fate {
                Fate::Refused => {
                    answers[item.job] = Err(Error::Unauthorized);
                    continue;
                }
                Fate::Stale => {
                    answers[item.job] = Err(Error::TypesChanged);
                    continue;
                }
                Fate::Suspended => {
                    answers[item.job] = Err(Error::Suspended);
                    continue;
                }
                Fate::New => Accepted::New { event, deliveries: item.deliveries },
                Fate::Known(accepted) => accepted,
                Fate::Expired => Accepted::Expired,
                Fate::Unfit => Accepted::Unfit,
            };
            if let Ok(list) = &mut answers[item.job] {
                list.push(accepted);
            }
        }
        answers
    }
}
