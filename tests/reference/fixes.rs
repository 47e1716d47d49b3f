//! Safe fixes held against the reference: its verdict never gets worse, what it makes of a text stays but for what was fixed, and
//! no word changes outside of the edits.

use super::{answers, generated};
use crate::kickstarts::texts;
use kickstart::Version;
use ks_lint::fix::{Fixed, Wanted, apply};
use ks_lint::lint::{Chosen, FileReport, Settings, lint};
use node_base::diagnostic::{Applicability, Finding};
use node_base::source::{FileId, Sources};
use similar::DiffOp;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Random documents of one run; more of them: KS_LINT_DOCUMENTS.
const DOCUMENTS: &str = "300";

/// Codes whose safe fixes change what the reference makes of a kickstart that it accepts, each with the beginning of the fix's title
/// and the reason why the installation is what was meant.
const MADE_DIFFERENTLY: &[(&str, &str, &str)] = &[
    ("KS019", "write a timesource line", "a setting moves from one command to another"),
    ("STY021", "", "the reference keeps the text of the add-on's section, and a waiver there is removed"),
    ("NODE102", "", "the reference keeps the text of the add-on's section"),
    ("NODE103", "", "the reference keeps the text of the add-on's section"),
    ("NODE108", "", "the reference keeps the text of the add-on's section"),
    ("NODE015", "", "a pool that its volumes do not fit into would stop the installation"),
    ("NODE021", "", "the profile of ovirt-node makes thin volumes, which is now written"),
    (
        "NODE024",
        "",
        "a failure of what makes the layout stops the installation, and is not found at the first boot",
    ),
    ("UNA040", "", "the reference keeps the carriage returns of a script"),
];

/// A text to fix.
struct Document {
    name: String,
    text: String,
    /// Of a random document; a file names its own.
    version: Option<Version>,
}

fn documents(python: &Path) -> Vec<Document> {
    let count = std::env::var("KS_LINT_DOCUMENTS").unwrap_or_else(|_| DOCUMENTS.to_owned());
    let files = texts().into_iter().map(|(path, text)| Document {
        name: path.display().to_string(),
        text,
        version: None,
    });
    let random = generated(python, "fixes", &count).into_iter().map(|record| {
        let version = record["version"].as_str().unwrap_or_default();
        Document {
            name: format!("document {} as {version}", record["number"]),
            text: record["text"].as_str().unwrap_or_default().to_owned(),
            version: Some(Version::from_name(version).unwrap_or_else(|e| panic!("{e}"))),
        }
    });
    files.chain(random).collect()
}

fn check(document: &Document, text: String) -> FileReport {
    let mut sources = Sources::new();
    let file = sources.add("x.ks", text).unwrap_or_else(|e| panic!("{}: {e}", document.name));
    let syntax = document.version.map(|version| Chosen::new(version, "the document is made for it"));
    lint(sources, file, &Settings { syntax, ..Settings::default() })
}

/// The edits of safe fixes that were there to apply, in any round: the words that they touch, and what they write.
#[derive(Default)]
struct Edits {
    touched: BTreeSet<String>,
    written: Vec<String>,
}

impl Edits {
    fn add(&mut self, report: &FileReport) {
        let text = report.sources.get(FileId(0)).text();
        let is_safe =
            |f: &&Finding| f.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe);
        let edits =
            report.findings.iter().filter(is_safe).flat_map(|f| f.fix.iter().flat_map(|fix| &fix.edits));
        for edit in edits.filter(|edit| edit.span.file == FileId(0)) {
            let range = edit.span.range();
            let touched = words(text)
                .into_iter()
                .filter(|(start, word)| *start <= range.end && range.start <= start + word.len());
            self.touched.extend(touched.map(|(_, word)| word.to_owned()));
            self.written.push(edit.replacement.clone());
        }
    }

    /// Whether one of the edits can have written this word: it is part of what was written, or the other way round.
    fn can_write(&self, word: &str) -> bool {
        self.written.iter().any(|written| written.contains(word) || !written.is_empty() && word.contains(written))
            // What is left of a word that was cut.
            || self.touched.iter().any(|touched| touched.contains(word))
    }
}

/// The words of a text between blanks and before comments, each with its offset.
fn words(text: &str) -> Vec<(usize, &str)> {
    let words = text.split_whitespace().flat_map(|word| {
        let (before, comment) = word.split_at(word.find('#').unwrap_or(word.len()));
        [before, comment].into_iter().filter(|part| !part.is_empty())
    });
    words.map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word)).collect()
}

/// Words that changed although no edit is about them.
fn stray(before: &str, after: &str, edits: &Edits) -> Vec<String> {
    let (old, new) = (words(before), words(after));
    let text = |words: &[(usize, &str)]| words.iter().map(|(_, word)| (*word).to_owned()).collect::<Vec<_>>();
    let mut stray = Vec::new();
    for op in similar::capture_diff_slices(similar::Algorithm::Myers, &text(&old), &text(&new)) {
        if let DiffOp::Equal { .. } = op {
            continue;
        }
        let gone = old[op.old_range()].iter().filter(|(_, word)| !edits.touched.contains(*word));
        let come = new[op.new_range()].iter().filter(|(_, word)| !edits.can_write(word));
        stray.extend(gone.map(|(_, word)| format!("- {word}")));
        stray.extend(come.map(|(_, word)| format!("+ {word}")));
    }
    stray
}

/// How bad an answer of the reference is.
fn rank(answer: &serde_json::Value) -> u32 {
    match (answer["verdict"].as_str().unwrap_or_default(), answer["warned"].as_bool()) {
        ("accepted", Some(false)) => 0,
        ("accepted", _) => 1,
        // Refused, or the reference itself fails.
        _ => 2,
    }
}

/// How many findings there are of each code and message.
fn counts(report: &FileReport, wanted: impl Fn(&Finding) -> bool) -> BTreeMap<(&'static str, String), usize> {
    let mut counts = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| wanted(finding)) {
        *counts.entry((finding.code.id, finding.message.clone())).or_default() += 1;
    }
    counts
}

/// What must hold of one text after its fixes, without the reference.
fn fixed(document: &Document, wrong: &mut Vec<String>) -> (FileReport, Fixed) {
    let before = check(document, document.text.clone());
    let edits = RefCell::new(Edits::default());
    edits.borrow_mut().add(&before);
    let fixed = apply(check(document, document.text.clone()), Wanted::Safe, |text| {
        let report = check(document, text);
        edits.borrow_mut().add(&report);
        Ok::<_, ()>(report)
    });
    let fixed = fixed.unwrap_or_else(|()| panic!("{}: no text is refused", document.name));
    let mut complain = |what: String| wrong.push(format!("{}: {what}", document.name));
    let stray = stray(&document.text, fixed.text(), &edits.borrow());
    if !stray.is_empty() {
        complain(format!("words change that no fix is about: {stray:?}"));
    }
    let again = apply(check(document, fixed.text().to_owned()), Wanted::Safe, |text| {
        Ok::<_, ()>(check(document, text))
    });
    if again.is_ok_and(|again| again.text() != fixed.text()) {
        complain("a second run changes more".to_owned());
    }
    // What was fixed is gone: all findings that had a safe fix. What a line that is refused has hidden may come to light.
    if before.refusal().is_none() {
        let is_fixable =
            |f: &Finding| f.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe);
        let (old, left) = (counts(&before, |_| true), counts(&fixed.report, |_| true));
        for (key, count) in counts(&before, is_fixable) {
            let (old, left) = (old.get(&key).copied().unwrap_or(0), left.get(&key).copied().unwrap_or(0));
            if left + count > old {
                complain(format!("of {old} findings {key:?}, {count} with a safe fix, {left} are left"));
            }
        }
    }
    (before, fixed)
}

#[test]
fn safe_fixes_change_what_they_fix_and_nothing_else() {
    let Some(python) = super::python() else { return };
    let mut wrong = Vec::new();
    let mut changed: Vec<(Document, Version, Fixed)> = Vec::new();
    for document in documents(&python) {
        let (before, fixed) = fixed(&document, &mut wrong);
        if fixed.text() != document.text {
            changed.push((document, before.syntax.value, fixed));
        }
    }
    assert!(changed.len() > 60, "only {} texts have a safe fix", changed.len());
    let pairs: Vec<(Version, &str)> = changed
        .iter()
        .flat_map(|(document, version, fixed)| {
            [(*version, document.text.as_str()), (fixed.report.syntax.value, fixed.text())]
        })
        .collect();
    let answers = answers(&python, &pairs, true);
    for ((document, _, fixed), pair) in changed.iter().zip(answers.chunks(2)) {
        let codes: BTreeSet<&str> = fixed.applied.iter().map(|applied| applied.code.id).collect();
        if rank(&pair[1]) > rank(&pair[0]) {
            wrong.push(format!(
                "{}: after the fixes of {codes:?} the reference says {} {} {}, and not {} {} {}:\n{}",
                document.name,
                pair[1]["verdict"],
                pair[1]["line"],
                pair[1]["message"],
                pair[0]["verdict"],
                pair[0]["line"],
                pair[0]["message"],
                fixed.text()
            ));
        }
        let is_accepted = |answer: &serde_json::Value| answer["verdict"] == "accepted";
        let is_explained = fixed.applied.iter().any(|applied| {
            MADE_DIFFERENTLY
                .iter()
                .any(|(code, title, _)| applied.code.id == *code && applied.title.starts_with(title))
        });
        if is_accepted(&pair[0])
            && is_accepted(&pair[1])
            && pair[0]["made"] != pair[1]["made"]
            && !is_explained
        {
            let (old, new) =
                (pair[0]["made"].as_str().unwrap_or_default(), pair[1]["made"].as_str().unwrap_or_default());
            wrong.push(format!(
                "{}: the fixes of {codes:?} change what the reference makes of it:\n{}",
                document.name,
                similar::TextDiff::from_lines(old, new).unified_diff().context_radius(0)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} texts:\n{}", wrong.len(), changed.len(), wrong.join("\n"));
}
