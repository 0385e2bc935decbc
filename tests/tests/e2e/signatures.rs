//! Signatures, judged by libraries that are not ours, on the real clock.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use testkit::api::Api;
use testkit::files;
use testkit::program::Setup;
use testkit::receiver::{Received, Receiver};

use crate::support::{SOON, endpoint, fixture, running, text};

/// Who verifies the Standard Webhooks signature.
pub const STANDARD_JUDGES: &[(&str, &str)] = &[
    ("python", "standardwebhooks"),
    ("python", "svix"),
    ("node", "standardwebhooks"),
    ("node", "svix"),
];
/// Who escapes a body before it verifies `X-Hub-Signature-256`.
pub const ESCAPING_JUDGE: (&str, &str) = ("node", "escaping");
/// Who verifies `X-Hub-Signature-256`.
pub const HUB_JUDGE: (&str, &str) = ("node", "octokit");

/// Asks a judge whether the request is signed with this secret.
pub fn accepts(judge: (&str, &str), request: &Received, secret: &str) -> bool {
    verdicts(judge, &[(request, secret)])[0]
}

/// Asks a judge of each request whether it is signed with the secret beside it.
pub fn verdicts(judge: (&str, &str), requests: &[(&Received, &str)]) -> Vec<bool> {
    let questions: Vec<Value> = requests
        .iter()
        .map(|(request, secret)| {
            let headers: Map<String, Value> =
                request.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            let body = STANDARD.encode(&request.body);
            json!({"headers": headers, "body_base64": body, "secret": secret})
        })
        .collect();
    let mut command = match judge.0 {
        "python" => {
            let mut python = Command::new(files::python());
            python.arg(files::root().join("tests/judges/judge.py"));
            python
        }
        _ => {
            let mut node = Command::new("node");
            node.args(["--preserve-symlinks", "--preserve-symlinks-main"]);
            node.arg(files::cache().join("judges/judge.mjs"));
            node
        }
    };
    command.arg(judge.1).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the judge is installed by `make test`");
    let questions = Value::from(questions).to_string();
    child.stdin.take().unwrap().write_all(questions.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{judge:?} failed: {said}");
    let verdicts: Vec<&str> = said.lines().collect();
    assert_eq!(verdicts.len(), requests.len(), "{judge:?} says {said:?}");
    let verdict = |said: &&str| {
        assert!(*said == "ok" || said.starts_with("fail "), "{judge:?} says {said:?}");
        *said == "ok"
    };
    verdicts.iter().map(verdict).collect()
}

pub fn all_accept(request: &Received, standard: &str, hub: &str) {
    for judge in STANDARD_JUDGES {
        assert!(accepts(*judge, request, standard), "{judge:?}");
    }
    assert!(accepts(HUB_JUDGE, request, hub));
}

fn none_accepts(request: &Received, standard: &str, hub: &str) {
    for judge in STANDARD_JUDGES {
        assert!(!accepts(*judge, request, standard), "{judge:?}");
    }
    assert!(!accepts(HUB_JUDGE, request, hub));
}

/// Posts the fixture, which has a rupee sign and an emoji in it, and gives what arrived.
async fn arrival(api: &Api, receiver: &Receiver) -> Received {
    let number = receiver.count() + 1;
    let body = format!(r#"{{"type":"message.received","data":{}}}"#, fixture("message_text.json"));
    assert!(!body.is_ascii());
    let answer = api.send("POST", "/events", &[], Some(body.into_bytes())).await.unwrap();
    answer.expect(202);
    let received = receiver.wait_for(number, SOON).await;
    assert!(!received[number - 1].body.is_ascii());
    received[number - 1].clone()
}

async fn secrets(api: &Api, endpoint: &Value) -> (String, String) {
    let path = format!("/endpoints/{}/secret", text(endpoint, "id"));
    let shown = api.get(&path).await.expect(200);
    (text(&shown, "secret").to_owned(), text(&shown, "standard_webhooks_secret").to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_libraries_accept_what_we_sign_and_refuse_what_was_changed() {
    let receiver = Receiver::start();
    let (_program, api) = running(&Setup::sqlite()).await;
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let (secret, standard) = secrets(&api, &made).await;
    assert_eq!(secret, text(&made, "secret"));
    assert_eq!(standard, secret);
    let mut request = arrival(&api, &receiver).await;
    all_accept(&request, &standard, &secret);
    let changed = [&request.body[..], b" "].concat();
    request.body = changed.into();
    none_accepts(&request, &standard, &secret);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supplied_secret_signs_for_both() {
    let receiver = Receiver::start();
    let (_program, api) = running(&Setup::sqlite()).await;
    let supplied = "7c41e0d6a95b2f8834d1c0be9a6f5e27";
    let mut wanted = endpoint(&receiver.url("/"));
    wanted["secret"] = supplied.into();
    let made = api.create_endpoint(wanted).await;
    let (secret, standard) = secrets(&api, &made).await;
    assert_eq!(secret, supplied);
    assert_eq!(standard, format!("whsec_{}", STANDARD.encode(supplied)));
    let request = arrival(&api, &receiver).await;
    all_accept(&request, &standard, supplied);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_signs_with_both_until_its_overlap_ends() {
    let receiver = Receiver::start();
    let (_program, api) = running(&Setup::sqlite()).await;
    let made = api.create_endpoint(endpoint(&receiver.url("/"))).await;
    let old = text(&made, "secret").to_owned();
    let path = format!("/endpoints/{}/secret/rotate", text(&made, "id"));

    let rotated = api.post(&path, &json!({"overlap_seconds": 3600})).await.expect(200);
    let new = text(&rotated, "secret").to_owned();
    assert_ne!(new, old);
    let request = arrival(&api, &receiver).await;
    let signatures = request.header("webhook-signature").unwrap();
    assert_eq!(signatures.split(' ').count(), 2, "{signatures}");
    all_accept(&request, &old, &old);
    for judge in STANDARD_JUDGES {
        assert!(accepts(*judge, &request, &new), "{judge:?}");
    }
    assert!(!accepts(HUB_JUDGE, &request, &new), "that header keeps the old secret meanwhile");

    let rotated = api.post(&path, &json!({"overlap_seconds": 0})).await.expect(200);
    let newest = text(&rotated, "secret").to_owned();
    let request = arrival(&api, &receiver).await;
    for judge in STANDARD_JUDGES {
        assert!(accepts(*judge, &request, &newest), "{judge:?}");
        assert!(!accepts(*judge, &request, &new), "{judge:?}");
    }
}
