//! SQLite's write-ahead log: copied back beside the writer, begun anew, and never longer than it may be.

use domain::event::NewEvent;
use sea_orm::{ConnectionTrait, Database, DatabaseTransaction, Statement, TransactionTrait};
use store::{Accepted, LogCopy};

use crate::engine::{Door, caller, keyed, together};
use crate::setup::Setup;

/// Pages of 4 KiB: from how many on the log is worth copying, and how many it has at most, with what one
/// transaction adds.
const WORTH_COPYING: i64 = 4_096;
const MOST: i64 = 16_384 + 2_048;
/// Bytes of one event, and how many of them one request has.
const BYTES: usize = 64 * 1024;
const TOGETHER: usize = 100;

/// Takes in about so many pages of events.
async fn write(s: &Setup, name: &str, pages: i64) {
    let requests = pages as usize * 4_096 / BYTES / TOGETHER + 1;
    for request in 0..requests {
        let data = format!("\"{}\"", "x".repeat(BYTES));
        let event = |n| keyed(s.company, &format!("{name} {request} {n}"), &data);
        let events: Vec<NewEvent> = (0..TOGETHER).map(event).collect();
        let jobs = vec![(caller(s, s.company).await, events)];
        let accepted = together(&s.store, &Door::with_room(9), jobs).await.remove(0).unwrap();
        assert!(accepted.iter().all(|accepted| matches!(accepted, Accepted::New { .. })));
    }
}

/// How many pages the log has, and how many of them are not copied.
async fn log(s: &Setup) -> (i64, i64) {
    let sql = "PRAGMA wal_checkpoint(NOOP)";
    let look = Statement::from_string(s.raw.get_database_backend(), sql);
    let row = s.raw.query_one_raw(look).await.unwrap().unwrap();
    let pages: i64 = row.try_get_by_index(1).unwrap();
    let copied: i64 = row.try_get_by_index(2).unwrap();
    (pages, pages - copied)
}

async fn events(reader: &DatabaseTransaction) -> i64 {
    let sql = "SELECT count(*) FROM events";
    let count = Statement::from_string(reader.get_database_backend(), sql);
    reader.query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn a_long_log_is_copied_to_its_end_and_begun_anew() {
    let s = Setup::sqlite().await;
    write(&s, "few", 100).await;
    assert_eq!(s.store.copy_log().await.unwrap(), LogCopy::Short);
    write(&s, "many", WORTH_COPYING).await;
    let (pages, left) = log(&s).await;
    assert!(pages >= WORTH_COPYING && left > WORTH_COPYING - 256, "{left} of {pages}");
    assert_eq!(s.store.copy_log().await.unwrap(), LogCopy::Copied);
    assert_eq!(log(&s).await.1, 0);
    write(&s, "next", 1).await;
    assert!(log(&s).await.0 < WORTH_COPYING, "it goes on at its front");
    assert_eq!(s.store.copy_log().await.unwrap(), LogCopy::Short);
}

#[tokio::test]
async fn whoever_reads_an_old_state_keeps_what_came_after_it_in_the_log() {
    let s = Setup::sqlite().await;
    write(&s, "before", 10).await;
    let other = Database::connect(&s.config.database_url).await.unwrap();
    let reader = other.begin().await.unwrap();
    let before = events(&reader).await;
    write(&s, "after", WORTH_COPYING).await;
    assert_eq!(s.store.copy_log().await.unwrap(), LogCopy::Part);
    write(&s, "still", 1).await;
    assert_eq!(events(&reader).await, before, "it reads what it read before");
    reader.commit().await.unwrap();
    assert_eq!(s.store.copy_log().await.unwrap(), LogCopy::Copied);
}

#[tokio::test]
async fn where_nobody_copies_the_writer_does_in_the_end() {
    let s = Setup::sqlite().await;
    write(&s, "most", MOST).await;
    write(&s, "one more", 1).await;
    let (pages, _) = log(&s).await;
    assert!(pages < MOST, "{pages} pages");
}

#[tokio::test]
async fn postgresql_takes_care_of_its_own() {
    let s = Setup::postgres().await;
    assert_eq!(s.store.copy_log().await.unwrap(), LogCopy::Never);
}
