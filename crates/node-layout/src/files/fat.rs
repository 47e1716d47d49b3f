//! Files on FAT, where systemd-boot has its boot entries and kernels: written in an order that survives a power cut.
//!
//! FAT has no journal and cannot be frozen. A file consists of three parts in three places: its bytes, the chain of its
//! clusters in the allocation table, and the directory entry with its name, first cluster and size. Two states are dangerous:
//! two entries that name one chain, and an entry that names a chain which the table has as free. When the next run removes a
//! left-over file, clusters of a file in use would be freed; or the kernel finds the table damaged and makes the file system
//! read-only. A plain rename causes the first state for a moment (Linux writes the new entry before it deletes the old one,
//! and an exchange is two entries as well). Creating and removing cause the second: an fsync writes a file's entry before the
//! table.
//!
//! An fsync of a *directory* writes its names and the table, but not the first cluster and size of a file in it, which Linux
//! keeps with the file until that is synced. This makes it possible to keep three rules on the disk at every moment:
//! 1. a chain is in the table before an entry names it;
//! 2. the old name of a renamed file is deleted before its new name has the chain;
//! 3. a chain is freed after the last entry that names it (the kernel frees it when the file is closed).
//!
//! So a power cut leaves the old or the new content of a file, and at worst a chain without a name: space that is lost until
//! `fsck.fat` reclaims it. No rule is needed for an entry's first cluster and size: they are in one sector, which is written
//! whole. No program can order the sectors of one fsync, if a long name or a growing directory needs several, nor anything on
//! a file system mounted with `sync` or `dirsync`, where Linux writes each step of a rename at once.

use crc::{CRC_32_ISO_HDLC, Crc};
use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The kernel's number for FAT (`MSDOS_SUPER_MAGIC`).
const MAGIC: u64 = 0x4d44;
static NAME: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Whether `path` is on FAT, or would be if it existed.
pub(crate) fn is_on_fat(path: &Path) -> bool {
    path.ancestors().find_map(|p| rustix::fs::statfs(p).ok()).is_some_and(|s| s.f_type as u64 == MAGIC)
}

/// The temporary name of a file's new content. It is short enough for one directory entry and so for one sector; a longer one
/// could be written in part. Boot loaders ignore it.
pub(super) fn temp_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    path.with_file_name(format!("{:08X}.NEW", NAME.checksum(name.as_encoded_bytes())))
}

/// Files that an interrupted run has left under temporary names in a directory on FAT.
pub(crate) fn left_over(directory: &Path) -> Vec<PathBuf> {
    let named = |path: &PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let is_new = path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("NEW"));
        is_new && stem.len() == 8 && stem.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let listed = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut left: Vec<PathBuf> = listed.map(|e| e.path()).filter(|p| named(p) && is_on_fat(p)).collect();
    left.sort();
    left
}

/// Creates a file and allocates clusters for `size` bytes.
///
/// # Errors
/// The kernel's; the file does not exist then.
pub(super) fn create(path: &Path, size: u64) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let result = (|| {
        if size > 0 {
            match rustix::fs::fallocate(&file, FallocateFlags::KEEP_SIZE, 0, size) {
                // Not supported: clusters are allocated as bytes are written.
                Ok(()) | Err(Errno::OPNOTSUPP) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // First the name without a cluster, and the table; then the first cluster, so that it is not lost while bytes are
        // written.
        sync_directory(path)?;
        file.sync_all()
    })();
    match result {
        Ok(()) => Ok(file),
        Err(error) => {
            drop(file);
            let _ = remove(path);
            Err(error)
        }
    }
}

/// Renames `file`, which is complete on the disk under the name `now`, to `path`; a file of that name is replaced.
///
/// # Errors
/// The kernel's.
pub(super) fn rename(file: &File, now: &Path, path: &Path) -> io::Result<()> {
    // While it is open, the old content keeps its clusters.
    let old = match File::open(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    std::fs::rename(now, path)?;
    // The temporary name is deleted; `path` still has the old content.
    sync_directory(path)?;
    // `path` has the new content.
    file.sync_all()?;
    drop(old);
    sync_directory(path)
}

/// Removes a file.
///
/// # Errors
/// The kernel's.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let open = File::open(path)?;
    std::fs::remove_file(path)?;
    sync_directory(path)?;
    drop(open);
    sync_directory(path)
}

/// Copies a file to a name that nothing refers to yet: until the copy is complete, a part of it is visible.
///
/// # Errors
/// The kernel's; an incomplete copy is removed.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        remove(to)?;
    }
    let mut source = File::open(from)?;
    let mut file = create(to, source.metadata()?.len())?;
    let result = io::copy(&mut source, &mut file).and_then(|_| file.sync_all());
    if result.is_err() {
        drop(file);
        let _ = remove(to);
    }
    result
}

/// Makes a directory and those above it.
///
/// Made under its own name, the name could reach the disk before its cluster is in the table, or before the cluster is
/// initialised. So it is made in another directory and moved before anything is written: syncing that other directory writes
/// the new directory's cluster and the table, and no name.
///
/// # Errors
/// The kernel's.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().unwrap_or(Path::new("/"));
    create_directory(parent)?;
    let Some(elsewhere) = grandchild(parent) else {
        std::fs::create_dir(path)?;
        return sync_directory(path);
    };
    let new = temp_path(&elsewhere.join(path.file_name().unwrap_or_default()));
    if new.exists() {
        remove_directory(&new)?;
    }
    std::fs::create_dir(&new)?;
    std::fs::rename(&new, path).inspect_err(|_| {
        let _ = std::fs::remove_dir(&new);
    })?;
    File::open(&elsewhere)?.sync_all()?;
    // All at once, or the name may reach the disk before its cluster.
    rustix::fs::syncfs(File::open(parent)?)?;
    sync_directory(path)
}

/// A directory of the same file system whose own entry is not in `directory`, with which it would be written.
fn grandchild(directory: &Path) -> Option<PathBuf> {
    let device = std::fs::metadata(directory).ok()?.dev();
    let children = |dir: &Path| {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries
            .map(|e| e.path())
            .filter(move |p| std::fs::symlink_metadata(p).is_ok_and(|m| m.is_dir() && m.dev() == device))
    };
    children(directory).find_map(|child| children(&child).next())
}

/// Removes a directory with everything in it.
///
/// # Errors
/// The kernel's.
pub(super) fn remove_directory(path: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { remove_directory(&entry.path())? } else { remove(&entry.path())? }
    }
    let open = File::open(path)?;
    std::fs::remove_dir(path)?;
    sync_directory(path)?;
    drop(open);
    sync_directory(path)
}

/// Writes the directory that `path` is in, and the table, to the disk.
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_temporary_name_fits_one_directory_entry_and_is_not_a_boot_entry() {
        let entries = ["a.conf", "A.conf", "ovirt-node-ng-4.5.6-0.20261121.0+1-6.1.0.conf", ""];
        let names: Vec<PathBuf> =
            entries.iter().map(|e| temp_path(&Path::new("/boot/loader/entries").join(e))).collect();
        for (number, path) in names.iter().enumerate() {
            let (stem, kind) = path.file_name().unwrap().to_str().unwrap().split_once('.').unwrap();
            assert!(stem.len() == 8 && kind == "NEW", "{path:?} is not a name of eight and three");
            assert!(
                stem.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()),
                "{path:?} has lower case"
            );
            assert!(!names[..number].contains(path), "two files share {path:?}");
        }
    }

    // The outcome is the same on every file system; the power cuts in tests/vm show that the order is right on FAT.
    #[test]
    fn files_are_written_renamed_copied_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for content in ["first", "second, which is longer", "3rd"] {
            let mut file = create(&at("NEW"), content.len() as u64).unwrap();
            io::Write::write_all(&mut file, content.as_bytes()).unwrap();
            file.sync_all().unwrap();
            rename(&file, &at("NEW"), &at("entry.conf")).unwrap();
            assert_eq!(std::fs::read_to_string(at("entry.conf")).unwrap(), content);
            assert_eq!(names(dir.path()), ["entry.conf"]);
        }
        // The first must be made in its place; for the last another directory exists.
        ["kept", "kept/deep/er", "more"].iter().for_each(|name| create_directory(&at(name)).unwrap());
        assert_eq!(names(dir.path()), ["entry.conf", "kept", "more"]);
        assert_eq!(names(&at("kept")), ["deep"]);
        assert!(names(&at("kept/deep/er")).is_empty());
        copy(&at("entry.conf"), &at("kept/deep/copy")).unwrap();
        std::fs::write(at("entry.conf"), "4").unwrap();
        copy(&at("entry.conf"), &at("kept/deep/copy")).unwrap();
        assert_eq!(std::fs::read_to_string(at("kept/deep/copy")).unwrap(), "4", "an older copy is replaced");
        ["kept", "more"].iter().for_each(|name| remove_directory(&at(name)).unwrap());
        assert_eq!(names(dir.path()), ["entry.conf"]);
        remove(&at("entry.conf")).unwrap();
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn an_existing_file_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("NEW");
        std::fs::write(&path, "another's").unwrap();
        assert_eq!(create(&path, 1).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "another's");
        assert_eq!(remove(&dir.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
