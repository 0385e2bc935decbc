//! Mails about endpoints, over a real SMTP server, and without one.

use serde_json::{Value, json};
use testkit::api::Api;
use testkit::mailbox::{Mail, Mailbox};
use testkit::program::Setup;
use testkit::receiver::Receiver;

use crate::support::{SOON, endpoint, event, on_both_databases, running, text};

on_both_databases! {
    warning_defective_and_recovered_are_mailed
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
