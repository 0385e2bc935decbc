//! Reads what `/metrics` answers, as strictly as the specification of OpenMetrics text has it.

use std::collections::{BTreeMap, BTreeSet};

use testkit::api::Api;

/// One metric and what is told of it.
#[derive(Debug, Default)]
pub struct Family {
    kind: String,
    unit: Option<String>,
    help: String,
}

/// A whole scrape.
#[derive(Debug, Default)]
pub struct Scrape {
    /// In the order of the text.
    pub names: Vec<String>,
    families: BTreeMap<String, Family>,
    /// `name{label="value",…}` and its value.
    series: BTreeMap<String, f64>,
}

impl Scrape {
    /// Asks the listener at this origin.
    pub async fn of(base: &str) -> Self {
        let accept = [("accept", "application/openmetrics-text")];
        let answer = Api::new(base, None).send("GET", "/metrics", &accept, None).await.unwrap();
        assert_eq!(answer.status, 200);
        assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
        Self::parse(std::str::from_utf8(&answer.body).unwrap())
    }

    /// Reads a text and checks all of it.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("it ends with # EOF");
        let mut scrape = Self::default();
        for line in body.lines() {
            match line.strip_prefix("# ") {
                Some(told) => scrape.describe(told),
                None => scrape.sample(line),
            }
        }
        scrape.check();
        scrape
    }

    fn describe(&mut self, told: &str) {
        let (what, rest) = told.split_once(' ').expect("a keyword");
        let (name, value) = rest.split_once(' ').expect("a name and a value");
        if what == "HELP" {
            assert!(!self.families.contains_key(name), "{name} is told twice");
            self.names.push(name.to_owned());
        }
        let family = self.families.entry(name.to_owned()).or_default();
        assert_eq!(self.names.last().map(String::as_str), Some(name), "{told} stands apart");
        match what {
            "HELP" => family.help = value.to_owned(),
            "TYPE" => family.kind = value.to_owned(),
            "UNIT" => family.unit = Some(value.to_owned()),
            other => panic!("{other} is no keyword"),
        }
    }

    fn sample(&mut self, line: &str) {
        let (series, value) = line.rsplit_once(' ').expect("a series and its value");
        let name = series.split('{').next().unwrap();
        let family = self.names.last().expect("a family comes first");
        let kind = self.families[family].kind.as_str();
        let suffixes: &[&str] = match kind {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            other => panic!("{other} is no type"),
        };
        let suffix = name.strip_prefix(family.as_str());
        assert!(suffix.is_some_and(|suffix| suffixes.contains(&suffix)), "{line} in {family}");
        let value: f64 = value.parse().expect("a number");
        assert!(kind == "gauge" || value >= 0.0, "{line}");
        assert!(self.series.insert(series.to_owned(), value).is_none(), "{series} is there twice");
    }

    fn check(&self) {
        for (name, family) in &self.families {
            let Family { kind, unit, help } = family;
            assert!(!kind.is_empty() && help.ends_with('.'), "{name}: {family:?}");
            assert!(name.starts_with("hookferry_") || name.starts_with("process_"), "{name}");
            for wanted in ["seconds", "bytes"] {
                let named = name.ends_with(&format!("_{wanted}"));
                assert_eq!(named, unit.as_deref() == Some(wanted), "{name}: {unit:?}");
            }
            let mut of_it = self.series.keys().filter(|series| series.starts_with(name.as_str()));
            assert!(of_it.next().is_some(), "{name} has no series");
            if kind == "histogram" {
                self.check_ranges(name);
            }
        }
    }

    /// Ranges grow up to the count.
    fn check_ranges(&self, name: &str) {
        let ends = format!("{name}_count");
        for (series, count) in self.series.iter().filter(|(series, _)| series.starts_with(&ends)) {
            let labels = series[ends.len()..].trim_matches(['{', '}']);
            let bucket = format!("{name}_bucket{{");
            let mut ranges: Vec<(f64, f64)> = Vec::new();
            for (series, value) in &self.series {
                let Some(rest) = series.strip_prefix(&bucket) else { continue };
                let (edge, others): (Vec<&str>, Vec<&str>) =
                    rest.trim_end_matches('}').split(',').partition(|one| one.starts_with("le="));
                if others.join(",") == labels {
                    let edge = edge[0].trim_start_matches("le=").trim_matches('"');
                    ranges.push((edge.parse().unwrap(), *value));
                }
            }
            ranges.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(ranges.is_sorted_by(|one, next| one.1 <= next.1), "{series}: {ranges:?}");
            assert_eq!(ranges.last(), Some(&(f64::INFINITY, *count)), "{series}");
        }
    }

    /// The value of a series, if it is there.
    pub fn find(&self, series: &str) -> Option<f64> {
        self.series.get(series).copied()
    }

    /// The value of a series.
    #[track_caller]
    pub fn get(&self, series: &str) -> f64 {
        self.find(series).unwrap_or_else(|| panic!("no {series} in {:#?}", self.series))
    }

    /// Every series, without its value.
    pub fn series(&self) -> BTreeSet<&str> {
        self.series.keys().map(String::as_str).collect()
    }
}
