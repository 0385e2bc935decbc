//! History of days that may go: what fresh events notice of its removal.

use testkit::sql;

use crate::loader::{Load, load};
use crate::loader_sql::Dialect;
use crate::paced::{latency_text, steady};
use crate::rows::{Bound, Row};
use crate::stage::Stage;
use crate::table::RETENTION;

const PER_SECOND: u32 = 300;
const SETTING: &str = "HOOKFERRY_RETENTION";

/// Fresh events beside old history, first kept and then removed.
pub(crate) async fn rows(stage: &Stage) -> anyhow::Result<Vec<Row>> {
    let finished = if stage.short { 100_000 } else { 1_000_000 };
    let program = stage.program_that_retries_soon().await;
    stage.company(&program, 1, 1).await?;
    let setup = program.kill9();
    let url = setup.database_url();
    load(&url, Load { pending: 0, due: 0, finished, exhausted_every: 100 }).await?;
    let setup = setup.set(SETTING, "3650d");
    let program = setup.start().await;
    stage.warm_up(&program).await?;
    let seconds = stage.lasts(20, 5).as_secs();
    let calm = steady(stage, &program, PER_SECOND, seconds).await?;
    let setup = program.kill9().set(SETTING, "1d");
    let before = old_events(&url).await?;
    let program = setup.start().await;
    stage.warm_up(&program).await?;
    let outcome = steady(stage, &program, PER_SECOND, seconds).await?;
    let removed = before - old_events(&url).await?;
    anyhow::ensure!(removed > 0, "none of {before} old events were removed");
    let ratio = outcome.latency_ms(0.99) / calm.latency_ms(0.99);
    let figure = format!(
        "{} while {removed} of {before} old events went, p99 {:.1} ms without",
        latency_text(&outcome),
        calm.latency_ms(0.99)
    );
    let mut row = Row::new(RETENTION, figure, ratio, "x").bounds(None, Some(Bound::AtMost(1.5)));
    row = row.losses(&outcome);
    row.lost += calm.lost;
    Ok(vec![row])
}

/// How many events there are that may go.
async fn old_events(url: &str) -> anyhow::Result<i64> {
    let now = Dialect::of(url)?.now_us();
    let query = format!("SELECT count(*) FROM events WHERE accepted_at < ({now}) - 86400000000");
    Ok(sql::number(url, &query).await?)
}
