//! Meta notifications in: signed, one status each, to a source whose events one endpoint picks.
//!
//! Each contact's message goes through its life: `sent` to all contacts in turn, then `delivered`, then
//! `read`, then the next message. Each of them looks up contact and session and is written down with its
//! key and its delivery, as any event. Beside that, `sent` makes nobody a contact and begins nothing; the
//! first `delivered` makes a contact and begins a session, and a later one finds both and changes
//! nothing; `read` falls into the session, so it asks nothing of what came before it.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use domain::source::AppSecret;
use testkit::program::Program;

use crate::client::Sender;
use crate::paced::{latency_text, post_steadily};
use crate::receiver::NUMBER_KEY;
use crate::rows::{Bound, Row};
use crate::stage::Stage;
use crate::table::META;
use crate::tally::{Tally, share_ms};
use crate::throughput::rate;
use crate::usage;

const CONNECTIONS: usize = 64;
const NOTIFICATIONS_MAX: usize = 1_000_000;
/// Contacts in turn as fast as it goes: each has several messages in that time.
const CONTACTS: usize = 10_000;
/// The same at the pace, where each shall have seen all three statuses.
const CONTACTS_PACED: usize = 1_000;
const PER_SECOND: u32 = 300;
const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The statuses of a message, in their order.
const STATUSES: [&str; 3] = ["sent", "delivered", "read"];

/// Where a source takes notifications, and what it takes for Meta's.
#[derive(Debug)]
pub(crate) struct Callback {
    pub(crate) path: String,
    secret: AppSecret,
    /// When all of it happened, in seconds since 1970.
    at: u64,
}

impl Callback {
    /// Of a source with this callback URL, or path where the program does not know its own origin.
    fn new(url: &str, at: u64) -> anyhow::Result<Self> {
        let path = url.find("/in/").context("a callback URL is under /in")?;
        Ok(Self { path: url[path..].to_owned(), secret: AppSecret::parse(APP_SECRET)?, at })
    }

    /// What Meta writes into `X-Hub-Signature-256`.
    pub(crate) fn sign(&self, body: &[u8]) -> String {
        self.secret.sign(body)
    }

    /// Writes a notification with one status of one message: as Meta writes them, and with the event's
    /// number in it, which comes out again with the status.
    pub(crate) fn write(&self, to: &mut Vec<u8>, phase: u32, number: usize, contacts: usize) {
        let (round, place) = (number / contacts, number % contacts);
        let (message, status) = (round / STATUSES.len(), STATUSES[round % STATUSES.len()]);
        let (contact, at) = (31_600_000_000 + place, self.at);
        // A vector takes all.
        let _ = write!(
            to,
            "{{\"object\":\"whatsapp_business_account\",\"entry\":[{{\"id\":\"117204559812340\",\
             \"changes\":[{{\"value\":{{\"messaging_product\":\"whatsapp\",\"metadata\":{{\
             \"display_phone_number\":\"919820011223\",\"phone_number_id\":\"208845331907714\"}},\
             \"contacts\":[{{\"profile\":{{\"name\":\"Priya Mehta\"}},\"wa_id\":\"{contact}\",\
             \"user_id\":\"NL.739{contact}\"}}],\"statuses\":[{{\
             \"id\":\"wamid.HBgMOTE5ODc2NTQzMjEwFQIAERgS{phase:08X}{message:012X}{place:012X}A\",\
             \"status\":\"{status}\",\"timestamp\":\"{at}\",{NUMBER_KEY}{number},\
             \"recipient_id\":\"{contact}\",\"recipient_user_id\":\"NL.739{contact}\",\
             \"conversation\":{{\"id\":\"6ceb9d929c9bdc4f90e967a32f8639b4\",\
             \"origin\":{{\"type\":\"utility\"}}}},\"pricing\":{{\"billable\":true,\
             \"pricing_model\":\"PMP\",\"category\":\"utility\",\"type\":\"regular\"}}}}]}},\
             \"field\":\"messages\"}}]}}]}}"
        );
    }
}

/// As many as there can be, and at a pace. The first bound is about deliveries: one is owed for each
/// notification that was answered.
pub(crate) async fn rows(stage: &Stage, bare: f64) -> anyhow::Result<Vec<Row>> {
    Ok(vec![fast(stage, bare).await?, paced(stage).await?])
}

async fn fast(stage: &Stage, bare: f64) -> anyhow::Result<Row> {
    let program = stage.program_that_retries_soon().await;
    stage.warm_up(&program).await?;
    let sender = company(stage, &program, NOTIFICATIONS_MAX, CONTACTS).await?;
    let lasts = stage.lasts(6, 2);
    let rate = rate(stage, &[&program], &sender, (CONNECTIONS, 1), lasts).await?;
    let (_, highest_mib) = usage::resident_mib(program.id());
    let figure = format!(
        "{:.0} deliveries/s, {:.0} notifications answered/s, {}, RSS {highest_mib:.0} MiB",
        rate.per_second(),
        sender.tally.answered_per_second(),
        rate.cpu_text()
    );
    let row = Row::new(
        &format!("{META}, {CONNECTIONS} connections"),
        figure,
        rate.per_second() / bare,
        "B",
    );
    Ok(row.bounds(None, Some(Bound::AtLeast(0.30))).losses(&rate.outcome))
}

async fn paced(stage: &Stage) -> anyhow::Result<Row> {
    let program = stage.program_that_retries_soon().await;
    stage.warm_up(&program).await?;
    let count = PER_SECOND as usize * stage.lasts(10, 3).as_secs() as usize;
    let sender = company(stage, &program, count, CONTACTS_PACED).await?;
    stage.receiver.count_for(vec![sender.tally.clone()]);
    let outcome = post_steadily(stage, &sender, PER_SECOND).await?;
    let (answers, _) = sender.tally.stretches_of(0..count);
    let figure = format!(
        "{}; answered p50 {:.1} ms, p99 {:.1} ms",
        latency_text(&outcome),
        share_ms(&answers, 0.5),
        share_ms(&answers, 0.99)
    );
    let name = format!("{META}, paced {PER_SECOND}/s");
    let row = Row::new(&name, figure, outcome.latency_ms(0.99), "ms p99");
    Ok(row.bounds(None, Some(Bound::AtMost(5.0))).losses(&outcome))
}

/// A fresh company with a source, and an endpoint for all of the statuses.
async fn company(
    stage: &Stage,
    program: &Program,
    notifications: usize,
    contacts: usize,
) -> anyhow::Result<Sender> {
    let tally = Tally::new(stage.next_phase(), notifications, 1);
    let url = stage.receiver.url(tally.phase, 0);
    let api = program.tenant(&format!("bench{}", tally.phase));
    let event_types = STATUSES.map(|status| format!("message.{status}"));
    api.create_endpoint(serde_json::json!({ "url": url, "event_types": event_types })).await;
    let wanted =
        serde_json::json!({ "kind": "whatsapp", "name": "bench", "app_secret": APP_SECRET });
    let source = api.post("/sources", &wanted).await.expect(201);
    let url = source["callback_url"].as_str().context("a source has a callback URL")?;
    let callback = Some(Callback::new(url, seconds_now()?)?.into());
    Ok(Sender { contacts, callback, ..stage.sender(program, api.token(), tally)? })
}

#[expect(clippy::disallowed_methods, reason = "the program beside it goes by the wall clock")]
fn seconds_now() -> anyhow::Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::DateTime;
    use domain::whatsapp;

    use super::*;

    #[test]
    fn notifications_are_a_message_s_life_contact_by_contact_and_signed() {
        let callback = Callback::new("https://h.example/in/cmp_1/src_1", 1_789_632_060).unwrap();
        assert_eq!(callback.path, "/in/cmp_1/src_1");
        assert!(Callback::new("https://h.example/", 0).is_err());
        let now = DateTime::from_timestamp(1_789_632_062, 0).unwrap();
        let mut keys = HashSet::new();
        for (number, event_type, message) in [
            (0, "message.sent", "000000000000000000000000A"),
            (9, "message.sent", "000000000000000000000009A"),
            (10, "message.delivered", "000000000000000000000000A"),
            (29, "message.read", "000000000000000000000009A"),
            (30, "message.sent", "000000000001000000000000A"),
        ] {
            let mut body = Vec::new();
            callback.write(&mut body, 7, number, 10);
            assert!(callback.sign(&body).starts_with("sha256="));
            let read = whatsapp::parse(&body, now).unwrap();
            let [update] = read.updates.as_slice() else { panic!("{:?}", read.updates) };
            assert_eq!(update.event_type.as_str(), event_type);
            let data: serde_json::Value = serde_json::from_slice(&update.data).unwrap();
            assert_eq!(data["status"]["bench_number"], number);
            let id = data["message_id"].as_str().unwrap();
            assert!(id.ends_with(&format!("00000007{message}")), "{id}");
            let contact = (31_600_000_000 + number % 10).to_string();
            assert_eq!(data["contact"]["wa_id"], contact);
            assert_eq!(update.occurred_at.map(|at| at.timestamp()), Some(1_789_632_060));
            assert!(keys.insert(update.external_id.clone()), "{}", update.external_id);
        }
    }
}
