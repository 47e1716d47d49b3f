//! Why /var cannot be compared or completed.

use crate::sync::SyncError;
use std::io;
use std::path::{Path, PathBuf};

/// Why /var cannot be compared or completed.
#[derive(Debug, thiserror::Error)]
pub enum VarError {
    /// A tree cannot be read or written.
    #[error(transparent)]
    Tree(#[from] SyncError),
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
        matches!(self, VarError::Tree(error) if error.is_of_change())
    }

    /// The error of an operation on `path` in the tree at `root`.
    pub(super) fn io(root: &Path, path: &Path) -> impl Fn(io::Error) -> VarError + use<> {
        let failed = SyncError::at(root, path);
        move |error| failed(error).into()
    }
}
