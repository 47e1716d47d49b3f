//! Changing files so that a power cut leaves the old or the new content, also for boot loaders that replay no journal.

use super::fat;
use super::tools::Tools;
use super::xfs::{self, Staged};
use rustix::fs::{AtFlags, CWD, RenameFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// How a file is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Written beside and renamed; the file system's journal does the rest.
    Replace,
    /// Like that, and brought to its place on the disk in an order that holds without a journal: GRUB and UEFI read
    /// the bare file system.
    ReplaceForBoot,
    /// Written over, same size: GRUB keeps the block list of its environment.
    InPlace,
    /// A symbolic link; its content is where it points.
    Link,
    /// A UEFI variable: one write, and the kernel's protection against deletion taken off before.
    Variable,
}

/// A change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which file.
    pub path: PathBuf,
    /// What is in it now; `None`: it is not there.
    pub before: Option<Vec<u8>>,
    /// What shall be in it; `None`: it shall not be there.
    pub after: Option<Vec<u8>>,
    /// How.
    pub method: Method,
}

impl Change {
    /// The change that takes this one back.
    #[must_use]
    pub fn reversed(&self) -> Change {
        Change {
            path: self.path.clone(),
            before: self.after.clone(),
            after: self.before.clone(),
            method: self.method,
        }
    }

    /// Whether the file is as the change makes it; then nothing has to be written, on a file system that may be full.
    pub fn is_made(&self) -> bool {
        current(&self.path, self.method) == self.after
    }
}

/// What is in a file now, or where a link points; nothing if it is not there.
pub fn current(path: &Path, method: Method) -> Option<Vec<u8>> {
    match method {
        Method::Link => std::fs::read_link(path).ok().map(|to| to.into_os_string().into_encoded_bytes()),
        _ => std::fs::read(path).ok(),
    }
}

/// Failure at a file.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", path.display())]
pub struct FileError {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> FileError {
    let path = path.to_owned();
    move |error| FileError { path: path.clone(), error }
}

/// The directories whose file systems are frozen and thawed: before new content gets its name, after that, and when the old
/// content is away, so that all of it is in its place for those who replay no journal.
pub fn frozen(changes: &[Change]) -> BTreeSet<&Path> {
    let boot = changes.iter().filter(|c| c.method == Method::ReplaceForBoot);
    boot.filter_map(|c| c.path.parent()).filter(|d| !fat::holds(d)).collect()
}

/// Makes the changes. Those for the boot loader are made together: all new content first, then all names.
///
/// # Errors
/// [`FileError`]; changes before it are made, new content beside the files is taken away again.
pub fn apply(tools: &dyn Tools, changes: &[Change]) -> Result<(), FileError> {
    let boot: Vec<&Change> = changes.iter().filter(|c| c.method == Method::ReplaceForBoot).collect();
    if !boot.is_empty() {
        apply_for_boot(tools, &boot)?;
    }
    for change in changes {
        let path = &change.path;
        match (&change.after, change.method) {
            (_, Method::ReplaceForBoot) => {}
            (None, _) => match std::fs::remove_file(path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(at(path)(e)),
                _ => sync_directory(path)?,
            },
            (Some(content), Method::Replace) => {
                let new = write_beside(path, content)?;
                std::fs::rename(&new.name, path).map_err(at(path))?;
                sync_directory(path)?;
            }
            (Some(content), Method::Link) => {
                use std::os::unix::ffi::OsStrExt;
                let _ = std::fs::remove_file(path);
                link(path, Path::new(std::ffi::OsStr::from_bytes(content)))?;
                sync_directory(path)?;
            }
            (Some(content), Method::InPlace) => write_over(path, content)?,
            (Some(content), Method::Variable) => write_variable(path, content)?,
        }
    }
    Ok(())
}

fn apply_for_boot(tools: &dyn Tools, changes: &[&Change]) -> Result<(), FileError> {
    let mut directories: Vec<Staged<'_>> = Vec::new();
    let mut written: Vec<(Written, &Path)> = Vec::new();
    let result = (|| {
        let mut single: Vec<&Change> = Vec::new();
        for (directory, changes) in by_directory(changes) {
            let staged = if xfs::holds(directory) { Staged::make(directory, &changes)? } else { None };
            match staged {
                Some(staged) => directories.push(staged),
                None => single.extend(changes),
            }
        }
        for change in &single {
            if let Some(content) = &change.after {
                written.push((write_beside(&change.path, content)?, &change.path));
            }
        }
        // The content has to be in its place before a name points to it.
        if !(written.is_empty() && directories.is_empty()) {
            flush_for_boot(tools, changes)?;
        }
        for directory in &directories {
            directory.exchange()?;
        }
        for (new, path) in &written {
            put_in_place(new, path)?;
        }
        for change in single.iter().filter(|c| c.after.is_none()) {
            match remove(&change.path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(at(&change.path)(e)),
                _ => {}
            }
        }
        flush_for_boot(tools, changes)
    })();
    // After an exchange the old content has the new one's name; only now may its blocks be used again.
    for directory in &directories {
        let _ = directory.remove();
    }
    for (new, _) in &written {
        let _ = remove(&new.name);
    }
    result?;
    // On the disk before anything says that this is complete: nobody would look for it any more. And brought to its place
    // before anything else is written, which may take what was given up.
    if written.is_empty() && directories.is_empty() { Ok(()) } else { flush_for_boot(tools, changes) }
}

fn by_directory<'a>(changes: &[&'a Change]) -> BTreeMap<&'a Path, Vec<&'a Change>> {
    let mut directories: BTreeMap<&Path, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        directories.entry(change.path.parent().unwrap_or(Path::new("/"))).or_default().push(change);
    }
    directories
}

/// Empties the journals of the file systems that the changes are on. FAT has none; there everything is in its place already.
fn flush_for_boot(tools: &dyn Tools, changes: &[&Change]) -> Result<(), FileError> {
    let directories: BTreeSet<&Path> = changes.iter().filter_map(|c| c.path.parent()).collect();
    directories.iter().filter(|d| !fat::holds(d)).try_for_each(|d| empty_journal(tools, d))
}

/// Brings all that was written to the file system of a directory to its place there. FAT has no journal and cannot be frozen.
///
/// # Errors
/// [`FileError`].
pub fn empty_journal(tools: &dyn Tools, directory: &Path) -> Result<(), FileError> {
    tools.flush(directory, !fat::holds(directory)).map_err(at(directory))
}

/// Gives the new content its name: exchanged with the old one where there is one, so that the old content's blocks stay
/// what they are until the names are on the disk.
fn put_in_place(new: &Written, path: &Path) -> Result<(), FileError> {
    if fat::holds(path) {
        return fat::rename(&new.file, &new.name, path).map_err(at(path));
    }
    if path.exists() {
        match rustix::fs::renameat_with(CWD, &new.name, CWD, path, RenameFlags::EXCHANGE) {
            Ok(()) => return Ok(()),
            // A file system that cannot.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {}
            Err(e) => return Err(at(path)(e.into())),
        }
    }
    std::fs::rename(&new.name, path).map_err(at(path))
}

/// Where the new content of a file is written, and where an exchange leaves the old one for a moment: `.NAME.new`, but for
/// FAT.
pub fn beside(path: &Path) -> PathBuf {
    if fat::holds(path) {
        return fat::beside(path);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

/// New content, whole on the disk, under a name that it does not keep.
struct Written {
    file: File,
    name: PathBuf,
}

/// Writes the content beside `path`.
fn write_beside(path: &Path, content: &[u8]) -> Result<Written, FileError> {
    create_parent(path)?;
    let name = beside(path);
    Ok(Written { file: write_new(&name, path, content)?, name })
}

/// Writes the content to `new`, with the owner, mode and SELinux label of the file `like`, if there is one.
pub(super) fn write_new(new: &Path, like: &Path, content: &[u8]) -> Result<File, FileError> {
    let result = (|| {
        let _ = remove(new);
        let mut file = match fat::holds(new) {
            true => fat::create(new, content.len() as u64)?,
            false => OpenOptions::new().write(true).create_new(true).mode(0o644).open(new)?,
        };
        file.write_all(content)?;
        if let Ok(old) = std::fs::metadata(like) {
            file.set_permissions(std::fs::Permissions::from_mode(old.mode() & 0o7777))?;
            // FAT has no owners.
            let _ = std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()));
            copy_label(like, new);
        }
        file.sync_all()?;
        Ok(file)
    })();
    result.map_err(|error| {
        let _ = remove(new);
        at(new)(error)
    })
}

fn create_parent(path: &Path) -> Result<(), FileError> {
    let Some(dir) = path.parent() else { return Ok(()) };
    if fat::holds(dir) { fat::create_directory(dir) } else { std::fs::create_dir_all(dir) }.map_err(at(dir))
}

fn remove(path: &Path) -> io::Result<()> {
    if fat::holds(path) { fat::remove(path) } else { std::fs::remove_file(path) }
}

const LABEL: &CStr = c"security.selinux";

pub(super) fn copy_label(from: &Path, to: &Path) {
    let mut label = [0_u8; 256];
    if let Ok(n) = rustix::fs::getxattr(from, LABEL, &mut label[..]) {
        let _ = rustix::fs::setxattr(to, LABEL, &label[..n], rustix::fs::XattrFlags::empty());
    }
}

fn write_over(path: &Path, content: &[u8]) -> Result<(), FileError> {
    use std::os::unix::fs::FileExt;
    let file = OpenOptions::new().write(true).open(path).map_err(at(path))?;
    file.write_all_at(content, 0).and_then(|()| file.sync_all()).map_err(at(path))
}

fn write_variable(path: &Path, content: &[u8]) -> Result<(), FileError> {
    if let Ok(file) = File::open(path)
        && let Ok(flags) = rustix::fs::ioctl_getflags(&file)
    {
        let _ = rustix::fs::ioctl_setflags(&file, flags - rustix::fs::IFlags::IMMUTABLE);
    }
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(at(path))?;
    file.write_all(content).map_err(at(path))
}

fn sync_directory(path: &Path) -> Result<(), FileError> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    match File::open(dir).and_then(|d| d.sync_all()) {
        // Some file systems cannot sync a directory; a missing one has nothing to sync.
        Err(e) if !matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound) => {
            Err(at(dir)(e))
        }
        _ => Ok(()),
    }
}

/// Copies kernels and the like: written beside, complete on the disk, then named. A copy that is the same already stays.
/// Nothing may name the copies yet; the change of the entry that will name them brings them to their place first.
///
/// # Errors
/// [`FileError`]; what was written is taken away again.
pub fn copy_for_boot(copies: &[(PathBuf, PathBuf)]) -> Result<(), FileError> {
    for (from, to) in copies {
        if same(from, to).unwrap_or(false) {
            continue;
        }
        create_parent(to)?;
        if fat::holds(to) {
            fat::copy(from, to).map_err(at(to))?;
            continue;
        }
        let new = beside(to);
        let mut source = File::open(from).map_err(at(from))?;
        let copied = (|| {
            let mut file = File::create(&new)?;
            io::copy(&mut source, &mut file)?;
            file.sync_all()?;
            std::fs::rename(&new, to)
        })();
        if let Err(error) = copied {
            let _ = std::fs::remove_file(&new);
            return Err(at(to)(error));
        }
        sync_directory(to)?;
    }
    Ok(())
}

/// Removes a directory with what is in it, if it is there.
///
/// # Errors
/// [`FileError`].
pub fn remove_directory(path: &Path) -> Result<(), FileError> {
    let removed = if fat::holds(path) { fat::remove_directory(path) } else { std::fs::remove_dir_all(path) };
    match removed {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(at(path)(e)),
        _ => sync_directory(path),
    }
}

/// Whether two files have the same bytes.
///
/// # Errors
/// The kernel's.
pub fn same(a: &Path, b: &Path) -> io::Result<bool> {
    use std::io::Read;
    let (mut a, mut b) = (File::open(a)?, File::open(b)?);
    if a.metadata()?.len() != b.metadata()?.len() {
        return Ok(false);
    }
    let (mut x, mut y) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let n = a.read(&mut x)?;
        if n == 0 {
            return Ok(true);
        }
        b.read_exact(&mut y[..n])?;
        if x[..n] != y[..n] {
            return Ok(false);
        }
    }
}

/// Makes `path` a link to `to`, unless something is there.
///
/// # Errors
/// [`FileError`].
pub fn link(path: &Path, to: &Path) -> Result<(), FileError> {
    create_parent(path)?;
    match rustix::fs::symlinkat(to, CWD, path) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(e) => Err(at(path)(e.into())),
    }
}

/// Removes a link, if it is one.
pub fn unlink_link(path: &Path) {
    if std::fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_symlink()) {
        let _ = rustix::fs::unlinkat(CWD, path, AtFlags::empty());
    }
}
