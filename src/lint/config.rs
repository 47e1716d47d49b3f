//! `.ks-lint.toml`: settings of a project.
//!
//! ```toml
//! syntax = "RHEL9"          # of kickstarts without a #version header
//! policy = "ovirt-node"     # auto, none, a name, or a file beside this one
//! fail-on = "warning"       # error, warning or info
//! select = ["KS", "SEC"]    # findings that are reported: codes, prefixes of codes, names, or ALL
//! ignore = ["SEC007"]       # findings that are not
//! exclude = ["old/"]        # files that are not searched for, as in a .gitignore
//! baseline = "known.json"   # findings that --write-baseline has recorded
//!
//! [per-file-ignores]
//! "lab/*.ks" = ["SEC001"]
//!
//! [severity]
//! UNA007 = "error"
//! ```
//!
//! The nearest file is used: in the directory of the kickstart, then its parents; for standard input in the working
//! directory, then its parents. The command line overrides it. Patterns and paths are relative to the file.

use node_base::diagnostic::Severity;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The name of the file.
pub const FILE_NAME: &str = ".ks-lint.toml";

/// The keys of the file. Each may be missing.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Syntax version of kickstarts that have no `#version=` header.
    pub syntax: Option<String>,
    /// `auto`, `none`, the name of a built-in policy, or a file (relative to this one).
    pub policy: Option<String>,
    /// Findings from this severity on make the run fail.
    pub fail_on: Option<Severity>,
    /// Codes, prefixes of codes, or names of the findings that are reported; without it, all.
    pub select: Option<Vec<String>>,
    /// Codes, prefixes of codes, or names of findings that are not reported.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Files that are not searched for, as patterns of a `.gitignore`.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Findings that are not reported in the files that match a pattern.
    #[serde(default)]
    pub per_file_ignores: BTreeMap<String, Vec<String>>,
    /// Severities by code, prefix of codes, or name.
    #[serde(default)]
    pub severity: BTreeMap<String, Severity>,
    /// Whether files that version control ignores are left out of a search; by default they are.
    pub respect_gitignore: Option<bool>,
    /// Known findings, as `--write-baseline` writes them.
    pub baseline: Option<PathBuf>,
    /// Where it was read from.
    #[serde(skip)]
    pub path: PathBuf,
    /// Its text, for the lines of mistakes.
    #[serde(skip)]
    text: String,
}

impl Config {
    /// The directory that its patterns and paths are relative to.
    pub fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// A mistake in a value, at the first line that has this word.
    pub(super) fn mistake(&self, word: &str, message: &str) -> ConfigError {
        let quoted = [format!("\"{word}\""), format!("'{word}'")];
        let mut lines = self.text.lines();
        let at = lines
            .by_ref()
            .position(|line| quoted.iter().any(|q| line.contains(q.as_str())))
            .or_else(|| self.text.lines().position(|line| line.trim_start().starts_with(word)));
        let line = at.unwrap_or_default() + 1;
        ConfigError::Content { path: self.path.display().to_string(), line, message: message.to_owned() }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It exists but cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// Path of the configuration.
        path: String,
        /// The system's reason. Not a `source`: it is part of the text.
        error: std::io::Error,
    },
    /// It is not what the module's documentation shows.
    #[error("{path}:{line}: {message}")]
    Content {
        /// Path of the configuration.
        path: String,
        /// Line from 1.
        line: usize,
        /// What is wrong and what was expected.
        message: String,
    },
}

/// The configuration in this directory, not in its parents.
///
/// # Errors
/// [`ConfigError`], when the file cannot be used.
pub fn in_directory(directory: &Path) -> Result<Option<Config>, ConfigError> {
    let path = directory.join(FILE_NAME);
    match node_base::regular::read_to_string(&path) {
        Ok(text) => parse(&text, &path).map(Some),
        // A parent that may not be searched, or is not a directory, has no configuration.
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound
                    | std::io::ErrorKind::PermissionDenied
                    | std::io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(ConfigError::Read { path: path.display().to_string(), error }),
    }
}

/// The configuration of this path, whatever its name.
///
/// # Errors
/// [`ConfigError`], when the file cannot be used or is not there.
pub fn read(path: &Path) -> Result<Config, ConfigError> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match node_base::regular::read_to_string(&absolute) {
        Ok(text) => parse(&text, &absolute),
        Err(error) => Err(ConfigError::Read { path: path.display().to_string(), error }),
    }
}

/// Checks the text of a configuration, as an editor shows it.
///
/// # Errors
/// [`ConfigError::Content`], when it cannot be used.
pub fn check(text: &str, path: &Path) -> Result<(), ConfigError> {
    parse(text, path).map(|_| ())
}

/// Reads the text of a configuration.
fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
    let config: Config = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |s| s.start.min(text.len()));
        let line = text.as_bytes()[..start].iter().filter(|b| **b == b'\n').count() + 1;
        let message = error.message().replace('\n', " ");
        ConfigError::Content { path: path.display().to_string(), line, message }
    })?;
    Ok(Config { path: path.to_owned(), text: text.to_owned(), ..config })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read() {
        let config =
            parse("syntax = \"RHEL8\"\npolicy = \"none\"\nfail-on = \"warning\"\n", Path::new("c")).unwrap();
        assert_eq!(config.syntax.as_deref(), Some("RHEL8"));
        assert_eq!(config.policy.as_deref(), Some("none"));
        assert_eq!(config.fail_on, Some(Severity::Warning));
    }

    #[test]
    fn a_mistake_is_named_with_its_line_and_what_was_expected() {
        let error =
            parse("syntax = \"RHEL8\"\nfailon = \"warning\"\n", Path::new("/p/.ks-lint.toml")).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("/p/.ks-lint.toml:2: "), "{text}");
        assert!(text.contains("fail-on"), "{text}");
    }
}
