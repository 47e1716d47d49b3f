//! Reading files that another program or a person has written: only regular files, and only up to a size, so that nothing waits
//! for ever and nothing fills the memory.

use super::change::Change;
use node_base::units::Bytes;
use rustix::fs::{Mode, OFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The largest file of a configuration that is read.
const LARGEST: u64 = 1 << 20;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The kernel cannot read it.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The kernel's reason.
        error: io::Error,
    },
    /// It is something else than a regular file.
    #[error("{} is {kind}, not a regular file", path.display())]
    NotRegular {
        /// The file.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// It is larger than any file of a configuration.
    #[error("{} is larger than {}", path.display(), Bytes(LARGEST))]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It has bytes that are not text.
    #[error("{} is not UTF-8 in line {line}", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first such line, from 1.
        line: usize,
    },
}

/// The bytes of a regular file of limited size; `None` if it does not exist.
///
/// # Errors
/// [`ReadError`].
pub(crate) fn read_bytes(path: &Path) -> Result<Option<Vec<u8>>, ReadError> {
    let io = |error| ReadError::Io { path: path.to_owned(), error };
    // Opening a FIFO must not wait for its other end.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(None),
        Err(error) => return Err(io(error.into())),
    };
    let kind = file.metadata().map_err(io)?.file_type();
    if !kind.is_file() {
        return Err(ReadError::NotRegular { path: path.to_owned(), kind: described(kind) });
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ReadError::TooLarge { path: path.to_owned() });
    }
    Ok(Some(bytes))
}

/// The text of a regular file of limited size; `None` if it does not exist.
///
/// # Errors
/// [`ReadError`].
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, ReadError> {
    read_bytes(path)?.map(|bytes| text_of(path, bytes)).transpose()
}

fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String, ReadError> {
    match invalid_line(&bytes) {
        Some(line) => Err(ReadError::NotUtf8 { path: path.to_owned(), line }),
        None => Ok(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The first line, from 1, with bytes that are not UTF-8.
pub(crate) fn invalid_line(bytes: &[u8]) -> Option<usize> {
    let valid = std::str::from_utf8(bytes).err()?.valid_up_to();
    Some(bytes[..valid].iter().filter(|b| **b == b'\n').count() + 1)
}

fn described(kind: std::fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        kind if kind.is_dir() => "a directory",
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

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
    fn only_regular_files_of_limited_size_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let error = |path: &Path| read_text(path).unwrap_err().to_string();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("fifo"), Mode::RUSR).unwrap();
        assert!(error(&at("fifo")).ends_with("fifo is a named pipe, not a regular file"));
        std::os::unix::fs::symlink("/dev/zero", at("zero")).unwrap();
        assert!(error(&at("zero")).ends_with("zero is a device, not a regular file"));
        assert!(error(dir.path()).ends_with("is a directory, not a regular file"));
        std::fs::write(at("large"), vec![b'#'; 1 << 20]).unwrap();
        assert_eq!(read_text(&at("large")).unwrap().unwrap().len(), 1 << 20);
        std::fs::write(at("large"), vec![b'#'; (1 << 20) + 1]).unwrap();
        assert!(error(&at("large")).ends_with("large is larger than 1 MiB"), "{}", error(&at("large")));
        std::fs::write(at("latin"), b"a\nb\n# caf\xe9\n").unwrap();
        assert!(error(&at("latin")).ends_with("latin is not UTF-8 in line 3"));
        assert!(read_text(&at("none")).unwrap().is_none());
    }

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
            method: crate::files::Method::Replace,
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
