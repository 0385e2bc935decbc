//! Metrics with their names, and how they become text.

use std::fmt::Write;

use api::Form;
use meter::{Counter, Histogram, Reading};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

/// The value of one series.
#[derive(Debug)]
pub enum Value {
    /// Of something that only grows.
    Count(u64),
    /// The same in parts.
    CountOfParts(f64),
    /// Of something that goes up and down.
    Gauge(f64),
    /// How often what was how large.
    Ranges(Reading),
    /// Nothing but its labels.
    Info,
}

/// The labels of one series, from closed lists.
pub type Labels = Vec<(&'static str, &'static str)>;

/// One metric and its series.
#[derive(Debug)]
pub struct Family {
    name: &'static str,
    unit: Option<Unit>,
    help: &'static str,
    kind: MetricType,
    series: Vec<(Labels, Value)>,
}

impl Family {
    fn new(name: &'static str, unit: Option<Unit>, help: &'static str, kind: MetricType) -> Self {
        Self { name, unit, help, kind, series: Vec::new() }
    }

    /// Of something that only grows; `_total` is added to its name.
    pub fn counter(name: &'static str, unit: Option<Unit>, help: &'static str) -> Self {
        Self::new(name, unit, help, MetricType::Counter)
    }

    /// Of something that goes up and down.
    pub fn gauge(name: &'static str, unit: Option<Unit>, help: &'static str) -> Self {
        Self::new(name, unit, help, MetricType::Gauge)
    }

    /// Of how large things were; in seconds where they are times.
    pub fn ranges(name: &'static str, help: &'static str, histogram: &Histogram) -> Self {
        Self::many_ranges(name, help, histogram.unit()).with(Value::Ranges(histogram.read()))
    }

    /// The same for several of one unit.
    pub fn many_ranges(name: &'static str, help: &'static str, unit: meter::Unit) -> Self {
        let unit = match unit {
            meter::Unit::Time => Some(Unit::Seconds),
            meter::Unit::Count => None,
        };
        Self::new(name, unit, help, MetricType::Histogram)
    }

    /// Of facts.
    pub fn info(name: &'static str, help: &'static str) -> Self {
        Self::new(name, None, help, MetricType::Info)
    }

    /// With its only series.
    pub fn with(self, value: Value) -> Self {
        self.labelled(Vec::new(), value)
    }

    /// With its only series, if there is a value.
    pub fn maybe(self, value: Option<f64>) -> Self {
        match value {
            Some(value) => self.with(Value::Gauge(value)),
            None => self,
        }
    }

    /// With one more series.
    pub fn labelled(mut self, labels: Labels, value: Value) -> Self {
        self.series.push((labels, value));
        self
    }

    /// With one more series of a count.
    pub fn counted(self, labels: Labels, counter: &Counter) -> Self {
        self.labelled(labels, Value::Count(counter.get()))
    }

    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> std::fmt::Result {
        // A name without a value would be read as one that is there.
        if self.series.is_empty() {
            return Ok(());
        }
        let (unit, kind) = (self.unit.as_ref(), self.kind);
        let help = format!("{}.", self.help);
        let mut metric = encoder.encode_descriptor(self.name, &help, unit, kind)?;
        for (labels, value) in &self.series {
            if matches!(value, Value::Info) {
                metric.encode_info(labels)?;
            } else if labels.is_empty() {
                encode(&mut metric, value)?;
            } else {
                encode(&mut metric.encode_family(labels)?, value)?;
            }
        }
        Ok(())
    }
}

fn encode(metric: &mut MetricEncoder<'_>, value: &Value) -> std::fmt::Result {
    match value {
        Value::Count(count) => metric.encode_counter::<NoLabelSet, u64, u64>(count, None),
        Value::CountOfParts(count) => metric.encode_counter::<NoLabelSet, f64, u64>(count, None),
        Value::Gauge(gauge) => metric.encode_gauge(gauge),
        Value::Ranges(reading) => {
            // The encoder wants what is inside each range alone, and the last one without an edge.
            let mut below = 0;
            let mut ranges: Vec<(f64, u64)> = Vec::with_capacity(reading.up_to.len() + 1);
            for (edge, up_to) in &reading.up_to {
                ranges.push((*edge, up_to - below));
                below = *up_to;
            }
            ranges.push((f64::INFINITY, reading.count - below));
            metric.encode_histogram::<NoLabelSet>(reading.sum, reading.count, &ranges, None)
        }
        Value::Info => Ok(()),
    }
}

/// All families of one scrape.
#[derive(Debug)]
struct Scrape(Vec<Family>);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|family| family.encode(&mut encoder))
    }
}

/// The text of `ours`, whose names get the prefix, and of `plain`, whose names stand for themselves.
pub fn write(prefix: &str, ours: Vec<Family>, plain: Vec<Family>, form: Form) -> String {
    let mut text = String::with_capacity(32 * 1024);
    let mut prefixed = Registry::with_prefix(prefix);
    prefixed.register_collector(Box::new(Scrape(ours)));
    let mut bare = Registry::default();
    bare.register_collector(Box::new(Scrape(plain)));
    let written = text::encode_registry(&mut text, &prefixed)
        .and_then(|()| text::encode_registry(&mut text, &bare))
        .and_then(|()| text::encode_eof(&mut text));
    debug_assert!(written.is_ok(), "a string takes every text");
    match form {
        Form::OpenMetrics => text,
        Form::Plain => plain_text(&text),
    }
}

/// Prometheus' older form: a counter and an info are named as their series are, units and the end are
/// not told.
fn plain_text(openmetrics: &str) -> String {
    let mut plain = String::with_capacity(openmetrics.len());
    let mut help: Option<(&str, &str)> = None;
    for line in openmetrics.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
            continue;
        }
        if let Some((name, kind)) =
            line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
        {
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                other => ("", other),
            };
            if let Some((_, told)) = help.take() {
                // A string takes every text.
                let _ = writeln!(plain, "# HELP {name}{suffix} {told}");
            }
            let _ = writeln!(plain, "# TYPE {name}{suffix} {kind}");
        } else if !line.starts_with("# UNIT ") && line != "# EOF" {
            plain.push_str(line);
            plain.push('\n');
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn families() -> Vec<Family> {
        let waits = Histogram::times(&[1_000_000, 2_000_000]);
        for seconds in [1, 2, 3] {
            waits.observe(std::time::Duration::from_secs(seconds));
        }
        let seen = Counter::new();
        seen.add(7);
        vec![
            Family::gauge("age", Some(Unit::Seconds), "How old").with(Value::Gauge(1.5)),
            Family::gauge("unknown", None, "Cannot be had").maybe(None),
            Family::counter("seen", None, "How many").counted(vec![("kind", "one")], &seen),
            Family::ranges("wait", "How long", &waits),
            Family::info("build", "Which").labelled(vec![("version", "1")], Value::Info),
        ]
    }

    #[test]
    fn openmetrics_has_types_units_and_an_end_and_nothing_for_what_cannot_be_had() {
        let text = write("hf", families(), Vec::new(), Form::OpenMetrics);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_plain_form_names_counters_as_their_series() {
        let text = write("hf", families(), Vec::new(), Form::Plain);
        insta::assert_snapshot!(text);
    }
}
