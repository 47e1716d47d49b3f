//! Paths that are to be checked: reading one as text, and finding the kickstarts of a directory.

use crate::kind::kickstart_commands;
use crate::lint::text::{self, TextError};
pub use node_base::regular::is_regular;
use node_base::source::STDIN;
use node_base::source::{FileId, Sources, split_lines};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Why a path cannot be checked. Does not name the path.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It is not a text that can be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A directory without anything to check.
    #[error("no kickstart in this directory (looked for *.ks, and for *.cfg with kickstart content)")]
    NoKickstart,
}

/// Reads a file ([`STDIN`]: standard input) as the first of new [`Sources`].
///
/// # Errors
/// [`TextError`] for a file that is not a readable text in UTF-8.
pub fn read(path: &Path) -> Result<(Sources, FileId), TextError> {
    let mut sources = Sources::new();
    let file = add(&mut sources, path)?;
    Ok((sources, file))
}

/// Reads a file ([`STDIN`]: standard input) into `sources`.
///
/// # Errors
/// [`TextError`] for a file that is not a readable text in UTF-8.
pub fn add(sources: &mut Sources, path: &Path) -> Result<FileId, TextError> {
    let text = text::read(path)?;
    sources.add(path, text).map_err(|_| TextError::TooLarge)
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
                let is_file = !entry.path_is_symlink()
                    || path.canonicalize().is_ok_and(|real| is_regular(&real))
                    || !path.exists();
                if is_file && is_kickstart(path) {
                    files.push((entry.into_path(), Ok(())));
                }
            }
            Ok(_) => {}
            Err(error) => {
                let path = error_path(&error).unwrap_or_else(|| directory.to_owned());
                let error =
                    error.into_io_error().unwrap_or_else(|| std::io::Error::other("cannot be walked"));
                files.push((path, Err(TextError::Io(error).into())));
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
    let is_section = |line: &str| {
        line.starts_with("#version=")
            || line.split_whitespace().next().is_some_and(|word| SECTIONS.contains(&word))
    };
    split_lines(text).any(is_section) || kickstart_commands(split_lines(text)) >= 3
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
}
