//! `ks-lint check`: kickstarts through the parser and every rule.

use super::machine::MachineArgs;
use super::output::{OutputArgs, exit_code};
use super::progress::Progress;
use super::settings::{ChoiceArgs, FileArgs, IncludeArgs, SettingsArgs};
use super::show;
use crate::fix;
use crate::lint::baseline::Baseline;
use crate::lint::input::{self, Found, InputError};
use crate::lint::settings::{Given, SettingsSource};
use crate::lint::{self, Fragments, Linted, text};
use crate::report::Rendered;
use anyhow::{Context, bail};
use node_base::console;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
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
    /// Write all findings to this file and report none: later runs with --baseline report new ones
    #[arg(long, value_name = "FILE", conflicts_with = "baseline", help_heading = "Which findings")]
    pub(super) write_baseline: Option<PathBuf>,
    /// The machine that the kickstarts are for: with disks, storage is planned on them
    #[command(flatten)]
    pub(super) machine: MachineArgs,
    /// How findings are printed
    #[command(flatten)]
    pub(super) output: OutputArgs,
    /// List the files that would be checked, and those that are skipped
    #[arg(long, help_heading = "Output", conflicts_with = "show_settings")]
    pub(super) show_files: bool,
    /// Show the settings of each file, and where they are from
    #[arg(long, help_heading = "Output")]
    pub(super) show_settings: bool,
}

/// Files that each thread checks before their reports are written.
const BATCH: usize = 64;

impl Args {
    /// The settings that the options give.
    fn settings(&self) -> anyhow::Result<Arc<SettingsSource>> {
        let given = Given {
            fail_on: self.output.fail_on,
            machine: self.machine.machine()?.map(Arc::new),
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
    let settings = args.settings()?;
    let found = input::expand(&args.paths, &settings);
    if args.show_files {
        return show::files(&found);
    }
    if args.show_settings {
        return show::settings(&found, &settings, &args.files);
    }
    let fragments = Fragments::among(readable(&found));
    let mut baseline = args.write_baseline.as_deref().map(Baseline::at);
    let style = args.output.style();
    let mut printer = args.output.printer();
    let writes = baseline.is_some();
    let check = |path: &Path| -> anyhow::Result<(Rendered, Option<Linted>)> {
        let linted = lint::text_of_run(args.files.name_of(path), text::read(path)?, &settings, &fragments)?;
        let rendered = Rendered::new(&linted.report, linted.fail_on, args.output.format, &style);
        Ok((rendered, writes.then_some(linted)))
    };
    let mut progress = Progress::new(found.files.len());
    // Asking for the number of threads starts them.
    let threads = if found.files.len() > 1 { rayon::current_num_threads() } else { 1 };
    for batch in found.files.chunks(BATCH * threads) {
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
            match (result, &mut baseline) {
                (Ok((_, Some(linted))), Some(baseline)) => baseline.add(&linted.report),
                (Ok((rendered, _)), _) => {
                    progress
                        .output(|| printer.rendered(rendered).and_then(|()| printer.flush_to_terminal()))?;
                }
                (Err(error), _) => {
                    let message = format!("{error:#}");
                    let complaint = format!("{}: {message}", path.display());
                    progress.aside(|| console::error_line("ks-lint", &complaint));
                    printer.unreadable(path, &message);
                }
            }
        }
    }
    progress.finish();
    show::skipped(&found);
    if let (Some(path), Some(baseline)) = (&args.write_baseline, &baseline) {
        return write_baseline(path, baseline, &found);
    }
    Ok(exit_code(&printer.finish().context("standard output cannot be written to")?))
}

/// The paths that can be read.
fn readable(found: &Found) -> impl Iterator<Item = &Path> {
    found.files.iter().filter(|(_, found)| found.is_ok()).map(|(path, _)| path.as_path())
}

/// Writes the known findings.
fn write_baseline(path: &Path, baseline: &Baseline, found: &Found) -> anyhow::Result<ExitCode> {
    fix::write(path, baseline.text().as_bytes()).with_context(|| path.display().to_string())?;
    let count = baseline.len();
    console::print(&format!("{}: {count} known findings written\n", path.display()))?;
    let is_whole = found.files.iter().all(|(_, found)| found.is_ok());
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(console::COULD_NOT) })
}
