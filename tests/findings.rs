//! Every finding has a fixture that shows it, and beside that one that comes near it and must not. The fixtures
//! are compared by `tests/fixtures.rs`.

#![allow(clippy::expect_used, clippy::panic)] // a test that cannot be set up has failed

use ks_lint::catalogue;
use node_base::diagnostic::Category;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Findings that need more than one file, or a plan: a test with files of its own shows them.
const SHOWN_BY_A_TEST: &[(&str, &str)] = &[
    ("KS026", "tests/includes.rs"),
    ("STO026", "tests/plan/profile.rs"),
    ("STO027", "tests/plan/profile.rs"),
    ("STO028", "tests/plan/profile.rs"),
    ("STO035", "tests/plan/bad_input.rs"),
    ("STO036", "tests/plan/unknown.rs"),
    ("NODE109", "tests/addon.rs"),
    ("BOOT034", "tests/boot/served.rs"),
    ("STY005", "tests/cli/include.rs"),
    ("STY006", "tests/cli/include.rs"),
    ("STY007", "tests/cli/include.rs"),
    ("STY023", "tests/cli/shellcheck.rs"),
];

/// For each directory of fixtures, and each table, the codes that each of its cases shows. The snapshots are what is
/// found: the tests that compare them say so.
fn shown() -> BTreeMap<PathBuf, Vec<BTreeSet<String>>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut shown: BTreeMap<PathBuf, Vec<BTreeSet<String>>> = BTreeMap::new();
    for entry in ignore::WalkBuilder::new(&root).standard_filters(false).build() {
        let path = entry.expect("fixtures can be walked").into_path();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if !path.is_file() || !matches!(extension, "snap" | "table") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        if extension == "snap" {
            let codes = text.lines().filter_map(|line| {
                let (severity, rest) = line.split_once('[')?;
                let (code, _) = rest.split_once("]: ")?;
                matches!(severity, "error" | "warning" | "info").then(|| code.to_owned())
            });
            let directory = path.parent().unwrap_or(&root).to_owned();
            shown.entry(directory).or_default().push(codes.collect());
        } else {
            let rows = text.lines().filter(|line| line.contains('|') && !line.starts_with('#'));
            let codes = rows.map(|row| {
                let last = row.rsplit('|').next().unwrap_or_default();
                last.split([' ', ',', ';']).map(str::to_owned).collect::<BTreeSet<_>>()
            });
            shown.entry(path.clone()).or_default().extend(codes);
        }
    }
    shown
}

/// Where the findings of `node-layout` are tested, on a model of a machine.
const LAYOUT_TESTS: &str = "crates/node-layout/tests/layout";

fn layout_tests() -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(LAYOUT_TESTS);
    let files =
        std::fs::read_dir(directory).expect("the tests can be listed").map(|f| f.expect("listed").path());
    let sources = files.filter(|path| path.extension().is_some_and(|e| e == "rs"));
    sources.map(|path| std::fs::read_to_string(path).expect("the tests can be read")).collect()
}

#[test]
fn every_finding_has_a_fixture_that_shows_it_and_one_beside_it_that_must_not() {
    let shown = shown();
    let layout_tests = layout_tests();
    let mut missing = Vec::new();
    for code in catalogue::codes() {
        let name = format!("{} ({})", code.id, code.name);
        if let Some((_, test)) = SHOWN_BY_A_TEST.iter().find(|(id, _)| *id == code.id) {
            let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(test));
            if !text.is_ok_and(|text| text.contains(code.id)) {
                missing.push(format!("{name}: {test} should show it and does not name it"));
            }
            continue;
        }
        // What node-layout finds on a machine has no kickstart; its own tests show it.
        if code.category == Category::Layout {
            if !layout_tests.contains(code.id) {
                missing.push(format!("{name}: no test in {LAYOUT_TESTS} names it"));
            }
            continue;
        }
        let has = |case: &BTreeSet<String>| case.contains(code.id);
        let with: Vec<_> = shown.iter().filter(|(_, cases)| cases.iter().any(has)).collect();
        if with.is_empty() {
            let directory = format!("fixtures/{}/{}", code.category.name(), code.name);
            missing.push(format!("{name}: no fixture shows it; add one in {directory}"));
        } else if with.iter().all(|(_, cases)| cases.iter().all(has)) {
            let directories: Vec<_> = with.iter().map(|(path, _)| path.display().to_string()).collect();
            missing.push(format!(
                "{name}: every fixture in {} shows it; add the nearest one that must not",
                directories.join(", ")
            ));
        }
    }
    assert!(missing.is_empty(), "findings without the fixtures that they need:\n{}", missing.join("\n"));
}
