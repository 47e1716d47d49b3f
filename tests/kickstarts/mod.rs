//! The kickstarts of the repository as texts, for what must hold for all of them.
#![allow(clippy::expect_used, clippy::panic)] // a test that cannot be set up has failed

use std::path::{Path, PathBuf};

/// Fixtures and examples, and the kickstarts in the directory that KS_LINT_CORPUS names; sorted by path.
pub(crate) fn texts() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut directories = vec![root.join("fixtures"), root.join("kickstart-examples")];
    directories.extend(std::env::var_os("KS_LINT_CORPUS").map(PathBuf::from));
    let mut found: Vec<PathBuf> = directories
        .into_iter()
        .flat_map(|directory| ignore::WalkBuilder::new(directory).standard_filters(false).build())
        .map(|entry| entry.unwrap_or_else(|e| panic!("kickstarts cannot be searched for: {e}")).into_path())
        .filter(|path| path.extension().is_some_and(|e| e == "ks"))
        .collect();
    assert!(found.len() > 400, "only {} kickstarts are found", found.len());
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            (path, text)
        })
        .collect()
}
