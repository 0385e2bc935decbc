//! Jobs: long work that somebody asked for, over many deliveries. Here is what may be asked, and which
//! delivery is touched how; the walk over the rows is the store's.
//!
//! A job touches only what is older than itself, and what it finds in another state than it was asked
//! for stays as it is.

use chrono::{DateTime, Utc};

use crate::delivery::{DeliveryState, Finish};
use crate::endpoint::EndpointState;
use crate::id::{EndpointId, EventId};

/// How many endpoints one replay can name.
pub const REPLAY_ENDPOINTS_MAX: usize = 100;
/// How many jobs of one company can run, or wait for one that runs, at the same time.
pub const RUNNING_JOBS_MAX: usize = 3;

/// What kind of work a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// New deliveries of one event.
    Replay,
    /// What one endpoint missed.
    Recover,
    /// Deliveries get another chance.
    Retry,
    /// Deliveries end.
    Cancel,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Replay, Self::Recover, Self::Retry, Self::Cancel];

    /// The name in rows and in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Recover => "recover",
            Self::Retry => "retry",
            Self::Cancel => "cancel",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What has become of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// It is being worked on, or waits for its turn.
    Running,
    /// It has come to its end.
    Finished,
    /// A person stopped it; what it had done stays done.
    Canceled,
    /// It cannot go on; what it had done stays done.
    Failed,
}

impl JobState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Running, Self::Finished, Self::Canceled, Self::Failed];

    /// The name in rows and in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Canceled => "canceled",
            Self::Failed => "failed",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Which deliveries a retry or a cancel in bulk is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pick {
    /// To this endpoint.
    pub endpoint: Option<EndpointId>,
    /// Shown in this state. Without it, a retry takes what is pending or exhausted (what succeeded or
    /// was canceled has to be named), a cancel what is pending or held.
    pub state: Option<DeliveryState>,
    /// Made at or after.
    pub since: Option<DateTime<Utc>>,
    /// Made before.
    pub until: Option<DateTime<Utc>>,
}

/// What a job is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobRequest {
    /// New deliveries of an event, also where there was one.
    Replay {
        /// The event.
        event: EventId,
        /// To these endpoints, whether they pick its type or not; `None`: to those that do.
        endpoints: Option<Vec<EndpointId>>,
    },
    /// What an endpoint missed of the events accepted in a span of time: what was exhausted, what
    /// waits for a retry, and what never became a delivery to it although it picks the type.
    Recover {
        /// The endpoint.
        endpoint: EndpointId,
        /// Events accepted at or after.
        since: DateTime<Utc>,
        /// Events accepted before; `None`: up to now.
        until: Option<DateTime<Utc>>,
        /// What had succeeded as well.
        include_delivered: bool,
    },
    /// Finished deliveries get a fresh schedule, pending ones are due at once.
    Retry(Pick),
    /// Pending deliveries end.
    Cancel(Pick),
}

/// Why a job cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Nothing narrows it down.
    #[error("name at least one of endpoint_id, state, since and until")]
    NoFilter,
    /// No delivery in this state can be touched by such a job.
    #[error("{}", state_text(*.0))]
    State(JobKind),
    /// The span of time is empty.
    #[error("until must be later than since")]
    EmptySpan,
    /// A list of endpoints without one, or with more than [`REPLAY_ENDPOINTS_MAX`].
    #[error("must name 1 to {REPLAY_ENDPOINTS_MAX} endpoints")]
    Endpoints,
}

const fn state_text(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Cancel => "only pending and held deliveries can be canceled",
        JobKind::Replay | JobKind::Recover | JobKind::Retry => {
            "held deliveries go on when their endpoint is enabled; expired ones are over"
        }
    }
}

impl JobError {
    /// Which field of a request is wrong; `None`: no single one.
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Self::NoFilter => None,
            Self::State(_) => Some("state"),
            Self::EmptySpan => Some("until"),
            Self::Endpoints => Some("endpoint_ids"),
        }
    }
}

/// A request that a job can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedJob(JobRequest);

impl CheckedJob {
    /// What is to be done.
    pub const fn request(&self) -> &JobRequest {
        &self.0
    }
}

impl JobRequest {
    /// Checks a request once.
    pub fn check(self) -> Result<CheckedJob, JobError> {
        match &self {
            Self::Replay { endpoints: Some(named), .. }
                if named.is_empty() || named.len() > REPLAY_ENDPOINTS_MAX =>
            {
                return Err(JobError::Endpoints);
            }
            Self::Replay { .. } => {}
            Self::Recover { since, until, .. } => check_span(Some(*since), *until)?,
            Self::Retry(pick) => pick.check(JobKind::Retry)?,
            Self::Cancel(pick) => pick.check(JobKind::Cancel)?,
        }
        Ok(CheckedJob(self))
    }

    /// What kind of work it is.
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::Replay { .. } => JobKind::Replay,
            Self::Recover { .. } => JobKind::Recover,
            Self::Retry(_) => JobKind::Retry,
            Self::Cancel(_) => JobKind::Cancel,
        }
    }

    /// The span of time to which it keeps.
    pub const fn span(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        match self {
            Self::Replay { .. } => (None, None),
            Self::Recover { since, until, .. } => (Some(*since), *until),
            Self::Retry(pick) | Self::Cancel(pick) => (pick.since, pick.until),
        }
    }
}

impl Pick {
    fn check(&self, kind: JobKind) -> Result<(), JobError> {
        let Self { endpoint, state, since, until } = self;
        if endpoint.is_none() && state.is_none() && since.is_none() && until.is_none() {
            return Err(JobError::NoFilter);
        }
        if state.is_some_and(|state| !can_be_touched(kind, state)) {
            return Err(JobError::State(kind));
        }
        check_span(*since, *until)
    }

    /// Whether deliveries in history can be meant.
    pub const fn takes_finished(&self) -> bool {
        !matches!(self.state, Some(DeliveryState::Pending | DeliveryState::Held))
    }

    /// Whether unfinished deliveries can be meant.
    pub const fn takes_pending(&self) -> bool {
        matches!(self.state, None | Some(DeliveryState::Pending | DeliveryState::Held))
    }

    /// Whether a job of this kind is for a delivery to `endpoint`. What a retry was asked for as pending
    /// is wanted while it is held, too: then it is passed over visibly.
    pub fn wants(
        &self,
        kind: JobKind,
        to: EndpointId,
        found: &Found,
        endpoint: Endpoint<'_>,
    ) -> bool {
        if self.endpoint.is_some_and(|wanted| wanted != to) {
            return false;
        }
        let state = match (kind, found.shown(endpoint)) {
            (JobKind::Retry, DeliveryState::Held) => DeliveryState::Pending,
            (_, state) => state,
        };
        match (self.state, kind) {
            (Some(wanted), _) => wanted == state,
            (None, JobKind::Cancel) => {
                matches!(state, DeliveryState::Pending | DeliveryState::Held)
            }
            (None, JobKind::Retry | JobKind::Replay | JobKind::Recover) => {
                matches!(state, DeliveryState::Pending | DeliveryState::Exhausted)
            }
        }
    }
}

const fn can_be_touched(kind: JobKind, state: DeliveryState) -> bool {
    match kind {
        JobKind::Cancel => matches!(state, DeliveryState::Pending | DeliveryState::Held),
        JobKind::Retry | JobKind::Replay | JobKind::Recover => {
            !matches!(state, DeliveryState::Held | DeliveryState::Expired)
        }
    }
}

fn check_span(since: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Result<(), JobError> {
    match (since, until) {
        (Some(since), Some(until)) if since >= until => Err(JobError::EmptySpan),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

/// An endpoint as a job sees it; `None`: it was deleted.
pub type Endpoint<'a> = Option<&'a EndpointState>;

/// When a job was made, and when it looks.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// When it was made; what ended later is none of its business.
    pub made_at: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// A delivery as a job finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Not finished.
    Pending {
        /// A node has it in memory or a request of it is under way.
        claimed: bool,
        /// It was canceled while that was so.
        canceled: bool,
        /// When its next try is due; `None`: it waits behind another one of its contact.
        due_at: Option<DateTime<Utc>>,
    },
    /// In history.
    Finished {
        /// How it ended.
        finish: Finish,
        /// When.
        at: DateTime<Utc>,
    },
}

impl Found {
    /// The state shown of it.
    pub fn shown(&self, endpoint: Endpoint<'_>) -> DeliveryState {
        match (self, endpoint) {
            (Self::Finished { finish, .. }, _) => finish.state(),
            (Self::Pending { canceled: true, .. }, _) | (Self::Pending { .. }, None) => {
                DeliveryState::Canceled
            }
            (Self::Pending { .. }, Some(state)) if state.is_held() => DeliveryState::Held,
            (Self::Pending { .. }, Some(_)) => DeliveryState::Pending,
        }
    }

    const fn is_delivered(&self) -> bool {
        matches!(self, Self::Finished { finish: Finish::Delivered, .. })
    }
}

/// What a job does with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// Nothing: it is counted as passed over.
    Leave,
    /// A new delivery is made.
    Create,
    /// It goes back from history to pending with a fresh schedule.
    Restart,
    /// Its next try is due now.
    Hasten,
    /// It ends as canceled.
    End,
    /// It is canceled as soon as the node that holds it lets go.
    MarkCanceled,
}

/// Decides whether a replay makes a delivery to an endpoint that it names or whose event types pick
/// the event. To a paused one it does, as any new event; there it waits.
pub fn replay(
    endpoint: Endpoint<'_>,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Touch {
    let takes = endpoint.is_some_and(EndpointState::takes_events);
    if takes && !is_past(expires_at, now) { Touch::Create } else { Touch::Leave }
}

/// Decides what a retry in bulk does with a delivery that it is for.
pub fn retry(
    found: &Found,
    endpoint: Endpoint<'_>,
    expires_at: Option<DateTime<Utc>>,
    moment: Moment,
) -> Touch {
    let sends = endpoint.is_some_and(|state| !state.is_held());
    if !sends || is_past(expires_at, moment.now) {
        return Touch::Leave;
    }
    match *found {
        Found::Pending { claimed: false, canceled: false, due_at: Some(due_at) }
            if due_at > moment.now =>
        {
            Touch::Hasten
        }
        Found::Finished { at, .. } if at <= moment.made_at => Touch::Restart,
        Found::Pending { .. } | Found::Finished { .. } => Touch::Leave,
    }
}

/// Decides what a cancel in bulk does with a delivery that it is for.
pub const fn cancel(found: &Found, endpoint: Endpoint<'_>) -> Touch {
    match (found, endpoint) {
        (Found::Pending { canceled: false, claimed: true, .. }, Some(_)) => Touch::MarkCanceled,
        (Found::Pending { canceled: false, claimed: false, .. }, Some(_)) => Touch::End,
        // Of a deleted endpoint everything is canceled already.
        (Found::Pending { .. } | Found::Finished { .. }, _) => Touch::Leave,
    }
}

/// Which delivery of one event to the endpoint a recovery is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// None: nothing was missed, or a person canceled it.
    Nothing,
    /// There never was one.
    Never,
    /// This one of those that were found, by its place.
    This(usize),
}

/// Decides what an endpoint missed of one event: `found` are all deliveries of it to the endpoint, the
/// oldest first. If any of them succeeded, nothing was missed.
pub fn missed(found: &[Found], picks: bool, include_delivered: bool, moment: Moment) -> Missed {
    let Some(last) = found.len().checked_sub(1) else {
        return if picks { Missed::Never } else { Missed::Nothing };
    };
    if !include_delivered && found.iter().any(Found::is_delivered) {
        return Missed::Nothing;
    }
    let waits = |found: &Found| matches!(found, Found::Pending { canceled: false, .. });
    let place = found.iter().position(waits).unwrap_or(last);
    match found[place] {
        Found::Pending { claimed: false, canceled: false, due_at: Some(due_at) }
            if due_at > moment.now =>
        {
            Missed::This(place)
        }
        Found::Finished { finish: Finish::Delivered | Finish::Exhausted, at }
            if at <= moment.made_at =>
        {
            Missed::This(place)
        }
        Found::Pending { .. } | Found::Finished { .. } => Missed::Nothing,
    }
}

/// Decides what a recovery does about what was missed.
pub fn recover(
    missed: Missed,
    found: &[Found],
    endpoint: Endpoint<'_>,
    expires_at: Option<DateTime<Utc>>,
    moment: Moment,
) -> Touch {
    let sends = endpoint.is_some_and(|state| !state.is_held());
    match missed {
        Missed::Never if sends && !is_past(expires_at, moment.now) => Touch::Create,
        Missed::Nothing | Missed::Never => Touch::Leave,
        Missed::This(place) => {
            found.get(place).map_or(Touch::Leave, |one| retry(one, endpoint, expires_at, moment))
        }
    }
}

fn is_past(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    at.is_some_and(|at| at <= now)
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
