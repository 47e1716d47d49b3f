//! `ks-lint rules`: every finding that there can be.

use crate::catalogue;
use crate::report::{Color, Style, reference};
use node_base::console;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How to write them
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,
}

/// How the list is written.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(super) enum Format {
    /// A line each
    #[default]
    Human,
    /// With their documentation, for programs
    Json,
    /// With their documentation: docs/rules.md
    Markdown,
}

/// Prints the list.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let codes = catalogue::codes();
    console::print(&match args.format {
        Format::Human => reference::list(codes, &Style::of_stdout(args.color)),
        Format::Json => reference::json(codes)?,
        Format::Markdown => reference::markdown(codes),
    })?;
    Ok(ExitCode::SUCCESS)
}
