//! Every fixture against what is found in it.
//!
//! `fixtures/<family>/<name of the finding, or of what is shown>/*.ks` each have a `.snap` beside them that shows
//! the findings as a person sees them. A new fixture needs no code: write the `.ks`, run `cargo test --test findings`,
//! read what was found and accept it (`cargo insta accept`, or rename the `.snap.new`).
//!
//! Where the family is the name of a category (`node`, `storage`, `style`, …) only findings of that category and of
//! `syntax` are shown, so that a fixture can be as short as what it shows; in the family `addon` only those about the
//! add-on's section and waivers; other families show everything.
//!
//! A fixture is checked as `ks-lint FILE` would: its `#version=` header gives the syntax, and the policy follows from
//! the file. Fixtures of the family `node` are held against `ovirt-node` whatever is in them, and a line
//! `# policy: NAME` in a fixture of any family names its policy.

#![allow(clippy::expect_used, clippy::panic)] // a test that cannot be set up has failed

use ks_lint::diagnostic::Severity;
use ks_lint::lint::{Chosen, FileReport, Settings, lint};
use ks_lint::policy::Policy;
use ks_lint::report::{Format, Printer, Style};
use ks_lint::source::Sources;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CATEGORIES: &[&str] = &["syntax", "storage", "node", "unattended", "boot", "security", "style"];

/// All fixtures, sorted. Sub-directories named `include` hold files that fixtures include.
fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found: Vec<PathBuf> = ignore::WalkBuilder::new(&root)
        .standard_filters(false)
        .filter_entry(|entry| entry.file_name() != "include")
        .build()
        .map(|entry| entry.expect("fixtures can be walked").into_path())
        .filter(|path| path.extension().is_some_and(|e| e == "ks"))
        .collect();
    found.sort();
    found
}

fn family(path: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let below = path.strip_prefix(root).expect("a fixture is below fixtures/");
    below.iter().next().expect("a fixture has a family").to_string_lossy().into_owned()
}

fn check(path: &Path) -> FileReport {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let named = text.lines().find_map(|line| line.strip_prefix("# policy: ")).map(str::trim);
    let policy = match (named, family(path).as_str()) {
        (Some("none"), _) => Some(None),
        (Some(name), _) => Some(Some(name)),
        (None, "node") => Some(Some("ovirt-node")),
        (None, _) => None,
    };
    let policy = policy.map(|name| {
        let policy =
            name.map(|n| Arc::new(Policy::builtin(n).unwrap_or_else(|e| panic!("{}: {e}", path.display()))));
        Chosen::new(policy, "as the fixture says")
    });
    let mut sources = Sources::new();
    let name = path.file_name().expect("a fixture has a name");
    let file = sources.add(name, text).expect("a fixture is not that large");
    let mut report = lint(sources, file, &Settings { policy, ..Settings::default() });
    let family = family(path);
    if CATEGORIES.contains(&family.as_str()) {
        report.findings.retain(|f| ["syntax", family.as_str()].contains(&f.code.category.name()));
    }
    if family == "addon" {
        let codes: Vec<_> = ks_lint::rules::addon::RULES.iter().flat_map(|rule| rule.codes).collect();
        report.findings.retain(|f| codes.iter().any(|code| **code == f.code));
    }
    report
}

fn as_text(report: &FileReport) -> String {
    let mut text = Vec::new();
    let mut printer = Printer::new(&mut text, Format::Human, Style::plain());
    printer.file(report, Severity::Error).expect("memory can be written to");
    printer.finish().expect("memory can be written to");
    String::from_utf8(text).expect("reports are UTF-8")
}

#[test]
fn every_fixture_gives_the_findings_beside_it() {
    let fixtures = fixtures();
    assert!(!fixtures.is_empty(), "there are no fixtures");
    let mut differ = Vec::new();
    for path in fixtures {
        let text = as_text(&check(&path));
        let stem = path.file_stem().expect("a fixture has a name").to_string_lossy().into_owned();
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(path.parent().expect("a fixture is in a directory"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_input_file(path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(&path));
        // All that differ are shown, not only the first.
        let compare = || settings.bind(|| insta::assert_snapshot!(stem, text));
        let same = std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare));
        if same.is_err() {
            differ.push(path.display().to_string());
        }
    }
    assert!(differ.is_empty(), "other findings than the snapshot beside them:\n{}", differ.join("\n"));
}
