//! Why two trees cannot be compared or made equal.

use node_base::units::Bytes;
use std::io;
use std::path::{Path, PathBuf};

/// Why two trees cannot be compared or made equal.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The kernel refuses an operation on a file.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file, with the root of its tree.
        path: PathBuf,
        /// The kernel's reason.
        error: io::Error,
    },
    /// A file of the image has changed between the two readings.
    #[error("{} has changed while it was read; make the image again, or give a copy that nothing writes to", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Directories are nested deeper than in any system.
    #[error("{} is more than {limit} directories deep", path.display())]
    TooDeep {
        /// The directory.
        path: PathBuf,
        /// The most that is accepted.
        limit: usize,
    },
    /// A file is larger than any file of an image.
    #[error("{} is larger than {}", path.display(), Bytes(*limit))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest that is accepted, in bytes.
        limit: u64,
    },
    /// There are more files than in any image.
    #[error("{} has more than {limit} files", root.display())]
    TooMany {
        /// Root of the tree.
        root: PathBuf,
        /// The most that is accepted.
        limit: u64,
    },
    /// Another file system is mounted inside the tree that is written.
    #[error("another file system is mounted at {}; unmount it", path.display())]
    Mounted {
        /// The mount point.
        path: PathBuf,
    },
    /// The caller has stopped the writing.
    #[error("{0}")]
    Stopped(String),
}

impl SyncError {
    /// Whether something in the source was changed or removed while it was read.
    pub(crate) fn is_of_change(&self) -> bool {
        match self {
            SyncError::Changed { .. } => true,
            SyncError::Io { error, .. } => error.kind() == io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// The error of an operation on `path` in the tree at `root`.
    pub(super) fn io(root: &Path, path: &Path, error: impl Into<io::Error>) -> SyncError {
        SyncError::Io { path: joined(root, path), error: error.into() }
    }

    /// The errors of operations on `path` in the tree at `root`, one like the other.
    pub(crate) fn at(root: &Path, path: &Path) -> impl Fn(io::Error) -> SyncError + use<> {
        let path = joined(root, path);
        move |error| SyncError::Io { path: path.clone(), error }
    }
}

/// `path` in the tree at `root`; the root itself has an empty path.
pub(super) fn joined(root: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}
