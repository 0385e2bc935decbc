use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeZone;
use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = SESSION_HOURS * HOUR;

/// So many microseconds after the beginning of the tests' time.
fn at(micros: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap() + TimeDelta::microseconds(micros)
}

fn micros(time: DateTime<Utc>) -> i64 {
    (time - at(0)).num_microseconds().unwrap()
}

fn fact(kind: Kind, when: i64) -> Fact {
    Fact { kind, at: at(when), is_known: false }
}

/// A window and all that it has told.
struct Story {
    window: Window,
    told: Vec<Told>,
    ids: i64,
}

impl Story {
    fn new() -> Self {
        Self { window: Window::default(), told: Vec::new(), ids: 0 }
    }

    fn see(&mut self, fact: Fact, now: i64) -> Option<Snapshot> {
        let ids = &mut self.ids;
        let next = || {
            *ids += 1;
            SessionId::from_raw(*ids)
        };
        let observed = observe(&self.window, fact, at(now), next);
        self.window = observed.window;
        self.told.extend(observed.told);
        observed.snapshot
    }

    fn look_at_the_clock(&mut self, now: i64) {
        if let Some((window, told)) = expire(&self.window, at(now)) {
            self.window = window;
            self.told.push(told);
        }
    }

    /// `started 1 @0 inactive`, …
    fn text(&self) -> Vec<String> {
        let one = |told: &Told| {
            let word = match told {
                Told::Started(_) => "started",
                Told::Activated(..) => "activated",
                Told::Expired(_) => "expired",
            };
            let (id, state) = (told.session().id.raw(), told.snapshot().state());
            format!("{word} {id} @{} {state}", micros(told.at()))
        };
        self.told.iter().map(one).collect()
    }
}

const IN: Kind = Kind::Received;
const OUT: Kind = Kind::Delivered;

/// Facts that come at once, in this order; the clock is not looked at.
fn check(facts: &[(Kind, i64)], told: &[&str]) -> Story {
    let mut story = Story::new();
    let now = facts.iter().map(|(_, when)| *when).max().unwrap();
    for (kind, when) in facts {
        story.see(fact(*kind, *when), now);
    }
    assert_eq!(story.text(), told, "{facts:?}");
    story
}

#[test]
fn a_delivery_begins_a_session_and_what_lies_within_changes_nothing() {
    for kind in [Kind::Delivered, Kind::Read, Kind::Played] {
        check(
            &[(kind, 0), (OUT, 0), (OUT, 1), (Kind::Read, 2), (OUT, DAY - 1)],
            &["started 1 @0 inactive"],
        );
    }
    check(&[(Kind::Aside, 0)], &[]);
    check(&[(IN, 0)], &[]);
}

#[test]
fn it_lasts_twenty_four_hours_to_the_microsecond() {
    let later = format!("started 2 @{DAY} inactive");
    let expired = format!("expired 1 @{DAY} inactive");
    check(&[(OUT, 0), (OUT, DAY)], &["started 1 @0 inactive", &expired, &later]);
    let mut story = check(&[(OUT, 0), (OUT, DAY - 1)], &["started 1 @0 inactive"]);
    assert_eq!(story.window.due_at(), Some(at(DAY)));
    story.look_at_the_clock(DAY - 1);
    assert_eq!(story.told.len(), 1);
    for _ in 0..2 {
        story.look_at_the_clock(DAY);
        assert_eq!(story.text()[1..], [expired.as_str()]);
        assert_eq!(story.window.due_at(), None);
    }
    story.see(fact(OUT, DAY), DAY);
    assert_eq!(story.text()[2..], [later.as_str()], "its end is told once");
}

#[test]
fn it_is_active_once_the_contact_writes_within_it() {
    let active = |when: i64| format!("activated 1 @{when} active");
    check(&[(OUT, 0), (IN, 0)], &["started 1 @0 inactive", &active(0)]);
    check(&[(OUT, 0), (IN, DAY - 1), (IN, DAY - 1)], &["started 1 @0 inactive", &active(DAY - 1)]);
    check(&[(OUT, 0), (IN, DAY)], &["started 1 @0 inactive"]);
}

#[test]
fn or_has_written_in_the_twenty_four_hours_before() {
    check(&[(IN, 0), (OUT, 0)], &["started 1 @0 active", "activated 1 @0 active"]);
    let last = DAY - 1;
    check(
        &[(IN, 0), (OUT, last)],
        &[&format!("started 1 @{last} active"), &format!("activated 1 @{last} active")],
    );
    check(&[(IN, 0), (OUT, DAY)], &[&format!("started 1 @{DAY} inactive")]);
    // The last message counts, not the first one.
    check(
        &[(IN, 0), (IN, 1), (OUT, DAY)],
        &[&format!("started 1 @{DAY} active"), &format!("activated 1 @{DAY} active")],
    );
}

#[test]
fn a_received_that_comes_late_counts_at_its_own_time() {
    // It was written before the session, which was told to be inactive when it began.
    check(&[(OUT, 10), (IN, 5)], &["started 1 @10 inactive", "activated 1 @10 active"]);
    check(&[(OUT, 10), (IN, 10 - DAY)], &["started 1 @10 inactive"]);
    check(&[(OUT, 10), (IN, 11 - DAY)], &["started 1 @10 inactive", "activated 1 @10 active"]);
    // Two come the wrong way round: told once, and dated by the first.
    let mut story =
        check(&[(OUT, 0), (IN, 9), (IN, 4)], &["started 1 @0 inactive", "activated 1 @9 active"]);
    assert_eq!(story.window.last.session().unwrap().activated_at, Some(at(4)));
    // A delivery that comes behind both.
    let story_2 = check(&[(IN, 5), (OUT, 3)], &["started 1 @3 inactive", "activated 1 @5 active"]);
    assert_eq!(story_2.window.last_in, Some(at(5)));
    // Once its end is told, its state is too.
    story = check(&[(OUT, 0)], &["started 1 @0 inactive"]);
    story.look_at_the_clock(DAY);
    story.see(fact(IN, 7), DAY);
    assert_eq!(story.told.len(), 2);
    assert_eq!(story.window.last_in, Some(at(7)));
}

#[test]
fn an_earlier_delivery_moves_the_beginning_back() {
    let story = check(&[(OUT, 10), (OUT, 4)], &["started 1 @10 inactive"]);
    assert_eq!(story.window.last.session().unwrap().started_at, at(4));
    assert_eq!(story.window.due_at(), Some(at(4 + DAY)));
    // As far as it covers where it began.
    let story = check(&[(OUT, DAY), (OUT, 1)], &[&format!("started 1 @{DAY} inactive")]);
    assert_eq!(story.window.due_at(), Some(at(1 + DAY)));
    let story = check(&[(OUT, DAY), (OUT, 0)], &[&format!("started 1 @{DAY} inactive")]);
    assert_eq!(story.window.due_at(), Some(at(2 * DAY)));
    // It finds a message within 24 hours before it.
    check(
        &[(IN, 0), (OUT, DAY + 5), (OUT, DAY - 1)],
        &[&format!("started 1 @{} inactive", DAY + 5), &format!("activated 1 @{} active", DAY - 1)],
    );
}

#[test]
fn but_never_into_the_session_before_nor_one_whose_end_is_told() {
    let story = check(
        &[(OUT, 0), (OUT, DAY + 9), (OUT, DAY - 1)],
        &[
            "started 1 @0 inactive",
            &format!("expired 1 @{DAY} inactive"),
            &format!("started 2 @{} inactive", DAY + 9),
        ],
    );
    assert_eq!(story.window.last.session().unwrap().started_at, at(DAY + 9));
    let mut story = check(
        &[(OUT, 0), (OUT, DAY + 9), (OUT, DAY)],
        &[
            "started 1 @0 inactive",
            &format!("expired 1 @{DAY} inactive"),
            &format!("started 2 @{} inactive", DAY + 9),
        ],
    );
    assert_eq!(story.window.last.session().unwrap().started_at, at(DAY));
    story.look_at_the_clock(2 * DAY);
    let closed = story.window;
    assert_eq!(story.see(fact(OUT, DAY - 1), 2 * DAY).unwrap().session().id.raw(), 1);
    let mut lone = check(&[(OUT, 9)], &["started 1 @9 inactive"]);
    lone.look_at_the_clock(DAY + 9);
    assert_eq!(lone.see(fact(OUT, 8), DAY + 9), None);
    assert_eq!((story.window, lone.told.len()), (closed, 2));
}

#[test]
fn statuses_of_one_message_make_one_session() {
    let again = |kind, when| Fact { is_known: true, ..fact(kind, when) };
    let mut story = check(&[(OUT, 0)], &["started 1 @0 inactive"]);
    // Read and played long after: its delivery was another day.
    for (kind, when) in [(Kind::Read, DAY), (Kind::Played, 3 * DAY)] {
        assert_eq!(story.see(again(kind, when), when), None);
    }
    assert_eq!(story.told.len(), 1);
    // A read of another message, without delivered, is its delivery.
    assert!(story.see(fact(Kind::Read, 4 * DAY), 4 * DAY).is_some());
    // Its delivered comes behind it, and dates the session; read of an old message does not.
    story.see(fact(OUT, 4 * DAY - 5), 4 * DAY);
    story.see(again(Kind::Read, 4 * DAY - 9), 4 * DAY);
    assert_eq!(story.window.last.session().unwrap().started_at, at(4 * DAY - 5));
    assert_eq!(story.told.len(), 3);
}

#[test]
fn what_comes_late_is_told_in_full_up_to_eight_days() {
    let oldest = FACT_AGE_DAYS_MAX * DAY;
    let mut story = Story::new();
    assert!(story.see(fact(OUT, 1), oldest).is_some());
    story.look_at_the_clock(oldest);
    let told = ["started 1 @1 inactive".to_owned(), format!("expired 1 @{} inactive", DAY + 1)];
    assert_eq!(story.text(), told);
    let mut story = Story::new();
    for kind in [OUT, IN] {
        assert_eq!(story.see(fact(kind, 0), oldest), None);
    }
    assert_eq!((story.window, story.told), (Window::default(), Vec::new()));
}

#[test]
fn a_clock_that_is_fast_counts_as_now() {
    let mut story = Story::new();
    let snapshot = story.see(fact(OUT, 90), 30).unwrap();
    assert_eq!(snapshot.session().started_at, at(30));
    story.see(fact(IN, i64::from(u32::MAX)), 40);
    assert_eq!(story.text(), ["started 1 @30 inactive", "activated 1 @40 active"]);
    assert_eq!(story.window.last_in, Some(at(40)));
}

#[test]
fn an_event_carries_the_session_of_its_own_time() {
    let mut story = Story::new();
    let mut seen = |kind, when| {
        let snapshot = story.see(fact(kind, when), 3 * DAY)?;
        Some((snapshot.session().id.raw(), snapshot.state()))
    };
    assert_eq!(seen(Kind::Aside, 0), None);
    assert_eq!(seen(IN, 1), None);
    assert_eq!(seen(OUT, DAY + 1), Some((1, "inactive")));
    assert_eq!(seen(IN, DAY + 8), Some((1, "active")));
    assert_eq!(seen(Kind::Aside, DAY + 7), Some((1, "inactive")));
    assert_eq!(seen(Kind::Aside, 2 * DAY), Some((1, "active")));
    assert_eq!(seen(Kind::Aside, 2 * DAY + 1), None);
    assert_eq!(seen(OUT, 2 * DAY + 2), Some((2, "active")));
    assert_eq!(seen(Kind::Aside, 2 * DAY), Some((1, "active")), "the one before");
    assert_eq!(seen(Kind::Aside, DAY), None);
}

#[test]
fn a_snapshot_as_json() {
    let started_at = Utc.with_ymd_and_hms(2026, 9, 17, 8, 0, 0).unwrap();
    let id = SessionId::from_raw(7);
    let session = Session { id, started_at, activated_at: Some(started_at) };
    let expected = format!(
        "{{\"id\":\"{id}\",\"state\":\"active\",\"started_at\":\"2026-09-17T08:00:00.000Z\",\
         \"expires_at\":\"2026-09-18T08:00:00.000Z\"}}"
    );
    assert_eq!(Snapshot { session, at: started_at }.json(), expected.as_bytes());
}

#[test]
fn of_two_windows_the_open_one_goes_on_and_no_end_is_lost() {
    let story = |facts: &[(Kind, i64)]| {
        let mut story = Story::new();
        for (kind, when) in facts {
            story.see(fact(*kind, *when), 2 * DAY);
        }
        story.window
    };
    let (early, late) = (story(&[(OUT, 1)]), story(&[(IN, 1), (OUT, 2)]));
    for (ours, theirs) in [(early, late), (late, early)] {
        let (kept, rest) = ours.merged(theirs);
        assert_eq!((kept.last, rest.unwrap().last), (early.last, late.last));
        assert_eq!(kept.last_in, Some(at(1)));
    }
    let (closed, _) = expire(&early, at(2 * DAY)).unwrap();
    assert_eq!(closed.merged(late), (late, None));
    assert_eq!(late.merged(closed), (late, None));
    let empty = Window::default();
    assert_eq!(empty.merged(closed), (closed, None));
}

/// One message or status of the model, and how long it was under way.
#[derive(Debug, Clone, Copy)]
struct Sent {
    /// `None`: the contact wrote.
    message: Option<usize>,
    kind: Kind,
    at: i64,
    comes_at: i64,
}

/// Sessions by their definition: of all the facts, in the order of their times.
fn sessions(facts: &[Sent]) -> Vec<i64> {
    let mut reached: BTreeMap<usize, i64> = BTreeMap::new();
    for fact in facts {
        if let Some(message) = fact.message {
            let first = reached.entry(message).or_insert(fact.at);
            *first = (*first).min(fact.at);
        }
    }
    let deliveries: BTreeSet<i64> = reached.into_values().collect();
    let mut sessions: Vec<i64> = Vec::new();
    for delivery in deliveries {
        if sessions.last().is_none_or(|began| began + DAY <= delivery) {
            sessions.push(delivery);
        }
    }
    sessions
}

const MINUTE: i64 = 60_000_000;
/// By how much facts overtake each other.
const LAG_MINUTES_MAX: i64 = 6 * 60;

fn facts() -> impl Strategy<Value = Vec<Sent>> {
    let lag = 0..LAG_MINUTES_MAX;
    let status = (prop::option::weighted(0.8, lag.clone()), 0..2 * 24 * 60_i64);
    let out = (0..5 * 24 * 60_i64, [status.clone(), status.clone(), status]);
    let written = (0..5 * 24 * 60_i64, lag);
    (prop::collection::vec(out, 0..8), prop::collection::vec(written, 0..6)).prop_map(
        |(out, written)| {
            let mut facts = Vec::new();
            for (message, (began, statuses)) in out.into_iter().enumerate() {
                let mut when = began;
                for (kind, (lag, later)) in
                    [OUT, Kind::Read, Kind::Played].into_iter().zip(statuses)
                {
                    let Some(lag) = lag else { continue };
                    let (at, comes_at) = (when * MINUTE, (when + lag) * MINUTE);
                    facts.push(Sent { message: Some(message), kind, at, comes_at });
                    // Many a message is read at once.
                    when += if later % 3 == 0 { later % 7 } else { later };
                }
            }
            for (when, lag) in written {
                let (at, comes_at) = (when * MINUTE, (when + lag) * MINUTE);
                facts.push(Sent { message: None, kind: IN, at, comes_at });
            }
            facts
        },
    )
}

/// Keeps to the limit: what comes before its message's `delivered` lies in the same session.
fn within_limits(mut facts: Vec<Sent>) -> Vec<Sent> {
    let sessions = sessions(&facts);
    let session_of = |at: i64| sessions.iter().rposition(|began| *began <= at && at < began + DAY);
    for place in 0..facts.len() {
        let fact = facts[place];
        let first = facts.iter().filter(|other| other.message == fact.message);
        let Some(first) = first.min_by_key(|other| other.at).copied() else { continue };
        if fact.message.is_some() && session_of(first.at) != session_of(fact.at) {
            facts[place].comes_at = fact.comes_at.max(first.comes_at + 1);
        }
    }
    facts
}

/// What the store finds of a message's other statuses.
fn is_known(seen: &BTreeSet<(usize, u8)>, fact: &Sent) -> bool {
    let earlier = 0..rank(fact.kind);
    fact.message.is_some_and(|message| earlier.into_iter().any(|r| seen.contains(&(message, r))))
}

fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Delivered => 0,
        Kind::Read => 1,
        Kind::Played => 2,
        Kind::Received | Kind::Aside => 3,
    }
}

/// Plays facts in the order in which they come, with a clock that is looked at before each and after all.
fn play(facts: &[Sent]) -> (Story, BTreeMap<i64, Session>) {
    let mut story = Story::new();
    let mut seen = BTreeSet::new();
    let mut last_state: BTreeMap<i64, Session> = BTreeMap::new();
    for one in facts {
        story.look_at_the_clock(one.comes_at);
        let is_known = is_known(&seen, one);
        story.see(Fact { is_known, ..fact(one.kind, one.at) }, one.comes_at);
        if let Some(message) = one.message {
            seen.insert((message, rank(one.kind)));
        }
        for session in [story.window.last.session(), story.window.earlier].into_iter().flatten() {
            last_state.insert(session.id.raw(), session);
        }
    }
    story.look_at_the_clock(90 * DAY);
    (story, last_state)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever the order in which facts come, within the limits that the module names, and however
    /// often: the sessions are those of their definition, each is told to begin once, to end once and
    /// to be active at most once, and only if it was; it is told where the contact's message came before
    /// its end. (When it became active is exact unless two messages overtake the delivery.)
    #[test]
    fn the_order_of_arrival_does_not_matter(
        facts in facts(),
        repeats in prop::collection::vec((any::<prop::sample::Index>(), 0..3 * 24 * 60_i64), 0..6),
    ) {
        let mut facts = within_limits(facts);
        let expected = sessions(&facts);
        for (which, later) in repeats {
            if !facts.is_empty() {
                let one = *which.get(&facts);
                facts.push(Sent { comes_at: one.comes_at + later * MINUTE, ..one });
            }
        }
        let mut arrivals = facts.clone();
        arrivals.sort_by_key(|fact| fact.comes_at);
        let (story, states) = play(&arrivals);
        let starts: Vec<i64> = states.values().map(|session| micros(session.started_at)).collect();
        prop_assert_eq!(&starts, &expected);
        for session in states.values() {
            let is_it = |told: &&Told| told.session().id == session.id;
            let of_it: Vec<Told> = story.told.iter().filter(is_it).copied().collect();
            let began = micros(session.started_at);
            let active_by = |latest: i64| facts.iter().any(|fact| {
                let counts = fact.at > began - DAY && fact.at < began + DAY;
                fact.kind == IN && counts && fact.comes_at < latest
            });
            match of_it.as_slice() {
                [Told::Started(_), Told::Expired(end)] => {
                    prop_assert_eq!(end, session);
                    prop_assert!(end.activated_at.is_none() && !active_by(began + DAY));
                }
                [Told::Started(_), Told::Activated(..), Told::Expired(end)] => {
                    prop_assert_eq!(end, session);
                    prop_assert!(active_by(i64::MAX));
                    let since = micros(end.activated_at.unwrap());
                    prop_assert!(began <= since && since < began + DAY);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
        let ends: Vec<Told> = story.told.iter().filter(|told| matches!(told, Told::Expired(_))).copied().collect();
        prop_assert!(ends.windows(2).all(|two| two[0].at() <= two[1].at()));
    }

    /// No fact panics, and no end is told before its time.
    #[test]
    fn whatever_comes_is_taken(
        facts in prop::collection::vec((0..5_u8, any::<i32>(), any::<i32>(), any::<bool>()), 0..40),
    ) {
        let mut story = Story::new();
        for (kind, when, now, is_known) in facts {
            let kind = [IN, OUT, Kind::Read, Kind::Played, Kind::Aside][usize::from(kind)];
            let (when, now) = (i64::from(when) * 1_000_000, i64::from(now) * 1_000_000);
            story.see(Fact { is_known, ..fact(kind, when) }, now);
            story.look_at_the_clock(now);
        }
        let begun: BTreeSet<i64> = story.told.iter().map(|told| told.session().id.raw()).collect();
        for told in ["started", "expired", "activated"] {
            let of_it = story.text().into_iter().filter(|text| text.starts_with(told)).count();
            prop_assert!(of_it <= begun.len());
        }
    }
}
