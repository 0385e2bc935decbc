//! Why a filter takes an event or does not, condition by condition.

use super::condition::{Condition, FieldTest};
use super::json::{Json, Value};
use super::sentence;
use super::steps::{Spent, Steps};
use super::{Content, Document, EVALUATION_STEPS_MAX, Filter, Undecided, Verdict};

/// What an event has to do with a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What the filter says.
    pub verdict: Verdict,
    /// That in a sentence.
    pub summary: String,
    /// Every condition, in the order in which they stand in the filter; none where the data is no
    /// JSON.
    pub findings: Vec<Finding>,
}

impl Explanation {
    /// The first condition about a field that decided it; none where the data is no JSON, or where it
    /// is too much work to tell.
    pub fn reason(&self) -> Option<&Finding> {
        let is_about_a_field = |(place, finding): &(usize, &Finding)| {
            let next = self.findings.get(place + 1).map(|next| next.pointer.as_str());
            let inside = next.and_then(|next| next.strip_prefix(&finding.pointer));
            inside.is_none_or(|rest| !rest.starts_with('/'))
        };
        let fields = self.findings.iter().enumerate().filter(is_about_a_field);
        fields.map(|(_, finding)| finding).find(|finding| finding.decisive)
    }
}

impl Finding {
    /// Its place and what was found there: `/and/0 fails: message.type is "image"`.
    pub fn told(&self) -> String {
        let Self { pointer, outcome, sentence, .. } = self;
        let outcome = match outcome {
            Outcome::Holds => "holds: ",
            Outcome::Fails => "fails: ",
            Outcome::NotLookedAt => "",
        };
        let place = if pointer.is_empty() { String::new() } else { format!("{pointer} ") };
        format!("{place}{outcome}{sentence}")
    }
}

/// One condition, or `and`, `or` or `not` with what stands inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its place, as a JSON pointer into the filter.
    pub pointer: String,
    /// Whether it held.
    pub outcome: Outcome,
    /// Whether it is why: had it and all other decisive ones come out otherwise, so would the whole.
    pub decisive: bool,
    /// What was found. Values of the data stand in it, cut to
    /// [`SHOWN_CHARS_MAX`](super::SHOWN_CHARS_MAX).
    pub sentence: String,
}

/// Whether a condition held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did.
    Holds,
    /// It did not.
    Fails,
    /// It alone is too much work to tell.
    NotLookedAt,
}

impl Outcome {
    /// The name in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::NotLookedAt => "not_looked_at",
        }
    }

    const fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }

    const fn contrary(self) -> Self {
        match self {
            Self::Holds => Self::Fails,
            Self::Fails => Self::Holds,
            Self::NotLookedAt => Self::NotLookedAt,
        }
    }
}

/// Explains a verdict.
pub fn explain(filter: &Filter, document: &Document<'_>) -> Explanation {
    let verdict = filter.judge(document);
    match &document.0 {
        Content::Read(json) => {
            let mut findings = Vec::new();
            flatten(told(&filter.0.condition, json, String::new()), true, &mut findings);
            Explanation { verdict, summary: summary(verdict).into(), findings }
        }
        Content::NotJson(error) => {
            let where_at =
                error.map_or_else(|| "it is not UTF-8".into(), |error| error.to_string());
            let summary = format!("{}: {where_at}.", summary(verdict).trim_end_matches('.'));
            Explanation { verdict, summary, findings: Vec::new() }
        }
    }
}

const fn summary(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Matches => "The filter takes the event.",
        Verdict::Differs => "The filter does not take the event.",
        Verdict::Undecided(Undecided::NotJson) => {
            "The filter takes the event, because its data is not JSON."
        }
        Verdict::Undecided(Undecided::TooMuchWork) => {
            "The filter takes the event, because it would be too much work to tell: write fewer \
             conditions with `*` or `regex`."
        }
    }
}

/// A condition with those inside.
struct Told {
    kind: Kind,
    pointer: String,
    outcome: Outcome,
    sentence: String,
    inner: Vec<Told>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    And,
    Or,
    Not,
    Field,
}

fn told(condition: &Condition, data: &Json<'_>, pointer: String) -> Told {
    match condition {
        Condition::And(conditions) => {
            let inner = all_told(conditions, data, &format!("{pointer}/and"));
            let outcome = joined(&inner, Outcome::Fails);
            let sentence = counted(&inner, "all must");
            Told { kind: Kind::And, pointer, outcome, sentence, inner }
        }
        Condition::Or(conditions) => {
            let inner = all_told(conditions, data, &format!("{pointer}/or"));
            let outcome = joined(&inner, Outcome::Holds);
            let sentence = counted(&inner, "one must");
            Told { kind: Kind::Or, pointer, outcome, sentence, inner }
        }
        Condition::Not(condition) => {
            let inner = told(condition, data, format!("{pointer}/not"));
            let outcome = inner.outcome.contrary();
            let sentence = match inner.outcome {
                Outcome::Holds => "what must not hold does",
                Outcome::Fails => "what must not hold does not",
                Outcome::NotLookedAt => TOO_MUCH,
            };
            let sentence = sentence.into();
            Told { kind: Kind::Not, pointer, outcome, sentence, inner: vec![inner] }
        }
        Condition::Field(field) => {
            let (outcome, sentence) = match field_told(field, data) {
                Ok((holds, sentence)) => (Outcome::of(holds), sentence),
                Err(Spent) => (Outcome::NotLookedAt, TOO_MUCH.into()),
            };
            Told { kind: Kind::Field, pointer, outcome, sentence, inner: Vec::new() }
        }
    }
}

const TOO_MUCH: &str = "would be too much work to tell";

fn all_told(conditions: &[Condition], data: &Json<'_>, pointer: &str) -> Vec<Told> {
    let conditions = conditions.iter().enumerate();
    conditions
        .map(|(index, condition)| told(condition, data, format!("{pointer}/{index}")))
        .collect()
}

/// What comes of several, where one of outcome `decides` is enough for the same of the whole.
fn joined(inner: &[Told], decides: Outcome) -> Outcome {
    if inner.iter().any(|told| told.outcome == decides) {
        decides
    } else if inner.iter().any(|told| told.outcome == Outcome::NotLookedAt) {
        Outcome::NotLookedAt
    } else {
        decides.contrary()
    }
}

fn counted(inner: &[Told], rule: &str) -> String {
    let held = inner.iter().filter(|told| told.outcome == Outcome::Holds).count();
    let all = inner.len();
    format!("{held} of {all} {} hold; {rule}", if all == 1 { "condition" } else { "conditions" })
}

fn field_told(field: &FieldTest, data: &Json<'_>) -> Result<(bool, String), Spent> {
    let mut steps = Steps::new(EVALUATION_STEPS_MAX);
    let mut seen = Seen { count: 0, first: None, hit: None };
    let mut found = |elements: &[usize], value, steps: &mut Steps| {
        seen.count += 1;
        if seen.first.is_none() {
            seen.first = Some((elements.to_vec(), value));
        }
        if field.test.finds(value, steps)? {
            seen.hit = Some((elements.to_vec(), value));
        }
        Ok(seen.hit.is_some())
    };
    let any = field.path.walk(data.root(), &mut steps, &mut found)?;
    let holds = any != field.test.is_negative();
    Ok((holds, sentence::about(field, &seen, data)))
}

/// What a path led to.
pub struct Seen<'a> {
    /// How many values were looked at.
    pub count: usize,
    /// The first, with the elements that `*` stood for.
    pub first: Option<(Vec<usize>, Value<'a>)>,
    /// The one that is what was looked for.
    pub hit: Option<(Vec<usize>, Value<'a>)>,
}

fn flatten(told: Told, decisive: bool, findings: &mut Vec<Finding>) {
    let Told { kind, pointer, outcome, sentence, inner } = told;
    findings.push(Finding { pointer, outcome, decisive, sentence });
    for told in inner {
        let why = match kind {
            Kind::And | Kind::Or => told.outcome == outcome,
            Kind::Not | Kind::Field => true,
        };
        flatten(told, decisive && why && outcome != Outcome::NotLookedAt, findings);
    }
}
