//! The table, as text, Markdown and JSON.

use std::fmt;
use std::path::Path;

use anyhow::Context;
use serde_json::json;

use crate::rows::Row;
use crate::usage;

/// Where it was measured.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
}

impl Machine {
    pub(crate) fn look() -> Self {
        let (processor, cores) = usage::processor();
        Self { processor, cores }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores } = self;
        write!(f, "{cores} cores of {processor}, shared by load, receiver, program and database")
    }
}

/// All that was measured.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    /// By database and row, in the order in which they came: one of each run.
    rows: Vec<(&'static str, Vec<Row>)>,
}

impl Report {
    pub(crate) fn new(machine: Machine) -> Self {
        Self { machine, rows: Vec::new() }
    }

    /// Adds the rows of one run.
    pub(crate) fn add(&mut self, database: &'static str, rows: Vec<Row>) {
        for row in rows {
            let same = |(of, runs): &&mut (&'static str, Vec<Row>)| {
                *of == database && runs[0].name == row.name
            };
            match self.rows.iter_mut().find(same) {
                Some((_, runs)) => runs.push(row),
                None => self.rows.push((database, vec![row])),
            }
        }
    }

    fn medians(&self) -> impl Iterator<Item = (&'static str, Row)> + '_ {
        self.rows.iter().map(|(database, runs)| (*database, median(runs)))
    }

    /// Deliveries lost over all runs.
    pub(crate) fn lost(&self) -> u64 {
        self.rows.iter().flat_map(|(_, runs)| runs).map(|row| row.lost).sum()
    }

    pub(crate) fn misses_a_floor(&self) -> bool {
        self.medians().any(|(_, row)| row.misses_its_floor())
    }

    /// The table, a row's median over all runs.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!(
            "{}. B is a bare reqwest client, one thread, 64 connections, to the same receiver in \
             the same run. A latency is from the moment an event was to be sent to the arrival of \
             its delivery.\n",
            self.machine
        );
        let mut databases: Vec<(&str, Vec<Row>)> = Vec::new();
        for (database, row) in self.medians() {
            match databases.last_mut() {
                Some((last, rows)) if *last == database => rows.push(row),
                Some(_) | None => databases.push((database, vec![row])),
            }
        }
        for (database, rows) in databases {
            text.push_str(&format!("\n## {database}\n\n"));
            text.push_str("| row | figure | measure | floor | goal | |\n| --- | --- | --- | --- | --- | --- |\n");
            for row in rows {
                text.push_str(&format!(
                    "| {} | {} | {} {} | {} | {} | {} |\n",
                    row.name,
                    row.figure,
                    rounded(row.measure),
                    row.unit,
                    row.floor_text(),
                    row.goal_text(),
                    row.verdict()
                ));
            }
        }
        text
    }

    fn json(&self) -> serde_json::Value {
        let row = |(database, runs): &(&'static str, Vec<Row>)| {
            let median = median(runs);
            json!({
                "database": database,
                "row": median.name,
                "figure": median.figure,
                "measure": median.measure,
                "unit": median.unit,
                "floor": median.floor_text(),
                "goal": median.goal_text(),
                "verdict": median.verdict(),
                "runs": runs.iter().map(|row| row.measure).collect::<Vec<_>>(),
                "lost": runs.iter().map(|row| row.lost).sum::<u64>(),
                "twice": runs.iter().map(|row| row.again).sum::<u64>(),
            })
        };
        json!({
            "processor": self.machine.processor,
            "cores": self.machine.cores,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }

    /// Writes `bench.md` and `bench.json`.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(folder.join("bench.md"), self.markdown()))
            .and_then(|()| {
                std::fs::write(folder.join("bench.json"), format!("{:#}\n", self.json()))
            })
            .with_context(|| format!("the reports cannot be written to {}", folder.display()))
    }
}

/// The run in the middle, with what was lost and sent twice in all of them.
fn median(runs: &[Row]) -> Row {
    let mut sorted = runs.to_vec();
    sorted.sort_by(|one, other| one.measure.total_cmp(&other.measure));
    let mut row = sorted.swap_remove((sorted.len() - 1) / 2);
    row.lost = runs.iter().map(|run| run.lost).sum();
    row.again = runs.iter().map(|run| run.again).sum();
    row
}

fn rounded(measure: f64) -> String {
    match measure {
        big if big >= 100.0 => format!("{big:.0}"),
        middle if middle >= 10.0 => format!("{middle:.1}"),
        small => format!("{small:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Bound;

    #[test]
    fn the_median_counts_and_every_loss() {
        let mut report = Report::new(Machine { processor: "a processor".into(), cores: 2 });
        for (measure, lost) in [(0.2, 0), (0.1, 3), (0.4, 0)] {
            let row = Row::new("1 to 1", format!("{measure}"), measure, "B");
            let row = row.bounds(Some(Bound::AtLeast(0.15)), None);
            report.add("SQLite", vec![Row { lost, ..row }]);
        }
        assert_eq!((report.lost(), report.misses_a_floor()), (3, false));
        let line = "| 1 to 1 | 0.2 | 0.20 B | >= 0.15 B |  | FAIL, 3 LOST |";
        assert!(report.markdown().contains(line), "{}", report.markdown());
        assert_eq!(report.json()["rows"][0]["runs"], json!([0.2, 0.1, 0.4]));
    }
}
