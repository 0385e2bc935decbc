//! Deduplication at the door: keys of a batch are looked for and written down, in its transaction.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, SourceId};
use sea_orm::sqlx;
use sea_orm::sqlx::FromRow;

use crate::event_key::{Columns, Found, Key, KeyRow, Place, Remembered, bind_keys, remembered};
use crate::fresh_keys::Written;
use crate::hot::{HotConnection, HotTx};
use crate::ingest_items::{Fate, Item};
use crate::key_look::{self, Looked, Wanted};
use crate::lane_rows::{LaneSeen, is_passed};
use crate::time::micros;
use crate::{Error, Store, lane_rows};

/// How often a key whose first half is taken by another key is tried under another first half.
const PROBES_MAX: u8 = 4;

/// What came of the keys of a batch.
pub(crate) struct KeysSettled {
    /// The owners of lanes, which were read on the same trip.
    pub(crate) owners: HashMap<i64, LaneSeen>,
    /// What is to be remembered once all is committed.
    pub(crate) written: Written,
    /// What was looked for on SQLite and stands there now.
    pub(crate) looked: Looked,
}

/// Writes down the keys of new events; those that were there before decide their events' fate. Reads
/// the owners of the lanes of `endpoints` with it. On SQLite `looked` are the keys of all items, where
/// they were looked for already.
pub(crate) async fn settle_keys(
    store: &Store,
    tx: &mut HotTx,
    items: &mut [Item<'_>],
    endpoints: Vec<i64>,
    looked: Option<Looked>,
    now: DateTime<Utc>,
) -> Result<KeysSettled, Error> {
    let mut looked = match (looked, &tx.connection) {
        (Some(looked), _) => looked,
        (None, HotConnection::Sqlite(_)) => {
            let wanted = Wanted { keys: places(items), endpoints: endpoints.clone() };
            key_look::look(store, tx, wanted, now).await?
        }
        (None, HotConnection::Postgres(_)) => Looked::default(),
    };
    let is_foreseen = !endpoints.is_empty() && looked.endpoints == endpoints;
    let mut owners = is_foreseen.then(|| std::mem::take(&mut looked.owners));
    let mut open: Vec<usize> = (0..items.len())
        .filter(|place| items[*place].fate == Fate::New && items[*place].key.is_some())
        .collect();
    let mut written = Written::default();
    for _ in 0..PROBES_MAX {
        if open.is_empty() {
            break;
        }
        let round = Round::of(items, open);
        match &mut tx.connection {
            HotConnection::Sqlite(_) => {
                round.settle_sqlite(store, tx, &mut written, &mut looked, now).await?;
            }
            HotConnection::Postgres(connection) => {
                let asked = if owners.is_none() { endpoints.as_slice() } else { &[] };
                let at = (store.incarnation(), micros(now));
                let (there, read) = round.settle_postgres(connection, asked, at).await?;
                looked.found.extend(there);
                owners.get_or_insert(read);
            }
        }
        open = round.judge(items, &looked.found)?;
        for place in &open {
            items[*place].key = items[*place].key.map(Key::probed);
        }
    }
    if !open.is_empty() {
        let what = "too many keys share a hash".into();
        return Err(Error::Corrupt { table: "event_keys", id: 0, what });
    }
    let owners = match owners {
        Some(owners) => owners,
        None => lane_rows::owners(tx, &endpoints, store.incarnation(), now).await?,
    };
    Ok(KeysSettled { owners, written, looked })
}

/// The keys of all these events in the order of the key; `None` where two have the same one.
pub(crate) fn key_rows(items: &[Item<'_>]) -> Option<Vec<KeyRow>> {
    let open = (0..items.len()).filter(|place| items[*place].key.is_some()).collect();
    let Round { rows, places } = Round::of(items, open);
    (rows.len() == places.len()).then_some(rows)
}

/// Whether two of these events have the same key.
pub(crate) fn has_twins(items: &[Item<'_>]) -> bool {
    places(items).len() < items.iter().filter(|item| item.key.is_some()).count()
}

/// The places of all keys of a batch, each once and sorted.
pub(crate) fn places(items: &[Item<'_>]) -> Vec<Place> {
    let keys = items.iter().filter_map(|item| item.key.as_ref());
    let mut places: Vec<Place> = keys.map(Key::place).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Looks for the keys of events that have expired or that their type does not take any more, and
/// writes none: what was accepted before gets the answer that it got then.
pub(crate) async fn recognise_untaken(
    store: &Store,
    tx: &mut HotTx,
    items: &mut [Item<'_>],
    looked: &Looked,
) -> Result<(), Error> {
    let is_untaken = |item: &&mut Item<'_>| [Fate::Expired, Fate::Unfit].contains(&item.fate);
    for item in items.iter_mut().filter(is_untaken) {
        let Some(mut key) = item.key else { continue };
        for _ in 0..PROBES_MAX {
            let row = match looked.found.get(&key.place()) {
                Some(row) => Some(*row),
                None if looked.asked_for(&key.place()) => None,
                None => find(store, tx, &key).await?,
            };
            match row {
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

/// The events with these keys, by company, source and external id, as far as one was accepted. Keys that
/// this transaction has written itself may be among them or not.
pub(crate) async fn events_of(
    store: &Store,
    tx: &mut HotTx,
    keys: &[(CompanyId, Option<SourceId>, String)],
) -> Result<Vec<Option<i64>>, Error> {
    let keys: Vec<Key> = keys.iter().map(named).collect();
    let found = match &mut tx.connection {
        HotConnection::Sqlite(_) => {
            let places: Vec<Place> = distinct(&keys).iter().map(Key::place).collect();
            key_look::look_again(store, tx, &places).await?
        }
        HotConnection::Postgres(connection) => among_postgres(connection, &keys).await?,
    };
    Ok(events_among(&keys, &found))
}

/// The same on PostgreSQL, outside any transaction.
pub(crate) async fn events_now(
    connection: &mut sqlx::PgConnection,
    keys: &[(CompanyId, Option<SourceId>, String)],
) -> Result<Vec<Option<i64>>, Error> {
    let keys: Vec<Key> = keys.iter().map(named).collect();
    let found = among_postgres(connection, &keys).await?;
    Ok(events_among(&keys, &found))
}

fn named((company, source, id): &(CompanyId, Option<SourceId>, String)) -> Key {
    Key::named(*company, *source, id)
}

fn distinct(keys: &[Key]) -> Vec<Key> {
    let mut sorted = keys.to_vec();
    sorted.sort_unstable_by_key(Key::place);
    sorted.dedup_by_key(|key| key.place());
    sorted
}

async fn among_postgres(connection: &mut sqlx::PgConnection, keys: &[Key]) -> Result<Found, Error> {
    let row = |key: Key| KeyRow { key, event: 0, deliveries: 0 };
    let rows: Vec<KeyRow> = distinct(keys).into_iter().map(row).collect();
    read_back(connection, &rows).await
}

/// One that stands elsewhere, because another has its place, is not found: that is once in 2^64.
fn events_among(keys: &[Key], found: &Found) -> Vec<Option<i64>> {
    let of = |key: &Key| found.get(&key.place()).filter(|row| row.check == key.check);
    keys.iter().map(|key| of(key).map(|row| row.event)).collect()
}

/// Keys that are written down together.
struct Round {
    /// In the order of the key, so that two nodes cannot lock each other out.
    rows: Vec<KeyRow>,
    /// The places of the events in the batch, those with a key that stands there already last.
    places: Vec<usize>,
}

/// Writes keys down and reads the owners of lanes; the row that begins with [`COUNTED`] says how many
/// keys were new.
pub(crate) const KEYS_POSTGRES: &str = concat!(
    "WITH k AS (INSERT INTO event_keys (company_id, source_id, key_hash, \
    key_check, body_hash, event_id, deliveries, created_at) \
    SELECT *, $8::bigint FROM unnest((SELECT $1::bigint[]),$2::bigint[],$3::bigint[],$4::bigint[],$5::bigint[],$6::bigint[],$7::bigint[]) \
    ON CONFLICT (company_id, source_id, key_hash) DO NOTHING RETURNING 1) \
    SELECT -1::bigint, count(*), 0::bigint, false FROM k UNION ALL SELECT l.endpoint_id, l.owner, l.hold_until, ",
    is_passed!("$10", "$8"),
    " FROM lanes l WHERE l.endpoint_id = ANY((SELECT $9::bigint[])::bigint[])"
);
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
            let Item { id, deliveries, key, .. } = items[place];
            key.map(|key| KeyRow { key, event: id, deliveries: i64::from(deliveries) })
        };
        let rows = sorted.iter().filter_map(|(_, place)| row(*place)).collect();
        Self { rows, places: sorted.into_iter().map(|(_, place)| place).chain(later).collect() }
    }

    /// On SQLite, writes those in whose places nothing stands, and adds them to what was found.
    async fn settle_sqlite(
        &self,
        store: &Store,
        tx: &mut HotTx,
        written: &mut Written,
        looked: &mut Looked,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let places = self.rows.iter().map(|row| row.key.place());
        let more: Vec<Place> = places
            .filter(|place| !looked.asked_for(place) && !looked.found.contains_key(place))
            .collect();
        looked.found.extend(key_look::look_again(store, tx, &more).await?);
        let is_new = |row: &&KeyRow| !looked.found.contains_key(&row.key.place());
        let new: Vec<KeyRow> = self.rows.iter().filter(is_new).copied().collect();
        store.write_fresh_keys(tx, written, &new, now).await?;
        looked.found.extend(new.iter().map(|row| (row.key.place(), row.remembered())));
        Ok(())
    }

    /// Writes them down, where nothing stands in their place, and finds what does. Reads the owners of
    /// lanes with it.
    async fn settle_postgres(
        &self,
        connection: &mut sqlx::PgConnection,
        endpoints: &[i64],
        at: (i64, i64),
    ) -> Result<(Found, HashMap<i64, LaneSeen>), Error> {
        let (inserted, owners) = self.insert_postgres(connection, endpoints, at).await?;
        let found = if inserted == self.rows.len() as u64 {
            self.rows.iter().map(|row| (row.key.place(), row.remembered())).collect()
        } else {
            read_back(connection, &self.rows).await?
        };
        Ok((found, owners))
    }

    async fn insert_postgres(
        &self,
        connection: &mut sqlx::PgConnection,
        endpoints: &[i64],
        (me, now): (i64, i64),
    ) -> Result<(u64, HashMap<i64, LaneSeen>), Error> {
        let query = bind_keys(sqlx::query(KEYS_POSTGRES), &self.rows).bind(now).bind(endpoints);
        let query = query.bind(me);
        let read = query.fetch_all(connection).await?;
        let mut rows: Vec<(i64, i64, i64, bool)> =
            read.iter().map(FromRow::from_row).collect::<Result<_, _>>()?;
        let place = rows.iter().position(|row| row.0 == COUNTED);
        let counted = place.map_or(0, |place| rows.swap_remove(place).1);
        let owners = rows.into_iter().map(LaneSeen::of);
        Ok((u64::try_from(counted).unwrap_or(0), owners.collect()))
    }

    /// Decides the fate of those that were there before. Gives the places of those whose first half
    /// is taken by another key.
    fn judge(self, items: &mut [Item<'_>], found: &Found) -> Result<Vec<usize>, Error> {
        let mut collided = Vec::new();
        for place in self.places {
            let Some(key) = items[place].key else { continue };
            // One that is gone again was removed while this looked: the caller comes back.
            let row = found.get(&key.place()).ok_or(Error::Overloaded)?;
            if row.check != key.check {
                collided.push(place);
            } else if row.event != items[place].id {
                items[place].fate = Fate::Known(key.judge(row));
            }
        }
        Ok(collided)
    }
}

/// What stands in the places of these keys, whoever wrote it.
async fn read_back(connection: &mut sqlx::PgConnection, rows: &[KeyRow]) -> Result<Found, Error> {
    const SQL: &str = "SELECT company_id, source_id, key_hash, key_check, body_hash, event_id, deliveries \
        FROM unnest((SELECT $1::bigint[]), $2::bigint[], $3::bigint[]) AS t(company_id, source_id, key_hash) \
        JOIN event_keys k USING (company_id, source_id, key_hash)";
    let column = |pick: fn(&KeyRow) -> i64| rows.iter().map(pick).collect::<Vec<_>>();
    let found: Vec<Columns> = sqlx::query_as(SQL)
        .bind(column(|row| row.key.company))
        .bind(column(|row| row.key.source))
        .bind(column(|row| row.key.hash))
        .fetch_all(connection)
        .await?;
    Ok(found.into_iter().map(remembered).collect())
}

async fn find(store: &Store, tx: &mut HotTx, key: &Key) -> Result<Option<Remembered>, Error> {
    const READ: &str = "SELECT company_id, source_id, key_hash, key_check, body_hash, event_id, deliveries \
        FROM event_keys WHERE company_id = $1 AND source_id = $2 AND key_hash = $3";
    let HotConnection::Postgres(connection) = &mut tx.connection else {
        return Ok(key_look::look_again(store, tx, &[key.place()]).await?.remove(&key.place()));
    };
    let found = sqlx::query_as::<_, Columns>(READ)
        .bind(key.company)
        .bind(key.source)
        .bind(key.hash)
        .fetch_optional(&mut **connection)
        .await?;
    Ok(found.map(|columns| remembered(columns).1))
}
