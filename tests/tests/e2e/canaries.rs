//! Nothing that is secret or somebody's own reaches a log line, standard output or a metric: the real
//! program runs at its most talkative, everything is done to it with values that occur nowhere else,
//! and whatever it has written is searched for them in every form that they could have.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use testkit::api::{Answer, Api};
use testkit::mailbox::Mailbox;
use testkit::postgres::Cluster;
use testkit::program::{Program, Setup};
use testkit::proxy::Proxy;
use testkit::receiver::{Receiver, Reply};
use testkit::wait;

use crate::support::{SOON, running, text, wait_state};

const PHONE: &str = "+4915198765432101";
const PASSWORD: &str = "Kn4ri-password-Zx81q";
const NEW_PASSWORD: &str = "Kn4ri-newpassword-Zx82q";
const EMAIL: &str = "kn4ri.person.zx83q@example.com";
const OPERATOR: &str = "Kn4ri-operator-Zx84q";
const SECRET: &str = "whsec_S240cmktc2VjcmV0LVp4ODVxLWFiY2RlZmdoaWo";

/// Values that must be nowhere.
#[derive(Default)]
struct Canaries(Vec<(String, String)>);

impl Canaries {
    /// A value that occurs nowhere else.
    fn plant(&mut self, what: &str) -> String {
        let value = format!("Kn4ri{}{}Zx", what.replace([' ', '-'], ""), self.0.len());
        self.note(what, &value);
        value
    }

    /// A value that was made elsewhere.
    fn note(&mut self, what: &str, value: &str) {
        assert!(value.len() >= 8, "{what} is too short to be told from chance");
        self.0.push((what.to_owned(), value.to_owned()));
    }

    /// Which of them a text holds, and in which form.
    fn found_in(&self, text: &str) -> Vec<String> {
        let lower = text.to_lowercase();
        let mut found = Vec::new();
        for (what, value) in &self.0 {
            for (form, written) in forms(value) {
                if text.contains(&written) || lower.contains(&written.to_lowercase()) {
                    found.push(format!("{what} as {form}"));
                }
            }
        }
        found
    }
}

/// A value as it could be written.
fn forms(value: &str) -> Vec<(&'static str, String)> {
    let bytes = value.as_bytes();
    let each = |write: fn(&u8) -> String| bytes.iter().map(write).collect::<Vec<String>>();
    let percent = |byte: &u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) => char::from(*byte).into(),
        byte => format!("%{byte:02x}"),
    };
    let mut all = vec![
        ("itself", value.to_owned()),
        ("hex", each(|byte| format!("{byte:02x}")).concat()),
        ("bytes", each(u8::to_string).join(", ")),
        ("bytes close together", each(u8::to_string).join(",")),
        ("percent", each(|byte| format!("%{byte:02x}")).concat()),
        ("URL", each(percent).concat()),
    ];
    // Wherever it begins in what is encoded: without the ends, which its neighbours decide.
    let places = [(0, 0, "base64"), (1, 2, "base64 after one"), (2, 3, "base64 after two")];
    for (ahead, skipped, form) in places {
        let padded = [&b"xx"[..ahead], bytes].concat();
        for written in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            let inner = written[skipped..written.len() - 2].to_owned();
            all.push((form, inner));
        }
    }
    all
}

/// What a program has written, whole.
fn written(program: &Program) -> String {
    program.said() + &program.log()
}

/// Calls whose answers do not matter, as long as there is one.
async fn call(api: &Api, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    api.send(method, path, headers, Some(body.as_bytes().to_vec())).await.unwrap()
}

/// Signs up, proves the address, forgets the password, chooses another: with mails.
async fn people(program: &Program, mailbox: &Mailbox, canaries: &mut Canaries) {
    let api = program.anonymous();
    let ours = ("sec-fetch-site", "same-origin");
    let (name, company) = (canaries.plant("person"), canaries.plant("company"));
    let sign_up =
        json!({"company_name": company, "email": EMAIL, "name": name, "password": PASSWORD});
    let made = call(&api, "POST", "/auth/signup", &[ours], &sign_up.to_string()).await;
    made.expect(201);
    let cookie = made.header("set-cookie").split(';').next().unwrap().to_owned();
    canaries.note("cookie", cookie.split_once('=').unwrap().1);
    let mine = [ours, ("cookie", cookie.as_str())];
    api.send("GET", "/auth/me", &mine, None).await.unwrap().expect(200);
    let wrong = json!({"email": EMAIL, "password": canaries.plant("wrong password")});
    call(&api, "POST", "/auth/login", &[ours], &wrong.to_string()).await.expect(401);
    let invited = json!({"email": "kn4ri.guest.zx86q@example.com", "role": "viewer"});
    canaries.note("guest", "kn4ri.guest.zx86q@example.com");
    call(&api, "POST", "/invitations", &mine, &invited.to_string()).await.expect(201);
    let forgot = json!({"email": EMAIL}).to_string();
    call(&api, "POST", "/auth/password-reset", &[ours], &forgot).await;
    let mails = mailbox.wait_for(3, SOON).await;
    for mail in &mails {
        for word in mail.text.split_whitespace() {
            let Some((_, token)) = word.split_once("#token=") else { continue };
            canaries.note("link of a mail", token);
            let reset = json!({"token": token, "password": NEW_PASSWORD}).to_string();
            call(&api, "POST", "/auth/password-reset/confirm", &[ours], &reset).await;
            let verify = json!({"token": token}).to_string();
            call(&api, "POST", "/auth/verify-email", &[ours], &verify).await;
        }
    }
    let login = json!({"email": EMAIL, "password": NEW_PASSWORD}).to_string();
    let again = call(&api, "POST", "/auth/login", &[ours], &login).await;
    again.expect(200);
    let cookie = again.header("set-cookie").split(';').next().unwrap().to_owned();
    canaries.note("second cookie", cookie.split_once('=').unwrap().1);
    call(&api, "POST", "/auth/logout", &[ours, ("cookie", &cookie)], "").await;
}

/// Endpoints with secrets of their own, samples, and events to receivers that answer and that fail.
async fn deliveries(api: &Api, canaries: &mut Canaries) -> Value {
    let receiver = Receiver::start();
    let (header, body) = (canaries.plant("answer header"), canaries.plant("answer body"));
    let fails = move |_: &testkit::receiver::Received| {
        Reply::status(500).header("x-answer", header.clone()).body(body.clone())
    };
    receiver.answers_with(fails);
    let path = format!("/{}?key={}", canaries.plant("path"), canaries.plant("query"));
    let value = canaries.plant("custom header");
    let made = json!({
        "url": receiver.url(&path), "event_types": ["*"], "secret": SECRET,
        "description": canaries.plant("description"), "headers": {"x-own": value},
    });
    let made = api.create_endpoint(made).await;
    let id = text(&made, "id");
    let secret = api.get(&format!("/endpoints/{id}/secret")).await.expect(200);
    canaries.note("secret", text(&secret, "secret"));
    let sample = json!({"event_type": "message.received", "data": {"x": canaries.plant("sample")}});
    api.post(&format!("/endpoints/{id}/sample"), &sample).await.expect(200);
    let (payload, key) = (canaries.plant("payload"), canaries.plant("idempotency key"));
    let first = json!({
        "type": "message.received", "id": canaries.plant("event id"), "subject": PHONE,
        "data": {"text": payload, "from": PHONE},
    });
    let accepted = api.post_event(first.clone()).await;
    api.post("/events", &first).await.expect(202);
    let second = json!({"type": "message.sent", "data": {"text": payload}}).to_string();
    call(api, "POST", "/events", &[("idempotency-key", key.as_str())], &second).await.expect(202);
    let batch =
        json!({"events": [{"type": "message.sent", "data": {"b": canaries.plant("batch")}}]});
    api.post("/events/batch", &batch).await.expect(202);
    receiver.wait_until(SOON, |all| all.iter().filter(|one| one.attempt() > 1).count() > 2).await;
    receiver.answers(200);
    wait_state(api, &accepted, "delivered").await;
    for gone in ["http://127.0.0.1:1/", "https://127.0.0.1:1/", "http://kn4ri.invalid/"] {
        let url = format!("{gone}{}", canaries.plant("dead path"));
        api.create_endpoint(json!({"url": url, "event_types": ["message.read"]})).await;
    }
    let dead = json!({"type": "message.read", "data": {"text": canaries.plant("undelivered")}});
    let dead = api.post_event(dead).await;
    let path = format!("/deliveries?event_id={}", text(&dead, "id"));
    api.wait_for(&path, SOON, |page| {
        let rows = page["data"].as_array().unwrap();
        rows.iter().filter(|row| row["tries"].as_u64() > Some(0)).count() > 3
    })
    .await;
    made
}

/// Requests that are wrong in every place.
async fn bad_requests(api: &Api, made: &Value, canaries: &mut Canaries) {
    let id = text(made, "id");
    let anywhere = [
        format!("/{}", canaries.plant("bad path")),
        format!("/endpoints/{}", canaries.plant("bad id")),
        format!("/events?{}=1", canaries.plant("bad parameter")),
        format!("/events?type={}", canaries.plant("bad type")),
        format!("/events?cursor={}", canaries.plant("bad cursor")),
    ];
    for path in &anywhere {
        api.get(path).await;
        api.with_token(None).get(path).await;
    }
    for (name, what) in [
        ("authorization", "authorization"),
        ("cookie", "bad cookie"),
        ("x-request-id", "request id"),
        ("traceparent", "traceparent"),
        ("user-agent", "user agent"),
        ("referer", "referer"),
        ("x-forwarded-for", "forwarded"),
        ("content-encoding", "encoding"),
        ("hookferry-company", "company header"),
    ] {
        let value = canaries.plant(what);
        let value = if name == "authorization" { format!("Bearer {value}") } else { value };
        let value = if name == "cookie" { format!("hookferry={value}") } else { value };
        call(&api.with_token(None), "POST", "/events", &[(name, &value)], "{}").await;
        call(api, "POST", "/endpoints", &[(name, &value)], "{}").await;
    }
    for body in [
        format!("{{\"type\": {}", canaries.plant("broken JSON")),
        json!({canaries.plant("unknown field"): 1}).to_string(),
        json!({"type": canaries.plant("unknown type"), "data": {}}).to_string(),
        json!({"type": "message.sent", "data": canaries.plant("no object")}).to_string(),
        json!({"url": format!("ftp://{}/", canaries.plant("bad host"))}).to_string(),
        json!({"secret": canaries.plant("bad secret"), "url": "https://example.com"}).to_string(),
    ] {
        for path in ["/events", "/events/batch", "/endpoints", "/tokens", "/auth/login"] {
            call(api, "POST", path, &[], &body).await;
        }
        call(api, "PATCH", &format!("/endpoints/{id}"), &[], &body).await;
    }
    call(api, &canaries.plant("method"), "/events", &[], "").await;
    call(api, "POST", "/events", &[], &canaries.plant("long").repeat(60_000)).await;
}

/// What is no HTTP at all.
fn nonsense(program: &Program, canaries: &mut Canaries) {
    let address = program.base().trim_start_matches("http://");
    for what in [
        format!("{} / HTTP/9.9\r\n\r\n", canaries.plant("raw method")),
        format!("GET /{} HTTP/1.1\r\n\r\n", canaries.plant("raw path")),
        format!(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
            canaries.plant("length")
        ),
        format!("POST / HTTP/1.1\r\nTransfer-Encoding: {}\r\n\r\n", canaries.plant("transfer")),
        format!("GET / HTTP/1.1\r\n{}\r\n\r\n", canaries.plant("raw header")),
        format!("{}\n\n", canaries.plant("raw bytes")),
    ] {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.write_all(what.as_bytes()).unwrap();
        connection.shutdown(std::net::Shutdown::Write).unwrap();
        // However it answers: it must not hang.
        let _ = connection.read_to_end(&mut Vec::new());
    }
}

/// While the database is away everything fails, and is told.
async fn without_database(program: &Program, api: &Api, proxy: &Proxy, canaries: &mut Canaries) {
    proxy.cut();
    for _ in 0..3 {
        let lost = json!({"type": "message.sent", "subject": PHONE, "data": {"x": canaries.plant("lost")}});
        api.post("/events", &lost).await.expect(503);
    }
    let login = json!({"email": EMAIL, "password": PASSWORD}).to_string();
    call(&program.anonymous(), "POST", "/auth/login", &[], &login).await;
    api.get("/endpoints").await.expect(503);
    wait::until("the log tells of it", SOON, async || {
        program.log().contains("stops sending until it is back").then_some(())
    })
    .await;
    proxy.heal();
    program.wait_ready().await;
}

/// Every line is an object that says when, how grave, from where and what.
fn check_lines(log: &str) {
    let mut levels = BTreeSet::new();
    for line in log.lines() {
        let told: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        for field in ["timestamp", "level", "target", "message"] {
            assert!(told[field].is_string(), "no {field}: {line}");
        }
        levels.insert(text(&told, "level").to_owned());
    }
    assert!(levels.contains("DEBUG") && levels.contains("INFO"), "{levels:?}");
    let has = |wanted: &dyn Fn(&Value) -> bool| {
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).any(|told| wanted(&told))
    };
    assert!(has(&|told| {
        told["route"] == "/api/v1/endpoints/{id}"
            && told["method"] == "PATCH"
            && told["status"] == 422
            && told["request.id"].is_string()
            && told["duration_ms"].is_u64()
            && told["company.id"].as_str().is_some_and(|id| id.starts_with("cmp_"))
    }));
    assert!(has(&|told| told["route"] == "other" && told["status"] == 404));
    assert!(has(&|told| told["message"] == "An attempt is over" && told["outcome"] == "status"));
}

async fn story(setup: Setup, proxy: Option<&Proxy>) {
    let mailbox = Mailbox::start();
    let setup = setup
        .set("HOOKFERRY_LOG", "trace")
        .set("HOOKFERRY_LOG_FORMAT", "json")
        .set("HOOKFERRY_ADMIN_TOKEN", OPERATOR)
        .set("HOOKFERRY_RETRY_INTERVAL", "200ms")
        .set("HOOKFERRY_WARN_AFTER", "2")
        .set("HOOKFERRY_DEFECTIVE_AFTER", "4")
        .set("HOOKFERRY_DRAIN_DELAY", "0s")
        .set("HOOKFERRY_PUBLIC_URL", "http://hooks.example")
        .set("HOOKFERRY_SMTP_URL", &mailbox.url())
        .set("HOOKFERRY_MAIL_FROM", "Hookferry <hookferry@example.com>");
    let mut canaries = Canaries::default();
    for (what, value) in [
        ("phone number", PHONE),
        ("phone number without plus", &PHONE[1..]),
        ("password", PASSWORD),
        ("new password", NEW_PASSWORD),
        ("address", EMAIL),
        ("operator's token", OPERATOR),
        ("own secret", SECRET),
        ("owner", "owner@acme.example"),
    ] {
        canaries.note(what, value);
    }
    let (mut program, api) = running(&setup).await;
    canaries.note("token", api.token());
    people(&program, &mailbox, &mut canaries).await;
    let made = deliveries(&api, &mut canaries).await;
    bad_requests(&api, &made, &mut canaries).await;
    nonsense(&program, &mut canaries);
    if let Some(proxy) = proxy {
        without_database(&program, &api, proxy, &mut canaries).await;
    }
    let operator = program.anonymous().with_token(Some(OPERATOR));
    let metrics = operator.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    let metrics = String::from_utf8(metrics.body.to_vec()).unwrap();
    assert!(metrics.contains("hookferry_events_accepted_total "), "{metrics}");
    program.signal("TERM");
    assert!(program.wait_exit(SOON * 2).await.success());
    let all = written(&program);
    let found: BTreeSet<String> =
        canaries.found_in(&(all.clone() + &metrics)).into_iter().collect();
    let lines: Vec<&str> =
        all.lines().filter(|line| !canaries.found_in(line).is_empty()).take(5).collect();
    assert!(found.is_empty(), "{found:#?} in lines such as {lines:#?}");
    check_lines(&program.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_anybodys_is_told_on_sqlite() {
    story(Setup::sqlite(), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_anybodys_is_told_on_postgres_even_when_it_is_gone() {
    let cluster = Cluster::shared();
    let proxy = Proxy::to(([127, 0, 0, 1], cluster.port()).into());
    let url = cluster.database("canaries");
    let url = url.replace(&cluster.port().to_string(), &proxy.address().port().to_string());
    story(Setup::postgres(&url), Some(&proxy)).await;
}

#[test]
fn a_canary_is_found_in_every_form() {
    let mut canaries = Canaries::default();
    let value = canaries.plant("one");
    let inside = format!("{{\"a\":\"{value}\"}}");
    for written in [
        inside.clone(),
        inside.to_uppercase(),
        format!("{:?}", inside.as_bytes()),
        inside.bytes().map(|byte| format!("{byte:02X}")).collect::<String>(),
        inside.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>(),
        STANDARD_NO_PAD.encode(&inside),
        STANDARD_NO_PAD.encode(format!("1{inside}")),
        URL_SAFE_NO_PAD.encode(format!("12{inside}")),
    ] {
        assert!(!canaries.found_in(&written).is_empty(), "{written}");
    }
    assert!(canaries.found_in("nothing of the kind").is_empty());
    canaries.note("phone number", PHONE);
    assert!(!canaries.found_in("%2B4915198765432101").is_empty());
}
