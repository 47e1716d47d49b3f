//! Files on FAT, where boot entries and kernels lie with systemd-boot: written in an order that holds at every power cut.
//!
//! FAT has no journal and cannot be frozen. A file is three things in three places: its bytes, the chain of their
//! clusters in the allocation table, and the directory entry with its name, first cluster and size. A chain that two
//! entries name, or that one names and the table has as free, is trouble: when the next run removes a leftover, its clusters
//! are taken from a file in use, or the kernel finds the table in disorder and lets nobody write any more. Renaming by
//! itself makes the one for a moment (Linux writes the new entry before it strikes the old one out, and an exchange is two
//! entries as well), creating and removing make the other: an fsync writes a file's entry before the table.
//!
//! An fsync of a *directory* writes its names and the table, but not the first cluster and size of a file in it, which
//! Linux keeps with the file until that is synced. With that, three rules are kept on the disk at every moment:
//! 1. a chain is in the table before an entry has it;
//! 2. a renamed file's old name is struck out before its new name has the chain;
//! 3. a chain is freed after no entry has it any more (the kernel frees it when the file is closed).
//!
//! So a power cut leaves a file's old or its new content, and at worst a chain without a name: room that is lost until
//! `fsck.fat` gives it back. What needs no rule: a sector is written whole, so an entry's first cluster and size change together.
//! What no program can order: the sectors of one fsync, if a long name or a directory that grows needs several; and
//! anything on a file system that is mounted with `sync` or `dirsync`, where Linux writes every step of a rename at once.

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

/// Whether `path` is on FAT, or would be there.
pub fn holds(path: &Path) -> bool {
    path.ancestors().find_map(|p| rustix::fs::statfs(p).ok()).is_some_and(|s| s.f_type as u64 == MAGIC)
}

/// Where the new content of a file is written: a name that fits one entry of the directory and so one sector, where longer
/// ones may be cut in two. Boot loaders pass over it.
pub fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    path.with_file_name(format!("{:08X}.NEW", NAME.checksum(name.as_encoded_bytes())))
}

/// What an interrupted run has left under such names in a directory on FAT.
pub fn left_beside(directory: &Path) -> Vec<PathBuf> {
    let named = |path: &PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let is_new = path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("NEW"));
        is_new && stem.len() == 8 && stem.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let listed = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut left: Vec<PathBuf> = listed.map(|e| e.path()).filter(|p| named(p) && holds(p)).collect();
    left.sort();
    left
}

/// A new file with clusters for so many bytes.
///
/// # Errors
/// The kernel's; the file is not there then.
pub fn create(path: &Path, size: u64) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let result = (|| {
        if size > 0 {
            match rustix::fs::fallocate(&file, FallocateFlags::KEEP_SIZE, 0, size) {
                // Then they are found as the bytes come.
                Ok(()) | Err(Errno::OPNOTSUPP) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // The name, without a cluster, and the table; then the first cluster, so that it is not lost while bytes are written.
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

/// Gives `file`, which is whole on the disk and called `now`, the name `path`; a file of that name is replaced.
///
/// # Errors
/// The kernel's.
pub fn rename(file: &File, now: &Path, path: &Path) -> io::Result<()> {
    // Open, the old content keeps its clusters.
    let old = match File::open(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    std::fs::rename(now, path)?;
    // The old name is struck out; what `path` has is as it was.
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
pub fn remove(path: &Path) -> io::Result<()> {
    let open = File::open(path)?;
    std::fs::remove_file(path)?;
    sync_directory(path)?;
    drop(open);
    sync_directory(path)
}

/// Copies a file to a name that nothing refers to yet: until it is whole, it is there in part.
///
/// # Errors
/// The kernel's; what was written is taken away again.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
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
/// Made under its own name, it would have that on the disk before its cluster were in the table, or before anything were in
/// the cluster. So it is made in a directory elsewhere and moved before anything is written: syncing the other directory then
/// brings its cluster and the table to the disk, and no name.
///
/// # Errors
/// The kernel's.
pub fn create_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().unwrap_or(Path::new("/"));
    create_directory(parent)?;
    let Some(elsewhere) = grandchild(parent) else {
        std::fs::create_dir(path)?;
        return sync_directory(path);
    };
    let new = beside(&elsewhere.join(path.file_name().unwrap_or_default()));
    if new.exists() {
        remove_directory(&new)?;
    }
    std::fs::create_dir(&new)?;
    std::fs::rename(&new, path).inspect_err(|_| {
        let _ = std::fs::remove_dir(&new);
    })?;
    File::open(&elsewhere)?.sync_all()?;
    // All at once: the name would else be written without its cluster, which for a directory is no way to be.
    rustix::fs::syncfs(File::open(parent)?)?;
    sync_directory(path)
}

/// Any directory of the same file system whose own entry is not in this directory: it would be written with that.
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

/// Removes a directory with what is in it.
///
/// # Errors
/// The kernel's.
pub fn remove_directory(path: &Path) -> io::Result<()> {
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

/// Brings the names beside `path` to the disk, and the table.
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
    fn a_name_of_a_moment_fits_one_entry_of_a_directory_and_is_no_boot_entry() {
        let entries = ["a.conf", "A.conf", "ovirt-node-ng-4.5.6-0.20261121.0+1-6.1.0.conf", ""];
        let beside: Vec<PathBuf> =
            entries.iter().map(|e| beside(&Path::new("/boot/loader/entries").join(e))).collect();
        for (number, path) in beside.iter().enumerate() {
            let (stem, kind) = path.file_name().unwrap().to_str().unwrap().split_once('.').unwrap();
            assert!(stem.len() == 8 && kind == "NEW", "{path:?} is no name of eight and three");
            assert!(
                stem.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()),
                "{path:?} has lower case"
            );
            assert!(!beside[..number].contains(path), "two files share {path:?}");
        }
    }

    // What they do is the same on any file system; that their order holds on FAT, the power cuts in tests/vm show.
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
        // The first has to be made in its place, for the last there is a place elsewhere.
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
    fn what_is_in_the_way_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("NEW");
        std::fs::write(&path, "another's").unwrap();
        assert_eq!(create(&path, 1).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "another's");
        assert_eq!(remove(&dir.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
