//! The documentation of findings: complete, in its form, and the generated page up to date.
#![allow(clippy::expect_used, clippy::panic)] // a test that cannot be set up has failed

use ks_lint::catalogue;
use ks_lint::report::reference;
use node_base::policy::{Policy, Presence};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_generated_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let fresh = reference::markdown(catalogue::codes());
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    if stored != fresh {
        let differs = stored.lines().zip(fresh.lines()).position(|(a, b)| a != b).unwrap_or_default();
        panic!(
            "docs/rules.md is not what the source says (line {}); run:\n  \
             cargo run --quiet -- rules --format markdown >docs/rules.md",
            differs + 1
        );
    }
}

#[test]
fn codes_and_names_are_unique_and_fit_their_category() {
    let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
    for code in catalogue::codes() {
        let digits = code.id.strip_prefix(code.category.prefix()).unwrap_or_default();
        assert!(
            digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()),
            "{}: a code of category {} is {} and three digits",
            code.id,
            code.category.name(),
            code.category.prefix()
        );
        let fits = code.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(fits, "{}: the name '{}' is lower-case words joined by '-'", code.id, code.name);
        assert!(ids.insert(code.id), "{} is declared twice", code.id);
        assert!(names.insert(code.name), "{}: the name '{}' is taken", code.id, code.name);
    }
}

#[test]
fn every_page_starts_with_a_sentence_and_keeps_to_the_headings() {
    const HEADINGS: &[&str] = &["What it says", "Why", "Example", "Write instead", "Source"];
    for code in catalogue::codes() {
        let summary = code.summary();
        assert!(
            summary.ends_with('.') && summary.len() > 20,
            "{}: starts with '{summary}', not a sentence",
            code.id
        );
        let text = code.text();
        let mut in_code = false;
        for line in text.lines() {
            in_code ^= line.starts_with("```");
            if let Some(heading) = line.strip_prefix("## ").filter(|_| !in_code) {
                assert!(HEADINGS.contains(&heading), "{}: '{heading}' is none of {HEADINGS:?}", code.id);
            }
        }
        assert!(!in_code, "{}: a code block is not closed", code.id);
        assert!(text.contains("## Why"), "{}: does not say why", code.id);
    }
}

/// Every `declare_code!` of the source has to be in the registry, or `explain` does not know what `check` prints.
#[test]
fn every_declared_code_is_known_to_explain() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known: BTreeSet<_> = catalogue::codes().iter().map(|c| c.id).collect();
    for entry in ignore::WalkBuilder::new(root.join("src")).add(root.join("crates")).build() {
        let path = entry.expect("the source can be walked").into_path();
        if path.extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("the source can be read");
        // Tests declare codes of their own.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let declarations = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
        for line in declarations.filter(|line| line.contains("static ")) {
            let Some(id) = line.split_once(" = \"").and_then(|(_, rest)| rest.split_once("\", \"")) else {
                continue;
            };
            assert!(
                known.contains(id.0),
                "{} declares {}, which no rule and no CODES lists",
                path.display(),
                id.0
            );
        }
    }
}

#[test]
fn the_example_of_the_documentation_is_a_policy() {
    let page = include_str!("../docs/policies.md");
    let example =
        page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("as the page shows");
    let policy = Policy::from_toml(example, "docs/policies.md").expect("as the page shows");
    assert_eq!(policy.name, "site");
    assert_eq!(policy.volume("/home").expect("as the page shows").presence, Presence::Optional);
    assert!(policy.volume("/var").is_some(), "what the example leaves out comes from ovirt-node");
}

/// The first thing a stranger sees: the command as the README prints it, and what it prints.
#[test]
fn the_readmes_first_example_is_what_the_program_prints() {
    const COMMAND: &str = "$ cargo run --release -- ";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = include_str!("../README.md");
    let example = readme.split("```console\n").nth(1).and_then(|rest| rest.split("```").next());
    let (command, printed) = example.and_then(|e| e.split_once('\n')).expect("the README has an example");
    let path = command.strip_prefix(COMMAND).expect("the example runs the program from the checkout");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ks-lint"))
        .arg(path)
        .current_dir(root)
        .output()
        .expect("the program runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), printed, "README.md shows other output for {path}");
    assert_eq!(output.status.code(), Some(1), "{path} has errors");
    assert!(
        printed.lines().filter(|line| line.starts_with("error[")).count() >= 2,
        "{path} shows few mistakes"
    );
}
