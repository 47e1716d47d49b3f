//! `ks-lint check`: kickstarts through the parser and every rule.

use super::brief;
use super::fixing::{self, Change, FixArgs, Fixes, Fixing};
use super::machine::MachineArgs;
use super::output::{OutputArgs, exit_code};
use super::progress::Progress;
use super::settings::{ChoiceArgs, FileArgs, IncludeArgs, SettingsArgs};
use super::show;
use super::watch;
use crate::fix;
use crate::lint::baseline::Baseline;
use crate::lint::input::{self, Found, InputError};
use crate::lint::settings::{Given, SettingsSource};
use crate::lint::shellcheck::{self, ShellCheck};
use crate::lint::{self, FileReport, Fragments, Linted, text};
use crate::report::{Format, Rendered, Style};
use anyhow::{Context, bail};
use clap::ValueEnum;
use node_base::console;
use node_base::source::STDIN;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// What is shown after the options, here and without a command.
pub(super) const HELP: &str = "\
Exit status: 0 nothing found at or above --fail-on, 1 findings (or, with --diff, something to fix), 2 the work could not be done.
Without a command, the paths are checked; a file with the name of a command is ./NAME.

Examples:
  ks-lint hosts/                                      every kickstart of a directory
  ks-lint --disk sda=100GiB host.ks                   also the storage, planned on this disk
  ks-lint --select SEC,UNA --fail-on warning host.ks  only these findings
  ks-lint --diff host.ks, ks-lint --fix host.ks       what the safe fixes would change, then do it
  ks-lint --write-baseline known.json .               from now on only new findings, with --baseline
  render host.ks.j2 | ks-lint --stdin-filename hosts/host.ks -";

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// Kickstarts; a directory is searched for *.ks (and *.cfg with kickstart content), - is standard input
    #[arg(default_value = ".", hide_default_value = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// What the kickstarts are checked against
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    /// Which files are read
    #[command(flatten)]
    pub(super) files: FileArgs,
    /// Which included files are read
    #[command(flatten)]
    pub(super) includes: IncludeArgs,
    /// Which findings are reported
    #[command(flatten)]
    pub(super) choice: ChoiceArgs,
    /// Write all findings but errors of syntax to this file: later runs with --baseline report new ones
    #[arg(long, value_name = "FILE", conflicts_with = "baseline", help_heading = "Which findings")]
    pub(super) write_baseline: Option<PathBuf>,
    /// Ask shellcheck about scripts: auto where it is installed and at most 50 files are checked [default: auto, or what
    /// KS_LINT_SHELLCHECK says]
    #[arg(long, value_enum, value_name = "WHEN", help_heading = "Which findings")]
    pub(super) shellcheck: Option<AskShellCheck>,
    /// What is done about findings
    #[command(flatten)]
    pub(super) fix: FixArgs,
    /// The machine that the kickstarts are for: with disks, storage is planned on them
    #[command(flatten)]
    pub(super) machine: MachineArgs,
    /// How findings are printed
    #[command(flatten)]
    pub(super) output: OutputArgs,
    /// Check again whenever a file changes, until it is interrupted
    #[arg(short, long, help_heading = "Which files", conflicts_with_all = ["write_baseline", "show_files", "show_settings"])]
    watch: bool,
    /// Print how often each kind of finding was found, instead of the findings
    #[arg(long, help_heading = "Output", conflicts_with_all = ["diff", "write_baseline"])]
    pub(super) statistics: bool,
    /// List the files that would be checked, and those that are skipped
    #[arg(long, help_heading = "Output", conflicts_with = "show_settings")]
    pub(super) show_files: bool,
    /// Show the settings of each file, and where they are from
    #[arg(long, help_heading = "Output")]
    pub(super) show_settings: bool,
}

/// When shellcheck is asked about scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum AskShellCheck {
    /// Where it is installed: its errors and warnings
    Auto,
    /// Never
    Never,
    /// Always: all that it finds; a run without it fails
    Always,
}

/// With more files, `auto` does not ask shellcheck: it would take most of the time.
const MOST_WITH_SHELLCHECK: usize = 50;

/// Files that each thread checks before their reports are written.
const BATCH: usize = 64;

impl Args {
    /// How shellcheck is asked in a run over so many files.
    fn shellcheck(&self, files: usize) -> anyhow::Result<Option<ShellCheck>> {
        const VARIABLE: &str = "KS_LINT_SHELLCHECK";
        let from_environment = || match std::env::var(VARIABLE) {
            Ok(value) if !value.is_empty() => AskShellCheck::from_str(&value, true)
                .map_err(|_| anyhow::anyhow!("{VARIABLE} is '{value}'; write auto, never or always")),
            _ => Ok(AskShellCheck::Auto),
        };
        match self.shellcheck.map_or_else(from_environment, Ok)? {
            AskShellCheck::Never => Ok(None),
            AskShellCheck::Auto => {
                let asks = files <= MOST_WITH_SHELLCHECK && shellcheck::is_installed();
                Ok(asks.then(|| shellcheck::installed(false)))
            }
            AskShellCheck::Always if shellcheck::is_installed() => Ok(Some(shellcheck::installed(true))),
            AskShellCheck::Always => {
                bail!("shellcheck is not installed; install it, or leave --shellcheck always out")
            }
        }
    }

    /// The files that a run depends on: what is checked, and the configurations.
    fn watched(&self) -> Vec<PathBuf> {
        // A configuration that cannot be read has been named, and is read again when it changes.
        let given = self.settings.config.iter().chain(self.choice.baseline()).cloned();
        let Ok(settings) = self.settings(None) else { return given.chain(self.paths.clone()).collect() };
        let files = input::expand(&self.paths, &settings).files;
        let configs: Vec<PathBuf> =
            files.iter().filter_map(|(path, _)| settings.of(path).ok()?.config.clone()).collect();
        given.chain(files.into_iter().map(|(path, _)| path)).chain(configs).collect()
    }

    /// The settings that the options give.
    fn settings(&self, shellcheck: Option<ShellCheck>) -> anyhow::Result<Arc<SettingsSource>> {
        let given = Given {
            fail_on: self.output.fail_on,
            machine: self.machine.machine()?.map(Arc::new),
            shellcheck,
            includes: self.includes.follow(),
            ..self.files.given(self.choice.given(self.settings.given()))
        };
        Ok(Arc::new(SettingsSource::new(given)?))
    }
}

/// Checks every path.
///
/// # Errors
/// Options that cannot be used, or an output that cannot be written to.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(message) = brief::misspelt_command(&args.paths) {
        bail!("{message}");
    }
    if !args.watch {
        return once(args);
    }
    if args.paths.iter().any(|path| path == Path::new(STDIN)) {
        bail!("standard input cannot be watched; name files or directories");
    }
    let style = args.output.style();
    watch::forever(&style, || once(args.clone()), || args.watched())
}

/// Checks every path once.
fn once(args: Args) -> anyhow::Result<ExitCode> {
    if args.statistics && args.output.format != Format::Human {
        bail!("--statistics is a table for people: leave --format out");
    }
    let settings = args.settings(None)?;
    let found = input::expand(&args.paths, &settings);
    if args.show_files {
        return show::files(&found);
    }
    if args.show_settings {
        return show::settings(&found, &settings, &args.files);
    }
    let settings = match args.shellcheck(found.files.len())? {
        None => settings,
        asks => args.settings(asks)?,
    };
    let run = Run {
        fragments: Fragments::among(readable(&found)),
        fixing: args.fix.fixing(),
        style: args.output.style_of_run(found.files.len()),
        settings,
        args,
    };
    run.check(&found)
}

/// What the files of a run are checked with.
struct Run {
    args: Args,
    settings: Arc<SettingsSource>,
    fragments: Fragments,
    fixing: Option<Fixing>,
    style: Style,
}

/// What became of one file.
struct Done {
    rendered: Rendered,
    /// What a new baseline is made of.
    report: Option<FileReport>,
    change: Option<Change>,
}

impl Run {
    /// Checks the files, and prints their findings in order.
    fn check(&self, found: &Found) -> anyhow::Result<ExitCode> {
        let args = &self.args;
        let mut baseline = args.write_baseline.as_deref().map(Baseline::at);
        let mut is_refused = false;
        let prints_text = self.prints_text(found);
        let mut printer = args.output.printer_in(self.style.clone());
        let mut fixes = Fixes::default();
        let mut progress = Progress::new(found.files.len());
        // Asking for the number of threads starts them.
        let threads = if found.files.len() > 1 { rayon::current_num_threads() } else { 1 };
        for batch in found.files.chunks(BATCH * threads) {
            let one = |(path, found): &(PathBuf, Result<(), InputError>)| match found {
                Ok(()) => self.one(path),
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
                    Ok(Done { rendered, report, change }) => {
                        if let (Some(baseline), Some(report)) = (&mut baseline, &report) {
                            baseline.add(report);
                            if let Some(message) = not_recorded(report) {
                                is_refused = true;
                                progress.aside(|| console::note_line("ks-lint", &message));
                            }
                        }
                        if let (Some(change), Some(fixing)) = (&change, &self.fixing) {
                            fixes.add(change);
                            let text = fixing::printable(&change.output, &self.style);
                            progress.output(|| console::print(&text))?;
                            progress.aside(|| fixing.list(args.files.name_of(path), change));
                        }
                        if baseline.is_some() || prints_text || args.statistics {
                            printer.count(rendered);
                            continue;
                        }
                        progress.output(|| {
                            printer.rendered(rendered).and_then(|()| printer.flush_to_terminal())
                        })?;
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
        if !args.output.quiet {
            show::skipped(found);
        }
        if let Some(fixing) = &self.fixing {
            fixes.say(fixing);
        }
        if let (Some(path), Some(baseline)) = (&args.write_baseline, &baseline) {
            write_baseline(path, baseline)?;
            let is_whole = found.files.iter().all(|(_, found)| found.is_ok());
            return Ok(match (is_whole, is_refused) {
                (false, _) => ExitCode::from(console::COULD_NOT),
                (true, true) => ExitCode::FAILURE,
                (true, false) => ExitCode::SUCCESS,
            });
        }
        let summary = if prints_text {
            printer.into_summary()
        } else if args.statistics {
            printer.finish_with_statistics().context("standard output cannot be written to")?
        } else {
            printer.finish().context("standard output cannot be written to")?
        };
        if args.fix.edits.diff && summary.unreadable.is_empty() {
            return Ok(if fixes.is_something() { ExitCode::FAILURE } else { ExitCode::SUCCESS });
        }
        Ok(exit_code(&summary))
    }

    /// Whether standard output is for changed texts, and not for findings.
    fn prints_text(&self, found: &Found) -> bool {
        let has_stdin = || found.files.iter().any(|(path, _)| path == Path::new(STDIN));
        self.fixing.as_ref().is_some_and(|fixing| fixing.prints_only_changes() || has_stdin())
    }

    fn one(&self, path: &Path) -> anyhow::Result<Done> {
        let name = self.args.files.name_of(path);
        let text = text::read(path)?;
        let check = |text| lint::text_of_run(name, text, &self.settings, &self.fragments);
        let (old, Linted { mut report, fail_on }) = match &self.fixing {
            None => (String::new(), check(text)?),
            Some(_) => (text.clone(), check(text)?),
        };
        let mut change = None;
        if let Some(fixing) = &self.fixing {
            let lint = |text| Ok(check(text)?.report);
            let (left, changed) = fixing.apply(path, name, (&old, report), lint)?;
            report = left;
            change = Some(changed);
        }
        let rendered = Rendered::new(&report, fail_on, self.args.output.format, &self.style);
        Ok(Done { rendered, report: self.args.write_baseline.is_some().then_some(report), change })
    }
}

/// The paths that can be read.
fn readable(found: &Found) -> impl Iterator<Item = &Path> {
    found.files.iter().filter(|(_, found)| found.is_ok()).map(|(path, _)| path.as_path())
}

/// Which errors of syntax of a file a baseline does not hold, in words.
fn not_recorded(report: &FileReport) -> Option<String> {
    let first = report.refusal()?;
    let line = first.span.map_or(1, |span| report.sources.position(span).line);
    let more = match report.refusals() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    Some(format!(
        "{}:{line}: {}: {}{more}: not recorded, for errors of syntax are always reported; fix them, or exclude the file",
        report.path().display(),
        first.code.id,
        first.message
    ))
}

/// Writes the known findings.
fn write_baseline(path: &Path, baseline: &Baseline) -> anyhow::Result<()> {
    fix::write(path, baseline.text().as_bytes()).with_context(|| path.display().to_string())?;
    let count = baseline.len();
    let findings = if count == 1 { "finding" } else { "findings" };
    console::print(&format!("{}: {count} known {findings} written\n", path.display()))?;
    Ok(())
}
