use super::super::*;
#[test]
#[ignore]
fn probe() {
    let time = |name: &str, filter: &str, data: &str| {
        let filter = super::filter(filter);
        let start = std::time::Instant::now();
        let document = Document::parse(data.as_bytes());
        let parsed = start.elapsed();
        let mut best = std::time::Duration::MAX;
        let mut first = None;
        for _ in 0..5 {
            let start = std::time::Instant::now();
            let v = filter.judge(&document);
            let e = start.elapsed();
            first.get_or_insert(e);
            best = best.min(e);
            std::hint::black_box(v);
        }
        println!(
            "{name}: parse {parsed:?} first {first:?} best {best:?} {:?}",
            filter.judge(&document)
        );
    };
    let sample = crate::catalogue::find("message.failed").unwrap().sample;
    time(
        "typical",
        r#"{"and":[{"field":"status.errors.*.code","eq":131026},{"not":{"field":"contact.wa_id","prefix":"49"}}]}"#,
        sample,
    );
    let text = |s: &str, n: usize| format!(r#"{{"a":"{}"}}"#, s.repeat(n / s.len()));
    time(
        "stop ascii 4k",
        r#"{"field":"a","regex":"(?i)\\b(stop|unsubscribe|arrêt|abmelden)\\b"}"#,
        &text("the quick brown ", 4096),
    );
    time(
        "stop hindi 12k",
        r#"{"field":"a","regex":"(?i)\\b(stop|unsubscribe|arrêt|abmelden)\\b"}"#,
        &text("नमस्ते दुनिया ", 12288),
    );
    time(
        "evil [ab]*a[ab]{100}c",
        r#"{"field":"a","regex":"[ab]*a[ab]{100}c"}"#,
        &text("abbaabab", 19_000),
    );
    time(
        "evil unicode \\b(\\w*a){20}c",
        r#"{"field":"a","regex":"\\b(\\w*ñ\\w*){20}c\\b"}"#,
        &text("ññaab", 12_000),
    );
    time(
        "evil (a?){300}",
        r#"{"field":"a","regex":"\\b(ñ?){300}(ñ){300}z\\b"}"#,
        &text("ñ", 3_000),
    );
    time(
        "members",
        r#"{"field":"b","eq":2}"#,
        &format!(r#"{{{}"b":1}}"#, r#""a":1,"#.repeat(40_000)),
    );
    time(
        "escaped members",
        r#"{"field":"b","eq":2}"#,
        &format!(r#"{{{}"b":1}}"#, r#""\u0061":1,"#.repeat(20_000)),
    );
    let h = vec![r#"{"field":"a.*","eq":1}"#; 100].join(",");
    time("hundred", &format!(r#"{{"or":[{h}]}}"#), &format!(r#"{{"a":[{}0]}}"#, "0,".repeat(1600)));
    let h = vec![r#"{"field":"a.*","contains":"b"}"#; 100].join(",");
    time(
        "contains",
        &format!(r#"{{"or":[{h}]}}"#),
        &format!(r#"{{"a":[{}0]}}"#, "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",".repeat(1200)),
    );
}
