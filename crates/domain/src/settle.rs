//! Settlement: what the outcomes of attempts change, decided on fresh state inside the transaction
//! that writes it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::delivery::{Finish, Progress};
use crate::endpoint::{EndpointState, Health, StreakLimits, Transition};
use crate::operational::OperationalEvent;
use crate::outcome::Outcome;
use crate::schedule::RetrySchedule;

/// The longest time a `Retry-After` can hold an endpoint's lane.
pub const RETRY_AFTER_MAX: TimeDelta = TimeDelta::hours(1);

/// What a deployment has decided for all its endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// When a streak warns, and when it makes Defective.
    pub streak: StreakLimits,
    /// How long after the beginning of its schedule a delivery is given up.
    pub give_up_after: TimeDelta,
}

/// What to do with a delivery whose turn has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Send it.
    Send,
    /// Its endpoint is held: put it back.
    Hold,
    /// It ends without another request.
    End(Finish),
}

/// Decides what to do with a delivery whose turn has come.
pub fn take_turn(
    progress: &Progress,
    endpoint: &EndpointState,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Turn {
    if progress.expires_at.is_some_and(|at| at <= now) {
        return Turn::End(Finish::Expired);
    }
    if endpoint.is_held() {
        return Turn::Hold;
    }
    if endpoint.running_time(now) - progress.schedule_began > policy.give_up_after {
        return Turn::End(Finish::Exhausted);
    }
    Turn::Send
}

/// One attempt that is over, as settlement sees it.
#[derive(Debug, Clone)]
pub struct AttemptResult {
    /// How far the delivery had come before it.
    pub progress: Progress,
    /// The endpoint's epoch when it began.
    pub began_in_epoch: i64,
    /// What came of it.
    pub outcome: Outcome,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Whether somebody canceled the delivery while it was under way.
    pub canceled: bool,
    /// Whether the event is an operational one, which gives rise to no further ones.
    pub operational: bool,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It moves to history.
    Finish(Finish),
    /// It is due again.
    RetryAt(DateTime<Utc>),
}

/// A transition, with what there is to say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// What happened.
    pub transition: Transition,
    /// The streak that it is about: what a success ended, or what a failure made of it.
    pub health: Health,
    /// Which of the attempts was the last of that streak; `None`: one that was settled before.
    pub last_failure: Option<usize>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The endpoint right after it.
    pub after: EndpointState,
    /// Which of the attempts caused it.
    pub by: usize,
    /// The operational event that tells of it, where one does.
    pub event: Option<OperationalEvent>,
}

/// Everything that the attempts of one endpoint change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// What becomes of each delivery, in the order of the attempts.
    pub next: Vec<Next>,
    /// The endpoint afterwards.
    pub endpoint: EndpointState,
    /// The transitions, in the order in which they happened.
    pub told: Vec<Told>,
    /// Which of the attempts was the last that failed and counts.
    pub last_failure: Option<usize>,
    /// Until when the receiver asked for the whole lane to be held.
    pub hold_lane_until: Option<DateTime<Utc>>,
}

/// Decides what `attempts`, in the order in which they are committed, change for `endpoint` as it
/// was read in the writing transaction.
pub fn settle(
    endpoint: EndpointState,
    attempts: &[AttemptResult],
    schedule: &RetrySchedule,
    policy: &Policy,
) -> Settlement {
    let mut settlement = Settlement {
        next: Vec::with_capacity(attempts.len()),
        endpoint,
        told: Vec::new(),
        last_failure: None,
        hold_lane_until: None,
    };
    for (index, attempt) in attempts.iter().enumerate() {
        let before = settlement.endpoint;
        let (after, transition) = before.after_attempt(
            &attempt.outcome,
            attempt.began_in_epoch,
            &policy.streak,
            attempt.ended_at,
        );
        settlement.endpoint = after;
        let counts = attempt.began_in_epoch == before.epoch;
        let succeeded = attempt.outcome.is_success();
        if counts && !succeeded {
            settlement.last_failure = Some(index);
        }
        settlement.told.extend(transition.map(|transition| Told {
            transition,
            health: if succeeded { before.health } else { after.health },
            last_failure: settlement.last_failure,
            at: attempt.ended_at,
            after,
            by: index,
            event: OperationalEvent::of_transition(transition, attempt.operational),
        }));
        if counts {
            let hold = lane_hold(attempt, schedule);
            settlement.hold_lane_until = settlement.hold_lane_until.max(hold);
        }
        settlement.next.push(next_step(attempt, &after, schedule, policy));
    }
    settlement
}

fn next_step(
    attempt: &AttemptResult,
    endpoint: &EndpointState,
    schedule: &RetrySchedule,
    policy: &Policy,
) -> Next {
    if attempt.outcome.is_success() {
        return Next::Finish(Finish::Delivered);
    }
    if attempt.canceled {
        return Next::Finish(Finish::Canceled);
    }
    let Some(wait) = schedule.wait_after(index_in_schedule(&attempt.progress)) else {
        return Next::Finish(Finish::Exhausted);
    };
    let due = attempt.ended_at + wait;
    let age_when_due =
        endpoint.running_time(attempt.ended_at) + wait - attempt.progress.schedule_began;
    if age_when_due > policy.give_up_after {
        return Next::Finish(Finish::Exhausted);
    }
    Next::RetryAt(due)
}

/// A `Retry-After` counts where it asks for longer than the schedule waits anyway.
fn lane_hold(attempt: &AttemptResult, schedule: &RetrySchedule) -> Option<DateTime<Utc>> {
    let asked = attempt.outcome.retry_after?;
    let waits_anyway = schedule.wait_after(index_in_schedule(&attempt.progress));
    (waits_anyway.is_none_or(|wait| asked > wait))
        .then(|| attempt.ended_at + asked.min(RETRY_AFTER_MAX))
}

/// Which try of the present schedule is being made; 0 is the first.
fn index_in_schedule(progress: &Progress) -> u32 {
    progress.tries.saturating_sub(progress.tries_before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Acknowledge, ErrorKind};
    use chrono::TimeZone;
    use proptest::prelude::*;

    const POLICY: Policy = Policy {
        streak: StreakLimits {
            warn_after: 50,
            defective_after: 100,
            defective_min_duration: TimeDelta::zero(),
        },
        give_up_after: TimeDelta::days(7),
    };

    fn at(minute: i64) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 20, 0, 0, 0).unwrap() + TimeDelta::minutes(minute)
    }

    fn standard() -> RetrySchedule {
        RetrySchedule::even(144, TimeDelta::minutes(10)).unwrap()
    }

    fn attempt(tries: u32, outcome: Outcome, ended_at: DateTime<Utc>) -> AttemptResult {
        let progress = Progress { tries, ..Progress::new(at(0), None) };
        AttemptResult {
            progress,
            began_in_epoch: 0,
            outcome,
            ended_at,
            canceled: false,
            operational: false,
        }
    }

    fn failed() -> Outcome {
        Outcome::of_error(ErrorKind::Connect, "refused".into(), None)
    }

    fn status(code: u16, retry_after: Option<TimeDelta>) -> Outcome {
        Outcome::of_status(code, Acknowledge::Any2xx, retry_after)
    }

    fn only(attempt: AttemptResult) -> Next {
        settle(EndpointState::new(), &[attempt], &standard(), &POLICY).next[0]
    }

    #[test]
    fn a_failed_delivery_has_145_tries_ten_minutes_apart() {
        let mut endpoint = EndpointState::new();
        let (mut now, mut tries) = (at(0), 0);
        loop {
            let settled = settle(endpoint, &[attempt(tries, failed(), now)], &standard(), &POLICY);
            endpoint = settled.endpoint;
            tries += 1;
            match settled.next[0] {
                Next::RetryAt(due) => assert_eq!(due - now, TimeDelta::minutes(10)),
                Next::Finish(finish) => break assert_eq!(finish, Finish::Exhausted),
            }
            now += TimeDelta::minutes(10);
        }
        assert_eq!((tries, now - at(0)), (145, TimeDelta::hours(24)));
    }

    #[test]
    fn a_fresh_schedule_starts_over_and_numbers_go_on() {
        let progress = Progress { tries: 145, ..Progress::new(at(0), None) }.restarted(at(5000));
        assert_eq!(progress.next_number(), 146);
        let attempt = AttemptResult { progress, ..attempt(0, failed(), at(5000)) };
        assert_eq!(only(attempt), Next::RetryAt(at(5010)));
    }

    #[test]
    fn a_delivery_is_given_up_after_seven_days_however_many_tries_are_left() {
        let week = 7 * 24 * 60;
        assert_eq!(only(attempt(3, failed(), at(week - 10))), Next::RetryAt(at(week)));
        assert_eq!(only(attempt(3, failed(), at(week - 9))), Next::Finish(Finish::Exhausted));
    }

    #[test]
    fn time_spent_held_does_not_age_a_delivery() {
        let endpoint = EndpointState::new().paused(at(10)).enabled(at(10 + 30 * 24 * 60));
        let late = at(20 + 30 * 24 * 60);
        let attempt = AttemptResult { began_in_epoch: 1, ..attempt(1, failed(), late) };
        let settled = settle(endpoint, &[attempt], &standard(), &POLICY);
        assert_eq!(settled.next[0], Next::RetryAt(late + TimeDelta::minutes(10)));
    }

    #[test]
    fn the_last_attempt_that_succeeds_is_delivered_and_touches_no_one() {
        let settled = settle(
            EndpointState::new(),
            &[attempt(144, status(200, None), at(1))],
            &standard(),
            &POLICY,
        );
        assert_eq!(settled.next, [Next::Finish(Finish::Delivered)]);
        assert_eq!((settled.endpoint, settled.told), (EndpointState::new(), vec![]));
    }

    #[test]
    fn retry_after_holds_the_lane_only_when_longer_than_the_schedule_and_at_most_an_hour() {
        let hold = |seconds| {
            let outcome = status(503, Some(TimeDelta::seconds(seconds)));
            let attempts = [attempt(0, outcome, at(0))];
            settle(EndpointState::new(), &attempts, &standard(), &POLICY).hold_lane_until
        };
        assert_eq!(hold(600), None);
        assert_eq!(hold(601), Some(at(0) + TimeDelta::seconds(601)));
        assert_eq!(hold(86_400), Some(at(60)));
    }

    #[test]
    fn outcomes_fold_in_order() {
        let attempts: Vec<_> = (0..100)
            .map(|n| attempt(0, failed(), at(n)))
            .chain([attempt(0, status(200, None), at(100))])
            .collect();
        let settled = settle(EndpointState::new(), &attempts, &standard(), &POLICY);
        let told: Vec<_> = settled
            .told
            .iter()
            .map(|told| (told.transition, told.health.failures(), told.last_failure, told.at))
            .collect();
        assert_eq!(
            told,
            [
                (Transition::Warned, 50, Some(49), at(49)),
                (Transition::FoundDefective, 100, Some(99), at(99)),
                (Transition::Recovered, 100, Some(99), at(100)),
            ]
        );
        assert!(settled.told.iter().all(|told| told.health.since() == Some(at(0))));
        assert_eq!(settled.endpoint, EndpointState::new());
    }

    #[test]
    fn a_streak_that_ended_is_reported_although_another_began() {
        let before =
            settle(EndpointState::new(), &[attempt(0, failed(), at(0))], &standard(), &POLICY);
        let good = attempt(0, status(200, None), at(1));
        let late = AttemptResult { began_in_epoch: -1, ..attempt(0, failed(), at(3)) };
        let attempts = [good, attempt(0, failed(), at(2)), late];
        let settled = settle(before.endpoint, &attempts, &standard(), &POLICY);
        let told = Told {
            transition: Transition::StreakEnded,
            health: before.endpoint.health,
            last_failure: None,
            at: at(1),
            after: EndpointState::new(),
            by: 0,
            event: None,
        };
        assert_eq!(settled.told, [told]);
        assert_eq!((settled.endpoint.streak(), settled.last_failure), (1, Some(1)));
    }

    #[test]
    fn an_operational_attempt_changes_its_endpoint_and_tells_nothing() {
        let failures = |operational, count| {
            let one = move |n| AttemptResult { operational, ..attempt(0, failed(), at(n)) };
            (0..count).map(one).collect::<Vec<_>>()
        };
        let told = |attempts: &[AttemptResult]| {
            let settled = settle(EndpointState::new(), attempts, &standard(), &POLICY);
            settled.told.iter().map(|told| (told.by, told.event)).collect::<Vec<_>>()
        };
        let good = attempt(0, status(200, None), at(200));
        let mut attempts = failures(false, 100);
        attempts.push(good.clone());
        let (warning, defective) = (OperationalEvent::Warning, OperationalEvent::Defective);
        let recovered = (100, Some(OperationalEvent::Recovered));
        assert_eq!(told(&attempts), [(49, Some(warning)), (99, Some(defective)), recovered]);
        attempts[49].operational = true;
        assert_eq!(told(&attempts), [(49, None), (99, Some(defective)), recovered]);
        let mut attempts = failures(true, 100);
        attempts.push(good);
        assert_eq!(told(&attempts), [(49, None), (99, None), recovered]);
    }

    /// Outcomes of all sorts: codes, whether of an operational event, the epoch, how many tries.
    fn any_attempts() -> impl Strategy<Value = Vec<(u16, bool, i64, u32)>> {
        let code = prop_oneof![Just(200), Just(410), Just(500), Just(503), Just(0)];
        proptest::collection::vec((code, any::<bool>(), 0..2i64, 0..3u32), 0..40)
    }

    fn attempts_of(drawn: &[(u16, bool, i64, u32)]) -> Vec<AttemptResult> {
        let one =
            |(n, (code, operational, began_in_epoch, tries)): (i64, &(u16, bool, i64, u32))| {
                let outcome = if *code == 0 { failed() } else { status(*code, None) };
                AttemptResult {
                    began_in_epoch: *began_in_epoch,
                    operational: *operational,
                    ..attempt(*tries, outcome, at(n))
                }
            };
        (0..).zip(drawn).map(one).collect()
    }

    proptest! {
        /// An operational event needs an attempt of an event that is none: there cannot be more of
        /// them than of these, however the two are mixed and cut into batches.
        #[test]
        fn operational_events_never_give_rise_to_further_ones(drawn in any_attempts(), cut in 0..40usize) {
            let policy = Policy {
                streak: StreakLimits { warn_after: 2, defective_after: 4, ..POLICY.streak },
                ..POLICY
            };
            let schedule = RetrySchedule::even(2, TimeDelta::minutes(10)).unwrap();
            let attempts = attempts_of(&drawn);
            let (first, second) = attempts.split_at(cut.min(attempts.len()));
            let mut endpoint = EndpointState::new();
            for batch in [first, second] {
                let settled = settle(endpoint, batch, &schedule, &policy);
                endpoint = settled.endpoint;
                for told in &settled.told {
                    let by = &batch[told.by];
                    prop_assert_eq!(by.ended_at, told.at);
                    prop_assert!(told.event.is_none() || !by.operational, "{:?}", told);
                    let expected = OperationalEvent::of_transition(told.transition, by.operational);
                    prop_assert_eq!(told.event, expected);
                }
            }
            // The endpoint itself does not care whose attempts they were.
            let plain: Vec<_> =
                attempts.iter().map(|a| AttemptResult { operational: false, ..a.clone() }).collect();
            let other = settle(EndpointState::new(), &plain, &schedule, &policy);
            prop_assert_eq!(other.endpoint, endpoint);
        }
    }

    #[test]
    fn an_old_epoch_settles_its_delivery_and_not_the_endpoint() {
        let endpoint = EndpointState::new().url_changed();
        let outcome = status(503, Some(TimeDelta::minutes(30)));
        let settled = settle(endpoint, &[attempt(0, outcome, at(0))], &standard(), &POLICY);
        assert_eq!(settled.next, [Next::RetryAt(at(10))]);
        assert_eq!((settled.endpoint, settled.hold_lane_until), (endpoint, None));
    }

    #[test]
    fn canceled_under_way_ends_unless_it_succeeded() {
        let canceled = |outcome| AttemptResult { canceled: true, ..attempt(0, outcome, at(0)) };
        assert_eq!(only(canceled(failed())), Next::Finish(Finish::Canceled));
        assert_eq!(only(canceled(status(200, None))), Next::Finish(Finish::Delivered));
    }

    #[test]
    fn a_turn_ends_what_is_expired_even_where_it_is_held() {
        let progress = Progress::new(at(0), Some(at(5)));
        let held = EndpointState::new().disabled(at(1));
        assert_eq!(take_turn(&progress, &held, &POLICY, at(4)), Turn::Hold);
        assert_eq!(take_turn(&progress, &held, &POLICY, at(5)), Turn::End(Finish::Expired));
        let on = EndpointState::new();
        assert_eq!(take_turn(&progress, &on, &POLICY, at(4)), Turn::Send);
        let old = Progress::new(at(0), None);
        let week = 7 * 24 * 60;
        assert_eq!(take_turn(&old, &on, &POLICY, at(week)), Turn::Send);
        assert_eq!(take_turn(&old, &on, &POLICY, at(week + 1)), Turn::End(Finish::Exhausted));
    }
}
