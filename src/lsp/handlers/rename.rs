//! Another name for a group, pool, volume, physical volume, RAID member or user, wherever it is written.

use super::references::same_as;
use crate::lsp::view::View;
use gen_lsp_types::*;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// The word that would be renamed; nothing where there is none.
pub(crate) fn prepare(view: &View<'_>, offset: usize) -> Option<Value> {
    let (here, _) = same_as(view, offset).filter(|(here, _)| !here.named.is_fixed())?;
    Some(json!({ "range": view.range(here.span)?, "placeholder": here.named.name() }))
}

/// The edits.
///
/// # Errors
/// A name that LVM or the installer refuses, or that something else of its kind has already.
pub(crate) fn rename(view: &View<'_>, offset: usize, new: &str) -> Result<WorkspaceEdit, String> {
    let Some((here, same)) = same_as(view, offset) else {
        return Err(
            "there is nothing to rename here: names of groups, pools, volumes, members and users can be"
                .to_owned(),
        );
    };
    if let Some(why) = here.named.refuses(new) {
        return Err(why);
    }
    let taken = crate::lsp::names::all(view.sources, view.kickstart()).into_iter().any(|other| {
        other.named != here.named
            && other.named.name() == new
            && std::mem::discriminant(&other.named) == std::mem::discriminant(&here.named)
            && same_group(&other.named, &here.named)
    });
    if taken {
        return Err(format!("'{new}' is the name of another one already"));
    }
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    // A file that is included twice has each word once.
    let mut seen = HashSet::new();
    let places = same.iter().map(|found| found.span).filter(|span| seen.insert((span.file, span.start)));
    for location in places.filter_map(|span| view.location(span)) {
        let edit = TextEdit { range: location.range, new_text: new.to_owned() };
        changes.entry(location.uri).or_default().push(edit);
    }
    Ok(WorkspaceEdit { changes: Some(changes), document_changes: None, change_annotations: None })
}

fn same_group(a: &crate::lsp::names::Named, b: &crate::lsp::names::Named) -> bool {
    use crate::lsp::names::Named;
    match (a, b) {
        (Named::Volume(a, _), Named::Volume(b, _)) => a == b,
        _ => true,
    }
}
