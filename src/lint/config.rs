//! `.ks-lint.toml`: settings of a project.
//!
//! ```toml
//! syntax = "RHEL9"          # of kickstarts without a #version header
//! policy = "ovirt-node"     # auto, none, a name, or a file beside this one
//! fail-on = "warning"       # error, warning or info
//! ```
//!
//! The nearest file is used: in the directory of the kickstart, then its parents; for standard input in the working
//! directory, then its parents. The command line overrides it.

use node_base::diagnostic::Severity;
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
    /// Where it was read from.
    #[serde(skip)]
    pub path: PathBuf,
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

/// The configuration for files in `directory`: the nearest one upwards.
///
/// # Errors
/// [`ConfigError`], when the file cannot be used.
pub fn nearest(directory: &Path) -> Result<Option<Config>, ConfigError> {
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    for directory in absolute.ancestors() {
        let path = directory.join(FILE_NAME);
        match node_base::regular::read_to_string(&path) {
            Ok(text) => return parse(&text, &path).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            // A parent that may not be searched, or is not a directory, has no configuration.
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::NotADirectory
                ) => {}
            Err(error) => return Err(ConfigError::Read { path: path.display().to_string(), error }),
        }
    }
    Ok(None)
}

/// Reads the text of a configuration.
fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
    let config: Config = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |s| s.start.min(text.len()));
        let line = text.as_bytes()[..start].iter().filter(|b| **b == b'\n').count() + 1;
        let message = error.message().replace('\n', " ");
        ConfigError::Content { path: path.display().to_string(), line, message }
    })?;
    Ok(Config { path: path.to_owned(), ..config })
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
