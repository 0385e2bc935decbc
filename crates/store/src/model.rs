//! What the store takes and gives: plain values, none of them a row.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::{DeliveryState, Progress};
use domain::endpoint::EndpointState;
use domain::event_type::{EventTypeName, Selector};
use domain::filter::Filter;
use domain::format::{Format, Rendering};
use domain::id::{
    AddressId, CompanyId, DeliveryId, EndpointId, EventId, LoginId, MailId, SourceId, TokenId,
    UserId,
};
use domain::notice::NoticeKind;
use domain::outcome::{Acknowledge, ErrorKind, Failure};
use domain::role::Role;
use domain::schedule::RetrySchedule;
use domain::search::Needle;
use domain::secret::{EndpointSecret, SigningKeys};
use domain::selection::{Narrowing, PhoneNumberIds, Picks, Selection, SessionState, SessionWanted};
use domain::traffic::{InFlight, PerSecond, Traffic};

use crate::search::terms::StatusWanted;

/// The most rows of one page.
pub const PAGE_ROWS_MAX: u32 = 100;

/// Which page of a list is wanted: newest first, below `before`.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest {
    /// How many rows at most, 1 to [`PAGE_ROWS_MAX`].
    pub limit: u32,
    /// The inside of the last id of the page before.
    pub before: Option<i64>,
}

/// A page of a list. It may be shorter than asked and still not the last one.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, newest first.
    pub data: Vec<T>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<i64>,
}

/// A page of a list that is searched: the search may have been cut.
#[derive(Debug, Clone)]
pub struct CutPage<T> {
    /// The rows, newest first.
    pub data: Vec<T>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<i64>,
    /// Whether the search took too long and goes on with the next page: this one is short, or empty.
    pub cut: bool,
}

/// A company and the person who owns it.
#[derive(Debug, Clone)]
pub struct CompanyRecord {
    /// Its id.
    pub id: CompanyId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What a new API token is to be.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// What it may do; checked against `domain::scope` by the caller.
    pub scopes: Vec<domain::scope::Scope>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
}

/// An API token as it is listed, without the token.
#[derive(Debug, Clone)]
pub struct TokenRecord {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub company: CompanyId,
    /// What it is for.
    pub name: String,
    /// Its last characters, to tell tokens apart.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<domain::scope::Scope>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// By what a caller was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    /// A program's API token.
    Token(TokenId),
    /// A person's login.
    Login {
        /// Which login.
        login: LoginId,
        /// Whose.
        user: UserId,
        /// What the person is in the company.
        role: Role,
    },
}

/// Who is calling.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The company whose data it sees.
    pub company: CompanyId,
    /// By what it was let in.
    pub bearer: Bearer,
    /// What it may do.
    pub scopes: Vec<domain::scope::Scope>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// The company's configuration version when the token was read; ingest reads the token again
    /// where this is no longer the newest.
    pub config_version: i64,
    /// Since when the operator has suspended the company, when the token was read.
    pub suspended_since: Option<DateTime<Utc>>,
    /// What its company may do in a time.
    pub gate: Arc<crate::Gate>,
}

impl Caller {
    /// The caller, for the audit log.
    pub const fn actor(&self) -> Actor {
        match self.bearer {
            Bearer::Token(token) => Actor::Token(token),
            Bearer::Login { user, .. } => Actor::User(user),
        }
    }
}

/// Which retry schedule an endpoint has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleChoice {
    /// The deployment's: 144 times 10 minutes unless it says otherwise.
    Standard,
    /// Meta's: 7 days, ever more slowly.
    Meta,
    /// Waits of its own: whole seconds, each at least 1; a fraction is not kept.
    Custom(Vec<TimeDelta>),
}

/// What a new endpoint is to be; every part has been checked.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Where requests go.
    pub url: String,
    /// What a person calls it.
    pub description: String,
    /// What it picks.
    pub event_types: Vec<Selector>,
    /// How events are written to it.
    pub format: Format,
    /// What it asks of events beyond their type.
    pub narrowing: Narrowing,
    /// Custom headers, sent with every request, sealed at rest.
    pub headers: Vec<(String, String)>,
    /// The secret requests are signed with.
    pub secret: EndpointSecret,
    /// How long one exchange may take.
    pub timeout: Duration,
    /// Which answers are success.
    pub acknowledge: Acknowledge,
    /// When retries come.
    pub schedule: ScheduleChoice,
    /// The caller's own name for it.
    pub external_key: Option<String>,
    /// What restrains the requests to it.
    pub traffic: Traffic,
    /// The switch it begins with.
    pub switch: SwitchWanted,
}

/// How a person wants an endpoint switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchWanted {
    /// On.
    Enabled,
    /// Off.
    Disabled,
    /// Waiting.
    Paused,
}

/// What is to change about an endpoint; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct EndpointPatch {
    /// A new URL: streak 0, Defective cleared.
    pub url: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// New picks.
    pub event_types: Option<Vec<Selector>>,
    /// A new format, for deliveries from now on.
    pub format: Option<Format>,
    /// New numbers, or all.
    pub phone_number_ids: Option<Option<PhoneNumberIds>>,
    /// Other sessions.
    pub session: Option<SessionWanted>,
    /// A new filter, or none.
    pub filter: Option<Option<Filter>>,
    /// New custom headers; a value of `None` keeps the value the header has.
    pub headers: Option<Vec<(String, Option<String>)>>,
    /// A new time limit.
    pub timeout: Option<Duration>,
    /// New success.
    pub acknowledge: Option<Acknowledge>,
    /// A new schedule.
    pub schedule: Option<ScheduleChoice>,
    /// A new own name, or none.
    pub external_key: Option<Option<String>>,
    /// A new rate, or none.
    pub per_second: Option<Option<PerSecond>>,
    /// A new bound of requests at a time, or none.
    pub max_in_flight: Option<Option<InFlight>>,
    /// Whether contacts' events go in order from now on.
    pub ordered: Option<bool>,
    /// A new switch.
    pub switch: Option<SwitchWanted>,
}

/// An endpoint as it is shown: no secret, no value of a custom header.
#[derive(Debug, Clone)]
pub struct EndpointRecord {
    /// Its id.
    pub id: EndpointId,
    /// Whose it is.
    pub company: CompanyId,
    /// Where requests go.
    pub url: String,
    /// What a person calls it.
    pub description: String,
    /// What it picks.
    pub event_types: Vec<Selector>,
    /// How events are written to it.
    pub format: Format,
    /// What it asks of events beyond their type.
    pub narrowing: Narrowing,
    /// The names of its custom headers.
    pub header_names: Vec<String>,
    /// How long one exchange may take.
    pub timeout: Duration,
    /// Which answers are success.
    pub acknowledge: Acknowledge,
    /// When retries come.
    pub schedule: ScheduleChoice,
    /// The caller's own name for it.
    pub external_key: Option<String>,
    /// What restrains the requests to it.
    pub traffic: Traffic,
    /// How it is switched and how healthy it is.
    pub state: EndpointState,
    /// The status of the last failed attempt of the present streak.
    pub last_status: Option<u16>,
    /// The error of the last failed attempt of the present streak.
    pub last_error: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When a person last changed it.
    pub updated_at: DateTime<Utc>,
}

impl EndpointRecord {
    /// What it picks events by.
    pub fn picks(&self) -> Picks<'_> {
        let Self { event_types, format, narrowing, .. } = self;
        Picks { selectors: event_types, format: *format, narrowing }
    }
}

/// The secrets of an endpoint, shown on request and audited.
#[derive(Debug)]
pub struct EndpointSecrets {
    /// The one that signs.
    pub current: EndpointSecret,
    /// Older ones that still sign, and until when.
    pub previous: Vec<(EndpointSecret, DateTime<Utc>)>,
    /// The custom headers with their values.
    pub headers: Vec<(String, String)>,
}

/// Everything it takes to send to an endpoint. Shared, read-only.
#[derive(Debug)]
pub struct Target {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Whose it is.
    pub company: CompanyId,
    /// Where requests go, parsed once.
    pub url: url::Url,
    /// How new deliveries are written; each keeps what it began with.
    pub format: Format,
    /// The live secrets, prepared for signing.
    pub keys: SigningKeys,
    /// The custom headers.
    pub headers: Vec<(String, String)>,
    /// How long one exchange may take.
    pub timeout: Duration,
    /// Which answers are success.
    pub acknowledge: Acknowledge,
    /// When retries come.
    pub schedule: RetrySchedule,
    /// What restrains the requests to it.
    pub traffic: Traffic,
    /// Its state when it was read.
    pub state: EndpointState,
    /// The version of its company's configuration that it is at least as new as.
    pub config_version: i64,
}

/// Who did something, for the audit log.
#[derive(Debug, Clone, Copy)]
pub enum Actor {
    /// A program with an API token.
    Token(TokenId),
    /// A person.
    User(UserId),
    /// Whoever reads an address that gets mails, by a link that was mailed to it.
    Address(AddressId),
    /// The operator's command line.
    Cli,
    /// The operator over REST.
    Operator,
}

/// An event as it is shown.
#[derive(Debug, Clone)]
pub struct EventRecord {
    /// Its id.
    pub id: EventId,
    /// Its type.
    pub event_type: EventTypeName,
    /// Where it came from; `None` is the REST API.
    pub source: Option<SourceId>,
    /// The source's own id for it.
    pub external_id: Option<String>,
    /// Whom it is about.
    pub subject: Option<String>,
    /// Which of the company's numbers it came by.
    pub phone_number_id: Option<String>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was accepted.
    pub accepted_at: DateTime<Utc>,
    /// When it stops being worth delivering.
    pub expires_at: Option<DateTime<Utc>>,
    /// The session that it carries, as JSON; not in lists.
    pub session: Option<Arc<[u8]>>,
    /// Its data, the caller's own bytes; empty in lists.
    pub data: Arc<[u8]>,
    /// How many endpoints it matched.
    pub deliveries: u32,
}

impl EventRecord {
    /// The event, as endpoints choose by it.
    pub fn selection(&self) -> Selection<'_> {
        let session = self.session.as_deref().and_then(SessionState::of_json);
        let number = self.phone_number_id.as_deref();
        Selection::new(&self.event_type, &self.data, number, session)
    }
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Of this type, or of types with this prefix.
    pub event_type: Option<Selector>,
    /// About this contact.
    pub subject: Option<String>,
    /// From this source.
    pub source: Option<SourceId>,
    /// By this number of the company's.
    pub phone_number_id: Option<String>,
    /// With this id of the source's own.
    pub external_id: Option<String>,
    /// With what was typed into the one box.
    pub needle: Option<Needle>,
    /// Accepted at or after.
    pub since: Option<DateTime<Utc>>,
    /// Accepted before.
    pub until: Option<DateTime<Utc>>,
}

/// Which deliveries are wanted.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// To this endpoint.
    pub endpoint: Option<EndpointId>,
    /// Of this event.
    pub event: Option<EventId>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Whose last attempt was answered so.
    pub status: Option<StatusWanted>,
    /// Whose last attempt failed so.
    pub error: Option<ErrorKind>,
    /// Of events of this type, or of types with this prefix.
    pub event_type: Option<Selector>,
    /// Of events about this contact.
    pub subject: Option<String>,
    /// Of events with this id of the source's own.
    pub external_id: Option<String>,
    /// With what was typed into the one box.
    pub needle: Option<Needle>,
    /// Made at or after.
    pub since: Option<DateTime<Utc>>,
    /// Made before.
    pub until: Option<DateTime<Utc>>,
}

/// A delivery as it is shown in a list.
#[derive(Debug, Clone)]
pub struct DeliveryRecord {
    /// Its id.
    pub id: DeliveryId,
    /// The event on its way.
    pub event: EventId,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// The event's type.
    pub event_type: EventTypeName,
    /// The state shown.
    pub state: DeliveryState,
    /// Attempts made.
    pub tries: u32,
    /// Attempts there can be in all, over its present schedule and those before.
    pub tries_max: u32,
    /// When the next attempt is due; in the past for one that waits its turn.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Which delivery of the same contact goes first, at an ordered endpoint.
    pub waiting_for: Option<DeliveryId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// The status of its last attempt.
    pub last_status: Option<u16>,
    /// The error of its last attempt.
    pub last_error: Option<Failure>,
}

/// A delivery with all its attempts, the first one first.
#[derive(Debug, Clone)]
pub struct DeliveryDetail {
    /// The delivery.
    pub delivery: DeliveryRecord,
    /// Its event, for the body that was sent; `None` once retention has removed it.
    pub event: Option<EventRecord>,
    /// How that body was written; `None` where a later release did.
    pub rendering: Option<Rendering>,
    /// Every attempt.
    pub attempts: Vec<AttemptRecord>,
}

/// One HTTP request and what came back.
#[derive(Debug, Clone)]
pub struct AttemptRecord {
    /// Its number within the delivery, from 1.
    pub number: u32,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took.
    pub duration: Duration,
    /// The answer's status.
    pub status_code: Option<u16>,
    /// Why it failed.
    pub error: Option<(ErrorKind, String)>,
    /// URL and headers as they were sent; values of custom headers are not kept.
    pub request: domain::wire::SentHead,
    /// The answer's headers: names, and values as whatever bytes came.
    pub response_headers: Vec<(String, Vec<u8>)>,
    /// The answer's body, any bytes, cut at the limit.
    pub response_body: Vec<u8>,
    /// Whether the body was cut.
    pub truncated: bool,
}

/// A mail of a company as it is shown.
#[derive(Debug, Clone)]
pub struct MailRecord {
    /// Its id; the Message-ID is made of it.
    pub id: MailId,
    /// Which endpoint, where it is about one.
    pub endpoint: Option<EndpointId>,
    /// To whom.
    pub recipient: String,
    /// Whether that is a member's address; else it is one that was added.
    pub is_to_member: bool,
    /// What it says.
    pub content: CompanyMail,
    /// What became of it.
    pub state: MailState,
    /// How often sending was tried.
    pub tries: u32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it goes out.
    pub due_at: DateTime<Utc>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When the mail server took it.
    pub sent_at: Option<DateTime<Utc>>,
}

/// What a mail of a company says.
#[derive(Debug, Clone)]
pub enum CompanyMail {
    /// Something about an endpoint.
    Endpoint {
        /// Which kind.
        kind: NoticeKind,
        /// What its text is made of.
        facts: Box<MailFacts>,
    },
    /// That mails arrive.
    Test(TestMailFacts),
}

/// The kind of a test mail, in rows and in the REST API.
pub const TEST_MAIL: &str = "test_mail";

impl CompanyMail {
    /// The name of its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Endpoint { kind, .. } => kind.as_str(),
            Self::Test(_) => TEST_MAIL,
        }
    }
}

/// What the text of a test mail is made of.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TestMailFacts {
    /// The company's name.
    pub company_name: String,
    /// Who asked for it, where that is a person: their name, else their address.
    pub asked_by: Option<String>,
    /// When.
    pub asked_at: DateTime<Utc>,
}

/// A mail's words, as a person reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailWords {
    /// One line.
    pub subject: String,
    /// Plain text, without what only its reader may have.
    pub text: String,
}

/// Writes the words of mails; who sends them does, and whoever shows them is given it.
pub trait MailWriter: std::fmt::Debug + Send + Sync {
    /// What a mail says or will say.
    fn words(&self, mail: &MailRecord) -> MailWords;
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// Waits to be sent, or kept because no mail server is configured.
    Queued,
    /// The mail server took it.
    Sent,
    /// What it told was undone before its quiet time was over.
    Undone,
    /// Given up after many tries.
    Failed,
}

impl MailState {
    /// The name in rows and in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Undone => "undone",
            Self::Failed => "failed",
        }
    }
}

/// What the text of a mail about an endpoint is made of, frozen when its cause was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MailFacts {
    /// The company's name.
    pub company_name: String,
    /// The endpoint's id as it is shown.
    pub endpoint_id: String,
    /// The endpoint's URL without query and credentials.
    pub endpoint_url: String,
    /// What a person calls it.
    pub endpoint_description: String,
    /// The streak.
    pub failures: u32,
    /// When the streak began, RFC 3339.
    pub failing_since: Option<DateTime<Utc>>,
    /// The status of the last failed attempt.
    pub last_status: Option<u16>,
    /// The error of the last failed attempt.
    pub last_error: Option<String>,
    /// How many deliveries are waiting; one more than [`WAITING_COUNT_MAX`] stands for any number
    /// beyond it.
    pub waiting: u32,
    /// When the transition happened.
    pub happened_at: DateTime<Utc>,
    /// How long after the beginning of its schedule a delivery is given up, in seconds.
    pub give_up_after_s: i64,
    /// The streak that makes an endpoint Defective.
    pub defective_after: u32,
}

/// Up to how many waiting deliveries are counted for a mail.
pub const WAITING_COUNT_MAX: u32 = 10_000;

/// What became of an event at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// Written down, with that many deliveries.
    New {
        /// The event's id.
        event: EventId,
        /// How many endpoints it matched.
        deliveries: u32,
    },
    /// The same key and body had come before.
    Duplicate {
        /// The first event's id.
        event: EventId,
        /// How many endpoints the first one matched.
        deliveries: u32,
    },
    /// The same key had come before with another body.
    KeyReused {
        /// The first event's id.
        event: EventId,
    },
    /// It had not come before, and its `expires_at` has passed: it was not written down.
    Expired,
    /// It had not come before, and its own type does not take it: it was not written down.
    Unfit,
}

/// A delivery that this node has claimed, with all it takes to send it.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The delivery.
    pub id: DeliveryId,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// Its event.
    pub event: domain::event::Event,
    /// How its body is written.
    pub rendering: Rendering,
    /// How far it has come.
    pub progress: Progress,
    /// The incarnation of this node that claimed it: an outcome that comes after the node has become
    /// another one counts for nothing.
    pub claimed_by: i64,
    /// How often it has been put back from history.
    pub generation: u32,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// Where it stands at an ordered endpoint; `None`: it was never looked at.
    pub place: Option<crate::Place>,
}

/// What a delivery takes of memory beside its event's data, with what is around it in the lanes.
const CLAIMED_BYTES: usize = 512;

/// How many bytes of memory a delivery of this event counts for. Deliveries of one event share its
/// data, and each counts it: the bound may be kept too well, never too badly.
pub(crate) const fn claimed_bytes(data: usize, session: usize) -> usize {
    CLAIMED_BYTES + data + session
}

impl Claimed {
    /// How many bytes of memory it counts for.
    pub fn bytes(&self) -> usize {
        claimed_bytes(self.event.data.len(), self.event.session.as_deref().map_or(0, <[u8]>::len))
    }
}

/// What a person wants of a delivery that this node holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// That it is not sent; else that it goes next.
    pub cancel: bool,
}

/// What another part of this node should act on at once; a lost hint costs a moment, nothing more.
#[derive(Debug, Clone, Copy)]
pub enum Hint {
    /// Endpoints of this company were changed.
    ConfigChanged(CompanyId),
    /// A delivery was canceled or asked for while a node holds it: [`crate::Store::wishes`].
    Wish,
    /// Something of this endpoint is due now.
    LaneDue(EndpointId),
}
