//! Rows of a real outbox, written by the store, reach a real SMTP server.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use domain::endpoint::StreakLimits;
use domain::event::NewEvent;
use domain::event_type::{EventTypeName, Selector};
use domain::id::{CompanyId, EndpointId};
use domain::outcome::{Acknowledge, Outcome};
use domain::person::EmailAddress;
use domain::schedule::RetrySchedule;
use domain::scope::Scope;
use domain::secret::EndpointSecret;
use domain::settle::Policy;
use mail::{Config, Mailer, run, run_once};
use parking_lot::Mutex;
use store::{
    Actor, Attempted, Claimed, HandOver, MailRecord, MailState, MasterKey, NewEndpoint, NewToken,
    PageRequest, ScheduleChoice, SignUp, Store, SwitchWanted, ToSettle,
};
use testkit::clock::ManualClock;
use testkit::mailbox::Mailbox;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const PATIENCE: Duration = Duration::from_secs(30);

/// Takes whatever ingest commits.
#[derive(Debug, Default)]
struct Hands(Mutex<Vec<Claimed>>);

impl HandOver for Hands {
    fn is_let_in(&self, _endpoint: EndpointId) -> bool {
        false
    }

    fn may_own_lanes(&self) -> bool {
        true
    }

    fn reserve(&self, _company: CompanyId, _endpoint: EndpointId, sizes: &[usize]) -> usize {
        sizes.len()
    }

    fn release(&self, _endpoint: EndpointId, _rows: usize, _bytes: usize) {}

    fn hand_over(&self, fresh: Vec<Claimed>) {
        self.0.lock().extend(fresh);
    }
}

/// A store whose endpoints warn after the first failure, and a company in it.
struct World {
    store: Store,
    clock: Arc<ManualClock>,
    company: CompanyId,
    mailbox: Mailbox,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = store::Config {
            database_url: format!("sqlite:{}", folder.path().join("hookferry.db").display()),
            master_key: MasterKey::from_bytes([7; 32]),
            policy: Policy {
                streak: StreakLimits {
                    warn_after: 1,
                    defective_after: 100,
                    defective_min_duration: TimeDelta::zero(),
                },
                give_up_after: TimeDelta::days(7),
            },
            limits: domain::limits::Limits::default(),
            standard_schedule: RetrySchedule::even(144, TimeDelta::minutes(10)).unwrap(),
            connections_max: 2,
        };
        Store::migrate(&config).await.unwrap();
        let store = Store::open(config).await.unwrap();
        let noon = Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap();
        let clock = Arc::new(ManualClock::at(noon));
        let company = store.create_company("Acme", "owner@acme.example", noon).await.unwrap().id;
        store.join("a", noon).await.unwrap();
        Self { store, clock, company, mailbox: Mailbox::start(), _folder: folder }
    }

    fn now(&self) -> DateTime<Utc> {
        store::Clock::now(self.clock.as_ref())
    }

    fn mailer(&self) -> Mailer {
        self.mailer_of(&self.mailbox.url())
    }

    fn mailer_of(&self, url: &str) -> Mailer {
        let from = "Hookferry <hookferry@mail.example>";
        let config = Config::parse(url, from, None).unwrap();
        Mailer::new(self.store.clone(), self.clock.clone(), config)
    }

    /// An endpoint fails for the first time, which writes a mail: a warning, or, after 410, that it
    /// was disabled.
    async fn fails_with(&self, status: u16) {
        let (store, now) = (&self.store, self.now());
        let endpoint = NewEndpoint {
            url: "https://billing.acme.example/wa?token=s3cret".into(),
            description: "Billing".into(),
            event_types: vec![Selector::All],
            format: domain::format::Format::Hookferry,
            narrowing: domain::selection::Narrowing::default(),
            headers: Vec::new(),
            secret: EndpointSecret::from_random([1; 32]),
            timeout: Duration::from_secs(5),
            acknowledge: Acknowledge::Any2xx,
            schedule: ScheduleChoice::Standard,
            external_key: None,
            traffic: domain::traffic::Traffic::default(),
            switch: SwitchWanted::Enabled,
        };
        store.create_endpoint(self.company, endpoint, Actor::Cli, now).await.unwrap();
        let token =
            NewToken { name: "test".into(), scopes: vec![Scope::EventsWrite], expires_at: None };
        let (_, token) = store.create_token(self.company, token, Actor::Cli, now).await.unwrap();
        let caller = store.authenticate(&token, now).await.unwrap();
        let event = NewEvent {
            company: self.company,
            event_type: EventTypeName::parse("message.received").unwrap(),
            data: Arc::from(&b"{}"[..]),
            source: None,
            external_id: None,
            subject: None,
            phone_number_id: None,
            occurred_at: None,
            expires_at: None,
            judged: None,
        };
        let (hands, stop) = (Arc::new(Hands::default()), CancellationToken::new());
        let writer = store.run_ingest(hands.clone(), self.clock.clone(), stop.clone());
        let asking = async {
            store.ingest(&caller, vec![event]).await.unwrap();
            stop.cancel();
        };
        tokio::join!(writer, asking);
        let delivery = hands.0.lock().pop().expect("the endpoint picks the event");
        let attempted = Attempted {
            delivery,
            began_in_epoch: 0,
            outcome: Outcome::of_status(status, Acknowledge::Any2xx, None),
            started_at: now,
            ended_at: now,
            duration: Duration::from_millis(3),
            request: Vec::new(),
            response_headers: Vec::new(),
            response_body: Vec::new(),
            truncated: false,
        };
        store.settle(&[ToSettle::Attempted(Box::new(attempted))], now).await.unwrap();
    }

    /// The one row of the outbox.
    async fn row(&self) -> MailRecord {
        let page = PageRequest { limit: 10, before: None };
        let mut rows = self.store.mails(self.company, page).await.unwrap().data;
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }
}

#[tokio::test]
async fn a_warning_arrives_once_and_is_written_down() {
    let world = World::new().await;
    world.fails_with(503).await;
    let mailer = world.mailer();
    assert_eq!(run_once(&mailer).await.unwrap(), 1);
    let mails = world.mailbox.wait_for(1, PATIENCE).await;
    let row = world.row().await;
    assert_eq!((row.state, row.tries, row.sent_at), (MailState::Sent, 1, Some(world.now())));
    assert_eq!(mails[0].from, "hookferry@mail.example");
    assert_eq!(mails[0].to, ["owner@acme.example"]);
    assert_eq!(mails[0].subject, "[Acme] Webhook failing: billing.acme.example");
    assert_eq!(mails[0].message_id, format!("<{}@mail.example>", row.id));
    for part in [&mails[0].text, &mails[0].html] {
        assert!(part.contains("503 Service Unavailable"), "{part}");
        assert!(!part.contains("s3cret"), "{part}");
    }
    assert!(mails[0].raw.contains("Auto-Submitted: auto-generated"), "{}", mails[0].raw);
    assert_eq!(run_once(&mailer).await.unwrap(), 0);
    assert_eq!(world.mailbox.mails().len(), 1);
}

#[tokio::test]
async fn disabled_by_410_is_told() {
    let world = World::new().await;
    world.fails_with(410).await;
    run_once(&world.mailer()).await.unwrap();
    let mails = world.mailbox.wait_for(1, PATIENCE).await;
    let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert!(subjects.contains(&"[Acme] Webhook disabled: billing.acme.example"), "{subjects:?}");
}

#[tokio::test]
async fn a_server_that_is_down_loses_nothing_and_sends_nothing_twice() {
    let world = World::new().await;
    world.fails_with(503).await;
    let mailer = world.mailer();
    world.mailbox.stop();
    for wait in [1, 2, 4, 8, 16, 30] {
        assert_eq!(run_once(&mailer).await.unwrap(), 1);
        let row = world.row().await;
        assert_eq!(row.state, MailState::Queued);
        assert_eq!(row.due_at, world.now() + TimeDelta::minutes(wait));
        let error = row.last_error.unwrap();
        assert!(error.starts_with("the mail server cannot be used: "), "{error}");
        assert_eq!(run_once(&mailer).await.unwrap(), 0, "it is not due yet");
        world.clock.advance(TimeDelta::minutes(wait));
    }
    world.mailbox.resume();
    assert_eq!(run_once(&mailer).await.unwrap(), 1);
    assert_eq!(world.mailbox.wait_for(1, PATIENCE).await.len(), 1);
    let row = world.row().await;
    assert_eq!((row.state, row.tries, row.last_error), (MailState::Sent, 7, None));
}

#[tokio::test]
async fn a_mail_put_off_keeps_its_message_id() {
    let world = World::new().await;
    world.fails_with(503).await;
    let mailer = world.mailer();
    world.mailbox.answers("451 4.3.0 try later");
    run_once(&mailer).await.unwrap();
    let row = world.row().await;
    assert_eq!(row.state, MailState::Queued);
    assert_eq!(
        row.last_error.as_deref(),
        Some("the mail server did not take the mail: 451 4.3.0 try later")
    );
    world.mailbox.answers("");
    world.clock.advance(TimeDelta::minutes(1));
    run_once(&mailer).await.unwrap();
    let mails = world.mailbox.wait_for(2, PATIENCE).await;
    assert_eq!((mails[0].accepted, mails[1].accepted), (false, true));
    assert_eq!(mails[0].message_id, mails[1].message_id);
    assert_eq!(world.row().await.state, MailState::Sent);
}

#[tokio::test]
async fn a_mail_refused_for_good_fails_with_the_servers_words() {
    let world = World::new().await;
    world.fails_with(503).await;
    world.mailbox.answers("550 5.1.1 no such mailbox");
    run_once(&world.mailer()).await.unwrap();
    let row = world.row().await;
    assert_eq!(row.state, MailState::Failed);
    assert_eq!(
        row.last_error.as_deref(),
        Some("the mail server did not take the mail: 550 5.1.1 no such mailbox")
    );
}

#[tokio::test]
async fn the_loop_sends_and_ends_when_told() {
    let world = World::new().await;
    world.fails_with(503).await;
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    tasks.spawn(run(world.mailer(), stop.clone()));
    tasks.close();
    world.mailbox.wait_for(1, PATIENCE).await;
    stop.cancel();
    tokio::time::timeout(PATIENCE, tasks.wait()).await.unwrap();
    assert_eq!(world.row().await.state, MailState::Sent);
}

/// Takes one mail, and says so only once `meanwhile` is over.
async fn take_one(listener: TcpListener, meanwhile: impl Future<Output = ()>) {
    let (stream, _) = listener.accept().await.unwrap();
    let (from, mut to) = stream.into_split();
    let mut lines = BufReader::new(from).lines();
    to.write_all(b"220 slow\r\n").await.unwrap();
    while let Some(line) = lines.next_line().await.unwrap() {
        let answer: &[u8] = match line.get(..4).unwrap_or_default() {
            "DATA" => b"354 go on\r\n",
            "QUIT" => break,
            _ => b"250 fine\r\n",
        };
        to.write_all(answer).await.unwrap();
        if line == "DATA" {
            break;
        }
    }
    while lines.next_line().await.unwrap().is_some_and(|line| line != ".") {}
    meanwhile.await;
    to.write_all(b"250 taken\r\n").await.unwrap();
    // Until the client has gone: what it sent must not be answered with a reset.
    while lines.next_line().await.is_ok_and(|line| line.is_some_and(|line| line != "QUIT")) {}
}

#[tokio::test]
async fn a_mail_in_hand_while_the_node_leaves_is_not_sent_again() {
    let world = World::new().await;
    world.fails_with(503).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let mailer = world.mailer_of(&url);
    let leaving = async { world.store.leave(false, world.now()).await.unwrap() };
    let both = async { tokio::join!(run_once(&mailer), take_one(listener, leaving)) };
    let (sent, ()) = tokio::time::timeout(PATIENCE, both).await.unwrap();
    assert_eq!(sent.unwrap(), 1);
    let row = world.row().await;
    assert_eq!((row.state, row.tries), (MailState::Sent, 1));
    world.store.join("a", world.now()).await.unwrap();
    assert_eq!(run_once(&world.mailer()).await.unwrap(), 0);
}

#[tokio::test]
async fn nothing_is_sent_but_by_a_node() {
    let world = World::new().await;
    world.fails_with(503).await;
    world.store.leave(false, world.now()).await.unwrap();
    let mailer = world.mailer();
    assert_eq!(run_once(&mailer).await.unwrap(), 0);
    world.store.join("a", world.now()).await.unwrap();
    assert_eq!(run_once(&mailer).await.unwrap(), 1);
    assert_eq!(world.mailbox.wait_for(1, PATIENCE).await.len(), 1);
}

#[tokio::test]
async fn a_link_to_an_account_arrives_and_works_once() {
    let world = World::new().await;
    let (store, now) = (&world.store, world.now());
    let new = SignUp {
        company_name: "Shop".into(),
        email: EmailAddress::parse("cleo@shop.example").unwrap(),
        name: None,
        password_hash: "$argon2id$one".into(),
        verified: false,
    };
    let user = store.sign_up(new, now).await.unwrap().user.id;
    let dashboard = url::Url::parse("https://hooks.example").unwrap();
    let url = world.mailbox.url();
    let config = Config::parse(&url, "hookferry@mail.example", Some(&dashboard)).unwrap();
    let mailer = Mailer::new(store.clone(), world.clock.clone(), config);
    assert_eq!(run_once(&mailer).await.unwrap(), 1);
    let mails = world.mailbox.wait_for(1, PATIENCE).await;
    assert_eq!(mails[0].to, ["cleo@shop.example"]);
    let begin = "https://hooks.example/verify-email#token=";
    let link = mails[0].text.lines().find_map(|line| line.strip_prefix(begin)).unwrap();
    assert_eq!(store.verify_email(link.trim(), now).await.unwrap().id, user);
    assert!(store.verify_email(link.trim(), now).await.is_err());

    // One that waited for the mail server until its link was worthless is not sent at all.
    let cleo = EmailAddress::parse("cleo@shop.example").unwrap();
    store.request_password_reset(&cleo, now).await.unwrap();
    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(run_once(&mailer).await.unwrap(), 0);
    assert_eq!(world.mailbox.mails().len(), 1);
}
