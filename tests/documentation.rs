//! The documentation: of findings, complete and in its form; what is generated, up to date; the README and the book, with links and
//! commands that work.
#![allow(clippy::expect_used, clippy::panic)] // a test that cannot be set up has failed

mod documentation {
    mod commands;
    mod links;
    mod pages;
}

use ks_lint::catalogue;
use ks_lint::report::reference;
use node_base::policy::{Policy, Presence};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_generated_pages_are_up_to_date() {
    const ADVICE: &str = "run scripts/generate";
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let list = ("rules.md".to_owned(), reference::index(catalogue::codes()));
    let pages = reference::pages(catalogue::codes());
    let pages = pages.map(|(name, text)| (format!("{}/{name}", reference::PAGES), text));
    let fresh: Vec<_> = std::iter::once(list).chain(pages).collect();
    for (name, text) in &fresh {
        let stored = std::fs::read_to_string(docs.join(name)).unwrap_or_default();
        assert!(stored == *text, "docs/{name} is not what the source says: {ADVICE}");
    }
    for entry in std::fs::read_dir(docs.join(reference::PAGES)).expect("the pages are there") {
        let name = entry.expect("it can be read").file_name().to_string_lossy().into_owned();
        let is_fresh = fresh.iter().any(|(fresh, _)| *fresh == format!("{}/{name}", reference::PAGES));
        assert!(is_fresh, "docs/{}/{name} is the page of no code: remove it", reference::PAGES);
    }
}

/// The pictures are drawn by Python from what the program prints on a terminal.
#[test]
fn the_pictures_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = std::process::Command::new("python3")
        .arg("scripts/pictures.py")
        .args([env!("CARGO_BIN_EXE_ks-lint"), "--check"])
        .current_dir(root)
        .output()
        .expect("Python starts: scripts/setup installs it");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}: run scripts/generate", String::from_utf8_lossy(&said).trim());
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

/// The first thing that a stranger runs: the command as the README prints it.
#[test]
fn the_readmes_first_command_shows_mistakes() {
    const COMMAND: &str = "cargo run --release -- ";
    let readme = include_str!("../README.md");
    let command = readme.lines().find_map(|line| line.strip_prefix(COMMAND)).expect("the README has it");
    let path = command.split_whitespace().next().expect("the command names a file");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ks-lint"))
        .arg(path)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1), "{path} has errors");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        printed.lines().filter(|line| line.starts_with("error[")).count() >= 2,
        "{path} shows few mistakes"
    );
}
