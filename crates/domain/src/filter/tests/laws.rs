//! What holds for every filter and all data.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;

/// JSON of few names and values, so that filters meet them.
pub fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0i64..4).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0u32..8).prop_map(|half| Value::from(f64::from(half) / 2.0)),
        "[ab1.*é\"\\\\\n]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[ab*]|0|1", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0i64..4).prop_map(Value::from),
        "[ab1é]{1,2}".prop_map(Value::from),
    ]
}

fn any_condition() -> impl Strategy<Value = Value> {
    let text = || "[ab1é]{1,2}".prop_map(Value::from);
    let bound = || prop_oneof![(0i64..4).prop_map(Value::from), text()];
    let test = prop_oneof![
        ("eq|ne|contains", scalar()),
        ("gt|lt", bound()),
        ("in", prop::collection::vec(scalar(), 1..4).prop_map(Value::from)),
        ("exists", any::<bool>().prop_map(Value::from)),
        ("prefix|regex", text()),
    ];
    let path = prop_oneof!["[ab01*](\\.[ab01*]){0,2}", "\\\\\\*"];
    (path, test).prop_map(|(path, (operator, value))| json!({"field": path, operator: value}))
}

fn any_filter() -> impl Strategy<Value = Value> {
    any_condition().prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|all| json!({"and": all})),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|any| json!({"or": any})),
            inner.prop_map(|inner| json!({"not": inner})),
        ]
    })
}

fn judge(filter: &Value, data: &Value) -> bool {
    let filter = super::filter(&filter.to_string());
    let data = data.to_string();
    let document = Document::parse(data.as_bytes());
    let verdict = filter.judge(&document);
    assert!(matches!(verdict, Verdict::Matches | Verdict::Differs));
    let explanation = filter.explain(&document);
    assert_eq!(explanation.verdict, verdict);
    check_findings(&explanation, &filter);
    // What is stored means the same.
    assert_eq!(super::filter(filter.as_str()).judge(&document), verdict);
    verdict.takes()
}

/// The whole came out as the verdict says, the findings stand where they say, and were all decisive
/// ones otherwise, so were the whole.
fn check_findings(explanation: &Explanation, filter: &Filter) {
    let text: Value = serde_json::from_str(filter.as_str()).unwrap();
    let [whole, ..] = explanation.findings.as_slice() else { panic!("{explanation:?}") };
    assert_eq!(whole.pointer, "");
    assert!(whole.decisive);
    assert_eq!(whole.outcome == Outcome::Holds, explanation.verdict.takes());
    let mut leaves = 0;
    for finding in &explanation.findings {
        let place = text.pointer(&finding.pointer).unwrap();
        leaves += usize::from(place.get("field").is_some());
        assert!(!finding.sentence.is_empty());
    }
    assert_eq!(leaves, filter.as_str().matches("\"field\":").count());
    assert_ne!(turned(&text, "", explanation), explanation.verdict.takes());
}

/// What the filter would say if its decisive conditions came out otherwise.
fn turned(text: &Value, pointer: &str, explanation: &Explanation) -> bool {
    let all = |name: &str| {
        let inner = text[name].as_array()?;
        let inner = inner.iter().enumerate();
        let judged =
            inner.map(|(at, inner)| turned(inner, &format!("{pointer}/{name}/{at}"), explanation));
        Some(judged.collect::<Vec<bool>>())
    };
    if let Some(all) = all("and") {
        all.into_iter().all(|held| held)
    } else if let Some(any) = all("or") {
        any.into_iter().any(|held| held)
    } else if let Some(inner) = text.get("not") {
        !turned(inner, &format!("{pointer}/not"), explanation)
    } else {
        let mut findings = explanation.findings.iter();
        let finding = findings.find(|finding| finding.pointer == pointer).unwrap();
        (finding.outcome == Outcome::Holds) != finding.decisive
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn filters_follow_the_laws_of_logic(f in any_filter(), g in any_filter(), data in any_value()) {
        let (of_f, of_g) = (judge(&f, &data), judge(&g, &data));
        prop_assert_eq!(judge(&json!({"not": f}), &data), !of_f);
        prop_assert_eq!(judge(&json!({"and": [f, g]}), &data), of_f && of_g);
        prop_assert_eq!(judge(&json!({"or": [f, g]}), &data), of_f || of_g);
        prop_assert_eq!(judge(&json!({"not": {"or": [{"not": f}, {"not": g}]}}), &data), of_f && of_g);
    }

    #[test]
    fn the_contrary_operators_are_contrary(
        path in "[ab01*](\\.[ab01*]){0,2}", value in scalar(), data in any_value(),
    ) {
        let ask = |operator: &str, value: &Value| judge(&json!({"field": path, operator: value}), &data);
        prop_assert_eq!(ask("ne", &value), !ask("eq", &value));
        prop_assert_eq!(ask("exists", &false.into()), !ask("exists", &true.into()));
        prop_assert_eq!(ask("in", &json!([value])), ask("eq", &value));
        prop_assert!(!ask("eq", &value) || ask("exists", &true.into()));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}", data: Vec<u8>) {
        let _ = Filter::parse(&text);
        let _ = Filter::parse(&json!({"field": text, "regex": text}).to_string());
        let filter = super::filter(r#"{"field": "a.*", "regex": "^.$"}"#);
        let _ = filter.explain(&Document::parse(&data));
        let _ = filter.explain(&Document::parse(text.as_bytes()));
    }

    #[test]
    fn no_json_panics_as_a_filter(value in any_value(), word in "and|or|not|field|eq|in|regex|gt") {
        for text in [value.to_string(), json!({word: value}).to_string()] {
            match Filter::parse(&text) {
                Ok(filter) => prop_assert_eq!(super::filter(filter.as_str()), filter),
                Err(faults) => {
                    prop_assert!((1..=FAULTS_MAX).contains(&faults.len()));
                    let value: Value = serde_json::from_str(&text).unwrap();
                    for fault in faults {
                        prop_assert!(value.pointer(&fault.pointer).is_some(), "{:?}", fault);
                    }
                }
            }
        }
    }
}
