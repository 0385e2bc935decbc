//! Every limit at its edge.

use super::super::*;

fn is_read(text: &str) -> bool {
    Filter::parse(text).is_ok()
}

#[track_caller]
fn refused(text: &str, pointer: &str, message: &str) {
    let faults = Filter::parse(text).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].pointer, pointer, "{faults:?}");
    assert!(faults[0].message.contains(message), "{faults:?}");
}

#[test]
fn bytes_of_a_filter() {
    let text = |bytes: usize| {
        let text = r#"{"field": "a", "eq": ""}"#;
        text.replace(r#""""#, &format!("\"{}\"", "x".repeat(bytes - text.len())))
    };
    assert_eq!(text(FILTER_BYTES_MAX).len(), 16 * 1024);
    assert!(is_read(&text(FILTER_BYTES_MAX)));
    refused(&text(FILTER_BYTES_MAX + 1), "", "at most 16384 bytes");
}

#[test]
fn depth() {
    let nested = |depth: usize| {
        let (open, close) = (r#"{"not":"#.repeat(depth - 1), "}".repeat(depth - 1));
        format!(r#"{open}{{"field":"a","eq":1}}{close}"#)
    };
    assert!(is_read(&nested(16)));
    refused(&nested(17), &"/not".repeat(16), "at most 16 conditions may stand inside each other");
    refused(&nested(2_000), &"/not".repeat(16), "at most 16 conditions");
    let lists = format!("{}{}", r#"{"and":["#.repeat(1_500), "]}".repeat(1_500));
    refused(&lists, &"/and/0".repeat(16), "at most 16 conditions");
}

#[test]
fn conditions() {
    let many = |count: usize| {
        let each = vec![r#"{"not":{"field":"a","eq":1}}"#; count];
        format!(r#"{{"or":[{}]}}"#, each.join(","))
    };
    assert!(is_read(&many(100)));
    refused(&many(101), "/or/100/not", "at most 100");
    refused(&many(400), "/or/100/not", "at most 100");
}

#[test]
fn values_of_in() {
    let list = |count: usize| {
        let each: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        format!(r#"{{"field":"a","in":[{}]}}"#, each.join(","))
    };
    let thousand = super::filter(&list(1_000));
    for (number, takes) in [(0, true), (999, true), (1_000, false)] {
        let data = format!(r#"{{"a": {number}.0}}"#);
        assert_eq!(thousand.matches(&Document::parse(data.as_bytes())), takes, "{number}");
    }
    refused(&list(1_001), "/in", "at most 1000 values");
}

#[test]
fn paths() {
    let field = |path: &str| format!(r#"{{"field":"{path}","eq":1}}"#);
    assert!(is_read(&field(&["a"; 16].join("."))));
    refused(&field(&["a"; 17].join(".")), "/field", "at most 16 names");
    assert!(is_read(&field(&"a".repeat(512))));
    refused(&field(&"a".repeat(513)), "/field", "at most 512 bytes");
}

#[test]
fn regexes() {
    let regex = |regex: &str| format!(r#"{{"field":"a","regex":"{regex}"}}"#);
    let many = |count: usize| format!(r#"{{"and":[{}]}}"#, vec![regex("x"); count].join(","));
    assert!(is_read(&many(10)));
    refused(&many(11), "/and/10/regex", "at most 10");
    refused(&many(30), "/and/10/regex", "at most 10");
    assert!(is_read(&regex(&"x".repeat(1_000))));
    refused(&regex(&"x".repeat(1_001)), "/regex", "at most 1000 bytes");
    // About the largest of their kind.
    assert!(is_read(&regex("[a-z]{1,900}")));
    refused(&regex("[a-z]{1,10000}"), "/regex", "too large once compiled");
    refused(&regex("((a{100}){100}){100}"), "/regex", "too large once compiled");
    assert!(is_read(&regex(r"^\\w+@\\w+\\.\\w+$")));
    assert!(is_read(&regex(r"(?i)\\b(stop|unsubscribe|arrêt|abmelden|रोकें)\\b")));
}

#[test]
fn faults_told() {
    let many = |count: usize| {
        let each: Vec<String> = (0..count).map(|_| r#"{"field":"a","eq":[]}"#.to_owned()).collect();
        format!(r#"{{"or":[{}]}}"#, each.join(","))
    };
    for (wrong, told) in [(19, 19), (20, 20), (21, 20), (90, 20)] {
        assert_eq!(Filter::parse(&many(wrong)).unwrap_err().len(), told);
    }
    let values = format!(r#"{{"field":"a","in":[{}]}}"#, ["[]"; 500].join(","));
    assert_eq!(Filter::parse(&values).unwrap_err().len(), 20);
    let names: Vec<String> = (0..30).map(|number| format!(r#""x{number}x":1"#)).collect();
    assert_eq!(Filter::parse(&format!("{{{}}}", names.join(","))).unwrap_err().len(), 20);
}

/// One step for `a`, and three for each element: it is come to, asked, and read.
fn elements_taking(steps: u64) -> String {
    let count = (steps - 1) / 3;
    format!(r#"{{"a":[{}0]}}"#, "0,".repeat(usize::try_from(count).unwrap() - 1))
}

#[test]
fn steps_of_one_evaluation() {
    let any = super::filter(r#"{"field":"a.*","eq":1}"#);
    let most = elements_taking(EVALUATION_STEPS_MAX);
    assert_eq!(any.judge(&Document::parse(most.as_bytes())), Verdict::Differs);
    let more = elements_taking(EVALUATION_STEPS_MAX + 3);
    let verdict = Verdict::Undecided(Undecided::TooMuchWork);
    assert_eq!(any.judge(&Document::parse(more.as_bytes())), verdict);
    assert!(any.matches(&Document::parse(more.as_bytes())));
    // Also inside `not`: what cannot be judged is taken.
    let not = super::filter(r#"{"not":{"field":"a.*","eq":1}}"#);
    assert_eq!(not.judge(&Document::parse(more.as_bytes())), verdict);
    // What is known before is known.
    let or = super::filter(r#"{"or":[{"field":"a","exists":true},{"field":"a.*","eq":1}]}"#);
    assert_eq!(or.judge(&Document::parse(more.as_bytes())), Verdict::Matches);
    let explanation = or.explain(&Document::parse(more.as_bytes()));
    let told: Vec<_> =
        explanation.findings.iter().map(|told| (told.outcome, told.decisive)).collect();
    let (holds, not_looked_at) = (Outcome::Holds, Outcome::NotLookedAt);
    assert_eq!(told, [(holds, true), (holds, true), (not_looked_at, false)]);
    let explanation = any.explain(&Document::parse(more.as_bytes()));
    assert_eq!(explanation.verdict, verdict);
    assert!(explanation.summary.contains("too much work"), "{explanation:?}");
    assert_eq!(explanation.findings[0].outcome, not_looked_at);
}

/// Checks that a filter takes exactly so many steps on data.
#[track_caller]
fn takes_steps(filter: &str, data: &str, steps: u64) {
    let filter = super::filter(filter);
    let document = Document::parse(data.as_bytes());
    let spent = Verdict::Undecided(Undecided::TooMuchWork);
    assert_ne!(filter.judge_within(&document, steps), spent, "{filter}: more than {steps}");
    assert_eq!(filter.judge_within(&document, steps - 1), spent, "{filter}: fewer than {steps}");
}

#[test]
fn every_kind_of_work_is_counted() {
    let text = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "a".repeat(bytes));
    // One for the member, one for the question, one for the value and each 32 bytes of it.
    for (bytes, steps) in [(0, 3), (31, 3), (32, 4), (320, 13)] {
        for operator in ["eq", "ne", "gt", "lt", "prefix", "contains"] {
            let filter = format!(r#"{{"field":"a","{operator}":"b"}}"#);
            takes_steps(&filter, &text(bytes), steps);
        }
    }
    takes_steps(r#"{"field":"a","exists":true}"#, &text(320), 2);
    takes_steps(r#"{"field":"a","eq":1}"#, &format!(r#"{{"a":{}}}"#, "7".repeat(320)), 13);
    // As deep as a search among them goes.
    takes_steps(r#"{"field":"a","in":["x"]}"#, &text(0), 4);
    takes_steps(r#"{"field":"a","in":[1,2,3,4,5,6,7,8]}"#, &text(0), 7);
    // A step more, and for each state that for 8 bytes.
    takes_steps(r#"{"field":"a","regex":"b"}"#, &text(320), 13 + 1 + 40);
    takes_steps(r#"{"field":"a","regex":"b{100}"}"#, &text(320), 13 + 1 + 40 * 101);
    // Every member, since a later one may have the same name, and long names.
    takes_steps(r#"{"field":"b","eq":1}"#, &format!(r#"{{{}"b":1}}"#, r#""a":1,"#.repeat(50)), 53);
    takes_steps(r#"{"field":"b","eq":1}"#, &format!(r#"{{"{}":1,"b":1}}"#, "a".repeat(320)), 14);
    // The elements up to the one that is meant, or to the end.
    let array = format!(r#"{{"a":[{}1]}}"#, "0,".repeat(50));
    takes_steps(r#"{"field":"a.20","eq":1}"#, &array, 1 + 21 + 2);
    takes_steps(r#"{"field":"a.99","eq":1}"#, &array, 1 + 52);
    takes_steps(r#"{"field":"a","contains":2}"#, &array, 1 + 1 + 51);
    takes_steps(r#"{"field":"a.*","eq":2}"#, &array, 1 + 3 * 51);
    // All conditions share the steps.
    let hundred = vec![r#"{"field":"a.*","eq":2}"#; 100].join(",");
    takes_steps(&format!(r#"{{"or":[{hundred}]}}"#), &array, 100 * (1 + 3 * 51));
    takes_steps(&format!(r#"{{"and":[{hundred}]}}"#), &array, 1 + 3 * 51);
}

#[test]
fn weight_grows_with_regexes() {
    let none = super::filter(r#"{"field":"a","eq":"x"}"#);
    let one = super::filter(r#"{"field":"a","regex":"x"}"#);
    assert!(none.weight() < 1_024, "{}", none.weight());
    assert!(one.weight() >= REGEX_COMPILED_BYTES_MAX, "{}", one.weight());
}
