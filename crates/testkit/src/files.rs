//! Where the tests' own things lie.

use std::path::{Path, PathBuf};

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("testkit lies two folders below the root")
        .to_path_buf()
}

/// What `scripts/test-setup.sh` made: `HOOKFERRY_TEST_CACHE`, or `tests/.cache`.
pub fn cache() -> PathBuf {
    std::env::var_os("HOOKFERRY_TEST_CACHE")
        .map_or_else(|| root().join("tests").join(".cache"), PathBuf::from)
}

/// The Python that has the judges' packages and aiosmtpd.
///
/// # Panics
/// Where the set-up has not run.
pub fn python() -> PathBuf {
    let python = cache().join("venv").join("bin").join("python");
    assert!(python.exists(), "the tests' Python is not there: `make test` installs it");
    python
}
