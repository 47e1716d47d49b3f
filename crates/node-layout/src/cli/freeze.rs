//! `node-layout freeze-and-thaw`: what another `node-layout` starts to flush a journal. Not for people.

use super::common::directory;
use crate::machine::{RealTools, freeze};
use std::path::PathBuf;
use std::process::ExitCode;

/// Options of `freeze-and-thaw`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A directory on the file system
    path: PathBuf,
    /// Directory in which fsfreeze is looked for first
    #[arg(long, value_name = "DIR")]
    tools_path: Option<PathBuf>,
}

/// Freezes and thaws.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut tools = RealTools::default();
    if let Some(path) = &args.tools_path {
        tools = tools.with_programs(directory("--tools-path", path)?);
    }
    freeze::freeze_then_thaw(&tools, &args.path)?;
    Ok(ExitCode::SUCCESS)
}
