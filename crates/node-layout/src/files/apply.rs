//! Making changes of files, and copying, linking and removing what boots.

use super::change::{Change, Method};
use super::error::{FileError, at};
use super::fat;
use super::write::{Written, create_new, create_parent, remove, resemble, temp_path, write_temp};
use super::xfs::{self, Staged};
use crate::machine::{Command, Tools, freeze_and_thaw};
use rustix::fs::{AtFlags, CWD, RenameFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, FileTimes, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Makes the changes. Those of [`Method::ReplaceForBoot`] are made together: all new content first, then all names.
///
/// # Errors
/// [`FileError`]; earlier changes stay made, new content under temporary names is removed.
pub(crate) fn apply(tools: &dyn Tools, changes: &[Change]) -> Result<(), FileError> {
    let boot: Vec<&Change> = changes.iter().filter(|c| c.method == Method::ReplaceForBoot).collect();
    if !boot.is_empty() {
        apply_for_boot(tools, &boot)?;
    }
    for change in changes {
        let path = &change.path;
        match (&change.after, change.method) {
            (_, Method::ReplaceForBoot) => {}
            (None, method) => match remove_one(path, method) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(at(path)(e)),
                _ => sync_directory(path)?,
            },
            (Some(content), Method::Replace) => {
                let new = write_temp(path, change.template(), content)?;
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
    let three_flushes = brings_content(changes);
    let mut directories: Vec<Staged<'_>> = Vec::new();
    let mut written: Vec<(Written, &Path)> = Vec::new();
    let result = (|| {
        let mut single: Vec<&Change> = Vec::new();
        for (directory, changes) in by_directory(changes) {
            let staged = if xfs::is_on_xfs(directory) { Staged::make(directory, &changes)? } else { None };
            match staged {
                Some(staged) => directories.push(staged),
                None => single.extend(changes),
            }
        }
        for change in &single {
            if let Some(content) = &change.after {
                written.push((write_temp(&change.path, change.template(), content)?, &change.path));
            }
        }
        // The content must be in its place before a name points to it.
        if three_flushes {
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
    // After an exchange the old content has the temporary name. Only now may its blocks be reused.
    for directory in &directories {
        let _ = directory.remove();
    }
    for (new, _) in &written {
        let _ = remove(&new.name);
    }
    result?;
    // The removal must be on the disk before the work counts as complete: no later run would look for left-over files. It
    // must also be flushed before anything else is written, which may reuse the freed blocks.
    if three_flushes { flush_for_boot(tools, changes) } else { Ok(()) }
}

/// Whether changes write new content. Then boot file systems are flushed three times: before the new content gets its names,
/// after that, and when the old content is removed. Otherwise once, after the names are removed. (On XFS a directory without
/// the file is new content, too.)
fn brings_content(changes: &[&Change]) -> bool {
    changes.iter().any(|c| c.after.is_some() || c.path.parent().is_some_and(xfs::is_on_xfs))
}

/// The commands by which [`apply`] flushes the journals of boot file systems for these changes, in order. FAT has no journal.
pub(crate) fn flush_commands(changes: &[Change]) -> Vec<Command> {
    let boot: Vec<&Change> = changes.iter().filter(|c| c.method == Method::ReplaceForBoot).collect();
    let times = if brings_content(&boot) { 3 } else { 1 };
    std::iter::repeat_n(journalled(&boot), times).flatten().flat_map(freeze_and_thaw).collect()
}

fn by_directory<'a>(changes: &[&'a Change]) -> BTreeMap<&'a Path, Vec<&'a Change>> {
    let mut directories: BTreeMap<&Path, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        directories.entry(change.path.parent().unwrap_or(Path::new("/"))).or_default().push(change);
    }
    directories
}

/// The directories of the changes whose file systems have a journal.
fn journalled<'a>(changes: &[&'a Change]) -> BTreeSet<&'a Path> {
    changes.iter().filter_map(|c| c.path.parent()).filter(|d| !fat::is_on_fat(d)).collect()
}

/// Flushes the journals of the file systems that the changes are on.
fn flush_for_boot(tools: &dyn Tools, changes: &[&Change]) -> Result<(), FileError> {
    journalled(changes).iter().try_for_each(|d| flush_journal(tools, d))
}

/// Flushes the file system of a directory, journal included. FAT has none and cannot be frozen.
///
/// # Errors
/// [`FileError`].
pub(crate) fn flush_journal(tools: &dyn Tools, directory: &Path) -> Result<(), FileError> {
    tools.flush(directory, !fat::is_on_fat(directory)).map_err(at(directory))
}

/// The commands by which [`flush_journal`] does it; `None` on FAT.
pub(crate) fn journal_commands(directory: &Path) -> Option<[Command; 2]> {
    (!fat::is_on_fat(directory)).then(|| freeze_and_thaw(directory))
}

/// Gives new content its name. Where a file of that name exists, the two are exchanged, so that the blocks of the old content
/// are not reused until the names are on the disk.
fn put_in_place(new: &Written, path: &Path) -> Result<(), FileError> {
    if fat::is_on_fat(path) {
        return fat::rename(&new.file, &new.name, path).map_err(at(path));
    }
    if path.exists() {
        match rustix::fs::renameat_with(CWD, &new.name, CWD, path, RenameFlags::EXCHANGE) {
            Ok(()) => return Ok(()),
            // The file system has no exchange.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {}
            Err(e) => return Err(at(path)(e.into())),
        }
    }
    std::fs::rename(&new.name, path).map_err(at(path))
}

fn write_over(path: &Path, content: &[u8]) -> Result<(), FileError> {
    use std::os::unix::fs::FileExt;
    let nofollow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().write(true).custom_flags(nofollow).open(path).map_err(at(path))?;
    file.write_all_at(content, 0).and_then(|()| file.sync_all()).map_err(at(path))
}

/// Removes a file that no boot loader reads from the disk.
fn remove_one(path: &Path, method: Method) -> io::Result<()> {
    if method == Method::Variable {
        unprotect(path);
    }
    std::fs::remove_file(path)
}

/// Takes the kernel's protection against deletion from a UEFI variable.
fn unprotect(path: &Path) {
    if let Ok(file) = File::open(path)
        && let Ok(flags) = rustix::fs::ioctl_getflags(&file)
    {
        let _ = rustix::fs::ioctl_setflags(&file, flags - rustix::fs::IFlags::IMMUTABLE);
    }
}

fn write_variable(path: &Path, content: &[u8]) -> Result<(), FileError> {
    unprotect(path);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .open(path)
        .map_err(at(path))?;
    file.write_all(content).map_err(at(path))
}

/// Writes the directory that `path` is in to the disk.
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

/// Copies kernels and the like: written under a temporary name, complete on the disk, then renamed. A copy has mode, owner,
/// label and times of its source, because an initramfs can hold secrets; it is never readable by more. A copy with the same
/// content stays, with its mode corrected. No boot entry may name the copies yet; the change of the entry that will name them flushes them first.
///
/// # Errors
/// [`FileError`]; a half-written copy is removed.
pub(crate) fn copy_for_boot(copies: &[(PathBuf, PathBuf)]) -> Result<(), FileError> {
    for (from, to) in copies {
        if same_content(from, to).unwrap_or(false) {
            if !fat::is_on_fat(to) {
                narrow(from, to).map_err(at(to))?;
            }
            continue;
        }
        create_parent(to)?;
        if fat::is_on_fat(to) {
            fat::copy(from, to).map_err(at(to))?;
            continue;
        }
        let new = temp_path(to);
        let mut source = File::open(from).map_err(at(from))?;
        let copied = (|| {
            let of = source.metadata()?;
            match std::fs::remove_file(&new) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = create_new(&new)?;
            io::copy(&mut source, &mut file)?;
            resemble(&file, &new, from, &of)?;
            file.set_times(FileTimes::new().set_accessed(of.accessed()?).set_modified(of.modified()?))?;
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

/// Gives a copy that an earlier version has made the mode and owner of its source.
fn narrow(from: &Path, to: &Path) -> io::Result<()> {
    let (of, is) = (std::fs::metadata(from)?, std::fs::metadata(to)?);
    if (of.mode(), of.uid(), of.gid()) != (is.mode(), is.uid(), is.gid()) {
        resemble(&File::open(to)?, to, from, &of)?;
    }
    Ok(())
}

/// Removes a directory with everything in it, if it exists.
///
/// # Errors
/// [`FileError`].
pub(crate) fn remove_directory(path: &Path) -> Result<(), FileError> {
    let removed =
        if fat::is_on_fat(path) { fat::remove_directory(path) } else { std::fs::remove_dir_all(path) };
    match removed {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(at(path)(e)),
        _ => sync_directory(path),
    }
}

/// Removes files, as far as they exist.
///
/// # Errors
/// [`FileError`].
pub(crate) fn remove_files(paths: &[PathBuf]) -> Result<(), FileError> {
    for path in paths {
        match remove(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(at(path)(e)),
            _ => sync_directory(path)?,
        }
    }
    Ok(())
}

/// Whether two files have the same bytes.
///
/// # Errors
/// The kernel's.
pub(crate) fn same_content(a: &Path, b: &Path) -> io::Result<bool> {
    use std::io::Read;
    // Opening a named pipe would wait for its other end.
    if !std::fs::metadata(a)?.is_file() || !std::fs::metadata(b)?.is_file() {
        return Ok(false);
    }
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

/// Makes the symbolic link `path` to `to`; whatever exists under that name stays.
///
/// # Errors
/// [`FileError`].
pub(crate) fn link(path: &Path, to: &Path) -> Result<(), FileError> {
    create_parent(path)?;
    match rustix::fs::symlinkat(to, CWD, path) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(e) => Err(at(path)(e.into())),
    }
}

/// Removes a symbolic link; anything else of that name stays.
pub(crate) fn remove_link(path: &Path) {
    if std::fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_symlink()) {
        let _ = rustix::fs::unlinkat(CWD, path, AtFlags::empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_never_readable_by_more_than_its_source() {
        use std::os::unix::fs::PermissionsExt;
        use std::sync::atomic::{AtomicBool, Ordering};
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("initramfs"), dir.path().join("kept"));
        std::fs::write(&from, vec![7; 24 << 20]).unwrap();
        std::fs::set_permissions(&from, std::fs::Permissions::from_mode(0o600)).unwrap();
        let (names, ended) = ([temp_path(&to), to.clone()], AtomicBool::new(false));
        std::thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut seen = 0;
                while !ended.load(Ordering::Relaxed) {
                    for is in names.iter().filter_map(|name| std::fs::metadata(name).ok()) {
                        assert_eq!(is.mode() & 0o077, 0, "others can read the copy");
                        seen += 1;
                    }
                }
                seen
            });
            copy_for_boot(&[(from.clone(), to.clone())]).unwrap();
            ended.store(true, Ordering::Relaxed);
            assert!(watch.join().unwrap() > 0, "the copy was not seen while it was made");
        });
        assert!(same_content(&from, &to).unwrap());
    }

    #[test]
    fn boot_files_are_flushed_before_and_after_they_get_their_names_and_when_the_old_ones_are_gone() {
        let dir = tempfile::tempdir().unwrap();
        let change = |name: &str, method| Change {
            path: dir.path().join(name),
            before: None,
            after: Some(b"title x\n".to_vec()),
            method,
            like: None,
        };
        let [freeze, thaw] = freeze_and_thaw(dir.path());
        let entries = [change("a.conf", Method::ReplaceForBoot), change("b.conf", Method::ReplaceForBoot)];
        let three = [&freeze, &thaw, &freeze, &thaw, &freeze, &thaw].map(Command::clone);
        assert_eq!(flush_commands(&entries), three);
        let removal = Change { after: None, ..entries[0].clone() };
        assert_eq!(flush_commands(&[removal]), [freeze, thaw], "no new content has to be in its place first");
        assert!(flush_commands(&[change("fstab", Method::Replace)]).is_empty());
    }
}
