//! Why /etc cannot be merged.

use crate::sync::SyncError;
use std::io;
use std::path::{Path, PathBuf};

/// Why /etc cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum EtcError {
    /// The kernel refuses an operation on a file.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file, with the root of its tree.
        path: PathBuf,
        /// The kernel's reason.
        error: io::Error,
    },
    /// A tree cannot be read or written.
    #[error(transparent)]
    Tree(#[from] SyncError),
    /// The host's table of kinds is wrong.
    #[error("{}: {error}", path.display())]
    Table {
        /// The table.
        path: PathBuf,
        /// What is wrong.
        error: String,
    },
    /// A file of settings is not text.
    #[error("{} is not UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// Directories are nested deeper than in any system.
    #[error("{} is more than {limit} directories deep", path.display())]
    TooDeep {
        /// The directory.
        path: PathBuf,
        /// The most that is accepted.
        limit: usize,
    },
    /// There are more files than in any system.
    #[error("there are more than {limit} files")]
    TooMany {
        /// The most that is accepted.
        limit: usize,
    },
    /// The result cannot be written there.
    #[error("{} {what}", path.display())]
    Output {
        /// The directory.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: &'static str,
    },
}

impl EtcError {
    /// Whether something was changed or removed while it was read.
    pub(crate) fn is_of_change(&self) -> bool {
        match self {
            EtcError::Io { error, .. } => error.kind() == io::ErrorKind::NotFound,
            EtcError::Tree(error) => error.is_of_change(),
            _ => false,
        }
    }

    /// The error of an operation on `path` in the tree at `root`.
    pub(super) fn io(root: &Path, path: &Path) -> impl Fn(io::Error) -> EtcError + use<> {
        let path = if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) };
        move |error| EtcError::Io { path: path.clone(), error }
    }
}
