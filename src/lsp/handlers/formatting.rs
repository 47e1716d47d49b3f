//! The layout of a kickstart made regular.

use crate::format;
use crate::lsp::document::{Analysis, Document, Kind};
use crate::lsp::position::Encoding;
use gen_lsp_types::TextEdit;

/// The edits that format a document: one, of the lines from the first to the last that change. None for a template, and for a text
/// with errors of syntax, which is left alone as `ks-lint fmt` does.
pub(crate) fn edits(document: &Document, analysis: &Analysis, encoding: Encoding) -> Vec<TextEdit> {
    let report = &analysis.report;
    if document.kind != Kind::Kickstart || report.is_template || report.refusal().is_some() {
        return Vec::new();
    }
    let old = document.text.as_str();
    let new = format::format(old);
    let (start, old_end, new_end) = changed(old, &new);
    if start == old_end && start == new_end {
        return Vec::new();
    }
    let range = document.lines.range(old, start..old_end, encoding);
    vec![TextEdit { range, new_text: new[start..new_end].to_owned() }]
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
