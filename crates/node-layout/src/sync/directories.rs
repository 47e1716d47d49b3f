//! Directories below an open root. No link is followed on the way to a file, so that nothing outside the root is reached.

use super::error::{SyncError, joined};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, openat, statat};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

/// The most directories between the root and a file. Each one on the way is an open file of this process.
pub(super) const DEEPEST: usize = 200;

/// A directory, for looking up names in it only.
const LOOK_UP: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The directories of a tree. Those on the way to the last file stay open.
#[derive(Debug)]
pub(crate) struct Directories {
    path: PathBuf,
    root: OwnedFd,
    open: Vec<(OsString, OwnedFd)>,
}

impl Directories {
    /// Opens the root of a tree. It alone may be reached by a link.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn open(root: &Path) -> Result<Directories, SyncError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd =
            openat(CWD, root, flags, Mode::empty()).map_err(|e| SyncError::io(root, Path::new(""), e))?;
        Ok(Directories { path: root.to_owned(), root: fd, open: Vec::new() })
    }

    /// The root's path.
    pub(crate) fn root(&self) -> &Path {
        &self.path
    }

    /// The directory that `path` is in, and its name there. `path` is relative and has only names; an empty one means the root,
    /// whose name is a dot.
    ///
    /// # Errors
    /// The kernel's: a directory does not exist, or is a link. [`SyncError::TooDeep`].
    pub(crate) fn parent<'p>(&mut self, path: &'p Path) -> Result<(BorrowedFd<'_>, &'p OsStr), SyncError> {
        let mut names: Vec<&OsStr> = Vec::new();
        for part in path.components() {
            match part {
                Component::Normal(name) => names.push(name),
                _ => return Err(SyncError::io(&self.path, path, io::ErrorKind::InvalidInput)),
            }
        }
        let Some(name) = names.pop() else { return Ok((self.root.as_fd(), OsStr::new("."))) };
        if names.len() > DEEPEST {
            return Err(SyncError::TooDeep { path: joined(&self.path, path), limit: DEEPEST });
        }
        let same = self.open.iter().zip(&names).take_while(|((open, _), name)| open == *name).count();
        self.open.truncate(same);
        for name in &names[same..] {
            let above = self.open.last().map_or(self.root.as_fd(), |(_, fd)| fd.as_fd());
            let fd = openat(above, *name, LOOK_UP, Mode::empty())
                .map_err(|e| SyncError::io(&self.path, path, e))?;
            self.open.push(((*name).to_owned(), fd));
        }
        Ok((self.open.last().map_or(self.root.as_fd(), |(_, fd)| fd.as_fd()), name))
    }

    /// Forgets the open directories: one of them is going to be removed.
    pub(crate) fn forget(&mut self) {
        self.open.clear();
    }
}

/// Opens a directory for reading its names.
pub(crate) fn open_directory(above: BorrowedFd<'_>, name: &OsStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(above, name, flags, Mode::empty())?)
}

/// The names in an open directory, sorted by their bytes.
pub(crate) fn names(directory: BorrowedFd<'_>) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(OsString::from_vec(name));
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Removes a file, or a directory with everything in it. A link is removed, never followed.
pub(crate) fn remove(above: BorrowedFd<'_>, name: &OsStr, depth: usize) -> io::Result<()> {
    let unlink = |flags| unlocked(above, name, || rustix::fs::unlinkat(above, name, flags));
    match unlink(AtFlags::empty()) {
        Err(rustix::io::Errno::ISDIR | rustix::io::Errno::PERM) if is_directory(above, name) => {}
        other => return Ok(other?),
    }
    if depth > DEEPEST {
        return Err(io::Error::other(format!("more than {DEEPEST} directories deep")));
    }
    let directory = open_directory(above, name)?;
    for entry in names(directory.as_fd())? {
        remove(directory.as_fd(), &entry, depth + 1)?;
    }
    drop(directory);
    Ok(unlink(AtFlags::REMOVEDIR)?)
}

fn is_directory(above: BorrowedFd<'_>, name: &OsStr) -> bool {
    let stat = statat(above, name, AtFlags::SYMLINK_NOFOLLOW);
    stat.is_ok_and(|s| rustix::fs::FileType::from_raw_mode(s.st_mode).is_dir())
}

/// Does `work` on a file. If it is not permitted because the file, or its directory, must not be changed or may only grow
/// (`chattr +i`, `chattr +a`), these flags are removed and the work is done again.
pub(super) fn unlocked<T>(
    above: BorrowedFd<'_>,
    name: &OsStr,
    work: impl Fn() -> rustix::io::Result<T>,
) -> rustix::io::Result<T> {
    let error = match work() {
        Err(error @ (rustix::io::Errno::PERM | rustix::io::Errno::ACCESS)) => error,
        other => return other,
    };
    use rustix::fs::IFlags;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut removed = false;
    for name in [OsStr::new("."), name] {
        let kind = statat(above, name, AtFlags::SYMLINK_NOFOLLOW)
            .map(|s| rustix::fs::FileType::from_raw_mode(s.st_mode));
        if !kind.is_ok_and(|kind| kind.is_file() || kind.is_dir()) {
            continue;
        }
        let Ok(file) = openat(above, name, flags, Mode::empty()) else { continue };
        let locks = IFlags::IMMUTABLE | IFlags::APPEND;
        if let Ok(flags) = rustix::fs::ioctl_getflags(&file)
            && flags.intersects(locks)
        {
            rustix::fs::ioctl_setflags(&file, flags - locks)?;
            removed = true;
        }
    }
    if removed { work() } else { Err(error) }
}
