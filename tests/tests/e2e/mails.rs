//! Mails about endpoints, over a real SMTP server, and without one.

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::api::Api;
use testkit::mailbox::{Mail, Mailbox};
use testkit::program::Setup;
use testkit::receiver::Receiver;

use crate::support::{SOON, endpoint, event, now, on_both_databases, running, text};

on_both_databases! {
    warning_defective_and_recovered_are_mailed
    an_added_address_confirms_is_mailed_and_stops_it
}

fn impatient(setup: &Setup) -> Setup {
    setup
        .clone()
        .set("HOOKFERRY_WARN_AFTER", "3")
        .set("HOOKFERRY_DEFECTIVE_AFTER", "6")
        .set("HOOKFERRY_RETRY_INTERVAL", "200ms")
}

fn with_mail(setup: &Setup, mailbox: &Mailbox) -> Setup {
    impatient(setup)
        .set("HOOKFERRY_SMTP_URL", &mailbox.url())
        .set("HOOKFERRY_MAIL_FROM", "Hookferry <hookferry@example.com>")
}

async fn wait_status(api: &Api, id: &str, status: &str) -> Value {
    let path = format!("/endpoints/{id}");
    api.wait_for(&path, SOON, |endpoint| endpoint["status"] == status).await
}

/// Fails until the endpoint is Defective, then answers until it is Enabled again.
async fn fall_and_rise(api: &Api, receiver: &Receiver) -> String {
    receiver.answers(503);
    let made = api.create_endpoint(endpoint(&receiver.url("/orders"))).await;
    let id = text(&made, "id").to_owned();
    let accepted = api.post_event(event(1)).await;
    wait_status(api, &id, "defective").await;
    receiver.answers(200);
    let healed = wait_status(api, &id, "enabled").await;
    assert_eq!(healed["streak"], 0);
    let delivery = api.delivery_of(&accepted).await;
    assert_eq!(delivery["state"], "delivered");
    assert!(delivery["tries"].as_u64().unwrap() >= 7, "{delivery}");
    id
}

fn check(mail: &Mail, subject: &str, receiver: &Receiver) {
    assert!(mail.accepted);
    assert!(mail.subject.contains(subject), "{}", mail.subject);
    assert_eq!(mail.to, ["owner@acme.example"]);
    assert!(mail.header_from.contains("hookferry@example.com"));
    assert!(mail.text.contains(&receiver.url("/orders")), "{}", mail.text);
    assert!(mail.html.contains("<html"), "{}", mail.html);
}

async fn warning_defective_and_recovered_are_mailed(setup: Setup) {
    let (receiver, mailbox) = (Receiver::start(), Mailbox::start());
    let (_program, api) = running(&with_mail(&setup, &mailbox)).await;
    fall_and_rise(&api, &receiver).await;
    let mails = mailbox.wait_for(3, SOON).await;
    check(&mails[0], "Webhook failing", &receiver);
    check(&mails[1], "Webhook Defective", &receiver);
    check(&mails[2], "Webhook works again", &receiver);
    assert!(mails[1].text.contains("503"), "{}", mails[1].text);
    let mut ids: Vec<&str> = mails.iter().map(|mail| mail.message_id.as_str()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3, "{ids:?}");
    wait_mail_states(&api, "sent", 3).await;
    assert_eq!(mailbox.mails().len(), 3, "each is sent once");
}

async fn wait_mail_states(api: &Api, state: &str, count: usize) -> Value {
    api.wait_for("/mails", SOON * 3, |page| {
        let all = page["data"].as_array().map_or(&[][..], Vec::as_slice);
        all.len() == count && all.iter().all(|mail| mail["state"] == state)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_is_down_loses_nothing_and_sends_nothing_twice() {
    let (receiver, mailbox) = (Receiver::start(), Mailbox::stopped());
    let (_program, api) = running(&with_mail(&Setup::sqlite(), &mailbox)).await;
    fall_and_rise(&api, &receiver).await;
    api.wait_for("/mails", SOON, |page| {
        let tried = |mail: &Value| mail["tries"].as_u64() > Some(0) && mail["state"] == "queued";
        page["data"].as_array().is_some_and(|all| all.len() == 3 && all.iter().all(tried))
    })
    .await;
    mailbox.resume();
    let mails = mailbox.wait_for(3, SOON * 3).await;
    wait_mail_states(&api, "sent", 3).await;
    for subject in ["Webhook failing", "Webhook Defective", "Webhook works again"] {
        let times = mails.iter().filter(|mail| mail.subject.contains(subject)).count();
        assert_eq!(times, 1, "{subject}");
    }
    assert_eq!(mailbox.mails().len(), 3, "nothing is sent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_mail_server_mails_are_kept_and_shown() {
    let receiver = Receiver::start();
    let (_program, api) = running(&impatient(&Setup::sqlite())).await;
    let endpoint = fall_and_rise(&api, &receiver).await;
    let page = wait_mail_states(&api, "queued", 3).await;
    let mut kinds: Vec<&str> =
        page["data"].as_array().unwrap().iter().map(|mail| text(mail, "kind")).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["endpoint_defective", "endpoint_recovered", "endpoint_warning"]);
    for mail in page["data"].as_array().unwrap() {
        assert_eq!(text(mail, "endpoint_id"), endpoint);
        assert_eq!(text(mail, "recipient"), "owner@acme.example");
        let one = api.get(&format!("/mails/{}", text(mail, "id"))).await.expect(200);
        assert_eq!(one["kind"], mail["kind"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gone_disables_and_is_mailed_once() {
    let (receiver, mailbox) = (Receiver::start(), Mailbox::start());
    let (_program, api) = running(&with_mail(&Setup::sqlite(), &mailbox)).await;
    receiver.answers(410);
    let made = api.create_endpoint(endpoint(&receiver.url("/orders"))).await;
    // Two at once and no third: at three the streak would be worth a warning of its own.
    let events = json!({"events": [event(1), event(2)]});
    api.post("/events/batch", &events).await.expect(202);
    let disabled = wait_status(&api, text(&made, "id"), "disabled").await;
    assert_eq!(disabled["status_reason"], "gone");
    let mails = mailbox.wait_for(1, SOON).await;
    check(&mails[0], "Webhook disabled", &receiver);
    wait_mail_states(&api, "sent", 1).await;
}

/// The first link to a page of the installation that a mail names.
fn link<'mail>(mail: &'mail Mail, page: &str) -> &'mail str {
    let begins = format!("https://hooks.example/notification-addresses/{page}/");
    let word = mail.text.split_whitespace().find(|word| word.starts_with(&begins));
    word.unwrap_or_else(|| panic!("no link to {page} in {}", mail.text))
}

/// Follows a link as the reader's browser does when its button is pressed.
async fn press(api: &Api, link: &str) {
    let path = link.strip_prefix("https://hooks.example").unwrap();
    let answer = api.with_token(None).send("POST", path, &[], Some(Vec::new())).await.unwrap();
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

async fn an_added_address_confirms_is_mailed_and_stops_it(setup: Setup) {
    let (receiver, mailbox) = (Receiver::start(), Mailbox::start());
    let setup = with_mail(&setup, &mailbox).set("HOOKFERRY_PUBLIC_URL", "https://hooks.example");
    let (_program, api) = running(&setup).await;
    let roles = json!({"endpoint_warning": [], "endpoint_defective": [], "endpoint_recovered": []});
    // All day but for an hour that is over.
    let clock = |hours| (now() - TimeDelta::hours(hours)).format("%H:%M").to_string();
    let night = json!({"from": clock(1), "to": clock(2), "defective_breaks_through": true});
    let settings = json!({"notifications": {"roles": roles, "quiet_hours": night}});
    api.patch("/settings", &settings).await.expect(200);
    let new = json!({"email": "ops@acme.example"});
    api.post("/settings/addresses", &new).await.expect(201);
    let proof = mailbox.wait_for(1, SOON).await.remove(0);
    assert_eq!(proof.to, ["ops@acme.example"]);
    press(&api, link(&proof, "confirm")).await;

    fall_and_rise(&api, &receiver).await;
    // Warning and recovery wait for the end of a day of quiet, unless they are undone before it.
    let defective = mailbox.wait_for(2, SOON).await.remove(1);
    assert_eq!(defective.to, ["ops@acme.example"]);
    assert!(defective.subject.contains("Webhook Defective"), "{}", defective.subject);
    let stop = link(&defective, "stop");
    assert!(defective.raw.contains(&format!("List-Unsubscribe: <{stop}>")), "{}", defective.raw);
    assert!(defective.raw.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
    api.wait_for("/mails", SOON, |page| {
        let state = |kind: &str| {
            let all = page["data"].as_array().unwrap();
            all.iter().find(|mail| mail["kind"] == kind).map(|mail| text(mail, "state").to_owned())
        };
        state("endpoint_defective").as_deref() == Some("sent")
            && state("endpoint_recovered").as_deref() == Some("queued")
            && state("endpoint_warning").as_deref() == Some("undone")
    })
    .await;
    press(&api, stop).await;
    let page = api.get("/mails").await.expect(200);
    assert_eq!(page["data"][0]["state"], "undone", "{page}");
    assert!(!page.to_string().contains(stop), "the company does not see its reader's link");
    assert_eq!(mailbox.mails().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_mail_tells_what_became_of_it() {
    let mailbox = Mailbox::start();
    let (_program, api) = running(&with_mail(&Setup::sqlite(), &mailbox)).await;
    let to = json!({"to": "owner@acme.example"});
    let asked = api.post("/settings/test-mail", &to).await.expect(202);
    let mail = mailbox.wait_for(1, SOON).await.remove(0);
    assert_eq!(
        (mail.to.as_slice(), mail.subject.as_str()),
        (&["owner@acme.example".to_owned()][..], "[acme] Test mail")
    );
    let path = |asked: &Value| format!("/mails/{}", text(asked, "id"));
    let sent = api.wait_for(&path(&asked), SOON, |mail| mail["state"] == "sent").await;
    assert_eq!(sent["tries"], 1);
    mailbox.answers("451 4.7.1 come back later");
    let asked = api.post("/settings/test-mail", &to).await.expect(202);
    let failed = api.wait_for(&path(&asked), SOON, |mail| mail["state"] == "failed").await;
    assert!(text(&failed, "last_error").contains("come back later"), "{failed}");
}
