use super::*;
use chrono::{TimeDelta, TimeZone};

fn at(minute: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 0, 0, 0).unwrap() + TimeDelta::minutes(minute)
}

const fn to() -> EndpointId {
    EndpointId::from_raw(7)
}

fn moment() -> Moment {
    Moment { made_at: at(10), now: at(20) }
}

fn waiting(due: i64) -> Found {
    Found::Pending { claimed: false, canceled: false, due_at: Some(at(due)) }
}

fn over(finish: Finish, minute: i64) -> Found {
    Found::Finished { finish, at: at(minute) }
}

fn state(state: DeliveryState) -> Pick {
    Pick { state: Some(state), ..Pick::default() }
}

#[test]
fn a_job_needs_a_filter_that_can_match() {
    assert_eq!(JobRequest::Retry(Pick::default()).check(), Err(JobError::NoFilter));
    assert_eq!(JobRequest::Cancel(Pick::default()).check(), Err(JobError::NoFilter));
    for (kind, wrong) in [
        (JobKind::Retry, [DeliveryState::Held, DeliveryState::Expired]),
        (JobKind::Cancel, [DeliveryState::Delivered, DeliveryState::Canceled]),
    ] {
        for wrong in wrong {
            let request = match kind {
                JobKind::Cancel => JobRequest::Cancel(state(wrong)),
                JobKind::Retry | JobKind::Replay | JobKind::Recover => {
                    JobRequest::Retry(state(wrong))
                }
            };
            assert_eq!(request.check(), Err(JobError::State(kind)));
        }
    }
    let span = Pick { since: Some(at(1)), until: Some(at(1)), ..Pick::default() };
    assert_eq!(JobRequest::Cancel(span).check(), Err(JobError::EmptySpan));
    let replay = |named: usize| JobRequest::Replay {
        event: EventId::from_raw(1),
        endpoints: Some(vec![to(); named]),
    };
    assert_eq!(replay(0).check(), Err(JobError::Endpoints));
    assert_eq!(replay(101).check(), Err(JobError::Endpoints));
    assert!(replay(100).check().is_ok());
    assert!(JobRequest::Retry(Pick { since: Some(at(1)), ..Pick::default() }).check().is_ok());
}

#[test]
fn without_a_state_a_retry_leaves_alone_what_succeeded_or_was_canceled() {
    let (on, pick) = (EndpointState::new(), Pick { endpoint: Some(to()), ..Pick::default() });
    let wants = |found: Found| pick.wants(JobKind::Retry, to(), &found, Some(&on));
    assert!(wants(waiting(30)) && wants(over(Finish::Exhausted, 1)));
    assert!(!wants(over(Finish::Delivered, 1)) && !wants(over(Finish::Canceled, 1)));
    let elsewhere = EndpointId::from_raw(8);
    assert!(!pick.wants(JobKind::Retry, elsewhere, &waiting(30), Some(&on)));
    let named = state(DeliveryState::Delivered);
    assert!(named.wants(JobKind::Retry, to(), &over(Finish::Delivered, 1), Some(&on)));
    assert!(!named.wants(JobKind::Retry, to(), &over(Finish::Exhausted, 1), Some(&on)));
}

#[test]
fn a_cancel_tells_pending_from_held() {
    let (on, off) = (EndpointState::new(), EndpointState::new().paused(at(1)));
    let wants =
        |wanted, endpoint| state(wanted).wants(JobKind::Cancel, to(), &waiting(30), Some(endpoint));
    assert!(wants(DeliveryState::Pending, &on) && wants(DeliveryState::Held, &off));
    assert!(!wants(DeliveryState::Pending, &off) && !wants(DeliveryState::Held, &on));
    let any = Pick { endpoint: Some(to()), ..Pick::default() };
    assert!(any.wants(JobKind::Cancel, to(), &waiting(30), Some(&off)));
    assert!(!any.wants(JobKind::Cancel, to(), &waiting(30), None));
}

#[test]
fn a_retry_touches_what_waits_and_what_ended_before_the_job() {
    let on = EndpointState::new();
    let touch = |found: Found| retry(&found, Some(&on), None, moment());
    assert_eq!(touch(waiting(30)), Touch::Hasten);
    assert_eq!(touch(waiting(20)), Touch::Leave, "it is due");
    assert_eq!(touch(over(Finish::Exhausted, 10)), Touch::Restart);
    assert_eq!(touch(over(Finish::Exhausted, 11)), Touch::Leave, "newer than the job");
    for (claimed, canceled) in [(true, false), (false, true)] {
        assert_eq!(touch(Found::Pending { claimed, canceled, due_at: Some(at(30)) }), Touch::Leave);
    }
    let (off, one) = (on.disabled(at(1)), over(Finish::Exhausted, 1));
    assert_eq!(retry(&one, Some(&off), None, moment()), Touch::Leave);
    assert_eq!(retry(&one, None, None, moment()), Touch::Leave);
    assert_eq!(retry(&one, Some(&on), Some(at(20)), moment()), Touch::Leave);
    assert_eq!(retry(&one, Some(&on), Some(at(21)), moment()), Touch::Restart);
}

#[test]
fn a_cancel_ends_or_marks() {
    let on = EndpointState::new();
    assert_eq!(cancel(&waiting(1), Some(&on)), Touch::End);
    let claimed = Found::Pending { claimed: true, canceled: false, due_at: Some(at(1)) };
    assert_eq!(cancel(&claimed, Some(&on)), Touch::MarkCanceled);
    assert_eq!(cancel(&claimed, None), Touch::Leave);
    assert_eq!(cancel(&over(Finish::Delivered, 1), Some(&on)), Touch::Leave);
}

#[test]
fn a_recovery_never_repeats_what_had_succeeded() {
    let what = |found: &[Found], picks| missed(found, picks, false, moment());
    let (bad, good) = (over(Finish::Exhausted, 1), over(Finish::Delivered, 2));
    assert_eq!(what(&[], true), Missed::Never);
    assert_eq!(what(&[], false), Missed::Nothing);
    assert_eq!(what(&[bad], false), Missed::This(0));
    assert_eq!(what(&[bad, good], true), Missed::Nothing);
    assert_eq!(what(&[good, bad], true), Missed::Nothing);
    assert_eq!(missed(&[good, bad], true, true, moment()), Missed::This(1));
    assert_eq!(missed(&[good], true, true, moment()), Missed::This(0));
    assert_eq!(what(&[over(Finish::Canceled, 1)], true), Missed::Nothing);
    assert_eq!(what(&[bad, over(Finish::Canceled, 2)], true), Missed::Nothing);
    assert_eq!(what(&[over(Finish::Expired, 1)], true), Missed::Nothing);
    assert_eq!(what(&[over(Finish::Exhausted, 11)], true), Missed::Nothing, "newer than the job");
}

#[test]
fn what_is_on_its_way_is_not_started_again() {
    let bad = over(Finish::Exhausted, 1);
    let what = |found: &[Found]| missed(found, true, false, moment());
    assert_eq!(what(&[bad, waiting(30)]), Missed::This(1));
    assert_eq!(what(&[waiting(30), bad]), Missed::This(0));
    assert_eq!(what(&[bad, waiting(19)]), Missed::Nothing);
    let claimed = Found::Pending { claimed: true, canceled: false, due_at: Some(at(30)) };
    assert_eq!(what(&[bad, claimed]), Missed::Nothing);
}

#[test]
fn a_recovery_sends_only_to_an_endpoint_that_is_on() {
    let on = EndpointState::new();
    let touch = |endpoint, expires| recover(Missed::Never, &[], endpoint, expires, moment());
    assert_eq!(touch(Some(&on), None), Touch::Create);
    assert_eq!(touch(Some(&on), Some(at(20))), Touch::Leave);
    let off = on.disabled(at(15));
    assert_eq!(touch(Some(&off), None), Touch::Leave);
    assert_eq!(touch(None, None), Touch::Leave);
}

#[test]
fn a_replay_goes_where_an_event_would() {
    let on = EndpointState::new();
    assert_eq!(replay(Some(&on), None, at(1)), Touch::Create);
    assert_eq!(replay(Some(&on.paused(at(1))), None, at(1)), Touch::Create);
    assert_eq!(replay(Some(&on.disabled(at(1))), None, at(1)), Touch::Leave);
    assert_eq!(replay(None, None, at(1)), Touch::Leave);
    assert_eq!(replay(Some(&on), Some(at(1)), at(1)), Touch::Leave);
}
