//! Copying what is missing. Everything appears under its name only when it is complete, and nothing that is there is replaced, so
//! the work can be interrupted at any time and done again.

use super::compare::{DEEPEST, existing};
use super::error::VarError;
use super::rules::{is_added, is_entered};
use crate::sync::{
    Directories, Metadata, READ, SyncError, Xattrs, names, open_directory, remove, settle, xattrs,
};
use rustix::fs::{Mode, OFlags, RenameFlags, mkdirat, mknodat, openat, readlinkat, renameat_with, symlinkat};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

/// What the temporary names begin with.
const TEMPORARY: &str = ".node-layout-new-";

/// Copies the files at these paths, with everything in them, from the tree at `from` to the one at `to`, as far as they are
/// missing there. Owner, mode, time and extended attributes are kept. What the source has not any more is left out, and so is
/// what has no directory to be in. In the end the target's file system is flushed. How many files and directories were added.
///
/// # Errors
/// [`VarError`]; what was added until then is complete.
pub(crate) fn add(from: &Path, to: &Path, paths: &[PathBuf]) -> Result<usize, VarError> {
    let mut adding = Adding { from: from.to_owned(), to: to.to_owned(), added: 0 };
    let (mut sources, mut targets) = (Directories::open(from)?, Directories::open(to)?);
    for path in paths {
        let (Some((source, name)), Some((target, _))) =
            (above(&mut sources, path)?, above(&mut targets, path)?)
        else {
            continue;
        };
        adding.file(path, name, source, target, 0)?;
    }
    let failed = VarError::io(to, Path::new(""));
    let directory = File::open(to).map_err(&failed)?;
    rustix::fs::syncfs(directory).map_err(|error| failed(error.into()))?;
    Ok(adding.added)
}

/// The directory of a file, and its name there; `None` if the directory does not exist.
fn above<'d, 'p>(
    directories: &'d mut Directories,
    path: &'p Path,
) -> Result<Option<(BorrowedFd<'d>, &'p OsStr)>, VarError> {
    match directories.parent(path) {
        Err(SyncError::Io { error, .. }) if is_missing(&error) => Ok(None),
        other => Ok(Some(other?)),
    }
}

/// Whether the way to a file is not there, or is another one now: a link is not followed.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        || error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

struct Adding {
    from: PathBuf,
    to: PathBuf,
    added: usize,
}

impl Adding {
    fn file(
        &mut self,
        path: &Path,
        name: &OsStr,
        source: BorrowedFd<'_>,
        target: BorrowedFd<'_>,
        depth: usize,
    ) -> Result<(), VarError> {
        if depth > DEEPEST {
            return Err(SyncError::TooDeep { path: self.from.join(path), limit: DEEPEST }.into());
        }
        let (in_source, in_target) = (VarError::io(&self.from, path), VarError::io(&self.to, path));
        let Some(metadata) = existing(source, name).map_err(&in_source)? else { return Ok(()) };
        if !is_added(path, metadata.kind) {
            return Ok(());
        }
        let mut temporary = OsString::from(TEMPORARY);
        temporary.push(name);
        // An interrupted run has left it.
        match remove(target, &temporary, 0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(in_target(error)),
            _ => {}
        }
        if existing(target, name).map_err(&in_target)?.is_none() {
            let attributes = xattrs(source, name).map_err(&in_source)?;
            make(source, name, target, &temporary, &metadata, &attributes).map_err(&in_target)?;
            match renameat_with(target, &temporary, target, name, RenameFlags::NOREPLACE) {
                // Somebody has made it meanwhile.
                Err(rustix::io::Errno::EXIST) => remove(target, &temporary, 0).map_err(&in_target)?,
                renamed => {
                    renamed.map_err(|error| in_target(error.into()))?;
                    self.added += 1;
                }
            }
        }
        let is_directory = |m: Metadata| m.kind.is_dir();
        let present = existing(target, name).map_err(&in_target)?;
        if metadata.kind.is_dir() && is_entered(path) && present.is_some_and(is_directory) {
            let (below, into) = (open_directory(source, name), open_directory(target, name));
            let (below, into) = (below.map_err(&in_source)?, into.map_err(&in_target)?);
            for name in names(below.as_fd()).map_err(in_source)? {
                self.file(&path.join(&name), &name, below.as_fd(), into.as_fd(), depth + 1)?;
            }
        }
        Ok(())
    }
}

/// Makes a copy of a file under a temporary name; of a directory an empty one.
fn make(
    source: BorrowedFd<'_>,
    name: &OsStr,
    target: BorrowedFd<'_>,
    temporary: &OsStr,
    metadata: &Metadata,
    attributes: &Xattrs,
) -> io::Result<()> {
    let private = Mode::RUSR | Mode::WUSR;
    match metadata.kind {
        kind if kind.is_dir() => mkdirat(target, temporary, Mode::RWXU)?,
        kind if kind.is_file() => {
            let mut from = File::from(openat(source, name, READ, Mode::empty())?);
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mut file = File::from(openat(target, temporary, flags, private)?);
            io::copy(&mut from, &mut file)?;
            // The name must not reach the disk before the content.
            file.sync_data()?;
        }
        kind if kind.is_symlink() => {
            let to = readlinkat(source, name, Vec::new())?;
            symlinkat(&to, target, temporary)?;
        }
        kind => mknodat(target, temporary, kind, private, metadata.rdev)?,
    }
    settle(target, temporary, metadata, attributes)
}
