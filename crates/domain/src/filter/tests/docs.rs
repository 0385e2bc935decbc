//! Every example of `docs/filters.md` does what it says there.

use super::super::*;
use crate::catalogue;

const DOCS: &str = include_str!("../../../../../docs/filters.md");

/// As the catalogue's sample of `message.received`, with what Meta writes where a list was chosen.
const LIST_REPLY: &str = r#"{
    "contact": {"wa_id": "919876543210"},
    "message": {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {
        "id": "priority_express", "title": "Priority Mail Express", "description": "Next Day to 2 Days"}}}
}"#;

fn sample(name: &str) -> &'static str {
    if name == "list_reply" { LIST_REPLY } else { catalogue::find(name).unwrap().sample }
}

/// The fenced blocks, each with the comment in the line before it.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let mut blocks = Vec::new();
    let mut rest = DOCS;
    while let Some((before, block)) = rest.split_once("\n```") {
        let (_, body) = block.split_once('\n').unwrap();
        let (body, after) = body.split_once("\n```").unwrap();
        let comment = before.rsplit('\n').next().unwrap();
        let comment =
            comment.strip_prefix("<!-- ").and_then(|comment| comment.strip_suffix(" -->"));
        blocks.push((comment.unwrap_or_default(), body));
        rest = after;
    }
    blocks
}

#[test]
fn each_filter_takes_and_leaves_what_it_should() {
    let mut seen = 0;
    for (comment, text) in blocks() {
        let Some(names) = comment.strip_prefix("takes: ") else { continue };
        let (takes, leaves) = names.split_once("; leaves: ").unwrap();
        let filter = super::filter(text);
        for (names, verdict) in [(takes, Verdict::Matches), (leaves, Verdict::Differs)] {
            for name in names.split(", ") {
                let judged = filter.judge(&Document::parse(sample(name).as_bytes()));
                assert_eq!(judged, verdict, "{text} on {name}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 10);
}

#[test]
fn each_filter_in_a_line_is_one() {
    // Between two backquotes, in text and in the table.
    let inline = DOCS.split('`').filter(|text| text.starts_with(r#"{"field""#));
    let filters: Vec<Filter> = inline.map(super::filter).collect();
    assert_eq!(filters.len(), 10);
    let of_name = filters.iter().find(|filter| filter.as_str().contains("a\\\\.b")).unwrap();
    assert!(of_name.matches(&Document::parse(br#"{"a.b": 1}"#)));
}

#[test]
fn faults_are_told_as_shown() {
    let blocks = blocks();
    let at = blocks.iter().position(|(comment, _)| *comment == "faults").unwrap();
    let faults = Filter::parse(blocks[at].1).unwrap_err();
    let told: Vec<String> =
        faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.message)).collect();
    assert_eq!(told.join("\n"), blocks[at + 1].1);
}

#[test]
fn an_event_is_explained_as_shown() {
    let blocks = blocks();
    let (comment, shown) =
        blocks.iter().find(|(comment, _)| comment.starts_with("explains")).unwrap();
    let document = Document::parse(sample(comment.strip_prefix("explains: ").unwrap()).as_bytes());
    let of_list = blocks.iter().find(|(comment, _)| comment.contains("list_reply")).unwrap().1;
    let explanation = super::filter(of_list).explain(&document);
    let told = explanation.findings[1..].iter().map(|finding| {
        format!("{} {}: {}", finding.pointer, finding.outcome.as_str(), finding.sentence)
    });
    assert_eq!(told.collect::<Vec<_>>().join("\n"), *shown);
}

#[test]
fn limits_are_told_as_they_are() {
    let text = DOCS.split_whitespace().collect::<Vec<_>>().join(" ");
    for told in [
        format!("{} KiB, {CONDITIONS_MAX} conditions", FILTER_BYTES_MAX / 1024),
        format!(
            "{FILTER_DEPTH_MAX} of them inside each other, and {REGEXES_MAX} regexes of 1,000 bytes"
        ),
        format!("{} KiB once compiled", REGEX_COMPILED_BYTES_MAX / 1024),
        format!("a path {PATH_SEGMENTS_MAX} names and {PATH_BYTES_MAX} bytes"),
    ] {
        assert!(text.contains(&told), "{told}");
    }
    assert_eq!((IN_VALUES_MAX, REGEX_BYTES_MAX, EVALUATION_STEPS_MAX), (1_000, 1_000, 500_000));
}
