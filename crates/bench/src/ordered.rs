//! What it costs an endpoint that its events come in their order, contact by contact.

use testkit::api::Answer;
use testkit::program::Program;

use crate::client::Sender;
use crate::paced::{latency_text, post_steadily};
use crate::rows::{Bound, Row};
use crate::stage::Stage;
use crate::table::ORDERED;
use crate::tally::Tally;
use crate::throughput::rate;

/// Contacts whose events are under way at the same time.
const CONTACTS: usize = 10_000;
const PER_SECOND: u32 = 300;
const EVENTS_MAX: usize = 1_000_000;

/// The same load to an endpoint that is ordered and to one that is not.
pub(crate) async fn rows(stage: &Stage) -> anyhow::Result<Vec<Row>> {
    let program = stage.program_that_retries_soon().await;
    stage.warm_up(&program).await?;
    let paced = PER_SECOND as usize * stage.lasts(10, 3).as_secs() as usize;
    let Some(sender) = company(stage, &program, paced, true).await? else {
        return Ok(vec![Row::skipped(ORDERED, "not built: the API refuses `ordered`")]);
    };
    stage.receiver.count_for(vec![sender.tally.clone()]);
    let ordered = post_steadily(stage, &sender, PER_SECOND).await?;
    let free = company(stage, &program, paced, false).await?.unwrap_or(sender);
    stage.receiver.count_for(vec![free.tally.clone()]);
    let free = post_steadily(stage, &free, PER_SECOND).await?;
    let ratio = ordered.latency_ms(0.99) / free.latency_ms(0.99);
    let figure = format!(
        "{} at {PER_SECOND}/s, not ordered p99 {:.1} ms",
        latency_text(&ordered),
        free.latency_ms(0.99)
    );
    let slower = Row::new(&format!("{ORDERED}: p99 against not"), figure, ratio, "x");
    let (with, without) = (fast(stage, &program, true).await?, fast(stage, &program, false).await?);
    let figure = format!("{:.0} deliveries/s, not ordered {:.0}", with.0, without.0);
    let name = format!("{ORDERED}: 1 to 1, 256 connections, against not");
    let mut share = Row::new(&name, figure, with.0 / without.0, "x");
    (share.lost, share.again) = with.1;
    Ok(vec![slower.bounds(None, Some(Bound::AtMost(1.5))).losses(&ordered), share])
}

/// Deliveries a second, and how many were lost and came twice.
async fn fast(
    stage: &Stage,
    program: &Program,
    ordered: bool,
) -> anyhow::Result<(f64, (u64, u64))> {
    let sender = company(stage, program, EVENTS_MAX, ordered).await?;
    let Some(sender) = sender else { anyhow::bail!("`ordered` was taken a moment ago") };
    let rate = rate(stage, &[program], &sender, (256, 1), stage.lasts(6, 2)).await?;
    Ok((rate.per_second(), (rate.outcome.lost, rate.outcome.again)))
}

/// A company with one endpoint; none where it cannot be ordered.
async fn company(
    stage: &Stage,
    program: &Program,
    events: usize,
    ordered: bool,
) -> anyhow::Result<Option<Sender>> {
    let tally = Tally::new(stage.next_phase(), events, 1);
    let url = stage.receiver.url(tally.phase, 0);
    let api = program.tenant(&format!("bench{}", tally.phase));
    let mut wanted = serde_json::json!({ "url": url, "event_types": ["message.received"] });
    if ordered {
        wanted["ordered"] = true.into();
    }
    let Answer { status, .. } = api.post("/endpoints", &wanted).await;
    match status {
        201 => {
            let sender = stage.sender(program, api.token(), tally)?;
            Ok(Some(Sender { contacts: CONTACTS, ..sender }))
        }
        422 if ordered => Ok(None),
        other => anyhow::bail!("an endpoint was answered {other}"),
    }
}
