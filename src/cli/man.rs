//! `ks-lint man`: the manual pages, made from the command line. Packages call it.

use anyhow::Context;
use clap::CommandFactory;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The directory that the pages are written to
    directory: PathBuf,
}

/// Writes ks-lint.1 and a page for each command.
///
/// # Errors
/// When the directory cannot be made or a page cannot be written.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let directory = &args.directory;
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(super::Cli::command(), directory))
        .with_context(|| format!("{}: the manual pages cannot be written", directory.display()))?;
    Ok(ExitCode::SUCCESS)
}
