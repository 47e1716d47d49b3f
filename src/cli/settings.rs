//! Options that say what a kickstart is checked against.

use crate::lint::include::Follow;
use crate::lint::settings::{ConfigChoice, Given};
use node_base::diagnostic::{Severity, nearest};
use node_base::source::STDIN;
use std::path::{Path, PathBuf};

/// Options of every verb that reads a kickstart.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "What it is checked against")]
pub(super) struct SettingsArgs {
    /// Syntax version: RHEL9, RHEL9.4, F46, …; auto uses the #version header, the configuration, else RHEL9
    #[arg(long, default_value = "auto", value_name = "VERSION")]
    pub(super) syntax: String,
    /// Layout policy: auto, none, a built-in name, or a TOML file; auto is ovirt-node for a kickstart that makes a node
    #[arg(long, default_value = "auto", value_name = "POLICY")]
    pub(super) policy: String,
    /// Use this configuration instead of the nearest .ks-lint.toml [env: KS_LINT_CONFIG]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(super) config: Option<PathBuf>,
    /// Use no configuration
    #[arg(long)]
    pub(super) no_config: bool,
}

/// The configuration, where neither --config nor --no-config is given.
const CONFIG: &str = "KS_LINT_CONFIG";

impl SettingsArgs {
    /// The options as settings.
    pub(super) fn given(&self) -> Given {
        let config = match &self.config {
            Some(path) => ConfigChoice::File(path.clone()),
            None if self.no_config => ConfigChoice::Ignored,
            None => match std::env::var_os(CONFIG).filter(|path| !path.is_empty()) {
                Some(path) => ConfigChoice::File(path.into()),
                None => ConfigChoice::Nearest,
            },
        };
        Given {
            syntax: Some(self.syntax.clone()),
            policy: Some(self.policy.clone()),
            config,
            ..Given::default()
        }
    }
}

/// Options of the verbs that report findings by rules: which ones.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Which findings")]
pub(super) struct ChoiceArgs {
    /// Report only these: codes, prefixes of codes (SEC), names, ALL. Errors of syntax are always reported
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    select: Option<Vec<String>>,
    /// Do not report these; a code overrides a prefix
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Do not report these in the files that match the pattern
    #[arg(long, value_name = "PATTERN:CODE")]
    per_file_ignores: Vec<String>,
    /// Report these as info, warning or error
    #[arg(long, value_name = "CODE=LEVEL", value_delimiter = ',', value_parser = code_and_severity)]
    severity: Vec<(String, Severity)>,
    /// Report only what is not in this file
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
}

impl ChoiceArgs {
    /// The file with the known findings.
    pub(super) fn baseline(&self) -> Option<&PathBuf> {
        self.baseline.as_ref()
    }

    /// These options added to others.
    pub(super) fn given(&self, given: Given) -> Given {
        Given {
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            per_file_ignores: self.per_file_ignores.clone(),
            severity: self.severity.clone(),
            baseline: self.baseline.clone(),
            ..given
        }
    }
}

/// Options of the verbs that search directories: which files.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Which files")]
pub(super) struct FileArgs {
    /// Leave out files and directories that match, as a line of .gitignore would
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    exclude: Vec<String>,
    /// Leave out excluded files even when they are named
    #[arg(long)]
    force_exclude: bool,
    /// Search files that version control ignores, too
    #[arg(long)]
    no_gitignore: bool,
    /// The name of standard input: for its configuration, what it includes, and reports
    #[arg(long, value_name = "FILE")]
    pub(super) stdin_filename: Option<PathBuf>,
}

impl FileArgs {
    /// These options added to others.
    pub(super) fn given(&self, given: Given) -> Given {
        Given {
            exclude: self.exclude.clone(),
            force_exclude: self.force_exclude,
            respect_gitignore: self.no_gitignore.then_some(false),
            ..given
        }
    }

    /// The path under which a path of the command line is known.
    pub(super) fn name_of<'p>(&'p self, path: &'p Path) -> &'p Path {
        match &self.stdin_filename {
            Some(name) if path == Path::new(STDIN) => name,
            _ => path,
        }
    }
}

/// `CODE=LEVEL`.
fn code_and_severity(text: &str) -> Result<(String, Severity), String> {
    let levels = [Severity::Info, Severity::Warning, Severity::Error];
    let (code, level) = text.split_once('=').ok_or("write CODE=LEVEL, such as SEC007=info")?;
    let severity = levels.into_iter().find(|severity| severity.name() == level);
    let severity = severity.ok_or_else(|| {
        let near = nearest(level, levels.map(Severity::name)).map(|near| format!("; did you mean {near}?"));
        format!("'{level}' is not info, warning or error{}", near.unwrap_or_default())
    })?;
    Ok((code.to_owned(), severity))
}

/// Options of the verbs that follow includes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Which files")]
pub(super) struct IncludeArgs {
    /// Read the files that %include names, too, and report findings in them
    #[arg(long)]
    pub(super) follow_includes: bool,
    /// Directory below which absolute paths of includes are looked for: what %pre scripts would write
    #[arg(long, value_name = "DIR", requires = "follow_includes")]
    pub(super) root: Option<PathBuf>,
    /// Fetch includes that are URLs (http, https, ftp; with curl); without it the network is not used
    #[arg(long, requires = "follow_includes")]
    pub(super) allow_network: bool,
}

impl IncludeArgs {
    /// Which includes are followed; `None` leaves it to the environment.
    pub(super) fn follow(&self) -> Option<Follow> {
        self.follow_includes.then(|| Follow::All { root: self.root.clone(), network: self.allow_network })
    }
}
