//! What a kickstart is checked against, and where each setting comes from: given by the caller (the command line is one),
//! then the nearest [configuration file](super::config), then the default.

use super::baseline::Baseline;
use super::choice::{Choice, FileIgnores, Layer, Selector};
use super::chosen::Chosen;
use super::config::{self, Config, ConfigError};
use super::include::{Follow, Unsaved};
use super::patterns::{Patterns, absolute};
use crate::rules::ShellCheck;
use anaconda_plan::machine::Machine;
use kickstart::Version;
use kickstart::include::Includes;
use node_base::diagnostic::Severity;
use node_base::policy::{Policy, PolicyChoice};
use node_base::source::{FileId, STDIN, Sources};
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
    /// How the program `shellcheck` is asked about scripts; by default it is not.
    pub shellcheck: Option<ShellCheck>,
    /// Which includes are followed; by default none.
    pub includes: Follow,
    /// Texts that are newer than the files that are included; by default none.
    pub unsaved: Unsaved,
    /// Whether the file is a part that other files of the run include: what it lacks is in them.
    pub is_fragment: bool,
    /// Which findings are reported, and how severe they are.
    pub choice: Arc<Choice>,
}

impl Settings {
    /// Reads the files that `file` includes, directly and through others, into `sources`.
    pub fn load_includes(&self, sources: &mut Sources, file: FileId) -> Includes {
        self.includes.load_with(&self.unsaved, sources, file)
    }

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
    /// How the program `shellcheck` is asked about scripts.
    pub shellcheck: Option<ShellCheck>,
    /// Which includes are followed; `None` for what [`Follow::from_environment`] says.
    pub includes: Option<Follow>,
    /// The only findings that are reported: codes, prefixes of codes, names.
    pub select: Option<Vec<String>>,
    /// Findings that are not reported.
    pub ignore: Vec<String>,
    /// Patterns of files that are not searched for, relative to the working directory.
    pub exclude: Vec<String>,
    /// Findings that are not reported in some files: `PATTERN:CODE`.
    pub per_file_ignores: Vec<String>,
    /// Severities: `CODE=LEVEL`.
    pub severity: Vec<(String, Severity)>,
    /// Which configuration applies.
    pub config: ConfigChoice,
    /// Whether files that version control ignores are left out of a search.
    pub respect_gitignore: Option<bool>,
    /// Whether `exclude` also applies to files that are named.
    pub force_exclude: bool,
    /// Known findings, which are not reported.
    pub baseline: Option<PathBuf>,
}

/// Which configuration applies to a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ConfigChoice {
    /// The nearest `.ks-lint.toml`.
    #[default]
    Nearest,
    /// None.
    Ignored,
    /// This one, whatever its name.
    File(PathBuf),
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
    /// Known findings, which are not reported.
    pub baseline: Option<Arc<Baseline>>,
    /// Whether files that version control ignores are left out of a search.
    pub respect_gitignore: bool,
    /// The configuration; `None` when there is none.
    pub config: Option<PathBuf>,
    /// Files that are not searched for.
    exclude: Vec<Patterns>,
}

impl FileSettings {
    /// Whether this file or directory is left out of a search.
    pub fn excludes(&self, path: &Path, is_directory: bool) -> bool {
        self.exclude.iter().any(|patterns| patterns.matches(path, is_directory))
    }

    /// The patterns of files that are left out of a search.
    pub fn excluded(&self) -> impl Iterator<Item = String> {
        self.exclude.iter().map(ToString::to_string)
    }
}

type KnownSettings = HashMap<PathBuf, Result<Arc<FileSettings>, SettingsError>>;

/// Finds the settings for each file: those that were given, completed by the file's nearest configuration. Can be shared
/// between threads; each configuration is read once.
#[derive(Debug)]
pub struct SettingsSource {
    given: Given,
    settings: Settings,
    exclude: Option<Patterns>,
    baseline: Option<Arc<Baseline>>,
    /// By directory.
    known: Mutex<KnownSettings>,
}

impl SettingsSource {
    /// Reads the given settings.
    ///
    /// # Errors
    /// An unknown syntax version, policy or code (with the nearest known one), or a policy, configuration or baseline that
    /// cannot be used.
    pub fn new(given: Given) -> Result<SettingsSource, SettingsError> {
        let syntax = given.syntax.as_deref().map(version).transpose()?.flatten();
        let policy = given.policy.as_deref().map(|name| policy(name, Path::new(""))).transpose()?.flatten();
        let settings = Settings {
            syntax: syntax.map(|v| Chosen::new(v, "given with --syntax")),
            default_syntax: None,
            policy: policy.map(|p| Chosen::new(p, "given with --policy")),
            machine: given.machine.clone(),
            shellcheck: given.shellcheck.clone(),
            includes: given.includes.clone().unwrap_or_else(Follow::from_environment),
            unsaved: Unsaved::default(),
            is_fragment: false,
            choice: Arc::default(),
        };
        // Mistakes are reported before any file is read.
        given_choice(&given, &mut Choice::default())?;
        let exclude = patterns(Path::new(""), &given.exclude, "--exclude")?;
        let baseline = given.baseline.as_deref().map(Baseline::read).transpose();
        let source = SettingsSource {
            settings,
            exclude,
            baseline: baseline.map_err(SettingsError::new)?.map(Arc::new),
            known: Mutex::default(),
            given,
        };
        if let ConfigChoice::File(path) = &source.given.config {
            source.complete(Some(config::read(path).map_err(SettingsError::new)?))?;
        }
        Ok(source)
    }

    /// Whether `exclude` also applies to files that are named.
    pub fn force_exclude(&self) -> bool {
        self.given.force_exclude
    }

    /// The same settings, with configuration files read anew.
    pub fn read_again(self) -> SettingsSource {
        SettingsSource { known: Mutex::default(), ..self }
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
        self.of_directory(directory)
    }

    /// The settings for the files in a directory.
    ///
    /// # Errors
    /// A configuration file that cannot be used.
    pub fn of_directory(&self, directory: &Path) -> Result<Arc<FileSettings>, SettingsError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(settings) = known.get(directory) {
            return settings.clone();
        }
        let settings = match &self.given.config {
            ConfigChoice::Nearest => self.nearest(&absolute(directory), &mut known),
            other => match known.get(Path::new("")) {
                Some(settings) => settings.clone(),
                None => {
                    let settings = match other {
                        ConfigChoice::File(path) => config::read(path).map(Some).map_err(SettingsError::new),
                        _ => Ok(None),
                    };
                    let settings = settings.and_then(|config| self.complete(config)).map(Arc::new);
                    known.insert(PathBuf::new(), settings.clone());
                    settings
                }
            },
        };
        known.insert(directory.to_owned(), settings.clone());
        settings
    }

    /// The settings by the configuration of this directory, else of the nearest one above it.
    fn nearest(
        &self,
        directory: &Path,
        known: &mut KnownSettings,
    ) -> Result<Arc<FileSettings>, SettingsError> {
        let mut passed = Vec::new();
        let mut found = None;
        for directory in directory.ancestors() {
            if let Some(settings) = known.get(directory) {
                found = Some(settings.clone());
                break;
            }
            passed.push(directory);
            match config::in_directory(directory) {
                Ok(None) => {}
                Ok(config) => {
                    found = Some(self.complete(config).map(Arc::new));
                    break;
                }
                Err(error) => {
                    found = Some(Err(SettingsError::new(error)));
                    break;
                }
            }
        }
        let settings = found.unwrap_or_else(|| self.complete(None).map(Arc::new));
        known.extend(passed.into_iter().map(|directory| (directory.to_owned(), settings.clone())));
        settings
    }

    /// What was given, completed by a configuration.
    fn complete(&self, config: Option<Config>) -> Result<FileSettings, SettingsError> {
        let mut settings = self.settings.clone();
        let mut choice = Choice::default();
        let mut exclude: Vec<Patterns> = self.exclude.clone().into_iter().collect();
        let mut baseline = self.baseline.clone();
        if let Some(config) = &config {
            complete(&mut settings, config)
                .map_err(|error| SettingsError(format!("{}: {error}", config.path.display())))?;
            configured_choice(config, &mut choice).map_err(SettingsError::new)?;
            exclude.extend(configured_patterns(config, &config.exclude).map_err(SettingsError::new)?);
            if let (None, Some(path)) = (&baseline, &config.baseline) {
                let known = Baseline::read(&config.directory().join(path)).map_err(SettingsError::new)?;
                baseline = Some(Arc::new(known));
            }
        }
        given_choice(&self.given, &mut choice)?;
        settings.choice = Arc::new(choice);
        let configured = config.as_ref();
        let respect = configured.and_then(|config| config.respect_gitignore);
        Ok(FileSettings {
            settings,
            fail_on: self.given.fail_on.or(configured.and_then(|c| c.fail_on)).unwrap_or(Severity::Error),
            baseline,
            respect_gitignore: self.given.respect_gitignore.or(respect).unwrap_or(true),
            exclude,
            config: config.map(|config| config.path),
        })
    }
}

/// Patterns; `None` when there are none.
fn patterns(directory: &Path, list: &[String], given: &str) -> Result<Option<Patterns>, SettingsError> {
    if list.is_empty() {
        return Ok(None);
    }
    let wrong =
        |(pattern, why)| SettingsError(format!("{given}: '{pattern}' is not a pattern of files: {why}"));
    Patterns::new(directory, list).map(Some).map_err(wrong)
}

/// What the configuration chooses.
fn configured_choice(config: &Config, choice: &mut Choice) -> Result<(), ConfigError> {
    let layer = Layer::Configuration;
    let selector =
        |word: &String| Selector::parse(word).map_err(|error| config.mistake(word, &error.to_string()));
    let selectors = |words: &[String]| words.iter().map(selector).collect::<Result<Vec<_>, _>>();
    if let Some(words) = &config.select {
        choice.select(layer, selectors(words)?);
    }
    choice.ignore(layer, selectors(&config.ignore)?);
    for (pattern, words) in &config.per_file_ignores {
        if let Some(files) = configured_patterns(config, std::slice::from_ref(pattern))? {
            choice.ignore_in(FileIgnores { files, ignored: selectors(words)? });
        }
    }
    for (word, severity) in &config.severity {
        choice.severity(layer, selector(word)?, *severity);
    }
    Ok(())
}

/// Patterns of a configuration, relative to its directory; `None` when there are none.
fn configured_patterns(config: &Config, list: &[String]) -> Result<Option<Patterns>, ConfigError> {
    if list.is_empty() {
        return Ok(None);
    }
    Patterns::new(config.directory(), list).map(Some).map_err(|(pattern, why)| {
        config.mistake(&pattern, &format!("'{pattern}' is not a pattern of files: {why}"))
    })
}

/// What was given chooses.
fn given_choice(given: &Given, choice: &mut Choice) -> Result<(), SettingsError> {
    let layer = Layer::CommandLine;
    let of = |option: &str, words: &[String]| -> Result<Vec<Selector>, SettingsError> {
        let wrong = |error| SettingsError(format!("{option}: {error}"));
        words.iter().map(|word| Selector::parse(word).map_err(wrong)).collect()
    };
    if let Some(words) = &given.select {
        choice.select(layer, of("--select", words)?);
    }
    choice.ignore(layer, of("--ignore", &given.ignore)?);
    for ignores in &given.per_file_ignores {
        let option = "--per-file-ignores";
        let (pattern, words) = ignores.rsplit_once(':').ok_or_else(|| {
            SettingsError(format!(
                "{option}: '{ignores}' has no ':'; write PATTERN:CODE, such as 'lab/*.ks:SEC001'"
            ))
        })?;
        let words: Vec<String> = words.split(',').map(str::to_owned).collect();
        if let Some(files) = patterns(Path::new(""), &[pattern.to_owned()], option)? {
            choice.ignore_in(FileIgnores { files, ignored: of(option, &words)? });
        }
    }
    for (word, severity) in &given.severity {
        for selector in of("--severity", std::slice::from_ref(word))? {
            choice.severity(layer, selector, *severity);
        }
    }
    Ok(())
}

/// Sets what was not given from the configuration.
fn complete(settings: &mut Settings, config: &Config) -> Result<(), SettingsError> {
    let because = format!("from {}", config.path.display());
    if let Some(version) = config.syntax.as_deref().map(version).transpose()?.flatten() {
        settings.default_syntax = Some(Chosen::new(version, because.clone()));
    }
    if let (None, Some(name)) = (&settings.policy, &config.policy) {
        settings.policy = policy(name, config.directory())?.map(|p| Chosen::new(p, because));
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
