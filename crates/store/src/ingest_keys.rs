//! Deduplication at the door: keys as two 64-bit halves of a SHA-256, so that nothing of a caller's
//! own id is needed after its event is gone (product.md, delivery rule 10).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::event::NewEvent;
use domain::id::EventId;
use sea_orm::sqlx;
use sha2::{Digest, Sha256};

use crate::hot::{HotConnection, HotTx, runs, values};
use crate::ingest_batch::{Fate, Item};
use crate::time::micros;
use crate::{Accepted, Error};

/// How often a key whose first half is taken by another key is tried under another first half.
const PROBES_MAX: u8 = 4;

/// The key of an event that carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    company: i64,
    source: i64,
    hash: i64,
    check: i64,
    body: i64,
}

/// What is remembered of an event's key.
#[derive(Debug, Clone, Copy)]
struct Remembered {
    check: i64,
    body: i64,
    event: i64,
    deliveries: i64,
}

impl Key {
    /// The key of `event`, where its caller gave it an id.
    pub(crate) fn of(event: &NewEvent) -> Option<Self> {
        let external_id = event.external_id.as_deref()?;
        let key = Sha256::digest(external_id.as_bytes());
        Some(Self {
            company: event.company.raw(),
            source: event.source.map_or(0, domain::id::SourceId::raw),
            hash: half(&key, 0),
            check: half(&key, 8),
            body: body_hash(event),
        })
    }

    fn place(&self) -> (i64, i64, i64) {
        (self.company, self.source, self.hash)
    }

    /// The same key under another first half.
    fn probed(self) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(self.hash.to_be_bytes());
        hasher.update(self.check.to_be_bytes());
        Self { hash: half(&hasher.finalize(), 0), ..self }
    }

    fn judge(&self, remembered: &Remembered) -> Accepted {
        let event = EventId::from_raw(remembered.event);
        if self.body == remembered.body {
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

/// Writes down the keys of new events; those that were there before decide their events' fate.
pub(crate) async fn settle_keys(
    tx: &mut HotTx,
    items: &mut [Item<'_>],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut open: Vec<usize> = (0..items.len())
        .filter(|place| items[*place].fate == Fate::New && items[*place].key.is_some())
        .collect();
    for _ in 0..PROBES_MAX {
        if open.is_empty() {
            return Ok(());
        }
        open = settle_once(tx, items, open, now).await?;
        for place in &open {
            items[*place].key = items[*place].key.map(Key::probed);
        }
    }
    Err(Error::Corrupt { table: "event_keys", id: 0, what: "too many keys share a hash".into() })
}

/// Looks for the keys of events that have expired or that their type does not take any more, and
/// writes none: what was accepted before gets the answer that it got then.
pub(crate) async fn recognise_untaken(tx: &mut HotTx, items: &mut [Item<'_>]) -> Result<(), Error> {
    let is_untaken = |item: &&mut Item<'_>| [Fate::Expired, Fate::Unfit].contains(&item.fate);
    for item in items.iter_mut().filter(is_untaken) {
        let Some(mut key) = item.key else { continue };
        for _ in 0..PROBES_MAX {
            match find(tx, &key).await? {
                None => break,
                Some(row) if row.check == key.check => {
                    item.fate = Fate::Known(key.judge(&row));
                    break;
                }
                Some(_) => key = key.probed(),
            }
        }
    }
    Ok(())
}

/// One round; gives the places whose first half is taken by another key.
async fn settle_once(
    tx: &mut HotTx,
    items: &mut [Item<'_>],
    open: Vec<usize>,
    now: DateTime<Utc>,
) -> Result<Vec<usize>, Error> {
    let mut firsts: HashMap<(i64, i64, i64), usize> = HashMap::with_capacity(open.len());
    let mut later = Vec::new();
    for place in open {
        let Some(key) = items[place].key else { continue };
        match firsts.entry(key.place()) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(place);
            }
            std::collections::hash_map::Entry::Occupied(_) => later.push(place),
        }
    }
    // In the order of the key, so that two nodes cannot lock each other out.
    let mut sorted: Vec<((i64, i64, i64), usize)> = firsts.iter().map(|(k, p)| (*k, *p)).collect();
    sorted.sort_unstable();
    let rows: Vec<(Key, i64, i64)> = sorted
        .iter()
        .filter_map(|(_, place)| {
            let item = &items[*place];
            item.key.map(|key| (key, item.id, i64::from(item.deliveries)))
        })
        .collect();
    let inserted = insert(tx, &rows, micros(now)).await?;
    let mut collided = Vec::new();
    let mut remembered: HashMap<(i64, i64, i64), Remembered> = HashMap::with_capacity(rows.len());
    for (key, event, deliveries) in &rows {
        let row = if inserted.contains(&key.place()) {
            Remembered { check: key.check, body: key.body, event: *event, deliveries: *deliveries }
        } else {
            find(tx, key).await?.ok_or(Error::Overloaded)?
        };
        remembered.insert(key.place(), row);
    }
    for ((_, _, _), place) in sorted.into_iter().chain(later.into_iter().map(|p| ((0, 0, 0), p))) {
        let Some(key) = items[place].key else { continue };
        let row = remembered[&key.place()];
        let own = row.event == items[place].id;
        if row.check != key.check {
            collided.push(place);
        } else if !own {
            items[place].fate = Fate::Known(key.judge(&row));
        }
    }
    Ok(collided)
}

const INSERT: &str = "INSERT INTO event_keys (company_id, source_id, key_hash, key_check, body_hash, event_id, deliveries, created_at) ";
const RETURNING: &str = " ON CONFLICT (company_id, source_id, key_hash) DO NOTHING RETURNING company_id, source_id, key_hash";

async fn insert(
    tx: &mut HotTx,
    rows: &[(Key, i64, i64)],
    now: i64,
) -> Result<std::collections::HashSet<(i64, i64, i64)>, Error> {
    let mut inserted = std::collections::HashSet::with_capacity(rows.len());
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            for run in runs(rows) {
                let sql = values(&format!("{INSERT} VALUES "), 8, run.len(), RETURNING);
                let mut query = sqlx::query_as::<_, (i64, i64, i64)>(sql);
                for (key, event, deliveries) in run {
                    query = query
                        .bind(key.company)
                        .bind(key.source)
                        .bind(key.hash)
                        .bind(key.check)
                        .bind(key.body)
                        .bind(*event)
                        .bind(*deliveries)
                        .bind(now);
                }
                inserted.extend(query.fetch_all(&mut **connection).await?);
            }
        }
        HotConnection::Postgres(connection) => {
            let column =
                |pick: fn(&(Key, i64, i64)) -> i64| rows.iter().map(pick).collect::<Vec<_>>();
            let sql = const_format(
                INSERT,
                "SELECT *, $8 FROM unnest($1::bigint[],$2::bigint[],$3::bigint[],$4::bigint[],$5::bigint[],$6::bigint[],$7::bigint[])",
                RETURNING,
            );
            let found = sqlx::query_as::<_, (i64, i64, i64)>(sql)
                .bind(column(|row| row.0.company))
                .bind(column(|row| row.0.source))
                .bind(column(|row| row.0.hash))
                .bind(column(|row| row.0.check))
                .bind(column(|row| row.0.body))
                .bind(column(|row| row.1))
                .bind(column(|row| row.2))
                .bind(now)
                .fetch_all(&mut **connection)
                .await?;
            inserted.extend(found);
        }
    }
    Ok(inserted)
}

fn const_format(head: &str, middle: &str, tail: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("{head}{middle}{tail}"))
}

async fn find(tx: &mut HotTx, key: &Key) -> Result<Option<Remembered>, Error> {
    const READ: &str = "SELECT key_check, body_hash, event_id, deliveries FROM event_keys WHERE company_id = $1 AND source_id = $2 AND key_hash = $3";
    let row: Option<(i64, i64, i64, i64)> = match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            sqlx::query_as(READ)
                .bind(key.company)
                .bind(key.source)
                .bind(key.hash)
                .fetch_optional(&mut **connection)
                .await?
        }
        HotConnection::Postgres(connection) => {
            sqlx::query_as(READ)
                .bind(key.company)
                .bind(key.source)
                .bind(key.hash)
                .fetch_optional(&mut **connection)
                .await?
        }
    };
    let remembered =
        |(check, body, event, deliveries)| Remembered { check, body, event, deliveries };
    Ok(row.map(remembered))
}
