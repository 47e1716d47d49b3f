//! The server as a process, driven with the recorded capabilities of Neovim, VS Code and Emacs: tests/lsp/test_editors.py.
//!
//! Without .venv the test says so and passes; with KS_LINT_REQUIRE_REFERENCE=1, which .ci/run sets, it fails.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::path::Path;
use std::process::Command;

#[test]
fn editors_are_served() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join(".venv/bin/python");
    if !python.exists() {
        let required = std::env::var_os("KS_LINT_REQUIRE_REFERENCE").is_some();
        assert!(!required, "{} is missing: run scripts/setup", python.display());
        eprintln!("SKIPPED: no editor is tried: {} is missing; run scripts/setup", python.display());
        return;
    }
    let output = Command::new(python)
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/lsp/test_editors.py"])
        .env("KS_LINT", env!("CARGO_BIN_EXE_ks-lint"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(root)
        .output()
        .expect("Python starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains(" passed"), "{text}");
}
