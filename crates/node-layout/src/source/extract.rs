//! Unpacking an archive into an empty directory of this host.
//!
//! Archives are untrusted. A name that is absolute, has `..`, or leads through a link is refused; nothing outside the directory is
//! made or changed. GNU tar is not used: it follows the links that an earlier layer of a container has brought.

use super::acl;
use super::error::SourceError;
use super::tar::{Entries, Entry, EntryKind};
use crate::sync::{Directories, Metadata, Xattrs, names, open_directory, remove, settle};
use node_base::harmless::excerpt;
use node_base::units::Bytes;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, linkat, makedev, mkdirat, mknodat, openat, symlinkat};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};

/// The most entries of an image, all layers together.
const MOST: u64 = 10_000_000;
/// How much is copied at once, in bytes.
const WINDOW: usize = 256 << 10;

/// What marks a file of a lower layer as removed, and a directory as new (OCI image specification 1.1, "Whiteouts").
const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// A file's metadata, and its two ACLs as texts.
type WithAcls = (Metadata, Xattrs, [Option<Vec<u8>>; 2]);

/// Unpacks archives, one over the other.
pub(super) struct Extractor {
    root: PathBuf,
    tree: Directories,
    /// Bytes that may still be written.
    room: u64,
    /// Entries that may still come.
    entries: u64,
    /// Directories get their metadata at the end: what is made in them changes their times.
    directories: BTreeMap<PathBuf, (Metadata, Xattrs)>,
    /// Files with ACLs, whose names are looked up in the image when it is complete.
    with_acls: BTreeMap<PathBuf, WithAcls>,
}

/// Whether archives are layers of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layers {
    /// One archive, whose names mean themselves.
    None,
    /// Layers: some names remove files of earlier ones.
    Oci,
}

impl Extractor {
    /// Unpacks into `root`, an empty directory, at most `room` bytes.
    pub(super) fn new(root: &Path, room: Bytes) -> Result<Extractor, SourceError> {
        let tree = Directories::open(root)?;
        Ok(Extractor {
            root: root.to_owned(),
            tree,
            room: room.0,
            entries: MOST,
            directories: BTreeMap::new(),
            with_acls: BTreeMap::new(),
        })
    }

    /// Unpacks an archive over what there is.
    pub(super) fn archive(&mut self, entries: &mut Entries, layers: Layers) -> Result<(), SourceError> {
        let mut own: BTreeSet<PathBuf> = BTreeSet::new();
        while let Some(entry) = entries.next().map_err(SourceError::Archive)? {
            self.entries = self.entries.checked_sub(1).ok_or(SourceError::TooManyEntries(MOST))?;
            let path = inside(&entry.path)?;
            let name = path.file_name().map(OsStr::as_bytes).unwrap_or_default();
            if layers == Layers::Oci && name.starts_with(WHITEOUT) {
                self.white_out(&path, name, &own)?;
                continue;
            }
            if layers == Layers::Oci {
                let above = path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
                own.extend(above.map(Path::to_owned).chain([path.clone()]));
            }
            self.entry(entries, &entry, path)?;
        }
        Ok(())
    }

    fn white_out(&mut self, path: &Path, name: &[u8], own: &BTreeSet<PathBuf>) -> Result<(), SourceError> {
        let directory = path.parent().unwrap_or(Path::new(""));
        let gone: Vec<PathBuf> = if name == OPAQUE {
            // The parent of a name that need not exist.
            let Ok((above, _)) = self.tree.parent(&directory.join("x")) else { return Ok(()) };
            let opened = open_directory(above, OsStr::new(".")).map_err(at(path))?;
            let names = names(opened.as_fd()).map_err(at(path))?;
            names.iter().map(|name| directory.join(name)).collect()
        } else if name.starts_with(b".wh..wh.") {
            return Ok(());
        } else {
            vec![directory.join(OsStr::from_bytes(&name[WHITEOUT.len()..]))]
        };
        gone.iter().filter(|path| !own.contains(*path)).try_for_each(|path| self.remove(path))
    }

    /// Removes a file if it exists, and everything that was noted about it.
    fn remove(&mut self, path: &Path) -> Result<(), SourceError> {
        let removed = match self.tree.parent(path) {
            Ok((above, name)) => remove(above, name, 0),
            Err(_) => return Ok(()),
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(path)(error)),
            _ => {}
        }
        if removed.is_ok() {
            self.tree.forget();
            forget(&mut self.directories, path);
            forget(&mut self.with_acls, path);
        }
        Ok(())
    }

    fn entry(&mut self, entries: &mut Entries, entry: &Entry, path: PathBuf) -> Result<(), SourceError> {
        let kind = match entry.kind {
            EntryKind::File | EntryKind::HardLink => FileType::RegularFile,
            EntryKind::Symlink => FileType::Symlink,
            EntryKind::Character => FileType::CharacterDevice,
            EntryKind::Block => FileType::BlockDevice,
            EntryKind::Directory => FileType::Directory,
            EntryKind::Fifo => FileType::Fifo,
        };
        let is_root = path.as_os_str().is_empty();
        if is_root && !kind.is_dir() {
            return Err(SourceError::Name(excerpt(&String::from_utf8_lossy(&entry.path)).to_string()));
        }
        let metadata = Metadata::wanted(kind, entry.mode, (entry.uid, entry.gid), entry.mtime);
        let xattrs: Xattrs = entry
            .xattrs
            .iter()
            .map(|(name, value)| (OsString::from_vec(name.clone()), value.clone()))
            .collect();
        if kind.is_dir() {
            self.make_directory(&path)?;
            if entry.acls.iter().any(Option::is_some) {
                self.with_acls.insert(path.clone(), (metadata, xattrs.clone(), entry.acls.clone()));
            } else {
                self.with_acls.remove(&path);
            }
            self.directories.insert(path, (metadata, xattrs));
            return Ok(());
        }
        let first = match entry.kind {
            EntryKind::HardLink => Some(inside(&entry.link)?),
            _ => None,
        };
        if first.as_ref() == Some(&path) {
            return Err(SourceError::Name(excerpt(&String::from_utf8_lossy(&entry.path)).to_string()));
        }
        if let Some(parent) = path.parent() {
            self.make_parents(parent)?;
        }
        self.remove(&path)?;
        if let Some(first) = first {
            let mut others = Directories::open(&self.root)?;
            let (first_above, first_name) = others.parent(&first)?;
            let (above, name) = self.tree.parent(&path)?;
            linkat(first_above, first_name, above, name, AtFlags::empty())
                .map_err(|e| at(&path)(e.into()))?;
            if let Some(noted) = self.with_acls.get(&first).cloned() {
                self.with_acls.insert(path, noted);
            }
            return Ok(());
        }
        let (above, name) = self.tree.parent(&path)?;
        let private = Mode::RUSR | Mode::WUSR;
        match entry.kind {
            EntryKind::File => {
                let flags =
                    OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let file = openat(above, name, flags, private).map_err(|e| at(&path)(e.into()))?;
                self.room = self.room.checked_sub(entry.stored).ok_or(SourceError::NoRoom)?;
                content(entries, entry, &File::from(file)).map_err(at(&path))?;
            }
            EntryKind::Symlink => {
                let to = OsStr::from_bytes(&entry.link);
                symlinkat(to, above, name).map_err(|e| at(&path)(e.into()))?;
            }
            _ => {
                let device = makedev(entry.device.0, entry.device.1);
                mknodat(above, name, kind, private, device).map_err(|e| at(&path)(e.into()))?;
            }
        }
        settle(above, name, &metadata, &xattrs).map_err(at(&path))?;
        if entry.acls.iter().any(Option::is_some) {
            self.with_acls.insert(path, (metadata, xattrs, entry.acls.clone()));
        }
        Ok(())
    }

    /// Makes a directory, in place of anything else that has its name, and those above it.
    fn make_directory(&mut self, path: &Path) -> Result<(), SourceError> {
        if path.as_os_str().is_empty() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.make_parents(parent)?;
        }
        let (above, name) = self.tree.parent(path)?;
        match Metadata::read(above, name) {
            Ok(present) if present.kind.is_dir() => return Ok(()),
            Ok(_) => self.remove(path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(at(path)(error)),
        }
        let (above, name) = self.tree.parent(path)?;
        mkdirat(above, name, Mode::RWXU).map_err(|e| at(path)(e.into()))
    }

    /// Makes the directories that an archive does not have entries for. One that exists as something else is not replaced: the
    /// name leads through it.
    fn make_parents(&mut self, path: &Path) -> Result<(), SourceError> {
        let missing = |this: &mut Self| -> Result<bool, SourceError> {
            let (above, name) = this.tree.parent(path)?;
            match Metadata::read(above, name) {
                Ok(present) if present.kind.is_dir() => Ok(false),
                Ok(_) => Err(SourceError::ThroughLink(path.to_owned())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
                Err(error) => Err(at(path)(error)),
            }
        };
        if path.as_os_str().is_empty() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.make_parents(parent)?;
        }
        if missing(self)? {
            let (above, name) = self.tree.parent(path)?;
            mkdirat(above, name, Mode::RWXU).map_err(|e| at(path)(e.into()))?;
            let metadata = Metadata::wanted(FileType::Directory, 0o755, (0, 0), (0, 0));
            self.directories.insert(path.to_owned(), (metadata, Xattrs::new()));
        }
        Ok(())
    }

    /// Writes what has waited for the end: ACLs, and the metadata of directories.
    pub(super) fn finish(mut self) -> Result<(), SourceError> {
        if !self.with_acls.is_empty() {
            let text = |file: &str| {
                let path = crate::machine::inside(&self.root, file);
                std::fs::read_to_string(path).unwrap_or_default()
            };
            let (users, groups) = (acl::ids(&text("/etc/passwd")), acl::ids(&text("/etc/group")));
            for (path, (metadata, mut xattrs, acls)) in std::mem::take(&mut self.with_acls) {
                for (name, text) in ["system.posix_acl_access", "system.posix_acl_default"].iter().zip(acls) {
                    let Some(text) = text else { continue };
                    let value = acl::value(&text, &users, &groups)
                        .map_err(|what| SourceError::Acl { path: path.clone(), what })?;
                    xattrs.insert(OsString::from(name), value);
                }
                if metadata.kind.is_dir() {
                    self.directories.insert(path, (metadata, xattrs));
                } else {
                    let (above, name) = self.tree.parent(&path)?;
                    settle(above, name, &metadata, &xattrs).map_err(at(&path))?;
                }
            }
        }
        for (path, (metadata, xattrs)) in std::mem::take(&mut self.directories).into_iter().rev() {
            let (above, name) = self.tree.parent(&path)?;
            settle(above, name, &metadata, &xattrs).map_err(at(&path))?;
        }
        Ok(())
    }
}

/// Removes what was noted about a path and about everything below it, which follows it in the order of paths.
fn forget<T>(noted: &mut BTreeMap<PathBuf, T>, path: &Path) {
    let below = noted.range(path.to_owned()..).map(|(other, _)| other);
    let gone: Vec<PathBuf> = below.take_while(|other| other.starts_with(path)).cloned().collect();
    for path in gone {
        noted.remove(&path);
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> SourceError {
    let path = path.to_owned();
    move |error| match error.kind() {
        io::ErrorKind::StorageFull => SourceError::NoRoom,
        io::ErrorKind::InvalidData => SourceError::Archive(error),
        _ => SourceError::Entry { path: path.clone(), error },
    }
}

/// A name of an archive as a path below the root.
fn inside(name: &[u8]) -> Result<PathBuf, SourceError> {
    let outside = || SourceError::Name(excerpt(&String::from_utf8_lossy(name)).to_string());
    if name.contains(&0) || name.is_empty() {
        return Err(outside());
    }
    let mut path = PathBuf::new();
    for part in Path::new(OsStr::from_bytes(name)).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            _ => return Err(outside()),
        }
    }
    Ok(path)
}

/// Writes the content of an entry.
fn content(entries: &mut Entries, entry: &Entry, file: &File) -> io::Result<()> {
    let whole = [(0, entry.stored)];
    let parts = entry.parts.as_deref().unwrap_or(&whole);
    file.set_len(entry.size)?;
    let mut buffer = vec![0; WINDOW];
    for (offset, length) in parts {
        let mut done = 0;
        while done < *length {
            let most = usize::try_from(length - done).unwrap_or(WINDOW).min(WINDOW);
            let n = entries.read(&mut buffer[..most])?;
            if n == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the archive ends in the data of a file",
                ));
            }
            file.write_all_at(&buffer[..n], offset + done)?;
            done += n as u64;
        }
    }
    Ok(())
}
