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
//! `# policy: NAME` in a fixture of any family names its policy. Lines `# disk: NAME=SIZE…` (as for `--disk`) and
//! `# firmware: bios` give a fixture the machine that it is for.
//!
//! Every finding has a fixture that shows it, and beside that one that comes near it and must not.

#![allow(clippy::expect_used, clippy::panic)] // a test that cannot be set up has failed

use anaconda_plan::{Firmware, Machine};
use ks_lint::lint::{Chosen, FileReport, Settings, lint};
use ks_lint::report::{Format, Printer, Style};
use ks_lint::rules;
use node_base::diagnostic::Severity;
use node_base::policy::Policy;
use node_base::source::Sources;
use node_base::units::Bytes;
use std::collections::{BTreeMap, BTreeSet};
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
    let machine = machine(path, &text);
    let mut sources = Sources::new();
    let name = path.file_name().expect("a fixture has a name");
    let file = sources.add(name, text).expect("a fixture is not that large");
    let mut report = lint(sources, file, &Settings { policy, machine, ..Settings::default() });
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

/// The machine that a fixture is for, when it names one.
fn machine(path: &Path, text: &str) -> Option<Arc<Machine>> {
    let said =
        |what: &'static str| text.lines().filter_map(move |line| line.strip_prefix(what)).map(str::trim);
    let disk = |spec: &str| spec.parse().unwrap_or_else(|e| panic!("{}: {spec}: {e}", path.display()));
    let disks: Vec<_> = said("# disk: ").map(disk).collect();
    let firmware = if said("# firmware: ").any(|f| f == "bios") { Firmware::Bios } else { Firmware::Uefi };
    (!disks.is_empty()).then(|| Arc::new(Machine { disks, firmware, memory: Bytes(16 << 30) }))
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

/// Findings that need more than one file, or a plan: a test with files of its own shows them.
const SHOWN_BY_A_TEST: &[(&str, &str)] = &[
    ("KS026", "tests/includes.rs"),
    ("STO026", "tests/plan/profile.rs"),
    ("STO027", "tests/plan/profile.rs"),
    ("STO028", "tests/plan/profile.rs"),
    ("STO035", "tests/plan/bad_input.rs"),
    ("NODE109", "tests/addon.rs"),
    ("BOOT034", "tests/boot/served.rs"),
    ("STY005", "tests/cli/include.rs"),
    ("STY006", "tests/cli/include.rs"),
    ("STY007", "tests/cli/include.rs"),
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

#[test]
fn every_finding_has_a_fixture_that_shows_it_and_one_beside_it_that_must_not() {
    let shown = shown();
    let mut missing = Vec::new();
    for code in rules::codes() {
        let name = format!("{} ({})", code.id, code.name);
        if let Some((_, test)) = SHOWN_BY_A_TEST.iter().find(|(id, _)| *id == code.id) {
            let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(test));
            if !text.is_ok_and(|text| text.contains(code.id)) {
                missing.push(format!("{name}: {test} should show it and does not name it"));
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
