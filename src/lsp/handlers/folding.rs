//! Sections, and comments of several lines.

use crate::lsp::view::View;
use gen_lsp_types::{FoldingRange, FoldingRangeKind};

/// What can be folded.
pub(crate) fn ranges(view: &View<'_>) -> Vec<FoldingRange> {
    let lines = &view.document.lines;
    let mut ranges: Vec<FoldingRange> = view
        .sections()
        .filter_map(|section| {
            let start = lines.line_of(section.span.start as usize);
            let text = &view.text()[..section.span.end as usize];
            let end = lines.line_of(text.trim_end().len().saturating_sub(1));
            (end > start).then(|| range(start, end, FoldingRangeKind::Region))
        })
        .collect();
    let sections: Vec<(u32, u32)> = ranges.iter().map(|r| (r.start_line, r.end_line)).collect();
    let is_in_section = |line: u32| {
        let before = sections.partition_point(|(start, _)| *start <= line);
        before.checked_sub(1).is_some_and(|at| line <= sections[at].1)
    };
    let mut first: Option<u32> = None;
    for line in 0..=lines.count() as u32 {
        let is_comment = (line as usize) < lines.count()
            && lines.line(view.text(), line).1.trim_start().starts_with('#')
            && !is_in_section(line);
        match (is_comment, first) {
            (true, None) => first = Some(line),
            (false, Some(start)) => {
                if line - start > 1 {
                    ranges.push(range(start, line - 1, FoldingRangeKind::Comment));
                }
                first = None;
            }
            _ => {}
        }
    }
    ranges
}

fn range(start_line: u32, end_line: u32, kind: FoldingRangeKind) -> FoldingRange {
    FoldingRange {
        start_line,
        start_character: None,
        end_line,
        end_character: None,
        kind: Some(kind),
        collapsed_text: None,
    }
}
