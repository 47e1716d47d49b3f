//! The advice about boot configurations, applied to its fixtures: the finding is gone, and no new error appears.

use super::{FILLED_IN, Why, boot_files, diff, edited, root};
use ks_lint::catalogue;
use ks_lint::fix::{Wanted, apply};
use ks_lint::lint::FileReport;
use node_base::diagnostic::{Category, Code, Finding, Severity};
use node_base::source::{FileId, line_at};
use std::collections::{BTreeMap, BTreeSet};

/// The codes of whose findings none has an edit.
const BY_A_PERSON: &[(&str, Why)] = &[
    ("BOOT005", Why::Choice),
    ("BOOT009", Why::Choice),
    ("BOOT012", Why::Choice),
    ("BOOT014", Why::Unknown),
    ("BOOT016", Why::Choice),
    ("BOOT017", Why::Remark),
    ("BOOT018", Why::Work),
    ("BOOT019", Why::Unknown),
    ("BOOT020", Why::Unknown),
    ("BOOT021", Why::Unknown),
    ("BOOT024", Why::Choice),
    ("BOOT027", Why::Work),
    ("BOOT028", Why::Remark),
    ("BOOT030", Why::Choice),
    ("BOOT031", Why::Choice),
    ("BOOT033", Why::Remark),
    ("BOOT034", Why::Work),
    ("BOOT035", Why::Work),
    ("BOOT036", Why::Unknown),
    ("BOOT037", Why::Remark),
    ("BOOT038", Why::Work),
];

/// Errors that a fixture has all along, and that show when another one is fixed.
const UNCOVERED: &[(&str, &str)] = &[
    // The words of a line that is skipped are read once its directive is spelt right.
    ("boot/pxelinux/misspelt.cfg", "BOOT001"),
    ("boot/pxelinux/misspelt.cfg", "BOOT006"),
    ("boot/pxelinux/misspelt.cfg", "BOOT020"),
    // The value of an option without the prefix is not looked at.
    ("boot/pxelinux/other-installers.cfg", "BOOT006"),
];

/// What is written for the words of a help that a person fills in.
const WORDS: &[(&str, &str)] = &[
    ("https://SERVER/PATH", "https://192.0.2.5/node.ks"),
    ("https://SERVER/TREE", "https://192.0.2.5/tree"),
    ("http://SERVER/TREE", "http://192.0.2.5/tree"),
    ("https://SERVER/PATH.rpm", "https://192.0.2.5/driver.rpm"),
    ("nameserver=ADDRESS", "nameserver=192.0.2.53"),
    ("=ID", "=ovirt-node"),
    ("linux PATH", "linux /vmlinuz"),
    ("initrd PATH", "initrd /initrd.img"),
    (":…", "::192.0.2.1:64:node1:eno1:none"),
];

/// The text after the help of a finding was done; `None` where its words are not a change.
fn helped(report: &FileReport, finding: &Finding) -> Option<String> {
    let text = report.sources.get(FileId(0)).text();
    let mut help = finding.help.clone()?;
    for (name, value) in FILLED_IN.iter().chain(WORDS) {
        help = help.replace(name, value);
    }
    let span = finding.span.filter(|span| span.file == FileId(0))?;
    let (start, end) = (span.start as usize, span.end as usize);
    let replace = |start: usize, end: usize, new: &str| Some([&text[..start], new, &text[end..]].concat());
    let written = &text[start..end];
    // Of a word with a value, the name alone is meant where the help has no value.
    let name_end = |new: &str| {
        let has_value = new.trim_end_matches('=').contains('=');
        let whole = text[end..].find(char::is_whitespace).map_or(text.len(), |at| end + at);
        match written.find('=') {
            Some(at) if !has_value => start + at + usize::from(new.ends_with('=')),
            None if has_value && text[end..].starts_with('=') => whole,
            _ => end,
        }
    };
    if let Some(meant) = help.strip_prefix("did you mean '").and_then(|rest| rest.strip_suffix("'?")) {
        return replace(start, name_end(meant), meant);
    }
    if let Some(word) = first_word(&help, "write ") {
        if word.starts_with("#!") {
            return Some(format!("{word}\n{}", text.trim_start_matches('\u{feff}').trim_start()));
        }
        return replace(start, name_end(word), word);
    }
    if help.starts_with("leave it out") {
        return replace(start, end, "");
    }
    if let Some(word) = first_word(&help, "remove ").filter(|word| text.contains(*word)) {
        let at = text.find(word)?;
        return replace(at, at + word.len(), "");
    }
    if help.starts_with("put the word in quotes") {
        let from = text[..start].rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let to = text[end..].find(char::is_whitespace).map_or(text.len(), |at| end + at);
        return replace(from, to, &format!("\"{}\"", &text[from..to]));
    }
    if let Some(rest) = help.strip_prefix("add a line ") {
        let line = rest.split([',', ';']).next()?;
        let (_, whole) = line_at(text, start);
        return replace(whole.end, whole.end, &format!("{line}\n"));
    }
    let word = first_word(&help, "add ")?;
    let at = end_of_command_line(text, start)?;
    replace(at, at, &format!(" {word}"))
}

/// The word after a verb at the beginning of a help, if it is one of a configuration.
fn first_word<'h>(help: &'h str, verb: &str) -> Option<&'h str> {
    let word = help.strip_prefix(verb)?.split(' ').next()?.trim_end_matches([',', ';']);
    (word.contains(['=', '.', '!', ':']) && !word.starts_with('\'')).then_some(word)
}

/// Where a word is added to the command line that byte `start` is in, or to that of the entry that begins there.
fn end_of_command_line(text: &str, start: usize) -> Option<usize> {
    let words: &[&str] = if text.starts_with("#!") {
        &["kernel"]
    } else {
        &["append", "linux", "linuxefi", "linux16", "options"]
    };
    let mut at = line_at(text, start).1.start;
    let mut first = None;
    while at < text.len() {
        let (content, whole) = line_at(text, at);
        let line = &text[content.clone()];
        first.get_or_insert(content.end);
        let word = line.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        if words.contains(&word.as_str()) {
            return Some(content.start + line.trim_end_matches(['\\', ' ']).len());
        }
        at = whole.end;
    }
    // A command line alone.
    first
}

fn errors(report: &FileReport) -> BTreeMap<&'static str, usize> {
    let mut errors = BTreeMap::new();
    for finding in report.findings.iter().filter(|f| f.severity == Severity::Error) {
        *errors.entry(finding.code.id).or_default() += 1;
    }
    errors
}

/// How often the same is found.
fn count(report: &FileReport, finding: &Finding) -> usize {
    report.findings.iter().filter(|f| f.code == finding.code && f.message == finding.message).count()
}

/// All fixes together: no new error, a second run changes nothing, and safe ones leave fewer findings.
#[test]
fn fixes_of_boot_configurations_are_done_at_once() {
    let mut changed = 0;
    for path in boot_files::all() {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let name = path.display();
        let check = |text: String| Ok::<_, ()>(boot_files::check_text(&path, text));
        let before = boot_files::check_text(&path, text.clone());
        for wanted in [Wanted::Safe, Wanted::Unsafe] {
            let fixed =
                apply(boot_files::check_text(&path, text.clone()), wanted, check).expect("it is small");
            let count = |report: &FileReport| errors(report).values().sum::<usize>();
            let is_covered = UNCOVERED.iter().any(|(path, _)| name.to_string().ends_with(path));
            assert!(is_covered || count(&fixed.report) <= count(&before), "{name}:\n{}", fixed.text());
            if wanted == Wanted::Safe && !fixed.applied.is_empty() {
                assert!(fixed.report.findings.len() < before.findings.len(), "{name}:\n{}", fixed.text());
            }
            let again = apply(boot_files::check_text(&path, fixed.text().to_owned()), wanted, check);
            assert_eq!(again.expect("it is small").text(), fixed.text(), "{name}: a second run changes more");
            changed += usize::from(fixed.text() != text);
        }
    }
    assert!(changed > 20, "only {changed} fixtures have a fix");
}

#[test]
fn what_is_advised_about_boot_configurations_helps() {
    let mut with_edit: BTreeSet<&str> = BTreeSet::new();
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    let mut wrong = Vec::new();
    for path in boot_files::all() {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let name = path.strip_prefix(root()).expect("a fixture is below fixtures/").display().to_string();
        let before = boot_files::check_text(&path, text.clone());
        for finding in before.findings.iter().filter(|f| f.code.category == Category::Boot) {
            let help = finding.help.as_deref().unwrap_or("no help");
            seen.entry(finding.code.id).or_insert_with(|| format!("{name}: {}: {help}", finding.message));
            if finding.fix.is_some() {
                with_edit.insert(finding.code.id);
            }
            let Some(new) = edited(&before, finding).or_else(|| helped(&before, finding)) else { continue };
            let after = boot_files::check_text(&path, new.clone());
            let (old, now) = (errors(&before), errors(&after));
            let is_new = |(code, n): &(&&str, &usize)| {
                old.get(**code).unwrap_or(&0) < *n && !UNCOVERED.contains(&(name.as_str(), **code))
            };
            let more: Vec<_> = now.iter().filter(is_new).collect();
            if !more.is_empty() || count(&after, finding) >= count(&before, finding) {
                let said: Vec<_> =
                    after.findings.iter().map(|f| format!("{}: {}", f.code.id, f.message)).collect();
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
    let is_of_boot = |code: &&&Code| code.category == Category::Boot;
    for code in catalogue::codes().iter().filter(is_of_boot) {
        let by_a_person = BY_A_PERSON.iter().find(|(id, _)| *id == code.id);
        match (with_edit.contains(code.id), by_a_person) {
            (true, None) | (false, Some(_)) => {}
            (true, Some((_, why))) => {
                wrong.push(format!("{}: has an edit, and is listed as {why:?}", code.id))
            }
            (false, None) => {
                let example = seen.get(code.id).map_or("no fixture shows it", String::as_str);
                wrong.push(format!(
                    "{} ({}): has no edit in a fixture, and is not listed: {example}",
                    code.id, code.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} findings whose advice does not help:\n{}", wrong.len(), wrong.join("\n"));
}
