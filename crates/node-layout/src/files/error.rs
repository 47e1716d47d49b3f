//! The error of an operation on a file.

use std::io;
use std::path::{Path, PathBuf};

/// A file could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", path.display())]
pub struct FileError {
    /// The file or directory.
    pub path: PathBuf,
    /// The kernel's reason.
    pub error: io::Error,
}

/// Makes the error of an operation on `path`.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> FileError {
    let path = path.to_owned();
    move |error| FileError { path: path.clone(), error }
}
