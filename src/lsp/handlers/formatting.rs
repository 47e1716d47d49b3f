//! The layout of a kickstart made regular.

use crate::format;
use crate::lsp::analysis::Analysis;
use crate::lsp::document::{Document, Kind};
use crate::lsp::position::Encoding;
use gen_lsp_types::{Position, Range, TextEdit};

/// The text of a document made regular; `None` for a template, and for a text with errors of syntax, which is left alone as
/// `ks-lint fmt` does.
fn formatted(document: &Document, analysis: &Analysis) -> Option<String> {
    let report = &analysis.report;
    let is_left_alone = document.kind != Kind::Kickstart || report.is_template || report.refusal().is_some();
    (!is_left_alone).then(|| format::format(&document.text))
}

/// The edits that format a document: one, of the lines from the first to the last that change.
pub(crate) fn edits(document: &Document, analysis: &Analysis, encoding: Encoding) -> Vec<TextEdit> {
    let Some(new) = formatted(document, analysis) else { return Vec::new() };
    let old = document.text.as_str();
    let (start, old_end, new_end) = changed(old, &new);
    if start == old_end && start == new_end {
        return Vec::new();
    }
    let range = document.lines.range(old, start..old_end, encoding);
    vec![TextEdit { range, new_text: new[start..new_end].to_owned() }]
}

/// The edits that format some lines of a document: those changes of the whole that are within them. A change is of spaces and empty
/// lines only, so that each can be made without the others.
pub(crate) fn edits_within(
    document: &Document,
    analysis: &Analysis,
    range: Range,
    encoding: Encoding,
) -> Vec<TextEdit> {
    let Some(new) = formatted(document, analysis) else { return Vec::new() };
    let text = document.text.as_str();
    // Whole lines. A range that ends before the first column of a line does not hold that line.
    let start_of = |line: u32| document.lines.offset(text, Position { line, character: 0 }, encoding);
    let start = start_of(range.start.line);
    let holds_last = range.end.character > 0 || range.end.line <= range.start.line;
    let end = start_of(range.end.line.saturating_add(u32::from(holds_last)));
    // Empty lines that are put before a line belong to that line.
    let is_within = |old: &std::ops::Range<usize>| {
        start <= old.start && old.end <= end && (old.start < end || end == text.len())
    };
    let within = changes(text, &new).into_iter().filter(|(old, _)| is_within(old));
    let edits = within.map(|(old, new)| TextEdit {
        range: document.lines.range(text, old, encoding),
        new_text: new.to_owned(),
    });
    edits.collect()
}

/// What differs between a text and its regular form: bytes of the old one, and what they become. Lines that are not empty are the same
/// ones in the same order, so nothing is searched for.
fn changes<'n>(old: &str, new: &'n str) -> Vec<(std::ops::Range<usize>, &'n str)> {
    let (starts, old_lines) = lines(old);
    let (new_starts, new_lines) = lines(new);
    let full = |lines: &[&str]| -> Vec<usize> {
        let full = lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty());
        full.map(|(number, _)| number).chain([lines.len()]).collect()
    };
    let (full_old, full_new) = (full(&old_lines), full(&new_lines));
    if full_old.len() != full_new.len() {
        return vec![(0..old.len(), new)];
    }
    let mut found = Vec::new();
    let mut push = |old: std::ops::Range<usize>, lines: std::ops::Range<usize>| {
        let text = new.get(new_starts[lines.start]..new_starts[lines.end]).unwrap_or_default();
        found.push((starts[old.start]..starts[old.end], text));
    };
    let (mut at, mut new_at) = (0, 0);
    for (next, new_next) in full_old.into_iter().zip(full_new) {
        // The first empty lines stay. The last pair is behind the last lines.
        let kept = (next - at).min(new_next - new_at);
        let ends = next == old_lines.len();
        let pairs = (0..kept).map(|n| (at + n, new_at + n)).chain((!ends).then_some((next, new_next)));
        let (empty, new_empty) = (at + kept..next, new_at + kept..new_next);
        for (old, new) in pairs.filter(|&(old, new)| old_lines[old] != new_lines[new]) {
            push(old..old + 1, new..new + 1);
        }
        if !empty.is_empty() || !new_empty.is_empty() {
            push(empty, new_empty);
        }
        (at, new_at) = (next + 1, new_next + 1);
    }
    found
}

/// Where the lines of a text start, the end of the text as the last, and the lines.
fn lines(text: &str) -> (Vec<usize>, Vec<&str>) {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut starts = vec![0];
    starts.extend(lines.iter().scan(0, |at, line| {
        *at += line.len();
        Some(*at)
    }));
    (starts, lines)
}

/// The first byte of the first line that differs, and the ends of the last ones.
fn changed(old: &str, new: &str) -> (usize, usize, usize) {
    let same = |a: &[&str], b: &[&str]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (mut old_lines, mut new_lines): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let head = same(&old_lines, &new_lines);
    let start = old_lines[..head].iter().map(|line| line.len()).sum();
    old_lines.drain(..head);
    new_lines.drain(..head);
    old_lines.reverse();
    new_lines.reverse();
    let tail: usize = old_lines[..same(&old_lines, &new_lines)].iter().map(|line| line.len()).sum();
    (start, old.len() - tail, new.len() - tail)
}

#[cfg(test)]
mod tests {
    use super::{changed, changes};
    use crate::format;
    use proptest::prelude::*;

    #[test]
    fn only_the_lines_that_change_are_replaced() {
        assert_eq!(changed("a\nb \nc\n", "a\nb\nc\n"), (2, 5, 4));
        assert_eq!(changed("a\n", "a\n"), (2, 2, 2));
        assert_eq!(changed("a", "a\n"), (0, 1, 2));
        assert_eq!(changed("a\n\n\nb\n", "a\n\nb\n"), (3, 4, 3));
        assert_eq!(changed("", ""), (0, 0, 0));
    }

    proptest! {
        /// All changes together make the formatted text, whatever it was.
        #[test]
        fn changes_make_the_formatted_text(
            text in "(lang   C|part  / |%post\n\n  x|%end|%packages| a |#  c|\n|\n\n\n|\r\n|\t|\u{b}|\u{2028}|é){0,30}"
        ) {
            let new = format::format(&text);
            let (mut made, mut at) = (String::new(), 0);
            let mut all = changes(&text, &new);
            all.sort_by_key(|(old, _)| (old.start, old.end));
            for (old, new) in all {
                made += &text[at..old.start];
                made += new;
                at = old.end;
            }
            prop_assert_eq!(made + &text[at..], new);
        }
    }
}
