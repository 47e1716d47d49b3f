//! Writing the result of a merge into a directory.

use super::error::EtcError;
use super::node::{Content, Node};
use super::outcome::{From, Merge, Side, Trees, Wanted};
use crate::sync::{Directories, Metadata, READ, Xattrs, names, open_directory, remove, settle};
use rustix::fs::{FileType, Mode, OFlags, mkdirat, mknodat, openat, symlinkat};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// Makes the directory for a result; it must be empty and outside the trees that are read.
///
/// # Errors
/// [`EtcError::Output`], and the kernel's.
pub(crate) fn empty_output(output: &Path, trees: &Trees) -> Result<(), EtcError> {
    let failed = EtcError::io(output, Path::new(""));
    let unusable = |what| Err(EtcError::Output { path: output.to_owned(), what });
    match std::fs::read_dir(output) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return unusable("is not empty; give a new directory");
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Nothing is made inside a tree that is read.
            let existing = output.ancestors().skip(1).find(|above| above.exists()).unwrap_or(Path::new("."));
            let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
            if is_inside(existing, trees).map_err(&failed)? {
                return unusable("is inside a directory that is merged; give one outside");
            }
            std::fs::create_dir_all(output).map_err(&failed)?;
        }
        Err(error) => return Err(failed(error)),
    }
    if is_inside(output, trees).map_err(failed)? {
        return unusable("is inside a directory that is merged; give one outside");
    }
    Ok(())
}

/// Puts one file, or a directory with everything in it, in the place of what another tree has there. `tree` has what is put, from
/// `from`; if it has nothing the file is removed. A regular file or a link replaces the old one at once.
///
/// # Errors
/// [`EtcError`].
pub(super) fn write_one(
    tree: &BTreeMap<PathBuf, Wanted>,
    from: &Path,
    path: &Path,
    to: &Path,
) -> Result<(), EtcError> {
    let failed = EtcError::io(to, path);
    let mut writer = Writer {
        ours: Directories::open(from)?,
        theirs: Directories::open(from)?,
        target: Directories::open(to)?,
        root: to.to_owned(),
        is_root: rustix::process::geteuid().is_root(),
    };
    let Some(wanted) = tree.get(path) else {
        let (above, name) = writer.target.parent(path)?;
        return match remove(above, name, 0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        };
    };
    for above in path.ancestors().skip(1).collect::<Vec<_>>().into_iter().rev() {
        if above.as_os_str().is_empty() {
            continue;
        }
        let (parent, name) = writer.target.parent(above)?;
        match mkdirat(parent, name, Mode::from_raw_mode(0o755)) {
            Err(rustix::io::Errno::EXIST) => {}
            made => made.map_err(|error| failed(error.into()))?,
        }
    }
    let (above, name) = writer.target.parent(path)?;
    let is_directory = Metadata::read(above, name).is_ok_and(|m| m.kind.is_dir());
    if wanted.metadata.kind.is_dir() || is_directory {
        match remove(above, name, 0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        writer.target.forget();
        tree.iter().try_for_each(|(path, wanted)| writer.make(path, path, wanted))?;
        let directories = tree.iter().rev().filter(|(_, wanted)| wanted.metadata.kind.is_dir());
        return directories.into_iter().try_for_each(|(path, wanted)| writer.settle(path, wanted));
    }
    let mut temporary = std::ffi::OsString::from(".node-layout-");
    temporary.push(path.file_name().unwrap_or_default());
    let temporary = path.with_file_name(temporary);
    writer.make(path, &temporary, wanted)?;
    let (above, name) = writer.target.parent(path)?;
    let from = temporary.file_name().unwrap_or_default();
    if wanted.metadata.kind.is_file() {
        let file = openat(above, from, READ, Mode::empty()).map_err(|error| failed(error.into()))?;
        rustix::fs::fsync(file).map_err(|error| failed(error.into()))?;
    }
    rustix::fs::renameat(above, from, above, name).map_err(|error| failed(error.into()))
}

fn is_inside(path: &Path, trees: &Trees) -> io::Result<bool> {
    let path = std::fs::canonicalize(path)?;
    let roots = [&trees.base, &trees.ours, &trees.theirs].map(std::fs::canonicalize);
    Ok(roots.into_iter().flatten().any(|root| path.starts_with(root)))
}

/// Makes the directory `target` as the merge has decided: removes what is not in it, and makes what is missing or different. A
/// process that is not root's leaves the owner to be its own.
///
/// # Errors
/// [`EtcError`]; the directory is then neither as before nor as decided.
pub(crate) fn write(merge: &Merge, trees: &Trees, target: &Path) -> Result<(), EtcError> {
    let mut writer = Writer {
        ours: Directories::open(&trees.ours)?,
        theirs: Directories::open(&trees.theirs)?,
        target: Directories::open(target)?,
        root: target.to_owned(),
        is_root: rustix::process::geteuid().is_root(),
    };
    writer.remove_others(merge, Path::new(""))?;
    writer.target.forget();
    for (path, wanted) in &merge.tree {
        writer.make(path, path, wanted)?;
    }
    // What is made in a directory changes its time.
    for (path, wanted) in merge.tree.iter().rev().filter(|(_, wanted)| wanted.metadata.kind.is_dir()) {
        writer.settle(path, wanted)?;
    }
    Ok(())
}

/// The text of a regular file as it will be; `None` if it will be something else, or nothing.
///
/// # Errors
/// The kernel's.
pub(crate) fn text(merge: &Merge, trees: &Trees, path: &Path) -> Result<Option<Vec<u8>>, EtcError> {
    let Some(wanted) = merge.tree.get(path).filter(|wanted| wanted.metadata.kind.is_file()) else {
        return Ok(None);
    };
    match &wanted.content {
        From::Bytes(bytes) => Ok(Some(bytes.clone())),
        From::Side(side) => version(trees, *side, path),
    }
}

/// The text of a regular file of one side; `None` if it is something else, too large, or nothing.
///
/// # Errors
/// The kernel's.
pub(crate) fn version(trees: &Trees, side: Side, path: &Path) -> Result<Option<Vec<u8>>, EtcError> {
    let root = match side {
        Side::Ours => &trees.ours,
        Side::Theirs => &trees.theirs,
    };
    let mut tree = Directories::open(root)?;
    let Ok((above, name)) = tree.parent(path) else { return Ok(None) };
    let node = Node::read(above, name, &super::ids::IdMap::default()).map_err(EtcError::io(root, path))?;
    Ok(node.and_then(|node| match node.content {
        Content::Bytes(bytes) if node.metadata.kind.is_file() => Some(bytes),
        _ => None,
    }))
}

struct Writer {
    ours: Directories,
    theirs: Directories,
    target: Directories,
    root: PathBuf,
    is_root: bool,
}

impl Writer {
    /// Removes what the result does not have, and what is of another kind there.
    fn remove_others(&mut self, merge: &Merge, path: &Path) -> Result<(), EtcError> {
        let failed = EtcError::io(&self.root, path);
        let (above, name) = self.target.parent(path)?;
        let directory = open_directory(above, name).map_err(&failed)?;
        for name in names(directory.as_fd()).map_err(&failed)? {
            let path = path.join(&name);
            let failed = EtcError::io(&self.root, &path);
            let kind = Metadata::read(directory.as_fd(), &name).map_err(&failed)?.kind;
            match merge.tree.get(&path) {
                Some(wanted) if wanted.metadata.kind == kind && kind.is_dir() => {
                    self.remove_others(merge, &path)?;
                }
                Some(wanted) if wanted.metadata.kind == kind => {}
                _ => remove(directory.as_fd(), &name, 0).map_err(failed)?,
            }
        }
        Ok(())
    }

    /// Makes the file `to` of the target; its content comes from `path`.
    fn make(&mut self, path: &Path, to: &Path, wanted: &Wanted) -> Result<(), EtcError> {
        let failed = EtcError::io(&self.root, to);
        if wanted.metadata.kind.is_dir() {
            if !to.as_os_str().is_empty() {
                let (above, name) = self.target.parent(to)?;
                match mkdirat(above, name, Mode::RWXU) {
                    Err(rustix::io::Errno::EXIST) => {}
                    made => made.map_err(|error| failed(error.into()))?,
                }
            }
            return Ok(());
        }
        let source = match &wanted.content {
            From::Bytes(bytes) => Content::Bytes(bytes.clone()),
            From::Side(side) => {
                let tree = match side {
                    Side::Ours => &mut self.ours,
                    Side::Theirs => &mut self.theirs,
                };
                let root = tree.root().to_owned();
                let (above, name) = tree.parent(path)?;
                let failed = EtcError::io(&root, path);
                let kind = Metadata::read(above, name).map_err(&failed)?.kind;
                if kind != wanted.metadata.kind {
                    return Err(failed(io::Error::other("has changed while it was read; run this again")));
                }
                if kind.is_file() {
                    let file = openat(above, name, READ, Mode::empty()).map_err(|e| failed(e.into()))?;
                    Content::File(File::from(file))
                } else {
                    match Node::read(above, name, &super::ids::IdMap::default()).map_err(&failed)? {
                        Some(node) => node.content,
                        None => return Err(failed(io::ErrorKind::NotFound.into())),
                    }
                }
            }
        };
        let (above, name) = self.target.parent(to)?;
        match remove(above, name, 0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let private = Mode::RUSR | Mode::WUSR;
        match (wanted.metadata.kind, source) {
            (FileType::Symlink, Content::Bytes(to)) => {
                let to = std::ffi::CString::new(to).map_err(|e| failed(e.into()))?;
                symlinkat(&to, above, name).map_err(|e| failed(e.into()))?;
            }
            (FileType::RegularFile, source) => {
                let flags =
                    OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let file = openat(above, name, flags, private).map_err(|e| failed(e.into()))?;
                let mut file = File::from(file);
                match source {
                    Content::Bytes(bytes) => file.write_all(&bytes).map_err(&failed)?,
                    Content::File(mut source) => {
                        io::copy(&mut source, &mut file).map_err(&failed)?;
                    }
                    Content::None => {}
                }
            }
            (kind, _) => {
                mknodat(above, name, kind, private, wanted.metadata.rdev).map_err(|e| failed(e.into()))?;
            }
        }
        self.settle(to, wanted)
    }

    fn settle(&mut self, path: &Path, wanted: &Wanted) -> Result<(), EtcError> {
        let failed = EtcError::io(&self.root, path);
        let (above, name) = self.target.parent(path)?;
        let mut metadata = wanted.metadata;
        let mut xattrs: Xattrs = wanted.xattrs.clone();
        if !self.is_root {
            let own = Metadata::read(above, name).map_err(&failed)?;
            if (metadata.uid, metadata.gid) != (own.uid, own.gid) {
                // As another user's, a program would run with other rights.
                metadata.mode &= 0o1777;
            }
            (metadata.uid, metadata.gid) = (own.uid, own.gid);
            // Capabilities, labels, and what only the kernel's own programs may write.
            let is_privileged = |name: &[u8]| name.starts_with(b"security.") || name.starts_with(b"trusted.");
            xattrs.retain(|name, _| !is_privileged(name.as_encoded_bytes()));
        }
        settle(above, name, &metadata, &xattrs).map_err(failed)
    }
}
