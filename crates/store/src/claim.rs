//! Claims: first the lanes of this node that are due, then each lane's own due rows, a few each.
//! However many rows of one endpoint are due, the cost for the others is the same.

use chrono::{DateTime, Utc};
use domain::claim::Due;
use domain::id::{CompanyId, EndpointId};
use sea_orm::sqlx;

use crate::again::TRIES;
use crate::claim_row::ClaimRow;
use crate::hot::{Durability, Failed, HotConnection, HotTx, within};
use crate::model::claimed_bytes;
use crate::pools::Pools;
use crate::time::{from_micros, micros};
use crate::{Claimed, Error, Store, claim_postgres, claim_sqlite, one_row};

/// A lane of this node that has something due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueLane {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Its company.
    pub company: CompanyId,
    /// Until when a Retry-After holds it.
    pub hold_until: DateTime<Utc>,
    /// Until when a restrained endpoint rests: another node may have requests under way.
    pub rest_until: DateTime<Utc>,
    /// Grows whenever somebody added something or asked for it; see [`LaneWant::none`].
    pub version: i64,
}

/// What is wanted of one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneWant {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// How many rows there is room for.
    pub rows: usize,
    /// How many bytes of memory they may take together; a first one that takes more comes where others take less.
    pub bytes: usize,
    /// Whether a row that takes more than all lanes may bring comes where nothing else does.
    pub may_exceed: bool,
    /// The newest due row instead of the oldest; rows that a person asked for go first all the same.
    pub newest_first: bool,
    /// Where nothing is wanted: until when the lane is left alone, or it would stand in the way of
    /// others.
    pub put_off: DateTime<Utc>,
    /// The version of the lane on which that was decided: a newer one is not put off.
    pub version: i64,
}

impl LaneWant {
    /// Nothing is wanted of the lane before `put_off`, unless somebody raises its version meanwhile.
    pub const fn none(lane: &DueLane, put_off: DateTime<Utc>) -> Self {
        let DueLane { endpoint, version, .. } = *lane;
        Self {
            endpoint,
            rows: 0,
            bytes: 0,
            may_exceed: false,
            newest_first: false,
            put_off,
            version,
        }
    }
}

/// What a claim brought.
#[derive(Debug, Default)]
pub struct ClaimedRows {
    /// The rows, the longest waiting first, so that each lane's are in the order in which they are to be sent.
    pub rows: Vec<Claimed>,
    /// Deliveries whose event is gone, or that were canceled while a claim was lost: they are claimed
    /// too and can only end.
    pub orphans: Vec<Claimed>,
    /// Lanes in which more is due.
    pub more: Vec<EndpointId>,
    /// Lanes whose first row was too large, with the bytes of memory that it takes.
    pub too_large: Vec<(EndpointId, usize)>,
}

macro_rules! due_lanes {
    () => {
        "SELECT endpoint_id, company_id, hold_until, version, rest_until FROM lanes \
         WHERE owner = $1 AND next_due <= $2 ORDER BY next_due LIMIT $3"
    };
}
/// The lanes of a node that have something due.
pub(crate) const DUE_LANES: &str = due_lanes!();
/// The same, as [`one_row`] reads it.
const DUE_LANES_SQLITE: &str = concat!(
    "SELECT json_group_array(json_array(endpoint_id, company_id, hold_until, version, rest_until)) FROM (",
    due_lanes!(),
    ")"
);

impl Store {
    /// The lanes of this node that have something due, the longest waiting first.
    pub async fn due_lanes(&self, limit: u32, now: DateTime<Utc>) -> Result<Vec<DueLane>, Error> {
        let (me, now, limit) = (self.incarnation(), micros(now), i64::from(limit));
        let rows: Vec<(i64, i64, i64, i64, i64)> = match &self.inner.pools {
            Pools::Sqlite { read, .. } => {
                let mut connection = read.get_sqlite_connection_pool().acquire().await?;
                let query = sqlx::query_scalar(DUE_LANES_SQLITE).bind(me).bind(now).bind(limit);
                one_row::rows(&mut connection, query).await?
            }
            Pools::Postgres { pool } => {
                // Not behind those who read for people: however many they are, what is due goes on.
                let pool = pool.get_postgres_connection_pool();
                let mut connection = self.inner.keeper.take(pool).await?;
                let query = sqlx::query_as(DUE_LANES).bind(me).bind(now).bind(limit);
                let rows = query.fetch_all(&mut *connection).await?;
                connection.keep();
                rows
            }
        };
        let lane = |(endpoint, company, hold, version, rest)| DueLane {
            endpoint: EndpointId::from_raw(endpoint),
            company: CompanyId::from_raw(company),
            hold_until: from_micros(hold),
            rest_until: from_micros(rest),
            version,
        };
        Ok(rows.into_iter().map(lane).collect())
    }

    /// Claims due rows of lanes, and writes down when each lane is due next; lanes of which nothing
    /// is wanted are put off. Where another node has moved a row meanwhile it begins again.
    pub async fn claim(
        &self,
        wants: &[LaneWant],
        now: DateTime<Utc>,
    ) -> Result<ClaimedRows, Error> {
        let _no_release = self.inner.claiming.lock().await;
        // Not by `again`: the compiler cannot see that such a future may move between threads.
        for _ in 1..TRIES {
            match self.try_claim(wants, now).await {
                Err(error) if error.is_of_a_neighbour() => {}
                done => return done,
            }
        }
        self.try_claim(wants, now).await
    }

    async fn try_claim(
        &self,
        wants: &[LaneWant],
        now: DateTime<Utc>,
    ) -> Result<ClaimedRows, Error> {
        let mut tx = self.begin_hot(Durability::Repeatable).await?;
        let done = within(self.claim_in(&mut tx, wants, now)).await;
        match tx.end(done).await {
            Ok(claimed) => {
                self.know(claimed.rows.iter().chain(&claimed.orphans).map(|row| row.id));
                Ok(claimed)
            }
            Err(Failed::Unchanged(error)) => Err(error),
            Err(Failed::Doubtful(claimed, error)) => {
                let rows = claimed.rows.iter().chain(&claimed.orphans);
                self.doubt(rows.map(|row| (row.event.company, row.id, row.endpoint)));
                Err(error)
            }
        }
    }

    async fn claim_in(
        &self,
        tx: &mut HotTx,
        wants: &[LaneWant],
        now: DateTime<Utc>,
    ) -> Result<ClaimedRows, Error> {
        let incarnation = self.incarnation();
        let mut claimed = ClaimedRows::default();
        let (wanted, idle): (Vec<LaneWant>, Vec<LaneWant>) =
            wants.iter().copied().partition(|want| want.rows > 0);
        let due = due_rows(tx, &wanted, now).await?;
        let counts = counts(&wanted, &due);
        claimed.too_large = too_large(&wanted, &due, &counts);
        let taken = due.iter().zip(counts).flat_map(|(rows, count)| &rows[..count]);
        let taken: Vec<RowKey> = taken.map(|(key, _)| *key).collect();
        let rows = take(tx, &taken, incarnation).await?;
        for row in rows {
            match row.read(incarnation) {
                Ok((delivery, true)) => claimed.rows.push(delivery),
                Ok((delivery, false)) => claimed.orphans.push(delivery),
                // It stays claimed, so that it does not stand in the way of its neighbours.
                Err(error) => tracing::error!(error = %error, "A delivery cannot be read: {error}"),
            }
        }
        let lanes: Vec<i64> = sorted_endpoints(&wanted);
        let next_due = match &mut tx.connection {
            HotConnection::Sqlite(connection) => {
                claim_sqlite::settle_next_due(connection, &lanes, &idle, incarnation).await?
            }
            HotConnection::Postgres(connection) => {
                claim_postgres::settle_next_due(connection, &lanes, &idle, incarnation).await?
            }
        };
        for (endpoint, next) in next_due {
            if next <= micros(now) {
                claimed.more.push(EndpointId::from_raw(endpoint));
            }
        }
        Ok(claimed)
    }
}

/// A row that is due: its company and id, and what it takes.
pub(crate) type DueRow = (RowKey, Due);

/// The company and the id of a row of `pending`.
pub(crate) type RowKey = (i64, i64);

/// Which rows of a lane come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    Oldest,
    Newest,
}

/// What is due of each lane, as far as it is wanted, in the order in which it is to be sent.
async fn due_rows(
    tx: &mut HotTx,
    wants: &[LaneWant],
    now: DateTime<Utc>,
) -> Result<Vec<Vec<DueRow>>, Error> {
    let mut due = vec![Vec::new(); wants.len()];
    let (newest, oldest): (Vec<usize>, Vec<usize>) =
        (0..wants.len()).partition(|place| wants[*place].newest_first);
    let of = |places: &[usize]| places.iter().map(|place| wants[*place]).collect::<Vec<_>>();
    let found = look(tx, First::Oldest, &of(&oldest), now).await?;
    for (place, rows) in oldest.into_iter().zip(found) {
        due[place] = rows;
    }
    // A person's wish first: it is due at zero, and so the oldest; then the newest.
    let asked_for = look(tx, First::Oldest, &of(&newest), DateTime::UNIX_EPOCH).await?;
    let others = look(tx, First::Newest, &of(&newest), now).await?;
    for (place, (mut rows, others)) in newest.into_iter().zip(asked_for.into_iter().zip(others)) {
        let asked_for = rows.len();
        rows.extend(others);
        let (first, rest) = rows.split_at(asked_for);
        let rest = rest.iter().filter(|row| !first.contains(row));
        due[place] = first.iter().chain(rest).take(wants[place].rows).copied().collect();
    }
    Ok(due)
}

async fn look(
    tx: &mut HotTx,
    first: First,
    wants: &[LaneWant],
    due_by: DateTime<Utc>,
) -> Result<Vec<Vec<DueRow>>, Error> {
    if wants.is_empty() {
        return Ok(Vec::new());
    }
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            claim_sqlite::look(connection, first, wants, due_by).await
        }
        HotConnection::Postgres(connection) => {
            claim_postgres::look(connection, first, wants, due_by).await
        }
    }
}

/// How many of each lane's rows are taken, now that they are weighed.
fn counts(wants: &[LaneWant], due: &[Vec<DueRow>]) -> Vec<usize> {
    let weighed: Vec<Vec<Due>> =
        due.iter().map(|rows| rows.iter().map(|(_, due)| *due).collect()).collect();
    let lanes = weighed.iter().zip(wants).map(|(rows, want)| domain::claim::DueLane {
        rows,
        bytes_max: want.bytes,
        may_exceed: want.may_exceed,
    });
    domain::claim::taken(&lanes.collect::<Vec<_>>())
}

/// The lanes of which nothing is taken although something is due.
fn too_large(
    wants: &[LaneWant],
    due: &[Vec<DueRow>],
    counts: &[usize],
) -> Vec<(EndpointId, usize)> {
    let lanes = wants.iter().zip(due).zip(counts).filter(|(_, count)| **count == 0);
    lanes.filter_map(|((want, rows), _)| Some((want.endpoint, rows.first()?.1.bytes))).collect()
}

async fn take(tx: &mut HotTx, rows: &[RowKey], incarnation: i64) -> Result<Vec<ClaimRow>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            claim_sqlite::take(connection, rows, incarnation).await
        }
        HotConnection::Postgres(connection) => {
            claim_postgres::take(connection, rows, incarnation).await
        }
    }
}

/// A row that was found: what it weighs is its data and session with what is around them.
pub(crate) fn due_row(key: RowKey, due_at: i64, bytes: i64) -> DueRow {
    let bytes = claimed_bytes(usize::try_from(bytes).unwrap_or(0), 0);
    (key, Due { due_at: from_micros(due_at), bytes })
}

pub(crate) fn sorted_endpoints(lanes: &[LaneWant]) -> Vec<i64> {
    let mut endpoints: Vec<i64> = lanes.iter().map(|lane| lane.endpoint.raw()).collect();
    endpoints.sort_unstable();
    endpoints.dedup();
    endpoints
}
