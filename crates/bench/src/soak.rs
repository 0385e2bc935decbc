//! Long and steady: at a share of the top rate, with one endpoint of twenty failing, memory and
//! latency have to stay what they are and nothing may be lost.
//!
//! The top is what the machine has now: shared machines have a half more at one time than at another, and
//! a share of what they had before is more than all that they have later. So it is measured again between
//! stretches of minutes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use testkit::program::Program;
use testkit::sql;

use crate::client::Sender;
use crate::load::{Open, Stop, open_loop};
use crate::stage::Stage;
use crate::tally::{Manner, Tally};
use crate::throughput::rate;
use crate::usage;

const ENDPOINTS: usize = 20;
const FAILING: usize = 1;
const EVENTS_MAX: usize = 200_000;
const CONNECTIONS: usize = 64;
/// Long enough for the index behind the lists and checkpoints to be under way.
const TOP_LASTS: Duration = Duration::from_secs(30);
/// How many periods go by at a share of the same top.
const STRETCH: usize = 5;
/// After the top what it has left is cleared away before latency counts.
const REST: Duration = Duration::from_secs(10);
/// How often it is looked at; shorter where that would be less than [`LOOKS_MIN`] times.
const PERIOD: Duration = Duration::from_secs(60);
const LOOKS_MIN: usize = 10;
/// Periods whose deliveries may still arrive.
const OPEN_PERIODS: usize = 3;
/// By how much what is later may be worse.
const MEMORY_GROWTH_MAX: f64 = 1.15;
const LATENCY_GROWTH_MAX: f64 = 1.5;
const COST_GROWTH_MAX: f64 = 1.3;
/// Less than this is not told apart from a stray.
const LATENCY_MS: f64 = 20.0;
const FILES_GROWTH_MAX: f64 = 50.0;

/// What a period came to.
#[derive(Debug, Clone, Copy)]
struct Period {
    resident_mib: f64,
    files: f64,
    p50_ms: f64,
    p99_ms: f64,
    owed: u64,
}

/// How the program did: what it is blamed for, nothing where all is well.
pub(crate) async fn run(stage: &Stage, minutes: u32, share: f64) -> anyhow::Result<Vec<String>> {
    let program = stage.program().await;
    stage.warm_up(&program).await?;
    let sender = stage.company_of(&program, tally(stage.next_phase(), 1, 0)).await?;
    let mut soak = Soak { stage, program, sender, begun: Instant::now(), base: 1, lost: 0 };
    let lasts = Duration::from_secs(60) * minutes;
    let length = PERIOD.min(lasts / LOOKS_MIN as u32);
    let (mut costs, mut periods) = (Vec::new(), Vec::new());
    // Cold, it is lower than all later ones, and the first stretch would carry less than the others.
    soak.top().await?;
    while soak.begun.elapsed() < lasts || periods.len() < LOOKS_MIN {
        let top = soak.top().await?;
        costs.push(top.cost_us);
        periods.extend(soak.stretch(top.events_per_second * share, length).await?);
    }
    let mut blame = blame(&periods, soak.lost);
    blame.extend(blame_cost(&costs));
    Ok(blame)
}

fn tally(phase: u32, events: usize, base: usize) -> Tally {
    Tally::new(phase, events, ENDPOINTS).with_bad(FAILING, Manner::Fails).starting_at(base)
}

/// What there can be at most at one time.
struct Top {
    events_per_second: f64,
    /// What a delivery costs the program and its database, in microseconds of a processor.
    cost_us: f64,
}

/// One program under load.
struct Soak<'a> {
    stage: &'a Stage,
    program: Program,
    /// What it sends counts in a tally of its own for each period and each top.
    sender: Sender,
    begun: Instant,
    /// The number of the next event.
    base: usize,
    lost: u64,
}

impl Soak<'_> {
    /// From now on so many events more are counted by themselves.
    fn begin(&mut self, events: usize) -> Arc<Tally> {
        let fresh = Arc::new(tally(self.sender.tally.phase, events, self.base));
        self.base += events;
        self.sender.tally = fresh.clone();
        fresh
    }

    /// How many events a second there can be at most, now.
    async fn top(&mut self) -> anyhow::Result<Top> {
        self.begin(EVENTS_MAX);
        let programs = [&self.program];
        let top = rate(self.stage, &programs, &self.sender, (CONNECTIONS, 1), TOP_LASTS).await?;
        self.lost += top.outcome.lost;
        let endpoints = ENDPOINTS - FAILING;
        println!(
            "{}: {:>4.1} min  top {:.0} deliveries/s to {endpoints} endpoints, {}",
            self.stage.database_name(),
            self.begun.elapsed().as_secs_f64() / 60.0,
            top.per_second(),
            top.cpu_text()
        );
        tokio::time::sleep(REST).await;
        let events_per_second = top.per_second() / endpoints as f64;
        Ok(Top { events_per_second, cost_us: top.cost_us() })
    }

    /// Some periods at the same rate.
    async fn stretch(&mut self, per_second: f64, length: Duration) -> anyhow::Result<Vec<Period>> {
        println!("  {per_second:.0} events/s");
        let count = (per_second * length.as_secs_f64()) as usize;
        let (mut open, mut periods) = (VecDeque::<Arc<Tally>>::new(), Vec::new());
        for _ in 0..STRETCH {
            open.push_back(self.begin(count));
            self.stage.receiver.count_for(open.iter().cloned().collect());
            let pace = Open { per_second: per_second as u32, connections: CONNECTIONS, count };
            open_loop(&self.sender, pace, &Stop::never()).await?;
            periods.push(look(self.stage, &self.program, &self.sender, self.begun).await?);
            while open.len() > OPEN_PERIODS {
                self.lost += open.pop_front().map_or(0, |tally| tally.owed());
            }
        }
        self.stage.arrived(&open.iter().collect::<Vec<_>>()).await;
        self.lost += open.iter().map(|tally| tally.owed()).sum::<u64>();
        Ok(periods)
    }
}

async fn look(
    stage: &Stage,
    program: &Program,
    sender: &Sender,
    began: Instant,
) -> anyhow::Result<Period> {
    let tally = sender.tally.clone();
    let owed = tally.owed();
    // What has not arrived yet counts as lost here, and again when it is late for good.
    let outcome = tokio::task::spawn_blocking(move || tally.outcome()).await?;
    let (resident_mib, _) = usage::resident_mib(program.id());
    let period = Period {
        resident_mib,
        files: usage::open_files(program.id()) as f64,
        p50_ms: outcome.latency_ms(0.5),
        p99_ms: outcome.latency_ms(0.99),
        owed,
    };
    println!(
        "  {:>5.1} min  RSS {:.0} MiB  files {:.0}  p50 {:.1} ms  p99 {:.1} ms  on their way {owed}  {}",
        began.elapsed().as_secs_f64() / 60.0,
        period.resident_mib,
        period.files,
        period.p50_ms,
        period.p99_ms,
        sizes(stage, program).await?
    );
    Ok(period)
}

/// What waits, and how large the database is.
async fn sizes(stage: &Stage, program: &Program) -> anyhow::Result<String> {
    let setup = program.setup();
    if stage.database == crate::Databases::Postgres {
        let query = "SELECT 'pending ' || sum(n_live_tup) || ' rows, ' || sum(n_dead_tup) || ' dead, ' || \
            sum(pg_total_relation_size(relid))::bigint / 1048576 || ' MiB; database ' || \
            pg_database_size(current_database()) / 1048576 || ' MiB' \
            FROM pg_stat_user_tables WHERE relname LIKE 'pending%'";
        return Ok(sql::text(&setup.database_url(), query).await?);
    }
    let waiting = sql::number(&setup.database_url(), "SELECT count(*) FROM pending").await?;
    let mib = |name: &str| {
        let file = setup.folder().join(name);
        std::fs::metadata(file).map_or(0, |file| file.len() / 1_048_576)
    };
    let (database, log) = (mib("hookferry.db"), mib("hookferry.db-wal"));
    Ok(format!("pending {waiting} rows; database {database} MiB, log {log} MiB"))
}

/// What got worse. Memory and files from the second fifth of the time to the last; what scatters from minute to
/// minute (by the host's disk and its other guests) between the two halves of all that comes after the first
/// fifth: a median of a few minutes of those says nothing.
fn blame(periods: &[Period], lost: u64) -> Vec<String> {
    let mut blame = Vec::new();
    if lost > 0 {
        blame.push(format!("{lost} acknowledged deliveries did not arrive"));
    }
    let fifth = periods.len() / 5;
    if fifth == 0 {
        blame.push("too short to compare".into());
        return blame;
    }
    let fifths = (&periods[fifth..2 * fifth], &periods[periods.len() - fifth..]);
    let halves = periods[fifth..].split_at((periods.len() - fifth) / 2);
    let mut compare = |what: &str,
                       (early, late): (&[Period], &[Period]),
                       pick: fn(&Period) -> f64,
                       most: fn(f64) -> f64| {
        let (before, after) = (median(early, pick), median(late, pick));
        if after > most(before) {
            blame.push(format!("{what} grew from {before:.0} to {after:.0}"));
        }
    };
    compare("memory (MiB)", fifths, |period| period.resident_mib, |mib| mib * MEMORY_GROWTH_MAX);
    let latency_max = |ms: f64| ms.max(LATENCY_MS) * LATENCY_GROWTH_MAX;
    compare("p50 (ms)", halves, |period| period.p50_ms, latency_max);
    compare("p99 (ms)", halves, |period| period.p99_ms, latency_max);
    let owed_max = |owed: f64| owed * 3.0 + 10_000.0;
    compare("what is on its way", halves, |period| period.owed as f64, owed_max);
    // Connections come and go by the hundred from one moment to the next: what leaks is there at the
    // quietest of them, too.
    let fewest = |periods: &[Period]| periods.iter().map(|p| p.files).fold(f64::INFINITY, f64::min);
    let (before, after) = (fewest(fifths.0), fewest(fifths.1));
    if after > before + FILES_GROWTH_MAX {
        blame.push(format!("open files grew from {before:.0} to {after:.0}"));
    }
    blame
}

fn median(of: &[Period], pick: fn(&Period) -> f64) -> f64 {
    let mut sorted: Vec<f64> = of.iter().map(pick).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0
}

/// Whether a delivery has come to cost more. The first top is made by a program that has just begun.
fn blame_cost(costs: &[f64]) -> Option<String> {
    let [_, early, .., late] = costs else { return None };
    (*late > early * COST_GROWTH_MAX)
        .then(|| format!("the cost of a delivery (us) grew from {early:.0} to {late:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(resident_mib: f64, p99_ms: f64) -> Period {
        Period { resident_mib, files: 100.0, p50_ms: 1.0, p99_ms, owed: 0 }
    }

    #[test]
    fn what_grows_is_blamed_and_a_slow_start_is_not() {
        let mut periods = vec![period(80.0, 30.0); 10];
        periods[0] = period(40.0, 200.0);
        assert!(blame(&periods, 0).is_empty());
        assert_eq!(blame(&periods, 3), ["3 acknowledged deliveries did not arrive"]);
        periods[8..].fill(period(95.0, 30.0));
        assert_eq!(blame(&periods, 0), ["memory (MiB) grew from 80 to 95"]);
        periods[8..].fill(period(80.0, 30.0));
        periods[8].files = 900.0;
        assert!(blame(&periods, 0).is_empty(), "one moment with many connections");
        periods[9].files = 900.0;
        assert_eq!(blame(&periods, 0), ["open files grew from 100 to 900"]);
        assert_eq!(blame(&periods[..4], 0), ["too short to compare"]);
    }

    #[test]
    fn latency_that_grows_is_blamed_and_one_that_scatters_is_not() {
        let of = |p99: &[f64]| {
            let periods: Vec<Period> = p99.iter().map(|p99| period(80.0, *p99)).collect();
            blame(&periods, 0)
        };
        let scattered = [30.0, 90.0, 20.0, 200.0, 25.0, 40.0, 300.0, 20.0, 30.0, 26.0];
        assert!(of(&scattered).is_empty());
        // The first two count for nothing.
        let steps = |late: f64| [[900.0; 2].as_slice(), &[30.0; 4], &[late; 4]].concat();
        assert!(of(&steps(45.0)).is_empty());
        assert_eq!(of(&steps(46.0)), ["p99 (ms) grew from 30 to 46"]);
        let mut periods = vec![period(80.0, 30.0); 10];
        periods.iter_mut().skip(6).for_each(|period| period.p50_ms = 31.0);
        assert_eq!(blame(&periods, 0), ["p50 (ms) grew from 1 to 31"]);
        periods.iter_mut().skip(6).for_each(|period| (period.p50_ms, period.owed) = (1.0, 10_001));
        assert_eq!(blame(&periods, 0), ["what is on its way grew from 0 to 10001"]);
    }

    #[test]
    fn a_delivery_that_comes_to_cost_more_is_blamed() {
        assert_eq!(blame_cost(&[90.0, 60.0, 70.0, 77.0]), None);
        let blamed = "the cost of a delivery (us) grew from 60 to 79";
        assert_eq!(blame_cost(&[90.0, 60.0, 79.0]).as_deref(), Some(blamed));
        assert_eq!(blame_cost(&[60.0, 90.0]), None, "too few");
    }
}
