//! WhatsApp in, any shape out: what Meta sends, update by update, at receivers of each format.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::api::Api;
use testkit::files;
use testkit::program::Setup;
use testkit::receiver::{Received, Receiver};

use crate::signatures::{ESCAPING_JUDGE, HUB_JUDGE, STANDARD_JUDGES, verdicts};
use crate::sources::{SECRET, path, post, source};
use crate::support::{SOON, fixture, on_both_databases, running, text};

on_both_databases! {
    every_fixture_arrives_once_in_every_format
    what_is_malformed_does_not_lose_what_stands_beside_it
    emoji_and_arabic_pass_whoever_escapes_before_it_hashes
}

/// Lists of a value whose elements are updates of their own.
const LISTS: [&str; 3] = ["messages", "statuses", "message_echoes"];

/// What Hookferry makes itself, which Meta has no words for.
const DERIVED: [&str; 2] = ["contact.created", "message.replied"];

/// What Wati tells of, and how its newer version calls it.
const WATI: [(&str, &[&str]); 15] = [
    ("message.received", &["message"]),
    ("contact.created", &["newContactMessageReceived"]),
    ("message.template_sent", &["templateMessageSent_v2"]),
    ("message.session_sent", &["sessionMessageSent_v2"]),
    ("message.delivered", &["sentMessageDELIVERED_v2"]),
    ("message.read", &["sentMessageREAD_v2"]),
    ("message.replied", &["sentMessageREPLIED_v2"]),
    ("message.failed", &["templateMessageFailed", "sessionMessageFailed"]),
    ("template.status_updated", &["templateReviewed"]),
    ("template.quality_updated", &["templateQualityUpdated"]),
    ("template.category_updated", &["templateCategoryUpdated"]),
    ("account.updated", &["accountUpdated", "accountDeleted"]),
    ("account.review_updated", &["wabaStatusReviewUpdate"]),
    ("phone_number.quality_updated", &["phoneNumberQualityUpdate"]),
    ("business.capability_updated", &["businessCapabilityUpdated"]),
];

/// A receiver and the endpoint that sends to it.
struct At {
    receiver: Receiver,
    secret: String,
}

impl At {
    async fn of_format(api: &Api, format: Value) -> Self {
        let receiver = Receiver::start();
        let mut endpoint = format;
        endpoint["url"] = receiver.url("/").into();
        endpoint["event_types"] = json!(["*", "contact.*", "session.*"]);
        let made = api.create_endpoint(endpoint).await;
        Self { secret: text(&made, "secret").to_owned(), receiver }
    }

    async fn three(api: &Api) -> [Self; 3] {
        [
            Self::of_format(api, json!({"format": "hookferry"})).await,
            Self::of_format(api, json!({"format": "wati", "wati_version": 2})).await,
            Self::of_format(api, json!({"format": "meta"})).await,
        ]
    }

    /// What came, by its event's id: each once, and of these events.
    async fn exactly(&self, ids: &[&str]) -> BTreeMap<String, Received> {
        let requests = self.receiver.wait_for(ids.len(), SOON).await;
        let count = requests.len();
        let by_id: BTreeMap<String, Received> =
            requests.into_iter().map(|request| (request.event_id().to_owned(), request)).collect();
        assert_eq!(count, by_id.len(), "something came twice");
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        assert_eq!(by_id.keys().map(String::as_str).collect::<Vec<_>>(), ids);
        by_id
    }

    fn all_verified(&self, requests: &BTreeMap<String, Received>, judges: &[(&str, &str)]) {
        let asked: Vec<_> = requests.values().map(|one| (one, self.secret.as_str())).collect();
        for judge in judges {
            let refused = verdicts(*judge, &asked).iter().filter(|said| !**said).count();
            assert_eq!(refused, 0, "{judge:?} refuses some of {}", asked.len());
        }
    }
}

/// The notifications of `crates/testkit/fixtures/meta`. Several tell the same status of the same message,
/// so each gets messages of its own; and times that are long ago on every clock, so that no session is on.
fn fixtures() -> Vec<(String, String)> {
    let folder = files::root().join("crates/testkit/fixtures/meta");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|one| one.unwrap().path()).collect();
    paths.sort();
    let is_notification = |name: &str| name != "verification_handshake";
    let mut all = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|end| end == "json")) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if is_notification(name) {
            let own = format!("wamid.{}/", all.len());
            let body = std::fs::read_to_string(path).unwrap();
            all.push((name.to_owned(), body.replace("wamid.", &own).replace("1789632", "1700000")));
        }
    }
    all
}

/// Each update of a notification as a notification that holds nothing else.
fn alone(notification: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    for entry in notification["entry"].as_array().unwrap() {
        for change in entry["changes"].as_array().unwrap() {
            let around = |value: Value| {
                let (mut all, mut entry, mut change) =
                    (notification.clone(), entry.clone(), change.clone());
                change["value"] = value;
                entry["changes"] = json!([change]);
                all["entry"] = json!([entry]);
                all
            };
            let value = &change["value"];
            let before = all.len();
            for list in LISTS {
                for element in value[list].as_array().into_iter().flatten() {
                    let mut value = value.clone();
                    for other in LISTS {
                        value.as_object_mut().unwrap().remove(other);
                    }
                    value[list] = json!([element]);
                    all.push(around(value));
                }
            }
            if all.len() == before {
                all.push(around(value.clone()));
            }
        }
    }
    all
}

/// The update of a notification that [`alone`] gives.
fn update(notification: &Value) -> &Value {
    let value = &notification["entry"][0]["changes"][0]["value"];
    LISTS.iter().find_map(|list| value[list].get(0)).unwrap_or(value)
}

/// Every event of a source, the newest first.
async fn all_events(api: &Api, source: &Value) -> Vec<Value> {
    let first = format!("/events?limit=100&source_id={}", text(source, "id"));
    let (mut path, mut all) = (first.clone(), Vec::new());
    loop {
        let page = api.get(&path).await.expect(200);
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("{first}&cursor={cursor}"),
            None => return all,
        }
    }
}

/// The ids of events whose type is wanted.
fn ids(events: &[Value], is_wanted: impl Fn(&str) -> bool) -> Vec<&str> {
    let wanted = events.iter().filter(|event| is_wanted(text(event, "type")));
    wanted.map(|event| text(event, "id")).collect()
}

fn wati_names(event_type: &str) -> Option<&'static [&'static str]> {
    WATI.iter().find(|(name, _)| *name == event_type).map(|(_, names)| *names)
}

async fn every_fixture_arrives_once_in_every_format(setup: Setup) {
    let (_program, api) = running(&setup).await;
    let [ours, wati, meta] = At::three(&api).await;
    let source = source(&api).await;
    let fixtures = fixtures();
    assert_eq!(fixtures.len(), 68);
    let mut expected = Vec::new();
    for (name, body) in &fixtures {
        assert_eq!(post(&api, &source, SECRET, body.as_bytes()).await.status, 200, "{name}");
        expected.extend(alone(&serde_json::from_str(body).unwrap()));
    }
    assert_eq!(expected.len(), 71, "one a fixture, and four of the batch");
    let events = all_events(&api, &source).await;
    let from_meta = ids(&events, |name| !DERIVED.contains(&name));
    assert_eq!(from_meta.len(), expected.len());
    // A button, three replies to lists and flows, a question about a product, a quoted message.
    assert_eq!(ids(&events, |name| name == "message.replied").len(), 6);
    let new = ids(&events, |name| name == "contact.created").len();
    assert_eq!(events.len(), 71 + 6 + new);

    let for_wati = ids(&events, |name| wati_names(name).is_some());
    let at_ours = ours.exactly(&ids(&events, |_| true)).await;
    let at_wati = wati.exactly(&for_wati).await;
    let at_meta = meta.exactly(&from_meta).await;
    let judges = [STANDARD_JUDGES, &[HUB_JUDGE]].concat();
    ours.all_verified(&at_ours, &judges);
    wati.all_verified(&at_wati, &judges);
    meta.all_verified(&at_meta, &[&judges[..], &[ESCAPING_JUDGE]].concat());
    each_says_the_same(&at_ours, &at_wati, &at_meta);
    for request in at_meta.values() {
        let body = request.json();
        let place = expected.iter().position(|one| *one == body);
        expected.remove(place.unwrap_or_else(|| panic!("nobody posted {body}")));
    }
    assert!(expected.is_empty(), "posted, and never came: {expected:?}");
    nothing_comes_twice(&api, &source, &fixtures, &events).await;
    let counts = [&ours, &wati, &meta].map(|at| at.receiver.count());
    assert_eq!(counts, [events.len(), for_wati.len(), from_meta.len()]);
}

/// What one event says to the three is the same.
fn each_says_the_same(
    ours: &BTreeMap<String, Received>,
    wati: &BTreeMap<String, Received>,
    meta: &BTreeMap<String, Received>,
) {
    for (id, request) in ours {
        let body = request.json();
        let (event_type, data) = (text(&body, "type"), &body["data"]);
        let parts = ["message", "status", "value"];
        if let Some(request) = meta.get(id) {
            let part = parts.iter().find_map(|part| data.get(*part)).unwrap();
            assert_eq!(update(&request.json()), part);
        }
        if let Some(request) = wati.get(id) {
            let told = request.json();
            let names = wati_names(event_type).unwrap();
            assert!(names.contains(&text(&told, "eventType")), "{event_type} as {told}");
            if event_type == "message.received" {
                assert_eq!(told["whatsappMessageId"], data["message_id"]);
            }
        }
    }
}

/// Posts all of it once more: no event is made, no delivery is left or new.
async fn nothing_comes_twice(
    api: &Api,
    source: &Value,
    fixtures: &[(String, String)],
    events: &[Value],
) {
    let made = || async {
        let all = api.deliveries("limit=100").await;
        all.iter().all(|one| one["state"] == "delivered").then_some(all.len())
    };
    let before = testkit::wait::until("all is delivered", SOON, made).await;
    for (name, body) in fixtures {
        assert_eq!(post(api, source, SECRET, body.as_bytes()).await.status, 200, "{name}");
    }
    let ids = |events: &[Value]| -> Vec<Value> { events.iter().map(|e| e["id"].clone()).collect() };
    assert_eq!(ids(&all_events(api, source).await), ids(events));
    assert_eq!(api.deliveries("limit=100").await.len(), before);
}

async fn what_is_malformed_does_not_lose_what_stands_beside_it(setup: Setup) {
    let (_program, api) = running(&setup).await;
    let [ours, ..] = At::three(&api).await;
    let source = source(&api).await;
    let (_, batch) =
        fixtures().into_iter().find(|(name, _)| name == "batch_mixed_two_entries").unwrap();
    let mut batch: Value = serde_json::from_str(&batch).unwrap();
    batch["entry"][0]["changes"][0] = json!("a text");
    batch["entry"].as_array_mut().unwrap().push(json!({"id": "1", "changes": 7}));
    let body = batch.to_string();
    assert_eq!(post(&api, &source, SECRET, body.as_bytes()).await.status, 200);
    let mut types: Vec<String> = ours.receiver.wait_for(3, SOON).await[..3]
        .iter()
        .map(|request| text(&request.json(), "type").to_owned())
        .collect();
    types.sort();
    assert_eq!(types, ["contact.created", "message.delivered", "message.received"]);
    let answer = post(&api, &source, SECRET, &body.as_bytes()[..body.len() - 1]).await;
    assert_eq!(answer.expect(400)["code"], "malformed_notification");
    let counted = |shown: &Value| shown["notifications"]["refused"] == 3;
    api.wait_for(&path(&source), SOON, counted).await;
    let refused = api.get(&format!("{}/refused", path(&source))).await.expect(200);
    let seen = |reason: &str, detail: &str| {
        let rows = refused["data"].as_array().unwrap();
        let found = rows.iter().any(|row| {
            row["reason"] == reason
                && text(row, "detail").contains(detail)
                && row["body_bytes"].as_u64().is_some_and(|bytes| bytes > 0)
        });
        assert!(found, "no {reason} with {detail} in {refused}");
    };
    seen("part_malformed", "/entry/0/changes/0");
    seen("part_malformed", "/entry/2/changes");
    seen("malformed", "column");
    assert_eq!(all_events(&api, &source).await.len(), 3);
}

async fn emoji_and_arabic_pass_whoever_escapes_before_it_hashes(setup: Setup) {
    let (_program, api) = running(&setup).await;
    let [ours, _, meta] = At::three(&api).await;
    let source = source(&api).await;
    let said = "مرحبا 👋🏽 — ₹1,299/<%@ \u{7f}";
    let mut notification: Value = serde_json::from_str(&fixture("message_text.json")).unwrap();
    let value = &mut notification["entry"][0]["changes"][0]["value"];
    value["messages"][0]["text"]["body"] = said.into();
    value["contacts"][0]["profile"]["name"] = "ليلى 🙏".into();
    let raw = notification.to_string();
    // As Meta has it, so that what is signed is not what a parser gives back.
    notification["entry"][0]["changes"][0]["value"]["messages"][0]["id"] = "wamid.escaped".into();
    let mut escaped = String::new();
    for unit in notification.to_string().encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("\\u{unit:04x}")),
        }
    }
    for body in [&raw, &escaped] {
        assert_eq!(post(&api, &source, SECRET, body.as_bytes()).await.status, 200);
    }
    let events = all_events(&api, &source).await;
    let received = ids(&events, |name| name == "message.received");
    let at_meta = meta.exactly(&received).await;
    meta.all_verified(&at_meta, &[HUB_JUDGE, ESCAPING_JUDGE]);
    for request in at_meta.values() {
        assert!(request.body.is_ascii());
        assert_eq!(update(&request.json())["text"]["body"], said);
    }
    // The other way round: what is not escaped is refused by whoever escapes.
    let at_ours = ours.exactly(&ids(&events, |_| true)).await;
    ours.all_verified(&at_ours, &[HUB_JUDGE]);
    let asked: Vec<_> = received.iter().map(|id| (&at_ours[*id], ours.secret.as_str())).collect();
    assert_eq!(verdicts(ESCAPING_JUDGE, &asked), [false, false]);
}
