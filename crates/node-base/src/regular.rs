//! Files that are read because a text names them: only regular ones, up to a limit. Reading a pipe or a device may never end;
//! so may reading what the kernel shows as a file (`/proc/kmsg`).

use crate::units::Bytes;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Largest configuration, policy or description of a machine that is read.
pub const LARGEST: Bytes = Bytes(16 << 20);

/// Reads a regular file of at most [`LARGEST`] bytes as text.
///
/// # Errors
/// The file cannot be read, is not a regular file, is larger than the limit, or is not UTF-8.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    let real = path.canonicalize()?;
    if !is_regular(&real) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut text = String::new();
    let read = File::open(&real)?.take(LARGEST.0 + 1).read_to_string(&mut text)?;
    if read as u64 > LARGEST.0 {
        let message = format!("larger than {LARGEST}");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(text)
}

/// Whether a path without links and `..` ([`Path::canonicalize`]) is a file with an end.
pub fn is_regular(real: &Path) -> bool {
    real.is_file() && !["/proc", "/sys"].iter().any(|kernel| real.starts_with(kernel))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_and_files_of_the_kernel_are_not_read() {
        for path in ["/dev/zero", "/dev/null", "/proc/self/environ", "/proc", "/"] {
            let error = read_to_string(Path::new(path)).unwrap_err();
            assert_eq!(error.to_string(), "not a regular file", "{path}");
        }
        assert_eq!(read_to_string(Path::new("/nonexistent")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
