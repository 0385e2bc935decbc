//! The ids to look at for some terms, from the highest down, as ranges.

use std::collections::VecDeque;

use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};

use crate::Error;
use crate::rows::sql::Sql;
use crate::search::terms::Wanted;

/// How many slices one statement looks through, and how many ranges it brings.
const SLICES_AT_A_TIME: i64 = 1_000;
const BLOCKS_AT_A_TIME: usize = 256;
/// A range of no more ids than this has few rows.
const SMALL_SPAN: i64 = 64;
/// How many small ranges are looked at with one statement.
const SMALL_AT_A_TIME: usize = 32;

/// A range of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pulled {
    /// It was looked for, and may have to be again.
    Sought,
    /// Small ranges.
    Small(Vec<Block>),
    /// A range that may have many rows.
    Large(Block),
    /// There are none.
    Over,
}

/// Where ranges come from.
#[derive(Debug)]
enum Origin {
    /// Slices below this one.
    Slices { terms: Vec<i64>, below: i64 },
    /// What finished late, and is indexed.
    Late { terms: Vec<i64> },
    /// And is not.
    Feed,
    /// Deliveries made later than their event.
    Later { event: i64 },
    /// No more than was there from the beginning.
    Fixed,
}

#[derive(Debug)]
struct Stream {
    origin: Origin,
    waiting: VecDeque<Block>,
    /// Every range that ends at or above it has been read.
    read_down_to: i64,
    over: bool,
}

/// Ranges from several origins, merged by where they end.
#[derive(Debug)]
pub(crate) struct Blocks {
    company: i64,
    shelf: i64,
    from: i64,
    streams: Vec<Stream>,
}

impl Blocks {
    /// Of some terms, for ids from `from` and below `below`.
    pub(crate) fn of_terms(
        company: i64,
        shelf: i64,
        (from, below): (i64, i64),
        wanted: Wanted,
    ) -> Self {
        let Wanted { terms, ends } = wanted;
        let mut origins = vec![Origin::Slices { terms: terms.clone(), below: i64::MAX }];
        if ends {
            origins.extend([Origin::Late { terms }, Origin::Feed]);
        }
        let stream =
            |origin| Stream { origin, waiting: VecDeque::new(), read_down_to: below, over: false };
        Self { company, shelf, from, streams: origins.into_iter().map(stream).collect() }
    }

    /// The deliveries of an event: those whose ids are beside its own, and those made later.
    pub(crate) fn of_event(company: i64, (from, below): (i64, i64), event: i64, last: i64) -> Self {
        let beside = Block { first: event + 1, last };
        let waiting = if last > event { VecDeque::from([beside]) } else { VecDeque::new() };
        let fixed = Stream { origin: Origin::Fixed, waiting, read_down_to: from, over: true };
        let origin = Origin::Later { event };
        let later = Stream { origin, waiting: VecDeque::new(), read_down_to: below, over: false };
        Self { company, shelf: company, from, streams: vec![fixed, later] }
    }

    /// Every range that ends at or above it has been given out.
    pub(crate) fn floor(&self) -> i64 {
        let floor = |stream: &Stream| match stream.waiting.front() {
            Some(block) => block.last + 1,
            None if stream.over => self.from,
            None => stream.read_down_to,
        };
        self.streams.iter().map(floor).max().unwrap_or(self.from).max(self.from)
    }

    /// Gives the next ranges, those that end highest first.
    pub(crate) async fn pull(&mut self, tx: &DatabaseTransaction) -> Result<Pulled, Error> {
        let mut small = Vec::new();
        loop {
            let dry =
                self.streams.iter_mut().find(|stream| stream.waiting.is_empty() && !stream.over);
            if let Some(stream) = dry {
                if !small.is_empty() {
                    return Ok(Pulled::Small(small));
                }
                stream.read(tx, self.company, self.shelf, self.from).await?;
                return Ok(Pulled::Sought);
            }
            let waiting = self.streams.iter_mut().map(|stream| &mut stream.waiting);
            let highest = waiting.max_by_key(|waiting| waiting.front().map(|block| block.last));
            let Some(highest) = highest else { return Ok(Pulled::Over) };
            let Some(block) = highest.front().copied() else {
                return Ok(if small.is_empty() { Pulled::Over } else { Pulled::Small(small) });
            };
            if block.last < self.from {
                highest.pop_front();
                continue;
            }
            if block.last - block.first > SMALL_SPAN {
                if !small.is_empty() {
                    return Ok(Pulled::Small(small));
                }
                highest.pop_front();
                return Ok(Pulled::Large(block));
            }
            highest.pop_front();
            small.push(block);
            if small.len() == SMALL_AT_A_TIME {
                return Ok(Pulled::Small(small));
            }
        }
    }
}

impl Stream {
    async fn read(
        &mut self,
        tx: &DatabaseTransaction,
        company: i64,
        shelf: i64,
        from: i64,
    ) -> Result<(), Error> {
        match &mut self.origin {
            Origin::Slices { terms, below } => {
                let place = (shelf, from, self.read_down_to);
                let read = read_slices(tx, place, terms, below).await?;
                (self.read_down_to, self.over) = (read.down_to, read.over);
                self.waiting.extend(read.blocks);
            }
            Origin::Late { terms } => {
                let mut sql = Sql::new("SELECT DISTINCT id FROM search_late WHERE shelf = ");
                sql.bind(shelf).text(" AND term IN (").list(terms.iter().copied()).text(")");
                self.read_ids(tx, sql, from).await?;
            }
            Origin::Feed => {
                let mut sql = Sql::new("SELECT DISTINCT id FROM search_feed WHERE company_id = ");
                sql.bind(company);
                self.read_ids(tx, sql, from).await?;
            }
            Origin::Later { event } => {
                let mut sql = Sql::new("SELECT id FROM later_deliveries WHERE company_id = ");
                sql.bind(company).text(" AND event_id = ").bind(*event);
                self.read_ids(tx, sql, from).await?;
            }
            Origin::Fixed => self.over = true,
        }
        Ok(())
    }

    async fn read_ids(
        &mut self,
        tx: &DatabaseTransaction,
        mut sql: Sql,
        from: i64,
    ) -> Result<(), Error> {
        sql.text(" AND id >= ").bind(from).text(" AND id < ").bind(self.read_down_to);
        sql.text(" ORDER BY id DESC LIMIT ").bind(BLOCKS_AT_A_TIME as i64);
        let rows = tx.query_all_raw(sql.build(tx.get_database_backend())).await?;
        self.over = rows.len() < BLOCKS_AT_A_TIME;
        for row in rows {
            let id = row.try_get("", "id")?;
            self.read_down_to = id;
            self.waiting.push_back(Block { first: id, last: id });
        }
        Ok(())
    }
}

/// What some slices brought.
struct ReadSlices {
    blocks: Vec<Block>,
    down_to: i64,
    over: bool,
}

/// The ranges of terms in some slices; the join goes slice by slice.
pub(crate) fn slices_sql(shelf: i64, (low, high): (i64, i64), terms: &[i64]) -> Sql {
    let mut sql = Sql::new(
        "SELECT s.slice, t.last_id, t.span FROM search_slices s CROSS JOIN search_terms t \
         WHERE s.shelf = ",
    );
    sql.bind(shelf).text(" AND s.slice >= ").bind(low).text(" AND s.slice <= ").bind(high);
    sql.text(" AND t.shelf = ").bind(shelf).text(" AND t.slice = s.slice AND t.term IN (");
    sql.list(terms.iter().copied()).text(") ORDER BY s.slice DESC LIMIT ");
    sql.bind((BLOCKS_AT_A_TIME + 1) as i64);
    sql
}

async fn read_slices(
    tx: &DatabaseTransaction,
    (shelf, from, below_id): (i64, i64, i64),
    terms: &[i64],
    below: &mut i64,
) -> Result<ReadSlices, Error> {
    let backend = tx.get_database_backend();
    let mut sql = Sql::new("SELECT slice, first_id FROM search_slices WHERE shelf = ");
    sql.bind(shelf).text(" AND slice < ").bind(*below).text(" AND first_id < ").bind(below_id);
    sql.text(" AND last_id >= ")
        .bind(from)
        .text(" ORDER BY slice DESC LIMIT ")
        .bind(SLICES_AT_A_TIME);
    let slices = tx.query_all_raw(sql.build(backend)).await?;
    let (Some(high), Some(low)) = (slices.first(), slices.last()) else {
        return Ok(ReadSlices { blocks: Vec::new(), down_to: from, over: true });
    };
    let high: i64 = high.try_get("", "slice")?;
    let (mut low, mut down_to): (i64, i64) =
        (low.try_get("", "slice")?, low.try_get("", "first_id")?);
    let over = slices.len() < SLICES_AT_A_TIME as usize;
    let mut found = Vec::new();
    for row in tx.query_all_raw(slices_sql(shelf, (low, high), terms).build(backend)).await? {
        found.push(block_of(&row)?);
    }
    let is_full = found.len() > BLOCKS_AT_A_TIME;
    if is_full && let Some(&(last, _)) = found.last() {
        // The last slice may not be complete: it comes again. No slice fills this alone.
        found.retain(|(slice, _)| *slice > last);
        low = last + 1;
        let first_id =
            |row: &&QueryResult| row.try_get::<i64>("", "slice").is_ok_and(|slice| slice == low);
        if let Some(row) = slices.iter().find(first_id) {
            down_to = row.try_get("", "first_id")?;
        }
    }
    *below = low;
    let mut blocks: Vec<Block> = found.into_iter().map(|(_, block)| block).collect();
    blocks.sort_unstable_by_key(|block| std::cmp::Reverse((block.last, block.first)));
    Ok(ReadSlices { blocks, down_to, over: over && !is_full })
}

fn block_of(row: &QueryResult) -> Result<(i64, Block), Error> {
    let (last, span): (i64, i64) = (row.try_get("", "last_id")?, row.try_get("", "span")?);
    Ok((row.try_get("", "slice")?, Block { first: last - span, last }))
}
