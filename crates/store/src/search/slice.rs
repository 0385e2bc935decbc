//! One slice: which ids belong to it, and what is written of it.

use std::collections::BTreeMap;

use crate::search::terms::{EndFacts, EventFacts, company_term, of_endpoint};

/// How many ranges of ids a term has in one slice, at most.
pub(crate) const BLOCKS_MAX: usize = 16;
/// A term of every so many rows of a slice stands for all of it.
const DENSE: usize = 3;

/// An event of a slice; its first deliveries have the ids after it.
#[derive(Debug, Clone)]
pub(crate) struct EventRow {
    pub(crate) id: i64,
    pub(crate) deliveries: i64,
    pub(crate) facts: EventFacts,
}

impl EventRow {
    /// Its last delivery's id, or its own.
    pub(crate) const fn last(&self) -> i64 {
        self.id + self.deliveries
    }
}

/// A delivery of a slice, finished or not.
#[derive(Debug, Clone)]
pub(crate) struct DeliveryRow {
    pub(crate) id: i64,
    pub(crate) company: i64,
    pub(crate) endpoint: i64,
    pub(crate) event: i64,
    /// How it ended, once it has.
    pub(crate) end: Option<EndFacts>,
    /// Its event, where the delivery was made later than that.
    pub(crate) later_than: Option<EventFacts>,
}

/// A range of ids to look at for a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TermRow {
    pub(crate) term: i64,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// Where a slice of `from` to `below` ends at the latest, so that it takes no part of an event: the
/// id that it does not reach any more. `None`: it would be empty.
pub(crate) fn aligned(events: &[EventRow], from: i64, below: i64) -> Option<i64> {
    let split = events.iter().find(|event| event.id < below && below <= event.last());
    let end = split.map_or(below, |event| event.id);
    (end > from).then_some(end)
}

/// The rows of a slice from `from` to `to`, in the order of their key.
pub(crate) fn term_rows(
    (from, to): (i64, i64),
    events: &[EventRow],
    deliveries: &[DeliveryRow],
) -> Vec<TermRow> {
    let mut found: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
    let mut add =
        |term: i64, first: i64, last: i64| found.entry(term).or_default().push((first, last));
    for event in events {
        add(company_term(event.facts.company), event.id, event.last());
        for term in event.facts.terms() {
            add(term, event.id, event.last());
        }
    }
    for row in deliveries {
        add(of_endpoint(row.company, row.endpoint), row.id, row.id);
        for term in row.end.iter().flat_map(EndFacts::terms) {
            add(term, row.id, row.id);
        }
        if let Some(facts) = &row.later_than {
            add(company_term(row.company), row.id, row.id);
            for term in facts.terms() {
                add(term, row.id, row.id);
            }
        }
    }
    let rows = events.len() + deliveries.len();
    let mut written = Vec::with_capacity(found.len());
    for (term, mut ranges) in found {
        ranges.sort_unstable();
        ranges.dedup();
        if ranges.len() > BLOCKS_MAX && ranges.len() * DENSE > rows {
            ranges = vec![(from, to)];
        }
        for (first, last) in blocks(&ranges) {
            written.push(TermRow { term, first, last });
        }
    }
    written
}

/// At most [`BLOCKS_MAX`] ranges that hold all of these, each with another end.
fn blocks(ranges: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let size = ranges.len().div_ceil(BLOCKS_MAX).max(1);
    let mut blocks: Vec<(i64, i64)> = Vec::with_capacity(ranges.len().min(BLOCKS_MAX));
    for chunk in ranges.chunks(size) {
        let first = chunk.iter().map(|range| range.0).min().unwrap_or(0);
        let last = chunk.iter().map(|range| range.1).max().unwrap_or(0);
        match blocks.last_mut() {
            Some(before) if before.1 >= last => {}
            Some(before) if before.1 >= first => before.1 = last,
            Some(_) | None => blocks.push((first, last)),
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: i64, deliveries: i64, event_type: &str) -> EventRow {
        let facts = EventFacts {
            company: 1,
            event_type: event_type.into(),
            source: 0,
            external_id: None,
            subject: None,
            phone_number_id: None,
        };
        EventRow { id, deliveries, facts }
    }

    #[test]
    fn no_event_is_split() {
        let events = [event(10, 5, "a.b"), event(20, 0, "a.b")];
        for (below, end) in [(9, Some(9)), (10, Some(10)), (11, Some(10)), (15, Some(10))] {
            assert_eq!(aligned(&events, 5, below), end, "{below}");
        }
        assert_eq!(aligned(&events, 5, 16), Some(16));
        assert_eq!(aligned(&events, 5, 21), Some(21));
        assert_eq!(aligned(&events, 10, 12), None);
    }

    #[test]
    fn a_term_has_few_ranges_that_hold_all_its_ids() {
        for count in [1_i64, 16, 17, 33, 400] {
            let ranges: Vec<(i64, i64)> = (0..count).map(|n| (100 * n, 100 * n + n % 3)).collect();
            let blocks = blocks(&ranges);
            assert!(blocks.len() <= BLOCKS_MAX, "{count}");
            for (first, last) in ranges {
                assert!(blocks.iter().any(|block| block.0 <= first && last <= block.1));
            }
            assert!(blocks.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
        assert_eq!(blocks(&[(1, 9), (2, 3), (9, 12)]), [(1, 12)]);
    }

    #[test]
    fn what_is_dense_stands_for_the_whole_slice() {
        let mut events: Vec<EventRow> = (0..60).map(|n| event(10 * n, 0, "a.b")).collect();
        events.push(event(700, 0, "c.d"));
        let rows = term_rows((0, 999), &events, &[]);
        let whole = rows.iter().filter(|row| (row.first, row.last) == (0, 999)).count();
        // The company, the type and its prefix; the other type has its own id.
        assert_eq!(whole, 3);
        assert_eq!(rows.iter().filter(|row| (row.first, row.last) == (700, 700)).count(), 2);
        assert!(rows.is_sorted_by_key(|row| (row.term, row.last)));
    }
}
