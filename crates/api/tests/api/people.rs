//! People: they sign up, log in and out, and may what their role may.

use chrono::TimeDelta;
use domain::person::EmailAddress;
use domain::role::Role;
use serde_json::{Value, json};
use store::{Accepting, Actor};
use testkit::api::{Answer, Api};

use crate::harness::{App, event, noon, problem};

const PASSWORD: &str = "a long enough one";

/// A browser: it keeps the cookie and sends it along.
pub struct Browser {
    pub api: Api,
    pub cookie: String,
}

impl Browser {
    fn new(app: &App) -> Self {
        Self { api: app.api.with_token(None), cookie: String::new() }
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut all = headers.to_vec();
        if !self.cookie.is_empty() {
            all.push(("cookie", &self.cookie));
        }
        let body = body.map(|body| body.to_string().into_bytes());
        self.api.send(method, path, &all, body).await.unwrap()
    }

    async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], None).await
    }

    async fn post(&mut self, path: &str, body: Value) -> Answer {
        let answer =
            self.call("POST", path, &[("sec-fetch-site", "same-origin")], Some(body)).await;
        if let Some((cookie, _)) = answer.header("set-cookie").split_once(';') {
            self.cookie = cookie.to_owned();
        }
        answer
    }

    async fn log_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/auth/login", json!({"email": email, "password": password})).await
    }
}

fn sign_up(email: &str) -> Value {
    json!({"company_name": "Ann & Sons", "email": email, "name": "Ann", "password": PASSWORD})
}

async fn signed_up(app: &App, email: &str) -> (Browser, Value) {
    let mut browser = Browser::new(app);
    let made = browser.post("/auth/signup", sign_up(email)).await.expect(201);
    (browser, made)
}

/// A member of the app's company with that role.
pub async fn member(app: &App, email: &str, role: Role) -> Browser {
    let (browser, made) = signed_up(app, email).await;
    let address = EmailAddress::parse(email).unwrap();
    let invited = app.store.invite(app.company, &address, role, Actor::Cli, noon()).await;
    let user = made["user"]["id"].as_str().unwrap().parse().unwrap();
    let (_, token) = invited.unwrap();
    app.store.accept_invitation(&token, Accepting::Person(user), noon()).await.unwrap();
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_up_works_and_logs_out() {
    let app = App::start().await;
    let (mut browser, made) = signed_up(&app, "Ann@Example.com").await;
    assert_eq!(
        (&made["company"]["name"], &made["user"]["verified"]),
        (&json!("Ann & Sons"), &json!(true))
    );
    assert!(!made.to_string().contains(PASSWORD) && !made.to_string().contains("argon2"));
    let me = browser.get("/auth/me").await.expect(200);
    assert_eq!((&me["user"]["email"], &me["token"]), (&json!("Ann@Example.com"), &Value::Null));
    assert_eq!(
        (&me["companies"][0]["role"], &me["companies"][0]["id"]),
        (&json!("owner"), &made["company"]["id"])
    );
    let endpoint = json!({"url": "https://example.com/hook", "event_types": ["*"]});
    browser.post("/endpoints", endpoint).await.expect(201);
    browser.post("/events", event()).await.expect(202);
    assert_eq!(browser.get("/deliveries").await.expect(200)["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        app.api.get("/deliveries").await.expect(200)["data"],
        json!([]),
        "another company's"
    );
    let log = browser.get("/audit-log?action=endpoint.created").await.expect(200);
    assert_eq!(log["data"][0]["actor"], me["user"]["id"]);

    let held = browser.cookie.clone();
    browser.post("/auth/logout", json!({})).await.expect(204);
    assert_eq!(browser.cookie, "hookferry=");
    let ended = Browser { cookie: held, ..Browser::new(&app) };
    problem(&ended.get("/auth/me").await, 401, "unauthorized", None);
    browser.log_in("ann@example.com", PASSWORD).await.expect(200);
    browser.get("/auth/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_sign_up_is_told_field_by_field() {
    let app = App::start().await;
    let mut browser = Browser::new(&app);
    for (field, value) in [
        ("email", json!("nobody")),
        ("password", json!("short")),
        ("password", json!("ann@example.com")),
        ("company_name", json!("two\nlines")),
        ("company_name", json!("")),
        ("role", json!("owner")),
    ] {
        let mut body = sign_up("ann@example.com");
        body[field] = value;
        let answer = browser.post("/auth/signup", body).await.expect(422);
        assert_eq!(answer["errors"][0]["pointer"], format!("/{field}"), "{answer}");
    }
    browser.post("/auth/signup", sign_up("ann@example.com")).await.expect(201);
    let again = browser.post("/auth/signup", sign_up("ANN@example.com")).await;
    problem(&again, 409, "email_taken", None);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_and_an_owner_is_never_locked_out() {
    let app = App::start().await;
    signed_up(&app, "ann@example.com").await;
    let mut browser = Browser::new(&app);
    let from = |address: &'static str| [("x-forwarded-for", address)];
    let guess = json!({"email": "ann@example.com", "password": "not the password"});
    for _ in 0..6 {
        let answer =
            browser.call("POST", "/auth/login", &from("203.0.113.9"), Some(guess.clone())).await;
        problem(&answer, 401, "wrong_credentials", None);
    }
    let answer = browser.call("POST", "/auth/login", &from("203.0.113.9"), Some(guess)).await;
    problem(&answer, 429, "too_many_tries", None);
    let wait: i64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=11).contains(&wait), "{wait}");
    // From where she has come before she is let in, whatever others do elsewhere.
    browser.log_in("ann@example.com", PASSWORD).await.expect(200);
    app.clock.advance(TimeDelta::seconds(wait));
    let right = json!({"email": "ann@example.com", "password": PASSWORD});
    browser.call("POST", "/auth/login", &from("203.0.113.9"), Some(right)).await.expect(200);
    let unknown = browser.log_in("nobody@example.com", PASSWORD).await;
    problem(&unknown, 401, "wrong_credentials", None);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_cannot_act_for_a_person() {
    let app = App::start().await;
    let (browser, _) = signed_up(&app, "ann@example.com").await;
    let body = Some(json!({"url": "https://example.com/hook", "event_types": ["*"]}));
    for header in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let answer = browser.call("POST", "/endpoints", &[header], body.clone()).await;
        problem(&answer, 403, "cross_site", None);
    }
    let origin = [("origin", app.base())];
    browser.call("POST", "/endpoints", &origin, body).await.expect(201);
    browser.call("GET", "/endpoints", &[("sec-fetch-site", "cross-site")], None).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_may_what_it_may_and_no_more() {
    let app = App::start().await;
    for role in Role::ALL {
        let email = format!("{}.person@example.com", role.as_str());
        let browser = member(&app, &email, role).await;
        let company = app.company.to_string();
        let here = [("hookferry-company", company.as_str()), ("sec-fetch-site", "same-origin")];
        browser.call("GET", "/endpoints", &here, None).await.expect(200);
        let body = json!({"url": "https://example.com/hook", "event_types": ["*"]});
        let answer = browser.call("POST", "/endpoints", &here, Some(body)).await;
        if role >= Role::Developer {
            answer.expect(201);
        } else {
            problem(&answer, 403, "role_too_low", None);
        }
        let tokens = browser.call("GET", "/tokens", &here, None).await;
        if role >= Role::Admin {
            tokens.expect(200);
        } else {
            problem(&tokens, 403, "role_too_low", None);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_in_two_companies_names_one_and_a_foreign_one_is_not_found() {
    let app = App::start().await;
    let browser = member(&app, "ann@example.com", Role::Developer).await;
    problem(&browser.get("/endpoints").await, 422, "company_needed", Some("Hookferry-Company"));
    let foreign = app.store.create_company("Foreign", "f@example.com", noon()).await.unwrap().id;
    for company in [foreign.to_string(), "cmp_x".into()] {
        let here = [("hookferry-company", company.as_str())];
        problem(&browser.call("GET", "/endpoints", &here, None).await, 404, "not_found", None);
    }
    assert_eq!(browser.get("/auth/me").await.expect(200)["companies"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_no_person_and_logins_are_seen_and_ended() {
    let app = App::start().await;
    problem(&app.api.get("/auth/logins").await, 403, "login_needed", None);
    let (browser, _) = signed_up(&app, "ann@example.com").await;
    let mut other = Browser::new(&app);
    other.log_in("ann@example.com", PASSWORD).await.expect(200);
    let logins = browser.get("/auth/logins").await.expect(200);
    let logins = logins["data"].as_array().unwrap();
    assert_eq!(
        logins.iter().map(|login| login["current"] == true).collect::<Vec<_>>(),
        [false, true]
    );
    let path = format!("/auth/logins/{}", logins[0]["id"].as_str().unwrap());
    let own = [("sec-fetch-site", "same-origin")];
    browser.call("DELETE", &path, &own, None).await.expect(204);
    problem(&other.get("/auth/me").await, 401, "unauthorized", None);
    let renamed = browser.call("PATCH", "/auth/me", &own, Some(json!({"name": "Ann Lee"}))).await;
    assert_eq!(renamed.expect(200)["name"], "Ann Lee");
    app.clock.advance(TimeDelta::days(31));
    problem(&browser.get("/auth/me").await, 401, "unauthorized", None);
}
