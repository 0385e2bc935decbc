//! Large tables against small ones: taking in, claiming, lists and stats have to cost the same.

use std::time::Instant;

use testkit::api::Api;
use testkit::program::{Program, Setup};
use testkit::sql;

use crate::Databases;
use crate::client::Sender;
use crate::loader::{Load, load};
use crate::paced::steady;
use crate::rows::{Bound, Row, THROUGHPUT};
use crate::stage::Stage;
use crate::table::BACKLOG;
use crate::tally::Tally;
use crate::throughput::fresh_rate;

const COMPANIES: usize = 10;
const ENDPOINTS: usize = 10;
/// How much smaller the small tables are.
const SMALL: u64 = 100;
const PER_SECOND: u32 = 300;
/// How often each list is asked for.
const CALLS: usize = 25;
/// The contact who is looked for: one who has events in the small tables, too.
const CONTACT: u64 = 500;
/// Less than this is not told apart from a stray.
const CALL_MS: f64 = 5.0;

/// What is asked of the API, by what it is called in the report.
const LISTS: [(&str, &str); 9] = [
    ("deliveries", "/deliveries"),
    ("deliveries of an endpoint", "/deliveries?endpoint_id={endpoint}"),
    ("pending deliveries", "/deliveries?state=pending"),
    ("exhausted deliveries", "/deliveries?state=exhausted"),
    ("deliveries of a contact", "/deliveries?subject={subject}"),
    ("events", "/events"),
    ("events, searched for", "/events?q={subject}"),
    ("an endpoint's stats", "/endpoints/{endpoint}/stats"),
    ("the company's stats", "/stats/overview"),
];

/// What tables of one size came to.
struct Measured {
    loaded: String,
    claims_per_second: f64,
    fresh_per_second: f64,
    /// What one of them cost.
    fresh_cpu: String,
    /// Of fresh events that come steadily.
    p99_ms: f64,
    lost: u64,
    calls_ms: Vec<f64>,
    vacuum: Option<String>,
}

/// The same on small tables and on large ones.
pub(crate) async fn rows(stage: &Stage) -> anyhow::Result<Vec<Row>> {
    let tenth = if stage.database == Databases::Postgres { 1 } else { 10 };
    let short = if stage.short { 20 } else { 1 };
    let due = if stage.short { 20_000 } else { 100_000 };
    let pending = 10_000_000 / tenth / short;
    let large = Load { pending, due, finished: 5 * pending, exhausted_every: 100 };
    let small =
        Load { pending: (pending / SMALL).max(due), finished: large.finished / SMALL, ..large };
    let small = measured(stage, small).await?;
    let large = measured(stage, large).await?;
    let against = |name: &str, now: f64, before: f64, more: &str| {
        let figure = format!("{now:.0}/s, small tables {before:.0}/s; {more}");
        let row = Row::new(&format!("{BACKLOG}: {name}"), figure, now / before, "x");
        row.bounds(None, Some(Bound::AtLeast(0.9)))
    };
    let cost = format!("{}, small tables {}", large.fresh_cpu, small.fresh_cpu);
    let fresh = against("1 to 1", large.fresh_per_second, small.fresh_per_second, &cost);
    let lost = small.lost + large.lost;
    let mut rows = vec![
        Row { lost, ..fresh },
        against("due ones sent", large.claims_per_second, small.claims_per_second, &large.loaded),
    ];
    let figure = format!("p99 {:.1} ms, small tables {:.1} ms", large.p99_ms, small.p99_ms);
    let ratio = large.p99_ms.max(CALL_MS) / small.p99_ms.max(CALL_MS);
    let row = Row::new(&format!("{BACKLOG}: {PER_SECOND}/s"), figure, ratio, "x");
    rows.push(row.bounds(None, Some(Bound::AtMost(1.5))));
    for (place, (name, _)) in LISTS.iter().enumerate() {
        let (now, before) = (large.calls_ms[place], small.calls_ms[place]);
        let figure = format!("{now:.1} ms, small tables {before:.1} ms (p50 of {CALLS})");
        let ratio = now.max(CALL_MS) / before.max(CALL_MS);
        let row = Row::new(&format!("{BACKLOG}: {name}"), figure, ratio, "x");
        rows.push(row.bounds(None, Some(Bound::AtMost(2.0))));
    }
    if let Some(vacuum) = large.vacuum {
        rows.push(Row::new(&format!("{BACKLOG}: pending after it"), vacuum, 0.0, "-"));
    }
    Ok(rows)
}

async fn measured(stage: &Stage, wanted: Load) -> anyhow::Result<Measured> {
    let program = stage.program().await;
    let mut parties: Vec<(Sender, Api)> = Vec::new();
    let due = wanted.due as usize / COMPANIES / ENDPOINTS;
    for _ in 0..COMPANIES {
        parties.push(stage.company_and_api(&program, due, ENDPOINTS).await?);
    }
    let setup = program.kill9();
    let url = setup.database_url();
    let loaded = load(&url, wanted).await?;
    let before = pending_mib(stage, &url).await?;
    println!(
        "    loaded {} pending, {} finished in {:.0} s",
        loaded.pending,
        loaded.finished,
        loaded.took.as_secs_f64()
    );
    let tallies: Vec<_> = parties.iter().map(|(sender, _)| sender.tally.clone()).collect();
    for tally in &tallies {
        (0..due).for_each(|number| {
            tally.intend(number, Instant::now());
            tally.acknowledge(number);
        });
    }
    stage.receiver.count_for(tallies.clone());
    let began = Instant::now();
    let program = setup.start().await;
    stage.arrived(&tallies.iter().collect::<Vec<_>>()).await;
    let took = began.elapsed().as_secs_f64();
    let mut lost: u64 = tallies.iter().map(|tally: &std::sync::Arc<Tally>| tally.owed()).sum();
    stage.warm_up(&program).await?;
    let fresh = fresh_rate(stage, &program, THROUGHPUT[0]).await?;
    lost += fresh.outcome.lost;
    let steady = steady(stage, &program, PER_SECOND, stage.lasts(60, 5).as_secs()).await?;
    lost += steady.lost;
    let calls_ms = calls(&parties[0].1).await?;
    let vacuum = match before {
        Some(before) => Some(vacuumed(&url, before).await?),
        None => None,
    };
    let setup: Setup = Program::kill9(program);
    stage.drop_database(setup);
    Ok(Measured {
        loaded: format!(
            "{} pending, {} finished, loaded in {:.0} s",
            loaded.pending,
            loaded.finished,
            loaded.took.as_secs_f64()
        ),
        claims_per_second: wanted.due as f64 / took,
        fresh_per_second: fresh.per_second(),
        fresh_cpu: fresh.cpu_text(),
        p99_ms: steady.latency_ms(0.99),
        lost,
        calls_ms,
        vacuum,
    })
}

/// The median time of each list, in milliseconds.
async fn calls(api: &Api) -> anyhow::Result<Vec<f64>> {
    let endpoints = api.get("/endpoints").await.expect(200);
    let endpoint = endpoints["data"][0]["id"].as_str().unwrap_or_default().to_owned();
    let subject = (31_600_000_000 + CONTACT).to_string();
    let mut medians = Vec::new();
    for (name, path) in LISTS {
        let path = path.replace("{endpoint}", &endpoint).replace("{subject}", &subject);
        let mut times = Vec::new();
        for _ in 0..CALLS {
            let began = Instant::now();
            let answer = api.get(&path).await;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            anyhow::ensure!(answer.status == 200, "{name} was answered {}", answer.status);
        }
        times.sort_by(f64::total_cmp);
        medians.push(times[times.len() / 2]);
    }
    Ok(medians)
}

const PENDING_MIB: &str = "SELECT sum(pg_total_relation_size(relid))::bigint / 1048576 \
    FROM pg_stat_user_tables WHERE relname LIKE 'pending%'";

/// How large `pending` is on PostgreSQL, with its indexes.
async fn pending_mib(stage: &Stage, url: &str) -> anyhow::Result<Option<i64>> {
    if stage.database != Databases::Postgres {
        return Ok(None);
    }
    Ok(Some(sql::number(url, PENDING_MIB).await?))
}

async fn vacuumed(url: &str, before: i64) -> anyhow::Result<String> {
    let query = "SELECT sum(pg_total_relation_size(relid))::bigint / 1048576 || ' MiB, ' || sum(n_dead_tup) || \
        ' dead rows of ' || sum(n_live_tup) || ', ' || sum(vacuum_count) || ' vacuums' \
        FROM pg_stat_user_tables WHERE relname LIKE 'pending%'";
    Ok(format!("{}; {before} MiB when loaded", sql::text(url, query).await?))
}
