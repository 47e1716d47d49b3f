//! Writing a difference into a tree.

use super::compare::{Change, Difference, READ, What};
use super::content::{self, Buffers, Side};
use super::directories::{Directories, remove, unlocked};
use super::error::{SyncError, joined};
use super::metadata::{Metadata, Xattrs, settle, xattrs};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, linkat, mkdirat, mknodat, openat, symlinkat};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// Bytes of content.
    pub(crate) bytes: u64,
}

/// Writes the difference between the trees at `source` and at `target` into the latter. In the end the target's file system is
/// flushed. `watch` is told from time to time how many bytes were written, and may stop the work with a reason.
///
/// # Errors
/// [`SyncError`]; the target is then neither of the two.
pub(crate) fn apply(
    source: &Path,
    target: &Path,
    difference: &Difference,
    watch: &mut dyn FnMut(u64) -> Result<(), String>,
) -> Result<Written, SyncError> {
    let mut writer = Writer {
        source: Directories::open(source)?,
        target: Directories::open(target)?,
        buffers: Buffers::default(),
        directories: BTreeSet::new(),
        written: Written::default(),
        watch,
    };
    for path in &difference.removals {
        writer.remove(path)?;
    }
    writer.target.forget();
    for change in &difference.changes {
        writer.change(change)?;
    }
    writer.settle_directories()?;
    let flush = |path: &Path| rustix::fs::syncfs(File::open(path)?).map_err(io::Error::from);
    flush(target).map_err(|e| SyncError::io(target, Path::new(""), e))?;
    (writer.watch)(writer.written.bytes).map_err(SyncError::Stopped)?;
    Ok(writer.written)
}

/// Why writing one file has failed.
enum Failed {
    Io(io::Error),
    Stopped(String),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Failed {
        Failed::Io(error)
    }
}

struct Writer<'a> {
    source: Directories,
    target: Directories,
    buffers: Buffers,
    /// Directories whose metadata is written at the end: what is made in them changes their times.
    directories: BTreeSet<PathBuf>,
    written: Written,
    watch: &'a mut dyn FnMut(u64) -> Result<(), String>,
}

impl Writer<'_> {
    fn remove(&mut self, path: &Path) -> Result<(), SyncError> {
        let root = self.target.root().to_owned();
        let (above, name) = self.target.parent(path)?;
        remove(above, name, 0).map_err(|error| SyncError::io(&root, path, error))?;
        self.note_parent(path);
        (self.watch)(self.written.bytes).map_err(SyncError::Stopped)
    }

    fn note_parent(&mut self, path: &Path) {
        if let Some(parent) = path.parent() {
            self.directories.insert(parent.to_owned());
        }
    }

    fn change(&mut self, change: &Change) -> Result<(), SyncError> {
        let path = &change.path;
        let (source_root, target_root) = (self.source.root().to_owned(), self.target.root().to_owned());
        let source = |error: io::Error| SyncError::io(&source_root, path, error);
        let target = |error: io::Error| SyncError::io(&target_root, path, error);
        let kind = change.seen.kind;
        if matches!(change.what, What::Make | What::Link(_)) {
            self.note_parent(path);
        }
        if kind.is_dir() {
            if change.what == What::Make {
                let (above, name) = self.target.parent(path)?;
                unlocked(above, name, || mkdirat(above, name, Mode::RWXU)).map_err(|e| target(e.into()))?;
            }
            self.directories.insert(path.clone());
            return Ok(());
        }
        let (from, from_name) = self.source.parent(path)?;
        let seen = Metadata::read(from, from_name).map_err(source)?;
        if seen.has_changed_since(&change.seen) {
            return Err(SyncError::Changed { path: joined(&source_root, path) });
        }
        let (to, name) = self.target.parent(path)?;
        let (bytes, watch) = (&mut self.written.bytes, &mut self.watch);
        let mut written = |more: u64| {
            *bytes += more;
            watch(*bytes).map_err(Failed::Stopped)
        };
        let failed = |failed: Failed, here: &dyn Fn(io::Error) -> SyncError| match failed {
            Failed::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                SyncError::Changed { path: joined(&source_root, path) }
            }
            Failed::Io(error) => here(error),
            Failed::Stopped(reason) => SyncError::Stopped(reason),
        };
        match &change.what {
            What::Make if kind.is_file() => {
                let file = open_source(from, from_name).map_err(source)?;
                let flags =
                    OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let mode = Mode::RUSR | Mode::WUSR;
                let new =
                    unlocked(to, name, || openat(to, name, flags, mode)).map_err(|e| target(e.into()))?;
                let side = Side { file: &file, metadata: &seen };
                content::fill(side, &File::from(new), &mut self.buffers, &mut written)
                    .map_err(|e| failed(e, &target))?;
            }
            What::Make => make_special(from, from_name, to, name, &seen).map_err(target)?,
            What::Patch(patch) => {
                let file = open_source(from, from_name).map_err(source)?;
                let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                let open = || openat(to, name, flags, Mode::empty());
                let old = unlocked(to, name, open).map_err(|e| target(e.into()))?;
                let side = Side { file: &file, metadata: &seen };
                content::patch(side, &File::from(old), patch, &mut self.buffers, &mut written)
                    .map_err(|e| failed(e, &target))?;
            }
            What::Rewrite => {
                let file = open_source(from, from_name).map_err(source)?;
                let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                let open = || openat(to, name, flags, Mode::empty());
                let old = unlocked(to, name, open).map_err(|e| target(e.into()))?;
                // The file system looks for free blocks then.
                rustix::fs::ftruncate(&old, 0).map_err(|e| target(e.into()))?;
                let side = Side { file: &file, metadata: &seen };
                content::fill(side, &File::from(old), &mut self.buffers, &mut written)
                    .map_err(|e| failed(e, &target))?;
            }
            What::Settle => {}
            What::Link(first) => {
                // The directories of both names are needed at once.
                let mut others = Directories::open(&target_root)?;
                let (first_above, first_name) = others.parent(first)?;
                let link = || linkat(first_above, first_name, to, name, AtFlags::empty());
                unlocked(to, name, link).map_err(|e| target(e.into()))?;
                // The first name has brought the metadata.
                return Ok(());
            }
        }
        let wanted: Xattrs = xattrs(from, from_name).map_err(source)?;
        settle(to, name, &seen, &wanted).map_err(target)?;
        written(0).map_err(|e| failed(e, &target))
    }

    /// Writes the metadata of directories, the deepest first.
    fn settle_directories(&mut self) -> Result<(), SyncError> {
        let (source_root, target_root) = (self.source.root().to_owned(), self.target.root().to_owned());
        for path in std::mem::take(&mut self.directories).into_iter().rev() {
            let source = |error: io::Error| SyncError::io(&source_root, &path, error);
            let (from, name) = self.source.parent(&path)?;
            let metadata = Metadata::read(from, name).map_err(source)?;
            let wanted = xattrs(from, name).map_err(source)?;
            let (to, name) = self.target.parent(&path)?;
            settle(to, name, &metadata, &wanted).map_err(|e| SyncError::io(&target_root, &path, e))?;
        }
        Ok(())
    }
}

fn open_source(above: BorrowedFd<'_>, name: &OsStr) -> io::Result<File> {
    let file = File::from(openat(above, name, READ, Mode::empty())?);
    if !FileType::from_raw_mode(fstat(&file)?.st_mode).is_file() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(file)
}

/// Makes a link, a device, a named pipe or a socket.
fn make_special(
    from: BorrowedFd<'_>,
    from_name: &OsStr,
    to: BorrowedFd<'_>,
    name: &OsStr,
    seen: &Metadata,
) -> io::Result<()> {
    if seen.kind.is_symlink() {
        let target = rustix::fs::readlinkat(from, from_name, Vec::new())?;
        unlocked(to, name, || symlinkat(&target, to, name))?;
    } else {
        let mode = Mode::RUSR | Mode::WUSR;
        unlocked(to, name, || mknodat(to, name, seen.kind, mode, seen.rdev))?;
    }
    Ok(())
}
