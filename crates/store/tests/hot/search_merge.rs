//! Slices of the index are merged: lists say the same before, meanwhile and after.

use domain::id::EndpointId;
use domain::search::Needle;
use store::{EventFilter, SearchStep, SearchWalk};

use crate::engine::at;
use crate::search::{crowd, walk, walk_all};
use crate::setup::{Setup, on_both, page};

on_both!(
    lists_stay_as_they_are_while_slices_are_merged,
    slices_are_merged_up_to_the_last_level,
    what_is_made_of_slices_that_have_gone_meanwhile_goes,
);

/// So many full slices' worth of events, with a delivery each, of 300 contacts by turns.
async fn many_slices(s: &Setup, slices: i64) -> EndpointId {
    let endpoint = s.endpoint().await.id;
    s.event(1, "message.received", "c0", None).await;
    crowd(s, endpoint, slices * 1_000).await;
    let first = Setup::event_id(0);
    let named = format!(
        "UPDATE events SET subject = 'c' || ((id - {first}) / 10 % 300), event_type = \
         CASE WHEN (id - {first}) / 10 % 5 = 0 AND deliveries = 1 THEN 'order.made' ELSE event_type END"
    );
    s.sql(&named, vec![]).await;
    endpoint
}

/// The ids of a contact's events, from the newest, as the pages of a list give them.
async fn events_of(s: &Setup, subject: &str) -> Vec<i64> {
    let filter = EventFilter { subject: Some(subject.into()), ..EventFilter::default() };
    paged(s, &filter, 7).await
}

async fn paged(s: &Setup, filter: &EventFilter, rows: u32) -> Vec<i64> {
    let (mut ids, mut before) = (Vec::new(), None);
    loop {
        let found = s.store.events(s.company, filter.clone(), page(rows, before)).await.unwrap();
        ids.extend(found.data.iter().map(|event| event.id.raw()));
        before = found.next;
        if before.is_none() {
            return ids;
        }
    }
}

async fn levels(s: &Setup) -> [i64; 5] {
    let mut levels = [0; 5];
    for (level, count) in (-1..).zip(&mut levels) {
        *count = s.count(&format!("FROM search_slices WHERE level = {level}")).await;
    }
    levels
}

/// Looked at after every few steps, of a walk that forgets some times how far it was.
async fn lists_stay_as_they_are_while_slices_are_merged(s: Setup) {
    many_slices(&s, 18).await;
    let first = Setup::event_id(0);
    let contact = |n: i64| (n % 300 == 250).then_some(first + 10 * n);
    let expected: Vec<i64> = (10..18_010).rev().filter_map(contact).collect();
    assert!(expected.len() > 50);
    let (mut walking, mut merged, mut steps) = (SearchWalk::default(), 0, 0);
    loop {
        match s.store.walk_search(&mut walking, at(180)).await.unwrap() {
            SearchStep::Walked(_) => {}
            SearchStep::Next => continue,
            SearchStep::Rest if walking.is_waiting() => {
                tokio::task::yield_now().await;
                continue;
            }
            SearchStep::Rest => break,
        }
        steps += 1;
        merged = merged.max(levels(&s).await[2]);
        if steps % 3 == 0 {
            assert_eq!(events_of(&s, "c250").await, expected, "after step {steps}");
        }
        // A copy that is broken off is begun anew.
        if steps % 7 == 0 && steps < 60 {
            walking = SearchWalk::default();
        }
    }
    assert_eq!(levels(&s).await, [0, 3, 1, 0, 0], "{merged}");
    assert_eq!(events_of(&s, "c250").await, expected);
    // One range stands for many rows here, and pages begin in the middle of it.
    let needle = Some(Needle::parse("order.made").unwrap());
    let typed = EventFilter { needle, ..EventFilter::default() };
    let is_typed = |n: &i64| n % 5 == 0;
    let all: Vec<i64> = (10..18_010).rev().filter(is_typed).map(|n| first + 10 * n).collect();
    assert_eq!(paged(&s, &typed, 100).await, all);
    let terms = "FROM search_terms t WHERE NOT EXISTS (SELECT 1 FROM search_slices s \
        WHERE s.shelf = t.shelf AND s.slice = t.slice)";
    assert_eq!(s.count(terms).await, 0);
}

/// Slices of one level with so many terms each, past the walk.
async fn plant_slices(s: &Setup, shelf: i64, level: i64, count: i64, terms: i64) {
    let shelf_row =
        format!("INSERT INTO search_shelves (shelf, done, slices) VALUES ({shelf}, 0, {count})");
    s.sql(&shelf_row, vec![]).await;
    for slice in 1..=count {
        let (first, last) = (slice * 1_000_000, slice * 1_000_000 + 999_999);
        let row = format!(
            "INSERT INTO search_slices (shelf, slice, first_id, last_id, level) \
             VALUES ({shelf}, {slice}, {first}, {last}, {level})"
        );
        s.sql(&row, vec![]).await;
        let rows = format!(
            "INSERT INTO search_terms (shelf, slice, term, last_id, span) \
             WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {terms}) \
             SELECT {shelf}, {slice}, n % 7, {first} + n, 0 FROM n"
        );
        s.sql(&rows, vec![]).await;
    }
}

fn shelf(s: &Setup) -> i64 {
    if s.config.database_url.starts_with("sqlite") { 0 } else { s.company.raw() }
}

async fn slices_are_merged_up_to_the_last_level(s: Setup) {
    // More terms in each than one step copies.
    plant_slices(&s, shelf(&s), 1, 34, 1_234).await;
    walk_all(&s).await;
    assert_eq!(levels(&s).await, [0, 0, 2, 2, 0]);
    assert_eq!(s.count("FROM search_terms").await, 34 * 1_234);
    let whole = "FROM search_slices WHERE level = 2 AND first_id = 1000000 AND last_id = 16999999";
    assert_eq!(s.count(whole).await, 1);
    let inside = "FROM search_terms t JOIN search_slices s ON s.shelf = t.shelf AND s.slice = t.slice \
        WHERE t.last_id >= s.first_id AND t.last_id <= s.last_id";
    assert_eq!(s.count(inside).await, 34 * 1_234);
}

async fn what_is_made_of_slices_that_have_gone_meanwhile_goes(s: Setup) {
    plant_slices(&s, shelf(&s), 0, 16, 1_234).await;
    let mut walking = SearchWalk::default();
    for _ in 0..10 {
        s.store.walk_search(&mut walking, at(180)).await.unwrap();
    }
    assert_eq!(s.count("FROM search_slices WHERE level = -2").await, 1);
    s.sql("UPDATE search_slices SET level = -1 WHERE slice = 3", vec![]).await;
    walk(&s.store, &mut walking).await;
    assert_eq!(levels(&s).await, [0, 15, 0, 0, 0]);
    assert_eq!(s.count("FROM search_terms").await, 15 * 1_234);
}
