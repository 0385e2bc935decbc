//! Contacts and sessions under the events of a batch, in its transaction: what each event's session was,
//! and which further events it gives rise to.
//!
//! Whoever decides holds the contact's row and then the window's, so that it decides on what is so. Derived
//! events are made once, because their cause is: they carry no key.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::derived::{DerivedEvent, Statement, contact_created_data, session_data};
use domain::event::NewEvent;
use domain::event_type::EventTypeName;
use domain::id::{CompanyId, SessionId, SourceId};
use domain::session::{Fact, Kind, Told, Window, asks_for_history, observe};

use crate::compiled::CompiledCompany;
use crate::contacts::{Book, ContactKey, Mention};
use crate::hot::HotTx;
use crate::ingest_keys::events_of;
use crate::session_rows::{self, WindowKey, WindowRow};
use crate::{Error, Store};

/// The companies of a batch, with their endpoints.
pub(crate) type Companies = HashMap<CompanyId, Arc<CompiledCompany>>;

/// A session as an event carries it, JSON.
pub(crate) type SessionJson = Arc<[u8]>;

/// The external id of the status of that kind of a message: by it is known what was accepted before.
pub(crate) type StatusId = fn(message: &str, kind: Kind) -> String;

/// A new event that says something of a contact.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) event: &'a NewEvent,
    /// The event's id.
    pub(crate) id: i64,
    pub(crate) said: &'a Statement,
}

/// An event that another one gives rise to.
#[derive(Debug)]
pub(crate) struct Derived {
    pub(crate) event: NewEvent,
    pub(crate) session: Option<SessionJson>,
}

/// What came of a batch.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    /// The session of each event that was seen, in their order.
    pub(crate) sessions: Vec<Option<SessionJson>>,
    /// The events that are to be written too, each company's in the order in which they happened.
    pub(crate) derived: Vec<Derived>,
}

/// Windows by key, as they were read and as they are.
pub(crate) type Windows = BTreeMap<WindowKey, (Option<WindowRow>, WindowRow)>;

/// What a batch changes, while it is gone through.
pub(crate) struct Round<'a> {
    companies: &'a Companies,
    pub(crate) book: Book,
    pub(crate) windows: Windows,
    /// Which statuses `read` and `played` are the first, but for this batch, to tell that their message arrived.
    unheard: HashSet<usize>,
    /// What the batch has told so far: whose messages, which, and what.
    reached: HashSet<(CompanyId, &'a str, Kind)>,
    derived: Vec<Derived>,
}

impl Store {
    /// Records what the events of a batch say of contacts and sessions, in the order in which they stand.
    /// To be called once it is known which events are new. Where none says anything, it asks the database
    /// nothing.
    pub(crate) async fn observe_batch(
        &self,
        tx: &mut HotTx,
        seen: &[Seen<'_>],
        companies: &Companies,
        status_id: StatusId,
        now: DateTime<Utc>,
    ) -> Result<Observations, Error> {
        if seen.is_empty() {
            return Ok(Observations::default());
        }
        let mentions: Vec<Mention> = seen.iter().map(Mention::of).collect();
        let (book, who) = self.lock_contacts(tx, &mentions, now).await?;
        let windows = lock_windows(tx, seen, &book, &who).await?;
        let unheard = self.unheard(tx, seen, &who, &windows, status_id, now).await?;
        let mut round = Round::new(companies, book, windows, unheard);
        let observed = self.go_through(&mut round, seen, &who, now);
        round.book.write(tx).await?;
        let written = changed(&round.windows).map(|(key, _, after)| (key, after));
        session_rows::write(tx, &written.collect()).await?;
        Ok(observed)
    }

    /// Takes the events in, in the order in which they stand.
    pub(crate) fn go_through<'a>(
        &self,
        round: &mut Round<'a>,
        seen: &[Seen<'a>],
        who: &[Option<ContactKey>],
        now: DateTime<Utc>,
    ) -> Observations {
        let mut sessions = Vec::with_capacity(seen.len());
        for (place, (one, who)) in seen.iter().zip(who).enumerate() {
            let new_id = || SessionId::from_raw(self.new_id(now));
            let session = who.and_then(|who| round.see(place, one, who, now, new_id));
            sessions.push(session);
        }
        Observations { sessions, derived: std::mem::take(&mut round.derived) }
    }

    /// Which statuses `read` and `played` are about messages of which no earlier status was accepted before
    /// this batch. Only of those that lie outside any session: within one it makes no difference.
    async fn unheard(
        &self,
        tx: &mut HotTx,
        seen: &[Seen<'_>],
        who: &[Option<ContactKey>],
        windows: &Windows,
        status_id: StatusId,
        now: DateTime<Utc>,
    ) -> Result<HashSet<usize>, Error> {
        let mut unheard = asking_for_history(seen, who, windows, now);
        if unheard.is_empty() {
            return Ok(unheard);
        }
        let Earlier { of, keys } = Earlier::of(seen, &unheard, status_id);
        let ours: HashSet<i64> = seen.iter().map(|one| one.id).collect();
        for (place, event) in of.into_iter().zip(events_of(self, tx, &keys).await?) {
            if event.is_some_and(|event| !ours.contains(&event)) {
                unheard.remove(&place);
            }
        }
        Ok(unheard)
    }
}

/// The statuses that may have come before some events.
pub(crate) struct Earlier {
    /// Which event each of them would have come before.
    pub(crate) of: Vec<usize>,
    /// By what they are known.
    pub(crate) keys: Vec<(CompanyId, Option<SourceId>, String)>,
}

impl Earlier {
    pub(crate) fn of(seen: &[Seen<'_>], asking: &HashSet<usize>, status_id: StatusId) -> Self {
        let (mut of, mut keys) = (Vec::new(), Vec::new());
        for place in asking {
            let Seen { event, said, .. } = seen[*place];
            for kind in earlier_statuses(said.kind) {
                of.push(*place);
                keys.push((event.company, event.source, status_id(&said.message_id, *kind)));
            }
        }
        Self { of, keys }
    }
}

/// The windows that are to be written, as they were and as they are.
pub(crate) fn changed(
    windows: &Windows,
) -> impl Iterator<Item = (&WindowKey, Option<&WindowRow>, &WindowRow)> {
    let windows = windows.iter().map(|(key, (before, after))| (key, before.as_ref(), after));
    windows.filter(|(_, before, after)| match before {
        Some(before) => before != after,
        None => **after != WindowRow::default(),
    })
}

/// Which of the events make it matter what was accepted before them.
pub(crate) fn asking_for_history(
    seen: &[Seen<'_>],
    who: &[Option<ContactKey>],
    windows: &Windows,
    now: DateTime<Utc>,
) -> HashSet<usize> {
    let asks = |place: &usize| {
        let one = &seen[*place];
        let window = who[*place].and_then(|who| windows.get(&one.key(who)));
        let window = window.map_or(Window::default(), |row| row.1.window);
        asks_for_history(&window, &one.fact(false), now)
    };
    (0..seen.len()).filter(asks).collect()
}

/// The statuses that come before one of that kind in a message's life and tell that it arrived.
const fn earlier_statuses(kind: Kind) -> &'static [Kind] {
    match kind {
        Kind::Read => &[Kind::Delivered],
        Kind::Played => &[Kind::Delivered, Kind::Read],
        Kind::Delivered | Kind::Received | Kind::Aside => &[],
    }
}

/// Locks the windows that a batch speaks of. Those of contacts that turned out to be one are put together.
async fn lock_windows(
    tx: &mut HotTx,
    seen: &[Seen<'_>],
    book: &Book,
    who: &[Option<ContactKey>],
) -> Result<Windows, Error> {
    let known = |who: &ContactKey| !book.is_new(who);
    let mut keys: BTreeSet<WindowKey> =
        seen.iter().zip(who).filter_map(|(one, who)| Some(one.key(who.filter(known)?))).collect();
    // All that they have, also with numbers of which this batch says nothing.
    let kept: HashMap<ContactKey, ContactKey> = book.merged().collect();
    let gone: Vec<ContactKey> = book.merged().map(|(gone, _)| gone).collect();
    let merged: Vec<(WindowKey, WindowKey)> = session_rows::of_contacts(tx, &gone)
        .await?
        .into_iter()
        .map(|gone| {
            let kept = (gone.0, Arc::clone(&gone.1), kept[&(gone.0, gone.2)].1);
            (gone, kept)
        })
        .collect();
    keys.extend(merged.iter().flat_map(|(gone, kept)| [gone.clone(), kept.clone()]));
    let mut read = session_rows::lock(tx, &keys).await?;
    let mut windows: Windows = BTreeMap::new();
    for (gone, kept) in merged {
        let Some(theirs) = read.remove(&gone) else { continue };
        // Another one may have gone into the same contact before.
        let ours = windows.remove(&kept).map(|(_, row)| row).or_else(|| read.remove(&kept));
        let ours: WindowRow = ours.unwrap_or_default();
        let (goes_on, rest) = ours.merged(theirs.clone());
        match rest {
            Some(rest) => {
                windows.insert(gone, (Some(theirs), rest));
            }
            None => session_rows::remove(tx, &gone).await?,
        }
        // Not as it was read, so it is written whatever becomes of it.
        windows.insert(kept, (None, goes_on));
    }
    windows.extend(read.into_iter().map(|(key, row)| (key, (Some(row.clone()), row))));
    Ok(windows)
}

impl Mention {
    pub(crate) fn of(seen: &Seen<'_>) -> Self {
        let makes = match seen.said.kind {
            Kind::Received | Kind::Delivered | Kind::Read | Kind::Played => true,
            // What was sent may have gone to nobody.
            Kind::Aside => false,
        };
        Self { company: seen.event.company, names: seen.said.names.clone(), makes }
    }
}

impl Seen<'_> {
    /// The window that it is about.
    pub(crate) fn key(&self, who: ContactKey) -> WindowKey {
        (who.0, Arc::clone(&self.said.phone_number_id), who.1)
    }

    const fn fact(&self, is_known: bool) -> Fact {
        Fact { kind: self.said.kind, at: self.said.at, is_known }
    }
}

impl<'a> Round<'a> {
    /// Nothing has been gone through yet.
    pub(crate) fn new(
        companies: &'a Companies,
        book: Book,
        windows: Windows,
        unheard: HashSet<usize>,
    ) -> Self {
        let (reached, derived) = (HashSet::new(), Vec::new());
        Self { companies, book, windows, unheard, reached, derived }
    }

    /// Takes one event in; gives its session.
    fn see(
        &mut self,
        place: usize,
        seen: &Seen<'a>,
        who: ContactKey,
        now: DateTime<Utc>,
        new_id: impl FnOnce() -> SessionId,
    ) -> Option<SessionJson> {
        let Seen { event, said, .. } = *seen;
        let (_, row) = self.windows.entry(seen.key(who)).or_default();
        let message = |kind| (event.company, said.message_id.as_ref(), kind);
        let earlier = earlier_statuses(said.kind);
        let is_known = !earlier.is_empty() && !self.unheard.contains(&place)
            || earlier.iter().any(|kind| self.reached.contains(&message(*kind)));
        let observed = observe(&row.window, seen.fact(is_known), now, new_id);
        row.window = observed.window;
        self.reached.insert(message(said.kind));
        let session = observed.snapshot.map(|snapshot| SessionJson::from(snapshot.json()));
        let at = said.at.min(now);
        let is_first = said.kind == Kind::Received && self.book.note_written(&who, at);
        let created = is_first.then(|| contact_created_data(&event.data)).flatten();
        let created = created.map(|data| (DerivedEvent::ContactCreated, Arc::from(data)));
        let replied = (DerivedEvent::MessageReplied, Arc::clone(&event.data));
        let of_message = created.into_iter().chain(said.is_reply.then_some(replied));
        let mut made: Vec<Made> =
            of_message.map(|(derived, data)| (derived, data, at, session.clone())).collect();
        for told in &observed.told {
            let about = match told {
                // Of the session that has been.
                Told::Expired(_) => row.about.clone(),
                Told::Started(_) | Told::Activated(..) => Some(said.about.clone()),
            };
            if let Told::Started(_) = told {
                (row.about, row.source) = (about.clone(), event.source);
            }
            let data = about.and_then(|about| session_data(told, &about, &said.message_id));
            let json = SessionJson::from(told.snapshot().json());
            let derived = DerivedEvent::of_told(told);
            made.extend(data.map(|data| (derived, data.into(), told.at(), Some(json))));
        }
        self.derive(seen, made);
        session
    }

    /// Makes events where any endpoint picks them, switched on or not.
    fn derive(&mut self, seen: &Seen<'a>, made: Vec<Made>) {
        let event = seen.event;
        for (derived, data, at, session) in made {
            if is_picked(self.companies, event.company, derived.event_type()) {
                let subject = event.subject.as_ref().or_else(|| seen.said.names.subject());
                let (company, source) = (event.company, event.source);
                let event = NewEvent {
                    phone_number_id: Some(Arc::clone(&seen.said.phone_number_id)),
                    ..new_event(company, derived, data, source, subject.cloned(), at)
                };
                self.derived.push(Derived { event, session });
            }
        }
    }
}

/// What, its data, when it happened, and its session.
type Made = (DerivedEvent, Arc<[u8]>, DateTime<Utc>, Option<SessionJson>);

pub(crate) fn is_picked(
    companies: &Companies,
    company: CompanyId,
    event_type: &EventTypeName,
) -> bool {
    companies.get(&company).is_some_and(|company| company.picks(event_type))
}

/// A derived event as it is written down.
pub(crate) fn new_event(
    company: CompanyId,
    derived: DerivedEvent,
    data: Arc<[u8]>,
    source: Option<SourceId>,
    subject: Option<Arc<str>>,
    at: DateTime<Utc>,
) -> NewEvent {
    NewEvent {
        company,
        event_type: derived.event_type().clone(),
        data,
        source,
        external_id: None,
        subject,
        phone_number_id: None,
        occurred_at: Some(at),
        expires_at: None,
        judged: None,
    }
}
