//! The 24-hour story: one event, a receiver that answers 503, a clock that is turned by hand. The
//! whole program runs inside the test; receiver, mail server and databases are real.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use domain::scope::Scope;
use hookferry::program::Program;
use hookferry::settings::Settings;
use serde_json::json;
use store::{Actor, NewToken};
use testkit::api::Api;
use testkit::clock::ManualClock;
use testkit::mailbox::Mailbox;
use testkit::postgres::Cluster;
use testkit::receiver::Receiver;

/// How long one step may take on a busy machine.
const STEP: Duration = Duration::from_secs(30);

/// The program, its clock, and everything around it.
struct Story {
    clock: Arc<ManualClock>,
    program: Program,
    api: Api,
    receiver: Receiver,
    mailbox: Mailbox,
    endpoint: String,
    _folder: tempfile::TempDir,
}

impl Story {
    async fn begin(database_url: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::start();
        let receiver = Receiver::start();
        let start = Utc.with_ymd_and_hms(2026, 11, 20, 0, 0, 0).unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let (data_dir, smtp_url) = (folder.path().display().to_string(), mailbox.url());
        let key = "0b".repeat(32);
        let mut pairs = vec![
            ("listen", "127.0.0.1:0"),
            ("data_dir", &data_dir),
            ("allow_networks", "127.0.0.0/8"),
            ("smtp_url", &smtp_url),
            ("master_key", &key),
            ("drain_delay", "0s"),
            ("mail_from", "hooks@acme.example"),
        ];
        pairs.extend(database_url.map(|url| ("database_url", url)));
        let settings = Settings::from_pairs(&pairs).unwrap();
        let program = Program::start(settings, clock.clone()).await.unwrap();
        let company =
            program.store().create_company("Acme", "owner@acme.example", start).await.unwrap();
        let wanted =
            NewToken { name: "story".into(), scopes: vec![Scope::Admin], expires_at: None };
        let (_, token) =
            program.store().create_token(company.id, wanted, Actor::Cli, start).await.unwrap();
        let api = Api::new(&format!("http://{}", program.address()), Some(&token));
        let url = receiver.url("/hook");
        let endpoint = api.create_endpoint(json!({"url": url, "event_types": ["*"]})).await;
        let endpoint = endpoint["id"].as_str().unwrap().to_owned();
        Self { clock, program, api, receiver, mailbox, endpoint, _folder: folder }
    }

    async fn post(&self, number: u32) -> String {
        let event = json!({"type": "message.received", "data": {"number": number}});
        let event = self.api.post_event(event).await;
        self.api.delivery_of(&event).await["id"].as_str().unwrap().to_owned()
    }

    /// Waits until attempt `number` of a delivery is over, and tells what it changed.
    async fn attempt(&self, delivery: &str, number: u32) -> Line {
        let path = format!("/deliveries/{delivery}");
        let delivery = self.api.wait_for(&path, STEP, |delivery| delivery["tries"] == number).await;
        let endpoint = self.api.get_endpoint(&self.endpoint).await;
        let attempt = &delivery["attempts"][number as usize - 1];
        Line {
            number,
            at: attempt["started_at"].as_str().unwrap().parse().unwrap(),
            status_code: u16::try_from(attempt["status_code"].as_u64().unwrap()).unwrap(),
            streak: u32::try_from(endpoint["streak"].as_u64().unwrap()).unwrap(),
            endpoint: endpoint["status"].as_str().unwrap().to_owned(),
            mail: String::new(),
        }
    }

    /// The attempts of one delivery from the first to number `last`, ten minutes apart.
    async fn fail_until(&self, delivery: &str, last: u32) -> Vec<Line> {
        let mut lines = Vec::new();
        for number in 1..=last {
            let mut line = self.attempt(delivery, number).await;
            line.mail = match number {
                50 => "warning".to_owned(),
                100 => "Defective".to_owned(),
                _ => String::new(),
            };
            lines.push(line);
            if number < last {
                assert_eq!(self.receiver.count(), number as usize, "sent before it was due");
                self.clock.advance(TimeDelta::minutes(10) - TimeDelta::microseconds(1));
                assert_eq!(self.receiver.count(), number as usize, "sent before it was due");
                self.clock.advance(TimeDelta::microseconds(1));
            }
        }
        lines
    }

    async fn end(self) {
        // A commit shows a moment before its rows are counted out.
        testkit::wait::until("nothing is left in memory", STEP, async || {
            self.program.dispatcher().is_idle().then_some(())
        })
        .await;
        self.program.shutdown().await;
    }
}

/// Checks the schedule, the streak and the status that each line must show.
fn check_lines(lines: &[Line]) {
    let start = lines[0].at;
    for line in lines {
        let place = i64::from(line.number) - 1;
        assert_eq!(line.at - start, TimeDelta::minutes(10) * i32::try_from(place).unwrap());
        assert_eq!((line.status_code, line.streak), (503, line.number));
        let status = if line.number < 100 { "enabled" } else { "defective" };
        assert_eq!(line.endpoint, status, "after attempt {}", line.number);
    }
}

fn subjects(mailbox: &Mailbox) -> Vec<String> {
    mailbox.mails().into_iter().map(|mail| mail.subject).collect()
}

async fn a_day_of_503(database: &str, url: Option<&str>) {
    let story = Story::begin(url).await;
    story.receiver.answers(503);
    let delivery = story.post(1).await;
    let lines = story.fail_until(&delivery, 145).await;
    check_lines(&lines);
    let detail = story.api.get_delivery(&delivery).await;
    assert_eq!(detail["state"], "exhausted");
    assert_eq!(detail["attempts"].as_array().unwrap().len(), 145);
    story.mailbox.wait_for(2, STEP).await;
    story.clock.advance(TimeDelta::days(2));
    assert_eq!(story.receiver.count(), 145);
    let mails = subjects(&story.mailbox);
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert!(mails[1].contains("Defective"), "{mails:?}");
    print_table(&format!("A day of 503, {database}"), &lines);
    story.end().await;
}

async fn back_at_attempt_120(database: &str, url: Option<&str>) {
    let story = Story::begin(url).await;
    story.receiver.answers(503);
    let delivery = story.post(1).await;
    let mut lines = story.fail_until(&delivery, 119).await;
    check_lines(&lines);
    let mut waiting = Vec::new();
    for number in 2..=6 {
        waiting.push(story.post(number).await);
    }
    // A second later the slow lane tries one of them, and then the clock stands still.
    story.clock.advance(TimeDelta::seconds(1));
    story.receiver.wait_for(120, STEP).await;
    story
        .api
        .wait_for(&format!("/endpoints/{}", story.endpoint), STEP, |e| e["streak"] == 120)
        .await;
    assert_eq!(story.receiver.count(), 120, "more than one request a second");
    story.receiver.answers(200);
    story.clock.advance(TimeDelta::minutes(10));
    let path = format!("/endpoints/{}", story.endpoint);
    story.api.wait_for(&path, STEP, |endpoint| endpoint["status"] == "enabled").await;
    waiting.push(delivery.clone());
    for delivery in &waiting {
        let path = format!("/deliveries/{delivery}");
        story.api.wait_for(&path, STEP, |delivery| delivery["state"] == "delivered").await;
    }
    let mut last = story.attempt(&delivery, 120).await;
    last.mail = "recovered".to_owned();
    assert_eq!((last.status_code, last.streak), (200, 0));
    lines.push(last);
    story.mailbox.wait_for(3, STEP).await;
    let mails = subjects(&story.mailbox);
    assert_eq!(mails.len(), 3, "{mails:?}");
    print_table(&format!("Back at attempt 120, {database}"), &lines);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_503_on_sqlite() {
    a_day_of_503("SQLite", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_503_on_postgres() {
    let url = Cluster::shared().database("day_of_503");
    a_day_of_503("PostgreSQL", Some(&url)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_at_attempt_120_on_sqlite() {
    back_at_attempt_120("SQLite", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_at_attempt_120_on_postgres() {
    let url = Cluster::shared().database("back_at_120");
    back_at_attempt_120("PostgreSQL", Some(&url)).await;
}

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
