//! Reading files that another program or a person has written: only regular files, and only up to a size, so that nothing waits
//! for ever and nothing fills the memory.

use node_base::units::Bytes;
use rustix::fs::{Mode, OFlags};
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

/// The bytes of the file `path` as text.
///
/// # Errors
/// [`ReadError::NotUtf8`].
pub(super) fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String, ReadError> {
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
}
