//! JSON is read as `serde_json` reads it, and to the end.

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::super::json::{Json, Value, View};

/// The same as `serde_json` has it; for values that it can hold.
fn converted(value: Value<'_>) -> serde_json::Value {
    match value.view() {
        View::Null => serde_json::Value::Null,
        View::Bool(value) => value.into(),
        View::Number(number) => serde_json::from_str(number).unwrap(),
        View::Text(text) => {
            assert!(text.is(&text.decoded()));
            text.decoded().into()
        }
        View::Array(items) => items.map(converted).collect(),
        View::Object(members) => {
            let members =
                members.map(|(name, value)| (name.decoded().into_owned(), converted(value)));
            serde_json::Value::Object(members.collect())
        }
    }
}

#[track_caller]
fn check(text: &str) {
    let theirs = serde_json::from_str::<&RawValue>(text);
    let ours = Json::read(text);
    assert_eq!(ours.is_ok(), theirs.is_ok(), "{text}: {ours:?} {theirs:?}");
    if let (Ok(ours), Ok(theirs)) = (ours, serde_json::from_str::<serde_json::Value>(text)) {
        assert_eq!(converted(ours.root()), theirs, "{text}");
    }
}

#[test]
fn what_is_json_is_read() {
    for text in [
        "null",
        " true ",
        "false",
        "0",
        "-0",
        "-1.5e+3",
        "1E-2",
        "1e5",
        "\"\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "[1,2]",
        "[[],[[]],{}]",
        "{\"a\":1,\"b\":[{\"c\":null}],\"a\":2}",
        "\"\\u00e9\\n\\/\\\\\\\"\"",
        "\"\\ud83d\\ude4f\"",
        "\"\\uD83D\\uDE4Fx\"",
        "\"\u{7f}é🙏\"",
        "\t\r\n[\n1 , 2 ]\n",
        "\"\\ud800\"",
        "\"\\ude4f\\ud83d\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ud83dx\"",
    ] {
        assert!(Json::read(text).is_ok(), "{text}");
        check(text);
    }
}

#[test]
fn half_of_a_pair_is_replaced() {
    for (text, says) in [
        (r#""\ud800""#, "\u{fffd}"),
        (r#""a\ud83d\u0041\n""#, "a\u{fffd}A\n"),
        (r#""\ude4f\ud83d""#, "\u{fffd}\u{fffd}"),
        (r#""\ud83d\ud83d\ude4f""#, "\u{fffd}🙏"),
        (r#""\ud83d\"""#, "\u{fffd}\""),
    ] {
        let json = Json::read(text).unwrap();
        let View::Text(found) = json.root().view() else { panic!("{text}") };
        assert_eq!(found.decoded(), says, "{text}");
        assert!(found.is(says), "{text}");
    }
}

#[test]
fn what_is_no_json_is_told_with_its_place() {
    for (text, told) in [
        (
            "",
            "at line 1, column 1 there must be a value: text in double quotes, a number, true, false, null, `[` or `{`",
        ),
        ("{'a': 1}", "at line 1, column 2 there must be a name in double quotes"),
        ("{\"a\": 1,}", "at line 1, column 9 there must be a name in double quotes"),
        ("{\"a\" 1}", "at line 1, column 6 there must be a colon"),
        ("{\"a\": \"é\"\n  \"b\": 2}", "at line 2, column 3 there must be a comma or `}`"),
        ("[1\n,\n2 3]", "at line 3, column 3 there must be a comma or `]`"),
        ("[1}", "at line 1, column 3 there must be a comma or `]`"),
        (
            "{\"é\": [}",
            "at line 1, column 8 there must be a value: text in double quotes, a number, true, false, null, `[` or `{`",
        ),
        ("{} {}", "at line 1, column 4 there must be nothing more"),
        ("\"abc", "at line 1, column 5 there must be the double quote that ends the text"),
        (
            "\"a\nb\"",
            "at line 1, column 3 there must be a line break or control character written as `\\n` or `\\u000a`",
        ),
        (
            "\"\\d+\"",
            "at line 1, column 2 there must be one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t, or \\u and four hexadecimal digits",
        ),
        (
            "\"\\u12g4\"",
            "at line 1, column 2 there must be one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t, or \\u and four hexadecimal digits",
        ),
        ("[01]", "at line 1, column 4 there must be a number without a zero in front"),
        ("-", "at line 1, column 2 there must be a digit"),
        ("1.", "at line 1, column 3 there must be a digit"),
        ("1e+", "at line 1, column 4 there must be a digit"),
        (
            ".5",
            "at line 1, column 1 there must be a value: text in double quotes, a number, true, false, null, `[` or `{`",
        ),
        (
            "nul",
            "at line 1, column 1 there must be a value: text in double quotes, a number, true, false, null, `[` or `{`",
        ),
    ] {
        assert_eq!(Json::read(text).unwrap_err().to_string(), told, "{text}");
        check(text);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_as_serde_reads_it(text in "[\\[\\]{}\",:\\\\udD8e4fF0-9tru.+ én-]{0,24}") {
        check(&text);
    }

    #[test]
    fn any_value_is_read(value in super::laws::any_value()) {
        check(&value.to_string());
        check(&serde_json::to_string_pretty(&value).unwrap());
    }

    #[test]
    fn a_cut_or_changed_value_panics_nothing(
        value in super::laws::any_value(), cut: prop::sample::Index, byte: u8,
    ) {
        let text = value.to_string();
        let mut bytes = text.clone().into_bytes();
        let at = cut.index(bytes.len());
        bytes[at] = byte;
        if let Ok(changed) = std::str::from_utf8(&bytes) {
            check(changed);
        }
        if let Some(short) = text.get(..at) {
            check(short);
        }
    }
}
