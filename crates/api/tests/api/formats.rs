//! Formats, filters, numbers and sessions of endpoints; the testers of filters; Wati's own call.

use domain::scope::Scope;
use serde_json::{Value, json};
use testkit::api::{Answer, Api};
use testkit::receiver::Receiver;

use crate::harness::{App, problem};

fn choosing() -> Value {
    json!({
        "url": "https://example.com/hook", "event_types": ["message.*"],
        "format": "wati", "wati_version": 2,
        "wati_names": {"message.template_sent": "templateMessageSent_v2_bsuid"},
        "filter": {"field": "message.type", "eq": "text"},
        "phone_number_ids": ["208845331907714", "208845331907714"], "session": "active",
    })
}

#[tokio::test]
async fn what_an_endpoint_chooses_is_set_shown_changed_and_audited() {
    let app = App::start().await;
    let plain = app.endpoint().await;
    let chosen = |shown: &Value| {
        let names =
            ["format", "wati_version", "wati_names", "filter", "phone_number_ids", "session"];
        json!(names.map(|name| shown[name].clone()))
    };
    let usual = json!(["hookferry", null, null, null, null, "any"]);
    assert_eq!(chosen(&plain), usual);
    let made = app.api.post("/endpoints", &choosing()).await.expect(201);
    let expected = json!([
        "wati", 2, {"message.template_sent": "templateMessageSent_v2_bsuid"},
        {"field": "message.type", "eq": "text"}, ["208845331907714"], "active",
    ]);
    assert_eq!(chosen(&made), expected);
    let path = format!("/endpoints/{}", made["id"].as_str().unwrap());
    let patch = json!({"wati_version": 1, "filter": null, "session": null});
    let changed = app.api.patch(&path, &patch).await.expect(200);
    assert_eq!((&changed["wati_version"], &changed["filter"]), (&json!(1), &Value::Null));
    assert_eq!(changed["wati_names"], expected[2], "what is not named stays");
    let log = app.api.get("/audit-log?action=endpoint.updated").await.expect(200);
    let facts = &log["data"][0]["facts"]["changed"];
    assert_eq!(facts["wati_version"], json!([2, 1]), "{log}");
    assert_eq!(facts["filter"], json!([{"field": "message.type", "eq": "text"}, null]));
    assert_eq!(facts["session"], json!(["active", "any"]));
    let patch = json!({"format": null, "phone_number_ids": null});
    let cleared = app.api.patch(&path, &patch).await.expect(200);
    assert_eq!(chosen(&cleared), usual);
    assert_eq!(chosen(&app.api.get(&path).await.expect(200)), usual);
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_place() {
    let app = App::start().await;
    let check = async |name: &str, value: Value, pointer: &str| {
        let mut body = choosing();
        body[name] = value;
        let answer = app.api.post("/endpoints", &body).await;
        problem(&answer, 422, "invalid_field", Some(pointer));
    };
    let filter = json!({"and": [{"field": "message.type", "equals": "text"}]});
    check("filter", filter, "/filter/and/0/equals").await;
    check("filter", json!("message.type"), "/filter").await;
    check("phone_number_ids", json!([]), "/phone_number_ids").await;
    check("session", json!("open"), "/session").await;
    check("wati_version", json!(3), "/wati_version").await;
    check("wati_names", json!({"message.read": "x"}), "/wati_names/message.read").await;
    check("format", json!("meta"), "/wati_version").await;
    // Numbers stand as they were written, and a filter as large as it may be has room.
    let long = "9".repeat(16_000);
    let text = format!(
        r#"{{"url":"https://example.com/hook","event_types":["*"],"filter": {{"or": [
            {{"field": "n", "eq": 1.50}}, {{"field": "n", "eq": "{long}"}}]}}}}"#
    );
    let answer = app.raw("POST", "/endpoints", text).await;
    answer.expect(201);
    assert!(String::from_utf8_lossy(&answer.body).contains(r#"{"field":"n","eq":1.50}"#));
}

#[tokio::test]
async fn events_go_where_everything_agrees_and_why_says_what_does_not() {
    let app = App::start().await;
    let mut wanted = choosing();
    wanted["session"] = json!("any");
    let made = app.api.post("/endpoints", &wanted).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let check = async |data: Value, reason: Option<&str>, detail: &str| {
        let event = json!({"type": "message.received", "data": data});
        let accepted = app.api.post("/events", &event).await.expect(202);
        assert_eq!(accepted["deliveries"], i32::from(reason.is_none()));
        let why = format!("/events/{}/why", accepted["id"].as_str().unwrap());
        let why = app.api.get(&why).await.expect(200);
        let told = why["data"].as_array().unwrap().iter().find(|told| told["endpoint_id"] == id);
        let told = told.unwrap();
        assert_eq!(told["reason"].as_str(), reason, "{why}");
        assert!(told["detail"].as_str().unwrap_or_default().contains(detail), "{told}");
        accepted
    };
    let text = json!({"type": "text"});
    check(json!({"phone_number_id": "208845331907714", "message": text}), None, "").await;
    check(json!({"message": text}), None, "").await;
    let other = json!({"phone_number_id": "1", "message": text});
    check(other, Some("other_phone_number"), "phone_number_ids").await;
    let image = json!({"message": {"type": "image"}});
    let detail = "does not take the event. fails: message.type is \"image\"";
    let event = check(image, Some("filter_differs"), detail).await;
    let patch = json!({"session": "active", "filter": null});
    app.api.patch(&format!("/endpoints/{id}"), &patch).await.expect(200);
    let session = json!({"message": text});
    check(session, Some("other_session"), "the event has none").await;
    let meta = json!({"format": "meta", "event_types": ["*"], "session": "any"});
    app.api.patch(&format!("/endpoints/{id}"), &meta).await.expect(200);
    let own = json!({"type": "session.started", "data": {}});
    let accepted = app.api.post("/events", &own).await.expect(202);
    let why = app.api.get(&format!("/events/{}/why", accepted["id"].as_str().unwrap())).await;
    assert_eq!(why.expect(200)["data"][0]["reason"], "no_form");
    assert!(event["id"].is_string());
}

#[tokio::test]
async fn a_tester_says_whether_an_event_would_have_come_and_why_not() {
    let app = App::start().await;
    let made = app.api.post("/endpoints", &choosing()).await.expect(201);
    let path = format!("/endpoints/{}/filter/test", made["id"].as_str().unwrap());
    let image = json!({"phone_number_id": "1", "message": {"type": "image"}});
    let event = json!({"type": "message.received", "data": image});
    let event = app.api.post("/events", &event).await.expect(202);
    let asked = json!({"event_id": event["id"]});
    let told = app.api.post(&path, &asked).await.expect(200);
    let parts = ["matches", "type_picked", "has_form", "phone_number", "session"];
    assert_eq!(
        json!(parts.map(|part| told[part].clone())),
        json!([false, true, true, false, false])
    );
    let finding = &told["filter"]["findings"][0];
    let expected = json!({"pointer": "", "held": false, "decisive": true, "sentence": "message.type is \"image\", not \"text\""});
    assert_eq!(finding, &expected);
    assert_eq!(told["filter"]["verdict"], "differs");

    let ahead = json!({
        "data": image, "event_type": "session.started", "session": "active",
        "phone_number_id": "208845331907714", "filter": null,
    });
    let told = app.api.post(&path, &ahead).await.expect(200);
    assert_eq!(
        json!(parts.map(|part| told[part].clone())),
        json!([false, false, false, true, true])
    );
    assert_eq!(told["filter"], Value::Null);
    let fits = json!({
        "data": {"message": {"type": "text"}}, "event_type": "message.read", "session": "active",
    });
    assert_eq!(app.api.post(&path, &fits).await.expect(200)["matches"], true);

    let filter = json!({"field": "message.type", "in": ["image", "video"]});
    let unsaved = json!({"filter": filter, "event_id": event["id"]});
    let told = app.api.post("/filters/test", &unsaved).await.expect(200);
    assert_eq!((&told["matches"], &told["verdict"]), (&json!(true), &json!("matches")));
    let fault = json!({"filter": {"field": "a"}, "data": {}});
    problem(&app.api.post("/filters/test", &fault).await, 422, "invalid_field", Some("/filter"));
    let both = json!({"filter": filter, "data": {}, "event_id": event["id"]});
    problem(&app.api.post("/filters/test", &both).await, 422, "invalid_field", Some("/data"));

    let blind = app.with_scopes(&[Scope::EndpointsRead]).await;
    blind.post(&path, &fits).await.expect(200);
    problem(&blind.post(&path, &asked).await, 403, "missing_scope", None);
    problem(&blind.post("/filters/test", &unsaved).await, 403, "missing_scope", None);
    let stranger = app.stranger().await;
    problem(&stranger.post(&path, &asked).await, 404, "not_found", None);
    problem(&stranger.post("/filters/test", &unsaved).await, 404, "not_found", None);
}

#[tokio::test]
async fn samples_and_shown_deliveries_are_in_the_endpoints_format() {
    let app = App::start().await;
    let receiver = Receiver::start();
    let body = json!({"url": receiver.url("/"), "event_types": ["*"], "format": "wati"});
    let wati = app.api.post("/endpoints", &body).await.expect(201);
    let path = format!("/endpoints/{}/sample", wati["id"].as_str().unwrap());
    let sent = app.api.post(&path, &json!({})).await.expect(200);
    let body: Value = serde_json::from_str(sent["request"]["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["eventType"], &body["owner"]), (&json!("message"), &json!(false)));
    let none = json!({"event_type": "webhook.sample"});
    let told =
        problem(&app.api.post(&path, &none).await, 422, "invalid_field", Some("/event_type"));
    assert!(told["detail"].as_str().unwrap().contains("`wati`"), "{told}");
    assert_eq!(receiver.count(), 1);

    // Nothing is tried here, so that the only attempt is written by hand.
    let event = json!({"type": "message.read", "data": {"message_id": "wamid.1"}});
    let accepted = app.api.post("/events", &event).await.expect(202);
    let patch = json!({"format": "hookferry"});
    app.api
        .patch(&format!("/endpoints/{}", wati["id"].as_str().unwrap()), &patch)
        .await
        .expect(200);
    let list = format!("/deliveries?event_id={}", accepted["id"].as_str().unwrap());
    let listed = app.api.get(&list).await.expect(200);
    let delivery = listed["data"][0]["id"].as_str().unwrap();
    let id: domain::id::DeliveryId = delivery.parse().unwrap();
    let detail = app.store.delivery(app.company, id).await.unwrap();
    let rendering = detail.rendering.unwrap();
    assert_eq!(rendering.format.name(), "wati", "what is on its way keeps its format");
}

/// Calls Wati's address with a token.
async fn wati(app: &App, api: &Api, company: &str, body: &str) -> Answer {
    let url = format!("{}/{company}/api/v2/webhookEndpoints", app.base());
    let token = format!("Bearer {}", api.token());
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    api.send_to(&url, "POST", &headers, body.as_bytes().to_vec()).await.unwrap()
}

const REQUEST: &str =
    include_str!("../../../testkit/fixtures/wati/_rest.create_webhookEndpoints.request.json");
const ANSWER: &str =
    include_str!("../../../testkit/fixtures/wati/_rest.create_webhookEndpoints.response_ok.json");
const EXISTS: &str = include_str!(
    "../../../testkit/fixtures/wati/_rest.create_webhookEndpoints.response_exists.json"
);
const OVER_LIMIT: &str = include_str!(
    "../../../testkit/fixtures/wati/_rest.create_webhookEndpoints.response_over_limit.json"
);

fn read(fixture: &str) -> Value {
    serde_json::from_str(fixture).unwrap()
}

#[tokio::test]
async fn a_script_made_for_wati_makes_endpoints() {
    let app = App::start().await;
    let company = app.company.to_string();
    let answer = wati(&app, &app.api, &company, REQUEST).await.expect(200);
    let (made, theirs) = (&answer["result"][0], &read(ANSWER)["result"][0]);
    let names = |shown: &Value| shown.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!((&answer["ok"], names(made)), (&json!(true), names(theirs)));
    for same in ["channelPhoneNumber", "url", "status", "failedIterationCount", "isSentNotify"] {
        assert_eq!(made[same], theirs[same], "{same}");
    }
    assert_eq!(made["eventTypes"], theirs["eventTypes"]);
    assert_eq!(made["tenantId"], company);
    assert_eq!(made["created"].as_str().unwrap().len(), theirs["created"].as_str().unwrap().len());
    let shown = format!("/endpoints/{}", made["id"].as_str().unwrap());
    let shown = app.api.get(&shown).await.expect(200);
    assert_eq!((&shown["format"], &shown["wati_version"]), (&json!("wati"), &json!(2)));
    let types = json!(["message.received", "message.template_sent", "message.delivered"]);
    assert_eq!(shown["event_types"], types);
    let number = json!({"field": "display_phone_number", "eq": "919820011223"});
    assert_eq!(shown["filter"]["or"][0], number);

    // The same again, also beside another: nothing is made.
    let mut two = read(REQUEST);
    let mut new = two[0].clone();
    new["url"] = json!("https://hooks.acme.example/new");
    two.as_array_mut().unwrap().insert(0, new.clone());
    assert_eq!(wati(&app, &app.api, &company, &two.to_string()).await.expect(200), read(EXISTS));
    assert_eq!(app.api.get("/endpoints").await.expect(200)["data"].as_array().unwrap().len(), 1);

    // Twice in one request, with and without a number: nothing is made.
    let twice = |change: fn(&mut Value)| {
        let mut second = new.clone();
        change(&mut second);
        json!([new, second]).to_string()
    };
    for change in [
        (|_| ()) as fn(&mut Value),
        |second| second["eventTypes"] = json!(["sentMessageREAD_v2"]),
        |second| second["phoneNumber"] = json!("+91 98200 11223"),
    ] {
        let answer = wati(&app, &app.api, &company, &twice(change)).await.expect(200);
        assert_eq!(answer, read(EXISTS));
    }
    assert_eq!(app.api.get("/endpoints").await.expect(200)["data"].as_array().unwrap().len(), 1);

    // Both sets ticked: an endpoint of each version.
    new["eventTypes"] = json!(["message", "sentMessageREAD", "sentMessageREAD_v2"]);
    new["phoneNumber"] = Value::Null;
    new["status"] = json!(0);
    let answer = wati(&app, &app.api, &company, &json!([new]).to_string()).await.expect(200);
    let result = answer["result"].as_array().unwrap();
    assert_eq!(result[0]["eventTypes"], json!(["message", "sentMessageREAD"]));
    assert_eq!(result[1]["eventTypes"], json!(["sentMessageREAD_v2"]));
    assert_eq!((&result[1]["status"], &result[1]["channelPhoneNumber"]), (&json!(0), &Value::Null));
    let listed = app.api.get("/endpoints").await.expect(200);
    let versions: Vec<&Value> =
        listed["data"].as_array().unwrap().iter().map(|shown| &shown["wati_version"]).collect();
    assert_eq!(versions, [2, 1, 2]);
    assert_eq!(listed["data"][0]["filter"], Value::Null);
}

#[tokio::test]
async fn what_wati_would_refuse_is_refused_in_its_words() {
    let app = App::start().await;
    let company = app.company.to_string();
    let refused = async |api: &Api, company: &str, body: &str, status, expected: &str| {
        let answer = wati(&app, api, company, body).await.expect(status);
        assert_eq!(answer["ok"], false);
        let why = answer["error"].as_str().unwrap();
        assert!(why.contains(expected), "{why}");
    };
    let nobody = app.api.with_token(Some("hkf_wrong"));
    refused(&nobody, &company, REQUEST, 401, "token").await;
    let stranger = app.stranger().await;
    refused(&stranger, &company, REQUEST, 401, "token").await;
    refused(&app.api, "100138", REQUEST, 401, "token").await;
    let reader = app.with_scopes(&[Scope::EndpointsRead]).await;
    refused(&reader, &company, REQUEST, 403, "endpoints:write").await;
    refused(&app.api, &company, "{", 400, "line 1").await;
    refused(&app.api, &company, "{}", 400, "line 1").await;
    refused(&app.api, &company, "[]", 200, "1 to 100").await;
    let plain = REQUEST.replace("https://", "http://");
    refused(&app.api, &company, &plain, 200, "url").await;
    let mistyped = REQUEST.replace("sentMessageDELIVERED_v2", "sentMessageDelivered");
    refused(&app.api, &company, &mistyped, 200, "sentMessageDelivered").await;
    assert_eq!(app.api.get("/endpoints").await.expect(200)["data"], json!([]));

    let limits = json!({"limits": {"endpoints": 1}});
    let admin = app.operator();
    admin.patch(&format!("/admin/companies/{company}"), &limits).await.expect(200);
    let mut two = read(REQUEST);
    let mut second = two[0].clone();
    second["url"] = json!("https://hooks.acme.example/second");
    two.as_array_mut().unwrap().push(second);
    let answer = wati(&app, &app.api, &company, &two.to_string()).await.expect(200);
    assert_eq!(answer, read(OVER_LIMIT));
    assert_eq!(app.api.get("/endpoints").await.expect(200)["data"], json!([]), "all or nothing");
}
