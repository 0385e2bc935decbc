//! What is wrong with filters is told with its place and what to do. Read the sentences as somebody who
//! has never seen the language.

use super::super::*;

#[test]
fn every_fault_has_its_place_and_says_what_to_do() {
    for (text, expected) in FAULTS {
        let faults = Filter::parse(text).expect_err(text);
        let told: Vec<(&str, &str)> =
            faults.iter().map(|fault| (&*fault.pointer, &*fault.message)).collect();
        assert_eq!(told, *expected, "{text}");
    }
}

#[test]
fn long_unknown_words_are_cut() {
    let faults = Filter::parse(&format!(r#"{{"{}": 1}}"#, "é".repeat(5_000))).unwrap_err();
    let told = format!("`{}…` is not known; a condition about a field", "é".repeat(60));
    assert!(faults[0].message.starts_with(&told), "{faults:?}");
}

type Told = (&'static str, &'static str);

#[rustfmt::skip]
const FAULTS: &[(&str, &[Told])] = &[
    (r##""##, &[
        (r##""##, r##"is not JSON: at line 1, column 1 there must be a value: text in double quotes, a number, true, false, null, `[` or `{`"##),
    ]),
    (r##"{"field": "a" "eq": 1}"##, &[
        (r##""##, r##"is not JSON: at line 1, column 15 there must be a comma or `}`"##),
    ]),
    (r##"[{"field": "a", "eq": 1}]"##, &[
        (r##""##, r##"must be an object: put the list into `{"and": […]}`"##),
    ]),
    (r##""message.type""##, &[
        (r##""##, r##"must be an object, such as `{"field": "message.type", "eq": "text"}`"##),
    ]),
    (r##"null"##, &[
        (r##""##, r##"must be an object, such as `{"field": "message.type", "eq": "text"}`"##),
    ]),
    (r##"{}"##, &[
        (r##""##, r##"must hold a condition, such as `{"field": "message.type", "eq": "text"}`; a filter that takes every event is left out"##),
    ]),
    (r##"{"and": []}"##, &[
        (r##"/and"##, r##"must hold at least one condition; a filter that takes every event is left out"##),
    ]),
    (r##"{"and": {"field": "a", "eq": 1}}"##, &[
        (r##"/and"##, r##"must be a list of conditions: `{"and": [{…}, {…}]}`"##),
    ]),
    (r##"{"or": [1, {"field": "a", "eq": 1}, []]}"##, &[
        (r##"/or/0"##, r##"must be an object, such as `{"field": "message.type", "eq": "text"}`"##),
        (r##"/or/2"##, r##"must be an object: put the list into `{"and": […]}`"##),
    ]),
    (r##"{"not": [{"field": "a", "eq": 1}]}"##, &[
        (r##"/not"##, r##"must hold one condition: put the list into `{"or": […]}` or `{"and": […]}`"##),
    ]),
    (r##"{"not": 5}"##, &[
        (r##"/not"##, r##"must be an object, such as `{"field": "message.type", "eq": "text"}`"##),
    ]),
    (r##"{"and": [{"field": "a", "eq": 1}], "or": [{"field": "b", "eq": 1}]}"##, &[
        (r##"/and"##, r##"must stand alone in its object: put everything else that is to hold beside it into `{"and": […]}` with it"##),
    ]),
    (r##"{"field": "a", "eq": 1, "not": {"field": "b", "eq": 1}}"##, &[
        (r##"/not"##, r##"must stand alone in its object: put everything else that is to hold beside it into `{"and": […]}` with it"##),
    ]),
    (r##"{"field": "a"}"##, &[
        (r##""##, r##"must say what is asked about the field: add one of `eq`, `ne`, `gt`, `lt`, `in`, `exists`, `prefix`, `contains` and `regex`"##),
    ]),
    (r##"{"eq": 1}"##, &[
        (r##""##, r##"must say which field it asks about: add `"field": "message.type"` or the like"##),
    ]),
    (r##"{"field": "a", "gt": 1, "lt": 5}"##, &[
        (r##"/lt"##, r##"is one too many: a condition asks one thing; write two, one with `gt` and one with `lt`, both inside `and`"##),
    ]),
    (r##"{"field": "a", "eq": 1, "eq": 2}"##, &[
        (r##"/eq"##, r##"stands twice: leave one `eq` out"##),
    ]),
    (r##"{"field": "a", "eq": 1, "field": "b"}"##, &[
        (r##"/field"##, r##"stands twice: leave one `field` out"##),
    ]),
    (r##"{"message.type": "text"}"##, &[
        (r##"/message.type"##, r##"`message.type` is not known; a condition about a field is written `{"field": "message.type", "eq": "text"}`, and `and`, `or` and `not` join conditions"##),
    ]),
    (r##"{"field": "a", "equals": 1}"##, &[
        (r##"/equals"##, r##"`equals` is not known; write `eq`"##),
    ]),
    (r##"{"field": "a", "$eq": 1}"##, &[
        (r##"/$eq"##, r##"`$eq` is not known; write `eq`"##),
    ]),
    (r##"{"field": "a", "gte": 1}"##, &[
        (r##"/gte"##, r##"`gte` is not known; put `gt` and `eq` side by side inside `or`"##),
    ]),
    (r##"{"field": "a", "not_in": [1]}"##, &[
        (r##"/not_in"##, r##"`not_in` is not known; put a condition with `in` inside `not`"##),
    ]),
    (r##"{"field": "a", "ends_with": "x"}"##, &[
        (r##"/ends_with"##, r##"`ends_with` is not known; use `regex` with `$` at the end"##),
    ]),
    (r##"{"field": "a", "startsWith": "x"}"##, &[
        (r##"/startsWith"##, r##"`startsWith` is not known; write `prefix`"##),
    ]),
    (r##"{"field": "a", "Prefix": "x"}"##, &[
        (r##"/Prefix"##, r##"`Prefix` is not known; write `prefix`"##),
    ]),
    (r##"{"field": "a", "prefx": "x"}"##, &[
        (r##"/prefx"##, r##"`prefx` is not known; did you mean `prefix`?"##),
    ]),
    (r##"{"field": "a", "exist": true}"##, &[
        (r##"/exist"##, r##"`exist` is not known; did you mean `exists`?"##),
    ]),
    (r##"{"field": "a", "weather": 1}"##, &[
        (r##"/weather"##, r##"`weather` is not known; beside `field` stands one of `eq`, `ne`, `gt`, `lt`, `in`, `exists`, `prefix`, `contains` and `regex`"##),
    ]),
    (r##"{"path": "a", "eq": 1}"##, &[
        (r##"/path"##, r##"`path` is not known; write `field`"##),
    ]),
    (r##"{"field": "a", "operator": "eq", "value": 1}"##, &[
        (r##"/operator"##, r##"`operator` is not known; the operator is the name and the value stands behind it, as in `"eq": "text"`"##),
        (r##"/value"##, r##"`value` is not known; the operator is the name and the value stands behind it, as in `"eq": "text"`"##),
    ]),
    (r##"{"a/b~c": {"$gt": 5}}"##, &[
        (r##"/a~1b~0c"##, r##"`a/b~c` is not known; a condition about a field is written `{"field": "message.type", "eq": "text"}`, and `and`, `or` and `not` join conditions"##),
    ]),
    (r##"{"all": [{"field": "a", "eq": 1}]}"##, &[
        (r##"/all"##, r##"`all` is not known; write `and`"##),
    ]),
    (r##"{"field": 5, "eq": 1}"##, &[
        (r##"/field"##, r##"must be text: the path of a field in the event's data, such as `message.type`"##),
    ]),
    (r##"{"field": "", "eq": 1}"##, &[
        (r##"/field"##, r##"must name a field of the event's data, such as `message.type`"##),
    ]),
    (r##"{"field": "a..b", "eq": 1}"##, &[
        (r##"/field"##, r##"has an empty name: write one dot between two names, and none at the ends"##),
    ]),
    (r##"{"field": ".a", "eq": 1}"##, &[
        (r##"/field"##, r##"has an empty name: write one dot between two names, and none at the ends"##),
    ]),
    (r##"{"field": "a.", "eq": 1}"##, &[
        (r##"/field"##, r##"has an empty name: write one dot between two names, and none at the ends"##),
    ]),
    (r##"{"field": "$.a", "eq": 1}"##, &[
        (r##"/field"##, r##"must begin with a name: leave `$.` out (a member that is called `$` is written `\$`)"##),
    ]),
    (r##"{"field": "a[0].b", "eq": 1}"##, &[
        (r##"/field"##, r##"must not have brackets: elements are written `.0` or `.*` (a bracket in a name is written `\[`)"##),
    ]),
    (r##"{"field": "a\\", "eq": 1}"##, &[
        (r##"/field"##, r##"ends with a backslash, which must have a character behind it; a backslash itself is written twice"##),
    ]),
    (r##"{"field": "a", "eq": [1]}"##, &[
        (r##"/eq"##, r##"must be one value: text, a number, true, false or null; `in` takes a list"##),
    ]),
    (r##"{"field": "a", "ne": {"b": 1}}"##, &[
        (r##"/ne"##, r##"must be one value: text, a number, true, false or null; of an object ask about each member by its own path"##),
    ]),
    (r##"{"field": "a", "gt": null}"##, &[
        (r##"/gt"##, r##"must be a number, or text in quotes such as a time: `gt` compares nothing else"##),
    ]),
    (r##"{"field": "a", "lt": [1]}"##, &[
        (r##"/lt"##, r##"must be a number, or text in quotes such as a time: `lt` compares nothing else"##),
    ]),
    (r##"{"field": "a", "in": "x"}"##, &[
        (r##"/in"##, r##"must be a list of values: `["text", "image"]`; `eq` takes a single one"##),
    ]),
    (r##"{"field": "a", "in": []}"##, &[
        (r##"/in"##, r##"must have at least one value: nothing is in an empty list"##),
    ]),
    (r##"{"field": "a", "in": [1, [2], {"b": 3}]}"##, &[
        (r##"/in/1"##, r##"must be one value: text, a number, true, false or null; `in` takes a list"##),
        (r##"/in/2"##, r##"must be one value: text, a number, true, false or null; of an object ask about each member by its own path"##),
    ]),
    (r##"{"field": "a", "exists": "true"}"##, &[
        (r##"/exists"##, r##"must be true (the field is there) or false (it is not), without quotes"##),
    ]),
    (r##"{"field": "a", "prefix": 49}"##, &[
        (r##"/prefix"##, r##"must be text in quotes: `prefix` looks at text only"##),
    ]),
    (r##"{"field": "a", "prefix": ""}"##, &[
        (r##"/prefix"##, r##"must not be empty; `exists` asks whether a field is there"##),
    ]),
    (r##"{"field": "a", "contains": ""}"##, &[
        (r##"/contains"##, r##"must not be empty; `exists` asks whether a field is there"##),
    ]),
    (r##"{"field": "a", "contains": ["x"]}"##, &[
        (r##"/contains"##, r##"must be one value: text, a number, true, false or null; `in` takes a list"##),
    ]),
    (r##"{"field": "a", "regex": ["x"]}"##, &[
        (r##"/regex"##, r##"must be text in quotes: `regex` looks at text only"##),
    ]),
    (r##"{"field": "a", "regex": ""}"##, &[
        (r##"/regex"##, r##"must not be empty; `exists` asks whether a field is there"##),
    ]),
    (r##"{"field": "a", "regex": "a(b"}"##, &[
        (r##"/regex"##, r##"is not a regex, at character 2: unclosed group; a backslash in front of a special character takes it as it is, and is written `\\` in JSON"##),
    ]),
    (r##"{"field": "a", "regex": "(?=x)"}"##, &[
        (r##"/regex"##, r##"cannot look around or back, as it does at character 1: ask for the parts in conditions of their own, inside `and`, `or` and `not`"##),
    ]),
    (r##"{"field": "a", "regex": "(a)\\1"}"##, &[
        (r##"/regex"##, r##"cannot look around or back, as it does at character 4: ask for the parts in conditions of their own, inside `and`, `or` and `not`"##),
    ]),
    (r##"{"field": "a", "regex": "é\\pX"}"##, &[
        (r##"/regex"##, r##"is not a regex, at character 2: Unicode property not found; a backslash in front of a special character takes it as it is, and is written `\\` in JSON"##),
    ]),
    (r##"{"field": "a", "regex": "*"}"##, &[
        (r##"/regex"##, r##"is not a regex, at character 1: repetition operator missing expression; a backslash in front of a special character takes it as it is, and is written `\\` in JSON"##),
    ]),
    (r##"{"field": "a", "regex": "(?-u:\\xff)"}"##, &[
        (r##"/regex"##, r##"is not a regex, at character 6: pattern can match invalid UTF-8; a backslash in front of a special character takes it as it is, and is written `\\` in JSON"##),
    ]),
    (r##"{"and": [{"field": "", "equals": 1}, {"not": {"field": "b", "in": [], "x": 1}}, {"field": 5}]}"##, &[
        (r##"/and/0/equals"##, r##"`equals` is not known; write `eq`"##),
        (r##"/and/0/field"##, r##"must name a field of the event's data, such as `message.type`"##),
        (r##"/and/1/not/x"##, r##"`x` is not known; beside `field` stands one of `eq`, `ne`, `gt`, `lt`, `in`, `exists`, `prefix`, `contains` and `regex`"##),
        (r##"/and/1/not/in"##, r##"must have at least one value: nothing is in an empty list"##),
        (r##"/and/2/field"##, r##"must be text: the path of a field in the event's data, such as `message.type`"##),
        (r##"/and/2"##, r##"must say what is asked about the field: add one of `eq`, `ne`, `gt`, `lt`, `in`, `exists`, `prefix`, `contains` and `regex`"##),
    ]),
];
