//! What a merge decides.

use super::ids::IdMap;
use crate::sync::{Metadata, Xattrs};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The three trees of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trees {
    /// /etc of the old image: what both have started from.
    pub(crate) base: PathBuf,
    /// /etc of the host.
    pub(crate) ours: PathBuf,
    /// /etc of the new image.
    pub(crate) theirs: PathBuf,
}

/// How a merge is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choices {
    /// Whose version is in the result of a conflict.
    pub(crate) prefer: Side,
    /// What the ancestor is.
    pub(crate) ancestor: Ancestor,
}

impl Default for Choices {
    fn default() -> Choices {
        Choices { prefer: Side::Ours, ancestor: Ancestor::Image }
    }
}

/// What the ancestor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ancestor {
    /// /etc as the old image has brought it.
    Image,
    /// /etc of an installed system: what the installer has set and what the image has brought cannot be told apart. The host's
    /// version stays where the new image has another one.
    Installed,
}

/// One of two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The host.
    Ours,
    /// The new image.
    Theirs,
}

/// What happens with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Host and image have the same.
    Same,
    /// It is as on the host.
    Ours,
    /// It is as in the new image.
    Theirs,
    /// It has the changes of both.
    Merged,
    /// Both have changed it, and the changes do not go together.
    Conflict,
    /// It is not there.
    Deleted,
}

impl Outcome {
    /// The stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Same => "same",
            Outcome::Ours => "ours",
            Outcome::Theirs => "theirs",
            Outcome::Merged => "merged",
            Outcome::Conflict => "conflict",
            Outcome::Deleted => "deleted",
        }
    }
}

/// Why the changes of both sides do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Lines or records.
    Content(usize),
    /// Bytes that are not text, a target of a link, a device.
    Whole(&'static str),
    /// The host has deleted it, the image has changed it.
    DeletedHere,
    /// The image has deleted it, the host has changed it.
    DeletedInImage,
    /// It is something else on each side.
    Types(&'static str, &'static str),
    /// Owner, mode or an attribute.
    Metadata(String),
    /// Both are different from the installed system, which has more than the defaults of the old image.
    NoAncestor,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Content(1) => f.write_str("both changed the same place"),
            Reason::Content(n) => write!(f, "both changed the same {n} places"),
            Reason::Whole(kind) => write!(f, "both changed it, and a {kind} cannot be merged"),
            Reason::DeletedHere => f.write_str("deleted here, changed in the new image"),
            Reason::DeletedInImage => f.write_str("changed here, deleted in the new image"),
            Reason::Types(ours, theirs) => write!(f, "a {ours} here, a {theirs} in the new image"),
            Reason::Metadata(what) => write!(f, "both changed the {what}"),
            Reason::NoAncestor => {
                f.write_str("both changed it, and the defaults of the old image are not known")
            }
        }
    }
}

/// What happens with one file, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileMerge {
    /// Its path below /etc.
    pub(crate) path: PathBuf,
    /// What happens.
    pub(crate) outcome: Outcome,
    /// How files of its kind are merged, or what it is.
    pub(crate) kind: &'static str,
    /// Why it is a conflict.
    pub(crate) reason: Option<Reason>,
    /// The merge with marks around each conflict, if it is one of text.
    pub(crate) marked: Option<Vec<u8>>,
    /// What makes it anew in the new layer.
    pub(crate) command: Option<Vec<String>>,
}

/// A file as it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its content.
    pub(super) content: From,
    /// Kind, mode, owner, time.
    pub(super) metadata: Metadata,
    /// Extended attributes.
    pub(super) xattrs: Xattrs,
}

/// Where the content of a file comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The file of one side.
    Side(Side),
    /// A merge.
    Bytes(Vec<u8>),
}

/// A merge that was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Merge {
    /// Every file that one of the trees has, by its path.
    pub(crate) files: Vec<FileMerge>,
    /// Numbers of users and groups of the image that are others in the merged system.
    pub(crate) ids: IdMap,
    /// What does not fit together in the accounts of the merged system, and does on the host, as sentences.
    pub(crate) problems: Vec<String>,
    /// All files as they will be. The empty path is the root.
    pub(super) tree: BTreeMap<PathBuf, Wanted>,
}

impl Merge {
    /// The files that are conflicts.
    pub(crate) fn conflicts(&self) -> impl Iterator<Item = &FileMerge> {
        self.files.iter().filter(|file| file.outcome == Outcome::Conflict)
    }

    /// Whether a file will be there.
    pub(crate) fn has(&self, path: &Path) -> bool {
        self.tree.contains_key(path)
    }
}
