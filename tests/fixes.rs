//! What holds for every fix: it never makes an error of syntax, what it fixes is gone, and a second run changes nothing.
#![allow(clippy::expect_used, clippy::panic)] // a test that cannot be set up has failed

mod kickstarts;

use kickstarts::texts;
use ks_lint::fix::{Fixed, Wanted, apply};
use ks_lint::lint::{FileReport, Settings, lint};
use node_base::diagnostic::{Applicability, Category, Finding, Severity};
use node_base::source::{FileId, Sources, line_at};
use proptest::prelude::*;
use std::collections::HashSet;

fn check(text: String) -> Result<FileReport, ()> {
    let mut sources = Sources::new();
    let file = sources.add("x.ks", text).map_err(|_| ())?;
    Ok(lint(sources, file, &Settings::default()))
}

/// The lines that the installer refuses.
fn refused(report: &FileReport) -> usize {
    let errors = report
        .findings
        .iter()
        .filter(|f| f.code.category == Category::Syntax && f.severity == Severity::Error);
    errors.map(|f| f.span.map(|span| report.sources.position(span).line)).collect::<HashSet<_>>().len()
}

fn fixed(text: &str, wanted: Wanted) -> Fixed {
    let report = check(text.to_owned()).expect("the text is small");
    apply(report, wanted, check).expect("the text is small")
}

/// Fixes a text and states what must hold; answers with the fixed text.
fn holds(name: &str, text: &str, wanted: Wanted) -> String {
    let before = check(text.to_owned()).expect("the text is small");
    let once = fixed(text, wanted);
    assert!(refused(&once.report) <= refused(&before), "{name}: more errors of syntax:\n{}", once.text());
    let twice = fixed(once.text(), wanted);
    assert_eq!(twice.text(), once.text(), "{name}: a second run changes more: {:?}", twice.applied);
    if once.applied.is_empty() {
        assert_eq!(once.text(), text, "{name}: changed without a fix");
    }
    once.text().to_owned()
}

#[test]
fn fixes_of_every_fixture_make_no_error_and_are_done_at_once() {
    let mut changed = 0;
    for (path, text) in texts() {
        let name = path.display().to_string();
        let safe = holds(&name, &text, Wanted::Safe);
        changed += usize::from(safe != text);
        holds(&name, &text, Wanted::Unsafe);
    }
    assert!(changed > 30, "only {changed} fixtures have a safe fix");
}

/// Found by random texts: `text` was taken back in the first round, and helped once `%pakages` was a section.
#[test]
fn a_fix_that_was_taken_back_is_tried_again_when_the_text_has_changed() {
    let text = concat!(
        "part / --sise=1 --grow%end\u{85}\u{b}éLang en-us%post\nnodectl init\r\n \n%pakages\n@core\nvim git\n\n",
        "timezone --isUtc Europe/prague --ntpservers=a,b # c\n%packages --instLangs=en\n@core",
    );
    for wanted in [Wanted::Safe, Wanted::Unsafe] {
        holds("a mixed text", text, wanted);
    }
}

#[test]
fn every_edit_lies_in_its_file_and_every_safe_fix_of_the_fixtures_removes_its_finding() {
    for (path, text) in texts() {
        let report = check(text.clone()).expect("the text is small");
        if report.is_template {
            continue;
        }
        for finding in &report.findings {
            let Some(fix) = &finding.fix else { continue };
            for edit in &fix.edits {
                let source = report.sources.get(edit.span.file).text();
                assert!(source.get(edit.span.range()).is_some(), "{}: {finding:?}", path.display());
            }
            let is_here = fix.edits.iter().all(|edit| edit.span.file == FileId(0));
            if fix.applicability != Applicability::Safe || !is_here {
                continue;
            }
            let mut new = text.clone();
            let mut edits = fix.edits.clone();
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
            for edit in edits {
                new.replace_range(edit.span.range(), &edit.replacement);
            }
            // The same words may be found at another line then.
            let line = |report: &FileReport, f: &Finding| {
                f.span.map(|s| line_at(report.sources.get(s.file).text(), s.start as usize).0).map(|range| {
                    report.sources.get(FileId(0)).text().get(range).unwrap_or_default().to_owned()
                })
            };
            let here = line(&report, finding);
            let count = |report: &FileReport| {
                let same = |f: &&Finding| {
                    f.code == finding.code && f.message == finding.message && line(report, f) == here
                };
                report.findings.iter().filter(same).count()
            };
            let after = check(new.clone()).expect("the text is small");
            assert!(
                count(&after) < count(&report),
                "{}: '{}' leaves {}: {}\n{new}",
                path.display(),
                fix.title,
                finding.code.id,
                finding.message
            );
        }
    }
}

const PIECES: &[&str] = &[
    "part / --size=10G",
    "part / --sise=1 --grow",
    "\\\n --asprimary",
    "rootpw –lock x",
    "timezone --isUtc Europe/prague --ntpservers=a,b # c",
    "timezone UTC --nontp",
    "Lang en-us",
    "install",
    "auth --enableshadow",
    "network --bootproto=DHCP --noipv6=yes",
    "%pakages\n@core\nvim git\n",
    "% post\n",
    "%packages --instLangs=en\n@core",
    "%post\nnodectl init\r\n",
    "%end",
    "%end\u{85}",
    "\u{b}",
    "bootloader --md5pass=x --upgrade",
    "firewall --service=sshd,ssh",
    "\u{feff}",
    "\u{a0}keyboard us",
    "user --name=a --plaintext --password=x # ks-lint: waive SEC001, SEC002 -- a lab",
    "# ks-lint: waive SEC001 -- a lab",
    "selinux --disabled",
    "url --url=http://x/os",
    "lang en_US.UTF-8 --addsupport=“x”",
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "é",
];

const HEADERS: &[&str] = &["", "#version=RHEL8\n", "#version=RHEL9\n", "#version=RHEL10\n", "#version=F21\n"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn fixes_of_random_texts_make_no_error_and_are_done_at_once(
        header in prop::sample::select(HEADERS),
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..16),
    ) {
        let text = format!("{header}{}", pieces.concat());
        holds(&text, &text, Wanted::Safe);
        holds(&text, &text, Wanted::Unsafe);
    }
}
