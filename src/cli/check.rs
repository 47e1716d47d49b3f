//! `ks-lint check`: kickstarts through the parser and every rule.

use super::input::{self, InputError};
use super::machine::MachineArgs;
use super::output::{OutputArgs, exit_code};
use super::progress::Progress;
use crate::lint::config::{self, Config};
use crate::lint::include::Follow;
use crate::lint::{self, Chosen, Settings};
use crate::report::{Format, Rendered, Style};
use anyhow::{Context, bail};
use kickstart::Version;
use node_base::console;
use node_base::diagnostic::Severity;
use node_base::policy::{Policy, PolicyChoice};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

/// The command line.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Kickstarts; a directory is searched for *.ks (and *.cfg with kickstart content), - is standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// What the kickstarts are held against
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// What is read beside them
    #[command(flatten)]
    pub includes: IncludeArgs,
    /// The machine that they are for: with disks, storage is planned on them
    #[command(flatten)]
    pub machine: MachineArgs,
    /// How it comes out
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Options of every verb that reads a kickstart.
#[derive(Clone, Debug, clap::Args)]
pub struct SettingsArgs {
    /// Syntax version: RHEL9, RHEL9.4, F46, …; auto takes the #version header, the configuration, else RHEL9
    #[arg(long, default_value = "auto", value_name = "VERSION")]
    pub syntax: String,
    /// Layout policy: auto, none, a built-in name, or a TOML file; auto is ovirt-node for a kickstart that makes a node
    #[arg(long, default_value = "auto", value_name = "POLICY")]
    pub policy: String,
}

/// Options of the verbs that follow includes.
#[derive(Clone, Debug, clap::Args)]
pub struct IncludeArgs {
    /// Read the files that %include names, too, and report findings in the file where they stand
    #[arg(long)]
    pub follow_includes: bool,
    /// Where absolute paths of includes begin: a directory with what %pre scripts would write
    #[arg(long, value_name = "DIR", requires = "follow_includes")]
    pub root: Option<PathBuf>,
    /// Fetch includes that are URLs (http, https, ftp; with curl); without it no network is touched
    #[arg(long, requires = "follow_includes")]
    pub allow_network: bool,
}

impl IncludeArgs {
    /// Which includes are followed.
    fn follow(&self) -> Follow {
        if self.follow_includes {
            Follow::All { root: self.root.clone(), network: self.allow_network }
        } else {
            Follow::from_environment()
        }
    }
}

/// Settings of the command line, completed by the nearest configuration file of each kickstart.
#[derive(Debug)]
pub struct SettingsSource {
    given: Settings,
    cache: Mutex<HashMap<PathBuf, Result<Arc<FileSettings>, String>>>,
}

/// What holds for the files of one directory.
#[derive(Debug)]
pub struct FileSettings {
    /// For [`lint::lint`].
    pub settings: Settings,
    /// `fail-on` of the configuration.
    pub fail_on: Option<Severity>,
}

impl SettingsArgs {
    /// Reads the options.
    ///
    /// # Errors
    /// An unknown syntax version or policy (with the nearest known one), or a policy file that cannot be used.
    pub fn source(&self) -> anyhow::Result<SettingsSource> {
        let syntax = match self.syntax.as_str() {
            "auto" => None,
            name => Some(Chosen::new(version(name)?, "given with --syntax")),
        };
        let policy = policy(&self.policy, Path::new(""))?.map(|p| Chosen::new(p, "given with --policy"));
        let given = Settings { syntax, policy, includes: Follow::from_environment(), ..Settings::default() };
        Ok(SettingsSource { given, cache: Mutex::new(HashMap::new()) })
    }
}

impl SettingsSource {
    /// The same, and includes are followed as these options say.
    #[must_use]
    pub fn with_includes(mut self, includes: &IncludeArgs) -> Self {
        self.given.includes = includes.follow();
        self
    }

    /// The settings for one file.
    ///
    /// # Errors
    /// A configuration file that cannot be used.
    pub fn of(&self, path: &Path) -> anyhow::Result<Arc<FileSettings>> {
        let directory = match path.parent() {
            Some(parent) if path != Path::new(input::STDIN) => parent,
            _ => Path::new(""),
        };
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        let mut cache = self.cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = cache.get(directory) {
            return known.clone().map_err(anyhow::Error::msg);
        }
        let fresh = self.read(directory).map(Arc::new).map_err(|error| format!("{error:#}"));
        cache.insert(directory.to_owned(), fresh.clone());
        fresh.map_err(anyhow::Error::msg)
    }

    fn read(&self, directory: &Path) -> anyhow::Result<FileSettings> {
        let mut settings = self.given.clone();
        let Some(config) = config::nearest(directory)? else {
            return Ok(FileSettings { settings, fail_on: None });
        };
        complete(&mut settings, &config).with_context(|| config.path.display().to_string())?;
        Ok(FileSettings { settings, fail_on: config.fail_on })
    }
}

/// What the command line leaves open, from the configuration.
fn complete(settings: &mut Settings, config: &Config) -> anyhow::Result<()> {
    let because = format!("from {}", config.path.display());
    if let Some(name) = config.syntax.as_deref().filter(|name| *name != "auto") {
        settings.default_syntax = Some(Chosen::new(version(name)?, because.clone()));
    }
    if let (None, Some(name)) = (&settings.policy, &config.policy) {
        let directory = config.path.parent().unwrap_or(Path::new(""));
        settings.policy = policy(name, directory)?.map(|p| Chosen::new(p, because));
    }
    Ok(())
}

/// A syntax version by name.
fn version(name: &str) -> anyhow::Result<Version> {
    Version::from_name(name).map_err(|unknown| match &unknown.nearest {
        Some(near) => anyhow::anyhow!("{unknown}; did you mean {near}?"),
        None => unknown.into(),
    })
}

/// A policy by name or file; nothing for `auto`, an inner nothing for `none`. A path is relative to `directory`.
#[allow(clippy::option_option)] // "not said" and "said: none" differ
fn policy(name: &str, directory: &Path) -> anyhow::Result<Option<Option<Arc<Policy>>>> {
    Ok(match PolicyChoice::parse(name, directory)? {
        PolicyChoice::Auto => None,
        PolicyChoice::None => Some(None),
        PolicyChoice::Named(name) => Some(Some(Arc::new(name.load()?))),
    })
}

/// So many files for each thread are checked before their reports are written.
const BATCH: usize = 64;

/// Checks every path.
///
/// # Errors
/// Options that cannot be used, or an output that cannot be written to.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut settings = args.settings.source()?.with_includes(&args.includes);
    settings.given.machine = args.machine.machine()?.map(Arc::new);
    let style = args.output.style();
    let mut printer = args.output.printer();
    let check = |path: &Path| check(path, &settings, args.output.fail_on, args.output.format, &style);
    let paths = input::expand(&args.paths);
    let mut progress = Progress::new(paths.len());
    // Asking for the number of threads starts them.
    let threads = if paths.len() > 1 { rayon::current_num_threads() } else { 1 };
    for batch in paths.chunks(BATCH * threads) {
        let one = |(path, found): &(PathBuf, Result<(), InputError>)| match found {
            Ok(()) => check(path),
            Err(error) => bail!("{error}"),
        };
        // Starting threads costs more than checking one file.
        let done: Vec<_> = if batch.len() == 1 {
            batch.iter().map(one).collect()
        } else {
            batch.par_iter().map(one).collect()
        };
        for ((path, _), result) in batch.iter().zip(done) {
            progress.done_one();
            match result {
                Ok(rendered) => {
                    progress
                        .output(|| printer.rendered(rendered).and_then(|()| printer.flush_to_terminal()))?;
                }
                Err(error) => {
                    let message = format!("{error:#}");
                    let complaint = format!("{}: {message}", path.display());
                    progress.aside(|| console::error_line("ks-lint", &complaint));
                    printer.unreadable(path, &message);
                }
            }
        }
    }
    progress.finish();
    Ok(exit_code(&printer.finish().context("standard output cannot be written to")?))
}

/// One file, read, checked and rendered.
fn check(
    path: &Path,
    settings: &SettingsSource,
    fail_on: Option<Severity>,
    format: Format,
    style: &Style,
) -> anyhow::Result<Rendered> {
    let (sources, file) = input::read(path)?;
    let settings = settings.of(path)?;
    let report = lint::lint(sources, file, &settings.settings);
    let fail_on = fail_on.or(settings.fail_on).unwrap_or(Severity::Error);
    Ok(Rendered::new(&report, fail_on, format, style))
}
