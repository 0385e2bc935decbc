//! Says when the dashboard has to be embedded again.

use std::env;
use std::fs;

const DASHBOARD: &str = "../../web/dist";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A folder that is not there counts as changed, each time; where it cannot be made that is no harm.
    let _ = fs::create_dir_all(DASHBOARD);
    // A debug build reads the files when they are asked for.
    if env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed={DASHBOARD}");
    }
}
