//! Files that are named on a command line: reading one as text, and finding the kickstarts of a directory.

use super::include;
use node_base::source::{FileId, Sources, split_lines};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The name of standard input on a command line and in reports.
pub const STDIN: &str = "-";

/// Largest file that is read. A kickstart of half a gigabyte is a mistake (or `/dev/zero`).
const LARGEST: u64 = 512 << 20;

/// Why a path cannot be checked. Does not name the path.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The system refuses.
    #[error("cannot be read: {0}")]
    Io(std::io::Error),
    /// Not text at all.
    #[error("is a binary file (a NUL byte at offset {nul} and bytes that are not UTF-8), not a kickstart")]
    Binary {
        /// Offset of the first NUL.
        nul: usize,
    },
    /// Text of Windows' other encoding.
    #[error("is UTF-16 text; the installer reads UTF-8: convert it with iconv -f utf-16 -t utf-8")]
    Utf16,
    /// Text in an encoding that the installer does not read.
    #[error(
        "line {line}: byte {byte:#04x} at offset {offset} is not UTF-8; convert the file, for example with \
         iconv -f latin1 -t utf-8"
    )]
    NotUtf8 {
        /// Line from 1.
        line: usize,
        /// Offset in bytes from 0.
        offset: usize,
        /// The first byte that does not belong.
        byte: u8,
    },
    /// Larger than any kickstart.
    #[error("is larger than {} MiB, which no kickstart is", LARGEST >> 20)]
    TooLarge,
    /// A directory without anything to check.
    #[error("no kickstart in this directory (looked for *.ks, and for *.cfg with kickstart content)")]
    NoKickstart,
}

impl From<std::io::Error> for InputError {
    // Not a `source`: its text is part of this error's own.
    fn from(error: std::io::Error) -> Self {
        InputError::Io(error)
    }
}

/// Reads a kickstart (`-`: standard input) as the first file of new [`Sources`], and what it includes behind it.
///
/// # Errors
/// [`InputError`] for what is not a readable text in UTF-8.
pub fn read(path: &Path) -> Result<(Sources, FileId), InputError> {
    let mut sources = Sources::new();
    let file = add(&mut sources, path)?;
    include::load(&mut sources, file);
    Ok((sources, file))
}

/// Reads a path (`-`: standard input) into `sources`.
///
/// # Errors
/// [`InputError`] for what is not a readable text in UTF-8.
pub fn add(sources: &mut Sources, path: &Path) -> Result<FileId, InputError> {
    let bytes = if path == Path::new(STDIN) {
        bytes_of(std::io::stdin().lock(), 0)?
    } else {
        let file = std::fs::File::open(path)?;
        // Other things than files (`/dev/stdin`, a pipe) have no size, and some of `/proc` say none.
        let size = file.metadata().ok().filter(|m| m.is_file()).map_or(0, |m| m.len());
        bytes_of(file, size)?
    };
    let text = String::from_utf8(bytes).map_err(|error| not_text(&error))?;
    sources.add(path, text).map_err(|_| InputError::TooLarge)
}

/// All bytes up to the limit. A file of a known size that gives just that is read at once.
fn bytes_of(mut input: impl Read, size: u64) -> Result<Vec<u8>, InputError> {
    if size > LARGEST {
        return Err(InputError::TooLarge);
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
    input.take(LARGEST + 1 - bytes.len() as u64).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST { Err(InputError::TooLarge) } else { Ok(bytes) }
}

/// What a file is that is not UTF-8.
fn not_text(error: &std::string::FromUtf8Error) -> InputError {
    let bytes = error.as_bytes();
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return InputError::Utf16;
    }
    if let Some(nul) = bytes.iter().take(8192).position(|b| *b == 0) {
        return InputError::Binary { nul };
    }
    let offset = error.utf8_error().valid_up_to();
    let before = std::str::from_utf8(&bytes[..offset]).unwrap_or_default();
    let ended = before.chars().next_back().is_none_or(node_base::source::is_line_end);
    let line = split_lines(before).count() + usize::from(ended);
    InputError::NotUtf8 { line, offset, byte: bytes.get(offset).copied().unwrap_or_default() }
}

/// The files to check under the paths of a command line, in order; a directory gives its kickstarts, sorted.
/// Hidden files are left out. Files that version control ignores are not: kickstarts are often rendered from templates.
/// Links to files are followed, links to directories are not.
pub fn expand(paths: &[PathBuf]) -> Vec<(PathBuf, Result<(), InputError>)> {
    let mut files = Vec::new();
    for path in paths {
        if path != Path::new(STDIN) && path.is_dir() {
            walk(path, &mut files);
        } else {
            files.push((path.clone(), Ok(())));
        }
    }
    files
}

fn walk(directory: &Path, files: &mut Vec<(PathBuf, Result<(), InputError>)>) {
    let before = files.len();
    let mut walk = ignore::WalkBuilder::new(directory);
    walk.standard_filters(false).hidden(true).sort_by_file_path(|a, b| a.as_os_str().cmp(b.as_os_str()));
    for entry in walk.build() {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|t| t.is_file() || t.is_symlink()) => {
                let path = entry.path();
                // A link to nowhere is reported when it is read.
                let is_file = !entry.path_is_symlink() || path.is_file() || !path.exists();
                if is_file && is_kickstart(path) {
                    files.push((entry.into_path(), Ok(())));
                }
            }
            Ok(_) => {}
            Err(error) => {
                let path = error_path(&error).unwrap_or_else(|| directory.to_owned());
                let error =
                    error.into_io_error().unwrap_or_else(|| std::io::Error::other("cannot be walked"));
                files.push((path, Err(InputError::Io(error))));
            }
        }
    }
    if files.len() == before {
        files.push((directory.to_owned(), Err(InputError::NoKickstart)));
    }
}

/// The path that an error of the walk is about.
fn error_path(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error_path(err),
        _ => None,
    }
}

/// Whether a file found in a directory is one: `*.ks`, and `*.cfg` that reads like one.
fn is_kickstart(path: &Path) -> bool {
    match path.extension().and_then(|e| e.to_str()) {
        Some("ks") => true,
        Some("cfg") => {
            let mut head = Vec::new();
            let read = std::fs::File::open(path).and_then(|f| f.take(64 << 10).read_to_end(&mut head));
            read.is_ok() && reads_like_a_kickstart(&String::from_utf8_lossy(&head))
        }
        _ => false,
    }
}

/// Section headers that nothing else has, or several commands that most kickstarts have. (`grub.cfg`,
/// `isolinux.cfg`, `ansible.cfg` and `setup.cfg` have neither.)
fn reads_like_a_kickstart(text: &str) -> bool {
    const SECTIONS: &[&str] = &["%packages", "%pre", "%post", "%addon", "%pre-install", "%include"];
    const COMMANDS: &[&str] = &[
        "autopart",
        "bootloader",
        "clearpart",
        "firewall",
        "ignoredisk",
        "keyboard",
        "lang",
        "liveimg",
        "logvol",
        "network",
        "part",
        "partition",
        "rootpw",
        "selinux",
        "timezone",
        "url",
        "volgroup",
        "zerombr",
    ];
    let mut seen = [false; COMMANDS.len()];
    for line in split_lines(text) {
        let Some(word) = line.split_whitespace().next() else { continue };
        if SECTIONS.contains(&word) || line.starts_with("#version=") {
            return true;
        }
        if let Ok(i) = COMMANDS.binary_search(&word) {
            seen[i] = true;
        }
    }
    seen.iter().filter(|s| **s).count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cfg_file_is_told_from_a_kickstart_by_its_content() {
        assert!(reads_like_a_kickstart("lang C\nkeyboard us\ntimezone UTC\n"));
        assert!(reads_like_a_kickstart("# x\n%packages\n@core\n%end\n"));
        assert!(!reads_like_a_kickstart("set default=0\nmenuentry 'x' {\n linux /vmlinuz inst.ks=x\n}\n"));
        assert!(!reads_like_a_kickstart("[defaults]\ninventory = hosts\n"));
    }

    #[test]
    fn the_line_and_offset_of_a_foreign_byte_are_named() {
        let error = not_text(&String::from_utf8(b"lang C\r\n# caf\xe9\n".to_vec()).unwrap_err());
        assert!(matches!(error, InputError::NotUtf8 { line: 2, offset: 13, byte: 0xe9 }), "{error}");
        let error = not_text(&String::from_utf8(b"lang C\n\xe9".to_vec()).unwrap_err());
        assert!(matches!(error, InputError::NotUtf8 { line: 2, .. }), "{error}");
    }
}
