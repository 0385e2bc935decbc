//! WhatsApp's sessions: what a message or a status changes of the window between one business number and
//! one contact (product.md, Sessions).
//!
//! Twenty-four hours from X are `[X, X + 24 h)` wherever they stand here: a session covers them from its
//! beginning, and a contact's message those in which a session that begins is active at once.
//!
//! Facts come in the order in which they are accepted. One that comes late counts at its own time as long
//! as nothing later has been built on it: the beginning of a session moves back while its end has not been
//! told. As long as facts overtake each other by less than 24 hours, and a `read` does not overtake its
//! own `delivered` past the end of a session, the sessions are those that the same facts in the order of
//! their times make. What has been told is never told again and never taken back.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;

use crate::id::SessionId;

/// How long a session lasts, and how long before its beginning a contact's message counts in it.
pub const SESSION_HOURS: i64 = 24;
/// A fact that came later than this after its time changes no session: Meta sends again for 7 days, and
/// keys by which it would be known again are kept for 8.
pub const FACT_AGE_DAYS_MAX: i64 = 8;

const SESSION: TimeDelta = TimeDelta::hours(SESSION_HOURS);

/// What a fact says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The contact has written.
    Received,
    /// A message of the business has reached the contact.
    Delivered,
    /// The contact has read it: where `delivered` never came, that is when it was delivered.
    Read,
    /// The contact has played it; the same.
    Played,
    /// Something else about a message: sent, failed, edited, revoked. It carries the session and changes none.
    Aside,
}

/// A message or a status, as far as sessions need it.
#[derive(Debug, Clone, Copy)]
pub struct Fact {
    /// What it says.
    pub kind: Kind,
    /// When it happened, as its source says; a time to come counts as now.
    pub at: DateTime<Utc>,
    /// Whether a status that comes before this one in a message's life (`delivered` before `read`) has told
    /// already that the message reached the contact: then there is nothing new in it.
    pub is_known: bool,
}

/// Twenty-four hours that began when a message of the business was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Which one.
    pub id: SessionId,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Since when both sides have written.
    pub activated_at: Option<DateTime<Utc>>,
}

/// The last session of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Last {
    /// There was none.
    #[default]
    None,
    /// One whose end has not been told, also where its time is over.
    Open(Session),
    /// One whose end has been told. It never changes again.
    Closed(Session),
}

/// What is known between one business number and one contact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// When the contact last wrote.
    pub last_in: Option<DateTime<Utc>>,
    /// The last session.
    pub last: Last,
    /// The one before it; its end has been told.
    pub earlier: Option<Session>,
}

/// What there is to tell of a session, as it was at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It has begun.
    Started(Session),
    /// Both sides have written, at the time given.
    Activated(Session, DateTime<Utc>),
    /// Its 24 hours are over.
    Expired(Session),
}

/// What a fact has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The window after it.
    pub window: Window,
    /// The session that it belongs to, as it was at the fact's own time.
    pub snapshot: Option<Snapshot>,
    /// What there is to tell, in its order.
    pub told: Vec<Told>,
}

/// A session as an event carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    session: Session,
    at: DateTime<Utc>,
}

impl Session {
    /// When it ends; the first moment that is not in it.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.started_at + SESSION
    }

    /// Whether both sides had written by then.
    pub fn is_active_at(&self, at: DateTime<Utc>) -> bool {
        self.activated_at.is_some_and(|since| since <= at)
    }

    /// `active` or `inactive` by then.
    pub fn state_at(&self, at: DateTime<Utc>) -> &'static str {
        if self.is_active_at(at) { "active" } else { "inactive" }
    }

    fn covers(&self, at: DateTime<Utc>) -> bool {
        self.started_at <= at && at < self.expires_at()
    }

    /// Since when both sides have written, where the contact wrote at `written`.
    fn activation(&self, written: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let counts = self.started_at < written + SESSION && written < self.expires_at();
        counts.then(|| written.max(self.started_at))
    }

    /// Counts that the contact wrote then; gives since when it is active, where it was not before.
    fn count_written(&mut self, written: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let since = self.activation(written)?;
        let is_new = self.activated_at.is_none();
        self.activated_at = Some(self.activated_at.map_or(since, |known| known.min(since)));
        is_new.then_some(since)
    }
}

impl Last {
    /// The session, whether its end has been told or not.
    pub fn session(&self) -> Option<Session> {
        match self {
            Self::None => None,
            Self::Open(session) | Self::Closed(session) => Some(*session),
        }
    }
}

impl Window {
    /// When there is an end to tell.
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        match self.last {
            Last::Open(session) => Some(session.expires_at()),
            Last::None | Last::Closed(_) => None,
        }
    }

    /// The session at a time, as it was then.
    pub fn at(&self, at: DateTime<Utc>) -> Option<Snapshot> {
        let sessions = [self.last.session(), self.earlier];
        let session = sessions.into_iter().flatten().find(|session| session.covers(at))?;
        Some(Snapshot { session, at })
    }

    /// Two windows that turn out to be of one contact: the one that goes on, and the other one where its
    /// end must still be told.
    pub fn merged(self, other: Self) -> (Self, Option<Self>) {
        let rank = |window: &Self| match window.last {
            Last::Open(session) => (0, session.started_at.timestamp_micros()),
            Last::Closed(session) => (1, -session.started_at.timestamp_micros()),
            Last::None => (2, 0),
        };
        let (mut kept, rest) =
            if rank(&other) < rank(&self) { (other, self) } else { (self, other) };
        kept.last_in = kept.last_in.max(rest.last_in);
        (kept, rest.due_at().is_some().then_some(rest))
    }

    fn write(&mut self, at: DateTime<Utc>, told: &mut Vec<Told>) {
        self.last_in = self.last_in.max(Some(at));
        match &mut self.last {
            Last::Open(session) => {
                let since = session.count_written(at);
                told.extend(since.map(|since| Told::Activated(*session, since)));
            }
            // Its last state has been told.
            Last::None | Last::Closed(_) => {}
        }
    }

    fn reach(&mut self, fact: Fact, new_id: impl FnOnce() -> SessionId, told: &mut Vec<Told>) {
        if fact.is_known {
            return;
        }
        match self.last {
            Last::None => self.begin(new_id(), fact.at, told),
            Last::Open(session) | Last::Closed(session) if fact.at >= session.expires_at() => {
                if let Last::Open(session) = self.last {
                    told.push(Told::Expired(session));
                }
                self.earlier = Some(session);
                self.begin(new_id(), fact.at, told);
            }
            Last::Open(session) if self.belongs_to(&session, fact.at) => {
                self.restart(Session { started_at: fact.at, ..session }, told);
            }
            // Within a session it changes nothing; before one whose end has been told, or so long before
            // one that it made another, it is too late.
            Last::Open(_) | Last::Closed(_) => {}
        }
    }

    /// Whether a session should have begun at `at`, before it did, and covers its beginning.
    fn belongs_to(&self, session: &Session, at: DateTime<Utc>) -> bool {
        let is_free = self.earlier.is_none_or(|earlier| earlier.expires_at() <= at);
        is_free && at < session.started_at && session.started_at < at + SESSION
    }

    fn begin(&mut self, id: SessionId, at: DateTime<Utc>, told: &mut Vec<Told>) {
        let mut session = Session { id, started_at: at, activated_at: None };
        let since = self.last_in.and_then(|written| session.count_written(written));
        told.push(Told::Started(session));
        told.extend(since.map(|since| Told::Activated(session, since)));
        self.last = Last::Open(session);
    }

    fn restart(&mut self, mut session: Session, told: &mut Vec<Told>) {
        let since = self.last_in.and_then(|written| session.count_written(written));
        told.extend(since.map(|since| Told::Activated(session, since)));
        self.last = Last::Open(session);
    }
}

/// What a fact changes. `new_id` gives a session its id, where one begins.
///
/// A session that is over by the time its first fact comes begins all the same, and its end is told right
/// after: what happened does not depend on how long it was under way.
pub fn observe(
    window: &Window,
    fact: Fact,
    now: DateTime<Utc>,
    new_id: impl FnOnce() -> SessionId,
) -> Observed {
    let fact = Fact { at: fact.at.min(now), ..fact };
    let (mut window, mut told) = (*window, Vec::new());
    if fact.at + TimeDelta::days(FACT_AGE_DAYS_MAX) > now {
        match fact.kind {
            Kind::Received => window.write(fact.at, &mut told),
            Kind::Delivered | Kind::Read | Kind::Played => window.reach(fact, new_id, &mut told),
            Kind::Aside => {}
        }
    }
    Observed { snapshot: window.at(fact.at), window, told }
}

/// Whether it matters to a fact if it [is known](Fact::is_known).
pub fn asks_for_history(window: &Window, fact: &Fact, now: DateTime<Utc>) -> bool {
    let is_young = fact.at + TimeDelta::days(FACT_AGE_DAYS_MAX) > now;
    match fact.kind {
        Kind::Read | Kind::Played => is_young && window.at(fact.at.min(now)).is_none(),
        // Where its `read` came first that one has begun the session, which this one moves back.
        Kind::Delivered | Kind::Received | Kind::Aside => false,
    }
}

/// Tells the end of a session whose time is over, where it has not been told.
pub fn expire(window: &Window, now: DateTime<Utc>) -> Option<(Window, Told)> {
    match window.last {
        Last::Open(session) if session.expires_at() <= now => {
            let last = Last::Closed(session);
            Some((Window { last, ..*window }, Told::Expired(session)))
        }
        Last::None | Last::Open(_) | Last::Closed(_) => None,
    }
}

impl Told {
    /// The session that it tells of.
    pub fn session(&self) -> Session {
        match self {
            Self::Started(session) | Self::Activated(session, _) | Self::Expired(session) => {
                *session
            }
        }
    }

    /// When it happened.
    pub fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Started(session) => session.started_at,
            Self::Activated(_, since) => *since,
            Self::Expired(session) => session.expires_at(),
        }
    }

    /// The session as it was then.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { session: self.session(), at: self.at() }
    }
}

impl Snapshot {
    /// Which session.
    pub fn session(&self) -> Session {
        self.session
    }

    /// `active` or `inactive`.
    pub fn state(&self) -> &'static str {
        self.session.state_at(self.at)
    }

    /// As it stands in an event.
    pub fn json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Written {
            id: SessionId,
            state: &'static str,
            started_at: String,
            expires_at: String,
        }
        let written = Written {
            id: self.session.id,
            state: self.state(),
            started_at: written(self.session.started_at),
            expires_at: written(self.session.expires_at()),
        };
        serde_json::to_vec(&written).expect("texts under fixed names are JSON")
    }
}

/// A time as events have it.
pub(crate) fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
