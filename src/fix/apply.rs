//! Fixes applied to a text, in rounds, until none is left.
//!
//! In a round the fixes that do not overlap are applied together, in the order of the text; the others wait for the next
//! round, in which the text is checked again. Fixes that would make an error of syntax are taken back, and so are those that leave
//! as many of their findings as there were.

use crate::lint::{FileReport, is_refusal};
use node_base::diagnostic::{Applicability, Code, Edit, Fix};
use node_base::source::FileId;
use std::collections::{HashMap, HashSet};

/// Most rounds. Each one applies or takes back a fix, and most texts need two.
const MOST_ROUNDS: usize = 200;

/// Which fixes are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those that leave the installation as it was meant to be.
    Safe,
    /// Also those that change what is installed.
    Unsafe,
}

impl Wanted {
    /// Whether a fix of this applicability is applied.
    pub fn includes(self, applicability: Applicability) -> bool {
        match applicability {
            Applicability::Safe => true,
            Applicability::Unsafe => self == Wanted::Unsafe,
            Applicability::Placeholder => false,
        }
    }
}

/// A fix that was applied.
#[derive(Clone, Debug, PartialEq)]
pub struct AppliedFix {
    /// What was found.
    pub code: &'static Code,
    /// What was done about it, in the imperative.
    pub title: String,
    /// The line of the finding when it was applied, from 1; `None` for one about the whole file.
    pub line: Option<u32>,
}

/// A text after its fixes.
#[derive(Debug)]
pub struct Fixed {
    /// What is left to find in it, and the text itself as the first of its sources.
    pub report: FileReport,
    /// What was done, in order.
    pub applied: Vec<AppliedFix>,
}

impl Fixed {
    /// The text.
    pub fn text(&self) -> &str {
        self.report.sources.get(FileId(0)).text()
    }
}

/// A fix of one round.
struct Candidate {
    applied: AppliedFix,
    edits: Vec<Edit>,
}

impl Candidate {
    /// What it does, wherever it is: a fix that was taken back is not tried again until the text is another one.
    fn identity(&self, text: &str) -> String {
        let what: Vec<_> =
            self.edits.iter().map(|e| format!("{}>{}", &text[e.span.range()], e.replacement)).collect();
        format!("{} {} {}", self.applied.code.id, self.applied.title, what.join("|"))
    }
}

/// Applies the fixes of a report, and those of the texts that this makes. `lint` checks a text as the report's was checked.
///
/// # Errors
/// What `lint` answers with.
pub fn apply<E>(
    report: FileReport,
    wanted: Wanted,
    lint: impl Fn(String) -> Result<FileReport, E>,
) -> Result<Fixed, E> {
    let mut fixed = Fixed { report, applied: Vec::new() };
    let mut refused: HashSet<String> = HashSet::new();
    let mut seen: HashSet<String> = HashSet::new();
    // How many of the fixes of a round are applied together.
    let mut most = usize::MAX;
    // Whether the text has changed since a fix was taken back: that one may be right now.
    let mut may_retry = false;
    for _ in 0..MOST_ROUNDS {
        let text = fixed.text();
        let mut round = candidates(&fixed.report, wanted);
        let offered = identities(&round, text);
        round.retain(|candidate| !refused.contains(&candidate.identity(text)));
        let chosen = without_overlaps(round, most);
        if chosen.is_empty() {
            if refused.is_empty() || !may_retry {
                break;
            }
            refused.clear();
            may_retry = false;
            continue;
        }
        let new = edited(text, &chosen);
        if !seen.insert(text.to_owned()) || seen.contains(&new) {
            break; // two fixes that undo each other
        }
        let report = lint(new)?;
        let left = identities(&candidates(&report, wanted), report.sources.get(FileId(0)).text());
        let is_in_vain = |candidate: &Candidate| {
            let identity = candidate.identity(text);
            left.get(&identity).copied() >= offered.get(&identity).copied()
        };
        if refused_lines(&report) > refused_lines(&fixed.report) || chosen.iter().any(is_in_vain) {
            seen.remove(text);
            if let [only] = chosen.as_slice() {
                refused.insert(only.identity(text));
                most = usize::MAX;
            } else {
                most = chosen.len() / 2;
            }
            continue;
        }
        (most, may_retry) = (usize::MAX, true);
        fixed.applied.extend(chosen.into_iter().map(|candidate| candidate.applied));
        fixed.report = report;
    }
    Ok(fixed)
}

/// How often each fix is offered.
fn identities(candidates: &[Candidate], text: &str) -> HashMap<String, usize> {
    let mut identities = HashMap::new();
    for candidate in candidates {
        *identities.entry(candidate.identity(text)).or_default() += 1;
    }
    identities
}

/// On how many lines the installer refuses the kickstart.
fn refused_lines(report: &FileReport) -> usize {
    let line = |span: node_base::source::Span| (span.file, report.sources.position(span).line);
    let lines: HashSet<_> =
        report.findings.iter().filter(|f| is_refusal(f)).map(|f| f.span.map(line)).collect();
    lines.len()
}

/// The fixes of a report that change the file itself, in the order of their places.
fn candidates(report: &FileReport, wanted: Wanted) -> Vec<Candidate> {
    if report.is_template {
        return Vec::new();
    }
    let mut found: Vec<Candidate> = report
        .findings
        .iter()
        .filter_map(|finding| {
            let fix: &Fix = finding.fix.as_ref()?;
            let is_here = fix.edits.iter().all(|edit| edit.span.file == FileId(0));
            if !is_here || fix.edits.is_empty() || !wanted.includes(fix.applicability) {
                return None;
            }
            let mut edits = fix.edits.clone();
            edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
            let own_overlap = edits.windows(2).any(|pair| pair[0].span.end > pair[1].span.start);
            let line = finding
                .span
                .filter(|span| span.file == FileId(0))
                .map(|span| report.sources.position(span).line);
            let applied = AppliedFix { code: finding.code, title: fix.title.clone(), line };
            (!own_overlap).then_some(Candidate { applied, edits })
        })
        .collect();
    found.sort_by_key(|candidate| candidate.edits[0].span);
    found
}

/// Those that can be applied together; an edit that only touches another one waits, too.
fn without_overlaps(candidates: Vec<Candidate>, most: usize) -> Vec<Candidate> {
    let mut taken: Vec<(u32, u32)> = Vec::new();
    let mut chosen = Vec::new();
    for candidate in candidates {
        if chosen.len() >= most {
            break;
        }
        let is_free = candidate.edits.iter().all(|edit| {
            let (start, end) = (edit.span.start, edit.span.end);
            // `taken` is in order and its ranges are apart.
            let next = taken.partition_point(|(_, taken_end)| *taken_end < start);
            taken.get(next).is_none_or(|(taken_start, _)| *taken_start > end)
        });
        if is_free {
            for edit in &candidate.edits {
                let place = taken.partition_point(|(start, _)| *start < edit.span.start);
                taken.insert(place, (edit.span.start, edit.span.end));
            }
            chosen.push(candidate);
        }
    }
    chosen
}

/// The text with all edits of these fixes.
fn edited(text: &str, chosen: &[Candidate]) -> String {
    let mut edits: Vec<&Edit> = chosen.iter().flat_map(|candidate| &candidate.edits).collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut new = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for edit in edits {
        let range = edit.span.range();
        new.push_str(&text[at..range.start]);
        new.push_str(&edit.replacement);
        at = range.end;
    }
    new.push_str(&text[at..]);
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{Settings, lint};
    use node_base::diagnostic::Finding;
    use node_base::source::Sources;

    fn fixed(text: &str, wanted: Wanted) -> Fixed {
        let check = |text: String| {
            let mut sources = Sources::new();
            let file = sources.add("x.ks", text).unwrap();
            Ok::<_, ()>(lint(sources, file, &Settings::default()))
        };
        apply(check(text.to_owned()).unwrap(), wanted, check).unwrap()
    }

    #[test]
    fn only_what_is_wanted_is_applied() {
        let text = "# ks-lint: waive SEC001 -- a lab\nuser --name=a --plaintext --password=x\nuser --name=b --plaintext --password=x\n";
        assert_eq!(fixed(text, Wanted::Safe).text(), text);
        let all = fixed(text, Wanted::Unsafe);
        assert!(all.text().starts_with(&text.replacen("waive", "waive-file", 1)), "{}", all.text());
        assert!(all.applied.iter().any(|a| a.code.id == "STY022" && a.line == Some(1)), "{:?}", all.applied);
    }

    #[test]
    fn a_fix_that_leaves_its_finding_is_taken_back() {
        // Whatever is added, the last line is the finding.
        let check = |text: String| {
            let mut sources = Sources::new();
            let file = sources.add("x.ks", text).unwrap();
            let end = sources.get(file).text().len();
            let mut report = lint(sources, file, &Settings::default());
            let at = node_base::source::Span::new(file, end, end);
            let template = report.findings.pop().unwrap();
            let fix = Fix::replace(at, "#\n".to_owned(), "add a line", Applicability::Safe);
            report.findings = vec![Finding { span: Some(at), fix: Some(fix), ..template }];
            Ok::<_, ()>(report)
        };
        let fixed = apply(check("lang C\n".to_owned()).unwrap(), Wanted::Safe, check).unwrap();
        assert_eq!((fixed.text(), fixed.applied.len()), ("lang C\n", 0));
    }

    #[test]
    fn fixes_of_one_place_wait_for_the_next_round() {
        let text = "lang en_US.UTF-8 # ks-lint: waive SEC001 -- not here\n# ks-lint: waive SEC001 -- nor here\nkeyboard us\n";
        let done = fixed(text, Wanted::Safe);
        assert_eq!(done.text(), "lang en_US.UTF-8\nkeyboard us\n");
        assert_eq!(done.applied.len(), 2);
    }
}
