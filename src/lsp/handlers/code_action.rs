//! Fixes, and waivers to be written.

use super::diagnostics::Places;
use crate::lsp::analysis::Analysis;
use crate::lsp::capabilities::FIX_ALL;
use crate::lsp::document::{Document, Kind};
use crate::lsp::position::Encoding;
use gen_lsp_types::*;
use kickstart::syntax::{LineKind, Scanner, Word};
use node_base::diagnostic::{Applicability, Category, Edit, Finding, Fix, Severity};
use node_base::source::FileId;
use std::collections::{BTreeMap, HashMap};

/// What can be done in a range.
pub(crate) fn actions(
    document: &Document,
    analysis: &Analysis,
    params: &CodeActionParams,
    encoding: Encoding,
) -> Vec<CodeAction> {
    let places = Places { document, analysis, encoding };
    let wants = |kind: &str| match &params.context.only {
        None => true,
        // A kind includes the more specific ones.
        Some(kinds) => kinds.iter().any(|only| {
            let only = only.to_string();
            only.is_empty()
                || kind == only
                || kind.strip_prefix(&only).is_some_and(|rest| rest.starts_with('.'))
        }),
    };
    let mut actions = Vec::new();
    if wants("quickfix") {
        let here: Vec<&Finding> =
            analysis.report.findings.iter().filter(|f| overlap(places.shown(f), params.range)).collect();
        let shown = Shown::new(&params.context.diagnostics);
        actions.extend(here.iter().filter_map(|finding| fix(&places, finding, &shown)));
        actions.extend(fulfil_policy(&places, &here));
        if document.kind == Kind::Kickstart && !here.is_empty() {
            let commands = Commands::new(&places);
            actions.extend(here.iter().filter_map(|finding| waiver(&places, finding, &commands, &shown)));
        }
    }
    if wants(FIX_ALL) {
        actions.extend(fix_all(&places));
    }
    actions
}

fn overlap(a: Range, b: Range) -> bool {
    a.start <= b.end && b.start <= a.end
}

/// Whether every edit is in the document: an included file is changed where it is open.
fn is_local(fix: &Fix) -> bool {
    !fix.edits.is_empty() && fix.edits.iter().all(|edit| edit.span.file == FileId(0))
}

fn fix(places: &Places<'_>, finding: &Finding, shown: &Shown<'_>) -> Option<CodeAction> {
    let fix = finding.fix.as_ref().filter(|fix| is_local(fix))?;
    let is_preferred = match fix.applicability {
        Applicability::Safe => true,
        Applicability::Unsafe => false,
        // It has words that a person must fill in, which an editor would write into the file.
        Applicability::Placeholder => return None,
    };
    let edits = fix.edits.iter().map(|edit| text_edit(places, edit)).collect();
    let mut title = fix.title.clone();
    if !is_preferred {
        title += " (changes what is installed)";
    }
    Some(CodeAction {
        is_preferred: is_preferred.then_some(true),
        diagnostics: shown.of(places, finding),
        ..action(places, format!("{}: {title}", finding.code.id), CodeActionKind::QuickFix, edits)
    })
}

/// Every safe fix.
fn fix_all(places: &Places<'_>) -> Option<CodeAction> {
    let edits = edits_of(places, |_, fix| fix.applicability == Applicability::Safe);
    let title = "ks-lint: apply every safe fix".to_owned();
    (!edits.is_empty()).then(|| action(places, title, CodeActionKind::Custom(FIX_ALL.into()), edits))
}

/// Every fix of what the policy requires, also those that change what is installed: that is what a policy is for. Offered where one
/// of its findings is.
fn fulfil_policy(places: &Places<'_>, here: &[&Finding]) -> Option<CodeAction> {
    let is_required = |finding: &Finding| {
        finding.code.category == Category::Node
            && finding.severity == Severity::Error
            && finding.fix.is_some()
    };
    // For one finding its own fix is offered.
    let has_several =
        places.analysis.report.findings.iter().filter(|finding| is_required(finding)).nth(1).is_some();
    if !has_several || !here.iter().any(|finding| is_required(finding)) {
        return None;
    }
    let edits = edits_of(places, |finding, fix| {
        is_required(finding) && fix.applicability != Applicability::Placeholder
    });
    let title = "ks-lint: add what the policy requires (changes what is installed)".to_owned();
    (!edits.is_empty()).then(|| action(places, title, CodeActionKind::QuickFix, edits))
}

/// The edits of the wanted fixes that touch no edit of an earlier one.
fn edits_of(places: &Places<'_>, wanted: impl Fn(&Finding, &Fix) -> bool) -> Vec<TextEdit> {
    // By where they begin, then by their number.
    let mut taken: BTreeMap<(u32, usize), &Edit> = BTreeMap::new();
    for finding in &places.analysis.report.findings {
        let Some(fix) = finding.fix.as_ref().filter(|fix| is_local(fix) && wanted(finding, fix)) else {
            continue;
        };
        let is_free = fix.edits.iter().all(|new| {
            let before = taken.range(..=(new.span.end, usize::MAX)).next_back();
            before.is_none_or(|(_, old)| old.span.end < new.span.start)
        });
        if is_free {
            let first = taken.len();
            taken.extend(fix.edits.iter().zip(first..).map(|(edit, n)| ((edit.span.start, n), edit)));
        }
    }
    taken.values().map(|edit| text_edit(places, edit)).collect()
}

/// A comment above the line that waives the finding; the person gives the reason.
fn waiver(
    places: &Places<'_>,
    finding: &Finding,
    commands: &Commands,
    shown: &Shown<'_>,
) -> Option<CodeAction> {
    let code = finding.code;
    let is_refused = code.category == Category::Syntax && finding.severity == Severity::Error;
    if is_refused || crate::directives::CODES.contains(&code) {
        return None;
    }
    let (at, word) = match finding.span {
        Some(span) if span.file == FileId(0) => (commands.start(span.start as usize), "waive"),
        Some(_) => return None,
        // A finding about the file as a whole has no line to be above.
        None => (after_header(&places.document.text), "waive-file"),
    };
    let range = places.document.lines.range(&places.document.text, at..at, places.encoding);
    let new_text = format!("# ks-lint: {word} {} -- why is this right here?\n", code.id);
    Some(CodeAction {
        diagnostics: shown.of(places, finding),
        ..action(
            places,
            format!("{}: waive it here, with a reason", code.id),
            CodeActionKind::QuickFix,
            vec![TextEdit { range, new_text }],
        )
    })
}

/// Behind the `#version=` header, which must stay the first line.
fn after_header(text: &str) -> usize {
    let first = text
        .split_inclusive('\n')
        .next()
        .filter(|line| line.starts_with("#version=") && line.ends_with('\n'));
    first.map_or(0, str::len)
}

/// Where the commands of a text begin.
struct Commands {
    /// For each line where it ends, and the start of the line that a waiver of it is written above: for a line in a section that of
    /// the header, because these lines are not the language's own.
    lines: Vec<(usize, usize)>,
}

impl Commands {
    fn new(places: &Places<'_>) -> Commands {
        let source = places.analysis.report.sources.get(FileId(0));
        let mut scanner = Scanner::new(source.text(), source.lines());
        let mut words: Vec<Word> = Vec::new();
        let mut header = 0;
        let mut lines = Vec::new();
        while let Some(line) = scanner.next_line(&mut words) {
            if line.kind == LineKind::Header {
                header = line.start as usize;
            }
            let inside = matches!(line.kind, LineKind::Content | LineKind::ContentInclude | LineKind::End);
            lines.push((line.end as usize, if inside { header } else { line.start as usize }));
        }
        Commands { lines }
    }

    /// The start of the command that a byte is in.
    fn start(&self, offset: usize) -> usize {
        let line = self.lines.partition_point(|(end, _)| *end <= offset);
        self.lines.get(line).or(self.lines.last()).map_or(0, |(_, start)| *start)
    }
}

fn text_edit(places: &Places<'_>, edit: &Edit) -> TextEdit {
    TextEdit { range: places.range(edit.span), new_text: edit.replacement.clone() }
}

fn action(places: &Places<'_>, title: String, kind: CodeActionKind, edits: Vec<TextEdit>) -> CodeAction {
    let changes = HashMap::from([(places.document.uri.clone(), edits)]);
    CodeAction {
        title,
        kind: Some(kind),
        diagnostics: None,
        is_preferred: None,
        disabled: None,
        edit: Some(WorkspaceEdit {
            changes: Some(changes),
            document_changes: None,
            change_annotations: None,
        }),
        command: None,
        data: None,
        tags: None,
    }
}

/// The diagnostics that the client shows, by their code and place.
struct Shown<'p>(HashMap<(&'p str, [u32; 4]), Vec<&'p Diagnostic>>);

impl<'p> Shown<'p> {
    fn new(diagnostics: &'p [Diagnostic]) -> Shown<'p> {
        let mut shown = Shown(HashMap::new());
        for diagnostic in diagnostics {
            if let Some(Code::String(code)) = &diagnostic.code {
                shown.0.entry((code, corners(diagnostic.range))).or_default().push(diagnostic);
            }
        }
        shown
    }

    /// Those that are about a finding.
    fn of(&self, places: &Places<'_>, finding: &Finding) -> Option<Vec<Diagnostic>> {
        let shown = self.0.get(&(finding.code.id, corners(places.shown(finding))))?;
        Some(shown.iter().map(|diagnostic| (*diagnostic).clone()).collect())
    }
}

fn corners(range: Range) -> [u32; 4] {
    [range.start.line, range.start.character, range.end.line, range.end.character]
}
