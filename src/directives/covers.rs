//! Which waivers cover a finding. Costs grow with the number of findings and of waivers, not with their product.

use super::waivers::{Waiver, WaiverPlace};
use node_base::diagnostic::Finding;
use node_base::source::{FileId, Span};
use std::collections::HashMap;

/// Waivers by their code and place.
pub(super) struct Covers<'w> {
    by_code: HashMap<&'w str, OfCode>,
}

/// The waivers of one code, as their numbers.
#[derive(Default)]
struct OfCode {
    /// Of the whole file.
    file: Vec<usize>,
    /// Of lines, in order.
    lines: Vec<(Span, usize)>,
    /// Of sections, in order.
    sections: Vec<(Span, usize)>,
}

impl<'w> Covers<'w> {
    /// Sorts the waivers.
    pub(super) fn of(waivers: &'w [Waiver]) -> Covers<'w> {
        let mut by_code: HashMap<&str, OfCode> = HashMap::new();
        for (number, waiver) in waivers.iter().enumerate() {
            let of_code = by_code.entry(waiver.code.as_str()).or_default();
            match waiver.place {
                WaiverPlace::File => of_code.file.push(number),
                WaiverPlace::Line(span) => of_code.lines.push((span, number)),
                WaiverPlace::Section(span) => of_code.sections.push((span, number)),
                WaiverPlace::Nothing => {}
            }
        }
        for of_code in by_code.values_mut() {
            of_code.lines.sort_unstable();
            of_code.sections.sort_unstable();
        }
        Covers { by_code }
    }

    /// Marks the waivers that cover a finding; answers with the first of them.
    pub(super) fn mark(&mut self, finding: &Finding, used: &mut [bool]) -> Option<usize> {
        let of_code = self.by_code.get_mut(finding.code.id)?;
        let mut first = None;
        let mut take = |number: usize| {
            used[number] = true;
            first = first.min(Some(number)).or(Some(number));
        };
        if let Some(&number) = of_code.file.first() {
            take(number);
            // The others need to be marked once.
            of_code.file.drain(1..).for_each(&mut take);
        }
        if let Some(span) = finding.span {
            for list in [&of_code.lines, &of_code.sections] {
                holding(list, span.file, span.start).for_each(&mut take);
            }
        }
        first
    }
}

/// The entries whose place holds a byte. Places are the same or apart.
fn holding(list: &[(Span, usize)], file: FileId, at: u32) -> impl Iterator<Item = usize> {
    let behind = list.partition_point(|(span, _)| (span.file, span.start) <= (file, at));
    let place =
        list[..behind].last().map(|(span, _)| *span).filter(|span| span.file == file && at < span.end);
    let same = list[..behind].iter().rev().take_while(move |(span, _)| Some(*span) == place);
    same.map(|(_, number)| *number)
}
