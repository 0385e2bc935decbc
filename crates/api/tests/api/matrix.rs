//! Who may do what: every operation of the OpenAPI document, asked by nobody, by a token of every
//! scope, by the right one, and by another company's.

use domain::role::Role;
use domain::scope::Scope;
use serde_json::{Value, json};
use testkit::api::{Answer, Api};

use crate::harness::{App, event};
use crate::people::{Browser, member, signed_up};

/// What an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Any token, any person.
    Signed,
    /// A person.
    Person,
    Scope(Scope),
    /// A member with this role.
    Role(Role),
    /// The operator.
    Operator,
}

impl Needs {
    fn parse(text: &str) -> Self {
        match text.split_once(' ') {
            Some(("scope", name)) => Self::Scope(Scope::parse(name).unwrap()),
            Some(("role", name)) => Self::Role(Role::parse(name).unwrap()),
            _ if text == "signed" => Self::Signed,
            _ if text == "person" => Self::Person,
            _ if text == "operator" => Self::Operator,
            _ => panic!("who is {text}?"),
        }
    }

    /// Whether somebody with these scopes may, and the code of the refusal.
    fn allow(self, scopes: &[Scope], role: Option<Role>) -> Result<(), &'static str> {
        let is_person = role.is_some();
        match self {
            Self::Role(wanted) if role.is_some_and(|role| role >= wanted) => Ok(()),
            Self::Role(_) if is_person => Err("role_too_low"),
            Self::Role(_) => Err("login_needed"),
            Self::Signed => Ok(()),
            Self::Operator => Err("operator_needed"),
            Self::Person if is_person => Ok(()),
            Self::Person => Err("login_needed"),
            Self::Scope(wanted) if Scope::allows(scopes, wanted) => Ok(()),
            Self::Scope(_) if is_person => Err("role_too_low"),
            Self::Scope(_) => Err("missing_scope"),
        }
    }
}

/// One operation of the document.
pub struct Operation {
    pub name: String,
    pub method: String,
    pub path: String,
    pub needs: Needs,
    pub body: Option<Value>,
}

pub fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(include_str!("../../../../openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut found = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["security"].as_array().unwrap().is_empty() {
                continue;
            }
            found.push(Operation {
                name: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                needs: Needs::parse(operation["x-access"].as_str().unwrap()),
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
pub async fn own_id(app: &App, path: &str) -> String {
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
        "jobs" => running_job(app).await,
        "sources" => {
            // A company has few: what there is will do.
            let kept = app.api.get("/sources?limit=1").await.expect(200)["data"][0].clone();
            if kept.is_null() {
                let source = json!({"kind": "whatsapp", "name": "shop"});
                text(&app.api.post("/sources", &source).await.expect(201))
            } else {
                text(&kept)
            }
        }
        "inboxes" => inbox_or_request(app, path).await,
        // The engine writes them: there is none here, and whoever may see them is told so.
        "mails" => "mail_01m7y3yvqsfw88028n6rw9xe2b".to_owned(),
        "members" => {
            let number = app.next_number();
            let made = member(app, &format!("m{number}@example.com"), Role::Viewer).await;
            let headers = [("cookie", made.cookie.as_str())];
            let me = made.api.send("GET", "/auth/me", &headers, None).await.unwrap().expect(200);
            me["user"]["id"].as_str().unwrap().to_owned()
        }
        "invitations" => {
            let number = app.next_number();
            let invited = json!({"email": format!("i{number}@example.com"), "role": "viewer"});
            text(&app.api.post("/invitations", &invited).await.expect(201))
        }
        "settings" => {
            let addresses = app.api.get("/settings").await.expect(200);
            for address in addresses["notifications"]["addresses"].as_array().unwrap() {
                app.api.delete(&format!("/settings/addresses/{}", text(address))).await.expect(204);
            }
            let number = app.next_number();
            let address = json!({"email": format!("a{number}@example.com")});
            text(&app.api.post("/settings/addresses", &address).await.expect(201))
        }
        "auth" => "lgn_01m7y3yvqsfw88028n6rw9xe2b".to_owned(),
        "admin" => app.company.to_string(),
        "event-types" => {
            let own = json!({"name": format!("own.type_{}", app.next_number())});
            let made = app.api.post("/event-types", &own).await.expect(201);
            made["name"].as_str().unwrap().to_owned()
        }
        other => panic!("what is an id of {other}?"),
    }
}

async fn running_job(app: &App) -> String {
    let text = |value: &Value| value["id"].as_str().unwrap().to_owned();
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

async fn inbox_or_request(app: &App, path: &str) -> String {
    let text = |value: &Value| value["id"].as_str().unwrap().to_owned();
    // A company has few: what there is will do.
    let kept = app.api.get("/inboxes?limit=1").await.expect(200)["data"][0].clone();
    let new = kept.is_null();
    let inbox = if new { app.api.post("/inboxes", &json!({})).await.expect(201) } else { kept };
    if !path.contains("{request_id}") {
        return text(&inbox);
    }
    let url = inbox["url"].as_str().unwrap();
    app.api.send_to(url, "POST", &[], Vec::new()).await.unwrap();
    let requests = format!("/inboxes/{}/requests", text(&inbox));
    let newest = app.api.get(&format!("{requests}?limit=1")).await.expect(200);
    format!("{}/requests/{}", text(&inbox), text(&newest["data"][0]))
}

pub async fn call(who: &Who, operation: &Operation, id: &str, endpoint: &str) -> Answer {
    let path = operation.path.replace("{id}/requests/{request_id}", id);
    let path = path.replace("{id}", id).replace("{name}", id);
    // Without it the stream would go on for ever.
    let path = path.replace("/stream", "/stream?seconds=0");
    let path = path.strip_prefix("/api/v1").unwrap();
    let body = operation.body.as_ref().map(|body| {
        let mut body = body.clone();
        if operation.name == "update_event_type" {
            // It would have to fit the type's own sample.
            body = json!({"description": "another"});
        }
        for unique in ["external_key", "url", "headers"] {
            if body.get(unique).is_some() && operation.name == "create_endpoint" {
                body.as_object_mut().unwrap().remove(unique);
            }
        }
        if operation.name == "create_endpoint" {
            body["url"] = json!("https://example.com/hook");
        }
        if operation.name == "update_company" {
            // The matrix makes more of everything than the example allows.
            body.as_object_mut().unwrap().remove("limits");
        }
        if body.get("endpoint_id").is_some() {
            body["endpoint_id"] = json!(endpoint);
        }
        if body.get("endpoint_ids").is_some() {
            body["endpoint_ids"] = json!([endpoint]);
        }
        body.to_string().into_bytes()
    });
    let headers: Vec<(&str, &str)> =
        who.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    who.api.send(&operation.method, path, &headers, body).await.unwrap()
}

fn is_about_one_thing(operation: &Operation) -> bool {
    operation.path.contains('{')
}

/// What would change who the askers are; that it works is another test's.
const ENDS_A_MEMBERSHIP: [&str; 2] = ["leave_company", "make_owner"];

/// Somebody who asks.
pub struct Who {
    pub name: String,
    pub api: Api,
    pub headers: Vec<(&'static str, String)>,
    pub scopes: Vec<Scope>,
    pub role: Option<Role>,
}

impl Who {
    fn token(name: &str, api: Api, scopes: &[Scope]) -> Self {
        let scopes = scopes.to_vec();
        Self { name: name.to_owned(), api, headers: Vec::new(), scopes, role: None }
    }

    /// The owner of another company, in their own.
    async fn foreign_owner(app: &App) -> Self {
        let (Browser { api, cookie, .. }, _) = signed_up(app, "foreign@example.com").await;
        let headers = vec![("cookie", cookie), ("sec-fetch-site", "same-origin".to_owned())];
        let (scopes, role) = (Scope::ALL.to_vec(), Some(Role::Owner));
        Self { name: "a foreign owner".into(), api, headers, scopes, role }
    }

    async fn of_role(app: &App, role: Role) -> Self {
        let email = format!("{}.matrix@example.com", role.as_str());
        let Browser { api, cookie, .. } = member(app, &email, role).await;
        let headers = vec![
            ("cookie", cookie),
            ("hookferry-company", app.company.to_string()),
            ("sec-fetch-site", "same-origin".to_owned()),
        ];
        let name = role.as_str().to_owned();
        Self { name, api, headers, scopes: role.scopes().to_vec(), role: Some(role) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_asks_for_what_the_table_says() {
    let app = App::start().await;
    let nobody = Who::token("nobody", app.api.with_token(None), &[]);
    let operator = Who::token("the operator", app.operator(), &[]);
    let stranger = Who::token("a stranger", app.stranger().await, &[Scope::Admin]);
    let foreign_owner = Who::foreign_owner(&app).await;
    let mut all = Vec::new();
    for scope in Scope::ALL {
        all.push(Who::token(scope.as_str(), app.with_scopes(&[scope]).await, &[scope]));
    }
    for role in Role::ALL {
        all.push(Who::of_role(&app, role).await);
    }
    let endpoint = app.endpoint().await["id"].as_str().unwrap().to_owned();
    let mut tried = 0;
    for operation in operations() {
        let id = async || {
            let has_id = operation.path.contains('{');
            if has_id { own_id(&app, &operation.path).await } else { String::new() }
        };
        let name = &operation.name;
        let answer = call(&nobody, &operation, &id().await, &endpoint).await;
        assert_eq!(answer.status, 401, "{name} by nobody");
        let answer = call(&operator, &operation, &id().await, &endpoint).await;
        if operation.needs == Needs::Operator {
            assert!(answer.status < 300, "{name} by the operator: {:?}", answer.body);
        } else {
            assert_eq!(answer.status, 401, "{name} by the operator");
        }
        for who in &all {
            let may = operation.needs.allow(&who.scopes, who.role).is_ok();
            if may && ENDS_A_MEMBERSHIP.contains(&name.as_str()) {
                continue;
            }
            let answer = call(who, &operation, &id().await, &endpoint).await;
            match operation.needs.allow(&who.scopes, who.role) {
                Ok(()) => {
                    // A conflict is about the thing, and a wrong password about the body: whoever is
                    // told of them was let in.
                    let told = [409, 401].contains(&answer.status);
                    let let_in =
                        answer.status < 300 || (told && answer.json()["code"] != "unauthorized");
                    let found = let_in || (!can_be_made(&operation) && answer.status == 404);
                    assert!(found, "{name} by {}: {} {:?}", who.name, answer.status, answer.body);
                }
                Err(code) => {
                    assert_eq!(answer.expect(403)["code"], code, "{name} by {}", who.name);
                }
            }
            tried += 1;
        }
        let is_a_companys = ![Needs::Person, Needs::Operator].contains(&operation.needs);
        if is_about_one_thing(&operation) && is_a_companys {
            let is_for_people = matches!(operation.needs, Needs::Role(_));
            let foreign = if is_for_people { &foreign_owner } else { &stranger };
            let answer = call(foreign, &operation, &id().await, &endpoint).await;
            assert_eq!(answer.status, 404, "{name} by another company: {:?}", answer.body);
        }
        tried += 3;
    }
    println!("{tried} calls of {} operations", operations().len());
}

/// Whether there is one of the company's to ask for: mails are the engine's, logins each person's own.
fn can_be_made(operation: &Operation) -> bool {
    !operation.path.contains('{')
        || !["mails", "auth"].contains(&operation.path.split('/').nth(3).unwrap())
}
