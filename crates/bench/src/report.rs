//! The table, as text, Markdown and JSON.

use std::fmt;
use std::path::Path;

use anyhow::Context;
use serde_json::json;

use crate::rows::Row;
use crate::usage;

/// What stands above the table of a short run.
const ONLY_A_CHECK: &str =
    "A SHORT RUN: only a check that all works. Its figures are not for comparing.";
/// And above one that is going on, or was ended.
const ONLY_A_PART: &str = "INCOMPLETE: rows or runs are missing.";
const HEADS: [&str; 7] = ["row", "figure", "measure", "runs", "floor", "goal", ""];

/// Where it was measured.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    kernel: String,
    databases: Vec<String>,
}

impl Machine {
    pub(crate) fn look() -> Self {
        let (processor, cores) = usage::processor();
        Self { processor, cores, kernel: usage::kernel(), databases: Vec::new() }
    }

    /// With a database, by name and version.
    pub(crate) fn add(&mut self, database: String) {
        self.databases.push(database);
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, kernel, databases } = self;
        write!(
            f,
            "{cores} cores of {processor}, shared by load, receiver, program and database; {kernel}"
        )?;
        databases.iter().try_for_each(|database| write!(f, "; {database}"))
    }
}

/// All that was measured.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    short: bool,
    /// Whether all that was asked for has been measured.
    is_whole: bool,
    /// By database and row, in the order in which they came: one of each run.
    rows: Vec<(&'static str, Vec<Row>)>,
}

impl Report {
    pub(crate) fn new(machine: Machine, short: bool) -> Self {
        Self { machine, short, is_whole: false, rows: Vec::new() }
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

    /// Nothing more comes.
    pub(crate) fn end(&mut self) {
        self.is_whole = true;
    }

    /// Rows in which something is wrong, however fast it was.
    pub(crate) fn wrong(&self) -> Vec<&str> {
        let wrong = self.rows.iter().filter(|(_, runs)| runs.iter().any(Row::is_wrong));
        wrong.map(|(_, runs)| runs[0].name.as_str()).collect()
    }

    /// Deliveries lost over all runs.
    pub(crate) fn lost(&self) -> u64 {
        self.rows.iter().flat_map(|(_, runs)| runs).map(|row| row.lost).sum()
    }

    pub(crate) fn misses_a_floor(&self) -> bool {
        self.rows.iter().any(|(_, runs)| median(runs).misses_its_floor())
    }

    fn head(&self) -> String {
        let part = if self.is_whole { String::new() } else { format!("{ONLY_A_PART}\n\n") };
        let check = if self.short { format!("{ONLY_A_CHECK}\n\n") } else { String::new() };
        format!(
            "{part}{check}{}. B is a bare reqwest client, one thread, 64 connections, to the same receiver \
             in the same run. A latency is from the moment an event was to be sent to the first byte \
             of its delivery.\n",
            self.machine
        )
    }

    /// The cells of each database's rows: the median of all runs, and from where to where they went.
    fn cells(&self) -> Vec<(&'static str, Vec<[String; HEADS.len()]>)> {
        let mut databases: Vec<(&str, Vec<[String; HEADS.len()]>)> = Vec::new();
        for (database, runs) in &self.rows {
            let row = median(runs);
            let measure = match row.unit {
                "" => String::new(),
                unit => format!("{} {unit}", rounded(row.measure)),
            };
            let (floor, goal, verdict) = (row.floor_text(), row.goal_text(), row.verdict());
            let cells = [row.name, row.figure, measure, spread(runs), floor, goal, verdict];
            match databases.last_mut() {
                Some((last, rows)) if last == database => rows.push(cells),
                Some(_) | None => databases.push((database, vec![cells])),
            }
        }
        databases
    }

    /// The table for a terminal.
    pub(crate) fn text(&self) -> String {
        let mut text = self.head();
        for (database, rows) in self.cells() {
            let width = |place: usize| {
                let cells = rows.iter().map(|cells| cells[place].chars().count());
                cells.max().unwrap_or(0).max(HEADS[place].len())
            };
            let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
            text.push_str(&format!("\n{database}\n"));
            for cells in std::iter::once(HEADS.map(str::to_owned)).chain(rows) {
                let padded =
                    cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
                text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
                text.push('\n');
            }
        }
        text
    }

    /// The same as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = self.head();
        for (database, rows) in self.cells() {
            text.push_str(&format!("\n## {database}\n\n| {} |\n", HEADS.join(" | ")));
            text.push_str(&format!("|{}\n", " --- |".repeat(HEADS.len())));
            for cells in rows {
                text.push_str(&format!("| {} |\n", cells.join(" | ")));
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
                "figures": runs.iter().map(|row| &row.figure).collect::<Vec<_>>(),
                "lost": runs.iter().map(|row| row.lost).sum::<u64>(),
                "twice": runs.iter().map(|row| row.again).sum::<u64>(),
            })
        };
        json!({
            "short": self.short,
            "complete": self.is_whole,
            "processor": self.machine.processor,
            "cores": self.machine.cores,
            "kernel": self.machine.kernel,
            "databases": self.machine.databases,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }

    /// Writes `bench.txt`, `bench.md` and `bench.json`.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let files = [
            ("bench.txt", self.text()),
            ("bench.md", self.markdown()),
            ("bench.json", format!("{:#}\n", self.json())),
        ];
        std::fs::create_dir_all(folder)
            .and_then(|()| {
                files.iter().try_for_each(|(name, text)| std::fs::write(folder.join(name), text))
            })
            .with_context(|| format!("the reports cannot be written to {}", folder.display()))
    }
}

/// From the lowest to the highest of several runs that measured something.
fn spread(runs: &[Row]) -> String {
    let measures = || runs.iter().map(|row| row.measure).filter(|measure| measure.is_finite());
    match measures().count() {
        0 | 1 => String::new(),
        count => {
            let (low, high) =
                (measures().fold(f64::NAN, f64::min), measures().fold(f64::NAN, f64::max));
            format!("{} to {} in {count}", rounded(low), rounded(high))
        }
    }
}

/// The run in the middle of those that measured something, with what was lost and sent twice in all of them.
fn median(runs: &[Row]) -> Row {
    let measured = runs.iter().filter(|run| run.measure.is_finite());
    let mut sorted: Vec<Row> = measured.cloned().collect();
    if sorted.is_empty() {
        sorted.extend(runs.iter().max_by_key(|run| run.fault.is_some()).cloned());
    }
    sorted.sort_by(|one, other| one.measure.total_cmp(&other.measure));
    let mut row = sorted.swap_remove((sorted.len() - 1) / 2);
    row.lost = runs.iter().map(|run| run.lost).sum();
    row.again = runs.iter().map(|run| run.again).sum();
    row.fault = runs.iter().find_map(|run| run.fault.clone());
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

    fn report(short: bool) -> Report {
        let machine = Machine {
            processor: "a processor".into(),
            cores: 2,
            kernel: "Linux 6".into(),
            databases: vec!["SQLite 3".into()],
        };
        let mut report = Report::new(machine, short);
        for (measure, lost) in [(0.2, 0), (0.1, 3), (0.4, 0)] {
            let row = Row::new("1 to 1", format!("{measure}"), measure, "B");
            let row = row.bounds(Some(Bound::AtLeast(0.15)), None);
            report.add("SQLite", vec![Row { lost, ..row }]);
        }
        for _ in 0..3 {
            report.add("SQLite", vec![Row::skipped("nodes", "one node")]);
        }
        report.end();
        report
    }

    #[test]
    fn the_median_counts_and_every_loss() {
        let report = report(false);
        assert_eq!((report.lost(), report.misses_a_floor()), (3, false));
        let line = "| 1 to 1 | 0.2 | 0.20 B | 0.10 to 0.40 in 3 | >= 0.15 B |  | FAIL, 3 LOST |";
        assert!(report.markdown().contains(line), "{}", report.markdown());
        assert!(report.markdown().contains("| nodes | one node |  |  |  |  | skipped |"));
        assert_eq!(report.json()["rows"][0]["runs"], json!([0.2, 0.1, 0.4]));
        assert_eq!(report.json()["rows"][1]["measure"], json!(null));
        assert_eq!(median(&report.rows[0].1).measure, 0.2);
    }

    #[test]
    fn the_text_is_a_table_that_names_the_machine() {
        let text = report(false).text();
        assert!(text.starts_with("2 cores of a processor"), "{text}");
        assert!(text.contains("; Linux 6; SQLite 3."));
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("  ")).collect();
        let measure = lines[0].find("measure").unwrap();
        assert_eq!(lines[1].find("0.20 B"), Some(measure), "{text}");
    }

    #[test]
    fn a_row_that_failed_once_is_wrong_and_a_part_says_so() {
        let mut part = Report { is_whole: false, ..report(false) };
        assert_eq!(part.wrong(), ["1 to 1"]);
        assert!(part.text().starts_with(ONLY_A_PART));
        part.add("SQLite", vec![Row::skipped("p99", "")]);
        part.add("SQLite", vec![Row::failed("p99", "no answer".into())]);
        part.end();
        assert_eq!(part.wrong(), ["1 to 1", "p99"]);
        assert!(part.markdown().contains("FAIL, no answer |"), "{}", part.markdown());
        assert_eq!(part.json()["complete"], true);
    }

    #[test]
    fn a_short_run_says_that_it_is_only_a_check() {
        assert!(report(true).text().starts_with(ONLY_A_CHECK));
        assert!(report(true).markdown().starts_with(ONLY_A_CHECK));
        assert!(!report(false).text().contains(ONLY_A_CHECK));
        assert_eq!(report(true).json()["short"], true);
    }
}
