//! `ks-lint explain`: the documentation of a finding.

use super::values::AnswerFormat;
use crate::lint::Selector;
use crate::report::{Color, Style, reference};
use node_base::console;
use node_base::diagnostic::Code;
use std::collections::HashSet;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Codes (NODE003), prefixes of codes (NODE), or names (var-not-separate), in any case
    #[arg(required = true, value_name = "CODE")]
    codes: Vec<String>,
    /// How to write them; json is that of 'ks-lint rules'
    #[arg(long, value_enum, default_value_t)]
    format: AnswerFormat,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,
}

/// Prints one page after the other, each once.
///
/// # Errors
/// A word that names no finding, with the nearest one that does.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let style = Style::of_stdout(args.color);
    let wanted = args.codes.iter().map(|word| Selector::parse(word)).collect::<Result<Vec<_>, _>>()?;
    let mut seen = HashSet::new();
    let found: Vec<&'static Code> =
        wanted.iter().flat_map(Selector::codes).filter(|code| seen.insert(code.id)).collect();
    console::print(&match args.format {
        AnswerFormat::Human => {
            found.iter().map(|code| reference::page(code, &style)).collect::<Vec<_>>().join("\n")
        }
        AnswerFormat::Json => reference::json(&found)?,
    })?;
    Ok(ExitCode::SUCCESS)
}
