//! Endpoints: what they are to be, how they are shown, and what it takes to send to one.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::endpoint::EndpointState;
use domain::event_type::Selector;
use domain::filter::Filter;
use domain::format::Format;
use domain::id::{CompanyId, EndpointId};
use domain::outcome::Acknowledge;
use domain::schedule::RetrySchedule;
use domain::secret::{EndpointSecret, SigningKeys};
use domain::selection::{Narrowing, PhoneNumberIds, Picks, SessionWanted};
use domain::traffic::{InFlight, PerSecond, Traffic};

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
