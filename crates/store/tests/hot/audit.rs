//! The audit log where it is long: whoever asks for few of its lines waits for few.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use domain::id::floor_at;
use store::AuditFilter;

use crate::setup::{Setup, now, on_both, page};

on_both!(
    what_is_asked_for_is_found_page_by_page,
    a_page_that_takes_too_long_is_short_and_says_where_to_go_on,
    the_end_of_a_time_is_found_without_what_came_later,
);

const LINES: i64 = 4_000;

/// Lines whose numbers say what is in them, one every two seconds.
async fn plant(s: &Setup) {
    let sql = "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
        INSERT INTO audit_log (id, company_id, actor, action, subject, facts, created_at) \
        SELECT $2 + i * 8388608000, $3, 'a' || (i % 2), 'b' || (i % 4), 'c' || (i % 500), '{}', $4 + i * 2000000 FROM n";
    let (first, at) = (floor_at(now()), now().timestamp_micros());
    s.sql(sql, vec![LINES.into(), first.into(), s.company.raw().into(), at.into()]).await;
}

/// The numbers of the lines that a filter finds, in pages of `limit`; and how many pages there were.
async fn found(s: &Setup, filter: &AuditFilter, limit: u32) -> (Vec<i64>, usize) {
    let (mut numbers, mut before, mut pages) = (Vec::new(), None, 0);
    loop {
        let lines =
            s.store.audit_log(s.company, filter.clone(), page(limit, before)).await.unwrap();
        numbers.extend(lines.data.iter().map(|line| (line.created_at - now()).num_seconds() / 2));
        pages += 1;
        // A page that is not full and not the last one was cut.
        assert_eq!(lines.cut, lines.next.is_some() && lines.data.len() < limit as usize);
        assert!(lines.next.is_none() || lines.next != before);
        match lines.next {
            Some(next) => before = Some(next),
            None => return (numbers, pages),
        }
    }
}

fn is(prefix: &str, number: i64) -> Option<String> {
    Some(format!("{prefix}{number}"))
}

async fn what_is_asked_for_is_found_page_by_page(s: Setup) {
    plant(&s).await;
    let none = AuditFilter::default;
    type Wanted = fn(i64) -> bool;
    let asked: [(AuditFilter, Wanted); 6] = [
        (AuditFilter { subject: is("c", 7), ..none() }, |i| i % 500 == 7),
        (AuditFilter { actor: is("a", 1), action: is("b", 3), ..none() }, |i| i % 4 == 3),
        (AuditFilter { actor: is("a", 0), action: is("b", 3), ..none() }, |_| false),
        (AuditFilter { action: is("b", 1), subject: is("c", 1), ..none() }, |i| i % 500 == 1),
        (
            AuditFilter {
                actor: is("a", 0),
                since: Some(now() + TimeDelta::seconds(22)),
                until: Some(now() + TimeDelta::seconds(42)),
                ..none()
            },
            |i| i % 2 == 0 && (11..21).contains(&i),
        ),
        (AuditFilter { subject: is("d", 1), ..none() }, |_| false),
    ];
    for (filter, wanted) in asked {
        let expected: Vec<i64> = (1..=LINES).rev().filter(|i| wanted(*i)).collect();
        for limit in [3, 50] {
            let (numbers, pages) = found(&s, &filter, limit).await;
            assert_eq!(numbers, expected, "{filter:?}");
            let full = expected.len().div_ceil(limit as usize).max(1);
            assert_eq!(pages, full, "{filter:?}");
        }
    }
    let other =
        s.store.audit_log(s.other, AuditFilter { actor: is("a", 1), ..none() }, page(9, None));
    assert_eq!(other.await.unwrap().data, []);
}

async fn a_page_that_takes_too_long_is_short_and_says_where_to_go_on(s: Setup) {
    plant(&s).await;
    s.store.set_query_time_max(Duration::ZERO);
    let filter = AuditFilter { actor: is("a", 1), action: is("b", 2), ..AuditFilter::default() };
    let (numbers, pages) = found(&s, &filter, 100).await;
    assert_eq!((numbers.len(), pages), (0, 20), "101 of 2,000 lines of the actor each");
    // Where one step is enough nothing is cut.
    let filter = AuditFilter { subject: is("c", 7), ..AuditFilter::default() };
    let (numbers, pages) = found(&s, &filter, 4).await;
    assert_eq!((numbers.len(), pages), (8, 2));
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), 8);
}

async fn the_end_of_a_time_is_found_without_what_came_later(s: Setup) {
    plant(&s).await;
    s.store.set_query_time_max(Duration::ZERO);
    let until = now() + TimeDelta::hours(1) - TimeDelta::days(7);
    let filter = AuditFilter { until: Some(until), ..AuditFilter::default() };
    // Ids of the week behind it are looked at: a clock may have been set back.
    let (numbers, pages) = found(&s, &filter, 99).await;
    assert_eq!(numbers, Vec::<i64>::new());
    assert!(pages <= 20, "{pages} of 40");
}
