//! Waivers for everything that is found in a file: for a site that begins to check.

use crate::lint::{FileReport, can_be_waived};
use kickstart::syntax::{LineKind, Scanner};
use node_base::source::{FileId, line_end_at};
use std::collections::{BTreeMap, BTreeSet};

/// A text with the waivers added, and how many findings they cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    /// The text.
    pub text: String,
    /// The findings that are waived.
    pub findings: usize,
}

/// Adds waivers with this reason for the findings of a report: above the command or the section of each, and for the file where
/// there is neither. Errors of syntax, and findings in included files, are left.
pub fn waive(report: &FileReport, reason: &str) -> Waived {
    let source = report.sources.get(FileId(0));
    let text = source.text();
    let mut findings = 0;
    // The offsets of lines, each with the codes that are waived above it.
    let mut above: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    let mut in_file: BTreeSet<&str> = BTreeSet::new();
    if !report.is_template {
        let lines = Targets::of(report);
        for finding in report.findings.iter().filter(|finding| can_be_waived(finding)) {
            let target = match finding.span {
                None => None,
                Some(span) if span.file != FileId(0) => continue,
                Some(span) => lines.target(source.lines().line(span.start as usize)),
            };
            findings += 1;
            match target {
                Some(at) => above.entry(at).or_default().insert(finding.code.id),
                None => in_file.insert(finding.code.id),
            };
        }
    }
    let end = line_end_at(text, 0);
    let line = |word: &str, codes: &BTreeSet<&str>| {
        let codes: Vec<&str> = codes.iter().copied().collect();
        format!("# ks-lint: {word} {} -- {reason}{end}", codes.join(", "))
    };
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    if !in_file.is_empty() {
        // The header stays the first line.
        if text.starts_with("#version=") {
            at = source.lines().range(1, text).map_or(0, |range| range.end);
            new.push_str(&text[..at]);
            if !new.ends_with(node_base::source::is_line_end) {
                new.push_str(end);
            }
        }
        new.push_str(&line("waive-file", &in_file));
    }
    for (target, codes) in &above {
        new.push_str(&text[at..*target]);
        new.push_str(&line("waive", codes));
        at = *target;
    }
    new.push_str(&text[at..]);
    Waived { text: new, findings }
}

/// Where a waiver for each line is written.
struct Targets(Vec<Option<usize>>);

impl Targets {
    fn of(report: &FileReport) -> Targets {
        let source = report.sources.get(FileId(0));
        let mut scanner = Scanner::new(source.text(), source.lines());
        let mut words = Vec::new();
        let mut targets = Vec::new();
        let mut header = None;
        while let Some(line) = scanner.next_line(&mut words) {
            let start = line.start as usize;
            targets.push(match line.kind {
                LineKind::Words => Some(start),
                LineKind::Header => {
                    header = Some(start);
                    header
                }
                LineKind::Content | LineKind::ContentInclude | LineKind::End => header,
                LineKind::Blank | LineKind::Comment => None,
            });
        }
        Targets(targets)
    }

    /// The offset of the line above which a waiver for this line (from 1) is written; `None` where only the file will do.
    fn target(&self, line: u32) -> Option<usize> {
        self.0.get((line as usize).checked_sub(1)?).copied().flatten()
    }
}
