//! Agreement with the reference parser (pykickstart, pinned in scripts/requirements.txt and installed into .venv by
//! scripts/setup): the same verdict, the same line, the same warnings on random documents of all syntax versions;
//! the command tables are what the reference says; its crashes are named, with what ks-lint says instead.
//!
//! Without .venv the tests say so and pass; with KS_LINT_REQUIRE_REFERENCE=1, which .ci/run sets, they fail.
#![allow(
    clippy::panic,
    clippy::print_stderr,
    reason = "a helper that fails, fails its test; a skipped one says so"
)]

#[path = "reference/fixes.rs"]
mod fixes;
#[path = "reference/migrations.rs"]
mod migrations;
#[path = "reference/validator.rs"]
mod validator;

mod kickstarts;
mod python;

use kickstart::Version;
use node_base::diagnostic::{Category, Finding, Findings, Severity};
use node_base::source::Sources;
use python::python;
use std::path::Path;
use std::process::{Command, Output};

/// Documents of one run. Another seed: KS_LINT_SEED; more documents: KS_LINT_DOCUMENTS.
const SEED: &str = "1";
const DOCUMENTS: &str = "2000";

fn run(python: &Path, args: &[&str]) -> Output {
    let output = Command::new(python).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.unwrap_or_else(|e| panic!("{} {args:?}: {e}", python.display()));
    assert!(
        output.status.success(),
        "{} {args:?} failed:\n{}{}",
        python.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The syntax findings of a document, each with its line.
fn findings(version: &str, text: &str) -> Vec<(u32, Finding)> {
    let version = Version::from_name(version).unwrap_or_else(|e| panic!("{e}"));
    let mut sources = Sources::new();
    let file = sources.add("document.ks", text.to_owned()).unwrap_or_else(|e| panic!("{e}"));
    let mut findings = Findings::new();
    kickstart::parse(&sources, file, version, &mut findings);
    let of_the_language = |f: &Finding| f.code.category == Category::Syntax;
    let line = |f: &Finding| f.span.map_or(0, |span| sources.position(span).line);
    findings.into_sorted().into_iter().filter(of_the_language).map(|f| (line(&f), f)).collect()
}

fn records(output: &Output) -> Vec<serde_json::Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"))).collect()
}

/// Random documents with the reference's verdicts.
fn generated(python: &Path, seed: &str, count: &str) -> Vec<serde_json::Value> {
    records(&run(python, &["tests/reference/documents.py", seed, count]))
}

/// What the reference says of each text and, if that is wanted, makes of it (tests/reference/verdicts.py).
fn answers(python: &Path, texts: &[(Version, &str)], made: bool) -> Vec<serde_json::Value> {
    let line = |(version, text): &(Version, &str)| {
        serde_json::json!({ "version": version.to_string(), "text": text, "made": made }).to_string() + "\n"
    };
    let lines: String = texts.iter().map(line).collect();
    let file = tempfile::NamedTempFile::new().unwrap_or_else(|e| panic!("{e}"));
    std::fs::write(file.path(), lines).unwrap_or_else(|e| panic!("{e}"));
    let path = file.path().to_str().unwrap_or_default();
    let answers = records(&run(python, &["tests/reference/verdicts.py", path]));
    assert_eq!(answers.len(), texts.len(), "an answer for each text");
    answers
}

/// What differs, in words; nothing when both agree.
fn difference(record: &serde_json::Value, found: &[(u32, Finding)]) -> Option<String> {
    let errors: Vec<u32> =
        found.iter().filter(|(_, f)| f.severity == Severity::Error).map(|(l, _)| *l).collect();
    let line = record["line"].as_u64();
    match (record["verdict"].as_str().unwrap_or_default(), errors.first()) {
        ("accepted", Some(_)) => Some("the reference accepts it, ks-lint does not".to_owned()),
        ("rejected" | "crashed", None) => Some("the reference does not accept it, ks-lint does".to_owned()),
        ("rejected", Some(&ours)) if line.is_some_and(|theirs| theirs != u64::from(ours)) => Some(format!(
            "the first error is on line {} for the reference, on line {ours} for ks-lint",
            line?
        )),
        ("accepted", None) if record["warned"].as_bool() != Some(!found.is_empty()) => {
            Some("only one of the two warns".to_owned())
        }
        _ => None,
    }
}

fn describe(record: &serde_json::Value, found: &[(u32, Finding)], what: &str) -> String {
    let text = record["text"].as_str().unwrap_or_default();
    let numbered: String = node_base::source::split_lines(text)
        .enumerate()
        .map(|(i, line)| format!("  {:3} | {line:?}\n", i + 1))
        .collect();
    let ours: String = found
        .iter()
        .map(|(line, f)| format!("    line {line}: {} {:?}: {}\n", f.code.id, f.severity, f.message))
        .collect();
    format!(
        "{what}\ndocument {} as {}:\n{numbered}reference: {} {} {}\nks-lint:\n{ours}",
        record["number"], record["version"], record["verdict"], record["line"], record["message"]
    )
}

#[test]
fn random_documents_get_the_verdict_of_the_reference() {
    let Some(python) = python() else { return };
    let seed = std::env::var("KS_LINT_SEED").unwrap_or_else(|_| SEED.to_owned());
    let count = std::env::var("KS_LINT_DOCUMENTS").unwrap_or_else(|_| DOCUMENTS.to_owned());
    let output = run(&python, &["tests/reference/documents.py", &seed, &count]);
    let mut differences = Vec::new();
    let mut counts = std::collections::BTreeMap::new();
    for record in records(&output) {
        *counts.entry(record["verdict"].to_string()).or_insert(0) += 1;
        let found = findings(
            record["version"].as_str().unwrap_or_default(),
            record["text"].as_str().unwrap_or_default(),
        );
        if let Some(what) = difference(&record, &found) {
            differences.push(describe(&record, &found, &what));
        }
    }
    assert!(counts.len() >= 2, "all documents have the same verdict: {counts:?}");
    let show = std::env::var("KS_LINT_SHOW").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    assert!(
        differences.is_empty(),
        "{} of {count} documents differ ({counts:?}); the first:\n{}",
        differences.len(),
        differences[..differences.len().min(show)].join("\n")
    );
}

#[test]
fn crashes_of_the_reference_are_proper_errors() {
    let Some(python) = python() else { return };
    for record in
        records(&run(&python, &["tests/reference/documents.py", "--crashes", "tests/reference/crashes.toml"]))
    {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        assert!(
            record["verdict"] == "crashed" && text("message").starts_with(&text("exception")),
            "the reference does not fail any more on {}: it says {} {}",
            record["name"],
            record["verdict"],
            record["message"]
        );
        let found = findings(&text("version"), &text("text"));
        let codes: Vec<_> = found.iter().map(|(_, f)| f.code.id).collect();
        assert_eq!(codes, [text("code")], "ks-lint's findings on {}", record["name"]);
    }
}

#[test]
fn the_command_tables_are_what_the_reference_says() {
    let Some(python) = python() else { return };
    run(&python, &["grammar/generate.py", "--check"]);
    run(&python, &["grammar/repeats.py", "--check"]);
}
