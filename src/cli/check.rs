//! `ks-lint check`: kickstarts through the parser and every rule.

use super::machine::MachineArgs;
use super::output::{OutputArgs, exit_code};
use super::progress::Progress;
use super::settings::{IncludeArgs, SettingsArgs};
use crate::lint::input::{self, InputError};
use crate::lint::settings::{Given, SettingsSource};
use crate::lint::{self, Fragments, Linted};
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
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// What the kickstarts are checked against
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    /// Which included files are read
    #[command(flatten)]
    pub(super) includes: IncludeArgs,
    /// The machine that the kickstarts are for: with disks, storage is planned on them
    #[command(flatten)]
    pub(super) machine: MachineArgs,
    /// How findings are printed
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// Files that each thread checks before their reports are written.
const BATCH: usize = 64;

/// Checks every path.
///
/// # Errors
/// Options that cannot be used, or an output that cannot be written to.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let settings = SettingsSource::new(Given {
        fail_on: args.output.fail_on,
        machine: args.machine.machine()?.map(Arc::new),
        includes: args.includes.follow(),
        ..args.settings.given()
    })?;
    let style = args.output.style();
    let mut printer = args.output.printer();
    let paths = input::expand(&args.paths);
    let fragments =
        Fragments::among(paths.iter().filter(|(_, found)| found.is_ok()).map(|(path, _)| path.as_path()));
    let check = |path: &Path| -> anyhow::Result<Rendered> {
        let Linted { report, fail_on } = lint::path_of_run(path, &settings, &fragments)?;
        Ok(Rendered::new(&report, fail_on, args.output.format, &style))
    };
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
