//! The real binary's answers to what people type wrong.

#![expect(clippy::unwrap_used, reason = "all of this is tests, helpers too")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Environment, arguments, and what is said.
type Line<'a> = (&'a [(&'a str, &'a str)], Vec<&'a str>, &'a str);

const BINARY: &str = env!("CARGO_BIN_EXE_hookferry");

fn run_in(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(BINARY);
    command.env_clear().envs(environment.iter().copied()).args(arguments);
    ended(&command.current_dir(folder).stdin(Stdio::null()).output().unwrap())
}

fn ended(output: &Output) -> (i32, String) {
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    (output.status.code().unwrap(), said.concat())
}

#[test]
fn what_is_typed_wrong_ends_with_2_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let postgres = ("HOOKFERRY_DATABASE_URL", "postgres://u:p@127.0.0.1:1/d");
    let token = ["token", "create", "--name", "t", "--scope", "admin", "--company"];
    let cmp = "cmp_01m7y5asjdfw8800mcv466c1dm";
    let send = ["send", "--type", "message.received", "--data"];
    let lines: &[Line<'_>] = &[
        (
            &[],
            vec!["company", "create", "--name", "", "--owner-email", "a@b"],
            "--name: it accepts",
        ),
        (&[], vec!["company", "create", "--name", "a\nb", "--owner-email", "a@b"], "line breaks"),
        (&[], vec!["company", "create", "A", "--owner-email", "a"], "is not a mail address"),
        (&[], vec!["company", "create", "A", "--owner-email", "a@b"], "there is no database at"),
        (&[], vec!["company", "list"], "there is no database at ./data/hookferry.db"),
        (&[], [&token[..], &["x"]].concat(), "--company: "),
        (&[], [&token[..], &[cmp, "--scope", "nope"]].concat(), "\"nope\" is not a scope"),
        (&[], [&token[..], &[cmp, "--expires-in", "5"]].concat(), "is not a duration"),
        (&[], [&token[..], &[cmp, "--expires-in", "0s"]].concat(), "would be over at once"),
        (&[], vec!["user", "reset-link", "a"], "is not a mail address"),
        (&[], vec!["user", "reset-link", "a@b.example"], "there is no database at"),
        (&[], vec!["token", "list", "--company", "x"], "--company: "),
        (&[], vec!["token", "revoke", "hkf_x"], "the token's id: "),
        (&[], [&send[..], &["{}"]].concat(), "give an API token"),
        (&[("HOOKFERRY_TOKEN", "")], [&send[..], &["{}"]].concat(), "give an API token"),
        (&[("HOOKFERRY_TOKEN", "t")], [&send[..], &["{bad"]].concat(), "--data: is neither JSON"),
        (&[("HOOKFERRY_TOKEN", "t")], [&send[..], &["{}", "--url", "foo"]].concat(), "--url: "),
        (&[], vec!["send", "--fixture", "message_text"], "--to"),
        (&[], vec!["send", "--fixture", "x", "--type", "y"], "cannot be used with"),
        (&[], vec!["send"], "--type"),
        (&[], vec!["listen", "--secret", "short"], "--secret "),
        (&[postgres], vec!["serve"], "HOOKFERRY_MASTER_KEY is required"),
        (&[postgres], vec!["check-config"], "HOOKFERRY_MASTER_KEY is required"),
        (&[("HOOKFERRY_LOG", "inof")], vec!["check-config"], "LEVEL; it accepts error, warn"),
        (&[], vec!["check-config", "--data-dir", ""], "HOOKFERRY_DATA_DIR"),
    ];
    for (environment, arguments, text) in lines {
        let (code, said) = run_in(dir.path(), environment, arguments);
        assert_eq!(code, 2, "{arguments:?}: {said}");
        assert!(said.contains(text), "{arguments:?}: {said}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_variable_that_is_no_setting_is_warned_of_and_not_refused() {
    let dir = tempfile::tempdir().unwrap();
    let environment = [("HOOKFERRY_RETRYS", "5")];
    for command in ["check-config", "migrate"] {
        let (code, said) = run_in(dir.path(), &environment, &[command]);
        assert_eq!(code, 0, "{command}: {said}");
        assert!(said.contains("did you mean HOOKFERRY_RETRIES?"), "{command}: {said}");
    }
}

#[test]
fn the_files_are_their_owners_whatever_the_umask() {
    let dir = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 0; exec \"$0\" migrate", BINARY]).current_dir(dir.path());
    let (code, said) = ended(&shell.env_remove("HOOKFERRY_DATA_DIR").output().unwrap());
    assert_eq!(code, 0, "{said}");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let data = dir.path().join("data");
    assert_eq!(mode(&data), 0o700);
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn companies_and_tokens_are_made_listed_and_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let (code, said) = run_in(dir.path(), &[("HOOKFERRY_LOG", "warn")], arguments);
        assert_eq!(code, 0, "{arguments:?}: {said}");
        said.trim().to_owned()
    };
    run(&["migrate"]);
    let company = run(&["company", "create", "Acme", "--owner-email", "a@b", "--quiet"]);
    assert!(run(&["company", "list"]).contains(&company));
    let make = ["token", "create", "--company", &company, "--name", "ci", "--scope", "admin"];
    let token = run(&[&make[..], &["--quiet"]].concat());
    let listed = run(&["token", "list", "--company", &company]);
    assert!(listed.contains("admin  never expires  never used  ci"), "{listed}");
    assert!(!listed.contains(&token), "{listed}");
    let json: serde_json::Value =
        serde_json::from_str(&run(&["token", "list", "--company", &company, "--json"])).unwrap();
    let id = json["data"][0]["id"].as_str().unwrap();
    assert!(listed.starts_with(id), "{listed}");
    let hint = json["data"][0]["hint"].as_str().unwrap();
    assert!(token.ends_with(hint.rsplit("…").next().unwrap()), "{hint}");
    run(&["token", "revoke", id]);
    assert!(run(&["token", "list", "--company", &company]).contains("  revoked 2"));
}

#[test]
fn an_operator_makes_a_link_for_whoever_is_locked_out() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| run_in(dir.path(), &[], arguments);
    assert_eq!(run(&["migrate"]).0, 0);
    assert_eq!(run(&["company", "create", "A", "--owner-email", "ann@example.com"]).0, 0);
    let (code, said) = run(&["user", "reset-link", "ann@example.com"]);
    assert!(code == 0 && said.contains("token ") && said.contains("one hour"), "{said}");
    let public = [("HOOKFERRY_PUBLIC_URL", "https://hooks.example.com")];
    let (code, said) = run_in(dir.path(), &public, &["user", "reset-link", "Ann@example.com"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("link https://hooks.example.com/reset-password#token="), "{said}");
    let (code, said) = run(&["user", "reset-link", "nobody@example.com"]);
    assert!(code == 2 && said.contains("nobody has"), "{said}");
}
