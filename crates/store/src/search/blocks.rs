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
/// How many small ranges are looked at with one statement: few at first, because most pages are full soon.
const SMALL_AT_A_TIME: usize = 8;
const SMALL_AT_A_TIME_MAX: usize = 32;

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
    /// Slices; `begun`: ranges that only begin below where it is looked from have been read.
    Slices { terms: Vec<i64>, begun: bool },
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
    small_at_a_time: usize,
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
        let mut origins = vec![Origin::Slices { terms: terms.clone(), begun: false }];
        if ends {
            origins.extend([Origin::Late { terms }, Origin::Feed]);
        }
        let stream =
            |origin| Stream { origin, waiting: VecDeque::new(), read_down_to: below, over: false };
        Self::new((company, shelf), from, origins.into_iter().map(stream).collect())
    }

    /// The deliveries of an event: those whose ids are beside its own, and those made later.
    pub(crate) fn of_event(company: i64, (from, below): (i64, i64), event: i64, last: i64) -> Self {
        let beside = Block { first: event + 1, last };
        let waiting = if last > event { VecDeque::from([beside]) } else { VecDeque::new() };
        let fixed = Stream { origin: Origin::Fixed, waiting, read_down_to: from, over: true };
        let origin = Origin::Later { event };
        let later = Stream { origin, waiting: VecDeque::new(), read_down_to: below, over: false };
        Self::new((company, company), from, vec![fixed, later])
    }

    const fn new((company, shelf): (i64, i64), from: i64, streams: Vec<Stream>) -> Self {
        Self { company, shelf, from, streams, small_at_a_time: SMALL_AT_A_TIME }
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
            if small.len() == self.small_at_a_time {
                self.small_at_a_time = (2 * self.small_at_a_time).min(SMALL_AT_A_TIME_MAX);
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
            Origin::Slices { terms, begun } => {
                let place = (shelf, from, self.read_down_to);
                if !std::mem::replace(begun, true) {
                    self.waiting.extend(read_across(tx, (shelf, self.read_down_to), terms).await?);
                }
                let read = read_slices(tx, place, terms).await?;
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

/// The ranges of terms that end below an id, in slices that begin between two, from the highest down; the
/// join goes slice by slice.
pub(crate) fn slices_sql(shelf: i64, (low, below): (i64, i64), terms: &[i64]) -> Sql {
    let mut sql = Sql::new(
        "SELECT t.last_id, t.span FROM search_slices s CROSS JOIN search_terms t WHERE s.shelf = ",
    );
    sql.bind(shelf).text(" AND s.first_id >= ").bind(low).text(" AND s.first_id < ").bind(below);
    sql.text(" AND s.level >= 0 AND t.shelf = ").bind(shelf);
    sql.text(" AND t.slice = s.slice AND t.term IN (").list(terms.iter().copied());
    sql.text(") AND t.last_id < ").bind(below);
    sql.text(" ORDER BY s.first_id DESC, t.last_id DESC LIMIT ");
    sql.bind((BLOCKS_AT_A_TIME + 1) as i64);
    sql
}

/// The ranges that begin below an id and end at or above it: of each term one at most, the first that ends
/// there, because its ranges are apart.
async fn read_across(
    tx: &DatabaseTransaction,
    (shelf, below): (i64, i64),
    terms: &[i64],
) -> Result<Vec<Block>, Error> {
    let backend = tx.get_database_backend();
    let mut sql = Sql::new("SELECT slice FROM search_slices WHERE level >= 0 AND shelf = ");
    sql.bind(shelf).text(" AND first_id < ").bind(below).text(" AND last_id >= ").bind(below);
    sql.text(" ORDER BY first_id DESC LIMIT 1");
    let Some(row) = tx.query_one_raw(sql.build(backend)).await? else { return Ok(Vec::new()) };
    let slice: i64 = row.try_get("", "slice")?;
    let mut across = Vec::new();
    for term in terms {
        let mut sql = Sql::new("SELECT last_id, span FROM search_terms WHERE shelf = ");
        sql.bind(shelf).text(" AND slice = ").bind(slice).text(" AND term = ").bind(*term);
        sql.text(" AND last_id >= ").bind(below).text(" ORDER BY last_id LIMIT 1");
        let found = tx.query_one_raw(sql.build(backend)).await?;
        across.extend(found.as_ref().map(block_of).transpose()?);
    }
    across.retain(|block| block.first < below);
    across.sort_unstable_by_key(|block| std::cmp::Reverse(block.last));
    Ok(across)
}

async fn read_slices(
    tx: &DatabaseTransaction,
    (shelf, from, below): (i64, i64, i64),
    terms: &[i64],
) -> Result<ReadSlices, Error> {
    let backend = tx.get_database_backend();
    let mut sql = Sql::new("SELECT first_id FROM search_slices WHERE shelf = ");
    sql.bind(shelf).text(" AND first_id < ").bind(below).text(" AND level >= 0 AND last_id >= ");
    sql.bind(from).text(" ORDER BY first_id DESC LIMIT ").bind(SLICES_AT_A_TIME);
    let slices = tx.query_all_raw(sql.build(backend)).await?;
    let Some(lowest) = slices.last() else {
        return Ok(ReadSlices { blocks: Vec::new(), down_to: from, over: true });
    };
    let low: i64 = lowest.try_get("", "first_id")?;
    let rows = tx.query_all_raw(slices_sql(shelf, (low, below), terms).build(backend)).await?;
    let mut blocks = rows.iter().map(block_of).collect::<Result<Vec<Block>, Error>>()?;
    let cut = blocks.get(BLOCKS_AT_A_TIME).map(|block| block.last);
    if let Some(cut) = cut {
        // Others that end there may not have come: all of them come again. No id ends so many.
        blocks.retain(|block| block.last > cut);
        return Ok(ReadSlices { blocks, down_to: cut + 1, over: false });
    }
    Ok(ReadSlices { blocks, down_to: low, over: slices.len() < SLICES_AT_A_TIME as usize })
}

fn block_of(row: &QueryResult) -> Result<Block, Error> {
    let (last, span): (i64, i64) = (row.try_get("", "last_id")?, row.try_get("", "span")?);
    Ok(Block { first: last - span, last })
}
