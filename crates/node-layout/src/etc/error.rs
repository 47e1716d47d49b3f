//! Why /etc cannot be merged.

use crate::sync::SyncError;
use std::io;
use std::path::{Path, PathBuf};

/// Why /etc cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum EtcError {
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
        matches!(self, EtcError::Tree(error) if error.is_of_change())
    }

    /// The error of an operation on `path` in the tree at `root`.
    pub(super) fn io(root: &Path, path: &Path) -> impl Fn(io::Error) -> EtcError + use<> {
        let failed = SyncError::at(root, path);
        move |error| failed(error).into()
    }
}
