//! The files of a system as they will be after changes.

use super::change::Change;
use super::read::{ReadError, read_bytes, text_of};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// The files of a system: as they are on the disk, or as they will be after changes that are not made yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    after: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl Files {
    /// The files after these changes, made in order.
    pub(crate) fn after<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Files {
        Files { after: changes.into_iter().map(|c| (c.path.clone(), c.after.clone())).collect() }
    }

    /// Whether a change that is not made yet concerns the file.
    pub(crate) fn is_changed(&self, path: &Path) -> bool {
        self.after.contains_key(path)
    }

    /// The bytes of a file; `None` if it does not exist.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) fn bytes(&self, path: &Path) -> Result<Option<Vec<u8>>, ReadError> {
        match self.after.get(path) {
            Some(content) => Ok(content.clone()),
            None => read_bytes(path),
        }
    }

    /// The text of a file; `None` if it does not exist.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) fn text(&self, path: &Path) -> Result<Option<String>, ReadError> {
        self.bytes(path)?.map(|bytes| text_of(path, bytes)).transpose()
    }

    /// The names in a directory, sorted; none if it does not exist.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn names(&self, directory: &Path) -> io::Result<BTreeSet<OsString>> {
        let mut names = BTreeSet::new();
        match std::fs::read_dir(directory) {
            Ok(listing) => {
                for file in listing {
                    names.insert(file?.file_name());
                }
            }
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => return Err(error),
        }
        for (path, content) in self.after.iter().filter(|(path, _)| path.parent() == Some(directory)) {
            let Some(name) = path.file_name() else { continue };
            if content.is_some() {
                names.insert(name.to_owned());
            } else {
                names.remove(name);
            }
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_after_changes_are_seen_as_if_the_changes_were_made() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["a", "b", "c"] {
            std::fs::write(at(name), name).unwrap();
        }
        let change = |name: &str, after: Option<&str>| Change {
            path: at(name),
            before: None,
            after: after.map(|text| text.as_bytes().to_vec()),
            method: super::super::Method::Replace,
            like: None,
        };
        let changes =
            [change("a", Some("x")), change("a", Some("y")), change("b", None), change("d", Some("d"))];
        let files = Files::after(&changes);
        let text = |name: &str| files.text(&at(name)).unwrap();
        assert_eq!(
            ["a", "b", "c", "d"].map(text),
            [Some("y"), None, Some("c"), Some("d")].map(|t| t.map(str::to_owned))
        );
        assert_eq!(files.names(dir.path()).unwrap().into_iter().collect::<Vec<_>>(), ["a", "c", "d"]);
    }
}
