//! Boot entries on XFS: their directory is exchanged as a whole.
//!
//! XFS keeps a small directory in its inode. With more names it gets a block of its own, with fewer it moves back. Inode and
//! block reach the disk one after the other, even during a freeze, and a boot loader that reads the disk in between finds no
//! name in the directory at all (Linux 6.1: after one of some hundred power cuts GRUB had no entry). No order of writes helps:
//! the inode either names the block already, or does so no longer, whichever of them is on the disk first.
//!
//! So names are never added to or removed from a directory that a boot loader reads. A second directory beside it, `.NAME.new`,
//! gets everything that the first is to contain; unchanged files are hard links. When all of it is on the disk, the two
//! directories exchange their names: two inode numbers in the parent directory. (A directory on ext4 always has blocks; there
//! single files are exchanged.)
//!
//! Not covered: the parent directory has one more short name for a while, and /boot gets the directory for the image's kernel.
//! If such a name is the one that no longer fits into the inode, the same moment occurs once.

use super::change::Change;
use super::error::{FileError, at};
use super::write::{copy_label, hidden_temp_path, write_new};
use rustix::fs::{CWD, RenameFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, DirEntryExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The kernel's number for XFS (`XFS_SUPER_MAGIC`).
const MAGIC: u64 = 0x5846_5342;

/// Whether `directory` is a directory on XFS.
pub(crate) fn is_on_xfs(directory: &Path) -> bool {
    directory.is_dir() && rustix::fs::statfs(directory).is_ok_and(|s| s.f_type as u64 == MAGIC)
}

/// The second directory that an interrupted exchange of `directory` has left.
pub(crate) fn left_over(directory: &Path) -> Option<PathBuf> {
    Some(hidden_temp_path(directory)).filter(|new| new.is_dir())
}

/// A second directory with everything that the first is to contain.
#[derive(Debug)]
pub(super) struct Staged<'a> {
    directory: &'a Path,
    new: PathBuf,
    /// Names of the changed files.
    changed: BTreeSet<OsString>,
}

impl<'a> Staged<'a> {
    /// Makes the second directory: the files of `directory` after `changes`, all of which are of files in it. `None` if
    /// something in it cannot be hard-linked, such as a directory.
    ///
    /// # Errors
    /// [`FileError`]; the second directory is removed.
    pub(super) fn make(directory: &'a Path, changes: &[&Change]) -> Result<Option<Staged<'a>>, FileError> {
        let changed = changes.iter().filter_map(|c| c.path.file_name()).map(OsString::from).collect();
        let staged = Staged { directory, new: hidden_temp_path(directory), changed };
        let filled = staged.fill(changes);
        if !matches!(filled, Ok(true)) {
            let _ = staged.remove();
        }
        Ok(filled?.then_some(staged))
    }

    fn fill(&self, changes: &[&Change]) -> Result<bool, FileError> {
        let Staged { directory, new, changed } = self;
        self.remove().map_err(at(new))?;
        let like = fs::metadata(directory).map_err(at(directory))?;
        fs::DirBuilder::new().mode(0o700).create(new).map_err(at(new))?;
        fs::set_permissions(new, fs::Permissions::from_mode(like.mode() & 0o7777)).map_err(at(new))?;
        std::os::unix::fs::chown(new, Some(like.uid()), Some(like.gid())).map_err(at(new))?;
        copy_label(directory, new);
        for file in fs::read_dir(directory).map_err(at(directory))? {
            let file = file.map_err(at(directory))?;
            if changed.contains(&file.file_name()) {
                continue;
            }
            let linked = file.file_type().is_ok_and(|kind| kind.is_file())
                && fs::hard_link(file.path(), new.join(file.file_name())).is_ok();
            if !linked {
                return Ok(false);
            }
        }
        for change in changes {
            if let (Some(content), Some(name)) = (&change.after, change.path.file_name()) {
                write_new(&new.join(name), change.template(), content)?;
            }
        }
        File::open(new).and_then(|d| d.sync_all()).map_err(at(new))?;
        Ok(true)
    }

    /// Exchanges the names of the two directories. Changes that another program has made to other files of the first one
    /// in the meantime are taken over.
    ///
    /// # Errors
    /// [`FileError`]; the directories have their old names again.
    pub(super) fn exchange(&self) -> Result<(), FileError> {
        self.exchange_names()?;
        self.take_over().inspect_err(|_| {
            // The old directory has what could not be taken over.
            let _ = self.exchange_names();
        })
    }

    fn exchange_names(&self) -> Result<(), FileError> {
        let exchanged = rustix::fs::renameat_with(CWD, &self.new, CWD, self.directory, RenameFlags::EXCHANGE);
        exchanged.map_err(|error| at(self.directory)(error.into()))
    }

    fn take_over(&self) -> Result<(), FileError> {
        let files = |d: &Path| -> Result<BTreeMap<OsString, u64>, FileError> {
            let files =
                fs::read_dir(d).map_err(at(d))?.flatten().filter(|f| !self.changed.contains(&f.file_name()));
            Ok(files.map(|f| (f.file_name(), f.ino())).collect())
        };
        let (were, are) = (files(&self.new)?, files(self.directory)?);
        for name in are.keys().filter(|name| were.get(*name) != are.get(*name)) {
            let path = self.directory.join(name);
            fs::remove_file(&path).map_err(at(&path))?;
        }
        for name in were.keys().filter(|name| were.get(*name) != are.get(*name)) {
            let path = self.directory.join(name);
            fs::hard_link(self.new.join(name), &path).map_err(at(&path))?;
        }
        Ok(())
    }

    /// Removes the directory that has the temporary name.
    ///
    /// # Errors
    /// The kernel's.
    pub(super) fn remove(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::change::Method;
    use super::*;

    fn change(path: PathBuf, after: Option<&str>) -> Change {
        let before = fs::read(&path).ok();
        Change {
            path,
            before,
            after: after.map(|t| t.as_bytes().to_vec()),
            method: Method::ReplaceForBoot,
            like: None,
        }
    }

    fn content(directory: &Path) -> BTreeMap<String, String> {
        let files = fs::read_dir(directory).unwrap().map(|f| f.unwrap());
        files.map(|f| (f.file_name().into_string().unwrap(), fs::read_to_string(f.path()).unwrap())).collect()
    }

    #[test]
    fn a_directory_is_exchanged_for_one_with_the_changes_and_nothing_is_left() {
        let above = tempfile::tempdir().unwrap();
        let entries = above.path().join("entries");
        fs::create_dir(&entries).unwrap();
        fs::set_permissions(&entries, fs::Permissions::from_mode(0o700)).unwrap();
        for name in ["a", "b", "c"] {
            fs::write(entries.join(name), format!("old {name}")).unwrap();
        }
        fs::set_permissions(entries.join("a"), fs::Permissions::from_mode(0o600)).unwrap();
        // As a power cut leaves it.
        fs::create_dir(hidden_temp_path(&entries)).unwrap();
        fs::write(hidden_temp_path(&entries).join("half"), "").unwrap();
        let old = content(&entries);
        let kept = fs::metadata(entries.join("c")).unwrap().ino();

        let changes = [("a", Some("new a")), ("b", None), ("d", Some("new d"))];
        let changes: Vec<Change> =
            changes.iter().map(|(name, after)| change(entries.join(name), *after)).collect();
        let staged = Staged::make(&entries, &changes.iter().collect::<Vec<_>>()).unwrap().unwrap();
        assert_eq!(content(&entries), old, "before the exchange");
        staged.exchange().unwrap();
        assert_eq!(content(&hidden_temp_path(&entries)), old, "the old files have the temporary directory");
        staged.remove().unwrap();

        let expected = [("a", "new a"), ("c", "old c"), ("d", "new d")];
        assert_eq!(content(&entries), expected.map(|(n, t)| (n.to_owned(), t.to_owned())).into());
        assert_eq!(fs::metadata(entries.join("c")).unwrap().ino(), kept, "an untouched file is the same one");
        assert_eq!(fs::metadata(entries.join("a")).unwrap().mode() & 0o777, 0o600, "the file's mode");
        assert_eq!(fs::metadata(&entries).unwrap().mode() & 0o777, 0o700, "the directory's mode");
        assert_eq!(fs::read_dir(above.path()).unwrap().count(), 1, "a temporary directory is left over");
    }

    #[test]
    fn changes_by_another_program_before_the_exchange_are_kept() {
        let above = tempfile::tempdir().unwrap();
        let entries = above.path().join("entries");
        fs::create_dir(&entries).unwrap();
        for name in ["a", "gone", "replaced", "same"] {
            fs::write(entries.join(name), "old").unwrap();
        }
        let change = change(entries.join("a"), Some("new a"));
        let staged = Staged::make(&entries, &[&change]).unwrap().unwrap();
        fs::remove_file(entries.join("gone")).unwrap();
        fs::write(entries.join("beside"), "other").unwrap();
        fs::rename(entries.join("beside"), entries.join("replaced")).unwrap();
        fs::write(entries.join("a kernel"), "added").unwrap();
        staged.exchange().unwrap();
        staged.remove().unwrap();
        let expected = [("a", "new a"), ("a kernel", "added"), ("replaced", "other"), ("same", "old")];
        assert_eq!(content(&entries), expected.map(|(n, t)| (n.to_owned(), t.to_owned())).into());
    }

    #[test]
    fn an_addition_that_cannot_be_taken_over_undoes_the_exchange() {
        let above = tempfile::tempdir().unwrap();
        let entries = above.path().join("entries");
        fs::create_dir(&entries).unwrap();
        fs::write(entries.join("a"), "old").unwrap();
        let change = change(entries.join("a"), Some("new"));
        let staged = Staged::make(&entries, &[&change]).unwrap().unwrap();
        fs::create_dir(entries.join("a directory")).unwrap();
        assert!(staged.exchange().is_err(), "a directory cannot be linked");
        staged.remove().unwrap();
        assert_eq!(fs::read_to_string(entries.join("a")).unwrap(), "old");
        assert!(entries.join("a directory").is_dir(), "what was added is lost");
    }

    #[test]
    fn a_directory_with_something_that_cannot_be_linked_is_left_alone() {
        let above = tempfile::tempdir().unwrap();
        let directory = above.path().join("grub2");
        fs::create_dir_all(directory.join("fonts")).unwrap();
        fs::write(directory.join("grubenv"), "old").unwrap();
        let change = change(directory.join("grubenv"), Some("new"));
        assert!(Staged::make(&directory, &[&change]).unwrap().is_none());
        assert_eq!(fs::read_to_string(directory.join("grubenv")).unwrap(), "old");
        assert_eq!(left_over(&directory), None, "a temporary directory is left over");
    }
}
