//! `domain` depends on pure crates only, and its sources neither await nor reach outside.

use std::fs;
use std::path::Path;

#[test]
fn dependencies_are_the_pure_ones() {
    let (_, after) = include_str!("../Cargo.toml").split_once("[dependencies]\n").unwrap();
    let names: Vec<&str> = after
        .lines()
        .map_while(|line| line.split(['.', ' ']).next().filter(|name| !name.is_empty()))
        .collect();
    assert_eq!(
        names,
        [
            "base64",
            "chrono",
            "chrono-tz",
            "hmac",
            "ipnet",
            "jsonschema",
            "percent-encoding",
            "regex",
            "regex-syntax",
            "serde",
            "serde_json",
            "sha2",
            "strsim",
            "subtle",
            "thiserror",
            "url",
            "uuid",
        ]
    );
    let sections: Vec<&str> =
        include_str!("../Cargo.toml").lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(sections, ["[package]", "[lints]", "[dependencies]", "[dev-dependencies]"]);
}

#[test]
fn nothing_awaits_or_reaches_outside() {
    let forbidden = [
        "async ",
        ".await",
        "tokio",
        "futures",
        "std::fs",
        "std::env::",
        "std::process",
        "std::thread",
        "std::time",
        "TcpStream",
        "UdpSocket",
        "ToSocketAddrs",
        "Utc::now",
    ];
    let mut seen = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for word in forbidden {
            assert!(!code.contains(word), "{} has `{word}`", path.display());
        }
        seen += 1;
    }
    assert!(seen >= 16, "only {seen} sources were read");
}
