//! Patterns of files, as a `.gitignore` has them, relative to a directory.

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::fmt;
use std::path::{Component, Path, PathBuf};

/// Patterns of files: `lab/*.ks` below the directory, `old.ks` and `old/` at any depth, `!kept.ks` takes back.
#[derive(Clone)]
pub(super) struct Patterns {
    /// Without links resolved and without `..`.
    directory: PathBuf,
    written: Vec<String>,
    matcher: Gitignore,
}

impl Patterns {
    /// Patterns relative to a directory.
    ///
    /// # Errors
    /// The pattern that cannot be read, and why.
    pub(super) fn new(directory: &Path, patterns: &[String]) -> Result<Patterns, (String, String)> {
        let directory = absolute(directory);
        let mut builder = GitignoreBuilder::new(&directory);
        for pattern in patterns {
            builder.add_line(None, pattern).map_err(|error| (pattern.clone(), error.to_string()))?;
        }
        let matcher = builder.build().map_err(|error| (patterns.join(" "), error.to_string()))?;
        Ok(Patterns { directory, written: patterns.to_vec(), matcher })
    }

    /// Whether a pattern matches this path or a directory above it.
    pub(super) fn matches(&self, path: &Path, is_directory: bool) -> bool {
        if self.written.is_empty() {
            return false;
        }
        let absolute = absolute(path);
        match absolute.strip_prefix(&self.directory) {
            Ok(relative) if relative != Path::new("") => {
                self.matcher.matched_path_or_any_parents(relative, is_directory).is_ignore()
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.written).finish()
    }
}

impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written.join(" "))
    }
}

/// A path from the root, without `.` and `..`. Links are not resolved.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for component in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match component {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            other => whole.push(other),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_gitignore() {
        let patterns =
            Patterns::new(Path::new("/p"), &["lab/*.ks".into(), "old/".into(), "x.ks".into()]).unwrap();
        for (path, is_matched) in [
            ("/p/lab/a.ks", true),
            ("/p/lab/b/a.ks", false),
            ("/p/a/lab/a.ks", false),
            ("/p/deep/old/a.ks", true),
            ("/p/a/x.ks", true),
            ("/p/a/../lab/./a.ks", true),
            ("/q/lab/a.ks", false),
            ("/p", false),
        ] {
            assert_eq!(patterns.matches(Path::new(path), false), is_matched, "{path}");
        }
        assert!(Patterns::new(Path::new("/p"), &["[z-a]".into()]).is_err());
    }
}
