//! Several nodes that share a PostgreSQL: together on the same cores, against one.

use testkit::program::Program;

use crate::Databases;
use crate::rows::{Bound, Row};
use crate::stage::Stage;
use crate::table::NODES;
use crate::throughput::rate;

const EVENTS_MAX: usize = 1_000_000;
const CONNECTIONS: usize = 256;

/// The same connections, shared out among one, two and four nodes.
pub(crate) async fn rows(stage: &Stage) -> anyhow::Result<Vec<Row>> {
    if stage.database != Databases::Postgres {
        return Ok(vec![Row::skipped(NODES, "SQLite is for one node")]);
    }
    let (mut rows, mut alone) = (Vec::new(), f64::NAN);
    for count in [1, 2, 4] {
        let first = stage.program_that_retries_soon().await;
        // The clone would listen where the first one does.
        let setup = first.setup().clone().set("HOOKFERRY_LISTEN", "127.0.0.1:0");
        let mut programs = vec![first];
        for _ in 1..count {
            programs.push(setup.start().await);
        }
        let programs: Vec<&Program> = programs.iter().collect();
        for program in &programs {
            stage.warm_up(program).await?;
        }
        let mut sender = stage.company(programs[0], EVENTS_MAX, 1).await?;
        sender.addresses =
            programs.iter().map(|program| stage.address(program)).collect::<Result<_, _>>()?;
        let rate = rate(stage, &programs, &sender, (CONNECTIONS, 1), stage.lasts(6, 2)).await?;
        if count == 1 {
            alone = rate.per_second();
        }
        let figure = format!("{:.0} deliveries/s, {}", rate.per_second(), rate.cpu_text());
        let name = format!("{NODES}: {count} against one");
        let row = Row::new(&name, figure, rate.per_second() / alone, "x");
        let goal = (count > 1).then_some(Bound::AtLeast(0.9));
        rows.push(row.bounds(None, goal).losses(&rate.outcome));
    }
    Ok(rows)
}
