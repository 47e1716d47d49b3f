//! The merge of three trees, decided file by file before anything is written.

use super::accounts::{self, Accounts, FILES};
use super::error::EtcError;
use super::ids::{IdMap, Texts};
use super::kinds::{Kind, Kinds, OWN_TABLE, PINS};
use super::node::{Content, Node};
use super::outcome::{Ancestor, Choices, FileMerge, From, Merge, Outcome, Reason, Side, Trees, Wanted};
use super::parts::{Part, metadata_of};
use crate::sync::{Directories, Metadata, SyncError, Xattrs, names, open_directory};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The most files in a tree. A large /etc has 5,000.
const MOST: usize = 200_000;
/// The most directories on the way to a file; each one is an open file of this process for each tree.
const DEEPEST: usize = 100;

/// Decides the merge of three trees. Reads everything, writes nothing.
///
/// # Errors
/// [`EtcError`].
pub(crate) fn merge(trees: &Trees, choices: Choices) -> Result<Merge, EtcError> {
    let roots = [&trees.base, &trees.ours, &trees.theirs];
    let own = |file: &str| -> Result<Option<String>, EtcError> {
        let text = read_regular(&trees.ours, file)?;
        text.map(|bytes| String::from_utf8(bytes).map_err(|_| EtcError::NotUtf8(trees.ours.join(file))))
            .transpose()
    };
    let kinds = Kinds::new(own(OWN_TABLE)?.as_deref(), &own(PINS)?.unwrap_or_default())
        .map_err(|error| EtcError::Table { path: trees.ours.join(OWN_TABLE), error: error.to_string() })?;
    let mut texts = [Texts::new(), Texts::new(), Texts::new()];
    for (root, texts) in roots.into_iter().zip(&mut texts) {
        for file in FILES {
            if let Some(text) = read_regular(root, file)? {
                texts.insert(file, text);
            }
        }
    }
    let accounts = accounts::merge(texts, choices.ancestor);
    let ids = [accounts.of_base.clone(), IdMap::default(), accounts.of_theirs.clone()];
    let mut merger = Merger {
        roots,
        kinds: &kinds,
        ids,
        accounts: &accounts,
        prefer: choices.prefer,
        ancestor: choices.ancestor,
        left: MOST,
        merge: Merge {
            ids: accounts.of_theirs.clone(),
            problems: accounts.problems.clone(),
            ..Merge::default()
        },
    };
    merger.root()?;
    let mut merge = merger.merge;
    merge.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(merge)
}

/// The bytes of a regular file of moderate size; `None` if it is something else.
fn read_regular(root: &Path, file: &str) -> Result<Option<Vec<u8>>, EtcError> {
    let mut tree = Directories::open(root)?;
    let path = Path::new(file);
    let Ok((above, name)) = tree.parent(path) else { return Ok(None) };
    let node = Node::read(above, name, &IdMap::default()).map_err(EtcError::io(root, path))?;
    Ok(node.and_then(|node| match node.content {
        Content::Bytes(bytes) if node.metadata.kind.is_file() => Some(bytes),
        _ => None,
    }))
}

/// One file in the three trees.
pub(super) type Three = [Option<Node>; 3];
/// A directory in the three trees.
type Opened = [Option<OwnedFd>; 3];

const BASE: usize = 0;
pub(super) const OURS: usize = 1;
const THEIRS: usize = 2;

pub(super) struct Merger<'m> {
    pub(super) roots: [&'m PathBuf; 3],
    pub(super) kinds: &'m Kinds,
    ids: [IdMap; 3],
    pub(super) accounts: &'m Accounts,
    pub(super) prefer: Side,
    pub(super) ancestor: Ancestor,
    /// Files that may still come.
    left: usize,
    pub(super) merge: Merge,
}

impl Merger<'_> {
    fn root(&mut self) -> Result<(), EtcError> {
        let open = |root: &PathBuf| -> Result<(Node, OwnedFd), EtcError> {
            let mut tree = Directories::open(root)?;
            let (above, name) = tree.parent(Path::new(""))?;
            let failed = EtcError::io(root, Path::new(""));
            let node = Node::read(above, name, &IdMap::default()).map_err(&failed)?;
            let node = node.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
            Ok((node, open_directory(above, name).map_err(failed)?))
        };
        let [base, ours, theirs] = self.roots;
        let (base, ours, theirs) = (open(base)?, open(ours)?, open(theirs)?);
        // A conflict about the root itself is none worth a word.
        let (metadata, xattrs, _) = metadata_of(Some(&base.0), &ours.0, &theirs.0, Side::Ours);
        self.want(Path::new(""), From::Side(Side::Ours), metadata, xattrs);
        self.children(Path::new(""), [Some(base.1), Some(ours.1), Some(theirs.1)], 0, Listing::Full)?;
        Ok(())
    }

    /// Merges what is in a directory; whether something of it stays.
    fn children(
        &mut self,
        path: &Path,
        opened: Opened,
        depth: usize,
        listing: Listing,
    ) -> Result<bool, EtcError> {
        if depth > DEEPEST {
            return Err(SyncError::TooDeep { path: path.to_owned(), limit: DEEPEST }.into());
        }
        let mut all: BTreeSet<OsString> = BTreeSet::new();
        for (root, opened) in self.roots.iter().zip(&opened) {
            if let Some(opened) = opened {
                all.extend(names(opened.as_fd()).map_err(EtcError::io(root, path))?);
            }
        }
        self.left = self.left.checked_sub(all.len()).ok_or(EtcError::TooMany { limit: MOST })?;
        let mut stays = false;
        for name in all {
            let path = path.join(&name);
            let mut three: Three = [None, None, None];
            for side in 0..3 {
                if let Some(above) = &opened[side] {
                    three[side] = Node::read(above.as_fd(), &name, &self.ids[side])
                        .map_err(EtcError::io(self.roots[side], &path))?;
                }
            }
            let below = Below { above: &opened, name: &name, depth };
            stays |= self.file(&path, three, &below, listing)?;
        }
        Ok(stays)
    }

    /// Merges one file, or a directory with everything in it; whether something of it stays.
    fn file(
        &mut self,
        path: &Path,
        three: Three,
        below: &Below<'_>,
        listing: Listing,
    ) -> Result<bool, EtcError> {
        let is_directory = |side: usize| three[side].as_ref().map(Node::is_directory);
        let in_base = is_directory(BASE) == Some(true);
        match (is_directory(OURS), is_directory(THEIRS)) {
            (Some(true), Some(true)) => self.both_directories(path, three, below, listing),
            (Some(true), None) if in_base || three[BASE].is_none() => {
                self.one_directory(path, three, OURS, below, listing)
            }
            (None, Some(true)) if in_base || three[BASE].is_none() => {
                self.one_directory(path, three, THEIRS, below, listing)
            }
            (None, None) if in_base => {
                self.descend(path, [true, false, false], below, listing)?;
                Ok(false)
            }
            (Some(true), _) | (_, Some(true)) => self.clash(path, three, below, listing),
            _ => self.leaf(path, three, listing),
        }
    }

    /// Opens a directory of some of the trees, and merges what is in it.
    fn descend(
        &mut self,
        path: &Path,
        sides: [bool; 3],
        below: &Below<'_>,
        listing: Listing,
    ) -> Result<bool, EtcError> {
        let mut opened: Opened = [None, None, None];
        for side in 0..3 {
            if let Some(above) = below.above[side].as_ref().filter(|_| sides[side]) {
                let directory = open_directory(above.as_fd(), below.name);
                opened[side] = Some(directory.map_err(EtcError::io(self.roots[side], path))?);
            }
        }
        self.children(path, opened, below.depth + 1, listing)
    }

    fn both_directories(
        &mut self,
        path: &Path,
        three: Three,
        below: &Below<'_>,
        listing: Listing,
    ) -> Result<bool, EtcError> {
        let [base, Some(ours), Some(theirs)] = &three else { return Ok(false) };
        let base = base.as_ref().filter(|base| base.is_directory());
        let keeps = self.keeps_host(path);
        let prefer = if keeps { Side::Ours } else { self.prefer };
        let (metadata, xattrs, (part, what)) = match self.ancestor {
            Ancestor::Installed if base.is_some_and(|base| base.has_metadata_of(ours)) => {
                (ours.metadata, ours.xattrs.clone(), (Part::Same, String::new()))
            }
            _ => metadata_of(base, ours, theirs, prefer),
        };
        self.want(path, From::Side(Side::Ours), metadata, xattrs);
        if part != Part::Same && listing == Listing::Full {
            let is_conflict = part == Part::Conflict && !keeps;
            let outcome = if is_conflict || part != Part::Conflict { part.outcome() } else { Outcome::Ours };
            self.list(path, outcome, "directory", is_conflict.then_some(Reason::Metadata(what)), None);
        }
        let is_empty = !self.descend(path, [base.is_some(), true, true], below, listing)?;
        let is_listed = self.merge.files.last().is_some_and(|file| file.path.starts_with(path));
        if is_empty && part == Part::Same && listing == Listing::Full && !is_listed {
            self.list(path, Outcome::Same, "directory", None, None);
        }
        Ok(true)
    }

    /// A directory that only host or image has. It stays if something in it does, or if it is new.
    fn one_directory(
        &mut self,
        path: &Path,
        three: Three,
        side: usize,
        below: &Below<'_>,
        listing: Listing,
    ) -> Result<bool, EtcError> {
        let Some(own) = &three[side] else { return Ok(false) };
        let before = self.merge.files.len();
        let mut sides = [three[BASE].is_some(), false, false];
        sides[side] = true;
        let stays = self.descend(path, sides, below, listing)?;
        let is_listed = self.merge.files.len() > before;
        let (outcome, from) = match side {
            OURS => (Outcome::Ours, Side::Ours),
            _ => (Outcome::Theirs, Side::Theirs),
        };
        let is_new = three[BASE].is_none() && (side == OURS || !self.keeps_host(path));
        // Owner or mode of a directory that the image has removed.
        let is_changed = side == OURS && three[BASE].as_ref().is_some_and(|base| !base.has_metadata_of(own));
        let keeps = side == OURS && (self.keeps_host(path) || self.ancestor == Ancestor::Installed);
        if !(stays || is_new || is_changed || keeps) {
            if !is_listed && listing == Listing::Full {
                self.list(path, Outcome::Deleted, "directory", None, None);
            }
            return Ok(false);
        }
        if is_changed && !stays && !keeps && listing == Listing::Full {
            self.list(path, Outcome::Conflict, "directory", Some(Reason::DeletedInImage), None);
            if self.prefer == Side::Theirs {
                return Ok(false);
            }
        } else if !is_listed && listing == Listing::Full {
            self.list(path, outcome, "directory", None, None);
        }
        self.want(path, From::Side(from), own.metadata, own.xattrs.clone());
        Ok(true)
    }

    /// A directory on one side, and on the other something else, or nothing in the place of something else.
    fn clash(
        &mut self,
        path: &Path,
        three: Three,
        below: &Below<'_>,
        listing: Listing,
    ) -> Result<bool, EtcError> {
        let is_directory = |side: usize| three[side].as_ref().is_some_and(Node::is_directory);
        let unchanged = |merger: &Self, side: usize| -> Result<bool, EtcError> {
            match (&three[BASE], &three[side]) {
                (Some(base), Some(node)) if base.is_directory() && node.is_directory() => {
                    merger.same_directories(path, below, side)
                }
                (Some(base), Some(node)) => {
                    base.is_same(node).map_err(EtcError::io(merger.roots[side], path))
                }
                (None, None) => Ok(true),
                _ => Ok(false),
            }
        };
        let (side, reason) = if self.keeps_host(path) || unchanged(self, THEIRS)? {
            (OURS, None)
        } else if unchanged(self, OURS)? {
            (if self.ancestor == Ancestor::Image { THEIRS } else { OURS }, None)
        } else {
            let reason = match (&three[OURS], &three[THEIRS]) {
                (Some(ours), Some(theirs)) => Reason::Types(ours.kind_name(), theirs.kind_name()),
                (None, _) => Reason::DeletedHere,
                (_, None) => Reason::DeletedInImage,
            };
            (if self.prefer == Side::Ours { OURS } else { THEIRS }, Some(reason))
        };
        let outcome = match (&reason, side) {
            (Some(_), _) => Outcome::Conflict,
            _ if three[side].is_none() => Outcome::Deleted,
            (None, OURS) => Outcome::Ours,
            (None, _) => Outcome::Theirs,
        };
        if listing == Listing::Full {
            let kind = three[side].as_ref().map_or("directory", Node::kind_name);
            self.list(path, outcome, kind, reason, None);
        }
        let Some(node) = &three[side] else { return Ok(false) };
        let from = if side == OURS { Side::Ours } else { Side::Theirs };
        self.want(path, From::Side(from), node.metadata, node.xattrs.clone());
        if is_directory(side) {
            let mut sides = [false; 3];
            sides[side] = true;
            self.descend(path, sides, below, Listing::None)?;
        }
        Ok(true)
    }

    /// Whether a directory of one side is that of the ancestor, with everything in it.
    fn same_directories(&self, path: &Path, below: &Below<'_>, side: usize) -> Result<bool, EtcError> {
        let (Some(base), Some(own)) = (&below.above[BASE], &below.above[side]) else { return Ok(false) };
        let open = |of: usize, above: &OwnedFd| {
            open_directory(above.as_fd(), below.name).map_err(EtcError::io(self.roots[of], path))
        };
        self.same_trees(path, side, &open(BASE, base)?, &open(side, own)?, below.depth + 1)
    }

    fn same_trees(
        &self,
        path: &Path,
        side: usize,
        base: &OwnedFd,
        own: &OwnedFd,
        depth: usize,
    ) -> Result<bool, EtcError> {
        if depth > DEEPEST {
            return Err(SyncError::TooDeep { path: path.to_owned(), limit: DEEPEST }.into());
        }
        let failed = |of: usize| EtcError::io(self.roots[of], path);
        let all = names(base.as_fd()).map_err(failed(BASE))?;
        if all != names(own.as_fd()).map_err(failed(side))? {
            return Ok(false);
        }
        for name in all {
            let read =
                |of: usize, fd: &OwnedFd| Node::read(fd.as_fd(), &name, &self.ids[of]).map_err(failed(of));
            let (Some(a), Some(b)) = (read(BASE, base)?, read(side, own)?) else { return Ok(false) };
            if !a.is_same(&b).map_err(failed(side))? {
                return Ok(false);
            }
            if a.is_directory() {
                let open = |of: usize, fd: &OwnedFd| open_directory(fd.as_fd(), &name).map_err(failed(of));
                let (a, b) = (open(BASE, base)?, open(side, own)?);
                if !self.same_trees(&path.join(&name), side, &a, &b, depth + 1)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Whether the host's version of a file always stays.
    fn keeps_host(&self, path: &Path) -> bool {
        self.kinds.is_pinned(path) || self.kinds.of(path) == Kind::Host
    }

    pub(super) fn want(&mut self, path: &Path, content: From, metadata: Metadata, xattrs: Xattrs) {
        self.merge.tree.insert(path.to_owned(), Wanted { content, metadata, xattrs });
    }

    pub(super) fn list(
        &mut self,
        path: &Path,
        outcome: Outcome,
        kind: &'static str,
        reason: Option<Reason>,
        marked: Option<Vec<u8>>,
    ) {
        let path = path.to_owned();
        self.merge.files.push(FileMerge { path, outcome, kind, reason, marked, command: None });
    }
}

/// Where a file is, in the open directories.
struct Below<'b> {
    above: &'b Opened,
    name: &'b std::ffi::OsStr,
    depth: usize,
}

/// Whether files are listed: those in a directory that is taken whole are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    Full,
    None,
}
