//! The OpenAPI document against the running server, by schemathesis: thousands of requests, valid and
//! not, and every answer as the document says.
//!
//! Which requests is drawn from a seed that is fixed, so that what passed once does not fail for another
//! change by chance; `HOOKFERRY_JUDGE_SEED` and `HOOKFERRY_JUDGE_EXAMPLES` look elsewhere and for longer
//! (what that finds becomes a test of its own).

use std::env;
use std::process::Command;

use testkit::files;
use testkit::program::Setup;

/// Requests of each kind for each operation, where nobody asks for more.
const EXAMPLES_MAX: &str = "25";
/// What the requests are drawn from, where nobody asks for others.
const SEED: &str = "20261128";

fn asked(name: &str, otherwise: &str) -> String {
    env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing() {
    // Without it the operator's routes do not exist, and say so.
    let program =
        Setup::sqlite().set("HOOKFERRY_ADMIN_TOKEN", "the-operators-own-token").start().await;
    let api = program.tenant("schemathesis");
    let served = program.anonymous().get_openapi().await;
    let kept = std::fs::read(files::root().join("openapi.json")).unwrap();
    assert!(served == kept, "openapi.json is what is served");
    let mut command = Command::new(files::cache().join("venv/bin/st"));
    command.arg("--config-file").arg(files::root().join("tests/judges/schemathesis.toml"));
    command.args(["run", &format!("{}/openapi.json", program.base())]);
    command.args(["--header", &format!("Authorization: Bearer {}", api.token())]);
    command.args(["--phases", "examples,coverage,fuzzing"]);
    command.args(["--seed", &asked("HOOKFERRY_JUDGE_SEED", SEED)]);
    command.args(["--max-examples", &asked("HOOKFERRY_JUDGE_EXAMPLES", EXAMPLES_MAX)]);
    command.args(["--no-color"]).current_dir(program.setup().folder());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let output = output.expect("schemathesis is installed by `make test`");
    let said = String::from_utf8_lossy(&output.stdout);
    let at = said.find("FAILURES").or_else(|| said.find("SUMMARY")).unwrap_or_default();
    assert!(output.status.success(), "{}{}", &said[at..], String::from_utf8_lossy(&output.stderr));
    let cases = said.lines().find(|line| line.contains(" generated,")).unwrap_or_default();
    println!("schemathesis: {}", cases.trim());
}
