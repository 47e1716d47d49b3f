//! The Python that has the reference parser, for the tests that compare with it.
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::path::{Path, PathBuf};

/// The interpreter that `scripts/setup` installs; `None`, with a word about it, where it is missing and not required.
pub(crate) fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
    if python.exists() {
        return Some(python);
    }
    let required = std::env::var_os("KS_LINT_REQUIRE_REFERENCE").is_some();
    assert!(!required, "{} is missing: run scripts/setup", python.display());
    eprintln!(
        "SKIPPED: no comparison with the reference: {} is missing; run scripts/setup",
        python.display()
    );
    None
}
