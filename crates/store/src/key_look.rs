//! Looking for keys on SQLite: among those that have been moved to `event_keys` and those that are fresh.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sqlx::sqlite::SqliteRow;
use sea_orm::sqlx::{FromRow, Row, SqliteConnection};

use crate::event_key::{Found, Place, remembered};
use crate::hot::{HotConnection, HotTx};
use crate::lane_rows::{LaneSeen, OWNERS_COLUMNS};
use crate::script::{IdList, ROWS_MAX, RowsInsert, Script};
use crate::{Error, Store, lane_rows};

/// Where the table of fresh keys ends.
pub(crate) const LAST: &str = "SELECT coalesce(max(place), 0) FROM fresh_keys";
static AMONG_MOVED: RowsInsert = RowsInsert::new(
    "WITH v AS (",
    3,
    ") SELECT k.company_id, k.source_id, k.key_hash, k.key_check, k.body_hash, k.event_id, k.deliveries \
     FROM v CROSS JOIN event_keys k ON k.company_id = v.column1 AND k.source_id = v.column2 \
     AND k.key_hash = v.column3",
);
static AMONG_FRESH: IdList = IdList::new(
    "SELECT company_id, source_id, key_hash, key_check, body_hash, event_id, deliveries \
     FROM fresh_keys WHERE place IN (",
    ")",
);

/// What is looked for: keys, each once and sorted, and the owners of the lanes of endpoints.
pub(crate) struct Wanted {
    pub(crate) keys: Vec<Place>,
    pub(crate) endpoints: Vec<i64>,
}

/// What a look at keys has found.
#[derive(Default)]
pub(crate) struct Looked {
    /// What was looked for, sorted.
    keys: Vec<Place>,
    pub(crate) found: Found,
    /// The owners of the lanes of the endpoints that were asked for.
    pub(crate) owners: HashMap<i64, LaneSeen>,
    pub(crate) endpoints: Vec<i64>,
}

impl Looked {
    /// Whether this key was looked for.
    pub(crate) fn asked_for(&self, key: &Place) -> bool {
        self.keys.binary_search(key).is_ok()
    }
}

/// The first look of a transaction, before it has written any key.
pub(crate) async fn look(
    store: &Store,
    tx: &mut HotTx,
    wanted: Wanted,
    now: DateTime<Utc>,
) -> Result<Looked, Error> {
    let mut script = Script::default();
    ask(&mut script, &wanted);
    let answers = script.run(sqlite(tx)?).await?.rows;
    complete(store, tx, wanted, answers, now).await
}

/// Looks for more keys, which this transaction has not written itself.
pub(crate) async fn look_again(
    store: &Store,
    tx: &mut HotTx,
    keys: &[Place],
) -> Result<Found, Error> {
    let connection = sqlite(tx)?;
    let mut found = Found::new();
    among_moved(connection, keys, &mut found).await?;
    among_fresh(store, connection, keys, &mut found).await?;
    Ok(found)
}

/// Adds the questions of a first look to a script, as far as one trip takes them.
pub(crate) fn ask(script: &mut Script, wanted: &Wanted) {
    if let Some(keys) = wanted.keys.chunks(ROWS_MAX).next() {
        script.statement(LAST);
        add_among_moved(script, keys);
    }
    if let Some(endpoints) = wanted.endpoints.chunks(ROWS_MAX).next() {
        lane_rows::read_owners(script, endpoints);
    }
}

/// Reads the answers to [`ask`], which are told apart by how many columns they have, and asks for the
/// rest.
pub(crate) async fn complete(
    store: &Store,
    tx: &mut HotTx,
    wanted: Wanted,
    answers: Vec<SqliteRow>,
    now: DateTime<Utc>,
) -> Result<Looked, Error> {
    let Wanted { keys, endpoints } = wanted;
    let connection = sqlite(tx)?;
    let (mut found, mut owners) = (Found::new(), Vec::new());
    for row in answers {
        match row.len() {
            1 => store.know_fresh_keys(connection, row.try_get(0)?, now).await?,
            OWNERS_COLUMNS => owners.push(row),
            _ => found.extend([remembered(FromRow::from_row(&row)?)]),
        }
    }
    among_moved(connection, keys.get(ROWS_MAX..).unwrap_or_default(), &mut found).await?;
    among_fresh(store, connection, &keys, &mut found).await?;
    let mut owners = lane_rows::owners_of(&owners)?;
    if let Some(more) = endpoints.get(ROWS_MAX..) {
        owners.extend(lane_rows::owners(tx, more, store.incarnation(), now).await?);
    }
    Ok(Looked { keys, found, owners, endpoints })
}

fn add_among_moved(script: &mut Script, keys: &[Place]) {
    script.insert(&AMONG_MOVED, keys, |row, (company, source, hash)| {
        row.bind(*company).bind(*source).bind(*hash);
    });
}

async fn among_moved(
    connection: &mut SqliteConnection,
    keys: &[Place],
    found: &mut Found,
) -> Result<(), Error> {
    for keys in keys.chunks(ROWS_MAX) {
        let mut script = Script::default();
        add_among_moved(&mut script, keys);
        read(script, connection, found).await?;
    }
    Ok(())
}

async fn among_fresh(
    store: &Store,
    connection: &mut SqliteConnection,
    keys: &[Place],
    found: &mut Found,
) -> Result<(), Error> {
    let places = store.places_of_fresh_keys(keys);
    for places in places.chunks(ROWS_MAX) {
        let mut script = Script::default();
        script.list(&AMONG_FRESH, places.iter().map(|(_, row)| *row), |_| {});
        read(script, connection, found).await?;
    }
    if places.iter().any(|(key, _)| !found.contains_key(key)) {
        store.doubt_fresh_keys();
        return Err(Error::Overloaded);
    }
    Ok(())
}

async fn read(
    script: Script,
    connection: &mut SqliteConnection,
    found: &mut Found,
) -> Result<(), Error> {
    for row in script.run(connection).await?.rows {
        found.extend([remembered(FromRow::from_row(&row)?)]);
    }
    Ok(())
}

fn sqlite(tx: &mut HotTx) -> Result<&mut SqliteConnection, Error> {
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => Ok(connection),
        HotConnection::Postgres(_) => Err(Error::no_answer()),
    }
}
