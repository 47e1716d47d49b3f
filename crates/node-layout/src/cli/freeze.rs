//! `node-layout freeze-and-thaw` and `node-layout thaw-left-over`: what another `node-layout` starts to flush a journal, and what
//! its unit starts when that one has ended. Not for people.

use super::common::directory;
use crate::machine::{RealTools, freeze};
use std::path::{Path, PathBuf};
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

/// Options of `thaw-left-over`.
#[derive(Debug, clap::Args)]
pub(super) struct ThawArgs {
    /// Directory in which fsfreeze is looked for first
    #[arg(long, value_name = "DIR")]
    tools_path: Option<PathBuf>,
}

/// Freezes and thaws.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    freeze::freeze_then_thaw(&tools(args.tools_path.as_deref())?, &args.path)?;
    Ok(ExitCode::SUCCESS)
}

/// Thaws what a killed run has left frozen.
pub(super) fn thaw(args: ThawArgs) -> anyhow::Result<ExitCode> {
    freeze::thaw_left_over(&tools(args.tools_path.as_deref())?)?;
    Ok(ExitCode::SUCCESS)
}

fn tools(programs: Option<&Path>) -> anyhow::Result<RealTools> {
    Ok(match programs {
        Some(path) => RealTools::default().with_programs(directory("--tools-path", path)?),
        None => RealTools::default(),
    })
}
