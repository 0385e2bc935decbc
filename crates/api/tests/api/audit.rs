//! Every operation that changes something, or reveals a secret, leaves a line: who, from where.

use domain::role::Role;
use domain::scope::Scope;
use serde_json::{Value, json};
use testkit::api::Api;

use crate::harness::App;
use crate::matrix::{Needs, Operation, Who, call, operations, own_id};
use crate::people::{Browser, PASSWORD, member};

/// From where everything is asked here.
const FROM: &str = "203.0.113.9";

/// Operations that leave no line, and why.
const WITHOUT_A_LINE: [(&str, &str); 5] = [
    ("create_event", "the event says itself that it came, with its source"),
    ("create_events", "so do these"),
    ("test_endpoint_filter", "changes nothing"),
    ("test_filter", "nor does this"),
    ("send_verification", "mails a link to its own person, which is told when it is used"),
];

/// Tried elsewhere, for they take more than a call: what they need, and the test.
const ELSEWHERE: [(&str, &str); 2] = [
    ("send_test_mail", "settings.rs: it takes an installation with a mail server"),
    ("create_company", "limits.rs: the line is in the new company's log"),
];

/// What reveals a secret without changing anything.
const REVEALS: [&str; 1] = ["get_secret"];

async fn newest(app: &App) -> Vec<Value> {
    app.api.get("/audit-log?limit=20").await.expect(200)["data"].as_array().unwrap().clone()
}

/// The lines that have come since.
async fn since(app: &App, before: &[Value]) -> Vec<Value> {
    let last = before.first().map(|line| line["id"].clone());
    newest(app).await.into_iter().take_while(|line| Some(&line["id"]) != last.as_ref()).collect()
}

/// An owner with a login of their own.
async fn owner(app: &App) -> (Who, String) {
    let email = format!("o{}@audit.example.com", app.next_number());
    let Browser { api, cookie, .. } = member(app, &email, Role::Owner).await;
    let headers = vec![
        ("cookie", cookie),
        ("hookferry-company", app.company.to_string()),
        ("sec-fetch-site", "same-origin".to_owned()),
        ("x-forwarded-for", FROM.to_owned()),
    ];
    let (scopes, role) = (Scope::ALL.to_vec(), Some(Role::Owner));
    (Who { name: email.clone(), api, headers, scopes, role }, email)
}

/// A program with a token.
fn program(api: Api) -> Who {
    let headers = vec![("x-forwarded-for", FROM.to_owned())];
    Who { name: "a program".into(), api, headers, scopes: Scope::ALL.to_vec(), role: None }
}

async fn me(who: &Who) -> Value {
    let headers: Vec<(&str, &str)> =
        who.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    who.api.send("GET", "/auth/me", &headers, None).await.unwrap().expect(200)
}

/// What a person gives where the example of the document is somebody else's.
fn own_body(operation: &Operation) -> Option<Value> {
    match operation.name.as_str() {
        "change_password" => {
            Some(json!({"current_password": PASSWORD, "new_password": "another long one"}))
        }
        "change_email" => Some(json!({"email": "new@example.com", "password": PASSWORD})),
        // Limits would be in the way of what comes after it.
        "update_company" => Some(json!({"name": "Acme Inc"})),
        _ => operation.body.clone(),
    }
}

async fn other_login(who: &Who, email: &str) -> String {
    let body = json!({"email": email, "password": PASSWORD}).to_string().into_bytes();
    let headers = [("x-forwarded-for", "192.0.2.200"), ("sec-fetch-site", "same-origin")];
    who.api.send("POST", "/auth/login", &headers, Some(body)).await.unwrap().expect(200);
    let headers: Vec<(&str, &str)> =
        who.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let logins = who.api.send("GET", "/auth/logins", &headers, None).await.unwrap().expect(200);
    logins["data"][0]["id"].as_str().unwrap().to_owned()
}

async fn stop_jobs(app: &App) {
    for job in app.api.get("/jobs").await.expect(200)["data"].as_array().unwrap() {
        let path = format!("/jobs/{}/cancel", job["id"].as_str().unwrap());
        app.api.post(&path, &json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_and_every_secret_leaves_a_line() {
    let app = App::start().await;
    let token_id = app.api.get("/auth/me").await.expect(200)["token"]["id"].clone();
    let endpoint = app.endpoint().await["id"].as_str().unwrap().to_owned();
    let skipped =
        |name: &str| WITHOUT_A_LINE.iter().chain(&ELSEWHERE).any(|(skipped, _)| *skipped == name);
    let mut tried = 0;
    for operation in operations() {
        let changes = operation.method != "GET" || REVEALS.contains(&operation.name.as_str());
        let name = operation.name.as_str();
        if !changes || skipped(name) {
            continue;
        }
        stop_jobs(&app).await;
        let (owner, email) = owner(&app).await;
        let (who, actor) = match operation.needs {
            Needs::Scope(_) => (program(app.api.clone()), token_id.clone()),
            Needs::Operator => (program(app.operator()), json!("operator")),
            Needs::Signed | Needs::Person | Needs::Role(_) => {
                let id = me(&owner).await["user"]["id"].clone();
                (owner, id)
            }
        };
        let id = match name {
            "revoke_login" => other_login(&who, &email).await,
            _ if operation.path.contains('{') => own_id(&app, &operation.path).await,
            _ => String::new(),
        };
        let operation = Operation { body: own_body(&operation), ..operation };
        let before = newest(&app).await;
        let answer = call(&who, &operation, &id, &endpoint).await;
        let name = operation.name.as_str();
        assert!(answer.status < 300, "{name}: {} {:?}", answer.status, answer.body);
        let lines = since(&app, &before).await;
        let told = |line: &&Value| line["actor"] == actor && line["address"] == FROM;
        let line = lines.iter().find(told);
        let line = line.unwrap_or_else(|| panic!("{name} by {actor} leaves no line: {lines:?}"));
        assert!(line["facts"].is_object() && line["subject"].is_string(), "{line}");
        let text = line.to_string();
        for secret in ["whsec_", "hkf_", PASSWORD, "another long one", "argon2"] {
            assert!(!text.contains(secret), "{name}: {text}");
        }
        tried += 1;
    }
    assert!(tried > 25, "{tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_tells_before_and_after_without_secrets() {
    let app = App::start().await;
    let made = json!({
        "url": "https://example.com/hook?token=s3cret", "event_types": ["*"],
        "headers": {"Authorization": "Bearer s3cret"},
    });
    let made = app.api.post("/endpoints", &made).await.expect(201);
    let path = format!("/endpoints/{}", made["id"].as_str().unwrap());
    let facts = async || {
        let lines = app.api.get("/audit-log?action=endpoint.updated&limit=1").await.expect(200);
        lines["data"][0]["facts"].clone()
    };
    let patch = json!({"url": "https://example.com/new?token=s3cret", "timeout_ms": 7000});
    app.api.patch(&path, &patch).await.expect(200);
    let expected = json!({"changed": {
        "url": ["https://example.com/hook?…", "https://example.com/new?…"],
        "timeout_ms": [5000, 7000],
    }});
    assert_eq!(facts().await, expected);
    let patch = json!({
        "url": "https://example.com/new?token=an0ther",
        "headers": {"Authorization": "Bearer an0ther", "X-Team": "s3cret"}, "status": "paused",
    });
    app.api.patch(&path, &patch).await.expect(200);
    let expected = json!({
        "changed": {
            "headers": [["Authorization"], ["Authorization", "X-Team"]],
            "status": ["enabled", "paused"],
        },
        "changed_secrets": ["url", "headers"],
    });
    assert_eq!(facts().await, expected);
    let log = app.api.get("/audit-log?limit=100").await.expect(200).to_string();
    assert!(!log.contains("s3cret") && !log.contains("an0ther"), "{log}");
}
