//! Which endpoints an event goes to beyond its type, and how each delivery is written for as long as it
//! lives.

use chrono::TimeDelta;
use domain::event::NewEvent;
use domain::filter::{COMPANY_REGEXES_MAX, Filter, REGEXES_MAX};
use domain::format::{Format, Rendering, WatiNames, WatiVersion};
use domain::id::{DeliveryId, EndpointId, EventId};
use domain::job::JobRequest;
use domain::selection::{Narrowing, PhoneNumberIds, SessionState, SessionWanted};
use domain::traffic::Traffic;
use domain::why::WhyNot;
use store::{Accepted, EndpointPatch, Error, NewEndpoint, SwitchWanted, WEBHOOK_EXISTS};

use crate::claim::want;
use crate::engine::{Door, at, caller, lane, micros, new_event, of_pending, settle_one, status};
use crate::engine::{one, together};
use crate::jobs::{done, switch};
use crate::setup::{ACTOR, Setup, new_endpoint, now, on_both};

on_both!(
    what_an_endpoint_chooses_is_kept_and_changed,
    regexes_of_a_company_are_bounded,
    an_event_goes_where_number_data_and_form_agree,
    a_change_of_the_filter_counts_for_the_next_event,
    sessions_are_asked_for_by_name,
    why_tells_what_kept_an_event_away,
    a_delivery_is_written_as_it_began,
    deliveries_of_every_format_stand_in_lines,
    a_delivery_that_was_put_back_keeps_its_format_and_a_replay_has_the_new_one,
    jobs_choose_as_fan_out_does,
    several_endpoints_are_made_or_none,
);

const TEXT: &str = r#"{"phone_number_id":"1","message":{"type":"text"}}"#;
const IMAGE: &str = r#"{"phone_number_id":"2","message":{"type":"image"}}"#;

fn filter(text: &str) -> Option<Filter> {
    Some(Filter::parse(text).unwrap())
}

fn only_text() -> Narrowing {
    let filter = filter(r#"{"field":"message.type","eq":"text"}"#);
    Narrowing { filter, ..Narrowing::default() }
}

fn number(id: &str) -> Narrowing {
    let phone_number_ids = PhoneNumberIds::parse(vec![id.to_owned()]).ok();
    Narrowing { phone_number_ids, ..Narrowing::default() }
}

fn session(state: SessionState) -> Narrowing {
    Narrowing { session: SessionWanted::Only(state), ..Narrowing::default() }
}

async fn made(s: &Setup, format: Format, narrowing: Narrowing) -> EndpointId {
    let event_types = vec![domain::event_type::Selector::All];
    let wanted = NewEndpoint { format, narrowing, event_types, ..new_endpoint() };
    s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap().id
}

fn event(s: &Setup, event_type: &str, data: &str) -> NewEvent {
    NewEvent { data: data.as_bytes().into(), ..new_event(s.company, event_type) }
}

async fn accepted(s: &Setup, door: &std::sync::Arc<Door>, event: NewEvent) -> (EventId, u32) {
    counted(one(s, door, event).await)
}

fn counted(accepted: Accepted) -> (EventId, u32) {
    let Accepted::New { event, deliveries } = accepted else { panic!("{accepted:?}") };
    (event, deliveries)
}

/// To whom an event has gone, by their ids.
async fn went(s: &Setup, event: EventId) -> Vec<EndpointId> {
    let records = s.store.why(s.company, event).await.unwrap();
    let mut to: Vec<EndpointId> = records
        .into_iter()
        .filter(|record| !record.deliveries.is_empty())
        .map(|record| record.endpoint.id)
        .collect();
    to.sort_unstable();
    to
}

async fn what_an_endpoint_chooses_is_kept_and_changed(s: Setup) {
    let names = WatiNames::default()
        .choose("message.template_sent", "templateMessageSent_v2_bsuid")
        .unwrap();
    let format = Format::Wati { version: WatiVersion::V2, names };
    let narrowing = Narrowing { filter: only_text().filter, ..number("1") };
    let id = made(&s, format, narrowing.clone()).await;
    let shown = s.store.endpoint(s.company, id).await.unwrap();
    assert_eq!((shown.format, shown.narrowing), (format, narrowing.clone()));
    assert_eq!(s.store.target(s.company, id, now()).await.unwrap().format, format);

    let patch = |patch| s.store.update_endpoint(s.company, id, patch, ACTOR, now());
    let session = SessionWanted::Only(SessionState::Active);
    let active = EndpointPatch { session: Some(session), ..EndpointPatch::default() };
    let changed = patch(active).await.unwrap();
    assert_eq!(changed.format, format, "what is not named stays");
    assert_eq!(changed.narrowing, Narrowing { session, ..narrowing });
    let all = EndpointPatch {
        format: Some(Format::Meta),
        phone_number_ids: Some(None),
        session: Some(SessionWanted::Any),
        filter: Some(None),
        ..EndpointPatch::default()
    };
    let cleared = patch(all).await.unwrap();
    assert_eq!((cleared.format, cleared.narrowing.is_none()), (Format::Meta, true));
    let left = "FROM endpoints WHERE wati_version IS NULL AND wati_names IS NULL AND filter IS NULL \
        AND phone_number_ids IS NULL AND format = 'meta'";
    assert_eq!(s.count(left).await, 1);
    let sql =
        "SELECT facts FROM audit_log WHERE action = 'endpoint.updated' ORDER BY id DESC LIMIT 1";
    let facts: String = s.row(sql).await.try_get("", "facts").unwrap();
    for part in ["\"format\":[\"wati\",\"meta\"]", "\"wati_names\":[{", "\"filter\":[{"] {
        assert!(facts.contains(part), "{facts}");
    }
}

async fn regexes_of_a_company_are_bounded(s: Setup) {
    let with = |count: usize| {
        let one = r#"{"field":"a","regex":"x"}"#;
        let text = format!("{{\"or\":[{}]}}", vec![one; count].join(","));
        Narrowing { filter: filter(&text), ..Narrowing::default() }
    };
    let make = |narrowing| {
        let wanted = NewEndpoint { narrowing, ..new_endpoint() };
        s.store.create_endpoint(s.company, wanted, ACTOR, now())
    };
    let mut last = None;
    for _ in 0..COMPANY_REGEXES_MAX / REGEXES_MAX {
        last = Some(make(with(REGEXES_MAX)).await.unwrap().id);
    }
    let refused = make(with(1)).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { code: "too_many_regexes", .. }), "{refused:?}");
    make(only_text()).await.unwrap();
    // Its own do not count twice.
    let patch = |narrowing: Narrowing| {
        let patch = EndpointPatch { filter: Some(narrowing.filter), ..EndpointPatch::default() };
        s.store.update_endpoint(s.company, last.unwrap(), patch, ACTOR, now())
    };
    patch(with(REGEXES_MAX - 1)).await.unwrap();
    make(with(1)).await.unwrap();
    let refused = patch(with(REGEXES_MAX)).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { code: "too_many_regexes", .. }), "{refused:?}");
}

async fn an_event_goes_where_number_data_and_form_agree(s: Setup) {
    let door = Door::with_room(9);
    let all = made(&s, Format::Hookferry, Narrowing::default()).await;
    let meta = made(&s, Format::Meta, Narrowing::default()).await;
    let text = made(&s, Format::Hookferry, only_text()).await;
    let first = made(&s, Format::WATI_V2, number("1")).await;
    let check = async |event: NewEvent, expected: &[EndpointId]| {
        let (id, deliveries) = accepted(&s, &door, event).await;
        assert_eq!(went(&s, id).await, expected);
        assert_eq!(deliveries as usize, expected.len());
        assert_eq!(s.store.event(s.company, id).await.unwrap().deliveries as usize, expected.len());
    };
    check(event(&s, "message.received", TEXT), &[all, meta, text, first]).await;
    check(event(&s, "message.received", IMAGE), &[all, meta]).await;
    let by_first =
        NewEvent { phone_number_id: Some("1".into()), ..event(&s, "message.received", IMAGE) };
    check(by_first, &[all, meta, first]).await;
    // No number at all is no other number; what a format cannot say does not go there.
    check(event(&s, "template.status_updated", "{}"), &[all, meta, first]).await;
    check(event(&s, "session.started", TEXT), &[all, text]).await;
    assert_eq!(door.outstanding(), 0);
}

async fn a_change_of_the_filter_counts_for_the_next_event(s: Setup) {
    let door = Door::with_room(9);
    let id = made(&s, Format::Hookferry, only_text()).await;
    let image = || event(&s, "message.received", IMAGE);
    assert_eq!(accepted(&s, &door, image()).await.1, 0);
    let patch = EndpointPatch { filter: Some(None), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, id, patch, ACTOR, now()).await.unwrap();
    assert_eq!(accepted(&s, &door, image()).await.1, 1);
    let other = filter(r#"{"field":"message.type","ne":"image"}"#);
    let patch = EndpointPatch { filter: Some(other), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, id, patch, ACTOR, now()).await.unwrap();
    assert_eq!(accepted(&s, &door, image()).await.1, 0);
    // The second of a batch is looked at by itself.
    let batch = vec![image(), event(&s, "message.received", TEXT), image()];
    let job = (caller(&s, s.company).await, batch);
    let answer = together(&s.store, &door, vec![job]).await.remove(0).unwrap();
    let counts = answer.into_iter().map(|accepted| counted(accepted).1);
    assert_eq!(counts.collect::<Vec<_>>(), [0, 1, 0]);
}

async fn sessions_are_asked_for_by_name(s: Setup) {
    let door = Door::with_room(9);
    let any = made(&s, Format::Hookferry, Narrowing::default()).await;
    let active = made(&s, Format::Hookferry, session(SessionState::Active)).await;
    made(&s, Format::Hookferry, session(SessionState::Inactive)).await;
    let (id, deliveries) = accepted(&s, &door, event(&s, "template.status_updated", "{}")).await;
    assert_eq!((went(&s, id).await, deliveries), (vec![any], 1), "it has no session");
    let sql = "UPDATE events SET session = $1 WHERE id = $2";
    let json = br#"{"id":"ses_1","state":"active"}"#.to_vec();
    s.sql(sql, vec![json.into(), id.raw().into()]).await;
    let reasons = reasons(&s, id).await;
    assert_eq!(reasons[1], (active, Some(WhyNot::ChangedSince)));
    assert_eq!(reasons[2].1, Some(WhyNot::OtherSession));
}

/// Why an event is not at each endpoint, in the order of their ids.
async fn reasons(s: &Setup, event: EventId) -> Vec<(EndpointId, Option<WhyNot>)> {
    let records = s.store.why(s.company, event).await.unwrap();
    records.into_iter().rev().map(|record| (record.endpoint.id, record.why_not)).collect()
}

async fn why_tells_what_kept_an_event_away(s: Setup) {
    let door = Door::with_room(9);
    made(&s, Format::Hookferry, only_text()).await;
    made(&s, Format::Hookferry, number("1")).await;
    made(&s, Format::Hookferry, session(SessionState::Active)).await;
    made(&s, Format::Hookferry, Narrowing::default()).await;
    let (id, deliveries) = accepted(&s, &door, event(&s, "message.received", IMAGE)).await;
    assert_eq!(deliveries, 1);
    let found: Vec<_> = reasons(&s, id).await.into_iter().map(|(_, why)| why).collect();
    let expected = [
        Some(WhyNot::FilterDiffers),
        Some(WhyNot::OtherPhoneNumber),
        Some(WhyNot::OtherSession),
        None,
    ];
    assert_eq!(found, expected);
    let records = s.store.why(s.company, id).await.unwrap();
    let finding = records[3].finding.as_deref().unwrap();
    assert!(finding.contains("message.type is \"image\""), "{finding}");
    assert!(records[0].finding.is_none());
    made(&s, Format::Meta, Narrowing::default()).await;
    let (own, _) = accepted(&s, &door, event(&s, "session.started", IMAGE)).await;
    assert_eq!(reasons(&s, own).await[4].1, Some(WhyNot::NoForm));
}

/// The numbers of a pending delivery.
async fn numbers(s: &Setup, id: DeliveryId) -> (i64, i64) {
    (of_pending(s, id, "format").await, of_pending(s, id, "render_version").await)
}

async fn a_delivery_is_written_as_it_began(s: Setup) {
    let door = Door::with_room(9);
    let plain = made(&s, Format::Hookferry, Narrowing::default()).await;
    let wati = made(&s, Format::WATI_V2, Narrowing::default()).await;
    // Wati writes seven digits of the second, and six are kept.
    let occurred_at = Some(now() + TimeDelta::nanoseconds(1_234_567));
    let event = NewEvent { occurred_at, ..event(&s, "message.received", TEXT) };
    let (event, deliveries) = accepted(&s, &door, event).await;
    assert_eq!(deliveries, 2);
    let handed = door.handed.lock().clone();
    let of = |endpoint| handed.iter().find(|row| row.endpoint == endpoint).unwrap().clone();
    assert_eq!(of(plain).rendering, Rendering::USUAL);
    assert_eq!(of(wati).rendering, Rendering::of(Format::WATI_V2));
    assert_eq!((of(plain).event.id, of(wati).event.id), (event, event));
    assert_eq!(numbers(&s, of(plain).id).await, (0, 1));
    assert_eq!(numbers(&s, of(wati).id).await, (Format::WATI_V2.number(), 1));

    // The format is another one when the second try comes.
    lane(&s, wati, s.store.incarnation()).await;
    settle_one(&s, &of(wati), status(500), 1).await;
    let patch = EndpointPatch { format: Some(Format::Meta), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, wati, patch, ACTOR, at(2)).await.unwrap();
    let claimed = s.store.claim(&[want(wati, 9)], at(60)).await.unwrap().rows.remove(0);
    assert_eq!(claimed.rendering, of(wati).rendering);
    assert_eq!(
        claimed.rendering.render(&claimed.event),
        of(wati).rendering.render(&of(wati).event)
    );
    let shown = async |id| s.store.delivery(s.company, id).await.unwrap().rendering;
    assert_eq!(shown(claimed.id).await, Some(claimed.rendering));
    settle_one(&s, &claimed, status(200), 61).await;
    settle_one(&s, &of(plain), status(200), 61).await;
    assert_eq!(shown(claimed.id).await, Some(claimed.rendering), "from history");
    assert_eq!(shown(of(plain).id).await, Some(Rendering::USUAL));
    let kept = format!("FROM deliveries WHERE format = {}", Format::WATI_V2.number());
    assert_eq!((s.count(&kept).await, s.count("FROM deliveries").await), (1, 2));

    // What a later release has made is not guessed at.
    let sql = "UPDATE deliveries SET render_version = 99 WHERE id = $1";
    s.sql(sql, vec![claimed.id.raw().into()]).await;
    assert_eq!(shown(claimed.id).await, None);
}

async fn deliveries_of_every_format_stand_in_lines(s: Setup) {
    let door = Door::with_room(0);
    let traffic = Traffic { ordered: true, ..Traffic::default() };
    let event_types = vec![domain::event_type::Selector::All];
    let wanted = NewEndpoint { traffic, event_types, format: Format::Meta, ..new_endpoint() };
    let id = s.store.create_endpoint(s.company, wanted, ACTOR, now()).await.unwrap().id;
    made(&s, Format::Hookferry, Narrowing::default()).await;
    let about =
        |data| NewEvent { subject: Some("c".into()), ..event(&s, "message.received", data) };
    for data in [TEXT, IMAGE] {
        accepted(&s, &door, about(data)).await;
    }
    let sql = format!(
        "FROM pending WHERE endpoint_id = {} AND format = {} AND line_key IS NOT NULL",
        id.raw(),
        Format::Meta.number()
    );
    assert_eq!(s.count(&sql).await, 2);
    assert_eq!(s.count(&format!("{sql} AND due_at = {}", micros(now()))).await, 1);
    assert_eq!(s.count("FROM pending WHERE format = 0 AND line_key IS NULL").await, 2);
}

async fn a_delivery_that_was_put_back_keeps_its_format_and_a_replay_has_the_new_one(s: Setup) {
    let door = Door::with_room(9);
    let id = made(&s, Format::WATI_V2, Narrowing::default()).await;
    let (event, _) = accepted(&s, &door, event(&s, "message.received", TEXT)).await;
    let first = door.handed.lock().remove(0);
    settle_one(&s, &first, status(200), 1).await;
    let patch = EndpointPatch { format: Some(Format::Meta), ..EndpointPatch::default() };
    s.store.update_endpoint(s.company, id, patch, ACTOR, at(2)).await.unwrap();
    s.store.retry_delivery(s.company, first.id, ACTOR, at(3)).await.unwrap();
    assert_eq!(numbers(&s, first.id).await, (Format::WATI_V2.number(), 1));
    s.store.cancel_delivery(s.company, first.id, ACTOR, at(4)).await.unwrap();
    let canceled = format!("FROM deliveries WHERE format = {}", Format::WATI_V2.number());
    assert_eq!(s.count(&canceled).await, 2);

    let job = done(&s, JobRequest::Replay { event, endpoints: None }).await;
    assert_eq!((job.total, job.done), (1, 1));
    let replayed = format!("FROM pending WHERE format = {}", Format::Meta.number());
    assert_eq!((s.count(&replayed).await, s.count("FROM pending").await), (1, 1));
}

async fn jobs_choose_as_fan_out_does(s: Setup) {
    let door = Door::with_room(9);
    let text = made(&s, Format::WATI_V2, only_text()).await;
    let first = made(&s, Format::Meta, number("1")).await;
    let active = made(&s, Format::Hookferry, session(SessionState::Active)).await;
    for id in [text, first, active] {
        switch(&s, id, SwitchWanted::Disabled).await;
    }
    let (received, none) = accepted(&s, &door, event(&s, "message.received", TEXT)).await;
    assert_eq!(none, 0);
    let (image, _) = accepted(&s, &door, event(&s, "message.received", IMAGE)).await;
    let (own, _) = accepted(&s, &door, event(&s, "session.started", TEXT)).await;
    for id in [text, first, active] {
        switch(&s, id, SwitchWanted::Enabled).await;
    }
    let recover = |endpoint| JobRequest::Recover {
        endpoint,
        since: now(),
        until: None,
        include_delivered: false,
    };
    for (id, expected) in [(text, 1), (first, 1), (active, 0)] {
        let job = done(&s, recover(id)).await;
        assert_eq!((job.total, job.done), (expected, expected), "{id}");
    }
    let json = br#"{"state":"active"}"#.to_vec();
    let sql = "UPDATE events SET session = $1 WHERE id = $2";
    s.sql(sql, vec![json.into(), image.raw().into()]).await;
    assert_eq!(done(&s, recover(active)).await.done, 1);
    assert_eq!(went(&s, received).await, [text, first]);
    assert_eq!(went(&s, image).await, [active]);

    // Whoever is named gets what they do not pick, but never what their format cannot say.
    let replay = |event, endpoints| JobRequest::Replay { event, endpoints };
    assert_eq!(done(&s, replay(image, None)).await.done, 1);
    assert_eq!(done(&s, replay(image, Some(vec![text]))).await.done, 1);
    assert_eq!(done(&s, replay(own, Some(vec![text]))).await.done, 0);
    let wati = format!("FROM pending WHERE format = {}", Format::WATI_V2.number());
    assert_eq!(s.count(&wati).await, 2);
}

async fn several_endpoints_are_made_or_none(s: Setup) {
    let wanted = |url: &str, narrowing| NewEndpoint {
        url: url.into(),
        format: Format::WATI_V2,
        narrowing,
        ..new_endpoint()
    };
    let make = |all: Vec<NewEndpoint>| s.store.create_wati_endpoints(s.company, all, ACTOR, now());
    let url = "https://example.com/wati";
    // Two of one webhook have the same URL; those that were there before count.
    let made = make(vec![wanted(url, only_text()), wanted(url, only_text())]).await.unwrap();
    assert_eq!(made.len(), 2);
    assert!(made[0].id < made[1].id);
    let again = vec![wanted("https://example.com/new", only_text()), wanted(url, only_text())];
    let refused = make(again).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { code: WEBHOOK_EXISTS, .. }), "{refused:?}");
    assert_eq!(s.count("FROM endpoints").await, 2);
    make(vec![wanted(url, Narrowing::default())]).await.unwrap();
    assert_eq!(s.count("FROM audit_log WHERE action = 'endpoint.created'").await, 3);
}
