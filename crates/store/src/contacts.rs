//! Contacts, as a transaction of ingest finds, makes and changes them: those of a whole batch at once.
//!
//! A contact's row is the lock of all that is decided about it. Rows are locked in the order of company and
//! id, and before those of `sessions`; a contact that two nodes meet for the first time is made by one of
//! them, while the other one waits for its commit and reads again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::contact::{Contact, Names, Resolved, resolve};
use domain::id::{CompanyId, ContactId};

use crate::contact_rows::{
    Columns, MAKE_POSTGRES, Row, UPSERT_SQLITE, WRITE_POSTGRES, read, run, write_postgres,
};
use crate::hot::{HotConnection, HotTx};
use crate::time::{from_micros, micros};
use crate::{Error, Store};

/// How often contacts are read again that another node made at the same moment.
const TRIES: usize = 4;

/// Whose contact it is, and which one.
pub(crate) type ContactKey = (CompanyId, ContactId);

/// Who is spoken of.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) company: CompanyId,
    pub(crate) names: Names,
    /// Whether somebody who is not known becomes a contact by it.
    pub(crate) makes: bool,
}

/// The contacts that a batch speaks of, locked, and what becomes of them.
#[derive(Debug, Default)]
pub(crate) struct Book {
    entries: BTreeMap<ContactKey, Entry>,
    numbers: HashMap<(CompanyId, Arc<str>), ContactId>,
    persons: HashMap<(CompanyId, Arc<str>), ContactId>,
    /// The names that rows had when they were read. Until those are written, nobody else's row may have them.
    held: Held,
    /// Whose number, as the row still has it, is another one's now.
    released: BTreeSet<ContactKey>,
    /// Those who turned out to be another one.
    merged: BTreeMap<ContactKey, ContactId>,
    created_at: i64,
}

#[derive(Debug)]
struct Entry {
    contact: Contact,
    created_at: i64,
    state: State,
}

/// How a contact and its row differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    AsRead,
    Changed,
    New,
}

/// Names that stand in rows.
#[derive(Debug, Default)]
struct Held {
    numbers: HashSet<(CompanyId, Arc<str>)>,
    persons: HashSet<(CompanyId, Arc<str>)>,
}

impl Store {
    /// The contacts that are spoken of, each locked; those who are not known are made. Gives who each
    /// mention means.
    pub(crate) async fn lock_contacts(
        &self,
        tx: &mut HotTx,
        mentions: &[Mention],
        now: DateTime<Utc>,
    ) -> Result<(Book, Vec<Option<ContactKey>>), Error> {
        for _ in 0..TRIES {
            let rows = read(tx, mentions).await?;
            let mut book = Book::of(rows, now);
            let who = self.find_all(&mut book, mentions, now);
            if book.make_new(tx).await? {
                return Ok((book, who));
            }
        }
        // They come and go faster than they can be read: the caller comes back.
        Err(Error::contended())
    }

    /// Finds who each mention means, and makes those who are not known; nothing is written yet.
    pub(crate) fn find_all(
        &self,
        book: &mut Book,
        mentions: &[Mention],
        now: DateTime<Utc>,
    ) -> Vec<Option<ContactKey>> {
        let new_id = || ContactId::from_raw(self.new_id(now));
        let mut who: Vec<Option<ContactKey>> =
            mentions.iter().map(|mention| book.find(mention, new_id)).collect();
        for key in who.iter_mut().flatten() {
            *key = book.now(*key);
        }
        who
    }
}

impl Book {
    /// Of rows as they were read; who is new is new by `now`.
    pub(crate) fn of(rows: Vec<Columns>, now: DateTime<Utc>) -> Self {
        let mut book = Self { created_at: micros(now), ..Self::default() };
        rows.into_iter().map(entry).for_each(|(company, entry)| book.add_read(company, entry));
        book
    }

    /// Whether rows lose names or go: then the order matters in which they are written.
    pub(crate) fn is_tangled(&self) -> bool {
        !self.merged.is_empty() || !self.released.is_empty()
    }

    /// Those who were there, and whether their row is to be written.
    pub(crate) fn known(&self) -> impl Iterator<Item = (ContactKey, bool)> {
        let is_known = |(_, entry): &(&ContactKey, &Entry)| entry.state != State::New;
        self.entries
            .iter()
            .filter(is_known)
            .map(|(key, entry)| (*key, entry.state == State::Changed))
    }

    /// The rows that are to be written, and whether they are new: those first, in the order of names, then
    /// the others in the order of ids, as on the long way.
    pub(crate) fn changes(&self) -> Vec<(Row<'_>, bool)> {
        let in_state = |wanted: State| self.entries.iter().filter(move |(_, e)| e.state == wanted);
        let mut rows: Vec<(Row<'_>, bool)> =
            in_state(State::New).map(|entry| (Row::of(entry), true)).collect();
        rows.sort_by_key(|(row, _)| (row.company, row.wa_id, row.user_id));
        rows.extend(in_state(State::Changed).map(|entry| (Row::of(entry), false)));
        rows
    }

    /// Who turned out to be whom, both as they were found.
    pub(crate) fn merged(&self) -> impl Iterator<Item = (ContactKey, ContactKey)> {
        self.merged.keys().map(|gone| (*gone, self.now(*gone)))
    }

    /// Whether this transaction has made it, so that nothing is known of it.
    pub(crate) fn is_new(&self, key: &ContactKey) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.state == State::New)
    }

    /// Notes that it wrote; tells whether it never did before.
    pub(crate) fn note_written(&mut self, key: &ContactKey, at: DateTime<Utc>) -> bool {
        let Some(entry) = self.entries.get_mut(key) else { return false };
        if entry.contact.wrote_at.is_some() {
            return false;
        }
        entry.contact.wrote_at = Some(at);
        entry.change();
        true
    }

    /// Who it is after all that the batch has said.
    fn now(&self, mut key: ContactKey) -> ContactKey {
        while let Some(kept) = self.merged.get(&key) {
            key = (key.0, *kept);
        }
        key
    }

    fn add_read(&mut self, company: CompanyId, entry: Entry) {
        let names = entry.contact.names.as_ref();
        let keyed = |name: Option<&Arc<str>>| name.map(|name| (company, Arc::clone(name)));
        self.held.numbers.extend(keyed(names.and_then(Names::wa_id)));
        self.held.persons.extend(keyed(names.and_then(Names::user_id)));
        self.add(company, entry);
    }

    fn add(&mut self, company: CompanyId, entry: Entry) {
        let id = entry.contact.id;
        if let Some(names) = &entry.contact.names {
            self.index(company, id, names);
        }
        self.entries.insert((company, id), entry);
    }

    fn index(&mut self, company: CompanyId, id: ContactId, names: &Names) {
        let keyed = |name: Option<&Arc<str>>| name.map(|name| (company, Arc::clone(name)));
        self.numbers.extend(keyed(names.wa_id()).map(|key| (key, id)));
        self.persons.extend(keyed(names.user_id()).map(|key| (key, id)));
    }

    fn find(
        &mut self,
        mention: &Mention,
        new_id: impl FnOnce() -> ContactId,
    ) -> Option<ContactKey> {
        let (company, names) = (mention.company, &mention.names);
        let known = |index: &HashMap<_, ContactId>, name: Option<&Arc<str>>| {
            let id = *index.get(&(company, Arc::clone(name?)))?;
            self.entries.get(&(company, id)).map(|entry| &entry.contact)
        };
        let by_number = known(&self.numbers, names.wa_id());
        let by_person = known(&self.persons, names.user_id());
        match resolve(names, by_number, by_person) {
            Resolved::New { .. } if !mention.makes => None,
            Resolved::New { number_of } => {
                self.release(company, number_of);
                let names = Some(names.clone());
                let contact = Contact { id: new_id(), names, wrote_at: None };
                let id = contact.id;
                self.add(
                    company,
                    Entry { contact, created_at: self.created_at, state: State::New },
                );
                Some((company, id))
            }
            Resolved::Known { id, names, number_of } => {
                self.release(company, number_of);
                self.rename((company, id), names);
                Some((company, id))
            }
            Resolved::One { kept, gone, names, wrote_at } => {
                self.entries.remove(&(company, gone));
                self.merged.insert((company, gone), kept);
                if let Some(entry) = self.entries.get_mut(&(company, kept)) {
                    entry.contact.wrote_at = wrote_at;
                    entry.change();
                }
                self.rename((company, kept), names);
                Some((company, kept))
            }
        }
    }

    /// Takes its number from a contact.
    fn release(&mut self, company: CompanyId, number_of: Option<ContactId>) {
        let Some(key) = number_of.map(|id| (company, id)) else { return };
        let Some(entry) = self.entries.get_mut(&key) else { return };
        entry.contact.names = entry.contact.names.as_ref().and_then(Names::without_number);
        entry.change();
        self.released.insert(key);
    }

    fn rename(&mut self, key: ContactKey, names: Names) {
        let Some(entry) = self.entries.get_mut(&key) else { return };
        if entry.contact.names.as_ref() == Some(&names) {
            return;
        }
        let old = entry.contact.names.as_ref().and_then(|names| names.wa_id().cloned());
        entry.contact.names = Some(names.clone());
        entry.change();
        if let Some(old) = old.filter(|old| names.wa_id() != Some(old)) {
            self.numbers.remove(&(key.0, old));
            self.released.insert(key);
        }
        self.index(key.0, key.1, &names);
    }

    /// Makes those who are new on PostgreSQL, where another node may do so at the same moment: then it
    /// has to be read again. They get the names that other rows have still once those are written: whoever
    /// else means one of these waits for that row.
    async fn make_new(&self, tx: &mut HotTx) -> Result<bool, Error> {
        let HotConnection::Postgres(connection) = &mut tx.connection else { return Ok(true) };
        let is_new = |(_, entry): &(&ContactKey, &Entry)| entry.state == State::New;
        let new = self.entries.iter().filter(is_new).map(|entry| self.held.without(entry));
        // Who has no name yet meets nobody, and were it read again it would not be found.
        let mut new: Vec<Row<'_>> =
            new.filter(|row| row.wa_id.is_some() || row.user_id.is_some()).collect();
        if new.is_empty() {
            return Ok(true);
        }
        // In the order of names, so that two nodes cannot lock each other out.
        new.sort_by_key(|row| (row.company, row.wa_id, row.user_id));
        let made = write_postgres(connection, MAKE_POSTGRES, &new).await?;
        Ok(made == new.len() as u64)
    }

    /// Writes down what has changed.
    pub(crate) async fn write(&self, tx: &mut HotTx) -> Result<(), Error> {
        for (company, id) in self.merged.keys() {
            run(tx, "DELETE FROM contacts WHERE company_id = $1 AND id = $2", *company, *id)
                .await?;
        }
        for (company, id) in &self.released {
            const SQL: &str = "UPDATE contacts SET wa_id = NULL WHERE company_id = $1 AND id = $2";
            run(tx, SQL, *company, *id).await?;
        }
        let is_postgres = matches!(tx.connection, HotConnection::Postgres(_));
        let differs = |(key, entry): &(&ContactKey, &Entry)| match entry.state {
            State::AsRead => false,
            // PostgreSQL has it as it was made; only who has written since, or lacks a name, is written again.
            State::New => {
                !is_postgres || entry.contact.wrote_at.is_some() || self.held.has_any(key.0, entry)
            }
            State::Changed => true,
        };
        let rows: Vec<Row<'_>> = self.entries.iter().filter(differs).map(Row::of).collect();
        if rows.is_empty() {
            return Ok(());
        }
        match &mut tx.connection {
            HotConnection::Sqlite(_) => tx.insert_sqlite(&UPSERT_SQLITE, &rows, Row::bind).await,
            HotConnection::Postgres(connection) => {
                write_postgres(connection, WRITE_POSTGRES, &rows).await.map(|_| ())
            }
        }
    }
}

impl Entry {
    fn change(&mut self) {
        if self.state == State::AsRead {
            self.state = State::Changed;
        }
    }
}

impl Held {
    /// The row of a new contact without the names that other rows have.
    fn without<'a>(&self, (key, entry): (&ContactKey, &'a Entry)) -> Row<'a> {
        let row = Row::of((key, entry));
        let is_held = |names: &HashSet<(CompanyId, Arc<str>)>, name: &&str| {
            !names.is_empty() && names.contains(&(key.0, Arc::from(*name)))
        };
        Row {
            wa_id: row.wa_id.filter(|name| !is_held(&self.numbers, name)),
            user_id: row.user_id.filter(|name| !is_held(&self.persons, name)),
            ..row
        }
    }

    fn has_any(&self, company: CompanyId, entry: &Entry) -> bool {
        let names = entry.contact.names.as_ref();
        let is_held = |held: &HashSet<_>, name: Option<&Arc<str>>| {
            name.is_some_and(|name| held.contains(&(company, Arc::clone(name))))
        };
        is_held(&self.numbers, names.and_then(Names::wa_id))
            || is_held(&self.persons, names.and_then(Names::user_id))
    }
}

impl<'a> Row<'a> {
    fn of(((company, id), entry): (&ContactKey, &'a Entry)) -> Self {
        let names = entry.contact.names.as_ref();
        Self {
            company: company.raw(),
            id: id.raw(),
            wa_id: names.and_then(Names::wa_id).map(AsRef::as_ref),
            user_id: names.and_then(Names::user_id).map(AsRef::as_ref),
            wrote_at: entry.contact.wrote_at.map(micros),
            created_at: entry.created_at,
        }
    }
}

fn entry((company, id, wa_id, user_id, wrote_at, created_at): Columns) -> (CompanyId, Entry) {
    let contact = Contact {
        id: ContactId::from_raw(id),
        names: Names::of(wa_id.as_deref(), user_id.as_deref()),
        wrote_at: wrote_at.map(from_micros),
    };
    (CompanyId::from_raw(company), Entry { contact, created_at, state: State::AsRead })
}
