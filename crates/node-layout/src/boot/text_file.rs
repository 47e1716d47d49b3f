//! Files of the boot configuration, and the errors of reading them.

use super::grubenv;
use crate::files::{Files, ReadError};
use std::io;
use std::path::{Path, PathBuf};

/// A file and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextFile {
    /// Its real path: links are followed inside the system.
    pub(crate) path: PathBuf,
    /// Its text; bytes that are not UTF-8 are replaced. Such a file is read and never written.
    pub(crate) text: String,
}

/// Why a boot configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// A directory cannot be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// The kernel's reason.
        error: io::Error,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The system has no boot entries.
    #[error("no boot entries: none of {0} has a *.conf file")]
    NoEntries(String),
    /// The system has boot entries, but no boot loader that reads them.
    #[error(
        "{0} has boot entries, but neither GRUB's environment block nor systemd-boot's loader.conf exists"
    )]
    NoLoader(String),
    /// GRUB's environment block is full.
    #[error("{}: {full}", path.display())]
    Full {
        /// The block's file.
        path: PathBuf,
        /// How much is needed.
        full: grubenv::Full,
    },
}

/// The text of a file; `None` if it does not exist.
pub(super) fn read_text(files: &Files, path: &Path) -> Result<Option<TextFile>, BootError> {
    Ok(files
        .bytes(path)?
        .map(|b| TextFile { path: path.to_owned(), text: String::from_utf8_lossy(&b).into_owned() }))
}
