//! What a new image adds to /var, and what it has in another version.

use super::error::VarError;
use super::rules::{is_added, is_entered};
use crate::sync::{Metadata, READ, SyncError, names, open_directory};
use rustix::fs::{CWD, FileType, Mode, OFlags, openat, readlinkat};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

/// The most directories on the way to a file; each one is an open file of this process.
pub(super) const DEEPEST: usize = 200;
/// The most files and directories that are looked at in the image's /var.
const MOST: usize = 1_000_000;
/// The most that are added on their own or differ. What is in a new directory is not counted.
const MOST_LISTED: usize = 4_000;

/// The trees that are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VarTrees {
    /// /var as the old image has brought it; `None` if that is not known.
    pub(crate) old: Option<PathBuf>,
    /// /var of the new image, or of its layer.
    pub(crate) image: PathBuf,
    /// /var of this host.
    pub(crate) live: PathBuf,
}

/// A file that the image has in another version than this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Differing {
    /// Its path below /var.
    pub(crate) path: PathBuf,
    /// What is different.
    pub(crate) what: String,
}

/// What is to be added, and what differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Additions {
    /// What is added, each with everything in it.
    pub(crate) add: Vec<PathBuf>,
    /// What the new image has in another version: the version of this host stays.
    pub(crate) differing: Vec<Differing>,
    /// Bytes of what is added.
    pub(crate) bytes: u64,
}

impl Additions {
    /// Whether nothing waits and nothing has to be said.
    pub(crate) fn is_empty(&self) -> bool {
        self.add.is_empty() && self.differing.is_empty()
    }
}

/// Compares the /var of an image with that of this host. What the old image had and this host has not was removed here, and stays
/// removed. What differs is listed if the image has changed it.
///
/// # Errors
/// [`VarError`].
pub(crate) fn compare(trees: &VarTrees) -> Result<Additions, VarError> {
    let open = |root: &Path| {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(CWD, root, flags, Mode::empty()).map_err(|e| VarError::io(root, Path::new(""))(e.into()))
    };
    let image = match open(&trees.image) {
        // An image without /var adds nothing.
        Err(error) if error.is_of_change() => {
            return Ok(Additions::default());
        }
        opened => opened?,
    };
    let (old, live) = (trees.old.as_deref().map(open).transpose()?, open(&trees.live)?);
    let device = Metadata::read(image.as_fd(), OsStr::new("."))
        .map_err(VarError::io(&trees.image, Path::new("")))?
        .id()
        .0;
    let mut walk = Walk { trees, device, seen: 0, found: Additions::default() };
    let old = old.as_ref().map(AsFd::as_fd);
    walk.directory(Path::new(""), Opened { image: image.as_fd(), old, live: Some(live.as_fd()) }, 0)?;
    Ok(walk.found)
}

/// The same directory of each tree.
#[derive(Clone, Copy)]
struct Opened<'a> {
    image: BorrowedFd<'a>,
    /// `None` if it is not known, or has no such directory.
    old: Option<BorrowedFd<'a>>,
    /// `None` if the directory is to be added.
    live: Option<BorrowedFd<'a>>,
}

struct Walk<'a> {
    trees: &'a VarTrees,
    /// Number of the image's file system.
    device: u64,
    seen: usize,
    found: Additions,
}

impl Walk<'_> {
    /// Walks through a directory of the image. Without one of this host it is going to be added.
    fn directory(&mut self, path: &Path, above: Opened<'_>, depth: usize) -> Result<(), VarError> {
        if depth > DEEPEST {
            return Err(SyncError::TooDeep { path: self.trees.image.join(path), limit: DEEPEST }.into());
        }
        for name in names(above.image).map_err(VarError::io(&self.trees.image, path))? {
            let path = path.join(&name);
            self.seen += 1;
            if self.seen > MOST {
                return Err(VarError::TooMany { limit: MOST });
            }
            self.file(path, &name, above, depth)?;
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, name: &OsStr, above: Opened<'_>, depth: usize) -> Result<(), VarError> {
        let Opened { image, old, live } = above;
        let in_image = VarError::io(&self.trees.image, &path);
        let in_live = VarError::io(&self.trees.live, &path);
        let metadata = Metadata::read(image, name).map_err(&in_image)?;
        if metadata.id().0 != self.device {
            // Something is mounted in the image.
            return Ok(());
        }
        let before = old.map(|old| existing(old, name)).transpose().map_err(&in_image)?.flatten();
        let present = match live {
            Some(live) => existing(live, name).map_err(&in_live)?,
            None => None,
        };
        let Some(present) = present else {
            // The host has removed it.
            if before.is_some() || !is_added(&path, metadata.kind) {
                return Ok(());
            }
            if live.is_some() {
                self.list()?;
                self.found.add.push(path.clone());
            }
            if metadata.kind.is_file() {
                self.found.bytes = self.found.bytes.saturating_add(metadata.size);
            }
            if metadata.kind.is_dir() && is_entered(&path) {
                let below = open_directory(image, name).map_err(in_image)?;
                let below = Opened { image: below.as_fd(), old: None, live: None };
                self.directory(&path, below, depth + 1)?;
            }
            return Ok(());
        };
        if !is_entered(&path) {
            return Ok(());
        }
        if metadata.kind.is_dir() && present.kind.is_dir() {
            let open = |above, io: &dyn Fn(io::Error) -> VarError| open_directory(above, name).map_err(io);
            let image = open(image, &in_image)?;
            // Where the old image has no such directory, everything in it is new.
            let old = old.filter(|_| before.is_some_and(|m| m.kind.is_dir()));
            let old = old.map(|old| open(old, &in_image)).transpose()?;
            let live = live.map(|live| open(live, &in_live)).transpose()?;
            let below = Opened {
                image: image.as_fd(),
                old: old.as_ref().map(AsFd::as_fd),
                live: live.as_ref().map(AsFd::as_fd),
            };
            return self.directory(&path, below, depth + 1);
        }
        let Some(live) = live else { return Ok(()) };
        // A file that is not added is not worth a word either.
        if !is_added(&path, metadata.kind) {
            return Ok(());
        }
        let what = difference(image, live, name, &metadata, &present).map_err(&in_live)?;
        let Some(what) = what else { return Ok(()) };
        if let (Some(old), Some(before)) = (old, before)
            && difference(image, old, name, &metadata, &before).map_err(in_image)?.is_none()
        {
            // The image has not changed it.
            return Ok(());
        }
        self.list()?;
        self.found.differing.push(Differing { path, what });
        Ok(())
    }

    /// Counts what is listed.
    fn list(&self) -> Result<(), VarError> {
        match self.found.add.len() + self.found.differing.len() {
            n if n < MOST_LISTED => Ok(()),
            _ => Err(VarError::TooMany { limit: MOST_LISTED }),
        }
    }
}

/// What stat(2) says about a file; `None` if it does not exist.
pub(super) fn existing(above: BorrowedFd<'_>, name: &OsStr) -> io::Result<Option<Metadata>> {
    match Metadata::read(above, name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// What is different between a file of the image and one of another tree; `None` if it is the same. Owners are not compared: in
/// /var they are numbers of this host.
fn difference(
    image: BorrowedFd<'_>,
    other: BorrowedFd<'_>,
    name: &OsStr,
    wanted: &Metadata,
    present: &Metadata,
) -> io::Result<Option<String>> {
    if wanted.kind != present.kind {
        return Ok(Some(format!("a {} here, a {} in the image", word(present.kind), word(wanted.kind))));
    }
    let content = match wanted.kind {
        kind if kind.is_file() => {
            wanted.size == present.size && {
                let open = |above| openat(above, name, READ, Mode::empty()).map(File::from);
                same_bytes(open(image)?, open(other)?)?
            }
        }
        kind if kind.is_symlink() => {
            readlinkat(image, name, Vec::new())? == readlinkat(other, name, Vec::new())?
        }
        _ => wanted.rdev == present.rdev,
    };
    if !content {
        return Ok(Some("another content".to_owned()));
    }
    let mode = wanted.kind.is_symlink() || wanted.mode == present.mode;
    Ok((!mode).then(|| format!("mode {:04o} here, {:04o} in the image", present.mode, wanted.mode)))
}

fn word(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "file",
        FileType::Directory => "directory",
        FileType::Symlink => "link",
        FileType::Fifo => "named pipe",
        FileType::Socket => "socket",
        _ => "device",
    }
}

fn same_bytes(mut a: File, mut b: File) -> io::Result<bool> {
    let mut buffers = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        let (n, m) = (fill(&mut a, &mut buffers.0)?, fill(&mut b, &mut buffers.1)?);
        if buffers.0[..n] != buffers.1[..m] {
            return Ok(false);
        }
        if n == 0 {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < buffer.len() {
        match file.read(&mut buffer[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}
