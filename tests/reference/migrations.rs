//! `ks-lint migrate` held against the reference: the lines that it lists as left are those that the reference refuses, no more and
//! no fewer, and nothing is left that the reference warns of without a word.

use super::answers;
use crate::kickstarts::texts;
use kickstart::Version;
use ks_lint::lint::header_release;
use node_base::source::Sources;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A kickstart without a header is migrated from this release.
const FROM: &str = "RHEL7";

/// The name of a release as its family and number.
fn family(version: Version) -> (String, u32) {
    let name = version.to_string();
    let at = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
    // FC6 comes before F7.
    (name[..at].trim_end_matches('C').to_owned(), name[at..].parse().unwrap_or(0))
}

/// The later releases of the same family.
fn later(from: Version) -> impl Iterator<Item = Version> {
    let (name, number) = family(from);
    Version::all().filter(move |to| {
        let (other, later) = family(*to);
        other == name && later > number
    })
}

/// Kickstarts that are migrated together: the two releases, and their paths and texts.
type Group = (Version, Version, Vec<(PathBuf, String)>);

/// A kickstart migrated to a release.
struct Migrated {
    name: String,
    from: Version,
    to: Version,
    text: String,
    /// The lines that are listed: those that the release refuses, and the others.
    refused: BTreeSet<u64>,
    advised: BTreeSet<u64>,
}

fn ks_lint(directory: &Path, arguments: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ks-lint"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("ks-lint: {e}"));
    assert!(output.status.code().is_some(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The lines of the findings of a file, with and without this severity.
fn lines(file: &serde_json::Value, is_error: bool) -> BTreeSet<u64> {
    let all = file["diagnostics"].as_array().into_iter().flatten();
    let wanted = all.filter(|d| (d["severity"] == "error") == is_error);
    wanted.filter_map(|d| d["span"]["start"]["line"].as_u64()).collect()
}

/// Migrates files by the program: all that it does not refuse to migrate.
fn migrated(from: Version, to: Version, files: &[(PathBuf, String)]) -> Vec<Migrated> {
    let place = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let mut names = BTreeMap::new();
    for (number, (path, text)) in files.iter().enumerate() {
        let name = format!("{number}.ks");
        std::fs::write(place.path().join(&name), text).unwrap_or_else(|e| panic!("{name}: {e}"));
        names.insert(name, path);
    }
    let releases = [from.to_string(), to.to_string()];
    let arguments = |options: &[&str]| -> Vec<String> {
        let options = std::iter::once("migrate").chain(options.iter().copied()).map(str::to_owned);
        options.chain(releases.clone()).chain(names.keys().cloned()).collect()
    };
    let output = ks_lint(place.path(), &arguments(&["--format=json"]));
    let output: serde_json::Value = serde_json::from_str(&output).unwrap_or_else(|e| panic!("{output}: {e}"));
    let again = ks_lint(place.path(), &arguments(&["--diff"]));
    assert!(!again.contains("@@"), "from {from} to {to}: a second run changes more:\n{again}");
    let files = output["files"].as_array().unwrap_or_else(|| panic!("no files: {output}"));
    let one = |file: &serde_json::Value| {
        let name = file["path"].as_str().unwrap_or_default();
        Migrated {
            name: names[name].display().to_string(),
            from,
            to,
            text: std::fs::read_to_string(place.path().join(name)).unwrap_or_else(|e| panic!("{name}: {e}")),
            refused: lines(file, true),
            advised: lines(file, false),
        }
    };
    files.iter().map(one).collect()
}

/// What the list and the reference disagree about, in words.
fn difference(migrated: &Migrated, answer: &serde_json::Value) -> Option<String> {
    let Migrated { refused, advised, .. } = migrated;
    match answer["refused"].as_array() {
        // The reference fails, or does not say where.
        None => refused
            .is_empty()
            .then(|| format!("nothing is listed, and the reference says {}", answer["message"])),
        Some(theirs) => {
            let set =
                |lines: &[serde_json::Value]| lines.iter().filter_map(serde_json::Value::as_u64).collect();
            let theirs: BTreeSet<u64> = set(theirs);
            let also: BTreeSet<u64> = set(answer["also"].as_array().map_or(&[], Vec::as_slice));
            if !theirs.is_subset(refused)
                || !refused.iter().all(|line| theirs.contains(line) || also.contains(line))
            {
                return Some(format!(
                    "the lines {refused:?} are listed, the reference refuses {theirs:?}, {also:?}"
                ));
            }
            let warns = answer["warned"].as_bool() == Some(true);
            (warns && advised.is_empty())
                .then(|| format!("nothing is listed, and the reference warns: {}", answer["message"]))
        }
    }
}

#[test]
fn what_migrate_lists_is_what_the_reference_refuses() {
    let Some(python) = super::python() else { return };
    let mut groups: BTreeMap<(String, String), Group> = BTreeMap::new();
    for (path, text) in texts() {
        let mut sources = Sources::new();
        let file = sources.add(&path, text.clone()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let from = match header_release(&sources, file) {
            Some((version, _)) => version,
            None => Version::from_name(FROM).unwrap_or_else(|e| panic!("{e}")),
        };
        for to in later(from) {
            let key = (from.to_string(), to.to_string());
            groups.entry(key).or_insert((from, to, Vec::new())).2.push((path.clone(), text.clone()));
        }
    }
    let all: Vec<Migrated> =
        groups.values().flat_map(|(from, to, files)| migrated(*from, *to, files)).collect();
    assert!(all.len() > 1000, "only {} runs", all.len());
    let pairs: Vec<(Version, &str)> = all.iter().map(|m| (m.to, m.text.as_str())).collect();
    let mut wrong = Vec::new();
    for (migrated, answer) in all.iter().zip(answers(&python, &pairs, false)) {
        if let Some(what) = difference(migrated, &answer) {
            let Migrated { name, from, to, text, .. } = migrated;
            wrong.push(format!("{name} from {from} to {to}: {what}:\n{text}"));
        }
    }
    let left = all.iter().filter(|migrated| !migrated.refused.is_empty()).count();
    assert!(left > 50, "only {left} runs leave something");
    assert!(wrong.is_empty(), "{} of {} runs differ:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}
