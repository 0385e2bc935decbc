//! Who may do what: every operation of the OpenAPI document, asked by nobody, by a token of every
//! scope, by the right one, and by another company's.

use domain::scope::Scope;
use serde_json::{Value, json};
use testkit::api::{Answer, Api};

use crate::harness::{App, event};

/// One operation of the document.
struct Operation {
    name: String,
    method: String,
    path: String,
    /// The scope that it needs; none where any token will do.
    scope: Option<Scope>,
    body: Option<Value>,
}

fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(include_str!("../../../../openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut found = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["security"].as_array().unwrap().is_empty() {
                continue;
            }
            let needs = operation["x-access"].as_str().unwrap();
            found.push(Operation {
                name: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                scope: needs.strip_prefix("scope ").map(|name| Scope::parse(name).unwrap()),
                body: operation["requestBody"]["content"]["application/json"]["example"]
                    .as_object()
                    .map(|body| Value::Object(body.clone())),
            });
        }
    }
    assert!(found.len() > 20, "{}", found.len());
    found
}

/// A thing of the company's for the `{id}` of a path.
async fn own_id(app: &App, path: &str) -> String {
    let text = |value: &Value| value["id"].as_str().unwrap().to_owned();
    match path.split('/').nth(3).unwrap() {
        "endpoints" => text(&app.endpoint().await),
        "events" => text(&app.api.post("/events", &event()).await.expect(202)),
        "tokens" => {
            let token = json!({"name": "x", "scopes": ["events:read"]});
            text(&app.api.post("/tokens", &token).await.expect(201))
        }
        "deliveries" => {
            app.endpoint().await;
            app.api.post("/events", &event()).await.expect(202);
            text(&app.api.get("/deliveries?limit=1").await.expect(200)["data"][0])
        }
        "jobs" => {
            let endpoint = text(&app.endpoint().await);
            let retry = json!({"endpoint_id": endpoint});
            let job = app.api.post("/deliveries/retry", &retry).await;
            if job.status == 409 {
                // Nobody works on them here: make room.
                for job in app.api.get("/jobs").await.expect(200)["data"].as_array().unwrap() {
                    app.api.post(&format!("/jobs/{}/cancel", text(job)), &json!({})).await;
                }
                text(&app.api.post("/deliveries/retry", &retry).await.expect(202))
            } else {
                text(&job.expect(202))
            }
        }
        // The engine writes them: there is none here, and whoever may see them is told so.
        "mails" => "mail_01m7y3yvqsfw88028n6rw9xe2b".to_owned(),
        "event-types" => "message.received".to_owned(),
        other => panic!("what is an id of {other}?"),
    }
}

async fn call(api: &Api, operation: &Operation, id: &str, endpoint: &str) -> Answer {
    let path = operation.path.replace("{id}", id).replace("{name}", id);
    let path = path.strip_prefix("/api/v1").unwrap();
    let body = operation.body.as_ref().map(|body| {
        let mut body = body.clone();
        for unique in ["external_key", "url", "headers"] {
            if body.get(unique).is_some() && operation.name == "create_endpoint" {
                body.as_object_mut().unwrap().remove(unique);
            }
        }
        if operation.name == "create_endpoint" {
            body["url"] = json!("https://example.com/hook");
        }
        if body.get("endpoint_id").is_some() {
            body["endpoint_id"] = json!(endpoint);
        }
        if body.get("endpoint_ids").is_some() {
            body["endpoint_ids"] = json!([endpoint]);
        }
        body.to_string().into_bytes()
    });
    api.send(&operation.method, path, &[], body).await.unwrap()
}

fn is_about_one_thing(operation: &Operation) -> bool {
    operation.path.contains("{id}")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_asks_for_what_the_table_says() {
    let app = App::start().await;
    let (nobody, stranger) = (app.api.with_token(None), app.stranger().await);
    let endpoint = app.endpoint().await["id"].as_str().unwrap().to_owned();
    let mut tried = 0;
    for operation in operations() {
        let id = async || {
            if operation.path.contains('{') {
                own_id(&app, &operation.path).await
            } else {
                String::new()
            }
        };
        let name = &operation.name;
        assert_eq!(
            call(&nobody, &operation, &id().await, &endpoint).await.status,
            401,
            "{name} by nobody"
        );
        for scope in Scope::ALL {
            let answer =
                call(&app.with_scopes(&[scope]).await, &operation, &id().await, &endpoint).await;
            let may = operation.scope.is_none_or(|wanted| Scope::allows(&[scope], wanted));
            let is_there = operation.path.split('/').nth(3) != Some("mails");
            if may {
                // A conflict is about the thing: whoever is told of it was let in.
                let let_in = answer.status < 300 || answer.status == 409;
                let found = let_in || (!is_there && answer.status == 404);
                assert!(found, "{name} with {}: {}", scope.as_str(), answer.status);
            } else {
                let problem = answer.expect(403);
                assert_eq!(problem["code"], "missing_scope", "{name} with {}", scope.as_str());
            }
            tried += 1;
        }
        if is_about_one_thing(&operation) {
            let answer = call(&stranger, &operation, &id().await, &endpoint).await;
            assert_eq!(answer.status, 404, "{name} by another company: {:?}", answer.body);
        }
        tried += 2;
    }
    println!("{tried} calls of {} operations", operations().len());
}
