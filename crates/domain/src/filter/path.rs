//! Where in the data a condition looks: `message.type`, `status.errors.*.code`.

use std::fmt;

use super::json::{Items, Members, Value, View};
use super::steps::{Spent, Steps};
use super::{PATH_BYTES_MAX, PATH_SEGMENTS_MAX};

/// The way from the data to values in it.
#[derive(Debug, Clone)]
pub struct Path {
    text: Box<str>,
    segments: Box<[Segment]>,
}

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// The member of that name; of an array, where it is a number, the element.
    Name(Box<str>),
    /// Any element of an array.
    Any,
}

/// Takes the values that a path leads to, one after the other, with the elements that `*` stood for;
/// says whether the search may end.
pub type Found<'f, 'a> = &'f mut dyn FnMut(&[usize], Value<'a>, &mut Steps) -> Result<bool, Spent>;

impl Path {
    /// Reads a path; says what is wrong otherwise.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("must name a field of the event's data, such as `message.type`".into());
        }
        if text.len() > PATH_BYTES_MAX {
            return Err(format!("must have at most {PATH_BYTES_MAX} bytes"));
        }
        if text == "$" || text.starts_with("$.") {
            return Err("must begin with a name: leave `$.` out (a member that is called `$` is \
                        written `\\$`)"
                .into());
        }
        let mut segments = Vec::new();
        let (mut name, mut is_star) = (String::new(), false);
        let mut rest = text.chars();
        loop {
            match rest.next() {
                Some('\\') => match rest.next() {
                    Some(c) => {
                        is_star = false;
                        name.push(c);
                    }
                    None => {
                        return Err(
                            "ends with a backslash, which must have a character behind it; \
                                    a backslash itself is written twice"
                                .into(),
                        );
                    }
                },
                Some('[' | ']') => {
                    return Err(
                        "must not have brackets: elements are written `.0` or `.*` (a bracket \
                                in a name is written `\\[`)"
                            .into(),
                    );
                }
                end @ (Some('.') | None) => {
                    if name.is_empty() {
                        return Err(
                            "has an empty name: write one dot between two names, and none \
                                    at the ends"
                                .into(),
                        );
                    }
                    let name = std::mem::take(&mut name).into();
                    segments.push(if is_star { Segment::Any } else { Segment::Name(name) });
                    is_star = false;
                    if end.is_none() {
                        break;
                    }
                }
                Some(c) => {
                    is_star = c == '*' && name.is_empty();
                    name.push(c);
                }
            }
        }
        if segments.len() > PATH_SEGMENTS_MAX {
            return Err(format!("must have at most {PATH_SEGMENTS_MAX} names"));
        }
        Ok(Self { text: text.into(), segments: segments.into() })
    }

    /// Goes to every value that it leads to, until `found` says that it is enough; gives whether it
    /// said so. No value is come to twice, so it is never more work than there are values.
    pub fn walk<'a>(
        &self,
        root: Value<'a>,
        steps: &mut Steps,
        found: Found<'_, 'a>,
    ) -> Result<bool, Spent> {
        walk(root, &self.segments, &mut Vec::new(), steps, found)
    }

    /// The path with the elements in the places of `*`.
    pub fn with(&self, elements: &[usize]) -> String {
        let mut elements = elements.iter();
        let segments = self.segments.iter().map(|segment| match segment {
            Segment::Name(_) => segment.to_string(),
            Segment::Any => elements.next().map_or_else(|| "*".into(), ToString::to_string),
        });
        segments.collect::<Vec<_>>().join(".")
    }

    /// Its steps.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Name(name) = self else { return f.write_str("*") };
        for (at, c) in name.char_indices() {
            let escaped = matches!(c, '.' | '\\' | '[' | ']') || (c == '*' && name.len() == 1);
            let escaped = escaped || (at == 0 && c == '$');
            write!(f, "{}{c}", if escaped { "\\" } else { "" })?;
        }
        Ok(())
    }
}

/// The member of that name, the last where there are several, as JSON.parse has it.
pub fn member<'a>(
    members: Members<'a>,
    name: &str,
    steps: &mut Steps,
) -> Result<Option<Value<'a>>, Spent> {
    let mut last = None;
    for (text, value) in members {
        steps.take_text(text.len())?;
        if text.is(name) {
            last = Some(value);
        }
    }
    Ok(last)
}

/// The element that `name` is the number of.
pub fn element<'a>(
    mut items: Items<'a>,
    name: &str,
    steps: &mut Steps,
) -> Result<Option<Value<'a>>, Spent> {
    let is_number =
        name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    let Some(mut before) = name.parse::<usize>().ok().filter(|_| is_number) else {
        return Ok(None);
    };
    loop {
        steps.take(1)?;
        let Some(item) = items.next() else { return Ok(None) };
        if before == 0 {
            return Ok(Some(item));
        }
        before -= 1;
    }
}

fn walk<'a>(
    value: Value<'a>,
    segments: &[Segment],
    elements: &mut Vec<usize>,
    steps: &mut Steps,
    found: Found<'_, 'a>,
) -> Result<bool, Spent> {
    let Some((segment, rest)) = segments.split_first() else {
        return found(elements, value, steps);
    };
    let next = match (segment, value.view()) {
        (Segment::Name(name), View::Object(members)) => member(members, name, steps)?,
        (Segment::Name(name), View::Array(items)) => element(items, name, steps)?,
        (Segment::Any, View::Array(items)) => {
            for (index, item) in items.enumerate() {
                steps.take(1)?;
                elements.push(index);
                let enough = walk(item, rest, elements, steps, found)?;
                elements.pop();
                if enough {
                    return Ok(true);
                }
            }
            None
        }
        (Segment::Any, View::Object(_))
        | (_, View::Null | View::Bool(_) | View::Number(_) | View::Text(_)) => None,
    };
    match next {
        Some(next) => walk(next, rest, elements, steps, found),
        None => Ok(false),
    }
}
