//! `ks-lint ksvalidator` answers as the reference's own program: exit status, file names and line numbers on each stream.

use super::{python, records, run};
use std::path::Path;
use std::process::{Command, Stdio};

/// Command lines of one run, over more than two thousand documents. Another seed: KS_LINT_SEED; more command lines: KS_LINT_DOCUMENTS.
const SEED: &str = "1";
const COMMAND_LINES: &str = "1400";

/// What programs look for beside names and numbers.
const WORDS: [&str; 5] = [
    "No files match",
    "is not supported by pykickstart",
    "General error in input file",
    "General kickstart error",
    "File uses a deprecated option",
];

/// File names, line numbers and the words that programs look for, in order.
fn marks(text: &str) -> Vec<String> {
    let mut marks = Vec::new();
    for line in text.lines() {
        let whole =
            ["Checking kickstart file ", "Error reading "].iter().any(|start| line.starts_with(start));
        if whole {
            marks.push(line.to_owned());
            continue;
        }
        marks.extend(WORDS.iter().filter(|w| line.contains(**w)).map(|w| (*w).to_owned()));
        let mut rest = line;
        while let Some(at) = rest.find("line ") {
            rest = &rest[at + "line ".len()..];
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            if !digits.is_empty() {
                marks.push(format!("line {digits}"));
            }
        }
    }
    marks
}

fn list(value: &serde_json::Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

#[test]
fn command_lines_of_the_validator_are_answered_as_by_the_reference() {
    let Some(python) = python() else { return };
    let place = tempfile::tempdir().unwrap();
    let seed = std::env::var("KS_LINT_SEED").unwrap_or_else(|_| SEED.to_owned());
    let count = std::env::var("KS_LINT_DOCUMENTS").unwrap_or_else(|_| COMMAND_LINES.to_owned());
    let directory = place.path().to_str().unwrap();
    let output = run(&python, &["tests/reference/validator.py", &seed, &count, directory]);
    let mut differences = Vec::new();
    let mut statuses = std::collections::BTreeMap::new();
    for record in records(&output) {
        let text = record["text"].as_str().unwrap_or_default();
        // A value `--` makes the reference's parser fail on itself.
        if text.contains("'list' object has no attribute") {
            continue;
        }
        let arguments = list(&record["arguments"]);
        let here = place.path().join(record["number"].to_string());
        let found = answer(&arguments, &here, &place.path().join("tmp"));
        let errors = record["errors"].as_u64().unwrap_or_default();
        // 256 errors are a success for the reference.
        let status = if errors > 0 && errors % 256 == 0 { 255 } else { errors % 256 };
        *statuses.entry(status.min(3)).or_insert(0) += 1;
        let same = found.status == Some(status as i32)
            && marks(&found.out) == list(&record["out"])
            && marks(&found.err) == list(&record["err"]);
        if !same {
            differences.push(format!(
                "number {}: {arguments:?}\n{}\nthe reference: status {status}\n{}\nks-lint: status {:?}\n{}--\n{}",
                record["number"],
                files(&here),
                text,
                found.status,
                found.out,
                found.err
            ));
        }
    }
    assert!(statuses.len() >= 4, "few kinds of answer: {statuses:?}");
    let show = std::env::var("KS_LINT_SHOW").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    assert!(
        differences.is_empty(),
        "{} of {count} command lines differ ({statuses:?}); the first:\n{}",
        differences.len(),
        differences[..differences.len().min(show)].join("\n=====\n")
    );
}

struct Answer {
    status: Option<i32>,
    out: String,
    err: String,
}

fn answer(arguments: &[String], directory: &Path, temporary: &Path) -> Answer {
    let output = Command::new(env!("CARGO_BIN_EXE_ks-lint"))
        .arg("ksvalidator")
        .args(arguments)
        .current_dir(directory)
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("ks-lint: {e}"));
    Answer {
        status: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn files(directory: &Path) -> String {
    let mut text = String::new();
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let content = std::fs::read(&path).unwrap_or_default();
        let content = String::from_utf8_lossy(&content);
        let shown: String = content.chars().take(1500).collect();
        text += &format!("--- {}\n", path.file_name().unwrap_or_default().to_string_lossy());
        for (n, line) in node_base::source::split_lines(&shown).enumerate() {
            text += &format!("{:4} {line:?}\n", n + 1);
        }
    }
    text
}
