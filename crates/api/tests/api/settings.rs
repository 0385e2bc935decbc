//! Settings, added addresses and test mails over REST.

use chrono::TimeDelta;
use domain::scope::Scope;
use serde_json::{Value, json};
use store::MailContent;

use crate::harness::{App, noon, problem};

async fn with_mail() -> App {
    let app = App::changed(|config| config.can_mail = true).await;
    std::mem::forget(app.store.join("a", noon()).await.unwrap());
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_merged_and_null_is_the_default() {
    let app = App::start().await;
    let first = app.api.get("/settings").await.expect(200);
    assert_eq!(first["company"]["name"], "Acme");
    assert_eq!(first["time_zone"], "UTC");
    assert_eq!(first["notifications"]["roles"]["endpoint_warning"], json!(["admin", "owner"]));
    assert_eq!(first["notifications"]["quiet_hours"], Value::Null);
    assert_eq!(first["endpoint_defaults"], json!({"timeout_ms": null, "schedule": null}));
    let patch = json!({
        "company": {"name": " Acme & Sons "}, "time_zone": "Europe/Berlin",
        "notifications": {
            "roles": {"endpoint_recovered": []},
            "quiet_hours": {"from": "22:00", "to": "07:00"},
        },
        "endpoint_defaults": {"timeout_ms": 7000, "schedule": "meta"},
    });
    let after = app.api.patch("/settings", &patch).await.expect(200);
    assert_eq!(after, app.api.get("/settings").await.expect(200));
    assert_eq!(after["company"]["name"], "Acme & Sons");
    assert_eq!(after["notifications"]["roles"]["endpoint_recovered"], json!([]));
    assert_eq!(after["notifications"]["roles"]["endpoint_warning"], json!(["admin", "owner"]));
    let hours = json!({"from": "22:00", "to": "07:00", "defective_breaks_through": true});
    assert_eq!(after["notifications"]["quiet_hours"], hours);
    let endpoint = app.endpoint().await;
    assert_eq!((&endpoint["timeout_ms"], &endpoint["schedule"]), (&json!(7000), &json!("meta")));
    let own = json!({
        "url": "https://example.com/h", "event_types": ["*"], "timeout_ms": 3000, "schedule": null,
    });
    let endpoint = app.api.post("/endpoints", &own).await.expect(201);
    assert_eq!((&endpoint["timeout_ms"], &endpoint["schedule"]), (&json!(3000), &json!("meta")));
    let patch = json!({
        "time_zone": null, "endpoint_defaults": {"timeout_ms": null, "schedule": null},
        "notifications": {"roles": {"endpoint_recovered": null}, "quiet_hours": null},
    });
    let back = app.api.patch("/settings", &patch).await.expect(200);
    let company = json!({"company": {"name": "Acme"}});
    let back_again = app.api.patch("/settings", &company).await.expect(200);
    assert_eq!(back["company"]["name"], "Acme & Sons");
    assert_eq!(back_again, first);
    // What the company has set is nobody else's.
    assert_eq!(app.stranger().await.get("/settings").await.expect(200)["company"]["name"], "Other");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_settings_is_told_by_pointer() {
    let app = App::start().await;
    for (patch, code, pointer) in [
        (json!({"timezone": "UTC"}), "unknown_field", "/timezone"),
        (json!({"time_zone": "Berlin"}), "invalid_field", "/time_zone"),
        (json!({"company": {"name": ""}}), "invalid_field", "/company/name"),
        (json!({"company": {"name": null}}), "invalid_field", "/company/name"),
        (json!({"company": {"name": "a\nb"}}), "invalid_field", "/company/name"),
        (json!({"company": {"plan": 1}}), "unknown_field", "/company/plan"),
        (json!({"company": "Acme"}), "invalid_field", "/company"),
        (
            json!({"notifications": {"roles": {"endpoint_warning": ["root"]}}}),
            "invalid_field",
            "/notifications/roles/endpoint_warning",
        ),
        (
            json!({"notifications": {"roles": {"warning": []}}}),
            "unknown_field",
            "/notifications/roles/warning",
        ),
        (
            json!({"notifications": {"quiet_hours": {"from": "22:00"}}}),
            "missing_field",
            "/notifications/quiet_hours/to",
        ),
        (
            json!({"notifications": {"quiet_hours": {"from": "24:00", "to": "07:00"}}}),
            "invalid_field",
            "/notifications/quiet_hours/from",
        ),
        (
            json!({"notifications": {"quiet_hours": {"from": "07:00", "to": "07:00"}}}),
            "invalid_field",
            "/notifications/quiet_hours/to",
        ),
        (
            json!({"endpoint_defaults": {"timeout_ms": 999}}),
            "invalid_field",
            "/endpoint_defaults/timeout_ms",
        ),
        (
            json!({"endpoint_defaults": {"schedule": "often"}}),
            "invalid_field",
            "/endpoint_defaults/schedule",
        ),
    ] {
        let answer = app.api.patch("/settings", &patch).await;
        problem(&answer, 422, code, Some(pointer));
    }
    assert_eq!(app.api.get("/settings").await.expect(200)["company"]["name"], "Acme");
}

/// What the links of the mails that wait carry: of proofs, and of stops.
async fn links(app: &App) -> (Option<String>, Option<String>) {
    let claimed = app.store.claim_mails(100, noon() + TimeDelta::minutes(1)).await.unwrap();
    let (mut proof, mut stop) = (None, None);
    for claimed in claimed {
        match claimed.mail.content {
            MailContent::Account(mail) => proof = mail.token.or(proof),
            MailContent::Company(_) => stop = claimed.mail.stop.or(stop),
        }
    }
    (proof, stop)
}

/// Asks for a page, which is no JSON.
async fn page(app: &App, method: &str, path: &str) -> (u16, String) {
    let api = app.api.with_token(None);
    let answer =
        api.send(method, path, &[], Some(b"List-Unsubscribe=One-Click".to_vec())).await.unwrap();
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_added_address_is_proved_gets_a_test_mail_and_stops_it() {
    let app = with_mail().await;
    let evil = json!({"company": {"name": "<b>Acme</b>"}});
    app.api.patch("/settings", &evil).await.expect(200);
    let new = json!({"email": "ops@example.com", "kinds": ["endpoint_defective"]});
    let made = app.api.post("/settings/addresses", &new).await.expect(201);
    assert_eq!((&made["state"], &made["kinds"]), (&json!("unproved"), &new["kinds"]));
    let test = json!({"to": "ops@example.com"});
    let refused = app.api.post("/settings/test-mail", &test).await;
    problem(&refused, 422, "invalid_field", Some("/to"));
    let proof = links(&app).await.0.unwrap();
    let path = format!("/notification-addresses/confirm/{proof}");
    for _ in 0..2 {
        let (status, shown) = page(&app, "GET", &path).await;
        assert!(status == 200 && shown.contains("ops@example.com"), "{status} {shown}");
        assert!(!shown.contains("<b>Acme") && shown.contains("&lt;b&gt;Acme"), "{shown}");
    }
    assert_eq!(page(&app, "POST", &path).await.0, 200);
    assert_eq!(page(&app, "POST", &path).await.0, 404, "it works once");
    let state = async || {
        let settings = app.api.get("/settings").await.expect(200);
        settings["notifications"]["addresses"][0]["state"].clone()
    };
    assert_eq!(state().await, "proved");
    let asked = app.api.post("/settings/test-mail", &test).await.expect(202);
    let path = format!("/mails/{}", asked["id"].as_str().unwrap());
    let mail = app.api.get(&path).await.expect(200);
    assert_eq!(
        (&mail["kind"], &mail["state"], &mail["recipient"]),
        (&json!("test_mail"), &json!("queued"), &json!("ops@example.com"))
    );
    assert_eq!(mail["subject"], "[<b>Acme</b>] Test mail");
    assert!(mail["text"].as_str().unwrap().contains("This is a test mail"), "{mail}");
    let log = app.api.get("/audit-log?action=mail.test_asked_for").await.expect(200);
    assert_eq!(log["data"][0]["subject"], asked["id"]);
    let stop = links(&app).await.1.unwrap();
    assert!(!mail.to_string().contains(&stop), "only who reads the mail may have it");
    let path = format!("/notification-addresses/stop/{stop}");
    assert_eq!(page(&app, "GET", &path).await.0, 200);
    assert_eq!(state().await, "proved", "looking is not stopping");
    assert_eq!(page(&app, "POST", &path).await.0, 200);
    assert_eq!(state().await, "stopped");
    let log = app.api.get("/audit-log?action=address.stopped").await.expect(200);
    assert_eq!(log["data"][0]["actor"], made["id"]);
    assert!(!app.api.get("/mails").await.expect(200).to_string().contains(&proof));
}

#[tokio::test(flavor = "multi_thread")]
async fn test_mails_need_a_server_an_address_and_patience() {
    let without = App::start().await;
    let to = json!({"to": "owner@example.com"});
    let answer = without.api.post("/settings/test-mail", &to).await;
    let told = problem(&answer, 409, "mail_not_configured", None);
    assert!(told["detail"].as_str().unwrap().contains("HOOKFERRY_SMTP_URL"), "{told}");
    let app = with_mail().await;
    let nobody = app.api.post("/settings/test-mail", &json!({})).await;
    problem(&nobody, 422, "missing_field", Some("/to"));
    for _ in 0..10 {
        app.api.post("/settings/test-mail", &to).await.expect(202);
    }
    let answer = app.api.post("/settings/test-mail", &to).await;
    problem(&answer, 429, "too_many_tries", None);
    assert_eq!(answer.header("retry-after"), "3601");
    app.clock.advance(TimeDelta::minutes(61));
    app.api.post("/settings/test-mail", &to).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_not_bothered_by_many_links() {
    let app = with_mail().await;
    let new = json!({"email": "victim@example.com"});
    for _ in 0..4 {
        app.api.post("/settings/addresses", &new).await.expect(201);
    }
    let stranger = app.stranger().await;
    let refused = stranger.post("/settings/addresses", &new).await;
    problem(&refused, 429, "too_many_tries", None);
    stranger.post("/settings/addresses", &json!({"email": "x@example.com"})).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_endpoints_sees_settings_and_only_admins_change_them() {
    let app = App::start().await;
    let reader = app.with_scopes(&[Scope::EndpointsRead]).await;
    reader.get("/settings").await.expect(200);
    let answer = reader.patch("/settings", &json!({"time_zone": "UTC"})).await;
    problem(&answer, 403, "missing_scope", None);
}
