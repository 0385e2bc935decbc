//! Deduplication at the door: keys as two 64-bit halves of a SHA-256, so that nothing of a caller's
//! own id is needed after its event is gone (product.md, delivery rule 10).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{DateTime, Utc};
use domain::event::NewEvent;
use domain::id::EventId;
use sea_orm::sqlx;
use sha2::{Digest, Sha256};

use crate::hot::{HotConnection, HotTx};
use crate::ingest_batch::{Fate, Item};
use crate::script::{ROWS_MAX, RowsInsert, Script};
use crate::time::micros;
use crate::{Accepted, Error, lane_rows};

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

/// Writes down the keys of new events; those that were there before decide their events' fate. Gives
/// the owners of the lanes of `endpoints`, which are read on the same trip.
pub(crate) async fn settle_keys(
    tx: &mut HotTx,
    items: &mut [Item<'_>],
    endpoints: Vec<i64>,
    now: DateTime<Utc>,
) -> Result<HashMap<i64, (i64, i64)>, Error> {
    let mut open: Vec<usize> = (0..items.len())
        .filter(|place| items[*place].fate == Fate::New && items[*place].key.is_some())
        .collect();
    let mut owners = None;
    for _ in 0..PROBES_MAX {
        if open.is_empty() {
            break;
        }
        let round = Round::of(items, open);
        let inserted = if owners.is_none() {
            let (inserted, read) = round.insert_and_read(tx, &endpoints, micros(now)).await?;
            owners = Some(read);
            inserted
        } else {
            round.insert(tx, micros(now)).await?
        };
        open = round.judge(tx, items, inserted).await?;
        for place in &open {
            items[*place].key = items[*place].key.map(Key::probed);
        }
    }
    if !open.is_empty() {
        let what = "too many keys share a hash".into();
        return Err(Error::Corrupt { table: "event_keys", id: 0, what });
    }
    match owners {
        Some(owners) => Ok(owners),
        None => lane_rows::owners(tx, &endpoints).await,
    }
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

/// Where a key stands.
type Place = (i64, i64, i64);

/// Keys that are written down together.
struct Round {
    /// In the order of the key, so that two nodes cannot lock each other out.
    rows: Vec<(Key, i64, i64)>,
    /// The places of the events in the batch, those with a key that stands there already last.
    places: Vec<usize>,
}

static INSERT_KEYS: RowsInsert = RowsInsert::new(INSERT, 8, CONFLICT);
const INSERT: &str = "INSERT INTO event_keys (company_id, source_id, key_hash, key_check, body_hash, event_id, deliveries, created_at)";
const CONFLICT: &str = "ON CONFLICT (company_id, source_id, key_hash) DO NOTHING";

/// Writes keys down and reads the owners of lanes; the row that begins with [`COUNTED`] says how many
/// keys were new.
pub(crate) const KEYS_POSTGRES: &str = "WITH k AS (INSERT INTO event_keys (company_id, source_id, key_hash, \
    key_check, body_hash, event_id, deliveries, created_at) \
    SELECT *, $8::bigint FROM unnest($1::bigint[],$2::bigint[],$3::bigint[],$4::bigint[],$5::bigint[],$6::bigint[],$7::bigint[]) \
    ON CONFLICT (company_id, source_id, key_hash) DO NOTHING RETURNING 1) \
    SELECT -1::bigint, count(*), 0::bigint FROM k UNION ALL \
    SELECT endpoint_id, owner, hold_until FROM lanes WHERE endpoint_id = ANY($9)";
const COUNTED: i64 = -1;

impl Round {
    fn of(items: &[Item<'_>], open: Vec<usize>) -> Self {
        let mut firsts: HashMap<Place, usize> = HashMap::with_capacity(open.len());
        let mut later = Vec::new();
        for place in open {
            let Some(key) = items[place].key else { continue };
            match firsts.entry(key.place()) {
                Entry::Vacant(entry) => {
                    entry.insert(place);
                }
                Entry::Occupied(_) => later.push(place),
            }
        }
        let mut sorted: Vec<(Place, usize)> = firsts.into_iter().collect();
        sorted.sort_unstable();
        let row = |place: usize| {
            let item = &items[place];
            item.key.map(|key| (key, item.id, i64::from(item.deliveries)))
        };
        let rows = sorted.iter().filter_map(|(_, place)| row(*place)).collect();
        Self { rows, places: sorted.into_iter().map(|(_, place)| place).chain(later).collect() }
    }

    /// Writes them down, where nothing stands in their place. Gives how many.
    async fn insert(&self, tx: &mut HotTx, now: i64) -> Result<u64, Error> {
        let rows = &self.rows;
        match &mut tx.connection {
            HotConnection::Sqlite(connection) => {
                let mut inserted = 0;
                for chunk in rows.chunks(ROWS_MAX) {
                    let ran = keys_script(chunk, now).run(connection).await?;
                    inserted += ran.changed.iter().sum::<u64>();
                }
                Ok(inserted)
            }
            HotConnection::Postgres(connection) => {
                Ok(self.insert_postgres(connection, &[], now).await?.0)
            }
        }
    }

    /// The same, and the owners of lanes with it, on one trip where that can be.
    async fn insert_and_read(
        &self,
        tx: &mut HotTx,
        endpoints: &[i64],
        now: i64,
    ) -> Result<(u64, HashMap<i64, (i64, i64)>), Error> {
        let small = self.rows.len() <= ROWS_MAX && (1..=ROWS_MAX).contains(&endpoints.len());
        match &mut tx.connection {
            HotConnection::Sqlite(connection) if small => {
                let mut script = keys_script(&self.rows, now);
                lane_rows::read_owners(&mut script, endpoints);
                let ran = script.run(connection).await?;
                let inserted = ran.changed.first().copied().unwrap_or(0);
                Ok((inserted, lane_rows::owners_of(&ran.rows)?))
            }
            HotConnection::Sqlite(_) => {
                Ok((self.insert(tx, now).await?, lane_rows::owners(tx, endpoints).await?))
            }
            HotConnection::Postgres(connection) => {
                self.insert_postgres(connection, endpoints, now).await
            }
        }
    }

    async fn insert_postgres(
        &self,
        connection: &mut sqlx::PgConnection,
        endpoints: &[i64],
        now: i64,
    ) -> Result<(u64, HashMap<i64, (i64, i64)>), Error> {
        let mut rows: Vec<(i64, i64, i64)> = sqlx::query_as(KEYS_POSTGRES)
            .bind(self.column(|row| row.0.company))
            .bind(self.column(|row| row.0.source))
            .bind(self.column(|row| row.0.hash))
            .bind(self.column(|row| row.0.check))
            .bind(self.column(|row| row.0.body))
            .bind(self.column(|row| row.1))
            .bind(self.column(|row| row.2))
            .bind(now)
            .bind(endpoints)
            .fetch_all(connection)
            .await?;
        let place = rows.iter().position(|row| row.0 == COUNTED);
        let counted = place.map_or(0, |place| rows.swap_remove(place).1);
        let owners = rows.into_iter().map(|(lane, owner, hold)| (lane, (owner, hold)));
        Ok((u64::try_from(counted).unwrap_or(0), owners.collect()))
    }

    fn column(&self, pick: fn(&(Key, i64, i64)) -> i64) -> Vec<i64> {
        self.rows.iter().map(pick).collect()
    }

    /// Decides the fate of those that were there before. Gives the places of those whose first half
    /// is taken by another key.
    async fn judge(
        self,
        tx: &mut HotTx,
        items: &mut [Item<'_>],
        inserted: u64,
    ) -> Result<Vec<usize>, Error> {
        let own = |(key, event, deliveries): &(Key, i64, i64)| {
            let row = Remembered {
                check: key.check,
                body: key.body,
                event: *event,
                deliveries: *deliveries,
            };
            (key.place(), row)
        };
        let remembered: HashMap<Place, Remembered> = if inserted == self.rows.len() as u64 {
            self.rows.iter().map(own).collect()
        } else {
            read_back(tx, &self.rows).await?
        };
        let mut collided = Vec::new();
        for place in self.places {
            let Some(key) = items[place].key else { continue };
            // One that is gone again was removed while this looked: the caller comes back.
            let row = remembered.get(&key.place()).ok_or(Error::Overloaded)?;
            if row.check != key.check {
                collided.push(place);
            } else if row.event != items[place].id {
                items[place].fate = Fate::Known(key.judge(row));
            }
        }
        Ok(collided)
    }
}

fn keys_script(rows: &[(Key, i64, i64)], now: i64) -> Script {
    let mut script = Script::default();
    script.insert(&INSERT_KEYS, rows, |row, (key, event, deliveries)| {
        row.bind(key.company)
            .bind(key.source)
            .bind(key.hash)
            .bind(key.check)
            .bind(key.body)
            .bind(*event)
            .bind(*deliveries)
            .bind(now);
    });
    script
}

/// What stands in the places of these keys, whoever wrote it.
async fn read_back(
    tx: &mut HotTx,
    rows: &[(Key, i64, i64)],
) -> Result<HashMap<Place, Remembered>, Error> {
    const COLUMNS: &str = "SELECT k.company_id, k.source_id, k.key_hash, k.key_check, k.body_hash, k.event_id, k.deliveries";
    const SQLITE: &str = "FROM json_each(?) t CROSS JOIN event_keys k ON k.company_id = t.value ->> 0 \
        AND k.source_id = t.value ->> 1 AND k.key_hash = t.value ->> 2";
    const POSTGRES: &str = "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS t(company_id, source_id, key_hash) \
        JOIN event_keys k USING (company_id, source_id, key_hash)";
    type Columns = (i64, i64, i64, i64, i64, i64, i64);
    let found: Vec<Columns> = match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let places: Vec<Place> = rows.iter().map(|row| row.0.place()).collect();
            let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} {SQLITE}"));
            let json = serde_json::to_string(&places).unwrap_or_default();
            sqlx::query_as(sql).bind(json).fetch_all(&mut **connection).await?
        }
        HotConnection::Postgres(connection) => {
            let column =
                |pick: fn(&(Key, i64, i64)) -> i64| rows.iter().map(pick).collect::<Vec<_>>();
            sqlx::query_as(sqlx::AssertSqlSafe(format!("{COLUMNS} {POSTGRES}")))
                .bind(column(|row| row.0.company))
                .bind(column(|row| row.0.source))
                .bind(column(|row| row.0.hash))
                .fetch_all(&mut **connection)
                .await?
        }
    };
    Ok(found
        .into_iter()
        .map(|(company, source, hash, check, body, event, deliveries)| {
            ((company, source, hash), Remembered { check, body, event, deliveries })
        })
        .collect())
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
