//! The parts of a file that are merged on their own: its content, its owner, its mode, each of its attributes.

use super::node::Node;
use super::outcome::{Outcome, Side};
use crate::sync::{LABEL, Metadata, Xattrs};
use std::collections::BTreeSet;
use std::ffi::OsString;

/// One part of a file, for which one side or the other is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Same,
    Ours,
    Theirs,
    Merged,
    Conflict,
}

impl Part {
    /// Of a value that may not be there.
    pub(super) fn of<T: PartialEq>(base: Option<&T>, ours: &T, theirs: &T) -> Part {
        match base {
            _ if ours == theirs => Part::Same,
            Some(base) if base == theirs => Part::Ours,
            Some(base) if base == ours => Part::Theirs,
            _ => Part::Conflict,
        }
    }

    /// Of two parts.
    pub(super) fn and(self, other: Part) -> Part {
        match (self, other) {
            (Part::Conflict, _) | (_, Part::Conflict) => Part::Conflict,
            (Part::Same, part) | (part, Part::Same) => part,
            (a, b) if a == b => a,
            _ => Part::Merged,
        }
    }

    pub(super) fn outcome(self) -> Outcome {
        match self {
            Part::Same => Outcome::Same,
            Part::Ours => Outcome::Ours,
            Part::Theirs => Outcome::Theirs,
            Part::Merged => Outcome::Merged,
            Part::Conflict => Outcome::Conflict,
        }
    }
}

/// Owner, mode and attributes of a merged file, each on its own; what they are, and the name of one that is a conflict.
pub(super) fn metadata_of(
    base: Option<&Node>,
    ours: &Node,
    theirs: &Node,
    prefer: Side,
) -> (Metadata, Xattrs, (Part, String)) {
    let mut metadata = ours.metadata;
    let mut all = Part::Same;
    let mut conflict = String::new();
    let mut decide = |what: &str, part: Part| -> bool {
        all = all.and(part);
        if part == Part::Conflict && conflict.is_empty() {
            what.clone_into(&mut conflict);
        }
        part == Part::Theirs || (part == Part::Conflict && prefer == Side::Theirs)
    };
    let field = |get: fn(&Metadata) -> u32| {
        let base = base.map(|base| get(&base.metadata));
        Part::of(base.as_ref(), &get(&ours.metadata), &get(&theirs.metadata))
    };
    if !ours.metadata.kind.is_symlink() && decide("mode", field(|m| m.mode)) {
        metadata.mode = theirs.metadata.mode;
    }
    if decide("owner", field(|m| m.uid)) {
        metadata.uid = theirs.metadata.uid;
    }
    if decide("group", field(|m| m.gid)) {
        metadata.gid = theirs.metadata.gid;
    }
    let mut xattrs = ours.xattrs.clone();
    let names: BTreeSet<&OsString> = ours.xattrs.keys().chain(theirs.xattrs.keys()).collect();
    for name in names {
        let base = base.map(|base| base.xattrs.get(name));
        let (ours, theirs) = (ours.xattrs.get(name), theirs.xattrs.get(name));
        let part = Part::of(base.as_ref(), &ours, &theirs);
        let is_theirs = match name == LABEL {
            // The policy gives labels; two changes of one are not worth a question.
            true => part == Part::Theirs,
            false => decide(&format!("attribute {}", name.display()), part),
        };
        if is_theirs {
            match theirs {
                Some(value) => xattrs.insert(name.clone(), value.clone()),
                None => xattrs.remove(name),
            };
        }
    }
    (metadata, xattrs, (all, conflict))
}
