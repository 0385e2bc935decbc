use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn parse(schema: &Value) -> Result<JsonSchema, Vec<SchemaError>> {
    JsonSchema::parse(&schema.to_string())
}

#[track_caller]
fn refused(schema: &Value, pointer: &str, detail: &str) {
    let errors = parse(schema).unwrap_err();
    assert_eq!(errors[0].pointer, pointer, "{errors:?}");
    assert!(errors[0].detail.contains(detail), "{errors:?}");
}

fn misfits(schema: &Value, data: &Value) -> Vec<(String, String)> {
    let checked = parse(schema).unwrap().check(data.to_string().as_bytes());
    checked.err().unwrap_or_default().into_iter().map(|m| (m.pointer, m.detail)).collect()
}

#[test]
fn data_is_checked_and_every_misfit_has_its_place() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.com/order.json",
        "type": "object",
        "required": ["id", "lines"],
        "properties": {
            "id": {"type": "string", "pattern": "^ord_[0-9]+$"},
            "mail": {"type": "string", "format": "email"},
            "a/b": {"type": "integer"},
            "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        },
        "$defs": {"line": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}}},
    });
    let good = json!({"id": "ord_1", "lines": [{"sku": "a"}], "mail": "a@example.com", "a/b": 1});
    assert_eq!(misfits(&schema, &good), []);
    let bad =
        json!({"id": "secret-7", "lines": [{"sku": "a"}, {"sku": 5}, {}], "mail": "x", "a/b": 1.5});
    let found = misfits(&schema, &bad);
    let mut pointers: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/a~1b", "/id", "/lines/1/sku", "/lines/2", "/mail"]);
    assert!(found.iter().all(|(_, detail)| !detail.contains("secret-7")), "{found:?}");
    assert_eq!(misfits(&schema, &json!({})).len(), 2);
}

#[test]
fn older_drafts_are_known_and_unknown_ones_refused() {
    let draft_7 = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"a": {"type": "integer"}},
        "properties": {"n": {"$ref": "#/definitions/a"}},
    });
    assert_eq!(misfits(&draft_7, &json!({"n": "x"}))[0].0, "/n");
    for draft in [
        json!("https://example.com/mine"),
        json!(5),
        json!("http://json-schema.org/draft-04/schema#"),
    ] {
        refused(&json!({"$schema": draft}), "/$schema", "2020-12");
    }
}

#[test]
fn a_schema_points_only_into_itself() {
    for remote in [
        "https://example.com/x.json",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "other.json",
        "urn:uuid:1",
        "",
        "//example.com/#/a",
    ] {
        refused(
            &json!({"properties": {"a": {"$ref": remote}}}),
            "/properties/a/$ref",
            "begin with `#`",
        );
    }
    refused(&json!({"$ref": 5}), "/$ref", "begin with `#`");
    for nowhere in ["#/$defs/none", "#name", "#/%ff", "#/$defs/a/0"] {
        refused(&json!({"$ref": nowhere, "$defs": {"a": {}}}), "/$ref", "points at nothing");
    }
    for keyword in
        ["$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor", "$id", "$vocabulary"]
    {
        let schema = json!({"properties": {"a": {keyword: "https://example.com/a"}}});
        refused(&schema, &format!("/properties/a/{keyword}"), "cannot be used");
        refused(
            &json!({"$defs": {"a": {keyword: "#x"}}}),
            &format!("/$defs/a/{keyword}"),
            "cannot",
        );
        // A member of the data may be called so.
        assert!(parse(&json!({"properties": {keyword: {"type": "string"}}})).is_ok(), "{keyword}");
    }
    // Behind a keyword that nobody knows, where a reference may yet lead.
    refused(&json!({"$ref": "#/x/y", "x": {"y": {"$id": "http://a/"}}}), "/x/y/$id", "cannot");
    // What only looks like a reference is data.
    assert!(parse(&json!({"const": {"$ref": "https://example.com"}})).is_ok());
    assert!(parse(&json!({"$ref": "#/$defs/a%20b~1c", "$defs": {"a b/c": {}}})).is_ok());
}

#[test]
fn circles_are_refused() {
    refused(&json!({"$ref": "#"}), "/$ref", "leads back");
    refused(
        &json!({"properties": {"child": {"$ref": "#"}}}),
        "/properties/child/$ref",
        "leads back",
    );
    let two = json!({"$ref": "#/$defs/a", "$defs": {
        "a": {"items": {"$ref": "#/$defs/b"}}, "b": {"items": {"$ref": "#/$defs/a"}}}});
    let errors = parse(&two).unwrap_err();
    assert!(errors[0].detail.contains("leads back"), "{errors:?}");
}

#[test]
fn what_unfolds_without_end_is_refused() {
    let mut defs = serde_json::Map::new();
    for n in 0..25 {
        let next = format!("#/$defs/d{}", n + 1);
        defs.insert(format!("d{n}"), json!({"allOf": [{"$ref": next}, {"$ref": next}]}));
    }
    defs.insert("d25".into(), json!({}));
    refused(&json!({"$ref": "#/$defs/d0", "$defs": defs}), "", "more than 4096 parts");

    let chain = |length: usize| {
        let mut defs = serde_json::Map::new();
        for n in 0..length {
            defs.insert(format!("d{n}"), json!({"$ref": format!("#/$defs/d{}", n + 1)}));
        }
        defs.insert(format!("d{length}"), json!({"type": "string"}));
        json!({"$ref": "#/$defs/d0", "$defs": defs})
    };
    assert!(parse(&chain(60)).is_ok());
    for length in [70, 1_500] {
        let errors = parse(&chain(length)).unwrap_err();
        assert!(errors[0].detail.contains("64 deep"), "{errors:?}");
    }
    let deep = format!("{}{}", r#"{"not":"#.repeat(100), "{}".to_owned() + &"}".repeat(100));
    assert!(JsonSchema::parse(&deep).unwrap_err()[0].detail.contains("64 deep"));
    let deeper = format!("{}{}", r#"{"not":"#.repeat(7_000), "}".repeat(7_000));
    assert!(JsonSchema::parse(&deeper).unwrap_err()[0].detail.contains("too deeply"));
}

#[test]
fn patterns_are_bounded_and_never_go_back() {
    let of = |pattern: &str| parse(&json!({"properties": {"a": {"pattern": pattern}}}));
    for bad in ["(", "(?=a)b", r"(a)\1", "a{1,1000}{1,1000}", &"a".repeat(1_001)] {
        let errors = of(bad).unwrap_err();
        assert!(errors[0].pointer.starts_with("/properties/a"), "{bad}: {errors:?}");
    }
    for good in [r"^\d{3}-\d{4}$", "^[a-z]+(\\.[a-z]+)*$", "^.{1,255}$", &"a".repeat(1_000)] {
        assert!(of(good).is_ok(), "{good}");
    }
    let many = |count: usize| {
        let list: Vec<Value> = (0..count).map(|n| json!({"pattern": format!("^{n}")})).collect();
        parse(&json!({"anyOf": list}))
    };
    assert!(many(50).is_ok());
    assert!(many(51).unwrap_err()[0].detail.contains("50 patterns"));
    // An engine that goes back would take longer than the universe has.
    let schema = of("^(a+)+$").unwrap();
    let data = format!(r#"{{"a":"{}!"}}"#, "a".repeat(100_000));
    assert!(schema.check(data.as_bytes()).is_err());
}

#[test]
fn a_schema_that_is_none_says_where() {
    refused(&json!({"type": "text"}), "/type", "");
    refused(&json!({"properties": {"a": {"required": "b"}}}), "/properties/a/required", "");
    for text in ["[]", "true", "5", "\"a\""] {
        assert!(JsonSchema::parse(text).unwrap_err()[0].detail.contains("JSON object"));
    }
    let filled = |bytes: usize| format!(r#"{{"title":"{}"}}"#, "x".repeat(bytes - 12));
    assert!(JsonSchema::parse(&filled(SCHEMA_BYTES_MAX)).is_ok());
    assert!(JsonSchema::parse(&filled(SCHEMA_BYTES_MAX + 1)).is_err());
}

#[test]
fn a_check_is_bounded() {
    let mut list = String::from("[0");
    for _ in 0..100_000 {
        write!(list, ",0").unwrap();
    }
    let data = format!(r#"{{"list":{list}]}}"#);
    let wrong: Vec<Value> = (0..1_000).map(|n| json!({"minimum": n + 1})).collect();
    let large = parse(&json!({"properties": {"list": {"items": {"allOf": wrong}}}})).unwrap();
    assert!(large.work(data.len()) > CHECK_WORK_MAX);
    let misfits = large.check(data.as_bytes()).unwrap_err();
    assert!(misfits[0].detail.contains("too large to be checked"), "{misfits:?}");
    let small = parse(&json!({"properties": {"list": {"items": {"minimum": 1}}}})).unwrap();
    let misfits = small.check(data.as_bytes()).unwrap_err();
    assert!(misfits[0].detail.contains("too large to say where"), "{misfits:?}");
    let misfits = small.check(br#"{"list":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}"#);
    assert_eq!(misfits.unwrap_err().len(), MISFITS_MAX);

    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for unreadable in [deep.as_str(), r#"{"a":"\ud800"}"#, r#"{"a":1e999}"#] {
        let misfits = small.check(unreadable.as_bytes()).unwrap_err();
        assert!(misfits[0].detail.contains("cannot be checked"), "{misfits:?}");
    }
}

#[test]
fn sentences_are_short() {
    let long = "é".repeat(20_000);
    let schema = json!({"properties": {"a": {"enum": [&long]}}, "additionalProperties": false});
    for (pointer, detail) in misfits(&schema, &json!({"a": 1, &long: 2})) {
        assert!(detail.len() < 400 && pointer.len() <= 512, "{detail}");
    }
    let schema = json!({"additionalProperties": {"type": "string"}});
    assert_eq!(misfits(&schema, &json!({&long: 2}))[0].0, "");
}

/// JSON that is often a schema: its keywords with whatever value.
fn schemas() -> impl Strategy<Value = Value> {
    let keyword = prop::sample::select(vec![
        "type",
        "properties",
        "items",
        "$ref",
        "$defs",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "then",
        "enum",
        "const",
        "pattern",
        "patternProperties",
        "required",
        "minimum",
        "multipleOf",
        "maxLength",
        "uniqueItems",
        "format",
        "unevaluatedProperties",
        "contains",
        "dependentSchemas",
        "dependencies",
        "propertyNames",
        "$id",
        "$dynamicRef",
        "prefixItems",
        "contentMediaType",
        "discriminator",
        "a",
    ]);
    let leaf = prop_oneof![
        Just(json!("string")),
        Just(json!("object")),
        Just(json!("#")),
        Just(json!("#/$defs/a")),
        Just(json!("#/properties/a")),
        Just(json!("^(a|b)*$")),
        Just(json!("email")),
        Just(json!(true)),
        Just(json!(null)),
        Just(json!(0)),
        Just(json!(0.01)),
        Just(json!(-1)),
        Just(json!(1e300)),
        Just(json!(u64::MAX)),
        Just(json!(["a"])),
        Just(json!({})),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 5, move |inner| {
        prop_oneof![
            4 => prop::collection::btree_map(keyword.clone(), inner.clone(), 0..5)
                .prop_map(|map| map.into_iter().collect::<Value>()),
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::from),
        ]
    })
}

proptest! {
    #[test]
    fn no_schema_and_no_data_is_a_panic(schema in schemas(), data in schemas()) {
        if let Ok(schema) = parse(&schema)
            && let Err(misfits) = schema.check(data.to_string().as_bytes())
        {
            prop_assert!((1..=MISFITS_MAX).contains(&misfits.len()));
        }
    }

    #[test]
    fn no_text_is_a_panic(schema in "\\PC{0,60}", pattern in "\\PC{0,30}", data in "\\PC{0,30}") {
        let _ = JsonSchema::parse(&schema);
        if let Ok(schema) = parse(&json!({"properties": {"a": {"pattern": pattern}}})) {
            let _ = schema.check(json!({"a": data}).to_string().as_bytes());
        }
    }
}
