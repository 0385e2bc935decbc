//! People: they sign up, log in and out, and may what their role may.

use chrono::TimeDelta;
use domain::person::EmailAddress;
use domain::role::Role;
use serde_json::{Value, json};
use store::{Accepting, Actor};
use testkit::api::{Answer, Api};

use crate::harness::{App, event, noon, problem};

pub const PASSWORD: &str = "a long enough one";

/// A browser: it keeps the cookie and sends it along.
pub struct Browser {
    pub api: Api,
    pub cookie: String,
    /// From which address it comes.
    from: String,
}

impl Browser {
    fn new(app: &App) -> Self {
        Self { api: app.api.with_token(None), cookie: String::new(), from: "198.51.100.7".into() }
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut all = headers.to_vec();
        if !headers.iter().any(|(name, _)| *name == "x-forwarded-for") {
            all.push(("x-forwarded-for", &self.from));
        }
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

pub async fn signed_up(app: &App, email: &str) -> (Browser, Value) {
    signed_up_with(Browser::new(app), email).await
}

async fn signed_up_with(mut browser: Browser, email: &str) -> (Browser, Value) {
    let made = browser.post("/auth/signup", sign_up(email)).await.expect(201);
    (browser, made)
}

/// A member of the app's company with that role.
pub async fn member(app: &App, email: &str, role: Role) -> Browser {
    // Each from an address of its own: few may sign up from one.
    let from = format!("192.0.2.{}", app.next_number() % 250);
    let (browser, made) = signed_up_with(Browser { from, ..Browser::new(app) }, email).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_invited_comes_rises_and_goes() {
    let app = App::start().await;
    let (mut owner, _) = signed_up(&app, "ann@example.com").await;
    let invited = json!({"email": "bob@example.com", "role": "viewer"});
    let invitation = owner.post("/invitations", invited).await.expect(201);
    let token = invitation["token"].as_str().unwrap().to_owned();
    let mut bob = Browser::new(&app);
    let shown = bob.post("/invitations/show", json!({"token": token})).await.expect(200);
    assert_eq!(
        (&shown["company_name"], &shown["has_account"]),
        (&json!("Ann & Sons"), &json!(false))
    );
    let weak = bob
        .post("/invitations/accept", json!({"token": token, "password": "bob@example.com"}))
        .await;
    problem(&weak, 422, "invalid_field", Some("/password"));
    let body = json!({"token": token, "name": "Bob", "password": "another long one"});
    let came = bob.post("/invitations/accept", body.clone()).await.expect(200);
    assert_eq!(came["user"]["verified"], true);
    let id = came["user"]["id"].as_str().unwrap().to_owned();
    problem(&Browser::new(&app).post("/invitations/accept", body).await, 404, "not_found", None);
    problem(&bob.get("/tokens").await, 403, "role_too_low", None);

    let own = [("sec-fetch-site", "same-origin")];
    let path = format!("/members/{id}");
    let risen = owner.call("PATCH", &path, &own, Some(json!({"role": "admin"}))).await.expect(200);
    assert_eq!(risen["role"], "admin");
    bob.get("/tokens").await.expect(200);
    let members = bob.get("/members").await.expect(200);
    let ann = members["data"].as_array().unwrap().iter().find(|m| m["role"] == "owner").unwrap();
    let ann_path = format!("/members/{}", ann["id"].as_str().unwrap());
    problem(&bob.call("DELETE", &ann_path, &own, None).await, 403, "role_too_low", None);
    problem(&owner.post("/members/leave", json!({})).await, 409, "last_owner", None);
    owner.post(&format!("{path}/make-owner"), json!({})).await.expect(200);
    owner.post("/members/leave", json!({})).await.expect(204);
    problem(&owner.get("/endpoints").await, 404, "not_found", None);
    assert_eq!(bob.get("/members").await.expect(200)["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_with_the_old_one_and_every_other_login_ends() {
    let app = App::start().await;
    let (mut browser, _) = signed_up(&app, "ann@example.com").await;
    let mut other = Browser::new(&app);
    other.log_in("ann@example.com", PASSWORD).await.expect(200);
    let before = browser.cookie.clone();
    let change =
        |current: &str| json!({"current_password": current, "new_password": "a brand new one"});
    problem(&browser.post("/auth/password", change("wrong")).await, 401, "wrong_credentials", None);
    browser.post("/auth/password", change(PASSWORD)).await.expect(200);
    assert_ne!(browser.cookie, before);
    browser.get("/auth/me").await.expect(200);
    problem(&other.get("/auth/me").await, 401, "unauthorized", None);
    problem(&other.log_in("ann@example.com", PASSWORD).await, 401, "wrong_credentials", None);
    other.log_in("ann@example.com", "a brand new one").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_tells_nobody_who_has_an_account_and_its_link_works_once() {
    let app = App::start().await;
    let (browser, _) = signed_up(&app, "ann@example.com").await;
    let mut stranger = Browser::new(&app);
    let mut answers = Vec::new();
    for email in ["ann@example.com", "nobody@example.com"] {
        let answer = stranger.post("/auth/password-reset", json!({"email": email})).await;
        answers.push((answer.status, answer.body.clone()));
    }
    assert_eq!(answers[0], answers[1]);
    let address = EmailAddress::parse("ann@example.com").unwrap();
    let kind = domain::person::LinkKind::ResetPassword;
    let token = app.store.operator_link(kind, &address, noon()).await.unwrap();
    let weak = json!({"token": token, "password": "short"});
    let weak = stranger.post("/auth/password-reset/confirm", weak).await;
    problem(&weak, 422, "invalid_field", Some("/password"));
    let chosen = json!({"token": token, "password": "a brand new one"});
    stranger.post("/auth/password-reset/confirm", chosen.clone()).await.expect(200);
    problem(&browser.get("/auth/me").await, 401, "unauthorized", None);
    problem(&stranger.post("/auth/password-reset/confirm", chosen).await, 404, "not_found", None);
    stranger.log_in("ann@example.com", "a brand new one").await.expect(200);
    let mails = stranger.get("/mails").await.expect(200);
    assert!(!mails.to_string().contains(&token) && mails["data"] == json!([]), "{mails}");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_do_not_work_are_not_tried_for_ever() {
    let app = App::start().await;
    let mut browser = Browser::new(&app);
    for _ in 0..21 {
        let answer = browser.post("/auth/verify-email", json!({"token": "made up"})).await;
        problem(&answer, 404, "not_found", None);
    }
    let answer = browser.post("/auth/verify-email", json!({"token": "made up"})).await;
    problem(&answer, 429, "too_many_tries", None);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_an_address_changes_at_once() {
    let app = App::start().await;
    let (mut browser, _) = signed_up(&app, "ann@example.com").await;
    signed_up(&app, "bob@example.com").await;
    let change = |email: &str| json!({"email": email, "password": PASSWORD});
    problem(
        &browser.post("/auth/email", change("bob@example.com")).await,
        409,
        "email_taken",
        None,
    );
    let changed = browser.post("/auth/email", change("ann.lee@example.com")).await.expect(200);
    assert_eq!(changed["email"], "ann.lee@example.com");
    problem(
        &browser.post("/auth/verify-email/send", json!({})).await,
        409,
        "already_verified",
        None,
    );
}
