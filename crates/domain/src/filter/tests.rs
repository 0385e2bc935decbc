//! What filters take. What they refuse to be, what they tell, and their limits are beside this.

mod docs;
mod explained;
mod faults;
mod laws;
mod limits;
mod reading;

use super::*;

/// A filter whose text is right.
fn filter(text: &str) -> Filter {
    Filter::parse(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}

/// What `condition`, members behind `"field": "a"`, says of `{"a": value}`; of `{}` where value is empty.
fn holds(condition: &str, value: &str) -> bool {
    let data = if value.is_empty() { "{}".to_owned() } else { format!(r#"{{"a": {value}}}"#) };
    let filter = filter(&format!(r#"{{"field": "a", {condition}}}"#));
    match filter.judge(&Document::parse(data.as_bytes())) {
        Verdict::Matches => true,
        Verdict::Differs => false,
        Verdict::Undecided(why) => panic!("{condition} {value}: {why:?}"),
    }
}

/// One value of each kind, and nothing at all.
const KINDS: [&str; 9] =
    ["", "null", "true", "false", "5", r#""5""#, r#""abc""#, "[5, \"abc\"]", r#"{"b": 5}"#];

/// Checks which of [`KINDS`] hold a condition.
#[track_caller]
fn check(condition: &str, held: &[&str]) {
    for kind in KINDS {
        assert_eq!(holds(condition, kind), held.contains(&kind), "{condition} on `{kind}`");
    }
}

#[test]
fn each_operator_takes_its_kinds_and_no_others() {
    let all_but =
        |not: &[&str]| KINDS.into_iter().filter(|kind| !not.contains(kind)).collect::<Vec<_>>();
    check(r#""eq": null"#, &["null"]);
    check(r#""eq": true"#, &["true"]);
    check(r#""eq": false"#, &["false"]);
    check(r#""eq": 5"#, &["5"]);
    check(r#""eq": "5""#, &[r#""5""#]);
    check(r#""eq": "abc""#, &[r#""abc""#]);
    check(r#""ne": null"#, &all_but(&["null"]));
    check(r#""ne": 5"#, &all_but(&["5"]));
    check(r#""ne": "5""#, &all_but(&[r#""5""#]));
    check(r#""in": [null, "abc", 5.0]"#, &["null", "5", r#""abc""#]);
    check(r#""in": [true, "null"]"#, &["true"]);
    check(r#""exists": true"#, &all_but(&[""]));
    check(r#""exists": false"#, &[""]);
    check(r#""gt": 4"#, &["5"]);
    check(r#""gt": 5"#, &[]);
    check(r#""lt": 6"#, &["5"]);
    check(r#""lt": 5"#, &[]);
    check(r#""gt": "5""#, &[r#""abc""#]);
    check(r#""lt": "a""#, &[r#""5""#]);
    check(r#""lt": "zzz""#, &[r#""5""#, r#""abc""#]);
    check(r#""prefix": "ab""#, &[r#""abc""#]);
    check(r#""prefix": "5""#, &[r#""5""#]);
    check(r#""contains": "bc""#, &[r#""abc""#]);
    check(r#""contains": "abc""#, &[r#""abc""#, "[5, \"abc\"]"]);
    check(r#""contains": 5"#, &["[5, \"abc\"]"]);
    check(r#""contains": null"#, &[]);
    check(r#""regex": "b""#, &[r#""abc""#]);
    check(r#""regex": "^b""#, &[]);
    check(r#""regex": ".""#, &[r#""5""#, r#""abc""#]);
}

#[test]
fn numbers_are_compared_to_the_last_digit() {
    for (condition, value, held) in [
        (r#""eq": 1"#, "1.0", true),
        (r#""eq": 1.50"#, "15e-1", true),
        (r#""eq": 0"#, "-0.0", true),
        (r#""eq": 9007199254740992"#, "9007199254740993", false),
        (r#""eq": 1689556908129832"#, "1689556908129832", true),
        (r#""eq": 18446744073709551616"#, "18446744073709551616.0", true),
        (r#""in": [1, 9007199254740993, 3]"#, "9007199254740993", true),
        (r#""in": [1, 9007199254740993, 3]"#, "9007199254740992", false),
        (r#""gt": 9007199254740992"#, "9007199254740993", true),
        (r#""lt": 9007199254740993"#, "9007199254740992", true),
        (r#""gt": 0.1"#, "0.10000000000000000001", true),
        (r#""gt": -1"#, "-2", false),
        (r#""gt": 1e308"#, "1e400", true),
        (r#""contains": 2"#, "[1.0, 2.0]", true),
        (r#""contains": 9007199254740993"#, "[9007199254740992]", false),
    ] {
        assert_eq!(holds(condition, value), held, "{condition} on {value}");
    }
}

#[test]
fn text_is_compared_by_its_characters() {
    for (condition, value, held) in [
        (r#""eq": "é🙏""#, r#""\u00e9\ud83d\ude4f""#, true),
        (r#""eq": "\u00e9""#, r#""é""#, true),
        (r#""eq": "a/b""#, r#""a\/b""#, true),
        (r#""eq": "A""#, r#""a""#, false),
        (r#""eq": "a""#, r#""a ""#, false),
        (r#""gt": "2026-11-20T12:00:00Z""#, r#""2026-11-20T12:00:01Z""#, true),
        (r#""gt": "1789632060""#, r#""1789632061""#, true),
        // As text, not as numbers.
        (r#""gt": "9""#, r#""10""#, false),
        (r#""lt": "\ud83d\ude4f""#, r#""\uffee""#, true),
        (r#""prefix": "🙏""#, r#""\ud83d\ude4f thanks""#, true),
        (r#""contains": "\n""#, r#""a\nb""#, true),
        (r#""regex": "(?i)\\bstop\\b""#, r#""please STOP it""#, true),
        (r#""regex": "(?i)\\bstop\\b""#, r#""nonstop""#, false),
        (r#""regex": "^4[49]""#, r#""4915112345678""#, true),
        (r#""regex": "^\\d+$""#, r#""१२३""#, true),
        (r#""regex": "^[0-9]+$""#, r#""१२३""#, false),
    ] {
        assert_eq!(holds(condition, value), held, "{condition} on {value}");
    }
}

#[track_caller]
fn check_path(path: &str, data: &str, leads_to_5: bool) {
    let text = format!(r#"{{"field": {}, "eq": 5}}"#, serde_json::Value::from(path));
    let takes = filter(&text).matches(&Document::parse(data.as_bytes()));
    assert_eq!(takes, leads_to_5, "{path} in {data}");
}

#[test]
fn paths_lead_to_members_and_elements() {
    for (path, data, leads) in [
        ("a.b", r#"{"a": {"b": 5}}"#, true),
        ("a.b", r#"{"a.b": 5}"#, false),
        (r"a\.b", r#"{"a.b": 5}"#, true),
        (r"a\\b", r#"{"a\\b": 5}"#, true),
        (r"\[0\]", r#"{"[0]": 5}"#, true),
        (r"\$.a", r#"{"$": {"a": 5}}"#, true),
        ("$a", r#"{"$a": 5}"#, true),
        ("a b.ü", r#"{"a b": {"\u00fc": 5}}"#, true),
        ("a.0", r#"{"a": [5, 6]}"#, true),
        ("a.1", r#"{"a": [5, 6]}"#, false),
        ("a.2", r#"{"a": [5, 6]}"#, false),
        ("a.00", r#"{"a": [5]}"#, false),
        ("a.+0", r#"{"a": [5]}"#, false),
        ("a.18446744073709551616", r#"{"a": [5]}"#, false),
        ("a.0", r#"{"a": {"0": 5}}"#, true),
        ("a.00", r#"{"a": {"00": 5}}"#, true),
        ("a.*", r#"{"a": [6, 5]}"#, true),
        ("a.*", r#"{"a": []}"#, false),
        ("a.*", r#"{"a": {"b": 5}}"#, false),
        ("a.*", r#"{"a": {"*": 5}}"#, false),
        (r"a.\*", r#"{"a": {"*": 5}}"#, true),
        (r"a.\*", r#"{"a": [5]}"#, false),
        ("a.**", r#"{"a": {"**": 5}}"#, true),
        ("a.b", r#"{"a": [{"b": 5}]}"#, false),
        ("a.*.b", r#"{"a": [1, {"b": 6}, {"b": 5}]}"#, true),
        ("a.*.*", r#"{"a": [[1], [], [2, 5]]}"#, true),
        ("*.b", r#"[{"b": 5}]"#, true),
        ("0", "[5]", true),
        ("a", "5", false),
        ("a", "null", false),
        ("a.b", r#"{"a": "b"}"#, false),
        // As JSON.parse has it, also where the later one does not lead on.
        ("a", r#"{"a": 6, "a": 5}"#, true),
        ("a", r#"{"a": 5, "a": 6}"#, false),
        ("a.b", r#"{"a": {"b": 5}, "a": {}}"#, false),
        ("a", r#"{"a": 5, "\u0061": 6}"#, false),
    ] {
        check_path(path, data, leads);
    }
}

#[test]
fn over_any_element_one_is_enough_and_the_contrary_holds_where_none_is() {
    let judge = |condition: &str, data: &str| {
        let text = format!(r#"{{"field": "e.*.code", {condition}}}"#);
        filter(&text).matches(&Document::parse(data.as_bytes()))
    };
    let two = r#"{"e": [{"code": 1}, {"code": 2}, {}]}"#;
    let none = r#"{"e": [{}, 7]}"#;
    for (condition, in_two, in_none) in [
        (r#""eq": 2"#, true, false),
        (r#""eq": 3"#, false, false),
        (r#""ne": 2"#, false, true),
        (r#""ne": 3"#, true, true),
        (r#""gt": 1"#, true, false),
        (r#""in": [2, 3]"#, true, false),
        (r#""exists": true"#, true, false),
        (r#""exists": false"#, false, true),
    ] {
        assert_eq!(judge(condition, two), in_two, "{condition}");
        assert_eq!(judge(condition, none), in_none, "{condition}");
    }
}

#[test]
fn conditions_are_joined() {
    let yes = r#"{"field": "a", "eq": 1}"#;
    let no = r#"{"field": "a", "eq": 2}"#;
    for (text, takes) in [
        (format!(r#"{{"and": [{yes}, {yes}]}}"#), true),
        (format!(r#"{{"and": [{yes}, {no}]}}"#), false),
        (format!(r#"{{"or": [{no}, {yes}]}}"#), true),
        (format!(r#"{{"or": [{no}]}}"#), false),
        (format!(r#"{{"not": {no}}}"#), true),
        (format!(r#"{{"not": {{"or": [{no}, {{"not": {yes}}}]}}}}"#), true),
    ] {
        assert_eq!(filter(&text).matches(&Document::parse(br#"{"a": 1}"#)), takes, "{text}");
    }
}

#[test]
fn what_is_stored_is_the_same_filter() {
    let text = "{ \"and\" : [ {\"field\":\"a\\u002e\\/b\", \"in\" : [1.50, \"\\u00e9\\u0000\", null]},\n\t\
                {\"not\": {\"exists\": false, \"field\": \"x\"}} ] }";
    let read = filter(text);
    let stored = r#"{"and":[{"field":"a./b","in":[1.50,"é\u0000",null]},{"not":{"exists":false,"field":"x"}}]}"#;
    assert_eq!(read.as_str(), stored);
    assert_eq!(read.to_string(), stored);
    assert_eq!(filter(stored), read);
    assert_eq!(filter(stored).as_str(), stored);
    assert_ne!(filter(r#"{"field":"x","exists":true}"#), read);
}

#[test]
fn what_cannot_be_judged_is_taken() {
    let filter = filter(r#"{"field": "a", "eq": 1}"#);
    for data in
        [&b""[..], b"{", b"{\"a\": 2", b"\"\xff\"", b"{\"a\": 2}}", b"\xef\xbb\xbf{\"a\": 2}"]
    {
        let document = Document::parse(data);
        assert_eq!(filter.judge(&document), Verdict::Undecided(Undecided::NotJson), "{data:?}");
        assert!(filter.matches(&document));
    }
    assert!(!filter.matches(&Document::parse(b" {\"a\": 2} ")));
}

#[test]
fn data_may_be_nested_as_deeply_as_it_likes() {
    let filter = filter(r#"{"field": "a.0.0", "exists": true}"#);
    let deep = format!(r#"{{"a": {}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(filter.judge(&Document::parse(deep.as_bytes())), Verdict::Matches);
    let broken = &deep.as_bytes()[..deep.len() - 1];
    assert_eq!(filter.judge(&Document::parse(broken)), Verdict::Undecided(Undecided::NotJson));
    let _ = filter.explain(&Document::parse(deep.as_bytes()));
}

#[test]
fn regexes_are_counted_without_compiling() {
    let check = |text: &str, expected: usize| {
        let filter = Filter::parse(text).unwrap();
        assert_eq!(Filter::regexes_in(filter.as_str()), expected, "{text}");
        assert_eq!(filter.0.regexes, expected, "{text}");
    };
    check(r#"{"field":"a","eq":"regex"}"#, 0);
    check(r#"{"field":"regex","eq":"\"regex\":"}"#, 0);
    check(r#"{"or":[{"field":"a","regex" : "x"},{"not":{"field":"a","\u0072egex":"y"}}]}"#, 2);
}
