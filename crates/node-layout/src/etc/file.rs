//! The merge of one file that is not a directory.

use super::error::EtcError;
use super::formats::Format;
use super::kinds::Kind;
use super::lines::{self, Merged};
use super::node::{Content, Node};
use super::outcome::{Ancestor, From, Outcome, Reason, Side};
use super::parts::{Part, metadata_of};
use super::tree::{Listing, Merger, OURS, Three};
use std::path::Path;

impl Merger<'_> {
    /// Files, links, devices, named pipes and sockets, at least one of them; the ancestor may be a directory.
    pub(super) fn leaf(&mut self, path: &Path, three: Three, listing: Listing) -> Result<bool, EtcError> {
        let [base, ours, theirs] = &three;
        let kind = self.kinds.of(path);
        let what = ours.as_ref().or(theirs.as_ref()).or(base.as_ref()).map_or("text", Node::kind_name);
        let name = match kind {
            Kind::Text => what,
            _ if kind != Kind::Host && kind != Kind::Image && what != "text" => what,
            kind => kind.name(),
        };
        if self.kinds.is_pinned(path) {
            return Ok(self.take(path, ours.as_ref(), Side::Ours, "pinned", listing));
        }
        if kind == Kind::Host {
            return Ok(self.take(path, ours.as_ref(), Side::Ours, name, listing));
        }
        if kind == Kind::Image {
            return Ok(self.take(path, theirs.as_ref(), Side::Theirs, name, listing));
        }
        let same = |a: &Option<Node>, b: &Option<Node>| -> Result<bool, EtcError> {
            match (a, b) {
                (Some(a), Some(b)) => a.is_same(b).map_err(EtcError::io(self.roots[OURS], path)),
                (None, None) => Ok(true),
                _ => Ok(false),
            }
        };
        match (ours, theirs) {
            (Some(ours), Some(theirs)) if ours.metadata.kind == theirs.metadata.kind => {
                let base = base.as_ref().filter(|base| base.metadata.kind == ours.metadata.kind);
                return self.both(path, kind, name, [base, Some(ours), Some(theirs)], listing);
            }
            (None, None) => return Ok(self.take(path, None, Side::Ours, name, listing)),
            // What an installer has added is not deleted by an image that never had it.
            (Some(_), None) if self.ancestor == Ancestor::Installed => {
                return Ok(self.take(path, ours.as_ref(), Side::Ours, name, listing));
            }
            _ if same(theirs, base)? => {
                return Ok(self.take(path, ours.as_ref(), Side::Ours, name, listing));
            }
            (Some(_), _)
                if self.ancestor == Ancestor::Installed && kind != Kind::Generated && same(ours, base)? =>
            {
                return Ok(self.take(path, ours.as_ref(), Side::Ours, name, listing));
            }
            _ if same(ours, base)? => {
                return Ok(self.take(path, theirs.as_ref(), Side::Theirs, name, listing));
            }
            _ if kind == Kind::Generated => {
                return Ok(self.take_generated(path, theirs.as_ref(), listing));
            }
            _ => {}
        }
        let reason = match (ours, theirs) {
            (None, _) => Reason::DeletedHere,
            (_, None) => Reason::DeletedInImage,
            (Some(ours), Some(theirs)) => Reason::Types(ours.kind_name(), theirs.kind_name()),
        };
        if listing == Listing::Full {
            self.list(path, Outcome::Conflict, name, Some(reason), None);
        }
        let (node, side) = match self.prefer {
            Side::Ours => (ours, Side::Ours),
            Side::Theirs => (theirs, Side::Theirs),
        };
        Ok(self.take(path, node.as_ref(), side, name, Listing::None))
    }

    /// Takes the version of one side, which may be that there is none.
    fn take(
        &mut self,
        path: &Path,
        node: Option<&Node>,
        side: Side,
        kind: &'static str,
        listing: Listing,
    ) -> bool {
        let outcome = match (node, side) {
            (None, _) => Outcome::Deleted,
            (_, Side::Ours) => Outcome::Ours,
            (_, Side::Theirs) => Outcome::Theirs,
        };
        if listing == Listing::Full {
            self.list(path, outcome, kind, None, None);
        }
        if let Some(node) = node {
            self.want(path, From::Side(side), node.metadata, node.xattrs.clone());
        }
        node.is_some()
    }

    /// Takes the image's version of a file that a program makes anew.
    fn take_generated(&mut self, path: &Path, theirs: Option<&Node>, listing: Listing) -> bool {
        let stays = self.take(path, theirs, Side::Theirs, Kind::Generated.name(), listing);
        let command = self.kinds.command(path).map(<[String]>::to_vec);
        if listing == Listing::Full
            && let Some(file) = self.merge.files.last_mut()
        {
            file.command = command;
        }
        stays
    }

    /// Two files of one kind.
    fn both(
        &mut self,
        path: &Path,
        kind: Kind,
        name: &'static str,
        three: [Option<&Node>; 3],
        listing: Listing,
    ) -> Result<bool, EtcError> {
        let [base, Some(ours), Some(theirs)] = three else { return Ok(false) };
        let failed = EtcError::io(self.roots[OURS], path);
        let same = |a: &Node, b: &Node| a.has_content_of(b);
        let account = path.to_str().and_then(|path| self.accounts.texts.get(path));
        let mut content = if same(ours, theirs).map_err(&failed)? {
            Part::Same
        } else if base.is_some_and(|base| same(base, theirs).unwrap_or(false)) {
            Part::Ours
        } else if base.is_some_and(|base| same(base, ours).unwrap_or(false)) {
            Part::Theirs
        } else {
            Part::Conflict
        };
        if kind == Kind::Generated && content == Part::Conflict {
            return Ok(self.take_generated(path, Some(theirs), listing));
        }
        let is_installed = self.ancestor == Ancestor::Installed && kind != Kind::Generated;
        if is_installed && content == Part::Theirs {
            content = Part::Ours;
        }
        let mut reason = None;
        let mut marked = None;
        let mut from = match content {
            Part::Theirs => From::Side(Side::Theirs),
            _ => From::Side(Side::Ours),
        };
        if let Some(account) = account.filter(|_| kind == Kind::Accounts) {
            // Also where only one side has changed it, a number may be another.
            content =
                match (&ours.content, &theirs.content) {
                    _ if account.conflicts > 0 => Part::Conflict,
                    (Content::Bytes(ours), Content::Bytes(theirs)) if *ours == account.text => {
                        if ours == theirs { Part::Same } else { Part::Ours }
                    }
                    (_, Content::Bytes(theirs)) if *theirs == account.text => Part::Theirs,
                    _ => Part::Merged,
                };
            from = From::Bytes(account.text.clone());
            if content == Part::Conflict {
                reason = Some(Reason::Content(account.conflicts));
            }
        } else if content == Part::Conflict && is_installed {
            reason = Some(Reason::NoAncestor);
        } else if content == Part::Conflict {
            let merged = merged(kind, base, ours, theirs);
            match merged {
                Some(merged) if merged.conflicts == 0 => {
                    content = Part::Merged;
                    from = From::Bytes(merged.text);
                }
                Some(merged) => {
                    reason = Some(Reason::Content(merged.conflicts));
                    marked = Some(merged.text);
                }
                None => reason = Some(Reason::Whole(whole_name(ours))),
            }
        }
        let (mut metadata, mut xattrs, (part, what)) =
            match base.is_some_and(|base| is_installed && base.has_metadata_of(ours)) {
                true => (ours.metadata, ours.xattrs.clone(), (Part::Same, String::new())),
                false => metadata_of(base, ours, theirs, self.prefer),
            };
        let part = content.and(part);
        if part == Part::Conflict {
            reason = reason.or(Some(Reason::Metadata(what)));
            // The whole file is that of one side; of accounts each record is.
            let (node, side) = match self.prefer {
                Side::Ours => (ours, Side::Ours),
                Side::Theirs => (theirs, Side::Theirs),
            };
            if account.is_none() {
                from = From::Side(side);
                (metadata, xattrs) = (node.metadata, node.xattrs.clone());
            }
        }
        if let From::Side(Side::Theirs) = from {
            metadata.mtime = theirs.metadata.mtime;
        } else if part == Part::Merged {
            metadata.mtime = ours.metadata.mtime.max(theirs.metadata.mtime);
        }
        if listing == Listing::Full {
            self.list(path, part.outcome(), name, reason, marked);
        }
        self.want(path, from, metadata, xattrs);
        Ok(true)
    }
}

/// The most lines of a text that is merged: comparing this many that are all different takes a second. The largest text of a
/// configuration, a bundle of certificates, has a tenth of them.
const MOST_LINES: usize = 200_000;

fn whole_name(node: &Node) -> &'static str {
    match node.kind_name() {
        "text" | "binary" => "file of this kind",
        other => other,
    }
}

/// Merges the contents of two regular files; `None` if they cannot be merged.
fn merged(kind: Kind, base: Option<&Node>, ours: &Node, theirs: &Node) -> Option<Merged> {
    let base = match base {
        Some(base) => base.text()?,
        None => &[],
    };
    let (ours, theirs) = (ours.text()?, theirs.text()?);
    if [base, ours, theirs].into_iter().any(|text| lines::lines(text).len() > MOST_LINES) {
        return None;
    }
    let by_lines = || lines::merge(base, ours, theirs);
    match kind {
        Kind::Whole => None,
        Kind::Records(format) => Some(format.merge(base, ours, theirs).unwrap_or_else(by_lines)),
        _ => {
            let merged = by_lines();
            if merged.conflicts == 0 {
                return Some(merged);
            }
            // Two options in neighbouring lines are a conflict only for lines.
            let as_sections = Format::sections(base, ours, theirs).filter(|merged| merged.conflicts == 0);
            Some(as_sections.unwrap_or(merged))
        }
    }
}
