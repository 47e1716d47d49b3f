//! What a finding advises, done to its kickstart: the findings of every fixture are fixed one at a time, by the edit that
//! they carry or by the words of their help, and no new error may come of it.
//!
//! Words of a help that a person fills in (`DISK`, `https://…`) are filled in from [`FILLED_IN`]. A finding says what to write as
//! an edit of declared safety; the codes that have none are in [`BY_A_PERSON`], with the reason.

#![allow(clippy::expect_used, clippy::panic)] // a test that cannot be set up has failed

use kickstart::{Version, vocabulary};
use ks_lint::catalogue;
use ks_lint::lint::FileReport;
use node_base::diagnostic::{Applicability, Category, Code, Finding, Severity};
use node_base::source::{FileId, line_at};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[path = "helps/boot.rs"]
mod boot;
#[allow(dead_code)] // only the text of a fixture is needed here
#[path = "fixtures/boot_files.rs"]
mod boot_files;
#[allow(dead_code)] // only the text of a fixture and its settings are needed here
#[path = "fixtures/kickstarts.rs"]
mod kickstarts;

/// The directory of all fixtures.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Why a help cannot be done to the text by a program.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Why {
    /// There are several ways, and the kickstart does not say which one is meant.
    Choice,
    /// What is right is known outside of the kickstart only: a size, an address, a password, a certificate.
    Unknown,
    /// Work on more than the lines of the finding: a script, a restructured layout, another file.
    Work,
    /// Nothing is wrong: it says what is not checked, or what happens.
    Remark,
    /// It is about the command line of the kernel, not about the kickstart.
    NoKickstart,
}

/// The codes of whose findings none has an edit.
const BY_A_PERSON: &[(&str, Why)] = &[
    ("KS005", Why::Choice),
    ("KS009", Why::Choice),
    ("KS012", Why::Unknown),
    ("KS014", Why::Choice),
    ("KS015", Why::Unknown),
    ("KS017", Why::Choice),
    ("KS018", Why::Choice),
    ("KS020", Why::Choice),
    ("KS025", Why::Unknown),
    ("KS026", Why::Work),
    ("KS028", Why::Choice),
    ("KS029", Why::Unknown),
    ("KS031", Why::Choice),
    ("KS033", Why::Unknown),
    ("KS035", Why::Remark),
    ("STO001", Why::Choice),
    ("STO002", Why::Choice),
    ("STO003", Why::Choice),
    ("STO004", Why::Choice),
    ("STO005", Why::Choice),
    ("STO006", Why::Choice),
    ("STO007", Why::Choice),
    ("STO011", Why::Choice),
    ("STO012", Why::Unknown),
    ("STO013", Why::Unknown),
    ("STO014", Why::Choice),
    ("STO015", Why::Choice),
    ("STO018", Why::Choice),
    ("STO020", Why::Unknown),
    ("STO022", Why::Choice),
    ("STO023", Why::Unknown),
    ("STO026", Why::Unknown),
    ("STO027", Why::Unknown),
    ("STO028", Why::Work),
    ("STO034", Why::Choice),
    ("STO035", Why::Remark),
    ("STO036", Why::Remark),
    ("UNA001", Why::Choice),
    ("NODE012", Why::Choice),
    ("NODE023", Why::Work),
    ("NODE025", Why::Choice),
    ("NODE026", Why::Unknown),
    ("NODE027", Why::Unknown),
    ("NODE030", Why::Remark),
    ("NODE031", Why::Work),
    ("NODE032", Why::Work),
    ("NODE033", Why::Work),
    ("NODE105", Why::Unknown),
    ("NODE106", Why::Unknown),
    ("NODE109", Why::NoKickstart),
    ("UNA009", Why::Work),
    ("UNA016", Why::Unknown),
    ("UNA018", Why::Choice),
    ("UNA019", Why::Choice),
    ("UNA043", Why::Work),
    ("UNA047", Why::Work),
    ("UNA044", Why::Work),
    ("UNA045", Why::Work),
    ("SEC003", Why::Unknown),
    ("SEC004", Why::Work),
    ("SEC008", Why::Unknown),
    ("SEC009", Why::Unknown),
    ("SEC010", Why::Work),
    ("SEC011", Why::Work),
    ("SEC012", Why::Work),
    ("SEC013", Why::Unknown),
    ("STY001", Why::Unknown),
    ("STY005", Why::Remark),
    ("STY006", Why::Work),
    ("STY007", Why::Work),
    ("STY011", Why::Choice),
    ("STY012", Why::Remark),
    ("STY013", Why::Choice),
    ("STY016", Why::Work),
    ("STY017", Why::Choice),
    ("STY023", Why::Work),
];

/// Errors that a fixture has all along, and that show when another one is fixed.
const UNCOVERED: &[(&str, &str)] = &[
    // Two lines 'layout' differ once the option of one of them is spelt right.
    ("addon/unknown-word/misspelt.ks", "NODE103"),
];

/// What is written for the words of a help that a person fills in.
const FILLED_IN: &[(&str, &str)] = &[
    ("DISK", "sda"),
    (
        "HASH",
        "$6$rounds=4096$abcdefgh$KM6lSpoBRQmNJTzK8LHuLKoKBvRrH9tbWFMmbqIuYPdyQyGuKZpzqV5NsSYOYxqoWQ8nTzNJqTzAXnvyeF4iM1",
    ),
    ("ADDRESS", "192.0.2.10"),
    ("NETMASK", "255.255.255.0"),
    ("--size=SIZE", "--size=1024"),
    ("--size=MiB", "--size=1024"),
    ("--url=…", "--url=https://deploy.example.org/image"),
    ("--url=https://…", "--url=https://deploy.example.org/image"),
    ("--checksum=SHA256", "--checksum=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    ("--checksum=…", "--checksum=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    ("--passphrase=…", "--passphrase=correct-horse"),
];

/// What a help says to write: options, or whole lines.
fn written(help: &str, version: Version) -> Option<String> {
    const VERBS: &[&str] = &["choose with ", "write instead: ", "write\n", "write ", "add: ", "add ", "use "];
    const ENDS: &[&str] = &[", or ", " or ", " and ", ", ", "; ", " instead", " (", " for ", " to ", "\n\n"];
    let mut filled_in = help.to_owned();
    for (name, value) in FILLED_IN {
        filled_in = filled_in.replace(name, value);
    }
    let verbs = VERBS.iter().flat_map(|verb| filled_in.match_indices(verb));
    verbs.map(|(at, verb)| &filled_in[at + verb.len()..]).find_map(|after| {
        let words = match after.strip_prefix('\'') {
            Some(quoted) => &quoted[..quoted.find('\'')?],
            None => &after[..ENDS.iter().filter_map(|end| after.find(end)).min().unwrap_or(after.len())],
        };
        let first = words.split_whitespace().next()?;
        let is_known =
            first.starts_with("--") || first == "%packages" || vocabulary::command(first, version).is_some();
        (is_known && !words.contains('…')).then(|| words.to_owned())
    })
}

/// The one word that a help says to write for the word of the finding.
fn word(help: &str) -> Option<&str> {
    let word = help.strip_prefix("write '")?.strip_suffix('\'')?;
    (!word.contains(' ') && !word.starts_with("--")).then_some(word)
}

/// The text after the help of a finding was done; `None` where its words are not lines or options.
fn helped(report: &FileReport, finding: &Finding) -> Option<String> {
    let text = report.sources.get(FileId(0)).text();
    let help = finding.help.as_deref()?;
    let place = finding.span.filter(|span| span.file == FileId(0));
    let line = place.map(|span| line_at(text, span.start as usize).0);
    let old = line.clone().map_or("", |line| &text[line]);
    let replace = |new: &str| line.clone().map(|line| [&text[..line.start], new, &text[line.end..]].concat());
    if let Some(option) = help.strip_prefix("leave out ").or_else(|| help.strip_prefix("leave ")) {
        let name = option.trim_start_matches('\'').split(['\'', ' ', ':']).next()?;
        let left = old.split(' ').filter(|word| word.split('=').next() != Some(name));
        return if name.starts_with("--") { replace(&left.collect::<Vec<_>>().join(" ")) } else { None };
    }
    if let (Some(meant), Some(span)) =
        (help.strip_prefix("did you mean ").and_then(|rest| rest.strip_suffix('?')), place)
    {
        let meant = meant.trim_start_matches(": ").trim_matches('\'');
        let written = &text[span.range()];
        // Of an option with a value only the name is misspelt.
        let end = written.find('=').filter(|_| !meant.contains('=')).unwrap_or(written.len());
        return Some([&text[..span.start as usize], meant, &text[span.start as usize + end..]].concat());
    }
    if let (Some(word), Some(span)) = (word(help), place) {
        return Some([&text[..span.start as usize], word, &text[span.end as usize..]].concat());
    }
    if ["remove the line", "delete the line", "remove the command"]
        .iter()
        .any(|words| help.starts_with(words))
    {
        return replace("");
    }
    if help.starts_with("when ") {
        return None; // after another finding is fixed
    }
    let words = written(help, report.syntax.value)?;
    let named = help.split_once(" to the ").and_then(|(_, rest)| rest.strip_suffix(" line"));
    let (line, old) = match named {
        None => (line, old),
        Some(command) => {
            let at = text.find(&format!("\n{command} "))? + 1;
            let line = line_at(text, at).0;
            (Some(line.clone()), &text[line])
        }
    };
    let replace = |new: &str| line.clone().map(|line| [&text[..line.start], new, &text[line.end..]].concat());
    if words.starts_with("--") {
        let mut new = old.to_owned();
        for option in split(&words) {
            let name = option.split('=').next().unwrap_or_default();
            match split(old).into_iter().find(|word| word.split('=').next() == Some(name)) {
                Some(word) => new = new.replace(word, option),
                None => new = format!("{new} {option}"),
            }
        }
        return replace(&new);
    }
    if words == "%packages" {
        return Some(format!("{text}\n%packages\n%end\n"));
    }
    let target = |line: &str| {
        let words: Vec<&str> =
            line.split_whitespace().take(2).map(|word| word.split('=').next().unwrap_or_default()).collect();
        words.join(" ")
    };
    match &line {
        Some(_) if help.contains("instead of this line") => replace(&words),
        Some(_)
            if target(old) == target(&words) || old.split(' ').count() == 1 && old.starts_with(&words) =>
        {
            replace(&words)
        }
        Some(line) if !old.starts_with('%') => {
            Some([&text[..line.start], &words, "\n", &text[line.start..]].concat())
        }
        _ => {
            let at = text.lines().take_while(|line| line.starts_with('#')).map(|line| line.len() + 1).sum();
            Some([&text[..at], &words, "\n", &text[at..]].concat())
        }
    }
}

/// The words of a line; blanks in double quotes are part of a word.
fn split(line: &str) -> Vec<&str> {
    let mut inside = false;
    let ends = |c: char| {
        inside ^= c == '"';
        c == ' ' && !inside
    };
    line.split(ends).filter(|word| !word.is_empty()).collect()
}

/// The text after the edits of a finding.
fn edited(report: &FileReport, finding: &Finding) -> Option<String> {
    let fix = finding.fix.as_ref()?;
    let is_here = fix.edits.iter().all(|edit| edit.span.file == FileId(0));
    if fix.applicability == Applicability::Placeholder || !is_here {
        return None;
    }
    let mut text = report.sources.get(FileId(0)).text().to_owned();
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    for edit in edits {
        text.replace_range(edit.span.range(), &edit.replacement);
    }
    Some(text)
}

/// How many errors there are of each code, without those that could not be seen in `before`: a line that is refused hides
/// what the rules find, and without a partitioning nothing is planned. Of what stops the installer's partitioning only the
/// first is seen.
fn errors(report: &FileReport, before: &FileReport) -> BTreeMap<&'static str, usize> {
    let is_refused = is_refused(before);
    let is_planned = before.findings.iter().all(|f| f.code.id != "UNA001");
    let mut errors = BTreeMap::new();
    for finding in report.findings.iter().filter(|f| f.severity == Severity::Error) {
        let (id, is_seen) = match finding.code.category {
            Category::Syntax => (finding.code.id, true),
            Category::Storage => ("STO", is_planned && !is_refused),
            _ => (finding.code.id, !is_refused),
        };
        if is_seen {
            *errors.entry(id).or_default() += 1;
        }
    }
    errors
}

fn is_refused(report: &FileReport) -> bool {
    report.findings.iter().any(|f| f.code.category == Category::Syntax && f.severity == Severity::Error)
}

#[test]
fn what_every_finding_advises_makes_no_new_error() {
    let mut with_edit: BTreeSet<&str> = BTreeSet::new();
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    let mut wrong = Vec::new();
    for path in kickstarts::all() {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let name = path.strip_prefix(root()).expect("a fixture is below fixtures/").display().to_string();
        let before = kickstarts::check_text(&path, text.clone());
        for finding in &before.findings {
            let help = finding.help.as_deref().unwrap_or("no help");
            if finding.fix.is_some() {
                with_edit.insert(finding.code.id);
            }
            let Some(new) = edited(&before, finding).or_else(|| helped(&before, finding)) else {
                seen.entry(finding.code.id).or_insert_with(|| format!("{name}: {}: {help}", finding.message));
                continue;
            };
            seen.entry(finding.code.id).or_insert_with(|| format!("{name}: {}: {help}", finding.message));
            let after = kickstarts::check_text(&path, new.clone());
            let (old, now) = (errors(&before, &before), errors(&after, &before));
            let more: Vec<_> = now
                .iter()
                .filter(|(code, n)| old.get(*code).unwrap_or(&0) < n && !UNCOVERED.contains(&(&name, code)))
                .collect();
            if !more.is_empty() {
                let said: Vec<_> = after
                    .findings
                    .iter()
                    .filter(|f| more.iter().any(|(c, _)| f.code.id.starts_with(**c)))
                    .map(|f| format!("{}: {}", f.code.id, f.message))
                    .collect();
                wrong.push(format!(
                    "{name}: {}: {}\n  help: {help}\n  then: {}\n{}",
                    finding.code.id,
                    finding.message,
                    said.join("\n        "),
                    diff(&text, &new)
                ));
            }
        }
    }
    // What is found in boot configurations is in boot.rs; what is found on machines has no text to change.
    let is_of_kickstart = |code: &&&Code| !matches!(code.category, Category::Boot | Category::Layout);
    for code in catalogue::codes().iter().filter(is_of_kickstart) {
        let by_a_person = BY_A_PERSON.iter().find(|(id, _)| *id == code.id);
        match (with_edit.contains(code.id), by_a_person) {
            (true, None) | (false, Some(_)) => {}
            (true, Some((_, why))) => {
                wrong.push(format!("{}: has an edit, and is listed as {why:?}", code.id))
            }
            (false, None) => {
                let example =
                    seen.get(code.id).map_or("no kickstart of the fixtures shows it", String::as_str);
                wrong.push(format!(
                    "{} ({}): has no edit in a fixture, and is not listed: {example}",
                    code.id, code.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} findings whose advice does not help:\n{}", wrong.len(), wrong.join("\n"));
}

/// The lines that differ.
fn diff(old: &str, new: &str) -> String {
    let had: BTreeSet<&str> = old.lines().collect();
    let has: BTreeSet<&str> = new.lines().collect();
    let gone = old.lines().filter(|line| !has.contains(line)).map(|line| format!("  - {line}"));
    gone.chain(new.lines().filter(|line| !had.contains(line)).map(|line| format!("  + {line}")))
        .collect::<Vec<_>>()
        .join("\n")
}
