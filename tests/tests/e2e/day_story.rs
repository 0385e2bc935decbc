//! The 24-hour story: one event, a receiver that answers 503, a clock that is turned by hand.

use chrono::{DateTime, TimeDelta, Utc};

/// One line of the story's table: an attempt and what it changed.
#[derive(Debug, Clone)]
struct Line {
    number: u32,
    at: DateTime<Utc>,
    status_code: u16,
    streak: u32,
    endpoint: String,
    mail: String,
}

/// Prints the table: the first lines, those where something happened, the last.
fn print_table(title: &str, lines: &[Line]) {
    println!("### {title}\n");
    println!("| attempt | after | answer | streak | endpoint | mail |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let Some(start) = lines.first().map(|line| line.at) else { return };
    for (place, line) in lines.iter().enumerate() {
        let near_an_end = place < 3 || place + 2 >= lines.len();
        if near_an_end || !line.mail.is_empty() {
            let Line { number, at, status_code, streak, endpoint, mail } = line;
            let after = after(*at - start);
            println!("| {number} | {after} | {status_code} | {streak} | {endpoint} | {mail} |");
        }
    }
}

fn after(span: TimeDelta) -> String {
    format!("{:02}:{:02}", span.num_hours(), span.num_minutes() % 60)
}

#[test]
fn the_table_shows_the_ends_and_what_happened_between() {
    let line = |number: u32| Line {
        number,
        at: DateTime::UNIX_EPOCH + TimeDelta::minutes(10 * i64::from(number - 1)),
        status_code: 503,
        streak: number,
        endpoint: if number < 100 { "enabled" } else { "defective" }.to_owned(),
        mail: if number == 50 { "warning" } else { "" }.to_owned(),
    };
    let lines: Vec<Line> = (1..=145).map(line).collect();
    print_table("The table itself", &lines);
    assert_eq!(after(lines[144].at - lines[0].at), "24:00");
}
