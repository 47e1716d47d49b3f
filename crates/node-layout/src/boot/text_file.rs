//! Files of the boot configuration, and the errors of reading them.

use super::grubenv;
use std::io;
use std::path::{Path, PathBuf};

/// A file and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextFile {
    /// Its real path: links are followed inside the system.
    pub(crate) path: PathBuf,
    /// Its text; bytes that are not UTF-8 are replaced.
    pub(crate) text: String,
}

/// Why a boot configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The kernel's reason.
        error: io::Error,
    },
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
pub(super) fn read_text(path: &Path) -> Result<Option<TextFile>, BootError> {
    Ok(read_bytes(path)?
        .map(|b| TextFile { path: path.to_owned(), text: String::from_utf8_lossy(&b).into_owned() }))
}

/// The bytes of a file; `None` if it does not exist.
pub(super) fn read_bytes(path: &Path) -> Result<Option<Vec<u8>>, BootError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(BootError::Io { path: path.to_owned(), error }),
    }
}
