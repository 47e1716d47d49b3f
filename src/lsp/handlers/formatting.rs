//! The layout of a kickstart made regular.

use crate::format;
use crate::lsp::document::{Analysis, Document, Kind};
use crate::lsp::position::Encoding;
use gen_lsp_types::{Position, Range, TextEdit};
use similar::{Algorithm, DiffOp, capture_diff_slices};

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
    let within = changes(text, &new).into_iter().filter(|(old, _)| start <= old.start && old.end <= end);
    let edits = within.map(|(old, new)| TextEdit {
        range: document.lines.range(text, old, encoding),
        new_text: new.to_owned(),
    });
    edits.collect()
}

/// What differs between two texts: bytes of the old one, and what they become. Lines that have the same words are one another's.
fn changes<'n>(old: &str, new: &'n str) -> Vec<(std::ops::Range<usize>, &'n str)> {
    let (starts, old_lines) = lines(old);
    let (new_starts, new_lines) = lines(new);
    let words = |lines: &[&str]| -> Vec<String> {
        lines.iter().map(|line| line.split_whitespace().collect()).collect()
    };
    let mut found = Vec::new();
    let mut push = |old: std::ops::Range<usize>, lines: std::ops::Range<usize>| {
        let text = new.get(new_starts[lines.start]..new_starts[lines.end]).unwrap_or_default();
        found.push((starts[old.start]..starts[old.end], text));
    };
    for change in capture_diff_slices(Algorithm::Myers, &words(&old_lines), &words(&new_lines)) {
        match change {
            DiffOp::Equal { old_index, new_index, len } => {
                let pairs = (0..len).map(|n| (old_index + n, new_index + n));
                for (old, new) in pairs.filter(|&(old, new)| old_lines[old] != new_lines[new]) {
                    push(old..old + 1, new..new + 1);
                }
            }
            other => push(other.old_range(), other.new_range()),
        }
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
    use super::changed;

    #[test]
    fn only_the_lines_that_change_are_replaced() {
        assert_eq!(changed("a\nb \nc\n", "a\nb\nc\n"), (2, 5, 4));
        assert_eq!(changed("a\n", "a\n"), (2, 2, 2));
        assert_eq!(changed("a", "a\n"), (0, 1, 2));
        assert_eq!(changed("a\n\n\nb\n", "a\n\nb\n"), (3, 4, 3));
        assert_eq!(changed("", ""), (0, 0, 0));
    }
}
