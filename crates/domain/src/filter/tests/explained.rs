//! What is told of an event: each kind of sentence, and which conditions are why.

use super::super::*;

const DATA: &str = r#"{
    "message": {
        "type": "image", "n": 5, "t": "5", "b": true, "z": null, "tags": ["a", "b"], "empty": [],
        "list": [{"code": 131026}, {"code": 7}], "one": [1], "o": {"x": 1}
    },
    "a.b": 1
}"#;

#[test]
fn each_sentence_says_what_was_found() {
    let document = Document::parse(DATA.as_bytes());
    for (condition, takes, sentence) in SENTENCES {
        let filter = super::filter(&format!(r#"{{"field": {condition}}}"#));
        let Explanation { verdict, summary, findings } = filter.explain(&document);
        assert_eq!(verdict.takes(), *takes, "{condition}");
        assert_eq!(summary.contains("does not take"), !takes);
        let outcome = if *takes { Outcome::Holds } else { Outcome::Fails };
        let sentence = (*sentence).to_owned();
        let finding = Finding { pointer: String::new(), outcome, decisive: true, sentence };
        assert_eq!(findings, [finding], "{condition}");
    }
}

#[rustfmt::skip]
const SENTENCES: &[(&str, bool, &str)] = &[
    (r#""message.type", "eq": "image""#, true, r#"message.type is "image""#),
    (r#""message.type", "eq": "text""#, false, r#"message.type is "image", not "text""#),
    (r#""message.n", "eq": "5""#, false, r#"message.n is the number 5, not the text "5"; write it without quotes"#),
    (r#""message.t", "eq": 5"#, false, r#"message.t is the text "5", not the number 5; write it in quotes"#),
    (r#""message.t", "eq": 6"#, false, r#"message.t is the text "5", not the number 6"#),
    (r#""message.b", "eq": "true""#, false, r#"message.b is true, not the text "true"; write it without quotes"#),
    (r#""message.z", "eq": 5"#, false, r#"message.z is null, not the number 5"#),
    (r#""message.o", "eq": 5"#, false, r#"message.o is an object, not 5; ask about a member by its own path"#),
    (r#""message.tags", "eq": "a""#, false, r#"message.tags is an array of 2 elements, not "a"; `.*` behind the path asks about its elements"#),
    (r#""message.type", "ne": "image""#, false, r#"message.type is "image""#),
    (r#""message.type", "ne": "text""#, true, r#"message.type is "image", not "text""#),
    (r#""message.nope", "ne": "text""#, true, r#"message.nope is not there: message has no "nope""#),
    (r#""message.n", "gt": 4"#, true, r#"message.n is 5, more than 4"#),
    (r#""message.n", "gt": 5"#, false, r#"message.n is 5, not more than 5"#),
    (r#""message.n", "lt": "6""#, false, r#"message.n is the number 5, which is never less than the text "6": numbers are compared with numbers only, text with text"#),
    (r#""message.list", "lt": 6"#, false, r#"message.list is an array of 2 elements, which is never less than the number 6: numbers are compared with numbers only, text with text; `.*` behind the path asks about its elements"#),
    (r#""message.n", "lt": 6"#, true, r#"message.n is 5, less than 6"#),
    (r#""message.n", "lt": 5"#, false, r#"message.n is 5, not less than 5"#),
    (r#""message.n", "in": [5, 6]"#, true, r#"message.n is 5, one of the 2 values"#),
    (r#""message.n", "in": [6]"#, false, r#"message.n is 5, not 6"#),
    (r#""message.n", "in": [4, "5"]"#, false, r#"message.n is the number 5, not the text "5"; write it without quotes"#),
    (r#""message.o", "in": [6]"#, false, r#"message.o is an object; `in` looks for single values; ask about a member by its own path"#),
    (r#""message.n", "exists": true"#, true, r#"message.n is there: it is 5"#),
    (r#""message.n", "exists": false"#, false, r#"message.n is there: it is 5"#),
    (r#""message.m", "exists": false"#, true, r#"message.m is not there: message has no "m""#),
    (r#""message.m", "exists": true"#, false, r#"message.m is not there: message has no "m""#),
    (r#""message.type", "prefix": "im""#, true, r#"message.type is "image", which begins with "im""#),
    (r#""message.type", "prefix": "te""#, false, r#"message.type is "image", which does not begin with "te""#),
    (r#""message.n", "prefix": "te""#, false, r#"message.n is the number 5; `prefix` looks at text only"#),
    (r#""message.tags", "prefix": "te""#, false, r#"message.tags is an array of 2 elements; `prefix` looks at text only; `.*` behind the path asks about its elements"#),
    (r#""message.type", "contains": "mag""#, true, r#"message.type is "image", which contains "mag""#),
    (r#""message.type", "contains": "x""#, false, r#"message.type is "image", which does not contain "x""#),
    (r#""message.t", "contains": 5"#, false, r#"message.t is the text "5", which contains text only: write 5 in quotes"#),
    (r#""message.tags", "contains": "b""#, true, r#"message.tags is an array of 2 elements, one of which is "b""#),
    (r#""message.tags", "contains": "c""#, false, r#"message.tags is an array of 2 elements, none of which is "c""#),
    (r#""message.o", "contains": "c""#, false, r#"message.o is an object; `contains` looks into text and arrays"#),
    (r#""message.type", "regex": "^im""#, true, r#"message.type is "image", in which the regex finds something"#),
    (r#""message.type", "regex": "^x""#, false, r#"message.type is "image", in which the regex finds nothing"#),
    (r#""message.n", "regex": "^x""#, false, r#"message.n is the number 5; `regex` looks at text only"#),
    (r#""message.list.*.code", "eq": 7"#, true, r#"message.list.1.code is 7"#),
    (r#""message.list.*.code", "eq": 131047"#, false, r#"none of the 2 values of message.list.*.code is 131047; the first, message.list.0.code is 131026, not 131047"#),
    (r#""message.list.*.code", "eq": "131026""#, false, r#"none of the 2 values of message.list.*.code is "131026"; the first, message.list.0.code is the number 131026, not the text "131026"; write it without quotes"#),
    (r#""message.list.*.code", "ne": 7"#, false, r#"message.list.1.code is 7"#),
    (r#""message.list.*.code", "ne": 8"#, true, r#"none of the 2 values of message.list.*.code is 8; the first, message.list.0.code is 131026, not 8"#),
    (r#""message.list.code", "eq": 7"#, false, r#"message.list.code is not there: message.list is an array of 2 elements; write `*` or a number for the element before "code""#),
    (r#""message.list.5.code", "eq": 7"#, false, r#"message.list.5.code is not there: message.list is an array of 2 elements, and the first is number 0"#),
    (r#""message.list.*.nope", "eq": 7"#, false, r#"message.list.*.nope is not there: message.list.0 has no "nope""#),
    (r#""message.empty.*", "eq": 7"#, false, r#"message.empty.* is not there: message.empty is an empty array"#),
    (r#""message.one.1", "eq": 7"#, false, r#"message.one.1 is not there: message.one is an array of 1 element, and the first is number 0"#),
    (r#""message.one.*", "eq": 7"#, false, r#"message.one.0 is 1, not 7"#),
    (r#""message.o.*", "eq": 7"#, false, r#"message.o.* is not there: message.o is an object, and only arrays have elements"#),
    (r#""message.type.body", "eq": 7"#, false, r#"message.type.body is not there: message.type is the text "image" and has no "body""#),
    (r#""text.body", "eq": 7"#, false, r#"text.body is not there: the data has no "text""#),
    (r#""data.message.type", "eq": "image""#, false, r#"data.message.type is not there: the data has no "data"; paths begin inside the event's data: leave `data.` out"#),
    (r#""type", "eq": "message.received""#, false, r#"type is not there: the data has no "type"; a filter sees the event's data only, not what stands beside it"#),
    (r#""message.data", "eq": 1"#, false, r#"message.data is not there: message has no "data""#),
    (r#""a\\.b", "eq": 2"#, false, r#"a\.b is 1, not 2"#),
    (r#""message.n", "in": [5]"#, true, r#"message.n is 5"#),
    (r#""message.list.*.code", "gt": 200000"#, false, r#"none of the 2 values of message.list.*.code fits; the first, message.list.0.code is 131026, not more than 200000"#),
    (r#""message.tags.*", "prefix": "b""#, true, r#"message.tags.1 is "b", which begins with "b""#),
];

#[test]
fn values_are_cut() {
    for (chars, cut) in [(SHOWN_CHARS_MAX, ""), (SHOWN_CHARS_MAX + 1, "…")] {
        let data = format!(r#"{{"a": "{}"}}"#, "é".repeat(chars));
        let explanation = super::filter(r#"{"field": "a", "eq": "x"}"#)
            .explain(&Document::parse(data.as_bytes()));
        let shown = "é".repeat(SHOWN_CHARS_MAX);
        assert_eq!(explanation.findings[0].sentence, format!(r#"a is "{shown}{cut}", not "x""#));
    }
    let number = format!(r#"{{"a": {}}}"#, "7".repeat(10_000));
    let explanation =
        super::filter(r#"{"field": "a", "eq": 1}"#).explain(&Document::parse(number.as_bytes()));
    assert!(explanation.findings[0].sentence.len() < 200);
}

/// Every finding as a line: a star where it is decisive.
fn lines(filter: &str) -> Vec<String> {
    let explanation = super::filter(filter).explain(&Document::parse(DATA.as_bytes()));
    let lines = explanation.findings.iter().map(|finding| {
        let star = if finding.decisive { "*" } else { " " };
        let Finding { pointer, outcome, sentence, .. } = finding;
        format!("{star}{pointer} {}: {sentence}", outcome.as_str())
    });
    lines.collect()
}

#[test]
fn the_conditions_that_are_why_are_marked() {
    let text = r#"{"and": [
        {"field": "message.type", "eq": "image"},
        {"or": [{"field": "message.n", "gt": 7}, {"field": "message.b", "eq": false}]},
        {"not": {"field": "message.tags", "contains": "a"}},
        {"not": {"field": "message.tags", "contains": "x"}}
    ]}"#;
    assert_eq!(
        lines(text),
        [
            "* fails: 2 of 4 conditions hold; all must",
            r#" /and/0 holds: message.type is "image""#,
            "*/and/1 fails: 0 of 2 conditions hold; one must",
            "*/and/1/or/0 fails: message.n is 5, not more than 7",
            "*/and/1/or/1 fails: message.b is true, not false",
            "*/and/2 fails: what must not hold does",
            r#"*/and/2/not holds: message.tags is an array of 2 elements, one of which is "a""#,
            " /and/3 holds: what must not hold does not",
            r#" /and/3/not fails: message.tags is an array of 2 elements, none of which is "x""#,
        ]
    );
    assert_eq!(
        lines(r#"{"or": [{"field": "a\\.b", "eq": 1}, {"field": "b", "exists": true}]}"#),
        [
            "* holds: 1 of 2 conditions hold; one must",
            r"*/or/0 holds: a\.b is 1",
            r#" /or/1 fails: b is not there: the data has no "b""#,
        ]
    );
}

#[test]
fn data_that_is_no_json_is_told_with_its_place() {
    let told = |data: &[u8]| {
        let explanation =
            super::filter(r#"{"field": "a", "eq": 1}"#).explain(&Document::parse(data));
        assert_eq!(explanation.verdict, Verdict::Undecided(Undecided::NotJson));
        assert_eq!(explanation.findings, []);
        explanation.summary
    };
    let because = "The filter takes the event, because its data is not JSON";
    let at = "at line 1, column 2 there must be a name in double quotes";
    assert_eq!(told(b"{"), format!("{because}: {at}."));
    assert_eq!(told(b"\"\xff\""), format!("{because}: it is not UTF-8."));
}
