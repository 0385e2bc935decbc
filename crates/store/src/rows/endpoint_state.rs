//! The one place where an endpoint's state and its columns are turned into each other.

use chrono::TimeDelta;
use domain::endpoint::{DisabledReason, EndpointState, Health, Switch};

use crate::Error;
use crate::time::{from_micros, micros, span_micros};

/// The columns of `endpoints` that hold its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateColumns {
    pub(crate) switch: String,
    pub(crate) held_since: Option<i64>,
    pub(crate) held_total_us: i64,
    pub(crate) failures: i64,
    pub(crate) failing_since: Option<i64>,
    pub(crate) defective_at: Option<i64>,
    pub(crate) epoch: i64,
}

impl StateColumns {
    /// The columns that say `state`.
    pub(crate) fn of(state: &EndpointState) -> Self {
        let EndpointState { switch, health, epoch, held_total, suspended_since: _ } = *state;
        let switch_text = match switch {
            Switch::Enabled => "enabled",
            Switch::Paused { .. } => "paused",
            Switch::Disabled { reason: DisabledReason::ByPerson, .. } => "disabled",
            Switch::Disabled { reason: DisabledReason::Gone, .. } => "gone",
        };
        let (failing_since, defective_at) = match health {
            Health::Healthy => (None, None),
            Health::Failing { since, .. } => (Some(micros(since)), None),
            Health::Defective { since, found_at, .. } => {
                (Some(micros(since)), Some(micros(found_at)))
            }
        };
        Self {
            switch: switch_text.to_owned(),
            held_since: state.held_since().map(micros),
            held_total_us: span_micros(held_total),
            failures: i64::from(state.streak()),
            failing_since,
            defective_at,
            epoch,
        }
    }

    /// The state that the columns of endpoint `id` say.
    pub(crate) fn read(self, id: i64) -> Result<EndpointState, Error> {
        let corrupt = |what: &str| Error::Corrupt { table: "endpoints", id, what: what.into() };
        let Self {
            switch,
            held_since,
            held_total_us,
            failures,
            failing_since,
            defective_at,
            epoch,
        } = self;
        let held_since = held_since.map(from_micros);
        let switch = match (switch.as_str(), held_since) {
            ("enabled", _) => Switch::Enabled,
            ("paused", Some(held_since)) => Switch::Paused { held_since },
            ("disabled", Some(held_since)) => {
                Switch::Disabled { held_since, reason: DisabledReason::ByPerson }
            }
            ("gone", Some(held_since)) => {
                Switch::Disabled { held_since, reason: DisabledReason::Gone }
            }
            _ => return Err(corrupt("its switch says nothing")),
        };
        let count = u32::try_from(failures).map_err(|_| corrupt("its streak is not a count"))?;
        let health = match (failing_since.map(from_micros), defective_at.map(from_micros)) {
            (None, _) => Health::Healthy,
            (Some(since), None) => Health::Failing { failures: count, since },
            (Some(since), Some(found_at)) => Health::Defective { failures: count, since, found_at },
        };
        Ok(EndpointState {
            switch,
            health,
            epoch,
            held_total: TimeDelta::microseconds(held_total_us),
            suspended_since: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::endpoint::StreakLimits;
    use domain::outcome::{ErrorKind, Outcome};

    #[test]
    fn every_state_reads_back_as_it_was_written() {
        let now = from_micros(1_763_683_200_000_000);
        let limits = StreakLimits {
            warn_after: 1,
            defective_after: 2,
            defective_min_duration: TimeDelta::zero(),
        };
        let failed = Outcome::of_error(ErrorKind::Connect, "refused".into(), None);
        let gone = Outcome {
            status_code: Some(410),
            ..Outcome::of_status(410, domain::outcome::Acknowledge::Any2xx, None)
        };
        let healthy = EndpointState::new();
        let failing = healthy.after_attempt(&failed, 0, &limits, now).0;
        let defective = failing.after_attempt(&failed, 0, &limits, now).0;
        let disabled_by_gone = healthy.after_attempt(&gone, 0, &limits, now).0;
        for state in [healthy, failing, defective, disabled_by_gone] {
            for state in
                [state, state.paused(now), state.disabled(now), state.paused(now).enabled(now)]
            {
                assert_eq!(StateColumns::of(&state).read(1).unwrap(), state);
            }
        }
    }

    #[test]
    fn nonsense_is_corrupt_and_not_a_state() {
        let columns =
            StateColumns { switch: "paused".into(), ..StateColumns::of(&EndpointState::new()) };
        assert!(matches!(columns.read(7), Err(Error::Corrupt { id: 7, .. })));
    }
}
