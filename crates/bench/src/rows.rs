//! The rows of the table: what was measured, and what is asked of it.

use std::time::Duration;

use crate::Databases;
use crate::tally::Outcome;

/// What is asked of a row's measure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    /// Whether a measure keeps it; what could not be measured does not.
    pub(crate) fn holds(self, measure: f64) -> bool {
        match self {
            Self::AtLeast(least) => measure >= least,
            Self::AtMost(most) => measure <= most,
        }
    }

    fn in_unit(self, unit: &str) -> String {
        match self {
            Self::AtLeast(least) => format!(">= {least} {unit}"),
            Self::AtMost(most) => format!("<= {most} {unit}"),
        }
    }
}

/// One row. Its measure is what its bounds are about.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// What was measured, for a person.
    pub(crate) figure: String,
    pub(crate) measure: f64,
    pub(crate) unit: &'static str,
    pub(crate) floor: Option<Bound>,
    pub(crate) goal: Option<Bound>,
    /// Acknowledged deliveries that never arrived.
    pub(crate) lost: u64,
    /// Arrivals beyond the first.
    pub(crate) again: u64,
    /// Why it could not be measured, or what must not be, whatever the measure is.
    pub(crate) fault: Option<String>,
}

impl Row {
    /// A row without bounds.
    pub(crate) fn new(name: &str, figure: String, measure: f64, unit: &'static str) -> Self {
        let name = name.to_owned();
        Self {
            name,
            figure,
            measure,
            unit,
            floor: None,
            goal: None,
            lost: 0,
            again: 0,
            fault: None,
        }
    }

    /// A row that should have been measured, and what became of it.
    pub(crate) fn failed(name: &str, fault: String) -> Self {
        Self { fault: Some(fault), ..Self::new(name, String::new(), f64::NAN, "-") }
    }

    /// A row that cannot be measured, and why.
    pub(crate) fn skipped(name: &str, why: &str) -> Self {
        Self::new(name, why.to_owned(), f64::NAN, "")
    }

    pub(crate) fn bounds(self, floor: Option<Bound>, goal: Option<Bound>) -> Self {
        Self { floor, goal, ..self }
    }

    pub(crate) fn losses(self, outcome: &Outcome) -> Self {
        Self { lost: outcome.lost, again: outcome.again, ..self }
    }

    pub(crate) fn floor_text(&self) -> String {
        self.floor.map_or(String::new(), |floor| floor.in_unit(self.unit))
    }

    pub(crate) fn goal_text(&self) -> String {
        self.goal.map_or(String::new(), |goal| goal.in_unit(self.unit))
    }

    pub(crate) fn misses_its_floor(&self) -> bool {
        self.floor.is_some_and(|floor| !floor.holds(self.measure))
    }

    /// Whether something is wrong, however fast it was.
    pub(crate) fn is_wrong(&self) -> bool {
        self.lost > 0 || self.fault.is_some()
    }

    /// `ok` or `FAIL`, what is wrong, and whether the goal is reached as well.
    pub(crate) fn verdict(&self) -> String {
        if self.unit.is_empty() {
            return "skipped".into();
        }
        let lost = if self.lost > 0 { format!("{} LOST", self.lost) } else { String::new() };
        let twice = if self.again > 0 { format!("{} twice", self.again) } else { String::new() };
        let is_failed = self.is_wrong() || self.misses_its_floor();
        let word = if is_failed { "FAIL" } else { "ok" };
        let goal = match self.goal {
            Some(goal) if goal.holds(self.measure) => "goal",
            Some(_) => "misses its goal",
            None => "",
        };
        let fault = self.fault.as_deref().unwrap_or_default();
        let words = [word, &lost, &twice, fault, goal].into_iter().filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(", ")
    }
}

/// Floor and goal of the rows that are measured in deliveries a second, in shares of B.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Throughput {
    pub(crate) name: &'static str,
    pub(crate) connections: usize,
    pub(crate) batch: usize,
    pub(crate) endpoints: usize,
    /// How long the receivers take.
    pub(crate) answers_after: Duration,
    sqlite: Option<(f64, f64)>,
    postgres: Option<(f64, f64)>,
}

impl Throughput {
    pub(crate) fn bounds(self, database: Databases) -> (Option<Bound>, Option<Bound>) {
        let bounds = match database {
            Databases::Postgres => self.postgres,
            Databases::Sqlite | Databases::Both => self.sqlite,
        };
        let (floor, goal) = bounds.unzip();
        (floor.map(Bound::AtLeast), goal.map(Bound::AtLeast))
    }
}

/// The first of them also measures CPU and memory.
pub(crate) const THROUGHPUT: [Throughput; 5] = [
    Throughput {
        name: "1 to 1, 256 connections",
        connections: 256,
        batch: 1,
        endpoints: 1,
        answers_after: Duration::ZERO,
        sqlite: Some((0.15, 0.32)),
        postgres: Some((0.15, 0.30)),
    },
    Throughput {
        name: "1 to 1, 32 connections",
        connections: 32,
        batch: 1,
        endpoints: 1,
        answers_after: Duration::ZERO,
        sqlite: Some((0.08, 0.20)),
        postgres: Some((0.08, 0.18)),
    },
    Throughput {
        name: "1 to 1, batches of 100",
        connections: 16,
        batch: 100,
        endpoints: 1,
        answers_after: Duration::ZERO,
        sqlite: Some((0.25, 0.60)),
        postgres: Some((0.20, 0.45)),
    },
    Throughput {
        name: "fan-out 10",
        connections: 64,
        batch: 1,
        endpoints: 10,
        answers_after: Duration::ZERO,
        sqlite: Some((0.30, 0.65)),
        postgres: Some((0.25, 0.55)),
    },
    // No goal of ours: that receivers which take their time lose nothing by what is done for those that do not.
    Throughput {
        name: "fan-out 10, answered after 20 ms",
        connections: 64,
        batch: 1,
        endpoints: 10,
        answers_after: Duration::from_millis(20),
        sqlite: None,
        postgres: None,
    },
];

/// Floor and goal of the p99 of an open loop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paced {
    pub(crate) name: &'static str,
    pub(crate) per_second: u32,
    pub(crate) floor_ms: Option<f64>,
    pub(crate) goal_ms: f64,
}

/// The open loops.
pub(crate) const PACED: [Paced; 2] = [
    Paced { name: "paced 300/s", per_second: 300, floor_ms: Some(12.0), goal_ms: 4.0 },
    Paced { name: "paced 3,000/s", per_second: 3_000, floor_ms: None, goal_ms: 6.0 },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_fails_below_its_floor_and_when_something_is_lost() {
        let bounds = (Some(Bound::AtMost(12.0)), Some(Bound::AtMost(4.0)));
        let row =
            |measure| Row::new("p99", String::new(), measure, "ms").bounds(bounds.0, bounds.1);
        assert_eq!(row(3.0).verdict(), "ok, goal");
        assert_eq!(row(5.0).verdict(), "ok, misses its goal");
        assert_eq!(row(13.0).verdict(), "FAIL, misses its goal");
        assert_eq!(row(f64::NAN).verdict(), "FAIL, misses its goal");
        assert_eq!(Row { lost: 2, ..row(3.0) }.verdict(), "FAIL, 2 LOST, goal");
        assert_eq!(Row { again: 2, ..row(3.0) }.verdict(), "ok, 2 twice, goal");
        assert_eq!(Row::failed("p99", "no answer".into()).verdict(), "FAIL, no answer");
        assert_eq!(Row::skipped("p99", "one node").verdict(), "skipped");
        assert_eq!(row(3.0).floor_text(), "<= 12 ms");
    }
}
