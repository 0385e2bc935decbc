//! Events of a company's own types at the door: the version at which the type was read decides.

use domain::event::{Judged, NewEvent, Verdict};
use store::{Accepted, Error, SwitchWanted};

use crate::engine::{Door, caller, endpoint, keyed, keys, new_event, together};
use crate::setup::{Setup, on_both};

on_both!(
    a_type_read_before_a_change_is_to_be_read_again,
    what_its_type_does_not_take_is_known_again_and_never_new,
);

fn judged(event: NewEvent, version: i64, verdict: Verdict) -> NewEvent {
    let version = Some(version);
    NewEvent { judged: Some(Judged { version, verdict }), ..event }
}

async fn a_type_read_before_a_change_is_to_be_read_again(s: Setup) {
    let door = Door::with_room(9);
    endpoint(&s, "*", SwitchWanted::Enabled).await;
    let version = s.config_version().await;
    let me = caller(&s, s.company).await;
    let own = |version| judged(new_event(s.company, "order.created"), version, Verdict::Taken);
    let built_in = || new_event(s.company, "message.received");
    let jobs = vec![
        (me.clone(), vec![built_in(), own(version - 1), built_in()]),
        (me.clone(), vec![own(version)]),
        (me.clone(), vec![own(version + 1)]),
        (me.clone(), vec![built_in()]),
    ];
    let answers = together(&s.store, &door, jobs).await;
    for (place, answer) in answers.iter().enumerate() {
        let is_stale = matches!(answer, Err(Error::TypesChanged));
        assert_eq!(is_stale, [0, 2].contains(&place), "{place}: {answer:?}");
    }
    assert_eq!((s.count("FROM events").await, s.count("FROM pending").await), (2, 2));
    assert_eq!(door.outstanding(), 0);
    // A change of anything in the configuration is one.
    endpoint(&s, "order.created", SwitchWanted::Enabled).await;
    let me = caller(&s, s.company).await;
    let answers = together(&s.store, &door, vec![(me.clone(), vec![own(version)])]).await;
    assert!(matches!(answers[0], Err(Error::TypesChanged)), "{answers:?}");
    // What was read since it came counts, whatever has changed.
    let since = Judged { version: None, verdict: Verdict::Taken };
    let since = NewEvent { judged: Some(since), ..own(version) };
    let answers = together(&s.store, &door, vec![(me.clone(), vec![since])]).await;
    assert!(answers[0].is_ok(), "{answers:?}");
    let answers = together(&s.store, &door, vec![(me, vec![own(version + 1)])]).await;
    let Ok([Accepted::New { deliveries: 2, .. }]) = answers[0].as_deref() else {
        panic!("{answers:?}")
    };
}

async fn what_its_type_does_not_take_is_known_again_and_never_new(s: Setup) {
    let door = Door::with_room(9);
    endpoint(&s, "*", SwitchWanted::Enabled).await;
    let version = s.config_version().await;
    let me = caller(&s, s.company).await;
    let taken =
        |key: &str, data: &str| judged(keyed(s.company, key, data), version, Verdict::Taken);
    let refused =
        |key: &str, data: &str| judged(keyed(s.company, key, data), version, Verdict::Refused);
    let events = vec![
        refused("a", "1"),
        taken("b", "1"),
        refused("b", "1"),
        refused("b", "2"),
        judged(new_event(s.company, "order.created"), version, Verdict::Refused),
    ];
    let answers = together(&s.store, &door, vec![(me.clone(), events)]).await;
    let answers = answers[0].as_ref().unwrap();
    let Accepted::New { event, deliveries: 1 } = answers[1] else { panic!("{answers:?}") };
    assert_eq!(answers[0], Accepted::Unfit);
    assert_eq!(answers[2], Accepted::Duplicate { event, deliveries: 1 });
    assert_eq!(answers[3], Accepted::KeyReused { event });
    assert_eq!(answers[4], Accepted::Unfit);
    assert_eq!(s.count("FROM events").await, 1);
    assert_eq!(keys(&s).await, 1, "what was refused leaves no key");
    let answers = together(&s.store, &door, vec![(me, vec![taken("a", "1")])]).await;
    assert!(matches!(answers[0].as_deref(), Ok([Accepted::New { .. }])), "{answers:?}");
}
