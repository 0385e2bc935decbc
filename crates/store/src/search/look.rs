//! Looking for rows from the highest id down: first at what the index has not reached, then where it
//! says, a bounded number of rows at a time, so that the search can be cut after each step.

use std::collections::{BTreeMap, VecDeque};

use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, QueryResult};

use crate::Error;
use crate::rows::delivery::{
    EVENT_JOIN, EVENT_TYPE, HISTORY_COLUMNS, JOINS, NO_EVENT_TYPE, PENDING_COLUMNS,
};
use crate::rows::page::Patience;
use crate::rows::sql::Sql;
use crate::search::blocks::{Block, Blocks, Pulled};
use crate::search::terms::Wanted;

/// How many rows a step looks at: few at first, because most lists are full soon.
const STEP_ROWS: i64 = 256;
const STEP_ROWS_MAX: i64 = 4_096;

/// A row of history is shown unless the delivery was put back, and then its newest. To be ended with the
/// bounds of its id and a bracket.
const NOT_PUT_BACK: &str = " AND NOT EXISTS (SELECT 1 FROM pending w \
    WHERE w.company_id = p.company_id AND w.id = p.id) \
    AND NOT EXISTS (SELECT 1 FROM deliveries w WHERE w.company_id = p.company_id \
    AND w.id = p.id AND w.generation > p.generation";

/// What one step looks at.
#[derive(Debug, Default)]
struct Extent {
    rows: i64,
    /// The lowest and the highest id of those rows.
    lowest: i64,
    highest: i64,
}

/// A table that is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    Events,
    Pending,
    History,
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Pending => "pending",
            Self::History => "deliveries",
        }
    }

    /// What is taken of it; never a payload.
    const fn inner(self) -> &'static str {
        match self {
            Self::Events => {
                "p.id, p.company_id, p.event_type, p.source_id, p.external_id, p.subject, \
                 p.occurred_at, p.accepted_at, p.expires_at, p.deliveries, p.phone_number_id"
            }
            Self::Pending => {
                "p.id, p.company_id, p.endpoint_id, p.event_id, p.generation, p.tries, \
                 p.tries_before, p.due_at, p.canceled, p.line_key, \
                 p.line_place"
            }
            Self::History => {
                "p.id, p.company_id, p.endpoint_id, p.event_id, p.generation, p.state, p.tries, \
                 p.tries_before, p.finished_at, p.started_at, p.status_code, p.error_kind, \
                 p.error_message"
            }
        }
    }

    const fn columns(self) -> &'static str {
        match self {
            Self::Events => "p.*",
            Self::Pending => PENDING_COLUMNS,
            Self::History => HISTORY_COLUMNS,
        }
    }

    /// Whether the table's key begins with the company.
    pub(crate) fn is_by_company(self, backend: DatabaseBackend) -> bool {
        backend == DatabaseBackend::Postgres || self == Self::History
    }
}

/// What is looked for in one table.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) table: Table,
    pub(crate) company: i64,
    /// Each is to be followed by `AND`; what it binds comes with it.
    pub(crate) conditions: Vec<Sql>,
    /// Whether they ask for the deliveries' events. PostgreSQL plans each list anew, and the events of every
    /// day with it, which takes longer than all else: where nothing is asked of them they are read afterwards.
    pub(crate) joins_events: bool,
}

impl Target {
    pub(crate) fn of_events(company: i64, conditions: Vec<Sql>) -> Self {
        Self { table: Table::Events, company, conditions, joins_events: false }
    }

    fn columns(&self, sql: &mut Sql) {
        sql.text(self.table.columns());
        if self.table != Table::Events {
            sql.text(if self.joins_events { EVENT_TYPE } else { NO_EVENT_TYPE });
        }
    }

    fn joins(&self, sql: &mut Sql) {
        if self.table == Table::Events {
            sql.text(" ");
            return;
        }
        sql.text(JOINS).text(if self.joins_events { EVENT_JOIN } else { "" });
    }
}

/// One search through one table.
#[derive(Debug)]
pub(crate) struct Look {
    target: Target,
    limit: usize,
    from: i64,
    /// Everything at or above it was looked at.
    floor: i64,
    over: bool,
    ranges: VecDeque<Block>,
    blocks: Option<Blocks>,
    /// How many more rows are scanned before the index is asked, and down to which id at least.
    scanning: Option<(i64, i64)>,
    step_rows: i64,
    found: BTreeMap<i64, QueryResult>,
}

impl Look {
    /// Looks at all ids from `from` and below `below`.
    pub(crate) fn scan(target: Target, (from, below): (i64, i64), limit: usize) -> Self {
        let mut look = Self {
            target,
            limit,
            from,
            floor: below,
            over: false,
            ranges: VecDeque::new(),
            blocks: None,
            scanning: None,
            step_rows: STEP_ROWS,
            found: BTreeMap::new(),
        };
        look.add(Block { first: from, last: below - 1 });
        look
    }

    /// Finds nothing.
    pub(crate) fn nowhere(target: Target, (from, below): (i64, i64), limit: usize) -> Self {
        let mut look = Self::scan(target, (from, below), limit);
        (look.over, look.floor) = (true, from);
        look
    }

    /// Looks at ids that the index has not reached, down to `done`, and below at those that it names.
    pub(crate) fn by_terms(
        target: Target,
        (from, below): (i64, i64),
        limit: usize,
        (shelf, done, wanted): (i64, i64, Wanted),
    ) -> Self {
        let blocks = Blocks::of_terms(target.company, shelf, (from, below), wanted);
        let mut look = Self::by_blocks(target, (from, below), limit, blocks);
        look.add(Block { first: done.max(from), last: below - 1 });
        look
    }

    /// Looks at these ids only.
    pub(crate) fn by_blocks(target: Target, ids: (i64, i64), limit: usize, blocks: Blocks) -> Self {
        let mut look = Self::scan(target, ids, limit);
        look.ranges.clear();
        look.blocks = Some(blocks);
        look
    }

    /// Scans so many rows, and down to `done`, before it asks the index: enough for a small table.
    pub(crate) fn scanning_first(mut self, rows: i64, done: i64) -> Self {
        if self.blocks.is_some() {
            let last = self.floor - 1;
            self.ranges.clear();
            self.add(Block { first: self.from, last });
            self.scanning = Some((rows, done.max(self.from)));
        }
        self
    }

    fn add(&mut self, range: Block) {
        if range.first <= range.last {
            self.ranges.push_back(range);
        }
    }

    /// What of a range was not looked at yet.
    fn inside(&self, block: Block) -> Option<Block> {
        let (first, last) = (block.first.max(self.from), block.last.min(self.floor - 1));
        (first <= last).then_some(Block { first, last })
    }

    async fn step(&mut self, tx: &DatabaseTransaction) -> Result<(), Error> {
        if let Some(range) = self.ranges.front().copied() {
            return self.scan_some(tx, range).await;
        }
        let Some(blocks) = &mut self.blocks else {
            (self.over, self.floor) = (true, self.from);
            return Ok(());
        };
        match blocks.pull(tx).await? {
            Pulled::Sought => self.floor = self.floor.min(blocks.floor()),
            Pulled::Small(small) => {
                let (floor, backend) = (blocks.floor(), tx.get_database_backend());
                let inside = small.iter().filter_map(|block| self.inside(*block));
                let inside: Vec<Block> = inside.collect();
                if !inside.is_empty() {
                    let statement = self.small_sql(backend, &inside).build(backend);
                    self.take(tx.query_all_raw(statement).await?)?;
                }
                self.floor = self.floor.min(floor);
            }
            Pulled::Large(block) => self.ranges.extend(self.inside(block)),
            Pulled::Over => (self.over, self.floor) = (true, self.from),
        }
        Ok(())
    }

    /// Looks at some rows of a range, from its end.
    async fn scan_some(&mut self, tx: &DatabaseTransaction, range: Block) -> Result<(), Error> {
        let range = Block { last: range.last.min(self.floor - 1), ..range };
        self.floor = self.scan_step(tx, range).await?;
        let reached = self.floor;
        if reached <= range.first {
            self.ranges.pop_front();
        } else if let Some((rows, done)) = self.scanning {
            let left = rows - self.step_rows;
            self.scanning = (left > 0).then_some((left, done));
            if left <= 0 {
                self.ranges.clear();
                self.add(Block { first: done, last: reached - 1 });
            }
        }
        self.step_rows = (self.step_rows * 2).min(STEP_ROWS_MAX);
        Ok(())
    }

    /// Looks at the next rows, and gives down to which id that was. PostgreSQL plans the question anew each
    /// time, over all days that its range of ids may be in, and that takes longer than all else: of history it
    /// is first asked how far the step goes, and the question is about those ids alone, or about none.
    async fn scan_step(&mut self, tx: &DatabaseTransaction, whole: Block) -> Result<i64, Error> {
        let backend = tx.get_database_backend();
        let mut range = whole;
        let by_days = backend == DatabaseBackend::Postgres && self.target.table == Table::History;
        let asked_first = if by_days { Some(self.extent_of_step(tx, range).await?) } else { None };
        if let Some(extent) = &asked_first {
            if extent.rows == 0 {
                return Ok(whole.first);
            }
            range = Block { first: extent.lowest, last: extent.highest };
        }
        let rows = tx.query_all_raw(self.range_sql(backend, range).build(backend)).await?;
        let count = rows.len();
        if let Some(lowest) = self.take(rows)?
            && count > self.limit
        {
            return Ok(lowest);
        }
        let extent = match asked_first {
            Some(extent) => extent,
            None => self.extent_of_step(tx, range).await?,
        };
        Ok(if extent.rows < self.step_rows { whole.first } else { extent.lowest })
    }

    /// How many rows a step looks at, and down to which id.
    async fn extent_of_step(
        &self,
        tx: &DatabaseTransaction,
        range: Block,
    ) -> Result<Extent, Error> {
        let backend = tx.get_database_backend();
        let mut sql = Sql::new(
            "SELECT count(*) AS n, coalesce(min(s.id), 0) AS lowest, coalesce(max(s.id), 0) AS highest \
             FROM (SELECT p.id FROM ",
        );
        self.range(&mut sql, backend, range);
        sql.text(" ORDER BY p.id DESC LIMIT ").bind(self.step_rows).text(") s");
        let Some(row) = tx.query_one_raw(sql.build(backend)).await? else {
            return Ok(Extent::default());
        };
        Ok(Extent {
            rows: row.try_get("", "n")?,
            lowest: row.try_get("", "lowest")?,
            highest: row.try_get("", "highest")?,
        })
    }

    fn range(&self, sql: &mut Sql, backend: DatabaseBackend, range: Block) {
        let table = self.target.table;
        sql.text(table.name()).text(" p WHERE ");
        if table.is_by_company(backend) {
            sql.text("p.company_id = ").bind(self.target.company).text(" AND ");
        }
        sql.text("p.id >= ").bind(range.first).text(" AND p.id <= ").bind(range.last);
    }

    pub(crate) fn range_sql(&self, backend: DatabaseBackend, range: Block) -> Sql {
        let table = self.target.table;
        let mut sql = Sql::new("SELECT ");
        self.target.columns(&mut sql);
        sql.text(" FROM (SELECT ").text(table.inner()).text(" FROM ");
        self.range(&mut sql, backend, range);
        sql.text(match table {
            Table::Events | Table::Pending => " ORDER BY p.id DESC LIMIT ",
            Table::History => " ORDER BY p.id DESC, p.generation DESC LIMIT ",
        });
        sql.bind(self.step_rows).text(") p");
        self.conditions(&mut sql, range);
        sql.text(" ORDER BY p.id DESC LIMIT ").bind((self.limit + 1) as i64);
        sql
    }

    /// CROSS JOIN: SQLite keeps to this order of the tables, and so to ranges of the key. PostgreSQL
    /// keeps to it because of the OFFSET: it would go through all of the company's rows.
    pub(crate) fn small_sql(&self, backend: DatabaseBackend, small: &[Block]) -> Sql {
        let table = self.target.table;
        let mut sql = Sql::new("WITH r(low, high) AS (VALUES ");
        for (place, block) in small.iter().enumerate() {
            sql.text(if place == 0 { "(" } else { ", (" });
            sql.bind(block.first).text(", ").bind(block.last).text(")");
        }
        let (lateral, end) = if backend == DatabaseBackend::Postgres {
            ("CROSS JOIN LATERAL (SELECT p.* FROM ", " OFFSET 0) p) p")
        } else {
            ("CROSS JOIN ", ") p")
        };
        sql.text(") SELECT ");
        self.target.columns(&mut sql);
        sql.text(" FROM (SELECT ").text(table.inner());
        sql.text(" FROM r ").text(lateral).text(table.name()).text(" p WHERE ");
        if table.is_by_company(backend) {
            sql.text("p.company_id = ").bind(self.target.company).text(" AND ");
        }
        sql.text("p.id >= r.low AND p.id <= r.high").text(end);
        let first = small.iter().map(|block| block.first).min().unwrap_or(self.from);
        let last = small.iter().map(|block| block.last).max().unwrap_or(first);
        self.conditions(&mut sql, Block { first, last });
        sql
    }

    /// What rows with ids `within` have to be.
    fn conditions(&self, sql: &mut Sql, within: Block) {
        self.target.joins(sql);
        sql.text("WHERE p.company_id = ").bind(self.target.company);
        if self.target.table == Table::History {
            // Its bounds spare the planning of the other days.
            sql.text(NOT_PUT_BACK).text(" AND w.id >= ").bind(within.first);
            sql.text(" AND w.id <= ").bind(within.last).text(")");
        }
        for condition in &self.target.conditions {
            sql.text(" AND ").append(condition);
        }
    }

    /// Takes rows; gives the lowest id.
    fn take(&mut self, rows: Vec<QueryResult>) -> Result<Option<i64>, Error> {
        let mut lowest = None;
        for row in rows {
            let id: i64 = row.try_get("", "id")?;
            lowest = Some(lowest.map_or(id, |lowest: i64| lowest.min(id)));
            self.found.insert(id, row);
        }
        Ok(lowest)
    }
}

/// What some searches found together.
#[derive(Debug)]
pub(crate) struct Found {
    /// The rows of the page, from the highest id down: the table, and the row.
    pub(crate) rows: Vec<(Table, QueryResult)>,
    /// Below which id the next page begins.
    pub(crate) next: Option<i64>,
    pub(crate) cut: bool,
}

/// Looks until there is a page, in all tables down to the same id.
pub(crate) async fn look(
    tx: &DatabaseTransaction,
    mut looks: Vec<Look>,
    limit: usize,
    mut patience: Patience<'_>,
) -> Result<Found, Error> {
    let below = looks.iter().map(|look| look.floor).max();
    let mut cut = false;
    let floor = loop {
        let begun = looks.iter().filter(|look| !look.over).map(|look| look.floor).max();
        let Some(floor) = begun else { break None };
        let ready: usize = looks.iter().map(|look| look.found.range(floor..).count()).sum();
        if ready > limit {
            break Some(floor);
        }
        // Each page goes on a little at least.
        if below.is_some_and(|below| floor < below) && patience.is_over() {
            cut = true;
            break Some(floor);
        }
        for look in looks.iter_mut().filter(|look| !look.over && look.floor == floor) {
            look.step(tx).await?;
        }
    };
    let mut merged: BTreeMap<i64, (Table, QueryResult)> = BTreeMap::new();
    for look in looks {
        for (id, row) in look.found {
            if floor.is_none_or(|floor| id >= floor) {
                merged.entry(id).or_insert((look.target.table, row));
            }
        }
    }
    let more = merged.len() > limit;
    let rows: Vec<(i64, (Table, QueryResult))> = merged.into_iter().rev().take(limit).collect();
    let next = if more { rows.last().map(|(id, _)| *id) } else { floor };
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    Ok(Found { rows, next, cut: cut && !more })
}
