//! Reads a file as the text of a kickstart or a boot configuration: UTF-8, within a limit of size.

use node_base::source::{STDIN, split_lines};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Largest file that is read, in bytes. A kickstart of half a gigabyte is a mistake (or `/dev/zero`).
pub const LARGEST: u64 = 512 << 20;

/// Why a file cannot be read as text. Does not name its path.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// The system cannot read it.
    #[error("cannot be read: {0}")]
    Io(std::io::Error),
    /// It is not text.
    #[error("is a binary file (a NUL byte at offset {nul} and bytes that are not UTF-8), not a kickstart")]
    Binary {
        /// Offset of the first NUL.
        nul: usize,
    },
    /// It is UTF-16, as Windows writes it.
    #[error("is UTF-16 text; the installer reads UTF-8: convert it with iconv -f utf-16 -t utf-8")]
    Utf16,
    /// Its encoding is one that the installer does not read.
    #[error(
        "line {line}: byte {byte:#04x} at offset {offset} is not UTF-8; convert the file, for example with \
         iconv -f latin1 -t utf-8"
    )]
    NotUtf8 {
        /// Line from 1.
        line: usize,
        /// Offset in bytes from 0.
        offset: usize,
        /// The first byte that is not part of a character.
        byte: u8,
    },
    /// It is larger than any kickstart.
    #[error("is larger than {} MiB; no kickstart is that large", LARGEST >> 20)]
    TooLarge,
}

impl From<std::io::Error> for TextError {
    // Not a `source`: its text is part of this error's own.
    fn from(error: std::io::Error) -> Self {
        TextError::Io(error)
    }
}

/// Reads the file at a path ([`STDIN`]: standard input) as text.
///
/// # Errors
/// [`TextError`] for a file that is not a readable text in UTF-8.
pub fn read(path: &Path) -> Result<String, TextError> {
    if path == Path::new(STDIN) {
        return decode(bytes_of(std::io::stdin().lock(), 0, LARGEST)?);
    }
    read_at_most(path, LARGEST)
}

/// Reads the file at a path as text of at most `limit` bytes.
///
/// # Errors
/// [`TextError`] for a file that is not a readable text in UTF-8.
pub fn read_at_most(path: &Path, limit: u64) -> Result<String, TextError> {
    let file = std::fs::File::open(path)?;
    // Other things than files (`/dev/stdin`, a pipe) have no size, and some of `/proc` say none.
    let size = file.metadata().ok().filter(|m| m.is_file()).map_or(0, |m| m.len());
    decode(bytes_of(file, size, limit)?)
}

/// Bytes as text.
///
/// # Errors
/// [`TextError`] for bytes that are not UTF-8.
pub fn decode(bytes: Vec<u8>) -> Result<String, TextError> {
    String::from_utf8(bytes).map_err(|error| not_text(&error))
}

/// All bytes, at most `limit`. A file of a known size that gives exactly that many is read at once.
fn bytes_of(mut input: impl Read, size: u64, limit: u64) -> Result<Vec<u8>, TextError> {
    if size > limit {
        return Err(TextError::TooLarge);
    }
    let mut bytes = Vec::new();
    if size > 0 {
        bytes.resize(size as usize + 1, 0);
        let read = match input.read(&mut bytes) {
            Err(error) if error.kind() == ErrorKind::Interrupted => 0,
            read => read?,
        };
        bytes.truncate(read);
        if read as u64 == size {
            return Ok(bytes);
        }
    }
    input.take(limit + 1 - bytes.len() as u64).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(TextError::TooLarge) } else { Ok(bytes) }
}

/// What a file is that is not UTF-8.
fn not_text(error: &std::string::FromUtf8Error) -> TextError {
    let bytes = error.as_bytes();
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return TextError::Utf16;
    }
    if let Some(nul) = bytes.iter().take(8192).position(|b| *b == 0) {
        return TextError::Binary { nul };
    }
    let offset = error.utf8_error().valid_up_to();
    let before = std::str::from_utf8(&bytes[..offset]).unwrap_or_default();
    let ended = before.chars().next_back().is_none_or(node_base::source::is_line_end);
    let line = split_lines(before).count() + usize::from(ended);
    TextError::NotUtf8 { line, offset, byte: bytes.get(offset).copied().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_and_offset_of_a_foreign_byte_are_named() {
        let error = not_text(&String::from_utf8(b"lang C\r\n# caf\xe9\n".to_vec()).unwrap_err());
        assert!(matches!(error, TextError::NotUtf8 { line: 2, offset: 13, byte: 0xe9 }), "{error}");
        let error = not_text(&String::from_utf8(b"lang C\n\xe9".to_vec()).unwrap_err());
        assert!(matches!(error, TextError::NotUtf8 { line: 2, .. }), "{error}");
    }
}
