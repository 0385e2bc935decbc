//! The sentence about one condition: `message.type is "image", not "text"`.

use super::SHOWN_CHARS_MAX;
use super::condition::{FieldTest, Scalar, Test};
use super::explain::Seen;
use super::json::{Json, Value, View};
use super::path::{Path, Segment, element, member};
use super::steps::Steps;

/// Members that stand beside an event's data, of which people think that they are in it.
const BESIDE: [&str; 7] =
    ["id", "type", "event_type", "subject", "session", "external_id", "occurred_at"];

/// What was found where the condition looked.
pub fn about(field: &FieldTest, seen: &Seen<'_>, data: &Json<'_>) -> String {
    let FieldTest { path, test } = field;
    if let Some((elements, value)) = &seen.hit {
        return format!("{} {}", path.with(elements), hit(test, *value));
    }
    match (&seen.first, seen.count) {
        (None, _) => format!("{path} is not there: {}", gap(path, data)),
        (Some((elements, value)), 1) => {
            format!("{} {}", path.with(elements), miss(test, *value))
        }
        (Some((elements, value)), count) => {
            let first = format!("{} {}", path.with(elements), miss(test, *value));
            let fits = match test {
                Test::Eq(wanted) | Test::Ne(wanted) => format!("is {}", of(wanted)),
                Test::Gt(_)
                | Test::Lt(_)
                | Test::In(_)
                | Test::Exists(_)
                | Test::Prefix(_)
                | Test::Contains(_)
                | Test::Regex(_) => "fits".into(),
            };
            format!("none of the {count} values of {path} {fits}; the first, {first}")
        }
    }
}

/// A value that is what is looked for.
fn hit(test: &Test, value: Value<'_>) -> String {
    let is = shown(value.view());
    match test {
        Test::Eq(_) | Test::Ne(_) => format!("is {is}"),
        Test::Gt(bound) => format!("is {is}, more than {}", of(bound)),
        Test::Lt(bound) => format!("is {is}, less than {}", of(bound)),
        Test::In(wanted) if wanted.len() == 1 => format!("is {is}"),
        Test::In(wanted) => format!("is {is}, one of the {} values", wanted.len()),
        Test::Exists(_) => format!("is there: it is {is}"),
        Test::Prefix(prefix) => format!("is {is}, which begins with {}", quoted(prefix)),
        Test::Contains(wanted) => match value.view() {
            View::Array(_) => format!("is {is}, one of which is {}", of(wanted)),
            View::Null | View::Bool(_) | View::Number(_) | View::Text(_) | View::Object(_) => {
                format!("is {is}, which contains {}", of(wanted))
            }
        },
        Test::Regex(_) => format!("is {is}, in which the regex finds something"),
    }
}

/// A value that is not what is looked for.
fn miss(test: &Test, value: Value<'_>) -> String {
    let view = value.view();
    match test {
        Test::Eq(wanted) | Test::Ne(wanted) => unequal(view, wanted),
        Test::Gt(bound) => unordered(view, bound, "more"),
        Test::Lt(bound) => unordered(view, bound, "less"),
        Test::In(wanted) => {
            let is = shown(view.clone());
            let Some(found) = Scalar::from_view(view.clone()) else {
                return format!("is {is}; `in` looks for single values{}", inside(&view));
            };
            // The one that was meant: the only one, or one that differs in its quotes.
            let only = wanted.first().filter(|_| wanted.len() == 1);
            match only.or_else(|| wanted.iter().find(|wanted| alike(&found, wanted))) {
                Some(wanted) => unequal(view, wanted),
                None => format!("is {is}, none of the {} values", wanted.len()),
            }
        }
        // Both ways of `exists` find every value.
        Test::Exists(_) => format!("is there: it is {}", shown(view)),
        Test::Prefix(prefix) => match view {
            View::Text(_) => {
                format!("is {}, which does not begin with {}", shown(view), quoted(prefix))
            }
            View::Null | View::Bool(_) | View::Number(_) | View::Array(_) | View::Object(_) => {
                format!("is {}; `prefix` looks at text only{}", named(view.clone()), inside(&view))
            }
        },
        Test::Contains(wanted) => missing_part(view, wanted),
        Test::Regex(_) => match view {
            View::Text(_) => format!("is {}, in which the regex finds nothing", shown(view)),
            View::Null | View::Bool(_) | View::Number(_) | View::Array(_) | View::Object(_) => {
                format!("is {}; `regex` looks at text only{}", named(view.clone()), inside(&view))
            }
        },
    }
}

fn unequal(view: View<'_>, wanted: &Scalar<'_>) -> String {
    let Some(found) = Scalar::from_view(view.clone()) else {
        return format!("is {}, not {}{}", shown(view.clone()), of(wanted), inside(&view));
    };
    if found.same_kind(wanted) {
        return format!("is {}, not {}", shown(view), of(wanted));
    }
    let hint = if !alike(&found, wanted) {
        ""
    } else if let Scalar::Text(_) = found {
        "; write it in quotes"
    } else {
        "; write it without quotes"
    };
    format!("is {}, not {}{hint}", named(view), named_scalar(wanted))
}

fn unordered(view: View<'_>, bound: &Scalar<'_>, than: &str) -> String {
    let comparable = Scalar::from_view(view.clone()).is_some_and(|found| found.same_kind(bound));
    if comparable {
        return format!("is {}, not {than} than {}", shown(view), of(bound));
    }
    format!(
        "is {}, which is never {than} than {}: numbers are compared with numbers only, text with text{}",
        named(view.clone()),
        named_scalar(bound),
        inside(&view)
    )
}

fn missing_part(view: View<'_>, wanted: &Scalar<'_>) -> String {
    let is = shown(view.clone());
    match (&view, wanted) {
        (View::Array(_), _) => format!("is {is}, none of which is {}", of(wanted)),
        (View::Text(_), Scalar::Text(part)) => {
            format!("is {is}, which does not contain {}", quoted(part))
        }
        (View::Text(_), Scalar::Null | Scalar::Bool(_) | Scalar::Number(_)) => {
            format!("is the text {is}, which contains text only: write {} in quotes", of(wanted))
        }
        (View::Null | View::Bool(_) | View::Number(_) | View::Object(_), _) => {
            format!("is {}; `contains` looks into text and arrays", named(view))
        }
    }
}

/// Whether the two differ in their quotes only.
fn alike(found: &Scalar<'_>, wanted: &Scalar<'_>) -> bool {
    let bare = |scalar: &Scalar<'_>| match scalar {
        Scalar::Null => "null".to_owned(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Number(text) | Scalar::Text(text) => text.clone().into_owned(),
    };
    !found.same_kind(wanted) && bare(found) == bare(wanted)
}

/// How to ask about what a container holds.
fn inside(view: &View<'_>) -> &'static str {
    match view {
        View::Array(_) => "; `.*` behind the path asks about its elements",
        View::Object(_) => "; ask about a member by its own path",
        View::Null | View::Bool(_) | View::Number(_) | View::Text(_) => "",
    }
}

/// Why nothing is where a path leads: the first place where it does not go on. Behind `*`, that is
/// told of the first element.
fn gap(path: &Path, data: &Json<'_>) -> String {
    // As far as the walk went that found nothing.
    let mut steps = Steps::new(u64::MAX);
    let (mut value, mut way) = (data.root(), Vec::new());
    for segment in path.segments() {
        let here = if way.is_empty() { "the data".to_owned() } else { way.join(".") };
        let next = match (segment, value.view()) {
            (Segment::Name(name), View::Object(members)) => member(members, name, &mut steps)
                .ok()
                .flatten()
                .ok_or_else(|| format!("{here} has no {}{}", quoted(name), beside(&way, name))),
            (Segment::Name(name), View::Array(items)) => {
                let count = items.clone().count();
                element(items, name, &mut steps).ok().flatten().ok_or_else(|| {
                    let is = array(count);
                    if name.bytes().all(|byte| byte.is_ascii_digit()) {
                        format!("{here} is {is}, and the first is number 0")
                    } else {
                        format!(
                            "{here} is {is}; write `*` or a number for the element before {}",
                            quoted(name)
                        )
                    }
                })
            }
            (Segment::Any, View::Array(mut items)) => {
                items.next().ok_or_else(|| format!("{here} is an empty array"))
            }
            (Segment::Any, view) => {
                Err(format!("{here} is {}, and only arrays have elements", named(view)))
            }
            (Segment::Name(name), view) => {
                Err(format!("{here} is {} and has no {}", named(view), quoted(name)))
            }
        };
        match next {
            Ok(next) => value = next,
            Err(sentence) => return sentence,
        }
        way.push(match segment {
            Segment::Name(_) => segment.to_string(),
            Segment::Any => "0".to_owned(),
        });
    }
    "nothing is there".into()
}

/// What people look for in the data and what stands elsewhere.
fn beside(way: &[String], name: &str) -> &'static str {
    if !way.is_empty() {
        ""
    } else if name == "data" {
        "; paths begin inside the event's data: leave `data.` out"
    } else if BESIDE.contains(&name) {
        "; a filter sees the event's data only, not what stands beside it"
    } else {
        ""
    }
}

/// A value as JSON, cut.
fn shown(view: View<'_>) -> String {
    match view {
        View::Null => "null".into(),
        View::Bool(value) => value.to_string(),
        View::Number(number) => cut(number),
        View::Text(text) => quoted(&text.decoded()),
        View::Array(items) => array(items.count()),
        View::Object(_) => "an object".into(),
    }
}

/// The same with its kind, where that is the point.
fn named(view: View<'_>) -> String {
    let kind = match view {
        View::Number(_) => "the number ",
        View::Text(_) => "the text ",
        View::Null | View::Bool(_) | View::Array(_) | View::Object(_) => "",
    };
    format!("{kind}{}", shown(view))
}

fn of(scalar: &Scalar<'_>) -> String {
    match scalar {
        Scalar::Null => "null".into(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Number(number) => cut(number),
        Scalar::Text(text) => quoted(text),
    }
}

fn named_scalar(scalar: &Scalar<'_>) -> String {
    let kind = match scalar {
        Scalar::Number(_) => "the number ",
        Scalar::Text(_) => "the text ",
        Scalar::Null | Scalar::Bool(_) => "",
    };
    format!("{kind}{}", of(scalar))
}

fn array(count: usize) -> String {
    match count {
        0 => "an empty array".into(),
        1 => "an array of 1 element".into(),
        count => format!("an array of {count} elements"),
    }
}

fn quoted(text: &str) -> String {
    let shown = cut(text);
    serde_json::Value::from(shown).to_string()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
