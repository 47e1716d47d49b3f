//! Why /var cannot be compared or completed.

use crate::sync::SyncError;
use std::io;
use std::path::{Path, PathBuf};

/// Why /var cannot be compared or completed.
#[derive(Debug, thiserror::Error)]
pub enum VarError {
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
    /// Directories are nested deeper than in any system.
    #[error("{} is more than {limit} directories deep", path.display())]
    TooDeep {
        /// The directory.
        path: PathBuf,
        /// The most that is accepted.
        limit: usize,
    },
    /// The image adds more than any image does.
    #[error(
        "the image has more than {limit} files and directories of its own in /var; build it without them"
    )]
    TooMany {
        /// The most that is accepted.
        limit: usize,
    },
    /// What waits for the confirmation cannot be read.
    #[error("{}: {why}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl VarError {
    /// Whether something was changed or removed while it was read.
    pub(crate) fn is_of_change(&self) -> bool {
        match self {
            VarError::Io { error, .. } => error.kind() == io::ErrorKind::NotFound,
            VarError::Tree(error) => error.is_of_change(),
            _ => false,
        }
    }

    /// The error of an operation on `path` in the tree at `root`.
    pub(super) fn io(root: &Path, path: &Path) -> impl Fn(io::Error) -> VarError + use<> {
        let path = if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) };
        move |error| VarError::Io { path: path.clone(), error }
    }
}
