//! The keys of events, by which what comes again is known: as two 64-bit halves of a SHA-256, so that nothing
//! of a caller's own id is needed after its event is gone (product.md, delivery rule 10).

use std::collections::HashMap;

use domain::event::NewEvent;
use domain::id::{CompanyId, EventId, SourceId};
use sha2::{Digest, Sha256};

use crate::Accepted;
use crate::ingest_rows::PgQuery;
use crate::script::Script;
use crate::time::micros;

/// The key of an event that carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) company: i64,
    pub(crate) source: i64,
    pub(crate) hash: i64,
    pub(crate) check: i64,
    pub(crate) body: i64,
}

/// What is remembered of an event's key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remembered {
    pub(crate) check: i64,
    pub(crate) body: i64,
    pub(crate) event: i64,
    pub(crate) deliveries: i64,
}

impl Key {
    /// The key of `event`, where its caller gave it an id.
    pub(crate) fn of(event: &NewEvent) -> Option<Self> {
        let external_id = event.external_id.as_deref()?;
        let named = Self::named(event.company, event.source, external_id);
        Some(Self { body: body_hash(event), ..named })
    }

    /// The key by which an event of that external id is looked for: without its body.
    pub(crate) fn named(company: CompanyId, source: Option<SourceId>, external_id: &str) -> Self {
        let key = Sha256::digest(external_id.as_bytes());
        let (hash, check) = (half(&key, 0), half(&key, 8));
        let source = source.map_or(0, SourceId::raw);
        Self { company: company.raw(), source, hash, check, body: 0 }
    }

    /// Where it stands, if it does.
    pub(crate) const fn place(&self) -> Place {
        (self.company, self.source, self.hash)
    }

    /// The same key under another first half.
    pub(crate) fn probed(self) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(self.hash.to_be_bytes());
        hasher.update(self.check.to_be_bytes());
        Self { hash: half(&hasher.finalize(), 0), ..self }
    }

    /// Of a source the first one wins, whatever comes under its key later: whoever tells it twice would
    /// tell it for a week if it were refused.
    pub(crate) fn judge(&self, remembered: &Remembered) -> Accepted {
        let event = EventId::from_raw(remembered.event);
        if self.body == remembered.body || self.source != 0 {
            let deliveries = u32::try_from(remembered.deliveries).unwrap_or(0);
            Accepted::Duplicate { event, deliveries }
        } else {
            Accepted::KeyReused { event }
        }
    }
}

fn half(digest: &[u8], at: usize) -> i64 {
    let mut bytes = [0u8; 8];
    bytes.copy_from_slice(&digest[at..at + 8]);
    i64::from_be_bytes(bytes)
}

/// What makes two events with one key the same: everything the caller said.
fn body_hash(event: &NewEvent) -> i64 {
    let mut hasher = Sha256::new();
    let texts = [Some(event.event_type.as_str()), event.subject.as_deref()];
    for text in texts {
        hasher.update(text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
        hasher.update(text.unwrap_or_default());
    }
    for at in [event.occurred_at, event.expires_at] {
        hasher.update(at.map_or(i64::MIN, micros).to_be_bytes());
    }
    hasher.update(&event.data);
    half(&hasher.finalize(), 0)
}

/// Where a key stands: company, source, hash.
pub(crate) type Place = (i64, i64, i64);

/// What is written down of an event's key, its date apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyRow {
    pub(crate) key: Key,
    pub(crate) event: i64,
    pub(crate) deliveries: i64,
}

impl KeyRow {
    /// Binds its seven columns.
    pub(crate) fn bind(&self, marks: &mut Script) {
        let Key { company, source, hash, check, body } = self.key;
        marks.bind(company).bind(source).bind(hash).bind(check).bind(body);
        marks.bind(self.event).bind(self.deliveries);
    }

    /// What is remembered of it once it is written.
    pub(crate) const fn remembered(&self) -> Remembered {
        let Key { check, body, .. } = self.key;
        Remembered { check, body, event: self.event, deliveries: self.deliveries }
    }
}

/// What stands in the places of keys.
pub(crate) type Found = HashMap<Place, Remembered>;

/// Binds the seven columns of keys, as arrays.
pub(crate) fn bind_keys<'q>(query: PgQuery<'q>, rows: &[KeyRow]) -> PgQuery<'q> {
    let column = |pick: fn(&KeyRow) -> i64| rows.iter().map(pick).collect::<Vec<_>>();
    query
        .bind(column(|row| row.key.company))
        .bind(column(|row| row.key.source))
        .bind(column(|row| row.key.hash))
        .bind(column(|row| row.key.check))
        .bind(column(|row| row.key.body))
        .bind(column(|row| row.event))
        .bind(column(|row| row.deliveries))
}

/// A row of keys as it is read: its place, check, body, event, deliveries.
pub(crate) type Columns = (i64, i64, i64, i64, i64, i64, i64);

/// What such a row says.
pub(crate) const fn remembered(columns: Columns) -> (Place, Remembered) {
    let (company, source, hash, check, body, event, deliveries) = columns;
    ((company, source, hash), Remembered { check, body, event, deliveries })
}
