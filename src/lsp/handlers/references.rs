//! Where a name is made and used, in the document and in the files that it includes.

use crate::lsp::names::{self, Occurrence};
use crate::lsp::view::{View, touches};
use gen_lsp_types::Location;

/// The word at a byte, and every word that names the same.
pub(crate) fn same_as(view: &View<'_>, offset: usize) -> Option<(Occurrence, Vec<Occurrence>)> {
    let all = names::all(view.sources, view.kickstart());
    let here = all.iter().find(|found| touches(found.span, offset))?.clone();
    let same = all.into_iter().filter(|found| found.named == here.named).collect();
    Some((here, same))
}

/// Where the thing at a byte is made.
pub(crate) fn definition(view: &View<'_>, offset: usize) -> Vec<Location> {
    if let Some((_, same)) = same_as(view, offset) {
        return same
            .iter()
            .filter(|found| found.is_definition)
            .filter_map(|f| view.location(f.span))
            .collect();
    }
    // A file that is included.
    let include = view.kickstart().includes.iter().find(|include| touches(include.span, offset));
    let file = include.and_then(|include| match include.outcome {
        Some(kickstart::include::Outcome::File(file)) => Some(*file),
        _ => None,
    });
    let start = file.map(|file| node_base::source::Span::new(file, 0, 0));
    start.and_then(|start| view.location(start)).into_iter().collect()
}

/// Where the thing at a byte is used.
pub(crate) fn references(view: &View<'_>, offset: usize, with_definition: bool) -> Vec<Location> {
    let same = same_as(view, offset).map(|(_, same)| same).unwrap_or_default();
    let wanted = same.iter().filter(|found| with_definition || !found.is_definition);
    wanted.filter_map(|found| view.location(found.span)).collect()
}
