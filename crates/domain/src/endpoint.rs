//! An endpoint's two facts: how a person has switched it, and how healthy the engine has found it.
//! The status that is shown is computed from both (architecture.md, "Decided in detail").

use chrono::{DateTime, TimeDelta, Utc};

use crate::outcome::Outcome;

/// How a person, or a 410 from the receiver, has switched an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Requests are sent.
    Enabled,
    /// No requests; new events still make deliveries, which wait.
    Paused {
        /// Since when nothing has been sent.
        held_since: DateTime<Utc>,
    },
    /// No requests and no new deliveries; what was pending waits.
    Disabled {
        /// Since when nothing has been sent.
        held_since: DateTime<Utc>,
        /// Who did it.
        reason: DisabledReason,
    },
}

/// Who disabled an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledReason {
    /// A person, or a program with an API token.
    ByPerson,
    /// The receiver, by answering 410 Gone.
    Gone,
}

/// How healthy the engine has found an endpoint: its streak of failed attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// The last attempt that counts succeeded, or there was none.
    Healthy,
    /// Some attempts in a row have failed.
    Failing {
        /// How many.
        failures: u32,
        /// When the first of them ended.
        since: DateTime<Utc>,
    },
    /// So many that the slow lane is used and the owners were told.
    Defective {
        /// How many.
        failures: u32,
        /// When the first of them ended.
        since: DateTime<Utc>,
        /// When the last straw came.
        found_at: DateTime<Utc>,
    },
}

/// The status shown: disabled, else paused, else defective, else enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Requests are sent.
    Enabled,
    /// Switched off.
    Disabled,
    /// Switched to waiting.
    Paused,
    /// Switched on, and failing for long.
    Defective,
}

impl Status {
    /// The name in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Paused => "paused",
            Self::Defective => "defective",
        }
    }
}

/// When a streak becomes a warning, and when it makes an endpoint Defective.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreakLimits {
    /// The streak at which the owners get one early warning; 0 is never.
    pub warn_after: u32,
    /// The streak at which the endpoint becomes Defective.
    pub defective_after: u32,
    /// How long the streak must have lasted before that.
    pub defective_min_duration: TimeDelta,
}

/// A change of an endpoint that mails are about: that they tell, or that makes one untrue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// The streak reached the early warning.
    Warned,
    /// The endpoint became Defective.
    FoundDefective,
    /// A success ended a streak short of Defective.
    StreakEnded,
    /// A success ended Defective.
    Recovered,
    /// A 410 disabled the endpoint.
    DisabledByGone,
}

/// Everything about an endpoint that outcomes and switches change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointState {
    /// How a person has switched it.
    pub switch: Switch,
    /// How the engine has found it.
    pub health: Health,
    /// Counts the changes after which outcomes of earlier attempts no longer count.
    pub epoch: i64,
    /// How long it has been held in all, the present hold not included.
    pub held_total: TimeDelta,
    /// Since when its whole company is suspended by the operator, which holds it whatever its switch.
    /// It is the company's fact and not stored with the endpoint: where nothing is decided about
    /// sending or age it may be left out.
    pub suspended_since: Option<DateTime<Utc>>,
}

impl EndpointState {
    /// The state of an endpoint just made.
    pub const fn new() -> Self {
        Self {
            switch: Switch::Enabled,
            health: Health::Healthy,
            epoch: 0,
            held_total: TimeDelta::zero(),
            suspended_since: None,
        }
    }

    /// The status shown.
    pub const fn status(&self) -> Status {
        match (self.switch, self.health) {
            (Switch::Disabled { .. }, _) => Status::Disabled,
            (Switch::Paused { .. }, _) => Status::Paused,
            (Switch::Enabled, Health::Defective { .. }) => Status::Defective,
            (Switch::Enabled, Health::Healthy | Health::Failing { .. }) => Status::Enabled,
        }
    }

    /// Whether the last attempt that counts has failed, and it is not Defective yet.
    pub const fn is_failing(&self) -> bool {
        matches!(self.health, Health::Failing { .. })
    }

    /// Whether nothing may be sent, whatever is due.
    pub const fn is_held(&self) -> bool {
        !matches!(self.switch, Switch::Enabled) || self.suspended_since.is_some()
    }

    /// Whether new events make deliveries.
    pub const fn takes_events(&self) -> bool {
        !matches!(self.switch, Switch::Disabled { .. })
    }

    /// The streak: failed attempts in a row.
    pub const fn streak(&self) -> u32 {
        self.health.failures()
    }

    /// The endpoint's own time: `at` less all the time it was held. Ages of deliveries are counted
    /// in it, so that time spent held does not count (product.md, delivery rule 4).
    pub fn running_time(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let held_now = self
            .held_since()
            .map_or(TimeDelta::zero(), |since| (at - since).max(TimeDelta::zero()));
        at - self.held_total - held_now
    }

    /// Since when nothing has been sent, if it is held.
    pub fn held_since(&self) -> Option<DateTime<Utc>> {
        let by_switch = match self.switch {
            Switch::Enabled => None,
            Switch::Paused { held_since } | Switch::Disabled { held_since, .. } => Some(held_since),
        };
        by_switch.into_iter().chain(self.suspended_since).min()
    }

    /// What an attempt's outcome changes. An attempt that began in an older epoch changes nothing.
    pub fn after_attempt(
        self,
        outcome: &Outcome,
        began_in_epoch: i64,
        limits: &StreakLimits,
        now: DateTime<Utc>,
    ) -> (Self, Option<Transition>) {
        if began_in_epoch != self.epoch {
            return (self, None);
        }
        if outcome.is_success() {
            return self.after_success();
        }
        let (health, transition) = self.health.after_failure(limits, now);
        let state = Self { health, ..self };
        if outcome.is_gone() && state.takes_events() {
            let held_since = state.held_since().unwrap_or(now);
            let switch = Switch::Disabled { held_since, reason: DisabledReason::Gone };
            return (Self { switch, ..state }, Some(Transition::DisabledByGone));
        }
        // Of an endpoint that is switched off nobody wants to hear that it fails.
        (state, transition.filter(|_| state.takes_events()))
    }

    /// What a sample's outcome changes: a success heals, a failure counts nothing, and neither
    /// touches the switch (product.md, delivery rule 5).
    pub fn after_sample(self, delivered: bool) -> (Self, Option<Transition>) {
        if delivered { self.after_success() } else { (self, None) }
    }

    fn after_success(self) -> (Self, Option<Transition>) {
        let transition = match self.health {
            Health::Healthy => None,
            Health::Failing { .. } => Some(Transition::StreakEnded),
            Health::Defective { .. } => Some(Transition::Recovered),
        };
        (Self { health: Health::Healthy, ..self }, transition)
    }

    /// A person enables it: streak 0, Defective cleared, older attempts no longer count, no mail.
    pub fn enabled(self, now: DateTime<Utc>) -> Self {
        let held_now = self
            .held_since()
            .map_or(TimeDelta::zero(), |since| (now - since).max(TimeDelta::zero()));
        Self {
            switch: Switch::Enabled,
            held_total: self.held_total + held_now,
            ..self.url_changed()
        }
    }

    /// A person pauses it. The hold goes on from where it began.
    pub fn paused(self, now: DateTime<Utc>) -> Self {
        let held_since = self.held_since().unwrap_or(now);
        Self { switch: Switch::Paused { held_since }, ..self }
    }

    /// A person disables it. The hold goes on from where it began.
    pub fn disabled(self, now: DateTime<Utc>) -> Self {
        let held_since = self.held_since().unwrap_or(now);
        Self { switch: Switch::Disabled { held_since, reason: DisabledReason::ByPerson }, ..self }
    }

    /// Its URL was changed: streak 0, Defective cleared, older attempts no longer count.
    pub fn url_changed(self) -> Self {
        Self { health: Health::Healthy, epoch: self.epoch + 1, ..self }
    }
}

impl Default for EndpointState {
    fn default() -> Self {
        Self::new()
    }
}

impl Health {
    /// How many attempts have failed in a row.
    pub const fn failures(self) -> u32 {
        match self {
            Self::Healthy => 0,
            Self::Failing { failures, .. } | Self::Defective { failures, .. } => failures,
        }
    }

    /// When the first of them ended.
    pub const fn since(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Healthy => None,
            Self::Failing { since, .. } | Self::Defective { since, .. } => Some(since),
        }
    }

    fn after_failure(
        self,
        limits: &StreakLimits,
        now: DateTime<Utc>,
    ) -> (Self, Option<Transition>) {
        let (failures, since) = match self {
            Self::Defective { failures, since, found_at } => {
                let failures = failures.saturating_add(1);
                return (Self::Defective { failures, since, found_at }, None);
            }
            Self::Failing { failures, since } => (failures.saturating_add(1), since),
            Self::Healthy => (1, now),
        };
        let lasted = now - since >= limits.defective_min_duration;
        if failures >= limits.defective_after && lasted {
            let found = Self::Defective { failures, since, found_at: now };
            return (found, Some(Transition::FoundDefective));
        }
        let warned = limits.warn_after != 0 && failures == limits.warn_after;
        (Self::Failing { failures, since }, warned.then_some(Transition::Warned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Acknowledge, ErrorKind};
    use chrono::TimeZone;

    const LIMITS: StreakLimits = StreakLimits {
        warn_after: 50,
        defective_after: 100,
        defective_min_duration: TimeDelta::zero(),
    };

    fn at(minute: i64) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 20, 0, 0, 0).unwrap() + TimeDelta::minutes(minute)
    }

    fn failed() -> Outcome {
        Outcome::of_error(ErrorKind::Connect, "refused".into(), None)
    }

    fn ok() -> Outcome {
        Outcome::of_status(200, Acknowledge::Any2xx, None)
    }

    fn after_failures(count: i64) -> (EndpointState, Vec<(i64, Transition)>) {
        let mut state = EndpointState::new();
        let mut told = Vec::new();
        for n in 1..=count {
            let (next, transition) = state.after_attempt(&failed(), 0, &LIMITS, at(n));
            state = next;
            told.extend(transition.map(|t| (n, t)));
        }
        (state, told)
    }

    #[test]
    fn the_50th_warns_and_the_100th_finds_defective_once() {
        let (state, told) = after_failures(150);
        assert_eq!(told, [(50, Transition::Warned), (100, Transition::FoundDefective)]);
        assert_eq!(state.status(), Status::Defective);
        assert_eq!(
            state.health,
            Health::Defective { failures: 150, since: at(1), found_at: at(100) }
        );
    }

    #[test]
    fn one_success_forgets_99_failures() {
        let (state, _) = after_failures(99);
        let (state, transition) = state.after_attempt(&ok(), 0, &LIMITS, at(200));
        assert_eq!((state.health, transition), (Health::Healthy, Some(Transition::StreakEnded)));
        assert_eq!(state.after_attempt(&ok(), 0, &LIMITS, at(201)), (state, None));
    }

    #[test]
    fn the_first_success_recovers_defective() {
        let (state, _) = after_failures(100);
        let (state, transition) = state.after_attempt(&ok(), 0, &LIMITS, at(200));
        assert_eq!((state.status(), transition), (Status::Enabled, Some(Transition::Recovered)));
    }

    #[test]
    fn defective_waits_for_the_minimum_duration() {
        let limits = StreakLimits { defective_min_duration: TimeDelta::minutes(120), ..LIMITS };
        let mut state = EndpointState::new();
        for n in 1..=121 {
            assert_eq!(state.status(), Status::Enabled);
            state = state.after_attempt(&failed(), 0, &limits, at(n)).0;
        }
        assert_eq!(state.status(), Status::Defective);
    }

    #[test]
    fn an_older_epoch_counts_for_nothing_not_even_gone() {
        let (state, _) = after_failures(99);
        let state = state.enabled(at(100));
        assert_eq!((state.epoch, state.streak()), (1, 0));
        let gone = Outcome::of_status(410, Acknowledge::Any2xx, None);
        for outcome in [failed(), gone, ok()] {
            assert_eq!(state.after_attempt(&outcome, 0, &LIMITS, at(101)), (state, None));
        }
    }

    #[test]
    fn gone_disables_and_keeps_the_streak() {
        let gone = Outcome::of_status(410, Acknowledge::Any2xx, None);
        let (state, transition) = EndpointState::new().after_attempt(&gone, 0, &LIMITS, at(1));
        assert_eq!(transition, Some(Transition::DisabledByGone));
        assert_eq!(state.status(), Status::Disabled);
        let (again, transition) = state.after_attempt(&gone, 0, &LIMITS, at(2));
        assert_eq!((again.switch, transition), (state.switch, None));
    }

    #[test]
    fn what_was_in_flight_when_it_was_disabled_counts_and_is_not_told() {
        let (state, _) = after_failures(99);
        let disabled = state.disabled(at(100));
        let (state, transition) = disabled.after_attempt(&failed(), 0, &LIMITS, at(101));
        assert_eq!((state.streak(), state.status(), transition), (100, Status::Disabled, None));
    }

    #[test]
    fn a_good_sample_heals_and_a_bad_one_counts_nothing() {
        let (defective, _) = after_failures(100);
        assert_eq!(defective.after_sample(false), (defective, None));
        let (healed, transition) = defective.after_sample(true);
        assert_eq!((healed.streak(), transition), (0, Some(Transition::Recovered)));
        let disabled = defective.disabled(at(101));
        assert_eq!(disabled.after_sample(true).0.status(), Status::Disabled);
        let (failing, _) = after_failures(50);
        assert_eq!(failing.after_sample(true).1, Some(Transition::StreakEnded));
    }

    #[test]
    fn the_status_shown_puts_the_person_first() {
        let (defective, _) = after_failures(100);
        assert_eq!(defective.paused(at(101)).status(), Status::Paused);
        assert_eq!(defective.disabled(at(101)).status(), Status::Disabled);
        assert_eq!(defective.disabled(at(101)).enabled(at(102)).status(), Status::Enabled);
    }

    #[test]
    fn a_suspended_company_holds_its_endpoints_and_their_time_stands_still() {
        let state = EndpointState::new();
        let suspended = EndpointState { suspended_since: Some(at(10)), ..state };
        assert!(suspended.is_held() && suspended.takes_events());
        assert_eq!(suspended.status(), Status::Enabled, "the switch is a person's");
        assert_eq!(suspended.running_time(at(10)), state.running_time(at(10)));
        assert_eq!(suspended.running_time(at(5_000)), state.running_time(at(10)));
        // Whichever held it first.
        let paused = EndpointState { suspended_since: Some(at(10)), ..state.paused(at(4)) };
        assert_eq!(paused.running_time(at(99)), state.running_time(at(4)));
        let gone = Outcome::of_status(410, Acknowledge::Any2xx, None);
        let (gone, _) = suspended.after_attempt(&gone, 0, &LIMITS, at(12));
        assert_eq!(gone.held_since(), Some(at(10)));
    }

    #[test]
    fn running_time_stands_still_while_held() {
        let state = EndpointState::new();
        let paused = state.paused(at(10));
        assert_eq!(paused.running_time(at(25)), at(10));
        let disabled = paused.disabled(at(20));
        assert_eq!(disabled.running_time(at(25)), at(10));
        let enabled = disabled.enabled(at(30));
        assert_eq!(enabled.running_time(at(35)), at(15));
        assert_eq!(enabled.paused(at(40)).enabled(at(50)).running_time(at(50)), at(20));
    }
}
