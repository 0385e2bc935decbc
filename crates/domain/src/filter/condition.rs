//! A filter that was read: what it asks, and whether data holds it.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex::Regex;

use super::json::{Json, Value, View};
use super::number::Decimal;
use super::path::Path;
use super::steps::{Spent, Steps};

/// A condition or what joins some.
#[derive(Debug, Clone)]
pub enum Condition {
    /// Holds where all do.
    And(Box<[Condition]>),
    /// Holds where one does.
    Or(Box<[Condition]>),
    /// Holds where the other does not.
    Not(Box<Condition>),
    /// Asks about a field.
    Field(Box<FieldTest>),
}

/// What is asked about a field.
#[derive(Debug, Clone)]
pub struct FieldTest {
    /// Which.
    pub path: Path,
    /// What.
    pub test: Test,
}

/// What is asked about a value.
#[derive(Debug, Clone)]
pub enum Test {
    /// Whether it is that one.
    Eq(Scalar<'static>),
    /// Whether nothing there is that one.
    Ne(Scalar<'static>),
    /// Whether it is a greater number, or a text that comes later.
    Gt(Scalar<'static>),
    /// Whether it is a lesser number, or a text that comes earlier.
    Lt(Scalar<'static>),
    /// Whether it is one of those: in their order, none twice.
    In(Box<[Scalar<'static>]>),
    /// Whether there is one.
    Exists(bool),
    /// Whether it is a text that begins so.
    Prefix(Box<str>),
    /// Whether it is a text with that in it, or an array with that among its elements.
    Contains(Scalar<'static>),
    /// Whether the regex finds something in it.
    Regex(Pattern),
}

/// A regex with what it costs.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As it was written and compiled.
    pub regex: Regex,
    /// About how many states it has.
    pub states: u64,
}

/// A value that holds no others. Ordered by kind, then as numbers and texts are.
#[derive(Debug, Clone)]
pub enum Scalar<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written.
    Number(Cow<'a, str>),
    /// A string.
    Text(Cow<'a, str>),
}

impl Condition {
    /// Whether the data holds it. What comes later is not looked at once that is known.
    pub fn holds(&self, data: &Json<'_>, steps: &mut Steps) -> Result<bool, Spent> {
        match self {
            Self::And(conditions) => {
                for condition in conditions {
                    if !condition.holds(data, steps)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(conditions) => {
                for condition in conditions {
                    if condition.holds(data, steps)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(condition) => condition.holds(data, steps).map(|holds| !holds),
            Self::Field(field) => {
                let mut found =
                    |_: &[usize], value, steps: &mut Steps| field.test.finds(value, steps);
                let any = field.path.walk(data.root(), steps, &mut found)?;
                Ok(any != field.test.is_negative())
            }
        }
    }
}

impl Test {
    /// Whether the condition holds where nothing is found, and not where something is.
    pub const fn is_negative(&self) -> bool {
        matches!(self, Self::Ne(_) | Self::Exists(false))
    }

    /// Whether this value is what is looked for.
    pub fn finds(&self, value: Value<'_>, steps: &mut Steps) -> Result<bool, Spent> {
        steps.take(1)?;
        match self {
            Self::Exists(_) => return Ok(true),
            Self::Contains(wanted) => {
                if let View::Array(items) = value.view() {
                    for item in items {
                        if is_equal(item, wanted, steps)? {
                            return Ok(true);
                        }
                    }
                    return Ok(false);
                }
            }
            Self::Eq(_)
            | Self::Ne(_)
            | Self::Gt(_)
            | Self::Lt(_)
            | Self::In(_)
            | Self::Prefix(_)
            | Self::Regex(_) => {}
        }
        let Some(value) = Scalar::of(value, steps)? else { return Ok(false) };
        Ok(match (self, &value) {
            (Self::Eq(wanted) | Self::Ne(wanted), _) => value == *wanted,
            (Self::Gt(bound), _) => value.same_kind(bound) && value > *bound,
            (Self::Lt(bound), _) => value.same_kind(bound) && value < *bound,
            (Self::In(wanted), _) => {
                steps.take(1 + u64::from(wanted.len().max(1).ilog2()))?;
                wanted.binary_search_by(|wanted| wanted.cmp(&value)).is_ok()
            }
            (Self::Prefix(prefix), Scalar::Text(text)) => text.starts_with(&**prefix),
            (Self::Contains(Scalar::Text(part)), Scalar::Text(text)) => text.contains(&**part),
            (Self::Regex(pattern), Scalar::Text(text)) => {
                steps.take_regex(text.len(), pattern.states)?;
                pattern.regex.is_match(text)
            }
            (Self::Exists(_) | Self::Prefix(_) | Self::Contains(_) | Self::Regex(_), _) => false,
        })
    }
}

/// Whether the value is that one.
pub fn is_equal(value: Value<'_>, wanted: &Scalar<'_>, steps: &mut Steps) -> Result<bool, Spent> {
    Ok(Scalar::of(value, steps)?.is_some_and(|value| value == *wanted))
}

impl<'a> Scalar<'a> {
    /// The value, unless it is an array or an object.
    pub fn of(value: Value<'a>, steps: &mut Steps) -> Result<Option<Self>, Spent> {
        Ok(match value.view() {
            View::Array(_) | View::Object(_) => {
                steps.take(1)?;
                None
            }
            view @ (View::Null | View::Bool(_) | View::Number(_) | View::Text(_)) => {
                steps.take_text(value.written().len())?;
                Self::from_view(view)
            }
        })
    }

    /// The value, unless it is an array or an object.
    pub fn from_view(view: View<'a>) -> Option<Self> {
        match view {
            View::Null => Some(Self::Null),
            View::Bool(value) => Some(Self::Bool(value)),
            View::Number(number) => Some(Self::Number(Cow::Borrowed(number))),
            View::Text(text) => Some(Self::Text(text.decoded())),
            View::Array(_) | View::Object(_) => None,
        }
    }

    /// The same with text of its own.
    pub fn into_owned(self) -> Scalar<'static> {
        match self {
            Self::Null => Scalar::Null,
            Self::Bool(value) => Scalar::Bool(value),
            Self::Number(number) => Scalar::Number(Cow::Owned(number.into_owned())),
            Self::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
        }
    }

    /// Whether both are numbers, or both texts and so on.
    pub fn same_kind(&self, other: &Scalar<'_>) -> bool {
        self.rank() == other.rank()
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) => 3,
        }
    }
}

impl Ord for Scalar<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(left), Self::Bool(right)) => left.cmp(right),
            (Self::Number(left), Self::Number(right)) => Decimal::of(left).cmp(&Decimal::of(right)),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_), _) => {
                self.rank().cmp(&other.rank())
            }
        }
    }
}

impl PartialOrd for Scalar<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scalar<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scalar<'_> {}
