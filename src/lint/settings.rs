//! What a kickstart is checked against, and where each setting comes from: given by the caller (the command line is one),
//! then the nearest [configuration file](super::config), then the default.

use super::chosen::Chosen;
use super::config::{self, Config};
use super::include::Follow;
use anaconda_plan::machine::Machine;
use kickstart::Version;
use node_base::diagnostic::Severity;
use node_base::policy::{Policy, PolicyChoice};
use node_base::source::STDIN;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What a kickstart is checked against. With [`Default`] everything follows from the kickstart itself.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The syntax version; `None` to use the kickstart's header.
    pub syntax: Option<Chosen<Version>>,
    /// The syntax version of a kickstart without a usable header; with `None`, [`Version::DEFAULT`].
    pub default_syntax: Option<Chosen<Version>>,
    /// The policy, or an inner `None` for no policy; `None` to use the policy that the kickstart asks for.
    pub policy: Option<Chosen<Option<Arc<Policy>>>>,
    /// The machine that the kickstarts are for; with `None`, storage is checked for any disks.
    pub machine: Option<Arc<Machine>>,
    /// Which includes are followed; by default none.
    pub includes: Follow,
    /// Whether the file is a part that other files of the run include: what it lacks is in them.
    pub is_fragment: bool,
}

impl Settings {
    /// The syntax version of a file that has no header: given, or from the configuration.
    pub fn stated_syntax(&self) -> Option<Chosen<Version>> {
        self.syntax.clone().or_else(|| self.default_syntax.clone())
    }
}

/// Settings as text, as options and editors give them. `None` leaves a setting to the configuration file.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// A syntax version (`RHEL9`), or `auto`.
    pub syntax: Option<String>,
    /// A policy: `auto`, `none`, a built-in name, or a path.
    pub policy: Option<String>,
    /// Findings of this severity or worse make the run fail.
    pub fail_on: Option<Severity>,
    /// The machine that the kickstarts are for.
    pub machine: Option<Arc<Machine>>,
    /// Which includes are followed; `None` for what [`Follow::from_environment`] says.
    pub includes: Option<Follow>,
}

/// Settings that cannot be used. The text says which, and what was expected.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);

impl SettingsError {
    fn new(error: impl std::fmt::Display) -> Self {
        SettingsError(error.to_string())
    }
}

/// The settings for one file.
#[derive(Clone, Debug)]
pub struct FileSettings {
    /// What the file is checked against.
    pub settings: Settings,
    /// Findings of this severity or worse make the run fail.
    pub fail_on: Severity,
}

/// Finds the settings for each file: those that were given, completed by the file's nearest configuration. Can be shared
/// between threads; each directory's configuration is read once.
#[derive(Debug)]
pub struct SettingsSource {
    given: Settings,
    fail_on: Option<Severity>,
    /// By directory.
    known: Mutex<HashMap<PathBuf, Result<Arc<FileSettings>, SettingsError>>>,
}

impl SettingsSource {
    /// Reads the given settings.
    ///
    /// # Errors
    /// An unknown syntax version or policy (with the nearest known one), or a policy file that cannot be used.
    pub fn new(given: Given) -> Result<SettingsSource, SettingsError> {
        let syntax = given.syntax.as_deref().map(version).transpose()?.flatten();
        let policy = given.policy.as_deref().map(|name| policy(name, Path::new(""))).transpose()?.flatten();
        let settings = Settings {
            syntax: syntax.map(|v| Chosen::new(v, "given with --syntax")),
            default_syntax: None,
            policy: policy.map(|p| Chosen::new(p, "given with --policy")),
            machine: given.machine,
            includes: given.includes.unwrap_or_else(Follow::from_environment),
            is_fragment: false,
        };
        Ok(SettingsSource { given: settings, fail_on: given.fail_on, known: Mutex::default() })
    }

    /// The settings for one file (`-`: standard input, to which the working directory's configuration applies).
    ///
    /// # Errors
    /// A configuration file that cannot be used.
    pub fn of(&self, path: &Path) -> Result<Arc<FileSettings>, SettingsError> {
        let directory = match path.parent() {
            Some(parent) if path != Path::new(STDIN) && !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(settings) = known.get(directory) {
            return settings.clone();
        }
        let settings = self.read(directory).map(Arc::new);
        known.insert(directory.to_owned(), settings.clone());
        settings
    }

    fn read(&self, directory: &Path) -> Result<FileSettings, SettingsError> {
        let mut settings = self.given.clone();
        let config = config::nearest(directory).map_err(SettingsError::new)?;
        let configured = match &config {
            Some(config) => {
                complete(&mut settings, config)
                    .map_err(|error| SettingsError(format!("{}: {error}", config.path.display())))?;
                config.fail_on
            }
            None => None,
        };
        let fail_on = self.fail_on.or(configured).unwrap_or(Severity::Error);
        Ok(FileSettings { settings, fail_on })
    }
}

/// Sets what was not given from the configuration.
fn complete(settings: &mut Settings, config: &Config) -> Result<(), SettingsError> {
    let because = format!("from {}", config.path.display());
    if let Some(version) = config.syntax.as_deref().map(version).transpose()?.flatten() {
        settings.default_syntax = Some(Chosen::new(version, because.clone()));
    }
    if let (None, Some(name)) = (&settings.policy, &config.policy) {
        let directory = config.path.parent().unwrap_or(Path::new(""));
        settings.policy = policy(name, directory)?.map(|p| Chosen::new(p, because));
    }
    Ok(())
}

/// A syntax version by name; `None` for `auto`.
fn version(name: &str) -> Result<Option<Version>, SettingsError> {
    if name == "auto" {
        return Ok(None);
    }
    Version::from_name(name).map(Some).map_err(|unknown| match &unknown.nearest {
        Some(near) => SettingsError(format!("{unknown}; did you mean {near}?")),
        None => SettingsError::new(unknown),
    })
}

/// A policy by name or path; `None` for `auto`, an inner `None` for `none`. A path is relative to `directory`.
#[allow(clippy::option_option)] // "not chosen" and "chosen: none" differ
fn policy(name: &str, directory: &Path) -> Result<Option<Option<Arc<Policy>>>, SettingsError> {
    Ok(match PolicyChoice::parse(name, directory).map_err(SettingsError::new)? {
        PolicyChoice::Auto => None,
        PolicyChoice::None => Some(None),
        PolicyChoice::Named(name) => Some(Some(Arc::new(name.load().map_err(SettingsError::new)?))),
    })
}
