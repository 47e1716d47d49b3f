//! What a policy is called: one reading of the words that command lines, configurations and kickstarts use.

use super::{BUILTIN_NAMES, Policy, PolicyError};
use crate::diagnostic::nearest;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// A policy that is named, not yet loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyName {
    /// One that comes with the program.
    Builtin(&'static str),
    /// A TOML file.
    File(PathBuf),
}

/// The value of an option or a key that chooses a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyChoice {
    /// `auto`: what the kickstart asks for.
    Auto,
    /// `none`: no policy at all.
    None,
    /// This policy.
    Named(PolicyName),
}

impl PolicyName {
    /// Reads a name or a path. Text with a slash in it, or `.toml` at its end, is a path, relative to `directory`; anything
    /// else is the name of a built-in policy.
    ///
    /// # Errors
    /// [`PolicyError::Unknown`], with the nearest name.
    pub fn parse(text: &str, directory: &Path) -> Result<PolicyName, PolicyError> {
        match builtin(text) {
            Some(name) => Ok(PolicyName::Builtin(name)),
            None if is_path(text) => Ok(PolicyName::File(directory.join(text))),
            None => Err(unknown(text, &[])),
        }
    }

    /// Reads a name or an absolute path, as kickstarts and kernel arguments give it: in an installer there is no
    /// directory that a relative path could begin at.
    ///
    /// # Errors
    /// [`PolicyError::Unknown`], also for a relative path.
    pub fn parse_absolute(text: &str) -> Result<PolicyName, PolicyError> {
        match PolicyName::parse(text, Path::new(""))? {
            PolicyName::File(path) if !path.is_absolute() => Err(unknown(text, &[])),
            name => Ok(name),
        }
    }

    /// Reads and checks the policy.
    ///
    /// # Errors
    /// A file that cannot be read or is not a policy.
    pub fn load(&self) -> Result<Policy, PolicyError> {
        match self {
            PolicyName::Builtin(name) => Policy::builtin(name),
            PolicyName::File(path) => Policy::from_file(path),
        }
    }

    /// The TOML of the policy, comments included.
    ///
    /// # Errors
    /// [`PolicyError::Read`].
    pub fn text(&self) -> Result<Cow<'static, str>, PolicyError> {
        match self {
            PolicyName::Builtin(name) => Ok(Cow::Borrowed(Policy::builtin_text(name).unwrap_or_default())),
            PolicyName::File(path) => crate::regular::read_to_string(path)
                .map(Cow::Owned)
                .map_err(|error| PolicyError::Read { path: path.display().to_string(), error }),
        }
    }
}

impl PolicyChoice {
    /// Words with a meaning of their own.
    const WORDS: [&'static str; 2] = ["auto", "none"];

    /// Reads `auto`, `none`, or what [`PolicyName::parse`] reads.
    ///
    /// # Errors
    /// [`PolicyError::Unknown`], with the nearest name.
    pub fn parse(text: &str, directory: &Path) -> Result<PolicyChoice, PolicyError> {
        match text {
            "auto" => Ok(PolicyChoice::Auto),
            "none" => Ok(PolicyChoice::None),
            _ => match PolicyName::parse(text, directory) {
                Ok(name) => Ok(PolicyChoice::Named(name)),
                Err(_) => Err(unknown(text, &PolicyChoice::WORDS)),
            },
        }
    }
}

/// Whether a word is a path rather than a name.
fn is_path(text: &str) -> bool {
    text.contains('/') || text.ends_with(".toml")
}

fn builtin(text: &str) -> Option<&'static str> {
    BUILTIN_NAMES.into_iter().find(|name| *name == text)
}

/// The error for a name that is not known; `words` are accepted beside the names of the built-in policies.
pub(super) fn unknown(name: &str, words: &[&'static str]) -> PolicyError {
    let known: Vec<&'static str> = words.iter().copied().chain(BUILTIN_NAMES).collect();
    let nearest = nearest(name, known.iter().copied()).map(str::to_owned);
    PolicyError::Unknown { name: name.to_owned(), nearest, known }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_or_the_ending_toml_make_a_path() {
        let at = |text: &str| PolicyName::parse(text, Path::new("/srv"));
        assert_eq!(at("ovirt-node").unwrap(), PolicyName::Builtin("ovirt-node"));
        assert_eq!(at("site.toml").unwrap(), PolicyName::File("/srv/site.toml".into()));
        assert_eq!(at("policies/site").unwrap(), PolicyName::File("/srv/policies/site".into()));
        assert_eq!(at("/etc/site.toml").unwrap(), PolicyName::File("/etc/site.toml".into()));
        assert!(PolicyName::parse_absolute("/etc/site.toml").is_ok());
        assert!(PolicyName::parse_absolute("rhvh-4.4").is_ok());
        assert!(PolicyName::parse_absolute("site.toml").is_err(), "a relative path");
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest_and_lists_the_known_ones() {
        let error = PolicyName::parse("ovirt-nod", Path::new("")).unwrap_err().to_string();
        assert!(error.starts_with("unknown policy 'ovirt-nod'; did you mean ovirt-node?"), "{error}");
        let error = PolicyChoice::parse("fedora", Path::new("")).unwrap_err().to_string();
        assert!(error.contains("write auto, none, ovirt-node, ovirt-node-4.4"), "{error}");
        assert!(error.ends_with("or the path of a TOML file"), "{error}");
        let error = PolicyChoice::parse("atuo", Path::new("")).unwrap_err().to_string();
        assert!(error.contains("did you mean auto?"), "{error}");
    }

    #[test]
    fn none_is_a_choice_but_not_a_name() {
        assert_eq!(PolicyChoice::parse("none", Path::new("")).unwrap(), PolicyChoice::None);
        assert!(PolicyName::parse("none", Path::new("")).is_err());
    }

    #[test]
    fn a_name_is_loaded_and_shown_as_text() {
        let name = PolicyName::parse("rhvh-4.4", Path::new("")).unwrap();
        assert_eq!(name.load().unwrap().name, "rhvh-4.4");
        assert!(name.text().unwrap().contains("rhvh-4.4"));
        let missing = PolicyName::parse("/nonexistent/site.toml", Path::new("")).unwrap();
        let error = missing.load().unwrap_err();
        assert!(error.to_string().starts_with("/nonexistent/site.toml: cannot read the policy: "), "{error}");
        assert!(std::error::Error::source(&error).is_none(), "the reason is printed once");
    }
}
