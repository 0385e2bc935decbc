//! Lines: at an ordered endpoint the deliveries of one contact stand one behind the other, in the
//! order in which their events were accepted, and only the head of a line is ever due.
//!
//! The row of `order_lines` is the lock: whoever adds to the lines of an endpoint, or takes from them,
//! holds it from before its first change to its commit. It is taken after the endpoint's row, and before
//! the company's and any row of `pending` or `lanes`; several are taken in the order of their endpoints.
//! A claim changes no line and takes none.
//!
//! At most one delivery of a line does not wait: it is due, or due again later, or claimed. Whoever may
//! have changed a line calls [`advance`], which puts that right.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, EndpointId};
use domain::traffic::place_after;
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement, Value, sqlx};

use crate::Error;
use crate::hot::{HotConnection, HotTx};
use crate::ingest_rows::{LaneWish, PendingRow};
use crate::lines_sql::{ADVANCE, COMPANY, DEMOTE, LOCK, Numbers, Question, REMEMBER, STANDING};
use crate::time::{NEVER, micros};

/// When a delivery is due that waits for its turn in a line. Index and statements have it as a number.
pub(crate) const WAITS: i64 = NEVER;

/// How far the lines of an endpoint are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// What was pending is brought into line; nothing is sent.
    Arranging,
    /// Each line gets its head.
    Heading,
    /// Every line has its head.
    InOrder,
    /// The endpoint is ordered no longer: what waits becomes due.
    Dissolving,
}

impl State {
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Arranging => 0,
            Self::Heading => 1,
            Self::InOrder => 2,
            Self::Dissolving => 3,
        }
    }

    pub(crate) fn parse(code: i64) -> Option<Self> {
        [Self::Arranging, Self::Heading, Self::InOrder, Self::Dissolving]
            .into_iter()
            .find(|state| state.code() == code)
    }

    /// Whether deliveries stand in line.
    pub(crate) const fn keeps_lines(self) -> bool {
        match self {
            Self::Arranging | Self::Heading | Self::InOrder => true,
            Self::Dissolving => false,
        }
    }

    /// Whether a line has a head.
    pub(crate) const fn has_heads(self) -> bool {
        match self {
            Self::Heading | Self::InOrder => true,
            Self::Arranging | Self::Dissolving => false,
        }
    }
}

/// The lines of one endpoint, locked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines {
    pub(crate) last_place: i64,
    pub(crate) state: State,
}

/// Locked lines by endpoint; an endpoint that is not ordered has none.
pub(crate) type Locked = HashMap<i64, Lines>;

/// A line: endpoint and contact.
pub(crate) type Line = (i64, i64);

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// In which line of its endpoint; `None`: its event has no subject, and it goes by itself.
    pub line: Option<i64>,
}

/// Whoever can ask questions of the database: the transactions of people and those of the hot path.
pub(crate) trait Ask {
    async fn ask(
        &mut self,
        question: &Question,
        json: String,
        n: i64,
    ) -> Result<Vec<Numbers>, Error>;
}

impl Ask for HotTx {
    async fn ask(
        &mut self,
        question: &Question,
        json: String,
        n: i64,
    ) -> Result<Vec<Numbers>, Error> {
        Ok(match &mut self.connection {
            HotConnection::Sqlite(connection) => {
                let query = sqlx::query_as(question.sqlite).bind(json).bind(n);
                query.fetch_all(&mut **connection).await?
            }
            HotConnection::Postgres(connection) => {
                let query = sqlx::query_as(question.postgres).bind(json).bind(n);
                query.fetch_all(&mut **connection).await?
            }
        })
    }
}

/// A transaction or a connection of sea-orm's.
pub(crate) struct By<'a, C>(pub(crate) &'a C);

impl<C: ConnectionTrait> Ask for By<'_, C> {
    async fn ask(
        &mut self,
        question: &Question,
        json: String,
        n: i64,
    ) -> Result<Vec<Numbers>, Error> {
        let backend = self.0.get_database_backend();
        let is_postgres = backend == DatabaseBackend::Postgres;
        let sql = if is_postgres { question.postgres } else { question.sqlite };
        let values: [Value; 2] = [json.into(), n.into()];
        let rows =
            self.0.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        let number = |row: &sea_orm::QueryResult, at| row.try_get_by_index(at);
        let numbers =
            rows.iter().map(|row| Ok((number(row, 0)?, number(row, 1)?, number(row, 2)?)));
        numbers.collect::<Result<_, sea_orm::DbErr>>().map_err(Error::from)
    }
}

fn json(value: impl serde::Serialize) -> String {
    serde_json::json!(value).to_string()
}

/// Reads what [`LOCK`] gives.
pub(crate) fn locked(rows: Vec<Numbers>) -> Result<Locked, Error> {
    let read = |(id, last_place, state): Numbers| {
        let state = State::parse(state).ok_or_else(|| Error::Corrupt {
            table: "order_lines",
            id,
            what: format!("state is {state}"),
        })?;
        Ok((id, Lines { last_place, state }))
    };
    rows.into_iter().map(read).collect()
}

/// Locks the lines of these endpoints, of those that have any.
pub(crate) async fn lock(by: &mut impl Ask, endpoints: &BTreeSet<i64>) -> Result<Locked, Error> {
    if endpoints.is_empty() {
        return Ok(Locked::new());
    }
    locked(by.ask(&LOCK, json(endpoints), 0).await?)
}

/// The same without marks, to go with a `BEGIN`.
pub(crate) fn lock_sql(endpoints: &[i64]) -> String {
    let mut sql = String::from(
        "SELECT endpoint_id, last_place, state FROM order_lines WHERE endpoint_id IN (NULL",
    );
    for endpoint in endpoints {
        let _ = write!(sql, ",{endpoint}");
    }
    sql.push_str(") ORDER BY endpoint_id FOR UPDATE");
    sql
}

/// Locks all lines of a company, for whoever does not know which it will touch.
pub(crate) async fn lock_company(by: &mut impl Ask, company: CompanyId) -> Result<Locked, Error> {
    locked(by.ask(&COMPANY, String::new(), company.raw()).await?)
}

/// What came of giving fresh deliveries their places.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    /// Room that had been reserved for those that wait, as endpoint and bytes.
    pub(crate) unused: Vec<(EndpointId, usize)>,
    /// The last place given at each endpoint, which is to be written down with the deliveries.
    pub(crate) last: Vec<(i64, i64)>,
}

/// Gives fresh deliveries of ordered endpoints their places, in the order in which they stand here, and
/// locks the lines. Those that are no heads wait.
pub(crate) async fn place(tx: &mut HotTx, rows: &mut [PendingRow]) -> Result<Placed, Error> {
    let endpoints: BTreeSet<i64> =
        rows.iter().filter(|row| row.is_ordered()).map(|row| row.endpoint).collect();
    if endpoints.is_empty() {
        return Ok(Placed::default());
    }
    let mut lines = lock(tx, &endpoints).await?;
    lines.retain(|_, lines| lines.state.keeps_lines());
    let wanted: BTreeSet<Line> = rows
        .iter()
        .filter(|row| row.is_ordered() && lines.contains_key(&row.endpoint))
        .filter_map(|row| Some((row.endpoint, row.contact?)))
        .collect();
    let mut taken: HashSet<Line> =
        tx.ask(&STANDING, json(wanted), 0).await?.into_iter().map(|(e, key, _)| (e, key)).collect();
    let mut unused = Vec::new();
    for row in rows.iter_mut().filter(|row| row.is_ordered()) {
        let Some(lines) = lines.get_mut(&row.endpoint) else { continue };
        let Some(contact) = row.contact else {
            row.stand_alone();
            continue;
        };
        lines.last_place = place_after(lines.last_place, row.event);
        let is_head = taken.insert((row.endpoint, contact)) && lines.state.has_heads();
        if row.stand(contact, lines.last_place, is_head) {
            unused.push((EndpointId::from_raw(row.endpoint), row.bytes));
        }
    }
    let last = lines.iter().map(|(endpoint, lines)| (*endpoint, lines.last_place)).collect();
    Ok(Placed { unused, last })
}

/// Writes down the last place given at each endpoint.
pub(crate) async fn remember(by: &mut impl Ask, places: &[(i64, i64)]) -> Result<(), Error> {
    by.ask(&REMEMBER, json(places), 0).await.map(|_| ())
}

/// What became due when lines moved on.
#[derive(Debug, Default)]
pub(crate) struct Advanced {
    /// Endpoints and their companies.
    pub(crate) lanes: BTreeSet<(i64, i64)>,
}

impl Advanced {
    /// The lanes that must be due.
    pub(crate) fn wishes(&self, owner: i64, now: DateTime<Utc>) -> impl Iterator<Item = LaneWish> {
        self.lanes
            .iter()
            .map(move |(endpoint, company)| LaneWish::due(*endpoint, *company, owner, now))
    }
}

/// Makes the first of each line due, unless one of it is due already or claimed. Their locks are held.
pub(crate) async fn advance(
    by: &mut impl Ask,
    lines: &BTreeSet<Line>,
    locked: &Locked,
    now: DateTime<Utc>,
) -> Result<Advanced, Error> {
    let kept = |line: &&Line| locked.get(&line.0).is_some_and(|lines| lines.state.has_heads());
    let lines: Vec<&Line> = lines.iter().filter(kept).collect();
    if lines.is_empty() {
        return Ok(Advanced::default());
    }
    let rows = by.ask(&ADVANCE, json(lines), micros(now)).await?;
    Ok(Advanced {
        lanes: rows.into_iter().map(|(endpoint, company, _)| (endpoint, company)).collect(),
    })
}

/// The same where something may have come before the head: then the head waits again, unless it is
/// claimed.
pub(crate) async fn rearrange(
    by: &mut impl Ask,
    lines: &BTreeSet<Line>,
    locked: &Locked,
    now: DateTime<Utc>,
) -> Result<Advanced, Error> {
    let kept = |line: &&Line| locked.get(&line.0).is_some_and(|lines| lines.state.has_heads());
    let touched: Vec<&Line> = lines.iter().filter(kept).collect();
    if !touched.is_empty() {
        by.ask(&DEMOTE, json(touched), 0).await?;
    }
    advance(by, lines, locked, now).await
}
