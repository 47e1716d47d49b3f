//! What holds for every text that is formatted: its words stay, and so does what the reference parser makes of it; a formatted
//! text is not changed again.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)] // a test that cannot be set up has failed

mod kickstarts;
mod python;

use kickstart::Version;
use kickstart::syntax::{LineKind, Tree};
use kickstarts::texts;
use ks_lint::format::format;
use ks_lint::lint::header_release;
use node_base::diagnostic::{Category, Findings, Severity};
use node_base::source::{Sources, is_line_end};
use proptest::prelude::*;
use python::python;
use std::path::Path;
use std::process::Command;

fn is_accepted(text: &str, version: Version) -> bool {
    let mut sources = Sources::new();
    let file = sources.add("x.ks", text.to_owned()).expect("the text is small");
    let mut findings = Findings::new();
    kickstart::parse(&sources, file, version, &mut findings);
    !findings.iter().any(|f| f.code.category == Category::Syntax && f.severity == Severity::Error)
}

/// The words of each line that is not blank, and the bodies of sections byte for byte but for blanks at the end of packages.
fn words(text: &str) -> Vec<Vec<&str>> {
    let tree = Tree::parse(text);
    let mut in_packages = false;
    let mut all = Vec::new();
    for line in tree.lines() {
        let whole = &text[line.start as usize..line.end as usize];
        let of_words: Vec<&str> =
            line.words.iter().map(|w| &text[w.start as usize..w.end as usize]).collect();
        match line.kind {
            LineKind::Blank => {}
            LineKind::Comment => all.push(vec![whole.trim_end()]),
            LineKind::Content if in_packages => {
                all.push(vec![whole.trim_end_matches(|c: char| is_line_end(c) || matches!(c, ' ' | '\t'))])
            }
            LineKind::Content => all.push(vec![whole]),
            _ => {
                in_packages = line.kind == LineKind::Header && of_words.first() == Some(&"%packages");
                let comment = line.comment.map(|at| text[at as usize..line.end as usize].trim_end());
                all.push(of_words.into_iter().chain(comment).collect());
            }
        }
    }
    all
}

fn holds(name: &str, text: &str) {
    let once = format(text);
    assert_eq!(words(&once), words(text), "{name}: words changed\n{text:?}\n{once:?}");
    assert_eq!(format(&once), once, "{name}: a second run changes more");
}

#[test]
fn fixtures_keep_their_words() {
    let mut count = 0;
    for (path, text) in texts() {
        if is_accepted(&text, version_of(&path, &text)) {
            holds(&path.display().to_string(), &text);
            count += 1;
        }
    }
    assert!(count > 300, "only {count} fixtures are formatted");
}

const PIECES: &[&str] = &[
    "lang  en_US.UTF-8",
    "part\t/  --size=1 \t --grow",
    "  part 'a  b' --size=1   # c  ",
    "text#c",
    "authselect  select   x",
    "# comment  ",
    "  # indented",
    "# ks-lint: fmt off",
    "# ks-lint: fmt on",
    "%packages  --nocore",
    "@core  ",
    "  vim ",
    "%post  # x",
    "%end",
    " %end ",
    "\n",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\u{2028}",
    "\u{b}",
    " ",
    "\t",
    "é",
    "\u{a0}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_texts_keep_their_words(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..20)) {
        let text = pieces.concat();
        if is_accepted(&text, Version::DEFAULT) {
            holds(&text, &text);
        }
    }
}

fn run(python: &Path, arguments: &[&str]) -> String {
    let output = Command::new(python).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.unwrap_or_else(|e| panic!("{}: {e}", python.display()));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}:\n{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The version that a kickstart's header names.
fn version_of(path: &Path, text: &str) -> Version {
    let mut sources = Sources::new();
    let file = sources.add(path, text.to_owned()).expect("the text is small");
    header_release(&sources, file).map_or(Version::DEFAULT, |(version, _)| version)
}

/// All kickstarts of the repository and random documents (more of them: KS_LINT_DOCUMENTS), each for its own version and another
/// one.
#[test]
fn the_reference_makes_the_same_of_a_formatted_text() {
    let Some(python) = python() else { return };
    let count = std::env::var("KS_LINT_DOCUMENTS").unwrap_or_else(|_| "400".to_owned());
    let all: Vec<(Version, String)> = run(&python, &["tests/reference/documents.py", "format", &count])
        .lines()
        .map(|line| {
            let record: serde_json::Value =
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
            let version = record["version"].as_str().expect("a version");
            (
                Version::from_name(version).expect("it is known"),
                record["text"].as_str().expect("a text").to_owned(),
            )
        })
        .chain(texts().into_iter().map(|(path, text)| (version_of(&path, &text), text)))
        .collect();
    let versions: Vec<Version> = Version::all().collect();
    let mut lines = String::new();
    let mut changed = 0;
    for (number, (version, before)) in all.iter().enumerate() {
        if !is_accepted(before, *version) {
            continue;
        }
        holds(&format!("document {number}"), before);
        let after = format(before);
        if after == *before {
            continue;
        }
        changed += 1;
        let other = versions[number % versions.len()].to_string();
        let pair = serde_json::json!({
            "version": version.to_string(), "other": other, "before": before, "after": after,
        });
        lines.push_str(&format!("{pair}\n"));
    }
    assert!(changed > 100, "only {changed} documents were changed");
    let file = tempfile::NamedTempFile::new().expect("a file can be made");
    std::fs::write(file.path(), lines).expect("it can be written");
    let answer = run(&python, &["tests/reference/layouts.py", file.path().to_str().expect("UTF-8")]);
    eprintln!("{answer}");
}
